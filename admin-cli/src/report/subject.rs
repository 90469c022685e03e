//! What is known about an organisation, and one statement with its history.

use concordat_certs::wording;
use concordat_protocol::admin::{
    ActView, DecisionView, ErasedView, ListedView, MeasureTitleView, StatementView, SubjectAnswer,
};
use concordat_protocol::statement::{ActType, Decision, LegalBasis};
use concordat_protocol::subject::CodeCheck;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::status::{fork_json, fork_line};
use crate::report::{
    Report, Words, answer, at_json, at_text, awaited, day_json, effect, recognition, ref_json,
    refs_json, short,
};
use crate::report::{clean, codes, fields, lookup, record, screen};
use crate::{clock, decision};

/// Decisions about an organisation.
pub(crate) fn subject(answer: &SubjectAnswer, words: Words) -> Report {
    let mut page = Page::default();
    let expected = answer.code.expected_check();
    let mismatch = answer.code.check() == CodeCheck::Mismatch;
    // spec: ADM-63
    if mismatch {
        page.line(words.fill("code_check", &[("expected", &expected.to_string())]));
        page.gap();
    }
    codes::now(&mut page, answer.now, words);
    page.pairs(&[
        words.pair("subject", answer.code),
        words.pair("names", answer.names.join(" / ")),
        words.pair("as_of", answer.as_of),
        words.pair("look_up_row", answer.look_up_row),
        words.pair(
            "decisions",
            format!("{} / {}", answer.decisions.len(), answer.total),
        ),
    ]);
    codes::steps(&mut page, &answer.codes, words);
    if let Some(view) = &answer.clean {
        clean::clean(&mut page, view, words);
    }
    if answer.bodies_missing > 0 {
        let count = answer.bodies_missing.to_string();
        page.line(words.fill("bodies_missing", &[("count", &count)]));
    }
    if !answer.decisions.is_empty() {
        let header = [
            "reference",
            "issuer",
            "document_number",
            "act_type",
            "decided_on",
            "state",
            "here",
        ];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        let rows = answer.decisions.iter().map(|one| row(one, words)).collect();
        page.gap();
        page.table(&header, rows);
    }
    codes::under(&mut page, &answer.decisions, words);
    if let Some(red) = answer.decisions.iter().find(|one| !one.listed.is_empty()) {
        listed(&mut page, &red.listed, red.listed_left, words);
    }
    screen::details(&mut page, &answer.decisions, words);
    recognition::cut(&mut page, &answer.agreements_cut, words);
    let awaited = answer.decisions.iter();
    let awaited = awaited.flat_map(|one| one.awaited.iter().map(|task| (&one.reference, task)));
    awaited::table(&mut page, awaited, words);
    let answers = answer.decisions.iter().flat_map(|one| &one.answers);
    let left = answer.decisions.iter().filter_map(|one| one.answers_left);
    answer::table(&mut page, answers, left.sum(), words);
    // spec: ADM-293
    let put_right = if answer.now.is_some() {
        "not_about_now"
    } else {
        "not_about"
    };
    for one in &answer.not_about {
        let name = one.issuer_name.clone();
        let issuer = name.unwrap_or_else(|| one.issuer.to_string());
        let blanks = [
            ("reference", short(&one.reference)),
            ("issuer", issuer),
            ("by", short(&one.by)),
        ];
        let blanks = blanks.each_ref().map(|(key, text)| (*key, text.as_str()));
        page.line(words.fill(put_right, &blanks));
    }
    erased(&mut page, answer, words);
    // spec: ADM-220
    if let Some(count) = answer.copies_left {
        page.line(words.fill("copies_left", &[("count", &count.to_string())]));
    }
    // spec: ADM-191
    if let Some(skip) = answer.next_skip {
        page.line(words.fill("more_decisions", &[("skip", &skip.to_string())]));
    }
    page.line(words.word("later_acts_note"));
    record::records(&mut page, answer, words);
    let decisions: Value = answer.decisions.iter().map(decision_json).collect();
    let json = json!({
        "code": answer.code.to_string(),
        "expected_check": mismatch.then(|| expected.to_string()),
        "names": answer.names,
        "as_of": answer.as_of.to_string(),
        "look_up_row": answer.look_up_row,
        "total": answer.total,
        "bodies_missing": answer.bodies_missing,
        "next_skip": answer.next_skip,
        "copies_left": answer.copies_left.unwrap_or(0),
        "agreements_cut": recognition::cut_json(&answer.agreements_cut),
        "decisions": decisions,
        "not_about": answer.not_about.iter().map(|one| json!({
            "reference": one.reference.to_string(),
            "issuer": one.issuer.as_str(),
            "issuer_name": one.issuer_name,
            "by": one.by.to_string(),
        })).collect::<Value>(),
        "erased": answer.erased.iter().map(erased_json).collect::<Value>(),
        "erased_left": answer.erased_left.unwrap_or(0),
        "records": answer.records.iter().map(record::record_json).collect::<Value>(),
        "records_total": answer.records_total.unwrap_or(0),
        "records_next_skip": answer.records_next_skip,
        "clean": answer.clean.as_ref().map(clean::json),
        "now": answer.now.map(|code| code.to_string()),
        "codes": codes::json(&answer.codes),
    });
    Report::new(page, json)
}

