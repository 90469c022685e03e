//! An ordered map over the engine that gives it few and large values instead of many small ones.
//!
//! A key costs the engine several times its bytes, so what comes in stays in memory first, and goes
//! to the engine many batches at a time: one write that is atomic, with the journal position that it
//! reaches. A crash loses what was in memory only; the store is then behind, and takes it in again.
//!
//! ```text
//!            batches
//!               │
//!          buffer in memory ───────── full, flush, close ──────► one write to the engine
//!               │                                                  keys of most families, as they are
//!            readers ◄── engine, runs                              small rows as blocks of a run
//!                          ▲
//!   eight runs of a level ─┴─► one run of the next
//! ```
//! The families of small rows, one or more a statement, lie in *runs*: sorted, in blocks of about
//! 8 KiB with a value each, never changed, merged by eights. A look-up reads a block of each run that
//! can hold the key; the first keys of all blocks are in memory.
//!
//! Out of scope: what keys mean. Rows of runs are written once and are never removed. Any number of
//! threads read beside one that writes; the store sees to it that no two of [`Table::apply`],
//! [`Table::flush`] and [`Table::settled`] run at once.

mod run;

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::StoreError;
use super::engine::{Engine, EngineBatch, EngineFault, Entry};
use super::schema::Family;

use run::{Directory, Run, RunWriter, Walk};

/// Families of small rows.
const IN_RUNS: [Family; 7] = [
    Family::Subjects,
    Family::Documents,
    Family::Natural,
    Family::Receipts,
    Family::Given,
    Family::Records,
    Family::Referred,
];
/// Rows in memory at which they become a run.
const BUFFER_ROWS_MAX: usize = 32_768;
/// Bytes in memory at which they go to the engine.
const BUFFER_BYTES_MAX: usize = 6 << 20;
/// Runs of one level that become one of the next.
const FAN_IN: usize = 8;
/// Bytes written or removed in one batch of a merge.
const MERGE_BATCH_BYTES: usize = 1 << 20;

/// The map.
#[derive(Debug)]
pub(super) struct Table {
    engine: Engine,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Not in the engine yet. Nothing of it is a removal.
    buffer: BTreeMap<Vec<u8>, Vec<u8>>,
    buffer_bytes: usize,
    /// Rows of runs in the buffer.
    buffer_rows: usize,
    /// Newest first.
    runs: Vec<Run>,
    next_run: u32,
}

