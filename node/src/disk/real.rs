//! A directory of the machine, locked against a second process.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock, fstatvfs};
use thiserror::Error;
use tracing::warn;

use super::{BootId, Disk, DiskFile, FileIdentity, plain_name};

/// Name of the file whose lock says that a process uses the directory.
pub const LOCK_FILE: &str = "lock";

/// Permission bits of the directories that a node makes.
pub(crate) const DIRECTORY_MODE: u32 = 0o700;

/// Permission bits of the files that it makes.
pub(crate) const FILE_MODE: u32 = 0o600;

/// Where Linux shows the boot id, as a UUID in text.
const BOOT_ID_PATH: &str = "/proc/sys/kernel/random/boot_id";

/// What the journal leaves free on a large file system; on a small one it is a twentieth.
const RESERVE_BYTES: u64 = 64 << 20;

/// A directory, held exclusively until the last clone and the last lock holder are dropped.
#[derive(Clone, Debug)]
pub struct RealDisk {
    shared: Arc<Directory>,
}

#[derive(Debug)]
struct Directory {
    root: PathBuf,
    handle: File,
    /// Keeps the lock; the kernel releases it when the process ends, however it ends.
    _lock: File,
}

/// Why a directory could not be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenDiskError {
    /// Another process, or another part of this one, uses the directory.
    #[error("another process uses directory {}; stop it first, or name another directory", root.display())]
    InUse {
        /// The directory.
        root: PathBuf,
    },
    /// The directory cannot be created, opened or locked.
    #[error("cannot open directory {}", root.display())]
    Io {
        /// The directory.
        root: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl RealDisk {
    /// Takes the directory `root`, creating it and its parents where missing.
    ///
    /// # Errors
    /// [`OpenDiskError::InUse`] when it is taken already, [`OpenDiskError::Io`] otherwise.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, OpenDiskError> {
        let root = root.as_ref().to_path_buf();
        match Directory::take(&root) {
            Ok(Some(directory)) => Ok(Self {
                shared: Arc::new(directory),
            }),
            Ok(None) => Err(OpenDiskError::InUse { root }),
            Err(source) => Err(OpenDiskError::Io { root, source }),
        }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    fn path(&self, name: &str) -> io::Result<PathBuf> {
        Ok(self.shared.root.join(plain_name(name)?))
    }
}

impl Directory {
    /// `None` when another holder has the lock.
    fn take(root: &Path) -> io::Result<Option<Self>> {
        create_durably(root)?;
        tighten(root)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(FILE_MODE)
            .open(root.join(LOCK_FILE))?;
        // spec: STO-1
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        Ok(Some(Self {
            root: root.to_path_buf(),
            handle: File::open(root)?,
            _lock: lock,
        }))
    }
}

/// Takes a directory away from all but its owner: what only members may see lies in it, and a node of
/// an earlier build, or a restore, may have left it open.
// spec: STO-62
pub(crate) fn tighten(directory: &Path) -> io::Result<()> {
    let mode = fs::metadata(directory)?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    warn!(directory = %directory.display(), mode = format!("{mode:04o}"), "closed to all but its owner");
    fs::set_permissions(directory, fs::Permissions::from_mode(DIRECTORY_MODE))
}

/// Creates `root` and makes its entry in the parent durable: a journal in a directory that vanishes
/// with the power would be lost whole.
fn create_durably(root: &Path) -> io::Result<()> {
    if root.is_dir() {
        return Ok(());
    }
    let parent = match root.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    create_durably(parent)?;
    match DirBuilder::new().mode(DIRECTORY_MODE).create(root) {
        Ok(()) => File::open(parent)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && root.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

impl Disk for RealDisk {
    type File = RealFile;

    fn create(&self, name: &str) -> io::Result<RealFile> {
        let path = self.path(name)?;
        let file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .write(true)
            .mode(FILE_MODE)
            .open(path)?;
        Ok(RealFile(Arc::new(file)))
    }

    fn open(&self, name: &str) -> io::Result<RealFile> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path(name)?)?;
        Ok(RealFile(Arc::new(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.shared.root)? {
            let entry = entry?;
            if !entry.file_type()?.is_file() {
                continue;
            }
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from)?, self.path(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name)?)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.shared.handle.sync_all()
    }

    fn boot_id(&self) -> io::Result<BootId> {
        let text = fs::read_to_string(BOOT_ID_PATH)?;
        parse_uuid(text.trim())
            .map(BootId)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// A file of a [`RealDisk`].
#[derive(Clone, Debug)]
pub struct RealFile(Arc<File>);

impl DiskFile for RealFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.leaves_room(offset.saturating_add(bytes.len() as u64))?;
        self.0.write_all_at(bytes, offset)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&*self.0, buffer, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn byte_length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        let metadata = self.0.metadata()?;
        Ok(FileIdentity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

impl RealFile {
    /// Refuses to make the file longer where little space is left: the database beside the journal may
    /// need it, and fails worse without.
    // spec: STO-49
    fn leaves_room(&self, end: u64) -> io::Result<()> {
        if end <= self.0.metadata()?.len() {
            return Ok(());
        }
        let system = fstatvfs(&*self.0)?;
        let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
        match bytes(system.f_bavail) < reserve(bytes(system.f_blocks)) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

/// Bytes to keep free on a file system of this size.
const fn reserve(system_bytes: u64) -> u64 {
    let twentieth = system_bytes / 20;
    match twentieth < RESERVE_BYTES {
        true => twentieth,
        false => RESERVE_BYTES,
    }
}

/// The 16 bytes of a UUID such as `6d0a…-…`; `None` when it is not one.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: STO-1
    #[test]
    fn directory_refuses_a_second_holder_until_the_first_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let first = RealDisk::open(root.path()).unwrap();
        assert!(matches!(
            RealDisk::open(root.path()),
            Err(OpenDiskError::InUse { .. })
        ));
        drop(first);
        RealDisk::open(root.path()).unwrap();
    }

    #[test]
    fn file_keeps_its_identity_under_rename_and_a_copy_has_another() {
        let root = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(root.path().join("a/b")).unwrap();
        let file = disk.create("one").unwrap();
        file.write_at(b"abc", 2).unwrap();
        disk.rename("one", "two").unwrap();
        let same = disk.open("two").unwrap();
        assert_eq!(same.identity().unwrap(), file.identity().unwrap());
        assert_eq!(same.byte_length().unwrap(), 5);
        fs::copy(disk.root().join("two"), disk.root().join("three")).unwrap();
        let copy = disk.open("three").unwrap();
        assert_ne!(copy.identity().unwrap(), file.identity().unwrap());
        assert_eq!(disk.list().unwrap(), ["lock", "three", "two"]);
    }

    // spec: STO-62
    #[test]
    fn directory_and_files_are_for_their_owner_alone_also_where_it_was_open_before() {
        let root = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let fresh = root.path().join("a/data");
        let disk = RealDisk::open(&fresh).unwrap();
        disk.create("one").unwrap();
        assert_eq!(mode(&fresh), 0o700);
        for file in ["one", LOCK_FILE] {
            assert_eq!(mode(&fresh.join(file)), 0o600, "{file}");
        }
        drop(disk);
        for open in [0o755, 0o777, 0o750] {
            fs::set_permissions(&fresh, fs::Permissions::from_mode(open)).unwrap();
            drop(RealDisk::open(&fresh).unwrap());
            assert_eq!(mode(&fresh), 0o700);
        }
    }

    // spec: STO-49
    #[test]
    fn reserve_is_a_twentieth_and_64_mib_at_most() {
        assert_eq!([0, 20, 2_000].map(reserve), [0, 1, 100]);
        assert_eq!([2 << 30, 1 << 40].map(reserve), [64 << 20; 2]);
    }

    #[test]
    fn name_with_a_separator_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(root.path()).unwrap();
        for name in ["../out", "a/b", "", ".", ".."] {
            let error = disk.create(name).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name:?}");
        }
    }

    #[test]
    fn boot_id_is_read_and_stays_the_same() {
        let root = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(root.path()).unwrap();
        assert_eq!(disk.boot_id().unwrap(), disk.boot_id().unwrap());
        assert_eq!(
            parse_uuid("00010203-0405-0607-0809-0a0b0c0d0e0f").unwrap()[15],
            15
        );
        assert_eq!(parse_uuid("0001"), None);
    }
}
