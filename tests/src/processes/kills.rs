//! Nodes killed with SIGKILL again and again while statements are submitted to all of them.
//!
//! Each node lives as often as it is to be killed, and once more. While it lives, one client imports
//! rows and another objects to decisions of any node, each as fast as it is answered. A life ends at
//! a moment drawn from the seed: during the start, or a few milliseconds after some number of
//! acknowledgements. A caller stays connected to every node and takes down each head that it is
//! shown. In the end everything promised must be everywhere, and no head may contradict another.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use concordat_node::config::Config;
use concordat_node::node::Node;
use concordat_node::query::Found;
use concordat_protocol::admin::{ErrorCode, Target};
use concordat_protocol::log::{Hash, LeafIndex, Origin, SignedCheckpoint, TreeSize};
use concordat_protocol::message::{Frame, FrontierEntry};
use concordat_protocol::statement::{Body, Content, Ground, Leaf, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::load::{Rows, Table};
use super::{
    AdminClient, AskError, Caller, Failure, Heads, LOOK, Network, NodeId, PATIENCE, Process,
    wait_until,
};
use crate::sim::Rng;

/// Decisions that are still objected to.
const OBJECTED_MAX: usize = 64;
/// After how many imports a client looks its first row up and takes the node's heads down.
const LOOK_EVERY: u64 = 4;

/// What a run is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KillPlan {
    /// Where all chance comes from.
    pub seed: u64,
    /// How often each node is killed.
    pub kills: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KillOutcome {
    /// Kills, over all nodes.
    pub kills: u64,
    /// Of them, before the node had acknowledged anything in that life.
    pub during_start: u64,
    /// Answers that promised one statement or more.
    pub acknowledgements: u64,
    /// Statements promised by them.
    pub promised: u64,
    /// Imports that were sent a second time because a kill took their answer.
    pub repeated: u64,
    /// Statements in all logs in the end, promised or not.
    pub statements: u64,
    /// Different heads that were seen.
    pub heads: usize,
    /// The longest time from a start to the first acknowledgement.
    pub slowest_start: Duration,
    /// Time from the last kill until every node had everything.
    pub converged_after: Duration,
}

/// Makes one run on a network of a hub and two members, with one member more that listens.
///
/// # Errors
/// [`Failure`], the first rule that did not hold.
pub async fn kill_at_random(
    network: &Arc<Network>,
    plan: KillPlan,
) -> Result<KillOutcome, Failure> {
    let processes = network.start().await?;
    let course = Arc::new(Course::new(Arc::clone(network), plan));
    let mut killers = JoinSet::new();
    for (node, process) in processes.into_iter().enumerate() {
        killers.spawn(Arc::clone(&course).live_and_die(node, process));
    }
    let outsider = network.outsider(0);
    let caller = Arc::new(Caller::new(network, outsider.code(), &outsider.node)?);
    let mut clients = JoinSet::new();
    for node in 0..network.len() {
        clients.spawn(Arc::clone(&course).import(node));
        clients.spawn(Arc::clone(&course).object(node));
        clients.spawn(Arc::clone(&course).listen(node, Arc::clone(&caller)));
    }
    let mut processes = BTreeMap::new();
    while processes.len() < network.len() {
        tokio::select! {
            Some(lived) = killers.join_next() => {
                let (node, process) = lived.map_err(Failure::of("a killer"))??;
                processes.insert(node, process);
            }
            Some(spoken) = clients.join_next() => {
                spoken.map_err(Failure::of("a client"))??;
                return Err(Failure::new("a client ended early".to_owned()));
            }
        }
    }
    let calm = Instant::now();
    course.stop.send_replace(true);
    while let Some(spoken) = clients.join_next().await {
        spoken.map_err(Failure::of("a client"))??;
    }
    course.converged().await?;
    let converged_after = calm.elapsed();
    for process in processes.into_values() {
        process.stop().await?;
    }
    let statements = course.everything_is_kept().await?;
    let tally = course.tally();
    Ok(KillOutcome {
        kills: plan.kills * network.len() as u64,
        during_start: tally.during_start,
        acknowledgements: tally.acknowledgements,
        promised: tally.references.len() as u64 + tally.numbers.len() as u64,
        repeated: tally.repeated,
        statements,
        heads: course.heads.len(),
        slowest_start: tally.slowest_start,
        converged_after,
    })
}

/// What the tasks of a run share.
struct Course {
    network: Arc<Network>,
    plan: KillPlan,
    heads: Heads,
    tally: Mutex<Tally>,
    /// Acknowledgements of each node so far.
    acknowledged: Vec<watch::Sender<u64>>,
    stop: watch::Sender<bool>,
}

/// What was promised, and what happened.
#[derive(Debug, Default)]
struct Tally {
    /// Acts that a node acknowledged.
    references: Vec<StatementRef>,
    /// Documents whose import a node acknowledged, with its member.
    numbers: Vec<(AuthorityCode, String)>,
    /// Decisions to object to.
    decisions: Vec<StatementRef>,
    acknowledgements: u64,
    repeated: u64,
    during_start: u64,
    slowest_start: Duration,
}

impl Course {
    fn new(network: Arc<Network>, plan: KillPlan) -> Self {
        let acknowledged = (0..network.len()).map(|_| watch::Sender::new(0)).collect();
        Self {
            network,
            plan,
            heads: Heads::default(),
            tally: Mutex::default(),
            acknowledged,
            stop: watch::Sender::new(false),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rng(&self, node: NodeId, role: u64) -> Rng {
        let mut rng = Rng::new(self.plan.seed);
        Rng::new(rng.next() ^ (node as u64) << 8 ^ role)
    }

    fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    /// Kills a node as often as it is planned and leaves it running after that.
    async fn live_and_die(
        self: Arc<Self>,
        node: NodeId,
        mut process: Process,
    ) -> Result<(NodeId, Process), Failure> {
        let mut rng = self.rng(node, 1);
        for _ in 0..self.plan.kills {
            self.last_moment(node, &mut process, &mut rng).await?;
            process.kill().map_err(Failure::of("killing a node"))?;
            if rng.one_in(8) {
                // Away for a while, so that the others go on without it.
                chance(&mut rng, 300).await;
            }
            process = self.network.spawn(node)?;
        }
        self.network.ready(node).await?;
        Ok((node, process))
    }

    /// Waits until the moment at which a life ends.
    async fn last_moment(
        &self,
        node: NodeId,
        process: &mut Process,
        rng: &mut Rng,
    ) -> Result<(), Failure> {
        let Some(acknowledged) = self.acknowledged.get(node) else {
            return Ok(());
        };
        if rng.one_in(4) {
            let before = *acknowledged.borrow();
            chance(rng, 150).await;
            self.tally().during_start += u64::from(*acknowledged.borrow() == before);
            return Ok(());
        }
        let started = Instant::now();
        let mut heard = acknowledged.subscribe();
        let first = *heard.borrow_and_update() + 1;
        let wanted = first + rng.within(0, 32);
        let ended = wait_until(PATIENCE, "an acknowledgement after a restart", || {
            ready(process.ended().map_err(Failure::of("looking at a process")))
        });
        let answered = async {
            let _ = heard.wait_for(|count| *count >= first).await;
            let start = started.elapsed();
            let _ = heard.wait_for(|count| *count >= wanted).await;
            start
        };
        tokio::select! {
            start = answered => {
                let mut tally = self.tally();
                tally.slowest_start = tally.slowest_start.max(start);
            }
            ended = ended => {
                let status = ended?;
                return Err(Failure::new(format!("node {node} ended by itself: {status}")));
            }
        }
        chance(rng, 20).await;
        Ok(())
    }

    fn acknowledge(&self, node: NodeId, keep: impl FnOnce(&mut Tally)) {
        {
            let mut tally = self.tally();
            tally.acknowledgements += 1;
            keep(&mut tally);
        }
        if let Some(acknowledged) = self.acknowledged.get(node) {
            acknowledged.send_modify(|count| *count += 1);
        }
    }

    /// Imports at a node, whenever it is there.
    async fn import(self: Arc<Self>, node: NodeId) -> Result<(), Failure> {
        let mut rng = self.rng(node, 2);
        let mut rows = Rows::new(self.network.code(node), rng.next());
        let mut unanswered = None;
        while !self.is_over() {
            let mut client = self.connect(node).await?;
            self.tally().repeated += u64::from(unanswered.is_some());
            while unanswered.is_some() || !self.is_over() {
                let table = match unanswered.take() {
                    Some(table) => table,
                    None => rows.table(rng.within(1, 9))?,
                };
                let first = table.numbers.first().cloned();
                let done = self.import_table(node, &mut client, table).await;
                let looked = match done {
                    Ok(()) if rng.one_in(LOOK_EVERY) => self.look(&mut client, first).await,
                    Ok(()) => Ok(()),
                    Err((table, error)) => {
                        unanswered = Some(table);
                        Err(error)
                    }
                };
                match looked {
                    Ok(()) => {}
                    Err(AskError::Gone(_)) => break,
                    Err(error) if passes(&error) => again_later().await,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Imports a table; gives it back, to be sent again, when it was not answered.
    async fn import_table(
        &self,
        node: NodeId,
        client: &mut AdminClient,
        table: Table,
    ) -> Result<(), (Table, AskError)> {
        let report = match client.import(&table.text).await {
            Ok(report) => report,
            Err(error) => return Err((table, error)),
        };
        let count = table.numbers.len() as u64;
        if report.refused > 0 || report.written + report.present != count {
            let unfit = AskError::Unfit(format!("{count} rows became {report:?}"));
            return Err((table, unfit));
        }
        let member = self.network.code(node);
        self.acknowledge(node, |tally| {
            let numbers = table.numbers.into_iter();
            tally.numbers.extend(numbers.map(|number| (member, number)));
        });
        Ok(())
    }

    /// Takes down where a decision stands, for others to object to, and what heads the node has.
    async fn look(&self, client: &mut AdminClient, number: Option<String>) -> Result<(), AskError> {
        let unfit = |failure: Failure| AskError::Unfit(failure.to_string());
        if let Some(number) = number {
            let target: Target = number
                .parse()
                .map_err(|error| AskError::Unfit(format!("{error}")))?;
            let found = client.statement(target).await?;
            let mut tally = self.tally();
            if tally.decisions.len() >= OBJECTED_MAX {
                tally.decisions.remove(0);
            }
            tally.decisions.push(found.reference);
        }
        let status = client.status().await?;
        self.heads.see_status(&status).map_err(unfit)
    }

    /// Objects at a node to decisions of any node.
    async fn object(self: Arc<Self>, node: NodeId) -> Result<(), Failure> {
        let mut rng = self.rng(node, 3);
        while !self.is_over() {
            let mut client = self.connect(node).await?;
            while !self.is_over() {
                let target = rng.pick(&self.tally().decisions).cloned();
                let Some(target) = target else {
                    again_later().await;
                    continue;
                };
                let named = Target::Position {
                    origin: target.origin,
                    index: target.index,
                };
                let ground = *rng.pick(Ground::ALL).unwrap_or(&Ground::Facts);
                match client.object(named, ground).await {
                    Ok(recorded) => self.acknowledge(node, |tally| {
                        tally.references.extend(recorded.reference);
                    }),
                    Err(AskError::Gone(_)) => break,
                    Err(error) if passes(&error) => again_later().await,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Connects to a node as soon as it is there; it is not only while it is killed.
    async fn connect(&self, node: NodeId) -> Result<AdminClient, Failure> {
        wait_until(PATIENCE, "a node that answers", || async {
            Ok(self.network.client(node).await.ok())
        })
        .await
    }

    /// Takes down every head that a node shows to its peers.
    async fn listen(self: Arc<Self>, node: NodeId, caller: Arc<Caller>) -> Result<(), Failure> {
        let mut over = self.stop.subscribe();
        let at = format!("{} (exchange)", self.network.code(node));
        while !self.is_over() {
            let Ok(mut session) = caller.call(&self.network, node).await else {
                again_later().await;
                continue;
            };
            self.holds(&session.frontier, &at)?;
            loop {
                tokio::select! {
                    _ = over.wait_for(|over| *over) => return Ok(()),
                    frame = session.next() => match frame {
                        Ok(Some(frame)) => self.shown(&frame, &at)?,
                        Ok(None) | Err(_) => break,
                    }
                }
            }
        }
        Ok(())
    }

    fn shown(&self, frame: &[u8], at: &str) -> Result<(), Failure> {
        match Frame::decode(frame).map_err(Failure::of("a frame of a node"))? {
            Frame::Checkpoint { note } | Frame::Push { note, .. } => {
                let signed = SignedCheckpoint::parse(note).map_err(Failure::of("a head"))?;
                let registry = &self.network.plan().registry;
                let origin = signed.claimed().origin().clone();
                let member = registry.member_of(&origin);
                let keys = member.map(|member| member.log_keys_for(signed.claimed().size()));
                let head = keys.into_iter().flatten();
                let head = head
                    .filter_map(|key| signed.clone().verify(key).ok())
                    .next();
                let Some(head) = head else {
                    return Err(Failure::new(format!(
                        "{at} shows an unsigned head of {origin}"
                    )));
                };
                self.heads.see(&origin, head.size(), *head.root(), at)
            }
            Frame::Cosign {
                origin, size, root, ..
            } => self.heads.see(&origin, size, root, at),
            Frame::Frontier(entries) => self.holds(&entries, at),
            Frame::Fork { .. } => Err(Failure::new(format!("{at} shows a fork"))),
            Frame::Hello { .. }
            | Frame::Error { .. }
            | Frame::Range { .. }
            | Frame::Block { .. }
            | Frame::Bodies { .. }
            | Frame::BodyBlock { .. }
            | Frame::Consistency { .. }
            | Frame::Proof(_) => Ok(()),
        }
    }

    fn holds(&self, entries: &[FrontierEntry], at: &str) -> Result<(), Failure> {
        let see = |entry: &FrontierEntry| self.heads.see(&entry.origin, entry.size, entry.root, at);
        entries.iter().try_for_each(see)
    }

    /// Waits until every node has every log in full, witnessed.
    async fn converged(&self) -> Result<(), Failure> {
        let last = Mutex::new(String::new());
        let all = wait_until(2 * PATIENCE, "everything at every node", || async {
            let mut views = Vec::new();
            for node in 0..self.network.len() {
                let status = self.network.status(node).await?;
                self.heads.see_status(&status)?;
                let mut logs = status.logs;
                logs.sort_by(|a, b| a.origin.cmp(&b.origin));
                views.push(logs);
            }
            let complete = views.iter().flatten().all(|log| {
                log.bodies_missing == 0
                    && log.frozen_at.is_none()
                    && log.witnessed_size == Some(log.size)
            });
            let brief = |log: &concordat_protocol::admin::LogView| (log.origin.clone(), log.size);
            let sizes: BTreeSet<Vec<(Origin, TreeSize)>> = views
                .iter()
                .map(|logs| logs.iter().map(brief).collect())
                .collect();
            *last.lock().unwrap_or_else(PoisonError::into_inner) = format!("{views:#?}");
            Ok((complete && sizes.len() == 1).then_some(()))
        });
        let all = all.await;
        let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.map_err(|failure| Failure::new(format!("{failure}; last seen: {last}")))
    }

    /// Opens every node's directory and looks at all that it holds. Gives the number of statements.
    async fn everything_is_kept(&self) -> Result<u64, Failure> {
        let mut statements = 0;
        for node in 0..self.network.len() {
            let held = Held::read(&self.network, node).await?;
            statements = held.leaves.values().map(|leaves| leaves.len() as u64).sum();
            let kept = self
                .heads
                .are_kept(|origin, size| held.root_at(origin, size));
            kept.map_err(|failure| Failure::new(format!("node {node}: {failure}")))?;
            let tally = self.tally();
            for said in &tally.references {
                let leaf = held.leaf(&said.origin, said.index);
                if leaf != Some(said.leaf_hash) {
                    return Err(Failure::new(format!("node {node} lost {said}")));
                }
            }
            for (member, number) in &tally.numbers {
                let times = held.documents.get(&(*member, number.clone())).copied();
                if times != Some(1) {
                    let what = format!("node {node} holds {number} {times:?} times");
                    return Err(Failure::new(what));
                }
            }
        }
        Ok(statements)
    }
}

/// What one node holds, read while nothing else runs.
struct Held {
    leaves: BTreeMap<Origin, Vec<Hash>>,
    roots: BTreeMap<Origin, concordat_protocol::log::MemoryTree>,
    /// How often each document was decided, by member and number.
    documents: BTreeMap<(AuthorityCode, String), u64>,
}

impl Held {
    /// Opens a node, reads every leaf and body, and has each statement verified.
    async fn read(network: &Network, node: NodeId) -> Result<Self, Failure> {
        let layout = network.layout(node).clone();
        let config = Config::read(&layout).map_err(Failure::of("a configuration"))?;
        let running = Node::start(config.node_options(layout)).await;
        let running = running.map_err(Failure::of("opening a node"))?;
        let held = Self::of(&running);
        running.stop().await;
        held.map_err(|failure| Failure::new(format!("node {node}: {failure}")))
    }

    fn of(node: &Node) -> Result<Self, Failure> {
        let mut held = Self {
            leaves: BTreeMap::new(),
            roots: BTreeMap::new(),
            documents: BTreeMap::new(),
        };
        let shared = node.shared();
        let sizes: Vec<(Origin, u64)> = shared
            .logs()
            .iter()
            .map(|(origin, log)| (origin.clone(), log.size().value()))
            .collect();
        let query = node.query().map_err(Failure::of("the index"))?;
        for (origin, size) in sizes {
            let mut leaves = Vec::new();
            let mut tree = concordat_protocol::log::MemoryTree::new();
            for index in (0..size).map(LeafIndex::new) {
                let bytes = shared.leaf(&origin, index);
                let bytes = bytes.ok_or_else(|| lost("leaf", &origin, index))?;
                let leaf = Leaf::decode(&bytes).map_err(Failure::of("a leaf"))?;
                tree.append(leaf.hash());
                leaves.push(leaf.hash());
                let body = shared.body(&origin, index);
                // What concerns others is theirs alone.
                if body.is_none() && leaf.kind.is_between_parties() {
                    continue;
                }
                let body = body.ok_or_else(|| lost("body", &origin, index))?;
                let body = Body::decode(&body).map_err(Failure::of("a body"))?;
                if body.commit() != leaf.commit {
                    return Err(lost("fitting body", &origin, index));
                }
                let found = query.statement(&origin, index);
                let Found::Verified(statement) = found.map_err(Failure::of("a query"))? else {
                    return Err(lost("verified statement", &origin, index));
                };
                let statement = statement.statement();
                if let Content::Decision(decision) = &statement.payload().content {
                    let number = decision.fields().document_number.to_string();
                    let key = (statement.header().issuer, number);
                    *held.documents.entry(key).or_default() += 1;
                }
            }
            held.leaves.insert(origin.clone(), leaves);
            held.roots.insert(origin, tree);
        }
        Ok(held)
    }

    fn leaf(&self, origin: &Origin, index: LeafIndex) -> Option<Hash> {
        let index = usize::try_from(index.value()).ok()?;
        self.leaves.get(origin)?.get(index).copied()
    }

    fn root_at(&self, origin: &Origin, size: TreeSize) -> Option<Hash> {
        self.roots.get(origin)?.root_at(size).ok()
    }
}

fn lost(what: &str, origin: &Origin, index: LeafIndex) -> Failure {
    Failure::new(format!("no {what} at {origin}#{index}"))
}

/// Whether a refusal passes by itself: the statement has not arrived here, or the node is not ready.
fn passes(error: &AskError) -> bool {
    let AskError::Refused(refused) = error else {
        return false;
    };
    matches!(
        refused.code,
        ErrorCode::Busy
            | ErrorCode::NotSigning
            | ErrorCode::TargetNotFound
            | ErrorCode::BodyNotHeld
    )
}

/// Leaves a node alone for a moment before it is asked the same again.
async fn again_later() {
    tokio::time::sleep(LOOK).await;
}

/// Lets a time drawn from the seed pass: not to wait for anything, but to die at any moment.
async fn chance(rng: &mut Rng, below_ms: u64) {
    tokio::time::sleep(Duration::from_millis(rng.within(0, below_ms))).await;
}
