//! Open, met, late and overdue.

use super::calendars::days;
use super::*;

fn state(rule: &DeadlineRule, stops: &[ClockStop], today: &str, met: Option<&str>) -> State {
    let days = &days();
    let deadline = Deadline {
        rule,
        start: day("2026-09-28"),
        stops,
        days,
    };
    deadline.state(day(today), met.map(day))
}

/// Five working days from Monday 28 September 2026: 29, 30, 8, 9, 10 October.
#[test]
fn open_and_overdue_count_working_days() {
    // spec: DL-18
    let five = working_days(5);
    let open = |days_left| State::Open { days_left };
    let overdue = |by| State::Overdue { by };
    for (today, expected) in [
        ("2026-09-20", open(Some(5))),
        ("2026-09-28", open(Some(5))),
        ("2026-09-30", open(Some(3))),
        ("2026-10-03", open(Some(3))),
        ("2026-10-09", open(Some(1))),
        ("2026-10-10", open(Some(0))),
        ("2026-10-11", overdue(Some(0))),
        ("2026-10-12", overdue(Some(1))),
        ("2026-10-19", overdue(Some(6))),
        ("2027-01-01", overdue(None)),
        ("2199-12-31", overdue(None)),
    ] {
        assert_eq!(state(&five, &[], today, None), expected, "{today}");
    }
}

#[test]
fn met_is_in_time_up_to_the_last_day_whatever_day_it_is_asked() {
    // spec: DL-18
    let five = working_days(5);
    let late = |on, by| State::MetLate { on: day(on), by };
    let met = |on| State::Met { on: day(on) };
    for (on, expected) in [
        ("2026-09-28", met("2026-09-28")),
        ("2026-10-10", met("2026-10-10")),
        ("2026-10-11", late("2026-10-11", Some(0))),
        ("2026-10-13", late("2026-10-13", Some(2))),
        ("2027-01-04", late("2027-01-04", None)),
    ] {
        for today in ["2026-09-28", "2026-12-31", "2199-12-31"] {
            assert_eq!(state(&five, &[], today, Some(on)), expected, "{on}");
        }
    }
}

#[test]
fn other_terms_count_calendar_days() {
    // spec: DL-18
    // 28 days from 28 September end on Monday 26 October.
    let days = rule(Term::Days(n(28)));
    let open = State::Open {
        days_left: Some(21),
    };
    assert_eq!(state(&days, &[], "2026-10-05", None), open);
    let overdue = State::Overdue { by: Some(75) };
    assert_eq!(state(&days, &[], "2027-01-09", None), overdue);
    // At once: on the day itself.
    let at_once = rule(Term::AtOnce);
    let open = State::Open { days_left: Some(0) };
    assert_eq!(state(&at_once, &[], "2026-09-28", None), open);
    let late = State::MetLate {
        on: day("2026-09-30"),
        by: Some(2),
    };
    assert_eq!(state(&at_once, &[], "2026-10-31", Some("2026-09-30")), late);
}

#[test]
fn days_left_leave_out_those_on_which_the_clock_stands() {
    // spec: DL-18, DL-13
    let five = working_days(5);
    // 29, 30, 10, 12, 13 October.
    let stops = [stop("2026-10-08", "2026-10-09")];
    let open = State::Open { days_left: Some(3) };
    assert_eq!(state(&five, &stops, "2026-10-08", None), open);
    // A stop after the last day makes nothing less late.
    let stops = [stop("2026-10-12", "2026-10-16")];
    let overdue = State::Overdue { by: Some(5) };
    assert_eq!(state(&five, &stops, "2026-10-16", None), overdue);
}

#[test]
fn stopped_clock_is_said_and_nothing_is_late_while_it_stands() {
    // spec: DL-18, DL-14
    let five = working_days(5);
    let stops = [open_stop("2026-10-09")];
    let stopped = State::Stopped {
        since: day("2026-10-09"),
        days_left: Some(2),
    };
    assert_eq!(state(&five, &stops, "2026-12-01", None), stopped);
    let met = State::Met {
        on: day("2026-12-01"),
    };
    assert_eq!(state(&five, &stops, "2026-12-31", Some("2026-12-01")), met);
}

#[test]
fn without_a_calendar_only_what_is_sure_is_said() {
    // spec: DL-19
    // 64 working days of 2026 are left after 28 September: 2, 18, 21 and 23 of four months.
    let rule = working_days(66);
    let deadline = Deadline {
        rule: &rule,
        start: day("2026-09-28"),
        stops: &[],
        days: &days(),
    };
    let (earliest, lacking_from) = (day("2027-01-02"), day("2027-01-01"));
    let (later, sure) = (Some("2027-01-03"), Some("2027-01-02"));
    assert_eq!(
        deadline.due(),
        Due::UnknownUntilCalendar {
            earliest,
            lacking_from
        }
    );
    let unknown = State::UnknownUntilCalendar {
        earliest,
        lacking_from,
    };
    for today in ["2026-09-28", "2027-01-02", "2027-03-01"] {
        assert_eq!(state(&rule, &[], today, None), unknown, "{today}");
        assert_eq!(state(&rule, &[], today, later), unknown, "{today}");
        let met = State::Met { on: earliest };
        assert_eq!(state(&rule, &[], today, sure), met, "{today}");
    }
}

#[test]
fn due_after_the_last_day_of_all_is_open_for_ever() {
    // spec: DL-17, DL-18
    let rule = rule(Term::Years(n(300)));
    let open = State::Open { days_left: None };
    assert_eq!(state(&rule, &[], "2199-12-31", None), open);
    let met = State::Met { on: Day::MAX };
    assert_eq!(state(&rule, &[], "2199-12-31", Some("2199-12-31")), met);
}
