//! What a node does before it signs again: after a loss, a copy, or with keys that are not its own.

use super::*;

// spec: STO-27
#[test]
fn lost_directory_is_fetched_back_before_the_node_signs_again() {
    let mut cluster = peaceful(3);
    let before = bodies(&cluster, 1, 1).len();
    cluster.lose_directory(1).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.say_something(1).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
    let core = cluster.core(1).unwrap();
    let (origin, index) = (core.own_logs().remove(0), LeafIndex::new(before as u64));
    let body = Body::decode(&core.shared().body(&origin, index).unwrap()).unwrap();
    let statement = Statement::decode(body.statement()).unwrap();
    let Content::Restart(restart) = &statement.payload().content else {
        panic!("the first entry after the loss is no restart");
    };
    assert_eq!(restart.size, TreeSize::new(before as u64).unwrap());
}

/// A node whose directory ran elsewhere as a copy and said more there; the directory itself again.
fn moved_and_back(node: NodeId) -> (Cluster, MemoryDisk) {
    let mut cluster = peaceful(3);
    let original = cluster.move_to_copy(node).unwrap().unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
    for _ in 0..5 {
        cluster.say_something(node).unwrap();
        cluster.run_for(1_000).unwrap();
    }
    cluster.converge().unwrap();
    (cluster, original)
}

/// How many restarts a node has logged.
fn restarts(cluster: &Cluster, node: NodeId) -> usize {
    let core = cluster.core(node).unwrap();
    let (shared, origin) = (core.shared(), core.own_logs().remove(0));
    let size = shared.logs().get(&origin).unwrap().size().value();
    let restart = |index: &u64| {
        let body = shared.body(&origin, LeafIndex::new(*index)).unwrap();
        let body = Body::decode(&body).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        matches!(statement.payload().content, Content::Restart(_))
    };
    (0..size).filter(restart).count()
}

// spec: STO-40, STO-41
#[test]
fn directory_whose_copy_went_on_elsewhere_fetches_back_before_it_signs() {
    for node in [0, 1] {
        let (mut cluster, original) = moved_and_back(node);
        let before = restarts(&cluster, node);
        cluster.move_back(node, original).unwrap();
        let signing = *cluster.core(node).unwrap().signing();
        assert!(matches!(signing, Signing::Greeting { .. }), "{signing:?}");
        cluster.run_for(20_000).unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
        cluster.say_something(node).unwrap();
        cluster.converge().unwrap();
        cluster.check_everything_kept().unwrap();
        assert_eq!(restarts(&cluster, node), before + 1);
    }
}

// spec: STO-41, STO-44
#[test]
fn node_that_signs_unheard_stops_when_it_learns_of_its_copy() {
    let (mut cluster, original) = moved_and_back(1);
    let before = restarts(&cluster, 1);
    for other in [0, 2, 3] {
        cluster.stop(other);
    }
    cluster.move_back(1, original).unwrap();
    cluster.run_for(3_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.calm().unwrap();
    let mut patience = 10_000;
    while *cluster.core(1).unwrap().signing() == Signing::Open && patience > 0 {
        cluster.run_for(1).unwrap();
        patience -= 1;
    }
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    assert!(cluster.core(1).unwrap().shared().surpassed().unwrap().lasts);
    // It may still run elsewhere: only somebody who has looked may let this one sign again.
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.restart(1).unwrap();
    cluster.run_for(20_000).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    assert!(cluster.core(1).unwrap().shared().surpassed().is_none());
    assert_eq!(restarts(&cluster, 1), before + 1);
}

// spec: STO-27
#[test]
fn moved_hub_that_alone_cosigns_asks_its_members() {
    let mut cluster = peaceful(3);
    let registry = &cluster.network().registry;
    let alone = Policy {
        cosigners: vec![code(&cluster, 0)],
        quorum: 1,
        faults: 0,
        ..registry.policy().clone()
    };
    cluster.change_registry(Content::Policy(alone)).unwrap();
    cluster.converge().unwrap();
    cluster.stop(2);
    cluster.stop(3);
    cluster.move_to_copy(0).unwrap();
    cluster.run_for(20_000).unwrap();
    // One of three has answered.
    assert_eq!(*cluster.core(0).unwrap().signing(), Signing::Held);
    cluster.calm().unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(0).unwrap().signing(), Signing::Open);
    cluster.say_something(0).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
}

