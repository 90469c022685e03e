//! How the node is.

mod agreements;
mod holdings;
mod late;
mod open;
mod outdated;
mod outstanding;
mod owed;
mod resumed;
mod unreadable;
mod without_basis;

use std::path::Path;
use std::sync::Arc;

use concordat_certs::key_file::file_name;
use concordat_protocol::admin::{AdminError, AlarmView, Detail, Reply, SigningCode, StatusView};
use concordat_protocol::effect::{FRESHNESS_DAYS, Horizon};
use concordat_protocol::statement::{Code, Role};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Member, Verified};

use crate::admin::desk::{Answer, Desk, Office};
use crate::admin::peer::{self, Survey};
use crate::admin::{frozen, quorum, refusal};
use crate::clock;
use crate::core::DamageCount;
use crate::node::Node;
use crate::query::{Found, QueryError};

pub(super) use agreements::EndedAgreements;
pub(super) use late::LateStatements;
pub(super) use open::OpenObjections;
pub(super) use outdated::OutdatedLookUps;
pub(super) use outstanding::Outstanding;
pub(super) use without_basis::Measures;

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
const MINUTE_MS: u64 = 60 * 1_000;
/// What a quorum time may be ahead of the local clock before that is an alarm.
const CLOCK_BEHIND_MAX_MS: u64 = 5 * MINUTE_MS;
/// Days before the end of the node's certificate from which on that is an alarm.
const CERTIFICATE_DAYS: u64 = 30;
/// And from which on it is a more urgent one.
const CERTIFICATE_SOON_DAYS: u64 = 7;
/// Members other than the hub whose views make a node's own independent of the hub.
const INDEPENDENT_VIEWS_WANTED: u64 = 2;

/// `status`
pub(super) fn answer(desk: &Desk) -> Answer {
    Ok(Reply::Status(Box::new(view(&desk.office)?)))
}

/// The state of the node now; blocks.
pub(super) fn view(office: &Office) -> Result<StatusView, AdminError> {
    let node = &*office.node;
    let open = office.open_objections.count(&office.node);
    let survey = Survey::of(node);
    // A node runs before its enrolment has reached it: then only its configuration names it.
    let me = survey.registry.member(node.member());
    let genesis = node.genesis();
    let policy = survey.registry.policy();
    let registry_seen = node.shared().witnessed();
    let registry_seen = registry_seen.get(&genesis.registry_origin());
    let expires = registry_seen.and_then(|seen| seen.at);
    let counts = node.store().counts();
    let signing = match (node.is_signing(), node.shared().surpassed()) {
        (true, _) => SigningCode::Ready,
        (false, _) if frozen::is_own(node) => SigningCode::Stopped,
        (false, _) if !node.shared().foreign_keys().is_empty() => SigningCode::Stopped,
        (false, Some(surpassed)) if surpassed.lasts => SigningCode::Stopped,
        (false, Some(_)) => SigningCode::FetchingBack,
        (false, None) => SigningCode::Asking,
    };
    let mut view = StatusView {
        at: clock::now(),
        member: node.member(),
        name: me.map_or_else(String::new, |me| me.enrolment().name.to_string()),
        role: me.map_or(Role::Member, |me| me.enrolment().role),
        standing: me.map(Member::standing),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: genesis.fields().network,
        network_title: genesis.fields().title.to_string(),
        genesis: genesis.id(),
        started_at: node.started_at(),
        listening: vec![node.listen().to_string()],
        signing,
        logs: peer::logs(node),
        peers: survey.briefs(),
        cosigners: policy.cosigners.len() as u64,
        quorum: policy.quorum,
        faults: policy.faults,
        registry_expires_at: expires.and_then(|at| at.checked_add(DAY * FRESHNESS_DAYS).ok()),
        independent_views: survey.independent_views(),
        statements: counts.statements,
        open_objections: open.objections,
        disk_bytes: disk_bytes(node),
        alarms: Vec::new(),
        look_ups: node.look_ups(),
        notices: office.ended_agreements.notices(node)?,
        look_ups_unreviewed: office.outdated.unreviewed(node)?,
    };
    let late = office.late_statements.count(node, view.at)?;
    let awaited = office.outstanding.count(node, view.at)?;
    view.alarms = alarms(node, &view, &open, &late, &awaited)?;
    view.alarms.extend(frozen::alarms(node)?);
    view.alarms.extend(office.outdated.alarms(node)?);
    view.alarms.extend(unreadable::alarm(node)?);
    view.alarms.extend(open.late.alarms()?);
    view.alarms.extend(without_basis_alarm(office, node)?);
    view.alarms.extend(holdings::alarms(node)?);
    view.alarms.extend(resumed::alarms(node)?);
    Ok(view)
}

