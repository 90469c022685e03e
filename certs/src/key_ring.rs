//! A node's directory of keys: one file for each use, and the next key of a use that is to rotate.
//!
//! ```text
//! keys/                    mode 0700
//!   node.key               in use
//!   node.key.next          prepared; its SHA-256 is committed in the registry beforehand
//!   node.key.9f86d081884c7d65…  retired, named by its key id
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::log::Hash;
use concordat_protocol::statement::KeyUse;
use sha2::{Digest, Sha256};

use crate::file::{self, FileError};
use crate::key_file::{KeyFileError, PrivateKey, file_name};
use crate::randomness::Randomness;

/// The keys of a member's node.
pub const MEMBER_USES: [KeyUse; 5] = [
    KeyUse::Statement,
    KeyUse::Log,
    KeyUse::Node,
    KeyUse::Witness,
    KeyUse::Recovery,
];

/// The keys that a node runs with. The recovery key is kept elsewhere, and is not asked for.
// spec: KEY-27
pub const RUN_USES: [KeyUse; 4] = [
    KeyUse::Statement,
    KeyUse::Log,
    KeyUse::Node,
    KeyUse::Witness,
];

/// The keys of a directory, each with one use.
#[derive(Debug)]
pub struct KeyRing {
    directory: PathBuf,
    keys: BTreeMap<KeyUse, PrivateKey>,
}

impl KeyRing {
    /// Makes a key for each use in a directory of its own. When one of the files exists already,
    /// none is written.
    ///
    /// # Errors
    /// [`KeyRingError::Key`] with the file that stood in the way or could not be written.
    pub fn generate(
        directory: &Path,
        uses: &[KeyUse],
        randomness: &mut dyn Randomness,
    ) -> Result<Self, KeyRingError> {
        let keys = uses
            .iter()
            .map(|key_use| PrivateKey::generate(*key_use, randomness))
            .collect::<Result<Vec<_>, _>>()
            .map_err(KeyFileError::from)?;
        Self::create(directory, keys)
    }

    /// Writes keys that were made elsewhere into a directory of their own.
    ///
    /// # Errors
    /// As [`KeyRing::generate`], and [`KeyRingError::Shared`].
    pub fn create(
        directory: &Path,
        keys: impl IntoIterator<Item = PrivateKey>,
    ) -> Result<Self, KeyRingError> {
        let ring = Self {
            directory: directory.to_path_buf(),
            keys: keys.into_iter().map(|key| (key.key_use(), key)).collect(),
        };
        ring.refuse_shared()?;
        file::private_directory(directory).map_err(KeyFileError::from)?;
        for key_use in ring.keys.keys() {
            let path = directory.join(file_name(*key_use));
            if path.symlink_metadata().is_ok() {
                return Err(KeyFileError::from(FileError::Exists { path }).into());
            }
        }
        for key in ring.keys.values() {
            key.create_in(directory)?;
        }
        Ok(ring)
    }

