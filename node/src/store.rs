//! The node's database: the index over what the journal holds, and the only user of sled.
//!
//! The journal is the truth. All that is here follows from it, in any order and however often a part
//! of it is taken in, and can be rebuilt from it at any time; so nothing here is ever synced, and a
//! damaged store costs time, not data. Taking in is atomic by batch, and each batch carries the
//! [`JournalPosition`] that it reaches: after a crash the caller goes on from [`Store::applied`].
//!
//! A key in sled costs far more than its bytes. So what comes in is gathered in memory and handed to
//! it many batches at a time, and the rows by subject and document number lie in sorted runs, some
//! hundred to a value (`table`); verdicts and own statements share values with neighbours. What is
//! in memory when a process dies is taken in again. `spec/store.md` is the normative text.
//!
//! Out of scope: the bodies of foreign statements (the journal has them), checking a body against
//! its leaf before it comes in, and what follows from acts ([`crate::query`]).
//!
//! ```no_run
//! use concordat_node::journal::JournalId;
//! use concordat_node::store::{Opened, Store, StoreOptions};
//!
//! let (store, opened) = Store::open("state/store", StoreOptions::default(), JournalId([7; 16]))?;
//! if let Opened::RebuildNeeded(reason) = opened {
//!     println!("taking everything in again: {reason}");
//! }
//! println!("go on from record {}", store.applied());
//! # Ok::<(), concordat_node::store::StoreError>(())
//! ```

mod acts;
mod agreements;
mod answers;
mod batches;
mod engine;
mod ledger;
mod migrate;
mod own;
mod peers;
mod propagation;
mod read;
mod records;
mod resumed;
mod schema;
mod subjects;
mod table;
#[cfg(test)]
mod tests;
mod verdicts;
mod writer;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use concordat_protocol::log::{LeafIndex, Origin};
use thiserror::Error;

use crate::journal::JournalId;

pub use acts::{ActRow, BytesDigest, NoticeRow, ObjectionSaid};
pub use agreements::{
    AgreementKind, AgreementRow, AgreementRows, COPIES_MAX, words_of, words_proposed,
};
pub use answers::AnswerRow;
pub use engine::EngineFault;
pub use ledger::{Delivery, KeptRow, Lookup};
pub use own::OwnStatement;
pub use propagation::Named;
pub use read::{AGREEMENT_ROWS_MAX, ShownAt, ShownPage, UnverifiedCursor};
pub use records::RecordRow;
pub use schema::{Counts, JournalPosition, Position};
pub use subjects::{DocumentDigest, SubjectRow, Summary};
pub use verdicts::Verdict;
pub use writer::{BATCH_ITEMS_MAX, IndexItem};

use schema::{Family, Meta, Spot};
use table::Table;
use verdicts::Verdicts;
use writer::{Logs, Pending};

/// Longest facts about a peer, in bytes.
pub const PEER_FACTS_BYTES_MAX: usize = 64 << 10;

/// A store below this size is not worth compacting.
const COMPACTION_BYTES_MIN: u64 = 64 << 20;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Bytes of pages that the engine keeps in memory. It takes several times as much in all.
    pub cache_bytes: u64,
    /// How long an open may take before the directory counts as damaged.
    pub open_deadline: Duration,
}

impl Default for StoreOptions {
    /// 64 MiB of pages, five minutes.
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            open_deadline: Duration::from_secs(300),
        }
    }
}

/// What an open found.
#[derive(Debug)]
pub enum Opened {
    /// Nothing: the store is new and empty.
    Fresh,
    /// A whole store; it goes on from [`Store::applied`].
    Ready,
    /// A store that does not serve. It was set aside; this one is empty.
    RebuildNeeded(RebuildReason),
}

/// Why a store is filled again from the journal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RebuildReason {
    /// The engine did not open it.
    #[error("{source}")]
    Engine {
        /// What it said.
        source: EngineFault,
    },
    /// A value in it is not of its layout.
    #[error("the store is damaged")]
    Damaged,
    /// It was left before it said what it follows.
    #[error("the store is incomplete")]
    Incomplete,
    /// It has another format.
    #[error("the store has format {found}")]
    Format {
        /// The number found.
        found: u16,
    },
    /// It follows another journal.
    #[error("the store follows another journal")]
    OtherJournal,
}

