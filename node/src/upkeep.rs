//! What a node does by itself when it has time: verify ahead of questions, compact its database.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::indexer::Indexer;
use crate::query::{BackgroundVerifier, QueryService};
use crate::store::Store;

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Upkeep {
    /// Time between two looks whether the database is worth compacting; `None` for never.
    pub compaction_every: Option<Duration>,
    /// Signatures verified per second before anyone asks; 0 for none.
    pub verify_per_second: u32,
    /// Days for which rows of the register of look-ups are kept; 0 for ever.
    pub look_up_days: u32,
}

/// Starts the verifier. It rests while the index is behind: what is taken in comes first.
///
/// # Errors
/// The operating system's, when it gives no thread.
pub(crate) fn verifier(
    upkeep: Upkeep,
    queries: &Arc<QueryService>,
    indexer: &Arc<Indexer>,
) -> std::io::Result<Option<BackgroundVerifier>> {
    if upkeep.verify_per_second == 0 {
        return Ok(None);
    }
    let indexer = Arc::clone(indexer);
    let busy = move || indexer.lag() > 0;
    BackgroundVerifier::start(Arc::clone(queries), upkeep.verify_per_second, busy).map(Some)
}

/// Looks again and again whether the database is worth compacting, the first time a whole interval
/// after the start: a node that starts has better things to do.
pub(crate) fn compaction(upkeep: Upkeep, store: &Arc<Store>) -> Option<JoinHandle<()>> {
    let every = upkeep.compaction_every?;
    let store = Arc::clone(store);
    Some(tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            let store = Arc::clone(&store);
            // It blocks for as long as it copies.
            let done = tokio::task::spawn_blocking(move || compact(&store)).await;
            if done.is_err() {
                warn!("a compaction of the database was broken off");
            }
        }
    }))
}

/// Compacts a database that is worth it. A failure leaves the old directory in use.
fn compact(store: &Store) {
    let compacted = store.wants_compaction().and_then(|wanted| match wanted {
        true => store.compact().map(|()| true),
        false => Ok(false),
    });
    match compacted {
        Ok(true) => info!(
            bytes = store.size_on_disk().ok(),
            "the database was compacted"
        ),
        Ok(false) => debug!("the database is not worth compacting"),
        Err(error) => warn!(%error, "the database was not compacted"),
    }
}
