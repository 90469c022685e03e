//! Legal forms of subjects, by code on the wire.

use serde::{Deserialize, Serialize};

/// Legal form of a subject (主体形式), an unsigned integer on the wire.
///
/// It decides who may see a record, so it is stated by the issuer and tied to the code where the
/// code says something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
#[repr(u8)]
pub enum Form {
    /// Company or other enterprise, 企业.
    Enterprise = 1,
    /// Farmers' cooperative and the like, 合作社.
    Cooperative = 2,
    /// Public institution, 事业单位.
    PublicInstitution = 3,
    /// Society, foundation, private non-enterprise unit, 社会组织.
    SocialOrganisation = 4,
    /// Organ of government, 机关.
    GovernmentOrgan = 5,
    /// Self-employed household, 个体工商户. Near-personal.
    SelfEmployed = 6,
    /// Sole proprietorship, 个人独资企业. Near-personal.
    SoleProprietorship = 7,
    /// Known, and none of the above.
    Other = 8,
    /// Not known to the issuer. Near-personal, because it may be.
    Unknown = 9,
}

impl Form {
    /// Every form, by ascending code.
    pub const ALL: [Self; 9] = [
        Self::Enterprise,
        Self::Cooperative,
        Self::PublicInstitution,
        Self::SocialOrganisation,
        Self::GovernmentOrgan,
        Self::SelfEmployed,
        Self::SoleProprietorship,
        Self::Other,
        Self::Unknown,
    ];

    /// The code on the wire.
    pub const fn code(self) -> u64 {
        self as u64
    }

    /// Whether records on subjects of this form come close to a person.
    pub const fn near_personal(self) -> bool {
        match self {
            Self::SelfEmployed | Self::SoleProprietorship | Self::Unknown => true,
            Self::Enterprise
            | Self::Cooperative
            | Self::PublicInstitution
            | Self::SocialOrganisation
            | Self::GovernmentOrgan
            | Self::Other => false,
        }
    }

    /// Whether a code with these first two places can belong to this form. Only the registers of
    /// market regulation (9) tie the form down; elsewhere all that is ruled out is the household.
    pub(super) const fn agrees_with(self, department: char, category: char) -> bool {
        match (department, category, self) {
            ('9', '2', form) => matches!(form, Self::SelfEmployed),
            (_, _, Self::SelfEmployed) => false,
            ('9', '3', form) => matches!(form, Self::Cooperative | Self::Unknown),
            ('9', _, form) => !matches!(
                form,
                Self::PublicInstitution | Self::SocialOrganisation | Self::GovernmentOrgan
            ),
            (_, _, _) => true,
        }
    }
}

impl TryFrom<u64> for Form {
    type Error = UnknownForm;

    fn try_from(code: u64) -> Result<Self, UnknownForm> {
        // spec: ID-10
        Self::ALL
            .into_iter()
            .find(|form| form.code() == code)
            .ok_or(UnknownForm { code })
    }
}

impl From<Form> for u64 {
    fn from(form: Form) -> Self {
        form.code()
    }
}

/// A number that is the code of no [`Form`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} is the code of no legal form")]
pub struct UnknownForm {
    /// The refused code.
    pub code: u64,
}
