//! `concordat init`: a directory for a node, or for the keys of an officer.

use std::fs;

use concordat_certs::certificate::Validity;
use concordat_certs::certificate_file;
use concordat_certs::fingerprint::Fingerprint;
use concordat_certs::key_ring::KeyRing;
use concordat_certs::randomness::OsRandomness;
use concordat_protocol::admin::ExitCode;
use concordat_protocol::statement::KeyUse;

use crate::args::{Init, Purpose};
use crate::command::{Context, files};
use crate::failure::{Failure, chain};
use crate::names::Named;
use crate::report::{self, Report};
use crate::{clock, parse};

/// Where a node's keys lie in its directory.
pub(super) const KEYS: &str = "keys";
/// The configuration of a node in its directory.
const CONFIGURATION: &str = "node.toml";
/// Ten years: a certificate's end is advice, the registry decides.
const VALIDITY_SECONDS: i64 = 3_650 * 86_400;

pub(super) fn run(init: &Init, context: &Context<'_>) -> Result<Report, Failure> {
    parse::address("--listen", &init.listen)?;
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
    fs::create_dir_all(&init.dir).map_err(|error| files::io(&init.dir, &error))?;
    let ring = KeyRing::generate(&keys, uses, &mut OsRandomness)
        .map_err(|error| files::key_ring(&keys, &error))?;
    certificates(&ring)?;
    if init.purpose == Purpose::Node {
        let text = configuration(&init.listen);
        files::create(&init.dir.join(CONFIGURATION), text.as_bytes())?;
    }
    let mut facts = vec![("directory", init.dir.display().to_string())];
    for key_use in uses {
        if let Some(key) = ring.public(*key_use) {
            facts.push((key_use.name(), key.to_string()));
            facts.push(("fingerprint", Fingerprint::of_key(&key).to_string()));
        }
    }
    let mut report = report::facts(&facts, context.words);
    report.page.gap();
    let next = match init.purpose {
        Purpose::Node => "init_next_node",
        Purpose::Administrator | Purpose::Approver | Purpose::Recovery => "init_next_officer",
    };
    report.page.line(context.words.word(next));
    report.json = json(&init.dir, &ring, uses);
    Ok(report)
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

/// Certificates for the keys that identify somebody in TLS.
fn certificates(ring: &KeyRing) -> Result<(), Failure> {
    let now = i64::try_from(clock::now().value() / 1_000).unwrap_or(0);
    let failed = |error: &dyn std::error::Error| {
        Failure::new(ExitCode::Failed, "certificate-failed").with("cause", chain(error))
    };
    let validity =
        Validity::from_unix_seconds(now, now + VALIDITY_SECONDS).map_err(|error| failed(&error))?;
    for key_use in [KeyUse::Node, KeyUse::Administrator] {
        if let Ok(key) = ring.key(key_use) {
            certificate_file::issue(ring.directory(), key, validity)
                .map_err(|error| failed(&error))?;
        }
    }
    Ok(())
}

fn configuration(listen: &str) -> String {
    format!(
        "# Configuration of a Concordat node. Paths are relative to this file's directory.
# 互证节点的配置。路径相对于本文件所在目录。

# Where the node listens for peers and administrators (UDP).
# 监听地址（UDP）。
listen = \"{listen}\"

# The genesis file of the network, as handed out by its founder. Compare its fingerprint by phone.
# 网络的创世文件，由创建者提供；请通过电话核对指纹。
genesis = \"genesis.cbor\"

# Directory of this node's keys, readable by its owner alone.
# 本节点密钥目录，仅所有者可读。
keys = \"{KEYS}\"

# Directory of the journal, the store and the signer states. Never copy a running one.
# 日志、存储与签名状态目录。运行中请勿复制。
state = \"state\"

# What the node writes to its own log: error, warn, info, debug or trace.
# 运行日志级别。
log = \"info\"
"
    )
}
