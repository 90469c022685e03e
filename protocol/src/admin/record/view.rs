//! Records as they are asked for, made and shown.

use crate::admin::record::RecordSaid;
use crate::admin::tagged::named_codes;
use crate::admin::target::Target;
use crate::admin::view::{AwaitedView, BindsOthersCode};
use crate::codec::integer_map;
use crate::statement::{
    Answer, Class, Code, CommitmentResult, Execution, Month, StatementRef, Verification, Vis,
};
use crate::subject::{AuthorityCode, Subject};
use crate::time::Day;

integer_map! {
    /// A record to make.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecordAsk {
        /// Its class.
        1 => class: req(Class),
        /// The organisation; that of the first statement referred to when absent.
        2 => subject: opt(Subject),
        /// The item of the catalogue; when absent that of the record answered where it is for the class, or the
        /// only one that is.
        3 => item: opt(Code),
        /// The day; today when absent.
        4 => day: opt(Day),
        /// The statements that it refers to, in any order.
        5 => refers_to: list(Target),
        /// Of a measure: the agreement that it is applied by.
        6 => agreement: opt(Target),
        /// What else it says.
        7 => said: req(Box<RecordSaid>),
        /// The department that speaks; the member itself when absent.
        8 => issuer: opt(AuthorityCode),
        /// Say what it would do.
        9 => dry_run: req(bool),
    }
}

integer_map! {
    /// A record that is made, or would be.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecordMade {
        /// Its class.
        1 => class: req(Class),
        /// Its item.
        2 => item: req(Code),
        /// Its day.
        3 => day: req(Day),
        /// The statements that it refers to.
        4 => refers_to: list(StatementRef),
        /// Its visibility class.
        5 => vis: req(Vis),
        /// Where it stands, durable here; absent for a dry run.
        6 => reference: opt(StatementRef),
        /// Whether a quorum has cosigned a head that covers it.
        7 => witnessed: req(bool),
    }
}

integer_map! {
    /// A record, with what was said to it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecordView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// Who speaks.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: req(String),
        /// The item of the catalogue.
        5 => item: req(Code),
        /// The title of the item.
        6 => item_title: opt(String),
        /// The day that it is of.
        7 => day: req(Day),
        /// The organisation.
        8 => subject: req(Subject),
        /// What it says.
        9 => said: req(Box<RecordSaid>),
        /// The statements that it refers to.
        10 => refers_to: list(StatementRef),
        /// Of a measure: the agreement that it is applied by.
        11 => agreement: opt(StatementRef),
        /// What takes it back.
        12 => withdrawn_by: opt(StatementRef),
        /// Of a commitment: its outcomes. Of an initiation or push: responses and feedback, by position.
        13 => answers: list(AnswerView),
        /// How many of them there are that are not listed.
        14 => answers_left: opt(u64),
        /// Of an initiation or push: those asked who have not responded, as known here; absent where not all
        /// answers were read.
        15 => unanswered: list(AuthorityCode),
        /// Whether a quorum has cosigned a head that covers it.
        16 => witnessed: req(bool),
        /// Of a measure: what its author may do now on the strength of the decision that it names.
        17 => binds: opt(BindsOthersCode),
        /// Of an initiation or push: what is awaited of those asked.
        130 => awaited: list(AwaitedView),
        /// Of an initiation or push: those asked who are no members.
        131 => no_members: list(AuthorityCode),
        /// What it says that does not hold.
        132 => faults: list(RecordFaultCode),
    }
}

integer_map! {
    /// A record that refers to another statement, in one line.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AnswerView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// Its class.
        2 => class: req(Class),
        /// Who speaks.
        3 => issuer: req(AuthorityCode),
        /// The name of the authority.
        4 => issuer_name: req(String),
        /// The day that it is of.
        5 => day: req(Day),
        /// Of an outcome.
        6 => result: opt(CommitmentResult),
        /// Of a response.
        7 => answer: opt(Answer),
        /// Of a feedback: the month.
        8 => month: opt(Month),
        /// Of a feedback: how far it was done.
        9 => execution: opt(Execution),
        /// Of a feedback: what verifying found.
        10 => verification: opt(Verification),
        /// What takes it back.
        11 => withdrawn_by: opt(StatementRef),
        /// Of a response or feedback that is not all that was asked: the reasons.
        12 => reasons: opt(String),
        /// Why it does not count, or not as a whole.
        130 => note: opt(NoteCode),
    }
}

named_codes! {
    /// Why something that was said to an initiation or a push does not count, or not as a whole.
    pub enum NoteCode {
        /// Its author was not asked.
        NotAsked = 1 "not-asked",
        /// Its author had responded before.
        LaterResponse = 2 "later-response",
        /// It accepts a measure that was not asked for, or for longer.
        MeasureNotAsked = 3 "measure-not-asked",
        /// Its author says something else of the same month.
        Contradicts = 4 "contradicts",
    }
}

named_codes! {
    /// What a measure says that does not hold.
    pub enum RecordFaultCode {
        /// What it names as an agreement is none.
        NoAgreement = 1 "no-agreement",
        /// The agreement has no such clause.
        NoClause = 2 "no-clause",
        /// It says mandatory, and the catalogue of measures says recommended.
        OnlyRecommended = 3 "only-recommended",
    }
}
