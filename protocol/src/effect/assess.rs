//! The axes of one decision that do not depend on the day, the clock, or what it rests on.

use std::collections::BTreeSet;

use crate::effect::case::Case;
use crate::effect::chain;
use crate::effect::corrections::{self, Corrected, Withdrawals};
use crate::effect::fact::Fact;
use crate::effect::horizon::Backing;
use crate::effect::objections;
use crate::effect::reading::Reading;
use crate::effect::record::{Received, Repaired, Suspension, SuspensionKind, Validity, Waiting};
use crate::effect::repairs::{beyond_repair, repaired};
use crate::effect::stays::{self, Reaching};
use crate::statement::{Content, Decision, StatementRef};

/// What is known of one decision by itself.
pub(super) struct Assessment<'a> {
    pub(super) validity: Validity,
    pub(super) backing: Option<Backing>,
    pub(super) superseded_by: Option<StatementRef>,
    /// By day.
    pub(super) stays: Vec<Reaching<'a>>,
    pub(super) repaired: Option<Repaired>,
    pub(super) beyond_repair: Option<&'a StatementRef>,
    pub(super) suspended_by: Vec<Suspension>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) pending: Vec<StatementRef>,
    /// `None` when the decision is not held.
    pub(super) reading: Option<Reading<'a>>,
    /// What says it as it stands: corrections, the decision itself, or both.
    pub(super) said_by: Vec<&'a StatementRef>,
    /// What the decision and the corrections that hold rest on.
    pub(super) rests_on: Vec<&'a StatementRef>,
}

/// Assesses a decision, held or not.
pub(super) fn assess<'a>(case: &Case<'_, 'a>) -> Assessment<'a> {
    let mut assessment = match case.decision {
        Some((fact, decision)) => assess_held(case, fact, decision),
        None => assess_unheld(case),
    };
    let unheld = [
        (SuspensionKind::ActNotHeld, case.unread()),
        (SuspensionKind::StayNotHeld, stays::not_held(case)),
    ];
    for (kind, acts) in unheld.into_iter().filter(|(_, acts)| !acts.is_empty()) {
        assessment.suspended_by.push(Suspension {
            kind,
            by: cloned(&acts),
            received: Received::default(),
            awaiting_act: Vec::new(),
        });
    }
    assessment
}

fn assess_unheld<'a>(case: &Case<'_, 'a>) -> Assessment<'a> {
    // spec: EFF-100, EFF-165
    let validity = unheld(case);
    let repaired = repaired(case);
    let stays = stays::reaching(case);
    let (suspended_by, waiting) = objections::weigh(case);
    Assessment {
        validity,
        backing: None,
        superseded_by: None,
        stays,
        repaired,
        beyond_repair: None,
        suspended_by,
        waiting,
        pending: Vec::new(),
        reading: None,
        said_by: Vec::new(),
        rests_on: Vec::new(),
    }
}

fn assess_held<'a>(case: &Case<'_, 'a>, fact: &'a Fact, decision: &'a Decision) -> Assessment<'a> {
    let backing = case.horizon.backing(fact);
    let own = Reading::of(decision);
    let is_grant = own.grants();
    // What takes the decision back or its place is visited first: whoever objects much must not keep it
    // out of sight.
    // spec: EFF-100, EFF-165
    let withdrawing = corrections::withdrawing(case);
    let successors: Vec<_> = case.reissues().collect();
    let corrected = corrections::correct(case, own);
    // A penalty corrected into a licence grants, and is taken back as a licence is.
    let withdrawals = corrections::withdrawals(case, &withdrawing, corrected.reading.grants());
    let rests_on = rests_on(case, decision, &corrected);
    let validity = validity(backing, is_grant, &corrected, &withdrawals);
    let said_by = match validity {
        Validity::Corrected { .. } => corrected.said_by,
        Validity::InForce
        | Validity::Void { .. }
        | Validity::Withdrawn { .. }
        | Validity::TargetNotHeld { .. }
        | Validity::NotADecision => vec![case.target],
    };
    let (superseded_by, mut reading) =
        chain::supersede(case, (fact, decision), &successors, corrected.reading);
    let beyond_repair = beyond_repair(&corrected.item_by);
    let repaired = match beyond_repair {
        Some(_) => None,
        None => repaired(case),
    };
    let stays = stays::reaching(case);
    // What suspends for others does so beside a stay.
    // spec: EFF-155
    let (mut suspended_by, waiting) = objections::weigh(case);
    if !corrected.conflict.is_empty() {
        suspended_by.push(Suspension {
            kind: SuspensionKind::Conflict,
            by: cloned(&corrected.conflict),
            received: Received::default(),
            awaiting_act: Vec::new(),
        });
    }
    // spec: EFF-14
    if case.horizon.is_beyond_fork(case.target) {
        suspended_by.push(Suspension {
            kind: SuspensionKind::Fork,
            by: Vec::new(),
            received: Received::default(),
            awaiting_act: Vec::new(),
        });
    }
    let mut pending = cloned(&corrected.pending);
    pending.extend(cloned(&withdrawals.lifting));
    // spec: EFF-84
    pending.retain(|act| !case.is_void(act));
    pending.sort_unstable();
    if !withdrawals.lifting.is_empty() {
        reading.lift();
    }
    Assessment {
        validity,
        backing: Some(backing),
        superseded_by,
        stays,
        repaired,
        beyond_repair,
        suspended_by,
        waiting,
        pending,
        reading: Some(reading),
        said_by,
        rests_on,
    }
}

