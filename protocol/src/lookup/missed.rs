//! 应查未查: which cases of an approval system had no look-up by the day of their decision.

use std::collections::BTreeMap;

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

/// Says of each case when it was first looked up; `None` where it never was. `rows` are the rows of the
/// register in any order: case number, organisation and instant.
// spec: LKP-60
pub fn missed<'a>(
    cases: &[Case],
    rows: impl IntoIterator<Item = (&'a str, SubjectCode, Timestamp)>,
) -> Vec<Option<Timestamp>> {
    let mut first: BTreeMap<(&str, SubjectCode), Option<Timestamp>> = BTreeMap::new();
    for case in cases {
        first.insert((case.number.as_str(), case.subject), None);
    }
    for (number, subject, at) in rows {
        if let Some(found) = first.get_mut(&(number, subject)) {
            *found = Some(found.map_or(at, |known| known.min(at)));
        }
    }
    let of = |case: &Case| {
        let key = (case.number.as_str(), case.subject);
        first.get(&key).copied().flatten()
    };
    cases.iter().map(of).collect()
}
