//! Whether a decision stands, by itself: its state, corrections, re-issues.

use std::collections::BTreeSet;

use super::{Alone, Figures, Place, Rest, Ruled, Say, Scenario, Spoken, State, Why};

impl Scenario {
    pub(super) fn alone(&self, target: Place) -> Alone {
        let (mut suspended, awaiting, waiting) = self.objections(target);
        let chain = self.chain(target, false);
        let unread = self.unread().filter(|(_, on)| chain.contains(on));
        // Each log of the model is another member's.
        let unread: BTreeSet<Place> = unread
            .map(|(act, _)| act)
            .filter(|act| act.log == target.log)
            .collect();
        if !unread.is_empty() {
            suspended.insert(Why::ActNotHeld, unread);
        }
        let repaired = self.repaired(target);
        let Some(figures) = self.figures(target) else {
            let stayed = self.stayed(target, false, false);
            let mut unheld = Alone {
                state: self.unheld(target),
                superseded_by: None,
                stayed: (stayed.by, stayed.grant),
                repaired,
                suspended,
                awaiting,
                waiting,
                pending: BTreeSet::new(),
                rest: None,
                rests_on: BTreeSet::new(),
            };
            self.suspend_by_stays(target, &mut unheld);
            return unheld;
        };
        let spoken = self.at(target).expect("its figures are known");
        let (by, mut pending, conflict, mut rest) = self.corrected(target, figures);
        if conflict {
            suspended.insert(Why::Conflict, by.clone());
        }
        if self.beyond(target) {
            suspended.insert(Why::Fork, BTreeSet::new());
        }
        let (mut taken, mut lifts) = (BTreeSet::new(), BTreeSet::new());
        for act in &self.set {
            if act.withdraws(target) && self.may_act(act, target) {
                let now = rest.same.2 || self.full(act);
                if now { &mut taken } else { &mut lifts }.insert(act.place);
            }
        }
        let mut rests_on = figures.rests_on.clone();
        for place in &by {
            if let Some(Say::Correction { figures, .. }) = self.at(*place).map(|s| &s.say) {
                rests_on.extend(&figures.rests_on);
            }
        }
        rests_on.extend(self.erased_before(target));
        let state = match spoken.void {
            Some(void) if figures.penalty => State::Void(void),
            _ if !taken.is_empty() => State::Withdrawn(taken),
            _ if !by.is_empty() => State::Corrected(by),
            _ => State::InForce,
        };
        let superseded_by = self.reissued(target, spoken, figures, &mut rest);
        if !lifts.is_empty() {
            rest.lift();
        }
        pending.extend(lifts);
        // What is void will never count.
        pending.retain(|act| self.at(*act).is_some_and(|act| act.void.is_none()));
        let stayed = self.stayed(target, rest.burdens(), !rest.same.2);
        pending.extend(stayed.pending);
        let mut own = Alone {
            state,
            superseded_by,
            stayed: (stayed.by, stayed.grant),
            repaired,
            suspended,
            awaiting,
            waiting,
            pending,
            rest: Some(rest),
            rests_on,
        };
        self.suspend_by_stays(target, &mut own);
        own
    }

    /// What was erased and a decision, or one before it in the line of roots that they name, makes anew.
    fn erased_before(&self, target: Place) -> BTreeSet<Place> {
        let mut line = BTreeSet::new();
        let mut at = Some(target);
        while let Some(place) = at.filter(|place| line.insert(*place)) {
            at = self.figures(place).and_then(|figures| figures.root);
        }
        let gone = self.gone.iter();
        let gone = gone.filter(|(again, _)| line.contains(again));
        gone.map(|(_, erased)| *erased).collect()
    }

    pub(super) fn unheld(&self, target: Place) -> State {
        if self.at(target).is_some() {
            return State::NotADecision;
        }
        let (mut acts, mut withdrawn) = (BTreeSet::new(), BTreeSet::new());
        for spoken in &self.set {
            let withdraws = spoken.withdraws(target);
            let corrects = matches!(spoken.say, Say::Correction { target: on, .. } if on == target);
            if withdraws || corrects {
                acts.insert(spoken.place);
                if withdraws && spoken.supervision {
                    withdrawn.insert(spoken.place);
                }
            }
        }
        match withdrawn.is_empty() {
            true => State::NotHeld(acts),
            false => State::Withdrawn(withdrawn),
        }
    }

