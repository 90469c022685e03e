//! Withdrawals of many decisions: those of an import, or those named one by one.
//!
//! Each answer looks at some of them, a part of these at a time: what a part comes to is durable before the next
//! is looked at, and what was withdrawn before is passed over. So it can be asked again after a crash in the
//! middle, and comes to the same.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use concordat_protocol::admin::{
    AdminError, BULK_MAX, BulkAsk, BulkCounts, BulkView, ErrorCode, Reply, Target, open_objections,
};
use concordat_protocol::effect::{Effect, Validity};
use concordat_protocol::statement::{
    BatchId, Class, Content, Payload, StatementRef, Withdrawal, WithdrawalReason,
};
use concordat_protocol::text::Text;
use sha2::{Digest as _, Sha256};

use crate::admin::act::exits::Grounds;
use crate::admin::act::{Case, check, require_own_key, signed};
use crate::admin::desk::{Answer, Desk};
use crate::admin::{batch, import, refusal};
use crate::query::Found;

/// Withdrawals that are appended at once.
const PART: usize = 256;

/// `withdrawal bulk`
// spec: ADM-340, ADM-341
pub(in crate::admin) fn withdrawal(desk: &Desk, ask: &BulkAsk) -> Answer {
    require_own_key(desk.node(), ask.issuer)?;
    if ask.reason.is_none() && ask.exit.is_none() {
        let error = AdminError::new(ErrorCode::BadRequest);
        return Err(error.with("cause", "neither a reason nor an exit is said"));
    }
    let (targets, total, next_skip) = targets(desk, ask)?;
    let mut bulk = Bulk {
        desk,
        ask,
        acts: ask.acts,
        counts: BulkCounts::default(),
        recorded: Vec::new(),
        would: 0,
        seen: BTreeSet::new(),
        again: 0,
    };
    for part in targets.chunks(PART) {
        bulk.part(part)?;
    }
    let Bulk {
        acts,
        counts,
        recorded,
        would,
        again,
        ..
    } = bulk;
    Ok(Reply::Bulk(Box::new(BulkView {
        counts,
        total: total.saturating_sub(again),
        next_skip,
        recorded: would,
        first: recorded.first().cloned(),
        last: recorded.last().cloned(),
        acts,
    })))
}

/// The decisions to look at, how many there are in all, and where to go on.
fn targets(desk: &Desk, ask: &BulkAsk) -> Result<(Vec<Target>, u64, Option<u64>), AdminError> {
    let refused = |cause: &str| AdminError::new(ErrorCode::BadRequest).with("cause", cause);
    match (&ask.import, ask.targets.len()) {
        (Some(import), 0) => {
            let page = batch::page(desk, import, ask.skip, Class::is_decision)?;
            let targets = page.places.into_iter().map(|at| Target::Position {
                origin: at.origin,
                index: at.index,
            });
            Ok((targets.collect(), page.total, page.next_skip))
        }
        (None, 1..=BULK_MAX) => Ok((ask.targets.clone(), ask.targets.len() as u64, None)),
        (None, 0) => Err(refused("neither an import nor a decision is named")),
        (None, _) => Err(refused(
            "more decisions are named than one request may name",
        )),
        (Some(_), _) => Err(refused("an import is named, and decisions beside it")),
    }
}

/// A bulk withdrawal under way.
struct Bulk<'d> {
    desk: &'d Desk,
    ask: &'d BulkAsk,
    acts: Option<BatchId>,
    counts: BulkCounts,
    recorded: Vec<StatementRef>,
    /// How many are, or would be, recorded.
    would: u64,
    seen: BTreeSet<StatementRef>,
    /// How often one was named once more.
    again: u64,
}

/// A refusal with the decision that it is of, where it does not say so itself.
fn of(error: AdminError, target: &Target) -> AdminError {
    match error.detail("target") {
        Some(_) => error,
        None => error.with("target", target),
    }
}

