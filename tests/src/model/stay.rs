//! Stays: who by, how far, and on which days.

use std::collections::BTreeSet;

use super::{Alone, Place, REGISTER, Say, Scenario, Spoken, State, Told, Why};

/// What the stays of a chain come to.
pub(super) struct Stayed {
    pub(super) by: BTreeSet<Place>,
    /// Whether they take away what is granted.
    pub(super) grant: bool,
    /// Those that may still do so.
    pub(super) pending: BTreeSet<Place>,
}

impl Scenario {
    /// The withdrawals of an act by its author or a supervisor.
    pub(super) fn taken_back_by<'s>(
        &'s self,
        act: &'s Spoken,
    ) -> impl Iterator<Item = &'s Spoken> + 's {
        let by_right = |by: &&Spoken| by.supervision || by.speaks_for(act.issuer);
        let withdrawals = self.set.iter().filter(|by| by.withdraws(act.place));
        withdrawals.filter(by_right)
    }

    /// The stays of a decision on the day asked about; `rest` is what it burdens with and grants.
    pub(super) fn stayed(&self, target: Place, burdens: bool, grants: bool) -> Stayed {
        let (reaches, for_sure) = (self.chain(target, false), self.chain(target, true));
        let mut stayed = Stayed {
            by: BTreeSet::new(),
            grant: false,
            pending: BTreeSet::new(),
        };
        for spoken in &self.set {
            let Say::Stay {
                target,
                from,
                until,
            } = spoken.say
            else {
                continue;
            };
            let is_on = from <= self.as_of && until.is_none_or(|until| self.as_of <= until);
            let lifted = self.taken_back_by(spoken).any(|by| self.full(by));
            if !reaches.contains(&target) || !is_on || lifted {
                continue;
            }
            let doubted = self.taken_back_by(spoken).next().is_some();
            let in_full = self.full(spoken) && !doubted && for_sure.contains(&target);
            if burdens || !grants || in_full {
                stayed.by.insert(spoken.place);
            }
            stayed.grant |= grants && in_full;
            if grants && !doubted && spoken.void.is_none() && !self.full(spoken) {
                stayed.pending.insert(spoken.place);
            }
        }
        stayed
    }

    /// Stays that only the register tells of.
    pub(super) fn stays_not_held(&self, target: Place) -> BTreeSet<Place> {
        let chain = self.chain(target, false);
        let told = self.set.iter().filter(|s| s.place.log == REGISTER);
        let acts = told.filter_map(|spoken| {
            if let Say::Notice {
                target,
                act,
                told: Told::Stay,
                ..
            } = spoken.say
                && chain.contains(&target)
            {
                return Some(act);
            }
            None
        });
        acts.filter(|act| {
            let lifted = self
                .set
                .iter()
                .any(|by| by.withdraws(*act) && by.supervision && self.full(by));
            let objection = self
                .notices_of(*act)
                .any(|n| matches!(n.say, Say::Notice { told, .. } if told.is_objection()));
            self.at(*act).is_none() && !lifted && !objection
        })
        .collect()
    }

    pub(super) fn suspend_by_stays(&self, target: Place, own: &mut Alone) {
        let stays = self.stays_not_held(target);
        if !stays.is_empty() {
            own.suspended.insert(Why::StayNotHeld, stays);
        }
    }

    /// Whether a decision stands for its issuer.
    pub(super) fn stands(&self, own: &Alone) -> bool {
        let held = matches!(own.state, State::InForce | State::Corrected(_));
        let Some(rest) = own.rest.as_ref().filter(|_| held) else {
            return false;
        };
        let ended = rest.until.is_some_and(|until| until < self.as_of);
        let stayed = match rest.same.2 {
            true => !own.stayed.0.is_empty(),
            false => own.stayed.1,
        };
        own.superseded_by.is_none() && !ended && !stayed
    }
}
