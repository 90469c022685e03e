//! What is done to a set once it is drawn: codes change, places are taken over, copies are made.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::{Place, Ruled, Say, Scenario, Spoken, Void};

/// Has some decisions name another code, and says of it that it is the same organisation's, or contests that.
pub(super) fn change_codes(seed: u64, set: &mut Vec<Spoken>) {
    let mut random = Random::new(seed ^ 0x0063_6f64_6573_2e2e);
    if !random.once_in(4) {
        return;
    }
    for spoken in set.iter_mut() {
        if let Say::Decision(figures) = &mut spoken.say
            && random.once_in(3)
        {
            figures.subject = 1;
        }
    }
    let from = random.small(2);
    let change = |from: u8| Say::CodeChange { from, to: 1 - from };
    let Some(place) = put(&mut random, set, change(from)) else {
        return;
    };
    if random.once_in(6) {
        let from = random.small(2);
        put(&mut random, set, change(from));
    }
    if random.once_in(6) {
        let target = place;
        put(
            &mut random,
            set,
            Say::Withdrawal {
                target,
                register: 0,
            },
        );
    }
    if random.once_in(3) {
        let objection = Say::Objection {
            target: place,
            role: 1,
            ground: 2,
            over_cap: random.once_in(4),
            register: 0,
        };
        let objection = put(&mut random, set, objection);
        let names: BTreeSet<Place> = objection.into_iter().collect();
        if random.once_in(2) && !names.is_empty() {
            let outcome = match random.once_in(4) {
                true => Ruled::Upheld,
                false => Ruled::Rejected,
            };
            let ruling = Say::Ruling {
                target: place,
                outcome,
                closes: names,
            };
            put(&mut random, set, ruling);
        } else if random.once_in(4) && !names.is_empty() {
            let admission = Say::Admission {
                target: place,
                admits: names,
            };
            put(&mut random, set, admission);
        }
    }
}

/// A statement at a place where none is; by whoever has the log.
pub(super) fn put(random: &mut Random, set: &mut Vec<Spoken>, say: Say) -> Option<Place> {
    let place = Place {
        log: random.small(3),
        index: random.below(POSITIONS),
        branch: 0,
    };
    if set.iter().any(|known| known.place == place) {
        return None;
    }
    set.push(Spoken {
        place,
        bytes: place,
        about: 0,
        issuer: place.log,
        supervision: place.log == 2,
        void: random.once_in(10).then_some(Void::CutOff),
        history: false,
        beyond_repair: false,
        registry: 0,
        in_place_of: Vec::new(),
        say,
    });
    Some(place)
}

/// Gives each statement the organisation that it should be about, and a few acts another one.
pub(super) fn address(random: &mut Random, set: &mut [Spoken]) {
    let mut known = Scenario {
        target: set.first().map_or(PLACE, |first| first.place),
        set: set.to_vec(),
        unread: BTreeSet::new(),
        gone: BTreeSet::new(),
        logs: BTreeMap::new(),
        as_of: 0,
        now_ms: 0,
        freshness_days: 0,
    };
    // An act may lie on an act, and that on another.
    for _ in 0..4 {
        let about: Vec<u8> = known.set.iter().map(|s| known.about(&s.say)).collect();
        for (spoken, about) in known.set.iter_mut().zip(about) {
            spoken.about = about;
        }
    }
    for (spoken, addressed) in set.iter_mut().zip(&known.set) {
        let names_none = !matches!(
            spoken.say,
            Say::Decision(_) | Say::Correction { .. } | Say::CodeChange { .. }
        );
        let astray = names_none && random.once_in(16);
        spoken.about = if astray {
            1 - addressed.about
        } else {
            addressed.about
        };
    }
}

/// Has some decisions and corrections be from before their item was in any catalogue.
pub(super) fn mark_history(seed: u64, set: &mut [Spoken]) {
    let mut random = Random::new(seed ^ 0x0068_6973_746f_7279);
    if !random.once_in(4) {
        return;
    }
    let of_history: Vec<Place> = set
        .iter()
        .map(|spoken| spoken.bytes)
        .filter(|_| random.once_in(2))
        .collect();
    for spoken in set {
        let decides = matches!(spoken.say, Say::Decision(_) | Say::Correction { .. });
        spoken.history = decides && of_history.contains(&spoken.bytes);
    }
}

