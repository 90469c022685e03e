//! Acts on another statement: objection, ruling, correction, withdrawal, admission, stay, repair.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{code_enum, integer_map};
use crate::statement::decision::{Decision, Invalid, LegalBasis};
use crate::statement::payload::StatementRef;
use crate::text::Text;
use crate::time::Day;

code_enum! {
    /// 异议人身份: in what role an objection is raised, never by whom.
    pub enum ObjectorRole {
        /// 信用主体: the organisation concerned.
        Subject = 1,
        /// 认定单位: the authority that decided.
        Issuer = 2,
        /// 上级监督机关: the supervisor.
        Supervisor = 3,
    }
}

code_enum! {
    /// 异议理由: the closed list of grounds.
    pub enum Ground {
        /// 事实有误
        Facts = 1,
        /// 主体有误
        WrongSubject = 2,
        /// 依据有误
        Basis = 3,
        /// 程序或送达有误
        Procedure = 4,
        /// 金额或措施有误
        Amount = 5,
        /// 已修复、已撤销或已到期
        Ended = 6,
        /// 公示内容或期限有误
        Publication = 7,
        /// 其他
        Other = 8,
    }
}

code_enum! {
    /// 处理结果: how an objection ends.
    pub enum Outcome {
        /// 异议成立
        Upheld = 1,
        /// 异议不成立
        Rejected = 2,
        /// 已更正
        Corrected = 3,
        /// 异议已撤回
        Withdrawn = 4,
    }
}

code_enum! {
    /// 撤销原因: why a statement is withdrawn.
    pub enum WithdrawalReason {
        /// 决定被撤销或变更
        DecisionRevoked = 1,
        /// 主体有误
        WrongSubject = 2,
        /// 重复报送
        Duplicate = 3,
        /// 不应归集
        OutsideCatalogue = 4,
        /// 其他错误
        OtherError = 5,
    }
}

code_enum! {
    /// “红名单”退出情形: by which of the four ways an organisation leaves a red list (HS-4.2).
    // spec: STM-190
    pub enum RedExit {
        /// 经异议处理认定有误
        ObjectionUpheld = 1,
        /// 列入黑名单、重点关注名单，或不当利用奖励机制
        ListedOrMisused = 2,
        /// 有效期届满
        ValidityEnded = 3,
        /// 认定标准改变
        CriteriaChanged = 4,
    }
}

impl WithdrawalReason {
    /// Whether a withdrawal for this reason takes an organisation off the list that the statement put it on. An
    /// entry that named another, or that stands twice, leaves the list of the organisation as it is.
    #[must_use]
    pub const fn ends_listing(self) -> bool {
        match self {
            Self::DecisionRevoked | Self::OutsideCatalogue | Self::OtherError => true,
            Self::WrongSubject | Self::Duplicate => false,
        }
    }
}

code_enum! {
    /// 修复方式: what a repair asks of whoever holds the information.
    pub enum RepairEffect {
        /// 移出名单
        RemoveFromList = 1,
        /// 停止共享和公示
        StopSharing = 2,
        /// 标注
        Mark = 3,
        /// 屏蔽或删除
        MaskOrDelete = 4,
    }
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct ObjectionMap {
        1 => role: req(ObjectorRole),
        2 => ground: req(Ground),
        3 => received_on: req(Day),
        4 => over_cap: opt(bool),
        5 => reasons: opt(Text<2000>),
    }
}

/// 异议: an objection to a decision, on one ground. Suspends the measures of others while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    role: ObjectorRole,
    ground: Ground,
    received_on: Day,
    over_cap: bool,
    reasons: Option<Text<2000>>,
}

impl Objection {
    /// Makes an objection as received on a day. `over_cap` marks one beyond the receiving
    /// authority's daily cap: logged and ruled on, but suspending only when admitted.
    #[must_use]
    pub const fn new(
        role: ObjectorRole,
        ground: Ground,
        received_on: Day,
        over_cap: bool,
        reasons: Option<Text<2000>>,
    ) -> Self {
        Self {
            role,
            ground,
            received_on,
            over_cap,
            reasons,
        }
    }

    /// The role of the objector.
    #[must_use]
    pub const fn role(&self) -> ObjectorRole {
        self.role
    }

    /// The ground.
    #[must_use]
    pub const fn ground(&self) -> Ground {
        self.ground
    }

    /// The day on which it was received.
    #[must_use]
    pub const fn received_on(&self) -> Day {
        self.received_on
    }

    /// Whether it came in beyond the receiving authority's daily cap.
    #[must_use]
    pub const fn over_cap(&self) -> bool {
        self.over_cap
    }

