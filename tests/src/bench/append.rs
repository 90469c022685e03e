//! Appending in batches: signed, logged, durable under a signed head, and found by queries.

use std::sync::Arc;
use std::time::Instant;

use concordat_node::node::{Layout, Node};
use concordat_protocol::trust::LogNumber;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::Failure;
use super::child::{disk_bytes, say};
use super::network::{Home, OPEN, SEALED};
use super::statements::{Speaker, decision};

/// Statements submitted at once.
const BATCH: u64 = 256;
/// Batches signed or under way at any time.
const UNDER_WAY: usize = 8;

/// Appends `runs` times `each` statements, of `total` in the log in the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Append {
    pub(crate) home: Home,
    pub(crate) sealed: bool,
    pub(crate) runs: u64,
    pub(crate) each: u64,
}

/// What appending gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Appended {
    /// Statements a second until found by queries, by run.
    pub(crate) rates: Vec<f64>,
    /// Bytes of all statements, envelopes included.
    pub(crate) statement_bytes: u64,
    /// Bytes on the disk, after the node has stopped.
    pub(crate) disk_bytes: u64,
    /// Highest resident memory, KiB.
    pub(crate) memory_kib: f64,
}

pub(crate) async fn run(task: &Append) -> Result<(), Failure> {
    let node = Arc::new(task.home.start().await?);
    node.wait_signing().await;
    let (mut rates, mut statement_bytes) = (Vec::new(), 0);
    let total = task.runs * task.each;
    for run in 0..task.runs {
        let begin = run * task.each;
        let before = node.store().counts().own;
        let started = Instant::now();
        statement_bytes += append(&node, task.sealed, (begin, begin + task.each), total).await?;
        let indexed =
            tokio::task::block_in_place(|| node.query().map(|query| query.store().counts().own));
        rates.push(task.each as f64 / started.elapsed().as_secs_f64());
        if indexed? != before + task.each {
            return Err("appended statements are not all found".into());
        }
    }
    node.stop().await;
    drop(node);
    let layout = Layout::new(&task.home.directory);
    say(&Appended {
        rates,
        statement_bytes,
        disk_bytes: disk_bytes(&layout.data())? + disk_bytes(&layout.store())?,
        memory_kib: super::child::memory()?.1,
    })
}

/// Signs on one thread beside the node's own, and keeps some batches under way.
async fn append(
    node: &Arc<Node>,
    sealed: bool,
    (begin, end): (u64, u64),
    total: u64,
) -> Result<u64, Failure> {
    let mut under_way: JoinSet<Result<(), Failure>> = JoinSet::new();
    let mut bytes = 0;
    let mut first = begin;
    while first < end {
        let last = (first + BATCH).min(end);
        let signed = {
            let node = Arc::clone(node);
            tokio::task::spawn_blocking(move || sign(&node, sealed, (first, last), total))
        };
        let signed = signed.await??;
        bytes += signed
            .iter()
            .map(|statement| statement.len() as u64)
            .sum::<u64>();
        while under_way.len() >= UNDER_WAY {
            if let Some(done) = under_way.join_next().await {
                done??;
            }
        }
        let node = Arc::clone(node);
        under_way.spawn(async move {
            node.submit(LogNumber::Statements, signed).await?;
            Ok(())
        });
        first = last;
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(bytes)
}

fn sign(
    node: &Node,
    sealed: bool,
    (first, last): (u64, u64),
    total: u64,
) -> Result<Vec<Vec<u8>>, Failure> {
    let speaker = Speaker {
        code: node.member(),
        key: node.signer(),
        ctx: node.ctx(),
        item: if sealed { SEALED } else { OPEN },
    };
    (first..last)
        .map(|index| decision(&speaker, index, total))
        .collect()
}
