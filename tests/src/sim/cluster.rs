//! The nodes of a run, the queue of what happens next, and the trouble they are in.

mod directories;
mod links;
mod lives;
mod outputs;
mod trouble;
mod visitor;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_certs::network::{TestMember, TestNetwork, TestPlan};
use concordat_node::core::{Core, CoreInput, Output, Signing, Submission, SubmitError, Ticket};
use concordat_node::disk::{Fault, FaultEffect, MemoryDisk};
use concordat_protocol::exchange::{Input, PeerId, RequestId, ServeId};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::message::{Frame, FrontierEntry, Vouched};
use concordat_protocol::statement::{Audience, Class, Content, StatementRef, Vis, VisibilityClass};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;
use sha2::{Digest as _, Sha256};

use super::certified;
use super::checker::{self, Checker, Running, Verdict};
use super::network::{Connection, Fate, Stream};
use super::workload::{Said, Speaker, utter};
use super::{Failure, Outcome, Plan, Rng, Trouble};
use crate::peer;

/// The clock at the beginning of every run, after the registry was made.
const BEGIN_MS: u64 = 1_772_400_000_000;
/// Virtual milliseconds within which everything must be everywhere once trouble has ended.
const CONVERGE_MS: u64 = 60_000;
/// Virtual milliseconds within which every head must be witnessed after that: far less than a heartbeat.
const WITNESS_MS: u64 = 60_000;
/// Virtual milliseconds within which every delivery must be said: a little more than the minute between two.
const DELIVERY_MS: u64 = 70_000;
/// Inputs of up to four nodes after which a run is taken to go round in circles.
const INPUTS_MAX: u64 = 400_000;

/// A node of a run: 0 is the hub, members follow in the order of their enrolment.
pub type NodeId = usize;

struct Node {
    member: TestMember,
    disk: MemoryDisk,
    core: Option<Core<MemoryDisk>>,
    /// Counts lives: events meant for an earlier life are void.
    life: u64,
    finish_due: bool,
    deadline_due: u64,
    /// Whether its disk may fail now.
    faulty: bool,
    /// Whether a copy of it has run elsewhere, so that it may be behind itself.
    twice: bool,
    /// Whether its operator accepts losses, until it is started again.
    accepts_loss: bool,
}

#[derive(Clone, Debug)]
enum Event {
    Frame {
        connection: u64,
        to: NodeId,
        stream: Stream,
        bytes: Vec<u8>,
    },
    End {
        connection: u64,
        to: NodeId,
        request: RequestId,
    },
    Gone {
        connection: u64,
        node: NodeId,
    },
    Dial {
        pair: [NodeId; 2],
    },
    Deadline {
        node: NodeId,
        life: u64,
    },
    Finish {
        node: NodeId,
        life: u64,
    },
    Served {
        node: NodeId,
        life: u64,
        answer: (PeerId, ServeId, Option<LeafIndex>),
    },
    Start {
        node: NodeId,
    },
    Work,
    Trouble,
    Unblock {
        links: Vec<(NodeId, NodeId)>,
    },
}

/// A hub and its members, with their disks and the network between them.
pub struct Cluster {
    plan: Plan,
    rng: Rng,
    now: u64,
    trouble: Trouble,
    network: TestNetwork,
    nodes: Vec<Node>,
    queue: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    next_connection: u64,
    next_serve: u64,
    next_ticket: u64,
    connections: BTreeMap<u64, Connection>,
    blocked: BTreeSet<(NodeId, NodeId)>,
    working: bool,
    pub(super) said: Vec<Said>,
    pub(super) pending: BTreeMap<Ticket, (Class, SubjectCode)>,
    checker: Checker,
    trace: Sha256,
    outcome: Outcome,
    wiped: bool,
    /// Changes of the registry that the hub was given.
    entered: usize,
    /// Whether the hub says of every correction and withdrawal that it does not hold it.
    pub(super) hub_drops: bool,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cluster(seed {}, {} ms)", self.plan.seed, self.elapsed())
    }
}

