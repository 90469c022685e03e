//! Which fields a record of a class has, by name.

use crate::statement::Class;

/// The name under which a record of a class names what it refers to; `None` where it names nothing.
#[must_use]
pub fn reference_key(class: Class) -> Option<&'static str> {
    let keys = [
        (Class::CommitmentOutcome, "commitment"),
        (Class::Interview, "about"),
        (Class::Measure, "decision"),
        (Class::Initiation, "decisions"),
        (Class::Response, "answers"),
        (Class::Push, "decisions"),
        (Class::Feedback, "answers"),
    ];
    let found = keys.iter().find(|(of, _)| *of == class);
    found.map(|(_, key)| *key)
}

/// The fields that a record of a class has beside those of every record, in their order; `true` for those that
/// it cannot be without. What it needs in some cases only counts as not needed here.
#[must_use]
pub fn record_fields(class: Class) -> &'static [(&'static str, bool)] {
    let tables: [(Class, &'static [(&'static str, bool)]); 11] = [
        (Class::Commitment, COMMITMENT),
        (Class::CommitmentOutcome, OUTCOME),
        (Class::SelfDeclaration, DECLARATION),
        (Class::Evaluation, EVALUATION),
        (Class::Interview, INTERVIEW),
        (Class::Measure, MEASURE),
        (Class::Initiation, INITIATION),
        (Class::Response, RESPONSE),
        (Class::Push, PUSH),
        (Class::Feedback, FEEDBACK),
        (Class::CodeChange, CODE_CHANGE),
    ];
    let found = tables.into_iter().find(|(of, _)| *of == class);
    found.map_or(&[], |(_, fields)| fields)
}

const COMMITMENT: &[(&str, bool)] = &[
    ("kind", true),
    ("promise", true),
    ("due_on", true),
    ("case_number", false),
    ("publication_until", true),
];
const OUTCOME: &[(&str, bool)] = &[
    ("result", true),
    ("findings", true),
    ("basis", false),
    ("service", false),
    ("publication_until", false),
    ("remedies", false),
];
const DECLARATION: &[(&str, bool)] = &[("declares", true), ("truthful", true)];
const EVALUATION: &[(&str, bool)] = &[
    ("grade", true),
    ("scheme", true),
    ("edition", true),
    ("period_from", true),
    ("period_until", true),
    ("valid_until", true),
];
const INTERVIEW: &[(&str, bool)] = &[
    ("interview", true),
    ("said", true),
    ("correct", true),
    ("correct_by", true),
];
const MEASURE: &[(&str, bool)] = &[
    ("measure", true),
    ("from", true),
    ("until", true),
    ("force", true),
    ("basis", true),
    ("clause", false),
    ("case_number", true),
    ("service", true),
    ("publication_until", true),
    ("remedies", true),
];
const INITIATION: &[(&str, bool)] = &[("to", true), ("measures", true), ("reasons", true)];
const RESPONSE: &[(&str, bool)] = &[
    ("answer", true),
    ("measures", false),
    ("article", false),
    ("reasons", false),
];
const PUSH: &[(&str, bool)] = &[("to", true), ("from_above", false), ("reasons", true)];
const CODE_CHANGE: &[(&str, bool)] = &[("from_code", true), ("basis", true), ("reasons", true)];
const FEEDBACK: &[(&str, bool)] = &[
    ("month", true),
    ("execution", false),
    ("verification", false),
    ("reasons", false),
];
