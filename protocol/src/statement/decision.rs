//! 行政决定: an administrative decision about an organisation (`spec/statements.md`, decision).
//!
//! A decision that reduces rights or adds duties cannot exist as a [`Decision`] without its basis,
//! service, remedies, the end of its publication and the end of every duty.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{code_enum, integer_map};
use crate::screen::find_personal;
use crate::statement::class::Class;
use crate::statement::listing::{self, Listing};
use crate::statement::measure::Measure;
use crate::statement::payload::StatementRef;
use crate::subject::{Form, Subject, SubjectCheck, SubjectCode};
use crate::text::Text;
use crate::time::Day;

code_enum! {
    /// 行政行为类别: the ten act types (HG-12a, HH-4.2), and the three kinds of list.
    pub enum ActType {
        /// 行政许可
        Licence = 1,
        /// 行政处罚
        Penalty = 2,
        /// 行政强制
        Compulsion = 3,
        /// 行政确认
        Confirmation = 4,
        /// 行政征收
        Levy = 5,
        /// 行政给付
        Payment = 6,
        /// 行政裁决
        Adjudication = 7,
        /// 行政补偿
        Compensation = 8,
        /// 行政奖励
        Reward = 9,
        /// 行政监督检查
        Inspection = 10,
        /// 列入守信激励名单（红名单）: an entry in a red list; no act type of its own in HH-4.2.
        RedList = 11,
        /// 列入严重失信主体名单: an entry in a list of serious breaches.
        SeriousList = 12,
        /// 列入重点关注名单: an entry in a watch list, below that threshold (HH-3.1b).
        WatchList = 13,
    }
}

impl ActType {
    /// Whether decisions of this type reduce rights or add duties by themselves.
    #[must_use]
    pub const fn is_adverse(self) -> bool {
        let acts = matches!(self, Self::Penalty | Self::Compulsion | Self::Levy);
        acts || matches!(self, Self::SeriousList | Self::WatchList)
    }

    /// Whether decisions of this type are entries in a list.
    #[must_use]
    pub const fn lists(self) -> bool {
        matches!(self, Self::RedList | Self::SeriousList | Self::WatchList)
    }
}

code_enum! {
    /// 处罚种类 (Administrative Penalty Law 2021, article 9); detention concerns persons and has no code.
    pub enum PenaltyClass {
        /// 警告、通报批评
        Warning = 1,
        /// 罚款、没收违法所得、没收非法财物
        Fine = 2,
        /// 暂扣许可证件、降低资质等级、吊销许可证件
        Licence = 3,
        /// 限制开展生产经营活动、责令停产停业、责令关闭、限制从业
        Restriction = 4,
        /// 其他
        Other = 6,
    }
}

code_enum! {
    /// 效力层级: the level of a legal basis.
    pub enum BasisLevel {
        /// 法律
        Law = 1,
        /// 行政法规
        AdministrativeRegulation = 2,
        /// 地方性法规
        LocalRegulation = 3,
        /// 部门规章
        MinisterialRule = 4,
        /// 地方政府规章
        LocalGovernmentRule = 5,
        /// 党中央、国务院政策文件
        CentralPolicy = 6,
    }
}

code_enum! {
    /// 送达方式: how a decision was served.
    pub enum ServiceWay {
        /// 直接送达
        Direct = 1,
        /// 留置送达
        Left = 2,
        /// 委托送达
        Entrusted = 3,
        /// 邮寄送达
        Post = 4,
        /// 公告送达
        Announcement = 5,
        /// 电子送达
        Electronic = 6,
    }
}

code_enum! {
    /// 救济途径: a remedy.
    pub enum RemedyKind {
        /// 行政复议
        Reconsideration = 1,
        /// 行政诉讼
        Litigation = 2,
    }
}