impl Cluster {
    /// Nodes with empty disks, all running, not connected.
    ///
    /// # Errors
    /// [`Failure`] when a node does not start.
    pub fn new(plan: Plan) -> Result<Self, Failure> {
        let failure = |what| Failure { at_ms: 0, what };
        let network = TestNetwork::build(test_plan(&plan)).map_err(|e| failure(e.to_string()))?;
        let members = std::iter::once(&network.hub).chain(&network.members);
        let nodes = members.map(|member| Node {
            member: member.clone(),
            disk: MemoryDisk::new(),
            core: None,
            life: 0,
            finish_due: false,
            deadline_due: u64::MAX,
            faulty: false,
            twice: false,
            accepts_loss: false,
        });
        let mut cluster = Self {
            plan,
            rng: Rng::new(plan.seed),
            now: BEGIN_MS,
            trouble: Trouble::None,
            nodes: nodes.collect(),
            network,
            queue: BTreeMap::new(),
            next_event: 0,
            next_connection: 0,
            next_serve: 0,
            next_ticket: 0,
            connections: BTreeMap::new(),
            blocked: BTreeSet::new(),
            working: false,
            said: Vec::new(),
            pending: BTreeMap::new(),
            checker: Checker::default(),
            trace: Sha256::new(),
            outcome: Outcome::default(),
            wiped: false,
            entered: 0,
            hub_drops: false,
        };
        for node in 0..cluster.nodes.len() {
            cluster.start(node)?;
        }
        Ok(cluster)
    }

