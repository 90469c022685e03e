//! 互认答复: recognition responses as they are asked for and shown.

use crate::admin::request::LookUp;
use crate::admin::tagged::named_codes;
use crate::admin::target::Target;
use crate::codec::integer_map;
use crate::statement::{Duty, RecognitionAnswer, RecognitionReason, StatementRef};
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Timestamp;

integer_map! {
    /// A recognition response to make.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecogniseAsk {
        /// The initiation or push that is answered.
        1 => asked: req(Target),
        /// The decision; the only one that is named there when absent.
        2 => decision: opt(Target),
        /// The answer.
        3 => answer: req(RecognitionAnswer),
        /// The version relied on; that of the first clause that covers the decision when absent.
        4 => agreement: opt(Target),
        /// The number of its clause.
        5 => clause: opt(String),
        /// Measures that the member takes, in any order.
        6 => measures: list(Duty),
        /// Why not.
        7 => reason: opt(RecognitionReason),
        /// The same in words.
        8 => reasons: opt(Text<2000>),
        /// Say what it would do.
        9 => dry_run: req(bool),
        /// Why one looks: needed where the decision is not public.
        10 => look_up: opt(LookUp),
    }
}

integer_map! {
    /// A recognition response.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionResponseView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Who answers.
        2 => issuer: req(AuthorityCode),
        /// The name of the authority.
        3 => issuer_name: req(String),
        /// When it says that it was made.
        4 => issued_at: req(Timestamp),
        /// The initiation or push that is answered.
        5 => asked: req(StatementRef),
        /// The decision.
        6 => decision: req(StatementRef),
        /// The answer.
        7 => answer: req(RecognitionAnswer),
        /// The version relied on.
        8 => agreement: opt(StatementRef),
        /// The number of its clause.
        9 => clause: opt(String),
        /// Measures that it takes.
        10 => measures: list(Duty),
        /// Why not.
        11 => reason: opt(RecognitionReason),
        /// The same in words.
        12 => reasons: opt(String),
        /// Whether a quorum has cosigned a head that covers it.
        13 => witnessed: req(bool),
        /// Why it does not count.
        14 => note: opt(AnswerNoteCode),
        /// What its author said last, where that took its place.
        15 => superseded_by: opt(StatementRef),
        /// By what its author took it back.
        197 => withdrawn_by: opt(StatementRef),
    }
}

named_codes! {
    /// Why a recognition response does not count.
    pub enum AnswerNoteCode {
        /// Its author was not asked about this decision.
        NotAsked = 1 "not-asked",
        /// Its author has said something else since.
        Superseded = 2 "superseded",
    }
}
