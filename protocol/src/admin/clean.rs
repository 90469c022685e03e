//! 连续无不良信用记录: whether an organisation has any adverse record since a day (HG-1, ZS-2.2).
//!
//! The answer is one of four words with what it rests on, and no number that could be weighed: nobody is ranked.
//!
//! Out of scope: records beside decisions (`spec/statements.md`, records), from which no effect follows.

use crate::admin::tagged::named_codes;
use crate::admin::view::BindsOthersCode;
use crate::codec::{Truth, integer_map};
use crate::effect::{Backing, BindsOthers, Effect};
use crate::log::Origin;
use crate::statement::{ActType, DecisionFields, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::{Day, Timestamp};

/// Decisions that an answer lists, and logs that it names.
// spec: LKP-75
pub const CLEAN_SHOWN_MAX: usize = 64;
/// Decisions that are weighed for an answer.
// spec: LKP-75
pub const CLEAN_READ_MAX: usize = 4_096;
/// Years that are meant where nobody says how many.
pub const CLEAN_YEARS: u32 = 3;

named_codes! {
    /// Whether there is an adverse record.
    pub enum CleanCode {
        /// There is none.
        Clean = 1 "clean",
        /// There is at least one that stands.
        Adverse = 2 "adverse",
        /// There are some, and each is objected to, stayed, or for another reason binds nobody for now.
        Contested = 3 "contested",
        /// It is not known: something is not held here, or too old to go by.
        Unknown = 4 "unknown",
    }
}

named_codes! {
    /// What one adverse decision comes to.
    pub enum CleanWeight {
        /// It stands.
        Counts = 1 "counts",
        /// It is said apart: objected to, suspended, stayed, or binding nobody for now.
        Apart = 2 "apart",
        /// How it stands is not known here.
        NotKnown = 3 "not-known",
    }
}

integer_map! {
    /// An adverse decision of the span.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CleanDecision {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// What it comes to.
        2 => weight: req(CleanWeight),
        /// Who decided.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: opt(String),
        /// The number of its document.
        5 => document_number: req(String),
        /// The type of act.
        6 => act_type: req(ActType),
        /// The day of the decision.
        7 => decided_on: req(Day),
        /// What others may do on its strength.
        8 => binds_others: req(BindsOthersCode),
    }
}

integer_map! {
    /// A log by which nobody can tell.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StaleLog {
        /// The log.
        1 => origin: req(Origin),
        /// The name of the authority.
        2 => name: opt(String),
        /// The newest time at which a quorum cosigned it; absent where it is not held.
        3 => since: opt(Timestamp),
        /// Present when its member is declared lost: nothing more is expected of it, and it holds up no word.
        160 => lost: opt(Truth),
    }
}

integer_map! {
    /// Whether an organisation has an adverse record since a day.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CleanView {
        /// The first day that is looked at; what has not run out by `as_of` counts from before it too.
        1 => since: req(Day),
        /// The day asked about.
        2 => as_of: req(Day),
        /// Whether there is any.
        3 => verdict: req(CleanCode),
        /// The adverse decisions, those that count first, then the newest.
        4 => decisions: list(CleanDecision),
        /// Of these in all: those that count.
        5 => counts: req(u64),
        /// Those that are said apart.
        6 => apart: req(u64),
        /// Those of which it is not known how they stand.
        7 => not_known: req(u64),
        /// Logs that are not held, stale or frozen, the first of them; those of the lost last.
        8 => stale: list(StaleLog),
        /// How many there are in all, without those of the lost.
        9 => stale_total: req(u64),
        /// Bodies that are still to come, of any organisation.
        10 => bodies_missing: req(u64),
        /// Decisions that were not looked at.
        11 => left: req(u64),
        /// Bodies of decisions and records, of any organisation, that this node is not given.
        160 => withheld: req(u64),
        /// Statements about the organisation that wait for a newer registry.
        161 => waiting: req(u64),
        /// How many logs of the lost there are among those that are not held, stale or frozen.
        162 => lost_total: req(u64),
    }
}

integer_map! {
    /// The same in a row of the register of look-ups, and in its receipt.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct CleanWord {
        /// The first day that was looked at.
        1 => since: req(Day),
        /// The day asked about.
        2 => as_of: req(Day),
        /// Whether there was any.
        3 => verdict: req(CleanCode),
        /// Those that counted.
        4 => counts: req(u64),
        /// Those that were said apart.
        5 => apart: req(u64),
        /// Bodies of decisions and records, of any organisation, that the node was not given.
        160 => withheld: req(u64),
        /// Statements about the organisation that waited for a newer registry.
        161 => waiting: req(u64),
    }
}

impl CleanView {
    /// What the register keeps of it.
    #[must_use]
    pub const fn word(&self) -> CleanWord {
        CleanWord {
            since: self.since,
            as_of: self.as_of,
            verdict: self.verdict,
            counts: self.counts,
            apart: self.apart,
            withheld: self.withheld,
            waiting: self.waiting,
        }
    }

