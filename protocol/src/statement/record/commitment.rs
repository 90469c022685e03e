//! 信用承诺: what an organisation promised, and what became of it (HG-1, ZS-2.1b, HH-1.1).

use super::{Protection, RecordError, checked, ends, shown};
use crate::codec::{code_enum, integer_map};
use crate::statement::decision::{Code, LegalBasis, Remedy, Service};
use crate::statement::payload::StatementRef;
use crate::subject::Subject;
use crate::text::Text;
use crate::time::Day;

code_enum! {
    /// 承诺种类: on what occasion it was made.
    pub enum CommitmentKind {
        /// 容缺受理: papers are handed in later.
        ConditionalAcceptance = 1,
        /// 告知承诺: conditions are met, on the applicant's word.
        NoticeAndPromise = 2,
        /// 信用修复承诺
        Repair = 3,
        /// 主动公开承诺
        Voluntary = 4,
        /// 行业自律承诺
        Industry = 5,
    }
}

code_enum! {
    /// 履行情况: what became of a commitment.
    pub enum CommitmentResult {
        /// 已履行
        Kept = 1,
        /// 未履行
        Broken = 2,
        /// 部分履行
        PartlyKept = 3,
    }
}

integer_map! {
    /// What a commitment says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CommitmentFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was made.
        3 => day: req(Day),
        /// The occasion.
        4 => kind: req(CommitmentKind),
        /// What is promised.
        5 => promise: req(Text<4000>),
        /// By when.
        6 => due_on: req(Day),
        /// The number of the case that it was made in.
        7 => case_number: opt(Text<128>),
        /// Last day of publication.
        8 => publication_until: req(Day),
    }
}

impl CommitmentFields {
    // spec: STM-103, STM-106
    fn check(&self) -> Result<(), RecordError> {
        ends("due_on", self.due_on, self.day)?;
        ends("publication_until", self.publication_until, self.day)?;
        shown("case_number", self.case_number.as_ref())
    }
}

checked! {
    /// 信用承诺: a commitment of an organisation, as an authority took it down.
    Commitment(CommitmentFields)
}

integer_map! {
    /// What the outcome of a commitment says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CommitmentOutcomeFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was established.
        3 => day: req(Day),
        /// The commitment.
        4 => commitment: req(StatementRef),
        /// What became of it.
        5 => result: req(CommitmentResult),
        /// What was found.
        6 => findings: req(Text<4000>),
        /// Articles of law.
        7 => basis: list(LegalBasis),
        /// Service of notice.
        8 => service: opt(Service),
        /// Last day of publication.
        9 => publication_until: opt(Day),
        /// Remedies.
        10 => remedies: list(Remedy),
    }
}

impl CommitmentOutcomeFields {
    /// Whoever is said to have broken its word can read why, and contest it.
    // spec: STM-104
    fn check(&self) -> Result<(), RecordError> {
        let protection = Protection {
            day: self.day,
            basis: &self.basis,
            service: self.service.as_ref(),
            publication_until: self.publication_until,
            remedies: &self.remedies,
        };
        protection.fits()?;
        match self.result {
            CommitmentResult::Kept => Ok(()),
            CommitmentResult::Broken | CommitmentResult::PartlyKept => protection.complete(),
        }
    }
}

checked! {
    /// 承诺履行结果: the outcome of a commitment.
    CommitmentOutcome(CommitmentOutcomeFields)
}
