//! Bodies that were held and are lost, of any log, those of our own logs that nobody gives back, and those
//! that others go on without.
//!
//! They are asked for until they come, whoever has refused them. Out of scope: whether a node may go on
//! without them, which its operator says.

use crate::exchange::peer::{Asked, Peer};
use crate::exchange::{Exchange, PeerId, Replica, World};
use crate::log::{LeafIndex, Origin};
use crate::subject::AuthorityCode;

impl Exchange {
    /// Wants a body again that was held and is lost, also of a log of our own, from whoever holds it. It
    /// is asked for with the next input, and until it comes.
    pub fn want_again(&mut self, origin: &Origin, index: LeafIndex, data: bool) {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let (begin, end) = (index.value(), index.value().saturating_add(1));
        replica.lost.insert(begin, end);
        match data {
            true => replica.data_gaps.insert(begin, end),
            false => replica.act_gaps.insert(begin, end),
        }
    }

    /// An act erased a body: it is not asked for any more.
    // spec: PRP-73
    pub fn forget(&mut self, origin: &Origin, index: LeafIndex) {
        if let Some(replica) = self.replicas.get_mut(origin) {
            replica.forget_gap(index.value());
            replica
                .lost
                .remove(index.value(), index.value().saturating_add(1));
        }
    }

    /// How many bodies of a log are lost, as far as somebody who was asked did not hold them either.
    #[must_use]
    pub fn lost_bodies(&self, origin: &Origin) -> u64 {
        let replica = self.replicas.get(origin);
        replica.map_or(0, |replica| replica.lost.count())
    }

    /// How many bodies of another's log are missing that lie before a restart of its author, where whoever
    /// is connected and may give them has said since it connected that it holds none: the author signs
    /// again, and so has them all back or goes on without.
    // spec: EXC-103
    #[must_use]
    pub fn given_up(&self, world: World<'_>, origin: &Origin) -> u64 {
        let restarted = world.logs.restarted_at(origin);
        let replica = self.replicas.get(origin).filter(|replica| !replica.own);
        let Some((replica, restarted)) = replica.zip(restarted) else {
            return 0;
        };
        let hub = world.registry.genesis().hub();
        let mut givers = self.peers.values().filter(|peer| {
            let gives = peer.member == hub || peer.member.as_str() == origin.member();
            gives && peer.greeted
        });
        let Some(lacking) = givers.next().map(|peer| peer.lacking(origin)) else {
            return 0;
        };
        let mut lost = lacking.cloned().unwrap_or_default();
        lost.remove(restarted.value(), u64::MAX);
        for giver in givers {
            lost = giver
                .lacking(origin)
                .map(|lacking| lost.both(lacking))
                .unwrap_or_default();
        }
        if lost.is_empty() {
            return 0;
        }
        let mut wanted = replica.asked.clone();
        for (begin, end) in replica.missing().iter().flat_map(|gaps| gaps.ranges()) {
            wanted.insert(begin, end);
        }
        lost.both(&wanted).count()
    }

    /// Whether every member that is connected, of those that `asked` picks, has said since it connected
    /// that it holds none of the bodies that are missing of a log of our own.
    // spec: STO-45
    #[must_use]
    pub fn is_lost_everywhere(
        &self,
        origin: &Origin,
        asked: impl Fn(AuthorityCode) -> bool,
    ) -> bool {
        let Some(replica) = self.replicas.get(origin) else {
            return false;
        };
        // What is on its way, or waits for the registry, is not lost.
        if replica.body_requests > 0 || replica.storing_bodies > 0 || !replica.waiting.is_empty() {
            return false;
        }
        let mut peers = self.peers.values().filter(|peer| asked(peer.member));
        peers.all(|peer| peer.frontier_seen && lacks_all(peer, origin, replica))
    }

    /// A peer has said that it does not hold what it was asked for of a log of our own.
    pub(super) fn note_lack(&mut self, id: PeerId, asked: &Asked) {
        let Asked::Bodies {
            origin, next, end, ..
        } = asked
        else {
            return;
        };
        if let Some(replica) = self.replicas.get_mut(origin)
            && let Some(peer) = self.peers.get_mut(&id)
        {
            replica.note_lack(peer, origin, (*next, *end));
        }
    }
}

impl Replica {
    /// A peer does not hold the bodies of some positions, which are wanted.
    pub(super) fn note_lack(&mut self, peer: &mut Peer, origin: &Origin, (begin, end): (u64, u64)) {
        if self.own {
            self.lost.insert(begin, end);
        }
        peer.lack(origin, begin, end);
    }
}

/// Whether a peer has not a single body of those that are missing.
fn lacks_all(peer: &Peer, origin: &Origin, replica: &Replica) -> bool {
    let held = peer.has(origin).value();
    let missing = replica.missing();
    let mut ranges = missing.iter().flat_map(|gaps| gaps.ranges());
    ranges.all(|(begin, end)| {
        let end = end.min(held);
        begin >= end || peer.lacks(origin, begin, end)
    })
}
