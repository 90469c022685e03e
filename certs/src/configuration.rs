//! The configuration of a node: `node.toml` in its directory.
//!
//! The one place that says which keys there are, what they default to and how the file that `init`
//! writes explains them; node and admin CLI both read it here. A key that is not known is refused, so
//! that a mistyped one is not passed over.
//!
//! ```text
//! member = "11310000MB00000009"
//! listen = "0.0.0.0:7443"
//! [peers]                     # "<member code>" = ["host:port"]
//! [store]                     # cache_mib, compaction_hours
//! [background]                # verify_per_second
//! [look_ups]                  # retention_days
//! [log]                       # format, filter
//! ```
//!
//! Out of scope: where else things lie in a node's directory, which is not configurable.

mod filter;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use concordat_protocol::statement::Address;
use concordat_protocol::subject::AuthorityCode;
use serde::Deserialize;

pub use self::filter::{LogFilter, LogFilterError};

/// The name of the file in a node's directory.
pub const CONFIGURATION_FILE: &str = "node.toml";
/// The smallest cache of the database, MiB.
pub const CACHE_MIB_MIN: u64 = 4;
/// The largest cache of the database, MiB.
pub const CACHE_MIB_MAX: u64 = 65_536;

/// The fewest days for which rows of the register of look-ups are kept: half a year, so that figures of a
/// period can still be shown.
pub const LOOK_UP_DAYS_MIN: u32 = 276;

/// What `node.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Whose node it is.
    pub member: AuthorityCode,
    /// Where it listens (UDP).
    pub listen: SocketAddr,
    /// Addresses of members, before those that the registry gives.
    #[serde(default)]
    pub peers: BTreeMap<AuthorityCode, Vec<Address>>,
    /// The database.
    #[serde(default)]
    pub store: StoreSettings,
    /// What the node does when it has time.
    #[serde(default)]
    pub background: BackgroundSettings,
    /// The register of look-ups.
    #[serde(default)]
    pub look_ups: LookUpSettings,
    /// The log.
    #[serde(default)]
    pub log: LogSettings,
}

/// The database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Pages kept in memory, MiB, [`CACHE_MIB_MIN`] to [`CACHE_MIB_MAX`].
    pub cache_mib: u64,
    /// Hours between two looks whether the database is worth compacting; 0 for never.
    pub compaction_hours: u32,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            cache_mib: 64,
            compaction_hours: 6,
        }
    }
}

/// What the node does when it has time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackgroundSettings {
    /// Signatures of received decisions verified per second before anyone asks; 0 for none.
    pub verify_per_second: u32,
}

impl Default for BackgroundSettings {
    fn default() -> Self {
        Self {
            verify_per_second: 500,
        }
    }
}

/// The register of look-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LookUpSettings {
    /// Days for which its rows are kept, from [`LOOK_UP_DAYS_MIN`] on; 0 for ever.
    pub retention_days: u32,
}

impl Default for LookUpSettings {
    fn default() -> Self {
        Self {
            retention_days: 1_096,
        }
    }
}

/// How the node writes its log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// One line of text, or of JSON, per event.
    pub format: LogFormat,
    /// What is written, as `tracing` filters say it; `CONCORDAT_LOG` comes before it.
    pub filter: LogFilter,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: LogFilter::default(),
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

