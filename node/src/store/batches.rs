//! What an import or a bulk act is made of: decisions of the node's own, and acts of anybody.

use concordat_protocol::statement::{BatchId, Class};

use super::engine::EngineBatch;
use super::read::position;
use super::schema::{Bytes, Family, Position, Spot};
use super::subjects::code;
use super::{Store, StoreError, read};

pub(super) fn put(batch: &mut EngineBatch, id: &BatchId, at: Spot, class: Class) {
    let key = prefix(id).spot(at).finish();
    batch.put(key, Bytes::value().u8(code(class.code())).finish());
}

fn prefix(id: &BatchId) -> Bytes {
    Bytes::key(Family::Batches).raw(id.as_bytes())
}

impl Store {
    /// What an import or a bulk act is made of, of the classes asked for, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-85
    pub fn batch(
        &self,
        id: &BatchId,
        class: impl Fn(Class) -> bool,
    ) -> Result<Vec<(Position, Class)>, StoreError> {
        let logs = read(&self.logs);
        let prefix = prefix(id).finish();
        let rows = self.collect(Family::Batches, &prefix, None, |key, value| {
            let at = Spot::decode(key.get(prefix.len()..)?)?;
            let of = Class::from_code(u64::from(*value.first()?))?;
            Some(class(of).then_some((position(&logs, at)?, of)))
        })?;
        let mut found: Vec<_> = rows.into_iter().flatten().collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::fixture::Fixture;
    use crate::journal::JournalId;
    use crate::store::{IndexItem, JournalPosition, StoreOptions, Verdict};

    // spec: IDX-85
    #[test]
    fn statements_of_a_batch_are_found_by_it_decisions_of_others_left_out() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let options = StoreOptions::default();
        let store = Store::open(directory.path(), options, JournalId([7; 16]));
        let store = store.unwrap().0;
        let [one, other] = [1, 2].map(|seed| BatchId::from_bytes([seed; 16]));
        let item = |index, batch, own| {
            let placed = fixture.decision_of_batch(index, batch);
            IndexItem::Statement {
                origin: placed.origin.clone(),
                index: placed.index,
                leaf: placed.leaf,
                body: Arc::clone(&placed.body),
                own,
                verdict: Some(Verdict::Verified),
            }
        };
        let items = [
            item(7, Some(one), true),
            item(3, Some(one), true),
            item(4, Some(other), true),
            item(5, None, true),
            item(6, Some(one), false),
        ];
        store.apply(&items, JournalPosition::new(1)).unwrap();
        let indexes = |id: &BatchId| -> Vec<u64> {
            let found = store.batch(id, Class::is_decision).unwrap();
            found.iter().map(|(at, _)| at.index.value()).collect()
        };
        assert_eq!(indexes(&one), [3, 7]);
        assert_eq!(indexes(&other), [4]);
        assert!(indexes(&BatchId::from_bytes([3; 16])).is_empty());
        assert!(store.batch(&one, Class::is_act).unwrap().is_empty());
    }
}
