//! Effect (效力): what follows for a decision from everything that is known about it.
//!
//! Implements `spec/effect.md`. [`effect`] is one pure function of a set of verified statements
//! ([`History`]), how far each log is known ([`Horizon`]), the day asked about and the time now. The
//! same set and horizon give the same [`Effect`], whatever came first, twice or late. An
//! [`Examination`] answers for many decisions of one set at the cost of looking at each fact a few times:
//!
//! ```text
//! facts ─► by class ─► chain ─► objections ─► suspended by, waiting
//!                        │
//!                        ├────► repairs ─► repaired      stays, day ─► stayed by
//!                        ├────► corrections, withdrawals, re-issues ─► validity, reading
//!                        └────► what it rests on ─► basis
//! horizon, day, now ──────────► backing, ends, freshness, fork
//! ```
//!
//! What frees an organisation acts on less evidence than what binds it. Whether a statement frees or
//! binds is computed from the figures before and after it, never claimed by its author.
//!
//! Out of scope: signatures, mandates and `ctx` ([`crate::trust`]), recognition by a receiver, and
//! deadlines. An axis for erasures joins [`Effect`] as a field and a module.

pub mod alike;
mod announced;
mod assess;
mod basis;
mod case;
mod chain;
mod codes;
mod copies;
mod corrections;
mod fact;
mod history;
mod horizon;
mod notices;
mod objections;
mod reading;
mod record;
mod rejections;
mod repairs;
mod sorted;
mod stays;
mod touch;
mod work;

use crate::effect::assess::{Assessment, assess};
use crate::effect::basis::Bases;
use crate::effect::case::Case;
use crate::effect::reading::{Days, Reading};
use crate::effect::sorted::Sorted;
use crate::effect::stays::Stayed;
use crate::log::{Origin, TreeSize};
use crate::statement::{Decision, StatementRef};
use crate::time::{Day, Timestamp};

pub use codes::{CODE_CHANGES_MAX, CodeState, CodeStep, Codes, codes};
pub use fact::{Fact, VoidCause};
pub use history::History;
pub use horizon::{Backing, FRESHNESS_DAYS, FRESHNESS_WARNING_DAYS, Horizon, Limits, LogHorizon};
pub use reading::DutyEnd;
pub use record::{
    Amounts, Basis, BasisFailure, BasisState, BindsOthers, Burden, DutyState, Effect, Ends, Fork,
    Freshness, HorizonUsed, LaterActs, Received, Repaired, Source, SourceState, Suspension,
    SuspensionKind, Term, Validity, Waiting, WaitingCause, Weighed,
};
pub use work::EFFECT_WORK_MAX;

/// Computes the effect of a decision.
///
/// `now` is the local clock; a newer quorum time in the horizon takes its place. Facts that have
/// nothing to do with the decision change nothing.
// spec: EFF-1
#[must_use]
pub fn effect(
    target: &StatementRef,
    history: &History,
    horizon: &Horizon,
    as_of: Day,
    now: Timestamp,
    limits: &Limits,
) -> Effect {
    Examination::new(history, horizon).effect(target, as_of, now, limits)
}

/// One set of facts and one horizon, about which many questions are asked.
///
/// Gives each decision the effect that [`effect`] gives it. The facts are put in order once, and what
/// several decisions rest on is assessed once.
pub struct Examination<'a> {
    history: &'a History,
    horizon: &'a Horizon,
    facts: Sorted<'a>,
    bases: Bases<'a>,
}

impl<'a> Examination<'a> {
    /// Puts the facts in order.
    #[must_use]
    pub fn new(history: &'a History, horizon: &'a Horizon) -> Self {
        Self {
            history,
            horizon,
            facts: Sorted::of(history, horizon),
            bases: Bases::default(),
        }
    }

    /// Computes the effect of one decision; see [`effect`].
    #[must_use]
    pub fn effect(
        &mut self,
        target: &'a StatementRef,
        as_of: Day,
        now: Timestamp,
        limits: &Limits,
    ) -> Effect {
        let case = Case::new(target, self.history, &self.facts, self.horizon);
        let assessment = assess(&case);
        let now = self.horizon.at_least(now);
        let days = limits.freshness_days;
        let rests_on = (&assessment.rests_on[..], &assessment.said_by[..]);
        let basis = self.bases.examine(&case, rests_on, (as_of, now), days);
        let freshness = self.horizon.freshness(&target.origin, now, days);
        record(&case, assessment, basis, freshness, (as_of, limits))
    }

    /// The objections to the chain of a decision that are open, whether they suspend or wait, ascending;
    /// `None` where more bears on them than is looked at for one answer.
    #[must_use]
    pub fn open_objections(&self, target: &'a StatementRef) -> Option<Vec<StatementRef>> {
        let case = Case::new(target, self.history, &self.facts, self.horizon);
        let (suspending, waiting) = objections::weigh(&case);
        let suspending = suspending.into_iter().flat_map(|one| one.by);
        let mut open: Vec<_> = suspending
            .chain(waiting.into_iter().map(|one| one.objection))
            .collect();
        open.sort_unstable();
        (!case.work.is_over()).then_some(open)
    }
}

