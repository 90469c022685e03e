//! Calendars and deadline rules as files that people write: TOML, described in `spec/deadlines.md`.

use std::path::Path;

use concordat_certs::summary::words;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    Calendar, CalendarFields, Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields, DeadlineRules,
    Term, TermUnit, YearDay,
};
use concordat_protocol::time::Day;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, chain};
use crate::{names, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    #[serde(default)]
    calendar: Vec<CalendarTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarTable {
    region: String,
    covers_from: String,
    covers_until: String,
    source: String,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    workdays: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    id: String,
    region: String,
    from: String,
    to: String,
    n: Option<u32>,
    unit: String,
    #[serde(default)]
    dates: Vec<String>,
    #[serde(default)]
    act_types: Vec<String>,
    source: String,
    valid_from: String,
    valid_until: Option<String>,
}

/// Reads the calendar of a file that covers a day, or the only one where no day is given.
///
/// # Errors
/// `file-refused` with line and column, `bad-value` with the key, `which-calendar` where several would
/// do, or none does.
pub(crate) fn calendar(text: &str, path: &Path, covers: Option<Day>) -> Result<Calendar, Failure> {
    let file: CalendarFile = read(text, path)?;
    if file.calendar.is_empty() {
        return Err(Failure::usage("file-refused")
            .path(path)
            .with("cause", "it has no [[calendar]]"));
    }
    let calendars = file.calendar.iter().map(one_calendar);
    let mut calendars: Vec<Calendar> = calendars.collect::<Result<_, _>>()?;
    calendars.retain(|calendar| {
        let fields = calendar.fields();
        covers.is_none_or(|day| (fields.covers_from..=fields.covers_until).contains(&day))
    });
    match (calendars.pop(), calendars.is_empty()) {
        (Some(calendar), true) => Ok(calendar),
        (Some(_), false) | (None, _) => Err(Failure::usage("which-calendar").path(path)),
    }
}

fn one_calendar(table: &CalendarTable) -> Result<Calendar, Failure> {
    let key = |name: &str| format!("calendar {}: {name}", table.covers_from);
    let days = |name: &str, texts: &[String]| -> Result<Vec<Day>, Failure> {
        let days = texts.iter().map(|text| parse::day(&key(name), text));
        days.collect()
    };
    let fields = CalendarFields {
        region: region(&key("region"), &table.region)?,
        covers_from: parse::day(&key("covers_from"), &table.covers_from)?,
        covers_until: parse::day(&key("covers_until"), &table.covers_until)?,
        holidays: days("holidays", &table.holidays)?,
        workdays: days("workdays", &table.workdays)?,
        source: parse::text(&key("source"), &table.source)?,
    };
    Calendar::new(fields)
        .map_err(|error| Failure::value("calendar", &table.covers_from, chain(&error)))
}

/// Reads deadline rules, in any order.
///
/// # Errors
/// `file-refused` with line and column, `bad-value` and `bad-choice` with the key.
pub(crate) fn rules(text: &str, path: &Path) -> Result<DeadlineRules, Failure> {
    let file: RuleFile = read(text, path)?;
    // No rule at all would end every deadline there is.
    if file.rule.is_empty() {
        return Err(Failure::usage("file-refused")
            .path(path)
            .with("cause", "it has no [[rule]]"));
    }
    let rules = file.rule.iter().map(rule);
    let mut rules: Vec<DeadlineRule> = rules.collect::<Result<_, _>>()?;
    rules.sort_by(|a, b| a.fields().id.cmp(&b.fields().id));
    let mut twice = rules.iter().zip(rules.iter().skip(1));
    let twice = twice.find(|(one, next)| one.fields().id == next.fields().id);
    if let Some((one, _)) = twice {
        return Err(Failure::usage("file-refused")
            .path(path)
            .with("cause", format!("[[rule]] {} comes twice", one.fields().id)));
    }
    DeadlineRules::new(rules).map_err(|error| Failure::value("rule", "…", chain(&error)))
}

fn rule(table: &RuleTable) -> Result<DeadlineRule, Failure> {
    let key = |name: &str| format!("rule {}: {name}", table.id);
    let unfit = |name: &str, text: &str, error: &dyn std::error::Error| {
        Failure::value(&key(name), text, chain(error))
    };
    let dates = table.dates.iter().map(|text| year_day(&key("dates"), text));
    let dates: Vec<YearDay> = dates.collect::<Result<_, _>>()?;
    let unit = choose(TermUnit::ALL, words::term_unit, &key("unit"), &table.unit)?;
    let act_types = table.act_types.iter();
    let act_types = act_types.map(|name| names::parse(&key("act_types"), name));
    let mut act_types: Vec<_> = act_types.collect::<Result<_, _>>()?;
    act_types.sort();
    let event = |name: &str, text: &str| {
        choose(DeadlineEvent::ALL, words::deadline_event, &key(name), text)
    };
    let term = Term::new(unit, table.n, dates);
    let fields = DeadlineRuleFields {
        id: Code::new(&table.id).map_err(|error| unfit("id", &table.id, &error))?,
        region: region(&key("region"), &table.region)?,
        event_from: event("from", &table.from)?,
        event_to: event("to", &table.to)?,
        term: term.map_err(|error| unfit("unit", &table.unit, &error))?,
        source: parse::text(&key("source"), &table.source)?,
        valid_from: parse::day(&key("valid_from"), &table.valid_from)?,
        valid_until: match &table.valid_until {
            Some(text) => Some(parse::day(&key("valid_until"), text)?),
            None => None,
        },
        act_types,
    };
    DeadlineRule::new(fields).map_err(|error| unfit("rule", &table.id, &error))
}

fn read<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", error)
    })
}

