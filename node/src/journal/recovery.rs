//! What opening a journal does: read the ledger, cut off an interrupted commit, refuse damage.
//!
//! A crash leaves at most one group that was never acknowledged, at the end of the last ledger
//! segment, and bodies behind the end that the last whole commit names. Both are cut off. Anything
//! else that does not read as written is damage and stops the open.
//!
//! How a torn tail is told from a damaged one: a disk writes whole sectors, and a sector that was
//! never written reads as zeros or lies behind the end of the file. So a group that is not whole
//! was interrupted if nothing of a later group follows it and it has a zero sector or is cut by the
//! end of the file. A group that lies there to its last byte, but reads wrong, was damaged.
//!
//! A ledger that was cut back to the end of an earlier group reads like a whole one. What has been
//! made durable is therefore told twice: the mark beside the ledger, and whoever has seen records,
//! say how far it must reach at least.
//!
//! Before it returns, recovery writes the last group once more and syncs it: after a failed sync
//! the kernel may show pages that never reached the disk and would never be written again.

mod bodies;
mod replay;
mod tail;
mod window;

use std::io;

use thiserror::Error;

use crate::disk::{Disk, DiskFile, read_exact_at, read_up_to};

use super::JournalOptions;
use super::error::{Damage, JournalError, MarkLoss};
use super::mark::{Found, Mark, MarkFile};
use super::record::{
    COMMIT_FRAME_LENGTH, COMMIT_PAYLOAD_LENGTH, Commit, FrameChecksum, KIND_COMMIT, RecordPointer,
};
use super::segment::{JournalId, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentName, Stream};
use bodies::Bodies;
pub(super) use bodies::LostSegment;
use replay::{LastGroup, Replay};

/// Length of ledger segment 0 when the journal has just been created.
const FOUNDING_BYTES: u32 = SEGMENT_HEADER_BYTES + COMMIT_FRAME_LENGTH;

/// A committed ledger record, as shown when the journal is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRecord<'a> {
    /// Where it lies.
    pub pointer: RecordPointer,
    /// The kind it was staged with.
    pub kind: u8,
    /// The bytes it was staged with.
    pub payload: &'a [u8],
}

/// What was found when the journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Whether the journal was created by this open.
    pub created: bool,
    /// Records shown.
    pub records: u64,
    /// Commits found, the founding one included.
    pub commits: u64,
    /// The interrupted commit that was cut off the ledger.
    pub torn: Option<TornTail>,
    /// Bytes of uncommitted bodies that were cut off.
    pub body_bytes_cut: u64,
    /// One of the two slots of the mark could not be read; it was written again.
    pub mark_mended: bool,
    /// Commits that were durable are lost, now or at an earlier open, and the doubt has not ended.
    pub in_doubt: bool,
}

impl Recovery {
    /// Whether nothing had to be cut off.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.torn.is_none() && self.body_bytes_cut == 0
    }
}

/// An interrupted commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The ledger segment it lay in.
    pub segment: SegmentName,
    /// Where it began, in bytes.
    pub offset: u64,
    /// How much was cut off, in bytes.
    pub bytes: u64,
}

/// Why a journal could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError<E> {
    /// The journal's own reasons.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The visitor refused a record.
    #[error("the reader of the ledger refused a record")]
    Visit(#[source] E),
}

/// A journal ready to be appended to.
pub(super) struct Recovered<D: Disk> {
    pub(super) journal: JournalId,
    pub(super) ledger_lengths: Vec<u32>,
    pub(super) body_lengths: Vec<u32>,
    pub(super) lost_segments: Vec<LostSegment>,
    pub(super) recovery: Recovery,
    pub(super) mark: MarkFile<D>,
}

