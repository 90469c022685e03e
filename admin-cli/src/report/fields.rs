//! The fields of a decision line by line, in the reader's language, beside the names that `correction issue --set`
//! takes.

use concordat_certs::summary::Language;
use concordat_protocol::statement::{DecisionFields, Duty, LegalBasis, Listing, Remedy, Service};

use crate::report::{Words, screen, short, shorts, yuan};

/// Every field that says something.
// spec: ADM-509
pub(super) fn lines(fields: &DecisionFields, words: Words) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut put = |name: &str, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        lines.extend(text.map(|text| (label(name, words), text)));
    };
    let subject = &fields.subject;
    let organisation = format!("{} {}", subject.code(), subject.name());
    let form = words.code(subject.form());
    put("subject", Some(words.noted(organisation, form)));
    let confirmed = subject.check().registrar_reference();
    put("registrar_reference", confirmed.map(ToString::to_string));
    put("document_number", Some(fields.document_number.to_string()));
    put("act_type", Some(words.code(fields.act_type)));
    put("item", Some(fields.item.to_string()));
    put("decided_on", Some(fields.decided_on.to_string()));
    put(
        "service",
        fields.service.as_ref().map(|one| service(one, words)),
    );
    put("basis", Some(all(&fields.basis, |one| basis(one, words))));
    put("facts", fields.facts.as_ref().map(ToString::to_string));
    put("content", fields.content.as_ref().map(ToString::to_string));
    put(
        "penalty_classes",
        Some(all(&fields.penalty_classes, |one| words.code(*one))),
    );
    // As `--set` takes it, in fen: who copies it back means the same amount.
    let amount = |fen| words.noted(fen, words.fill("in_yuan", &[("yuan", &yuan(fen))]));
    put("fine_fen", fields.fine_fen.map(amount));
    put("confiscation_fen", fields.confiscation_fen.map(amount));
    put("duties", Some(all(&fields.duties, |one| duty(one, words))));
    put("valid_from", fields.valid_from.map(|day| day.to_string()));
    put("valid_until", fields.valid_until.map(|day| day.to_string()));
    put(
        "publication_until",
        fields.publication_until.map(|day| day.to_string()),
    );
    put(
        "remedies",
        Some(all(&fields.remedies, |one| remedy(one, words))),
    );
    put("reissues", fields.reissues.as_ref().map(short));
    put("rests_on", Some(shorts(&fields.rests_on)));
    put(
        "synthetic",
        Some(all(&fields.synthetic, ToString::to_string)),
    );
    put("source", fields.source.as_ref().map(ToString::to_string));
    put(
        "published_on",
        fields.published_on.map(|day| day.to_string()),
    );
    put(
        "listing",
        fields.listing.as_ref().map(|one| listing(one, words)),
    );
    lines
}

/// The name that commands take, in Chinese behind what it means.
fn label(name: &str, words: Words) -> String {
    match words.0 {
        Language::English => name.to_owned(),
        Language::Chinese => words.noted(words.word(&format!("field_{name}")), name),
    }
}

fn all<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    values.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn service(one: &Service, words: Words) -> String {
    words.noted(one.on, words.code(one.way))
}

fn basis(one: &LegalBasis, words: Words) -> String {
    let article = words.fill(
        "law_article",
        &[("law", one.law.as_str()), ("article", one.article.as_str())],
    );
    words.noted(article, words.code(one.level))
}

fn duty(one: &Duty, words: Words) -> String {
    let named = screen::titled(&one.measure, &[], words);
    let until = one.until.to_string();
    let text = words.fill("measure_until", &[("measure", &named), ("until", &until)]);
    match &one.content {
        Some(content) => words.headed(text, content),
        None => text,
    }
}

fn remedy(one: &Remedy, words: Words) -> String {
    let kind = words.code(one.kind);
    let days = one.within_days.to_string();
    let blanks = [
        ("kind", kind.as_str()),
        ("body", one.body.as_str()),
        ("days", &days),
    ];
    words.fill("remedy_within", &blanks)
}

