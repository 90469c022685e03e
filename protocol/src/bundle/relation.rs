//! What the entries of a bundle have to do with its statement, and what holds between them.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::error::{BundleError, EntryFault, Part};
use crate::bundle::format::at;
use crate::bundle::verified::notice_of;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{Content, Decision, DecisionFields, Kind, Notice, Objection, StatementRef};
use crate::trust::{Registry, RejectReason, Verified};

/// Checks that everything in a bundle belongs to its statement, and the rules between statements of
/// which [`crate::trust::verify`] sees only one at a time.
pub(super) fn check(
    statement: &Verified,
    related: &[Verified],
    acts: &[Verified],
    notices: &[Verified],
    registry: &Registry,
) -> Result<(), BundleError> {
    let reached = reach(statement, related.iter(), acts.iter());
    for (part, list) in [(Part::Related, related), (Part::Acts, acts)] {
        let unrelated = |one: &Verified| !reached.contains(one.reference());
        if let Some(position) = list.iter().position(unrelated) {
            return Err(BundleError::Unrelated { part, position });
        }
    }
    check_logs(statement, related, acts, notices)?;
    check_visibility(statement, related, acts)?;
    let by_place: BTreeMap<_, _> = acts
        .iter()
        .map(|act| (place(act.reference()), act))
        .collect();
    let all = || std::iter::once(statement).chain(related).chain(acts);
    for (position, one) in notices.iter().enumerate() {
        if let Content::HeadSeen(head) = &one.statement().payload().content {
            let used = all().any(|one| one.reference().origin == head.origin);
            if !used && !registry.genesis().is_registry(&head.origin) {
                let part = Part::Notices;
                return Err(BundleError::Unrelated { part, position });
            }
            continue;
        }
        let notice = notice_of(one).filter(|notice| reached.contains(&notice.target));
        let part = Part::Notices;
        let notice = notice.ok_or(BundleError::Unrelated { part, position })?;
        let act = by_place.get(&place(&notice.act));
        if act.is_some_and(|act| !is_of(notice, act)) {
            return Err(BundleError::NoticeContradicts { position });
        }
    }
    Ok(())
}

/// Of what is known of a statement, what a bundle about it may hold. What others say that a verifier
/// would refuse is left out: nobody can keep a decision from being proven by speaking of it.
///
/// `known` are decisions, acts and notices, the statement itself among them or not.
// spec: BUN-30
#[must_use]
pub fn belonging<'a>(
    statement: &'a Verified,
    known: &[&'a Verified],
) -> BTreeSet<&'a StatementRef> {
    let of = |kind: Kind| {
        known
            .iter()
            .copied()
            .filter(move |one| one.leaf().kind == kind)
    };
    let mut classes: BTreeMap<_, _> = of(Kind::Data)
        .chain(of(Kind::Act))
        .map(|one| (one.reference(), one.leaf().vis))
        .collect();
    classes.insert(statement.reference(), statement.leaf().vis);
    let seen_alike = |act: &&Verified| {
        let target = act.statement().payload().target.as_ref();
        let class = target.and_then(|target| classes.get(target));
        class.is_none_or(|class| *class == act.leaf().vis)
    };
    let acts: Vec<&Verified> = of(Kind::Act).filter(seen_alike).collect();
    let mut belong = reach(statement, of(Kind::Data), acts.iter().copied());
    let held: BTreeMap<_, _> = known
        .iter()
        .map(|one| (place(one.reference()), *one))
        .collect();
    let notices = of(Kind::Notice).filter(|one| {
        let act = |notice: &Notice| held.get(&place(&notice.act)).copied();
        let fits = |notice: &Notice| act(notice).is_none_or(|act| is_of(notice, act));
        notice_of(one).is_some_and(|notice| belong.contains(&notice.target) && fits(notice))
    });
    let notices: Vec<_> = notices.map(Verified::reference).collect();
    belong.extend(notices);
    belong
}

