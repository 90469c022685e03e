//! Files of trust material: written whole or not at all, never over another by accident.
//!
//! A new file is written under a name of its own in the same directory, made durable, and only then
//! given its name. A crash leaves either the whole file or a stray one that begins with a dot and
//! ends in `.new`, which nothing reads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The name is taken; nothing is ever overwritten.
    #[error("{} exists already and is not overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Longer than a file of its kind can be.
    #[error("{} has more than {bytes_max} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
    /// Others than its owner may read or change a private file.
    #[error("{} is open to others (mode {mode:04o}); run: chmod 600 '{}'", path.display(), path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others than its owner may put files into a directory of keys.
    #[error("directory {} can be written by others (mode {mode:04o}); run: chmod 700 '{}'", path.display(), path.display())]
    DirectoryOpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file system refused.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl FileError {
    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        let kind = source.kind();
        if kind == io::ErrorKind::NotFound {
            return Self::Missing { path };
        }
        if kind == io::ErrorKind::AlreadyExists {
            return Self::Exists { path };
        }
        Self::Io { path, source }
    }
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Its owner alone.
    Private,
    /// Whoever may, by the process's own settings.
    Public,
}

/// Writes a file that must not exist yet.
// spec: KEY-11
pub(crate) fn create(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), FileError> {
    let written = Written::new(path, bytes, secrecy)?;
    // A link, unlike a rename, fails when the name is taken.
    fs::hard_link(&written.path, path).map_err(|source| FileError::io(path, source))?;
    drop(written);
    sync_directory(directory_of(path))
}

/// Writes a file, in place of one of the same name when there is one.
pub(crate) fn replace(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), FileError> {
    let written = Written::new(path, bytes, secrecy)?;
    fs::rename(&written.path, path).map_err(|source| FileError::io(path, source))?;
    sync_directory(directory_of(path))
}

/// Reads a file of at most `bytes_max` bytes.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    let file = File::open(path).map_err(|source| FileError::io(path, source))?;
    let mut bytes = Vec::new();
    read_bounded(path, file, &mut bytes, bytes_max)?;
    Ok(bytes)
}

/// Reads a private file of at most `bytes_max` bytes, unless others may read or change it.
// spec: KEY-12
pub(crate) fn read_private(path: &Path, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = File::open(path).map_err(|source| FileError::io(path, source))?;
    // The open file is asked, not its name, which another could have moved in between.
    let metadata = file
        .metadata()
        .map_err(|source| FileError::io(path, source))?;
    let mode = permissions::mode(&metadata);
    if mode & 0o077 != 0 {
        let path = path.to_path_buf();
        return Err(FileError::OpenToOthers { path, mode });
    }
    // Room for the whole file at once: a vector that grows leaves copies of the secret behind.
    let room = usize::try_from(bytes_max).unwrap_or(0).saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    read_bounded(path, file, &mut bytes, bytes_max)?;
    Ok(bytes)
}

/// Makes a directory that its owner alone can use, or checks that nobody else can write into the one
/// that is there.
// spec: KEY-11
pub(crate) fn private_directory(path: &Path) -> Result<(), FileError> {
    match refuse_open_directory(path) {
        Err(FileError::Missing { .. }) => {
            permissions::create_directory(path).map_err(|source| FileError::io(path, source))?;
            sync_directory(directory_of(path))
        }
        found => found,
    }
}

/// Refuses a directory into which others than its owner may write: they could put keys of their own
/// in the place of those that are there, however private these are.
// spec: KEY-26
pub(crate) fn refuse_open_directory(path: &Path) -> Result<(), FileError> {
    let metadata = fs::metadata(path).map_err(|source| FileError::io(path, source))?;
    let mode = permissions::mode(&metadata);
    match mode & 0o022 {
        0 => Ok(()),
        _ => Err(FileError::DirectoryOpenToOthers {
            path: path.to_path_buf(),
            mode,
        }),
    }
}

/// Gives a file a second name, unless that is taken.
pub(crate) fn link(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::hard_link(from, to).map_err(|source| FileError::io(to, source))?;
    sync_directory(directory_of(to))
}

/// Moves a file over another one.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(|source| FileError::io(from, source))?;
    sync_directory(directory_of(to))
}

/// A durable file under a passing name, which goes away with this value.
struct Written {
    path: PathBuf,
}

impl Written {
    fn new(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| FileError::io(path, io::Error::other(error.to_string())))?;
        let random = u64::from_be_bytes(random);
        let written = Self {
            path: directory_of(path).join(format!(".{name}.{random:016x}.new")),
        };
        written
            .fill(bytes, secrecy)
            .map_err(|source| FileError::io(path, source))?;
        Ok(written)
    }

    fn fill(&self, bytes: &[u8], secrecy: Secrecy) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if secrecy == Secrecy::Private {
            permissions::owner_only(&mut options);
        }
        let mut file = options.open(&self.path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove; a stray file harms nobody.
        let _ = fs::remove_file(&self.path);
    }
}

fn read_bounded(
    path: &Path,
    file: File,
    bytes: &mut Vec<u8>,
    bytes_max: u64,
) -> Result<(), FileError> {
    let read = file.take(bytes_max.saturating_add(1)).read_to_end(bytes);
    let count = read.map_err(|source| FileError::io(path, source))? as u64;
    if count > bytes_max {
        let path = path.to_path_buf();
        return Err(FileError::TooLong { path, bytes_max });
    }
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn sync_directory(directory: &Path) -> Result<(), FileError> {
    permissions::sync_directory(directory).map_err(|source| FileError::io(directory, source))
}

#[cfg(unix)]
mod permissions {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    pub(super) fn mode(metadata: &Metadata) -> u32 {
        metadata.mode() & 0o7777
    }

    pub(super) fn owner_only(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn create_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// Elsewhere the directory's own access list protects the files in it, and directories cannot be
/// synced.
#[cfg(not(unix))]
mod permissions {
    use std::fs::{self, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn mode(_: &Metadata) -> u32 {
        0
    }

    pub(super) fn owner_only(_: &mut OpenOptions) {}

    pub(super) fn create_directory(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: KEY-11
    #[test]
    fn create_refuses_a_name_that_is_taken_and_leaves_the_file_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        create(&path, b"one", Secrecy::Public).unwrap();
        let refused = create(&path, b"two", Secrecy::Public).unwrap_err();
        assert!(matches!(refused, FileError::Exists { path: of } if of == path));
        assert_eq!(read(&path, 10).unwrap(), b"one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn replace_takes_the_place_of_the_file_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        replace(&path, b"one", Secrecy::Public).unwrap();
        replace(&path, b"two", Secrecy::Public).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn read_refuses_a_file_past_its_bound() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        create(&path, b"four", Secrecy::Private).unwrap();
        assert_eq!(*read_private(&path, 4).unwrap(), b"four");
        let refused = read_private(&path, 3).unwrap_err();
        assert!(matches!(refused, FileError::TooLong { bytes_max: 3, .. }));
    }

    // spec: KEY-11
    #[cfg(unix)]
    #[test]
    fn private_directory_is_made_for_its_owner_alone_and_one_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        private_directory(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&path), 0o700);
        private_directory(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let refused = private_directory(&path).unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("chmod 700") && message.contains("keys"),
            "{message}"
        );
        assert!(matches!(
            refused,
            FileError::DirectoryOpenToOthers { mode: 0o770, .. }
        ));
    }
}
