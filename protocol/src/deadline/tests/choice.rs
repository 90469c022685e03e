//! Which of several rules holds.

use super::*;
use crate::statement::{ActType, DeadlineRules};

struct Row {
    id: &'static str,
    region: &'static str,
    to: DeadlineEvent,
    from: &'static str,
    until: Option<&'static str>,
    act_types: &'static [ActType],
}

const PUBLISH: Row = Row {
    id: "",
    region: "100000",
    to: DeadlineEvent::Published,
    from: "2020-01-01",
    until: None,
    act_types: &[],
};

fn rules(rows: &[Row]) -> DeadlineRules {
    let rules = rows.iter().map(|row| {
        DeadlineRule::new(DeadlineRuleFields {
            region: RegionCode::parse(row.region).unwrap(),
            event_to: row.to,
            valid_from: day(row.from),
            valid_until: row.until.map(day),
            act_types: row.act_types.to_vec(),
            ..fields(row.id, Term::AtOnce)
        })
        .unwrap()
    });
    DeadlineRules::new(rules.collect()).unwrap()
}

fn ids(rules: &DeadlineRules, region: &str, act: Option<ActType>, on: &str) -> Vec<String> {
    let region = RegionCode::parse(region).unwrap();
    let found = rules.for_event(DeadlineEvent::Decided, region, act, day(on));
    let ids = found.iter().map(|rule| rule.fields().id.to_string());
    ids.collect()
}

#[test]
fn rule_of_the_smallest_region_around_holds() {
    // spec: DL-6
    let row = |id, region| Row {
        id,
        region,
        ..PUBLISH
    };
    let rules = rules(&[
        row("city", "410300"),
        row("country", "100000"),
        row("county", "410302"),
        row("province", "410000"),
    ]);
    for (region, id) in [
        ("410302", "county"),
        ("410303", "city"),
        ("410300", "city"),
        ("410100", "province"),
        ("419001", "province"),
        ("410000", "province"),
        ("420200", "country"),
        ("100000", "country"),
    ] {
        assert_eq!(ids(&rules, region, None, "2026-01-01"), [id], "{region}");
    }
}

#[test]
fn rules_for_different_events_hold_beside_each_other() {
    // spec: DL-6
    let rules = rules(&[
        Row {
            id: "a-serve",
            to: DeadlineEvent::Served,
            ..PUBLISH
        },
        Row {
            id: "b-publish",
            ..PUBLISH
        },
        Row {
            id: "c-publish-here",
            region: "410000",
            ..PUBLISH
        },
    ]);
    let found = |region| ids(&rules, region, None, "2026-01-01");
    assert_eq!(found("410300"), ["c-publish-here", "a-serve"]);
    assert_eq!(found("420200"), ["b-publish", "a-serve"]);
    let other = rules.for_event(
        DeadlineEvent::Queried,
        RegionCode::COUNTRY,
        None,
        day("2026-01-01"),
    );
    assert!(other.is_empty());
}

#[test]
fn rule_holds_for_its_days_and_its_types_of_act_and_ties_go_by_id() {
    // spec: DL-6
    let rules = rules(&[
        Row {
            id: "a-old",
            until: Some("2023-12-31"),
            ..PUBLISH
        },
        Row {
            id: "b-licences",
            from: "2024-01-01",
            act_types: &[ActType::Licence],
            ..PUBLISH
        },
        Row {
            id: "c-all",
            from: "2024-01-01",
            ..PUBLISH
        },
        Row {
            id: "d-all",
            from: "2024-01-01",
            ..PUBLISH
        },
    ]);
    let found = |act, on| ids(&rules, "410300", act, on);
    assert_eq!(found(None, "2019-12-31"), Vec::<String>::new());
    assert_eq!(found(None, "2020-01-01"), ["a-old"]);
    assert_eq!(found(None, "2023-12-31"), ["a-old"]);
    assert_eq!(found(None, "2024-01-01"), ["c-all"]);
    assert_eq!(found(Some(ActType::Licence), "2024-01-01"), ["b-licences"]);
    assert_eq!(found(Some(ActType::Penalty), "2024-01-01"), ["c-all"]);
}
