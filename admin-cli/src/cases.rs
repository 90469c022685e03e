//! A table of cases that organisations had to be looked up for, and which of them nobody looked up in time.

use std::collections::BTreeMap;

use concordat_protocol::admin::{LookUpsMissedView, LostRowsView};
use concordat_protocol::lookup::{Case, Scenario};
use concordat_protocol::screen::find_personal;
use concordat_protocol::subject::{CodeCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};

use crate::failure::Failure;
use crate::names::Named as _;
use crate::text;

/// Characters of a cell that a refusal repeats.
const REPEATED_CHARS_MAX: usize = 64;

/// The columns, each with its names in a header.
const COLUMNS: [[&str; 2]; 4] = [
    ["case", "案号"],
    ["subject", "统一社会信用代码"],
    ["scenario", "事项"],
    ["decided_on", "决定日期"],
];

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Looked up on the day of its decision or before.
    InTime(Timestamp),
    /// Looked up only afterwards.
    Late(Timestamp),
    /// Not looked up.
    Never,
    /// Not found in time, in a register that lacks rows or began only afterwards.
    NotKnown,
}

impl Checked {
    /// The stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InTime(_) => "in-time",
            Self::Late(_) => "late",
            Self::Never => "never",
            Self::NotKnown => "not-known",
        }
    }

    /// When it was first looked up.
    pub(crate) const fn at(self) -> Option<Timestamp> {
        match self {
            Self::InTime(at) | Self::Late(at) => Some(at),
            Self::Never | Self::NotKnown => None,
        }
    }
}

/// The cases of one business and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) cases: u64,
    pub(crate) in_time: u64,
    pub(crate) late: u64,
    pub(crate) never: u64,
    pub(crate) not_known: u64,
}

impl Counts {
    fn add(&mut self, checked: Checked) {
        self.cases += 1;
        match checked {
            Checked::InTime(_) => self.in_time += 1,
            Checked::Late(_) => self.late += 1,
            Checked::Never => self.never += 1,
            Checked::NotKnown => self.not_known += 1,
        }
    }
}

/// Reads a table of cases: comma-separated, its first line names the columns.
///
/// # Errors
/// `case-columns`, `case-field`, `case-shape`, each with the line and what to do.
// spec: LKP-61, LKP-62, LKP-92
pub(crate) fn read(bytes: &[u8], today: Day) -> Result<Vec<Case>, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = table.headers().map_err(|error| shape(&error))?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, names) in places.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| names.contains(&name.trim()));
        let [column, _] = names;
        *place = found.ok_or_else(|| Failure::usage("case-columns").with("column", column))?;
    }
    let mut cases = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| shape(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |place: usize| record.get(place).unwrap_or_default().trim();
        let [number, subject, scenario, day] = places.map(cell);
        let refused = |column: &str, value: &str, cause: &str| {
            let failure = Failure::usage("case-field").with("line", line);
            let failure = failure
                .with("column", column)
                .with("value", repeated(value));
            failure.with("cause", cause)
        };
        cases.push(Case {
            number: match Text::normalise(number) {
                Ok(text) if !number.is_empty() => text,
                Ok(_) => return Err(refused("case", number, "1–128")),
                Err(error) => return Err(refused("case", number, &error.to_string())),
            },
            // It may be an identity number in the wrong column: it is not repeated.
            subject: match SubjectCode::normalise(subject) {
                Ok(code) if code.check() == CodeCheck::Ok => code,
                Ok(code) => {
                    let expected = format!("… {}", code.expected_check());
                    return Err(refused("subject", "…", &expected));
                }
                Err(error) => return Err(refused("subject", "…", &error.to_string())),
            },
            scenario: scenario_of(scenario)
                .ok_or_else(|| refused("scenario", scenario, &known_scenarios()))?,
            decided_on: match Day::parse_loose(day) {
                Ok(decided_on) if decided_on <= today => decided_on,
                Ok(_) => return Err(refused("decided_on", day, &format!("> {today}"))),
                Err(error) => return Err(refused("decided_on", day, &error.to_string())),
            },
        });
    }
    Ok(cases)
}

/// What a refusal repeats of a cell: no number of a person, and no more than a line takes.
fn repeated(value: &str) -> String {
    match find_personal(value) {
        Some(_) => "…".to_owned(),
        None => value.chars().take(REPEATED_CHARS_MAX).collect(),
    }
}

