//! A reference model of effect, written from the rules of `spec/effect.md`.
//!
//! It shares no code with `concordat_protocol::effect`: it has its own plain data, answers every rule
//! by search over the whole set, and takes no care to be quick. [`scenario`] makes sets by seed,
//! [`facts`] turns them into what the real function takes and its record into an [`Expected`].

use std::collections::{BTreeMap, BTreeSet};

pub mod facts;
pub mod scenario;

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
    /// The document number.
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
    /// Last day.
    pub until: Option<i32>,
    /// Last day of publication.
    pub publication: i32,
    /// The root it re-issues.
    pub root: Option<Place>,
    /// What it rests on.
    pub rests_on: BTreeSet<Place>,
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
    Notice {
        target: Place,
        act: Place,
        /// The ground, of an objection; `None` for a ruling.
        objection: Option<u8>,
        over_cap: bool,
    },
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
    /// Its issuer.
    pub issuer: u8,
    /// Whether it was made with supervision.
    pub supervision: bool,
    /// Void as far as it binds: by a cut-off, by its grace, or by the standing of its issuer.
    pub void: Option<Void>,
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
}

/// What is wrong with a basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Weak {
    Void,
    Withdrawn,
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
    pub suspended: BTreeMap<Why, BTreeSet<Place>>,
    /// Suspending objections that were ruled on and await the act announced.
    pub awaiting: BTreeSet<Place>,
    /// True for over the cap, false for after a rejection.
    pub waiting: BTreeMap<Place, bool>,
    pub pending: BTreeSet<Place>,
    pub rest: Option<Rest>,
    pub weak: BTreeMap<Place, Weak>,
    pub may: May,
}

/// Answers by the rules.
#[must_use]
pub fn answer(scenario: &Scenario) -> Expected {
    let own = scenario.alone(scenario.target);
    let weak = scenario.weak(&own);
    let may = scenario.may(&own, &weak);
    Expected {
        state: own.state,
        superseded_by: own.superseded_by,
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
    suspended: BTreeMap<Why, BTreeSet<Place>>,
    awaiting: BTreeSet<Place>,
    waiting: BTreeMap<Place, bool>,
    pending: BTreeSet<Place>,
    rest: Option<Rest>,
    rests_on: BTreeSet<Place>,
}

const DAY_MS: u64 = 86_400_000;

impl Spoken {
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
            Say::Decision(_) | Say::Ruling { .. } | Say::Admission { .. } | Say::Notice { .. } => 0,
        }
    }
}

impl Scenario {
    fn at(&self, place: Place) -> Option<&Spoken> {
        self.set.iter().find(|spoken| spoken.place == place)
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
        spoken.supervision || self.at(target).is_some_and(|t| t.issuer == spoken.issuer)
    }

    /// The names of a chain: grown edge by edge until nothing changes.
    fn chain(&self, target: Place, only_full: bool) -> BTreeSet<Place> {
        let usable: Vec<(&Spoken, &Figures)> = self
            .set
            .iter()
            .filter(|s| s.place == target || !only_full || self.full(s))
            .filter_map(|s| self.figures(s.place).map(|figures| (s, figures)))
            .collect();
        let mut names = BTreeSet::from([target]);
        for _ in 0..=usable.len() {
            let before = names.clone();
            for (a, fa) in &usable {
                let touches = before.contains(&a.place)
                    || fa.root.is_some_and(|root| before.contains(&root))
                    || usable.iter().any(|(b, fb)| {
                        before.contains(&b.place)
                            && (a.issuer, fa.document, fa.item) == (b.issuer, fb.document, fb.item)
                    });
                if touches {
                    names.insert(a.place);
                    names.extend(fa.root);
                }
            }
        }
        names
    }

