//! The last day of a deadline.

use crate::deadline::{Clock, Deadline};
use crate::statement::{Term, YearDay};
use crate::time::{Day, month_length};

/// 到期日: by when, as far as calendars and clock tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The last day.
    On(Day),
    /// It depends on days that no calendar covers.
    UnknownUntilCalendar {
        /// Nothing can be due before this day, whatever the missing calendar will say: it is the
        /// last day if every day that no calendar covers is worked, and each may be, since a notice
        /// may declare any day of a weekend a workday.
        earliest: Day,
        /// The first day that matters and that no calendar covers.
        lacking_from: Day,
    },
    /// The clock stands and has not gone on.
    Stopped {
        /// Since when; may lie before the start.
        since: Day,
        /// Days still to count once it goes on, in the unit that is counted; at least one. Months
        /// and years are counted in days. Nothing where a calendar is lacking for a day before.
        days_left: Option<u32>,
    },
    /// After [`Day::MAX`].
    OutOfRange,
}

impl Deadline<'_> {
    /// By when. The work is bounded by the range of [`Day`], whatever the rule says.
    #[must_use]
    pub fn due(&self) -> Due {
        let start = self.start;
        let months = |count: Option<u32>| {
            // spec: DL-12
            match count.and_then(|count| start.plus_months(count).ok()) {
                Some(end) => self.calendar_days(end.days_since(start).unsigned_abs()),
                None => Due::OutOfRange,
            }
        };
        match &self.rule.fields().term {
            // spec: DL-9
            Term::WorkingDays(n) => self.walk(start, n.get(), |day| self.days.is_working(day)),
            Term::Days(n) => self.calendar_days(n.get()),
            Term::Months(n) => months(Some(n.get())),
            Term::Years(n) => months(n.get().checked_mul(12)),
            // spec: DL-15
            Term::AtOnce => Due::On(start),
            Term::MonthEnd => end_of_month(start, 1),
            Term::QuarterEnd => end_of_month(start, 3),
            Term::Yearly(dates) => first_after(start, dates),
        }
    }

    /// The day `length` calendar days on, and where it is a holiday, the next working day.
    fn calendar_days(&self, length: u32) -> Due {
        let last = match self.walk(self.start, length, |_| Some(true)) {
            Due::On(last) => last,
            other @ (Due::UnknownUntilCalendar { .. } | Due::Stopped { .. } | Due::OutOfRange) => {
                return other;
            }
        };
        // spec: DL-11
        if self.rule.fields().event_to.is_lapse() {
            return Due::On(last);
        }
        // spec: DL-10
        match last.plus_days(-1) {
            Ok(before) => self.walk(before, 1, |day| self.days.is_working(day)),
            Err(_) => Due::OutOfRange,
        }
    }

    /// Counts `left` days from the one after `day` on: those on which the clock runs and that
    /// `counts`, where it can tell.
    // spec: DL-8
    fn walk(&self, mut day: Day, mut left: u32, counts: impl Fn(Day) -> Option<bool>) -> Due {
        let mut lacking = None;
        while left > 0 {
            day = match day.plus_days(1) {
                Ok(next) => next,
                // spec: DL-17
                Err(_) => return Due::OutOfRange,
            };
            match self.clock(day) {
                // spec: DL-13
                Clock::Stands => continue,
                // spec: DL-14
                Clock::StandsSince(since) => {
                    let days_left = lacking.is_none().then_some(left);
                    return Due::Stopped { since, days_left };
                }
                Clock::Runs => {}
            }
            match counts(day) {
                Some(true) => left -= 1,
                Some(false) => {}
                // spec: DL-16
                None => {
                    lacking = lacking.or(Some(day));
                    left -= 1;
                }
            }
        }
        match lacking {
            Some(lacking_from) => Due::UnknownUntilCalendar {
                earliest: day,
                lacking_from,
            },
            None => Due::On(day),
        }
    }
}

/// The last day of the period of `months` months that holds `day`; periods are counted from January.
// spec: DL-15
fn end_of_month(day: Day, months: u8) -> Due {
    let (year, month, _) = day.ymd();
    let last = (month - 1) / months * months + months;
    on(year, last, month_length(year, last))
}

// spec: DL-15
fn first_after(start: Day, dates: &[YearDay]) -> Due {
    let (year, month, day) = start.ymd();
    let later = |date: &&YearDay| (date.month(), date.day()) > (month, day);
    if let Some(date) = dates.iter().find(later) {
        return on(year, date.month(), date.day());
    }
    match dates.first() {
        Some(date) => on(year.saturating_add(1), date.month(), date.day()),
        None => Due::OutOfRange,
    }
}

fn on(year: u16, month: u8, day: u8) -> Due {
    Day::from_ymd(year, month, day).map_or(Due::OutOfRange, Due::On)
}
