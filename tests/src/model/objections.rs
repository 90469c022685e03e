//! What suspends a decision: objections, their rulings, and the acts that rulings announce.

use std::collections::{BTreeMap, BTreeSet};

use super::{Figures, Place, REGISTER, Rest, Ruled, Say, Scenario, Spoken, Told, Why};

impl Scenario {
    #[allow(clippy::type_complexity)]
    pub(super) fn objections(
        &self,
        target: Place,
    ) -> (
        BTreeMap<Why, BTreeSet<Place>>,
        BTreeSet<Place>,
        BTreeMap<Place, bool>,
    ) {
        let chain = self.chain(target, false);
        let mut open: BTreeMap<Place, (u8, Option<u8>, bool, u64)> = BTreeMap::new();
        for spoken in &self.set {
            if let Say::Objection {
                target: on,
                role,
                ground,
                over_cap,
                register,
            } = spoken.say
                && chain.contains(&on)
            {
                let noticed = self.notices_of(spoken.place).map(|n| n.place.index).min();
                let bound = noticed.unwrap_or(u64::MAX);
                let earlier = self.set.iter().filter(|other| {
                    other.place.log == spoken.place.log && other.place <= spoken.place
                });
                let claims = earlier.filter_map(|other| {
                    let Say::Objection {
                        target, register, ..
                    } = other.say
                    else {
                        return None;
                    };
                    let noticed = self.notices_of(other.place).map(|n| n.place.index).min();
                    let bound = noticed.unwrap_or(u64::MAX);
                    chain.contains(&target).then_some(register.min(bound))
                });
                let register = claims.max().unwrap_or(register).min(bound);
                open.insert(spoken.place, (ground, Some(role), over_cap, register));
            }
        }
        let mut notices: Vec<_> = self
            .set
            .iter()
            .filter(|s| s.place.log == REGISTER)
            .collect();
        notices.sort_by_key(|s| s.place);
        for spoken in notices {
            if let Say::Notice {
                target: on,
                act,
                told: Told::Objection(ground),
                over_cap,
            } = spoken.say
                && chain.contains(&on)
                && self.at(act).is_none()
            {
                let known = (ground, None, over_cap, spoken.place.index);
                open.entry(act).or_insert(known);
            }
        }
        let rulings: Vec<_> = self
            .set
            .iter()
            .filter(|s| self.ruling_counts(s, target))
            .collect();
        let mut announced: BTreeSet<Place> = BTreeSet::new();
        for ruling in &rulings {
            let Say::Ruling {
                outcome, closes, ..
            } = &ruling.say
            else {
                continue;
            };
            let announces = matches!(outcome, Ruled::Upheld | Ruled::Corrected);
            if announces {
                announced.extend(closes);
            }
            open.retain(|place, known| {
                let done = !announces || self.announced_is_done(ruling, (*place, known.0), target);
                !(closes.contains(place) && done)
            });
        }
        // Whoever decided what this was made of rejected what was raised against its own.
        for ruling in self.set.iter().filter(|s| self.counts_above(s, target)) {
            let Say::Ruling { closes, .. } = &ruling.say else {
                continue;
            };
            let is_own = |place: Place| {
                let on = self.raised_on(place);
                on.and_then(|on| self.figures(on).and_then(|_| self.at(on)))
                    .is_some_and(|decision| ruling.speaks_for(decision.issuer))
            };
            open.retain(|place, _| !(closes.contains(place) && is_own(*place)));
        }
        let (mut suspended, mut waiting) =
            (BTreeMap::<Why, BTreeSet<Place>>::new(), BTreeMap::new());
        let mut awaiting = BTreeSet::new();
        for (place, (ground, role, over_cap, register)) in open {
            let admitted = self.set.iter().any(|s| {
                let Say::Admission { target, admits } = &s.say else {
                    return false;
                };
                s.supervision && chain.contains(target) && admits.contains(&place)
            });
            let after = rulings.iter().any(|ruling| {
                role.is_some_and(|role| {
                    self.rejected(ruling, target, (place, role, ground), register)
                }) && !self.restricted_after(ruling, target)
            });
            if admitted || (!over_cap && !after) {
                suspended
                    .entry(Why::Objection(ground))
                    .or_default()
                    .insert(place);
                if announced.contains(&place) {
                    awaiting.insert(place);
                }
            } else {
                waiting.insert(place, over_cap);
            }
        }
        (suspended, awaiting, waiting)
    }

