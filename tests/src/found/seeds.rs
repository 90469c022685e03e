//! What a search begins with.

use concordat_certs::certificate::{self, Validity};
use concordat_protocol::admin::{
    AdminError, BundleAsk, ErrorCode, LookUp, Reply, Request, WatchAsk,
};
use concordat_protocol::bundle;
use concordat_protocol::log::{Checkpoint, Hash, LeafIndex, Origin, TreeSize, VerifiedCheckpoint};
use concordat_protocol::message::{BodyEntry, Frame};
use concordat_protocol::statement::{Body, Kind, Leaf, SALT_BYTES};
use concordat_protocol::text::Text;
use ed25519_dalek::SigningKey;
use serde_json::Value;

use crate::found::{KEPT_BYTES_MAX, Target};
use crate::{malformed, tree};

pub(super) fn of(target: Target) -> Vec<Vec<u8>> {
    match target {
        Target::Frame => frames(),
        Target::Statement => vectors("statement"),
        Target::Entry => entries(),
        Target::Certificate => vec![certificate()],
        Target::Checkpoint => vec![head()],
        Target::Bundle => vec![bundle()],
        Target::Request => messages(),
    }
}

fn origin() -> Origin {
    let text = format!("test-{}/11230000000000000M/0", "0".repeat(64));
    text.parse().expect("the form of an origin")
}

/// The inputs of the vectors of an area.
fn vectors(area: &str) -> Vec<Vec<u8>> {
    let folder = format!("spec/vectors/{area}/");
    let mut found = Vec::new();
    for file in tree::files(".json") {
        if file.path.starts_with(&folder) {
            let cases: Value = serde_json::from_str(&file.text).expect("vectors are JSON");
            let cases = cases.as_array().into_iter().flatten();
            found.extend(cases.filter_map(|case| bytes(case["input"].as_str()?)));
        }
    }
    found.retain(|input| input.len() <= KEPT_BYTES_MAX);
    found
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect()
}

fn entry() -> (Vec<u8>, Vec<u8>) {
    let salt = [7; SALT_BYTES];
    let body = Body::new(salt, b"a statement".to_vec()).expect("it is short");
    let leaf = Leaf {
        kind: Kind::Act,
        vis: concordat_certs::network::VIS_PUBLIC,
        commit: body.commit(),
        target: Some(LeafIndex::new(3)),
        ctx: TreeSize::ZERO,
    };
    (leaf.encode(), body.encode())
}

fn entries() -> Vec<Vec<u8>> {
    let (leaf, body) = entry();
    [vectors("leaf"), vec![leaf, body]].concat()
}

fn head() -> Vec<u8> {
    let size = TreeSize::new(5).expect("a small size");
    let head = Checkpoint::new(origin(), size, Hash::from_bytes([7; 32]));
    let head = head.expect("only the empty tree has one root");
    let head = VerifiedCheckpoint::sign(&head, &SigningKey::from_bytes(&[1; 32]));
    head.expect("a head can be signed").to_bytes()
}

fn frames() -> Vec<Vec<u8>> {
    let (leaf, body) = entry();
    let note = head();
    let whole = [
        Frame::Checkpoint { note: &note },
        Frame::Push {
            note: &note,
            begin: LeafIndex::new(4),
            tail: vec![(&leaf, Some(&body))],
        },
        Frame::BodyBlock {
            next: TreeSize::ZERO,
            entries: vec![BodyEntry {
                index: LeafIndex::new(4),
                leaf: &leaf,
                body: Ok(&body),
            }],
        },
    ];
    let whole = whole.iter().map(Frame::encode);
    malformed::valid_frames(&origin())
        .into_iter()
        .chain(whole)
        .collect()
}

/// The one that the program of this target knows.
fn certificate() -> Vec<u8> {
    let validity = Validity::from_unix_seconds(1, 2).expect("the second after the first");
    let issued = certificate::issue(&SigningKey::from_bytes(&[3; 32]), validity);
    issued.expect("the encoder refuses nothing of ours")
}

/// A bundle without a trust chain, as short as they come: one head and a statement of its log.
fn bundle() -> Vec<u8> {
    let (_, body) = entry();
    let leaf = Leaf {
        kind: Kind::Data,
        vis: concordat_certs::network::VIS_PUBLIC,
        commit: Body::decode(&body).expect("a body").commit(),
        target: None,
        ctx: TreeSize::ZERO,
    };
    let string = |bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("a short string");
        [&[0x58, length][..], bytes].concat()
    };
    let long = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).expect("a string of two bytes' length");
        [&[0x59][..], &length.to_be_bytes(), bytes].concat()
    };
    let (head, leaf) = (head(), leaf.encode());
    let head = match head.len() {
        ..256 => string(&head),
        _ => long(&head),
    };
    [
        &bundle::MAGIC[..],
        &[bundle::VERSION, 0xa4],
        // Trust: the registry's size and root.
        &[0x01, 0xa2, 0x03, 0x03, 0x04],
        &string(&[7; 32]),
        &[0x02, 0x81],
        &head,
        // The statement: head 0, position 0.
        &[0x03, 0xa4, 0x01, 0x00, 0x02, 0x00, 0x03],
        &string(&leaf),
        &[0x04],
        &string(&body),
        &[0x07, 0x01],
    ]
    .concat()
}

fn messages() -> Vec<Vec<u8>> {
    let target = "A〔2025〕1号".parse().expect("a document number");
    let asked = [
        Request::Status,
        Request::Watch(WatchAsk { interval_ms: 500 }),
        Request::BundleExport(BundleAsk {
            target,
            look_up: Some(LookUp {
                purpose: Text::new("audit").expect("a short text"),
                case_number: Text::new("2025-1").expect("a short text"),
                basis: Text::new("审计法 第三十四条").expect("a short text"),
                scenario: None,
                receipt: None,
            }),
            receiver: None,
        }),
    ];
    let error = AdminError::new(ErrorCode::Busy).with("retry_after_ms", 250);
    let answered = [Reply::Error(error), Reply::Peers(Vec::new())];
    let asked = asked.iter().map(Request::encode);
    asked
        .chain(answered.iter().map(Reply::encode))
        .map(|message| message.expect("ours have an encoding"))
        .collect()
}
