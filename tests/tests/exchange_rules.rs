//! Rules of the exchange, one at a time, against a peer that breaks them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_protocol::exchange::{
    Action, Exchange, Input, LogView, PeerId, RequestId, ServeId, StoreId, Violation, World,
};
use concordat_protocol::key::Signer as _;
use concordat_protocol::limits;
use concordat_protocol::log::{
    Checkpoint, ConsistencyProof, CosignatureTime, Hash, LeafIndex, MemoryTree, Origin, TreeSize,
    VerifiedCheckpoint, VerifiedCosignature,
};
use concordat_protocol::message::{
    Absence, BodyEntry, ErrorCode, Frame, FrontierEntry, VERSION, Vouched,
};
use concordat_protocol::statement::{Content, CutOff, KeyUse, Kind, Leaf, Rotation, Vis};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;
use ed25519_dalek::SigningKey;

const PEER: PeerId = PeerId(1);

/// The one log that the tests are about, as far as it is stored.
#[derive(Default)]
struct Logs(MemoryTree);

impl LogView for Logs {
    fn root_at(&self, _: &Origin, size: TreeSize) -> Option<Hash> {
        self.0.root_at(size).ok()
    }

    fn leaf_hash(&self, _: &Origin, index: LeafIndex) -> Option<Hash> {
        self.0.leaf_hash(index)
    }

    fn holds_body(&self, _: &Origin, _: LeafIndex) -> bool {
        false
    }

    fn consistency(&self, _: &Origin, old: TreeSize, new: TreeSize) -> Option<Vec<Hash>> {
        let proof = ConsistencyProof::build(&self.0, old, new).ok()?;
        Some(proof.hashes().to_vec())
    }
}

/// The exchange of the second member, connected to the first.
struct Bench {
    network: TestNetwork,
    exchange: Exchange,
    logs: Logs,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let exchange = Exchange::new(network.members[1].code(), now, Vec::new());
        let logs = Logs::default();
        let mut bench = Self {
            network,
            exchange,
            logs,
            now,
        };
        let member = bench.network.members[0].code();
        let actions = bench.feed(Input::Opened { peer: PEER, member });
        assert!(matches!(actions[..], [Action::Send { .. }]));
        bench
    }

    fn greeted() -> Self {
        let mut bench = Self::new();
        let hello = Frame::Hello {
            version: VERSION,
            genesis: bench.network.genesis.id(),
            member: bench.network.members[0].code(),
            digest: Hash::from_bytes([9; 32]),
            features: vec![1, 7],
        };
        bench.control(&hello);
        bench
    }

    fn feed(&mut self, input: Input<'_>) -> Vec<Action> {
        let world = World {
            now: self.now,
            registry: &self.network.registry,
            logs: &self.logs,
        };
        self.exchange.handle(world, input);
        std::iter::from_fn(|| self.exchange.poll_action()).collect()
    }

    fn control(&mut self, frame: &Frame<'_>) -> Vec<Action> {
        let bytes = &frame.encode();
        self.feed(Input::Control { peer: PEER, bytes })
    }

    fn answer(&mut self, request: RequestId, frame: &Frame<'_>) -> Vec<Action> {
        let (peer, bytes) = (PEER, &frame.encode());
        self.feed(Input::Answer {
            peer,
            request,
            bytes,
        })
    }

    fn origin(&self) -> Origin {
        let member = self.network.members[0].code();
        self.network.genesis.origin(member, LogNumber::Statements)
    }

    fn head(&self, size: u8) -> VerifiedCheckpoint {
        let root = tree(size).root();
        let size = TreeSize::new(u64::from(size)).unwrap();
        let checkpoint = Checkpoint::new(self.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, &self.network.members[0].log).unwrap()
    }

    /// Shows a head of three leaves and returns the request for them.
    fn ask(&mut self) -> RequestId {
        let note = &self.head(3).to_bytes();
        asked(&self.control(&Frame::Checkpoint { note })).unwrap()
    }

    fn stored(&mut self, size: u8, actions: &[Action]) -> Vec<Action> {
        self.logs.0 = tree(size);
        let store = actions.iter().find_map(|action| {
            let Action::StoreLeaves { store, .. } = action else {
                return None;
            };
            Some(*store)
        });
        let store = store.unwrap();
        self.feed(Input::Stored { store })
    }

    fn wait(&mut self, milliseconds: u64) -> Vec<Action> {
        self.now = Timestamp::new(self.now.value() + milliseconds).unwrap();
        self.feed(Input::Deadline)
    }
}