    /// What an objection is on, by its body or else by its first notice.
    fn raised_on(&self, objection: Place) -> Option<Place> {
        if let Some(spoken) = self.at(objection) {
            let Say::Objection { target, .. } = spoken.say else {
                return None;
            };
            return Some(target);
        }
        let mut notices: Vec<_> = self.notices_of(objection).collect();
        notices.sort_by_key(|notice| notice.place);
        notices.iter().find_map(|notice| {
            let Say::Notice {
                target,
                told: Told::Objection(_),
                ..
            } = notice.say
            else {
                return None;
            };
            Some(target)
        })
    }

    /// Whether the decision was corrected or withdrawn as a ruling announced, by one who knew.
    pub(super) fn announced_is_done(
        &self,
        ruling: &Spoken,
        (objection, ground): (Place, u8),
        target: Place,
    ) -> bool {
        let noticed = |register: u64| {
            self.notices_of(objection).any(|notice| {
                let of_objection =
                    matches!(notice.say, Say::Notice { told, .. } if told.is_objection());
                of_objection && self.full(notice) && notice.place.index < register
            })
        };
        let knew = |act: &Spoken| {
            act.is_behind(ruling.place) || act.is_behind(objection) || noticed(act.register())
        };
        // What the corrections of a decision say that are ordered with another statement, in that order.
        let series = |by: &Spoken, on: Place| {
            let of_series = |s: &&Spoken| {
                let by_right = self.may_act(s, on) || !self.may_act(by, on);
                s.is_ordered_with(by) && self.full(s) && by_right
            };
            let mut said: Vec<(&Spoken, &Figures)> = Vec::new();
            for spoken in self.set.iter().filter(of_series) {
                if let Say::Correction {
                    target, figures, ..
                } = &spoken.say
                    && *target == on
                {
                    said.push((spoken, figures));
                }
            }
            said.sort_by_key(|(s, _)| self.rank(s, on));
            said
        };
        let before = |by: &Spoken, on: Place| {
            let unaware = series(by, on).into_iter().rfind(|(s, _)| !knew(s));
            let corrected = unaware.map(|(_, figures)| figures);
            let own = self.figures(on)?;
            Some(corrected.unwrap_or(own))
        };
        let Say::Ruling { target: on, .. } = ruling.say else {
            return false;
        };
        self.set.iter().filter(|act| self.full(act)).any(|act| {
            let acts = knew(act) && self.may_act(act, target);
            if acts && act.withdraws(target) {
                return true;
            }
            let mut pair = None;
            if acts && act.corrects(target) {
                let holds = series(act, target).last().map(|(_, figures)| *figures);
                pair = before(act, target).zip(holds);
            } else if let Say::Decision(figures) = &act.say
                && act.place == target
                && figures.root.is_some()
                && act.is_behind(ruling.place)
            {
                pair = before(act, on).zip(Some(figures));
            }
            pair.is_some_and(|(before, after)| asked_for(ground, before, after))
        })
    }

    /// Whether a correction that burdens more than what it took over from has followed a ruling.
    pub(super) fn restricted_after(&self, ruling: &Spoken, target: Place) -> bool {
        let Some(own) = self.figures(target) else {
            return false;
        };
        let counts =
            |act: &Spoken| act.corrects(target) && self.may_act(act, target) && self.full(act);
        let notices: Vec<u64> = self
            .notices_of(ruling.place)
            .filter(|notice| {
                let of_ruling = matches!(
                    notice.say,
                    Say::Notice {
                        told: Told::Ruling,
                        ..
                    }
                );
                of_ruling && self.full(notice)
            })
            .map(|notice| notice.place.index)
            .collect();
        self.set.iter().filter(|act| counts(act)).any(|act| {
            let follows = act.is_behind(ruling.place)
                || notices.iter().any(|notice| *notice < act.register());
            let before = self
                .set
                .iter()
                .filter(|other| counts(other) && other.is_ordered_with(act))
                .filter(|other| self.rank(other, target) < self.rank(act, target))
                .max_by_key(|other| self.rank(other, target));
            let of = |spoken: &Spoken| match &spoken.say {
                Say::Correction { figures, .. } => Some(Rest::of(figures)),
                Say::Decision(_)
                | Say::Withdrawal { .. }
                | Say::Objection { .. }
                | Say::Ruling { .. }
                | Say::Admission { .. }
                | Say::Stay { .. }
                | Say::Repair { .. }
                | Say::Notice { .. }
                | Say::CodeChange { .. }
                | Say::Nothing => None,
            };
            let before = before.and_then(of).unwrap_or_else(|| Rest::of(own));
            let after = of(act).expect("it corrects");
            let mut both = after.clone();
            both.meet(&before);
            follows && both != after
        })
    }

    pub(super) fn notices_of(&self, on: Place) -> impl Iterator<Item = &Spoken> {
        self.set.iter().filter(move |s| {
            let names_it = matches!(s.say, Say::Notice { act, .. } if act == on);
            names_it && s.place.log == REGISTER
        })
    }

