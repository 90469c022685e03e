//! Which days are worked in a place, by all calendars that speak of it.

use std::cmp::Reverse;

use crate::region::RegionCode;
use crate::statement::Calendar;
use crate::time::Day;

/// The working days of one place.
///
/// The calendar of the smallest region decides a day that it covers, and of several of one region
/// the newest. A day that no calendar covers is unknown.
#[derive(Clone, Debug)]
pub struct WorkingDays {
    /// The first that covers a day decides it.
    calendars: Vec<Calendar>,
}

impl WorkingDays {
    /// Takes the calendars of a registry state, oldest first. Those of regions that do not contain
    /// `region` are left out.
    #[must_use]
    pub fn new<'a>(region: RegionCode, calendars: impl IntoIterator<Item = &'a Calendar>) -> Self {
        let all = calendars.into_iter();
        let mut calendars: Vec<_> = all
            .filter(|calendar| calendar.fields().region.contains(region))
            .cloned()
            .collect();
        // spec: DL-3
        calendars.reverse();
        // A stable sort: of one level, thus of one region, the newest stays first.
        calendars.sort_by_key(|calendar| Reverse(calendar.fields().region.level()));
        Self { calendars }
    }

    /// Whether a day is worked; nothing where no calendar covers it.
    #[must_use]
    pub fn is_working(&self, day: Day) -> Option<bool> {
        // spec: DL-2, DL-3
        self.calendars
            .iter()
            .find_map(|calendar| calendar.is_working(day))
    }
}
