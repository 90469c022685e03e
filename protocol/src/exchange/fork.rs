//! Forks: what evidence says, freezing a log, and showing the evidence to everyone.
//!
//! Whether evidence proves a fork is for [`verify_fork`](crate::exchange::verify_fork) to say. Out of
//! scope: how an effect reads beyond the common prefix, and unfreezing.

use std::cmp::Ordering;

use crate::exchange::peer::Peer;
use crate::exchange::{Action, Exchange, PeerId, Replica, Violation, World, verify_fork};
use crate::log::{Checkpoint, LeafIndex, Origin, SignedCheckpoint, TreeSize, VerifiedCheckpoint};
use crate::message::{Frame, FrontierEntry};

/// What evidence of a fork says: two heads of one log. Says nothing of whether they were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkEvidence {
    smaller: Checkpoint,
    larger: Checkpoint,
}

impl ForkEvidence {
    /// Takes an encoded FORK frame apart; `None` when it is none, or names two logs.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let Ok(Frame::Fork { first, second, .. }) = Frame::decode(frame) else {
            return None;
        };
        let head = |note: &[u8]| Some(SignedCheckpoint::parse(note).ok()?.claimed().clone());
        let (smaller, larger) = (head(first)?, head(second)?);
        let fits = smaller.origin() == larger.origin() && smaller.size() <= larger.size();
        fits.then_some(Self { smaller, larger })
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        self.smaller.origin()
    }

    /// The smaller of the heads: at its size the two histories differ. Either of them where both have
    /// one size.
    #[must_use]
    pub const fn smaller(&self) -> &Checkpoint {
        &self.smaller
    }

    /// The other head.
    #[must_use]
    pub const fn larger(&self) -> &Checkpoint {
        &self.larger
    }

    /// The first position that is not taken to be common to both histories, where the log is witnessed
    /// up to a size.
    ///
    /// Two heads prove that a leaf below the smaller size differs, and not which. What a quorum has
    /// cosigned no other witnessed history contradicts; everything else is in doubt.
    // spec: EFF-60
    #[must_use]
    pub fn frozen_at(&self, witnessed: TreeSize) -> LeafIndex {
        let last = self.smaller.size().value().saturating_sub(1);
        LeafIndex::new(last.min(witnessed.value()))
    }
}

impl Exchange {
    /// Freezes a log for good and passes the evidence on.
    // spec: EXC-9
    pub(super) fn freeze(&mut self, origin: &Origin, evidence: &Frame<'_>) {
        let Some(replica) = self.replicas.get_mut(origin) else {
            return;
        };
        if replica.frozen {
            return;
        }
        replica.frozen = true;
        (replica.target, replica.newer) = (None, None);
        let frame = evidence.encode();
        self.forks.insert(origin.clone(), frame.clone());
        self.act(Action::Forked {
            origin: origin.clone(),
            evidence: frame.clone(),
        });
        let greeted: Vec<PeerId> = self.connected().map(|(id, _)| id).collect();
        for peer in greeted {
            self.act(Action::Send {
                peer,
                frame: frame.clone(),
            });
        }
    }

    /// Freezes a log whose fork is on record, at start; also one of which no leaf is held.
    ///
    /// `evidence` is the FORK frame on record.
    // spec: STO-60
    pub fn restore_frozen(&mut self, origin: &Origin, evidence: Vec<u8>) {
        let own = origin.member() == self.me.as_str();
        let replica = self.replicas.entry(origin.clone());
        replica.or_insert_with(|| Replica::empty(own)).frozen = true;
        self.forks.entry(origin.clone()).or_insert(evidence);
    }

    /// Shows what is on record to a peer that has just greeted: it may have been away when the evidence
    /// went round, and the author of the log is the one who must not miss it.
    // spec: EXC-60
    pub(super) fn show_forks(&mut self, world: World<'_>, id: PeerId) {
        let forks = self.forks.values().filter(|frame| proves(world, frame));
        let frames: Vec<Vec<u8>> = forks.cloned().collect();
        for frame in frames {
            self.act(Action::Send { peer: id, frame });
        }
    }

