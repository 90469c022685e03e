//! A witness that may have forgotten what it cosigned, and how it learns it again.
//!
//! Whoever lost its records may have cosigned a history that it does not hold any more, and must not
//! cosign another one. Others have seen its cosignatures: it asks, and they show it the heads that carry
//! the newest cosignatures and say what they have seen vouched for. Once that is what is counted here too,
//! every cosignature of ours that they know lies on the history held.
//!
//! Out of scope: keeping over a restart which logs are settled; the caller does.

use std::collections::BTreeSet;

use crate::exchange::peer::Peer;
use crate::exchange::{Action, Exchange, PeerId, Replica, World, after};
use crate::limits;
use crate::log::{Origin, TreeSize};
use crate::message::{Frame, FrontierEntry, Vouched};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;
use crate::trust::Member;

/// Milliseconds after which the others are asked again.
const ASK_AGAIN_MS: u64 = 2_000;

/// Logs that are not cosigned before others have said what they have seen cosigned of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Since when there are any.
    pub since: Timestamp,
    /// How many there are.
    pub logs: u64,
    /// Members whose answer about one of them would count and has not come.
    pub missing: BTreeSet<AuthorityCode>,
}

impl Exchange {
    /// What we cosigned may be forgotten, but for some logs: no other is cosigned before enough members
    /// have said what they have seen cosigned of it.
    // spec: STO-48
    pub fn forget_promises(&mut self, but: BTreeSet<Origin>) {
        self.settled_promises = Some(but);
    }

    /// Whether a log may be cosigned. Our own may: what is signed of them is kept by other means.
    // spec: STO-48
    pub(super) fn may_cosign(&self, origin: &Origin) -> bool {
        let settled = self.settled_promises.as_ref();
        origin.member() == self.me.as_str()
            || settled.is_none_or(|settled| settled.contains(origin))
    }

    /// Settles what can be, and asks about the rest.
    // spec: STO-48
    pub(super) fn settle_promises(&mut self, world: World<'_>) {
        if self.settled_promises.is_none() || !world.registry.policy().cosigners.contains(&self.me)
        {
            self.ask_again = None;
            self.waiting = None;
            return;
        }
        let open = |(origin, replica): &(&Origin, &Replica)| {
            !self.may_cosign(origin) && !replica.frozen && replica.head().is_some()
        };
        let open: Vec<Origin> = self
            .replicas
            .iter()
            .filter(open)
            .map(|(o, _)| o.clone())
            .collect();
        let (known, unknown): (Vec<Origin>, Vec<Origin>) = open
            .into_iter()
            .partition(|origin| self.is_told(world, origin));
        self.waiting = self.waiting_for(world, &unknown);
        for origin in known {
            let head = self.replicas.get(&origin).and_then(Replica::head).cloned();
            if let Some(settled) = &mut self.settled_promises {
                settled.insert(origin);
            }
            if let Some(head) = head {
                self.act(Action::Cosign { head });
            }
        }
        self.ask_about(world, &unknown);
    }

    /// Asks those who have not said the same as is counted here.
    fn ask_about(&mut self, world: World<'_>, unknown: &[Origin]) {
        if self.ask_again.is_some_and(|at| world.now < at) {
            return;
        }
        self.ask_again = None;
        let peers: Vec<PeerId> = self.connected().map(|(id, _)| id).collect();
        for id in peers {
            let lines = unknown.iter().filter_map(|origin| {
                let (peer, replica) = (self.peers.get(&id)?, self.replicas.get(origin)?);
                let (witnesses, _) = self.witnesses_of(world, origin);
                let wanted = witnesses.contains(&peer.member) && !agrees(peer, origin, replica);
                replica.entry(origin).filter(|_| wanted)
            });
            let lines: Vec<FrontierEntry> = lines.collect();
            for part in lines.chunks(limits::FRONTIER_LOGS_MAX / 2) {
                self.ask_again = Some(after(world.now, ASK_AGAIN_MS));
                // Named twice, a line is a question.
                // spec: EXC-63
                self.send(id, &Frame::Frontier([part, part].concat()));
            }
        }
    }

