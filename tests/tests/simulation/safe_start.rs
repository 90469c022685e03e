//! What a node does before it signs again: after a loss, a copy, or with keys that are not its own.

use concordat_node::journal::BodyPointer;

use super::*;

// spec: STO-27
#[test]
fn lost_directory_is_fetched_back_before_the_node_signs_again() {
    let mut cluster = peaceful(3);
    let replica = cluster.core(1).unwrap().own_logs().remove(0);
    let replica = cluster.core(1).unwrap().exchange().replica(&replica);
    let before = replica.unwrap().durable().value();
    cluster.lose_directory(1).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.say_something(1).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
    let core = cluster.core(1).unwrap();
    let (origin, index) = (core.own_logs().remove(0), LeafIndex::new(before));
    let body = Body::decode(&core.shared().body(&origin, index).unwrap()).unwrap();
    let statement = Statement::decode(body.statement()).unwrap();
    let Content::Restart(restart) = &statement.payload().content else {
        panic!("the first entry after the loss is no restart");
    };
    assert_eq!(restart.size, TreeSize::new(before).unwrap());
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
        let Some(body) = shared.body(&origin, LeafIndex::new(*index)) else {
            return false;
        };
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
        // Whom nobody reaches before the greeting ends signs, which is another case.
        cluster.reconnect(node).unwrap();
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

/// A node that has lost its directory, and of whose last decision the others hold no more than the leaf;
/// with where its body lies damaged at each of them.
fn body_lost() -> (Cluster, Origin, LeafIndex, Vec<(NodeId, BodyPointer)>) {
    let mut cluster = peaceful(3);
    let origin = cluster.core(1).unwrap().own_logs().remove(0);
    let place = |node, index| {
        let shared = cluster.core(node).unwrap().shared();
        let state = shared.logs().get(&origin)?.body(LeafIndex::new(index));
        let BodyState::Held(pointer) = state else {
            return None;
        };
        Some((node, pointer))
    };
    let size = cluster.core(3).unwrap().exchange().replica(&origin);
    let size = size.unwrap().durable().value();
    let is_decision = |index| {
        let shared = cluster.core(3).unwrap().shared();
        let leaf = shared.leaf(&origin, LeafIndex::new(index));
        Leaf::decode(&leaf.unwrap()).unwrap().kind == Kind::Data
    };
    let mut held = (0..size).rev().filter(|index| place(3, *index).is_some());
    let last = held.find(|index| is_decision(*index));
    let last = last.unwrap();
    let copies = [0, 2, 3].into_iter().filter_map(|node| place(node, last));
    let copies: Vec<_> = copies.collect();
    for (node, pointer) in &copies {
        assert!(cluster.flip_body(*node, *pointer));
    }
    let last = LeafIndex::new(last);
    cluster.give_up(&origin, last);
    cluster.lose_directory(1).unwrap();
    (cluster, origin, last, copies)
}

fn missing(cluster: &Cluster, node: NodeId) -> Vec<u64> {
    let missing = cluster.core(node).unwrap().shared().missing_bodies();
    missing.into_values().collect()
}

// spec: STO-27, STO-45, EXC-103
#[test]
fn body_of_its_own_that_nobody_holds_keeps_a_node_from_signing_until_its_operator_accepts() {
    let (mut cluster, origin, index, copies) = body_lost();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    assert_eq!(missing(&cluster, 1), [1]);
    // Whoever has not answered may hold it.
    cluster.stop(0);
    cluster.restart_accepting_loss(1).unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.calm().unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    assert_eq!(restarts(&cluster, 1), 1);
    assert_eq!(missing(&cluster, 1), [1]);
    // The others learn that it goes on without.
    for other in [2, 3] {
        let given_up = cluster.core(other).unwrap().shared().given_up_bodies();
        assert_eq!(given_up.get(&origin), Some(&1), "{other}: {given_up:?}");
    }
    // From then on it signs without being told again, and asks for the body whoever comes.
    cluster.restart(1).unwrap();
    assert_eq!(missing(&cluster, 1), [1]);
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.say_something(1).unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(restarts(&cluster, 1), 1);
    assert!(!holds(&cluster, 1, &origin, index));
    for (node, pointer) in copies {
        assert!(cluster.flip_body(node, pointer));
        cluster.restart(node).unwrap();
    }
    cluster.run_for(20_000).unwrap();
    assert!(holds(&cluster, 1, &origin, index));
    assert!(missing(&cluster, 1).is_empty());
    cluster.converge().unwrap();
    let given_up = cluster.core(2).unwrap().shared().given_up_bodies();
    assert!(given_up.is_empty(), "{given_up:?}");
}

// spec: STO-45
#[test]
fn body_that_one_other_member_holds_is_waited_for_also_where_a_loss_is_accepted() {
    let (mut cluster, origin, index, copies) = body_lost();
    let (node, pointer) = copies[0];
    assert!(cluster.flip_body(node, pointer));
    cluster.restart(node).unwrap();
    cluster.restart_accepting_loss(1).unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    assert!(holds(&cluster, 1, &origin, index));
    assert!(missing(&cluster, 1).is_empty());
}

/// Its logs 1 and 2 were in doubt like any other.
// spec: STO-46, TRU-33
#[test]
fn moved_hub_begins_every_log_with_a_restart_and_everyone_goes_on_with_it() {
    let mut cluster = peaceful(3);
    let sizes = |cluster: &Cluster| {
        let core = cluster.core(0).unwrap();
        let sizes = core.own_logs().into_iter().map(|origin| {
            let size = core.shared().logs().get(&origin).unwrap().size();
            (origin, size.value())
        });
        sizes.collect::<Vec<_>>()
    };
    let before = sizes(&cluster);
    assert_eq!(before.len(), 3);
    cluster.move_to_copy(0).unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(0).unwrap().signing(), Signing::Open);
    for (origin, size) in before {
        let shared = cluster.core(2).unwrap().shared();
        let body = shared.body(&origin, LeafIndex::new(size)).unwrap();
        let body = Body::decode(&body).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        let Content::Restart(restart) = &statement.payload().content else {
            panic!("{origin} goes on without a restart");
        };
        assert_eq!(restart.size.value(), size, "{origin}");
    }
    let registry = cluster.core(0).unwrap().registry().ctx();
    // A change after it is taken by everyone, and so is what is said under it.
    let policy = cluster.core(0).unwrap().registry().policy().clone();
    cluster.change_registry(Content::Policy(policy)).unwrap();
    cluster.run_for(5_000).unwrap();
    for node in 0..4 {
        let ctx = cluster.core(node).unwrap().registry().ctx();
        assert!(ctx.size > registry.size, "node {node}");
        cluster.say_something(node).unwrap();
    }
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
}

