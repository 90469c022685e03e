use std::sync::Arc;

use concordat_protocol::exchange::{BodyOutcome, LogView as _, Witnessed};
use concordat_protocol::log::TreeSize;

use crate::core::fixture::{open, reopen};
use crate::disk::MemoryDisk;
use crate::fixture::{Fixture, Placed, subject};

use super::*;

pub(super) fn take_leaf(core: &mut Core<MemoryDisk>, placed: &Placed) {
    let leaf = placed.leaf.encode();
    core.stage_leaves(&placed.origin, placed.index, &[&leaf], &[])
        .unwrap();
    core.finish().unwrap();
}

pub(super) fn take_outcome(core: &mut Core<MemoryDisk>, placed: &Placed, outcome: BodyOutcome) {
    let bodies = vec![(placed.index, outcome)];
    core.stage_bodies(&placed.origin, bodies).unwrap();
    core.finish().unwrap();
}

pub(super) fn take_body(core: &mut Core<MemoryDisk>, placed: &Placed) {
    let accepted = BodyOutcome::Accepted {
        leaf: placed.leaf,
        body: Arc::clone(&placed.body),
        verified: true,
    };
    take_outcome(core, placed, accepted);
}

pub(super) fn take(core: &mut Core<MemoryDisk>, placed: &[&Placed]) {
    for one in placed {
        take_leaf(core, one);
        take_body(core, one);
    }
}

pub(super) fn is_erased(core: &Core<MemoryDisk>, placed: &Placed) -> bool {
    let read = core.shared.read_body(&placed.origin, placed.index);
    let erased = core.shared.is_erased(&placed.origin, placed.index);
    assert_eq!(read.unwrap().is_none(), erased);
    erased
}

// spec: PRP-72, PRP-73
#[test]
fn what_an_act_erases_is_read_no_more_in_whatever_order_they_come_and_over_restarts() {
    let fixture = Fixture::new();
    let (target, other) = (fixture.decision(0, 1), fixture.decision(1, 1));
    let act = fixture.erasure(false, 2, subject(1), &target);
    for act_first in [false, true] {
        let (mut core, disk) = open(&fixture);
        for placed in [&target, &other, &act] {
            take_leaf(&mut core, placed);
        }
        let order = match act_first {
            true => [&act, &target],
            false => [&target, &act],
        };
        take_body(&mut core, &other);
        for placed in order {
            take_body(&mut core, placed);
        }
        assert!(is_erased(&core, &target) && !is_erased(&core, &other));
        let core = reopen(&fixture, core, &disk);
        assert!(is_erased(&core, &target) && !is_erased(&core, &other));
        // One that is sent all the same does not come back.
        let mut core = core;
        take_body(&mut core, &target);
        assert!(is_erased(&core, &target));
    }
}

/// A decision of which the leaf alone is held, and an act that erases it.
pub(super) fn act_before_its_target(fixture: &Fixture) -> (Placed, Core<MemoryDisk>, MemoryDisk) {
    let target = fixture.decision(0, 1);
    let act = fixture.erasure(false, 1, subject(1), &target);
    let (mut core, disk) = open(fixture);
    take_leaf(&mut core, &target);
    take(&mut core, &[&act]);
    (target, core, disk)
}

// spec: PRP-73
#[test]
fn act_that_waited_for_its_target_is_remembered_over_a_restart() {
    let fixture = Fixture::new();
    let (target, core, disk) = act_before_its_target(&fixture);
    assert!(!core.shared.is_erased(&target.origin, target.index));
    let mut core = reopen(&fixture, core, &disk);
    take_body(&mut core, &target);
    assert!(is_erased(&core, &target));
}

// spec: PRP-73
#[test]
fn what_the_hub_says_is_erased_is_settled_without_a_body() {
    let fixture = Fixture::new();
    let (target, mut core, disk) = act_before_its_target(&fixture);
    take_outcome(&mut core, &target, BodyOutcome::Absent(Absence::Erased));
    assert!(is_erased(&core, &target));
    assert!(core.erasures.open.is_empty() && core.erasures.by_target.is_empty());
    let core = reopen(&fixture, core, &disk);
    assert!(is_erased(&core, &target));
}

/// After the database was made anew, the same file could be imported once more: nothing told that it was erased.
// spec: IDX-125
#[test]
fn what_was_erased_is_there_for_an_index_built_anew_and_for_nobody_else() {
    let fixture = Fixture::new();
    let (target, other) = (fixture.decision(0, 1), fixture.decision(1, 1));
    let act = fixture.erasure(false, 2, subject(1), &target);
    let (mut core, disk) = open(&fixture);
    take(&mut core, &[&target, &other, &act]);
    let core = reopen(&fixture, core, &disk);
    let shared = &core.shared;
    let to_index = |one: &Placed| shared.body_to_index(&one.origin, one.index);
    assert_eq!(to_index(&target).as_deref(), Some(&*target.body));
    assert_eq!(to_index(&other).as_deref(), Some(&*other.body));
    assert_eq!(shared.body(&target.origin, target.index), None);
    assert_eq!(
        shared.erased(&target.origin, target.index),
        Some(target.reference())
    );
    assert_eq!(shared.erased(&other.origin, other.index), None);
}

