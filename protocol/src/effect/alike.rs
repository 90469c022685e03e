//! Objections that nothing tells apart: of thousands raised by one member, few are looked at.
//!
//! An objection enters effect by where and on what it was raised, its ground and role, whether it lies
//! over the cap, what names it, which corrections and withdrawals knew it, and which rejections its
//! register holds. Objections that agree in all of that are open or closed together, suspend on one
//! ground together (EFF-7) and wait for one cause. What is known of them without their bodies says
//! which these are, and some of each group stand for the others:
//!
//! - the first by position: what its log had adopted then, later ones have adopted too (EFF-42);
//! - the one received first, since which the ground suspends;
//! - those noticed first and last: notices count in full up to a position of the register.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::effect::horizon::Horizon;
use crate::effect::record::{Effect, Suspension, SuspensionKind, Waiting};
use crate::log::{LeafIndex, Origin};
use crate::statement::{
    Class, Content, Ground, ObjectorRole, Outcome, Payload, Ruling, StatementRef,
};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// An objection that counts, as an index knows it without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Where it stands.
    pub at: StatementRef,
    /// What it is on.
    pub on: StatementRef,
    /// Its ground.
    pub ground: Ground,
    /// Whether it lies over the cap of its receiver.
    pub over_cap: bool,
    /// What its body says; `None` where it is known by its notices alone.
    pub said: Option<Said>,
    /// Where its bytes stand again in its log, ascending: what names them there names it (EFF-130).
    pub copies: Vec<StatementRef>,
    /// The notices of it and of its copies in the home register, by position.
    pub notices: Vec<Noticed>,
}

/// What the body of an objection says beyond its notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who received it.
    pub issuer: AuthorityCode,
    /// The role of the objector.
    pub role: ObjectorRole,
    /// When it was received.
    pub received_on: Day,
    /// The size of the home register that it carries.
    pub register_size: u64,
}

/// A notice of an objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noticed {
    /// Its position in the home register.
    pub index: LeafIndex,
    /// Whether it tells of an objection, as it should.
    pub as_objection: bool,
    /// Whether it stands behind the cut-off of its key. In the home register nothing else is void.
    pub is_void: bool,
}

impl Noticed {
    const fn counts(&self) -> bool {
        self.as_objection && !self.is_void
    }
}

impl Raised {
    /// The first notice that counts.
    fn noticed(&self) -> Option<&Noticed> {
        self.notices.iter().find(|notice| notice.counts())
    }

    /// Of the notices those that make a difference, by their places, ascending: the first bounds what its
    /// author can have adopted, the first that tells of an objection says what there is where it is not
    /// held, and by the first that counts others know it.
    #[must_use]
    pub fn telling_notices(&self) -> Vec<usize> {
        let first = |is: fn(&Noticed) -> bool| self.notices.iter().position(is);
        let telling = [
            |_: &Noticed| true,
            |it: &Noticed| it.as_objection,
            Noticed::counts,
        ];
        let mut places: Vec<usize> = telling.into_iter().filter_map(first).collect();
        places.dedup();
        places
    }

    /// All its names.
    fn names(&self) -> impl Iterator<Item = &StatementRef> {
        [&self.at].into_iter().chain(&self.copies)
    }

    /// The first position of the register that its author cannot have adopted.
    fn bound(&self) -> u64 {
        let first = self.notices.first();
        first.map_or(u64::MAX, |notice| notice.index.value())
    }
}

/// What tells objections apart, of the other statements that bear on a decision.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    /// Rulings and admissions, by the objections that they name.
    naming: BTreeMap<StatementRef, Vec<usize>>,
    /// Where rejections are noticed, ascending.
    rejected: Vec<u64>,
    /// The register sizes of corrections and withdrawals, ascending.
    adopted: Vec<u64>,
    /// Where corrections and withdrawals stand, ascending.
    acts: BTreeMap<Origin, Vec<u64>>,
}

