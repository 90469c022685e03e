//! The chain of a decision: what it re-issues, what re-issues it, and what should say that it does.

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::history::Sorted;
use crate::effect::horizon::Horizon;
use crate::effect::reading::Reading;
use crate::statement::{Decision, StatementRef};

/// References that name a chain: its decisions, and the roots that they give.
pub(super) struct Chain<'a> {
    /// By every decision known. What suspends attaches here.
    wide: Vec<&'a StatementRef>,
    /// By the decision asked about and those that count in full. What ends a suspension, or keeps one
    /// from arising, attaches here: a decision that is not witnessed must not join it to a chain.
    narrow: Vec<&'a StatementRef>,
}

impl<'a> Chain<'a> {
    // spec: EFF-6
    pub(super) fn of(
        target: &'a StatementRef,
        decision: Option<(&'a Fact, &'a Decision)>,
        facts: &Sorted<'a>,
        horizon: &Horizon,
    ) -> Self {
        let wide = members(target, decision, &facts.decisions, |_| true);
        let narrow = members(target, decision, &facts.decisions, |fact| {
            horizon.established(fact)
        });
        Self { wide, narrow }
    }

    pub(super) fn holds(&self, reference: &StatementRef) -> bool {
        self.wide.contains(&reference)
    }

    pub(super) fn surely_holds(&self, reference: &StatementRef) -> bool {
        self.narrow.contains(&reference)
    }
}

/// Grows a chain until no admitted decision links to it any more.
fn members<'a>(
    target: &'a StatementRef,
    decision: Option<(&'a Fact, &'a Decision)>,
    decisions: &[(&'a Fact, &'a Decision)],
    admits: impl Fn(&Fact) -> bool,
) -> Vec<&'a StatementRef> {
    let mut names = vec![target];
    let mut joined: Vec<(&Fact, &Decision)> = Vec::new();
    if let Some((fact, decision)) = decision {
        names.extend(&decision.fields().reissues);
        joined.push((fact, decision));
    }
    let mut rest: Vec<_> = decisions
        .iter()
        .copied()
        .filter(|(fact, _)| fact.reference() != target && admits(fact))
        .collect();
    loop {
        let links = |candidate: &(&Fact, &Decision)| {
            let root = candidate.1.fields().reissues.as_ref();
            names.contains(&candidate.0.reference())
                || root.is_some_and(|root| names.contains(&root))
                || joined
                    .iter()
                    .any(|member| same_document(*member, *candidate))
        };
        let Some(at) = rest.iter().position(links) else {
            return names;
        };
        let (fact, decision) = rest.swap_remove(at);
        names.push(fact.reference());
        names.extend(&decision.fields().reissues);
        joined.push((fact, decision));
    }
}

/// A re-issue under the same authority, document number and item belongs to the chain even where it
/// leaves its root unnamed: an objection cannot be shaken off by filing anew.
fn same_document(a: (&Fact, &Decision), b: (&Fact, &Decision)) -> bool {
    let (ours, theirs) = (a.1.fields(), b.1.fields());
    a.0.issuer() == b.0.issuer()
        && ours.document_number == theirs.document_number
        && ours.item == theirs.item
}

/// The newest re-issue that takes the place of the decision, and the reading that is left where a
/// re-issue counts only as far as it is milder.
// spec: EFF-15
pub(super) fn supersede<'a>(
    case: &Case<'_, 'a>,
    fact: &'a Fact,
    decision: &'a Decision,
    mut reading: Reading<'a>,
) -> (Option<StatementRef>, Reading<'a>) {
    let mut newest: Option<&Fact> = None;
    for (other, reissue) in case.facts.decisions.iter().copied() {
        let Some(follows) = follows((fact, decision), (other, reissue)) else {
            continue;
        };
        if follows && case.horizon.established(other) {
            let by_place = |fact: &&Fact| (fact.index(), fact.reference().clone());
            newest = newest.into_iter().chain([other]).max_by_key(by_place);
        } else {
            reading = reading.meet(&Reading::of(reissue));
        }
    }
    (newest.map(|fact| fact.reference().clone()), reading)
}

/// Whether a re-issue comes after a decision; `None` when it does not re-issue it at all, or comes
/// before it. Two re-issues in different logs have no order: neither takes the other's place.
fn follows(decision: (&Fact, &Decision), other: (&Fact, &Decision)) -> Option<bool> {
    let root = other.1.fields().reissues.as_ref()?;
    if other.0.reference() == decision.0.reference() || other.0.issuer() != decision.0.issuer() {
        return None;
    }
    if root == decision.0.reference() {
        return Some(true);
    }
    if Some(root) != decision.1.fields().reissues.as_ref() {
        return None;
    }
    if other.0.origin() != decision.0.origin() {
        return Some(false);
    }
    (other.0.index() > decision.0.index()).then_some(true)
}
