//! Acts of the node's own that some who were given what they are on have not applied.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use concordat_protocol::admin::AdminError;
use concordat_protocol::log::LeafIndex;
use concordat_protocol::propagation::{Certificate, State};
use concordat_protocol::statement::{Kind, Leaf, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use super::readable;
use crate::admin::refusal;
use crate::node::Node;

/// The newest acts that are followed.
const ACTS_MAX: usize = 64;
/// Positions that are looked through for them after a start.
const LOOKED_THROUGH_MAX: u64 = 16_384;
/// How long an answer is good for.
const COUNT_AGAIN: Duration = Duration::from_secs(10);

/// What is awaited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Awaited {
    /// Acts that have not been applied everywhere.
    pub(super) acts: u64,
    /// Members that have not applied one of them.
    pub(super) holders: u64,
    /// The first of these acts.
    pub(super) first: Option<StatementRef>,
}

/// Counts what is awaited, once in a while.
#[derive(Default)]
pub(in crate::admin) struct Outstanding(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    last: Option<(Instant, Awaited)>,
    /// Positions of the newest acts of the node's own log, ascending.
    acts: VecDeque<LeafIndex>,
    looked_through: u64,
}

impl Outstanding {
    // spec: ADM-274
    pub(super) fn count(&self, node: &Node, now: Timestamp) -> Result<Awaited, AdminError> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, awaited)) = &counted.last
            && at.elapsed() < COUNT_AGAIN
        {
            return Ok(awaited.clone());
        }
        look_through(&mut counted, node);
        let awaited = awaited(node, &counted.acts, now)?;
        counted.last = Some((Instant::now(), awaited.clone()));
        Ok(awaited)
    }
}

/// Takes down the acts that the node's own log has come to hold.
fn look_through(counted: &mut Counted, node: &Node) {
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let size = {
        let logs = node.shared().logs();
        logs.get(&origin).map_or(0, |log| log.size().value())
    };
    let from = size.saturating_sub(LOOKED_THROUGH_MAX);
    for index in counted.looked_through.max(from)..size {
        let index = LeafIndex::new(index);
        let leaf = node.shared().leaf(&origin, index);
        let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
        if leaf.is_some_and(|leaf| leaf.kind == Kind::Act) {
            counted.acts.push_back(index);
        }
        if counted.acts.len() > ACTS_MAX {
            counted.acts.pop_front();
        }
    }
    counted.looked_through = size;
}

fn awaited(node: &Node, acts: &VecDeque<LeafIndex>, now: Timestamp) -> Result<Awaited, AdminError> {
    let mut awaited = Awaited::default();
    if acts.is_empty() {
        return Ok(awaited);
    }
    let query = node.query().map_err(refusal::index)?;
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let (registry, hearing) = (node.registry(), node.hearing());
    let heartbeat_ms = registry.policy().heartbeat_ms;
    let mut holders = BTreeSet::new();
    for index in acts {
        let Some(act) = readable(query.statement(&origin, *index))? else {
            continue;
        };
        let certificate = node.certificate(&hearing, &act);
        let certificate = certificate.map_err(|error| refusal::ask(&error))?;
        let overdue = certificate.map(|certificate| overdue(&certificate, now, heartbeat_ms));
        let overdue = overdue.unwrap_or_default();
        if !overdue.is_empty() {
            awaited.acts += 1;
            holders.extend(overdue);
            awaited.first.get_or_insert_with(|| act.reference().clone());
        }
    }
    awaited.holders = holders.len() as u64;
    Ok(awaited)
}

/// Members of which an act has been outstanding for longer than a heartbeat.
fn overdue(certificate: &Certificate, now: Timestamp, heartbeat_ms: u64) -> Vec<AuthorityCode> {
    let waits = |state: &State| {
        matches!(state, State::Outstanding { since, .. }
            if now.value().saturating_sub(since.value()) > heartbeat_ms)
    };
    let states = certificate.states.iter();
    let overdue = states.filter(|(_, state)| waits(state));
    overdue.map(|(member, _)| *member).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use concordat_protocol::log::{Hash, TreeSize};
    use concordat_protocol::propagation::Act;

    use super::*;
    use crate::fixture::Fixture;

    // spec: ADM-274
    #[test]
    fn what_is_outstanding_is_overdue_after_a_heartbeat() {
        let fixture = Fixture::new();
        let reference = |index| StatementRef {
            origin: fixture.origin(),
            index: LeafIndex::new(index),
            leaf_hash: Hash::from_bytes([5; 32]),
        };
        let at = |ms| Timestamp::new(ms).unwrap();
        let outstanding = State::Outstanding {
            since: at(1_000),
            given: None,
            target_not_held: None,
        };
        let (declared, given) = (reference(7), None);
        let states = [
            (fixture.hub, outstanding),
            (fixture.member, State::Lost { declared, given }),
        ];
        let certificate = Certificate {
            act: Act {
                reference: reference(3),
                target: reference(1),
                ctx: TreeSize::ZERO,
                at: at(900),
            },
            states: BTreeMap::from(states),
            horizon: BTreeMap::new(),
            cut: BTreeSet::new(),
        };
        assert!(overdue(&certificate, at(1_600), 600).is_empty());
        assert_eq!(overdue(&certificate, at(1_601), 600), [fixture.hub]);
        assert!(overdue(&certificate, at(500), 600).is_empty());
    }
}
