//! Bodies that are asked for in vain, and what lies behind them.

use super::*;

/// What an answer says of a position: its own body, another's, or nothing at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Fit,
    Unfit,
    Omitted,
}

use Given::{Fit, Omitted, Unfit};

/// An answer to a request for bodies from a position on.
fn block(begin: u8, given: &[Given]) -> Vec<u8> {
    let numbered: Vec<(u8, Given)> = (begin..).zip(given.iter().copied()).collect();
    let given = numbered.iter().filter(|(_, given)| *given != Omitted);
    let entries = given.map(|(number, given)| {
        let of = number + u8::from(*given == Unfit);
        (*number, leaf(*number).encode(), body(of).encode())
    });
    let entries: Vec<_> = entries.collect();
    let entries = entries.iter().map(|(number, leaf, body)| BodyEntry {
        index: LeafIndex::new(u64::from(*number)),
        leaf,
        body: Ok(body),
    });
    let next = TreeSize::new(u64::from(begin) + numbered.len() as u64).unwrap();
    let entries = entries.collect();
    Frame::BodyBlock { next, entries }.encode()
}

fn reports(actions: &[Action]) -> usize {
    let of_body = |action: &&Action| **action == report(Violation::BadBody);
    actions.iter().filter(of_body).count()
}

/// The positions of the bodies that are stored.
fn taken(actions: &[Action]) -> Vec<u64> {
    let bodies = actions.iter().filter_map(|action| {
        let Action::StoreBodies { bodies, .. } = action else {
            return None;
        };
        Some(bodies)
    });
    let positions = bodies.flatten().map(|(index, _)| index.value());
    positions.collect()
}

/// What is asked for of bodies, and of whom.
fn wanted(actions: &[Action]) -> Vec<(PeerId, u64, u64)> {
    let bodies = actions.iter().filter_map(|action| {
        let Action::Ask { peer, frame, .. } = action else {
            return None;
        };
        let Ok(Frame::Bodies { begin, end, .. }) = Frame::decode(frame) else {
            return None;
        };
        Some((*peer, begin.value(), end.value()))
    });
    bodies.collect()
}

/// Up to where others are told that bodies are held.
fn offered(actions: &[Action]) -> Option<u64> {
    let mut told = actions.iter().filter_map(|action| {
        let Action::Send { frame, .. } = action else {
            return None;
        };
        let Ok(Frame::Frontier(entries)) = Frame::decode(frame) else {
            return None;
        };
        Some(entries.last()?.bodies.value())
    });
    told.next_back()
}

impl Bench {
    fn give(&mut self, request: RequestId, begin: u8, given: &[Given]) -> Vec<Action> {
        let bytes = &block(begin, given);
        let peer = PEER;
        self.feed(Input::Answer {
            peer,
            request,
            bytes,
        })
    }

    /// Has the bodies of an answer stored, and tells what it did.
    fn settle(&mut self, actions: &[Action]) -> Vec<Action> {
        let stores = actions.iter().filter_map(|action| {
            let Action::StoreBodies { store, .. } = action else {
                return None;
            };
            Some(*store)
        });
        let mut done = Vec::new();
        for store in stores.collect::<Vec<_>>() {
            done.extend(self.feed(Input::Stored { store }));
        }
        done.extend(self.feed(Input::Settled));
        done
    }

    /// One more connection, of the hub, that says to have everything.
    fn connect_hub(&mut self, size: u8) -> PeerId {
        let peer = self.greet_hub();
        self.hear_of(peer, size);
        peer
    }

    /// One more connection, of the hub, that has not said yet what it has.
    fn greet_hub(&mut self) -> PeerId {
        let (peer, member) = (PeerId(2), self.network.genesis.hub());
        self.feed(Input::Opened { peer, member });
        let bytes = &hello(self.network.genesis.id(), member).encode();
        self.feed(Input::Control { peer, bytes });
        peer
    }

