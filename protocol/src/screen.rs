//! Screening of free text for personal numbers that got in by accident or past the rule.
//!
//! Facts, reasons and remarks come from case files and sometimes carry the number of a person. The
//! screen finds numbers by their form, however they are written: letters count in either case,
//! digits in any script or shape, and separators within a number do not hide it.
//!
//! Out of scope: names and addresses, letters in the place of digits (`l`, `O`), words between the
//! digits, numbers written backwards or spread over fields, masking, and what to do with a finding.
//! A clean result is no proof that a text is free of personal data.

mod symbol;

use std::fmt;
use std::ops::RangeInclusive;

use crate::region::is_province;
use crate::screen::symbol::{Form, Symbol, chinese, digits_at_most, may_begin_label, read};
use crate::subject::is_identity_number;
use crate::time::month_length;

/// Finds the first personal number in a text; `None` when the screen finds none.
///
/// Subject codes and document numbers are no findings.
pub fn find_personal(text: &str) -> Option<Finding> {
    // Most texts hold too few digits and end here, before they are read.
    let mut tally = Tally::default();
    text.chars().for_each(|character| tally.take(character));
    if !tally.may_be_personal() {
        return None;
    }
    let text = read(text);
    let tally = Tally {
        digits: text.iter().filter(|symbol| symbol.is_digit()).count(),
        label: text.iter().any(|symbol| begins_label(symbol.character)),
    };
    if !tally.may_be_personal() {
        return None;
    }
    (0..text.len()).find_map(|offset| number_at(&text, offset).or_else(|| labelled(&text, offset)))
}

/// How many digits a text holds at most, and whether a label may begin in it, for whoever walks over
/// its characters anyway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    digits: usize,
    label: bool,
}

impl Tally {
    /// Takes the next character.
    pub(crate) fn take(&mut self, character: char) {
        self.digits += digits_at_most(character);
        self.label |= may_begin_label(character);
    }

    /// Whether [`find_personal`] may find something: its shortest number has 11 digits, or six behind
    /// a label.
    pub(crate) const fn may_be_personal(self) -> bool {
        self.digits >= DIGITS_MIN || self.label && self.digits >= LABELLED_DIGITS_MIN
    }
}

/// Digits of the shortest number that no label announces: a mobile phone's.
const DIGITS_MIN: usize = 11;

/// Digits of the shortest number that a label announces.
const LABELLED_DIGITS_MIN: usize = 6;

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

impl fmt::Display for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdentityNumber => "identity number",
            Self::OldIdentityNumber => "identity number of 15 digits",
            Self::MobilePhone => "mobile phone number",
            Self::Passport => "passport number",
            Self::TravelPermit => "travel permit number",
            Self::ResidencePermit => "residence permit number",
        })
    }
}

/// Most characters in a separator, where nothing but the check digit could be mistaken.
const GAP_CHARS_MAX: usize = 16;

/// Most characters in a separator of a number without a check digit.
const PLAIN_GAP_CHARS_MAX: usize = 3;

/// A number that starts here. A start is where a run of digits starts. In the middle of a longer
/// code (`A1B…`) only the number of 18 places counts, which a check digit confirms.
fn number_at(text: &[Symbol], offset: usize) -> Option<Finding> {
    // spec: ID-34
    if !is_digit(text, offset) || continues_run(text, offset) {
        return None;
    }
    let mut number = Number {
        in_code: !begins_number(text, offset),
        follows_digits: follows_digits(text, offset),
        ..Number::default()
    };
    let (mut at, mut gap) = (offset, Gap::Group);
    loop {
        let end = run_end(text, at);
        let run = text.get(at..end).unwrap_or_default();
        if number.digits.len() + run.len() > 18 {
            return None;
        }
        number.take(run, gap);
        if let Some(kind) = number.judge(text, end) {
            return Some(finding(kind, text, offset, end));
        }
        if number.ends_in_x(text, end) {
            return Some(finding(
                PersonalNumber::IdentityNumber,
                text,
                offset,
                end + 1,
            ));
        }
        (at, gap) = Gap::after(text, end, number.digits.len() != 17)?;
        if number.is_prefix() && is_bracketed(text, offset, end) {
            gap = Gap::after(text, end + 1, true).map_or(gap, |(_, gap)| gap.max(Gap::Plain));
        }
        if !is_digit(text, at) {
            return number
                .ends_in_x(text, at)
                .then(|| finding(PersonalNumber::IdentityNumber, text, offset, at + 1));
        }
    }
}

