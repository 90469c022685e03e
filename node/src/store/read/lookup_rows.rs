//! The register of look-ups.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use concordat_protocol::codec::{self, Limits};
use concordat_protocol::lookup::Shown;

use crate::lookups::Mark;
use crate::store::ledger::{self, KeptRow};
use crate::store::schema::{Bytes, Family, Fields};
use crate::store::{Store, StoreError, read};

/// Where rows are found by what they showed: the last key that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAt(Vec<u8>);

/// Rows with what each showed, and the place to go on from.
pub type ShownPage = (Vec<(u64, Shown)>, Option<ShownAt>);

impl ShownAt {
    /// The first key after it.
    fn next_key(&self) -> Vec<u8> {
        let mut key = self.0.clone();
        key.push(0);
        key
    }
}

impl Store {
    /// Rows of the register of look-ups that are kept, by number.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn lookups(&self, range: Range<u64>) -> Result<Vec<KeptRow>, StoreError> {
        let mut rows = Vec::new();
        self.look_through(range, |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Looks at the rows of the register of look-ups that are kept, by number.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn look_through(
        &self,
        range: Range<u64>,
        mut look: impl FnMut(KeptRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let prefix = Bytes::key(Family::Lookups).finish();
        let (from, end) = (
            ledger::lookup_key(range.start),
            ledger::lookup_key(range.end),
        );
        let mut whole = true;
        self.table().scan(&prefix, &from, |key, value| {
            if *key >= *end {
                return ControlFlow::Break(());
            }
            match ledger::decode_lookup(value) {
                Some(Some(row)) => look(row),
                Some(None) => ControlFlow::Continue(()),
                None => {
                    whole = false;
                    ControlFlow::Break(())
                }
            }
        })?;
        match whole {
            true => Ok(()),
            false => Err(self.table().judged(StoreError::damaged(Family::Lookups))),
        }
    }

    /// The numbers of the rows of the register of look-ups that are indexed, and whether they are kept.
    ///
    /// # Errors
    /// `Engine`.
    pub fn look_ups_indexed(&self) -> Result<BTreeMap<u64, bool>, StoreError> {
        let prefix = Bytes::key(Family::Lookups).finish();
        let mut rows = BTreeMap::new();
        self.table().scan(&prefix, &prefix, |key, value| {
            if let Some(number) = key.get(1..).and_then(|key| Fields(key).u64()) {
                rows.insert(number, !value.is_empty());
            }
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Marks on rows of the register of look-ups, by number, kind and instant.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn lookup_marks(&self, range: Range<u64>) -> Result<Vec<Mark>, StoreError> {
        let prefix = Bytes::key(Family::Marks).finish();
        let from = ledger::marks_prefix(range.start).finish();
        let end = ledger::marks_prefix(range.end).finish();
        let mut marks = Vec::new();
        let mut whole = true;
        self.table().scan(&prefix, &from, |key, value| {
            if *key >= *end {
                return ControlFlow::Break(());
            }
            match Mark::decode(value) {
                Ok(mark) => marks.push(mark),
                Err(_) => whole = false,
            }
            ControlFlow::Continue(())
        })?;
        match whole {
            true => Ok(marks),
            false => Err(self.table().judged(StoreError::damaged(Family::Marks))),
        }
    }

    /// Decisions that rows of the register of look-ups showed and that something points at, by decision and
    /// number, with how each row showed them: those after a place, no more than `most`; and the place to go
    /// on from where there may be more.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-83
    pub fn shown_and_pointed_at(
        &self,
        after: Option<&ShownAt>,
        most: usize,
    ) -> Result<ShownPage, StoreError> {
        let prefix = Bytes::key(Family::Shown).finish();
        let from = after.map_or_else(|| prefix.clone(), ShownAt::next_key);
        let (mut found, mut next) = (Vec::new(), None);
        let mut whole = true;
        let pointed_at = read(&self.pointed_at);
        self.table().scan(&prefix, &from, |key, value| {
            let shown = codec::decode::<Shown>(value, Limits::STATEMENT);
            match (ledger::decode_shown(key), shown) {
                (Some((spot, number)), Ok(shown)) => {
                    if pointed_at.contains(&spot) {
                        found.push((number, shown));
                    }
                }
                _ => whole = false,
            }
            if found.len() < most {
                return ControlFlow::Continue(());
            }
            next = Some(ShownAt(key.to_vec()));
            ControlFlow::Break(())
        })?;
        match whole {
            true => Ok((found, next)),
            false => Err(self.table().judged(StoreError::damaged(Family::Shown))),
        }
    }
}