impl Table {
    /// Reads which runs there are, and removes what a merge that did not end left.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub(super) fn new(engine: Engine) -> Result<Self, StoreError> {
        let mut state = State::default();
        let directory = match engine.value(&Directory::key())? {
            Some(bytes) => Directory::decode(&bytes),
            None => Some(Directory::default()),
        };
        let directory = directory.ok_or_else(|| StoreError::damaged(Family::Runs))?;
        state.next_run = directory.next_run;
        for (id, level) in &directory.runs {
            state.runs.push(Run::load(&engine, *id, *level)?);
        }
        let table = Self {
            engine,
            state: RwLock::new(state),
        };
        table.discard(&directory.void)?;
        Ok(table)
    }

    /// The engine below, with everything in it that was put here.
    ///
    /// # Errors
    /// `Engine`.
    pub(super) fn settled(&self) -> Result<&Engine, EngineFault> {
        self.persist()?;
        Ok(&self.engine)
    }

    /// Takes a batch in: readers see all of it or nothing, and so does whoever opens the store after a
    /// crash.
    ///
    /// # Errors
    /// `Engine`.
    pub(super) fn apply(&self, batch: EngineBatch) -> Result<(), StoreError> {
        let full = {
            let mut state = self.write();
            for (key, value) in batch.into_writes() {
                state.put(key, value.unwrap_or_default());
            }
            state.buffer_rows >= BUFFER_ROWS_MAX || state.buffer_bytes >= BUFFER_BYTES_MAX
        };
        if full {
            self.persist()?;
            self.merge()?;
        }
        Ok(())
    }

    /// The value of a key of a family that is not in runs.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineFault> {
        if let Some(value) = self.read().buffer.get(key) {
            return Ok((!is_removed(key, value)).then(|| value.clone()));
        }
        self.engine.value(key)
    }

    /// The greatest key of `low..=high` with its value, of a family that is not in runs.
    pub(super) fn last_within(
        &self,
        low: &[u8],
        high: &[u8],
    ) -> Result<Option<Entry>, EngineFault> {
        let state = self.read();
        let range = (Bound::Included(low), Bound::Included(high));
        let buffered = state.buffer.range::<[u8], _>(range).next_back();
        let stored = self.engine.last_within(low, high)?;
        Ok(match (buffered, stored) {
            (Some((key, value)), stored) if stored.as_ref().is_none_or(|old| old.key <= *key) => {
                Some(Entry {
                    key: key.clone(),
                    value: value.clone(),
                })
            }
            (_, stored) => stored,
        })
    }

    /// Shows every entry under `prefix` whose key is at or after `from`, in order, until told to stop.
    /// `prefix` begins with a family.
    pub(super) fn scan(
        &self,
        prefix: &[u8],
        from: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut visit = |key: &[u8], value: &[u8]| match is_removed(key, value) {
            true => ControlFlow::Continue(()),
            false => visit(key, value),
        };
        let state = self.read();
        let range = (Bound::Included(from), Bound::Unbounded);
        let buffered = state.buffer.range::<[u8], _>(range);
        let mut buffered = buffered
            .take_while(|(key, _)| key.starts_with(prefix))
            .peekable();
        if prefix.first().is_some_and(|family| in_runs(*family)) {
            let runs = state.runs.iter().map(|run| run.walk(prefix, from));
            let merged = merge(&self.engine, buffered, runs.collect(), visit);
            return merged.map_err(|error| self.judged(error));
        }
        let mut going = true;
        self.engine.scan(prefix, from, |key, value| {
            // What is in the buffer is newer than what the engine has under the same key.
            while let Some((newer, _)) = buffered.peek()
                && newer.as_slice() <= key
                && let Some((newer, value)) = buffered.next()
            {
                if visit(newer, value).is_break() {
                    going = false;
                    return ControlFlow::Break(());
                }
                if newer.as_slice() == key {
                    return ControlFlow::Continue(());
                }
            }
            let flow = visit(key, value);
            going = flow.is_continue();
            flow
        })?;
        while going && let Some((key, value)) = buffered.next() {
            going = visit(key, value).is_continue();
        }
        Ok(())
    }

    /// Passes an error on; after damage the next start builds everything anew.
    // spec: IDX-9
    pub(super) fn judged(&self, error: StoreError) -> StoreError {
        if let StoreError::Damaged { .. } = error {
            self.engine.distrust();
        }
        error
    }

    /// Hands everything to the engine and the operating system.
    pub(super) fn flush(&self) -> Result<(), EngineFault> {
        self.persist()?;
        self.engine.flush()
    }

    /// Bytes that the files take.
    pub(super) fn size_on_disk(&self) -> Result<u64, EngineFault> {
        self.engine.size_on_disk()
    }

    /// Writes the buffer to the engine, as one. Readers go on seeing the buffer until the engine has
    /// it, and nothing joins it meanwhile.
    // spec: IDX-2
    fn persist(&self) -> Result<(), EngineFault> {
        let (batch, run) = {
            let state = self.read();
            if state.buffer.is_empty() {
                return Ok(());
            }
            state.as_batch()
        };
        self.engine.apply(batch)?;
        let mut state = self.write();
        state.buffer.clear();
        (state.buffer_bytes, state.buffer_rows) = (0, 0);
        if let Some(run) = run {
            state.next_run = run.id() + 1;
            state.runs.insert(0, run);
        }
        Ok(())
    }

    /// Merges levels that are full, the lowest first.
    fn merge(&self) -> Result<(), StoreError> {
        loop {
            let (merged, level, next_run, directory) = {
                let state = self.read();
                let full = (0..=u8::MAX).find(|level| state.of_level(*level).count() >= FAN_IN);
                let Some(level) = full else { return Ok(()) };
                let merged: Vec<Run> = state.of_level(level).cloned().collect();
                (merged, level, state.next_run, state.directory())
            };
            // 1. The new run is named as void, so that a crash while it is written leaves nothing.
            let void = vec![next_run];
            self.store_directory(&Directory { void, ..directory })?;
            let run = self.merged(&merged, next_run, level.saturating_add(1))?;
            // 2. It takes the place of the old ones, which are void from here on.
            let directory = {
                let mut state = self.write();
                state
                    .runs
                    .retain(|run| !merged.iter().any(|old| old.id() == run.id()));
                let place = state
                    .runs
                    .iter()
                    .take_while(|run| run.level() <= level)
                    .count();
                state.runs.insert(place, run);
                state.next_run = next_run + 1;
                state.directory()
            };
            let void: Vec<u32> = merged.iter().map(Run::id).collect();
            self.store_directory(&Directory {
                void: void.clone(),
                ..directory
            })?;
            // 3. Their blocks go. Crash here -> the next open removes the rest.
            self.discard(&void)?;
        }
    }

    /// Writes the rows of some runs as one run.
    fn merged(&self, runs: &[Run], id: u32, level: u8) -> Result<Run, StoreError> {
        let mut rows: Vec<_> = runs
            .iter()
            .map(|run| run.rows(&self.engine).peekable())
            .collect();
        let mut writer = RunWriter::new(id, level);
        let mut batch = EngineBatch::default();
        loop {
            let mut least: Option<Vec<u8>> = None;
            for source in &mut rows {
                match source.peek() {
                    Some(Ok((key, _))) if least.as_ref().is_none_or(|least| key < least) => {
                        least = Some(key.clone());
                    }
                    Some(Ok(_)) | None => {}
                    Some(Err(_)) => return Err(self.judged(StoreError::damaged(Family::Runs))),
                }
            }
            let Some(least) = least else { break };
            let mut taken = None;
            for source in &mut rows {
                let same = |row: &Result<(Vec<u8>, Vec<u8>), StoreError>| {
                    row.as_ref().is_ok_and(|(key, _)| *key == least)
                };
                if let Some(Ok((_, value))) = source.next_if(same) {
                    // Runs come newest first, and the newest of equal keys counts.
                    taken.get_or_insert(value);
                }
            }
            writer.push(&mut batch, &least, &taken.unwrap_or_default());
            if batch.bytes() >= MERGE_BATCH_BYTES as u64 {
                self.engine.apply(std::mem::take(&mut batch))?;
            }
        }
        let run = writer.finish(&mut batch);
        self.engine.apply(batch)?;
        Ok(run)
    }

    fn store_directory(&self, directory: &Directory) -> Result<(), EngineFault> {
        let mut batch = EngineBatch::default();
        batch.replace(Directory::key(), directory.encode());
        self.engine.apply(batch)
    }

    /// Removes the blocks of runs that no longer count, and then their names.
    fn discard(&self, void: &[u32]) -> Result<(), StoreError> {
        if void.is_empty() {
            return Ok(());
        }
        for id in void {
            let mut keys = Vec::new();
            for prefix in Run::prefixes(*id) {
                self.engine.scan(&prefix, &prefix, |key, _| {
                    keys.push(key.to_vec());
                    ControlFlow::Continue(())
                })?;
            }
            for part in keys.chunks(256) {
                let mut batch = EngineBatch::default();
                part.iter().for_each(|key| batch.remove(key));
                self.engine.apply(batch)?;
            }
        }
        let directory = self.read().directory();
        Ok(self.store_directory(&directory)?)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // What is lost here is taken in again from the journal.
        if let Err(error) = self.persist() {
            tracing::warn!(%error, "the store was left behind the journal");
        }
    }
}