fn listing(one: &Listing, words: Words) -> String {
    let told = one.pre_notice.as_ref();
    let told = told.map(|told| words.headed(words.word("field_pre_notice"), service(told, words)));
    let exit = words.headed(words.word("list_exit"), &one.exit_conditions);
    let procedure = words.headed(words.word("field_exit_procedure"), &one.exit_procedure);
    let more = screen::list_notes(one, words);
    let parts = told.into_iter().chain([exit, procedure]).chain(more);
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use concordat_protocol::statement::{
        ActType, BasisLevel, Code, Measure, PenaltyClass, Quarter, RemedyKind, SeriousGroup,
        ServiceWay,
    };
    use concordat_protocol::subject::{Form, Subject, SubjectCheck, SubjectCode};
    use concordat_protocol::text::Text;
    use concordat_protocol::time::Day;

    use super::*;

    fn fields() -> DecisionFields {
        let code = SubjectCode::with_check("91310000717854505").unwrap();
        let (check, name) = (
            SubjectCheck::from_reference(None),
            Text::new("某公司").unwrap(),
        );
        let day = Day::from_ymd(2026, 3, 1).unwrap();
        let service = Service {
            on: day,
            way: ServiceWay::Post,
        };
        DecisionFields {
            subject: Subject::new(code, check, Form::Enterprise, name).unwrap(),
            document_number: Text::new("〔2026〕1号").unwrap(),
            act_type: ActType::SeriousList,
            item: Code::new("penalty.labour").unwrap(),
            decided_on: day,
            service: Some(service.clone()),
            basis: vec![LegalBasis {
                law: Text::new("劳动法").unwrap(),
                article: Text::new("第五十条").unwrap(),
                level: BasisLevel::Law,
            }],
            facts: Some(Text::new("欠薪").unwrap()),
            content: Some(Text::new("罚款").unwrap()),
            penalty_classes: vec![PenaltyClass::Fine],
            fine_fen: Some(500_000),
            confiscation_fen: Some(1),
            duties: vec![Duty {
                measure: Measure::new("tender.limit").unwrap(),
                until: day,
                content: Some(Text::new("不得投标").unwrap()),
            }],
            valid_from: Some(day),
            valid_until: Some(day),
            publication_until: Some(day),
            remedies: vec![Remedy {
                kind: RemedyKind::Litigation,
                body: Text::new("某法院").unwrap(),
                within_days: 60,
            }],
            reissues: None,
            rests_on: Vec::new(),
            synthetic: vec![9],
            source: Some(Text::new("7").unwrap()),
            published_on: Some(day),
            listing: Some(Listing {
                pre_notice: Some(service),
                exit_conditions: Text::new("付清").unwrap(),
                exit_procedure: Text::new("申请").unwrap(),
                group: Some(SeriousGroup::LegalDuties),
                quarter: Quarter::new(2026, 1),
            }),
        }
    }

    /// A reader of Chinese got English names and codes.
    // spec: ADM-509
    #[test]
    fn fields_are_told_in_chinese_with_the_names_that_commands_take() {
        let english = lines(&fields(), Words(Language::English));
        let chinese = lines(&fields(), Words(Language::Chinese));
        assert_eq!(english.len(), chinese.len());
        for ((name, _), (label, value)) in english.iter().zip(&chinese) {
            assert!(label.ends_with(&format!("（{name}）")), "{label}");
            assert!(!label.starts_with("word."), "{label}");
            // What is left in Latin letters are codes that commands take.
            let rest = value
                .replace("tender.limit", "")
                .replace("penalty.labour", "");
            let rest = rest.replace("91310000717854505W", "");
            assert!(!rest.contains(|c: char| c.is_ascii_alphabetic()), "{value}");
        }
        let find = |name: &str| {
            let mut found = english.iter().filter(|(label, _)| label == name);
            found.next().unwrap().1.clone()
        };
        assert_eq!(find("basis"), "劳动法 第五十条 (law)");
        assert_eq!(find("fine_fen"), "500000 (5,000.00 yuan)");
        assert_eq!(find("service"), "2026-03-01 (post)");
    }
}
