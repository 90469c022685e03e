//! What a repair ends, for whom, and what takes it back.

use super::*;

// spec: EFF-161
#[test]
fn repair_ends_measures_and_publication_for_others_and_leaves_the_record() {
    let (mut world, target) = World::with_penalty();
    let by = world.act(
        Who::Issuer,
        20,
        &target,
        repair(&[RepairEffect::StopSharing]),
    );
    let effect = world.effect(&target);
    let repaired = Repaired {
        by: vec![by],
        effects: vec![RepairEffect::StopSharing],
    };
    assert_eq!(effect.repaired, Some(repaired));
    assert_eq!(effect.binds_others(), BindsOthers::Repaired);
    let measure = &effect.duties[0].duty.measure;
    assert_eq!(effect.measure_binds_others(measure), BindsOthers::Repaired);
    assert!(effect.publication.ended);
    assert_eq!(effect.publication.until, Some(day("2027-03-01")));
    // The fine is still owed.
    assert!(effect.in_force_for_issuer());
    assert_eq!(effect.amounts.fine_fen, 500_000);
    assert_eq!(effect.burden, Burden::Burdens);
    assert_eq!(effect.validity, Validity::InForce);
}

// spec: EFF-160
#[test]
fn repair_counts_by_the_issuer_or_a_supervisor_as_soon_as_it_is_verified() {
    for (who, counts) in [
        (Who::Issuer, true),
        (Who::Supervisor, true),
        (Who::City, false),
        (Who::Hub, false),
    ] {
        let (mut world, target) = World::with_penalty();
        world.witnessed_up_to(who, 20);
        world.witnessed_up_to(Who::Issuer, 20);
        let made = act(who, 20, &target, 0, repair(&[RepairEffect::Mark]));
        for made in [made.clone(), cut_off(made)] {
            let mut world = world.clone();
            world.put(made);
            let effect = world.effect(&target);
            assert_eq!(effect.repaired.is_some(), counts, "{who:?}");
        }
    }
}

// spec: EFF-161
#[test]
fn licence_is_not_touched_by_a_repair_and_what_it_asks_is() {
    let mut world = World::new();
    let plain = world.decide(Who::Issuer, 10, licence());
    let burdening = with(licence(), |fields| {
        fields.document_number = text("鹤食许字〔2026〕2号");
        fields.basis = penalty().basis;
        fields.duties = penalty().duties;
    });
    let burdening = world.decide(Who::Issuer, 11, burdening);
    for (index, target) in [(20, &plain), (21, &burdening)] {
        world.act(Who::Issuer, index, target, repair(&[RepairEffect::Mark]));
        let effect = world.effect(target);
        assert!(effect.grant_stands() && effect.in_force_for_issuer());
        assert_eq!(effect.binds_others(), BindsOthers::Applies);
    }
    let effect = world.effect(&burdening);
    let measure = &effect.duties[0].duty.measure;
    assert_eq!(effect.measure_binds_others(measure), BindsOthers::Repaired);
}

// spec: EFF-160
#[test]
fn re_issue_behind_a_repair_is_a_new_burden() {
    let (mut world, target) = World::with_penalty();
    world.act(Who::Issuer, 20, &target, repair(&[RepairEffect::Mark]));
    let again = with(penalty(), |fields| fields.reissues = Some(target.clone()));
    let again = world.decide(Who::Issuer, 30, again);
    assert_eq!(world.binds(&again), BindsOthers::Applies);
    assert_eq!(world.binds(&target), BindsOthers::Superseded);
}

// spec: EFF-110, EFF-160
#[test]
fn repair_of_a_copy_repairs_the_first() {
    let (mut world, target) = World::with_penalty();
    let copy = decision(Who::Issuer, 12, penalty()).with_bytes_of(&target);
    let copy = world.put(copy);
    world.act(Who::Issuer, 20, &copy, repair(&[RepairEffect::Mark]));
    assert_eq!(world.binds(&target), BindsOthers::Repaired);
}