impl State {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let bytes = key.len() + value.len();
        let rows = usize::from(key.first().is_some_and(|family| in_runs(*family)));
        match self.buffer.insert(key, value) {
            Some(_) => {}
            None => {
                self.buffer_bytes += bytes;
                self.buffer_rows += rows;
            }
        }
    }

    /// The buffer as one write, with the run that its small rows make.
    fn as_batch(&self) -> (EngineBatch, Option<Run>) {
        let mut batch = EngineBatch::default();
        let mut writer = RunWriter::new(self.next_run, 0);
        for (key, value) in &self.buffer {
            let family = key.first().copied().unwrap_or_default();
            match (in_runs(family), is_removed(key, value)) {
                (true, _) => writer.push(&mut batch, key, value),
                (false, true) => batch.remove(key),
                (false, false) => batch.replace(key.as_slice(), value.as_slice()),
            }
        }
        if self.buffer_rows == 0 {
            return (batch, None);
        }
        let run = writer.finish(&mut batch);
        let mut directory = self.directory();
        directory.runs.insert(0, (run.id(), run.level()));
        directory.next_run = run.id() + 1;
        batch.replace(Directory::key(), directory.encode());
        (batch, Some(run))
    }

    fn of_level(&self, level: u8) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.level() == level)
    }

    fn directory(&self) -> Directory {
        Directory {
            next_run: self.next_run,
            runs: self
                .runs
                .iter()
                .map(|run| (run.id(), run.level()))
                .collect(),
            void: Vec::new(),
        }
    }
}

