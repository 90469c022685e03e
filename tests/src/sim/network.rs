//! The simulated network: connections of ordered streams, with delay, loss, doubling and cuts.
//!
//! A stream delivers in order or not at all: a lost frame stops its stream, and after a while the
//! connection breaks, as a transport that cannot get through does. Streams do not wait for each
//! other.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::exchange::{RequestId, ServeId};

use super::{Rng, Trouble};

/// Which stream of a connection, seen by the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    Control,
    Request(ServeId, RequestId),
    Answer(RequestId),
}

/// A connection between two nodes. Its number is the peer id at both ends.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) ends: [usize; 2],
    /// Whether each end still holds it.
    pub(super) open: [bool; 2],
    /// When the last frame to a node on a stream arrives.
    last: BTreeMap<(usize, Stream), u64>,
    /// Streams to a node on which a frame was lost.
    stopped: BTreeSet<(usize, Stream)>,
    /// Requests that a node serves.
    pub(super) serves: BTreeMap<ServeId, RequestId>,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Arrives once, or a second time later.
    Arrives { at: u64, again: Option<u64> },
    /// Lost; the connection breaks at this time.
    Lost { breaks: u64 },
    /// Its stream has stopped.
    Void,
}

impl Connection {
    pub(super) fn new(ends: [usize; 2]) -> Self {
        Self {
            ends,
            open: [true, true],
            last: BTreeMap::new(),
            stopped: BTreeSet::new(),
            serves: BTreeMap::new(),
        }
    }

    /// The node at the other end.
    pub(super) const fn other(&self, node: usize) -> usize {
        let [first, second] = self.ends;
        if first == node { second } else { first }
    }

    pub(super) const fn is_open_at(&self, node: usize) -> bool {
        let ([first, _], [open, other_open]) = (self.ends, self.open);
        if first == node { open } else { other_open }
    }

    pub(super) const fn close_at(&mut self, node: usize) {
        let [first, _] = self.ends;
        let [open, other_open] = &mut self.open;
        if first == node {
            *open = false;
        } else {
            *other_open = false;
        }
    }

    /// Takes a frame to a node on a stream.
    pub(super) fn carry(
        &mut self,
        rng: &mut Rng,
        now: u64,
        (to, stream): (usize, Stream),
        trouble: Trouble,
        blocked: bool,
    ) -> Fate {
        if self.stopped.contains(&(to, stream)) {
            return Fate::Void;
        }
        let troubled = trouble >= Trouble::Network;
        if blocked || troubled && rng.one_in(400) {
            self.stopped.insert((to, stream));
            return Fate::Lost {
                breaks: now + rng.within(500, 5_000),
            };
        }
        let delay = match troubled && rng.one_in(20) {
            true => rng.within(50, 2_000),
            false => rng.within(1, 50),
        };
        let last = self.last.entry((to, stream)).or_default();
        let at = (now + delay).max(*last);
        *last = at;
        let doubled = troubled && stream == Stream::Control && rng.one_in(20);
        let again = doubled.then(|| at + rng.within(0, 500));
        Fate::Arrives { at, again }
    }

    /// When everything sent so far on a stream has arrived; `None` when some of it never will.
    pub(super) fn end_of(&self, to: usize, stream: Stream) -> Option<u64> {
        if self.stopped.contains(&(to, stream)) {
            return None;
        }
        self.last.get(&(to, stream)).copied()
    }

    /// Stops a stream whose receiver wants no more of it.
    pub(super) fn stop(&mut self, to: usize, stream: Stream) {
        self.stopped.insert((to, stream));
    }
}
