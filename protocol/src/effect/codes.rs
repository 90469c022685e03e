//! 统一社会信用代码: which code an organisation has now, and which it had, by what registrars say.
//!
//! A change of code moves no decision and changes none: it says that two codes are one organisation's, so that
//! what was decided about the first is asked about under the second. It holds as long as nothing speaks against
//! it, and what holds is computed from the whole set: no change comes before another.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::copies::{Copies, is_astray};
use crate::effect::fact::Fact;
use crate::effect::history::History;
use crate::effect::horizon::Horizon;
use crate::statement::{Class, Outcome, Record, StatementRef};
use crate::subject::{AuthorityCode, SubjectCode};
use crate::time::{Day, Timestamp};

/// Changes of code that are looked at for one organisation, and as many that are void or withdrawn.
// spec: EFF-223
pub const CODE_CHANGES_MAX: usize = 64;

/// The codes of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The code asked about.
    pub of: SubjectCode,
    /// The code that it has now: the one asked about, unless a change that holds leads on from it.
    pub now: SubjectCode,
    /// The codes from which changes that hold lead to the one asked about, ascending.
    pub before: Vec<SubjectCode>,
    /// The changes of these codes and of those that they are or were said to lead to, by log and position.
    pub changes: Vec<CodeStep>,
    /// Whether more stand than are looked at, so that none holds.
    pub too_many: bool,
}

/// One change of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeStep {
    /// Where it stands.
    pub reference: StatementRef,
    /// Who says so.
    pub issuer: AuthorityCode,
    /// The code that the organisation had.
    pub from: SubjectCode,
    /// The code that it has.
    pub to: SubjectCode,
    /// The day from which it has that.
    pub day: Day,
    /// When its author says that it was said.
    pub said_at: Timestamp,
    /// Whether it holds.
    pub state: CodeState,
    /// What it is so by, ascending: withdrawals, other changes, objections, or acts that are not held.
    pub by: Vec<StatementRef>,
    /// The objections to it that no ruling has closed, whether they keep it back or wait; ascending.
    pub open: Vec<StatementRef>,
}

/// Whether a change of code holds, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeState {
    /// It does.
    Holds,
    /// It was taken back.
    Withdrawn,
    /// It is void.
    Void,
    /// Another one says that the code became another, or they lead round in a circle.
    Contradicted,
    /// No quorum has cosigned it, or it stands beyond the common prefix of a frozen log.
    NotWitnessed,
    /// Somebody objects to it.
    Objected,
    /// Its own log has an act on it that is not held.
    ActNotHeld,
    /// More is said about these codes than is looked at.
    NotWeighed,
}

impl Codes {
    /// An organisation of whose code nobody has said anything.
    #[must_use]
    pub const fn alone(code: SubjectCode) -> Self {
        Self {
            of: code,
            now: code,
            before: Vec::new(),
            changes: Vec::new(),
            too_many: false,
        }
    }

    /// The same where more is said about the codes than is looked at: none of it holds.
    // spec: EFF-223
    #[must_use]
    pub fn not_weighed(mut self) -> Self {
        for step in &mut self.changes {
            (step.state, step.by) = (CodeState::NotWeighed, Vec::new());
        }
        Self {
            now: self.of,
            before: Vec::new(),
            too_many: true,
            ..self
        }
    }

    /// The codes under which what was decided is about whoever bears the one asked about: that one and those
    /// before it.
    pub fn all(&self) -> impl Iterator<Item = SubjectCode> + '_ {
        [self.of].into_iter().chain(self.before.iter().copied())
    }

    /// Whether a code is among these.
    #[must_use]
    pub fn includes(&self, code: SubjectCode) -> bool {
        self.of == code || self.before.binary_search(&code).is_ok()
    }

    /// Whether the organisation has another code now.
    #[must_use]
    pub fn is_former(&self) -> bool {
        self.now != self.of
    }

    /// How many changes say that the organisation had another code before, and neither hold nor were taken back:
    /// what was decided under that one may be about it.
    // spec: LKP-85
    #[must_use]
    pub fn doubted(&self) -> u64 {
        let is_over = |state| {
            matches!(
                state,
                CodeState::Holds | CodeState::Withdrawn | CodeState::Void
            )
        };
        let leads_here = |to| self.too_many || self.includes(to);
        let steps = self.changes.iter();
        steps
            .filter(|step| leads_here(step.to) && !is_over(step.state))
            .count() as u64
    }

    /// The change by which a code is not the organisation's any more.
    #[must_use]
    pub fn left_by(&self, code: SubjectCode) -> Option<&CodeStep> {
        let mut steps = self.changes.iter();
        steps.find(|step| step.from == code && step.state == CodeState::Holds)
    }
}

