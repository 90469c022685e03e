//! Objections to a chain: which are open, which suspend, and which wait for the supervisor.

use crate::effect::announced::Announced;
use crate::effect::case::Case;
use crate::effect::notices::Notices;
use crate::effect::record::{Received, Suspension, SuspensionKind, Waiting};
use crate::effect::rejections::{Rejections, is_with_issuer};
use crate::log::{LeafIndex, Origin};
use crate::statement::{Ground, ObjectorRole, Outcome, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// An objection as far as it is known, from its body or from a notice alone.
pub(super) struct Known<'a> {
    pub(super) reference: &'a StatementRef,
    /// The decision that it is on, which may be another one of the chain.
    pub(super) on: Option<&'a StatementRef>,
    pub(super) ground: Ground,
    /// Known from the body alone.
    pub(super) role: Option<ObjectorRole>,
    pub(super) over_cap: bool,
    /// Whether it stands with the issuer of the decision itself.
    pub(super) with_issuer: bool,
    /// Who received it; `None` where no body of it is held.
    pub(super) receiver: Option<AuthorityCode>,
    received_on: Option<Day>,
    /// The most of the home register that its author can have adopted.
    pub(super) register: u64,
}

/// The suspensions by objections, ascending by ground, and the open objections that wait.
///
/// No instant goes in: no deadline ever ends a suspension.
// spec: EFF-24
pub(super) fn weigh(case: &Case<'_, '_>) -> (Vec<Suspension>, Vec<Waiting>) {
    let notices = &case.facts.notices;
    let objections = known(case, notices);
    if objections.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let Rulings { closed, announced } = Rulings::of(case, notices, &objections);
    let admitted = case.admitted();
    let rejected = Rejections::of(case, notices);
    let (mut suspending, mut waiting) = (Vec::new(), Vec::new());
    for objection in objections {
        if closed.binary_search(&objection.reference).is_ok() {
            continue;
        }
        let cause = match admitted.binary_search(&objection.reference).is_ok() {
            true => None,
            false => rejected.keeps_waiting(case, &objection),
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
    (by_ground(suspending, &announced), waiting)
}

/// However many objections are open on one ground, they suspend once.
// spec: EFF-7
fn by_ground(mut suspending: Vec<Known<'_>>, announced: &[&StatementRef]) -> Vec<Suspension> {
    suspending.sort_unstable_by(|a, b| (a.ground, a.reference).cmp(&(b.ground, b.reference)));
    let one_ground = |a: &Known<'_>, b: &Known<'_>| a.ground == b.ground;
    let suspension = |group: &[Known<'_>]| {
        let ground = group.first()?.ground;
        let by: Vec<_> = group.iter().map(|known| known.reference.clone()).collect();
        let awaits = |objection: &&StatementRef| announced.binary_search(objection).is_ok();
        Some(Suspension {
            kind: SuspensionKind::Objection(ground),
            received: Received {
                with_issuer: first(group, true),
                elsewhere: first(group, false),
            },
            awaiting_act: by.iter().filter(awaits).cloned().collect(),
            by,
        })
    };
    suspending
        .chunk_by(one_ground)
        .filter_map(suspension)
        .collect()
}

/// The first day of receipt of the objections of a group that lie with who decided, or of the others.
// spec: DL-22
fn first(group: &[Known<'_>], with_issuer: bool) -> Option<Day> {
    let here = group
        .iter()
        .filter(|known| known.with_issuer == with_issuer);
    here.filter_map(|known| known.received_on).min()
}

// spec: EFF-23
fn known<'a>(case: &Case<'_, 'a>, notices: &Notices<'a>) -> Vec<Known<'a>> {
    let mut held: Vec<_> = case.objections().collect();
    held.sort_unstable_by_key(|(fact, _)| fact.reference());
    let mut before: Option<(&Origin, u64)> = None;
    let held = held.into_iter().map(|(fact, objection)| {
        let adopted = fact.payload().register_size.map_or(0, |size| size.value());
        // A register that already held the notice of this objection cannot have been adopted by it.
        let before_notice = notices
            .first(fact.reference())
            .map_or(u64::MAX, LeafIndex::value);
        // Who has adopted a register has not forgotten it: objections come by log and position.
        // spec: EFF-42
        let before_it = before.filter(|(origin, _)| *origin == fact.origin());
        let most = before_it.map_or(0, |(_, most)| most);
        let most = most.max(adopted.min(before_notice));
        before = Some((fact.origin(), most));
        Known {
            reference: fact.reference(),
            on: case.facts.copies.target(fact),
            ground: objection.ground(),
            role: Some(objection.role()),
            over_cap: objection.over_cap(),
            with_issuer: is_with_issuer(case, fact),
            receiver: Some(fact.issuer()),
            received_on: Some(objection.received_on()),
            register: most.min(before_notice),
        }
    });
    let mut noticed: Vec<_> = case.noticed().collect();
    // One act may be noticed on several sets of a chain.
    noticed.sort_unstable_by_key(|(fact, notice)| (&notice.act, fact.reference()));
    let noticed = noticed.into_iter().map(|(fact, notice)| Known {
        reference: &notice.act,
        on: Some(case.facts.copies.first(&notice.target)),
        ground: notice.ground.unwrap_or(Ground::Other),
        role: None,
        over_cap: notice.over_cap == Some(true),
        with_issuer: false,
        receiver: None,
        received_on: None,
        register: fact.index().value(),
    });
    let mut known: Vec<_> = held.chain(noticed).collect();
    // The first notice of an act is kept.
    known.dedup_by(|later, kept| later.reference == kept.reference);
    known
}

/// The objections that rulings name, each list ascending.
#[derive(Default)]
struct Rulings<'a> {
    /// Those that are closed.
    closed: Vec<&'a StatementRef>,
    /// Those named by a ruling that announced a correction; where they are not closed, it is awaited.
    announced: Vec<&'a StatementRef>,
}

