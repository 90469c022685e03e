//! Screening of free text for personal numbers that got in by accident.
//!
//! Facts, reasons and remarks come from case files and sometimes carry the number of a person. The
//! screen finds numbers by their form. Letters count in either case, full-width characters as their
//! half-width form, and spaces or hyphens within a number do not hide it.
//!
//! Out of scope: names and addresses, numbers spelt out in Chinese, masking, and what to do with a
//! finding. A clean result is no proof that a text is free of personal data.

use crate::region::is_province;
use crate::subject::is_identity_number;
use crate::text::half_width;
use crate::time::month_length;

/// Finds the first personal number in a text; `None` when the screen finds none.
///
/// Subject codes and document numbers are no findings.
pub fn find_personal(text: &str) -> Option<Finding> {
    let text: Vec<char> = text
        .chars()
        .map(half_width)
        .map(|character| character.to_ascii_uppercase())
        .collect();
    (0..text.len()).find_map(|offset| number_at(&text, offset).or_else(|| labelled(&text, offset)))
}

/// Where a personal number stands. It does not repeat the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// What it looks like.
    pub kind: PersonalNumber,
    /// Offset of its first character, in Unicode scalar values from 0.
    pub start: usize,
    /// Its length in Unicode scalar values, separators included.
    pub len: usize,
}

/// Kinds of personal numbers that the screen knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonalNumber {
    /// Identity number of 18 places (公民身份号码, GB 11643), also of residence permits.
    IdentityNumber,
    /// Identity number of 15 digits, issued until 1999.
    OldIdentityNumber,
    /// Mainland mobile phone number, with or without country code 86.
    MobilePhone,
    /// Passport number, where the text says so (护照).
    Passport,
    /// Travel permit of residents of Hong Kong, Macao or Taiwan, where the text says so (通行证).
    TravelPermit,
    /// Permanent residence card of a foreigner in its older form, where the text says so
    /// (永久居留).
    ResidencePermit,
}

/// Most separators between two groups of digits of one number.
const GAP_CHARS_MAX: usize = 3;

/// A number that starts here. A start is where a word starts, or the digits that end a word of
/// letters (`Tel138…`): the middle of a longer code is none.
fn number_at(text: &[char], offset: usize) -> Option<Finding> {
    // spec: ID-34
    if !is_digit(text, offset) || !begins_number(text, offset) {
        return None;
    }
    let mut number = Number {
        start: offset,
        digits: Vec::new(),
        groups: Vec::new(),
    };
    let mut at = offset;
    loop {
        let run = text
            .iter()
            .skip(at)
            .take_while(|c| c.is_ascii_digit())
            .count();
        if number.digits.len() + run > 18 {
            return None;
        }
        number.digits.extend(
            text.iter()
                .skip(at)
                .take(run)
                .filter_map(|c| u8::try_from(*c).ok()),
        );
        number.groups.push(run);
        let end = at + run;
        if let Some(finding) = number.judge(text, end) {
            return Some(finding);
        }
        at = end + gap(text, end)?;
        if !is_digit(text, at) {
            return number.ends_in_x(text, at);
        }
    }
}

/// Digits collected so far, in groups that separators divide.
struct Number {
    start: usize,
    digits: Vec<u8>,
    groups: Vec<usize>,
}

impl Number {
    fn judge(&self, text: &[char], end: usize) -> Option<Finding> {
        // spec: ID-30
        if let Ok(bytes) = <&[u8; 18]>::try_from(self.digits.as_slice())
            && is_identity_number(bytes)
        {
            return Some(self.finding(PersonalNumber::IdentityNumber, end));
        }
        if text.get(end) == Some(&'X') {
            return self.ends_in_x(text, end);
        }
        // The forms without a check digit must fill the word.
        if text.get(end).is_some_and(char::is_ascii_alphanumeric) {
            return None;
        }
        // spec: ID-32
        if self.is_mobile_phone() {
            return Some(self.finding(PersonalNumber::MobilePhone, end));
        }
        // spec: ID-31
        if self.is_old_identity_number() {
            return Some(self.finding(PersonalNumber::OldIdentityNumber, end));
        }
        None
    }

    /// Whether the 17 digits go on with an `X`, at `place`, as an identity number.
    fn ends_in_x(&self, text: &[char], place: usize) -> Option<Finding> {
        let digits = <&[u8; 17]>::try_from(self.digits.as_slice()).ok()?;
        let mut bytes = [b'X'; 18];
        for (byte, digit) in bytes.iter_mut().zip(digits) {
            *byte = *digit;
        }
        let is_number = text.get(place) == Some(&'X')
            && !is_digit(text, place + 1)
            && is_identity_number(&bytes);
        is_number.then(|| self.finding(PersonalNumber::IdentityNumber, place + 1))
    }

    /// `1[3-9]` and nine digits, alone or after 86 or 0086, in one of the groupings people use.
    fn is_mobile_phone(&self) -> bool {
        let digits = match (self.digits.len(), self.groups.as_slice()) {
            (11, [11] | [3, 4, 4] | [3, 8] | [7, 4] | [4, 4, 3]) => Some(self.digits.as_slice()),
            (11, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) => Some(self.digits.as_slice()),
            (13, [13]) => self.digits.strip_prefix(b"86"),
            (15, [15]) => self.digits.strip_prefix(b"0086"),
            (_, _) => None,
        };
        matches!(digits, Some([b'1', b'3'..=b'9', ..]))
    }