/// What the statement leads to: its chain in both directions, what it rests on, and the acts on any
/// of these. Each entry is looked at once, however long the chain.
// spec: BUN-22
fn reach<'a>(
    statement: &'a Verified,
    related: impl Iterator<Item = &'a Verified> + Clone,
    acts: impl Iterator<Item = &'a Verified>,
) -> BTreeSet<&'a StatementRef> {
    let held: BTreeMap<_, _> = related.clone().map(|one| (one.reference(), one)).collect();
    let mut followers: BTreeMap<&StatementRef, Vec<&Verified>> = BTreeMap::new();
    for one in related {
        let root = decision_of(one).and_then(|fields| fields.reissues.as_ref());
        if let Some(root) = root {
            followers.entry(root).or_default().push(one);
        }
    }
    for act in acts {
        if let Some(target) = act.statement().payload().target.as_ref() {
            followers.entry(target).or_default().push(act);
        }
    }
    let mut reached = BTreeSet::new();
    let mut waiting = vec![statement];
    // A chain whose root is not held is still one chain.
    let mut named = BTreeSet::new();
    while let Some(one) = waiting.pop() {
        if !reached.insert(one.reference()) {
            continue;
        }
        waiting.extend(followers.get(one.reference()).into_iter().flatten());
        let fields = decision_of(one);
        let root = fields.and_then(|fields| fields.reissues.as_ref());
        let basis = fields.into_iter().flat_map(|fields| &fields.rests_on);
        for name in root.into_iter().chain(basis) {
            if named.insert(name) {
                waiting.extend(held.get(name));
                waiting.extend(followers.get(name).into_iter().flatten());
            }
        }
    }
    reached
}

/// The decision that a statement is, or that it puts in place of another.
fn decision_of(verified: &Verified) -> Option<&DecisionFields> {
    let content = &verified.statement().payload().content;
    content.decision().map(Decision::fields)
}

/// Within a log `ctx` never decreases, and the same statement bytes stand once. Of the statements
/// that are not in the bundle nothing can be said.
// spec: BUN-24
fn check_logs(
    statement: &Verified,
    related: &[Verified],
    acts: &[Verified],
    notices: &[Verified],
) -> Result<(), BundleError> {
    let single = std::slice::from_ref(statement);
    let parts = [
        (Part::Statement, single),
        (Part::Related, related),
        (Part::Acts, acts),
        (Part::Notices, notices),
    ];
    let entries = parts.into_iter().flat_map(|(part, list)| {
        let list = list.iter().enumerate();
        list.map(move |(position, one)| (place(one.reference()), (part, position, one)))
    });
    let ordered: BTreeMap<_, _> = entries.collect();
    let mut largest: BTreeMap<&Origin, TreeSize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for ((origin, _), (part, position, one)) in ordered {
        let ctx = one.statement().header().ctx.size;
        let before = largest.insert(origin, ctx);
        let reason = if before.is_some_and(|before| ctx < before) {
            RejectReason::CtxDecreases
        } else if !seen.insert((origin, one.statement().as_bytes())) {
            RejectReason::Repeated
        } else {
            continue;
        };
        return Err(at(part, position, EntryFault::Rejected(reason)));
    }
    Ok(())
}

/// An act has the visibility class of its target.
// spec: BUN-25
fn check_visibility(
    statement: &Verified,
    related: &[Verified],
    acts: &[Verified],
) -> Result<(), BundleError> {
    let all = std::iter::once(statement).chain(related).chain(acts);
    let classes: BTreeMap<_, _> = all.map(|one| (one.reference(), one.leaf().vis)).collect();
    let differs = |act: &Verified| {
        let target = act.statement().payload().target.as_ref();
        let class = target.and_then(|target| classes.get(target));
        class.is_some_and(|class| *class != act.leaf().vis)
    };
    match acts.iter().position(differs) {
        Some(position) => {
            let fault = EntryFault::Rejected(RejectReason::WrongVis);
            Err(at(Part::Acts, position, fault))
        }
        None => Ok(()),
    }
}

// spec: BUN-23
fn is_of(notice: &Notice, act: &Verified) -> bool {
    let payload = act.statement().payload();
    let objection = payload.content.objection();
    *act.reference() == notice.act
        && payload.target.as_ref() == Some(&notice.target)
        && payload.class() == notice.class
        && notice.ground == objection.map(Objection::ground)
        && notice.over_cap.unwrap_or(false) == objection.is_some_and(Objection::over_cap)
}

const fn place(reference: &StatementRef) -> (&Origin, LeafIndex) {
    (&reference.origin, reference.index)
}
