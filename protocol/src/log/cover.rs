//! The right cover: what a receiver of the leaves [a, b) needs to compute the root at n.
//!
//! ```text
//! compact range of [0, a)  +  leaf hashes [a, b)  =  compact range of [0, b)
//! compact range of [0, b)  +  right cover of (b, n)  =  root at n
//! ```
//! The cover is the fewest subtrees that span [b, n), left to right. All are complete but the last,
//! which may be clipped at n. With it a block of leaves is verified against a checkpoint by hashing
//! alone, before any of them is decoded. RFC 9162 trees; the rule is this project's own.

use thiserror::Error;

use super::{
    LeafIndex, PROOF_HASHES_MAX, TreeSize,
    compact_range::CompactRange,
    hash::{Hash, empty_root},
    node::{MissingNode, NodeId, NodeReader, bit_length, clipped_hash, trailing_zeros},
};

/// The subtree hashes that span the leaves from the end of a block to the end of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightCover {
    hashes: Vec<Hash>,
}

impl RightCover {
    /// Takes hashes as they came. Nothing but their number is looked at.
    ///
    /// # Errors
    /// [`CoverError::TooManyHashes`] above [`PROOF_HASHES_MAX`].
    pub fn new(hashes: Vec<Hash>) -> Result<Self, CoverError> {
        // spec: LOG-8
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(CoverError::TooManyHashes {
                found: hashes.len(),
            });
        }
        Ok(Self { hashes })
    }

    /// Builds the cover of the leaves [`block_end`, `size`).
    ///
    /// # Errors
    /// [`CoverError::BlockPastTree`], [`CoverError::MissingNode`].
    pub fn build<R>(reader: &R, block_end: TreeSize, size: TreeSize) -> Result<Self, CoverError>
    where
        R: NodeReader + ?Sized,
    {
        let hashes = right_cover_nodes(block_end, size)?
            .into_iter()
            .map(|node| clipped_hash(reader, node, size.value()))
            .collect::<Result<_, _>>()?;
        Self::new(hashes)
    }

    /// Checks that `left`, which ends where the block does, and this cover lead to (`size`, `root`).
    ///
    /// # Errors
    /// [`CoverError::BeginNotZero`] when `left` is not the right edge of a tree,
    /// [`CoverError::BlockPastTree`], [`CoverError::HashCount`], [`CoverError::RootMismatch`].
    pub fn verify(
        &self,
        left: &CompactRange,
        size: TreeSize,
        root: &Hash,
    ) -> Result<(), CoverError> {
        if left.begin().value() != 0 {
            return Err(CoverError::BeginNotZero {
                begin: left.begin(),
            });
        }
        let nodes = right_cover_nodes(left.size(), size)?;
        // spec: LOG-10
        if self.hashes.len() != nodes.len() {
            let (expected, found) = (nodes.len(), self.hashes.len());
            return Err(CoverError::HashCount { expected, found });
        }
        let computed = root_from(left, &nodes, &self.hashes, size);
        if computed != *root {
            return Err(CoverError::RootMismatch { computed });
        }
        Ok(())
    }

    /// The hashes, left to right.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}

/// The subtrees that a right cover of [`block_end`, `size`) lists, left to right; the last may reach
/// past `size` and is then clipped there. At most 63.
///
/// # Errors
/// [`CoverError::BlockPastTree`] when the block ends after the tree.
pub fn right_cover_nodes(block_end: TreeSize, size: TreeSize) -> Result<Vec<NodeId>, CoverError> {
    if size < block_end {
        return Err(CoverError::BlockPastTree { block_end, size });
    }
    // spec: LOG-9
    let mut nodes = Vec::new();
    let (mut begin, end) = (block_end.value(), size.value());
    while begin < end {
        // The subtree that begins here and is not inside a larger one beginning here: as large as
        // the alignment allows, and no larger than it takes to reach the end.
        let reach = bit_length(end - begin - 1);
        let level = trailing_zeros(begin).min(reach);
        let node = NodeId {
            level,
            index: begin >> level,
        };
        nodes.push(node);
        begin = node.end();
    }
    Ok(nodes)
}

/// Complete subtrees extend the right edge; a clipped one lies right of all of it.
fn root_from(left: &CompactRange, nodes: &[NodeId], hashes: &[Hash], size: TreeSize) -> Hash {
    let mut edge = left.clone();
    let mut clipped = None;
    for (node, hash) in nodes.iter().zip(hashes) {
        if node.end() <= size.value() {
            edge.append_subtree(node.level, *hash);
        } else {
            clipped = Some(*hash);
        }
    }
    edge.fold(clipped).unwrap_or_else(empty_root)
}

