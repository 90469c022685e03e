//! Segments: the files that a stream consists of, their headers, and handles to read from them.
//!
//! ```text
//! header, 64 bytes, big-endian
//!   0  magic "concordj"          12 segment number u32            36 zeros
//!   8  format version u16 = 2    16 journal id [16]               60 checksum u32:
//!  10  stream u8, 11 zero        32 length of the previous            CRC-32 of bytes 0..60
//!                                   segment u32 (0 for number 0)
//! ```
//!
//! A segment is closed by the first commit that begins with it at or over its target size, so no
//! group lies in two segments, and a segment is at most one group longer than the target.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::disk::Disk;

use super::error::{Damage, JournalError};
use super::record::{be_u32, put};

pub(super) const SEGMENT_HEADER_BYTES: u32 = 64;
const HEADER_BYTES: usize = SEGMENT_HEADER_BYTES as usize;
const CHECKSUM_AT: usize = 60;
const MAGIC: &[u8; 8] = b"concordj";
const FORMAT_VERSION: u16 = 2;
/// Of journals that have no mark; otherwise as the current one.
const FORMAT_VERSION_UNMARKED: u16 = 1;

/// How many closed segments stay open for reading; the rest are opened when asked for.
const OPEN_SEGMENTS_MAX: usize = 128;

/// One of the two sequences of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Small typed records: everything that must be known after a restart.
    Ledger,
    /// Opaque bodies, read through pointers.
    Bodies,
}

impl Stream {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Ledger => 1,
            Self::Bodies => 2,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Bodies => "bodies",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

/// Names one segment; shown as its file name, such as `ledger-00000003.seg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// The stream it belongs to.
    pub stream: Stream,
    /// Its number, from 0 without gaps.
    pub number: u32,
}

impl SegmentName {
    pub(super) fn file_name(self) -> String {
        self.to_string()
    }

    /// `None` for the name of any other file.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (prefix, number) = name.strip_suffix(".seg")?.split_once('-')?;
        let stream = [Stream::Ledger, Stream::Bodies]
            .into_iter()
            .find(|s| s.prefix() == prefix)?;
        let parsed = Self {
            stream,
            number: number.parse().ok()?,
        };
        (parsed.file_name() == name).then_some(parsed)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08}.seg", self.stream, self.number)
    }
}

/// Random id that all segments of a journal carry, so that a foreign segment is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalId(pub [u8; 16]);

/// What a header says beside magic and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) name: SegmentName,
    pub(super) journal: JournalId,
    pub(super) previous_bytes: u32,
    /// Whether it was written by a version that kept no mark beside the ledger.
    pub(super) unmarked: bool,
}

impl SegmentHeader {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        put(&mut bytes, 0, MAGIC);
        let version = match self.unmarked {
            true => FORMAT_VERSION_UNMARKED,
            false => FORMAT_VERSION,
        };
        put(&mut bytes, 8, &version.to_be_bytes());
        put(&mut bytes, 10, &[self.name.stream.code()]);
        put(&mut bytes, 12, &self.name.number.to_be_bytes());
        put(&mut bytes, 16, &self.journal.0);
        put(&mut bytes, 32, &self.previous_bytes.to_be_bytes());
        let checksum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        put(&mut bytes, CHECKSUM_AT, &checksum.to_be_bytes());
        bytes
    }

    /// Reads the header of `name`. `journal` is `None` for the segment that introduces the id.
    ///
    /// # Errors
    /// `Damaged` with [`Damage::Header`] when the bytes are not a header, with
    /// [`Damage::HeaderOfAnother`] when they are that of another file; `UnknownVersion`.
    pub(super) fn decode(
        bytes: &[u8],
        name: SegmentName,
        journal: Option<JournalId>,
    ) -> Result<Self, JournalError> {
        let unreadable = JournalError::damaged(name, 0, Damage::Header);
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(unreadable);
        };
        let checksum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        if !bytes.starts_with(MAGIC) || checksum != be_u32(bytes, CHECKSUM_AT) {
            return Err(unreadable);
        }
        let version = u16::from_be_bytes([bytes[8], bytes[9]]);
        // spec: STO-20
        if version != FORMAT_VERSION && version != FORMAT_VERSION_UNMARKED {
            return Err(JournalError::UnknownVersion {
                file: name,
                version,
            });
        }
        let mut id = [0; 16];
        put(&mut id, 0, &bytes[16..32]);
        let header = Self {
            name,
            journal: JournalId(id),
            previous_bytes: be_u32(bytes, 32),
            unmarked: version == FORMAT_VERSION_UNMARKED,
        };
        // Compared as bytes, so that stream, number and the zeros are covered too.
        if header.encode() != *bytes || journal.is_some_and(|journal| journal != header.journal) {
            return Err(JournalError::damaged(name, 0, Damage::HeaderOfAnother));
        }
        Ok(header)
    }
}

