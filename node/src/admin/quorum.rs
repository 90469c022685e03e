//! Whether the cosigners of the policy can make a quorum, and do.
//!
//! Without a quorum nothing new becomes witnessed and everything goes stale, days later and without an
//! error anywhere. A policy or a key that is wrong shows here at once, or after two heartbeats.

use std::time::Duration;

use concordat_protocol::admin::{Detail, LinkCode, StatusView};
use concordat_protocol::exchange::Waiting;
use concordat_protocol::log::Origin;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Registry;

use crate::node::Node;

/// Heartbeats that a cosigner may be silent, or a quorum be missing, before that is an alarm.
const HEARTBEATS_MAX: u32 = 2;
/// Members that an alarm names; how many there are in all it says beside.
const MEMBERS_NAMED_MAX: usize = 8;

/// An alarm about the quorum.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    pub(super) name: &'static str,
    pub(super) details: Vec<Detail>,
}

/// What is wrong with the quorum.
// spec: ADM-84, ADM-85, ADM-130
pub(super) fn alarms(node: &Node, status: &StatusView) -> Vec<Alarm> {
    let registry = node.registry();
    let heartbeat = Duration::from_millis(registry.policy().heartbeat_ms);
    let waiting = node.shared().waiting();
    let waiting = waiting.and_then(|waiting| waits(&waiting, status.at, heartbeat));
    let others = of_quorum(node, &registry, status, heartbeat);
    waiting.into_iter().chain(others).collect()
}

fn of_quorum(
    node: &Node,
    registry: &Registry,
    status: &StatusView,
    heartbeat: Duration,
) -> Vec<Alarm> {
    let (able, quorum) = (registry.able_cosigners(), status.quorum);
    if able < quorum {
        let details = vec![number("able", able), number("quorum", quorum)];
        return vec![alarm("quorum-impossible", details)];
    }
    let patience = heartbeat.saturating_mul(HEARTBEATS_MAX);
    let origin = node.genesis().registry_origin();
    let log = node.shared().witnessed().get(&origin).copied();
    let log = log.and_then(|witnessed| witnessed.at);
    let mut alarms = Vec::new();
    let is_late = |at: Option<Timestamp>| is_late(status.at, status.started_at, at, patience);
    if is_late(log) {
        let connected = connected(registry, status).count() as u64;
        let details = vec![number("connected", connected), number("quorum", quorum)];
        alarms.push(alarm("quorum-missing", details));
    }
    for member in connected(registry, status) {
        let newest = newest_by(node, registry, &origin, member);
        if is_late(newest) {
            let member = Detail {
                name: "member".to_owned(),
                value: member.to_string(),
            };
            alarms.push(alarm("cosigner-silent", vec![member]));
        }
    }
    alarms
}

/// Whether heads have waited for more than a heartbeat to be cosigned here, and for whom.
// spec: ADM-130
fn waits(waiting: &Waiting, now: Timestamp, heartbeat: Duration) -> Option<Alarm> {
    let end = waiting.since.checked_add(heartbeat);
    let named = waiting.missing.iter().take(MEMBERS_NAMED_MAX);
    let named: Vec<String> = named.map(ToString::to_string).collect();
    let members = Detail {
        name: "members".to_owned(),
        value: named.join(","),
    };
    let missing = number("missing", waiting.missing.len() as u64);
    let details = vec![number("logs", waiting.logs), missing, members];
    let is_over = end.is_ok_and(|end| end < now);
    is_over.then(|| alarm("cosigning-waits", details))
}

/// The cosigners that this node is one of, or is connected to.
fn connected<'a>(
    registry: &'a Registry,
    status: &'a StatusView,
) -> impl Iterator<Item = AuthorityCode> + 'a {
    let is_here = |code: &AuthorityCode| {
        let linked = |link| matches!(link, LinkCode::Connected | LinkCode::Own);
        let mut peers = status.peers.iter();
        *code == status.member || peers.any(|peer| peer.member == *code && linked(peer.link))
    };
    registry.policy().cosigners.iter().copied().filter(is_here)
}

/// The newest time at which a member cosigned a head of a log, under the key that the registry names.
fn newest_by(
    node: &Node,
    registry: &Registry,
    origin: &Origin,
    member: AuthorityCode,
) -> Option<Timestamp> {
    let key = registry.member(member)?.keys().witness?;
    let name = node.genesis().witness(member);
    let heads = node.shared().heads(origin);
    let found = heads
        .values()
        .filter_map(|head| head.cosignature_by(&name, &key).ok()?);
    let seconds = found
        .map(|cosignature| cosignature.time().unix_seconds())
        .max()?;
    Timestamp::new(seconds.checked_mul(1_000)?).ok()
}

/// Whether something that comes with every heartbeat has not come for long. What this node has not run
/// for it has not missed.
fn is_late(
    now: Timestamp,
    started: Timestamp,
    newest: Option<Timestamp>,
    patience: Duration,
) -> bool {
    let since = newest.map_or(started, |newest| newest.max(started));
    since.checked_add(patience).is_ok_and(|end| end < now)
}

fn alarm(name: &'static str, details: Vec<Detail>) -> Alarm {
    Alarm { name, details }
}

fn number(name: &str, value: u64) -> Detail {
    Detail {
        name: name.to_owned(),
        value: value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ADM-130
    #[test]
    fn cosigning_that_waits_for_more_than_a_heartbeat_is_told_with_who_is_missing() {
        let at = |ms| Timestamp::new(ms).unwrap();
        let member = AuthorityCode::parse("112304000000000197").unwrap();
        let waiting = Waiting {
            since: at(5_000),
            logs: 3,
            missing: [member].into(),
        };
        let heartbeat = Duration::from_millis(1_000);
        assert_eq!(waits(&waiting, at(6_000), heartbeat), None);
        let told = waits(&waiting, at(6_001), heartbeat).unwrap();
        let details = told.details.iter();
        let details: Vec<_> = details
            .map(|d| (d.name.as_str(), d.value.as_str()))
            .collect();
        let members = ("members", "112304000000000197");
        assert_eq!(told.name, "cosigning-waits");
        assert_eq!(details, [("logs", "3"), ("missing", "1"), members]);
    }

    // spec: ADM-85
    #[test]
    fn what_a_heartbeat_brings_is_late_after_two_of_them_that_the_node_has_run() {
        let at = |ms| Timestamp::new(ms).unwrap();
        let patience = Duration::from_millis(2_000);
        let late = |now, started, newest: Option<u64>| {
            is_late(at(now), at(started), newest.map(at), patience)
        };
        assert!(!late(3_000, 1_000, None));
        assert!(late(3_001, 1_000, None));
        assert!(!late(9_000, 1_000, Some(7_000)));
        assert!(late(9_001, 1_000, Some(7_000)));
        // A node that was off meanwhile waits its two heartbeats first.
        assert!(!late(9_000, 7_000, Some(10)));
    }
}