impl Telling {
    /// Reads the statements that bear on a decision, each with what it says. More than that tells more
    /// apart and does no harm.
    #[must_use]
    pub fn of<'s, I>(statements: I, register: &Origin) -> Self
    where
        I: Iterator<Item = (&'s StatementRef, &'s Payload)> + Clone,
    {
        let mut telling = Self::default();
        let rejects = |ruling: &Ruling| ruling.outcome() == Outcome::Rejected;
        let mut rejections = Vec::new();
        for (number, (at, payload)) in statements.clone().enumerate() {
            match &payload.content {
                Content::Ruling(ruling) => {
                    telling.name(number, ruling.closes());
                    rejections.extend(rejects(ruling).then_some(at));
                }
                Content::Admission(admission) => telling.name(number, admission.admits()),
                Content::Correction(_) | Content::Withdrawal(_) => {
                    let size = payload.register_size.map_or(0, |size| size.value());
                    telling.adopted.push(size);
                    let acts = telling.acts.entry(at.origin.clone()).or_default();
                    acts.push(at.index.value());
                }
                Content::Decision(_)
                | Content::Objection(_)
                | Content::Stay(_)
                | Content::Erasure(_)
                | Content::Repair(_)
                | Content::Notice(_)
                | Content::ItemCatalogue(_)
                | Content::MeasureCatalogue(_)
                | Content::Calendar(_)
                | Content::DeadlineRules(_)
                | Content::Policy(_)
                | Content::Enrolment(_)
                | Content::Rotation(_)
                | Content::Suspension(_)
                | Content::CutOff(_)
                | Content::Loss(_)
                | Content::Succession(_)
                | Content::DeliveryBatch(_)
                | Content::Holdings(_)
                | Content::ReceiptBatch(_)
                | Content::QueryRoot(_)
                | Content::HeadSeen(_)
                | Content::Agreement(_)
                | Content::Accession(_)
                | Content::Retirement(_)
                | Content::RecognitionResponse(_)
                | Content::Restart(_)
                | Content::Record(_) => {}
            }
        }
        rejections.sort_unstable();
        for (at, payload) in statements {
            if let Content::Notice(notice) = &payload.content
                && at.origin == *register
                && notice.class == Class::Ruling
                && rejections.binary_search(&&notice.act).is_ok()
            {
                telling.rejected.push(at.index.value());
            }
        }
        let lists = [&mut telling.rejected, &mut telling.adopted];
        for list in lists.into_iter().chain(telling.acts.values_mut()) {
            list.sort_unstable();
            list.dedup();
        }
        telling
    }

    /// Whether a ruling or an admission names an objection so.
    #[must_use]
    pub fn is_named(&self, name: &StatementRef) -> bool {
        self.naming.contains_key(name)
    }

    /// The rulings and admissions that name an objection, ascending.
    fn naming(&self, one: &Raised) -> Cow<'_, [usize]> {
        let by = |name| self.naming.get(name).map(Vec::as_slice).unwrap_or_default();
        if one.copies.is_empty() {
            return Cow::Borrowed(by(&one.at));
        }
        let mut all: Vec<usize> = one.names().flat_map(by).copied().collect();
        all.sort_unstable();
        all.dedup();
        Cow::Owned(all)
    }

    fn name(&mut self, number: usize, named: &[StatementRef]) {
        for objection in named {
            let naming = self.naming.entry(objection.clone()).or_default();
            naming.push(number);
        }
    }
}

/// Objections that nothing tells apart, by their places in the question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Those that stand for all, at most [`GROUP_KEPT_MAX`]; ascending.
    pub kept: Vec<usize>,
    /// The others, ascending.
    pub left: Vec<usize>,
}

/// Objections of one group that are looked at.
pub const GROUP_KEPT_MAX: usize = 4;

/// All that is looked at of an objection, as far as it makes a difference.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Marks<'r> {
    log: &'r Origin,
    on: &'r StatementRef,
    ground: Ground,
    over_cap: bool,
    /// Receiver and role.
    said: Option<(AuthorityCode, ObjectorRole)>,
    /// Rulings and admissions that name it.
    named_by: Cow<'r, [usize]>,
    /// How often its log had adopted another rejection by then.
    adopted: usize,
    /// How many rejections are noticed before it.
    bound: usize,
    /// How many corrections and withdrawals stand before it in its log.
    behind: usize,
    /// How many corrections and withdrawals had not adopted its notice.
    noticed: Option<usize>,
}

