//! The tree over the register of look-ups, and its root said in the node's own log.
//!
//! ```text
//! row staged ──> leaf of the tree ──> an hour later ──> QueryRoot {size, root, from, until} in the own log
//! ```
//! A start builds the tree from the rows of the journal and compares it with the last root that the own
//! log says: a register that has become shorter or another is never said again.

use std::sync::RwLock;
use std::time::Duration;

use concordat_protocol::log::{
    CompactRange, ConsistencyProof, Hash, LeafIndex, MemoryTree, TreeSize,
};
use concordat_protocol::lookup::leaf_of;
use concordat_protocol::statement::{Content, Kind, QueryRoot};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::LogNumber;

use crate::core::damage::BodyFault;
use crate::core::receipts::statement_of;
use crate::core::recover::OpenCoreError;
use crate::core::types::{Durable, Fatal};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;
use crate::lookups::{Resumed, commit_of};

/// Between two roots.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The register as its tree and the roots of it that were said.
#[derive(Debug, Default)]
pub(super) struct Register {
    tree: MemoryTree,
    said: Vec<(LeafIndex, QueryRoot)>,
    broken: Option<TreeSize>,
    /// When an operator let it go on, each with the place of the last root said before, in the journal's order.
    resumed: Vec<(LeafIndex, Timestamp)>,
}

/// Rows that may have been lost before an operator let the register go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRows {
    /// When the last root said that the register still has was said; `None` where it has none.
    pub from: Option<Timestamp>,
    /// When the register was let go on.
    pub until: Timestamp,
    /// The place of the last root said before.
    pub after: LeafIndex,
}

pub(super) type SharedRegister = RwLock<Register>;

impl Register {
    /// Takes in a row as the journal has it.
    fn take(&mut self, bytes: &[u8]) {
        if let Some(row) = commit_of(bytes) {
            self.append(row);
        } else if let Ok(resumed) = Resumed::decode(bytes) {
            self.resume(&resumed);
        }
    }

    /// Goes on without the roots up to a place that the register does not have.
    // spec: LKP-78
    fn resume(&mut self, resumed: &Resumed) {
        self.resumed.push((resumed.last, resumed.at));
        let later = self
            .said
            .iter()
            .filter(|(index, _)| !self.is_let_go(*index));
        let lost = later.filter(|(_, root)| !self.holds(root));
        self.broken = lost.map(|(_, root)| root.size).max();
    }

    fn is_let_go(&self, index: LeafIndex) -> bool {
        self.resumed.iter().any(|(last, _)| index <= *last)
    }

    /// Between which instants rows may have been lost, once for each time that the register was let go on: rows
    /// that lie under a root which it still has are there, and those that came later are.
    // spec: LKP-88
    fn lost(&self) -> Vec<LostRows> {
        let of = |(after, until): &(LeafIndex, Timestamp)| {
            let mut before = self.said.iter().filter(|(index, _)| index <= after);
            let held = before.rfind(|(_, root)| self.holds(root));
            LostRows {
                from: held.map(|(_, root)| root.until),
                until: *until,
                after: *after,
            }
        };
        self.resumed.iter().map(of).collect()
    }

    fn holds(&self, root: &QueryRoot) -> bool {
        self.tree.root_at(root.size) == Ok(root.root)
    }

    /// Appends the commitment of a row. A number that was never used has the leaf of a commitment of zeros.
    // spec: LKP-3
    fn append(&mut self, (number, commit): (u64, Hash)) {
        while self.tree.size().value() < number {
            self.tree.append(leaf_of(&Hash::from_bytes([0; 32])));
        }
        if self.tree.size().value() == number {
            self.tree.append(leaf_of(&commit));
        }
    }

    /// Takes in a root that the own log says, and looks whether the register still has it.
    // spec: LKP-23
    fn take_root(&mut self, index: LeafIndex, root: &QueryRoot) {
        if self.said.last().is_some_and(|(last, _)| *last >= index) {
            return;
        }
        if !self.is_let_go(index) && !self.holds(root) {
            self.broken = self.broken.max(Some(root.size));
        }
        self.said.push((index, root.clone()));
    }

