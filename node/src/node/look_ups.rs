//! The register of look-ups of a running node: rows with their receipts, marks, and letting go.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use concordat_protocol::log::TreeSize;
use concordat_protocol::lookup::{LookUpHorizon, LookUpReceipt, LookUpRow, SaltedRow};
use concordat_protocol::statement::KeyUse;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::LogNumber;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::clock;
use crate::core::Shared;
use crate::disk::RealDisk;
use crate::indexer::Indexer;
use crate::lookups::{KeepError, Lookups, Mark};
use crate::node::Node;
use crate::runtime::CoreGone;
use crate::store::{IndexItem, JournalPosition, Lookup, Store};
use crate::upkeep::Upkeep;

pub use crate::lookups::KeepError as KeepLookUpError;

/// Between two looks whether rows have to go.
const RETENTION_EVERY: Duration = Duration::from_secs(60 * 60);
/// Rows that are let go in one step of the index.
const GONE_PER_STEP: usize = 256;

/// A look-up whose row is durable.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// The number of the row.
    pub number: u64,
    /// The row with its salt.
    pub salted: SaltedRow,
}

impl Node {
    /// Writes a row of the register of look-ups; returns once it is durable. `row` makes it for the number
    /// and the salt that it gets.
    ///
    /// # Errors
    /// [`KeepLookUpError`].
    // spec: LKP-1
    pub async fn keep_look_up(
        &self,
        row: impl FnOnce(u64, &[u8; 32]) -> LookUpRow,
    ) -> Result<LookedUp, KeepError> {
        let under = self.lookups.begin(&self.core, row).await?;
        let (number, salted) = under.durable().await?;
        let kept = Some(salted.clone());
        self.index_row(IndexItem::Lookup(Lookup { number, kept }));
        Ok(LookedUp { number, salted })
    }

    /// Notes something about a row; returns once that is durable.
    ///
    /// # Errors
    /// [`CoreGone`].
    pub async fn mark_look_up(&self, mark: Mark) -> Result<(), CoreGone> {
        self.core.keep_row(mark.encode()).await?;
        self.index_row(IndexItem::LookupMark(mark));
        Ok(())
    }

    /// The journal has the row; a store that takes nothing more is filled again at the next start.
    fn index_row(&self, item: IndexItem) {
        if let Err(stopped) = self.indexer.submit(vec![item], JournalPosition::START) {
            error!(%stopped, "the register of look-ups is no longer indexed");
        }
    }

    /// The signed receipt of a look-up; `None` while the registry does not name the key to sign it with:
    /// nobody could verify it.
    // spec: LKP-10
    #[must_use]
    pub fn receipt(&self, looked_up: &LookedUp) -> Option<Vec<u8>> {
        let registry = self.registry();
        registry.member(self.member())?;
        if self.shared().foreign_keys().contains(&KeyUse::Statement) {
            return None;
        }
        let before = self.shared().look_ups_before(looked_up.number)?;
        let ctx = registry.ctx();
        let salted = &looked_up.salted;
        let receipt = LookUpReceipt::sign(self.signer(), self.member(), ctx, salted, &before);
        receipt
            .inspect_err(|error| error!(%error, "a look-up has no receipt"))
            .ok()
    }

    /// Up to where the node has read.
    #[must_use]
    pub fn look_up_horizon(&self) -> LookUpHorizon {
        let logs = self.shared().logs();
        let size = |origin| logs.get(&origin).map_or(TreeSize::ZERO, |log| log.size());
        let genesis = self.genesis();
        LookUpHorizon {
            own: size(genesis.origin(self.member(), LogNumber::Statements)),
            register: size(genesis.register_origin()),
            registry: self.registry().size(),
        }
    }

    /// The first day of which rows of the register of look-ups cannot be read, and how many there are; `None`
    /// where all can.
    // spec: LKP-44
    #[must_use]
    pub fn look_ups_unreadable(&self) -> Option<(Day, u64)> {
        self.lookups.unreadable()
    }

    /// The first day whose rows stay, where earlier ones had to go and that is noted.
    // spec: LKP-66, LKP-68
    #[must_use]
    pub fn look_ups_stay_since(&self) -> Option<Day> {
        self.lookups.gone_before().ok().flatten()
    }