    fn alone(&self, target: Place) -> Alone {
        let (mut suspended, awaiting, waiting) = self.objections(target);
        let Some(figures) = self.figures(target) else {
            return Alone {
                state: self.unheld(target),
                superseded_by: None,
                suspended,
                awaiting,
                waiting,
                pending: BTreeSet::new(),
                rest: None,
                rests_on: BTreeSet::new(),
            };
        };
        let spoken = self.at(target).expect("its figures are known");
        let (by, mut pending, conflict, mut rest) = self.corrected(target, figures);
        if conflict {
            suspended.insert(Why::Conflict, by.clone());
        }
        if self.beyond(target) {
            suspended.insert(Why::Fork, BTreeSet::new());
        }
        let (mut taken, mut lifts) = (BTreeSet::new(), BTreeSet::new());
        for act in &self.set {
            if act.withdraws(target) && self.may_act(act, target) {
                let now = rest.same.2 || self.full(act);
                if now { &mut taken } else { &mut lifts }.insert(act.place);
            }
        }
        let mut rests_on = figures.rests_on.clone();
        for place in &by {
            if let Some(Say::Correction { figures, .. }) = self.at(*place).map(|s| &s.say) {
                rests_on.extend(&figures.rests_on);
            }
        }
        let state = match spoken.void {
            Some(void) if figures.penalty => State::Void(void),
            _ if !taken.is_empty() => State::Withdrawn(taken),
            _ if !by.is_empty() => State::Corrected(by),
            _ => State::InForce,
        };
        let superseded_by = self.reissued(target, spoken, figures, &mut rest);
        if !lifts.is_empty() {
            rest.lift();
        }
        pending.extend(lifts);
        Alone {
            state,
            superseded_by,
            suspended,
            awaiting,
            waiting,
            pending,
            rest: Some(rest),
            rests_on,
        }
    }

    fn unheld(&self, target: Place) -> State {
        if self.at(target).is_some() {
            return State::NotADecision;
        }
        let (mut acts, mut withdrawn) = (BTreeSet::new(), BTreeSet::new());
        for spoken in &self.set {
            let withdraws = spoken.withdraws(target);
            let corrects = matches!(spoken.say, Say::Correction { target: on, .. } if on == target);
            if withdraws || corrects {
                acts.insert(spoken.place);
                if withdraws && spoken.supervision {
                    withdrawn.insert(spoken.place);
                }
            }
        }
        match withdrawn.is_empty() {
            true => State::NotHeld(acts),
            false => State::Withdrawn(withdrawn),
        }
    }

    /// Corrections that hold or compete, those pending, whether they conflict, and what is left.
    fn corrected(
        &self,
        target: Place,
        own: &Figures,
    ) -> (BTreeSet<Place>, BTreeSet<Place>, bool, Rest) {
        let mut all: Vec<(&Spoken, &Figures)> = Vec::new();
        for spoken in &self.set {
            if let Say::Correction {
                target: on,
                figures,
                ..
            } = &spoken.say
                && *on == target
                && self.may_act(spoken, target)
            {
                all.push((spoken, figures));
            }
        }
        // Where nothing else orders them, log and position do.
        all.sort_by_key(|(spoken, _)| spoken.place);
        let ordered = |a: &Spoken, b: &Spoken| a.issuer == b.issuer && a.place.log == b.place.log;
        let overtaken = |c: &Spoken| {
            all.iter()
                .any(|(later, _)| ordered(later, c) && self.full(later) && later.place > c.place)
        };
        all = all.iter().copied().filter(|(c, _)| !overtaken(c)).collect();
        let (full, mut part): (Vec<_>, Vec<_>) =
            all.iter().copied().partition(|(c, _)| self.full(c));
        let answers_for = |x: &(&Spoken, &Figures), group: &[(&Spoken, &Figures)]| {
            group
                .iter()
                .all(|(y, _)| ordered(x.0, y) || x.1.rests_on.contains(&y.place))
        };
        let settling: Vec<_> = full.iter().filter(|x| answers_for(x, &full)).collect();
        let held: Vec<(&Spoken, &Figures)> = if let [only] = settling.as_slice() {
            part.retain(|(y, _)| !only.1.rests_on.contains(&y.place));
            vec![**only]
        } else {
            full.clone()
        };
        let mut rest = Rest::of(own);
        if let Some(((_, first), others)) = held.split_first() {
            rest = Rest::of(first);
            for (_, other) in others {
                rest.meet(&Rest::of(other));
            }
        }
        let base = rest.clone();
        let mut by = held.clone();
        for (spoken, figures) in &part {
            let mut alone = base.clone();
            alone.meet(&Rest::of(figures));
            if alone != base {
                rest.meet(&Rest::of(figures));
                by.push((spoken, figures));
            }
        }
        let authors_differ = by
            .iter()
            .any(|(a, _)| by.iter().any(|(b, _)| !ordered(a, b)));
        let one_answers = by
            .iter()
            .filter(|x| self.full(x.0) && answers_for(x, &by))
            .count()
            == 1;
        let names_all =
            |closes: &BTreeSet<Place>| by.iter().all(|(c, _)| closes.contains(&c.place));
        let ruled = self.set.iter().any(|spoken| {
            matches!(&spoken.say, Say::Ruling { closes, .. } if names_all(closes))
                && spoken.supervision
                && self.ruling_counts(spoken, target)
        });
        let places = |list: &[(&Spoken, &Figures)]| list.iter().map(|(s, _)| s.place).collect();
        let conflict = authors_differ && !one_answers && !ruled;
        (places(&by), places(&part), conflict, rest)
    }

