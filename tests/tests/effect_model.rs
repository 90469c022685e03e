//! The real function of effect against the reference model, over sets by seed.
//!
//! `CONCORDAT_EFFECT_SEEDS` sets how many seeds; a failing seed is run alone by
//! `CONCORDAT_EFFECT_FIRST=<seed> CONCORDAT_EFFECT_SEEDS=1`.

use concordat_tests::model::facts::{Question, expected};
use concordat_tests::model::scenario::generate;
use concordat_tests::model::{Expected, May, Say, Spoken, State, Weak, Why, answer};
use concordat_tests::setting::number;

const SEEDS: u64 = 200_000;

/// The record does not repeat whom and what a decision is about.
fn without_identity(mut answer: Expected) -> Expected {
    if let Some(rest) = &mut answer.rest {
        (rest.same.0, rest.same.1) = (0, 0);
    }
    answer
}

// spec: EFF-1, EFF-2, EFF-3, EFF-4, EFF-5, EFF-6, EFF-7, EFF-8, EFF-10, EFF-16, EFF-17, EFF-23, EFF-26, EFF-27,
// spec: EFF-28, EFF-29, EFF-30, EFF-40, EFF-41, EFF-42, EFF-80, EFF-81, EFF-82, EFF-84, EFF-90, EFF-91, EFF-110, EFF-145,
// spec: EFF-130, EFF-131, EFF-150, EFF-151, EFF-152, EFF-153, EFF-154, EFF-160, EFF-161, EFF-162, EFF-163, EFF-164, EFF-180, EFF-181,
// spec: EFF-195, EFF-221, EFF-225, EFF-226, EFF-243, EFF-244, EFF-245, EFF-246
#[test]
fn effect_agrees_with_the_model_on_every_seed() {
    let first = number("CONCORDAT_EFFECT_FIRST", 0);
    let seeds = number("CONCORDAT_EFFECT_SEEDS", SEEDS);
    for seed in first..first + seeds {
        let mut scenario = generate(seed);
        let mut question = Question::of(&scenario);
        // As of its own day, and of another before or behind it, by the same set and horizon.
        let own = scenario.as_of;
        let away = i32::try_from(seed % 17).expect("a small number") - 8;
        for day in [own, own + away] {
            scenario.as_of = day;
            question.ask_about(day);
            let by_model = without_identity(answer(&scenario));
            let by_function = without_identity(expected(&question.ask()));
            assert_eq!(
                by_function, by_model,
                "seed {seed}, day {day}: {scenario:#?}"
            );
        }
    }
}

/// A comparison says little where the sets never come to a case.
#[test]
fn sets_come_to_every_state_and_verdict() {
    let (mut states, mut verdicts) = (std::collections::BTreeSet::new(), Vec::new());
    let mut waiting = [false; 2];
    let (mut awaiting, mut unread) = (0, 0);
    let mut met = [0; 7];
    let (mut by_codes, mut by_successions) = (0, 0);
    for seed in 0..SEEDS / 40 {
        let scenario = generate(seed);
        let mut without = scenario.clone();
        let is_change = |spoken: &Spoken| matches!(spoken.say, Say::CodeChange { .. });
        without.set.retain(|spoken| !is_change(spoken));
        let mut alone = scenario.clone();
        for spoken in &mut alone.set {
            spoken.in_place_of.clear();
        }
        let (without, alone) = (answer(&without), answer(&alone));
        let answer = answer(&scenario);
        by_codes += usize::from(without != answer);
        by_successions += usize::from(alone != answer);
        states.insert(match answer.state {
            State::InForce => 0,
            State::Void(_) => 1,
            State::Withdrawn(_) => 2,
            State::Corrected(_) => 3,
            State::NotHeld(_) => 4,
            State::NotADecision => 5,
        });
        let verdict = if let May::Unknown(whose, _) = answer.may {
            May::Unknown(whose, None)
        } else {
            answer.may
        };
        if !verdicts.contains(&verdict) {
            verdicts.push(verdict);
        }
        awaiting += answer.awaiting.len();
        unread += usize::from(answer.suspended.contains_key(&Why::ActNotHeld));
        let cases = [
            !answer.stayed.0.is_empty(),
            answer.stayed.1,
            answer.repaired.is_some(),
            answer.suspended.contains_key(&Why::StayNotHeld),
            answer.weak.values().any(|weak| *weak == Weak::Repaired),
            answer.may == May::NoBasis
                && answer.weak.values().all(|weak| *weak >= Weak::NotChecked),
            answer.may == May::Suspended
                && answer.weak.values().any(|weak| *weak == Weak::Suspended),
        ];
        for (times, is_met) in met.iter_mut().zip(cases) {
            *times += usize::from(is_met);
        }
        for over_cap in answer.waiting.values() {
            waiting[usize::from(*over_cap)] = true;
        }
    }
    assert_eq!(states.len(), 6, "every state: of a copy, no decision");
    assert_eq!(verdicts.len(), 17, "{verdicts:?}");
    assert_eq!(waiting, [true; 2]);
    assert!(awaiting > 0);
    assert!(unread > 100, "{unread}");
    assert!(met.iter().all(|times| *times > 20), "{met:?}");
    assert!(by_codes > 10, "{by_codes}");
    assert!(by_successions > 100, "{by_successions}");
}
