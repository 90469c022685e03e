//! Fills the store behind the durable point, in a thread of its own.
//!
//! The core hands over what has become durable, with the journal position it reaches. How far the
//! store is behind is a number anyone can see ([`Indexer::lag`]); whoever must not miss anything
//! durable waits at [`Indexer::barrier`] first. The channel is bounded: when the store cannot keep
//! up, handing over waits, and with it the import or catch-up that causes it.
//!
//! Out of scope: reading the journal after a restart; the core hands over what lies behind
//! [`Store::applied`] like anything else.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use thiserror::Error;
use tokio::sync::watch;

use crate::store::{BATCH_ITEMS_MAX, IndexItem, JournalPosition, Store};

/// Hand-overs that may wait.
pub const QUEUE_BATCHES: usize = 64;

/// What has become durable, and the position that it reaches.
type Batch = (Vec<IndexItem>, JournalPosition);

/// Told what the store has taken in, before [`Indexer::barrier`] returns for it.
pub type Taken = Box<dyn Fn(&[IndexItem]) + Send>;

/// The way to the thread that fills the store. Dropping it takes in what was handed over, then ends.
#[derive(Debug)]
pub struct Indexer {
    queue: Option<SyncSender<Batch>>,
    progress: Arc<Progress>,
    /// Its other end lives as long as the thread.
    alive: watch::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// What the caller has said is durable.
    durable: JournalPosition,
    /// What the store has taken in.
    applied: JournalPosition,
    /// Hand-overs so far, and those of them that the store has taken in. A hand-over that reaches no
    /// further position, such as a row of a register, is waited for by these.
    handed: u64,
    taken: u64,
    stopped: bool,
}

/// The store took nothing more, or the thread ended. Opening the store anew tells what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the store takes nothing more since record {applied}")]
pub struct IndexerStopped {
    /// What the store had taken in.
    pub applied: JournalPosition,
}

impl Indexer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub fn start(store: Arc<Store>, taken: Taken) -> std::io::Result<Self> {
        let applied = store.applied();
        let state = State {
            durable: applied,
            applied,
            handed: 0,
            taken: 0,
            stopped: false,
        };
        let progress = Arc::new(Progress {
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let (queue, batches) = mpsc::sync_channel(QUEUE_BATCHES);
        let (living, alive) = watch::channel(());
        let thread = thread::Builder::new().name("indexer".to_owned()).spawn({
            let progress = Arc::clone(&progress);
            move || {
                // Ends the waiting of others however this thread ends.
                let _living = living;
                let _ending = Ending(&progress);
                fill(&store, &batches, &progress, &taken);
            }
        })?;
        Ok(Self {
            queue: Some(queue),
            progress,
            alive,
            thread: Some(thread),
        })
    }

    /// Hands over what has become durable, in the order of the journal. Call it before anybody is
    /// told that it is durable: from its first moment on, [`Indexer::barrier`] waits for these
    /// items. Waits itself while [`QUEUE_BATCHES`] hand-overs wait.
    ///
    /// # Errors
    /// [`IndexerStopped`]; the items are still in the journal.
    // spec: IDX-5
    pub fn submit(
        &self,
        items: Vec<IndexItem>,
        reached: JournalPosition,
    ) -> Result<(), IndexerStopped> {
        {
            let mut state = self.progress.state();
            state.durable = state.durable.max(reached);
            if state.stopped {
                let applied = state.applied;
                return Err(IndexerStopped { applied });
            }
            state.handed += 1;
        }
        let sent = self
            .queue
            .as_ref()
            .map(|queue| queue.send((items, reached)));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(self.stopped()),
        }
    }

    /// Waits until the store has taken in everything that was durable when this was called.
    ///
    /// # Errors
    /// [`IndexerStopped`] when it never will.
    // spec: IDX-5
    pub fn barrier(&self) -> Result<(), IndexerStopped> {
        self.wait(|state| state.handed)
    }

    /// The same of statements alone: rows of registers, of which there may always be more, are not waited for.
    ///
    /// # Errors
    /// [`IndexerStopped`] when it never will.
    // spec: IDX-5, IDX-130
    pub fn barrier_of_statements(&self) -> Result<(), IndexerStopped> {
        self.wait(|_| 0)
    }

    /// Waits until what is durable now, and as many hand-overs as are asked for now, are taken in.
    fn wait(&self, handed: impl FnOnce(&State) -> u64) -> Result<(), IndexerStopped> {
        let mut state = self.progress.state();
        let (durable, handed) = (state.durable, handed(&state));
        while state.applied < durable || state.taken < handed {
            if state.stopped {
                return Err(IndexerStopped {
                    applied: state.applied,
                });
            }
            let waited = self.progress.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// Journal records that are durable and not yet in the store.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let state = self.progress.state();
        state
            .durable
            .records()
            .saturating_sub(state.applied.records())
    }

    /// Returns once the thread has ended: the store has failed, and nothing durable is found any more.
    pub async fn ended(&self) {
        let mut alive = self.alive.clone();
        while alive.changed().await.is_ok() {}
    }

    fn stopped(&self) -> IndexerStopped {
        let applied = self.progress.state().applied;
        IndexerStopped { applied }
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported by the panic hook and by `stopped`.
            drop(thread.join());
        }
    }
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Ending<'a>(&'a Progress);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.state().stopped = true;
        self.0.changed.notify_all();
    }
}

