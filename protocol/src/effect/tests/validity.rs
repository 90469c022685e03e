//! Void, withdrawn, corrected, superseded; who may act; what rests on what.

use super::*;

// spec: EFF-2, EFF-12
#[test]
fn withdrawal_takes_a_penalty_back_before_it_is_witnessed() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 11);
    world.correct(Who::Issuer, 11, &target, fine(1));
    let withdrawal = world.withdraw(Who::Issuer, 12, &target);
    let effect = world.effect(&target);
    let by = vec![withdrawal];
    assert_eq!(effect.validity, Validity::Withdrawn { by });
    assert_eq!(effect.binds_others(), BindsOthers::Withdrawn);
    assert!(!effect.in_force_for_issuer());
}

// spec: EFF-2, EFF-14
#[test]
fn penalty_under_a_key_cut_off_is_void_even_where_withdrawn_and_corrected() {
    let mut world = World::new();
    let target = world.put(cut_off(decision(Who::Issuer, 10, penalty())));
    world.withdraw(Who::Supervisor, 5, &target);
    world.correct(Who::Supervisor, 4, &target, fine(1));
    let effect = world.effect(&target);
    let why = VoidCause::CutOff;
    assert_eq!(effect.validity, Validity::Void { why });
    assert_eq!(effect.binds_others(), BindsOthers::Void);
}

// spec: EFF-2
#[test]
fn withdrawal_by_the_issuer_stands_before_a_correction_by_the_supervisor() {
    let (mut world, target) = World::with_penalty();
    let withdrawal = world.withdraw(Who::Issuer, 12, &target);
    world.correct(Who::Supervisor, 5, &target, fine(1));
    let by = vec![withdrawal];
    assert_eq!(world.effect(&target).validity, Validity::Withdrawn { by });
}

// spec: EFF-3
#[test]
fn acts_of_another_authority_change_nothing() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 1, &target, Ground::Facts);
    let before = world.effect(&target);
    world.withdraw(Who::City, 3, &target);
    world.correct(Who::City, 4, &target, fine(1));
    world.rule(Who::City, 5, &target, Outcome::Rejected, &[&objection]);
    assert_eq!(world.effect(&target), before);
}

// spec: EFF-3
#[test]
fn issuer_may_withdraw_from_another_log_than_its_own() {
    let (mut world, target) = World::with_penalty();
    let content = payload(withdrawal(), Some(&target), 0);
    let elsewhere = Fact::new(
        at(Who::City, 9),
        Who::Issuer.code(),
        Arc::new(content),
        Authority::Mandate,
        None,
    );
    let by = vec![world.put(elsewhere)];
    assert_eq!(world.effect(&target).validity, Validity::Withdrawn { by });
}

// spec: EFF-4
#[test]
fn late_original_arrives_withdrawn() {
    let mut world = World::new();
    let target = at(Who::Issuer, 10);
    let withdrawal = world.withdraw(Who::Issuer, 12, &target);
    let by = vec![withdrawal];
    let unheld = world.effect(&target);
    assert_eq!(
        unheld.validity,
        Validity::TargetNotHeld { acts: by.clone() }
    );
    assert_eq!(unheld.binds_others(), BindsOthers::NotHeld);
    assert_eq!(unheld.backing, None);
    world.decide(Who::Issuer, 10, penalty());
    assert_eq!(world.effect(&target).validity, Validity::Withdrawn { by });
}

// spec: EFF-4
#[test]
fn decision_not_held_shows_its_objections_and_a_withdrawal_by_the_supervisor() {
    let mut world = World::new();
    let target = at(Who::Issuer, 10);
    world.object(Who::City, 3, &target, Ground::Facts);
    let effect = world.effect(&target);
    assert_eq!(grounds(&effect), [SuspensionKind::Objection(Ground::Facts)]);
    let by = vec![world.withdraw(Who::Supervisor, 2, &target)];
    assert_eq!(world.effect(&target).validity, Validity::Withdrawn { by });
}

#[test]
fn act_asked_about_is_no_decision() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let effect = world.effect(&objection);
    assert_eq!(effect.validity, Validity::NotADecision);
    assert_eq!(effect.binds_others(), BindsOthers::NotHeld);
}

// spec: EFF-5
#[test]
fn newest_correction_of_one_author_holds_whatever_came_first() {
    let (mut world, target) = World::with_penalty();
    let newest = world.correct(Who::Issuer, 30, &target, fine(300_000));
    world.correct(Who::Issuer, 20, &target, fine(100_000));
    let effect = world.effect(&target);
    let by = vec![newest];
    assert_eq!(effect.validity, Validity::Corrected { by });
    assert_eq!(effect.amounts.fine_fen, 300_000);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
}

// spec: EFF-5
#[test]
fn corrections_by_two_authors_suspend_until_a_correction_names_the_other() {
    let (mut world, target) = World::with_penalty();
    let theirs = world.correct(Who::Supervisor, 5, &target, fine(100_000));
    let ours = world.correct(Who::Issuer, 20, &target, fine(200_000));
    let conflict = world.effect(&target);
    assert_eq!(grounds(&conflict), [SuspensionKind::Conflict]);
    assert_eq!(conflict.suspended_by[0].by, sorted(&[&theirs, &ours]));
    assert_eq!(conflict.binds_others(), BindsOthers::Suspended);
    assert_eq!(conflict.amounts.fine_fen, 100_000);
    assert!(conflict.in_force_for_issuer());

    let names_both = with(fine(150_000), |fields| {
        fields.rests_on = vec![theirs, ours];
    });
    let by = vec![world.correct(Who::Supervisor, 6, &target, names_both)];
    let settled = world.effect(&target);
    assert_eq!(settled.validity, Validity::Corrected { by });
    assert_eq!(settled.amounts.fine_fen, 150_000);
    assert_eq!(settled.binds_others(), BindsOthers::Applies);
}

