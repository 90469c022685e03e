//! What the journal holds of look-ups: sealed rows, marks on rows, and rows of the former form.
//!
//! ```text
//! row    [2, number, day, commit, sealed]                        sealed = nonce 12 ‖ ciphertext ‖ tag 16
//! mark   [3, kind, number, at, who, finding, state]             1 reviewed, 2 told
//! resumed [4, last, at, who]                                    after rows were lost
//! former [number, who, purpose, case number, basis, subject, at, digest of the answer]
//! ```

use concordat_protocol::codec::{DecodeError, Reader, Writer};
use concordat_protocol::log::{Hash, LeafIndex};
use concordat_protocol::lookup::{Finding, LookUpRow, SaltedRow};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};

const ROW: u64 = 2;
const MARK: u64 = 3;
const RESUMED: u64 = 4;
const FORMER_ITEMS: u64 = 8;

/// A sealed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUpRecord {
    /// Its number.
    pub number: u64,
    /// The China day whose key seals it.
    pub day: Day,
    /// The commitment of its leaf.
    pub commit: Hash,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
}

/// What is noted about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum MarkKind {
    /// Somebody reviewed it.
    Reviewed = 1,
    /// Whoever asked was told that what it showed holds no more.
    Told = 2,
}

/// A mark on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which row.
    pub number: u64,
    /// What.
    pub kind: MarkKind,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: Text<200>,
    /// What a review found.
    pub finding: Option<Finding>,
    /// What was told: the digest of how the statements stood.
    pub state: Option<Hash>,
}

/// That a register goes on after rows were lost, by the word of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The place of the last root said, in log 0 of the node's member.
    pub last: LeafIndex,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: Text<200>,
}

impl Resumed {
    /// Its bytes in the journal.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(64);
        writer.array(4).unsigned(RESUMED);
        writer.unsigned(self.last.value()).unsigned(self.at.value());
        writer.text(self.who.as_str());
        writer.finish()
    }

    /// Takes one apart.
    ///
    /// # Errors
    /// [`LookUpRecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LookUpRecordError> {
        let mut reader = Reader::new(bytes);
        let wrong = |field| LookUpRecordError::Field { field };
        reader.array(4, "a resumption of four items")?;
        if reader.unsigned("the form of a row")? != RESUMED {
            return Err(wrong("form"));
        }
        let last = LeafIndex::new(reader.unsigned("a place")?);
        let at = Timestamp::new(reader.unsigned("an instant")?).map_err(|_| wrong("at"))?;
        let who = Text::new(reader.text("who")?).map_err(|_| wrong("who"))?;
        reader.finish()?;
        Ok(Self { last, at, who })
    }
}

/// Why bytes are no record of the register of look-ups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpRecordError {
    /// The bytes are not the array that a record is.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A field has a value that it cannot have.
    #[error("the look-up's {field} is not one")]
    Field {
        /// Its name.
        field: &'static str,
    },
}

impl LookUpRecord {
    /// Its bytes in the journal.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.sealed.len() + 64);
        writer.array(5).unsigned(ROW).unsigned(self.number);
        writer.unsigned(self.day_number());
        writer.bytes(self.commit.as_bytes()).bytes(&self.sealed);
        writer.finish()
    }

    /// What is authenticated with the sealed bytes.
    pub(super) fn bound(number: u64, commit: &Hash) -> Vec<u8> {
        [&number.to_be_bytes()[..], commit.as_bytes()].concat()
    }

    fn day_number(&self) -> u64 {
        u64::try_from(self.day.value()).unwrap_or(0)
    }

    /// Takes a sealed row apart.
    ///
    /// # Errors
    /// [`LookUpRecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LookUpRecordError> {
        let mut reader = Reader::new(bytes);
        reader.array(5, "a sealed look-up of five items")?;
        let form = reader.unsigned("the form of a row")?;
        let number = reader.unsigned("a number")?;
        let day = reader.unsigned("a day")?;
        let commit = Hash::from_bytes(reader.bytes_exact("a commitment of 32 bytes")?);
        let sealed = reader.bytes("a sealed row")?.to_vec();
        reader.finish()?;
        let day = i64::try_from(day).ok().and_then(|day| Day::new(day).ok());
        match (form, day) {
            (ROW, Some(day)) => Ok(Self {
                number,
                day,
                commit,
                sealed,
            }),
            (ROW, None) => Err(LookUpRecordError::Field { field: "day" }),
            _ => Err(LookUpRecordError::Field { field: "form" }),
        }
    }
}

