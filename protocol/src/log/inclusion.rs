//! Inclusion proofs, RFC 9162 section 2.1.3: the siblings on the path from a leaf to the root.
//!
//! The hashes stand from the leaf upwards. Index and size decide how many there are and on which side
//! each one lies, so a proof of another length is refused before anything is hashed.

use thiserror::Error;

use super::{
    LeafIndex, PROOF_HASHES_MAX, TreeSize,
    hash::{Hash, node_hash},
    node::{MissingNode, NodeId, NodeReader, PathShape, clipped_hash, path_siblings},
};

/// The hashes that lead from one leaf to the root, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Takes hashes as they came. Nothing but their number is looked at.
    ///
    /// # Errors
    /// [`InclusionError::TooManyHashes`] above [`PROOF_HASHES_MAX`].
    pub fn new(hashes: Vec<Hash>) -> Result<Self, InclusionError> {
        // spec: LOG-8
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(InclusionError::TooManyHashes {
                found: hashes.len(),
            });
        }
        Ok(Self { hashes })
    }

    /// Builds the proof that leaf `index` is in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`InclusionError::IndexOutsideTree`], [`InclusionError::MissingNode`].
    pub fn build<R>(reader: &R, index: LeafIndex, size: TreeSize) -> Result<Self, InclusionError>
    where
        R: NodeReader + ?Sized,
    {
        let leaf = leaf_node(index, size)?;
        let hashes = path_siblings(leaf, size.value())
            .map(|sibling| clipped_hash(reader, sibling, size.value()))
            .collect::<Result<_, _>>()?;
        Self::new(hashes)
    }

    /// Checks that the leaf with `leaf_hash` stands at `index` in the tree (`size`, `root`).
    ///
    /// The root must have come from a verified checkpoint; a proof by itself says nothing.
    ///
    /// # Errors
    /// [`InclusionError::IndexOutsideTree`], [`InclusionError::HashCount`],
    /// [`InclusionError::RootMismatch`].
    pub fn verify(
        &self,
        leaf_hash: &Hash,
        index: LeafIndex,
        size: TreeSize,
        root: &Hash,
    ) -> Result<(), InclusionError> {
        let leaf = leaf_node(index, size)?;
        let expected = PathShape::new(leaf, size.value()).len();
        // spec: LOG-6
        if self.hashes.len() != expected {
            return Err(InclusionError::HashCount {
                expected,
                found: self.hashes.len(),
            });
        }
        let siblings = path_siblings(leaf, size.value()).zip(&self.hashes);
        let computed = siblings.fold(*leaf_hash, |below, (sibling, hash)| {
            if sibling.index & 1 == 0 {
                node_hash(hash, &below)
            } else {
                node_hash(&below, hash)
            }
        });
        if computed != *root {
            return Err(InclusionError::RootMismatch { computed });
        }
        Ok(())
    }

    /// The hashes, lowest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}

fn leaf_node(index: LeafIndex, size: TreeSize) -> Result<NodeId, InclusionError> {
    if !size.contains(index) {
        return Err(InclusionError::IndexOutsideTree { index, size });
    }
    Ok(NodeId {
        level: 0,
        index: index.value(),
    })
}

