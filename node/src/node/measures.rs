//! Measures that the member takes: how each reads, and how many an act changed.
//!
//! ```text
//! core: a receipt is due ──> Counter::count ──> no measure of ours on the decision: said at once
//!                                  └─> counted on a thread of its own, from the database; asked again
//! ```
//! An act counts by what would read otherwise without it, once a quorum has cosigned all that is held: so the
//! count is the same in whatever order acts came in and cosignatures after them.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use concordat_protocol::admin::{BindsOthersCode, binds_code};
use concordat_protocol::effect::{self, Effect, Limits};
use concordat_protocol::statement::{
    AppliedMeasureFields, Class, Content, Kind, Leaf, Measure, Record, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Genesis, LogNumber, Verified};
use tracing::warn;

use crate::core::{CountMeasures, Counted, Shared};
use crate::disk::RealDisk;
use crate::indexer::Indexer;
use crate::node::questions::{AskError, Known, limits_of};
use crate::query::{Depth, Dossier, Found, QueryError, QueryService};
use crate::store::{Position, Store};

/// Acts that wait to be counted; more are asked about again.
const JOBS_MAX: usize = 1_024;
/// Acts on one decision among them.
// spec: PRP-48
const JOBS_OF_DECISION_MAX: usize = 16;
/// How long a receipt waits for its count.
// spec: PRP-29
const PATIENCE: Duration = Duration::from_secs(5);
/// Acts on acts that are followed to the decision.
const DEPTH_MAX: usize = 4;

/// How a measure reads for its author: nothing beyond what the decision carries.
// spec: ADM-301
pub(crate) fn reading(
    effect: &Effect,
    is_own: bool,
    measure: &AppliedMeasureFields,
    today: Day,
) -> BindsOthersCode {
    let ended = measure.until.is_some_and(|until| until < today);
    match is_own && effect.in_force_for_issuer() {
        true if ended => BindsOthersCode::Ended,
        true => BindsOthersCode::Applies,
        false => binds(effect, &measure.measure, measure.until),
    }
}

/// What others may do about a measure up to a day: nothing beyond its end in the decision.
pub(crate) fn binds(effect: &Effect, measure: &Measure, until: Option<Day>) -> BindsOthersCode {
    let mut duties = effect.duties.iter();
    let within = duties.any(|state| {
        state.duty.measure == *measure && until.is_some_and(|until| until <= state.duty.until)
    });
    let binds = binds_code(effect.measure_binds_others(measure));
    match binds == BindsOthersCode::Applies && !within {
        true => BindsOthersCode::Ended,
        false => binds,
    }
}

/// How many of some measures read otherwise by one effect than by another.
// spec: PRP-28
fn changed(
    (before, after): (&Effect, &Effect),
    is_own: bool,
    measures: &[AppliedMeasureFields],
    today: Day,
) -> u32 {
    let differs = |measure: &&AppliedMeasureFields| {
        reading(before, is_own, measure, today) != reading(after, is_own, measure, today)
    };
    u32::try_from(measures.iter().filter(differs).count()).unwrap_or(u32::MAX)
}

/// What counting reads.
pub(super) struct Counter {
    pub(super) member: AuthorityCode,
    pub(super) genesis: Arc<Genesis>,
    pub(super) shared: Arc<Shared<RealDisk>>,
    pub(super) store: Arc<Store>,
    pub(super) indexer: Arc<Indexer>,
    pub(super) query: Arc<QueryService>,
}

/// An act, and the decision that it comes to.
type Job = (StatementRef, StatementRef);

/// Acts that were asked about.
#[derive(Default)]
struct Asked(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    of: BTreeMap<StatementRef, Answer>,
    /// How many acts on a decision are handed over and not answered.
    queued: BTreeMap<StatementRef, usize>,
}

enum Answer {
    /// Somebody waits.
    Open(Waiting),
    Is(Counted),
}

/// An act that somebody waits for.
struct Waiting {
    since: Instant,
    decision: StatementRef,
    /// Whether it is to be counted. Otherwise it will be when there is room.
    is_queued: bool,
}

impl Waiting {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= PATIENCE
    }
}

impl Answers {
    /// Nobody waits any more for what an answer stood for.
    fn end(&mut self, answer: Option<Answer>) {
        if let Some(Answer::Open(waiting)) = answer
            && waiting.is_queued
            && let Some(count) = self.queued.get_mut(&waiting.decision)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.queued.remove(&waiting.decision);
            }
        }
    }
}

