//! From what people write to the statement that they mean.

use concordat_protocol::admin::{AdminError, ErrorCode, Target};
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::statement::{Content, DocumentKey, StatementRef};
use concordat_protocol::trust::LogNumber;

use crate::admin::desk::Desk;
use crate::admin::{acts, refusal};
use crate::query::{Found, QueryService};
use crate::store::Position;

/// Decisions of one number of which it is asked whether they stand; of more, one is named by its reference.
const WEIGHED_MAX: usize = 64;

/// Finds the statement that a target names. Its body need not be held.
// spec: ADM-5
pub(super) fn resolve(desk: &Desk, target: &Target) -> Result<StatementRef, AdminError> {
    let unknown = || not_found(target);
    let (origin, index) = match target {
        Target::Position { origin, index } => (origin.clone(), *index),
        Target::Short { member, log, index } => {
            let log = LogNumber::from_code(u64::from(*log)).ok_or_else(unknown)?;
            (desk.node().genesis().origin(*member, log), *index)
        }
        Target::Document(number) => {
            let position = by_document(desk, number.as_str(), target)?;
            (position.origin, position.index)
        }
    };
    acts::reference(desk.node(), &origin, index).ok_or_else(unknown)
}

/// No such statement.
pub(super) fn not_found(target: &dyn std::fmt::Display) -> AdminError {
    AdminError::new(ErrorCode::TargetNotFound).with("target", target)
}

fn by_document(desk: &Desk, number: &str, target: &Target) -> Result<Position, AdminError> {
    let query = desk.node().query().map_err(refusal::index)?;
    let mut found = Vec::new();
    for position in query.store().by_document(number).map_err(refusal::store)? {
        // The index keeps digests; the decision itself says its number, in whatever writing.
        if bears(query, &position, number)? {
            found.push(position);
        }
    }
    let mut found = meant(desk, found)?;
    let count = found.len();
    match (found.pop(), count) {
        (Some(position), 1) => Ok(position),
        (Some(_), count) => Err(AdminError::new(ErrorCode::AmbiguousTarget).with("count", count)),
        (None, _) => Err(not_found(target)),
    }
}

/// Of decisions that bear one number those that are not void, of these those that were not withdrawn, and
/// of these those in whose place there is no re-issue; what leaves none leaves all.
// spec: ADM-187
fn meant(desk: &Desk, mut found: Vec<Position>) -> Result<Vec<Position>, AdminError> {
    if found.len() < 2 || found.len() > WEIGHED_MAX {
        return Ok(found);
    }
    let mut weighed = Vec::with_capacity(found.len());
    for position in found {
        let node = desk.node();
        let reference = acts::reference(node, &position.origin, position.index);
        let effect = reference.map(|reference| node.effect_of(&reference, node.today()));
        let effect = effect.transpose().map_err(|error| refusal::ask(&error))?;
        weighed.push((position, effect));
    }
    let steps: [fn(&Effect) -> bool; 3] = [
        |effect| {
            !matches!(
                effect.validity,
                Validity::Void { .. } | Validity::NotADecision
            )
        },
        |effect| !matches!(effect.validity, Validity::Withdrawn { .. }),
        |effect| effect.superseded_by.is_none(),
    ];
    for stands in steps {
        let left = |(_, effect): &(Position, Option<Effect>)| effect.as_ref().is_none_or(stands);
        if weighed.iter().any(left) {
            weighed.retain(left);
        }
    }
    found = weighed.into_iter().map(|(position, _)| position).collect();
    Ok(found)
}

// spec: EFF-81
fn bears(query: &QueryService, position: &Position, number: &str) -> Result<bool, AdminError> {
    let found = query.statement(&position.origin, position.index);
    let Found::Verified(verified) = found.map_err(refusal::query)? else {
        return Ok(false);
    };
    let content = &verified.statement().payload().content;
    let key = DocumentKey::of(number);
    Ok(matches!(content, Content::Decision(decision)
        if DocumentKey::of(decision.fields().document_number.as_str()) == key))
}
