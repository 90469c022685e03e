//! The exchange of one node with all its peers, as a state machine (`spec/exchange.md`).
//!
//! ```text
//!            Opened            HELLO                      FRONTIER, CHECKPOINT, PUSH,
//!   (none) ---------> Greeting ------> Open <-----------> COSIGN, FORK, requests
//!                        |               |  Closed, 16 invalid objects, malformed frame
//!                        +---------------+-------------------------------------> (none)
//!
//!   a foreign log:  head learnt -> leaves pulled, verified by hashing -> stored -> adopted
//!                   -> bodies of acts -> other bodies -> complete
//! ```
//!
//! Every input is handled to its end without waiting. What the node must do comes out of
//! [`Exchange::poll_action`]; actions that need an answer say which [`Input`] gives it. Time is an
//! argument. Bytes are read in this order: length, shape, limits, state; and nothing is decoded
//! before the hash that commits to it has been verified.
//!
//! Out of scope: disk (the caller stores what it is told to and says when it is durable), sockets,
//! serving ranges from storage, signing.

mod conduct;
mod cosign;
mod fork;
mod gaps;
mod head;
mod interface;
mod lost;
mod peer;
mod promises;
mod pull;
mod replica;
mod serve;
mod violation;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::limits;
use crate::log::{Hash, LeafIndex, Origin, TreeSize, VerifiedCheckpoint};
use crate::message::{ErrorCode, Frame, FrontierEntry};
use crate::statement::Standing;
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

use conduct::{Conduct, conduct_of};
use peer::Peer;

pub use fork::ForkEvidence;
pub use gaps::Gaps;
pub use head::{verify_fork, verify_head};
pub use interface::{
    Action, BodyOutcome, Input, LeafBatch, LogView, PeerId, RequestId, ServeId, StoreId, World,
};
pub use promises::Waiting;
pub use replica::{Replica, Restored, Witnessed};
pub use serve::ServeRequest;
pub use violation::Violation;

/// The exchange of one node.
#[derive(Clone, Debug)]
pub struct Exchange {
    me: AuthorityCode,
    replicas: BTreeMap<Origin, Replica>,
    peers: BTreeMap<PeerId, Peer>,
    /// How members behave, of those that ever did anything that is limited.
    conduct: BTreeMap<AuthorityCode, Conduct>,
    /// The time of the input being handled.
    now: Timestamp,
    /// What storing will complete, by id.
    storing: BTreeMap<StoreId, Storing>,
    /// Acts on statements that we hold, with whoever issued those: they come to us even where we are
    /// not entitled to their class.
    owed: BTreeMap<(Origin, LeafIndex), AuthorityCode>,
    /// Evidence of the forks on record, as FORK frames.
    forks: BTreeMap<Origin, Vec<u8>>,
    /// Logs whose durable state changed since peers were last told.
    changed: BTreeSet<Origin>,
    /// Logs of which we know what we cosigned; `None` when nothing was forgotten.
    settled_promises: Option<BTreeSet<Origin>>,
    /// When the others are asked again about the rest, while there is somebody to ask.
    ask_again: Option<Timestamp>,
    /// What that keeps from being cosigned, as last looked at.
    waiting: Option<Waiting>,
    actions: VecDeque<Action>,
    next_request: u64,
    next_store: u64,
    next_heartbeat: Timestamp,
}

/// What becomes true when a store is durable.
#[derive(Clone, Debug)]
enum Storing {
    Leaves {
        origin: Origin,
        size: TreeSize,
        head: Option<VerifiedCheckpoint>,
    },
    Bodies {
        origin: Origin,
        positions: Gaps,
    },
}

impl Exchange {
    /// The exchange of the member `me` with the logs that it holds already.
    #[must_use]
    pub fn new(me: AuthorityCode, now: Timestamp, restored: Vec<Restored>) -> Self {
        let replicas = restored
            .into_iter()
            .map(|log| (log.origin.clone(), Replica::restored(log)));
        Self {
            me,
            replicas: replicas.collect(),
            peers: BTreeMap::new(),
            conduct: BTreeMap::new(),
            now,
            storing: BTreeMap::new(),
            owed: BTreeMap::new(),
            forks: BTreeMap::new(),
            changed: BTreeSet::new(),
            settled_promises: None,
            ask_again: None,
            waiting: None,
            actions: VecDeque::new(),
            next_request: 0,
            next_store: 0,
            next_heartbeat: after(now, limits::HEARTBEAT_MS),
        }
    }

