//! A reference model of effect, written from the rules of `spec/effect.md`.
//!
//! It shares no code with `concordat_protocol::effect`: it has its own plain data, answers every rule
//! by search over the whole set, and takes no care to be quick. [`scenario`] makes sets by seed,
//! [`facts`] turns them into what the real function takes and its record into an [`Expected`].

use std::collections::{BTreeMap, BTreeSet};

mod application;
pub mod codes;
pub mod facts;
mod objections;
mod one_organisation;
pub mod recognition;
mod repair;
mod rest;
pub mod scenario;
mod standing;
mod stay;

/// Where a statement stands: number of the log, position, branch of a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Log 0 is the issuer's, 1 another city's, 2 the supervisor's, 3 the home register.
    pub log: u8,
    /// The position.
    pub index: u64,
    /// 0, or 1 for another statement at the same position.
    pub branch: u8,
}

/// The home register.
pub const REGISTER: u8 = 3;

/// What a decision says in figures. Days count from any day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The organisation.
    pub subject: u8,
    /// The way in which the document number is written: two ways for each of two numbers.
    pub document: u8,
    /// The item.
    pub item: u8,
    /// A penalty, or else a licence.
    pub penalty: bool,
    /// Fine in fen.
    pub fine: u64,
    /// Classes of penalty.
    pub classes: BTreeSet<u8>,
    /// Measures with their last days.
    pub duties: BTreeMap<u8, i32>,
    /// First day.
    pub from: i32,
    /// Day of service.
    pub served: i32,
    /// Last day.
    pub until: Option<i32>,
    /// Last day of publication.
    pub publication: i32,
    /// The root it re-issues.
    pub root: Option<Place>,
    /// What it rests on.
    pub rests_on: BTreeSet<Place>,
}

impl Figures {
    /// The document number, in whatever way it is written.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.document % 2
    }
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Say {
    Decision(Figures),
    Correction {
        target: Place,
        figures: Figures,
        register: u64,
    },
    Withdrawal {
        target: Place,
        register: u64,
    },
    Objection {
        target: Place,
        role: u8,
        ground: u8,
        over_cap: bool,
        register: u64,
    },
    Ruling {
        target: Place,
        outcome: Ruled,
        closes: BTreeSet<Place>,
    },
    Admission {
        target: Place,
        admits: BTreeSet<Place>,
    },
    Stay {
        target: Place,
        from: i32,
        until: Option<i32>,
    },
    Repair {
        target: Place,
        /// What it asks, by code.
        effects: BTreeSet<u8>,
    },
    Notice {
        target: Place,
        act: Place,
        told: Told,
        over_cap: bool,
    },
    /// An organisation bears another code.
    CodeChange {
        from: u8,
        to: u8,
    },
    /// What does not count.
    Nothing,
}

impl Say {
    /// Puts other names in place of those of other statements.
    pub fn rename(&mut self, mut name: impl FnMut(Place) -> Place) {
        let mut all = |list: &BTreeSet<Place>| list.iter().map(|place| name(*place)).collect();
        match self {
            Self::Decision(figures) => {
                figures.rests_on = all(&figures.rests_on);
                figures.root = figures.root.map(name);
            }
            Self::Correction {
                target, figures, ..
            } => {
                figures.rests_on = all(&figures.rests_on);
                *target = name(*target);
            }
            Self::Ruling { target, closes, .. } => {
                *closes = all(closes);
                *target = name(*target);
            }
            Self::Admission { target, admits } => {
                *admits = all(admits);
                *target = name(*target);
            }
            Self::Withdrawal { target, .. }
            | Self::Objection { target, .. }
            | Self::Stay { target, .. }
            | Self::Repair { target, .. } => {
                *target = name(*target);
            }
            Self::Notice { target, act, .. } => {
                *target = name(*target);
                *act = name(*act);
            }
            Self::CodeChange { .. } | Self::Nothing => {}
        }
    }
}

/// Of what a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Told {
    /// On a ground.
    Objection(u8),
    Ruling,
    Stay,
}

impl Told {
    /// Whether it is an objection.
    #[must_use]
    pub const fn is_objection(self) -> bool {
        matches!(self, Self::Objection(_))
    }
}

/// What a ruling says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ruled {
    Upheld,
    Rejected,
    Corrected,
    Withdrawn,
}

