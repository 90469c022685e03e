//! One test for each rule of `spec/deadlines.md` on what is awaited of those who are asked under an agreement.

use super::*;
use crate::awaited::Terms;
use crate::deadline::{Due, State, WorkingDays};
use crate::effect::tests::{Who, at, code, day, penalty, text};
use crate::region::RegionCode;
use crate::statement::{
    Calendar, CalendarFields, DeadlineRule, DeadlineRuleFields, DeadlineRules, Push, PushFields,
    RecognitionAnswer, RecognitionReason, Term,
};

/// A push of two decisions to two authorities.
fn push() -> Record {
    let mut to = vec![Who::City.code(), Who::Supervisor.code()];
    to.sort();
    let fields = PushFields {
        subject: penalty().subject,
        item: code("credit.record"),
        day: day("2026-03-02"),
        decisions: vec![at(Who::Issuer, 1), at(Who::Issuer, 2)],
        to,
        from_above: None,
        reasons: text("互认"),
    };
    Record::Push(Push::new(fields).unwrap())
}

fn says(decision: u64) -> RecognitionResponseFields {
    RecognitionResponseFields {
        asked: at(Who::Issuer, 9),
        decision: at(Who::Issuer, decision),
        answer: RecognitionAnswer::NotRecognised,
        agreement: None,
        clause: None,
        measures: vec![],
        reason: Some(RecognitionReason::Other),
        reasons: Some(text("另有规定")),
    }
}

fn rules() -> DeadlineRules {
    let fields = DeadlineRuleFields {
        id: code("a.respond"),
        region: RegionCode::COUNTRY,
        event_from: DeadlineEvent::Asked,
        event_to: DeadlineEvent::Responded,
        term: Term::WorkingDays(5.try_into().unwrap()),
        source: text("a document"),
        valid_from: day("2018-06-20"),
        valid_until: None,
        act_types: vec![],
    };
    DeadlineRules::new(vec![DeadlineRule::new(fields).unwrap()]).unwrap()
}

/// What the push comes to on 10 March, with what some said at positions of their logs and who declined.
fn on(parties: &[Who], said: &[(Who, u64, u64)], declined: &[Who]) -> Answers {
    let calendar = Calendar::new(CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: day("2026-01-01"),
        covers_until: day("2026-12-31"),
        holidays: vec![],
        workdays: vec![],
        source: text("a notice"),
    });
    let days = WorkingDays::new(RegionCode::COUNTRY, [&calendar.unwrap()]);
    let rules = rules();
    let terms = Terms {
        rules: Some(&rules),
        days: &days,
        region: RegionCode::COUNTRY,
        act_type: None,
        today: day("2026-03-10"),
    };
    let parties = parties.iter().map(|who| (who.code(), terms)).collect();
    let declined = declined.iter().map(|who| who.code()).collect();
    let words: Vec<_> = said
        .iter()
        .map(|(who, index, decision)| (who.code(), at(*who, *index), says(*decision)))
        .collect();
    let mut all: Vec<_> = words
        .iter()
        .map(|(by, at, said)| Answered { by: *by, at, said })
        .collect();
    let (push, made_on) = (push(), day("2026-03-02"));
    let found = answers((&push, made_on), &all, &declined, &parties);
    // Order and repetition change nothing.
    all.reverse();
    all.extend(all.clone());
    assert_eq!(answers((&push, made_on), &all, &declined, &parties), found);
    found
}

fn owed(answers: &Answers) -> Vec<(AuthorityCode, Owing)> {
    let owed = answers.owed.iter();
    owed.map(|one| (one.by, one.owing)).collect()
}

// spec: DL-53
#[test]
fn every_party_that_was_asked_owes_a_word_on_each_decision() {
    let both = [Who::City, Who::Supervisor];
    let none = on(&both, &[], &[]);
    let mut all = vec![
        (Who::City.code(), Owing::Answer { missing: 2 }),
        (Who::Supervisor.code(), Owing::Answer { missing: 2 }),
    ];
    all.sort();
    assert_eq!(owed(&none), all);
    let within = none.owed[0].within.as_ref().unwrap();
    assert_eq!(within.due, Due::On(day("2026-03-09")));
    assert_eq!(within.state, State::Overdue { by: Some(1) });
    // Without an agreement nobody owes one; nor does who declined what was asked.
    let city = [(Who::City.code(), Owing::Answer { missing: 2 })];
    assert_eq!(owed(&on(&[Who::City], &[], &[])), city);
    assert_eq!(owed(&on(&both, &[], &[Who::Supervisor])), city);
    let half = on(&[Who::City], &[(Who::City, 4, 2)], &[]);
    assert_eq!(
        owed(&half),
        [(Who::City.code(), Owing::Answer { missing: 1 })]
    );
    let whole = on(&[Who::City], &[(Who::City, 4, 2), (Who::City, 5, 1)], &[]);
    assert_eq!(whole, Answers::default());
}

// spec: DL-54
#[test]
fn last_word_of_an_author_counts_and_none_of_whoever_was_not_asked() {
    let said = [
        (Who::City, 4, 1),
        (Who::City, 6, 1),
        (Who::City, 7, 3),
        (Who::Hub, 4, 1),
    ];
    let found = on(&[Who::City, Who::Supervisor], &said, &[]);
    let notes: Vec<_> = found.notes.into_iter().collect();
    let mut expected = vec![
        (
            at(Who::City, 4),
            AnswerNote::Superseded {
                by: at(Who::City, 6),
            },
        ),
        (at(Who::City, 7), AnswerNote::NotAsked),
        (at(Who::Hub, 4), AnswerNote::NotAsked),
    ];
    expected.sort();
    assert_eq!(notes, expected);
    let silent = found.owed.iter().find(|one| one.by == Who::City.code());
    assert_eq!(silent.unwrap().owing, Owing::Answer { missing: 1 });
}

#[test]
fn what_asks_nobody_awaits_nothing() {
    use crate::statement::{SelfDeclaration, SelfDeclarationFields};
    let fields = SelfDeclarationFields {
        subject: penalty().subject,
        item: code("credit.record"),
        day: day("2026-03-02"),
        declares: text("申报"),
        truthful: Some(crate::codec::Truth),
    };
    let declares = Record::SelfDeclaration(SelfDeclaration::new(fields).unwrap());
    let nobody = (BTreeSet::new(), BTreeMap::new());
    let found = answers((&declares, day("2026-03-02")), &[], &nobody.0, &nobody.1);
    assert_eq!(found, Answers::default());
}
