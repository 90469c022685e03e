//! What a statement says, by class, and the small contents that have no page of their own.

use crate::codec::integer_map;
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::act::{
    Admission, Correction, Erasure, Ground, Objection, Repair, Ruling, Stay, Withdrawal,
};
use crate::statement::agreement::{Accession, Agreement, Retirement};
use crate::statement::calendar::Calendar;
use crate::statement::class::Class;
use crate::statement::deadline_rules::DeadlineRules;
use crate::statement::decision::{Decision, Invalid};
use crate::statement::delivery::DeliveryBatch;
use crate::statement::holdings::Holdings;
use crate::statement::measure_catalogue::MeasureCatalogue;
use crate::statement::payload::StatementRef;
use crate::statement::receipt::ReceiptBatch;
use crate::statement::recognition_response::RecognitionResponse;
use crate::statement::record::Record;
use crate::statement::registry::{
    CutOff, Enrolment, ItemCatalogue, Loss, Policy, Rotation, Succession, Suspension,
};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::time::Timestamp;

integer_map! {
    /// 通知: the home register's word that an act on another log's statement exists. No content.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Notice {
        /// The statement acted on.
        1 => target: req(StatementRef),
        /// The act.
        2 => act: req(StatementRef),
        /// The class of the act.
        3 => class: req(Class),
        /// The ground, of an objection.
        4 => ground: opt(Ground),
        /// `true` for an objection beyond the receiving authority's cap; left out otherwise.
        5 => over_cap: opt(bool),
    }
}

integer_map! {
    /// A head that the hub held when it made this entry.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HeadSeen {
        /// The log.
        1 => origin: req(Origin),
        /// Its size.
        2 => size: req(TreeSize),
        /// Its root.
        3 => root: req(Hash),
    }
}

integer_map! {
    /// 查询登记簿根: the root of the author's register of look-ups (`spec/lookups.md`).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct QueryRoot {
        /// How many rows it is of; at least one.
        1 => size: req(TreeSize),
        /// The root of their tree.
        2 => root: req(Hash),
        /// When the root before it was said; of the first, when that was looked at.
        3 => from: req(Timestamp),
        /// When this one was said.
        4 => until: req(Timestamp),
        /// The place, in the same log, of the last root said before rows were lost: this register does not have
        /// that root, and an operator let it go on.
        6 => resumed_after: opt(LeafIndex),
    }
}

integer_map! {
    /// The first entry after a restore: the highest head that others had seen.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Restart {
        /// Its size.
        1 => size: req(TreeSize),
        /// Its root.
        2 => root: req(Hash),
    }
}

/// The content of a statement. One variant per class that this version can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Content {
    /// A decision, or an entry in a list, which is the decision to list.
    Decision(Box<Decision>),
    Objection(Objection),
    Ruling(Ruling),
    Correction(Box<Correction>),
    Withdrawal(Withdrawal),
    Admission(Admission),
    Stay(Box<Stay>),
    Erasure(Box<Erasure>),
    Repair(Box<Repair>),
    Agreement(Box<Agreement>),
    Accession(Accession),
    Retirement(Retirement),
    /// What one who was asked says about relying on a decision.
    RecognitionResponse(Box<RecognitionResponse>),
    ItemCatalogue(ItemCatalogue),
    /// The measures that decisions may bring.
    MeasureCatalogue(Box<MeasureCatalogue>),
    Calendar(Box<Calendar>),
    DeadlineRules(Box<DeadlineRules>),
    Policy(Policy),
    Enrolment(Box<Enrolment>),
    Rotation(Rotation),
    Suspension(Suspension),
    CutOff(CutOff),
    Loss(Loss),
    Succession(Succession),
    Notice(Notice),
    DeliveryBatch(DeliveryBatch),
    Holdings(Box<Holdings>),
    ReceiptBatch(ReceiptBatch),
    QueryRoot(QueryRoot),
    HeadSeen(HeadSeen),
    Restart(Restart),
    /// Any of the classes 3 to 13.
    Record(Box<Record>),
}