    /// The first root said over a row whose place a head covers. What was said of rows that were lost is no root of
    /// this register any more.
    // spec: LKP-16
    fn root_over(&self, number: u64, covered: TreeSize) -> Option<SaidRoot> {
        let size = TreeSize::new(number.checked_add(1)?).ok()?;
        let (index, root) = self.said.iter().find(|(index, root)| {
            let is_whole = self.broken.is_none() && self.resumed.is_empty();
            root.size >= size && covered.contains(*index) && (is_whole || self.holds(root))
        })?;
        let consistency = ConsistencyProof::build(&self.tree, size, root.size).ok()?;
        Some(SaidRoot {
            index: *index,
            root: root.clone(),
            consistency,
        })
    }

    fn last(&self) -> Option<&QueryRoot> {
        self.said.last().map(|(_, root)| root)
    }

    /// The place of the last root, where that was let be lost: the next one says so.
    // spec: LKP-78
    fn resumes_after(&self) -> Option<LeafIndex> {
        let last = self.said.last().map(|(index, _)| *index);
        last.filter(|last| self.is_let_go(*last))
    }

    fn has_grown(&self) -> bool {
        let said = match self.resumes_after() {
            Some(_) => TreeSize::ZERO,
            None => self.last().map_or(TreeSize::ZERO, |root| root.size),
        };
        self.tree.size() > said
    }
}

/// A root that the own log says, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidRoot {
    /// Its place in log 0 of the node's member.
    pub index: LeafIndex,
    /// What it says.
    pub root: QueryRoot,
    /// From the register with a row as its last to this root.
    pub consistency: ConsistencyProof,
}

impl<D: Disk> Shared<D> {
    /// How many rows the register of look-ups has.
    #[must_use]
    pub fn look_ups(&self) -> TreeSize {
        read(&self.register).tree.size()
    }

    /// The right edge of the register before a row.
    #[must_use]
    pub fn look_ups_before(&self, number: u64) -> Option<CompactRange> {
        let size = TreeSize::new(number).ok()?;
        read(&self.register).tree.compact_range_at(size).ok()
    }

    /// The hash of a row's leaf.
    #[must_use]
    pub fn look_up_leaf(&self, number: u64) -> Option<Hash> {
        read(&self.register).tree.leaf_hash(LeafIndex::new(number))
    }

    /// The first root said that a row lies under, and of those whose place a head covers.
    #[must_use]
    pub fn look_up_root(&self, number: u64, covered: TreeSize) -> Option<SaidRoot> {
        read(&self.register).root_over(number, covered)
    }

    /// The place of the last root said of the register.
    #[must_use]
    pub fn last_look_up_root(&self) -> Option<LeafIndex> {
        read(&self.register).said.last().map(|(index, _)| *index)
    }

    /// The size of a root said that the register does not have any more; nothing more is said then.
    // spec: LKP-23
    #[must_use]
    pub fn look_ups_broken(&self) -> Option<TreeSize> {
        read(&self.register).broken
    }

    /// Of which times rows may have been lost, in the order in which the register was resumed.
    #[must_use]
    pub fn look_ups_lost(&self) -> Vec<LostRows> {
        read(&self.register).lost()
    }
}

impl<D: Disk> Core<D> {
    /// Takes in a row of a local register.
    pub(super) fn take_row(&mut self, bytes: &[u8]) {
        write(&self.shared.register).take(bytes);
        if self.look_ups_due.is_none() && read(&self.shared.register).has_grown() {
            self.look_ups_due = self.now.checked_add(HOUR).ok();
        }
    }

    /// Says the root of the register, when it is due.
    // spec: LKP-22, LKP-23, LKP-78
    pub(super) fn say_query_root(&mut self) -> Result<(), Fatal> {
        let (may, _) = self.says_by_itself();
        if !may || self.look_ups_due.is_none_or(|due| self.now < due) {
            return Ok(());
        }
        let Some(root) = self.query_root() else {
            self.look_ups_due = None;
            return Ok(());
        };
        // Without a key that counts nothing is said, and it is tried again.
        self.look_ups_due = self.now.checked_add(HOUR).ok();
        if let Some(entry) = self.sign_own(Content::QueryRoot(root)) {
            self.look_ups_due = None;
            let origin = self.genesis.origin(self.me, LogNumber::Statements);
            self.append(&origin, vec![entry])?;
        }
        Ok(())
    }