/// The code of a catalogue item: 1–64 of `a`–`z`, `0`–`9`, `.` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// Takes a code as it is.
    ///
    /// # Errors
    /// [`CodeTextError`] for another length or character, and for the number of a natural person.
    pub fn new(text: &str) -> Result<Self, CodeTextError> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        let shaped = !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed);
        // spec: ID-37
        if !shaped || find_personal(text).is_some() {
            return Err(CodeTextError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A code with another length or character than allowed, or that is the number of a natural person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is 1 to 64 of a-z, 0-9, '.' and '-', and no number of a person")]
pub struct CodeTextError;

integer_map! {
    /// An article of law that a decision rests on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LegalBasis {
        /// The act, by name.
        1 => law: req(Text<200>),
        /// The article, as it is quoted.
        2 => article: req(Text<200>),
        /// The level of the act.
        3 => level: req(BasisLevel),
    }
}

integer_map! {
    /// When and how a decision reached its addressee.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Service {
        /// The day of service.
        1 => on: req(Day),
        /// The way of service.
        2 => way: req(ServiceWay),
    }
}

integer_map! {
    /// Where and within what time the addressee may contest a decision.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Remedy {
        /// The kind of remedy.
        1 => kind: req(RemedyKind),
        /// The body to turn to.
        2 => body: req(Text<200>),
        /// Days from service.
        3 => within_days: req(u32),
    }
}

integer_map! {
    /// A measure or continuing duty that a decision brings, with its end.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Duty {
        /// The measure in the catalogue.
        1 => measure: req(Measure),
        /// The last day.
        2 => until: req(Day),
        /// What it asks, in the issuer's words.
        3 => content: opt(Text<1000>),
    }
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct SubjectMap {
        1 => code: req(SubjectCode),
        2 => registrar_reference: opt(Text<128>),
        3 => form: req(Form),
        4 => name: req(Text<200>),
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = SubjectMap {
            code: self.code(),
            registrar_reference: self.check().registrar_reference().cloned(),
            form: self.form(),
            name: self.name().clone(),
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = SubjectMap::deserialize(deserializer)?;
        Self::new(
            map.code,
            SubjectCheck::from_reference(map.registrar_reference),
            map.form,
            map.name,
        )
        .map_err(D::Error::custom)
    }
}

integer_map! {
    /// What a decision says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DecisionFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// 决定文书号: the document's number, unique with issuer and item.
        2 => document_number: req(Text<128>),
        /// The type of act.
        3 => act_type: req(ActType),
        /// The item of the catalogue.
        4 => item: req(Code),
        /// The day of the decision.
        5 => decided_on: req(Day),
        /// Service of notice.
        6 => service: opt(Service),
        /// Articles of law.
        7 => basis: list(LegalBasis),
        /// What was found.
        8 => facts: opt(Text<5000>),
        /// What was decided.
        9 => content: opt(Text<4000>),
        /// Classes of penalty.
        10 => penalty_classes: list(PenaltyClass),
        /// Fine in fen (0.01 yuan).
        11 => fine_fen: opt(u64),
        /// Confiscation in fen (0.01 yuan).
        12 => confiscation_fen: opt(u64),
        /// Measures and continuing duties.
        13 => duties: list(Duty),
        /// First day of validity, of a licence for example.
        14 => valid_from: opt(Day),
        /// Last day of validity.
        15 => valid_until: opt(Day),
        /// Last day of publication.
        16 => publication_until: opt(Day),
        /// Remedies.
        17 => remedies: list(Remedy),
        /// Root of the chain that this decision re-issues.
        18 => reissues: opt(StatementRef),
        /// Statements that this one rests on.
        19 => rests_on: list(StatementRef),
        /// Keys of this map whose values are made up for a test or demonstration.
        20 => synthetic: list(u64),
        /// Where the row came from: the source's own number for it.
        21 => source: opt(Text<128>),
        /// First day of publication at the source.
        22 => published_on: opt(Day),
        /// What an entry in a list says on top; exactly with the types of act that list.
        23 => listing: opt(Listing),
    }
}

/// A decision that keeps the boundary. The only way in is [`Decision::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision(DecisionFields);

impl Decision {
    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// The first rule that does not hold, see [`Invalid`].
    // spec: STM-20, STM-21, STM-22, STM-23, STM-24
    pub fn new(fields: DecisionFields) -> Result<Self, Invalid> {
        // spec: ID-42
        if let Some(character) = fields.document_number.unshown() {
            return Err(Invalid::UnshownInNumber { character });
        }
        let decision = Self(fields);
        decision.dates()?;
        // spec: STM-60
        let mut remedies = decision.0.remedies.iter();
        if remedies.any(|remedy| remedy.within_days == 0) {
            return Err(Invalid::RemedyWithoutTerm);
        }
        if decision.is_adverse() {
            decision.boundary()?;
        }
        listing::check(&decision.0)?;
        decision.lists()?;
        Ok(decision)
    }

