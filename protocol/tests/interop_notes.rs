//! Notes, checkpoints, roots and proofs against `signed_note` and `tlog_tiles`, which others wrote:
//! what we make they accept, what they make we accept, and what we refuse for a bad signature they
//! refuse as well.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use concordat_protocol::{
    key::Signer as _,
    log::{
        Checkpoint, ConsistencyProof, CosignatureTime, Hash, InclusionProof, LeafIndex, MemoryTree,
        NetworkKind, Origin, SignedCheckpoint, TreeSize, VerifiedCheckpoint, VerifiedCosignature,
        checkpoint::CheckpointError,
        hash::leaf_hash,
        note::{NoteKeyId, SignatureType},
    },
};
use ed25519_dalek::SigningKey;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList, new_ed25519_verifier_key};

fn log() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn size(count: u64) -> TreeSize {
    TreeSize::new(count).unwrap()
}

fn origin() -> Origin {
    let genesis = Hash::from_bytes([7; 32]);
    Origin::new(NetworkKind::Test, &genesis, "11990000MB0000017X", 0).unwrap()
}

fn checkpoint(count: u64) -> Checkpoint {
    Checkpoint::new(origin(), size(count), leaf_hash(&count.to_be_bytes())).unwrap()
}

fn their_verifiers(key: &SigningKey) -> VerifierList {
    let text = new_ed25519_verifier_key(origin().as_str(), &key.verifying_key());
    VerifierList::new(vec![Box::new(StandardVerifier::new(&text).unwrap())])
}

fn their_signer(key: &SigningKey) -> StandardSigner {
    let origin = origin();
    let id = NoteKeyId::of(origin.as_str(), SignatureType::Ed25519, &key.public_key());
    let secret = BASE64_STANDARD.encode([&[0x01][..], key.as_bytes()].concat());
    StandardSigner::new(&format!("PRIVATE+KEY+{origin}+{id}+{secret}")).unwrap()
}

#[test]
fn our_checkpoint_verifies_with_their_library() {
    for count in [1, 7, 256, 1 << 40] {
        let ours = VerifiedCheckpoint::sign(&checkpoint(count), &log()).unwrap();
        let note = Note::from_bytes(&ours.to_bytes()).unwrap();
        let (verified, unknown) = note.verify(&their_verifiers(&log())).unwrap();
        assert_eq!((verified.len(), unknown.len()), (1, 0));
        let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(theirs.origin(), origin().as_str());
        assert_eq!(theirs.size(), count);
        assert_eq!(&theirs.hash().0, ours.root().as_bytes());
        assert_eq!(theirs.extension(), "");
        assert_eq!(note.to_bytes(), ours.to_bytes());
    }
}

#[test]
fn their_checkpoint_verifies_with_ours() {
    let (origin, root) = (origin(), leaf_hash(b"root"));
    let hash = tlog_tiles::Hash(*root.as_bytes());
    let theirs = tlog_tiles::Checkpoint::new(origin.as_str(), 12, hash, "").unwrap();
    let mut note = Note::new(&theirs.to_bytes(), &[]).unwrap();
    note.add_sigs(&[&their_signer(&log())]).unwrap();
    let parsed = SignedCheckpoint::parse(&note.to_bytes()).unwrap();
    let verified = parsed.verify(&log().public_key()).unwrap();
    assert_eq!(
        verified.checkpoint(),
        &Checkpoint::new(origin, size(12), root).unwrap()
    );
    assert_eq!(verified.to_bytes(), note.to_bytes());
}

#[test]
fn their_checkpoint_with_an_extension_is_refused_by_ours() {
    let hash = tlog_tiles::Hash([1; 32]);
    let theirs = tlog_tiles::Checkpoint::new(origin().as_str(), 12, hash, "more\n").unwrap();
    let mut note = Note::new(&theirs.to_bytes(), &[]).unwrap();
    note.add_sigs(&[&their_signer(&log())]).unwrap();
    assert_eq!(
        SignedCheckpoint::parse(&note.to_bytes()),
        Err(CheckpointError::ExtensionLines)
    );
}

#[test]
fn changed_checkpoint_is_refused_by_both() {
    let ours = VerifiedCheckpoint::sign(&checkpoint(7), &log()).unwrap();
    let changed = ours.note().to_string().replace("\n7\n", "\n8\n");
    let note = Note::from_bytes(changed.as_bytes()).unwrap();
    assert!(note.verify(&their_verifiers(&log())).is_err());
    let parsed = SignedCheckpoint::parse(changed.as_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&log().public_key()),
        Err(CheckpointError::SignatureInvalid)
    );
}

