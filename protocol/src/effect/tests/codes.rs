//! Which code an organisation has now, by what is said about its codes.

use super::*;
use crate::statement::{CodeChange, CodeChangeFields, Record};

fn numbered(number: u8) -> SubjectCode {
    SubjectCode::with_check(&format!("91230400MA00000{number:02}")).unwrap()
}

fn change(from: u8, to: u8) -> Content {
    let form = Form::Enterprise;
    let subject = Subject::new(numbered(to), SubjectCheck::Ok, form, text("鹤岗某某厂"));
    let change = CodeChange::new(CodeChangeFields {
        subject: subject.unwrap(),
        item: code("registration.code"),
        day: day("2026-04-01"),
        from: numbered(from),
        basis: penalty().basis,
        reasons: text("重新赋码"),
    });
    Content::Record(Box::new(Record::CodeChange(change.unwrap())))
}

impl World {
    fn changes(&mut self, who: Who, index: u64, from: u8, to: u8) -> StatementRef {
        self.put(fact(who, index, payload(change(from, to), None, 0)))
    }

    fn codes(&self, of: u8) -> Codes {
        codes(numbered(of), &self.history, &self.horizon)
    }

    fn state(&self, change: &StatementRef) -> (CodeState, Vec<StatementRef>) {
        let Content::Record(record) = &self.history.get(change).unwrap().payload().content else {
            panic!("no record");
        };
        let codes = codes(record.subject().code(), &self.history, &self.horizon);
        let step = codes.changes.iter().find(|step| step.reference == *change);
        (step.unwrap().state, step.unwrap().by.clone())
    }
}

// spec: EFF-217, EFF-220
#[test]
fn codes_follow_each_other_to_the_last() {
    let mut world = World::new();
    let first = world.changes(Who::Issuer, 1, 1, 2);
    let second = world.changes(Who::City, 2, 2, 3);
    world.changes(Who::Issuer, 3, 7, 8);
    for of in [1, 2, 3] {
        let codes = world.codes(of);
        assert_eq!(codes.now, numbered(3));
        let known: Vec<_> = codes.changes.iter().map(|step| &step.reference).collect();
        assert_eq!(known, [&first, &second], "no word of others");
    }
    assert_eq!(world.codes(3).before, [numbered(1), numbered(2)]);
    assert_eq!(world.codes(2).before, [numbered(1)]);
    assert_eq!(world.codes(1).before, []);
    assert_eq!(
        world.codes(1).left_by(numbered(1)).unwrap().reference,
        first
    );
    assert_eq!(world.codes(9), Codes::alone(numbered(9)));
}

// spec: EFF-217
#[test]
fn change_of_code_holds_only_while_it_counts_in_full() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 5, 1, 2);
    assert_eq!(world.state(&said), (CodeState::Holds, vec![]));
    let mut unwitnessed = world.clone();
    unwitnessed.witnessed_up_to(Who::Issuer, 5);
    assert_eq!(unwitnessed.state(&said).0, CodeState::NotWitnessed);
    assert_eq!(unwitnessed.codes(1).now, numbered(1));
    assert_eq!(unwitnessed.codes(2).before, []);
    let mut frozen = world.clone();
    frozen.log(Who::Issuer).frozen_at = Some(LeafIndex::new(5));
    assert_eq!(frozen.state(&said).0, CodeState::NotWitnessed);
    let mut cut = World::new();
    cut.put(cut_off(fact(
        Who::Issuer,
        5,
        payload(change(1, 2), None, 0),
    )));
    assert_eq!(cut.state(&said).0, CodeState::Void);
}

/// Taken back it is by whoever said it and by a supervisor, and by nobody else.
// spec: EFF-217
#[test]
fn change_of_code_is_taken_back_as_soon_as_that_is_verified() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 5, 1, 2);
    world.withdraw(Who::City, 1, &said);
    assert_eq!(world.state(&said).0, CodeState::Holds);
    for who in [Who::Issuer, Who::Supervisor] {
        let mut world = world.clone();
        world.witnessed_up_to(who, 9);
        let back = world.withdraw(who, 9, &said);
        if who == Who::Issuer {
            assert!(!world.horizon.established(world.history.get(&back).unwrap()));
        }
        assert_eq!(world.state(&said), (CodeState::Withdrawn, vec![back]));
        assert_eq!(world.codes(2).before, []);
    }
}

