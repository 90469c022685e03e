//! Which versions of which agreements are in force between two authorities.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::{Fact, Horizon};
use crate::recognition::{Lacking, Question, covers};
use crate::statement::{AgreementFields, Content, Measure, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::{Day, Timestamp};

/// How a version stands between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in force.
    InForce,
    /// A newer version took its place.
    Replaced,
    /// It is not, for what is lacking.
    Lacking(Lacking),
}

/// Agreements with everything that was said about them.
#[derive(Clone, Debug, Default)]
pub struct Agreements<'a> {
    /// By the least place of the first version of each agreement.
    by_first: BTreeMap<&'a StatementRef, Treaty<'a>>,
    /// By the least place of the version acceded to.
    accessions: BTreeMap<&'a StatementRef, Vec<Word>>,
    /// The least place of the same words, by each of the other places.
    least: BTreeMap<&'a StatementRef, &'a StatementRef>,
    /// Whether there are more than were looked at.
    too_many: bool,
    /// Authorities of whose words there are more than were looked at.
    left_out: BTreeSet<AuthorityCode>,
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
    /// The least place of the same words.
    words: &'a StatementRef,
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

/// Agreements of equal words, in whatever logs.
// spec: AGR-23
#[derive(Default)]
struct Copies<'a> {
    /// The least place of the same words, by each of the other places.
    least: BTreeMap<&'a StatementRef, &'a StatementRef>,
    /// Those that stand behind the same words in their own log.
    again: BTreeSet<&'a StatementRef>,
}

