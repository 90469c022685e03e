//! What frees acts at once; what binds waits for witnesses.

use super::*;

// spec: EFF-11
#[test]
fn penalty_does_not_bind_others_before_it_is_witnessed() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 10);
    let effect = world.effect(&target);
    assert_eq!(effect.backing, Some(Backing::Provisional));
    assert_eq!(effect.binds_others(), BindsOthers::NotWitnessed);
    assert!(effect.in_force_for_issuer());
    world.horizon.logs.remove(&Who::Issuer.origin());
    assert_eq!(world.binds(&target), BindsOthers::NotWitnessed);
}

// spec: EFF-12
#[test]
fn licence_may_be_relied_on_before_it_is_witnessed() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.witnessed_up_to(Who::Issuer, 10);
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
    assert!(effect.grant_stands());
}

// spec: EFF-13
#[test]
fn correction_that_lowers_the_fine_acts_at_once() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 11);
    let correction = world.correct(Who::Issuer, 11, &target, fine(50_000));
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 50_000);
    let by = vec![correction.clone()];
    assert_eq!(effect.validity, Validity::Corrected { by });
    assert_eq!(effect.pending, [correction]);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
}

// spec: EFF-13, EFF-22
#[test]
fn correction_that_raises_the_fine_changes_nothing_until_witnessed() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 11);
    let correction = world.correct(Who::Issuer, 11, &target, fine(900_000));
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 500_000);
    assert_eq!(effect.validity, Validity::InForce);
    assert_eq!(effect.pending, [correction]);
    world.witnessed_up_to(Who::Issuer, 12);
    assert_eq!(world.effect(&target).amounts.fine_fen, 900_000);
}

// spec: EFF-84
#[test]
fn what_is_void_does_not_read_as_pending() {
    let (mut world, target) = World::with_penalty();
    let raising = payload(correction(fine(900_000)), Some(&target), 0);
    let authority = Authority::Mandate;
    let at = at(Who::Issuer, 11);
    let raising = Fact::new(at, Who::Issuer.code(), Arc::new(raising), authority, None);
    world.put(cut_off(raising));
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 500_000);
    assert_eq!(effect.pending, []);
}

// spec: EFF-13
#[test]
fn correction_that_frees_in_one_part_and_binds_in_another_counts_for_the_first() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 11);
    let mixed = with(fine(900_000), |fields| {
        fields.publication_until = Some(day("2026-12-31"));
        fields.confiscation_fen = Some(1);
        fields.duties = vec![
            duty("credit.limit", "2026-12-31"),
            duty("tender.limit", "2026-07-31"),
        ];
    });
    world.correct(Who::Issuer, 11, &target, mixed);
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 500_000);
    assert_eq!(effect.amounts.confiscation_fen, 0);
    assert_eq!(effect.publication.until, Some(day("2026-12-31")));
    let kept = DutyEnd {
        measure: measure("tender.limit"),
        until: day("2026-07-31"),
    };
    assert_eq!(effect.duties.len(), 1);
    assert_eq!(effect.duties[0].duty, kept);
    world.witnessed_up_to(Who::Issuer, 12);
    let witnessed = world.effect(&target);
    assert_eq!(witnessed.amounts.fine_fen, 900_000);
    assert_eq!(witnessed.duties.len(), 2);
}

// spec: EFF-13
#[test]
fn correction_to_another_organisation_lifts_the_burden_until_witnessed() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 11);
    let other = SubjectCode::with_check("91230400MA0000023").unwrap();
    let moved = with(penalty(), |fields| {
        let form = Form::Enterprise;
        fields.subject = Subject::new(other, SubjectCheck::Ok, form, text("另一公司")).unwrap();
    });
    world.correct(Who::Issuer, 11, &target, moved);
    let effect = world.effect(&target);
    assert_eq!(effect.burden, Burden::Lifted);
    assert_eq!(effect.binds_others(), BindsOthers::Lifted);
    assert_eq!(effect.amounts, Amounts::default());
}

// spec: EFF-14
#[test]
fn correction_under_a_key_cut_off_keeps_only_what_frees() {
    let (mut world, target) = World::with_penalty();
    let mixed = with(fine(50_000), |fields| {
        fields.duties = vec![duty("tender.limit", "2027-09-30")];
    });
    world.put(cut_off(act(Who::Issuer, 11, &target, 0, correction(mixed))));
    let effect = world.effect(&target);
    assert_eq!(effect.amounts.fine_fen, 50_000);
    assert_eq!(effect.duties[0].duty.until, day("2026-09-30"));
}

