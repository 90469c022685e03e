//! Statements of the node's own that came too late to bind, or after their mandate, and are still to be
//! made good.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use concordat_protocol::admin::AdminError;
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{
    Body, Class, Content, Correction, Decision, Kind, Leaf, Payload, Statement, StatementRef,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Timing;

use crate::admin::{acts, refusal, view};
use crate::node::{LATE_SHOWN_MS, Node};
use crate::query::Found;
use crate::store::Position;

/// Late statements that are looked at for one answer; those behind them count as they are.
const LOOKED_AT_MAX: u64 = 16_384;
/// Acts of one log of which it is asked whether they were made after their mandate.
const ACTS_LOOKED_AT_MAX: usize = 4_096;

/// What is to be made good of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) origin: Origin,
    pub(super) statements: u64,
    /// The position of the first.
    pub(super) from: u64,
}

/// What is to be made good, by what it was too late for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ToMakeGood {
    /// For the registry that it names.
    pub(super) late: Vec<Late>,
    /// For the mandate of its author.
    pub(super) after_mandate: Vec<Late>,
}

/// Counts what is to be made good, once for each change of the node.
#[derive(Default)]
pub(in crate::admin) struct LateStatements {
    last: Mutex<Option<(u64, ToMakeGood)>>,
    acts: Mutex<BTreeMap<Origin, OwnActs>>,
}

/// Where the acts of a log of the node's own stand, as far as it was looked through.
struct OwnActs {
    looked_through: u64,
    at: Vec<u64>,
}

impl LateStatements {
    // spec: ADM-150, ADM-185
    pub(super) fn count(&self, node: &Node, now: Timestamp) -> Result<ToMakeGood, AdminError> {
        let change = *node.changes().borrow();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = &*last
            && *at == change
        {
            return Ok(found.clone());
        }
        let mut found = ToMakeGood::default();
        for (origin, late) in node.late_leaves(now) {
            let late = late.runs.into_iter().flatten();
            found.late.extend(counted(node, origin, late)?);
        }
        for (origin, acts) in self.after_mandate(node, now)? {
            let acts = acts.into_iter();
            found.after_mandate.extend(counted(node, origin, acts)?);
        }
        *last = Some((change, found.clone()));
        Ok(found)
    }

    /// The acts of the node's own logs that the hub saw after their mandate had ended, of those that it
    /// saw within a month.
    fn after_mandate(
        &self,
        node: &Node,
        now: Timestamp,
    ) -> Result<Vec<(Origin, Vec<u64>)>, AdminError> {
        let (seen, registry) = (node.shared().heads_seen(), node.registry());
        let query = node.query().map_err(refusal::index)?;
        let month_ago = now.value().saturating_sub(LATE_SHOWN_MS);
        let month_ago = Timestamp::new(month_ago).unwrap_or(Timestamp::MIN);
        // What is asked below locks the logs again.
        let own: Vec<(Origin, u64)> = {
            let logs = node.shared().logs();
            let own = logs.iter().filter(|(origin, _)| node.owns(origin));
            own.map(|(origin, log)| (origin.clone(), log.size().value()))
                .collect()
        };
        let mut found = Vec::new();
        for (origin, size) in own {
            if !has_ended_mandate(node, &origin) {
                continue;
            }
            let from = seen.size_seen_by(&origin, month_ago).value();
            let mut after = Vec::new();
            for index in self.acts(node, &origin, from..size) {
                let at = query.statement(&origin, LeafIndex::new(index));
                let Found::Verified(act) = at.map_err(refusal::query)? else {
                    continue;
                };
                if seen.judge(&act, &registry) == Timing::AfterMandate {
                    after.push(index);
                }
            }
            found.push((origin, after));
        }
        Ok(found)
    }

