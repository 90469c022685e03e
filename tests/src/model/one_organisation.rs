//! Whether the two codes of a scenario are one organisation's, by its changes of code.

use std::collections::BTreeSet;

use super::{Place, REGISTER, Ruled, Say, Scenario, Spoken, Told};

impl Scenario {
    /// By a change that is not taken back for good, or only by one that holds.
    pub(super) fn is_one_organisation(&self, only_holding: bool) -> bool {
        self.set.iter().any(|spoken| match only_holding {
            true => self.change_stands(spoken) && self.change_holds(spoken),
            false => {
                let is_change = matches!(spoken.say, Say::CodeChange { .. });
                is_change && !self.withdrawing(spoken).any(|act| self.full(act))
            }
        })
    }

    fn change_stands(&self, spoken: &Spoken) -> bool {
        let is_change = matches!(spoken.say, Say::CodeChange { .. });
        is_change && spoken.void.is_none() && !self.is_withdrawn(spoken)
    }

    fn withdrawing<'s>(&'s self, what: &'s Spoken) -> impl Iterator<Item = &'s Spoken> + 's {
        self.set.iter().filter(|act| {
            act.withdraws(what.place) && (act.supervision || act.speaks_for(what.issuer))
        })
    }

    fn is_withdrawn(&self, what: &Spoken) -> bool {
        self.withdrawing(what).next().is_some()
    }

    fn has_unread(&self, what: &Spoken) -> bool {
        let mut unread = self.unread();
        unread.any(|(act, on)| on == what.place && act.log == what.place.log)
    }

    /// With two codes every change the other way round makes a circle.
    fn change_holds(&self, change: &Spoken) -> bool {
        let is_against = |other: &Spoken| self.change_stands(other) && other.say != change.say;
        self.full(change)
            && !self.set.iter().any(is_against)
            && !self.has_unread(change)
            && !self.is_kept_back(change)
    }

    fn is_kept_back(&self, change: &Spoken) -> bool {
        let mut open: BTreeSet<Place> = BTreeSet::new();
        let is_admitted = |objection: Place| {
            self.set.iter().any(|s| {
                matches!(&s.say, Say::Admission { target, admits }
                    if s.supervision && *target == change.place && admits.contains(&objection))
            })
        };
        for spoken in &self.set {
            match spoken.say {
                Say::Objection {
                    target, over_cap, ..
                } if target == change.place && (!over_cap || is_admitted(spoken.place)) => {
                    open.insert(spoken.place);
                }
                Say::Notice {
                    target,
                    act,
                    told: Told::Objection(_),
                    over_cap,
                } if target == change.place
                    && spoken.place.log == REGISTER
                    && self.at(act).is_none()
                    && (!over_cap || is_admitted(act)) =>
                {
                    open.insert(act);
                }
                Say::Decision(_)
                | Say::Correction { .. }
                | Say::Withdrawal { .. }
                | Say::Objection { .. }
                | Say::Ruling { .. }
                | Say::Admission { .. }
                | Say::Stay { .. }
                | Say::Repair { .. }
                | Say::Notice { .. }
                | Say::CodeChange { .. }
                | Say::Nothing => {}
            }
        }
        for ruling in &self.set {
            if let Say::Ruling {
                target,
                outcome: Ruled::Rejected | Ruled::Withdrawn,
                closes,
            } = &ruling.say
                && *target == change.place
                && (ruling.supervision || ruling.speaks_for(change.issuer))
                && self.full(ruling)
                && !self.is_withdrawn(ruling)
                && !self.has_unread(ruling)
            {
                open.retain(|one| !closes.contains(one));
            }
        }
        !open.is_empty()
    }
}
