//! Last days, by sums done by hand on the printed calendars.

use super::calendars::{country, days};
use super::*;
use crate::statement::YearDay;

fn due_with(rule: &DeadlineRule, start: &str, stops: &[ClockStop]) -> Due {
    let (start, days) = (day(start), &days());
    Deadline {
        rule,
        start,
        stops,
        days,
    }
    .due()
}

fn due(rule: &DeadlineRule, start: &str) -> Due {
    due_with(rule, start, &[])
}

fn on(text: &str) -> Due {
    Due::On(day(text))
}

fn lacking(earliest: &str, from: &str) -> Due {
    Due::UnknownUntilCalendar {
        earliest: day(earliest),
        lacking_from: day(from),
    }
}

#[test]
fn seven_working_days_across_the_long_holidays() {
    // spec: DL-9
    for (start, last) in [
        // Spring Festival 2026: off from Sunday 15 to Monday 23 February, worked on the Saturdays
        // 14 and 28: 14, 24, 25, 26, 27, 28, 2 March.
        ("2026-02-13", "2026-03-02"),
        // From the day before the holiday: 24, 25, 26, 27, 28, 2, 3 March.
        ("2026-02-14", "2026-03-03"),
        // Spring Festival 2025, across Sunday 26 January, worked: 26, 27, 5, 6, 7, 8, 10 February.
        ("2025-01-24", "2025-02-10"),
        // From the day before the holiday: 5, 6, 7, 8, 10, 11, 12 February.
        ("2025-01-27", "2025-02-12"),
        // National Day 2024, from the day before: 8, 9, 10, 11, 12, 14, 15 October.
        ("2024-09-30", "2024-10-15"),
        // National Day 2025, across Sunday 28 September, worked: 28, 29, 30, 9, 10, 11, 13 October.
        ("2025-09-26", "2025-10-13"),
        // National Day 2026, from the day before: 8, 9, 10, 12, 13, 14, 15 October.
        ("2026-09-30", "2026-10-15"),
        // A plain week and a half: 3, 4, 5, 6, 9, 10, 11 March.
        ("2026-03-02", "2026-03-11"),
    ] {
        assert_eq!(due(&working_days(7), start), on(last), "{start}");
    }
}

#[test]
fn day_of_the_event_is_not_counted_worked_or_not() {
    // spec: DL-8
    assert_eq!(due(&working_days(1), "2026-03-02"), on("2026-03-03"));
    assert_eq!(due(&working_days(1), "2026-03-06"), on("2026-03-09"));
    assert_eq!(due(&working_days(1), "2026-10-03"), on("2026-10-08"));
    let one_day = rule(Term::Days(n(1)));
    assert_eq!(due(&one_day, "2026-03-02"), on("2026-03-03"));
}

#[test]
fn period_that_ends_on_a_holiday_ends_on_the_next_working_day() {
    // spec: DL-10
    for (term, start, last) in [
        // On Saturday.
        (Term::Days(n(5)), "2026-03-02", "2026-03-09"),
        // On Monday 5 October, off until the 7th.
        (Term::Days(n(10)), "2026-09-25", "2026-10-08"),
        // On a Saturday that is worked.
        (Term::Days(n(10)), "2026-09-30", "2026-10-10"),
        // Holidays on the way count.
        (Term::Days(n(20)), "2026-09-25", "2026-10-15"),
        // On National Day.
        (Term::Months(n(3)), "2026-07-01", "2026-10-08"),
        (Term::Years(n(1)), "2025-10-01", "2026-10-08"),
        (Term::Years(n(2)), "2024-03-04", "2026-03-04"),
    ] {
        assert_eq!(due(&rule(term.clone()), start), on(last), "{term:?}");
    }
}

#[test]
fn term_that_runs_out_is_moved_by_no_holiday_and_needs_no_calendar() {
    // spec: DL-11
    for (term, start, last) in [
        (Term::Days(n(5)), "2026-03-02", "2026-03-07"),
        (Term::Months(n(3)), "2026-07-01", "2026-10-01"),
        (Term::Years(n(5)), "2026-03-02", "2031-03-02"),
        (Term::Years(n(100)), "2024-02-29", "2124-02-29"),
        (Term::Years(n(1)), "2024-02-29", "2025-02-28"),
    ] {
        assert_eq!(due(&lapse(term.clone()), start), on(last), "{term:?}");
    }
}

#[test]
fn month_without_the_day_ends_on_its_last() {
    // spec: DL-12
    let month = rule(Term::Months(n(1)));
    // 28 February 2026 is a Saturday that is worked, 29 February 2024 a Thursday.
    assert_eq!(due(&month, "2026-01-31"), on("2026-02-28"));
    assert_eq!(due(&month, "2024-01-31"), on("2024-02-29"));
}

