//! The classes of statement and the kinds of leaf they become (`spec/statements.md`, class table).

use crate::codec::code_enum;

code_enum! {
    /// What a statement is. Codes are never reused; those without content in this version are
    /// reserved and refused with a named error.
    pub enum Class {
        /// 行政决定: an administrative decision about an organisation.
        Decision = 1,
        /// 列入名单: an entry in a list.
        ListEntry = 2,
        /// 信用承诺: a commitment.
        Commitment = 3,
        /// The outcome of a commitment.
        CommitmentOutcome = 4,
        /// 自主申报: what an organisation says of itself.
        SelfDeclaration = 5,
        /// 信用评价: the issuer's own evaluation of an organisation.
        Evaluation = 6,
        /// 约谈: an interview.
        Interview = 7,
        /// 联合惩戒措施: a measure on the strength of a decision.
        Measure = 8,
        /// 发起: initiation of joint measures.
        Initiation = 9,
        /// 响应: response to an initiation or push.
        Response = 10,
        /// 推送: push.
        Push = 11,
        /// 反馈: feedback on measures.
        Feedback = 12,
        /// 统一社会信用代码变更: a registrar's word that an organisation has another code.
        CodeChange = 13,
        /// 异议: objection.
        Objection = 20,
        /// 处理结果: ruling on objections.
        Ruling = 21,
        /// 停止执行: stay by a court or review body.
        Stay = 22,
        /// 更正: correction.
        Correction = 23,
        /// 撤销: withdrawal.
        Withdrawal = 24,
        /// 信用修复: repair.
        Repair = 25,
        /// 删除: erasure of bodies.
        Erasure = 26,
        /// The supervisor's admission of objections that do not suspend by themselves.
        Admission = 27,
        /// 互认协议: agreement.
        Agreement = 30,
        /// Accession to an agreement.
        Accession = 31,
        /// Retirement of an agreement.
        Retirement = 32,
        /// A receiver's answer on recognition.
        RecognitionResponse = 33,
        /// 信息目录: item catalogue.
        ItemCatalogue = 40,
        /// 措施清单: measure catalogue.
        MeasureCatalogue = 41,
        /// 工作日历: working-day calendar.
        Calendar = 42,
        /// 期限规则: deadline rules.
        DeadlineRules = 43,
        /// Registry policy: cosigners, quorum, heartbeat, grace.
        Policy = 44,
        /// 入网: enrolment of a member or issuer.
        Enrolment = 45,
        /// Rotation to another key.
        Rotation = 46,
        /// 暂停: suspension of a member, or its lifting.
        Suspension = 47,
        /// Cut-off of a key by log position.
        CutOff = 48,
        /// 职能承继: another authority takes over what one was charged with.
        Succession = 49,
        /// 失联认定: a member is declared lost as a holder.
        Loss = 50,
        /// 通知: the home register's notice of an act on another log's statement.
        Notice = 60,
        /// 持有: what a receiver holds of a log.
        Holdings = 61,
        /// Bodies delivered, by range.
        DeliveryBatch = 62,
        /// 回执: what a receiver did with acts.
        ReceiptBatch = 63,
        /// Root of the local register of look-ups.
        QueryRoot = 64,
        /// A foreign head that the hub saw.
        HeadSeen = 65,
        /// First entry after a restore.
        Restart = 66,
    }
}

code_enum! {
    /// What a leaf says about its statement to everyone who replicates the log.
    pub enum Kind {
        /// A record about an organisation.
        Data = 1,
        /// Acts on another statement.
        Act = 2,
        /// Root of the acts map; its commit is the root itself.
        ActsMap = 3,
        /// Receipts.
        Receipts = 4,
        /// Holdings.
        Holdings = 5,
        /// Deliveries.
        Deliveries = 6,
        /// Registry data.
        Registry = 7,
        /// Agreements.
        Agreement = 8,
        /// Notices of the home register.
        Notice = 9,
        /// Heads seen.
        HeadSeen = 10,
        /// Root of the register of look-ups.
        QueryRoot = 11,
        /// Restart after a restore.
        Restart = 12,
    }
}

impl Kind {
    /// Whether bodies of this kind are given to those alone whom they concern
    /// ([`Content::concerns`](crate::statement::Content::concerns)), whatever their visibility class.
    // spec: PRP-4
    #[must_use]
    pub const fn is_between_parties(self) -> bool {
        matches!(self, Self::Receipts | Self::Deliveries | Self::Holdings)
    }
}

impl Class {
    /// The kind of leaf that a statement of this class becomes.
    // spec: STM-11
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Decision
            | Self::ListEntry
            | Self::Commitment
            | Self::CommitmentOutcome
            | Self::SelfDeclaration
            | Self::Evaluation
            | Self::Interview
            | Self::Measure
            | Self::Initiation
            | Self::Response
            | Self::Push
            | Self::Feedback
            | Self::CodeChange => Kind::Data,
            Self::Objection
            | Self::Ruling
            | Self::Stay
            | Self::Correction
            | Self::Withdrawal
            | Self::Repair
            | Self::Erasure
            | Self::Admission => Kind::Act,
            Self::Agreement | Self::Accession | Self::Retirement | Self::RecognitionResponse => {
                Kind::Agreement
            }
            Self::ItemCatalogue
            | Self::MeasureCatalogue
            | Self::Calendar
            | Self::DeadlineRules
            | Self::Policy
            | Self::Enrolment
            | Self::Rotation
            | Self::Suspension
            | Self::CutOff
            | Self::Succession
            | Self::Loss => Kind::Registry,
            Self::Notice => Kind::Notice,
            Self::Holdings => Kind::Holdings,
            Self::DeliveryBatch => Kind::Deliveries,
            Self::ReceiptBatch => Kind::Receipts,
            Self::QueryRoot => Kind::QueryRoot,
            Self::HeadSeen => Kind::HeadSeen,
            Self::Restart => Kind::Restart,
        }
    }

    /// Whether a statement of this class is a decision about an organisation: effect is worked out for
    /// it, and acts are on it.
    #[must_use]
    pub const fn is_decision(self) -> bool {
        matches!(self, Self::Decision | Self::ListEntry)
    }

    /// Whether a statement of this class is a record about an organisation beside its decisions: data from which
    /// no effect on a decision follows.
    #[must_use]
    pub const fn is_record(self) -> bool {
        matches!(self.kind(), Kind::Data) && !self.is_decision()
    }

    /// Whether a statement of this class acts on another one and therefore names a target.
    #[must_use]
    pub const fn is_act(self) -> bool {
        matches!(self.kind(), Kind::Act)
    }
}