// spec: EFF-218
#[test]
fn changes_that_contradict_each_other_hold_neither() {
    let mut world = World::new();
    let one = world.changes(Who::Issuer, 5, 1, 2);
    world.witnessed_up_to(Who::City, 1);
    let other = world.changes(Who::City, 1, 1, 3);
    let by = |one: &StatementRef| (CodeState::Contradicted, vec![one.clone()]);
    assert_eq!(world.state(&one), by(&other));
    assert_eq!(world.state(&other), by(&one));
    assert_eq!(world.codes(1).now, numbered(1));
    // Who says the same says nothing against it.
    let again = world.changes(Who::Supervisor, 1, 1, 2);
    assert_eq!(world.state(&again), by(&other));
    world.withdraw(Who::City, 2, &other);
    assert_eq!(world.state(&one).0, CodeState::Holds);
    assert_eq!(world.codes(1).now, numbered(2));
    // What is void stands against nothing.
    world.put(cut_off(fact(Who::City, 3, payload(change(1, 4), None, 0))));
    assert_eq!(world.state(&one).0, CodeState::Holds);
}

// spec: EFF-218
#[test]
fn changes_that_lead_round_hold_none() {
    let mut world = World::new();
    let first = world.changes(Who::Issuer, 5, 1, 2);
    let second = world.changes(Who::Issuer, 6, 2, 3);
    let leading = world.changes(Who::Issuer, 7, 9, 1);
    let back = world.changes(Who::City, 1, 3, 1);
    for one in [&first, &second, &back] {
        assert_eq!(world.state(one).0, CodeState::Contradicted);
    }
    assert_eq!(world.state(&first).1, sorted(&[&second, &back]));
    assert_eq!(world.state(&leading).0, CodeState::Holds, "stands outside");
    assert_eq!(world.codes(9).now, numbered(1));
}

// spec: EFF-219
#[test]
fn objection_keeps_a_change_from_holding_until_it_is_rejected_or_taken_back() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 5, 1, 2);
    for ground in Ground::ALL {
        let mut world = world.clone();
        let objection = world.object(Who::City, 1, &said, *ground);
        assert_eq!(world.state(&said), (CodeState::Objected, vec![objection]));
    }
    let objection = world.object(Who::City, 2, &said, Ground::WrongSubject);
    let objected = (CodeState::Objected, vec![objection.clone()]);
    assert_eq!(world.state(&said), objected);
    assert_eq!(world.codes(2).before, []);
    for (who, outcome, closes) in [
        (Who::City, Outcome::Rejected, false),
        (Who::Issuer, Outcome::Upheld, false),
        (Who::Issuer, Outcome::Corrected, false),
        (Who::Issuer, Outcome::Rejected, true),
        (Who::Issuer, Outcome::Withdrawn, true),
        (Who::Supervisor, Outcome::Rejected, true),
    ] {
        let mut world = world.clone();
        let ruling = world.rule(who, 20, &said, outcome, &[&objection]);
        let holds = world.state(&said).0 == CodeState::Holds;
        assert_eq!(holds, closes, "{who:?} {outcome:?}");
        if closes {
            let mut unwitnessed = world.clone();
            unwitnessed.witnessed_up_to(who, 20);
            if who == Who::Supervisor {
                assert_eq!(unwitnessed.state(&said), objected);
            }
            world.withdraw(who, 21, &ruling);
            assert_eq!(world.state(&said), objected);
        }
    }
}

// spec: EFF-219
#[test]
fn objection_over_the_cap_waits_for_an_admission_and_a_noticed_one_counts() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 5, 1, 2);
    let over = world.act(Who::City, 2, &said, objection(Ground::WrongSubject, true));
    assert_eq!(world.state(&said).0, CodeState::Holds);
    let open = world.codes(1).changes[0].open.clone();
    assert_eq!(open, std::slice::from_ref(&over));
    let mut admitted = world.clone();
    admitted.act(Who::City, 3, &said, admission(&[&over]));
    assert_eq!(admitted.state(&said).0, CodeState::Holds);
    admitted.act(Who::Supervisor, 3, &said, admission(&[&over]));
    assert_eq!(admitted.state(&said), (CodeState::Objected, vec![over]));
    let unheld = at(Who::City, 40);
    let ground = Some(Ground::WrongSubject);
    world.notice(3, &said, &unheld, Class::Objection, ground);
    assert_eq!(world.state(&said), (CodeState::Objected, vec![unheld]));
}

