//! Acts that erase: from then on nobody shows the body or gives it to others.
//!
//! Whoever erases cannot be rid of what is still open that way: nothing goes while somebody waits for a ruling,
//! a court has stayed it, something is granted by it, or a holder has not applied what acts on it. Personal
//! data that leaked goes at once, and the act that says so stays, with everything that was said on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::admin::{AdminError, ErasureAsk, ErrorCode, Reply};
use concordat_protocol::statement::{
    Class, Content, Decision, DecisionFields, DocumentKey, Erasure, ErasureGround, StatementRef,
};
use concordat_protocol::trust::Verified;

use super::{Case, refusal, view};
use crate::admin::desk::{Answer, Desk};
use crate::node::Node;
use crate::query::Found;
use crate::store::Position;

/// `erasure issue`
// spec: ADM-440, ADM-442, ADM-443, ADM-444
pub(in crate::admin) fn erasure(desk: &Desk, ask: ErasureAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Erasure)?;
    let going = Going::of(&case)?;
    if ask.ground != ErasureGround::UrgentPersonalData {
        for decision in going.decisions.values() {
            require_settled(desk.node(), decision.reference())?;
        }
    }
    let closure = going.closure(&case.target);
    let erasure = Erasure {
        ground: ask.ground,
        by: ask.by,
        basis: vec![ask.basis],
        closure: closure.clone(),
    };
    let mut recorded = case.record_all(vec![Content::Erasure(Box::new(erasure))], ask.dry_run)?;
    recorded.names = closure;
    Ok(Reply::Recorded(Box::new(recorded)))
}

/// What goes together: a decision, the decisions of its chain in its log, and what corrects any of them there.
#[derive(Default)]
struct Going {
    decisions: BTreeMap<Position, Arc<Verified>>,
    corrections: BTreeSet<StatementRef>,
}

impl Going {
    fn of(case: &Case<'_>) -> Result<Self, AdminError> {
        let mut going = Self::default();
        if !case.class.is_decision() {
            return Ok(going);
        }
        let node = case.desk.node();
        let mut open = vec![Position::of(&case.target)];
        while let Some(at) = open.pop() {
            if going.decisions.contains_key(&at) || node.shared().is_erased(&at.origin, at.index) {
                continue;
            }
            let Some(decision) = held(node, &at)? else {
                continue;
            };
            if let Some(fields) = fields(&decision) {
                open.extend(going.linked(case, (&at, &decision), fields)?);
                going.decisions.insert(at, decision);
            }
            // spec: ADM-444
            if going.decisions.len() + going.corrections.len() > Erasure::CLOSURE_MAX {
                return Err(chain(case, "long"));
            }
        }
        Ok(going)
    }

    /// Decisions of the chain of one next to it, in its log; what corrects it is taken down.
    // spec: ADM-444
    fn linked(
        &mut self,
        case: &Case<'_>,
        (at, decision): (&Position, &Arc<Verified>),
        fields: &DecisionFields,
    ) -> Result<Vec<Position>, AdminError> {
        let node = case.desk.node();
        let query = node.query().map_err(refusal::index)?;
        let store = query.store();
        let mut linked = Vec::new();
        if let Some(root) = &fields.reissues {
            let is_gone = node.shared().is_erased(&root.origin, root.index);
            if root.origin != at.origin && !is_gone {
                return Err(chain(case, "elsewhere").with("with", root));
            }
            // What else was made of it goes too, whether or not it has gone.
            let again = store.reissues_of(&root.origin, root.index);
            linked.extend(again.map_err(refusal::store)?);
            linked.push(Position::of(root));
        }
        let issuer = decision.statement().header().issuer;
        let after = store.reissues_of(&at.origin, at.index);
        linked.extend(after.map_err(refusal::store)?);
        let same = store.by_document(fields.document_number.as_str());
        for other in same.map_err(refusal::store)? {
            if other.origin == at.origin
                && let Some(held) = held(node, &other)?
                && held.statement().header().issuer == issuer
                && self::fields(&held).is_some_and(|one| is_same(one, fields))
            {
                linked.push(other);
            }
        }
        linked.retain(|other| other.origin == at.origin);
        for act in store
            .acts_on(&at.origin, at.index)
            .map_err(refusal::store)?
        {
            if act.class == Class::Correction
                && act.position.origin == at.origin
                && let Some(act) = held(node, &act.position)?
            {
                self.corrections.insert(act.reference().clone());
            }
        }
        Ok(linked)
    }

