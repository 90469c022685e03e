//! How a connection begins, and what ends it.

use super::*;

// spec: EXC-4
#[test]
fn every_frame_before_hello_on_the_control_stream_ends_the_connection() {
    let origin = Bench::new().origin();
    let (begin, end) = (LeafIndex::new(0), TreeSize::new(1).unwrap());
    let frames = [
        Frame::Frontier(Vec::new()),
        Frame::Checkpoint { note: b"" },
        Frame::Error {
            code: ErrorCode::Busy,
            retry_after_ms: 0,
        },
        Frame::Range {
            origin,
            begin,
            end,
            size: end,
        },
        Frame::Proof(Vec::new()),
    ];
    let refused = [
        report(Violation::HelloExpected),
        close(ErrorCode::Unexpected),
    ];
    for frame in &frames {
        assert_eq!(Bench::new().control(frame), refused, "{frame:?}");
    }
}

/// Streams have no order among each other: a request on one of its own may overtake HELLO. Whoever
/// asked was disconnected, and rested for two seconds.
// spec: EXC-90
#[test]
fn request_that_overtakes_hello_is_answered_after_it() {
    let mut bench = Bench::new();
    let (begin, end) = (LeafIndex::new(0), TreeSize::new(1).unwrap());
    let range = Frame::Range {
        origin: bench.origin(),
        begin,
        end,
        size: end,
    };
    for serve in 0..2 {
        assert_eq!(bench.request(serve, &range), []);
    }
    let member = bench.network.members[0].code();
    let actions = bench.control(&hello(bench.network.genesis.id(), member));
    let answered = actions.iter().filter_map(|action| {
        let (Action::Serve { serve, .. } | Action::Refuse { serve, .. }) = action else {
            return None;
        };
        Some(*serve)
    });
    assert_eq!(answered.collect::<Vec<_>>(), [ServeId(0), ServeId(1)]);
}

// spec: EXC-90
#[test]
fn requests_that_wait_for_hello_are_few() {
    let mut bench = Bench::new();
    let (begin, end) = (LeafIndex::new(0), TreeSize::new(1).unwrap());
    let range = Frame::Range {
        origin: bench.origin(),
        begin,
        end,
        size: end,
    };
    let few = limits::REQUESTS_UNDER_WAY_MAX as u64;
    for serve in 0..few {
        assert_eq!(bench.request(serve, &range), []);
    }
    let actions = bench.request(few, &range);
    assert!(actions.contains(&report(Violation::TooManyRequests)));
}

#[test]
fn inputs_about_nothing_known_do_nothing() {
    let (peer, request) = (PeerId(7), RequestId(7));
    let bytes = &[0xff_u8][..];
    let inputs = [
        Input::Closed { peer },
        Input::Control { peer, bytes },
        Input::Answer {
            peer: PEER,
            request,
            bytes,
        },
        Input::RequestFailed {
            peer: PEER,
            request,
        },
        Input::Served {
            peer,
            serve: ServeId(7),
            next: None,
        },
        Input::Stored { store: StoreId(7) },
        Input::Settled,
        Input::Deadline,
    ];
    for input in inputs {
        assert_eq!(Bench::new().feed(input.clone()), [], "{input:?}");
    }
}

// spec: EXC-12
#[test]
fn sixteenth_invalid_object_ends_the_connection() {
    let mut bench = Bench::greeted();
    let bad = Frame::Checkpoint { note: b"no note" };
    for _ in 1..limits::INVALID_OBJECTS.burst {
        assert_eq!(bench.control(&bad), [report(Violation::BadCheckpoint)]);
    }
    let last = [
        report(Violation::BadCheckpoint),
        close(ErrorCode::Unverified),
    ];
    assert_eq!(bench.control(&bad), last);
    assert_eq!(bench.control(&bad), []);
}

// spec: EXC-5
#[test]
fn hello_of_another_version_network_or_member_ends_the_connection() {
    let hello = |version: u64, genesis: Option<Hash>, member: usize| {
        let mut bench = Bench::new();
        let genesis = genesis.unwrap_or_else(|| bench.network.genesis.id());
        let member = bench.network.members[member].code();
        let digest = Hash::from_bytes([9; 32]);
        bench.control(&Frame::Hello {
            version,
            genesis,
            member,
            digest,
            features: Vec::new(),
        })
    };
    let refused = |violation: Violation| [report(violation), close(violation.error_code())];
    assert_eq!(hello(2, None, 0), refused(Violation::WrongVersion));
    let other = Some(Hash::from_bytes([1; 32]));
    assert_eq!(hello(VERSION, other, 0), refused(Violation::WrongNetwork));
    assert_eq!(hello(VERSION, None, 1), refused(Violation::WrongMember));
    assert!(matches!(hello(VERSION, None, 0)[..], [Action::Send { .. }]));
}
