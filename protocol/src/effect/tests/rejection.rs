//! How far a rejection reaches.

use super::*;

/// Position of the ruling in the log of the issuer.
const RULED: u64 = 20;

/// Rejects an objection of the subject to a decision, on facts. The register holds the notice at its
/// position 5.
fn reject(world: &mut World, on: &StatementRef) {
    reject_of(world, on, on);
}

/// The same, where the ruling is on another decision than the objection.
fn reject_of(world: &mut World, ruled_on: &StatementRef, objected_to: &StatementRef) {
    let objection = world.object(Who::City, 3, objected_to, Ground::Facts);
    let ruling = world.rule(
        Who::Issuer,
        RULED,
        ruled_on,
        Outcome::Rejected,
        &[&objection],
    );
    world.notice(5, ruled_on, &ruling, Class::Ruling, None);
}

/// An objection on the same ground by one who has seen the notice.
fn object_again(world: &mut World, on: &StatementRef) {
    world.put(act(Who::City, 4, on, 6, objection(Ground::Facts, false)));
}

fn unrelated(fen: u64) -> DecisionFields {
    with(fine(fen), |fields| {
        fields.document_number = text("鹤劳罚字〔2026〕99号");
    })
}

fn reissue(fields: DecisionFields, root: &StatementRef) -> DecisionFields {
    with(fields, |fields| fields.reissues = Some(root.clone()))
}

// spec: EFF-80
#[test]
fn rejection_does_not_reach_what_a_third_decision_joins_to_it() {
    for heavy in [100, 99_999_900] {
        let (mut world, ruled_on) = World::with_penalty();
        let other = world.decide(Who::Issuer, 12, unrelated(heavy));
        reject(&mut world, &ruled_on);
        object_again(&mut world, &other);
        assert_eq!(world.binds(&other), BindsOthers::Suspended);
        let joins = reissue(unrelated(heavy), &ruled_on);
        let third = world.decide(Who::Issuer, 30, joins);
        assert_eq!(world.binds(&other), BindsOthers::Suspended);
        assert_eq!(world.binds(&third), BindsOthers::Suspended);
    }
}

// spec: EFF-80
#[test]
fn rejection_of_an_objection_to_one_decision_under_a_ruling_on_another_reaches_neither_kind_of_stranger()
 {
    let (mut world, first) = World::with_penalty();
    let other = world.decide(Who::Issuer, 12, unrelated(100));
    let third = world.decide(Who::Issuer, 13, reissue(unrelated(500_000), &first));
    // Ruled on what stands beside the other decision, objected to what does not.
    reject_of(&mut world, &third, &first);
    object_again(&mut world, &other);
    assert_eq!(world.binds(&other), BindsOthers::Suspended);
}

// spec: EFF-80
#[test]
fn rejection_reaches_what_is_linked_with_the_decision_by_itself() {
    let root = at(Who::Issuer, 2);
    let linked = [
        // By the document.
        (penalty(), penalty()),
        // By the root that one names.
        (penalty(), reissue(unrelated(500_000), &at(Who::Issuer, 10))),
        // By the root that both name.
        (
            reissue(penalty(), &root),
            reissue(unrelated(500_000), &root),
        ),
    ];
    for (ruled_on, again) in linked {
        let mut world = World::new();
        let ruled_on = world.decide(Who::Issuer, 10, ruled_on);
        reject(&mut world, &ruled_on);
        let again = world.decide(Who::Issuer, 30, again);
        object_again(&mut world, &again);
        assert_eq!(world.binds(&again), BindsOthers::Applies);
        world.witnessed_up_to(Who::Issuer, 30);
        assert_eq!(world.binds(&again), BindsOthers::NotWitnessed);
    }
}

// spec: EFF-30
#[test]
fn rejection_keeps_nothing_back_from_a_heavier_decision_wherever_it_stands() {
    let places = [(Who::Issuer, 12), (Who::City, 12), (Who::Supervisor, 40)];
    for (log, index) in places {
        for (fen, verdict) in [
            (500_000, BindsOthers::Applies),
            (500_001, BindsOthers::Suspended),
        ] {
            let (mut world, ruled_on) = World::with_penalty();
            let heavier = decision(log, index, reissue(fine(fen), &ruled_on));
            let payload = Arc::new(heavier.payload().clone());
            let (place, code) = (at(log, index), Who::Issuer.code());
            let fact = Fact::new(place, code, payload, Authority::Mandate, None);
            let heavier = world.put(fact);
            reject(&mut world, &ruled_on);
            object_again(&mut world, &heavier);
            assert_eq!(world.binds(&heavier), verdict, "{log:?}");
        }
    }
}

// spec: EFF-30
#[test]
fn rejection_of_an_objection_to_a_lighter_decision_keeps_nothing_back() {
    let (mut world, light) = World::with_penalty();
    let heavy = world.decide(Who::Issuer, 12, reissue(fine(900_000), &light));
    reject_of(&mut world, &heavy, &light);
    object_again(&mut world, &heavy);
    assert_eq!(world.binds(&heavy), BindsOthers::Suspended);
}

// spec: EFF-30
#[test]
fn what_corrections_took_off_the_decision_ruled_on_is_not_spoken_for() {
    let (mut world, ruled_on) = World::with_penalty();
    world.correct(Who::Issuer, 15, &ruled_on, fine(100));
    reject(&mut world, &ruled_on);
    let again = world.decide(Who::Issuer, 30, reissue(penalty(), &ruled_on));
    object_again(&mut world, &again);
    assert_eq!(world.binds(&again), BindsOthers::Suspended);
}

// spec: EFF-30
#[test]
fn what_corrections_put_on_a_decision_not_ruled_on_is_not_spoken_for() {
    let (mut world, ruled_on) = World::with_penalty();
    let again = world.decide(Who::Issuer, 12, reissue(penalty(), &ruled_on));
    world.correct(Who::Issuer, 15, &again, fine(900_000));
    reject(&mut world, &ruled_on);
    object_again(&mut world, &again);
    assert_eq!(world.binds(&again), BindsOthers::Suspended);
}
