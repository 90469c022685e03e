//! How a node is, and what happens at it.

use concordat_protocol::admin::{AlarmView, Detail, Event, ForkView, LogView, StatusView};
use concordat_protocol::log::Origin;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::names::Named;
use crate::page::Page;
use crate::report::peer::{self, brief_json};
use crate::report::{Report, Words, at_json, at_text, ref_json, short, short_origin};

/// The whole state.
pub(crate) fn status(view: &StatusView, words: Words) -> Report {
    let mut page = Page::default();
    let quorum = format!("{} / {} (f = {})", view.quorum, view.cosigners, view.faults);
    let views = match view.independent_views {
        0 => words.word("no_independent_view"),
        count => count.to_string(),
    };
    page.pairs(&[
        words.pair(
            "member",
            format!("{} {}", view.member.as_str(), view.name).trim(),
        ),
        words.pair(
            "role",
            match view.standing {
                Some(standing) => words.list(&[words.code(view.role), words.code(standing)]),
                None => words.word("not_enrolled"),
            },
        ),
        words.pair(
            "network",
            words.noted(&view.network_title, words.code(view.network)),
        ),
        words.pair("genesis", view.genesis),
        words.pair("version", &view.version),
        words.pair("started_at", clock::civil(view.started_at)),
        words.pair("listening", view.listening.join(", ")),
        words.pair("signing", words.code(view.signing)),
        words.pair("quorum", quorum),
        words.pair("registry_expires_at", at_text(view.registry_expires_at)),
        words.pair("independent_views", views),
        words.pair("statements", view.statements),
        words.pair("open_objections", view.open_objections),
        words.pair("look_ups", look_ups(view, words)),
        words.pair("disk", format!("{} KiB", view.disk_bytes.div_ceil(1024))),
    ]);
    for alarm in &view.alarms {
        let mut details: Vec<_> = alarm.details.iter().map(detail_text).collect();
        details.extend(alarm.since.map(|at| format!("since={}", clock::civil(at))));
        let told = words.alarm(alarm.name.as_str());
        page.line(format!("! {told} {}", details.join(" ")).trim_end());
    }
    // spec: ADM-244
    for notice in &view.notices {
        let details: Vec<_> = notice.details.iter().map(detail_text).collect();
        let told = words.alarm(notice.name.as_str());
        let told = words.headed(words.word("notice"), told);
        page.line(format!("{told} {}", details.join(" ")).trim_end());
    }
    page.gap();
    logs_table(&mut page, &view.logs, words);
    page.gap();
    peer::table(&mut page, &view.peers, words);
    Report::new(page, status_json(view))
}

/// Rows of the register, and how many of them nobody has reviewed.
// spec: LKP-43
fn look_ups(view: &StatusView, words: Words) -> String {
    let unreviewed = view.look_ups_unreviewed.unwrap_or(0).to_string();
    let note = words.fill("look_ups_unreviewed", &[("count", &unreviewed)]);
    words.noted(view.look_ups, note)
}

/// A detail of an alarm; logs by their short names.
fn detail_text(detail: &Detail) -> String {
    let value = match detail.value.parse::<Origin>() {
        Ok(origin) => short_origin(&origin),
        Err(_) => detail.value.clone(),
    };
    format!("{}={value}", detail.name)
}

/// What two heads prove of a log, in a line.
pub(super) fn fork_line(origin: &Origin, fork: &ForkView, words: Words) -> String {
    let blanks = [
        ("log", short_origin(origin)),
        ("smaller", fork.smaller_size.to_string()),
        ("larger", fork.larger_size.to_string()),
        ("at", fork.frozen_at.to_string()),
        ("since", at_text(fork.since)),
    ];
    let blanks: Vec<_> = blanks.iter().map(|(key, text)| (*key, &**text)).collect();
    words.fill("log_forked", &blanks)
}

pub(super) fn fork_json(fork: &ForkView) -> Value {
    json!({
        "frozen_at_index": fork.frozen_at.value(),
        "since_at": at_json(fork.since),
        "smaller_size": fork.smaller_size.value(),
        "smaller_root": fork.smaller_root.to_string(),
        "larger_size": fork.larger_size.value(),
        "larger_root": fork.larger_root.to_string(),
    })
}

