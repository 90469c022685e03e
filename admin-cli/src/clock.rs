//! The wall clock: the one place that reads it, and how its instants are written for people.

use std::time::{SystemTime, UNIX_EPOCH};

use concordat_protocol::time::{CHINA_UTC_OFFSET, Day, Timestamp};

/// The time now.
pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    Timestamp::new(elapsed).unwrap_or(Timestamp::MAX)
}

/// An instant as civil time in China: `2025-03-01 09:30:00 +08:00`.
pub(crate) fn civil(at: Timestamp) -> String {
    let Ok(day) = Day::of(at) else {
        return at.value().to_string();
    };
    let shift = u64::from(CHINA_UTC_OFFSET.subsec_millis()) + CHINA_UTC_OFFSET.as_secs() * 1_000;
    let seconds = (at.value() + shift) / 1_000 % 86_400;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{day} {hour:02}:{minute:02}:{second:02} +08:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_is_written_as_civil_time_in_china() {
        let at = Timestamp::new(1_740_792_600_123).unwrap();
        assert_eq!(civil(at), "2025-03-01 09:30:00 +08:00");
    }
}
