//! 互认协议: agreements by which a decision made by one party may be relied on by another
//! (`spec/recognition.md`).
//!
//! An agreement is approved by every party that it names beside the one that signs it. Further authorities
//! accede, and parties retire, each by a statement in its own log. What follows for one decision is
//! [`crate::recognition`]'s to say.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{Truth, code_enum, integer_map};
use crate::statement::decision::{ActType, BasisLevel, Code, Invalid, LegalBasis};
use crate::statement::measure::Measure;
use crate::statement::payload::StatementRef;
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Day;

code_enum! {
    /// 实施方式: whether a receiver has to apply a measure or may (ZS-4.6a).
    pub enum Force {
        /// 强制性
        Mandatory = 1,
        /// 推荐性
        Recommended = 2,
    }
}

integer_map! {
    /// A measure that a clause lets its receivers apply, and the article that it rests on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ClauseMeasure {
        /// The measure.
        1 => measure: req(Measure),
        /// Whether it has to be applied.
        2 => force: req(Force),
        /// The article; a mandatory measure rests on a law, an administrative or a local regulation.
        3 => basis: req(LegalBasis),
    }
}

integer_map! {
    /// 条款: whose decisions, on what, are recognised by whom, and for which measures.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Clause {
        /// Its number as it is quoted, 第三条 for example.
        1 => number: req(Text<32>),
        /// Parties whose decisions it is about, ascending; every party where none is named.
        2 => issuers: list(AuthorityCode),
        /// Parties that may rely on them, ascending; every party where none is named.
        3 => receivers: list(AuthorityCode),
        /// Items of the catalogue, ascending.
        4 => items: list(Code),
        /// Types of act, ascending; every type where none is named.
        5 => act_types: list(ActType),
        /// Measures, ascending.
        6 => measures: list(ClauseMeasure),
        /// First day of the decisions that it is about.
        7 => decided_from: opt(Day),
        /// Last day of them.
        8 => decided_until: opt(Day),
        /// There when a decision may rest on local acts alone, which hold nowhere but at its issuer's.
        9 => local_basis: opt(Truth),
    }
}

integer_map! {
    /// What an agreement says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementFields {
        /// Its title.
        1 => title: req(Text<200>),
        /// The authorities that approve it, ascending, the one that signs it among them.
        2 => parties: list(AuthorityCode),
        /// 1, or one more than that of the version that it replaces.
        3 => version: req(u32),
        /// The first version; from the second on.
        4 => first: opt(StatementRef),
        /// First day.
        5 => from: req(Day),
        /// Last day.
        6 => until: opt(Day),
        /// Its clauses.
        7 => clauses: list(Clause),
        /// There when other members may accede by their own word.
        8 => open: opt(Truth),
    }
}

/// 互认协议: an agreement. The only way in is [`Agreement::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement(AgreementFields);

impl Agreement {
    /// Clauses of one agreement.
    pub const CLAUSES_MAX: usize = 64;

    /// Looks at the fields as a whole.
    ///
    /// # Errors
    /// The first of [`Invalid::Parties`], [`Invalid::Version`], [`Invalid::EndsBeforeItBegins`],
    /// [`Invalid::EmptyList`], [`Invalid::ListOrder`], [`Invalid::NoParty`] and
    /// [`Invalid::MandatoryBasis`] that applies.
    // spec: AGR-1, AGR-2, AGR-3, AGR-4
    pub fn new(fields: AgreementFields) -> Result<Self, Invalid> {
        let parties = &fields.parties;
        if parties.len() < 2 || !ascend(parties) {
            return Err(Invalid::Parties);
        }
        if fields.version == 0 || (fields.version > 1) != fields.first.is_some() {
            return Err(Invalid::Version);
        }
        if fields.until.is_some_and(|until| until < fields.from) {
            return Err(Invalid::EndsBeforeItBegins);
        }
        if fields.clauses.is_empty() || fields.clauses.len() > Self::CLAUSES_MAX {
            return Err(Invalid::EmptyList { field: "clauses" });
        }
        let mut clauses = fields.clauses.iter();
        clauses.try_for_each(|clause| check_clause(clause, parties))?;
        let numbers = fields.clauses.iter().map(|clause| clause.number.as_str());
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort_unstable();
        match ascend(&numbers) {
            true => Ok(Self(fields)),
            false => Err(Invalid::ListOrder { field: "clauses" }),
        }
    }

    /// The fields.
    #[must_use]
    pub const fn fields(&self) -> &AgreementFields {
        &self.0
    }

    /// Gives the fields back, to change and check them anew.
    #[must_use]
    pub fn into_fields(self) -> AgreementFields {
        self.0
    }
}

fn check_clause(clause: &Clause, parties: &[AuthorityCode]) -> Result<(), Invalid> {
    for (field, named) in [
        ("issuers", &clause.issuers),
        ("receivers", &clause.receivers),
    ] {
        if !ascend(named) {
            return Err(Invalid::ListOrder { field });
        }
        if !named.iter().all(|party| parties.contains(party)) {
            return Err(Invalid::NoParty { field });
        }
    }
    if clause.items.is_empty() {
        return Err(Invalid::EmptyList { field: "items" });
    }
    let days = clause.decided_from.zip(clause.decided_until);
    if days.is_some_and(|(from, until)| until < from) {
        return Err(Invalid::EndsBeforeItBegins);
    }
    let measures: Vec<_> = clause.measures.iter().map(|one| &one.measure).collect();
    for (field, ascends) in [
        ("items", ascend(&clause.items)),
        ("act_types", ascend(&clause.act_types)),
        ("measures", ascend(&measures)),
    ] {
        if !ascends {
            return Err(Invalid::ListOrder { field });
        }
    }
    let unfounded = |one: &ClauseMeasure| one.force == Force::Mandatory && !binds(one.basis.level);
    match clause.measures.iter().any(unfounded) {
        true => Err(Invalid::MandatoryBasis),
        false => Ok(()),
    }
}

/// Whether an act of this level can make a measure mandatory: a statute does (ZS-4.6a, HS-6.1a).
pub(super) const fn binds(level: BasisLevel) -> bool {
    matches!(
        level,
        BasisLevel::Law | BasisLevel::AdministrativeRegulation | BasisLevel::LocalRegulation
    )
}

fn ascend<T: Ord>(list: &[T]) -> bool {
    list.is_sorted_by(|a, b| a < b)
}

impl Serialize for Agreement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Agreement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(AgreementFields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

integer_map! {
    /// 加入: its author is a party to an open agreement from a day on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Accession {
        /// The version acceded to, and no other: what it says is known.
        1 => agreement: req(StatementRef),
        /// First day.
        2 => from: req(Day),
    }
}

integer_map! {
    /// 退出: its author is no party any more to a version and all before it, from a day on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Retirement {
        /// The first version of the agreement.
        1 => first: req(StatementRef),
        /// The newest version that it leaves.
        2 => version: req(u32),
        /// First day on which it is no party.
        3 => from: req(Day),
        /// Why.
        4 => reasons: req(Text<4000>),
    }
}
