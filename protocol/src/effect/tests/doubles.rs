//! The same bytes twice, acts about another organisation, and registers that go back.

use super::*;

fn put_copy(world: &mut World, of: &StatementRef, who: Who, index: u64) -> StatementRef {
    let payload = world.history.get(of).unwrap().payload().clone();
    world.put(fact(who, index, payload).with_bytes_of(of))
}

// spec: EFF-40
#[test]
fn decision_logged_again_after_its_withdrawal_is_no_decision() {
    let (mut world, target) = World::with_penalty();
    world.withdraw(Who::Issuer, 11, &target);
    let copy = put_copy(&mut world, &target, Who::Issuer, 12);
    assert_eq!(world.effect(&copy).validity, Validity::NotADecision);
    assert_eq!(world.binds(&copy), BindsOthers::NotHeld);
    assert_eq!(world.binds(&target), BindsOthers::Withdrawn);
}

// spec: EFF-40
#[test]
fn correction_logged_again_does_not_undo_the_one_after_it() {
    let (mut world, target) = World::with_penalty();
    let first = world.correct(Who::Issuer, 11, &target, fine(400_000));
    let second = world.correct(Who::Issuer, 12, &target, fine(500));
    put_copy(&mut world, &first, Who::Issuer, 13);
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 500);
    assert_eq!(effect.validity, Validity::Corrected { by: vec![second] });
}

// spec: EFF-40
#[test]
fn objection_logged_twice_is_closed_with_its_first() {
    let (mut world, target) = World::with_penalty();
    let first = world.object(Who::City, 3, &target, Ground::Facts);
    put_copy(&mut world, &first, Who::City, 4);
    assert_eq!(
        world.effect(&target).suspended_by[0].by,
        std::slice::from_ref(&first)
    );
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&first]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-40
#[test]
fn copy_held_alone_counts_until_the_first_is_held() {
    let mut world = World::new();
    let first = at(Who::Issuer, 10);
    let copy = world.put(decision(Who::Issuer, 12, penalty()).with_bytes_of(&first));
    assert_eq!(world.binds(&copy), BindsOthers::Applies);
    world.decide(Who::Issuer, 10, penalty());
    assert_eq!(world.binds(&copy), BindsOthers::NotHeld);
    assert_eq!(world.binds(&first), BindsOthers::Applies);
}

/// Whoever withholds the body of the first has its copy withdrawn, and hands out the first then.
// spec: EFF-110
#[test]
fn what_was_done_to_a_copy_is_done_to_the_first_that_comes_later() {
    let mut world = World::new();
    let (first, other) = (at(Who::Issuer, 10), at(Who::Issuer, 20));
    let copy = world.put(decision(Who::Issuer, 12, penalty()).with_bytes_of(&first));
    world.withdraw(Who::Supervisor, 3, &copy);
    let lowered = world.put(decision(Who::Issuer, 22, penalty()).with_bytes_of(&other));
    world.correct(Who::Issuer, 23, &lowered, fine(500));
    world.decide(Who::Issuer, 10, penalty());
    world.decide(Who::Issuer, 20, penalty());
    assert_eq!(world.binds(&first), BindsOthers::Withdrawn);
    assert_eq!(world.effect(&other).amounts.fine_fen, 500);
}

/// The first stood under another class, which nobody could know while its body was withheld: handed out,
/// it took the withdrawal with it.
// spec: EFF-143
#[test]
fn astray_statement_is_no_first_of_the_right_one_behind_it() {
    let (all, few) = (Vis::new(0), Vis::new(1));
    let mut world = World::new();
    let target = world.put(decision(Who::Issuer, 10, penalty()).seen_by(few));
    let withdrawal = world.withdraw(Who::Issuer, 12, &target);
    let payload = world.history.get(&withdrawal).unwrap().payload().clone();
    let mut late = World::new();
    late.put(decision(Who::Issuer, 10, penalty()).seen_by(few));
    late.put(
        fact(Who::Issuer, 11, payload.clone())
            .with_bytes_of(&withdrawal)
            .seen_by(all),
    );
    late.put(fact(Who::Issuer, 12, payload).seen_by(few));
    assert_eq!(late.binds(&target), BindsOthers::Withdrawn);
    assert_eq!(late.effect(&target), world.effect(&target));
}

