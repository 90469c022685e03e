//! What was witnessed stays so, and a witness keeps its word, whatever restarts.

use super::*;

/// How far a log is witnessed, as a node sees it.
fn witnessed(cluster: &Cluster, node: NodeId, origin: &Origin) -> TreeSize {
    let witnessed = cluster.core(node).unwrap().shared().witnessed();
    witnessed.get(origin).unwrap().size
}

/// A witness that holds less than it has cosigned, for its ledger has lost its end.
// spec: STO-48, EXC-63
#[test]
fn witness_whose_ledger_lost_its_end_never_cosigns_less_than_before() {
    let mut cluster = peaceful(3);
    let before = cluster.ledger_lengths(2);
    for _ in 0..20 {
        for speaker in [0, 1, 3] {
            cluster.say_something(speaker).unwrap();
        }
        cluster.run_for(300).unwrap();
    }
    cluster.converge().unwrap();
    // Whoever else could tell it is away when it comes back.
    cluster.stop(3);
    cluster.lose_end_of_ledger(2, &before).unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(2).unwrap().signing(), Signing::Open);
    cluster.calm().unwrap();
    for speaker in [0, 1, 2, 3] {
        cluster.say_something(speaker).unwrap();
    }
    cluster.converge().unwrap();
    // It may not have heard of every log before it goes down again.
    cluster.restart(2).unwrap();
    cluster.run_for(20_000).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
}

/// The newest head has no cosignature yet when the node goes down: the one that a quorum cosigned lies
/// behind it.
// spec: EXC-17
#[test]
fn what_is_witnessed_stays_so_over_a_restart_under_a_newer_head() {
    let mut cluster = peaceful(3);
    let origin = cluster.core(3).unwrap().own_logs().remove(0);
    let before = witnessed(&cluster, 3, &origin);
    assert!(before > TreeSize::ZERO);
    // The hub cosigns what comes now, and by itself is no quorum.
    cluster.stop(1);
    cluster.stop(2);
    for _ in 0..4 {
        cluster.say_something(3).unwrap();
        cluster.run_for(500).unwrap();
    }
    for node in [0, 3] {
        let heads = cluster.core(node).unwrap().shared().heads(&origin);
        assert!(heads.into_keys().next_back() > Some(before));
        cluster.restart(node).unwrap();
        assert_eq!(witnessed(&cluster, node, &origin), before, "node {node}");
        let heads = cluster.core(node).unwrap().shared().heads(&origin);
        assert!(heads.contains_key(&before), "node {node}");
        cluster.stop(node);
    }
}