/// The codes of an organisation from everything that is known about changes of code. Facts that have nothing to
/// do with its codes change nothing.
// spec: EFF-217, EFF-220
#[must_use]
pub fn codes(of: SubjectCode, history: &History, horizon: &Horizon) -> Codes {
    let said = Said::of(history);
    let all = said.connected(of);
    let too_many = said.are_too_many(&all);
    let step = |change: &Change<'_>| {
        let (state, by) = match too_many {
            true => (CodeState::NotWeighed, Vec::new()),
            false => said.state(change, &all, horizon),
        };
        let open = match too_many {
            true => Vec::new(),
            false => said
                .open(change.fact, horizon)
                .into_iter()
                .map(|(at, _)| at)
                .collect(),
        };
        CodeStep {
            reference: change.fact.reference().clone(),
            issuer: change.fact.issuer(),
            from: change.from,
            to: change.to,
            day: change.day,
            said_at: change.fact.payload().issued_at,
            state,
            by: ascending(by),
            open: ascending(open),
        }
    };
    let (mut standing, mut others) = (0, 0);
    let shown = all.iter().filter(|change| {
        let count = match said.stands(change) {
            true => &mut standing,
            false => &mut others,
        };
        *count += 1;
        *count <= CODE_CHANGES_MAX
    });
    let changes: Vec<CodeStep> = shown.map(step).collect();
    let holding = changes
        .iter()
        .filter(|step| step.state == CodeState::Holds)
        .map(|step| (step.from, step.to));
    let next: BTreeMap<SubjectCode, SubjectCode> = holding.collect();
    let end = |mut code: SubjectCode| {
        // Changes that lead round do not hold, so that this ends.
        while let Some(to) = next.get(&code) {
            code = *to;
        }
        code
    };
    let leads_here = |mut code: SubjectCode| {
        while let Some(to) = next.get(&code) {
            if *to == of {
                return true;
            }
            code = *to;
        }
        false
    };
    Codes {
        of,
        now: end(of),
        before: next
            .keys()
            .copied()
            .filter(|code| leads_here(*code))
            .collect(),
        changes,
        too_many,
    }
}

fn ascending(mut references: Vec<&StatementRef>) -> Vec<StatementRef> {
    references.sort_unstable();
    references.dedup();
    references.into_iter().cloned().collect()
}

/// Which codes are one organisation's where decisions are compared, each by the lowest of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases(BTreeMap<SubjectCode, SubjectCode>);

impl Aliases {
    /// By the changes that nothing takes back which counts in full, and by those that hold. What suspends is not
    /// shaken off along a change that is disputed or on its way, nor by a withdrawal that is; what ends a
    /// suspension reaches along those alone that hold.
    // spec: EFF-221
    pub(super) fn of(history: &History, horizon: &Horizon) -> (Self, Self) {
        let is_change = |fact: &Fact| fact.payload().class() == Class::CodeChange;
        if !history.facts().any(|fact| is_change(fact)) {
            return (Self::default(), Self::default());
        }
        let said = Said::of(history);
        let (mut wide, mut narrow) = (Self::default(), Self::default());
        for change in &said.changes {
            let mut back = said.taking_back(change.fact);
            let is_back = |by: &StatementRef| {
                let by = history.get(by);
                by.is_some_and(|by| horizon.established(by))
            };
            if back.any(is_back) {
                continue;
            }
            wide.join(change.from, change.to);
            let all = said.connected(change.from);
            if !said.are_too_many(&all) && said.state(change, &all, horizon).0 == CodeState::Holds {
                narrow.join(change.from, change.to);
            }
        }
        (wide, narrow)
    }

    /// The code that stands for one.
    pub(super) fn first(&self, code: SubjectCode) -> SubjectCode {
        self.0.get(&code).copied().unwrap_or(code)
    }

    fn join(&mut self, a: SubjectCode, b: SubjectCode) {
        let (a, b) = (self.first(a), self.first(b));
        let (low, high) = (a.min(b), a.max(b));
        for first in self.0.values_mut().filter(|first| **first == high) {
            *first = low;
        }
        self.0.insert(low, low);
        self.0.insert(high, low);
    }
}

/// A change of code among the facts.
#[derive(Clone, Copy)]
struct Change<'a> {
    fact: &'a Fact,
    from: SubjectCode,
    to: SubjectCode,
    day: Day,
}

