//! A record as people write it and as it is shown: flat, with a name for each field.
//!
//! The statements that it refers to are named in whatever way people name one; the node finds them, and
//! with them the organisation, where none is said.

mod fields;
mod view;

use crate::codec::{Truth, integer_map};
use crate::statement::{
    Answer, AppliedMeasure, AppliedMeasureFields, Class, Code, CodeChange, CodeChangeFields,
    Commitment, CommitmentFields, CommitmentKind, CommitmentOutcome, CommitmentOutcomeFields,
    CommitmentResult, Duty, Evaluation, EvaluationFields, Execution, Feedback, FeedbackFields,
    Force, Initiation, InitiationFields, Interview, InterviewFields, InterviewKind, LegalBasis,
    Measure, Month, Push, PushFields, Record, RecordError, Remedy, Response, ResponseFields,
    SelfDeclaration, SelfDeclarationFields, Service, StatementRef, Verification,
};
use crate::subject::{AuthorityCode, Subject, SubjectCode};
use crate::text::Text;
use crate::time::Day;

pub use fields::{record_fields, reference_key};
pub use view::{AnswerView, NoteCode, RecordAsk, RecordFaultCode, RecordMade, RecordView};

integer_map! {
    /// What a record says beside its organisation, item, day and references. A field is absent where the class
    /// has none.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct RecordSaid {
        /// Of a commitment: the occasion.
        1 => kind: opt(CommitmentKind),
        /// Of a commitment: what is promised.
        2 => promise: opt(Text<4000>),
        /// Of a commitment: by when.
        3 => due_on: opt(Day),
        /// Of a commitment or measure: the number of the case.
        4 => case_number: opt(Text<128>),
        /// Of a commitment, an outcome or a measure: the last day of publication.
        5 => publication_until: opt(Day),
        /// Of an outcome: what became of the commitment.
        6 => result: opt(CommitmentResult),
        /// Of an outcome: what was found.
        7 => findings: opt(Text<4000>),
        /// Of an outcome, measure or change of code: articles of law.
        8 => basis: list(LegalBasis),
        /// Of an outcome or measure: service of notice.
        9 => service: opt(Service),
        /// Of an outcome or measure: remedies.
        10 => remedies: list(Remedy),
        /// Of a self-declaration: what is declared.
        11 => declares: opt(Text<4000>),
        /// Of a self-declaration: there when it promises that this is true.
        12 => truthful: opt(Truth),
        /// Of an evaluation: the grade.
        13 => grade: opt(Text<32>),
        /// Of an evaluation: the scheme.
        14 => scheme: opt(Text<200>),
        /// Of an evaluation: the edition of the scheme.
        15 => edition: opt(Text<64>),
        /// Of an evaluation: the first day of the period.
        16 => period_from: opt(Day),
        /// Of an evaluation: the last day of the period.
        17 => period_until: opt(Day),
        /// Of an evaluation: the last day of its validity.
        18 => valid_until: opt(Day),
        /// Of an interview: what it was held for.
        19 => interview: opt(InterviewKind),
        /// Of an interview: what was said.
        20 => said: opt(Text<4000>),
        /// Of an interview: what is to be put right.
        21 => correct: opt(Text<2000>),
        /// Of an interview: by when.
        22 => correct_by: opt(Day),
        /// Of a measure: its code.
        23 => measure: opt(Measure),
        /// Of a measure: the first day.
        24 => from: opt(Day),
        /// Of a measure: the last day.
        25 => until: opt(Day),
        /// Of a measure: whether it has to be applied.
        26 => force: opt(Force),
        /// Of a measure: the clause of the agreement.
        27 => clause: opt(Text<32>),
        /// Of an initiation or push: to whom.
        28 => to: list(AuthorityCode),
        /// Of an initiation or response: measures, each with its end.
        29 => measures: list(Duty),
        /// Of a push: there when it comes from above.
        30 => from_above: opt(Truth),
        /// Of a response: the answer.
        31 => answer: opt(Answer),
        /// Of a response: the article that does not carry it.
        32 => article: opt(LegalBasis),
        /// Of a feedback: the month.
        33 => month: opt(Month),
        /// Of a feedback: how far it was done.
        34 => execution: opt(Execution),
        /// Of a feedback: what verifying found.
        35 => verification: opt(Verification),
        /// Of an initiation, response, push, feedback or change of code: the reasons.
        36 => reasons: opt(Text<4000>),
        /// Of a change of code: the code that the organisation had.
        180 => from_code: opt(SubjectCode),
    }
}

