//! Recognition responses by what they refer to: what asked, and the decision.
//!
//! ```text
//! key    position of what is referred to · position
//! value  digest of the signed bytes 16
//! ```

use concordat_protocol::statement::Statement;

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, Position, Spot};
use super::verdicts::Verdict;

/// A recognition response, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// Where it stands.
    pub position: Position,
    /// Of its signed bytes: tells copies without reading them.
    pub bytes: BytesDigest,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

pub(super) fn put(batch: &mut EngineBatch, to: Spot, at: Spot, statement: &Statement) {
    let key = Bytes::value().raw(&prefix(to)).spot(at).finish();
    let digest = BytesDigest::of(statement);
    batch.put(key, Bytes::value().raw(digest.as_bytes()).finish());
}

pub(super) fn prefix(to: Spot) -> Vec<u8> {
    Bytes::key(Family::Answers).spot(to).finish()
}

pub(super) fn decode(value: &[u8]) -> Option<BytesDigest> {
    let mut fields = Fields(value);
    let digest = BytesDigest::stored(fields.exact()?);
    fields.0.is_empty().then_some(digest)
}
