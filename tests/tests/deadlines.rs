//! The samples of calendars and deadline rules are what the types take, and give the days that the
//! documents mean.
//!
//! Out of scope: counting, which the protocol tests by itself.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;

use concordat_protocol::awaited::{Owing, PenaltyElsewhere, Pushed, Terms, hops};
use concordat_protocol::codec::{self, Limits};
use concordat_protocol::deadline::{Deadline, Due, State, WorkingDays};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Calendar, CalendarFields, Code, DeadlineEvent, DeadlineRule, DeadlineRuleFields,
    DeadlineRules, Term, TermUnit, YearDay,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_tests::tree;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    calendar: Vec<CalendarTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarTable {
    region: String,
    covers_from: String,
    covers_until: String,
    source: String,
    holidays: Vec<String>,
    workdays: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
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

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

fn region(text: &str) -> RegionCode {
    RegionCode::parse(text).unwrap()
}

/// The value of a code list whose name in Rust, written with hyphens, is `name`.
fn named<T: Copy + std::fmt::Debug>(all: &[T], name: &str) -> T {
    let same = |value: &&T| {
        let rust = format!("{value:?}");
        let letters = name.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        });
        rust == letters.collect::<String>()
    };
    *all.iter().find(same).unwrap_or_else(|| panic!("{name}"))
}

fn calendars() -> Vec<Calendar> {
    let text = tree::text("spec/samples/calendar-cn-2024-2026.toml");
    let file: CalendarFile = toml::from_str(&text).unwrap();
    let days = |texts: &[String]| texts.iter().map(|text| day(text)).collect();
    let calendar = |table: &CalendarTable| {
        Calendar::new(CalendarFields {
            region: region(&table.region),
            covers_from: day(&table.covers_from),
            covers_until: day(&table.covers_until),
            holidays: days(&table.holidays),
            workdays: days(&table.workdays),
            source: Text::new(&*table.source).unwrap(),
        })
        .unwrap()
    };
    file.calendar.iter().map(calendar).collect()
}

fn rule(table: &RuleTable) -> DeadlineRule {
    let date = |text: &String| {
        let (month, day) = text.split_once('-').unwrap();
        YearDay::new(month.parse().unwrap(), day.parse().unwrap()).unwrap()
    };
    let dates = table.dates.iter().map(date).collect();
    let act_types = table.act_types.iter();
    let mut act_types: Vec<_> = act_types.map(|name| named(ActType::ALL, name)).collect();
    act_types.sort();
    DeadlineRule::new(DeadlineRuleFields {
        id: Code::new(&table.id).unwrap(),
        region: region(&table.region),
        event_from: named(DeadlineEvent::ALL, &table.from),
        event_to: named(DeadlineEvent::ALL, &table.to),
        term: Term::new(named(TermUnit::ALL, &table.unit), table.n, dates).unwrap(),
        source: Text::new(&*table.source).unwrap(),
        valid_from: day(&table.valid_from),
        valid_until: table.valid_until.as_deref().map(day),
        act_types,
    })
    .unwrap()
}

fn rules() -> DeadlineRules {
    let text = tree::text("spec/samples/deadline-rules.toml");
    let file: RuleFile = toml::from_str(&text).unwrap();
    let mut rules: Vec<_> = file.rule.iter().map(rule).collect();
    rules.sort_by(|a, b| a.fields().id.cmp(&b.fields().id));
    DeadlineRules::new(rules).unwrap()
}

// spec: DL-2
#[test]
fn sample_calendar_has_the_working_days_of_the_three_years() {
    let days = WorkingDays::new(RegionCode::COUNTRY, &calendars());
    for (year, count) in [(2024, 251), (2025, 248), (2026, 248)] {
        let from = Day::from_ymd(year, 1, 1).unwrap().value();
        let until = Day::from_ymd(year, 12, 31).unwrap().value();
        let all = (from..=until).map(|days| Day::new(i64::from(days)).unwrap());
        let worked = all.filter(|day| days.is_working(*day).unwrap());
        assert_eq!(worked.count(), count, "{year}");
    }
    for year in [2023, 2027] {
        assert_eq!(days.is_working(Day::from_ymd(year, 7, 1).unwrap()), None);
    }
}

