//! What a decision rests on, directly or not: a burden holds no further than its weakest basis.

use crate::effect::assess::{Assessment, assess};
use crate::effect::case::Case;
use crate::effect::horizon::Backing;
use crate::effect::record::{Basis, BasisFailure, BasisState, Validity};
use crate::statement::{Content, StatementRef};
use crate::time::Timestamp;

/// Walks everything that a decision rests on.
// spec: EFF-16
pub(super) fn examine<'a>(
    case: &Case<'_, 'a>,
    rests_on: &[&'a StatementRef],
    now: Timestamp,
    freshness_days: u32,
) -> Basis {
    if rests_on.is_empty() {
        return Basis::RestsOnNothing;
    }
    let mut seen: Vec<&StatementRef> = Vec::new();
    let mut next: Vec<&'a StatementRef> = rests_on.to_vec();
    let mut failures = Vec::new();
    while let Some(reference) = next.pop() {
        if reference == case.target || seen.contains(&reference) {
            continue;
        }
        seen.push(reference);
        // A correction names those that it settles; they are no basis, once they are witnessed.
        if let Some(backing) = correction(case, reference) {
            if backing == Backing::Provisional {
                let (basis, why) = (reference.clone(), BasisState::NotWitnessed);
                failures.push(BasisFailure { basis, why });
            }
            continue;
        }
        let basis = Case::new(reference, case.history, case.facts, case.horizon);
        let assessment = assess(&basis);
        next.extend(&assessment.rests_on);
        let stale = || {
            let freshness = case
                .horizon
                .freshness(&reference.origin, now, freshness_days);
            freshness.unknown().is_some()
        };
        if let Some(why) = failure(&assessment, stale) {
            let basis = reference.clone();
            failures.push(BasisFailure { basis, why });
        }
    }
    if failures.is_empty() {
        seen.sort_unstable();
        let on = seen.into_iter().cloned().collect();
        return Basis::Holds { on };
    }
    failures.sort_unstable();
    Basis::Fails { failures }
}

fn correction(case: &Case<'_, '_>, reference: &StatementRef) -> Option<Backing> {
    let fact = case.history.get(reference)?;
    let is_correction = matches!(fact.payload().content, Content::Correction(_));
    is_correction.then(|| case.horizon.backing(fact))
}

/// The gravest thing that is wrong with a basis.
fn failure(assessment: &Assessment<'_>, stale: impl Fn() -> bool) -> Option<BasisState> {
    match &assessment.validity {
        Validity::Void { .. } => return Some(BasisState::Void),
        Validity::Withdrawn { .. } => return Some(BasisState::Withdrawn),
        Validity::TargetNotHeld { .. } | Validity::NotADecision => {
            return Some(BasisState::NotHeld);
        }
        Validity::InForce | Validity::Corrected { .. } => {}
    }
    match assessment.backing {
        Some(Backing::Void(_)) => return Some(BasisState::Void),
        Some(Backing::Provisional) => return Some(BasisState::NotWitnessed),
        Some(Backing::Witnessed) | None => {}
    }
    if !assessment.suspended_by.is_empty() {
        return Some(BasisState::Suspended);
    }
    stale().then_some(BasisState::Unknown)
}
