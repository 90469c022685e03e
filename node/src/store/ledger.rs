//! Rows that the node keeps of its own doing: look-ups by users, deliveries to peers.
//!
//! A row is durable as a record of the journal before it is indexed here; this module gives its
//! encoding and its place in the index.
//!
//! ```text
//! look-up  [salt, row], or nothing once the row had to go      mark  as the journal has it
//! ```

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::lookup::{LookUpRow, SaltedRow};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;

use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, LogId, Spot};
use crate::lookups::Mark;

/// A row of the register of look-ups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Its number: from 0, without gaps.
    pub number: u64,
    /// What it says, with its salt; `None` once it had to go.
    pub kept: Option<SaltedRow>,
}

/// A row that is kept, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRow {
    /// What it says.
    pub row: LookUpRow,
    /// The same with its salt, as its commitment has it.
    pub salted: SaltedRow,
}

/// Bodies that were served to a peer: the range of a log, end excluded, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub peer: AuthorityCode,
    /// Of which log.
    pub origin: Origin,
    /// The first statement.
    pub begin: LeafIndex,
    /// Behind the last statement.
    pub end: LeafIndex,
    /// When the row was written, before the first byte left.
    pub at: Timestamp,
}

/// The value of a row.
pub(super) fn lookup_value(lookup: &Lookup) -> Vec<u8> {
    let kept = lookup.kept.as_ref();
    kept.map_or_else(Vec::new, SaltedRow::encode)
}

/// Reads the value of a row: `Some(None)` of one that had to go.
pub(super) fn decode_lookup(value: &[u8]) -> Option<Option<KeptRow>> {
    if value.is_empty() {
        return Some(None);
    }
    let salted = SaltedRow::decode(value).ok()?;
    let row = salted.row().ok()?;
    Some(Some(KeptRow { row, salted }))
}

/// The key under which a row is found by a statement that it showed.
pub(super) fn shown_key(spot: Spot, number: u64) -> Vec<u8> {
    let key = Bytes::key(Family::Shown).spot(spot);
    key.u64(number).finish()
}

/// Statement and row of such a key.
pub(super) fn decode_shown(key: &[u8]) -> Option<(Spot, u64)> {
    let mut fields = Fields(key.get(1..)?);
    let found = (fields.spot()?, fields.u64()?);
    fields.0.is_empty().then_some(found)
}

pub(super) fn mark_key(mark: &Mark) -> Vec<u8> {
    let key = marks_prefix(mark.number).u8(mark.kind as u8);
    key.u64(mark.at.value()).finish()
}

pub(super) fn marks_prefix(number: u64) -> Bytes {
    Bytes::key(Family::Marks).u64(number)
}

pub(super) fn lookup_key(sequence: u64) -> Vec<u8> {
    Bytes::key(Family::Lookups).u64(sequence).finish()
}

pub(super) fn put_delivery(batch: &mut EngineBatch, log: LogId, delivery: &Delivery) {
    let key = delivery_prefix(delivery.peer)
        .log(log)
        .u64(delivery.begin.value());
    // The end is part of the key, so that ranges with one beginning do not hide each other.
    let key = key.u64(delivery.end.value()).u64(delivery.at.value());
    batch.replace(key.finish(), []);
}

pub(super) fn delivery_prefix(peer: AuthorityCode) -> Bytes {
    Bytes::key(Family::Deliveries).raw(peer.as_str().as_bytes())
}

/// Log, begin, end and instant of a delivery's key.
pub(super) fn decode_delivery(key: &[u8]) -> Option<(LogId, u64, u64, Timestamp)> {
    let mut fields = Fields(key.get(1 + 18..)?);
    let log = LogId(fields.u32()?);
    let (begin, end) = (fields.u64()?, fields.u64()?);
    Some((log, begin, end, Timestamp::new(fields.u64()?).ok()?))
}
