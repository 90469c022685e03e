//! Brings the body stream to the end that the last whole commit names.

use crate::disk::{Disk, DiskFile, read_up_to};

use super::super::GROUP_BYTES_MAX;
use super::super::error::{Damage, JournalError};
use super::super::record::Commit;
use super::super::segment::{JournalId, SegmentHeader, SegmentName, Stream};
use super::{HEADER_BYTES, damaged};

/// The body stream as the last whole commit describes it.
pub(super) struct Bodies<'d, D: Disk> {
    pub(super) disk: &'d D,
    pub(super) journal: JournalId,
    pub(super) commit: Commit,
    /// Whether bodies may have lost their ledger.
    pub(super) accept: bool,
}

/// What an inspection found: nothing on disk has been changed yet.
pub(super) struct Inspected {
    /// Committed length of each segment.
    pub(super) lengths: Vec<u32>,
    /// Bytes behind the committed end of the last segment.
    tail_bytes: u64,
    /// Segments that no commit covers, and their lengths, in order.
    extra: Vec<(SegmentName, u64)>,
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

    /// Verifies headers and lengths of the `found` segments.
    pub(super) fn inspect(&self, found: u32) -> Result<Inspected, JournalError> {
        let committed = self.commit.body_segments;
        // spec: STO-11
        if found < committed {
            return Err(damaged(Self::name(found), 0, Damage::Missing));
        }
        let mut inspected = Inspected {
            lengths: Vec::new(),
            tail_bytes: 0,
            extra: Vec::new(),
        };
        for number in 0..committed {
            let (length, previous) = self.measure(number)?;
            self.closed_as(number, previous, inspected.lengths.last().copied())?;
            if number + 1 == committed {
                inspected.tail_bytes = self.tail_bytes(number, length)?;
                inspected.lengths.push(self.commit.bodies_end);
            } else {
                // One longer than 32 bits say differs from what the next header names.
                inspected
                    .lengths
                    .push(u32::try_from(length).unwrap_or(u32::MAX));
            }
        }
        if found > committed {
            inspected.extra = self.extra(found, inspected.tail_bytes)?;
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

    /// Length of a segment and what its header says of the one before.
    fn measure(&self, number: u32) -> Result<(u64, u32), JournalError> {
        let name = Self::name(number);
        let file = self
            .disk
            .open(&name.file_name())
            .map_err(JournalError::io(name))?;
        let length = file.byte_length().map_err(JournalError::io(name))?;
        let mut header = [0; HEADER_BYTES];
        read_up_to(&file, &mut header, 0).map_err(JournalError::io(name))?;
        let header = SegmentHeader::decode(&header, name, Some(self.journal))?;
        Ok((length, header.previous_bytes))
    }

    fn closed_as(
        &self,
        number: u32,
        previous: u32,
        found: Option<u32>,
    ) -> Result<(), JournalError> {
        let found = found.unwrap_or(0);
        // spec: STO-11
        if previous == found {
            return Ok(());
        }
        let cause = Damage::Length {
            expected: u64::from(previous),
            found: u64::from(found),
        };
        Err(damaged(Self::name(number.saturating_sub(1)), found, cause))
    }

    fn tail_bytes(&self, number: u32, found: u64) -> Result<u64, JournalError> {
        let name = Self::name(number);
        let expected = u64::from(self.commit.bodies_end);
        // spec: STO-11
        let Some(tail) = found.checked_sub(expected) else {
            let cause = Damage::Length { expected, found };
            return Err(JournalError::damaged(name, found, cause));
        };
        // spec: STO-13
        if tail > u64::from(GROUP_BYTES_MAX) && !self.accept {
            return Err(JournalError::damaged(
                name,
                expected,
                Damage::BodiesWithoutLedger,
            ));
        }
        Ok(tail)
    }

    /// One interrupted commit leaves a tail or one new segment, never both, never two.
    fn extra(&self, found: u32, tail_bytes: u64) -> Result<Vec<(SegmentName, u64)>, JournalError> {
        let first = self.commit.body_segments;
        // spec: STO-13
        if (tail_bytes > 0 || found - first > 1) && !self.accept {
            let cause = Damage::BodiesWithoutLedger;
            return Err(damaged(Self::name(first), 0, cause));
        }
        let length = |number| {
            let name = Self::name(number);
            let file = self.disk.open(&name.file_name());
            let bytes = file.and_then(|file| file.byte_length());
            Ok((name, bytes.map_err(JournalError::io(name))?))
        };
        (first..found).map(length).collect()
    }
}
