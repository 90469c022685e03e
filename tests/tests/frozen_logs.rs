//! Forks at a core: a frozen log stays frozen, and a node whose own log has forked signs nothing more.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use concordat_certs::network::{TestMember, TestNetwork, TestPlan};
use concordat_node::core::{Core, CoreInput, Output, Signing, Submission, SubmitError, Ticket};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::exchange::{Input, PeerId};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{Checkpoint, Hash, Origin, TreeSize, VerifiedCheckpoint};
use concordat_protocol::message::Frame;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;
use concordat_tests::peer::{hello, open_hub};

/// The hub of a small network, on a disk that outlives it.
struct Bench {
    network: TestNetwork,
    disk: MemoryDisk,
    core: Core<MemoryDisk>,
    outputs: Vec<Output>,
    ticket: u64,
    peer: u64,
    now: Timestamp,
}

impl Bench {
    /// With the registry in log 1, but for the last change.
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
            ticket: 0,
            peer: 0,
            now,
        };
        bench.finish();
        let mut changes = bench.network.changes.clone();
        changes.pop();
        for change in changes {
            let ctx = bench.core.registry().ctx();
            let hub = &bench.network.hub.statement;
            let signed = change.sign(&bench.network.genesis, hub, ctx).unwrap();
            bench.submit(signed);
            assert!(bench.submitted().is_ok());
        }
        bench
    }

    fn restart(&mut self) {
        self.disk.kill();
        self.now = Timestamp::new(self.now.value() + 1_000).unwrap();
        self.core = open_hub(&self.network, &self.disk, self.now, false);
        self.finish();
    }

    fn feed(&mut self, input: Input<'_>) {
        self.core
            .handle(self.now, CoreInput::Exchange(input))
            .unwrap();
    }

    fn finish(&mut self) {
        self.outputs = self.core.finish().unwrap();
    }

    /// Hands a statement of the registry to the core, not yet made durable.
    fn offer(&mut self, statement: Vec<u8>) {
        self.ticket += 1;
        let submission = Submission {
            ticket: Ticket(self.ticket),
            log: LogNumber::Registry,
            statements: vec![statement],
        };
        let input = CoreInput::Submit(submission);
        self.core.handle(self.now, input).unwrap();
    }

    fn submit(&mut self, statement: Vec<u8>) {
        self.offer(statement);
        self.finish();
    }

    /// What became of the statement submitted last.
    fn submitted(&self) -> Result<(), SubmitError> {
        let mut outputs = self.outputs.iter();
        let answer = outputs.find_map(|output| {
            let Output::Submitted { result, .. } = output else {
                return None;
            };
            Some(result.clone().map(|_| ()))
        });
        answer.unwrap()
    }

    /// The first member connects and greets.
    fn greet(&mut self) {
        self.peer += 1;
        let (peer, member) = (PeerId(self.peer), self.network.members[0].code());
        self.feed(Input::Opened { peer, member });
        let hello = hello(self.network.genesis.id(), member);
        self.control(&hello.encode());
        self.finish();
    }

    fn control(&mut self, bytes: &[u8]) {
        let peer = PeerId(self.peer);
        self.feed(Input::Control { peer, bytes });
    }

    /// Shows evidence of a fork at a size.
    fn show(&mut self, evidence: &[u8]) {
        self.greet();
        self.control(evidence);
        self.finish();
    }

    /// The FORK frames that go out.
    fn shown(&self) -> Vec<Vec<u8>> {
        let frames = self.outputs.iter().filter_map(sent);
        let is_fork = |frame: &&[u8]| matches!(Frame::decode(frame), Ok(Frame::Fork { .. }));
        frames.filter(is_fork).map(<[u8]>::to_vec).collect()
    }

    fn says_forked(&self) -> bool {
        let mut outputs = self.outputs.iter();
        outputs.any(|output| matches!(output, Output::Forked { .. }))
    }

    fn hub_log(&self) -> Origin {
        let genesis = &self.network.genesis;
        genesis.origin(self.network.hub.code(), LogNumber::Registry)
    }

    fn member_log(&self) -> Origin {
        let member = self.network.members[1].code();
        self.network.genesis.origin(member, LogNumber::Statements)
    }

    fn head_size(&self) -> u64 {
        let heads = self.core.shared().heads(&self.hub_log());
        let newest = heads.into_keys().next_back();
        newest.map_or(0, TreeSize::value)
    }

    /// The last change.
    fn change(&self) -> Vec<u8> {
        let change = self.network.changes.last().unwrap();
        let ctx = self.core.registry().ctx();
        let hub = &self.network.hub.statement;
        change.sign(&self.network.genesis, hub, ctx).unwrap()
    }
}

