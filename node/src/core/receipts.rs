//! Receipts: what this node did with the acts of others, said in its own log.
//!
//! ```text
//! act durable or refused ──> pending ──> said, with whatever is appended next, or by itself a little later
//! target comes later ──────> pending ──> said once more, as applied
//! ```
//! An act counts as applied as soon as it is durable: every answer waits for the index to have taken in
//! what was durable when it was asked. A crash before the statement is durable leaves the act pending:
//! the own log says which acts have a receipt, and the next start goes by it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use concordat_protocol::exchange::Gaps;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{
    ActOutcome, Body, Class, Content, Kind, Receipt, ReceiptBatch, Statement, StatementRef,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use crate::core::Core;
use crate::core::damage::BodyFault;
use crate::core::logs::BodyState;
use crate::core::recover::OpenCoreError;
use crate::core::types::{Durable, Entry, Fatal, Signing};
use crate::disk::Disk;

/// How long a receipt waits for something to be appended with.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// Between two heads for the sake of receipts alone.
const PAUSE: Duration = Duration::from_secs(1);
/// Acts looked at in one step: each costs a read.
const ACTS_PER_STEP: usize = 1_024;

/// How many measures of the member's own an act changed, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// None of them rests on what the act is on, or nobody could tell in time.
    Left,
    /// So many.
    Measures(u32),
    /// It is being counted.
    NotYet,
}

/// Counts measures beside the core: whoever does reads what the core does not, and answers at once.
pub trait CountMeasures: Send {
    /// How many measures of the member's own an act on a target changed. An act that is being counted is asked
    /// about again.
    fn count(&self, act: &StatementRef, target: &StatementRef) -> Counted;
}

/// A position of a log.
pub(super) type Place = (Origin, LeafIndex);

/// Which acts have a receipt, and which are to get one.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// Acts that are durable, or refused, and have none; or whose target has come since.
    pending: BTreeSet<Place>,
    /// Where in each log of acts the next turn goes on.
    turns: BTreeMap<Origin, LeafIndex>,
    /// Positions of the acts that have one, by log.
    said: BTreeMap<Origin, Gaps>,
    /// Acts that have one without their target, by that.
    without: BTreeMap<Place, Vec<Place>>,
    /// When those pending are said by themselves.
    due: Option<Timestamp>,
    /// Not before.
    rests_until: Option<Timestamp>,
}

impl Receipts {
    /// When there is something to say, if nothing else happens.
    pub(super) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    fn has_said(&self, act: &Place) -> bool {
        let said = self.said.get(&act.0);
        said.is_some_and(|positions| positions.contains(act.1.value()))
    }

    fn note(&mut self, act: &Place) {
        let position = act.1.value();
        let said = self.said.entry(act.0.clone()).or_default();
        said.insert(position, position.saturating_add(1));
    }

    /// Acts whose turn it is: as many of each log, from where the turn before ended. What waits is asked about
    /// again when all others of its log have been, and a log with many acts delays its own alone.
    // spec: PRP-47
    fn turn(&mut self) -> Vec<Place> {
        let logs = self.logs_pending();
        self.turns.retain(|log, _| logs.contains(log));
        let mut taken = Vec::new();
        for (place, log) in logs.iter().enumerate() {
            // What earlier ones left goes to those behind them.
            let left = ACTS_PER_STEP.saturating_sub(taken.len());
            let share = (left / (logs.len() - place)).max(1);
            let from = self.turns.get(log).copied().unwrap_or(LeafIndex::new(0));
            let behind = self.pending_of(log, from).take(share);
            let mut acts: Vec<Place> = behind.cloned().collect();
            let again = self.pending_of(log, LeafIndex::new(0));
            let again = again.take_while(|(_, index)| *index < from);
            acts.extend(again.take(share - acts.len()).cloned());
            if let Some((_, last)) = acts.last() {
                let next = LeafIndex::new(last.value().saturating_add(1));
                self.turns.insert(log.clone(), next);
            }
            taken.extend(acts);
        }
        // A batch is in order, whoever's turn was first.
        taken.sort();
        taken
    }

    /// The logs in which acts are pending.
    fn logs_pending(&self) -> Vec<Origin> {
        let mut logs: Vec<Origin> = Vec::new();
        let mut next = self.pending.first();
        while let Some((log, _)) = next {
            logs.push(log.clone());
            let last = (log.clone(), LeafIndex::new(u64::MAX));
            let behind = (Bound::Excluded(last), Bound::Unbounded);
            next = self.pending.range(behind).next();
        }
        logs
    }

