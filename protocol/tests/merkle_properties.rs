//! Properties of proofs, covers and ranges over generated trees and generated damage.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use concordat_protocol::key::Signer;
use concordat_protocol::log::{
    Checkpoint, CompactRange, ConsistencyProof, Hash, InclusionProof, LeafIndex, MemoryTree,
    NetworkKind, Origin, RightCover, SignedCheckpoint, TreeSize, VerifiedCheckpoint,
    hash::leaf_hash, note::Note,
};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

const LEAVES_MAX: u64 = 300;

fn size(count: u64) -> TreeSize {
    TreeSize::new(count).unwrap()
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

fn tree(count: u64) -> MemoryTree {
    (0..count).map(leaf).collect()
}

fn range(begin: u64, end: u64) -> CompactRange {
    let mut range = CompactRange::empty_at(size(begin));
    (begin..end).for_each(|index| range.append(leaf(index)).unwrap());
    range
}

/// What a peer or a disk may do to a list of hashes.
#[derive(Clone, Debug)]
enum Damage {
    FlipBit { at: prop::sample::Index, bit: u8 },
    Drop { at: prop::sample::Index },
    Insert { at: prop::sample::Index },
    Swap { at: prop::sample::Index },
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bit)| Damage::FlipBit { at, bit }),
        at().prop_map(|at| Damage::Drop { at }),
        at().prop_map(|at| Damage::Insert { at }),
        at().prop_map(|at| Damage::Swap { at }),
    ]
}

/// `None` where this damage changes nothing.
fn damaged(hashes: &[Hash], damage: &Damage) -> Option<Vec<Hash>> {
    let mut changed = hashes.to_vec();
    if hashes.is_empty() && !matches!(damage, Damage::Insert { .. }) {
        return None;
    }
    match damage {
        Damage::Insert { at } => changed.insert(at.index(hashes.len() + 1), leaf(u64::MAX)),
        Damage::FlipBit { at, bit } => {
            let hash = &mut changed[at.index(hashes.len())];
            let mut bytes = *hash.as_bytes();
            bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
            *hash = Hash::from_bytes(bytes);
        }
        Damage::Drop { at } => {
            changed.remove(at.index(hashes.len()));
        }
        Damage::Swap { at } => {
            let at = at.index(hashes.len());
            changed.swap(at, (at + 1) % hashes.len());
        }
    }
    (changed != hashes).then_some(changed)
}

/// A tree size, and two positions in order not above it.
fn spans() -> impl Strategy<Value = (u64, u64, u64)> {
    (1..=LEAVES_MAX)
        .prop_flat_map(|n| (0..=n, 0..=n, Just(n)))
        .prop_map(|(a, b, n)| (a.min(b), a.max(b), n))
}

