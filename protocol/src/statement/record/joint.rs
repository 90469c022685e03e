//! 联合奖惩的发起、响应、推送、反馈: who asks whom to act on which decisions, and what came of it (HG-13b, HG-19,
//! ZS-3.1b, ZS-4.1, LY-5.1, LY-5.4).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ADDRESSEES_MAX, DECISIONS_MAX, RecordError, checked, counted, measures};
use crate::codec::{Truth, code_enum, integer_map};
use crate::statement::decision::{Code, Duty, LegalBasis};
use crate::statement::payload::StatementRef;
use crate::subject::{AuthorityCode, Subject};
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// What an initiation says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct InitiationFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day.
        3 => day: req(Day),
        /// The decisions, 1 to 16, ascending.
        4 => decisions: list(StatementRef),
        /// Who is asked, 1 to 256, ascending.
        5 => to: list(AuthorityCode),
        /// Measures asked for, 1 to 64, ascending, each with its end.
        6 => measures: list(Duty),
        /// The reasons.
        7 => reasons: req(Text<4000>),
    }
}

impl InitiationFields {
    // spec: STM-103, STM-105
    fn check(&self) -> Result<(), RecordError> {
        counted("decisions", &self.decisions, DECISIONS_MAX)?;
        counted("to", &self.to, ADDRESSEES_MAX)?;
        measures(&self.measures, self.day)
    }
}

checked! {
    /// 发起: whoever initiates says about whom and on what decisions; others apply, each by its own powers.
    Initiation(InitiationFields)
}

code_enum! {
    /// 响应结果: what one who was asked answers.
    pub enum Answer {
        /// 接受
        Accepted = 1,
        /// 无此职权
        NotCompetent = 2,
        /// 查无此主体
        NoSuchSubject = 3,
        /// 无法定依据
        NoBasis = 4,
    }
}

integer_map! {
    /// What a response says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ResponseFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day.
        3 => day: req(Day),
        /// The initiation or push.
        4 => answers: req(StatementRef),
        /// The answer.
        5 => answer: req(Answer),
        /// Measures that will be applied, 1 to 64, ascending, each with its end; exactly when accepted.
        6 => measures: list(Duty),
        /// The article that does not carry what was asked; exactly when there is no basis.
        7 => article: opt(LegalBasis),
        /// The reasons; there unless accepted.
        8 => reasons: opt(Text<4000>),
    }
}

impl ResponseFields {
    // spec: STM-103, STM-105, STM-112
    fn check(&self) -> Result<(), RecordError> {
        let accepted = self.answer == Answer::Accepted;
        match accepted {
            true => measures(&self.measures, self.day)?,
            false if !self.measures.is_empty() => {
                return Err(RecordError::Idle { field: "measures" });
            }
            false => {}
        }
        match (self.answer == Answer::NoBasis, &self.article) {
            (true, None) => return Err(RecordError::Needs { field: "article" }),
            (false, Some(_)) => return Err(RecordError::Idle { field: "article" }),
            (true, Some(_)) | (false, None) => {}
        }
        match accepted || self.reasons.is_some() {
            true => Ok(()),
            false => Err(RecordError::Needs { field: "reasons" }),
        }
    }
}

checked! {
    /// 响应: an answer to an initiation or a push.
    Response(ResponseFields)
}

integer_map! {
    /// What a push says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PushFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day.
        3 => day: req(Day),
        /// The decisions, 1 to 16, ascending.
        4 => decisions: list(StatementRef),
        /// Who is told, 1 to 256, ascending.
        5 => to: list(AuthorityCode),
        /// There when it comes from above, and is verified before anything is applied (ZS-3.1b).
        6 => from_above: opt(Truth),
        /// The reasons.
        7 => reasons: req(Text<4000>),
    }
}

impl PushFields {
    // spec: STM-105
    fn check(&self) -> Result<(), RecordError> {
        counted("decisions", &self.decisions, DECISIONS_MAX)?;
        counted("to", &self.to, ADDRESSEES_MAX)
    }
}

