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

    /// Whether each item under which a decision stands is beyond repair by whoever named it first.
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
        let told = |item: u8| {
            let all = [(made, own)].into_iter().chain(counting.iter().copied());
            let naming = all.filter(|(_, figures)| figures.item == item);
            let first = naming.min_by_key(|(spoken, _)| spoken.registry);
            first.is_some_and(|(spoken, _)| spoken.beyond_repair)
        };
        let standing = standing(&counting);
        match standing.is_empty() {
            true => told(own.item),
            false => standing.iter().all(|figures| told(figures.item)),
        }
    }
}

/// Of corrections that count in full those that hold.
fn standing<'a>(counting: &[(&Spoken, &'a Figures)]) -> Vec<&'a Figures> {
    let ordered = |a: &Spoken, b: &Spoken| a.issuer == b.issuer && a.place.log == b.place.log;
    let newest = |(one, _): &&(&Spoken, &Figures)| {
        let mut others = counting.iter();
        !others.any(|(other, _)| ordered(one, other) && other.place > one.place)
    };
    let newest: Vec<_> = counting.iter().filter(newest).collect();
    let settles = |(one, figures): &&&(&Spoken, &Figures)| {
        let answers =
            |other: &Spoken| ordered(one, other) || figures.rests_on.contains(&other.place);
        newest.iter().all(|(other, _)| answers(other))
    };
    match newest.iter().filter(settles).collect::<Vec<_>>().as_slice() {
        [only] => vec![only.1],
        _ => newest.iter().map(|(_, figures)| *figures).collect(),
    }
}
