//! The codes of an organisation: which it has, which it had, and by what word.

use concordat_protocol::admin::{CodeStepView, DecisionView};
use concordat_protocol::subject::SubjectCode;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Words, refs_json, short, shorts};

/// Where the organisation has another code, that comes first: nothing is said about it under this one.
// spec: ADM-450
pub(super) fn now(page: &mut Page, code: Option<SubjectCode>, words: Words) {
    if let Some(now) = code {
        page.line(words.fill("code_now", &[("now", &now.to_string())]));
        page.gap();
    }
}

/// The changes, one on a line.
// spec: ADM-451
pub(super) fn steps(page: &mut Page, steps: &[CodeStepView], words: Words) {
    for step in steps {
        let issuer = step.issuer_name.clone();
        let state = match step.by.is_empty() {
            true => words.code(step.state),
            false => words.headed(words.code(step.state), shorts(&step.by)),
        };
        let blanks = [
            ("from", step.from.to_string()),
            ("to", step.to.to_string()),
            ("day", step.day.to_string()),
            ("issuer", issuer.unwrap_or_else(|| step.issuer.to_string())),
            ("reference", short(&step.reference)),
            ("state", state),
        ];
        let blanks = blanks.each_ref().map(|(key, text)| (*key, text.as_str()));
        page.line(words.fill("code_step", &blanks));
    }
}

/// The decisions that name a code from before.
// spec: ADM-451
pub(super) fn under(page: &mut Page, decisions: &[DecisionView], words: Words) {
    for one in decisions {
        if let Some(code) = one.under {
            let (reference, code) = (short(&one.reference), code.to_string());
            let blanks = [("reference", reference.as_str()), ("code", &code)];
            page.line(words.fill("code_under", &blanks));
        }
    }
}

pub(super) fn json(steps: &[CodeStepView]) -> Value {
    steps.iter().map(step_json).collect()
}

pub(super) fn step_json(step: &CodeStepView) -> Value {
    json!({
        "reference": step.reference.to_string(),
        "issuer": step.issuer.as_str(),
        "issuer_name": step.issuer_name,
        "from": step.from.to_string(),
        "to": step.to.to_string(),
        "day": step.day.to_string(),
        "state": Named::name(step.state),
        "by": refs_json(&step.by),
    })
}
