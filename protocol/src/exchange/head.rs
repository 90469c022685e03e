//! Heads: learning them from peers, adopting them when their leaves are durable, telling others.

use std::collections::BTreeSet;

use crate::exchange::cosign::without_forged;
use crate::exchange::pull::TailEnd;
use crate::exchange::{
    Action, Exchange, PeerId, Replica, StoreId, Storing, Violation, World, next_heartbeat,
};
use crate::key::PublicKey;
use crate::log::checkpoint::CheckpointError;
use crate::log::{
    ConsistencyProof, Hash, LeafIndex, Origin, SignedCheckpoint, TreeSize, VerifiedCheckpoint,
};
use crate::message::{Frame, FrontierEntry, LeafAndBody};
use crate::subject::AuthorityCode;
use crate::trust::Member;

impl Exchange {
    /// A peer shows a signed head.
    // spec: EXC-6
    pub(super) fn checkpoint(
        &mut self,
        world: World<'_>,
        id: PeerId,
        note: &[u8],
    ) -> Result<(), Violation> {
        if let Some(head) = self.verified_head(world, id, note)? {
            self.learn(world, id, head);
        }
        Ok(())
    }

    /// A peer shows a signed head with the leaves and bodies that lead to it.
    // spec: EXC-7
    pub(super) fn push(
        &mut self,
        world: World<'_>,
        id: PeerId,
        note: &[u8],
        begin: LeafIndex,
        tail: &[LeafAndBody<'_>],
    ) -> Result<(), Violation> {
        let Some(head) = self.verified_head(world, id, note)? else {
            return Ok(());
        };
        let origin = head.origin().clone();
        self.learn(world, id, head.clone());
        let Some(replica) = self.replicas.get(&origin) else {
            return Ok(());
        };
        let staged = replica.staged.size().value();
        let end = begin.value().saturating_add(tail.len() as u64);
        let fits = begin.value() <= staged && staged < end && end == head.size().value();
        if !fits || replica.frozen || replica.own && !replica.recovering {
            return Ok(());
        }
        let skip = usize::try_from(staged - begin.value()).unwrap_or(usize::MAX);
        let tail = tail.get(skip..).unwrap_or_default();
        let leaves: Vec<&[u8]> = tail.iter().map(|(leaf, _)| *leaf).collect();
        let taken = self.stage_leaves(world, &origin, &leaves, &TailEnd::Head(&head));
        self.question(id, &origin, taken)?;
        let bodies = tail.iter().enumerate().filter_map(|(i, (leaf, body))| {
            Some((LeafIndex::new(staged + i as u64), *leaf, Ok((*body)?)))
        });
        let unfit = self.take_bodies(world, id, &origin, bodies.collect());
        match self.note_unfit(&origin, &unfit) {
            true => Err(Violation::BadBody),
            false => Ok(()),
        }
    }

    /// Checks the signature of a head; `None` when its log, or the key that it names, is not known
    /// (yet). An honest peer may be ahead of our registry.
    fn verified_head(
        &mut self,
        world: World<'_>,
        id: PeerId,
        note: &[u8],
    ) -> Result<Option<VerifiedCheckpoint>, Violation> {
        let signed = SignedCheckpoint::parse(note).map_err(|_| Violation::BadCheckpoint)?;
        let origin = signed.claimed().origin().clone();
        let size = signed.claimed().size();
        let head = match judge(world, signed) {
            Ok(head) => head,
            Err(Unverified::Early) => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.stash(&origin, size, note);
                }
                return Ok(None);
            }
            Err(Unverified::Wrong) => return Err(Violation::BadCheckpoint),
        };
        let own = origin.member() == self.me.as_str();
        self.replicas
            .entry(origin)
            .or_insert_with(|| Replica::empty(own));
        Ok(Some(without_forged(world, &head)))
    }

    /// Takes in a head whose signature has been verified.
    fn learn(&mut self, world: World<'_>, id: PeerId, head: VerifiedCheckpoint) {
        let origin = head.origin().clone();
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.note_held(&origin, head.size(), TreeSize::ZERO);
        }
        let Some(replica) = self.replicas.get_mut(&origin) else {
            return;
        };
        let held = world.logs.root_at(&origin, head.size());
        if replica.frozen {
            // What a quorum has cosigned of the history held stays witnessed.
            // spec: EXC-62
            if held == Some(*head.root()) {
                self.absorb_cosignatures(world, &head);
            }
            return;
        }
        // Entries that have no head yet may lie beside those of the other instance.
        // spec: STO-41
        let signed = replica.head().map_or(TreeSize::ZERO, |head| head.size());
        if replica.own && !replica.recovering && head.size() > signed {
            replica.aim(head.clone());
            return self.act(Action::Surpassed { head });
        }
        if head.size() <= replica.staged.size() {
            match held {
                Some(root) if root != *head.root() => self.forked(world, &origin, &head),
                Some(_) => self.absorb_cosignatures(world, &head),
                None => self.keep_cosignatures(world, id, &head),
            }
            return;
        }
        replica.aim(head.clone());
        self.keep_cosignatures(world, id, &head);
    }

    /// Our own log has a new durable head.
    pub(super) fn own_head(&mut self, world: World<'_>, head: VerifiedCheckpoint) {
        let origin = head.origin().clone();
        let replica = self
            .replicas
            .entry(origin.clone())
            .or_insert_with(|| Replica::empty(true));
        replica.durable = head.size();
        replica.durable_root = Some(*head.root());
        self.adopted(world, &origin, head);
    }

    /// Lets the right edge of our own log follow what was appended to it.
    pub fn own_appended(&mut self, origin: &Origin, range: crate::log::CompactRange) {
        let replica = self
            .replicas
            .entry(origin.clone())
            .or_insert_with(|| Replica::empty(true));
        replica.staged = range;
    }

    pub(super) fn stored(&mut self, world: World<'_>, store: StoreId) {
        match self.storing.remove(&store) {
            Some(Storing::Leaves { origin, size, head }) => {
                self.changed.insert(origin.clone());
                let root = world.logs.root_at(&origin, size);
                if let Some(replica) = self.replicas.get_mut(&origin) {
                    replica.durable = replica.durable.max(size);
                    replica.durable_root = root;
                }
                if let Some(head) = head {
                    self.adopted(world, &origin, head);
                }
            }
            Some(Storing::Bodies { origin, positions }) => {
                if let Some(replica) = self.replicas.get_mut(&origin) {
                    replica.storing_bodies = replica.storing_bodies.saturating_sub(1);
                    for (begin, end) in positions.ranges() {
                        replica.storing.remove(begin, end);
                    }
                }
                self.changed.insert(origin);
            }
            None => {}
        }
    }

    /// A head whose leaves are all durable becomes the head of the log.
    fn adopted(&mut self, world: World<'_>, origin: &Origin, head: VerifiedCheckpoint) {
        self.changed.insert(origin.clone());
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        replica.adopt(head.clone());
        if replica
            .target
            .as_ref()
            .is_some_and(|target| target.size() <= head.size())
        {
            replica.target = None;
        }
        self.absorb_cosignatures(world, &head);
        self.apply_early_cosignatures(world, origin);
        if world.registry.policy().cosigners.contains(&self.me) && self.may_cosign(origin) {
            self.act(Action::Cosign { head });
        }
    }

    /// Tells peers what changed, once per batch of inputs.
    pub(super) fn settled(&mut self, world: World<'_>) {
        let changed = std::mem::take(&mut self.changed);
        let ids: Vec<PeerId> = self.peers.keys().copied().collect();
        for origin in &changed {
            for id in &ids {
                self.announce(world, *id, origin);
                self.acknowledge(*id, origin);
            }
        }
    }

    /// Shows a peer our head of a log when it is beyond what the peer has.
    // spec: EXC-8
    pub(super) fn announce(&mut self, world: World<'_>, id: PeerId, origin: &Origin) {
        let Some(replica) = self.replicas.get(origin) else {
            return;
        };
        let Some(head) = replica.head().cloned() else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let known = peer.shown(origin);
        if !peer.greeted || !peer.frontier_seen || replica.frozen || head.size() <= known {
            return;
        }
        peer.announced.insert(origin.clone(), head.size());
        let member = peer.member;
        // A log's owner sends the tail along; a relay shows the head and lets itself be asked, so
        // that bytes go out once and not from everyone who has them.
        if replica.own && !Self::is_suspended(world, member) {
            self.act(Action::Push {
                peer: id,
                member,
                from: known,
                head,
            });
        } else {
            self.send(
                id,
                &Frame::Checkpoint {
                    note: &head.to_bytes(),
                },
            );
        }
    }

    /// Whom the next head of a log of our own is pushed to with the leaves from a size on, as far as
    /// that can be told before there is one.
    #[must_use]
    pub fn next_pushed_to(
        &self,
        world: World<'_>,
        origin: &Origin,
        from: TreeSize,
    ) -> BTreeSet<AuthorityCode> {
        let replica = self.replicas.get(origin);
        if replica.is_none_or(|replica| !replica.own || replica.frozen) {
            return BTreeSet::new();
        }
        let peers = self.peers.values().filter(|peer| {
            peer.greeted
                && peer.frontier_seen
                && peer.shown(origin) == from
                && !Self::is_suspended(world, peer.member)
        });
        peers.map(|peer| peer.member).collect()
    }

    /// Tells a log's owner, and whoever has as much of it, what we hold of it durably.
    fn acknowledge(&mut self, id: PeerId, origin: &Origin) {
        let Some(entry) = self
            .replicas
            .get(origin)
            .and_then(|replica| replica.entry(origin))
        else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let wants = peer.member.as_str() == origin.member() || peer.has(origin) >= entry.size;
        if peer.greeted && wants && peer.tell(&entry) {
            self.send(id, &Frame::Frontier(vec![entry]));
        }
    }

    /// Answers a frontier line of a peer that lacks bodies which we hold, or that does not know that we
    /// hold what it does: we, or it, may have caught up only after we last told it.
    // spec: EXC-104
    pub(super) fn answer_line(&mut self, id: PeerId, theirs: &FrontierEntry) {
        let replica = self.replicas.get(&theirs.origin);
        let Some(mine) = replica.and_then(|replica| replica.entry(&theirs.origin)) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        // Of what we hold beyond what it does it is shown the head.
        let unaware = mine.size == theirs.size && peer.knows_of_ours(&theirs.origin) < mine.size;
        let lacks = mine.size >= theirs.size && mine.bodies > theirs.bodies;
        let helps = unaware || lacks;
        if peer.greeted && helps && peer.tell(&mine) {
            self.send(id, &Frame::Frontier(vec![mine]));
        }
    }

    pub(super) fn registry_changed(&mut self, world: World<'_>) {
        for replica in self.replicas.values_mut() {
            while let Some((begin, end)) = replica.waiting.take_first(u64::MAX) {
                replica.act_gaps.insert(begin, end);
            }
            while let Some((begin, end)) = replica.withheld.take_first(u64::MAX) {
                replica.data_gaps.insert(begin, end);
            }
        }
        self.drop_disowned(world);
        self.look_at_stashed(world);
        self.look_at_cosignatures(world);
        let origins: Vec<Origin> = self.replicas.keys().cloned().collect();
        for origin in origins {
            // Cosignatures of witnesses that were unknown until now, in notes and on their own.
            let heads = self.replicas.get(&origin).map(|r| r.heads.clone());
            for head in heads.iter().flat_map(std::collections::BTreeMap::values) {
                self.absorb_cosignatures(world, head);
            }
            self.apply_early_cosignatures(world, &origin);
            self.count_witnesses(world, &origin);
        }
        self.next_heartbeat = self.next_heartbeat.min(next_heartbeat(world));
        // Whoever became a cosigner with this change vouches for the heads it holds already.
        self.recosign(world);
    }

    /// Lets go of heads whose leaves were still to come and whose key signs nothing so far any more:
    /// the leaves may not exist, and a head that does would be taken for an older one.
    // spec: EXC-6
    fn drop_disowned(&mut self, world: World<'_>) {
        for replica in self.replicas.values_mut() {
            for place in [&mut replica.target, &mut replica.newer] {
                let signed = place.as_ref().map(|head| head.to_bytes());
                let signed = signed.and_then(|note| SignedCheckpoint::parse(&note).ok());
                if signed.is_some_and(|signed| judge(world, signed).is_err()) {
                    *place = None;
                }
            }
        }
    }

    /// Heads and evidence that came before the registry knew the log or the key.
    fn look_at_stashed(&mut self, world: World<'_>) {
        let peers = self.peers.iter_mut();
        let stashed: Vec<_> = peers.map(|(id, peer)| (*id, peer.take_stashed())).collect();
        for (id, (heads, forks)) in stashed {
            for note in heads {
                if let Err(violation) = self.checkpoint(world, id, &note) {
                    self.blame(id, violation);
                }
            }
            for frame in forks {
                let Ok(Frame::Fork {
                    first,
                    second,
                    proof,
                }) = Frame::decode(&frame)
                else {
                    continue;
                };
                if let Err(violation) = self.fork_claimed(world, id, first, second, &proof) {
                    self.blame(id, violation);
                }
            }
        }
    }

    /// A signed head contradicts what we hold: freeze the log and pass the evidence on.
    // spec: EXC-9
    fn forked(&mut self, world: World<'_>, origin: &Origin, other: &VerifiedCheckpoint) {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let Some(mine) = replica
            .heads
            .range(other.size()..)
            .next()
            .map(|(_, head)| head.clone())
        else {
            // No signed head of ours reaches that far: the leaves came under a head not kept. The
            // contradiction will show again with the next head.
            return;
        };
        let proof = match mine.size() == other.size() {
            true => Some(Vec::new()),
            false => {
                let root = world.logs.root_at(origin, other.size());
                let hashes = world.logs.consistency(origin, other.size(), mine.size());
                root.zip(hashes)
                    .map(|(root, hashes)| [vec![root], hashes].concat())
            }
        };
        let Some(proof) = proof else { return };
        let (first, second) = (other.to_bytes(), mine.to_bytes());
        self.freeze(
            origin,
            &Frame::Fork {
                first: &first,
                second: &second,
                proof,
            },
        );
    }

    /// A peer claims that a log has forked. The claim is checked, whoever makes it.
    pub(super) fn fork_claimed(
        &mut self,
        world: World<'_>,
        id: PeerId,
        first: &[u8],
        second: &[u8],
        proof: &[Hash],
    ) -> Result<(), Violation> {
        if [first, second]
            .into_iter()
            .any(|note| is_early(world, note))
        {
            let frame = Frame::Fork {
                first,
                second,
                proof: proof.to_vec(),
            };
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.stash_fork(frame.encode());
            }
            return Ok(());
        }
        let origin = verify_fork(world, first, second, proof)?;
        self.replicas
            .entry(origin.clone())
            .or_insert_with(|| Replica::empty(false));
        self.freeze(
            &origin,
            &Frame::Fork {
                first,
                second,
                proof: proof.to_vec(),
            },
        );
        Ok(())
    }
}

