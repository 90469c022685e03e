//! Histories that contradict each other.

use super::*;

impl Bench {
    fn conflicting_head(&self) -> VerifiedCheckpoint {
        let root = Hash::from_bytes([3; 32]);
        let size = TreeSize::new(3).unwrap();
        let checkpoint = Checkpoint::new(self.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, &self.network.members[0].log).unwrap()
    }
}

// spec: EXC-9
#[test]
fn head_that_contradicts_what_is_held_freezes_the_log_once() {
    let mut bench = Bench::holding();
    let note = &bench.conflicting_head().to_bytes();
    let actions = bench.control(&Frame::Checkpoint { note });
    let [
        Action::Forked { origin, evidence },
        Action::Send { frame, .. },
    ] = &actions[..]
    else {
        panic!("{actions:?}");
    };
    assert_eq!((origin, evidence), (&bench.origin(), frame));
    assert!(bench.exchange.replica(&bench.origin()).unwrap().is_frozen());
    // Frozen: another head is neither pulled nor reported again.
    assert_eq!(bench.control(&Frame::Checkpoint { note }), []);
    let later = &bench.head(5).to_bytes();
    assert_eq!(bench.control(&Frame::Checkpoint { note: later }), []);
}

// spec: EXC-9, EXC-10
#[test]
fn smaller_head_of_another_history_is_proven_against_the_larger_one_held() {
    let mut bench = Bench::holding();
    let root = Hash::from_bytes([4; 32]);
    let checkpoint = Checkpoint::new(bench.origin(), TreeSize::new(2).unwrap(), root).unwrap();
    let other = VerifiedCheckpoint::sign(&checkpoint, &bench.network.members[0].log).unwrap();
    let note = &other.to_bytes();
    let actions = bench.control(&Frame::Checkpoint { note });
    let [Action::Forked { evidence, .. }, ..] = &actions[..] else {
        panic!("{actions:?}");
    };
    // Whoever holds nothing of the log is convinced by it.
    let mut stranger = Bench::greeted();
    let peer = PEER;
    let actions = stranger.feed(Input::Control {
        peer,
        bytes: evidence,
    });
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
}

/// The other history is longer: what is held does not lead to its head. The peer is at fault or the
/// log has forked, and only the peer can tell.
// spec: EXC-61
#[test]
fn peer_whose_leaves_do_not_continue_what_is_held_is_shown_the_head_held() {
    let mut bench = Bench::holding();
    let root = Hash::from_bytes([4; 32]);
    let checkpoint = Checkpoint::new(bench.origin(), TreeSize::new(4).unwrap(), root).unwrap();
    let other = VerifiedCheckpoint::sign(&checkpoint, &bench.network.members[0].log).unwrap();
    let (head, note) = (bench.head(3).to_bytes(), &other.to_bytes());
    let shown = Action::Send {
        peer: PEER,
        frame: Frame::Checkpoint { note: &head }.encode(),
    };
    let leaf = &leaf(3).encode()[..];
    let begin = LeafIndex::new(3);
    let tail = vec![(leaf, None)];
    let actions = bench.control(&Frame::Push { note, begin, tail });
    assert!(actions.contains(&shown), "{actions:?}");
    assert!(actions.contains(&report(Violation::BadBlock)));
    let block = Frame::Block {
        begin,
        leaves: vec![leaf],
        cover: Vec::new(),
    };
    let actions = bench.answer(asked(&actions).unwrap(), &block);
    assert!(actions.contains(&shown), "{actions:?}");
}

// spec: EXC-61
#[test]
fn head_held_is_shown_once_to_a_peer_that_claims_more_or_another_root() {
    let root = Hash::from_bytes([4; 32]);
    let claims = [
        (2, root, 0),
        (3, tree(3).root(), 0),
        (3, root, 1),
        (4, root, 1),
    ];
    for (size, root, times) in claims {
        let mut bench = Bench::holding();
        let head = bench.head(3).to_bytes();
        let frontier = Frame::Frontier(vec![FrontierEntry {
            origin: bench.origin(),
            size: TreeSize::new(size).unwrap(),
            root,
            bodies: TreeSize::ZERO,
            vouched: Vouched::default(),
        }]);
        let shown = |actions: Vec<Action>| {
            let frame = Frame::Checkpoint { note: &head }.encode();
            let shown = Action::Send { peer: PEER, frame };
            actions.iter().filter(|action| **action == shown).count()
        };
        assert_eq!(shown(bench.control(&frontier)), times, "{size}");
        assert_eq!(shown(bench.control(&frontier)), 0, "{size}");
    }
}

// spec: EXC-10
#[test]
fn evidence_freezes_a_log_only_when_it_proves_a_fork() {
    let mut bench = Bench::greeted();
    let (held, other) = (
        bench.head(3).to_bytes(),
        bench.conflicting_head().to_bytes(),
    );
    let larger = bench.head(5).to_bytes();
    let root = Hash::from_bytes([8; 32]);
    let unproven = [
        Frame::Fork {
            first: &held,
            second: &held,
            proof: Vec::new(),
        },
        Frame::Fork {
            first: &held,
            second: b"no note",
            proof: Vec::new(),
        },
        Frame::Fork {
            first: &held,
            second: &larger,
            proof: Vec::new(),
        },
        Frame::Fork {
            first: &larger,
            second: &held,
            proof: Vec::new(),
        },
        Frame::Fork {
            first: &held,
            second: &other,
            proof: vec![root],
        },
        Frame::Fork {
            first: &held,
            second: &larger,
            proof: vec![root, root],
        },
    ];
    for frame in &unproven {
        assert_eq!(bench.control(frame), [report(Violation::BadEvidence)]);
    }
    let proven = Frame::Fork {
        first: &held,
        second: &other,
        proof: Vec::new(),
    };
    assert!(matches!(
        bench.control(&proven)[..],
        [Action::Forked { .. }, Action::Send { .. }]
    ));
}
