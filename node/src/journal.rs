//! The journal: append-only segments from which everything else can be rebuilt.
//!
//! Two streams in one directory: *bodies*, opaque bytes read through pointers, and the *ledger*,
//! small typed records. What is staged becomes durable as one group by [`Journal::commit`]: after
//! a crash a group is there whole or not at all. Format and recovery: `spec/storage.md`.
//!
//! Out of scope: what the bytes mean, signatures, indexes. Bodies are not read when the journal is
//! opened; each is verified against its checksum when it is read.
//!
//! ```no_run
//! use concordat_node::disk::RealDisk;
//! use concordat_node::journal::{Journal, JournalId, JournalOptions, LedgerRecord};
//!
//! let disk = RealDisk::open("state")?;
//! let options = JournalOptions::new(JournalId([7; 16]));
//! let (mut journal, recovery) = Journal::open(disk, options, |record: LedgerRecord<'_>| {
//!     println!("kind {} with {} bytes", record.kind, record.payload.len());
//!     Ok::<(), std::convert::Infallible>(())
//! })?;
//! println!("{} records", recovery.records);
//! let body = journal.stage_body(&[b"salt", b"statement"])?;
//! journal.stage_record(1, &body.encode())?;
//! journal.commit()?;
//! assert_eq!(journal.read_body(body)?, b"saltstatement");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod mark;
mod reader;
mod record;
mod recovery;
mod segment;
mod writer;

use std::sync::Arc;

use crate::disk::Disk;

pub use error::{Damage, JournalError, MarkLoss};
pub use reader::JournalReader;
pub use record::{BodyPointer, FRAME_PAYLOAD_BYTES_MAX, RESERVED_KINDS_START, RecordPointer};
pub use recovery::{LedgerRecord, OpenError, Recovery, TornTail, stored_id};
pub use segment::{JournalId, SegmentName, Stream};

use mark::MarkFile;
use reader::{body_exists, read_body, read_record};
use record::{Commit, KIND_BODY, KIND_COMMIT};
use recovery::LostSegment;
use segment::{SEGMENT_HEADER_BYTES, SegmentFiles};
use writer::Writer;

/// Most bytes of one stream that one commit may have.
pub const GROUP_BYTES_MAX: u32 = 64 << 20;

/// Upper bound of [`JournalOptions::segment_bytes`], so that every offset fits 32 bits.
pub const SEGMENT_BYTES_MAX: u32 = 1 << 30;

/// How a journal is opened.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A segment that has reached this many bytes is closed; at most [`SEGMENT_BYTES_MAX`].
    pub segment_bytes: u32,
    /// The random id of the journal, used only when a new one is created.
    pub new_journal_id: JournalId,
    /// Records that somebody has seen durable: a ledger with fewer of them has lost some.
    pub records_known: u64,
    /// Whether to go on without commits that are lost. What is left is cut back to the last whole
    /// group, and the journal is in doubt ([`Journal::is_in_doubt`]) until that is ended.
    pub accept_loss: bool,
}

impl JournalOptions {
    /// Segments of 64 MiB.
    #[must_use]
    pub fn new(new_journal_id: JournalId) -> Self {
        Self {
            segment_bytes: 64 << 20,
            new_journal_id,
            records_known: 0,
            accept_loss: false,
        }
    }
}

/// Sizes of a journal, committed parts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalStats {
    /// Bytes of all ledger segments.
    pub ledger_bytes: u64,
    /// Bytes of all body segments.
    pub body_bytes: u64,
    /// Commits since the journal was created, the founding one included.
    pub commits: u64,
    /// Records since the journal was created.
    pub records: u64,
}

/// The journal's only writer.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    id: JournalId,
    ledger: Writer<D>,
    bodies: Writer<D>,
    mark: MarkFile<D>,
    staged_records: u32,
    commits: u64,
    records: u64,
    poisoned: bool,
    /// Body segments that are not as they were committed, until they are made whole in form.
    lost_segments: Vec<LostSegment>,
}

