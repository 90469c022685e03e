//! Tests of checkpoints: what is accepted, and one refusal each.

use ed25519_dalek::SigningKey;

use super::*;
use crate::log::{Cosignature, CosignatureTime, hash::leaf_hash};

const ORIGIN: &str = "test-00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff/\
                      11990000MB0000017X/0";

fn log() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn witness() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

fn checkpoint(size: u64) -> Checkpoint {
    let size = TreeSize::new(size).unwrap();
    Checkpoint::new(ORIGIN.parse().unwrap(), size, leaf_hash(b"root")).unwrap()
}

fn signed(size: u64) -> VerifiedCheckpoint {
    VerifiedCheckpoint::sign(&checkpoint(size), &log()).unwrap()
}

fn cosigned(checkpoint: &VerifiedCheckpoint, seconds: u64) -> VerifiedCosignature {
    let time = CosignatureTime::from_unix_seconds(seconds).unwrap();
    let name = checkpoint.origin().witness();
    VerifiedCosignature::sign(checkpoint, name, time, &witness()).unwrap()
}

fn text(origin: &str, size: &str, root: &str) -> String {
    format!("{origin}\n{size}\n{root}\n")
}

fn root() -> String {
    BASE64_STANDARD.encode(leaf_hash(b"root"))
}

fn parse_size_line(size: &str) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::parse(&text(ORIGIN, size, &root()))
}

// spec: LOG-21
#[test]
fn signed_checkpoint_verifies_and_keeps_its_bytes() {
    let made = signed(7);
    let bytes = made.to_bytes();
    let parsed = SignedCheckpoint::parse(&bytes).unwrap();
    assert_eq!(parsed.claimed(), &checkpoint(7));
    let verified = parsed.verify(&log().public_key()).unwrap();
    assert_eq!(verified, made);
    assert_eq!(verified.to_bytes(), bytes);
}

// spec: LOG-21
#[test]
fn verify_refuses_a_checkpoint_by_another_key() {
    let parsed = SignedCheckpoint::parse(&signed(7).to_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&witness().public_key()),
        Err(CheckpointError::NoLogSignature)
    );
}

// spec: LOG-16
#[test]
fn verify_refuses_a_changed_text() {
    let note = signed(7).note().to_string().replace("\n7\n", "\n8\n");
    let parsed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&log().public_key()),
        Err(CheckpointError::SignatureInvalid)
    );
}

// spec: LOG-21
#[test]
fn verify_refuses_two_lines_by_the_log() {
    let mut note = signed(7).note().clone();
    let line = &note.lines()[0];
    let forged = SignatureLine::new(line.key_name().clone(), line.key_id(), vec![0; 64]).unwrap();
    note.add_line(forged).unwrap();
    let parsed = SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&log().public_key()),
        Err(CheckpointError::SeveralLogSignatures)
    );
}

/// A witness key that is also presented as a log key must not turn its cosignature into one.
// spec: LOG-21
#[test]
fn verify_refuses_a_cosignature_in_place_of_the_log_signature() {
    let mut checkpoint = signed(7);
    let cosignature = cosigned(&checkpoint, 1);
    checkpoint.add_cosignature(&cosignature).unwrap();
    let parsed = SignedCheckpoint::parse(&checkpoint.to_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&witness().public_key()),
        Err(CheckpointError::NoLogSignature)
    );
}

struct Faulty;

impl Signer for Faulty {
    fn public_key(&self) -> PublicKey {
        log().public_key()
    }

    fn sign(&self, message: &[u8]) -> crate::key::SignatureBytes {
        Signer::sign(&witness(), message)
    }
}

#[test]
fn sign_refuses_what_its_signer_got_wrong() {
    assert_eq!(
        VerifiedCheckpoint::sign(&checkpoint(7), &Faulty),
        Err(CheckpointError::SignatureInvalid)
    );
}

// spec: LOG-19
#[test]
fn parse_refuses_an_extension_line() {
    let text = text(ORIGIN, "7", &root()) + "more\n";
    assert_eq!(
        Checkpoint::parse(&text),
        Err(CheckpointError::ExtensionLines)
    );
}

#[test]
fn parse_refuses_two_lines() {
    assert_eq!(
        Checkpoint::parse(&format!("{ORIGIN}\n7\n")),
        Err(CheckpointError::LineCount)
    );
}