    fn ruling_counts(&self, ruling: &Spoken, target: Place) -> bool {
        let Say::Ruling { target: on, .. } = &ruling.say else {
            return false;
        };
        let withdrawn = self
            .set
            .iter()
            .any(|w| w.withdraws(ruling.place) && (w.supervision || w.issuer == ruling.issuer));
        self.full(ruling)
            && !withdrawn
            && self.may_act(ruling, target)
            && self.chain(target, true).contains(on)
    }

    fn reissued(
        &self,
        target: Place,
        spoken: &Spoken,
        figures: &Figures,
        rest: &mut Rest,
    ) -> Option<Place> {
        let mut newest: Option<Place> = None;
        for other in &self.set {
            let Say::Decision(theirs) = &other.say else {
                continue;
            };
            let Some(root) = theirs.root else { continue };
            if other.place == target || other.issuer != spoken.issuer {
                continue;
            }
            let names_it = root == target;
            let sibling = figures.root == Some(root);
            let same_log = other.place.log == target.log;
            let before = sibling && same_log && other.place.index <= target.index;
            if !names_it && (!sibling || before) {
                continue;
            }
            if self.full(other) && (names_it || same_log) {
                let newer = |known: Place| {
                    (known.index, known.log, known.branch)
                        < (other.place.index, other.place.log, other.place.branch)
                };
                if newest.is_none_or(newer) {
                    newest = Some(other.place);
                }
            } else {
                rest.meet(&Rest::of(theirs));
            }
        }
        newest
    }

