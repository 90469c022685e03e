//! Keys of days: what is sealed with one is gone once it is destroyed.
//!
//! ```text
//! <node>/look-ups/2026-03-01.key     32 bytes, mode 0600
//! <node>/look-ups/gone-before        a day: the keys of the days before it were destroyed
//! ```
//! The journal keeps every record for ever, so that what has to go one day is in it in sealed form alone
//! (ChaCha20-Poly1305, RFC 8439). A key is durable before the first row that it seals.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use concordat_protocol::lookup::SaltedRow;
use concordat_protocol::time::Day;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::record::LookUpRecord;

const DIRECTORY: &str = "look-ups";
const KEY_BYTES: usize = 32;
/// Names the first day whose key was not destroyed.
const GONE_BEFORE: &str = "gone-before";

/// Why a row could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A key could not be read, made or destroyed.
    #[error("{path}: {cause}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// A key is not what the node wrote.
    #[error(
        "{path} is no key of the register of look-ups: it has {bytes} bytes instead of 32; restore it from a backup"
    )]
    Damaged {
        /// Its path.
        path: PathBuf,
        /// How many bytes it has.
        bytes: usize,
    },
    /// What is sealed does not open with its key.
    #[error("row {number} of the register of look-ups does not open with the key of its day")]
    Row {
        /// Its number.
        number: u64,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
}

/// The keys of the days.
#[derive(Debug)]
pub struct Seals {
    directory: PathBuf,
    known: BTreeMap<Day, Option<[u8; KEY_BYTES]>>,
}

impl Seals {
    /// Those of a node's directory.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            directory: root.join(DIRECTORY),
            known: BTreeMap::new(),
        }
    }

    /// Seals a row with the key of a day, which is made where there is none.
    ///
    /// # Errors
    /// [`SealError`].
    // spec: LKP-4
    pub fn seal(
        &mut self,
        number: u64,
        day: Day,
        row: &SaltedRow,
    ) -> Result<LookUpRecord, SealError> {
        let key = match self.key(day)? {
            Some(key) => key,
            None => self.make(day)?,
        };
        let commit = row.commit();
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Randomness)?;
        let mut text = row.encode();
        let bound = Aad::from(LookUpRecord::bound(number, &commit));
        let sealing = sealing(&key, number)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        sealing
            .seal_in_place_append_tag(unique, bound, &mut text)
            .map_err(|_| SealError::Row { number })?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        Ok(LookUpRecord {
            number,
            day,
            commit,
            sealed,
        })
    }

    /// Opens a sealed row; `None` where the key of its day is destroyed.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&mut self, record: &LookUpRecord) -> Result<Option<SaltedRow>, SealError> {
        let number = record.number;
        let Some(key) = self.key(record.day)? else {
            return Ok(None);
        };
        let wrong = || SealError::Row { number };
        let (nonce, text) = record
            .sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(wrong)?;
        let bound = Aad::from(LookUpRecord::bound(number, &record.commit));
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = sealing(&key, number)?.open_in_place(nonce, bound, &mut text);
        let row = SaltedRow::decode(opened.map_err(|_| wrong())?).map_err(|_| wrong())?;
        match row.commit() == record.commit {
            true => Ok(Some(row)),
            false => Err(wrong()),
        }
    }

    /// Makes the key of a day anew whose file a crash left empty. Nothing can be sealed with such a one; that no
    /// row waits for its key to be put back is for the caller to know.
    ///
    /// # Errors
    /// [`SealError`].
    // spec: LKP-67
    pub fn replace_empty(&mut self, day: Day) -> Result<(), SealError> {
        if self.known.contains_key(&day) {
            return Ok(());
        }
        let path = self.path(day);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(SealError::File { path, cause }),
            Ok(file) if file.len() == 0 => self.make(day).map(drop),
            Ok(_) => Ok(()),
        }
    }

    /// The first day whose key was not destroyed, as far as it was noted. A note of a day after `latest` is none
    /// that retention made, and says of no key that it had to go.
    ///
    /// # Errors
    /// [`SealError::File`].
    // spec: LKP-68
    pub fn gone_before(&self, latest: Day) -> Result<Option<Day>, SealError> {
        let path = self.directory.join(GONE_BEFORE);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(SealError::File { path, cause }),
            // What is no day says of none that it went: rows without a key are told of then.
            Ok(text) => Ok(Day::parse_loose(text.trim())
                .ok()
                .filter(|noted| *noted <= latest)),
        }
    }

    /// Destroys the keys of all days before one: overwritten, synced, removed. Returns the days.
    ///
    /// # Errors
    /// [`SealError::File`]; what was not destroyed is tried again the next time.
    // spec: LKP-40, LKP-68
    pub fn destroy_before(&mut self, day: Day, latest: Day) -> Result<Vec<Day>, SealError> {
        let mut gone = Vec::new();
        let noted = self.gone_before(latest)?;
        // What was begun under a shorter time is brought to its end under a longer one.
        let day = noted.map_or(day, |noted| noted.max(day));
        let before: Vec<_> = self.days()?;
        let before: Vec<_> = before.into_iter().filter(|(of, _)| *of < day).collect();
        if !before.is_empty() && noted != Some(day) {
            // A key that is missing without this is one to put back.
            self.write(
                &self.directory.join(GONE_BEFORE),
                day.to_string().as_bytes(),
            )?;
        }
        for (of, path) in before {
            let destroyed = destroy(&path).and_then(|()| sync(&self.directory));
            destroyed.map_err(|cause| SealError::File { path, cause })?;
            self.known.insert(of, None);
            gone.push(of);
        }
        Ok(gone)
    }

    fn days(&self) -> Result<Vec<(Day, PathBuf)>, SealError> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            found => found.map_err(|cause| self.fault(cause))?,
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let mut days: Vec<_> = paths
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?.strip_suffix(".key")?;
                Some((Day::parse_loose(name).ok()?, path.clone()))
            })
            .collect();
        days.sort();
        Ok(days)
    }

    fn fault(&self, cause: io::Error) -> SealError {
        let path = self.directory.clone();
        SealError::File { path, cause }
    }

    fn path(&self, day: Day) -> PathBuf {
        self.directory.join(format!("{day}.key"))
    }

    fn key(&mut self, day: Day) -> Result<Option<[u8; KEY_BYTES]>, SealError> {
        if let Some(known) = self.known.get(&day) {
            return Ok(*known);
        }
        let path = self.path(day);
        let key = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(SealError::File { path, cause }),
            Ok(found) => match <[u8; KEY_BYTES]>::try_from(found) {
                Ok(key) => Some(key),
                Err(found) => {
                    let bytes = found.len();
                    return Err(SealError::Damaged { path, bytes });
                }
            },
        };
        self.known.insert(day, key);
        Ok(key)
    }

    fn make(&mut self, day: Day) -> Result<[u8; KEY_BYTES], SealError> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|_| SealError::Randomness)?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(&self.directory)
            .map_err(|cause| self.fault(cause))?;
        self.write(&self.path(day), &key)?;
        self.known.insert(day, Some(key));
        Ok(key)
    }

    /// Writes a file whole: a crash on the way leaves no half of it under its name.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), SealError> {
        let part = path.with_extension("tmp");
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&part)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&part, path)?;
            sync(&self.directory)
        };
        let path = path.to_owned();
        write().map_err(|cause| SealError::File { path, cause })
    }
}

