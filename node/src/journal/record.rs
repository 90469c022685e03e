//! Frames: how a body or a record lies in a segment, and what makes a group of them one commit.
//!
//! ```text
//! frame   kind u8 · length u32 · checksum u32 · payload[length]           big-endian
//! commit  frame of kind F0 with a 25-byte payload:
//!         group start u32 · records u32 · commit number u64 ·
//!         body segments u32 · end of bodies u32 · marker C5
//! ```
//!
//! The checksum is CRC-32 (IEEE 802.3) over journal id, stream, segment number, offset of the frame,
//! kind, length and payload. Why a CRC and not a truncated hash: it finds every flipped bit and every
//! burst up to 32 bits with certainty, and since it is injective in the offset it also finds every
//! frame that lies whole at a wrong offset of its segment; it costs a tenth of SHA-256, and
//! everything that is signed is hashed once more above this layer. Other damage escapes with 2⁻³².
//! It is no defence against somebody who writes to the disk.
//!
//! Two bytes are never zero so that unwritten sectors (which read as zeros) can be told from
//! damaged ones: the first byte of each frame (its kind) and the last of each commit (the marker).

use std::fmt;

use super::segment::{JournalId, SegmentName};

/// Longest payload of one frame, in bytes.
pub const FRAME_PAYLOAD_BYTES_MAX: u32 = 1 << 20;

/// Kinds from here on belong to the journal; callers use 1 to `RESERVED_KINDS_START` − 1.
pub const RESERVED_KINDS_START: u8 = 0xF0;

pub(super) const KIND_COMMIT: u8 = 0xF0;
pub(super) const KIND_BODY: u8 = 0xF1;

const FRAME_HEADER_LENGTH: u32 = 9;
pub(super) const COMMIT_PAYLOAD_LENGTH: u32 = 25;
/// Length of a whole commit frame.
pub(super) const COMMIT_FRAME_LENGTH: u32 = FRAME_HEADER_LENGTH + COMMIT_PAYLOAD_LENGTH;
pub(super) const FRAME_HEADER_BYTES: usize = FRAME_HEADER_LENGTH as usize;
const COMMIT_PAYLOAD_BYTES: usize = COMMIT_PAYLOAD_LENGTH as usize;
pub(super) const COMMIT_FRAME_BYTES: usize = COMMIT_FRAME_LENGTH as usize;
const COMMIT_MARKER: u8 = 0xC5;

/// Where a body lies. Valid as long as the journal exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyPointer {
    /// Number of the body segment.
    pub segment: u32,
    /// Offset of the body's frame in the segment, in bytes.
    pub offset: u32,
    /// Length of the body, in bytes.
    pub length: u32,
}

impl BodyPointer {
    /// Length of [`Self::encode`], in bytes.
    pub const ENCODED_BYTES: usize = 12;

    /// Segment, offset, length, each u32 big-endian.
    #[must_use]
    pub fn encode(self) -> [u8; Self::ENCODED_BYTES] {
        let mut bytes = [0; Self::ENCODED_BYTES];
        put(&mut bytes, 0, &self.segment.to_be_bytes());
        put(&mut bytes, 4, &self.offset.to_be_bytes());
        put(&mut bytes, 8, &self.length.to_be_bytes());
        bytes
    }

    /// The reverse of [`Self::encode`]. Says nothing about whether the body exists.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::ENCODED_BYTES]) -> Self {
        Self {
            segment: be_u32(bytes, 0),
            offset: be_u32(bytes, 4),
            length: be_u32(bytes, 8),
        }
    }
}

impl fmt::Display for BodyPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}+{}", self.segment, self.offset, self.length)
    }
}

/// Where a ledger record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPointer {
    /// Number of the ledger segment.
    pub segment: u32,
    /// Offset of the record's frame in the segment, in bytes.
    pub offset: u32,
}

impl fmt::Display for RecordPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}

/// Computes the checksums of one segment.
#[derive(Clone, Debug)]
pub(super) struct FrameChecksum {
    seeded: crc32fast::Hasher,
}

