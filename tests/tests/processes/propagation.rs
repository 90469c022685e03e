//! What became of an act, asked of the nodes that were given what it is on and of those that were not.

use std::path::Path;

use concordat_protocol::admin::{
    ErrorCode, HolderCode, PropagatedView, PropagationAsk, PropagationView, Reply, Request, Target,
    WithdrawalAsk,
};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Class, Ground, WithdrawalReason};
use concordat_protocol::text::Text;
use concordat_tests::processes::{AskError, Failure, Network, NodeId, PATIENCE, Rows, wait_until};

use crate::{NODE, alone, repeat, seed};

const HUB: NodeId = 0;
const ISSUER: NodeId = 1;
const OTHER: NodeId = 2;

#[tokio::test(flavor = "multi_thread")]
async fn objection_and_withdrawal_are_proven_to_have_reached_everyone() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 2, 0, seed()).unwrap();
    let outcome = followed(&mut network).await;
    network.conclude(outcome, &repeat("objection_and_withdrawal", ""));
}

// spec: PRP-10, PRP-12, PRP-26, ADM-270, ADM-272, ADM-273
async fn followed(network: &mut Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let table = Rows::new(network.code(ISSUER), seed()).table(1)?;
    network.client(ISSUER).await?.import(&table.text).await?;
    let decision = decision(network).await?;
    let at = |origin: Origin, index| Target::Position { origin, index };
    let target = at(network.log(ISSUER), decision);
    let none = ask(network, ISSUER, &target).await?;
    if !none.acts.is_empty() || !none.sees_all {
        return Err(Failure::new(format!("an act on a new decision: {none:?}")));
    }
    let mut objector = network.client(OTHER).await?;
    wait_until(PATIENCE, "the decision at the other member", || async {
        let found = network.client(OTHER).await?.statement(target.clone()).await;
        Ok(found.ok().map(drop))
    })
    .await?;
    let objection = objector.object(target.clone(), Ground::Facts).await?;
    let objection = objection
        .reference
        .ok_or_else(|| Failure::new("no objection".to_owned()))?;
    let objected = at(objection.origin.clone(), objection.index);
    let states = [(HUB, HolderCode::Applied), (ISSUER, HolderCode::Applied)];
    let reached = reads(network, ISSUER, &objected, &states).await?;
    if !(reached.complete && reached.closed) {
        return Err(Failure::new(format!("not complete: {reached:?}")));
    }
    // Its author is given nobody's receipts, and says so.
    let unknown = [(HUB, HolderCode::NotKnown), (ISSUER, HolderCode::NotKnown)];
    let unknown = reads(network, OTHER, &objected, &unknown).await?;
    if unknown.complete || unknown.closed {
        return Err(Failure::new(format!("complete by guess: {unknown:?}")));
    }
    // A correction that one holder cannot hear of is outstanding there, and not where it is heard.
    processes.remove(HUB).stop().await?;
    let withdrawal = withdraw(network, &target).await?;
    let states = [(HUB, HolderCode::Outstanding), (OTHER, HolderCode::Applied)];
    let open = reads(network, ISSUER, &withdrawal, &states).await?;
    if open.complete || open.closed {
        return Err(Failure::new(format!("complete without the hub: {open:?}")));
    }
    processes.insert(HUB, network.spawn(HUB)?);
    network.ready(HUB).await?;
    let states = [(HUB, HolderCode::Applied), (OTHER, HolderCode::Applied)];
    let whole = reads(network, ISSUER, &withdrawal, &states).await?;
    // Nobody says anything twice after a start.
    for node in [ISSUER, OTHER] {
        processes.remove(node).stop().await?;
        processes.insert(node, network.spawn(node)?);
        network.ready(node).await?;
    }
    let again = reads(network, ISSUER, &withdrawal, &states).await?;
    let of_decision = ask(network, HUB, &target).await?;
    if again != whole || !whole.complete || of_decision.acts.len() != 2 {
        let found = format!("{whole:?}, {again:?}, {of_decision:?}");
        return Err(Failure::new(found));
    }
    refused(network).await?;
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// The position of the one decision in the issuer's log.
async fn decision(network: &Network) -> Result<LeafIndex, Failure> {
    let size = network.status(ISSUER).await?.logs;
    let log = network.log(ISSUER);
    let size = size.iter().find(|held| held.origin == log);
    let size = size.map_or(0, |held| held.size.value());
    for index in (0..size).map(LeafIndex::new) {
        let origin = log.clone();
        let target = Target::Position { origin, index };
        let found = network.client(ISSUER).await?.statement(target).await?;
        if found.class == Class::Decision {
            return Ok(index);
        }
    }
    Err(Failure::new("no decision was imported".to_owned()))
}

async fn withdraw(network: &Network, target: &Target) -> Result<Target, Failure> {
    let ask = WithdrawalAsk {
        target: target.clone(),
        reason: WithdrawalReason::OtherError,
        reasons: Text::new("made for a test").map_err(Failure::of("a reason"))?,
        issuer: None,
        dry_run: false,
    };
    let reply = network
        .client(ISSUER)
        .await?
        .ask(&Request::Withdrawal(ask))
        .await?;
    let Reply::Recorded(recorded) = reply else {
        return Err(Failure::new(format!("a withdrawal came to {reply:?}")));
    };
    let reference = recorded
        .reference
        .ok_or_else(|| Failure::new("nothing".to_owned()))?;
    Ok(Target::Position {
        origin: reference.origin,
        index: reference.index,
    })
}

async fn ask(network: &Network, node: NodeId, target: &Target) -> Result<PropagationView, Failure> {
    let ask = Request::Propagation(PropagationAsk {
        target: target.clone(),
    });
    match network.client(node).await?.ask(&ask).await? {
        Reply::Propagation(view) => Ok(*view),
        reply => Err(Failure::new(format!("no propagation: {reply:?}"))),
    }
}

/// Waits until a node says so of an act.
async fn reads(
    network: &Network,
    node: NodeId,
    act: &Target,
    states: &[(NodeId, HolderCode)],
) -> Result<PropagatedView, Failure> {
    let what = format!("{states:?} of {act} at node {node}");
    wait_until(PATIENCE, &what, || async {
        let ask = Request::Propagation(PropagationAsk {
            target: act.clone(),
        });
        let view = match network.client(node).await?.ask(&ask).await {
            Ok(Reply::Propagation(view)) => view,
            Err(AskError::Refused(_)) => return Ok(None),
            other => return Err(Failure::new(format!("it came to {other:?}"))),
        };
        let Some(found) = view.acts.first() else {
            return Ok(None);
        };
        let mut wanted: Vec<_> = states
            .iter()
            .map(|(node, state)| (network.code(*node), *state))
            .collect();
        wanted.sort();
        let holders = found.holders.iter().map(|one| (one.member, one.state));
        let has_horizon = view.horizon.iter().all(|reach| reach.read <= reach.held);
        let is_so = holders.eq(wanted) && has_horizon && view.horizon.len() == network.len();
        Ok(is_so.then(|| found.clone()))
    })
    .await
}

/// What is neither act nor decision goes nowhere.
async fn refused(network: &Network) -> Result<(), Failure> {
    let origin = network.log(HUB);
    let registry = origin.to_string().replace("/0", "/1");
    let registry = registry.parse().map_err(Failure::of("the registry"))?;
    let ask = Request::Propagation(PropagationAsk {
        target: Target::Position {
            origin: registry,
            index: LeafIndex::new(0),
        },
    });
    match network.client(ISSUER).await?.ask(&ask).await {
        Err(AskError::Refused(error))
            if error.code == ErrorCode::WrongClass
                && error.detail("class") == Some("enrolment") =>
        {
            Ok(())
        }
        other => Err(Failure::new(format!("an enrolment came to {other:?}"))),
    }
}
