//! The network that is measured: a hub, issuers, a receiver, and members that are only there.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::Duration;

use concordat_certs::certificate::Validity;
use concordat_certs::genesis;
use concordat_certs::network::{TestMember, TestNetwork, TestPlan};
use concordat_net::NetError;
use concordat_node::node::{Layout, Node, NodeOptions, StartError};
use concordat_node::store::StoreOptions;
use concordat_protocol::codec::Ext;
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{Origin, TreeSize};
use concordat_protocol::statement::{
    Address, Audience, CatalogueItem, Code, Content, Ground, Objection, ObjectorRole, Payload,
    Policy, Vis, VisibilityClass, sign,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::LogNumber;
use serde::{Deserialize, Serialize};

use super::Failure;
use super::statements::{self, Speaker};

/// An item that every member may see.
pub(crate) const OPEN: &str = "test.penalty";
/// An item that only its issuer and the hub may see: others get leaves.
pub(crate) const SEALED: &str = "test.sealed";
/// Members that only connect.
pub(crate) const IDLE_PEERS: usize = 64;

/// What each of the first members is for, in the order of their enrolment. The receiver comes first:
/// of two members the one with the smaller code dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    Receiver,
    SmallIssuer,
    LargeIssuer,
    SealedIssuer,
    LiveIssuer,
    Hub,
}

const MEMBERS: [Part; 5] = [
    Part::Receiver,
    Part::SmallIssuer,
    Part::LargeIssuer,
    Part::SealedIssuer,
    Part::LiveIssuer,
];

/// Where the network lies; children make the rest of it again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) root: PathBuf,
    /// Ports of the hub and of the first members.
    ports: Vec<u16>,
}

/// A node's directory and who it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Home {
    pub(crate) directory: PathBuf,
    member: String,
    port: u16,
}

impl Site {
    /// Chooses ports and writes every key and file.
    pub(crate) fn create(root: &Path) -> Result<Self, Failure> {
        let first = u16::try_from(20_000 + std::process::id() % 10_000)?;
        // Below the ports that the system gives out by itself.
        let free = (first..32_000).filter(|port| UdpSocket::bind(("127.0.0.1", *port)).is_ok());
        let site = Self {
            root: root.join("network"),
            ports: free.take(MEMBERS.len() + 1).collect(),
        };
        let now = i64::try_from(concordat_node::clock::now().value() / 1_000)?;
        let validity = Validity::from_unix_seconds(now - 3_600, now + 366 * 86_400)?;
        site.network()?.write(&site.root, validity)?;
        for part in MEMBERS.into_iter().chain([Part::Hub]) {
            let layout = Layout::new(site.home(part)?.directory);
            genesis::create(&layout.genesis(), &site.network()?.genesis)?;
        }
        Ok(site)
    }

    /// The network, which follows from the ports.
    pub(crate) fn network(&self) -> Result<TestNetwork, Failure> {
        let members = u32::try_from(MEMBERS.len() + IDLE_PEERS)?;
        let mut plan = TestPlan::numbered(members, 1);
        let mut authorities = std::iter::once(&mut plan.hub).chain(&mut plan.members);
        for port in &self.ports {
            let authority = authorities.next().ok_or("more ports than authorities")?;
            let address = Address::new(&format!("127.0.0.1:{port}"));
            authority.addresses = address.into_iter().collect();
        }
        plan.catalogue.classes.push(VisibilityClass {
            code: Vis::new(3),
            audience: Audience::Named,
            members: Vec::new(),
        });
        let open = plan.catalogue.items.iter();
        let open = open.clone().find(|item| item.code.as_str() == OPEN);
        let sealed = CatalogueItem {
            code: Code::new(SEALED)?,
            vis: Vis::new(3),
            ..open.ok_or("no such item")?.clone()
        };
        plan.catalogue.items.push(sealed);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        let mut network = TestNetwork::build(plan)?;
        let receiver = self.member(&network, Part::Receiver)?.code();
        let mut cosigners = vec![network.hub.code(), receiver];
        cosigners.sort();
        let policy = Policy {
            cosigners,
            quorum: 2,
            ..network.genesis.fields().policy.clone()
        };
        network.append(Content::Policy(policy))?;
        Ok(network)
    }

    pub(crate) fn home(&self, part: Part) -> Result<Home, Failure> {
        let network = self.network()?;
        let member = self.member(&network, part)?;
        let place = match MEMBERS.iter().position(|of| *of == part) {
            Some(place) => place + 1,
            None => 0,
        };
        Ok(Home {
            directory: self.root.join(member.code().as_str()),
            member: member.code().as_str().to_owned(),
            port: *self.ports.get(place).ok_or("no port")?,
        })
    }

    /// One of the receiver's directories, each as after its first start.
    pub(crate) fn receiver(&self, number: usize) -> Result<Home, Failure> {
        Ok(Home {
            directory: self.root.join(format!("receiver-{number}")),
            ..self.home(Part::Receiver)?
        })
    }