/// A statement of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Its place.
    pub place: Place,
    /// The place at which its bytes were made: its own, or that of a statement of which it is a copy.
    pub bytes: Place,
    /// The organisation that its header names.
    pub about: u8,
    /// Its issuer.
    pub issuer: u8,
    /// Whether it was made with supervision.
    pub supervision: bool,
    /// Void as far as it binds: by a cut-off, by its grace, by the standing of its issuer, or by the end of its mandate.
    pub void: Option<Void>,
    /// Whether what it decides is from before its item was in any catalogue.
    pub history: bool,
    /// Whether what it decides is beyond repair.
    pub beyond_repair: bool,
    /// The state of the registry by which it was made.
    pub registry: u64,
    /// Those whose place its issuer had taken by then, the last one first.
    pub in_place_of: Vec<u8>,
    /// What it says.
    pub say: Say,
}

/// Why a statement is void as far as it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Void {
    CutOff,
    Late,
    Suspended,
    Ended,
}

/// How far a log is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Known {
    pub witnessed: u64,
    pub quorum_ms: Option<u64>,
    pub frozen_at: Option<u64>,
}

/// A question with everything that answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Scenario {
    pub target: Place,
    pub set: Vec<Spoken>,
    /// Acts of which only the leaf is known, with their targets in the same log.
    pub unread: BTreeSet<(Place, Place)>,
    /// Decisions that make others anew which were erased, each with one of these.
    pub gone: BTreeSet<(Place, Place)>,
    pub logs: BTreeMap<u8, Known>,
    pub as_of: i32,
    pub now_ms: u64,
    pub freshness_days: u32,
}

/// Whether the decision is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum State {
    InForce,
    Void(Void),
    Withdrawn(BTreeSet<Place>),
    Corrected(BTreeSet<Place>),
    NotHeld(BTreeSet<Place>),
    NotADecision,
}

/// What suspends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Why {
    Objection(u8),
    Conflict,
    Fork,
    ActNotHeld,
    StayNotHeld,
}

/// What is wrong with a basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Weak {
    Void,
    Withdrawn,
    Repaired,
    NotChecked,
    NotHeld,
    NotWitnessed,
    Suspended,
    Unknown,
}

/// What others may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum May {
    Applies,
    Suspended,
    /// Whose silence: the issuer's log, the home register, or a basis.
    Unknown(Option<bool>, Option<u64>),
    Ended,
    NotYet,
    NotWitnessed,
    Lifted,
    Repaired,
    Stayed,
    NoBasis,
    BasisNotHeld,
    Superseded,
    Withdrawn,
    Void,
    NotHeld,
}

/// What the figures come down to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Rest {
    pub same: (u8, u8, bool),
    pub lifted: bool,
    pub fine: u64,
    pub classes: BTreeSet<u8>,
    pub duties: BTreeMap<u8, i32>,
    /// First and last day of the licence, or of the penalty.
    pub from: i32,
    pub until: Option<i32>,
    /// First and last day of the burden.
    pub burden_from: i32,
    pub burden_until: Option<i32>,
    pub publication: i32,
}

/// The record as the model gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Expected {
    pub state: State,
    pub superseded_by: Option<Place>,
    /// The stays of the day, and whether they take away what is granted.
    pub stayed: (BTreeSet<Place>, bool),
    /// By whom and to what end.
    pub repaired: Option<(BTreeSet<Place>, BTreeSet<u8>)>,
    pub suspended: BTreeMap<Why, BTreeSet<Place>>,
    /// Suspending objections that were ruled on and await the act announced.
    pub awaiting: BTreeSet<Place>,
    /// True for over the cap, false for after a rejection.
    pub waiting: BTreeMap<Place, bool>,
    pub pending: BTreeSet<Place>,
    pub rest: Option<Rest>,
    pub weak: BTreeMap<Place, Weak>,
    pub may: May,
    /// Whether it stands for its issuer.
    pub stands: bool,
}

/// Answers by the rules.
#[must_use]
pub fn answer(scenario: &Scenario) -> Expected {
    let scenario = &scenario.without_what_does_not_count();
    let own = scenario.alone(scenario.target);
    let weak = scenario.weak(&own);
    let may = scenario.may(&own, &weak);
    Expected {
        stands: scenario.stands(&own),
        state: own.state,
        superseded_by: own.superseded_by,
        stayed: own.stayed,
        repaired: own.repaired,
        suspended: own.suspended,
        awaiting: own.awaiting,
        waiting: own.waiting,
        pending: own.pending,
        rest: own.rest,
        weak,
        may,
    }
}

