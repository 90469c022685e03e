//! How many objections are open, and of how many decisions the ruling is overdue, counted beside the
//! requests that ask for it.
//!
//! What is open follows from the effect of every decision that was objected to, and how much that is,
//! is for others to decide. A request waits a short time for the count and goes on with the last one:
//! nobody's statements keep a node from saying how it is.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use concordat_protocol::awaited::Awaited;
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{Class, Leaf, StatementRef};
use concordat_protocol::time::Day;
use tracing::{debug, error};

use super::owed;
use crate::admin::awaited::Timetable;
use crate::node::{AskError, Node};
use crate::query::{Found, QueryError};

/// How long a request waits for a count.
const PATIENCE: Duration = Duration::from_secs(2);
/// A count is followed by a rest of so many times its own duration.
const REST: u32 = 4;
/// Decisions whose effects are held in memory at once.
const AT_ONCE: usize = 256;

/// What is known of open objections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// How many were open.
    pub(super) objections: u64,
    /// On how many decisions more bears than is looked at.
    pub(super) not_weighed: u64,
    /// Decisions of this node on which somebody waits for longer than the rules of its place allow.
    pub(super) overdue: Overdue,
    /// The same of other members, where this one supervises.
    pub(super) overdue_elsewhere: Overdue,
    /// What those who are asked owe and is overdue.
    pub(super) late: owed::Late,
    /// Whether nothing has changed since they were counted.
    pub(super) is_current: bool,
}

/// Decisions of which a ruling, or what it announced, is overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Overdue {
    /// How many.
    pub(super) decisions: u64,
    /// The first of their last days.
    pub(super) first_due: Option<Day>,
}

impl Overdue {
    pub(super) fn add(&mut self, due: Option<Day>) {
        self.decisions += u64::from(due.is_some());
        self.first_due = self.first_due.into_iter().chain(due).min();
    }
}

/// Counts open objections, one count at a time.
#[derive(Default)]
pub(in crate::admin) struct OpenObjections {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    last: Option<Count>,
    is_counting: bool,
    /// Counts that came to nothing.
    failed: u64,
}

#[derive(Clone, Copy)]
struct Count {
    /// When it was begun.
    moment: Moment,
    open: Answer,
    /// Before this instant no other one is begun.
    rest_until: Instant,
}

/// The change of the node and the day that a count is for: with the day deadlines run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    change: u64,
    today: Day,
}

impl Moment {
    fn of(node: &Node) -> Self {
        Self {
            change: *node.changes().borrow(),
            today: node.today(),
        }
    }

    fn covers(&self, asked: &Self) -> bool {
        self.change >= asked.change && self.today >= asked.today
    }
}

impl OpenObjections {
    /// The open objections now, or as last counted where that takes too long.
    // spec: ADM-120
    pub(super) fn count(&self, node: &Arc<Node>) -> Answer {
        self.ask(Moment::of(node), PATIENCE, || {
            let node = Arc::clone(node);
            move || counted(&node)
        })
    }

