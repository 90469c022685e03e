//! The facts of a history by what they act on, put in order once for all decisions asked about.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::chain::{Chains, Link, Moved};
use crate::effect::codes::Aliases;
use crate::effect::copies::{Copies, is_astray};
use crate::effect::fact::Fact;
use crate::effect::history::History;
use crate::effect::horizon::Horizon;
use crate::effect::notices::Notices;
use crate::statement::{
    Admission, Class, Content, Correction, Decision, Notice, Objection, Repair,
};
use crate::statement::{Ruling, StatementRef, Stay, Withdrawal};

/// A fact with what it says.
pub(super) type Said<'a, T> = (&'a Fact, &'a T);

/// Lists of facts by a key, each list by log and position.
pub(super) struct By<'a, K, T>(BTreeMap<K, Vec<Said<'a, T>>>);

impl<K, T> Default for By<'_, K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a, K: Ord, T> By<'a, K, T> {
    fn push(&mut self, key: Option<K>, said: Said<'a, T>) {
        if let Some(key) = key {
            self.0.entry(key).or_default().push(said);
        }
    }

    /// The facts under a key.
    pub(super) fn get(&self, key: &K) -> &[Said<'a, T>] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The facts of a history that count. The cost of making it grows with their number and its logarithm.
pub(super) struct Sorted<'a> {
    /// By place.
    decisions: Vec<Said<'a, Decision>>,
    /// By place.
    corrections_at: BTreeMap<&'a StatementRef, &'a Fact>,
    /// By the root that they give.
    pub(super) reissues: By<'a, &'a StatementRef, Decision>,
    /// By target.
    pub(super) corrections: By<'a, &'a StatementRef, Correction>,
    /// By target.
    pub(super) withdrawals: By<'a, &'a StatementRef, Withdrawal>,
    /// By the chain of their target, as every decision known makes it.
    pub(super) objections: By<'a, Link, Objection>,
    /// Of objections that are not held, in the order of the register's acts; by the same chain.
    pub(super) noticed: By<'a, Link, Notice>,
    /// By place, with the chain of their target, as those decisions make it that count in full.
    pub(super) sure_objections: BTreeMap<&'a StatementRef, (Link, Said<'a, Objection>)>,
    /// Those that count in full and are not taken back; by the same chain.
    pub(super) rulings: By<'a, Link, Ruling>,
    /// Those that no withdrawal lifts that counts in full; by the chain of their target, as every decision
    /// known makes it.
    pub(super) stays: By<'a, Link, Stay>,
    /// Those of them that count in full, and that no withdrawal names that is verified; by the chain of their
    /// target, as those decisions make it that count in full.
    pub(super) sure_stays: By<'a, Link, Stay>,
    /// Stays that a verified withdrawal by whom it may be takes back.
    pub(super) doubted_stays: BTreeSet<&'a StatementRef>,
    /// Of stays that are not held, in the order of the register's acts; by the chain of their target, as
    /// every decision known makes it.
    pub(super) noticed_stays: By<'a, Link, Notice>,
    /// Those by whom it may be that are not taken back; by target.
    pub(super) repairs: By<'a, &'a StatementRef, Repair>,
    /// Acts that are known by their leaves alone, by the chain of their target as every decision known
    /// makes it.
    pub(super) unread: BTreeMap<Link, Vec<&'a StatementRef>>,
    /// What these acts are on.
    unread_on: BTreeSet<&'a StatementRef>,
    /// What was erased and a decision makes anew, by decision.
    pub(super) gone: BTreeMap<&'a StatementRef, Vec<&'a StatementRef>>,
    /// Those by supervisors; by the chain of their target, as every decision known makes it.
    pub(super) admissions: By<'a, Link, Admission>,
    pub(super) notices: Notices<'a>,
    pub(super) copies: Copies<'a>,
    /// Chains by every decision known.
    pub(super) wide: Chains<'a>,
    /// Chains by the decisions that count in full.
    pub(super) narrow: Chains<'a>,
}

