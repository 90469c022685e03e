//! Text as it may be signed: bounded, normalised, printable.
//!
//! A [`Text`] is a text string on the wire. What is not in Unicode normalisation form C is refused,
//! never repaired: a signature covers bytes, and two spellings of one word would be two records.
//!
//! Every free text of a statement, a registry change, a request and a look-up is a [`Text`], so none
//! can hold a number of a natural person that [`crate::screen`] finds.
//!
//! Out of scope: which language, which script, whether the text names a person.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::nfc::{is_nfc, is_plain};
use crate::screen::{PersonalNumber, Tally, find_personal};

/// Text in Unicode normalisation form C: not blank, at most `MAX` Unicode scalar values, no control
/// characters but line feed and tab, no controls of direction, no noncharacters, nothing that only
/// hides, no number of a natural person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Takes text as it is.
    ///
    /// # Errors
    /// The first of [`TextError::TooLong`], [`TextError::Empty`], [`TextError::Control`] or
    /// [`TextError::Direction`] or [`TextError::Noncharacter`] or [`TextError::Invisible`] by the
    /// first such character,
    /// [`TextError::NotNormalised`] and [`TextError::PersonalData`] that applies.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        let (mut blank, mut look) = (true, Look::default());
        for (offset, character) in text.chars().enumerate() {
            // spec: ID-24
            if offset >= MAX {
                return Err(TextError::TooLong {
                    max: MAX,
                    found: text.chars().count(),
                });
            }
            blank = blank && character.is_whitespace();
            look.take(offset, character);
        }
        if blank {
            return Err(TextError::Empty);
        }
        look.judge(&text).map(|()| Self(text))
    }

    /// Brings text into normalisation form C first. For imports only: never for received bytes.
    ///
    /// # Errors
    /// As [`Text::new`], without [`TextError::NotNormalised`].
    pub fn normalise(text: &str) -> Result<Self, TextError> {
        Self::new(text.nfc().collect::<String>())
    }

    /// The first character that does not show by itself: a joiner, a selector of a variant. Scripts
    /// need them in words, and an identifier with one reads like another without it.
    #[must_use]
    pub fn unshown(&self) -> Option<char> {
        self.0.chars().find(|c| is_unshown(*c))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Text<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, "text", |text| Self::new(text))
    }
}

/// Why a string is no [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// More Unicode scalar values than allowed here.
    #[error("the text has {found} characters, at most {max} are allowed")]
    TooLong {
        /// The bound.
        max: usize,
        /// Scalar values found.
        found: usize,
    },
    /// A control character other than line feed and tab.
    #[error("control character U+{:04X} at offset {offset}", u32::from(*character))]
    Control {
        /// The character.
        character: char,
        /// Its 0-based offset in scalar values.
        offset: usize,
    },
    /// A control of direction, with which a text reads otherwise than it is written.
    #[error("control of direction U+{:04X} at offset {offset}", u32::from(*character))]
    Direction {
        /// The character.
        character: char,
        /// Its 0-based offset in scalar values.
        offset: usize,
    },
    /// A code point that is no character and never will be.
    #[error("noncharacter U+{:04X} at offset {offset}", u32::from(*character))]
    Noncharacter {
        /// The code point.
        character: char,
        /// Its 0-based offset in scalar values.
        offset: usize,
    },
    /// A character that does not show and that no script needs: two texts that differ by it look
    /// the same.
    #[error("invisible character U+{:04X} at offset {offset}", u32::from(*character))]
    Invisible {
        /// The character.
        character: char,
        /// Its 0-based offset in scalar values.
        offset: usize,
    },
    /// Not in Unicode normalisation form C.
    #[error("the text is not in Unicode normalisation form C")]
    NotNormalised,
    /// The number of a natural person. It is not repeated.
    #[error("the text holds personal data ({kind}); subjects are organisations only")]
    PersonalData {
        /// What was found.
        kind: PersonalNumber,
    },
}

/// What holds for a text of any length: its characters, its form, and that it holds no number of a
/// natural person.
///
/// # Errors
/// As [`Text::new`], without [`TextError::TooLong`] and [`TextError::Empty`].
pub(crate) fn require_clean(text: &str) -> Result<(), TextError> {
    let mut look = Look::default();
    for (offset, character) in text.chars().enumerate() {
        look.take(offset, character);
    }
    look.judge(text)
}

