//! Statements that stand twice in a log, and what a name of one stands for.
//!
//! Whoever withholds the body of the first has the copy named by everybody else. Every name that is
//! followed in effect is taken from here, so that handing out the first later changes nothing.

use std::collections::BTreeMap;

use crate::effect::fact::Fact;
use crate::effect::history::History;
use crate::statement::{Decision, StatementRef};

/// The copies of a history.
#[derive(Default)]
pub(super) struct Copies<'a> {
    /// Of each copy the one that counts: the lowest with its bytes in its log.
    firsts: BTreeMap<&'a StatementRef, &'a StatementRef>,
    /// The copies of each one that counts, ascending.
    copies: BTreeMap<&'a StatementRef, Vec<&'a StatementRef>>,
}

impl<'a> Copies<'a> {
    // spec: EFF-40, EFF-143
    pub(super) fn of(history: &'a History) -> Self {
        let mut found = Self::default();
        let mut said = BTreeMap::new();
        // By position, so that the first of several counts, whichever is held first.
        for fact in history.facts() {
            let at = fact.reference();
            // What is astray may be so under its own leaf alone: it is no first of what is not.
            let said_here = (fact.origin(), fact.bytes(), is_astray(fact, history));
            let first = *said.entry(said_here).or_insert(at);
            if first != at {
                found.firsts.insert(at, first);
                found.copies.entry(first).or_default().push(at);
            }
        }
        found
    }

    /// Whether an earlier statement of its log has the bytes of this one.
    pub(super) fn is_copy(&self, at: &StatementRef) -> bool {
        self.firsts.contains_key(at)
    }

    /// What a name stands for.
    // spec: EFF-110, EFF-130
    pub(super) fn first(&self, name: &'a StatementRef) -> &'a StatementRef {
        self.firsts.get(name).copied().unwrap_or(name)
    }

    /// What an act is on.
    pub(super) fn target(&self, act: &'a Fact) -> Option<&'a StatementRef> {
        act.named_target().map(|name| self.first(name))
    }

    /// What a decision re-issues.
    pub(super) fn root(&self, decision: &'a Decision) -> Option<&'a StatementRef> {
        let name = decision.fields().reissues.as_ref();
        name.map(|name| self.first(name))
    }

    /// All names of a statement that counts.
    pub(super) fn names(
        &self,
        at: &'a StatementRef,
    ) -> impl Iterator<Item = &'a StatementRef> + use<'_, 'a> {
        let copies = self.copies.get(at).into_iter().flatten().copied();
        [at].into_iter().chain(copies)
    }
}

/// Whether a fact is an act on a statement of the history that is about somebody else, or is shown to
/// others.
// spec: EFF-41
pub(super) fn is_astray(fact: &Fact, history: &History) -> bool {
    let target = fact.named_target().and_then(|target| history.get(target));
    target.is_some_and(|target| fact.is_astray(target))
}