fn fill(store: &Store, batches: &Receiver<Batch>, progress: &Progress, taken: &Taken) {
    while let Ok((mut items, mut reached)) = batches.recv() {
        let mut count = 1;
        // Small hand-overs are joined: a batch costs the store more than the items in it.
        while items.len() < BATCH_ITEMS_MAX {
            let Ok((more, further)) = batches.try_recv() else {
                break;
            };
            items.extend(more);
            count += 1;
            reached = reached.max(further);
        }
        if let Err(error) = store.apply(&items, reached) {
            tracing::error!(%error, "store takes nothing more");
            return;
        }
        taken(&items);
        let mut state = progress.state();
        state.applied = state.applied.max(reached);
        state.taken += count;
        drop(state);
        progress.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::fixture::{Fixture, subject};
    use crate::journal::JournalId;
    use crate::store::StoreOptions;

    fn store(directory: &TempDir) -> Arc<Store> {
        let options = StoreOptions {
            cache_bytes: 4 << 20,
            ..StoreOptions::default()
        };
        let (store, _) = Store::open(directory.path(), options, JournalId([7; 16])).unwrap();
        Arc::new(store)
    }

    fn item(fixture: &Fixture, index: u64) -> IndexItem {
        let placed = fixture.decision(index, 1);
        IndexItem::Statement {
            origin: placed.origin,
            index: placed.index,
            leaf: placed.leaf,
            body: placed.body,
            own: true,
            verdict: None,
        }
    }

    // spec: IDX-5
    #[test]
    fn barrier_returns_only_when_what_was_handed_over_is_found() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let store = store(&directory);
        let indexer = Indexer::start(Arc::clone(&store), Box::new(|_| ())).unwrap();
        for index in 0..200 {
            let reached = JournalPosition::new(index + 1);
            indexer
                .submit(vec![item(&fixture, index)], reached)
                .unwrap();
            if index % 50 == 0 {
                indexer.barrier().unwrap();
                let rows = store.by_subject(subject(1)).unwrap();
                assert_eq!(rows.len() as u64, index + 1);
            }
        }
        indexer.barrier().unwrap();
        assert_eq!(store.by_subject(subject(1)).unwrap().len(), 200);
        assert_eq!(indexer.lag(), 0);
        assert_eq!(store.applied(), JournalPosition::new(200));
    }

    // spec: IDX-5
    #[test]
    fn barrier_and_hand_over_fail_when_the_store_takes_nothing_more() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let indexer = Indexer::start(store(&directory), Box::new(|_| ())).unwrap();
        let too_long = IndexItem::Peer {
            code: fixture.hub,
            facts: vec![0; 70_000],
        };
        indexer
            .submit(vec![too_long], JournalPosition::new(1))
            .unwrap();
        let stopped = IndexerStopped {
            applied: JournalPosition::START,
        };
        assert_eq!(indexer.barrier(), Err(stopped));
        assert_eq!(
            indexer.submit(Vec::new(), JournalPosition::new(2)),
            Err(stopped)
        );
        assert_eq!(indexer.lag(), 2);
    }

    /// Every look-up waited for the rows of all others.
    // spec: IDX-130
    #[test]
    fn statements_are_found_while_a_row_of_a_register_is_not_taken_in() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let store = store(&directory);
        let (release, held) = mpsc::channel::<()>();
        let (arrive, arrived) = mpsc::channel::<()>();
        let hold = move |items: &[IndexItem]| {
            if items
                .iter()
                .any(|item| matches!(item, IndexItem::Peer { .. }))
            {
                arrive.send(()).unwrap();
                let _ = held.recv();
            }
        };
        let indexer = Indexer::start(Arc::clone(&store), Box::new(hold)).unwrap();
        let reached = JournalPosition::new(1);
        indexer.submit(vec![item(&fixture, 0)], reached).unwrap();
        indexer.barrier_of_statements().unwrap();
        let aside = IndexItem::Peer {
            code: fixture.hub,
            facts: vec![0; 7],
        };
        indexer.submit(vec![aside], JournalPosition::START).unwrap();
        arrived.recv().unwrap();
        // Would wait for ever if it waited for what is held.
        indexer.barrier_of_statements().unwrap();
        assert_eq!(store.by_subject(subject(1)).unwrap().len(), 1);
        release.send(()).unwrap();
        indexer.barrier().unwrap();
        assert!(store.peer(fixture.hub).unwrap().is_some());
    }

    #[test]
    fn dropping_the_indexer_takes_in_what_was_handed_over() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let store = store(&directory);
        let indexer = Indexer::start(Arc::clone(&store), Box::new(|_| ())).unwrap();
        for index in 0..40 {
            let reached = JournalPosition::new(index + 1);
            indexer
                .submit(vec![item(&fixture, index)], reached)
                .unwrap();
        }
        drop(indexer);
        assert_eq!(store.applied(), JournalPosition::new(40));
    }
}
