//! Networks of real processes: the node's binary, real sockets, real disks, real kills.
//!
//! ```text
//! Network     keys, genesis, configurations, one directory per node; fills the registry
//! Process     one node that runs; killed when dropped
//! AdminClient what an administrator's tool asks over the node's socket
//! Caller      an enrolled member without a node: speaks the exchange by hand
//! Relay       datagrams between nodes, some of which are lost
//! Heads       every head ever seen, by anyone: one root for each size
//! ```
//!
//! A scenario draws its chances from a seed. What two processes do at the same time is not drawn, so
//! a seed repeats the choices of a run and not its interleaving.
//!
//! Out of scope: virtual time and failing disks, which the simulator has.

mod admin;
mod caller;
mod heads;
mod kills;
mod load;
mod loopback;
mod network;
mod process;
mod relay;

use std::fmt;
use std::time::Duration;

pub use admin::{AdminClient, AskError};
pub use caller::{Caller, Session};
pub use heads::Heads;
pub use kills::{KillOutcome, KillPlan, kill_at_random};
pub use load::{LOAD_PROFILE, PENALTY_PROFILE, Rows};
pub use loopback::own_host;
pub use network::{Network, NodeId};
pub use process::Process;
pub use relay::{LOSS_OF, Loss, Relay};

/// How long anything that must happen may take, unless a test says less.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks at another process.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until `look` finds something.
///
/// Inside a process a test blocks on the event itself: a channel, a frame, the end of a connection.
/// That another process has come so far shows only when one looks, so this looks every 10 ms; it is
/// the only place that does.
///
/// # Errors
/// [`Failure`] naming `what`, when nothing was found within `deadline`.
pub async fn wait_until<T, F>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<Option<T>, Failure>>,
{
    let looking = async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(deadline, looking).await {
        Ok(found) => found,
        Err(_) => Err(Failure::new(format!("{what}: not within {deadline:?}"))),
    }
}

/// What did not hold, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// Says what did not hold.
    #[must_use]
    pub const fn new(what: String) -> Self {
        Self(what)
    }

    /// Says it of any error, with what was being done.
    pub fn of<E: fmt::Display>(doing: &str) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{doing}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn wait_until_ends_with_what_was_found_or_names_what_was_not() {
        let mut looks = 0;
        let found = wait_until(PATIENCE, "three looks", || {
            looks += 1;
            ready(Ok((looks == 3).then_some(looks)))
        });
        assert_eq!(found.await, Ok(3));
        let never = wait_until(LOOK, "nothing", || ready(Ok(None::<()>))).await;
        assert_eq!(never, Err(Failure::new("nothing: not within 10ms".into())));
    }
}
