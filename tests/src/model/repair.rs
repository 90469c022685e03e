//! Repairs: which of them hold.

use std::collections::BTreeSet;

use super::{Figures, Place, Say, Scenario, Spoken};

impl Scenario {
    /// The repairs of a decision and what they ask.
    pub(super) fn repaired(&self, target: Place) -> Option<(BTreeSet<Place>, BTreeSet<u8>)> {
        let held = self.at(target);
        if held.is_some() && self.figures(target).is_none() {
            return None;
        }
        if self.is_beyond_repair(target) {
            return None;
        }
        let (mut by, mut asked) = (BTreeSet::new(), BTreeSet::new());
        for spoken in &self.set {
            if let Say::Repair {
                target: on,
                effects,
            } = &spoken.say
                && *on == target
                && self.may_act(spoken, target)
                && !self.taken_back_by(spoken).any(|back| self.full(back))
            {
                by.insert(spoken.place);
                asked.extend(effects);
            }
        }
        (!by.is_empty()).then_some((by, asked))
    }

    /// Whether a decision is beyond repair by each correction that holds, or else by itself.
    fn is_beyond_repair(&self, target: Place) -> bool {
        let (Some(made), Some(own)) = (self.at(target), self.figures(target)) else {
            return false;
        };
        let mut counting: Vec<(&Spoken, &Figures)> = Vec::new();
        for spoken in &self.set {
            if let Say::Correction {
                target: on,
                figures,
                ..
            } = &spoken.say
                && *on == target
                && self.may_act(spoken, target)
                && self.full(spoken)
            {
                counting.push((spoken, figures));
            }
        }
        counting.sort_by_key(|(spoken, _)| spoken.place);
        let standing = standing(&counting);
        let told = |holds: &(&Spoken, &Figures)| {
            let line = counting
                .iter()
                .filter(|(earlier, _)| ordered(earlier, holds.0) && earlier.place <= holds.0.place);
            let said: Vec<_> = [(made, own)].into_iter().chain(line.copied()).collect();
            let behind_break = said.iter().rposition(|(_, one)| one.item != holds.1.item);
            let run = &said[behind_break.map_or(0, |at| at + 1)..];
            let first = run.iter().min_by_key(|(spoken, _)| spoken.registry);
            first.is_some_and(|(spoken, _)| spoken.beyond_repair)
        };
        match standing.is_empty() {
            true => made.beyond_repair,
            false => standing.iter().all(told),
        }
    }
}

/// Whether position orders two corrections.
fn ordered(a: &Spoken, b: &Spoken) -> bool {
    a.issuer == b.issuer && a.place.log == b.place.log
}

/// Of corrections that count in full those that hold.
fn standing<'a>(counting: &[(&'a Spoken, &'a Figures)]) -> Vec<(&'a Spoken, &'a Figures)> {
    let newest = |(one, _): &&(&Spoken, &Figures)| {
        let mut others = counting.iter();
        !others.any(|(other, _)| ordered(one, other) && other.place > one.place)
    };
    let newest: Vec<(&Spoken, &Figures)> = counting.iter().filter(newest).copied().collect();
    let settles = |(one, figures): &&(&Spoken, &Figures)| {
        let names = |other: &Spoken| figures.rests_on.contains(&other.place);
        newest
            .iter()
            .all(|(other, _)| ordered(one, other) || names(other))
    };
    match newest.iter().filter(settles).collect::<Vec<_>>().as_slice() {
        [only] => vec![**only],
        _ => newest,
    }
}
