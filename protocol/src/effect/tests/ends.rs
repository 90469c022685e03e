//! Days, freshness, the set as a set.

use super::*;
use crate::statement::{Force, MeasureCatalogue, MeasureItem, Revocation};

// spec: EFF-19
#[test]
fn measure_and_publication_end_after_their_last_day_each_by_itself() {
    let (mut world, target) = World::with_penalty();
    let tender = measure("tender.limit");
    let on = |world: &mut World, text: &str| {
        world.as_of = day(text);
        let effect = world.effect(&target);
        (effect.binds_others(), effect.measure_binds_others(&tender))
    };
    let (applies, ended) = (BindsOthers::Applies, BindsOthers::Ended);
    assert_eq!(on(&mut world, "2026-03-01").0, BindsOthers::NotYet);
    assert_eq!(on(&mut world, "2026-09-30"), (applies, applies));
    assert_eq!(on(&mut world, "2026-10-01"), (applies, ended));
    assert_eq!(on(&mut world, "2027-03-01"), (applies, ended));
    assert_eq!(on(&mut world, "2027-03-02"), (ended, ended));
}

/// What a measure rests on was revoked, and others went on applying it until its last day.
// spec: EFF-170
#[test]
fn measure_whose_basis_is_revoked_binds_nobody_from_that_day_on() {
    let (world, target) = World::with_penalty();
    let tender = measure("tender.limit");
    let item = MeasureItem {
        measure: tender.clone(),
        title: text("限制参加政府采购活动"),
        force: Force::Recommended,
        basis: penalty().basis,
        valid_from: Day::MIN,
        valid_until: None,
        levels: vec![],
        revoked: Some(Revocation {
            from: day("2026-05-28"),
            source: text("关于废止部分规定的决定"),
        }),
    };
    let limits = Limits {
        measures: Some(Arc::new(MeasureCatalogue::new(vec![item]).unwrap())),
        ..Limits::default()
    };
    let on = |as_of: &str| {
        let (as_of, now) = (day(as_of), world.now);
        let effect = effect(&target, &world.history, &world.horizon, as_of, now, &limits);
        (effect.binds_others(), effect.measure_binds_others(&tender))
    };
    let applies = BindsOthers::Applies;
    assert_eq!(on("2026-05-27"), (applies, applies));
    assert_eq!(on("2026-05-28"), (applies, BindsOthers::NoBasis));
    // No catalogue acts on what it does not name.
    let other = measure("credit.limit");
    assert!(!limits.is_revoked(&other, Day::MAX));
}

// spec: EFF-19
#[test]
fn licence_ends_with_its_own_last_day() {
    let mut world = World::new();
    let target = world.decide(Who::Issuer, 10, licence());
    world.as_of = day("2029-03-01");
    assert!(world.effect(&target).grant_stands());
    world.as_of = day("2029-03-02");
    let effect = world.effect(&target);
    assert_eq!(effect.binds_others(), BindsOthers::Ended);
    assert!(!effect.grant_stands());
}

#[test]
fn measure_that_the_decision_does_not_bring_does_not_apply() {
    let (world, target) = World::with_penalty();
    let verdict = world
        .effect(&target)
        .measure_binds_others(&measure("credit.limit"));
    assert_eq!(verdict, BindsOthers::Lifted);
}

// spec: EFF-17
#[test]
fn burden_reads_unknown_past_the_limit_and_names_the_stale_source() {
    let (mut world, target) = World::with_penalty();
    let ago = |days: u64| Some(Timestamp::new(NOW_MS - days * DAY_MS).unwrap());
    world.log(Who::Issuer).quorum_time = ago(10);
    let ageing = world.effect(&target);
    let since = ago(10).unwrap();
    assert_eq!(ageing.freshness.issuer, SourceState::Ageing { since });
    assert_eq!(ageing.binds_others(), BindsOthers::Applies);

    world.log(Who::Issuer).quorum_time = Some(Timestamp::new(NOW_MS - 10 * DAY_MS - 1).unwrap());
    let unknown = |source, since| BindsOthers::UnknownSince {
        source: Some(source),
        since,
    };
    let issuer_since = world.log(Who::Issuer).quorum_time;
    assert_eq!(world.binds(&target), unknown(Source::Issuer, issuer_since));

    world.log(Who::Hub).quorum_time = ago(11);
    assert_eq!(world.binds(&target), unknown(Source::Register, ago(11)));
    world.log(Who::Issuer).quorum_time = None;
    assert_eq!(world.binds(&target), unknown(Source::Issuer, None));
    assert!(world.effect(&target).in_force_for_issuer());
}

