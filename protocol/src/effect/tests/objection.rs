//! Objections, rulings, admissions, notices.

use super::*;

fn suspended_on(world: &World, target: &StatementRef, expected: &[Ground]) {
    let effect = world.effect(target);
    let expected: Vec<_> = expected
        .iter()
        .map(|ground| SuspensionKind::Objection(*ground))
        .collect();
    assert_eq!(grounds(&effect), expected);
}

/// A penalty, an objection on facts at the city's position 3, and its rejection at the issuer's
/// position 20, of which the home register has a notice at its position 5.
fn rejected() -> (World, StatementRef, StatementRef) {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let ruling = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    world.notice(5, &target, &ruling, Class::Ruling, None);
    suspended_on(&world, &target, &[]);
    (world, target, ruling)
}

fn object_having_seen(
    world: &mut World,
    index: u64,
    target: &StatementRef,
    register: u64,
    ground: Ground,
) -> StatementRef {
    world.put(act(
        Who::City,
        index,
        target,
        register,
        objection(ground, false),
    ))
}

// spec: EFF-12
#[test]
fn objection_suspends_before_it_is_witnessed() {
    let (mut world, target) = World::with_penalty();
    world.horizon.logs.remove(&Who::City.origin());
    world.object(Who::City, 3, &target, Ground::Facts);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-7
#[test]
fn objections_on_one_ground_suspend_once_until_the_last_is_closed() {
    let (mut world, target) = World::with_penalty();
    let first = world.object(Who::City, 3, &target, Ground::Facts);
    let second = world.object(Who::Supervisor, 3, &target, Ground::Facts);
    let other = world.object(Who::City, 4, &target, Ground::Amount);
    suspended_on(&world, &target, &[Ground::Facts, Ground::Amount]);
    let both = sorted(&[&first, &second]);
    assert_eq!(world.effect(&target).suspended_by[0].by, both);
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&first]);
    suspended_on(&world, &target, &[Ground::Facts, Ground::Amount]);
    world.rule(
        Who::Issuer,
        21,
        &target,
        Outcome::Withdrawn,
        &[&second, &other],
    );
    suspended_on(&world, &target, &[]);
}

// spec: EFF-8
#[test]
fn ruling_closes_only_what_it_names_and_only_once_witnessed() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    world.object(Who::City, 4, &target, Ground::Basis);
    world.witnessed_up_to(Who::Issuer, 20);
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    suspended_on(&world, &target, &[Ground::Facts, Ground::Basis]);
    world.witnessed_up_to(Who::Issuer, 21);
    suspended_on(&world, &target, &[Ground::Basis]);
}

