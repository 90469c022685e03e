//! What tells two documents apart, however their numbers are written.

use unicode_normalization::UnicodeNormalization;

use crate::text::hides;

/// A document number (决定文书号) as it is compared: two numbers with one key are one number, written
/// in two ways. What a decision shows stays as it was written.
///
/// Full-width forms, forms for vertical lines and the like are one with the plain ones (UAX 15,
/// compatibility decomposition), all brackets are round, all dashes one dash, and Latin letters small;
/// white space and what does not show is left out. Numerals stay as they are: 一 is not 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey(String);

impl DocumentKey {
    /// The key of a document number.
    // spec: EFF-81
    #[must_use]
    pub fn of(document_number: &str) -> Self {
        match document_number.chars().all(is_inert) {
            true => Self(document_number.chars().filter(is_shown).map(fold).collect()),
            false => Self::normalised(document_number),
        }
    }

    fn normalised(document_number: &str) -> Self {
        let plain = document_number.nfkd().filter(is_shown).map(fold);
        Self(plain.nfc().collect())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_shown(character: &char) -> bool {
    !character.is_whitespace() && !hides(*character)
}

/// Whether a character is left as it is by every form of normalisation, next to whatever others of this
/// kind: what most numbers are made of.
const fn is_inert(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x7F'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{2012}'..='\u{2015}'
            | '〈'..='】'
            | '〔'..='〛'
    )
}

const fn fold(character: char) -> char {
    match character {
        '[' | '{' | '〈' | '《' | '【' | '〔' | '〖' | '〘' | '〚' | '❲' | '⟦' | '⟨' => {
            '('
        }
        ']' | '}' | '〉' | '》' | '】' | '〕' | '〗' | '〙' | '〛' | '❳' | '⟧' | '⟩' => {
            ')'
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // spec: EFF-81
    #[test]
    fn ways_to_write_a_number_have_one_key() {
        let ways = [
            "鹤劳罚字〔2026〕第12-A号",
            "鹤劳罚字[2026]第12-A号",
            "鹤劳罚字［２０２６］第１２－Ａ号",
            "鹤劳罚字【2026】第12–a号",
            "鹤劳罚字(2026)第12—a号",
            "鹤劳罚字（2026）第12‑A号",
            "鹤劳罚字﹝2026﹞第12﹣A号",
            "鹤劳罚字 〔2026〕\u{3000}第12\t-A号\u{A0}",
            "鹤劳罚字\u{200B}〔2026〕\u{FE0F}第12-A\u{200D}号\u{AD}\u{202E}",
        ];
        for way in ways {
            let key = DocumentKey::of(way);
            assert_eq!(key.as_str(), "鹤劳罚字(2026)第12-a号", "{way}");
        }
    }

    // spec: EFF-81
    #[test]
    fn inert_characters_are_left_as_they_are_by_normalisation() {
        let inert = (char::MIN..=char::MAX).filter(|c| is_inert(*c));
        for character in inert {
            let forms = [
                character.nfc().collect::<String>(),
                character.nfd().collect(),
                character.nfkc().collect(),
                character.nfkd().collect(),
            ];
            assert!(
                forms.iter().all(|form| *form == character.to_string()),
                "{character:?}"
            );
            // None is composed with what stands before it.
            let quick = unicode_normalization::is_nfc_quick(std::iter::once(character));
            assert_eq!(quick, unicode_normalization::IsNormalized::Yes);
        }
    }

    // spec: EFF-81
    #[test]
    fn other_numbers_have_other_keys() {
        let numbers = [
            "鹤劳罚字〔2026〕12号",
            "鹤劳罚字〔2026〕1号",
            "鹤劳罚字〔2026〕第12号",
            "鹤劳罚字〔2026〕十二号",
            "鹤劳罚字〔2025〕12号",
            "鹤劳处字〔2026〕12号",
            "鹤劳罚字2026-12号",
            "鹤劳罚字〔2026〕1-2号",
        ];
        let keys: std::collections::BTreeSet<_> = numbers
            .iter()
            .map(|number| DocumentKey::of(number))
            .collect();
        assert_eq!(keys.len(), numbers.len());
    }

    proptest! {
        // spec: EFF-81
        #[test]
        fn number_of_inert_characters_has_the_key_that_normalising_gives(
            number in "[\\x00-\\x7F一-龯〇㐀–—―〈-】〔-〛é\u{301}]{0,12}|[\\x00-\\x7F一-鿿–-―〈-】〔-〛]{0,12}",
        ) {
            prop_assert_eq!(DocumentKey::of(&number), DocumentKey::normalised(&number));
        }

        // spec: EFF-81
        #[test]
        fn key_of_a_key_is_itself(number: String) {
            let key = DocumentKey::of(&number);
            prop_assert_eq!(DocumentKey::of(key.as_str()), key);
        }
    }
}
