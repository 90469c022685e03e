//! What can go wrong with files, as failures.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use concordat_certs::change::{ChangeError, ChangeFileError, PendingChange};
use concordat_certs::configuration::{CONFIGURATION_FILE, Configuration, ConfigurationError};
use concordat_certs::enrolment::RequestFileError;
use concordat_certs::file::FileError;
use concordat_certs::genesis::{self, GENESIS_FILE, GenesisFileError};
use concordat_certs::key_file::{KeyFileError, PrivateKey};
use concordat_certs::key_ring::KeyRingError;
use concordat_protocol::admin::ExitCode;
use concordat_protocol::statement::KeyUse;
use concordat_protocol::trust::Genesis;

use crate::failure::{Failure, chain};

/// The genesis of a file.
pub(super) fn genesis(path: &Path) -> Result<Genesis, Failure> {
    genesis::read(path).map_err(|error| match &error {
        GenesisFileError::File(file) => of_file(file),
        // These name the file and their cause themselves.
        named => Failure::new(ExitCode::VerificationFailed, "genesis-unfit").with("cause", named),
    })
}

/// The genesis named, or the one in a node's directory.
pub(super) fn genesis_of(named: Option<&PathBuf>, directory: &Path) -> Result<Genesis, Failure> {
    match named {
        Some(path) => genesis(path),
        None => genesis(&directory.join(GENESIS_FILE)),
    }
}

/// The key of an approver or of the recovery quorum: the file, or the directory that `init` made for
/// it. Whether the key may sign the change is for the genesis to say.
// spec: ADM-143
pub(super) fn approver(path: &Path) -> Result<PrivateKey, Failure> {
    if !path.is_dir() {
        let read = PrivateKey::read(path, KeyUse::Approver);
        return read.map_err(|error| key_file(path, &error));
    }
    for key_use in [KeyUse::Approver, KeyUse::Recovery] {
        match PrivateKey::read_in(path, key_use) {
            Err(KeyFileError::File(FileError::Missing { .. })) => {}
            read => return read.map_err(|error| key_file(path, &error)),
        }
    }
    Err(Failure::new(ExitCode::NotFound, "no-approving-key").path(path))
}

/// A proposal with its approvals.
pub(super) fn proposal(path: &Path, genesis: &Genesis) -> Result<PendingChange, Failure> {
    PendingChange::read(path, genesis).map_err(|error| change_file(path, &error))
}

pub(super) fn key_file(path: &Path, error: &KeyFileError) -> Failure {
    match error {
        KeyFileError::File(error) => of_file(error),
        other => Failure::usage("file-refused")
            .path(path)
            .with("cause", chain(other)),
    }
}

pub(super) fn key_ring(path: &Path, error: &KeyRingError) -> Failure {
    match error {
        KeyRingError::Key(KeyFileError::File(error)) => of_file(error),
        other => Failure::usage("file-refused")
            .path(path)
            .with("cause", chain(other)),
    }
}

pub(super) fn change_file(path: &Path, error: &ChangeFileError) -> Failure {
    match error {
        ChangeFileError::File(error) => of_file(error),
        other => unverified(path, other),
    }
}

pub(super) fn request_file(path: &Path, error: &RequestFileError) -> Failure {
    match error {
        RequestFileError::File(error) => of_file(error),
        other => unverified(path, other),
    }
}

pub(crate) fn of_file(error: &FileError) -> Failure {
    let (exit, key, path) = match error {
        FileError::Exists { path } => (ExitCode::Failed, "file-exists", path),
        FileError::Missing { path } => (ExitCode::NotFound, "file-missing", path),
        FileError::OpenToOthers { path, .. } | FileError::DirectoryOpenToOthers { path, .. } => {
            (ExitCode::Denied, "file-open", path)
        }
        // Who gives a folder for a file is told so, however it is read.
        FileError::Io { path, source } => return io(path, source),
        FileError::TooLong { path, .. } => (ExitCode::Failed, "file-failed", path),
        _ => {
            return Failure::new(ExitCode::Failed, "file-failed")
                .with("path", "")
                .with("cause", chain(error));
        }
    };
    Failure::new(exit, key)
        .path(path)
        .with("cause", chain(error))
}

