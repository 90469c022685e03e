//! Pulling leaves and bodies: what to ask whom, and what to believe of the answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::exchange::peer::{Asked, Peer};
use crate::exchange::{
    Action, BodyOutcome, Exchange, Gaps, LeafBatch, PeerId, Replica, RequestId, StoreId, Storing,
    Violation, World, after,
};
use crate::limits;
use crate::log::{Hash, LeafIndex, Origin, RightCover, TreeSize, VerifiedCheckpoint, hash};
use crate::message::{Absence, BodyFilter, ErrorCode, Frame};
use crate::statement::{BodyRef, Kind, Leaf, Statement};
use crate::trust::{self, Place, RejectReason};

/// Milliseconds after which a request is asked of someone else.
const REQUEST_MS_MAX: u64 = 30_000;
/// Milliseconds after which what someone did not hold is asked for again.
pub(super) const REST_MS: u64 = 2_000;
/// Longest rest that a refusal may ask for, in milliseconds.
const REST_MS_MAX: u64 = 60_000;
/// Requests for bodies of one log that may be under way: while one is stored, the next is on its way.
const BODY_REQUESTS_MAX: usize = 2;

/// What leads from the last leaf of a tail to a signed head.
pub(super) enum TailEnd<'a> {
    /// The tail ends at the head.
    Head(&'a VerifiedCheckpoint),
    /// A cover leads on to it.
    Cover(&'a VerifiedCheckpoint, Vec<Hash>),
}

/// What a peer is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Leaves,
    Acts,
    Data,
}

/// A body as it came in, with its position and its leaf.
pub(super) type IncomingBody<'a> = (LeafIndex, &'a [u8], Result<&'a [u8], Absence>);

