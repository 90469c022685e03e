//! What a decision rests on, directly or not: a burden holds no further than its weakest basis.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::assess::{Assessment, assess};
use crate::effect::case::Case;
use crate::effect::horizon::Backing;
use crate::effect::record::{Basis, BasisFailure, BasisState, Validity};
use crate::effect::stays::Reaching;
use crate::statement::StatementRef;
use crate::time::{Day, Timestamp};

/// What is known of the statements that decisions rest on. Each is assessed once, however many
/// decisions rest on it.
#[derive(Default)]
pub(super) struct Bases<'a>(BTreeMap<&'a StatementRef, Known<'a>>);

/// A statement rested on, by itself and whatever the time.
struct Known<'a> {
    /// What is wrong with it but that its source is stale.
    failure: Option<BasisState>,
    /// What stays it, by day.
    stays: Vec<Reaching<'a>>,
    /// Whether it is of no weight once its source is stale.
    may_be_stale: bool,
    /// What it rests on in turn.
    rests_on: Vec<&'a StatementRef>,
    /// What finding this out cost.
    work: usize,
}

impl<'a> Bases<'a> {
    /// Walks everything that a decision rests on, and charges it to the decision.
    // spec: EFF-16
    pub(super) fn examine(
        &mut self,
        case: &Case<'_, 'a>,
        (rests_on, said_by): (&[&'a StatementRef], &[&'a StatementRef]),
        (as_of, now): (Day, Timestamp),
        freshness_days: u32,
    ) -> Basis {
        let mut failures: Vec<BasisFailure> = not_checked(case, said_by)
            .map(|basis| BasisFailure {
                basis: basis.clone(),
                why: BasisState::NotChecked,
            })
            .collect();
        if rests_on.is_empty() && failures.is_empty() {
            return Basis::RestsOnNothing;
        }
        let mut seen: BTreeSet<&StatementRef> = BTreeSet::new();
        let mut next: Vec<&'a StatementRef> = rests_on.to_vec();
        while let Some(reference) = next.pop() {
            if !case.work.spend(1) {
                break;
            }
            if reference == case.target || !seen.insert(reference) {
                continue;
            }
            let known = self.known(case, reference);
            case.work.spend(known.work);
            next.extend(&known.rests_on);
            let stayed = || {
                let mut stays = known.stays.iter();
                let is_stayed = stays.any(|one| one.stay.is_on(as_of));
                is_stayed.then_some(BasisState::Suspended)
            };
            let stale = || {
                let horizon = case.horizon;
                let freshness = horizon.freshness(&reference.origin, now, freshness_days);
                let is_stale = known.may_be_stale && freshness.unknown().is_some();
                is_stale.then_some(BasisState::Unknown)
            };
            // Of one statement the gravest: a correction may be rested on as well.
            let told = failures.iter().any(|one| one.basis == *reference);
            let why = known.failure.or_else(stayed).or_else(stale);
            if let Some(why) = why.filter(|_| !told) {
                let basis = reference.clone();
                failures.push(BasisFailure { basis, why });
            }
        }
        if failures.is_empty() {
            let on = seen.into_iter().cloned().collect();
            return Basis::Holds { on };
        }
        failures.sort_unstable();
        Basis::Fails { failures }
    }

    fn known(&mut self, case: &Case<'_, 'a>, reference: &'a StatementRef) -> &Known<'a> {
        self.0
            .entry(reference)
            .or_insert_with(|| Known::of(case, reference))
    }
}

impl<'a> Known<'a> {
    fn of(case: &Case<'_, 'a>, reference: &'a StatementRef) -> Self {
        // A correction names those that it settles; they are no basis, once they are witnessed.
        if let Some(backing) = correction(case, reference) {
            let is_provisional = backing == Backing::Provisional;
            return Self {
                failure: is_provisional.then_some(BasisState::NotWitnessed),
                stays: Vec::new(),
                may_be_stale: false,
                rests_on: Vec::new(),
                work: 0,
            };
        }
        let basis = Case::new(reference, case.history, case.facts, case.horizon);
        let assessment = assess(&basis);
        Self {
            failure: failure(&basis, &assessment),
            stays: assessment.stays,
            may_be_stale: true,
            rests_on: assessment.rests_on,
            work: basis.work.spent(),
        }
    }
}

/// What of that which says a decision as it stands is from before its item was in any catalogue.
// spec: EFF-180, EFF-226
fn not_checked<'c, 'a>(
    case: &'c Case<'_, 'a>,
    said_by: &'c [&'a StatementRef],
) -> impl Iterator<Item = &'a StatementRef> + 'c {
    said_by.iter().copied().filter(|at| {
        let fact = case.history.get(at);
        fact.is_some_and(|fact| fact.is_history())
    })
}

fn correction(case: &Case<'_, '_>, reference: &StatementRef) -> Option<Backing> {
    let fact = case.facts.correction(reference)?;
    Some(case.horizon.backing(fact))
}

/// The gravest thing that is wrong with a basis, but that it is stayed or stale.
fn failure(case: &Case<'_, '_>, assessment: &Assessment<'_>) -> Option<BasisState> {
    let is_held = match &assessment.validity {
        Validity::Void { .. } => return Some(BasisState::Void),
        Validity::Withdrawn { .. } => return Some(BasisState::Withdrawn),
        Validity::TargetNotHeld { .. } | Validity::NotADecision => false,
        Validity::InForce | Validity::Corrected { .. } => true,
    };
    // spec: EFF-164
    match assessment.backing {
        Some(Backing::Void(_)) => return Some(BasisState::Void),
        _ if assessment.repaired.is_some() => return Some(BasisState::Repaired),
        // For good, too.
        // spec: EFF-181
        _ if not_checked(case, &assessment.said_by).next().is_some() => {
            return Some(BasisState::NotChecked);
        }
        _ if !is_held => return Some(BasisState::NotHeld),
        Some(Backing::Provisional) => return Some(BasisState::NotWitnessed),
        Some(Backing::Witnessed) | None => {}
    }
    (!assessment.suspended_by.is_empty()).then_some(BasisState::Suspended)
}
