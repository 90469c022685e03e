//! 期限规则: by when what has to follow an event, as data (`spec/deadlines.md`).
//!
//! Out of scope: which rule holds for an event, and counting ([`crate::deadline`]).

mod event;
mod term;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::region::RegionCode;
use crate::statement::decision::{ActType, Code};
use crate::text::Text;
use crate::time::Day;

pub use event::DeadlineEvent;
pub use term::{Term, TermUnit, YearDay};

/// What a rule says, before it has been looked at as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineRuleFields {
    /// Its code, for ever.
    pub id: Code,
    /// Where it holds; the whole country is [`RegionCode::COUNTRY`].
    pub region: RegionCode,
    /// The event that it counts from.
    pub event_from: DeadlineEvent,
    /// The event that meets it.
    pub event_to: DeadlineEvent,
    /// How long.
    pub term: Term,
    /// The document and the article that say so.
    pub source: Text<200>,
    /// The first day of events that it holds for.
    pub valid_from: Day,
    /// The last day of events that it holds for.
    pub valid_until: Option<Day>,
    /// The types of act that it holds for, ascending; none named means every type.
    pub act_types: Vec<ActType>,
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct DeadlineRuleMap {
        1 => id: req(Code),
        2 => region: req(RegionCode),
        3 => event_from: req(DeadlineEvent),
        4 => event_to: req(DeadlineEvent),
        5 => n: opt(u32),
        6 => unit: req(TermUnit),
        7 => source: req(Text<200>),
        8 => valid_from: req(Day),
        9 => valid_until: opt(Day),
        10 => act_types: list(ActType),
        11 => dates: list(YearDay),
    }
}

/// 期限规则: one rule. The only way in is [`DeadlineRule::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineRule(DeadlineRuleFields);

impl DeadlineRule {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// The first of [`DeadlineRuleError::MeetsItself`], [`DeadlineRuleError::EndsBeforeItBegins`],
    /// [`DeadlineRuleError::ListOrder`] and [`DeadlineRuleError::NoDates`] that applies.
    pub fn new(fields: DeadlineRuleFields) -> Result<Self, DeadlineRuleError> {
        // spec: DL-4
        if fields.event_from == fields.event_to {
            return Err(DeadlineRuleError::MeetsItself);
        }
        let ends = |until: Day| until < fields.valid_from;
        if fields.valid_until.is_some_and(ends) {
            return Err(DeadlineRuleError::EndsBeforeItBegins);
        }
        if !fields.act_types.is_sorted_by(|a, b| a < b) {
            return Err(DeadlineRuleError::ListOrder { field: "act_types" });
        }
        if let Term::Yearly(dates) = &fields.term {
            if dates.is_empty() {
                return Err(DeadlineRuleError::NoDates);
            }
            if !dates.is_sorted_by(|a, b| a < b) {
                return Err(DeadlineRuleError::ListOrder { field: "dates" });
            }
        }
        Ok(Self(fields))
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &DeadlineRuleFields {
        &self.0
    }

    fn from_map(map: DeadlineRuleMap) -> Result<Self, DeadlineRuleError> {
        Self::new(DeadlineRuleFields {
            id: map.id,
            region: map.region,
            event_from: map.event_from,
            event_to: map.event_to,
            term: Term::new(map.unit, map.n, map.dates)?,
            source: map.source,
            valid_from: map.valid_from,
            valid_until: map.valid_until,
            act_types: map.act_types,
        })
    }
}

impl Serialize for DeadlineRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.clone();
        let (unit, n, dates) = fields.term.into_parts();
        DeadlineRuleMap {
            id: fields.id,
            region: fields.region,
            event_from: fields.event_from,
            event_to: fields.event_to,
            n,
            unit,
            source: fields.source,
            valid_from: fields.valid_from,
            valid_until: fields.valid_until,
            act_types: fields.act_types,
            dates,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeadlineRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_map(DeadlineRuleMap::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct DeadlineRulesMap {
        1 => rules: list(DeadlineRule),
    }
}

/// 期限规则表: the rules as a whole, ascending by id. The newest at `ctx` decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineRules(Vec<DeadlineRule>);

impl DeadlineRules {
    /// Takes rules in the order of their ids.
    ///
    /// # Errors
    /// [`DeadlineRuleError::ListOrder`] for another order and for an id that comes twice.
    pub fn new(rules: Vec<DeadlineRule>) -> Result<Self, DeadlineRuleError> {
        // spec: DL-5
        match rules.is_sorted_by(|a, b| a.0.id < b.0.id) {
            true => Ok(Self(rules)),
            false => Err(DeadlineRuleError::ListOrder { field: "rules" }),
        }
    }

    /// The rules, ascending by id.
    #[must_use]
    pub fn rules(&self) -> &[DeadlineRule] {
        &self.0
    }
}

impl Serialize for DeadlineRules {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules = self.0.clone();
        DeadlineRulesMap { rules }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeadlineRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(DeadlineRulesMap::deserialize(deserializer)?.rules).map_err(D::Error::custom)
    }
}

/// Why something is no [`DeadlineRule`], or no [`DeadlineRules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeadlineRuleError {
    /// It counts from the event that meets it.
    #[error("the rule counts from the event that meets it")]
    MeetsItself,
    /// Its last day lies before its first.
    #[error("valid_until lies before valid_from")]
    EndsBeforeItBegins,
    /// A list that is not in strictly ascending order.
    #[error("{field} is not in ascending order without repetition")]
    ListOrder {
        /// The field.
        field: &'static str,
    },
    /// Days, months or years without how many.
    #[error("a term of working days, days, months or years has a number of at least 1")]
    NoNumber,
    /// A number where the term has none.
    #[error("a term of another unit than working days, days, months or years has no number")]
    NumberUnasked,
    /// A yearly term that names no date.
    #[error("a term of dates names at least one date of the year")]
    NoDates,
    /// Dates where the term has none.
    #[error("only a term of dates names dates of the year")]
    DatesUnasked,
    /// A month and a day that not every year has.
    #[error("not every year has a day {day} of month {month}")]
    NoSuchDate {
        /// The month.
        month: u8,
        /// The day of the month.
        day: u8,
    },
}

#[cfg(test)]
mod tests;
