//! Networks of real processes. Each test starts the node's binary, and ends what it started.
//!
//! `CONCORDAT_SEED` says from which seed chances are drawn (1 unless told), `CONCORDAT_KILLS` how
//! often each node is killed.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod catch_up;
mod damage;
mod files;
mod first_start;
mod greedy;
mod kills;
mod late;
mod lost_bodies;
mod malformed;
mod overtaking;
mod propagation;
mod registry_changes;
mod stranger;
mod thirteen;
mod withheld;

use std::time::Duration;

use concordat_tests::setting::number;
use tokio::sync::{Mutex, MutexGuard};

/// The node's binary.
const NODE: &str = env!("CARGO_BIN_EXE_node-under-test");

/// Within this, what takes effect at once has taken effect.
const SOON: Duration = Duration::from_secs(5);

fn seed() -> u64 {
    number("CONCORDAT_SEED", 1)
}

fn repeat(test: &str, more: &str) -> String {
    format!(
        "CONCORDAT_SEED={} {more}cargo test -p concordat-tests --test processes {test}",
        seed()
    )
}

/// Networks of processes run one after the other: their times are looked at.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());

    ALONE.lock().await
}