fn shape(error: &csv::Error) -> Failure {
    Failure::usage("case-shape").with("cause", error)
}

/// By its code or its Chinese name.
fn scenario_of(name: &str) -> Option<Scenario> {
    let chinese = |one: &Scenario| {
        let key = format!("{}.{}", Scenario::LIST, one.name());
        text::text(concordat_certs::summary::Language::Chinese, &key) == Some(name)
    };
    let by_name = Scenario::named(name);
    by_name.or_else(|| Scenario::ALL.iter().copied().find(chinese))
}

fn known_scenarios() -> String {
    let names: Vec<_> = Scenario::ALL.iter().map(|one| one.name()).collect();
    names.join(", ")
}

/// Days by which a look-up is taken to precede the decision on its case at most.
// spec: LKP-66
const AHEAD_DAYS_MAX: i32 = 92;

/// Whether the look-up of a case that was decided on a day may have been among rows that were lost.
// spec: LKP-88
fn may_be_lost(lost: &LostRowsView, decided_on: Day) -> bool {
    let last = lost.until.plus_days(AHEAD_DAYS_MAX).unwrap_or(Day::MAX);
    lost.from.is_none_or(|from| from <= decided_on) && decided_on <= last
}

/// What became of each case.
// spec: LKP-61, LKP-63, LKP-88
pub(crate) fn check(cases: &[Case], view: &LookUpsMissedView) -> Vec<Checked> {
    let found: BTreeMap<u64, Timestamp> = view.found.iter().map(|one| (one.case, one.at)).collect();
    // What had been looked up in time may be among what is not there.
    let is_whole = view.unreadable.is_none() && view.behind.is_none();
    // What had to go is older than any row kept, and nobody looks up long before deciding.
    // spec: LKP-66
    let known_from = match (view.gone, view.kept_since) {
        (None, since) => since,
        (Some(_), Some(since)) => Some(since.plus_days(AHEAD_DAYS_MAX).unwrap_or(Day::MAX)),
        (Some(_), None) => Some(Day::MAX),
    };
    let of = |(place, case): (u64, &Case)| {
        let day = case.decided_on;
        let is_lost = view.lost.iter().any(|lost| may_be_lost(lost, day));
        let is_kept = is_whole && !is_lost && known_from.is_none_or(|from| from <= day);
        match found.get(&place).copied() {
            Some(at) if Day::of(at).is_ok_and(|day| day <= case.decided_on) => Checked::InTime(at),
            Some(at) if is_kept => Checked::Late(at),
            None if is_kept => Checked::Never,
            Some(_) | None => Checked::NotKnown,
        }
    };
    (0..).zip(cases).map(of).collect()
}

/// The counts by business and month of decision.
pub(crate) fn counts(cases: &[Case], checked: &[Checked]) -> BTreeMap<(Scenario, String), Counts> {
    let mut counts: BTreeMap<_, Counts> = BTreeMap::new();
    for (case, checked) in cases.iter().zip(checked) {
        let (year, month, _) = case.decided_on.ymd();
        let key = (case.scenario, format!("{year:04}-{month:02}"));
        counts.entry(key).or_default().add(*checked);
    }
    counts
}

#[cfg(test)]
mod tests {
    use concordat_certs::configuration::LOOK_UP_DAYS_MIN;
    use concordat_protocol::admin::FirstLookUp;
    use concordat_protocol::codec::Truth;

    use super::*;

    const GOOD: &str = "案号,统一社会信用代码,事项,决定日期\n\
        2026-1,91230400MA0000015M,招标投标,2026-03-02\n\
        2026-2,91230400MA0000015M,approval,2026-03-31\n\
        2026-3,91230400MA0000015M,funds,2026-04-01\n";

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    fn today() -> Day {
        day("2026-04-05")
    }

    fn at(text: &str) -> Timestamp {
        // Noon in China.
        let days = u64::try_from(day(text).value()).unwrap();
        Timestamp::new(days * 86_400_000 + 4 * 3_600_000).unwrap()
    }