impl<D: Disk> Journal<D> {
    /// Opens the journal on `disk`, or creates it there, and shows every committed ledger record
    /// to `visit`, oldest first. What is shown is durable once this returns `Ok`; on an error the
    /// caller forgets what it was shown.
    ///
    /// # Errors
    /// [`OpenError::Journal`] with [`JournalError::Damaged`] when durable bytes are not what was
    /// committed, except for a tail that an interrupted commit explains: that is cut off and
    /// reported in [`Recovery`]; with `BodiesLost` when that is a body segment; with `LedgerShort`, `LedgerBehindIndex` or `MarkLost` when commits
    /// that were durable are gone, or may be. [`OpenError::Visit`] with the first error of `visit`.
    pub fn open<E>(
        disk: D,
        options: JournalOptions,
        visit: impl FnMut(LedgerRecord<'_>) -> Result<(), E>,
    ) -> Result<(Self, Recovery), OpenError<E>> {
        let recovered = recovery::recover(&disk, options, visit)?;
        let writer = |stream, lengths| Writer {
            disk: disk.clone(),
            files: Arc::new(SegmentFiles::new(disk.clone(), stream, lengths)),
            journal: recovered.journal,
            segment_bytes: options
                .segment_bytes
                .clamp(SEGMENT_HEADER_BYTES, SEGMENT_BYTES_MAX),
            staged: Vec::new(),
            place: None,
        };
        let journal = Self {
            id: recovered.journal,
            ledger: writer(Stream::Ledger, recovered.ledger_lengths),
            bodies: writer(Stream::Bodies, recovered.body_lengths),
            mark: recovered.mark,
            staged_records: 0,
            commits: recovered.recovery.commits,
            records: recovered.recovery.records,
            poisoned: false,
            lost_segments: recovered.lost_segments,
        };
        Ok((journal, recovered.recovery))
    }

    /// The id given when the journal was created.
    #[must_use]
    pub fn id(&self) -> JournalId {
        self.id
    }

    /// The body segments that this open found other than they were committed, and was told to accept:
    /// what lies in them must be read before it is believed to be held.
    pub fn lost_segments(&self) -> impl Iterator<Item = SegmentName> {
        self.lost_segments.iter().map(|lost| lost.name)
    }

    /// Makes the lost body segments whole in form: a header, and zeros for what is gone. Call it once it
    /// is durable which bodies are lost; before that every open without acceptance is refused.
    ///
    /// # Errors
    /// `Io` and `Directory`; the next open finds them lost as before, or mended.
    // spec: STO-65
    pub fn mend_lost_segments(&mut self) -> Result<(), JournalError> {
        for lost in &self.lost_segments {
            lost.mend(&self.bodies.disk, self.id)?;
        }
        if !self.lost_segments.is_empty() {
            self.bodies
                .disk
                .sync_dir()
                .map_err(JournalError::directory)?;
        }
        self.lost_segments.clear();
        Ok(())
    }

    /// Buffers a body, the concatenation of `parts`. The pointer is valid after the next commit.
    ///
    /// # Errors
    /// `FrameTooLong`, `GroupTooLong`, `Poisoned`; nothing is staged then.
    pub fn stage_body(&mut self, parts: &[&[u8]]) -> Result<BodyPointer, JournalError> {
        self.refuse_when_poisoned()?;
        let (place, offset, length) = self.bodies.stage(KIND_BODY, parts)?;
        Ok(BodyPointer {
            segment: place,
            offset,
            length,
        })
    }

    /// Buffers a ledger record. `kind` is 1 to [`RESERVED_KINDS_START`] − 1.
    ///
    /// # Errors
    /// `KindReserved`, `FrameTooLong`, `GroupTooLong`, `Poisoned`; nothing is staged then.
    pub fn stage_record(
        &mut self,
        kind: u8,
        payload: &[u8],
    ) -> Result<RecordPointer, JournalError> {
        self.refuse_when_poisoned()?;
        // spec: STO-2
        if kind == 0 || kind >= RESERVED_KINDS_START {
            return Err(JournalError::KindReserved { kind });
        }
        let (segment, offset, _) = self.ledger.stage(kind, &[payload])?;
        self.staged_records += 1;
        Ok(RecordPointer { segment, offset })
    }

    /// Forgets what is staged. Its pointers will be given to other bodies and records.
    pub fn discard_staged(&mut self) {
        self.bodies.discard();
        self.ledger.discard();
        self.staged_records = 0;
    }

    /// Makes all that is staged durable as one group; does nothing when nothing is staged.
    ///
    /// # Errors
    /// After any error but `Poisoned` it is unknown whether the group is durable: the journal takes
    /// nothing more, and the next open finds the group whole or not at all. A failed sync is never
    /// repeated, since the kernel may report success for pages it has dropped.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        self.refuse_when_poisoned()?;
        if self.bodies.staged.is_empty() && self.ledger.staged.is_empty() {
            return Ok(());
        }
        // spec: STO-8
        self.poisoned = true;
        // 1. Bodies, durable before anything refers to them.
        //    Crash here -> part of the bodies behind the end that the last commit frame names,
        //    perhaps in a new segment -> recovery cuts them off or removes the segment.
        // spec: STO-6
        self.bodies.write()?;
        // 2. Records and commit frame, in one write.
        //    Crash here -> any of the sectors, perhaps in a new segment -> without all of them the
        //    checksums fail; recovery cuts the group off, and the bodies with it.
        self.stage_commit_frame();
        // spec: STO-7
        self.ledger.write()?;
        // 3. The mark, in place and not synced: whatever of it survives is true.
        //    Crash here -> the mark lags -> the next open finds more than it tells of, and moves it.
        self.bodies.publish();
        self.ledger.publish();
        self.commits += 1;
        let end = self.ledger.files.last().unwrap_or_default();
        self.mark.advance(self.commits, end)?;
        // 4. Only memory from here on.
        //    Crash here -> the whole group is durable though nobody was told -> it is shown at the
        //    next open like any other.
        self.records += u64::from(self.staged_records);
        self.staged_records = 0;
        self.poisoned = false;
        Ok(())
    }

