//! Heads of logs as signed notes. A note that is read prints as it was, and so does what it says.

#![no_main]

use concordat_protocol::log::{Checkpoint, SignedCheckpoint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(head) = SignedCheckpoint::parse(bytes) else {
        return;
    };
    assert_eq!(head.to_bytes(), bytes);
    let text = head.claimed().to_string();
    assert!(bytes.starts_with(text.as_bytes()));
    assert_eq!(Checkpoint::parse(&text).as_ref(), Ok(head.claimed()));
});
