//! The one value of an optional truth.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an optional truth says when it is there. That something is not so is said by leaving it out, so
/// that a map has one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth;

impl Serialize for Truth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Truth {
    // spec: CBOR-10
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(D::Error::custom("false is said by leaving it out")),
        }
    }
}