    /// Reads a committed body. Goes on working after a failed commit.
    ///
    /// # Errors
    /// `NoBody` when the pointer does not lead to a committed body, `Damaged` when its bytes are
    /// not what was written, `Io`.
    pub fn read_body(&self, pointer: BodyPointer) -> Result<Vec<u8>, JournalError> {
        read_body(&self.bodies.files, self.id, pointer)
    }

    /// Reads a committed ledger record: its kind and payload.
    ///
    /// # Errors
    /// `NoRecord` when the pointer does not lead to a committed record, `Damaged`, `Io`.
    pub fn read_record(&self, pointer: RecordPointer) -> Result<(u8, Vec<u8>), JournalError> {
        read_record(&self.ledger.files, self.id, pointer)
    }

    /// Whether the pointer lies within what is committed. Does not read the body.
    #[must_use]
    pub fn body_exists(&self, pointer: BodyPointer) -> bool {
        body_exists(&self.bodies.files, pointer)
    }

    /// Whether the pointer lies within what is committed. Does not read the record.
    #[must_use]
    pub fn record_exists(&self, pointer: RecordPointer) -> bool {
        let committed = self.ledger.files.committed_bytes(pointer.segment);
        committed.is_some_and(|bytes| pointer.offset < bytes)
    }

    /// A handle that reads committed bodies and records from any thread, beside the writer.
    #[must_use]
    pub fn reader(&self) -> JournalReader<D> {
        JournalReader {
            id: self.id,
            ledger: Arc::clone(&self.ledger.files),
            bodies: Arc::clone(&self.bodies.files),
        }
    }

    /// Whether commits were lost, and nobody has said since that what rested on them was restored.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.mark.doubt()
    }

    /// What rested on lost commits has been restored or given up. A crash may bring the doubt back.
    ///
    /// # Errors
    /// `Mark`; the journal can go on.
    pub fn end_doubt(&mut self) -> Result<(), JournalError> {
        match self.mark.doubt() {
            true => self.mark.end_doubt(),
            false => Ok(()),
        }
    }

    /// Whether a body or a record of so many bytes can be staged without a commit before it.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.bodies.has_room(bytes) && self.ledger.has_room(bytes)
    }

    /// Bytes staged for the next commit, both streams.
    #[must_use]
    pub fn staged_bytes(&self) -> usize {
        self.bodies.staged.len() + self.ledger.staged.len()
    }

    /// Sizes of what is committed.
    #[must_use]
    pub fn stats(&self) -> JournalStats {
        JournalStats {
            ledger_bytes: self.ledger.files.total_bytes(),
            body_bytes: self.bodies.files.total_bytes(),
            commits: self.commits,
            records: self.records,
        }
    }

    fn refuse_when_poisoned(&self) -> Result<(), JournalError> {
        if self.poisoned {
            Err(JournalError::Poisoned)
        } else {
            Ok(())
        }
    }

    fn stage_commit_frame(&mut self) {
        let (body_segments, bodies_end) = match self.bodies.staged_end() {
            Some((number, end)) => (number + 1, end),
            None => self
                .bodies
                .files
                .last()
                .map_or((0, 0), |(number, end)| (number + 1, end)),
        };
        let group_start = self.ledger.group_start();
        let commit = Commit {
            group_start,
            record_count: self.staged_records,
            number: self.commits,
            body_segments,
            bodies_end,
        };
        self.ledger.append(KIND_COMMIT, &[&commit.encode()]);
    }
}