impl FrameChecksum {
    pub(super) fn new(journal: JournalId, segment: SegmentName) -> Self {
        let mut seeded = crc32fast::Hasher::new();
        seeded.update(&journal.0);
        seeded.update(&[segment.stream.code()]);
        seeded.update(&segment.number.to_be_bytes());
        Self { seeded }
    }

    fn checksum(&self, offset: u32, kind: u8, length: u32, parts: &[&[u8]]) -> u32 {
        let mut prefix = [kind; FRAME_HEADER_BYTES];
        put(&mut prefix, 0, &offset.to_be_bytes());
        put(&mut prefix, 4, &length.to_be_bytes());
        let mut hasher = self.seeded.clone();
        hasher.update(&prefix);
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }

    /// Appends a frame that will lie at `offset` of the segment. `length` is that of all parts.
    pub(super) fn append_frame(
        &self,
        buffer: &mut Vec<u8>,
        offset: u32,
        kind: u8,
        length: u32,
        parts: &[&[u8]],
    ) {
        let checksum = self.checksum(offset, kind, length, parts);
        buffer.push(kind);
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(&checksum.to_be_bytes());
        for part in parts {
            buffer.extend_from_slice(part);
        }
    }

    /// Whether `payload` is what was written under `header` at `offset`.
    pub(super) fn matches(&self, offset: u32, header: FrameHeader, payload: &[u8]) -> bool {
        // spec: STO-4
        payload.len() == header.length as usize
            && self.checksum(offset, header.kind, header.length, &[payload]) == header.checksum
    }
}

/// The nine bytes before a payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHeader {
    pub(super) kind: u8,
    pub(super) length: u32,
    checksum: u32,
}

impl FrameHeader {
    /// `None` when `bytes` are too few.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; FRAME_HEADER_BYTES] = bytes.first_chunk()?;
        Some(Self {
            kind: bytes[0],
            length: be_u32(bytes, 1),
            checksum: be_u32(bytes, 5),
        })
    }

    /// Length of header and payload. Call it only when the length is within its bound.
    pub(super) fn frame_length(self) -> u32 {
        FRAME_HEADER_LENGTH + self.length
    }
}

/// Closes a group: everything between `group_start` and this frame is committed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    /// Offset of the group's first frame in the segment; of this frame when the group is empty.
    pub(super) group_start: u32,
    pub(super) record_count: u32,
    /// 0 for the founding commit, then one more each time.
    pub(super) number: u64,
    /// How many body segments there are; 0 before the first body.
    pub(super) body_segments: u32,
    /// Where the committed bodies end in the last body segment.
    pub(super) bodies_end: u32,
}

impl Commit {
    pub(super) fn encode(self) -> [u8; COMMIT_PAYLOAD_BYTES] {
        let mut bytes = [COMMIT_MARKER; COMMIT_PAYLOAD_BYTES];
        put(&mut bytes, 0, &self.group_start.to_be_bytes());
        put(&mut bytes, 4, &self.record_count.to_be_bytes());
        put(&mut bytes, 8, &self.number.to_be_bytes());
        put(&mut bytes, 16, &self.body_segments.to_be_bytes());
        put(&mut bytes, 20, &self.bodies_end.to_be_bytes());
        bytes
    }

    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let bytes: &[u8; COMMIT_PAYLOAD_BYTES] = payload.try_into().ok()?;
        if bytes[COMMIT_PAYLOAD_BYTES - 1] != COMMIT_MARKER {
            return None;
        }
        let high = u64::from(be_u32(bytes, 8));
        Some(Self {
            group_start: be_u32(bytes, 0),
            record_count: be_u32(bytes, 4),
            number: high << 32 | u64::from(be_u32(bytes, 12)),
            body_segments: be_u32(bytes, 16),
            bodies_end: be_u32(bytes, 20),
        })
    }
}

/// Writes `source` at `at`. Both are fixed by the layouts above and fit.
pub(super) fn put(target: &mut [u8], at: usize, source: &[u8]) {
    if let Some(place) = target.get_mut(at..at + source.len()) {
        place.copy_from_slice(source);
    }
}

/// The u32 at `at`; the layouts above keep it inside.
pub(super) fn be_u32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |four| u32::from_be_bytes(*four))
}
