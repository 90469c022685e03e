//! A network on disk, ready to run as processes: keys, genesis, configurations, addresses.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use concordat_certs::certificate::Validity;
use concordat_certs::change::PendingChange;
use concordat_certs::network::{TestMember, TestNetwork, TestPlan};
use concordat_node::clock;
use concordat_node::config;
use concordat_node::node::Layout;
use concordat_protocol::admin::{
    ErrorCode, Reply, Request, SigningCode, StatusView, SubmitAsk, Target,
};
use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Address, Content};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::LogNumber;
use serde_bytes::ByteBuf;
use tempfile::TempDir;

use super::loopback::free_address;
use super::process::{Process, log_of};
use super::{AdminClient, AskError, Failure, PATIENCE, wait_until};

/// A node of the network; 0 is the hub.
pub type NodeId = usize;

/// MiB that each database keeps in memory.
const CACHE_MIB: u64 = 8;
/// Lines of a node's log that a failure shows.
const LOG_LINES_SHOWN: usize = 25;

/// A hub and members with nodes, and members without.
#[derive(Debug)]
pub struct Network {
    binary: PathBuf,
    /// Gone once a failed test has kept its files.
    directory: Mutex<Option<TempDir>>,
    plan: TestNetwork,
    nodes: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    code: AuthorityCode,
    layout: Layout,
    listen: SocketAddr,
}

