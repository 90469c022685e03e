use super::*;
use crate::effect::tests::{Who, World, at, day, penalty, repair};
use crate::effect::{Basis, BasisFailure, BasisState, SourceState};
use crate::statement::{Ground, RepairEffect};

/// What a world comes to as of a day and since a day.
fn weight(world: &World, target: &StatementRef, as_of: &str, since: &str) -> Option<CleanWeight> {
    let world = World {
        as_of: day(as_of),
        ..world.clone()
    };
    let span = (day(since), day(as_of));
    clean_weight(&world.effect(target), penalty().decided_on, span)
}

// spec: LKP-70
#[test]
fn penalty_counts_while_it_lasts_and_for_the_years_behind_its_day() {
    let (world, target) = World::with_penalty();
    let counts = Some(CleanWeight::Counts);
    // Decided on 2026-03-02, published until 2027-03-01.
    assert_eq!(weight(&world, &target, "2026-03-05", "2023-03-05"), counts);
    assert_eq!(weight(&world, &target, "2026-03-05", "2026-03-05"), counts);
    assert_eq!(weight(&world, &target, "2026-03-05", "2026-03-02"), counts);
}

// spec: LKP-70, LKP-71
#[test]
fn what_was_taken_back_does_not_count_and_what_is_contested_is_said_apart() {
    let (as_of, since) = ("2026-03-05", "2023-03-05");
    let (mut world, target) = World::with_penalty();
    world.object(Who::City, 5, &target, Ground::Facts);
    let apart = Some(CleanWeight::Apart);
    assert_eq!(weight(&world, &target, as_of, since), apart);
    world.withdraw(Who::Issuer, 20, &target);
    assert_eq!(weight(&world, &target, as_of, since), None);
    let (mut world, target) = World::with_penalty();
    world.witnessed_up_to(Who::Issuer, 5);
    let not_known = Some(CleanWeight::NotKnown);
    assert_eq!(weight(&world, &target, as_of, since), not_known);
    // A repair ends what a decision brings, and not that it was made.
    let (mut world, target) = World::with_penalty();
    world.act(Who::Issuer, 20, &target, repair(&[RepairEffect::Mark]));
    let counts = Some(CleanWeight::Counts);
    assert_eq!(weight(&world, &target, as_of, since), counts);
    assert_eq!(weight(&world, &target, as_of, as_of), None);
}

// spec: LKP-70
#[test]
fn what_was_decided_after_the_day_asked_about_is_not_looked_at() {
    let (world, target) = World::with_penalty();
    assert_eq!(weight(&world, &target, "2026-03-01", "2023-03-01"), None);
    let counts = Some(CleanWeight::Counts);
    assert_eq!(weight(&world, &target, "2026-03-05", "2023-03-01"), counts);
}

/// The end of its publication hid what else there is to say of it.
// spec: LKP-71
#[test]
fn end_hides_neither_a_missing_basis_nor_a_silent_source() {
    let (as_of, since) = ("2027-06-01", "2026-01-01");
    let with = |change: &dyn Fn(&mut Effect)| {
        let (mut world, target) = World::with_penalty();
        world.as_of = day(as_of);
        let mut effect = world.effect(&target);
        assert_eq!(effect.binds_others(), BindsOthers::Ended);
        change(&mut effect);
        clean_weight(&effect, penalty().decided_on, (day(since), day(as_of)))
    };
    let basis = |why: BasisState| {
        let basis = at(Who::Issuer, 3);
        let failures = vec![BasisFailure { basis, why }];
        with(&|effect| {
            effect.basis = Basis::Fails {
                failures: failures.clone(),
            };
        })
    };
    let (apart, not_known) = (Some(CleanWeight::Apart), Some(CleanWeight::NotKnown));
    assert_eq!(with(&|_| {}), Some(CleanWeight::Counts));
    assert_eq!(basis(BasisState::NotChecked), apart);
    assert_eq!(basis(BasisState::Withdrawn), apart);
    assert_eq!(basis(BasisState::Suspended), apart);
    assert_eq!(basis(BasisState::NotHeld), not_known);
    let silent = SourceState::Unknown { since: None };
    assert_eq!(with(&|effect| effect.freshness.issuer = silent), not_known);
    assert_eq!(
        with(&|effect| effect.freshness.register = silent),
        not_known
    );
    let provisional = Some(Backing::Provisional);
    assert_eq!(with(&|effect| effect.backing = provisional), not_known);
}

