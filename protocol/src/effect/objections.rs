//! Objections to a chain: which are open, which suspend, and which wait for the supervisor.

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::record::{Suspension, SuspensionKind, Waiting, WaitingCause};
use crate::log::LeafIndex;
use crate::statement::{Class, Ground, Notice, Outcome, StatementRef};
use crate::time::Day;

/// An objection as far as it is known, from its body or from a notice alone.
struct Known<'a> {
    reference: &'a StatementRef,
    ground: Ground,
    over_cap: bool,
    received_on: Option<Day>,
    /// The most of the home register that its author can have adopted.
    register: u64,
}

/// The suspensions by objections, ascending by ground, and the open objections that wait.
///
/// No instant goes in: no deadline ever ends a suspension.
// spec: EFF-24
pub(super) fn weigh(case: &Case<'_, '_>) -> (Vec<Suspension>, Vec<Waiting>) {
    let notices = Notices::of(case);
    let objections = known(case, &notices);
    if objections.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let closed = closed(case);
    let admitted = admitted(case);
    let rejected = Rejections::of(case, &notices);
    let (mut suspending, mut waiting) = (Vec::new(), Vec::new());
    for objection in objections {
        if closed.binary_search(&objection.reference).is_ok() {
            continue;
        }
        let cause = match admitted.binary_search(&objection.reference).is_ok() {
            true => None,
            false => rejected.keeps_waiting(&objection),
        };
        match cause {
            None => suspending.push(objection),
            Some(why) => waiting.push(Waiting {
                objection: objection.reference.clone(),
                ground: objection.ground,
                why,
            }),
        }
    }
    waiting.sort_unstable_by(|a, b| a.objection.cmp(&b.objection));
    (by_ground(suspending), waiting)
}

/// However many objections are open on one ground, they suspend once.
// spec: EFF-7
fn by_ground(mut suspending: Vec<Known<'_>>) -> Vec<Suspension> {
    suspending.sort_unstable_by(|a, b| (a.ground, a.reference).cmp(&(b.ground, b.reference)));
    let one_ground = |a: &Known<'_>, b: &Known<'_>| a.ground == b.ground;
    let suspension = |group: &[Known<'_>]| {
        let ground = group.first()?.ground;
        Some(Suspension {
            kind: SuspensionKind::Objection(ground),
            by: group.iter().map(|known| known.reference.clone()).collect(),
            since: group.iter().filter_map(|known| known.received_on).min(),
        })
    };
    suspending
        .chunk_by(one_ground)
        .filter_map(suspension)
        .collect()
}

// spec: EFF-23
fn known<'a>(case: &Case<'_, 'a>, notices: &Notices<'a>) -> Vec<Known<'a>> {
    let on_chain = |target: Option<&StatementRef>| target.is_some_and(|t| case.chain.holds(t));
    let held = case.facts.objections.iter().copied();
    let held = held.filter(|(fact, _)| on_chain(fact.target()));
    let held = held.map(|(fact, objection)| {
        let adopted = fact.payload().register_size.map_or(0, |size| size.value());
        // A register that already held the notice of this objection cannot have been adopted by it.
        let before_notice = notices
            .first(fact.reference())
            .map_or(adopted, LeafIndex::value);
        Known {
            reference: fact.reference(),
            ground: objection.ground(),
            over_cap: objection.over_cap(),
            received_on: Some(objection.received_on()),
            register: adopted.min(before_notice),
        }
    });
    let noticed = notices.0.iter().copied();
    let noticed = noticed.filter(|(_, notice)| {
        notice.class == Class::Objection
            && on_chain(Some(&notice.target))
            && case.history.get(&notice.act).is_none()
    });
    let noticed = noticed.map(|(fact, notice)| Known {
        reference: &notice.act,
        ground: notice.ground.unwrap_or(Ground::Other),
        over_cap: notice.over_cap == Some(true),
        received_on: None,
        register: fact.index().value(),
    });
    let mut known: Vec<_> = held.chain(noticed).collect();
    // Notices stand in order of their acts and, for one act, of the register: the first is kept.
    known.dedup_by(|later, kept| later.reference == kept.reference);
    known
}

