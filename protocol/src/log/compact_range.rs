//! A compact range: the fewest complete subtrees that span the leaves [begin, end).
//!
//! With begin = 0 it is the right edge of a tree and all that is needed to append to it and to know
//! its root: at most 63 hashes for any size. Ranges that meet can be merged, so a long range can be
//! hashed in parts. The hashes stand from left to right.
//!
//! Out of scope: proofs, and the nodes inside the range.

use thiserror::Error;

use super::{
    LeafIndex, TreeSize,
    hash::{Hash, empty_root, node_hash},
    node::{Decomposition, NodeId},
};

/// The complete subtrees that span the leaves [begin, end), left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactRange {
    begin: u64,
    end: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// The range of an empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::empty_at(TreeSize::ZERO)
    }

    /// The empty range [begin, begin), to which leaf `begin` can be appended.
    #[must_use]
    pub fn empty_at(begin: TreeSize) -> Self {
        // Room for any right edge: appending never allocates when begin is 0.
        Self {
            begin: begin.value(),
            end: begin.value(),
            hashes: Vec::with_capacity(64),
        }
    }

    /// Rebuilds a range from its bounds and its hashes, left to right.
    ///
    /// Only the number of hashes can be checked; whether they are right shows when a root is compared.
    ///
    /// # Errors
    /// [`CompactRangeError::BoundsReversed`], [`CompactRangeError::HashCount`].
    pub fn from_parts(
        begin: TreeSize,
        end: TreeSize,
        hashes: Vec<Hash>,
    ) -> Result<Self, CompactRangeError> {
        if begin > end {
            return Err(CompactRangeError::BoundsReversed { begin, end });
        }
        // spec: LOG-4
        let expected = Decomposition::new(begin.value(), end.value()).count();
        if hashes.len() != expected {
            return Err(CompactRangeError::HashCount {
                expected,
                found: hashes.len(),
            });
        }
        Ok(Self {
            begin: begin.value(),
            end: end.value(),
            hashes,
        })
    }

    /// The caller read one hash for each node of the decomposition of [begin, end).
    pub(super) fn from_decomposition(begin: u64, end: u64, hashes: Vec<Hash>) -> Self {
        Self { begin, end, hashes }
    }

    /// The first leaf of the range.
    #[must_use]
    pub const fn begin(&self) -> LeafIndex {
        LeafIndex::new(self.begin)
    }

    /// The leaf after the last one; with begin 0, the size of the tree.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.end)
    }

    /// The hashes, left to right.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends one leaf, given its leaf hash. Amortised O(1), without allocation when begin is 0.
    ///
    /// # Errors
    /// [`CompactRangeError::Full`] past the largest tree; the range is then unchanged.
    pub fn append(&mut self, leaf_hash: Hash) -> Result<(), CompactRangeError> {
        if self.end == TreeSize::MAX.value() {
            return Err(CompactRangeError::Full);
        }
        self.append_subtree(0, leaf_hash);
        Ok(())
    }

    /// Appends a range that begins where this one ends.
    ///
    /// # Errors
    /// [`CompactRangeError::NotAdjacent`]; the range is then unchanged.
    pub fn append_range(&mut self, other: &Self) -> Result<(), CompactRangeError> {
        // spec: LOG-4
        if other.begin != self.end {
            return Err(CompactRangeError::NotAdjacent {
                end: LeafIndex::new(self.end),
                begin: other.begin(),
            });
        }
        for (node, hash) in Decomposition::new(other.begin, other.end).zip(&other.hashes) {
            self.append_subtree(node.level, *hash);
        }
        Ok(())
    }

    /// The root of the tree that this range is the right edge of.
    ///
    /// # Errors
    /// [`CompactRangeError::BeginNotZero`] when leaves are missing on the left.
    pub fn root(&self) -> Result<Hash, CompactRangeError> {
        if self.begin != 0 {
            return Err(CompactRangeError::BeginNotZero {
                begin: self.begin(),
            });
        }
        Ok(self.fold(None).unwrap_or_else(empty_root))
    }

    /// Hashes from right to left, starting with what lies right of the range.
    pub(super) fn fold(&self, right: Option<Hash>) -> Option<Hash> {
        self.hashes.iter().rev().fold(right, |right, left| {
            Some(right.map_or(*left, |right| node_hash(left, &right)))
        })
    }

    /// Appends a complete subtree of 2^`level` leaves. `end` must be a multiple of 2^`level`, and the
    /// subtree must not reach past the largest tree.
    pub(super) fn append_subtree(&mut self, level: u8, hash: Hash) {
        let mut node = NodeId {
            level,
            index: self.end >> level,
        };
        let end = node.end();
        let mut hash = hash;
        while let Some(parent) = self.parent_within(node) {
            let left = self
                .hashes
                .pop()
                .expect("the range covers the left sibling");
            hash = node_hash(&left, &hash);
            node = parent;
        }
        self.hashes.push(hash);
        self.end = end;
    }

    /// The parent of `node`, where `node` is a right child whose sibling lies in the range.
    fn parent_within(&self, node: NodeId) -> Option<NodeId> {
        let parent = NodeId {
            level: node.level + 1,
            index: node.index >> 1,
        };
        (node.index & 1 == 1 && parent.begin() >= self.begin).then_some(parent)
    }
}