fn alarms(
    node: &Node,
    status: &StatusView,
    open: &open::Answer,
    to_make_good: &late::ToMakeGood,
    awaited: &outstanding::Awaited,
) -> Result<Vec<AlarmView>, AdminError> {
    let mut alarms = Vec::new();
    let mut raise = |name: &str, details: Vec<Detail>| -> Result<(), AdminError> {
        let name = Code::new(name).map_err(|error| refusal::internal(&error))?;
        alarms.push(AlarmView {
            name,
            since: None,
            details,
        });
        Ok(())
    };
    let detail = |name: &str, value: u64| Detail {
        name: name.to_owned(),
        value: value.to_string(),
    };
    if status.standing.is_none() {
        raise("not-enrolled", Vec::new())?;
    }
    // spec: ADM-481
    let registry = node.registry();
    let me = registry.member(node.member());
    if let Some(entry) = me.and_then(|me| registry.entry(me.lost()?)) {
        let entry = Detail {
            name: "entry".to_owned(),
            value: entry.to_string(),
        };
        raise("declared-lost", vec![entry])?;
    }
    if !matches!(status.signing, SigningCode::Ready | SigningCode::Stopped) {
        raise("not-signing", Vec::new())?;
    }
    if node.has_lost_records() {
        raise("records-lost", Vec::new())?;
    }
    for key_use in node.shared().foreign_keys() {
        let key = Detail {
            name: "key".to_owned(),
            value: file_name(key_use).to_owned(),
        };
        raise("key-not-registered", vec![key])?;
    }
    if node.is_cut_off() {
        raise("node-key-not-registered", Vec::new())?;
    } else if status.standing.is_some() && node.is_refused_by_the_hub() {
        let member = Detail {
            name: "member".to_owned(),
            value: node.genesis().hub().to_string(),
        };
        raise("node-key-refused", vec![member])?;
    }
    if let Some(surpassed) = node.shared().surpassed() {
        let log = Detail {
            name: "log".to_owned(),
            value: surpassed.origin.to_string(),
        };
        let sizes = [
            detail("elsewhere", surpassed.size.value()),
            detail("here", surpassed.signed.value()),
        ];
        let name = match surpassed.lasts {
            true => "another-instance-runs",
            false => "another-instance",
        };
        raise(name, [log].into_iter().chain(sizes).collect())?;
    }
    // Small networks have fewer members than would be wanted.
    let others = status
        .peers
        .iter()
        .filter(|peer| peer.member != node.genesis().hub());
    let wanted = INDEPENDENT_VIEWS_WANTED.min(others.count() as u64);
    if node.member() != node.genesis().hub() && status.independent_views < wanted {
        let details = vec![
            detail("views", status.independent_views),
            detail("wanted", wanted),
        ];
        raise("no-independent-view", details)?;
    }
    if let Some(behind) = behind(status.at, newest_time(node)) {
        raise("clock-behind", vec![detail("minutes", behind)])?;
    }
    // spec: ADM-86
    if is_expired(status.registry_expires_at, status.at, &node.horizon()) {
        raise("registry-expired", Vec::new())?;
    }
    if let Some((name, days)) = certificate_alarm(node.certificate_ends(), status.at) {
        raise(name, vec![detail("days", days)])?;
    }
    for (name, details) in about_objections(open) {
        raise(name, details)?;
    }
    // spec: ADM-291
    for (name, overdue) in [
        ("rulings-overdue", &open.overdue),
        ("rulings-overdue-elsewhere", &open.overdue_elsewhere),
    ] {
        let Some(due) = overdue.first_due else {
            continue;
        };
        let due = Detail {
            name: "first_due".to_owned(),
            value: due.to_string(),
        };
        raise(name, vec![detail("decisions", overdue.decisions), due])?;
    }
    for alarm in quorum::alarms(node, status) {
        raise(alarm.name, alarm.details)?;
    }
    // spec: STO-31
    let damage = node.shared().damage();
    if damage != DamageCount::default() {
        let details = vec![
            detail("bodies", damage.bodies),
            detail("repaired", damage.repaired),
            detail("records", damage.records),
        ];
        raise("disk-damaged", details)?;
    }
    // spec: STO-45, STO-66
    for (origin, bodies) in node.shared().missing_bodies() {
        let name = match node.owns(&origin) {
            true => "own-bodies-missing",
            false => "bodies-lost",
        };
        let log = Detail {
            name: "log".to_owned(),
            value: origin.to_string(),
        };
        raise(name, vec![log, detail("bodies", bodies)])?;
    }
    // spec: ADM-181
    for (origin, bodies) in node.shared().given_up_bodies() {
        let log = Detail {
            name: "log".to_owned(),
            value: origin.to_string(),
        };
        raise("bodies-given-up", vec![log, detail("bodies", bodies)])?;
    }
    // spec: ADM-150, ADM-185
    let late = to_make_good.late.iter();
    let late = late.map(|late| ("own-statements-late", late));
    let after_mandate = to_make_good.after_mandate.iter();
    let after_mandate = after_mandate.map(|late| ("own-acts-after-mandate", late));
    for (name, late) in late.chain(after_mandate) {
        let log = Detail {
            name: "log".to_owned(),
            value: late.origin.to_string(),
        };
        let counts = [
            detail("statements", late.statements),
            detail("from", late.from),
        ];
        let details = [log].into_iter().chain(counts).collect();
        raise(name, details)?;
    }
    if let Some(first) = &awaited.first {
        let first = Detail {
            name: "first".to_owned(),
            value: first.to_string(),
        };
        let (acts, holders) = (
            detail("acts", awaited.acts),
            detail("holders", awaited.holders),
        );
        raise("corrections-outstanding", vec![acts, holders, first])?;
    }
    let rejected = node.store().counts().rejected;
    if rejected > 0 {
        raise(
            "statements-quarantined",
            vec![detail("statements", rejected)],
        )?;
    }
    Ok(alarms)
}

