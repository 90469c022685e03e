//! One decision with everything that may act on it, and who may.

use crate::effect::chain::Chain;
use crate::effect::fact::Fact;
use crate::effect::history::{History, Sorted};
use crate::effect::horizon::Horizon;
use crate::statement::{Content, Decision, Ruling, StatementRef};

/// The decision asked about among the facts.
pub(super) struct Case<'h, 'a> {
    pub(super) target: &'a StatementRef,
    pub(super) fact: Option<&'a Fact>,
    pub(super) decision: Option<(&'a Fact, &'a Decision)>,
    pub(super) facts: &'h Sorted<'a>,
    pub(super) history: &'a History,
    pub(super) horizon: &'h Horizon,
    pub(super) chain: Chain<'a>,
}

impl<'h, 'a> Case<'h, 'a> {
    pub(super) fn new(
        target: &'a StatementRef,
        history: &'a History,
        facts: &'h Sorted<'a>,
        horizon: &'h Horizon,
    ) -> Self {
        let fact = history.get(target).map(AsRef::as_ref);
        let decision = fact.and_then(|fact: &Fact| {
            let Content::Decision(decision) = &fact.payload().content else {
                return None;
            };
            Some((fact, decision.as_ref()))
        });
        let chain = Chain::of(target, decision, facts, horizon);
        Self {
            target,
            fact,
            decision,
            facts,
            history,
            horizon,
            chain,
        }
    }

    /// Whether the author of an act may correct, withdraw or rule on the decision: its issuer, from
    /// whatever log, or a supervisor. While the decision is not held its issuer is not known.
    // spec: EFF-3
    pub(super) fn may_act(&self, act: &Fact) -> bool {
        let is_issuer = self.fact.is_some_and(|fact| fact.issuer() == act.issuer());
        is_issuer || act.is_supervision()
    }

    /// Rulings that count in full: by whom it may be, on this chain, witnessed, and not taken back.
    // spec: EFF-8
    pub(super) fn rulings(&self) -> impl Iterator<Item = (&'a Fact, &'a Ruling)> + '_ {
        let on_chain = |ruling: &Fact| {
            ruling
                .target()
                .is_some_and(|target| self.chain.surely_holds(target))
        };
        let counts = move |(fact, _): &(&'a Fact, &'a Ruling)| {
            self.may_act(fact)
                && on_chain(fact)
                && self.horizon.established(fact)
                && !self.is_taken_back(fact)
        };
        self.facts.rulings.iter().copied().filter(counts)
    }

    /// A ruling that was withdrawn frees again what it closed, so the withdrawal acts at once.
    fn is_taken_back(&self, ruling: &Fact) -> bool {
        self.facts.withdrawals.iter().any(|(withdrawal, _)| {
            withdrawal.target() == Some(ruling.reference())
                && (withdrawal.issuer() == ruling.issuer() || withdrawal.is_supervision())
        })
    }
}
