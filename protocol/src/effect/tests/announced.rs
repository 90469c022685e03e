//! What a ruling announces, what a rejection keeps back, and acts of who is suspended.

use super::*;

/// A penalty, an objection to it at the city's position 3, noticed at the register's position 4, and a
/// ruling on it at the issuer's position 20.
fn ruled(outcome: Outcome) -> (World, StatementRef, StatementRef) {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Amount);
    let ground = Some(Ground::Amount);
    world.notice(4, &target, &objection, Class::Objection, ground);
    world.rule(Who::Issuer, 20, &target, outcome, &[&objection]);
    (world, target, objection)
}

fn awaited(world: &World, target: &StatementRef) -> Vec<StatementRef> {
    let suspensions = world.effect(target).suspended_by;
    let awaited = suspensions.into_iter().flat_map(|one| one.awaiting_act);
    awaited.collect()
}

/// A correction from the supervisor's log that has adopted a register of a size.
fn corrected_having_seen(world: &mut World, target: &StatementRef, register: u64) {
    let content = correction(fine(50_000));
    world.put(act(Who::Supervisor, 7, target, register, content));
}

// spec: EFF-27
#[test]
fn ruling_that_announces_an_act_ends_no_suspension_before_it() {
    for outcome in [Outcome::Upheld, Outcome::Corrected] {
        let (mut world, target, objection) = ruled(outcome);
        assert_eq!(world.binds(&target), BindsOthers::Suspended);
        assert_eq!(awaited(&world, &target), [objection]);
        world.witnessed_up_to(Who::Issuer, 21);
        world.correct(Who::Issuer, 21, &target, fine(50_000));
        assert_eq!(world.binds(&target), BindsOthers::Suspended);
        world.witnessed_up_to(Who::Issuer, 22);
        assert_eq!(world.binds(&target), BindsOthers::Applies);
    }
}

// spec: EFF-27
#[test]
fn ruling_that_announces_nothing_ends_the_suspension_at_once() {
    for outcome in [Outcome::Rejected, Outcome::Withdrawn] {
        let (world, target, _) = ruled(outcome);
        assert_eq!(world.binds(&target), BindsOthers::Applies);
        assert_eq!(world.effect(&target).suspended_by, []);
    }
}

// spec: EFF-27
#[test]
fn withdrawal_after_a_ruling_closes_what_it_names() {
    let (mut world, target, _) = ruled(Outcome::Upheld);
    world.withdraw(Who::Issuer, 21, &target);
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Withdrawn);
    assert_eq!(effect.suspended_by, []);
}

