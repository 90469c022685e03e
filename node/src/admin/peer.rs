//! Members and how they are connected.

use std::io;
use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::time::Instant;

use concordat_net::{CloseCode, Connection, Party};
use concordat_protocol::admin::{
    AdminError, Change, ErrorCode, LinkCode, LogView, PeerAddress, PeerBrief, PeerName, PeerTest,
    PeerView, Reply, Step, StepResult,
};
use concordat_protocol::log::{TreeSize, hash};
use concordat_protocol::statement::{Enrolment, Role, Standing};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{LogNumber, Member, Registry};

use crate::admin::desk::{Answer, Desk};
use crate::admin::view;
use crate::core::Log;
use crate::dial;
use crate::node::{Holdings, Node};

/// `peer list`
pub(super) fn list(desk: &Desk) -> Answer {
    Ok(Reply::Peers(Survey::of(desk.node()).briefs()))
}

/// `peer show`
pub(super) fn show(desk: &Desk, ask: &PeerName) -> Answer {
    let node = desk.node();
    let survey = Survey::of(node);
    let member = survey.member(ask.member)?;
    let logs = logs(node);
    let own = |log: &LogView| log.origin.member() == member.code().as_str();
    let issuers = survey
        .registry
        .members()
        .filter(|issuer| issuer.enrolment().publishes_through == Some(member.code()));
    let keys = member.keys();
    let view = PeerView {
        brief: survey.brief(member),
        enrolment: Enrolment {
            statement_keys: keys.statement.clone(),
            log_key: keys.log,
            node_key: keys.node,
            witness_key: keys.witness,
            administrator_keys: keys.administrators.clone(),
            ..member.enrolment().clone()
        },
        logs: logs.into_iter().filter(own).collect(),
        added_address: node.addresses().added(member.code()).map(|a| a.to_string()),
        issuers: issuers.map(Member::code).collect(),
    };
    Ok(Reply::Peer(Box::new(view)))
}

/// `peer add`
pub(super) fn add(desk: &Desk, ask: PeerAddress) -> Answer {
    let node = desk.node();
    known(node, ask.member)?;
    if ask.member == node.member() {
        return Err(AdminError::new(ErrorCode::OwnMember).with("member", ask.member));
    }
    let added = node.addresses().add(ask.member, ask.address);
    changed(node, ask.member, added)
}

/// `peer remove`
pub(super) fn remove(desk: &Desk, ask: &PeerName) -> Answer {
    let node = desk.node();
    known(node, ask.member)?;
    changed(node, ask.member, node.addresses().remove(ask.member))
}

fn known(node: &Node, member: AuthorityCode) -> Result<(), AdminError> {
    match node.registry().member(member) {
        Some(_) => Ok(()),
        None => Err(AdminError::new(ErrorCode::MemberUnknown).with("member", member)),
    }
}

fn changed(node: &Node, member: AuthorityCode, change: io::Result<bool>) -> Answer {
    let changed =
        change.map_err(|error| AdminError::new(ErrorCode::StorageFailed).with("cause", error))?;
    let dials = dial::dials(node.member(), member, node.genesis().hub());
    Ok(Reply::Changed(Change {
        member,
        changed,
        dials,
    }))
}

/// `peer test`
pub(super) fn test(desk: &Desk, ask: &PeerName) -> Answer {
    let node = desk.node();
    let survey = Survey::of(node);
    let began = Instant::now();
    let member = survey.member(ask.member)?;
    let key = member.keys().node;
    let address = address_of(node, member);
    let mut test = PeerTest {
        member: ask.member,
        address: address.clone(),
        steps: Vec::new(),
    };
    let (Some(key), Some(address)) = (key, address) else {
        let error = AdminError::new(ErrorCode::NoAddress).with("member", ask.member);
        test.steps.push(step(Step::Registry, began, Some(error)));
        return Ok(Reply::PeerTested(test));
    };
    test.steps.push(step(Step::Registry, began, None));
    let unreachable = |cause: String| {
        let error = AdminError::new(ErrorCode::PeerUnreachable);
        Some(error.with("address", &address).with("cause", cause))
    };
    let began = Instant::now();
    let resolved = match address.to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(resolved)) => resolved,
        Ok(None) => {
            let error = unreachable("the name has no address".to_owned());
            test.steps.push(step(Step::Resolve, began, error));
            return Ok(Reply::PeerTested(test));
        }
        Err(error) => {
            let error = unreachable(error.to_string());
            test.steps.push(step(Step::Resolve, began, error));
            return Ok(Reply::PeerTested(test));
        }
    };
    test.steps.push(step(Step::Resolve, began, None));
    let began = Instant::now();
    let called = node.endpoint().connect(resolved, key, Party::Peer);
    match desk.runtime.block_on(called) {
        Ok(established) => {
            test.steps.push(step(Step::Handshake, began, None));
            established.connection.close(CloseCode::DONE, "");
        }
        Err(error) => {
            let error = unreachable(error.to_string());
            test.steps.push(step(Step::Handshake, began, error));
        }
    }
    Ok(Reply::PeerTested(test))
}

