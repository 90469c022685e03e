//! What others may do with a decision: its basis, and how fresh the word on it is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alone, May, Place, REGISTER, Say, Scenario, Spoken, State, Weak};

const DAY_MS: u64 = 86_400_000;

impl Scenario {
    pub(super) fn stale(&self, log: u8) -> Option<Option<u64>> {
        let quorum = |log: &u8| self.logs.get(log).and_then(|known| known.quorum_ms);
        let newest = self.logs.keys().filter_map(quorum).max().unwrap_or(0);
        let now = self.now_ms.max(newest);
        match quorum(&log) {
            None => Some(None),
            Some(at) if now - at > u64::from(self.freshness_days) * DAY_MS => Some(Some(at)),
            Some(_) => None,
        }
    }

    pub(super) fn weak(&self, own: &Alone) -> BTreeMap<Place, Weak> {
        let own_history = self.not_checked(self.target, &own.state);
        let mut weak: BTreeMap<Place, Weak> = own_history
            .into_iter()
            .map(|place| (place, Weak::NotChecked))
            .collect();
        let mut seen = BTreeSet::from([self.target]);
        let mut open = own.rests_on.clone();
        while let Some(place) = open.pop_first() {
            if !seen.insert(place) {
                continue;
            }
            let spoken = self.at(place);
            let provisional = |s: &Spoken| s.void.is_none() && !self.witnessed(s.place);
            if let Some(spoken) = spoken
                && matches!(spoken.say, Say::Correction { .. })
            {
                if provisional(spoken) {
                    weak.entry(place).or_insert(Weak::NotWitnessed);
                }
                continue;
            }
            let basis = self.alone(place);
            open.extend(&basis.rests_on);
            let why = match (&basis.state, spoken) {
                (State::Withdrawn(_), _) => Some(Weak::Withdrawn),
                // Acts on what is not held, or is no decision, say nothing of the rest.
                (_, Some(s)) if s.void.is_some() && basis.rest.is_some() => Some(Weak::Void),
                _ if basis.repaired.is_some() => Some(Weak::Repaired),
                _ if !self.not_checked(place, &basis.state).is_empty() => Some(Weak::NotChecked),
                (State::NotHeld(_) | State::NotADecision, _) | (_, None) => Some(Weak::NotHeld),
                (_, Some(s)) if provisional(s) => Some(Weak::NotWitnessed),
                _ if !basis.suspended.is_empty() || self.is_stayed(place) => Some(Weak::Suspended),
                _ if self.stale(place.log).is_some() || self.stale(REGISTER).is_some() => {
                    Some(Weak::Unknown)
                }
                _ => None,
            };
            weak.extend(why.map(|why| (place, why)));
        }
        weak
    }

    /// What of a decision is from before its item was in any catalogue: the corrections that hold, or it.
    fn not_checked(&self, place: Place, state: &State) -> BTreeSet<Place> {
        let of_history = |at: &Place| self.at(*at).is_some_and(|spoken| spoken.history);
        let itself = self.figures(place).map(|_| place);
        let mut stands: BTreeSet<Place> = itself.into_iter().collect();
        if let State::Corrected(corrections) = state {
            let full = |at: &Place| self.at(*at).is_some_and(|spoken| self.full(spoken));
            // What is not witnessed says it beside what is.
            if corrections.iter().any(full) {
                stands.clear();
            }
            stands.extend(corrections);
        }
        stands.into_iter().filter(of_history).collect()
    }

    /// Whether any stay reaches a decision on the day, whatever it grants.
    fn is_stayed(&self, place: Place) -> bool {
        !self.stayed(place, true, false).by.is_empty()
    }

    pub(super) fn may(&self, own: &Alone, weak: &BTreeMap<Place, Weak>) -> May {
        let (rest, spoken) = match (&own.state, &own.rest, self.at(self.target)) {
            (State::Void(_), ..) => return May::Void,
            (State::Withdrawn(_), ..) => return May::Withdrawn,
            (_, Some(rest), Some(spoken)) => (rest, spoken),
            _ => return May::NotHeld,
        };
        if own.superseded_by.is_some() {
            return May::Superseded;
        }
        let penalty = rest.same.2;
        let repaired = own.repaired.is_some();
        let burdens = rest.burdens() && !repaired;
        if burdens && spoken.void.is_some() {
            return May::Void;
        }
        if burdens && !self.witnessed(self.target) {
            return May::NotWitnessed;
        }
        let (from, until) = match burdens {
            true => (rest.burden_from, rest.burden_until),
            false => (rest.from, rest.until),
        };
        if self.as_of < from {
            return May::NotYet;
        }
        if until.is_some_and(|until| self.as_of > until) {
            return May::Ended;
        }
        if !burdens {
            return if !penalty {
                match own.stayed.1 {
                    true => May::Stayed,
                    false => May::Applies,
                }
            } else if rest.lifted {
                May::Lifted
            } else {
                May::Repaired
            };
        }
        if self.as_of > rest.publication {
            return May::Ended;
        }
        if !own.stayed.0.is_empty() {
            return May::Stayed;
        }
        match weak.values().min() {
            Some(Weak::Void | Weak::Withdrawn | Weak::Repaired | Weak::NotChecked) => {
                return May::NoBasis;
            }
            Some(Weak::NotHeld) => return May::BasisNotHeld,
            Some(Weak::NotWitnessed) => return May::NotWitnessed,
            Some(Weak::Suspended) => return May::Suspended,
            Some(Weak::Unknown) => return May::Unknown(None, None),
            None => {}
        }
        if !own.suspended.is_empty() {
            return May::Suspended;
        }
        match (self.stale(self.target.log), self.stale(REGISTER)) {
            (None, None) => May::Applies,
            (Some(issuer), None) => May::Unknown(Some(true), issuer),
            (None, Some(register)) => May::Unknown(Some(false), register),
            (Some(issuer), Some(register)) if register < issuer => {
                May::Unknown(Some(false), register)
            }
            (Some(issuer), Some(_)) => May::Unknown(Some(true), issuer),
        }
    }
}