proptest! {
    // spec: LOG-6
    #[test]
    fn damaged_inclusion_proof_is_refused(
        (index, _, n) in spans(),
        damage in damage(),
    ) {
        let (tree, index) = (tree(n), LeafIndex::new(index.min(n - 1)));
        let leaf = tree.leaf_hash(index).unwrap();
        let proof = InclusionProof::build(&tree, index, size(n)).unwrap();
        prop_assert_eq!(proof.verify(&leaf, index, size(n), &tree.root()), Ok(()));
        if let Some(hashes) = damaged(proof.hashes(), &damage) {
            let proof = InclusionProof::new(hashes).unwrap();
            prop_assert!(proof.verify(&leaf, index, size(n), &tree.root()).is_err());
        }
    }

    // spec: LOG-6
    #[test]
    fn inclusion_proof_holds_for_no_other_index_or_size(
        (index, other, n) in spans(),
        other_size in 1..=LEAVES_MAX,
    ) {
        let (tree, index) = (tree(n), LeafIndex::new(index.min(n - 1)));
        let leaf = tree.leaf_hash(index).unwrap();
        let proof = InclusionProof::build(&tree, index, size(n)).unwrap();
        let other = LeafIndex::new(other);
        if other != index {
            prop_assert!(proof.verify(&leaf, other, size(n), &tree.root()).is_err());
        }
        // The same hashes may be a proof for another size, but then the root differs.
        if other_size != n {
            let root = root_of(other_size);
            prop_assert!(proof.verify(&leaf, index, size(other_size), &root).is_err());
        }
    }

    // spec: LOG-7
    #[test]
    fn damaged_consistency_proof_is_refused(
        (old, new, _) in spans(),
        damage in damage(),
    ) {
        let tree = tree(new);
        let (old_root, new_root) = (tree.root_at(size(old)).unwrap(), tree.root());
        let proof = ConsistencyProof::build(&tree, size(old), size(new)).unwrap();
        prop_assert_eq!(proof.verify(size(old), &old_root, size(new), &new_root), Ok(()));
        if let Some(hashes) = damaged(proof.hashes(), &damage) {
            let proof = ConsistencyProof::new(hashes).unwrap();
            prop_assert!(proof.verify(size(old), &old_root, size(new), &new_root).is_err());
        }
    }

    /// A log that changed one old leaf has no proof by its own new tree.
    // spec: LOG-7
    #[test]
    fn rewritten_tree_is_not_consistent((changed, old, new) in spans()) {
        prop_assume!(changed < old);
        let rewritten: MemoryTree =
            (0..new).map(|index| leaf(if index == changed { u64::MAX } else { index })).collect();
        let proof = ConsistencyProof::build(&rewritten, size(old), size(new)).unwrap();
        let old_root = tree(old).root();
        prop_assert!(
            proof.verify(size(old), &old_root, size(new), &rewritten.root()).is_err()
        );
    }

    /// The way a block is verified: the range before it, its leaves, then the cover.
    // spec: LOG-9, LOG-10
    #[test]
    fn block_with_its_cover_gives_the_root((begin, end, n) in spans(), damage in damage()) {
        let tree = tree(n);
        let mut left = tree.compact_range_at(size(begin)).unwrap();
        (begin..end).for_each(|index| left.append(leaf(index)).unwrap());
        let cover = RightCover::build(&tree, size(end), size(n)).unwrap();
        prop_assert_eq!(cover.verify(&left, size(n), &tree.root()), Ok(()));
        if let Some(hashes) = damaged(cover.hashes(), &damage) {
            let cover = RightCover::new(hashes).unwrap();
            prop_assert!(cover.verify(&left, size(n), &tree.root()).is_err());
        }
    }

    // spec: LOG-4
    #[test]
    fn merged_ranges_are_the_range_of_all_leaves((first, second, end) in spans()) {
        let (a, b, c) = (range(0, first), range(first, second), range(second, end));
        let (mut left, mut tail, mut right) = (a.clone(), b.clone(), a);
        left.append_range(&b).unwrap();
        left.append_range(&c).unwrap();
        tail.append_range(&c).unwrap();
        right.append_range(&tail).unwrap();
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(left.root(), Ok(tree(end).root()));
        prop_assert_eq!(
            CompactRange::from_parts(size(first), size(end), tail.hashes().to_vec()),
            Ok(tail)
        );
    }

    #[test]
    fn note_parser_prints_what_it_parsed_or_refuses(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[a-c\n]{0,20}\n\n(\u{2014} [a-c]{1,3} [A-Za-z0-9+/]{8,12}={0,2}\n){0,3}"
                .prop_map(String::into_bytes),
        ]
    ) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }

    // spec: LOG-16
    #[test]
    fn checkpoint_with_a_flipped_bit_is_refused(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let signed = checkpoint(7);
        let mut bytes = signed.to_bytes();
        bytes[at.index(signed.to_bytes().len())] ^= 1 << bit;
        let verdict = SignedCheckpoint::parse(&bytes)
            .and_then(|parsed| parsed.verify(&log().public_key()));
        prop_assert!(verdict.is_err());
    }
}

fn root_of(count: u64) -> Hash {
    tree(count).root()
}

fn log() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn checkpoint(count: u64) -> VerifiedCheckpoint {
    let genesis = Hash::from_bytes([7; 32]);
    let origin = Origin::new(NetworkKind::Test, &genesis, "11990000MB0000017X", 0).unwrap();
    let checkpoint = Checkpoint::new(origin, size(count), tree(count).root()).unwrap();
    VerifiedCheckpoint::sign(&checkpoint, &log()).unwrap()
}
