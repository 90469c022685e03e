//! Decisions on which more bears than is gathered.

use super::*;

/// A node of which the decision at position 0 is named by more leaves of acts than are looked at.
fn flooded(statements: impl FnOnce(&Fixture) -> Vec<Placed>) -> Node {
    let node = node(statements);
    let decision = StatementRef {
        origin: node.fixture.origin(),
        index: LeafIndex::new(0),
        leaf_hash: Hash::from_bytes([1; 32]),
    };
    let acts = nowhere(&node.fixture, 0, HISTORY_NOT_HELD_MAX as u64 + 1);
    let mut unread = node.bodies.1.lock().unwrap();
    unread.extend(acts.into_iter().map(|act| (act, decision.clone())));
    drop(unread);
    node
}

fn gathered(node: &Node, index: u64) -> (Vec<u64>, bool) {
    let asked = vec![node.position(index)];
    let mut dossiers = node.queries.dossiers(asked, Depth::Weighed);
    let dossier = dossiers.next().unwrap().unwrap();
    let statements: Vec<_> = dossier.statements.into_values().collect();
    (indexes(&statements), dossier.is_whole)
}

/// Whoever objects much, or logs much and withholds it, kept a superseded licence alive.
// spec: IDX-30, IDX-50
#[test]
fn what_takes_a_decision_back_or_its_place_is_gathered_however_much_bears_on_it() {
    let node = flooded(|fixture| {
        let root = fixture.decision(5, 1);
        let reissue = |fields: &mut DecisionFields| fields.reissues = Some(root.reference());
        let decision = fixture.decision_with(0, 1, reissue);
        let withdrawal = fixture.withdrawal(1, subject(1), &decision);
        let sibling = fixture.decision_with(2, 1, reissue);
        let successor = fixture.decision_with(3, 1, |fields| {
            fields.reissues = Some(decision.reference());
        });
        vec![root, decision, withdrawal, sibling, successor]
    });
    assert_eq!(gathered(&node, 0), (vec![0, 1, 2, 3, 5], false));
}

/// The same where the withdrawal and the re-issues name a copy.
// spec: IDX-50
#[test]
fn what_takes_a_copy_back_is_gathered_however_much_bears_on_the_decision() {
    let node = flooded(|fixture| {
        let root = fixture.decision(5, 1);
        let copy_of_root = copied(&root, 6);
        let decision = fixture.decision_with(0, 1, |fields| {
            fields.reissues = Some(copy_of_root.reference());
        });
        let copy = copied(&decision, 1);
        let withdrawal = fixture.withdrawal(2, subject(1), &copy);
        let reissue = |index: u64, of: &Placed| {
            fixture.decision_with(index, 1, |fields| fields.reissues = Some(of.reference()))
        };
        let (sibling, successor) = (reissue(3, &root), reissue(4, &copy));
        vec![
            root,
            copy_of_root,
            decision,
            copy,
            withdrawal,
            sibling,
            successor,
        ]
    });
    assert_eq!(gathered(&node, 0), (vec![0, 1, 2, 3, 4, 5, 6], false));
}

/// What a correction of the copy rests on is a basis of the first.
// spec: IDX-51
#[test]
fn copy_of_a_basis_is_weighed_with_it() {
    let node = node(|fixture| {
        let basis = fixture.decision(0, 1);
        let copy = copied(&basis, 1);
        let under = fixture.decision(2, 9);
        let correction = fixture.correction_with(3, &copy, 1, |fields| {
            fields.rests_on = vec![under.reference()];
        });
        let decision = fixture.decision_with(4, 2, |fields| {
            fields.rests_on = vec![basis.reference()];
        });
        vec![basis, copy, under, correction, decision]
    });
    assert_eq!(node.history(4), [0, 1, 2, 3, 4]);
    assert_eq!(node.history(0), [0, 1, 2, 3]);
}

/// Whoever logs much and withholds it kept a stayed licence alive.
// spec: EFF-166
#[test]
fn stay_of_a_decision_and_of_its_root_is_gathered_however_much_bears_on_it() {
    let node = flooded(|fixture| {
        let (root, about) = (fixture.decision(5, 1), subject(1));
        let decision = fixture.decision_with(0, 1, |fields| {
            fields.reissues = Some(root.reference());
        });
        let of_root = fixture.stay(true, 6, about, &root);
        let stay = fixture.stay(false, 7, about, &decision);
        let lifted = fixture.withdrawal(8, about, &stay);
        vec![root, decision, of_root, stay, lifted]
    });
    assert_eq!(gathered(&node, 0), (vec![6, 0, 5, 7, 8], false));
}
