//! Acts of which only the leaf is known.

use super::*;

fn unread(world: &mut World, who: Who, index: u64, target: &StatementRef) -> StatementRef {
    let act = at(who, index);
    world.history.insert_unread(act.clone(), target.clone());
    act
}

/// An issuer logged the objection to its own decision and withheld what it says: the decision read
/// `applies` everywhere.
// spec: EFF-90
#[test]
fn act_that_is_not_held_suspends_until_it_is() {
    let (mut world, target) = World::with_penalty();
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    let act = unread(&mut world, Who::Issuer, 20, &target);
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Suspended);
    let expected = Suspension {
        kind: SuspensionKind::ActNotHeld,
        by: vec![act],
        received: Received::default(),
        awaiting_act: vec![],
    };
    assert_eq!(effect.suspended_by, [expected]);
    world.correct(Who::Issuer, 20, &target, fine(100));
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    assert_eq!(world.effect(&target).suspended_by, []);
}

// spec: EFF-90
#[test]
fn act_that_is_not_held_suspends_every_decision_of_the_chain_and_what_rests_on_it() {
    let (mut world, target) = World::with_penalty();
    let root = target.clone();
    let again = world.decide(
        Who::Issuer,
        12,
        with(penalty(), |fields| fields.reissues = Some(root)),
    );
    let basis = again.clone();
    let resting = world.decide(
        Who::City,
        5,
        with(penalty(), |fields| fields.rests_on = vec![basis]),
    );
    unread(&mut world, Who::Issuer, 20, &target);
    assert_eq!(world.binds(&again), BindsOthers::Suspended);
    assert_eq!(world.binds(&resting), BindsOthers::Suspended);
}

/// Whoever re-issues another's decision in name only cannot suspend it by a leaf that nobody could rule
/// on.
// spec: EFF-90
#[test]
fn act_that_is_not_held_reaches_no_decision_in_the_log_of_another_member() {
    let (mut world, target) = World::with_penalty();
    let root = target.clone();
    let other = world.decide(
        Who::City,
        5,
        with(penalty(), |fields| fields.reissues = Some(root)),
    );
    unread(&mut world, Who::City, 6, &other);
    assert_eq!(world.binds(&other), BindsOthers::Suspended);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-90
#[test]
fn act_that_is_not_held_takes_nothing_that_is_granted() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    unread(&mut world, Who::Issuer, 20, &target);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

/// It may be the withdrawal of the ruling.
// spec: EFF-91
#[test]
fn ruling_closes_nothing_while_an_act_on_it_is_not_held() {
    let (mut world, target) = World::with_penalty();
    let objection = world.object(Who::City, 3, &target, Ground::Facts);
    let ruling = world.rule(Who::Issuer, 20, &target, Outcome::Rejected, &[&objection]);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    unread(&mut world, Who::Issuer, 21, &ruling);
    let effect = world.effect(&target);
    assert_eq!(grounds(&effect), [SuspensionKind::Objection(Ground::Facts)]);
}
