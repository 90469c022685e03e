//! One decision with everything that may act on it, and who may.

use crate::effect::chain::{Chain, Link};
use crate::effect::fact::Fact;
use crate::effect::history::History;
use crate::effect::horizon::Horizon;
use crate::effect::sorted::{By, Said, Sorted};
use crate::effect::work::Work;
use crate::statement::{
    Correction, Decision, Notice, Objection, Repair, Ruling, StatementRef, Stay, Withdrawal,
};

/// The decision asked about among the facts.
pub(super) struct Case<'h, 'a> {
    pub(super) target: &'a StatementRef,
    pub(super) fact: Option<&'a Fact>,
    pub(super) decision: Option<Said<'a, Decision>>,
    pub(super) facts: &'h Sorted<'a>,
    pub(super) history: &'a History,
    pub(super) horizon: &'h Horizon,
    /// What has been looked at for it.
    pub(super) work: Work,
    chain: Chain,
}

impl<'h, 'a> Case<'h, 'a> {
    pub(super) fn new(
        target: &'a StatementRef,
        history: &'a History,
        facts: &'h Sorted<'a>,
        horizon: &'h Horizon,
    ) -> Self {
        let fact = history.get(target).map(AsRef::as_ref);
        let decision = facts.decision(target);
        let chain = Chain {
            wide: facts.wide.links(target, decision, &facts.copies),
            narrow: facts.narrow.links(target, decision, &facts.copies),
        };
        Self {
            target,
            fact,
            decision,
            facts,
            history,
            horizon,
            work: Work::default(),
            chain,
        }
    }

    /// Whether the author of an act may correct, withdraw or rule on the decision: its issuer, from
    /// whatever log, whoever stands for that one, or a supervisor. While the decision is not held its issuer is not known.
    // spec: EFF-3
    pub(super) fn may_act(&self, act: &Fact) -> bool {
        let is_issuer = |fact: &Fact| act.speaks_for(fact.issuer());
        self.fact.is_some_and(is_issuer) || act.is_supervision()
    }

    /// Whether a statement of the history is void as far as it binds.
    pub(super) fn is_void(&self, reference: &StatementRef) -> bool {
        let fact = self.history.get(reference);
        fact.is_some_and(|fact| fact.void().is_some())
    }