    /// Has the hub enter the registry, and connects everyone.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn begin(&mut self) -> Result<(), Failure> {
        for change in 0..self.network.changes.len() {
            self.enter_change(change)?;
        }
        for first in 0..self.nodes.len() {
            for second in first + 1..self.nodes.len() {
                let pair = [first, second];
                self.after(1, Event::Dial { pair });
            }
        }
        self.run_for(15_000)?;
        match self.nodes.iter().position(|node| !can_sign(node)) {
            None => Ok(()),
            Some(node) => self.fail(format!("node {node} may not sign after 15 s in peace")),
        }
    }

    /// Work under trouble, for as long as the plan says.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn work(&mut self) -> Result<(), Failure> {
        self.trouble = self.plan.trouble;
        self.working = true;
        self.after(1, Event::Work);
        if self.trouble > Trouble::None {
            self.after(1, Event::Trouble);
        }
        let busy = self.plan.busy_ms;
        self.run_for(busy)
    }

    /// Trouble without work, until there is calm.
    pub(super) fn trouble_begins(&mut self, trouble: Trouble) {
        self.trouble = trouble;
        self.after(1, Event::Trouble);
    }

    /// Ends work and trouble: every node runs, every link carries, nothing is lost any more.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn calm(&mut self) -> Result<(), Failure> {
        self.trouble = Trouble::None;
        self.working = false;
        self.blocked.clear();
        for node in &mut self.nodes {
            node.disk.heal();
            node.faulty = false;
        }
        for node in 0..self.nodes.len() {
            self.start(node)?;
        }
        Ok(())
    }

    /// Waits until everything is everywhere.
    ///
    /// # Errors
    /// [`Failure`] with what is still missing when it has taken too long.
    pub fn converge(&mut self) -> Result<(), Failure> {
        let begin = self.now;
        self.wait_until(CONVERGE_MS, checker::complete)?;
        self.outcome.converged_after_ms = self.now - begin;
        self.wait_until(DELIVERY_MS, checker::deliveries_said)?;
        self.wait_until(WITNESS_MS, certified::certified)?;
        self.wait_until(WITNESS_MS, checker::witnessed)
    }

    /// Looks whether every node that runs and may sign still has what it acknowledged.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn check_everything_kept(&self) -> Result<(), Failure> {
        // A node whose directory was lost has its statements again only when it may sign again.
        for node in &self.nodes {
            node.disk.heal();
        }
        let cores = self.cores();
        let whole = cores
            .iter()
            .filter(|(_, core)| *core.signing() == Signing::Open);
        for (code, core) in whole {
            self.verdict(self.checker.kept(*code, core))?;
        }
        Ok(())
    }

    /// What the run came to so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let acknowledged = self.checker.acknowledged.len() as u64;
        let trace = self.trace.clone().finalize().into();
        Outcome {
            trace,
            acknowledged,
            ..self.outcome
        }
    }

    /// The network's keys and files.
    #[must_use]
    pub const fn network(&self) -> &TestNetwork {
        &self.network
    }

    /// The core of a node while it runs.
    #[must_use]
    pub fn core(&self, node: NodeId) -> Option<&Core<MemoryDisk>> {
        self.nodes.get(node)?.core.as_ref()
    }

    /// Lets the hub enter one more approved change of the registry.
    ///
    /// # Errors
    /// [`Failure`] when the change is not approved or the hub refuses it.
    pub fn change_registry(&mut self, content: Content) -> Result<(), Failure> {
        let made = self.network.append(content).map(|_| ());
        self.verdict(made.map_err(|error| error.to_string()))?;
        self.enter_change(self.network.changes.len() - 1)
    }

    /// Lets the hub enter a member anew, with whatever mandates it has by now.
    ///
    /// # Errors
    /// As [`Cluster::change_registry`].
    pub fn enrol(&mut self, member: &TestMember) -> Result<(), Failure> {
        let made = self.network.enrol(member).map(|_| ());
        self.verdict(made.map_err(|error| error.to_string()))?;
        self.enter_change(self.network.changes.len() - 1)
    }

    /// Has one node say something, as chance will have it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn say_something(&mut self, node: NodeId) -> Result<(), Failure> {
        let mut said = self.said.clone();
        let now = self.time();
        let Some((member, core)) = self
            .nodes
            .get(node)
            .and_then(|n| n.core.as_ref().map(|core| (&n.member, core)))
        else {
            return Ok(());
        };
        if *core.signing() != Signing::Open {
            return Ok(());
        }
        // Nobody corrects what is lost: its visibility class is not known any more.
        said.retain(|one| {
            let (origin, index) = (&one.reference.origin, one.reference.index);
            let own = origin.member() == member.code().as_str();
            !own || core.shared().leaf(origin, index).is_some()
        });
        let register = core.registry().genesis().register_origin();
        let register_size = core.shared().logs().get(&register).map(|log| log.size());
        let speaker = Speaker {
            code: member.code(),
            key: &member.statement,
            ctx: core.registry().ctx(),
            register_size: register_size.unwrap_or(TreeSize::ZERO),
            now,
        };
        let Some(utterance) = utter(&mut self.rng, &speaker, &said) else {
            return Ok(());
        };
        let ticket = self.ticket();
        self.pending
            .insert(ticket, (utterance.class, utterance.about));
        let submission = Submission {
            ticket,
            log: LogNumber::Statements,
            statements: vec![utterance.bytes],
        };
        self.feed(node, CoreInput::Submit(submission))
    }

    /// Lets virtual time pass.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run_for(&mut self, milliseconds: u64) -> Result<(), Failure> {
        let end = self.now + milliseconds;
        while let Some(entry) = self.queue.first_entry().filter(|e| e.key().0 <= end) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.step(event)?;
            let most = INPUTS_MAX * self.nodes.len().div_ceil(4) as u64;
            if self.outcome.inputs > most {
                return self.fail(format!("more than {most} inputs"));
            }
        }
        self.now = end;
        Ok(())
    }

    fn wait_until(
        &mut self,
        most_ms: u64,
        holds: fn(&[Running<'_>]) -> Verdict,
    ) -> Result<(), Failure> {
        let end = self.now + most_ms;
        loop {
            self.run_for(1_000.max(most_ms / 100))?;
            let found = match self.nodes.iter().all(|node| node.core.is_some()) {
                true => holds(&self.cores()),
                false => Err("a node does not run".to_owned()),
            };
            match found {
                Ok(()) => return Ok(()),
                Err(what) if self.now >= end => {
                    return self.fail(format!("after {most_ms} ms of calm: {what}"));
                }
                Err(_) => {}
            }
        }
    }

    pub(super) fn cores(&self) -> Vec<Running<'_>> {
        let nodes = self.nodes.iter();
        nodes
            .filter_map(|node| Some((node.member.code(), node.core.as_ref()?)))
            .collect()
    }

    pub(super) const fn time(&self) -> Timestamp {
        match Timestamp::new(self.now) {
            Ok(time) => time,
            Err(_) => Timestamp::MAX,
        }
    }

    const fn elapsed(&self) -> u64 {
        self.now - BEGIN_MS
    }

    pub(super) fn fail<T>(&self, what: String) -> Result<T, Failure> {
        Err(Failure {
            at_ms: self.elapsed(),
            what,
        })
    }

    pub(super) fn verdict(&self, verdict: Verdict) -> Result<(), Failure> {
        verdict.or_else(|what| self.fail(what))
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn after(&mut self, milliseconds: u64, event: Event) {
        self.at(self.now + milliseconds, event);
    }

    fn at(&mut self, at: u64, event: Event) {
        self.queue.insert((at, self.next_event), event);
        self.next_event += 1;
    }

    fn trace(&mut self, what: u8, node: NodeId, bytes: &[u8]) {
        self.trace.update([what]);
        self.trace.update(self.now.to_be_bytes());
        self.trace.update((node as u64).to_be_bytes());
        self.trace.update((bytes.len() as u64).to_be_bytes());
        self.trace.update(bytes);
    }

    fn step(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Frame {
                connection,
                to,
                stream,
                bytes,
            } => self.arrive(connection, to, stream, &bytes),
            Event::End {
                connection,
                to,
                request,
            } => {
                let peer = PeerId(connection);
                match self.is_open(connection, to) {
                    true => self.exchange(to, Input::RequestFailed { peer, request }),
                    false => Ok(()),
                }
            }
            Event::Gone { connection, node } => self.gone(connection, node),
            Event::Dial { pair } => self.dial(pair),
            Event::Deadline { node, life } => self.deadline(node, life),
            Event::Finish { node, life } => match self.is_alive(node, life) {
                true => self.finish(node),
                false => Ok(()),
            },
            Event::Served { node, life, answer } => match self.is_alive(node, life) {
                true => {
                    let (peer, serve, next) = answer;
                    self.exchange(node, Input::Served { peer, serve, next })
                }
                false => Ok(()),
            },
            Event::Start { node } => self.start(node),
            Event::Work => {
                if !self.working {
                    return Ok(());
                }
                let pause = self.rng.within(10, 500);
                self.after(pause, Event::Work);
                let node = self.any_node();
                self.say_something(node)
            }
            Event::Trouble => self.make_trouble(),
            Event::Unblock { links } => {
                for link in links {
                    self.blocked.remove(&link);
                }
                Ok(())
            }
        }
    }

    fn is_alive(&self, node: NodeId, life: u64) -> bool {
        let node = self.nodes.get(node);
        node.is_some_and(|node| node.life == life && node.core.is_some())
    }

    fn any_node(&mut self) -> NodeId {
        let count = self.nodes.len() as u64;
        usize::try_from(self.rng.within(0, count)).unwrap_or(0)
    }

    fn arrive(
        &mut self,
        connection: u64,
        to: NodeId,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        if !self.is_open(connection, to) {
            return Ok(());
        }
        self.trace(1, to, bytes);
        let peer = PeerId(connection);
        let input = match stream {
            Stream::Control => Input::Control { peer, bytes },
            Stream::Answer(request) => Input::Answer {
                peer,
                request,
                bytes,
            },
            Stream::Request(serve, request) => {
                if let Some(connection) = self.connections.get_mut(&connection) {
                    connection.serves.insert(serve, request);
                }
                Input::Request { peer, serve, bytes }
            }
        };
        self.exchange(to, input)
    }

    fn exchange(&mut self, node: NodeId, input: Input<'_>) -> Result<(), Failure> {
        self.feed(node, CoreInput::Exchange(input))
    }

    pub(super) fn feed(&mut self, node: NodeId, input: CoreInput<'_>) -> Result<(), Failure> {
        let now = self.time();
        let Some(core) = self.nodes.get_mut(node).and_then(|n| n.core.as_mut()) else {
            return Ok(());
        };
        self.outcome.inputs += 1;
        if let Err(error) = core.handle(now, input) {
            return self.broke(node, &error.to_string());
        }
        if self.rng.one_in(2) {
            return self.finish(node);
        }
        let pause = self.rng.within(0, 5);
        if let Some(of) = self.nodes.get_mut(node).filter(|node| !node.finish_due) {
            of.finish_due = true;
            let life = of.life;
            self.after(pause, Event::Finish { node, life });
        }
        Ok(())
    }

    fn finish(&mut self, node: NodeId) -> Result<(), Failure> {
        let Some(of) = self.nodes.get_mut(node) else {
            return Ok(());
        };
        of.finish_due = false;
        let Some(core) = of.core.as_mut() else {
            return Ok(());
        };
        match core.finish() {
            Ok(outputs) => {
                let due = core.deadline().value();
                if due < of.deadline_due {
                    of.deadline_due = due;
                    let life = of.life;
                    self.at(due.max(self.now), Event::Deadline { node, life });
                }
                self.perform(node, outputs)
            }
            Err(error) => self.broke(node, &error.to_string()),
        }
    }

    fn deadline(&mut self, node: NodeId, life: u64) -> Result<(), Failure> {
        if !self.is_alive(node, life) {
            return Ok(());
        }
        let Some(of) = self.nodes.get_mut(node) else {
            return Ok(());
        };
        let Some(core) = of.core.as_ref() else {
            return Ok(());
        };
        let due = core.deadline().value();
        if due > self.now {
            of.deadline_due = due;
            self.at(due, Event::Deadline { node, life });
            return Ok(());
        }
        of.deadline_due = u64::MAX;
        let now = self.time();
        let Some(core) = self.nodes.get_mut(node).and_then(|n| n.core.as_mut()) else {
            return Ok(());
        };
        self.outcome.inputs += 1;
        match core.handle(now, CoreInput::Exchange(Input::Deadline)) {
            Ok(()) => self.finish(node),
            Err(error) => self.broke(node, &error.to_string()),
        }
    }

    fn enter_change(&mut self, change: usize) -> Result<(), Failure> {
        let Some(core) = self.core(0) else {
            return Ok(());
        };
        let ctx = core.registry().ctx();
        let network = &self.network;
        let Some(change) = network.changes.get(change) else {
            return Ok(());
        };
        let signed = change.sign(&network.genesis, &network.hub.statement, ctx);
        let bytes = match signed {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(error.to_string()),
        };
        let ticket = self.ticket();
        let submission = Submission {
            ticket,
            log: LogNumber::Registry,
            statements: vec![bytes],
        };
        let about = self.network.hub.code().code();
        let class = Class::Policy;
        self.pending.insert(ticket, (class, about));
        self.entered += 1;
        self.feed(0, CoreInput::Submit(submission))?;
        self.finish(0)
    }
}

fn can_sign(node: &Node) -> bool {
    let core = node.core.as_ref();
    core.is_some_and(|core| *core.signing() == Signing::Open)
}

/// The numbered test network, with one class of which only the first member sees the bodies.
fn test_plan(plan: &Plan) -> TestPlan {
    let mut test = TestPlan::numbered(plan.members, plan.seed);
    let named = Vis::new(3);
    let first = test.members.first().map(|member| member.code);
    test.catalogue.classes.push(VisibilityClass {
        code: named,
        audience: Audience::Named,
        members: first.into_iter().collect(),
    });
    let rewards = test.catalogue.items.iter_mut();
    for item in rewards.filter(|item| item.code.as_str() == "test.reward") {
        item.vis = named;
    }
    test
}
