//! The reading side: committed bodies and records, from any thread.

use std::io;
use std::sync::Arc;

use crate::disk::{Disk, read_exact_at};

use super::error::{Damage, JournalError};
use super::record::{
    BodyPointer, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, FrameChecksum, FrameHeader,
    KIND_BODY, RESERVED_KINDS_START, RecordPointer,
};
use super::segment::{JournalId, SEGMENT_HEADER_BYTES, SegmentFiles, SegmentName};

/// Reads what is committed. Cheap to clone; independent of the writer's fate.
#[derive(Debug)]
pub struct JournalReader<D: Disk> {
    pub(super) id: JournalId,
    pub(super) ledger: Arc<SegmentFiles<D>>,
    pub(super) bodies: Arc<SegmentFiles<D>>,
}

impl<D: Disk> Clone for JournalReader<D> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            ledger: Arc::clone(&self.ledger),
            bodies: Arc::clone(&self.bodies),
        }
    }
}

impl<D: Disk> JournalReader<D> {
    /// As [`Journal::read_body`](super::Journal::read_body).
    ///
    /// # Errors
    /// As there.
    pub fn read_body(&self, pointer: BodyPointer) -> Result<Vec<u8>, JournalError> {
        read_body(&self.bodies, self.id, pointer)
    }

    /// As [`Journal::read_record`](super::Journal::read_record).
    ///
    /// # Errors
    /// As there.
    pub fn read_record(&self, pointer: RecordPointer) -> Result<(u8, Vec<u8>), JournalError> {
        read_record(&self.ledger, self.id, pointer)
    }

    /// As [`Journal::body_exists`](super::Journal::body_exists).
    #[must_use]
    pub fn body_exists(&self, pointer: BodyPointer) -> bool {
        body_exists(&self.bodies, pointer)
    }
}

pub(super) fn body_exists<D: Disk>(files: &SegmentFiles<D>, pointer: BodyPointer) -> bool {
    let end = u64::from(pointer.offset) + FRAME_HEADER_BYTES as u64 + u64::from(pointer.length);
    pointer.offset >= SEGMENT_HEADER_BYTES
        && pointer.length <= FRAME_PAYLOAD_BYTES_MAX
        && files
            .committed_bytes(pointer.segment)
            .is_some_and(|bytes| end <= u64::from(bytes))
}

pub(super) fn read_body<D: Disk>(
    files: &SegmentFiles<D>,
    journal: JournalId,
    pointer: BodyPointer,
) -> Result<Vec<u8>, JournalError> {
    if !body_exists(files, pointer) {
        return Err(JournalError::NoBody { pointer });
    }
    let name = files.name(pointer.segment);
    let mut frame = vec![0; FRAME_HEADER_BYTES + pointer.length as usize];
    read_committed(files, name, &mut frame, u64::from(pointer.offset))?;
    let header = FrameHeader::decode(frame.get(..FRAME_HEADER_BYTES).unwrap_or_default());
    frame.drain(..FRAME_HEADER_BYTES);
    let payload = frame;
    let checksum = FrameChecksum::new(journal, name);
    match header {
        // spec: STO-4
        Some(header)
            if header.kind == KIND_BODY && checksum.matches(pointer.offset, header, &payload) =>
        {
            Ok(payload)
        }
        Some(_) | None => Err(JournalError::damaged(
            name,
            u64::from(pointer.offset),
            Damage::Frame,
        )),
    }
}

pub(super) fn read_record<D: Disk>(
    files: &SegmentFiles<D>,
    journal: JournalId,
    pointer: RecordPointer,
) -> Result<(u8, Vec<u8>), JournalError> {
    let none = JournalError::NoRecord { pointer };
    let name = files.name(pointer.segment);
    let committed = files.committed_bytes(pointer.segment).map_or(0, u64::from);
    let start = u64::from(pointer.offset);
    let payload_start = start + FRAME_HEADER_BYTES as u64;
    if pointer.offset < SEGMENT_HEADER_BYTES || payload_start > committed {
        return Err(none);
    }
    let mut header = [0; FRAME_HEADER_BYTES];
    read_committed(files, name, &mut header, start)?;
    let damaged = JournalError::damaged(name, start, Damage::Frame);
    let Some(header) = FrameHeader::decode(&header) else {
        return Err(damaged);
    };
    if payload_start + u64::from(header.length) > committed {
        return Err(damaged);
    }
    let mut payload = vec![0; header.length as usize];
    read_committed(files, name, &mut payload, payload_start)?;
    if !FrameChecksum::new(journal, name).matches(pointer.offset, header, &payload) {
        return Err(damaged);
    }
    if header.kind >= RESERVED_KINDS_START {
        return Err(none);
    }
    Ok((header.kind, payload))
}

/// Reads bytes that are committed, so a file that ends before them is damaged.
fn read_committed<D: Disk>(
    files: &SegmentFiles<D>,
    name: SegmentName,
    buffer: &mut [u8],
    offset: u64,
) -> Result<(), JournalError> {
    match read_exact_at(&files.file(name.number)?, buffer, offset) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(JournalError::damaged(name, offset, Damage::Frame))
        }
        Err(error) => Err(JournalError::io(name)(error)),
    }
}
