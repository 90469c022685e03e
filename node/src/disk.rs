//! The few file operations that durable state needs, behind one trait.
//!
//! The journal and the signer state run on this trait only, so the same code runs on a directory
//! ([`RealDisk`]) and on a simulated disk that loses power on demand ([`MemoryDisk`]).
//! All names are relative to one root directory and are single path components.
//!
//! Two things are durable separately, as on a POSIX file system:
//! - the *content* of a file after [`DiskFile::sync_data`];
//! - the *entry* of a file (its creation, new name or removal) after [`Disk::sync_dir`].
//!
//! A failed sync must not be retried: the kernel may have dropped the pages and report success the
//! second time. Callers stop and recover from what a fresh open reads and writes again.
//!
//! Out of scope: subdirectories, permissions, the database engine's own files.

mod memory;
mod real;

use std::fmt::Debug;
use std::io;

pub use memory::{Fault, FaultEffect, MemoryDisk, MemoryFile};
pub(crate) use real::{DIRECTORY_MODE, tighten};
pub use real::{LOCK_FILE, OpenDiskError, RealDisk, RealFile};

/// A directory of files. Clones refer to the same directory.
pub trait Disk: Clone + Debug + Send + Sync + 'static {
    /// An open file.
    type File: DiskFile;

    /// Creates an empty file and opens it. Its entry is durable after [`Disk::sync_dir`].
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken, `InvalidInput` when it is not a plain name.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// The names of all files, in ascending byte order.
    ///
    /// # Errors
    /// Those of the file system.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Gives a file another name, atomically replacing what had that name.
    ///
    /// # Errors
    /// `NotFound` when `from` does not exist.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file's entry. Open handles stay usable.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes every creation, rename and removal so far durable.
    ///
    /// # Errors
    /// Those of the file system; the state of the directory is then unknown.
    fn sync_dir(&self) -> io::Result<()>;

    /// Identifies the running boot of the machine.
    ///
    /// # Errors
    /// `Unsupported` or `InvalidData` where the machine does not tell.
    fn boot_id(&self) -> io::Result<BootId>;
}

/// An open file. Clones share one open file; reads may run beside one writer.
pub trait DiskFile: Clone + Debug + Send + Sync + 'static {
    /// Writes all of `bytes` at `offset`, growing the file with zeros where needed.
    ///
    /// # Errors
    /// `StorageFull` when the disk is full; part of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Reads into `buffer` from `offset`; returns how many bytes there were, 0 at the end.
    ///
    /// # Errors
    /// Those of the file system.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Makes the content and length durable (fdatasync). Never call again after an error.
    ///
    /// # Errors
    /// Those of the file system; what is durable is then unknown.
    fn sync_data(&self) -> io::Result<()>;

    /// Cuts the file to `bytes`, or grows it with zeros.
    ///
    /// # Errors
    /// Those of the file system.
    fn truncate(&self, bytes: u64) -> io::Result<()>;

    /// Current length in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    fn byte_length(&self) -> io::Result<u64>;

    /// What tells this file from a copy of it.
    ///
    /// # Errors
    /// Those of the file system.
    fn identity(&self) -> io::Result<FileIdentity>;
}

/// Device and inode number: a copied or restored file has another pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    /// Number of the device that holds the file.
    pub device: u64,
    /// Number of the file on that device.
    pub inode: u64,
}

/// The random id that the kernel draws at each boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootId(pub [u8; 16]);

/// Fills `buffer` from `offset`.
///
/// # Errors
/// `UnexpectedEof` when the file ends before.
pub(crate) fn read_exact_at<F: DiskFile>(
    file: &F,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<()> {
    if read_up_to(file, buffer, offset)? < buffer.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Fills `buffer` from `offset` as far as the file reaches; returns the bytes read.
///
/// # Errors
/// Those of the file.
pub(crate) fn read_up_to<F: DiskFile>(
    file: &F,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether a failed read says that the bytes are not to be had from this disk; others, as too many open
/// files or no memory, say that it could not be done now.
pub(crate) fn is_lasting(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let gone = matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof
    );
    let code = Errno::from_io_error(error);
    gone || matches!(code, Some(Errno::IO | Errno::BADMSG | Errno::UCLEAN))
}

/// Refuses names that would leave the root directory.
fn plain_name(name: &str) -> io::Result<&str> {
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
    if plain {
        Ok(name)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}
