//! A reference model of recognition, written from the rules of `spec/recognition.md`.
//!
//! It shares no code with `concordat_protocol::recognition`: agreements are plain data, what is in force is
//! found by search over the whole set for each question, and nothing is kept in order. The effect of the
//! decision comes from the model of effect. [`scenario`] makes sets by seed, [`facts`] turns them into what
//! the real function takes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expected, May, Place, Scenario, Weak, answer};

pub mod facts;
pub mod scenario;

/// What a version of an agreement says. Days count from any day, authorities and measures are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Version {
    pub number: u32,
    /// The first version as it is named; `None` in a first version.
    pub first: Option<Place>,
    pub parties: BTreeSet<u8>,
    pub open: bool,
    pub from: i32,
    pub until: Option<i32>,
    pub clauses: Vec<Clause>,
}

/// A clause. Empty sets mean all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Clause {
    pub number: u8,
    pub issuers: BTreeSet<u8>,
    pub receivers: BTreeSet<u8>,
    pub items: BTreeSet<u8>,
    /// Types of act by code.
    pub acts: BTreeSet<u8>,
    /// Measures, and whether they have to be applied.
    pub measures: BTreeMap<u8, bool>,
    pub from: Option<i32>,
    pub until: Option<i32>,
    pub local: bool,
}

/// What is said about agreements.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Word {
    Version(Version),
    Joins {
        version: Place,
        from: i32,
    },
    Leaves {
        first: Place,
        number: u32,
        from: i32,
    },
}

/// A word with its place, its author and the time that it was signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Said {
    pub place: Place,
    pub author: u8,
    pub at: u64,
    /// Logged after a mandate had ended, or in another way void.
    pub void: bool,
    pub word: Word,
}

/// The decision as it stands, as far as a clause looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Decided {
    pub item: u8,
    /// Type of act by code.
    pub act: u8,
    pub on: i32,
    /// Of each article cited, whether it is one of the whole country.
    pub cites: Vec<bool>,
}

/// A question with everything that answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Asked {
    /// What the effect of the decision follows from; how far the logs are known.
    pub effect: Scenario,
    pub decided: Decided,
    pub said: Vec<Said>,
    /// Who decided, first, and the member in whose log it stands.
    pub issuers: Vec<u8>,
    pub receivers: Vec<u8>,
    /// The regions of both, six digits.
    pub regions: (u32, u32),
    /// Measures whose basis was revoked, with the day from which on.
    pub revoked: BTreeMap<u8, i32>,
    /// Whose words are more than is looked at; all of them, where there are too many agreements.
    pub left_out: BTreeSet<u8>,
    pub too_many: bool,
}

/// A clause relied on: the place and the number of the version, the number of the clause.
pub type By = (Place, u32, u8);

/// The answer as the rules give it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Recognised {
    Own,
    Yes {
        by: BTreeSet<By>,
        /// Of each measure its last day, whether it has to be applied, and by which clause.
        measures: BTreeMap<u8, (i32, bool, By)>,
        grant: bool,
    },
    Information(Lack),
    No(May),
}

/// What is lacking, the farthest from recognition first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Lack {
    NoAgreement,
    Retired,
    NotInForce,
    NotCovered,
    ActType,
    DecidedOutside,
    BasisNotValidHere,
    TooMany,
    BasisNotChecked,
    BasisFails,
}

/// How a version stands between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stands {
    InForce,
    Replaced,
    Lacks(Lack),
}

/// A version that both are party to and that came into force between them.
#[derive(Clone, Copy)]
struct Common<'a> {
    said: &'a Said,
    version: &'a Version,
    /// Whether its last day has passed.
    over: bool,
}

/// Between whom, on which day, and whether what is granted is asked about.
struct Between<'a> {
    sides: [&'a [u8]; 2],
    day: i32,
    grant: bool,
}