#[test]
fn parse_refuses_a_last_line_without_newline() {
    let text = text(ORIGIN, "7", &root());
    assert_eq!(
        Checkpoint::parse(text.trim_end()),
        Err(CheckpointError::LineCount)
    );
}

#[test]
fn parse_refuses_another_origin() {
    assert_eq!(
        Checkpoint::parse(&text("example.com/log", "7", &root())),
        Err(CheckpointError::Origin(OriginError::PartCount { found: 2 }))
    );
}

// spec: LOG-18
#[test]
fn parse_refuses_a_size_with_a_leading_zero() {
    assert_eq!(parse_size_line("07"), Err(CheckpointError::SizeLeadingZero));
}

// spec: LOG-18
#[test]
fn parse_refuses_a_size_with_a_sign() {
    assert_eq!(parse_size_line("+7"), Err(CheckpointError::SizeNotDecimal));
}

// spec: LOG-18
#[test]
fn parse_refuses_an_empty_size() {
    assert_eq!(parse_size_line(""), Err(CheckpointError::SizeNotDecimal));
}

// spec: LOG-5
#[test]
fn parse_refuses_a_size_of_two_to_the_63() {
    assert!(parse_size_line("9223372036854775807").is_ok());
    assert_eq!(
        parse_size_line("9223372036854775808"),
        Err(CheckpointError::SizeTooLarge)
    );
    assert_eq!(
        parse_size_line("99999999999999999999"),
        Err(CheckpointError::SizeTooLarge)
    );
}

#[test]
fn parse_refuses_a_root_of_31_bytes() {
    let root = BASE64_STANDARD.encode([0; 31]);
    assert_eq!(
        Checkpoint::parse(&text(ORIGIN, "7", &root)),
        Err(CheckpointError::Root)
    );
}

#[test]
fn parse_refuses_a_root_without_padding() {
    let root = root().trim_end_matches('=').to_owned();
    assert_eq!(
        Checkpoint::parse(&text(ORIGIN, "7", &root)),
        Err(CheckpointError::Root)
    );
}

// spec: LOG-20
#[test]
fn parse_refuses_an_empty_tree_with_another_root() {
    assert_eq!(parse_size_line("0"), Err(CheckpointError::EmptyTreeRoot));
    let empty = BASE64_STANDARD.encode(empty_root());
    assert!(Checkpoint::parse(&text(ORIGIN, "0", &empty)).is_ok());
}

#[test]
fn cosignature_of_another_checkpoint_is_not_added() {
    let cosignature = cosigned(&signed(8), 1);
    assert_eq!(
        signed(7).add_cosignature(&cosignature),
        Err(CheckpointError::CosignatureOfAnother)
    );
}

#[test]
fn newer_cosignature_replaces_the_older_one() {
    let mut checkpoint = signed(7);
    for (seconds, expected) in [(5, 5), (9, 9), (6, 9)] {
        let cosignature = cosigned(&checkpoint, seconds);
        checkpoint.add_cosignature(&cosignature).unwrap();
        assert_eq!(checkpoint.note().lines().len(), 2);
        let held = Cosignature::try_from(&checkpoint.note().lines()[1]).unwrap();
        assert_eq!(held.time().unix_seconds(), expected);
    }
    assert_eq!(checkpoint.without_cosignatures(), signed(7));
}

/// Whoever passes a head on can add a line with a later time under a witness's name and key id.
// spec: LOG-31
#[test]
fn forged_line_gives_way_to_a_cosignature_that_verifies() {
    let mut checkpoint = signed(7);
    let forged = {
        let line = cosigned(&checkpoint, 99).cosignature().to_line();
        let mut bytes = line.signature().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        SignatureLine::new(line.key_name().clone(), line.key_id(), bytes).unwrap()
    };
    checkpoint.note.add_line(forged).unwrap();
    let good = cosigned(&checkpoint, 5);
    checkpoint.add_cosignature(&good).unwrap();
    let found = checkpoint.cosignature_by(good.witness(), &witness().public_key());
    assert_eq!(found, Ok(Some(good)));
    assert_eq!(checkpoint.note().lines().len(), 2);
}
