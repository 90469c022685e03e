//! Instants and days, and arithmetic on them that cannot overflow silently.
//!
//! [`Timestamp`] is Unix time in milliseconds, `0 ..= 2^53 - 1`, an unsigned integer on the wire.
//! [`Day`] is a civil day of the proleptic Gregorian calendar, counted from 1970-01-01, an integer
//! on the wire. Decisions are dated by day; only the machinery of the log uses instants.
//!
//! Out of scope: reading a clock, time zones other than China's, working days
//! ([`crate::deadline`]).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::half_width;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// At most `2^53 - 1`, so that every JSON reader holds it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// `2^53 - 1` ms.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Takes Unix milliseconds.
    ///
    /// # Errors
    /// [`TimestampError::OutOfRange`] above `2^53 - 1`.
    pub const fn new(unix_ms: u64) -> Result<Self, TimestampError> {
        // spec: ID-20
        if unix_ms > Self::MAX.0 {
            return Err(TimestampError::OutOfRange { unix_ms });
        }
        Ok(Self(unix_ms))
    }

    /// Unix milliseconds.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The instant `span` later; a part of `span` below one millisecond is dropped.
    ///
    /// # Errors
    /// [`TimestampError::Overflow`] when the sum is above `2^53 - 1`.
    pub fn checked_add(self, span: Duration) -> Result<Self, TimestampError> {
        u64::try_from(span.as_millis())
            .ok()
            .and_then(|span_ms| self.0.checked_add(span_ms))
            .and_then(|sum| Self::new(sum).ok())
            .ok_or(TimestampError::Overflow)
    }

    /// Time passed since `earlier`; zero when `earlier` is the later of the two.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl TryFrom<u64> for Timestamp {
    type Error = TimestampError;

    fn try_from(unix_ms: u64) -> Result<Self, TimestampError> {
        Self::new(unix_ms)
    }
}

impl From<Timestamp> for u64 {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

/// Why a number is no [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// Above `2^53 - 1`.
    #[error("{unix_ms} ms is above the largest instant, 2^53 - 1")]
    OutOfRange {
        /// The refused value.
        unix_ms: u64,
    },
    /// A sum is above `2^53 - 1`.
    #[error("the sum is above the largest instant, 2^53 - 1 ms")]
    Overflow,
}

/// Offset of civil time in China from UTC, the whole year: UTC+8.
///
/// Summer time was kept from 1986 to 1991; an instant of those summers between 23:00 and 24:00
/// standard time is counted to the day before the one that clocks showed.
pub const CHINA_UTC_OFFSET: Duration = Duration::from_secs(8 * 60 * 60);

/// A civil day (日期), 1900-01-01 to 2199-12-31, counted in days from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Day(i32);

impl Day {
    /// 1900-01-01.
    pub const MIN: Self = Self(-25_567);
    /// 2199-12-31.
    pub const MAX: Self = Self(84_005);

    /// Takes a count of days from 1970-01-01; days before are negative.
    ///
    /// # Errors
    /// [`DayError::OutOfRange`] outside [`Day::MIN`] `..=` [`Day::MAX`].
    pub fn new(days: i64) -> Result<Self, DayError> {
        // spec: ID-21
        i32::try_from(days)
            .ok()
            .map(Self)
            .filter(|day| (Self::MIN..=Self::MAX).contains(day))
            .ok_or(DayError::OutOfRange)
    }

    /// Takes year, month (1–12) and day of the month (1–31).
    ///
    /// # Errors
    /// [`DayError::NoSuchDay`] for 30 February and the like, then [`DayError::OutOfRange`].
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Result<Self, DayError> {
        if day == 0 || day > month_length(year, month) {
            return Err(DayError::NoSuchDay);
        }
        Self::new(days_from_civil(year, month, day))
    }

    /// Days from 1970-01-01.
    pub const fn value(self) -> i32 {
        self.0
    }

    /// Year, month (1–12), day of the month (1–31).
    pub fn ymd(self) -> (u16, u8, u8) {
        civil_from_days(self.0)
    }

