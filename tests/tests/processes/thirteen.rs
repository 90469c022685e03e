//! A hub and twelve members, each reached through a relay that loses datagrams.

use std::path::Path;

use concordat_protocol::admin::{BindsOthersCode, HolderCode, Target};
use concordat_protocol::statement::Ground;
use concordat_tests::processes::{
    Failure, Loss, Network, PATIENCE, PENALTY_PROFILE, Process, Relay, Rows, wait_until,
};

use crate::propagation::reads;
use crate::{NODE, alone, repeat, seed};

/// Members beside the hub.
const MEMBERS: u32 = 12;
/// Who decides.
const ISSUER: usize = 1;
/// Who receives the objection: neither the issuer nor the hub.
const RECEIVER: usize = 7;
/// Datagrams lost of a thousand, in each direction.
const LOST: u32 = 50;

// spec: PRP-10, PRP-12, EFF-24
#[tokio::test(flavor = "multi_thread")]
async fn objection_filed_at_one_of_thirteen_is_effective_at_all_and_proven() {
    let _alone = alone().await;
    let (loss, mut relays) = (Loss::default(), Vec::new());
    let network = Network::make_behind(Path::new(NODE), (MEMBERS, 0), seed(), |listen| {
        let relay = Relay::open(listen, loss.clone(), seed() + relays.len() as u64)?;
        let address = relay.address();
        relays.push(relay);
        Ok(address)
    });
    let network = network.unwrap();
    let mut processes = Vec::new();
    let outcome = filed(&network, &loss, &mut processes).await;
    network.conclude(outcome, &repeat("objection_filed_at_one_of_thirteen", ""));
    for process in processes {
        process.stop().await.unwrap();
    }
}

async fn filed(
    network: &Network,
    loss: &Loss,
    processes: &mut Vec<Process>,
) -> Result<(), Failure> {
    processes.extend(network.start().await?);
    let table = Rows::new(network.code(ISSUER), seed()).penalties(2)?;
    let mut issuer = network.client(ISSUER).await?;
    issuer.import_by(PENALTY_PROFILE, &table.text).await?;
    let decisions = network.spoken(ISSUER).await?;
    let [decision, other] = decisions[..] else {
        return Err(Failure::new(format!("decisions at {decisions:?}")));
    };
    let target = |index| Target::Position {
        origin: network.log(ISSUER),
        index,
    };
    everywhere(network, &target(decision), BindsOthersCode::Applies).await?;
    everywhere(network, &target(other), BindsOthersCode::Applies).await?;
    loss.set(LOST);
    let mut receiver = network.client(RECEIVER).await?;
    let objection = receiver.object(target(decision), Ground::Facts).await?;
    let objection = objection
        .reference
        .ok_or_else(|| Failure::new("no objection".to_owned()))?;
    everywhere(network, &target(decision), BindsOthersCode::Suspended).await?;
    // What nobody objected to goes on.
    everywhere(network, &target(other), BindsOthersCode::Applies).await?;
    let objected = Target::Position {
        origin: objection.origin,
        index: objection.index,
    };
    // Whoever was given the decision has applied the objection, and has said so.
    let holders: Vec<_> = (0..network.len())
        .filter(|node| *node != RECEIVER)
        .map(|node| (node, HolderCode::Applied))
        .collect();
    let reached = reads(network, ISSUER, &objected, &holders).await?;
    match reached.complete && reached.closed {
        true => Ok(()),
        false => Err(Failure::new(format!("not complete: {reached:?}"))),
    }
}

/// Waits until every node says so of a decision.
async fn everywhere(
    network: &Network,
    target: &Target,
    expected: BindsOthersCode,
) -> Result<(), Failure> {
    for node in 0..network.len() {
        let what = format!("{target} to be {expected:?} at node {node}");
        wait_until(PATIENCE, &what, || async {
            let mut client = network.client(node).await?;
            let found = client.statement(target.clone()).await.ok();
            let binds = found.and_then(|found| found.effect);
            Ok((binds.map(|effect| effect.binds_others) == Some(expected)).then_some(()))
        })
        .await?;
    }
    Ok(())
}
