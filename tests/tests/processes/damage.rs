//! Nodes whose files were damaged while they were off.

use std::fs::OpenOptions;
use std::path::Path;

use concordat_protocol::admin::Target;
use concordat_protocol::log::LeafIndex;
use concordat_tests::processes::{Failure, Network, PATIENCE, Process, Rows, wait_until};

use crate::{NODE, alone, repeat, seed};

/// Decisions that the node has made before it is damaged.
const STATEMENTS: u64 = 40;
/// Bytes of a ledger that holds nothing.
const FOUNDING_BYTES: u64 = 98;

/// A member with decisions that everyone holds, and is off.
async fn member_off(network: &Network) -> Result<Vec<Process>, Failure> {
    let mut processes = network.start().await?;
    let table = Rows::new(network.code(1), seed()).table(STATEMENTS)?;
    let report = network.client(1).await?.import(&table.text).await?;
    if report.written != STATEMENTS {
        return Err(Failure::new(format!("the import came to {report:?}")));
    }
    whole_at(network, 0).await?;
    processes.remove(1).stop().await?;
    Ok(processes)
}

/// Waits until a node holds all that the member said.
async fn whole_at(network: &Network, node: usize) -> Result<(), Failure> {
    let log = network.log(1);
    wait_until(PATIENCE, "all bodies of the member", || async {
        let Ok(status) = network.status(node).await else {
            return Ok(None);
        };
        let held = status.logs.iter().find(|held| held.origin == log);
        let whole = held.is_some_and(|held| held.bodies_missing == 0 && held.bodies >= STATEMENTS);
        Ok(whole.then_some(()))
    })
    .await
}

/// How a node that must not start has ended.
async fn refusal(network: &Network, node: usize) -> Result<String, Failure> {
    let before = network.written(node).len();
    let mut process = network.spawn(node)?;
    let status = wait_until(PATIENCE, "the end of a start", || {
        std::future::ready(process.ended().map_err(Failure::of("waiting for the end")))
    })
    .await?;
    let written = network.written(node).split_off(before);
    match status.success() {
        true => Err(Failure::new(format!("it ended well: {written}"))),
        false => Ok(written),
    }
}

// spec: STO-28, STO-29
#[tokio::test(flavor = "multi_thread")]
async fn node_whose_ledger_lost_its_end_starts_only_when_told_and_gets_its_log_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = ledger_lost(&network).await;
    network.conclude(outcome, &repeat("node_whose_ledger_lost", ""));
}

async fn ledger_lost(network: &Network) -> Result<(), Failure> {
    let mut processes = member_off(network).await?;
    let ledger = network.layout(1).data().join("ledger-00000000.seg");
    let file = OpenOptions::new().write(true).open(ledger);
    let cut = file.and_then(|file| file.set_len(FOUNDING_BYTES));
    cut.map_err(Failure::of("cutting the ledger"))?;
    let said = refusal(network, 1).await?;
    for part in ["ledger-00000000.seg ends at byte 98", "--accept-loss"] {
        if !said.contains(part) {
            return Err(Failure::new(format!("{part:?} is not in {said}")));
        }
    }
    processes.push(network.spawn_with(1, &["--accept-loss"])?);
    network.ready(1).await?;
    whole_at(network, 1).await?;
    let mut client = network.client(1).await?;
    let alarms = client.status().await?.alarms;
    if !alarms
        .iter()
        .any(|alarm| alarm.name.as_str() == "records-lost")
    {
        return Err(Failure::new(format!("no word of the loss: {alarms:?}")));
    }
    for index in (0..STATEMENTS).map(LeafIndex::new) {
        let origin = network.log(1);
        client.statement(Target::Position { origin, index }).await?;
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}