/// What a record needs beside what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordParts {
    /// The organisation.
    pub subject: Subject,
    /// The item of the catalogue.
    pub item: Code,
    /// The day.
    pub day: Day,
    /// The statements that it refers to, in any order.
    pub refers_to: Vec<StatementRef>,
    /// Of a measure: the agreement that it is applied by.
    pub agreement: Option<StatementRef>,
}

impl RecordSaid {
    /// The names of the fields that are there.
    #[must_use]
    pub fn present(&self) -> Vec<&'static str> {
        let fields = [
            ("kind", self.kind.is_some()),
            ("promise", self.promise.is_some()),
            ("due_on", self.due_on.is_some()),
            ("case_number", self.case_number.is_some()),
            ("publication_until", self.publication_until.is_some()),
            ("result", self.result.is_some()),
            ("findings", self.findings.is_some()),
            ("basis", !self.basis.is_empty()),
            ("service", self.service.is_some()),
            ("remedies", !self.remedies.is_empty()),
            ("declares", self.declares.is_some()),
            ("truthful", self.truthful.is_some()),
            ("grade", self.grade.is_some()),
            ("scheme", self.scheme.is_some()),
            ("edition", self.edition.is_some()),
            ("period_from", self.period_from.is_some()),
            ("period_until", self.period_until.is_some()),
            ("valid_until", self.valid_until.is_some()),
            ("interview", self.interview.is_some()),
            ("said", self.said.is_some()),
            ("correct", self.correct.is_some()),
            ("correct_by", self.correct_by.is_some()),
            ("measure", self.measure.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
            ("force", self.force.is_some()),
            ("clause", self.clause.is_some()),
            ("to", !self.to.is_empty()),
            ("measures", !self.measures.is_empty()),
            ("from_above", self.from_above.is_some()),
            ("answer", self.answer.is_some()),
            ("article", self.article.is_some()),
            ("month", self.month.is_some()),
            ("execution", self.execution.is_some()),
            ("verification", self.verification.is_some()),
            ("reasons", self.reasons.is_some()),
            ("from_code", self.from_code.is_some()),
        ];
        let there = fields.into_iter().filter(|(_, there)| *there);
        there.map(|(name, _)| name).collect()
    }

    /// The record of a class. Lists come in any order.
    ///
    /// # Errors
    /// [`RecordError::Idle`] for a field that the class has not, [`RecordError::Needs`] for one that it lacks, and
    /// what the class itself refuses.
    // spec: ADM-251
    pub fn record(self, class: Class, parts: RecordParts) -> Result<Record, RecordError> {
        let known = record_fields(class);
        let idle = |field: &&'static str| !known.iter().any(|(name, _)| name == field);
        if let Some(field) = self.present().into_iter().find(idle) {
            return Err(RecordError::Idle { field });
        }
        if parts.agreement.is_some() && class != Class::Measure {
            return Err(RecordError::Idle { field: "agreement" });
        }
        if reference_key(class).is_none() && !parts.refers_to.is_empty() {
            return Err(RecordError::Idle { field: "refers_to" });
        }
        let record = self.of_an_organisation(class, parts)?;
        record.ok_or(RecordError::Needs { field: "class" })
    }

    fn of_an_organisation(
        self,
        class: Class,
        parts: RecordParts,
    ) -> Result<Option<Record>, RecordError> {
        if class == Class::Commitment {
            return Ok(Some(Record::Commitment(self.commitment(parts)?)));
        }
        if class == Class::CommitmentOutcome {
            return Ok(Some(Record::CommitmentOutcome(self.outcome(parts)?)));
        }
        if class == Class::SelfDeclaration {
            return Ok(Some(Record::SelfDeclaration(self.declaration(parts)?)));
        }
        if class == Class::Evaluation {
            return Ok(Some(Record::Evaluation(self.evaluation(parts)?)));
        }
        if class == Class::Interview {
            return Ok(Some(Record::Interview(self.interview(parts)?)));
        }
        self.of_decisions(class, parts)
    }

