//! A member that goes too far, over several connections.

use super::*;

const BAD: Frame<'static> = Frame::Checkpoint { note: b"no note" };

impl Bench {
    /// The first member leaves and comes back.
    fn come_back(&mut self) -> Vec<Action> {
        let member = self.network.members[0].code();
        self.feed(Input::Closed { peer: PEER });
        self.feed(Input::Opened { peer: PEER, member })
    }

    fn greet(&mut self) {
        let hello = hello(self.network.genesis.id(), self.network.members[0].code());
        self.control(&hello);
    }

    fn wait_quietly(&mut self, milliseconds: u64) {
        self.now = Timestamp::new(self.now.value() + milliseconds).unwrap();
    }

    /// A request for all three leaves.
    fn all_leaves(&self) -> Frame<'static> {
        let three = TreeSize::new(3).unwrap();
        Frame::Range {
            origin: self.origin(),
            begin: LeafIndex::new(0),
            end: three,
            size: three,
        }
    }

    /// Asks for the three leaves until they do not come at once; how often they came.
    fn ask_until_slowed(&mut self) -> u64 {
        let frame = self.all_leaves();
        for times in 0.. {
            if self.request(0, &frame).is_empty() {
                return times;
            }
            let (peer, serve, next) = (PEER, ServeId(0), None);
            self.feed(Input::Served { peer, serve, next });
        }
        0
    }
}

/// Fifteen bad objects on each connection were never too many, if one came back for the next fifteen.
// spec: EXC-12, EXC-30
#[test]
fn invalid_objects_count_over_connections_and_shut_their_member_out_for_a_while() {
    let mut bench = Bench::greeted();
    for _ in 1..limits::INVALID_OBJECTS.burst {
        assert_eq!(bench.control(&BAD), [report(Violation::BadCheckpoint)]);
    }
    bench.come_back();
    bench.greet();
    let last = [
        report(Violation::BadCheckpoint),
        close(ErrorCode::Unverified),
    ];
    assert_eq!(bench.control(&BAD), last);
    for _ in 0..3 {
        assert_eq!(bench.come_back(), [close(ErrorCode::Busy)]);
        assert_eq!(bench.control(&BAD), [], "nothing is read");
    }
    bench.wait_quietly(limits::INVALID_OBJECTS.period_ms);
    assert!(matches!(bench.come_back()[..], [Action::Send { .. }]));
    bench.greet();
    assert_eq!(bench.control(&BAD), last, "one is forgotten, and no more");
    assert_eq!(bench.come_back(), [close(ErrorCode::Busy)]);
}

// spec: EXC-31
#[test]
fn member_that_asks_for_the_same_again_and_again_is_slowed_down_on_every_connection() {
    let mut bench = Bench::holding();
    let all = limits::POSITIONS_ASKED.burst + limits::POSITIONS_ASKED_TIMES * 3;
    assert_eq!(bench.ask_until_slowed(), all.div_ceil(3));
    let resumes = bench.exchange.deadline();
    assert!(resumes > bench.now);
    bench.come_back();
    bench.greet();
    let frame = bench.all_leaves();
    assert_eq!(bench.request(0, &frame), []);
    assert_eq!(bench.request(1, &frame), []);
    assert_eq!(bench.exchange.deadline(), resumes);
    let wait = resumes.value() - bench.now.value();
    let begun = bench.wait(wait);
    assert!(matches!(begun[..], [Action::Serve { .. }]), "{begun:?}");
    let begun = bench.wait(limits::POSITIONS_ASKED.period_ms);
    assert!(matches!(begun[..], [Action::Serve { .. }]), "{begun:?}");
    let second = limits::POSITIONS_ASKED.tokens / 3;
    bench.wait(limits::POSITIONS_ASKED.period_ms);
    let again = bench.ask_until_slowed();
    assert!(second < again && again < 3 * second, "{again}");
}

/// Whoever is new asks for every leaf and every body, and does so again when its directory is lost.
// spec: EXC-31
#[test]
fn everything_twice_is_not_too_much() {
    let leaves_and_bodies = 2;
    assert!(limits::POSITIONS_ASKED_TIMES >= 2 * leaves_and_bodies);
}
