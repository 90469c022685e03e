//! Recognition (互认): whether an authority may rely on a decision of another, for what, and why.
//!
//! Implements `spec/recognition.md`. [`recognise`] is one pure function of the decision as it stands, its
//! effect, the agreements known and the day asked about. Agreements come as a set of verified facts; order
//! and repetition change nothing:
//!
//! ```text
//! agreements, accessions, retirements ─► versions in force between issuer and receiver ─► clauses ─┐
//! effect ─► does it bind others, which of its measures ────────────────────────────────────────────┴► answer
//! ```
//!
//! Rules only narrow: what is provisional adds no measure and takes away those that it does not name, and
//! whoever retires is no party from its word on.
//!
//! Out of scope: signatures, approvals and mandates ([`crate::trust`]), and what the receiver does with the
//! answer.

mod agreements;

use std::collections::BTreeMap;

use crate::effect::{Basis, BasisFailure, BasisState, BindsOthers, Effect};
use crate::region::RegionCode;
use crate::statement::{
    BasisLevel, Clause, DecisionFields, Force, LegalBasis, Measure, StatementRef,
};
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Day;

pub use agreements::{Agreements, Standing};
use agreements::{InForce, Pair};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The decision as it stands: as corrected, where it was.
    pub decision: &'a DecisionFields,
    /// Its effect on the day asked about.
    pub effect: &'a Effect,
    /// Who decided, first, and the member in whose log it stands.
    pub issuers: &'a [AuthorityCode],
    /// The region of who decided.
    pub issuer_region: RegionCode,
    /// Who asks, first, and the member through whose node it publishes.
    pub receivers: &'a [AuthorityCode],
    /// The region of who asks.
    pub receiver_region: RegionCode,
    /// The day asked about.
    pub as_of: Day,
}

/// A clause relied on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relied {
    /// The version of the agreement.
    pub agreement: StatementRef,
    /// The number of that version.
    pub version: u32,
    /// The number of the clause, as it is quoted.
    pub clause: Text<32>,
}

/// A measure that the receiver may apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The measure.
    pub measure: Measure,
    /// Its last day.
    pub until: Day,
    /// Whether it has to be applied: it has where one clause says so.
    pub force: Force,
    /// The article that the clause rests it on.
    pub basis: LegalBasis,
    /// The clause.
    pub by: Relied,
}

/// Whether a decision is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// The receiver made it itself.
    Own,
    /// It is.
    Recognised {
        /// The clauses that cover it, ascending.
        by: Vec<Relied>,
        /// Measures, ascending; none where it brings none that a clause names.
        measures: Vec<Allowed>,
        /// Whether what it grants may be relied on.
        grant: bool,
    },
    /// It is known, and nothing follows from it here.
    ForInformation {
        /// What is lacking: the reason that the nearest agreement stops at.
        why: Lacking,
    },
    /// Nobody may rely on it as it stands.
    NotRecognised {
        /// Its state for others.
        state: BindsOthers,
    },
}

/// Why nothing follows at the receiver, the farthest from recognition first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// No agreement names both.
    NoAgreement,
    /// One did, and one of the two has left it.
    Retired,
    /// One does, and is not in force on the day asked about, or not witnessed.
    NotInForce,
    /// No clause of it is about this issuer, this receiver and this item.
    NotCovered,
    /// The clause is for other types of act.
    ActType,
    /// The clause is for decisions of other days.
    DecidedOutside,
    /// The decision rests on local acts that do not hold at the receiver.
    BasisNotValidHere,
    /// There are more agreements than are looked at for one answer.
    TooMany,
    /// The decision, or what it rests on, is from before its item was in any catalogue: nobody has held it
    /// against one.
    BasisNotChecked,
    /// What is granted rests on what is void, withdrawn, repaired or not held.
    BasisFails,
}

/// Says whether a receiver may rely on a decision.
// spec: AGR-10, AGR-50
#[must_use]
pub fn recognise(question: &Question<'_>, agreements: &Agreements<'_>) -> Recognition {
    // Two departments behind one node are two authorities.
    let (issuer, receiver) = (question.issuers.first(), question.receivers.first());
    if issuer.is_some() && issuer == receiver {
        return Recognition::Own;
    }
    let grant = question.effect.grant_stands();
    let state = question.effect.binds_others();
    // spec: AGR-11
    if state != BindsOthers::Applies && !grant {
        return Recognition::NotRecognised { state };
    }
    // spec: AGR-41, AGR-57
    if let Some(why) = lacking_basis(question.effect) {
        return Recognition::ForInformation { why };
    }
    let pair = Pair {
        issuers: question.issuers,
        receivers: question.receivers,
        as_of: question.as_of,
    };
    // It takes more to lose what is granted than to be free of what burdens: each has its own agreements in force.
    let burdens = covering(question, agreements.between(&pair, false));
    let grants = match grant {
        true => covering(question, agreements.between(&pair, true)),
        false => Err(Lacking::NoAgreement),
    };
    let mut measures = BTreeMap::new();
    for (version, clause) in burdens.iter().flatten() {
        allow(&mut measures, question, (version, clause));
    }
    let lacking = [&burdens, &grants].map(|side| side.as_ref().err().copied());
    let clauses = burdens.iter().flatten().chain(grants.iter().flatten());
    let mut by: Vec<Relied> = clauses
        .map(|(version, clause)| relied(version, clause))
        .collect();
    by.sort_unstable();
    by.dedup();
    if by.is_empty() {
        let why = lacking.into_iter().flatten().max();
        let why = why.unwrap_or(Lacking::NoAgreement);
        return Recognition::ForInformation { why };
    }
    Recognition::Recognised {
        by,
        measures: measures.into_values().collect(),
        grant: grants.is_ok(),
    }
}

