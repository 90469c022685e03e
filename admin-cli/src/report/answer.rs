//! 互认答复: who has said whether it relies on a decision.

use concordat_protocol::admin::RecognitionResponseView;
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
