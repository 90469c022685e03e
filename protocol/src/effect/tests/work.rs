//! How much is looked at: no set of statements makes an answer endless.

use super::*;
use crate::effect::assess::assess;
use crate::effect::basis::Bases;
use crate::effect::case::Case;
use crate::effect::sorted::Sorted;

/// Decisions of which each re-issues the one before and rests on it, with an objection to the last.
fn stairs(steps: u64) -> (World, Vec<StatementRef>) {
    let mut world = World::new();
    for who in Who::ALL {
        let size = TreeSize::new(1 << 20).unwrap();
        (world.log(who).size, world.log(who).witnessed) = (size, size);
    }
    let mut decisions: Vec<StatementRef> = Vec::new();
    for step in 0..steps {
        let fields = with(penalty(), |fields| {
            fields.document_number = text(&format!("鹤劳罚字〔2026〕{step}号"));
            fields.reissues = decisions.last().cloned();
            fields.rests_on = decisions.last().cloned().into_iter().collect();
        });
        decisions.push(world.decide(Who::Issuer, step, fields));
    }
    world.object(Who::City, 0, &decisions[decisions.len() - 1], Ground::Facts);
    (world, decisions)
}

/// Facts visited for one decision.
fn work(world: &World, target: &StatementRef) -> usize {
    let facts = Sorted::of(&world.history, &world.horizon);
    let case = Case::new(target, &world.history, &facts, &world.horizon);
    let assessment = assess(&case);
    let mut bases = Bases::default();
    let rests_on = (&assessment.rests_on[..], &assessment.said_by[..]);
    let _ = bases.examine(&case, rests_on, (world.as_of, world.now), 10);
    case.work.spent()
}

/// An organisation's decisions were made to re-issue and rest on each other, and looking it up took
/// minutes: the chain was grown anew for every basis of every decision.
// spec: EFF-70
#[test]
fn work_grows_with_the_length_of_a_chain_and_no_faster() {
    let of = |steps| {
        let (world, decisions) = stairs(steps);
        work(&world, &decisions[decisions.len() - 1])
    };
    let (short, long) = (of(100), of(800));
    assert!(long <= short * 9, "{short} facts visited, then {long}");
    assert!(long <= 800 * 10, "{long}");
}

// spec: EFF-70
#[test]
fn work_does_not_grow_by_what_has_nothing_to_do_with_the_decision() {
    let (mut world, decisions) = stairs(20);
    let last = &decisions[decisions.len() - 1];
    let before = work(&world, last);
    for index in 0..200 {
        let other = world.decide(Who::City, 1_000 + 4 * index, fine(index));
        world.object(Who::City, 1_001 + 4 * index, &other, Ground::Facts);
        world.correct(Who::City, 1_002 + 4 * index, &other, fine(1));
        world.notice(index, &other, &other, Class::Objection, Some(Ground::Facts));
    }
    assert_eq!(work(&world, last), before);
}

// spec: EFF-70
#[test]
fn long_chain_is_weighed_fully() {
    let (world, decisions) = stairs(2_000);
    let mut examination = Examination::new(&world.history, &world.horizon);
    let limits = Limits::default();
    for target in decisions.iter().rev().step_by(500) {
        let effect = examination.effect(target, world.as_of, world.now, &limits);
        assert_eq!(effect.weighed, Weighed::Fully);
        assert_eq!(grounds(&effect), [SuspensionKind::Objection(Ground::Facts)]);
    }
    let open = examination.open_objections(&decisions[0]).unwrap();
    assert_eq!(open, [at(Who::City, 0)]);
}

/// Rulings that each announce an act for hundreds of objections, and as many corrections that none of
/// them knew: every pair would have to be looked at.
fn hostile() -> (World, StatementRef) {
    let (mut world, target) = World::with_penalty();
    let objections: Vec<_> = (0..150)
        .map(|index| world.object(Who::City, index, &target, Ground::Facts))
        .collect();
    let named: Vec<_> = objections.iter().collect();
    for index in 0..100 {
        world.correct(Who::Issuer, 100 + index, &target, penalty());
    }
    for index in 0..200 {
        world.rule(Who::Issuer, 300 + index, &target, Outcome::Upheld, &named);
    }
    (world, target)
}

// spec: EFF-70, EFF-71
#[test]
fn decision_on_which_too_much_bears_binds_nobody_else() {
    let (world, target) = hostile();
    let effect = world.effect(&target);
    assert_eq!(effect.weighed, Weighed::InPart);
    assert_eq!(effect.binds_others(), BindsOthers::NotWeighed);
    let measure = &effect.duties[0].duty.measure;
    assert_eq!(
        effect.measure_binds_others(measure),
        BindsOthers::NotWeighed
    );
    let examination = Examination::new(&world.history, &world.horizon);
    assert_eq!(examination.open_objections(&target), None);
}

/// A licence that its issuer took back read as in force: what others had said of it was looked at first.
// spec: EFF-100
#[test]
fn withdrawal_is_seen_however_much_bears_on_the_decision() {
    for fields in [licence(), penalty()] {
        let (hostile, _) = hostile();
        let mut world = World::new();
        let target = world.decide(Who::Issuer, 10, fields);
        // What is there already stays: all the others act on the same place.
        for fact in hostile.history.facts() {
            world.history.insert(Arc::clone(fact));
        }
        let withdrawal = world.withdraw(Who::Issuer, 50, &target);
        let effect = world.effect(&target);
        assert_eq!(effect.weighed, Weighed::InPart);
        let by = vec![withdrawal];
        assert_eq!(effect.validity, Validity::Withdrawn { by });
        assert_eq!(effect.binds_others(), BindsOthers::Withdrawn);
        assert!(!effect.in_force_for_issuer() && !effect.grant_stands());
    }
}