impl LogFormat {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file could not be read.
    #[error("{path}: {cause}")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is no TOML, lacks a key, has one too many, or one with a value that is none.
    #[error("{path}: {cause}")]
    Shape {
        /// Its path.
        path: PathBuf,
        /// Line, column, which key, and why.
        cause: Box<toml::de::Error>,
    },
    /// A cache out of its range.
    #[error("{path}: store.cache_mib: {found} is not within {CACHE_MIB_MIN} to {CACHE_MIB_MAX}")]
    Cache {
        /// The path of the file.
        path: PathBuf,
        /// The value found.
        found: u64,
    },
    /// Rows of the register of look-ups would go before anybody can review them.
    #[error(
        "{path}: look_ups.retention_days: {found} is less than {LOOK_UP_DAYS_MIN}; say more, or 0 for ever"
    )]
    Retention {
        /// The path of the file.
        path: PathBuf,
        /// The value found.
        found: u32,
    },
    /// Nobody could dial the node.
    #[error("{path}: listen: the port is 0, which nobody can dial; say a number from 1 to 65535")]
    Port {
        /// The path of the file.
        path: PathBuf,
    },
    /// A node does not dial itself.
    #[error("{path}: peers: {member} is the node's own member; leave it out")]
    OwnMember {
        /// The path of the file.
        path: PathBuf,
        /// The member.
        member: AuthorityCode,
    },
    /// A member without any address.
    #[error("{path}: peers: {member} has no address; name one or leave the member out")]
    NoAddress {
        /// The path of the file.
        path: PathBuf,
        /// The member.
        member: AuthorityCode,
    },
    /// An address that nobody can dial.
    #[error(
        "{path}: peers: {address} has no host that can be dialled; an IPv6 address stands in brackets"
    )]
    Address {
        /// The path of the file.
        path: PathBuf,
        /// The address.
        address: Address,
    },
}

/// Whether an address names a host that can be dialled: a name, an IPv4 address, or an IPv6 address
/// in brackets, without which its last group reads as a port.
// spec: ADM-102
#[must_use]
pub fn is_dialable(address: &Address) -> bool {
    let host = address.as_str().rsplit_once(':').map(|(host, _)| host);
    host.is_some_and(|host| {
        let bracketed = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        match bracketed {
            Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
            None => !host.contains([':', '[', ']']),
        }
    })
}

impl Configuration {
    /// The configuration of a member's node with every default.
    #[must_use]
    pub fn new(member: AuthorityCode, listen: SocketAddr) -> Self {
        Self {
            member,
            listen,
            peers: BTreeMap::new(),
            store: StoreSettings::default(),
            background: BackgroundSettings::default(),
            look_ups: LookUpSettings::default(),
            log: LogSettings::default(),
        }
    }

    /// Reads the configuration of a node directory.
    ///
    /// # Errors
    /// [`ConfigurationError`]; a key that is not known is one.
    pub fn read_in(directory: &Path) -> Result<Self, ConfigurationError> {
        let path = directory.join(CONFIGURATION_FILE);
        let text = fs::read_to_string(&path).map_err(|cause| ConfigurationError::File {
            path: path.clone(),
            cause,
        })?;
        Self::parse(&text, &path)
    }

    /// Takes the text of a configuration; `path` is for errors.
    ///
    /// # Errors
    /// [`ConfigurationError`], but for a file that cannot be read.
    // spec: ADM-22
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigurationError> {
        let path = path.to_path_buf();
        let found: Self = match toml::from_str(text) {
            Ok(found) => found,
            Err(cause) => {
                let cause = Box::new(cause);
                return Err(ConfigurationError::Shape { path, cause });
            }
        };
        let cache = found.store.cache_mib;
        match (CACHE_MIB_MIN..=CACHE_MIB_MAX).contains(&cache) {
            true => found.workable(path),
            false => Err(ConfigurationError::Cache { path, found: cache }),
        }
    }

    /// Refuses what reads well and cannot work.
    // spec: ADM-102
    fn workable(self, path: PathBuf) -> Result<Self, ConfigurationError> {
        if self.listen.port() == 0 {
            return Err(ConfigurationError::Port { path });
        }
        // spec: LKP-41
        let days = self.look_ups.retention_days;
        if (1..LOOK_UP_DAYS_MIN).contains(&days) {
            return Err(ConfigurationError::Retention { path, found: days });
        }
        for (member, addresses) in &self.peers {
            let member = *member;
            if member == self.member {
                return Err(ConfigurationError::OwnMember { path, member });
            }
            if addresses.is_empty() {
                return Err(ConfigurationError::NoAddress { path, member });
            }
            if let Some(address) = addresses.iter().find(|one| !is_dialable(one)) {
                let address = address.clone();
                return Err(ConfigurationError::Address { path, address });
            }
        }
        Ok(self)
    }

