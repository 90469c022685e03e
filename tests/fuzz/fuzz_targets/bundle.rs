//! Proof bundles. The digest at the end is put on here, or nothing would be read before it fits.

#![no_main]

use concordat_protocol::bundle::Bundle;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let whole = [bytes, &Sha256::digest(bytes)].concat();
    if let Ok(bundle) = Bundle::decode(&whole) {
        assert_eq!(bundle.encode().as_ref(), Ok(&whole));
    }
});
