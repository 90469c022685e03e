//! Forks: what evidence says, freezing a log, and showing the evidence to everyone.
//!
//! Whether evidence proves a fork is for [`verify_fork`](crate::exchange::verify_fork) to say. Out of
//! scope: how an effect reads beyond the common prefix, and unfreezing.

use crate::exchange::{Action, Exchange, PeerId, Replica, World, verify_fork};
use crate::log::{Checkpoint, LeafIndex, Origin, SignedCheckpoint, TreeSize};
use crate::message::Frame;

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
    use crate::log::{Hash, VerifiedCheckpoint};

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