#[test]
fn their_library_keeps_our_cosignature_as_an_unknown_line() {
    let mut ours = VerifiedCheckpoint::sign(&checkpoint(7), &log()).unwrap();
    let witness = SigningKey::from_bytes(&[4; 32]);
    let time = CosignatureTime::from_unix_seconds(1_679_315_147).unwrap();
    let cosignature =
        VerifiedCosignature::sign(&ours, ours.origin().witness(), time, &witness).unwrap();
    ours.add_cosignature(&cosignature).unwrap();
    let note = Note::from_bytes(&ours.to_bytes()).unwrap();
    let (verified, unknown) = note.verify(&their_verifiers(&log())).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 1));
    assert_eq!(unknown[0].name(), ours.origin().witness().as_str());
    assert_eq!(unknown[0].signature().len(), 8 + 64);
}

/// The example in `spec/log.md`, made again from its test keys.
// spec: LOG-15, LOG-21, LOG-22
#[test]
fn specification_example_is_what_its_keys_make() {
    let spec = include_str!("../../spec/log.md");
    let (log, witness) = (
        SigningKey::from_bytes(&[1; 32]),
        SigningKey::from_bytes(&[2; 32]),
    );
    let (_, note) = spec.split_once("```\n").unwrap();
    let (note, rest) = note.split_once("```\n").unwrap();
    let (_, message) = rest.split_once("```\n").unwrap();
    let (message, _) = message.split_once("```\n").unwrap();

    let parsed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    let verified = parsed.verify(&log.public_key()).unwrap();
    let tree: MemoryTree = [b"one", b"two"]
        .into_iter()
        .map(|leaf| leaf_hash(leaf))
        .collect();
    assert_eq!(
        (verified.size(), verified.root()),
        (tree.size(), &tree.root())
    );

    let name = verified.origin().witness();
    let cosignature = verified
        .cosignature_by(&name, &witness.public_key())
        .unwrap()
        .unwrap();
    let signature =
        ed25519_dalek::Signature::from_slice(&cosignature.cosignature().to_line().signature()[8..]);
    let key = witness.verifying_key();
    assert!(
        key.verify_strict(message.as_bytes(), &signature.unwrap())
            .is_ok()
    );
}

/// Their hashes, stored in the order that their library numbers them.
#[derive(Default)]
struct TheirHashes(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for TheirHashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[usize::try_from(*index).unwrap()])
            .collect())
    }
}

fn both_trees(seed: u64, count: u64) -> (MemoryTree, TheirHashes) {
    let (mut ours, mut theirs) = (MemoryTree::new(), TheirHashes::default());
    for index in 0..count {
        let leaf = [seed.to_be_bytes(), index.to_be_bytes()].concat();
        ours.append(leaf_hash(&leaf));
        let hashes = tlog_tiles::stored_hashes(index, &leaf, &theirs).unwrap();
        theirs.0.extend(hashes);
    }
    (ours, theirs)
}

fn ours_from(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash::from_bytes(hash.0)).collect()
}

/// A small generator with a fixed start: the same thousand trees on every run.
fn next(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn roots_and_proofs_agree_on_a_thousand_trees() {
    let mut state = 1;
    for seed in 0..1000 {
        let new = 1 + next(&mut state, 200);
        let (old, index) = (1 + next(&mut state, new), next(&mut state, new));
        let (ours, theirs) = both_trees(seed, new);
        let old_root = ours.root_at(size(old)).unwrap();
        let their_root = tlog_tiles::tree_hash(new, &theirs).unwrap();
        assert_eq!(ours.root().as_bytes(), &their_root.0);
        let their_old_root = tlog_tiles::tree_hash(old, &theirs).unwrap();
        assert_eq!(old_root.as_bytes(), &their_old_root.0);

        let inclusion = InclusionProof::build(&ours, LeafIndex::new(index), size(new)).unwrap();
        let their_inclusion = tlog_tiles::prove_record(new, index, &theirs).unwrap();
        assert_eq!(inclusion.hashes(), ours_from(&their_inclusion));

        let consistency = ConsistencyProof::build(&ours, size(old), size(new)).unwrap();
        let their_consistency = tlog_tiles::prove_tree(new, old, &theirs).unwrap();
        assert_eq!(consistency.hashes(), ours_from(&their_consistency));
        tlog_tiles::check_tree(&their_consistency, new, their_root, old, their_old_root).unwrap();
    }
}
