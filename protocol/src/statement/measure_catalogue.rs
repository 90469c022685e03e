//! 措施清单: the measures that decisions may bring, each with what it rests on and who may apply it
//! (`spec/statements.md`, "Measure catalogue").
//!
//! The catalogue of items says which measures an item may bring; this one says of each measure on what it
//! rests, and when that was revoked. What is revoked ends the measure everywhere (HS-8.1); whatever else a
//! later catalogue says, it says of later decisions alone.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::statement::agreement::{Force, binds};
use crate::statement::decision::{Invalid, LegalBasis};
use crate::statement::measure::Measure;
use crate::statement::registry::Level;
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// 依据废止: that what a measure rests on is gone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Revocation {
        /// The first day on which nobody may apply the measure.
        1 => from: req(Day),
        /// The document that says so.
        2 => source: req(Text<200>),
    }
}

integer_map! {
    /// 措施: one measure.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MeasureItem {
        /// Its code.
        1 => measure: req(Measure),
        /// Its title.
        2 => title: req(Text<200>),
        /// Whether whoever may apply it has to.
        3 => force: req(Force),
        /// The articles that it rests on; a mandatory measure rests on a law, an administrative or a
        /// local regulation.
        4 => basis: list(LegalBasis),
        /// The first day of decisions that may bring it.
        5 => valid_from: req(Day),
        /// The last day of decisions that may bring it.
        6 => valid_until: opt(Day),
        /// Levels of authorities whose decisions may bring it, ascending; every level where none is named.
        7 => levels: list(Level),
        /// There once what it rests on was revoked.
        8 => revoked: opt(Revocation),
    }
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct MeasureCatalogueMap {
        1 => measures: list(MeasureItem),
    }
}

/// 措施清单: the measures as a whole, ascending. The newest at `ctx` decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureCatalogue(Vec<MeasureItem>);

impl MeasureCatalogue {
    /// Takes measures in ascending order.
    ///
    /// # Errors
    /// The first of [`Invalid::EmptyList`] without a measure or for one that rests on nothing,
    /// [`Invalid::ListOrder`], [`Invalid::EndsBeforeItBegins`] and [`Invalid::MandatoryBasis`] that applies.
    // spec: STM-150, STM-151
    pub fn new(measures: Vec<MeasureItem>) -> Result<Self, Invalid> {
        if measures.is_empty() {
            return Err(Invalid::EmptyList { field: "measures" });
        }
        if !measures.is_sorted_by(|a, b| a.measure < b.measure) {
            return Err(Invalid::ListOrder { field: "measures" });
        }
        measures.iter().try_for_each(check)?;
        Ok(Self(measures))
    }

    /// The measures, ascending.
    #[must_use]
    pub fn measures(&self) -> &[MeasureItem] {
        &self.0
    }

    /// What is said of a measure.
    #[must_use]
    pub fn get(&self, measure: &Measure) -> Option<&MeasureItem> {
        let found = self.0.binary_search_by(|item| item.measure.cmp(measure));
        found.ok().and_then(|at| self.0.get(at))
    }

    /// Whether what a measure rests on is gone on a day.
    // spec: EFF-170
    #[must_use]
    pub fn is_revoked(&self, measure: &Measure, on: Day) -> bool {
        let item = self.get(measure);
        item.is_some_and(|item| item.is_revoked(on))
    }
}

impl MeasureItem {
    /// Whether what it rests on is gone on a day.
    #[must_use]
    pub fn is_revoked(&self, on: Day) -> bool {
        self.revoked.as_ref().is_some_and(|gone| gone.from <= on)
    }

    /// Whether an authority of a level may decide on a day that it applies.
    // spec: STM-152
    #[must_use]
    pub fn may_be_brought(&self, by: Level, on: Day) -> bool {
        let ended = self.valid_until.is_some_and(|until| until < on);
        let may = self.levels.is_empty() || self.levels.contains(&by);
        self.valid_from <= on && !ended && !self.is_revoked(on) && may
    }
}

fn check(item: &MeasureItem) -> Result<(), Invalid> {
    if item.basis.is_empty() {
        return Err(Invalid::EmptyList { field: "basis" });
    }
    if !item.levels.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::ListOrder { field: "levels" });
    }
    if item
        .valid_until
        .is_some_and(|until| until < item.valid_from)
    {
        return Err(Invalid::EndsBeforeItBegins);
    }
    let founded = item.basis.iter().any(|basis| binds(basis.level));
    match item.force == Force::Mandatory && !founded {
        true => Err(Invalid::MandatoryBasis),
        false => Ok(()),
    }
}

