//! Deliveries: which bodies this node gave to whom, said in its own log.
//!
//! The delivery rows of the ledger say it first, before anything is sent (`holders`); what they say of
//! decisions and acts is said again, signed, for whoever asks later who has to hear of a correction.
//! A crash in between loses nothing: the next start compares the rows with the own log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use concordat_protocol::exchange::Gaps;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Content, DeliveryBatch, Kind};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use crate::core::damage::BodyFault;
use crate::core::receipts::{TICK, statement_of};
use crate::core::recover::OpenCoreError;
use crate::core::types::{Durable, Fatal};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;

/// Between two statements about one receiver and one log.
const PAUSE: Duration = Duration::from_secs(60);
/// Statements of one step, and how long the others wait then: however many receivers there are, their
/// deliveries take a bounded part of the log.
const STATEMENTS_PER_STEP: usize = 64;
const STEP: Duration = Duration::from_secs(1);

/// A member and a log of which it was given something.
type Pair = (AuthorityCode, Origin);

/// Positions by who was given them.
pub(super) type Unsaid = Arc<RwLock<BTreeMap<Pair, Gaps>>>;

/// What was given and is not said yet.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    /// Other threads may read it.
    unsaid: Unsaid,
    /// When each of those may be said.
    queue: BTreeSet<(Timestamp, Pair)>,
    /// Until when nothing more is said of a pair that nothing is open of.
    rests: BTreeMap<Pair, Timestamp>,
    /// When the next step may be.
    next_step: Option<Timestamp>,
}

impl Deliveries {
    /// When there is something to say.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let (first, _) = self.queue.first()?;
        Some(self.next_step.map_or(*first, |step| step.max(*first)))
    }

    /// What is given and not said, for other threads.
    pub(super) fn unsaid(&self) -> Unsaid {
        Arc::clone(&self.unsaid)
    }

    /// Takes down positions that a row names.
    fn add(&mut self, pair: &Pair, ranges: &[(u64, u64)], now: Timestamp) {
        if ranges.is_empty() {
            return;
        }
        let is_open = {
            let mut unsaid = write(&self.unsaid);
            let unsaid = unsaid.entry(pair.clone()).or_default();
            let is_open = !unsaid.is_empty();
            for (begin, end) in ranges {
                unsaid.insert(*begin, *end);
            }
            is_open
        };
        if !is_open {
            let due = now.checked_add(TICK).unwrap_or(now);
            let rests = self.rests.remove(pair).unwrap_or(due);
            self.queue.insert((due.max(rests), pair.clone()));
        }
    }

    /// The pairs whose turn it is.
    fn take_due(&mut self, now: Timestamp) -> Vec<Pair> {
        if self.next_step.is_some_and(|step| now < step) {
            return Vec::new();
        }
        let due = self.queue.iter().take_while(|(due, _)| *due <= now);
        let due: Vec<(Timestamp, Pair)> = due.take(STATEMENTS_PER_STEP).cloned().collect();
        if due.len() == STATEMENTS_PER_STEP {
            self.next_step = now.checked_add(STEP).ok();
        }
        for entry in &due {
            self.queue.remove(entry);
        }
        self.rests.retain(|_, until| now < *until);
        due.into_iter().map(|(_, pair)| pair).collect()
    }

    /// Takes out the first ranges of a pair, as many as one statement takes.
    fn take_ranges(&self, pair: &Pair) -> Vec<(LeafIndex, LeafIndex)> {
        let mut ranges = Vec::new();
        if let Some(unsaid) = write(&self.unsaid).get_mut(pair) {
            while let Some((begin, end)) = unsaid.take_first(u64::MAX) {
                ranges.push((LeafIndex::new(begin), LeafIndex::new(end)));
                if ranges.len() == DeliveryBatch::RANGES_MAX {
                    break;
                }
            }
        }
        ranges
    }

    /// A pair has been said: what is left of it, or comes later, is said after the pause.
    fn rest(&mut self, pair: Pair, now: Timestamp) {
        let until = now.checked_add(PAUSE).unwrap_or(now);
        let mut unsaid = write(&self.unsaid);
        if unsaid.get(&pair).is_some_and(|left| !left.is_empty()) {
            self.queue.insert((until, pair));
        } else {
            unsaid.remove(&pair);
            self.rests.insert(pair, until);
        }
    }

    /// Takes in what the own log says.
    fn take_in(&self, batch: &DeliveryBatch) {
        let pair = (batch.receiver(), batch.origin().clone());
        if let Some(unsaid) = write(&self.unsaid).get_mut(&pair) {
            let ranges = batch.ranges().iter();
            ranges.for_each(|(begin, end)| unsaid.remove(begin.value(), end.value()));
        }
    }
}

impl<D: Disk> Shared<D> {
    /// Whom this node gave a decision or an act and has not said so yet.
    #[must_use]
    pub fn given_unsaid(&self, origin: &Origin, index: LeafIndex) -> BTreeSet<AuthorityCode> {
        let unsaid = read(&self.unsaid);
        let given = unsaid
            .iter()
            .filter(|((_, log), given)| log == origin && given.contains(index.value()));
        given.map(|((member, _), _)| *member).collect()
    }
}

