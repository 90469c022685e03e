//! Repairs: which of them hold.

use std::collections::BTreeSet;

use super::{Place, Say, Scenario, Spoken};

impl Scenario {
    /// The repairs of a decision and what they ask.
    pub(super) fn repaired(&self, target: Place) -> Option<(BTreeSet<Place>, BTreeSet<u8>)> {
        let held = self.at(target);
        if held.is_some() && self.figures(target).is_none() {
            return None;
        }
        if held.is_some_and(|held| held.beyond_repair) && self.corrections_are_beyond_repair(target)
        {
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

    /// Whether no correction by whom it may be lets a decision be repaired.
    fn corrections_are_beyond_repair(&self, target: Place) -> bool {
        let corrects = |spoken: &&Spoken| matches!(spoken.say, Say::Correction { target: on, .. } if on == target);
        let mut corrections = self.set.iter().filter(corrects);
        corrections.all(|spoken| {
            spoken.beyond_repair || !(self.may_act(spoken, target) && self.full(spoken))
        })
    }
}