    /// What goes with a target, ascending.
    fn closure(&self, target: &StatementRef) -> Vec<StatementRef> {
        let decisions = self.decisions.values().map(|one| one.reference().clone());
        let mut closure: Vec<StatementRef> = decisions.chain(self.corrections.clone()).collect();
        closure.retain(|one| one.index != target.index);
        closure.sort_by_key(|one| one.index);
        closure
    }
}

fn is_same(one: &DecisionFields, other: &DecisionFields) -> bool {
    one.item == other.item
        && one.subject.code() == other.subject.code()
        && DocumentKey::of(one.document_number.as_str())
            == DocumentKey::of(other.document_number.as_str())
}

fn fields(decision: &Verified) -> Option<&DecisionFields> {
    let payload = decision.statement().payload();
    let decision = payload.content.decision().map(Decision::fields);
    decision.filter(|_| payload.class().is_decision())
}

/// Whether a statement is a correction whose decision was erased: it goes by an act of its own.
// spec: ADM-440
pub(super) fn is_orphan(node: &Node, verified: &Verified) -> bool {
    let payload = verified.statement().payload();
    let target = payload.target.as_ref();
    let is_gone = target.is_some_and(|one| node.shared().is_erased(&one.origin, one.index));
    payload.class() == Class::Correction && is_gone
}

fn held(node: &Node, at: &Position) -> Result<Option<Arc<Verified>>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&at.origin, at.index);
    match found.map_err(refusal::query)? {
        Found::Verified(held) => Ok(Some(held)),
        Found::Rejected(_) | Found::NotHeld => Ok(None),
    }
}

fn chain(case: &Case<'_>, state: &str) -> AdminError {
    let error = AdminError::new(ErrorCode::ErasureChain).with("target", &case.target);
    error.with("state", state)
}

/// Refuses to erase a decision on which something is open.
// spec: ADM-442
fn require_settled(node: &Node, decision: &StatementRef) -> Result<(), AdminError> {
    let open = |state: &str| {
        let error = AdminError::new(ErrorCode::ErasureOpen).with("target", decision);
        error.with("state", state)
    };
    let effect = node.effect_of(decision, node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    if let Some(objection) = view::open_objections(&effect).first() {
        return Err(open("objection").with("with", objection));
    }
    if let Some(stay) = effect.stayed_by.first() {
        return Err(open("stay").with("with", stay));
    }
    if effect.grant_stands() {
        return Err(open("grant"));
    }
    if let Some(act) = effect.pending.first() {
        return Err(open("pending").with("with", act));
    }
    let (query, hearing) = (node.query().map_err(refusal::index)?, node.hearing());
    let acts = query.store().acts_on(&decision.origin, decision.index);
    for row in acts.map_err(refusal::store)? {
        let binds = matches!(
            row.class,
            Class::Correction | Class::Withdrawal | Class::Repair | Class::Ruling
        );
        let Some(act) = held(node, &row.position)?.filter(|_| binds) else {
            continue;
        };
        let certificate = node.certificate(&hearing, &act);
        let certificate = certificate.map_err(|error| refusal::ask(&error))?;
        if certificate.is_some_and(|certificate| !certificate.is_closed()) {
            return Err(open("propagation").with("with", act.reference()));
        }
    }
    Ok(())
}
