//! What acts took out of sight: that it was there, why it went and by whom.

use std::collections::BTreeMap;

use concordat_protocol::admin::{AdminError, ErasedView, ErrorCode};
use concordat_protocol::effect::Codes;
use concordat_protocol::statement::{Class, Content, StatementRef};

use crate::admin::{refusal, view};
use crate::node::Node;
use crate::query::{Erased, Found};

/// Erasures that are shown.
// spec: ADM-445
const SHOWN_MAX: usize = 64;
/// Objections that are named with one.
const OBJECTIONS_MAX: usize = 64;

/// Why a body cannot be shown: an act erased it, or it is not held.
// spec: ADM-441
pub(super) fn not_held(node: &Node, at: &StatementRef) -> Result<AdminError, AdminError> {
    if !node.shared().is_erased(&at.origin, at.index) {
        return Ok(AdminError::new(ErrorCode::BodyNotHeld).with("target", at));
    }
    let error = AdminError::new(ErrorCode::ErasedByAct).with("target", at);
    Ok(match by(node, at)? {
        Some(one) => error
            .with("by", &one.by)
            .with("ground", format!("{:?}", one.ground).to_lowercase())
            .with("ordered_by", &one.ordered_by)
            .with(
                "issuer",
                one.issuer_name.unwrap_or_else(|| one.issuer.to_string()),
            ),
        None => error,
    })
}

/// The erasure that names a statement as its target or in its closure.
fn by(node: &Node, at: &StatementRef) -> Result<Option<ErasedView>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let acts = query.store().erasures_of(&at.origin, at.index);
    for position in acts.map_err(refusal::store)? {
        let found = query.statement(&position.origin, position.index);
        let Found::Verified(act) = found.map_err(refusal::query)? else {
            continue;
        };
        let view = view_of(node, &(act, vec![at.clone()]))?;
        if view.is_some() {
            return Ok(view);
        }
    }
    Ok(None)
}

/// The erasures of what was said about an organisation under any of its codes, each once.
///
/// # Errors
/// [`AdminError`].
pub(super) fn about(node: &Node, codes: &Codes) -> Result<Vec<Erased>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let mut erasures = BTreeMap::new();
    for code in codes.all() {
        for one in query.erasures(code).map_err(refusal::query)? {
            erasures.entry(one.0.reference().clone()).or_insert(one);
        }
    }
    Ok(erasures.into_values().collect())
}

/// The erasures of what was said about an organisation.
// spec: ADM-445
pub(super) fn views(node: &Node, erasures: &[Erased]) -> Result<Vec<ErasedView>, AdminError> {
    let shown = erasures.iter().take(SHOWN_MAX);
    let views: Result<Vec<Option<ErasedView>>, AdminError> =
        shown.map(|one| view_of(node, one)).collect();
    Ok(views?.into_iter().flatten().collect())
}

/// How many more there are.
pub(super) fn left(erasures: &[Erased]) -> Option<u64> {
    let left = erasures.len().saturating_sub(SHOWN_MAX);
    (left > 0).then_some(left as u64)
}

fn view_of(node: &Node, (act, gone): &Erased) -> Result<Option<ErasedView>, AdminError> {
    let (header, payload) = (act.statement().header(), act.statement().payload());
    let Content::Erasure(erasure) = &payload.content else {
        return Ok(None);
    };
    Ok(Some(ErasedView {
        by: act.reference().clone(),
        issuer: header.issuer,
        issuer_name: view::name_of(&node.registry(), header.issuer),
        ground: erasure.ground,
        ordered_by: erasure.by.to_string(),
        legal_basis: erasure.basis.clone(),
        at: payload.issued_at,
        references: gone.clone(),
        objections: objections(node, gone)?,
    }))
}

/// Objections to what went: nobody is rid of them by erasing.
// spec: ADM-445
fn objections(node: &Node, gone: &[StatementRef]) -> Result<Vec<StatementRef>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let mut found = Vec::new();
    for target in gone {
        let acts = query.store().acts_on(&target.origin, target.index);
        for act in acts.map_err(refusal::store)? {
            if act.class != Class::Objection || found.len() >= OBJECTIONS_MAX {
                continue;
            }
            let held = query.statement(&act.position.origin, act.position.index);
            if let Found::Verified(objection) = held.map_err(refusal::query)? {
                found.push(objection.reference().clone());
            }
        }
    }
    Ok(found)
}