/// Digits collected so far, in groups that separators divide.
#[derive(Default)]
struct Number {
    digits: Vec<u8>,
    groups: Vec<usize>,
    /// The widest separator so far.
    gap: Gap,
    /// Whether its word holds digits before it already.
    in_code: bool,
    /// Whether one character divides it from digits before it, other than a country code.
    follows_digits: bool,
    /// How many separators, from the first on, were a lone colon, as in times of the day.
    colons: usize,
}

impl Number {
    fn take(&mut self, run: &[Symbol], gap: Gap) {
        if gap == Gap::Colon && self.colons + 1 == self.groups.len() {
            self.colons += 1;
        }
        self.gap = self.gap.max(gap);
        self.digits.extend(
            run.iter()
                .filter_map(|symbol| u8::try_from(symbol.character).ok()),
        );
        match self.groups.last_mut() {
            Some(group) if gap == Gap::Seam => *group += run.len(),
            Some(_) | None => self.groups.push(run.len()),
        }
    }

    fn judge(&self, text: &[Symbol], end: usize) -> Option<PersonalNumber> {
        // spec: ID-30
        if let Ok(bytes) = <&[u8; 18]>::try_from(self.digits.as_slice())
            && self.is_identity_number(bytes)
        {
            return Some(PersonalNumber::IdentityNumber);
        }
        // The forms without a check digit must fill the word.
        if self.in_code || joins(text, end) {
            return None;
        }
        // spec: ID-32
        if self.is_mobile_phone() {
            return Some(PersonalNumber::MobilePhone);
        }
        // spec: ID-31
        if self.is_old_identity_number() {
            return Some(PersonalNumber::OldIdentityNumber);
        }
        None
    }

    /// Whether the 17 digits go on with an `X`, at `place`, as an identity number.
    fn ends_in_x(&self, text: &[Symbol], place: usize) -> bool {
        let Ok(digits) = <&[u8; 17]>::try_from(self.digits.as_slice()) else {
            return false;
        };
        let mut bytes = [b'X'; 18];
        for (byte, digit) in bytes.iter_mut().zip(digits) {
            *byte = *digit;
        }
        text.get(place)
            .is_some_and(|symbol| symbol.character == 'X')
            && !(is_digit(text, place + 1) && joins(text, place + 1))
            && self.is_identity_number(&bytes)
    }

    fn is_identity_number(&self, bytes: &[u8; 18]) -> bool {
        is_identity_number(bytes) && !self.holds_dates()
    }

    /// Whether the groups are dates and times in a row rather than one number: the end of a date or
    /// a time, then year, month, day and so on. A year at place 7 is where an identity number has it,
    /// so there the time before it must be divided by colons.
    fn holds_dates(&self) -> bool {
        // spec: ID-34
        let is_year = |(len, value)| len == 4 && (1900..=2099).contains(&value);
        let (mut place, mut parts) = (0, Vec::new());
        for len in &self.groups {
            parts.push((*len, self.value(place, *len)));
            place += len;
        }
        let Some(first_year) = parts.iter().position(|part| is_year(*part)) else {
            return false;
        };
        let (before, dates) = parts.split_at(first_year);
        let birth_place = before.iter().map(|(len, _)| len).sum::<usize>() == 6;
        let begins = before.iter().all(|part| is_part(*part, 59)) && (1..=3).contains(&first_year);
        if !begins || dates.len() < 3 || (birth_place && self.colons < 2) {
            return false;
        }
        // How far behind its year a part stands: month, day, then up to three parts of a time.
        let mut behind = 0;
        dates.iter().all(|part| {
            let fits = match behind {
                _ if is_year(*part) => behind == 0 || behind >= 3,
                0 => false,
                1 => is_part(*part, 12) && part.1 > 0,
                2 => is_part(*part, 31) && part.1 > 0,
                3..=5 => is_part(*part, 59),
                _ => false,
            };
            behind = if is_year(*part) { 1 } else { behind + 1 };
            fits
        })
    }

    /// The value of `len` digits from a 0-based place on; small groups only.
    fn value(&self, from: usize, len: usize) -> u32 {
        let digits = self.digits.iter().skip(from).take(len.min(4));
        digits.fold(0, |value, digit| value * 10 + u32::from(*digit - b'0'))
    }

    /// Whether the digits so far are what people put in brackets before the rest of a mobile number.
    /// Four digits that begin with 1 are a year there.
    fn is_prefix(&self) -> bool {
        matches!(self.digits.as_slice(), [b'1', _, _] | [b'0', b'1', _, _])
    }

