//! Directories of the store: opening the newest, putting a damaged one aside, building anew.
//!
//! ```text
//! store/
//!   generation-00000007            in use: the highest number
//!   generation-00000007.whole      its mark of trust: without it, it is built anew
//!   generation-00000008.building   a compaction that did not end; removed by the next open
//!   damaged                        the last one that could not be opened, for whoever looks into it
//! ```
//! There is no conversion between formats: what a directory of another format held is taken from the
//! journal again.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::acts;
use super::engine::{Engine, EngineBatch, EngineFault, mark_of_trust};
use super::schema::{Meta, Spot};
use super::table::Table;
use super::verdicts::Verdicts;
use super::writer::Logs;
use super::{Opened, RebuildReason, StoreOptions};
use crate::disk::{DIRECTORY_MODE, tighten};
use crate::journal::JournalId;

const BUILDING: &str = ".building";
const DAMAGED: &str = "damaged";
const PREFIX: &str = "generation-";
/// Entries in one batch of a compaction.
const COPY_ENTRIES: usize = 512;

/// A table with what is kept of it in memory.
pub(super) struct Loaded {
    pub(super) table: Table,
    pub(super) generation: u64,
    pub(super) meta: Meta,
    pub(super) logs: Logs,
    pub(super) verdicts: Verdicts,
    pub(super) pointed_at: BTreeSet<Spot>,
}

/// Opens the newest generation, or begins a new one when there is none that serves.
// spec: IDX-1, IDX-4
pub(super) fn open(
    directory: &Path,
    options: &StoreOptions,
    journal: JournalId,
) -> Result<(Loaded, Opened), StoreError> {
    private(directory).map_err(StoreError::directory)?;
    let newest = tidy(directory).map_err(StoreError::directory)?;
    let Some(generation) = newest else {
        let loaded = begin(directory, options, journal, 1)?;
        return Ok((loaded, Opened::Fresh));
    };
    let reason = match load(directory, options, generation) {
        Ok(Some(loaded)) if loaded.meta.journal == journal => return Ok((loaded, Opened::Ready)),
        Ok(Some(_)) => RebuildReason::OtherJournal,
        // An open that crashed before its first batch.
        Ok(None) => RebuildReason::Incomplete,
        Err(Refused::Format(found)) => RebuildReason::Format { found },
        Err(Refused::Store(StoreError::Damaged { .. })) => RebuildReason::Damaged,
        Err(Refused::Store(StoreError::Engine { source })) if source.asks_for_rebuild() => {
            RebuildReason::Engine { source }
        }
        Err(Refused::Store(error)) => return Err(error),
    };
    let path = path(directory, generation);
    set_aside(directory, &path).map_err(StoreError::directory)?;
    tracing::warn!(%reason, "store set aside; it is filled again from the journal");
    let loaded = begin(directory, options, journal, generation + 1)?;
    Ok((loaded, Opened::RebuildNeeded(reason)))
}

/// The directory, for its owner alone: the engine makes its files by the process's own settings.
// spec: STO-62
fn private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(directory)?;
    tighten(directory)
}

/// Puts the newest generation aside, whatever it holds, and begins a new one.
pub(super) fn renew(
    directory: &Path,
    options: &StoreOptions,
    journal: JournalId,
) -> Result<Loaded, StoreError> {
    let newest = tidy(directory).map_err(StoreError::directory)?;
    if let Some(generation) = newest {
        let path = path(directory, generation);
        set_aside(directory, &path).map_err(StoreError::directory)?;
    }
    begin(directory, options, journal, newest.unwrap_or(0) + 1)
}

