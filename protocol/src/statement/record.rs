//! 信用记录: what an authority records of an organisation beside its decisions (`spec/statements.md`, records).
//!
//! A record is data about one organisation under one item of the catalogue, so that it is seen by whom
//! that item lets see it. Its day is the one that mandate and item are judged by. None acts on another
//! statement: what a record refers to need not be held, and no effect follows from it.
//!
//! Out of scope: what a receiver does about a record. No record can be weighed against another.

mod code_change;
mod commitment;
mod joint;
mod measure;
mod spoken;

use crate::statement::class::Class;
use crate::statement::decision::{Code, Duty, LegalBasis, Remedy, Service, is_no_end};
use crate::statement::measure::Measure;
use crate::statement::payload::StatementRef;
use crate::subject::{AuthorityCode, Subject, SubjectCode};
use crate::text::Text;
use crate::time::Day;

pub use code_change::{CodeChange, CodeChangeFields};
pub use commitment::{
    Commitment, CommitmentFields, CommitmentKind, CommitmentOutcome, CommitmentOutcomeFields,
    CommitmentResult,
};
pub use joint::{
    Answer, Execution, Feedback, FeedbackFields, Initiation, InitiationFields, Month, Push,
    PushFields, Response, ResponseFields, Verification,
};
pub use measure::{AppliedMeasure, AppliedMeasureFields};
pub use spoken::{
    Evaluation, EvaluationFields, Interview, InterviewFields, InterviewKind, SelfDeclaration,
    SelfDeclarationFields,
};

/// Declares a record whose only way in is its constructor: fields that have been looked at as a whole.
macro_rules! checked {
    ($(#[$meta:meta])* $name:ident($fields:ident)) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name($fields);

        impl $name {
            /// Looks at the fields as a whole.
            ///
            /// # Errors
            /// The first rule that does not hold, see [`RecordError`].
            pub fn new(fields: $fields) -> Result<Self, $crate::statement::RecordError> {
                fields.check()?;
                Ok(Self(fields))
            }

            /// The fields.
            #[must_use]
            pub const fn fields(&self) -> &$fields {
                &self.0
            }

            /// Gives the fields back, to change and check them anew.
            #[must_use]
            pub fn into_fields(self) -> $fields {
                self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let fields = $fields::deserialize(deserializer)?;
                Self::new(fields).map_err(serde::de::Error::custom)
            }
        }
    };
}

use checked;

/// A record, by class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Record {
    Commitment(Commitment),
    CommitmentOutcome(CommitmentOutcome),
    SelfDeclaration(SelfDeclaration),
    Evaluation(Evaluation),
    Interview(Interview),
    Measure(AppliedMeasure),
    Initiation(Initiation),
    Response(Response),
    Push(Push),
    Feedback(Feedback),
    CodeChange(CodeChange),
}

/// What every record says: about whom, under which item, of which day.
struct Common<'a> {
    subject: &'a Subject,
    item: &'a Code,
    day: Day,
}

