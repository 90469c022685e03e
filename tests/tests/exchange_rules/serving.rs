//! Requests that are refused.

use concordat_protocol::exchange::ServeRequest;
use concordat_protocol::message::BodyFilter;

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

impl Bench {
    /// A request for the first leaf.
    fn first_leaf(&self) -> Frame<'static> {
        let one = TreeSize::new(1).unwrap();
        Frame::Range {
            origin: self.origin(),
            begin: LeafIndex::new(0),
            end: one,
            size: one,
        }
    }

    fn served(&mut self, serve: u64, next: Option<u64>) -> Vec<Action> {
        let (peer, serve) = (PEER, ServeId(serve));
        let next = next.map(LeafIndex::new);
        self.feed(Input::Served { peer, serve, next })
    }
}

/// The requests that are to be answered now, with where they begin.
fn begun(actions: &[Action]) -> Vec<(u64, u64)> {
    let begun = actions.iter().map(|action| {
        let Action::Serve {
            serve,
            request: ServeRequest::Leaves { begin, .. } | ServeRequest::Bodies { begin, .. },
            ..
        } = action
        else {
            panic!("{action:?}");
        };
        (serve.0, begin.value())
    });
    begun.collect()
}

// spec: EXC-19
#[test]
fn ninth_request_at_once_is_refused() {
    let mut bench = Bench::holding();
    let frame = bench.first_leaf();
    for serve in 0..8 {
        begun(&bench.request(serve, &frame));
    }
    let refused = bench.request(8, &frame);
    let [Action::Refuse { .. }, Action::Report { violation, .. }] = &refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(*violation, Violation::TooManyRequests);
    assert_eq!(begun(&bench.served(0, None)), []);
    assert_eq!(begun(&bench.request(9, &frame)), [(9, 0)]);
}

// spec: EXC-28
#[test]
fn two_answers_at_once_are_made_in_large_parts() {
    let mut bench = Bench::holding();
    let frame = bench.first_leaf();
    let mut parts = Vec::new();
    for serve in 0..8 {
        parts.extend(bench.request(serve, &frame));
    }
    bench.served(1, None);
    parts.extend(bench.request(8, &frame));
    let sizes = parts.iter().filter_map(|part| {
        let Action::Serve { bytes, .. } = part else {
            return None;
        };
        Some(*bytes)
    });
    let (large, small) = (
        limits::ANSWER_LARGE_BYTES_MAX,
        limits::ANSWER_PART_BYTES_MAX,
    );
    let sizes: Vec<usize> = sizes.collect();
    let others = [small; 6];
    assert_eq!(sizes, [&[large, large][..], &others, &[large]].concat());
    assert!(sizes[..8].iter().sum::<usize>() < 8 << 20);
}

// spec: EXC-28
#[test]
fn answer_goes_on_where_its_part_ended_and_only_forward() {
    let mut bench = Bench::holding();
    let frame = Frame::Bodies {
        origin: bench.origin(),
        begin: LeafIndex::new(0),
        end: TreeSize::new(3).unwrap(),
        filter: BodyFilter::All,
    };
    assert_eq!(begun(&bench.request(0, &frame)), [(0, 0)]);
    assert_eq!(begun(&bench.served(0, Some(2))), [(0, 2)]);
    for wrong in [2, 3, 0] {
        begun(&bench.request(1 + wrong, &frame));
        begun(&bench.served(1 + wrong, Some(2)));
        assert_eq!(begun(&bench.served(1 + wrong, Some(wrong))), []);
    }
    assert_eq!(begun(&bench.served(0, None)), []);
}
