//! Roots of registers of look-ups that say that rows were lost, by the log in which they stand.
//!
//! ```text
//! key    position of the root        value  nothing
//! ```

use concordat_protocol::log::{LeafIndex, Origin};

use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, LogId, Spot};
use super::{Store, StoreError, read};

pub(super) fn put(batch: &mut EngineBatch, at: Spot) {
    batch.put(key(at), []);
}

fn key(at: Spot) -> Vec<u8> {
    Bytes::key(Family::ResumedRoots).spot(at).finish()
}

fn place(bytes: &[u8]) -> Option<u64> {
    let mut fields = Fields(bytes.get(1..)?);
    let spot = fields.spot()?;
    fields.0.is_empty().then_some(spot.index)
}

impl Store {
    /// The last roots of a log that say that rows of its register were lost, the last first, those included that
    /// nobody has verified.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-119
    pub fn resumed_roots(
        &self,
        origin: &Origin,
        most: usize,
    ) -> Result<Vec<LeafIndex>, StoreError> {
        let logs = read(&self.logs);
        let Some(log) = logs.id(origin) else {
            return Ok(Vec::new());
        };
        self.last_roots(log, most)
    }

    fn last_roots(&self, log: LogId, most: usize) -> Result<Vec<LeafIndex>, StoreError> {
        let spot = |index| key(Spot { log, index });
        let (mut found, mut last) = (Vec::new(), Some(u64::MAX));
        while let Some(high) = last
            && found.len() < most
        {
            let row = self.table().last_within(&spot(0), &spot(high))?;
            let Some(row) = row else { break };
            let damaged = || StoreError::damaged(Family::ResumedRoots);
            let index = place(&row.key).ok_or_else(|| self.table().judged(damaged()))?;
            found.push(LeafIndex::new(index));
            last = index.checked_sub(1);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concordat_protocol::log::{Hash, TreeSize};
    use concordat_protocol::statement::{Content, QueryRoot};
    use concordat_protocol::time::Timestamp;
    use tempfile::TempDir;

    use super::*;
    use crate::fixture::Fixture;
    use crate::journal::JournalId;
    use crate::store::{IndexItem, JournalPosition, StoreOptions};

    // spec: IDX-119
    #[test]
    fn roots_that_say_that_rows_were_lost_are_found_by_their_log_the_last_first() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let options = StoreOptions::default();
        let store = Store::open(directory.path(), options, JournalId([7; 16]));
        let store = store.unwrap().0;
        let origin = fixture.origin();
        assert_eq!(store.resumed_roots(&origin, 8).unwrap(), []);
        let item = |index, after: Option<u64>| {
            let root = QueryRoot {
                size: TreeSize::new(2).unwrap(),
                root: Hash::from_bytes([1; 32]),
                from: Timestamp::MIN,
                until: Timestamp::MIN,
                resumed_after: after.map(LeafIndex::new),
            };
            let placed = fixture.says(index, Content::QueryRoot(root));
            IndexItem::Statement {
                origin: placed.origin.clone(),
                index: placed.index,
                leaf: placed.leaf,
                body: Arc::clone(&placed.body),
                own: false,
                verdict: None,
            }
        };
        let items = [item(3, None), item(9, Some(3)), item(5, Some(3))];
        store.apply(&items, JournalPosition::new(1)).unwrap();
        let found = |most| store.resumed_roots(&origin, most).unwrap();
        let [five, nine] = [5, 9].map(LeafIndex::new);
        assert_eq!(found(8), [nine, five]);
        assert_eq!(found(1), [nine]);
        store.flush().unwrap();
        assert_eq!(found(8), [nine, five]);
    }
}
