//! A view of one segment that slides over it.

use crate::disk::{Disk, DiskFile, read_exact_at};

use super::super::error::{Damage, JournalError};
use super::super::segment::SegmentName;
use super::super::{GROUP_BYTES_MAX, SEGMENT_BYTES_MAX};

/// How much of a segment is read at once.
const READ_BYTES: usize = 1 << 20;
/// No segment is longer: one group on top of the target size, and a commit frame.
const SEGMENT_LENGTH_MAX: u64 = SEGMENT_BYTES_MAX as u64 + GROUP_BYTES_MAX as u64 + 4096;

/// A sliding view of one segment, so that a long ledger is read without holding it.
pub(super) struct Window<F> {
    file: F,
    pub(super) name: SegmentName,
    pub(super) length: u32,
    buffer: Vec<u8>,
    /// Where in `buffer` the view starts.
    cursor: usize,
    /// Where in the file the view starts.
    pub(super) start: u32,
}

impl<F: DiskFile> Window<F> {
    pub(super) fn open<D: Disk<File = F>>(
        disk: &D,
        name: SegmentName,
    ) -> Result<Self, JournalError> {
        let file = disk
            .open(&name.file_name())
            .map_err(JournalError::io(name))?;
        let found = file.byte_length().map_err(JournalError::io(name))?;
        let expected = SEGMENT_LENGTH_MAX;
        let length = u32::try_from(found).ok().filter(|_| found <= expected);
        let Some(length) = length else {
            let cause = Damage::Length { expected, found };
            return Err(JournalError::damaged(name, expected, cause));
        };
        Ok(Self {
            file,
            name,
            length,
            buffer: Vec::new(),
            cursor: 0,
            start: 0,
        })
    }

    pub(super) fn get(&mut self, bytes: usize) -> Result<&[u8], JournalError> {
        self.get_at(0, bytes)
    }

    /// `bytes` bytes from `at` behind the start; fewer at the end of the file.
    pub(super) fn get_at(&mut self, at: u32, bytes: usize) -> Result<&[u8], JournalError> {
        let end = at as usize + bytes;
        if self.buffer.len() - self.cursor < end {
            self.fill(end)?;
        }
        let view = self.buffer.get(self.cursor..).unwrap_or_default();
        let from = view.len().min(at as usize);
        Ok(view.get(from..view.len().min(end)).unwrap_or_default())
    }

    fn fill(&mut self, end: usize) -> Result<(), JournalError> {
        self.buffer.drain(..self.cursor);
        self.cursor = 0;
        let held = self.buffer.len();
        let left = (self.length - self.start) as usize - held;
        let wanted = left.min(READ_BYTES.max(end - held));
        self.buffer.resize(held + wanted, 0);
        let place = self.buffer.get_mut(held..).unwrap_or_default();
        read_exact_at(&self.file, place, u64::from(self.start) + held as u64)
            .map_err(JournalError::io(self.name))
    }

    pub(super) fn advance(&mut self, bytes: u32) {
        self.start += bytes;
        self.cursor += bytes as usize;
    }

    /// Everything from `start` to the end of the file.
    pub(super) fn tail(&self, start: u32) -> Result<Vec<u8>, JournalError> {
        let mut tail = vec![0; (self.length - start) as usize];
        read_exact_at(&self.file, &mut tail, u64::from(start))
            .map_err(JournalError::io(self.name))?;
        Ok(tail)
    }
}