impl Exchange {
    /// Asks for everything that is wanted and can be had, within the limits.
    pub(super) fn schedule(&mut self, world: World<'_>) {
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
    pub(super) fn give_back(&mut self, asked: Asked, in_vain: bool) {
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
    pub(super) fn refused(
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

    fn request_done(&mut self, id: PeerId, request: RequestId) {
        let asked = self.peers.get_mut(&id).and_then(|peer| peer.take(request));
        if let Some(asked) = asked {
            self.give_back(asked, true);
        }
    }

    /// An answer to a request of ours.
    pub(super) fn answer(
        &mut self,
        world: World<'_>,
        id: PeerId,
        request: RequestId,
        bytes: &[u8],
    ) {
        let Some(asked) = self
            .peers
            .get(&id)
            .and_then(|peer| peer.asked(request))
            .cloned()
        else {
            return;
        };
        let outcome = match (Frame::decode(bytes), asked) {
            (Err(_), _) => Err(Violation::Malformed),
            (
                Ok(Frame::Error {
                    code,
                    retry_after_ms,
                }),
                asked,
            ) => {
                if code == ErrorCode::RangeNotHeld {
                    self.note_lack(id, &asked);
                }
                return self.refused(world, id, request, retry_after_ms);
            }
            (
                Ok(Frame::Block {
                    begin,
                    leaves,
                    cover,
                }),
                Asked::Leaves { origin, end, size },
            ) => {
                let taken = self.block(world, &origin, (begin, end, size), &leaves, cover);
                self.question(id, &origin, taken)
            }
            (
                Ok(Frame::BodyBlock { next, entries }),
                Asked::Bodies {
                    origin,
                    next: due,
                    end,
                    filter,
                    again,
                },
            ) => {
                let bodies = entries.iter().map(|e| (e.index, e.leaf, e.body)).collect();
                let range = (due, next.value(), end);
                self.body_block(
                    world,
                    (id, request),
                    &origin,
                    range,
                    (filter, again),
                    bodies,
                )
            }
            (Ok(_), _) => Err(Violation::AnswerUnfit),
        };
        match outcome {
            Ok(false) => {}
            Ok(true) => self.request_done(id, request),
            Err(violation) => {
                self.act(Action::Cancel { peer: id, request });
                self.refused(world, id, request, REST_MS);
                // What it said it has is not to be had: ask someone else.
                self.blame(id, violation);
            }
        }
    }

    /// Leaves came; `true` when the request is done.
    fn block(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        (begin, end, size): (LeafIndex, TreeSize, TreeSize),
        leaves: &[&[u8]],
        cover: Vec<Hash>,
    ) -> Result<bool, Violation> {
        let Some(replica) = self.replicas.get(origin) else {
            return Ok(true);
        };
        let Some(target) = replica.target.clone().filter(|_| !replica.frozen) else {
            return Ok(true);
        };
        // A push may have overtaken the request.
        if target.size() != size || begin.value() != replica.staged.size().value() {
            return Ok(true);
        }
        if leaves.is_empty() || begin.value() + leaves.len() as u64 > end.value() {
            return Err(Violation::AnswerUnfit);
        }
        let reached = begin.value() + leaves.len() as u64;
        let tail_end = match reached == size.value() {
            true if cover.is_empty() => TailEnd::Head(&target),
            true => return Err(Violation::AnswerUnfit),
            false => TailEnd::Cover(&target, cover),
        };
        self.stage_leaves(world, origin, leaves, &tail_end)?;
        Ok(reached >= end.value())
    }

    /// Verifies leaves against a signed head by hashing alone, then has them stored.
    // spec: EXC-11
    pub(super) fn stage_leaves(
        &mut self,
        world: World<'_>,
        origin: &Origin,
        leaves: &[&[u8]],
        end: &TailEnd<'_>,
    ) -> Result<(), Violation> {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return Ok(());
        };
        let begin = replica.staged.size();
        let mut range = replica.staged.clone();
        for leaf in leaves {
            range
                .append(hash::leaf_hash(leaf))
                .map_err(|_| Violation::BadBlock)?;
        }
        let head = match end {
            TailEnd::Head(head) => {
                if range.size() != head.size() || range.root().ok() != Some(*head.root()) {
                    return Err(Violation::BadBlock);
                }
                Some((*head).clone())
            }
            TailEnd::Cover(head, cover) => {
                let cover = RightCover::new(cover.clone()).map_err(|_| Violation::BadBlock)?;
                cover
                    .verify(&range, head.size(), head.root())
                    .map_err(|_| Violation::BadBlock)?;
                None
            }
        };
        let size = range.size();
        replica.staged = range;
        for (i, leaf) in leaves.iter().enumerate() {
            let position = begin.value() + i as u64;
            let decoded = Leaf::decode(leaf);
            if let Ok(leaf) = &decoded {
                replica.course.push(LeafIndex::new(position), leaf.ctx);
            }
            let gaps = match decoded {
                Ok(leaf) if leaf.kind == Kind::ActsMap => continue,
                Ok(leaf) if leaf.kind == Kind::Data => {
                    let known = world.registry.visibility_class(leaf.vis).is_some();
                    let entitled = world.registry.entitled(leaf.vis, origin, self.me);
                    if known && !entitled {
                        continue;
                    }
                    &mut replica.data_gaps
                }
                Ok(_) => &mut replica.act_gaps,
                // A leaf of a later version: it is part of the log, its body means nothing here.
                Err(_) => continue,
            };
            gaps.insert(position, position + 1);
        }
        let mut batch = LeafBatch::default();
        leaves.iter().for_each(|leaf| batch.push(leaf));
        let store = self.store(Storing::Leaves {
            origin: origin.clone(),
            size,
            head: head.clone(),
        });
        let begin = LeafIndex::new(begin.value());
        self.act(Action::StoreLeaves {
            store,
            origin: origin.clone(),
            begin,
            leaves: batch,
            head,
        });
        Ok(())
    }

    /// Bodies came; `true` when the request is done.
    fn body_block(
        &mut self,
        world: World<'_>,
        (id, request): (PeerId, RequestId),
        origin: &Origin,
        (due, next, end): (u64, u64, u64),
        (filter, again): (BodyFilter, bool),
        bodies: Vec<IncomingBody<'_>>,
    ) -> Result<bool, Violation> {
        let inside = bodies
            .iter()
            .all(|(index, ..)| (due..next).contains(&index.value()));
        let ascending = bodies.is_sorted_by(|a, b| a.0 < b.0);
        if next <= due || next > end || !inside || !ascending {
            return Err(Violation::AnswerUnfit);
        }
        // Every position asked for was wanted; what is left out, or is another's, is as good as not held.
        let mut given: BTreeSet<u64> = bodies.iter().map(|(index, ..)| index.value()).collect();
        let unfit = self.take_bodies(world, id, origin, bodies);
        unfit.iter().for_each(|position| {
            given.remove(position);
        });
        let is_new = self.note_unfit(origin, &unfit);
        let omitted = (due..next).filter(|position| !given.contains(position));
        for position in omitted {
            let is_held = world.logs.holds_body(origin, LeafIndex::new(position));
            if let Some(replica) = self.replicas.get_mut(origin).filter(|_| !is_held) {
                let (peer, is_data) = (self.peers.get_mut(&id), filter == BodyFilter::All);
                if replica.pass_over(world, peer, (origin, position), is_data) {
                    self.changed.insert(origin.clone());
                }
            }
        }
        let replica = self.replicas.get_mut(origin);
        let Some((replica, peer)) = replica.zip(self.peers.get_mut(&id)) else {
            return Ok(true);
        };
        replica.asked.remove(due, next);
        if next >= end {
            replica.body_requests = replica.body_requests.saturating_sub(1);
            let _ = peer.take(request);
        } else {
            let deadline = after(world.now, REQUEST_MS_MAX);
            let asked = Asked::Bodies {
                origin: origin.clone(),
                next,
                end,
                filter,
                again,
            };
            peer.ask(request, asked, deadline);
        }
        if is_new {
            self.blame(id, Violation::BadBody);
        }
        Ok(false)
    }

    /// Takes down for which positions bodies came that do not fit; whether that is news of any. What is
    /// shown again is shown because it was asked for again.
    // spec: EXC-100
    pub(super) fn note_unfit(&mut self, origin: &Origin, unfit: &[u64]) -> bool {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return false;
        };
        let mut is_new = false;
        for position in unfit {
            is_new |= !replica.unfit.contains(*position);
            replica.unfit.insert(*position, position.saturating_add(1));
        }
        is_new
    }

    /// Verifies bodies against leaves that are in the log, and acts one by one, then has them stored. The
    /// positions of those that do not fit.
    // spec: EXC-13, EXC-14, EXC-100
    pub(super) fn take_bodies(
        &mut self,
        world: World<'_>,
        id: PeerId,
        origin: &Origin,
        bodies: Vec<IncomingBody<'_>>,
    ) -> Vec<u64> {
        let (mut outcomes, mut unfit) = (Vec::with_capacity(bodies.len()), Vec::new());
        for (index, leaf, body) in bodies {
            match self.look_at_body(world, origin, (index, leaf, body)) {
                Ok((leaf, outcome)) => {
                    let body = (index, leaf);
                    self.settle_body(world, (id, origin), body, outcome, &mut outcomes);
                }
                Err(Unfit) => unfit.push(index.value()),
            }
        }
        if outcomes.is_empty() {
            return unfit;
        }
        let mut positions = Gaps::default();
        for (index, _) in &outcomes {
            positions.insert(index.value(), index.value().saturating_add(1));
        }
        if let Some(replica) = self.replicas.get_mut(origin) {
            replica.storing_bodies += 1;
            for (begin, end) in positions.ranges() {
                replica.storing.insert(begin, end);
            }
        }
        let store = self.store(Storing::Bodies {
            origin: origin.clone(),
            positions,
        });
        self.act(Action::StoreBodies {
            store,
            origin: origin.clone(),
            bodies: outcomes,
        });
        unfit
    }

    /// The leaf of a body that came in, and what to make of it: `None` when it has to wait.
    fn look_at_body(
        &self,
        world: World<'_>,
        origin: &Origin,
        (index, leaf, body): IncomingBody<'_>,
    ) -> Result<(Leaf, Option<BodyOutcome>), Unfit> {
        let held = world.logs.leaf_hash(origin, index);
        let claimed = hash::leaf_hash(leaf);
        // A leaf that was staged in this very step is not in the view yet, but in our range.
        if held.is_some_and(|held| held != claimed) {
            return Err(Unfit);
        }
        let leaf = Leaf::decode(leaf).map_err(|_| Unfit)?;
        let body = match body {
            Ok(body) => body,
            Err(absence) => return Ok((leaf, Some(BodyOutcome::Absent(absence)))),
        };
        let course = self.replicas.get(origin).map(|replica| &replica.course);
        let floor = |course| world.registry.ctx_floor(origin, course, index);
        let ctx_floor = course.map_or(TreeSize::ZERO, floor);
        let place = Place {
            origin,
            index,
            leaf: &leaf,
            ctx_floor,
        };
        let outcome = examine(world, place, body)?;
        Ok((leaf, outcome))
    }

    /// Closes the gap of a body that is settled, keeps open that of one that has to wait.
    fn settle_body(
        &mut self,
        world: World<'_>,
        (id, origin): (PeerId, &Origin),
        (index, leaf): (LeafIndex, Leaf),
        outcome: Option<BodyOutcome>,
        outcomes: &mut Vec<(LeafIndex, BodyOutcome)>,
    ) {
        // spec: EXC-111
        let between_parties = leaf.kind.is_between_parties();
        let knows = !between_parties || self.knows_whom_it_concerns(world, id, origin);
        // Whoever erases may not take its own word for it: the hub looks at the act and at the body.
        let erased = self.hub_says(world, id) && world.logs.is_erasing(origin, index);
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        let position = index.value();
        replica.forget_gap(position);
        // Two may have been asked, and the other gave it.
        // spec: EXC-82
        if matches!(outcome, Some(BodyOutcome::Absent(_))) && world.logs.holds_body(origin, index) {
            return;
        }
        let is_data = leaf.kind == Kind::Data;
        let suspended = Self::is_suspended(world, self.me);
        let entitled = match between_parties {
            true => world.registry.oversees(self.me),
            false => world.registry.entitled(leaf.vis, origin, self.me),
        };
        // What is still on its way may turn out to be ours: an act must not be given up before its
        // target is settled.
        let acts_on_ours = leaf.target.is_some_and(|target| {
            let just_given = outcomes.binary_search_by_key(&target, |(index, _)| *index);
            let comes = just_given.is_ok() || replica.awaits(target);
            comes || world.logs.holds_body(origin, target)
        });
        let lost = replica.lost.contains(position);
        let owed = !is_data && (acts_on_ours || self.owed.contains_key(&(origin.clone(), index)));
        let outcome = outcome.map(|outcome| match outcome {
            BodyOutcome::Absent(_) if !knows => BodyOutcome::Absent(Absence::NotHeld),
            BodyOutcome::Accepted { .. } | BodyOutcome::Refused { .. } | BodyOutcome::Absent(_) => {
                outcome
            }
        });
        match outcome {
            None => replica.waiting.insert(position, position + 1),
            // The act alone proves no erasure: who says so without it may as well not hold the body, and
            // others are asked first.
            // spec: EXC-20, PRP-73
            Some(BodyOutcome::Absent(absence))
                if absence == Absence::NotHeld || (absence == Absence::Erased && !erased) =>
            {
                let peer = self.peers.get_mut(&id);
                if replica.pass_over(world, peer, (origin, position), is_data) {
                    self.changed.insert(origin.clone());
                }
            }
            // It was given to us once; nobody's word makes it absent.
            Some(BodyOutcome::Absent(Absence::NotEntitled | Absence::Suspended)) if lost => {
                rest(world, replica, position, is_data);
            }
            // The peer knows another state of the registry than we do, or does not know what we hold.
            Some(BodyOutcome::Absent(Absence::NotEntitled)) if entitled || owed => {
                rest(world, replica, position, is_data);
                if let Some(peer) = self.peers.get_mut(&id).filter(|_| owed) {
                    peer.deny(origin, position);
                }
            }
            // Said before whoever says it heard that the suspension had ended.
            Some(BodyOutcome::Absent(Absence::Suspended)) if !suspended => {
                rest(world, replica, position, is_data);
            }
            Some(BodyOutcome::Absent(Absence::Suspended)) => {
                replica.withheld.insert(position, position + 1);
            }
            Some(outcome) => {
                replica.lost.remove(position, position.saturating_add(1));
                replica.lacked.remove(position, position.saturating_add(1));
                replica.unfit.remove(position, position.saturating_add(1));
                self.owed.remove(&(origin.clone(), index));
                outcomes.push((index, outcome));
            }
        }
    }

    /// Whether what a peer says is the word of the hub, or there is no other hub to ask.
    fn hub_says(&self, world: World<'_>, id: PeerId) -> bool {
        let hub = world.registry.genesis().hub();
        let member = self.peers.get(&id).map(|peer| peer.member);
        self.me == hub || member == Some(hub)
    }

    /// Whether a peer's word that a delivery or a receipt is not for us counts: its author's does, and that
    /// of the hub, which has all of them.
    fn knows_whom_it_concerns(&self, world: World<'_>, id: PeerId, origin: &Origin) -> bool {
        let hub = world.registry.genesis().hub();
        let member = self.peers.get(&id).map(|peer| peer.member);
        member.is_some_and(|member| member == hub || member.as_str() == origin.member())
    }

    fn store(&mut self, storing: Storing) -> StoreId {
        let store = StoreId(self.next_store);
        self.next_store += 1;
        self.storing.insert(store, storing);
        store
    }
}

/// A body that is not to be had now is asked for again later, perhaps of someone else.
fn rest(world: World<'_>, replica: &mut Replica, position: u64, is_data: bool) {
    let resting = match is_data {
        true => &mut replica.resting_data,
        false => &mut replica.resting_acts,
    };
    resting.insert(position, position + 1);
    let ends = after(world.now, REST_MS);
    replica.rest_ends = Some(replica.rest_ends.unwrap_or(ends));
}

/// A body that is not its leaf's, or a leaf that is not in the log.
struct Unfit;

/// What to make of a body: `None` when it has to wait for the registry.
fn examine(world: World<'_>, place: Place<'_>, bytes: &[u8]) -> Result<Option<BodyOutcome>, Unfit> {
    let leaf = place.leaf;
    let body = BodyRef::decode(bytes).map_err(|_| Unfit)?;
    if body.commit() != leaf.commit {
        return Err(Unfit);
    }
    let accepted = |verified| {
        Some(BodyOutcome::Accepted {
            leaf: *leaf,
            body: Arc::from(bytes),
            verified,
        })
    };
    // spec: EXC-102
    let refused = |reason| {
        let body = Arc::from(bytes);
        Some(BodyOutcome::Refused { reason, body })
    };
    // Data is verified when it is first relied on; the registry by its own fold, in order.
    if matches!(leaf.kind, Kind::Data | Kind::Registry) {
        return Ok(accepted(false));
    }
    let Ok(statement) = Statement::decode(body.statement()) else {
        return Ok(refused(RejectReason::NotAStatement));
    };
    match trust::verify(world.registry, place, statement) {
        Ok(_) => Ok(accepted(true)),
        Err(RejectReason::CtxAhead) => Ok(None),
        Err(reason) => Ok(refused(reason)),
    }
}

impl Replica {
    fn wants_something(&self) -> bool {
        let leaves = self.target.is_some() && !self.leaf_request;
        let acts = [&self.act_gaps, &self.acts_again];
        let mut bodies = acts.into_iter().chain([&self.data_gaps, &self.data_again]);
        leaves || bodies.any(|gaps| !gaps.is_empty())
    }

    /// A body that whoever was asked for it did not give, or not the right one: it is passed over, and
    /// asked for again a little later, of others first. Whether that is news to others.
    // spec: EXC-93, EXC-100, EXC-101
    fn pass_over(
        &mut self,
        world: World<'_>,
        peer: Option<&mut Peer>,
        (origin, position): (&Origin, u64),
        is_data: bool,
    ) -> bool {
        let end = position.saturating_add(1);
        rest(world, self, position, is_data);
        let is_new = !self.lacked.contains(position);
        self.lacked.insert(position, end);
        if let Some(peer) = peer {
            peer.deny(origin, position);
            self.note_lack(peer, origin, (position, end));
        }
        is_new
    }
}
