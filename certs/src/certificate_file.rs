//! Certificates beside their keys: `node.crt` and `administrator.crt`, one PEM certificate each.
//!
//! A renewal writes a new certificate for the same key over the old one. After a rotation the same
//! call writes one for the new key; until then the file and the key do not fit, which is an error
//! and not a guess.

use std::path::{Path, PathBuf};

use concordat_protocol::key::Signer as _;
use concordat_protocol::statement::KeyUse;
use ed25519_dalek::pkcs8::spki::der::pem::{self, LineEnding};

use crate::certificate::{self, CertificateError, Validity};
use crate::file::{self, FileError, Secrecy};
use crate::key_file::PrivateKey;

/// Bytes of a certificate file. Those written here have about 550.
pub const CERTIFICATE_FILE_BYTES_MAX: u64 = 8 << 10;

const LABEL: &str = "CERTIFICATE";

/// The name of the certificate file of a use, for the two uses that have one.
#[must_use]
pub const fn file_name(key_use: KeyUse) -> Option<&'static str> {
    match key_use {
        KeyUse::Node => Some("node.crt"),
        KeyUse::Administrator => Some("administrator.crt"),
        KeyUse::Statement | KeyUse::Log | KeyUse::Witness | KeyUse::Approver | KeyUse::Recovery => {
            None
        }
    }
}

/// Issues the first certificate of a key into a directory; returns its DER.
///
/// # Errors
/// [`CertificateFileError::File`] with [`FileError::Exists`] when there is one already.
pub fn issue(
    directory: &Path,
    key: &PrivateKey,
    validity: Validity,
) -> Result<Vec<u8>, CertificateFileError> {
    let (path, der, text) = made(directory, key, validity)?;
    file::create(&path, text.as_bytes(), Secrecy::Public)?;
    Ok(der)
}

/// Issues another certificate in the place of the one before, if any: for the same key, or after a
/// rotation for the new one. Returns its DER.
///
/// # Errors
/// [`CertificateFileError`].
// spec: KEY-16
pub fn renew(
    directory: &Path,
    key: &PrivateKey,
    validity: Validity,
) -> Result<Vec<u8>, CertificateFileError> {
    let (path, der, text) = made(directory, key, validity)?;
    file::replace(&path, text.as_bytes(), Secrecy::Public)?;
    Ok(der)
}

/// Reads the certificate of a key from a directory; returns its DER.
///
/// # Errors
/// [`CertificateFileError::OtherKey`] when it is about another key, and the other causes.
// spec: KEY-15
pub fn read(directory: &Path, key: &PrivateKey) -> Result<Vec<u8>, CertificateFileError> {
    let path = path_of(directory, key)?;
    let text = match file::read(&path, CERTIFICATE_FILE_BYTES_MAX) {
        Ok(text) => text,
        // spec: KEY-60
        Err(FileError::Missing { path }) => return Err(CertificateFileError::Missing { path }),
        Err(error) => return Err(error.into()),
    };
    let Ok((label, der)) = pem::decode_vec(&text) else {
        return Err(CertificateFileError::NotPem { path });
    };
    if label != LABEL {
        return Err(CertificateFileError::NotACertificate { path });
    }
    match certificate::key_of(&der) {
        Ok(found) if found == key.public_key() => Ok(der),
        Ok(_) => Err(CertificateFileError::OtherKey { path }),
        Err(source) => Err(CertificateFileError::Refused { path, source }),
    }
}

/// Why a certificate file was not written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is none beside the key.
    #[error("{} does not exist; make it anew: concordat certificate renew '{}'", path.display(), beside(path))]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Keys of this use have no certificate.
    #[error("a {key_use:?} key has no certificate")]
    NoCertificate {
        /// The use.
        key_use: KeyUse,
    },
    /// The certificate was not made.
    #[error(transparent)]
    Issue(#[from] CertificateError),
    /// The certificate has no PEM form.
    #[error("the certificate cannot be encoded")]
    NotEncodable,
    /// The content is not PEM.
    #[error("{} is not a PEM file; make it anew: concordat certificate renew '{}'", path.display(), beside(path))]
    NotPem {
        /// The file.
        path: PathBuf,
    },
    /// PEM of something else.
    #[error("{} holds something else than a certificate; make it anew: concordat certificate renew '{}'", path.display(), beside(path))]
    NotACertificate {
        /// The file.
        path: PathBuf,
    },
    /// The certificate in it is not acceptable.
    #[error("{} is not accepted, since {source}; make it anew: concordat certificate renew '{}'", path.display(), beside(path))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// The certificate is about another key than the one beside it.
    #[error("{} is about another key than the one beside it; make it anew: concordat certificate renew '{}'", path.display(), beside(path))]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
}