    /// The text of the file: every key with its meaning.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self {
            member,
            listen,
            peers,
            store,
            background,
            look_ups,
            log,
        } = self;
        let peers: String = peers.iter().map(peer_line).collect();
        format!(
            r#"# Configuration of a Concordat node. Every key is here; a key that is not known is refused.
# 互证节点的配置。所有可用的键均列于此；未知的键一律拒绝。

# Code of the member whose node this is.
# 本节点所属成员的统一社会信用代码。
member = "{member}"

# Address and UDP port that the node listens at; peers and administrators come in here.
# 监听地址与 UDP 端口；对端与远程管理员由此接入。
listen = "{listen}"

# Addresses of members, tried before those in the registry: "<member code>" = ["host:port"].
# While the node runs: concordat peer add.
# 成员地址，先于名册中的地址使用。运行中可用 concordat peer add 添加。
[peers]
{peers}
[store]
# Pages of the database kept in memory, MiB, {CACHE_MIB_MIN} to {CACHE_MIB_MAX}; the process takes several times as
# much in all.
# 数据库缓存（MiB），实际内存占用为其数倍。
cache_mib = {cache_mib}
# Hours between two looks whether the database is worth compacting; 0 for never. A compaction goes on
# beside queries and holds nothing back but the index.
# 检查是否需要压缩数据库的间隔（小时），0 表示从不。压缩期间仍可查询。
compaction_hours = {compaction_hours}

[background]
# Signatures of received decisions verified per second before anyone asks, while the node is not
# busy; 0 for none: then each is verified when it is asked about.
# 空闲时每秒预先验证的签名数；0 表示不预先验证，仅在查询时验证。
verify_per_second = {verify_per_second}

[look_ups]
# Days for which rows of the register of look-ups are kept, {LOOK_UP_DAYS_MIN} or more; 0 for ever. What is older is
# destroyed and cannot be shown any more.
# 查询登记的保存天数，不少于 {LOOK_UP_DAYS_MIN} 天；0 表示一直保存。逾期的登记内容将被销毁，无法再查看。
retention_days = {retention_days}

[log]
# "text" for people, "json" for programs.
# "text" 供人阅读，"json" 供程序处理。
format = "{format}"
# What is logged: error, warn, info, debug, trace, or per module. The environment variable
# CONCORDAT_LOG comes before it.
# 日志级别；环境变量 CONCORDAT_LOG 优先。
filter = {filter:?}
"#,
            cache_mib = store.cache_mib,
            compaction_hours = store.compaction_hours,
            verify_per_second = background.verify_per_second,
            retention_days = look_ups.retention_days,
            format = log.format.name(),
            filter = log.filter.as_str(),
        )
    }
}