    /// `1[3-9]` and nine digits, alone or after 0, 86 or 0086, in one of the groupings people use.
    fn is_mobile_phone(&self) -> bool {
        let digits = self.digits.as_slice();
        let digits = match (digits.len(), self.groups.as_slice(), self.gap) {
            (11, [11], _) => Some(digits),
            (11, [3, 4, 4], gap) if gap <= Gap::Pointed => Some(digits),
            // A point in one place only is a decimal point.
            (11, [3, 8] | [7, 4], gap) if gap <= Gap::Plain => Some(digits),
            // Bank cards of 19 digits end so.
            (11, [4, 4, 3] | [3, 3, 5], gap) if gap <= Gap::Plain && !self.follows_digits => {
                Some(digits)
            }
            (11, groups, gap) if gap <= Gap::Loose && digit_by_digit(groups) => Some(digits),
            (12, [12], _) if !is_invoice_code(digits) => digits.strip_prefix(b"0"),
            (12, [4, 4, 4], gap) if gap <= Gap::Plain && !self.follows_digits => {
                digits.strip_prefix(b"0")
            }
            (13, [13], _) => digits.strip_prefix(b"86"),
            (14, [14], _) => digits.strip_prefix(b"860"),
            (15, [15], _) => digits.strip_prefix(b"0086"),
            (_, _, _) => None,
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
        let grouped = match (self.groups.as_slice(), self.gap) {
            ([15], _) => true,
            ([6, 6, 3] | [6, 2, 2, 2, 3], gap) => gap <= Gap::Pointed,
            (groups, gap) => gap <= Gap::Loose && digit_by_digit(groups),
        };
        let number = |tens: u8, units: u8| (tens - b'0') * 10 + (units - b'0');
        let (month, day) = (number(m1, m2), number(d1, d2));
        grouped
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
}

/// One part of a date or time: one or two digits, at most `max`.
fn is_part((len, value): (usize, u32), max: u32) -> bool {
    len <= 2 && value <= max
}

/// Whether 12 digits may be the code of an electronic VAT invoice: 0, then the province, of which
/// Hebei, Shanxi and Inner Mongolia look like a mobile number behind a trunk zero.
const fn is_invoice_code(digits: &[u8]) -> bool {
    // spec: ID-32
    matches!(digits, [b'0', b'1', b'3'..=b'5', b'0', b'0', ..])
}

fn digit_by_digit(groups: &[usize]) -> bool {
    groups.iter().all(|group| *group == 1)
}

/// What stands between two digits of one number, from what nobody sees to what may be anything.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    /// Nothing to be seen: another form of digit, or characters of no width. Divides no groups.
    #[default]
    Seam,
    /// The beginning of a number.
    Group,
    /// White space, hyphens, dashes, low lines.
    Plain,
    /// Full stops, slashes and middle dots too.
    Pointed,
    /// One colon.
    Colon,
    /// Anything that is neither letter nor digit.
    Loose,
    /// One letter that is not ASCII too: 号, 和.
    Letter,
}

impl Gap {
    /// The separator from here on, and where it ends; `None` when the number ends here.
    fn after(text: &[Symbol], from: usize, crosses: bool) -> Option<(usize, Self)> {
        let rest = text.get(from..).unwrap_or_default();
        let mut letters = 0;
        let length = rest
            .iter()
            .take_while(|symbol| {
                let links = symbol.links();
                letters += usize::from(links);
                symbol.form == Form::Unseen
                    || !symbol.character.is_alphanumeric()
                    || crosses && symbol.is_cross()
                    || links && letters == 1
            })
            .count();
        let seen = || {
            rest.iter()
                .take(length)
                .filter(|symbol| symbol.form != Form::Unseen)
                .map(|symbol| symbol.character)
        };
        let at_most = |max: usize| seen().nth(max).is_none();
        let gap = match seen().next() {
            None if length > 0 || is_digit(text, from) => Self::Seam,
            None => return None,
            Some(_) if !at_most(GAP_CHARS_MAX) => return None,
            Some(_) if letters > 0 => Self::Letter,
            Some(':') if at_most(1) => Self::Colon,
            Some(_) if at_most(PLAIN_GAP_CHARS_MAX) => seen().map(Self::of).max()?,
            Some(_) => Self::Loose,
        };
        Some((from + length, gap))
    }