/// The directory that a certificate lies in, for the command that makes another.
// spec: KEY-60
fn beside(path: &Path) -> std::path::Display<'_> {
    path.parent().unwrap_or(path).display()
}

fn path_of(directory: &Path, key: &PrivateKey) -> Result<PathBuf, CertificateFileError> {
    let key_use = key.key_use();
    let name = file_name(key_use).ok_or(CertificateFileError::NoCertificate { key_use })?;
    Ok(directory.join(name))
}

fn made(
    directory: &Path,
    key: &PrivateKey,
    validity: Validity,
) -> Result<(PathBuf, Vec<u8>, String), CertificateFileError> {
    let path = path_of(directory, key)?;
    let der = certificate::issue(key, validity)?;
    let text = pem::encode_string(LABEL, LineEnding::LF, &der);
    let text = text.map_err(|_| CertificateFileError::NotEncodable)?;
    Ok((path, der, text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ed25519_dalek::SigningKey;

    use super::*;

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::new(KeyUse::Node, SigningKey::from_bytes(&[seed; 32]))
    }

    fn validity(from: i64) -> Validity {
        Validity::from_unix_seconds(from, from + 86_400).unwrap()
    }

    #[test]
    fn certificate_comes_back_and_a_second_issue_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let der = issue(directory.path(), &key(1), validity(1)).unwrap();
        assert_eq!(read(directory.path(), &key(1)).unwrap(), der);
        let refused = issue(directory.path(), &key(1), validity(2)).unwrap_err();
        assert!(matches!(
            refused,
            CertificateFileError::File(FileError::Exists { .. })
        ));
    }

    // spec: KEY-16
    #[test]
    fn renewal_replaces_the_certificate_and_keeps_the_key() {
        let directory = tempfile::tempdir().unwrap();
        let first = issue(directory.path(), &key(1), validity(1)).unwrap();
        let second = renew(directory.path(), &key(1), validity(2)).unwrap();
        assert_ne!(first, second);
        assert_eq!(read(directory.path(), &key(1)).unwrap(), second);
    }

    // spec: KEY-15
    #[test]
    fn certificate_of_another_key_is_refused_until_it_is_renewed() {
        let directory = tempfile::tempdir().unwrap();
        issue(directory.path(), &key(1), validity(1)).unwrap();
        let refused = read(directory.path(), &key(2)).unwrap_err();
        assert!(matches!(refused, CertificateFileError::OtherKey { .. }));
        renew(directory.path(), &key(2), validity(1)).unwrap();
        assert!(read(directory.path(), &key(2)).is_ok());
    }

    // spec: KEY-60
    #[test]
    fn whatever_is_wrong_with_a_certificate_the_command_that_makes_another_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.crt");
        let command = format!(
            "concordat certificate renew '{}'",
            directory.path().display()
        );
        let said = || read(directory.path(), &key(1)).unwrap_err().to_string();
        assert!(said().ends_with(&command), "{}", said());
        let other = pem::encode_string("PUBLIC KEY", LineEnding::LF, &[1; 44]).unwrap();
        let damaged = pem::encode_string(LABEL, LineEnding::LF, &[1; 44]).unwrap();
        for content in [b"no".to_vec(), other.into_bytes(), damaged.into_bytes()] {
            fs::write(&path, content).unwrap();
            assert!(said().ends_with(&command), "{}", said());
        }
        renew(directory.path(), &key(2), validity(1)).unwrap();
        assert!(said().ends_with(&command), "{}", said());
        fs::remove_file(&path).unwrap();
        let refused = read(directory.path(), &key(1)).unwrap_err();
        assert!(matches!(refused, CertificateFileError::Missing { .. }));
    }

    #[test]
    fn read_refuses_what_is_no_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.crt");
        let refused = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            read(directory.path(), &key(1)).unwrap_err()
        };
        assert!(matches!(
            refused(b"no"),
            CertificateFileError::NotPem { .. }
        ));
        let other = pem::encode_string("PUBLIC KEY", LineEnding::LF, &[1; 44]).unwrap();
        let refused_other = refused(other.as_bytes());
        assert!(matches!(
            refused_other,
            CertificateFileError::NotACertificate { .. }
        ));
        let damaged = pem::encode_string(LABEL, LineEnding::LF, &[1; 44]).unwrap();
        assert!(matches!(
            refused(damaged.as_bytes()),
            CertificateFileError::Refused {
                source: CertificateError::Malformed,
                ..
            }
        ));
    }

    #[test]
    fn statement_keys_have_no_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let key = PrivateKey::new(KeyUse::Statement, SigningKey::from_bytes(&[1; 32]));
        let refused = issue(directory.path(), &key, validity(1)).unwrap_err();
        let CertificateFileError::NoCertificate { key_use } = refused else {
            panic!("{refused}");
        };
        assert_eq!(key_use, KeyUse::Statement);
    }
}
