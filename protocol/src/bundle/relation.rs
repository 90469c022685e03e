//! What the entries of a bundle have to do with its statement, and what holds between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::error::{BundleError, EntryFault, Part};
use crate::bundle::format::at;
use crate::bundle::verified::notice_of;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{
    Code, Content, Decision, DecisionFields, DocumentKey, Kind, Notice, Objection, StatementRef,
};
use crate::subject::AuthorityCode;
use crate::trust::{Registry, RejectReason, Verified};

/// Of what was gathered about a statement, what a bundle of it holds besides, in the order given: what
/// a verifier refuses or does not reach counts for nothing, and is left out with its notices.
// spec: BUN-40
#[must_use]
pub fn belonging(statement: &Verified, gathered: &[Arc<Verified>]) -> Vec<Arc<Verified>> {
    let classes: BTreeMap<_, _> = std::iter::once(statement)
        .chain(gathered.iter().map(AsRef::as_ref))
        .map(|one| (one.reference(), one.leaf().vis))
        .collect();
    let fits = |one: &Verified| {
        let target = one.statement().payload().target.as_ref();
        let class = target.and_then(|target| classes.get(target));
        class.is_none_or(|class| *class == one.leaf().vis)
    };
    let of_kind = |kind| {
        let all = gathered.iter().map(AsRef::as_ref);
        all.filter(move |one: &&Verified| one.leaf().kind == kind && fits(one))
    };
    let reached = reach(statement, of_kind(Kind::Data), of_kind(Kind::Act));
    let belongs = |one: &Verified| {
        let Content::Notice(notice) = &one.statement().payload().content else {
            return reached.contains(one.reference());
        };
        let is_left_out = classes.contains_key(&notice.act) && !reached.contains(&notice.act);
        reached.contains(&notice.target) && !is_left_out
    };
    let others = gathered
        .iter()
        .filter(|one| one.reference() != statement.reference());
    others.filter(|one| belongs(one)).cloned().collect()
}

/// Checks that everything in a bundle belongs to its statement, and the rules between statements of
/// which [`crate::trust::verify`] sees only one at a time.
pub(super) fn check(
    statement: &Verified,
    (related, acts): (&[Verified], &[Verified]),
    (notices, agreements): (&[Verified], &[Verified]),
    registry: &Registry,
) -> Result<(), BundleError> {
    let reached = reach(statement, related.iter(), acts.iter());
    for (part, list) in [(Part::Related, related), (Part::Acts, acts)] {
        let unrelated = |one: &Verified| !reached.contains(one.reference());
        if let Some(position) = list.iter().position(unrelated) {
            return Err(BundleError::Unrelated { part, position });
        }
    }
    check_logs([
        (Part::Statement, std::slice::from_ref(statement)),
        (Part::Related, related),
        (Part::Acts, acts),
        (Part::Notices, notices),
        (Part::Agreements, agreements),
    ])?;
    check_visibility(statement, related, acts)?;
    let by_place: BTreeMap<_, _> = acts
        .iter()
        .map(|act| (place(act.reference()), act))
        .collect();
    let all = || {
        let decided = std::iter::once(statement).chain(related).chain(acts);
        decided.chain(agreements)
    };
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

/// What the statement leads to: its chain in both directions, what it rests on, and the acts on any
/// of these. Each entry is looked at once, however long the chain.
// spec: BUN-22
fn reach<'a>(
    statement: &'a Verified,
    related: impl Iterator<Item = &'a Verified>,
    acts: impl Iterator<Item = &'a Verified>,
) -> BTreeSet<&'a StatementRef> {
    let held: BTreeMap<_, _> = related.map(|one| (one.reference(), one)).collect();
    let mut followers: BTreeMap<&StatementRef, Vec<&Verified>> = BTreeMap::new();
    let mut issues: BTreeMap<Document<'_>, Vec<&Verified>> = BTreeMap::new();
    for one in held.values().copied() {
        if let Some(document) = document(one) {
            issues.entry(document).or_default().push(one);
        }
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
        // All issues of a document come at once.
        let issued = document(one).and_then(|document| issues.remove(&document));
        waiting.extend(issued.into_iter().flatten());
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

/// What makes two decisions issues of one document.
type Document<'a> = (AuthorityCode, &'a Code, DocumentKey);

// spec: EFF-81
fn document(verified: &Verified) -> Option<Document<'_>> {
    let Content::Decision(decision) = &verified.statement().payload().content else {
        return None;
    };
    let fields = decision.fields();
    let issuer = verified.statement().header().issuer;
    let number = DocumentKey::of(fields.document_number.as_str());
    Some((issuer, &fields.item, number))
}

/// The decision that a statement is, or that it puts in place of another.
fn decision_of(verified: &Verified) -> Option<&DecisionFields> {
    let content = &verified.statement().payload().content;
    content.decision().map(Decision::fields)
}

/// Within a log `ctx` never decreases. Of the statements that are not in the bundle nothing can be
/// said.
// spec: BUN-24
fn check_logs(parts: [(Part, &[Verified]); 5]) -> Result<(), BundleError> {
    let entries = parts.into_iter().flat_map(|(part, list)| {
        let list = list.iter().enumerate();
        list.map(move |(position, one)| (place(one.reference()), (part, position, one)))
    });
    let ordered: BTreeMap<_, _> = entries.collect();
    let mut largest: BTreeMap<&Origin, TreeSize> = BTreeMap::new();
    for ((origin, _), (part, position, one)) in ordered {
        let ctx = one.statement().header().ctx.size;
        let before = largest.insert(origin, ctx);
        if before.is_some_and(|before| ctx < before) {
            let fault = EntryFault::Rejected(RejectReason::CtxDecreases);
            return Err(at(part, position, fault));
        }
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
