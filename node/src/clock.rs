//! The only reader of wall time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use concordat_protocol::time::{Day, Timestamp};

/// The present instant. A clock before 1970 counts as 1970; clocks never order or reject statements.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Timestamp::new(ms).unwrap_or(Timestamp::MAX)
}

/// The present day in China.
#[must_use]
pub fn today() -> Day {
    Day::of(now()).unwrap_or(Day::MAX)
}

/// Dates what one signer says: each later than the one before, so that no two statements with the same
/// content have the same bytes.
#[derive(Debug, Default)]
pub struct Dating {
    last: AtomicU64,
}

impl Dating {
    /// The instant that the next statement bears: `now`, or a millisecond after the one before it.
    // spec: TRU-40
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let after = |last: u64| now.value().max(last.saturating_add(1));
        let order = Ordering::Relaxed;
        let before = self
            .last
            .fetch_update(order, order, |last| Some(after(last)));
        let (Ok(before) | Err(before)) = before;
        Timestamp::new(after(before)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: TRU-40
    #[test]
    fn two_statements_of_one_instant_are_dated_apart() {
        let (dating, now) = (
            Dating::default(),
            Timestamp::new(1_780_000_000_000).unwrap(),
        );
        let dated: Vec<u64> = (0..3).map(|_| dating.next(now).value()).collect();
        let first = now.value();
        assert_eq!(dated, [first, first + 1, first + 2]);
        let back = Timestamp::new(first - 10_000).unwrap();
        assert_eq!(dating.next(back).value(), first + 3);
    }
}