// spec: STO-29
#[test]
fn hub_without_its_directory_has_nothing_that_a_loss_could_be_accepted_of() {
    let mut cluster = peaceful(2);
    cluster.lose_directory(0).unwrap_err();
    let refused = cluster.restart_accepting_loss(0).unwrap_err().to_string();
    assert!(refused.contains("nothing is left"), "{refused}");
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

/// Every disk call between the answers of the others and the first head is the last one once.
// spec: STO-46, STO-67
#[test]
fn node_that_dies_while_it_goes_on_after_doubt_logs_its_restart_all_the_same() {
    for calls in 0..24 {
        let mut cluster = peaceful(2);
        let origin = cluster.core(1).unwrap().own_logs().remove(0);
        let size = |cluster: &Cluster| {
            let shared = cluster.core(1).unwrap().shared();
            let size = shared.logs().get(&origin).unwrap().size();
            size.value()
        };
        let before = size(&cluster);
        cluster.move_to_copy(1).unwrap();
        cluster.fail_after(1, calls);
        cluster.run_for(40_000).unwrap();
        let core = cluster.core(1).unwrap();
        assert_eq!(*core.signing(), Signing::Open, "after {calls} calls");
        assert!(size(&cluster) > before, "no entry after {calls} calls");
        let body = core.shared().body(&origin, LeafIndex::new(before)).unwrap();
        let body = Body::decode(&body).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        let content = &statement.payload().content;
        assert!(
            matches!(content, Content::Restart(_)),
            "after {calls} calls"
        );
    }
}

// spec: STO-100
#[test]
fn silence_of_logs_that_were_not_heard_since_a_restore_is_no_consent() {
    let mut cluster = peaceful(3);
    let foreign = cluster.core(2).unwrap().own_logs().remove(0);
    cluster.say_something(2).unwrap();
    cluster.converge().unwrap();
    let heard = |cluster: &Cluster| cluster.core(1).unwrap().shared().heard_at(&foreign);
    assert!(heard(&cluster).is_some());
    // A start of the very directory knows what it knew.
    cluster.restart(1).unwrap();
    assert!(heard(&cluster).is_some());
    for other in [0, 2, 3] {
        cluster.stop(other);
    }
    cluster.move_to_copy(1).unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(heard(&cluster), None);
    // Nor does it after another start.
    cluster.restart(1).unwrap();
    assert_eq!(heard(&cluster), None);
    cluster.calm().unwrap();
    cluster.run_for(60_000).unwrap();
    cluster.converge().unwrap();
    assert!(heard(&cluster).is_some());
}