fn view() -> CleanView {
    CleanView {
        since: day("2023-03-05"),
        as_of: day("2026-03-05"),
        verdict: CleanCode::Unknown,
        decisions: vec![],
        counts: 0,
        apart: 0,
        not_known: 0,
        stale: vec![],
        stale_total: 0,
        bodies_missing: 0,
        left: 0,
        withheld: 0,
        waiting: 0,
        lost_total: 0,
    }
}

// spec: LKP-72
#[test]
fn nobody_is_called_clean_by_what_is_not_known() {
    assert_eq!(view().judge(), CleanCode::Clean);
    type Change = fn(&mut CleanView);
    let changes: [(Change, CleanCode); 6] = [
        (|it| it.not_known = 1, CleanCode::Unknown),
        (|it| it.stale_total = 1, CleanCode::Unknown),
        (|it| it.bodies_missing = 1, CleanCode::Unknown),
        (|it| it.left = 1, CleanCode::Unknown),
        (|it| it.waiting = 1, CleanCode::Unknown),
        (|it| it.apart = 1, CleanCode::Contested),
    ];
    for (change, verdict) in changes {
        let mut changed = view();
        change(&mut changed);
        assert_eq!(changed.judge(), verdict);
        // What stands, stands whatever is not known beside it; nor is what is contested all that there is.
        let (mut stands, mut contested) = (changed.clone(), changed);
        stands.counts = 1;
        assert_eq!(stands.judge(), CleanCode::Adverse);
        contested.apart = 1;
        assert_eq!(contested.judge(), verdict);
    }
}

/// What is withheld is said, in the receipt too; nobody could ever be called clean otherwise.
// spec: LKP-73, LKP-76
#[test]
fn what_is_withheld_and_who_is_lost_hold_up_no_word() {
    let given = CleanView {
        withheld: 7,
        lost_total: 1,
        ..view()
    };
    assert_eq!(given.judge(), CleanCode::Clean);
    assert_eq!((given.word().withheld, given.word().waiting), (7, 0));
}

// spec: LKP-70
#[test]
fn levy_is_no_bad_record_unless_it_brings_more() {
    let levy = DecisionFields {
        act_type: ActType::Levy,
        duties: vec![],
        penalty_classes: vec![],
        fine_fen: None,
        confiscation_fen: None,
        ..penalty()
    };
    assert!(!is_bad_record(&levy));
    let fined = DecisionFields {
        fine_fen: Some(1),
        ..levy.clone()
    };
    assert!(is_bad_record(&fined));
    for (act_type, is_one) in [
        (ActType::Penalty, true),
        (ActType::Compulsion, true),
        (ActType::SeriousList, true),
        (ActType::WatchList, true),
        (ActType::Licence, false),
        (ActType::RedList, false),
    ] {
        let of_type = DecisionFields {
            act_type,
            ..levy.clone()
        };
        assert_eq!(is_bad_record(&of_type), is_one, "{act_type:?}");
    }
}

#[test]
fn years_go_back_to_the_same_day() {
    let since = |as_of: &str, years| clean_since(day(as_of), years);
    assert_eq!(since("2026-11-23", 3), Some(day("2023-11-23")));
    assert_eq!(since("2028-02-29", 3), Some(day("2025-02-28")));
    assert_eq!(since("2028-02-29", 4), Some(day("2024-02-29")));
    assert_eq!(since("2026-11-23", 70_000), None);
    assert_eq!(since("2026-11-23", 2_000), None);
}

// spec: LKP-75
#[test]
fn sixty_four_are_listed_and_those_that_count_come_first() {
    let one = |number: u64, weight| CleanDecision {
        reference: at(Who::Issuer, number),
        weight,
        issuer: Who::Issuer.code(),
        issuer_name: None,
        document_number: number.to_string(),
        act_type: penalty().act_type,
        decided_on: penalty().decided_on,
        binds_others: BindsOthersCode::Applies,
    };
    let apart = (0..70).map(|number| one(number, CleanWeight::Apart));
    let counts = (70..73).map(|number| one(number, CleanWeight::Counts));
    let listed = clean_listed(apart.chain(counts).collect());
    assert_eq!(listed.len(), CLEAN_SHOWN_MAX);
    let numbers = |from: usize| listed[from..].iter().map(|one| one.reference.index.value());
    assert_eq!(numbers(0).take(4).collect::<Vec<_>>(), [70, 71, 72, 0]);
    assert_eq!(numbers(63).collect::<Vec<_>>(), [60]);
}
