//! Requests of administrators and the answers to them.

#![no_main]

use concordat_protocol::admin::{Reply, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode().as_deref(), Ok(bytes));
    }
    if let Ok(reply) = Reply::decode(bytes) {
        assert_eq!(reply.encode().as_deref(), Ok(bytes));
    }
});
