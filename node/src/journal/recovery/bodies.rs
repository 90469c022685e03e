//! Brings the body stream to the end that the last whole commit names.

use std::io;

use crate::disk::{Disk, DiskFile, read_up_to};

use super::super::GROUP_BYTES_MAX;
use super::super::error::{Damage, JournalError};
use super::super::record::Commit;
use super::super::segment::{JournalId, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentName, Stream};
use super::{HEADER_BYTES, damaged};

/// The body stream as the last whole commit describes it.
pub(super) struct Bodies<'d, D: Disk> {
    pub(super) disk: &'d D,
    pub(super) journal: JournalId,
    pub(super) commit: Commit,
    /// Whether bodies may have lost their ledger, and the ledger bodies.
    pub(super) accept: bool,
}

/// What an inspection found: nothing on disk has been changed yet.
#[derive(Default)]
pub(super) struct Inspected {
    /// Committed length of each segment.
    pub(super) lengths: Vec<u32>,
    /// Bytes behind the committed end of the last segment.
    tail_bytes: u64,
    /// Segments that no commit covers, and their lengths, in order.
    extra: Vec<(SegmentName, u64)>,
    /// Committed segments that are not as they were committed, in order; none unless that is accepted.
    pub(super) lost: Vec<LostSegment>,
}

impl Inspected {
    pub(super) fn excess_bytes(&self) -> u64 {
        self.tail_bytes + self.extra.iter().map(|(_, bytes)| bytes).sum::<u64>()
    }
}

impl<D: Disk> Bodies<'_, D> {
    pub(super) fn name(number: u32) -> SegmentName {
        SegmentName {
            stream: Stream::Bodies,
            number,
        }
    }

    /// Verifies headers and lengths of what is committed, and weighs what is `found` besides.
    pub(super) fn inspect(&self, found: &[u32]) -> Result<Inspected, JournalError> {
        let committed = self.commit.body_segments;
        let measured: Result<Vec<_>, _> = (0..committed).map(|n| self.measure(n)).collect();
        let measured = measured?;
        let mut inspected = Inspected::default();
        for (number, segment) in (0..committed).zip(&measured) {
            let next = measured.get(number as usize + 1);
            let previous_bytes = inspected.lengths.last().copied().unwrap_or(0);
            let bytes = self.committed_bytes(number, segment, next);
            inspected.lengths.push(bytes);
            let Some((offset, cause)) = segment.defect(bytes, next.is_none()) else {
                continue;
            };
            let name = Self::name(number);
            // spec: STO-11, STO-65
            if !self.accept {
                return Err(JournalError::BodiesLost {
                    file: name,
                    offset,
                    cause,
                });
            }
            inspected.lost.push(LostSegment {
                name,
                bytes,
                previous_bytes,
            });
        }
        if let Some(last) = measured.last() {
            inspected.tail_bytes = self.tail_bytes(last)?;
        }
        let extra: Vec<_> = found.iter().filter(|n| **n >= committed).collect();
        if !extra.is_empty() {
            inspected.extra = self.extra(&extra, inspected.tail_bytes)?;
        }
        Ok(inspected)
    }

    /// Cuts off what was inspected and is not covered by a commit.
    pub(super) fn cut(&self, inspected: &Inspected) -> Result<(), JournalError> {
        for (name, _) in inspected.extra.iter().rev() {
            self.disk
                .remove(&name.file_name())
                .map_err(JournalError::io(*name))?;
        }
        let Some(number) = self.commit.body_segments.checked_sub(1) else {
            return Ok(());
        };
        if inspected.tail_bytes == 0 {
            return Ok(());
        }
        let name = Self::name(number);
        let file = self
            .disk
            .open(&name.file_name())
            .map_err(JournalError::io(name))?;
        file.truncate(u64::from(self.commit.bodies_end))
            .map_err(JournalError::io(name))?;
        file.sync_data().map_err(JournalError::io(name))
    }

    fn measure(&self, number: u32) -> Result<Measured, JournalError> {
        let name = Self::name(number);
        let file = match self.disk.open(&name.file_name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Measured::MISSING),
            file => file.map_err(JournalError::io(name))?,
        };
        let length = file.byte_length().map_err(JournalError::io(name))?;
        let mut header = [0; HEADER_BYTES];
        read_up_to(&file, &mut header, 0).map_err(JournalError::io(name))?;
        let header = match SegmentHeader::decode(&header, name, Some(self.journal)) {
            Ok(header) if number > 0 || header.previous_bytes == 0 => Ok(header.previous_bytes),
            Ok(_) => Err(Damage::HeaderOfAnother),
            Err(JournalError::Damaged { cause, .. }) => Err(cause),
            Err(error) => return Err(error),
        };
        Ok(Measured {
            length: Some(length),
            header,
        })
    }

    /// How long a segment was when the last commit was durable: the commit says it of the last one, the
    /// next header of any other. Where that is lost too, what is left of it counts.
    fn committed_bytes(&self, number: u32, segment: &Measured, next: Option<&Measured>) -> u32 {
        if number + 1 == self.commit.body_segments {
            return self.commit.bodies_end;
        }
        let named = next.and_then(|next| next.header.ok());
        let found = segment.length.and_then(|length| u32::try_from(length).ok());
        let left = found.unwrap_or(0).max(SEGMENT_HEADER_BYTES);
        named.unwrap_or(left)
    }

    fn tail_bytes(&self, last: &Measured) -> Result<u64, JournalError> {
        let end = u64::from(self.commit.bodies_end);
        let tail = last.length.unwrap_or(0).saturating_sub(end);
        // spec: STO-13
        if tail > u64::from(GROUP_BYTES_MAX) && !self.accept {
            let number = self.commit.body_segments.saturating_sub(1);
            let cause = Damage::BodiesWithoutLedger;
            return Err(JournalError::damaged(Self::name(number), end, cause));
        }
        Ok(tail)
    }

    /// One interrupted commit leaves a tail or one new segment, never both, never two.
    fn extra(
        &self,
        found: &[&u32],
        tail_bytes: u64,
    ) -> Result<Vec<(SegmentName, u64)>, JournalError> {
        let first = self.commit.body_segments;
        let one = matches!(found, [number] if **number == first);
        // spec: STO-13
        if (tail_bytes > 0 || !one) && !self.accept {
            let cause = Damage::BodiesWithoutLedger;
            return Err(damaged(Self::name(first), 0, cause));
        }
        let length = |number: &&u32| {
            let name = Self::name(**number);
            let file = self.disk.open(&name.file_name());
            let bytes = file.and_then(|file| file.byte_length());
            Ok((name, bytes.map_err(JournalError::io(name))?))
        };
        found.iter().map(length).collect()
    }
}

