//! Reads the ledger from its first segment to its last and shows whole groups only.

use crate::disk::Disk;

use super::super::error::{Damage, JournalError};
use super::super::record::{
    COMMIT_PAYLOAD_LENGTH, Commit, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, FrameChecksum,
    FrameHeader, KIND_COMMIT, RESERVED_KINDS_START, RecordPointer,
};
use super::super::segment::{JournalId, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentName, Stream};
use super::tail::{Defect, is_interrupted};
use super::window::Window;
use super::{HEADER_BYTES, LedgerRecord, OpenError, Recovery, TornTail, damaged};

/// The last whole group of the ledger.
pub(super) struct LastGroup {
    pub(super) journal: JournalId,
    pub(super) segment: SegmentName,
    pub(super) commit: Commit,
    /// End of the group in its segment.
    pub(super) end: u32,
    /// Whether the journal is of a version without a mark.
    pub(super) unmarked: bool,
}

/// Reads the ledger from its first segment to its last.
pub(super) struct Replay<'d, D: Disk, V> {
    disk: &'d D,
    visit: V,
    /// Whether to end at what cannot be read instead of refusing it.
    accept: bool,
    journal: Option<JournalId>,
    unmarked: bool,
    pub(super) last: Option<LastGroup>,
    /// Committed length of each segment.
    pub(super) lengths: Vec<u32>,
    pub(super) recovery: Recovery,
    /// Whether damage was cut off, not an interrupted commit.
    pub(super) cut_damage: bool,
}

impl<'d, D: Disk, V> Replay<'d, D, V> {
    pub(super) fn new(disk: &'d D, accept: bool, visit: V) -> Self {
        let recovery = Recovery::default();
        Self {
            disk,
            visit,
            accept,
            journal: None,
            unmarked: false,
            last: None,
            lengths: Vec::new(),
            recovery,
            cut_damage: false,
        }
    }