// spec: EFF-162
#[test]
fn repair_is_taken_back_by_its_issuer_or_a_supervisor_once_that_counts_in_full() {
    for (by, takes_back) in [
        (Who::Issuer, true),
        (Who::Supervisor, true),
        (Who::City, false),
    ] {
        let (mut world, target) = World::with_penalty();
        let repair = act(Who::Issuer, 20, &target, 0, repair(&[RepairEffect::Mark]));
        let repair_at = repair.reference().clone();
        world.witnessed_up_to(by, 50);
        let withdrawal = act(by, 50, &repair_at, 0, withdrawal());
        // The withdrawal comes first.
        world.put(withdrawal.clone());
        assert_eq!(world.binds(&target), BindsOthers::Applies);
        world.put(repair);
        assert_eq!(world.binds(&target), BindsOthers::Repaired, "{by:?}");
        world.witnessed_up_to(by, 51);
        let expected = match takes_back {
            true => BindsOthers::Applies,
            false => BindsOthers::Repaired,
        };
        assert_eq!(world.binds(&target), expected, "{by:?}");
        world.put(void(withdrawal, VoidCause::MandateEnded));
        assert_eq!(world.binds(&target), BindsOthers::Repaired, "{by:?}");
    }
}

// spec: EFF-162
#[test]
fn withdrawal_of_what_takes_a_repair_back_does_not_bring_it_back() {
    let (mut world, target) = World::with_penalty();
    let repair = world.act(Who::Issuer, 20, &target, repair(&[RepairEffect::Mark]));
    let withdrawal = world.withdraw(Who::Issuer, 21, &repair);
    world.withdraw(Who::Issuer, 22, &withdrawal);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-163
#[test]
fn several_repairs_are_shown_with_all_that_they_ask() {
    let (mut world, target) = World::with_penalty();
    let (list, mark) = (RepairEffect::RemoveFromList, RepairEffect::Mark);
    let first = world.act(Who::Issuer, 20, &target, repair(&[mark]));
    let shown = world.effect(&target).repaired.unwrap();
    assert!(!shown.removes_from_list());
    let second = world.act(Who::Supervisor, 20, &target, repair(&[list, mark]));
    let both = world.effect(&target).repaired.unwrap();
    assert!(both.removes_from_list());
    assert_eq!(both.effects, [list, mark]);
    assert_eq!(both.by, sorted(&[&first, &second]));
    world.withdraw(Who::Supervisor, 21, &second);
    assert_eq!(world.effect(&target).repaired, Some(shown));
}

/// An entry in a list of serious breaches.
fn entry() -> DecisionFields {
    with(penalty(), |fields| {
        fields.act_type = ActType::SeriousList;
        fields.penalty_classes.clear();
        fields.fine_fen = None;
        fields.valid_until = Some(day("2027-03-01"));
        fields.listing = Some(Listing {
            pre_notice: Some(Service {
                on: day("2026-02-10"),
                way: ServiceWay::Direct,
            }),
            exit_conditions: text("足额支付工资"),
            exit_procedure: text("向认定单位申请"),
            group: None,
            quarter: None,
        });
    })
}

/// Off the list is off it for everybody; any other repair leaves the record to who keeps the list.
// spec: EFF-163
#[test]
fn entry_that_a_repair_takes_off_its_list_stands_for_nobody() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, entry());
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.act(Who::Issuer, 20, &target, repair(&[RepairEffect::Mark]));
    assert_eq!(world.binds(&target), BindsOthers::Repaired);
    assert!(world.effect(&target).in_force_for_issuer());
    let list = [RepairEffect::RemoveFromList];
    let repair = world.act(Who::Issuer, 21, &target, repair(&list));
    assert!(!world.effect(&target).in_force_for_issuer());
    world.withdraw(Who::Issuer, 22, &repair);
    assert!(world.effect(&target).in_force_for_issuer());
    // A fine is owed all the same.
    let (mut world, fined) = World::with_penalty();
    world.act(Who::Issuer, 20, &fined, self::repair(&list));
    assert!(world.effect(&fined).in_force_for_issuer());
}

