//! A disk in memory that can lose power, fail and fill up, the same way for the same choices.
//!
//! Every file has two contents: what a reader sees (the page cache) and what is durable. A write
//! marks 512-byte sectors dirty; [`DiskFile::sync_data`] makes the dirty sectors and the length
//! durable. The directory likewise has entries seen and entries durable.
//!
//! [`MemoryDisk::crash`] keeps what is durable and, as the given choices say, any subset of dirty
//! sectors (torn and reordered writes), of length changes and of directory changes.
//! A sync that fails marks its sectors clean without making them durable, as Linux does: readers
//! still see them, a second sync does not save them, a crash loses them.
//!
//! Out of scope: damage to durable bytes; tests make it with [`MemoryDisk::edit`].

mod content;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BootId, Disk, DiskFile, FileIdentity, plain_name};
use content::Content;

/// A simulated disk. Clones share it, so a test keeps one while the node under test has another.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

/// A failure to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How many calls succeed before the one that fails.
    pub after_calls: u64,
    /// What the failing call does before it reports the error.
    pub effect: FaultEffect,
    /// Whether every later call fails as well.
    pub lasting: bool,
}

/// What a failing call has done all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultEffect {
    /// Nothing; a failed sync leaves its sectors clean and not durable.
    Nothing,
    /// The first half of a write, every second sector of a sync; nothing for other calls.
    Half,
    /// Everything: only the answer is lost.
    Everything,
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Power loss and reboot. Each undecided effect takes one number from `choose`.
    /// Handles opened before are dead, faults are cleared, the boot id changes.
    pub fn crash(&self, choose: &mut dyn FnMut() -> u64) {
        let mut state = self.lock();
        for file in state.files.values_mut() {
            file.settle(choose);
        }
        for change in std::mem::take(&mut state.changes) {
            if choose() & 1 == 1 {
                change.apply(&mut state.durable_names);
            }
        }
        state.names = state.durable_names.clone();
        state.boot += 1;
        state.begin_process();
    }

    /// Death of the process alone (kill −9): nothing written is lost, handles opened before are
    /// dead, the boot id stays.
    pub fn kill(&self) {
        self.lock().begin_process();
    }

    /// A copy of what a reader sees, as a backup restored elsewhere: every file has another
    /// identity.
    #[must_use]
    pub fn restored_copy(&self) -> Self {
        let mut copy = self.lock().clone();
        copy.device += 1;
        for file in copy.files.values_mut() {
            file.make_durable();
        }
        copy.durable_names = copy.names.clone();
        copy.changes.clear();
        copy.begin_process();
        Self {
            state: Arc::new(Mutex::new(copy)),
        }
    }

    /// Injects a failure, counted from now; replaces the one set before.
    pub fn fail(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Ends the failures.
    pub fn heal(&self) {
        let mut state = self.lock();
        (state.fault, state.read_error) = (None, None);
    }

    /// Lets every read fail with an error code of the operating system, or ends that.
    pub fn fail_reads(&self, code: Option<i32>) {
        self.lock().read_error = code.map(|code| ReadError {
            code,
            after_reads: 0,
            once: false,
        });
    }

    /// Lets one read fail with an error code of the operating system, after so many that do not.
    pub fn fail_one_read(&self, code: i32, after_reads: u64) {
        let once = true;
        self.lock().read_error = Some(ReadError {
            code,
            after_reads,
            once,
        });
    }

    /// Limits the sum of all file lengths; a write past it fills the rest and fails with
    /// `StorageFull`.
    pub fn limit_bytes(&self, bytes: Option<u64>) {
        self.lock().capacity = bytes;
    }

    /// How many calls have been made so far, failed ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Sum of all file lengths.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.lock().used_bytes()
    }

    /// Changes a file behind the node's back, durably. `false` when there is no such file.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.lock();
        let Some(file) = state
            .names
            .get(name)
            .copied()
            .and_then(|id| state.files.get_mut(&id))
        else {
            return false;
        };
        change(&mut file.seen);
        file.make_durable();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is changed only by calls that cannot panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call and lets it act as far as the fault allows.
    fn call<T>(&self, act: impl FnOnce(&mut State, FaultEffect) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.lock();
        match state.next_fault() {
            None => act(&mut state, FaultEffect::Everything),
            Some(effect) => {
                // The caller learns of the fault only, whatever the action itself came to.
                drop(act(&mut state, effect));
                Err(io::Error::other("injected fault"))
            }
        }
    }

    /// As [`Self::call`], for actions that have no halves.
    fn whole_call<T: Default>(
        &self,
        act: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        self.call(|state, effect| match effect {
            FaultEffect::Everything => act(state),
            FaultEffect::Half | FaultEffect::Nothing => Ok(T::default()),
        })
    }

    fn handle(&self, id: u64) -> MemoryFile {
        MemoryFile {
            disk: self.clone(),
            id,
            process: self.lock().process,
        }
    }
}

