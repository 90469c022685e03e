//! Stays of a chain (停止执行): by them a decision holds nobody for their days, its issuer neither.

use std::collections::BTreeSet;

use crate::effect::case::Case;
use crate::effect::reading::Reading;
use crate::statement::{StatementRef, Stay};
use crate::time::Day;

/// A stay that reaches a decision.
pub(super) struct Reaching<'a> {
    pub(super) reference: &'a StatementRef,
    pub(super) stay: &'a Stay,
    /// Whether it takes away what is granted too.
    in_full: bool,
    /// Whether it may still come to that.
    is_pending: bool,
}

/// The stays that reach a decision on whatever day, ascending.
// spec: EFF-150, EFF-151, EFF-152
pub(super) fn reaching<'a>(case: &Case<'_, 'a>) -> Vec<Reaching<'a>> {
    let sure: BTreeSet<_> = case
        .sure_stays()
        .map(|(fact, _)| fact.reference())
        .collect();
    let reaching = case.stays().map(|(fact, stay)| {
        let reference = fact.reference();
        let is_doubted = case.facts.doubted_stays.contains(reference);
        Reaching {
            reference,
            stay,
            in_full: sure.contains(reference),
            is_pending: !is_doubted && fact.void().is_none() && !case.horizon.established(fact),
        }
    });
    let mut reaching: Vec<_> = reaching.collect();
    reaching.sort_unstable_by_key(|one| one.reference);
    reaching
}

/// The stays that only the home register tells of, ascending.
// spec: EFF-154
pub(super) fn not_held<'a>(case: &Case<'_, 'a>) -> Vec<&'a StatementRef> {
    let acts: BTreeSet<_> = case
        .noticed_stays()
        .map(|(_, notice)| case.facts.copies.first(&notice.act))
        .collect();
    acts.into_iter().collect()
}

/// What stays come to on one day.
#[derive(Default)]
pub(super) struct Stayed {
    /// Those that have effect.
    pub(super) by: Vec<StatementRef>,
    /// Whether one of them takes away what is granted.
    pub(super) takes_grant: bool,
    /// Those that take nothing away from what is granted as yet.
    pub(super) pending: Vec<StatementRef>,
}

impl Stayed {
    /// Reads the stays on a day. What is granted they take away only where they count in full; a burden
    /// they take away at once.
    // spec: EFF-151, EFF-152
    pub(super) fn on(day: Day, reaching: &[Reaching<'_>], reading: Option<&Reading<'_>>) -> Self {
        let grants = reading.is_some_and(Reading::grants);
        let only_grants = grants && !reading.is_some_and(Reading::burdens);
        let mut stayed = Self::default();
        for one in reaching.iter().filter(|one| one.stay.is_on(day)) {
            if one.in_full || !only_grants {
                stayed.by.push(one.reference.clone());
            }
            stayed.takes_grant |= grants && one.in_full;
            if grants && one.is_pending {
                stayed.pending.push(one.reference.clone());
            }
        }
        stayed
    }
}