impl<'a> Sorted<'a> {
    pub(super) fn of(history: &'a History, horizon: &Horizon) -> Self {
        let unread = || history.unread().map(|(_, target)| target);
        let copies = Copies::of(history);
        let by_class = ByClass::of(history, &copies);
        let objections = by_class.objections.iter().map(|(fact, _)| *fact);
        let rulings = by_class.rulings.iter().map(|(fact, _)| *fact);
        let stays = by_class.stays.iter().map(|(fact, _)| *fact);
        let acts = || {
            let acts = objections.clone().chain(rulings.clone());
            let admissions = by_class.admissions.iter().map(|(fact, _)| *fact);
            acts.chain(stays.clone()).chain(admissions)
        };
        let targets = || acts().filter_map(Fact::named_target);
        let noticed = by_class.notices.iter().map(|(_, notice)| &notice.target);
        let decisions = || by_class.decisions.iter().copied();
        let counts = |fact: &Fact| horizon.established(fact);
        let established = decisions().filter(|(fact, _)| counts(fact));
        let moved = by_class.moved(&copies);
        let moved_for_sure = moved.iter().copied();
        let moved_for_sure =
            moved_for_sure.filter(|one| counts(one.correction) && counts(one.decision.0));
        let corrections = by_class.corrections.iter().map(|(fact, _)| *fact);
        let issuer = |at: &StatementRef| Some(find(&by_class.decisions, at)?.0.issuer());
        let (one_organisation, one_for_sure) = Aliases::of(history, horizon);
        let mut sorted = Self {
            decisions: by_class.decisions.clone(),
            corrections_at: corrections.map(|fact| (fact.reference(), fact)).collect(),
            reissues: By::default(),
            corrections: By::default(),
            withdrawals: By::default(),
            objections: By::default(),
            noticed: By::default(),
            sure_objections: BTreeMap::new(),
            rulings: By::default(),
            stays: By::default(),
            sure_stays: By::default(),
            doubted_stays: BTreeSet::new(),
            noticed_stays: By::default(),
            repairs: By::default(),
            unread: BTreeMap::new(),
            unread_on: unread().map(|name| copies.first(name)).collect(),
            gone: BTreeMap::new(),
            admissions: By::default(),
            notices: Notices::of(by_class.notices.iter().copied(), &horizon.register, &copies),
            wide: Chains::of(
                decisions(),
                moved.iter().copied(),
                targets().chain(noticed).chain(unread()),
                &copies,
                issuer,
                one_organisation,
            ),
            narrow: Chains::of(
                established,
                moved_for_sure,
                targets(),
                &copies,
                issuer,
                one_for_sure,
            ),
            copies,
        };
        for (fact, decision) in decisions() {
            let root = sorted.copies.root(decision);
            sorted.reissues.push(root, (fact, decision));
        }
        for said in by_class.corrections {
            let target = sorted.copies.target(said.0);
            sorted.corrections.push(target, said);
        }
        for said in by_class.withdrawals {
            let target = sorted.copies.target(said.0);
            sorted.withdrawals.push(target, said);
        }
        for (decision, erased) in history.gone() {
            let first = sorted.copies.first(decision);
            sorted.gone.entry(first).or_default().push(erased);
        }
        for (act, target) in history.unread() {
            if let Some(link) = sorted.wide.link(sorted.copies.first(target)) {
                sorted.unread.entry(link).or_default().push(act);
            }
        }
        sorted.attach(history, horizon, by_class.objections, by_class.rulings);
        sorted.attach_admissions(by_class.admissions);
        sorted.attach_stays(horizon, by_class.stays);
        sorted.attach_noticed_stays(history, horizon);
        sorted.attach_repairs(history, horizon, by_class.repairs);
        sorted
    }