impl Content {
    /// The class that this content belongs to.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Decision(decision) => decision.class(),
            Self::Objection(_) => Class::Objection,
            Self::Ruling(_) => Class::Ruling,
            Self::Correction(_) => Class::Correction,
            Self::Withdrawal(_) => Class::Withdrawal,
            Self::Admission(_) => Class::Admission,
            Self::Stay(_) => Class::Stay,
            Self::Erasure(_) => Class::Erasure,
            Self::Repair(_) => Class::Repair,
            Self::Agreement(_) => Class::Agreement,
            Self::Accession(_) => Class::Accession,
            Self::Retirement(_) => Class::Retirement,
            Self::RecognitionResponse(_) => Class::RecognitionResponse,
            Self::ItemCatalogue(_) => Class::ItemCatalogue,
            Self::MeasureCatalogue(_) => Class::MeasureCatalogue,
            Self::Calendar(_) => Class::Calendar,
            Self::DeadlineRules(_) => Class::DeadlineRules,
            Self::Policy(_) => Class::Policy,
            Self::Enrolment(_) => Class::Enrolment,
            Self::Rotation(_) => Class::Rotation,
            Self::Suspension(_) => Class::Suspension,
            Self::CutOff(_) => Class::CutOff,
            Self::Loss(_) => Class::Loss,
            Self::Succession(_) => Class::Succession,
            Self::Notice(_) => Class::Notice,
            Self::DeliveryBatch(_) => Class::DeliveryBatch,
            Self::Holdings(_) => Class::Holdings,
            Self::ReceiptBatch(_) => Class::ReceiptBatch,
            Self::QueryRoot(_) => Class::QueryRoot,
            Self::HeadSeen(_) => Class::HeadSeen,
            Self::Restart(_) => Class::Restart,
            Self::Record(record) => record.class(),
        }
    }

    /// The decision that this is, or that it puts in place of another.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decision(decision) => Some(decision),
            Self::Correction(correction) => Some(&correction.replacement),
            Self::Objection(_)
            | Self::Ruling(_)
            | Self::Withdrawal(_)
            | Self::Admission(_)
            | Self::Stay(_)
            | Self::Erasure(_)
            | Self::Repair(_)
            | Self::Agreement(_)
            | Self::Accession(_)
            | Self::Retirement(_)
            | Self::RecognitionResponse(_)
            | Self::ItemCatalogue(_)
            | Self::MeasureCatalogue(_)
            | Self::Calendar(_)
            | Self::DeadlineRules(_)
            | Self::Policy(_)
            | Self::Enrolment(_)
            | Self::Rotation(_)
            | Self::Suspension(_)
            | Self::CutOff(_)
            | Self::Loss(_)
            | Self::Succession(_)
            | Self::Notice(_)
            | Self::DeliveryBatch(_)
            | Self::Holdings(_)
            | Self::ReceiptBatch(_)
            | Self::QueryRoot(_)
            | Self::HeadSeen(_)
            | Self::Restart(_)
            | Self::Record(_) => None,
        }
    }

    /// The record that this is.
    #[must_use]
    pub const fn record(&self) -> Option<&Record> {
        if let Self::Record(record) = self {
            return Some(record);
        }
        None
    }

    /// The objection that this is.
    #[must_use]
    pub const fn objection(&self) -> Option<&Objection> {
        if let Self::Objection(objection) = self {
            return Some(objection);
        }
        None
    }

    /// The ruling that this is.
    #[must_use]
    pub const fn ruling(&self) -> Option<&Ruling> {
        if let Self::Ruling(ruling) = self {
            return Some(ruling);
        }
        None
    }

    /// The admission that this is.
    #[must_use]
    pub const fn admission(&self) -> Option<&Admission> {
        if let Self::Admission(admission) = self {
            return Some(admission);
        }
        None
    }

    /// The notice that this is.
    #[must_use]
    pub const fn notice(&self) -> Option<&Notice> {
        if let Self::Notice(notice) = self {
            return Some(notice);
        }
        None
    }

    /// The root of a register of look-ups that this is.
    #[must_use]
    pub const fn query_root(&self) -> Option<&QueryRoot> {
        if let Self::QueryRoot(root) = self {
            return Some(root);
        }
        None
    }

    /// The agreement that this is.
    #[must_use]
    pub const fn agreement(&self) -> Option<&Agreement> {
        if let Self::Agreement(agreement) = self {
            return Some(agreement);
        }
        None
    }

    /// The accession that this is.
    #[must_use]
    pub const fn accession(&self) -> Option<&Accession> {
        if let Self::Accession(accession) = self {
            return Some(accession);
        }
        None
    }

    /// The retirement that this is.
    #[must_use]
    pub const fn retirement(&self) -> Option<&Retirement> {
        if let Self::Retirement(retirement) = self {
            return Some(retirement);
        }
        None
    }

    /// The recognition response that this is.
    #[must_use]
    pub const fn recognition_response(&self) -> Option<&RecognitionResponse> {
        if let Self::RecognitionResponse(response) = self {
            return Some(response);
        }
        None
    }

    /// Those that this is about and whose bodies it is given to besides the log's author, the hub and
    /// supervisors: the member whose log it names, and the receiver of a delivery. `None` of every other
    /// class, whose bodies are given by visibility class.
    // spec: PRP-4
    #[must_use]
    pub fn concerns(&self, member: AuthorityCode) -> Option<bool> {
        let is_origin = |origin: &Origin| origin.member() == member.as_str();
        match self {
            Self::DeliveryBatch(batch) => {
                Some(batch.receiver() == member || is_origin(batch.origin()))
            }
            Self::ReceiptBatch(batch) => Some(is_origin(batch.origin())),
            Self::Holdings(holdings) => Some(is_origin(&holdings.fields().origin)),
            Self::Decision(_)
            | Self::Objection(_)
            | Self::Ruling(_)
            | Self::Correction(_)
            | Self::Withdrawal(_)
            | Self::Admission(_)
            | Self::Stay(_)
            | Self::Erasure(_)
            | Self::Repair(_)
            | Self::Agreement(_)
            | Self::Accession(_)
            | Self::Retirement(_)
            | Self::RecognitionResponse(_)
            | Self::ItemCatalogue(_)
            | Self::MeasureCatalogue(_)
            | Self::Calendar(_)
            | Self::DeadlineRules(_)
            | Self::Policy(_)
            | Self::Enrolment(_)
            | Self::Rotation(_)
            | Self::Suspension(_)
            | Self::CutOff(_)
            | Self::Loss(_)
            | Self::Succession(_)
            | Self::Notice(_)
            | Self::QueryRoot(_)
            | Self::HeadSeen(_)
            | Self::Record(_)
            | Self::Restart(_) => None,
        }
    }

    /// Looks at contents whose shape alone does not keep them right.
    // spec: STM-30
    pub(super) fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Notice(notice) => check_notice(notice),
            Self::QueryRoot(root) => check_query_root(root),
            // spec: STM-181
            Self::Loss(loss) if loss.basis.is_empty() => Err(Invalid::LossBasis),
            // spec: STM-233, STM-234
            Self::Succession(succession) => check_succession(succession),
            // These keep their own rules.
            Self::Decision(_)
            | Self::Objection(_)
            | Self::Ruling(_)
            | Self::Correction(_)
            | Self::Withdrawal(_)
            | Self::Admission(_)
            | Self::Stay(_)
            | Self::Erasure(_)
            | Self::Repair(_)
            | Self::Agreement(_)
            | Self::Accession(_)
            | Self::Retirement(_)
            | Self::RecognitionResponse(_)
            | Self::ItemCatalogue(_)
            | Self::MeasureCatalogue(_)
            | Self::Calendar(_)
            | Self::DeadlineRules(_)
            | Self::Policy(_)
            | Self::Enrolment(_)
            | Self::Rotation(_)
            | Self::Suspension(_)
            | Self::CutOff(_)
            | Self::Loss(_)
            | Self::DeliveryBatch(_)
            | Self::Holdings(_)
            | Self::ReceiptBatch(_)
            | Self::HeadSeen(_)
            | Self::Restart(_)
            | Self::Record(_) => Ok(()),
        }
    }

    /// The organisation that the content names, where it names one.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectCode> {
        match self {
            Self::Decision(decision) => Some(decision.fields().subject.code()),
            Self::Correction(correction) => Some(correction.replacement.fields().subject.code()),
            Self::Enrolment(enrolment) => Some(enrolment.member.code()),
            Self::Rotation(rotation) => Some(rotation.member.code()),
            Self::Suspension(suspension) => Some(suspension.member.code()),
            Self::CutOff(cut_off) => Some(cut_off.member.code()),
            Self::Loss(loss) => Some(loss.member.code()),
            Self::Succession(succession) => Some(succession.member.code()),
            Self::Record(record) => Some(record.subject().code()),
            Self::Objection(_)
            | Self::Ruling(_)
            | Self::Withdrawal(_)
            | Self::Admission(_)
            | Self::Stay(_)
            | Self::Erasure(_)
            | Self::Repair(_)
            | Self::Agreement(_)
            | Self::Accession(_)
            | Self::Retirement(_)
            | Self::RecognitionResponse(_)
            | Self::ItemCatalogue(_)
            | Self::MeasureCatalogue(_)
            | Self::Calendar(_)
            | Self::DeadlineRules(_)
            | Self::Policy(_)
            | Self::Notice(_)
            | Self::DeliveryBatch(_)
            | Self::Holdings(_)
            | Self::ReceiptBatch(_)
            | Self::QueryRoot(_)
            | Self::HeadSeen(_)
            | Self::Restart(_) => None,
        }
    }
}

// spec: STM-233, STM-234
fn check_succession(succession: &Succession) -> Result<(), Invalid> {
    if succession.basis.is_empty() {
        return Err(Invalid::SuccessionBasis);
    }
    match succession.member == succession.by {
        true => Err(Invalid::SuccessionOfItself),
        false => Ok(()),
    }
}

fn check_notice(notice: &Notice) -> Result<(), Invalid> {
    let objection = notice.class == Class::Objection;
    let fits = notice.class.is_act()
        && notice.ground.is_some() == objection
        && notice.over_cap.is_none_or(|over_cap| over_cap && objection);
    match fits {
        true => Ok(()),
        false => Err(Invalid::Notice),
    }
}

// spec: LKP-20
fn check_query_root(root: &QueryRoot) -> Result<(), Invalid> {
    match root.size > TreeSize::ZERO && root.from <= root.until {
        true => Ok(()),
        false => Err(Invalid::QueryRoot),
    }
}