    /// The reasons given.
    #[must_use]
    pub const fn reasons(&self) -> Option<&Text<2000>> {
        self.reasons.as_ref()
    }
}

impl Serialize for Objection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = ObjectionMap {
            role: self.role,
            ground: self.ground,
            received_on: self.received_on,
            over_cap: self.over_cap.then_some(true),
            reasons: self.reasons.clone(),
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Objection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = ObjectionMap::deserialize(deserializer)?;
        if map.over_cap == Some(false) {
            return Err(D::Error::custom("over_cap is left out when it is false"));
        }
        let over_cap = map.over_cap.is_some();
        let (role, ground) = (map.role, map.ground);
        Ok(Self::new(
            role,
            ground,
            map.received_on,
            over_cap,
            map.reasons,
        ))
    }
}

/// 处理结果: a ruling. It closes exactly the objections that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    outcome: Outcome,
    closes: Vec<StatementRef>,
    reasons: Text<4000>,
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct RulingMap {
        1 => outcome: req(Outcome),
        2 => closes: list(StatementRef),
        3 => reasons: req(Text<4000>),
    }
}

impl Ruling {
    /// Makes a ruling that closes the objections named.
    ///
    /// # Errors
    /// [`Invalid::EmptyList`] when it names none, [`Invalid::ListOrder`] when the references are not
    /// in ascending order.
    // spec: STM-26
    pub fn new(
        outcome: Outcome,
        closes: Vec<StatementRef>,
        reasons: Text<4000>,
    ) -> Result<Self, Invalid> {
        named_once("closes", &closes)?;
        Ok(Self {
            outcome,
            closes,
            reasons,
        })
    }

    /// How the objections end.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The objections closed, ascending.
    #[must_use]
    pub fn closes(&self) -> &[StatementRef] {
        &self.closes
    }

    /// The reasons.
    #[must_use]
    pub const fn reasons(&self) -> &Text<4000> {
        &self.reasons
    }
}

impl Serialize for Ruling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (closes, reasons) = (self.closes.clone(), self.reasons.clone());
        RulingMap {
            outcome: self.outcome,
            closes,
            reasons,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ruling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = RulingMap::deserialize(deserializer)?;
        Self::new(map.outcome, map.closes, map.reasons).map_err(D::Error::custom)
    }
}

/// The supervisor's admission: the objections named suspend from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    admits: Vec<StatementRef>,
    reasons: Text<4000>,
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct AdmissionMap {
        1 => admits: list(StatementRef),
        2 => reasons: req(Text<4000>),
    }
}

impl Admission {
    /// Admits the objections named.
    ///
    /// # Errors
    /// As [`Ruling::new`].
    pub fn new(admits: Vec<StatementRef>, reasons: Text<4000>) -> Result<Self, Invalid> {
        named_once("admits", &admits)?;
        Ok(Self { admits, reasons })
    }

    /// The objections admitted, ascending.
    #[must_use]
    pub fn admits(&self) -> &[StatementRef] {
        &self.admits
    }

    /// The reasons.
    #[must_use]
    pub const fn reasons(&self) -> &Text<4000> {
        &self.reasons
    }
}

impl Serialize for Admission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AdmissionMap {
            admits: self.admits.clone(),
            reasons: self.reasons.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Admission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = AdmissionMap::deserialize(deserializer)?;
        Self::new(map.admits, map.reasons).map_err(D::Error::custom)
    }
}

integer_map! {
    /// 更正: the whole decision as it should have been. Whether that frees or binds its subject is
    /// computed, never claimed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Correction {
        /// What was wrong and why.
        1 => reasons: req(Text<4000>),
        /// The decision as corrected.
        2 => replacement: req(Decision),
    }
}

integer_map! {
    /// 撤销: the statement is taken back.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Withdrawal {
        /// The kind of reason.
        1 => reason: req(WithdrawalReason),
        /// The reasons in words.
        2 => reasons: req(Text<4000>),
        /// Of an entry in a red list: the way by which the organisation leaves it.
        3 => exit: opt(RedExit),
    }
}

code_enum! {
    /// 删除依据: why a body has to go.
    pub enum ErasureGround {
        /// 法定: a law says so, because its time is over for example.
        Law = 1,
        /// 命令: a court or a supervisor ordered it.
        Order = 2,
        /// 紧急个人信息: personal data got into it that should not be there.
        UrgentPersonalData = 3,
    }
}

