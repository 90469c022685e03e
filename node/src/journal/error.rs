//! Why the journal stops, and whose fault it is.

use std::io;

use thiserror::Error;

use super::record::{BodyPointer, RecordPointer};
use super::segment::{SegmentName, Stream};

/// A failure of the journal. After a failed [`super::Journal::commit`] only a reopen helps.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A file operation failed.
    #[error("journal file {file}: {source}")]
    Io {
        /// The file.
        file: SegmentName,
        /// The cause.
        source: io::Error,
    },
    /// Reading or syncing the directory failed.
    #[error("journal directory: {source}")]
    Directory {
        /// The cause.
        source: io::Error,
    },
    /// Durable bytes are not what was written. Nothing was skipped or repaired.
    #[error(
        "journal file {file} is damaged at byte {offset}: {cause}; restore the directory from a backup, or \
         accept a loss with --accept-loss"
    )]
    Damaged {
        /// The file.
        file: SegmentName,
        /// Where in the file, in bytes.
        offset: u64,
        /// What is wrong there.
        cause: Damage,
    },
    /// A body segment is not as it was committed. The ledger still has the hashes of what lay in it, so
    /// others can give it again.
    #[error(
        "journal file {file} has lost bodies at byte {offset}: {cause}; restore the directory from a \
         backup, or start with --accept-loss, and they are asked for again from the hub and the members"
    )]
    BodiesLost {
        /// The file.
        file: SegmentName,
        /// Where it is not as it was committed, in bytes.
        offset: u64,
        /// What is wrong there.
        cause: Damage,
    },
    /// A segment has a format version that this program does not know.
    #[error("journal file {file} has format version {version}, this program reads up to 2")]
    UnknownVersion {
        /// The file.
        file: SegmentName,
        /// The version it names.
        version: u16,
    },
    /// The ledger ends before what was made durable: commits are lost, with all that they promised.
    #[error(
        "journal file {file} ends at byte {offset} after {commits} commits, but {commits_known} were \
         made durable: restore the directory from a backup, or accept the loss with --accept-loss"
    )]
    LedgerShort {
        /// The last file of the ledger that is there.
        file: SegmentName,
        /// Where it ends, in bytes.
        offset: u64,
        /// Commits found.
        commits: u64,
        /// Commits that the mark beside the ledger tells of.
        commits_known: u64,
    },
    /// The index has taken in records that the ledger does not have.
    #[error(
        "journal file {file} ends at byte {offset} after {records} records, but the index has taken \
         in {records_known}: restore the directory from a backup, or accept the loss with --accept-loss"
    )]
    LedgerBehindIndex {
        /// The last file of the ledger that is there.
        file: SegmentName,
        /// Where it ends, in bytes.
        offset: u64,
        /// Records found.
        records: u64,
        /// Records that the index tells of.
        records_known: u64,
    },
    /// The file that tells how far the ledger is durable cannot be read, or belongs elsewhere.
    #[error(
        "journal file ledger.mark is {cause}, so nobody knows whether the ledger is whole: restore \
         the directory from a backup, or accept a loss with --accept-loss"
    )]
    MarkLost {
        /// What is wrong with it.
        cause: MarkLoss,
    },
    /// The mark has a format version that this program does not know.
    #[error("journal file ledger.mark has format version {version}, this program reads version 1")]
    MarkVersion {
        /// The version it names.
        version: u16,
    },
    /// A file operation on the mark failed.
    #[error("journal file ledger.mark: {source}")]
    Mark {
        /// The cause.
        source: io::Error,
    },
    /// An earlier commit failed, so what is on disk is unknown until the journal is reopened.
    #[error("the journal stopped after a failed commit and must be reopened")]
    Poisoned,
    /// The pointer leads outside what is committed, or not to a body.
    #[error("no committed body at {pointer}")]
    NoBody {
        /// The pointer asked for.
        pointer: BodyPointer,
    },
    /// The pointer leads outside what is committed, or not to a record.
    #[error("no committed record at {pointer}")]
    NoRecord {
        /// The pointer asked for.
        pointer: RecordPointer,
    },
    /// A body or record is longer than a frame may be.
    #[error("{bytes} bytes exceed the {bytes_max} that one {stream} frame may have")]
    FrameTooLong {
        /// Where it was to go.
        stream: Stream,
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: u32,
    },
    /// What is staged is more than one commit may have.
    #[error("more than {bytes_max} bytes of {stream} staged without a commit")]
    GroupTooLong {
        /// The stream.
        stream: Stream,
        /// The limit.
        bytes_max: u32,
    },
    /// The record kind is 0 or one of the journal's own.
    #[error("record kind {kind} is reserved")]
    KindReserved {
        /// The kind given.
        kind: u8,
    },
}

impl JournalError {
    /// Whether the disk was full: space, not repair, is what is needed before reopening.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(
            self,
            Self::Io { source, .. } | Self::Directory { source } | Self::Mark { source }
                if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        )
    }

    pub(super) fn directory(source: io::Error) -> Self {
        Self::Directory { source }
    }

    pub(super) fn io(file: SegmentName) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { file, source }
    }

    pub(super) fn damaged(file: SegmentName, offset: u64, cause: Damage) -> Self {
        Self::Damaged {
            file,
            offset,
            cause,
        }
    }
}

/// What is wrong with the mark beside the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MarkLoss {
    /// There is no such file, though the journal has one.
    #[error("missing")]
    Missing,
    /// Neither of its slots is whole.
    #[error("damaged")]
    Damaged,
    /// It is whole, but of another journal or of another ledger of the same length.
    #[error("that of another ledger")]
    OfAnother,
}

/// What is wrong with durable bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The segment header does not match its checksum, or is cut.
    #[error("segment header unreadable")]
    Header,
    /// The header is whole but belongs to another stream, number or journal.
    #[error("segment header of another file")]
    HeaderOfAnother,
    /// The file is not as long as the next segment or the last commit says.
    #[error("{found} bytes long where {expected} were committed")]
    Length {
        /// Committed length in bytes.
        expected: u64,
        /// Length found, in bytes.
        found: u64,
    },
    /// A frame does not match its checksum, or is cut.
    #[error("frame unreadable")]
    Frame,
    /// A whole frame has a kind that does not belong there.
    #[error("unexpected frame kind {kind}")]
    Kind {
        /// The kind found.
        kind: u8,
    },
    /// A whole commit frame contradicts what precedes it.
    #[error("commit frame contradicts its group")]
    Commit,
    /// The segment is missing although later ones, or a commit, name it.
    #[error("segment missing")]
    Missing,
    /// There are more bodies than one interrupted commit leaves: ledger segments were lost.
    #[error("bodies without their ledger")]
    BodiesWithoutLedger,
}
