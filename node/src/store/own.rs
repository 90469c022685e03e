//! The node's own statements, whole: where its platform reads them.
//!
//! ```text
//! key    o · log u32 · first index u64
//! value  (offset u8 · leaf length u16 · leaf · body length u32 · body)*
//! ```
//! A run covers at most [`RUN_SPAN`] indexes and [`RUN_BYTES_MAX`] bytes, unless one statement is
//! longer by itself. Runs, because a key a statement costs several times the statement.

use std::sync::Arc;

use concordat_protocol::statement::{Body, Leaf};

use super::StoreError;
use super::engine::{EngineBatch, Entry};
use super::schema::{Bytes, Family, Fields, Spot};
use super::table::Table;

/// Indexes that one run may cover.
const RUN_SPAN: u64 = 64;
/// Bytes at which a run is closed.
const RUN_BYTES_MAX: usize = 32 << 10;

/// One of the node's own statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStatement {
    /// Its leaf.
    pub leaf: Leaf,
    /// The encoded [`Body`]; fits the leaf's commitment.
    pub body: Arc<[u8]>,
}

/// Collects the own statements of one batch into runs. They come in ascending order of a log, or
/// runs get short.
#[derive(Debug, Default)]
pub(super) struct Runs {
    open: Option<(Spot, u64, Vec<u8>)>,
}

impl Runs {
    pub(super) fn push(&mut self, batch: &mut EngineBatch, spot: Spot, leaf: &Leaf, body: &[u8]) {
        let fits = self.open.as_ref().is_some_and(|(first, last, value)| {
            first.log == spot.log
                && *last < spot.index
                && spot.index - first.index < RUN_SPAN
                && value.len() + body.len() <= RUN_BYTES_MAX
        });
        if !fits {
            self.close(batch);
        }
        let (first, last, value) = self
            .open
            .get_or_insert_with(|| (spot, spot.index, Vec::new()));
        let offset = u8::try_from(spot.index - first.index).unwrap_or(u8::MAX);
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let entry = Bytes::value().u8(offset).counted(&leaf.encode());
        value.extend_from_slice(&entry.u32(length).raw(body).finish());
        *last = spot.index;
    }

    pub(super) fn close(&mut self, batch: &mut EngineBatch) {
        if let Some((first, _, value)) = self.open.take() {
            batch.put(run_key(first), value);
        }
    }
}

/// Reads one statement and compares its body with the commitment of its leaf.
// spec: IDX-6
pub(super) fn read(table: &Table, spot: Spot) -> Result<Option<OwnStatement>, StoreError> {
    let lowest = Spot {
        log: spot.log,
        index: spot.index.saturating_sub(RUN_SPAN - 1),
    };
    let low = run_key(lowest);
    let mut high = run_key(spot);
    // Batches that overlap leave runs that overlap, so the nearest run need not be the one.
    while let Some(Entry { key, value }) = table.last_within(&low, &high)? {
        let first = run_first(&key).ok_or_else(|| StoreError::damaged(Family::Own))?;
        for entry in entries(&value, first) {
            let (at, statement) = entry?;
            if at == spot.index {
                return whole(statement).map(Some);
            }
        }
        let Some(before) = first.index.checked_sub(1) else {
            break;
        };
        if before < lowest.index {
            break;
        }
        high = run_key(Spot {
            log: spot.log,
            index: before,
        });
    }
    Ok(None)
}

fn whole(statement: OwnStatement) -> Result<OwnStatement, StoreError> {
    let body = Body::decode(&statement.body).map_err(|_| StoreError::damaged(Family::Own))?;
    match body.commit() == statement.leaf.commit {
        true => Ok(statement),
        false => Err(StoreError::damaged(Family::Own)),
    }
}

fn entries(
    value: &[u8],
    first: Spot,
) -> impl Iterator<Item = Result<(u64, OwnStatement), StoreError>> + '_ {
    let mut fields = Fields(value);
    std::iter::from_fn(move || {
        if fields.0.is_empty() {
            return None;
        }
        let entry = entry(&mut fields, first).ok_or_else(|| StoreError::damaged(Family::Own));
        if entry.is_err() {
            fields = Fields(&[]);
        }
        Some(entry)
    })
}

fn entry(fields: &mut Fields<'_>, first: Spot) -> Option<(u64, OwnStatement)> {
    let offset = u64::from(fields.u8()?);
    let leaf = Leaf::decode(fields.counted()?).ok()?;
    let length = usize::try_from(fields.u32()?).ok()?;
    let body = Arc::from(fields.take(length)?);
    Some((
        first.index.checked_add(offset)?,
        OwnStatement { leaf, body },
    ))
}

fn run_key(first: Spot) -> Vec<u8> {
    Bytes::key(Family::Own).spot(first).finish()
}

fn run_first(key: &[u8]) -> Option<Spot> {
    Spot::decode(key.get(1..)?)
}
