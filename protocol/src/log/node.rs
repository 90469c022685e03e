//! Where nodes lie in a tree, and reading them from whatever holds them.
//!
//! Node (level, index) spans the leaves [index · 2^level, (index + 1) · 2^level). It is *complete* in
//! a tree of size n when all of them exist; a node on the right edge is *clipped* at n, and its hash
//! is then the RFC 9162 tree hash of the leaves that do exist.
//!
//! Out of scope: storage. [`NodeReader`] is all that proofs need of it.

use thiserror::Error;

use super::{
    TreeSize,
    compact_range::CompactRange,
    hash::{Hash, empty_root, node_hash},
};

/// Gives out hashes of complete subtrees of one tree.
///
/// A reader may keep every level, or only the upper ones and recompute the rest; proofs do not care.
pub trait NodeReader {
    /// The hash of the complete subtree of 2^`level` leaves that starts at leaf `index` · 2^`level`,
    /// or `None` where the reader does not have it.
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

/// The place of a subtree: 2^`level` leaves from leaf `index` · 2^`level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height above the leaves, 0 for a leaf.
    pub level: u8,
    /// Position among the nodes of this level, counted from 0.
    pub index: u64,
}

impl NodeId {
    /// The first leaf below the node.
    pub(super) const fn begin(self) -> u64 {
        self.index << self.level
    }

    /// The leaf after the last one below the node, were the node complete.
    pub(super) const fn end(self) -> u64 {
        self.begin() + (1 << self.level)
    }
}

/// A hash that a proof needs and the reader does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the reader has no node {index} on level {level}")]
pub struct MissingNode {
    /// Height above the leaves.
    pub level: u8,
    /// Position on that level.
    pub index: u64,
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`MissingNode`] where the reader lacks a complete subtree.
pub fn root_at<R>(reader: &R, size: TreeSize) -> Result<Hash, MissingNode>
where
    R: NodeReader + ?Sized,
{
    if size == TreeSize::ZERO {
        return Ok(empty_root());
    }
    hash_of_leaves(reader, 0, size.value())
}

/// The compact range of the first `size` leaves.
///
/// # Errors
/// [`MissingNode`] where the reader lacks a complete subtree.
pub fn compact_range_at<R>(reader: &R, size: TreeSize) -> Result<CompactRange, MissingNode>
where
    R: NodeReader + ?Sized,
{
    let hashes = Decomposition::new(0, size.value())
        .map(|node| read(reader, node))
        .collect::<Result<_, _>>()?;
    Ok(CompactRange::from_decomposition(0, size.value(), hashes))
}

/// The hash of `node` in a tree of `size` leaves, clipped where the tree ends below it.
///
/// The first leaf of the node must lie in the tree.
pub(super) fn clipped_hash<R>(reader: &R, node: NodeId, size: u64) -> Result<Hash, MissingNode>
where
    R: NodeReader + ?Sized,
{
    if node.end() <= size {
        return read(reader, node);
    }
    hash_of_leaves(reader, node.begin(), size)
}

/// The siblings of the path from node `start` to the root of a tree of `size` leaves, lowest first.
///
/// The first leaf below `start` must lie in the tree. A sibling that would lie wholly past the right
/// edge does not exist and is skipped; the last one to the right may be clipped at `size`.
pub(super) fn path_siblings(start: NodeId, size: u64) -> impl Iterator<Item = NodeId> {
    let shape = PathShape::new(start, size);
    (0..64 - start.level).filter_map(move |step| {
        let (level, index) = (start.level + step, start.index >> step);
        (step < shape.inner || index & 1 == 1).then_some(NodeId {
            level,
            index: index ^ 1,
        })
    })
}

/// How many siblings a path has.
///
/// The path of the starting node and that of the last leaf meet `inner` levels above the start: up to
/// there every level has a sibling, left or right. Above, the path is the right edge of the tree, and
/// only the `border` levels on which it is a right child have one, on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathShape {
    pub(super) inner: u8,
    pub(super) border: u8,
}

impl PathShape {
    pub(super) const fn new(start: NodeId, size: u64) -> Self {
        let last = (size - 1) >> start.level;
        let inner = bit_length(start.index ^ last);
        let above = if inner == 64 { 0 } else { start.index >> inner };
        Self {
            inner,
            border: small(above.count_ones()),
        }
    }

    /// The number of siblings.
    pub(super) fn len(self) -> usize {
        usize::from(self.inner) + usize::from(self.border)
    }
}

/// The fewest complete subtrees that together span the leaves [begin, end), from left to right.
#[derive(Clone, Debug)]
pub(super) struct Decomposition {
    begin: u64,
    end: u64,
}

impl Decomposition {
    pub(super) const fn new(begin: u64, end: u64) -> Self {
        Self { begin, end }
    }
}

impl Iterator for Decomposition {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let left = self.end.checked_sub(self.begin).filter(|left| *left > 0)?;
        let level = trailing_zeros(self.begin).min(bit_length(left) - 1);
        let node = NodeId {
            level,
            index: self.begin >> level,
        };
        self.begin = node.end();
        Some(node)
    }
}

/// The number of zero bits below the lowest one; 64 for zero.
pub(super) const fn trailing_zeros(value: u64) -> u8 {
    small(value.trailing_zeros())
}

/// The number of bits that `value` needs; 0 for zero.
pub(super) const fn bit_length(value: u64) -> u8 {
    small(u64::BITS - value.leading_zeros())
}

/// The tree hash of the leaves [begin, end), where `begin` is a multiple of a power of two that is
/// not smaller than their number. Works from the right, so nothing is collected.
fn hash_of_leaves<R>(reader: &R, begin: u64, end: u64) -> Result<Hash, MissingNode>
where
    R: NodeReader + ?Sized,
{
    // spec: LOG-3
    let mut hash = None;
    let mut right = end;
    while right > begin {
        let level = trailing_zeros(right - begin);
        let node = NodeId {
            level,
            index: (right >> level) - 1,
        };
        let left_hash = read(reader, node)?;
        hash = Some(hash.map_or(left_hash, |right_hash| node_hash(&left_hash, &right_hash)));
        right = node.begin();
    }
    Ok(hash.unwrap_or_else(empty_root))
}

fn read<R>(reader: &R, node: NodeId) -> Result<Hash, MissingNode>
where
    R: NodeReader + ?Sized,
{
    let NodeId { level, index } = node;
    reader
        .node(level, index)
        .ok_or(MissingNode { level, index })
}

/// Narrows a count of bits, which is at most 64.
const fn small(bits: u32) -> u8 {
    bits.to_le_bytes()[0]
}
