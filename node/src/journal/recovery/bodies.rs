//! Brings the body stream to the end that the last whole commit names.

use crate::disk::{Disk, DiskFile, read_up_to};

use super::super::GROUP_BYTES_MAX;
use super::super::error::{Damage, JournalError};
use super::super::record::Commit;
use super::super::segment::{JournalId, SegmentHeader, SegmentName, Stream};
use super::{HEADER_BYTES, damaged, rewrite};

/// The body stream as the last whole commit describes it.
pub(super) struct Bodies<'d, D: Disk> {
    pub(super) disk: &'d D,
    pub(super) journal: JournalId,
    pub(super) commit: Commit,
}

impl<D: Disk> Bodies<'_, D> {
    fn name(number: u32) -> SegmentName {
        SegmentName {
            stream: Stream::Bodies,
            number,
        }
    }

    /// Verifies the segments' headers and lengths and cuts off what no commit covers. Returns the
    /// committed lengths and how many bytes were cut off.
    pub(super) fn settle(&self, found: u32) -> Result<(Vec<u32>, u64), JournalError> {
        let committed = self.commit.body_segments;
        if found < committed {
            return Err(damaged(Self::name(found), 0, Damage::Missing));
        }
        let mut lengths = Vec::new();
        let mut cut = 0;
        for number in 0..committed {
            let is_last = number + 1 == committed;
            let (length, previous) = self.measure(number)?;
            self.closed_as(number, previous, lengths.last().copied())?;
            if is_last {
                cut += self.cut_last(number, length)?;
                lengths.push(self.commit.bodies_end);
            } else {
                lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
            }
        }
        for number in committed..found {
            cut += self.remove_extra(number, cut)?;
        }
        Ok((lengths, cut))
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
        // spec: STO-9
        if previous == found {
            return Ok(());
        }
        let cause = Damage::Length {
            expected: u64::from(previous),
            found: u64::from(found),
        };
        Err(damaged(Self::name(number.saturating_sub(1)), found, cause))
    }

    fn cut_last(&self, number: u32, found: u64) -> Result<u64, JournalError> {
        let name = Self::name(number);
        let expected = u64::from(self.commit.bodies_end);
        // spec: STO-9
        let Some(extra) = found.checked_sub(expected) else {
            let cause = Damage::Length { expected, found };
            return Err(JournalError::damaged(name, found, cause));
        };
        if extra > u64::from(GROUP_BYTES_MAX) {
            return Err(JournalError::damaged(
                name,
                expected,
                Damage::BodiesWithoutLedger,
            ));
        }
        if extra > 0 {
            let file = self
                .disk
                .open(&name.file_name())
                .map_err(JournalError::io(name))?;
            file.truncate(expected).map_err(JournalError::io(name))?;
            file.sync_data().map_err(JournalError::io(name))?;
        }
        Ok(extra)
    }

    /// One interrupted commit leaves a tail or one new segment, never both, never two.
    fn remove_extra(&self, number: u32, cut_before: u64) -> Result<u64, JournalError> {
        let name = Self::name(number);
        // spec: STO-9
        if cut_before > 0 || number > self.commit.body_segments {
            return Err(damaged(name, 0, Damage::BodiesWithoutLedger));
        }
        let file = self
            .disk
            .open(&name.file_name())
            .map_err(JournalError::io(name))?;
        let length = file.byte_length().map_err(JournalError::io(name))?;
        self.disk
            .remove(&name.file_name())
            .map_err(JournalError::io(name))?;
        Ok(length)
    }

    /// Writes again the bodies that came with the last commit.
    pub(super) fn rewrite_last_group(&self, before: Option<Commit>) -> Result<(), JournalError> {
        let Some(number) = self.commit.body_segments.checked_sub(1) else {
            return Ok(());
        };
        let end = self.commit.bodies_end;
        let start = match before {
            Some(before) if before.body_segments == self.commit.body_segments => before.bodies_end,
            Some(_) | None => 0,
        };
        if start == end {
            return Ok(());
        }
        rewrite(self.disk, Self::name(number), start, end)
    }
}
