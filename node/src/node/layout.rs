//! Where things lie in a node's directory.

use std::path::{Path, PathBuf};

/// A node's directory.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of a node directory.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            root: root.as_ref().to_path_buf(),
        }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The genesis file.
    #[must_use]
    pub fn genesis(&self) -> PathBuf {
        self.root.join("genesis.cbor")
    }

    /// The directory of private keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The mark that says that the keys of this hub have signed.
    #[must_use]
    pub fn signed_mark(&self) -> PathBuf {
        self.keys().join("log.signed")
    }

    /// Journal segments and signer states: what cannot be made again.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The database, which follows the journal and can be made again.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// The socket of the admin channel.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.root.join("admin.sock")
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root.join("node.toml")
    }
}
