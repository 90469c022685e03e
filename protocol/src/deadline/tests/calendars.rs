//! The calendars of 2024 to 2026, and which of several calendars holds.

use super::*;
use crate::statement::{Calendar, CalendarFields};

/// Month and day of the holidays on weekdays, and of the workdays on weekends, by the notices of the
/// State Council; the package chinesecalendar 1.11.0 has the same.
const YEARS: [(u16, &str, &str); 3] = [
    (
        2024,
        "0101 0212 0213 0214 0215 0216 0404 0405 0501 0502 0503 0610 0916 0917 1001 1002 1003 1004 1007",
        "0204 0218 0407 0428 0511 0914 0929 1012",
    ),
    (
        2025,
        "0101 0128 0129 0130 0131 0203 0204 0404 0501 0502 0505 0602 1001 1002 1003 1006 1007 1008",
        "0126 0208 0427 0928 1011",
    ),
    (
        2026,
        "0101 0102 0216 0217 0218 0219 0220 0223 0406 0501 0504 0505 0619 0925 1001 1002 1005 1006 1007",
        "0104 0214 0228 0509 0920 1010",
    ),
];

fn listed(year: u16, text: &str) -> Vec<Day> {
    let days = text
        .split(' ')
        .map(|month_day| day(&format!("{year}{month_day}")));
    days.collect()
}

/// A calendar of a span, with every day of the lists that lies in it.
pub(super) fn calendar(region: &str, from: &str, until: &str) -> CalendarFields {
    let (from, until) = (day(from), day(until));
    let within = |list: fn(&(u16, &str, &str)) -> Vec<Day>| {
        let days = YEARS.iter().flat_map(list);
        days.filter(|day| (from..=until).contains(day)).collect()
    };
    CalendarFields {
        region: RegionCode::parse(region).unwrap(),
        covers_from: from,
        covers_until: until,
        holidays: within(|(year, holidays, _)| listed(*year, holidays)),
        workdays: within(|(year, _, workdays)| listed(*year, workdays)),
        source: Text::new("a notice").unwrap(),
    }
}

/// The whole country, 2024 to 2026, a calendar a year.
pub(super) fn country() -> Vec<Calendar> {
    let year = |(year, _, _): &(u16, &str, &str)| {
        let fields = calendar("100000", &format!("{year}0101"), &format!("{year}1231"));
        Calendar::new(fields).unwrap()
    };
    YEARS.iter().map(year).collect()
}

pub(super) fn days() -> WorkingDays {
    WorkingDays::new(RegionCode::COUNTRY, &country())
}

/// Every day from one on until another, by counting.
pub(super) fn span(from: Day, until: Day) -> impl Iterator<Item = Day> {
    (from.value()..=until.value()).map(|days| Day::new(i64::from(days)).unwrap())
}

#[test]
fn years_have_251_248_and_248_working_days() {
    // spec: DL-2
    let days = days();
    for (year, count) in [(2024, 251), (2025, 248), (2026, 248)] {
        let from = Day::from_ymd(year, 1, 1).unwrap();
        let until = Day::from_ymd(year, 12, 31).unwrap();
        let worked = span(from, until).filter(|day| days.is_working(*day).unwrap());
        assert_eq!(worked.count(), count, "{year}");
    }
}

#[test]
fn every_listed_day_departs_from_the_week_and_no_other_does() {
    // spec: DL-2
    let days = days();
    let holidays: Vec<_> = YEARS.iter().flat_map(|y| listed(y.0, y.1)).collect();
    let workdays: Vec<_> = YEARS.iter().flat_map(|y| listed(y.0, y.2)).collect();
    assert_eq!((holidays.len(), workdays.len()), (56, 19));
    for day in span(day("2024-01-01"), day("2026-12-31")) {
        // 2024-01-01 was a Monday.
        let weekend = day.days_since(super::day("2024-01-01")) % 7 >= 5;
        let expected = match weekend {
            true => workdays.contains(&day),
            false => !holidays.contains(&day),
        };
        assert_eq!(days.is_working(day), Some(expected), "{day}");
    }
}

#[test]
fn days_outside_every_calendar_are_unknown() {
    // spec: DL-2
    let days = days();
    for text in ["2023-12-31", "2027-01-01", "2027-01-02"] {
        assert_eq!(days.is_working(day(text)), None, "{text}");
    }
    let none = WorkingDays::new(RegionCode::COUNTRY, []);
    assert_eq!(none.is_working(day("2026-03-02")), None);
}

#[test]
fn newest_calendar_of_a_region_decides_the_days_that_it_covers() {
    // spec: DL-3
    let old = Calendar::new(calendar("100000", "2026-10-01", "2026-10-31")).unwrap();
    let mut fields = calendar("100000", "2026-10-08", "2026-10-09");
    fields.holidays = vec![day("2026-10-08")];
    let new = Calendar::new(fields).unwrap();
    let worked = |order: [&Calendar; 2]| {
        let days = WorkingDays::new(RegionCode::COUNTRY, order);
        ["2026-10-07", "2026-10-08", "2026-10-09"].map(|text| days.is_working(day(text)))
    };
    assert_eq!(worked([&old, &new]), [Some(false), Some(false), Some(true)]);
    assert_eq!(worked([&new, &old]), [Some(false), Some(true), Some(true)]);
}

/// Guangxi keeps the third of the third month; a calendar of its own covers that month alone.
#[test]
fn calendar_of_the_smaller_region_comes_first_whatever_is_newer() {
    // spec: DL-3
    let mut regional = calendar("450000", "2026-04-01", "2026-04-30");
    regional.holidays.push(day("2026-04-20"));
    let mut city = calendar("450100", "2026-04-21", "2026-04-21");
    city.holidays.push(day("2026-04-21"));
    let regional = Calendar::new(regional).unwrap();
    let city = Calendar::new(city).unwrap();
    let country = country();
    let worked = |region: &str| {
        let region = RegionCode::parse(region).unwrap();
        let all = [&city, &regional].into_iter().chain(&country);
        let days = WorkingDays::new(region, all);
        ["2026-04-20", "2026-04-21", "2026-05-01"].map(|text| days.is_working(day(text)).unwrap())
    };
    assert_eq!(worked("450000"), [false, true, false]);
    assert_eq!(worked("450100"), [false, false, false]);
    assert_eq!(worked("450102"), [false, false, false]);
    assert_eq!(worked("450200"), [false, true, false]);
    assert_eq!(worked("440300"), [true, true, false]);
    assert_eq!(worked("100000"), [true, true, false]);
}
