//! Where everything of every log lies: trees in memory, leaves and bodies in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use concordat_protocol::exchange::LogView;
use concordat_protocol::log::{
    CompactRange, ConsistencyProof, Hash, LeafIndex, MemoryTree, Origin, TreeSize, hash,
};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{CtxCourse, Kind, Leaf};

use crate::core::damage::DamageList;
use crate::core::ledger::{BodyMark, Record, leaf_of_record};
use crate::disk::Disk;
use crate::journal::{BodyPointer, JournalError, JournalReader, RecordPointer};

/// What is known of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyState {
    /// It lies in the journal.
    Held(BodyPointer),
    /// It lies in the journal and cannot be read as it was written; others are asked for it.
    Damaged,
    /// It has not come.
    Missing,
    /// There is no such leaf.
    None,
    /// It was refused, with the code of the reason.
    Refused(u8),
    /// It will not come.
    Absent(Absence),
}

/// Leaves that were written in one record.
#[derive(Clone, Copy, Debug)]
struct Extent {
    begin: u64,
    record: RecordPointer,
}

/// Where a leaf lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeafPlace {
    record: RecordPointer,
    /// Position within the record.
    offset: u64,
}

/// One log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its number in this journal.
    pub(super) id: u64,
    pub(super) tree: MemoryTree,
    extents: Vec<Extent>,
    /// How the registry size went in the leaves.
    course: CtxCourse,
    /// 12 bytes a leaf: a pointer, or a code where the segment is the largest number.
    bodies: Vec<BodyPointer>,
    /// How many of them are held and how many are to come.
    tally: Tally,
    /// Positions whose bodies were written since the journal was last committed.
    fresh: Vec<LeafIndex>,
    /// Where the newest restart lies.
    restarted: Option<LeafIndex>,
    /// Where bodies lie that were refused.
    refused: BTreeMap<LeafIndex, BodyPointer>,
    /// Where bodies lie that an act took out of sight.
    erased: BTreeMap<LeafIndex, BodyPointer>,
    /// What lies at each position, as far as holdings tell of it.
    kinds: Vec<Holdable>,
    /// Positions of deliveries and receipts, ascending.
    for_few: Vec<u64>,
    /// Target and place of acts on statements of the same log that the index is not known to have.
    pub(super) unread: BTreeSet<(LeafIndex, LeafIndex)>,
    /// Bodies that have not come and that an act erases.
    erasing: BTreeSet<LeafIndex>,
}

/// How many bodies of a log are held, and how many have not come or cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) held: u64,
    pub(super) missing: u64,
}

impl Tally {
    /// The count that bodies in a state are in; `None` where they are in neither.
    const fn count_of(&mut self, state: BodyState) -> Option<&mut u64> {
        match state {
            BodyState::Held(_) => Some(&mut self.held),
            BodyState::Missing | BodyState::Damaged => Some(&mut self.missing),
            BodyState::None | BodyState::Refused(_) | BodyState::Absent(_) => None,
        }
    }

    fn add(&mut self, state: BodyState) {
        if let Some(count) = self.count_of(state) {
            *count += 1;
        }
    }

    fn take_away(&mut self, state: BodyState) {
        if let Some(count) = self.count_of(state) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Whether holdings tell of what lies at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holdable {
    /// A decision or a record.
    Data,
    /// An act.
    Act,
    /// Nothing that they tell of.
    Other,
}

impl Holdable {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Data => Self::Data,
            Kind::Act => Self::Act,
            Kind::ActsMap
            | Kind::Receipts
            | Kind::Holdings
            | Kind::Deliveries
            | Kind::Registry
            | Kind::Agreement
            | Kind::Notice
            | Kind::HeadSeen
            | Kind::QueryRoot
            | Kind::Restart => Self::Other,
        }
    }
}

/// A segment number that no journal reaches marks a slot without a pointer.
const NO_SEGMENT: u32 = u32::MAX;
const UNKNOWN: u32 = 0;
const REFUSED: u32 = 1;
const ABSENT: u32 = 2;
const DAMAGED: u32 = 3;

