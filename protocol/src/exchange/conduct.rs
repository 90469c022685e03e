//! How a member behaves over all its connections: to come back is not to begin anew.

use std::collections::BTreeMap;

use crate::limits::{self, TokenBucket};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

/// What one member may still do. Kept as long as the node runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conduct {
    /// Invalid objects that it may show.
    invalid: TokenBucket,
    /// Positions of logs that it may ask for.
    asked: TokenBucket,
}

impl Conduct {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            invalid: TokenBucket::full(now.value()),
            asked: TokenBucket::full(now.value()),
        }
    }

    /// Counts an invalid object; `true` when it was the last that is put up with.
    // spec: EXC-12
    pub(super) fn shows_invalid(&mut self, now: Timestamp) -> bool {
        self.invalid.take(limits::INVALID_OBJECTS, now.value(), 1);
        self.is_shut_out(now)
    }

    /// Whether it has shown too much of what is invalid, and too lately.
    // spec: EXC-30
    pub(super) fn is_shut_out(&mut self, now: Timestamp) -> bool {
        let ready = self.invalid.ready_at(limits::INVALID_OBJECTS, now.value());
        ready > now.value()
    }

    /// Takes down that it is answered about so many positions, where `held` are held here.
    // spec: EXC-31
    pub(super) fn asks(&mut self, now: Timestamp, held: u64, positions: u64) {
        self.asked
            .take(positions_rate(held), now.value(), positions);
    }

    /// When it may be answered again; `None` when that is now.
    // spec: EXC-31
    pub(super) fn waits_until(&mut self, now: Timestamp, held: u64) -> Option<Timestamp> {
        let ready = self.asked.ready_at(positions_rate(held), now.value());
        let later = ready > now.value();
        later.then(|| Timestamp::new(ready).unwrap_or(Timestamp::MAX))
    }
}

/// The conduct of a member, which is blameless when nothing is known of it.
pub(super) fn conduct_of(
    all: &mut BTreeMap<AuthorityCode, Conduct>,
    member: AuthorityCode,
    now: Timestamp,
) -> &mut Conduct {
    all.entry(member).or_insert_with(|| Conduct::new(now))
}

const fn positions_rate(held: u64) -> limits::Rate {
    let all = held.saturating_mul(limits::POSITIONS_ASKED_TIMES);
    limits::Rate {
        burst: limits::POSITIONS_ASKED.burst.saturating_add(all),
        ..limits::POSITIONS_ASKED
    }
}