/// Puts objections that nothing tells apart in groups. What effect gives by those kept and all other
/// statements is, with [`Alike`], what it gives by all.
// spec: IDX-40
#[must_use]
pub fn groups(raised: &[Raised], telling: &Telling) -> Vec<Group> {
    let mut order: Vec<usize> = (0..raised.len()).collect();
    order.sort_by_key(|at| raised.get(*at).map(|one| &one.at));
    let mut grouped: BTreeMap<Marks<'_>, Vec<usize>> = BTreeMap::new();
    let mut course = Course::default();
    for at in order {
        if let Some(one) = raised.get(at) {
            let marks = marks(one, telling, &mut course);
            grouped.entry(marks).or_default().push(at);
        }
    }
    let group = |members: Vec<usize>| Group::of(members, raised);
    grouped.into_values().map(group).collect()
}

fn marks<'r>(one: &'r Raised, telling: &'r Telling, course: &mut Course<'r>) -> Marks<'r> {
    let noticed = one.noticed();
    let up_to = |list: &[u64], most: u64| list.partition_point(|at| *at <= most);
    let acts = telling.acts.get(&one.at.origin);
    Marks {
        log: &one.at.origin,
        on: &one.on,
        ground: one.ground,
        over_cap: one.over_cap,
        said: one.said.as_ref().map(|said| (said.issuer, said.role)),
        named_by: telling.naming(one),
        adopted: course.adopted(one, telling),
        bound: telling.before(one.bound()),
        behind: acts.map_or(0, |acts| up_to(acts, one.at.index.value())),
        noticed: noticed.map(|it| up_to(&telling.adopted, it.index.value())),
    }
}

impl Telling {
    /// How many rejections are noticed within a size of the register.
    fn before(&self, size: u64) -> usize {
        self.rejected.partition_point(|at| *at < size)
    }
}

/// What one log has adopted, as its objections show by position.
#[derive(Default)]
struct Course<'r> {
    log: Option<&'r Origin>,
    /// How many rejections are known by the objections to each statement.
    known: BTreeMap<&'r StatementRef, usize>,
    steps: usize,
}

impl<'r> Course<'r> {
    /// How many steps the log has made, up to this objection: at each of them the objections to one
    /// statement know more rejections than those before.
    // spec: EFF-42
    fn adopted(&mut self, one: &'r Raised, telling: &Telling) -> usize {
        if self.log != Some(&one.at.origin) {
            *self = Self {
                log: Some(&one.at.origin),
                ..Self::default()
            };
        }
        let Some(said) = &one.said else {
            // No rejection keeps back what is known by a notice alone.
            return 0;
        };
        let knows = telling.before(said.register_size.min(one.bound()));
        let known = self.known.entry(&one.on).or_default();
        if knows > *known {
            *known = knows;
            self.steps += 1;
        }
        self.steps
    }
}

impl Group {
    fn of(members: Vec<usize>, raised: &[Raised]) -> Self {
        let at = |member: &usize| raised.get(*member);
        let received = |member: &&usize| at(member)?.said.as_ref().map(|said| said.received_on);
        let noticed = |member: &&usize| Alike::noticed(at(member));
        let mut kept: Vec<usize> = [
            members.first(),
            members.iter().min_by_key(received),
            members.iter().min_by_key(noticed),
            members.iter().max_by_key(noticed),
        ]
        .into_iter()
        .flatten()
        .copied()
        .collect();
        kept.sort_unstable();
        kept.dedup();
        let mut left = members;
        left.retain(|member| kept.binary_search(member).is_err());
        left.sort_unstable();
        Self { kept, left }
    }
}

/// Objections that nothing tells apart, each with the position of the register at which it is noticed,
/// or the greatest number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    kept: BTreeMap<StatementRef, u64>,
    left: BTreeMap<StatementRef, u64>,
}

impl Alike {
    /// Names the objections of a group.
    #[must_use]
    pub fn of(group: &Group, raised: &[Raised]) -> Self {
        let named = |members: &[usize]| {
            let members = members.iter().filter_map(|at| raised.get(*at));
            let named = members.map(|one| (one.at.clone(), Self::noticed(Some(one))));
            named.collect()
        };
        Self {
            kept: named(&group.kept),
            left: named(&group.left),
        }
    }

    fn noticed(one: Option<&Raised>) -> u64 {
        let noticed = one.and_then(Raised::noticed);
        noticed.map_or(u64::MAX, |notice| notice.index.value())
    }

    /// The first of those that stand for the others.
    #[must_use]
    pub fn first(&self) -> Option<&StatementRef> {
        self.kept.keys().next()
    }