impl Log {
    /// Leaves held, staged ones included.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.tree.size()
    }

    /// The tree.
    #[must_use]
    pub const fn tree(&self) -> &MemoryTree {
        &self.tree
    }

    /// How the registry size went in its leaves.
    #[must_use]
    pub const fn course(&self) -> &CtxCourse {
        &self.course
    }

    /// Positions of deliveries and receipts whose bodies have not come, or cannot be read. Those that are
    /// for others alone are not among them once that has been said.
    pub fn awaited_for_few(&self) -> impl Iterator<Item = LeafIndex> + '_ {
        let places = self.for_few.iter().copied().map(LeafIndex::new);
        places.filter(|index| matches!(self.body(*index), BodyState::Missing | BodyState::Damaged))
    }

    /// Positions of decisions and records whose bodies will not come; of a log of whoever is lost, those that
    /// have not come.
    pub fn withheld(&self, is_lost: bool) -> impl Iterator<Item = LeafIndex> + '_ {
        let places = (0..self.size().value()).map(LeafIndex::new);
        places.filter(move |index| {
            let is_gone = match self.body(*index) {
                // What an act erased is told of by the act.
                BodyState::Absent(Absence::Erased) => false,
                BodyState::Absent(_) => true,
                BodyState::Missing | BodyState::Damaged => is_lost,
                BodyState::Held(_) | BodyState::None | BodyState::Refused(_) => false,
            };
            is_gone && self.kind(*index) == Holdable::Data
        })
    }

    /// What is known of a body.
    #[must_use]
    pub fn body(&self, index: LeafIndex) -> BodyState {
        let slot = usize::try_from(index.value())
            .ok()
            .and_then(|index| self.bodies.get(index));
        slot.map_or(BodyState::None, |slot| state_of(*slot))
    }

    /// How many bodies are held, those whose writing is under way among them, and how many are to come.
    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    /// Where bodies lie whose writing may be under way, each position once.
    pub(super) fn fresh(&self) -> BTreeMap<LeafIndex, BodyPointer> {
        let held = self
            .fresh
            .iter()
            .filter_map(|index| match self.body(*index) {
                BodyState::Held(pointer) => Some((*index, pointer)),
                BodyState::Damaged
                | BodyState::Missing
                | BodyState::None
                | BodyState::Refused(_)
                | BodyState::Absent(_) => None,
            });
        held.collect()
    }

    /// Looks no more at what lies durably in the journal.
    pub(super) fn settle(&mut self, is_durable: impl Fn(BodyPointer) -> bool) {
        let under_way = self.fresh().into_iter();
        let under_way = under_way.filter(|(_, pointer)| !is_durable(*pointer));
        self.fresh = under_way.map(|(index, _)| index).collect();
    }

    /// What lies at a position.
    pub(super) fn kind(&self, index: LeafIndex) -> Holdable {
        let at = usize::try_from(index.value()).ok();
        let kind = at.and_then(|at| self.kinds.get(at));
        kind.copied().unwrap_or(Holdable::Other)
    }

    pub(super) fn leaf_place(&self, index: LeafIndex) -> Option<LeafPlace> {
        let position = index.value();
        if position >= self.tree.size().value() {
            return None;
        }
        let after = self
            .extents
            .partition_point(|extent| extent.begin <= position);
        let extent = self.extents.get(after.checked_sub(1)?)?;
        Some(LeafPlace {
            record: extent.record,
            offset: position - extent.begin,
        })
    }

    /// The records that hold the leaves [begin, end), in order, with where each begins.
    pub(super) fn records(&self, begin: u64, end: u64) -> Vec<(u64, RecordPointer)> {
        let after = self.extents.partition_point(|extent| extent.begin <= begin);
        let from = after.saturating_sub(1);
        let extents = self.extents.get(from..).unwrap_or_default().iter();
        extents
            .take_while(|e| e.begin < end)
            .map(|e| (e.begin, e.record))
            .collect()
    }

    pub(super) fn push_extent(&mut self, begin: u64, record: RecordPointer) {
        self.extents.push(Extent { begin, record });
    }

    pub(super) fn push_leaf(&mut self, leaf: &[u8], mark: BodyMark) {
        let index = LeafIndex::new(self.tree.size().value());
        let mut kind = Holdable::Other;
        if let Ok(leaf) = Leaf::decode(leaf) {
            self.course.push(index, leaf.ctx);
            if leaf.kind == Kind::Restart {
                self.restarted = Some(index);
            }
            kind = Holdable::of(leaf.kind);
            if leaf.kind.is_between_parties() {
                self.for_few.push(index.value());
            }
            if let (Kind::Act, Some(target)) = (leaf.kind, leaf.target) {
                self.unread.insert((target, index));
            }
        }
        self.kinds.push(kind);
        self.tree.append(hash::leaf_hash(leaf));
        let slot = slot_of(mark);
        self.bodies.push(slot);
        self.count(index, state_of(slot));
    }

    /// An act erases the body of a position, which has not come.
    pub(super) fn expect_erased(&mut self, index: LeafIndex) {
        self.erasing.insert(index);
    }

    /// No act that holds erases the body of a position any more.
    pub(super) fn expect_again(&mut self, index: LeafIndex) {
        self.erasing.remove(&index);
    }

    pub(super) fn mark(&mut self, index: u64, mark: BodyMark) {
        let place = LeafIndex::new(index);
        match (mark, self.body(place)) {
            // One that is refused is marked as held before.
            (BodyMark::Refused(_), BodyState::Held(pointer)) => {
                self.refused.insert(place, pointer);
            }
            (BodyMark::Erased, BodyState::Held(pointer)) => {
                self.erased.insert(place, pointer);
            }
            (BodyMark::Held(..) | BodyMark::Unknown, _) => {
                self.erased.remove(&place);
            }
            (BodyMark::Refused(_) | BodyMark::Absent(_) | BodyMark::Erased, _) => {}
        }
        self.set(index, slot_of(mark));
    }

    /// Where a body lies that an act took out of sight; `None` where it never came.
    pub(super) fn erased_body(&self, index: LeafIndex) -> Option<BodyPointer> {
        let is_erased = self.body(index) == BodyState::Absent(Absence::Erased);
        let pointer = self.erased.get(&index).filter(|_| is_erased);
        pointer.copied()
    }

    /// Where a body lies that was refused.
    pub(super) fn refused_body(&self, index: LeafIndex) -> Option<BodyPointer> {
        let is_refused = matches!(self.body(index), BodyState::Refused(_));
        let pointer = self.refused.get(&index).filter(|_| is_refused);
        pointer.copied()
    }

    /// The body of a position lies here and cannot be read.
    pub(super) fn mark_damaged(&mut self, index: LeafIndex) {
        self.set(index.value(), coded(DAMAGED, 0));
    }

    fn set(&mut self, index: u64, to: BodyPointer) {
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| self.bodies.get_mut(index));
        if let Some(slot) = slot {
            let before = std::mem::replace(slot, to);
            self.tally.take_away(state_of(before));
            self.count(LeafIndex::new(index), state_of(to));
        }
    }

    fn count(&mut self, index: LeafIndex, state: BodyState) {
        self.tally.add(state);
        if matches!(state, BodyState::Held(_)) {
            self.fresh.push(index);
        }
    }
}