impl Network {
    /// Makes a network of a hub, `members` with a node each, and `outsiders` that are enrolled and
    /// have no node. Everything follows from the seed but the ports.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn make(binary: &Path, members: u32, outsiders: u32, seed: u64) -> Result<Self, Failure> {
        Self::make_behind(binary, (members, outsiders), seed, Ok)
    }

    /// The same, each node reached at the address that `publish` gives for the one it listens at.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn make_behind(
        binary: &Path,
        (members, outsiders): (u32, u32),
        seed: u64,
        mut publish: impl FnMut(SocketAddr) -> std::io::Result<SocketAddr>,
    ) -> Result<Self, Failure> {
        let directory = tempfile::tempdir().map_err(Failure::of("a directory"))?;
        let mut plan = TestPlan::numbered(members + outsiders, seed);
        let mut listening = Vec::new();
        let with_nodes = members as usize;
        let authorities = std::iter::once(&mut plan.hub).chain(&mut plan.members);
        for authority in authorities.take(1 + with_nodes) {
            let listen = free_address().map_err(Failure::of("a free port"))?;
            let published = publish(listen).map_err(Failure::of("an address"))?;
            authority.addresses = Address::new(&published.to_string()).into_iter().collect();
            listening.push(listen);
        }
        let plan = TestNetwork::build(plan).map_err(Failure::of("the network"))?;
        plan.write(directory.path(), validity()?)
            .map_err(Failure::of("writing the network"))?;
        let mut nodes = Vec::new();
        for (member, listen) in everyone(&plan).zip(listening) {
            let code = member.code();
            let layout = Layout::new(directory.path().join(code.as_str()));
            std::fs::copy(directory.path().join("genesis.cbor"), layout.genesis())
                .map_err(Failure::of("copying genesis"))?;
            let text = config::template(code, listen, CACHE_MIB);
            std::fs::write(layout.config(), text).map_err(Failure::of("a configuration"))?;
            nodes.push(Place {
                code,
                layout,
                listen,
            });
        }
        Ok(Self {
            binary: binary.to_path_buf(),
            directory: Mutex::new(Some(directory)),
            plan,
            nodes,
        })
    }

    /// Starts every node, fills the registry at the hub, and waits until all have it and sign.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn start(&self) -> Result<Vec<Process>, Failure> {
        let mut processes = vec![self.spawn_with(0, &["--first-start"])?];
        self.ready(0).await?;
        for change in &self.plan.changes {
            self.submit(change).await?;
        }
        for node in 1..self.nodes.len() {
            processes.push(self.spawn(node)?);
        }
        for node in 0..self.nodes.len() {
            self.ready(node).await?;
        }
        self.registry_everywhere().await?;
        Ok(processes)
    }

    /// Starts one node.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn spawn(&self, node: NodeId) -> Result<Process, Failure> {
        self.spawn_with(node, &[])
    }

    /// Starts one node with more options on its command line.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn spawn_with(&self, node: NodeId, options: &[&str]) -> Result<Process, Failure> {
        Process::spawn(&self.binary, self.layout(node), options)
            .map_err(Failure::of("starting a node"))
    }

    /// Starts one node that may have no more than so many files open at once.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn spawn_within(&self, node: NodeId, files: u64) -> Result<Process, Failure> {
        Process::spawn_within(&self.binary, self.layout(node), files)
            .map_err(Failure::of("starting a node"))
    }

    /// What a node has written so far, over all its lives.
    #[must_use]
    pub fn written(&self, node: NodeId) -> String {
        log_of(self.layout(node))
    }

    /// Waits until a node answers and signs.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ready(&self, node: NodeId) -> Result<(), Failure> {
        let what = format!("node {node} ready to sign");
        wait_until(PATIENCE, &what, || async {
            let Ok(status) = self.status(node).await else {
                return Ok(None);
            };
            Ok((status.signing == SigningCode::Ready).then_some(()))
        })
        .await
    }

    /// How a node is.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn status(&self, node: NodeId) -> Result<StatusView, AskError> {
        self.client(node).await?.status().await
    }

    /// Opens the admin channel of a node.
    ///
    /// # Errors
    /// [`AskError::Gone`].
    pub async fn client(&self, node: NodeId) -> Result<AdminClient, AskError> {
        AdminClient::connect(&self.layout(node).socket()).await
    }

    /// Has the approvers approve a change and the hub enter it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn change(&mut self, content: Content) -> Result<(), Failure> {
        self.plan
            .append(content)
            .map_err(Failure::of("a change of the registry"))?;
        let change = self.plan.changes.last().cloned();
        let change = change.ok_or_else(|| Failure::new("no change".to_owned()))?;
        self.submit(&change).await
    }

    /// Enrols a member anew: its mandates and addresses are those given, all else stays.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn renew(&mut self, member: &TestMember) -> Result<(), Failure> {
        self.plan
            .enrol(member)
            .map_err(Failure::of("an enrolment"))?;
        let change = self.plan.changes.last().cloned();
        let change = change.ok_or_else(|| Failure::new("no change".to_owned()))?;
        self.submit(&change).await
    }

    async fn submit(&self, change: &PendingChange) -> Result<(), Failure> {
        let bytes = change.encode().map_err(Failure::of("encoding a change"))?;
        let request = Request::Submit(SubmitAsk {
            change: ByteBuf::from(bytes),
            dry_run: false,
            held_is_wrong: None,
        });
        let mut hub = self.client(0).await?;
        let reply = hub.ask(&request).await?;
        let Reply::Submitted(_) = reply else {
            return Err(Failure::new(format!("a change was answered by {reply:?}")));
        };
        Ok(())
    }

    /// Waits until every node that answers has as much of the registry as the hub was given.
    async fn registry_everywhere(&self) -> Result<(), Failure> {
        let log = self.plan.genesis.registry_origin();
        let size = self.plan.changes.len() as u64;
        wait_until(PATIENCE, "the registry at every node", || async {
            for node in 0..self.nodes.len() {
                let status = self.status(node).await?;
                let held = status.logs.iter().find(|held| held.origin == log);
                if held.is_none_or(|held| held.bodies < size) {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: there is a hub.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The keys and the registry behind it.
    #[must_use]
    pub const fn plan(&self) -> &TestNetwork {
        &self.plan
    }

    fn place(&self, node: NodeId) -> &Place {
        &self.nodes[node]
    }

    /// Whose node it is.
    #[must_use]
    pub fn code(&self, node: NodeId) -> AuthorityCode {
        self.place(node).code
    }

    /// Where a node listens.
    #[must_use]
    pub fn listen(&self, node: NodeId) -> SocketAddr {
        self.place(node).listen
    }

    /// Where a node's files lie.
    #[must_use]
    pub fn layout(&self, node: NodeId) -> &Layout {
        &self.place(node).layout
    }

    /// The log of a node's statements.
    #[must_use]
    pub fn log(&self, node: NodeId) -> Origin {
        self.plan
            .genesis
            .origin(self.code(node), LogNumber::Statements)
    }

    /// Where the decisions and acts of a node's own log stand; what it says by itself of deliveries and
    /// acts is left out.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn spoken(&self, node: NodeId) -> Result<Vec<LeafIndex>, Failure> {
        let (log, mut client) = (self.log(node), self.client(node).await?);
        let status = client.status().await?;
        let held = status.logs.iter().find(|held| held.origin == log);
        let size = held.map_or(0, |held| held.size.value());
        let mut spoken = Vec::new();
        for index in (0..size).map(LeafIndex::new) {
            let origin = log.clone();
            let view = client.statement(Target::Position { origin, index }).await?;
            if view.class.is_decision() || view.class.is_act() {
                spoken.push(index);
            }
        }
        Ok(spoken)
    }

    /// Of the decisions and acts of a node's own log, how many leaves and bodies another one has.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn heard(&self, node: NodeId, of: NodeId) -> Result<(u64, u64), Failure> {
        let (log, mut client) = (self.log(of), self.client(node).await?);
        let (mut leaves, mut bodies) = (0, 0);
        for index in self.spoken(of).await? {
            let origin = log.clone();
            match client.statement(Target::Position { origin, index }).await {
                Ok(_) => (leaves, bodies) = (leaves + 1, bodies + 1),
                Err(AskError::Refused(error)) if error.code == ErrorCode::BodyNotHeld => {
                    leaves += 1;
                }
                Err(AskError::Refused(error)) if error.code == ErrorCode::TargetNotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok((leaves, bodies))
    }

    /// The key that a node shows to its peers.
    #[must_use]
    pub fn node_key(&self, node: NodeId) -> PublicKey {
        let member = everyone(&self.plan).nth(node);
        member.unwrap_or(&self.plan.hub).node.public_key()
    }

    /// The n-th member without a node.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn outsider(&self, number: usize) -> &TestMember {
        let mut outsiders = self.plan.members.iter().skip(self.nodes.len() - 1);
        outsiders
            .nth(number)
            .expect("the plan has that many members without a node")
    }

    /// Fails if any node has ever panicked.
    ///
    /// # Errors
    /// [`Failure`] with what the node wrote.
    pub fn no_panic(&self) -> Result<(), Failure> {
        for (node, place) in self.nodes.iter().enumerate() {
            let log = log_of(&place.layout);
            if let Some(at) = log.find("panicked at") {
                let shown: String = log[at..].chars().take(2_000).collect();
                return Err(Failure::new(format!("node {node} {shown}")));
            }
        }
        Ok(())
    }

    /// Ends a test: panics with everything that helps when it failed, and keeps the files then.
    ///
    /// `repeat` is the command that makes the same choices again.
    ///
    /// # Panics
    /// When the outcome is a failure.
    pub fn conclude<T>(&self, outcome: Result<T, Failure>, repeat: &str) -> T {
        let failure = match outcome.and_then(|kept| self.no_panic().map(|()| kept)) {
            Ok(kept) => return kept,
            Err(failure) => failure,
        };
        let mut logs = String::new();
        for (node, place) in self.nodes.iter().enumerate() {
            let log = log_of(&place.layout);
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.len().saturating_sub(LOG_LINES_SHOWN);
            let shown = lines.get(shown..).unwrap_or_default().join("\n");
            logs = format!("{logs}\n--- node {node} {}\n{shown}", place.code);
        }
        let directory = self.directory.lock();
        let directory = directory.unwrap_or_else(PoisonError::into_inner).take();
        let kept = directory.map(TempDir::keep).unwrap_or_default();
        panic!(
            "{failure}\nrepeat with: {repeat}\nfiles kept in {}{logs}",
            kept.display()
        );
    }
}

/// The hub, then the members in the order of their enrolment.
fn everyone(plan: &TestNetwork) -> impl Iterator<Item = &TestMember> {
    std::iter::once(&plan.hub).chain(&plan.members)
}

pub(super) fn validity() -> Result<Validity, Failure> {
    let now = i64::try_from(clock::now().value() / 1_000).unwrap_or(i64::MAX);
    Validity::from_unix_seconds(now - 3_600, now + 86_400).map_err(Failure::of("a validity"))
}