checked! {
    /// 推送: others are told of decisions.
    Push(PushFields)
}

code_enum! {
    /// 执行情况: how far what was asked was done in a month.
    pub enum Execution {
        /// 已执行
        Done = 1,
        /// 部分执行
        Partly = 2,
        /// 未执行
        NotDone = 3,
    }
}

code_enum! {
    /// 核实结果: what verifying a push from above found (ZS-3.1b).
    pub enum Verification {
        /// 核实无误
        Verified = 1,
        /// 查无此主体
        NotFound = 2,
        /// 主体有误
        WrongSubject = 3,
    }
}

/// A month. Encodes as year × 100 + month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// A month 1–12 of a year 1900–2199.
    #[must_use]
    pub fn new(year: u16, month: u8) -> Option<Self> {
        let fits = (1900..=2199).contains(&year) && (1..=12).contains(&month);
        fits.then_some(Self { year, month })
    }

    /// The month of a day.
    #[must_use]
    pub fn of(day: Day) -> Option<Self> {
        let (year, month, _) = day.ymd();
        Self::new(year, month)
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Option<Day> {
        Day::from_ymd(self.year, self.month, 1).ok()
    }

    /// The months from this one to another, both among them; none where that lies before.
    pub fn up_to(self, last: Self) -> impl Iterator<Item = Self> {
        let next = |month: &Self| match month.month {
            12 => Self::new(month.year.saturating_add(1), 1),
            of_year => Self::new(month.year, of_year.saturating_add(1)),
        };
        let all = std::iter::successors(Some(self), next);
        all.take_while(move |month| *month <= last)
    }

    /// Reads `2026-11`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let shaped = year.len() == 4 && month.len() == 2 && digits(year) && digits(month);
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        shaped.then(|| Self::new(year, month)).flatten()
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1–12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    fn code(self) -> u64 {
        u64::from(self.year) * 100 + u64::from(self.month)
    }

    /// Whether it begins later than a day.
    fn is_after(self, day: Day) -> bool {
        let (year, month, _) = day.ymd();
        (i64::from(self.year), i64::from(self.month)) > (i64::from(year), i64::from(month))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.code())
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = u64::deserialize(deserializer)?;
        let (year, month) = (u16::try_from(code / 100), u8::try_from(code % 100));
        let month = year.ok().zip(month.ok());
        let month = month.and_then(|(year, month)| Self::new(year, month));
        month.ok_or_else(|| D::Error::custom("a month is a year from 1900 to 2199 and 1 to 12"))
    }
}

integer_map! {
    /// What a feedback says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FeedbackFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day.
        3 => day: req(Day),
        /// The initiation or push.
        4 => answers: req(StatementRef),
        /// The month that it is about.
        5 => month: req(Month),
        /// How far it was done.
        6 => execution: opt(Execution),
        /// What verifying it found.
        7 => verification: opt(Verification),
        /// The reasons; there unless all was done or verified.
        8 => reasons: opt(Text<4000>),
    }
}

impl FeedbackFields {
    // spec: STM-113, STM-114
    fn check(&self) -> Result<(), RecordError> {
        if self.month.is_after(self.day) {
            return Err(RecordError::MonthAhead);
        }
        if self.execution.is_none() && self.verification.is_none() {
            return Err(RecordError::EmptyFeedback);
        }
        let verified = !matches!(
            self.verification,
            Some(Verification::NotFound | Verification::WrongSubject)
        );
        let applied = matches!(self.execution, Some(Execution::Done | Execution::Partly));
        if applied && !verified {
            return Err(RecordError::AppliedUnverified);
        }
        let whole = !matches!(self.execution, Some(Execution::Partly | Execution::NotDone));
        match whole && verified || self.reasons.is_some() {
            true => Ok(()),
            false => Err(RecordError::Needs { field: "reasons" }),
        }
    }
}

checked! {
    /// 反馈: what was done, month by month (ZS-4.1).
    Feedback(FeedbackFields)
}