    /// Feeds one input. Never blocks, never fails: a peer at fault is reported and closed through
    /// actions, everyone else goes on.
    pub fn handle(&mut self, world: World<'_>, input: Input<'_>) {
        self.now = world.now;
        match input {
            Input::Opened { peer, member } => self.opened(world, peer, member),
            Input::Closed { peer } => self.closed(peer),
            Input::Control { peer, bytes } => self.control(world, peer, bytes),
            Input::Answer {
                peer,
                request,
                bytes,
            } => self.answer(world, peer, request, bytes),
            Input::RequestFailed { peer, request } => self.refused(world, peer, request, 0),
            Input::Request { peer, serve, bytes } => self.request(world, peer, serve, bytes),
            Input::Served { peer, serve, next } => self.served(world, peer, serve, next),
            Input::Stored { store } => self.stored(world, store),
            Input::OwnHead { head } => self.own_head(world, head),
            Input::Cosigned { cosignature } => self.cosigned(world, &cosignature),
            Input::RegistryChanged => self.registry_changed(world),
            Input::SigningOpened => self.recosign(world),
            Input::Settled => {
                self.settled(world);
                self.settle_promises(world);
            }
            Input::Deadline => self.deadline_passed(world),
        }
        self.schedule(world);
    }

    /// The next thing to do, oldest first. Take all before waiting.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to feed [`Input::Deadline`] if nothing else happens.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let peers = self.peers.values().filter_map(Peer::deadline);
        let rests = self
            .replicas
            .values()
            .filter_map(|replica| replica.rest_ends);
        peers
            .chain(rests)
            .chain(self.ask_again)
            .chain([self.next_heartbeat])
            .min()
            .unwrap_or(self.next_heartbeat)
    }

    /// How far a log is held, adopted and witnessed.
    #[must_use]
    pub fn replica(&self, origin: &Origin) -> Option<&Replica> {
        self.replicas.get(origin)
    }

    /// Every log known, by name.
    pub fn replicas(&self) -> impl Iterator<Item = (&Origin, &Replica)> {
        self.replicas.iter()
    }

    /// The members connected and greeted, with their connections.
    pub fn connected(&self) -> impl Iterator<Item = (PeerId, AuthorityCode)> {
        self.peers
            .iter()
            .filter(|(_, peer)| peer.greeted)
            .map(|(id, peer)| (*id, peer.member))
    }

    /// Counts the cosignatures that restored heads carry, at start.
    pub fn restore_witnesses(&mut self, world: World<'_>) {
        let heads: Vec<VerifiedCheckpoint> = self
            .replicas
            .values()
            .flat_map(|replica| replica.heads.values().cloned())
            .collect();
        for head in heads {
            self.absorb_cosignatures(world, &head);
        }
        self.next_heartbeat = next_heartbeat(world);
        self.actions.clear();
    }

    /// Lets a log of our own be filled from others, after a restore, or ends that.
    pub fn set_recovering(&mut self, origin: &Origin, recovering: bool) {
        // After the loss of everything the log is not even known yet.
        if recovering || self.replicas.contains_key(origin) {
            let replica = self.replicas.entry(origin.clone());
            replica.or_insert_with(|| Replica::empty(true)).recovering = recovering;
        }
    }

    /// Wants an act on a statement that we hold and that `issuer` made. It is asked for with the next
    /// input, if its leaf is here, and until it comes.
    pub fn owe(&mut self, origin: &Origin, index: LeafIndex, issuer: AuthorityCode) {
        self.owed.insert((origin.clone(), index), issuer);
        if let Some(replica) = self.replicas.get_mut(origin)
            && index.value() < replica.staged.size().value()
            && !replica.own
        {
            replica.act_gaps.insert(index.value(), index.value() + 1);
        }
    }

    /// How many acts of a log are wanted for the sake of what we hold.
    #[must_use]
    pub fn owed_of(&self, origin: &Origin) -> usize {
        self.owed.keys().filter(|(of, _)| of == origin).count()
    }

    /// Wants bodies of another's log that were not wanted before, of plain data or of the rest. They
    /// are asked for with the next input.
    pub fn want(&mut self, origin: &Origin, mut positions: Gaps, data: bool) {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let gaps = match data {
            true => &mut replica.data_gaps,
            false => &mut replica.act_gaps,
        };
        while let Some((begin, end)) = positions.take_first(u64::MAX) {
            gaps.insert(begin, end);
        }
    }

    /// Whether a frontier line about a log of our own has come from a member since it connected.
    #[must_use]
    pub fn has_spoken_of(&self, member: AuthorityCode, origin: &Origin) -> Option<TreeSize> {
        let mut peers = self
            .peers
            .values()
            .filter(|peer| peer.member == member && peer.frontier_seen);
        peers.next().map(|peer| peer.has(origin))
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn send(&mut self, peer: PeerId, frame: &Frame<'_>) {
        self.act(Action::Send {
            peer,
            frame: frame.encode(),
        });
    }

    /// Counts an invalid object of a member; the sixteenth ends the connection.
    // spec: EXC-12
    fn blame(&mut self, id: PeerId, violation: Violation) {
        self.act(Action::Report {
            peer: id,
            violation,
        });
        let Some(member) = self.peers.get(&id).map(|peer| peer.member) else {
            return;
        };
        let now = self.now;
        if violation.is_fatal() || conduct_of(&mut self.conduct, member, now).shows_invalid(now) {
            self.act(Action::Close {
                peer: id,
                code: violation.error_code(),
            });
            self.closed(id);
        }
    }

    fn opened(&mut self, world: World<'_>, id: PeerId, member: AuthorityCode) {
        // spec: EXC-30
        let mut conduct = self.conduct.get_mut(&member);
        if conduct.as_mut().is_some_and(|of| of.is_shut_out(world.now)) {
            let code = ErrorCode::Busy;
            return self.act(Action::Close { peer: id, code });
        }
        let entries = self.frontier_entries();
        let digest = frontier_digest(&entries);
        self.peers.insert(id, Peer::new(member, (digest, entries)));
        let hello = Frame::Hello {
            version: crate::message::VERSION,
            genesis: world.registry.genesis().id(),
            member: self.me,
            digest,
            features: Vec::new(),
        };
        self.send(id, &hello);
    }

    fn closed(&mut self, id: PeerId) {
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        for request in peer.into_requests() {
            self.give_back(request, false);
        }
    }

    fn control(&mut self, world: World<'_>, id: PeerId, bytes: &[u8]) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        let Ok(frame) = Frame::decode(bytes) else {
            return self.blame(id, Violation::Malformed);
        };
        let is_hello = matches!(frame, Frame::Hello { .. });
        if !peer.greeted && !is_hello {
            return self.blame(id, Violation::HelloExpected);
        }
        let outcome = match frame {
            Frame::Hello {
                version,
                genesis,
                member,
                digest,
                features: _,
            } => self.hello(world, id, (version, genesis, member, digest)),
            Frame::Frontier(entries) => self.frontier(world, id, entries),
            Frame::Checkpoint { note } => self.checkpoint(world, id, note),
            Frame::Push { note, begin, tail } => self.push(world, id, note, begin, &tail),
            Frame::Cosign {
                origin,
                size,
                root,
                line,
            } => self.cosign(world, id, (origin, size, root), line),
            Frame::Fork {
                first,
                second,
                proof,
            } => self.fork_claimed(world, id, first, second, &proof),
            Frame::Error { .. } => Ok(()),
            Frame::Range { .. }
            | Frame::Block { .. }
            | Frame::Bodies { .. }
            | Frame::BodyBlock { .. }
            | Frame::Consistency { .. }
            | Frame::Proof(_) => Err(Violation::WrongStream),
        };
        if let Err(violation) = outcome {
            self.blame(id, violation);
        }
    }

    // spec: EXC-4, EXC-5
    fn hello(
        &mut self,
        world: World<'_>,
        id: PeerId,
        (version, genesis, member, digest): (u64, Hash, AuthorityCode, Hash),
    ) -> Result<(), Violation> {
        if version != crate::message::VERSION {
            return Err(Violation::WrongVersion);
        }
        if genesis != world.registry.genesis().id() {
            return Err(Violation::WrongNetwork);
        }
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        if peer.member != member {
            return Err(Violation::WrongMember);
        }
        peer.greeted = true;
        let Some((sent, entries)) = peer.hello.take() else {
            return Ok(());
        };
        self.show_forks(world, id);
        self.take_early_requests(world, id);
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        // Both sides compare what was sent, not what they hold by now, and so come to the same
        // answer: equal digests are one round trip without a frontier.
        if digest == sent {
            peer.frontier_seen = true;
            // No frontier follows that would say that our HELLO has arrived, and a request on a stream of
            // its own may overtake it.
            peer.rest_ends = Some(after(world.now, pull::REST_MS));
            for entry in &entries {
                peer.note_held(&entry.origin, entry.size, entry.bodies);
                peer.note_vouched(entry);
                peer.tell(entry);
            }
            for entry in entries.clone() {
                self.act(Action::Holds { member, entry });
            }
            let changed = self.frontier_entries();
            if changed != entries {
                self.send_frontier(id, &changed);
                self.announce_all(world, id);
            }
            return Ok(());
        }
        let entries = self.frontier_entries();
        self.send_frontier(id, &entries);
        Ok(())
    }

    fn frontier_entries(&self) -> Vec<FrontierEntry> {
        self.replicas
            .iter()
            .filter_map(|(origin, replica)| replica.entry(origin))
            .collect()
    }

    fn announce_all(&mut self, world: World<'_>, id: PeerId) {
        let origins: Vec<Origin> = self.replicas.keys().cloned().collect();
        for origin in origins {
            self.announce(world, id, &origin);
        }
    }

    fn send_frontier(&mut self, id: PeerId, entries: &[FrontierEntry]) {
        if entries.is_empty() {
            return self.send(id, &Frame::Frontier(Vec::new()));
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            for entry in entries {
                peer.tell(entry);
            }
        }
        for part in entries.chunks(limits::FRONTIER_LOGS_MAX) {
            self.send(id, &Frame::Frontier(part.to_vec()));
        }
    }

    fn frontier(
        &mut self,
        world: World<'_>,
        id: PeerId,
        entries: Vec<FrontierEntry>,
    ) -> Result<(), Violation> {
        let Some(peer) = self.peers.get_mut(&id) else {
            return Ok(());
        };
        peer.frontier_seen = true;
        let member = peer.member;
        let is_known = |entry: &FrontierEntry| world.registry.member_of(&entry.origin).is_some();
        let (mut entries, early): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_known);
        let (mut named, mut asked) = (BTreeSet::new(), BTreeSet::new());
        entries.retain(|entry| {
            let first = named.insert(entry.origin.clone());
            if !first {
                asked.insert(entry.origin.clone());
            }
            first
        });
        for entry in &early {
            peer.note_early(entry);
        }
        for entry in &entries {
            peer.note_held(&entry.origin, entry.size, entry.bodies);
            peer.note_vouched(entry);
        }
        for entry in entries {
            if asked.contains(&entry.origin) {
                self.tell_cosigned(id, &entry);
            }
            self.show_ours(id, &entry);
            self.show_vouched(id, &entry);
            self.answer_line(id, &entry);
            // A size that we hold too with another root is for the signed head to prove; a frontier
            // line by itself is only a claim.
            self.act(Action::Holds { member, entry });
        }
        self.announce_all(world, id);
        Ok(())
    }

    fn deadline_passed(&mut self, world: World<'_>) {
        let ids: Vec<PeerId> = self.peers.keys().copied().collect();
        for id in ids {
            let expired = self.peers.get_mut(&id).map(|peer| peer.expired(world.now));
            for request in expired.into_iter().flatten() {
                self.act(Action::Cancel { peer: id, request });
                self.refused(world, id, request, 0);
            }
            if let Some(peer) = self.peers.get_mut(&id)
                && peer.rest_ends.is_some_and(|ends| ends <= world.now)
            {
                peer.rest_ends = None;
            }
            self.begin_answers(world, id);
        }
        for replica in self.replicas.values_mut() {
            if replica.rest_ends.is_some_and(|ends| ends <= world.now) {
                replica.end_rest();
            }
        }
        if world.now >= self.next_heartbeat {
            self.next_heartbeat = next_heartbeat(world);
            self.ripen(world);
            self.recosign(world);
        }
    }

    fn is_suspended(world: World<'_>, member: AuthorityCode) -> bool {
        let standing = world
            .registry
            .member(member)
            .map(crate::trust::Member::standing);
        standing != Some(Standing::Active)
    }
}

/// What HELLO carries so that equal frontiers need not be sent. The bodies count: two who hold the
/// same leaves may still have bodies to give to each other.
fn frontier_digest(entries: &[FrontierEntry]) -> Hash {
    use sha2::{Digest as _, Sha256};

    let mut digest = Sha256::new();
    digest.update(b"concordat/frontier/1\0");
    for entry in entries {
        digest.update(entry.origin.as_str().as_bytes());
        digest.update([0]);
        digest.update(entry.size.value().to_be_bytes());
        digest.update(entry.root.as_bytes());
        digest.update(entry.bodies.value().to_be_bytes());
        digest.update(entry.vouched.value().to_be_bytes());
    }
    Hash::from_bytes(digest.finalize().into())
}

/// When unchanged heads are cosigned again, as the policy says.
fn next_heartbeat(world: World<'_>) -> Timestamp {
    let period = world.registry.policy().heartbeat_ms;
    after(world.now, period.max(limits::HEARTBEAT_MS_MIN))
}

/// An instant some milliseconds later, at most the last there is.
fn after(now: Timestamp, milliseconds: u64) -> Timestamp {
    now.checked_add(std::time::Duration::from_millis(milliseconds))
        .unwrap_or(Timestamp::MAX)
}
