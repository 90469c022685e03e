//! 联合奖惩的待办: what is awaited of those whom an initiation or a push asks (`spec/deadlines.md`, "Awaited").
//!
//! [`joint`] is one pure function of the record that asks, of what was said to it, and of the deadline rules
//! of the place of each authority asked:
//!
//! ```text
//! initiation ──► response            by each that was asked; the first of each counts
//! accepted   ──► feedback            one for each month, until the measures ended or all is done
//! from above ──► feedback            that says what verifying found
//! ```
//!
//! Out of scope: whether what asks was taken back, and whether the decisions that it names still stand.

use std::collections::{BTreeMap, BTreeSet};

use super::{Terms, Within, first_due};
use crate::codec::Truth;
use crate::statement::{
    Answer, DeadlineEvent, Duty, Execution, FeedbackFields, Month, Record, ResponseFields,
    StatementRef,
};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// What was said to the record that asks, and was not taken back.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Who said it.
    pub by: AuthorityCode,
    /// Where it stands.
    pub at: &'a StatementRef,
    /// The record.
    pub record: &'a Record,
    /// The day in China on which its statement says that it was made.
    pub made_on: Day,
}

/// What one who was asked owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owing {
    /// A response.
    Respond,
    /// The feedback of a month, the first that is missing.
    FeedBack {
        /// The month.
        month: Month,
        /// How many months are missing up to the day asked about, this one among them.
        missing: u32,
    },
    /// A word on whether it relies on the decisions.
    Answer {
        /// On how many of them it has none.
        missing: u32,
    },
    /// A push to the place where the organisation is registered.
    PushToRegistrationPlace,
    /// The publication there.
    PublishAtRegistrationPlace,
}

/// Something that one who was asked owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Who.
    pub by: AuthorityCode,
    /// What.
    pub owing: Owing,
    /// The day that it counts from.
    pub since: Day,
    /// By when, where a rule of its place says so.
    pub within: Option<Within>,
}

/// Why something that was said does not count, or not as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// Its author was not asked.
    NotAsked,
    /// Its author had responded before.
    LaterResponse,
    /// It accepts a measure that was not asked for, or for longer.
    MeasureNotAsked,
    /// Its author says something else of the same month.
    Contradicts,
}

/// What an initiation or a push comes to on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// What is owed, by authority.
    pub owed: Vec<Owed>,
    /// What of what was said does not count, or not as a whole.
    pub notes: BTreeMap<StatementRef, Note>,
    /// Those asked who are no members: nobody can answer for them.
    pub no_members: Vec<AuthorityCode>,
}

/// What is awaited of those whom `asking`, an initiation or a push that was made on a day, asks, and what does
/// not count of what was said to it, in whatever order. `places` has the terms of each of them who is a
/// member. Nothing for any other record.
// spec: DL-40, DL-41
#[must_use]
pub fn joint(
    (asking, made_on): (&Record, Day),
    said: &[Said<'_>],
    places: &BTreeMap<AuthorityCode, Terms<'_>>,
) -> Joint {
    let Some(asking) = Asking::of(asking, made_on) else {
        return Joint::default();
    };
    let mut said = said.to_vec();
    said.sort_by_key(|one| one.at);
    said.dedup_by_key(|one| one.at);
    let mut joint = Joint {
        notes: notes(&asking, &said),
        ..Joint::default()
    };
    for to in asking.to {
        let Some(terms) = places.get(to) else {
            joint.no_members.push(*to);
            continue;
        };
        let of = |one: &&Said<'_>| one.by == *to && counts(joint.notes.get(one.at));
        let said: Vec<_> = said.iter().filter(of).copied().collect();
        joint.owed.extend(response_of(&asking, &said, terms, *to));
        joint.owed.extend(feedback_of(&asking, &said, terms, *to));
    }
    joint
}

/// What a record asks.
pub(super) struct Asking<'a> {
    /// The day from which it asks: nobody can answer what was not yet said.
    pub(super) day: Day,
    pub(super) to: &'a [AuthorityCode],
    /// Measures asked for; none where a push leaves them to whoever is told.
    measures: Option<&'a [Duty]>,
    from_above: bool,
}

impl<'a> Asking<'a> {
    // spec: DL-44
    pub(super) fn of(record: &'a Record, made_on: Day) -> Option<Self> {
        match record {
            Record::Initiation(initiation) => Some(Self {
                day: initiation.fields().day.max(made_on),
                to: &initiation.fields().to,
                measures: Some(&initiation.fields().measures),
                from_above: false,
            }),
            Record::Push(push) => Some(Self {
                day: push.fields().day.max(made_on),
                to: &push.fields().to,
                measures: None,
                from_above: push.fields().from_above == Some(Truth),
            }),
            Record::Commitment(_)
            | Record::CommitmentOutcome(_)
            | Record::SelfDeclaration(_)
            | Record::CodeChange(_)
            | Record::Evaluation(_)
            | Record::Interview(_)
            | Record::Measure(_)
            | Record::Response(_)
            | Record::Feedback(_) => None,
        }
    }