impl<'d> Bulk<'d> {
    /// Looks at some decisions and withdraws those that are not: no other act comes between.
    fn part(&mut self, targets: &[Target]) -> Result<(), AdminError> {
        let acting = self.desk.office.acting.lock();
        let _acting = acting.unwrap_or_else(PoisonError::into_inner);
        let mut open: Vec<(Case<'d>, Grounds)> = Vec::with_capacity(targets.len());
        for target in targets {
            let issuer = self.ask.issuer;
            let case = match Case::open(self.desk, target, issuer, Class::Withdrawal) {
                Err(error) if error.code == ErrorCode::BodyNotHeld => {
                    self.counts.looked += 1;
                    self.counts.not_held += 1;
                    continue;
                }
                case => case.map_err(|error| of(error, target))?,
            };
            // Named twice in one file.
            // spec: ADM-483
            if !self.seen.insert(case.target.clone()) {
                self.again += 1;
                continue;
            }
            if !case.class.is_decision() {
                let error = AdminError::new(ErrorCode::WrongClass);
                let error = error.with("class", refusal::class_name(case.class));
                return Err(of(error, target));
            }
            let horizon = self.desk.node().horizon();
            let effect = case.effect()?;
            count(&mut self.counts, &effect);
            match case.withdrawn_in(&horizon, &effect)? {
                Some(by) => self.take_up(&by)?,
                None => {
                    let grounds = case.grounds(&effect, (self.ask.reason, self.ask.exit));
                    let grounds = grounds.map_err(|error| of(error, target))?;
                    open.push((case, grounds));
                }
            }
        }
        self.record(&open)
    }

    /// A withdrawal that an earlier time made belongs to the same acts, where it says the same.
    fn take_up(&mut self, by: &StatementRef) -> Result<(), AdminError> {
        self.counts.withdrawn += 1;
        let node = self.desk.node();
        if self.acts.is_some() || !node.owns(&by.origin) {
            return Ok(());
        }
        let query = node.query().map_err(refusal::index)?;
        let found = query.statement(&by.origin, by.index);
        if let Found::Verified(act) = found.map_err(refusal::query)? {
            let payload = act.statement().payload();
            let is_same = matches!(&payload.content, Content::Withdrawal(said)
                if self.says((said.reason, said.exit)) && said.reasons == self.ask.reasons);
            self.acts = payload.batch.filter(|_| is_same);
        }
        Ok(())
    }

    /// Whether it says so of an entry in a red list or of another decision.
    fn says(&self, (reason, exit): Grounds) -> bool {
        let (asked, asked_exit) = (self.ask.reason, self.ask.exit);
        let leaves = asked_exit.is_some() && exit == asked_exit;
        let by_exit = leaves && reason == WithdrawalReason::DecisionRevoked;
        by_exit || (exit.is_none() && asked == Some(reason))
    }

    fn record(&mut self, open: &[(Case<'d>, Grounds)]) -> Result<(), AdminError> {
        self.would += open.len() as u64;
        let acts = match self.acts {
            Some(acts) => acts,
            None => import::batch_id()?,
        };
        let mut statements = Vec::with_capacity(open.len());
        let mut first = None;
        for (case, grounds) in open {
            let payload = self.payload(case, *grounds, acts);
            let bytes = signed(self.desk.node(), case.about, &payload)?;
            check(self.desk.node(), &bytes, case.vis())?;
            statements.push(bytes);
            first.get_or_insert((case, payload));
        }
        if let Some((case, payload)) = first.filter(|_| !self.ask.dry_run) {
            self.recorded.extend(case.append(statements, &payload)?);
            self.acts = Some(acts);
        }
        Ok(())
    }

    fn payload(&self, case: &Case<'_>, (reason, exit): Grounds, acts: BatchId) -> Payload {
        let withdrawal = Withdrawal {
            reason,
            reasons: self.ask.reasons.clone(),
            exit,
        };
        Payload {
            batch: Some(acts),
            ..case.payload(Content::Withdrawal(withdrawal))
        }
    }
}

/// What ties the corrections of an import together that say one reason: the same whenever it is asked, and
/// another for each member.
// spec: ADM-346
pub(in crate::admin) fn acts_of(desk: &Desk, import: &BatchId, reasons: &Text<4000>) -> BatchId {
    let mut hasher = Sha256::new();
    hasher.update(b"concordat/bulk/1\0");
    hasher.update(desk.node().member().as_str());
    hasher.update(import.as_bytes());
    hasher.update(reasons.as_str());
    let digest: [u8; 32] = hasher.finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    BatchId::from_bytes(id)
}

/// Counts how a decision stands.
pub(in crate::admin) fn count(counts: &mut BulkCounts, effect: &Effect) {
    counts.looked += 1;
    counts.corrected += u64::from(matches!(effect.validity, Validity::Corrected { .. }));
    counts.void += u64::from(matches!(effect.validity, Validity::Void { .. }));
    counts.objected += u64::from(!open_objections(effect).is_empty());
    counts.stayed += u64::from(!effect.stayed_by.is_empty());
}
