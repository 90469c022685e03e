//! Administrative divisions by code, GB/T 2260.
//!
//! A [`RegionCode`] is six digits, a text string on the wire. Only the form and the first two digits
//! are decided here. Codes of abolished divisions stay valid for ever, because old subject codes and
//! old decisions keep them; which divisions exist on which day is data, and out of scope.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::deserialize_parsed;

/// A division (行政区划代码): two digits each for province, prefecture and county, `00` where the
/// division is of a higher level. `100000` stands for the whole country.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode([u8; 6]);

impl RegionCode {
    /// The whole country, `100000`.
    pub const COUNTRY: Self = Self(*b"100000");

    /// Reads six ASCII digits.
    ///
    /// # Errors
    /// [`RegionError::Length`], [`RegionError::NotADigit`] or [`RegionError::UnknownProvince`].
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let found = text.chars().count();
        let bytes: [u8; 6] = match text.as_bytes().try_into() {
            Ok(bytes) => bytes,
            Err(_) if found == 6 => [0; 6],
            Err(_) => return Err(RegionError::Length { found }),
        };
        // spec: ID-16
        if let Some((index, character)) =
            text.chars().enumerate().find(|(_, c)| !c.is_ascii_digit())
        {
            return Err(RegionError::NotADigit {
                character,
                place: index + 1,
            });
        }
        Self::from_digits(bytes)
    }

    /// Takes six ASCII digits.
    pub(crate) fn from_digits(digits: [u8; 6]) -> Result<Self, RegionError> {
        let [first, second, ..] = digits;
        // spec: ID-17
        // Only the province is looked at: divisions come and go, old records keep their codes.
        // spec: ID-16
        if !is_province([first, second]) && digits != Self::COUNTRY.0 {
            return Err(RegionError::UnknownProvince);
        }
        Ok(Self(digits))
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Province, prefecture or county, by the trailing zeros.
    pub fn level(self) -> RegionLevel {
        if self == Self::COUNTRY {
            return RegionLevel::Country;
        }
        match self.0 {
            [_, _, b'0', b'0', b'0', b'0'] => RegionLevel::Province,
            [_, _, _, _, b'0', b'0'] => RegionLevel::Prefecture,
            [..] => RegionLevel::County,
        }
    }

    /// The province that it lies in; the whole country of that itself.
    #[must_use]
    pub fn province(self) -> Self {
        let [first, second, ..] = self.0;
        match self.level() {
            RegionLevel::Country => self,
            RegionLevel::Province | RegionLevel::Prefecture | RegionLevel::County => {
                Self([first, second, b'0', b'0', b'0', b'0'])
            }
        }
    }

    /// Whether `other` is this division or lies in it, by the codes alone: a division that moved to
    /// another parent is where its code says.
    pub fn contains(self, other: Self) -> bool {
        let places = match self.level() {
            RegionLevel::Country => 0,
            RegionLevel::Province => 2,
            RegionLevel::Prefecture => 4,
            RegionLevel::County => 6,
        };
        self.0
            .iter()
            .zip(other.0)
            .take(places)
            .all(|(a, b)| *a == b)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionCode({})", self.as_str())
    }
}

impl Serialize for RegionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, "a region code of six digits", Self::parse)
    }
}

/// Level of a division, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionLevel {
    /// The whole country.
    Country,
    /// Province, autonomous region, municipality under the central government.
    Province,
    /// Prefecture-level city and the like; some have no counties below them.
    Prefecture,
    /// County, district, county-level city.
    County,
}

/// Why a string is no [`RegionCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegionError {
    /// Not six characters.
    #[error("a region code has 6 digits, not {found} characters")]
    Length {
        /// Characters found.
        found: usize,
    },
    /// A character that is no ASCII digit.
    #[error("{character:?} at place {place} is no digit")]
    NotADigit {
        /// The character.
        character: char,
        /// Its 1-based place.
        place: usize,
    },
    /// The first two digits are no province.
    #[error("the first two digits are no province")]
    UnknownProvince,
}

/// Whether two ASCII digits are a province of GB/T 2260.
pub(crate) fn is_province(digits: [u8; 2]) -> bool {
    PROVINCES.contains(&&digits)
}

const PROVINCES: [&[u8; 2]; 34] = [
    b"11", b"12", b"13", b"14", b"15", b"21", b"22", b"23", b"31", b"32", b"33", b"34", b"35",
    b"36", b"37", b"41", b"42", b"43", b"44", b"45", b"46", b"50", b"51", b"52", b"53", b"54",
    b"61", b"62", b"63", b"64", b"65", b"71", b"81", b"82",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn region_contains_itself_and_what_its_digits_begin() {
        let regions = [
            "100000", "410000", "419001", "410300", "410302", "442000", "230400",
        ];
        let contained = |outer: &str, inner: &str| match outer {
            "100000" => true,
            "410000" => inner.starts_with("41"),
            "410300" => inner.starts_with("4103"),
            leaf => leaf == inner,
        };
        for outer in regions {
            for inner in regions {
                let expected = contained(outer, inner);
                assert_eq!(
                    region(outer).contains(region(inner)),
                    expected,
                    "{outer} {inner}"
                );
            }
        }
    }

    #[test]
    fn region_refuses_what_is_no_six_digits_of_a_province() {
        // spec: ID-16
        for (text, error) in [
            ("", RegionError::Length { found: 0 }),
            ("23040", RegionError::Length { found: 5 }),
            (
                "23040 ",
                RegionError::NotADigit {
                    character: ' ',
                    place: 6,
                },
            ),
            ("黑230400", RegionError::Length { found: 7 }),
            (
                "黑23040",
                RegionError::NotADigit {
                    character: '黑',
                    place: 1,
                },
            ),
            ("000000", RegionError::UnknownProvince),
            ("990000", RegionError::UnknownProvince),
            ("100001", RegionError::UnknownProvince),
        ] {
            assert_eq!(RegionCode::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn abolished_and_future_divisions_are_read() {
        // spec: ID-17
        for text in ["452100", "460003", "320999", "659099"] {
            assert_eq!(region(text).to_string(), text);
        }
    }

    #[test]
    fn deserialised_region_is_validated() {
        // spec: ID-27
        assert_eq!(
            serde_json::from_str::<RegionCode>("\"230400\"").unwrap(),
            region("230400")
        );
        assert_eq!(
            serde_json::to_string(&region("230400")).unwrap(),
            "\"230400\""
        );
        assert!(serde_json::from_str::<RegionCode>("\"160000\"").is_err());
        assert!(serde_json::from_str::<RegionCode>("230400").is_err());
    }
}
