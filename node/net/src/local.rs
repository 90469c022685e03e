//! Unix sockets in directories whose names are longer than a socket's address carries.
//!
//! The address of a Unix socket holds about a hundred bytes of path (`sun_path`, unix(7)). A longer
//! one is reached through the open directory: `/proc/self/fd/<number>/<file>`.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Bytes of a path that every system's socket address holds.
const PATH_BYTES_MAX: usize = 100;

/// A path by which a socket can be bound or connected to, whatever its directory is called.
#[derive(Debug)]
pub struct SocketPath {
    path: PathBuf,
    /// Keeps the short path alive.
    _directory: Option<File>,
}

impl SocketPath {
    /// The path of a socket, or one that leads to the same place and is short enough.
    ///
    /// # Errors
    /// The operating system's where the directory of a long path cannot be opened.
    // spec: ADM-103
    pub fn of(path: &Path) -> io::Result<Self> {
        let (Some(directory), Some(file)) = (path.parent(), path.file_name()) else {
            return Ok(Self::plain(path));
        };
        if path.as_os_str().as_bytes().len() <= PATH_BYTES_MAX {
            return Ok(Self::plain(path));
        }
        let directory = File::open(directory)?;
        let path = Path::new("/proc/self/fd")
            .join(directory.as_raw_fd().to_string())
            .join(file);
        Ok(Self {
            path,
            _directory: Some(directory),
        })
    }

    /// The path to bind or to connect to, good as long as this lives.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.path
    }

    fn plain(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            _directory: None,
        }
    }
}
