//! What is somebody's word: an organisation's own, an authority's grade, an interview.

use super::{RecordError, checked, ends};
use crate::codec::{Truth, code_enum, integer_map};
use crate::statement::decision::Code;
use crate::statement::payload::StatementRef;
use crate::subject::Subject;
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// What a self-declaration says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SelfDeclarationFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was made.
        3 => day: req(Day),
        /// What the organisation says of itself.
        4 => declares: req(Text<4000>),
        /// There when it promises that this is true.
        5 => truthful: opt(Truth),
    }
}

impl SelfDeclarationFields {
    // spec: STM-107
    const fn check(&self) -> Result<(), RecordError> {
        match self.truthful {
            Some(_) => Ok(()),
            None => Err(RecordError::NoPromiseOfTruth),
        }
    }
}

checked! {
    /// 自主申报: what an organisation says of itself (HH-2.1). Nobody has checked it, and nothing adverse
    /// has a place in it.
    SelfDeclaration(SelfDeclarationFields)
}

integer_map! {
    /// What an evaluation says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EvaluationFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was made.
        3 => day: req(Day),
        /// The grade, in the words of the scheme.
        4 => grade: req(Text<32>),
        /// The scheme by which it was made.
        5 => scheme: req(Text<200>),
        /// The edition of the scheme.
        6 => edition: req(Text<64>),
        /// First day of the period that it is about.
        7 => period_from: req(Day),
        /// Last day of that period.
        8 => period_until: req(Day),
        /// Last day of its validity.
        9 => valid_until: req(Day),
    }
}

impl EvaluationFields {
    // spec: STM-103, STM-108, STM-109
    fn check(&self) -> Result<(), RecordError> {
        if self.subject.near_personal() {
            return Err(RecordError::EvaluatesPerson);
        }
        if is_score(self.grade.as_str()) {
            return Err(RecordError::Score);
        }
        if self.period_until < self.period_from {
            let field = "period_until";
            return Err(RecordError::EndsBeforeItBegins { field });
        }
        ends("valid_until", self.valid_until, self.day)
    }
}

/// Whether a grade could be reckoned with: a number in whatever script, or points (分).
fn is_score(grade: &str) -> bool {
    grade.chars().any(|c| c.is_numeric() || c == '分')
}

checked! {
    /// 信用评价: an authority's own grade of an organisation (ZS-4.2). Its issuer's word, and no number:
    /// there is nothing in it that could be merged, averaged or ranked with another's.
    Evaluation(EvaluationFields)
}

code_enum! {
    /// 约谈种类: what an interview was held for (HH-3.1c).
    pub enum InterviewKind {
        /// 提示性约谈
        Reminder = 1,
        /// 警示性约谈
        Warning = 2,
    }
}

integer_map! {
    /// What the note of an interview says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct InterviewFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was held.
        3 => day: req(Day),
        /// What it was held for.
        4 => kind: req(InterviewKind),
        /// The statement that it was about.
        5 => about: req(StatementRef),
        /// What was said.
        6 => said: req(Text<4000>),
        /// What is to be put right.
        7 => correct: req(Text<2000>),
        /// By when.
        8 => correct_by: req(Day),
    }
}

impl InterviewFields {
    // spec: STM-103
    fn check(&self) -> Result<(), RecordError> {
        ends("correct_by", self.correct_by, self.day)
    }
}

checked! {
    /// 约谈: the note of an interview.
    Interview(InterviewFields)
}