    /// Whether a measure was asked for, up to its last day.
    fn asks_for(&self, duty: &Duty) -> bool {
        let asked = |one: &Duty| one.measure == duty.measure && duty.until <= one.until;
        self.measures.is_none_or(|all| all.iter().any(asked))
    }
}

/// A response that accepts too much is a response; the others say nothing.
const fn counts(note: Option<&Note>) -> bool {
    matches!(note, None | Some(Note::MeasureNotAsked))
}

const fn response<'a>(said: &Said<'a>) -> Option<&'a ResponseFields> {
    if let Record::Response(response) = said.record {
        Some(response.fields())
    } else {
        None
    }
}

const fn feedback<'a>(said: &Said<'a>) -> Option<&'a FeedbackFields> {
    if let Record::Feedback(feedback) = said.record {
        Some(feedback.fields())
    } else {
        None
    }
}

// spec: DL-42
fn notes(asking: &Asking<'_>, said: &[Said<'_>]) -> BTreeMap<StatementRef, Note> {
    let mut notes = BTreeMap::new();
    let mut responded = BTreeSet::new();
    let mut months: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in said {
        if !asking.to.contains(&one.by) {
            notes.insert(one.at.clone(), Note::NotAsked);
        } else if let Some(response) = response(one) {
            if !responded.insert(one.by) {
                notes.insert(one.at.clone(), Note::LaterResponse);
            } else if !response.measures.iter().all(|duty| asking.asks_for(duty)) {
                notes.insert(one.at.clone(), Note::MeasureNotAsked);
            }
        } else if let Some(feedback) = feedback(one) {
            let word = (feedback.execution, feedback.verification);
            let of = months.entry((one.by, feedback.month)).or_default();
            of.push((word, one.at));
        }
    }
    for words in months.into_values() {
        let first = words.first().map(|(word, _)| *word);
        if words.iter().any(|(word, _)| Some(*word) != first) {
            let all = words.into_iter();
            notes.extend(all.map(|(_, at)| (at.clone(), Note::Contradicts)));
        }
    }
    notes
}

// spec: DL-40
fn response_of(
    asking: &Asking<'_>,
    said: &[Said<'_>],
    terms: &Terms<'_>,
    by: AuthorityCode,
) -> Option<Owed> {
    if said.iter().any(|one| response(one).is_some()) {
        return None;
    }
    let events = [DeadlineEvent::Asked];
    let is_met = |event| event == DeadlineEvent::Responded;
    Some(Owed {
        by,
        owing: Owing::Respond,
        since: asking.day,
        within: first_due(Some(asking.day), (&events, is_met), terms),
    })
}

/// From which day on, and up to which, each month has its feedback. A response is of no day after it was made,
/// and of none before it was asked for.
// spec: DL-41, DL-44
fn span(asking: &Asking<'_>, said: &[Said<'_>], today: Day) -> Option<(Day, Day)> {
    let answers = |one| Some((response(one)?, one.made_on));
    match said.iter().find_map(answers) {
        Some((response, made_on)) if response.answer == Answer::Accepted => {
            let duties = response.measures.iter();
            let asked = duties.filter(|duty| asking.asks_for(duty));
            let until = asked.map(|duty| duty.until).max()?;
            let from = response.day.min(made_on).max(asking.day);
            Some((from, until.min(today)))
        }
        Some(_) => None,
        None => asking.from_above.then_some((asking.day, today)),
    }
}

// spec: DL-41
fn feedback_of(
    asking: &Asking<'_>,
    said: &[Said<'_>],
    terms: &Terms<'_>,
    by: AuthorityCode,
) -> Option<Owed> {
    let (from, until) = span(asking, said, terms.today)?;
    let (first, end) = (Month::of(from)?, Month::of(until)?);
    let given: BTreeMap<Month, &FeedbackFields> = said
        .iter()
        .filter_map(feedback)
        .map(|feedback| (feedback.month, feedback))
        // spec: DL-45
        .filter(|(month, _)| (first..=end).contains(month))
        .collect();
    let is_verified = given.values().any(|one| one.verification.is_some());
    let has_responded = said.iter().any(|one| response(one).is_some());
    if is_verified && !has_responded {
        return None;
    }
    let last = given.iter().find(|(_, feedback)| ends(feedback));
    let last = last.map(|(month, _)| *month);
    let owed = first
        .up_to(end)
        .take_while(|month| last.is_none_or(|last| *month < last));
    let mut missing = owed.filter(|month| !given.contains_key(month));
    let month = missing.next()?;
    let others = missing.count();
    let since = month.first_day()?.max(from);
    let events = [DeadlineEvent::MeasuresApplied];
    let is_met = |event| event == DeadlineEvent::MeasuresFedBack;
    Some(Owed {
        by,
        owing: Owing::FeedBack {
            month,
            missing: u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1),
        },
        since,
        within: first_due(Some(since), (&events, is_met), terms),
    })
}

/// Whether nothing is left to be fed back: all is done, or there is nobody to do it to.
const fn ends(feedback: &FeedbackFields) -> bool {
    use crate::statement::Verification::{NotFound, WrongSubject};
    matches!(feedback.execution, Some(Execution::Done))
        || matches!(feedback.verification, Some(NotFound | WrongSubject))
}

#[cfg(test)]
mod tests;