    /// How many rows the register of look-ups has.
    #[must_use]
    pub fn look_ups(&self) -> u64 {
        self.shared().look_ups().value()
    }
}

/// The first day whose rows are kept; `None` where all are.
// spec: LKP-40
pub(super) fn gone_before(upkeep: Upkeep, today: Day) -> Option<Day> {
    let days = i64::from(upkeep.look_up_days);
    (days > 0).then(|| Day::new(i64::from(today.value()) - days).unwrap_or(Day::MIN))
}

/// The day by the clock or by the newest quorum time known, whichever is earlier, since a key that is destroyed does not
/// come back; `None` while no quorum has cosigned anything.
// spec: LKP-45
pub(super) fn proven_day(shared: &Shared<RealDisk>) -> Option<Day> {
    let times = shared.witnessed().into_values().filter_map(|log| log.at);
    earlier(clock::today(), times)
}

fn earlier(today: Day, quorum_times: impl Iterator<Item = Timestamp>) -> Option<Day> {
    let newest = Day::of(quorum_times.max()?).ok()?;
    Some(today.min(newest))
}

/// Lets rows go whose time is over, again and again.
pub(super) fn retention(
    upkeep: Upkeep,
    shared: &Arc<Shared<RealDisk>>,
    lookups: &Arc<Lookups>,
    store: &Arc<Store>,
    indexer: &Arc<Indexer>,
) -> Option<JoinHandle<()>> {
    gone_before(upkeep, clock::today())?;
    let (lookups, store) = (Arc::clone(lookups), Arc::clone(store));
    let (shared, indexer) = (Arc::clone(shared), Arc::clone(indexer));
    Some(tokio::spawn(async move {
        loop {
            let (shared, lookups, store, indexer) = (
                Arc::clone(&shared),
                Arc::clone(&lookups),
                Arc::clone(&store),
                Arc::clone(&indexer),
            );
            let done = tokio::task::spawn_blocking(move || {
                let today = proven_day(&shared);
                if let Some(first) = today.and_then(|today| gone_before(upkeep, today)) {
                    let_go(&lookups, &store, &indexer, first);
                }
            });
            if done.await.is_err() {
                warn!("letting rows of the register of look-ups go was broken off");
            }
            tokio::time::sleep(RETENTION_EVERY).await;
        }
    }))
}

/// Destroys the keys of days before one, and removes their rows from the index.
// spec: LKP-40
pub(crate) fn let_go(lookups: &Lookups, store: &Store, indexer: &Indexer, first: Day) {
    match lookups.destroy_before(first) {
        Ok(days) if days.is_empty() => {}
        Ok(days) => info!(
            days = days.len(),
            "rows of the register of look-ups had to go"
        ),
        Err(error) => {
            error!(%error, "rows of the register of look-ups have to go and cannot");
            return;
        }
    }
    let mut from = 0;
    loop {
        let mut gone = Vec::new();
        let looked = store.look_through(from..u64::MAX, |kept| {
            let day = Day::of(kept.row.at).unwrap_or(Day::MAX);
            if gone.len() == GONE_PER_STEP {
                return ControlFlow::Break(());
            }
            from = kept.row.number.saturating_add(1);
            // The rows come by number: one of a clock that was ahead holds up none behind it.
            if day < first {
                gone.push(kept.row.number);
            }
            ControlFlow::Continue(())
        });
        if looked.is_err() || gone.is_empty() {
            return;
        }
        let items = gone.into_iter().map(|number| {
            let kept = None;
            IndexItem::Lookup(Lookup { number, kept })
        });
        let submitted = indexer.submit(items.collect(), JournalPosition::START);
        if submitted.is_err() || indexer.barrier().is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: LKP-45
    #[test]
    fn clock_that_is_ahead_lets_nothing_go() {
        let day = |year| Day::from_ymd(year, 3, 1).unwrap();
        let times = || [1_772_409_600_000, 1_772_300_000_000].map(|at| Timestamp::new(at).unwrap());
        let proven = Day::of(times()[0]).unwrap();
        assert_eq!(earlier(day(2036), times().into_iter()), Some(proven));
        assert_eq!(earlier(day(2025), times().into_iter()), Some(day(2025)));
        assert_eq!(earlier(day(2036), std::iter::empty()), None);
    }
}