impl Record {
    /// The class that it belongs to.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Commitment(_) => Class::Commitment,
            Self::CommitmentOutcome(_) => Class::CommitmentOutcome,
            Self::SelfDeclaration(_) => Class::SelfDeclaration,
            Self::Evaluation(_) => Class::Evaluation,
            Self::Interview(_) => Class::Interview,
            Self::Measure(_) => Class::Measure,
            Self::Initiation(_) => Class::Initiation,
            Self::Response(_) => Class::Response,
            Self::Push(_) => Class::Push,
            Self::Feedback(_) => Class::Feedback,
            Self::CodeChange(_) => Class::CodeChange,
        }
    }

    /// The organisation.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.common().subject
    }

    /// The item of the catalogue.
    #[must_use]
    pub const fn item(&self) -> &Code {
        self.common().item
    }

    /// The day that it is of: mandate and item are judged by it.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.common().day
    }

    const fn common(&self) -> Common<'_> {
        macro_rules! of {
            ($record:expr) => {{
                let fields = $record.fields();
                Common {
                    subject: &fields.subject,
                    item: &fields.item,
                    day: fields.day,
                }
            }};
        }
        match self {
            Self::Commitment(record) => of!(record),
            Self::CommitmentOutcome(record) => of!(record),
            Self::SelfDeclaration(record) => of!(record),
            Self::Evaluation(record) => of!(record),
            Self::Interview(record) => of!(record),
            Self::Measure(record) => of!(record),
            Self::Initiation(record) => of!(record),
            Self::Response(record) => of!(record),
            Self::Push(record) => of!(record),
            Self::Feedback(record) => of!(record),
            Self::CodeChange(record) => of!(record),
        }
    }

    /// The statements that it refers to. They need not be held, and nothing is known of them here.
    // spec: STM-118
    #[must_use]
    pub fn refers_to(&self) -> &[StatementRef] {
        match self {
            Self::Commitment(_)
            | Self::SelfDeclaration(_)
            | Self::Evaluation(_)
            | Self::CodeChange(_) => &[],
            Self::CommitmentOutcome(record) => std::slice::from_ref(&record.fields().commitment),
            Self::Interview(record) => std::slice::from_ref(&record.fields().about),
            Self::Measure(record) => std::slice::from_ref(&record.fields().decision),
            Self::Initiation(record) => &record.fields().decisions,
            Self::Response(record) => std::slice::from_ref(&record.fields().answers),
            Self::Push(record) => &record.fields().decisions,
            Self::Feedback(record) => std::slice::from_ref(&record.fields().answers),
        }
    }

    /// Who is asked or told; nobody but by an initiation or a push.
    #[must_use]
    pub fn addressed(&self) -> &[AuthorityCode] {
        match self {
            Self::Initiation(record) => &record.fields().to,
            Self::Push(record) => &record.fields().to,
            Self::Commitment(_)
            | Self::CommitmentOutcome(_)
            | Self::SelfDeclaration(_)
            | Self::Evaluation(_)
            | Self::Interview(_)
            | Self::Measure(_)
            | Self::Response(_)
            | Self::Feedback(_)
            | Self::CodeChange(_) => &[],
        }
    }

    /// The code that the organisation had, of a change of code.
    #[must_use]
    pub const fn code_before(&self) -> Option<SubjectCode> {
        if let Self::CodeChange(change) = self {
            return Some(change.fields().from);
        }
        None
    }

    /// The measures that it applies, asks for or accepts.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        let (applied, named): (Option<&Measure>, &[Duty]) = match self {
            Self::Measure(record) => (Some(&record.fields().measure), &[]),
            Self::Initiation(record) => (None, &record.fields().measures),
            Self::Response(record) => (None, &record.fields().measures),
            Self::Commitment(_)
            | Self::CommitmentOutcome(_)
            | Self::SelfDeclaration(_)
            | Self::Evaluation(_)
            | Self::Interview(_)
            | Self::Push(_)
            | Self::Feedback(_)
            | Self::CodeChange(_) => (None, &[]),
        };
        let named = named.iter().map(|duty| &duty.measure);
        applied.into_iter().chain(named)
    }

    /// The last day of its publication, where it says one.
    #[must_use]
    pub const fn publication_until(&self) -> Option<Day> {
        match self {
            Self::Commitment(record) => Some(record.fields().publication_until),
            Self::CommitmentOutcome(record) => record.fields().publication_until,
            Self::Measure(record) => record.fields().publication_until,
            Self::SelfDeclaration(_)
            | Self::Evaluation(_)
            | Self::Interview(_)
            | Self::Initiation(_)
            | Self::Response(_)
            | Self::Push(_)
            | Self::Feedback(_)
            | Self::CodeChange(_) => None,
        }
    }
}

/// What a record that burdens an organisation says to protect it, as a decision does.
struct Protection<'a> {
    day: Day,
    basis: &'a [LegalBasis],
    service: Option<&'a Service>,
    publication_until: Option<Day>,
    remedies: &'a [Remedy],
}

impl Protection<'_> {
    /// What is there must hold together, whether the record burdens anybody or not.
    // spec: STM-104
    fn fits(&self) -> Result<(), RecordError> {
        if self.service.is_some_and(|service| service.on < self.day) {
            return Err(RecordError::ServedBefore);
        }
        if let Some(until) = self.publication_until {
            ends("publication_until", until, self.day)?;
        }
        match self.remedies.iter().any(|remedy| remedy.within_days == 0) {
            true => Err(RecordError::RemedyWithoutTerm),
            false => Ok(()),
        }
    }

    // spec: STM-104
    const fn complete(&self) -> Result<(), RecordError> {
        let field = if self.basis.is_empty() {
            "basis"
        } else if self.service.is_none() {
            "service"
        } else if self.publication_until.is_none() {
            "publication_until"
        } else if self.remedies.is_empty() {
            "remedies"
        } else {
            return Ok(());
        };
        Err(RecordError::Lacks { field })
    }
}

/// An end lies on the record's day or later, and is one.
// spec: STM-103
fn ends(field: &'static str, end: Day, day: Day) -> Result<(), RecordError> {
    if end < day {
        return Err(RecordError::EndsBefore { field });
    }
    match is_no_end(end) {
        true => Err(RecordError::NoEnd { field }),
        false => Ok(()),
    }
}

// spec: STM-105
pub(super) fn counted<T: Ord>(
    field: &'static str,
    list: &[T],
    max: usize,
) -> Result<(), RecordError> {
    let fits = (1..=max).contains(&list.len()) && list.is_sorted_by(|a, b| a < b);
    match fits {
        true => Ok(()),
        false => Err(RecordError::Count { field, max }),
    }
}