fn step(step: Step, began: Instant, error: Option<AdminError>) -> StepResult {
    let elapsed_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    StepResult {
        step,
        elapsed_us,
        error,
    }
}

/// What is known about all members at one moment.
pub(super) struct Survey<'n> {
    node: &'n Node,
    pub(super) registry: Arc<Registry>,
    holdings: Holdings,
    connections: Vec<Connection>,
}

impl<'n> Survey<'n> {
    pub(super) fn of(node: &'n Node) -> Self {
        Self {
            node,
            registry: node.registry(),
            holdings: node.holdings(),
            connections: node.endpoint().connections(),
        }
    }

    pub(super) fn member(&self, code: AuthorityCode) -> Result<&Member, AdminError> {
        let member = self.registry.member(code);
        member.ok_or_else(|| AdminError::new(ErrorCode::MemberUnknown).with("member", code))
    }

    /// Every member but this node's own and those without a node.
    pub(super) fn briefs(&self) -> Vec<PeerBrief> {
        let others = self.registry.members().filter(|member| {
            member.code() != self.node.member() && member.enrolment().role != Role::Issuer
        });
        others.map(|member| self.brief(member)).collect()
    }

    pub(super) fn brief(&self, member: &Member) -> PeerBrief {
        let code = member.code();
        let connection = self.connection(member);
        let address = match connection {
            Some(connection) => Some(connection.remote_address().to_string()),
            None => address_of(self.node, member),
        };
        let origin = self.node.genesis().origin(code, LogNumber::Statements);
        let log_size = self.node.shared().logs().get(&origin).map(Log::size);
        let witnessed = self.node.shared().witnessed();
        let round_trip = connection.map(|connection| connection.stats().round_trip.as_micros());
        PeerBrief {
            member: code,
            name: member.enrolment().name.to_string(),
            role: member.enrolment().role,
            standing: member.standing(),
            link: self.link(member, connection.is_some()),
            address,
            since: None,
            behind: self.behind(code),
            round_trip_us: round_trip.and_then(|us| u64::try_from(us).ok()),
            last_failure: match connection {
                Some(_) => None,
                None => self.node.attempts().last_failure(code),
            },
            log_size,
            witnessed_at: witnessed.get(&origin).and_then(|witnessed| witnessed.at),
            // spec: ADM-480
            lost: member.lost().and_then(|from| self.registry.entry(from)),
        }
    }

    /// Members other than the hub that are connected and show hub heads that fit ours.
    pub(super) fn independent_views(&self) -> u64 {
        let genesis = self.node.genesis();
        let origin = genesis.registry_origin();
        let logs = self.node.shared().logs();
        let Some(log) = logs.get(&origin) else {
            return 0;
        };
        let agrees = |code: AuthorityCode| {
            let shown = self.holdings.get(&(code, origin.clone()));
            shown.is_some_and(|entry| {
                entry.size > TreeSize::ZERO
                    && entry.size <= log.size()
                    && log.tree().root_at(entry.size) == Ok(entry.root)
            })
        };
        let views = self.registry.members().filter(|member| {
            let code = member.code();
            let other = code != self.node.member() && code != genesis.hub();
            other && self.connection(member).is_some() && agrees(code)
        });
        views.count() as u64
    }

    fn connection(&self, member: &Member) -> Option<&Connection> {
        let key = member.keys().node?;
        self.connections
            .iter()
            .find(|connection| connection.party() == Party::Peer && connection.peer_key() == key)
    }