/// Why the store did not do what it was asked. After any of these but `Damaged` of a reading call,
/// the store may be behind; opening it anew tells.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The engine failed.
    #[error("the store's engine failed")]
    Engine {
        /// How.
        #[from]
        source: EngineFault,
    },
    /// The store's directory could not be read or changed.
    #[error("the store's directory could not be used")]
    Directory {
        /// What the operating system said.
        source: io::Error,
    },
    /// A value is not of its layout, or does not fit the hash it is read under. The journal has it.
    #[error("an entry of the store is damaged (family {family:?})")]
    Damaged {
        /// The first letter of its key.
        family: char,
    },
    /// More logs than there are numbers for.
    #[error("the store has no number left for another log")]
    TooManyLogs,
    /// Facts about a peer longer than [`PEER_FACTS_BYTES_MAX`].
    #[error("{bytes} bytes of facts about a peer are more than the 65536 allowed")]
    FactsTooLong {
        /// Their length.
        bytes: usize,
    },
}

impl StoreError {
    fn damaged(family: Family) -> Self {
        let family = char::from(family as u8);
        Self::Damaged { family }
    }

    fn directory(source: io::Error) -> Self {
        Self::Directory { source }
    }
}

/// The store. Shared between threads; one takes in, any read.
pub struct Store {
    directory: PathBuf,
    options: StoreOptions,
    /// Held while something is written or the table is exchanged. Taken before the others.
    writing: Mutex<Writing>,
    /// Exchanged by a compaction only. Taken last.
    table: RwLock<Table>,
    logs: RwLock<Logs>,
    verdicts: RwLock<Verdicts>,
    /// May name a statement a moment before what points at it is there, never after.
    pointed_at: RwLock<BTreeSet<Spot>>,
    /// Counted up when what was taken in can be read.
    changes: AtomicU64,
}

struct Writing {
    meta: Meta,
    generation: u64,
    /// Size right after the last compaction; another one waits until there is half as much again.
    compacted_bytes: u64,
}

impl Store {
    /// Opens the store of a journal, or creates it. Never panics for what is on disk: sled's panics
    /// are caught, and what it cannot open is set aside.
    ///
    /// # Errors
    /// `Directory`, or `Engine` with an error of the operating system that a new directory would not
    /// cure, such as one about rights or space.
    // spec: IDX-1
    pub fn open(
        directory: impl AsRef<Path>,
        options: StoreOptions,
        journal: JournalId,
    ) -> Result<(Self, Opened), StoreError> {
        let directory = directory.as_ref().to_path_buf();
        let (loaded, opened) = migrate::open(&directory, &options, journal)?;
        Ok((Self::of(directory, options, loaded), opened))
    }