// spec: EFF-40
#[test]
fn same_bytes_in_two_logs_are_two_statements() {
    let (mut world, target) = World::with_penalty();
    let first = world.object(Who::City, 3, &target, Ground::Facts);
    let other = put_copy(&mut world, &first, Who::Supervisor, 3);
    let both = sorted(&[&first, &other]);
    assert_eq!(world.effect(&target).suspended_by[0].by, both);
}

// spec: EFF-6, EFF-40
#[test]
fn objection_to_a_copy_suspends_the_decision() {
    let (mut world, target) = World::with_penalty();
    let copy = put_copy(&mut world, &target, Who::Issuer, 12);
    let objection = world.object(Who::City, 3, &copy, Ground::Facts);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    world.rule(Who::Issuer, 20, &copy, Outcome::Rejected, &[&objection]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-41
#[test]
fn act_about_another_organisation_than_its_target_does_nothing() {
    let another = SubjectCode::with_check("91230400MA0000023").unwrap();
    let (mut world, target) = World::with_penalty();
    let astray = act(Who::City, 3, &target, 0, objection(Ground::Facts, false));
    world.put(astray.clone().about(another));
    world.put(act(Who::Issuer, 11, &target, 0, withdrawal()).about(another));
    assert_eq!(world.effect(&target).suspended_by, []);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    let mut honest = World::with_penalty().0;
    honest.put(astray.about(penalty().subject.code()));
    assert_eq!(honest.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-41
#[test]
fn act_of_another_visibility_class_than_its_target_does_nothing() {
    let (few, all) = (Vis::new(7), Vis::ALL_MEMBERS);
    let mut world = World::new();
    let target = world.put(decision(Who::Issuer, 10, penalty()).seen_by(few));
    let leaking = act(Who::City, 3, &target, 0, objection(Ground::Facts, false));
    world.put(leaking.clone().seen_by(all));
    let raise = act(Who::Issuer, 11, &target, 0, correction(fine(600_000)));
    world.put(raise.seen_by(all));
    let effect = world.effect(&target);
    assert_eq!(effect.suspended_by, []);
    assert_eq!(effect.validity, Validity::InForce);
    let mut honest = World::new();
    honest.put(decision(Who::Issuer, 10, penalty()).seen_by(few));
    honest.put(leaking.seen_by(few));
    assert_eq!(honest.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-41
#[test]
fn correction_may_move_a_decision_to_another_organisation() {
    let (mut world, target) = World::with_penalty();
    let code = SubjectCode::with_check("91230400MA0000023").unwrap();
    let name = text("鹤岗另一有限公司");
    let subject = Subject::new(code, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    let moved = with(penalty(), |fields| fields.subject = subject);
    let by = world.correct(Who::Issuer, 11, &target, moved);
    let effect = world.effect(&target);
    assert_eq!(effect.validity, Validity::Corrected { by: vec![by] });
}

// spec: EFF-42
#[test]
fn register_that_goes_back_does_not_shake_a_rejection_off() {
    let (mut world, target) = World::with_penalty();
    let object = |world: &mut World, who, index, register| {
        let objection = objection(Ground::Facts, false);
        world.put(act(who, index, &target, register, objection))
    };
    let first = object(&mut world, Who::City, 3, 0);
    let ruling = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&first]);
    world.notice(5, &target, &ruling, Class::Ruling, None);
    let honest = object(&mut world, Who::City, 4, 6);
    let back = object(&mut world, Who::City, 5, 0);
    let waiting = world.effect(&target).waiting;
    let waiting: Vec<_> = waiting.iter().map(|one| &one.objection).collect();
    assert_eq!(waiting, [&honest, &back]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    // Another log may not know yet.
    object(&mut world, Who::Supervisor, 5, 0);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-23, EFF-42
#[test]
fn register_that_cannot_have_been_adopted_counts_for_no_later_objection() {
    let (mut world, target) = World::with_penalty();
    let object = |world: &mut World, who, index, register| {
        let objection = objection(Ground::Facts, false);
        world.put(act(who, index, &target, register, objection))
    };
    let first = object(&mut world, Who::City, 3, 900);
    world.notice(2, &target, &first, Class::Objection, Some(Ground::Facts));
    let ruling = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&first]);
    world.notice(5, &target, &ruling, Class::Ruling, None);
    object(&mut world, Who::City, 4, 3);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

/// A world with the copy of a penalty at the issuer's position 12, whose first at position 10 is withheld.
fn with_copy_of_penalty() -> (World, [StatementRef; 2]) {
    let mut world = World::new();
    let first = at(Who::Issuer, 10);
    let copy = world.put(decision(Who::Issuer, 12, penalty()).with_bytes_of(&first));
    (world, [first, copy])
}

/// A suspended member, which signs nothing any more, brought a superseded penalty back so.
// spec: EFF-130
#[test]
fn reissue_of_a_copy_supersedes_the_first_that_comes_later() {
    let reissue = |root: &StatementRef| with(fine(100), |f| f.reissues = Some(root.clone()));
    let (mut world, [first, copy]) = with_copy_of_penalty();
    let newer = world.decide(Who::Issuer, 14, reissue(&copy));
    let newest = world.decide(Who::Issuer, 16, reissue(&first));
    assert_eq!(world.binds(&copy), BindsOthers::Superseded);
    world.decide(Who::Issuer, 10, penalty());
    for older in [first, newer] {
        let effect = world.effect(&older);
        assert_eq!(effect.superseded_by.as_ref(), Some(&newest));
    }
}

// spec: EFF-130
#[test]
fn what_rests_on_a_copy_rests_on_the_first() {
    let (mut world, [first, copy]) = with_copy_of_penalty();
    let rests = |f: &mut DecisionFields| f.rests_on = vec![copy.clone()];
    let target = world.decide(Who::City, 3, with(fine(100), rests));
    world.decide(Who::Issuer, 10, penalty());
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.withdraw(Who::Issuer, 20, &first);
    assert_eq!(world.binds(&target), BindsOthers::NoBasis);
}

// spec: EFF-130
#[test]
fn correction_that_names_the_copy_of_another_settles_it() {
    let (mut world, target) = World::with_penalty();
    let first = at(Who::Supervisor, 3);
    let other = act(Who::Supervisor, 5, &target, 0, correction(fine(300)));
    let copy = world.put(other.with_bytes_of(&first));
    let names = |f: &mut DecisionFields| f.rests_on = vec![copy.clone()];
    world.correct(Who::Issuer, 14, &target, with(fine(400), names));
    world.correct(Who::Supervisor, 3, &target, fine(300));
    let effect = world.effect(&target);
    assert_eq!((grounds(&effect), effect.amounts.fine_fen), (vec![], 400));
}

// spec: EFF-130
#[test]
fn ruling_and_admission_that_name_the_copy_of_an_objection_name_the_first() {
    let (mut world, target) = World::with_penalty();
    let first = at(Who::City, 3);
    let object = || act(Who::City, 5, &target, 0, objection(Ground::Facts, true));
    let copy = world.put(object().with_bytes_of(&first));
    world.act(Who::Supervisor, 3, &target, admission(&[&copy]));
    world.act(Who::City, 3, &target, objection(Ground::Facts, true));
    assert_eq!(world.effect(&target).suspended_by[0].by, [first]);
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&copy]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

/// A ruling on a copy, noticed as its copy, keeps an objection to the first back.
// spec: EFF-130
#[test]
fn rejection_on_a_copy_keeps_back_an_objection_to_the_first() {
    let (mut world, [first, copy]) = with_copy_of_penalty();
    let rejected = world.object(Who::City, 3, &copy, Ground::Facts);
    let ruling_first = at(Who::Supervisor, 3);
    let rejects = ruling(Outcome::Rejected, &[&rejected]);
    let ruled = act(Who::Supervisor, 5, &copy, 0, rejects.clone()).with_bytes_of(&ruling_first);
    let ruled = world.put(ruled);
    world.notice(7, &copy, &ruled, Class::Ruling, None);
    let again = act(Who::City, 4, &copy, 9, objection(Ground::Facts, false));
    let again = world.put(again);
    world.decide(Who::Issuer, 10, penalty());
    world.act(Who::Supervisor, 3, &copy, rejects);
    let effect = world.effect(&first);
    assert_eq!(effect.suspended_by, []);
    assert_eq!(effect.waiting[0].objection, again);
}

/// The withdrawal of a ruling that nobody can read may name the ruling's copy.
// spec: EFF-91, EFF-130
#[test]
fn unread_act_on_the_copy_of_a_ruling_keeps_the_first_from_closing() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let first = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    let copy = put_copy(&mut world, &first, Who::Issuer, 21);
    world.history.insert_unread(at(Who::Issuer, 22), copy);
    let effect = world.effect(&target);
    assert_eq!(grounds(&effect), [SuspensionKind::Objection(Ground::Facts)]);
}
