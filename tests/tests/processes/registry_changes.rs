//! What a change of the registry does to connections that stand.

use std::path::Path;
use std::time::Instant;

use concordat_net::{Alert, CloseCode, CloseReason, NetError};
use concordat_protocol::admin::{ErrorCode, LinkCode, Target};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::message::{Absence, BodyFilter, Frame};
use concordat_protocol::statement::{
    Content, CutOff, Ground, KeyUse, Kind, Leaf, Standing, Suspension,
};
use concordat_protocol::text::Text;
use concordat_tests::processes::{
    AskError, Caller, Failure, Network, NodeId, PATIENCE, Rows, wait_until,
};
use tokio::time::timeout;

use crate::{NODE, SOON, alone, repeat, seed};

/// The node whose member is cut off or suspended.
const AFFECTED: NodeId = 3;

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_node_key_loses_its_live_connections_within_five_seconds() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 3, 0, seed()).unwrap();
    let outcome = cut_off(&mut network).await;
    network.conclude(outcome, &repeat("cut_off_node_key", ""));
}

// spec: TRN-9
async fn cut_off(network: &mut Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    for node in 0..AFFECTED {
        linked(network, node, true).await?;
    }
    let member = network.plan().members[AFFECTED - 1].clone();
    // The same key at a second place: its connections are watched from this end.
    let caller = Caller::new(network, member.code(), &member.node)?;
    let mut sessions = Vec::new();
    for node in 0..AFFECTED {
        let session = caller.call(network, node).await;
        sessions.push(session.map_err(Failure::of("a call"))?);
    }
    let began = Instant::now();
    let change = CutOff {
        member: member.code(),
        key_use: KeyUse::Node,
        key: member.node.public_key(),
        from: None,
        continues: None,
        replacement: None,
        next: None,
    };
    network.change(Content::CutOff(change)).await?;
    for (node, session) in sessions.iter().enumerate() {
        let left = SOON.saturating_sub(began.elapsed());
        let reason = timeout(left, session.connection.closed()).await;
        let reason = reason.map_err(Failure::of("a connection with the key cut off"))?;
        if reason != CloseReason::There(CloseCode::REVOKED) {
            return Err(Failure::new(format!("node {node} closed it so: {reason}")));
        }
    }
    let closed = began.elapsed();
    for node in 0..AFFECTED {
        linked(network, node, false).await?;
        let again = caller.dial(network.listen(node), network.node_key(node));
        let again = again.await.err();
        if again != Some(NetError::RefusedByOther(Alert::AccessDenied)) {
            return Err(Failure::new(format!(
                "node {node} was dialled again: {again:?}"
            )));
        }
    }
    let gone = began.elapsed();
    if gone > SOON {
        return Err(Failure::new(format!("the member was gone after {gone:?}")));
    }
    eprintln!(
        "seed {}: after the cut-off was handed in, {} connections with the key were closed within \
         {closed:?}, and the member was gone everywhere after {gone:?}",
        seed(),
        sessions.len()
    );
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// Waits until a node has, or has no longer, a connection with the member concerned.
async fn linked(network: &Network, node: NodeId, wanted: bool) -> Result<(), Failure> {
    let member = network.code(AFFECTED);
    let what = format!("node {node} with a link to {member}: {wanted}");
    wait_until(PATIENCE, &what, || async {
        let status = network.status(node).await?;
        let mut peers = status.peers.iter().filter(|peer| peer.member == member);
        let connected = peers.any(|peer| peer.link == LinkCode::Connected);
        Ok((connected == wanted).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_member_is_refused_everything_but_acts_until_it_is_restored() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 3, 0, seed()).unwrap();
    let outcome = suspension(&mut network).await;
    network.conclude(outcome, &repeat("suspended_member", ""));
}

/// Decisions made before the suspension, and again during it.
const DECISIONS: u64 = 5;

// spec: EXC-20
async fn suspension(network: &mut Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    let mut rows = Rows::new(network.code(1), seed());
    import(network, &mut rows).await?;
    holds(network, AFFECTED, (DECISIONS, DECISIONS)).await?;
    stand(network, Standing::Suspended).await?;
    import(network, &mut rows).await?;
    let decisions = network.spoken(1).await?;
    let first = decisions.first().copied().unwrap_or(LeafIndex::new(0));
    let first = position(network, first);
    let recorded = network
        .client(1)
        .await?
        .object(first, Ground::Facts)
        .await?;
    let reference = recorded.reference.map(|reference| reference.index);
    let spoken = network.spoken(1).await?;
    if decisions.len() as u64 != 2 * DECISIONS || spoken.last().copied() != reference {
        return Err(Failure::new(format!("the objection is at {reference:?}")));
    }
    let act = position(network, reference.unwrap_or(LeafIndex::new(0)));
    let size = 2 * DECISIONS + 1;
    holds(network, 2, (size, size)).await?;
    // All leaves, the bodies from before, and the act.
    holds(network, AFFECTED, (size, DECISIONS + 1)).await?;
    let mut suspended = network.client(AFFECTED).await?;
    // A body is counted when it is taken in, and answered for once it is durable, a moment later.
    wait_until(PATIENCE, "the act at the suspended member", || async {
        match network.client(AFFECTED).await?.statement(act.clone()).await {
            Ok(_) => Ok(Some(())),
            Err(AskError::Refused(error)) if error.code == ErrorCode::BodyNotHeld => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    for index in decisions.iter().copied().skip(decisions.len() / 2) {
        let refused = suspended.statement(position(network, index)).await;
        let Err(AskError::Refused(error)) = refused else {
            return Err(Failure::new(format!("position {index}: {refused:?}")));
        };
        if error.code != ErrorCode::BodyNotHeld {
            return Err(Failure::new(format!("position {index}: {error:?}")));
        }
    }
    let own = Rows::new(network.code(AFFECTED), seed()).table(1)?;
    let report = suspended.import(&own.text).await?;
    if (report.written, report.refused) != (0, 1) {
        return Err(Failure::new(format!("it could still decide: {report:?}")));
    }
    withheld(network).await?;
    stand(network, Standing::Active).await?;
    holds(network, AFFECTED, (size, size)).await?;
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// Asks for the bodies by hand, with the key of the suspended member: acts come, data does not.
async fn withheld(network: &Network) -> Result<(), Failure> {
    let member = &network.plan().members[AFFECTED - 1];
    let caller = Caller::new(network, member.code(), &member.node)?;
    let last = network
        .spoken(1)
        .await?
        .last()
        .map_or(0, |last| last.value());
    let end = TreeSize::new(last + 1).map_err(Failure::of("a size"))?;
    let ask = Frame::Bodies {
        origin: network.log(1),
        begin: LeafIndex::new(0),
        end,
        filter: BodyFilter::All,
    };
    let ask = ask.encode();
    for node in [0, 1] {
        let session = caller.call(network, node).await;
        let session = session.map_err(Failure::of("a call"))?;
        let answer = session.ask(&ask).await.map_err(Failure::of("bodies"))?;
        let answer = Frame::decode(&answer).map_err(Failure::of("an answer"))?;
        let Frame::BodyBlock { entries, .. } = answer else {
            return Err(Failure::new(format!("node {node} answered {answer:?}")));
        };
        let mut spoken = 0;
        for entry in &entries {
            let leaf = Leaf::decode(entry.leaf).map_err(Failure::of("a leaf"))?;
            if leaf.kind.is_between_parties() {
                continue;
            }
            spoken += 1;
            let fits = match leaf.kind == Kind::Data {
                true => entry.body == Err(Absence::Suspended),
                false => entry.body.is_ok(),
            };
            if !fits {
                return Err(Failure::new(format!("node {node} gave {entry:?}")));
            }
        }
        if spoken != 2 * DECISIONS + 1 {
            return Err(Failure::new(format!("node {node}: {spoken} entries")));
        }
    }
    Ok(())
}

async fn import(network: &Network, rows: &mut Rows) -> Result<(), Failure> {
    let table = rows.table(DECISIONS)?;
    let report = network.client(1).await?.import(&table.text).await?;
    match report.written == DECISIONS {
        true => Ok(()),
        false => Err(Failure::new(format!("the import came to {report:?}"))),
    }
}

/// Changes the standing of the member concerned and waits until every node knows.
async fn stand(network: &mut Network, standing: Standing) -> Result<(), Failure> {
    let member = network.code(AFFECTED);
    let change = Suspension {
        member,
        standing,
        reasons: Text::new("for a test").map_err(Failure::of("a text"))?,
    };
    network.change(Content::Suspension(change)).await?;
    for node in 0..network.len() {
        wait_until(PATIENCE, "the new standing", || async {
            let status = network.status(node).await?;
            let mut peers = status.peers.iter();
            let known = match status.member == member {
                true => status.standing,
                false => peers.find(|peer| peer.member == member).map(|p| p.standing),
            };
            Ok((known == Some(standing)).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// Waits until a node has so many leaves and bodies of the decisions and acts of node 1.
async fn holds(network: &Network, node: NodeId, wanted: (u64, u64)) -> Result<(), Failure> {
    let what = format!("{wanted:?} leaves and bodies at node {node}");
    wait_until(PATIENCE, &what, || async {
        let held = network.heard(node, 1).await?;
        Ok((held == wanted).then_some(()))
    })
    .await
}

fn position(network: &Network, index: LeafIndex) -> Target {
    Target::Position {
        origin: network.log(1),
        index,
    }
}
