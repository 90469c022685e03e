//! A tree whose complete subtrees are all held in memory, 64 bytes for each leaf.
//!
//! It answers for every size it has ever had: root, inclusion, consistency, cover and compact range
//! go through [`NodeReader`], which it implements. It is rebuilt from leaf hashes at start.
//!
//! Out of scope: durability. Whoever appends here has stored the leaf first, or truncates again.

use super::{
    LeafIndex, TreeSize,
    compact_range::CompactRange,
    hash::{Hash, empty_root, node_hash},
    node::{MissingNode, NodeReader, compact_range_at, root_at},
};

/// Every complete subtree of one log, level by level.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    /// `levels[l][i]` is node (l, i); level 0 has a hash for each leaf, each level above half as many.
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree without leaves that can take `leaves` of them before it allocates again.
    #[must_use]
    pub fn with_capacity(leaves: usize) -> Self {
        let levels = (0..usize::BITS)
            .map(|level| leaves >> level)
            .take_while(|count| *count > 0)
            .map(Vec::with_capacity)
            .collect();
        Self { levels }
    }

    /// Appends a leaf, given its leaf hash, and returns its position. Amortised O(1).
    pub fn append(&mut self, leaf_hash: Hash) -> LeafIndex {
        let index = self.size().value();
        let mut hash = leaf_hash;
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else {
                break;
            };
            let left = if (index >> level) & 1 == 1 {
                nodes.last().copied()
            } else {
                None
            };
            nodes.push(hash);
            let Some(left) = left else { break };
            hash = node_hash(&left, &hash);
            level += 1;
        }
        LeafIndex::new(index)
    }

    /// The number of leaves.
    ///
    /// # Panics
    /// Never: memory ends long before a tree does.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        let count = self.levels.first().map_or(0, Vec::len);
        u64::try_from(count)
            .ok()
            .and_then(|count| TreeSize::new(count).ok())
            .expect("a Vec of 32-byte hashes holds fewer than 2^63")
    }

    /// The root of all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_else(|_| empty_root())
    }

    /// The root that the tree had with `size` leaves.
    ///
    /// # Errors
    /// [`MissingNode`] when the tree is smaller than `size`.
    pub fn root_at(&self, size: TreeSize) -> Result<Hash, MissingNode> {
        root_at(self, size)
    }

    /// The compact range that the tree had with `size` leaves.
    ///
    /// # Errors
    /// [`MissingNode`] when the tree is smaller than `size`.
    pub fn compact_range_at(&self, size: TreeSize) -> Result<CompactRange, MissingNode> {
        compact_range_at(self, size)
    }

    /// The leaf hash at `index`, or `None` past the end.
    #[must_use]
    pub fn leaf_hash(&self, index: LeafIndex) -> Option<Hash> {
        self.node(0, index.value())
    }

    /// Forgets the leaves from `size` on; a larger `size` changes nothing.
    pub fn truncate(&mut self, size: TreeSize) {
        let mut kept = usize::try_from(size.value()).unwrap_or(usize::MAX);
        for nodes in &mut self.levels {
            nodes.truncate(kept);
            kept /= 2;
        }
    }
}

impl NodeReader for MemoryTree {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let index = usize::try_from(index).ok()?;
        self.levels.get(usize::from(level))?.get(index).copied()
    }
}

impl FromIterator<Hash> for MemoryTree {
    /// Builds the tree over leaf hashes in log order.
    fn from_iter<T: IntoIterator<Item = Hash>>(leaf_hashes: T) -> Self {
        let leaf_hashes = leaf_hashes.into_iter();
        let mut tree = Self::with_capacity(leaf_hashes.size_hint().0);
        for leaf_hash in leaf_hashes {
            tree.append(leaf_hash);
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::hash::leaf_hash;

    fn leaves(count: u64) -> impl Iterator<Item = Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes()))
    }

    /// RFC 9162 section 2.1.1 word for word: split at the largest power of two below the count.
    fn tree_hash_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            [..] => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(
                    &tree_hash_by_definition(left),
                    &tree_hash_by_definition(right),
                )
            }
        }
    }

    // spec: LOG-3
    #[test]
    fn root_equals_the_definition_at_every_size() {
        let all: Vec<Hash> = leaves(300).collect();
        let tree: MemoryTree = all.iter().copied().collect();
        for count in 0..=all.len() {
            let size = TreeSize::new(count as u64).unwrap();
            let expected = tree_hash_by_definition(&all[..count]);
            assert_eq!(tree.root_at(size), Ok(expected));
            assert_eq!(tree.compact_range_at(size).unwrap().root(), Ok(expected));
        }
    }

    #[test]
    fn root_at_refuses_a_size_that_was_never_reached() {
        let tree: MemoryTree = leaves(5).collect();
        assert_eq!(
            tree.root_at(TreeSize::new(6).unwrap()),
            Err(MissingNode { level: 1, index: 2 })
        );
    }

    #[test]
    fn truncate_leaves_the_tree_as_it_was() {
        for kept in 0..=33 {
            let mut tree: MemoryTree = leaves(33).collect();
            tree.truncate(TreeSize::new(kept).unwrap());
            assert_eq!(tree.root(), leaves(kept).collect::<MemoryTree>().root());
            for hash in leaves(40).skip(usize::try_from(kept).unwrap()) {
                tree.append(hash);
            }
            assert_eq!(tree.root(), leaves(40).collect::<MemoryTree>().root());
        }
    }

    #[test]
    fn leaf_hash_is_found_by_its_index() {
        let tree: MemoryTree = leaves(3).collect();
        assert_eq!(tree.leaf_hash(LeafIndex::new(2)), leaves(3).last());
        assert_eq!(tree.leaf_hash(LeafIndex::new(3)), None);
    }
}
