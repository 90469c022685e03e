//! Repairs of a decision (信用修复): what it brings with others ends, and its issuer keeps it on record.

use std::collections::BTreeSet;

use crate::effect::case::Case;
use crate::effect::record::Repaired;

/// What the repairs of a decision come to; `None` where there is none.
// spec: EFF-160, EFF-161
pub(super) fn repaired(case: &Case<'_, '_>) -> Option<Repaired> {
    let (mut by, mut effects) = (Vec::new(), BTreeSet::new());
    for (fact, repair) in case.repairs() {
        by.push(fact.reference().clone());
        effects.extend(&repair.fields().effects);
    }
    by.sort_unstable();
    let effects = effects.into_iter().collect();
    (!by.is_empty()).then_some(Repaired { by, effects })
}
