//! The only code that names sled: an ordered map of bytes with atomic batches, and its faults.
//!
//! sled 0.34 panics where it finds its own files damaged, in its reads as well as when it opens, and
//! an open has been seen to hang. So every call runs under `catch_unwind`, and the open runs in a
//! thread of its own with a deadline.
//!
//! What sled leaves behind once a write of it has failed cannot be trusted: after a full disk it opened
//! again, and some of what it had taken was missing without a word. So the first panic or error ends
//! the engine: later calls answer [`EngineFault::Ended`] without reaching sled, and a file beside the
//! database, the *mark of trust*, is removed. A database without its mark is built anew from the journal
//! at the next start; removing a file needs no space.
//!
//! Out of scope: what keys and values mean, and durability: `flush` of this version does not call
//! fsync, and the journal alone decides what is durable.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// An open database.
pub(super) struct Engine {
    /// `None` only while it is dropped.
    database: Option<sled::Db>,
    trust: PathBuf,
    ended: AtomicBool,
}

/// Keys to write as one; of several writes to a key the last counts.
#[derive(Debug, Default)]
pub(super) struct EngineBatch {
    /// A key without a value is removed.
    writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    bytes: u64,
}

/// A key with its value.
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// Why the engine did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineFault {
    /// The operating system refused; the files need not be damaged.
    #[error("the file system refused")]
    Io {
        /// What it said.
        source: io::Error,
    },
    /// The files are not as they were written, or of another version.
    #[error("the database files are damaged")]
    Damaged,
    /// The engine panicked.
    #[error("the database engine panicked")]
    Panicked,
    /// A call before this one failed, and the engine has been left alone since.
    #[error("the database has failed earlier; the next start builds it again from the journal")]
    Ended,
    /// A call before the last end of the process failed.
    #[error("the database had failed before the node was started")]
    Distrusted,
    /// The open did not end in time.
    #[error("the database did not open within {seconds} s")]
    TimedOut {
        /// The deadline.
        seconds: u64,
    },
}

impl EngineFault {
    /// Whether a new directory filled from the journal would help.
    pub(super) fn asks_for_rebuild(&self) -> bool {
        match self {
            Self::Io { source } => matches!(
                source.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
            ),
            Self::Damaged
            | Self::Panicked
            | Self::Ended
            | Self::Distrusted
            | Self::TimedOut { .. } => true,
        }
    }
}

impl From<sled::Error> for EngineFault {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(source) => Self::Io { source },
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Corruption { .. } => Self::Damaged,
        }
    }
}

