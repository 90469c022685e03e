//! How much of its answers a core has in memory, and what it takes down before they leave.

use std::collections::{BTreeMap, BTreeSet};

use concordat_node::core::{Core, CoreInput, Fatal, Output, Submission, Ticket};
use concordat_node::disk::{Fault, FaultEffect, MemoryDisk};
use concordat_protocol::codec::Ext;
use concordat_protocol::message::BodyFilter;
use concordat_protocol::statement::{Payload, Restart, sign};
use concordat_protocol::text::Text;
use concordat_tests::peer::open_hub;

use super::*;

/// Characters of text in each statement: most of what a statement may have.
const TEXT: usize = 64_000;
/// Statements: a request for all of them asks for more than is made at once for one peer.
const STATEMENTS: u64 = 140;
/// What may be in memory for one peer.
const IN_FLIGHT: usize = 8 << 20;

/// A hub whose own log is full of long statements, and a member connected to it.
struct Hub {
    network: TestNetwork,
    core: Core<MemoryDisk>,
    disk: MemoryDisk,
    now: Timestamp,
}

impl Hub {
    fn new() -> Self {
        Self::with(STATEMENTS, TEXT)
    }

    /// A hub with so many statements, of so many characters each.
    fn with(statements: u64, text: usize) -> Self {
        let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let disk = MemoryDisk::new();
        let core = open_hub(&network, &disk, now, true);
        let mut hub = Self {
            network,
            core,
            disk,
            now,
        };
        hub.core.finish().unwrap();
        for change in hub.network.changes.clone() {
            let (ctx, key) = (hub.core.registry().ctx(), &hub.network.hub.statement);
            let signed = change.sign(&hub.network.genesis, key, ctx).unwrap();
            hub.submit(LogNumber::Registry, vec![signed]);
        }
        let statements = (0..statements).map(|number| hub.statement(number, text));
        let statements = statements.collect();
        hub.submit(LogNumber::Statements, statements);
        hub.greet();
        hub
    }

    fn statement(&self, number: u64, text: usize) -> Vec<u8> {
        let text: Text<TEXT> = Text::new("f".repeat(text)).unwrap();
        let payload = Payload {
            issued_at: Timestamp::new(self.now.value() + number).unwrap(),
            target: None,
            register_size: None,
            batch: None,
            content: Content::Restart(Restart {
                size: TreeSize::ZERO,
                root: Hash::from_bytes([0; 32]),
            }),
            ext: Ext::default().with_text(100, &text),
        };
        let (hub, ctx) = (&self.network.hub, self.core.registry().ctx());
        let code = hub.code();
        sign(&hub.statement, code, code.code(), ctx, &payload).unwrap()
    }

    fn submit(&mut self, log: LogNumber, statements: Vec<Vec<u8>>) -> Vec<Output> {
        let outputs = self.try_to_submit(log, statements).unwrap();
        let is_taken = |output: &Output| matches!(output, Output::Submitted { result: Ok(_), .. });
        assert!(outputs.iter().any(is_taken));
        outputs
    }

    fn try_to_submit(
        &mut self,
        log: LogNumber,
        statements: Vec<Vec<u8>>,
    ) -> Result<Vec<Output>, Fatal> {
        let ticket = Ticket(1);
        let submission = Submission {
            ticket,
            log,
            statements,
        };
        let input = CoreInput::Submit(submission);
        self.core.handle(self.now, input)?;
        self.core.finish()
    }

    /// The member says that it holds all that there is of the log.
    fn hears_frontier(&mut self) {
        let origin = self.origin();
        let (size, root) = {
            let logs = self.core.shared();
            let logs = logs.logs();
            let log = logs.get(&origin).unwrap();
            (log.size(), log.tree().root())
        };
        let entry = FrontierEntry {
            origin,
            size,
            root,
            bodies: size,
            vouched: Vouched::default(),
        };
        let bytes = &Frame::Frontier(vec![entry]).encode();
        self.feed(Input::Control { peer: PEER, bytes });
        self.core.finish().unwrap();
    }

    fn greet(&mut self) {
        let member = self.network.members[0].code();
        let hello = hello(self.network.genesis.id(), member);
        self.feed(Input::Opened { peer: PEER, member });
        let bytes = &hello.encode();
        self.feed(Input::Control { peer: PEER, bytes });
        self.core.finish().unwrap();
    }

    fn feed(&mut self, input: Input<'_>) {
        let input = CoreInput::Exchange(input);
        self.core.handle(self.now, input).unwrap();
    }

    /// Entries of the log.
    fn size(&self) -> u64 {
        let logs = self.core.shared();
        let logs = logs.logs();
        logs.get(&self.origin()).unwrap().size().value()
    }

    fn origin(&self) -> Origin {
        let hub = self.network.hub.code();
        self.network.genesis.origin(hub, LogNumber::Statements)
    }

