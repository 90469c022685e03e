//! The unified social credit code, GB 32100-2015.
//!
//! 18 characters of `0123456789ABCDEFGHJKLMNPQRTUWXY`, a text string on the wire:
//! place 1 registering department, 2 category, 3–8 region (GB/T 2260), 9–17 organisation code with
//! its own check character at 17 (GB 11714), 18 check character.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::arithmetic::{
    is_identity_number, is_subject_character, organisation_check, subject_check,
};
use crate::region::{RegionCode, RegionError};
use crate::text::{deserialize_parsed, half_width};

/// Unified social credit code (统一社会信用代码) in canonical form: upper case, half width.
///
/// Layout, department and category are right, and it is not an identity number. The check character
/// is **not** part of that: codes that fail it were issued, see [`SubjectCode::check`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectCode([u8; 18]);

impl SubjectCode {
    /// Reads the canonical form.
    ///
    /// # Errors
    /// The first that applies of [`CodeError::Length`], [`CodeError::Character`],
    /// [`CodeError::IdentityNumber`], [`CodeError::Prefix`] and [`CodeError::Region`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let places = to_places::<18>(text)?;
        // spec: ID-4
        if is_identity_number(&places) {
            return Err(CodeError::IdentityNumber);
        }
        let [department, category, region @ ..] = places;
        // spec: ID-5
        if !is_prefix(department, category) {
            return Err(CodeError::Prefix {
                department: department.into(),
                category: category.into(),
            });
        }
        // spec: ID-6
        if let Some(index) = region
            .iter()
            .take(6)
            .position(|place| !place.is_ascii_digit())
        {
            return Err(CodeError::Region { place: index + 3 });
        }
        Ok(Self(places))
    }

    /// Brings text as people write it into canonical form, then reads it: white space around is
    /// dropped, full-width characters become half-width, lower case becomes upper case.
    ///
    /// # Errors
    /// As [`SubjectCode::parse`].
    pub fn normalise(text: &str) -> Result<Self, CodeError> {
        // spec: ID-3
        let text: String = text
            .trim()
            .chars()
            .map(half_width)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        Self::parse(&text)
    }

    /// Completes 17 canonical characters with their check character.
    ///
    /// # Errors
    /// As [`SubjectCode::parse`]; [`CodeError::Length`] counts 17.
    #[expect(
        clippy::missing_panics_doc,
        reason = "to_places admits only the alphabet"
    )]
    pub fn with_check(first_17: &str) -> Result<Self, CodeError> {
        let places = to_places::<17>(first_17)?;
        let check = subject_check(&places).expect("to_places admits only the alphabet");
        Self::parse(&format!("{first_17}{}", char::from(check)))
    }

    /// Builds a code with both check characters from department and category (2 characters), region
    /// and the first eight places of the organisation code.
    ///
    /// # Errors
    /// As [`SubjectCode::parse`]; [`CodeError::Length`] counts 2 or 8.
    #[expect(
        clippy::missing_panics_doc,
        reason = "to_places admits only 0-9 and A-Y"
    )]
    pub fn compose(
        department_category: &str,
        region: RegionCode,
        serial_8: &str,
    ) -> Result<Self, CodeError> {
        to_places::<2>(department_category)?;
        let serial = to_places::<8>(serial_8)?;
        let check = organisation_check(&serial).expect("to_places admits only 0-9 and A-Y");
        Self::with_check(&format!(
            "{department_category}{region}{serial_8}{}",
            char::from(check)
        ))
    }

    /// Whether the check character at place 18 holds.
    pub fn check(&self) -> CodeCheck {
        // spec: ID-7, ID-8
        let [first_17 @ .., check] = &self.0;
        CodeCheck::from_holds(subject_check(first_17) == Some(*check))
    }

    /// The check character that its first 17 places ask for.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a code holds nothing but the alphabet"
    )]
    #[must_use]
    pub fn expected_check(&self) -> char {
        let [first_17 @ .., _] = &self.0;
        subject_check(first_17)
            .expect("a code holds nothing but the alphabet")
            .into()
    }

    /// Whether the check character of the organisation code, at place 17, holds. Information only:
    /// nothing is refused for it.
    pub fn organisation_code_check(&self) -> CodeCheck {
        // spec: ID-9
        let [_, _, _, _, _, _, _, _, serial @ .., check, _] = self.0;
        CodeCheck::from_holds(organisation_check(&serial) == Some(check))
    }

    /// Registering department, place 1.
    pub const fn department(&self) -> char {
        let [department, ..] = self.0;
        department as char
    }

    /// Category within the department, place 2.
    pub const fn category(&self) -> char {
        let [_, category, ..] = self.0;
        category as char
    }

    /// Division of the first registration, places 3–8; possibly abolished since.
    ///
    /// # Errors
    /// [`RegionError::UnknownProvince`]: the code stands all the same.
    pub fn region(&self) -> Result<RegionCode, RegionError> {
        let [_, _, r1, r2, r3, r4, r5, r6, ..] = self.0;
        RegionCode::from_digits([r1, r2, r3, r4, r5, r6])
    }

    /// Organisation code (GB 11714) with its check character, places 9–17.
    pub fn organisation_code(&self) -> &str {
        self.as_str().get(8..17).unwrap_or_default()
    }

    /// Whether it is the code of a self-employed household (个体工商户), 92.
    pub const fn is_self_employed(&self) -> bool {
        // spec: ID-12
        matches!(self.0, [b'9', b'2', ..])
    }

    /// The 18 characters.
    #[expect(
        clippy::missing_panics_doc,
        reason = "every place is a character of the alphabet"
    )]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every place is a character of the alphabet")
    }
}

