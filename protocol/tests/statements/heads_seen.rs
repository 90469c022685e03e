//! Whether a statement came in time, by what the hub says that it saw.

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::limits::HEAD_SEEN_STEP_MAX_MS;
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{
    Content, Ctx, HeadSeen, Statement, StatementRef, Vis, Withdrawal, WithdrawalReason, sign,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{HeadsSeen, Timing, Verified};
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
pub(crate) fn head(registry: u64, origin: &Origin, seen: u64, milliseconds: u64) -> Statement {
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

pub(crate) fn heads(entries: &[(u64, Statement)]) -> HeadsSeen {
    let mut heads = HeadsSeen::new();
    let entries = entries.iter();
    heads.extend(entries.map(|(index, statement)| (LeafIndex::new(*index), statement, true)));
    heads
}

/// Heads of the registry at sizes 4 and 5, and then every four hours until the grace is over.
fn marks(registry: &Origin) -> Vec<(u64, Statement)> {
    let steps = GRACE_MS / HEAD_SEEN_STEP_MAX_MS;
    let changes = [head(4, registry, 4, 0), head(5, registry, 5, 1_000)];
    let marks = (1..=steps).map(|step| {
        let at = 1_000 + step * HEAD_SEEN_STEP_MAX_MS;
        head(5, registry, 5, at)
    });
    (0..).zip(changes.into_iter().chain(marks)).collect()
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
    let mut entries = marks(&registry);
    // Beside the change, beside the first mark, and behind the last.
    let last = entries.len() as u64 * 10;
    for (index, _) in &mut entries {
        *index *= 10;
    }
    entries.extend([
        (11, head(5, &city, 2, 1_000)),
        (12, head(5, &city, 3, 2_000)),
        (last, head(5, &city, 4, 1_000 + GRACE_MS)),
        (last + 1, head(5, &city, 5, 1_001 + GRACE_MS)),
    ]);
    entries.sort_by_key(|(index, _)| *index);
    heads(&entries)
}

// spec: TRU-35, EFF-14
#[test]
fn statement_is_late_when_the_hub_saw_it_after_the_grace_of_a_newer_registry() {
    let net = Net::production();
    let (seen, origin) = (seen(&net), net.origin(city()));
    let is_late = |index: u64, ctx: u64| {
        seen.timing(&reference(&origin, index), size(ctx), &net.registry) == Timing::Late
    };
    for (index, expected) in [(0, false), (1, false), (2, false), (3, false), (4, true)] {
        assert_eq!(is_late(index, 4), expected, "{index}");
        assert!(!is_late(index, 5), "{index} names the newest registry");
    }
}

/// The hub shows that it is there for as long as anybody may be judged by it.
// spec: TRU-70
#[test]
fn head_of_the_registry_is_due_every_four_hours_until_the_grace_is_over() {
    let net = Net::production();
    let registry = net.registry.genesis().registry_origin();
    let all = marks(&registry);
    assert_eq!(HeadsSeen::new().next_mark(&net.registry), None);
    for upto in 2..=all.len() {
        let step = (upto as u64 - 2) * HEAD_SEEN_STEP_MAX_MS;
        let (last, due) = (at(1_000 + step), at(1_000 + step + HEAD_SEEN_STEP_MAX_MS));
        let next = heads(&all[..upto]).next_mark(&net.registry);
        assert_eq!(next, Some((last, due)), "{upto}");
    }
    let over = head(5, &registry, 5, 1_000 + GRACE_MS + HEAD_SEEN_STEP_MAX_MS);
    let over = [all.clone(), vec![(all.len() as u64, over)]].concat();
    assert_eq!(heads(&over).next_mark(&net.registry), None);
}

/// What the hub has not seen is late once it has been there for the grace, and not before.
// spec: TRU-35
#[test]
fn statement_that_the_hub_has_not_seen_is_late_once_the_grace_is_over() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let mut entries = marks(&registry);
    let timing = |entries: &[(u64, Statement)], ctx| {
        heads(entries).timing(&reference(&city, 9), size(ctx), &net.registry)
    };
    assert_eq!(timing(&entries, 4), Timing::InTime);
    let last = head(5, &registry, 5, 1_001 + GRACE_MS);
    entries.push((entries.len() as u64, last));
    assert_eq!(timing(&entries, 4), Timing::Late);
    assert_eq!(timing(&entries, 5), Timing::InTime);
}

/// A hub that records a change and is then away lets nobody hear of it.
// spec: TRU-35
#[test]
fn time_for_which_the_hub_was_away_makes_nothing_late() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let seen = heads(&[
        (0, head(4, &registry, 4, 0)),
        (1, head(5, &registry, 5, 1_000)),
        (2, head(5, &city, 3, 10 * GRACE_MS)),
    ]);
    let timing = |index| seen.timing(&reference(&city, index), size(4), &net.registry);
    assert_eq!(timing(2), Timing::InTime);
    assert_eq!(timing(9), Timing::InTime);
}