fn leaf(number: u8) -> Leaf {
    Leaf {
        kind: Kind::Act,
        vis: Vis::ALL_MEMBERS,
        commit: Hash::from_bytes([number; 32]),
        target: None,
        ctx: TreeSize::ZERO,
    }
}

fn tree(size: u8) -> MemoryTree {
    let mut tree = MemoryTree::new();
    for number in 0..size {
        tree.append(leaf(number).hash());
    }
    tree
}

fn asked(actions: &[Action]) -> Option<RequestId> {
    actions.iter().find_map(|action| {
        let Action::Ask { request, .. } = action else {
            return None;
        };
        Some(*request)
    })
}

fn report(violation: Violation) -> Action {
    let peer = PEER;
    Action::Report { peer, violation }
}

fn close(code: ErrorCode) -> Action {
    let peer = PEER;
    Action::Close { peer, code }
}

// spec: EXC-4
#[test]
fn every_frame_before_hello_ends_the_connection() {
    let origin = Bench::new().origin();
    let (begin, end) = (LeafIndex::new(0), TreeSize::new(1).unwrap());
    let frames = [
        Frame::Frontier(Vec::new()),
        Frame::Checkpoint { note: b"" },
        Frame::Error {
            code: ErrorCode::Busy,
            retry_after_ms: 0,
        },
        Frame::Range {
            origin,
            begin,
            end,
            size: end,
        },
        Frame::Proof(Vec::new()),
    ];
    let refused = [
        report(Violation::HelloExpected),
        close(ErrorCode::Unexpected),
    ];
    for frame in &frames {
        assert_eq!(Bench::new().control(frame), refused, "{frame:?}");
        let (peer, serve, bytes) = (PEER, ServeId(0), &frame.encode());
        let request = Input::Request { peer, serve, bytes };
        assert_eq!(Bench::new().feed(request), refused, "{frame:?}");
    }
}

#[test]
fn inputs_about_nothing_known_do_nothing() {
    let (peer, request) = (PeerId(7), RequestId(7));
    let bytes = &[0xff_u8][..];
    let inputs = [
        Input::Closed { peer },
        Input::Control { peer, bytes },
        Input::Answer {
            peer: PEER,
            request,
            bytes,
        },
        Input::RequestFailed {
            peer: PEER,
            request,
        },
        Input::Served {
            peer,
            serve: ServeId(7),
        },
        Input::Stored { store: StoreId(7) },
        Input::Settled,
        Input::Deadline,
    ];
    for input in inputs {
        assert_eq!(Bench::new().feed(input.clone()), [], "{input:?}");
    }
}

// spec: EXC-12
#[test]
fn sixteenth_invalid_object_ends_the_connection() {
    let mut bench = Bench::greeted();
    let bad = Frame::Checkpoint { note: b"no note" };
    for _ in 1..limits::INVALID_OBJECTS_MAX {
        assert_eq!(bench.control(&bad), [report(Violation::BadCheckpoint)]);
    }
    let last = [
        report(Violation::BadCheckpoint),
        close(ErrorCode::Unverified),
    ];
    assert_eq!(bench.control(&bad), last);
    assert_eq!(bench.control(&bad), []);
}

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
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let block = Frame::Block {
        begin: LeafIndex::new(0),
        leaves: leaves.iter().map(Vec::as_slice).collect(),
        cover: Vec::new(),
    };
    let actions = bench.answer(request, &block);
    let request = asked(&actions).unwrap();
    bench.stored(3, &actions);
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

// spec: EXC-5
#[test]
fn hello_of_another_version_network_or_member_ends_the_connection() {
    let hello = |version: u64, genesis: Option<Hash>, member: usize| {
        let mut bench = Bench::new();
        let genesis = genesis.unwrap_or_else(|| bench.network.genesis.id());
        let member = bench.network.members[member].code();
        let digest = Hash::from_bytes([9; 32]);
        bench.control(&Frame::Hello {
            version,
            genesis,
            member,
            digest,
            features: Vec::new(),
        })
    };
    let refused = |violation: Violation| [report(violation), close(violation.error_code())];
    assert_eq!(hello(2, None, 0), refused(Violation::WrongVersion));
    let other = Some(Hash::from_bytes([1; 32]));
    assert_eq!(hello(VERSION, other, 0), refused(Violation::WrongNetwork));
    assert_eq!(hello(VERSION, None, 1), refused(Violation::WrongMember));
    assert!(matches!(hello(VERSION, None, 0)[..], [Action::Send { .. }]));
}

