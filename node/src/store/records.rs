//! Records by the organisation they are about, and by the statements that they refer to.
//!
//! They have families of their own, so that what is asked of decisions does not pass over them.
//!
//! ```text
//! record   class u8 · day i32 · digest of the signed bytes 16
//! ```

use concordat_protocol::statement::{Class, Record, Statement};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::time::Day;

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, Position, Spot};
use super::subjects::code;
use super::verdicts::Verdict;

/// A record, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Where it stands.
    pub position: Position,
    /// Its class.
    pub class: Class,
    /// The day that it is of.
    pub day: Day,
    /// Of its signed bytes: tells copies without reading them.
    pub bytes: BytesDigest,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

/// The value of a row: the same under both families.
pub(super) fn encode(record: &Record, statement: &Statement) -> Vec<u8> {
    Bytes::value()
        .u8(code(record.class().code()))
        .raw(&record.day().value().to_be_bytes())
        .raw(BytesDigest::of(statement).as_bytes())
        .finish()
}

/// The row at a position, without what verifying it gave.
pub(super) fn decode(value: &[u8], position: Position) -> Option<RecordRow> {
    let mut fields = Fields(value);
    let class = Class::from_code(u64::from(fields.u8()?)).filter(|class| class.is_record())?;
    let day = Day::new(i64::from(i32::from_be_bytes(fields.exact()?))).ok()?;
    let bytes = BytesDigest::stored(fields.exact()?);
    fields.0.is_empty().then_some(RecordRow {
        position,
        class,
        day,
        bytes,
        verdict: None,
    })
}

pub(super) fn put(batch: &mut EngineBatch, subject: SubjectCode, spot: Spot, value: &[u8]) {
    batch.put(
        Bytes::value().raw(&prefix(subject)).spot(spot).finish(),
        value,
    );
}

pub(super) fn put_reference(batch: &mut EngineBatch, to: Spot, spot: Spot, value: &[u8]) {
    let prefix = reference_prefix(to);
    batch.put(Bytes::value().raw(&prefix).spot(spot).finish(), value);
}

/// A change of code, under either code.
// spec: IDX-111
pub(super) fn put_code_change(
    batch: &mut EngineBatch,
    subject: SubjectCode,
    spot: Spot,
    value: &[u8],
) {
    let key = code_changes_prefix(subject);
    batch.put(Bytes::value().raw(&key).spot(spot).finish(), value);
}

pub(super) fn code_changes_prefix(subject: SubjectCode) -> Vec<u8> {
    Bytes::key(Family::CodeChanges)
        .raw(subject.as_str().as_bytes())
        .finish()
}

/// An erasure of something about an organisation.
// spec: IDX-107
pub(super) fn put_erasure(batch: &mut EngineBatch, subject: SubjectCode, spot: Spot) {
    batch.put(
        Bytes::value()
            .raw(&erasures_prefix(subject))
            .spot(spot)
            .finish(),
        [],
    );
}

/// What an erasure names.
// spec: IDX-107
pub(super) fn put_erased(batch: &mut EngineBatch, gone: Spot, by: Spot) {
    let prefix = erased_prefix(gone);
    batch.put(Bytes::value().raw(&prefix).spot(by).finish(), []);
}

pub(super) fn erased_prefix(gone: Spot) -> Vec<u8> {
    Bytes::key(Family::Erased).spot(gone).finish()
}

pub(super) fn erasures_prefix(subject: SubjectCode) -> Vec<u8> {
    Bytes::key(Family::Erasures)
        .raw(subject.as_str().as_bytes())
        .finish()
}

/// A measure of the node's own.
// spec: IDX-86
pub(super) fn put_measure(batch: &mut EngineBatch, spot: Spot) {
    batch.put(Bytes::key(Family::Measures).spot(spot).finish(), []);
}

/// A penalty of market regulation of the node's own, or of whose log a correction says that it is one.
// spec: IDX-106, IDX-121
pub(super) fn put_market_penalty(batch: &mut EngineBatch, spot: Spot) {
    let key = Bytes::key(Family::MarketPenalties).spot(spot);
    batch.put(key.finish(), []);
}

pub(super) fn prefix(subject: SubjectCode) -> Vec<u8> {
    Bytes::key(Family::Records)
        .raw(subject.as_str().as_bytes())
        .finish()
}

pub(super) fn reference_prefix(to: Spot) -> Vec<u8> {
    Bytes::key(Family::Referred).spot(to).finish()
}