    fn pending_of(&self, log: &Origin, from: LeafIndex) -> impl Iterator<Item = &Place> {
        let last = LeafIndex::new(u64::MAX);
        self.pending
            .range((log.clone(), from)..=(log.clone(), last))
    }

    /// Acts whose receipts are still to be said.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Place> {
        self.pending.iter()
    }

    /// Takes in what the own log says.
    fn take_in(&mut self, batch: &ReceiptBatch) {
        for receipt in batch.receipts() {
            let act = (receipt.act.origin.clone(), receipt.act.index);
            self.note(&act);
            self.pending.remove(&act);
            let target = (batch.origin().clone(), receipt.target.0);
            if receipt.outcome == ActOutcome::TargetNotHeld {
                self.without.entry(target).or_default().push(act);
            } else if let Some(acts) = self.without.get_mut(&target) {
                acts.retain(|one| *one != act);
                if acts.is_empty() {
                    self.without.remove(&target);
                }
            }
        }
    }
}

/// What is to be done with an act that is pending.
enum Verdict {
    Say(Receipt, Origin),
    /// It is nothing that a receipt is about, or what would be said has been said.
    Nothing,
    /// It is pending again as soon as it is there again.
    Later,
    /// It cannot be read now.
    Wait,
}

impl<D: Disk> Core<D> {
    /// Takes down acts of others that have become durable or were refused, targets that acts were waiting
    /// for, and receipts of our own that were fetched back.
    pub(super) fn follow_receipts(&mut self, durable: &[Durable], refused: Vec<Place>) {
        for place in refused {
            self.await_receipt(place);
        }
        for entry in durable {
            let place = (entry.origin.clone(), entry.index);
            let own = entry.origin.member() == self.me.as_str();
            if own && entry.leaf.kind == Kind::Receipts {
                self.take_in_receipts(entry.index, &entry.body);
            }
            if let Some(acts) = self.receipts.without.remove(&place) {
                self.receipts.pending.extend(acts);
            }
            if entry.leaf.kind == Kind::Act && entry.verified {
                self.await_receipt(place);
            }
        }
        self.time_receipts();
    }

    /// Takes in what the own log says, but what nobody counts any more: it is said again.
    fn take_in_receipts(&mut self, index: LeafIndex, body: &[u8]) {
        let Some(statement) = statement_of(body).filter(|one| self.still_counts(index, one)) else {
            return;
        };
        if let Content::ReceiptBatch(batch) = &statement.payload().content {
            self.receipts.take_in(batch);
        }
    }

    /// Whether a statement of the own log stands before the cut-off of its key, if that was cut off.
    // spec: PRP-11, PRP-22
    pub(super) fn still_counts(&self, index: LeafIndex, statement: &Statement) -> bool {
        let member = self.registry.member(self.me);
        let from = member.and_then(|member| member.cut_off(statement.header().kid));
        from.is_none_or(|from| index < from)
    }

    /// An act, or something that may be one, needs a receipt once it is durable.
    pub(super) fn await_receipt(&mut self, act: Place) {
        if act.0.member() != self.me.as_str() && !self.receipts.has_said(&act) {
            self.receipts.pending.insert(act);
        }
    }

    fn time_receipts(&mut self) {
        if self.receipts.pending.is_empty() {
            self.receipts.due = None;
        } else if self.receipts.due.is_none() {
            let due = self.now.checked_add(TICK).unwrap_or(self.now);
            let rests = self.receipts.rests_until.unwrap_or(due);
            self.receipts.due = Some(due.max(rests));
        }
    }

    /// Whether the node may say something by itself in its log 0, and whether it does so anyway.
    pub(super) fn says_by_itself(&self) -> (bool, bool) {
        let may = self.signing == Signing::Open && self.registry.member(self.me).is_some();
        let origin = self.genesis.origin(self.me, LogNumber::Statements);
        (may, self.staged.own.contains_key(&origin))
    }