impl<D: Disk> Core<D> {
    /// Whether this node says who was given what of a log: of its own, and as the hub of every one. What
    /// a log's own member gets back of it is no delivery.
    // spec: PRP-12
    pub(super) fn says_deliveries(&self, member: AuthorityCode, origin: &Origin) -> bool {
        let gives = self.is_hub() || origin.member() == self.me.as_str();
        gives && origin.member() != member.as_str()
    }

    /// Takes down what a row names of decisions and acts: nothing acts on anything else.
    pub(super) fn await_delivery(
        &mut self,
        member: AuthorityCode,
        origin: &Origin,
        ranges: &[(u64, u64)],
    ) {
        if self.says_deliveries(member, origin) {
            let pair = (member, origin.clone());
            self.deliveries.add(&pair, ranges, self.now);
            self.touch_holding(member, origin);
        }
    }

    /// Deliveries of our own that were fetched back.
    pub(super) fn follow_deliveries(&mut self, durable: &[Durable]) {
        for entry in durable {
            let own = entry.origin.member() == self.me.as_str();
            if own && entry.leaf.kind == Kind::Deliveries {
                self.take_in_delivery(entry.index, &entry.body);
            }
        }
    }

    /// Takes in what the own log says: it was given, also where the row of it is lost with a directory, and
    /// need not be said again, unless nobody counts it any more.
    // spec: PRP-13, PRP-14
    fn take_in_delivery(&mut self, index: LeafIndex, body: &[u8]) {
        let Some(statement) = statement_of(body) else {
            return;
        };
        let Content::DeliveryBatch(batch) = &statement.payload().content else {
            return;
        };
        let pair = (batch.receiver(), batch.origin().clone());
        let ranges = batch.ranges().iter();
        let ranges: Vec<_> = ranges
            .map(|(begin, end)| (begin.value(), end.value()))
            .collect();
        let delivered = self.delivered.entry(pair.clone()).or_default();
        for (begin, end) in &ranges {
            delivered.insert(*begin, *end);
        }
        match self.still_counts(index, &statement) {
            true => self.deliveries.take_in(batch),
            false => self.await_delivery(pair.0, &pair.1, &ranges),
        }
    }

    /// Appends the deliveries that are due.
    // spec: PRP-12, PRP-13
    pub(super) fn say_deliveries(&mut self) -> Result<(), Fatal> {
        let (may, _) = self.says_by_itself();
        if !may || self.deliveries.due().is_none_or(|due| self.now < due) {
            return Ok(());
        }
        let mut entries = Vec::new();
        for pair in self.deliveries.take_due(self.now) {
            let ranges = self.deliveries.take_ranges(&pair);
            let batch = DeliveryBatch::new(pair.0, pair.1.clone(), ranges.clone());
            let content = batch.ok().map(Content::DeliveryBatch);
            let entry = content.and_then(|content| self.sign_own(content));
            // Without a key that counts nothing is said, and it stays open.
            if entry.is_none() {
                let mut unsaid = write(&self.deliveries.unsaid);
                let unsaid = unsaid.entry(pair.clone()).or_default();
                for (begin, end) in ranges {
                    unsaid.insert(begin.value(), end.value());
                }
            }
            entries.extend(entry);
            self.deliveries.rest(pair, self.now);
        }
        if !entries.is_empty() {
            let origin = self.genesis.origin(self.me, LogNumber::Statements);
            self.append(&origin, entries)?;
        }
        Ok(())
    }

    /// Compares the rows with the own log: what they name of decisions and acts and that does not is open.
    // spec: PRP-13
    pub(super) fn restore_deliveries(
        &mut self,
        own: &[LeafIndex],
        sayable: &BTreeMap<Origin, Gaps>,
    ) -> Result<(), OpenCoreError> {
        let given: Vec<(Pair, Gaps)> = self
            .delivered
            .iter()
            .filter_map(|(pair, given)| {
                let sayable = sayable.get(&pair.1)?;
                Some((pair.clone(), given.both(sayable)))
            })
            .collect();
        for ((member, origin), given) in given {
            let ranges: Vec<(u64, u64)> = given.ranges().collect();
            self.await_delivery(member, &origin, &ranges);
        }
        let log = self.genesis.origin(self.me, LogNumber::Statements);
        for index in own {
            match self.shared.read_body(&log, *index) {
                Ok(Some(body)) => self.take_in_delivery(*index, &body),
                // What is not known any more may be said again.
                Ok(None) | Err(BodyFault::Damaged(_)) => {}
                Err(BodyFault::Unavailable { .. }) => {
                    return Err(OpenCoreError::NotNow { origin: log });
                }
            }
        }
        let Deliveries { unsaid, queue, .. } = &mut self.deliveries;
        let mut unsaid = write(unsaid);
        unsaid.retain(|_, open| !open.is_empty());
        queue.retain(|(_, pair)| unsaid.contains_key(pair));
        Ok(())
    }
}