/// Why a right cover is refused, or cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CoverError {
    /// The range before the cover does not begin at leaf 0.
    #[error("a range that begins at leaf {begin} leads to no root")]
    BeginNotZero {
        /// First leaf of the range.
        begin: LeafIndex,
    },
    /// The block ends after the tree.
    #[error("a block that ends at {block_end} is not in a tree of {size} leaves")]
    BlockPastTree {
        /// Leaf after the last of the block.
        block_end: TreeSize,
        /// The size of the tree.
        size: TreeSize,
    },
    /// Block end and size call for another number of hashes.
    #[error("right cover needs {expected} hashes and has {found}")]
    HashCount {
        /// What block end and size call for.
        expected: usize,
        /// What the cover has.
        found: usize,
    },
    /// The reader cannot supply a hash.
    #[error(transparent)]
    MissingNode(#[from] MissingNode),
    /// Range and cover lead to another root.
    #[error("right cover leads to another root, {computed}")]
    RootMismatch {
        /// Where range and cover lead.
        computed: Hash,
    },
    /// More hashes than any cover may have.
    #[error("{found} hashes are more than a right cover may have")]
    TooManyHashes {
        /// How many came.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{MemoryTree, hash::leaf_hash};

    fn size(count: u64) -> TreeSize {
        TreeSize::new(count).unwrap()
    }

    fn tree(count: u64) -> MemoryTree {
        (0..count)
            .map(|index| leaf_hash(&index.to_be_bytes()))
            .collect()
    }

    // spec: LOG-9
    #[test]
    fn every_block_end_of_every_small_tree_is_covered() {
        let tree = tree(300);
        for count in 0..=300 {
            let root = tree.root_at(size(count)).unwrap();
            for end in 0..=count {
                let left = tree.compact_range_at(size(end)).unwrap();
                let cover = RightCover::build(&tree, size(end), size(count)).unwrap();
                assert_eq!(cover.verify(&left, size(count), &root), Ok(()));
            }
        }
    }

    // spec: LOG-9
    #[test]
    fn cover_nodes_span_the_rest_of_the_tree_without_gap() {
        for count in 0..=130 {
            for end in 0..=count {
                let nodes = right_cover_nodes(size(end), size(count)).unwrap();
                let mut next = end;
                for node in &nodes {
                    assert_eq!(node.begin(), next);
                    next = node.end();
                }
                assert!(next >= count);
                assert!(nodes.iter().rev().skip(1).all(|node| node.end() <= count));
            }
        }
    }

    // spec: LOG-8
    #[test]
    fn cover_of_the_largest_tree_has_at_most_63_hashes() {
        for end in [0, 1, 2, 3, 1 << 61, (1 << 62) + 1, TreeSize::MAX.value()] {
            let nodes = right_cover_nodes(size(end), TreeSize::MAX).unwrap();
            assert!(
                nodes.len() <= PROOF_HASHES_MAX,
                "{} nodes from {end}",
                nodes.len()
            );
        }
        assert_eq!(right_cover_nodes(size(1), TreeSize::MAX).unwrap().len(), 63);
    }

    #[test]
    fn cover_of_a_finished_tree_is_empty() {
        assert!(right_cover_nodes(size(7), size(7)).unwrap().is_empty());
    }

    // spec: LOG-10
    #[test]
    fn verify_refuses_a_truncated_cover() {
        let tree = tree(7);
        let left = tree.compact_range_at(size(3)).unwrap();
        let mut hashes = RightCover::build(&tree, size(3), size(7)).unwrap().hashes;
        hashes.pop();
        assert_eq!(
            RightCover { hashes }.verify(&left, size(7), &tree.root()),
            Err(CoverError::HashCount {
                expected: 2,
                found: 1
            })
        );
    }

    // spec: LOG-10
    #[test]
    fn verify_refuses_an_extended_cover() {
        let tree = tree(7);
        let left = tree.compact_range_at(size(7)).unwrap();
        let cover = RightCover {
            hashes: vec![leaf_hash(b"")],
        };
        assert_eq!(
            cover.verify(&left, size(7), &tree.root()),
            Err(CoverError::HashCount {
                expected: 0,
                found: 1
            })
        );
    }

    // spec: LOG-9
    #[test]
    fn verify_refuses_a_block_with_another_leaf() {
        let tree = tree(7);
        let mut left = tree.compact_range_at(size(2)).unwrap();
        left.append(leaf_hash(b"another")).unwrap();
        let cover = RightCover::build(&tree, size(3), size(7)).unwrap();
        assert!(matches!(
            cover.verify(&left, size(7), &tree.root()),
            Err(CoverError::RootMismatch { .. })
        ));
    }

    #[test]
    fn verify_refuses_a_block_past_the_tree() {
        let tree = tree(7);
        let left = tree.compact_range_at(size(7)).unwrap();
        let cover = RightCover::new(Vec::new()).unwrap();
        assert_eq!(
            cover.verify(&left, size(6), &tree.root()),
            Err(CoverError::BlockPastTree {
                block_end: size(7),
                size: size(6)
            })
        );
    }

    #[test]
    fn verify_refuses_a_range_that_begins_later() {
        let cover = RightCover::new(Vec::new()).unwrap();
        let begin = LeafIndex::new(3);
        assert_eq!(
            cover.verify(&CompactRange::empty_at(size(3)), size(3), &empty_root()),
            Err(CoverError::BeginNotZero { begin })
        );
    }

    // spec: LOG-8
    #[test]
    fn new_refuses_64_hashes() {
        assert_eq!(
            RightCover::new(vec![leaf_hash(b""); 64]),
            Err(CoverError::TooManyHashes { found: 64 })
        );
    }

    #[test]
    fn build_names_the_node_that_the_reader_lacks() {
        assert_eq!(
            RightCover::build(&tree(3), size(2), size(4)),
            Err(CoverError::MissingNode(MissingNode { level: 1, index: 1 }))
        );
    }
}
