//! Sets of agreements by seed, in several logs: equal words in two, names of either place, what is missing,
//! forked, not witnessed or void.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Clause, Decided, Said, Version, Word};
use crate::model::scenario::{FIRST_DAY, POSITIONS, Random, generate as effect};
use crate::model::{Known, Place, REGISTER, Say, Scenario};

/// Authorities that are named: three members, and one that publishes through the first.
const AUTHORITIES: [u8; 4] = [0, 1, 2, 4];
const REGIONS: [u32; 5] = [230_000, 230_400, 230_402, 231_100, 110_000];

/// The set of a seed.
#[must_use]
pub fn generate(seed: u64) -> Asked {
    let random = &mut Random::new(seed ^ 0x5eed_a9ee);
    let mut said = words(random);
    said.retain(|_| !random.once_in(10));
    random.shuffle(&mut said);
    let issuers = side(random);
    let mut receivers = side(random);
    if receivers == issuers && !random.once_in(4) {
        receivers = side(random);
    }
    let days = |random: &mut Random| random.once_in(6).then(|| FIRST_DAY + random.days(6));
    Asked {
        effect: decision(random, seed),
        decided: decided(random),
        said,
        issuers,
        receivers,
        regions: (one_of(random, &REGIONS), one_of(random, &REGIONS)),
        revoked: (0..3)
            .filter_map(|measure| Some((measure, days(random)?)))
            .collect(),
        left_out: AUTHORITIES
            .into_iter()
            .filter(|_| random.once_in(40))
            .collect(),
        too_many: random.once_in(60),
    }
}

/// One decision alone mostly, often with everything known; else a whole set of the model of effect.
fn decision(random: &mut Random, seed: u64) -> Scenario {
    let mut scenario = effect(seed);
    let target = scenario.target;
    if !random.once_in(6) {
        scenario.set.retain(|spoken| spoken.place == target);
        scenario.unread.clear();
        let holds = !random.once_in(4);
        for spoken in &mut scenario.set {
            spoken.void = None;
            if let Say::Decision(figures) = &mut spoken.say
                && holds
            {
                (figures.from, figures.served) = (FIRST_DAY, FIRST_DAY);
                (figures.until, figures.publication) = (None, FIRST_DAY + 30);
                figures.rests_on.clear();
                for measure in 0..3 {
                    figures
                        .duties
                        .insert(measure, FIRST_DAY + 6 + random.days(9));
                }
            }
        }
        let newest = scenario.now_ms;
        for log in 0..=REGISTER {
            let known = scenario.logs.entry(log).or_insert_with(|| known(newest));
            known.quorum_ms = Some(newest);
            if log == target.log && !random.once_in(3) {
                (known.witnessed, known.frozen_at) = (POSITIONS, None);
            }
        }
    }
    scenario
}

const fn known(newest: u64) -> Known {
    Known {
        witnessed: POSITIONS,
        quorum_ms: Some(newest),
        frozen_at: None,
    }
}

fn decided(random: &mut Random) -> Decided {
    Decided {
        item: u8::from(random.once_in(8)),
        act: if random.once_in(6) { 3 } else { 1 },
        on: FIRST_DAY - 3 + random.days(6),
        cites: (0..random.below(3)).map(|_| !random.once_in(3)).collect(),
    }
}

/// Who decides, or asks, with the member through whose node it publishes.
fn side(random: &mut Random) -> Vec<u8> {
    match random.below(9) {
        0..=2 => vec![0],
        3..=5 => vec![1],
        6 => vec![2],
        _ => vec![4, 0],
    }
}

fn one_of<T: Copy>(random: &mut Random, all: &[T]) -> T {
    let at = usize::try_from(random.below(all.len() as u64)).expect("an index fits");
    all[at]
}

fn place(random: &mut Random) -> Place {
    Place {
        log: one_of(random, &[0, 1, 2]),
        index: random.below(POSITIONS),
        branch: u8::from(random.once_in(12)),
    }
}

