//! 列入名单: what an entry in a list says beside what every decision says (`spec/statements.md`, list entry).
//!
//! An entry in a list is a decision, the one to list: it has an issuer, a document, service, basis, ends
//! and remedies like any other, and everything that acts on decisions acts on it. A [`Listing`] holds what
//! it says on top of that. Which list it is, its type of act says.
//!
//! Out of scope: which lists there are. The catalogue says that.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{code_enum, integer_map};
use crate::statement::decision::{ActType, DecisionFields, Invalid, Service};
use crate::text::Text;

code_enum! {
    /// 严重失信行为: the groups of serious conduct that joint measures are for (HG-6).
    pub enum SeriousGroup {
        /// 严重危害人民群众身体健康和生命安全的行为
        LifeAndHealth = 1,
        /// 严重破坏市场公平竞争秩序和社会正常秩序的行为
        MarketOrder = 2,
        /// 拒不履行法定义务，严重影响司法机关、行政机关公信力的行为
        LegalDuties = 3,
        /// 拒不履行国防义务的行为
        Defence = 4,
    }
}

/// 季度: a quarter of a year, of a red list that is made every quarter (ZS-2.1a). Encodes as year × 10 +
/// quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: u16,
    quarter: u8,
}

impl Quarter {
    /// A quarter 1–4 of a year 1900–2199.
    #[must_use]
    pub fn new(year: u16, quarter: u8) -> Option<Self> {
        let fits = (1900..=2199).contains(&year) && (1..=4).contains(&quarter);
        fits.then_some(Self { year, quarter })
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The quarter, 1–4.
    #[must_use]
    pub const fn quarter(self) -> u8 {
        self.quarter
    }

    fn code(self) -> u64 {
        u64::from(self.year) * 10 + u64::from(self.quarter)
    }
}

impl Serialize for Quarter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.code())
    }
}

impl<'de> Deserialize<'de> for Quarter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = u64::deserialize(deserializer)?;
        let (year, quarter) = (u16::try_from(code / 10), u8::try_from(code % 10));
        let quarter = year.ok().zip(quarter.ok());
        let quarter = quarter.and_then(|(year, quarter)| Self::new(year, quarter));
        quarter.ok_or_else(|| D::Error::custom("a quarter is a year from 1900 to 2199 and 1 to 4"))
    }
}

integer_map! {
    /// What an entry in a list says on top of a decision.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Listing {
        /// When and how the organisation was told beforehand of reasons, basis and its rights (HS-5.3a).
        1 => pre_notice: opt(Service),
        /// On what conditions the entry ends (HS-5.3b).
        2 => exit_conditions: req(Text<1000>),
        /// By what procedure it ends (HS-5.3b).
        3 => exit_procedure: req(Text<1000>),
        /// The group of serious conduct.
        4 => group: opt(SeriousGroup),
        /// The quarter of a list that is made every quarter.
        5 => quarter: opt(Quarter),
    }
}

/// Looks at what a decision says of a list.
// spec: STM-80, STM-81, STM-82, STM-83, STM-84
pub(super) fn check(fields: &DecisionFields) -> Result<(), Invalid> {
    let Some(listing) = &fields.listing else {
        return match fields.act_type.lists() {
            true => Err(Invalid::Listing),
            false => Ok(()),
        };
    };
    if !fields.act_type.lists() {
        return Err(Invalid::Listing);
    }
    if fields.valid_until.is_none() {
        return Err(Invalid::ListLacks {
            field: "valid_until",
        });
    }
    if fields.facts.is_none() {
        return Err(Invalid::ListLacks { field: "facts" });
    }
    if is_priced(fields) {
        return Err(Invalid::ListAmount);
    }
    match fields.act_type {
        ActType::RedList => red(fields, listing),
        ActType::SeriousList => serious(fields, listing),
        ActType::WatchList
        | ActType::Licence
        | ActType::Penalty
        | ActType::Compulsion
        | ActType::Confirmation
        | ActType::Levy
        | ActType::Payment
        | ActType::Adjudication
        | ActType::Compensation
        | ActType::Reward
        | ActType::Inspection => watch(fields, listing),
    }
}

/// A list brings measures, no punishment: whoever fines decides so, and the entry rests on that decision.
fn is_priced(fields: &DecisionFields) -> bool {
    let amounts = fields.fine_fen.is_some() || fields.confiscation_fen.is_some();
    amounts || !fields.penalty_classes.is_empty()
}

fn red(fields: &DecisionFields, listing: &Listing) -> Result<(), Invalid> {
    if !fields.duties.is_empty() {
        return Err(Invalid::OtherList { field: "duties" });
    }
    if listing.group.is_some() {
        return Err(Invalid::OtherList { field: "group" });
    }
    if listing.pre_notice.is_some() {
        return Err(Invalid::OtherList {
            field: "pre_notice",
        });
    }
    Ok(())
}

fn serious(fields: &DecisionFields, listing: &Listing) -> Result<(), Invalid> {
    if fields.duties.is_empty() {
        return Err(Invalid::ListLacks { field: "duties" });
    }
    adverse(fields, listing)
}

fn watch(fields: &DecisionFields, listing: &Listing) -> Result<(), Invalid> {
    if listing.group.is_some() {
        return Err(Invalid::OtherList { field: "group" });
    }
    adverse(fields, listing)
}

fn adverse(fields: &DecisionFields, listing: &Listing) -> Result<(), Invalid> {
    if listing.quarter.is_some() {
        return Err(Invalid::OtherList { field: "quarter" });
    }
    // What an entry brings ends with it at the latest.
    let outlasts = |until| fields.valid_until.is_some_and(|entry| entry < until);
    if fields.duties.iter().any(|duty| outlasts(duty.until)) {
        return Err(Invalid::OutlastsEntry);
    }
    match &listing.pre_notice {
        None => Err(Invalid::ListLacks {
            field: "pre_notice",
        }),
        Some(told) if told.on >= fields.decided_on => Err(Invalid::ToldTooLate),
        Some(_) => Ok(()),
    }
}