#[test]
fn samples_are_contents_that_decode_to_themselves() {
    for calendar in calendars() {
        let bytes = codec::encode(&calendar).unwrap();
        assert_eq!(codec::decode(&bytes, Limits::STATEMENT), Ok(calendar));
    }
    let rules = rules();
    assert_eq!(rules.rules().len(), 51);
    let bytes = codec::encode(&rules).unwrap();
    assert_eq!(codec::decode(&bytes, Limits::STATEMENT), Ok(rules));
}

/// Every event of the closed list is needed by a document, but for those of asking: all of them want a
/// response, and none says within how many days.
#[test]
fn sample_rules_use_every_event_of_the_list() {
    let rules = rules();
    let fields = || rules.rules().iter().map(DeadlineRule::fields);
    let asking = [DeadlineEvent::Asked, DeadlineEvent::Responded];
    let listed = DeadlineEvent::ALL.iter();
    for event in listed.filter(|event| !asking.contains(event)) {
        let used = fields().any(|rule| [rule.event_from, rule.event_to].contains(event));
        assert!(used, "{event:?}");
    }
}

struct Row {
    id: &'static str,
    region: &'static str,
    from: DeadlineEvent,
    to: DeadlineEvent,
    act_type: Option<ActType>,
    start: &'static str,
    due: &'static str,
}

/// Friday 24 April 2026 is before the holidays of May: 27, 28, 29, 30 April, 6, 7, 8, 9 (a Saturday,
/// worked), 11, 12 May. Twenty days end on 26 May.
const FRIDAY: &str = "2026-04-24";