    fn of(character: char) -> Self {
        match character {
            '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Self::Plain,
            '.' | '/' | '·' | '•' | '・' | '。' | '｡' => Self::Pointed,
            other if other.is_whitespace() => Self::Plain,
            _ => Self::Loose,
        }
    }
}

/// A finding from one symbol to before another.
fn finding(kind: PersonalNumber, text: &[Symbol], start: usize, end: usize) -> Finding {
    let place = |index: usize| text.get(index).map_or(0, |symbol| symbol.at);
    let start = place(start);
    Finding {
        kind,
        start,
        len: (place(end.saturating_sub(1)) + 1).saturating_sub(start),
    }
}

/// A label, what it announces, and the form of the number behind it.
struct Label {
    words: &'static [&'static str],
    kind: PersonalNumber,
    letters: RangeInclusive<usize>,
    digits: RangeInclusive<usize>,
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

/// Whether a word of [`LABELS`] begins with a character: most do not, and comparing words is slow.
const fn begins_label(character: char) -> bool {
    matches!(
        character,
        '护' | 'P' | '内' | '大' | '港' | '台' | '回' | '永'
    )
}

/// A labelled number whose label starts here.
fn labelled(text: &[Symbol], offset: usize) -> Option<Finding> {
    // spec: ID-33
    if !begins_label(text.get(offset)?.character) {
        return None;
    }
    let (label, word) = LABELS.iter().find_map(|label| {
        let word = label
            .words
            .iter()
            .find(|word| starts_with(text, offset, word))?;
        Some((label, word))
    })?;
    let start = skip_filler(text, offset + word.chars().count());
    let (letters, digits_start) = count(text, start, |symbol| symbol.is_letter());
    let (digits, end) = count(text, digits_start, Symbol::is_digit);
    let ends = !text.get(end).is_some_and(|symbol| symbol.is_letter());
    (ends && label.letters.contains(&letters) && label.digits.contains(&digits))
        .then(|| finding(label.kind, text, start, end))
}

/// How many symbols of a kind and of one form follow, and where the last of them ends. What nobody
/// sees may stand between them.
fn count(text: &[Symbol], from: usize, kind: fn(Symbol) -> bool) -> (usize, usize) {
    let (mut found, mut end, mut form) = (0, from, None);
    for (index, symbol) in text.iter().enumerate().skip(from) {
        if kind(*symbol) && form.is_none_or(|form| form == symbol.form) {
            (found, end, form) = (found + 1, index + 1, Some(symbol.form));
        } else if symbol.form != Form::Unseen {
            break;
        }
    }
    (found, end)
}

/// Passes over `号码:`, `身份证(No. ` and the like.
fn skip_filler(text: &[Symbol], from: usize) -> usize {
    let mut at = from;
    while at < from + FILLER_CHARS_MAX {
        let Some(symbol) = text.get(at) else {
            return at;
        };
        if starts_with(text, at, "NO") && !is_digit(text, at + 2) {
            at += 2;
        } else if symbol.form == Form::Unseen
            || symbol.character.is_whitespace()
            || FILLERS.contains(symbol.character)
        {
            at += 1;
        } else {
            return at;
        }
    }
    at
}

const FILLERS: &str = "号码证件身份编为是的:,.#()[]“”\"-№";

/// Whether a word in simplified characters starts here. 陆 is a numeral and is read as one.
fn starts_with(text: &[Symbol], offset: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(index, character)| {
        text.get(offset + index)
            .is_some_and(|symbol| symbol.character == chinese(character).unwrap_or(character))
    })
}

/// Whether nothing but letters stands before, in the same word.
fn begins_number(text: &[Symbol], offset: usize) -> bool {
    let mut at = offset;
    while joins(text, at) {
        at -= 1;
        if is_digit(text, at) {
            return false;
        }
    }
    true
}

/// Whether the digit here goes on with the digits before it.
fn continues_run(text: &[Symbol], offset: usize) -> bool {
    joins(text, offset) && is_digit(text, offset - 1)
}

/// Whether one separator divides the digit here from digits that are no country code.
fn follows_digits(text: &[Symbol], offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or_default();
    let Some((separator, before)) = before.split_last() else {
        return false;
    };
    let digits: String = before
        .iter()
        .rev()
        .map_while(|symbol| symbol.is_digit().then_some(symbol.character))
        .take(5)
        .collect();
    Gap::of(separator.character) == Gap::Plain && !["", "68", "6800"].contains(&digits.as_str())
}

/// Whether round brackets enclose the symbols from one place to before another.
fn is_bracketed(text: &[Symbol], from: usize, to: usize) -> bool {
    let is = |at: usize, character| text.get(at).is_some_and(|s| s.character == character);
    from.checked_sub(1).is_some_and(|before| is(before, '(')) && is(to, ')')
}

/// Where the run of digits of one form that starts here ends.
fn run_end(text: &[Symbol], from: usize) -> usize {
    let mut end = from + 1;
    while is_digit(text, end) && joins(text, end) {
        end += 1;
    }
    end
}

/// Whether the symbol here continues the word or number before it.
fn joins(text: &[Symbol], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| text.get(before))
        .zip(text.get(at))
        .is_some_and(|(before, symbol)| before.joins(*symbol))
}

fn is_digit(text: &[Symbol], offset: usize) -> bool {
    text.get(offset).is_some_and(|symbol| symbol.is_digit())
}

#[cfg(test)]
mod tests;