    /// Asks for all bodies of the log.
    fn ask(&mut self, serve: u64) {
        let request = Frame::Bodies {
            origin: self.origin(),
            begin: LeafIndex::new(0),
            end: TreeSize::new(STATEMENTS).unwrap(),
            filter: BodyFilter::All,
        };
        let (peer, serve, bytes) = (PEER, ServeId(serve), &request.encode());
        self.feed(Input::Request { peer, serve, bytes });
    }

    /// The parts of answers that may go out now.
    fn parts(&mut self) -> Vec<(ServeId, Vec<Vec<u8>>, Option<LeafIndex>)> {
        let outputs = self.core.finish().unwrap().into_iter();
        let parts = outputs.filter_map(|output| {
            let Output::Answer {
                serve,
                frames,
                next,
                ..
            } = output
            else {
                return None;
            };
            Some((serve, frames, next))
        });
        parts.collect()
    }

    /// Positions whose bodies went to the member, by its delivery rows.
    fn rows(&self) -> BTreeSet<u64> {
        let (origin, member) = (self.origin(), self.network.members[0].code());
        let given = |position: &u64| {
            let index = LeafIndex::new(*position);
            self.core.has_given(member, &origin, index)
        };
        (0..STATEMENTS).filter(given).collect()
    }
}

/// Positions of the bodies in frames.
fn positions(frames: &[Vec<u8>]) -> Vec<u64> {
    let frames = frames.iter().map(|frame| Frame::decode(frame).unwrap());
    let entries = frames.flat_map(|frame| {
        let Frame::BodyBlock { entries, .. } = frame else {
            panic!("{frame:?}");
        };
        entries
    });
    let given = entries.map(|entry| entry.body.map(|_| entry.index.value()).unwrap());
    given.collect()
}

/// A peer asks for as much as it may and reads as slowly as it likes: answers were made whole, up to
/// 128 MiB each, before their first frame was sent.
// spec: EXC-19, EXC-28
#[test]
fn eight_requests_for_long_bodies_are_answered_with_little_in_memory() {
    let mut hub = Hub::new();
    for serve in 0..8 {
        hub.ask(serve);
    }
    let mut under_way = hub.parts();
    assert_eq!(under_way.len(), limits::REQUESTS_UNDER_WAY_MAX);
    let mut answered: BTreeMap<ServeId, Vec<u64>> = BTreeMap::new();
    while !under_way.is_empty() {
        let sizes = under_way.iter().flat_map(|(_, frames, _)| frames);
        let in_flight: usize = sizes.map(Vec::len).sum();
        assert!(in_flight <= IN_FLIGHT, "{in_flight}");
        let (serve, frames, next) = under_way.remove(0);
        assert!(
            frames
                .iter()
                .all(|frame| frame.len() <= limits::FRAME_BYTES_MAX)
        );
        answered
            .entry(serve)
            .or_default()
            .extend(positions(&frames));
        hub.feed(Input::Served {
            peer: PEER,
            serve,
            next,
        });
        under_way.extend(hub.parts());
    }
    let all: Vec<u64> = (0..STATEMENTS).collect();
    assert_eq!(answered.len(), 8);
    assert!(answered.values().all(|positions| *positions == all));
}

// spec: EXC-28, STO-25
#[test]
fn delivery_row_names_what_a_part_holds_and_nothing_of_the_next() {
    let mut hub = Hub::new();
    hub.ask(0);
    let mut sent = BTreeSet::new();
    loop {
        let mut parts = hub.parts();
        let (serve, frames, next) = parts.remove(0);
        sent.extend(positions(&frames));
        assert_eq!(hub.rows(), sent);
        let Some(next) = next else { break };
        assert_eq!(Some(next.value() - 1), sent.last().copied());
        let next = Some(next);
        hub.feed(Input::Served {
            peer: PEER,
            serve,
            next,
        });
    }
    assert_eq!(sent.len() as u64, STATEMENTS);
    // One who goes away half-way is not said to have the rest.
    let mut hub = Hub::new();
    hub.ask(0);
    let rows = hub.rows();
    hub.feed(Input::Closed { peer: PEER });
    hub.core.finish().unwrap();
    assert!(!rows.is_empty() && (rows.len() as u64) < STATEMENTS);
    assert_eq!(hub.rows(), rows);
}

/// How many bodies are pushed.
fn pushed(outputs: &[Output]) -> usize {
    let tails = outputs.iter().filter_map(|output| {
        let Output::Send { frame, .. } = output else {
            return None;
        };
        let Frame::Push { tail, .. } = Frame::decode(frame).unwrap() else {
            return None;
        };
        Some(tail.iter().filter(|(_, body)| body.is_some()).count())
    });
    tails.sum()
}

