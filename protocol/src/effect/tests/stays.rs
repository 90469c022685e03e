//! What a stay does, how far it reaches, and what ends it.

use super::*;

// spec: EFF-151
#[test]
fn stay_suspends_the_decision_for_its_issuer_too() {
    let (mut world, target) = World::with_penalty();
    let stay = world.act(Who::City, 5, &target, stay("2026-05-01", None));
    let effect = world.effect(&target);
    assert_eq!(effect.stayed_by, [stay]);
    assert_eq!(effect.binds_others(), BindsOthers::Stayed);
    let measure = &effect.duties[0].duty.measure;
    assert_eq!(effect.measure_binds_others(measure), BindsOthers::Stayed);
    assert!(!effect.in_force_for_issuer());
    assert_eq!(effect.validity, Validity::InForce);
    assert_eq!(effect.suspended_by, []);
}

/// An objection keeps others from acting; a stay, the issuer as well.
// spec: EFF-9, EFF-155
#[test]
fn stay_stands_beside_an_objection_and_is_closed_by_no_ruling() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 1, &target, Ground::Facts);
    let stay = world.act(Who::City, 5, &target, stay("2026-05-01", None));
    let both = world.effect(&target);
    assert_eq!(grounds(&both), [SuspensionKind::Objection(Ground::Facts)]);
    assert_eq!(both.binds_others(), BindsOthers::Stayed);
    let named = [&objection, &stay];
    world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &named);
    let ruled = world.effect(&target);
    assert_eq!(ruled.suspended_by, []);
    assert_eq!(ruled.stayed_by, [stay]);
}

// spec: EFF-150
#[test]
fn stay_holds_from_the_day_of_its_order_to_its_last_day() {
    let (mut world, target) = World::with_penalty();
    let content = stay("2026-05-10", Some("2026-05-20"));
    world.act(Who::City, 5, &target, content);
    for (on, is_stayed) in [
        ("2026-05-09", false),
        ("2026-05-10", true),
        ("2026-05-20", true),
        ("2026-05-21", false),
    ] {
        world.as_of = day(on);
        let effect = world.effect(&target);
        assert_eq!(effect.stayed_by.len(), usize::from(is_stayed), "{on}");
        assert_eq!(effect.in_force_for_issuer(), !is_stayed, "{on}");
    }
}

// spec: EFF-151
#[test]
fn burden_is_freed_by_a_stay_that_is_not_witnessed_or_void() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::City, 5);
    let provisional = act(Who::City, 5, &target, 0, stay("2026-05-01", None));
    for made in [
        provisional.clone(),
        cut_off(provisional.clone()),
        void(provisional, VoidCause::MandateEnded),
    ] {
        let mut world = world.clone();
        world.put(made);
        let effect = world.effect(&target);
        assert_eq!(effect.binds_others(), BindsOthers::Stayed);
        assert!(!effect.in_force_for_issuer());
        assert_eq!(effect.pending, []);
    }
}

// spec: EFF-152
#[test]
fn licence_is_stayed_once_the_stay_counts_in_full() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.witnessed_up_to(Who::City, 5);
    let made = act(Who::City, 5, &target, 0, stay("2026-05-01", None));
    let stay = world.put(made.clone());
    let provisional = world.effect(&target);
    assert!(provisional.grant_stands() && provisional.in_force_for_issuer());
    assert_eq!(provisional.binds_others(), BindsOthers::Applies);
    assert_eq!(provisional.stayed_by, []);
    assert_eq!(provisional.pending, std::slice::from_ref(&stay));
    world.witnessed_up_to(Who::City, 6);
    let witnessed = world.effect(&target);
    assert!(!witnessed.grant_stands() && !witnessed.in_force_for_issuer());
    assert_eq!(witnessed.binds_others(), BindsOthers::Stayed);
    assert_eq!(
        (witnessed.stayed_by, witnessed.pending),
        (vec![stay], vec![])
    );
    world.put(void(made, VoidCause::CtxLate));
    let void = world.effect(&target);
    assert!(void.grant_stands());
    assert_eq!((void.stayed_by, void.pending), (vec![], vec![]));
}

/// A licence with a condition: what it asks is freed at once, and what it grants waits.
// spec: EFF-151, EFF-152
#[test]
fn provisional_stay_of_a_licence_that_burdens_frees_from_the_burden_alone() {
    let mut world = World::new();
    let fields = with(licence(), |fields| {
        fields.basis = penalty().basis;
        fields.duties = penalty().duties;
    });
    let target = world.decide(Who::Issuer, 10, fields);
    world.witnessed_up_to(Who::City, 5);
    let stay = world.act(Who::City, 5, &target, stay("2026-05-01", None));
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Stayed);
    assert!(effect.grant_stands() && effect.in_force_for_issuer());
    assert_eq!(effect.stayed_by, std::slice::from_ref(&stay));
    assert_eq!(effect.pending, [stay]);
}