/// What was erased: why, when and by whom, with the objections to it.
// spec: ADM-445
fn erased(page: &mut Page, answer: &SubjectAnswer, words: Words) {
    for one in &answer.erased {
        let name = one.issuer_name.clone();
        let issuer = name.unwrap_or_else(|| one.issuer.to_string());
        let gone: Vec<String> = one.references.iter().map(short).collect();
        let blanks = [
            ("references", gone.join(" ")),
            ("by", short(&one.by)),
            ("issuer", issuer),
            ("ordered_by", one.ordered_by.clone()),
            ("ground", words.code(one.ground)),
            ("at", at_text(Some(one.at))),
        ];
        let blanks = blanks.each_ref().map(|(key, text)| (*key, text.as_str()));
        page.line(words.fill("erased", &blanks));
        if !one.objections.is_empty() {
            let objections: Vec<String> = one.objections.iter().map(short).collect();
            let blanks = [("objections", objections.join(" "))];
            let blanks = blanks.each_ref().map(|(key, text)| (*key, text.as_str()));
            page.line(words.fill("erased_objections", &blanks));
        }
    }
    if let Some(left) = answer.erased_left {
        page.line(words.fill("erased_left", &[("count", &left.to_string())]));
    }
}

fn basis_json(one: &LegalBasis) -> Value {
    json!({
        "law": one.law.as_str(),
        "article": one.article.as_str(),
        "level": one.level.name(),
    })
}

fn erased_json(one: &ErasedView) -> Value {
    json!({
        "by": one.by.to_string(),
        "issuer": one.issuer.as_str(),
        "issuer_name": one.issuer_name,
        "ground": one.ground.name(),
        "ordered_by": one.ordered_by,
        "legal_basis": one.legal_basis.iter().map(basis_json).collect::<Value>(),
        "at": one.at.value(),
        "references": refs_json(&one.references),
        "objections": refs_json(&one.objections),
    })
}

fn row(one: &DecisionView, words: Words) -> Vec<String> {
    vec![
        short(&one.reference),
        one.issuer_name.clone(),
        wording::plain_line(&one.document_number),
        words.code(one.act_type),
        one.decided_on.to_string(),
        words.code(one.effect.validity),
        screen::here_words(&one.effect, one.recognition.as_ref(), words),
    ]
}

fn decision_json(one: &DecisionView) -> Value {
    json!({
        "reference": one.reference.to_string(),
        "leaf_hash": one.reference.leaf_hash.to_string(),
        "issuer": one.issuer.as_str(),
        "issuer_name": one.issuer_name,
        "document_number": one.document_number,
        "act_type": one.act_type.name(),
        "item": one.item.as_str(),
        "item_title": one.item_title,
        "decided_on": one.decided_on.to_string(),
        "content": one.content,
        "listing": one.listing.as_ref().map(decision::listing_json),
        "measure_titles": titles_json(&one.measure_titles),
        "here": screen::here_name(&one.effect, one.recognition.as_ref()),
        "effect": effect::json(&one.effect),
        "recognition": one.recognition.as_ref().map(recognition::json),
        "awaited": awaited::json(&one.awaited),
        "answers": answer::json(&one.answers),
        "answers_left": one.answers_left.unwrap_or(0),
        "listed": listed_json(&one.listed),
        "listed_left": one.listed_left.unwrap_or(0),
        "under": one.under.map(|code| code.to_string()),
    })
}