    /// A peer says how much it has.
    fn hear_of(&mut self, peer: PeerId, size: u8) -> Vec<Action> {
        let held = TreeSize::new(u64::from(size)).unwrap();
        let line = FrontierEntry {
            origin: self.origin(),
            size: held,
            root: tree(size).root(),
            bodies: held,
            vouched: Vouched::default(),
        };
        let bytes = &Frame::Frontier(vec![line]).encode();
        self.feed(Input::Control { peer, bytes })
    }
}

/// One body of an answer that was another leaf's threw the whole answer away, and the next one, until the
/// member that gave it was disconnected for what it showed again and again.
// spec: EXC-100
#[test]
fn body_that_does_not_fit_keeps_back_none_of_the_others() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let actions = bench.give(request, 0, &[Fit, Unfit, Fit]);
    assert_eq!((taken(&actions), reports(&actions)), (vec![0, 2], 1));
    assert_eq!(wanted(&actions), []);
    let told = bench.settle(&actions);
    assert_eq!(offered(&told), Some(3));
    for _ in 0..40 {
        let actions = bench.wait(2_000);
        assert_eq!(wanted(&actions), [(PEER, 1, 2)]);
        let actions = bench.give(asked(&actions).unwrap(), 1, &[Unfit]);
        // It has been counted, and is seen again only since it is asked for again.
        assert_eq!((taken(&actions), reports(&actions)), (vec![], 0));
    }
    let request = asked(&bench.wait(2_000)).unwrap();
    assert_eq!(taken(&bench.give(request, 1, &[Fit])), [1]);
}

// spec: EXC-100
#[test]
fn many_bodies_that_do_not_fit_count_once_for_their_answer() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let actions = bench.give(request, 0, &[Unfit, Unfit, Fit]);
    assert_eq!((taken(&actions), reports(&actions)), (vec![2], 1));
}

/// A log's owner left one body out, its hub told nobody of the later ones that it had.
// spec: EXC-100
#[test]
fn bodies_behind_one_that_is_left_out_are_offered() {
    let mut bench = Bench::greeted();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let [first, last] = [0, 2].map(|number| body(number).encode());
    let note = &bench.head(3).to_bytes();
    let bodies = [Some(&first[..]), None, Some(&last[..])];
    let tail = leaves.iter().map(Vec::as_slice).zip(bodies).collect();
    let begin = LeafIndex::new(0);
    let actions = bench.control(&Frame::Push { note, begin, tail });
    assert_eq!(taken(&actions), [0, 2]);
    let request = asked(&actions).unwrap();
    bench.stored(3, &actions);
    assert_eq!(offered(&bench.settle(&actions)), Some(1));
    let actions = bench.give(request, 1, &[Omitted]);
    assert_eq!(offered(&bench.settle(&actions)), Some(3));
    let replica = bench.exchange.replica(&bench.origin()).unwrap();
    assert_eq!(replica.bodies_missing(), 1);
    // Nothing that is said of it is news while it is asked for again.
    let actions = bench.wait(2_000);
    assert_eq!(wanted(&actions), [(PEER, 1, 2)]);
    assert_eq!(offered(&bench.settle(&actions)), None);
}

/// The bodies before the wrong one of a push were neither stored nor asked for any more.
// spec: EXC-100
#[test]
fn push_with_a_body_that_does_not_fit_gives_the_others() {
    let mut bench = Bench::greeted();
    let leaves: Vec<Vec<u8>> = (0..3).map(|number| leaf(number).encode()).collect();
    let bodies: Vec<Vec<u8>> = [0, 7, 2].map(|number| body(number).encode()).into();
    let note = &bench.head(3).to_bytes();
    let tail = leaves.iter().zip(&bodies);
    let tail = tail
        .map(|(leaf, body)| (&leaf[..], Some(&body[..])))
        .collect();
    let begin = LeafIndex::new(0);
    let actions = bench.control(&Frame::Push { note, begin, tail });
    assert_eq!((taken(&actions), reports(&actions)), (vec![0, 2], 1));
    assert_eq!(wanted(&actions), [(PEER, 1, 2)]);
}

