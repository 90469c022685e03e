//! One statement at a time: until it is durable here, and until a peer has said that it is there.

use std::time::{Duration, Instant};

use concordat_node::node::Node;
use concordat_protocol::log::Origin;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::LogNumber;

use super::Failure;
use super::child::say;
use super::network::{Home, OPEN};
use super::statements::{Speaker, decision};

/// Pause between statements under light load.
const PAUSE: Duration = Duration::from_millis(4);
/// How long a peer may be silent about what it holds; it is while it catches up.
const PATIENCE: Duration = Duration::from_secs(300);

/// Says how long each submission took, in microseconds, by run. The statement is signed before.
pub(crate) async fn append_latency(home: &Home, runs: usize, each: u64) -> Result<(), Failure> {
    let node = home.start().await?;
    node.wait_signing().await;
    let mut times = Vec::new();
    for run in 0..runs as u64 {
        let mut of_run = Vec::new();
        for number in 0..each {
            let statement = one(&node, run * each + number)?;
            let started = Instant::now();
            node.submit(LogNumber::Statements, vec![statement]).await?;
            of_run.push(started.elapsed().as_secs_f64() * 1e6);
        }
        times.push(of_run);
    }
    node.stop().await;
    say(&times)
}

/// How long each statement took from its submission here until the peer's word that leaf and body are
/// durable there had come back, in milliseconds, by run.
pub(crate) async fn until_held(
    node: &Node,
    origin: &Origin,
    peer: AuthorityCode,
    (runs, each): (usize, u64),
) -> Result<Vec<Vec<f64>>, Failure> {
    let mut times = Vec::new();
    for run in 0..runs as u64 {
        let mut of_run = Vec::new();
        for number in 0..each {
            let statement = one(node, run * each + number)?;
            let started = Instant::now();
            let placed = node.submit(LogNumber::Statements, vec![statement]).await?;
            let index = placed.first().ok_or("nothing was placed")?.index.value();
            wait_held(node, origin, peer, index + 1).await?;
            of_run.push(started.elapsed().as_secs_f64() * 1e3);
            tokio::time::sleep(PAUSE).await;
        }
        times.push(of_run);
    }
    Ok(times)
}

/// Waits until a peer says that it holds this many leaves of a log and the bodies below them.
pub(crate) async fn wait_held(
    node: &Node,
    origin: &Origin,
    peer: AuthorityCode,
    size: u64,
) -> Result<(), Failure> {
    let mut changes = node.changes();
    let key = (peer, origin.clone());
    loop {
        let holdings = node.holdings();
        let entry = holdings.get(&key);
        if entry.is_some_and(|entry| entry.size.value() >= size && entry.bodies.value() >= size) {
            return Ok(());
        }
        tokio::time::timeout(PATIENCE, changes.changed())
            .await
            .map_err(|_| "a statement did not arrive in time")??;
    }
}

fn one(node: &Node, number: u64) -> Result<Vec<u8>, Failure> {
    let speaker = Speaker {
        code: node.member(),
        key: node.signer(),
        ctx: node.ctx(),
        item: OPEN,
    };
    decision(&speaker, number + 1, 1_100_000)
}
