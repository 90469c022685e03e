//! One test for each rule of `spec/deadlines.md` on what is awaited of those who are asked.

use super::*;
use crate::awaited::Terms;
use crate::deadline::{Due, State, WorkingDays};
use crate::effect::tests::{Who, at, code, day, duty, penalty, text};
use crate::region::RegionCode;
use crate::statement::{
    Calendar, CalendarFields, DeadlineRule, DeadlineRuleFields, DeadlineRules, Feedback,
    Initiation, InitiationFields, Push, PushFields, Response, Term, Verification,
};

fn region() -> RegionCode {
    RegionCode::parse("442000").unwrap()
}

fn rule(id: &str, from: DeadlineEvent, to: DeadlineEvent, term: Term) -> DeadlineRule {
    let fields = DeadlineRuleFields {
        id: code(id),
        region: region(),
        event_from: from,
        event_to: to,
        term,
        source: text("a document"),
        valid_from: day("2018-06-20"),
        valid_until: None,
        act_types: vec![],
    };
    DeadlineRule::new(fields).unwrap()
}

/// Five working days for a response, and the end of the month for feedback.
fn rules() -> DeadlineRules {
    use DeadlineEvent as On;
    let five = Term::WorkingDays(5.try_into().unwrap());
    let rules = vec![
        rule("a.respond", On::Asked, On::Responded, five),
        rule(
            "b.feed-back",
            On::MeasuresApplied,
            On::MeasuresFedBack,
            Term::MonthEnd,
        ),
    ];
    DeadlineRules::new(rules).unwrap()
}

fn days(until: &str) -> WorkingDays {
    let calendar = Calendar::new(CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: day("2026-01-01"),
        covers_until: day(until),
        holidays: vec![],
        workdays: vec![],
        source: text("a notice"),
    });
    WorkingDays::new(region(), [&calendar.unwrap()])
}

fn initiation() -> InitiationFields {
    let mut to = vec![Who::City.code(), Who::Supervisor.code()];
    to.sort();
    InitiationFields {
        subject: penalty().subject,
        item: code("credit.record"),
        day: day("2026-03-02"),
        decisions: vec![at(Who::Issuer, 1)],
        to,
        measures: vec![duty("tender.exclusion", "2026-06-15")],
        reasons: text("情节严重"),
    }
}

fn push(from_above: bool) -> Record {
    let InitiationFields {
        subject,
        item,
        day,
        decisions,
        to,
        reasons,
        measures: _,
    } = initiation();
    let fields = PushFields {
        subject,
        item,
        day,
        decisions,
        to,
        from_above: from_above.then_some(Truth),
        reasons,
    };
    Record::Push(Push::new(fields).unwrap())
}

fn respond(answer: Answer, on: &str, measures: Vec<Duty>) -> Record {
    let accepted = answer == Answer::Accepted;
    let fields = ResponseFields {
        subject: penalty().subject,
        item: code("credit.record"),
        day: day(on),
        answers: at(Who::Issuer, 2),
        answer,
        measures,
        article: None,
        reasons: (!accepted).then(|| text("无此职权")),
    };
    Record::Response(Response::new(fields).unwrap())
}

fn accept(on: &str, until: &str) -> Record {
    let measures = vec![duty("tender.exclusion", until)];
    respond(Answer::Accepted, on, measures)
}

fn report(month: &str, execution: Option<Execution>, found: Option<Verification>) -> Record {
    let fields = FeedbackFields {
        subject: penalty().subject,
        item: code("credit.record"),
        day: day("2026-12-31"),
        answers: at(Who::Issuer, 2),
        month: Month::parse(month).unwrap(),
        execution,
        verification: found,
        reasons: Some(text("说明")),
    };
    Record::Feedback(Feedback::new(fields).unwrap())
}

fn partly(month: &str) -> Record {
    report(month, Some(Execution::Partly), None)
}

/// What an asking comes to on a day, with what some said to it at positions of their own logs, each made on the
/// day that it gives.
fn on(today: &str, asking: &Record, said: &[(Who, u64, Record)]) -> Joint {
    made(today, (asking, asking.day()), (said, None))
}

