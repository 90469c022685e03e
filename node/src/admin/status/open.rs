//! How many objections are open, counted beside the requests that ask for it.
//!
//! What is open follows from the effect of every decision that was objected to, and how much that is,
//! is for others to decide. A request waits a short time for the count and goes on with the last one:
//! nobody's statements keep a node from saying how it is.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use concordat_protocol::statement::{Leaf, StatementRef};
use tracing::{debug, error};

use crate::node::{AskError, Node};
use crate::query::QueryError;

/// How long a request waits for a count.
const PATIENCE: Duration = Duration::from_secs(2);
/// A count is followed by a rest of so many times its own duration.
const REST: u32 = 4;

/// What is known of open objections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// How many were open.
    pub(super) objections: u64,
    /// On how many decisions more bears than is looked at.
    pub(super) not_weighed: u64,
    /// Whether nothing has changed since they were counted.
    pub(super) is_current: bool,
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
    /// At which change of the node it was begun.
    change: u64,
    objections: u64,
    not_weighed: u64,
    /// Before this instant no other one is begun.
    rest_until: Instant,
}

impl OpenObjections {
    /// The open objections now, or as last counted where that takes too long.
    // spec: ADM-120
    pub(super) fn count(&self, node: &Arc<Node>) -> Answer {
        let change = *node.changes().borrow();
        self.ask(change, PATIENCE, || {
            let node = Arc::clone(node);
            move || counted(&node)
        })
    }

    /// What was counted at a change or after it; waits for it only so long. `work` makes what counts,
    /// on a thread of its own.
    fn ask<F>(&self, change: u64, patience: Duration, work: impl Fn() -> F) -> Answer
    where
        F: FnOnce() -> Option<Count> + Send + 'static,
    {
        let (until, (_, counted)) = (Instant::now() + patience, &*self.state);
        let mut state = self.lock();
        let failed = state.failed;
        loop {
            let (last, now) = (state.last, Instant::now());
            let is_current = last.is_some_and(|last| last.change >= change);
            let rest = last.map_or(Duration::ZERO, |last| {
                last.rest_until.saturating_duration_since(now)
            });
            if !is_current && !state.is_counting && state.failed == failed && rest.is_zero() {
                state.is_counting = self.begin(work());
            }
            if is_current || now >= until || state.failed > failed {
                return Answer {
                    objections: last.map_or(0, |last| last.objections),
                    not_weighed: last.map_or(0, |last| last.not_weighed),
                    is_current,
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
    let (begun, change) = (Instant::now(), *node.changes().borrow());
    match objected(node).and_then(|decisions| node.open_objections(&decisions)) {
        Ok((open, not_weighed)) => Some(Count {
            change,
            objections: open.len() as u64,
            not_weighed,
            rest_until: Instant::now() + begun.elapsed() * REST,
        }),
        Err(AskError::Query(QueryError::Stopping)) => None,
        Err(error) => {
            error!(%error, "open objections were not counted");
            None
        }
    }
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

    fn count(change: u64, objections: u64) -> Option<Count> {
        Some(Count {
            change,
            objections,
            not_weighed: 0,
            rest_until: Instant::now(),
        })
    }

    const LONG: Duration = Duration::from_secs(600);

    /// One organisation with a history that took hours to weigh kept `status` from being answered.
    // spec: ADM-120
    #[test]
    fn count_that_does_not_end_leaves_the_last_one() {
        let open = OpenObjections::default();
        let first = open.ask(1, LONG, || || count(1, 5));
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
        let meanwhile = open.ask(2, Duration::ZERO, slow);
        assert_eq!((meanwhile.objections, meanwhile.is_current), (5, false));
        drop(done);
        let then = open.ask(2, LONG, slow);
        assert_eq!((then.objections, then.is_current), (7, true));
        assert!(open.settle(LONG));
    }

    // spec: ADM-120
    #[test]
    fn count_that_fails_is_not_waited_for() {
        let open = OpenObjections::default();
        let answer = open.ask(1, LONG, || || None);
        assert!(!answer.is_current);
        let again = open.ask(1, LONG, || || count(1, 2));
        assert_eq!((again.objections, again.is_current), (2, true));
    }
}
