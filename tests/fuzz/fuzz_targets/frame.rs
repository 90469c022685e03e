//! Frames of the exchange, and what stands in them. A frame has one encoding.

#![no_main]

use concordat_protocol::log::SignedCheckpoint;
use concordat_protocol::message::Frame;
use concordat_protocol::statement::{Body, Leaf, Statement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = Frame::decode(bytes) else {
        return;
    };
    assert_eq!(frame.encode(), bytes, "{frame:?} has another encoding");
    match frame {
        Frame::Checkpoint { note } => see_note(note),
        Frame::Push { note, tail, .. } => {
            see_note(note);
            for (leaf, body) in tail {
                see_entry(leaf, body);
            }
        }
        Frame::Fork { first, second, .. } => {
            see_note(first);
            see_note(second);
        }
        Frame::Block { leaves, .. } => leaves.into_iter().for_each(|leaf| see_entry(leaf, None)),
        Frame::BodyBlock { entries, .. } => {
            for entry in entries {
                see_entry(entry.leaf, entry.body.ok());
            }
        }
        Frame::Hello { .. }
        | Frame::Frontier(_)
        | Frame::Cosign { .. }
        | Frame::Error { .. }
        | Frame::Range { .. }
        | Frame::Bodies { .. }
        | Frame::Consistency { .. }
        | Frame::Proof(_) => {}
    }
});

fn see_note(note: &[u8]) {
    if let Ok(note_read) = SignedCheckpoint::parse(note) {
        assert_eq!(note_read.to_bytes(), note);
    }
}

fn see_entry(leaf: &[u8], body: Option<&[u8]>) {
    if let Ok(leaf_read) = Leaf::decode(leaf) {
        assert_eq!(leaf_read.encode(), leaf);
    }
    if let Some(Ok(body)) = body.map(Body::decode) {
        // Read for its panics alone.
        let _ = Statement::decode(body.statement());
    }
}
