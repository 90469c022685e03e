//! Bodies that a core refuses: others judge them by themselves.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_node::core::{BodyState, Core, CoreInput, Output, Submission, Ticket};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::exchange::{Input, PeerId, ServeId};
use concordat_protocol::log::{
    Checkpoint, LeafIndex, MemoryTree, Origin, TreeSize, VerifiedCheckpoint,
};
use concordat_protocol::message::{Absence, BodyFilter, Frame};
use concordat_protocol::statement::{Body, Kind, Leaf, Vis};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{LogNumber, RejectReason};
use concordat_tests::peer::{hello, open_hub};

const OWNER: PeerId = PeerId(1);
const OTHER: PeerId = PeerId(2);

/// The hub of a small network, with two members connected.
struct Bench {
    network: TestNetwork,
    disk: MemoryDisk,
    core: Core<MemoryDisk>,
    outputs: Vec<Output>,
    now: Timestamp,
    serve: u64,
}

impl Bench {
    fn new() -> Self {
        let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
        let (disk, now) = (
            MemoryDisk::new(),
            Timestamp::new(1_772_400_000_000).unwrap(),
        );
        let core = open_hub(&network, &disk, now, true);
        let mut bench = Self {
            network,
            disk,
            core,
            outputs: Vec::new(),
            now,
            serve: 0,
        };
        bench.finish();
        for (number, change) in (1..).zip(bench.network.changes.clone()) {
            let ctx = bench.core.registry().ctx();
            let hub = &bench.network.hub.statement;
            let signed = change.sign(&bench.network.genesis, hub, ctx).unwrap();
            let submission = Submission {
                ticket: Ticket(number),
                log: LogNumber::Registry,
                statements: vec![signed],
            };
            let input = CoreInput::Submit(submission);
            bench.core.handle(now, input).unwrap();
            bench.finish();
        }
        bench.greet();
        bench
    }

    fn restart(&mut self) {
        self.disk.kill();
        self.now = Timestamp::new(self.now.value() + 60_000).unwrap();
        self.core = open_hub(&self.network, &self.disk, self.now, false);
        self.finish();
        self.greet();
    }

    fn greet(&mut self) {
        for (peer, member) in [OWNER, OTHER].into_iter().zip(self.network.members.clone()) {
            let member = member.code();
            self.feed(Input::Opened { peer, member });
            let hello = hello(self.network.genesis.id(), member);
            self.control(peer, &hello);
        }
    }

    fn finish(&mut self) {
        self.outputs = self.core.finish().unwrap();
    }

    fn feed(&mut self, input: Input<'_>) {
        let input = CoreInput::Exchange(input);
        self.core.handle(self.now, input).unwrap();
        self.finish();
    }

    fn control(&mut self, peer: PeerId, frame: &Frame<'_>) {
        let bytes = &frame.encode();
        self.feed(Input::Control { peer, bytes });
    }

    fn origin(&self) -> Origin {
        let member = self.network.members[0].code();
        self.network.genesis.origin(member, LogNumber::Statements)
    }

    /// The owner pushes a log of one leaf with its body.
    fn push(&mut self, leaf: &Leaf, body: &Body) {
        let leaf = leaf.encode();
        let mut tree = MemoryTree::new();
        tree.append(concordat_protocol::log::hash::leaf_hash(&leaf));
        let (size, root) = (TreeSize::new(1).unwrap(), tree.root());
        let head = Checkpoint::new(self.origin(), size, root).unwrap();
        let head = VerifiedCheckpoint::sign(&head, &self.network.members[0].log).unwrap();
        let (note, body) = (head.to_bytes(), body.encode());
        let push = Frame::Push {
            note: &note,
            begin: LeafIndex::new(0),
            tail: vec![(&leaf[..], Some(&body[..]))],
        };
        self.control(OWNER, &push);
    }

    /// What the hub gives the other member of the body.
    fn given(&mut self) -> Result<Vec<u8>, Absence> {
        self.serve += 1;
        let frame = Frame::Bodies {
            origin: self.origin(),
            begin: LeafIndex::new(0),
            end: TreeSize::new(1).unwrap(),
            filter: BodyFilter::Acts,
        };
        let (peer, serve, bytes) = (OTHER, ServeId(self.serve), &frame.encode());
        self.feed(Input::Request { peer, serve, bytes });
        let mut outputs = self.outputs.iter();
        let frames = outputs.find_map(|output| {
            let Output::Answer { frames, .. } = output else {
                return None;
            };
            Some(frames)
        });
        let Ok(Frame::BodyBlock { entries, .. }) = Frame::decode(&frames.unwrap()[0]) else {
            panic!("the hub refused");
        };
        entries[0].body.map(<[u8]>::to_vec)
    }

    fn state(&self) -> BodyState {
        let shared = self.core.shared();
        let logs = shared.logs();
        logs.get(&self.origin()).unwrap().body(LeafIndex::new(0))
    }
}

/// An act that does not verify was handed to the hub alone. The hub passed over it, and whoever had only its
/// leaf waited for it for good, with the decision that it acts on suspended.
// spec: EXC-14, EXC-102
#[test]
fn act_that_is_refused_is_given_to_others_also_after_a_restart() {
    let mut bench = Bench::new();
    let body = Body::new([7; 32], b"no statement".to_vec()).unwrap();
    let leaf = Leaf {
        kind: Kind::Act,
        vis: Vis::ALL_MEMBERS,
        commit: body.commit(),
        target: None,
        ctx: bench.core.registry().size(),
    };
    bench.push(&leaf, &body);
    let refused = BodyState::Refused(RejectReason::NotAStatement as u8);
    for _ in 0..2 {
        assert_eq!(bench.state(), refused);
        assert_eq!(bench.given(), Ok(body.encode()));
        // Here it counts for nothing all the same.
        let (shared, index) = (bench.core.shared(), LeafIndex::new(0));
        assert_eq!(shared.body(&bench.origin(), index), None);
        bench.restart();
    }
}
