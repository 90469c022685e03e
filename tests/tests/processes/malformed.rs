//! What is no frame, no statement or no certificate, sent to a live node by those who may connect.

use std::path::Path;
use std::sync::Arc;

use concordat_certs::certificate::{self, CertificateError, Validity};
use concordat_certs::network::{TestMember, VIS_PUBLIC};
use concordat_net::{CloseCode, CloseReason};
use concordat_node::config::Config;
use concordat_node::core::BodyState;
use concordat_node::node::Node;
use concordat_protocol::admin::{ErrorCode as Refusal, LogView, Target};
use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::log::{
    Checkpoint, Hash, LeafIndex, MemoryTree, Origin, TreeSize, VerifiedCheckpoint,
};
use concordat_protocol::message::{BodyFilter, ErrorCode, Frame, FrameError};
use concordat_protocol::statement::{
    Body, Kind, Leaf, SALT_BYTES, Statement, StatementError, StatementRef,
};
use concordat_protocol::trust::{self, LogNumber, Place, Registry, RejectReason};
use concordat_tests::found;
use concordat_tests::malformed::{self, Malformed, Reasons, Signatory};
use concordat_tests::processes::{
    AskError, Caller, Failure, Network, NodeId, PATIENCE, Process, Rows, Session, wait_until,
};
use concordat_tests::sim::Rng;
use tokio::time::timeout;

use crate::stranger::Stranger;
use crate::{NODE, SOON, alone, repeat, seed};

/// Of each of the three.
const EACH: usize = 700;
/// The node that they are sent to.
const UNDER_TEST: NodeId = 0;
/// How much memory it may take for all of them.
const GROWTH_BYTES_MAX: u64 = 8 << 20;
/// Where the codes of the exchange begin among those that a connection ends with.
const PROTOCOL_CODES: u32 = 16;
/// Statements in one push.
const PUSHED: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bytes_are_refused_one_by_one_and_leave_the_node_as_it_was() {
    let _alone = alone().await;
    // Both cosigners have nodes, or nobody new could begin to sign.
    let network = Network::make(Path::new(NODE), 2, 2, seed()).unwrap();
    let outcome = malformed(&network).await;
    network.conclude(outcome, &repeat("malformed_bytes", ""));
}

// spec: EXC-1, EXC-2, EXC-3, TRN-5
async fn malformed(network: &Network) -> Result<(), Failure> {
    let processes = network.start().await?;
    let mut rng = Rng::new(seed());
    let (first, second) = (network.outsider(0), network.outsider(1));
    let sender = Caller::new(network, first.code(), &first.node)?;
    let mut author = Author::new(network, second).await?;
    honest(network).await?;
    let node = processes
        .first()
        .ok_or_else(|| Failure::new("no node".into()))?;
    let before = memory(node)?;
    let frames = send_frames(network, &sender, &mut rng).await?;
    let after_frames = memory(node)?;
    let statements = author.send_statements(network, &mut rng).await?;
    let after_statements = memory(node)?;
    let certificates = show_certificates(network, first, &mut rng).await?;
    let after = memory(node)?;
    let kib = |bytes: u64| bytes >> 10;
    eprintln!(
        "seed {}: {EACH} frames ({frames})\n{EACH} statements ({statements})\n{EACH} certificates \
         ({certificates})\nfound by fuzzing: {} frames, {} statements, {} certificates\nKiB of the \
         node: {} at first, {} after the frames, {} after the statements, {} after the certificates",
        seed(),
        found::inputs(found::Target::Frame).len(),
        found::inputs(found::Target::Statement).len(),
        found::inputs(found::Target::Certificate).len(),
        kib(before),
        kib(after_frames),
        kib(after_statements),
        kib(after)
    );
    if after > before + GROWTH_BYTES_MAX {
        let grown = kib(after - before);
        return Err(Failure::new(format!("the node grew by {grown} KiB")));
    }
    honest(network).await?;
    for process in processes {
        process.stop().await?;
    }
    author.is_recorded(network).await
}