    /// The newest acts at positions of a log. It grows, and is looked through once.
    fn acts(&self, node: &Node, origin: &Origin, positions: Range<u64>) -> Vec<u64> {
        let mut acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = acts.entry(origin.clone()).or_insert_with(|| OwnActs {
            looked_through: positions.start,
            at: Vec::new(),
        });
        for index in known.looked_through..positions.end {
            let leaf = node.shared().leaf(origin, LeafIndex::new(index));
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            if leaf.is_some_and(|leaf| leaf.kind == Kind::Act) {
                known.at.push(index);
            }
        }
        known.looked_through = known.looked_through.max(positions.end);
        let within = known.at.iter().rev().copied();
        let within = within.take_while(|index| positions.contains(index));
        let mut newest: Vec<u64> = within.take(ACTS_LOOKED_AT_MAX).collect();
        newest.reverse();
        newest
    }
}

/// Whether a mandate of somebody who publishes in a log has ended.
fn has_ended_mandate(node: &Node, origin: &Origin) -> bool {
    let (registry, today) = (node.registry(), node.today());
    let mut publishers = registry.members().filter(|member| {
        let through = member.enrolment().publishes_through;
        through.unwrap_or_else(|| member.code()).as_str() == origin.member()
    });
    publishers.any(|member| {
        let mut ends = member.enrolment().mandates.iter().filter_map(|it| it.until);
        ends.any(|until| until < today)
    })
}

/// What is to be made good among statements of a log.
fn counted(
    node: &Node,
    origin: Origin,
    late: impl Iterator<Item = u64>,
) -> Result<Option<Late>, AdminError> {
    let (mut looked_at, mut statements, mut from) = (0, 0, None);
    for index in late {
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
    Ok(from.map(|from| Late {
        origin,
        statements,
        from,
    }))
}

/// Whether a statement that came too late would say something if it were made anew: what frees counts
/// all the same, and an act on what is void or taken back never counts.
fn is_to_be_made_good(node: &Node, at: &Position) -> Result<bool, AdminError> {
    // What was erased is not said again.
    // spec: ADM-446
    if node.shared().is_erased(&at.origin, at.index) {
        return Ok(false);
    }
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
    if payload.class() == Class::Withdrawal
        && let Some(is_wanted) = is_to_be_taken_back_anew(node, at, target)?
    {
        return Ok(is_wanted);
    }
    let effect = node.effect_of(target, node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    match can_be_acted_on(&effect) {
        true => is_to_be_said_anew(node, at, payload, (target, &effect)),
        false => Ok(false),
    }
}

/// Whether a withdrawal of a stay or a repair has to be made anew: it binds, so that one that came late did
/// nothing. `None` for a withdrawal of anything else.
// spec: EFF-153, EFF-162
fn is_to_be_taken_back_anew(
    node: &Node,
    at: &Position,
    target: &StatementRef,
) -> Result<Option<bool>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&target.origin, target.index);
    let Found::Verified(act) = found.map_err(refusal::query)? else {
        return Ok(None);
    };
    let payload = act.statement().payload();
    if !matches!(payload.class(), Class::Stay | Class::Repair) {
        return Ok(None);
    }
    let author = act.statement().header().issuer;
    let others = acts::on(node, &Position::of(target), author, Class::Withdrawal)?;
    let is_newer = |one: &StatementRef| one.origin == at.origin && one.index > at.index;
    Ok(Some(!others.iter().any(|one| is_newer(one.reference()))))
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
        // What they free counts however late they came; what is granted a stay takes away only anew.
        Content::Stay(_) => effect.is_grant && !effect.grant_stayed,
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
        | Content::Repair(_)
        | Content::ItemCatalogue(_)
        | Content::MeasureCatalogue(_)
        | Content::Calendar(_)
        | Content::DeadlineRules(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::Erasure(_)
        | Content::Loss(_)
        | Content::Succession(_)
        | Content::Notice(_)
        | Content::DeliveryBatch(_)
        | Content::Holdings(_)
        | Content::ReceiptBatch(_)
        | Content::QueryRoot(_)
        | Content::HeadSeen(_)
        | Content::Agreement(_)
        | Content::Accession(_)
        | Content::Retirement(_)
        | Content::RecognitionResponse(_)
        | Content::Restart(_)
        | Content::Record(_) => false,
    })
}
