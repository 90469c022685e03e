//! One authority takes over from another, and acts on what that one decided.

use super::*;

impl World {
    /// The issuer's place was taken by the city when it said this.
    fn by_successor(
        &mut self,
        index: u64,
        target: &StatementRef,
        content: Content,
    ) -> StatementRef {
        let said = act(Who::City, index, target, 0, content);
        self.put(said.in_place_of(&[Who::Issuer.code()]))
    }

    fn decided_by_successor(&mut self, index: u64, fields: DecisionFields) -> StatementRef {
        let said = decision(Who::City, index, fields);
        self.put(said.in_place_of(&[Who::Issuer.code()]))
    }
}

fn fined(fine: u64) -> DecisionFields {
    DecisionFields {
        fine_fen: Some(fine),
        ..penalty()
    }
}

// spec: EFF-243
#[test]
fn successor_withdraws_corrects_and_repairs_and_did_not_before() {
    type Made = fn() -> Content;
    type Done = fn(&Effect) -> bool;
    let acts: [(Made, Done); 3] = [
        (withdrawal, |effect| {
            matches!(effect.validity, Validity::Withdrawn { .. })
        }),
        (
            || correction(fined(1)),
            |effect| matches!(effect.validity, Validity::Corrected { .. }),
        ),
        (
            || repair(&[RepairEffect::StopSharing]),
            |effect| effect.repaired.is_some(),
        ),
    ];
    for (made, is_done) in acts {
        let (mut world, target) = World::with_penalty();
        world.act(Who::City, 1, &target, made());
        assert!(!is_done(&world.effect(&target)), "another authority");
        world.by_successor(2, &target, made());
        assert!(is_done(&world.effect(&target)));
        // Nobody stands for its successor.
        let mut world = World::new();
        let own = world.decided_by_successor(10, penalty());
        world.act(Who::Issuer, 11, &own, made());
        assert!(!is_done(&world.effect(&own)));
    }
}

// spec: EFF-243
#[test]
fn successor_rules_on_objections_and_takes_back_what_was_ruled() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::Hub, 3, &target, Ground::Amount);
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    let rejected = ruling(Outcome::Rejected, &[&objection]);
    let by_other = world.act(Who::City, 4, &target, rejected.clone());
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
    world.withdraw(Who::City, 5, &by_other);
    world.by_successor(6, &target, rejected.clone());
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::Hub, 3, &target, Ground::Amount);
    let closing = ruling(Outcome::Rejected, &[&objection]);
    let closing = world.act(Who::Issuer, 20, &target, closing);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    world.by_successor(7, &closing, withdrawal());
    assert_eq!(world.binds(&target), BindsOthers::Suspended);
}

// spec: EFF-244
#[test]
fn correction_by_the_successor_is_the_newer_wherever_it_stands() {
    let (mut world, target) = World::with_penalty();
    world.correct(Who::Issuer, 20, &target, fined(20));
    let newest = world.by_successor(2, &target, correction(fined(30)));
    let effect = world.effect(&target);
    assert_eq!(effect.validity, Validity::Corrected { by: vec![newest] });
    assert!(effect.suspended_by.is_empty());
    // By another authority it would be in conflict, were that one a supervisor.
    world.correct(Who::Supervisor, 1, &target, fined(40));
    let effect = world.effect(&target);
    assert_eq!(effect.suspended_by.len(), 1);
}

/// What the predecessor had corrected is not corrected once more by saying it again.
// spec: EFF-244
#[test]
fn successor_that_repeats_a_correction_has_done_nothing_that_a_ruling_announced() {
    for (fine, expected) in [(20, BindsOthers::Suspended), (10, BindsOthers::Applies)] {
        let (mut world, target) = World::with_penalty();
        world.correct(Who::Issuer, 20, &target, fined(20));
        let objection = world.object(Who::City, 1, &target, Ground::Amount);
        world.by_successor(2, &target, ruling(Outcome::Corrected, &[&objection]));
        world.by_successor(3, &target, correction(fined(fine)));
        assert_eq!(world.binds(&target), expected, "{fine}");
    }
}

// spec: EFF-244, EFF-245
#[test]
fn successor_decides_anew_and_shakes_off_no_objection() {
    let (mut world, target) = World::with_penalty();
    let again = DecisionFields {
        reissues: Some(target.clone()),
        ..fined(30)
    };
    let reissue = world.decided_by_successor(2, again);
    assert_eq!(world.effect(&target).superseded_by, Some(reissue.clone()));
    assert_eq!(world.binds(&reissue), BindsOthers::Applies);
    world.object(Who::Hub, 3, &target, Ground::Amount);
    assert_eq!(world.binds(&reissue), BindsOthers::Suspended);
    // Nor by naming no root: the document is its predecessor's.
    let (mut world, target) = World::with_penalty();
    let anew = world.decided_by_successor(2, penalty());
    let by_another = world.decide(Who::Supervisor, 2, penalty());
    world.object(Who::Hub, 3, &target, Ground::Amount);
    assert_eq!(world.binds(&anew), BindsOthers::Suspended);
    assert_eq!(world.binds(&by_another), BindsOthers::Applies);
}