impl<'a> Copies<'a> {
    fn among(facts: &[&'a Fact]) -> Self {
        let mut alike: BTreeMap<Timestamp, Vec<Vec<&'a Fact>>> = BTreeMap::new();
        let mut copies = Self::default();
        let mut sorted: Vec<&Fact> = facts.to_vec();
        sorted.sort_unstable_by_key(|fact| fact.reference());
        sorted.dedup_by_key(|fact| fact.reference());
        for fact in sorted {
            if !matches!(fact.payload().content, Content::Agreement(_)) {
                continue;
            }
            let known = alike.entry(fact.payload().issued_at).or_default();
            let same = known.iter_mut().find_map(|places| {
                let first = *places.first()?;
                (first.payload() == fact.payload()).then_some((first, places))
            });
            let Some((first, places)) = same else {
                known.push(vec![fact]);
                continue;
            };
            let at = fact.reference();
            copies.least.insert(at, first.reference());
            // Sorted by log: the one before stands in the same log if any does.
            if places
                .last()
                .is_some_and(|one| one.reference().origin == at.origin)
            {
                copies.again.insert(at);
            }
            places.push(fact);
        }
        copies
    }

    fn first(&self, named: &'a StatementRef) -> &'a StatementRef {
        self.least.get(named).copied().unwrap_or(named)
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
    words: &'a StatementRef,
    newer: Vec<(&'a AgreementFields, Term)>,
}

/// How far a version that came into force between two has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    Runs,
    Ended,
}

/// What one authority left by its retirements from an agreement: the newest version that it named, and
/// the newest instant at which it did.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    version: u32,
    at: Option<Timestamp>,
}

impl InForce<'_> {
    /// Whether every newer version, witnessed or not, allows a measure as well: what narrows acts on less
    /// evidence than what widens.
    // spec: AGR-22
    pub(super) fn narrower_allow(&self, question: &Question<'_>, measure: &Measure) -> bool {
        self.newer.iter().all(|(agreement, term)| {
            let mut clauses = agreement.clauses.iter();
            *term == Term::Runs
                && clauses.any(|clause| {
                    let mut measures = clause.measures.iter();
                    covers(clause, question).is_ok() && measures.any(|one| one.measure == *measure)
                })
        })
    }
}

impl<'a> Agreements<'a> {
    /// Puts agreements, accessions and retirements in order; other facts are passed over. The facts are
    /// verified: every party that a version names has approved it.
    // spec: AGR-46
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
            let content = &fact.payload().content;
            let (reference, agreement) = (fact.reference(), content.agreement());
            if let Some(agreement) = agreement.filter(|_| !copies.again.contains(reference)) {
                let fields = agreement.fields();
                let first = copies.first(fields.first.as_ref().unwrap_or(reference));
                let version = Version {
                    reference,
                    words: copies.first(reference),
                    fields,
                    proposed_at: at,
                    counts,
                };
                let treaty = all.by_first.entry(first).or_default();
                treaty.versions.push(version);
            }
            if let Some(said) = content.accession() {
                let version = copies.first(&said.agreement);
                let accessions = all.accessions.entry(version);
                accessions.or_default().push(word(said.from));
            }
            if let Some(said) = content.retirement() {
                let treaty = all.by_first.entry(copies.first(&said.first));
                let (word, version) = (word(said.from), said.version);
                let retired = Retired { word, version, at };
                treaty.or_default().retirements.push(retired);
            }
        }
        all.least = copies.least;
        all
    }

    /// The least place of the words that stand at a place: what names one of the places names all. The place
    /// itself where no version known stands there.
    // spec: AGR-23
    #[must_use]
    pub fn place_of<'b>(&'b self, named: &'b StatementRef) -> &'b StatementRef {
        self.least.get(named).copied().unwrap_or(named)
    }

    /// What stands for more agreements than are looked at: nothing is in force.
    // spec: AGR-30
    #[must_use]
    pub fn too_many() -> Self {
        Self {
            too_many: true,
            ..Self::default()
        }
    }

    /// The same where there are more accessions and retirements of some than are looked at: nothing is in
    /// force with these.
    // spec: AGR-30
    #[must_use]
    pub fn without(self, left_out: BTreeSet<AuthorityCode>) -> Self {
        Self { left_out, ..self }
    }

    /// The versions known with the least places of their first versions, by agreement, number and reference. Of
    /// equal words one that counts in full, the first of these, or else the first.
    // spec: AGR-23
    pub fn versions(&self) -> impl Iterator<Item = (&'a StatementRef, &'a StatementRef)> {
        self.by_first.iter().flat_map(|(first, treaty)| {
            let mut of_words: BTreeMap<_, &Version<'a>> = BTreeMap::new();
            let place = |version: &Version<'a>| (!version.counts, version.reference);
            for version in &treaty.versions {
                let known = of_words.entry(version.words).or_insert(version);
                if place(version) < place(known) {
                    *known = version;
                }
            }
            let mut versions: Vec<_> = of_words.into_values().map(Version::order).collect();
            versions.sort_unstable();
            let versions = versions.into_iter();
            versions.map(|(_, version)| (*first, version))
        })
    }

    /// How a version stands between two on a day, as far as what burdens is concerned.
    #[must_use]
    pub fn standing(
        &self,
        version: &StatementRef,
        (one, other): (AuthorityCode, AuthorityCode),
        as_of: Day,
    ) -> Standing {
        let is_it = |known: &&Version<'a>| known.reference == version;
        let mut treaties = self.by_first.values();
        let found = treaties.find_map(|treaty| Some((treaty, treaty.versions.iter().find(is_it)?)));
        let Some((treaty, version)) = found else {
            return Standing::Lacking(Lacking::NoAgreement);
        };
        let pair = Pair {
            issuers: &[one],
            receivers: &[other],
            as_of,
        };
        if self.leaves_out(&pair) {
            return Standing::Lacking(Lacking::TooMany);
        }
        let in_force = treaty.between(&pair, false, &self.accessions);
        if in_force.is_ok_and(|it| it.words == version.words) {
            return Standing::InForce;
        }
        let accessions = self.accessions.get(version.words);
        let accessions = accessions.map_or(&[][..], Vec::as_slice);
        match version.joins(accessions, &treaty.sides(&pair, false), as_of) {
            Ok(Term::Runs) if version.counts => Standing::Replaced,
            Ok(_) => Standing::Lacking(Lacking::NotInForce),
            Err(lacking) => Standing::Lacking(lacking),
        }
    }

    /// Whether any agreement is in force between two on a day, as far as what burdens is concerned.
    // spec: DL-53
    #[must_use]
    pub fn are_in_force(&self, one: AuthorityCode, other: AuthorityCode, as_of: Day) -> bool {
        let pair = Pair {
            issuers: &[one],
            receivers: &[other],
            as_of,
        };
        self.between(&pair, false).is_ok()
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
        // spec: AGR-30
        if self.too_many || self.leaves_out(pair) {
            return Err(Lacking::TooMany);
        }
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

    fn leaves_out(&self, pair: &Pair<'_>) -> bool {
        let mut codes = pair.issuers.iter().chain(pair.receivers);
        codes.any(|code| self.left_out.contains(code))
    }
}

