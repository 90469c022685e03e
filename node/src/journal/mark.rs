//! The mark: how far the ledger has been made durable, told by a file beside it.
//!
//! ```text
//! slot, 64 bytes at 0 and at 512, big-endian
//!   0  magic "concordm"          16 journal id [16]           48 sequence u64
//!   8  format version u16 = 1    32 commits u64               56 zeros
//!  10  flags u8, 11 zero         40 end of that segment u32   60 checksum u32:
//!  12  last ledger segment u32   44 zeros                        CRC-32 of bytes 0..60
//! ```
//!
//! A ledger that was cut back to the end of an earlier group reads like a whole one. The mark tells
//! the two apart. It is written behind every commit and never synced there: whatever a crash leaves
//! of it was true, and a mark that lags only knows less. Each slot lies in a sector of its own, so
//! that a crash leaves each as it was or as it was to be.

use std::io;

use crate::disk::{Disk, DiskFile, read_up_to};

use super::error::JournalError;
use super::record::{be_u32, put};
use super::segment::JournalId;

/// Name of the file.
pub(super) const MARK_FILE: &str = "ledger.mark";
const UNFINISHED_FILE: &str = "ledger.mark.new";

const SLOT_BYTES: usize = 64;
const SECTOR_BYTES: usize = 512;
const FILE_BYTES: usize = 2 * SECTOR_BYTES;
const CHECKSUM_AT: usize = 60;
const MAGIC: &[u8; 8] = b"concordm";
const FORMAT_VERSION: u16 = 1;
const FLAG_DOUBT: u8 = 1;

/// What a slot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) journal: JournalId,
    /// Commits that are durable; 0 before the founding one.
    pub(super) commits: u64,
    /// The ledger segment that the last of them lies in.
    pub(super) segment: u32,
    /// Where it ends there.
    pub(super) end: u32,
    /// Whether commits were lost and the caller has not yet found its way back.
    pub(super) doubt: bool,
    /// One more with each slot written; given by the file.
    pub(super) sequence: u64,
}

impl Mark {
    /// Of a journal that is about to be founded.
    pub(super) fn before_founding(journal: JournalId) -> Self {
        Self {
            journal,
            commits: 0,
            segment: 0,
            end: 0,
            doubt: false,
            sequence: 0,
        }
    }

    fn encode(self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &FORMAT_VERSION.to_be_bytes());
        put(&mut bytes, 10, &[u8::from(self.doubt) * FLAG_DOUBT]);
        put(&mut bytes, 12, &self.segment.to_be_bytes());
        put(&mut bytes, 16, &self.journal.0);
        put(&mut bytes, 32, &self.commits.to_be_bytes());
        put(&mut bytes, 40, &self.end.to_be_bytes());
        put(&mut bytes, 48, &self.sequence.to_be_bytes());
        let checksum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        put(&mut bytes, CHECKSUM_AT, &checksum.to_be_bytes());
        bytes
    }

    /// `None` for bytes that are no slot.
    fn decode(bytes: &[u8]) -> Result<Option<Self>, JournalError> {
        let Some(bytes) = bytes.first_chunk::<SLOT_BYTES>() else {
            return Ok(None);
        };
        let checksum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        if !bytes.starts_with(MAGIC) || checksum != be_u32(bytes, CHECKSUM_AT) {
            return Ok(None);
        }
        let version = u16::from_be_bytes([bytes[8], bytes[9]]);
        // spec: STO-20
        if version != FORMAT_VERSION {
            return Err(JournalError::MarkVersion { version });
        }
        let wide = |at| u64::from(be_u32(bytes, at)) << 32 | u64::from(be_u32(bytes, at + 4));
        let mut id = [0; 16];
        put(&mut id, 0, &bytes[16..32]);
        let mark = Self {
            journal: JournalId(id),
            commits: wide(32),
            segment: be_u32(bytes, 12),
            end: be_u32(bytes, 40),
            doubt: bytes[10] & FLAG_DOUBT != 0,
            sequence: wide(48),
        };
        Ok((mark.encode() == *bytes).then_some(mark))
    }
}

/// What an open finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No file.
    Absent,
    /// A file without a whole slot.
    Unreadable,
    /// The newest whole slot, and whether the other one is whole too.
    Whole { mark: Mark, both: bool },
}

