//! Repairs: which of them hold.

use std::collections::BTreeSet;

use super::{Place, Say, Scenario};

impl Scenario {
    /// The repairs of a decision and what they ask.
    pub(super) fn repaired(&self, target: Place) -> Option<(BTreeSet<Place>, BTreeSet<u8>)> {
        let held = self.at(target);
        if held.is_some() && self.figures(target).is_none() {
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
}
