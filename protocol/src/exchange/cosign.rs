//! Cosignatures: taking them in, counting them, giving ours.

use crate::exchange::replica::{Cosigned, is_ahead};
use crate::exchange::{Action, Exchange, PeerId, Replica, Violation, Witnessed, World};
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
    // spec: EXC-15, EXC-76
    pub(super) fn cosign(
        &mut self,
        world: World<'_>,
        id: PeerId,
        (origin, size, root): (Origin, TreeSize, Hash),
        line: &str,
    ) -> Result<(), Violation> {
        let cosignature = Cosignature::parse(line).map_err(|_| Violation::BadCosignature)?;
        self.take_cosignature(world, Some(id), (&origin, size, root), cosignature)
    }

    /// Takes a cosignature in, or keeps it for when it can be counted. Nothing is kept unverified but
    /// what a later registry may make good, and that as long as whoever showed it is there.
    // spec: EXC-15, EXC-76, EXC-77
    fn take_cosignature(
        &mut self,
        world: World<'_>,
        from: Option<PeerId>,
        (origin, size, root): (&Origin, TreeSize, Hash),
        cosignature: Cosignature,
    ) -> Result<(), Violation> {
        let Some(replica) = self.replicas.get(origin) else {
            return Ok(());
        };
        let overtook = size > replica.durable;
        if !overtook && world.logs.root_at(origin, size) != Some(root) {
            // A cosignature over another root: the head itself will show which is wrong.
            return Ok(());
        }
        let checkpoint =
            Checkpoint::new(origin.clone(), size, root).map_err(|_| Violation::BadCosignature)?;
        let found = witness(world, &cosignature)
            .map(|(member, key)| (member, cosignature.clone().verify(&checkpoint, &key)));
        let policy = world.registry.policy();
        let is_cosigner = |member: &AuthorityCode| policy.cosigners.contains(member);
        match found {
            Some((member, Ok(verified))) if !overtook => {
                if self.count_cosignature(world, origin, member, &verified) {
                    self.pass_on(world, &verified);
                }
            }
            // It overtook the leaves, and is looked at once they are here.
            Some((member, Ok(_))) if is_cosigner(&member) => {
                if let Some(replica) = self.replicas.get_mut(origin) {
                    replica.keep_early(member, (size, root), cosignature);
                }
            }
            // Perhaps it overtook the registry entry that names its witness, or its key.
            None | Some((_, Ok(_) | Err(CosignatureError::OtherKey { .. }))) => {
                if let Some(peer) = from.and_then(|id| self.peers.get_mut(&id)) {
                    peer.stash_cosignature(origin, (size, root), cosignature);
                }
            }
            Some((_, Err(_))) => return Err(Violation::BadCosignature),
        }
        Ok(())
    }

    /// Looks at the cosignatures again whose witnesses the registry did not know.
    // spec: EXC-77
    pub(super) fn look_at_cosignatures(&mut self, world: World<'_>) {
        let peers = self.peers.iter_mut();
        let stashed: Vec<_> = peers
            .map(|(id, peer)| (*id, peer.take_cosignatures()))
            .collect();
        for (id, cosignatures) in stashed {
            for (origin, size, root, cosignature) in cosignatures {
                let taken =
                    self.take_cosignature(world, Some(id), (&origin, size, root), cosignature);
                if let Err(violation) = taken {
                    self.blame(id, violation);
                }
            }
        }
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

    /// Keeps the cosignatures of a head until its leaves are held: by then another head of that size may
    /// have taken its place, shown by one who had heard of fewer.
    // spec: EXC-81
    pub(super) fn keep_cosignatures(
        &mut self,
        world: World<'_>,
        id: PeerId,
        head: &VerifiedCheckpoint,
    ) {
        let place = (head.origin(), head.size(), *head.root());
        for line in head.note().lines() {
            if let Ok(cosignature) = Cosignature::try_from(line)
                && let Err(violation) = self.take_cosignature(world, Some(id), place, cosignature)
            {
                self.blame(id, violation);
            }
        }
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
        let due = self.replicas.get_mut(origin).map(Replica::take_early);
        for (size, root, cosignature) in due.into_iter().flatten() {
            // It verified when it came; whoever sent it is no longer known.
            let _ = self.take_cosignature(world, None, (origin, size, root), cosignature);
        }
    }

    /// Lets times count that the clock has reached. Of each witness only the soonest is known by itself;
    /// the heads kept have the others.
    // spec: EXC-78
    pub(super) fn ripen(&mut self, world: World<'_>) {
        let mut ripened = Vec::new();
        for (origin, replica) in &mut self.replicas {
            if replica.ripen(world.clock) {
                ripened.push((origin.clone(), replica.heads.clone()));
            }
        }
        for (origin, heads) in ripened {
            for head in heads.values() {
                self.absorb_cosignatures(world, head);
            }
            self.count_witnesses(world, &origin);
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
        let Some(time) = time_of(cosignature) else {
            return false;
        };
        let Some(replica) = self.replicas.get_mut(origin) else {
            return false;
        };
        let known = replica.cosigned.get(&member).copied();
        let nothing = Cosigned {
            size,
            at: None,
            ahead: None,
        };
        let said = known.unwrap_or(nothing).and(size, time, world.clock);
        if known == Some(said) {
            return false;
        }
        replica.cosigned.insert(member, said);
        if let Some(head) = replica.heads.get_mut(&size)
            && head.checkpoint() == cosignature.checkpoint()
            && add(world, head, time, cosignature)
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
            cosigned.filter(|(member, _)| policy.cosigners.contains(member))
        };
        let vouched = Vouched::of(counted().map(|(member, said)| (*member, said.size)));
        let Some(place) = quorum.checked_sub(1) else {
            replica.vouched = vouched;
            return;
        };
        let size = largest(counted().map(|(_, said)| said.size), place);
        let time = largest(counted().filter_map(|(_, said)| said.at), place);
        let times = counted().filter_map(|(_, said)| said.at.max(said.ahead));
        let ahead = largest(times, place).filter(|at| is_ahead(*at, world.clock));
        replica.vouched = vouched;
        let Some(size) = size else { return };
        let witnessed = Witnessed {
            size: size.max(replica.witnessed.size),
            at: time.max(replica.witnessed.at),
            ahead,
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
    // spec: EXC-23, EXC-62, EXC-80
    pub(super) fn show_vouched(&mut self, id: PeerId, theirs: &FrontierEntry) {
        let Some(replica) = self.replicas.get(&theirs.origin) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        // Once a connection: what is vouched for from here on is shown as it happens.
        let first = peer.stated.insert(theirs.origin.clone());
        let owed = peer.owed.remove(&theirs.origin);
        let largest = || replica.cosigned.values().map(|said| said.size).max();
        let owed = owed.or_else(|| Some((TreeSize::ZERO, largest()?)).filter(|_| first));
        let Some((shown, until)) = owed else { return };
        if replica.vouched == theirs.vouched {
            return;
        }
        // The rest of it when its leaves have gone as far.
        if theirs.size < until {
            let rest = (shown.max(theirs.size), until);
            peer.owed.insert(theirs.origin.clone(), rest);
        }
        let heads = replica.cosigned_heads(theirs.size.min(until));
        for head in heads.iter().filter(|head| head.size() > shown) {
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

/// Adds a cosignature to a head; `false` where it stays out. Where its note is full, lines that say
/// nothing here make room. Of one witness, a time that counts goes before one ahead of the clock.
// spec: EXC-70, EXC-79
fn add(
    world: World<'_>,
    head: &mut VerifiedCheckpoint,
    time: Timestamp,
    cosignature: &VerifiedCosignature,
) -> bool {
    let is_ahead = |time| is_ahead(time, world.clock);
    let (name, id) = (
        cosignature.witness().as_str(),
        cosignature.cosignature().key_id(),
    );
    let by_it = |line: &SignatureLine| {
        let Claim::Made(_, held) = line.is_by(name, id).then(|| claim(world, head, line))? else {
            return None;
        };
        time_of(&held)
    };
    let held = head.note().lines().iter().filter_map(by_it);
    let (ahead, counts): (Vec<Timestamp>, Vec<Timestamp>) = held.partition(|held| is_ahead(*held));
    if is_ahead(time) && !counts.is_empty() {
        return false;
    }
    if !is_ahead(time) && !ahead.is_empty() {
        let without = head.with_lines(|line| !by_it(line).is_some_and(is_ahead));
        *head = without;
    }
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

/// When a cosignature says that it was made; `None` when no clock shows that.
fn time_of(cosignature: &VerifiedCosignature) -> Option<Timestamp> {
    let seconds = cosignature.time().unix_seconds();
    Timestamp::new(seconds.saturating_mul(1_000)).ok()
}

/// The largest but so many.
fn largest<T: Ord>(of: impl Iterator<Item = T>, but: usize) -> Option<T> {
    let mut all: Vec<T> = of.collect();
    all.sort_by(|a, b| b.cmp(a));
    all.into_iter().nth(but)
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
