//! Pulling leaves and bodies: what to ask whom, and what to believe of the answers.

mod ask;
mod bodies;

use crate::exchange::peer::Asked;
use crate::exchange::{
    Action, Exchange, LeafBatch, PeerId, Replica, RequestId, StoreId, Storing, Violation, World,
    after,
};
use crate::log::{Hash, LeafIndex, Origin, RightCover, TreeSize, VerifiedCheckpoint, hash};
use crate::message::{ErrorCode, Frame};
use crate::statement::{Kind, Leaf};

/// Milliseconds after which a request is asked of someone else.
const REQUEST_MS_MAX: u64 = 30_000;
/// Milliseconds after which what someone did not hold is asked for again.
pub(super) const REST_MS: u64 = 2_000;

/// What leads from the last leaf of a tail to a signed head.
pub(super) enum TailEnd<'a> {
    /// The tail ends at the head.
    Head(&'a VerifiedCheckpoint),
    /// A cover leads on to it.
    Cover(&'a VerifiedCheckpoint, Vec<Hash>),
}

impl Exchange {
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
