//! Decisions that make anew what was erased.

use super::*;

fn reissuing(root: &StatementRef, number: &str) -> DecisionFields {
    with(penalty(), |fields| {
        fields.document_number = text(number);
        fields.reissues = Some(root.clone());
    })
}

/// An older re-issue came to bind once the root and the newest were erased.
// spec: EFF-230
#[test]
fn what_makes_anew_what_was_erased_burdens_nobody() {
    let mut world = World::new();
    let erased = at(Who::Issuer, 3);
    let again = world.put(decision(
        Who::Issuer,
        10,
        reissuing(&erased, "鹤劳罚字〔2026〕21号"),
    ));
    let other = world.put(decision(Who::Issuer, 11, penalty()));
    assert_eq!(world.binds(&again), BindsOthers::Applies);
    world.history.insert_gone(again.clone(), erased.clone());
    assert_eq!(world.binds(&again), BindsOthers::BasisNotHeld);
    let failures = vec![BasisFailure {
        basis: erased,
        why: BasisState::NotHeld,
    }];
    assert_eq!(world.effect(&again).basis, Basis::Fails { failures });
    assert_eq!(world.binds(&other), BindsOthers::Applies);
}

// spec: EFF-230
#[test]
fn what_is_made_anew_of_that_burdens_nobody_either() {
    let mut world = World::new();
    let erased = at(Who::Issuer, 3);
    let again = world.put(decision(
        Who::Issuer,
        10,
        reissuing(&erased, "鹤劳罚字〔2026〕21号"),
    ));
    let third = world.put(decision(
        Who::Issuer,
        11,
        reissuing(&again, "鹤劳罚字〔2026〕22号"),
    ));
    let rests = world.put(decision(Who::Issuer, 12, resting_on(&again)));
    for one in [&third, &rests] {
        assert_eq!(world.binds(one), BindsOthers::Applies);
    }
    world.history.insert_gone(again, erased);
    for one in [&third, &rests] {
        assert_eq!(world.binds(one), BindsOthers::BasisNotHeld);
    }
}

/// The copy that everybody's acts name is erased, and the first one handed out.
// spec: EFF-230
#[test]
fn copy_of_what_was_erased_burdens_nobody_where_it_stands_first() {
    let mut world = World::new();
    let first = decision(Who::Issuer, 10, penalty());
    let place = first.reference().clone();
    let second = decision(Who::Issuer, 11, penalty()).with_bytes_of(&place);
    let copy = second.reference().clone();
    world.put(first);
    world.put(second);
    world.history.insert_gone(copy, at(Who::Issuer, 12));
    assert_eq!(world.binds(&place), BindsOthers::BasisNotHeld);
}
