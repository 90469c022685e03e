//! The register of look-ups as a node keeps it (`spec/lookups.md`).
//!
//! ```text
//! look-up ──> number, salt ──> row ──> commitment ──> sealed with the key of its day
//!                                         │                      │
//!                                   leaf of the tree       record of the journal, durable ──> receipt, answer
//! retention over ──> the key of the day is destroyed: row and salt are gone, the commitment stays
//! ```
//! Numbers are given one at a time, in the order in which the rows reach the journal: the tree that the
//! core keeps of them has the same order after every restart.

mod record;
mod seal;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::PoisonError;

use concordat_certs::configuration::LOOK_UP_DAYS_MIN;
use concordat_protocol::lookup::{LookUpRow, SaltedRow, SaltedRowError};
use concordat_protocol::time::Day;
use tokio::sync::oneshot;

use crate::clock;
use crate::runtime::{CoreGone, Handle};

pub use record::{LookUpRecord, LookUpRecordError, Mark, MarkKind, Resumed, commit_of, old_row};
pub use seal::{SealError, Seals};

/// Why a row was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The core is gone.
    #[error(transparent)]
    CoreGone(#[from] CoreGone),
    /// The key of the day could not be made or read.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is no row.
    #[error(transparent)]
    Row(#[from] SaltedRowError),
}

/// Where look-ups get their numbers.
pub(crate) struct Lookups {
    seals: std::sync::Mutex<Seals>,
    /// Days with rows that cannot be read, and how many each has.
    unreadable: std::sync::Mutex<BTreeMap<Day, u64>>,
    /// The next number; held while a row goes to the journal.
    next: tokio::sync::Mutex<u64>,
}

/// A row on its way to the disk.
pub(crate) struct Under {
    pub(crate) number: u64,
    pub(crate) salted: SaltedRow,
    durable: oneshot::Receiver<()>,
}

impl Lookups {
    /// A register of `rows` rows whose keys lie in a node's directory.
    pub(crate) fn new(root: &Path, rows: u64) -> Self {
        Self {
            seals: std::sync::Mutex::new(Seals::new(root)),
            unreadable: std::sync::Mutex::default(),
            next: tokio::sync::Mutex::new(rows),
        }
    }

    /// Gives a row its number and salt, and hands it to the journal. `row` makes it.
    ///
    /// # Errors
    /// [`KeepError`].
    // spec: LKP-1, LKP-3, LKP-4
    pub(crate) async fn begin(
        &self,
        core: &Handle,
        row: impl FnOnce(u64, &[u8; 32]) -> LookUpRow,
    ) -> Result<Under, KeepError> {
        let mut next = self.next.lock().await;
        let number = *next;
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|_| SealError::Randomness)?;
        let row = row(number, &salt);
        let day = Day::of(row.at).unwrap_or(Day::MAX);
        let salted = SaltedRow::new(salt, &row)?;
        // spec: LKP-67
        let is_waited_for = self.missed(|missed| missed.contains_key(&day));
        let record = self.seals(|seals| {
            if !is_waited_for {
                seals.replace_empty(day)?;
            }
            seals.seal(number, day, &salted)
        })?;
        let durable = core.begin_row(record.encode()).await?;
        *next = number.saturating_add(1);
        drop(next);
        Ok(Under {
            number,
            salted,
            durable,
        })
    }

    /// The row that a record seals; `None` once its key is destroyed.
    ///
    /// # Errors
    /// [`SealError`].
    pub(crate) fn open(&self, record: &LookUpRecord) -> Result<Option<SaltedRow>, SealError> {
        self.seals(|seals| seals.open(record))
    }

    /// Destroys the keys of all days before one; returns these days.
    ///
    /// # Errors
    /// [`SealError`].
    // spec: LKP-40
    pub(crate) fn destroy_before(&self, day: Day) -> Result<Vec<Day>, SealError> {
        let latest = latest_gone();
        self.missed(|missed| missed.retain(|of, _| *of >= day));
        self.seals(|seals| seals.destroy_before(day, latest))
    }

    /// The first day whose rows were not let go, as far as it was noted.
    ///
    /// # Errors
    /// [`SealError`].
    // spec: LKP-68
    pub(crate) fn gone_before(&self) -> Result<Option<Day>, SealError> {
        self.seals(|seals| seals.gone_before(latest_gone()))
    }

    /// Notes a row that does not open with the key of its day, which ought to be there.
    // spec: LKP-44
    pub(crate) fn miss(&self, day: Day) {
        self.missed(|missed| *missed.entry(day).or_default() += 1);
    }

    /// The first day with rows that cannot be read, and how many there are of all days.
    // spec: LKP-44
    pub(crate) fn unreadable(&self) -> Option<(Day, u64)> {
        self.missed(|missed| {
            let (first, _) = missed.first_key_value()?;
            Some((*first, missed.values().sum()))
        })
    }

    fn missed<T>(&self, with: impl FnOnce(&mut BTreeMap<Day, u64>) -> T) -> T {
        let mut missed = self
            .unreadable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        with(&mut missed)
    }

    fn seals<T>(&self, with: impl FnOnce(&mut Seals) -> T) -> T {
        let mut seals = self.seals.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut seals)
    }
}

impl Under {
    /// Returns once the row is durable.
    ///
    /// # Errors
    /// [`CoreGone`].
    pub(crate) async fn durable(self) -> Result<(u64, SaltedRow), CoreGone> {
        self.durable.await.map_err(|_| CoreGone)?;
        Ok((self.number, self.salted))
    }
}
/// The last day before which retention can have let rows go.
// spec: LKP-41, LKP-68
fn latest_gone() -> Day {
    let days = i32::try_from(LOOK_UP_DAYS_MIN).unwrap_or(i32::MAX);
    clock::today().plus_days(-days).unwrap_or(Day::MIN)
}