// spec: EFF-14
#[test]
fn statement_past_its_grace_binds_nobody_and_frees_all_the_same() {
    let mut world = World::new();
    let target = world.put(decision(Who::Issuer, 10, penalty()).ctx_late());
    let why = VoidCause::CtxLate;
    assert_eq!(world.effect(&target).validity, Validity::Void { why });

    let (mut world, target) = World::with_penalty();
    let objection = act(Who::City, 3, &target, 0, objection(Ground::Facts, false));
    world.put(objection.ctx_late());
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-14
#[test]
fn decision_beyond_the_prefix_of_a_forked_log_reads_suspended_and_one_before_it_does_not() {
    let (mut world, target) = World::with_penalty();
    world.log(Who::Issuer).frozen_at = Some(LeafIndex::new(10));
    let beyond = world.effect(&target);
    let frozen_at = LeafIndex::new(10);
    assert_eq!(beyond.fork, Fork::Beyond { frozen_at });
    assert_eq!(grounds(&beyond), [SuspensionKind::Fork]);
    assert_eq!(beyond.binds_others(), BindsOthers::Suspended);

    world.log(Who::Issuer).frozen_at = Some(LeafIndex::new(11));
    let before = world.effect(&target);
    let frozen_at = LeafIndex::new(11);
    assert_eq!(before.fork, Fork::Before { frozen_at });
    assert_eq!(before.binds_others(), BindsOthers::Applies);
}

// spec: EFF-12, EFF-14
#[test]
fn acts_beyond_the_prefix_free_and_do_not_bind() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    world.log(Who::Issuer).frozen_at = Some(LeafIndex::new(11));
    world.log(Who::City).frozen_at = Some(LeafIndex::new(0));
    world.rule(Who::Issuer, 11, &target, Outcome::Rejected, &[&objection]);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    world.withdraw(Who::Issuer, 12, &target);
    assert_eq!(world.binds(&target), BindsOthers::Withdrawn);
}

// spec: EFF-20
#[test]
fn licence_is_withdrawn_only_once_the_withdrawal_is_witnessed() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.witnessed_up_to(Who::Issuer, 11);
    let withdrawal = world.withdraw(Who::Issuer, 11, &target);
    let before = world.effect(&target);
    assert_eq!(before.binds_others(), BindsOthers::Applies);
    assert_eq!(before.pending, [withdrawal]);
    world.witnessed_up_to(Who::Issuer, 12);
    assert_eq!(world.binds(&target), BindsOthers::Withdrawn);
}

// spec: EFF-13, EFF-20
#[test]
fn licence_is_shortened_only_once_witnessed_and_lengthened_at_once() {
    let until = |text: &str| {
        let until = day(text);
        with(licence(), |fields| fields.valid_until = Some(until))
    };
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.witnessed_up_to(Who::Issuer, 11);
    world.correct(Who::Issuer, 11, &target, until("2026-04-01"));
    let shortened = world.effect(&target);
    assert_eq!(shortened.term.end.until, Some(day("2029-03-01")));
    world.correct(Who::Issuer, 12, &target, until("2031-03-01"));
    let lengthened = world.effect(&target);
    assert_eq!(lengthened.term.end.until, Some(day("2031-03-01")));
}

// spec: EFF-9
#[test]
fn objection_leaves_a_licence_standing() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.object(Who::City, 3, &target, Ground::Facts);
    let effect = world.effect(&target);
    assert_eq!(grounds(&effect), [SuspensionKind::Objection(Ground::Facts)]);
    assert_eq!(effect.binds_others(), BindsOthers::Applies);
}

/// A licence with a measure, lengthened by a correction that nobody has witnessed: the licence lasts
/// longer, and the measure binds nobody for a day longer than before.
// spec: EFF-13, EFF-22
#[test]
fn licence_lengthened_before_witnesses_does_not_lengthen_its_own_burden() {
    let lasting = |until: &str| {
        let until = day(until);
        with(licence(), |fields| {
            fields.basis = penalty().basis;
            fields.duties = vec![duty("tender.limit", "2026-09-30")];
            fields.valid_until = Some(until);
        })
    };
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, lasting("2026-04-30"));
    world.witnessed_up_to(Who::Issuer, 11);
    assert_eq!(world.binds(&target), BindsOthers::Ended);
    world.correct(Who::Issuer, 11, &target, lasting("2027-04-30"));
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Ended);
    assert!(effect.grant_stands());
    world.witnessed_up_to(Who::Issuer, 12);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-20
#[test]
fn penalty_corrected_into_a_licence_is_taken_back_as_a_licence_is() {
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 12);
    world.correct(Who::Issuer, 11, &target, licence());
    world.withdraw(Who::Issuer, 12, &target);
    assert!(world.effect(&target).grant_stands());
    world.witnessed_up_to(Who::Issuer, 13);
    assert_eq!(world.binds(&target), BindsOthers::Withdrawn);
}