    /// The decision at a place, if it counts.
    pub(super) fn decision(&self, at: &StatementRef) -> Option<Said<'a, Decision>> {
        find(&self.decisions, at)
    }

    /// The correction at a place, if it counts.
    pub(super) fn correction(&self, at: &StatementRef) -> Option<&'a Fact> {
        self.corrections_at.get(at).copied()
    }

    /// Puts what suspends and what ends a suspension under the chains that they reach.
    // spec: EFF-6
    fn attach(
        &mut self,
        history: &'a History,
        horizon: &Horizon,
        objections: Vec<Said<'a, Objection>>,
        rulings: Vec<Said<'a, Ruling>>,
    ) {
        for said in objections {
            let target = self.copies.target(said.0);
            let wide = target.and_then(|target| self.wide.link(target));
            self.objections.push(wide, said);
            let narrow = target.and_then(|target| self.narrow.link(target));
            if let Some(link) = narrow {
                self.sure_objections
                    .insert(said.0.reference(), (link, said));
            }
        }
        for (fact, notice) in self.notices.all() {
            if notice.class == Class::Objection && history.get(&notice.act).is_none() {
                let link = self.wide.link(self.copies.first(&notice.target));
                self.noticed.push(link, (fact, notice));
            }
        }
        for said in rulings {
            // spec: EFF-91
            let may_be_taken_back = || self.unread_on.contains(said.0.reference());
            let counts = horizon.established(said.0) && !may_be_taken_back();
            if counts && !self.is_taken_back(said.0) {
                let target = self.copies.target(said.0);
                let link = target.and_then(|target| self.narrow.link(target));
                self.rulings.push(link, said);
            }
        }
    }

    /// Puts admissions under the chains that they reach.
    // spec: EFF-210
    fn attach_admissions(&mut self, admissions: Vec<Said<'a, Admission>>) {
        for said in admissions {
            let target = self.copies.target(said.0);
            let link = target.and_then(|target| self.wide.link(target));
            self.admissions.push(link, said);
        }
    }

    /// A ruling that was withdrawn frees again what it closed, so the withdrawal acts at once.
    // spec: EFF-8
    fn is_taken_back(&self, ruling: &'a Fact) -> bool {
        self.taking_back(ruling).next().is_some()
    }

    /// The withdrawals of an act by whom they may be: its author, who stands for it, or a supervisor.
    fn taking_back(&self, act: &'a Fact) -> impl Iterator<Item = &'a Fact> + '_ {
        let by_author = |by: &Fact| by.speaks_for(act.issuer());
        self.withdrawing(act.reference())
            .filter(move |by| by_author(by) || by.is_supervision())
    }

    fn withdrawing(&self, act: &'a StatementRef) -> impl Iterator<Item = &'a Fact> + '_ {
        self.withdrawals.get(&act).iter().map(|(by, _)| *by)
    }

    /// Puts stays under the chains that they reach.
    // spec: EFF-150, EFF-152, EFF-153
    fn attach_stays(&mut self, horizon: &Horizon, stays: Vec<Said<'a, Stay>>) {
        for said in stays {
            let (mut is_doubted, mut is_lifted) = (false, false);
            for by in self.taking_back(said.0) {
                is_doubted = true;
                is_lifted |= horizon.established(by);
            }
            if is_doubted {
                self.doubted_stays.insert(said.0.reference());
            }
            let Some(target) = self.copies.target(said.0).filter(|_| !is_lifted) else {
                continue;
            };
            self.stays.push(self.wide.link(target), said);
            if horizon.established(said.0) && !is_doubted {
                self.sure_stays.push(self.narrow.link(target), said);
            }
        }
    }

    /// Stays that only the home register tells of. What it calls an objection as well is one until its body
    /// is held.
    // spec: EFF-154
    fn attach_noticed_stays(&mut self, history: &History, horizon: &Horizon) {
        for (act, notices) in self.notices.by_act() {
            let is_stay = |(_, notice): &Said<'a, Notice>| notice.class == Class::Stay;
            let is_objection = |(_, notice): &Said<'a, Notice>| notice.class == Class::Objection;
            if history.get(act).is_some()
                || notices.clone().any(|said| is_objection(&said))
                || !notices.clone().any(|said| is_stay(&said))
            {
                continue;
            }
            // Its author is not known before it is held.
            let mut lifting = self.withdrawals.get(&act).iter();
            let lifts = |by: &Fact| by.is_supervision() && horizon.established(by);
            if lifting.any(|(by, _)| lifts(by)) {
                continue;
            }
            for said in notices.filter(is_stay) {
                let link = self.wide.link(self.copies.first(&said.1.target));
                self.noticed_stays.push(link, said);
            }
        }
    }

    /// Puts repairs under the decisions that they are on.
    // spec: EFF-160, EFF-162
    fn attach_repairs(
        &mut self,
        history: &History,
        horizon: &Horizon,
        repairs: Vec<Said<'a, Repair>>,
    ) {
        for said in repairs {
            let Some(target) = self.copies.target(said.0) else {
                continue;
            };
            let decision = self.decision(target);
            let may_act = match decision {
                Some((decision, _)) => {
                    said.0.is_supervision() || said.0.speaks_for(decision.issuer())
                }
                None => said.0.is_supervision() && history.get(target).is_none(),
            };
            let is_taken_back = || self.taking_back(said.0).any(|by| horizon.established(by));
            if may_act && !is_taken_back() {
                self.repairs.push(Some(target), said);
            }
        }
    }
}

