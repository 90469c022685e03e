//! The only reader of wall time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// A time by two clocks, which are one as long as nobody sets the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Goes on with real time and never back: deadlines go by it.
    pub steady: Timestamp,
    /// By the machine's clock: what is signed bears it.
    pub clock: Timestamp,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self {
            steady: at,
            clock: at,
        }
    }
}

/// Real time since a start, as an instant.
#[derive(Clone, Copy, Debug)]
pub struct Steady {
    begun: Instant,
    at: Timestamp,
}

impl Steady {
    /// Begins at the present instant.
    #[must_use]
    pub fn start() -> Self {
        Self {
            begun: Instant::now(),
            at: now(),
        }
    }

    /// The present moment.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let steady = self.at.checked_add(self.begun.elapsed());
        Moment {
            steady: steady.unwrap_or(Timestamp::MAX),
            clock: now(),
        }
    }
}

/// How far statements are dated ahead of a clock that was set back.
const AHEAD_MAX: Duration = Duration::from_secs(3_600);

/// Dates what one signer says: each later than the one before, so that no two statements with the same
/// content have the same bytes, unless the clock was set back far: then by the clock.
#[derive(Debug, Default)]
pub struct Dating {
    last: AtomicU64,
}

impl Dating {
    /// The instant that the next statement bears: `now`, or a millisecond after the one before it.
    // spec: TRU-40
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let most = now.checked_add(AHEAD_MAX).unwrap_or(Timestamp::MAX);
        let after = |last: u64| match last < most.value() {
            true => now.value().max(last.saturating_add(1)),
            false => now.value(),
        };
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
        // Mandates are judged by these dates: they do not stay a year ahead.
        let far_back = Timestamp::new(first - 31_536_000_000).unwrap();
        assert_eq!(dating.next(far_back), far_back);
        assert!(dating.next(far_back) > far_back);
    }
}
