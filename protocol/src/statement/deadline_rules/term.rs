//! How long a deadline is.

use std::fmt;
use std::num::NonZeroU32;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DeadlineRuleError;
use crate::codec::code_enum;
use crate::time::month_length;

code_enum! {
    /// 期限单位: what a term is counted in, or how it recurs.
    pub enum TermUnit {
        /// 工作日
        WorkingDay = 1,
        /// 日
        Day = 2,
        /// 月
        Month = 3,
        /// 年
        Year = 4,
        /// 即时
        AtOnce = 5,
        /// 月末
        MonthEnd = 6,
        /// 季末
        QuarterEnd = 7,
        /// 每年固定日期
        Yearly = 8,
    }
}

/// 期限: how long after an event, or which date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// 工作日: so many working days.
    WorkingDays(NonZeroU32),
    /// 日: so many calendar days.
    Days(NonZeroU32),
    /// 月: so many months, to the day of the same number.
    Months(NonZeroU32),
    /// 年: so many years, to the same date.
    Years(NonZeroU32),
    /// 即时: on the day of the event itself.
    AtOnce,
    /// 月末: the last day of the month that holds the event.
    MonthEnd,
    /// 季末: the last day of the quarter that holds the event.
    QuarterEnd,
    /// 每年固定日期: the first of these dates after the event, ascending, at least one.
    Yearly(Vec<YearDay>),
}

impl Term {
    /// Puts a term together, as the fields of a rule have it: a number where the unit is working
    /// days, days, months or years, dates where it is the year.
    ///
    /// # Errors
    /// [`DeadlineRuleError::DatesUnasked`], [`DeadlineRuleError::NoNumber`] or
    /// [`DeadlineRuleError::NumberUnasked`].
    // spec: DL-4
    pub fn new(
        unit: TermUnit,
        n: Option<u32>,
        dates: Vec<YearDay>,
    ) -> Result<Self, DeadlineRuleError> {
        if !dates.is_empty() && unit != TermUnit::Yearly {
            return Err(DeadlineRuleError::DatesUnasked);
        }
        let number = || {
            n.and_then(NonZeroU32::new)
                .ok_or(DeadlineRuleError::NoNumber)
        };
        let term = match unit {
            TermUnit::WorkingDay => return number().map(Self::WorkingDays),
            TermUnit::Day => return number().map(Self::Days),
            TermUnit::Month => return number().map(Self::Months),
            TermUnit::Year => return number().map(Self::Years),
            TermUnit::AtOnce => Self::AtOnce,
            TermUnit::MonthEnd => Self::MonthEnd,
            TermUnit::QuarterEnd => Self::QuarterEnd,
            TermUnit::Yearly => Self::Yearly(dates),
        };
        match n {
            Some(_) => Err(DeadlineRuleError::NumberUnasked),
            None => Ok(term),
        }
    }

    /// The unit, the number where it has one, and the dates of a yearly term.
    #[must_use]
    pub fn into_parts(self) -> (TermUnit, Option<u32>, Vec<YearDay>) {
        let length = |unit, n: NonZeroU32| (unit, Some(n.get()), Vec::new());
        let bare = |unit| (unit, None, Vec::new());
        match self {
            Self::WorkingDays(n) => length(TermUnit::WorkingDay, n),
            Self::Days(n) => length(TermUnit::Day, n),
            Self::Months(n) => length(TermUnit::Month, n),
            Self::Years(n) => length(TermUnit::Year, n),
            Self::AtOnce => bare(TermUnit::AtOnce),
            Self::MonthEnd => bare(TermUnit::MonthEnd),
            Self::QuarterEnd => bare(TermUnit::QuarterEnd),
            Self::Yearly(dates) => (TermUnit::Yearly, None, dates),
        }
    }
}

/// A date that every year has: month and day, `[month, day]` on the wire. 29 February is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearDay {
    month: u8,
    day: u8,
}

impl YearDay {
    /// Takes month (1–12) and day of the month (1–31).
    ///
    /// # Errors
    /// [`DeadlineRuleError::NoSuchDate`] when not every year has the day.
    pub const fn new(month: u8, day: u8) -> Result<Self, DeadlineRuleError> {
        /// Any year of 365 days.
        const COMMON_YEAR: u16 = 2001;
        // spec: DL-4
        if day == 0 || day > month_length(COMMON_YEAR, month) {
            return Err(DeadlineRuleError::NoSuchDate { month, day });
        }
        Ok(Self { month, day })
    }

    /// The month, 1–12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

/// ISO 8601 without the year: `07-05`.
impl fmt::Display for YearDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl Serialize for YearDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.month, self.day).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for YearDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (month, day) = Deserialize::deserialize(deserializer)?;
        Self::new(month, day).map_err(D::Error::custom)
    }
}