impl<'a> Treaty<'a> {
    /// Takes as many steps as there are versions and words on them.
    // spec: AGR-20, AGR-21
    fn between(
        &self,
        pair: &Pair<'_>,
        grant: bool,
        accessions: &BTreeMap<&'a StatementRef, Vec<Word>>,
    ) -> Result<InForce<'a>, Lacking> {
        let sides = self.sides(pair, grant);
        let mut nearest = Lacking::NoAgreement;
        let mut newest: Option<(&Version<'a>, Term)> = None;
        let mut provisional: Vec<(&Version<'a>, Term)> = Vec::new();
        for version in &self.versions {
            let accessions = accessions.get(version.words).map_or(&[][..], Vec::as_slice);
            match version.joins(accessions, &sides, pair.as_of) {
                Ok(term) if version.counts => {
                    let newer = |(known, _): &(&Version<'a>, Term)| version.order() > known.order();
                    if newest.as_ref().is_none_or(newer) {
                        newest = Some((version, term));
                    }
                }
                Ok(term) => {
                    provisional.push((version, term));
                    nearest = nearest.max(Lacking::NotInForce);
                }
                Err(reached) => nearest = nearest.max(reached),
            }
        }
        let (newest, term) = newest.ok_or(nearest)?;
        // What has ended took the place of what was before it for good.
        if term == Term::Ended {
            return Err(Lacking::NotInForce);
        }
        // The same words count where they stand elsewhere: a copy takes nothing away.
        // spec: AGR-40
        let counting = self.versions.iter().filter(|one| one.counts);
        let words: BTreeSet<_> = counting.map(|one| one.words).collect();
        provisional.retain(|(version, _)| {
            version.order() > newest.order() && !words.contains(version.words)
        });
        let newer = provisional.iter();
        Ok(InForce {
            reference: newest.reference,
            agreement: newest.fields,
            words: newest.words,
            newer: newer.map(|(one, term)| (one.fields, *term)).collect(),
        })
    }

    /// Each of the two with what it has left.
    fn sides(&self, pair: &Pair<'_>, grant: bool) -> [Vec<(AuthorityCode, Left)>; 2] {
        [pair.issuers, pair.receivers].map(|codes| {
            let left = |code: &AuthorityCode| (*code, self.left_by(*code, pair.as_of, grant));
            codes.iter().map(left).collect()
        })
    }

    fn left_by(&self, code: AuthorityCode, as_of: Day, grant: bool) -> Left {
        let mut left = Left::default();
        for retired in &self.retirements {
            let word = &retired.word;
            if word.author == code && word.from <= as_of && (word.counts || !grant) {
                left.version = left.version.max(retired.version);
                left.at = left.at.max(Some(retired.at));
            }
        }
        left
    }
}

impl<'a> Version<'a> {
    /// How far a version has come between two that are party to it, or what is lacking.
    fn joins(
        &self,
        accessions: &[Word],
        sides: &[Vec<(AuthorityCode, Left)>; 2],
        as_of: Day,
    ) -> Result<Term, Lacking> {
        // The first day on which both are party.
        let mut since = self.fields.from;
        let mut retired = false;
        for codes in sides {
            let parties = codes.iter().filter_map(|(code, left)| {
                let since = self.party_since(accessions, *code, as_of)?;
                Some((since, self.has_left(*left)))
            });
            let parties: Vec<_> = parties.collect();
            if parties.is_empty() {
                return Err(Lacking::NoAgreement);
            }
            let staying = parties.into_iter().filter(|(_, left)| !left);
            match staying.map(|(since, _)| since).min() {
                Some(first) => since = since.max(first),
                None => retired = true,
            }
        }
        if retired {
            return Err(Lacking::Retired);
        }
        match self.fields.until {
            _ if as_of < self.fields.from => Err(Lacking::NotInForce),
            Some(until) if until < since => Err(Lacking::NotInForce),
            Some(until) if until < as_of => Ok(Term::Ended),
            Some(_) | None => Ok(Term::Runs),
        }
    }

    /// The first day from which an authority is party: one that the version names is from the first on.
    fn party_since(&self, accessions: &[Word], code: AuthorityCode, as_of: Day) -> Option<Day> {
        if self.fields.parties.binary_search(&code).is_ok() {
            return Some(self.fields.from);
        }
        self.fields.open?;
        let accedes = |word: &&Word| word.author == code && word.from <= as_of && word.counts;
        let words = accessions.iter().filter(accedes);
        words.map(|word| word.from).min()
    }

    fn has_left(&self, left: Left) -> bool {
        left.version >= self.fields.version || left.at.is_some_and(|at| self.proposed_at <= at)
    }

    /// Newer versions are greater; of two with one number the one that stands later by reference.
    const fn order(&self) -> (u32, &'a StatementRef) {
        (self.fields.version, self.reference)
    }
}
