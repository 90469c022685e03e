//! Statements. What a statement says, said again by another key, differs from it in the name of the
//! key and in the signature alone.

#![no_main]

use concordat_protocol::key::Signer as _;
use concordat_protocol::statement::{Proposal, Statement, sign};
use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;

/// Bytes of a signature, with which a statement ends.
const SIGNATURE_BYTES: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let Ok(statement) = Statement::decode(bytes) else {
        return;
    };
    assert_eq!(statement.as_bytes(), bytes);
    let payload = statement.payload();
    match statement.proposal() {
        Some(proposal) => {
            let again = Proposal::new(payload).expect("what was decoded has an encoding");
            assert_eq!(&again, proposal);
        }
        None => assert_eq!(resigned(bytes, &statement), said_again(&statement)),
    }
});

fn other() -> SigningKey {
    SigningKey::from_bytes(&[0x5a; 32])
}

/// The statement encoded from what was read of it, signed by the other key, without the signature.
fn said_again(statement: &Statement) -> Vec<u8> {
    let header = statement.header();
    let mut bytes = sign(
        &other(),
        header.issuer,
        header.about,
        header.ctx,
        statement.payload(),
    )
    .expect("what was decoded can be said again");
    bytes.truncate(bytes.len() - SIGNATURE_BYTES);
    bytes
}

/// The statement's own bytes with the other key's name, without the signature.
fn resigned(bytes: &[u8], statement: &Statement) -> Vec<u8> {
    let kid = statement.header().kid;
    let kid = kid.as_bytes();
    let mut bytes = bytes[..bytes.len() - SIGNATURE_BYTES].to_vec();
    let at = bytes
        .windows(kid.len())
        .position(|found| found == kid)
        .expect("the header names the key");
    bytes[at..at + kid.len()].copy_from_slice(other().public_key().id().as_bytes());
    bytes
}