/// What one walk over a text finds.
#[derive(Default)]
struct Look {
    /// Whether its normal form depends on which characters stand side by side.
    joins: bool,
    /// The first character that is refused.
    refused: Option<TextError>,
    tally: Tally,
}

impl Look {
    fn take(&mut self, offset: usize, character: char) {
        if !is_common(character) {
            self.joins |= !is_plain(character);
            self.refused = self.refused.or_else(|| refusal(character, offset));
        }
        self.tally.take(character);
    }

    fn judge(self, text: &str) -> Result<(), TextError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        // spec: ID-26
        if self.joins && !is_nfc(text) {
            return Err(TextError::NotNormalised);
        }
        // spec: ID-37, STM-25
        let finding = self.tally.may_be_personal().then(|| find_personal(text));
        match finding.flatten() {
            Some(finding) => Err(TextError::PersonalData { kind: finding.kind }),
            None => Ok(()),
        }
    }
}

/// Characters of most texts: [plain](is_plain) and never [refused](refusal).
const fn is_common(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{4E00}'..='\u{9FFF}')
}

/// The half-width form of a full-width ASCII character or of the ideographic space; any other
/// character as it is.
pub(crate) fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        other => other,
    }
}

/// Deserialises a text string, borrowed or owned, through a parser that decides what is valid.
pub(crate) fn deserialize_parsed<'de, D, T, E>(
    deserializer: D,
    expecting: &'static str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    // spec: ID-27
    deserializer.deserialize_str(Parsed {
        expecting,
        parse,
        result: PhantomData,
    })
}

struct Parsed<T, E> {
    expecting: &'static str,
    parse: fn(&str) -> Result<T, E>,
    result: PhantomData<T>,
}

impl<T, E: fmt::Display> Visitor<'_> for Parsed<T, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<F: serde::de::Error>(self, text: &str) -> Result<T, F> {
        (self.parse)(text).map_err(F::custom)
    }
}

fn refusal(character: char, offset: usize) -> Option<TextError> {
    match character {
        '\n' | '\t' => None,
        // spec: ID-25
        _ if character.is_control() => Some(TextError::Control { character, offset }),
        // Bidi_Control of the Unicode character database.
        // spec: ID-38
        '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some(TextError::Direction { character, offset })
        }
        // spec: ID-39
        _ if is_noncharacter(character) => Some(TextError::Noncharacter { character, offset }),
        // spec: ID-41
        _ if is_invisible(character) => Some(TextError::Invisible { character, offset }),
        _ => None,
    }
}

/// Noncharacter_Code_Point: 32 in a row, and the last two of each plane.
fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{FDD0}'..='\u{FDEF}') || u32::from(character) & 0xFFFE == 0xFFFE
}

/// Whether a character does not show, in whatever text it is: refused in texts, refused in identifiers,
/// or a control of direction or other control.
pub(crate) fn hides(character: char) -> bool {
    refusal(character, 0).is_some() || is_unshown(character)
}

/// Default_Ignorable_Code_Point as far as no script is written with it. Those of U+2066–U+2069 are
/// controls of direction.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{200B}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{E0000}'..='\u{E00FF}'
            | '\u{E01F0}'..='\u{E0FFF}'
    )
}

