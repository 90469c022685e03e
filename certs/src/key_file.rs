//! Private keys and the files that hold them.
//!
//! One file holds one Ed25519 key for one use, as PKCS#8 in PEM (RFC 8410 §7, RFC 7468), version 1
//! without the public key, which is the form that other tools read:
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----
//! MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
//! -----END PRIVATE KEY-----
//! ```
//!
//! Out of scope: encryption of the file, which the disk or a hardware module behind [`Signer`] does
//! better than a passphrase that a service would have to keep beside it.

use std::fmt;
use std::path::{Path, PathBuf};

use concordat_protocol::key::{PublicKey, SignatureBytes, Signer};
use concordat_protocol::statement::KeyUse;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::{self, LineEnding};
use ed25519_dalek::pkcs8::{ALGORITHM_OID, EncodePrivateKey as _, KeypairBytes, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::file::{self, FileError, Secrecy};
use crate::fingerprint::Fingerprint;
use crate::randomness::{Randomness, RandomnessError};

/// Bytes of a key file. Those written here have 119.
pub const KEY_FILE_BYTES_MAX: u64 = 4 << 10;

const LABEL: &str = "PRIVATE KEY";

/// The name of the file that holds a key of a use.
#[must_use]
pub const fn file_name(key_use: KeyUse) -> &'static str {
    match key_use {
        KeyUse::Statement => "statement.key",
        KeyUse::Log => "log.key",
        KeyUse::Node => "node.key",
        KeyUse::Witness => "witness.key",
        KeyUse::Administrator => "administrator.key",
        KeyUse::Approver => "approver.key",
        KeyUse::Recovery => "recovery.key",
    }
}

/// A private key with its one use. Neither `Debug` nor any error shows the secret; it is wiped when
/// dropped.
#[derive(Clone)]
pub struct PrivateKey {
    key_use: KeyUse,
    key: SigningKey,
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`RandomnessError`].
    pub fn generate(
        key_use: KeyUse,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        let mut secret = Zeroizing::new([0; 32]);
        randomness.fill(secret.as_mut())?;
        let key = SigningKey::from_bytes(&secret);
        Ok(Self { key_use, key })
    }

    /// Takes a key made elsewhere.
    #[must_use]
    pub const fn new(key_use: KeyUse, key: SigningKey) -> Self {
        Self { key_use, key }
    }

    /// What it is for.
    #[must_use]
    pub const fn key_use(&self) -> KeyUse {
        self.key_use
    }

    /// What to read out when the other side asks which key it is.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_key(&self.public_key())
    }

    /// The key as its library has it.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// The secret as PKCS#8 in DER, for libraries that take a key in no other form.
    ///
    /// # Errors
    /// [`KeyFileError::NotEncodable`]; no key is known that does it.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let pair = KeypairBytes {
            secret_key: self.key.to_bytes(),
            public_key: None,
        };
        let document = pair.to_pkcs8_der();
        let document = document.map_err(|_| KeyFileError::NotEncodable)?;
        Ok(document.to_bytes())
    }

    /// Writes the key into a directory under the name of its use.
    ///
    /// # Errors
    /// [`KeyFileError::File`], with [`FileError::Exists`] when there is a key already.
    pub fn create_in(&self, directory: &Path) -> Result<PathBuf, KeyFileError> {
        let path = directory.join(file_name(self.key_use));
        self.create(&path)?;
        Ok(path)
    }

    /// Writes the key to a file, which only its owner may read and which must not exist yet.
    ///
    /// # Errors
    /// [`KeyFileError::File`], with [`FileError::Exists`] when there is a file already.
    // spec: KEY-11, KEY-13
    pub fn create(&self, path: &Path) -> Result<(), KeyFileError> {
        let der = self.to_pkcs8_der()?;
        let text = pem::encode_string(LABEL, LineEnding::LF, &der).map(Zeroizing::new);
        let text = text.map_err(|_| KeyFileError::NotEncodable)?;
        file::create(path, text.as_bytes(), Secrecy::Private)?;
        Ok(())
    }

    /// Reads the key of a use from a directory.
    ///
    /// # Errors
    /// As [`PrivateKey::read`], and [`FileError::DirectoryOpenToOthers`].
    // spec: KEY-26
    pub fn read_in(directory: &Path, key_use: KeyUse) -> Result<Self, KeyFileError> {
        file::refuse_open_directory(directory)?;
        Self::read(&directory.join(file_name(key_use)), key_use)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`KeyFileError::File`], with [`FileError::OpenToOthers`] when it is not private; otherwise
    /// what is wrong with its content.
    // spec: KEY-12, KEY-13
    pub fn read(path: &Path, key_use: KeyUse) -> Result<Self, KeyFileError> {
        let text = file::read_private(path, KEY_FILE_BYTES_MAX)?;
        let path = || path.to_path_buf();
        let (label, der) = pem::decode_vec(&text)
            .map(|(label, der)| (label, Zeroizing::new(der)))
            .map_err(|_| KeyFileError::NotPem { path: path() })?;
        if label != LABEL {
            return Err(KeyFileError::NotAPrivateKey { path: path() });
        }
        let not_pkcs8 = || KeyFileError::NotPkcs8 { path: path() };
        let info = PrivateKeyInfo::try_from(der.as_slice()).map_err(|_| not_pkcs8())?;
        if info.algorithm.oid != ALGORITHM_OID {
            return Err(KeyFileError::NotEd25519 { path: path() });
        }
        let pair = KeypairBytes::try_from(info).map_err(|_| not_pkcs8())?;
        let key = SigningKey::try_from(&pair).map_err(|_| not_pkcs8())?;
        Ok(Self { key_use, key })
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> SignatureBytes {
        Signer::sign(&self.key, message)
    }
}