fn words(random: &mut Random) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for _ in 0..1 + random.below(11) {
        let place = place(random);
        if all.iter().any(|known| known.place == place) {
            continue;
        }
        let copied = match random.once_in(5) {
            true => some_version(random, &all),
            false => None,
        };
        let author = match place.log {
            0 if random.once_in(4) => 4,
            log => log,
        };
        let (at, word) = match copied {
            Some(of) => (of.at, of.word),
            None => (random.below(10), word(random, &all)),
        };
        all.push(Said {
            place,
            author,
            at,
            void: random.once_in(14),
            word,
        });
    }
    all
}

fn some_version(random: &mut Random, all: &[Said]) -> Option<Said> {
    let versions = all.iter();
    let versions = versions.filter(|said| matches!(said.word, Word::Version(_)));
    let versions: Vec<&Said> = versions.collect();
    match versions.is_empty() {
        true => None,
        false => Some(one_of(random, &versions).clone()),
    }
}

fn word(random: &mut Random, all: &[Said]) -> Word {
    let named = some_version(random, all).map(|said| said.place);
    let named = match random.once_in(16) {
        true => Some(place(random)),
        false => named,
    };
    let Some(named) = named else {
        return Word::Version(version(random, None));
    };
    // Mostly the first version of what is named.
    let of = all.iter().find(|said| said.place == named);
    let first = of.and_then(|said| match &said.word {
        Word::Version(version) => version.first,
        Word::Joins { .. } | Word::Leaves { .. } => None,
    });
    let first = first.filter(|_| !random.once_in(12)).unwrap_or(named);
    let from = FIRST_DAY - 3 + random.days(10);
    match random.below(8) {
        0 => Word::Version(version(random, None)),
        1..=3 => Word::Version(version(random, Some(first))),
        4..=5 => Word::Joins {
            version: named,
            from,
        },
        _ => Word::Leaves {
            first,
            number: u32::try_from(random.below(5)).expect("a small number"),
            from,
        },
    }
}

fn version(random: &mut Random, first: Option<Place>) -> Version {
    let mut parties = BTreeSet::new();
    while parties.len() < 2 {
        for who in AUTHORITIES {
            if random.once_in(2) {
                parties.insert(who);
            }
        }
    }
    let from = FIRST_DAY - 3 + random.days(9);
    let number = match first {
        None => 1,
        Some(_) => 2 + u32::try_from(random.below(3)).expect("a small number"),
    };
    Version {
        number,
        first,
        open: random.once_in(2),
        from,
        until: random.once_in(3).then(|| from + random.days(9)),
        clauses: (1..=1 + random.below(2))
            .map(|number| clause(random, number, &parties))
            .collect(),
        parties,
    }
}

fn clause(random: &mut Random, number: u64, parties: &BTreeSet<u8>) -> Clause {
    let mut some = |of: &BTreeSet<u8>| -> BTreeSet<u8> {
        match random.once_in(5) {
            true => of.iter().copied().filter(|_| random.once_in(2)).collect(),
            false => BTreeSet::new(),
        }
    };
    let (issuers, receivers) = (some(parties), some(parties));
    let acts = some(&BTreeSet::from([1, 3]));
    let mut items = some(&BTreeSet::from([0, 1]));
    if items.is_empty() {
        items.insert(0);
    }
    let from = random.once_in(5).then(|| FIRST_DAY - 3 + random.days(5));
    let measures = (0..3).filter_map(|measure| {
        let named = random.once_in(2);
        named.then(|| (measure, random.once_in(2)))
    });
    let measures: BTreeMap<u8, bool> = measures.collect();
    Clause {
        number: u8::try_from(number).expect("a small number"),
        issuers,
        receivers,
        items,
        acts,
        measures,
        from,
        until: random
            .once_in(5)
            .then(|| from.unwrap_or(FIRST_DAY - 3) + random.days(5)),
        local: random.once_in(4),
    }
}
