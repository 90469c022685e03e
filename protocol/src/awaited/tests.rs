//! One test for each rule of `spec/deadlines.md`, "Awaited".

use super::*;
use crate::effect::tests::{
    Who, World, at, code, day, fine, objected_on, objection, resting_on, text,
};
use crate::statement::{
    Calendar, CalendarFields, Class, DeadlineRuleFields, Outcome, StatementRef, Term,
};

const LUOYANG: &str = "410300";

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

/// Weekends off, and Qingming on 2026-04-06.
fn spring() -> WorkingDays {
    let calendar = Calendar::new(CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: day("2026-01-01"),
        covers_until: day("2026-12-31"),
        holidays: vec![day("2026-04-06")],
        workdays: vec![],
        source: text("a notice"),
    });
    WorkingDays::new(region(LUOYANG), [&calendar.unwrap()])
}

fn rule(id: &str, from: DeadlineEvent, to: DeadlineEvent, n: u32) -> DeadlineRule {
    let fields = DeadlineRuleFields {
        id: code(id),
        region: region("410000"),
        event_from: from,
        event_to: to,
        term: Term::WorkingDays(n.try_into().unwrap()),
        source: text("河南省社会信用条例 第四十一条"),
        valid_from: day("2020-05-01"),
        valid_until: None,
        act_types: vec![],
    };
    DeadlineRule::new(fields).unwrap()
}

/// The rules of Henan: 3 working days in one's own scope and for the provider, 7 in all.
fn henan() -> DeadlineRules {
    use DeadlineEvent as On;
    let rules = vec![
        rule("a.mark", On::ObjectionReceived, On::ObjectionMarked, 1),
        rule("b.own", On::ObjectionInOwnScope, On::Ruled, 3),
        rule("c.provider", On::ObjectionNeedsProvider, On::Ruled, 7),
        rule("d.answer", On::ObjectionForwarded, On::ProviderAnswered, 3),
    ];
    DeadlineRules::new(rules).unwrap()
}

struct Case {
    world: World,
    target: StatementRef,
    rules: Option<DeadlineRules>,
    days: WorkingDays,
}

impl Case {
    fn new() -> Self {
        let (world, target) = World::with_penalty();
        let (rules, days) = (Some(henan()), spring());
        Self {
            world,
            target,
            rules,
            days,
        }
    }

    fn awaited(&self, today: &str) -> Vec<Awaited> {
        let terms = Terms {
            rules: self.rules.as_ref(),
            days: &self.days,
            region: region(LUOYANG),
            act_type: Some(ActType::Penalty),
            today: day(today),
        };
        awaited(&self.world.effect(&self.target), &terms)
    }

    /// The only thing awaited.
    fn one(&self, today: &str) -> Awaited {
        let all = self.awaited(today);
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    }

    fn within(&self, today: &str) -> Within {
        self.one(today).within.unwrap()
    }
}

// spec: DL-21
#[test]
fn nothing_is_awaited_about_a_decision_that_nobody_objects_to() {
    assert_eq!(Case::new().awaited("2026-05-28"), []);
}

// spec: DL-22
#[test]
fn who_decided_has_less_time_for_what_lies_with_it() {
    let mut case = Case::new();
    case.world
        .object(Who::Issuer, 20, &case.target, Ground::Facts);
    let awaited = case.one("2026-04-07");
    assert_eq!(awaited.task, Task::Rule(Ground::Facts));
    assert_eq!(awaited.owner(), Owner::Issuer);
    assert_eq!(awaited.since, Some(day("2026-04-01")));
    let within = awaited.within.clone().unwrap();
    // Received on Wednesday: Thursday, Friday, then the weekend and Qingming.
    assert_eq!(within.due, Due::On(day("2026-04-07")));
    assert_eq!(within.rule, code("b.own"));
    assert_eq!(within.state, State::Open { days_left: Some(0) });
    assert_eq!(awaited.overdue_since(), None);
    let over = case.one("2026-04-08").overdue_since();
    assert_eq!(over, Some(day("2026-04-07")));
}

// spec: DL-22
#[test]
fn of_several_deadlines_the_first_is_shown() {
    let mut case = Case::new();
    case.world.object(Who::City, 3, &case.target, Ground::Facts);
    assert_eq!(case.within("2026-04-02").rule, code("d.answer"));
    let without_answer = henan().rules().iter().take(3).cloned().collect();
    case.rules = Some(DeadlineRules::new(without_answer).unwrap());
    let within = case.within("2026-04-02");
    assert_eq!(within.rule, code("c.provider"));
    assert_eq!(within.due, Due::On(day("2026-04-13")));
    // One more came to who decided, two days later and with the shorter period.
    let later = objected_on(Ground::Facts, "2026-04-03");
    case.world.act(Who::Issuer, 21, &case.target, later);
    let within = case.within("2026-04-03");
    assert_eq!(within.rule, code("b.own"));
    assert_eq!(within.due, Due::On(day("2026-04-09")));
    assert_eq!(case.one("2026-04-03").since, Some(day("2026-04-01")));
}

