//! Consistency proofs, RFC 9162 section 2.1.4: that a tree is a prefix of a larger one.
//!
//! The hashes stand from the old right edge upwards: first the largest complete subtree that ends at
//! the old size, left out when it is the whole old tree, then the siblings on its path to the new
//! root. Between equal sizes, and from the empty tree, the proof is empty.

use thiserror::Error;

use super::{
    PROOF_HASHES_MAX, TreeSize,
    hash::{Hash, empty_root, node_hash},
    node::{
        MissingNode, NodeId, NodeReader, PathShape, clipped_hash, path_siblings, trailing_zeros,
    },
};

/// The hashes that lead from one old right edge both to the old root and to the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// Takes hashes as they came. Nothing but their number is looked at.
    ///
    /// # Errors
    /// [`ConsistencyError::TooManyHashes`] above [`PROOF_HASHES_MAX`].
    pub fn new(hashes: Vec<Hash>) -> Result<Self, ConsistencyError> {
        // spec: LOG-8
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(ConsistencyError::TooManyHashes {
                found: hashes.len(),
            });
        }
        Ok(Self { hashes })
    }

    /// Builds the proof that the first `old_size` of the first `new_size` leaves are the old tree.
    ///
    /// # Errors
    /// [`ConsistencyError::SizeDecreased`], [`ConsistencyError::MissingNode`], and
    /// [`ConsistencyError::TooManyHashes`] for trees of more than 2^62 leaves.
    pub fn build<R>(
        reader: &R,
        old_size: TreeSize,
        new_size: TreeSize,
    ) -> Result<Self, ConsistencyError>
    where
        R: NodeReader + ?Sized,
    {
        if new_size < old_size {
            return Err(ConsistencyError::SizeDecreased { old_size, new_size });
        }
        let Some(edge) = old_edge(old_size).filter(|_| old_size < new_size) else {
            return Self::new(Vec::new());
        };
        let seed = (!is_whole_tree(edge)).then_some(edge);
        let hashes = seed
            .into_iter()
            .chain(path_siblings(edge, new_size.value()))
            .map(|node| clipped_hash(reader, node, new_size.value()))
            .collect::<Result<_, _>>()?;
        Self::new(hashes)
    }

    /// Checks that the tree (`old_size`, `old_root`) is a prefix of (`new_size`, `new_root`).
    ///
    /// # Errors
    /// [`ConsistencyError::SizeDecreased`], [`ConsistencyError::HashCount`],
    /// [`ConsistencyError::RootsDiffer`] between equal sizes,
    /// [`ConsistencyError::OldRootMismatch`], [`ConsistencyError::NewRootMismatch`].
    pub fn verify(
        &self,
        old_size: TreeSize,
        old_root: &Hash,
        new_size: TreeSize,
        new_root: &Hash,
    ) -> Result<(), ConsistencyError> {
        if new_size < old_size {
            return Err(ConsistencyError::SizeDecreased { old_size, new_size });
        }
        let edge = old_edge(old_size).filter(|_| old_size < new_size);
        self.verify_hash_count(edge, new_size)?;
        let Some(edge) = edge else {
            return verify_without_path(old_size, old_root, new_size, new_root);
        };
        let (old, new) = self.roots_from(edge, old_root, new_size);
        if old != *old_root {
            return Err(ConsistencyError::OldRootMismatch { computed: old });
        }
        if new != *new_root {
            return Err(ConsistencyError::NewRootMismatch { computed: new });
        }
        Ok(())
    }

    /// The hashes, lowest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    fn verify_hash_count(
        &self,
        edge: Option<NodeId>,
        new_size: TreeSize,
    ) -> Result<(), ConsistencyError> {
        let expected = edge.map_or(0, |edge| {
            usize::from(!is_whole_tree(edge)) + PathShape::new(edge, new_size.value()).len()
        });
        // spec: LOG-7
        if self.hashes.len() != expected {
            return Err(ConsistencyError::HashCount {
                expected,
                found: self.hashes.len(),
            });
        }
        Ok(())
    }

    /// Climbs from the old edge: left siblings belong to both trees, right ones only to the new.
    fn roots_from(&self, edge: NodeId, old_root: &Hash, new_size: TreeSize) -> (Hash, Hash) {
        let (seed, path) = match self.hashes.split_first() {
            Some((seed, path)) if !is_whole_tree(edge) => (seed, path),
            Some(_) | None => (old_root, self.hashes.as_slice()),
        };
        let siblings = path_siblings(edge, new_size.value()).zip(path);
        siblings.fold((*seed, *seed), |(old, new), (sibling, hash)| {
            if sibling.index & 1 == 0 {
                (node_hash(hash, &old), node_hash(hash, &new))
            } else {
                (old, node_hash(&new, hash))
            }
        })
    }
}

/// Equal sizes, or an empty old tree: there is nothing to climb, only roots to compare.
fn verify_without_path(
    old_size: TreeSize,
    old_root: &Hash,
    new_size: TreeSize,
    new_root: &Hash,
) -> Result<(), ConsistencyError> {
    // spec: LOG-28
    if old_size == TreeSize::ZERO && *old_root != empty_root() {
        return Err(ConsistencyError::OldRootMismatch {
            computed: empty_root(),
        });
    }
    if old_size == new_size && old_root != new_root {
        return Err(ConsistencyError::RootsDiffer { size: new_size });
    }
    Ok(())
}

/// The largest complete subtree that ends at the old size; none for the empty tree.
fn old_edge(old_size: TreeSize) -> Option<NodeId> {
    let last = old_size.value().checked_sub(1)?;
    let level = trailing_zeros(old_size.value());
    Some(NodeId {
        level,
        index: last >> level,
    })
}

