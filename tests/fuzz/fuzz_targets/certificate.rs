//! Certificates that peers show. Nobody here can sign for the key of the one that is known to be
//! good, so no other bytes are a certificate of that key.

#![no_main]

use std::sync::LazyLock;

use concordat_certs::certificate::{self, Validity};
use concordat_protocol::key::PublicKey;
use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;

/// A certificate with its key. The seeds of the corpus have it too.
static GOOD: LazyLock<(PublicKey, Vec<u8>)> = LazyLock::new(|| {
    let validity = Validity::from_unix_seconds(1, 2).expect("the second after the first");
    let good = certificate::issue(&SigningKey::from_bytes(&[3; 32]), validity);
    let good = good.expect("the encoder refuses nothing of ours");
    (certificate::key_of(&good).expect("it is good"), good)
});

fuzz_target!(|bytes: &[u8]| {
    let (good_key, good) = &*GOOD;
    if let Ok(key) = certificate::key_of(bytes)
        && key == *good_key
    {
        assert_eq!(bytes, good, "a second certificate under one signature");
    }
});