/// Every line of the documents, in a place that it is for, summed by hand.
#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use ActType as A;
    use DeadlineEvent as E;
    let row = |id, region, from, to, act_type, start, due| Row { id, region, from, to, act_type, start, due };
    let act = |id, region, from, to, act_type, due| row(id, region, from, to, Some(act_type), FRIDAY, due);
    let other = |id, region, from, to, due| row(id, region, from, to, None, FRIDAY, due);
    vec![
        act("hegang.publish", "230400", E::Decided, E::Published, A::Licence, "2026-05-08"),
        act("heihe.publish", "231100", E::Decided, E::Published, A::Penalty, "2026-05-08"),
        act("heihe.publish-other-acts", "231102", E::Decided, E::Published, A::Inspection, "2026-05-08"),
        act("luoyang.publish", "410302", E::Decided, E::Published, A::Penalty, "2026-05-08"),
        act("zhongshan.publish", "442000", E::Decided, E::Published, A::Penalty, "2026-05-08"),
        act("cn.market-penalty.publish", "350000", E::MarketPenaltyDecided, E::Published, A::Penalty, "2026-05-26"),
        act("cn.market-penalty.push", "350000", E::MarketPenaltyElsewhereDecided, E::Pushed, A::Penalty, "2026-05-12"),
        act("cn.market-penalty.publish-pushed", "360000", E::Pushed, E::Published, A::Penalty, "2026-05-12"),
        act("cn.take-down", "420200", E::DecisionRevoked, E::TakenDown, A::Penalty, "2026-04-29"),
        act("cn.serve-penalty", "420200", E::Decided, E::Served, A::Penalty, "2026-05-08"),
        act("cn.deliver-licence", "420200", E::Decided, E::Served, A::Licence, "2026-05-12"),
        other("henan.check-data", "410300", E::DataReceived, E::DataChecked, "2026-05-06"),
        other("henan.mark-objection", "410300", E::ObjectionReceived, E::ObjectionMarked, FRIDAY),
        other("shenzhen.mark-objection", "440300", E::ObjectionReceived, E::ObjectionMarked, FRIDAY),
        other("shanghai.mark-objection", "310000", E::ObjectionReceived, E::ObjectionMarked, "2026-04-27"),
        other("henan.rule-own", "410300", E::ObjectionInOwnScope, E::Ruled, "2026-04-29"),
        other("shandong.rule-own", "370100", E::ObjectionInOwnScope, E::Ruled, "2026-04-29"),
        other("shanghai.rule-own", "310000", E::ObjectionInOwnScope, E::Ruled, "2026-05-06"),
        other("shenzhen.check-own", "440300", E::ObjectionInOwnScope, E::ObjectionChecked, "2026-04-27"),
        other("henan.rule-provider", "410300", E::ObjectionNeedsProvider, E::Ruled, "2026-05-08"),
        other("henan.provider-answers", "410300", E::ObjectionForwarded, E::ProviderAnswered, "2026-04-29"),
        other("shandong.rule-provider", "370100", E::ObjectionNeedsProvider, E::Ruled, "2026-05-08"),
        other("shanghai.forward", "310000", E::ObjectionNeedsProvider, E::ObjectionForwarded, "2026-04-28"),
        other("shanghai.provider-answers", "310000", E::ObjectionForwarded, E::ProviderAnswered, "2026-05-06"),
        other("shenzhen.provider-answers", "440300", E::ObjectionForwarded, E::ProviderAnswered, "2026-04-28"),
        other("shenzhen.provider-answers-extended", "440300", E::ObjectionExtended, E::ProviderAnswered, "2026-04-29"),
        other("henan.withdraw", "410300", E::BasisRevoked, E::MeasuresWithdrawn, "2026-04-27"),
        other("shanghai.withdraw", "310000", E::BasisRevoked, E::MeasuresWithdrawn, "2026-04-29"),
        other("shandong.report-withdrawal", "370100", E::BasisRevoked, E::WithdrawalReported, "2026-04-29"),
        other("cn.accept-repair", "420200", E::RepairApplied, E::RepairAccepted, "2026-04-29"),
        other("cn.answer-repair", "420200", E::RepairApplied, E::RepairAnswered, "2026-05-12"),
        other("huangshi.pre-review", "420200", E::RepairApplied, E::RepairPreReviewed, "2026-04-27"),
        other("henan.answer-repair", "410300", E::RepairApplied, E::RepairAnswered, "2026-04-27"),
        other("shenzhen.answer-repair", "440300", E::RepairApplied, E::RepairAnswered, "2026-04-29"),
        other("shenzhen.answer-repair-extended", "440300", E::RepairExtended, E::RepairAnswered, "2026-04-29"),
        other("zhongshan.feed-back", "442000", E::MeasuresApplied, E::MeasuresFedBack, "2026-04-30"),
        other("zhongshan.red-list", "442000", E::RedListFound, E::RedListPublished, "2026-06-30"),
        row("luoyang.statistics", "410300", E::StatisticsPeriodEnded, E::StatisticsReported, None, "2026-06-30", "2026-07-05"),
        row("luoyang.statistics", "410300", E::StatisticsPeriodEnded, E::StatisticsReported, None, "2026-12-31", "2027-01-05"),
        other("hegang.fast-lane", "230400", E::LastBreach, E::FastLaneOpened, "2029-04-24"),
        other("huangshi.fast-lane", "420200", E::LastBreach, E::FastLaneOpened, "2029-04-24"),
        other("luoyang.fast-lane", "410300", E::LastBreach, E::FastLaneOpened, "2029-04-24"),
        other("zhongshan.fast-lane", "442000", E::LastBreach, E::FastLaneOpened, "2029-04-24"),
        other("cn.minor.longest", "420200", E::MinorBreachDecided, E::LongestPublicationEnded, "2026-07-24"),
        other("cn.general.shortest", "420200", E::GeneralBreachDecided, E::ShortestPublicationEnded, "2026-07-24"),
        other("cn.general.longest", "420200", E::GeneralBreachDecided, E::LongestPublicationEnded, "2027-04-24"),
        other("cn.serious.shortest", "420200", E::SeriousBreachDecided, E::ShortestPublicationEnded, "2027-04-24"),
        other("cn.serious.longest", "420200", E::SeriousBreachDecided, E::LongestPublicationEnded, "2029-04-24"),
        other("henan.disclosure", "410300", E::BreachEnded, E::DisclosureEnded, "2031-04-24"),
        other("shandong.disclosure", "370100", E::BreachEnded, E::DisclosureEnded, "2031-04-24"),
        other("shanghai.disclosure", "310000", E::BreachEnded, E::DisclosureEnded, "2031-04-24"),
        other("shenzhen.query-record", "440300", E::Queried, E::QueryRecordKept, "2031-04-24"),
    ]
}