    /// The class that it is said under.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self.0.act_type.lists() {
            true => Class::ListEntry,
            false => Class::Decision,
        }
    }

    /// Whether it reduces rights or adds duties.
    #[must_use]
    pub fn is_adverse(&self) -> bool {
        self.0.act_type.is_adverse()
            || !self.0.duties.is_empty()
            || !self.0.penalty_classes.is_empty()
            || self.0.fine_fen.is_some()
            || self.0.confiscation_fen.is_some()
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &DecisionFields {
        &self.0
    }

    /// Gives the fields back, to change and check them anew.
    #[must_use]
    pub fn into_fields(self) -> DecisionFields {
        self.0
    }

    fn dates(&self) -> Result<(), Invalid> {
        let fields = &self.0;
        let ends = [
            ("valid_until", fields.valid_until),
            ("publication_until", fields.publication_until),
        ];
        let duty_ends = fields
            .duties
            .iter()
            .map(|duty| ("duties", Some(duty.until)));
        for (field, end) in ends.into_iter().chain(duty_ends) {
            let Some(end) = end else { continue };
            if end < fields.decided_on {
                return Err(Invalid::EndsBeforeDecision { field });
            }
            if is_no_end(end) && (self.is_adverse() || field != "valid_until") {
                return Err(Invalid::NoEnd { field });
            }
        }
        if fields
            .service
            .as_ref()
            .is_some_and(|service| service.on < fields.decided_on)
        {
            return Err(Invalid::ServedBeforeDecision);
        }
        if let (Some(from), Some(until)) = (fields.valid_from, fields.valid_until)
            && until < from
        {
            return Err(Invalid::EndsBeforeItBegins);
        }
        Ok(())
    }

    fn boundary(&self) -> Result<(), Invalid> {
        let fields = &self.0;
        if fields.basis.is_empty() {
            return Err(Invalid::NoBasis);
        }
        if fields.service.is_none() {
            return Err(Invalid::NoService);
        }
        if fields.publication_until.is_none() {
            return Err(Invalid::NoPublicationEnd);
        }
        if fields.remedies.is_empty() {
            return Err(Invalid::NoRemedy);
        }
        Ok(())
    }

    // spec: STM-31
    fn lists(&self) -> Result<(), Invalid> {
        let fields = &self.0;
        if !strictly_ascending(&fields.penalty_classes) {
            return Err(Invalid::ListOrder {
                field: "penalty_classes",
            });
        }
        if !strictly_ascending(&fields.synthetic) {
            return Err(Invalid::ListOrder { field: "synthetic" });
        }
        if !strictly_ascending(&fields.rests_on) {
            return Err(Invalid::ListOrder { field: "rests_on" });
        }
        Ok(())
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(DecisionFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn strictly_ascending<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|a, b| a < b)
}

/// Days from 2099 on are used as "no end" in the field's tables (`CF_YXQ` 2099/12/31).
pub(super) fn is_no_end(day: Day) -> bool {
    day.ymd().0 >= 2099
}

/// Which rule about a statement as a whole does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// It reduces rights or adds duties and cites no article of law.
    #[error("it reduces rights or adds duties but cites no legal basis")]
    NoBasis,
    /// It reduces rights or adds duties and does not say how it was served.
    #[error("it reduces rights or adds duties but does not say when and how it was served")]
    NoService,
    /// It reduces rights or adds duties and its publication has no end.
    #[error("it reduces rights or adds duties but its publication has no end")]
    NoPublicationEnd,
    /// It reduces rights or adds duties and names no remedy.
    #[error("it reduces rights or adds duties but names no remedy")]
    NoRemedy,
    /// A remedy is open for no day.
    #[error("a remedy has a term of 0 days")]
    RemedyWithoutTerm,
    /// A date stands for "no end".
    #[error("{field} stands for no end; every measure, duty and publication has one")]
    NoEnd {
        /// The field.
        field: &'static str,
    },
    /// An end before the decision.
    #[error("{field} lies before the day of the decision")]
    EndsBeforeDecision {
        /// The field.
        field: &'static str,
    },
    /// An end before its own beginning.
    #[error("valid_until lies before valid_from")]
    EndsBeforeItBegins,
    /// Service before the decision.
    #[error("the day of service lies before the day of the decision")]
    ServedBeforeDecision,
    /// A type of act that lists without what an entry says, or the reverse.
    #[error("an entry in a list, and nothing else, says how it ends and how one was told of it")]
    Listing,
    /// An entry in a list that leaves out what it has to say.
    #[error("an entry in this list says nothing of {field}")]
    ListLacks {
        /// The field.
        field: &'static str,
    },
    /// An entry in a list that says what only another kind of list does.
    #[error("{field} has no place in this list")]
    OtherList {
        /// The field.
        field: &'static str,
    },
    /// An entry in a list that punishes by itself.
    #[error("an entry in a list brings no fine, confiscation or class of penalty of its own")]
    ListAmount,
    /// A measure that goes on when its entry in a list has ended.
    #[error("a measure lasts longer than the entry in the list that brings it")]
    OutlastsEntry,
    /// An organisation that was told of its listing only with it, or later.
    #[error("the organisation was not told before the day on which it was listed")]
    ToldTooLate,
    /// An agreement of fewer than two parties, or with parties out of order.
    #[error("an agreement names two parties or more, in ascending order without repetition")]
    Parties,
    /// The number of a version that does not fit what it says of the first.
    #[error(
        "the first version of an agreement is 1 and names no other; a later one names the first"
    )]
    Version,
    /// A clause that names an authority that is no party.
    #[error("{field} names an authority that is no party")]
    NoParty {
        /// The field.
        field: &'static str,
    },
    /// A measure that is to be mandatory and rests on less than a statute.
    #[error("a mandatory measure rests on a law, an administrative or a local regulation")]
    MandatoryBasis,
    /// An erasure that cites nothing.
    #[error("an erasure cites no article")]
    ErasureBasis,
    /// An erasure that takes along what it cannot.
    #[error(
        "what goes with an erasure lies in the log of its target, is not the target, ascends without repetition and is 64 at most"
    )]
    ErasureClosure,
    /// A declaration of loss that cites nothing.
    #[error("a declaration that a member is lost cites no article")]
    LossBasis,
    /// A succession that cites nothing.
    #[error("a succession cites no article")]
    SuccessionBasis,
    /// An authority that is to take over from itself.
    #[error("no authority takes over from itself")]
    SuccessionOfItself,
    /// Holdings of nothing, or of positions that they do not reach to.
    #[error("what is said of bodies lies outside the positions that it is said of")]
    OutOfReach,
    /// A list that is not in strictly ascending order.
    #[error("{field} is not in ascending order without repetition")]
    ListOrder {
        /// The field.
        field: &'static str,
    },
    /// A notice that says of an act what cannot be.
    #[error("a notice is of an act, with a ground exactly for an objection")]
    Notice,
    /// A root of look-ups of nothing, or that ends before it begins.
    #[error("a root of look-ups is of one row or more, and ends no sooner than it begins")]
    QueryRoot,
    /// A document number with a character that does not show by itself: it would read like another.
    #[error("the document number holds U+{:04X}, which does not show", u32::from(*character))]
    UnshownInNumber {
        /// The character.
        character: char,
    },
    /// A stay that ends before it was ordered.
    #[error("the last day of the stay lies before the day of its order")]
    StayEndsBeforeOrder,
    /// A repair that was decided on before it was applied for.
    #[error("the day of the application lies after that of the decision on the repair")]
    AppliedAfter,
    /// A receipt that says of an act what cannot be.
    #[error(
        "a receipt gives a reason exactly for a refusal, and measures only where the act was applied"
    )]
    Receipt,
    /// A list with more entries than one statement takes.
    #[error("{field} has more entries than one statement takes")]
    TooMany {
        /// The field.
        field: &'static str,
    },
    /// A list that must name something is empty.
    #[error("{field} names nothing")]
    EmptyList {
        /// The field.
        field: &'static str,
    },
}