// spec: EFF-164
#[test]
fn repaired_basis_carries_no_burden_and_weighs_more_than_one_that_is_not_held() {
    let (mut world, basis) = World::with_penalty();
    let resting = with(fine(1), |fields| {
        fields.document_number = text("黑劳罚字〔2026〕99号");
        fields.rests_on = sorted(&[&basis, &at(Who::Issuer, 900)]);
    });
    let resting = world.decide(Who::City, 10, resting);
    assert_eq!(world.binds(&resting), BindsOthers::BasisNotHeld);
    let repair = world.act(Who::Issuer, 20, &basis, repair(&[RepairEffect::Mark]));
    let effect = world.effect(&resting);
    assert_eq!(effect.binds_others(), BindsOthers::NoBasis);
    let failed = BasisFailure {
        basis: basis.clone(),
        why: BasisState::Repaired,
    };
    let Basis::Fails { failures } = effect.basis else {
        panic!("{:?}", effect.basis)
    };
    assert!(failures.contains(&failed));
    assert_eq!(effect.repaired, None);
    world.withdraw(Who::Issuer, 21, &repair);
    assert_eq!(world.binds(&resting), BindsOthers::BasisNotHeld);
    world.withdraw(Who::Issuer, 22, &basis);
    assert_eq!(world.binds(&resting), BindsOthers::NoBasis);
}