/// What it says may be that the change is taken back.
// spec: EFF-217
#[test]
fn act_of_its_own_log_that_is_not_held_keeps_a_change_from_holding() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 5, 1, 2);
    let elsewhere = at(Who::City, 9);
    world.history.insert_unread(elsewhere, said.clone());
    assert_eq!(world.state(&said).0, CodeState::Holds);
    let unread = at(Who::Issuer, 9);
    world.history.insert_unread(unread.clone(), said.clone());
    assert_eq!(world.state(&said), (CodeState::ActNotHeld, vec![unread]));
}

// spec: EFF-223
#[test]
fn more_changes_than_are_looked_at_hold_none() {
    let mut world = World::new();
    let most = u8::try_from(CODE_CHANGES_MAX).unwrap();
    for from in 0..most {
        world.changes(Who::Issuer, u64::from(from), from, from + 1);
    }
    assert_eq!(world.codes(0).now, numbered(most));
    world.changes(Who::City, 1, most, most + 1);
    let codes = world.codes(0);
    assert!(codes.too_many);
    assert_eq!((codes.now, codes.before), (numbered(0), vec![]));
    assert_eq!(codes.changes.len(), CODE_CHANGES_MAX);
    assert!(
        codes
            .changes
            .iter()
            .all(|step| step.state == CodeState::NotWeighed)
    );
}

/// Sixty-five changes that their author withdrew kept all others of the organisation from holding.
// spec: EFF-223
#[test]
fn changes_that_were_taken_back_keep_none_of_others_from_holding() {
    let mut world = World::new();
    let said = world.changes(Who::Issuer, 0, 1, 2);
    let most = u64::try_from(CODE_CHANGES_MAX).unwrap();
    for number in 0..=most {
        let change = world.changes(Who::City, 1 + 2 * number, 2, 3);
        let back = act(Who::City, 2 + 2 * number, &change, 0, withdrawal());
        world.put(back);
    }
    let codes = world.codes(1);
    assert!(!codes.too_many);
    assert_eq!(codes.now, numbered(2));
    assert_eq!(world.state(&said).0, CodeState::Holds);
    assert_eq!(codes.changes.len(), 1 + CODE_CHANGES_MAX);
    // What was taken back links nothing either.
    assert_eq!(world.codes(3).before, []);
}

/// The penalty about whoever bears a code by its number.
fn about(number: u8) -> DecisionFields {
    with(penalty(), |fields| {
        let form = Form::Enterprise;
        let subject = Subject::new(numbered(number), SubjectCheck::Ok, form, text("鹤岗某某厂"));
        fields.subject = subject.unwrap();
    })
}

/// Whoever decides anew under the new code shakes nothing off, and what is closed is closed for both.
// spec: EFF-221
#[test]
fn objection_reaches_the_decision_that_is_filed_anew_under_the_new_code() {
    let mut world = World::new();
    let first = world.decide(Who::Issuer, 10, about(1));
    let anew = world.decide(Who::Issuer, 11, about(2));
    let objection = world.object(Who::City, 1, &first, Ground::Facts);
    let suspended = [SuspensionKind::Objection(Ground::Facts)];
    assert_eq!(grounds(&world.effect(&anew)), []);
    let said = world.changes(Who::Supervisor, 5, 1, 2);
    assert_eq!(grounds(&world.effect(&anew)), suspended);
    let mut ruled = world.clone();
    ruled.rule(Who::Issuer, 20, &first, Outcome::Rejected, &[&objection]);
    assert_eq!(grounds(&ruled.effect(&first)), []);
    assert_eq!(grounds(&ruled.effect(&anew)), []);
    // What is disputed, or on its way, goes on suspending and ends nothing.
    for doubt in [0, 1, 2] {
        let (mut world, mut ruled) = (world.clone(), ruled.clone());
        for world in [&mut world, &mut ruled] {
            match doubt {
                0 => drop(world.object(Who::City, 2, &said, Ground::WrongSubject)),
                1 => world.witnessed_up_to(Who::Supervisor, 5),
                _ => drop(world.changes(Who::City, 3, 1, 3)),
            }
            assert_eq!(grounds(&world.effect(&anew)), suspended, "{doubt}");
        }
        assert_eq!(grounds(&ruled.effect(&first)), [], "{doubt}");
    }
    world.withdraw(Who::Supervisor, 6, &said);
    assert_eq!(grounds(&world.effect(&anew)), []);
    world.witnessed_up_to(Who::Supervisor, 6);
    assert_eq!(grounds(&world.effect(&anew)), suspended, "on its way");
}
