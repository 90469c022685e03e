//! Whether an organisation has any adverse record since a day, as far as this node can tell.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::admin::{
    AdminError, CLEAN_READ_MAX, CLEAN_SHOWN_MAX, CleanCode, CleanDecision, CleanView, CleanWeight,
    ErrorCode, StaleLog, SubjectAsk, binds_code, clean_listed, clean_since, clean_weight,
    is_bad_record,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::effect::{BindsOthers, Codes, Effect, FRESHNESS_DAYS, Horizon};
use concordat_protocol::lookup::Shown;
use concordat_protocol::statement::{DecisionFields, Role, Standing, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{LogNumber, Registry};

use crate::admin::{peer, refusal, subject, view};
use crate::clock;
use crate::node::Node;
use crate::query::{Found, SubjectEntry};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The first day that a request asks about; `None` where it does not ask. Of a day to come nobody can say what
/// will not have been decided by then.
// spec: ADM-434
pub(super) fn since(
    ask: &SubjectAsk,
    (as_of, today): (Day, Day),
) -> Result<Option<Day>, AdminError> {
    let refused = |since: &dyn std::fmt::Display| {
        AdminError::new(ErrorCode::CleanSpan)
            .with("since", since)
            .with("as_of", as_of)
    };
    match (ask.clean_since, ask.clean_years) {
        (None, None) => Ok(None),
        (Some(since), None) if as_of > today => Err(refused(&since)),
        (None, Some(years)) if as_of > today => Err(refused(&years)),
        (Some(since), None) if since <= as_of => Ok(Some(since)),
        (None, Some(years)) if years > 0 => match clean_since(as_of, years) {
            Some(since) => Ok(Some(since)),
            None => Err(refused(&years)),
        },
        (Some(since), _) => Err(refused(&since)),
        (None, Some(years)) => Err(refused(&years)),
    }
}

/// Weighs the adverse decisions about an organisation, newest first, and looks at how far the logs are known.
/// With it, how those stood, those that are listed first.
// spec: LKP-70, LKP-72, LKP-73, LKP-75, LKP-76, LKP-83
pub(super) fn answer(
    node: &Node,
    codes: &Codes,
    (found, erased): (&[SubjectEntry], u64),
    (since, as_of): (Day, Day),
) -> Result<(CleanView, Vec<Shown>), AdminError> {
    let may_burden = |entry: &&SubjectEntry| {
        let summary = entry.summary.as_ref();
        summary.is_none_or(|summary| summary.adverse) || is_corrected(node, entry)
    };
    let found: Vec<&SubjectEntry> = found.iter().filter(may_burden).collect();
    let (read, rest) = found.split_at(found.len().min(CLEAN_READ_MAX));
    let (mut decisions, mut stood) = (Vec::new(), BTreeMap::new());
    for part in read.chunks(CLEAN_SHOWN_MAX) {
        let targets: Vec<_> = part.iter().map(|entry| &entry.reference).collect();
        let effects = node.effects_of(&targets, as_of);
        let effects = effects.map_err(|error| refusal::ask(&error))?;
        for (entry, effect) in part.iter().zip(&effects) {
            if let Some(one) = weighed(node, codes, (entry, effect), (since, as_of))? {
                let at = one.reference.clone();
                let shown = Shown::decision(at.clone(), &view::effect(effect, as_of));
                stood.insert(at, shown);
                decisions.push(one);
            }
        }
    }
    let count = |weight| decisions.iter().filter(|one| one.weight == weight).count() as u64;
    let (counts, apart) = (count(CleanWeight::Counts), count(CleanWeight::Apart));
    // Nobody can tell any more what was erased, nor yet whose record it is that a disputed change of code would
    // bring.
    // spec: LKP-79, LKP-85
    let not_known = count(CleanWeight::NotKnown) + erased + codes.doubted();
    let decisions = clean_listed(decisions);
    let shown = decisions.iter();
    let mut shown: Vec<Shown> = shown
        .filter_map(|one| stood.remove(&one.reference))
        .collect();
    // What is weighed and not listed may change as well.
    // spec: LKP-93
    shown.extend(stood.into_values());
    let query = node.query().map_err(refusal::index)?;
    let mut waiting = 0;
    for code in codes.all() {
        waiting += query.waiting_about(code).map_err(refusal::query)?;
    }
    let known = known(node);
    let mut view = CleanView {
        since,
        as_of,
        verdict: CleanCode::Unknown,
        decisions,
        counts,
        apart,
        not_known,
        stale: known.stale,
        stale_total: known.stale_total,
        bodies_missing: known.bodies_missing,
        left: rest.len() as u64,
        withheld: known.withheld,
        waiting,
        lost_total: known.lost_total,
    };
    view.verdict = view.judge();
    Ok((view, shown))
}

/// How far the logs are known.
struct Known {
    stale: Vec<StaleLog>,
    stale_total: u64,
    lost_total: u64,
    bodies_missing: u64,
    withheld: u64,
}

// spec: LKP-73, LKP-75, LKP-76
fn known(node: &Node) -> Known {
    let registry = node.registry();
    let lost: BTreeSet<AuthorityCode> = registry.lost().into_keys().collect();
    let is_lost = |member: &str| lost.iter().any(|code| code.as_str() == member);
    let mut stale = stale(node, &registry, &node.horizon());
    // Those that hold up the word come first.
    stale.sort_by_key(|log| log.lost.is_some());
    let stale_total = stale.iter().filter(|log| log.lost.is_none()).count();
    let lost_total = stale.len().saturating_sub(stale_total) as u64;
    stale.truncate(CLEAN_SHOWN_MAX);
    let views = peer::logs(node);
    let logs = node.shared().logs();
    let missing = views.iter().filter(|view| !is_lost(view.origin.member()));
    let missing = missing.map(|view| {
        let log = logs.get(&view.origin);
        let for_few = log.map_or(0, |log| log.awaited_for_few().count() as u64);
        view.bodies_missing.saturating_sub(for_few)
    });
    let withheld = logs
        .iter()
        .map(|(origin, log)| log.withheld(is_lost(origin.member())).count() as u64);
    Known {
        stale,
        stale_total: stale_total as u64,
        lost_total,
        bodies_missing: missing.sum(),
        withheld: withheld.sum(),
    }
}

/// Whether anything corrects a decision: a licence may have been put right into a penalty. Where the index does
/// not say, it is read.
fn is_corrected(node: &Node, entry: &SubjectEntry) -> bool {
    let at = &entry.reference;
    let Ok(query) = node.query() else {
        return true;
    };
    query
        .store()
        .acts_on(&at.origin, at.index)
        .map_or(true, |acts| !acts.is_empty())
}

/// An adverse decision of the span, as it stands, or as it will once a quorum has cosigned a correction of it.
fn weighed(
    node: &Node,
    codes: &Codes,
    (entry, effect): (&SubjectEntry, &Effect),
    (since, as_of): (Day, Day),
) -> Result<Option<CleanDecision>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let read = |at: &StatementRef| match query.statement(&at.origin, at.index) {
        Ok(Found::Verified(made)) => Ok(Some(made)),
        Ok(Found::Rejected(_) | Found::NotHeld) => Ok(None),
        Err(error) => Err(refusal::query(error)),
    };
    let is_meant =
        |fields: &DecisionFields| is_bad_record(fields) && codes.includes(fields.subject.code());
    let Some(made) = read(&entry.reference)? else {
        return Ok(None);
    };
    if subject::not_about_by(node, codes, effect)?.is_none() {
        let stands = node.stands_by(effect).map_err(refusal::query)?;
        let stands = stands.unwrap_or(made);
        let fields = stands.statement().payload().content.decision();
        let fields = fields.map(|decision| decision.fields());
        if let Some(fields) = fields.filter(|fields| is_meant(fields))
            && let Some(weight) = clean_weight(effect, fields.decided_on, (since, as_of))
        {
            return Ok(Some(listed(node, (entry, effect), fields, weight)));
        }
    }
    let is_gone = matches!(
        effect.binds_others(),
        BindsOthers::Void | BindsOthers::Withdrawn | BindsOthers::Superseded
    );
    // What it is put right into may stand tomorrow.
    // spec: LKP-71
    for at in effect.pending.iter().filter(|_| !is_gone) {
        let Some(pending) = read(at)? else { continue };
        let fields = pending.statement().payload().content.decision();
        let fields = fields.map(|decision| decision.fields());
        if let Some(fields) = fields.filter(|one| is_meant(one) && one.decided_on <= as_of) {
            let weight = CleanWeight::NotKnown;
            return Ok(Some(listed(node, (entry, effect), fields, weight)));
        }
    }
    Ok(None)
}