/// Committed lengths and open files of one stream, shared with readers in other threads.
#[derive(Debug)]
pub(super) struct SegmentFiles<D: Disk> {
    disk: D,
    stream: Stream,
    inner: RwLock<Inner<D::File>>,
}

#[derive(Debug)]
struct Inner<F> {
    /// Committed length of each segment in bytes, by number. Written by the journal only.
    lengths: Vec<u32>,
    /// Oldest opened first.
    open: VecDeque<(u32, F)>,
}

impl<D: Disk> SegmentFiles<D> {
    pub(super) fn new(disk: D, stream: Stream, lengths: Vec<u32>) -> Self {
        Self {
            disk,
            stream,
            inner: RwLock::new(Inner {
                lengths,
                open: VecDeque::new(),
            }),
        }
    }

    pub(super) fn name(&self, number: u32) -> SegmentName {
        SegmentName {
            stream: self.stream,
            number,
        }
    }

    /// Committed length of a segment, `None` when there is no such segment.
    pub(super) fn committed_bytes(&self, number: u32) -> Option<u32> {
        self.read().lengths.get(number as usize).copied()
    }

    /// The last segment and its committed length.
    pub(super) fn last(&self) -> Option<(u32, u32)> {
        let inner = self.read();
        let number = u32::try_from(inner.lengths.len().checked_sub(1)?).ok()?;
        Some((number, inner.lengths.last().copied()?))
    }

    /// Sum of all committed lengths.
    pub(super) fn total_bytes(&self) -> u64 {
        self.read()
            .lengths
            .iter()
            .map(|length| u64::from(*length))
            .sum()
    }

    /// Lets readers see a segment up to `length`.
    pub(super) fn publish(&self, number: u32, length: u32) {
        let mut inner = self.write();
        match inner.lengths.get_mut(number as usize) {
            Some(place) => *place = length,
            None => inner.lengths.push(length),
        }
    }

    /// Makes room for `file` among the open ones.
    pub(super) fn keep_open(&self, number: u32, file: D::File) {
        let mut inner = self.write();
        inner.open.retain(|(other, _)| *other != number);
        if inner.open.len() >= OPEN_SEGMENTS_MAX {
            inner.open.pop_front();
        }
        inner.open.push_back((number, file));
    }

    /// A handle to a segment, opened when it is not.
    pub(super) fn file(&self, number: u32) -> Result<D::File, JournalError> {
        if let Some((_, file)) = self.read().open.iter().find(|(other, _)| *other == number) {
            return Ok(file.clone());
        }
        let name = self.name(number);
        let file = self
            .disk
            .open(&name.file_name())
            .map_err(JournalError::io(name))?;
        self.keep_open(number, file.clone());
        Ok(file)
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner<D::File>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner<D::File>> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_name_parses_only_its_own_form() {
        let name = SegmentName {
            stream: Stream::Bodies,
            number: 12,
        };
        assert_eq!(name.file_name(), "bodies-00000012.seg");
        assert_eq!(SegmentName::parse("bodies-00000012.seg"), Some(name));
        for other in [
            "bodies-12.seg",
            "bodies-+0000012.seg",
            "leaves-00000012.seg",
            "lock",
        ] {
            assert_eq!(SegmentName::parse(other), None, "{other}");
        }
    }

    // spec: STO-20
    #[test]
    fn header_with_another_version_is_refused_by_version() {
        let name = SegmentName {
            stream: Stream::Ledger,
            number: 0,
        };
        let mut bytes = SegmentHeader {
            name,
            journal: JournalId([7; 16]),
            previous_bytes: 0,
            unmarked: false,
        }
        .encode();
        bytes[9] = 3;
        let checksum = crc32fast::hash(&bytes[..CHECKSUM_AT]);
        put(&mut bytes, CHECKSUM_AT, &checksum.to_be_bytes());
        assert!(matches!(
            SegmentHeader::decode(&bytes, name, None),
            Err(JournalError::UnknownVersion { version: 3, .. })
        ));
    }

    #[test]
    fn header_of_another_segment_or_journal_is_refused() {
        let name = SegmentName {
            stream: Stream::Ledger,
            number: 3,
        };
        let journal = JournalId([7; 16]);
        let bytes = SegmentHeader {
            name,
            journal,
            previous_bytes: 9,
            unmarked: false,
        }
        .encode();
        SegmentHeader::decode(&bytes, name, Some(journal)).unwrap();
        let others = [
            (SegmentName { number: 4, ..name }, journal),
            (
                SegmentName {
                    stream: Stream::Bodies,
                    ..name
                },
                journal,
            ),
            (name, JournalId([8; 16])),
        ];
        for (name, journal) in others {
            assert!(matches!(
                SegmentHeader::decode(&bytes, name, Some(journal)),
                Err(JournalError::Damaged {
                    cause: Damage::HeaderOfAnother,
                    ..
                })
            ));
        }
    }
}