/// Checks fork evidence: two heads of one log, both signed by it, that cannot both hold.
///
/// # Errors
/// [`Violation::BadEvidence`] when it proves nothing.
// spec: EXC-10
pub fn verify_fork(
    world: World<'_>,
    first: &[u8],
    second: &[u8],
    proof: &[Hash],
) -> Result<Origin, Violation> {
    let verified = (verify_head(world, first), verify_head(world, second));
    let (Some(first), Some(second)) = verified else {
        return Err(Violation::BadEvidence);
    };
    if first.origin() != second.origin() || first.size() > second.size() {
        return Err(Violation::BadEvidence);
    }
    let proven = match (first.size() == second.size(), proof) {
        (true, []) => first.root() != second.root(),
        (false, [root, hashes @ ..]) => {
            let proof =
                ConsistencyProof::new(hashes.to_vec()).map_err(|_| Violation::BadEvidence)?;
            let leads = proof
                .verify(first.size(), root, second.size(), second.root())
                .is_ok();
            leads && root != first.root()
        }
        (true, _) | (false, []) => false,
    };
    match proven {
        true => Ok(first.origin().clone()),
        false => Err(Violation::BadEvidence),
    }
}

/// A head that one of the log's keys signed and that counts under it, as far as the leaves held can
/// tell; `None` for any other.
// spec: TRU-18, TRU-31
#[must_use]
pub fn verify_head(world: World<'_>, note: &[u8]) -> Option<VerifiedCheckpoint> {
    judge(world, SignedCheckpoint::parse(note).ok()?).ok()
}

