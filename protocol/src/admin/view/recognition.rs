//! What the node's member may do on the strength of a decision of another, flat, and the agreements that
//! are known.
//!
//! The meaning is that of `spec/recognition.md`; nothing is computed here.

use crate::admin::tagged::named_codes;
use crate::admin::view::BindsOthersCode;
use crate::codec::{Truth, integer_map};
use crate::statement::{Force, LegalBasis, Measure, StatementRef};
use crate::time::Day;

named_codes! {
    /// Whether a decision is recognised.
    pub enum RecognitionCode {
        /// The member made it itself.
        Own = 1 "own",
        /// It is.
        Recognised = 2 "recognised",
        /// It is known, and nothing follows from it here.
        ForInformation = 3 "for-information",
        /// Nobody may rely on it as it stands.
        NotRecognised = 4 "not-recognised",
    }
}

named_codes! {
    /// Why nothing follows from a decision here.
    pub enum LackingCode {
        /// No agreement names both.
        NoAgreement = 1 "no-agreement",
        /// One of the two has left.
        Retired = 2 "retired",
        /// The agreement does not run on that day, or is not witnessed.
        NotInForce = 3 "not-in-force",
        /// No clause is about this issuer, receiver and item.
        NotCovered = 4 "not-covered",
        /// The clause is for other types of act.
        ActType = 5 "act-type",
        /// The clause is for decisions of other days.
        DecidedOutside = 6 "decided-outside",
        /// The decision rests on local acts of another place.
        BasisNotValidHere = 7 "basis-not-valid-here",
        /// There are more agreements than are looked at.
        TooManyAgreements = 8 "too-many-agreements",
    }
}

integer_map! {
    /// A clause relied on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ReliedView {
        /// The version of the agreement.
        1 => agreement: req(StatementRef),
        /// Its title.
        2 => title: req(String),
        /// Its number.
        3 => version: req(u32),
        /// The number of the clause, as it is quoted.
        4 => clause: req(String),
    }
}

integer_map! {
    /// A measure that the member may apply.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AllowedView {
        /// The measure.
        1 => measure: req(Measure),
        /// Its last day.
        2 => until: req(Day),
        /// Whether it has to be applied.
        3 => force: req(Force),
        /// The article that the clause rests it on.
        4 => basis: req(LegalBasis),
        /// The clause.
        5 => by: req(ReliedView),
    }
}

integer_map! {
    /// Whether a decision is recognised by the node's member, and what may be done.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionView {
        /// Whether it is.
        1 => code: req(RecognitionCode),
        /// The clauses that cover it, ascending.
        2 => by: list(ReliedView),
        /// How many more there are than `by` shows; absent where it shows all.
        3 => by_left: opt(u64),
        /// Measures that may be applied, ascending.
        4 => measures: list(AllowedView),
        /// There when what it grants may be relied on.
        5 => grant: opt(Truth),
        /// Of what is for information: what is lacking.
        6 => lacking: opt(LackingCode),
        /// Of what is not recognised: its state for others.
        7 => state: opt(BindsOthersCode),
    }
}
