//! A peer that asks for as much as it may, and more, and reads nothing of it.

use std::path::Path;

use concordat_net::{CloseCode, FrameError, FrameReceiver};
use concordat_protocol::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX};
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::message::{BodyFilter, ErrorCode, Frame};
use concordat_protocol::statement::Leaf;
use concordat_tests::processes::{
    Caller, Failure, Network, PATIENCE, Process, Rows, Session, wait_until,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{NODE, SOON, alone, repeat, seed};

/// Statements of the hub: as many as one request may ask for.
const STATEMENTS: u64 = 2_048;
/// Characters of facts in each: with them an answer has about 10 MiB, eight have 80.
const FACTS: usize = 4_700;
/// How much memory the hub may take for eight of them, with what honest members bring meanwhile: 8 MiB
/// are being sent, 4 are with QUIC.
const GROWTH_BYTES_MAX: u64 = 32 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn peer_that_asks_and_does_not_read_costs_little_and_holds_up_nobody() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 2, 1, seed()).unwrap();
    let outcome = greed(&network).await;
    network.conclude(outcome, &repeat("peer_that_asks", ""));
}

// spec: EXC-19, EXC-28
async fn greed(network: &Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    let hub = processes.first();
    let hub = hub.ok_or_else(|| Failure::new("no hub".to_owned()))?;
    import(network, 0, STATEMENTS, FACTS).await?;
    let outsider = network.outsider(0);
    let caller = Caller::new(network, outsider.code(), &outsider.node)?;
    let session = caller.call(network, 0).await;
    let session = session.map_err(Failure::of("a call"))?;
    // Whatever the first answer needs for ever is there before anything is measured.
    let first = ask(&session, &bodies(network, 1)).await?;
    read_to_end(first).await?;
    let before = memory(hub)?;
    let mut answers = Vec::new();
    for _ in 0..9 {
        answers.push(ask(&session, &bodies(network, STATEMENTS)).await?);
    }
    wait_until(PATIENCE, "the ninth request refused", || async {
        let refused = network.written(0).contains("it asked for too much at once");
        Ok(refused.then_some(()))
    })
    .await?;
    honest(network).await?;
    let grown = memory(hub)?.saturating_sub(before);
    eprintln!(
        "seed {}: eight answers not read: {} KiB",
        seed(),
        grown >> 10
    );
    if grown > GROWTH_BYTES_MAX {
        let what = format!("the hub grew by {} KiB", grown >> 10);
        return Err(Failure::new(what));
    }
    // All at once: together they fill what the connection takes in.
    let mut readers = JoinSet::new();
    for answer in answers {
        readers.spawn(read_to_end(answer));
    }
    let mut whole = 0;
    while let Some(read) = readers.join_next().await {
        let read = read.map_err(Failure::of("a reader"))?;
        whole += u64::from(read? == STATEMENTS);
    }
    if whole != 8 {
        let what = format!("{whole} of nine requests were answered whole");
        return Err(Failure::new(what));
    }
    let again = ask(&session, &bodies(network, 3)).await?;
    match read_to_end(again).await? {
        3 => {}
        given => return Err(Failure::new(format!("{given} bodies of three came"))),
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

// spec: EXC-29
#[tokio::test(flavor = "multi_thread")]
async fn request_longer_than_any_can_be_is_not_read() {
    let _alone = alone().await;
    let network = Network::make(Path::new(NODE), 0, 1, seed()).unwrap();
    let outcome = long_request(&network).await;
    network.conclude(outcome, &repeat("request_longer", ""));
}

async fn long_request(network: &Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    let outsider = network.outsider(0);
    let caller = Caller::new(network, outsider.code(), &outsider.node)?;
    let session = caller.call(network, 0).await;
    let session = session.map_err(Failure::of("a call"))?;
    let opened = session.connection.open_request().await;
    let (mut sender, _receiver) = opened.map_err(Failure::of("a stream"))?;
    // All of it may have been taken before the stream is stopped.
    let _ = sender.send(&vec![0; REQUEST_BYTES_MAX + 1]).await;
    let told = timeout(SOON, sender.delivered()).await;
    let told = told.map_err(Failure::of("a word about the request"))?;
    if told != Err(FrameError::Stopped(CloseCode::FRAMING)) {
        return Err(Failure::new(format!("the request ended as {told:?}")));
    }
    let log = network.log(0);
    let range = Frame::Range {
        origin: log,
        begin: LeafIndex::new(0),
        end: TreeSize::new(1).map_err(Failure::of("a size"))?,
        size: TreeSize::new(1).map_err(Failure::of("a size"))?,
    };
    let answer = session.ask(&range.encode()).await;
    let answer = answer.map_err(Failure::of("a request after that"))?;
    let refused = matches!(Frame::decode(&answer), Ok(Frame::Error { .. }));
    let served = matches!(Frame::decode(&answer), Ok(Frame::Block { .. }));
    if !refused && !served {
        return Err(Failure::new("no answer after that".to_owned()));
    }
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// Imports decisions at a node, each with so many more characters of facts.
async fn import(network: &Network, node: usize, rows: u64, facts: usize) -> Result<(), Failure> {
    let table = Rows::new(network.code(node), seed()).table(rows)?;
    let more = "f".repeat(facts);
    let mut lines = table.text.lines();
    let head = lines.next().unwrap_or_default();
    let lines: Vec<String> = lines.map(|line| format!("{line}{more}\n")).collect();
    let text = format!("{head}\n{}", lines.concat());
    let report = network.client(node).await?.import(&text).await?;
    match report.written == rows {
        true => Ok(()),
        false => Err(Failure::new(format!("the import came to {report:?}"))),
    }
}

/// What the member with a node says arrives at the hub.
async fn honest(network: &Network) -> Result<(), Failure> {
    import(network, 1, 20, 0).await?;
    let log = network.log(1);
    wait_until(PATIENCE, "statements of an honest member", || async {
        let status = network.status(0).await?;
        let held = status.logs.iter().find(|held| held.origin == log);
        Ok(held.is_some_and(|held| held.bodies >= 20).then_some(()))
    })
    .await
}

fn bodies(network: &Network, count: u64) -> Vec<u8> {
    let request = Frame::Bodies {
        origin: network.log(0),
        begin: LeafIndex::new(0),
        end: TreeSize::new(count).unwrap(),
        filter: BodyFilter::All,
    };
    request.encode()
}

/// Asks, and gives what the answer comes on, unread.
async fn ask(session: &Session, request: &[u8]) -> Result<FrameReceiver, Failure> {
    let opened = session.connection.open_request().await;
    let (mut sender, receiver) = opened.map_err(Failure::of("a stream"))?;
    let sent = sender.send(request).await;
    sent.map_err(Failure::of("a request"))?;
    sender.finish().map_err(Failure::of("the end of it"))?;
    Ok(receiver)
}

/// Reads an answer; how many bodies it had, 0 when the request was one too many.
async fn read_to_end(mut answer: FrameReceiver) -> Result<u64, Failure> {
    let mut given = 0;
    loop {
        let frame = timeout(PATIENCE, answer.next(FRAME_BYTES_MAX)).await;
        let frame = frame.map_err(Failure::of("an answer"))?;
        let Some(frame) = frame.map_err(Failure::of("an answer"))? else {
            return Ok(given);
        };
        let frame = Frame::decode(&frame).map_err(Failure::of("a frame of an answer"))?;
        let busy = ErrorCode::Busy;
        if let Frame::BodyBlock { entries, .. } = &frame {
            // What is for others is answered as well.
            let answered = entries.iter().filter(|entry| {
                let leaf = Leaf::decode(entry.leaf).ok();
                let for_few = leaf.is_some_and(|leaf| leaf.kind.is_between_parties());
                entry.body.is_ok() || for_few
            });
            given += answered.count() as u64;
        } else if !matches!(frame, Frame::Error { code, .. } if code == busy) {
            return Err(Failure::new(format!("an answer has {frame:?}")));
        }
    }
}

fn memory(process: &Process) -> Result<u64, Failure> {
    process
        .resident_bytes()
        .map_err(Failure::of("memory in use"))
}