impl Mark {
    /// Its bytes in the journal and the store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128);
        writer.array(7).unsigned(MARK).unsigned(self.kind as u64);
        writer.unsigned(self.number).unsigned(self.at.value());
        writer.text(self.who.as_str());
        writer.unsigned(self.finding.map_or(0, Finding::code));
        writer.bytes(self.state.as_ref().map_or(&[], |state| state.as_bytes()));
        writer.finish()
    }

    /// Takes a mark apart.
    ///
    /// # Errors
    /// [`LookUpRecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LookUpRecordError> {
        let mut reader = Reader::new(bytes);
        let wrong = |field| LookUpRecordError::Field { field };
        reader.array(7, "a mark of seven items")?;
        if reader.unsigned("the form of a row")? != MARK {
            return Err(wrong("form"));
        }
        let kind = match reader.unsigned("a kind of mark")? {
            1 => MarkKind::Reviewed,
            2 => MarkKind::Told,
            _ => return Err(wrong("kind of mark")),
        };
        let number = reader.unsigned("a number")?;
        let at = Timestamp::new(reader.unsigned("an instant")?).map_err(|_| wrong("at"))?;
        let who = Text::new(reader.text("who")?).map_err(|_| wrong("who"))?;
        let finding = match reader.unsigned("a finding")? {
            0 => None,
            code => Some(Finding::from_code(code).ok_or_else(|| wrong("finding"))?),
        };
        let state = match reader.bytes("a state")? {
            [] => None,
            state => Some(state.try_into().map_err(|_| wrong("state"))?),
        };
        reader.finish()?;
        Ok(Self {
            number,
            kind,
            at,
            who,
            finding,
            state: state.map(Hash::from_bytes),
        })
    }
}

/// A row of the former form, which had no tree: it is salted with the secret digest of its answer.
// spec: LKP-5
#[must_use]
pub fn old_row(bytes: &[u8]) -> Option<(u64, SaltedRow)> {
    let mut reader = Reader::new(bytes);
    reader
        .array(FORMER_ITEMS, "a look-up of eight items")
        .ok()?;
    let number = reader.unsigned("a sequence number").ok()?;
    let who = Text::new(reader.text("who").ok()?).ok()?;
    let purpose = Text::new(reader.text("purpose").ok()?).ok()?;
    let case_number = Text::new(reader.text("case number").ok()?).ok()?;
    let basis = Text::new(reader.text("basis").ok()?).ok()?;
    let subject = SubjectCode::parse(reader.text("a subject code").ok()?).ok()?;
    let at = Timestamp::new(reader.unsigned("an instant").ok()?).ok()?;
    let digest: [u8; 32] = reader.bytes_exact("a digest of 32 bytes").ok()?;
    reader.finish().ok()?;
    let row = LookUpRow {
        refused: None,
        number,
        at,
        who,
        purpose,
        case_number,
        basis,
        subject,
        scenario: None,
        answer: Hash::from_bytes(digest),
        shown: Vec::new(),
        horizon: None,
        clean: None,
    };
    Some((number, SaltedRow::new(digest, &row).ok()?))
}

/// Number and commitment of a row of either form; `None` of anything else.
#[must_use]
pub fn commit_of(bytes: &[u8]) -> Option<(u64, Hash)> {
    if let Ok(record) = LookUpRecord::decode(bytes) {
        return Some((record.number, record.commit));
    }
    old_row(bytes).map(|(number, salted)| (number, salted.commit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn former() -> Vec<u8> {
        let mut writer = Writer::with_capacity(256);
        writer
            .array(8)
            .unsigned(7)
            .text("clerk 12")
            .text("招标资格审查");
        writer.text("2026-118").text("招标投标法第二十六条");
        writer
            .text("91230400MA0000015M")
            .unsigned(1_772_409_600_000);
        writer.bytes(&[3; 32]);
        writer.finish()
    }

    // spec: LKP-5
    #[test]
    fn former_row_is_carried_over_with_a_commitment_that_is_salted() {
        let (number, salted) = old_row(&former()).unwrap();
        let row = salted.row().unwrap();
        assert_eq!((number, row.number), (7, 7));
        assert_eq!(row.case_number.as_str(), "2026-118");
        assert_eq!(salted.salt(), &[3; 32]);
        assert_eq!(commit_of(&former()), Some((7, salted.commit())));
        for length in 0..former().len() {
            assert_eq!(commit_of(&former()[..length]), None);
        }
    }

    #[test]
    fn mark_and_sealed_row_round_trip_and_are_not_taken_for_one_another() {
        let mark = Mark {
            number: 7,
            kind: MarkKind::Reviewed,
            at: Timestamp::new(1_772_409_600_000).unwrap(),
            who: Text::new("auditor").unwrap(),
            finding: Some(Finding::NoCase),
            state: None,
        };
        assert_eq!(Mark::decode(&mark.encode()), Ok(mark.clone()));
        let told = Mark {
            kind: MarkKind::Told,
            finding: None,
            state: Some(Hash::from_bytes([4; 32])),
            ..mark.clone()
        };
        assert_eq!(Mark::decode(&told.encode()), Ok(told));
        let record = LookUpRecord {
            number: 9,
            day: Day::from_ymd(2026, 3, 1).unwrap(),
            commit: Hash::from_bytes([1; 32]),
            sealed: vec![5; 40],
        };
        assert_eq!(LookUpRecord::decode(&record.encode()), Ok(record.clone()));
        assert!(LookUpRecord::decode(&mark.encode()).is_err());
        assert!(Mark::decode(&record.encode()).is_err());
        assert_eq!(commit_of(&record.encode()), Some((9, record.commit)));
        assert_eq!(commit_of(&mark.encode()), None);
        let resumed = Resumed {
            last: LeafIndex::new(12),
            at: mark.at,
            who: mark.who.clone(),
        };
        assert_eq!(Resumed::decode(&resumed.encode()), Ok(resumed.clone()));
        for other in [mark.encode(), record.encode(), former()] {
            assert!(Resumed::decode(&other).is_err());
        }
        assert!(Mark::decode(&resumed.encode()).is_err());
        assert_eq!(commit_of(&resumed.encode()), None);
    }
}
