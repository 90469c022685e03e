//! 措施: the code of a measure that a decision brings.
//!
//! Implements `spec/statements.md`. A code is `AREA.KIND` or `AREA.KIND.NUMBER`, and both words come
//! from closed lists. Every area is something that an organisation has or does; none is travel,
//! schooling, consumption, office or anything else of a natural person, and there is no place in a
//! code for a word of one's own. A list of forbidden words would be passed by the next spelling.
//!
//! Out of scope: which measures an item may bring. The catalogue says that.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::deserialize_parsed;

/// The code of a measure on an organisation. Nothing else can be held.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measure(String);

impl Measure {
    /// What of an organisation a measure can fall upon, ascending: 授信、荣誉、土地、许可资质、融资、市场准入、
    /// 生产经营、优惠政策、政府采购、证券、财政性资金、监管、招标投标、进出口.
    pub const AREAS: [&'static str; 14] = [
        "credit",
        "funds",
        "honour",
        "land",
        "licence",
        "loan",
        "market",
        "operation",
        "preference",
        "procurement",
        "securities",
        "supervision",
        "tender",
        "trade",
    ];

    /// What a measure does there, ascending: 禁止、重点检查、限制、整改、报告、从严审查、撤销、暂停.
    pub const KINDS: [&'static str; 8] = [
        "exclusion",
        "inspection",
        "limit",
        "rectification",
        "report",
        "review",
        "revocation",
        "suspension",
    ];

    /// The highest number that tells measures of one area and kind apart.
    pub const NUMBER_MAX: u16 = 9999;

    /// Takes a code as it is.
    ///
    /// # Errors
    /// The first of [`MeasureError::Shape`], [`MeasureError::Area`], [`MeasureError::Kind`] and
    /// [`MeasureError::Number`] that applies. None repeats the code.
    // spec: STM-40
    pub fn new(text: &str) -> Result<Self, MeasureError> {
        let mut parts = text.split('.');
        let (area, kind, number) = (parts.next(), parts.next(), parts.next());
        let (Some(area), Some(kind), None) = (area, kind, parts.next()) else {
            return Err(MeasureError::Shape);
        };
        if Self::AREAS.binary_search(&area).is_err() {
            return Err(MeasureError::Area);
        }
        if Self::KINDS.binary_search(&kind).is_err() {
            return Err(MeasureError::Kind);
        }
        if number.is_some_and(|number| !is_number(number)) {
            return Err(MeasureError::Number);
        }
        Ok(Self(text.to_owned()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One number has one text: no sign, no leading zero.
fn is_number(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|number| {
        (1..=Measure::NUMBER_MAX).contains(&number) && number.to_string() == text
    })
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measure({self})")
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, "text", Self::new)
    }
}

/// Why a text is no [`Measure`]. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// Other than two or three parts.
    #[error("the code of a measure is AREA.KIND or AREA.KIND.NUMBER")]
    Shape,
    /// An area that is not in the list.
    #[error("no area of measures on organisations; there are {}", Measure::AREAS.join(", "))]
    Area,
    /// A kind that is not in the list.
    #[error("no kind of measure; there are {}", Measure::KINDS.join(", "))]
    Kind,
    /// A number that is none from 1 to [`Measure::NUMBER_MAX`], or is written with leading zeros.
    #[error(
        "the number of a measure is 1 to {}, without leading zeros",
        Measure::NUMBER_MAX
    )]
    Number,
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: STM-40
    #[test]
    fn measure_takes_an_area_and_a_kind_of_the_lists() {
        for area in Measure::AREAS {
            for kind in Measure::KINDS {
                let text = format!("{area}.{kind}");
                assert_eq!(Measure::new(&text).unwrap().as_str(), text);
                assert!(Measure::new(&format!("{text}.9999")).is_ok());
            }
        }
        assert!(Measure::AREAS.is_sorted() && Measure::KINDS.is_sorted());
    }

    /// Measures on persons (exit from the country, flights, schooling, consumption, office) are not
    /// carried. However they are spelt, no code has a place for them.
    // spec: STM-40
    #[test]
    fn measure_refuses_whatever_falls_on_a_person_however_it_is_spelt() {
        let areas = [
            "person.travel-ban",
            "person.limit",
            "travel.limit",
            "pers0n.limit",
            "naturalperson.limit.1",
            "school.exclusion",
            "consumption.limit",
            "office.exclusion",
            "xianzhichujing.limit",
            "Tender.limit",
            "tender-manager.limit",
            " tender.limit",
            ".limit",
        ];
        for text in areas {
            assert_eq!(Measure::new(text), Err(MeasureError::Area), "{text}");
        }
        let kinds = ["market.travel-ban", "tender.limit-manager", "tender."];
        for text in kinds {
            assert_eq!(Measure::new(text), Err(MeasureError::Kind), "{text}");
        }
        let shapes = ["", "tender", "person", "tender.limit.1.person"];
        for text in shapes {
            assert_eq!(Measure::new(text), Err(MeasureError::Shape), "{text}");
        }
        for number in ["person", "0", "01", "+1", "10000", ""] {
            let text = format!("tender.limit.{number}");
            assert_eq!(Measure::new(&text), Err(MeasureError::Number), "{text}");
        }
    }
}
