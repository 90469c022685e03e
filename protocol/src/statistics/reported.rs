//! 及时报送: whether what was decided was published and reported in time, by the deadline rules of the place.
//!
//! One decision may start several clocks: its publication is due within so many working days of it, that of a
//! penalty of market regulation by the rule for those, that of a red list by the end of the quarter.

use crate::awaited::{PenaltyElsewhere, Terms, is_market_penalty};
use crate::deadline::{Deadline, State};
use crate::statement::{ActType, DeadlineEvent, DecisionFields};
use crate::subject::AuthorityCode;
use crate::time::Day;

type Clock = (DeadlineEvent, DeadlineEvent);

/// What every decision starts.
const DECIDED: Clock = (DeadlineEvent::Decided, DeadlineEvent::Published);

/// How the publication of a decision stands that its statement reports on a day, by the clocks that the decision
/// starts: late where one of them was over, unknown where one lacks a calendar, nothing where no rule holds.
///
/// What says that it was published at its source on a later day was published then: both are owed (LY-5.3).
// spec: STA-3, STA-18, STA-19
#[must_use]
pub fn reported(
    decision: &DecisionFields,
    issuer: AuthorityCode,
    logged_on: Day,
    terms: &Terms<'_>,
) -> Option<State> {
    let rules = terms.rules?;
    let on = decision
        .published_on
        .map_or(logged_on, |day| day.max(logged_on));
    let start = decision.decided_on;
    let state = |(from, to): Clock| {
        let rules = rules.for_event(from, terms.region, Some(decision.act_type), start);
        let rule = rules
            .into_iter()
            .find(|rule| rule.fields().event_to == to)?;
        let deadline = Deadline {
            rule,
            start,
            stops: &[],
            days: terms.days,
        };
        Some(deadline.state(on, Some(on)))
    };
    let states = clocks(decision, issuer, terms).into_iter().flatten();
    states.filter_map(state).max_by_key(weight)
}

/// What a decision starts: the one for every decision, and the one for its kind.
fn clocks(
    decision: &DecisionFields,
    issuer: AuthorityCode,
    terms: &Terms<'_>,
) -> [Option<Clock>; 2] {
    let is_elsewhere = PenaltyElsewhere::of(decision, issuer, terms.region).is_some();
    let of_its_kind = if decision.act_type == ActType::RedList {
        let events = (DeadlineEvent::RedListFound, DeadlineEvent::RedListPublished);
        Some(events)
    } else if is_market_penalty(decision.act_type, &decision.item) && !is_elsewhere {
        let events = (
            DeadlineEvent::MarketPenaltyDecided,
            DeadlineEvent::Published,
        );
        Some(events)
    } else {
        None
    };
    [Some(DECIDED), of_its_kind]
}

