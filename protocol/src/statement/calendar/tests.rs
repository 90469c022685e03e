use super::*;
use crate::codec::{self, DecodeError, Limits};

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

/// The first week of October 2026: Thursday the 1st off, Saturday the 10th worked.
fn fields() -> CalendarFields {
    CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: day("2026-10-01"),
        covers_until: day("2026-10-31"),
        holidays: ["2026-10-01", "2026-10-02", "2026-10-05"].map(day).to_vec(),
        workdays: ["2026-10-10", "2026-10-11"].map(day).to_vec(),
        source: Text::new("国务院办公厅通知").unwrap(),
    }
}

type Change = fn(&mut CalendarFields);

fn departures() -> Vec<(Change, CalendarError)> {
    let outside = |field, text| CalendarError::OutsideSpan {
        field,
        day: day(text),
    };
    let order = |field| CalendarError::ListOrder { field };
    vec![
        (
            |f| f.covers_until = day("2026-09-30"),
            CalendarError::EndsBeforeItBegins,
        ),
        (|f| f.holidays.reverse(), order("holidays")),
        (
            |f| f.holidays.insert(0, day("2026-10-01")),
            order("holidays"),
        ),
        (|f| f.workdays.reverse(), order("workdays")),
        (|f| f.workdays.push(day("2026-10-11")), order("workdays")),
        (
            |f| f.holidays.insert(0, day("2026-09-30")),
            outside("holidays", "2026-09-30"),
        ),
        (
            |f| f.holidays.push(day("2026-11-02")),
            outside("holidays", "2026-11-02"),
        ),
        (
            |f| f.workdays.insert(0, day("2026-09-26")),
            outside("workdays", "2026-09-26"),
        ),
        (
            |f| f.workdays.push(day("2026-11-01")),
            outside("workdays", "2026-11-01"),
        ),
        (
            |f| f.holidays.insert(2, day("2026-10-03")),
            CalendarError::HolidayOnWeekend {
                day: day("2026-10-03"),
            },
        ),
        (
            |f| f.workdays.push(day("2026-10-12")),
            CalendarError::WorkdayOnWeekday {
                day: day("2026-10-12"),
            },
        ),
    ]
}

#[test]
fn calendar_says_what_departs_from_the_week_and_nothing_outside_its_span() {
    // spec: DL-2
    let calendar = Calendar::new(fields()).unwrap();
    for (text, worked) in [
        ("2026-09-30", None),
        ("2026-10-01", Some(false)),
        ("2026-10-03", Some(false)),
        ("2026-10-05", Some(false)),
        ("2026-10-06", Some(true)),
        ("2026-10-10", Some(true)),
        ("2026-10-17", Some(false)),
        ("2026-10-30", Some(true)),
        ("2026-10-31", Some(false)),
        ("2026-11-02", None),
    ] {
        assert_eq!(calendar.is_working(day(text)), worked, "{text}");
    }
    for edge in [Day::MIN, Day::MAX] {
        assert_eq!(calendar.is_working(edge), None);
    }
}

#[test]
fn calendar_of_one_day_and_without_lists_is_one() {
    let one = CalendarFields {
        covers_until: day("2026-10-01"),
        holidays: vec![],
        workdays: vec![],
        ..fields()
    };
    let calendar = Calendar::new(one).unwrap();
    assert_eq!(calendar.is_working(day("2026-10-01")), Some(true));
}

#[test]
fn calendar_refuses_lists_that_do_not_fit_span_and_week() {
    // spec: DL-1
    for (change, error) in departures() {
        let mut fields = fields();
        change(&mut fields);
        assert_eq!(Calendar::new(fields), Err(error));
    }
}

#[test]
fn decoded_calendar_is_the_same_and_no_other_is_decoded() {
    // spec: DL-1
    let calendar = Calendar::new(fields()).unwrap();
    let bytes = codec::encode(&calendar).unwrap();
    assert_eq!(codec::decode(&bytes, Limits::STATEMENT), Ok(calendar));
    for (change, error) in departures() {
        let mut fields = fields();
        change(&mut fields);
        let bytes = codec::encode(&fields).unwrap();
        let cause = error.to_string();
        assert_eq!(
            codec::decode::<Calendar>(&bytes, Limits::STATEMENT),
            Err(DecodeError::Shape { cause })
        );
    }
}

/// `{1: region, 2: 10, 3: 10, 6: source}`: a Sunday, 1970-01-11, written by hand.
#[test]
fn calendar_is_laid_out_as_written() {
    let bytes = b"\xa4\x01\x66100000\x02\x0a\x03\x0a\x06\x61n";
    let calendar: Calendar = codec::decode(bytes, Limits::STATEMENT).unwrap();
    assert_eq!(calendar.fields().covers_from, day("1970-01-11"));
    assert_eq!(calendar.is_working(day("1970-01-11")), Some(false));
    let swapped = b"\xa4\x01\x66100000\x03\x0a\x02\x0a\x06\x61n";
    let decoded = codec::decode::<Calendar>(swapped, Limits::STATEMENT);
    assert_eq!(decoded, Err(DecodeError::KeyOrder { offset: 11 }));
}