/// Answers by the rules.
#[must_use]
pub fn recognise(asked: &Asked) -> Recognised {
    if asked.issuers.first() == asked.receivers.first() {
        return Recognised::Own;
    }
    let effect = answer(&asked.effect);
    let grants = asked.grant_stands(&effect);
    if effect.may != May::Applies && !grants {
        return Recognised::No(effect.may);
    }
    // Nobody has held it against a catalogue: neither it nor what rests on it is relied on.
    if effect.weak.values().any(|weak| *weak == Weak::NotChecked) {
        return Recognised::Information(Lack::BasisNotChecked);
    }
    let gone = [Weak::Void, Weak::Withdrawn, Weak::Repaired, Weak::NotHeld];
    if effect.weak.values().any(|weak| gone.contains(weak)) {
        return Recognised::Information(Lack::BasisFails);
    }
    let burdens = asked.covering(false);
    let granting = match grants {
        true => asked.covering(true),
        false => Err(Lack::NoAgreement),
    };
    let found = burdens.iter().flatten().chain(granting.iter().flatten());
    let by: BTreeSet<By> = found.map(|(common, clause)| by(common, clause)).collect();
    if by.is_empty() {
        let both = [burdens.err(), granting.err()].into_iter().flatten();
        return Recognised::Information(both.max().unwrap_or(Lack::NoAgreement));
    }
    let clauses = burdens.unwrap_or_default();
    Recognised::Yes {
        by,
        measures: asked.measures(&effect, &clauses),
        grant: granting.is_ok(),
    }
}

fn by(common: &Common<'_>, clause: &Clause) -> By {
    (common.said.place, common.version.number, clause.number)
}

impl Asked {
    fn day(&self) -> i32 {
        self.effect.as_of
    }

    fn full(&self, said: &Said) -> bool {
        let log = self.effect.logs.get(&said.place.log);
        let holds = log.is_some_and(|log| {
            let within = log.frozen_at.is_none_or(|from| said.place.index < from);
            said.place.index < log.witnessed && within
        });
        holds && !said.void
    }

    fn grant_stands(&self, effect: &Expected) -> bool {
        let grant = effect.rest.as_ref().filter(|rest| !rest.same.2);
        grant.is_some_and(|rest| effect.stands && rest.from <= self.day())
    }

    /// Whether two say the same: a version with the time of its proposal.
    fn same_words(one: &Said, other: &Said) -> bool {
        matches!(one.word, Word::Version(_)) && one.at == other.at && one.word == other.word
    }

    /// The versions that stand at no place behind the same words in their log.
    fn versions(&self) -> impl Iterator<Item = (&Said, &Version)> {
        self.said.iter().filter_map(|said| {
            let Word::Version(version) = &said.word else {
                return None;
            };
            let before = self.said.iter().any(|other| {
                let same_log = other.place.log == said.place.log;
                same_log && other.place < said.place && Self::same_words(other, said)
            });
            (!before).then_some((said, version))
        })
    }

    /// What a name of a version stands for: one name for all places of the same words.
    fn name(&self, place: Place) -> Place {
        let there = self.said.iter().find(|said| said.place == place);
        let same = self
            .said
            .iter()
            .filter(|other| there.is_some_and(|there| Self::same_words(there, other)));
        same.map(|other| other.place).min().unwrap_or(place)
    }

    /// The agreement that a version is one of.
    fn agreement(&self, said: &Said, version: &Version) -> Place {
        self.name(version.first.unwrap_or(said.place))
    }

    /// The first day on which an authority is party to a version, known on the day asked about.
    fn party_from(&self, said: &Said, version: &Version, who: u8, day: i32) -> Option<i32> {
        if version.parties.contains(&who) {
            return Some(version.from);
        }
        let joined = self.said.iter().filter_map(|word| match word.word {
            Word::Joins { version, from } => {
                let it = self.name(version) == self.name(said.place);
                (it && word.author == who && from <= day && self.full(word)).then_some(from)
            }
            Word::Version(_) | Word::Leaves { .. } => None,
        });
        joined.min().filter(|_| version.open)
    }

    fn has_left(&self, said: &Said, version: &Version, who: u8, between: &Between<'_>) -> bool {
        self.said.iter().any(|word| {
            let Word::Leaves {
                first,
                number,
                from,
            } = word.word
            else {
                return false;
            };
            let reaches = version.number <= number || said.at <= word.at;
            let counts = !between.grant || self.full(word);
            let it = self.name(first) == self.agreement(said, version);
            it && word.author == who && from <= between.day && reaches && counts
        })
    }