    #[allow(clippy::type_complexity)]
    fn objections(
        &self,
        target: Place,
    ) -> (
        BTreeMap<Why, BTreeSet<Place>>,
        BTreeSet<Place>,
        BTreeMap<Place, bool>,
    ) {
        let chain = self.chain(target, false);
        let mut open: BTreeMap<Place, (u8, Option<u8>, bool, u64)> = BTreeMap::new();
        for spoken in &self.set {
            if let Say::Objection {
                target: on,
                role,
                ground,
                over_cap,
                register,
            } = spoken.say
                && chain.contains(&on)
            {
                let noticed = self.notices_of(spoken.place).map(|n| n.place.index).min();
                let register = noticed.map_or(register, |at| register.min(at));
                open.insert(spoken.place, (ground, Some(role), over_cap, register));
            }
        }
        let mut notices: Vec<_> = self
            .set
            .iter()
            .filter(|s| s.place.log == REGISTER)
            .collect();
        notices.sort_by_key(|s| s.place);
        for spoken in notices {
            if let Say::Notice {
                target: on,
                act,
                objection: Some(ground),
                over_cap,
            } = spoken.say
                && chain.contains(&on)
                && self.at(act).is_none()
            {
                let known = (ground, None, over_cap, spoken.place.index);
                open.entry(act).or_insert(known);
            }
        }
        let rulings: Vec<_> = self
            .set
            .iter()
            .filter(|s| self.ruling_counts(s, target))
            .collect();
        let mut announced: BTreeSet<Place> = BTreeSet::new();
        for ruling in &rulings {
            let Say::Ruling {
                outcome, closes, ..
            } = &ruling.say
            else {
                continue;
            };
            let announces = matches!(outcome, Ruled::Upheld | Ruled::Corrected);
            if announces {
                announced.extend(closes);
            }
            open.retain(|place, _| {
                let done = !announces || self.announced_is_done(ruling, *place, target);
                !(closes.contains(place) && done)
            });
        }
        let (mut suspended, mut waiting) =
            (BTreeMap::<Why, BTreeSet<Place>>::new(), BTreeMap::new());
        let mut awaiting = BTreeSet::new();
        for (place, (ground, role, over_cap, register)) in open {
            let admitted = self.set.iter().any(|s| {
                let names = |admits: &BTreeSet<Place>| admits.contains(&place);
                s.supervision && matches!(&s.say, Say::Admission { admits, .. } if names(admits))
            });
            let after = rulings.iter().any(|ruling| {
                role.is_some_and(|role| self.rejected(ruling, target, (role, ground), register))
                    && !self.restricted_after(ruling, target)
            });
            if admitted || (!over_cap && !after) {
                suspended
                    .entry(Why::Objection(ground))
                    .or_default()
                    .insert(place);
                if announced.contains(&place) {
                    awaiting.insert(place);
                }
            } else {
                waiting.insert(place, over_cap);
            }
        }
        (suspended, awaiting, waiting)
    }

    /// Whether the decision was corrected or withdrawn as a ruling announced, by one who knew.
    fn announced_is_done(&self, ruling: &Spoken, objection: Place, target: Place) -> bool {
        let noticed = |register: u64| {
            self.notices_of(objection).any(|notice| {
                let of_objection = matches!(
                    notice.say,
                    Say::Notice {
                        objection: Some(_),
                        ..
                    }
                );
                of_objection && self.full(notice) && notice.place.index < register
            })
        };
        self.set.iter().any(|act| {
            let knew =
                act.is_behind(ruling.place) || act.is_behind(objection) || noticed(act.register());
            let acts = act.corrects(target) || act.withdraws(target);
            let anew = act.place == target
                && matches!(&act.say, Say::Decision(figures) if figures.root.is_some())
                && act.is_behind(ruling.place);
            self.full(act) && (anew || acts && knew && self.may_act(act, target))
        })
    }

    /// Whether a correction that burdens more than what it took over from has followed a ruling, or the
    /// decision itself was made after it and burdens more than the one ruled on.
    fn restricted_after(&self, ruling: &Spoken, target: Place) -> bool {
        let Some(own) = self.figures(target) else {
            return false;
        };
        let Say::Ruling { target: on, .. } = ruling.say else {
            return false;
        };
        let made_after = self.at(target).is_some_and(|t| t.is_behind(ruling.place));
        let adds = self.figures(on).is_none_or(|ruled_on| {
            let mut both = Rest::of(own);
            both.meet(&Rest::of(ruled_on));
            both != Rest::of(own)
        });
        if made_after && adds {
            return true;
        }
        let counts =
            |act: &Spoken| act.corrects(target) && self.may_act(act, target) && self.full(act);
        let notices: Vec<u64> = self
            .notices_of(ruling.place)
            .filter(|notice| {
                let of_ruling = matches!(
                    notice.say,
                    Say::Notice {
                        objection: None,
                        ..
                    }
                );
                of_ruling && self.full(notice)
            })
            .map(|notice| notice.place.index)
            .collect();
        self.set.iter().filter(|act| counts(act)).any(|act| {
            let follows = act.is_behind(ruling.place)
                || notices.iter().any(|notice| *notice < act.register());
            let before = self
                .set
                .iter()
                .filter(|other| counts(other) && other.issuer == act.issuer)
                .filter(|other| other.place.log == act.place.log && other.place < act.place)
                .max_by_key(|other| other.place);
            let of = |spoken: &Spoken| match &spoken.say {
                Say::Correction { figures, .. } => Some(Rest::of(figures)),
                Say::Decision(_)
                | Say::Withdrawal { .. }
                | Say::Objection { .. }
                | Say::Ruling { .. }
                | Say::Admission { .. }
                | Say::Notice { .. } => None,
            };
            let before = before.and_then(of).unwrap_or_else(|| Rest::of(own));
            let after = of(act).expect("it corrects");
            let mut both = after.clone();
            both.meet(&before);
            follows && both != after
        })
    }