    /// Appends the receipts that are due, or all of them where something is appended anyway: they cost
    /// no commit and no head of their own then.
    // spec: PRP-10, PRP-11
    pub(super) fn say_receipts(&mut self) -> Result<(), Fatal> {
        let (may, appends) = self.says_by_itself();
        let is_due = self.receipts.due.is_some_and(|due| due <= self.now);
        if !may || !(is_due || appends) || self.receipts.pending.is_empty() {
            return Ok(());
        }
        let (batches, settled) = self.receipts_to_say();
        let mut entries: Vec<Entry> = Vec::with_capacity(batches.len());
        for batch in &batches {
            // Without a key that counts nothing is said, and nothing is settled.
            let Some(entry) = self.sign_own(Content::ReceiptBatch(batch.clone())) else {
                return Ok(());
            };
            entries.push(entry);
        }
        for act in settled {
            self.receipts.note(&act);
        }
        for batch in &batches {
            self.receipts.take_in(batch);
        }
        self.receipts.due = None;
        self.receipts.rests_until = self.now.checked_add(PAUSE).ok();
        if !entries.is_empty() {
            let origin = self.genesis.origin(self.me, LogNumber::Statements);
            self.append(&origin, entries)?;
        }
        self.time_receipts();
        Ok(())
    }

    /// The receipts of acts that are pending, by the log of their targets, and acts that need none.
    ///
    /// Acts that are gone, or that need none, are pending no more.
    fn receipts_to_say(&mut self) -> (Vec<ReceiptBatch>, Vec<Place>) {
        let mut said: BTreeMap<Origin, Vec<Receipt>> = BTreeMap::new();
        let mut settled = Vec::new();
        for act in self.receipts.turn() {
            match self.receipt_of(&act) {
                Verdict::Say(receipt, log) => said.entry(log).or_default().push(receipt),
                Verdict::Nothing => {
                    self.receipts.pending.remove(&act);
                    settled.push(act);
                }
                Verdict::Later => {
                    self.receipts.pending.remove(&act);
                }
                Verdict::Wait => {}
            }
        }
        let mut batches = Vec::new();
        for (log, receipts) in said {
            for part in receipts.chunks(ReceiptBatch::RECEIPTS_MAX) {
                batches.extend(ReceiptBatch::new(log.clone(), part.to_vec()));
            }
        }
        (batches, settled)
    }

    fn receipt_of(&self, (origin, index): &Place) -> Verdict {
        let (state, leaf_hash) = {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let leaf_hash = log.and_then(|log| log.tree().leaf_hash(*index));
            let state = log.map_or(BodyState::None, |log| log.body(*index));
            (state, leaf_hash)
        };
        let (body, refusal) = match state {
            BodyState::Refused(reason) => (self.shared.read_refused(origin, *index), Some(reason)),
            BodyState::Held(_) => match self.shared.read_body(origin, *index) {
                Ok(body) => (body, None),
                Err(BodyFault::Unavailable { .. }) => return Verdict::Wait,
                Err(BodyFault::Damaged(_)) => return Verdict::Later,
            },
            BodyState::Damaged | BodyState::Missing | BodyState::None | BodyState::Absent(_) => {
                return Verdict::Later;
            }
        };
        let Some(body) = body else {
            return Verdict::Later;
        };
        let act = statement_of(&body);
        // Nobody says of an erasure that it was applied before it was.
        // spec: PRP-77
        let is_erasure = |act: &Statement| act.payload().class() == Class::Erasure;
        if refusal.is_none() && act.as_ref().is_some_and(is_erasure) {
            let target = act.as_ref().and_then(|act| act.payload().target.as_ref());
            let gone = |one: &StatementRef| self.shared.is_erased(&one.origin, one.index);
            let place = (origin.clone(), *index);
            if self.erasures.is_open(&place) || !target.is_some_and(gone) {
                return Verdict::Later;
            }
        }
        let target = act.and_then(|statement| statement.payload().target.clone());
        let Some((target, leaf_hash)) = target.zip(leaf_hash) else {
            return Verdict::Nothing;
        };
        let act = StatementRef {
            origin: origin.clone(),
            index: *index,
            leaf_hash,
        };
        let outcome = match (refusal, self.holds_target(&target)) {
            (Some(reason), _) => ActOutcome::Refused { reason },
            (None, true) => match self.measures_changed(&act, &target) {
                Counted::Left => ActOutcome::Applied { measures: None },
                Counted::Measures(count) => ActOutcome::Applied {
                    measures: Some(count),
                },
                Counted::NotYet => return Verdict::Wait,
            },
            (None, false) if self.receipts.has_said(&(origin.clone(), *index)) => {
                return Verdict::Nothing;
            }
            (None, false) => ActOutcome::TargetNotHeld,
        };
        let receipt = Receipt {
            act,
            target: (target.index, target.leaf_hash),
            outcome,
        };
        Verdict::Say(receipt, target.origin)
    }