fn titles_json(titles: &[MeasureTitleView]) -> Value {
    let one = |one: &MeasureTitleView| json!({"measure": one.measure.as_str(), "title": one.title});
    titles.iter().map(one).collect()
}

/// One statement.
pub(crate) fn statement(view: &StatementView, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = vec![
        words.pair("reference", &view.reference),
        words.pair("class", words.code(view.class)),
        words.pair(
            "issuer",
            format!("{} {}", view.issuer.as_str(), view.issuer_name),
        ),
        words.pair("subject", view.stands_about.unwrap_or(view.about)),
        words.pair("issued_at", clock::civil(view.issued_at)),
        words.pair("vis", view.vis),
        words.pair("witnessed", words.yes_no(view.witnessed)),
    ];
    // spec: ADM-380
    if view.stands_about.is_some() {
        pairs.push(words.pair("named_first", view.about));
    }
    // spec: ADM-452
    if let Some(now) = view.code_now {
        pairs.push(words.pair("subject_now", now));
    }
    if let Some(step) = &view.code_change {
        pairs.push(words.pair("code_state", words.code(step.state)));
    }
    pairs.extend(effect::counts(view.effect.as_ref(), words));
    if let Some(target) = &view.target {
        pairs.push(words.pair("target", short(target)));
    }
    if let Some(row) = view.look_up_row {
        pairs.push(words.pair("look_up_row", row));
    }
    page.pairs(&pairs);
    if let Some(fork) = &view.fork {
        page.line(fork_line(&view.reference.origin, fork, words));
    }
    for (key, decision) in [("decision", &view.decision), ("corrected", &view.corrected)] {
        if let Some(decision) = decision {
            page.gap();
            page.line(words.word(key));
            page.pairs(&fields::lines(decision.fields(), words));
        }
    }
    if let Some(effect) = &view.effect {
        page.gap();
        page.line(words.word("effect"));
        page.pairs(&effect::pairs(effect, &view.measure_titles, words));
    }
    // spec: ADM-433
    if let Some(basis) = &view.beyond_repair {
        let article = format!("{} {}", basis.law, basis.article);
        page.pairs(&[words.pair("beyond_repair", article)]);
    }
    if let Some(recognition) = &view.recognition {
        let label = words.word("recognition");
        page.pairs(&recognition::pairs(
            &label,
            recognition,
            &view.measure_titles,
            words,
        ));
        recognition::cut(&mut page, &view.agreements_cut, words);
    }
    if let Some(agreement) = &view.agreement {
        page.gap();
        page.pairs(&super::agreement::lines(agreement, words));
    }
    page.pairs(&super::agreement::word_pairs(view, words));
    if let Some(root) = &view.look_up_root {
        lookup::root(&mut page, root, words);
    }
    let awaited = view.awaited.iter().map(|task| (&view.reference, task));
    awaited::table(&mut page, awaited, words);
    if let Some(record) = &view.record {
        record::record_page(&mut page, record, words);
    }
    record::referring(&mut page, &view.referred_by, view.referred_by_left, words);
    let answers = view.answer.iter().chain(&view.answers);
    answer::table(&mut page, answers, view.answers_left.unwrap_or(0), words);
    if let Some(next) = view.answers_next_skip {
        page.line(words.fill("answers_more", &[("skip", &next.to_string())]));
    }
    let stands = view.corrected.as_ref().or(view.decision.as_ref());
    listed(&mut page, &view.listed, view.listed_left, words);
    let acts: Vec<_> = view.act.iter().chain(&view.acts).collect();
    if !acts.is_empty() {
        page.gap();
        act_table(&mut page, acts.into_iter(), is_red(stands), words);
    }
    if let Some(left) = view.acts_left {
        page.pairs(&[words.pair("acts_left", left)]);
    }
    Report::new(page, statement_json(view))
}

/// What somebody is about to act on, for the question.
// spec: ADM-198
pub(crate) fn acted_on(view: &StatementView, words: Words) -> Report {
    let mut page = Page::default();
    let decision = view.corrected.as_ref().or(view.decision.as_ref());
    let fields = decision.map(Decision::fields);
    let organisation = match fields {
        // The name is that of the code beside it.
        Some(fields) => format!("{} {}", fields.subject.code(), fields.subject.name()),
        None => view.about.to_string(),
    };
    let mut pairs = vec![
        words.pair("subject", organisation),
        words.pair(
            "issuer",
            format!("{} {}", view.issuer.as_str(), view.issuer_name),
        ),
    ];
    if let Some(fields) = fields {
        pairs.push(words.pair("document_number", &fields.document_number));
    }
    if let Some(effect) = &view.effect {
        pairs.push(words.pair("binds_others", effect::verdict(effect, words)));
    }
    page.pairs(&pairs);
    Report::new(page, Value::Null)
}