pub(super) fn logs_table(page: &mut Page, logs: &[LogView], words: Words) {
    let header = [
        "log",
        "size",
        "witnessed_size",
        "witnessed_at",
        "bodies",
        "missing",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = logs.iter().map(|log| {
        let size = match log.frozen_at {
            Some(at) => words.noted(log.size, format!("{} {at}", words.word("frozen"))),
            None => log.size.to_string(),
        };
        vec![
            short_origin(&log.origin),
            size,
            log.witnessed_size
                .map(|size| size.to_string())
                .unwrap_or_default(),
            at_text(log.witnessed_at),
            log.bodies.to_string(),
            log.bodies_missing.to_string(),
        ]
    });
    page.table(&header, rows.collect());
}

/// One event in one line.
pub(crate) fn event_line(event: &Event, words: Words) -> String {
    let mut parts = vec![clock::civil(event.at), words.code(event.kind)];
    parts.extend(event.class.map(|class| words.code(class)));
    parts.extend(event.member.map(|member| member.as_str().to_owned()));
    parts.extend(event.reference.as_ref().map(short));
    if let (Some(origin), Some(size)) = (&event.origin, event.size) {
        parts.push(format!("{} {size}", short_origin(origin)));
    }
    parts.extend(
        event
            .details
            .iter()
            .map(|d| format!("{}={}", d.name, d.value)),
    );
    parts.join("  ")
}

/// One event as one object.
pub(crate) fn event_json(event: &Event) -> Value {
    let details: Map<_, _> = event
        .details
        .iter()
        .map(|d| (d.name.clone(), json!(d.value)))
        .collect();
    json!({"event": {
        "at": event.at.value(),
        "kind": event.kind.name(),
        "member": event.member.map(|member| member.to_string()),
        "origin": event.origin.as_ref().map(ToString::to_string),
        "size": event.size.map(|size| size.value()),
        "reference": ref_json(event.reference.as_ref()),
        "class": event.class.map(Named::name),
        "details": details,
    }})
}

pub(super) fn log_json(log: &LogView) -> Value {
    json!({
        "origin": log.origin.to_string(),
        "size": log.size.value(),
        "root": log.root.to_string(),
        "witnessed_size": log.witnessed_size.map(|size| size.value()),
        "witnessed_root": log.witnessed_root.map(|root| root.to_string()),
        "witnessed_at": at_json(log.witnessed_at),
        "bodies": log.bodies,
        "bodies_missing": log.bodies_missing,
        "frozen_at_index": log.frozen_at.map(|index| index.value()),
        "fork": log.fork.as_ref().map(fork_json),
    })
}

fn status_json(view: &StatusView) -> Value {
    let listed = |alarms: &[AlarmView]| -> Value {
        let one = |alarm: &AlarmView| {
            let details = alarm.details.iter();
            let details: Map<_, _> = details.map(|d| (d.name.clone(), json!(d.value))).collect();
            json!({"name": alarm.name.as_str(), "since_at": at_json(alarm.since), "details": details})
        };
        alarms.iter().map(one).collect()
    };
    let (alarms, notices) = (listed(&view.alarms), listed(&view.notices));
    json!({
        "at": view.at.value(),
        "member": view.member.as_str(),
        "name": view.name,
        "role": view.role.name(),
        "standing": view.standing.map(Named::name),
        "version": view.version,
        "network": view.network.name(),
        "network_title": view.network_title,
        "genesis": view.genesis.to_string(),
        "started_at": view.started_at.value(),
        "listening": view.listening,
        "signing": view.signing.name(),
        "cosigners": view.cosigners,
        "quorum": view.quorum,
        "faults": view.faults,
        "registry_expires_at": at_json(view.registry_expires_at),
        "independent_views": view.independent_views,
        "statements": view.statements,
        "open_objections": view.open_objections,
        "look_ups": view.look_ups,
        "look_ups_unreviewed": view.look_ups_unreviewed.unwrap_or(0),
        "disk_bytes": view.disk_bytes,
        "alarms": alarms,
        "notices": notices,
        "logs": view.logs.iter().map(log_json).collect::<Value>(),
        "peers": view.peers.iter().map(brief_json).collect::<Value>(),
    })
}