// spec: PRP-72
#[test]
fn another_without_supervision_erases_nothing() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let act = fixture.erasure(true, 0, subject(1), &target);
    let (mut core, _) = open(&fixture);
    take(&mut core, &[&target, &act]);
    assert!(!is_erased(&core, &target));
}

// spec: PRP-75
#[test]
fn what_is_not_urgent_waits_for_the_quorum() {
    for ground in [ErasureGround::Law, ErasureGround::Order] {
        let fixture = Fixture::new();
        let target = fixture.decision(0, 1);
        let act = fixture.erasure_with((false, 1), subject(1), &target, (ground, &[]));
        let (mut core, disk) = open(&fixture);
        take(&mut core, &[&target, &act]);
        assert!(!is_erased(&core, &target));
        let mut core = reopen(&fixture, core, &disk);
        for (size, gone) in [(1, false), (2, true)] {
            let seen = Witnessed {
                size: TreeSize::new(size).unwrap(),
                at: None,
                ahead: None,
            };
            write(&core.shared.witnessed).insert(target.origin.clone(), seen);
            core.finish().unwrap();
            assert_eq!(is_erased(&core, &target), gone, "{size}");
        }
    }
}

// spec: PRP-74
#[test]
fn acts_are_not_erased_but_corrections_with_what_they_correct() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let withdrawal = fixture.withdrawal(1, subject(1), &target);
    let objection = fixture.objection(2, subject(1), &target);
    let correction = fixture.correction(3, &target, 2);
    let urgent = ErasureGround::UrgentPersonalData;
    let others = [&withdrawal, &objection, &correction];
    let (mut core, _) = open(&fixture);
    take(&mut core, &[&target, &withdrawal, &objection, &correction]);
    for (index, one) in (4..).zip(others) {
        let alone = fixture.erasure(false, index, subject(1), one);
        take(&mut core, &[&alone]);
        assert!(!is_erased(&core, one));
    }
    let all = fixture.erasure_with((false, 7), subject(1), &target, (urgent, &others));
    take(&mut core, &[&all]);
    assert!(is_erased(&core, &target) && is_erased(&core, &correction));
    assert!(!is_erased(&core, &withdrawal) && !is_erased(&core, &objection));
}

// spec: PRP-76
#[test]
fn decision_does_not_go_under_another_organisation_nor_before_what_it_replaced() {
    let fixture = Fixture::new();
    let root = fixture.decision(0, 1);
    let again = fixture.decision_with(1, 1, |fields| fields.reissues = Some(root.reference()));
    let urgent = ErasureGround::UrgentPersonalData;
    let (mut core, _) = open(&fixture);
    take(&mut core, &[&root, &again]);
    let another = fixture.erasure(false, 2, subject(2), &root);
    let alone = fixture.erasure(false, 3, subject(1), &again);
    take(&mut core, &[&another, &alone]);
    assert!(!is_erased(&core, &root) && !is_erased(&core, &again));
    let both = fixture.erasure_with((false, 4), subject(1), &again, (urgent, &[&root]));
    take(&mut core, &[&both]);
    assert!(is_erased(&core, &root) && is_erased(&core, &again));
}

// spec: PRP-73, PRP-74
#[test]
fn correction_goes_once_what_it_corrects_is_gone_in_whatever_order_the_acts_come() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let correction = fixture.correction(1, &target, 2);
    let (mut core, disk) = open(&fixture);
    take(&mut core, &[&target, &correction]);
    let of_correction = fixture.erasure(false, 2, subject(1), &correction);
    take(&mut core, &[&of_correction]);
    assert!(!is_erased(&core, &correction));
    let of_target = fixture.erasure(false, 3, subject(1), &target);
    take(&mut core, &[&of_target]);
    assert!(is_erased(&core, &target) && is_erased(&core, &correction));
    let core = reopen(&fixture, core, &disk);
    assert!(is_erased(&core, &target) && is_erased(&core, &correction));
}

// spec: PRP-100
#[test]
fn nobodys_word_hides_an_act_on_what_is_in_sight() {
    let fixture = Fixture::new();
    let (target, other) = (fixture.decision(0, 1), fixture.decision(1, 1));
    let withheld = fixture.objection(2, subject(1), &target);
    let act = fixture.erasure(false, 3, subject(1), &withheld);
    let (mut core, _) = open(&fixture);
    take(&mut core, &[&target, &other]);
    take_leaf(&mut core, &withheld);
    take(&mut core, &[&act]);
    let is_erasing = |core: &Core<MemoryDisk>| {
        let logs = core.shared.logs();
        logs.is_erasing(&withheld.origin, withheld.index)
    };
    assert!(!is_erasing(&core));
    // With the decision gone there is nothing left that it would suspend.
    let of_target = fixture.erasure(false, 4, subject(1), &target);
    take(&mut core, &[&of_target]);
    assert!(is_erased(&core, &target) && is_erasing(&core));
}