/// A committed segment as it lies on the disk.
struct Measured {
    /// Its length, unless it is missing.
    length: Option<u64>,
    /// The length that its header names of the segment before.
    header: Result<u32, Damage>,
}

impl Measured {
    const MISSING: Self = Self {
        length: None,
        header: Err(Damage::Missing),
    };

    /// Where it is not as it was committed, and why. The last one may be longer.
    fn defect(&self, bytes: u32, last: bool) -> Option<(u64, Damage)> {
        let expected = u64::from(bytes);
        let found = self.length.unwrap_or(0);
        match self.header {
            Err(cause) => Some((0, cause)),
            Ok(_) if found < expected || found > expected && !last => {
                Some((found.min(expected), Damage::Length { expected, found }))
            }
            Ok(_) => None,
        }
    }
}

/// A body segment that is not as it was committed.
#[derive(Clone, Copy, Debug)]
pub(in crate::journal) struct LostSegment {
    pub(in crate::journal) name: SegmentName,
    /// How long it was.
    bytes: u32,
    /// How long the one before was.
    previous_bytes: u32,
}

impl LostSegment {
    /// Gives it its header and its length again; what is gone reads as zeros, which are no frame.
    ///
    /// Crash here -> it is lost as before, or mended, of which the directory has yet to be synced.
    pub(in crate::journal) fn mend<D: Disk>(
        &self,
        disk: &D,
        journal: JournalId,
    ) -> Result<(), JournalError> {
        let io = JournalError::io(self.name);
        let header = SegmentHeader {
            name: self.name,
            journal,
            previous_bytes: self.previous_bytes,
            unmarked: false,
        };
        let file = match disk.open(&self.name.file_name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk.create(&self.name.file_name())
            }
            file => file,
        };
        let file = file.map_err(&io)?;
        file.truncate(u64::from(self.bytes)).map_err(&io)?;
        file.write_at(&header.encode(), 0).map_err(&io)?;
        file.sync_data().map_err(&io)
    }
}