/// Void before withdrawn before corrected, whoever the author. What grants is never void: a cut-off
/// takes nothing from whom it is not aimed at.
// spec: EFF-2
fn validity(
    backing: Backing,
    is_grant: bool,
    corrected: &Corrected<'_>,
    withdrawals: &Withdrawals<'_>,
) -> Validity {
    if let (Backing::Void(why), false) = (backing, is_grant) {
        return Validity::Void { why };
    }
    if !withdrawals.by.is_empty() {
        let by = cloned(&withdrawals.by);
        return Validity::Withdrawn { by };
    }
    if !corrected.by.is_empty() {
        let by = cloned(&corrected.by);
        return Validity::Corrected { by };
    }
    Validity::InForce
}

/// An act is valid by reference: what is known of a decision that is not held is kept, and counts as
/// soon as it is.
// spec: EFF-4
fn unheld(case: &Case<'_, '_>) -> Validity {
    if case.fact.is_some() {
        return Validity::NotADecision;
    }
    let by = corrections::withdrawals(case, &corrections::withdrawing(case), false).by;
    if !by.is_empty() {
        return Validity::Withdrawn { by: cloned(&by) };
    }
    let corrections = case.corrections_of(case.target).map(|(fact, _)| fact);
    let withdrawals = case.withdrawals().map(|(fact, _)| fact);
    let mut acts: Vec<_> = corrections
        .chain(withdrawals)
        .map(|fact| fact.reference().clone())
        .collect();
    acts.sort_unstable();
    Validity::TargetNotHeld { acts }
}

/// A correction adds to what a decision rests on and takes nothing away from it: a basis once named
/// is not shaken off by leaving it out.
fn rests_on<'a>(
    case: &Case<'_, 'a>,
    decision: &'a Decision,
    corrected: &Corrected<'a>,
) -> Vec<&'a StatementRef> {
    let copies = &case.facts.copies;
    let named = decision.fields().rests_on.iter();
    let mut rests_on: Vec<_> = named.map(|name| copies.first(name)).collect();
    for reference in &corrected.by {
        if let Some(Content::Correction(correction)) = case
            .history
            .get(reference)
            .map(|fact| &fact.payload().content)
        {
            let named = correction.replacement.fields().rests_on.iter();
            rests_on.extend(named.map(|name| copies.first(name)));
        }
    }
    rests_on.extend(gone_before(case, decision));
    rests_on
}

/// What was erased and this decision makes anew, itself or by what it re-issues.
// spec: EFF-230
fn gone_before<'a>(case: &Case<'_, 'a>, decision: &'a Decision) -> Vec<&'a StatementRef> {
    let facts = case.facts;
    let mut gone = Vec::new();
    if facts.gone.is_empty() {
        return gone;
    }
    let mut seen = BTreeSet::new();
    let mut next = Some((facts.copies.first(case.target), Some(decision)));
    while let Some((at, decision)) = next
        && seen.insert(at)
        && case.work.spend(1)
    {
        gone.extend(facts.gone.get(at).into_iter().flatten());
        let root = decision.and_then(|decision| decision.fields().reissues.as_ref());
        next = root.map(|root| {
            let root = facts.copies.first(root);
            let fact = case.history.get(root);
            let content = fact.map(|fact| &fact.payload().content);
            match content {
                Some(Content::Decision(decision)) => (root, Some(&**decision)),
                _ => (root, None),
            }
        });
    }
    gone
}

fn cloned(references: &[&StatementRef]) -> Vec<StatementRef> {
    references.iter().copied().cloned().collect()
}