pub(super) fn recover<D: Disk, E>(
    disk: &D,
    options: JournalOptions,
    visit: impl FnMut(LedgerRecord<'_>) -> Result<(), E>,
) -> Result<Recovered<D>, OpenError<E>> {
    let found = Inventory::take(disk)?;
    let known = Known {
        mark: Found::read(disk)?,
        records: options.records_known,
    };
    let accept = options.accept_loss;
    if found.ledgers == 0 {
        return Ok(create(disk, options, known, found)?);
    }
    let mut replay = Replay::new(disk, accept, visit);
    for number in 0..found.ledgers {
        replay.segment(number, number + 1 == found.ledgers)?;
        if replay.recovery.torn.is_some() {
            break;
        }
    }
    let Some(last) = replay.last else {
        // Not even the founding commit is whole. It is the whole file until it is durable.
        let first = SegmentName {
            stream: Stream::Ledger,
            number: 0,
        };
        let torn_bytes = replay.recovery.torn.map_or(0, |torn| torn.bytes);
        let torn = found.ledgers == 1 && torn_bytes <= u64::from(FOUNDING_BYTES);
        if !accept && (!torn || !found.bodies.is_empty()) {
            return Err(JournalError::damaged(first, 0, Damage::Header).into());
        }
        // A founding commit alone may be torn; then nothing that was durable is lost.
        let lost = known.check(accept, first, &replay.recovery, None)? || !torn;
        let known = match lost {
            true => Known {
                mark: known.mark.doubted(disk, options.new_journal_id)?,
                ..known
            },
            false => known,
        };
        for number in (0..found.ledgers).rev() {
            let name = SegmentName { number, ..first };
            disk.remove(&name.file_name())
                .map_err(JournalError::io(name))?;
        }
        return Ok(create(disk, options, known, found)?);
    };
    let journal = last.journal;
    let mut recovery = replay.recovery;
    let ledger_lengths = std::mem::take(&mut replay.lengths);
    let lost = known.check(accept, last.segment, &recovery, Some(&last))? || replay.cut_damage;
    let bodies = Bodies {
        disk,
        journal,
        commit: last.commit,
        accept,
    };
    // Everything is read before anything is changed: what is refused stays as it was found.
    let inspected = bodies.inspect(&found.bodies)?;
    recovery.body_bytes_cut = inspected.excess_bytes();
    let mark_found = match lost {
        true => known.mark.doubted(disk, journal)?,
        false => known.mark,
    };
    // Crash from here on -> less of what no commit covers -> the next open cuts the rest, or refuses
    // as this one would have done without being told, or goes on in doubt.
    cut_ledger(disk, &recovery, ledger_lengths.len(), found.ledgers)?;
    bodies.cut(&inspected)?;
    let (body_lengths, lost_segments) = (inspected.lengths, inspected.lost);
    rewrite_last_group(disk, &last)?;
    disk.sync_dir().map_err(JournalError::directory)?;
    let earlier = known.mark.mark().is_some_and(|mark| mark.doubt);
    recovery.in_doubt = lost || earlier;
    recovery.mark_mended = matches!(known.mark, Found::Whole { both: false, .. });
    let mark = known.reached(journal, recovery, (last.segment.number, last.end));
    let mark = MarkFile::settle(disk, mark_found, mark)?;
    // spec: STO-30
    if last.unmarked {
        // Crash here -> a journal with a mark that nobody expects -> the next open looks at it.
        mark_journal(disk)?;
    }
    Ok(Recovered {
        mark,
        journal,
        ledger_lengths,
        body_lengths,
        lost_segments,
        recovery,
    })
}

/// What is known of the ledger from elsewhere.
#[derive(Clone, Copy)]
struct Known {
    mark: Found,
    /// Records that somebody has seen durable.
    records: u64,
}

impl Known {
    /// Compares what is known with what was found; `true` when something is lost that may be.
    // spec: STO-28
    fn check(
        self,
        accept: bool,
        file: SegmentName,
        found: &Recovery,
        last: Option<&LastGroup>,
    ) -> Result<bool, JournalError> {
        let refusal = match self.mark {
            Found::Unreadable => Some(MarkLoss::Damaged),
            Found::Absent if last.is_some_and(|last| !last.unmarked) => Some(MarkLoss::Missing),
            Found::Absent => None,
            Found::Whole { mark, .. } => last.and_then(|last| {
                let end = (last.segment.number, last.end);
                let other = mark.commits > 0 && mark.journal != last.journal;
                let elsewhere = mark.commits == found.commits && (mark.segment, mark.end) != end;
                (other || elsewhere).then_some(MarkLoss::OfAnother)
            }),
        };
        let offset = last.map_or(0, |last| u64::from(last.end));
        let commits_known = self.mark.mark().map_or(0, |mark| mark.commits);
        let error = match refusal {
            Some(cause) => JournalError::MarkLost { cause },
            None if commits_known > found.commits => JournalError::LedgerShort {
                file,
                offset,
                commits: found.commits,
                commits_known,
            },
            // An accepted loss, and the index is still to be made anew: nothing was written since.
            None if self.records > found.records && self.has_settled(found) => return Ok(true),
            None if self.records > found.records => JournalError::LedgerBehindIndex {
                file,
                offset,
                records: found.records,
                records_known: self.records,
            },
            None => return Ok(false),
        };
        // spec: STO-29
        match accept {
            true => Ok(true),
            false => Err(error),
        }
    }

    /// Whether the mark tells of a loss that was accepted, and of just the commits that are left.
    fn has_settled(self, found: &Recovery) -> bool {
        let mark = self.mark.mark();
        mark.is_some_and(|mark| mark.doubt && mark.commits == found.commits)
    }

    /// The mark of what was found.
    fn reached(self, journal: JournalId, found: Recovery, (segment, end): (u32, u32)) -> Mark {
        Mark {
            commits: found.commits,
            segment,
            end,
            doubt: found.in_doubt,
            ..Mark::before_founding(journal)
        }
    }
}

/// Says in the first header of a journal of an earlier version that it has a mark from now on.
///
/// Header and founding commit lie in one sector, which a disk writes whole or not at all.
fn mark_journal<D: Disk>(disk: &D) -> Result<(), JournalError> {
    let name = SegmentName {
        stream: Stream::Ledger,
        number: 0,
    };
    let io = JournalError::io(name);
    let file = disk.open(&name.file_name()).map_err(&io)?;
    let mut bytes = [0; HEADER_BYTES];
    read_exact_at(&file, &mut bytes, 0).map_err(&io)?;
    let header = SegmentHeader {
        unmarked: false,
        ..SegmentHeader::decode(&bytes, name, None)?
    };
    file.write_at(&header.encode(), 0).map_err(&io)?;
    file.sync_data().map_err(&io)
}

/// The id of the journal that lies on a disk; `None` when there is none, or none that can be read.
///
/// # Errors
/// `Io`, and `UnknownVersion`.
pub fn stored_id<D: Disk>(disk: &D) -> Result<Option<JournalId>, JournalError> {
    let name = SegmentName {
        stream: Stream::Ledger,
        number: 0,
    };
    let file = match disk.open(&name.file_name()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(JournalError::io(name))?,
    };
    let mut bytes = [0; HEADER_BYTES];
    read_up_to(&file, &mut bytes, 0).map_err(JournalError::io(name))?;
    match SegmentHeader::decode(&bytes, name, None) {
        Ok(header) => Ok(Some(header.journal)),
        Err(JournalError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Which segments there are.
struct Inventory {
    /// How many of the ledger.
    ledgers: u32,
    /// The numbers of those of bodies, ascending.
    bodies: Vec<u32>,
}

impl Inventory {
    fn take<D: Disk>(disk: &D) -> Result<Self, JournalError> {
        let names = disk.list().map_err(JournalError::directory)?;
        let mut segments: Vec<SegmentName> = names
            .iter()
            .filter_map(|name| SegmentName::parse(name))
            .collect();
        segments.sort_unstable();
        let of = |stream| {
            let mine = segments.iter().filter(move |name| name.stream == stream);
            mine.map(|name| name.number)
        };
        let mut ledgers = 0;
        for number in of(Stream::Ledger) {
            // spec: STO-11
            if number != ledgers {
                let missing = SegmentName {
                    stream: Stream::Ledger,
                    number: ledgers,
                };
                return Err(JournalError::damaged(missing, 0, Damage::Missing));
            }
            ledgers += 1;
        }
        let bodies = of(Stream::Bodies).collect();
        Ok(Self { ledgers, bodies })
    }
}

/// Creates the journal: ledger segment 0 with a commit of nothing.
///
/// It is durable before the first body is written, so bodies without a ledger are always damage.
///
/// Before it, the mark of a journal without commits is durable, so that a journal that has one is
/// never found without it.
fn create<D: Disk>(
    disk: &D,
    options: JournalOptions,
    known: Known,
    found: Inventory,
) -> Result<Recovered<D>, JournalError> {
    let (id, accept) = (options.new_journal_id, options.accept_loss);
    let name = SegmentName {
        stream: Stream::Ledger,
        number: 0,
    };
    if !found.bodies.is_empty() && !accept {
        return Err(JournalError::damaged(name, 0, Damage::Missing));
    }
    let lost = known.check(accept, name, &Recovery::default(), None)? || !found.bodies.is_empty();
    let mark_found = match lost {
        true => known.mark.doubted(disk, id)?,
        false => known.mark,
    };
    for number in found.bodies.iter().rev() {
        let name = Bodies::<D>::name(*number);
        disk.remove(&name.file_name())
            .map_err(JournalError::io(name))?;
    }
    let in_doubt = lost || known.mark.mark().is_some_and(|mark| mark.doubt);
    let mark = Mark {
        doubt: in_doubt,
        ..Mark::before_founding(id)
    };
    let mut mark = MarkFile::settle(disk, mark_found, mark)?;
    let commit = Commit {
        group_start: SEGMENT_HEADER_BYTES,
        record_count: 0,
        number: 0,
        body_segments: 0,
        bodies_end: 0,
    };
    let mut bytes = SegmentHeader {
        name,
        journal: id,
        previous_bytes: 0,
        unmarked: false,
    }
    .encode()
    .to_vec();
    FrameChecksum::new(id, name).append_frame(
        &mut bytes,
        SEGMENT_HEADER_BYTES,
        KIND_COMMIT,
        COMMIT_PAYLOAD_LENGTH,
        &[&commit.encode()],
    );
    // spec: STO-10
    // Crash here -> no file, or one not longer than this with sectors missing -> created again.
    let file = disk
        .create(&name.file_name())
        .map_err(JournalError::io(name))?;
    file.write_at(&bytes, 0).map_err(JournalError::io(name))?;
    file.sync_data().map_err(JournalError::io(name))?;
    disk.sync_dir().map_err(JournalError::directory)?;
    mark.advance(1, (0, FOUNDING_BYTES))?;
    let recovery = Recovery {
        created: true,
        commits: 1,
        in_doubt,
        ..Recovery::default()
    };
    let ledger_lengths = vec![FOUNDING_BYTES];
    Ok(Recovered {
        mark,
        journal: id,
        ledger_lengths,
        body_lengths: Vec::new(),
        lost_segments: Vec::new(),
        recovery,
    })
}

const HEADER_BYTES: usize = SEGMENT_HEADER_BYTES as usize;

fn damaged(file: SegmentName, offset: u32, cause: Damage) -> JournalError {
    JournalError::damaged(file, u64::from(offset), cause)
}

/// Removes an interrupted commit from the ledger, which then has `segments` of the `found` segments.
fn cut_ledger<D: Disk>(
    disk: &D,
    recovery: &Recovery,
    segments: usize,
    found: u32,
) -> Result<(), JournalError> {
    let Some(torn) = recovery.torn else {
        return Ok(());
    };
    let name = torn.segment;
    // More than one only where a loss is accepted.
    for number in (0..found).rev() {
        if number as usize >= segments {
            let name = SegmentName { number, ..name };
            disk.remove(&name.file_name())
                .map_err(JournalError::io(name))?;
        }
    }
    if name.number as usize >= segments {
        return Ok(());
    }
    let file = disk
        .open(&name.file_name())
        .map_err(JournalError::io(name))?;
    file.truncate(torn.offset).map_err(JournalError::io(name))?;
    file.sync_data().map_err(JournalError::io(name))
}

/// Writes the last group of the ledger again with its own content, and its segment's header if it
/// is the first there, so that the sync must reach the disk. Its bodies need no such care: no record
/// is written before their sync has succeeded.
// spec: STO-14
fn rewrite_last_group<D: Disk>(disk: &D, last: &LastGroup) -> Result<(), JournalError> {
    let name = last.segment;
    let first = last.commit.group_start == SEGMENT_HEADER_BYTES;
    let start = if first { 0 } else { last.commit.group_start };
    let file = disk
        .open(&name.file_name())
        .map_err(JournalError::io(name))?;
    let mut bytes = vec![0; (last.end - start) as usize];
    read_exact_at(&file, &mut bytes, u64::from(start)).map_err(JournalError::io(name))?;
    file.write_at(&bytes, u64::from(start))
        .map_err(JournalError::io(name))?;
    file.sync_data().map_err(JournalError::io(name))
}
