//! Recognition responses by what they refer to: what asked, and the decision.
//!
//! ```text
//! key    position of what is referred to · position
//! value  digest of the signed bytes 16 · author 18 · position of the other that it refers to 12
//! ```
//! The author and the other position tell which answer took the place of which without reading any.

use concordat_protocol::statement::Statement;
use concordat_protocol::subject::AuthorityCode;

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, Position, Spot};
use super::verdicts::Verdict;

/// Of a code in a value.
const AUTHOR_BYTES: usize = 18;

/// A recognition response, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// Where it stands.
    pub position: Position,
    /// Of its signed bytes: tells copies without reading them.
    pub bytes: BytesDigest,
    /// Who it says gave it.
    pub author: AuthorityCode,
    /// The other statement that it refers to: the decision, where it was found by what asked, or what asked.
    pub other: Position,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

/// What a row says beside its place.
pub(super) struct Value {
    pub(super) bytes: BytesDigest,
    pub(super) author: AuthorityCode,
    pub(super) other: Spot,
}

/// A row under what asked, and one under the decision.
pub(super) fn put(batch: &mut EngineBatch, refers_to: [Spot; 2], at: Spot, statement: &Statement) {
    let [asked, decision] = refers_to;
    let digest = BytesDigest::of(statement);
    let author = statement.header().issuer;
    for (to, other) in [(asked, decision), (decision, asked)] {
        let key = Bytes::value().raw(&prefix(to)).spot(at).finish();
        let value = Bytes::value().raw(digest.as_bytes());
        let value = value.raw(author.as_str().as_bytes()).spot(other);
        batch.put(key, value.finish());
    }
}

pub(super) fn prefix(to: Spot) -> Vec<u8> {
    Bytes::key(Family::Answers).spot(to).finish()
}

pub(super) fn decode(value: &[u8]) -> Option<Value> {
    let mut fields = Fields(value);
    let bytes = BytesDigest::stored(fields.exact()?);
    let author = std::str::from_utf8(fields.take(AUTHOR_BYTES)?).ok()?;
    let author = AuthorityCode::parse(author).ok()?;
    let other = fields.spot()?;
    fields.0.is_empty().then_some(Value {
        bytes,
        author,
        other,
    })
}
