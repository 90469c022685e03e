//! How the registry size in the leaves of one log went, leaf by leaf (`spec/trust.md`, verdict).
//!
//! Kept from leaves alone: every holder of a log has all of its leaves, in order, and so comes to the
//! same verdict whatever bodies it may have and in whatever order they come.

use crate::log::{LeafIndex, TreeSize};

/// The registry sizes in the leaves of one log. Takes memory for each change of the size, and few of
/// them happen in an honest log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CtxCourse {
    runs: Vec<Run>,
}

/// Leaves in a row with one registry size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    begin: u64,
    ctx: TreeSize,
    /// The largest size up to here.
    newest: TreeSize,
}

impl CtxCourse {
    /// Takes down the size in the next leaf. Leaves of a later version may be left out.
    pub fn push(&mut self, index: LeafIndex, ctx: TreeSize) {
        let last = self.runs.last();
        if last.is_some_and(|last| last.ctx == ctx) {
            return;
        }
        let newest = last.map_or(ctx, |last| last.newest.max(ctx));
        let begin = index.value();
        self.runs.push(Run { begin, ctx, newest });
    }

    /// The size in the leaf at a position, or in the last before it.
    #[must_use]
    pub fn at(&self, index: LeafIndex) -> Option<TreeSize> {
        let upto = self.runs.partition_point(|run| run.begin <= index.value());
        let run = self.runs.get(upto.checked_sub(1)?)?;
        Some(run.ctx)
    }

    /// The smallest size in the leaves from a position on.
    #[must_use]
    pub fn oldest_from(&self, index: LeafIndex) -> Option<TreeSize> {
        let upto = self.runs.partition_point(|run| run.begin <= index.value());
        let later = self.runs.get(upto.saturating_sub(1)..)?;
        later.iter().map(|run| run.ctx).min()
    }

    /// The ranges of leaves in a row with one registry size, below a size of the log: where each begins and
    /// ends, and the registry size.
    pub fn runs(&self, below: TreeSize) -> impl Iterator<Item = (u64, u64, TreeSize)> + '_ {
        let ends = self.runs.iter().skip(1).map(|run| run.begin);
        let ends = ends.chain([u64::MAX]);
        let runs = self.runs.iter().zip(ends);
        let runs = runs.map(move |(run, end)| (run.begin, end.min(below.value()), run.ctx));
        runs.filter(|(begin, end, _)| begin < end)
    }

    /// The largest size in the leaves before a position, those in `passed_over` left out: each is a
    /// range from an index up to a size.
    #[must_use]
    pub fn newest_before(
        &self,
        index: LeafIndex,
        passed_over: &[(LeafIndex, TreeSize)],
    ) -> TreeSize {
        let upto = self.runs.partition_point(|run| run.begin < index.value());
        let before = self.runs.get(..upto).unwrap_or_default();
        if passed_over.is_empty() {
            return before.last().map_or(TreeSize::ZERO, |last| last.newest);
        }
        let ends = before.iter().skip(1).map(|run| run.begin);
        let counted = before.iter().zip(ends.chain([index.value()]));
        counted
            .filter(|(run, end)| counts(run.begin, *end, passed_over))
            .map(|(run, _)| run.ctx)
            .fold(TreeSize::ZERO, TreeSize::max)
    }
}

/// Whether any of the leaves [begin, end) is in none of the ranges.
fn counts(begin: u64, end: u64, passed_over: &[(LeafIndex, TreeSize)]) -> bool {
    let mut at = begin;
    // A range that covers `at` moves it on; none left that does means that `at` counts.
    while let Some(next) = passed_over
        .iter()
        .find(|(from, size)| (from.value()..size.value()).contains(&at))
        .map(|(_, size)| size.value())
    {
        at = next;
    }
    at < end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(sizes: &[u64]) -> CtxCourse {
        let mut course = CtxCourse::default();
        for (index, size) in (0..).zip(sizes) {
            course.push(LeafIndex::new(index), TreeSize::new(*size).unwrap());
        }
        course
    }

    fn range(from: u64, size: u64) -> (LeafIndex, TreeSize) {
        (LeafIndex::new(from), TreeSize::new(size).unwrap())
    }

    // spec: TRU-28
    #[test]
    fn newest_is_the_largest_of_the_leaves_before() {
        let sizes = [3, 3, 5, 4, 4, 9, 2, 9];
        let course = course(&sizes);
        for index in 0..=sizes.len() {
            let newest = sizes[..index].iter().copied().max().unwrap_or(0);
            let found = course.newest_before(LeafIndex::new(index as u64), &[]);
            assert_eq!(found.value(), newest, "{index}");
        }
    }

    // spec: TRU-34
    #[test]
    fn oldest_is_the_smallest_of_the_leaves_from_a_position_on() {
        let sizes = [3, 3, 5, 4, 4, 9, 2, 9];
        let course = course(&sizes);
        for index in 0..sizes.len() {
            let oldest = sizes[index..].iter().copied().min();
            let found = course.oldest_from(LeafIndex::new(index as u64));
            assert_eq!(found.map(TreeSize::value), oldest, "{index}");
        }
        assert_eq!(CtxCourse::default().oldest_from(LeafIndex::new(0)), None);
    }

    // spec: TRU-29
    #[test]
    fn leaves_passed_over_count_neither_alone_nor_at_the_edge_of_a_run() {
        let sizes = [3, 99, 99, 99, 4, 98, 5, 5];
        let course = course(&sizes);
        for (from, size) in [(0, 0), (1, 4), (1, 3), (2, 4), (1, 6), (0, 8), (5, 6)] {
            for (also_from, also_size) in [(5, 6), (3, 4), (7, 7)] {
                let ranges = [range(from, size), range(also_from, also_size)];
                for index in 0..=sizes.len() {
                    let counted = (0_u64..).zip(&sizes[..index]).filter(|(at, _)| {
                        !(from..size).contains(at) && !(also_from..also_size).contains(at)
                    });
                    let newest = counted.map(|(_, size)| *size).max().unwrap_or(0);
                    let found = course.newest_before(LeafIndex::new(index as u64), &ranges);
                    assert_eq!(found.value(), newest, "{index} without {ranges:?}");
                }
            }
        }
    }
}