    /// The log of statements of a member.
    pub(crate) fn origin(&self, part: Part) -> Result<Origin, Failure> {
        let network = self.network()?;
        let member = self.member(&network, part)?.code();
        Ok(network.genesis.origin(member, LogNumber::Statements))
    }

    fn member<'a>(&self, network: &'a TestNetwork, part: Part) -> Result<&'a TestMember, Failure> {
        match MEMBERS.iter().position(|of| *of == part) {
            Some(place) => Ok(network.members.get(place).ok_or("no such member")?),
            None => Ok(&network.hub),
        }
    }

    /// Starts every node once: the registry is entered and everyone has it, may sign, and has
    /// nothing else. Leaves `receivers` directories of the receiver.
    pub(crate) async fn set_up(&self, receivers: usize) -> Result<(), Failure> {
        let network = self.network()?;
        let hub = self.home(Part::Hub)?.start_with(true).await?;
        hub.wait_signing().await;
        for change in &network.changes {
            let key = &network.hub.statement;
            let signed = change.sign(&network.genesis, key, hub.ctx())?;
            hub.submit(LogNumber::Registry, vec![signed]).await?;
        }
        let mut running = Vec::new();
        for part in MEMBERS.into_iter().filter(|part| *part != Part::Receiver) {
            let node = self.home(part)?.start().await?;
            node.wait_signing().await;
            running.push((part, node));
        }
        for (part, node) in &running {
            if *part == Part::LiveIssuer {
                self.object(&network, &hub, node).await?;
            }
        }
        for number in 0..receivers {
            let home = self.receiver(number)?;
            copy_keys(&self.home(Part::Receiver)?, &home)?;
            let node = home.start().await?;
            node.wait_signing().await;
            node.stop().await;
        }
        for (_, node) in running {
            node.stop().await;
        }
        hub.stop().await;
        Ok(())
    }

    /// One decision and an objection to it, so that the home register is not empty.
    async fn object(
        &self,
        network: &TestNetwork,
        hub: &Node,
        issuer: &Node,
    ) -> Result<(), Failure> {
        let speaker = Speaker {
            code: issuer.member(),
            key: issuer.signer(),
            ctx: issuer.ctx(),
            item: OPEN,
        };
        let decision = statements::decision(&speaker, 0, 11)?;
        let placed = issuer.submit(LogNumber::Statements, vec![decision]).await?;
        let about = statements::subject_of(0, 11)?;
        let received = Day::from_ymd(2026, 3, 10)?;
        let objection = Objection::new(ObjectorRole::Subject, Ground::Facts, received, false, None);
        let payload = Payload {
            issued_at: Timestamp::new(1_772_409_600_000)?,
            target: placed.into_iter().next(),
            register_size: Some(TreeSize::ZERO),
            batch: None,
            content: Content::Objection(objection),
            ext: Ext::default(),
        };
        let key = &network.hub.statement;
        assert_eq!(key.public_key(), hub.signer().public_key());
        let signed = sign(key, hub.member(), about, hub.ctx(), &payload)?;
        hub.submit(LogNumber::Statements, vec![signed]).await?;
        Ok(())
    }
}

impl Home {
    /// Starts the node that lives here.
    pub(crate) async fn start(&self) -> Result<Node, Failure> {
        self.start_with(false).await
    }

    async fn start_with(&self, first_start: bool) -> Result<Node, Failure> {
        let options = NodeOptions {
            layout: Layout::new(&self.directory),
            member: self.code()?,
            listen: format!("127.0.0.1:{}", self.port).parse()?,
            addresses: concordat_node::dial::Overrides::new(),
            store: StoreOptions::default(),
            upkeep: concordat_node::node::Upkeep::default(),
            accept_loss: false,
            first_start,
        };
        // A socket outlives the node that was stopped here before by a moment.
        for _ in 0..100 {
            match Node::start(options.clone()).await {
                Err(StartError::Net(NetError::Bind { .. })) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                started => return Ok(started?),
            }
        }
        Err("the port of a node is in use".into())
    }

    pub(crate) fn code(&self) -> Result<AuthorityCode, Failure> {
        Ok(AuthorityCode::parse(&self.member)?)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

fn copy_keys(from: &Home, to: &Home) -> Result<(), Failure> {
    let (from, to) = (Layout::new(&from.directory), Layout::new(&to.directory));
    std::fs::create_dir_all(to.keys())?;
    for entry in std::fs::read_dir(from.keys())? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.keys().join(entry.file_name()))?;
    }
    // Keys are refused in a directory that others can read.
    std::fs::set_permissions(to.keys(), std::fs::metadata(from.keys())?.permissions())?;
    std::fs::copy(from.genesis(), to.genesis())?;
    Ok(())
}
