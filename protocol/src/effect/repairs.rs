//! Repairs of a decision (信用修复): what it brings with others ends, and its issuer keeps it on record.

use std::collections::BTreeSet;

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::record::Repaired;
use crate::statement::StatementRef;

/// What says that a decision is beyond repair as it stands: of those who name its item, by each correction that holds,
/// the first, where each of them says so.
// spec: EFF-195
pub(super) fn beyond_repair<'a>(item_by: &[&'a Fact]) -> Option<&'a StatementRef> {
    let all = item_by.iter().all(|fact| fact.is_beyond_repair());
    let first = item_by.first().filter(|_| all);
    first.map(|fact| fact.reference())
}

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