fn memory(process: &Process) -> Result<u64, Failure> {
    process
        .resident_bytes()
        .map_err(Failure::of("memory in use"))
}

/// The members with nodes go on: what one says arrives at the node under test.
async fn honest(network: &Network) -> Result<(), Failure> {
    let log = network.log(1);
    let before = held(network, &log).await?.map_or(0, |held| held.bodies);
    let mut rows = Rows::new(network.code(1), seed());
    rows.table(before)?;
    let table = rows.table(20)?;
    network.client(1).await?.import(&table.text).await?;
    wait_until(PATIENCE, "statements of an honest member", || async {
        let held = held(network, &log).await?;
        Ok(held.filter(|held| held.bodies >= before + 20).map(drop))
    })
    .await
}

async fn held(network: &Network, log: &Origin) -> Result<Option<LogView>, Failure> {
    let status = network.status(UNDER_TEST).await?;
    Ok(status.logs.into_iter().find(|held| held.origin == *log))
}

/// Sends each frame on a connection of its own, on the control stream and as a request in turns.
async fn send_frames(
    network: &Network,
    caller: &Caller,
    rng: &mut Rng,
) -> Result<Reasons, Failure> {
    let endless = vec![0; FRAME_BYTES_MAX + 1];
    let too_long = Frame::decode(&endless);
    if !matches!(too_long, Err(FrameError::TooLong { .. })) {
        return Err(Failure::new(format!(
            "a frame without bound is {too_long:?}"
        )));
    }
    let mut reasons = Reasons::default();
    let made = malformed::frames(rng, &network.log(UNDER_TEST), EACH);
    for (number, Malformed { bytes, error }) in made.into_iter().enumerate() {
        let mut session = call(caller, network).await?;
        if number % 2 == 0 {
            let sent = session.sender.send(&bytes).await;
            sent.map_err(Failure::of("sending a frame"))?;
        } else {
            // Whether an answer begins before the connection ends does not matter here.
            let _ = session.ask(&bytes).await;
        }
        closed_for(
            &session,
            ErrorCode::Malformed,
            &format!("{bytes:02x?} ({error})"),
        )
        .await?;
        reasons.count(&error);
    }
    Ok(reasons)
}

async fn call(caller: &Caller, network: &Network) -> Result<Session, Failure> {
    let called = caller.call(network, UNDER_TEST).await;
    called.map_err(Failure::of("a call"))
}

async fn closed_for(session: &Session, code: ErrorCode, what: &str) -> Result<(), Failure> {
    let reason = timeout(SOON, session.connection.closed()).await;
    let reason = reason.map_err(|_| Failure::new(format!("not refused: {what}")))?;
    let number = u32::try_from(code.code()).unwrap_or(u32::MAX);
    let wanted = CloseReason::There(CloseCode::from_u32(PROTOCOL_CODES + number));
    match reason == wanted {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "{what} ended the connection so: {reason}"
        ))),
    }
}

/// Shows each certificate in a handshake, by a client that holds an enrolled key.
async fn show_certificates(
    network: &Network,
    member: &TestMember,
    rng: &mut Rng,
) -> Result<Reasons, Failure> {
    let stranger = Stranger::new(&member.node)?;
    let mut valid = Vec::new();
    for from in [1_700_000_000, 1_750_000_000] {
        let validity = Validity::from_unix_seconds(from, 4_000_000_000);
        let validity = validity.map_err(Failure::of("a validity"))?;
        let issued = certificate::issue(&member.node, validity);
        valid.push(issued.map_err(Failure::of("issuing"))?);
    }
    let mut reasons = Reasons::default();
    for Malformed { bytes, error } in malformed::certificates(rng, &valid, EACH) {
        let wanted = match error == CertificateError::NotEd25519 {
            true => 43,
            false => 42,
        };
        let shown = format!("{bytes:02x?} ({error})");
        let alert = stranger.show(network.listen(UNDER_TEST), bytes).await?;
        if alert != wanted {
            return Err(Failure::new(format!("alert {alert} for {shown}")));
        }
        reasons.count(&error);
    }
    Ok(reasons)
}