    /// The civil day in China that holds this instant.
    ///
    /// # Errors
    /// [`DayError::OutOfRange`] after 2199-12-31.
    pub fn of(instant: Timestamp) -> Result<Self, DayError> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        // spec: ID-23
        // No overflow: an instant is below 2^53, the offset below 2^25.
        let shifted = Duration::from_millis(instant.value()) + CHINA_UTC_OFFSET;
        let days = shifted.as_millis() / u128::from(DAY_MS);
        i64::try_from(days)
            .map_err(|_| DayError::OutOfRange)
            .and_then(Self::new)
    }

    /// The day `days` later, or earlier when negative.
    ///
    /// # Errors
    /// [`DayError::OutOfRange`] when that day is outside the range.
    pub fn plus_days(self, days: i32) -> Result<Self, DayError> {
        Self::new(i64::from(self.0) + i64::from(days))
    }

    /// The day of the same number `months` later; the last day of that month where it has none of
    /// the number (Civil Code, article 202).
    ///
    /// # Errors
    /// [`DayError::OutOfRange`] after 2199-12-31.
    pub fn plus_months(self, months: u32) -> Result<Self, DayError> {
        let (year, month, day) = self.ymd();
        let total = u64::from(year) * 12 + u64::from(month) - 1 + u64::from(months);
        // A year beyond the range is refused whether it fits 16 bits or not.
        let year = u16::try_from(total / 12).map_err(|_| DayError::OutOfRange)?;
        let month = u8::try_from(total % 12 + 1).map_err(|_| DayError::OutOfRange)?;
        Self::from_ymd(year, month, day.min(month_length(year, month)))
    }

    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday; a week is counted from Monday here.
        matches!((self.0 + 3).rem_euclid(7), 5 | 6)
    }

    /// Days passed since `earlier`; negative when `earlier` is the later of the two.
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Reads the forms met in imported files: `2019-10-10`, `2019/10/10`, `2019年10月10日` (month
    /// and day with or without leading zero) and `20191010`. White space around is ignored,
    /// full-width characters count as their half-width form. Never guesses: a time of day, a
    /// two-digit year or another order is refused.
    ///
    /// # Errors
    /// [`DayError::Empty`], [`DayError::Shape`], [`DayError::NoSuchDay`] or
    /// [`DayError::OutOfRange`], the first that applies.
    pub fn parse_loose(text: &str) -> Result<Self, DayError> {
        // spec: ID-22
        let text: String = text.trim().chars().map(half_width).collect();
        if text.is_empty() {
            return Err(DayError::Empty);
        }
        let (year, month, day) = split_date(&text).ok_or(DayError::Shape)?;
        Self::from_ymd(year, month, day)
    }
}

/// ISO 8601: `2019-10-10`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl TryFrom<i64> for Day {
    type Error = DayError;

    fn try_from(days: i64) -> Result<Self, DayError> {
        Self::new(days)
    }
}

impl From<Day> for i64 {
    fn from(day: Day) -> Self {
        Self::from(day.0)
    }
}

/// Why a value is no [`Day`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DayError {
    /// Nothing but white space.
    #[error("the date is empty")]
    Empty,
    /// None of the accepted forms.
    #[error("not a date of the form 2019-10-10, 2019/10/10, 2019年10月10日 or 20191010")]
    Shape,
    /// The form is right, the calendar has no such day.
    #[error("the calendar has no such day")]
    NoSuchDay,
    /// Before 1900-01-01 or after 2199-12-31.
    #[error("the day is outside 1900-01-01 to 2199-12-31")]
    OutOfRange,
}

fn split_date(text: &str) -> Option<(u16, u8, u8)> {
    if text.len() == 8 && is_digits(text) {
        let (year, rest) = text.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        return Some((year.parse().ok()?, number(month)?, number(day)?));
    }
    let (year, rest, month_end, day_end) = if let Some((year, rest)) = text.split_once('-') {
        (year, rest, '-', "")
    } else if let Some((year, rest)) = text.split_once('/') {
        (year, rest, '/', "")
    } else {
        let (year, rest) = text.split_once('年')?;
        (year, rest, '月', "日")
    };
    let (month, day) = rest.strip_suffix(day_end)?.split_once(month_end)?;
    if year.len() != 4 || !is_digits(year) {
        return None;
    }
    Some((year.parse().ok()?, number(month)?, number(day)?))
}

/// One or two ASCII digits; `u8::from_str` alone would also take a sign.
fn number(text: &str) -> Option<u8> {
    if text.is_empty() || text.len() > 2 || !is_digits(text) {
        return None;
    }
    text.parse().ok()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Zero for a month that does not exist.
pub(crate) const fn month_length(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// Days from 0000-03-01 to 1970-01-01. Years counted from March put the leap day last.
const MARCH_0000_TO_1970: i64 = 719_468;

/// Days of the months before each, in a year that starts with March.
const DAYS_BEFORE_FROM_MARCH: [u16; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    let month_from_march = (usize::from(month) + 9) % 12;
    let year = i64::from(year) - i64::from(month <= 2);
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = DAYS_BEFORE_FROM_MARCH
        .get(month_from_march)
        .copied()
        .unwrap_or(0);
    before_year + i64::from(before_month) + i64::from(day) - 1 - MARCH_0000_TO_1970
}

/// Valid for every [`Day`]: all of them lie after 0000-03-01.
fn civil_from_days(days: i32) -> (u16, u8, u8) {
    let total = i64::from(days) + MARCH_0000_TO_1970;
    // 400 years are 146,097 days; leap days lie unevenly, so the quotient may be one year off.
    let estimate = total * 400 / 146_097;
    let starts_at = |year: i64| 365 * year + year / 4 - year / 100 + year / 400;
    let year = if starts_at(estimate + 1) <= total {
        estimate + 1
    } else if starts_at(estimate) <= total {
        estimate
    } else {
        estimate - 1
    };
    let day_of_year = total - starts_at(year);
    let month_from_march = DAYS_BEFORE_FROM_MARCH
        .iter()
        .rposition(|before| i64::from(*before) <= day_of_year)
        .unwrap_or(0);
    let before_month = DAYS_BEFORE_FROM_MARCH
        .get(month_from_march)
        .copied()
        .unwrap_or(0);
    let month = (month_from_march + 2) % 12 + 1;
    let year = year + i64::from(month <= 2);
    let day = day_of_year - i64::from(before_month) + 1;
    let in_range = "a day of 1900 to 2199 has a year, month and day that fit";
    (
        u16::try_from(year).expect(in_range),
        u8::try_from(month).expect(in_range),
        u8::try_from(day).expect(in_range),
    )
}

#[cfg(test)]
mod tests;