impl EngineBatch {
    /// Writes a key that is new.
    pub(super) fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        self.bytes += (key.len() + value.len()) as u64;
        self.replace(key, value);
    }

    /// Writes a key that may be there.
    pub(super) fn replace(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push((key.into(), Some(value.into())));
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        self.writes.push((key.to_vec(), None));
    }

    /// The writes, in the order in which they were asked for.
    pub(super) fn into_writes(self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        self.writes
    }

    /// Bytes of the keys and values that are new.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Engine {
    /// Opens or creates the database in a directory. One that is there must have its mark of trust.
    pub(super) fn open(
        directory: &Path,
        cache_bytes: u64,
        deadline: Duration,
    ) -> Result<Self, EngineFault> {
        let trust = mark_of_trust(directory);
        match directory.exists() {
            true if !trust.exists() => return Err(EngineFault::Distrusted),
            true => {}
            false => fs::write(&trust, []).map_err(|source| EngineFault::Io { source })?,
        }
        let config = sled::Config::new()
            .path(directory)
            .cache_capacity(cache_bytes)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(Some(500))
            .use_compression(false);
        let (answer, opened) = mpsc::channel();
        thread::Builder::new()
            .name("store-open".to_owned())
            .spawn(move || {
                let outcome = catch_unwind(AssertUnwindSafe(|| open_unlocked(&config)));
                // Nobody waits any more when the deadline has passed.
                drop(answer.send(outcome));
            })
            .map_err(|source| EngineFault::Io { source })?;
        let database = match opened.recv_timeout(deadline) {
            Ok(Ok(outcome)) => outcome?,
            Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(EngineFault::Panicked);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let seconds = deadline.as_secs();
                return Err(EngineFault::TimedOut { seconds });
            }
        };
        Ok(Self {
            database: Some(database),
            trust,
            ended: AtomicBool::new(false),
        })
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineFault> {
        self.look(key, <[u8]>::to_vec)
    }

    /// What somebody makes of the value of a key.
    pub(super) fn look<T>(
        &self,
        key: &[u8],
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, EngineFault> {
        self.guarded(|database| Ok(database.get(key)?.map(|value| look(&value))))
    }

    /// The greatest key of `low..=high` with its value.
    pub(super) fn last_within(
        &self,
        low: &[u8],
        high: &[u8],
    ) -> Result<Option<Entry>, EngineFault> {
        self.guarded(|database| {
            let last = database.range(low..=high).next_back().transpose()?;
            Ok(last.map(|(key, value)| Entry {
                key: key.to_vec(),
                value: value.to_vec(),
            }))
        })
    }

    /// Shows every entry under `prefix` whose key is at or after `from`, in order, until told to stop.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        from: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), EngineFault> {
        self.guarded(|database| {
            for entry in database.range(from..) {
                let (key, value) = entry?;
                if !key.starts_with(prefix) || visit(&key, &value).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Writes a batch: after a crash all of it is there or nothing.
    pub(super) fn apply(&self, batch: EngineBatch) -> Result<(), EngineFault> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.guarded(|database| Ok(database.apply_batch(writes)?))
    }

    /// Hands everything to the operating system.
    pub(super) fn flush(&self) -> Result<(), EngineFault> {
        self.guarded(|database| {
            database.flush()?;
            Ok(())
        })
    }

    /// Bytes that the files take.
    pub(super) fn size_on_disk(&self) -> Result<u64, EngineFault> {
        self.guarded(|database| Ok(database.size_on_disk()?))
    }

    fn guarded<T>(
        &self,
        call: impl FnOnce(&sled::Db) -> Result<T, EngineFault>,
    ) -> Result<T, EngineFault> {
        let Some(database) = self.database.as_ref().filter(|_| !self.has_ended()) else {
            return Err(EngineFault::Ended);
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| call(database)));
        let outcome = outcome.unwrap_or(Err(EngineFault::Panicked));
        if outcome.is_err() {
            self.end();
        }
        outcome
    }

    /// Leaves the database alone from now on.
    fn end(&self) {
        if !self.ended.swap(true, Ordering::AcqRel) {
            self.distrust();
        }
    }

    /// Has the next start build the database anew.
    // spec: IDX-9
    pub(super) fn distrust(&self) {
        let removed = fs::remove_file(&self.trust);
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            let path = self.trust.display();
            tracing::error!(%path, %error, "remove this file before the next start: the database beside it has failed");
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let database = self.database.take();
        if self.has_ended() {
            // Its own drop flushes, and may wait for ever for a thread that has died, or for space.
            std::mem::forget(database);
            return;
        }
        drop(catch_unwind(AssertUnwindSafe(|| drop(database))));
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

/// The file that says that no call of the database in this directory has ever failed.
pub(super) fn mark_of_trust(directory: &Path) -> PathBuf {
    directory.with_extension("whole")
}

/// How long a lock that an engine just closed may linger: its background threads hold the file until
/// they have ended, a moment after the last handle is gone.
const LOCK_LINGERS: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Opens, waiting for the lock of an engine that is still closing. The directory itself is kept from
/// a second process by the lock of the journal beside it.
fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    let started = Instant::now();
    loop {
        match config.open() {
            Err(error) if is_locked(&error) && started.elapsed() < LOCK_LINGERS => {
                thread::sleep(LOCK_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn is_locked(error: &sled::Error) -> bool {
    // The engine wraps the cause into text.
    matches!(error, sled::Error::Io(cause) if cause.to_string().contains("could not acquire lock"))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(60);

    // spec: IDX-9
    #[test]
    fn engine_is_left_alone_after_its_first_failure_and_is_not_opened_again() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("generation-00000001");
        let engine = Engine::open(&path, 4 << 20, DEADLINE).unwrap();
        assert!(engine.value(b"key").unwrap().is_none());
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let failed = engine.guarded(|_| Err::<(), _>(EngineFault::Io { source: full() }));
        assert!(matches!(failed, Err(EngineFault::Io { .. })));
        assert!(matches!(engine.value(b"key"), Err(EngineFault::Ended)));
        assert!(matches!(engine.flush(), Err(EngineFault::Ended)));
        drop(engine);
        let again = Engine::open(&path, 4 << 20, DEADLINE);
        assert!(matches!(again, Err(EngineFault::Distrusted)));
    }

    #[test]
    fn panic_of_the_engine_ends_it() {
        let directory = TempDir::new().unwrap();
        let engine = Engine::open(&directory.path().join("a"), 4 << 20, DEADLINE).unwrap();
        let failed = engine.guarded(|_| -> Result<(), _> { panic!("as sled does") });
        assert!(matches!(failed, Err(EngineFault::Panicked)));
        assert!(matches!(engine.size_on_disk(), Err(EngineFault::Ended)));
    }
}