// spec: KEY-14
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, {})", self.key_use, self.fingerprint())
    }
}

/// Why a key was not written or read. Names the file and never its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// No randomness for a new key.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The content is not PEM.
    #[error("{} is not a PEM file", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
    },
    /// PEM of something else: a certificate, a public key, an encrypted or older form of key.
    #[error("{} holds something else than a PKCS#8 private key", path.display())]
    NotAPrivateKey {
        /// The file.
        path: PathBuf,
    },
    /// The content is not PKCS#8, or contradicts itself.
    #[error("{} holds a damaged private key", path.display())]
    NotPkcs8 {
        /// The file.
        path: PathBuf,
    },
    /// A key of another algorithm.
    #[error("{} holds a key of another algorithm than Ed25519", path.display())]
    NotEd25519 {
        /// The file.
        path: PathBuf,
    },
    /// The key has no encoding.
    #[error("the key cannot be encoded")]
    NotEncodable,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::randomness::SeededRandomness;

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::new(KeyUse::Log, SigningKey::from_bytes(&[seed; 32]))
    }

    /// A directory with `log.key` of this content, private to its owner.
    fn file(content: &[u8]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        file::create(&directory.path().join("log.key"), content, Secrecy::Private).unwrap();
        directory
    }

    fn refused(content: &[u8]) -> KeyFileError {
        PrivateKey::read_in(file(content).path(), KeyUse::Log).unwrap_err()
    }

    fn pem(label: &str, der: &[u8]) -> Vec<u8> {
        pem::encode_string(label, LineEnding::LF, der)
            .unwrap()
            .into_bytes()
    }

    // spec: KEY-13
    #[test]
    fn key_comes_back_from_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = key(1).create_in(directory.path()).unwrap();
        assert_eq!(path.file_name().unwrap(), "log.key");
        let read = PrivateKey::read_in(directory.path(), KeyUse::Log).unwrap();
        assert_eq!(read.signing_key(), key(1).signing_key());
        assert_eq!(read.key_use(), KeyUse::Log);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{text}");
        assert_eq!(text.len(), 119);
    }

    // spec: KEY-13
    #[test]
    fn key_of_rfc_8410_is_read() {
        // RFC 8410 §10.3, the first example.
        let text = b"-----BEGIN PRIVATE KEY-----\n\
                     MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                     -----END PRIVATE KEY-----\n";
        let read = PrivateKey::read_in(file(text).path(), KeyUse::Log).unwrap();
        let public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
        assert_eq!(read.public_key().to_string(), public);
    }

    #[test]
    fn generated_keys_differ() {
        let mut randomness = SeededRandomness::new(7);
        let first = PrivateKey::generate(KeyUse::Log, &mut randomness).unwrap();
        let second = PrivateKey::generate(KeyUse::Log, &mut randomness).unwrap();
        assert_ne!(first.public_key(), second.public_key());
    }

    // spec: KEY-11
    #[cfg(unix)]
    #[test]
    fn key_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = key(1).create_in(directory.path()).unwrap();
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    // spec: KEY-11
    #[test]
    fn create_refuses_to_overwrite_a_key() {
        let directory = tempfile::tempdir().unwrap();
        key(1).create_in(directory.path()).unwrap();
        let refused = key(2).create_in(directory.path()).unwrap_err();
        assert!(matches!(
            refused,
            KeyFileError::File(FileError::Exists { .. })
        ));
        let kept = PrivateKey::read_in(directory.path(), KeyUse::Log).unwrap();
        assert_eq!(kept.public_key(), key(1).public_key());
    }

    // spec: KEY-12
    #[cfg(unix)]
    #[test]
    fn read_refuses_a_file_that_others_may_read_and_names_the_cure() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = key(1).create_in(directory.path()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = PrivateKey::read(&path, KeyUse::Log).unwrap_err();
            let message = refused.to_string();
            assert!(
                message.contains(&format!("chmod 600 '{}'", path.display())),
                "{message}"
            );
            let KeyFileError::File(FileError::OpenToOthers { mode: found, .. }) = refused else {
                panic!("{message}");
            };
            assert_eq!(found, mode);
        }
    }

    // spec: KEY-26
    #[cfg(unix)]
    #[test]
    fn read_refuses_a_directory_that_others_may_write_into_and_names_the_cure() {
        use std::os::unix::fs::PermissionsExt as _;

        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("keys");
        fs::create_dir(&directory).unwrap();
        key(1).create_in(&directory).unwrap();
        for mode in [0o777, 0o720, 0o702, 0o1777] {
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
            let refused = PrivateKey::read_in(&directory, KeyUse::Log).unwrap_err();
            let message = refused.to_string();
            let cure = format!("chmod 700 '{}'", directory.display());
            assert!(message.contains(&cure), "{message}");
            let KeyFileError::File(FileError::DirectoryOpenToOthers { mode: found, .. }) = refused
            else {
                panic!("{message}");
            };
            assert_eq!(found, mode);
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        PrivateKey::read_in(&directory, KeyUse::Log).unwrap();
    }

    #[test]
    fn read_names_the_file_that_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let refused = PrivateKey::read_in(directory.path(), KeyUse::Node).unwrap_err();
        assert!(matches!(
            &refused,
            KeyFileError::File(FileError::Missing { .. })
        ));
        assert!(refused.to_string().contains("node.key"));
    }

    // spec: KEY-13
    #[test]
    fn read_refuses_what_is_not_pem() {
        for content in [
            &b""[..],
            b"secret",
            &[0; 32],
            b"-----BEGIN PRIVATE KEY-----\nMC4C",
        ] {
            assert!(matches!(refused(content), KeyFileError::NotPem { .. }));
        }
    }

    // spec: KEY-13
    #[test]
    fn read_refuses_pem_of_something_else() {
        let der = key(1).to_pkcs8_der().unwrap();
        for label in [
            "CERTIFICATE",
            "EC PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "PUBLIC KEY",
        ] {
            let refused = refused(&pem(label, &der));
            assert!(
                matches!(refused, KeyFileError::NotAPrivateKey { .. }),
                "{label}"
            );
        }
    }

    // spec: KEY-13
    #[test]
    fn read_refuses_a_key_of_another_algorithm() {
        let mut der = key(1).to_pkcs8_der().unwrap().to_vec();
        // The last byte of the algorithm's identifier: 1.3.101.110 is X25519.
        assert_eq!(der[5..12], [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70][..]);
        der[11] = 0x6e;
        let refused = refused(&pem(LABEL, &der));
        assert!(matches!(refused, KeyFileError::NotEd25519 { .. }));
    }

    // spec: KEY-13
    #[test]
    fn read_refuses_every_truncation_and_a_foreign_public_key() {
        let der = key(1).to_pkcs8_der().unwrap();
        for length in 1..der.len() {
            let refused = refused(&pem(LABEL, &der[..length]));
            assert!(matches!(refused, KeyFileError::NotPkcs8 { .. }), "{length}");
        }
        let public = ed25519_dalek::pkcs8::PublicKeyBytes(*key(2).public_key().as_bytes());
        let pair = KeypairBytes {
            secret_key: [1; 32],
            public_key: Some(public),
        };
        let der = pair.to_pkcs8_der().unwrap();
        let refused = refused(&pem(LABEL, der.as_bytes()));
        assert!(matches!(refused, KeyFileError::NotPkcs8 { .. }));
    }

    // spec: KEY-14
    #[test]
    fn debug_and_errors_never_show_the_secret() {
        let key = PrivateKey::new(KeyUse::Log, SigningKey::from_bytes(&[0xab; 32]));
        let shown = format!("{key:?} {:#?} {:?}", key, key.signing_key());
        assert!(
            !shown.contains("abab") && !shown.contains("171, 171"),
            "{shown}"
        );
        let directory = file(b"hunter2");
        let refused = PrivateKey::read_in(directory.path(), KeyUse::Log).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
}
