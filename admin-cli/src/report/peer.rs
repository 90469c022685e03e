//! Members, how they are connected, and what a test call met.

use concordat_certs::summary::{mandate_code, mandate_text};
use concordat_certs::{enrolment, wording};
use concordat_protocol::admin::{Change, ExitCode, PeerBrief, PeerTest, PeerView, StepResult};
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::status::{fork_line, log_json, logs_table};
use crate::report::{Report, Words, at_json, at_text, short};
use crate::text;

/// Every member in a line.
pub(crate) fn peers(peers: &[PeerBrief], words: Words) -> Report {
    let mut page = Page::default();
    table(&mut page, peers, words);
    let list: Value = peers.iter().map(brief_json).collect();
    Report::new(page, json!({ "peers": list }))
}

/// One member in full.
pub(crate) fn peer(view: &PeerView, words: Words) -> Report {
    let mut page = Page::default();
    let brief = &view.brief;
    let mut pairs = vec![
        words.pair("member", brief.member.as_str()),
        words.pair("name", &brief.name),
        words.pair("role", words.code(brief.role)),
        words.pair("level", words.code(view.enrolment.level)),
        words.pair("region", view.enrolment.region),
        words.pair("standing", words.code(brief.standing)),
        words.pair("link", words.code(brief.link)),
        words.pair("address", brief.address.clone().unwrap_or_default()),
    ];
    if brief.since.is_some() {
        pairs.push(words.pair("since", at_text(brief.since)));
    }
    if let Some(entry) = &brief.lost {
        pairs.push(words.pair("declared_lost", short(entry)));
    }
    if let Some(failure) = &brief.last_failure {
        pairs.push(words.pair("last_failure", wording::said(words.0, failure)));
    }
    // spec: ADM-297
    for mandate in &view.enrolment.mandates {
        pairs.push(words.pair("mandate", mandate_text(mandate, words.0)));
    }
    for (key_use, key) in enrolment::keys(&view.enrolment) {
        pairs.push((words.code(key_use), key.to_string()));
    }
    page.pairs(&pairs);
    page.gap();
    logs_table(&mut page, &view.logs, words);
    for log in &view.logs {
        if let Some(fork) = &log.fork {
            page.line(fork_line(&log.origin, fork, words));
        }
    }
    let keys: Value = enrolment::keys(&view.enrolment)
        .iter()
        .map(|(key_use, key)| json!({"use": key_use.name(), "key": key.to_string()}))
        .collect();
    let mut json = brief_json(brief);
    json["mandates"] = view
        .enrolment
        .mandates
        .iter()
        .map(|mandate| json!(mandate_code(mandate)))
        .collect();
    json["level"] = json!(view.enrolment.level.name());
    json["region"] = json!(view.enrolment.region.as_str());
    json["keys"] = keys;
    json["logs"] = view.logs.iter().map(log_json).collect();
    json["added_address"] = json!(view.added_address);
    json["issuers"] = view
        .issuers
        .iter()
        .map(|code| json!(code.as_str()))
        .collect();
    Report::new(page, json)
}

/// What a change of the node's own settings did.
pub(crate) fn changed(change: &Change, words: Words) -> Report {
    let mut page = Page::default();
    let key = if change.changed {
        "changed"
    } else {
        "unchanged"
    };
    page.line(words.fill(key, &[("member", change.member.as_str())]));
    if !change.dials {
        page.line(words.fill("dialled_by", &[("member", change.member.as_str())]));
    }
    let json = json!({
        "member": change.member.as_str(),
        "changed": change.changed,
        "dials": change.dials,
    });
    Report::new(page, json)
}

/// The steps of a test call. A failed step makes the command fail as the error says.
pub(crate) fn tested(test: &PeerTest, words: Words) -> Report {
    let mut page = Page::default();
    let header: Vec<_> = ["step", "result", "elapsed"]
        .iter()
        .map(|key| words.word(key))
        .collect();
    let rows = test.steps.iter().map(|step| {
        let result = match &step.error {
            None => words.word("ok"),
            Some(error) => text::failure(words.0, &error.clone().into()),
        };
        vec![
            words.code(step.step),
            result,
            format!("{} µs", step.elapsed_us),
        ]
    });
    page.table(&header, rows.collect());
    let json = json!({
        "member": test.member.as_str(),
        "address": test.address,
        "steps": test.steps.iter().map(step_json).collect::<Value>(),
    });
    let failed = test.steps.iter().find_map(|step| step.error.as_ref());
    let mut report = Report::new(page, json);
    report.exit = failed.map_or(ExitCode::Ok, |error| error.code.exit());
    report
}

/// Its standing, and that it is declared lost.
// spec: ADM-480
fn standing(peer: &PeerBrief, words: Words) -> String {
    let lost = peer.lost.as_ref().map(|_| words.word("declared_lost"));
    words.list(
        &[words.code(peer.standing)]
            .into_iter()
            .chain(lost)
            .collect::<Vec<_>>(),
    )
}

pub(super) fn table(page: &mut Page, peers: &[PeerBrief], words: Words) {
    let header = [
        "member",
        "name",
        "role",
        "standing",
        "link",
        "behind",
        "round_trip",
        "address",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = peers.iter().map(|peer| {
        vec![
            peer.member.as_str().to_owned(),
            peer.name.clone(),
            words.code(peer.role),
            standing(peer, words),
            words.code(peer.link),
            peer.behind.to_string(),
            peer.round_trip_us
                .map(|us| format!("{}.{} ms", us / 1_000, us / 100 % 10))
                .unwrap_or_default(),
            peer.address.clone().unwrap_or_default(),
        ]
    });
    page.table(&header, rows.collect());
}

pub(super) fn brief_json(peer: &PeerBrief) -> Value {
    json!({
        "member": peer.member.as_str(),
        "name": peer.name,
        "role": peer.role.name(),
        "standing": peer.standing.name(),
        "link": peer.link.name(),
        "address": peer.address,
        "since_at": at_json(peer.since),
        "behind": peer.behind,
        "round_trip_us": peer.round_trip_us,
        "last_failure": peer.last_failure,
        "log_size": peer.log_size.map(|size| size.value()),
        "witnessed_at": at_json(peer.witnessed_at),
        "lost_by": peer.lost.as_ref().map(ToString::to_string),
    })
}

fn step_json(step: &StepResult) -> Value {
    let error = step.error.as_ref().map(|error| error.code.name());
    json!({"step": step.step.name(), "elapsed_us": step.elapsed_us, "error": error})
}