/// Why a head is not one that its log has signed.
enum Unverified {
    /// The registry here does not know its log, or the key that it names; a newer one may.
    Early,
    /// It is not, whatever comes.
    Wrong,
}

// spec: EXC-6
fn judge(world: World<'_>, signed: SignedCheckpoint) -> Result<VerifiedCheckpoint, Unverified> {
    let origin = signed.claimed().origin();
    let member = world.registry.member_of(origin).ok_or(Unverified::Early)?;
    for key in member.log_keys() {
        match signed.clone().verify(key) {
            Ok(head) if counts(world, member, key, &head) => return Ok(head),
            Err(CheckpointError::NoLogSignature) => {}
            Ok(_) | Err(_) => return Err(Unverified::Wrong),
        }
    }
    match signed.names_its_log() {
        true => Err(Unverified::Early),
        false => Err(Unverified::Wrong),
    }
}

/// Whether a head that a log key of the member signed counts: one under a key that was cut off does
/// where it leads to the head up to which the key counts, as far as the leaves held can tell.
/// Otherwise whoever stole the key could prove a fork with it for ever.
// spec: TRU-18, TRU-31
fn counts(world: World<'_>, member: &Member, key: &PublicKey, head: &VerifiedCheckpoint) -> bool {
    let Some((last, root)) = member.log_key_bound(key) else {
        return true;
    };
    let (origin, size) = (head.origin(), head.size());
    let held = |size| world.logs.root_at(origin, size);
    // The head in a cut-off is one of log 0, and leaves tell only where they lead to it.
    let tells = origin.log_number() == 0 && held(last) == Some(root);
    let leads = || held(size).is_none_or(|is| is == *head.root());
    member.log_key_reaches(key, head.checkpoint()) && (!tells || leads())
}

fn is_early(world: World<'_>, note: &[u8]) -> bool {
    let signed = SignedCheckpoint::parse(note);
    signed.is_ok_and(|signed| matches!(judge(world, signed), Err(Unverified::Early)))
}
