//! Calendars and deadline rules in the registry.

use concordat_protocol::log::TreeSize;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    Calendar, CalendarFields, Content, DeadlineEvent, DeadlineRule, DeadlineRuleFields,
    DeadlineRules, Term, TermUnit,
};
use concordat_protocol::trust::Applied;

use crate::support::*;

pub(crate) fn calendar(region: &str, holidays: &[&str]) -> Content {
    let fields = CalendarFields {
        region: RegionCode::parse(region).unwrap(),
        covers_from: day("2026-10-01"),
        covers_until: day("2026-10-31"),
        holidays: holidays.iter().map(|text| day(text)).collect(),
        workdays: vec![],
        source: text("放假安排的通知"),
    };
    Content::Calendar(Box::new(Calendar::new(fields).unwrap()))
}

pub(crate) fn rules(days: u32) -> Content {
    let rule = DeadlineRuleFields {
        id: code("hegang.publish"),
        region: RegionCode::parse("230400").unwrap(),
        event_from: DeadlineEvent::Decided,
        event_to: DeadlineEvent::Published,
        term: Term::new(TermUnit::WorkingDay, Some(days), vec![]).unwrap(),
        source: text("鹤政规〔2017〕8号"),
        valid_from: day("2017-07-21"),
        valid_until: None,
        act_types: vec![],
    };
    let rules = DeadlineRules::new(vec![DeadlineRule::new(rule).unwrap()]);
    Content::DeadlineRules(Box::new(rules.unwrap()))
}

/// What was worked out under an earlier state is worked out alike for ever.
// spec: DL-20
#[test]
fn calendars_and_rules_hold_from_their_entry_on() {
    let mut net = Net::production();
    let city = RegionCode::parse("230400").unwrap();
    let first = day("2026-10-01");
    let mut states = vec![net.registry.size()];
    for content in [
        calendar("100000", &["2026-10-01"]),
        calendar("230000", &[]),
        rules(7),
        rules(5),
    ] {
        assert_eq!(net.change(content), Applied::Changed);
        states.push(net.registry.size());
    }
    let works = |size: &TreeSize| net.registry.working_days_at(*size, city).is_working(first);
    let works: Vec<_> = states.iter().map(works).collect();
    let (unknown, off, works_there) = (None, Some(false), Some(true));
    assert_eq!(works, [unknown, off, works_there, works_there, works_there]);
    let days = |size: &TreeSize| {
        let rules = net.registry.deadline_rules_at(*size)?;
        let (_, days, _) = rules.rules()[0].fields().term.clone().into_parts();
        days
    };
    let days: Vec<_> = states.iter().map(days).collect();
    assert_eq!(days, [None, None, None, Some(7), Some(5)]);
}
