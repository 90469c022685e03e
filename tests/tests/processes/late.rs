//! A member that goes on under a registry that has been replaced, where nobody can tell when it did.

use std::path::Path;

use concordat_protocol::admin::{BackingCode, Target};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::{Content, Standing, Suspension};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_tests::processes::{Failure, Network, NodeId, PATIENCE, Process, Rows, wait_until};

use crate::{NODE, alone, repeat, seed};

/// The node whose member is suspended while it hears nobody.
const APART: NodeId = 1;
/// A node that looks at what it has said.
const READER: NodeId = 2;

#[tokio::test(flavor = "multi_thread")]
async fn decision_that_the_hub_saw_past_the_grace_is_void_everywhere() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = goes_on(&mut network).await;
    network.conclude(outcome, &repeat("decision_that_the_hub_saw", ""));
}

// spec: EFF-14, TRU-34, TRU-35
async fn goes_on(network: &mut Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let mut policy = network.plan().registry.policy().clone();
    policy.ctx_grace_ms = 1;
    network.change(Content::Policy(policy)).await?;
    registry(network, &[0, APART, READER]).await?;
    let mut rows = Rows::new(network.code(APART), seed());
    decide(network, &mut rows).await?;
    holds(network, 1).await?;
    processes.remove(APART).stop().await?;
    let change = Suspension {
        member: network.code(APART),
        standing: Standing::Suspended,
        reasons: Text::new("for a test").map_err(Failure::of("a text"))?,
    };
    network.change(Content::Suspension(change)).await?;
    registry(network, &[0, READER]).await?;
    for process in processes {
        process.stop().await?;
    }
    let mut processes = vec![network.spawn(APART)?];
    network.ready(APART).await?;
    decide(network, &mut rows).await?;
    processes.extend(again(network, &[0, READER]).await?);
    holds(network, 2).await?;
    let what = "the verdict on what came late";
    wait_until(PATIENCE, what, || async {
        let spoken = network.spoken(APART).await?;
        let [first, late] = spoken[..] else {
            return Err(Failure::new(format!("decisions at {spoken:?}")));
        };
        let (first, late) = (
            backing(network, first).await?,
            backing(network, late).await?,
        );
        let expected = (Some(BackingCode::Witnessed), Some(BackingCode::Void));
        Ok(((first, late) == expected).then_some(()))
    })
    .await?;
    let late = network.spoken(APART).await?;
    let late = *late
        .last()
        .ok_or_else(|| Failure::new("nothing".to_owned()))?;
    // Restarts change nothing: it lies in the hub's log.
    for process in processes {
        process.stop().await?;
    }
    let processes = again(network, &[0, READER]).await?;
    let late = backing(network, late).await?;
    if late != Some(BackingCode::Void) {
        return Err(Failure::new(format!("after a restart: {late:?}")));
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn log_of_a_member_whose_mandate_has_ended_is_seen_once() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = ends(&mut network).await;
    network.conclude(outcome, &repeat("log_of_a_member_whose_mandate", ""));
}

// spec: TRU-61
async fn ends(network: &mut Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let before = ledger(network).await?;
    let code = network.code(APART);
    let mut members = network.plan().members.iter();
    let member = members.find(|member| member.code() == code).cloned();
    let mut member = member.ok_or_else(|| Failure::new("no such member".to_owned()))?;
    let last = Day::from_ymd(2020, 1, 1).map_err(Failure::of("a day"))?;
    for mandate in &mut member.enrolment.mandates {
        mandate.until = Some(last);
    }
    network.renew(&member).await?;
    // One entry for the registry and one for the log, which is empty.
    logs(network, before + 2).await?;
    processes.remove(0).stop().await?;
    let hub = again(network, &[0]).await?;
    let policy = network.plan().registry.policy().clone();
    network.change(Content::Policy(policy)).await?;
    logs(network, before + 3).await?;
    for process in processes.into_iter().chain(hub) {
        process.stop().await?;
    }
    Ok(())
}

/// How many entries the hub's log 0 has.
async fn ledger(network: &Network) -> Result<u64, Failure> {
    let (log, status) = (network.log(0), network.status(0).await?);
    let held = status.logs.iter().find(|held| held.origin == log);
    Ok(held.map_or(0, |held| held.size.value()))
}

/// Waits until the hub's log 0 has so many entries.
async fn logs(network: &Network, entries: u64) -> Result<(), Failure> {
    let what = "the entries of the hub";
    wait_until(PATIENCE, what, || async {
        let found = ledger(network).await?;
        Ok((found == entries).then_some(()))
    })
    .await
}

async fn again(network: &Network, nodes: &[NodeId]) -> Result<Vec<Process>, Failure> {
    let mut processes = Vec::new();
    for node in nodes {
        processes.push(network.spawn(*node)?);
    }
    for node in nodes {
        network.ready(*node).await?;
    }
    Ok(processes)
}

async fn decide(network: &Network, rows: &mut Rows) -> Result<(), Failure> {
    let table = rows.table(1)?;
    let report = network.client(APART).await?.import(&table.text).await?;
    match report.written {
        1 => Ok(()),
        _ => Err(Failure::new(format!("the import came to {report:?}"))),
    }
}

/// What the reader says stands behind a decision of the log.
async fn backing(network: &Network, index: LeafIndex) -> Result<Option<BackingCode>, Failure> {
    let target = Target::Position {
        origin: network.log(APART),
        index,
    };
    let view = network.client(READER).await?.statement(target).await?;
    Ok(view.effect.and_then(|effect| effect.backing))
}

/// Waits until nodes have the whole registry.
async fn registry(network: &Network, nodes: &[NodeId]) -> Result<(), Failure> {
    let log = network.plan().genesis.registry_origin();
    let size = network.plan().registry.size().value();
    for node in nodes {
        wait_until(PATIENCE, "the registry", || async {
            let status = network.status(*node).await?;
            let held = status.logs.iter().find(|held| held.origin == log);
            Ok(held.filter(|held| held.bodies == size).map(drop))
        })
        .await?;
    }
    Ok(())
}

/// Waits until the reader has so many decisions of the log.
async fn holds(network: &Network, wanted: u64) -> Result<(), Failure> {
    wait_until(PATIENCE, "the decisions", || async {
        let held = network.heard(READER, APART).await?;
        Ok((held == (wanted, wanted)).then_some(()))
    })
    .await
}
