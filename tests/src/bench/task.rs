//! What a child process does, by name.

use serde::{Deserialize, Serialize};

use super::Failure;
use super::network::{Home, Site};
use super::{append, catchup, child, held, live, peers};

/// The work of one process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Enters the registry and starts every node once.
    SetUp { site: Site, receivers: usize },
    /// Signs and appends, in runs of equal size.
    Append(append::Append),
    /// Appends one at a time.
    Latency { home: Home, runs: usize, each: u64 },
    /// Runs the issuer of a catch-up or of live statements.
    Serve(catchup::Serve),
    /// Runs the receiver.
    Receive(catchup::Receive),
    /// Starts a node and says how long it took.
    Reopen { home: Home, statements: u64 },
    /// Runs a node that peers connect to.
    Host { home: Home },
    /// Connects peers that do nothing.
    Idle { site: Site },
}

/// Runs the task given as JSON.
pub(crate) fn run(task: &str) -> Result<(), Failure> {
    let task: Task = serde_json::from_str(task)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match task {
            Task::SetUp { site, receivers } => {
                site.set_up(receivers).await?;
                child::say(&"done")
            }
            Task::Append(task) => append::run(&task).await,
            Task::Latency { home, runs, each } => live::append_latency(&home, runs, each).await,
            Task::Serve(task) => catchup::serve(&task).await,
            Task::Receive(task) => catchup::receive(&task).await,
            Task::Reopen { home, statements } => held::reopen(&home, statements).await,
            Task::Host { home } => peers::host(&home).await,
            Task::Idle { site } => peers::idle(&site).await,
        }
    })
}
