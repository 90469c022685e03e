//! Records: the template of a file, one that was made, and those about an organisation.

use concordat_protocol::admin::{
    AnswerView, RecordAsk, RecordMade, RecordSaid, RecordView, SubjectAnswer, record_fields,
    reference_key,
};
use concordat_protocol::statement::Class;
use serde_json::{Map, Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::subject::flat;
use crate::report::{Report, Words, awaited, ref_json, refs_json, short, shorts};
use crate::{record, text};

/// What a file for a record of a class can look like, with a comment for each key. What is needed stands as it
/// is, what is not behind a `#`.
pub(crate) fn record_template(class: Class, words: Words) -> String {
    let mut lines = vec![
        format!("# {}", words.noted(words.code(class), class.name())),
        format!("# {}", words.word("template_note")),
        format!("class = {:?}", class.name()),
    ];
    let mut key = |name: &str, needed: bool| {
        let label = text::text(words.0, &format!("field.{name}")).unwrap_or(name);
        let (sample, choices) = sample(name);
        let label = match choices.is_empty() {
            true => label.to_owned(),
            false => words.headed(label, choices),
        };
        lines.push(String::new());
        lines.push(format!("# {label}"));
        let mark = if needed { "" } else { "# " };
        lines.push(format!("{mark}{name} = {sample}"));
    };
    // What refers to nothing says itself whom it is about.
    key("subject", reference_key(class).is_none());
    key("item", reference_key(class).is_none());
    key("day", false);
    if let Some(name) = reference_key(class) {
        key(name, true);
    }
    if class == Class::Measure {
        key("agreement", false);
    }
    for (name, needed) in record_fields(class) {
        key(name, *needed);
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A value that a field can have, as TOML, and the names among which one chooses.
fn sample(name: &str) -> (String, String) {
    use concordat_protocol::statement::{
        Answer, CommitmentKind, CommitmentResult, Execution, Force, InterviewKind, Verification,
    };
    fn of<T: Named>() -> (String, String) {
        let names: Vec<_> = T::VALUES.iter().map(|one| one.name()).collect();
        let first = names.first().copied().unwrap_or_default();
        (format!("{first:?}"), names.join(" | "))
    }
    let fixed = match name {
        "kind" => return of::<CommitmentKind>(),
        "result" => return of::<CommitmentResult>(),
        "interview" => return of::<InterviewKind>(),
        "force" => return of::<Force>(),
        "answer" => return of::<Answer>(),
        "execution" => return of::<Execution>(),
        "verification" => return of::<Verification>(),
        "subject" => r#"{ code = "…", name = "…", form = "enterprise" }"#,
        "decisions" | "to" => r#"["…"]"#,
        "measure" => r#""tender.exclusion""#,
        "measures" => r#"[{ measure = "tender.exclusion", until = "2027-06-30" }]"#,
        "basis" => r#"[{ law = "…", article = "…", level = "law" }]"#,
        "article" => r#"{ law = "…", article = "…", level = "law" }"#,
        "service" => r#"{ on = "2026-11-23", way = "direct" }"#,
        "remedies" => r#"[{ kind = "reconsideration", body = "…", within_days = 60 }]"#,
        "truthful" | "from_above" => "true",
        "month" => r#""2026-11""#,
        "day" | "from" | "period_from" => r#""2026-11-23""#,
        "due_on" | "publication_until" | "valid_until" | "correct_by" | "until"
        | "period_until" => r#""2027-06-30""#,
        _ => return (format!("{:?}", record::UNFILLED), String::new()),
    };
    (fixed.to_owned(), String::new())
}

/// A record that is made, or would be.
pub(crate) fn record_made(made: &RecordMade, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = vec![
        words.pair("class", words.code(made.class)),
        words.pair("item", &made.item),
        words.pair("record_day", made.day),
        words.pair("vis", made.vis),
    ];
    if !made.refers_to.is_empty() {
        pairs.push(words.pair("refers_to", shorts(&made.refers_to)));
    }
    match &made.reference {
        Some(reference) => pairs.push(words.pair("recorded_as", short(reference))),
        None => page.line(words.word("dry_run_note")),
    }
    pairs.push(words.pair("witnessed", words.yes_no(made.witnessed)));
    page.pairs(&pairs);
    let json = json!({
        "class": made.class.name(),
        "item": made.item.as_str(),
        "day": made.day.to_string(),
        "refers_to": refs_json(&made.refers_to),
        "visibility": made.vis.code(),
        "dry_run": made.reference.is_none(),
        "reference": ref_json(made.reference.as_ref()),
        "witnessed": made.witnessed,
    });
    Report::new(page, json)
}

/// The records about an organisation, below its decisions and apart by class.
// spec: ADM-257, ADM-260
pub(super) fn records(page: &mut Page, answer: &SubjectAnswer, words: Words) {
    for class in Class::ALL.iter().filter(|class| class.is_record()) {
        let of_class = answer.records.iter().filter(|one| one.class == *class);
        let of_class: Vec<_> = of_class.collect();
        if of_class.is_empty() {
            continue;
        }
        page.gap();
        page.line(words.headed(words.code(*class), of_class.len()));
        if let Some(note) = note(*class, words) {
            page.line(note);
        }
        let header = ["reference", "issuer", "record_day", "said", "state"];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        let rows = of_class.iter().map(|one| row(one, words)).collect();
        page.table(&header, rows);
        for one in of_class {
            answered(page, one, words);
        }
    }
    if let Some(skip) = answer.records_next_skip {
        let total = answer.records_total.unwrap_or(0).to_string();
        let skip = skip.to_string();
        page.line(words.fill("more_records", &[("skip", &skip), ("total", &total)]));
    }
}

/// What a reader must not take for more than it is.
// spec: ADM-260
fn note(class: Class, words: Words) -> Option<String> {
    match class == Class::SelfDeclaration {
        true => Some(words.word("note_self_declaration")),
        false => (class == Class::Evaluation).then(|| words.word("note_evaluation")),
    }
}

fn row(one: &RecordView, words: Words) -> Vec<String> {
    let state = match &one.withdrawn_by {
        Some(by) => words.headed(words.word("withdrawn_by"), short(by)),
        None => words.word(if one.witnessed {
            "witnessed"
        } else {
            "not_witnessed"
        }),
    };
    vec![
        short(&one.reference),
        one.issuer_name.clone(),
        one.day.to_string(),
        said(one, words),
        state,
    ]
}

/// What a record says in one line: the fields that tell it from others of its class.
fn said(one: &RecordView, words: Words) -> String {
    let about = match one.refers_to.is_empty() {
        true => None,
        false => Some(words.headed(words.word("refers_to"), shorts(&one.refers_to))),
    };
    let parts = said_in(&one.said, words).into_iter().chain(about);
    words.list(&parts.collect::<Vec<_>>())
}

/// Whom a record that is to be made is about, what it refers to, what it says and until when.
// spec: ADM-364
pub(crate) fn record_asked(ask: &RecordAsk, words: Words) -> Vec<String> {
    let subject = ask.subject.as_ref();
    let subject = subject.map(|it| format!("{} {}", it.code(), it.name()));
    let named: Vec<_> = ask.refers_to.iter().map(ToString::to_string).collect();
    let named =
        (!named.is_empty()).then(|| words.headed(words.word("refers_to"), words.list(&named)));
    let parts = [subject, named].into_iter().flatten();
    parts.chain(said_in(&ask.said, words)).collect()
}

/// The template of a file, for programs.
// spec: ADM-10
pub(crate) fn template_json(class: Class, template: &str) -> Report {
    let json = json!({ "class": class.name(), "template": template });
    Report::new(Page::default(), json)
}

fn said_in(said: &RecordSaid, words: Words) -> Vec<String> {
    let day = |key: &str, day: Option<concordat_protocol::time::Day>| {
        day.map(|day| format!("{} {day}", words.word(key)))
    };
    let duties = said.measures.iter();
    let duties = duties.map(|one| format!("{} {} {}", one.measure, words.word("until"), one.until));
    let to = (!said.to.is_empty()).then(|| words.headed(words.word("to"), said.to.len()));
    let parts: Vec<Option<String>> = vec![
        said.from_code
            .map(|code| words.headed(words.word("code_before"), code)),
        said.kind.map(|it| words.code(it)),
        said.result.map(|it| words.code(it)),
        said.interview.map(|it| words.code(it)),
        said.grade.as_ref().map(ToString::to_string),
        said.scheme.as_ref().map(ToString::to_string),
        said.edition.as_ref().map(ToString::to_string),
        said.promise.as_ref().map(ToString::to_string),
        said.declares.as_ref().map(ToString::to_string),
        said.findings.as_ref().map(ToString::to_string),
        said.measure.as_ref().map(ToString::to_string),
        said.force.map(|it| words.code(it)),
        day("until", said.until),
        day("due_on", said.due_on),
        day("valid_until", said.valid_until),
        said.correct.as_ref().map(ToString::to_string),
        day("due_on", said.correct_by),
        said.from_above.map(|_| words.word("from_above")),
        to,
        said.answer.map(|it| words.code(it)),
        said.month.map(|it| it.to_string()),
        said.execution.map(|it| words.code(it)),
        said.verification.map(|it| words.code(it)),
    ];
    parts.into_iter().flatten().chain(duties).collect()
}

/// What was said to a record, and who has not said anything.
// spec: ADM-258, ADM-259
fn answered(page: &mut Page, one: &RecordView, words: Words) {
    let is_commitment = one.class == Class::Commitment;
    if is_commitment && one.answers.is_empty() {
        page.line(format!(
            "{}  {}",
            short(&one.reference),
            words.word("no_outcome")
        ));
    }
    for answer in &one.answers {
        page.line(format!(
            "{}  <- {}",
            short(&one.reference),
            answer_line(answer, words)
        ));
    }
    if let Some(left) = one.answers_left {
        page.line(words.fill("answers_left", &[("count", &left.to_string())]));
    }
    if !one.unanswered.is_empty() {
        let codes: Vec<_> = one.unanswered.iter().map(ToString::to_string).collect();
        let silent = words.headed(words.word("unanswered"), words.list(&codes));
        page.line(format!("{}  {silent}", short(&one.reference)));
    }
    for (key, said) in doubts(one, words) {
        let said = words.headed(words.word(key), said);
        page.line(format!("{}  {said}", short(&one.reference)));
    }
    awaited::table(
        page,
        one.awaited.iter().map(|owed| (&one.reference, owed)),
        words,
    );
}

/// What a record says that does not hold.
// spec: ADM-354
fn doubts(one: &RecordView, words: Words) -> Vec<(&'static str, String)> {
    let mut doubts = Vec::new();
    if !one.no_members.is_empty() {
        let codes: Vec<_> = one.no_members.iter().map(ToString::to_string).collect();
        doubts.push(("no_members", words.list(&codes)));
    }
    if !one.faults.is_empty() {
        let faults: Vec<_> = one.faults.iter().map(|it| words.code(*it)).collect();
        doubts.push(("does_not_hold", words.list(&faults)));
    }
    doubts
}

fn answer_line(answer: &AnswerView, words: Words) -> String {
    let parts = [
        Some(answer.issuer_name.clone()),
        Some(answer.day.to_string()),
        Some(words.code(answer.class)),
        answer.result.map(|it| words.code(it)),
        answer.answer.map(|it| words.code(it)),
        answer.month.map(|it| it.to_string()),
        answer.execution.map(|it| words.code(it)),
        answer.verification.map(|it| words.code(it)),
        answer.reasons.clone(),
        answer.note.map(|it| words.code(it)),
        Some(short(&answer.reference)),
        answer
            .withdrawn_by
            .as_ref()
            .map(|by| words.headed(words.word("withdrawn_by"), short(by))),
    ];
    words.list(&parts.into_iter().flatten().collect::<Vec<_>>())
}

/// A record in full, for `statement`.
pub(super) fn record_page(page: &mut Page, view: &RecordView, words: Words) {
    page.gap();
    page.line(words.word("record"));
    if let Some(note) = note(view.class, words) {
        page.line(note);
    }
    let mut pairs = vec![
        words.pair(
            "item",
            words.noted(&view.item, view.item_title.as_deref().unwrap_or("-")),
        ),
        words.pair("record_day", view.day),
        words.pair(
            "subject",
            format!("{} {}", view.subject.code(), view.subject.name()),
        ),
    ];
    if !view.refers_to.is_empty() {
        pairs.push(words.pair("refers_to", shorts(&view.refers_to)));
    }
    if let Some(agreement) = &view.agreement {
        pairs.push(words.pair("agreement", short(agreement)));
    }
    if let Some(by) = &view.withdrawn_by {
        pairs.push(words.pair("withdrawn_by", short(by)));
    }
    // spec: ADM-301
    if let Some(binds) = view.binds {
        pairs.push(words.pair("binds_now", words.code(binds)));
    }
    pairs.extend(flat(&Value::Object(record::to_json(&view.said))));
    page.pairs(&pairs);
    answered(page, view, words);
}

/// Records that refer to a statement.
pub(super) fn referring(page: &mut Page, views: &[AnswerView], left: Option<u64>, words: Words) {
    if views.is_empty() {
        return;
    }
    page.gap();
    page.line(words.word("referred_by"));
    for view in views {
        page.line(answer_line(view, words));
    }
    if let Some(left) = left {
        page.line(words.fill("answers_left", &[("count", &left.to_string())]));
    }
}

pub(super) fn record_json(view: &RecordView) -> Value {
    let subject = &view.subject;
    let mut map = Map::new();
    let facts = json!({
        "reference": view.reference.to_string(),
        "leaf_hash": view.reference.leaf_hash.to_string(),
        "class": view.class.name(),
        "issuer": view.issuer.as_str(),
        "issuer_name": view.issuer_name,
        "item": view.item.as_str(),
        "item_title": view.item_title,
        "day": view.day.to_string(),
        "subject": {
            "code": subject.code().to_string(),
            "name": subject.name().as_str(),
            "form": subject.form().name(),
        },
        "said": record::to_json(&view.said),
        "refers_to": refs_json(&view.refers_to),
        "agreement": ref_json(view.agreement.as_ref()),
        "withdrawn_by": ref_json(view.withdrawn_by.as_ref()),
        "answers": view.answers.iter().map(answer_json).collect::<Value>(),
        "answers_left": view.answers_left.unwrap_or(0),
        "unanswered": view.unanswered.iter().map(ToString::to_string).collect::<Value>(),
        "witnessed": view.witnessed,
        "binds": view.binds.map(Named::name),
        "awaited": awaited::json(&view.awaited),
        "no_members": view.no_members.iter().map(ToString::to_string).collect::<Value>(),
        "faults": view.faults.iter().map(|it| Value::from(it.name())).collect::<Value>(),
        "checked_by_nobody": view.class == Class::SelfDeclaration,
    });
    if let Value::Object(facts) = facts {
        map.extend(facts);
    }
    Value::Object(map)
}

pub(super) fn answer_json(view: &AnswerView) -> Value {
    json!({
        "reference": view.reference.to_string(),
        "class": view.class.name(),
        "issuer": view.issuer.as_str(),
        "issuer_name": view.issuer_name,
        "day": view.day.to_string(),
        "result": view.result.map(Named::name),
        "answer": view.answer.map(Named::name),
        "month": view.month.map(|month| month.to_string()),
        "execution": view.execution.map(Named::name),
        "verification": view.verification.map(Named::name),
        "reasons": view.reasons,
        "withdrawn_by": ref_json(view.withdrawn_by.as_ref()),
        "note": view.note.map(Named::name),
    })
}
