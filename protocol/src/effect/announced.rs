//! Whether what a ruling announced has been done.

use crate::effect::case::Case;
use crate::effect::corrections::{are_ordered, in_order};
use crate::effect::fact::Fact;
use crate::effect::notices::Notices;
use crate::effect::touch::touches;
use crate::log::{LeafIndex, Origin};
use crate::statement::{Class, DecisionFields, Ground, StatementRef};

/// A ruling that finds for the objector, and one objection that it names.
pub(super) struct Announced<'c, 'h, 'a> {
    pub(super) case: &'c Case<'h, 'a>,
    pub(super) notices: &'c Notices<'a>,
    pub(super) ruling: &'a Fact,
    pub(super) objection: &'a StatementRef,
    pub(super) ground: Ground,
}

impl<'a> Announced<'_, '_, 'a> {
    /// Whether the decision was withdrawn by somebody who knew the objection, or corrected by one
    /// where the objection points to, or is itself a re-issue made after the ruling that differs
    /// there. Ending a suspension binds, so all of it counts in full.
    // spec: EFF-27, EFF-35
    pub(super) fn is_done(&self) -> bool {
        self.is_withdrawn() || self.is_corrected() || self.is_reissued()
    }

    fn is_withdrawn(&self) -> bool {
        let mut withdrawals = self.case.withdrawals();
        withdrawals.any(|(act, _)| self.counts(act) && self.knows(act))
    }

    /// By what holds in the end: a correction that another one takes back has done nothing.
    fn is_corrected(&self) -> bool {
        let Some((_, decision)) = self.case.decision else {
            return false;
        };
        let mut corrections = self.case.corrections_of(self.case.target);
        corrections.any(|(first, _)| {
            if !(self.counts(first) && self.knows(first)) {
                return false;
            }
            let series = || self.series(first, self.case.target);
            let mut before = series().filter(|(fact, _)| !self.knows(fact));
            let before = before
                .next_back()
                .map_or_else(|| decision.fields(), |(_, said)| said);
            let after = series().next_back();
            after.is_some_and(|(_, after)| touches(self.ground, before, after))
        })
    }

    fn is_reissued(&self) -> bool {
        let target = self.case.facts.copies.target(self.ruling);
        let (Some((fact, decision)), Some(target)) = (self.case.decision, target) else {
            return false;
        };
        if decision.fields().reissues.is_none()
            || !self.case.horizon.established(fact)
            || !behind(fact, self.ruling.origin(), self.ruling.index())
        {
            return false;
        }
        let Some((_, ruled_on)) = self.case.decision_at(target) else {
            return false;
        };
        let corrected = self.series(fact, target);
        let mut before = corrected.filter(|(correction, _)| !self.knows(correction));
        let before = before
            .next_back()
            .map_or_else(|| ruled_on.fields(), |(_, said)| said);
        touches(self.ground, before, decision.fields())
    }

    /// What the corrections of a decision say that count in full and are ordered with another statement, in
    /// that order.
    fn series<'s>(
        &'s self,
        author: &'s Fact,
        target: &'s StatementRef,
    ) -> impl DoubleEndedIterator<Item = (&'a Fact, &'a DecisionFields)> + 's {
        let corrections = self.case.corrections_of(target);
        let decision = self.case.decision_at(target).map(|(fact, _)| fact);
        // What it said before it stood for the author says nothing of the decision.
        let by_right = move |fact: &Fact| {
            let is_author = |decision: &Fact| fact.speaks_for(decision.issuer());
            fact.is_supervision() || decision.is_some_and(is_author)
        };
        let any = !by_right(author);
        let of_series = corrections.filter(|(fact, _)| {
            are_ordered(fact, author)
                && self.case.horizon.established(fact)
                && (any || by_right(fact))
        });
        let said = of_series.map(|(fact, correction)| (fact, correction.replacement.fields()));
        let mut said: Vec<_> = said.collect();
        in_order(decision, &mut said);
        said.into_iter()
    }

    fn counts(&self, act: &Fact) -> bool {
        self.case.may_act(act) && self.case.horizon.established(act)
    }

    fn knows(&self, act: &Fact) -> bool {
        behind(act, self.ruling.origin(), self.ruling.index())
            || behind(act, &self.objection.origin, self.objection.index)
            || (self.notices).adopted(self.case, act, self.objection, Class::Objection)
    }
}

fn behind(act: &Fact, origin: &Origin, index: LeafIndex) -> bool {
    act.origin() == origin && act.index() > index
}