/// What the rules give for one decision without looking at its basis.
struct Alone {
    state: State,
    superseded_by: Option<Place>,
    stayed: (BTreeSet<Place>, bool),
    repaired: Option<(BTreeSet<Place>, BTreeSet<u8>)>,
    suspended: BTreeMap<Why, BTreeSet<Place>>,
    awaiting: BTreeSet<Place>,
    waiting: BTreeMap<Place, bool>,
    pending: BTreeSet<Place>,
    rest: Option<Rest>,
    rests_on: BTreeSet<Place>,
}

impl Spoken {
    /// How many took over from each other between an authority and who speaks.
    fn far_from(&self, author: u8) -> Option<usize> {
        if self.issuer == author {
            return Some(0);
        }
        let at = self.in_place_of.iter().position(|one| *one == author)?;
        Some(at + 1)
    }

    fn speaks_for(&self, author: u8) -> bool {
        self.far_from(author).is_some()
    }

    /// In whose names it speaks.
    fn names(&self) -> BTreeSet<u8> {
        let own = [self.issuer].into_iter();
        own.chain(self.in_place_of.iter().copied()).collect()
    }

    /// Whether one of two is known to be the newer.
    fn is_ordered_with(&self, other: &Self) -> bool {
        if self.issuer == other.issuer {
            return self.place.log == other.place.log;
        }
        self.speaks_for(other.issuer) || other.speaks_for(self.issuer)
    }

    fn withdraws(&self, place: Place) -> bool {
        matches!(self.say, Say::Withdrawal { target, .. } if target == place)
    }

    fn corrects(&self, place: Place) -> bool {
        matches!(self.say, Say::Correction { target, .. } if target == place)
    }

    fn is_behind(&self, other: Place) -> bool {
        self.place.log == other.log && self.place.index > other.index
    }

    /// The register size that it carries.
    fn register(&self) -> u64 {
        match self.say {
            Say::Correction { register, .. }
            | Say::Withdrawal { register, .. }
            | Say::Objection { register, .. } => register,
            Say::Decision(_)
            | Say::Ruling { .. }
            | Say::Admission { .. }
            | Say::Stay { .. }
            | Say::Repair { .. }
            | Say::Notice { .. }
            | Say::CodeChange { .. }
            | Say::Nothing => 0,
        }
    }
}

impl Scenario {
    /// The organisation that a statement which says this should be about.
    #[must_use]
    pub fn about(&self, say: &Say) -> u8 {
        match say {
            Say::Decision(figures) | Say::Correction { figures, .. } => figures.subject,
            Say::Withdrawal { target, .. }
            | Say::Objection { target, .. }
            | Say::Ruling { target, .. }
            | Say::Stay { target, .. }
            | Say::Repair { target, .. }
            | Say::Admission { target, .. } => self.at(*target).map_or(0, |target| target.about),
            Say::CodeChange { to, .. } => *to,
            Say::Notice { .. } | Say::Nothing => 0,
        }
    }

    fn without_what_does_not_count(&self) -> Self {
        let mut counting = self.clone();
        for spoken in &mut counting.set {
            let is_copy = self.set.iter().any(|other| {
                let (own, other_place) = (spoken.place, other.place);
                other.bytes == spoken.bytes && other_place.log == own.log && other_place < own
            });
            let target = match &spoken.say {
                Say::Withdrawal { target, .. }
                | Say::Objection { target, .. }
                | Say::Ruling { target, .. }
                | Say::Stay { target, .. }
                | Say::Repair { target, .. }
                | Say::Admission { target, .. } => self.at(*target),
                Say::Decision(_)
                | Say::Correction { .. }
                | Say::Notice { .. }
                | Say::CodeChange { .. }
                | Say::Nothing => None,
            };
            if is_copy || target.is_some_and(|target| target.about != spoken.about) {
                spoken.say = Say::Nothing;
            }
        }
        for spoken in &mut counting.set {
            spoken.say.rename(|name| self.first_with_the_bytes_at(name));
        }
        let unread = self.unread.iter();
        let unread = unread.map(|(act, on)| (*act, self.first_with_the_bytes_at(*on)));
        counting.unread = unread.collect();
        let gone = self.gone.iter();
        let gone = gone.map(|(again, erased)| (self.first_with_the_bytes_at(*again), *erased));
        counting.gone = gone.collect();
        counting
    }

    /// Where the statement stands first that stands at a place.
    #[must_use]
    pub fn first_with_the_bytes_at(&self, place: Place) -> Place {
        let Some(there) = self.at(place) else {
            return place;
        };
        let same = self.set.iter().filter(|other| {
            other.bytes == there.bytes && other.place.log == place.log && other.place <= place
        });
        same.map(|other| other.place).min().unwrap_or(place)
    }

