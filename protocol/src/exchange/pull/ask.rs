//! What to ask whom.

use super::{REQUEST_MS_MAX, REST_MS};
use crate::exchange::peer::{Asked, Peer};
use crate::exchange::{Action, Exchange, PeerId, Replica, RequestId, World, after};
use crate::limits;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::message::{BodyFilter, Frame};

/// Longest rest that a refusal may ask for, in milliseconds.
const REST_MS_MAX: u64 = 60_000;
/// Requests for bodies of one log that may be under way: while one is stored, the next is on its way.
const BODY_REQUESTS_MAX: usize = 2;

/// What a peer is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Leaves,
    Acts,
    Data,
}

impl Exchange {
    /// Asks for everything that is wanted and can be had, within the limits.
    pub(in crate::exchange) fn schedule(&mut self, world: World<'_>) {
        let origins: Vec<Origin> = self
            .replicas
            .iter()
            .filter(|(_, replica)| replica.wants_something())
            .map(|(origin, _)| origin.clone())
            .collect();
        // The registry first: it decides what else is understood and wanted.
        let registry = world.registry.genesis().registry_origin();
        let (first, rest): (Vec<_>, Vec<_>) =
            origins.into_iter().partition(|origin| *origin == registry);
        for origin in first.iter().chain(&rest) {
            self.ask_for_leaves(world, origin);
            self.ask_for_bodies(world, origin, BodyFilter::Acts);
        }
        for _ in 0..BODY_REQUESTS_MAX {
            for origin in first.iter().chain(&rest) {
                self.ask_for_bodies(world, origin, BodyFilter::All);
            }
        }
    }

    fn ask_for_leaves(&mut self, world: World<'_>, origin: &Origin) {
        let Some(replica) = self.replicas.get(origin) else {
            return;
        };
        let Some(target) = replica.target.as_ref().filter(|_| !replica.leaf_request) else {
            return;
        };
        if replica.own && !replica.recovering || replica.frozen {
            return;
        }
        let (begin, size) = (replica.staged.size(), target.size());
        if begin >= size {
            return;
        }
        let end = begin
            .value()
            .saturating_add(limits::RANGE_LEAVES_MAX)
            .min(size.value());
        let Ok(end) = TreeSize::new(end) else { return };
        let Some(id) = self.holder(world, origin, size, Need::Leaves) else {
            return;
        };
        let index = LeafIndex::new(begin.value());
        let frame = Frame::Range {
            origin: origin.clone(),
            begin: index,
            end,
            size,
        };
        self.ask(
            world,
            id,
            Asked::Leaves {
                origin: origin.clone(),
                end,
                size,
            },
            &frame,
        );
        if let Some(replica) = self.replicas.get_mut(origin) {
            replica.leaf_request = true;
        }
    }

    fn ask_for_bodies(&mut self, world: World<'_>, origin: &Origin, filter: BodyFilter) {
        let Some(replica) = self.replicas.get(origin) else {
            return;
        };
        let wanted = !replica.own || replica.recovering || !replica.lost.is_empty();
        if replica.body_requests >= BODY_REQUESTS_MAX || !wanted {
            return;
        }
        // spec: EXC-101
        let _ = self.ask_for_some(world, origin, filter, false)
            || self.ask_for_some(world, origin, filter, true);
    }

