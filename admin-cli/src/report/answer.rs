//! 互认答复: who has said whether it relies on a decision.

use concordat_protocol::admin::{RecogniseAsk, RecognitionResponseView, Target};
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Words, ref_json, short};

/// A table of the answers, where there are any, the decision before each.
// spec: ADM-413
pub(super) fn table<'a>(
    page: &mut Page,
    answers: impl Iterator<Item = &'a RecognitionResponseView>,
    left: u64,
    words: Words,
) {
    let rows: Vec<_> = answers.map(|one| row(one, words)).collect();
    if rows.is_empty() {
        return;
    }
    let header = [
        "decision",
        "issuer",
        "recognition_answer",
        "why",
        "reference",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    page.gap();
    page.table(&header, rows);
    if left > 0 {
        page.line(words.fill("answers_left", &[("count", &left.to_string())]));
    }
}

/// What an answer is about to say, for the question: on which decision, by which clause, which measures are
/// taken and until when, or why not.
// spec: ADM-470
pub(crate) fn answer_asked(
    ask: &RecogniseAsk,
    decision: Option<&Target>,
    words: Words,
) -> Vec<String> {
    let mut says = vec![words.code(ask.answer)];
    says.extend(decision.map(|at| words.headed(words.word("decision"), at)));
    says.extend(ask.agreement.as_ref().map(ToString::to_string));
    says.extend(ask.clause.clone());
    let measures = ask.measures.iter();
    says.extend(measures.map(|one| {
        let until = words.word("until");
        format!("{} {until} {}", one.measure, one.until)
    }));
    says.extend(ask.reason.map(|reason| words.code(reason)));
    says.extend(ask.reasons.as_ref().map(ToString::to_string));
    says
}

fn row(one: &RecognitionResponseView, words: Words) -> Vec<String> {
    let mut said = vec![words.code(one.answer)];
    said.extend(one.clause.clone());
    let measures = one.measures.iter();
    said.extend(measures.map(|duty| format!("{}={}", duty.measure, duty.until)));
    let mut why = Vec::new();
    why.extend(one.reason.map(|reason| words.code(reason)));
    why.extend(one.reasons.clone());
    why.extend(one.note.map(|note| words.code(note)));
    why.extend(one.superseded_by.as_ref().map(short));
    // spec: ADM-467
    why.extend(one.withdrawn_by.as_ref().map(|by| {
        let withdrawn = words.word("answer_withdrawn");
        format!("{withdrawn} {}", short(by))
    }));
    vec![
        short(&one.decision),
        match one.issuer_name.is_empty() {
            true => one.issuer.to_string(),
            false => one.issuer_name.clone(),
        },
        words.list(&said),
        words.list(&why),
        short(&one.reference),
    ]
}

pub(super) fn json(answers: &[RecognitionResponseView]) -> Value {
    answers.iter().map(one_json).collect()
}

pub(super) fn one_json(one: &RecognitionResponseView) -> Value {
    json!({
        "reference": ref_json(Some(&one.reference)),
        "issuer": one.issuer.as_str(),
        "issuer_name": one.issuer_name,
        "asked": ref_json(Some(&one.asked)),
        "decision": ref_json(Some(&one.decision)),
        "answer": one.answer.name(),
        "agreement": ref_json(one.agreement.as_ref()),
        "clause": one.clause,
        "measures": one.measures.iter().map(|duty| json!({
            "measure": duty.measure.as_str(),
            "until": duty.until.to_string(),
        })).collect::<Value>(),
        "reason": one.reason.map(Named::name),
        "reasons": one.reasons,
        "witnessed": one.witnessed,
        "note": one.note.map(Named::name),
        "superseded_by": ref_json(one.superseded_by.as_ref()),
        "withdrawn_by": ref_json(one.withdrawn_by.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use concordat_certs::summary::Language;
    use concordat_protocol::statement::{Duty, Measure, RecognitionAnswer};
    use concordat_protocol::time::Day;

    use super::*;

    // spec: ADM-470
    #[test]
    fn question_names_the_decision_and_each_measure_with_its_end() {
        let measure = |code: &str, day: &str| Duty {
            measure: Measure::new(code).unwrap(),
            until: Day::parse_loose(day).unwrap(),
            content: None,
        };
        let ask = RecogniseAsk {
            asked: "甲推〔2026〕1号".parse().unwrap(),
            decision: None,
            answer: RecognitionAnswer::Recognised,
            agreement: None,
            clause: Some("第三条".to_owned()),
            measures: vec![measure("tender.limit", "2026-09-30")],
            reason: None,
            reasons: None,
            dry_run: false,
            look_up: None,
        };
        let decision: Target = "甲罚〔2026〕7号".parse().unwrap();
        for language in [Language::English, Language::Chinese] {
            let words = Words(language);
            let says = words.list(&answer_asked(&ask, Some(&decision), words));
            for named in ["甲罚〔2026〕7号", "第三条", "tender.limit", "2026-09-30"] {
                assert!(says.contains(named), "{says}");
            }
        }
    }
}