/// The same of an asking made on another day, with answers that were made on another day.
fn made(
    today: &str,
    asking: (&Record, Day),
    (said, made_on): (&[(Who, u64, Record)], Option<Day>),
) -> Joint {
    let (rules, days) = (rules(), days("2026-12-31"));
    let terms = Terms {
        rules: Some(&rules),
        days: &days,
        region: region(),
        act_type: None,
        today: day(today),
    };
    let places = [Who::City, Who::Supervisor].map(|who| (who.code(), terms));
    let places_at: Vec<_> = said
        .iter()
        .map(|(who, index, _)| at(*who, *index))
        .collect();
    let mut all: Vec<_> = said
        .iter()
        .zip(&places_at)
        .map(|((who, _, record), at)| Said {
            by: who.code(),
            at,
            record,
            made_on: made_on.unwrap_or_else(|| record.day()),
        })
        .collect();
    let found = joint(asking, &all, &places.into());
    // Order and repetition change nothing.
    all.reverse();
    all.extend(all.clone());
    assert_eq!(joint(asking, &all, &places.into()), found);
    found
}

fn asked() -> Record {
    Record::Initiation(Initiation::new(initiation()).unwrap())
}

/// What the city owes.
fn of_city(joint: &Joint) -> Vec<Owing> {
    let owed = joint.owed.iter().filter(|one| one.by == Who::City.code());
    owed.map(|one| one.owing).collect()
}

fn month(month: &str, missing: u32) -> Owing {
    let month = Month::parse(month).unwrap();
    Owing::FeedBack { month, missing }
}

// spec: DL-40
#[test]
fn each_that_is_asked_owes_a_response_until_its_first_by_the_rule_of_its_place() {
    let open = on("2026-03-09", &asked(), &[]);
    assert_eq!(open.owed.len(), 2);
    let due = |joint: &Joint| joint.owed[0].within.clone().unwrap();
    assert_eq!(due(&open).due, Due::On(day("2026-03-09")));
    assert_eq!(due(&open).state, State::Open { days_left: Some(0) });
    let over = on("2026-03-11", &asked(), &[]);
    assert_eq!(due(&over).state, State::Overdue { by: Some(2) });
    assert_eq!(due(&over).overdue_since(), Some(day("2026-03-09")));
    let refused = respond(Answer::NotCompetent, "2026-03-30", vec![]);
    let one = on("2026-04-01", &asked(), &[(Who::City, 5, refused)]);
    assert_eq!(of_city(&one), []);
    assert_eq!(one.owed.len(), 1);
    assert_eq!(on("2026-04-01", &push(false), &[]).owed.len(), 2);
    // No other record asks anything.
    let nothing = on("2026-04-01", &accept("2026-03-03", "2026-06-15"), &[]);
    assert_eq!(nothing, Joint::default());
}

// spec: DL-40
#[test]
fn response_without_a_rule_or_a_calendar_is_owed_and_never_called_overdue() {
    let (rules, days) = (rules(), days("2026-03-04"));
    let mut terms = Terms {
        rules: Some(&rules),
        days: &days,
        region: region(),
        act_type: None,
        today: day("2026-12-01"),
    };
    let owed = |terms: Terms<'_>| {
        let places = [(Who::City.code(), terms)].into();
        let joint = joint((&asked(), day("2026-03-02")), &[], &places);
        assert_eq!(joint.no_members, [Who::Supervisor.code()]);
        joint.owed[0].within.clone()
    };
    let within = owed(terms).unwrap();
    assert!(matches!(within.due, Due::UnknownUntilCalendar { .. }));
    assert_eq!(within.overdue_since(), None);
    terms.rules = None;
    assert_eq!(owed(terms), None);
}