/// What a slot says of its body.
fn state_of(slot: BodyPointer) -> BodyState {
    match slot.offset {
        _ if slot.segment != NO_SEGMENT => BodyState::Held(slot),
        REFUSED => BodyState::Refused(u8::try_from(slot.length).unwrap_or(u8::MAX)),
        ABSENT => {
            Absence::from_code(u64::from(slot.length)).map_or(BodyState::Missing, BodyState::Absent)
        }
        DAMAGED => BodyState::Damaged,
        _ => BodyState::Missing,
    }
}

fn coded(offset: u32, length: u32) -> BodyPointer {
    BodyPointer {
        segment: NO_SEGMENT,
        offset,
        length,
    }
}

fn slot_of(mark: BodyMark) -> BodyPointer {
    match mark {
        BodyMark::Held(pointer, _) => pointer,
        BodyMark::Unknown => coded(UNKNOWN, 0),
        BodyMark::Refused(code) => coded(REFUSED, u32::from(code)),
        BodyMark::Erased => slot_of(BodyMark::Absent(Absence::Erased)),
        BodyMark::Absent(absence) => coded(ABSENT, u32::try_from(absence.code()).unwrap_or(0)),
    }
}

/// Every log held, by name.
#[derive(Clone, Debug, Default)]
pub struct LogTable {
    logs: BTreeMap<Origin, Log>,
}

