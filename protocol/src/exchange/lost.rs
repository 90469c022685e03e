//! Bodies that were held and are lost, of any log, and those of our own logs that nobody gives back.
//!
//! They are asked for until they come, whoever has refused them. Out of scope: whether a node may go on
//! without them, which its operator says.

use crate::exchange::peer::{Asked, Peer};
use crate::exchange::{Exchange, PeerId, Replica};
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

    /// How many bodies of a log are lost, as far as somebody who was asked did not hold them either.
    #[must_use]
    pub fn lost_bodies(&self, origin: &Origin) -> u64 {
        let replica = self.replicas.get(origin);
        replica.map_or(0, |replica| replica.lost.count())
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
            peer.lack(origin, begin, end);
        }
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