/// The others: joiners, the vowel separator of Mongolian, variation selectors, controls of shorthand
/// and of music.
const fn is_unshown(character: char) -> bool {
    matches!(
        character,
        '\u{180B}'..='\u{180F}'
            | '\u{200C}'..='\u{200D}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    type Short = Text<4>;

    #[test]
    fn text_counts_scalar_values_not_bytes() {
        // spec: ID-24
        assert_eq!(Short::new("罚款𠮷元").unwrap().as_str(), "罚款𠮷元");
        assert_eq!(
            Short::new("罚款𠮷元整"),
            Err(TextError::TooLong { max: 4, found: 5 })
        );
        assert_eq!(Short::new("\u{3000}\n"), Err(TextError::Empty));
        assert_eq!(Short::new(""), Err(TextError::Empty));
    }

    // spec: ID-25, ID-26, ID-38, ID-39, ID-41
    #[test]
    fn common_characters_are_plain_and_never_refused() {
        for common in ('\0'..=char::MAX).filter(|c| is_common(*c)) {
            assert!(is_plain(common), "{common:?}");
            assert_eq!(refusal(common, 0), None);
        }
    }

    #[test]
    fn text_refuses_control_characters_but_line_feed_and_tab() {
        // spec: ID-25
        for character in (0..=0x9F)
            .filter_map(char::from_u32)
            .filter(|c| c.is_control())
        {
            let expected = match character {
                '\n' | '\t' => Ok(Text(format!("a{character}b"))),
                _ => Err(TextError::Control {
                    character,
                    offset: 1,
                }),
            };
            assert_eq!(Short::new(format!("a{character}b")), expected);
        }
    }

    #[test]
    fn text_refuses_controls_of_direction_and_noncharacters() {
        // spec: ID-38, ID-39
        for character in [
            '\u{61C}', '\u{200E}', '\u{200F}', '\u{202A}', '\u{202E}', '\u{2066}', '\u{2069}',
        ] {
            let expected = TextError::Direction {
                character,
                offset: 1,
            };
            assert_eq!(Short::new(format!("a{character}b")), Err(expected));
            assert_eq!(Short::normalise(&format!("a{character}b")), Err(expected));
        }
        for character in [
            '\u{FDD0}',
            '\u{FDEF}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{1FFFE}',
            '\u{10FFFF}',
        ] {
            let expected = TextError::Noncharacter {
                character,
                offset: 0,
            };
            assert_eq!(Short::new(format!("{character}b")), Err(expected));
        }
        for character in ['\u{FDCF}', '\u{FDF0}', '\u{FFFD}', '\u{200D}', '\u{E000}'] {
            assert!(
                Short::new(format!("a{character}b")).is_ok(),
                "{character:?}"
            );
        }
    }

    #[test]
    fn text_refuses_what_only_hides_and_keeps_what_scripts_need() {
        // spec: ID-41
        for character in [
            '\u{AD}',
            '\u{34F}',
            '\u{115F}',
            '\u{1160}',
            '\u{17B4}',
            '\u{17B5}',
            '\u{200B}',
            '\u{2060}',
            '\u{2065}',
            '\u{206A}',
            '\u{206F}',
            '\u{3164}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{FFF0}',
            '\u{E0001}',
            '\u{E007F}',
            '\u{E00FF}',
            '\u{E01F0}',
            '\u{E0FFF}',
        ] {
            let expected = TextError::Invisible {
                character,
                offset: 1,
            };
            assert_eq!(Short::new(format!("a{character}b")), Err(expected));
            assert_eq!(Short::normalise(&format!("a{character}b")), Err(expected));
        }
        let refused = Short::new("a\u{200B}").unwrap_err().to_string();
        assert_eq!(refused, "invisible character U+200B at offset 1");
        for character in [
            '\u{180B}',
            '\u{180E}',
            '\u{180F}',
            '\u{200C}',
            '\u{200D}',
            '\u{FE00}',
            '\u{FE0F}',
            '\u{E0100}',
            '\u{E01EF}',
        ] {
            let text = Short::new(format!("a{character}b")).unwrap();
            assert_eq!(text.unshown(), Some(character));
        }
        assert_eq!(Short::new("罚 1号").unwrap().unshown(), None);
    }

    #[test]
    fn text_refuses_numbers_of_persons_and_does_not_repeat_them() {
        // spec: ID-37
        let refused = Text::<40>::new("电话138.0013.8000").unwrap_err();
        let kind = PersonalNumber::MobilePhone;
        assert_eq!(refused, TextError::PersonalData { kind });
        assert!(!refused.to_string().contains("138"));
        let kind = PersonalNumber::IdentityNumber;
        assert_eq!(
            Text::<40>::normalise("110105１９４９1231002Ⅹ"),
            Err(TextError::PersonalData { kind })
        );
        assert!(serde_json::from_str::<Text<40>>("\"13800138000\"").is_err());
    }

    #[test]
    fn text_is_normalised_only_when_asked() {
        // spec: ID-26
        assert_eq!(Short::new("e\u{301}"), Err(TextError::NotNormalised));
        assert_eq!(Short::normalise("e\u{301}"), Short::new("é"));
    }

    #[test]
    fn deserialised_text_is_validated_borrowed_and_owned() {
        // spec: ID-27
        assert_eq!(
            serde_json::from_str::<Short>("\"罚款\"").unwrap().as_str(),
            "罚款"
        );
        let owned = serde_json::Value::String("罚款".into());
        assert_eq!(
            serde_json::from_value::<Short>(owned).unwrap().as_str(),
            "罚款"
        );
        for json in ["\"\"", "\"12345\"", "\"a\\r\"", "\"e\\u0301\"", "7", "null"] {
            assert!(serde_json::from_str::<Short>(json).is_err(), "{json}");
        }
    }
}
