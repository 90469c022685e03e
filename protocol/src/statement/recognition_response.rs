//! 互认答复: what one who was asked says about relying on a decision of another (`spec/recognition.md`).
//!
//! It names the decision by its place alone: its body is for every member and shows nobody whom it concerns.
//! Nothing follows from it for any decision; that is [`crate::recognition`]'s to say.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{code_enum, integer_map};
use crate::statement::decision::{Duty, is_no_end};
use crate::statement::payload::StatementRef;
use crate::statement::record::{MEASURES_MAX, RecordError, counted};
use crate::text::Text;

code_enum! {
    /// 互认结果: whether the receiver relies on a decision.
    pub enum RecognitionAnswer {
        /// 予以互认
        Recognised = 1,
        /// 仅供参考
        ForInformation = 2,
        /// 不予互认
        NotRecognised = 3,
    }
}

code_enum! {
    /// 不予互认原因: why a receiver does not rely on a decision.
    pub enum RecognitionReason {
        /// 无协议
        NoAgreement = 1,
        /// 事项未涵盖
        NotCovered = 2,
        /// 依据在本地无效
        BasisNotValidHere = 3,
        /// 决定现不约束他机关
        NotBinding = 4,
        /// 查无此主体
        NoSuchSubject = 5,
        /// 其他
        Other = 6,
    }
}

integer_map! {
    /// What a recognition response says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionResponseFields {
        /// The initiation or push that is answered.
        1 => asked: req(StatementRef),
        /// The decision.
        2 => decision: req(StatementRef),
        /// The answer.
        3 => answer: req(RecognitionAnswer),
        /// The version of the agreement relied on; exactly when recognised.
        4 => agreement: opt(StatementRef),
        /// The number of its clause; exactly when recognised.
        5 => clause: opt(Text<32>),
        /// Measures that the receiver takes, at most 64, ascending, each with its end; only when recognised.
        6 => measures: list(Duty),
        /// Why not; exactly when not recognised.
        7 => reason: opt(RecognitionReason),
        /// The same in words; there when not recognised.
        8 => reasons: opt(Text<2000>),
    }
}

/// 互认答复: a recognition response. The only way in is [`RecognitionResponse::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecognitionResponse(RecognitionResponseFields);

impl RecognitionResponse {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// The first of [`RecordError::Needs`], [`RecordError::Idle`], [`RecordError::Count`] and
    /// [`RecordError::NoEnd`] that applies.
    // spec: STM-201, STM-202
    pub fn new(fields: RecognitionResponseFields) -> Result<Self, RecordError> {
        let recognised = fields.answer == RecognitionAnswer::Recognised;
        let refused = fields.answer == RecognitionAnswer::NotRecognised;
        exactly("agreement", fields.agreement.is_some(), recognised)?;
        exactly("clause", fields.clause.is_some(), recognised)?;
        exactly("reason", fields.reason.is_some(), refused)?;
        if refused && fields.reasons.is_none() {
            return Err(RecordError::Needs { field: "reasons" });
        }
        if fields.measures.is_empty() {
            return Ok(Self(fields));
        }
        if !recognised {
            return Err(RecordError::Idle { field: MEASURES });
        }
        let codes: Vec<_> = fields.measures.iter().map(|duty| &duty.measure).collect();
        counted(MEASURES, &codes, MEASURES_MAX)?;
        match fields.measures.iter().any(|duty| is_no_end(duty.until)) {
            true => Err(RecordError::NoEnd { field: MEASURES }),
            false => Ok(Self(fields)),
        }
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &RecognitionResponseFields {
        &self.0
    }

    /// What it refers to: what asked, and the decision.
    #[must_use]
    pub const fn refers_to(&self) -> [&StatementRef; 2] {
        [&self.0.asked, &self.0.decision]
    }
}

const MEASURES: &str = "measures";

const fn exactly(field: &'static str, is_there: bool, wanted: bool) -> Result<(), RecordError> {
    match (is_there, wanted) {
        (false, true) => Err(RecordError::Needs { field }),
        (true, false) => Err(RecordError::Idle { field }),
        (true, true) | (false, false) => Ok(()),
    }
}

impl Serialize for RecognitionResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecognitionResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(RecognitionResponseFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