integer_map! {
    /// 删除: the body of the statement is shown and given to nobody any more.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Erasure {
        /// The kind of ground.
        1 => ground: req(ErasureGround),
        /// Who decided or ordered it.
        2 => by: req(Text<200>),
        /// The articles that it rests on; at least one.
        3 => basis: list(LegalBasis),
        /// What quotes the target and goes with it, in the same log: corrections of it, and decisions of its
        /// chain; ascending, at most [`Erasure::CLOSURE_MAX`].
        4 => closure: list(StatementRef),
    }
}

impl Erasure {
    /// Statements that go with a target.
    pub const CLOSURE_MAX: usize = 64;

    /// Looks at what goes with a target.
    ///
    /// # Errors
    /// [`Invalid::ErasureBasis`] without an article, [`Invalid::ErasureClosure`] for what lies in another log
    /// than the target, is the target itself, or is not in strictly ascending order, and for too many.
    // spec: STM-203, STM-204
    pub fn check(&self, target: Option<&StatementRef>) -> Result<(), Invalid> {
        if self.basis.is_empty() {
            return Err(Invalid::ErasureBasis);
        }
        let beside = |one: &StatementRef| {
            target.is_some_and(|target| one.origin == target.origin && one.index != target.index)
        };
        let ascends = self.closure.iter().zip(self.closure.iter().skip(1));
        let ascends = ascends
            .into_iter()
            .all(|(one, next)| one.index < next.index);
        match ascends && self.closure.len() <= Self::CLOSURE_MAX && self.closure.iter().all(beside)
        {
            true => Ok(()),
            false => Err(Invalid::ErasureClosure),
        }
    }
}

integer_map! {
    /// What a stay says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StayFields {
        /// The court or review body that ordered it.
        1 => body: req(Text<200>),
        /// The number of its order.
        2 => document_number: req(Text<128>),
        /// The day of the order, from which on it stays.
        3 => ordered_on: req(Day),
        /// The last day, where the order names one.
        4 => until: opt(Day),
        /// The reasons.
        5 => reasons: req(Text<4000>),
    }
}

/// 停止执行: a stay by a court or review body (行政诉讼法 article 56, 行政复议法 article 42). Suspends the
/// decision itself, for its issuer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay(StayFields);

impl Stay {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// [`Invalid::UnshownInNumber`] for a document number with a character that does not show,
    /// [`Invalid::StayEndsBeforeOrder`] when the last day lies before the day of the order.
    // spec: STM-70, STM-71
    pub fn new(fields: StayFields) -> Result<Self, Invalid> {
        if let Some(character) = fields.document_number.unshown() {
            return Err(Invalid::UnshownInNumber { character });
        }
        if fields.until.is_some_and(|until| until < fields.ordered_on) {
            return Err(Invalid::StayEndsBeforeOrder);
        }
        Ok(Self(fields))
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &StayFields {
        &self.0
    }

    /// Whether it stays on a day.
    #[must_use]
    pub fn is_on(&self, day: Day) -> bool {
        self.0.ordered_on <= day && self.0.until.is_none_or(|until| day <= until)
    }
}

impl Serialize for Stay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(StayFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

integer_map! {
    /// What a repair says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RepairFields {
        /// What it asks, ascending.
        1 => effects: list(RepairEffect),
        /// The day of the decision on it.
        2 => decided_on: req(Day),
        /// Articles of law.
        3 => basis: list(LegalBasis),
        /// The reasons.
        4 => reasons: req(Text<4000>),
        /// The day on which it was applied for, where it was.
        6 => applied_on: opt(Day),
    }
}

/// 信用修复: the repair of an organisation's credit. What a decision brings with others ends; the
/// decision stays on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair(RepairFields);

impl Repair {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// [`Invalid::EmptyList`] when it asks nothing, [`Invalid::ListOrder`] when what it asks is not in
    /// ascending order, [`Invalid::AppliedAfter`] when it was decided on before it was applied for.
    // spec: STM-72, STM-180
    pub fn new(fields: RepairFields) -> Result<Self, Invalid> {
        named_once("effects", &fields.effects)?;
        if fields.applied_on.is_some_and(|on| on > fields.decided_on) {
            return Err(Invalid::AppliedAfter);
        }
        Ok(Self(fields))
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &RepairFields {
        &self.0
    }
}

impl Serialize for Repair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Repair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(RepairFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn named_once<T: Ord>(field: &'static str, named: &[T]) -> Result<(), Invalid> {
    if named.is_empty() {
        return Err(Invalid::EmptyList { field });
    }
    if !named.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::ListOrder { field });
    }
    Ok(())
}