    /// What is to be said of the register; `None` where nothing is, or it is not the one of the last root.
    fn query_root(&self) -> Option<QueryRoot> {
        let register = read(&self.shared.register);
        if register.broken.is_some() || !register.has_grown() {
            return None;
        }
        let from = register.last().map_or(self.clock, |last| last.until);
        Some(QueryRoot {
            size: register.tree.size(),
            root: register.tree.root(),
            from,
            until: self.clock.max(from),
            resumed_after: register.resumes_after(),
        })
    }

    /// Takes in roots of our own that are durable, said now or fetched back.
    pub(super) fn follow_query_roots(&mut self, durable: &[Durable]) {
        for entry in durable {
            let own = entry.origin.member() == self.me.as_str();
            if own && entry.leaf.kind == Kind::QueryRoot {
                self.take_query_root(entry.index, &entry.body);
            }
        }
    }

    fn take_query_root(&mut self, index: LeafIndex, body: &[u8]) {
        let Some(statement) = statement_of(body) else {
            return;
        };
        if let Content::QueryRoot(root) = &statement.payload().content {
            write(&self.shared.register).take_root(index, root);
        }
    }

    /// Builds the tree of the register, and compares it with the roots that the own log says.
    // spec: LKP-5, LKP-23
    pub(super) fn restore_look_ups(
        &mut self,
        rows: &[Vec<u8>],
        said: &[LeafIndex],
    ) -> Result<(), OpenCoreError> {
        // Rows of the former form came to the journal in any order.
        let mut commits: Vec<_> = rows.iter().filter_map(|row| commit_of(row)).collect();
        commits.sort_by_key(|(number, _)| *number);
        for row in commits {
            write(&self.shared.register).append(row);
        }
        for resumed in rows.iter().filter_map(|row| Resumed::decode(row).ok()) {
            write(&self.shared.register).resume(&resumed);
        }
        let log = self.genesis.origin(self.me, LogNumber::Statements);
        for index in said {
            match self.shared.read_body(&log, *index) {
                Ok(Some(body)) => self.take_query_root(*index, &body),
                Ok(None) | Err(BodyFault::Damaged(_)) => {}
                Err(BodyFault::Unavailable { .. }) => {
                    return Err(OpenCoreError::NotNow { origin: log });
                }
            }
        }
        if read(&self.shared.register).has_grown() {
            self.look_ups_due = Some(self.now);
        }
        Ok(())
    }

