use std::num::NonZeroU32;

use super::*;
use crate::codec::{self, DecodeError, Limits};

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

fn seven() -> NonZeroU32 {
    NonZeroU32::new(7).unwrap()
}

fn fields(id: &str, term: Term) -> DeadlineRuleFields {
    DeadlineRuleFields {
        id: Code::new(id).unwrap(),
        region: RegionCode::parse("410300").unwrap(),
        event_from: DeadlineEvent::Decided,
        event_to: DeadlineEvent::Published,
        term,
        source: Text::new("洛政〔2017〕44号").unwrap(),
        valid_from: day("2017-10-24"),
        valid_until: Some(day("2030-01-01")),
        act_types: vec![ActType::Licence, ActType::Penalty],
    }
}

fn map() -> DeadlineRuleMap {
    let fields = fields("a", Term::AtOnce);
    DeadlineRuleMap {
        id: fields.id,
        region: fields.region,
        event_from: fields.event_from,
        event_to: fields.event_to,
        n: Some(7),
        unit: TermUnit::WorkingDay,
        source: fields.source,
        valid_from: fields.valid_from,
        valid_until: fields.valid_until,
        act_types: fields.act_types,
        dates: vec![],
    }
}

fn dates(texts: &[(u8, u8)]) -> Vec<YearDay> {
    let dates = texts.iter().map(|(month, day)| YearDay::new(*month, *day));
    dates.collect::<Result<_, _>>().unwrap()
}

type Change = fn(&mut DeadlineRuleMap);

fn departures() -> Vec<(Change, DeadlineRuleError)> {
    use DeadlineRuleError as E;
    let order = |field| E::ListOrder { field };
    vec![
        (|m| m.event_to = m.event_from, E::MeetsItself),
        (
            |m| m.valid_until = Some(day("2017-10-23")),
            E::EndsBeforeItBegins,
        ),
        (|m| m.act_types.reverse(), order("act_types")),
        (|m| m.act_types.push(ActType::Penalty), order("act_types")),
        (|m| m.n = None, E::NoNumber),
        (|m| m.n = Some(0), E::NoNumber),
        (|m| m.unit = TermUnit::AtOnce, E::NumberUnasked),
        (|m| m.unit = TermUnit::MonthEnd, E::NumberUnasked),
        (|m| m.unit = TermUnit::QuarterEnd, E::NumberUnasked),
        (
            |m| (m.unit, m.dates) = (TermUnit::Yearly, dates(&[(1, 5)])),
            E::NumberUnasked,
        ),
        (|m| m.dates = dates(&[(1, 5)]), E::DatesUnasked),
        (|m| (m.unit, m.n) = (TermUnit::Yearly, None), E::NoDates),
        (
            |m| (m.unit, m.n, m.dates) = (TermUnit::Yearly, None, dates(&[(7, 5), (1, 5)])),
            order("dates"),
        ),
        (
            |m| (m.unit, m.n, m.dates) = (TermUnit::Yearly, None, dates(&[(7, 5), (7, 5)])),
            order("dates"),
        ),
    ]
}

fn terms() -> Vec<Term> {
    vec![
        Term::WorkingDays(seven()),
        Term::Days(NonZeroU32::MAX),
        Term::Months(NonZeroU32::MIN),
        Term::Years(seven()),
        Term::AtOnce,
        Term::MonthEnd,
        Term::QuarterEnd,
        Term::Yearly(dates(&[(1, 5), (7, 5)])),
    ]
}

#[test]
fn rule_refuses_what_does_not_fit_together() {
    // spec: DL-4
    for (change, error) in departures() {
        let mut map = map();
        change(&mut map);
        assert_eq!(DeadlineRule::from_map(map.clone()), Err(error));
        let bytes = codec::encode(&map).unwrap();
        let cause = error.to_string();
        assert_eq!(
            codec::decode::<DeadlineRule>(&bytes, Limits::STATEMENT),
            Err(DecodeError::Shape { cause })
        );
    }
    assert!(DeadlineRule::from_map(map()).is_ok());
    let one_day = DeadlineRuleFields {
        valid_until: Some(day("2017-10-24")),
        ..fields("a", Term::AtOnce)
    };
    assert!(DeadlineRule::new(one_day).is_ok());
}

#[test]
fn rule_with_a_term_of_dates_put_together_by_hand_is_looked_at_too() {
    // spec: DL-4
    let rule = |dates| DeadlineRule::new(fields("a", Term::Yearly(dates)));
    assert_eq!(rule(vec![]), Err(DeadlineRuleError::NoDates));
    assert_eq!(
        rule(dates(&[(7, 5), (1, 5)])),
        Err(DeadlineRuleError::ListOrder { field: "dates" })
    );
}