    /// What keeps heads from being cosigned since promises may be forgotten; `None` when nothing does.
    #[must_use]
    pub const fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    fn waiting_for(&self, world: World<'_>, unknown: &[Origin]) -> Option<Waiting> {
        let mut missing = BTreeSet::new();
        for origin in unknown {
            let (witnesses, _) = self.witnesses_of(world, origin);
            let witnesses = witnesses.into_iter();
            missing.extend(witnesses.filter(|code| !self.says_so(*code, origin)));
        }
        let since = self.waiting.as_ref().map_or(world.now, |known| known.since);
        (!unknown.is_empty()).then_some(Waiting {
            since,
            logs: unknown.len() as u64,
            missing,
        })
    }

    /// Whether a member has said that it has seen no cosignature of a log but those counted here.
    fn says_so(&self, member: AuthorityCode, origin: &Origin) -> bool {
        let mut peers = self.peers.values().filter(|peer| peer.member == member);
        self.replicas.get(origin).is_some_and(|replica| {
            peers.any(|peer| peer.frontier_seen && agrees(peer, origin, replica))
        })
    }

    /// Whether enough others have seen no cosignature of a log but those that are counted here.
    fn is_told(&self, world: World<'_>, origin: &Origin) -> bool {
        let (witnesses, needed) = self.witnesses_of(world, origin);
        let told = |member: &&AuthorityCode| self.says_so(**member, origin);
        needed > 0 && witnesses.iter().filter(told).count() >= needed
    }

    /// Who can say what we cosigned of a log, and how many have to: of the other cosigners as many as
    /// at a safe start. The author's word does not count where there is anyone else; it is its second
    /// history that must not be cosigned.
    fn witnesses_of(&self, world: World<'_>, origin: &Origin) -> (Vec<AuthorityCode>, usize) {
        let policy = world.registry.policy();
        let is_other = |code: &AuthorityCode| *code != self.me && code.as_str() != origin.member();
        let cosigners = policy.cosigners.iter().copied();
        let cosigners: Vec<AuthorityCode> = cosigners.filter(is_other).collect();
        if !cosigners.is_empty() {
            let count = policy.cosigners.len() as u64;
            let needed = count.saturating_sub(policy.quorum) + 1 + policy.faults;
            let needed = usize::try_from(needed).unwrap_or(usize::MAX);
            let needed = needed.min(cosigners.len());
            return (cosigners, needed);
        }
        // spec: STO-71
        let connect = world.registry.members().filter(|one| one.connects());
        let connect: Vec<AuthorityCode> = connect.map(Member::code).collect();
        let others: Vec<AuthorityCode> = connect.iter().copied().filter(is_other).collect();
        let members = match others.is_empty() {
            true => connect
                .into_iter()
                .filter(|code| *code != self.me)
                .collect(),
            false => others,
        };
        let needed = members.len() / 2 + usize::from(!members.is_empty());
        (members, needed)
    }

    /// Answers a peer that asks what has been cosigned of a log.
    // spec: EXC-63
    pub(super) fn tell_cosigned(&mut self, id: PeerId, theirs: &FrontierEntry) {
        let Some(replica) = self.replicas.get(&theirs.origin) else {
            return;
        };
        let Some(entry) = replica.entry(&theirs.origin) else {
            return;
        };
        if replica.vouched != theirs.vouched {
            for head in replica.cosigned_heads(theirs.size) {
                let note = &head.to_bytes();
                self.send(id, &Frame::Checkpoint { note });
            }
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.tell(&entry);
        }
        self.send(id, &Frame::Frontier(vec![entry]));
    }
}

/// Whether a peer has said of a log that it has seen just those cosignatures that are counted here.
fn agrees(peer: &Peer, origin: &Origin, replica: &Replica) -> bool {
    match peer.vouched(origin) {
        Some((size, vouched)) => size <= replica.durable && vouched == replica.vouched,
        // It has said what it holds, and holds nothing of this one.
        None => peer.has(origin) == TreeSize::ZERO,
    }
}

impl Peer {
    /// What it last said that it had seen cosigned of a log, with how much it held.
    fn vouched(&self, origin: &Origin) -> Option<(TreeSize, Vouched)> {
        self.vouched.get(origin).copied()
    }
}