impl Effect {
    /// Whether it says in all figures what a decision says, as after a correction of which nothing is left to
    /// come about. Words are compared by nobody.
    #[must_use]
    pub fn reads_as(&self, decision: &Decision) -> bool {
        let said = Reading::of(decision);
        let duties = self.duties.iter();
        let duties = duties.map(|state| (&state.duty.measure, state.duty.until));
        let days = Days {
            from: self.burden_term.from.unwrap_or(said.burden_days.from),
            until: self.burden_term.end.until,
        };
        (self.burden, self.is_grant) == (burden(Some(&said)), said.grants())
            && self.amounts == amounts(&said)
            && duties.eq(said.duties.iter().copied())
            && self.publication.until == said.publication_until
            && days == said.burden_days
    }
}

// spec: EFF-21
fn record(
    case: &Case<'_, '_>,
    assessment: Assessment<'_>,
    basis: Basis,
    freshness: Freshness,
    (as_of, limits): (Day, &Limits),
) -> Effect {
    let reading = assessment.reading.as_ref();
    let publication_until = reading.and_then(|reading| reading.publication_until);
    let has_passed = publication_until.is_some_and(|until| until < as_of);
    let stayed = Stayed::on(as_of, &assessment.stays, reading);
    let mut pending = assessment.pending;
    pending.extend(stayed.pending);
    pending.sort_unstable();
    Effect {
        target: case.target.clone(),
        weighed: match case.work.is_over() {
            true => Weighed::InPart,
            false => Weighed::Fully,
        },
        validity: assessment.validity,
        backing: assessment.backing,
        superseded_by: assessment.superseded_by,
        stayed_by: stayed.by,
        grant_stayed: stayed.takes_grant,
        suspended_by: assessment.suspended_by,
        waiting: assessment.waiting,
        pending,
        burden: burden(reading),
        is_grant: reading.is_some_and(Reading::grants),
        off_list: off_list(reading, assessment.repaired.as_ref()),
        amounts: reading.map(amounts).unwrap_or_default(),
        duties: reading
            .map(|r| duties(r, as_of, limits))
            .unwrap_or_default(),
        term: reading
            .map(|r| term(r.grant_days.unwrap_or(r.burden_days), as_of))
            .unwrap_or_default(),
        burden_term: reading
            .map(|r| term(r.burden_days, as_of))
            .unwrap_or_default(),
        // spec: EFF-161
        publication: Ends {
            until: publication_until,
            ended: has_passed || assessment.repaired.is_some(),
        },
        repaired: assessment.repaired,
        beyond_repair: assessment.beyond_repair.cloned(),
        basis,
        freshness,
        fork: fork(case),
        later_acts: LaterActs::NotProven,
        horizon: HorizonUsed {
            issuer: size_of(case.horizon, &case.target.origin),
            register: size_of(case.horizon, &case.horizon.register),
        },
    }
}

/// Whether a repair took an entry off a list that burdens. Nobody is repaired off a red list.
// spec: EFF-163
fn off_list(reading: Option<&Reading<'_>>, repaired: Option<&Repaired>) -> bool {
    let listed = reading.is_some_and(Reading::lists_adversely);
    listed && repaired.is_some_and(Repaired::removes_from_list)
}

fn burden(reading: Option<&Reading<'_>>) -> Burden {
    match reading {
        Some(reading) if reading.lifted => Burden::Lifted,
        Some(reading) if reading.burdens() => Burden::Burdens,
        Some(_) | None => Burden::Free,
    }
}

fn amounts(reading: &Reading<'_>) -> Amounts {
    Amounts {
        fine_fen: reading.fine_fen,
        confiscation_fen: reading.confiscation_fen,
        penalty_classes: reading.penalty_classes(),
    }
}

// spec: EFF-19, EFF-170
fn duties(reading: &Reading<'_>, as_of: Day, limits: &Limits) -> Vec<DutyState> {
    let state = |(measure, until): &(&crate::statement::Measure, Day)| DutyState {
        duty: DutyEnd {
            measure: (*measure).clone(),
            until: *until,
        },
        ended: *until < as_of,
        revoked: limits.is_revoked(measure, as_of),
    };
    reading.duties.iter().map(state).collect()
}

fn term(days: Days, as_of: Day) -> Term {
    Term {
        from: Some(days.from),
        not_yet: as_of < days.from,
        end: Ends {
            until: days.until,
            ended: days.until.is_some_and(|until| until < as_of),
        },
    }
}

fn fork(case: &Case<'_, '_>) -> Fork {
    match case.horizon.frozen_at(&case.target.origin) {
        None => Fork::NotKnown,
        Some(frozen_at) if case.target.index >= frozen_at => Fork::Beyond { frozen_at },
        Some(frozen_at) => Fork::Before { frozen_at },
    }
}

fn size_of(horizon: &Horizon, origin: &Origin) -> TreeSize {
    horizon
        .logs
        .get(origin)
        .map_or(TreeSize::ZERO, |log| log.size)
}

#[cfg(test)]
pub(crate) mod tests;
