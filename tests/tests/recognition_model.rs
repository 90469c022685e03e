//! The real function of recognition against the reference model, over sets by seed.
//!
//! `CONCORDAT_RECOGNITION_SEEDS` sets how many seeds; a failing seed is run alone by
//! `CONCORDAT_RECOGNITION_FIRST=<seed> CONCORDAT_RECOGNITION_SEEDS=1`.

use std::collections::BTreeSet;

use concordat_tests::model::recognition::facts::Prepared;
use concordat_tests::model::recognition::scenario::generate;
use concordat_tests::model::recognition::{Asked, Lack, Recognised, Stands, Word, recognise};
use concordat_tests::setting::number;

const SEEDS: u64 = 60_000;
/// Days that each set is asked about beside its own.
const DAYS: i32 = 3;

/// The days about which a set is asked: its own, and some before and behind it.
fn days(asked: &Asked) -> impl Iterator<Item = i32> + use<> {
    let own = asked.effect.as_of;
    (0..=DAYS).map(move |step| own + step * 3 - if step == 2 { 10 } else { 0 })
}

// spec: AGR-10, AGR-11, AGR-12, AGR-13, AGR-14, AGR-20, AGR-21, AGR-22, AGR-23, AGR-24, AGR-30, AGR-40
#[test]
fn recognition_agrees_with_the_model_on_every_seed() {
    let first = number("CONCORDAT_RECOGNITION_FIRST", 0);
    let seeds = number("CONCORDAT_RECOGNITION_SEEDS", SEEDS);
    for seed in first..first + seeds {
        let mut asked = generate(seed);
        let mut prepared = Prepared::of(&asked);
        for day in days(&asked) {
            asked.effect.as_of = day;
            let by_model = recognise(&asked);
            let by_function = prepared.ask(day);
            assert_eq!(by_function, by_model, "seed {seed}, day {day}: {asked:#?}");
            // Any order, and some of them twice.
            prepared.disorder(usize::try_from(seed % 7).expect("a small number"));
        }
        stand_alike(seed, &asked, &prepared);
    }
}

/// The standing of each version between the members.
fn stand_alike(seed: u64, asked: &Asked, prepared: &Prepared) {
    if !seed.is_multiple_of(4) || asked.too_many {
        return;
    }
    let day = asked.effect.as_of;
    for said in &asked.said {
        for (one, other) in [(0, 1), (2, 0), (4, 1)] {
            let by_model = asked.stands(said.place, one, other);
            let by_function = prepared.stands(said.place, one, other, day);
            assert_eq!(
                by_function, by_model,
                "seed {seed}: {:?} between {one} and {other} on {day}: {asked:#?}",
                said.place
            );
        }
    }
}

/// A comparison says little where the sets never come to a case.
#[test]
fn sets_come_to_every_answer() {
    let mut lacks = BTreeSet::new();
    let [
        mut own,
        mut refused,
        mut yes,
        mut granted,
        mut twice,
        mut narrowed,
    ] = [0; 6];
    let mut allowed = [0; 2];
    let mut stands = [0; 2];
    for seed in 0..SEEDS / 10 {
        let asked = generate(seed);
        match recognise(&asked) {
            Recognised::Own => own += 1,
            Recognised::No(_) => refused += 1,
            Recognised::Information(lack) => {
                lacks.insert(lack);
            }
            Recognised::Yes {
                measures, grant, ..
            } => {
                yes += 1;
                granted += usize::from(grant);
                for (_, binding, _) in measures.values() {
                    allowed[usize::from(*binding)] += 1;
                }
                let mut all_witnessed = asked.clone();
                for log in all_witnessed.effect.logs.values_mut() {
                    log.witnessed = 8;
                }
                let is_other = recognise(&all_witnessed) != recognise(&asked);
                narrowed += usize::from(is_other);
            }
        }
        twice += usize::from(is_elsewhere_again(&asked));
        for said in &asked.said {
            match asked.stands(said.place, 0, 1) {
                Stands::InForce => stands[0] += 1,
                Stands::Replaced => stands[1] += 1,
                Stands::Lacks(_) => {}
            }
        }
    }
    assert_eq!(lacks.len(), 10, "{lacks:?}");
    assert!(lacks.contains(&Lack::Retired) && lacks.contains(&Lack::BasisFails));
    let met = [own, refused, yes, granted, twice, narrowed];
    assert!(met.iter().all(|times| *times > 40), "{met:?}");
    assert!(allowed.iter().all(|times| *times > 100), "{allowed:?}");
    assert!(stands.iter().all(|times| *times > 40), "{stands:?}");
}

/// Whether equal words stand in two logs.
fn is_elsewhere_again(asked: &Asked) -> bool {
    asked.said.iter().any(|one| {
        let mut all = asked.said.iter();
        matches!(one.word, Word::Version(_))
            && all.any(|other| {
                other.place.log != one.place.log && other.at == one.at && other.word == one.word
            })
    })
}