fn sealing(key: &[u8; KEY_BYTES], number: u64) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key);
    let key = key.map_err(|_| SealError::Row { number })?;
    Ok(LessSafeKey::new(key))
}

fn destroy(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&[0; KEY_BYTES])?;
    file.sync_all()?;
    fs::remove_file(path)
}

fn sync(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::Hash;
    use concordat_protocol::lookup::LookUpRow;
    use concordat_protocol::subject::SubjectCode;
    use concordat_protocol::text::Text;
    use concordat_protocol::time::Timestamp;

    use super::*;

    fn salted(number: u64) -> SaltedRow {
        let row = LookUpRow {
            refused: None,
            number,
            at: Timestamp::new(1_772_409_600_000).unwrap(),
            who: Text::new("clerk 12").unwrap(),
            purpose: Text::new("招标资格审查").unwrap(),
            case_number: Text::new("2026-118").unwrap(),
            basis: Text::new("招标投标法第二十六条").unwrap(),
            subject: SubjectCode::parse("91230400MA0000015M").unwrap(),
            scenario: None,
            answer: Hash::from_bytes([7; 32]),
            shown: Vec::new(),
            horizon: None,
            clean: None,
        };
        SaltedRow::new([3; 32], &row).unwrap()
    }

    fn day(of: u8) -> Day {
        Day::from_ymd(2026, 3, of).unwrap()
    }

    // spec: LKP-4, LKP-40
    #[test]
    fn row_opens_with_the_key_of_its_day_and_is_gone_with_it() {
        let root = tempfile::tempdir().unwrap();
        let mut seals = Seals::new(root.path());
        let first = seals.seal(0, day(1), &salted(0)).unwrap();
        let second = seals.seal(1, day(2), &salted(1)).unwrap();
        // Nothing of what was asked stands in what the journal keeps.
        let text = "2026-118".as_bytes();
        assert!(!first.encode().windows(text.len()).any(|part| part == text));
        let mut later = Seals::new(root.path());
        assert_eq!(later.open(&first).unwrap(), Some(salted(0)));
        assert_eq!(later.destroy_before(day(2), Day::MAX).unwrap(), [day(1)]);
        assert_eq!(later.open(&first).unwrap(), None);
        assert_eq!(later.open(&second).unwrap(), Some(salted(1)));
        assert_eq!(Seals::new(root.path()).open(&first).unwrap(), None);
        assert!(later.destroy_before(day(2), Day::MAX).unwrap().is_empty());
    }

    // spec: LKP-4
    #[test]
    fn row_under_another_number_or_changed_does_not_open() {
        let root = tempfile::tempdir().unwrap();
        let mut seals = Seals::new(root.path());
        let record = seals.seal(4, day(1), &salted(4)).unwrap();
        let renumbered = LookUpRecord {
            number: 5,
            ..record.clone()
        };
        let refused = seals.open(&renumbered);
        assert!(matches!(refused, Err(SealError::Row { number: 5 })));
        let mut changed = record;
        *changed.sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(seals.open(&changed), Err(SealError::Row { .. })));
    }

    // spec: LKP-4
    #[test]
    fn half_written_key_of_a_crash_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("look-ups")).unwrap();
        let part = root.path().join("look-ups/2026-03-01.tmp");
        fs::write(&part, [1; 7]).unwrap();
        let record = Seals::new(root.path()).seal(0, day(1), &salted(0)).unwrap();
        assert!(!part.exists());
        let opened = Seals::new(root.path()).open(&record).unwrap();
        assert_eq!(opened, Some(salted(0)));
    }

    /// A crash of a former version left an empty file: a new key takes its place, another damaged one stays.
    // spec: LKP-67
    #[test]
    fn empty_key_is_made_anew_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("look-ups")).unwrap();
        let path = root.path().join("look-ups/2026-03-01.key");
        fs::write(&path, []).unwrap();
        let mut seals = Seals::new(root.path());
        let refused = seals.seal(0, day(1), &salted(0));
        assert!(matches!(refused, Err(SealError::Damaged { bytes: 0, .. })));
        seals.replace_empty(day(1)).unwrap();
        let record = seals.seal(0, day(1), &salted(0)).unwrap();
        let good = fs::read(&path).unwrap();
        seals.replace_empty(day(1)).unwrap();
        Seals::new(root.path()).replace_empty(day(1)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), good);
        let opened = Seals::new(root.path()).open(&record).unwrap();
        assert_eq!(opened, Some(salted(0)));
        fs::write(&path, &good[..7]).unwrap();
        Seals::new(root.path()).replace_empty(day(1)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), good[..7]);
    }

    /// A longer time brings nothing back, and what a shorter one began is ended under it.
    // spec: LKP-68
    #[test]
    fn day_whose_key_was_destroyed_is_known_to_be_gone() {
        let root = tempfile::tempdir().unwrap();
        let mut seals = Seals::new(root.path());
        for number in 1..=3 {
            seals
                .seal(number, day(u8::try_from(number).unwrap()), &salted(number))
                .unwrap();
        }
        assert_eq!(seals.destroy_before(day(1), Day::MAX).unwrap(), []);
        assert_eq!(seals.gone_before(Day::MAX).unwrap(), None);
        assert_eq!(
            seals.destroy_before(day(3), Day::MAX).unwrap(),
            [day(1), day(2)]
        );
        assert_eq!(seals.gone_before(Day::MAX).unwrap(), Some(day(3)));
        // A backup brought the key of a day back that had gone.
        fs::write(root.path().join("look-ups/2026-03-02.key"), [1; 32]).unwrap();
        let mut later = Seals::new(root.path());
        // A note of a day whose rows have to be kept destroys nothing.
        assert_eq!(later.gone_before(day(2)).unwrap(), None);
        assert_eq!(later.destroy_before(day(1), day(2)).unwrap(), []);
        assert_eq!(later.destroy_before(day(1), day(3)).unwrap(), [day(2)]);
        assert_eq!(later.gone_before(day(3)).unwrap(), Some(day(3)));
        assert!(root.path().join("look-ups/2026-03-03.key").exists());
    }

    #[test]
    fn damaged_key_is_named() {
        let root = tempfile::tempdir().unwrap();
        let mut seals = Seals::new(root.path());
        let record = seals.seal(0, day(1), &salted(0)).unwrap();
        fs::write(root.path().join("look-ups/2026-03-01.key"), [1; 31]).unwrap();
        let refused = Seals::new(root.path()).open(&record).unwrap_err();
        assert!(
            matches!(refused, SealError::Damaged { bytes: 31, .. }),
            "{refused}"
        );
    }
}