/// Whether the old edge is the old tree, whose hash the verifier has already.
const fn is_whole_tree(edge: NodeId) -> bool {
    edge.index == 0
}

/// Why a consistency proof is refused, or cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConsistencyError {
    /// The sizes call for another number of hashes.
    #[error("consistency proof needs {expected} hashes and has {found}")]
    HashCount {
        /// What the sizes call for.
        expected: usize,
        /// What the proof has.
        found: usize,
    },
    /// The reader cannot supply a hash.
    #[error(transparent)]
    MissingNode(#[from] MissingNode),
    /// The hashes lead to another new root.
    #[error("consistency proof leads to another new root, {computed}")]
    NewRootMismatch {
        /// Where the proof leads.
        computed: Hash,
    },
    /// The hashes lead to another old root.
    #[error("consistency proof leads to another old root, {computed}")]
    OldRootMismatch {
        /// Where the proof leads.
        computed: Hash,
    },
    /// Two roots for one size.
    #[error("two roots for the size {size}")]
    RootsDiffer {
        /// The size of both trees.
        size: TreeSize,
    },
    /// The new tree is the smaller one.
    #[error("the tree shrank from {old_size} to {new_size}")]
    SizeDecreased {
        /// Size of the tree called old.
        old_size: TreeSize,
        /// Size of the tree called new.
        new_size: TreeSize,
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

    fn root(count: u64) -> Hash {
        tree(count).root()
    }

    fn proof(old: u64, new: u64) -> ConsistencyProof {
        ConsistencyProof::build(&tree(new), size(old), size(new)).unwrap()
    }

    // spec: LOG-7
    #[test]
    fn every_pair_of_small_trees_is_proven() {
        let tree = tree(300);
        let roots: Vec<Hash> = (0..=300).map(|n| tree.root_at(size(n)).unwrap()).collect();
        for (new, new_root) in (0..).zip(&roots) {
            for (old, old_root) in (0..=new).zip(&roots) {
                let proof = ConsistencyProof::build(&tree, size(old), size(new)).unwrap();
                assert_eq!(
                    proof.verify(size(old), old_root, size(new), new_root),
                    Ok(())
                );
            }
        }
    }

    // spec: LOG-7
    #[test]
    fn verify_refuses_a_truncated_proof() {
        let hashes = proof(3, 7).hashes[1..].to_vec();
        assert_eq!(
            ConsistencyProof { hashes }.verify(size(3), &root(3), size(7), &root(7)),
            Err(ConsistencyError::HashCount {
                expected: 4,
                found: 3
            })
        );
    }

    // spec: LOG-28
    #[test]
    fn verify_refuses_a_hash_between_equal_sizes() {
        let proof = ConsistencyProof {
            hashes: vec![root(1)],
        };
        assert_eq!(
            proof.verify(size(3), &root(3), size(3), &root(3)),
            Err(ConsistencyError::HashCount {
                expected: 0,
                found: 1
            })
        );
    }

    // spec: LOG-28
    #[test]
    fn verify_refuses_a_hash_from_the_empty_tree() {
        let proof = ConsistencyProof {
            hashes: vec![root(1)],
        };
        assert_eq!(
            proof.verify(size(0), &root(0), size(3), &root(3)),
            Err(ConsistencyError::HashCount {
                expected: 0,
                found: 1
            })
        );
    }

    // spec: LOG-28
    #[test]
    fn verify_refuses_an_empty_tree_with_another_root() {
        assert_eq!(
            proof(0, 3).verify(size(0), &root(1), size(3), &root(3)),
            Err(ConsistencyError::OldRootMismatch {
                computed: empty_root()
            })
        );
    }

    // spec: LOG-28
    #[test]
    fn verify_refuses_two_roots_for_one_size() {
        assert_eq!(
            proof(3, 3).verify(size(3), &root(3), size(3), &root(4)),
            Err(ConsistencyError::RootsDiffer { size: size(3) })
        );
    }

    #[test]
    fn verify_refuses_a_tree_that_shrank() {
        let error = ConsistencyError::SizeDecreased {
            old_size: size(7),
            new_size: size(3),
        };
        assert_eq!(
            proof(3, 7).verify(size(7), &root(7), size(3), &root(3)),
            Err(error)
        );
        assert_eq!(
            ConsistencyProof::build(&tree(7), size(7), size(3)),
            Err(error)
        );
    }

    #[test]
    fn verify_refuses_another_old_root() {
        assert_eq!(
            proof(3, 7).verify(size(3), &root(4), size(7), &root(7)),
            Err(ConsistencyError::OldRootMismatch { computed: root(3) })
        );
    }

    #[test]
    fn verify_refuses_another_new_root() {
        assert_eq!(
            proof(3, 7).verify(size(3), &root(3), size(7), &root(8)),
            Err(ConsistencyError::NewRootMismatch { computed: root(7) })
        );
    }

    /// The old root of a power of two is not in the proof: a wrong one shows in the new root.
    #[test]
    fn verify_refuses_another_old_root_of_a_complete_tree() {
        assert!(matches!(
            proof(4, 7).verify(size(4), &root(3), size(7), &root(7)),
            Err(ConsistencyError::NewRootMismatch { .. })
        ));
    }

    // spec: LOG-8
    #[test]
    fn new_refuses_64_hashes() {
        assert_eq!(
            ConsistencyProof::new(vec![root(1); 64]),
            Err(ConsistencyError::TooManyHashes { found: 64 })
        );
    }

    #[test]
    fn build_names_the_node_that_the_reader_lacks() {
        assert_eq!(
            ConsistencyProof::build(&tree(3), size(2), size(4)),
            Err(ConsistencyError::MissingNode(MissingNode {
                level: 1,
                index: 1
            }))
        );
    }
}
