//! Where deliveries and receipts stand: receipts by the act, deliveries by what was delivered.
//!
//! ```text
//! receipt   act position · position                           -> outcome u8
//! delivery  log u32 · block u64 · position · begin u64        -> end u64
//! ```
//! A delivery has a row for each block of 256 positions that it touches, so that a look-up reads what
//! names a position or one near it. A range over very many blocks has one row, under a block of its own:
//! nobody makes the index grow by more than a constant for each range that it writes.

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{DeliveryBatch, ReceiptBatch};

use super::engine::EngineBatch;
use super::read::position;
use super::schema::{Bytes, Family, Fields, LogId, POSITION_BYTES, Position, Spot};
use super::{Store, StoreError, read};

/// Positions that share a row of a delivery.
const BLOCK: u64 = 256;
/// Blocks that a range has rows for.
const BLOCKS_MAX: u64 = 16;
/// The block of the ranges over more of them.
const WIDE: u64 = u64::MAX;
/// Rows of a block that are read for one answer, whether they name the position or one near it.
// spec: IDX-81
const ROWS_MAX: usize = 16_384;

/// Where a log names a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The positions, ascending.
    pub places: Vec<Position>,
    /// There may be more.
    pub is_cut: bool,
}

impl Named {
    /// As many as asked for.
    fn within(mut places: Vec<Position>, most: usize, is_cut: bool) -> Self {
        let is_cut = is_cut || places.len() > most;
        places.truncate(most);
        Self { places, is_cut }
    }

    const fn nowhere() -> Self {
        let places = Vec::new();
        let is_cut = false;
        Self { places, is_cut }
    }
}

pub(super) fn put_receipt(batch: &mut EngineBatch, act: Spot, at: Spot) {
    let key = Bytes::key(Family::Receipts).spot(act).spot(at).finish();
    batch.put(key, []);
}

// spec: IDX-81
pub(super) fn put_deliveries(batch: &mut EngineBatch, log: LogId, said: &DeliveryBatch, at: Spot) {
    for (begin, end) in said.ranges() {
        let (begin, end) = (begin.value(), end.value());
        let (first, last) = (begin / BLOCK, end.saturating_sub(1) / BLOCK);
        let blocks = match last - first < BLOCKS_MAX {
            true => first..=last,
            false => WIDE..=WIDE,
        };
        for block in blocks {
            let key = Bytes::key(Family::Given).log(log).u64(block);
            let key = key.spot(at).u64(begin).finish();
            batch.put(key, Bytes::value().u64(end).finish());
        }
    }
}

/// The acts that receipts of a batch are about.
pub(super) fn acts_of(batch: &ReceiptBatch) -> impl Iterator<Item = (&Origin, LeafIndex)> {
    let acts = batch.receipts().iter();
    acts.map(|receipt| (&receipt.act.origin, receipt.act.index))
}

impl Store {
    /// Where a log says what became of an act, by position; at most so many.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-80
    pub fn receipts_of(
        &self,
        act: &Position,
        log: &Origin,
        most: usize,
    ) -> Result<Named, StoreError> {
        let logs = read(&self.logs);
        let Some((act_log, log)) = logs.id(&act.origin).zip(logs.id(log)) else {
            return Ok(Named::nowhere());
        };
        let act = Spot {
            log: act_log,
            index: act.index.value(),
        };
        let prefix = Bytes::key(Family::Receipts).spot(act).log(log).finish();
        // One more tells whether that is all.
        let places = self.collect(Family::Receipts, &prefix, Some(most + 1), |key, _| {
            position(&logs, Spot::decode(key.get(1 + POSITION_BYTES..)?)?)
        })?;
        Ok(Named::within(places, most, false))
    }

    /// Where a log says that a statement was given to somebody, by position; at most so many.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-81
    pub fn deliveries_of(
        &self,
        target: &Position,
        giver: &Origin,
        most: usize,
    ) -> Result<Named, StoreError> {
        self.deliveries_within(target, giver, most, ROWS_MAX)
    }

