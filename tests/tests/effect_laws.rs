//! Laws of effect over sets by seed: a set is a set, and what is weaker evidence never binds more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::effect::{BindsOthers, Burden, Effect, History, SuspensionKind};
use concordat_tests::model::facts::{Question, expected, fact};
use concordat_tests::model::scenario::{Random, generate};
use concordat_tests::model::{
    Figures, Known, Place, REGISTER, Rest, Ruled, Say, Scenario, Spoken, Told, Void, Why, answer,
};
use proptest::prelude::*;

/// Beyond every witnessed size of a scenario.
const PROVISIONAL: u64 = 100;

fn ask(scenario: &Scenario) -> Effect {
    Question::of(scenario).ask()
}

fn with(scenario: &Scenario, added: Spoken) -> Effect {
    let (mut more, mut added) = (scenario.clone(), added);
    (added.bytes, added.about) = (added.place, scenario.about(&added.say));
    more.set.push(added);
    ask(&more)
}

fn spoken(log: u8, index: u64, say: Say) -> Spoken {
    let place = Place {
        log,
        index,
        branch: 0,
    };
    Spoken {
        place,
        bytes: place,
        about: 0,
        issuer: log,
        supervision: log == 2,
        void: None,
        history: false,
        beyond_repair: false,
        registry: 0,
        in_place_of: Vec::new(),
        say,
    }
}

/// What others may do to its subject on the strength of a decision.
fn burden(effect: &Effect) -> Option<&Effect> {
    let applies = effect.binds_others() == BindsOthers::Applies;
    let burdens = effect.burden == Burden::Burdens && effect.repaired.is_none();
    (applies && burdens).then_some(effect)
}

/// Whether the burden on others' part after lies within the one before.
fn is_within(after: &Effect, before: &Effect) -> bool {
    let Some(after) = burden(after) else {
        return true;
    };
    let Some(before) = burden(before) else {
        return false;
    };
    let ends = |effect: &Effect| -> BTreeMap<_, _> {
        let duties = effect.duties.iter();
        duties
            .map(|state| (state.duty.measure.clone(), state.duty.until))
            .collect()
    };
    let ends_before = ends(before);
    let shorter = ends(after)
        .iter()
        .all(|(measure, until)| ends_before.get(measure).is_some_and(|end| until <= end));
    let classes = &before.amounts.penalty_classes;
    shorter
        && after.amounts.fine_fen <= before.amounts.fine_fen
        && after.amounts.confiscation_fen <= before.amounts.confiscation_fen
        && after
            .amounts
            .penalty_classes
            .iter()
            .all(|class| classes.contains(class))
        && after.publication.until <= before.publication.until
}

/// A statement of any class at a position that no quorum has cosigned.
fn provisional(scenario: &Scenario, seed: u64) -> Spoken {
    let mut random = Random::new(seed);
    let donors = generate(random.next()).set;
    let donor = donors.first().cloned();
    let (target, register) = (scenario.target, 9);
    let withdrawal = Say::Withdrawal { target, register };
    let mut added = donor.unwrap_or_else(|| spoken(0, PROVISIONAL, withdrawal));
    added.place.index = PROVISIONAL + random.below(4);
    added.void = None;
    // Most of the donor's references lead nowhere here; those that matter lead to the decision.
    match &mut added.say {
        Say::Correction { target: on, .. }
        | Say::Withdrawal { target: on, .. }
        | Say::Objection { target: on, .. }
        | Say::Ruling { target: on, .. }
        | Say::Stay { target: on, .. }
        | Say::Repair { target: on, .. }
        | Say::Admission { target: on, .. } => *on = target,
        Say::Decision(figures) => figures.root = Some(target),
        Say::Notice { .. } | Say::CodeChange { .. } | Say::Nothing => {}
    }
    added
}

/// Figures that take nothing off a reading, of the same kind and for the same days.
fn heaviest(rest: &Rest) -> Figures {
    const FAR: i32 = 40_000;
    let (subject, item, penalty) = rest.same;
    Figures {
        subject,
        document: 1,
        item,
        penalty,
        fine: 1_000_000,
        classes: BTreeSet::from([1, 2, 3]),
        duties: (0..3).map(|measure| (measure, FAR)).collect(),
        from: if penalty { 0 } else { rest.from },
        served: if penalty { 0 } else { rest.from },
        until: if penalty { None } else { rest.until },
        publication: FAR,
        root: None,
        rests_on: BTreeSet::new(),
    }
}

