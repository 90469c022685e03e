//! Strict deterministic CBOR: the only module that names the CBOR library.
//!
//! Implements RFC 8949 §4.2.1 (core deterministic encoding) narrowed to what Concordat uses: major
//! types 0–5, `false`, `true` and `null`; no tags, no floats, no indefinite lengths, shortest heads,
//! map keys integers or text in strictly ascending bytewise order, text in Unicode normal form C.
//!
//! The library by itself accepts many encodings of one value. Nothing reaches it here before
//! [`validate`] has walked the bytes without recursion, and a typed value counts as decoded only when
//! encoding it again gives the same bytes.
//!
//! ```
//! use concordat_protocol::codec::{self, Limits};
//! let bytes = codec::encode(&(1u64, "互证"))?;
//! let back: (u64, String) = codec::decode(&bytes, Limits::STATEMENT)?;
//! assert_eq!(back, (1, "互证".to_owned()));
//! // The same value with a longer head is refused.
//! assert!(codec::decode::<u64>(&[0x18, 0x01], Limits::STATEMENT).is_err());
//! # Ok::<(), codec::DecodeError>(())
//! ```
//!
//! Out of scope: COSE envelopes ([`crate::statement`]) and frames ([`crate::message`]).

mod ext;
mod log_types;
mod map;
mod reader;
mod same;
mod truth;
mod validate;
mod writer;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use ext::Ext;
pub use map::IntegerMapError;
pub(crate) use map::{byte_newtype, bytes_serde, code_enum, integer_map};
pub use reader::Reader;
pub use truth::Truth;
pub use validate::{Limits, validate};
pub use writer::Writer;

/// Encodes a value as deterministic CBOR.
///
/// The caller's type decides the order of map entries; types made by `integer_map!` list their keys
/// in ascending order.
///
/// # Errors
/// [`DecodeError::Unencodable`] when the value has no CBOR form here (for example a 128-bit integer).
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, DecodeError> {
    serde_cbor::to_vec(value).map_err(|error| DecodeError::Unencodable {
        cause: error.to_string(),
    })
}

/// Decodes one value from all of `bytes`.
///
/// # Errors
/// Every departure from the deterministic form has its own [`DecodeError`]; a well-formed item of
/// another shape is [`DecodeError::Shape`].
// spec: CBOR-1, CBOR-9
pub fn decode<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    limits: Limits,
) -> Result<T, DecodeError> {
    validate(bytes, limits)?;
    let value: T = serde_cbor::from_slice(bytes).map_err(|error| DecodeError::Shape {
        cause: error.to_string(),
    })?;
    match same::encodes_to(&value, bytes)? {
        true => Ok(value),
        false => Err(DecodeError::NotCanonical),
    }
}

/// Why bytes are not a value of the deterministic form. Offsets are bytes from the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input ends inside an item.
    #[error("the input ends inside an item at byte {offset}")]
    Truncated {
        /// Where the next byte was wanted.
        offset: usize,
    },
    /// Bytes follow the item.
    #[error("{count} bytes follow the item that ends at byte {offset}")]
    Trailing {
        /// Where the item ends.
        offset: usize,
        /// How many bytes follow.
        count: usize,
    },
    /// More bytes than the limit for this place.
    #[error("{bytes} bytes are more than the {limit} allowed here")]
    TooLong {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More nested arrays and maps than allowed.
    #[error("nesting deeper than {limit} at byte {offset}")]
    TooDeep {
        /// Where the first level too many begins.
        offset: usize,
        /// Levels allowed.
        limit: usize,
    },
    /// More data items than allowed.
    #[error("more than {limit} items at byte {offset}")]
    TooManyItems {
        /// Where the first item too many begins.
        offset: usize,
        /// Items allowed.
        limit: usize,
    },
    /// An integer or length in more bytes than needed.
    #[error("a number at byte {offset} is not in its shortest form")]
    NotShortest {
        /// Where its head begins.
        offset: usize,
    },
    /// An array, map or string of indefinite length, or a stray break.
    #[error("an indefinite length at byte {offset}")]
    Indefinite {
        /// Where its head begins.
        offset: usize,
    },
    /// A tag; none is allowed inside a value.
    #[error("a tag at byte {offset}")]
    Tag {
        /// Where its head begins.
        offset: usize,
    },
    /// A floating-point number.
    #[error("a floating-point number at byte {offset}")]
    Float {
        /// Where its head begins.
        offset: usize,
    },
    /// A simple value other than `false`, `true` and `null`.
    #[error("a simple value at byte {offset} that is not false, true or null")]
    Simple {
        /// Where its head begins.
        offset: usize,
    },
    /// A reserved head (additional information 28–30).
    #[error("a reserved head at byte {offset}")]
    Reserved {
        /// Where the head begins.
        offset: usize,
    },
    /// The same map key twice.
    #[error("a duplicate map key at byte {offset}")]
    DuplicateKey {
        /// Where the second one begins.
        offset: usize,
    },
    /// Map keys not in ascending bytewise order.
    #[error("a map key out of order at byte {offset}")]
    KeyOrder {
        /// Where the misplaced key begins.
        offset: usize,
    },
    /// A map key that is neither an integer nor text.
    #[error("a map key at byte {offset} that is neither an integer nor text")]
    KeyType {
        /// Where the key begins.
        offset: usize,
    },
    /// A text string that is not UTF-8.
    #[error("text at byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the text's head begins.
        offset: usize,
    },
    /// A text string that is not in Unicode normal form C.
    #[error("text at byte {offset} is not in normal form C")]
    NotNfc {
        /// Where the text's head begins.
        offset: usize,
    },
    /// Another type or value than this place asks for, found while reading by hand.
    #[error("byte {offset} does not begin {wanted}")]
    Unexpected {
        /// Where the item begins.
        offset: usize,
        /// What was wanted, as a noun phrase.
        wanted: &'static str,
    },
    /// A well-formed item of another shape than the type asks for.
    #[error("not of the expected shape: {cause}")]
    Shape {
        /// What the decoder said.
        cause: String,
    },
    /// The value encodes to other bytes than it was decoded from.
    #[error("the value has another encoding than its bytes")]
    NotCanonical,
    /// The value cannot be encoded.
    #[error("the value cannot be encoded: {cause}")]
    Unencodable {
        /// What the encoder said.
        cause: String,
    },
}

#[cfg(test)]
mod tests;
