//! Which versions of which agreements are in force between two authorities.

use std::collections::BTreeMap;

use crate::effect::{Fact, Horizon};
use crate::recognition::{Lacking, Question, covers};
use crate::statement::{AgreementFields, Content, Measure, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// Agreements with everything that was said about them.
#[derive(Clone, Debug, Default)]
pub struct Agreements<'a> {
    /// By the first version of each agreement.
    by_first: BTreeMap<&'a StatementRef, Treaty<'a>>,
}

/// One agreement.
#[derive(Clone, Debug, Default)]
struct Treaty<'a> {
    versions: Vec<Version<'a>>,
    accessions: Vec<Word>,
    retirements: Vec<Word>,
}

#[derive(Clone, Debug)]
struct Version<'a> {
    reference: &'a StatementRef,
    fields: &'a AgreementFields,
    /// Whether it counts in full.
    counts: bool,
}

/// That an authority joins or leaves.
#[derive(Clone, Copy, Debug)]
struct Word {
    author: AuthorityCode,
    version: u32,
    from: Day,
    counts: bool,
}

/// Between whom, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) issuers: &'a [AuthorityCode],
    pub(super) receivers: &'a [AuthorityCode],
    pub(super) as_of: Day,
}

/// A version in force, with the newer ones between the same two that do not count in full yet.
#[derive(Clone, Debug)]
pub(super) struct InForce<'a> {
    pub(super) reference: &'a StatementRef,
    pub(super) agreement: &'a AgreementFields,
    newer: Vec<&'a AgreementFields>,
}

impl InForce<'_> {
    /// Whether every newer version, witnessed or not, allows a measure as well: what narrows acts on less
    /// evidence than what widens.
    // spec: AGR-22
    pub(super) fn narrower_allow(&self, question: &Question<'_>, measure: &Measure) -> bool {
        self.newer.iter().all(|agreement| {
            let mut clauses = agreement.clauses.iter();
            clauses.any(|clause| {
                let mut measures = clause.measures.iter();
                covers(clause, question).is_ok() && measures.any(|one| one.measure == *measure)
            })
        })
    }
}

impl<'a> Agreements<'a> {
    /// Puts agreements, accessions and retirements in order; other facts are passed over. The facts are
    /// verified: every party that a version names has approved it.
    #[must_use]
    pub fn of(facts: impl IntoIterator<Item = &'a Fact>, horizon: &Horizon) -> Self {
        let mut all = Self::default();
        for fact in facts {
            let counts = horizon.established(fact);
            let word = |version, from| Word {
                author: fact.issuer(),
                version,
                from,
                counts,
            };
            match &fact.payload().content {
                Content::Agreement(agreement) => {
                    let fields = agreement.fields();
                    let first = fields.first.as_ref().unwrap_or_else(|| fact.reference());
                    all.by_first
                        .entry(first)
                        .or_default()
                        .versions
                        .push(Version {
                            reference: fact.reference(),
                            fields,
                            counts,
                        });
                }
                Content::Accession(said) => {
                    let treaty = all.by_first.entry(&said.first).or_default();
                    treaty.accessions.push(word(said.version, said.from));
                }
                Content::Retirement(said) => {
                    let treaty = all.by_first.entry(&said.first).or_default();
                    treaty.retirements.push(word(said.version, said.from));
                }
                Content::Decision(_)
                | Content::Objection(_)
                | Content::Ruling(_)
                | Content::Correction(_)
                | Content::Withdrawal(_)
                | Content::Admission(_)
                | Content::Stay(_)
                | Content::Repair(_)
                | Content::ItemCatalogue(_)
                | Content::Calendar(_)
                | Content::DeadlineRules(_)
                | Content::Policy(_)
                | Content::Enrolment(_)
                | Content::Rotation(_)
                | Content::Suspension(_)
                | Content::CutOff(_)
                | Content::Notice(_)
                | Content::HeadSeen(_)
                | Content::Restart(_) => {}
            }
        }
        all
    }

