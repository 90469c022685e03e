use super::*;

/// Counts day by day: no arithmetic in common with the code under test.
fn every_day() -> impl Iterator<Item = (i64, u16, u8, u8)> {
    let leap = |y: u16| (1904..=2196).step_by(4).any(|l| l == y) && ![2100].contains(&y);
    let lengths = move |y: u16| {
        let february = if leap(y) { 29 } else { 28 };
        [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    };
    (1900..=2199u16)
        .flat_map(move |y| (1..=12u8).map(move |m| (y, m, lengths(y)[usize::from(m) - 1])))
        .flat_map(|(y, m, length)| (1..=length).map(move |d| (y, m, d)))
        .zip(-25_567i64..)
        .map(|((y, m, d), days)| (days, y, m, d))
}

#[test]
fn day_agrees_with_counting_over_the_whole_range() {
    let mut last = None;
    for (days, year, month, day) in every_day() {
        let built = Day::from_ymd(year, month, day).unwrap();
        assert_eq!(i64::from(built.value()), days);
        assert_eq!(built.ymd(), (year, month, day));
        assert_eq!(Day::parse_loose(&built.to_string()), Ok(built));
        last = Some(built);
    }
    assert_eq!(last, Some(Day::MAX));
    assert_eq!(Day::from_ymd(1970, 1, 1).unwrap().value(), 0);
}

#[test]
fn day_refuses_every_day_that_the_calendar_lacks() {
    for (month, day) in [(0, 1), (13, 1), (1, 0), (1, 32), (4, 31), (2, 30), (2, 29)] {
        assert_eq!(Day::from_ymd(2023, month, day), Err(DayError::NoSuchDay));
    }
    assert_eq!(Day::from_ymd(1900, 2, 29), Err(DayError::NoSuchDay));
    assert!(Day::from_ymd(2000, 2, 29).is_ok());
}

#[test]
fn day_refuses_what_lies_outside_its_range() {
    // spec: ID-21
    assert_eq!(Day::from_ymd(1899, 12, 31), Err(DayError::OutOfRange));
    assert_eq!(Day::from_ymd(2200, 1, 1), Err(DayError::OutOfRange));
    assert_eq!(Day::new(i64::MIN), Err(DayError::OutOfRange));
    assert_eq!(Day::MAX.plus_days(1), Err(DayError::OutOfRange));
    assert_eq!(Day::MIN.plus_days(i32::MIN), Err(DayError::OutOfRange));
    assert!(serde_json::from_str::<Day>("84006").is_err());
    assert_eq!(serde_json::from_str::<Day>("-25567").unwrap(), Day::MIN);
}

#[test]
fn loose_parser_reads_the_forms_of_imported_files() {
    // spec: ID-22
    let day = Day::from_ymd(2019, 1, 5).unwrap();
    for form in [
        "2019-01-05",
        "2019/01/05",
        "2019/1/5",
        "2019年1月5日",
        "2019年01月05日",
        "20190105",
        " 2019-1-5\n",
        "2019/01/05",
    ] {
        assert_eq!(Day::parse_loose(form), Ok(day), "{form}");
    }
}

#[test]
fn loose_parser_names_the_cause_of_a_refusal() {
    // spec: ID-22
    assert_eq!(Day::parse_loose(" \u{3000}"), Err(DayError::Empty));
    for shape in [
        "19-01-05",
        "2019-01",
        "2019-01-05 00:00:00",
        "2019-+1-05",
        "2019-01/05",
        "05/01/2019",
        "2019年1月5",
        "2019.1.5",
        "201915",
        "2019-001-05",
        "二〇一九年一月五日",
        "20190a05",
    ] {
        assert_eq!(Day::parse_loose(shape), Err(DayError::Shape), "{shape}");
    }
    assert_eq!(Day::parse_loose("2019-02-29"), Err(DayError::NoSuchDay));
    assert_eq!(Day::parse_loose("20191301"), Err(DayError::NoSuchDay));
    assert_eq!(Day::parse_loose("1899/12/31"), Err(DayError::OutOfRange));
    assert_eq!(
        Day::parse_loose("9999年12月31日"),
        Err(DayError::OutOfRange)
    );
}

#[test]
fn civil_day_in_china_changes_at_sixteen_hours_utc() {
    // spec: ID-23
    let at = |ms| Day::of(Timestamp::new(ms).unwrap());
    let before_midnight = 16 * 3_600_000 - 1;
    assert_eq!(at(0), Day::from_ymd(1970, 1, 1));
    assert_eq!(at(before_midnight), Day::from_ymd(1970, 1, 1));
    assert_eq!(at(before_midnight + 1), Day::from_ymd(1970, 1, 2));
    assert_eq!(Day::of(Timestamp::MAX), Err(DayError::OutOfRange));
}

#[test]
fn timestamp_refuses_what_a_double_cannot_hold() {
    // spec: ID-20
    let unix_ms = 1 << 53;
    assert_eq!(
        Timestamp::new(unix_ms),
        Err(TimestampError::OutOfRange { unix_ms })
    );
    assert!(serde_json::from_str::<Timestamp>("9007199254740992").is_err());
    assert!(serde_json::from_str::<Timestamp>("-1").is_err());
    assert_eq!(
        serde_json::from_str::<Timestamp>("9007199254740991").unwrap(),
        Timestamp::MAX
    );
    assert_eq!(
        Timestamp::MAX.checked_add(Duration::from_millis(1)),
        Err(TimestampError::Overflow)
    );
    assert_eq!(
        Timestamp::MIN.checked_add(Duration::MAX),
        Err(TimestampError::Overflow)
    );
}

#[test]
fn time_since_a_later_instant_is_zero() {
    let later = Timestamp::MIN.checked_add(Duration::from_secs(2)).unwrap();
    assert_eq!(
        later.saturating_since(Timestamp::MIN),
        Duration::from_secs(2)
    );
    assert_eq!(Timestamp::MIN.saturating_since(later), Duration::ZERO);
}

#[test]
fn month_later_is_the_day_of_the_same_number_or_the_last_of_the_month() {
    // spec: DL-12
    let day = |y, m, d| Day::from_ymd(y, m, d).unwrap();
    for (from, months, to) in [
        (day(2026, 1, 31), 1, day(2026, 2, 28)),
        (day(2028, 1, 31), 1, day(2028, 2, 29)),
        (day(2026, 3, 31), 1, day(2026, 4, 30)),
        (day(2026, 2, 28), 1, day(2026, 3, 28)),
        (day(2024, 2, 29), 12, day(2025, 2, 28)),
        (day(2024, 2, 29), 48, day(2028, 2, 29)),
        (day(2026, 12, 15), 1, day(2027, 1, 15)),
        (day(2026, 7, 1), 0, day(2026, 7, 1)),
        (Day::MIN, 3599, day(2199, 12, 1)),
    ] {
        assert_eq!(from.plus_months(months), Ok(to), "{from} + {months}");
    }
    for (from, months) in [(Day::MAX, 1), (Day::MIN, 3600), (Day::MIN, u32::MAX)] {
        assert_eq!(from.plus_months(months), Err(DayError::OutOfRange));
    }
}

#[test]
fn weekend_is_two_days_of_seven() {
    // 1900-01-01 was a Monday.
    for (days, week_day) in (Day::MIN.value()..=Day::MAX.value()).zip((0..7).cycle()) {
        let day = Day::new(i64::from(days)).unwrap();
        assert_eq!(day.is_weekend(), week_day >= 5, "{day}");
    }
}