    /// Shows our head of a log to a peer that first says how much of it it holds, where that cannot be
    /// what we hold or goes beyond it: if it holds another history, it can prove the fork by our head,
    /// and we cannot by a line of its frontier.
    // spec: EXC-61
    pub(super) fn show_ours(&mut self, id: PeerId, theirs: &FrontierEntry) {
        let stated = |peer: &Peer| peer.stated.contains(&theirs.origin);
        if self.peers.get(&id).is_none_or(stated) {
            return;
        }
        let in_doubt = |head: &VerifiedCheckpoint| match head.size().cmp(&theirs.size) {
            Ordering::Less => true,
            Ordering::Equal => *head.root() != theirs.root,
            Ordering::Greater => false,
        };
        if self
            .replicas
            .get(&theirs.origin)
            .and_then(Replica::head)
            .is_some_and(in_doubt)
        {
            self.show_head(id, &theirs.origin);
        }
    }

    /// Passes on what became of leaves. Where they do not lead from what we hold to a signed head,
    /// the peer made them up or the log has forked; our own head lets an honest peer prove the latter.
    // spec: EXC-61
    pub(super) fn question<T>(
        &mut self,
        id: PeerId,
        origin: &Origin,
        taken: Result<T, Violation>,
    ) -> Result<T, Violation> {
        if let Err(Violation::BadBlock) = taken {
            self.show_head(id, origin);
        }
        taken
    }

    fn show_head(&mut self, id: PeerId, origin: &Origin) {
        let replica = self.replicas.get(origin).filter(|r| !r.frozen);
        if let Some(head) = replica.and_then(Replica::head) {
            let note = &head.to_bytes();
            self.send(id, &Frame::Checkpoint { note });
        }
    }
}

/// Whether evidence on record still proves a fork: not when a key under it was cut off since.
fn proves(world: World<'_>, frame: &[u8]) -> bool {
    match Frame::decode(frame) {
        Ok(Frame::Fork {
            first,
            second,
            proof,
        }) => verify_fork(world, first, second, &proof).is_ok(),
        Ok(_) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::log::Hash;

    fn note(size: u64, root: u8) -> Vec<u8> {
        let genesis = "0".repeat(64);
        let origin = format!("test-{genesis}/11310000MB00000009/0").parse();
        let size = TreeSize::new(size).unwrap();
        let head = Checkpoint::new(origin.unwrap(), size, Hash::from_bytes([root; 32])).unwrap();
        let signed = VerifiedCheckpoint::sign(&head, &SigningKey::from_bytes(&[1; 32]));
        signed.unwrap().to_bytes()
    }

    fn evidence(first: (u64, u8), second: (u64, u8)) -> Option<ForkEvidence> {
        let (first, second) = (note(first.0, first.1), note(second.0, second.1));
        let frame = Frame::Fork {
            first: &first,
            second: &second,
            proof: Vec::new(),
        };
        ForkEvidence::parse(&frame.encode())
    }

    // spec: EFF-60
    #[test]
    fn prefix_ends_before_the_last_leaf_of_the_smaller_head_and_where_the_quorum_ends() {
        let evidence = evidence((5, 1), (9, 2)).unwrap();
        let at = |witnessed| {
            let witnessed = TreeSize::new(witnessed).unwrap();
            evidence.frozen_at(witnessed).value()
        };
        assert_eq!([at(0), at(3), at(4), at(5), at(9)], [0, 3, 4, 4, 4]);
    }

    #[test]
    fn evidence_is_taken_apart_only_when_it_is_two_heads_in_order() {
        let found = evidence((5, 1), (5, 2)).unwrap();
        assert_eq!(found.smaller().size(), found.larger().size());
        assert_eq!(found.larger().root(), &Hash::from_bytes([2; 32]));
        assert_eq!(evidence((6, 1), (5, 2)), None);
        assert_eq!(
            ForkEvidence::parse(&Frame::Proof(Vec::new()).encode()),
            None
        );
        assert_eq!(ForkEvidence::parse(b"no frame"), None);
    }
}