    fn link(&self, member: &Member, connected: bool) -> LinkCode {
        if member.code() == self.node.member() {
            return LinkCode::Own;
        }
        if connected {
            return LinkCode::Connected;
        }
        if member.keys().node.is_none() || member.standing() != Standing::Active {
            return LinkCode::Refused;
        }
        let hub = self.node.genesis().hub();
        let we_dial = dial::dials(self.node.member(), member.code(), hub);
        match we_dial && address_of(self.node, member).is_some() {
            true => LinkCode::Connecting,
            false => LinkCode::Idle,
        }
    }

    fn behind(&self, code: AuthorityCode) -> u64 {
        let logs = self.node.shared().logs();
        let announced = self
            .holdings
            .iter()
            .filter(|((member, _), _)| *member == code);
        let lacking = announced.map(|((_, origin), entry)| {
            let ours = logs.get(origin).map_or(0, |log| log.size().value());
            entry.size.value().saturating_sub(ours)
        });
        lacking.sum()
    }
}

/// Whether the node can tell that there is nothing from that it knows of nothing: it holds entries of
/// another member, or somebody connected has announced no more than it holds.
// spec: ADM-141
pub(super) fn has_heard(node: &Node) -> bool {
    let survey = Survey::of(node);
    let logs = node.shared().logs();
    let others = survey
        .registry
        .members()
        .filter(|member| member.code() != node.member() && member.enrolment().role != Role::Issuer);
    let others: Vec<_> = others.collect();
    let held = |member: &&&Member| {
        let origin = node.genesis().origin(member.code(), LogNumber::Statements);
        logs.get(&origin)
            .is_some_and(|log| log.size() > TreeSize::ZERO)
    };
    let shown = |member: &&&Member| {
        let mut announced = survey.holdings.keys();
        survey.connection(member).is_some() && announced.any(|(code, _)| *code == member.code())
    };
    others.is_empty()
        || others.iter().any(|member| held(&member))
        || (others.iter().any(|member| shown(&member))
            && others
                .iter()
                .all(|member| survey.behind(member.code()) == 0))
}

/// The address that would be dialled.
fn address_of(node: &Node, member: &Member) -> Option<String> {
    let listed = member.enrolment().addresses.first();
    set_address(node, member.code()).or_else(|| listed.map(|a| a.as_str().to_owned()))
}

fn set_address(node: &Node, member: AuthorityCode) -> Option<String> {
    node.addresses().current().get(&member)?.first().cloned()
}

/// The logs held, own ones first, then by name.
pub(super) fn logs(node: &Node) -> Vec<LogView> {
    let witnessed = node.shared().witnessed();
    let mut frozen = node.shared().frozen();
    let logs = node.shared().logs();
    let mut views: Vec<LogView> = logs
        .iter()
        .map(|(origin, log)| {
            let seen = witnessed.get(origin);
            let (bodies, bodies_missing) = node.shared().count_bodies(log);
            // What lies beyond the newest head may not be durable yet: a crash could put other leaves
            // in its place.
            let heads = node.shared().heads(origin);
            let head = heads.values().next_back();
            let empty = || (TreeSize::ZERO, hash::empty_root());
            let (size, root) = head.map_or_else(empty, |head| (head.size(), *head.root()));
            let fork = frozen.remove(origin).as_ref().map(view::fork_view);
            LogView {
                origin: origin.clone(),
                size,
                root,
                witnessed_size: seen.map(|seen| seen.size),
                witnessed_at: seen.and_then(|seen| seen.at),
                bodies,
                bodies_missing,
                frozen_at: fork.as_ref().map(|fork| fork.frozen_at),
                fork,
                witnessed_root: seen.and_then(|seen| log.tree().root_at(seen.size).ok()),
            }
        })
        .collect();
    // A fork may be known of a log of which nothing is held.
    views.extend(frozen.iter().map(|(origin, frozen)| LogView {
        origin: origin.clone(),
        size: TreeSize::ZERO,
        root: hash::empty_root(),
        witnessed_size: None,
        witnessed_at: None,
        bodies: 0,
        bodies_missing: 0,
        frozen_at: Some(frozen.at),
        fork: Some(view::fork_view(frozen)),
        witnessed_root: None,
    }));
    let own = |view: &LogView| view.origin.member() == node.member().as_str();
    views.sort_by_key(|view| !own(view));
    views
}
