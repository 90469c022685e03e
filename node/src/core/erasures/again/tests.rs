use std::sync::Arc;

use concordat_protocol::exchange::{BodyOutcome, LogView as _};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::ErasureGround;
use concordat_protocol::trust::Registry;

use crate::core::erasures::tests::{
    act_before_its_target, is_erased, take, take_body, take_leaf, take_outcome,
};
use crate::core::fixture::{open, reopen};
use crate::core::logs::BodyState;
use crate::core::types::Output;
use crate::disk::MemoryDisk;
use crate::fixture::{Fixture, subject};

use super::*;

/// The node adopts another state of the registry; the positions whose bodies are told of anew.
fn adopt(core: &mut Core<MemoryDisk>, registry: Registry) -> Vec<u64> {
    core.registry = registry.clone();
    *write(&core.shared.registry) = Arc::new(registry);
    core.erasures.recheck();
    let mut told = Vec::new();
    for output in core.finish().unwrap() {
        if let Output::Durable { items, .. } = output {
            told.extend(items.iter().map(|one| one.index.value()));
        }
    }
    told
}

// spec: PRP-103
#[test]
fn what_a_stolen_key_erased_is_in_sight_again_after_its_cut_off_and_over_restarts() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let act = fixture.erasure(false, 1, subject(1), &target);
    let (mut core, disk) = open(&fixture);
    take(&mut core, &[&target, &act]);
    assert!(is_erased(&core, &target));
    // Whoever starts in between finds it gone, and knows by which act.
    let mut core = reopen(&fixture, core, &disk);
    assert!(is_erased(&core, &target));
    assert_eq!(adopt(&mut core, fixture.cut_off_from(2)), [0; 0]);
    assert!(
        is_erased(&core, &target),
        "the act stands before the cut-off"
    );
    assert_eq!(adopt(&mut core, fixture.cut_off_from(1)), [0]);
    assert!(!is_erased(&core, &target));
    assert_eq!(
        core.shared
            .read_body(&target.origin, target.index)
            .unwrap()
            .as_deref(),
        Some(&*target.body)
    );
    // The start knows no registry here, and so takes the act for one that holds until it does.
    let mut core = reopen(&fixture, core, &disk);
    adopt(&mut core, fixture.cut_off_from(1));
    assert!(!is_erased(&core, &target));
}

// spec: PRP-103
#[test]
fn void_act_takes_nothing_away_whether_cut_off_or_act_comes_first() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let act = fixture.erasure(false, 1, subject(1), &target);
    for cut_off_first in [false, true] {
        let (mut core, _) = open(&fixture);
        take(&mut core, &[&target]);
        if cut_off_first {
            adopt(&mut core, fixture.cut_off_from(1));
        }
        take(&mut core, &[&act]);
        assert_eq!(is_erased(&core, &target), !cut_off_first);
        adopt(&mut core, fixture.cut_off_from(1));
        assert!(!is_erased(&core, &target));
        assert!(core.erasures.open.is_empty() && core.erasures.by_target.is_empty());
    }
}

// spec: PRP-103
#[test]
fn what_another_act_erases_that_holds_stays_out_of_sight() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let by_right = fixture.erasure(false, 1, subject(1), &target);
    let stolen = fixture.erasure(false, 2, subject(1), &target);
    for order in [[&by_right, &stolen], [&stolen, &by_right]] {
        let (mut core, _) = open(&fixture);
        for one in [&target, &by_right, &stolen] {
            take_leaf(&mut core, one);
        }
        for one in [&target].into_iter().chain(order) {
            take_body(&mut core, one);
        }
        adopt(&mut core, fixture.cut_off_from(2));
        assert!(is_erased(&core, &target));
        adopt(&mut core, fixture.cut_off_from(1));
        assert!(!is_erased(&core, &target));
    }
}

// spec: PRP-103, PRP-74
#[test]
fn correction_comes_back_with_what_it_corrects_and_goes_with_it_again() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let correction = fixture.correction(1, &target, 2);
    let by_right = fixture.erasure(false, 2, subject(1), &correction);
    let stolen = fixture.erasure(false, 3, subject(1), &target);
    let (mut core, _) = open(&fixture);
    take(&mut core, &[&target, &correction, &by_right, &stolen]);
    assert!(is_erased(&core, &target) && is_erased(&core, &correction));
    assert_eq!(adopt(&mut core, fixture.cut_off_from(3)), [0, 1]);
    assert!(!is_erased(&core, &target) && !is_erased(&core, &correction));
    // With the target gone by right it goes too.
    let urgent = ErasureGround::UrgentPersonalData;
    let again = fixture.erasure_with((false, 4), subject(1), &target, (urgent, &[]));
    core.registry = fixture.registry.clone();
    take(&mut core, &[&again]);
    assert!(is_erased(&core, &target) && is_erased(&core, &correction));
}

// spec: PRP-103
#[test]
fn what_was_taken_for_erased_without_a_body_is_missing_again() {
    let fixture = Fixture::new();
    let (target, mut core, disk) = act_before_its_target(&fixture);
    let is_erasing = |core: &Core<MemoryDisk>| {
        let logs = core.shared.logs();
        logs.is_erasing(&target.origin, target.index)
    };
    assert!(is_erasing(&core));
    take_outcome(&mut core, &target, BodyOutcome::Absent(Absence::Erased));
    assert!(is_erased(&core, &target));
    adopt(&mut core, fixture.cut_off_from(1));
    let body = |core: &Core<MemoryDisk>| {
        let logs = core.shared.logs();
        logs.get(&target.origin).unwrap().body(target.index)
    };
    assert_eq!(body(&core), BodyState::Missing);
    assert!(!is_erasing(&core), "nobody's word hides it now");
    let mut core = reopen(&fixture, core, &disk);
    assert_eq!(body(&core), BodyState::Missing);
    adopt(&mut core, fixture.cut_off_from(1));
    take_body(&mut core, &target);
    assert!(!is_erased(&core, &target));
}

// spec: STO-103
#[test]
fn every_start_knows_who_erased_without_reading_the_acts() {
    let fixture = Fixture::new();
    let target = fixture.decision(0, 1);
    let act = fixture.erasure(false, 1, subject(1), &target);
    let other = fixture.objection(2, subject(1), &target);
    let (mut core, disk) = open(&fixture);
    take(&mut core, &[&target, &act, &other]);
    let place: Place = (act.origin.clone(), act.index);
    let before = core.erasures.known.get(&place).unwrap().author;
    let core = reopen(&fixture, core, &disk);
    let known: Vec<_> = core
        .erasures
        .known
        .iter()
        .map(|(at, known)| (at.clone(), known.author))
        .collect();
    assert_eq!(known, [(place, before)]);
}