// spec: ADM-345
fn without_basis_alarm(office: &Office, node: &Node) -> Result<Option<AlarmView>, AdminError> {
    let found = office.measures.count(node)?;
    let Some(newest) = found.newest else {
        return Ok(None);
    };
    let detail = |name: &str, value: String| Detail {
        name: name.to_owned(),
        value,
    };
    let name = Code::new("measures-without-basis").map_err(|error| refusal::internal(&error))?;
    Ok(Some(AlarmView {
        name,
        since: None,
        details: vec![
            detail("measures", found.measures.to_string()),
            detail("newest", newest.to_string()),
        ],
    }))
}

// spec: ADM-120, ADM-121
fn about_objections(open: &open::Answer) -> Vec<(&'static str, Vec<Detail>)> {
    let decisions = Detail {
        name: "decisions".to_owned(),
        value: open.not_weighed.to_string(),
    };
    let counting = (!open.is_current).then(|| ("objections-being-counted", Vec::new()));
    let not_weighed = open.not_weighed > 0;
    let not_weighed = not_weighed.then(|| ("decisions-not-weighed", vec![decisions]));
    counting.into_iter().chain(not_weighed).collect()
}

/// Whether the certificate of the node ends soon, and in how many whole days.
// spec: ADM-131
fn certificate_alarm(ends: Option<Timestamp>, now: Timestamp) -> Option<(&'static str, u64)> {
    let left_ms = ends?.value().saturating_sub(now.value());
    let days = left_ms / u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
    match days {
        days if days < CERTIFICATE_SOON_DAYS => Some(("certificate-ends-soon", days)),
        days if days < CERTIFICATE_DAYS => Some(("certificate-ends", days)),
        _ => None,
    }
}

/// The newest quorum time of any log, also one that does not count since it is ahead of the clock here.
fn newest_time(node: &Node) -> Option<Timestamp> {
    let witnessed = node.shared().witnessed();
    let ahead = witnessed.values().filter_map(|seen| seen.ahead).max();
    node.horizon().newest_quorum_time().max(ahead)
}

/// By how many minutes the clock here is behind the newest quorum time, where that is too many. Either
/// it is slow or those of the cosigners are fast; each shortens or lengthens what binds on a day.
// spec: ADM-70
fn behind(now: Timestamp, newest: Option<Timestamp>) -> Option<u64> {
    let ms = newest?.value().checked_sub(now.value())?;
    (ms > CLOCK_BEHIND_MAX_MS).then_some(ms / MINUTE_MS)
}

/// Whether the registry counts no longer, by the later of the clock here and the newest quorum time: a
/// slow clock makes nothing valid for longer.
// spec: ADM-86
fn is_expired(expires: Option<Timestamp>, now: Timestamp, horizon: &Horizon) -> bool {
    expires.is_some_and(|at| at <= horizon.at_least(now))
}

/// Bytes of journal, signer states and database.
fn disk_bytes(node: &Node) -> u64 {
    let layout = node.layout();
    bytes_below(&layout.data()).saturating_add(bytes_below(&layout.store()))
}

fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