/// A push waited for a commit of its row alone, after that of the statement.
// spec: STO-25
#[test]
fn row_of_a_push_is_durable_with_the_statement_wherever_power_is_lost() {
    let (mut lost, mut kept) = (0, 0);
    for after_calls in 0.. {
        let mut hub = Hub::with(2, 10);
        hub.hears_frontier();
        let before = hub.size();
        let statement = hub.statement(2, 10);
        hub.disk.fail(Fault {
            after_calls,
            effect: FaultEffect::Nothing,
            lasting: true,
        });
        let outputs = hub.try_to_submit(LogNumber::Statements, vec![statement]);
        hub.disk.crash(&mut || 0);
        let (member, origin) = (hub.network.members[0].code(), hub.origin());
        hub.core = open_hub(&hub.network, &hub.disk, hub.now, false);
        let size = hub.core.shared().logs().get(&origin).unwrap().size();
        let given = hub.core.has_given(member, &origin, LeafIndex::new(before));
        assert_eq!(given, size.value() > before, "after {after_calls} calls");
        match size.value() > before {
            true => kept += 1,
            false => lost += 1,
        }
        if let Ok(outputs) = outputs {
            assert_eq!(pushed(&outputs), 1);
            break;
        }
    }
    assert!(lost > 0 && kept > 1, "lost {lost}, kept {kept}");
}

// spec: STO-25
#[test]
fn row_of_a_push_names_nothing_for_a_member_that_has_not_said_what_it_holds() {
    let mut hub = Hub::with(2, 10);
    let before = hub.size();
    let statement = hub.statement(2, 10);
    let outputs = hub.submit(LogNumber::Statements, vec![statement]);
    assert_eq!(pushed(&outputs), 0);
    let member = hub.network.members[0].code();
    let origin = hub.origin();
    assert!(!hub.core.has_given(member, &origin, LeafIndex::new(before)));
}

/// What a power loss could still take was shown as held.
// spec: ADM-132
#[test]
fn body_is_counted_as_held_once_it_is_durable() {
    let mut hub = Hub::with(1, 10);
    let statement = hub.statement(7, 10);
    let count = |hub: &Hub| {
        let shared = hub.core.shared();
        let logs = shared.logs();
        shared.count_bodies(logs.get(&hub.origin()).unwrap())
    };
    let (held, missing) = count(&hub);
    assert_eq!(missing, 0);
    let submission = Submission {
        ticket: Ticket(2),
        log: LogNumber::Statements,
        statements: vec![statement],
    };
    let input = CoreInput::Submit(submission);
    hub.core.handle(hub.now, input).unwrap();
    assert_eq!(count(&hub), (held, 1));
    hub.core.finish().unwrap();
    assert_eq!(count(&hub), (held + 1, 0));
}

/// A first start that was a mistake has signed nothing yet.
// spec: STO-81
#[test]
fn register_opens_with_the_first_entry_of_the_registry() {
    let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
    let now = Timestamp::new(1_772_400_000_000).unwrap();
    let disk = MemoryDisk::new();
    let mut core = open_hub(&network, &disk, now, true);
    core.finish().unwrap();
    let mut hub = Hub {
        network,
        core,
        disk,
        now,
    };
    let opened = |hub: &Hub| {
        let origin = hub.network.genesis.register_origin();
        let shared = hub.core.shared();
        let logs = shared.logs();
        logs.get(&origin).map_or(0, |log| log.size().value())
    };
    assert_eq!(opened(&hub), 0);
    let change = hub.network.changes[0].clone();
    let (ctx, key) = (hub.core.registry().ctx(), &hub.network.hub.statement);
    let signed = change.sign(&hub.network.genesis, key, ctx).unwrap();
    hub.submit(LogNumber::Registry, vec![signed]);
    assert_eq!(opened(&hub), 1);
}

/// A member's data ended a node: what one batch of commands brought was more than one commit takes.
// spec: STO-90
#[test]
fn batch_with_more_than_one_commit_takes_is_made_durable_in_parts() {
    const IN_ONE: usize = 350;
    let mut hub = Hub::with(1, 10);
    let origin = hub.origin();
    let size = |hub: &Hub| {
        hub.core
            .shared()
            .logs()
            .get(&origin)
            .unwrap()
            .size()
            .value()
    };
    let before = size(&hub);
    let statement = hub.statement(1, TEXT);
    // Three commands that fit one commit each, and one that by itself is more.
    for parts in [1, 1, 1, 4] {
        let submission = Submission {
            ticket: Ticket(parts as u64),
            log: LogNumber::Statements,
            statements: vec![statement.clone(); parts * IN_ONE],
        };
        let input = CoreInput::Submit(submission);
        hub.core.handle(hub.now, input).unwrap();
    }
    let outputs = hub.core.finish().unwrap();
    let is_taken = |output: &&Output| matches!(output, Output::Submitted { result: Ok(_), .. });
    assert_eq!(outputs.iter().filter(is_taken).count(), 4);
    let after = size(&hub);
    assert_eq!(after, before + 7 * IN_ONE as u64);
    let shared = hub.core.shared();
    for index in [before, after - 1] {
        assert!(shared.body(&origin, LeafIndex::new(index)).is_some());
    }
}