fn region(key: &str, text: &str) -> Result<RegionCode, Failure> {
    RegionCode::parse(text).map_err(|error| Failure::value(key, text, error))
}

/// A date of every year, `07-05`.
fn year_day(key: &str, text: &str) -> Result<YearDay, Failure> {
    let parts = text.split_once('-');
    let numbers = parts.and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    let Some((month, day)) = numbers else {
        return Err(Failure::value(key, text, "MONTH-DAY"));
    };
    YearDay::new(month, day).map_err(|error| Failure::value(key, text, chain(&error)))
}

/// The value of a code list with a name.
fn choose<T: Copy>(
    all: &[T],
    word: impl Fn(T) -> words::Word,
    key: &str,
    name: &str,
) -> Result<T, Failure> {
    let found = all.iter().find(|value| word(**value).name == name);
    found.copied().ok_or_else(|| {
        let known: Vec<_> = all.iter().map(|value| word(*value).name).collect();
        let failure = Failure::usage("bad-choice").with("argument", key);
        failure.with("value", name).with("known", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDARS: &str = include_str!("../../spec/samples/calendar-cn-2024-2026.toml");
    const RULES: &str = include_str!("../../spec/samples/deadline-rules.toml");

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    #[test]
    fn samples_are_read_and_the_calendar_of_a_day_is_picked() {
        let path = Path::new("calendar.toml");
        let read = |covers: Option<&str>| calendar(CALENDARS, path, covers.map(day));
        let year = read(Some("2025-06-01")).unwrap();
        assert_eq!(year.fields().covers_from, day("2025-01-01"));
        for covers in [None, Some("2027-01-01")] {
            assert_eq!(
                read(covers).unwrap_err().key,
                "which-calendar",
                "{covers:?}"
            );
        }
        assert_eq!(rules(RULES, path).unwrap().rules().len(), 51);
    }

    #[test]
    fn file_is_refused_with_the_key_that_is_wrong() {
        let path = Path::new("rules.toml");
        let good = "[[rule]]\nid = \"a\"\nregion = \"410300\"\nfrom = \"decided\"\nto = \"published\"\n\
                    n = 7\nunit = \"working-day\"\nsource = \"x\"\nvalid_from = \"2026-01-01\"\n";
        assert_eq!(rules(good, path).unwrap().rules().len(), 1);
        let refused = |from: &str, to: &str| {
            let failure = rules(&good.replace(from, to), path).unwrap_err();
            (failure.key, failure.blank("argument").to_owned())
        };
        let at = |key: &'static str, argument: &str| (key, argument.to_owned());
        assert_eq!(rules("", path).unwrap_err().key, "file-refused");
        assert_eq!(calendar("", path, None).unwrap_err().key, "file-refused");
        let twice = rules(&good.repeat(2), path).unwrap_err();
        assert!(twice.blank("cause").contains("[[rule]] a comes twice"));
        assert_eq!(refused("n = 7", "days = 7"), at("file-refused", ""));
        assert_eq!(
            refused("\"decided\"", "\"decide\""),
            at("bad-choice", "rule a: from")
        );
        assert_eq!(
            refused("working-day", "week"),
            at("bad-choice", "rule a: unit")
        );
        assert_eq!(refused("n = 7", "n = 0"), at("bad-value", "rule a: unit"));
        assert_eq!(refused("410300", "4103"), at("bad-value", "rule a: region"));
        assert_eq!(
            refused("2026-01-01", "2026-02-30"),
            at("bad-value", "rule a: valid_from")
        );
        assert_eq!(
            refused("\"published\"", "\"decided\""),
            at("bad-value", "rule a: rule")
        );
    }
}