/// An approval that does not count, by the key that was to give it or the file that holds it.
pub(super) fn approval(path: &Path, error: &ChangeError) -> Failure {
    let unfit = |key| Failure::new(ExitCode::VerificationFailed, key).path(path);
    match error {
        ChangeError::NotAnApprover { .. } => unfit("not-an-approver"),
        ChangeError::AlreadyApproved { .. } => unfit("approved-already").with("cause", error),
        other => unverified(path, other),
    }
}

/// A file whose content does not hold.
pub(super) fn unverified(path: &Path, error: &dyn std::error::Error) -> Failure {
    let failure = Failure::new(ExitCode::VerificationFailed, "file-unverified");
    failure.path(path).with("cause", chain(error))
}

/// Bytes of a text file that people write: none that is of use comes near.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// The whole of a file of at most `bytes_max` bytes.
// spec: ADM-106
pub(super) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let opened = fs::File::open(path);
    let read = opened.and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    read.map_err(|error| io(path, &error))?;
    if bytes.len() as u64 > bytes_max {
        let path = path.to_path_buf();
        return Err(of_file(&FileError::TooLong { path, bytes_max }));
    }
    Ok(bytes)
}

/// The bytes of a JSON file.
pub(super) fn read_json(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, TEXT_BYTES_MAX)
}

/// The whole of a text file.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, TEXT_BYTES_MAX)?).map_err(|error| {
        Failure::usage("file-refused")
            .path(path)
            .with("cause", error)
    })
}

/// The configuration of a node's directory.
pub(super) fn configuration(directory: &Path) -> Result<Configuration, Failure> {
    Configuration::read_in(directory).map_err(|error| match error {
        ConfigurationError::File { path, cause } => io(&path, &cause),
        other => {
            let path = directory.join(CONFIGURATION_FILE);
            let (said, named) = (other.to_string(), format!("{}: ", path.display()));
            let cause = said.strip_prefix(&named).unwrap_or(&said);
            Failure::usage("file-refused")
                .path(&path)
                .with("cause", cause.trim_end())
        }
    })
}

/// Makes a directory for its owner alone, unless it is there, with the folders that lead to it.
// spec: STO-62
pub(super) fn private_directory(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let mut builder = fs::DirBuilder::new();
    let made = made.and_then(|()| builder.recursive(true).mode(0o700).create(path));
    made.map_err(|error| io(path, &error))
}

/// Writes a file that must not exist yet.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    folder_of(path)?;
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| io(path, &error))
}

/// Says so when a file could not be made: asked before something is recorded that the file is about.
pub(super) fn is_free(path: &Path) -> Result<(), Failure> {
    folder_of(path)?;
    match fs::symlink_metadata(path) {
        Ok(_) => Err(io(path, &ErrorKind::AlreadyExists.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(path, &error)),
    }
}

/// Says so when a file is to be made in a folder that does not exist.
pub(super) fn folder_of(path: &Path) -> Result<(), Failure> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            let failure = Failure::new(ExitCode::NotFound, "folder-missing");
            Err(failure.path(path).with("folder", folder.display()))
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn io(path: &Path, error: &std::io::Error) -> Failure {
    let (exit, key) = match error.kind() {
        ErrorKind::NotFound => (ExitCode::NotFound, "file-missing"),
        ErrorKind::AlreadyExists => (ExitCode::Failed, "file-exists"),
        ErrorKind::PermissionDenied => (ExitCode::Denied, "file-denied"),
        ErrorKind::IsADirectory => (ExitCode::Usage, "is-folder"),
        ErrorKind::NotADirectory => (ExitCode::Usage, "no-folder"),
        _ => (ExitCode::Failed, "file-failed"),
    };
    Failure::new(exit, key).path(path).with("cause", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of another user ended with 1, as if the disk had failed.
    // spec: ADM-6
    #[test]
    fn file_of_another_user_is_denied_by_its_name_whoever_reads_it() {
        let path = PathBuf::from("x/keys/node.key");
        let source = std::io::Error::from(ErrorKind::PermissionDenied);
        let denied = io(&path, &source);
        let key = (denied.exit, denied.key);
        assert_eq!(key, (ExitCode::Denied, "file-denied"));
        let error = FileError::Io { path, source };
        let error = KeyRingError::Key(KeyFileError::File(error));
        assert_eq!(key_ring(Path::new("x"), &error), denied);
    }
}
