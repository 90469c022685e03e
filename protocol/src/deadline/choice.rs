//! Which rules hold for an event.

use std::collections::BTreeMap;

use crate::region::RegionCode;
use crate::statement::{ActType, DeadlineEvent, DeadlineRule, DeadlineRules};
use crate::time::Day;

impl DeadlineRules {
    /// The rules for an event on `day` in `region`: for each event that may meet one, that of the
    /// smallest region that contains `region`, and of several there the first by id. Ascending by
    /// that event. A rule that names types of act does not hold where none is given.
    #[must_use]
    pub fn for_event(
        &self,
        event: DeadlineEvent,
        region: RegionCode,
        act_type: Option<ActType>,
        day: Day,
    ) -> Vec<&DeadlineRule> {
        // spec: DL-6
        let mut chosen: BTreeMap<DeadlineEvent, &DeadlineRule> = BTreeMap::new();
        for rule in self.rules() {
            if !holds(rule, event, region, act_type, day) {
                continue;
            }
            let level = |rule: &DeadlineRule| rule.fields().region.level();
            let place = chosen.entry(rule.fields().event_to).or_insert(rule);
            if level(rule) > level(place) {
                *place = rule;
            }
        }
        chosen.into_values().collect()
    }
}

fn holds(
    rule: &DeadlineRule,
    event: DeadlineEvent,
    region: RegionCode,
    act_type: Option<ActType>,
    day: Day,
) -> bool {
    let fields = rule.fields();
    let named = |act_type: ActType| fields.act_types.contains(&act_type);
    fields.event_from == event
        && fields.region.contains(region)
        && (fields.act_types.is_empty() || act_type.is_some_and(named))
        && fields.valid_from <= day
        && fields.valid_until.is_none_or(|until| day <= until)
}