    pub(super) fn segment<E>(&mut self, number: u32, is_last: bool) -> Result<(), OpenError<E>>
    where
        V: FnMut(LedgerRecord<'_>) -> Result<(), E>,
    {
        let name = SegmentName {
            stream: Stream::Ledger,
            number,
        };
        let mut window = Window::open(self.disk, name)?;
        let header = SegmentHeader::decode(window.get(HEADER_BYTES)?, name, self.journal);
        let header = match header {
            Ok(header) => header,
            Err(JournalError::Damaged {
                cause: Damage::Header,
                ..
            }) if is_last || self.accept => {
                let defect = Defect {
                    offset: 0,
                    cut: window.length < SEGMENT_HEADER_BYTES,
                };
                return Ok(self.interrupted(&window, 0, defect, Damage::Header)?);
            }
            Err(error) => return Err(error.into()),
        };
        if let Err(error) = self.follows_previous(header) {
            if !self.accept {
                return Err(error.into());
            }
            self.cut(&window, 0);
            self.cut_damage = true;
            return Ok(());
        }
        self.unmarked |= number == 0 && header.unmarked;
        self.journal = Some(header.journal);
        let checksum = FrameChecksum::new(header.journal, name);
        window.advance(SEGMENT_HEADER_BYTES);
        while window.start < window.length {
            let commit = match self.group(&mut window, &checksum)? {
                Ok(commit) => commit,
                Err(defect) if is_last || self.accept => {
                    let start = window.start;
                    self.interrupted(&window, start, defect, Damage::Frame)?;
                    break;
                }
                Err(defect) => {
                    return Err(damaged(name, defect.offset, Damage::Frame).into());
                }
            };
            self.show(&mut window, name)?;
            let end = window.start;
            self.last = Some(LastGroup {
                journal: header.journal,
                segment: name,
                commit,
                end,
                unmarked: self.unmarked,
            });
        }
        if window.start > SEGMENT_HEADER_BYTES {
            self.lengths.push(window.start);
        } else if !is_last && !self.accept {
            return Err(damaged(name, SEGMENT_HEADER_BYTES, Damage::Frame).into());
        } else if self.recovery.torn.is_none() {
            // A header alone, its group cut off by the end of the file.
            self.cut(&window, 0);
            self.cut_damage |= !is_last;
        }
        Ok(())
    }

    /// A segment names the length at which the one before it was closed.
    fn follows_previous(&self, header: SegmentHeader) -> Result<(), JournalError> {
        let found = self.lengths.last().copied().unwrap_or(0);
        // spec: STO-11
        if header.previous_bytes == found {
            return Ok(());
        }
        let number = header.name.number.saturating_sub(1);
        let cause = Damage::Length {
            expected: u64::from(header.previous_bytes),
            found: u64::from(found),
        };
        Err(damaged(
            SegmentName {
                number,
                ..header.name
            },
            found,
            cause,
        ))
    }

    /// Verifies the group at the window's start; the inner error says why it is not whole.
    fn group(
        &self,
        window: &mut Window<D::File>,
        checksum: &FrameChecksum,
    ) -> Result<Result<Commit, Defect>, JournalError> {
        let mut at = 0;
        let mut record_count = 0;
        loop {
            let offset = window.start + at;
            let Some(header) = FrameHeader::decode(window.get_at(at, FRAME_HEADER_BYTES)?) else {
                return Ok(Err(Defect { offset, cut: true }));
            };
            if header.kind == 0 || header.length > FRAME_PAYLOAD_BYTES_MAX {
                return Ok(Err(Defect { offset, cut: false }));
            }
            let frame = window.get_at(at, header.frame_length() as usize)?;
            let payload = frame.get(FRAME_HEADER_BYTES..).unwrap_or_default();
            if payload.len() < header.length as usize {
                let own_length = header.length == COMMIT_PAYLOAD_LENGTH;
                let cut = header.kind != KIND_COMMIT || own_length;
                return Ok(Err(Defect { offset, cut }));
            }
            if !checksum.matches(offset, header, payload) {
                return Ok(Err(Defect { offset, cut: false }));
            }
            // spec: STO-5
            if header.kind == KIND_COMMIT {
                return match Commit::decode(payload) {
                    Some(commit) if self.expects(commit, window.start, record_count) => {
                        Ok(Ok(commit))
                    }
                    Some(_) | None => Err(damaged(window.name, offset, Damage::Commit)),
                };
            }
            if header.kind >= RESERVED_KINDS_START {
                let cause = Damage::Kind { kind: header.kind };
                return Err(damaged(window.name, offset, cause));
            }
            record_count += 1;
            at += header.frame_length();
        }
    }

    /// Whether a commit that is whole is the one that must come here.
    fn expects(&self, commit: Commit, group_start: u32, record_count: u32) -> bool {
        let bodies = |commit: Commit| (commit.body_segments, commit.bodies_end);
        commit.group_start == group_start
            && commit.record_count == record_count
            && commit.number == self.recovery.commits
            && self
                .last
                .as_ref()
                .is_none_or(|last| bodies(last.commit) <= bodies(commit))
    }

    /// Shows the records of the group at the window's start, which is whole, and steps over it.
    fn show<E>(
        &mut self,
        window: &mut Window<D::File>,
        name: SegmentName,
    ) -> Result<(), OpenError<E>>
    where
        V: FnMut(LedgerRecord<'_>) -> Result<(), E>,
    {
        let mut at = 0;
        while let Some(header) = FrameHeader::decode(window.get_at(at, FRAME_HEADER_BYTES)?) {
            let frame_bytes = header.frame_length() as usize;
            if header.kind == KIND_COMMIT {
                self.recovery.commits += 1;
                at += header.frame_length();
                break;
            }
            let pointer = RecordPointer {
                segment: name.number,
                offset: window.start + at,
            };
            let frame = window.get_at(at, frame_bytes)?;
            let payload = frame.get(FRAME_HEADER_BYTES..).unwrap_or_default();
            (self.visit)(LedgerRecord {
                pointer,
                kind: header.kind,
                payload,
            })
            .map_err(OpenError::Visit)?;
            self.recovery.records += 1;
            at += header.frame_length();
        }
        window.advance(at);
        Ok(())
    }

    /// Notes the group that begins at `start` as interrupted, if that is what it is.
    fn interrupted(
        &mut self,
        window: &Window<D::File>,
        start: u32,
        defect: Defect,
        cause: Damage,
    ) -> Result<(), JournalError> {
        let name = window.name;
        let tail = window.tail(start)?;
        let checksum = self
            .journal
            .map(|journal| FrameChecksum::new(journal, name));
        if !is_interrupted(&tail, start, defect, checksum.as_ref()) {
            if !self.accept {
                return Err(damaged(name, defect.offset, cause));
            }
            self.cut_damage = true;
        }
        self.cut(window, start);
        Ok(())
    }

    /// Ends the ledger before the group at `start`.
    fn cut(&mut self, window: &Window<D::File>, start: u32) {
        // A segment that holds nothing but this group goes with it.
        let offset = if start <= SEGMENT_HEADER_BYTES {
            0
        } else {
            start
        };
        let bytes = u64::from(window.length - offset);
        self.recovery.torn = Some(TornTail {
            segment: window.name,
            offset: u64::from(offset),
            bytes,
        });
    }
}