impl Bench {
    /// Holds three leaves of the log under their head.
    fn holding() -> Self {
        let mut bench = Self::greeted();
        let request = bench.ask();
        let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
        let leaves = leaves.iter().map(Vec::as_slice).collect();
        let block = Frame::Block {
            begin: LeafIndex::new(0),
            leaves,
            cover: Vec::new(),
        };
        let actions = bench.answer(request, &block);
        bench.stored(3, &actions);
        bench
    }

    fn conflicting_head(&self) -> VerifiedCheckpoint {
        let root = Hash::from_bytes([3; 32]);
        let size = TreeSize::new(3).unwrap();
        let checkpoint = Checkpoint::new(self.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, &self.network.members[0].log).unwrap()
    }

    fn request(&mut self, serve: u64, frame: &Frame<'_>) -> Vec<Action> {
        let (peer, serve, bytes) = (PEER, ServeId(serve), &frame.encode());
        self.feed(Input::Request { peer, serve, bytes })
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

// spec: EXC-18
#[test]
fn request_for_what_is_not_held_or_out_of_order_is_refused_by_name() {
    let mut bench = Bench::holding();
    let origin = bench.origin();
    let unknown = bench
        .network
        .genesis
        .origin(bench.network.members[1].code(), LogNumber::Statements);
    let range = |origin: &Origin, begin, end, size| Frame::Range {
        origin: origin.clone(),
        begin: LeafIndex::new(begin),
        end: TreeSize::new(end).unwrap(),
        size: TreeSize::new(size).unwrap(),
    };
    let asked = [
        (range(&unknown, 0, 1, 1), ErrorCode::UnknownLog),
        (range(&origin, 2, 2, 3), ErrorCode::Limit),
        (range(&origin, 0, 3, 2), ErrorCode::Limit),
        (range(&origin, 0, 16_385, 20_000), ErrorCode::Limit),
        (range(&origin, 0, 3, 4), ErrorCode::RangeNotHeld),
    ];
    for (frame, code) in asked {
        let actions = bench.request(0, &frame);
        let [Action::Refuse { frame: answer, .. }] = &actions[..] else {
            panic!("{actions:?}")
        };
        let answer = Frame::decode(answer).unwrap();
        assert!(
            matches!(answer, Frame::Error { code: told, .. } if told == code),
            "{answer:?}"
        );
    }
    let fine = bench.request(0, &range(&origin, 0, 3, 3));
    assert!(matches!(fine[..], [Action::Serve { .. }]));
}

// spec: EXC-19
#[test]
fn ninth_request_at_once_is_refused() {
    let mut bench = Bench::holding();
    let one = TreeSize::new(1).unwrap();
    let begin = LeafIndex::new(0);
    let frame = Frame::Range {
        origin: bench.origin(),
        begin,
        end: one,
        size: one,
    };
    for serve in 0..8 {
        assert!(matches!(
            bench.request(serve, &frame)[..],
            [Action::Serve { .. }]
        ));
    }
    let refused = bench.request(8, &frame);
    let [Action::Refuse { .. }, Action::Report { violation, .. }] = &refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(*violation, Violation::TooManyRequests);
    let (peer, serve) = (PEER, ServeId(0));
    bench.feed(Input::Served { peer, serve });
    assert!(matches!(
        bench.request(9, &frame)[..],
        [Action::Serve { .. }]
    ));
}

impl Bench {
    /// The first member's cosignature of its own log at three leaves.
    fn cosignature(&self) -> VerifiedCosignature {
        let member = &self.network.members[0];
        let name = self.network.genesis.witness(member.code());
        let time = CosignatureTime::from_unix_seconds(self.now.value() / 1_000).unwrap();
        VerifiedCosignature::sign(&self.head(3), name, time, &member.witness).unwrap()
    }

    /// The heads shown when a peer that has just connected says what it has seen vouched for.
    fn shown_to(&mut self, peer: PeerId, vouched: Vouched) -> Vec<Vec<u8>> {
        let member = self.network.members[0].code();
        self.feed(Input::Opened { peer, member });
        let hello = Frame::Hello {
            version: VERSION,
            genesis: self.network.genesis.id(),
            member,
            digest: Hash::from_bytes([9; 32]),
            features: vec![1, 7],
        };
        let bytes = &hello.encode();
        self.feed(Input::Control { peer, bytes });
        self.shown_again(peer, vouched)
    }

    fn shown_again(&mut self, peer: PeerId, vouched: Vouched) -> Vec<Vec<u8>> {
        let frontier = Frame::Frontier(vec![FrontierEntry {
            origin: self.origin(),
            size: TreeSize::new(3).unwrap(),
            root: tree(3).root(),
            bodies: TreeSize::ZERO,
            vouched,
        }]);
        let bytes = &frontier.encode();
        let actions = self.feed(Input::Control { peer, bytes });
        let frames = actions.iter().filter_map(|action| {
            let Action::Send { frame, .. } = action else {
                return None;
            };
            match Frame::decode(frame) {
                Ok(Frame::Checkpoint { note }) => Some(note.to_vec()),
                _ => None,
            }
        });
        frames.collect()
    }
}

// spec: EXC-23
#[test]
fn peer_that_missed_a_cosignature_is_shown_the_head_with_it_once() {
    let mut bench = Bench::holding();
    let cosignature = bench.cosignature();
    let line = cosignature.cosignature().to_line().to_string();
    bench.control(&Frame::Cosign {
        origin: bench.origin(),
        size: TreeSize::new(3).unwrap(),
        root: tree(3).root(),
        line: line.trim_end_matches('\n'),
    });
    let mut cosigned = bench.head(3);
    cosigned.add_cosignature(&cosignature).unwrap();
    let missed = bench.shown_to(PeerId(2), Vouched::default());
    assert_eq!(missed, [cosigned.to_bytes()]);
    let again = bench.shown_again(PeerId(2), Vouched::default());
    assert!(again.is_empty(), "once a connection");
    let member = bench.network.members[0].code();
    let knows = Vouched::of([(member, TreeSize::new(3).unwrap())]);
    assert!(bench.shown_to(PeerId(3), knows).is_empty(), "it knows");
}

// spec: EXC-24
#[test]
fn cosigner_vouches_for_what_it_holds_when_it_may_sign_and_with_every_heartbeat() {
    let mut bench = Bench::holding();
    let cosign = [Action::Cosign {
        head: bench.head(3),
    }];
    assert_eq!(bench.feed(Input::SigningOpened), cosign);
    assert_eq!(bench.feed(Input::RegistryChanged), cosign);
    let heartbeat = bench.network.registry.policy().heartbeat_ms;
    assert!(!bench.wait(heartbeat / 2).contains(&cosign[0]));
    assert!(bench.wait(heartbeat).contains(&cosign[0]));
}

// spec: EXC-24
#[test]
fn member_that_becomes_a_cosigner_vouches_for_what_it_holds_already() {
    let mut bench = Bench::holding();
    let mut policy = bench.network.registry.policy().clone();
    let me = bench.network.members[1].code();
    policy.cosigners.retain(|cosigner| *cosigner != me);
    let without = Content::Policy(policy.clone());
    bench.network.append(without).unwrap();
    assert_eq!(bench.feed(Input::RegistryChanged), []);
    policy.cosigners.push(me);
    policy.cosigners.sort();
    bench.network.append(Content::Policy(policy)).unwrap();
    let head = bench.head(3);
    assert_eq!(
        bench.feed(Input::RegistryChanged),
        [Action::Cosign { head }]
    );
}

impl Bench {
    /// A head of the log under a key that the registry does not know yet.
    fn head_by(&self, key: &SigningKey, size: u8, root: Hash) -> VerifiedCheckpoint {
        let size = TreeSize::new(u64::from(size)).unwrap();
        let checkpoint = Checkpoint::new(self.origin(), size, root).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, key).unwrap()
    }

    /// The registry comes to know that the log has gone on to another key.
    fn rotate_to(&mut self, key: &SigningKey) -> Vec<Action> {
        let member = &self.network.members[0];
        let rotation = Rotation {
            member: member.code(),
            key_use: KeyUse::Log,
            old: member.log.public_key(),
            new: key.public_key(),
            next: None,
        };
        self.network.append(Content::Rotation(rotation)).unwrap();
        self.feed(Input::RegistryChanged)
    }

    /// The registry comes to know that a log key ended; the log goes on from a head of three leaves.
    fn cut_off(&mut self, key: &SigningKey, root: Hash, replacement: Option<u8>) -> Vec<Action> {
        let replacement = replacement.map(|byte| SigningKey::from_bytes(&[byte; 32]).public_key());
        let cut_off = CutOff {
            member: self.network.members[0].code(),
            key_use: KeyUse::Log,
            key: key.public_key(),
            from: Some(LeafIndex::new(3)),
            continues: Some((TreeSize::new(3).unwrap(), root)),
            replacement,
            next: None,
        };
        self.network.append(Content::CutOff(cut_off)).unwrap();
        self.feed(Input::RegistryChanged)
    }

    /// A head of another history than the one held.
    fn foreign_head(&self, key: &SigningKey, size: u8) -> VerifiedCheckpoint {
        self.head_by(key, size, Hash::from_bytes([4; 32]))
    }

    /// Claims of a fork between what is held and another head of three leaves, and of two.
    fn fork_claims(&self, key: &SigningKey) -> [Vec<u8>; 2] {
        let [smaller, same] = [2, 3].map(|size| self.foreign_head(key, size).to_bytes());
        let [from, to] = [2, 3].map(|size| TreeSize::new(size).unwrap());
        let hashes = self.logs.consistency(&self.origin(), from, to).unwrap();
        let second = &self.head(3).to_bytes();
        let claim = |first, proof| {
            let frame = Frame::Fork {
                first,
                second,
                proof,
            };
            frame.encode()
        };
        let root = tree(2).root();
        [
            claim(&same, Vec::new()),
            claim(&smaller, [vec![root], hashes].concat()),
        ]
    }

    fn is_frozen(&self) -> bool {
        let replica = self.exchange.replica(&self.origin());
        replica.unwrap().is_frozen()
    }
}

/// An honest peer may have the rotation before we have it.
// spec: EXC-6
#[test]
fn head_under_a_key_not_known_yet_is_kept_until_the_registry_knows_it() {
    let mut bench = Bench::greeted();
    let key = SigningKey::from_bytes(&[77; 32]);
    for size in 1..=20 {
        let note = &bench.head_by(&key, size, tree(size).root()).to_bytes();
        assert_eq!(bench.control(&Frame::Checkpoint { note }), []);
    }
    assert!(bench.exchange.replica(&bench.origin()).is_none());
    assert!(asked(&bench.rotate_to(&key)).is_some());
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.known_size(), TreeSize::new(20).unwrap());
}

