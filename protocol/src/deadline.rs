//! Deadlines: by when what has to follow an event, and whether it did (`spec/deadlines.md`).
//!
//! Rules and calendars are data of the registry ([`crate::statement::DeadlineRules`],
//! [`crate::statement::Calendar`]); here they are applied. A year without a calendar is never
//! guessed at: what depends on it is unknown, with a day before which nothing can be due.
//!
//! ```
//! use concordat_protocol::deadline::{Deadline, Due, WorkingDays};
//! use concordat_protocol::region::RegionCode;
//! use concordat_protocol::time::Day;
//! # use concordat_protocol::statement::*;
//! # use concordat_protocol::text::Text;
//! # let day = |text| Day::parse_loose(text).unwrap();
//! # let calendar = Calendar::new(CalendarFields {
//! #     region: RegionCode::COUNTRY,
//! #     covers_from: day("2026-10-01"),
//! #     covers_until: day("2026-12-31"),
//! #     holidays: ["2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"].map(day).to_vec(),
//! #     workdays: vec![day("2026-10-10")],
//! #     source: Text::new("notice of the State Council").unwrap(),
//! # }).unwrap();
//! # let rule = DeadlineRule::new(DeadlineRuleFields {
//! #     id: Code::new("publish").unwrap(),
//! #     region: RegionCode::COUNTRY,
//! #     event_from: DeadlineEvent::Decided,
//! #     event_to: DeadlineEvent::Published,
//! #     term: Term::WorkingDays(7.try_into().unwrap()),
//! #     source: Text::new("a document").unwrap(),
//! #     valid_from: day("2020-01-01"),
//! #     valid_until: None,
//! #     act_types: vec![],
//! # }).unwrap();
//! // The rule: seven working days. Decided on the eve of National Day.
//! let days = WorkingDays::new(RegionCode::COUNTRY, [&calendar]);
//! let deadline = Deadline { rule: &rule, start: day("2026-09-30"), stops: &[], days: &days };
//! assert_eq!(deadline.due(), Due::On(day("2026-10-15")));
//! ```
//!
//! Out of scope: a clock, who is told of what is overdue, and what follows from it.

mod choice;
mod due;
mod state;
mod working_days;

use crate::statement::DeadlineRule;
use crate::time::Day;

pub use due::Due;
pub use state::State;
pub use working_days::WorkingDays;

/// 中止: days on which the clock stands, the first and the last among them.
///
/// One whose last day lies before its first stops nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockStop {
    /// The first day that does not count.
    pub from: Day,
    /// The last day that does not count; absent while the clock stands.
    pub until: Option<Day>,
}

/// 期限: one rule, applied to one event.
#[derive(Clone, Copy, Debug)]
pub struct Deadline<'a> {
    /// The rule.
    pub rule: &'a DeadlineRule,
    /// The day of the event that it counts from.
    pub start: Day,
    /// When the clock stood, in any order; they may overlap.
    pub stops: &'a [ClockStop],
    /// The working days of the place.
    pub days: &'a WorkingDays,
}

/// What the clock does on a day.
enum Clock {
    Runs,
    /// It stands, and went on later.
    Stands,
    /// It stands since that day and has not gone on.
    StandsSince(Day),
}

impl Deadline<'_> {
    fn clock(&self, day: Day) -> Clock {
        // spec: DL-13, DL-14
        let begun = self.stops.iter().filter(|stop| stop.from <= day);
        let open = begun.clone().filter(|stop| stop.until.is_none());
        if let Some(since) = open.map(|stop| stop.from).min() {
            return Clock::StandsSince(since);
        }
        let mut until = begun.filter_map(|stop| stop.until);
        match until.any(|until| day <= until) {
            true => Clock::Stands,
            false => Clock::Runs,
        }
    }
}

#[cfg(test)]
mod tests;
