//! Whether a certificate names everyone who has applied an act, and everyone else as what it is.

use concordat_protocol::propagation::{Certificate, State};
use concordat_tests::sim::certificates;

use super::*;

/// The certificates of a node's acts on statements of its own that `away` was given.
fn own(cluster: &Cluster, node: NodeId, away: NodeId) -> Vec<Certificate> {
    let core = cluster.core(node).unwrap();
    let log = core.own_logs().remove(0);
    let all = certificates(code(cluster, node), core);
    let was_given = |one: &Certificate| one.states[&code(cluster, away)] != State::NeverGiven;
    let own = all
        .into_iter()
        .filter(|one| one.act.reference.origin == log);
    own.filter(|one| one.act.target.origin == log && was_given(one))
        .collect()
}

/// Has a node say things until it has acted on a statement of its own that `away` was given.
fn act(cluster: &mut Cluster, node: NodeId, away: NodeId) -> StatementRef {
    let before = own(cluster, node, away).len();
    for _ in 0..400 {
        cluster.say_something(node).unwrap();
        cluster.run_for(20).unwrap();
        let mut acts = own(cluster, node, away);
        if acts.len() > before {
            acts.sort_by_key(|one| one.act.reference.index);
            return acts.pop().unwrap().act.reference;
        }
    }
    panic!("nothing was acted on");
}

// spec: PRP-10, PRP-13, PRP-24
#[test]
fn certificate_names_who_is_cut_off_and_is_complete_once_all_have_applied() {
    let mut cluster = peaceful(3);
    cluster.part_from_all(3);
    let reference = act(&mut cluster, 1, 3);
    cluster.run_for(5_000).unwrap();
    let of_act = |cluster: &Cluster| {
        let all = certificates(code(cluster, 1), cluster.core(1).unwrap());
        let mut of_act = all.into_iter().filter(|one| one.act.reference == reference);
        of_act.next().unwrap()
    };
    let parted = of_act(&cluster);
    let away = code(&cluster, 3);
    let since = |state: &State| matches!(state, State::Outstanding { given: Some(_), .. });
    assert!(since(&parted.states[&away]), "{parted:?}");
    let codes = [0, 1, 2, 3].map(|node| code(&cluster, node));
    let applied = |certificate: &Certificate, node: NodeId| {
        let state = &certificate.states[&codes[node]];
        matches!(state, State::Applied { .. })
    };
    assert!(applied(&parted, 0) && applied(&parted, 2), "{parted:?}");
    assert!(!parted.is_complete() && !parted.is_closed());
    assert_eq!(parted.outstanding().collect::<Vec<_>>(), [away]);
    // A restart of everyone in between forgets nothing.
    for node in [0, 1, 2, 3] {
        cluster.restart(node).unwrap();
    }
    cluster.run_for(5_000).unwrap();
    let again = of_act(&cluster);
    assert_eq!(again.states, parted.states);
    cluster.calm().unwrap();
    cluster.converge().unwrap();
    let whole = of_act(&cluster);
    assert!(whole.is_complete() && whole.is_closed(), "{whole:?}");
    for node in [0, 2, 3] {
        assert!(applied(&whole, node), "{whole:?}");
    }
}

// spec: PRP-23, PRP-50, TRU-80
#[test]
fn certificate_tells_a_member_that_is_lost_from_one_that_is_awaited() {
    let mut cluster = peaceful(3);
    let away = code(&cluster, 3);
    cluster.stop(3);
    let reference = act(&mut cluster, 1, 3);
    let reasons = || Text::new("for a test").unwrap();
    let stands = |standing| {
        Content::Suspension(Suspension {
            member: away,
            standing,
            reasons: reasons(),
        })
    };
    let loss = Content::Loss(Loss {
        member: away,
        reasons: reasons(),
        basis: vec![LegalBasis {
            law: Text::new("行政诉讼法").unwrap(),
            article: Text::new("第二十六条").unwrap(),
            level: BasisLevel::Law,
        }],
    });
    // Neither being suspended nor having left is being lost, and who takes part again is not lost.
    for (change, is_closed) in [
        (stands(Standing::Suspended), false),
        (loss, true),
        (stands(Standing::Left), true),
        (stands(Standing::Active), false),
    ] {
        cluster.change_registry(change).unwrap();
        cluster.run_for(10_000).unwrap();
        let all = certificates(code(&cluster, 1), cluster.core(1).unwrap());
        let found = all.iter().find(|one| one.act.reference == reference);
        let found = found.unwrap();
        assert_eq!(found.is_closed(), is_closed, "{found:?}");
        assert!(!found.is_complete());
        let lost = matches!(found.states[&away], State::Lost { .. });
        assert_eq!(lost, is_closed, "{found:?}");
    }
}

/// What a node has said that it holds of a log, the newest last.
fn said_of(cluster: &Cluster, node: NodeId, of: NodeId) -> Vec<HoldingsFields> {
    let own = cluster.core(node).unwrap().own_logs().remove(0);
    let log = cluster.core(of).unwrap().own_logs().remove(0);
    let shared = cluster.core(node).unwrap().shared();
    let size = shared.logs().get(&own).map_or(0, |log| log.size().value());
    let said = (0..size).filter_map(|index| {
        let body = shared.body(&own, LeafIndex::new(index))?;
        let body = Body::decode(&body).ok()?;
        let statement = Statement::decode(body.statement()).ok()?;
        let Content::Holdings(said) = &statement.payload().content else {
            return None;
        };
        Some(said.fields().clone())
    });
    said.filter(|fields| fields.origin == log).collect()
}

// spec: PRP-53, PRP-54, PRP-57
#[test]
fn holdings_are_said_once_a_minute_and_missed_where_a_member_is_away() {
    let mut cluster = peaceful(3);
    cluster.run_for(200_000).unwrap();
    cluster.converge().unwrap();
    let before = said_of(&cluster, 3, 1).len();
    assert!(before > 0);
    let said = said_of(&cluster, 3, 1).pop().unwrap();
    assert_eq!(said.from.value(), 0, "{said:?}");
    // Nothing comes, nothing is said; and a restart says nothing again.
    cluster.restart(3).unwrap();
    cluster.run_for(200_000).unwrap();
    assert_eq!(said_of(&cluster, 3, 1).len(), before);
    let odd = |cluster: &Cluster, node| {
        let odd = cluster.core(node).unwrap().shared().odd_holdings();
        odd.into_iter().map(|one| one.member).collect::<Vec<_>>()
    };
    // It is given things and goes away before it says so.
    act(&mut cluster, 1, 3);
    cluster.run_for(5_000).unwrap();
    cluster.stop(3);
    cluster.run_for(1_300_000).unwrap();
    let away = code(&cluster, 3);
    assert_eq!(odd(&cluster, 1), [away]);
    cluster.restart(3).unwrap();
    cluster.run_for(1_300_000).unwrap();
    assert_eq!(odd(&cluster, 1), []);
    assert!(said_of(&cluster, 3, 1).len() > before);
}