fn peer_line((member, addresses): (&AuthorityCode, &Vec<Address>)) -> String {
    let quoted: Vec<String> = addresses
        .iter()
        .map(|address| format!("{:?}", address.as_str()))
        .collect();
    format!("\"{member}\" = [{}]\n", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = "11310000MB00000009";
    const PEER: &str = "113100000000000017";

    fn authority(code: &str) -> AuthorityCode {
        AuthorityCode::parse(code).unwrap()
    }

    fn parse(text: &str) -> Result<Configuration, ConfigurationError> {
        Configuration::parse(text, Path::new(CONFIGURATION_FILE))
    }

    fn head() -> String {
        format!("member = \"{MEMBER}\"\nlisten = \"127.0.0.1:4433\"\n")
    }

    // spec: ADM-22
    #[test]
    fn text_of_a_configuration_says_every_key_and_reads_back() {
        let short = parse(&head()).unwrap();
        assert_eq!(short, Configuration::new(short.member, short.listen));
        assert_eq!(parse(&short.to_text()).unwrap(), short);
        let mut other = short.clone();
        other
            .peers
            .insert(authority(PEER), vec![Address::new("[::1]:7443").unwrap()]);
        other.store.cache_mib = 8;
        other.store.compaction_hours = 0;
        other.background.verify_per_second = 0;
        other.look_ups.retention_days = 0;
        other.log.format = LogFormat::Json;
        other.log.filter = "info,concordat_node=debug".parse().unwrap();
        assert_eq!(parse(&other.to_text()).unwrap(), other);
        for key in [
            "member",
            "listen",
            "cache_mib",
            "compaction_hours",
            "verify_per_second",
            "retention_days",
            "format",
            "filter",
        ] {
            let line = short.to_text();
            let said = line
                .lines()
                .any(|line| line.starts_with(&format!("{key} = ")));
            assert!(said, "{key}");
        }
    }

    // spec: ADM-22
    #[test]
    fn unknown_key_is_refused_wherever_it_stands_and_named_by_line() {
        for wrong in [
            "extra = 1",
            "[store]\ncache = 1",
            "[log]\nlevel = \"info\"",
            "[background]\nverify = 1",
            "[look_ups]\ndays = 1",
        ] {
            let refused = parse(&format!("{}{wrong}", head())).unwrap_err();
            assert!(
                matches!(refused, ConfigurationError::Shape { .. }),
                "{wrong}"
            );
            let text = refused.to_string();
            assert!(
                text.contains("line ") && text.contains("unknown field"),
                "{text}"
            );
        }
    }

    // spec: ADM-102, LKP-41
    #[test]
    fn what_reads_well_and_cannot_work_is_refused_by_its_cause() {
        let refused = |text: String| parse(&text).unwrap_err();
        let port = format!("member = \"{MEMBER}\"\nlisten = \"0.0.0.0:0\"\n");
        assert!(matches!(refused(port), ConfigurationError::Port { .. }));
        let few = format!("{}[look_ups]\nretention_days = 275", head());
        assert!(matches!(
            refused(few),
            ConfigurationError::Retention { found: 275, .. }
        ));
        let least = parse(&format!("{}[look_ups]\nretention_days = 276", head()));
        assert_eq!(least.unwrap().look_ups.retention_days, LOOK_UP_DAYS_MIN);
        let peers = |line: &str| refused(format!("{}[peers]\n{line}", head()));
        assert!(matches!(
            peers(&format!("{MEMBER} = [\"a:1\"]")),
            ConfigurationError::OwnMember { member, .. } if member == authority(MEMBER)
        ));
        assert!(matches!(
            peers(&format!("{PEER} = []")),
            ConfigurationError::NoAddress { member, .. } if member == authority(PEER)
        ));
        for wrong in ["::1:5", "[::1:5", "[a]:5", "2001:db8::7:7443", "x[::1]:5"] {
            assert!(matches!(
                peers(&format!("{PEER} = [\"b:1\", \"{wrong}\"]")),
                ConfigurationError::Address { address, .. } if address.as_str() == wrong
            ));
        }
        for wrong in ["inf0", "", "concordat_nod=debug"] {
            let refused = refused(format!("{}[log]\nfilter = \"{wrong}\"", head()));
            let text = refused.to_string();
            assert!(matches!(refused, ConfigurationError::Shape { .. }));
            assert!(
                text.contains(&format!("{wrong:?} is no ")) || wrong.contains('='),
                "{text}"
            );
        }
    }

    #[test]
    fn value_that_is_none_is_refused_with_its_key() {
        for wrong in [
            "member = \"x\"\nlisten = \"127.0.0.1:4433\"".to_owned(),
            format!("member = \"{MEMBER}\"\nlisten = \"somewhere\""),
            format!("{}[peers]\n{MEMBER} = [\"nowhere\"]", head()),
            format!("{}[peers]\nx = [\"a:1\"]", head()),
        ] {
            let refused = parse(&wrong);
            assert!(
                matches!(refused, Err(ConfigurationError::Shape { .. })),
                "{wrong}"
            );
        }
        let refused = parse(&format!("{}[store]\ncache_mib = 1", head()));
        assert!(matches!(
            refused,
            Err(ConfigurationError::Cache { found: 1, .. })
        ));
    }
}