    /// A decision of the history.
    pub(super) fn decision_at(&self, reference: &StatementRef) -> Option<Said<'a, Decision>> {
        self.facts.decision(reference)
    }

    /// Decisions that re-issue this one, or what it re-issues.
    pub(super) fn reissues(&self) -> impl Iterator<Item = Said<'a, Decision>> + '_ {
        let root = self
            .decision
            .and_then(|(_, said)| self.facts.copies.root(said));
        let roots = [self.target].into_iter().chain(root);
        let found = roots.flat_map(|root| self.facts.reissues.get(&root));
        found.copied().filter(|_| self.work.spend(1))
    }

    /// Corrections whose target is a decision, by whomever.
    pub(super) fn corrections_of<'s>(
        &'s self,
        target: &'s StatementRef,
    ) -> impl DoubleEndedIterator<Item = Said<'a, Correction>> + 's {
        self.work
            .count(self.facts.corrections.get(&target))
            .copied()
    }

    /// Withdrawals whose target is this decision, by whomever.
    pub(super) fn withdrawals(&self) -> impl Iterator<Item = Said<'a, Withdrawal>> + '_ {
        self.work
            .count(self.facts.withdrawals.get(&self.target))
            .copied()
    }

    /// Repairs of this decision, by whom they may be, that are not taken back.
    pub(super) fn repairs(&self) -> impl Iterator<Item = Said<'a, Repair>> + '_ {
        self.work
            .count(self.facts.repairs.get(&self.target))
            .copied()
    }

    /// Stays of the chain that no withdrawal lifts.
    pub(super) fn stays(&self) -> impl Iterator<Item = Said<'a, Stay>> + '_ {
        self.on(&self.chain.wide, &self.facts.stays)
    }

    /// Those of them that take away what is granted too.
    pub(super) fn sure_stays(&self) -> impl Iterator<Item = Said<'a, Stay>> + '_ {
        self.on(&self.chain.narrow, &self.facts.sure_stays)
    }

    /// Notices on the chain of stays that are not held.
    pub(super) fn noticed_stays(&self) -> impl Iterator<Item = Said<'a, Notice>> + '_ {
        self.on(&self.chain.wide, &self.facts.noticed_stays)
    }

    /// Objections on the chain.
    pub(super) fn objections(&self) -> impl Iterator<Item = Said<'a, Objection>> + '_ {
        self.on(&self.chain.wide, &self.facts.objections)
    }

    /// The objections that supervisors admitted by acts on the chain, ascending.
    pub(super) fn admitted(&self) -> Vec<&'a StatementRef> {
        let admissions = self.on(&self.chain.wide, &self.facts.admissions);
        let names = admissions.flat_map(|(_, admission)| self.work.count(admission.admits()));
        let mut admitted: Vec<_> = names.map(|name| self.facts.copies.first(name)).collect();
        admitted.sort_unstable();
        admitted
    }

    /// Notices on the chain of objections that are not held.
    pub(super) fn noticed(&self) -> impl Iterator<Item = Said<'a, Notice>> + '_ {
        self.on(&self.chain.wide, &self.facts.noticed)
    }

    /// Acts on the chain that are known by their leaves alone and stand with the member in whose log the
    /// decision stands; ascending.
    // spec: EFF-90
    pub(super) fn unread(&self) -> Vec<&'a StatementRef> {
        let found = self.chain.wide.iter();
        let found = found.flat_map(|link| self.facts.unread.get(link).into_iter().flatten());
        let found = found.copied().filter(|_| self.work.spend(1));
        let member = self.target.origin.member();
        let mut unread: Vec<_> = found.filter(|act| act.origin.member() == member).collect();
        unread.sort_unstable();
        unread
    }

    /// What a ruling names.
    pub(super) fn closed_by<'s>(
        &'s self,
        ruling: &'a Ruling,
    ) -> impl Iterator<Item = &'a StatementRef> + 's {
        let named = self.work.count(ruling.closes());
        named.map(|name| self.facts.copies.first(name))
    }

    /// Whether an ascending list names a statement that counts.
    pub(super) fn is_named_in(&self, at: &'a StatementRef, list: &[StatementRef]) -> bool {
        let mut names = self.facts.copies.names(at).filter(|_| self.work.spend(1));
        names.any(|name| list.binary_search(name).is_ok())
    }

    /// The objections that a ruling names, on the chain as far as it counts in full.
    // spec: EFF-101
    pub(super) fn named_by<'s>(
        &'s self,
        ruling: &'a Ruling,
    ) -> impl Iterator<Item = Said<'a, Objection>> + 's {
        let found = self.closed_by(ruling);
        let found = found.filter_map(|at| self.facts.sure_objections.get(at));
        let on_chain = found.filter(|(link, _)| self.chain.narrow.binary_search(link).is_ok());
        on_chain.map(|(_, said)| *said)
    }

    /// Rulings that count in full: by whom it may be, on this chain, witnessed, and not taken back.
    // spec: EFF-8
    pub(super) fn rulings(&self) -> impl Iterator<Item = Said<'a, Ruling>> + '_ {
        let rulings = self.on(&self.chain.narrow, &self.facts.rulings);
        rulings.filter(|(fact, _)| self.may_act(fact))
    }

    /// Rulings that count in full and are by the issuer of the decision that they are on, which is another's
    /// decision than the one asked about.
    // spec: EFF-145
    pub(super) fn rulings_above(&self) -> impl Iterator<Item = Said<'a, Ruling>> + '_ {
        let rulings = self.on(&self.chain.narrow, &self.facts.rulings);
        rulings.filter(|(fact, _)| {
            let on = self.facts.copies.target(fact);
            !self.may_act(fact) && on.is_some_and(|on| self.is_issued_by(on, fact))
        })
    }

    /// Whether a decision is held and is by the issuer of a statement, or one that it stands for.
    pub(super) fn is_issued_by(&self, decision: &StatementRef, statement: &Fact) -> bool {
        let decision = self.decision_at(decision);
        decision.is_some_and(|(decision, _)| statement.speaks_for(decision.issuer()))
    }

    fn on<'s, T>(
        &'s self,
        links: &'s [Link],
        by: &'s By<'a, Link, T>,
    ) -> impl Iterator<Item = Said<'a, T>> + 's {
        let found = links.iter().flat_map(|link| by.get(link));
        found.copied().filter(|_| self.work.spend(1))
    }
}