fn statement_json(view: &StatementView) -> Value {
    json!({
        "reference": view.reference.to_string(),
        "leaf_hash": view.reference.leaf_hash.to_string(),
        "class": view.class.name(),
        "issuer": view.issuer.as_str(),
        "issuer_name": view.issuer_name,
        "about": view.about.to_string(),
        "stands_about": view.stands_about.map(|code| code.to_string()),
        "issued_at": view.issued_at.value(),
        "visibility": view.vis.code(),
        "target": ref_json(view.target.as_ref()),
        "bytes": view.bytes,
        "witnessed": view.witnessed,
        "decision": view.decision.as_ref().map(|one| decision::to_json(one.fields())),
        "corrected": view.corrected.as_ref().map(|one| decision::to_json(one.fields())),
        "act": view.act.as_ref().map(act_json),
        "acts": view.acts.iter().map(act_json).collect::<Value>(),
        "acts_left": view.acts_left.unwrap_or(0),
        "item_title": view.item_title,
        "measure_titles": titles_json(&view.measure_titles),
        "effect": view.effect.as_ref().map(effect::json),
        "awaited": awaited::json(&view.awaited),
        "beyond_repair": view.beyond_repair.as_ref().map(|one| json!({
            "law": one.law.as_str(),
            "article": one.article.as_str(),
            "level": one.level.name(),
        })),
        "listed": listed_json(&view.listed),
        "listed_left": view.listed_left.unwrap_or(0),
        "look_up_row": view.look_up_row,
        "fork": view.fork.as_ref().map(fork_json),
        "recognition": view.recognition.as_ref().map(recognition::json),
        "agreements_cut": recognition::cut_json(&view.agreements_cut),
        "agreement": view.agreement.as_ref().map(super::agreement::json),
        "accession": view.accession.as_ref().map(super::agreement::accession_json),
        "retirement": view.retirement.as_ref().map(super::agreement::retirement_json),
        "record": view.record.as_ref().map(record::record_json),
        "referred_by": view.referred_by.iter().map(record::answer_json).collect::<Value>(),
        "referred_by_left": view.referred_by_left.unwrap_or(0),
        "answers": answer::json(&view.answers),
        "answers_left": view.answers_left.unwrap_or(0),
        "answers_next_skip": view.answers_next_skip,
        "answer": view.answer.as_ref().map(answer::one_json),
        "look_up_root": view.look_up_root.as_ref().map(lookup::root_json),
        "code_now": view.code_now.map(|code| code.to_string()),
        "code_change": view.code_change.as_ref().map(codes::step_json),
    })
}

/// Whether a decision is an entry in a red list.
pub(super) fn is_red(decision: Option<&Decision>) -> bool {
    decision.is_some_and(|one| one.fields().act_type == ActType::RedList)
}

/// What stands beside an entry in a red list.
// spec: ADM-431, ADM-432
fn listed(page: &mut Page, listed: &[ListedView], left: Option<u64>, words: Words) {
    for one in listed {
        let name = one.issuer_name.clone();
        let blanks = [
            ("list", words.code(one.act_type)),
            ("reference", short(&one.reference)),
            ("issuer", name.unwrap_or_else(|| one.issuer.to_string())),
            ("document", one.document_number.clone()),
            ("state", words.code(one.binds_others)),
        ];
        let blanks = blanks.each_ref().map(|(key, text)| (*key, text.as_str()));
        page.line(words.fill("listed_beside", &blanks));
    }
    if let Some(count) = left {
        page.line(words.fill("listed_left", &[("count", &count.to_string())]));
    }
}

fn listed_json(listed: &[ListedView]) -> Value {
    let one = |one: &ListedView| {
        json!({
            "reference": one.reference.to_string(),
            "act_type": one.act_type.name(),
            "issuer": one.issuer.as_str(),
            "issuer_name": one.issuer_name,
            "document_number": one.document_number,
            "binds_others": one.binds_others.name(),
        })
    };
    listed.iter().map(one).collect()
}