// spec: DL-41
#[test]
fn whoever_accepts_owes_feedback_for_each_month_until_the_measure_ends_or_all_is_done() {
    let accepted = (Who::City, 5, accept("2026-03-04", "2026-06-15"));
    let with = |today: &str, more: &[(Who, u64, Record)]| {
        let all = [&[accepted.clone()][..], more].concat();
        on(today, &asked(), &all)
    };
    let first = with("2026-03-31", &[]);
    assert_eq!(of_city(&first), [month("2026-03", 1)]);
    let owed = first.owed.iter().find(|one| one.by == Who::City.code());
    let owed = owed.unwrap();
    assert_eq!(owed.since, day("2026-03-04"));
    let within = owed.within.clone().unwrap();
    assert_eq!(within.due, Due::On(day("2026-03-31")));
    assert_eq!(within.overdue_since(), None);
    assert_eq!(of_city(&with("2026-05-01", &[])), [month("2026-03", 3)]);
    // The measure ended in June.
    assert_eq!(of_city(&with("2027-05-01", &[])), [month("2026-03", 4)]);
    let march = (Who::City, 6, partly("2026-03"));
    let may = (Who::City, 7, partly("2026-05"));
    let some = with("2026-06-30", &[march.clone(), may]);
    assert_eq!(of_city(&some), [month("2026-04", 2)]);
    let done = report("2026-04", Some(Execution::Done), None);
    let all = with("2026-06-30", &[march, (Who::City, 8, done.clone())]);
    assert_eq!(of_city(&all), []);
    // What was missed before all was done stays missing.
    let late = with("2026-06-30", &[(Who::City, 8, done)]);
    assert_eq!(of_city(&late), [month("2026-03", 1)]);
}

// spec: DL-41
#[test]
fn push_from_above_is_owed_what_verifying_found_and_another_no_feedback() {
    let owed = on("2026-04-02", &push(true), &[]);
    assert_eq!(of_city(&owed), [Owing::Respond, month("2026-03", 2)]);
    let found = report("2026-03", None, Some(Verification::Verified));
    let verified = on("2026-04-02", &push(true), &[(Who::City, 5, found)]);
    assert_eq!(of_city(&verified), [Owing::Respond]);
    let refused = respond(Answer::NoSuchSubject, "2026-03-30", vec![]);
    let refused = on("2026-04-02", &push(true), &[(Who::City, 5, refused)]);
    assert_eq!(of_city(&refused), []);
    assert_eq!(
        of_city(&on("2026-04-02", &push(false), &[])),
        [Owing::Respond]
    );
    let accepted = (Who::City, 5, accept("2026-03-04", "2026-06-15"));
    let gone = report("2026-03", None, Some(Verification::WrongSubject));
    let gone = [accepted, (Who::City, 6, gone)];
    assert_eq!(of_city(&on("2026-08-01", &push(true), &gone)), []);
}

// spec: DL-42
#[test]
fn first_response_counts_and_what_was_not_asked_for_does_not() {
    let note = |said: &[(Who, u64, Record)]| on("2026-03-05", &asked(), said).notes;
    let accepted = (Who::City, 5, accept("2026-03-04", "2026-06-15"));
    let refused = respond(Answer::NotCompetent, "2026-03-03", vec![]);
    let both = [accepted, (Who::City, 9, refused)];
    assert_eq!(
        note(&both),
        [(at(Who::City, 9), Note::LaterResponse)].into()
    );
    assert_eq!(
        of_city(&on("2026-03-05", &asked(), &both)),
        [month("2026-03", 1)]
    );
    let uninvited = [(Who::Hub, 5, accept("2026-03-04", "2026-06-15"))];
    assert_eq!(note(&uninvited), [(at(Who::Hub, 5), Note::NotAsked)].into());
    assert_eq!(on("2026-03-05", &asked(), &uninvited).owed.len(), 2);
    let other = vec![duty("loan.limit", "2026-06-15")];
    let other = respond(Answer::Accepted, "2026-03-04", other);
    let longer = accept("2026-03-04", "2026-06-16");
    for beyond in [other, longer] {
        let said = [(Who::City, 5, beyond)];
        let expected = [(at(Who::City, 5), Note::MeasureNotAsked)].into();
        assert_eq!(note(&said), expected);
        // It is a response, and nothing that was asked for is fed back.
        assert_eq!(of_city(&on("2026-03-05", &asked(), &said)), []);
    }
    // A push leaves the measures to whoever is told.
    let said = [(Who::City, 5, accept("2026-03-04", "2027-06-16"))];
    assert_eq!(on("2026-03-05", &push(false), &said).notes, [].into());
}