impl<'a> Rulings<'a> {
    /// A ruling closes what it names, and no others; one that finds for the objector closes it together
    /// with what it announces.
    // spec: EFF-8, EFF-27
    fn of(case: &Case<'_, 'a>, notices: &Notices<'a>, objections: &[Known<'a>]) -> Self {
        let mut rulings = Self::default();
        let mut grounds: Vec<_> = objections
            .iter()
            .map(|one| (one.reference, one.ground))
            .collect();
        grounds.sort_unstable();
        for (fact, ruling) in case.rulings() {
            let announces = match ruling.outcome() {
                Outcome::Rejected | Outcome::Withdrawn => false,
                Outcome::Upheld | Outcome::Corrected => true,
            };
            for objection in case.closed_by(ruling) {
                if !announces {
                    rulings.closed.push(objection);
                    continue;
                }
                rulings.announced.push(objection);
                let known = grounds.binary_search_by(|(known, _)| (*known).cmp(objection));
                let known = known.ok().and_then(|at| grounds.get(at));
                let is_done = |(objection, ground): &(&'a StatementRef, Ground)| {
                    let announced = Announced {
                        case,
                        notices,
                        ruling: fact,
                        objection,
                        ground: *ground,
                    };
                    announced.is_done()
                };
                if known.is_some_and(is_done) {
                    rulings.closed.push(objection);
                }
            }
        }
        rulings.above(case, objections);
        rulings.closed.sort_unstable();
        rulings.announced.sort_unstable();
        rulings
    }

    /// Whoever decided what another authority made a decision of closes for that one too what was raised
    /// against its own and came to nothing. What it announces instead it announces for its own decision.
    // spec: EFF-145
    fn above(&mut self, case: &Case<'_, 'a>, objections: &[Known<'a>]) {
        let mut on: Vec<_> = objections
            .iter()
            .filter_map(|one| Some((one.reference, one.on?)))
            .collect();
        on.sort_unstable();
        for (fact, ruling) in case.rulings_above() {
            match ruling.outcome() {
                Outcome::Rejected | Outcome::Withdrawn => {}
                Outcome::Upheld | Outcome::Corrected => continue,
            }
            for objection in case.closed_by(ruling) {
                let known = on.binary_search_by(|(known, _)| (*known).cmp(objection));
                let raised_on = known.ok().and_then(|at| on.get(at));
                if raised_on.is_some_and(|(_, on)| case.is_issued_by(on, fact)) {
                    self.closed.push(objection);
                }
            }
        }
    }
}