// spec: EFF-8
#[test]
fn withdrawn_ruling_opens_again_what_it_closed() {
    let (mut world, target, ruling) = rejected();
    world.witnessed_up_to(Who::Issuer, 21);
    world.withdraw(Who::City, 9, &ruling);
    suspended_on(&world, &target, &[]);
    world.withdraw(Who::Issuer, 21, &ruling);
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-24
#[test]
fn objection_suspends_however_long_nobody_rules() {
    let (mut world, target) = World::with_penalty();
    world.object(Who::City, 3, &target, Ground::Facts);
    world.as_of = day("2027-03-01");
    world.now = Timestamp::MAX;
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-6
#[test]
fn objection_suspends_the_whole_chain() {
    let (mut world, target) = World::with_penalty();
    let again = |fields: &mut DecisionFields| fields.reissues = Some(at(Who::Issuer, 10));
    let reissue = world.decide(Who::Issuer, 30, with(penalty(), again));
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    suspended_on(&world, &reissue, &[Ground::Facts]);
    world.rule(Who::Issuer, 31, &reissue, Outcome::Rejected, &[&objection]);
    suspended_on(&world, &reissue, &[]);
    suspended_on(&world, &target, &[]);
}

// spec: EFF-6
#[test]
fn filing_anew_without_naming_the_root_does_not_shake_an_objection_off() {
    let (mut world, target) = World::with_penalty();
    let again = world.decide(Who::Issuer, 30, penalty());
    world.object(Who::City, 3, &target, Ground::Facts);
    suspended_on(&world, &again, &[Ground::Facts]);
    let other = with(penalty(), |fields| fields.document_number = text("13号"));
    let other = world.decide(Who::Issuer, 31, other);
    suspended_on(&world, &other, &[]);
}

// spec: EFF-6
#[test]
fn decision_that_is_not_witnessed_carries_no_ruling_into_a_chain() {
    let (mut world, target) = World::with_penalty();
    let other = with(penalty(), |fields| fields.document_number = text("13号"));
    let other = world.decide(Who::Issuer, 11, other);
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    world.rule(Who::Issuer, 12, &other, Outcome::Rejected, &[&objection]);
    world.witnessed_up_to(Who::Issuer, 13);
    let link = with(penalty(), |fields| fields.reissues = Some(other.clone()));
    world.decide(Who::Issuer, 13, link);
    suspended_on(&world, &target, &[Ground::Facts]);
    world.witnessed_up_to(Who::Issuer, 14);
    suspended_on(&world, &target, &[]);
}

// spec: EFF-10
#[test]
fn objection_after_a_rejection_waits_until_it_is_admitted() {
    let (mut world, target, _) = rejected();
    let again = object_having_seen(&mut world, 4, &target, 6, Ground::Facts);
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
    assert_eq!(
        effect.waiting,
        [Waiting {
            objection: again.clone(),
            ground: Ground::Facts,
            why: WaitingCause::AfterRejection,
        }]
    );
    world.act(Who::City, 5, &target, admission(&[&again]));
    suspended_on(&world, &target, &[]);
    world.witnessed_up_to(Who::Supervisor, 0);
    world.act(Who::Supervisor, 8, &target, admission(&[&again]));
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-210
#[test]
fn admission_on_another_decision_admits_no_objection_to_this_one() {
    let (mut world, target) = World::with_penalty();
    let another = with(penalty(), |fields| fields.document_number = text("13号"));
    let other = world.decide(Who::Issuer, 13, another);
    let over = world.act(Who::City, 3, &target, objection(Ground::Facts, true));
    world.act(Who::Supervisor, 8, &other, admission(&[&over]));
    suspended_on(&world, &target, &[]);
    // A decision that is linked with it makes it one matter.
    let linked = with(penalty(), |fields| fields.reissues = Some(target.clone()));
    let linked = world.decide(Who::Issuer, 14, linked);
    world.act(Who::Supervisor, 9, &linked, admission(&[&over]));
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-10
#[test]
fn objection_that_had_not_seen_the_rejection_suspends() {
    let (mut world, target, _) = rejected();
    object_having_seen(&mut world, 4, &target, 5, Ground::Facts);
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-10
#[test]
fn objection_on_another_ground_than_the_rejected_one_suspends() {
    let (mut world, target, _) = rejected();
    object_having_seen(&mut world, 4, &target, 6, Ground::Basis);
    suspended_on(&world, &target, &[Ground::Basis]);
}

// spec: EFF-10
#[test]
fn rejection_whose_notice_is_not_witnessed_keeps_no_objection_waiting() {
    let (mut world, target, _) = rejected();
    world.witnessed_up_to(Who::Hub, 5);
    object_having_seen(&mut world, 4, &target, 6, Ground::Facts);
    suspended_on(&world, &target, &[Ground::Facts]);
}

// spec: EFF-10
#[test]
fn objection_over_the_cap_waits_until_it_is_admitted() {
    let (mut world, target) = World::with_penalty();
    let over = world.act(Who::City, 3, &target, objection(Ground::Facts, true));
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
    assert_eq!(effect.waiting[0].why, WaitingCause::OverCap);
    let admission = world.act(Who::Supervisor, 8, &target, admission(&[&over]));
    suspended_on(&world, &target, &[Ground::Facts]);
    world.rule(Who::Supervisor, 9, &target, Outcome::Rejected, &[&over]);
    suspended_on(&world, &target, &[]);
    assert_eq!(world.effect(&admission).validity, Validity::NotADecision);
}

// spec: EFF-23
#[test]
fn objection_known_by_its_notice_alone_suspends() {
    let (mut world, target) = World::with_penalty();
    let objection = at(Who::City, 3);
    let ground = Some(Ground::Facts);
    world.notice(5, &target, &objection, Class::Objection, ground);
    suspended_on(&world, &target, &[Ground::Facts]);
    assert_eq!(world.effect(&target).suspended_by[0].received.first(), None);
    world.object(Who::City, 3, &target, Ground::Facts);
    suspended_on(&world, &target, &[Ground::Facts]);
    assert!(
        world.effect(&target).suspended_by[0]
            .received
            .first()
            .is_some()
    );
}

// spec: EFF-23
#[test]
fn objection_over_the_cap_known_by_its_notice_alone_waits() {
    let (mut world, target) = World::with_penalty();
    let (act, ground) = (at(Who::City, 3), Some(Ground::Facts));
    world.put(notice(
        5,
        &target,
        &act,
        Class::Objection,
        ground,
        Some(true),
    ));
    suspended_on(&world, &target, &[]);
    assert_eq!(world.effect(&target).waiting.len(), 1);
}

// spec: EFF-23
#[test]
fn objection_cannot_claim_to_have_seen_more_than_stood_before_its_own_notice() {
    let (mut world, target, _) = rejected();
    let claims = object_having_seen(&mut world, 4, &target, 900, Ground::Facts);
    suspended_on(&world, &target, &[]);
    let ground = Some(Ground::Facts);
    world.notice(4, &target, &claims, Class::Objection, ground);
    suspended_on(&world, &target, &[Ground::Facts]);
}

#[test]
fn notice_in_another_log_than_the_home_register_counts_for_nothing() {
    let (mut world, target) = World::with_penalty();
    let act = at(Who::City, 3);
    world.notice(5, &target, &act, Class::Objection, Some(Ground::Facts));
    world.horizon.register = Who::City.origin();
    suspended_on(&world, &target, &[]);
}

// spec: EFF-6, EFF-81
#[test]
fn objection_suspends_decisions_whose_document_number_is_written_otherwise() {
    let ways = [
        "鹤劳罚字〔２０２６〕１２号",
        "鹤劳罚字[2026]12号",
        "鹤劳罚字（2026） 12号",
        "鹤劳罚字【2026】12号",
    ];
    for way in ways {
        let (mut world, target) = World::with_penalty();
        let number = |fields: &mut DecisionFields| fields.document_number = text(way);
        let again = world.decide(Who::Issuer, 30, with(penalty(), number));
        let objection = world.object(Who::City, 3, &target, Ground::Facts);
        suspended_on(&world, &again, &[Ground::Facts]);
        assert_eq!(world.effect(&again).suspended_by[0].by, [objection]);
    }
}

fn about_another(mut fields: DecisionFields) -> DecisionFields {
    let code = SubjectCode::with_check("91230400MA0000023").unwrap();
    let name = text("鹤岗另一有限公司");
    fields.subject = Subject::new(code, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    fields
}

/// One document may name many organisations: what one of them says is not said by the others.
// spec: EFF-6, EFF-80
#[test]
fn objection_suspends_no_decision_of_the_document_about_another_organisation() {
    let (mut world, target) = World::with_penalty();
    let other = world.decide(Who::Issuer, 12, about_another(penalty()));
    world.object(Who::City, 3, &target, Ground::Facts);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    assert_eq!(world.binds(&other), BindsOthers::Applies);
}

// spec: EFF-131
#[test]
fn objection_to_a_decision_moved_by_correction_is_not_shaken_off_by_filing_anew() {
    let (mut world, target) = World::with_penalty();
    let moved = world.correct(Who::Issuer, 11, &target, about_another(penalty()));
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let anew = world.decide(Who::Issuer, 12, about_another(penalty()));
    assert_eq!(world.binds(&anew), BindsOthers::Suspended);
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    assert_eq!(world.binds(&anew), BindsOthers::Applies);
    // While the correction may still go, a ruling on the one says nothing about the other.
    let index = moved.index.value();
    let correction = act(
        Who::Issuer,
        index,
        &target,
        0,
        correction(about_another(penalty())),
    );
    world.put(cut_off(correction));
    assert_eq!(world.binds(&anew), BindsOthers::Suspended);
}

/// Who may not correct a decision cannot tie an objection to another organisation's.
// spec: EFF-131
#[test]
fn correction_by_another_authority_moves_no_decision() {
    let (mut world, target) = World::with_penalty();
    world.correct(Who::City, 2, &target, about_another(penalty()));
    world.object(Who::City, 3, &target, Ground::Facts);
    let anew = world.decide(Who::Issuer, 12, about_another(penalty()));
    assert_eq!(world.binds(&anew), BindsOthers::Applies);
}

/// Whoever made a decision of its own of another's and objected to it suspended the other's, and by making
/// thousands kept it from being weighed.
// spec: EFF-144
#[test]
fn what_another_authority_makes_of_a_decision_is_suspended_with_it_and_does_not_suspend_it() {
    let own = |root: &StatementRef| with(penalty(), |f| f.reissues = Some(root.clone()));
    let objected = |which: usize| {
        let (mut world, root) = World::with_penalty();
        let mut decisions = vec![root.clone()];
        decisions.push(world.decide(Who::City, 5, own(&root)));
        decisions.push(world.decide(Who::City, 6, own(&decisions[1])));
        decisions.push(world.decide(Who::City, 7, own(&root)));
        world.object(Who::Supervisor, 3, &decisions[which], Ground::Facts);
        decisions
            .iter()
            .map(|decision| !world.effect(decision).suspended_by.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(objected(0), [true, true, true, true]);
    let by_city = [false, true, true, true];
    assert_eq!(
        [objected(1), objected(2), objected(3)],
        [by_city, by_city, by_city]
    );
}

/// The issuer of a decision rejected an objection to it, and what another authority had made of it stayed
/// suspended: nobody there was asked.
// spec: EFF-145
#[test]
fn rejection_by_who_decided_frees_what_another_authority_made_of_it() {
    let (mut world, root) = World::with_penalty();
    let by_city = with(penalty(), |fields| fields.reissues = Some(root.clone()));
    let by_city = world.decide(Who::City, 5, by_city);
    let objection = world.object(Who::Supervisor, 3, &root, Ground::Facts);
    let open = |world: &World| {
        [&root, &by_city].map(|at| world.effect(at).binds_others() == BindsOthers::Suspended)
    };
    assert_eq!(open(&world), [true, true]);
    let ruled = |outcome, on: &StatementRef| {
        let mut world = world.clone();
        world.rule(Who::Issuer, 20, on, outcome, &[&objection]);
        open(&world)
    };
    assert_eq!(ruled(Outcome::Rejected, &root), [false, false]);
    assert_eq!(ruled(Outcome::Withdrawn, &root), [false, false]);
    // What the other made of it may be wrong as well: its author has to look.
    assert_eq!(ruled(Outcome::Upheld, &root), [true, true]);
    // Nobody rules on another's decision.
    assert_eq!(ruled(Outcome::Rejected, &by_city), [true, true]);
    let mut other = world.clone();
    let on_it = other.object(Who::Supervisor, 4, &by_city, Ground::Facts);
    other.rule(
        Who::Issuer,
        20,
        &root,
        Outcome::Rejected,
        &[&objection, &on_it],
    );
    assert_eq!(open(&other), [false, true]);
    let mut corrected = world.clone();
    corrected.rule(Who::Issuer, 20, &root, Outcome::Corrected, &[&objection]);
    corrected.correct(Who::Issuer, 21, &root, fine(1));
    assert_eq!(open(&corrected), [false, true]);
}

/// Their root may be withheld.
// spec: EFF-144
#[test]
fn reissues_of_one_authority_are_suspended_together_while_their_root_is_not_held() {
    let root = at(Who::Issuer, 10);
    let own = || with(penalty(), |f| f.reissues = Some(root.clone()));
    let mut world = World::new();
    let first = world.decide(Who::City, 5, own());
    let second = world.decide(Who::City, 6, own());
    let issuers = world.decide(Who::Issuer, 11, own());
    world.object(Who::Supervisor, 3, &first, Ground::Facts);
    let suspended = [&first, &second, &issuers];
    let suspended = suspended.map(|at| !world.effect(at).suspended_by.is_empty());
    assert_eq!(suspended, [true, true, false]);
}

/// One act may be noticed on a decision and on what that was made of: the set of the chain that comes first
/// is not the notice that does.
// spec: EFF-23
#[test]
fn first_notice_of_an_act_counts_whatever_it_says_that_the_act_is_on() {
    let (mut world, root) = World::with_penalty();
    let by_city = with(penalty(), |fields| fields.reissues = Some(root.clone()));
    let by_city = world.decide(Who::City, 1, by_city);
    let act = at(Who::Supervisor, 5);
    for (first, second) in [(&root, &by_city), (&by_city, &root)] {
        let mut world = world.clone();
        world.notice(3, first, &act, Class::Objection, Some(Ground::Facts));
        world.notice(4, second, &act, Class::Objection, Some(Ground::Amount));
        let kinds = grounds(&world.effect(&by_city));
        assert_eq!(kinds, [SuspensionKind::Objection(Ground::Facts)]);
    }
}
