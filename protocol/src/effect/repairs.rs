//! Repairs of a decision (信用修复): what it brings with others ends, and its issuer keeps it on record.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::record::Repaired;
use crate::statement::{Code, Decision};

/// Whether law declares a decision beyond repair under every item under which it stands, ascending. Of each item
/// the statement with the earliest `ctx` tells it, since a correction that leaves the item as it was takes no newer
/// catalogue.
// spec: EFF-195, EFF-196
pub(super) fn is_beyond_repair<'a>(
    case: &Case<'_, 'a>,
    (made, decision): (&'a Fact, &'a Decision),
    items: &[&'a Code],
) -> bool {
    let mut first = BTreeMap::from([(&decision.fields().item, made)]);
    for (fact, correction) in case.corrections_of(case.target) {
        if case.may_act(fact) && case.horizon.established(fact) {
            let item = &correction.replacement.fields().item;
            let known = first.entry(item).or_insert(fact);
            if fact.ctx() < known.ctx() {
                *known = fact;
            }
        }
    }
    let tells = |item: &&Code| first.get(item).is_some_and(|fact| fact.is_beyond_repair());
    items.iter().all(tells)
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