#[test]
fn year_without_a_calendar_is_never_guessed_at() {
    // spec: DL-16
    for (number, expected) in [
        (3, on("2026-12-31")),
        (4, lacking("2027-01-01", "2027-01-01")),
        (7, lacking("2027-01-04", "2027-01-01")),
    ] {
        assert_eq!(due(&working_days(number), "2026-12-28"), expected);
    }
    let days = |number| rule(Term::Days(n(number)));
    assert_eq!(due(&days(2), "2026-12-29"), on("2026-12-31"));
    assert_eq!(
        due(&days(20), "2026-12-29"),
        lacking("2027-01-18", "2027-01-18")
    );
    assert_eq!(due(&working_days(1), "2023-12-01"), {
        lacking("2023-12-02", "2023-12-02")
    });
}

/// The last day is a holiday that is known, the one after it is not: the period ends no earlier.
#[test]
fn holiday_at_the_end_of_the_calendar_moves_the_earliest_day() {
    // spec: DL-16
    let mut calendars = country();
    let mut last = calendars.pop().unwrap().fields().clone();
    last.holidays.push(day("2026-12-31"));
    calendars.push(crate::statement::Calendar::new(last).unwrap());
    let days = &WorkingDays::new(RegionCode::COUNTRY, &calendars);
    let (rule, start) = (&rule(Term::Days(n(2))), day("2026-12-29"));
    let deadline = Deadline {
        rule,
        start,
        stops: &[],
        days,
    };
    assert_eq!(deadline.due(), lacking("2027-01-01", "2027-01-01"));
}

/// Two calendars with a hole between: what is known again behind it is counted by what it says.
#[test]
fn hole_between_calendars_counts_as_worked_for_the_earliest_day_only() {
    // spec: DL-16
    let country = country();
    let kept = country
        .iter()
        .filter(|year| year.is_working(day("2025-01-01")).is_none());
    let calendars: Vec<_> = kept.collect();
    assert_eq!(calendars.len(), 2);
    let days = &WorkingDays::new(RegionCode::COUNTRY, calendars);
    let (rule, start) = (&working_days(1 + 365 + 2), day("2024-12-30"));
    // 31 December 2024, all 365 days of 2025; 1 to 3 January 2026 are off, Sunday the 4th is worked.
    let deadline = Deadline {
        rule,
        start,
        stops: &[],
        days,
    };
    assert_eq!(deadline.due(), lacking("2026-01-05", "2025-01-01"));
}

#[test]
fn days_on_which_the_clock_stands_do_not_count() {
    // spec: DL-13
    let five = working_days(5);
    for (stops, last) in [
        // 3, 6, 9, 10, 11 March.
        (vec![stop("2026-03-04", "2026-03-05")], "2026-03-11"),
        // The same twice, and overlapping: 3, 9, 10, 11, 12.
        (
            vec![
                stop("2026-03-05", "2026-03-06"),
                stop("2026-03-04", "2026-03-05"),
                stop("2026-03-04", "2026-03-05"),
            ],
            "2026-03-12",
        ),
        // On a weekend, which does not count anyhow.
        (vec![stop("2026-03-07", "2026-03-08")], "2026-03-09"),
        // On the day of the event, and before it.
        (vec![stop("2026-02-20", "2026-03-02")], "2026-03-09"),
        // From the day before until the day after.
        (vec![stop("2026-03-01", "2026-03-03")], "2026-03-10"),
        // After the last day.
        (vec![stop("2026-03-10", "2026-03-20")], "2026-03-09"),
        // One that ends before it begins.
        (vec![stop("2026-03-05", "2026-03-04")], "2026-03-09"),
    ] {
        let due = due_with(&five, "2026-03-02", &stops);
        assert_eq!(due, on(last), "{stops:?}");
    }
}

#[test]
fn stopped_clock_lengthens_periods_of_days_months_and_years() {
    // spec: DL-13
    // 5 calendar days with a weekend left out: 3, 4, 5, 6, 9 March.
    let weekend = [stop("2026-03-07", "2026-03-08")];
    let days = rule(Term::Days(n(5)));
    assert_eq!(due_with(&days, "2026-03-02", &weekend), on("2026-03-09"));
    // To 3 April, Friday; with ten days more, Monday 13 April.
    let ten = [stop("2026-03-10", "2026-03-19")];
    let month = rule(Term::Months(n(1)));
    assert_eq!(due_with(&month, "2026-03-03", &ten), on("2026-04-13"));
    let year = lapse(Term::Years(n(1)));
    assert_eq!(due_with(&year, "2026-03-03", &ten), on("2027-03-13"));
    // The last day is a Saturday, and the clock stands on the Monday after it.
    let monday = [stop("2026-03-09", "2026-03-09")];
    assert_eq!(due_with(&days, "2026-03-02", &monday), on("2026-03-10"));
}

