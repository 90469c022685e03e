//! What becomes of a body is the same in whatever order the bodies of its log come.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeMap;

use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_protocol::codec::Ext;
use concordat_protocol::exchange::{
    Action, BodyOutcome, Exchange, Input, PeerId, RequestId, World,
};
use concordat_protocol::log::{
    Checkpoint, Hash, LeafIndex, MemoryTree, TreeSize, VerifiedCheckpoint,
};
use concordat_protocol::message::{Absence, BodyEntry, Frame};
use concordat_protocol::statement::{Body, Content, Leaf, Payload, Restart, Statement, Vis, sign};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{LogNumber, RejectReason};
use concordat_tests::peer::{OneLog, hello};

const PEER: PeerId = PeerId(1);

/// What became of the body at each position.
type Outcomes = BTreeMap<u64, Result<(), RejectReason>>;

/// A log of the first member, as the second comes to know it.
struct Bench {
    network: TestNetwork,
    entries: Vec<(Leaf, Body)>,
    exchange: Exchange,
    logs: OneLog,
    now: Timestamp,
}

impl Bench {
    /// Entries under registries that are so many entries older than the newest.
    fn new(ages: &[u64]) -> Self {
        let network = TestNetwork::build(TestPlan::numbered(2, 1)).unwrap();
        let now = Timestamp::new(1_772_400_000_000).unwrap();
        let ages = ages.iter().enumerate();
        let entries = ages.map(|(number, age)| entry(&network, number, *age));
        let entries = entries.collect();
        let exchange = Exchange::new(network.members[1].code(), now, Vec::new());
        let logs = OneLog::default();
        let mut bench = Self {
            network,
            entries,
            exchange,
            logs,
            now,
        };
        let (peer, member) = (PEER, bench.network.members[0].code());
        bench.feed(Input::Opened { peer, member });
        bench.control(&hello(bench.network.genesis.id(), member));
        bench
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

    /// Shows the head with all leaves, and the bodies that are `given` from the first.
    fn push(&mut self, given: &[usize]) -> Vec<Action> {
        let mut tree = MemoryTree::new();
        for (leaf, _) in &self.entries {
            tree.append(leaf.hash());
        }
        let member = &self.network.members[0];
        let origin = self
            .network
            .genesis
            .origin(member.code(), LogNumber::Statements);
        let checkpoint = Checkpoint::new(origin, tree.size(), tree.root()).unwrap();
        let head = VerifiedCheckpoint::sign(&checkpoint, &member.log).unwrap();
        let (note, encoded) = (&head.to_bytes(), self.encoded());
        let tail = encoded.iter().enumerate().map(|(place, (leaf, body))| {
            let body = given.contains(&place).then_some(&body[..]);
            (&leaf[..], body)
        });
        let (begin, tail) = (LeafIndex::new(0), tail.collect());
        let actions = self.control(&Frame::Push { note, begin, tail });
        self.logs.0 = tree;
        for action in &actions {
            if let Action::StoreLeaves { store, .. } = action {
                self.feed(Input::Stored { store: *store });
            }
        }
        actions
    }

    fn encoded(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let entries = self.entries.iter();
        entries
            .map(|(leaf, body)| (leaf.encode(), body.encode()))
            .collect()
    }

    /// Gives the bodies of a request that are in `given`, the others not.
    fn give(&mut self, asked: (RequestId, u64, u64), given: &[usize]) -> Vec<Action> {
        let (request, begin, end) = asked;
        let encoded = self.encoded();
        let entry = |position: u64| {
            let place = usize::try_from(position).unwrap();
            let (leaf, body) = &encoded[place];
            let held = given.contains(&place);
            BodyEntry {
                index: LeafIndex::new(position),
                leaf,
                body: held.then_some(&body[..]).ok_or(Absence::NotHeld),
            }
        };
        let entries = (begin..end).map(entry).collect();
        let next = TreeSize::new(end).unwrap();
        let (peer, bytes) = (PEER, &Frame::BodyBlock { next, entries }.encode());
        self.feed(Input::Answer {
            peer,
            request,
            bytes,
        })
    }

    /// Lets the bodies come in this order, one each time that they are asked for.
    fn outcomes(mut self, order: &[usize]) -> Outcomes {
        let mut outcomes = Outcomes::new();
        let mut actions = self.push(&order[..1]);
        // Few gaps are asked for at a time, and one not given rests: what came last takes more rounds.
        let rounds = (1..=order.len()).chain([order.len(); 24]);
        for given in rounds {
            take_down(&actions, &mut outcomes);
            self.now = Timestamp::new(self.now.value() + 2_000).unwrap();
            let mut due = asked(&actions);
            due.extend(asked(&self.feed(Input::Deadline)));
            actions = due
                .into_iter()
                .flat_map(|asked| self.give(asked, &order[..given]))
                .collect();
        }
        take_down(&actions, &mut outcomes);
        outcomes
    }
}

/// A statement that its member may make without a mandate.
fn entry(network: &TestNetwork, number: usize, age: u64) -> (Leaf, Body) {
    let number = u64::try_from(number).unwrap();
    let payload = Payload {
        issued_at: Timestamp::new(1_772_400_000_000 + number).unwrap(),
        target: None,
        register_size: None,
        batch: None,
        content: Content::Restart(Restart {
            size: TreeSize::ZERO,
            root: Hash::from_bytes([0; 32]),
        }),
        ext: Ext::default(),
    };
    let size = TreeSize::new(network.registry.size().value() - age).unwrap();
    let ctx = network.registry.ctx_at(size).unwrap();
    let member = &network.members[0];
    let (code, key) = (member.code(), &member.statement);
    let statement = sign(key, code, code.code(), ctx, &payload).unwrap();
    let kind = Statement::decode(&statement)
        .unwrap()
        .payload()
        .class()
        .kind();
    let body = Body::new([7; 32], statement).unwrap();
    let leaf = Leaf {
        kind,
        vis: Vis::ALL_MEMBERS,
        commit: body.commit(),
        target: None,
        ctx: size,
    };
    (leaf, body)
}

fn take_down(actions: &[Action], outcomes: &mut Outcomes) {
    for action in actions {
        let Action::StoreBodies { bodies, .. } = action else {
            continue;
        };
        for (index, outcome) in bodies {
            let outcome = match outcome {
                BodyOutcome::Accepted { .. } => Ok(()),
                BodyOutcome::Refused { reason, .. } => Err(*reason),
                BodyOutcome::Absent(absence) => panic!("{index} is absent: {absence:?}"),
            };
            assert_eq!(outcomes.insert(index.value(), outcome), None);
        }
    }
}

fn asked(actions: &[Action]) -> Vec<(RequestId, u64, u64)> {
    let bodies = |action: &Action| {
        let Action::Ask { request, frame, .. } = action else {
            return None;
        };
        match Frame::decode(frame) {
            Ok(Frame::Bodies { begin, end, .. }) => Some((*request, begin.value(), end.value())),
            _ => None,
        }
    };
    actions.iter().filter_map(bodies).collect()
}

/// Every order of the first `count` places.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let longer = |order: Vec<usize>| {
        (0..count).map(move |at| {
            let mut order = order.clone();
            order.insert(at, last);
            order
        })
    };
    orders(last).into_iter().flat_map(longer).collect()
}