impl Asked {
    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an act that was asked about; what ends the waiting is told once.
    // spec: PRP-29
    fn known(&self, act: &StatementRef, now: Instant) -> Option<Counted> {
        let mut asked = self.lock();
        let counted = match asked.of.get(act)? {
            Answer::Is(counted) => *counted,
            Answer::Open(waiting) if !waiting.is_over(now) => return Some(Counted::NotYet),
            Answer::Open(_) => Counted::Left,
        };
        let ended = asked.of.remove(act);
        asked.end(ended);
        Some(counted)
    }

    /// From here on somebody waits for an act.
    fn begin(&self, act: &StatementRef, decision: StatementRef, now: Instant) {
        let waiting = Waiting {
            since: now,
            decision,
            is_queued: false,
        };
        let mut asked = self.lock();
        let ended = asked.of.insert(act.clone(), Answer::Open(waiting));
        asked.end(ended);
    }

    /// Hands an act that somebody waits for over to be counted, where there is room: the acts on one decision
    /// do not take all of it. `false` where nobody counts any more.
    // spec: PRP-48
    fn queue(&self, act: &StatementRef, jobs: &SyncSender<Job>) -> bool {
        let mut asked = self.lock();
        let Answers { of, queued } = &mut *asked;
        let waiting = match of.get_mut(act) {
            Some(Answer::Open(waiting)) if !waiting.is_queued => waiting,
            Some(Answer::Open(_) | Answer::Is(_)) | None => return true,
        };
        let of_decision = queued.get(&waiting.decision).copied().unwrap_or_default();
        if of_decision >= JOBS_OF_DECISION_MAX {
            return true;
        }
        // The answer has its place by then: whoever counts waits for the lock.
        match jobs.try_send((act.clone(), waiting.decision.clone())) {
            Ok(()) => {
                waiting.is_queued = true;
                queued.insert(waiting.decision.clone(), of_decision + 1);
                true
            }
            Err(TrySendError::Full(_)) => true,
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    /// Whether somebody still waits for an act.
    // spec: PRP-48
    fn is_awaited(&self, act: &StatementRef, now: Instant) -> bool {
        matches!(self.lock().of.get(act), Some(Answer::Open(waiting)) if !waiting.is_over(now))
    }

    /// Keeps what an act came to, unless nobody waits for it any more.
    fn answer(&self, act: &StatementRef, counted: Counted) {
        let mut asked = self.lock();
        if let Some(answer) = asked.of.get_mut(act) {
            let ended = std::mem::replace(answer, Answer::Is(counted));
            asked.end(Some(ended));
        }
    }
}

impl Counter {
    /// Starts the thread that counts; it ends with the core that asks.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub(super) fn start(self) -> std::io::Result<Counting> {
        let (jobs, taken) = sync_channel(JOBS_MAX);
        let (counter, asked) = (Arc::new(self), Arc::new(Asked::default()));
        let (worker, answers) = (Arc::clone(&counter), Arc::clone(&asked));
        let name = format!("measures-{}", counter.member);
        let builder = thread::Builder::new().name(name);
        let thread = builder.spawn(move || worker.run(&taken, &answers))?;
        Ok(Counting {
            counter,
            jobs: Some(jobs),
            asked,
            thread: Some(thread),
        })
    }

    fn run(&self, jobs: &Receiver<Job>, answers: &Asked) {
        while let Ok((act, decision)) = jobs.recv() {
            if !answers.is_awaited(&act, Instant::now()) {
                continue;
            }
            let counted = match self.counted(&act, &decision) {
                Ok(counted) => counted,
                // The receipt says nothing of measures, and the act counts all the same.
                Err(error) => {
                    warn!(%act, %error, "the measures that an act changed were not counted");
                    Counted::Left
                }
            };
            answers.answer(&act, counted);
        }
    }

    /// The decision that an act on a target comes to, and whether measures of ours may rest on it.
    fn decision(&self, target: &StatementRef) -> Result<Option<StatementRef>, QueryError> {
        let mut at = target.clone();
        for _ in 0..DEPTH_MAX {
            let leaf = self.shared.leaf(&at.origin, at.index);
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            if leaf.is_none_or(|leaf| leaf.kind != Kind::Act) {
                break;
            }
            let Found::Verified(act) = self.query.statement(&at.origin, at.index)? else {
                return Ok(None);
            };
            let Some(next) = act.statement().payload().target.clone() else {
                return Ok(None);
            };
            at = next;
        }
        let own = self.genesis.origin(self.member, LogNumber::Statements);
        let refers = self.store.refers(&own, &at.origin, at.index)?;
        Ok(refers.then_some(at))
    }

    /// How many measures read otherwise without the act.
    // spec: PRP-28
    fn counted(&self, act: &StatementRef, decision: &StatementRef) -> Result<Counted, AskError> {
        self.indexer.barrier()?;
        let measures = self.measures(decision)?;
        if measures.is_empty() {
            return Ok(Counted::Left);
        }
        let mut dossiers = self
            .query
            .dossiers(vec![Position::of(decision)], Depth::Weighed);
        let Some(dossier) = dossiers.next().transpose()? else {
            return Ok(Counted::Left);
        };
        let mut known = Known::of(&self.shared, &self.genesis);
        for log in known.horizon.logs.values_mut() {
            log.witnessed = log.size;
        }
        let today = known.horizon.today(known.now);
        let held = dossier.statements.get(&Position::of(decision));
        let limits = held.map_or_else(Limits::default, |held| limits_of(held, &known.registry));
        let effect = |dossier: &Dossier| {
            let history = known.history(dossier);
            effect::effect(
                decision,
                &history,
                &known.horizon,
                today,
                known.now,
                &limits,
            )
        };
        let is_own = held.is_some_and(|held| held.statement().header().issuer == self.member);
        let before = effect(&without(&dossier, act));
        let count = changed((&before, &effect(&dossier)), is_own, &measures, today);
        Ok(Counted::Measures(count))
    }

    /// Measures of the member's own on a decision that it has not taken back.
    fn measures(&self, decision: &StatementRef) -> Result<Vec<AppliedMeasureFields>, AskError> {
        let is_measure = |class| class == Class::Measure;
        let (found, _) = self.query.referring(decision, None, is_measure)?;
        let mut measures = Vec::new();
        for one in found {
            let at = one.reference();
            let is_own = at.origin.member() == self.member.as_str();
            if let Some(Record::Measure(measure)) = one.statement().payload().content.record()
                && is_own
                && !self.is_withdrawn(at)?
            {
                measures.push(measure.fields().clone());
            }
        }
        Ok(measures)
    }

    fn is_withdrawn(&self, measure: &StatementRef) -> Result<bool, QueryError> {
        let rows = self.store.acts_on(&measure.origin, measure.index)?;
        let by_author = |row: &crate::store::ActRow| {
            row.class == Class::Withdrawal && row.position.origin == measure.origin
        };
        Ok(rows.iter().any(by_author))
    }
}

/// A dossier as it would be if an act had not been made.
fn without(dossier: &Dossier, act: &StatementRef) -> Dossier {
    let is_of = |one: &Verified| {
        let content = &one.statement().payload().content;
        one.reference() == act || matches!(content, Content::Notice(notice) if notice.act == *act)
    };
    let mut left = dossier.clone();
    left.statements.retain(|_, one| !is_of(one));
    left
}

/// What the core asks. The thread has ended once it is let go of: the database can be opened again.
pub(super) struct Counting {
    counter: Arc<Counter>,
    jobs: Option<SyncSender<Job>>,
    asked: Arc<Asked>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl CountMeasures for Counting {
    fn count(&self, act: &StatementRef, target: &StatementRef) -> Counted {
        let known = self.asked.known(act, Instant::now());
        if let Some(counted @ (Counted::Left | Counted::Measures(_))) = known {
            return counted;
        }
        if known.is_none() {
            let Ok(Some(decision)) = self.counter.decision(target) else {
                return Counted::Left;
            };
            self.asked.begin(act, decision, Instant::now());
        }
        let jobs = self.jobs.as_ref();
        match jobs.is_some_and(|jobs| self.asked.queue(act, jobs)) {
            true => Counted::NotYet,
            false => Counted::Left,
        }
    }
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::{Hash, LeafIndex};

    use super::*;

    fn act() -> StatementRef {
        at(3)
    }

    fn decision(index: u64) -> StatementRef {
        at(index + 100_000)
    }

    fn at(index: u64) -> StatementRef {
        let zeros = "0".repeat(64);
        let origin = format!("test-{zeros}/11310000MB00000009/0");
        StatementRef {
            origin: origin.parse().unwrap(),
            index: LeafIndex::new(index),
            leaf_hash: Hash::from_bytes([5; 32]),
        }
    }

    /// Where nothing can be handed over the waiting ends all the same.
    // spec: PRP-29, PRP-48
    #[test]
    fn clock_of_an_act_runs_while_the_queue_is_full() {
        let (asked, began) = (Asked::default(), Instant::now());
        let (jobs, taken) = sync_channel(1);
        for (act, decision) in [(at(1), decision(1)), (at(2), decision(2))] {
            asked.begin(&act, decision, began);
            assert!(asked.queue(&act, &jobs));
        }
        // The one that found no room is asked about again, and handed over when there is some.
        assert_eq!(taken.try_recv().unwrap().0, at(1));
        assert!(asked.queue(&at(1), &jobs) && taken.try_recv().is_err());
        assert!(asked.queue(&at(2), &jobs));
        assert_eq!(taken.try_recv().unwrap().0, at(2));
        assert_eq!(asked.known(&at(2), began), Some(Counted::NotYet));
        let over = began + PATIENCE;
        assert_eq!(asked.known(&at(2), over), Some(Counted::Left));
        drop(taken);
        asked.begin(&at(3), decision(3), began);
        assert!(!asked.queue(&at(3), &jobs));
    }

    /// A thousand objections to one decision, and an act on another behind them.
    // spec: PRP-48
    #[test]
    fn acts_on_one_decision_leave_room_for_those_on_others() {
        let (asked, began) = (Asked::default(), Instant::now());
        let (jobs, taken) = sync_channel(JOBS_MAX);
        for index in 0..2_000 {
            asked.begin(&at(index), decision(1), began);
            assert!(asked.queue(&at(index), &jobs));
        }
        asked.begin(&at(5_000), decision(2), began);
        assert!(asked.queue(&at(5_000), &jobs));
        let queued: Vec<Job> = taken.try_iter().collect();
        assert_eq!(queued.len(), JOBS_OF_DECISION_MAX + 1);
        assert_eq!(queued.last().unwrap().0, at(5_000));
        // One that was counted makes room for another.
        asked.answer(&at(0), Counted::Measures(1));
        assert!(asked.queue(&at(100), &jobs));
        assert_eq!(taken.try_iter().count(), 1);
        // And so does one that was given up.
        assert_eq!(asked.known(&at(1), began + PATIENCE), Some(Counted::Left));
        assert!(asked.queue(&at(101), &jobs));
        assert!(asked.queue(&at(102), &jobs));
        assert_eq!(taken.try_iter().count(), 1);
    }

    // spec: PRP-48
    #[test]
    fn what_nobody_waits_for_is_not_counted() {
        let (asked, act, began) = (Asked::default(), act(), Instant::now());
        assert!(!asked.is_awaited(&act, began));
        asked.begin(&act, decision(1), began);
        assert!(asked.is_awaited(&act, began));
        assert!(!asked.is_awaited(&act, began + PATIENCE));
        asked.answer(&act, Counted::Left);
        assert!(!asked.is_awaited(&act, began));
    }

    // spec: PRP-29
    #[test]
    fn receipt_waits_five_seconds_for_its_count_and_no_longer() {
        let (asked, act, began) = (Asked::default(), act(), Instant::now());
        let after = |ms| began + Duration::from_millis(ms);
        assert_eq!(asked.known(&act, began), None);
        asked.begin(&act, decision(1), began);
        assert_eq!(asked.known(&act, began), Some(Counted::NotYet));
        assert_eq!(asked.known(&act, after(4_999)), Some(Counted::NotYet));
        assert_eq!(asked.known(&act, after(5_000)), Some(Counted::Left));
        // What comes later is not kept for ever.
        asked.answer(&act, Counted::Measures(2));
        assert_eq!(asked.known(&act, after(5_001)), None);
    }

    // spec: PRP-28
    #[test]
    fn count_is_told_once_however_late_it_came() {
        let (asked, act, began) = (Asked::default(), act(), Instant::now());
        asked.begin(&act, decision(1), began);
        asked.answer(&act, Counted::Measures(2));
        let late = began + PATIENCE * 2;
        assert_eq!(asked.known(&act, late), Some(Counted::Measures(2)));
        assert_eq!(asked.known(&act, late), None);
    }
}