/// Has some decisions and corrections be under an item beyond repair.
pub(super) fn mark_beyond_repair(seed: u64, set: &mut [Spoken]) {
    let mut random = Random::new(seed ^ 0x7265_7061_6972_6564);
    if !random.once_in(3) {
        return;
    }
    let beyond: Vec<Place> = set
        .iter()
        .map(|spoken| spoken.bytes)
        .filter(|_| !random.once_in(3))
        .collect();
    for spoken in set {
        let decides = matches!(spoken.say, Say::Decision(_) | Say::Correction { .. });
        spoken.beyond_repair = decides && beyond.contains(&spoken.bytes);
        // Copies are the same bytes.
        spoken.registry = (spoken.bytes.index ^ seed) % 4;
    }
}

/// Has one or two authorities take over from the author of the decision, some of their statements being made
/// before that.
pub(super) fn mark_successions(seed: u64, set: &mut [Spoken]) {
    let mut random = Random::new(seed ^ 0x0073_7563_6365_6564);
    let (first, second) = match random.below(9) {
        0 => (4, None),
        1 => (1, None),
        2 => (4, Some(1)),
        3 => (1, Some(4)),
        _ => return,
    };
    let since = random.below(4);
    for spoken in set {
        // Copies are the same bytes.
        if (spoken.bytes.index ^ seed) % 4 < since {
            continue;
        }
        if spoken.issuer == first {
            spoken.in_place_of = vec![0];
        } else if Some(spoken.issuer) == second {
            spoken.in_place_of = vec![first, 0];
        }
    }
}

/// Puts the bytes of a statement at another place of its log.
pub(super) fn copy_one(random: &mut Random, set: &mut Vec<Spoken>) {
    if set.is_empty() || random.once_in(2) {
        return;
    }
    let at = usize::try_from(random.below(set.len() as u64)).expect("an index fits");
    let mut copy = set[at].clone();
    copy.place.index = random.below(POSITIONS);
    if set.iter().any(|known| known.place == copy.place) {
        return;
    }
    let both = [set[at].place, copy.place];
    set.push(copy);
    // Others name the one or the other.
    for spoken in set {
        spoken.say.rename(|name| match both.contains(&name) {
            true => both[usize::from(random.once_in(2))],
            false => name,
        });
    }
}

/// A few acts of which only the leaf is known, mostly places that nothing is held at.
pub(super) fn unread(random: &mut Random, set: &[Spoken]) -> BTreeSet<(Place, Place)> {
    if set.is_empty() || !random.once_in(6) {
        return BTreeSet::new();
    }
    let count = 1 + random.below(2);
    let pairs = (0..count).map(|_| {
        let at = usize::try_from(random.below(set.len() as u64)).expect("an index fits");
        let target = set[at].place;
        let index = random.below(2 * POSITIONS);
        (Place { index, ..target }, target)
    });
    pairs.filter(|(act, target)| act != target).collect()
}

/// A decision that makes another anew which was erased, and so is not held; mostly the first.
pub(super) fn gone(seed: u64, set: &[Spoken]) -> BTreeSet<(Place, Place)> {
    let mut random = Random::new(seed ^ 0x0065_7261_7365_642e);
    let decisions = set.iter().filter(|s| matches!(s.say, Say::Decision(_)));
    let mut decisions: Vec<Place> = decisions.map(|spoken| spoken.place).collect();
    decisions.sort_unstable();
    if decisions.is_empty() || !random.once_in(12) {
        return BTreeSet::new();
    }
    let at = usize::try_from(random.below(decisions.len() as u64)).expect("an index fits");
    let again = decisions[at];
    let index = 2 * POSITIONS + random.below(2);
    BTreeSet::from([(again, Place { index, ..again })])
}
