//! What someone may do at once, and how fast that comes back.

/// How much may be taken at once, and how fast it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that a full bucket holds.
    pub burst: u64,
    /// Tokens that come back in each `period_ms`.
    pub tokens: u64,
    /// Milliseconds, at least 1.
    pub period_ms: u64,
}

/// A bucket of tokens. It may be drained below nothing by one who is let in with any token left:
/// what a thing costs is often known only when it is done. Time is an argument, in milliseconds of
/// any clock that does not go back; one that does brings no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// Taken and not yet back, in tokens times milliseconds of the period.
    missing: u64,
    seen_ms: u64,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub const fn full(now_ms: u64) -> Self {
        Self {
            missing: 0,
            seen_ms: now_ms,
        }
    }

    /// Takes one token; `false`, and nothing taken, when there is none.
    pub fn try_take(&mut self, rate: Rate, now_ms: u64) -> bool {
        let is_ready = self.ready_at(rate, now_ms) <= now_ms;
        if is_ready {
            self.take(rate, now_ms, 1);
        }
        is_ready
    }

    /// Takes tokens, whether they are there or not.
    pub fn take(&mut self, rate: Rate, now_ms: u64, tokens: u64) {
        self.refill(rate, now_ms);
        let taken = tokens.saturating_mul(rate.period_ms);
        self.missing = self.missing.saturating_add(taken);
    }

    /// The first moment, not before now, at which there is a token.
    #[must_use]
    pub fn ready_at(&mut self, rate: Rate, now_ms: u64) -> u64 {
        self.refill(rate, now_ms);
        let most = rate.burst.saturating_sub(1).saturating_mul(rate.period_ms);
        let short = self.missing.saturating_sub(most);
        now_ms.saturating_add(short.div_ceil(rate.tokens.max(1)))
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_full(&mut self, rate: Rate, now_ms: u64) -> bool {
        self.refill(rate, now_ms);
        self.missing == 0
    }

    const fn refill(&mut self, rate: Rate, now_ms: u64) {
        let passed = now_ms.saturating_sub(self.seen_ms);
        let back = passed.saturating_mul(rate.tokens);
        self.missing = self.missing.saturating_sub(back);
        if passed > 0 {
            self.seen_ms = now_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3,
        tokens: 2,
        period_ms: 1_000,
    };

    #[test]
    fn burst_is_there_at_once_and_comes_back_with_time() {
        let mut bucket = TokenBucket::full(5_000);
        for _ in 0..3 {
            assert!(bucket.try_take(RATE, 5_000));
        }
        assert!(!bucket.try_take(RATE, 5_000));
        assert_eq!(bucket.ready_at(RATE, 5_000), 5_500);
        assert!(!bucket.try_take(RATE, 5_499));
        assert!(bucket.try_take(RATE, 5_500));
        assert!(!bucket.try_take(RATE, 5_500));
        assert!(!bucket.is_full(RATE, 6_999));
        assert!(bucket.is_full(RATE, 7_000));
        assert!((0..3).all(|_| bucket.try_take(RATE, 1_000_000)));
        assert!(!bucket.try_take(RATE, 1_000_000));
    }

    #[test]
    fn what_was_taken_beyond_the_burst_is_paid_back_before_there_is_more() {
        let mut bucket = TokenBucket::full(0);
        bucket.take(RATE, 0, 7);
        assert_eq!(bucket.ready_at(RATE, 0), 2_500);
        assert!(!bucket.try_take(RATE, 2_499));
        assert!(bucket.try_take(RATE, 2_500));
    }

    #[test]
    fn clock_that_goes_back_brings_no_tokens_and_takes_none() {
        let mut bucket = TokenBucket::full(9_000);
        assert!((0..3).all(|_| bucket.try_take(RATE, 9_000)));
        assert!(!bucket.try_take(RATE, 1_000));
        assert!(!bucket.try_take(RATE, 9_499));
        assert!(bucket.try_take(RATE, 9_500));
    }
}