impl LogTable {
    /// A log.
    #[must_use]
    pub fn get(&self, origin: &Origin) -> Option<&Log> {
        self.logs.get(origin)
    }

    /// All logs.
    pub fn iter(&self) -> impl Iterator<Item = (&Origin, &Log)> {
        self.logs.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Origin, &mut Log)> {
        self.logs.iter_mut()
    }

    pub(super) fn get_mut(&mut self, origin: &Origin) -> Option<&mut Log> {
        self.logs.get_mut(origin)
    }

    pub(super) fn insert(&mut self, origin: Origin, id: u64) {
        let (tree, extents, bodies) = (MemoryTree::new(), Vec::new(), Vec::new());
        let course = CtxCourse::default();
        self.logs.insert(
            origin,
            Log {
                id,
                tree,
                extents,
                course,
                bodies,
                tally: Tally::default(),
                fresh: Vec::new(),
                restarted: None,
                refused: BTreeMap::new(),
                erased: BTreeMap::new(),
                kinds: Vec::new(),
                for_few: Vec::new(),
                unread: BTreeSet::new(),
                erasing: BTreeSet::new(),
            },
        );
    }

    pub(super) fn next_id(&self) -> u64 {
        self.logs.values().map(|log| log.id + 1).max().unwrap_or(1)
    }

    /// How the registry size went in the leaves of a log.
    #[must_use]
    pub fn course(&self, origin: &Origin) -> CtxCourse {
        let log = self.logs.get(origin);
        log.map(|log| log.course.clone()).unwrap_or_default()
    }

    /// The right edge of a log.
    #[must_use]
    pub fn range(&self, origin: &Origin) -> CompactRange {
        let log = self.logs.get(origin);
        log.and_then(|log| log.tree.compact_range_at(log.tree.size()).ok())
            .unwrap_or_default()
    }
}

impl Log {
    /// Whether an act whose body has not come acts on something that is in sight: nobody's word hides it, or who
    /// keeps an objection back would have it taken for erased.
    // spec: PRP-74, PRP-100, EFF-90
    fn acts_on_what_stays(&self, index: LeafIndex) -> bool {
        let gone = BodyState::Absent(Absence::Erased);
        let mut acts = self.unread.iter();
        acts.any(|(on, act)| *act == index && self.body(*on) != gone)
    }
}

impl LogView for LogTable {
    fn root_at(&self, origin: &Origin, size: TreeSize) -> Option<Hash> {
        self.logs.get(origin)?.tree.root_at(size).ok()
    }

    fn leaf_hash(&self, origin: &Origin, index: LeafIndex) -> Option<Hash> {
        self.logs.get(origin)?.tree.leaf_hash(index)
    }

    fn holds_body(&self, origin: &Origin, index: LeafIndex) -> bool {
        let log = self.logs.get(origin);
        log.is_some_and(|log| matches!(log.body(index), BodyState::Held(_)))
    }

    fn is_erasing(&self, origin: &Origin, index: LeafIndex) -> bool {
        let log = self.logs.get(origin);
        log.is_some_and(|log| log.erasing.contains(&index) && !log.acts_on_what_stays(index))
    }

    fn restarted_at(&self, origin: &Origin) -> Option<LeafIndex> {
        self.logs.get(origin)?.restarted
    }

    fn consistency(&self, origin: &Origin, old: TreeSize, new: TreeSize) -> Option<Vec<Hash>> {
        let tree = &self.logs.get(origin)?.tree;
        let proof = ConsistencyProof::build(tree, old, new).ok()?;
        Some(proof.hashes().to_vec())
    }
}

