//! A run: rows in order, in blocks, under a number of its own.
//!
//! ```text
//! t · run u32 · block u32 -> rows: shared u8 · key length u8 · value length u16 · rest of key · value
//! i · run u32 · part u32  -> first keys of its blocks: length u8 · key
//! j                       -> next run u32 · count u32 · (run u32 · level u8)* · void run u32*
//! ```
//! `shared` is how many bytes a key has in common with the one before it in the block.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::StoreError;
use super::super::engine::{Engine, EngineBatch};
use super::super::schema::{Bytes, Family, Fields};

/// Bytes at which a block is closed.
const BLOCK_BYTES: usize = 8 << 10;
/// Bytes at which a part of the first keys is closed.
const PART_BYTES: usize = 32 << 10;

/// Which runs there are, newest first, and which are being removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) next_run: u32,
    /// Number and level.
    pub(super) runs: Vec<(u32, u8)>,
    pub(super) void: Vec<u32>,
}

impl Directory {
    pub(super) fn key() -> Vec<u8> {
        Bytes::key(Family::Runs).finish()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let count = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        let mut bytes = Bytes::value().u32(self.next_run).u32(count);
        for (id, level) in &self.runs {
            bytes = bytes.u32(*id).u8(*level);
        }
        let void = self.void.iter();
        void.fold(bytes, |bytes, id| bytes.u32(*id)).finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let next_run = fields.u32()?;
        let mut runs = Vec::new();
        for _ in 0..fields.u32()? {
            runs.push((fields.u32()?, fields.u8()?));
        }
        let mut void = Vec::new();
        while !fields.0.is_empty() {
            void.push(fields.u32()?);
        }
        Some(Self {
            next_run,
            runs,
            void,
        })
    }
}

/// A run, with the first key of each of its blocks.
#[derive(Clone, Debug)]
pub(super) struct Run {
    id: u32,
    level: u8,
    firsts: Arc<[Box<[u8]>]>,
}

impl Run {
    pub(super) const fn id(&self) -> u32 {
        self.id
    }

    pub(super) const fn level(&self) -> u8 {
        self.level
    }

    /// What the keys of a run begin with.
    pub(super) fn prefixes(id: u32) -> [Vec<u8>; 2] {
        [Family::Blocks, Family::FirstKeys].map(|family| Bytes::key(family).u32(id).finish())
    }

    pub(super) fn load(engine: &Engine, id: u32, level: u8) -> Result<Self, StoreError> {
        let prefix = Bytes::key(Family::FirstKeys).u32(id).finish();
        let mut firsts = Vec::new();
        let mut whole = true;
        engine.scan(&prefix, &prefix, |_, part| {
            let mut fields = Fields(part);
            while !fields.0.is_empty() {
                let length = fields.u8().map(usize::from);
                match length.and_then(|length| fields.take(length)) {
                    Some(key) => firsts.push(Box::from(key)),
                    None => {
                        whole = false;
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        match whole && !firsts.is_empty() {
            true => Ok(Self {
                id,
                level,
                firsts: firsts.into(),
            }),
            false => Err(StoreError::damaged(Family::FirstKeys)),
        }
    }

    /// The rows under `prefix` from `from` on, in order.
    pub(super) fn walk<'r>(&'r self, prefix: &'r [u8], from: &'r [u8]) -> Walk<'r> {
        let after = self.firsts.partition_point(|first| &**first <= from);
        Walk {
            run: self,
            prefix,
            from,
            next: after.saturating_sub(1),
            rows: VecDeque::new(),
        }
    }

    /// All rows in order.
    pub(super) fn rows<'a>(
        &'a self,
        engine: &'a Engine,
    ) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + 'a {
        (0..self.firsts.len()).flat_map(move |number| {
            let mut rows = Vec::new();
            let read = self.each_row_of(engine, number, |key, value| {
                rows.push(Ok((key.to_vec(), value.to_vec())));
                ControlFlow::Continue(())
            });
            if let Err(error) = read {
                rows.push(Err(error));
            }
            rows
        })
    }

    /// Shows the rows of a block until told to stop.
    fn each_row_of(
        &self,
        engine: &Engine,
        number: usize,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let seen = engine.look(&block_key(self.id, number), |block| each_row(block, visit))?;
        seen.unwrap_or_else(|| Err(StoreError::damaged(Family::Blocks)))
    }
}

/// A walk over rows of a run, of which one block is in memory at a time.
#[derive(Debug)]
pub(super) struct Walk<'r> {
    run: &'r Run,
    prefix: &'r [u8],
    from: &'r [u8],
    /// The block that is read next.
    next: usize,
    rows: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Walk<'_> {
    /// The row at which the walk stands; `None` behind the last one.
    pub(super) fn row(&self) -> Option<&(Vec<u8>, Vec<u8>)> {
        self.rows.front()
    }

