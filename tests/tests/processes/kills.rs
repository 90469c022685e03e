//! Nodes that are killed.

use std::path::Path;
use std::sync::Arc;

use concordat_net::CloseReason;
use concordat_protocol::admin::LinkCode;
use concordat_protocol::message::Frame;
use concordat_tests::processes::{
    Caller, Failure, KillPlan, Network, PATIENCE, kill_at_random, wait_until,
};
use tokio::time::timeout;

use crate::{NODE, SOON, alone, number, repeat, seed};

// spec: TRN-20
#[tokio::test(flavor = "multi_thread")]
async fn killed_node_disowns_its_old_connections_as_soon_as_it_is_back() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 0, 1, seed()).unwrap();
    let outcome = forgotten(&network).await;
    network.conclude(outcome, &repeat("killed_node", ""));
}

async fn forgotten(network: &Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let outsider = network.outsider(0);
    let caller = Caller::new(network, outsider.code(), &outsider.node)?;
    let mut session = caller
        .call(network, 0)
        .await
        .map_err(Failure::of("a call"))?;
    let process = processes.remove(0);
    process.kill().map_err(Failure::of("killing"))?;
    let process = network.spawn(0)?;
    network.ready(0).await?;
    let frontier = Frame::Frontier(Vec::new()).encode();
    // Fails where a keep-alive was quicker to find out; the reason below is the same.
    let _sent = session.sender.send(&frontier).await;
    let reason = timeout(SOON, session.connection.closed()).await;
    let reason = reason.map_err(Failure::of("the end of the old connection"))?;
    if reason != CloseReason::Forgotten {
        return Err(Failure::new(format!("the old connection ended: {reason}")));
    }
    process.stop().await
}

/// The hub has nothing to say to a member at rest, so it does not find out that the lives before are
/// over: their connections fill the places of the member's key.
// spec: TRN-21
#[tokio::test(flavor = "multi_thread")]
async fn node_killed_six_times_is_connected_again_without_being_refused() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 1, 0, seed()).unwrap();
    let outcome = back_at_once(&network).await;
    network.conclude(outcome, &repeat("node_killed_six_times", ""));
}

async fn back_at_once(network: &Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let mut member = processes.remove(1);
    for _ in 0..6 {
        connected(network).await?;
        member.kill().map_err(Failure::of("killing"))?;
        member = network.spawn(1)?;
    }
    connected(network).await?;
    for node in 0..2 {
        if network
            .written(node)
            .contains("as many connections as it may")
        {
            let what = format!("node {node} tells of a connection refused");
            return Err(Failure::new(what));
        }
    }
    member.stop().await
}

/// Waits until the member signs, and both it and the hub see the other connected.
async fn connected(network: &Network) -> Result<(), Failure> {
    network.ready(1).await?;
    wait_until(PATIENCE, "a member and the hub connected", || async {
        for node in 0..2 {
            let status = network.status(node).await?;
            if !status
                .peers
                .iter()
                .all(|peer| peer.link == LinkCode::Connected)
            {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_forked_by_kills() {
    let _alone = alone().await;
    let kills = number("CONCORDAT_KILLS", 100);
    let network = Arc::new(Network::make(Path::new(NODE), 2, 1, seed()).unwrap());
    let plan = KillPlan {
        seed: seed(),
        kills,
    };
    let outcome = kill_at_random(&network, plan).await;
    let again = repeat("nothing_acknowledged", &format!("CONCORDAT_KILLS={kills} "));
    let outcome = network.conclude(outcome, &again);
    eprintln!("seed {}: {outcome:?}", seed());
}