/// The frame that goes out on a control stream.
fn sent(output: &Output) -> Option<&[u8]> {
    let Output::Send { frame, .. } = output else {
        return None;
    };
    Some(frame)
}

/// Two heads of a log at one size, under its key.
fn evidence(origin: &Origin, author: &TestMember, size: u64) -> Vec<u8> {
    let note = |root| {
        let (size, root) = (TreeSize::new(size).unwrap(), Hash::from_bytes([root; 32]));
        let head = Checkpoint::new(origin.clone(), size, root).unwrap();
        VerifiedCheckpoint::sign(&head, &author.log)
            .unwrap()
            .to_bytes()
    };
    let (first, second) = (note(1), note(2));
    let frame = Frame::Fork {
        first: &first,
        second: &second,
        proof: Vec::new(),
    };
    frame.encode()
}

/// Not a leaf of the log is held: before, the start forgot such a freeze.
// spec: STO-60
#[test]
fn log_of_which_nothing_is_held_stays_frozen_after_a_restart() {
    let mut bench = Bench::new();
    let origin = bench.member_log();
    let frame = evidence(&origin, &bench.network.members[1], 3);
    bench.show(&frame);
    assert!(bench.says_forked());
    let since = Some(bench.now);
    let frozen = bench.core.shared().frozen();
    bench.restart();
    assert_eq!(bench.core.shared().frozen(), frozen);
    let frozen = frozen.get(&origin).unwrap();
    assert_eq!((frozen.since, frozen.at.value()), (since, 0));
    assert_eq!(frozen.evidence.smaller().size().value(), 3);
    assert!(bench.core.exchange().replica(&origin).unwrap().is_frozen());
    let signing = *bench.core.signing();
    assert!(matches!(signing, Signing::Greeting { .. }), "{signing:?}");
    // The same evidence is neither recorded nor told again.
    bench.show(&frame);
    assert!(!bench.says_forked());
}

// spec: EXC-60
#[test]
fn evidence_on_record_is_shown_to_whoever_greets_later() {
    let mut bench = Bench::new();
    let frame = evidence(&bench.member_log(), &bench.network.members[1], 3);
    bench.show(&frame);
    let shown = [frame];
    assert_eq!(bench.shown(), shown);
    bench.greet();
    assert_eq!(bench.shown(), shown);
    bench.restart();
    bench.greet();
    assert_eq!(bench.shown(), shown);
}

// spec: STO-61
#[test]
fn author_that_is_shown_a_fork_of_its_own_log_signs_nothing_more() {
    let mut bench = Bench::new();
    let origin = bench.hub_log();
    let size = bench.head_size();
    let frame = evidence(&origin, &bench.network.hub, size);
    // In one batch: the statement is staged already when the evidence comes.
    bench.greet();
    bench.offer(bench.change());
    bench.control(&frame);
    bench.finish();
    let refused = Err(SubmitError::LogFrozen { origin });
    assert_eq!(bench.submitted(), refused);
    assert_eq!(*bench.core.signing(), Signing::Forked);
    for _ in 0..2 {
        assert_eq!(bench.head_size(), size);
        bench.submit(bench.change());
        assert_eq!(bench.submitted(), refused);
        bench.feed(Input::Deadline);
        bench.finish();
        let mut frames = bench.outputs.iter().filter_map(sent);
        assert!(!frames.any(|frame| matches!(Frame::decode(frame), Ok(Frame::Cosign { .. }))));
        bench.restart();
        bench.greet();
        assert_eq!(*bench.core.signing(), Signing::Forked);
    }
    assert_eq!(bench.head_size(), size);
}

/// A head alone, other than the one that was signed at its size, is evidence enough.
// spec: STO-61, EXC-9
#[test]
fn author_that_is_shown_another_head_of_its_own_size_stops_too() {
    let mut bench = Bench::new();
    let (origin, size) = (bench.hub_log(), bench.head_size());
    let (size, root) = (TreeSize::new(size).unwrap(), Hash::from_bytes([3; 32]));
    let head = Checkpoint::new(origin, size, root).unwrap();
    let head = VerifiedCheckpoint::sign(&head, &bench.network.hub.log).unwrap();
    bench.greet();
    let note = head.to_bytes();
    bench.control(&Frame::Checkpoint { note: &note }.encode());
    bench.finish();
    assert!(bench.says_forked());
    assert_eq!(*bench.core.signing(), Signing::Forked);
    let public = bench.network.hub.log.public_key();
    let shown = bench.shown();
    let Ok(Frame::Fork { first, second, .. }) = Frame::decode(shown.first().unwrap()) else {
        panic!("no evidence");
    };
    for note in [first, second] {
        let signed = concordat_protocol::log::SignedCheckpoint::parse(note).unwrap();
        assert!(signed.verify(&public).is_ok());
    }
}