/// Measures that are asked for or accepted: each once, in order, with its end.
// spec: STM-103, STM-105
fn measures(duties: &[Duty], day: Day) -> Result<(), RecordError> {
    const FIELD: &str = "measures";
    let codes: Vec<_> = duties.iter().map(|duty| &duty.measure).collect();
    counted(FIELD, &codes, MEASURES_MAX)?;
    let mut duties = duties.iter();
    duties.try_for_each(|duty| ends(FIELD, duty.until, day))
}

// spec: STM-106
fn shown<const MAX: usize>(
    field: &'static str,
    number: Option<&Text<MAX>>,
) -> Result<(), RecordError> {
    match number.and_then(Text::unshown) {
        Some(character) => Err(RecordError::Unshown { field, character }),
        None => Ok(()),
    }
}

/// Decisions that one initiation or push is about.
const DECISIONS_MAX: usize = 16;
/// Authorities that one is addressed to.
const ADDRESSEES_MAX: usize = 256;
/// Measures that one asks for.
pub(super) const MEASURES_MAX: usize = 64;

/// Which rule about a record as a whole does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A record that burdens an organisation and leaves out what protects it.
    #[error("the record burdens the organisation but says nothing of {field}")]
    Lacks {
        /// The field.
        field: &'static str,
    },
    /// A field that a record of this kind does not have.
    #[error("{field} has no place in such a record")]
    Idle {
        /// The field.
        field: &'static str,
    },
    /// Something that a record of this kind has to say.
    #[error("such a record has to say {field}")]
    Needs {
        /// The field.
        field: &'static str,
    },
    /// A self-declaration without the promise that it is true.
    #[error(
        "a self-declaration holds the organisation's promise that it is true; this one does not"
    )]
    NoPromiseOfTruth,
    /// An evaluation of somebody who is close to a natural person.
    #[error(
        "no evaluation is made of a subject that is close to a natural person: codes beginning 92, sole proprietorships, unknown forms"
    )]
    EvaluatesPerson,
    /// A grade that could be reckoned with.
    #[error("a grade is a word of the issuer's scheme; one with digits would be a score")]
    Score,
    /// A measure without an end.
    #[error("a measure has a last day; this one has none")]
    MeasureWithoutEnd,
    /// A date stands for "no end".
    #[error("{field} stands for no end; every measure, duty and publication has one")]
    NoEnd {
        /// The field.
        field: &'static str,
    },
    /// An end before the record.
    #[error("{field} lies before the day of the record")]
    EndsBefore {
        /// The field.
        field: &'static str,
    },
    /// Something that ends before it begins.
    #[error("{field} lies before the day on which it begins")]
    EndsBeforeItBegins {
        /// The field.
        field: &'static str,
    },
    /// Service before the record.
    #[error("the day of service lies before the day of the record")]
    ServedBefore,
    /// A remedy is open for no day.
    #[error("a remedy has a term of 0 days")]
    RemedyWithoutTerm,
    /// A list that is empty, too long or out of order.
    #[error("{field} names 1 to {max}, in ascending order without repetition")]
    Count {
        /// The field.
        field: &'static str,
        /// The most it may name.
        max: usize,
    },
    /// A number with a character that does not show by itself: it would read like another.
    #[error("{field} holds U+{:04X}, which does not show", u32::from(*character))]
    Unshown {
        /// The field.
        field: &'static str,
        /// The character.
        character: char,
    },
    /// A measure that is to be mandatory and rests on less than a statute.
    #[error("a mandatory measure rests on a law, an administrative or a local regulation")]
    MandatoryBasis,
    /// A clause without its agreement, or the reverse.
    #[error("a measure names an agreement together with its clause, or neither")]
    HalfAgreement,
    /// A month that is still to come.
    #[error("the month lies after the day of the record")]
    MonthAhead,
    /// A feedback that reports nothing.
    #[error("a feedback says what was done, or what verifying it found")]
    EmptyFeedback,
    /// A measure applied to somebody who is not there or is somebody else.
    #[error("what was not found, or concerns another subject, was not applied")]
    AppliedUnverified,
    /// A change of code that changes nothing.
    #[error("the code that the organisation had is the one that it has")]
    SameCode,
    /// A change of code to or from one that was mistyped, or given with a wrong check.
    #[error(
        "the check character of a code does not hold; a change of code names two whose checks do"
    )]
    ChangesCheck,
    /// A household that became an enterprise, or the reverse, is another organisation.
    #[error(
        "a code beginning 92 becomes no other, nor another one: that would be another organisation"
    )]
    ChangesForm,
}