    /// What is in force between two on a day: of each agreement the newest version that both are party
    /// to. Otherwise how far the nearest agreement reaches.
    ///
    /// `grant` asks for what is granted as well: that is taken away by a retirement that counts in full
    /// alone.
    pub(super) fn between(
        &self,
        pair: &Pair<'_>,
        grant: bool,
    ) -> Result<Vec<InForce<'a>>, Lacking> {
        let mut nearest = Lacking::NoAgreement;
        let mut in_force = Vec::new();
        for treaty in self.by_first.values() {
            match treaty.between(pair, grant) {
                Ok(version) => in_force.push(version),
                Err(reached) => nearest = nearest.max(reached),
            }
        }
        match in_force.is_empty() {
            true => Err(nearest),
            false => Ok(in_force),
        }
    }
}

impl<'a> Treaty<'a> {
    // spec: AGR-20, AGR-21
    fn between(&self, pair: &Pair<'_>, grant: bool) -> Result<InForce<'a>, Lacking> {
        let mut nearest = Lacking::NoAgreement;
        let mut newest: Option<&Version<'a>> = None;
        let mut both: Vec<&Version<'a>> = Vec::new();
        for version in &self.versions {
            match self.joins(version, pair, grant) {
                Ok(()) if version.counts => {
                    both.push(version);
                    let newer = |known: &&Version<'a>| version.order() > known.order();
                    if newest.as_ref().is_none_or(newer) {
                        newest = Some(version);
                    }
                }
                Ok(()) => {
                    both.push(version);
                    nearest = nearest.max(Lacking::NotInForce);
                }
                Err(reached) => nearest = nearest.max(reached),
            }
        }
        let newest = newest.ok_or(nearest)?;
        let newer = both.iter().filter(|one| one.order() > newest.order());
        Ok(InForce {
            reference: newest.reference,
            agreement: newest.fields,
            newer: newer.map(|one| one.fields).collect(),
        })
    }

    /// Whether both are party to a version that is in force on the day, or what is lacking.
    fn joins(&self, version: &Version<'a>, pair: &Pair<'_>, grant: bool) -> Result<(), Lacking> {
        for codes in [pair.issuers, pair.receivers] {
            let party = |code: &&AuthorityCode| self.is_party(version, **code, pair.as_of);
            let mut parties = codes.iter().filter(party).peekable();
            if parties.peek().is_none() {
                return Err(Lacking::NoAgreement);
            }
            if !parties.any(|code| !self.has_left(version, *code, pair.as_of, grant)) {
                return Err(Lacking::Retired);
            }
        }
        let fields = version.fields;
        let ended = fields.until.is_some_and(|until| until < pair.as_of);
        match pair.as_of < fields.from || ended {
            true => Err(Lacking::NotInForce),
            false => Ok(()),
        }
    }

    fn is_party(&self, version: &Version<'a>, code: AuthorityCode, as_of: Day) -> bool {
        let named = version.fields.parties.binary_search(&code).is_ok();
        let mut accessions = self.accessions.iter();
        let accedes = |word: &Word| {
            word.author == code
                && word.version == version.fields.version
                && word.from <= as_of
                && word.counts
        };
        named || version.fields.open.is_some() && accessions.any(accedes)
    }

    fn has_left(
        &self,
        version: &Version<'a>,
        code: AuthorityCode,
        as_of: Day,
        grant: bool,
    ) -> bool {
        let leaves = |word: &Word| {
            word.author == code
                && word.version >= version.fields.version
                && word.from <= as_of
                && (word.counts || !grant)
        };
        self.retirements.iter().any(leaves)
    }
}

impl<'a> Version<'a> {
    /// Newer versions are greater; of two with one number the one that stands later by reference.
    const fn order(&self) -> (u32, &'a StatementRef) {
        (self.fields.version, self.reference)
    }
}