#[test]
fn clock_that_still_stands_leaves_days() {
    // spec: DL-14
    let stopped = |since, days_left| Due::Stopped {
        since: day(since),
        days_left,
    };
    let five = working_days(5);
    for (stops, expected) in [
        (
            vec![open_stop("2026-03-05")],
            stopped("2026-03-05", Some(3)),
        ),
        (
            vec![open_stop("2026-02-27")],
            stopped("2026-02-27", Some(5)),
        ),
        // On a Saturday, a day off.
        (
            vec![open_stop("2026-03-07")],
            stopped("2026-03-07", Some(1)),
        ),
        (
            vec![open_stop("2026-03-09")],
            stopped("2026-03-09", Some(1)),
        ),
        (vec![open_stop("2026-03-10")], on("2026-03-09")),
        // One of two goes on; the earlier of two that do not.
        (
            vec![stop("2026-03-04", "2026-03-20"), open_stop("2026-03-05")],
            stopped("2026-03-05", Some(4)),
        ),
        // Two that do not go on, both from before the event: the clock stands since the earlier.
        (
            vec![open_stop("2026-02-27"), open_stop("2026-02-20")],
            stopped("2026-02-20", Some(5)),
        ),
        (
            vec![
                open_stop("2026-03-06"),
                open_stop("2026-03-05"),
                open_stop("2026-03-04"),
            ],
            stopped("2026-03-04", Some(4)),
        ),
    ] {
        let due = due_with(&five, "2026-03-02", &stops);
        assert_eq!(due, expected, "{stops:?}");
    }
    // Counted in days; the last day itself was reached, and is a Saturday.
    let days = rule(Term::Days(n(5)));
    let sunday = [open_stop("2026-03-08")];
    assert_eq!(
        due_with(&days, "2026-03-02", &sunday),
        stopped("2026-03-08", Some(1))
    );
}

#[test]
fn clock_that_stands_in_a_year_without_a_calendar_leaves_nobody_knows_how_many() {
    // spec: DL-14, DL-16
    let seven = working_days(7);
    let stopped = Due::Stopped {
        since: day("2027-01-03"),
        days_left: None,
    };
    let stops = [open_stop("2027-01-03")];
    assert_eq!(due_with(&seven, "2026-12-28", &stops), stopped);
    // It may be due before the clock stopped, if every day of January is worked.
    let stops = [open_stop("2027-01-05")];
    assert_eq!(
        due_with(&seven, "2026-12-28", &stops),
        lacking("2027-01-04", "2027-01-01")
    );
}

#[test]
fn at_once_is_the_day_itself_and_dates_stand_as_they_are() {
    // spec: DL-15
    let stops = [open_stop("2026-01-01")];
    let yearly = |dates: &[(u8, u8)]| {
        let dates = dates.iter().map(|(m, d)| YearDay::new(*m, *d).unwrap());
        rule(Term::Yearly(dates.collect()))
    };
    let statistics = yearly(&[(1, 5), (7, 5)]);
    for (rule, start, last) in [
        (rule(Term::AtOnce), "2026-10-01", "2026-10-01"),
        (rule(Term::MonthEnd), "2026-02-01", "2026-02-28"),
        (rule(Term::MonthEnd), "2028-02-29", "2028-02-29"),
        (rule(Term::MonthEnd), "2026-12-31", "2026-12-31"),
        (rule(Term::QuarterEnd), "2026-01-01", "2026-03-31"),
        (rule(Term::QuarterEnd), "2026-05-31", "2026-06-30"),
        (rule(Term::QuarterEnd), "2026-09-30", "2026-09-30"),
        (rule(Term::QuarterEnd), "2199-10-01", "2199-12-31"),
        // 5 July 2026 is a Sunday.
        (statistics.clone(), "2026-06-30", "2026-07-05"),
        (statistics.clone(), "2026-07-05", "2027-01-05"),
        (statistics.clone(), "2026-12-31", "2027-01-05"),
        (statistics, "2027-01-04", "2027-01-05"),
        (yearly(&[(3, 1)]), "2026-03-01", "2027-03-01"),
    ] {
        let due = due_with(&rule, start, &stops);
        assert_eq!(due, on(last), "{rule:?} {start}");
    }
    assert_eq!(due(&yearly(&[(1, 5)]), "2199-01-05"), Due::OutOfRange);
}

#[test]
fn terms_beyond_the_range_of_days_end_in_bounded_work() {
    // spec: DL-17
    let most = NonZeroU32::MAX;
    for term in [
        Term::WorkingDays(most),
        Term::Days(most),
        Term::Months(most),
        Term::Years(most),
        Term::Years(n(300)),
    ] {
        for start in ["1900-01-01", "2026-03-02", "2199-12-31"] {
            assert_eq!(due(&rule(term.clone()), start), Due::OutOfRange);
            assert_eq!(due(&lapse(term.clone()), start), Due::OutOfRange);
        }
    }
    assert_eq!(due(&working_days(1), "2199-12-31"), Due::OutOfRange);
    assert_eq!(
        due(&lapse(Term::Days(n(109_572))), "1900-01-01"),
        Due::On(Day::MAX)
    );
    assert_eq!(
        due(&lapse(Term::Days(n(109_573))), "1900-01-01"),
        Due::OutOfRange
    );
}
