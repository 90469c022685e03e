//! Whether an organisation has any adverse record since a day, as far as this node can tell.

use concordat_protocol::admin::{
    AdminError, CLEAN_READ_MAX, CLEAN_SHOWN_MAX, CleanCode, CleanDecision, CleanView, CleanWeight,
    ErrorCode, StaleLog, SubjectAsk, binds_code, clean_listed, clean_since, clean_weight,
};
use concordat_protocol::effect::{Effect, FRESHNESS_DAYS, Horizon};
use concordat_protocol::statement::{Decision, Role, Standing};
use concordat_protocol::subject::SubjectCode;
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
// spec: LKP-70, LKP-72, LKP-73, LKP-75
pub(super) fn answer(
    node: &Node,
    code: SubjectCode,
    found: &[SubjectEntry],
    (since, as_of): (Day, Day),
) -> Result<CleanView, AdminError> {
    let may_burden = |entry: &&SubjectEntry| {
        let summary = entry.summary.as_ref();
        summary.is_none_or(|summary| summary.adverse) || is_corrected(node, entry)
    };
    let found: Vec<&SubjectEntry> = found.iter().filter(may_burden).collect();
    let (read, rest) = found.split_at(found.len().min(CLEAN_READ_MAX));
    let mut decisions = Vec::new();
    for part in read.chunks(CLEAN_SHOWN_MAX) {
        let targets: Vec<_> = part.iter().map(|entry| &entry.reference).collect();
        let effects = node.effects_of(&targets, as_of);
        let effects = effects.map_err(|error| refusal::ask(&error))?;
        for (entry, effect) in part.iter().zip(&effects) {
            decisions.extend(weighed(node, code, (entry, effect), (since, as_of))?);
        }
    }
    let count = |weight| decisions.iter().filter(|one| one.weight == weight).count() as u64;
    let (counts, apart) = (count(CleanWeight::Counts), count(CleanWeight::Apart));
    let not_known = count(CleanWeight::NotKnown);
    let decisions = clean_listed(decisions);
    let mut stale = stale(node, &node.registry(), &node.horizon());
    let stale_total = stale.len() as u64;
    stale.truncate(CLEAN_SHOWN_MAX);
    let mut view = CleanView {
        since,
        as_of,
        verdict: CleanCode::Unknown,
        decisions,
        counts,
        apart,
        not_known,
        stale,
        stale_total,
        bodies_missing: subject::bodies_missing(node, &peer::logs(node)),
        left: rest.len() as u64,
    };
    view.verdict = view.judge();
    Ok(view)
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

/// An adverse decision of the span, as it stands.
fn weighed(
    node: &Node,
    code: SubjectCode,
    (entry, effect): (&SubjectEntry, &Effect),
    (since, as_of): (Day, Day),
) -> Result<Option<CleanDecision>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let at = &entry.reference;
    let found = query.statement(&at.origin, at.index);
    let Found::Verified(made) = found.map_err(refusal::query)? else {
        return Ok(None);
    };
    if subject::not_about_by(node, code, effect)?.is_some() {
        return Ok(None);
    }
    let stands = node.stands_by(effect).map_err(refusal::query)?;
    let stands = stands.unwrap_or_else(|| made.clone());
    let Some(decision) = stands.statement().payload().content.decision() else {
        return Ok(None);
    };
    let fields = decision.fields();
    let is_meant = Decision::is_adverse(decision) && fields.subject.code() == code;
    let weight = match is_meant {
        true => clean_weight(effect, fields.decided_on, (since, as_of)),
        false => None,
    };
    Ok(weight.map(|weight| CleanDecision {
        reference: at.clone(),
        weight,
        issuer: entry.issuer,
        issuer_name: view::name_of(&node.registry(), entry.issuer),
        document_number: fields.document_number.to_string(),
        act_type: fields.act_type,
        decided_on: fields.decided_on,
        binds_others: binds_code(effect.binds_others()),
    }))
}

/// The logs of members that nobody can go by: not held, cosigned by no quorum for longer than the limit, or
/// frozen. Whoever has left decides nothing more.
// spec: LKP-73
fn stale(node: &Node, registry: &Registry, horizon: &Horizon) -> Vec<StaleLog> {
    let now = horizon.at_least(clock::now());
    let mut stale = Vec::new();
    for member in registry.members() {
        let enrolment = member.enrolment();
        if enrolment.role == Role::Issuer || member.standing() == Standing::Left {
            continue;
        }
        let mut logs = vec![LogNumber::Statements];
        // Whoever lacks the home register lacks word of objections that are not held.
        logs.extend((member.code() == node.genesis().hub()).then_some(LogNumber::Register));
        for number in logs {
            let origin = node.genesis().origin(member.code(), number);
            let log = horizon.logs.get(&origin);
            let since = log.and_then(|log| log.quorum_time);
            let is_frozen = log.is_some_and(|log| log.frozen_at.is_some());
            if is_frozen || since.is_none_or(|since| is_old(since, now)) {
                let name = Some(enrolment.name.to_string());
                stale.push(StaleLog {
                    origin,
                    name,
                    since,
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