/// The facts of a history that count, by class, each class by log and position.
#[derive(Default)]
struct ByClass<'a> {
    decisions: Vec<Said<'a, Decision>>,
    corrections: Vec<Said<'a, Correction>>,
    withdrawals: Vec<Said<'a, Withdrawal>>,
    objections: Vec<Said<'a, Objection>>,
    rulings: Vec<Said<'a, Ruling>>,
    stays: Vec<Said<'a, Stay>>,
    repairs: Vec<Said<'a, Repair>>,
    notices: Vec<Said<'a, Notice>>,
    admissions: Vec<Said<'a, Admission>>,
}

impl<'a> ByClass<'a> {
    fn of(history: &'a History, copies: &Copies<'a>) -> Self {
        let mut sorted = Self::default();
        for fact in history.facts() {
            let fact: &Fact = fact;
            // spec: EFF-40
            if copies.is_copy(fact.reference()) || is_astray(fact, history) {
                continue;
            }
            match &fact.payload().content {
                Content::Decision(decision) => sorted.decisions.push((fact, decision)),
                Content::Correction(correction) => sorted.corrections.push((fact, correction)),
                Content::Withdrawal(withdrawal) => sorted.withdrawals.push((fact, withdrawal)),
                Content::Objection(objection) => sorted.objections.push((fact, objection)),
                Content::Ruling(ruling) => sorted.rulings.push((fact, ruling)),
                Content::Stay(stay) => sorted.stays.push((fact, stay)),
                Content::Repair(repair) => sorted.repairs.push((fact, repair)),
                Content::Notice(notice) => sorted.notices.push((fact, notice)),
                // An admission frees, so it acts as soon as it is verified.
                // spec: EFF-10
                Content::Admission(admission) if fact.is_supervision() => {
                    sorted.admissions.push((fact, admission));
                }
                Content::Admission(_)
                | Content::ItemCatalogue(_)
                | Content::MeasureCatalogue(_)
                | Content::Calendar(_)
                | Content::DeadlineRules(_)
                | Content::Policy(_)
                | Content::Enrolment(_)
                | Content::Rotation(_)
                | Content::Suspension(_)
                | Content::CutOff(_)
                | Content::Erasure(_)
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
        sorted
    }

    /// The decisions that corrections by whom it may be put upon other organisations.
    // spec: EFF-131
    fn moved(&self, copies: &Copies<'a>) -> Vec<Moved<'a>> {
        let moved = |(correction, said): &Said<'a, Correction>| {
            let decision = find(&self.decisions, copies.target(correction)?)?;
            let onto = said.replacement.fields().subject.code();
            let may_act = correction.is_supervision() || correction.speaks_for(decision.0.issuer());
            let moves = may_act && onto != decision.1.fields().subject.code();
            moves.then_some(Moved {
                correction,
                decision,
                onto,
            })
        };
        self.corrections.iter().filter_map(moved).collect()
    }
}

fn find<'a>(decisions: &[Said<'a, Decision>], at: &StatementRef) -> Option<Said<'a, Decision>> {
    let found = decisions.binary_search_by(|(fact, _)| fact.reference().cmp(at));
    found.ok().and_then(|at| decisions.get(at)).copied()
}
