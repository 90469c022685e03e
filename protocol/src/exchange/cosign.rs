//! Cosignatures: taking them in, counting them, giving ours.

use crate::exchange::{Action, Exchange, PeerId, Violation, Witnessed, World};
use crate::log::cosignature::CosignatureError;
use crate::log::note::SignatureLine;
use crate::log::{
    Checkpoint, Cosignature, Hash, Origin, TreeSize, VerifiedCheckpoint, VerifiedCosignature,
};
use crate::message::{Frame, FrontierEntry, Vouched};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

impl Exchange {
    /// A peer shows a cosignature, its own or another's.
    // spec: EXC-15
    pub(super) fn cosign(
        &mut self,
        world: World<'_>,
        id: PeerId,
        (origin, size, root): (Origin, TreeSize, Hash),
        line: &str,
    ) -> Result<(), Violation> {
        let _ = id;
        let Some(replica) = self.replicas.get_mut(&origin) else {
            return Ok(());
        };
        if size > replica.durable {
            // It overtook the leaves. Kept unverified, few, and looked at once they are here.
            replica.keep_early(size, root, line);
            return Ok(());
        }
        self.take_cosignature(world, &origin, size, root, line)
    }

    fn take_cosignature(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        size: TreeSize,
        root: Hash,
        line: &str,
    ) -> Result<(), Violation> {
        if world.logs.root_at(origin, size) != Some(root) {
            // A cosignature over another root: the head itself will show which is wrong.
            return Ok(());
        }
        let cosignature = Cosignature::parse(line).map_err(|_| Violation::BadCosignature)?;
        let Some((member, key)) = witness(world, &cosignature) else {
            // Perhaps it overtook the registry entry that names its witness.
            if let Some(replica) = self.replicas.get_mut(origin) {
                replica.keep_early(size, root, line);
            }
            return Ok(());
        };
        let checkpoint =
            Checkpoint::new(origin.clone(), size, root).map_err(|_| Violation::BadCosignature)?;
        let verified = cosignature
            .verify(&checkpoint, &key)
            .map_err(|_| Violation::BadCosignature)?;
        if self.count_cosignature(world, origin, member, &verified) {
            self.pass_on(world, &verified);
        }
        Ok(())
    }

    /// We cosigned: count it and show it to everyone.
    pub(super) fn cosigned(&mut self, world: World<'_>, cosignature: &VerifiedCosignature) {
        let origin = cosignature.checkpoint().origin().clone();
        self.count_cosignature(world, &origin, self.me, cosignature);
        self.show(cosignature);
    }

    /// Asks for a fresh cosignature of every head that we vouch for.
    // spec: EXC-24
    pub(super) fn recosign(&mut self, world: World<'_>) {
        if !world.registry.policy().cosigners.contains(&self.me) {
            return;
        }
        let heads: Vec<VerifiedCheckpoint> = self
            .replicas
            .values()
            .filter(|r| !r.frozen)
            .filter_map(|r| r.head().cloned())
            .filter(|head| self.may_cosign(head.origin()))
            .collect();
        for head in heads {
            self.act(Action::Cosign { head });
        }
    }

    /// Takes in the cosignatures that a head's note carries.
    pub(super) fn absorb_cosignatures(&mut self, world: World<'_>, head: &VerifiedCheckpoint) {
        let origin = head.origin().clone();
        for line in head.note().lines() {
            if let Claim::Made(member, cosignature) = claim(world, head, line) {
                self.count_cosignature(world, &origin, member, &cosignature);
            }
        }
        self.keep_witnessed(head);
    }

    /// Keeps a head that is not among the newest, where the log is witnessed by it.
    fn keep_witnessed(&mut self, head: &VerifiedCheckpoint) {
        let Some(replica) = self.replicas.get_mut(head.origin()) else {
            return;
        };
        if replica.witnessed.size == head.size() && !replica.heads.contains_key(&head.size()) {
            replica.adopt(head.clone());
            let head = head.clone();
            self.act(Action::KeepHead { head });
        }
    }