    fn notices_of(&self, on: Place) -> impl Iterator<Item = &Spoken> {
        self.set.iter().filter(move |s| {
            let names_it = matches!(s.say, Say::Notice { act, .. } if act == on);
            names_it && s.place.log == REGISTER
        })
    }

    /// Whether a ruling rejects an objection in a role on a ground, and its notice lies within a register.
    fn rejected(
        &self,
        ruling: &Spoken,
        target: Place,
        (role, ground): (u8, u8),
        register: u64,
    ) -> bool {
        let Say::Ruling {
            outcome: Ruled::Rejected,
            closes,
            ..
        } = &ruling.say
        else {
            return false;
        };
        let chain = self.chain(target, true);
        let on_ground = closes.iter().any(|closed| {
            let said = self.at(*closed).map(|s| &s.say);
            matches!(said, Some(Say::Objection { target, role: r, ground: g, .. })
                if chain.contains(target) && (*r, *g) == (role, ground))
        });
        let seen = self.notices_of(ruling.place).any(|notice| {
            let of_ruling = matches!(
                notice.say,
                Say::Notice {
                    objection: None,
                    ..
                }
            );
            of_ruling && self.full(notice) && notice.place.index < register
        });
        on_ground && seen
    }

    fn stale(&self, log: u8) -> Option<Option<u64>> {
        let quorum = |log: &u8| self.logs.get(log).and_then(|known| known.quorum_ms);
        let newest = self.logs.keys().filter_map(quorum).max().unwrap_or(0);
        let now = self.now_ms.max(newest);
        match quorum(&log) {
            None => Some(None),
            Some(at) if now - at > u64::from(self.freshness_days) * DAY_MS => Some(Some(at)),
            Some(_) => None,
        }
    }

    fn weak(&self, own: &Alone) -> BTreeMap<Place, Weak> {
        let mut weak = BTreeMap::new();
        let mut seen = BTreeSet::from([self.target]);
        let mut open = own.rests_on.clone();
        while let Some(place) = open.pop_first() {
            if !seen.insert(place) {
                continue;
            }
            let spoken = self.at(place);
            let provisional = |s: &Spoken| s.void.is_none() && !self.witnessed(s.place);
            if let Some(spoken) = spoken
                && matches!(spoken.say, Say::Correction { .. })
            {
                if provisional(spoken) {
                    weak.insert(place, Weak::NotWitnessed);
                }
                continue;
            }
            let basis = self.alone(place);
            open.extend(&basis.rests_on);
            let why = match (&basis.state, spoken) {
                (State::Withdrawn(_), _) => Some(Weak::Withdrawn),
                (State::NotHeld(_) | State::NotADecision, _) | (_, None) => Some(Weak::NotHeld),
                (_, Some(s)) if s.void.is_some() => Some(Weak::Void),
                (_, Some(s)) if provisional(s) => Some(Weak::NotWitnessed),
                _ if !basis.suspended.is_empty() => Some(Weak::Suspended),
                _ if self.stale(place.log).is_some() || self.stale(REGISTER).is_some() => {
                    Some(Weak::Unknown)
                }
                _ => None,
            };
            weak.extend(why.map(|why| (place, why)));
        }
        weak
    }