/// What keeps from being relied on what stands by what it grants: the decision reads as *basis not checked* (EFF-180), or
/// rests on what does or on what is gone. What may come to hold again, and is held, takes nothing from a grant.
fn lacking_basis(effect: &Effect) -> Option<Lacking> {
    let failures = match &effect.basis {
        Basis::Fails { failures } => failures.as_slice(),
        Basis::RestsOnNothing | Basis::Holds { .. } => &[],
    };
    let lacking = |failure: &BasisFailure| match failure.why {
        BasisState::NotChecked => Some(Lacking::BasisNotChecked),
        BasisState::Void | BasisState::Withdrawn | BasisState::Repaired | BasisState::NotHeld => {
            Some(Lacking::BasisFails)
        }
        BasisState::NotWitnessed | BasisState::Suspended | BasisState::Unknown => None,
    };
    failures.iter().filter_map(lacking).min()
}

/// The clauses in force that are about a decision; at least one.
fn covering<'a>(
    question: &Question<'_>,
    in_force: Result<Vec<InForce<'a>>, Lacking>,
) -> Result<Vec<(InForce<'a>, &'a Clause)>, Lacking> {
    let mut why = Lacking::NotCovered;
    let mut found = Vec::new();
    for version in in_force? {
        for clause in &version.agreement.clauses {
            match covers(clause, question) {
                Ok(()) => found.push((version.clone(), clause)),
                Err(reached) => why = why.max(reached),
            }
        }
    }
    match found.is_empty() {
        true => Err(why),
        false => Ok(found),
    }
}

fn relied(version: &InForce<'_>, clause: &Clause) -> Relied {
    Relied {
        agreement: version.reference.clone(),
        version: version.agreement.version,
        clause: clause.number.clone(),
    }
}

/// Whether a clause is about the decision, or where it stops.
// spec: AGR-12, AGR-13
fn covers(clause: &Clause, question: &Question<'_>) -> Result<(), Lacking> {
    let decision = question.decision;
    let names = |named: &[AuthorityCode], codes: &[AuthorityCode]| {
        named.is_empty() || codes.iter().any(|code| named.contains(code))
    };
    let parties =
        names(&clause.issuers, question.issuers) && names(&clause.receivers, question.receivers);
    if !parties || clause.items.binary_search(&decision.item).is_err() {
        return Err(Lacking::NotCovered);
    }
    if !clause.act_types.is_empty() && !clause.act_types.contains(&decision.act_type) {
        return Err(Lacking::ActType);
    }
    let day = decision.decided_on;
    let outside = clause.decided_from.is_some_and(|from| day < from)
        || clause.decided_until.is_some_and(|until| until < day);
    if outside {
        return Err(Lacking::DecidedOutside);
    }
    match clause.local_basis.is_some() || basis_holds_here(question) {
        true => Ok(()),
        false => Err(Lacking::BasisNotValidHere),
    }
}

/// Whether a decision cites anything that holds at the receiver: an act of the whole country, or a local
/// one of a region that the receiver lies in. What cites nothing needs nothing.
fn basis_holds_here(question: &Question<'_>) -> bool {
    let basis = &question.decision.basis;
    let here = question.issuer_region.contains(question.receiver_region);
    let holds = |basis: &LegalBasis| match basis.level {
        BasisLevel::Law
        | BasisLevel::AdministrativeRegulation
        | BasisLevel::MinisterialRule
        | BasisLevel::CentralPolicy => true,
        BasisLevel::LocalRegulation | BasisLevel::LocalGovernmentRule => here,
    };
    basis.is_empty() || basis.iter().any(holds)
}

/// Adds what a clause allows of the measures that the decision brings and that bind others.
// spec: AGR-14
fn allow(
    measures: &mut BTreeMap<Measure, Allowed>,
    question: &Question<'_>,
    (version, clause): (&InForce<'_>, &Clause),
) {
    let effect = question.effect;
    let ends = effect.burden_term.end.until;
    for one in &clause.measures {
        if effect.measure_binds_others(&one.measure) != BindsOthers::Applies
            || !version.narrower_allow(question, &one.measure)
        {
            continue;
        }
        let mut duties = effect.duties.iter();
        let Some(state) = duties.find(|state| state.duty.measure == one.measure) else {
            continue;
        };
        let allowed = Allowed {
            measure: one.measure.clone(),
            until: ends.map_or(state.duty.until, |ends| state.duty.until.min(ends)),
            force: one.force,
            basis: one.basis.clone(),
            by: relied(version, clause),
        };
        // Of several clauses one that binds goes before one that recommends, then the first by reference.
        let order = |allowed: &Allowed| (allowed.force, allowed.by.clone());
        let known = measures.entry(one.measure.clone());
        known
            .and_modify(|known| {
                if order(&allowed) < order(known) {
                    *known = allowed.clone();
                }
            })
            .or_insert(allowed);
    }
}

#[cfg(test)]
mod tests;