    /// Goes on by a row.
    pub(super) fn step(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.rows.pop_front()
    }

    /// Reads on where the walk stands at no row.
    pub(super) fn fill(&mut self, engine: &Engine) -> Result<(), StoreError> {
        while self.rows.is_empty()
            && let Some(first) = self.run.firsts.get(self.next)
        {
            if **first > *self.from && !first.starts_with(self.prefix) {
                self.next = self.run.firsts.len();
                break;
            }
            let (prefix, from, rows) = (self.prefix, self.from, &mut self.rows);
            self.run.each_row_of(engine, self.next, |key, value| {
                if key < from {
                    return ControlFlow::Continue(());
                }
                if !key.starts_with(prefix) {
                    return ControlFlow::Break(());
                }
                rows.push_back((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })?;
            self.next += 1;
        }
        Ok(())
    }
}

/// Writes the rows of a run, which come in order.
#[derive(Debug)]
pub(super) struct RunWriter {
    id: u32,
    level: u8,
    block: Vec<u8>,
    last: Vec<u8>,
    firsts: Vec<Box<[u8]>>,
}

impl RunWriter {
    pub(super) const fn new(id: u32, level: u8) -> Self {
        Self {
            id,
            level,
            block: Vec::new(),
            last: Vec::new(),
            firsts: Vec::new(),
        }
    }

    /// Adds a row: a key of at most 255 bytes and a value of at most 65,535.
    pub(super) fn push(&mut self, batch: &mut EngineBatch, key: &[u8], value: &[u8]) {
        let full = self.block.len() + key.len() + value.len() > BLOCK_BYTES;
        // A block holds one family, so that a family without rows costs no look.
        if full || self.last.first() != key.first() {
            self.close(batch);
        }
        let shared = match self.block.is_empty() {
            true => {
                self.firsts.push(Box::from(key));
                0
            }
            false => key
                .iter()
                .zip(&self.last)
                .take_while(|(a, b)| a == b)
                .count(),
        };
        let rest = key.get(shared..).unwrap_or_default();
        let byte = |length| u8::try_from(length).unwrap_or(u8::MAX);
        self.block.extend([byte(shared), byte(rest.len())]);
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend(length.to_be_bytes());
        self.block.extend_from_slice(rest);
        self.block.extend_from_slice(value);
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    pub(super) fn finish(mut self, batch: &mut EngineBatch) -> Run {
        self.close(batch);
        let mut part = Vec::new();
        let mut parts = 0;
        for first in &self.firsts {
            part.push(u8::try_from(first.len()).unwrap_or(u8::MAX));
            part.extend_from_slice(first);
            if part.len() >= PART_BYTES {
                batch.put(part_key(self.id, parts), std::mem::take(&mut part));
                parts += 1;
            }
        }
        if !part.is_empty() {
            batch.put(part_key(self.id, parts), part);
        }
        Run {
            id: self.id,
            level: self.level,
            firsts: self.firsts.into(),
        }
    }

    fn close(&mut self, batch: &mut EngineBatch) {
        if self.block.is_empty() {
            return;
        }
        let number = u32::try_from(self.firsts.len().saturating_sub(1)).unwrap_or(u32::MAX);
        batch.put(block_key(self.id, number), self.block.as_slice());
        self.block.clear();
    }
}

pub(super) fn block_key(id: u32, number: u32) -> Vec<u8> {
    Bytes::key(Family::Blocks).u32(id).u32(number).finish()
}

fn part_key(id: u32, number: u32) -> Vec<u8> {
    Bytes::key(Family::FirstKeys).u32(id).u32(number).finish()
}

/// Shows the rows of a block until told to stop.
fn each_row(
    block: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut fields = Fields(block);
    let mut key: Vec<u8> = Vec::with_capacity(64);
    while !fields.0.is_empty() {
        let value = row(&mut fields, &mut key);
        let value = value.ok_or_else(|| StoreError::damaged(Family::Blocks))?;
        if visit(&key, value).is_break() {
            break;
        }
    }
    Ok(())
}

/// The next row: its key takes the place of the one before it.
fn row<'a>(fields: &mut Fields<'a>, key: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (shared, rest) = (fields.u8()?, fields.u8()?);
    let length = fields.u16()?;
    if usize::from(shared) > key.len() {
        return None;
    }
    key.truncate(usize::from(shared));
    key.extend_from_slice(fields.take(usize::from(rest))?);
    fields.take(usize::from(length))
}
