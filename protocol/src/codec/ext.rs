//! The extension map: keys that this version does not know, kept and signed.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_cbor::Value;

/// Unknown entries of a payload, by integer key. Kept as they came and covered by the signature;
/// never interpreted.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
pub struct Ext(BTreeMap<u64, Value>);

impl Eq for Ext {}

impl Ext {
    /// Whether there is no entry; an empty map is left out of the payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.keys().copied()
    }

    /// Adds a text entry, for extensions that need no more.
    #[must_use]
    pub fn with_text(mut self, key: u64, text: &str) -> Self {
        self.0.insert(key, Value::Text(text.to_owned()));
        self
    }

    /// The text under `key`, when there is one.
    #[must_use]
    pub fn text(&self, key: u64) -> Option<&str> {
        match self.0.get(&key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Ext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = BTreeMap::<u64, Value>::deserialize(deserializer)?;
        if entries.is_empty() {
            return Err(D::Error::custom("an empty extension map is left out"));
        }
        Ok(Self(entries))
    }
}
