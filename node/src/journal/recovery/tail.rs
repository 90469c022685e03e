//! Tells a commit that was interrupted from one that was damaged.

use super::super::record::{
    COMMIT_FRAME_BYTES, Commit, FRAME_HEADER_BYTES, FrameChecksum, FrameHeader, KIND_COMMIT,
};
use super::super::segment::SEGMENT_HEADER_BYTES;

/// Unit in which a disk writes all or nothing.
const SECTOR_BYTES: usize = 512;

/// Why a group is not whole.
#[derive(Clone, Copy)]
pub(super) struct Defect {
    /// Offset of the first frame that cannot be read.
    pub(super) offset: u32,
    /// Whether the end of the file may be the reason.
    pub(super) cut: bool,
}

/// Whether a crash explains that the group at `start` is not whole. `tail` is everything from there
/// to the end of the file; `checksum` is `None` when the journal's id is unknown.
pub(super) fn is_interrupted(
    tail: &[u8],
    start: u32,
    defect: Defect,
    checksum: Option<&FrameChecksum>,
) -> bool {
    let trace = CommitTrace::find(tail, start, defect, checksum);
    // spec: STO-12
    !trace.of_later_group && (has_zero_sector(tail, start) || (defect.cut && !trace.of_this_group))
}

/// Whole commit frames that lie behind a defect.
struct CommitTrace {
    of_this_group: bool,
    of_later_group: bool,
}

impl CommitTrace {
    /// Tries every byte: what the lengths say is not to be believed behind a defect.
    fn find(tail: &[u8], start: u32, defect: Defect, checksum: Option<&FrameChecksum>) -> Self {
        let mut trace = Self {
            of_this_group: false,
            of_later_group: false,
        };
        let Some(checksum) = checksum else {
            return trace;
        };
        let group_start = start.max(SEGMENT_HEADER_BYTES);
        for offset in defect.offset.. {
            let at = (offset - start) as usize;
            let Some(frame) = tail.get(at..at + COMMIT_FRAME_BYTES) else {
                break;
            };
            let (header, payload) = frame.split_at(FRAME_HEADER_BYTES);
            if header.first() != Some(&KIND_COMMIT) {
                continue;
            }
            let whole = FrameHeader::decode(header)
                .is_some_and(|header| checksum.matches(offset, header, payload));
            match Commit::decode(payload).filter(|_| whole) {
                Some(commit) if commit.group_start > group_start => trace.of_later_group = true,
                Some(_) => trace.of_this_group = true,
                None => {}
            }
        }
        trace
    }
}

/// Whether a sector, as far as it lies in `tail`, was never written. `start` is where `tail` lies.
fn has_zero_sector(tail: &[u8], start: u32) -> bool {
    let to_boundary = SECTOR_BYTES - start as usize % SECTOR_BYTES;
    let (first, rest) = tail.split_at(tail.len().min(to_boundary));
    let zero = |sector: &[u8]| !sector.is_empty() && sector.iter().all(|byte| *byte == 0);
    zero(first) || rest.chunks(SECTOR_BYTES).any(zero)
}
