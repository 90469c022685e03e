//! Whether a statement came in time, by what the hub says that it saw.

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{
    Content, Ctx, HeadSeen, Statement, StatementRef, Vis, Withdrawal, WithdrawalReason, sign,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{HeadsSeen, Verified};
use proptest::prelude::*;

use crate::support::*;

const GRACE_MS: u64 = 259_200_000;
const BEGIN_MS: u64 = 1_772_400_000_000;

fn size(size: u64) -> TreeSize {
    TreeSize::new(size).unwrap()
}

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::new(BEGIN_MS + milliseconds).unwrap()
}

/// The hub, at a registry size, saw so much of a log.
fn head(registry: u64, origin: &Origin, seen: u64, milliseconds: u64) -> Statement {
    let content = Content::HeadSeen(HeadSeen {
        origin: origin.clone(),
        size: size(seen),
        root: Hash::from_bytes([1; 32]),
    });
    let mut payload = payload(content);
    payload.issued_at = at(milliseconds);
    let ctx = Ctx {
        size: size(registry),
        state: Hash::from_bytes([2; 32]),
    };
    let bytes = sign(&key(HUB_KEY), hub(), hub().code(), ctx, &payload).unwrap();
    Statement::decode(&bytes).unwrap()
}

fn heads(entries: &[(u64, Statement)]) -> HeadsSeen {
    let mut heads = HeadsSeen::new();
    for (index, statement) in entries {
        heads.insert(LeafIndex::new(*index), statement);
    }
    heads
}

fn reference(origin: &Origin, index: u64) -> StatementRef {
    StatementRef {
        origin: origin.clone(),
        index: LeafIndex::new(index),
        leaf_hash: Hash::from_bytes([3; 32]),
    }
}

/// The city's log under registry sizes 4 and 5: two leaves were there when the registry changed, one
/// came within the grace, one on its last millisecond, one after it.
fn seen(net: &Net) -> HeadsSeen {
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    heads(&[
        (0, head(4, &registry, 4, 0)),
        (1, head(5, &registry, 5, 1_000)),
        (2, head(5, &city, 2, 1_000)),
        (3, head(5, &city, 3, 2_000)),
        (4, head(5, &city, 4, 1_000 + GRACE_MS)),
        (5, head(5, &city, 5, 1_001 + GRACE_MS)),
    ])
}

// spec: TRU-35, EFF-14
#[test]
fn statement_is_late_when_the_hub_saw_it_after_the_grace_of_a_newer_registry() {
    let net = Net::production();
    let (seen, origin) = (seen(&net), net.origin(city()));
    let late = |index: u64, ctx: u64, milliseconds: u64| {
        let reference = reference(&origin, index);
        seen.is_late(&reference, size(ctx), &net.registry, at(milliseconds))
    };
    let long_after = 10 * GRACE_MS;
    for (index, expected) in [(0, false), (1, false), (2, false), (3, false), (4, true)] {
        assert_eq!(late(index, 4, long_after), expected, "{index}");
        assert!(
            !late(index, 5, long_after),
            "{index} names the newest registry"
        );
    }
    // What the hub has not seen is late once the grace is over, and not before.
    assert!(!late(9, 4, 1_000 + GRACE_MS));
    assert!(late(9, 4, 1_001 + GRACE_MS));
    assert!(!late(9, 5, long_after));
}

// spec: TRU-35
#[test]
fn statement_that_the_hub_saw_before_the_registry_changed_is_in_time_for_ever() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let seen = heads(&[
        (0, head(4, &city, 2, 0)),
        (1, head(9, &registry, 9, 50 * GRACE_MS)),
        (2, head(9, &city, 2, 99 * GRACE_MS)),
    ]);
    let late = |index: u64| {
        seen.is_late(
            &reference(&city, index),
            size(4),
            &net.registry,
            at(99 * GRACE_MS),
        )
    };
    assert!(!late(1));
    assert!(late(2));
}

// spec: TRU-35
#[test]
fn hub_is_never_late_in_its_own_logs() {
    let net = Net::production();
    let (seen, own) = (seen(&net), net.origin(hub()));
    let late = seen.is_late(
        &reference(&own, 9),
        size(4),
        &net.registry,
        at(10 * GRACE_MS),
    );
    assert!(!late);
}

// spec: BUN-29
#[test]
fn evidence_is_the_change_and_the_head_that_covers() {
    let net = Net::production();
    let (seen, origin) = (seen(&net), net.origin(city()));
    let evidence = |index, ctx| seen.grace_evidence(&reference(&origin, index), size(ctx));
    let positions = |indices: &[u64]| {
        indices
            .iter()
            .copied()
            .map(LeafIndex::new)
            .collect::<Vec<_>>()
    };
    assert_eq!(evidence(4, 4), positions(&[1, 5]));
    assert_eq!(evidence(0, 4), positions(&[1, 2]));
    assert_eq!(evidence(9, 4), positions(&[1]));
    assert_eq!(evidence(4, 5), positions(&[]));
}

/// Milliseconds from the beginning of these tests to noon of a day in China.
fn noon(day_text: &str) -> u64 {
    instant(day_text).value() + 4 * 3_600_000 - BEGIN_MS
}

/// A withdrawal that the city dates 2026-03-05, within its mandate, which ends with 2026-12-31.
fn withdrawal(net: &Net) -> Verified {
    let content = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::OtherError,
        reasons: text("录入错误"),
    });
    let payload = act(content, net.reference(city(), 3));
    let statement = net.statement(CITY_KEY, city(), city().code(), &payload);
    net.verdict(city(), statement, Vis::new(1)).unwrap()
}