/// A member that publishes a log by hand, and puts into it what is no statement.
pub(crate) struct Author<'a> {
    member: &'a TestMember,
    /// Its end ends the session.
    _caller: Caller,
    session: Session,
    registry: Registry,
    origin: Origin,
    leaves: Vec<Leaf>,
    tree: MemoryTree,
    /// Where the malformed acts begin, and why each was refused.
    acts_begin: u64,
    refused: Vec<RejectReason>,
}

/// A body that is refused: why, in general and exactly.
type Why = (RejectReason, Option<StatementError>);

impl<'a> Author<'a> {
    /// Calls the node under test and learns the registry from it.
    pub(crate) async fn new(network: &Network, member: &'a TestMember) -> Result<Self, Failure> {
        let caller = Caller::new(network, member.code(), &member.node)?;
        let session = call(&caller, network).await?;
        let genesis = Arc::clone(&network.plan().genesis);
        let size = TreeSize::new(network.plan().changes.len() as u64);
        let ask = Frame::Bodies {
            origin: genesis.registry_origin(),
            begin: LeafIndex::new(0),
            end: size.map_err(Failure::of("a size"))?,
            filter: BodyFilter::All,
        };
        let answer = session.ask(&ask.encode()).await;
        let answer = answer.map_err(Failure::of("the registry"))?;
        let answer = Frame::decode(&answer).map_err(Failure::of("an answer"))?;
        let Frame::BodyBlock { entries, .. } = answer else {
            return Err(Failure::new(format!("the registry is {answer:?}")));
        };
        let origin = genesis.origin(member.code(), LogNumber::Statements);
        let mut registry = Registry::new(genesis);
        for entry in entries {
            let leaf = Leaf::decode(entry.leaf).map_err(Failure::of("a leaf"))?;
            let body = entry.body.map(Body::decode);
            let Ok(Ok(body)) = body else {
                return Err(Failure::new(format!(
                    "an entry of the registry is {body:?}"
                )));
            };
            let statement = Statement::decode(body.statement());
            registry.apply(&leaf, Some(&statement.map_err(Failure::of("an entry"))?));
        }
        Ok(Self {
            member,
            _caller: caller,
            session,
            registry,
            origin,
            leaves: Vec::new(),
            tree: MemoryTree::new(),
            acts_begin: 0,
            refused: Vec::new(),
        })
    }

