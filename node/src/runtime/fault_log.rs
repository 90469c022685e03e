//! Which faults of others are written down one by one: whoever comes back again and again must not
//! fill the log.

use std::collections::BTreeMap;

use concordat_protocol::limits::{Rate, TokenBucket};
use concordat_protocol::time::Timestamp;

/// Lines about one source at once, and how many more come with time.
const LINES: Rate = Rate {
    burst: 16,
    tokens: 1,
    period_ms: 60_000,
};

/// Counts faults by their source. Out of scope: writing, and how many sources there may be.
#[derive(Clone, Debug)]
pub struct FaultLog<K>(BTreeMap<K, Source>);

#[derive(Clone, Copy, Debug)]
struct Source {
    lines: TokenBucket,
    unwritten: u64,
}

impl<K: Ord + Copy> FaultLog<K> {
    /// Nothing has happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Counts a fault. When it is to be written: how many before it were not.
    pub fn count(&mut self, source: K, now: Timestamp) -> Option<u64> {
        let source = self.0.entry(source).or_insert_with(|| Source {
            lines: TokenBucket::full(now.value()),
            unwritten: 0,
        });
        if source.lines.try_take(LINES, now.value()) {
            return Some(std::mem::take(&mut source.unwritten));
        }
        source.unwritten += 1;
        None
    }

    /// Sources of which a line may be written again and some fault was not, with how many.
    pub fn due(&mut self, now: Timestamp) -> Vec<(K, u64)> {
        let sources = self.0.iter_mut();
        let due = sources.filter_map(|(key, source)| {
            let is_due = source.unwritten > 0 && source.lines.try_take(LINES, now.value());
            is_due.then(|| (*key, std::mem::take(&mut source.unwritten)))
        });
        due.collect()
    }
}

impl<K: Ord + Copy> Default for FaultLog<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::new(1_772_400_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn faults_of_one_source_become_few_lines_and_each_is_counted() {
        let mut log = FaultLog::new();
        let written = (0..1_000).filter(|_| log.count(1, at(0)).is_some());
        assert_eq!(written.count(), 16);
        assert_eq!(log.count(2, at(0)), Some(0), "another is not concerned");
        assert_eq!(log.due(at(59_999)), []);
        assert_eq!(log.due(at(60_000)), [(1, 984)]);
        assert_eq!(log.due(at(60_000)), []);
        assert_eq!(log.count(1, at(60_001)), None);
        assert_eq!(log.count(1, at(120_000)), Some(1));
        assert_eq!(log.due(at(240_000)), []);
    }
}