// spec: DL-6, DL-9, DL-10, DL-11, DL-15
#[test]
fn deadlines_of_the_documents_give_the_days_that_they_mean() {
    let (rules, calendars) = (rules(), calendars());
    let mut seen = BTreeSet::new();
    for row in rows() {
        let (place, start) = (region(row.region), day(row.start));
        let found = rules.for_event(row.from, place, row.act_type, start);
        let meets = |rule: &&&DeadlineRule| rule.fields().event_to == row.to;
        let rule = *found.iter().find(meets).unwrap();
        assert_eq!(rule.fields().id.as_str(), row.id);
        let deadline = Deadline {
            rule,
            start,
            stops: &[],
            days: &WorkingDays::new(place, &calendars),
        };
        assert_eq!(deadline.due(), Due::On(day(row.due)), "{}", row.id);
        seen.insert(row.id.to_owned());
    }
    let all = rules
        .rules()
        .iter()
        .map(|rule| rule.fields().id.to_string());
    assert_eq!(seen, all.collect());
}

/// Licences and penalties, and eight types of act beside them (HH-4.2).
// spec: DL-6, DL-9
#[test]
fn all_ten_types_of_act_are_due_in_seven_working_days_and_lists_are_not() {
    let (rules, calendars) = (rules(), calendars());
    let heihe = region("231100");
    let days = WorkingDays::new(heihe, &calendars);
    let mut acts = 0;
    for act_type in ActType::ALL {
        let found = rules.for_event(DeadlineEvent::Decided, heihe, Some(*act_type), day(FRIDAY));
        let published = |rule: &&DeadlineRule| rule.fields().event_to == DeadlineEvent::Published;
        let rule = found.into_iter().find(published);
        assert_eq!(rule.is_none(), act_type.lists(), "{act_type:?}");
        let Some(rule) = rule else { continue };
        acts += 1;
        let deadline = Deadline {
            rule,
            start: day(FRIDAY),
            stops: &[],
            days: &days,
        };
        assert_eq!(deadline.due(), Due::On(day("2026-05-08")), "{act_type:?}");
        let late = deadline.state(day("2026-05-09"), Some(day("2026-05-09")));
        assert!(matches!(late, State::MetLate { .. }), "{act_type:?}");
    }
    assert_eq!(acts, 10);
}