    pub(super) fn apply_early_cosignatures(&mut self, world: World<'_>, origin: &Origin) {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let Ok(beyond) = TreeSize::new(replica.durable.value().saturating_add(1)) else {
            return;
        };
        let later = replica.early.split_off(&beyond);
        let due = std::mem::replace(&mut replica.early, later);
        for (size, lines) in due {
            for (root, line) in lines {
                // Whoever sent it is no longer known; a bad one is simply left out.
                let _ = self.take_cosignature(world, origin, size, root, &line);
            }
        }
    }

    /// Counts a verified cosignature; `true` when it said something new.
    // spec: EXC-16
    fn count_cosignature(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        member: AuthorityCode,
        cosignature: &VerifiedCosignature,
    ) -> bool {
        let size = cosignature.checkpoint().size();
        let seconds = cosignature.time().unix_seconds();
        let Ok(time) = Timestamp::new(seconds.saturating_mul(1_000)) else {
            return false;
        };
        let Some(replica) = self.replicas.get_mut(origin) else {
            return false;
        };
        let known = replica.cosigned.get(&member).copied();
        if known.is_some_and(|(known_size, known_time)| size <= known_size && time <= known_time) {
            return false;
        }
        let largest = known.map_or(size, |(known_size, _)| known_size.max(size));
        let newest = known.map_or(time, |(_, known_time)| known_time.max(time));
        replica.cosigned.insert(member, (largest, newest));
        if let Some(head) = replica.heads.get_mut(&size)
            && head.checkpoint() == cosignature.checkpoint()
            && add(world, head, cosignature)
        {
            let head = head.clone();
            self.act(Action::KeepHead { head });
        }
        self.count_witnesses(world, origin);
        true
    }

    /// Works out how far a quorum has cosigned. A cosignature over a head vouches for every smaller
    /// size too, since its witness held the leaves.
    // spec: EXC-17
    pub(super) fn count_witnesses(&mut self, world: World<'_>, origin: &Origin) {
        let policy = world.registry.policy();
        let quorum = usize::try_from(policy.quorum).unwrap_or(usize::MAX);
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let counted = || {
            let cosigned = replica.cosigned.iter();
            cosigned
                .filter(|(member, _)| policy.cosigners.contains(member))
                .map(|(_, said)| *said)
        };
        let mut sizes: Vec<TreeSize> = counted().map(|(size, _)| size).collect();
        let mut times: Vec<Timestamp> = counted().map(|(_, time)| time).collect();
        sizes.sort_by(|a, b| b.cmp(a));
        times.sort_by(|a, b| b.cmp(a));
        let vouching = replica.cosigned.iter();
        let vouching = vouching.filter(|(member, _)| policy.cosigners.contains(member));
        let vouched = Vouched::of(vouching.map(|(member, (size, _))| (*member, *size)));
        replica.vouched = vouched;
        let Some(place) = quorum.checked_sub(1) else {
            return;
        };
        let Some(size) = sizes.get(place) else { return };
        let witnessed = Witnessed {
            size: (*size).max(replica.witnessed.size),
            at: times.get(place).copied().max(replica.witnessed.at),
        };
        if witnessed != replica.witnessed {
            replica.witnessed = witnessed;
            self.act(Action::Witnessed {
                origin: origin.clone(),
                witnessed,
            });
        }
    }

    /// Shows heads with their cosignatures to a peer that has just said which it knows: whoever was
    /// away when a cosigner vouched learns it now, not with the next heartbeat. Of a frozen log too:
    /// what was witnessed is all that is sure of it.
    // spec: EXC-23, EXC-62
    pub(super) fn show_vouched(&mut self, id: PeerId, theirs: &FrontierEntry) {
        let Some(replica) = self.replicas.get(&theirs.origin) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        // Once a connection: what is vouched for from here on is shown as it happens.
        let first = peer.stated.insert(theirs.origin.clone());
        if !first || replica.vouched == theirs.vouched {
            return;
        }
        for head in replica.cosigned_heads(theirs.size) {
            let note = head.to_bytes();
            self.send(id, &Frame::Checkpoint { note: &note });
        }
    }

    /// The hub passes cosignatures on; everyone else is told by their makers.
    fn pass_on(&mut self, world: World<'_>, cosignature: &VerifiedCosignature) {
        if world.registry.genesis().hub() == self.me {
            self.show(cosignature);
        }
    }

    fn show(&mut self, cosignature: &VerifiedCosignature) {
        let checkpoint = cosignature.checkpoint();
        let line = cosignature.cosignature().to_line().to_string();
        let frame = Frame::Cosign {
            origin: checkpoint.origin().clone(),
            size: checkpoint.size(),
            root: *checkpoint.root(),
            line: line.trim_end_matches('\n'),
        };
        let frame = frame.encode();
        let greeted: Vec<PeerId> = self.connected().map(|(id, _)| id).collect();
        for peer in greeted {
            self.act(Action::Send {
                peer,
                frame: frame.clone(),
            });
        }
    }
}

/// What a line of a head says about a witness.
enum Claim {
    /// Nothing that can be judged here: its name or key is not that of a witness known to the registry,
    /// or it is no cosignature.
    Unknown,
    /// The witness has made it.
    Made(AuthorityCode, Box<VerifiedCosignature>),
    /// It bears name and key id of a witness, which has not made it.
    Forged,
}

fn claim(world: World<'_>, head: &VerifiedCheckpoint, line: &SignatureLine) -> Claim {
    let Ok(cosignature) = Cosignature::try_from(line) else {
        return Claim::Unknown;
    };
    let Some((member, key)) = witness(world, &cosignature) else {
        return Claim::Unknown;
    };
    match cosignature.verify(head.checkpoint(), &key) {
        Ok(verified) => Claim::Made(member, Box::new(verified)),
        // One of another time: the registry here may be behind.
        Err(CosignatureError::OtherKey { .. }) => Claim::Unknown,
        Err(_) => Claim::Forged,
    }
}

/// A head without the lines that witnesses known here have not made: whoever passes a head on can add
/// them, and nobody relies on a note that has one.
// spec: EXC-70
pub(super) fn without_forged(world: World<'_>, head: &VerifiedCheckpoint) -> VerifiedCheckpoint {
    head.with_lines(|line| !matches!(claim(world, head, line), Claim::Forged))
}

/// Adds a cosignature to a head. Where its note is full, lines that say nothing here make room.
// spec: EXC-70
fn add(world: World<'_>, head: &mut VerifiedCheckpoint, cosignature: &VerifiedCosignature) -> bool {
    if head.add_cosignature(cosignature).is_ok() {
        return true;
    }
    let mut known = head.with_lines(|line| matches!(claim(world, head, line), Claim::Made(..)));
    let added = known.add_cosignature(cosignature).is_ok();
    if added {
        *head = known;
    }
    added
}

/// The member that a cosignature names, with its witness key.
fn witness(
    world: World<'_>,
    cosignature: &Cosignature,
) -> Option<(AuthorityCode, crate::key::PublicKey)> {
    let name = cosignature.witness();
    let code = AuthorityCode::parse(name.member()).ok()?;
    let member = world.registry.member(code)?;
    let known = world.registry.genesis().witness(code) == *name;
    member
        .keys()
        .witness
        .filter(|_| known)
        .map(|key| (code, key))
}