// spec: TRU-28, EXC-14
#[test]
fn statement_under_an_older_registry_is_refused_in_whatever_order_bodies_come() {
    let ages = [1, 0, 1, 0];
    let expected: Outcomes = [
        (0, Ok(())),
        (1, Ok(())),
        (2, Err(RejectReason::CtxDecreases)),
        (3, Ok(())),
    ]
    .into();
    let orders = orders(ages.len());
    assert_eq!(orders.len(), 24);
    for order in orders {
        assert_eq!(Bench::new(&ages).outcomes(&order), expected, "{order:?}");
    }
}

// spec: TRU-28
#[test]
fn statement_under_an_older_registry_is_refused_while_the_newer_one_is_withheld() {
    let ages = [0, 1, 0, 1, 1];
    for withheld in 0..ages.len() {
        let given: Vec<usize> = (0..ages.len()).filter(|place| *place != withheld).collect();
        let outcomes = Bench::new(&ages).outcomes(&given);
        for place in given {
            let age: u64 = ages[place];
            let refused = (age > 0).then_some(RejectReason::CtxDecreases);
            let position = u64::try_from(place).unwrap();
            let outcome = outcomes.get(&position).copied();
            assert_eq!(
                outcome,
                Some(refused.map_or(Ok(()), Err)),
                "{withheld} {place}"
            );
        }
    }
}

/// The statement is refused, and the log goes on.
// spec: TRU-28
#[test]
fn log_goes_on_after_a_statement_under_an_older_registry() {
    let mut bench = Bench::new(&[0, 1, 0]);
    let origin = bench
        .network
        .genesis
        .origin(bench.network.members[0].code(), LogNumber::Statements);
    bench.push(&[0, 1, 2]);
    let replica = bench.exchange.replica(&origin).unwrap();
    assert!(!replica.is_frozen());
    assert_eq!(replica.durable().value(), 3);
    assert_eq!(replica.bodies_missing(), 0);
    let missing = replica.head().map(VerifiedCheckpoint::size);
    assert_eq!(missing, TreeSize::new(3).ok());
}