/// Whoever has stolen a log key can sign a head without leaves; it must not outlive the key.
// spec: EXC-6, TRU-18
#[test]
fn head_of_a_key_that_is_cut_off_is_not_waited_for_any_more() {
    let mut bench = Bench::greeted();
    let stolen = bench.network.members[0].log.clone();
    let note = &bench
        .head_by(&stolen, 100, Hash::from_bytes([3; 32]))
        .to_bytes();
    let request = asked(&bench.control(&Frame::Checkpoint { note })).unwrap();
    let peer = PEER;
    assert_eq!(bench.feed(Input::RequestFailed { peer, request }), []);
    assert_eq!(bench.cut_off(&stolen, tree(3).root(), Some(78)), []);
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.known_size(), TreeSize::ZERO);
    // The peer that came to nothing is left alone for a while.
    bench.now = Timestamp::new(bench.now.value() + 60_000).unwrap();
    assert_eq!(bench.feed(Input::Deadline), []);
    let _request = bench.ask();
}

/// Whoever stole the key could otherwise stop the log for good after the key is dead.
// spec: TRU-31, EXC-9, EXC-10
#[test]
fn key_that_is_cut_off_cannot_freeze_the_log_up_to_where_it_ended() {
    let mut bench = Bench::holding();
    let stolen = bench.network.members[0].log.clone();
    let claims = bench.fork_claims(&stolen);
    bench.cut_off(&stolen, tree(3).root(), Some(78));
    for size in [2, 3] {
        let note = &bench.foreign_head(&stolen, size).to_bytes();
        let refused = [report(Violation::BadCheckpoint)];
        assert_eq!(bench.control(&Frame::Checkpoint { note }), refused);
        let note = &bench.head(size).to_bytes();
        assert_eq!(bench.control(&Frame::Checkpoint { note }), []);
    }
    for bytes in &claims {
        let actions = bench.feed(Input::Control { peer: PEER, bytes });
        assert_eq!(actions, [report(Violation::BadEvidence)]);
    }
    assert!(!bench.is_frozen());
    // At the end itself the cut-off alone says what is right, also where nothing is held.
    let mut stranger = Bench::greeted();
    stranger.cut_off(&stolen, tree(3).root(), Some(78));
    let [same, _] = &claims;
    let (peer, bytes) = (PEER, same.as_slice());
    let actions = stranger.feed(Input::Control { peer, bytes });
    assert_eq!(actions, [report(Violation::BadEvidence)]);
}