// spec: EFF-5
#[test]
fn corrections_by_two_authors_suspend_until_a_supervisor_rules_on_both() {
    let (mut world, target) = World::with_penalty();
    let theirs = world.correct(Who::Supervisor, 5, &target, fine(100_000));
    let ours = world.correct(Who::Issuer, 20, &target, fine(200_000));
    world.rule(
        Who::Issuer,
        21,
        &target,
        Outcome::Corrected,
        &[&theirs, &ours],
    );
    world.rule(Who::Supervisor, 6, &target, Outcome::Corrected, &[&theirs]);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    world.rule(
        Who::Supervisor,
        7,
        &target,
        Outcome::Corrected,
        &[&theirs, &ours],
    );
    let settled = world.effect(&target);
    assert_eq!(settled.binds_others(), BindsOthers::Applies);
    assert_eq!(settled.amounts.fine_fen, 100_000);
}

// spec: EFF-15
#[test]
fn reissue_supersedes_once_witnessed_and_until_then_the_milder_reading_holds() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 15);
    let again = |fields: &mut DecisionFields| fields.reissues = Some(at(Who::Issuer, 10));
    let reissue = world.decide(Who::Issuer, 15, with(fine(100_000), again));
    let before = world.effect(&target);
    assert_eq!(before.superseded_by, None);
    assert_eq!(before.amounts.fine_fen, 100_000);
    assert_eq!(before.binds_others(), BindsOthers::Applies);
    assert_eq!(world.binds(&reissue), BindsOthers::NotWitnessed);

    world.witnessed_up_to(Who::Issuer, 16);
    let after = world.effect(&target);
    assert_eq!(after.superseded_by, Some(reissue.clone()));
    assert_eq!(after.binds_others(), BindsOthers::Superseded);
    assert_eq!(world.binds(&reissue), BindsOthers::Applies);
}

// spec: EFF-15
#[test]
fn reissue_by_another_authority_supersedes_nothing() {
    let (mut world, target) = World::with_penalty();
    let again = |fields: &mut DecisionFields| fields.reissues = Some(at(Who::Issuer, 10));
    world.decide(Who::City, 15, with(fine(1), again));
    let effect = world.effect(&target);
    assert_eq!(effect.superseded_by, None);
    assert_eq!(effect.amounts.fine_fen, 500_000);
}

// spec: EFF-16
#[test]
fn decision_has_no_basis_once_what_it_rests_on_is_withdrawn() {
    let mut world = World::new();
    let root = world.decide(Who::City, 1, penalty());
    let on = |basis: &StatementRef| {
        let basis = vec![basis.clone()];
        with(penalty(), |fields| {
            fields.document_number = text("二");
            fields.rests_on = basis;
        })
    };
    let middle = world.decide(Who::Supervisor, 1, on(&root));
    let target = world.decide(Who::Issuer, 10, on(&middle));
    let holds = world.effect(&target);
    let both = sorted(&[&root, &middle]);
    assert_eq!(holds.basis, Basis::Holds { on: both });
    assert_eq!(holds.binds_others(), BindsOthers::Applies);

    world.object(Who::Issuer, 2, &root, Ground::Facts);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);

    world.withdraw(Who::City, 2, &root);
    let fails = world.effect(&target);
    let failures = vec![BasisFailure {
        basis: root,
        why: BasisState::Withdrawn,
    }];
    assert_eq!(fails.basis, Basis::Fails { failures });
    assert_eq!(fails.binds_others(), BindsOthers::NoBasis);
    assert!(fails.in_force_for_issuer());
}

// spec: EFF-16
#[test]
fn decision_does_not_bind_others_while_its_basis_is_not_held_or_not_witnessed() {
    let mut world = World::new();
    let basis = at(Who::City, 1);
    let on = with(penalty(), |fields| fields.rests_on = vec![basis.clone()]);
    let target = world.decide(Who::Issuer, 10, on);
    assert_eq!(world.binds(&target), BindsOthers::BasisNotHeld);
    world.decide(Who::City, 1, penalty());
    world.witnessed_up_to(Who::City, 1);
    assert_eq!(world.binds(&target), BindsOthers::NotWitnessed);
}

/// What nobody could hold against a catalogue, and corrections of it that were, as they count.
// spec: EFF-180, EFF-226
#[test]
fn correction_that_does_not_count_in_full_leaves_a_basis_unchecked() {
    let milder = || with(penalty(), |fields| fields.fine_fen = Some(1));
    for (witnessed, binds) in [(20, BindsOthers::NoBasis), (60, BindsOthers::Applies)] {
        let mut world = World::new();
        world.witnessed_up_to(Who::Issuer, witnessed);
        let target = world.put(decision(Who::Issuer, 10, penalty()).of_history());
        assert_eq!(world.binds(&target), BindsOthers::NoBasis);
        world.correct(Who::Issuer, 30, &target, milder());
        assert_eq!(world.binds(&target), binds);
        assert_eq!(world.effect(&target).amounts.fine_fen, 1);
    }
    // Nor does one that is history itself go unsaid.
    let mut world = World::new();
    world.witnessed_up_to(Who::Issuer, 20);
    let target = world.decide(Who::Issuer, 10, penalty());
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.put(act(Who::Issuer, 30, &target, 0, correction(milder())).of_history());
    assert_eq!(world.binds(&target), BindsOthers::NoBasis);
}
