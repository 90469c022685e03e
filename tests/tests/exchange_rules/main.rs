//! Rules of the exchange, one at a time, against a peer that breaks them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod answers;
mod clocks;
mod conduct;
mod cosigning;
mod forks;
mod gaps;
mod greeting;
mod keys;
mod parties;
mod pulling;
mod serving;
mod witnesses;

use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_protocol::exchange::{
    Action, Exchange, Input, LogView as _, PeerId, RequestId, ServeId, StoreId, Violation, World,
};
use concordat_protocol::key::Signer as _;
use concordat_protocol::limits;
use concordat_protocol::log::{
    Checkpoint, CosignatureTime, Hash, LeafIndex, MemoryTree, Origin, TreeSize, VerifiedCheckpoint,
    VerifiedCosignature,
};
use concordat_protocol::message::{
    Absence, BodyEntry, ErrorCode, Frame, FrontierEntry, VERSION, Vouched,
};
use concordat_protocol::statement::{
    Body, Content, CutOff, KeyUse, Kind, Leaf, Policy, Rotation, Vis,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;
use concordat_tests::peer::{OneLog, hello};
use ed25519_dalek::SigningKey;

const PEER: PeerId = PeerId(1);

/// The exchange of the second member, connected to the first.
struct Bench {
    network: TestNetwork,
    exchange: Exchange,
    logs: OneLog,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Self::of(2)
    }

    /// In a network of so many members.
    fn of(members: u32) -> Self {
        let network = TestNetwork::build(TestPlan::numbered(members, 1)).unwrap();
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let exchange = Exchange::new(network.members[1].code(), now, Vec::new());
        let logs = OneLog::default();
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
        Self::new().greeting()
    }

    fn greeting(self) -> Self {
        let mut bench = self;
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

    /// Holds three leaves of the log under their head.
    fn holding() -> Self {
        let mut bench = Self::greeted();
        let request = bench.ask();
        bench.take_leaves(request);
        bench
    }

    /// Takes the three leaves in that were asked for; what is asked for then.
    fn take_leaves(&mut self, request: RequestId) -> Option<RequestId> {
        let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
        let leaves = leaves.iter().map(Vec::as_slice).collect();
        let block = Frame::Block {
            begin: LeafIndex::new(0),
            leaves,
            cover: Vec::new(),
        };
        let actions = self.answer(request, &block);
        self.stored(3, &actions);
        asked(&actions)
    }

    fn feed(&mut self, input: Input<'_>) -> Vec<Action> {
        let world = World {
            now: self.now,
            clock: self.now,
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

    fn request(&mut self, serve: u64, frame: &Frame<'_>) -> Vec<Action> {
        let (peer, serve, bytes) = (PEER, ServeId(serve), &frame.encode());
        self.feed(Input::Request { peer, serve, bytes })
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
        commit: body(number).commit(),
        target: None,
        ctx: TreeSize::ZERO,
    }
}

/// A body that fits its leaf and is no statement.
fn body(number: u8) -> Body {
    Body::new([number; 32], vec![number]).unwrap()
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