    /// 15 digits: a province, a county, a birth date of the 20th century. There is no check digit,
    /// so only the usual groupings count.
    fn is_old_identity_number(&self) -> bool {
        let Ok([r1, r2, _, _, r5, r6, _, _, m1, m2, d1, d2, _, _, _]) =
            <[u8; 15]>::try_from(self.digits.as_slice())
        else {
            return false;
        };
        let number = |tens: u8, units: u8| (tens - b'0') * 10 + (units - b'0');
        let (month, day) = (number(m1, m2), number(d1, d2));
        matches!(self.groups.as_slice(), [15] | [6, 6, 3] | [6, 2, 2, 2, 3])
            && is_province([r1, r2])
            && [r5, r6] != *b"00"
            && day >= 1
            && day <= month_length(self.birth_year(), month)
    }

    /// Places 7 and 8 of the old form, in the 20th century.
    fn birth_year(&self) -> u16 {
        let decade = |digits: &[u8]| {
            digits
                .iter()
                .fold(0, |year, digit| year * 10 + u16::from(*digit - b'0'))
        };
        1900 + self.digits.get(6..8).map_or(0, decade)
    }

    fn finding(&self, kind: PersonalNumber, end: usize) -> Finding {
        Finding {
            kind,
            start: self.start,
            len: end - self.start,
        }
    }
}

/// A label, what it announces, and the form of the number behind it.
struct Label {
    words: &'static [&'static str],
    kind: PersonalNumber,
    letters: std::ops::RangeInclusive<usize>,
    digits: std::ops::RangeInclusive<usize>,
}

const LABELS: [Label; 3] = [
    Label {
        words: &["护照", "PASSPORT"],
        kind: PersonalNumber::Passport,
        letters: 0..=3,
        digits: 6..=9,
    },
    Label {
        words: &[
            "内地通行证",
            "大陆通行证",
            "港澳通行证",
            "台湾通行证",
            "台胞证",
            "回乡证",
        ],
        kind: PersonalNumber::TravelPermit,
        letters: 0..=2,
        digits: 7..=10,
    },
    Label {
        words: &["永久居留"],
        kind: PersonalNumber::ResidencePermit,
        letters: 3..=3,
        digits: 12..=12,
    },
];

/// Most characters between a label and its number.
const FILLER_CHARS_MAX: usize = 16;

/// A labelled number whose label starts here.
fn labelled(text: &[char], offset: usize) -> Option<Finding> {
    // spec: ID-33
    let (label, word) = LABELS.iter().find_map(|label| {
        let word = label
            .words
            .iter()
            .find(|word| starts_with(text, offset, word))?;
        Some((label, word))
    })?;
    let start = skip_filler(text, offset + word.chars().count());
    let letters = text
        .iter()
        .skip(start)
        .take_while(|c| c.is_ascii_uppercase())
        .count();
    let digits_start = start + letters;
    let digits = text
        .iter()
        .skip(digits_start)
        .take_while(|c| c.is_ascii_digit())
        .count();
    let ends = !text
        .get(digits_start + digits)
        .is_some_and(char::is_ascii_alphanumeric);
    (ends && label.letters.contains(&letters) && label.digits.contains(&digits)).then_some(
        Finding {
            kind: label.kind,
            start,
            len: letters + digits,
        },
    )
}

/// Passes over `号码:`, `身份证(No. ` and the like.
fn skip_filler(text: &[char], from: usize) -> usize {
    let mut at = from;
    while at < from + FILLER_CHARS_MAX {
        let Some(character) = text.get(at) else {
            return at;
        };
        if starts_with(text, at, "NO") && !text.get(at + 2).is_some_and(char::is_ascii_digit) {
            at += 2;
        } else if character.is_whitespace() || FILLERS.contains(*character) {
            at += 1;
        } else {
            return at;
        }
    }
    at
}

const FILLERS: &str = "号码证件身份编为是的:,.#()[]“”\"-№";

fn starts_with(text: &[char], offset: usize, word: &str) -> bool {
    word.chars()
        .enumerate()
        .all(|(index, character)| text.get(offset + index) == Some(&character))
}

/// Whether nothing but letters stands before, in the same word.
fn begins_number(text: &[char], offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or_default();
    before
        .iter()
        .rev()
        .take_while(|character| character.is_ascii_alphanumeric())
        .all(char::is_ascii_alphabetic)
}

/// Length of the separators from here on: 1 to 3, else `None`.
fn gap(text: &[char], from: usize) -> Option<usize> {
    let length = text
        .iter()
        .skip(from)
        .take(GAP_CHARS_MAX + 1)
        .take_while(|character| is_separator(**character))
        .count();
    (1..=GAP_CHARS_MAX).contains(&length).then_some(length)
}

/// White space, hyphens, dashes, and characters of no width.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{00AD}'
                | '\u{200B}'..='\u{200D}'
                | '\u{2010}'..='\u{2015}'
                | '\u{2060}'
                | '\u{2212}'
                | '\u{FEFF}'
        )
}

fn is_digit(text: &[char], offset: usize) -> bool {
    text.get(offset).is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests;