impl Found {
    /// Reads the file and removes one that was never finished.
    pub(super) fn read<D: Disk>(disk: &D) -> Result<Self, JournalError> {
        match disk.remove(UNFINISHED_FILE) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(mark_io(error)),
            Ok(()) | Err(_) => {}
        }
        let file = match disk.open(MARK_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Absent),
            other => other.map_err(mark_io)?,
        };
        let mut bytes = [0; FILE_BYTES];
        read_up_to(&file, &mut bytes, 0).map_err(mark_io)?;
        let (first, second) = bytes.split_at(SECTOR_BYTES);
        Ok(match (Mark::decode(first)?, Mark::decode(second)?) {
            (Some(first), Some(second)) => Self::Whole {
                mark: if first.sequence > second.sequence {
                    first
                } else {
                    second
                },
                both: true,
            },
            (Some(mark), None) | (None, Some(mark)) => Self::Whole { mark, both: false },
            (None, None) => Self::Unreadable,
        })
    }

    /// Says, durably and before anything is cut off, that a loss has been accepted.
    ///
    /// A mark that can be read goes on telling of the commits that it told of: until what is left is
    /// settled, an open without acceptance finds it ahead and refuses.
    // spec: STO-29
    pub(super) fn doubted<D: Disk>(
        self,
        disk: &D,
        journal: JournalId,
    ) -> Result<Self, JournalError> {
        let mark = self
            .mark()
            .unwrap_or_else(|| Mark::before_founding(journal));
        let mark = MarkFile::settle(
            disk,
            self,
            Mark {
                doubt: true,
                ..mark
            },
        )?
        .mark;
        Ok(Self::Whole { mark, both: true })
    }

    pub(super) fn mark(self) -> Option<Mark> {
        match self {
            Self::Whole { mark, .. } => Some(mark),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// Keeps the mark of an open journal.
#[derive(Debug)]
pub(super) struct MarkFile<D: Disk> {
    file: D::File,
    mark: Mark,
}

impl<D: Disk> MarkFile<D> {
    /// Writes `mark` into both slots, durably: into the file that is there, or into a new one.
    pub(super) fn settle(disk: &D, found: Found, mut mark: Mark) -> Result<Self, JournalError> {
        mark.sequence = found.mark().map_or(0, |found| found.sequence) + 2;
        let older = Mark {
            sequence: mark.sequence - 1,
            ..mark
        };
        let mut bytes = [0; FILE_BYTES];
        for slot in [older, mark] {
            put(&mut bytes, slot_at(slot.sequence), &slot.encode());
        }
        let file = match found {
            // Crash here -> each slot as it was or as it is to be -> the newer one counts.
            Found::Whole { .. } => {
                let file = disk.open(MARK_FILE).map_err(mark_io)?;
                file.write_at(&bytes, 0).map_err(mark_io)?;
                file.sync_data().map_err(mark_io)?;
                file
            }
            // Crash here -> perhaps the unfinished file -> the next open removes it.
            Found::Absent | Found::Unreadable => {
                let file = disk.create(UNFINISHED_FILE).map_err(mark_io)?;
                file.write_at(&bytes, 0).map_err(mark_io)?;
                file.sync_data().map_err(mark_io)?;
                disk.rename(UNFINISHED_FILE, MARK_FILE).map_err(mark_io)?;
                disk.sync_dir().map_err(JournalError::directory)?;
                file
            }
        };
        Ok(Self { file, mark })
    }

    /// Tells of one more durable commit. Not synced: what a crash leaves of it lags, no more.
    // spec: STO-28
    pub(super) fn advance(
        &mut self,
        commits: u64,
        (segment, end): (u32, u32),
    ) -> Result<(), JournalError> {
        self.write(Mark {
            commits,
            segment,
            end,
            ..self.mark
        })
    }

    pub(super) fn doubt(&self) -> bool {
        self.mark.doubt
    }

    pub(super) fn end_doubt(&mut self) -> Result<(), JournalError> {
        self.write(Mark {
            doubt: false,
            ..self.mark
        })
    }

    fn write(&mut self, mark: Mark) -> Result<(), JournalError> {
        let sequence = self.mark.sequence + 1;
        let mark = Mark { sequence, ..mark };
        let at = slot_at(sequence) as u64;
        self.file.write_at(&mark.encode(), at).map_err(mark_io)?;
        self.mark = mark;
        Ok(())
    }
}

/// Slots are written in turn, by the parity of the sequence number.
fn slot_at(sequence: u64) -> usize {
    match sequence % 2 {
        0 => 0,
        _ => SECTOR_BYTES,
    }
}

fn mark_io(source: io::Error) -> JournalError {
    JournalError::Mark { source }
}