impl Serialize for MeasureCatalogue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let measures = self.0.clone();
        MeasureCatalogueMap { measures }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MeasureCatalogue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = MeasureCatalogueMap::deserialize(deserializer)?;
        Self::new(map.measures).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{self, Limits};
    use crate::statement::decision::BasisLevel;

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    fn item(measure: &str) -> MeasureItem {
        MeasureItem {
            measure: Measure::new(measure).unwrap(),
            title: Text::new("限制参加政府采购活动").unwrap(),
            force: Force::Mandatory,
            basis: vec![LegalBasis {
                law: Text::new("政府采购法").unwrap(),
                article: Text::new("第七十七条").unwrap(),
                level: BasisLevel::Law,
            }],
            valid_from: day("2024-01-01"),
            valid_until: None,
            levels: vec![],
            revoked: None,
        }
    }

    fn with(change: impl FnOnce(&mut MeasureItem)) -> Result<MeasureCatalogue, Invalid> {
        let mut item = item("tender.limit");
        change(&mut item);
        MeasureCatalogue::new(vec![item])
    }

    // spec: STM-150, STM-151
    #[test]
    fn catalogue_refuses_measures_that_do_not_hold_together() {
        let order = |field| Err(Invalid::ListOrder { field });
        let empty = |field| Err(Invalid::EmptyList { field });
        assert_eq!(MeasureCatalogue::new(vec![]), empty("measures"));
        let twice = vec![item("tender.limit"), item("tender.limit")];
        assert_eq!(MeasureCatalogue::new(twice), order("measures"));
        assert_eq!(with(|item| item.basis.clear()), empty("basis"));
        let levels = [Level::County, Level::Provincial];
        assert_eq!(with(|item| item.levels = levels.to_vec()), order("levels"));
        let ends = with(|item| item.valid_until = Some(day("2023-12-31")));
        assert_eq!(ends, Err(Invalid::EndsBeforeItBegins));
        let policy = |force| {
            with(|item| {
                item.force = force;
                item.basis[0].level = BasisLevel::CentralPolicy;
            })
        };
        assert_eq!(policy(Force::Mandatory), Err(Invalid::MandatoryBasis));
        assert!(policy(Force::Recommended).is_ok());
    }

    // spec: STM-152
    #[test]
    fn measure_may_be_brought_in_its_time_by_its_levels_until_it_is_revoked() {
        let mut item = item("tender.limit");
        item.valid_until = Some(day("2026-12-31"));
        item.levels = vec![Level::Provincial, Level::Prefectural];
        let may = |item: &MeasureItem, level, on| item.may_be_brought(level, day(on));
        assert!(!may(&item, Level::Provincial, "2023-12-31"));
        assert!(may(&item, Level::Provincial, "2024-01-01"));
        assert!(may(&item, Level::Prefectural, "2026-12-31"));
        assert!(!may(&item, Level::Prefectural, "2027-01-01"));
        assert!(!may(&item, Level::County, "2026-01-01"));
        item.revoked = Some(Revocation {
            from: day("2026-03-01"),
            source: Text::new("关于废止部分规定的决定").unwrap(),
        });
        assert!(may(&item, Level::Provincial, "2026-02-28"));
        assert!(!may(&item, Level::Provincial, "2026-03-01"));
    }

    #[test]
    fn catalogue_decodes_to_itself_and_nothing_else_does() {
        let catalogue = with(|item| {
            item.levels = vec![Level::County];
            item.revoked = Some(Revocation {
                from: day("2026-03-01"),
                source: Text::new("关于废止部分规定的决定").unwrap(),
            });
        });
        let catalogue = catalogue.unwrap();
        let bytes = codec::encode(&catalogue).unwrap();
        assert_eq!(codec::decode(&bytes, Limits::STATEMENT), Ok(catalogue));
        let unfit = MeasureCatalogueMap { measures: vec![] };
        let bytes = codec::encode(&unfit).unwrap();
        assert!(codec::decode::<MeasureCatalogue>(&bytes, Limits::STATEMENT).is_err());
    }
}