// spec: EFF-17
#[test]
fn limit_of_the_item_decides_and_a_day_is_the_warning() {
    let (mut world, target) = World::with_penalty();
    let at = Timestamp::new(NOW_MS - DAY_MS).unwrap();
    world.log(Who::Issuer).quorum_time = Some(at);
    assert_eq!(
        world.effect(&target).freshness.issuer,
        SourceState::Fresh { at }
    );
    world.log(Who::Issuer).quorum_time = Some(Timestamp::new(NOW_MS - 3 * DAY_MS).unwrap());
    let limits = Limits {
        freshness_days: 2,
        ..Limits::default()
    };
    let strict = effect(
        &target,
        &world.history,
        &world.horizon,
        world.as_of,
        world.now,
        &limits,
    );
    assert!(strict.freshness.unknown().is_some());
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}

// spec: EFF-18
#[test]
fn newer_quorum_time_takes_the_place_of_a_clock_that_is_behind() {
    let (mut world, target) = World::with_penalty();
    world.now = Timestamp::MIN;
    assert_eq!(world.binds(&target), BindsOthers::Applies);
    let later = Timestamp::new(NOW_MS + 30 * DAY_MS).unwrap();
    world.log(Who::City).quorum_time = Some(later);
    assert!(matches!(
        world.binds(&target),
        BindsOthers::UnknownSince { .. }
    ));
}

// spec: EFF-21
#[test]
fn record_carries_its_horizon_and_claims_nothing_about_later_acts() {
    let (mut world, target) = World::with_penalty();
    world.log(Who::Hub).size = TreeSize::new(7).unwrap();
    let effect = world.effect(&target);
    assert_eq!(effect.later_acts, LaterActs::NotProven);
    assert_eq!(effect.horizon.issuer, TreeSize::new(1_000).unwrap());
    assert_eq!(effect.horizon.register, TreeSize::new(7).unwrap());
}

// spec: EFF-1
#[test]
fn fact_found_void_later_is_void_whichever_came_first() {
    let plain = decision(Who::Issuer, 10, penalty());
    let void = cut_off(plain.clone());
    let facts = [Arc::new(plain), Arc::new(void)];
    let forward: History = facts.iter().cloned().collect();
    let backward: History = facts.iter().rev().cloned().collect();
    assert_eq!(forward, backward);
    assert_eq!(forward.len(), 1);
    let kept = forward.get(&at(Who::Issuer, 10)).unwrap();
    assert_eq!(kept.void(), Some(VoidCause::CutOff));
}

// spec: EFF-25
#[test]
fn today_is_the_day_of_the_quorum_where_the_clock_is_slow() {
    let mut world = World::new();
    let days = |days: u64| Timestamp::new(NOW_MS + days * DAY_MS).unwrap();
    for (clock, today) in [(0, "2026-05-29"), (5, "2026-06-03")] {
        assert_eq!(world.horizon.today(days(clock)), day(today));
    }
    // 2026-05-28, 20:26:40 UTC is the next day in China.
    world.log(Who::City).quorum_time = Some(days(5));
    assert_eq!(world.horizon.today(days(0)), day("2026-06-03"));
    assert_eq!(world.horizon.today(days(6)), day("2026-06-04"));
}

// spec: EFF-82
#[test]
fn decision_binds_nobody_before_the_day_of_its_service() {
    let served = |on| {
        move |fields: &mut DecisionFields| {
            fields.service = Some(Service {
                on: day(on),
                way: ServiceWay::Announcement,
            });
        }
    };
    for (on, verdict) in [
        ("2026-05-28", BindsOthers::Applies),
        ("2026-05-29", BindsOthers::NotYet),
        ("2030-01-01", BindsOthers::NotYet),
    ] {
        let mut world = World::new();
        let target = world.decide(Who::Issuer, 10, with(penalty(), served(on)));
        assert_eq!(world.binds(&target), verdict);
        assert_eq!(world.effect(&target).burden_term.from, Some(day(on)));
        // What is granted does not wait to be served.
        let granted = world.decide(Who::Issuer, 11, with(licence(), served(on)));
        assert!(world.effect(&granted).grant_stands());
    }
    // Nor does a correction bring the day nearer before it counts in full.
    let mut world = World::new();
    let late = with(penalty(), served("2030-01-01"));
    let target = world.decide(Who::Issuer, 10, late);
    world.witnessed_up_to(Who::Issuer, 20);
    world.correct(Who::Issuer, 20, &target, penalty());
    assert_eq!(world.binds(&target), BindsOthers::NotYet);
    world.witnessed_up_to(Who::Issuer, 21);
    assert_eq!(world.binds(&target), BindsOthers::Applies);
}
