//! A hub that has lost its directory and not its keys, told that it starts for the first time.

use std::fs;
use std::path::Path;

use concordat_tests::processes::{Failure, Network, PATIENCE, wait_until};

use crate::{NODE, alone, repeat, seed};

const FIRST_START: &[&str] = &["--first-start"];

#[tokio::test(flavor = "multi_thread")]
async fn hub_whose_key_has_signed_does_not_start_for_the_first_time() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 1, 0, seed()).unwrap();
    let outcome = first_start(&network).await;
    network.conclude(outcome, &repeat("hub_whose_key_has_signed", ""));
}

// spec: STO-80
async fn first_start(network: &Network) -> Result<(), Failure> {
    // As long as nothing is lost it may be said again, by a unit file for example.
    for _ in 0..2 {
        let hub = network.spawn_with(0, FIRST_START)?;
        network.ready(0).await?;
        hub.stop().await?;
    }
    let layout = network.layout(0);
    for lost in [layout.data(), layout.store()] {
        fs::remove_dir_all(lost).map_err(Failure::of("a directory"))?;
    }
    for options in [FIRST_START, &[]] {
        refused(network, options, "log.signed").await?;
    }
    // Its operator takes the mark away: nobody has seen anything of it.
    fs::remove_file(layout.keys().join("log.signed")).map_err(Failure::of("the mark"))?;
    refused(network, &[], "say --first-start").await?;
    let hub = network.spawn_with(0, FIRST_START)?;
    network.ready(0).await?;
    hub.stop().await
}

async fn refused(network: &Network, options: &[&str], why: &str) -> Result<(), Failure> {
    let before = network.written(0).len();
    let mut hub = network.spawn_with(0, options)?;
    let status = wait_until(PATIENCE, "a hub that does not start", || {
        let ended = hub.ended().map_err(Failure::of("a process"));
        async { ended }
    })
    .await?;
    let written = network.written(0);
    let told = written.get(before..).unwrap_or_default();
    match status.success() || !told.contains(why) {
        true => Err(Failure::new(format!("{options:?}: {status}, {told}"))),
        false => Ok(()),
    }
}
