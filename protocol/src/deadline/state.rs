//! Whether a deadline was met.

use crate::deadline::{Clock, Deadline, Due};
use crate::statement::Term;
use crate::time::Day;

/// How a deadline stands on a day. Numbers are working days where the rule counts them, and calendar
/// days otherwise; nothing where a calendar is lacking for a day that would have to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not met, and not due before the day is over.
    Open {
        /// Days that count after the day asked about, the last day among them; nothing also where
        /// the last day is after [`Day::MAX`].
        days_left: Option<u32>,
    },
    /// Met in time.
    Met {
        /// The day on which.
        on: Day,
    },
    /// Met after the last day.
    MetLate {
        /// The day on which.
        on: Day,
        /// Days after the last day; 0 where only days off lie between.
        by: Option<u32>,
    },
    /// Not met, and the last day is over.
    Overdue {
        /// Days after the last day; 0 where only days off lie between.
        by: Option<u32>,
    },
    /// The clock stands; as [`Due::Stopped`].
    Stopped {
        /// Since when.
        since: Day,
        /// Days still to count once it goes on.
        days_left: Option<u32>,
    },
    /// Nobody can tell without a calendar; as [`Due::UnknownUntilCalendar`].
    UnknownUntilCalendar {
        /// Nothing can be due before.
        earliest: Day,
        /// The first day that matters and that no calendar covers.
        lacking_from: Day,
    },
}

impl Deadline<'_> {
    /// How it stands at the end of `today`, given the day on which the event that meets it happened.
    #[must_use]
    pub fn state(&self, today: Day, met_on: Option<Day>) -> State {
        // spec: DL-18, DL-19
        match (self.due(), met_on) {
            (Due::On(due), Some(on)) if on > due => State::MetLate {
                on,
                by: self.late(due, on),
            },
            (Due::On(_) | Due::Stopped { .. } | Due::OutOfRange, Some(on)) => State::Met { on },
            (Due::UnknownUntilCalendar { earliest, .. }, Some(on)) if on <= earliest => {
                State::Met { on }
            }
            (Due::On(due), None) if today > due => State::Overdue {
                by: self.late(due, today),
            },
            (Due::On(due), None) => State::Open {
                days_left: self.left(today, due),
            },
            (Due::OutOfRange, None) => State::Open { days_left: None },
            (Due::Stopped { since, days_left }, None) => State::Stopped { since, days_left },
            (
                Due::UnknownUntilCalendar {
                    earliest,
                    lacking_from,
                },
                _,
            ) => State::UnknownUntilCalendar {
                earliest,
                lacking_from,
            },
        }
    }

    /// Days that count after `today` up to `due`; none of those before the start.
    fn left(&self, today: Day, due: Day) -> Option<u32> {
        let counts = |day| match self.clock(day) {
            Clock::Runs => self.counts(day),
            Clock::Stands | Clock::StandsSince(_) => Some(false),
        };
        count(today.max(self.start), due, counts)
    }

    /// Days after `due` up to `day`. A stop after the last day excuses nothing.
    fn late(&self, due: Day, day: Day) -> Option<u32> {
        count(due, day, |day| self.counts(day))
    }

    fn counts(&self, day: Day) -> Option<bool> {
        match self.rule.fields().term {
            Term::WorkingDays(_) => self.days.is_working(day),
            Term::Days(_)
            | Term::Months(_)
            | Term::Years(_)
            | Term::AtOnce
            | Term::MonthEnd
            | Term::QuarterEnd
            | Term::Yearly(_) => Some(true),
        }
    }
}

/// How many days after `after` up to `until` count.
fn count(after: Day, until: Day, counts: impl Fn(Day) -> Option<bool>) -> Option<u32> {
    let (mut day, mut sum) = (after, 0);
    while day < until {
        day = day.plus_days(1).ok()?;
        sum += u32::from(counts(day)?);
    }
    Some(sum)
}