// spec: EFF-27
#[test]
fn correction_made_without_knowing_the_objection_closes_nothing() {
    let (mut world, target, objection) = ruled(Outcome::Upheld);
    world.correct(Who::Issuer, 12, &target, fine(50_000));
    assert_eq!(awaited(&world, &target), [objection]);
    corrected_having_seen(&mut world, &target, 4);
    world.rule(
        Who::Supervisor,
        8,
        &target,
        Outcome::Rejected,
        &[&at(Who::Supervisor, 7), &at(Who::Issuer, 12)],
    );
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-27
#[test]
fn correction_from_another_log_closes_once_its_register_holds_the_notice() {
    let (mut world, target, _) = ruled(Outcome::Upheld);
    corrected_having_seen(&mut world, &target, 5);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.witnessed_up_to(Who::Hub, 4);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-27
#[test]
fn correction_before_the_ruling_closes_where_it_stands_behind_the_objection() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::Issuer, 11, &target, Ground::Amount);
    world.correct(Who::Issuer, 12, &target, fine(50_000));
    world.rule(Who::Issuer, 13, &target, Outcome::Corrected, &[&objection]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-27
#[test]
fn correction_by_who_may_not_correct_closes_nothing() {
    let (mut world, target, objection) = ruled(Outcome::Upheld);
    let content = correction(fine(50_000));
    world.put(act(Who::City, 9, &target, 900, content));
    assert_eq!(awaited(&world, &target), [objection]);
}

// spec: EFF-27
#[test]
fn act_on_another_decision_of_the_chain_leaves_this_one_suspended() {
    let (mut world, target) = World::with_penalty();
    let again = |fields: &mut DecisionFields| fields.reissues = Some(at(Who::Issuer, 10));
    let before = world.decide(Who::Issuer, 12, with(penalty(), again));
    let objection = world.object(Who::City, 3, &target, Ground::Amount);
    world.rule(Who::Issuer, 20, &target, Outcome::Upheld, &[&objection]);
    world.withdraw(Who::Issuer, 21, &target);
    assert_eq!(world.binds(&before), BindsOthers::Suspended);
    // What is decided anew after the ruling is what it announced, unless it says the same once more.
    let same = world.decide(Who::Issuer, 22, with(penalty(), again));
    assert_eq!(world.binds(&same), BindsOthers::Suspended);
    let after = world.decide(Who::Issuer, 23, with(fine(50_000), again));
    assert_eq!(world.binds(&after), BindsOthers::Applies);
}

/// The issuer finds for the objector, and corrects a letter of the facts.
// spec: EFF-35
#[test]
fn correction_beside_the_ground_closes_nothing() {
    let words = |fields: &mut DecisionFields| fields.facts = Some(text("拖欠工资。"));
    for (ground, closes) in [(Ground::Amount, false), (Ground::Facts, true)] {
        let (mut world, target) = World::with_penalty();
        let objection = world.object(Who::City, 3, &target, ground);
        world.rule(Who::Issuer, 20, &target, Outcome::Upheld, &[&objection]);
        world.correct(Who::Issuer, 21, &target, with(penalty(), words));
        let awaited = awaited(&world, &target);
        assert_eq!(awaited.is_empty(), closes, "{ground:?}");
        world.correct(Who::Issuer, 22, &target, with(fine(50_000), words));
        assert_eq!(world.binds(&target), BindsOthers::Applies);
    }
}

/// Each ground with a change that it asks for.
// spec: EFF-35
#[test]
fn correction_closes_where_it_changes_what_the_ground_points_to() {
    type Change = fn(&mut DecisionFields);
    let changes: [(Ground, Change); 8] = [
        (Ground::Facts, |f| f.content = Some(text("罚款"))),
        (Ground::WrongSubject, |f| {
            f.subject = Subject::new(
                f.subject.code(),
                SubjectCheck::Ok,
                Form::Enterprise,
                text("鹤岗另一有限公司"),
            )
            .unwrap();
        }),
        (Ground::Basis, |f| f.basis[0].article = text("第九十二条")),
        (Ground::Procedure, |f| f.remedies[0].within_days = 90),
        (Ground::Amount, |f| f.fine_fen = Some(1)),
        (Ground::Ended, |f| f.valid_until = Some(day("2026-06-30"))),
        (Ground::Publication, |f| {
            f.publication_until = Some(day("2026-12-31"));
        }),
        (Ground::Other, |f| {
            f.document_number = text("鹤劳罚字〔2026〕13号")
        }),
    ];
    for (ground, _) in changes {
        for (of, change) in changes {
            let (mut world, target) = World::with_penalty();
            let objection = world.object(Who::City, 3, &target, ground);
            world.rule(Who::Issuer, 20, &target, Outcome::Upheld, &[&objection]);
            world.correct(Who::Issuer, 21, &target, with(penalty(), change));
            let closes = awaited(&world, &target).is_empty();
            let also = match ground {
                Ground::Facts => of == Ground::Amount,
                Ground::Ended => of == Ground::Publication,
                Ground::Other => true,
                Ground::WrongSubject
                | Ground::Basis
                | Ground::Procedure
                | Ground::Amount
                | Ground::Publication => false,
            };
            assert_eq!(closes, of == ground || also, "{ground:?} by {of:?}");
        }
    }
}

// spec: EFF-35
#[test]
fn correction_that_is_taken_back_by_another_has_closed_nothing() {
    let (mut world, target, objection) = ruled(Outcome::Upheld);
    world.correct(Who::Issuer, 12, &target, fine(400_000));
    world.correct(Who::Issuer, 21, &target, fine(50_000));
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.correct(Who::Issuer, 22, &target, fine(400_000));
    assert_eq!(awaited(&world, &target), [objection]);
}

// spec: EFF-35
#[test]
fn reissue_after_a_ruling_on_what_is_not_held_leaves_it_suspended() {
    let mut world = World::new();
    let root = at(Who::Issuer, 10);
    let again = |fields: &mut DecisionFields| fields.reissues = Some(at(Who::Issuer, 10));
    let objection = world.object(Who::City, 3, &root, Ground::Amount);
    world.rule(Who::Issuer, 20, &root, Outcome::Upheld, &[&objection]);
    let after = world.decide(Who::Issuer, 23, with(fine(50_000), again));
    assert_eq!(world.binds(&after), BindsOthers::Suspended);
    world.decide(Who::Issuer, 10, penalty());
    assert_eq!(world.binds(&after), BindsOthers::Applies);
}

/// An objection in a role, rejected at the issuer's position 20 with a notice at the register's 5.
fn rejected_as(role: ObjectorRole) -> (World, StatementRef) {
    rejected_at(Who::City, role)
}

/// The same with the log that the objection lies in, at its position 2.
fn rejected_at(who: Who, role: ObjectorRole) -> (World, StatementRef) {
    let (mut world, target) = World::with_penalty();
    let content = objection_as(role, Ground::Facts, false);
    let objection = world.act(who, 2, &target, content);
    let ruling = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    world.notice(5, &target, &ruling, Class::Ruling, None);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    (world, target)
}

fn object_later(world: &mut World, target: &StatementRef) {
    let content = objection(Ground::Facts, false);
    world.put(act(Who::City, 4, target, 6, content));
}

// spec: EFF-28
#[test]
fn what_an_issuer_objects_and_rejects_itself_keeps_no_subject_back() {
    for (role, verdict) in [
        (ObjectorRole::Issuer, BindsOthers::Suspended),
        (ObjectorRole::Supervisor, BindsOthers::Suspended),
        (ObjectorRole::Subject, BindsOthers::Applies),
    ] {
        let (mut world, target) = rejected_as(role);
        object_later(&mut world, &target);
        assert_eq!(world.binds(&target), verdict, "{role:?}");
    }
}

/// The issuer writes an objection in the subject's name into its own log and rejects it, before the
/// subject raises the same ground at the city.
// spec: EFF-36
#[test]
fn what_an_issuer_hears_and_rejects_by_itself_keeps_back_nothing_heard_elsewhere() {
    let (mut world, target) = rejected_at(Who::Issuer, ObjectorRole::Subject);
    let again = |who| act(who, 40, &target, 6, objection(Ground::Facts, false));
    let mut heard_by_issuer = world.clone();
    heard_by_issuer.put(again(Who::Issuer));
    assert_eq!(heard_by_issuer.binds(&target), BindsOthers::Applies);
    world.put(again(Who::City));
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-36
#[test]
fn rejection_by_a_supervisor_keeps_back_wherever_it_was_heard() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::Issuer, 2, &target, Ground::Facts);
    let ruling = world.rule(
        Who::Supervisor,
        20,
        &target,
        Outcome::Rejected,
        &[&objection],
    );
    world.notice(5, &target, &ruling, Class::Ruling, None);
    object_later(&mut world, &target);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-28
#[test]
fn objection_known_by_its_notice_alone_is_not_kept_back() {
    let (mut world, target) = rejected_as(ObjectorRole::Subject);
    let (act, ground) = (at(Who::City, 4), Some(Ground::Facts));
    world.notice(9, &target, &act, Class::Objection, ground);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    object_later(&mut world, &target);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-29
#[test]
fn rejection_keeps_back_nothing_once_a_restricting_correction_followed() {
    let (mut world, target) = rejected_as(ObjectorRole::Subject);
    object_later(&mut world, &target);
    world.correct(Who::Issuer, 21, &target, fine(400_000));
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.witnessed_up_to(Who::Issuer, 22);
    world.correct(Who::Issuer, 22, &target, fine(450_000));
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.witnessed_up_to(Who::Issuer, 23);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    // A rejection after it keeps back again.
    let ruling = world.rule(
        Who::Issuer,
        23,
        &target,
        Outcome::Rejected,
        &[&at(Who::City, 2), &at(Who::City, 4)],
    );
    world.witnessed_up_to(Who::Issuer, 24);
    world.notice(8, &target, &ruling, Class::Ruling, None);
    let content = objection(Ground::Facts, false);
    world.put(act(Who::City, 6, &target, 9, content));
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-29
#[test]
fn restricting_correction_before_a_rejection_lifts_nothing() {
    let (mut world, target) = rejected_as(ObjectorRole::Subject);
    world.correct(Who::Issuer, 15, &target, fine(900_000));
    object_later(&mut world, &target);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-30
#[test]
fn rejection_keeps_nothing_back_from_a_heavier_decision_made_after_it() {
    for (fen, verdict) in [
        (500_000, BindsOthers::Applies),
        (500_001, BindsOthers::Suspended),
    ] {
        let (mut world, target) = rejected_as(ObjectorRole::Subject);
        let again = with(fine(fen), |fields| fields.reissues = Some(target.clone()));
        let reissue = world.decide(Who::Issuer, 30, again);
        let content = objection(Ground::Facts, false);
        world.put(act(Who::City, 4, &reissue, 6, content));
        assert_eq!(world.binds(&reissue), verdict);
    }
}

// spec: EFF-26
#[test]
fn act_of_who_is_suspended_frees_and_does_not_bind() {
    let suspended = |fact| void(fact, VoidCause::Suspended);
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let rejects = ruling(Outcome::Rejected, &[&objection]);
    world.put(suspended(act(Who::Issuer, 20, &target, 0, rejects)));
    assert_eq!(world.binds(&target), BindsOthers::Suspended);

    let (mut world, target) = World::with_penalty();
    let raise = correction(fine(900_000));
    world.put(suspended(act(Who::Issuer, 20, &target, 0, raise)));
    assert_eq!(world.effect(&target).amounts.fine_fen, 500_000);
    let lower = correction(fine(100_000));
    world.put(suspended(act(Who::Issuer, 21, &target, 0, lower)));
    assert_eq!(world.effect(&target).amounts.fine_fen, 100_000);
    world.put(suspended(act(Who::Issuer, 22, &target, 0, withdrawal())));
    assert_eq!(world.binds(&target), BindsOthers::Withdrawn);
}