#[test]
fn date_of_every_year_is_one_that_every_year_has() {
    // spec: DL-4
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for month in 0..=u8::MAX {
        let length = usize::from(month).checked_sub(1);
        let length = length.and_then(|month| lengths.get(month)).copied();
        for day in 0..=u8::MAX {
            let made = YearDay::new(month, day);
            match (1..=length.unwrap_or(0)).contains(&day) {
                true => assert_eq!(made.map(|d| (d.month(), d.day())), Ok((month, day))),
                false => assert_eq!(made, Err(DeadlineRuleError::NoSuchDate { month, day })),
            }
        }
    }
    let bytes = codec::encode(&(2u64, 29u64)).unwrap();
    let cause = "not every year has a day 29 of month 2".to_owned();
    assert_eq!(
        codec::decode::<YearDay>(&bytes, Limits::STATEMENT),
        Err(DecodeError::Shape { cause })
    );
}

#[test]
fn decoded_rules_are_the_same_for_every_term() {
    let named = |(at, term)| DeadlineRule::new(fields(&format!("rule-{at}"), term)).unwrap();
    let rules: Vec<_> = terms().into_iter().enumerate().map(named).collect();
    let rules = DeadlineRules::new(rules).unwrap();
    let bytes = codec::encode(&rules).unwrap();
    assert_eq!(codec::decode(&bytes, Limits::STATEMENT), Ok(rules));
    let none = DeadlineRules::new(vec![]).unwrap();
    assert_eq!(codec::encode(&none).unwrap(), b"\xa0");
}

#[test]
fn rules_ascend_by_id_each_once() {
    // spec: DL-5
    let rule = |id| DeadlineRule::new(fields(id, Term::AtOnce)).unwrap();
    let error = DeadlineRuleError::ListOrder { field: "rules" };
    for ids in [["b", "a"], ["a", "a"]] {
        assert_eq!(DeadlineRules::new(ids.map(rule).to_vec()), Err(error));
        let bytes = codec::encode(&DeadlineRulesMap {
            rules: ids.map(rule).to_vec(),
        });
        let cause = error.to_string();
        assert_eq!(
            codec::decode::<DeadlineRules>(&bytes.unwrap(), Limits::STATEMENT),
            Err(DecodeError::Shape { cause })
        );
    }
    let rules = DeadlineRules::new(["a", "b"].map(rule).to_vec()).unwrap();
    assert_eq!(rules.rules().len(), 2);
}

/// `{1: "a", 2: region, 3: 1, 4: 7, 5: 7, 6: 1, 7: "s", 8: 0}`, written by hand: decided, published,
/// seven working days, from 1970 on.
#[test]
fn rule_is_laid_out_as_written() {
    let bytes = b"\xa8\x01\x61a\x02\x66100000\x03\x01\x04\x07\x05\x07\x06\x01\x07\x61s\x08\x00";
    let rule: DeadlineRule = codec::decode(bytes, Limits::STATEMENT).unwrap();
    let fields = rule.fields();
    assert_eq!(fields.event_from, DeadlineEvent::Decided);
    assert_eq!(fields.event_to, DeadlineEvent::Published);
    assert_eq!(fields.term, Term::WorkingDays(seven()));
    let swapped = b"\xa8\x01\x61a\x02\x66100000\x03\x01\x04\x07\x06\x01\x05\x07\x07\x61s\x08\x00";
    let decoded = codec::decode::<DeadlineRule>(swapped, Limits::STATEMENT);
    assert_eq!(decoded, Err(DecodeError::KeyOrder { offset: 18 }));
    let unit_9 = b"\xa8\x01\x61a\x02\x66100000\x03\x01\x04\x07\x05\x07\x06\x09\x07\x61s\x08\x00";
    let cause = "9 is no code of TermUnit".to_owned();
    assert_eq!(
        codec::decode::<DeadlineRule>(unit_9, Limits::STATEMENT),
        Err(DecodeError::Shape { cause })
    );
}

/// Two sources say which events there are: this list, and the table of `spec/deadlines.md`.
#[test]
fn events_are_those_of_the_specification_with_their_codes() {
    // spec: DL-7
    let page = include_str!("../../../../spec/deadlines.md");
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let code: u64 = cells.next()?.parse().ok()?;
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((code, name.to_owned()))
    });
    let kebab = |name: String| {
        let spaced = name.chars().flat_map(|c| {
            let hyphen = c.is_ascii_uppercase().then_some('-');
            hyphen.into_iter().chain([c.to_ascii_lowercase()])
        });
        spaced.skip(1).collect::<String>()
    };
    let list = |(code, name): (u64, String)| (code, kebab(name));
    let events = DeadlineEvent::ALL
        .iter()
        .map(|event| (event.code(), format!("{event:?}")));
    let units = TermUnit::ALL
        .iter()
        .map(|unit| (unit.code(), format!("{unit:?}")));
    let coded: Vec<_> = events.chain(units).map(list).collect();
    assert_eq!(rows.collect::<Vec<_>>(), coded);
}
