//! 应查未查: which cases of an approval system had no look-up by the day of their decision.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::codec::integer_map;
use crate::lookup::row::Scenario;
use crate::subject::SubjectCode;
use crate::text::Text;
use crate::time::{Day, Timestamp};

integer_map! {
    /// A case that an organisation had to be looked up for.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Case {
        /// Its number, as the look-up names it.
        1 => number: req(Text<128>),
        /// The organisation.
        2 => subject: req(SubjectCode),
        /// The business.
        3 => scenario: req(Scenario),
        /// The day of the decision on the case.
        4 => decided_on: req(Day),
    }
}

/// What numbers of cases are compared by: in one form of composition, full-width forms as the common ones, and
/// without white space, which clerks and systems put in and leave out.
// spec: LKP-65
#[must_use]
pub fn case_key(number: &str) -> String {
    let common = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        other => other,
    };
    let shown = number
        .chars()
        .filter(|character| !character.is_whitespace());
    shown.map(common).nfc().collect()
}

/// Says of each case when it was first looked up; `None` where it never was. `rows` are the rows of the
/// register in any order: case number, organisation and instant.
// spec: LKP-60, LKP-65
pub fn missed<'a>(
    cases: &[Case],
    rows: impl IntoIterator<Item = (&'a str, SubjectCode, Timestamp)>,
) -> Vec<Option<Timestamp>> {
    let key = |case: &Case| (case_key(case.number.as_str()), case.subject);
    let mut first: BTreeMap<(String, SubjectCode), Option<Timestamp>> = BTreeMap::new();
    first.extend(cases.iter().map(|case| (key(case), None)));
    for (number, subject, at) in rows {
        if let Some(found) = first.get_mut(&(case_key(number), subject)) {
            *found = Some(found.map_or(at, |known| known.min(at)));
        }
    }
    let of = |case: &Case| first.get(&key(case)).copied().flatten();
    cases.iter().map(of).collect()
}
