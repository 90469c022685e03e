//! A node that may open no more files.

use std::path::Path;

use concordat_tests::processes::{Caller, Failure, Network, PATIENCE, wait_until};

use crate::{NODE, alone, repeat, seed};

/// Files that the node may open beyond those that it has open when it runs.
const SPARE: u64 = 8;
/// Clients of its socket that come at once: more than it can take, fewer than it may have.
const CLIENTS: usize = 24;

/// The system refuses to accept a client; the node must neither end nor stay so.
#[tokio::test(flavor = "multi_thread")]
async fn node_out_of_files_goes_on_with_its_peers_and_takes_clients_again() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 0, 1, seed()).unwrap();
    let outcome = out_of_files(&network).await;
    network.conclude(outcome, &repeat("node_out_of_files", ""));
}

async fn out_of_files(network: &Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let usual = processes.remove(0);
    let open = usual.open_files().map_err(Failure::of("open files"))?;
    usual.stop().await?;
    let mut process = network.spawn_within(0, open + SPARE)?;
    network.ready(0).await?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(network.client(0).await?);
    }
    wait_until(PATIENCE, "a client that is not taken", || async {
        let told = network.written(0).contains("was not taken");
        Ok(told.then_some(()))
    })
    .await?;
    let outsider = network.outsider(0);
    let caller = Caller::new(network, outsider.code(), &outsider.node)?;
    let session = caller.call(network, 0).await;
    let session = session.map_err(Failure::of("a call by a peer"))?;
    if session.frontier.is_empty() {
        return Err(Failure::new("the node holds nothing".to_owned()));
    }
    drop(clients);
    network.status(0).await?;
    match process
        .ended()
        .map_err(Failure::of("looking at a process"))?
    {
        None => process.stop().await,
        Some(status) => Err(Failure::new(format!("it ended by itself: {status}"))),
    }
}