    fn may(&self, own: &Alone, weak: &BTreeMap<Place, Weak>) -> May {
        let (rest, spoken) = match (&own.state, &own.rest, self.at(self.target)) {
            (State::Void(_), ..) => return May::Void,
            (State::Withdrawn(_), ..) => return May::Withdrawn,
            (_, Some(rest), Some(spoken)) => (rest, spoken),
            _ => return May::NotHeld,
        };
        if own.superseded_by.is_some() {
            return May::Superseded;
        }
        let penalty = rest.same.2;
        let sums = rest.fine > 0 || !rest.classes.is_empty() || !rest.duties.is_empty();
        let burdens = !rest.lifted && (penalty || sums);
        if burdens && spoken.void.is_some() {
            return May::Void;
        }
        if burdens && !self.witnessed(self.target) {
            return May::NotWitnessed;
        }
        let (from, until) = match burdens {
            true => (rest.burden_from, rest.burden_until),
            false => (rest.from, rest.until),
        };
        if self.as_of < from {
            return May::NotYet;
        }
        if until.is_some_and(|until| self.as_of > until) {
            return May::Ended;
        }
        if !burdens {
            return if rest.lifted && penalty {
                May::Lifted
            } else {
                May::Applies
            };
        }
        if self.as_of > rest.publication {
            return May::Ended;
        }
        match weak.values().min() {
            Some(Weak::Void | Weak::Withdrawn) => return May::NoBasis,
            Some(Weak::NotHeld) => return May::BasisNotHeld,
            Some(Weak::NotWitnessed) => return May::NotWitnessed,
            Some(Weak::Suspended) => return May::Suspended,
            Some(Weak::Unknown) => return May::Unknown(None, None),
            None => {}
        }
        if !own.suspended.is_empty() {
            return May::Suspended;
        }
        match (self.stale(self.target.log), self.stale(REGISTER)) {
            (None, None) => May::Applies,
            (Some(issuer), None) => May::Unknown(Some(true), issuer),
            (None, Some(register)) => May::Unknown(Some(false), register),
            (Some(issuer), Some(register)) if register < issuer => {
                May::Unknown(Some(false), register)
            }
            (Some(issuer), Some(_)) => May::Unknown(Some(true), issuer),
        }
    }
}

impl Rest {
    fn of(figures: &Figures) -> Self {
        Self {
            same: (figures.subject, figures.item, figures.penalty),
            lifted: false,
            fine: figures.fine,
            classes: figures.classes.clone(),
            duties: figures.duties.clone(),
            from: figures.from,
            until: figures.until,
            burden_from: figures.from,
            burden_until: figures.until,
            publication: figures.publication,
        }
    }

    fn lift(&mut self) {
        self.lifted = true;
        self.fine = 0;
        self.classes.clear();
        self.duties.clear();
    }

    fn meet(&mut self, other: &Self) {
        if self.same != other.same {
            return self.lift();
        }
        if other.lifted {
            self.lift();
        }
        self.fine = self.fine.min(other.fine);
        self.classes = &self.classes & &other.classes;
        let both = |(measure, until): (&u8, &i32)| {
            let theirs = other.duties.get(measure)?;
            Some((*measure, *until.min(theirs)))
        };
        self.duties = self.duties.iter().filter_map(both).collect();
        self.publication = self.publication.min(other.publication);
        self.burden_from = self.burden_from.max(other.burden_from);
        self.burden_until = match (self.burden_until, other.burden_until) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        if self.same.2 {
            (self.from, self.until) = (self.burden_from, self.burden_until);
        } else {
            let unending = self.until.is_none() || other.until.is_none();
            self.from = self.from.min(other.from);
            self.until = if unending {
                None
            } else {
                self.until.max(other.until)
            };
        }
    }
}