/// Objections that rulings close: those they name, and no others.
fn closed<'a>(case: &Case<'_, 'a>) -> Vec<&'a StatementRef> {
    let mut closed: Vec<_> = case
        .rulings()
        .flat_map(|(_, ruling)| ruling.closes())
        .collect();
    closed.sort_unstable();
    closed
}

/// Objections that a supervisor admitted. An admission frees, so it acts as soon as it is verified.
// spec: EFF-10
fn admitted<'a>(case: &Case<'_, 'a>) -> Vec<&'a StatementRef> {
    let admissions = case.facts.admissions.iter();
    let mut admitted: Vec<_> = admissions
        .filter(|(fact, _)| fact.is_supervision())
        .flat_map(|(_, admission)| admission.admits())
        .collect();
    admitted.sort_unstable();
    admitted
}

/// The notices of the home register, by act and position.
struct Notices<'a>(Vec<(&'a Fact, &'a Notice)>);

impl<'a> Notices<'a> {
    fn of(case: &Case<'_, 'a>) -> Self {
        let notices = case.facts.notices.iter().copied();
        let mut notices: Vec<_> = notices
            .filter(|(fact, _)| *fact.origin() == case.horizon.register)
            .collect();
        notices.sort_unstable_by_key(|(fact, notice)| (&notice.act, fact.index()));
        Self(notices)
    }

    fn on(&self, act: &StatementRef) -> impl Iterator<Item = &(&'a Fact, &'a Notice)> {
        let from = self.0.partition_point(|(_, notice)| notice.act < *act);
        let rest = self.0.get(from..).unwrap_or_default();
        rest.iter()
            .take_while(move |(_, notice)| notice.act == *act)
    }

    fn first(&self, act: &StatementRef) -> Option<LeafIndex> {
        self.on(act).map(|(fact, _)| fact.index()).next()
    }
}

/// For each ground, the first position of the home register at which a rejection is noticed.
#[derive(Default)]
struct Rejections([Option<u64>; GROUNDS]);

/// Codes of grounds run from 1 to 8.
const GROUNDS: usize = 9;

impl Rejections {
    fn of(case: &Case<'_, '_>, notices: &Notices<'_>) -> Self {
        let mut rejections = Self::default();
        for (fact, ruling) in case.rulings() {
            if ruling.outcome() != Outcome::Rejected {
                continue;
            }
            let noticed = notices.on(fact.reference()).find(|(notice_fact, notice)| {
                notice.class == Class::Ruling && case.horizon.established(notice_fact)
            });
            let Some((notice_fact, _)) = noticed else {
                continue;
            };
            for (objection_fact, objection) in &case.facts.objections {
                let on_chain = objection_fact
                    .target()
                    .is_some_and(|t| case.chain.surely_holds(t));
                if on_chain
                    && ruling
                        .closes()
                        .binary_search(objection_fact.reference())
                        .is_ok()
                {
                    rejections.note(objection.ground(), notice_fact.index().value());
                }
            }
        }
        rejections
    }

    fn note(&mut self, ground: Ground, at: u64) {
        if let Some(first) = self.0.get_mut(slot(ground)) {
            *first = Some(first.map_or(at, |known| known.min(at)));
        }
    }

    /// Why an objection that nobody admitted does not suspend, if it does not.
    // spec: EFF-10
    fn keeps_waiting(&self, objection: &Known<'_>) -> Option<WaitingCause> {
        let first = self.0.get(slot(objection.ground)).copied().flatten();
        if objection.over_cap {
            return Some(WaitingCause::OverCap);
        }
        first
            .is_some_and(|at| at < objection.register)
            .then_some(WaitingCause::AfterRejection)
    }
}

fn slot(ground: Ground) -> usize {
    usize::try_from(ground.code()).unwrap_or(0)
}
