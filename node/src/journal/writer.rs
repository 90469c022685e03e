//! The writing side of one stream: one group at a time, one write each.

use std::sync::Arc;

use crate::disk::{Disk, DiskFile};

use super::GROUP_BYTES_MAX;
use super::error::JournalError;
use super::record::{FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, FrameChecksum};
use super::segment::{JournalId, SEGMENT_HEADER_BYTES, SegmentFiles, SegmentHeader};

/// Buffers larger than this are given back after a commit.
const BUFFER_BYTES_KEPT: usize = 4 << 20;

/// Collects the frames of one group in one stream and writes them with a single call.
#[derive(Debug)]
pub(super) struct Writer<D: Disk> {
    pub(super) disk: D,
    pub(super) files: Arc<SegmentFiles<D>>,
    pub(super) journal: JournalId,
    pub(super) segment_bytes: u32,
    /// The group's bytes, a new segment's header first.
    pub(super) staged: Vec<u8>,
    /// Where `staged` goes; decided by the group's first frame.
    pub(super) place: Option<Place>,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    number: u32,
    /// Offset of the first staged byte; 0 for a new segment.
    base: u32,
    checksum: FrameChecksum,
}

impl<D: Disk> Writer<D> {
    /// Returns segment, offset and length of the staged frame.
    pub(super) fn stage(
        &mut self,
        kind: u8,
        parts: &[&[u8]],
    ) -> Result<(u32, u32, u32), JournalError> {
        let stream = self.files.name(0).stream;
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        // spec: STO-3
        let length = u32::try_from(bytes)
            .ok()
            .filter(|length| *length <= FRAME_PAYLOAD_BYTES_MAX);
        let Some(length) = length else {
            let bytes_max = FRAME_PAYLOAD_BYTES_MAX;
            return Err(JournalError::FrameTooLong {
                stream,
                bytes,
                bytes_max,
            });
        };
        if !self.has_room(bytes) {
            return Err(JournalError::GroupTooLong {
                stream,
                bytes_max: GROUP_BYTES_MAX,
            });
        }
        let (number, offset) = self.append_sized(kind, length, parts);
        Ok((number, offset, length))
    }

    /// Whether a frame with a payload of so many bytes fits the group.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.staged.len() + FRAME_HEADER_BYTES + bytes <= GROUP_BYTES_MAX as usize
    }

    /// Appends a frame of the journal's own, whose length is known to fit.
    pub(super) fn append(&mut self, kind: u8, parts: &[&[u8]]) {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(bytes).expect("a commit payload has 25 bytes");
        self.append_sized(kind, length, parts);
    }

    fn append_sized(&mut self, kind: u8, length: u32, parts: &[&[u8]]) -> (u32, u32) {
        let place = self.place();
        let offset = place.base + staged_bytes(&self.staged);
        place
            .checksum
            .append_frame(&mut self.staged, offset, kind, length, parts);
        (place.number, offset)
    }

    /// Decides where the group goes: behind the last one, or into a new segment when that is full.
    fn place(&mut self) -> Place {
        if let Some(place) = &self.place {
            return place.clone();
        }
        let last = self.files.last();
        // spec: STO-9
        let (number, base) = match last {
            Some((number, end)) if end < self.segment_bytes => (number, end),
            Some((number, _)) => (number + 1, 0),
            None => (0, 0),
        };
        let name = self.files.name(number);
        if base == 0 {
            let previous_bytes = last.map_or(0, |(_, end)| end);
            let header = SegmentHeader {
                name,
                journal: self.journal,
                previous_bytes,
                unmarked: false,
            };
            self.staged.extend_from_slice(&header.encode());
        }
        let place = Place {
            number,
            base,
            checksum: FrameChecksum::new(self.journal, name),
        };
        self.place = Some(place.clone());
        place
    }

    /// Offset of the group's first frame.
    pub(super) fn group_start(&mut self) -> u32 {
        self.place().base.max(SEGMENT_HEADER_BYTES)
    }

    /// Segment and end of the group; `None` when nothing is staged.
    pub(super) fn staged_end(&self) -> Option<(u32, u32)> {
        let place = self.place.as_ref()?;
        Some((place.number, place.base + staged_bytes(&self.staged)))
    }

    /// Writes the group and makes it, and a new segment's directory entry, durable.
    pub(super) fn write(&mut self) -> Result<(), JournalError> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        let name = self.files.name(place.number);
        let file = if place.base == 0 {
            let file = self
                .disk
                .create(&name.file_name())
                .map_err(JournalError::io(name))?;
            self.files.keep_open(place.number, file.clone());
            file
        } else {
            self.files.file(place.number)?
        };
        file.write_at(&self.staged, u64::from(place.base))
            .map_err(JournalError::io(name))?;
        file.sync_data().map_err(JournalError::io(name))?;
        if place.base == 0 {
            self.disk.sync_dir().map_err(JournalError::directory)?;
        }
        Ok(())
    }

    /// Lets readers see the group, which is durable.
    pub(super) fn publish(&mut self) {
        if let Some((number, end)) = self.staged_end() {
            self.files.publish(number, end);
        }
        self.discard();
    }

    pub(super) fn discard(&mut self) {
        self.place = None;
        self.staged.clear();
        if self.staged.capacity() > BUFFER_BYTES_KEPT {
            self.staged = Vec::new();
        }
    }
}

/// A group is bounded by [`GROUP_BYTES_MAX`] and a few fixed frames.
fn staged_bytes(staged: &[u8]) -> u32 {
    u32::try_from(staged.len()).expect("a group is bounded well below 4 GiB")
}