/// Both hops of a penalty that was decided before the holidays of May, over a Saturday that is worked.
// spec: DL-60, DL-61, DL-62
#[test]
fn penalty_of_market_regulation_is_pushed_and_published_elsewhere_by_the_official_calendar() {
    let (rules, calendars) = (rules(), calendars());
    let [issuer, there] = ["11350000000000014", "11360100000000011"]
        .map(|first_17| AuthorityCode::new(SubjectCode::with_check(first_17).unwrap()).unwrap());
    let penalty = PenaltyElsewhere {
        issuer,
        decided_on: day(FRIDAY),
        place: region("360102"),
    };
    let owed = |pushes: &[Pushed<'_>], today: &str| {
        let days = ["350000", "360100"].map(|place| WorkingDays::new(region(place), &calendars));
        let terms = |place, days| Terms {
            rules: Some(&rules),
            days,
            region: region(place),
            act_type: Some(ActType::Penalty),
            today: day(today),
        };
        let [first, second] = &days;
        let places = [
            (issuer, terms("350000", first)),
            (there, terms("360100", second)),
        ];
        let mut owed = hops(&penalty, pushes, &places.into());
        assert_eq!(owed.len(), 1);
        let owed = owed.remove(0);
        let within = owed.within.unwrap();
        (
            owed.by,
            owed.owing,
            within.rule.to_string(),
            within.due,
            within.state,
        )
    };
    let push = |state| {
        let due = Due::On(day("2026-05-12"));
        let rule = "cn.market-penalty.push".to_owned();
        (issuer, Owing::PushToRegistrationPlace, rule, due, state)
    };
    // Saturday 9 May is worked: with 11 and 12 May three days are left on Friday the 8th.
    let left = State::Open { days_left: Some(3) };
    assert_eq!(owed(&[], "2026-05-08"), push(left));
    let over = State::Overdue { by: Some(1) };
    assert_eq!(owed(&[], "2026-05-13"), push(over));
    let pushed = Pushed {
        on: day("2026-05-06"),
        to: &[there],
        published: &BTreeSet::new(),
    };
    let publish = |state| {
        let due = Due::On(day("2026-05-19"));
        let rule = "cn.market-penalty.publish-pushed".to_owned();
        (there, Owing::PublishAtRegistrationPlace, rule, due, state)
    };
    let left = State::Open { days_left: Some(0) };
    assert_eq!(owed(&[pushed], "2026-05-19"), publish(left));
    assert_eq!(owed(&[pushed], "2026-05-20"), publish(over));
}

// spec: DL-6
#[test]
fn documents_say_nothing_of_places_and_days_that_they_do_not_hold_for() {
    let rules = rules();
    let found = |event, place, act_type, on| {
        let found = rules.for_event(event, region(place), act_type, day(on));
        found.len()
    };
    let licence = Some(ActType::Licence);
    let (decided, published) = (DeadlineEvent::Decided, "2026-04-24");
    // Published and delivered in Luoyang; delivered alone where no document asks for publication.
    assert_eq!(found(decided, "410300", licence, published), 2);
    assert_eq!(found(decided, "350000", licence, published), 1);
    assert_eq!(found(decided, "410300", licence, "2017-10-23"), 1);
    assert_eq!(found(decided, "410300", licence, "2004-06-30"), 0);
    // The eight other types are named by Heihe alone.
    let inspection = Some(ActType::Inspection);
    assert_eq!(found(decided, "231100", inspection, published), 1);
    assert_eq!(found(decided, "230400", inspection, published), 0);
}

// spec: DL-16, DL-18, DL-19
#[test]
fn publication_at_the_end_of_the_calendars_is_unknown_until_the_next_is_there() {
    let rules = rules();
    let (place, start) = (region("442000"), day("2026-12-25"));
    let penalty = Some(ActType::Penalty);
    let found = rules.for_event(DeadlineEvent::Decided, place, penalty, start);
    let days = &WorkingDays::new(place, &calendars());
    let deadline = Deadline {
        rule: found[0],
        start,
        stops: &[],
        days,
    };
    assert_eq!(found[0].fields().id.as_str(), "zhongshan.publish");
    let (earliest, lacking_from) = (day("2027-01-03"), day("2027-01-01"));
    let unknown = State::UnknownUntilCalendar {
        earliest,
        lacking_from,
    };
    assert_eq!(deadline.state(day("2027-02-01"), None), unknown);
    let met = State::Met { on: earliest };
    assert_eq!(deadline.state(day("2027-02-01"), Some(earliest)), met);
}