    // spec: LKP-61, LKP-62
    #[test]
    fn table_is_read_under_either_header_and_counted_by_business_and_month() {
        let cases = read(GOOD.as_bytes(), today()).unwrap();
        let marked = [&b"\xef\xbb\xbf"[..], GOOD.as_bytes()].concat();
        assert_eq!(read(&marked, today()).unwrap(), cases);
        assert_eq!(cases[0].scenario, Scenario::Tendering);
        let found = |case, at| FirstLookUp { case, at };
        let view = LookUpsMissedView {
            found: vec![found(0, at("2026-03-02")), found(1, at("2026-04-01"))],
            kept_since: Some(day("2026-01-01")),
            gone: None,
            behind: None,
            unreadable: None,
            lost: Vec::new(),
        };
        let checked = check(&cases, &view);
        assert_eq!(
            checked,
            [
                Checked::InTime(at("2026-03-02")),
                Checked::Late(at("2026-04-01")),
                Checked::Never
            ]
        );
        let counts = counts(&cases, &checked);
        let of = counts[&(Scenario::Approval, "2026-03".to_owned())];
        assert_eq!((of.cases, of.in_time, of.late, of.never), (1, 0, 1, 0));
        assert_eq!(counts.len(), 3);
    }

    /// What had to go may have been the look-up in time.
    // spec: LKP-61
    #[test]
    fn of_cases_from_before_the_rows_that_are_kept_nothing_is_said() {
        let cases = read(GOOD.as_bytes(), today()).unwrap();
        let view = LookUpsMissedView {
            found: vec![FirstLookUp {
                case: 1,
                at: at("2026-04-02"),
            }],
            kept_since: Some(day("2026-04-01")),
            gone: None,
            behind: None,
            unreadable: None,
            lost: Vec::new(),
        };
        let checked = check(&cases, &view);
        assert_eq!(
            checked,
            [Checked::NotKnown, Checked::NotKnown, Checked::Never]
        );
        let nothing = LookUpsMissedView {
            found: Vec::new(),
            kept_since: None,
            gone: None,
            behind: None,
            unreadable: None,
            lost: Vec::new(),
        };
        assert_eq!(check(&cases, &nothing), [Checked::Never; 3]);
    }

    /// Only a look-up long before the decision can be among the rows that had to go.
    // spec: LKP-66
    #[test]
    fn rows_that_had_to_go_leave_only_old_cases_unknown() {
        let cases = read(GOOD.as_bytes(), today()).unwrap();
        let view = |since: &str| LookUpsMissedView {
            found: Vec::new(),
            kept_since: Some(day(since)),
            gone: Some(7),
            behind: None,
            unreadable: None,
            lost: Vec::new(),
        };
        // 2026-03-31 is 92 days after it, 2026-03-02 is not.
        let checked = check(&cases, &view("2025-12-29"));
        let known = [Checked::NotKnown, Checked::Never, Checked::Never];
        assert_eq!(checked, known);
        let checked = check(&cases, &view("2025-12-30"));
        let known = [Checked::NotKnown, Checked::NotKnown, Checked::Never];
        assert_eq!(checked, known);
        let nothing = LookUpsMissedView {
            kept_since: None,
            ..view("2025-12-29")
        };
        assert_eq!(check(&cases, &nothing), [Checked::NotKnown; 3]);
    }

    // spec: LKP-63
    #[test]
    fn nobody_is_accused_by_a_register_that_is_not_whole() {
        let cases = read(GOOD.as_bytes(), today()).unwrap();
        let found = |case, at| FirstLookUp { case, at };
        let whole = LookUpsMissedView {
            found: vec![found(0, at("2026-03-02")), found(1, at("2026-04-01"))],
            kept_since: Some(day("2026-01-01")),
            gone: None,
            behind: None,
            unreadable: None,
            lost: Vec::new(),
        };
        let in_time = Checked::InTime(at("2026-03-02"));
        let known = [in_time, Checked::Late(at("2026-04-01")), Checked::Never];
        assert_eq!(check(&cases, &whole), known);
        let gone = LookUpsMissedView {
            unreadable: Some(1),
            ..whole.clone()
        };
        let behind = LookUpsMissedView {
            behind: Some(Truth),
            ..whole
        };
        for view in [&gone, &behind] {
            let known = [in_time, Checked::NotKnown, Checked::NotKnown];
            assert_eq!(check(&cases, view), known);
        }
        // Every row had to go.
        let empty = LookUpsMissedView {
            found: Vec::new(),
            kept_since: None,
            ..gone
        };
        assert_eq!(check(&cases, &empty), [Checked::NotKnown; 3]);
    }