    /// Has measures counted from here on; before, and where nobody counts, receipts say none.
    // spec: PRP-28
    pub fn count_measures(&mut self, counting: Box<dyn CountMeasures>) {
        self.counting = Some(counting);
    }

    // spec: PRP-28
    fn measures_changed(&self, act: &StatementRef, target: &StatementRef) -> Counted {
        let counting = self.counting.as_ref();
        counting.map_or(Counted::Left, |counting| counting.count(act, target))
    }

    /// Whether the very statement is held, readable or not: until its body has come again, no answer
    /// shows it.
    fn holds_target(&self, target: &StatementRef) -> bool {
        let logs = self.shared.logs();
        logs.get(&target.origin).is_some_and(|log| {
            let is_it = log.tree().leaf_hash(target.index) == Some(target.leaf_hash);
            let body = log.body(target.index);
            // What an act erased was held, and no answer shows it.
            let erased = BodyState::Absent(Absence::Erased);
            is_it && (matches!(body, BodyState::Held(_) | BodyState::Damaged) || body == erased)
        })
    }

    /// Reads from the own log which acts have a receipt, and takes down those that are held without.
    // spec: PRP-11
    pub(super) fn restore_receipts(
        &mut self,
        own: &[LeafIndex],
        acts: &[Place],
    ) -> Result<(), OpenCoreError> {
        let origin = self.genesis.origin(self.me, LogNumber::Statements);
        for index in own {
            match self.shared.read_body(&origin, *index) {
                Ok(Some(body)) => self.take_in_receipts(*index, &body),
                // What is not known any more may be said again.
                Ok(None) | Err(BodyFault::Damaged(_)) => {}
                Err(BodyFault::Unavailable { .. }) => {
                    return Err(OpenCoreError::NotNow { origin });
                }
            }
        }
        let mut found = Vec::new();
        {
            let logs = self.shared.logs();
            for (origin, index) in acts {
                let body = logs
                    .get(origin)
                    .map_or(BodyState::None, |log| log.body(*index));
                if matches!(body, BodyState::Held(_) | BodyState::Refused(_)) {
                    found.push((origin.clone(), *index));
                }
            }
        }
        for act in found {
            self.await_receipt(act);
        }
        // A target may have come just before the end of the last life.
        let without = self.receipts.without.values().flatten();
        let without: Vec<Place> = without.cloned().collect();
        self.receipts.pending.extend(without);
        self.time_receipts();
        Ok(())
    }
}

/// The statement of an encoded body.
pub(super) fn statement_of(body: &[u8]) -> Option<Statement> {
    let body = Body::decode(body).ok()?;
    Statement::decode(body.statement()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(log: u8, index: u64) -> Place {
        let zeros = "0".repeat(64);
        let origin = format!("test-{zeros}/11310000MB00000009/{log}");
        (origin.parse().unwrap(), LeafIndex::new(index))
    }

    /// However many acts of one log wait, those of others and those behind them have their turn.
    // spec: PRP-47
    #[test]
    fn acts_that_wait_hold_up_neither_other_logs_nor_those_behind_them() {
        let [flooding, other] = [0, 1];
        let mut receipts = Receipts::default();
        let flood: BTreeSet<Place> = (0..3_000).map(|at| place(flooding, at)).collect();
        receipts.pending.extend(flood.clone());
        receipts.pending.insert(place(other, 7));
        let mut met = BTreeSet::new();
        for turn in 0..6 {
            let acts = receipts.turn();
            assert!(acts.len() <= ACTS_PER_STEP, "{turn}: {}", acts.len());
            assert!(acts.contains(&place(other, 7)), "{turn}");
            assert!(acts.is_sorted(), "{turn}");
            let without_repeats: BTreeSet<Place> = acts.iter().cloned().collect();
            assert_eq!(without_repeats.len(), acts.len(), "{turn}");
            met.extend(without_repeats);
        }
        assert!(met.is_superset(&flood));
        // A turn begins anew behind the last, and ends where it has been round.
        receipts.pending.retain(|(_, index)| index.value() < 5);
        assert_eq!(receipts.turn().len(), 5);
        assert_eq!(receipts.turn().len(), 5);
    }

    // spec: PRP-47
    #[test]
    fn nothing_pending_has_no_turn() {
        let mut receipts = Receipts::default();
        assert_eq!(receipts.turn(), []);
        receipts.pending.insert(place(0, u64::MAX));
        assert_eq!(receipts.turn().len(), 1);
        assert_eq!(receipts.turn().len(), 1);
    }
}