/// Whether something that waits for what stands at a place is put right by it: a notice that calls it by
/// another class, a decision that rests on it, an act on it, a leaf that suspends until its body is there.
fn is_named(scenario: &Scenario, place: Place) -> bool {
    let names = |known: &Spoken| {
        let mut is_named = false;
        known.say.clone().rename(|name| {
            is_named |= name == place;
            name
        });
        is_named
    };
    scenario.set.iter().any(names) || scenario.unread.iter().any(|(act, _)| *act == place)
}

/// Whether what stands at a place is a stay or a repair, or is said to be.
fn frees(scenario: &Scenario, place: Place) -> bool {
    let place = scenario.first_with_the_bytes_at(place);
    scenario.set.iter().any(|known| match known.say {
        Say::Stay { .. } | Say::Repair { .. } => known.place == place,
        Say::Notice {
            act,
            told: Told::Stay,
            ..
        } => act == place,
        Say::Decision(_)
        | Say::Correction { .. }
        | Say::Withdrawal { .. }
        | Say::Objection { .. }
        | Say::Ruling { .. }
        | Say::Admission { .. }
        | Say::Notice { .. }
        | Say::CodeChange { .. }
        | Say::Nothing => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    // spec: EFF-1
    #[test]
    fn effect_is_the_same_in_any_order_with_duplicates_and_late_arrivals(seed: u64, order: u64) {
        let scenario = generate(seed);
        let question = Question::of(&scenario);
        let whole = question.ask();
        let mut arrivals: Vec<_> = scenario.set.iter().chain(&scenario.set).collect();
        Random::new(order).shuffle(&mut arrivals);
        let mut late = question;
        let mut history = History::new();
        for (act, target) in late.history.unread() {
            history.insert_unread(act.clone(), target.clone());
        }
        for (again, erased) in late.history.gone() {
            history.insert_gone(again.clone(), erased.clone());
        }
        late.history = history;
        for spoken in arrivals {
            // Asking between arrivals leaves nothing behind.
            let _ = late.ask();
            late.history.insert(Arc::new(fact(spoken)));
        }
        prop_assert_eq!(late.ask(), whole);
    }

    // spec: EFF-7
    #[test]
    fn new_objection_never_ends_a_suspension(seed: u64, role in 1_u8..=3, ground in 1_u8..=3, over_cap: bool, register in 0_u64..10) {
        let scenario = generate(seed);
        let objection = Say::Objection { target: scenario.target, role, ground, over_cap, register };
        let before = expected(&ask(&scenario)).suspended;
        let after = expected(&with(&scenario, spoken(1, PROVISIONAL, objection))).suspended;
        for (why, by) in before {
            prop_assert!(after.get(&why).is_some_and(|later| later.is_superset(&by)), "{:?}", why);
        }
    }

    // spec: EFF-22
    #[test]
    fn provisional_statement_never_extends_what_binds_others_nor_takes_a_grant(seed: u64, draw: u64) {
        let scenario = generate(seed);
        let added = provisional(&scenario, draw);
        let before = ask(&scenario);
        let after = with(&scenario, added);
        prop_assert!(is_within(&after, &before), "{:#?}\n{:#?}", before, after);
        prop_assert!(after.grant_stands() || !before.grant_stands(), "{:#?}\n{:#?}", before, after);
    }

    // spec: EFF-13, EFF-22
    #[test]
    fn provisional_correction_that_only_restricts_changes_nothing_but_what_is_pending(seed: u64, log in 0_u8..3) {
        let scenario = generate(seed);
        let Some(rest) = answer(&scenario).rest else { return Ok(()) };
        let target = scenario.target;
        // A licence that also burdens has no heavier form while its two terms differ.
        let one_term = (rest.from, rest.until) == (rest.burden_from, rest.burden_until);
        prop_assume!(rest.same.2 || one_term);
        let figures = heaviest(&rest);
        let added = spoken(log, PROVISIONAL, Say::Correction { target, figures, register: 9 });
        let before = ask(&scenario);
        let mut after = with(&scenario, added);
        after.pending.clone_from(&before.pending);
        prop_assert_eq!(after, before);
    }

    // spec: EFF-12
    #[test]
    fn withdrawal_never_extends_a_burden_witnessed_or_not(seed: u64, log in 0_u8..3, at in 0_usize..16) {
        let scenario = generate(seed);
        let target = scenario.set.get(at).map_or(scenario.target, |spoken| spoken.place);
        for index in [PROVISIONAL, 0] {
            let added = spoken(log, index, Say::Withdrawal { target, register: 9 });
            if scenario.set.iter().any(|known| known.place == added.place) {
                continue;
            }
            // To take back what frees binds, once it counts in full.
            if index == 0 && frees(&scenario, target) {
                continue;
            }
            let named = is_named(&scenario, added.place);
            let before = ask(&scenario);
            let after = with(&scenario, added);
            prop_assert!(named || is_within(&after, &before));
        }
    }

    // spec: EFF-151, EFF-155, EFF-160, EFF-161
    #[test]
    fn stay_and_repair_never_add_a_burden_nor_end_a_suspension(seed: u64, log in 0_u8..3, at in 0_usize..16, void: bool, effect in 1_u8..=4) {
        let scenario = generate(seed);
        let target = scenario.set.get(at).map_or(scenario.target, |spoken| spoken.place);
        let (from, until) = (scenario.as_of - i32::from(effect), None);
        for index in [PROVISIONAL, 0] {
            for say in [
                Say::Stay { target, from, until },
                Say::Repair { target, effects: BTreeSet::from([effect]) },
            ] {
                let mut added = spoken(log, index, say);
                added.void = void.then_some(Void::Late);
                let taken = scenario.set.iter().any(|known| known.place == added.place);
                if taken || is_named(&scenario, added.place) {
                    continue;
                }
                let before = ask(&scenario);
                let after = with(&scenario, added);
                prop_assert!(is_within(&after, &before), "{:#?}\n{:#?}", before, after);
                prop_assert_eq!(&after.suspended_by, &before.suspended_by);
                // Only what counts in full takes away what is granted.
                let stands = after.grant_stands() || !before.grant_stands();
                prop_assert!(stands || index == 0 && !void);
            }
        }
    }

    // spec: EFF-153, EFF-162
    #[test]
    fn withdrawal_of_a_stay_or_a_repair_that_does_not_count_in_full_adds_no_burden(seed: u64, log in 0_u8..3, at in 0_usize..16, cut_off: bool) {
        let scenario = generate(seed);
        let freeing: Vec<Place> = scenario.set.iter().map(|spoken| spoken.place).filter(|place| frees(&scenario, *place)).collect();
        let Some(target) = freeing.get(at % freeing.len().max(1)).copied() else { return Ok(()) };
        let mut added = spoken(log, PROVISIONAL, Say::Withdrawal { target, register: 9 });
        if cut_off {
            (added.place.index, added.void) = (0, Some(Void::CutOff));
        }
        let taken = scenario.set.iter().any(|known| known.place == added.place);
        prop_assume!(!taken && !is_named(&scenario, added.place));
        let before = ask(&scenario);
        let after = with(&scenario, added);
        prop_assert!(is_within(&after, &before), "{:#?}\n{:#?}", before, after);
        prop_assert!(after.grant_stands() || !before.grant_stands());
        // Nor does it end what the stay does to the issuer, or the repair to others.
        prop_assert_eq!(after.repaired, before.repaired);
        let kept = before.stayed_by.iter().all(|stay| after.stayed_by.contains(stay));
        prop_assert!(kept || before.is_grant);
    }

    // spec: EFF-24
    #[test]
    fn no_day_and_no_time_ends_a_suspension(seed: u64, days in 0_i32..4_000) {
        let scenario = generate(seed);
        let mut later = scenario.clone();
        later.as_of += days;
        later.now_ms += u64::from(days.unsigned_abs()) * 86_400_000;
        prop_assert_eq!(ask(&later).suspended_by, ask(&scenario).suspended_by);
    }
}

/// Who withholds the body of a statement has its copies named, and hands out the first then: nothing
/// changes by which of them is named.
// spec: EFF-110, EFF-130
#[test]
fn name_of_a_copy_is_worth_as_much_as_the_name_of_the_first() {
    let mut renamed = 0;
    for seed in 0..20_000 {
        let scenario = generate(seed);
        let mut other = scenario.clone();
        for spoken in &mut other.set {
            let first = |name| scenario.first_with_the_bytes_at(name);
            spoken.say.rename(first);
        }
        // Copies of one statement stay copies whatever their names say.
        if other != scenario {
            renamed += 1;
            let (before, after) = (ask(&scenario), ask(&other));
            assert_eq!(before, after, "seed {seed}");
        }
    }
    assert!(renamed > 1_000, "sets come to it {renamed} times");
}

/// Every ground of a chain suspends at most once.
// spec: EFF-7
#[test]
fn no_ground_suspends_twice() {
    for seed in 0..4_000 {
        let effect = ask(&generate(seed));
        let kinds: Vec<SuspensionKind> = effect.suspended_by.iter().map(|s| s.kind).collect();
        assert!(kinds.is_sorted_by(|a, b| a < b), "seed {seed}: {kinds:?}");
    }
}

/// Whether two decisions are linked by what they say themselves.
fn linked_directly(scenario: &Scenario, a: Place, b: Place) -> bool {
    let figures = |place: Place| {
        let held = scenario.set.iter().find(|spoken| spoken.place == place)?;
        let Say::Decision(figures) = &held.say else {
            return None;
        };
        Some((held.issuer, figures))
    };
    let first = |place| scenario.first_with_the_bytes_at(place);
    let (a, b) = (first(a), first(b));
    let root = |place| figures(place).and_then(|(_, figures)| figures.root.map(first));
    let document = |place| {
        let said = figures(place);
        said.map(|(issuer, said)| (issuer, said.number(), said.item, said.subject))
    };
    a == b
        || root(a) == Some(b)
        || root(b) == Some(a)
        || root(a).is_some() && root(a) == root(b)
        || document(a).is_some() && document(a) == document(b)
}

/// A rejection says nothing about an objection to a decision that has nothing to do with the one ruled
/// on, whatever other decisions lie between the two.
// spec: EFF-80
#[test]
fn rejection_changes_no_objection_to_a_decision_that_is_not_linked_directly() {
    let place = |log, index, branch| Place { log, index, branch };
    let mut compared = 0;
    for seed in 0..20_000 {
        let mut scenario = generate(seed);
        let mut draw = Random::new(seed);
        for log in 2..4 {
            let known = scenario.logs.entry(log).or_insert(Known {
                witnessed: 0,
                quorum_ms: None,
                frozen_at: None,
            });
            (known.witnessed, known.frozen_at) = (2 * PROVISIONAL, None);
        }
        let decisions: Vec<Place> = scenario
            .set
            .iter()
            .filter(|spoken| matches!(spoken.say, Say::Decision(_)))
            .map(|spoken| spoken.place)
            .collect();
        let Some(ruled_on) = decisions
            .get(usize::try_from(seed).expect("an index fits") % decisions.len().max(1))
            .copied()
        else {
            continue;
        };
        let mut add = |place: Place, say: Say| {
            let mut added = spoken(place.log, place.index, say);
            (added.place, added.bytes) = (place, place);
            added.about = scenario.about(&added.say);
            scenario.set.retain(|known| known.place != place);
            scenario.set.push(added);
        };
        let (rejected, ruling) = (place(1, PROVISIONAL, 0), place(2, PROVISIONAL, 0));
        add(
            rejected,
            Say::Objection {
                target: ruled_on,
                role: 1,
                ground: 1 + u8::try_from(draw.below(3)).expect("one of three"),
                over_cap: false,
                register: 0,
            },
        );
        add(
            place(REGISTER, 0, 1),
            Say::Notice {
                target: ruled_on,
                act: ruling,
                told: Told::Ruling,
                over_cap: false,
            },
        );
        let before = answered(&scenario);
        let closes = BTreeSet::from([rejected]);
        let mut after = scenario.clone();
        let mut rejects = spoken(
            2,
            PROVISIONAL,
            Say::Ruling {
                target: ruled_on,
                outcome: Ruled::Rejected,
                closes,
            },
        );
        rejects.about = after.about(&rejects.say);
        after.set.push(rejects);
        let after = answered(&after);
        for objection in &scenario.set {
            let Say::Objection { target, .. } = objection.say else {
                continue;
            };
            if !linked_directly(&scenario, target, ruled_on) {
                let states = (before.get(&objection.place), after.get(&objection.place));
                assert_eq!(states.0, states.1, "seed {seed}: {:?}", objection.place);
                compared += usize::from(states.0.is_some());
            }
        }
    }
    assert!(compared > 100, "sets come to it {compared} times");
}

/// The open objections of a scenario, and whether they suspend.
fn answered(scenario: &Scenario) -> BTreeMap<Place, bool> {
    let found = expected(&ask(scenario));
    let suspending = found
        .suspended
        .into_iter()
        .filter(|(why, _)| matches!(why, Why::Objection(_)));
    let suspending = suspending.flat_map(|(_, by)| by).map(|place| (place, true));
    let waiting = found.waiting.into_keys().map(|place| (place, false));
    suspending.chain(waiting).collect()
}