    /// Whether a ruling rejects an objection in a role on a ground, and its notice lies within a register.
    pub(super) fn rejected(
        &self,
        ruling: &Spoken,
        target: Place,
        (later, role, ground): (Place, u8, u8),
        register: u64,
    ) -> bool {
        let Say::Ruling {
            outcome: Ruled::Rejected,
            closes,
            target: ruled_on,
        } = &ruling.say
        else {
            return false;
        };
        let Some(Say::Objection {
            target: raised_on, ..
        }) = self.at(later).map(|s| &s.say)
        else {
            return false;
        };
        let speaks_for = |place: Place| {
            self.is_within(target, place) && self.is_linked(target, *raised_on, place)
        };
        if !speaks_for(*ruled_on) {
            return false;
        }
        let chain = self.chain(target, true);
        let with_issuer = |place: Place| {
            let issuer = self.at(target).map(|decision| decision.issuer);
            place.log == target.log && issuer.is_some()
                || issuer.is_some() && self.at(place).map(|s| s.issuer) == issuer
        };
        // Whoever rules in the place of the author hears in its place too.
        let author = self.at(target).map(|decision| decision.issuer);
        let took_over = author.is_some_and(|a| ruling.far_from(a).is_some_and(|far| far > 0));
        let heard_by_ruler =
            |place: Place| took_over && self.at(place).map(|s| s.issuer) == Some(ruling.issuer);
        let on_ground = closes.iter().any(|closed| {
            let rules = with_issuer(ruling.place) || took_over;
            let by_itself = rules && (with_issuer(*closed) || heard_by_ruler(*closed));
            let heard = with_issuer(later)
                || by_itself && self.at(later).map(|s| s.issuer) == Some(ruling.issuer);
            if by_itself && !heard {
                return false;
            }
            let said = self.at(*closed).map(|s| &s.say);
            matches!(said, Some(Say::Objection { target, role: r, ground: g, .. })
                if chain.contains(target) && (*r, *g) == (role, ground) && speaks_for(*target))
        });
        let seen = self.notices_of(ruling.place).any(|notice| {
            let of_ruling = matches!(
                notice.say,
                Say::Notice {
                    told: Told::Ruling,
                    ..
                }
            );
            of_ruling && self.full(notice) && notice.place.index < register
        });
        on_ground && seen
    }

    /// Whether a decision at its heaviest burdens with no more than another one at its lightest.
    fn is_within(&self, decision: Place, other: Place) -> bool {
        let readings = |place: Place| -> Option<Vec<Rest>> {
            let mut readings = vec![Rest::of(self.figures(place)?)];
            for act in &self.set {
                if let Say::Correction {
                    target, figures, ..
                } = &act.say
                    && *target == place
                    && self.may_act(act, place)
                    && self.full(act)
                {
                    readings.push(Rest::of(figures));
                }
            }
            Some(readings)
        };
        let Some(heavy) = readings(decision) else {
            return true;
        };
        if decision == other {
            return true;
        }
        let Some(light) = readings(other) else {
            return false;
        };
        heavy.iter().all(|own| {
            light.iter().all(|its| {
                let mut both = own.clone();
                both.meet(its);
                both == *own
            })
        })
    }

    /// Whether two places are one, or the decisions there say themselves that they belong together.
    fn is_linked(&self, asked: Place, a: Place, b: Place) -> bool {
        let said = |place: Place| {
            let (spoken, figures) = (self.at(place)?, self.figures(place)?);
            (self.full(spoken) || place == asked).then_some((spoken.names(), figures))
        };
        let root = |place: Place| said(place).and_then(|(_, figures)| figures.root);
        if a == b || root(a) == Some(b) || root(b) == Some(a) {
            return true;
        }
        if root(a).is_some() && root(a) == root(b) {
            return true;
        }
        match (said(a), said(b)) {
            (Some((by, x)), Some((and_by, y))) => {
                let one = x.subject == y.subject || self.is_one_organisation(true);
                !by.is_disjoint(&and_by) && (x.number(), x.item) == (y.number(), y.item) && one
            }
            (_, None) | (None, _) => false,
        }
    }
}

/// Whether figures differ where a ground points to: the facts, the organisation, or the basis, of which
/// these figures have the item alone.
fn asked_for(ground: u8, before: &Figures, after: &Figures) -> bool {
    match ground {
        1 => {
            (before.penalty, before.item, before.fine) != (after.penalty, after.item, after.fine)
                || before.classes != after.classes
                || before.duties != after.duties
        }
        2 => before.subject != after.subject,
        3 => before.item != after.item,
        other => panic!("the model has no ground {other}"),
    }
}