    fn of_decisions(self, class: Class, parts: RecordParts) -> Result<Option<Record>, RecordError> {
        if class == Class::Measure {
            return Ok(Some(Record::Measure(self.measure(parts)?)));
        }
        if class == Class::Initiation {
            return Ok(Some(Record::Initiation(self.initiation(parts)?)));
        }
        if class == Class::Response {
            return Ok(Some(Record::Response(self.response(parts)?)));
        }
        if class == Class::Push {
            return Ok(Some(Record::Push(self.push(parts)?)));
        }
        if class == Class::Feedback {
            return Ok(Some(Record::Feedback(self.feedback(parts)?)));
        }
        if class == Class::CodeChange {
            return Ok(Some(Record::CodeChange(self.code_change(parts)?)));
        }
        Ok(None)
    }

    fn commitment(self, parts: RecordParts) -> Result<Commitment, RecordError> {
        Commitment::new(CommitmentFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            kind: need("kind", self.kind)?,
            promise: need("promise", self.promise)?,
            due_on: need("due_on", self.due_on)?,
            case_number: self.case_number,
            publication_until: need("publication_until", self.publication_until)?,
        })
    }

    fn outcome(self, parts: RecordParts) -> Result<CommitmentOutcome, RecordError> {
        CommitmentOutcome::new(CommitmentOutcomeFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            commitment: one("commitment", parts.refers_to)?,
            result: need("result", self.result)?,
            findings: need("findings", self.findings)?,
            basis: self.basis,
            service: self.service,
            publication_until: self.publication_until,
            remedies: self.remedies,
        })
    }

    fn declaration(self, parts: RecordParts) -> Result<SelfDeclaration, RecordError> {
        SelfDeclaration::new(SelfDeclarationFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            declares: need("declares", self.declares)?,
            truthful: self.truthful,
        })
    }

    fn evaluation(self, parts: RecordParts) -> Result<Evaluation, RecordError> {
        Evaluation::new(EvaluationFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            grade: need("grade", self.grade)?,
            scheme: need("scheme", self.scheme)?,
            edition: need("edition", self.edition)?,
            period_from: need("period_from", self.period_from)?,
            period_until: need("period_until", self.period_until)?,
            valid_until: need("valid_until", self.valid_until)?,
        })
    }

    fn interview(self, parts: RecordParts) -> Result<Interview, RecordError> {
        Interview::new(InterviewFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            about: one("about", parts.refers_to)?,
            kind: need("interview", self.interview)?,
            said: need("said", self.said)?,
            correct: need("correct", self.correct)?,
            correct_by: need("correct_by", self.correct_by)?,
        })
    }

    fn measure(self, parts: RecordParts) -> Result<AppliedMeasure, RecordError> {
        AppliedMeasure::new(AppliedMeasureFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            decision: one("decision", parts.refers_to)?,
            measure: need("measure", self.measure)?,
            from: need("from", self.from)?,
            until: self.until,
            force: need("force", self.force)?,
            basis: self.basis,
            agreement: parts.agreement,
            clause: self.clause,
            case_number: need("case_number", self.case_number)?,
            service: self.service,
            publication_until: self.publication_until,
            remedies: self.remedies,
        })
    }

    fn initiation(self, parts: RecordParts) -> Result<Initiation, RecordError> {
        Initiation::new(InitiationFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            decisions: ascending(parts.refers_to),
            to: ascending(self.to),
            measures: by_measure(self.measures),
            reasons: need("reasons", self.reasons)?,
        })
    }

    fn response(self, parts: RecordParts) -> Result<Response, RecordError> {
        Response::new(ResponseFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            answers: one("answers", parts.refers_to)?,
            answer: need("answer", self.answer)?,
            measures: by_measure(self.measures),
            article: self.article,
            reasons: self.reasons,
        })
    }

    fn push(self, parts: RecordParts) -> Result<Push, RecordError> {
        Push::new(PushFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            decisions: ascending(parts.refers_to),
            to: ascending(self.to),
            from_above: self.from_above,
            reasons: need("reasons", self.reasons)?,
        })
    }

    fn feedback(self, parts: RecordParts) -> Result<Feedback, RecordError> {
        Feedback::new(FeedbackFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            answers: one("answers", parts.refers_to)?,
            month: need("month", self.month)?,
            execution: self.execution,
            verification: self.verification,
            reasons: self.reasons,
        })
    }

    fn code_change(self, parts: RecordParts) -> Result<CodeChange, RecordError> {
        CodeChange::new(CodeChangeFields {
            subject: parts.subject,
            item: parts.item,
            day: parts.day,
            from: need("from_code", self.from_code)?,
            basis: self.basis,
            reasons: need("reasons", self.reasons)?,
        })
    }

    /// What a record says, with the agreement that it names.
    #[must_use]
    pub fn of(record: &Record) -> (Self, Option<StatementRef>) {
        let mut said = Self::default();
        let mut agreement = None;
        match record {
            Record::Commitment(record) => {
                let fields = record.fields().clone();
                said.kind = Some(fields.kind);
                said.promise = Some(fields.promise);
                said.due_on = Some(fields.due_on);
                said.case_number = fields.case_number;
                said.publication_until = Some(fields.publication_until);
            }
            Record::CommitmentOutcome(record) => {
                let fields = record.fields().clone();
                said.result = Some(fields.result);
                said.findings = Some(fields.findings);
                said.basis = fields.basis;
                said.service = fields.service;
                said.publication_until = fields.publication_until;
                said.remedies = fields.remedies;
            }
            Record::SelfDeclaration(record) => {
                let fields = record.fields().clone();
                said.declares = Some(fields.declares);
                said.truthful = fields.truthful;
            }
            Record::Evaluation(record) => said.evaluated(record.fields().clone()),
            Record::Interview(record) => {
                let fields = record.fields().clone();
                said.interview = Some(fields.kind);
                said.said = Some(fields.said);
                said.correct = Some(fields.correct);
                said.correct_by = Some(fields.correct_by);
            }
            Record::Measure(record) => {
                let fields = record.fields().clone();
                agreement.clone_from(&fields.agreement);
                said.applied(fields);
            }
            Record::Initiation(record) => {
                let fields = record.fields().clone();
                said.to = fields.to;
                said.measures = fields.measures;
                said.reasons = Some(fields.reasons);
            }
            Record::Response(record) => {
                let fields = record.fields().clone();
                said.answer = Some(fields.answer);
                said.measures = fields.measures;
                said.article = fields.article;
                said.reasons = fields.reasons;
            }
            Record::Push(record) => {
                let fields = record.fields().clone();
                said.to = fields.to;
                said.from_above = fields.from_above;
                said.reasons = Some(fields.reasons);
            }
            Record::Feedback(record) => {
                let fields = record.fields().clone();
                said.month = Some(fields.month);
                said.execution = fields.execution;
                said.verification = fields.verification;
                said.reasons = fields.reasons;
            }
            Record::CodeChange(record) => {
                let fields = record.fields().clone();
                said.from_code = Some(fields.from);
                said.basis = fields.basis;
                said.reasons = Some(fields.reasons);
            }
        }
        (said, agreement)
    }

    fn evaluated(&mut self, fields: EvaluationFields) {
        self.grade = Some(fields.grade);
        self.scheme = Some(fields.scheme);
        self.edition = Some(fields.edition);
        self.period_from = Some(fields.period_from);
        self.period_until = Some(fields.period_until);
        self.valid_until = Some(fields.valid_until);
    }

    fn applied(&mut self, fields: AppliedMeasureFields) {
        self.measure = Some(fields.measure);
        self.from = Some(fields.from);
        self.until = fields.until;
        self.force = Some(fields.force);
        self.basis = fields.basis;
        self.clause = fields.clause;
        self.case_number = Some(fields.case_number);
        self.service = fields.service;
        self.publication_until = fields.publication_until;
        self.remedies = fields.remedies;
    }
}

fn need<T>(field: &'static str, said: Option<T>) -> Result<T, RecordError> {
    said.ok_or(RecordError::Needs { field })
}

/// The one statement that a record refers to.
fn one(field: &'static str, named: Vec<StatementRef>) -> Result<StatementRef, RecordError> {
    let mut named = named.into_iter();
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(RecordError::Needs { field }),
        (Some(_), Some(_)) => Err(RecordError::Count { field, max: 1 }),
    }
}

fn ascending<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn by_measure(mut duties: Vec<Duty>) -> Vec<Duty> {
    duties.sort_by(|a, b| a.measure.cmp(&b.measure));
    duties
}