impl Disk for MemoryDisk {
    type File = MemoryFile;

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        let name = plain_name(name)?;
        let id = self.whole_call(|state| {
            if state.names.contains_key(name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.files_created += 1;
            let id = state.files_created;
            state.files.insert(id, Content::default());
            state.change(Change::Link {
                name: name.to_owned(),
                id,
            });
            Ok(id)
        })?;
        Ok(self.handle(id))
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let id = self.whole_call(|state| {
            state
                .names
                .get(name)
                .copied()
                .ok_or_else(|| io::ErrorKind::NotFound.into())
        })?;
        Ok(self.handle(id))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.whole_call(|state| Ok(state.names.keys().cloned().collect()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let to = plain_name(to)?;
        self.whole_call(|state| {
            if !state.names.contains_key(from) {
                return Err(io::ErrorKind::NotFound.into());
            }
            state.change(Change::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            });
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.whole_call(|state| {
            if !state.names.contains_key(name) {
                return Err(io::ErrorKind::NotFound.into());
            }
            state.change(Change::Unlink {
                name: name.to_owned(),
            });
            Ok(())
        })
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.whole_call(|state| {
            state.changes.clear();
            state.durable_names = state.names.clone();
            state.forget_unlinked();
            Ok(())
        })
    }

    fn boot_id(&self) -> io::Result<BootId> {
        self.whole_call(|state| Ok(u128::from(state.boot).to_be_bytes()))
            .map(BootId)
    }
}

/// A file of a [`MemoryDisk`].
#[derive(Clone, Debug)]
pub struct MemoryFile {
    disk: MemoryDisk,
    id: u64,
    process: u64,
}

impl MemoryFile {
    fn call<T>(
        &self,
        act: impl FnOnce(&mut Content, FaultEffect) -> io::Result<T>,
    ) -> io::Result<T> {
        self.disk
            .call(|state, effect| act(state.content(self)?, effect))
    }
}

impl DiskFile for MemoryFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let start = position(offset)?;
        self.disk.call(|state, effect| {
            let room = state.room();
            let content = state.content(self)?;
            // A full disk takes what fits and then reports.
            let fits = content
                .seen
                .len()
                .saturating_sub(start)
                .saturating_add(room);
            let wanted = match effect {
                FaultEffect::Everything => bytes.len(),
                FaultEffect::Half => bytes.len() / 2,
                FaultEffect::Nothing => 0,
            };
            content.write(bytes.get(..wanted.min(fits)).unwrap_or(bytes), start);
            if fits < wanted {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        })
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = position(offset)?;
        if let Some(code) = self.disk.lock().next_read_error() {
            return Err(io::Error::from_raw_os_error(code));
        }
        self.call(|content, _| {
            let source = content.seen.get(start..).unwrap_or_default();
            let count = source.len().min(buffer.len());
            if let (Some(target), Some(source)) = (buffer.get_mut(..count), source.get(..count)) {
                target.copy_from_slice(source);
            }
            Ok(count)
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.call(|content, effect| {
            content.sync(effect);
            Ok(())
        })
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        let length = position(bytes)?;
        self.call(|content, effect| {
            if effect == FaultEffect::Everything {
                content.truncate(length);
            }
            Ok(())
        })
    }

    fn byte_length(&self) -> io::Result<u64> {
        self.call(|content, _| Ok(content.seen.len() as u64))
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        self.disk.call(|state, _| {
            Ok(FileIdentity {
                device: state.device,
                inode: self.id,
            })
        })
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Directory changes since the last directory sync, oldest first.
    changes: Vec<Change>,
    files_created: u64,
    device: u64,
    boot: u64,
    /// Which process may use its handles.
    process: u64,
    calls: u64,
    fault: Option<Fault>,
    read_error: Option<ReadError>,
    capacity: Option<u64>,
}

/// How reads fail.
#[derive(Clone, Copy, Debug)]
struct ReadError {
    code: i32,
    /// How many succeed before.
    after_reads: u64,
    once: bool,
}

impl State {
    /// The error code with which this read fails, if it does.
    fn next_read_error(&mut self) -> Option<i32> {
        let error = self.read_error.as_mut()?;
        if let Some(left) = error.after_reads.checked_sub(1) {
            error.after_reads = left;
            return None;
        }
        let code = error.code;
        if error.once {
            self.read_error = None;
        }
        Some(code)
    }

    fn next_fault(&mut self) -> Option<FaultEffect> {
        self.calls += 1;
        let fault = self.fault.as_mut()?;
        if fault.after_calls > 0 {
            fault.after_calls -= 1;
            return None;
        }
        let effect = fault.effect;
        if !fault.lasting {
            self.fault = None;
        }
        Some(effect)
    }

    fn content(&mut self, file: &MemoryFile) -> io::Result<&mut Content> {
        if file.process != self.process {
            return Err(io::Error::other(
                "the process that opened this file has died",
            ));
        }
        self.files
            .get_mut(&file.id)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&mut self, change: Change) {
        change.clone().apply(&mut self.names);
        self.changes.push(change);
    }

    fn begin_process(&mut self) {
        self.process += 1;
        (self.fault, self.read_error) = (None, None);
        self.forget_unlinked();
    }

    fn forget_unlinked(&mut self) {
        let linked: BTreeSet<u64> = self
            .names
            .values()
            .chain(self.durable_names.values())
            .copied()
            .collect();
        self.files.retain(|id, _| linked.contains(id));
    }

    fn used_bytes(&self) -> u64 {
        self.names
            .values()
            .filter_map(|id| self.files.get(id))
            .map(|c| c.seen.len() as u64)
            .sum()
    }

    fn room(&self) -> usize {
        self.capacity.map_or(usize::MAX, |capacity| {
            usize::try_from(capacity.saturating_sub(self.used_bytes())).unwrap_or(usize::MAX)
        })
    }
}

/// A change of the directory. One whose file is not there is void.
#[derive(Clone, Debug)]
enum Change {
    Link { name: String, id: u64 },
    Rename { from: String, to: String },
    Unlink { name: String },
}

impl Change {
    fn apply(self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Link { name, id } => {
                names.insert(name, id);
            }
            Self::Rename { from, to } => {
                if let Some(id) = names.remove(&from) {
                    names.insert(to, id);
                }
            }
            Self::Unlink { name } => {
                names.remove(&name);
            }
        }
    }
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