/// The facts that have to do with codes.
struct Said<'a> {
    history: &'a History,
    copies: Copies<'a>,
    /// By log and position.
    changes: Vec<Change<'a>>,
    /// Acts that count, by target.
    acts: BTreeMap<&'a StatementRef, Vec<&'a Fact>>,
    /// Objections to a statement that a notice alone tells of, and whether over the cap.
    noticed: BTreeMap<&'a StatementRef, Vec<(&'a StatementRef, bool)>>,
    /// Acts that are known by their leaves alone, by target.
    unread: BTreeMap<&'a StatementRef, Vec<&'a StatementRef>>,
}

impl<'a> Said<'a> {
    fn of(history: &'a History) -> Self {
        let mut said = Self {
            history,
            copies: Copies::of(history),
            changes: Vec::new(),
            acts: BTreeMap::new(),
            noticed: BTreeMap::new(),
            unread: BTreeMap::new(),
        };
        for fact in history.facts() {
            // spec: EFF-40, EFF-41
            if !said.copies.is_copy(fact.reference()) && !is_astray(fact, history) {
                said.take(fact);
            }
        }
        for (act, target) in history.unread() {
            let target = said.copies.first(target);
            said.unread.entry(target).or_default().push(act);
        }
        said
    }

    fn take(&mut self, fact: &'a Fact) {
        let content = &fact.payload().content;
        if let Some(Record::CodeChange(change)) = content.record() {
            let fields = change.fields();
            self.changes.push(Change {
                fact,
                from: fields.from,
                to: fields.subject.code(),
                day: fields.day,
            });
        }
        if let Some(target) = self.copies.target(fact) {
            self.acts.entry(target).or_default().push(fact);
        }
        if let Some(notice) = content.notice()
            && notice.class == Class::Objection
            && self.history.get(&notice.act).is_none()
        {
            let noticed = self.noticed.entry(self.copies.first(&notice.target));
            let over_cap = notice.over_cap == Some(true);
            noticed.or_default().push((&notice.act, over_cap));
        }
    }