    /// Corrections that hold or compete, those pending, whether they conflict, and what is left.
    pub(super) fn corrected(
        &self,
        target: Place,
        own: &Figures,
    ) -> (BTreeSet<Place>, BTreeSet<Place>, bool, Rest) {
        let mut all: Vec<(&Spoken, &Figures)> = Vec::new();
        for spoken in &self.set {
            if let Say::Correction {
                target: on,
                figures,
                ..
            } = &spoken.say
                && *on == target
                && self.may_act(spoken, target)
            {
                all.push((spoken, figures));
            }
        }
        // Where nothing else orders them, log and position do.
        all.sort_by_key(|(spoken, _)| self.rank(spoken, target));
        let ordered = Spoken::is_ordered_with;
        let overtaken = |c: &Spoken| {
            all.iter().any(|(later, _)| {
                let is_later = self.rank(later, target) > self.rank(c, target);
                ordered(later, c) && self.full(later) && is_later
            })
        };
        all = all.iter().copied().filter(|(c, _)| !overtaken(c)).collect();
        let (full, mut part): (Vec<_>, Vec<_>) =
            all.iter().copied().partition(|(c, _)| self.full(c));
        let answers_for = |x: &(&Spoken, &Figures), group: &[(&Spoken, &Figures)]| {
            group
                .iter()
                .all(|(y, _)| ordered(x.0, y) || x.1.rests_on.contains(&y.place))
        };
        let settling: Vec<_> = full.iter().filter(|x| answers_for(x, &full)).collect();
        let held: Vec<(&Spoken, &Figures)> = if let [only] = settling.as_slice() {
            part.retain(|(y, _)| !only.1.rests_on.contains(&y.place));
            vec![**only]
        } else {
            full.clone()
        };
        let mut rest = Rest::of(own);
        if let Some(((_, first), others)) = held.split_first() {
            rest = Rest::of(first);
            for (_, other) in others {
                rest.meet(&Rest::of(other));
            }
        }
        let base = rest.clone();
        let mut by = held.clone();
        for (spoken, figures) in &part {
            let mut alone = base.clone();
            alone.meet(&Rest::of(figures));
            if alone != base {
                rest.meet(&Rest::of(figures));
                by.push((spoken, figures));
            }
        }
        let authors_differ = by
            .iter()
            .any(|(a, _)| by.iter().any(|(b, _)| !ordered(a, b)));
        let one_answers = by
            .iter()
            .filter(|x| self.full(x.0) && answers_for(x, &by))
            .count()
            == 1;
        let names_all =
            |closes: &BTreeSet<Place>| by.iter().all(|(c, _)| closes.contains(&c.place));
        let ruled = self.set.iter().any(|spoken| {
            matches!(&spoken.say, Say::Ruling { closes, .. } if names_all(closes))
                && spoken.supervision
                && self.ruling_counts(spoken, target)
        });
        let places = |list: &[(&Spoken, &Figures)]| list.iter().map(|(s, _)| s.place).collect();
        let conflict = authors_differ && !one_answers && !ruled;
        (places(&by), places(&part), conflict, rest)
    }

    pub(super) fn ruling_counts(&self, ruling: &Spoken, target: Place) -> bool {
        self.ruling_stands(ruling, target) && self.may_act(ruling, target)
    }

    /// Whether a ruling is by who made what the decision asked about was made of, and closes at once.
    pub(super) fn counts_above(&self, ruling: &Spoken, target: Place) -> bool {
        let Say::Ruling {
            target: on,
            outcome,
            ..
        } = &ruling.say
        else {
            return false;
        };
        let own = self.figures(*on).and_then(|_| self.at(*on));
        matches!(outcome, Ruled::Rejected | Ruled::Withdrawn)
            && own.is_some_and(|own| ruling.speaks_for(own.issuer))
            && self.ruling_stands(ruling, target)
            && !self.may_act(ruling, target)
    }

    fn ruling_stands(&self, ruling: &Spoken, target: Place) -> bool {
        let Say::Ruling { target: on, .. } = &ruling.say else {
            return false;
        };
        let withdrawn = self
            .set
            .iter()
            .any(|w| w.withdraws(ruling.place) && (w.supervision || w.speaks_for(ruling.issuer)));
        let may_be = self.unread().any(|(_, on)| on == ruling.place);
        self.full(ruling) && !withdrawn && !may_be && self.chain(target, true).contains(on)
    }

    pub(super) fn reissued(
        &self,
        target: Place,
        spoken: &Spoken,
        figures: &Figures,
        rest: &mut Rest,
    ) -> Option<Place> {
        let mut newest: Option<(usize, Place)> = None;
        for other in &self.set {
            let Say::Decision(theirs) = &other.say else {
                continue;
            };
            let Some(root) = theirs.root else { continue };
            let Some(far) = other.far_from(spoken.issuer) else {
                continue;
            };
            if other.place == target {
                continue;
            }
            let names_it = root == target;
            let sibling = figures.root == Some(root);
            let same_log = other.place.log == target.log;
            let before = sibling && same_log && far == 0 && other.place.index <= target.index;
            if !names_it && (!sibling || before) {
                continue;
            }
            if self.full(other) && (names_it || same_log || far > 0) {
                let at = |(far, place): (usize, Place)| (far, place.index, place.log, place.branch);
                let own = (far, other.place);
                if newest.is_none_or(|known| at(known) < at(own)) {
                    newest = Some(own);
                }
            } else {
                rest.meet(&Rest::of(theirs));
            }
        }
        newest.map(|(_, place)| place)
    }
}
