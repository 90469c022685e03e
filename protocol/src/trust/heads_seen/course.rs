//! What the hub's times say of when its heads seen were logged, when its clock was wrong for a while.
//!
//! The order of the entries is certain, their times are not: a clock runs ahead, or starts years
//! behind. Where times do not fit together, those count with which the hub was present longest.

use std::collections::BTreeMap;

use crate::limits;
use crate::log::LeafIndex;
use crate::time::Timestamp;

/// Runs that a new one is fitted to: a hub whose clock jumps with every entry makes nobody slow.
const RUNS_LOOKED_AT: usize = 1_024;

/// Entries one after another through which the clock went on as clocks do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    first: (LeafIndex, Timestamp),
    last: Timestamp,
    /// Milliseconds from its first entry to its last, and one, so that a single entry counts too.
    weight: u64,
    /// The weight of the heaviest runs that fit together before it, and the last of them.
    before: Option<(u64, usize)>,
}

impl Run {
    fn total(&self) -> u64 {
        let before = self.before.map_or(0, |(weight, _)| weight);
        before.saturating_add(self.weight)
    }
}

/// The course of the hub's clock through the entries of its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    times: BTreeMap<LeafIndex, Timestamp>,
    runs: Vec<Run>,
}

impl Course {
    /// None.
    pub(super) const fn new() -> Self {
        Self {
            times: BTreeMap::new(),
            runs: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Adds an entry that stands behind all others.
    // spec: TRU-72
    pub(super) fn follow(&mut self, index: LeafIndex, at: Timestamp) {
        self.times.insert(index, at);
        if let Some(run) = self.runs.last_mut()
            && goes_on(run.last, at)
        {
            let step = at.value().saturating_sub(run.last.value());
            run.weight = run.weight.saturating_add(step);
            run.last = run.last.max(at);
            return;
        }
        // The heaviest, and of several the last.
        let passed = self.runs.len().saturating_sub(RUNS_LOOKED_AT);
        let fitting = self.runs.iter().enumerate().skip(passed);
        let fitting = fitting.filter(|(_, run)| is_before(run.last, at));
        let before = fitting.max_by_key(|(_, run)| run.total());
        self.runs.push(Run {
            first: (index, at),
            last: at,
            weight: 1,
            before: before.map(|(place, run)| (run.total(), place)),
        });
    }

    /// When an entry was logged, as far as the times that count tell: no later than this.
    // spec: TRU-72
    pub(super) fn made_by(&self, index: LeafIndex) -> Option<Timestamp> {
        let at = *self.times.get(&index)?;
        let upto = self.runs.partition_point(|run| run.first.0 <= index);
        let place = upto.checked_sub(1)?;
        let mut later: Option<&Run> = None;
        let heaviest = self.runs.iter().enumerate();
        let mut counting = heaviest.max_by_key(|(_, run)| run.total());
        while let Some((counts, run)) = counting {
            if counts == place {
                return Some(at);
            }
            if counts < place {
                return Some(later.map_or(run.last, |later| later.first.1));
            }
            later = Some(run);
            counting = run
                .before
                .and_then(|(_, before)| Some((before, self.runs.get(before)?)));
        }
        later.map(|later| later.first.1)
    }
}

/// Whether a clock that showed one time may show another at the next entry, if nobody set it by much.
fn goes_on(last: Timestamp, at: Timestamp) -> bool {
    let most = last.value().saturating_add(limits::HEAD_SEEN_STEP_MAX_MS);
    is_before(last, at) && at.value() <= most
}

/// Whether one time is before another, or behind it by no more than clocks are set back as they run.
fn is_before(last: Timestamp, at: Timestamp) -> bool {
    let back = limits::COSIGNATURE_AHEAD_MAX_MS;
    last.value() <= at.value().saturating_add(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const YEAR: u64 = 365 * 24 * HOUR;
    const BEGIN: u64 = 3 * YEAR;

    fn made_by(times: &[u64]) -> Vec<u64> {
        let mut course = Course::new();
        for (index, at) in (0..).zip(times) {
            course.follow(LeafIndex::new(index), Timestamp::new(*at).unwrap());
        }
        let all = (0..times.len() as u64).map(LeafIndex::new);
        all.map(|index| course.made_by(index).unwrap().value())
            .collect()
    }

    /// Four hours apart, as while a grace runs.
    fn marks(begin: u64, count: u64) -> Vec<u64> {
        (0..count).map(|step| begin + step * 4 * HOUR).collect()
    }

    // spec: TRU-72
    #[test]
    fn clock_that_is_right_is_believed() {
        let mut times = marks(BEGIN, 4);
        // Away for a month, and set back by what clocks are set back.
        times.push(BEGIN + 30 * 24 * HOUR);
        times.push(BEGIN + 30 * 24 * HOUR - 60_000);
        assert_eq!(made_by(&times), times);
        assert_eq!(made_by(&[]), [] as [u64; 0]);
    }

    // spec: TRU-72
    #[test]
    fn clock_that_is_wrong_for_a_moment_moves_no_other_entry() {
        let before = marks(BEGIN, 3);
        let after = marks(BEGIN + 20 * HOUR, 3);
        for wrong in [BEGIN + YEAR, BEGIN - YEAR] {
            let moment = [wrong, wrong + 1, wrong + 1_000];
            let times = [&before[..], &moment, &after].concat();
            let as_the_next = [after[0]; 3];
            let expected = [&before[..], &as_the_next, &after].concat();
            assert_eq!(made_by(&times), expected, "{wrong}");
        }
        // Nothing has followed yet.
        let times = [&before[..], &[BEGIN - YEAR]].concat();
        assert_eq!(made_by(&times), [&before[..], &[before[2]]].concat());
    }

    // spec: TRU-72
    #[test]
    fn of_two_times_that_cannot_both_be_right_the_longer_presence_counts() {
        let first = marks(BEGIN + YEAR, 2);
        let second = marks(BEGIN, 18);
        let expected = [&[BEGIN; 2][..], &second].concat();
        assert_eq!(made_by(&[&first[..], &second].concat()), expected);
    }
}
