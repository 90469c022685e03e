//! 工作日历: which days of a span are worked in a region (`spec/deadlines.md`).
//!
//! A calendar says only what departs from the week: weekdays that are off and weekend days that are
//! worked. Of a day outside its span it says nothing.
//!
//! Out of scope: which of several calendars holds ([`crate::deadline::WorkingDays`]).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::region::RegionCode;
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// What a calendar says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CalendarFields {
        /// The region; the whole country is [`RegionCode::COUNTRY`].
        1 => region: req(RegionCode),
        /// The first day that it speaks of.
        2 => covers_from: req(Day),
        /// The last day that it speaks of.
        3 => covers_until: req(Day),
        /// 放假: weekdays that are off, ascending.
        4 => holidays: list(Day),
        /// 调休上班: weekend days that are worked, ascending.
        5 => workdays: list(Day),
        /// The notice that it was taken from.
        6 => source: req(Text<200>),
    }
}

/// A calendar whose lists fit its span and the week. The only way in is [`Calendar::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar(CalendarFields);

impl Calendar {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// The first of [`CalendarError::EndsBeforeItBegins`] and then, for the holidays and for the
    /// workdays, [`CalendarError::ListOrder`], [`CalendarError::OutsideSpan`] and
    /// [`CalendarError::HolidayOnWeekend`] or [`CalendarError::WorkdayOnWeekday`] that applies.
    pub fn new(fields: CalendarFields) -> Result<Self, CalendarError> {
        // spec: DL-1
        if fields.covers_until < fields.covers_from {
            return Err(CalendarError::EndsBeforeItBegins);
        }
        let calendar = Self(fields);
        calendar.check("holidays", &calendar.0.holidays)?;
        if let Some(day) = calendar.0.holidays.iter().find(|day| day.is_weekend()) {
            return Err(CalendarError::HolidayOnWeekend { day: *day });
        }
        calendar.check("workdays", &calendar.0.workdays)?;
        if let Some(day) = calendar.0.workdays.iter().find(|day| !day.is_weekend()) {
            return Err(CalendarError::WorkdayOnWeekday { day: *day });
        }
        Ok(calendar)
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &CalendarFields {
        &self.0
    }

    /// Whether a day is worked; nothing outside the span.
    #[must_use]
    pub fn is_working(&self, day: Day) -> Option<bool> {
        // spec: DL-2
        if day < self.0.covers_from || day > self.0.covers_until {
            return None;
        }
        let listed = |days: &[Day]| days.binary_search(&day).is_ok();
        Some(match day.is_weekend() {
            true => listed(&self.0.workdays),
            false => !listed(&self.0.holidays),
        })
    }

    fn check(&self, field: &'static str, days: &[Day]) -> Result<(), CalendarError> {
        // spec: DL-1
        if !days.is_sorted_by(|a, b| a < b) {
            return Err(CalendarError::ListOrder { field });
        }
        let span = self.0.covers_from..=self.0.covers_until;
        match days.iter().find(|day| !span.contains(day)) {
            Some(day) => Err(CalendarError::OutsideSpan { field, day: *day }),
            None => Ok(()),
        }
    }
}

impl Serialize for Calendar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Calendar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(CalendarFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Why fields are no [`Calendar`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The last day lies before the first.
    #[error("covers_until lies before covers_from")]
    EndsBeforeItBegins,
    /// A list that is not in strictly ascending order.
    #[error("{field} is not in ascending order without repetition")]
    ListOrder {
        /// The field.
        field: &'static str,
    },
    /// A day that the calendar does not speak of.
    #[error("{field} names {day}, which lies outside the span of the calendar")]
    OutsideSpan {
        /// The field.
        field: &'static str,
        /// The day.
        day: Day,
    },
    /// A holiday that would be off without being listed.
    #[error("{day} is a day of the weekend, and only weekdays are listed as holidays")]
    HolidayOnWeekend {
        /// The day.
        day: Day,
    },
    /// A make-up workday that would be worked without being listed.
    #[error("{day} is a weekday, and only days of the weekend are listed as workdays")]
    WorkdayOnWeekday {
        /// The day.
        day: Day,
    },
}

#[cfg(test)]
mod tests;