    /// Sets the store aside and begins an empty one: the journal has lost what this one took in.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn renew(self, journal: JournalId) -> Result<Self, StoreError> {
        let (directory, options) = (self.directory.clone(), self.options);
        drop(self);
        let loaded = migrate::renew(&directory, &options, journal)?;
        Ok(Self::of(directory, options, loaded))
    }

    fn of(directory: PathBuf, options: StoreOptions, loaded: migrate::Loaded) -> Self {
        let writing = Writing {
            meta: loaded.meta,
            generation: loaded.generation,
            compacted_bytes: 0,
        };
        Self {
            directory,
            options,
            writing: Mutex::new(writing),
            table: RwLock::new(loaded.table),
            logs: RwLock::new(loaded.logs),
            verdicts: RwLock::new(loaded.verdicts),
            pointed_at: RwLock::new(loaded.pointed_at),
            changes: AtomicU64::new(0),
        }
    }

    /// Takes items in, at most [`BATCH_ITEMS_MAX`] a batch, the last of which carries the position
    /// that they reach. Items seen before change nothing. They are seen at once, and reach the disk
    /// with many others: after a crash the position is that of what did.
    ///
    /// # Errors
    /// `Engine`, `Damaged`, `TooManyLogs`, `FactsTooLong`. The same items may be given again.
    // spec: IDX-2, IDX-3
    pub fn apply(&self, items: &[IndexItem], reached: JournalPosition) -> Result<(), StoreError> {
        let mut writing = lock(&self.writing);
        let mut batches = items.chunks(BATCH_ITEMS_MAX).peekable();
        if batches.peek().is_none() {
            return self.write(&mut writing, Some(reached), |_| Ok(()));
        }
        while let Some(batch) = batches.next() {
            let reached = batches.peek().is_none().then_some(reached);
            self.write(&mut writing, reached, |pending| {
                batch.iter().try_for_each(|item| pending.add(item))
            })?;
        }
        Ok(())
    }

    /// Keeps what verifying statements gave. Statements that are not held are passed over, and a
    /// verdict is never taken back.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn judge(&self, verdicts: &[(Position, Verdict)]) -> Result<(), StoreError> {
        let mut writing = lock(&self.writing);
        for batch in verdicts.chunks(BATCH_ITEMS_MAX) {
            self.write(&mut writing, None, |pending| {
                for (position, verdict) in batch {
                    pending.judge(&position.origin, position.index, *verdict)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// How far into the journal the store is, as its readers see it.
    #[must_use]
    pub fn applied(&self) -> JournalPosition {
        lock(&self.writing).meta.applied
    }

    /// A number that is another one once something was taken in: what is read after it was asked would be
    /// read again while it stays.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// What it holds, by number.
    #[must_use]
    pub fn counts(&self) -> Counts {
        lock(&self.writing).meta.counts
    }

    /// Hands everything to the operating system, for a faster open. Says nothing about durability.
    ///
    /// # Errors
    /// `Engine`.
    pub fn flush(&self) -> Result<(), StoreError> {
        let _writing = lock(&self.writing);
        Ok(self.table().flush()?)
    }

    /// Bytes that its files take.
    ///
    /// # Errors
    /// `Engine`.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.table().size_on_disk()?)
    }

    /// Whether its files take more than three times what is in them, and a compaction is worth it.
    ///
    /// # Errors
    /// `Engine`.
    pub fn wants_compaction(&self) -> Result<bool, StoreError> {
        let size = self.size_on_disk()?;
        let writing = lock(&self.writing);
        let bloated = size / 3 > writing.meta.live_bytes;
        let grown = size
            > writing
                .compacted_bytes
                .saturating_add(writing.compacted_bytes / 2);
        Ok(size > COMPACTION_BYTES_MIN && bloated && grown)
    }

    /// Copies everything into a new directory and goes on there. Nothing is taken in meanwhile;
    /// reading goes on.
    ///
    /// # Errors
    /// `Engine`, `Directory`; the old directory then stays in use.
    pub fn compact(&self) -> Result<(), StoreError> {
        let mut writing = lock(&self.writing);
        let (table, generation) = {
            let old = self.table();
            migrate::rebuild_beside(&self.directory, &self.options, &old, writing.generation)?
        };
        writing.compacted_bytes = table.size_on_disk()?;
        writing.generation = generation;
        let old = std::mem::replace(&mut *write(&self.table), table);
        drop(old);
        migrate::tidy(&self.directory).map_err(StoreError::directory)?;
        Ok(())
    }

    /// Whether a statement is held.
    #[must_use]
    pub fn holds(&self, origin: &Origin, index: LeafIndex) -> bool {
        self.state(origin, index) != verdicts::State::ABSENT
    }

    /// What verifying a statement gave; `None` when it has not been verified or is not held.
    #[must_use]
    pub fn verdict(&self, origin: &Origin, index: LeafIndex) -> Option<Verdict> {
        self.state(origin, index).verdict()
    }

    fn state(&self, origin: &Origin, index: LeafIndex) -> verdicts::State {
        let log = read(&self.logs).id(origin);
        log.map_or(verdicts::State::ABSENT, |log| {
            let index = index.value();
            read(&self.verdicts).state(Spot { log, index })
        })
    }

    fn write(
        &self,
        writing: &mut Writing,
        reached: Option<JournalPosition>,
        fill: impl FnOnce(&mut Pending<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let prepared = {
            let logs = read(&self.logs);
            let (verdicts, table) = (read(&self.verdicts), self.table());
            let mut pending = Pending::new(&table, &verdicts, &logs, writing.meta);
            fill(&mut pending)?;
            pending.finish(reached)
        };
        if !prepared.pointed_at.is_empty() {
            write(&self.pointed_at).extend(prepared.pointed_at);
        }
        match prepared.logs {
            // Readers hold the logs while they scan, so none meets a number it does not know.
            Some(new) => {
                let mut logs = write(&self.logs);
                self.table().apply(prepared.batch)?;
                *logs = new;
            }
            None => self.table().apply(prepared.batch)?,
        }
        writing.meta = prepared.meta;
        write(&self.verdicts).adopt(prepared.changes);
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        read(&self.table)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("directory", &self.directory)
            .field("applied", &self.applied())
            .finish_non_exhaustive()
    }
}

/// What a lock guards stays whole when a thread panics: it is replaced in one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