// spec: STO-44
#[test]
fn node_with_a_log_key_that_is_not_its_own_signs_nothing() {
    let mut cluster = peaceful(2);
    cluster.restart_with_log_key_of(1, 2).unwrap();
    cluster.run_for(30_000).unwrap();
    let core = cluster.core(1).unwrap();
    assert_ne!(*core.signing(), Signing::Open);
    assert_eq!(core.shared().foreign_keys(), [KeyUse::Log]);
}

// spec: STO-44
#[test]
fn node_whose_keys_are_taken_while_it_signs_signs_no_more() {
    for (node, key_use) in [
        (1, KeyUse::Log),
        (1, KeyUse::Statement),
        (0, KeyUse::Statement),
    ] {
        let mut cluster = peaceful(3);
        let change = Content::CutOff(cut_off(&cluster, node, key_use));
        cluster.change_registry(change).unwrap();
        cluster.run_for(10_000).unwrap();
        let core = cluster.core(node).unwrap();
        assert_eq!(*core.signing(), Signing::Held, "{node} {key_use:?}");
        assert_eq!(core.shared().foreign_keys(), [key_use]);
        // That it was taken has reached everyone, also when it was the hub's.
        let registry = cluster.network().registry.size();
        for other in 0..4 {
            assert_eq!(cluster.core(other).unwrap().registry().size(), registry);
        }
        cluster.restart(node).unwrap();
        cluster.run_for(30_000).unwrap();
        assert_ne!(*cluster.core(node).unwrap().signing(), Signing::Open);
    }
}

/// Cuts a key of a node off behind all that it has signed.
fn cut_off(cluster: &Cluster, node: usize, key_use: KeyUse) -> CutOff {
    let member = match node {
        0 => &cluster.network().hub,
        node => &cluster.network().members[node - 1],
    };
    let genesis = &cluster.network().genesis;
    let log = genesis.origin(member.code(), LogNumber::Statements);
    let logs = cluster.core(node).unwrap().shared();
    let logs = logs.logs();
    let log = logs.get(&log).map(|log| (log.size(), log.tree().root()));
    let (size, root) = log.unwrap();
    let (key, continues) = match key_use == KeyUse::Log {
        true => (&member.log, Some((size, root))),
        false => (&member.statement, None),
    };
    CutOff {
        member: member.code(),
        key_use,
        key: key.public_key(),
        from: Some(LeafIndex::new(size.value())),
        continues,
        replacement: Some(SigningKey::from_bytes(&[9; 32]).public_key()),
        next: None,
    }
}

// spec: STO-43
#[test]
fn claim_without_a_head_does_not_keep_a_restored_node_from_signing() {
    for node in [0, 1] {
        let mut cluster = peaceful(3);
        cluster.move_to_copy(node).unwrap();
        cluster
            .claim(node, 3, TreeSize::new(1_000_000).unwrap())
            .unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Held);
        cluster.run_for(30_000).unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
    }
}

// spec: STO-26
#[test]
fn hub_without_its_directory_does_not_start_a_second_registry() {
    let mut cluster = peaceful(2);
    let refused = cluster.lose_directory(0).unwrap_err().to_string();
    assert!(refused.contains("--first-start"), "{refused}");
}

// spec: STO-26
#[test]
fn node_without_its_directory_signs_nothing_while_the_hub_is_down() {
    let mut cluster = peaceful(2);
    cluster.stop(0);
    cluster.lose_directory(1).unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
}