// spec: EFF-100
#[test]
fn reissue_supersedes_however_much_bears_on_the_decision() {
    let (mut world, target) = hostile();
    let root = target.clone();
    let again = with(penalty(), |fields| fields.reissues = Some(root));
    let again = world.decide(Who::Issuer, 60, again);
    let effect = world.effect(&target);
    assert_eq!(effect.weighed, Weighed::InPart);
    assert_eq!(effect.superseded_by, Some(again));
    assert_eq!(effect.binds_others(), BindsOthers::Superseded);
}

/// Each objection was compared with each ruling.
// spec: EFF-70, EFF-101
#[test]
fn objections_that_were_each_ruled_on_are_weighed_at_the_cost_of_their_number() {
    let of = |count: u64| {
        let (mut world, target) = World::with_penalty();
        for who in Who::ALL {
            let size = TreeSize::new(1 << 20).unwrap();
            (world.log(who).size, world.log(who).witnessed) = (size, size);
        }
        for index in 0..count {
            let objection = world.object(Who::City, index, &target, Ground::Facts);
            world.rule(
                Who::Issuer,
                20 + index,
                &target,
                Outcome::Rejected,
                &[&objection],
            );
            let ruling = at(Who::Issuer, 20 + index);
            world.notice(index, &target, &ruling, Class::Ruling, None);
        }
        assert_eq!(world.effect(&target).weighed, Weighed::Fully);
        work(&world, &target)
    };
    let (short, long) = (of(100), of(1_100));
    assert!(long <= short * 12, "{short} facts visited, then {long}");
}

// spec: EFF-71
#[test]
fn decision_rests_on_nothing_that_was_not_weighed() {
    let (mut world, basis) = hostile();
    let resting = with(penalty(), |fields| {
        fields.document_number = text("鹤劳罚字〔2026〕99号");
        fields.rests_on = vec![basis.clone()];
    });
    let resting = world.decide(Who::Supervisor, 10, resting);
    assert_eq!(world.binds(&resting), BindsOthers::NotWeighed);
    let other = world.decide(Who::City, 900, fine(1));
    assert_eq!(
        world.binds(&other),
        BindsOthers::Applies,
        "nobody else is touched"
    );
}

/// What is known from another answer is charged all the same: the order of questions changes nothing.
// spec: EFF-1, EFF-70
#[test]
fn examination_gives_each_decision_the_effect_that_it_has_alone() {
    let (mut world, mut decisions) = stairs(30);
    let (_, hostile) = hostile();
    decisions.push(hostile);
    world.withdraw(Who::Issuer, 500, &decisions[3].clone());
    let alone: Vec<_> = decisions.iter().map(|one| world.effect(one)).collect();
    let limits = Limits::default();
    let mut examination = Examination::new(&world.history, &world.horizon);
    for (target, alone) in decisions.iter().zip(&alone).rev() {
        let effect = examination.effect(target, world.as_of, world.now, &limits);
        assert_eq!(effect, *alone);
    }
    for (target, alone) in decisions.iter().zip(&alone) {
        let effect = examination.effect(target, world.as_of, world.now, &limits);
        assert_eq!(effect, *alone);
    }
}

/// Whoever may stay, or repair, may do so often, and take it back as often.
// spec: EFF-70, EFF-165
#[test]
fn thousands_of_stays_and_repairs_are_weighed_at_the_cost_of_those_that_hold() {
    let of = |count: u64, taken_back: bool| {
        let (mut world, target) = World::with_penalty();
        for who in Who::ALL {
            let size = TreeSize::new(1 << 20).unwrap();
            (world.log(who).size, world.log(who).witnessed) = (size, size);
        }
        for index in 0..count {
            let stay = world.act(Who::City, 2 * index, &target, stay("2026-05-01", None));
            let repair = repair(&[RepairEffect::Mark]);
            let repair = world.act(Who::Supervisor, 2 * index, &target, repair);
            // By nobody who may, so that it is not even looked at.
            let stranger = self::repair(&[RepairEffect::Mark]);
            world.act(Who::Hub, 2 * index, &target, stranger);
            if taken_back {
                world.withdraw(Who::City, 2 * index + 1, &stay);
                world.withdraw(Who::Supervisor, 2 * index + 1, &repair);
            }
        }
        let effect = world.effect(&target);
        assert_eq!(effect.weighed, Weighed::Fully);
        let is_free = taken_back || count == 0;
        assert_eq!(effect.stayed_by.is_empty(), is_free);
        assert_eq!(effect.repaired.is_none(), is_free);
        work(&world, &target)
    };
    let (none, short, long) = (of(0, false), of(100, false), of(2_000, false));
    assert!(long <= short * 21, "{short} facts visited, then {long}");
    assert_eq!(of(2_000, true), none, "what is taken back costs nothing");
}

/// What ends a burden is seen whatever objections bring with them.
// spec: EFF-165
#[test]
fn stay_and_repair_are_seen_however_much_bears_on_the_decision() {
    let (hostile, _) = hostile();
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    for fact in hostile.history.facts() {
        world.history.insert(Arc::clone(fact));
    }
    let stay = world.act(Who::Hub, 5, &target, stay("2026-05-01", None));
    let repair = world.act(Who::Issuer, 50, &target, repair(&[RepairEffect::Mark]));
    let effect = world.effect(&target);
    assert_eq!(effect.weighed, Weighed::InPart);
    assert_eq!(effect.stayed_by, [stay]);
    assert!(!effect.grant_stands() && !effect.in_force_for_issuer());
    assert_eq!(
        effect.repaired.map(|repaired| repaired.by),
        Some(vec![repair])
    );
}