/// A clock that is ahead for a moment makes nothing late, and keeps nothing from being late once it is
/// right again.
// spec: TRU-35
#[test]
fn clock_that_was_wrong_for_a_moment_decides_nothing() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let ahead = 400 * 86_400_000;
    let mut entries = marks(&registry);
    // The change itself was dated ahead.
    entries[1].1 = head(5, &registry, 5, ahead);
    let count = entries.len() as u64;
    let behind = 10 * HEAD_SEEN_STEP_MAX_MS + GRACE_MS;
    entries.extend([
        (count, head(5, &city, 1, GRACE_MS + 5_000)),
        (
            count + 1,
            head(5, &registry, 5, GRACE_MS + HEAD_SEEN_STEP_MAX_MS),
        ),
        (
            count + 2,
            head(5, &registry, 5, GRACE_MS + 2 * HEAD_SEEN_STEP_MAX_MS),
        ),
        (count + 3, head(5, &city, 2, behind)),
    ]);
    let seen = heads(&entries);
    let timing = |index| seen.timing(&reference(&city, index), size(4), &net.registry);
    assert_eq!(timing(0), Timing::InTime, "just within the grace");
    assert_eq!(timing(1), Timing::Late);
    // What it saw while it was ahead.
    let seen = heads(&[
        (0, head(4, &registry, 4, 0)),
        (1, head(5, &registry, 5, 1_000)),
        (2, head(5, &city, 1, ahead)),
        (3, head(5, &city, 2, 3_000)),
    ]);
    let timing = |index| seen.timing(&reference(&city, index), size(4), &net.registry);
    assert_eq!([timing(0), timing(1)], [Timing::InTime; 2]);
}

// spec: TRU-35
#[test]
fn statement_that_the_hub_saw_before_the_registry_changed_is_in_time_for_ever() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let mut entries = vec![(0, head(4, &city, 2, 0))];
    let marks = marks(&registry);
    entries.extend(marks.into_iter().map(|(index, mark)| (index + 1, mark)));
    let count = entries.len() as u64;
    entries.push((count, head(9, &city, 3, 99 * GRACE_MS)));
    let seen = heads(&entries);
    let timing = |index| seen.timing(&reference(&city, index), size(4), &net.registry);
    assert_eq!(timing(1), Timing::InTime);
    assert_eq!(timing(2), Timing::Late);
}

/// Whoever says more of a log than its leaves say, or by a key that was cut off, says nothing.
// spec: TRU-71
#[test]
fn head_seen_of_leaves_that_are_not_held_covers_nothing_until_they_are() {
    let net = Net::production();
    let (city, registry) = (net.origin(city()), net.registry.genesis().registry_origin());
    let mut entries: Vec<_> = marks(&registry);
    let claimed = head(4, &city, 1_000_000, 500);
    entries.insert(1, (0, claimed));
    let entries: Vec<_> = (0..).zip(entries.into_iter().map(|(_, one)| one)).collect();
    let count = entries.len() as u64;
    let late = head(5, &city, 3, 2 * GRACE_MS);
    let mut seen = HeadsSeen::new();
    let entries = entries
        .iter()
        .map(|(index, one)| (LeafIndex::new(*index), one, *index != 1));
    seen.extend(entries);
    seen.extend([(LeafIndex::new(count), &late, true)]);
    let timing = |seen: &HeadsSeen| seen.timing(&reference(&city, 2), size(4), &net.registry);
    assert_eq!(timing(&seen), Timing::Late);
    let mut forked = seen.clone();
    seen.roots_are_held(&[(LeafIndex::new(1), size(1_000_000))]);
    assert_eq!(timing(&seen), Timing::InTime);
    // Of another branch it covers what both branches have.
    forked.roots_are_held(&[(LeafIndex::new(1), size(3))]);
    assert_eq!(timing(&forked), Timing::InTime);
    let beyond = forked.timing(&reference(&city, 3), size(4), &net.registry);
    assert_eq!(beyond, Timing::Late);
}

// spec: TRU-35
#[test]
fn hub_is_never_late_in_its_own_logs() {
    let net = Net::production();
    let (seen, own) = (seen(&net), net.origin(hub()));
    let timing = seen.timing(&reference(&own, 9), size(4), &net.registry);
    assert_eq!(timing, Timing::InTime);
}

// spec: BUN-29
#[test]
fn evidence_is_the_first_head_that_covers() {
    let net = Net::production();
    let (seen, origin) = (seen(&net), net.origin(city()));
    let last = (GRACE_MS / HEAD_SEEN_STEP_MAX_MS + 2) * 10;
    for (index, expected) in [(0, Some(11)), (2, Some(12)), (4, Some(last + 1)), (9, None)] {
        let found = seen.first_covering(&reference(&origin, index));
        assert_eq!(found, expected.map(LeafIndex::new), "{index}");
    }
}

/// Milliseconds from the beginning of these tests to noon of a day in China.
pub(crate) fn noon(day_text: &str) -> u64 {
    instant(day_text).value() + 4 * 3_600_000 - BEGIN_MS
}

