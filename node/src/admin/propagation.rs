//! Who has done what an act asks, for administrators.

use std::collections::BTreeMap;
use std::sync::Arc;

use concordat_protocol::admin::{
    AdminError, BatchAsk, BatchPropagationView, ErrorCode, HolderCode, HolderView, MemberCounts,
    PropagatedView, PropagationAsk, PropagationView, ReachView, Reply,
};
use concordat_protocol::propagation::{Certificate, State};
use concordat_protocol::statement::{Class, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{Registry, RejectReason, Verified};

use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{batch, refusal, subject, target, view};
use crate::clock;
use crate::query::Found;
use crate::store::ActRow;

/// Acts on one decision that are followed in one answer.
// spec: ADM-271
const ACTS_SHOWN_MAX: usize = 64;

/// `propagation`
// spec: ADM-270
pub(super) fn answer(desk: &Desk, ask: &PropagationAsk) -> Answer {
    let asked = target::resolve(desk, &ask.target)?;
    let verified = subject::verified(desk, &asked)?;
    let (acts, mut left) = acts(desk, &verified)?;
    let node = desk.node();
    let (registry, hearing) = (node.registry(), node.hearing());
    // spec: ADM-273
    let sees_all = verified.statement().payload().target.as_ref();
    let sees_all = node.sees_all_of(&registry, &sees_all.unwrap_or(&asked).origin);
    let mut shown = Shown::new();
    let mut acts = acts.into_iter();
    for act in acts.by_ref() {
        let found = node.certificate(&hearing, &act);
        let Some(certificate) = found.map_err(|error| refusal::ask(&error))? else {
            continue;
        };
        if !shown.take(act_view(&registry, &act, &certificate))? {
            left += 1;
            break;
        }
    }
    left += acts.len() as u64;
    let horizon = hearing.reach.iter().map(|(origin, reach)| ReachView {
        origin: origin.clone(),
        read: reach.read,
        held: reach.held,
        witnessed: reach.witnessed,
    });
    Ok(Reply::Propagation(Box::new(PropagationView {
        asked,
        acts: shown.into_views(),
        acts_left: (left > 0).then_some(left),
        horizon: horizon.collect(),
        sees_all,
        at: clock::now(),
    })))
}

/// `propagation --batch`
// spec: ADM-344
pub(super) fn of_batch(desk: &Desk, ask: &BatchAsk) -> Answer {
    let page = batch::acts(desk, ask)?;
    let node = desk.node();
    let (registry, hearing) = (node.registry(), node.hearing());
    let query = node.query().map_err(refusal::index)?;
    let mut view = BatchPropagationView {
        class: page.class,
        total: page.total,
        looked: page.places.len() as u64,
        next_skip: page.next_skip,
        complete: 0,
        closed: 0,
        first_open: None,
        members: Vec::new(),
        sees_all: true,
        at: clock::now(),
    };
    let mut members: BTreeMap<AuthorityCode, MemberCounts> = BTreeMap::new();
    for place in &page.places {
        let found = query.statement(&place.origin, place.index);
        let Found::Verified(act) = found.map_err(refusal::query)? else {
            continue;
        };
        let found = node.certificate(&hearing, &act);
        let Some(certificate) = found.map_err(|error| refusal::ask(&error))? else {
            continue;
        };
        view.sees_all &= node.sees_all_of(&registry, &certificate.act.target.origin);
        view.complete += u64::from(certificate.is_complete());
        view.closed += u64::from(certificate.is_closed());
        if view.first_open.is_none() && certificate.outstanding().next().is_some() {
            view.first_open = Some(certificate.act.reference.clone());
        }
        for (member, state) in &certificate.states {
            count(&registry, &mut members, *member, state);
        }
    }
    view.members = members.into_values().collect();
    Ok(Reply::BatchPropagation(Box::new(view)))
}

/// Adds what became of one act at a member; who was never given what it is on is left out.
fn count(
    registry: &Registry,
    members: &mut BTreeMap<AuthorityCode, MemberCounts>,
    member: AuthorityCode,
    state: &State,
) {
    if *state == State::NeverGiven {
        return;
    }
    let counts = members.entry(member).or_insert_with(|| MemberCounts {
        member,
        name: view::name_of(registry, member).unwrap_or_default(),
        applied: 0,
        refused: 0,
        outstanding: 0,
        lost: 0,
        not_known: 0,
        since: None,
    });
    match state {
        State::Applied { .. } => counts.applied += 1,
        State::Refused { .. } => counts.refused += 1,
        State::Outstanding { since, .. } => {
            counts.outstanding += 1;
            counts.since = Some(counts.since.map_or(*since, |first| first.min(*since)));
        }
        State::Lost { .. } => counts.lost += 1,
        State::NotKnown => counts.not_known += 1,
        State::NeverGiven => {}
    }
}

/// The act asked about, or those on the decision asked about, and how many more there are.
// spec: ADM-271
fn acts(desk: &Desk, asked: &Arc<Verified>) -> Result<(Vec<Arc<Verified>>, u64), AdminError> {
    let class = asked.statement().payload().class();
    if class.is_act() {
        return Ok((vec![Arc::clone(asked)], 0));
    }
    if !class.is_decision() {
        let error = AdminError::new(ErrorCode::WrongClass);
        let error = error.with("class", refusal::class_name(class));
        return Err(error.with("state", "propagation"));
    }
    let query = desk.node().query().map_err(refusal::index)?;
    let StatementRef { origin, index, .. } = asked.reference();
    let rows = query.store().acts_on(origin, *index);
    let rows = no_objection_first(rows.map_err(refusal::store)?);
    let (mut found, mut left) = (Vec::new(), 0);
    for row in rows {
        if found.len() >= ACTS_SHOWN_MAX {
            left += 1;
            continue;
        }
        let act = query.statement(&row.position.origin, row.position.index);
        if let Found::Verified(act) = act.map_err(refusal::query)? {
            found.push(act);
        }
    }
    Ok((found, left))
}

/// Nobody but who may decide writes what is no objection: objections do not keep it out.
// spec: ADM-271
fn no_objection_first(mut rows: Vec<ActRow>) -> Vec<ActRow> {
    rows.sort_by_key(|row| row.class == Class::Objection);
    rows
}

fn act_view(registry: &Registry, act: &Verified, certificate: &Certificate) -> PropagatedView {
    let states = certificate.states.iter();
    let given = states.filter(|(_, state)| **state != State::NeverGiven);
    let holders = given.map(|(member, state)| holder_view(registry, *member, state));
    let holders: Vec<HolderView> = holders.collect();
    PropagatedView {
        act: certificate.act.reference.clone(),
        class: act.statement().payload().class(),
        target: certificate.act.target.clone(),
        issued_at: certificate.act.at,
        never_given: (certificate.states.len() - holders.len()) as u64,
        holders,
        cut: certificate.cut.iter().cloned().collect(),
        complete: certificate.is_complete(),
        closed: certificate.is_closed(),
    }
}

fn holder_view(registry: &Registry, member: AuthorityCode, state: &State) -> HolderView {
    let none = HolderView {
        member,
        name: view::name_of(registry, member).unwrap_or_default(),
        state: HolderCode::NotKnown,
        receipt: None,
        at: None,
        given: None,
        reason: None,
        measures: None,
        target_not_held: None,
        declared: None,
    };
    match state.clone() {
        State::Applied {
            receipt,
            at,
            measures,
        } => HolderView {
            state: HolderCode::Applied,
            receipt: Some(receipt),
            at: Some(at),
            measures,
            ..none
        },
        State::Refused {
            receipt,
            at,
            reason,
        } => HolderView {
            state: HolderCode::Refused,
            receipt: Some(receipt),
            at: Some(at),
            reason: Some(reason_in_words(reason)),
            ..none
        },
        State::Outstanding {
            since,
            given,
            target_not_held,
        } => HolderView {
            state: HolderCode::Outstanding,
            at: Some(since),
            given,
            target_not_held,
            ..none
        },
        State::Lost { declared, given } => HolderView {
            state: HolderCode::Lost,
            declared: Some(declared),
            given,
            ..none
        },
        State::NeverGiven => HolderView {
            state: HolderCode::NeverGiven,
            ..none
        },
        State::NotKnown => none,
    }
}

/// A reason that this version does not have reads as its code.
fn reason_in_words(code: u8) -> String {
    let reason = RejectReason::from_code(u64::from(code));
    reason.map_or_else(|| code.to_string(), |reason| reason.to_string())
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::LeafIndex;

    use super::*;
    use crate::fixture::Fixture;
    use crate::store::Position;

    // spec: ADM-271
    #[test]
    fn objections_that_sort_before_a_correction_do_not_keep_it_out() {
        let origin = Fixture::new().origin();
        let row = |class, index| ActRow {
            position: Position {
                origin: origin.clone(),
                index: LeafIndex::new(index),
            },
            class,
            ground: None,
            objection: None,
            verdict: None,
        };
        let most = ACTS_SHOWN_MAX as u64;
        let mut rows: Vec<ActRow> = (0..most).map(|at| row(Class::Objection, at)).collect();
        rows.push(row(Class::Correction, most));
        rows.push(row(Class::Objection, most + 1));
        rows.push(row(Class::Withdrawal, most + 2));
        let sorted = no_objection_first(rows);
        let places = sorted.iter().map(|row| row.position.index.value());
        let objections = (0..most).chain([most + 1]);
        let expected = [most, most + 2].into_iter().chain(objections);
        assert_eq!(places.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