    /// The word for what was found: what stands comes first; then what is not known, which might stand; then
    /// what is said apart.
    // spec: LKP-72
    #[must_use]
    pub const fn judge(&self) -> CleanCode {
        let is_heard = self.stale_total == 0 && self.bodies_missing == 0;
        let is_whole = is_heard && self.left == 0 && self.waiting == 0;
        if self.counts > 0 {
            return CleanCode::Adverse;
        }
        if self.not_known > 0 || !is_whole {
            return CleanCode::Unknown;
        }
        match self.apart > 0 {
            true => CleanCode::Contested,
            false => CleanCode::Clean,
        }
    }
}

/// Whether a decision is a bad record as it stands: a penalty, a compulsory measure, an entry in a list of serious
/// breaches or a watch list, and whatever else fines, confiscates or brings duties. A levy is none by itself.
// spec: LKP-70
#[must_use]
pub const fn is_bad_record(fields: &DecisionFields) -> bool {
    let by_type = fields.act_type.is_adverse() && !matches!(fields.act_type, ActType::Levy);
    let fines = fields.fine_fen.is_some() || fields.confiscation_fen.is_some();
    by_type || fines || !fields.duties.is_empty() || !fields.penalty_classes.is_empty()
}

/// What an adverse decision comes to; `None` of one that was taken back, is void, had its place taken, was
/// decided before the span and has run out, or was decided after it.
// spec: LKP-70, LKP-71
#[must_use]
pub fn clean_weight(
    effect: &Effect,
    decided_on: Day,
    (since, as_of): (Day, Day),
) -> Option<CleanWeight> {
    let is_before = decided_on < since && !lasts(effect);
    if is_before || decided_on > as_of {
        return None;
    }
    let verdict = effect.binds_others();
    if !matches!(verdict, BindsOthers::Ended | BindsOthers::Repaired) {
        return weight_of(effect, verdict);
    }
    // A repair is asked before who cosigned it, and an end before what it rests on.
    match effect.backing {
        Some(Backing::Void(_)) => None,
        Some(Backing::Provisional) => Some(CleanWeight::NotKnown),
        Some(Backing::Witnessed) | None => past(effect),
    }
}

/// What one comes to that has ended: as if it had not.
fn past(effect: &Effect) -> Option<CleanWeight> {
    match (effect.basis_verdict(), effect.freshness.unknown()) {
        (Some(verdict), _) => weight_of(effect, verdict),
        (None, Some(_)) if !is_contested(effect) => Some(CleanWeight::NotKnown),
        (None, _) => weight_of(effect, BindsOthers::Applies),
    }
}

fn weight_of(effect: &Effect, verdict: BindsOthers) -> Option<CleanWeight> {
    match verdict {
        BindsOthers::Void | BindsOthers::Withdrawn | BindsOthers::Superseded => None,
        BindsOthers::NotHeld
        | BindsOthers::NotWeighed
        | BindsOthers::NotWitnessed
        | BindsOthers::BasisNotHeld
        | BindsOthers::UnknownSince { .. } => Some(CleanWeight::NotKnown),
        BindsOthers::Suspended
        | BindsOthers::Stayed
        | BindsOthers::Lifted
        | BindsOthers::NoBasis
        | BindsOthers::NotYet => Some(CleanWeight::Apart),
        BindsOthers::Applies | BindsOthers::Ended | BindsOthers::Repaired => {
            Some(match is_contested(effect) {
                true => CleanWeight::Apart,
                false => CleanWeight::Counts,
            })
        }
    }
}

/// Whether it is objected to or stayed.
fn is_contested(effect: &Effect) -> bool {
    let is_open = !effect.suspended_by.is_empty() || !effect.waiting.is_empty();
    is_open || !effect.stayed_by.is_empty()
}

/// Whether anything of a decision has not run out: its publication, a measure, or its own validity. Of one that
/// was repaired nothing is left but its day.
fn lasts(effect: &Effect) -> bool {
    let term = &effect.burden_term.end;
    let goes_on = !effect.publication.ended
        || effect.duties.iter().any(|duty| !duty.ended)
        || (term.until.is_some() && !term.ended);
    effect.repaired.is_none() && goes_on
}

/// What of many decisions is listed: those that count first, the rest in its order.
// spec: LKP-75
#[must_use]
pub fn clean_listed(mut decisions: Vec<CleanDecision>) -> Vec<CleanDecision> {
    decisions.sort_by_key(|one| one.weight != CleanWeight::Counts);
    decisions.truncate(CLEAN_SHOWN_MAX);
    decisions
}

/// The first day of so many years up to a day: the same day of that year, or the last of its month.
#[must_use]
pub fn clean_since(as_of: Day, years: u32) -> Option<Day> {
    let (year, month, day) = as_of.ymd();
    let year = year.checked_sub(u16::try_from(years).ok()?)?;
    let days = [day, 28];
    let mut found = days
        .into_iter()
        .filter_map(|day| Day::from_ymd(year, month, day).ok());
    found.next()
}

#[cfg(test)]
mod tests;
