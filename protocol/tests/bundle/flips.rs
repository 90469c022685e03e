//! Every byte of a bundle counts: no change to any of them goes unnoticed, digest or not.

use std::collections::BTreeMap;
use std::mem::discriminant;

use concordat_protocol::bundle::{BundleError, MAGIC, TrustParts, verify};
use concordat_protocol::trust::Registry;

use crate::fixture::{Case, redigest};

// spec: BUN-2
#[test]
fn every_flipped_byte_is_found_by_the_digest() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    for at in 0..bytes.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut flipped = bytes.clone();
            flipped[at] ^= mask;
            let refused = verify(&flipped, &case.net.anchor(), None).unwrap_err();
            // Without its magic a file is called no bundle instead of a damaged one.
            let expected = match at < MAGIC.len() {
                true => BundleError::NotABundle,
                false => BundleError::DigestMismatch,
            };
            assert_eq!(refused, expected, "byte {at}");
        }
    }
}

// spec: BUN-9
#[test]
fn no_flipped_byte_of_a_bundle_without_trust_chain_survives_a_new_digest() {
    let case = Case::new(5);
    let bytes = case.bytes(TrustParts::External);
    let masks = |at: usize| vec![1_u8 << (at % 8), 0xff];
    let causes = flip_all(&bytes, &case, Some(&case.net.registry), masks);
    assert!(causes.len() >= 7, "{causes:?}");
}

// spec: BUN-9
#[test]
fn no_flipped_byte_of_a_whole_bundle_survives_a_new_digest() {
    let case = Case::new(5);
    let bytes = case.bytes(case.net.included());
    let causes = flip_all(&bytes, &case, None, |at| vec![1 << (at % 8)]);
    assert!(causes.len() >= 7, "{causes:?}");
}

// spec: BUN-9
#[test]
#[ignore = "takes minutes: every bit of both forms"]
fn no_flipped_bit_survives_a_new_digest() {
    let case = Case::new(5);
    let masks = |_: usize| (0..8).map(|bit| 1_u8 << bit).collect();
    for trust in [case.net.included(), TrustParts::External] {
        let bytes = case.bytes(trust);
        flip_all(&bytes, &case, Some(&case.net.registry), masks);
    }
}

// spec: BUN-2
#[test]
fn cut_and_extended_files_are_found_by_the_digest() {
    let case = Case::new(5);
    let bytes = case.bytes(TrustParts::External);
    let anchor = case.net.anchor();
    for length in 0..bytes.len() {
        let expected = match length {
            0..41 => BundleError::TooShort { bytes: length },
            _ => BundleError::DigestMismatch,
        };
        assert_eq!(
            verify(&bytes[..length], &anchor, None).unwrap_err(),
            expected
        );
    }
    let mut extended = bytes;
    extended.push(0);
    let refused = verify(&extended, &anchor, None).unwrap_err();
    assert_eq!(refused, BundleError::DigestMismatch);
}

/// Changes every byte in turn, gives the file a digest that fits, and returns the causes found.
fn flip_all(
    bytes: &[u8],
    case: &Case,
    registry: Option<&Registry>,
    masks: impl Fn(usize) -> Vec<u8>,
) -> BTreeMap<String, BundleError> {
    let mut causes = BTreeMap::new();
    let anchor = case.net.anchor();
    assert!(verify(bytes, &anchor, registry).is_ok());
    for at in 0..bytes.len() - 32 {
        for mask in masks(at) {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= mask;
            redigest(&mut flipped);
            let refused = verify(&flipped, &anchor, registry);
            let refused = refused
                .map(|_| ())
                .expect_err("a flipped byte was harmless");
            assert_ne!(refused, BundleError::DigestMismatch);
            causes.insert(format!("{:?}", discriminant(&refused)), refused);
        }
    }
    causes
}