/// What is late by one clock is late, whatever the others say.
const fn weight(state: &State) -> u8 {
    match state {
        State::MetLate { .. } => 2,
        State::UnknownUntilCalendar { .. } => 1,
        State::Met { .. } | State::Open { .. } | State::Overdue { .. } | State::Stopped { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::WorkingDays;
    use crate::effect::tests::{Who, code, day, penalty, text};
    use crate::region::RegionCode;
    use crate::statement::{
        Calendar, CalendarFields, DeadlineRule, DeadlineRuleFields, DeadlineRules, Term,
    };
    use crate::subject::{Subject, SubjectCheck, SubjectCode};

    const PLACE: &str = "230400";

    fn region(code: &str) -> RegionCode {
        RegionCode::parse(code).unwrap()
    }

    fn rule(id: &str, from: DeadlineEvent, to: DeadlineEvent, term: Term) -> DeadlineRule {
        let rule = DeadlineRule::new(DeadlineRuleFields {
            id: code(id),
            region: RegionCode::COUNTRY,
            event_from: from,
            event_to: to,
            term,
            source: text("某文件"),
            valid_from: day("2020-01-01"),
            valid_until: None,
            act_types: vec![],
        });
        rule.unwrap()
    }

    fn working(days: u32) -> Term {
        Term::WorkingDays(days.try_into().unwrap())
    }

    /// Weekends off, for March to June 2026.
    fn spring() -> WorkingDays {
        let calendar = Calendar::new(CalendarFields {
            region: RegionCode::COUNTRY,
            covers_from: day("2026-03-01"),
            covers_until: day("2026-06-30"),
            holidays: vec![],
            workdays: vec![],
            source: text("a notice"),
        });
        WorkingDays::new(region(PLACE), [&calendar.unwrap()])
    }

    /// What is late, in time or unknown, by rules, of a decision that was logged on a day.
    fn stands(rules: Vec<DeadlineRule>, fields: &DecisionFields, logged_on: &str) -> Option<State> {
        let (rules, days) = (DeadlineRules::new(rules).unwrap(), spring());
        let terms = Terms {
            rules: Some(&rules),
            days: &days,
            region: region(PLACE),
            act_type: None,
            today: day(logged_on),
        };
        reported(fields, Who::Issuer.code(), day(logged_on), &terms)
    }

    fn seven() -> DeadlineRule {
        let (from, to) = DECIDED;
        rule("a.publish", from, to, working(7))
    }

    /// Monday 2 March: the seventh working day is Wednesday the 11th.
    // spec: STA-3, STA-18
    #[test]
    fn what_its_source_published_later_than_it_was_reported_is_late_there() {
        let mut fields = penalty();
        fields.decided_on = day("2026-03-02");
        let met = |on| Some(State::Met { on: day(on) });
        let late = |on| {
            let state = State::MetLate {
                on: day(on),
                by: Some(1),
            };
            Some(state)
        };
        assert_eq!(stands(vec![], &fields, "2026-03-11"), None);
        let on = |fields: &DecisionFields, logged| stands(vec![seven()], fields, logged);
        assert_eq!(on(&fields, "2026-03-11"), met("2026-03-11"));
        assert_eq!(on(&fields, "2026-03-12"), late("2026-03-12"));
        fields.published_on = Some(day("2026-03-04"));
        assert_eq!(on(&fields, "2026-03-11"), met("2026-03-11"));
        assert_eq!(on(&fields, "2026-03-12"), late("2026-03-12"));
        fields.published_on = Some(day("2026-03-12"));
        assert_eq!(on(&fields, "2026-03-06"), late("2026-03-12"));
    }

    /// A penalty of market regulation has twenty days by the rule for those, and seven where a document of the
    /// place gives every penalty seven.
    // spec: STA-19
    #[test]
    fn penalty_of_market_regulation_has_the_rule_for_those_as_well() {
        let market = |days| {
            let from = DeadlineEvent::MarketPenaltyDecided;
            rule("b.market", from, DeadlineEvent::Published, working(days))
        };
        let mut fields = penalty();
        fields.decided_on = day("2026-03-02");
        let late = |rules, fields: &DecisionFields, logged| {
            let state = stands(rules, fields, logged);
            state.map(|state| matches!(state, State::MetLate { .. }))
        };
        // No penalty of market regulation: that rule says nothing of it.
        assert_eq!(late(vec![market(20)], &fields, "2026-06-01"), None);
        fields.item = code("penalty.market.food");
        assert_eq!(late(vec![market(20)], &fields, "2026-03-30"), Some(false));
        assert_eq!(late(vec![market(20)], &fields, "2026-03-31"), Some(true));
        let both = || vec![seven(), market(20)];
        assert_eq!(late(both(), &fields, "2026-03-11"), Some(false));
        assert_eq!(late(both(), &fields, "2026-03-12"), Some(true));
        // Of an organisation of another province the push is counted instead.
        let elsewhere = SubjectCode::with_check("91310000MA1000001").unwrap();
        let plain = &fields.subject;
        let (form, name) = (plain.form(), plain.name().clone());
        fields.subject = Subject::new(elsewhere, SubjectCheck::Ok, form, name).unwrap();
        assert_eq!(late(vec![market(20)], &fields, "2026-03-31"), None);
    }

    // spec: STA-19
    #[test]
    fn red_list_is_due_by_the_end_of_the_quarter_and_no_other_list_is() {
        let quarter = || {
            let (from, to) = (DeadlineEvent::RedListFound, DeadlineEvent::RedListPublished);
            rule("c.red-list", from, to, Term::QuarterEnd)
        };
        let mut fields = penalty();
        fields.act_type = ActType::RedList;
        fields.decided_on = day("2026-03-02");
        let late = |fields: &DecisionFields, logged| {
            let state = stands(vec![quarter()], fields, logged);
            state.map(|state| matches!(state, State::MetLate { .. }))
        };
        assert_eq!(late(&fields, "2026-03-31"), Some(false));
        assert_eq!(late(&fields, "2026-04-01"), Some(true));
        fields.act_type = ActType::SeriousList;
        assert_eq!(late(&fields, "2026-04-01"), None);
    }

    // spec: STA-3
    #[test]
    fn clock_without_a_calendar_is_unknown_unless_another_is_over() {
        let mut fields = penalty();
        fields.decided_on = day("2026-06-29");
        let state = stands(vec![seven()], &fields, "2026-07-20");
        assert!(matches!(state, Some(State::UnknownUntilCalendar { .. })));
        fields.item = code("penalty.market");
        let (from, to) = (
            DeadlineEvent::MarketPenaltyDecided,
            DeadlineEvent::Published,
        );
        let at_once = rule("b.market", from, to, Term::AtOnce);
        let state = stands(vec![seven(), at_once], &fields, "2026-07-20");
        assert!(matches!(state, Some(State::MetLate { .. })));
    }
}
