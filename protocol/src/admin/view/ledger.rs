//! 台账: the statements of a node's own log, a line for each.

use crate::admin::view::BindsOthersCode;
use crate::codec::integer_map;
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::{
    ActType, Class, Code, ErasureGround, Outcome, RecognitionAnswer, RecognitionReason, RedExit,
    StatementRef, WithdrawalReason,
};
use crate::subject::SubjectCode;
use crate::time::Day;

integer_map! {
    /// A statement and what became of it. Numbers are of what is held, by whomever.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LedgerRow {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// The day in China on which it says that it was made.
        3 => made_on: req(Day),
        /// The organisation.
        4 => about: req(SubjectCode),
        /// Its name, where the statement gives it.
        5 => name: opt(String),
        /// Of a decision or a stay: the number of the document.
        6 => document_number: opt(String),
        /// Of a decision or a record: the item of the catalogue.
        7 => item: opt(Code),
        /// Of a decision: the type of act.
        8 => act_type: opt(ActType),
        /// Of a decision: its day. Of a record: the day that it is of.
        9 => day: opt(Day),
        /// Of a decision: the day of service.
        10 => served_on: opt(Day),
        /// Of a decision: its last day, as it stands now.
        11 => valid_until: opt(Day),
        /// Of a decision: the last day of its publication, as it stands now.
        12 => publication_until: opt(Day),
        /// Of a decision: what others may do on its strength now. Of a record or an act: *withdrawn* where it was
        /// taken back.
        13 => state: opt(BindsOthersCode),
        /// Of a decision: objections to it.
        14 => objections: req(u64),
        /// Of them open.
        15 => open: req(u64),
        /// Rulings on it.
        16 => rulings: req(u64),
        /// Corrections of it.
        17 => corrections: req(u64),
        /// Withdrawals of it.
        18 => withdrawals: req(u64),
        /// Stays of it.
        19 => stays: req(u64),
        /// Repairs of it.
        20 => repairs: req(u64),
        /// Initiations and pushes that name it.
        21 => asked: req(u64),
        /// Responses to these.
        22 => responses: req(u64),
        /// Of an act: what it acts on.
        23 => target: opt(StatementRef),
        /// Of a ruling: how the objections end.
        24 => outcome: opt(Outcome),
        /// Of a withdrawal: the kind of reason.
        25 => reason: opt(WithdrawalReason),
        /// Of a decision that was corrected onto another organisation: the one that it named first.
        132 => about_before: opt(SubjectCode),
        /// Of a withdrawal: by which exit an organisation leaves a red list.
        155 => exit: opt(RedExit),
        /// Of an erasure: the kind of ground.
        172 => erasure_ground: opt(ErasureGround),
        /// Of a decision: words of others on whether they rely on it.
        145 => answers: opt(u64),
        /// Of a recognition response: the answer.
        198 => answer: opt(RecognitionAnswer),
        /// And why not.
        199 => answer_reason: opt(RecognitionReason),
        /// And the clause relied on.
        200 => clause: opt(String),
    }
}

impl LedgerRow {
    /// The line of a statement of which no more is said.
    #[must_use]
    pub const fn new(
        reference: StatementRef,
        class: Class,
        made_on: Day,
        about: SubjectCode,
    ) -> Self {
        Self {
            reference,
            class,
            made_on,
            about,
            name: None,
            document_number: None,
            item: None,
            act_type: None,
            day: None,
            served_on: None,
            valid_until: None,
            publication_until: None,
            state: None,
            objections: 0,
            open: 0,
            rulings: 0,
            corrections: 0,
            withdrawals: 0,
            stays: 0,
            repairs: 0,
            asked: 0,
            responses: 0,
            target: None,
            outcome: None,
            reason: None,
            about_before: None,
            exit: None,
            erasure_ground: None,
            answers: None,
            answer: None,
            answer_reason: None,
            clause: None,
        }
    }
}

integer_map! {
    /// A page of the ledger.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LedgerView {
        /// The log.
        1 => origin: req(Origin),
        /// Its size: the ledger is of what stands below.
        2 => size: req(TreeSize),
        /// Its root at that size; on the first page.
        3 => root: opt(Hash),
        /// How much of it a quorum has cosigned.
        4 => witnessed: opt(TreeSize),
        /// The day asked about.
        5 => as_of: req(Day),
        /// By position.
        6 => rows: list(LedgerRow),
        /// Where to go on; absent on the last page.
        7 => next: opt(LeafIndex),
        /// Positions of this page whose statements are not held, erased or lost: nobody can tell whether they
        /// would have a line.
        133 => not_held: req(u64),
    }
}