// spec: DL-22
#[test]
fn without_a_rule_or_a_calendar_no_day_is_guessed() {
    let mut case = Case::new();
    case.world
        .object(Who::Issuer, 20, &case.target, Ground::Facts);
    case.days = WorkingDays::new(region(LUOYANG), []);
    let due = case.within("2027-01-01").due;
    let expected = Due::UnknownUntilCalendar {
        earliest: day("2026-04-04"),
        lacking_from: day("2026-04-02"),
    };
    assert_eq!(due, expected);
    assert_eq!(case.one("2027-01-01").overdue_since(), None);
    case.rules = None;
    assert_eq!(case.one("2027-01-01").within, None);
    assert_eq!(case.one("2027-01-01").since, Some(day("2026-04-01")));
}

// spec: STA-4
#[test]
fn objection_is_dealt_with_in_time_up_to_its_last_day() {
    let (rules, days) = (henan(), spring());
    let dealt = |with_issuer, closed: Option<&str>, today: &str| {
        let terms = Terms {
            rules: Some(&rules),
            days: &days,
            region: region(LUOYANG),
            act_type: Some(ActType::Penalty),
            today: day(today),
        };
        handling((day("2026-04-01"), with_issuer), closed.map(day), &terms)
    };
    assert_eq!(
        dealt(true, Some("2026-04-07"), "2026-05-28"),
        Handling::Closed
    );
    assert_eq!(
        dealt(true, Some("2026-04-08"), "2026-05-28"),
        Handling::ClosedLate
    );
    assert_eq!(dealt(false, None, "2026-04-07"), Handling::Open);
    assert_eq!(dealt(false, None, "2026-04-08"), Handling::Overdue);
    let terms = Terms {
        rules: None,
        days: &days,
        region: region(LUOYANG),
        act_type: Some(ActType::Penalty),
        today: day("2026-05-28"),
    };
    let asked = handling((day("2026-04-01"), true), None, &terms);
    assert_eq!(asked, Handling::Open);
}

/// Only a notice is known: nobody here knows the day of receipt.
// spec: DL-22
#[test]
fn objection_known_by_its_notice_alone_has_no_day() {
    let mut case = Case::new();
    let act = at(Who::City, 3);
    let ground = Some(Ground::Amount);
    case.world
        .notice(5, &case.target, &act, Class::Objection, ground);
    let awaited = case.one("2026-05-28");
    assert_eq!(awaited.task, Task::Rule(Ground::Amount));
    assert_eq!((awaited.since, awaited.within), (None, None));
}

// spec: DL-23
#[test]
fn ruling_that_announces_a_correction_leaves_the_correction_awaited() {
    let mut case = Case::new();
    let objection = case
        .world
        .object(Who::City, 3, &case.target, Ground::Amount);
    let (target, outcome) = (case.target.clone(), Outcome::Corrected);
    case.world
        .rule(Who::Issuer, 20, &target, outcome, &[&objection]);
    let awaited = case.one("2026-05-28");
    assert_eq!(awaited.task, Task::ActAsAnnounced(Ground::Amount));
    assert!(awaited.overdue_since().is_some());
    case.world.correct(Who::Issuer, 21, &target, fine(50_000));
    assert_eq!(case.awaited("2026-05-28"), []);
}

// spec: DL-21
#[test]
fn what_waits_for_the_supervisor_is_the_supervisors() {
    let mut case = Case::new();
    let over_cap = objection(Ground::Facts, true);
    case.world.act(Who::City, 3, &case.target, over_cap);
    let awaited = case.one("2026-05-28");
    assert_eq!(awaited.task, Task::Admit(Ground::Facts));
    assert_eq!(awaited.owner(), Owner::Supervisor);
    assert_eq!(awaited.within, None);
}

// spec: DL-21
#[test]
fn who_decided_answers_for_a_basis_that_is_gone_and_not_for_one_that_is_silent() {
    let mut case = Case::new();
    let basis = case.target.clone();
    let fields = resting_on(&basis);
    case.target = case.world.decide(Who::Issuer, 12, fields);
    assert_eq!(case.awaited("2026-05-28"), []);
    case.world.object(Who::City, 3, &basis, Ground::Facts);
    assert_eq!(case.awaited("2026-05-28"), []);
    case.world.withdraw(Who::Issuer, 13, &basis);
    let awaited = case.one("2026-05-28");
    assert_eq!(awaited.task, Task::AnswerForBasis);
    assert_eq!(awaited.owner(), Owner::Issuer);
}

// spec: DL-21
#[test]
fn corrections_that_disagree_are_for_who_decided_to_settle() {
    let mut case = Case::new();
    let target = case.target.clone();
    case.world.correct(Who::Issuer, 20, &target, fine(400_000));
    case.world
        .correct(Who::Supervisor, 3, &target, fine(300_000));
    assert_eq!(case.one("2026-05-28").task, Task::SettleConflict);
}

/// What is withdrawn asks nothing of anybody, whatever is still open about it.
// spec: DL-21
#[test]
fn nothing_is_awaited_about_what_is_withdrawn() {
    let mut case = Case::new();
    let target = case.target.clone();
    case.world.object(Who::City, 3, &target, Ground::Facts);
    case.world.withdraw(Who::Issuer, 20, &target);
    assert_eq!(case.awaited("2026-05-28"), []);
}