// spec: TRU-60, EFF-83
#[test]
fn act_dated_back_into_a_mandate_that_has_ended_is_void() {
    let net = Net::production();
    let act = withdrawal(&net);
    let registry = net.registry.size().value();
    let seen = |size: u64, day: &str| head(registry, &net.origin(city()), size, noon(day));
    let void = |entries: &[(u64, Statement)]| {
        let long_after = at(noon("2028-01-01"));
        Fact::from_verified(&act, &net.registry, &heads(entries), long_after).void()
    };
    // It stands at position 9.
    let ended = Some(VoidCause::MandateEnded);
    assert_eq!(void(&[]), None);
    assert_eq!(void(&[(0, seen(9, "2027-01-04"))]), ended);
    // Within the grace after the last day it may have been on its way.
    assert_eq!(void(&[(0, seen(9, "2027-01-03"))]), None);
    // What the head covers was there before it.
    assert_eq!(void(&[(0, seen(10, "2027-01-04"))]), None);
    // A second head of the same size tells more than the first.
    let same = [(0, seen(9, "2026-06-01")), (5, seen(9, "2027-01-04"))];
    assert_eq!(void(&same), ended);
    let later = [(0, seen(9, "2027-01-03")), (5, seen(12, "2027-01-04"))];
    assert_eq!(void(&later), None);
    // An empty log is seen as well.
    assert_eq!(void(&[(0, seen(0, "2027-01-04"))]), ended);
    let of_other = head(registry, &net.origin(other_city()), 9, noon("2027-01-04"));
    assert_eq!(void(&[(0, of_other)]), None);
}

// spec: TRU-60
#[test]
fn decision_is_judged_by_its_own_day_however_late_it_is_published() {
    let net = Net::production();
    let decision = net.decide(penalty()).unwrap();
    let registry = net.registry.size().value();
    let seen = head(registry, &net.origin(city()), 9, noon("2027-06-01"));
    let seen = heads(&[(0, seen)]);
    let now = at(noon("2028-01-01"));
    let fact = Fact::from_verified(&decision, &net.registry, &seen, now);
    assert_eq!(fact.void(), None);
}

// spec: TRU-60, BUN-29
#[test]
fn evidence_of_an_ended_mandate_is_the_last_head_before_the_act() {
    let net = Net::production();
    let act = withdrawal(&net);
    let registry = net.registry.size().value();
    let seen = |size: u64, day: &str| head(registry, &net.origin(city()), size, noon(day));
    let heads = heads(&[
        (1, seen(4, "2027-01-01")),
        (4, seen(9, "2027-02-01")),
        (6, seen(11, "2027-03-01")),
    ]);
    let found = heads.ended_mandate(&act, &net.registry);
    assert_eq!(found, Some(LeafIndex::new(4)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    // spec: BUN-29
    #[test]
    fn evidence_alone_gives_the_verdicts_that_all_heads_give(
        entries in prop::collection::vec((1_u64..6, 0_u64..3, 1_u64..8, 0_u64..9), 1..12),
        asked in prop::collection::vec((0_usize..2, 0_u64..8, 0_u64..6), 1..5),
        now in 0_u64..9,
    ) {
        let net = Net::production();
        let logs = [net.origin(city()), net.origin(other_city()), net.registry.genesis().registry_origin()];
        let entries: Vec<(u64, Statement)> = (0..)
            .zip(&entries)
            .map(|(index, (registry, log, seen, days))| {
                let log = &logs[usize::try_from(*log).unwrap()];
                (index, head(*registry, log, *seen, days * 86_400_000))
            })
            .collect();
        let asked: Vec<_> = asked
            .iter()
            .map(|(log, index, ctx)| (reference(&logs[*log], *index), size(*ctx)))
            .collect();
        let named: Vec<_> = asked.iter().map(|(reference, ctx)| (reference, *ctx)).collect();
        let all = heads(&entries);
        let evidence = all.evidence_of(&named, &std::collections::BTreeSet::new());
        let mut carried = entries;
        carried.retain(|(index, _)| evidence.contains(&LeafIndex::new(*index)));
        let carried = heads(&carried);
        let now = at(now * 86_400_000);
        for (reference, ctx) in named {
            prop_assert_eq!(
                carried.is_late(reference, ctx, &net.registry, now),
                all.is_late(reference, ctx, &net.registry, now)
            );
        }
    }

    // spec: EFF-1, TRU-35
    #[test]
    fn order_in_which_heads_come_changes_nothing(
        entries in prop::collection::vec((1_u64..6, 0_u64..3, 1_u64..8, 0_u64..9), 1..12),
        order in any::<prop::sample::Index>(),
        index in 0_u64..8,
        ctx in 0_u64..6,
        now in 0_u64..9,
    ) {
        let net = Net::production();
        let logs = [net.origin(city()), net.origin(other_city()), net.registry.genesis().registry_origin()];
        let entries: Vec<(u64, Statement)> = (0..)
            .zip(&entries)
            .map(|(index, (registry, log, seen, days))| {
                let log = &logs[usize::try_from(*log).unwrap()];
                (index, head(*registry, log, *seen, days * 86_400_000))
            })
            .collect();
        let mut other = entries.clone();
        other.rotate_left(order.index(entries.len()));
        other.reverse();
        other.extend(entries.first().cloned());
        let (one, other) = (heads(&entries), heads(&other));
        prop_assert_eq!(&one, &other);
        let (reference, now) = (reference(&logs[0], index), at(now * 86_400_000));
        prop_assert_eq!(
            one.is_late(&reference, size(ctx), &net.registry, now),
            other.is_late(&reference, size(ctx), &net.registry, now)
        );
    }
}
