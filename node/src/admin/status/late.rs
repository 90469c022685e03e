//! Statements of the node's own that came too late to bind, and are still to be made good.

use std::sync::{Mutex, PoisonError};

use concordat_protocol::admin::AdminError;
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{
    Body, Class, Content, Correction, Decision, Payload, Statement, StatementRef,
};
use concordat_protocol::time::Timestamp;

use crate::admin::{acts, refusal, view};
use crate::node::Node;
use crate::store::Position;

/// Late statements that are looked at for one answer; those behind them count as they are.
const LOOKED_AT_MAX: u64 = 16_384;

/// What is to be made good of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) origin: Origin,
    pub(super) statements: u64,
    /// The position of the first.
    pub(super) from: u64,
}

/// Counts what is to be made good, once for each change of the node.
#[derive(Default)]
pub(in crate::admin) struct LateStatements {
    last: Mutex<Option<(u64, Vec<Late>)>>,
}

impl LateStatements {
    // spec: ADM-150
    pub(super) fn count(&self, node: &Node, now: Timestamp) -> Result<Vec<Late>, AdminError> {
        let change = *node.changes().borrow();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = &*last
            && *at == change
        {
            return Ok(found.clone());
        }
        let found = counted(node, now)?;
        *last = Some((change, found.clone()));
        Ok(found)
    }
}

fn counted(node: &Node, now: Timestamp) -> Result<Vec<Late>, AdminError> {
    let mut found = Vec::new();
    for (origin, late) in node.late_leaves(now) {
        let (mut looked_at, mut statements, mut from) = (0, 0, None);
        for index in late.runs.into_iter().flatten() {
            let at = Position {
                origin: origin.clone(),
                index: LeafIndex::new(index),
            };
            looked_at += 1;
            if looked_at > LOOKED_AT_MAX || is_to_be_made_good(node, &at)? {
                statements += 1;
                from = from.or(Some(index));
            }
        }
        found.extend(from.map(|from| Late {
            origin,
            statements,
            from,
        }));
    }
    Ok(found)
}

/// Whether a statement that came too late would say something if it were made anew: what frees counts
/// all the same, and an act on what is void or taken back never counts.
fn is_to_be_made_good(node: &Node, at: &Position) -> Result<bool, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let own = query.store().own(&at.origin, at.index);
    let own = own.map_err(refusal::store)?;
    let statement = own
        .and_then(|own| Body::decode(&own.body).ok())
        .and_then(|body| Statement::decode(body.statement()).ok());
    let Some(statement) = statement else {
        return Ok(false);
    };
    let payload = statement.payload();
    if let Content::Decision(decision) = &payload.content {
        return is_to_be_decided_anew(node, at, decision);
    }
    let Some(target) = &payload.target else {
        return Ok(false);
    };
    let effect = node.effect_of(target, node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    match can_be_acted_on(&effect) {
        true => is_to_be_said_anew(node, at, payload, (target, &effect)),
        false => Ok(false),
    }
}

fn is_to_be_decided_anew(
    node: &Node,
    at: &Position,
    decision: &Decision,
) -> Result<bool, AdminError> {
    let fields = decision.fields();
    // What grants is not void.
    if !fields.act_type.is_adverse() {
        return Ok(false);
    }
    let query = node.query().map_err(refusal::index)?;
    let number = fields.document_number.as_str();
    let copies = query.store().natural(node.member(), number, &fields.item);
    for copy in copies.map_err(refusal::store)? {
        let is_newer = copy.origin == at.origin && copy.index > at.index;
        // Of copies that all came late the newest is to be made good.
        if is_newer || acts::withdrawal(node, &copy, node.member())?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a correction is among those that hold, and the decision reads as it says.
fn has_come_about(effect: &Effect, at: &Position, correction: &Correction) -> bool {
    let Validity::Corrected { by } = &effect.validity else {
        return false;
    };
    let holds = by.iter().any(|one| Position::of(one) == *at);
    holds && effect.reads_as(&correction.replacement)
}

const fn can_be_acted_on(effect: &Effect) -> bool {
    match effect.validity {
        Validity::InForce | Validity::Corrected { .. } => true,
        Validity::Void { .. }
        | Validity::Withdrawn { .. }
        | Validity::TargetNotHeld { .. }
        | Validity::NotADecision => false,
    }
}

fn is_to_be_said_anew(
    node: &Node,
    at: &Position,
    act: &Payload,
    (target, effect): (&StatementRef, &Effect),
) -> Result<bool, AdminError> {
    let names = |open: Vec<StatementRef>, named: &[StatementRef]| {
        named.iter().any(|one| open.binary_search(one).is_ok())
    };
    Ok(match &act.content {
        Content::Ruling(ruling) => {
            names(view::rulable(effect), ruling.closes())
                && acts::withdrawal(node, at, node.member())?.is_none()
        }
        Content::Admission(admission) => {
            let waiting = effect.waiting.iter().map(|one| one.objection.clone());
            let mut waiting: Vec<_> = waiting.collect();
            waiting.sort();
            names(waiting, admission.admits())
        }
        Content::Withdrawal(_) => true,
        // What lightens counts however late it came.
        Content::Correction(correction) if has_come_about(effect, at, correction) => false,
        Content::Correction(_) => {
            let target = Position::of(target);
            let corrections = acts::on(node, &target, node.member(), Class::Correction)?;
            !corrections.iter().any(|one| {
                let one = one.reference();
                one.origin == at.origin && one.index > at.index
            })
        }
        Content::Decision(_)
        | Content::Objection(_)
        | Content::ItemCatalogue(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Notice(_)
        | Content::HeadSeen(_)
        | Content::Restart(_) => false,
    })
}
