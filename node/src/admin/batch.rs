//! How the decisions of an import stand, and which of them are objected to.

use std::collections::BTreeSet;

use concordat_protocol::admin::{
    AdminError, BULK_MAX, BatchAsk, BatchView, BulkCounts, ErrorCode, ObjectedView, Reply,
    open_objections,
};
use concordat_protocol::effect::Validity;
use concordat_protocol::statement::{BatchId, Class, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Verified;

use crate::admin::awaited::Timetable;
use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{act, acts, refusal};
use crate::query::Found;
use crate::store::Position;

/// Objections that are named of one decision.
const NAMED_MAX: usize = 16;

/// Some of what an import or a bulk act is made of.
pub(super) struct BatchPage {
    pub(super) places: Vec<Position>,
    /// The class of the first of all.
    pub(super) class: Class,
    pub(super) total: u64,
    pub(super) next_skip: Option<u64>,
}

/// What an import or a bulk act is made of behind the first `skip`, of the classes asked for.
///
/// # Errors
/// `batch-unknown` where there is nothing.
// spec: ADM-340
pub(super) fn page(
    desk: &Desk,
    batch: &BatchId,
    skip: Option<u64>,
    class: impl Fn(Class) -> bool,
) -> Result<BatchPage, AdminError> {
    let query = desk.node().query().map_err(refusal::index)?;
    let found = query.store().batch(batch, class).map_err(refusal::store)?;
    page_of(found, batch, skip)
}

/// The acts of a bulk act of one member: anybody can give the same id to acts of its own.
///
/// # Errors
/// `batch-unknown` where there is nothing; `bad-request` where nobody was named and several others have some.
// spec: ADM-340, ADM-384
pub(super) fn acts(desk: &Desk, ask: &BatchAsk) -> Result<BatchPage, AdminError> {
    let node = desk.node();
    let query = node.query().map_err(refusal::index)?;
    let found = query.store().batch(&ask.batch, Class::is_act);
    let mut found = found.map_err(refusal::store)?;
    let authors = found.iter().map(|(at, _)| at.origin.member());
    let authors: BTreeSet<String> = authors.map(ToOwned::to_owned).collect();
    let member = node.member();
    let author = author_of(ask.author, member, &authors)?;
    found.retain(|(at, _)| at.origin.member() == author);
    page_of(found, &ask.batch, ask.skip)
}

/// Whose acts are counted of those that have some.
// spec: ADM-384
fn author_of(
    asked: Option<AuthorityCode>,
    own: AuthorityCode,
    authors: &BTreeSet<String>,
) -> Result<String, AdminError> {
    let own = own.as_str();
    match (asked, authors.first()) {
        (Some(author), _) => Ok(author.as_str().to_owned()),
        (None, Some(one)) if authors.len() == 1 => Ok(one.clone()),
        (None, Some(_)) if !authors.contains(own) => {
            let several: Vec<&str> = authors.iter().take(NAMED_MAX).map(String::as_str).collect();
            let cause = format!("--author: one of {}", several.join(", "));
            Err(AdminError::new(ErrorCode::BadRequest).with("cause", cause))
        }
        (None, _) => Ok(own.to_owned()),
    }
}

fn page_of(
    found: Vec<(Position, Class)>,
    batch: &BatchId,
    skip: Option<u64>,
) -> Result<BatchPage, AdminError> {
    let Some((_, class)) = found.first() else {
        return Err(AdminError::new(ErrorCode::BatchUnknown).with("batch", batch));
    };
    let (class, total) = (*class, found.len());
    let skip = usize::try_from(skip.unwrap_or(0)).unwrap_or(usize::MAX);
    let next = skip.saturating_add(BULK_MAX);
    let places = found.into_iter().skip(skip).take(BULK_MAX);
    Ok(BatchPage {
        places: places.map(|(at, _)| at).collect(),
        class,
        total: total as u64,
        next_skip: (next < total).then_some(next as u64),
    })
}

/// `objection list`
// spec: ADM-343
pub(super) fn answer(desk: &Desk, ask: &BatchAsk) -> Answer {
    let BatchPage {
        places,
        total,
        next_skip,
        ..
    } = page(desk, &ask.batch, ask.skip, Class::is_decision)?;
    let node = desk.node();
    let references = places
        .iter()
        .filter_map(|at| acts::reference(node, &at.origin, at.index));
    let references: Vec<StatementRef> = references.collect();
    let named: Vec<&StatementRef> = references.iter().collect();
    let effects = node.effects_of(&named, node.today());
    let effects = effects.map_err(|error| refusal::ask(&error))?;
    let (registry, query) = (node.registry(), node.query().map_err(refusal::index)?);
    let mut timetable = Timetable::new(&registry, node.today());
    let mut counts = BulkCounts::default();
    let mut objected = Shown::new();
    let (mut looked, mut is_full) = (0, false);
    for (reference, effect) in references.iter().zip(&effects) {
        let open = open_objections(effect);
        if !open.is_empty() {
            let found = query.statement(&reference.origin, reference.index);
            let held = match found.map_err(refusal::query)? {
                Found::Verified(held) => Some(held),
                Found::Rejected(_) | Found::NotHeld => None,
            };
            let decided = held.as_ref().and_then(|held| decided(held));
            let left = open.len().saturating_sub(NAMED_MAX) as u64;
            let view = ObjectedView {
                decision: reference.clone(),
                document_number: decided.map(|fields| fields.document_number.to_string()),
                awaited: match (&held, decided) {
                    (Some(held), Some(fields)) => {
                        timetable.views(held.statement().header().issuer, fields, effect)
                    }
                    (_, _) => Vec::new(),
                },
                objections: open.into_iter().take(NAMED_MAX).collect(),
                objections_left: (left > 0).then_some(left),
            };
            if !objected.take(view)? {
                is_full = true;
                break;
            }
        }
        act::count(&mut counts, effect);
        counts.withdrawn += u64::from(matches!(effect.validity, Validity::Withdrawn { .. }));
        counts.not_held += u64::from(matches!(effect.validity, Validity::TargetNotHeld { .. }));
        looked += 1;
    }
    let next_skip = match is_full {
        true => Some(ask.skip.unwrap_or(0) + looked as u64),
        false => next_skip,
    };
    Ok(Reply::Batch(Box::new(BatchView {
        counts,
        total,
        next_skip,
        objected: objected.into_views(),
        decisions: references.into_iter().take(looked).collect(),
    })))
}

fn decided(held: &Verified) -> Option<&concordat_protocol::statement::DecisionFields> {
    let decision = held.statement().payload().content.decision();
    decision.map(|decision| decision.fields())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    // spec: ADM-384
    #[test]
    fn acts_of_one_member_are_counted_however_many_have_given_theirs_the_same_id() {
        let fixture = Fixture::new();
        let third = AuthorityCode::parse("11310000MB00000009").unwrap();
        let (own, other) = (fixture.member, fixture.hub);
        let of = |asked, some: &[AuthorityCode]| {
            let authors = some.iter().map(|code| code.as_str().to_owned()).collect();
            author_of(asked, own, &authors)
        };
        let code = |of: AuthorityCode| Ok(of.as_str().to_owned());
        assert_eq!(of(None, &[own, other]), code(own));
        assert_eq!(of(None, &[other]), code(other));
        assert_eq!(of(Some(other), &[own, other, third]), code(other));
        assert_eq!(of(None, &[]), code(own));
        let refused = of(None, &[other, third]).unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadRequest);
        let mut details = refused.details.iter();
        assert!(details.any(|detail| detail.value.contains(third.as_str())));
    }
}
