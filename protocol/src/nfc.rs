//! Unicode normalisation form C (UAX 15) without its tables, for the characters of most texts here.

/// Whether a text is in normalisation form C.
pub(crate) fn is_nfc(text: &str) -> bool {
    text.chars().all(is_plain) || unicode_normalization::is_nfc(text)
}

/// Whether a character is in normalisation form C whatever stands beside it: quick check *Yes* and
/// combining class 0 (UAX 15). Names these of most texts here, to spare them the tables.
pub(crate) const fn is_plain(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{2FF}'
            | '\u{2010}'..='\u{2027}'
            | '\u{3000}'..='\u{3029}'
            | '\u{3030}'..='\u{3098}'
            | '\u{309B}'..='\u{30FF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{FF00}'..='\u{FF5E}'
    )
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::canonical_combining_class;
    use unicode_normalization::{IsNormalized, is_nfc_quick};

    use super::*;

    // spec: ID-26, CBOR-1
    #[test]
    fn plain_characters_stay_as_they_are_beside_any_other() {
        for plain in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            assert_eq!(is_nfc_quick([plain].into_iter()), IsNormalized::Yes);
            assert_eq!(canonical_combining_class(plain), 0, "{plain:?}");
        }
        assert!(
            ['\u{300}', '\u{302A}', '\u{3099}', '\u{F900}']
                .iter()
                .all(|c| !is_plain(*c))
        );
    }

    // spec: ID-26
    #[test]
    fn normal_form_is_told_with_and_without_the_tables() {
        for text in ["", "罚款 1—2", "é", "각", "a\u{302A}"] {
            assert!(is_nfc(text), "{text:?}");
        }
        for text in ["e\u{301}", "\u{1100}\u{1161}", "\u{F900}", "罚\u{212B}"] {
            assert!(!is_nfc(text), "{text:?}");
        }
    }
}