// spec: TRU-31
#[test]
fn smaller_head_of_a_key_that_is_cut_off_counts_where_another_history_is_held() {
    let mut bench = Bench::holding();
    let stolen = bench.network.members[0].log.clone();
    bench.cut_off(&stolen, Hash::from_bytes([7; 32]), Some(78));
    let note = &bench.foreign_head(&stolen, 2).to_bytes();
    let actions = bench.control(&Frame::Checkpoint { note });
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
}

// spec: TRU-15, TRU-18
#[test]
fn key_that_was_rotated_signs_nothing_further_once_it_is_cut_off() {
    let mut bench = Bench::holding();
    let (former, present) = (
        bench.network.members[0].log.clone(),
        SigningKey::from_bytes(&[77; 32]),
    );
    bench.rotate_to(&present);
    bench.cut_off(&former, tree(3).root(), None);
    for size in [3, 4] {
        let note = &bench.foreign_head(&former, size).to_bytes();
        let refused = [report(Violation::BadCheckpoint)];
        assert_eq!(bench.control(&Frame::Checkpoint { note }), refused);
    }
    let note = &bench.head_by(&present, 4, tree(4).root()).to_bytes();
    assert!(asked(&bench.control(&Frame::Checkpoint { note })).is_some());
    assert!(!bench.is_frozen());
}

