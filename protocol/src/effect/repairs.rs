//! Repairs of a decision (信用修复): what it brings with others ends, and its issuer keeps it on record.

use std::collections::BTreeSet;

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::record::Repaired;

/// Whether law declares a decision beyond repair: as it was made, and by every correction of it by whom it may
/// be that counts in full. One that says it anew under another item lets it be repaired.
// spec: EFF-195
pub(super) fn is_beyond_repair(case: &Case<'_, '_>) -> bool {
    let made = case.decision.map(|(fact, _)| fact);
    if !made.is_some_and(Fact::is_beyond_repair) {
        return false;
    }
    let counts = |fact: &Fact| case.may_act(fact) && case.horizon.established(fact);
    let mut corrections = case.corrections_of(case.target);
    corrections.all(|(fact, _)| fact.is_beyond_repair() || !counts(fact))
}

/// What the repairs of a decision come to; `None` where there is none.
// spec: EFF-160, EFF-161, EFF-195
pub(super) fn repaired(case: &Case<'_, '_>) -> Option<Repaired> {
    if is_beyond_repair(case) {
        return None;
    }
    let (mut by, mut effects) = (Vec::new(), BTreeSet::new());
    for (fact, repair) in case.repairs() {
        by.push(fact.reference().clone());
        effects.extend(&repair.fields().effects);
    }
    by.sort_unstable();
    let effects = effects.into_iter().collect();
    (!by.is_empty()).then_some(Repaired { by, effects })
}
