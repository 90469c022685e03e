//! From what people write to the statement that they mean.

use concordat_protocol::admin::{AdminError, ErrorCode, Target};
use concordat_protocol::statement::{Content, DocumentKey, StatementRef};
use concordat_protocol::trust::LogNumber;

use crate::admin::desk::Desk;
use crate::admin::{acts, refusal};
use crate::query::{Found, QueryService};
use crate::store::Position;

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
    let count = found.len();
    match (found.pop(), count) {
        (Some(position), 1) => Ok(position),
        (Some(_), count) => Err(AdminError::new(ErrorCode::AmbiguousTarget).with("count", count)),
        (None, _) => Err(not_found(target)),
    }
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
