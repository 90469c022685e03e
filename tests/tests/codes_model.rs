//! The real function of the codes of an organisation against the reference model, over sets by seed.
//!
//! `CONCORDAT_CODES_SEEDS` sets how many seeds; a failing seed is run alone by
//! `CONCORDAT_CODES_FIRST=<seed> CONCORDAT_CODES_SEEDS=1`.

use std::collections::BTreeMap;

use concordat_tests::model::codes::{CodeSet, Stands};
use concordat_tests::setting::number;

const SEEDS: u64 = 5_000;

// spec: EFF-1, EFF-40, EFF-217, EFF-218, EFF-219, EFF-220
#[test]
fn codes_agree_with_the_model_on_every_seed_in_any_order() {
    let first = number("CONCORDAT_CODES_FIRST", 0);
    let seeds = number("CONCORDAT_CODES_SEEDS", SEEDS);
    for seed in first..first + seeds {
        let set = CodeSet::generate(seed);
        for of in 0..5 {
            let by_model = set.answer(of);
            for order in [seed, seed + 1] {
                assert_eq!(
                    set.asked(of, order),
                    by_model,
                    "seed {seed}, code {of}: {set:#?}"
                );
            }
        }
    }
}

/// A comparison says little where the sets never come to a case.
#[test]
fn sets_come_to_every_state_and_to_chains() {
    let mut states: BTreeMap<Stands, u64> = BTreeMap::new();
    let (mut moved, mut chains, mut open) = (0, 0, 0);
    for seed in 0..SEEDS / 5 {
        let set = CodeSet::generate(seed);
        for of in 0..5 {
            let answer = set.answer(of);
            moved += u64::from(!answer.before.is_empty());
            chains += u64::from(answer.before.len() > 1);
            for (state, _, objections) in answer.changes.values() {
                *states.entry(*state).or_default() += 1;
                open += u64::from(!objections.is_empty());
            }
        }
    }
    assert_eq!(states.len(), 7, "{states:?}");
    assert!(states.values().all(|times| *times > 10), "{states:?}");
    assert!(
        moved > 100 && chains > 10 && open > 100,
        "{moved} {chains} {open}"
    );
}