    pub(crate) fn signatory(&self) -> Signatory<'_> {
        Signatory {
            member: self.member.code(),
            key: &self.member.statement,
            ctx: self.registry.ctx(),
        }
    }

    /// Publishes an honest decision and an honest objection, and then what is malformed, half of it
    /// where decisions stand and half where acts do. Each is refused, and the node says why.
    async fn send_statements(
        &mut self,
        network: &Network,
        rng: &mut Rng,
    ) -> Result<Reasons, Failure> {
        let (decision, about) = self.signatory().decision(rng);
        self.push(&[(Kind::Data, decision.clone())]).await?;
        let reference = self.reference(0);
        let objection = self.signatory().objection(rng, &reference, about);
        self.push(&[(Kind::Act, objection.clone())]).await?;
        let mut client = network.client(UNDER_TEST).await?;
        for index in [0, 1] {
            client.statement(self.position(index)).await?;
        }
        // What fuzzing found stands in both places, half of it in each.
        let mut found = found::inputs(found::Target::Statement);
        let found_acts = found.split_off(found.len() / 2);
        found.extend(self.odd_decisions(rng.clone()));
        let data = self.malformed(rng, Kind::Data, &found, &decision);
        let acts = self.malformed(rng, Kind::Act, &found_acts, &objection);
        let bodies = |kind, all: &[Malformed<Why>]| -> Vec<(Kind, Vec<u8>)> {
            all.iter().map(|one| (kind, one.bytes.clone())).collect()
        };
        for part in bodies(Kind::Data, &data).chunks(PUSHED) {
            self.push(part).await?;
        }
        for part in bodies(Kind::Act, &acts).chunks(PUSHED) {
            self.push(part).await?;
        }
        let mut reasons = Reasons::default();
        for (index, one) in (2..).zip(data.iter().chain(&acts)) {
            let asked = client.statement(self.position(index)).await;
            self.is_refused(index, one, asked.err())?;
            let (reason, exactly) = &one.error;
            match exactly {
                Some(error) => reasons.count(error),
                None => reasons.count(reason),
            }
        }
        self.refused = acts.iter().map(|one| one.error.0).collect();
        self.acts_begin = 2 + data.len() as u64;
        Ok(reasons)
    }

    /// What is no act is not kept; what is no decision is kept, as evidence, and shown to nobody.
    fn is_refused(
        &self,
        index: u64,
        one: &Malformed<Why>,
        asked: Option<AskError>,
    ) -> Result<(), Failure> {
        let Some(AskError::Refused(error)) = &asked else {
            return Err(Failure::new(format!("{one:02x?} came to {asked:?}")));
        };
        let said = error.detail("what").map(str::to_owned);
        let is_data = self.leaf(index).is_some_and(|leaf| leaf.kind == Kind::Data);
        let fits = match is_data {
            true => {
                let reason = one.error.0.to_string();
                error.code == Refusal::VerificationFailed && said == Some(reason)
            }
            false => error.code == Refusal::BodyNotHeld,
        };
        match fits {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "{one:02x?} was refused so: {error:?}"
            ))),
        }
    }

    /// Signed well, but by another key, in another's name, or under a registry that never was.
    fn odd_decisions(&self, mut rng: Rng) -> Vec<Vec<u8>> {
        let good = self.signatory();
        let mut state = good.ctx;
        state.state = Hash::from_bytes([9; 32]);
        let others = [
            Signatory {
                key: &self.member.node,
                ..good
            },
            Signatory {
                member: self.registry.genesis().hub(),
                ..good
            },
            Signatory { ctx: state, ..good },
        ];
        let odd = others.map(|other| other.decision(&mut rng).0);
        let nested = vec![0x81; 1_000];
        odd.into_iter()
            .chain([nested, vec![0xd2], vec![0xff]])
            .collect()
    }

    fn malformed(
        &self,
        rng: &mut Rng,
        kind: Kind,
        made: &[Vec<u8>],
        valid: &[u8],
    ) -> Vec<Malformed<Why>> {
        let (valid, ctx) = ([valid.to_vec()], self.registry.ctx().size);
        malformed::different(rng, made.to_vec(), &valid, EACH / 2, |bytes| {
            let statement = match Statement::decode(bytes) {
                Ok(statement) => statement,
                Err(error) => return Some((RejectReason::NotAStatement, Some(error))),
            };
            let leaf = leaf(kind, ctx, &Body::new([0; SALT_BYTES], bytes.to_vec()).ok()?);
            let place = Place {
                origin: &self.origin,
                index: LeafIndex::new(2),
                leaf: &leaf,
                ctx_floor: ctx,
            };
            match trust::verify(&self.registry, place, statement) {
                // What waits for the registry is not refused.
                Ok(_) | Err(RejectReason::CtxAhead) => None,
                Err(reason) => Some((reason, None)),
            }
        })
    }

    /// Appends bodies to the log, signs its head, and waits until the node has stored both.
    pub(crate) async fn push(&mut self, statements: &[(Kind, Vec<u8>)]) -> Result<(), Failure> {
        self.log(statements, true).await
    }

    /// As [`Author::push`], and keeps the bodies to itself.
    pub(crate) async fn withhold(&mut self, statements: &[(Kind, Vec<u8>)]) -> Result<(), Failure> {
        self.log(statements, false).await
    }

    async fn log(&mut self, statements: &[(Kind, Vec<u8>)], given: bool) -> Result<(), Failure> {
        let begin = LeafIndex::new(self.leaves.len() as u64);
        let mut tail = Vec::new();
        for (kind, bytes) in statements {
            let salt = [u8::try_from(self.leaves.len() % 251).unwrap_or(0); SALT_BYTES];
            let body = Body::new(salt, bytes.clone()).map_err(Failure::of("a body"))?;
            let leaf = leaf(*kind, self.registry.ctx().size, &body);
            self.tree.append(leaf.hash());
            self.leaves.push(leaf);
            tail.push((leaf.encode(), body.encode()));
        }
        let size = self.tree.size();
        let head = Checkpoint::new(self.origin.clone(), size, self.tree.root());
        let head = head.map_err(Failure::of("a head"))?;
        let head = VerifiedCheckpoint::sign(&head, &self.member.log);
        let note = head.map_err(Failure::of("signing a head"))?.to_bytes();
        let push = Frame::Push {
            note: &note,
            begin,
            tail: tail
                .iter()
                .map(|(leaf, body)| (&leaf[..], given.then_some(&body[..])))
                .collect(),
        };
        let sent = self.session.sender.send(&push.encode()).await;
        sent.map_err(Failure::of("a push"))?;
        let stored = async {
            while let Ok(Some(frame)) = self.session.next().await {
                if let Ok(Frame::Frontier(entries)) = Frame::decode(&frame)
                    && entries
                        .iter()
                        .any(|e| e.origin == self.origin && e.size == size)
                {
                    return Ok(());
                }
            }
            Err(Failure::new("the node ended the connection".to_owned()))
        };
        let stored = timeout(PATIENCE, stored).await;
        stored.map_err(Failure::of("a push stored"))?
    }

    /// What was refused as an act is on record with its reason, when the node is opened again.
    async fn is_recorded(&self, network: &Network) -> Result<(), Failure> {
        let layout = network.layout(UNDER_TEST).clone();
        let config = Config::read(&layout).map_err(Failure::of("a configuration"))?;
        let node = Node::start(config.node_options(layout)).await;
        let node = node.map_err(Failure::of("opening a node"))?;
        let mut outcome = Ok(());
        for (index, reason) in (self.acts_begin..).zip(&self.refused) {
            let index = LeafIndex::new(index);
            let state = node
                .shared()
                .logs()
                .get(&self.origin)
                .map(|log| log.body(index));
            if state != Some(BodyState::Refused(*reason as u8)) {
                let what = format!("{index}: {state:?} is recorded for {reason}");
                outcome = Err(Failure::new(what));
            }
        }
        node.stop().await;
        outcome
    }

    fn leaf(&self, index: u64) -> Option<&Leaf> {
        self.leaves.get(usize::try_from(index).ok()?)
    }

    /// The newest head of the log.
    pub(crate) fn head(&self) -> (TreeSize, Hash) {
        (self.tree.size(), self.tree.root())
    }

    pub(crate) fn reference(&self, index: u64) -> StatementRef {
        StatementRef {
            origin: self.origin.clone(),
            index: LeafIndex::new(index),
            leaf_hash: self.leaves[usize::try_from(index).unwrap()].hash(),
        }
    }

    pub(crate) fn position(&self, index: u64) -> Target {
        Target::Position {
            origin: self.origin.clone(),
            index: LeafIndex::new(index),
        }
    }
}

/// The leaf of a body; acts act on the first entry of the log.
fn leaf(kind: Kind, ctx: TreeSize, body: &Body) -> Leaf {
    Leaf {
        kind,
        vis: VIS_PUBLIC,
        commit: body.commit(),
        target: (kind == Kind::Act).then_some(LeafIndex::new(0)),
        ctx,
    }
}
