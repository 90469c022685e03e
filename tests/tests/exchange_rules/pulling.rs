//! What is asked for, and what is believed of the answers.

use super::*;

// spec: EXC-11
#[test]
fn block_that_does_not_lead_to_the_head_is_not_stored_and_not_asked_for_again_at_once() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let block = |order: [usize; 3]| Frame::Block {
        begin: LeafIndex::new(0),
        leaves: order.map(|place| &leaves[place][..]).to_vec(),
        cover: Vec::new(),
    };
    let actions = bench.answer(request, &block([0, 2, 1]));
    assert!(actions.contains(&report(Violation::BadBlock)));
    assert_eq!(asked(&actions), None);
    let again = asked(&bench.wait(2_000)).unwrap();
    let actions = bench.answer(again, &block([0, 1, 2]));
    assert!(matches!(actions[..], [Action::StoreLeaves { .. }, ..]));
}

#[test]
fn body_with_another_leaf_is_refused_and_one_not_held_is_asked_for_again_later() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let bodies = |wrong: usize| {
        // Nobody can prove yet that a body is erased: it counts as not held.
        let absences = [Absence::NotHeld, Absence::Erased];
        let entry = |index: u64| BodyEntry {
            index: LeafIndex::new(index),
            leaf: &leaves[usize::try_from(index).unwrap() ^ wrong],
            body: Err(absences[usize::try_from(index).unwrap()]),
        };
        let next = TreeSize::new(3).unwrap();
        let entries = (0..2).map(entry).collect();
        Frame::BodyBlock { next, entries }
    };
    let actions = bench.answer(request, &bodies(1));
    assert!(actions.contains(&report(Violation::BadBody)));
    let request = asked(&bench.wait(2_000)).unwrap();
    // Two are not held there, and the third is left out: all are wanted again.
    assert_eq!(bench.answer(request, &bodies(0)), []);
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.bodies_missing(), 3);
    assert!(asked(&bench.wait(2_000)).is_some());
}

/// Two are asked for a body, and the one that does not give it answers last.
// spec: EXC-82
#[test]
fn refusal_of_a_body_that_is_held_by_then_changes_nothing() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    bench.logs.1 = [0, 1].map(LeafIndex::new).into();
    let absences = [Absence::NotEntitled, Absence::NotHeld, Absence::NotHeld];
    let entries = (0..).zip(&leaves).zip(absences);
    let entries = entries.map(|((index, leaf), absence)| BodyEntry {
        index: LeafIndex::new(index),
        leaf,
        body: Err(absence),
    });
    let refusal = Frame::BodyBlock {
        next: TreeSize::new(3).unwrap(),
        entries: entries.collect(),
    };
    assert_eq!(bench.answer(request, &refusal), []);
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.bodies_missing(), 1);
}

#[test]
fn claims_about_logs_that_the_registry_does_not_know_go_nowhere() {
    let mut bench = Bench::greeted();
    // Members of a network that this registry is not of yet.
    let others = TestNetwork::build(TestPlan::numbered(9, 1)).unwrap();
    let genesis = &bench.network.genesis;
    let early = others.members[2..].iter().map(|member| FrontierEntry {
        origin: genesis.origin(member.code(), LogNumber::Statements),
        size: TreeSize::new(1_000).unwrap(),
        root: Hash::from_bytes([1; 32]),
        bodies: TreeSize::ZERO,
        vouched: Vouched::default(),
    });
    let claims = early.collect();
    assert_eq!(bench.control(&Frame::Frontier(claims)), []);
}

// spec: EXC-7
#[test]
fn push_that_overlaps_what_is_held_adds_only_what_is_new() {
    let mut bench = Bench::greeted();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let mut push = |begin: u8, size: u8| {
        let note = &bench.head(size).to_bytes();
        let tail = leaves[usize::from(begin)..usize::from(size)].iter();
        let begin = LeafIndex::new(u64::from(begin));
        let tail = tail.map(|leaf| (&leaf[..], None)).collect();
        bench.control(&Frame::Push { note, begin, tail })
    };
    let stored = |actions: &[Action]| match actions {
        [Action::StoreLeaves { begin, leaves, .. }, ..] => Some((begin.value(), leaves.len())),
        _ => None,
    };
    assert_eq!(stored(&push(0, 2)), Some((0, 2)));
    assert_eq!(stored(&push(1, 3)), Some((2, 1)));
    assert_eq!(stored(&push(0, 3)), None);
}

#[test]
fn push_after_a_gap_is_asked_for_from_where_the_leaves_end() {
    let mut bench = Bench::greeted();
    let note = &bench.head(3).to_bytes();
    let (begin, last) = (LeafIndex::new(2), leaf(2).encode());
    let tail = vec![(&last[..], None)];
    let actions = bench.control(&Frame::Push { note, begin, tail });
    assert!(matches!(actions[..], [Action::Ask { .. }]));
}

#[test]
fn newer_head_does_not_void_leaves_that_are_on_their_way() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let note = &bench.head(5).to_bytes();
    assert_eq!(asked(&bench.control(&Frame::Checkpoint { note })), None);
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let block = Frame::Block {
        begin: LeafIndex::new(0),
        leaves: leaves.iter().map(Vec::as_slice).collect(),
        cover: Vec::new(),
    };
    let actions = bench.answer(request, &block);
    assert!(matches!(actions[..], [Action::StoreLeaves { .. }, ..]));
    assert!(asked(&actions).is_some());
}