/// Copies everything into a new directory and opens that; the caller then drops the old engine and
/// calls [`tidy`].
pub(super) fn rebuild_beside(
    directory: &Path,
    options: &StoreOptions,
    old: &Table,
    generation: u64,
) -> Result<(Table, u64), StoreError> {
    let next = generation + 1;
    let building = directory.join(format!("{PREFIX}{next:08}{BUILDING}"));
    {
        let new = open_engine(&building, options)?;
        copy(old.settled()?, &new)?;
        new.flush()?;
    }
    // 1. The new directory is complete under its provisional name.
    //    Crash here -> the next open removes it -> the old one serves.
    let complete = path(directory, next);
    fs::rename(&building, &complete).map_err(StoreError::directory)?;
    // 2. It has its name.
    //    Crash here -> the next open takes it, the higher number, and removes the old one.
    Ok((Table::new(open_engine(&complete, options)?)?, next))
}

/// Removes what an interrupted compaction left and all generations but the newest.
pub(super) fn tidy(directory: &Path) -> io::Result<Option<u64>> {
    let (mut generations, mut marks) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        match rest.parse::<u64>() {
            Ok(generation) => generations.push(generation),
            Err(_) if entry.file_type()?.is_dir() => fs::remove_dir_all(entry.path())?,
            Err(_) => marks.push(entry.path()),
        }
    }
    generations.sort_unstable();
    let newest = generations.pop();
    for old in generations {
        fs::remove_dir_all(path(directory, old))?;
    }
    let kept = newest.map(|newest| mark_of_trust(&path(directory, newest)));
    for mark in marks.iter().filter(|mark| Some(*mark) != kept.as_ref()) {
        fs::remove_file(mark)?;
    }
    Ok(newest)
}

enum Refused {
    Format(u16),
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

fn load(
    directory: &Path,
    options: &StoreOptions,
    generation: u64,
) -> Result<Option<Loaded>, Refused> {
    let engine = open_engine(&path(directory, generation), options)?;
    // The format is known before anything else is read.
    let Some(meta) = engine.value(&Meta::key())? else {
        return Ok(None);
    };
    let Some(meta) = Meta::decode(&meta).map_err(Refused::Format)? else {
        return Ok(None);
    };
    let table = Table::new(engine)?;
    let logs = Logs::load(&table)?;
    let verdicts = Verdicts::load(&table)?;
    let pointed_at = acts::load_pointed_at(&table)?;
    Ok(Some(Loaded {
        table,
        generation,
        meta,
        logs,
        verdicts,
        pointed_at,
    }))
}

fn begin(
    directory: &Path,
    options: &StoreOptions,
    journal: JournalId,
    generation: u64,
) -> Result<Loaded, StoreError> {
    let engine = open_engine(&path(directory, generation), options)?;
    let meta = Meta::new(journal);
    let mut batch = EngineBatch::default();
    batch.replace(Meta::key(), meta.encode());
    engine.apply(batch)?;
    Ok(Loaded {
        table: Table::new(engine)?,
        generation,
        meta,
        logs: Logs::default(),
        verdicts: Verdicts::default(),
        pointed_at: BTreeSet::new(),
    })
}

fn open_engine(directory: &Path, options: &StoreOptions) -> Result<Engine, EngineFault> {
    Engine::open(directory, options.cache_bytes, options.open_deadline)
}

fn path(directory: &Path, generation: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{generation:08}"))
}

fn set_aside(directory: &Path, path: &Path) -> io::Result<()> {
    let aside = directory.join(DAMAGED);
    match fs::remove_dir_all(&aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::rename(path, aside)?;
    // A crash that brought it back would bring back positions that the journal has lost.
    fs::File::open(directory)?.sync_all()
}

fn copy(old: &Engine, new: &Engine) -> Result<(), EngineFault> {
    let mut batch = EngineBatch::default();
    let mut entries = 0;
    let mut outcome = Ok(());
    old.scan(&[], &[], |key, value| {
        batch.put(key, value);
        entries += 1;
        if entries < COPY_ENTRIES {
            return ControlFlow::Continue(());
        }
        entries = 0;
        outcome = new.apply(std::mem::take(&mut batch));
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    outcome?;
    new.apply(batch)
}