/// Why an inclusion proof is refused, or cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InclusionError {
    /// Index and size call for another number of hashes.
    #[error("inclusion proof needs {expected} hashes and has {found}")]
    HashCount {
        /// What index and size call for.
        expected: usize,
        /// What the proof has.
        found: usize,
    },
    /// There is no such leaf in the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutsideTree {
        /// The leaf asked for.
        index: LeafIndex,
        /// The size of the tree.
        size: TreeSize,
    },
    /// The reader cannot supply a hash.
    #[error(transparent)]
    MissingNode(#[from] MissingNode),
    /// The hashes lead to another root.
    #[error("inclusion proof leads to another root, {computed}")]
    RootMismatch {
        /// Where leaf and proof lead.
        computed: Hash,
    },
    /// More hashes than any proof may have.
    #[error("{found} hashes are more than a proof may have")]
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

    fn at(index: u64) -> (LeafIndex, Hash) {
        (LeafIndex::new(index), leaf_hash(&index.to_be_bytes()))
    }

    // spec: LOG-6
    #[test]
    fn every_leaf_of_every_small_tree_is_proven() {
        let tree = tree(300);
        for count in 1..=300 {
            let root = tree.root_at(size(count)).unwrap();
            for index in 0..count {
                let (index, leaf) = at(index);
                let proof = InclusionProof::build(&tree, index, size(count)).unwrap();
                assert_eq!(proof.verify(&leaf, index, size(count), &root), Ok(()));
            }
        }
    }

    // spec: LOG-6
    #[test]
    fn verify_refuses_a_truncated_proof() {
        let tree = tree(7);
        let (index, leaf) = at(3);
        let mut hashes = InclusionProof::build(&tree, index, size(7)).unwrap().hashes;
        hashes.pop();
        assert_eq!(
            InclusionProof { hashes }.verify(&leaf, index, size(7), &tree.root()),
            Err(InclusionError::HashCount {
                expected: 3,
                found: 2
            })
        );
    }

    // spec: LOG-6
    #[test]
    fn verify_refuses_an_extended_proof() {
        let tree = tree(7);
        let (index, leaf) = at(3);
        let mut hashes = InclusionProof::build(&tree, index, size(7)).unwrap().hashes;
        hashes.push(leaf);
        assert_eq!(
            InclusionProof { hashes }.verify(&leaf, index, size(7), &tree.root()),
            Err(InclusionError::HashCount {
                expected: 3,
                found: 4
            })
        );
    }

    #[test]
    fn verify_refuses_another_leaf() {
        let tree = tree(7);
        let index = LeafIndex::new(3);
        let proof = InclusionProof::build(&tree, index, size(7)).unwrap();
        assert!(matches!(
            proof.verify(&at(4).1, index, size(7), &tree.root()),
            Err(InclusionError::RootMismatch { .. })
        ));
    }

    #[test]
    fn verify_refuses_an_index_outside_the_tree() {
        let (index, leaf) = at(7);
        let proof = InclusionProof::new(Vec::new()).unwrap();
        assert_eq!(
            proof.verify(&leaf, index, size(7), &leaf),
            Err(InclusionError::IndexOutsideTree {
                index,
                size: size(7)
            })
        );
    }

    #[test]
    fn verify_refuses_any_leaf_of_the_empty_tree() {
        let (index, leaf) = at(0);
        let proof = InclusionProof::new(Vec::new()).unwrap();
        assert_eq!(
            proof.verify(&leaf, index, TreeSize::ZERO, &leaf),
            Err(InclusionError::IndexOutsideTree {
                index,
                size: TreeSize::ZERO
            })
        );
    }

    // spec: LOG-8
    #[test]
    fn new_refuses_64_hashes() {
        let hashes = vec![leaf_hash(b""); 64];
        assert!(InclusionProof::new(hashes[..63].to_vec()).is_ok());
        assert_eq!(
            InclusionProof::new(hashes),
            Err(InclusionError::TooManyHashes { found: 64 })
        );
    }

    #[test]
    fn build_names_the_node_that_the_reader_lacks() {
        assert_eq!(
            InclusionProof::build(&tree(3), LeafIndex::new(0), size(4)),
            Err(InclusionError::MissingNode(MissingNode {
                level: 1,
                index: 1
            }))
        );
    }

    #[test]
    fn verify_does_not_overflow_in_the_largest_tree() {
        let proof = InclusionProof::new(vec![leaf_hash(b""); 63]).unwrap();
        let last = LeafIndex::new(TreeSize::MAX.value() - 1);
        let leaf = leaf_hash(b"");
        for index in [LeafIndex::new(0), LeafIndex::new(1 << 62), last] {
            assert!(matches!(
                proof.verify(&leaf, index, TreeSize::MAX, &leaf),
                Err(InclusionError::RootMismatch { .. } | InclusionError::HashCount { .. })
            ));
        }
    }
}