    /// When there is a root to say.
    pub(super) const fn look_ups_due(&self) -> Option<Timestamp> {
        self.look_ups_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookups::LookUpRecord;
    use concordat_protocol::time::Day;

    fn row(number: u64) -> Vec<u8> {
        let record = LookUpRecord {
            number,
            day: Day::from_ymd(2026, 3, 1).unwrap(),
            commit: Hash::from_bytes([1; 32]),
            sealed: vec![9; 40],
        };
        record.encode()
    }

    fn root(register: &Register, size: u64) -> QueryRoot {
        let size = TreeSize::new(size).unwrap();
        let at = Timestamp::new(5).unwrap();
        QueryRoot {
            size,
            root: register.tree.root_at(size).unwrap(),
            from: at,
            until: at,
            resumed_after: None,
        }
    }

    /// What is kept for whoever waits for a row is there after a loss of power, before anything else was done.
    // spec: LKP-1
    #[test]
    fn row_is_durable_before_the_rest_of_its_batch_is_finished() {
        let fixture = crate::fixture::Fixture::new();
        let (mut core, disk) = crate::core::fixture::open(&fixture);
        let at = Timestamp::new(1_772_400_000_000).unwrap();
        let hand = |core: &mut Core<_>, number| {
            let bytes = row(number);
            core.handle(at, crate::core::CoreInput::Row(&bytes))
                .unwrap();
        };
        hand(&mut core, 0);
        core.keep_rows().unwrap();
        hand(&mut core, 1);
        disk.crash(&mut || 0);
        let core = crate::core::fixture::reopen(&fixture, core, &disk);
        assert_eq!(core.shared().look_ups().value(), 1);
    }

    /// A restored register that grew past what was said of the lost one offers no root of that.
    // spec: LKP-16
    #[test]
    fn broken_register_offers_the_roots_that_it_still_has_alone() {
        let mut lost = Register::default();
        (0..4).for_each(|number| lost.take(&row(number)));
        let (held, foreign) = (root(&lost, 2), root(&lost, 4));
        let mut restored = Register::default();
        (0..3).for_each(|number| restored.take(&row(number)));
        let other = LookUpRecord {
            commit: Hash::from_bytes([2; 32]),
            ..LookUpRecord::decode(&row(3)).unwrap()
        };
        restored.take(&other.encode());
        restored.take_root(LeafIndex::new(4), &held);
        restored.take_root(LeafIndex::new(5), &foreign);
        assert_eq!(restored.broken, Some(foreign.size));
        let covered = TreeSize::new(9).unwrap();
        assert_eq!(restored.root_over(1, covered).unwrap().root, held);
        assert_eq!(restored.root_over(3, covered), None);
    }

    /// An operator lets it go on: the next root says after which one rows were lost, and what is lost later breaks it again.
    // spec: LKP-78
    #[test]
    fn broken_register_that_was_resumed_says_its_root_anew() {
        let mut lost = Register::default();
        (0..3).for_each(|number| lost.take(&row(number)));
        let (first, gone) = (root(&lost, 1), root(&lost, 3));
        let mut restored = Register::default();
        (0..2).for_each(|number| restored.take(&row(number)));
        restored.take_root(LeafIndex::new(4), &first);
        restored.take_root(LeafIndex::new(6), &gone);
        assert_eq!(restored.broken, Some(gone.size));
        let resumed = Resumed {
            last: LeafIndex::new(6),
            at: Timestamp::new(9).unwrap(),
            who: concordat_protocol::text::Text::new("operator").unwrap(),
        };
        restored.take(&resumed.encode());
        assert_eq!((restored.broken, restored.has_grown()), (None, true));
        assert_eq!(restored.resumes_after(), Some(LeafIndex::new(6)));
        // What lies under the root that it still has is there, and what came after it went on is.
        let lost = LostRows {
            from: Some(first.until),
            until: resumed.at,
            after: LeafIndex::new(6),
        };
        assert_eq!(restored.lost(), [lost]);
        let covered = TreeSize::new(9).unwrap();
        assert_eq!(restored.root_over(0, covered).unwrap().root, first);
        assert_eq!(restored.root_over(1, covered), None);
        let anew = root(&restored, 2);
        restored.take_root(LeafIndex::new(7), &anew);
        assert_eq!((restored.broken, restored.has_grown()), (None, false));
        assert_eq!(restored.resumes_after(), None);
        assert_eq!(restored.root_over(1, covered).unwrap().root, anew);
        assert_eq!(restored.lost(), [lost]);
        restored.take_root(LeafIndex::new(8), &gone);
        assert_eq!(restored.broken, Some(gone.size));

        // One that has none of the roots said may lack rows from the beginning on.
        let mut empty = Register::default();
        empty.take_root(LeafIndex::new(6), &gone);
        empty.take(&resumed.encode());
        assert_eq!(empty.lost(), [LostRows { from: None, ..lost }]);
    }

    /// A register that was cut back, or written anew, is not said any more.
    // spec: LKP-23
    #[test]
    fn register_that_lacks_a_root_said_is_broken() {
        let mut whole = Register::default();
        (0..3).for_each(|number| whole.take(&row(number)));
        let said = root(&whole, 3);
        whole.take_root(LeafIndex::new(4), &said);
        assert_eq!((whole.broken, whole.has_grown()), (None, false));
        whole.take(&row(3));
        assert!(whole.has_grown());

        let mut shorter = Register::default();
        (0..2).for_each(|number| shorter.take(&row(number)));
        shorter.take_root(LeafIndex::new(4), &said);
        assert_eq!(shorter.broken, Some(said.size));
        // It does not mend by growing, and no later root hides it.
        shorter.take(&row(2));
        let later = root(&shorter, 3);
        shorter.take_root(LeafIndex::new(5), &later);
        assert_eq!(shorter.broken, Some(said.size));

        let mut another = Register::default();
        another.take(&row(1));
        another.take(&row(2));
        another.take_root(LeafIndex::new(4), &said);
        assert_eq!(another.broken, Some(said.size));
    }
}