    fn at(&self, place: Place) -> Option<&Spoken> {
        self.set.iter().find(|spoken| spoken.place == place)
    }

    /// Acts that nobody here has read, with their targets.
    fn unread(&self) -> impl Iterator<Item = (Place, Place)> {
        let unread = self.unread.iter().copied();
        unread.filter(|(act, _)| self.at(*act).is_none())
    }

    fn figures(&self, place: Place) -> Option<&Figures> {
        let Say::Decision(figures) = &self.at(place)?.say else {
            return None;
        };
        Some(figures)
    }

    fn witnessed(&self, place: Place) -> bool {
        let log = self.logs.get(&place.log);
        log.is_some_and(|log| place.index < log.witnessed)
    }

    fn beyond(&self, place: Place) -> bool {
        let frozen = self.logs.get(&place.log).and_then(|log| log.frozen_at);
        frozen.is_some_and(|from| from <= place.index)
    }

    /// Counts in full.
    fn full(&self, spoken: &Spoken) -> bool {
        self.witnessed(spoken.place) && spoken.void.is_none() && !self.beyond(spoken.place)
    }

    fn may_act(&self, spoken: &Spoken, target: Place) -> bool {
        spoken.supervision || self.at(target).is_some_and(|t| spoken.speaks_for(t.issuer))
    }

    /// Where a statement comes among those on a decision that order each other: whoever took over comes later.
    fn rank(&self, spoken: &Spoken, decision: Place) -> (usize, Place) {
        let author = self.at(decision).map(|decision| decision.issuer);
        let far = author.and_then(|author| spoken.far_from(author));
        (far.unwrap_or(0), spoken.place)
    }

    /// The organisations of a decision, as made and as corrected.
    fn has_been_about(&self, decision: &Spoken, only_full: bool) -> BTreeSet<u8> {
        let as_made = self.figures(decision.place).map(|figures| figures.subject);
        let mut about: BTreeSet<u8> = as_made.into_iter().collect();
        for act in &self.set {
            let counts = !only_full || self.full(act) && self.full(decision);
            if let Say::Correction {
                target, figures, ..
            } = &act.say
                && *target == decision.place
                && counts
                && self.may_act(act, *target)
            {
                about.insert(figures.subject);
            }
        }
        // There are two organisations, or one under two codes.
        if self.is_one_organisation(only_full) {
            about.extend([0, 1]);
        }
        about
    }

    /// The names of a chain: grown edge by edge until nothing changes.
    fn chain(&self, target: Place, only_full: bool) -> BTreeSet<Place> {
        let usable: Vec<(&Spoken, &Figures)> = self
            .set
            .iter()
            .filter(|s| s.place == target || !only_full || self.full(s))
            .filter_map(|s| self.figures(s.place).map(|figures| (s, figures)))
            .collect();
        let documents: Vec<_> = usable
            .iter()
            .map(|(s, figures)| (s.names(), (figures.number(), figures.item)))
            .zip(
                usable
                    .iter()
                    .map(|(s, _)| self.has_been_about(s, only_full)),
            )
            .collect();
        let mut names = BTreeSet::from([self.first_with_the_bytes_at(target)]);
        for _ in 0..=usable.len() {
            let before = names.clone();
            for ((a, fa), own) in usable.iter().zip(&documents) {
                // What another authority makes of a decision is no part of its chain.
                let joins = |root: &Place| {
                    let of_root = self.figures(*root).and_then(|_| self.at(*root));
                    before.contains(root) && of_root.is_some_and(|root| a.speaks_for(root.issuer))
                };
                let is_sibling = |(b, fb): &(&Spoken, &Figures)| {
                    let one_name = !b.names().is_disjoint(&a.names());
                    before.contains(&b.place) && one_name && fb.root == fa.root
                };
                let touches = before.contains(&a.place)
                    || fa.root.as_ref().is_some_and(joins)
                    || fa.root.is_some() && usable.iter().any(is_sibling)
                    || usable.iter().zip(&documents).any(|((b, _), its)| {
                        let one_name = !own.0.0.is_disjoint(&its.0.0);
                        let one_document = one_name && own.0.1 == its.0.1;
                        before.contains(&b.place) && one_document && !own.1.is_disjoint(&its.1)
                    });
                if touches {
                    names.insert(a.place);
                    names.extend(fa.root);
                }
            }
        }
        names
    }
}
