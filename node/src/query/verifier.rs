//! Verifies in the background what was stored without: data whose signatures nobody asked for yet.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Found, QueryError, QueryService};
use crate::store::UnverifiedCursor;

/// Statements verified between two pauses.
const STEP: usize = 64;
/// Pause when there was nothing to verify.
const IDLE: Duration = Duration::from_secs(10);

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyStep {
    /// Statements that hold.
    pub verified: usize,
    /// Statements that do not; they are in quarantine now.
    pub rejected: usize,
    /// Statements that cannot be judged yet: body not held, or registry not caught up.
    pub waiting: usize,
    /// Where to go on; `None` when the end was reached.
    pub next: Option<UnverifiedCursor>,
}

impl QueryService {
    /// Verifies at most `limit` statements that have not been, from a place on.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-8
    pub fn verify_some(
        &self,
        from: UnverifiedCursor,
        limit: usize,
    ) -> Result<VerifyStep, QueryError> {
        let (positions, next) = self.store.unverified(from, limit);
        let mut step = VerifyStep {
            next,
            ..VerifyStep::default()
        };
        for position in positions {
            match self.statement(&position.origin, position.index) {
                Ok(Found::Verified(_)) => step.verified += 1,
                Ok(Found::Rejected(_)) if self.is_judged(&position) => step.rejected += 1,
                // A damaged body has been noted and is asked for again.
                Ok(Found::Rejected(_) | Found::NotHeld) | Err(QueryError::Body(_)) => {
                    step.waiting += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(step)
    }

    fn is_judged(&self, position: &crate::store::Position) -> bool {
        self.store
            .verdict(&position.origin, position.index)
            .is_some()
    }
}

/// A thread that walks over unverified statements again and again, at a bounded rate. Dropping it
/// ends it.
#[derive(Debug)]
pub struct BackgroundVerifier {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundVerifier {
    /// Starts it. `busy` is asked before each step; while it answers `true` nothing is verified.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub fn start(
        queries: Arc<QueryService>,
        statements_per_second: u32,
        busy: impl Fn() -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let steps_per_second = f64::from(statements_per_second.max(1)) / STEP as f64;
        let pace = Duration::from_secs_f64(1.0 / steps_per_second);
        let thread = thread::Builder::new().name("verifier".to_owned()).spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut cursor = UnverifiedCursor::default();
                let mut pause = Duration::ZERO;
                while !stopped_within(&stop, pause) {
                    let begun = Instant::now();
                    if busy() {
                        pause = pace;
                        continue;
                    }
                    let outcome = queries.verify_some(cursor, STEP);
                    if let Err(error) = &outcome {
                        tracing::warn!(%error, "background verification failed");
                    }
                    let next = outcome.ok().and_then(|step| step.next);
                    cursor = next.unwrap_or_default();
                    pause = match next {
                        Some(_) => pace.saturating_sub(begun.elapsed()),
                        None => IDLE,
                    };
                }
            }
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for BackgroundVerifier {
    fn drop(&mut self) {
        let (stop, changed) = &*self.stop;
        *stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported by the panic hook.
            drop(thread.join());
        }
    }
}

fn stopped_within(stop: &(Mutex<bool>, Condvar), pause: Duration) -> bool {
    let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = stop
        .1
        .wait_timeout_while(stopped, pause, |stopped| !*stopped);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}
