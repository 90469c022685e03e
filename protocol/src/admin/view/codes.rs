//! Codes of an organisation, as they are shown.

use crate::admin::tagged::named_codes;
use crate::codec::integer_map;
use crate::effect::{CodeState, CodeStep};
use crate::statement::StatementRef;
use crate::subject::{AuthorityCode, SubjectCode};
use crate::time::Day;

named_codes! {
    /// Whether a change of code holds, and if not, why.
    pub enum CodeStateCode {
        /// It does.
        Holds = 1 "holds",
        /// It was taken back.
        Withdrawn = 2 "withdrawn",
        /// It is void.
        Void = 3 "void",
        /// Another one contradicts it.
        Contradicted = 4 "contradicted",
        /// No quorum has cosigned it.
        NotWitnessed = 5 "not-witnessed",
        /// An objection to it is open.
        Objected = 6 "objected",
        /// An act on it is not held.
        ActNotHeld = 7 "act-not-held",
        /// More is said about these codes than is looked at.
        NotWeighed = 8 "not-weighed",
    }
}

integer_map! {
    /// A change of code.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CodeStepView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Who says so.
        2 => issuer: req(AuthorityCode),
        /// The name of the authority.
        3 => issuer_name: opt(String),
        /// The code that the organisation had.
        4 => from: req(SubjectCode),
        /// The code that it has.
        5 => to: req(SubjectCode),
        /// The day from which it has that.
        6 => day: req(Day),
        /// Whether it holds.
        7 => state: req(CodeStateCode),
        /// What it is so by.
        8 => by: list(StatementRef),
    }
}

impl CodeStepView {
    /// A change as it was worked out, with the name of its author.
    #[must_use]
    pub fn of(step: &CodeStep, issuer_name: Option<String>) -> Self {
        Self {
            reference: step.reference.clone(),
            issuer: step.issuer,
            issuer_name,
            from: step.from,
            to: step.to,
            day: step.day,
            state: match step.state {
                CodeState::Holds => CodeStateCode::Holds,
                CodeState::Withdrawn => CodeStateCode::Withdrawn,
                CodeState::Void => CodeStateCode::Void,
                CodeState::Contradicted => CodeStateCode::Contradicted,
                CodeState::NotWitnessed => CodeStateCode::NotWitnessed,
                CodeState::Objected => CodeStateCode::Objected,
                CodeState::ActNotHeld => CodeStateCode::ActNotHeld,
                CodeState::NotWeighed => CodeStateCode::NotWeighed,
            },
            by: step.by.clone(),
        }
    }
}
