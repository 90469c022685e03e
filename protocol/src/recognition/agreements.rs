//! Which versions of which agreements are in force between two authorities.

use std::collections::BTreeMap;

use crate::effect::{Fact, Horizon};
use crate::log::Origin;
use crate::recognition::{Lacking, Question, covers};
use crate::statement::{AgreementFields, Content, Measure, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::{Day, Timestamp};

/// Agreements with everything that was said about them.
#[derive(Clone, Debug, Default)]
pub struct Agreements<'a> {
    /// By the first version of each agreement.
    by_first: BTreeMap<&'a StatementRef, Treaty<'a>>,
    /// By the version acceded to.
    accessions: BTreeMap<&'a StatementRef, Vec<Word>>,
}

/// One agreement.
#[derive(Clone, Debug, Default)]
struct Treaty<'a> {
    versions: Vec<Version<'a>>,
    retirements: Vec<Retired>,
}

#[derive(Clone, Debug)]
struct Version<'a> {
    reference: &'a StatementRef,
    fields: &'a AgreementFields,
    proposed_at: Timestamp,
    /// Whether it counts in full.
    counts: bool,
}

/// That an authority joins or leaves.
#[derive(Clone, Copy, Debug)]
struct Word {
    author: AuthorityCode,
    from: Day,
    counts: bool,
}

/// That an authority leaves a version, all before it, and what was proposed until then.
#[derive(Clone, Copy, Debug)]
struct Retired {
    word: Word,
    version: u32,
    at: Timestamp,
}

/// Where the first of equal agreements of one log stands, by the place of each of the others.
// spec: AGR-23
struct Copies<'a>(BTreeMap<&'a StatementRef, &'a StatementRef>);

impl<'a> Copies<'a> {
    fn among(facts: &[&'a Fact]) -> Self {
        let mut alike: BTreeMap<(&Origin, Timestamp), Vec<&'a Fact>> = BTreeMap::new();
        let mut copies = BTreeMap::new();
        let mut sorted: Vec<&Fact> = facts.to_vec();
        sorted.sort_unstable_by_key(|fact| fact.reference());
        for fact in sorted {
            if !matches!(fact.payload().content, Content::Agreement(_)) {
                continue;
            }
            let key = (&fact.reference().origin, fact.payload().issued_at);
            let known = alike.entry(key).or_default();
            let is_same = |one: &&&Fact| {
                one.payload() == fact.payload() && one.reference() != fact.reference()
            };
            match known.iter().find(is_same) {
                Some(first) => {
                    copies.insert(fact.reference(), first.reference());
                }
                None => known.push(fact),
            }
        }
        Self(copies)
    }

    fn first(&self, named: &'a StatementRef) -> &'a StatementRef {
        self.0.get(named).copied().unwrap_or(named)
    }
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
        let facts: Vec<&Fact> = facts.into_iter().collect();
        let copies = Copies::among(&facts);
        let mut all = Self::default();
        for fact in facts {
            let counts = horizon.established(fact);
            let at = fact.payload().issued_at;
            let author = fact.issuer();
            let word = |from| Word {
                author,
                from,
                counts,
            };
            match &fact.payload().content {
                Content::Agreement(_) if copies.0.contains_key(fact.reference()) => {}
                Content::Agreement(agreement) => {
                    let (fields, reference) = (agreement.fields(), fact.reference());
                    let first = copies.first(fields.first.as_ref().unwrap_or(reference));
                    let version = Version {
                        reference,
                        fields,
                        proposed_at: at,
                        counts,
                    };
                    all.by_first
                        .entry(first)
                        .or_default()
                        .versions
                        .push(version);
                }
                Content::Accession(said) => {
                    let version = copies.first(&said.agreement);
                    let accessions = all.accessions.entry(version);
                    accessions.or_default().push(word(said.from));
                }
                Content::Retirement(said) => {
                    let treaty = all.by_first.entry(copies.first(&said.first));
                    let (word, version) = (word(said.from), said.version);
                    let retired = Retired { word, version, at };
                    treaty.or_default().retirements.push(retired);
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
                | Content::Restart(_)
                | Content::Record(_) => {}
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
            match treaty.between(pair, grant, &self.accessions) {
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
    fn between(
        &self,
        pair: &Pair<'_>,
        grant: bool,
        accessions: &BTreeMap<&'a StatementRef, Vec<Word>>,
    ) -> Result<InForce<'a>, Lacking> {
        let mut nearest = Lacking::NoAgreement;
        let mut newest: Option<&Version<'a>> = None;
        let mut both: Vec<&Version<'a>> = Vec::new();
        for version in &self.versions {
            let accessions = accessions
                .get(version.reference)
                .map_or(&[][..], Vec::as_slice);
            match self.joins(version, accessions, pair, grant) {
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
    fn joins(
        &self,
        version: &Version<'a>,
        accessions: &[Word],
        pair: &Pair<'_>,
        grant: bool,
    ) -> Result<(), Lacking> {
        for codes in [pair.issuers, pair.receivers] {
            let party = |code: &&AuthorityCode| is_party(version, accessions, **code, pair.as_of);
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

    fn has_left(
        &self,
        version: &Version<'a>,
        code: AuthorityCode,
        as_of: Day,
        grant: bool,
    ) -> bool {
        let leaves = |retired: &Retired| {
            let Retired { word, .. } = retired;
            let reaches = retired.version >= version.fields.version;
            let reaches = reaches || version.proposed_at <= retired.at;
            word.author == code && reaches && word.from <= as_of && (word.counts || !grant)
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

/// Whether an authority is named by a version, or has acceded to it.
fn is_party(version: &Version<'_>, accessions: &[Word], code: AuthorityCode, as_of: Day) -> bool {
    let named = version.fields.parties.binary_search(&code).is_ok();
    let accedes = |word: &Word| word.author == code && word.from <= as_of && word.counts;
    named || version.fields.open.is_some() && accessions.iter().any(accedes)
}
