//! A request that comes before the greeting: streams have no order among each other.

use std::path::Path;
use std::time::Duration;

use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::message::{BodyFilter, Frame};
use concordat_tests::processes::{Caller, Failure, Network, PATIENCE};
use tokio::time::timeout;

use crate::{NODE, alone, repeat, seed};

/// However long this is, nothing may come before the greeting.
const BEFORE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn request_that_overtakes_the_greeting_is_answered_after_it() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 1, seed()).unwrap();
    let outcome = overtaking(&network).await;
    network.conclude(outcome, &repeat("request_that_overtakes", ""));
}

// spec: EXC-90
async fn overtaking(network: &Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    let member = network.outsider(0);
    let caller = Caller::new(network, member.code(), &member.node)?;
    let dialled = caller.dial(network.listen(0), network.node_key(0)).await;
    let mut session = dialled.map_err(Failure::of("a call"))?;
    let ask = Frame::Bodies {
        origin: network.plan().genesis.registry_origin(),
        begin: LeafIndex::new(0),
        end: TreeSize::new(1).map_err(Failure::of("a size"))?,
        filter: BodyFilter::All,
    };
    let opened = session.connection.open_request().await;
    let (mut sender, mut receiver) = opened.map_err(Failure::of("a stream"))?;
    let sent = sender.send(&ask.encode()).await;
    sent.map_err(Failure::of("a request"))?;
    sender.finish().map_err(Failure::of("a request"))?;
    let mut answer = std::pin::pin!(receiver.next(FRAME_BYTES_MAX));
    if let Ok(early) = timeout(BEFORE, &mut answer).await {
        let what = format!("before the greeting came {early:02x?}");
        return Err(Failure::new(what));
    }
    let greeted = session.sender.send(&caller.hello().encode()).await;
    greeted.map_err(Failure::of("the greeting"))?;
    let answer = timeout(PATIENCE, answer).await;
    let answer = answer.map_err(Failure::of("an answer in time"))?;
    let answer = answer
        .map_err(Failure::of("an answer"))?
        .unwrap_or_default();
    match Frame::decode(&answer) {
        Ok(Frame::BodyBlock { .. }) => {}
        other => return Err(Failure::new(format!("the answer is {other:?}"))),
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}
