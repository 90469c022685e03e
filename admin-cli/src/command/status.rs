//! `concordat status`: how the node is, at once or as soon as it is ready.

use std::thread;
use std::time::{Duration, Instant};

use concordat_protocol::admin::{
    AlarmView, ExitCode, LinkCode, PeerBrief, Reply, Request, SigningCode, StatusView,
};
use concordat_protocol::log::Origin;
use concordat_protocol::statement::Role;

use crate::args::Status;
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::report::{self, Report};

/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Status, context: &Context<'_>) -> Result<Report, Failure> {
    let until = Instant::now() + Duration::from_secs(args.wait.unwrap_or(0));
    loop {
        let asked = ask(context);
        let failure = match asked {
            Ok(view) if args.wait.is_none() || is_ready(&view) => {
                return Ok(report::status(&view, context.words));
            }
            Ok(view) => not_ready(&view),
            Err(failure) if failure.exit == ExitCode::Unreachable => failure,
            Err(failure) => return Err(failure),
        };
        if Instant::now() >= until {
            return Err(failure);
        }
        thread::sleep(PAUSE);
    }
}

fn ask(context: &Context<'_>) -> Result<StatusView, Failure> {
    match context.ask(&Request::Status)? {
        Reply::Status(view) => Ok(*view),
        other => Err(unexpected(&other)),
    }
}

/// Alarms of a node whose keys are not those that the registry names, here or at the hub: waiting helps
/// none of them.
const WRONG_KEYS: [&str; 3] = [
    "key-not-registered",
    "node-key-not-registered",
    "node-key-refused",
];

/// Whether it is enrolled, has the right keys, signs, and holds everything that members connected to it
/// have announced.
// spec: ADM-100, ADM-172, ADM-180
fn is_ready(view: &StatusView) -> bool {
    view.standing.is_some()
        && wrong_keys(view).is_empty()
        && view.signing == SigningCode::Ready
        && behind(view) == 0
        && bodies_to_come(view) == 0
}

/// The alarms about wrong keys, with what they name.
fn wrong_keys(view: &StatusView) -> Vec<String> {
    let alarms = view.alarms.iter();
    let alarms = alarms.filter(|alarm| WRONG_KEYS.contains(&alarm.name.as_str()));
    let named = alarms.map(|alarm| {
        let details = alarm.details.iter().map(|detail| detail.value.as_str());
        let words: Vec<_> = [alarm.name.as_str()].into_iter().chain(details).collect();
        words.join(" ")
    });
    named.collect()
}

/// Entries that members connected to it have announced.
fn behind(view: &StatusView) -> u64 {
    view.peers.iter().map(|peer| peer.behind).sum()
}

/// Bodies of others that somebody connected may have: they come from their author and from the hub.
/// Its own belong to what it signs on, a frozen log does not grow, and what its author goes on without is
/// not waited for.
fn bodies_to_come(view: &StatusView) -> u64 {
    let connected = |holds: &dyn Fn(&PeerBrief) -> bool| {
        let mut peers = view.peers.iter();
        peers.any(|peer| peer.link == LinkCode::Connected && holds(peer))
    };
    let hub = connected(&|peer| peer.role == Role::Hub);
    let gives = |member: &str| hub || connected(&|peer| peer.member.as_str() == member);
    let logs = view.logs.iter().filter(|log| {
        let member = log.origin.member();
        member != view.member.as_str() && log.frozen_at.is_none() && gives(member)
    });
    let to_come = logs.map(|log| {
        log.bodies_missing
            .saturating_sub(given_up(view, &log.origin))
    });
    to_come.sum()
}

/// Bodies of a log that its author goes on without and nobody connected gives.
// spec: ADM-181
fn given_up(view: &StatusView, log: &Origin) -> u64 {
    let alarms = view.alarms.iter();
    let alarms = alarms.filter(|alarm| alarm.name.as_str() == "bodies-given-up");
    let of_log = |alarm: &&AlarmView| said(alarm, "log") == Some(log.as_str());
    let bodies = alarms
        .filter(of_log)
        .filter_map(|alarm| said(alarm, "bodies"));
    bodies.filter_map(|bodies| bodies.parse::<u64>().ok()).sum()
}

fn said<'a>(alarm: &'a AlarmView, name: &str) -> Option<&'a str> {
    let mut details = alarm.details.iter();
    let detail = details.find(|detail| detail.name == name)?;
    Some(&detail.value)
}

fn not_ready(view: &StatusView) -> Failure {
    let keys = match wrong_keys(view) {
        keys if keys.is_empty() => "-".to_owned(),
        keys => keys.join(", "),
    };
    Failure::new(ExitCode::Failed, "not-ready")
        .with("keys", keys)
        .with("enrolled", view.standing.is_some())
        .with("signing", view.signing.name())
        .with("behind", behind(view))
        .with("bodies", bodies_to_come(view))
}