    /// Takes in what is known of the same objections from elsewhere.
    pub fn join(&mut self, other: Self) {
        self.kept.extend(other.kept);
        self.left.extend(other.left);
    }

    /// The others, as far as they are open when those are that stand for them, and an open one of these.
    /// Where only some are, it is for their notices: those count in full up to a position.
    fn open(
        &self,
        horizon: &Horizon,
        is_open: impl Fn(&StatementRef) -> bool,
    ) -> Option<(&StatementRef, impl Iterator<Item = &StatementRef>)> {
        let open = self.kept.keys().find(|one| is_open(one))?;
        let (still, closed): (Vec<_>, Vec<_>) = self.kept.iter().partition(|(one, _)| is_open(one));
        let first_open = still.into_iter().map(|(_, noticed)| *noticed).min();
        let closed = closed.into_iter().map(|(_, noticed)| *noticed).max();
        let most = counting(horizon);
        let parts = |closed: u64| closed < most && first_open.is_some_and(|open| most <= open);
        let from = closed.map_or(0, |closed| match parts(closed) {
            true => most,
            false => closed.saturating_add(1),
        });
        let left = self
            .left
            .iter()
            .filter(move |(_, noticed)| **noticed >= from);
        Some((open, left.map(|(one, _)| one)))
    }
}

/// The first position of the home register at which nothing counts in full.
fn counting(horizon: &Horizon) -> u64 {
    let known = horizon.logs.get(&horizon.register);
    known.map_or(0, |log| {
        let frozen = log.frozen_at.map_or(u64::MAX, LeafIndex::value);
        log.witnessed.value().min(frozen)
    })
}

/// Names in an effect the objections too for which others stood.
// spec: IDX-40
pub fn complete<'g>(
    effect: &mut Effect,
    groups: impl IntoIterator<Item = &'g Alike>,
    horizon: &Horizon,
) {
    let mut suspending: BTreeMap<StatementRef, (usize, bool)> = BTreeMap::new();
    for (number, suspension) in effect.suspended_by.iter().enumerate() {
        if matches!(suspension.kind, SuspensionKind::Objection(_)) {
            let awaits = |one| suspension.awaiting_act.binary_search(one).is_ok();
            let by = suspension.by.iter();
            suspending.extend(by.map(|one| (one.clone(), (number, awaits(one)))));
        }
    }
    let waiting = effect.waiting.iter();
    let waiting: BTreeMap<_, _> = waiting
        .map(|one| (one.objection.clone(), (one.ground, one.why)))
        .collect();
    for group in groups {
        let is_open =
            |one: &StatementRef| suspending.contains_key(one) || waiting.contains_key(one);
        let Some((open, left)) = group.open(horizon, is_open) else {
            continue;
        };
        if let Some((number, awaits)) = suspending.get(open)
            && let Some(suspension) = effect.suspended_by.get_mut(*number)
        {
            for one in left {
                suspension.by.push(one.clone());
                suspension.awaiting_act.extend(awaits.then(|| one.clone()));
            }
        } else if let Some((ground, why)) = waiting.get(open) {
            effect.waiting.extend(left.map(|one| Waiting {
                objection: one.clone(),
                ground: *ground,
                why: *why,
            }));
        }
    }
    let by_objections = |one: &&mut Suspension| matches!(one.kind, SuspensionKind::Objection(_));
    for suspension in effect.suspended_by.iter_mut().filter(by_objections) {
        for list in [&mut suspension.by, &mut suspension.awaiting_act] {
            list.sort_unstable();
            list.dedup();
        }
    }
    let waiting = &mut effect.waiting;
    waiting.sort_unstable_by(|a, b| a.objection.cmp(&b.objection));
    waiting.dedup_by(|a, b| a.objection == b.objection);
}

/// Adds to open objections those for which they stand.
pub fn complete_open<'g>(
    open: &mut Vec<StatementRef>,
    groups: impl IntoIterator<Item = &'g Alike>,
    horizon: &Horizon,
) {
    open.sort_unstable();
    let mut more = Vec::new();
    for group in groups {
        let found = group.open(horizon, |one| open.binary_search(one).is_ok());
        more.extend(found.into_iter().flat_map(|(_, left)| left.cloned()));
    }
    open.extend(more);
    open.sort_unstable();
    open.dedup();
}