// spec: EXC-101
#[test]
fn body_that_one_left_out_is_asked_of_another_before_it_is_asked_of_the_first_again() {
    for given in [Omitted, Unfit] {
        let mut bench = Bench::greeted();
        let request = bench.ask();
        let request = bench.take_leaves(request).unwrap();
        let actions = bench.give(request, 0, &[Fit, given, Fit]);
        bench.settle(&actions);
        let hub = bench.connect_hub(3);
        assert_eq!(wanted(&bench.wait(2_000)), [(hub, 1, 2)]);
    }
}

/// A log's owner that answered every request for one body with an error could push later ones, and its hub
/// told nobody of them.
// spec: EXC-101
#[test]
fn bodies_behind_those_that_were_refused_twice_are_offered() {
    let mut bench = Bench::greeted();
    let request = bench.ask();
    let mut request = bench.take_leaves(request).unwrap();
    let error = Frame::Error {
        code: ErrorCode::Busy,
        retry_after_ms: 0,
    };
    for told in [Some(0), Some(3)] {
        let actions = bench.answer(request, &error);
        assert_eq!(offered(&bench.settle(&actions)), told);
        request = asked(&bench.wait(2_000)).unwrap();
    }
}

/// What its author had lost for good kept everyone waiting.
// spec: EXC-103
#[test]
fn body_that_its_author_goes_on_without_is_given_up_once_nobody_connected_has_it() {
    let mut bench = Bench::greeted();
    let hub = bench.connect_hub(3);
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let actions = bench.give(request, 0, &[Fit, Omitted, Fit]);
    bench.settle(&actions);
    let given_up = |bench: &Bench| {
        let world = World {
            now: bench.now,
            clock: bench.now,
            registry: &bench.network.registry,
            logs: &bench.logs,
        };
        bench.exchange.given_up(world, &bench.origin())
    };
    bench.logs.2 = Some(LeafIndex::new(2));
    // The hub has not been asked.
    assert_eq!(given_up(&bench), 0);
    let asks = bench.wait(2_000);
    assert_eq!(wanted(&asks), [(hub, 1, 2)]);
    let (peer, request, bytes) = (hub, asked(&asks).unwrap(), &block(1, &[Omitted]));
    bench.feed(Input::Answer {
        peer,
        request,
        bytes,
    });
    assert_eq!(given_up(&bench), 1);
    // Before its author has started again, it may yet get it back.
    for restarted in [None, Some(0), Some(1)] {
        bench.logs.2 = restarted.map(LeafIndex::new);
        assert_eq!(given_up(&bench), 0);
    }
    bench.logs.2 = Some(LeafIndex::new(2));
    // It is asked for all the same, counts meanwhile, and no more once it has come.
    let asks = bench.wait(2_000);
    assert_eq!(wanted(&asks), [(PEER, 1, 2)]);
    assert_eq!(given_up(&bench), 1);
    bench.give(asked(&asks).unwrap(), 1, &[Fit]);
    assert_eq!(given_up(&bench), 0);
    for peer in [PEER, hub] {
        bench.feed(Input::Closed { peer });
    }
    assert_eq!(given_up(&bench), 0);
}

/// What came in after our frontier had gone out and before the peer's came was told by neither side, and an act
/// that only one of them gives was asked of everybody else for good.
// spec: EXC-104
#[test]
fn peer_that_has_as_much_is_told_once_that_we_have_it() {
    let mut bench = Bench::greeted();
    let hub = bench.greet_hub();
    let request = bench.ask();
    let request = bench.take_leaves(request).unwrap();
    let actions = bench.give(request, 0, &[Fit, Fit, Fit]);
    let of_hub = |actions: &[Action]| {
        let to_hub = actions.iter().filter(|action| {
            let to = |peer: &PeerId| *peer == hub;
            matches!(action, Action::Send { peer, .. } if to(peer))
        });
        offered(&to_hub.cloned().collect::<Vec<_>>())
    };
    let told = bench.settle(&actions);
    assert_eq!((offered(&told), of_hub(&told)), (Some(3), None));
    let told = bench.hear_of(hub, 3);
    assert_eq!(of_hub(&told), Some(3));
    let told = bench.hear_of(hub, 3);
    assert_eq!(of_hub(&told), None);
}
