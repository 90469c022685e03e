use proptest::prelude::*;

use super::*;
use crate::log::NetworkKind;

fn log() -> Origin {
    let genesis = Hash::from_bytes([5; 32]);
    Origin::new(NetworkKind::Test, &genesis, "112304000000000197", 0).unwrap()
}

fn size(count: u64) -> TreeSize {
    TreeSize::new(count).unwrap()
}

/// One frame of every type.
fn frames() -> Vec<Frame<'static>> {
    let (hash, index) = (Hash::from_bytes([7; 32]), LeafIndex::new(300));
    vec![
        Frame::Hello {
            version: VERSION,
            genesis: hash,
            member: AuthorityCode::parse("112304000000000197").unwrap(),
            digest: hash,
            features: vec![3, 900],
        },
        Frame::Frontier(vec![FrontierEntry {
            origin: log(),
            size: size(9),
            root: hash,
            bodies: size(3),
            vouched: Vouched::of([(AuthorityCode::parse("112304000000000197").unwrap(), size(9))]),
        }]),
        Frame::Checkpoint { note: b"note" },
        Frame::Push {
            note: b"note",
            begin: index,
            tail: vec![(b"leaf", Some(b"body")), (b"l", None)],
        },
        Frame::Cosign {
            origin: log(),
            size: size(9),
            root: hash,
            line: "line",
        },
        Frame::Fork {
            first: b"a",
            second: b"b",
            proof: vec![hash],
        },
        Frame::Error {
            code: ErrorCode::Busy,
            retry_after_ms: 1_000,
        },
        Frame::Range {
            origin: log(),
            begin: index,
            end: size(400),
            size: size(500),
        },
        Frame::Block {
            begin: index,
            leaves: vec![b"leaf"],
            cover: vec![hash, hash],
        },
        Frame::Bodies {
            origin: log(),
            begin: index,
            end: size(400),
            filter: BodyFilter::Acts,
        },
        Frame::BodyBlock {
            next: size(400),
            entries: vec![
                BodyEntry {
                    index,
                    leaf: b"leaf",
                    body: Ok(b"body"),
                },
                BodyEntry {
                    index,
                    leaf: b"leaf",
                    body: Err(Absence::Erased),
                },
            ],
        },
        Frame::Consistency {
            origin: log(),
            old: size(1),
            new: size(2),
        },
        Frame::Proof(vec![hash]),
    ]
}

// spec: EXC-2
#[test]
fn every_frame_round_trips_and_no_byte_of_it_is_idle() {
    for frame in frames() {
        let bytes = frame.encode();
        assert_eq!(Frame::decode(&bytes), Ok(frame.clone()));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(
                Frame::decode(&changed),
                Ok(frame.clone()),
                "byte {at} of {frame:?}"
            );
            assert!(Frame::decode(&bytes[..at]).is_err());
        }
        assert!(Frame::decode(&[bytes, vec![0]].concat()).is_err());
    }
}

// spec: EXC-75
#[test]
fn signature_line_longer_than_that_of_any_cosignature_is_refused() {
    let max = limits::COSIGNATURE_LINE_BYTES_MAX;
    assert_eq!(max, 364);
    let cosign = |bytes| {
        let (origin, line) = (log(), "a".repeat(bytes));
        let (size, root) = (size(9), Hash::from_bytes([7; 32]));
        let frame = Frame::Cosign {
            origin,
            size,
            root,
            line: &line,
        };
        frame.encode()
    };
    assert!(Frame::decode(&cosign(max)).is_ok());
    let refused = FrameError::LineTooLong { bytes: max + 1 };
    assert_eq!(Frame::decode(&cosign(max + 1)), Err(refused));
}

// spec: EXC-1
#[test]
fn frame_of_unknown_type_or_shape_is_refused() {
    let frame = |count: u64, kind: u64| {
        let mut writer = Writer::default();
        writer.array(count).unsigned(kind).unsigned(0);
        Frame::decode(&writer.finish()).unwrap_err()
    };
    assert_eq!(frame(2, 8), FrameError::Unknown { kind: 8 });
    assert_eq!(frame(2, 16), FrameError::Unknown { kind: 16 });
    assert_eq!(frame(2, 7), FrameError::ItemCount { kind: 7, count: 2 });
    assert_eq!(
        frame(2, 3),
        FrameError::Decode(DecodeError::Unexpected {
            offset: 2,
            wanted: "a note"
        })
    );
    let mut writer = Writer::default();
    writer.array(3).unsigned(7).unsigned(99).unsigned(0);
    assert_eq!(
        Frame::decode(&writer.finish()),
        Err(FrameError::Code { code: 99 })
    );
}

// spec: EXC-3
#[test]
fn frame_past_a_mebibyte_and_lists_past_their_limit_are_refused() {
    let long = vec![0; limits::FRAME_BYTES_MAX + 1];
    assert_eq!(
        Frame::decode(&long),
        Err(FrameError::TooLong { bytes: long.len() })
    );
    let mut writer = Writer::default();
    writer.array(2).unsigned(15).array(64);
    assert_eq!(
        Frame::decode(&writer.finish()),
        Err(FrameError::TooMany { count: 64 })
    );
    let leaf = [0; LEAF_BYTES_MAX + 1];
    let block = Frame::Block {
        begin: LeafIndex::new(0),
        leaves: vec![&leaf],
        cover: vec![],
    };
    let refused = Frame::decode(&block.encode()).map(|_| ());
    assert_eq!(refused, Err(FrameError::LeafTooLong { bytes: leaf.len() }));
}

proptest! {
    // spec: EXC-2
    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes: Vec<u8>) {
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert_eq!(frame.encode(), bytes);
        }
    }
}

// spec: EXC-27
#[test]
fn features_that_do_not_ascend_or_are_too_many_are_refused() {
    let hello = |features: Vec<u64>| {
        let frame = Frame::Hello {
            version: VERSION,
            genesis: Hash::from_bytes([5; 32]),
            member: AuthorityCode::parse("112304000000000197").unwrap(),
            digest: Hash::from_bytes([6; 32]),
            features,
        };
        Frame::decode(&frame.encode()).map(|_| ())
    };
    let most = limits::FEATURES_MAX as u64;
    assert_eq!(hello((0..most).collect()), Ok(()));
    let count = most + 1;
    assert_eq!(
        hello((0..count).collect()),
        Err(FrameError::TooMany { count })
    );
    assert_eq!(hello(vec![2, 1]), Err(FrameError::FeatureOrder));
    assert_eq!(hello(vec![1, 1]), Err(FrameError::FeatureOrder));
}