    /// What was counted at a moment or after it; waits for it only so long. `work` makes what counts,
    /// on a thread of its own.
    fn ask<F>(&self, asked: Moment, patience: Duration, work: impl Fn() -> F) -> Answer
    where
        F: FnOnce() -> Option<Count> + Send + 'static,
    {
        let (until, (_, counted)) = (Instant::now() + patience, &*self.state);
        let mut state = self.lock();
        let failed = state.failed;
        loop {
            let (last, now) = (state.last, Instant::now());
            let is_current = last.is_some_and(|last| last.moment.covers(&asked));
            let rest = last.map_or(Duration::ZERO, |last| {
                last.rest_until.saturating_duration_since(now)
            });
            if !is_current && !state.is_counting && state.failed == failed && rest.is_zero() {
                state.is_counting = self.begin(work());
            }
            if is_current || now >= until || state.failed > failed {
                return Answer {
                    is_current,
                    ..last.map(|last| last.open).unwrap_or_default()
                };
            }
            let mut wait = until.saturating_duration_since(now);
            if !state.is_counting && !rest.is_zero() {
                wait = wait.min(rest);
            }
            let waited = counted.wait_timeout(state, wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until no count is under way, or for some time; whether none is.
    pub(in crate::admin) fn settle(&self, patience: Duration) -> bool {
        let waited = self
            .state
            .1
            .wait_timeout_while(self.lock(), patience, |state| state.is_counting);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_counting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a count on a thread of its own; whether it was begun.
    fn begin(&self, work: impl FnOnce() -> Option<Count> + Send + 'static) -> bool {
        let state = Arc::clone(&self.state);
        let thread = thread::Builder::new().name("objections".to_owned());
        let begun = thread.spawn(move || {
            // The node is let go of with the work: whoever waits for the end of a count may rely on it.
            let count = work();
            let (state, changed) = &*state;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.is_counting = false;
            state.failed += u64::from(count.is_none());
            state.last = count.or(state.last);
            changed.notify_all();
        });
        if let Err(error) = &begun {
            error!(%error, "open objections are not counted");
        }
        begun.is_ok()
    }
}

fn counted(node: &Node) -> Option<Count> {
    let (begun, moment) = (Instant::now(), Moment::of(node));
    let open = answer(node, moment.today);
    let open = open.and_then(|open| {
        Ok(Answer {
            late: late(node)?,
            ..open
        })
    });
    match open {
        Ok(open) => Some(Count {
            moment,
            open,
            rest_until: Instant::now() + begun.elapsed() * REST,
        }),
        Err(AskError::Query(QueryError::Stopping)) => None,
        Err(error) => {
            error!(%error, "open objections were not counted");
            None
        }
    }
}

fn late(node: &Node) -> Result<owed::Late, AskError> {
    owed::late(node).map_err(|failed| {
        if !owed::is_stopping(&failed) {
            error!(?failed, "what those who are asked owe was not counted");
        }
        AskError::Query(QueryError::Stopping)
    })
}

fn answer(node: &Node, today: Day) -> Result<Answer, AskError> {
    let open = node.open_objections(&objected(node)?)?;
    let registry = node.registry();
    let me = registry.member(node.member());
    let supervises = me.is_some_and(|me| me.supervises(Class::Ruling, today));
    let mut answer = Answer {
        objections: open.objections.len() as u64,
        not_weighed: open.not_weighed,
        ..Answer::default()
    };
    let mut decisions = open.decisions;
    decisions.retain(|decision| supervises || node.owns(&decision.origin));
    let mut timetable = Timetable::new(&registry, today);
    for some in decisions.chunks(AT_ONCE) {
        let targets: Vec<_> = some.iter().collect();
        for effect in node.effects_of(&targets, today)? {
            let due = overdue_since(node, &mut timetable, &effect)?;
            match node.owns(&effect.target.origin) {
                true => answer.overdue.add(due),
                false => answer.overdue_elsewhere.add(due),
            }
        }
    }
    Ok(answer)
}

/// The first last day that is over of what is awaited about a decision.
// spec: ADM-291
fn overdue_since(
    node: &Node,
    timetable: &mut Timetable<'_>,
    effect: &Effect,
) -> Result<Option<Day>, AskError> {
    let query = node.query()?;
    let found = query.statement(&effect.target.origin, effect.target.index)?;
    let Found::Verified(verified) = found else {
        return Ok(None);
    };
    let statement = verified.statement();
    let Some(decision) = statement.payload().content.decision() else {
        return Ok(None);
    };
    let awaited = timetable.of(statement.header().issuer, decision.fields(), effect);
    Ok(awaited.iter().filter_map(Awaited::overdue_since).min())
}

/// Statements that are objected to. Objections are the same under any leaf hash that they name; the leaf
/// that is held gives it.
fn objected(node: &Node) -> Result<Vec<StatementRef>, AskError> {
    let positions = node.query()?.store().objected().map_err(QueryError::from)?;
    let mut decisions = Vec::with_capacity(positions.len());
    for position in positions {
        let leaf = node.shared().leaf(&position.origin, position.index);
        let Some(leaf) = leaf.and_then(|leaf| Leaf::decode(&leaf).ok()) else {
            debug!(%position, "objected to and not held");
            continue;
        };
        decisions.push(StatementRef {
            origin: position.origin,
            index: position.index,
            leaf_hash: leaf.hash(),
        });
    }
    Ok(decisions)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn at(change: u64) -> Moment {
        let today = Day::parse_loose("2026-05-28").unwrap();
        Moment { change, today }
    }

    fn count(change: u64, objections: u64) -> Option<Count> {
        Some(Count {
            moment: at(change),
            open: Answer {
                objections,
                ..Answer::default()
            },
            rest_until: Instant::now(),
        })
    }

    /// A ruling becomes overdue although nothing changes at the node.
    // spec: ADM-291
    #[test]
    fn count_of_yesterday_is_no_count_of_today() {
        let open = OpenObjections::default();
        assert!(open.ask(at(1), LONG, || || count(1, 5)).is_current);
        let mut tomorrow = at(1);
        tomorrow.today = tomorrow.today.plus_days(1).unwrap();
        let moment = tomorrow;
        let counted = move || count(1, 9).map(|count| Count { moment, ..count });
        let asked = open.ask(tomorrow, LONG, || counted);
        assert_eq!((asked.objections, asked.is_current), (9, true));
    }

    const LONG: Duration = Duration::from_secs(600);

    /// One organisation with a history that took hours to weigh kept `status` from being answered.
    // spec: ADM-120
    #[test]
    fn count_that_does_not_end_leaves_the_last_one() {
        let open = OpenObjections::default();
        let first = open.ask(at(1), LONG, || || count(1, 5));
        assert_eq!((first.objections, first.is_current), (5, true));
        let (done, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let slow = || {
            let wait = Arc::clone(&wait);
            move || {
                let _ = wait.lock().map(|wait| wait.recv());
                count(2, 7)
            }
        };
        let meanwhile = open.ask(at(2), Duration::ZERO, slow);
        assert_eq!((meanwhile.objections, meanwhile.is_current), (5, false));
        drop(done);
        let then = open.ask(at(2), LONG, slow);
        assert_eq!((then.objections, then.is_current), (7, true));
        assert!(open.settle(LONG));
    }

    // spec: ADM-120
    #[test]
    fn count_that_fails_is_not_waited_for() {
        let open = OpenObjections::default();
        let answer = open.ask(at(1), LONG, || || None);
        assert!(!answer.is_current);
        let again = open.ask(at(1), LONG, || || count(1, 2));
        assert_eq!((again.objections, again.is_current), (2, true));
    }
}
