//! The fields of a decision that a profile can fill, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field of a decision as a profile names it, in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// 统一社会信用代码 of the organisation.
    SubjectCode,
    /// Registrar's confirmation of a code whose check character does not hold.
    RegistrarReference,
    /// Legal form of the organisation.
    SubjectForm,
    /// Name of the organisation.
    SubjectName,
    /// Code of the deciding authority: compared with the importing one, never stored.
    AgencyCode,
    /// Name of the deciding authority: compared with the importing one's, never stored.
    AgencyName,
    /// 决定文书号.
    DocumentNumber,
    /// Type of act.
    ActType,
    /// Item of the catalogue.
    Item,
    /// Day of the decision.
    DecidedOn,
    /// Day of service.
    ServedOn,
    /// Way of service.
    ServiceWay,
    /// Articles of law.
    Basis,
    /// What was found.
    Facts,
    /// What was decided.
    Content,
    /// Classes of penalty.
    PenaltyClasses,
    /// Fine.
    Fine,
    /// Confiscation.
    Confiscation,
    /// Measures and continuing duties.
    Duties,
    /// First day of validity.
    ValidFrom,
    /// Last day of validity.
    ValidUntil,
    /// Last day of publication.
    PublicationUntil,
    /// Remedies.
    Remedies,
    /// The source's own number for the row.
    Source,
    /// First day of publication at the source.
    PublishedOn,
    /// Day on which the organisation was told beforehand of its listing.
    PreNoticeOn,
    /// In what way it was told.
    PreNoticeWay,
    /// On what conditions an entry in a list ends.
    ExitConditions,
    /// By what procedure it ends.
    ExitProcedure,
    /// Group of serious conduct.
    SeriousGroup,
    /// Quarter of a list that is made every quarter.
    Quarter,
}