// spec: EFF-150
#[test]
fn stay_reaches_the_re_issue_and_what_others_make_of_the_decision() {
    let (mut world, target) = World::with_penalty();
    let again = with(penalty(), |fields| fields.facts = Some(text("改写")));
    let same_document = world.decide(Who::Issuer, 11, again);
    let by_city = with(penalty(), |fields| fields.reissues = Some(target.clone()));
    let by_city = world.decide(Who::City, 1, by_city);
    let stay_of_root = world.act(Who::Hub, 5, &target, stay("2026-05-01", None));
    for reached in [&target, &same_document, &by_city] {
        assert_eq!(
            world.effect(reached).stayed_by,
            std::slice::from_ref(&stay_of_root)
        );
    }
    // Nobody buries another's decision by deciding anew and having that stayed.
    let (mut world, target) = World::with_penalty();
    let by_city = with(penalty(), |fields| fields.reissues = Some(target.clone()));
    let by_city = world.decide(Who::City, 1, by_city);
    world.act(Who::Hub, 5, &by_city, stay("2026-05-01", None));
    assert_eq!(world.effect(&target).stayed_by, []);
    assert_eq!(world.effect(&by_city).stayed_by.len(), 1);
}

/// Joined to a chain by a decision that no quorum has cosigned, a licence keeps standing.
// spec: EFF-152
#[test]
fn licence_is_not_taken_away_along_a_decision_that_is_not_witnessed() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    let linking = with(licence(), |fields| {
        fields.document_number = text("鹤食许字〔2026〕9号");
        fields.reissues = Some(target.clone());
    });
    world.witnessed_up_to(Who::Issuer, 11);
    let linking = world.decide(Who::Issuer, 11, linking);
    world.act(Who::City, 5, &linking, stay("2026-05-01", None));
    assert!(world.effect(&target).grant_stands());
    world.witnessed_up_to(Who::Issuer, 12);
    assert!(world.effect(&target).grant_stayed);
}

// spec: EFF-153
#[test]
fn stay_is_lifted_by_its_own_issuer_or_a_supervisor_once_that_counts_in_full() {
    for (by, lifts) in [
        (Who::City, true),
        (Who::Supervisor, true),
        (Who::Issuer, false),
        (Who::Hub, false),
    ] {
        let (mut world, target) = World::with_penalty();
        let stay = world.act(Who::City, 5, &target, stay("2026-05-01", None));
        world.witnessed_up_to(by, 50);
        let withdrawal = act(by, 50, &stay, 0, withdrawal());
        world.put(withdrawal.clone());
        assert_eq!(world.binds(&target), BindsOthers::Stayed, "{by:?}");
        world.witnessed_up_to(by, 51);
        let expected = match lifts {
            true => BindsOthers::Applies,
            false => BindsOthers::Stayed,
        };
        assert_eq!(world.binds(&target), expected, "{by:?}");
        world.put(cut_off(withdrawal));
        assert_eq!(world.binds(&target), BindsOthers::Stayed, "{by:?}");
    }
}

/// To lift the stay of a licence frees, so that it needs no quorum.
// spec: EFF-152
#[test]
fn licence_stands_again_as_soon_as_a_withdrawal_of_the_stay_is_verified() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    let stay = world.act(Who::City, 5, &target, stay("2026-05-01", None));
    assert!(!world.effect(&target).grant_stands());
    world.witnessed_up_to(Who::City, 6);
    world.withdraw(Who::City, 6, &stay);
    let effect = world.effect(&target);
    assert!(effect.grant_stands());
    assert_eq!((effect.stayed_by, effect.pending), (vec![], vec![]));
}

// spec: EFF-154
#[test]
fn stay_known_by_its_notice_suspends_until_its_body_decides() {
    let (mut world, target) = World::with_penalty();
    let stay_at = at(Who::City, 5);
    world.notice(3, &target, &stay_at, Class::Stay, None);
    let noticed = world.effect(&target);
    assert_eq!(grounds(&noticed), [SuspensionKind::StayNotHeld]);
    assert_eq!(noticed.suspended_by[0].by, std::slice::from_ref(&stay_at));
    assert_eq!(noticed.binds_others(), BindsOthers::Suspended);
    assert!(noticed.in_force_for_issuer());
    let mut held = world.clone();
    held.act(Who::City, 5, &target, stay("2026-06-30", None));
    assert_eq!(held.binds(&target), BindsOthers::Applies);
    // Who has supervision need not have read it.
    world.withdraw(Who::City, 40, &stay_at);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    world.withdraw(Who::Supervisor, 40, &stay_at);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-154
#[test]
fn what_the_register_calls_an_objection_too_is_one_until_it_is_held() {
    let (mut world, target) = World::with_penalty();
    let act_at = at(Who::City, 5);
    world.notice(3, &target, &act_at, Class::Stay, None);
    world.notice(4, &target, &act_at, Class::Objection, Some(Ground::Facts));
    let kinds = grounds(&world.effect(&target));
    assert_eq!(kinds, [SuspensionKind::Objection(Ground::Facts)]);
}

// spec: EFF-164
#[test]
fn what_rests_on_a_stayed_decision_is_suspended_for_the_days_of_the_stay() {
    let (mut world, basis) = World::with_penalty();
    let resting = with(fine(1), |fields| {
        fields.document_number = text("黑劳罚字〔2026〕99号");
        fields.rests_on = vec![basis.clone()];
    });
    let resting = world.decide(Who::City, 10, resting);
    world.act(Who::Hub, 5, &basis, stay("2026-05-01", Some("2026-05-30")));
    let stayed = world.effect(&resting);
    assert_eq!(stayed.binds_others(), BindsOthers::Suspended);
    assert_eq!(stayed.stayed_by, []);
    let failures = vec![BasisFailure {
        basis,
        why: BasisState::Suspended,
    }];
    assert_eq!(stayed.basis, Basis::Fails { failures });
    world.as_of = day("2026-05-31");
    assert_eq!(world.binds(&resting), BindsOthers::Applies);
}