    /// Asks for bodies that were asked for in vain before, or for others; whether there is anyone to ask.
    fn ask_for_some(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        filter: BodyFilter,
        again: bool,
    ) -> bool {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return false;
        };
        let Some(first) = replica.wanted(filter, again).first() else {
            return false;
        };
        // Data comes from the log's owner or the hub; what is not data, and what the owner itself
        // has lost, from anyone who has it.
        // spec: EXC-21
        let need = match filter {
            BodyFilter::All if !replica.own => Need::Data,
            BodyFilter::All | BodyFilter::Acts => Need::Acts,
        };
        let Some(id) = self.holder_of_body(world, origin, first, need) else {
            return false;
        };
        let Some(replica) = self.replicas.get_mut(origin) else {
            return false;
        };
        let gaps = replica.wanted(filter, again);
        let Some((begin, end)) = gaps.take_first(limits::RANGE_BODIES_MAX) else {
            return false;
        };
        let Ok(end_size) = TreeSize::new(end) else {
            return false;
        };
        replica.body_requests += 1;
        replica.asked.insert(begin, end);
        let index = LeafIndex::new(begin);
        let frame = Frame::Bodies {
            origin: origin.clone(),
            begin: index,
            end: end_size,
            filter,
        };
        self.ask(
            world,
            id,
            Asked::Bodies {
                origin: origin.clone(),
                next: begin,
                end,
                filter,
                again,
            },
            &frame,
        );
        true
    }

    /// A peer to ask for a body.
    fn holder_of_body(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        position: u64,
        need: Need,
    ) -> Option<PeerId> {
        let size = TreeSize::new(position.saturating_add(1)).ok()?;
        let id = self.holder(world, origin, size, need)?;
        // Everyone has refused: who may have learnt better in the meantime is asked again.
        if self
            .peers
            .get(&id)
            .is_some_and(|peer| peer.has_denied(origin, position))
        {
            for peer in self.peers.values_mut() {
                peer.forget_denial(origin, position);
            }
        }
        Some(id)
    }

    /// A peer to ask: whoever has not refused it first, the log's owner before the hub before others, the
    /// least busy first. For what is owed to us, before those the one who issued its target.
    fn holder(
        &self,
        world: World<'_>,
        origin: &Origin,
        size: TreeSize,
        need: Need,
    ) -> Option<PeerId> {
        let hub = world.registry.genesis().hub();
        let rank = |member: &str| match () {
            () if member == origin.member() => 0,
            () if member == hub.as_str() => 1,
            () => 2,
        };
        let bodies =
            |peer: &Peer| peer.has_bodies(origin) >= size || rank(peer.member.as_str()) == 0;
        let fit = self.peers.iter().filter(|(_, peer)| {
            peer.greeted
                && peer.has(origin) >= size
                && peer.rest_ends.is_none()
                && peer.requests_under_way() < limits::RANGES_IN_FLIGHT_MAX
                && (need != Need::Data || rank(peer.member.as_str()) < 2 && bodies(peer))
        });
        let position = size.value().saturating_sub(1);
        let issuer = self.owed.get(&(origin.clone(), LeafIndex::new(position)));
        let order = |peer: &Peer| {
            let acts = need == Need::Acts;
            // spec: EXC-101
            let denied = need != Need::Leaves && peer.has_denied(origin, position);
            let other = acts && issuer.is_some_and(|issuer| *issuer != peer.member);
            let lacks = acts && !bodies(peer);
            let rank = rank(peer.member.as_str());
            (denied, other, lacks, rank, peer.requests_under_way())
        };
        fit.min_by_key(|(_, peer)| order(peer)).map(|(id, _)| *id)
    }

    fn ask(&mut self, world: World<'_>, id: PeerId, asked: Asked, frame: &Frame<'_>) {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.ask(request, asked, after(world.now, REQUEST_MS_MAX));
        }
        self.act(Action::Ask {
            peer: id,
            request,
            frame: frame.encode(),
        });
    }

    /// Puts back what a request was for that came to nothing: because the connection is gone, or in vain.
    // spec: EXC-101
    pub(in crate::exchange) fn give_back(&mut self, asked: Asked, in_vain: bool) {
        match asked {
            Asked::Leaves { origin, .. } => {
                if let Some(replica) = self.replicas.get_mut(&origin) {
                    replica.end_leaf_request();
                }
            }
            Asked::Bodies {
                origin,
                next,
                end,
                filter,
                again,
            } => {
                let Some(replica) = self.replicas.get_mut(&origin) else {
                    return;
                };
                replica.body_requests = replica.body_requests.saturating_sub(1);
                replica.asked.remove(next, end);
                replica.wanted(filter, again || in_vain).insert(next, end);
                // Once may be chance: who is busy gives it a moment later.
                if again && in_vain && !replica.lacked.covers(next, end) {
                    replica.lacked.insert(next, end);
                    self.changed.insert(origin);
                }
            }
        }
    }

    /// A request came to nothing: its peer is left alone for a while, so that the same question is
    /// not put to it as fast as it can refuse.
    pub(in crate::exchange) fn refused(
        &mut self,
        world: World<'_>,
        id: PeerId,
        request: RequestId,
        retry_after_ms: u64,
    ) {
        if let Some(peer) = self.peers.get_mut(&id)
            && peer.asked(request).is_some()
        {
            let rest = retry_after_ms.clamp(REST_MS, REST_MS_MAX);
            peer.rest_ends = Some(after(world.now, rest));
        }
        self.request_done(id, request);
    }

    /// Whether what a peer says is the word of the hub, or there is no other hub to ask.
    pub(super) fn hub_says(&self, world: World<'_>, id: PeerId) -> bool {
        let hub = world.registry.genesis().hub();
        let member = self.peers.get(&id).map(|peer| peer.member);
        self.me == hub || member == Some(hub)
    }

    /// Whether a peer's word that a delivery or a receipt is not for us counts: its author's does, and that
    /// of the hub, which has all of them.
    pub(super) fn knows_whom_it_concerns(
        &self,
        world: World<'_>,
        id: PeerId,
        origin: &Origin,
    ) -> bool {
        let hub = world.registry.genesis().hub();
        let member = self.peers.get(&id).map(|peer| peer.member);
        member.is_some_and(|member| member == hub || member.as_str() == origin.member())
    }
}

impl Replica {
    fn wants_something(&self) -> bool {
        let leaves = self.target.is_some() && !self.leaf_request;
        let acts = [&self.act_gaps, &self.acts_again];
        let mut bodies = acts.into_iter().chain([&self.data_gaps, &self.data_again]);
        leaves || bodies.any(|gaps| !gaps.is_empty())
    }
}