impl Field {
    /// The name in a profile.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SubjectCode => "subject_code",
            Self::RegistrarReference => "registrar_reference",
            Self::SubjectForm => "subject_form",
            Self::SubjectName => "subject_name",
            Self::AgencyCode => "agency_code",
            Self::AgencyName => "agency_name",
            Self::DocumentNumber => "document_number",
            Self::ActType => "act_type",
            Self::Item => "item",
            Self::DecidedOn => "decided_on",
            Self::ServedOn => "served_on",
            Self::ServiceWay => "service_way",
            Self::Basis => "basis",
            Self::Facts => "facts",
            Self::Content => "content",
            Self::PenaltyClasses => "penalty_classes",
            Self::Fine => "fine",
            Self::Confiscation => "confiscation",
            Self::Duties => "duties",
            Self::ValidFrom => "valid_from",
            Self::ValidUntil => "valid_until",
            Self::PublicationUntil => "publication_until",
            Self::Remedies => "remedies",
            Self::Source => "source",
            Self::PublishedOn => "published_on",
            Self::PreNoticeOn => "pre_notice_on",
            Self::PreNoticeWay => "pre_notice_way",
            Self::ExitConditions => "exit_conditions",
            Self::ExitProcedure => "exit_procedure",
            Self::SeriousGroup => "serious_group",
            Self::Quarter => "quarter",
        }
    }

    /// The words for it in Chinese.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::SubjectCode => "统一社会信用代码",
            Self::RegistrarReference => "登记机关确认文号",
            Self::SubjectForm => "主体形式",
            Self::SubjectName => "主体名称",
            Self::AgencyCode => "作出决定机关代码",
            Self::AgencyName => "作出决定机关名称",
            Self::DocumentNumber => "决定文书号",
            Self::ActType => "行政行为类别",
            Self::Item => "事项代码",
            Self::DecidedOn => "决定日期",
            Self::ServedOn => "送达日期",
            Self::ServiceWay => "送达方式",
            Self::Basis => "法律依据",
            Self::Facts => "事实",
            Self::Content => "决定内容",
            Self::PenaltyClasses => "处罚种类",
            Self::Fine => "罚款金额",
            Self::Confiscation => "没收金额",
            Self::Duties => "措施或持续义务",
            Self::ValidFrom => "有效期自",
            Self::ValidUntil => "有效期至",
            Self::PublicationUntil => "公示截止期",
            Self::Remedies => "救济途径",
            Self::Source => "来源编号",
            Self::PublishedOn => "首次公示日期",
            Self::PreNoticeOn => "事先告知日期",
            Self::PreNoticeWay => "事先告知方式",
            Self::ExitConditions => "移出条件",
            Self::ExitProcedure => "移出程序",
            Self::SeriousGroup => "严重失信行为类别",
            Self::Quarter => "季度",
        }
    }

    /// The key of the decision's map that this field goes to; `None` for what is compared only.
    #[must_use]
    pub const fn key(self) -> Option<u64> {
        match self {
            Self::SubjectCode | Self::RegistrarReference | Self::SubjectForm => Some(1),
            Self::SubjectName => Some(1),
            Self::AgencyCode | Self::AgencyName => None,
            Self::DocumentNumber => Some(2),
            Self::ActType => Some(3),
            Self::Item => Some(4),
            Self::DecidedOn => Some(5),
            Self::ServedOn | Self::ServiceWay => Some(6),
            Self::Basis => Some(7),
            Self::Facts => Some(8),
            Self::Content => Some(9),
            Self::PenaltyClasses => Some(10),
            Self::Fine => Some(11),
            Self::Confiscation => Some(12),
            Self::Duties => Some(13),
            Self::ValidFrom => Some(14),
            Self::ValidUntil => Some(15),
            Self::PublicationUntil => Some(16),
            Self::Remedies => Some(17),
            Self::Source => Some(21),
            Self::PublishedOn => Some(22),
            Self::PreNoticeOn
            | Self::PreNoticeWay
            | Self::ExitConditions
            | Self::ExitProcedure
            | Self::SeriousGroup
            | Self::Quarter => Some(23),
        }
    }

    /// The field that goes to a key of the decision's map, the first where several go there.
    #[must_use]
    pub const fn of_key(key: u64) -> Option<Self> {
        Some(match key {
            1 => Self::SubjectCode,
            2 => Self::DocumentNumber,
            3 => Self::ActType,
            4 => Self::Item,
            5 => Self::DecidedOn,
            6 => Self::ServedOn,
            7 => Self::Basis,
            8 => Self::Facts,
            9 => Self::Content,
            10 => Self::PenaltyClasses,
            11 => Self::Fine,
            12 => Self::Confiscation,
            13 => Self::Duties,
            14 => Self::ValidFrom,
            15 => Self::ValidUntil,
            16 => Self::PublicationUntil,
            17 => Self::Remedies,
            21 => Self::Source,
            22 => Self::PublishedOn,
            23 => Self::PreNoticeOn,
            _ => return None,
        })
    }

    /// How the field reads its cell.
    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::SubjectCode | Self::AgencyCode => Shape::Code,
            Self::RegistrarReference
            | Self::SubjectName
            | Self::AgencyName
            | Self::DocumentNumber
            | Self::Facts
            | Self::Content
            | Self::Source
            | Self::ExitConditions
            | Self::ExitProcedure
            | Self::Quarter => Shape::Text,
            Self::SubjectForm
            | Self::ActType
            | Self::Item
            | Self::ServiceWay
            | Self::PreNoticeWay
            | Self::SeriousGroup
            | Self::PenaltyClasses => Shape::Name,
            Self::DecidedOn
            | Self::ServedOn
            | Self::ValidFrom
            | Self::ValidUntil
            | Self::PublicationUntil
            | Self::PublishedOn
            | Self::PreNoticeOn => Shape::Day,
            Self::Basis => Shape::Basis,
            Self::Fine | Self::Confiscation => Shape::Money,
            Self::Duties | Self::Remedies => Shape::Table,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a field reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A code of 18 characters.
    Code,
    /// Free text.
    Text,
    /// A name out of a list, or several.
    Name,
    /// A day.
    Day,
    /// Articles of law.
    Basis,
    /// An amount of money.
    Money,
    /// Declared by tables of its own, not under `[fields]`.
    Table,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_of_a_key_goes_to_that_key() {
        let known: Vec<_> = (0..30)
            .filter(|key| Field::of_key(*key).is_some())
            .collect();
        assert_eq!(known.len(), 20);
        for key in known {
            assert_eq!(Field::of_key(key).and_then(Field::key), Some(key));
        }
    }
}
