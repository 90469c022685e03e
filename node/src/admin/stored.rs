//! What the node holds under the key of a row.

use std::collections::BTreeMap;

use concordat_protocol::admin::AdminError;
use concordat_protocol::effect::{Validity, VoidCause};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Body, Class, Content, Decision, Statement};
use concordat_protocol::subject::AuthorityCode;

use crate::admin::{acts, refusal};
use crate::import::{NaturalKey, Stored};
use crate::node::Node;
use crate::query::QueryService;
use crate::store::Position;

/// What the node holds under the key of a row: the newest decision that is not void for having come too
/// late, or behind the cut-off of its key. What is, has to be decided anew, and an import is how; but
/// what was taken back stays taken back, and what was corrected is decided anew as corrected.
// spec: ADM-151, ADM-170, ADM-192
pub(super) fn stored(
    node: &Node,
    query: &QueryService,
    key: &NaturalKey,
    decision: &Decision,
) -> Result<Stored, AdminError> {
    let store = query.store();
    let copies = store
        .natural(key.issuer, key.document_number.as_str(), &key.item)
        .map_err(refusal::store)?;
    // spec: ADM-446
    let is_erased = |copy: &Position| node.shared().is_erased(&copy.origin, copy.index);
    if copies.iter().any(is_erased) {
        return Ok(Stored::Same);
    }
    for copy in copies.iter().rev() {
        if !is_void(node, query, copy)? {
            return compared(query, copy, decision);
        }
    }
    for copy in &copies {
        if acts::withdrawal(node, copy, key.issuer)?.is_some() {
            return compared(query, copy, decision);
        }
    }
    let said = as_corrected(node, query, &copies, key.issuer)?;
    Ok(match said.iter().all(|said| said == decision) {
        true => Stored::Absent,
        false => Stored::LateAndCorrected,
    })
}

/// Whether a decision of the node's own is void because the hub saw it too late, or because it stands
/// behind the cut-off of its key. The effect is asked for of those alone that may be.
fn is_void(node: &Node, query: &QueryService, at: &Position) -> Result<bool, AdminError> {
    if !node.is_late(&at.origin, at.index) && !is_cut_off(node, query, at)? {
        return Ok(false);
    }
    let Some(reference) = acts::reference(node, &at.origin, at.index) else {
        return Ok(false);
    };
    let effect = node.effect_of(&reference, node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    Ok(match effect.validity {
        Validity::Void { why } => match why {
            VoidCause::CutOff | VoidCause::CtxLate => true,
            VoidCause::Suspended | VoidCause::MandateEnded => false,
        },
        Validity::InForce
        | Validity::Withdrawn { .. }
        | Validity::Corrected { .. }
        | Validity::TargetNotHeld { .. }
        | Validity::NotADecision => false,
    })
}

/// Whether a statement of the node's own stands at or after the cut-off of its key.
fn is_cut_off(node: &Node, query: &QueryService, at: &Position) -> Result<bool, AdminError> {
    let registry = node.registry();
    let member = registry.member(node.member());
    let Some(member) = member.filter(|member| member.touches(at.index)) else {
        return Ok(false);
    };
    let statement = own_statement(query, at)?;
    Ok(statement.is_some_and(|statement| {
        let from = member.cut_off(statement.header().kid);
        from.is_some_and(|from| at.index >= from)
    }))
}

fn compared(
    query: &QueryService,
    at: &Position,
    decision: &Decision,
) -> Result<Stored, AdminError> {
    let stored = own_decision(query, at)?;
    Ok(match stored.is_some_and(|stored| stored == *decision) {
        true => Stored::Same,
        false => Stored::Differs,
    })
}

fn own_statement(query: &QueryService, at: &Position) -> Result<Option<Statement>, AdminError> {
    let own = query.store().own(&at.origin, at.index);
    let own = own.map_err(refusal::store)?;
    Ok(own
        .and_then(|own| Body::decode(&own.body).ok())
        .and_then(|body| Statement::decode(body.statement()).ok()))
}

/// A decision of the node's own.
fn own_decision(query: &QueryService, at: &Position) -> Result<Option<Decision>, AdminError> {
    let statement = own_statement(query, at)?;
    Ok(statement.and_then(|statement| {
        let Content::Decision(decision) = &statement.payload().content else {
            return None;
        };
        Some((**decision).clone())
    }))
}

/// What the newest correction by each author in each log says, or a copy of the decision that was
/// logged behind it; nothing where no copy was corrected.
fn as_corrected(
    node: &Node,
    query: &QueryService,
    copies: &[Position],
    issuer: AuthorityCode,
) -> Result<Vec<Decision>, AdminError> {
    let mut newest: BTreeMap<(Origin, AuthorityCode), (Position, Decision)> = BTreeMap::new();
    for copy in copies {
        for act in acts::on(node, copy, issuer, Class::Correction)? {
            let (at, author) = (
                Position::of(act.reference()),
                act.statement().header().issuer,
            );
            let Content::Correction(correction) = &act.statement().payload().content else {
                continue;
            };
            let known = newest.get(&(at.origin.clone(), author));
            if known.is_none_or(|(known, _)| known.index < at.index) {
                let said = correction.replacement.clone();
                newest.insert((at.origin.clone(), author), (at, said));
            }
        }
    }
    for copy in copies {
        if let Some((at, said)) = newest.get_mut(&(copy.origin.clone(), issuer))
            && at.index < copy.index
            && let Some(decision) = own_decision(query, copy)?
        {
            (*at, *said) = (copy.clone(), decision);
        }
    }
    Ok(newest.into_values().map(|(_, said)| said).collect())
}