/// Shows the rows of the buffer and of runs, newest first, in one order until told to stop: of rows under one
/// key the newest. Of each run one block is read at a time, so that work and memory end where the walk ends.
fn merge<'b>(
    engine: &Engine,
    buffered: impl Iterator<Item = (&'b Vec<u8>, &'b Vec<u8>)>,
    mut runs: Vec<Walk<'_>>,
    mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut buffered = buffered.peekable();
    loop {
        for run in &mut runs {
            run.fill(engine)?;
        }
        // The first of equal ones is the newest.
        let stored = runs.iter().enumerate();
        let stored = stored.filter_map(|(number, run)| Some((run.row()?.0.as_slice(), number)));
        let stored = stored.min_by_key(|(key, _)| *key);
        let newer =
            buffered.next_if(|(newer, _)| stored.is_none_or(|(key, _)| newer.as_slice() <= key));
        let flow = match (newer, stored) {
            (Some((key, value)), _) => {
                pass(&mut runs, key);
                visit(key, value)
            }
            (None, Some((_, number))) => {
                let Some((key, value)) = runs.get_mut(number).and_then(Walk::step) else {
                    return Ok(());
                };
                pass(&mut runs, &key);
                visit(&key, &value)
            }
            (None, None) => return Ok(()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}

/// Passes over what older runs have under a key.
fn pass(runs: &mut [Walk<'_>], key: &[u8]) {
    for run in runs {
        if run.row().is_some_and(|(older, _)| older == key) {
            run.step();
        }
    }
}

fn in_runs(family: u8) -> bool {
    IN_RUNS.iter().any(|of| *of as u8 == family)
}

/// Whether an entry of the buffer stands for one that went: an empty value of a family whose rows can go.
fn is_removed(key: &[u8], value: &[u8]) -> bool {
    let family = key.first().copied().unwrap_or_default();
    let removable = [
        Family::Marks,
        Family::Shown,
        Family::Agreements,
        Family::AgreementPlaces,
    ];
    let mut removable = removable.into_iter();
    value.is_empty() && removable.any(|one| one as u8 == family)
}

#[cfg(test)]
mod tests;
