//! Requests that are refused.

use super::*;

// spec: EXC-18
#[test]
fn request_for_what_is_not_held_or_out_of_order_is_refused_by_name() {
    let mut bench = Bench::holding();
    let origin = bench.origin();
    let unknown = bench
        .network
        .genesis
        .origin(bench.network.members[1].code(), LogNumber::Statements);
    let range = |origin: &Origin, begin, end, size| Frame::Range {
        origin: origin.clone(),
        begin: LeafIndex::new(begin),
        end: TreeSize::new(end).unwrap(),
        size: TreeSize::new(size).unwrap(),
    };
    let asked = [
        (range(&unknown, 0, 1, 1), ErrorCode::UnknownLog),
        (range(&origin, 2, 2, 3), ErrorCode::Limit),
        (range(&origin, 0, 3, 2), ErrorCode::Limit),
        (range(&origin, 0, 16_385, 20_000), ErrorCode::Limit),
        (range(&origin, 0, 3, 4), ErrorCode::RangeNotHeld),
    ];
    for (frame, code) in asked {
        let actions = bench.request(0, &frame);
        let [Action::Refuse { frame: answer, .. }] = &actions[..] else {
            panic!("{actions:?}")
        };
        let answer = Frame::decode(answer).unwrap();
        assert!(
            matches!(answer, Frame::Error { code: told, .. } if told == code),
            "{answer:?}"
        );
    }
    let fine = bench.request(0, &range(&origin, 0, 3, 3));
    assert!(matches!(fine[..], [Action::Serve { .. }]));
}

// spec: EXC-19
#[test]
fn ninth_request_at_once_is_refused() {
    let mut bench = Bench::holding();
    let one = TreeSize::new(1).unwrap();
    let begin = LeafIndex::new(0);
    let frame = Frame::Range {
        origin: bench.origin(),
        begin,
        end: one,
        size: one,
    };
    for serve in 0..8 {
        assert!(matches!(
            bench.request(serve, &frame)[..],
            [Action::Serve { .. }]
        ));
    }
    let refused = bench.request(8, &frame);
    let [Action::Refuse { .. }, Action::Report { violation, .. }] = &refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(*violation, Violation::TooManyRequests);
    let (peer, serve) = (PEER, ServeId(0));
    bench.feed(Input::Served { peer, serve });
    assert!(matches!(
        bench.request(9, &frame)[..],
        [Action::Serve { .. }]
    ));
}
