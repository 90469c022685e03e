//! How a node is started from its configuration; what the file says is defined by
//! [`concordat_certs::configuration`].

use std::net::SocketAddr;
use std::time::Duration;

use concordat_certs::configuration::{
    BackgroundSettings, Configuration, LookUpSettings, StoreSettings,
};
use concordat_protocol::statement::Address;
use concordat_protocol::subject::AuthorityCode;

use crate::node::{Layout, NodeOptions, Upkeep};
use crate::store::StoreOptions;

pub use concordat_certs::configuration::{
    ConfigurationError as ConfigError, LogFilter, LogFilterError, LogFormat, LogSettings,
};

/// The environment variable that sets what is logged, for one start.
pub const LOG_VARIABLE: &str = "CONCORDAT_LOG";

/// A configuration that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config(Configuration);

impl Config {
    /// Reads the configuration of a node directory.
    ///
    /// # Errors
    /// [`ConfigError`]; a key that is not known is one.
    // spec: ADM-22
    pub fn read(layout: &Layout) -> Result<Self, ConfigError> {
        Configuration::read_in(layout.root()).map(Self)
    }

    /// Whose node it is.
    #[must_use]
    pub const fn member(&self) -> AuthorityCode {
        self.0.member
    }

    /// How the node writes its log.
    #[must_use]
    pub const fn log(&self) -> &LogSettings {
        &self.0.log
    }

    /// The options to start a node with.
    #[must_use]
    pub fn node_options(&self, layout: Layout) -> NodeOptions {
        let Configuration {
            member,
            listen,
            peers,
            store,
            background,
            look_ups,
            log: _,
        } = &self.0;
        let text = |address: &Address| address.as_str().to_owned();
        let addresses = peers
            .iter()
            .map(|(member, list)| (*member, list.iter().map(text).collect()));
        NodeOptions {
            layout,
            member: *member,
            listen: *listen,
            addresses: addresses.collect(),
            store: StoreOptions {
                cache_bytes: store.cache_mib << 20,
                ..StoreOptions::default()
            },
            upkeep: upkeep(*store, *background, *look_ups),
            accept_loss: false,
            first_start: false,
        }
    }
}

fn upkeep(
    store: StoreSettings,
    background: BackgroundSettings,
    look_ups: LookUpSettings,
) -> Upkeep {
    let hours = u64::from(store.compaction_hours);
    Upkeep {
        compaction_every: (hours > 0).then(|| Duration::from_secs(hours * 3_600)),
        verify_per_second: background.verify_per_second,
        look_up_days: look_ups.retention_days,
    }
}

/// What is logged: what the variable says, or else the configuration.
///
/// # Errors
/// [`LogVariableError`].
// spec: ADM-102
pub fn log_filter(said: &str, configured: &LogFilter) -> Result<LogFilter, LogVariableError> {
    match said {
        "" => Ok(configured.clone()),
        said => Ok(said.parse()?),
    }
}

/// [`LOG_VARIABLE`] says something that would log nothing.
#[derive(Debug, thiserror::Error)]
#[error("{LOG_VARIABLE}: {0}")]
pub struct LogVariableError(#[from] LogFilterError);

/// The text of a configuration with a cache of its own and every other default.
#[must_use]
pub fn template(member: AuthorityCode, listen: SocketAddr, cache_mib: u64) -> String {
    let mut configuration = Configuration::new(member, listen);
    configuration.store.cache_mib = cache_mib;
    configuration.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_reach_the_node_in_its_units() {
        let member = AuthorityCode::parse("11310000MB00000009").unwrap();
        let mut file = Configuration::new(member, "127.0.0.1:4433".parse().unwrap());
        file.store.cache_mib = 8;
        let options = Config(file.clone()).node_options(Layout::new("x"));
        assert_eq!(options.store.cache_bytes, 8 << 20);
        let six_hours = Duration::from_secs(6 * 3_600);
        assert_eq!(options.upkeep.compaction_every, Some(six_hours));
        file.store.compaction_hours = 0;
        let options = Config(file).node_options(Layout::new("x"));
        assert_eq!(options.upkeep.compaction_every, None);
    }
}