/// Acts, one on a line; of those on an entry in a red list also which do not say by which exit it is left.
pub(super) fn act_table<'a>(
    page: &mut Page,
    acts: impl Iterator<Item = &'a ActView>,
    on_red: bool,
    words: Words,
) {
    let header = [
        "reference",
        "class",
        "issuer",
        "issued_at",
        "said",
        "reasons",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = acts.map(|act| act_row(act, on_red, words));
    page.table(&header, rows.collect());
}

fn act_row(act: &ActView, on_red: bool, words: Words) -> Vec<String> {
    // spec: STM-192, ADM-430
    let ends = act.withdrawal_reason.is_some_and(|one| one.ends_listing());
    let exit_lacks = on_red && ends && act.exit.is_none();
    let said = [
        act.ground.map(|one| words.code(one)),
        act.open
            .map(|open| words.word(if open { "open" } else { "closed" })),
        act.outcome.map(|one| words.code(one)),
        act.withdrawal_reason.map(|one| words.code(one)),
        act.exit.map(|one| words.code(one)),
        exit_lacks.then(|| words.word("exit_not_stated")),
        act.erasure_ground.map(|one| words.code(one)),
        act.body.clone(),
        act.document_number.clone(),
        act.decided_on.map(|day| day.to_string()),
        act.until
            .map(|day| words.fill("stayed_until", &[("until", &day.to_string())])),
        act.applied_on
            .map(|day| words.headed(words.word("applied_on"), day)),
        (!act.repair_effects.is_empty()).then(|| {
            let asked = act.repair_effects.iter();
            words.list(&asked.map(|one| words.code(*one)).collect::<Vec<_>>())
        }),
        // spec: ADM-295
        act.taken_back_by
            .as_ref()
            .map(|by| words.noted(words.word("taken_back"), short(by))),
        (!act.held).then(|| words.word("not_held")),
        act.void_cause
            .map(|cause| words.noted(words.word("void_act"), words.code(cause))),
    ];
    vec![
        short(&act.reference),
        words.code(act.class),
        act.issuer_name
            .clone()
            .unwrap_or_else(|| act.issuer.to_string()),
        at_text(act.issued_at),
        words.list(&said.into_iter().flatten().collect::<Vec<_>>()),
        act.reasons.clone().unwrap_or_default(),
    ]
}

pub(super) fn act_json(act: &ActView) -> Value {
    json!({
        "reference": act.reference.to_string(),
        "class": act.class.name(),
        "issuer": act.issuer.as_str(),
        "issuer_name": act.issuer_name,
        "issued_at": at_json(act.issued_at),
        "held": act.held,
        "ground": act.ground.map(Named::name),
        "role": act.role.map(Named::name),
        "received_on": day_json(act.received_on),
        "open": act.open,
        "outcome": act.outcome.map(Named::name),
        "names": refs_json(&act.names),
        "withdrawal_reason": act.withdrawal_reason.map(Named::name),
        "exit": act.exit.map(Named::name),
        "erasure_ground": act.erasure_ground.map(Named::name),
        "reasons": act.reasons,
        "notice_index": act.notice.map(|index| index.value()),
        "witnessed": act.witnessed,
        "void_cause": act.void_cause.map(Named::name),
        "taken_back_by": ref_json(act.taken_back_by.as_ref()),
        "body": act.body,
        "document_number": act.document_number,
        "decided_on": day_json(act.decided_on),
        "until": day_json(act.until),
        "applied_on": day_json(act.applied_on),
        "repair_effects": act.repair_effects.iter().map(|one| one.name()).collect::<Value>(),
        "legal_basis": act.legal_basis.iter().map(basis_json).collect::<Value>(),
    })
}

/// A decision's fields line by line, under the names that `correction issue --set` takes.
pub(super) fn flat(value: &Value) -> Vec<(String, String)> {
    let Value::Object(map) = value else {
        return Vec::new();
    };
    let line = |(name, value): (&String, &Value)| (name.clone(), words_of(value));
    map.iter().map(line).collect()
}

/// A value for people: lists by semicolons, fields with their names by commas, nothing for nothing.
fn words_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => values.iter().map(words_of).collect::<Vec<_>>().join("; "),
        Value::Object(map) => {
            let fields = map.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(name, value)| format!("{name} {}", words_of(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}