// spec: DL-42
#[test]
fn month_of_which_two_things_are_said_has_no_feedback() {
    let accepted = (Who::City, 5, accept("2026-03-04", "2026-06-15"));
    let done = (Who::City, 6, report("2026-03", Some(Execution::Done), None));
    let not = (
        Who::City,
        7,
        report("2026-03", Some(Execution::NotDone), None),
    );
    let said = [accepted.clone(), done.clone(), not];
    let joint = on("2026-04-30", &asked(), &said);
    let both = [6, 7].map(|index| (at(Who::City, index), Note::Contradicts));
    assert_eq!(joint.notes, both.into());
    assert_eq!(of_city(&joint), [month("2026-03", 2)]);
    // The same said twice is said.
    let twice = (Who::City, 8, done.2.clone());
    let joint = on("2026-04-30", &asked(), &[accepted, done, twice]);
    assert_eq!((of_city(&joint), joint.notes), (vec![], [].into()));
}

// spec: DL-41
#[test]
fn months_run_over_the_end_of_a_year() {
    let months = |from: &str, until: &str| {
        let [from, until] = [from, until].map(|text| Month::parse(text).unwrap());
        let all = from.up_to(until).map(|month| month.to_string());
        all.collect::<Vec<_>>()
    };
    assert_eq!(
        months("2026-11", "2027-01"),
        ["2026-11", "2026-12", "2027-01"]
    );
    assert_eq!(months("2026-11", "2026-10"), Vec::<String>::new());
    assert_eq!(months("2199-12", "2199-12"), ["2199-12"]);
}

// spec: DL-44
#[test]
fn nothing_is_counted_from_before_it_was_asked() {
    // Dated in March, made in May: overdue by nothing yet.
    let open = made("2026-05-06", (&asked(), day("2026-05-06")), (&[], None));
    assert_eq!(open.owed[0].since, day("2026-05-06"));
    assert_eq!(open.owed[0].within.clone().unwrap().overdue_since(), None);
    let above = made("2026-05-06", (&push(true), day("2026-05-06")), (&[], None));
    assert_eq!(of_city(&above), [Owing::Respond, month("2026-05", 1)]);
    // A response is not of a day before it was asked for.
    let early = [(Who::City, 5, accept("2018-03-04", "2026-06-15"))];
    let owed = on("2026-03-31", &asked(), &early);
    assert_eq!(of_city(&owed), [month("2026-03", 1)]);
    // Nor of a day after it was made.
    let ahead = [(Who::City, 5, accept("2026-06-10", "2026-06-15"))];
    let said = (&ahead[..], Some(day("2026-03-04")));
    let owed = made("2026-04-30", (&asked(), day("2026-03-02")), said);
    assert_eq!(of_city(&owed), [month("2026-03", 2)]);
}

// spec: DL-45
#[test]
fn feedback_on_a_month_that_is_not_owed_ends_nothing() {
    let accepted = (Who::City, 5, accept("2026-03-04", "2026-06-15"));
    let done = report("1950-01", Some(Execution::Done), None);
    let said = [accepted, (Who::City, 6, done)];
    let owed = on("2026-04-30", &asked(), &said);
    assert_eq!(of_city(&owed), [month("2026-03", 2)]);
    for other in ["1950-01", "2026-05"] {
        let found = report(other, None, Some(Verification::Verified));
        let owed = on("2026-04-02", &push(true), &[(Who::City, 5, found)]);
        assert_eq!(of_city(&owed), [Owing::Respond, month("2026-03", 2)]);
    }
}
