//! Catching up from another process, and what the receiver then is: memory, disk.
//!
//! The clock runs from the moment the connection stands, as the issuer sees it, until the receiver's
//! word that leaves and bodies are durable has come back. *Indexed* is when a query at the receiver,
//! which waits for the index, sees all of them.

use std::time::Duration;

use concordat_node::core::BodyState;
use concordat_node::node::{Layout, Node};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::Leaf;
use concordat_protocol::subject::AuthorityCode;
use serde::{Deserialize, Serialize};

use super::child::{clock, disk_bytes, memory, next_order, say};
use super::network::Home;
use super::statements::{PER_SUBJECT, subject, subjects};
use super::{Failure, held, live};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The issuer's side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Serve {
    pub(crate) home: Home,
    pub(crate) origin: String,
    pub(crate) receiver: String,
    /// Statements in the log.
    pub(crate) statements: u64,
}

/// The receiver's side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receive {
    pub(crate) home: Home,
    pub(crate) origin: String,
    pub(crate) statements: u64,
    pub(crate) leaves_only: bool,
}

/// When the connection stood and when everything was durable at the other end, in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Caught {
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

/// When everything was found by queries, and the memory at its highest until then.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Indexed {
    pub(crate) at: f64,
    pub(crate) memory_peak_kib: f64,
}

/// What a receiver takes when it has nothing to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct AtRest {
    pub(crate) memory_kib: f64,
    pub(crate) disk_bytes: u64,
}

pub(crate) async fn serve(task: &Serve) -> Result<(), Failure> {
    let node = task.home.start().await?;
    node.wait_signing().await;
    let origin: Origin = task.origin.parse()?;
    let receiver = AuthorityCode::parse(&task.receiver)?;
    say(&"ready")?;
    while let Some(order) = next_order().await? {
        match order.as_str() {
            "catch up" => {
                wait(|| Ok(node.connections() > 0)).await?;
                let begin = clock();
                live::wait_held(&node, &origin, receiver, task.statements).await?;
                say(&Caught {
                    begin,
                    end: clock(),
                })?;
            }
            "live" => {
                wait(|| Ok(node.connections() > 0)).await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
                let shape = (super::RUNS, 200);
                say(&live::until_held(&node, &origin, receiver, shape).await?)?;
            }
            other => return Err(format!("no such order: {other}").into()),
        }
    }
    node.stop().await;
    Ok(())
}

pub(crate) async fn receive(task: &Receive) -> Result<(), Failure> {
    let node = task.home.start().await?;
    let origin: Origin = task.origin.parse()?;
    say(&"ready")?;
    while let Some(order) = next_order().await? {
        match order.as_str() {
            "catch up" => {
                let statements = task.statements;
                wait(|| indexed(&node, &origin, task)).await?;
                let at = clock();
                if !task.leaves_only {
                    tokio::task::block_in_place(|| check(&node, statements))?;
                }
                say(&Indexed {
                    at,
                    memory_peak_kib: memory()?.1,
                })?;
            }
            "rest" => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                let layout = Layout::new(&task.home.directory);
                say(&AtRest {
                    memory_kib: memory()?.0,
                    disk_bytes: disk_bytes(&layout.data())? + disk_bytes(&layout.store())?,
                })?;
            }
            "query" => tokio::task::block_in_place(|| held::query(&node, task.statements))?,
            "bundle" => {
                tokio::task::block_in_place(|| held::bundle(&node, &origin, task.statements))?
            }
            other => return Err(format!("no such order: {other}").into()),
        }
    }
    node.stop().await;
    Ok(())
}

/// Whether every query sees all statements of the log; of a log of which only leaves come, whether
/// all leaves are held.
fn indexed(node: &Node, origin: &Origin, task: &Receive) -> Result<bool, Failure> {
    let last = LeafIndex::new(task.statements.saturating_sub(1));
    let (size, held) = {
        let logs = node.shared().logs();
        let Some(log) = logs.get(origin) else {
            return Ok(false);
        };
        let held = matches!(log.body(last), BodyState::Held(_));
        (log.size().value(), held)
    };
    let held = held || task.leaves_only || is_for_few(node, origin, last);
    if size < task.statements || !held {
        return Ok(false);
    }
    if task.leaves_only {
        return Ok(true);
    }
    // Waits for the index. Bodies are taken in the order in which they came.
    let query = tokio::task::block_in_place(|| node.query())?;
    let holds = |index: &u64| {
        let index = LeafIndex::new(*index);
        query.store().holds(origin, index) || is_for_few(node, origin, index)
    };
    Ok((0..task.statements).rev().all(|index| holds(&index)))
}

/// Whether a position is what the giver says of its deliveries: the receiver is given its own alone.
fn is_for_few(node: &Node, origin: &Origin, index: LeafIndex) -> bool {
    let leaf = node.shared().leaf(origin, index);
    let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
    leaf.is_some_and(|leaf| leaf.kind.is_between_parties())
}

/// Some organisations must have all their statements.
fn check(node: &Node, statements: u64) -> Result<(), Failure> {
    let subjects = subjects(statements);
    for number in [0, subjects / 3, subjects / 2, subjects - 1] {
        let rows = node.query()?.store().by_subject(subject(number)?)?;
        if rows.len() as u64 + 1 < PER_SUBJECT {
            return Err("a query does not see what was counted".into());
        }
    }
    Ok(())
}

/// Waits until something holds.
pub(crate) async fn wait(mut holds: impl FnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    let waiting = async {
        while !holds()? {
            tokio::time::sleep(LOOK).await;
        }
        Ok::<(), Failure>(())
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .map_err(|_| "something did not come to pass in time")?
}