impl fmt::Display for SubjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SubjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectCode({})", self.as_str())
    }
}

impl Serialize for SubjectCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SubjectCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, "a subject code of 18 characters", Self::parse)
    }
}

/// Whether a check character holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeCheck {
    /// It does.
    Ok,
    /// It does not.
    Mismatch,
}

impl CodeCheck {
    const fn from_holds(holds: bool) -> Self {
        if holds { Self::Ok } else { Self::Mismatch }
    }
}

/// Why a string is no [`SubjectCode`]. No variant repeats the refused value: it may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The wrong number of characters.
    #[error("{found} characters instead of {expected}")]
    Length {
        /// Characters wanted.
        expected: usize,
        /// Characters found.
        found: usize,
    },
    /// A character outside the alphabet.
    #[error("{character:?} at place {place} is outside the alphabet 0-9 A-Y without I, O, S, V")]
    Character {
        /// The character.
        character: char,
        /// Its 1-based place.
        place: usize,
    },
    /// The value is an identity number of a natural person (居民身份证号码).
    #[error("the value is an identity number of a natural person")]
    IdentityNumber,
    /// No such category under this registering department, or no such department.
    #[error("no registering department {department:?} with category {category:?}")]
    Prefix {
        /// Place 1.
        department: char,
        /// Place 2.
        category: char,
    },
    /// A letter within the region code.
    #[error("place {place} belongs to the region code and is no digit")]
    Region {
        /// The 1-based place.
        place: usize,
    },
}

/// Exactly `N` characters of the alphabet.
fn to_places<const N: usize>(text: &str) -> Result<[u8; N], CodeError> {
    let found = text.chars().count();
    // spec: ID-1
    if found != N {
        return Err(CodeError::Length { expected: N, found });
    }
    let mut places = [0; N];
    for (index, (place, character)) in places.iter_mut().zip(text.chars()).enumerate() {
        // spec: ID-2
        *place = u8::try_from(character)
            .ok()
            .filter(|byte| is_subject_character(*byte))
            .ok_or(CodeError::Character {
                character,
                place: index + 1,
            })?;
    }
    Ok(places)
}

/// The table of registering departments and their categories.
const fn is_prefix(department: u8, category: u8) -> bool {
    match department {
        // 机构编制: organs, public institutions, mass organisations.
        b'1' => matches!(category, b'1'..=b'3' | b'9'),
        // 外交, 文化, 工会, 军委.
        b'2' | b'4' | b'8' | b'A' => matches!(category, b'1' | b'9'),
        // 司法行政: law firms, notaries, legal services, appraisal, arbitration.
        b'3' => matches!(category, b'1'..=b'5' | b'9'),
        // 民政 (societies, private non-enterprise units, foundations), 农业 (three levels).
        b'5' | b'N' => matches!(category, b'1'..=b'3' | b'9'),
        // 旅游, 宗教.
        b'6' | b'7' => matches!(category, b'1' | b'2' | b'9'),
        // 市场监管: enterprises, self-employed households, farmers' cooperatives.
        b'9' => matches!(category, b'1'..=b'3'),
        // 其他.
        b'Y' => category == b'1',
        _ => false,
    }
}
