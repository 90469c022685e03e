//! Bodies that came in: what is believed of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{REQUEST_MS_MAX, rest};
use crate::exchange::peer::{Asked, Peer};
use crate::exchange::{
    Action, BodyOutcome, Exchange, Gaps, PeerId, Replica, RequestId, Storing, Violation, World,
    after,
};
use crate::log::{LeafIndex, Origin, TreeSize, hash};
use crate::message::{Absence, BodyFilter};
use crate::statement::{BodyRef, Kind, Leaf, Statement};
use crate::trust::{self, Place, RejectReason};

/// A body as it came in, with its position and its leaf.
pub(in crate::exchange) type IncomingBody<'a> = (LeafIndex, &'a [u8], Result<&'a [u8], Absence>);

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

impl Exchange {
    /// Bodies came; `true` when the request is done.
    pub(super) fn body_block(
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
    pub(in crate::exchange) fn note_unfit(&mut self, origin: &Origin, unfit: &[u64]) -> bool {
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
    pub(in crate::exchange) fn take_bodies(
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
}

impl Replica {
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
