//! The configuration of a node: `node.toml` in its directory.
//!
//! Every key stands with its meaning in [`template`]. A key that is not known is refused, so that a
//! mistyped one is not passed over.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use concordat_protocol::statement::Address;
use concordat_protocol::subject::AuthorityCode;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use serde::Deserialize;

use crate::node::{Layout, NodeOptions};
use crate::store::StoreOptions;

/// The smallest cache of the database, MiB.
pub const CACHE_MIB_MIN: u64 = 4;
/// The largest cache of the database, MiB.
pub const CACHE_MIB_MAX: u64 = 65_536;

/// What `node.toml` says, looked at as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whose node it is.
    pub member: AuthorityCode,
    /// Where it listens (UDP).
    pub listen: SocketAddr,
    /// Addresses of members, before those that the registry gives.
    pub peers: BTreeMap<AuthorityCode, Vec<String>>,
    /// Bytes of the database that are kept in memory.
    pub cache_bytes: u64,
    /// The log.
    pub log: LogConfig,
}

/// How the node writes its log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// One line of text, or of JSON, per event.
    pub format: LogFormat,
    /// What is written, as `tracing` filters say it; `CONCORDAT_LOG` comes before it.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

/// The form of an event in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{path}: {cause}")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// It is no TOML, lacks a key, or has one too many.
    #[error("{path}: {cause}")]
    Shape {
        /// Its path.
        path: PathBuf,
        /// Which key, and why.
        cause: Box<figment::Error>,
    },
    /// A code that no authority has.
    #[error("{key}: {value:?} is no code of an authority")]
    Member {
        /// The key in the file.
        key: &'static str,
        /// The value found.
        value: String,
    },
    /// An address that cannot be dialled.
    #[error("peers.{member}: {value:?} is no address (host:port)")]
    Address {
        /// The member.
        member: AuthorityCode,
        /// The value found.
        value: String,
    },
    /// A cache out of its range.
    #[error("store.cache_mib: {found} is not within {CACHE_MIB_MIN} to {CACHE_MIB_MAX}")]
    Cache {
        /// The value found.
        found: u64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    member: String,
    listen: SocketAddr,
    #[serde(default)]
    peers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    store: StoreTable,
    #[serde(default)]
    log: LogConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StoreTable {
    cache_mib: u64,
}

impl Default for StoreTable {
    fn default() -> Self {
        Self { cache_mib: 64 }
    }
}

impl Config {
    /// Reads the configuration of a node directory.
    ///
    /// # Errors
    /// [`ConfigError`]; a key that is not known is one.
    // spec: ADM-22
    pub fn read(layout: &Layout) -> Result<Self, ConfigError> {
        let path = layout.config();
        let text = std::fs::read_to_string(&path).map_err(|cause| ConfigError::File {
            path: path.clone(),
            cause,
        })?;
        Self::parse(&text, &path)
    }

    /// Takes the text of a configuration; `path` is for errors.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: File = Figment::from(Toml::string(text))
            .extract()
            .map_err(|cause| ConfigError::Shape {
                path: path.to_path_buf(),
                cause: Box::new(cause),
            })?;
        let cache_mib = file.store.cache_mib;
        if !(CACHE_MIB_MIN..=CACHE_MIB_MAX).contains(&cache_mib) {
            return Err(ConfigError::Cache { found: cache_mib });
        }
        let mut peers = BTreeMap::new();
        for (member, addresses) in file.peers {
            let member = authority("peers", &member)?;
            let refused = addresses.iter().find(|text| Address::new(text).is_none());
            if let Some(value) = refused.cloned() {
                return Err(ConfigError::Address { member, value });
            }
            peers.insert(member, addresses);
        }
        Ok(Self {
            member: authority("member", &file.member)?,
            listen: file.listen,
            peers,
            cache_bytes: cache_mib << 20,
            log: file.log,
        })
    }

    /// The options to start a node with.
    #[must_use]
    pub fn node_options(&self, layout: Layout) -> NodeOptions {
        NodeOptions {
            layout,
            member: self.member,
            listen: self.listen,
            addresses: self.peers.clone(),
            store: StoreOptions {
                cache_bytes: self.cache_bytes,
                ..StoreOptions::default()
            },
        }
    }
}

fn authority(key: &'static str, value: &str) -> Result<AuthorityCode, ConfigError> {
    AuthorityCode::parse(value).map_err(|_| ConfigError::Member {
        key,
        value: value.to_owned(),
    })
}

/// A configuration with every key and its meaning.
#[must_use]
pub fn template(member: AuthorityCode, listen: SocketAddr, cache_mib: u64) -> String {
    format!(
        r#"# Configuration of a Concordat node. Every key is here; a key that is not known is refused.
# Concordat 节点配置。所有可用的键均列于此；未知的键一律拒绝。

# Code of the member whose node this is.                              本节点所属成员的代码
member = "{member}"

# Address and UDP port that the node listens at.                      监听地址与 UDP 端口
listen = "{listen}"

# Addresses of members, tried before those in the registry:           成员地址，先于名册中的地址使用
# "<member code>" = ["host:port"]
[peers]

[store]
# Pages of the database kept in memory, MiB, {CACHE_MIB_MIN} to {CACHE_MIB_MAX}; the process takes several
# times as much in all.                                               数据库缓存（MiB），实际内存占用为其数倍
cache_mib = {cache_mib}

[log]
# "text" for people, "json" for programs.                             "text" 供人阅读，"json" 供程序处理
format = "text"
# What is logged: error, warn, info, debug, trace, or per module; the environment variable
# CONCORDAT_LOG comes before it.                                      日志级别；环境变量 CONCORDAT_LOG 优先
filter = "info"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = "11310000MB00000009";

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("node.toml"))
    }

    // spec: ADM-22
    #[test]
    fn template_is_a_configuration_with_the_defaults() {
        let member = AuthorityCode::parse(MEMBER).unwrap();
        let listen = "127.0.0.1:4433".parse().unwrap();
        let config = parse(&template(member, listen, 64)).unwrap();
        let short = parse(&format!(
            "member = \"{MEMBER}\"\nlisten = \"127.0.0.1:4433\""
        ))
        .unwrap();
        assert_eq!(config, short);
    }

    // spec: ADM-22
    #[test]
    fn unknown_key_is_refused_wherever_it_stands() {
        let head = format!("member = \"{MEMBER}\"\nlisten = \"127.0.0.1:4433\"\n");
        for wrong in ["extra = 1", "[store]\ncache = 1", "[log]\nlevel = \"info\""] {
            let refused = parse(&format!("{head}{wrong}"));
            assert!(matches!(refused, Err(ConfigError::Shape { .. })), "{wrong}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let head = "listen = \"127.0.0.1:4433\"\n";
        let refused = parse(&format!("{head}member = \"x\""));
        assert!(matches!(
            refused,
            Err(ConfigError::Member { key: "member", .. })
        ));
        let head = format!("{head}member = \"{MEMBER}\"\n");
        let refused = parse(&format!("{head}[store]\ncache_mib = 1"));
        assert!(matches!(refused, Err(ConfigError::Cache { found: 1 })));
        let refused = parse(&format!("{head}[peers]\n{MEMBER} = [\"nowhere\"]"));
        assert!(matches!(refused, Err(ConfigError::Address { .. })));
    }
}