/// A withdrawal that the city dates 2026-03-05, within its mandate, which ends with 2026-12-31.
fn withdrawal(net: &Net) -> Verified {
    let content = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::OtherError,
        reasons: text("录入错误"),
        exit: None,
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
        let timing = heads(entries).judge(&act, &net.registry);
        Fact::from_verified(&act, &net.registry, timing).void()
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

// spec: TRU-72
#[test]
fn head_dated_ahead_for_a_moment_ends_no_mandate() {
    let net = Net::production();
    let act = withdrawal(&net);
    let registry = net.registry.size().value();
    let seen = |size: u64, day: &str| head(registry, &net.origin(city()), size, noon(day));
    let timing = |entries: &[(u64, Statement)]| heads(entries).judge(&act, &net.registry);
    let ahead = (0, seen(9, "2028-01-01"));
    assert_eq!(timing(std::slice::from_ref(&ahead)), Timing::AfterMandate);
    let right = (1, seen(12, "2026-03-06"));
    assert_eq!(timing(&[ahead, right]), Timing::InTime);
}

/// A hub that starts years behind, before it hears the time, does not bring back what was over.
// spec: TRU-72
#[test]
fn head_dated_behind_for_a_moment_revives_no_mandate() {
    let net = Net::production();
    let act = withdrawal(&net);
    let registry = net.registry.size().value();
    let seen = |size: u64, day: &str| head(registry, &net.origin(city()), size, noon(day));
    let timing = |entries: &[(u64, Statement)]| heads(entries).judge(&act, &net.registry);
    let told = [(0, seen(9, "2027-01-04")), (1, seen(9, "2027-01-05"))];
    assert_eq!(timing(&told), Timing::AfterMandate);
    let behind = (2, seen(12, "2026-06-01"));
    let right = (3, seen(12, "2027-01-06"));
    let all = [&told[..], &[behind, right]].concat();
    assert_eq!(timing(&all), Timing::AfterMandate);
}

/// A shorter grace of today does not end one that began under yesterday's.
// spec: TRU-70
#[test]
fn hub_shows_that_it_is_there_for_the_longest_grace_of_any_policy() {
    let mut net = Net::production();
    let mut shorter = net.registry.policy().clone();
    shorter.ctx_grace_ms = 1;
    net.change(Content::Policy(shorter));
    let registry = net.registry.genesis().registry_origin();
    let seen = heads(&[
        (0, head(4, &registry, 4, 0)),
        (1, head(5, &registry, 5, 1_000)),
    ]);
    assert!(seen.next_mark(&net.registry).is_some());
}

// spec: TRU-60
#[test]
fn decision_is_judged_by_its_own_day_however_late_it_is_published() {
    let net = Net::production();
    let decision = net.decide(penalty()).unwrap();
    let registry = net.registry.size().value();
    let seen = head(registry, &net.origin(city()), 9, noon("2027-06-01"));
    let seen = heads(&[(0, seen)]);
    assert_eq!(seen.judge(&decision, &net.registry), Timing::InTime);
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

    /// The hub's clock and its registry only go on here.
    // spec: BUN-29, BUN-60
    #[test]
    fn first_head_that_covers_shows_what_all_heads_show(
        entries in prop::collection::vec((1_u64..6, 0_u64..3, 1_u64..8, 0_u64..9), 1..12),
        log in 0_usize..2,
        index in 0_u64..8,
        ctx in 0_u64..6,
    ) {
        let net = Net::production();
        let logs = [net.origin(city()), net.origin(other_city()), net.registry.genesis().registry_origin()];
        let (mut registries, mut days): (Vec<u64>, Vec<u64>) = entries.iter().map(|one| (one.0, one.3)).unzip();
        registries.sort_unstable();
        days.sort_unstable();
        let entries: Vec<(u64, Statement)> = (0..)
            .zip(&entries)
            .zip(registries.iter().zip(&days))
            .map(|((index, (_, log, seen, _)), (registry, days))| {
                let log = &logs[usize::try_from(*log).unwrap()];
                (index, head(*registry, log, *seen, days * 86_400_000))
            })
            .collect();
        let (reference, all) = (reference(&logs[log], index), heads(&entries));
        let evidence = all.first_covering(&reference);
        let mut carried = entries;
        carried.retain(|(index, _)| evidence == Some(LeafIndex::new(*index)));
        let shown = |heads: &HeadsSeen| heads.shown_timing(&reference, size(ctx), &net.registry, None);
        prop_assert_eq!(shown(&heads(&carried)), shown(&all));
    }

    // spec: EFF-1, TRU-35
    #[test]
    fn order_in_which_heads_come_changes_nothing(
        entries in prop::collection::vec((1_u64..6, 0_u64..3, 1_u64..8, 0_u64..9), 1..12),
        order in any::<prop::sample::Index>(),
        index in 0_u64..8,
        ctx in 0_u64..6,
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
        let reference = reference(&logs[0], index);
        prop_assert_eq!(
            one.timing(&reference, size(ctx), &net.registry),
            other.timing(&reference, size(ctx), &net.registry)
        );
    }
}