fn listed(
    node: &Node,
    (entry, effect): (&SubjectEntry, &Effect),
    fields: &DecisionFields,
    weight: CleanWeight,
) -> CleanDecision {
    CleanDecision {
        reference: entry.reference.clone(),
        weight,
        issuer: entry.issuer,
        issuer_name: view::name_of(&node.registry(), entry.issuer),
        document_number: fields.document_number.to_string(),
        act_type: fields.act_type,
        decided_on: fields.decided_on,
        binds_others: binds_code(effect.binds_others()),
    }
}

/// The logs of members that nobody can go by: not held, cosigned by no quorum for longer than the limit, or
/// frozen. Whoever has left decides nothing more: its log is named where it never was held. Of whoever is lost
/// nothing more is expected; a home register is never done without.
// spec: LKP-73
fn stale(node: &Node, registry: &Registry, horizon: &Horizon) -> Vec<StaleLog> {
    let now = horizon.at_least(clock::now());
    let mut stale = Vec::new();
    for member in registry.members() {
        let enrolment = member.enrolment();
        if enrolment.role == Role::Issuer {
            continue;
        }
        let has_left = member.standing() == Standing::Left;
        let lost = member.lost().map(|_| Truth);
        let mut logs = vec![LogNumber::Statements];
        // Whoever lacks the home register lacks word of objections that are not held.
        logs.extend((member.code() == node.genesis().hub()).then_some(LogNumber::Register));
        for number in logs {
            let origin = node.genesis().origin(member.code(), number);
            let log = horizon.logs.get(&origin);
            let since = log.and_then(|log| log.quorum_time);
            let is_frozen = log.is_some_and(|log| log.frozen_at.is_some());
            let is_stale = is_frozen || since.is_none_or(|since| is_old(since, now));
            if is_stale && (!has_left || since.is_none()) {
                let name = Some(enrolment.name.to_string());
                stale.push(StaleLog {
                    origin,
                    name,
                    since,
                    lost: lost.filter(|_| number == LogNumber::Statements),
                });
            }
        }
    }
    stale
}

// spec: EFF-17
fn is_old(since: Timestamp, now: Timestamp) -> bool {
    now.value().saturating_sub(since.value()) > u64::from(FRESHNESS_DAYS) * DAY_MS
}
