//! An organisation under a code that it has no more, and how changes of code are shown.

use concordat_protocol::admin::{
    AdminError, CodeStepView, ErrorCode, NotAboutView, Reply, SUBJECT_DECISIONS_MAX, SubjectAnswer,
    SubjectAsk,
};
use concordat_protocol::effect::{CodeStep, Codes};
use concordat_protocol::statement::StatementRef;
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Registry;

use crate::admin::desk::{Answer, Desk};
use crate::admin::{lookup, records, refusal, subject, view};
use crate::node::Node;

/// What is said about the codes of an organisation.
pub(super) fn of(node: &Node, code: SubjectCode) -> Result<Codes, AdminError> {
    node.codes_of(code).map_err(|error| refusal::ask(&error))
}

/// The same of whoever bears or bore a code, under the one that it has now.
pub(super) fn now(node: &Node, code: SubjectCode) -> Result<Codes, AdminError> {
    node.codes_now(code).map_err(|error| refusal::ask(&error))
}

pub(super) fn views(registry: &Registry, codes: &Codes) -> Vec<CodeStepView> {
    let view = |step: &CodeStep| CodeStepView::of(step, view::name_of(registry, step.issuer));
    codes.changes.iter().map(view).collect()
}

/// Whether a change of code holds; `None` of what is none.
pub(super) fn step(
    node: &Node,
    about: SubjectCode,
    at: &StatementRef,
) -> Result<Option<CodeStep>, AdminError> {
    let mut steps = of(node, about)?.changes.into_iter();
    Ok(steps.find(|step| step.reference == *at))
}

/// The answer about an organisation under a code that it has no more: what was decided under it is named and not
/// shown, and which code to ask under is said.
// spec: ADM-450, LKP-82
pub(super) fn former(desk: &Desk, ask: &SubjectAsk, codes: &Codes, as_of: Day) -> Answer {
    let node = desk.node();
    let registry = node.registry();
    if ask.clean_since.is_some() || ask.clean_years.is_some() {
        let error = AdminError::new(ErrorCode::CodeChanged)
            .with("code", ask.code)
            .with("now", codes.now);
        return lookup::record(desk, &ask.look_up, ask.code, |_| {
            Reply::Error(error.clone())
        });
    }
    let found = node
        .subject(ask.code)
        .map_err(|error| refusal::ask(&error))?;
    let skip = usize::try_from(ask.skip.unwrap_or(0)).unwrap_or(usize::MAX);
    let most = match ask.records_skip {
        Some(_) => 0,
        None => SUBJECT_DECISIONS_MAX,
    };
    let by = codes.left_by(ask.code).map(|step| step.reference.clone());
    let page = found.iter().skip(skip).take(most);
    let not_about: Vec<NotAboutView> = page
        .filter_map(|entry| {
            Some(NotAboutView {
                reference: entry.reference.clone(),
                issuer: entry.issuer,
                issuer_name: view::name_of(&registry, entry.issuer),
                by: by.clone()?,
            })
        })
        .collect();
    let total = found.len() as u64;
    let next_skip = skip.saturating_add(not_about.len()) as u64;
    let records = records::changes_of_code(node, ask.code, ask.records_skip)?;
    let answer = SubjectAnswer {
        code: ask.code,
        names: Vec::new(),
        as_of,
        look_up_row: 0,
        decisions: Vec::new(),
        total,
        bodies_missing: subject::bodies_missing(node),
        next_skip: (next_skip < total && ask.records_skip.is_none()).then_some(next_skip),
        copies_left: None,
        agreements_cut: Vec::new(),
        not_about,
        records: records.views,
        records_total: (records.total > 0).then_some(records.total),
        records_next_skip: records.next_skip,
        clean: None,
        now: Some(codes.now),
        codes: views(&registry, codes),
        erased: Vec::new(),
        erased_left: None,
    };
    // spec: ADM-20
    lookup::record(desk, &ask.look_up, ask.code, |look_up_row| {
        Reply::Subject(Box::new(SubjectAnswer {
            look_up_row,
            ..answer.clone()
        }))
    })
}