/// Reads one leaf.
pub(super) fn read_leaf<D: Disk>(
    reader: &JournalReader<D>,
    damage: &DamageList,
    place: LeafPlace,
) -> Option<Vec<u8>> {
    let read = reader.read_record(place.record);
    let (kind, bytes) = read
        .map_err(|cause| damage.note_record(place.record, &cause))
        .ok()?;
    leaf_of_record(kind, &bytes, place.offset).map(<[u8]>::to_vec)
}

/// Reads the leaves [begin, end) that lie in the records named; fewer when something is damaged.
pub(super) fn read_leaves<D: Disk>(
    reader: &JournalReader<D>,
    damage: &DamageList,
    records: &[(u64, RecordPointer)],
    begin: u64,
    end: u64,
) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for (first, record) in records {
        let read = reader.read_record(*record);
        let Ok((kind, bytes)) = read.map_err(|cause| damage.note_record(*record, &cause)) else {
            break;
        };
        if !take_leaves(&mut found, (kind, &bytes), *first, begin..end) {
            break;
        }
    }
    found
}

/// As [`read_leaves`], or the first record that could not be read and why.
pub(super) fn try_leaves<D: Disk>(
    reader: &JournalReader<D>,
    records: &[(u64, RecordPointer)],
    begin: u64,
    end: u64,
) -> Result<Vec<Vec<u8>>, (RecordPointer, JournalError)> {
    let mut found = Vec::new();
    for (first, record) in records {
        let read = reader.read_record(*record);
        let (kind, bytes) = read.map_err(|cause| (*record, cause))?;
        if !take_leaves(&mut found, (kind, &bytes), *first, begin..end) {
            break;
        }
    }
    Ok(found)
}

/// Adds the leaves of a record that begins at `first` and lie in a range; `false` where it has none.
fn take_leaves(
    found: &mut Vec<Vec<u8>>,
    (kind, bytes): (u8, &[u8]),
    first: u64,
    wanted: Range<u64>,
) -> bool {
    let Ok(Some(Record::Leaves { leaves, .. })) = Record::decode(kind, bytes) else {
        return false;
    };
    let placed = (first..).zip(leaves);
    let mine = placed.filter(|(position, _)| wanted.contains(position));
    found.extend(mine.map(|(_, (leaf, _))| leaf.to_vec()));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(log: &Log) -> Tally {
        let mut tally = Tally::default();
        for index in 0..log.size().value() {
            tally.add(log.body(LeafIndex::new(index)));
        }
        tally
    }

    /// Counting went over every position of every log, once for each look-up.
    // spec: IDX-131
    #[test]
    fn bodies_are_counted_as_they_come_and_go() {
        let mut table = LogTable::default();
        let origin: Origin = crate::fixture::Fixture::new().origin();
        table.insert(origin.clone(), 1);
        let log = table.get_mut(&origin).unwrap();
        let pointer = |offset: u32| BodyPointer {
            segment: 0,
            offset: 64 + offset,
            length: 3,
        };
        let marks = [
            BodyMark::Unknown,
            BodyMark::Held(pointer(8), true),
            BodyMark::Erased,
            BodyMark::Refused(3),
        ];
        for place in 0..40_u8 {
            log.push_leaf(&[place], marks[usize::from(place) % marks.len()]);
        }
        assert_eq!((log.tally(), counted(log).held), (counted(log), 10));
        // Each position takes every state after every other.
        for step in 0..400_u64 {
            let place = step * 7 % 40;
            match step % 5 {
                4 => log.mark_damaged(LeafIndex::new(place)),
                mark => log.mark(place, marks[usize::try_from(mark).unwrap()]),
            }
            assert_eq!(log.tally(), counted(log), "{step}");
        }
        // What is not there changes no count.
        log.mark(40, BodyMark::Held(pointer(9), true));
        assert_eq!(log.tally(), counted(log));
        assert_eq!(log.fresh().len() as u64, log.tally().held);
        log.settle(|_| false);
        assert_eq!(log.fresh().len() as u64, log.tally().held);
        log.settle(|_| true);
        assert!(log.fresh().is_empty());
    }
}
