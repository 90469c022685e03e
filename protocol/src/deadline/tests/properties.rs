//! What holds for every deadline.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::calendars::{calendar, country, days, span};
use super::*;
use crate::statement::{Calendar, CalendarFields};

fn any_day(from: &str, until: &str) -> impl Strategy<Value = Day> + use<> {
    let range = day(from).value()..=day(until).value();
    range.prop_map(|days| Day::new(i64::from(days)).unwrap())
}

fn stops() -> impl Strategy<Value = Vec<ClockStop>> {
    let stop = (any_day("2023-12-01", "2027-01-31"), -3i32..20);
    let stop = stop.prop_map(|(from, length)| ClockStop {
        from,
        until: Some(from.plus_days(length).unwrap()),
    });
    prop::collection::vec(stop, 0..4)
}

/// Every working day of the three years on which no clock stands: a set, and no arithmetic.
fn counting_days(stops: &[ClockStop]) -> BTreeSet<Day> {
    let calendars = country();
    let all = calendars.iter().flat_map(|calendar| {
        let fields = calendar.fields();
        let mut days: BTreeSet<_> = span(fields.covers_from, fields.covers_until)
            // 2024-01-01 was a Monday.
            .filter(|day| day.days_since(super::day("2024-01-01")) % 7 < 5)
            .collect();
        days.retain(|day| !fields.holidays.contains(day));
        days.extend(&fields.workdays);
        days
    });
    let mut all: BTreeSet<_> = all.collect();
    for stop in stops {
        all.retain(|day| *day < stop.from || *day > stop.until.unwrap());
    }
    all
}

fn due(number: u32, start: Day, stops: &[ClockStop], days: &WorkingDays) -> Due {
    Deadline {
        rule: &working_days(number),
        start,
        stops,
        days,
    }
    .due()
}

/// The last day, or what it is not before.
fn no_earlier_than(due: Due) -> Day {
    match due {
        Due::On(last) => last,
        Due::UnknownUntilCalendar { earliest, .. } => earliest,
        Due::Stopped { .. } | Due::OutOfRange => panic!("{due:?}"),
    }
}

/// A calendar of January to March 2027 as wild as the rules of calendars allow.
fn any_2027() -> impl Strategy<Value = Calendar> {
    prop::collection::vec(any::<bool>(), 90).prop_map(|departs| {
        let mut fields = calendar("100000", "2027-01-01", "2027-03-31");
        let span = span(fields.covers_from, fields.covers_until);
        let listed = span.zip(departs).filter(|(_, departs)| *departs);
        let (workdays, holidays) = listed.map(|(day, _)| day).partition(|day| day.is_weekend());
        (fields.workdays, fields.holidays) = (workdays, holidays);
        Calendar::new(CalendarFields { ..fields }).unwrap()
    })
}

proptest! {
    // spec: DL-9, DL-13
    #[test]
    fn due_is_what_counting_day_by_day_gives(
        start in any_day("2024-01-01", "2026-12-31"),
        number in 1u32..80,
        stops in stops(),
    ) {
        let counting = counting_days(&stops);
        let mut after = counting.range(start..).filter(|day| **day > start);
        let expected = after.nth(usize::try_from(number).unwrap() - 1);
        match (due(number, start, &stops, &days()), expected) {
            (Due::On(last), Some(expected)) => prop_assert_eq!(last, *expected),
            (Due::UnknownUntilCalendar { earliest, lacking_from }, None) => {
                prop_assert!(lacking_from >= day("2027-01-01"));
                prop_assert!(earliest >= lacking_from);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    // spec: DL-9
    #[test]
    fn due_grows_with_the_number_and_with_the_start(
        start in any_day("2023-12-01", "2026-12-31"),
        later in 0i32..40,
        number in 1u32..60,
        more in 0u32..20,
        stops in stops(),
    ) {
        let days = days();
        let last = |number, start| no_earlier_than(due(number, start, &stops, &days));
        let first = last(number, start);
        prop_assert!(last(number + more, start) >= first);
        prop_assert!(more == 0 || last(number + more, start) > first);
        prop_assert!(last(number, start.plus_days(later).unwrap()) >= first);
        prop_assert!(first > start);
    }

    // spec: DL-16
    #[test]
    fn nothing_is_due_before_the_earliest_day_whatever_the_calendar_turns_out_to_be(
        start in any_day("2026-11-01", "2027-01-10"),
        number in 1u32..60,
        calendar_days in any::<bool>(),
        stops in stops(),
        new in any_2027(),
    ) {
        let term = match calendar_days {
            true => Term::Days(n(number)),
            false => Term::WorkingDays(n(number)),
        };
        let rule = &rule(term);
        let by = |calendars: &[Calendar]| {
            let days = &WorkingDays::new(RegionCode::COUNTRY, calendars);
            Deadline { rule, start, stops: &stops, days }.due()
        };
        let mut calendars = country();
        let before = by(&calendars);
        calendars.push(new);
        let after = by(&calendars);
        if let Due::On(_) = before {
            prop_assert_eq!(after, before);
        }
        prop_assert!(no_earlier_than(after) >= no_earlier_than(before));
    }

    // spec: DL-17
    #[test]
    fn every_rule_comes_to_an_end_at_both_ends_of_the_days(
        number in 1u32..,
        start in prop::sample::select(vec![Day::MIN, day("2026-03-02"), Day::MAX]),
        today in prop::sample::select(vec![Day::MIN, day("2026-03-02"), Day::MAX]),
    ) {
        let days = &days();
        let terms = [
            Term::WorkingDays(n(number)),
            Term::Days(n(number)),
            Term::Months(n(number)),
            Term::Years(n(number)),
            Term::AtOnce,
            Term::MonthEnd,
            Term::QuarterEnd,
        ];
        for rule in terms.into_iter().flat_map(|term| [rule(term.clone()), lapse(term)]) {
            let deadline = Deadline { rule: &rule, start, stops: &[], days };
            if let Due::On(last) = deadline.due() {
                prop_assert!(last >= start);
            }
            let met = deadline.state(today, Some(Day::MIN));
            prop_assert_eq!(met, State::Met { on: Day::MIN });
            let met = matches!(deadline.state(today, None), State::Met { .. } | State::MetLate { .. });
            prop_assert!(!met);
        }
    }
}