impl Default for CompactRange {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a compact range is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompactRangeError {
    /// A root was asked of a range that does not begin at leaf 0.
    #[error("a range that begins at leaf {begin} has no root")]
    BeginNotZero {
        /// First leaf of the range.
        begin: LeafIndex,
    },
    /// The bounds are the wrong way round.
    #[error("range begins at {begin} and ends before, at {end}")]
    BoundsReversed {
        /// First leaf.
        begin: TreeSize,
        /// Leaf after the last.
        end: TreeSize,
    },
    /// The tree cannot grow past 2^63 − 1 leaves.
    #[error("the tree is as large as a tree can be")]
    Full,
    /// The bounds call for another number of hashes.
    #[error("range needs {expected} hashes and has {found}")]
    HashCount {
        /// What the bounds call for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// The second range does not begin where the first ends.
    #[error("range ends at {end} and the next begins at {begin}")]
    NotAdjacent {
        /// Leaf after the last of the first range.
        end: LeafIndex,
        /// First leaf of the second range.
        begin: LeafIndex,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::hash::leaf_hash;

    fn size(count: u64) -> TreeSize {
        TreeSize::new(count).unwrap()
    }

    fn range(begin: u64, end: u64) -> CompactRange {
        let mut range = CompactRange::empty_at(size(begin));
        for index in begin..end {
            range.append(leaf_hash(&index.to_be_bytes())).unwrap();
        }
        range
    }

    #[test]
    fn empty_range_has_the_empty_root() {
        assert_eq!(CompactRange::new().root(), Ok(empty_root()));
    }

    #[test]
    fn append_keeps_one_hash_for_each_bit_of_the_size() {
        for count in 0..=130u64 {
            assert_eq!(range(0, count).hashes().len(), count.count_ones() as usize);
        }
    }

    #[test]
    fn merge_gives_the_same_range_however_it_is_split() {
        for end in 0..=40 {
            for first in 0..=end {
                for second in first..=end {
                    let (a, b, c) = (range(0, first), range(first, second), range(second, end));
                    let mut left = a.clone();
                    left.append_range(&b).unwrap();
                    left.append_range(&c).unwrap();
                    let mut tail = b.clone();
                    tail.append_range(&c).unwrap();
                    let mut right = a.clone();
                    right.append_range(&tail).unwrap();
                    assert_eq!(left, range(0, end));
                    assert_eq!(right, left);
                    assert_eq!(tail, range(first, end));
                }
            }
        }
    }

    // spec: LOG-4
    #[test]
    fn append_range_refuses_a_gap() {
        assert_eq!(
            range(0, 3).append_range(&range(4, 5)),
            Err(CompactRangeError::NotAdjacent {
                end: LeafIndex::new(3),
                begin: LeafIndex::new(4)
            })
        );
    }

    #[test]
    fn root_refuses_a_range_that_begins_later() {
        assert_eq!(
            range(1, 2).root(),
            Err(CompactRangeError::BeginNotZero {
                begin: LeafIndex::new(1)
            })
        );
    }

    #[test]
    fn from_parts_accepts_what_hashes_gives() {
        for (begin, end) in [(0, 0), (0, 7), (3, 3), (3, 21), (5, 8)] {
            let range = range(begin, end);
            let again =
                CompactRange::from_parts(size(begin), size(end), range.hashes().to_vec()).unwrap();
            assert_eq!(again, range);
        }
    }

    // spec: LOG-4
    #[test]
    fn from_parts_refuses_a_missing_hash() {
        let mut hashes = range(0, 7).hashes().to_vec();
        hashes.pop();
        assert_eq!(
            CompactRange::from_parts(size(0), size(7), hashes),
            Err(CompactRangeError::HashCount {
                expected: 3,
                found: 2
            })
        );
    }

    #[test]
    fn from_parts_refuses_reversed_bounds() {
        assert_eq!(
            CompactRange::from_parts(size(7), size(3), Vec::new()),
            Err(CompactRangeError::BoundsReversed {
                begin: size(7),
                end: size(3)
            })
        );
    }

    #[test]
    fn append_refuses_a_leaf_past_the_largest_tree() {
        let mut full =
            CompactRange::from_parts(size(0), TreeSize::MAX, vec![leaf_hash(b"x"); 63]).unwrap();
        let before = full.clone();
        assert_eq!(full.append(leaf_hash(b"y")), Err(CompactRangeError::Full));
        assert_eq!(full, before);
    }
}
