//! Positions of a log whose bodies are wanted and missing, as disjoint ranges.

use std::collections::BTreeMap;

/// A set of positions, kept as ranges. Contiguous positions cost one entry however many they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// First position to the one after the last.
    ranges: BTreeMap<u64, u64>,
}

impl Gaps {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The first position missing.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.ranges.keys().next().copied()
    }

    /// How many positions are missing.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|(begin, end)| end - begin).sum()
    }

    /// Whether a position is missing.
    #[must_use]
    pub fn contains(&self, position: u64) -> bool {
        let before = self.ranges.range(..=position).next_back();
        before.is_some_and(|(_, end)| position < *end)
    }

    /// Whether all positions of [begin, end) are missing.
    #[must_use]
    pub fn covers(&self, begin: u64, end: u64) -> bool {
        let before = self.ranges.range(..=begin).next_back();
        begin >= end || before.is_some_and(|(_, covered)| *covered >= end)
    }

    /// The first position of [begin, end) that is not missing.
    #[must_use]
    pub fn first_outside(&self, begin: u64, end: u64) -> Option<u64> {
        let before = self.ranges.range(..=begin).next_back();
        let first = before.map_or(begin, |(_, covered)| begin.max(*covered));
        (first < end).then_some(first)
    }

    /// The positions that are missing in both.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.ranges().peekable(), other.ranges().peekable());
        let mut both = Self::default();
        while let (Some((b, e)), Some((begin, end))) = (mine.peek(), theirs.peek()) {
            both.insert(*b.max(begin), *e.min(end));
            match e < end {
                true => mine.next(),
                false => theirs.next(),
            };
        }
        both
    }

    /// The positions that are missing in this one and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut without = self.clone();
        for (begin, end) in &self.ranges {
            let before = other.ranges.range(..=begin).next_back().map(|(b, _)| *b);
            let from = before.unwrap_or(*begin);
            for (b, e) in other.ranges.range(from..*end) {
                without.remove(*b, *e);
            }
        }
        without
    }

    /// The ranges [begin, end), ascending, which neither overlap nor touch.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> {
        self.ranges.iter().map(|(begin, end)| (*begin, *end))
    }

    /// Adds the positions [begin, end).
    pub fn insert(&mut self, begin: u64, end: u64) {
        if begin >= end {
            return;
        }
        let (mut begin, mut end) = (begin, end);
        // Ranges that touch or overlap the new one become part of it.
        while let Some((b, e)) = self.ranges.range(..=end).next_back().map(|(b, e)| (*b, *e)) {
            if e < begin {
                break;
            }
            begin = begin.min(b);
            end = end.max(e);
            self.ranges.remove(&b);
        }
        self.ranges.insert(begin, end);
    }

    /// Removes the positions [begin, end).
    pub fn remove(&mut self, begin: u64, end: u64) {
        while let Some((b, e)) = self.ranges.range(..end).next_back().map(|(b, e)| (*b, *e)) {
            if e <= begin {
                break;
            }
            self.ranges.remove(&b);
            if b < begin {
                self.ranges.insert(b, begin);
            }
            if e > end {
                self.ranges.insert(end, e);
            }
        }
    }

    /// Takes the first range out, cut to at most `most` positions.
    pub fn take_first(&mut self, most: u64) -> Option<(u64, u64)> {
        let (begin, end) = self.ranges.iter().next().map(|(b, e)| (*b, *e))?;
        let cut = end.min(begin.saturating_add(most));
        self.remove(begin, cut);
        Some((begin, cut))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gaps_behave_as_a_set_of_positions(
            steps in prop::collection::vec((any::<bool>(), 0_u64..40, 0_u64..12), 0..40),
        ) {
            let (mut gaps, mut set) = (Gaps::default(), BTreeSet::new());
            let mut other = Gaps::default();
            for (insert, begin, length) in steps {
                let end = begin + length;
                let both = gaps.both(&other);
                let listed: Vec<u64> = both.ranges().flat_map(|(begin, end)| begin..end).collect();
                let in_both = |position: &u64| gaps.contains(*position) && other.contains(*position);
                prop_assert_eq!(listed, (0..60).filter(in_both).collect::<Vec<u64>>());
                let without = gaps.without(&other);
                let listed: Vec<u64> = without.ranges().flat_map(|(begin, end)| begin..end).collect();
                let in_one = |position: &u64| gaps.contains(*position) && !other.contains(*position);
                prop_assert_eq!(listed, (0..60).filter(in_one).collect::<Vec<u64>>());
                other.insert(begin / 2, begin / 2 + length / 3);
                if insert {
                    gaps.insert(begin, end);
                    set.extend(begin..end);
                } else {
                    gaps.remove(begin, end);
                    set.retain(|position| !(begin..end).contains(position));
                }
                prop_assert_eq!(gaps.count(), set.len() as u64);
                prop_assert_eq!(gaps.first(), set.first().copied());
                let covers = (begin..end).all(|position| set.contains(&position));
                prop_assert_eq!(gaps.covers(begin, end), covers);
                let outside = (begin..end).find(|position| !set.contains(position));
                prop_assert_eq!(gaps.first_outside(begin, end), outside);
                for position in 0..60 {
                    prop_assert_eq!(gaps.contains(position), set.contains(&position));
                }
            }
            let listed: BTreeSet<u64> = gaps.ranges().flat_map(|(begin, end)| begin..end).collect();
            prop_assert_eq!(&listed, &set);
            let mut taken = BTreeSet::new();
            while let Some((begin, end)) = gaps.take_first(3) {
                prop_assert!(end - begin <= 3 && begin < end);
                taken.extend(begin..end);
            }
            prop_assert_eq!(taken, set);
        }
    }
}
