//! What became of an act, asked of the nodes that were given what it is on and of those that were not.

use std::path::Path;

use concordat_protocol::admin::{
    ErrorCode, HolderCode, PropagatedView, PropagationAsk, PropagationView, Reply, Request, Target,
    WithdrawalAsk,
};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Ground, WithdrawalReason};
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

// spec: PRP-10, PRP-12, PRP-26, ADM-270, ADM-272, ADM-273, IDX-80, IDX-81
async fn followed(network: &mut Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let table = Rows::new(network.code(ISSUER), seed()).table(2)?;
    network.client(ISSUER).await?.import(&table.text).await?;
    let decisions = network.spoken(ISSUER).await?;
    let [decision, other] = decisions[..] else {
        return Err(Failure::new(format!("decisions at {decisions:?}")));
    };
    let at = |origin: Origin, index| Target::Position { origin, index };
    let target = at(network.log(ISSUER), decision);
    let other = at(network.log(ISSUER), other);
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
    many(network, &other).await?;
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

async fn withdraw(network: &Network, target: &Target) -> Result<Target, Failure> {
    let ask = WithdrawalAsk {
        target: target.clone(),
        reason: WithdrawalReason::OtherError,
        reasons: Text::new("made for a test").map_err(Failure::of("a reason"))?,
        issuer: None,
        dry_run: false,
        exit: None,
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
    let reply = network.client(node).await?.ask(&ask).await?;
    let Reply::Propagation(view) = reply else {
        return Err(Failure::new(format!("no propagation: {reply:?}")));
    };
    Ok(*view)
}

/// Waits until a node says so of an act.
pub(crate) async fn reads(
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

/// Of many acts on one decision an answer says how many it leaves out.
// spec: ADM-271
async fn many(network: &Network, target: &Target) -> Result<(), Failure> {
    let mut objector = network.client(OTHER).await?;
    wait_until(PATIENCE, "the other decision", || async {
        let found = network.client(OTHER).await?.statement(target.clone()).await;
        Ok(found.ok().map(drop))
    })
    .await?;
    for _ in 0..66 {
        objector.object(target.clone(), Ground::Amount).await?;
    }
    let view = ask(network, OTHER, target).await?;
    match (view.acts.len(), view.acts_left) {
        (64, Some(2)) => Ok(()),
        found => Err(Failure::new(format!("{found:?} acts are shown and left"))),
    }
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