    /// Reads every key that a directory holds.
    ///
    /// # Errors
    /// [`KeyRingError::Key`] for a file or directory that is not acceptable, [`KeyRingError::Shared`] when two
    /// files hold one key, [`KeyRingError::Missing`] when there is none for a use in `required`.
    pub fn open(directory: &Path, required: &[KeyUse]) -> Result<Self, KeyRingError> {
        let mut keys = BTreeMap::new();
        for key_use in KeyUse::ALL {
            match PrivateKey::read_in(directory, *key_use) {
                Ok(key) => drop(keys.insert(*key_use, key)),
                Err(KeyFileError::File(FileError::Missing { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let ring = Self {
            directory: directory.to_path_buf(),
            keys,
        };
        ring.refuse_shared()?;
        for key_use in required {
            ring.key(*key_use)?;
        }
        Ok(ring)
    }

    /// Where the files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The uses for which there is a key.
    pub fn uses(&self) -> impl Iterator<Item = KeyUse> + '_ {
        self.keys.keys().copied()
    }

    /// The key of a use.
    ///
    /// # Errors
    /// [`KeyRingError::Missing`].
    pub fn key(&self, key_use: KeyUse) -> Result<&PrivateKey, KeyRingError> {
        self.keys.get(&key_use).ok_or_else(|| {
            let path = self.directory.join(file_name(key_use));
            KeyRingError::Missing { key_use, path }
        })
    }

    /// The public half of a use's key, when there is one.
    #[must_use]
    pub fn public(&self, key_use: KeyUse) -> Option<PublicKey> {
        self.keys.get(&key_use).map(PrivateKey::public_key)
    }

    /// Prepares the key that will follow the present one, or shows the one already prepared.
    ///
    /// # Errors
    /// [`KeyRingError::Missing`] when there is no present one; [`KeyRingError::Key`].
    pub fn prepare_next(
        &self,
        key_use: KeyUse,
        randomness: &mut dyn Randomness,
    ) -> Result<PublicKey, KeyRingError> {
        self.key(key_use)?;
        if let Some(next) = self.next(key_use)? {
            return Ok(next.public_key());
        }
        let next = PrivateKey::generate(key_use, randomness).map_err(KeyFileError::from)?;
        next.create(&self.next_path(key_use))?;
        Ok(next.public_key())
    }

    /// The key prepared for a use.
    ///
    /// # Errors
    /// [`KeyRingError::Key`] when its file is not acceptable.
    pub fn next(&self, key_use: KeyUse) -> Result<Option<PrivateKey>, KeyRingError> {
        match PrivateKey::read(&self.next_path(key_use), key_use) {
            Ok(key) => Ok(Some(key)),
            Err(KeyFileError::File(FileError::Missing { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the prepared key in the place of the present one, which stays beside it under its id.
    /// To be called once the registry has adopted the rotation; a call repeated after a crash ends
    /// what the first began.
    ///
    /// # Errors
    /// [`KeyRingError::NotPrepared`] when no key is prepared; [`KeyRingError::Key`].
    pub fn adopt_next(&mut self, key_use: KeyUse) -> Result<(), KeyRingError> {
        let next = self.next(key_use)?;
        let next = next.ok_or(KeyRingError::NotPrepared { key_use })?;
        let present = self.directory.join(file_name(key_use));
        let id = self.key(key_use)?.public_key().id();
        let retired = self.directory.join(format!("{}.{id}", file_name(key_use)));
        // Crash before the link: nothing has happened. Between link and rename: the present key has
        // two names and the next call finds the link taken. There is a present key throughout.
        match file::link(&present, &retired) {
            Ok(()) | Err(FileError::Exists { .. }) => {}
            Err(error) => return Err(KeyFileError::from(error).into()),
        }
        file::rename(&self.next_path(key_use), &present).map_err(KeyFileError::from)?;
        self.keys.insert(key_use, next);
        Ok(())
    }

    fn next_path(&self, key_use: KeyUse) -> PathBuf {
        self.directory.join(format!("{}.next", file_name(key_use)))
    }

    /// A key copied from one name to another would have two uses.
    // spec: KEY-10
    fn refuse_shared(&self) -> Result<(), KeyRingError> {
        let mut uses = BTreeMap::new();
        for (second, key) in &self.keys {
            if let Some(first) = uses.insert(key.public_key(), *second) {
                let second = *second;
                return Err(KeyRingError::Shared { first, second });
            }
        }
        Ok(())
    }
}

/// What a member commits to before a rotation: SHA-256 of the next public key.
// spec: KEY-24
#[must_use]
pub fn next_key_commitment(next: &PublicKey) -> Hash {
    let digest: [u8; 32] = Sha256::digest(next.as_bytes()).into();
    Hash::from_bytes(digest)
}

/// Why a directory of keys was not made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// One of the files.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// No key for a use.
    #[error("there is no key {}", path.display())]
    Missing {
        /// The use.
        key_use: KeyUse,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Two files hold the same key.
    #[error("{} and {} hold the same key; each use has its own", file_name(*first), file_name(*second))]
    Shared {
        /// One use.
        first: KeyUse,
        /// The other.
        second: KeyUse,
    },
    /// No key was prepared to follow the present one.
    #[error("no key is prepared to follow {}", file_name(*key_use))]
    NotPrepared {
        /// The use.
        key_use: KeyUse,
    },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::randomness::SeededRandomness;

    fn ring() -> (TempDir, KeyRing) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        let ring = KeyRing::generate(&path, &MEMBER_USES, &mut SeededRandomness::new(1)).unwrap();
        (directory, ring)
    }

    #[test]
    fn ring_comes_back_from_its_directory() {
        let (_directory, made) = ring();
        let read = KeyRing::open(made.directory(), &MEMBER_USES).unwrap();
        for key_use in MEMBER_USES {
            assert_eq!(made.public(key_use), read.public(key_use));
        }
        assert_eq!(read.uses().count(), MEMBER_USES.len());
        assert_eq!(read.public(KeyUse::Approver), None);
    }

    // spec: KEY-10
    #[test]
    fn open_refuses_one_key_under_two_names() {
        let (_directory, made) = ring();
        let at = |name: &str| made.directory().join(name);
        fs::remove_file(at("witness.key")).unwrap();
        fs::copy(at("log.key"), at("witness.key")).unwrap();
        let refused = KeyRing::open(made.directory(), &[]).unwrap_err();
        let (first, second) = (KeyUse::Log, KeyUse::Witness);
        assert!(
            matches!(refused, KeyRingError::Shared { first: f, second: s }
            if (f, s) == (first, second))
        );
    }

    #[test]
    fn open_names_the_key_that_is_missing() {
        let (_directory, made) = ring();
        let refused = KeyRing::open(made.directory(), &[KeyUse::Administrator]).unwrap_err();
        assert!(refused.to_string().ends_with("administrator.key"));
        assert!(matches!(
            refused,
            KeyRingError::Missing {
                key_use: KeyUse::Administrator,
                ..
            }
        ));
    }

    #[test]
    fn node_runs_without_the_recovery_key() {
        let (_directory, made) = ring();
        let recovery = made.directory().join(file_name(KeyUse::Recovery));
        fs::remove_file(recovery).unwrap();
        let ring = KeyRing::open(made.directory(), &RUN_USES).unwrap();
        assert_eq!(ring.public(KeyUse::Recovery), None);
        assert!(matches!(
            KeyRing::open(made.directory(), &MEMBER_USES).unwrap_err(),
            KeyRingError::Missing {
                key_use: KeyUse::Recovery,
                ..
            }
        ));
    }

    // spec: KEY-11
    #[test]
    fn generate_writes_nothing_where_one_key_exists() {
        let (_directory, made) = ring();
        for key_use in [
            KeyUse::Statement,
            KeyUse::Log,
            KeyUse::Node,
            KeyUse::Recovery,
        ] {
            fs::remove_file(made.directory().join(file_name(key_use))).unwrap();
        }
        let mut randomness = SeededRandomness::new(2);
        let refused = KeyRing::generate(made.directory(), &MEMBER_USES, &mut randomness);
        let refused = refused.unwrap_err();
        assert!(matches!(
            refused,
            KeyRingError::Key(KeyFileError::File(FileError::Exists { .. }))
        ));
        assert_eq!(fs::read_dir(made.directory()).unwrap().count(), 1);
    }

    // spec: KEY-24
    #[test]
    fn rotation_takes_the_prepared_key_and_keeps_the_one_before() {
        let (_directory, mut made) = ring();
        let mut randomness = SeededRandomness::new(3);
        let before = made.public(KeyUse::Node).unwrap();
        let next = made.prepare_next(KeyUse::Node, &mut randomness).unwrap();
        assert_eq!(
            made.prepare_next(KeyUse::Node, &mut randomness).unwrap(),
            next
        );
        assert_ne!(next_key_commitment(&next), next_key_commitment(&before));
        made.adopt_next(KeyUse::Node).unwrap();
        assert_eq!(made.public(KeyUse::Node), Some(next));
        let read = KeyRing::open(made.directory(), &MEMBER_USES).unwrap();
        assert_eq!(read.public(KeyUse::Node), Some(next));
        let retired = made.directory().join(format!("node.key.{}", before.id()));
        let retired = PrivateKey::read(&retired, KeyUse::Node).unwrap();
        assert_eq!(retired.public_key(), before);
    }

    #[test]
    fn rotation_that_stopped_between_its_steps_is_ended_by_a_second_call() {
        let (_directory, mut made) = ring();
        let next = made
            .prepare_next(KeyUse::Log, &mut SeededRandomness::new(3))
            .unwrap();
        let id = made.public(KeyUse::Log).unwrap().id();
        let at = |name: &str| made.directory().join(name);
        fs::hard_link(at("log.key"), at(&format!("log.key.{id}"))).unwrap();
        made.adopt_next(KeyUse::Log).unwrap();
        assert_eq!(made.public(KeyUse::Log), Some(next));
    }

    #[test]
    fn rotation_without_a_prepared_key_is_refused() {
        let (_directory, mut made) = ring();
        let refused = made.adopt_next(KeyUse::Log).unwrap_err();
        assert!(matches!(
            refused,
            KeyRingError::NotPrepared {
                key_use: KeyUse::Log
            }
        ));
    }
}