/// A statement that holds. One whose body cannot be read is passed over: an alarm of its own says so, and what
/// else there is to say does not wait for it.
// spec: ADM-274
fn readable(found: Result<Found, QueryError>) -> Result<Option<Arc<Verified>>, AdminError> {
    match found {
        Ok(Found::Verified(act)) => Ok(Some(act)),
        Ok(Found::Rejected(_) | Found::NotHeld) | Err(QueryError::Body(_)) => Ok(None),
        Err(error) => Err(refusal::query(error)),
    }
}

#[cfg(test)]
mod tests {
    use concordat_protocol::admin::ErrorCode;
    use concordat_protocol::effect::LogHorizon;
    use concordat_protocol::log::{LeafIndex, TreeSize};

    use super::*;
    use crate::core::BodyFault;
    use crate::fixture::Fixture;
    use crate::journal::{SegmentName, Stream};
    use crate::query::BodyUnreadable;
    use crate::store::Position;

    // spec: ADM-274
    #[test]
    fn body_that_cannot_be_read_is_passed_over_and_nothing_else_is() {
        let origin = Fixture::new().origin();
        let index = LeafIndex::new(3);
        let unreadable = QueryError::Body(BodyUnreadable {
            position: Position { origin, index },
            fault: BodyFault::Unavailable {
                file: SegmentName {
                    stream: Stream::Bodies,
                    number: 3,
                },
                kind: std::io::ErrorKind::Other,
            },
        });
        assert_eq!(readable(Err(unreadable)), Ok(None));
        assert_eq!(readable(Ok(Found::NotHeld)), Ok(None));
        let stopping = readable(Err(QueryError::Stopping)).unwrap_err();
        assert_eq!(stopping.code, ErrorCode::ShuttingDown);
    }

    // spec: ADM-131
    #[test]
    fn certificate_that_ends_within_thirty_days_is_told_and_within_seven_more_urgently() {
        let day = 24 * 60 * MINUTE_MS;
        let at = |ms| Timestamp::new(ms).unwrap();
        let ends = at(100 * day);
        let alarm = |now| certificate_alarm(Some(ends), at(now));
        assert_eq!(alarm(70 * day), None);
        assert_eq!(alarm(70 * day + 1), Some(("certificate-ends", 29)));
        assert_eq!(alarm(93 * day), Some(("certificate-ends", 7)));
        assert_eq!(alarm(93 * day + 1), Some(("certificate-ends-soon", 6)));
        assert_eq!(alarm(101 * day), Some(("certificate-ends-soon", 0)));
        assert_eq!(certificate_alarm(None, ends), None);
    }

    // spec: ADM-86
    #[test]
    fn registry_expires_by_the_newest_quorum_time_where_the_clock_is_slow() {
        let at = |ms| Timestamp::new(ms).unwrap();
        let (fixture, now, ends) = (Fixture::new(), at(1_000), Some(at(5_000)));
        let log = |ms| LogHorizon {
            size: TreeSize::ZERO,
            witnessed: TreeSize::ZERO,
            quorum_time: Some(at(ms)),
            frozen_at: None,
        };
        let horizon = |ms| Horizon {
            logs: [(fixture.origin(), log(ms))].into(),
            register: fixture.register(),
        };
        assert!(!is_expired(ends, now, &horizon(4_999)));
        assert!(is_expired(ends, now, &horizon(5_000)));
        assert!(is_expired(ends, at(5_000), &horizon(1)));
        assert!(!is_expired(None, now, &horizon(9_000)));
    }

    // spec: ADM-121
    #[test]
    fn decisions_that_were_not_weighed_are_an_alarm() {
        let open = |not_weighed, is_current| open::Answer {
            not_weighed,
            is_current,
            ..open::Answer::default()
        };
        let names = |answer| {
            let alarms = about_objections(&answer);
            alarms.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        assert!(names(open(0, true)).is_empty());
        assert_eq!(names(open(0, false)), ["objections-being-counted"]);
        assert_eq!(names(open(2, true)), ["decisions-not-weighed"]);
    }

    // spec: ADM-70
    #[test]
    fn clock_is_behind_past_five_minutes() {
        let at = |ms| Timestamp::new(ms).unwrap();
        let now = at(1_780_000_000_000);
        let ahead = |ms: u64| behind(now, Some(at(now.value() + ms)));
        assert_eq!(behind(now, None), None);
        assert_eq!(behind(now, Some(at(0))), None);
        assert_eq!(ahead(CLOCK_BEHIND_MAX_MS), None);
        assert_eq!(ahead(CLOCK_BEHIND_MAX_MS + 1), Some(5));
        assert_eq!(ahead(365 * 24 * 60 * MINUTE_MS), Some(525_600));
    }
}
