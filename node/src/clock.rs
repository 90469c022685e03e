//! The only reader of wall time.

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
