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
        counting.sort_by_key(|(spoken, _)| self.rank(spoken, target));
        let standing = standing(&counting);
        let told = |holds: &(&Spoken, &Figures)| {
            // From each to the last before it.
            let (mut line, mut open) = (vec![*holds], counting.as_slice());
            while let Some(at) = open
                .iter()
                .position(|(one, _)| one.place == line[0].0.place)
            {
                open = &open[..at];
                let before = open.iter().rfind(|(one, _)| one.is_ordered_with(line[0].0));
                let Some(before) = before else { break };
                line.insert(0, *before);
            }
            let said: Vec<_> = [(made, own)].into_iter().chain(line).collect();
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

/// Of corrections that count in full, in order, those that hold.
fn standing<'a>(counting: &[(&'a Spoken, &'a Figures)]) -> Vec<(&'a Spoken, &'a Figures)> {
    let newest = |(at, (one, _)): &(usize, &(&Spoken, &Figures))| {
        let mut later = counting.iter().skip(at + 1);
        !later.any(|(other, _)| one.is_ordered_with(other))
    };
    let newest = counting.iter().enumerate().filter(newest);
    let newest: Vec<(&Spoken, &Figures)> = newest.map(|(_, one)| *one).collect();
    let settles = |(one, figures): &&(&Spoken, &Figures)| {
        let names = |other: &Spoken| figures.rests_on.contains(&other.place);
        newest
            .iter()
            .all(|(other, _)| one.is_ordered_with(other) || names(other))
    };
    match newest.iter().filter(settles).collect::<Vec<_>>().as_slice() {
        [only] => vec![**only],
        _ => newest,
    }
}