    /// What a version has come to between two, or what is lacking.
    fn common<'a>(
        &self,
        (said, version): (&'a Said, &'a Version),
        between: &Between<'_>,
    ) -> Result<Common<'a>, Lack> {
        let mut since = version.from;
        let mut retired = false;
        for side in between.sides {
            let parties: Vec<(i32, bool)> = side
                .iter()
                .filter_map(|who| {
                    let from = self.party_from(said, version, *who, between.day)?;
                    Some((from, self.has_left(said, version, *who, between)))
                })
                .collect();
            if parties.is_empty() {
                return Err(Lack::NoAgreement);
            }
            let staying = parties.iter().filter(|(_, left)| !left);
            match staying.map(|(from, _)| *from).min() {
                Some(from) => since = since.max(from),
                None => retired = true,
            }
        }
        if retired {
            return Err(Lack::Retired);
        }
        let never = version.until.is_some_and(|until| until < since);
        if between.day < version.from || never {
            return Err(Lack::NotInForce);
        }
        let over = version.until.is_some_and(|until| until < between.day);
        Ok(Common {
            said,
            version,
            over,
        })
    }

    /// The version of an agreement in force between two, and those that narrow it.
    fn in_force<'a>(
        &'a self,
        agreement: Place,
        between: &Between<'_>,
    ) -> Result<(Common<'a>, Vec<Common<'a>>), Lack> {
        let of_it = self
            .versions()
            .filter(|(said, version)| self.agreement(said, version) == agreement);
        let came: Vec<_> = of_it.map(|one| self.common(one, between)).collect();
        let lack = came
            .iter()
            .filter_map(|one| one.as_ref().err().copied())
            .max();
        let common = || came.iter().filter_map(|one| one.as_ref().ok().copied());
        let order = |one: &Common<'_>| (one.version.number, one.said.place);
        let in_full = common().filter(|one| self.full(one.said));
        let Some(newest) = in_full.max_by_key(|one| order(one)) else {
            let seen = common().next().map(|_| Lack::NotInForce);
            return Err(lack.max(seen).unwrap_or(Lack::NoAgreement));
        };
        if newest.over {
            return Err(Lack::NotInForce);
        }
        // Words that count in full in any log are no version that does not.
        let counts_elsewhere = |one: &Common<'_>| {
            let mut all = self.said.iter();
            all.any(|other| Self::same_words(one.said, other) && self.full_first(other))
        };
        let newer = common().filter(|one| order(one) > order(&newest));
        let narrowing = newer.filter(|one| !counts_elsewhere(one));
        Ok((newest, narrowing.collect()))
    }

    /// Whether a version counts in full, at the first place in its log.
    fn full_first(&self, said: &Said) -> bool {
        self.full(said) && self.versions().any(|(first, _)| first.place == said.place)
    }

    fn agreements(&self) -> BTreeSet<Place> {
        let versions = self.versions();
        versions
            .map(|(said, version)| self.agreement(said, version))
            .collect()
    }

    fn is_left_out(&self, between: &Between<'_>) -> bool {
        let mut all = between.sides.iter().flat_map(|side| side.iter());
        self.too_many || all.any(|who| self.left_out.contains(who))
    }

    /// The clauses in force that cover the decision; what narrows is looked at by measure.
    fn covering(&self, grant: bool) -> Result<Vec<(Common<'_>, &Clause)>, Lack> {
        let between = Between {
            sides: [&self.issuers, &self.receivers],
            day: self.day(),
            grant,
        };
        if self.is_left_out(&between) {
            return Err(Lack::TooMany);
        }
        let all = self.agreements();
        let all: Vec<_> = all
            .iter()
            .map(|one| self.in_force(*one, &between))
            .collect();
        let clauses = || {
            let in_force = all.iter().flatten().map(|(newest, _)| newest);
            in_force.flat_map(|one| one.version.clauses.iter().map(move |clause| (*one, clause)))
        };
        let found: Vec<_> = clauses()
            .filter(|(_, clause)| self.covers(clause).is_ok())
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let stops = clauses().filter_map(|(_, clause)| self.covers(clause).err());
        let lacks = all.iter().filter_map(|one| one.as_ref().err().copied());
        let in_force = all.iter().flatten().map(|_| Lack::NotCovered);
        let nearest = stops.chain(lacks).chain(in_force).max();
        Err(nearest.unwrap_or(Lack::NoAgreement))
    }

    fn covers(&self, clause: &Clause) -> Result<(), Lack> {
        let among = |named: &BTreeSet<u8>, side: &[u8]| {
            named.is_empty() || side.iter().any(|who| named.contains(who))
        };
        let parties =
            among(&clause.issuers, &self.issuers) && among(&clause.receivers, &self.receivers);
        if !parties || !clause.items.contains(&self.decided.item) {
            return Err(Lack::NotCovered);
        }
        if !clause.acts.is_empty() && !clause.acts.contains(&self.decided.act) {
            return Err(Lack::ActType);
        }
        let on = self.decided.on;
        if clause.from.is_some_and(|from| on < from) || clause.until.is_some_and(|until| until < on)
        {
            return Err(Lack::DecidedOutside);
        }
        let only_local = !self.decided.cites.is_empty() && !self.decided.cites.contains(&true);
        match only_local && !clause.local && !lies_in(self.regions.1, self.regions.0) {
            true => Err(Lack::BasisNotValidHere),
            false => Ok(()),
        }
    }

    fn measures(
        &self,
        effect: &Expected,
        clauses: &[(Common<'_>, &Clause)],
    ) -> BTreeMap<u8, (i32, bool, By)> {
        let mut measures = BTreeMap::new();
        let Some(rest) = effect.rest.as_ref().filter(|_| effect.may == May::Applies) else {
            return measures;
        };
        for (measure, until) in &rest.duties {
            let revoked = self
                .revoked
                .get(measure)
                .is_some_and(|from| *from <= self.day());
            if effect.repaired.is_some() || revoked || *until < self.day() {
                continue;
            }
            let until = rest.burden_until.map_or(*until, |end| end.min(*until));
            let naming = clauses.iter().filter_map(|(common, clause)| {
                let binding = clause.measures.get(measure)?;
                let all_allow = self.all_that_narrow_allow(common, *measure);
                // What has to be applied goes first.
                all_allow.then_some((!binding, by(common, clause)))
            });
            if let Some((free, by)) = naming.min() {
                measures.insert(*measure, (until, !free, by));
            }
        }
        measures
    }

    /// Whether each newer version that does not count in full allows a measure as well.
    fn all_that_narrow_allow(&self, common: &Common<'_>, measure: u8) -> bool {
        let between = Between {
            sides: [&self.issuers, &self.receivers],
            day: self.day(),
            grant: false,
        };
        let agreement = self.agreement(common.said, common.version);
        let Ok((_, narrowing)) = self.in_force(agreement, &between) else {
            return false;
        };
        narrowing.iter().all(|newer| {
            let mut clauses = newer.version.clauses.iter();
            let allows =
                |one: &Clause| self.covers(one).is_ok() && one.measures.contains_key(&measure);
            !newer.over && clauses.any(allows)
        })
    }

    /// How the version at a place stands between two authorities on the day.
    #[must_use]
    pub fn stands(&self, place: Place, one: u8, other: u8) -> Stands {
        let Some(version) = self.versions().find(|(said, _)| said.place == place) else {
            return Stands::Lacks(Lack::NoAgreement);
        };
        let between = Between {
            sides: [&[one], &[other]],
            day: self.day(),
            grant: false,
        };
        if self.is_left_out(&between) {
            return Stands::Lacks(Lack::TooMany);
        }
        let agreement = self.agreement(version.0, version.1);
        let same =
            |(newest, _): &(Common<'_>, Vec<Common<'_>>)| Self::same_words(newest.said, version.0);
        if self.in_force(agreement, &between).is_ok_and(|it| same(&it)) {
            return Stands::InForce;
        }
        match self.common(version, &between) {
            Ok(common) if !common.over && self.full(version.0) => Stands::Replaced,
            Ok(_) => Stands::Lacks(Lack::NotInForce),
            Err(lack) => Stands::Lacks(lack),
        }
    }
}

/// Whether a region is another or lies in it, by six digits: of a province the last four are 0, of a city the
/// last two.
const fn lies_in(inner: u32, outer: u32) -> bool {
    let unit = match outer {
        0 => return true,
        _ if outer.is_multiple_of(10_000) => 10_000,
        _ if outer.is_multiple_of(100) => 100,
        _ => 1,
    };
    inner / unit == outer / unit
}
