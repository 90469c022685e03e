//! What a node writes into its log: a level, or a level for a module, with commas between.
//!
//! ```text
//! info
//! warn,concordat_node::exchange=debug,quinn=off
//! ```
//!
//! A slip in the name of a module is refused, not passed over: a filter that fits nothing silences
//! the log, errors too, and nobody would know.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The levels, from silence to everything.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// The crates whose events reach the log.
const CRATES: [&str; 7] = [
    "concordat_certs",
    "concordat_net",
    "concordat_node",
    "concordat_protocol",
    "quinn",
    "quinn_proto",
    "quinn_udp",
];

/// The modules of the crates that belong to the node itself; what lies inside one of these is not looked
/// at.
const MODULES: [(&str, &[&str]); 4] = [
    (
        "concordat_certs",
        &[
            "agreement",
            "certificate",
            "certificate_file",
            "change",
            "configuration",
            "enrolment",
            "file",
            "fingerprint",
            "genesis",
            "key_file",
            "key_ring",
            "kind",
            "network",
            "randomness",
            "registry_entries",
            "summary",
            "wording",
        ],
    ),
    (
        "concordat_net",
        &[
            "connection",
            "endpoint",
            "error",
            "frame",
            "identity",
            "live",
            "local",
            "options",
            "tls",
        ],
    ),
    (
        "concordat_node",
        &[
            "addresses",
            "admin",
            "clock",
            "command_line",
            "config",
            "core",
            "dial",
            "disk",
            "driver",
            "export",
            "fixture",
            "import",
            "indexer",
            "journal",
            "lookups",
            "node",
            "output",
            "query",
            "quickstart",
            "runtime",
            "signer_state",
            "store",
            "upkeep",
        ],
    ),
    (
        "concordat_protocol",
        &[
            "admin",
            "awaited",
            "bundle",
            "codec",
            "deadline",
            "effect",
            "exchange",
            "key",
            "limits",
            "log",
            "lookup",
            "message",
            "nfc",
            "propagation",
            "recognition",
            "redacted",
            "region",
            "screen",
            "statement",
            "statistics",
            "subject",
            "text",
            "time",
            "trust",
        ],
    ),
];

/// What is written into the log, as the filters of `tracing` say it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(String);

impl LogFilter {
    /// Errors alone.
    #[must_use]
    pub fn errors() -> Self {
        Self("error".to_owned())
    }

    /// The filter as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    // spec: ADM-102
    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        for directive in text.split(',') {
            let (module, level) = match directive.split_once('=') {
                Some((module, level)) => (Some(module), level),
                None => (None, directive),
            };
            if let Some(module) = module.filter(|module| !is_module(module)) {
                let found = module.to_owned();
                return Err(LogFilterError::Module { found });
            }
            if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
                let found = level.to_owned();
                return Err(LogFilterError::Level { found });
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;

    fn try_from(text: String) -> Result<Self, LogFilterError> {
        text.parse()
    }
}

/// Why a filter is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogFilterError {
    /// Something else stands where a level should.
    #[error("{found:?} is no level of the log; there are: {}", LEVELS.join(", "))]
    Level {
        /// What stands there.
        found: String,
    },
    /// No module of the node begins like this.
    #[error("{found:?} is no module of the node; one begins with: {}", CRATES.join(", "))]
    Module {
        /// What stands there.
        found: String,
    },
}

/// Whether events could come from a module of this name.
fn is_module(name: &str) -> bool {
    let mut parts = name.split("::");
    let first = parts.next().unwrap_or_default();
    let inside = MODULES.iter().find(|(name, _)| *name == first);
    let second = parts.clone().next();
    let known = CRATES.contains(&first)
        && second.is_none_or(|second| inside.is_none_or(|(_, all)| all.contains(&second)));
    let plain = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    known && parts.all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ADM-102
    #[test]
    fn filter_that_fits_nothing_is_refused_with_what_is_wrong_in_it() {
        let level = |found: &str| LogFilterError::Level {
            found: found.to_owned(),
        };
        let module = |found: &str| LogFilterError::Module {
            found: found.to_owned(),
        };
        for (text, error) in [
            ("", level("")),
            ("inf0", level("inf0")),
            ("[[[", level("[[[")),
            ("info,", level("")),
            ("info, debug", level(" debug")),
            ("info,concordat_node=loud", level("loud")),
            ("concordat_node=debug=trace", level("debug=trace")),
            ("concordat_nod=debug", module("concordat_nod")),
            ("a=b=c", module("a")),
            ("concordat_node::=debug", module("concordat_node::")),
            ("=debug", module("")),
            (
                "concordat_node::exchnge=debug",
                module("concordat_node::exchnge"),
            ),
        ] {
            assert_eq!(text.parse::<LogFilter>(), Err(error), "{text}");
        }
    }

    // spec: ADM-102
    #[test]
    fn modules_are_those_that_the_crates_have() {
        let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (name, modules) in MODULES {
            let folder = match name {
                "concordat_certs" => "certs",
                "concordat_net" => "node/net",
                "concordat_node" => "node",
                _ => "protocol",
            };
            let files = std::fs::read_dir(top.join(folder).join("src")).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let names = names.filter_map(|file| file.strip_suffix(".rs").map(str::to_owned));
            let mut names: Vec<_> = names.collect();
            names.retain(|name| name != "lib" && name != "main");
            names.sort();
            assert_eq!(names, modules, "{name}");
        }
    }

    #[test]
    fn filter_takes_levels_and_modules_of_the_node() {
        for text in [
            "info",
            "OFF",
            "warn,concordat_node=debug",
            "error,concordat_node::core::signing=trace,quinn_proto=warn",
        ] {
            assert_eq!(text.parse::<LogFilter>().unwrap().as_str(), text);
        }
    }
}
