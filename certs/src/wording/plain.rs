//! Text as a terminal may be given it.
//!
//! File names, columns, keys and values of files of others, and arguments may hold characters that
//! clear a screen, recolour it, or let a text read backwards. They show by their code points.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with `\u{1b}` in the place of each character that would act on a terminal; line feeds
/// stay, a tab becomes a space.
// spec: ADM-104
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    shown(text, |plain, character| match character {
        '\t' => plain.push(' '),
        // Writing to a string does not fail.
        _ => {
            let _ = write!(plain, "\\u{{{:x}}}", u32::from(character));
        }
    })
}

/// The same of a value that stands in a line: line feeds show, too.
#[must_use]
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', "\\u{a}")
}

/// The text of a JSON value with `\u009b` in the place of each such character: strings alone can hold
/// them.
// spec: ADM-104
#[must_use]
pub fn plain_json(json: &str) -> Cow<'_, str> {
    shown(json, |plain, character| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(plain, "\\u{unit:04x}");
        }
    })
}

fn shown(text: &str, show: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match acts(character) {
            true => show(&mut plain, character),
            false => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

/// Control characters but line feeds, controls of direction, and separators of lines.
fn acts(character: char) -> bool {
    let direction = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    direction || (character.is_control() && character != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ADM-104
    #[test]
    fn what_would_act_on_a_terminal_shows_by_its_code_point() {
        for (raw, shown) in [
            ("互证 a\nb", "互证 a\nb"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{1b}]0;t\u{7}", "\\u{1b}]0;t\\u{7}"),
            ("a\u{9b}1m\u{7f}", "a\\u{9b}1m\\u{7f}"),
            ("x\u{202e}y\u{2066}z", "x\\u{202e}y\\u{2066}z"),
            ("a\tb\r", "a b\\u{d}"),
        ] {
            assert_eq!(plain(raw), shown);
            assert_eq!(plain(&plain(raw)), shown);
        }
        assert_eq!(plain_line("a\nb"), "a\\u{a}b");
    }

    // spec: ADM-104
    #[test]
    fn json_says_the_same_value_without_such_characters() {
        let raw = "{\"a\":\"\u{9b}1m\u{202e}\u{7f}互证\"}";
        let plain = plain_json(raw);
        assert_eq!(plain, "{\"a\":\"\\u009b1m\\u202e\\u007f互证\"}");
    }
}