// spec: EXC-6
#[test]
fn head_that_no_registry_will_make_good_counts_as_invalid() {
    let mut bench = Bench::greeted();
    let good = String::from_utf8(bench.head(3).to_bytes()).unwrap();
    let other = String::from_utf8(bench.head(4).to_bytes()).unwrap();
    let (text, _) = good.split_once("\n\n").unwrap();
    let (_, line) = other.split_once("\n\n").unwrap();
    let note = format!("{text}\n\n{line}");
    let frame = Frame::Checkpoint {
        note: note.as_bytes(),
    };
    let refused = [report(Violation::BadCheckpoint)];
    assert_eq!(bench.control(&frame), refused);
    // Nobody claims that the log has signed it.
    let (_, rest) = line.split_at(line.find("/0 ").unwrap());
    let stranger = format!("{text}\n\n\u{2014} stranger{rest}");
    let frame = Frame::Checkpoint {
        note: stranger.as_bytes(),
    };
    assert_eq!(bench.control(&frame), refused);
}

// spec: EXC-6, EXC-10
#[test]
fn evidence_of_a_fork_under_a_key_not_known_yet_is_looked_at_once_it_is() {
    let mut bench = Bench::greeted();
    let key = SigningKey::from_bytes(&[77; 32]);
    let [first, second] = [3, 4].map(|byte| Hash::from_bytes([byte; 32]));
    let [first, second] = [first, second].map(|root| bench.head_by(&key, 3, root).to_bytes());
    let claim = Frame::Fork {
        first: &first,
        second: &second,
        proof: Vec::new(),
    };
    assert_eq!(bench.control(&claim), []);
    let actions = bench.rotate_to(&key);
    assert!(matches!(actions[..], [Action::Forked { .. }, ..]));
    assert!(bench.exchange.replica(&bench.origin()).unwrap().is_frozen());
}