    /// The shortest time for which rows are kept leaves a half year known on the day after its end.
    // spec: LKP-41, LKP-66
    #[test]
    fn half_year_can_be_reviewed_under_the_shortest_retention() {
        let table = "case,subject,scenario,decided_on\n\
            1,91230400MA0000015M,funds,2025-07-01\n2,91230400MA0000015M,funds,2025-12-31\n";
        let over = day("2026-01-01");
        let cases = read(table.as_bytes(), over).unwrap();
        let checked = |days: i32| {
            let view = LookUpsMissedView {
                found: Vec::new(),
                kept_since: Some(over.plus_days(-days).unwrap()),
                gone: Some(1),
                behind: None,
                unreadable: None,
                lost: Vec::new(),
            };
            check(&cases, &view)
        };
        let least = i32::try_from(LOOK_UP_DAYS_MIN).unwrap();
        assert_eq!(checked(least), [Checked::Never; 2]);
        assert_eq!(checked(least - 1), [Checked::NotKnown, Checked::Never]);
    }

    /// Rows that were lost leave the cases of their days unknown, and no others for good.
    // spec: LKP-88
    #[test]
    fn register_that_was_resumed_leaves_the_lost_days_unknown_alone() {
        let cases = read(GOOD.as_bytes(), today()).unwrap();
        let view = |from: Option<&str>, until: &str| LookUpsMissedView {
            found: Vec::new(),
            kept_since: Some(day("2025-01-01")),
            gone: None,
            behind: None,
            unreadable: None,
            lost: vec![LostRowsView {
                from: from.map(day),
                until: day(until),
                after: 6,
            }],
        };
        let known = |view: &LookUpsMissedView| {
            let checked = check(&cases, view);
            let never = checked.iter().map(|one| *one == Checked::Never);
            never.collect::<Vec<_>>()
        };
        // Decided on 2026-03-02, 2026-03-31 and 2026-04-01: 2026-03-31 is 92 days after 2025-12-29.
        assert_eq!(known(&view(None, "2025-12-28")), [false, true, true]);
        assert_eq!(known(&view(None, "2025-12-29")), [false, false, true]);
        assert_eq!(known(&view(None, "2025-11-29")), [true, true, true]);
        // What was decided before the first day of which rows may be lost is known.
        let until = "2026-04-05";
        assert_eq!(
            known(&view(Some("2026-03-31"), until)),
            [true, false, false]
        );
        assert_eq!(known(&view(Some("2026-04-01"), until)), [true, true, false]);
        // A look-up that is there counts all the same.
        let at = at("2026-03-31");
        let found = LookUpsMissedView {
            found: vec![FirstLookUp { case: 1, at }],
            ..view(Some("2026-03-31"), until)
        };
        assert_eq!(check(&cases, &found)[1], Checked::InTime(at));
    }

    // spec: LKP-30, LKP-62
    #[test]
    fn wrong_table_is_refused_with_line_column_and_what_is_taken() {
        let refused = |text: &str| read(text.as_bytes(), today()).unwrap_err();
        let columns = refused("case,subject,scenario\n1,2,3\n");
        assert_eq!(
            (columns.key, columns.blank("column")),
            ("case-columns", "decided_on")
        );
        let head = "case,subject,scenario,decided_on\n";
        for (row, column) in [
            (",91230400MA0000015M,funds,2026-03-02", "case"),
            ("1,11010519491231002X,funds,2026-03-02", "subject"),
            ("1,91230400MA0000015M,loans,2026-03-02", "scenario"),
            ("1,91230400MA0000015M,funds,2026-02-30", "decided_on"),
            // spec: LKP-92
            ("1,91230400MA0000015M,funds,2026-04-06", "decided_on"),
            ("1,91230400MA00000150,funds,2026-03-02", "subject"),
            ("1,91230400MA0000015M,funds", "decided_on"),
            (
                "11010519491231002X,91230400MA0000015M,funds,2026-03-02",
                "case",
            ),
            (
                "1,91230400MA0000015M,11010519491231002X,2026-03-02",
                "scenario",
            ),
            (
                "1,91230400MA0000015M,funds,11010519491231002X",
                "decided_on",
            ),
        ] {
            let failure = refused(&format!("{head}{row}\n"));
            assert_eq!(
                (failure.key, failure.blank("column")),
                ("case-field", column)
            );
            assert_eq!(failure.blank("line"), "2", "{row}");
            assert!(!failure.blank("value").contains("110105"));
        }
        let failure = refused(&format!("{head}1,91230400MA0000015M,loans,2026-03-02\n"));
        assert!(failure.blank("cause").contains("tendering"));
    }
}
