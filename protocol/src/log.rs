//! The append-only log: an RFC 9162 SHA-256 Merkle tree, its proofs, and the C2SP texts that sign it.
//!
//! In scope: leaf and node hashing ([`hash`]), the right edge of a tree ([`compact_range`]), proofs
//! ([`inclusion`], [`consistency`], [`cover`]), a tree held in memory ([`memory_tree`]), signed notes
//! ([`note`]), checkpoints ([`checkpoint`]) and witness cosignatures ([`cosignature`]), and the names
//! that go into them ([`origin`]).
//!
//! Out of scope: what a leaf says. This module hashes bytes and knows nothing of statements; it
//! stores nothing, reads no clock and holds no key. `spec/log.md` is the normative text.

use std::fmt;

use thiserror::Error;

pub use self::{
    checkpoint::{Checkpoint, SignedCheckpoint, VerifiedCheckpoint},
    compact_range::CompactRange,
    consistency::ConsistencyProof,
    cosignature::{Cosignature, CosignatureTime, VerifiedCosignature},
    cover::RightCover,
    hash::Hash,
    inclusion::InclusionProof,
    memory_tree::MemoryTree,
    node::{NodeId, NodeReader},
    origin::{NetworkKind, Origin, WitnessName},
};

pub mod checkpoint;
pub mod compact_range;
pub mod consistency;
pub mod cosignature;
pub mod cover;
pub mod hash;
pub mod inclusion;
pub mod memory_tree;
pub mod node;
pub mod note;
pub mod origin;

/// The largest number of hashes in one proof or cover; C2SP tlog-witness sets the same bound.
pub const PROOF_HASHES_MAX: usize = 63;

/// A 0-based position of a leaf in one log.
///
/// Any value can be held; a position is checked against a [`TreeSize`] where a proof uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u64);

impl LeafIndex {
    /// Names the leaf at `index`, counted from 0.
    #[must_use]
    pub const fn new(index: u64) -> Self {
        Self(index)
    }

    /// The position, counted from 0.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of leaves in a tree, at most 2^63 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(u64);

impl TreeSize {
    /// The tree without leaves.
    pub const ZERO: Self = Self(0);
    /// The largest tree: 2^63 − 1 leaves.
    pub const MAX: Self = Self((1 << 63) - 1);

    /// Holds a count of leaves.
    ///
    /// # Errors
    /// [`TreeSizeError`] above 2^63 − 1.
    pub const fn new(count: u64) -> Result<Self, TreeSizeError> {
        // spec: LOG-5
        if count > Self::MAX.0 {
            return Err(TreeSizeError { count });
        }
        Ok(Self(count))
    }

    /// The number of leaves.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Whether `index` lies in a tree of this size.
    #[must_use]
    pub const fn contains(self, index: LeafIndex) -> bool {
        index.0 < self.0
    }
}

impl TryFrom<u64> for TreeSize {
    type Error = TreeSizeError;

    fn try_from(count: u64) -> Result<Self, Self::Error> {
        Self::new(count)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A count of leaves above 2^63 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a tree of {count} leaves is larger than 2^63 - 1")]
pub struct TreeSizeError {
    /// The refused count.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: LOG-5
    #[test]
    fn tree_size_refuses_two_to_the_63() {
        assert_eq!(TreeSize::new((1 << 63) - 1), Ok(TreeSize::MAX));
        assert_eq!(
            TreeSize::new(1 << 63),
            Err(TreeSizeError { count: 1 << 63 })
        );
    }

    #[test]
    fn tree_size_contains_only_smaller_indexes() {
        let size = TreeSize::new(3).unwrap();
        assert!(size.contains(LeafIndex::new(2)));
        assert!(!size.contains(LeafIndex::new(3)));
    }
}
