//! The extension map: keys that this version does not know, kept and signed.
//!
//! Its texts, keys of maps too, keep at any depth the rules on what every text is made of: characters
//! that show, one normalisation form, no number of a natural person. They may be blank, and as long as
//! a statement allows. Bytes and numbers are not looked into.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_cbor::Value;

use crate::text::{Text, TextError, require_clean};

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
    pub fn with_text<const MAX: usize>(mut self, key: u64, text: &Text<MAX>) -> Self {
        self.0.insert(key, Value::Text(text.as_str().to_owned()));
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
        // spec: ID-37, ID-45
        entries
            .values()
            .try_for_each(screen)
            .map_err(D::Error::custom)?;
        Ok(Self(entries))
    }
}

/// Looks at every text of an item. Its depth is bounded before anything is decoded.
fn screen(value: &Value) -> Result<(), TextError> {
    if let Value::Text(text) = value {
        return require_clean(text);
    }
    if let Value::Array(items) = value {
        return items.iter().try_for_each(screen);
    }
    if let Value::Map(entries) = value {
        return entries
            .iter()
            .try_for_each(|(key, item)| screen(key).and_then(|()| screen(item)));
    }
    // No tag gets here: the validator refuses them.
    Ok(())
}