    /// The changes that are linked with a code by those that stand, in whatever direction, and those that do not
    /// stand and are of these codes; by log and position.
    // spec: EFF-223
    fn connected(&self, of: SubjectCode) -> Vec<Change<'a>> {
        let mut codes = BTreeSet::from([of]);
        let standing = self.changes.iter().filter(|one| self.stands(one));
        let standing: Vec<&Change<'a>> = standing.collect();
        loop {
            let touching = standing.iter();
            let touching =
                touching.filter(|one| codes.contains(&one.from) || codes.contains(&one.to));
            let found: Vec<_> = touching.flat_map(|one| [one.from, one.to]).collect();
            let known = codes.len();
            codes.extend(found);
            if codes.len() == known {
                break;
            }
        }
        let linked = self.changes.iter().copied();
        linked
            .filter(|one| codes.contains(&one.from) || codes.contains(&one.to))
            .collect()
    }

    /// Whether more of these changes stand than are looked at. Whoever makes changes and takes them back keeps
    /// those of nobody else from holding.
    // spec: EFF-223
    fn are_too_many(&self, all: &[Change<'a>]) -> bool {
        all.iter().filter(|one| self.stands(one)).count() > CODE_CHANGES_MAX
    }

    fn acts_on(&self, target: &StatementRef) -> impl Iterator<Item = &'a Fact> + '_ {
        self.acts.get(target).into_iter().flatten().copied()
    }

    /// What takes a statement back by whom it may be.
    fn taking_back(&self, fact: &'a Fact) -> impl Iterator<Item = &'a StatementRef> + '_ {
        let by = self.acts_on(fact.reference());
        let by = by.filter(move |act| {
            act.payload().class() == Class::Withdrawal
                && (act.speaks_for(fact.issuer()) || act.is_supervision())
        });
        by.map(Fact::reference)
    }

    fn unread_on(&self, at: &'a Fact) -> impl Iterator<Item = &'a StatementRef> + '_ {
        let member = at.reference().origin.member();
        let acts = self.unread.get(at.reference()).into_iter().flatten();
        acts.copied()
            .filter(move |act| act.origin.member() == member)
    }

    /// Whether a change is neither taken back nor void: it stands against others, witnessed or not.
    fn stands(&self, change: &Change<'a>) -> bool {
        change.fact.void().is_none() && self.taking_back(change.fact).next().is_none()
    }

    // spec: EFF-217
    fn state(
        &self,
        change: &Change<'a>,
        all: &[Change<'a>],
        horizon: &Horizon,
    ) -> (CodeState, Vec<&'a StatementRef>) {
        let by: Vec<_> = self.taking_back(change.fact).collect();
        if !by.is_empty() {
            return (CodeState::Withdrawn, by);
        }
        if change.fact.void().is_some() {
            return (CodeState::Void, Vec::new());
        }
        let against = self.against(change, all);
        if !against.is_empty() {
            return (CodeState::Contradicted, against);
        }
        if !horizon.established(change.fact) {
            return (CodeState::NotWitnessed, Vec::new());
        }
        let objections = self.keeping_back(change.fact, horizon);
        if !objections.is_empty() {
            return (CodeState::Objected, objections);
        }
        let unread: Vec<_> = self.unread_on(change.fact).collect();
        match unread.is_empty() {
            true => (CodeState::Holds, unread),
            false => (CodeState::ActNotHeld, unread),
        }
    }

    /// What says that the code became another one, and what leads from the new code back to the old one.
    // spec: EFF-218
    fn against(&self, change: &Change<'a>, all: &[Change<'a>]) -> Vec<&'a StatementRef> {
        let standing: Vec<&Change<'a>> = all.iter().filter(|one| self.stands(one)).collect();
        let reached = |from: SubjectCode, ends: fn(&Change<'a>) -> (SubjectCode, SubjectCode)| {
            let mut reached = BTreeSet::from([from]);
            loop {
                let known = reached.len();
                let on = standing.iter().map(|one| ends(one));
                let on = on.filter(|(at, _)| reached.contains(at));
                let on: Vec<_> = on.map(|(_, next)| next).collect();
                reached.extend(on);
                if reached.len() == known {
                    return reached;
                }
            }
        };
        let ahead = reached(change.to, |one| (one.from, one.to));
        // Once for all, not once for each: a circle of 64 would be walked 4,096 times.
        let behind = reached(change.from, |one| (one.to, one.from));
        let is_against = |one: &&&Change<'a>| {
            let other = one.from == change.from && one.to != change.to;
            let round = ahead.contains(&one.from) && behind.contains(&one.to);
            (other || round) && one.fact.reference() != change.fact.reference()
        };
        let against = standing.iter().filter(is_against);
        against.map(|one| one.fact.reference()).collect()
    }

    /// The objections to a change that are open and do not wait for an admission.
    // spec: EFF-219
    fn keeping_back(&self, change: &'a Fact, horizon: &Horizon) -> Vec<&'a StatementRef> {
        let admitted = self.admitted(change);
        let open = self.open(change, horizon).into_iter();
        let open = open.filter(|(at, over_cap)| !over_cap || admitted.contains(at));
        open.map(|(at, _)| at).collect()
    }

    /// The objections to a change that no ruling has closed, and whether they came over the cap.
    fn open(&self, change: &'a Fact, horizon: &Horizon) -> Vec<(&'a StatementRef, bool)> {
        let raised = self.acts_on(change.reference()).filter_map(|act| {
            let objection = act.payload().content.objection()?;
            Some((act.reference(), objection.over_cap()))
        });
        let noticed = self.noticed.get(change.reference());
        let raised = raised.chain(noticed.into_iter().flatten().copied());
        let closed = self.closed(change, horizon);
        raised.filter(|(at, _)| !closed.contains(at)).collect()
    }

    fn admitted(&self, change: &'a Fact) -> BTreeSet<&'a StatementRef> {
        let admissions = self
            .acts_on(change.reference())
            .filter(|act| act.is_supervision());
        let names = admissions.filter_map(|act| Some(act.payload().content.admission()?.admits()));
        names
            .flatten()
            .map(|name| self.copies.first(name))
            .collect()
    }

    /// What rulings that count in full found to be wrong or taken back. One that finds for whoever objects
    /// announces the withdrawal of the change, and closes nothing.
    fn closed(&self, change: &'a Fact, horizon: &Horizon) -> BTreeSet<&'a StatementRef> {
        let rulings = self.acts_on(change.reference()).filter(|act| {
            let may_act = act.speaks_for(change.issuer()) || act.is_supervision();
            let is_sure =
                self.taking_back(act).next().is_none() && self.unread_on(act).next().is_none();
            may_act && horizon.established(act) && is_sure
        });
        let names = rulings.filter_map(|act| {
            let ruling = act.payload().content.ruling()?;
            match ruling.outcome() {
                Outcome::Rejected | Outcome::Withdrawn => Some(ruling.closes()),
                Outcome::Upheld | Outcome::Corrected => None,
            }
        });
        names
            .flatten()
            .map(|name| self.copies.first(name))
            .collect()
    }
}