    fn deliveries_within(
        &self,
        target: &Position,
        giver: &Origin,
        most: usize,
        rows_max: usize,
    ) -> Result<Named, StoreError> {
        let logs = read(&self.logs);
        let Some((log, giver)) = logs.id(&target.origin).zip(logs.id(giver)) else {
            return Ok(Named::nowhere());
        };
        let index = target.index.value();
        let (mut found, mut is_cut) = (Vec::new(), false);
        for block in [index / BLOCK, WIDE] {
            let prefix = Bytes::key(Family::Given).log(log).u64(block).log(giver);
            let prefix = prefix.finish();
            let most_rows = Some(rows_max + 1);
            let rows = self.collect(Family::Given, &prefix, most_rows, |key, value| {
                let mut fields = Fields(key.get(1 + 4 + 8..)?);
                let (at, begin) = (fields.spot()?, fields.u64()?);
                let end = Fields(value).u64()?;
                match (begin..end).contains(&index) {
                    true => Some(Some(position(&logs, at)?)),
                    false => Some(None),
                }
            })?;
            is_cut |= rows.len() > rows_max;
            found.extend(rows.into_iter().take(rows_max).flatten());
        }
        found.sort();
        Ok(Named::within(found, most, is_cut))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concordat_protocol::log::Hash;
    use concordat_protocol::statement::{ActOutcome, Content, Receipt, StatementRef};
    use concordat_protocol::subject::AuthorityCode;
    use tempfile::TempDir;

    use super::*;
    use crate::fixture::{Fixture, Placed};
    use crate::journal::JournalId;
    use crate::store::{IndexItem, JournalPosition, StoreOptions, Verdict};

    fn store(directory: &TempDir) -> Store {
        let journal = JournalId([7; 16]);
        let options = StoreOptions::default();
        Store::open(directory.path(), options, journal).unwrap().0
    }

    fn take_in(store: &Store, said: &[Placed]) {
        let item = |placed: &Placed| IndexItem::Statement {
            origin: placed.origin.clone(),
            index: placed.index,
            leaf: placed.leaf,
            body: Arc::clone(&placed.body),
            own: false,
            verdict: Some(Verdict::Verified),
        };
        let items: Vec<_> = said.iter().map(item).collect();
        store.apply(&items, JournalPosition::new(1)).unwrap();
    }

    fn place(origin: &Origin, index: u64) -> Position {
        let (origin, index) = (origin.clone(), LeafIndex::new(index));
        Position { origin, index }
    }

    fn indexes(found: &[Position]) -> Vec<u64> {
        found.iter().map(|one| one.index.value()).collect()
    }

    // spec: IDX-80
    #[test]
    fn receipts_are_found_by_the_act_and_the_log_they_stand_in() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let store = store(&directory);
        let (own, register) = (fixture.origin(), fixture.register());
        let receipt = |origin: &Origin, index| Receipt {
            act: StatementRef {
                origin: origin.clone(),
                index: LeafIndex::new(index),
                leaf_hash: Hash::from_bytes([5; 32]),
            },
            target: (LeafIndex::new(0), Hash::from_bytes([6; 32])),
            outcome: ActOutcome::Applied { measures: None },
        };
        let said = |at, receipts| {
            let batch = ReceiptBatch::new(own.clone(), receipts);
            fixture.says(at, Content::ReceiptBatch(batch.unwrap()))
        };
        let mut both = vec![receipt(&own, 3), receipt(&register, 3)];
        both.sort_by(|a, b| a.act.cmp(&b.act));
        let one = vec![receipt(&register, 3)];
        take_in(&store, &[said(10, both), said(11, one)]);
        let of = |act: &Position, log, most| {
            let found = store.receipts_of(act, log, most).unwrap();
            indexes(&found.places)
        };
        assert_eq!(of(&place(&own, 3), &own, 9), [10]);
        assert_eq!(of(&place(&register, 3), &own, 9), [10, 11]);
        assert_eq!(of(&place(&register, 3), &own, 1), [10]);
        assert!(of(&place(&register, 4), &own, 9).is_empty());
        assert!(of(&place(&register, 3), &register, 9).is_empty());
        let is_cut = |most| {
            let found = store.receipts_of(&place(&register, 3), &own, most);
            found.unwrap().is_cut
        };
        assert_eq!([1, 2, 3].map(is_cut), [true, false, false]);
    }

    // spec: IDX-81
    #[test]
    fn deliveries_are_found_by_each_position_that_they_name() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let store = store(&directory);
        let own = fixture.origin();
        let given = |at, ranges: &[(u64, u64)]| {
            let to = AuthorityCode::parse("11310000MB00000009").unwrap();
            let range = |(begin, end): &(u64, u64)| (LeafIndex::new(*begin), LeafIndex::new(*end));
            let ranges = ranges.iter().map(range).collect();
            let batch = DeliveryBatch::new(to, own.clone(), ranges);
            fixture.says(at, Content::DeliveryBatch(batch.unwrap()))
        };
        let wide = BLOCK * (BLOCKS_MAX + 9);
        let said = [
            given(10, &[(3, 5), (250, 260), (400, 1_000)]),
            given(11, &[(4, 6)]),
            given(12, &[(999, wide), (u64::MAX - 2, u64::MAX)]),
        ];
        take_in(&store, &said);
        let of = |index, log: &Origin| {
            let found = store.deliveries_of(&place(&own, index), log, 9).unwrap();
            indexes(&found.places)
        };
        for (index, expected) in [
            (2, &[][..]),
            (3, &[10][..]),
            (4, &[10, 11]),
            (5, &[11]),
            (6, &[]),
            (249, &[]),
            (255, &[10]),
            (256, &[10]),
            (260, &[]),
            (500, &[10]),
            (999, &[10, 12]),
            (1_000, &[12]),
            (wide - 1, &[12]),
            (wide, &[]),
            (u64::MAX - 1, &[12]),
            (u64::MAX, &[]),
        ] {
            assert_eq!(of(index, &own), expected, "{index}");
            assert!(of(index, &fixture.register()).is_empty());
        }
        // Whoever asks is told where there may be more.
        let within = |index, most, rows| {
            let found = store.deliveries_within(&place(&own, index), &own, most, rows);
            let found = found.unwrap();
            (indexes(&found.places), found.is_cut)
        };
        assert_eq!(within(4, 1, 9), (vec![10], true));
        assert_eq!(within(4, 2, 9), (vec![10, 11], false));
        // The first block has a row for each of three ranges, though one names the position.
        assert_eq!(within(255, 9, 3), (vec![10], false));
        assert_eq!(within(4, 9, 2), (vec![10], true));
    }
}