/// An act whose target is an act has no effect, save the withdrawal of one that may be taken back.
// spec: EFF-160
#[test]
fn repair_of_an_act_says_nothing() {
    let (mut world, target) = World::with_penalty();
    let correction = world.correct(Who::Issuer, 20, &target, fine(1));
    for (who, index) in [(Who::Issuer, 21), (Who::Supervisor, 21)] {
        world.act(who, index, &correction, repair(&[RepairEffect::Mark]));
    }
    assert_eq!(world.effect(&correction).repaired, None);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-195
#[test]
fn repair_of_what_law_declares_beyond_repair_does_not_count() {
    for who in [Who::Issuer, Who::Supervisor] {
        let mut world = World::new();
        world.witnessed_up_to(who, 60);
        let made = decision(Who::Issuer, 10, penalty()).not_to_be_repaired();
        let target = world.put(made);
        world.witnessed_up_to(Who::Issuer, 60);
        assert_eq!(world.effect(&target).beyond_repair, Some(target.clone()));
        world.act(who, 20, &target, repair(&[RepairEffect::StopSharing]));
        let effect = world.effect(&target);
        assert_eq!(effect.beyond_repair, Some(target));
        assert_eq!(effect.repaired, None);
        assert_eq!(effect.binds_others(), BindsOthers::Applies);
        assert!(!effect.publication.ended);
    }
    let (mut world, target) = World::with_penalty();
    world.act(Who::Issuer, 20, &target, repair(&[RepairEffect::Mark]));
    let effect = world.effect(&target);
    assert!(effect.beyond_repair.is_none() && effect.repaired.is_some());
}

fn under(item: &str, fine: u64) -> Content {
    correction(with(penalty(), |fields| {
        fields.item = Code::new(item).unwrap();
        fields.fine_fen = Some(fine);
    }))
}

/// Whether a decision reads as beyond repair, and whether a repair of it counts.
fn beyond_and_repaired(world: &World, target: &StatementRef) -> (bool, bool) {
    let effect = world.effect(target);
    (effect.beyond_repair.is_some(), effect.repaired.is_some())
}

// spec: EFF-195
#[test]
fn correction_under_another_item_lets_a_decision_be_repaired() {
    // By whom, whether it is beyond repair as well, and whether the repair counts.
    for (who, is_beyond, counts) in [
        (Who::Issuer, false, true),
        (Who::Supervisor, false, true),
        (Who::Issuer, true, false),
        (Who::City, false, false),
    ] {
        // One that no quorum has cosigned changes nothing of it.
        for (witnessed, counts) in [(11, false), (60, counts)] {
            let mut world = World::new();
            world.witnessed_up_to(Who::Issuer, witnessed);
            world.witnessed_up_to(who, witnessed);
            let target = world.put(decision(Who::Issuer, 10, penalty()).not_to_be_repaired());
            let corrected = act(who, 30, &target, 0, under("penalty.other", 1));
            world.put(match is_beyond {
                true => corrected.not_to_be_repaired(),
                false => corrected,
            });
            world.act(Who::Issuer, 40, &target, repair(&[RepairEffect::Mark]));
            let found = beyond_and_repaired(&world, &target);
            assert_eq!(found, (!counts, counts), "{who:?} {is_beyond} {witnessed}");
        }
    }
}

/// A decision and corrections of it: who says each, under which item, by which state of the registry, and whether it
/// says that it is beyond repair; the first is the decision.
fn told(sayings: &[(Who, &str, u64, bool)]) -> (World, StatementRef) {
    let mut world = World::new();
    world.witnessed_up_to(Who::Issuer, 90);
    world.witnessed_up_to(Who::Supervisor, 90);
    let mut target = None;
    for (at, (who, item, registry, is_beyond)) in (10..).step_by(10).zip(sayings) {
        let says = Code::new(item).unwrap();
        let fact = match &target {
            None => {
                let made = with(penalty(), |fields| fields.item = says);
                decision(*who, at, made)
            }
            Some(target) => act(*who, at, target, 0, under(item, 1)),
        };
        let fact = fact.by_registry(TreeSize::new(*registry).unwrap());
        let place = world.put(match is_beyond {
            true => fact.not_to_be_repaired(),
            false => fact,
        });
        target.get_or_insert(place);
    }
    let target = target.unwrap();
    world.act(Who::Issuer, 80, &target, repair(&[RepairEffect::Mark]));
    (world, target)
}

// spec: EFF-195, EFF-225
#[test]
fn beyond_repair_is_read_from_whoever_names_the_item_first_without_a_break() {
    use Who::{Issuer, Supervisor};
    let (own, general) = ("penalty.own", "penalty.general");
    // What is said, and whose word says that it is beyond repair.
    for (said, by) in [
        // A correction of something else takes no newer catalogue, whichever way that would go.
        (
            &[(Issuer, own, 5, true), (Issuer, own, 6, false)][..],
            Some(0),
        ),
        (&[(Issuer, own, 5, false), (Issuer, own, 6, true)], None),
        (&[(Issuer, own, 5, true), (Issuer, own, 5, false)], Some(0)),
        // One of another log may have been made by an older catalogue.
        (
            &[(Issuer, own, 6, false), (Supervisor, own, 5, true)],
            Some(1),
        ),
        (&[(Issuer, own, 6, true), (Supervisor, own, 5, false)], None),
        // Another item and back: it stands under its item again, by the catalogue of then.
        (&[(Issuer, own, 5, true), (Issuer, general, 6, false)], None),
        (
            &[
                (Issuer, own, 5, true),
                (Issuer, general, 6, false),
                (Issuer, own, 7, true),
            ],
            Some(2),
        ),
        (
            &[
                (Issuer, own, 5, true),
                (Issuer, general, 6, false),
                (Issuer, own, 7, false),
            ],
            None,
        ),
        // Without a break behind the way back.
        (
            &[
                (Issuer, own, 5, false),
                (Issuer, general, 6, false),
                (Issuer, own, 7, true),
                (Issuer, own, 8, false),
            ],
            Some(2),
        ),
        // Put under an item that is declared so.
        (
            &[(Issuer, general, 5, false), (Issuer, own, 6, true)],
            Some(1),
        ),
    ] {
        let (world, target) = told(said);
        let effect = world.effect(&target);
        let found = effect.beyond_repair.map(|by| by.index.value() / 10 - 1);
        assert_eq!(found, by, "{said:?}");
        assert_eq!(effect.repaired.is_some(), by.is_none(), "{said:?}");
    }
}
