//! `concordat init`: a directory for a node, or for the keys of an officer.

use std::net::SocketAddr;

use concordat_certs::certificate_file;
use concordat_certs::configuration::{CONFIGURATION_FILE, Configuration};
use concordat_certs::fingerprint::Fingerprint;
use concordat_certs::key_ring::KeyRing;
use concordat_certs::randomness::OsRandomness;
use concordat_protocol::statement::KeyUse;

use crate::args::{Init, Purpose};
use crate::command::{Context, certificate, files};
use crate::failure::Failure;
use crate::names::Named;
use crate::parse;
use crate::report::{self, Report};

/// Where a node's keys lie in its directory.
pub(super) const KEYS: &str = "keys";
/// Where a node listens when nothing is said.
const LISTEN: &str = "0.0.0.0:7443";

pub(super) fn run(init: &Init, context: &Context<'_>) -> Result<Report, Failure> {
    let configuration = configuration(init)?;
    let uses: &[KeyUse] = match init.purpose {
        Purpose::Node => &[
            KeyUse::Statement,
            KeyUse::Log,
            KeyUse::Node,
            KeyUse::Witness,
            KeyUse::Administrator,
            KeyUse::Recovery,
        ],
        Purpose::Administrator => &[KeyUse::Administrator],
        Purpose::Approver => &[KeyUse::Approver],
        Purpose::Recovery => &[KeyUse::Recovery],
    };
    let keys = match init.purpose {
        Purpose::Node => init.dir.join(KEYS),
        Purpose::Administrator | Purpose::Approver | Purpose::Recovery => init.dir.clone(),
    };
    files::private_directory(&init.dir)?;
    let ring = KeyRing::generate(&keys, uses, &mut OsRandomness)
        .map_err(|error| files::key_ring(&keys, &error))?;
    certificate::made(&ring, certificate_file::issue)?;
    if let Some(configuration) = configuration {
        let path = init.dir.join(CONFIGURATION_FILE);
        files::create(&path, configuration.to_text().as_bytes())?;
    }
    for key_use in uses {
        if let Some(key) = ring.public(*key_use) {
            let path = keys.join(format!("{}.pub", key_use.name()));
            files::create(&path, format!("{key}\n").as_bytes())?;
        }
    }
    let mut facts = vec![("directory", init.dir.display().to_string())];
    for key_use in uses {
        if let Some(key) = ring.public(*key_use) {
            facts.push((label(*key_use), key.to_string()));
            facts.push(("fingerprint", Fingerprint::of_key(&key).to_string()));
        }
    }
    let mut report = report::facts(&facts, context.words);
    let next = match init.purpose {
        Purpose::Node => "init_next_node",
        Purpose::Administrator => "init_next_administrator",
        Purpose::Approver | Purpose::Recovery => "init_next_officer",
    };
    report.json = json(&init.dir, &ring, uses);
    Ok(report.with_next(context.words, next))
}

/// What a node is to be run with; `None` for the keys of a person.
fn configuration(init: &Init) -> Result<Option<Configuration>, Failure> {
    if init.purpose != Purpose::Node {
        let idle = [("--member", &init.member), ("--listen", &init.listen)];
        return match idle.iter().find(|(_, value)| value.is_some()) {
            Some((argument, _)) => Err(Failure::usage("nodes-only").with("argument", argument)),
            None => Ok(None),
        };
    }
    let member = init.member.as_ref();
    let member = member.ok_or_else(|| Failure::usage("member-wanted"))?;
    let listen = init.listen.as_deref().unwrap_or(LISTEN);
    let read = listen.parse().ok();
    let read = read.filter(|address: &SocketAddr| address.port() != 0);
    let listen = read.ok_or_else(|| Failure::value("--listen", listen, "IP:PORT, 0.0.0.0:7443"))?;
    let member = parse::authority("--member", member)?;
    Ok(Some(Configuration::new(member, listen)))
}

const fn label(key_use: KeyUse) -> &'static str {
    match key_use {
        KeyUse::Log => "log_key",
        KeyUse::Statement => "statement",
        KeyUse::Node => "node",
        KeyUse::Witness => "witness",
        KeyUse::Administrator => "administrator",
        KeyUse::Approver => "approver",
        KeyUse::Recovery => "recovery",
    }
}

fn json(directory: &std::path::Path, ring: &KeyRing, uses: &[KeyUse]) -> serde_json::Value {
    let keys: Vec<_> = uses
        .iter()
        .filter_map(|key_use| Some((*key_use, ring.public(*key_use)?)))
        .map(|(key_use, key)| {
            let fingerprint = Fingerprint::of_key(&key).to_string();
            serde_json::json!({"use": key_use.name(), "key": key.to_string(), "fingerprint": fingerprint})
        })
        .collect();
    serde_json::json!({"directory": directory.display().to_string(), "keys": keys})
}
