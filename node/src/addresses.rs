//! Where members are dialled: what the configuration says, and what was added while the node ran.
//!
//! Additions are kept in a file of the node's directory, which the node alone writes:
//!
//! ```text
//! added-peers.toml
//! "113100000000000017" = "10.0.0.7:7443"
//! ```
//!
//! Out of scope: what the registry says; the dialler adds it behind these.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use concordat_protocol::statement::Address;
use concordat_protocol::subject::AuthorityCode;
use tokio::sync::watch;

use crate::dial::Overrides;

/// The name of the file.
const FILE: &str = "added-peers.toml";

type Added = BTreeMap<AuthorityCode, Address>;

/// Addresses that operators set.
#[derive(Debug)]
pub struct AddressBook {
    path: PathBuf,
    configured: Overrides,
    added: Mutex<Added>,
    current: watch::Sender<Overrides>,
}

impl AddressBook {
    /// Reads the additions of a node directory; `configured` stands behind them.
    ///
    /// # Errors
    /// The operating system's, and `InvalidData` for a file that says something else.
    pub fn open(directory: &Path, configured: Overrides) -> io::Result<Self> {
        let path = directory.join(FILE);
        let added = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Added::new(),
            Err(error) => return Err(error),
        };
        let (current, _) = watch::channel(together(&added, &configured));
        Ok(Self {
            path,
            configured,
            added: Mutex::new(added),
            current,
        })
    }

    /// The addresses of each member, in the order in which they are tried.
    #[must_use]
    pub fn current(&self) -> Overrides {
        self.current.borrow().clone()
    }

    /// Hears of every change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Overrides> {
        self.current.subscribe()
    }

    /// The address that was added for a member.
    #[must_use]
    pub fn added(&self, member: AuthorityCode) -> Option<Address> {
        let added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        added.get(&member).cloned()
    }

    /// Adds an address, in place of one added before; `false` when it is the same. Durable before it
    /// returns.
    ///
    /// # Errors
    /// The operating system's; nothing has changed then.
    pub fn add(&self, member: AuthorityCode, address: Address) -> io::Result<bool> {
        self.change(|added| added.insert(member, address.clone()) != Some(address))
    }

    /// Forgets the address added for a member; `false` when there is none.
    ///
    /// # Errors
    /// As [`AddressBook::add`].
    pub fn remove(&self, member: AuthorityCode) -> io::Result<bool> {
        self.change(|added| added.remove(&member).is_some())
    }

    fn change(&self, change: impl FnOnce(&mut Added) -> bool) -> io::Result<bool> {
        let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = added.clone();
        if !change(&mut next) {
            return Ok(false);
        }
        self.write(&next)?;
        self.current.send_replace(together(&next, &self.configured));
        *added = next;
        Ok(true)
    }

    /// Replaces the file as a whole: a crash leaves the old one or the new one.
    fn write(&self, added: &Added) -> io::Result<()> {
        let lines = added
            .iter()
            .map(|(member, address)| format!("\"{member}\" = \"{address}\"\n"));
        let fresh = self.path.with_extension("toml.new");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true);
        let mut file = options.mode(0o600).open(&fresh)?;
        file.write_all(lines.collect::<String>().as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        match self.path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

fn together(added: &Added, configured: &Overrides) -> Overrides {
    let mut all = configured.clone();
    for (member, address) in added {
        let list = all.entry(*member).or_default();
        list.retain(|known| known != address.as_str());
        list.insert(0, address.as_str().to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> AuthorityCode {
        AuthorityCode::parse("11310000MB00000009").unwrap()
    }

    fn address(text: &str) -> Address {
        Address::new(text).unwrap()
    }

    #[test]
    fn added_address_comes_first_survives_a_restart_and_goes_when_removed() {
        let directory = tempfile::tempdir().unwrap();
        let configured = Overrides::from([(member(), vec!["a.example:1".to_owned()])]);
        let book = AddressBook::open(directory.path(), configured.clone()).unwrap();
        let heard = book.watch();
        assert!(book.add(member(), address("b.example:2")).unwrap());
        assert!(!book.add(member(), address("b.example:2")).unwrap());
        assert!(heard.has_changed().unwrap());
        let again = AddressBook::open(directory.path(), configured.clone()).unwrap();
        assert_eq!(again.current()[&member()], ["b.example:2", "a.example:1"]);
        assert_eq!(again.added(member()), Some(address("b.example:2")));
        assert!(again.remove(member()).unwrap());
        assert!(!again.remove(member()).unwrap());
        assert_eq!(again.current(), configured);
        let last = AddressBook::open(directory.path(), configured.clone()).unwrap();
        assert_eq!(last.current(), configured);
    }

    #[test]
    fn file_that_says_something_else_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), "member = \"nowhere\"").unwrap();
        let refused = AddressBook::open(directory.path(), Overrides::new()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
}
