//! Acts that are known by their leaves: a leaf names what an act of the same log acts on, before the body
//! comes and also where it never does.
//!
//! An act is kept here from its leaf on and until the index has it, so that whoever asks here first and
//! then the index misses none at any moment. What is kept costs its author two numbers beside the leaf
//! and concerns only statements of the author's own log.

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Kind, Leaf, StatementRef};

use crate::core::logs::{BodyState, Log};
use crate::core::{Shared, write};
use crate::disk::Disk;

impl<D: Disk> Shared<D> {
    /// Acts on a statement in the statement's own log that the index may not have, each with the statement
    /// as a reference; at most so many. Their bodies may be held by now; what was refused is none, nor is
    /// one without a body that a thief of the log key may have put there.
    // spec: EFF-90, EFF-92, EFF-93
    #[must_use]
    pub fn acts_by_leaf(
        &self,
        origin: &Origin,
        target: LeafIndex,
        most: usize,
    ) -> Vec<(StatementRef, StatementRef)> {
        let (mut found, mut refused) = (Vec::new(), Vec::new());
        let passed_over = self.registry().passed_over(origin);
        {
            let logs = self.logs();
            let Some(log) = logs.get(origin) else {
                return found;
            };
            let reference = |index| {
                Some(StatementRef {
                    origin: origin.clone(),
                    index,
                    leaf_hash: log.tree.leaf_hash(index)?,
                })
            };
            let acts = (target, LeafIndex::new(0))..=(target, LeafIndex::new(u64::MAX));
            for (_, act) in log.unread.range(acts) {
                if found.len() == most {
                    break;
                }
                let place = act.value();
                let mut ranges = passed_over.iter();
                let is_passed =
                    ranges.any(|(from, to)| (from.value()..to.value()).contains(&place));
                match log.body(*act) {
                    BodyState::Refused(_) => refused.push((target, *act)),
                    BodyState::Missing | BodyState::Absent(_) if is_passed => {}
                    // A correction goes with what it corrects, and nothing else that acts goes.
                    // spec: PRP-74
                    BodyState::Absent(Absence::Erased) => {}
                    BodyState::Held(_)
                    | BodyState::Damaged
                    | BodyState::Missing
                    | BodyState::None
                    | BodyState::Absent(_) => found.extend(reference(*act).zip(reference(target))),
                }
            }
        }
        if !refused.is_empty() {
            self.forget_acts(origin, &refused);
        }
        found
    }

    /// The index has these statements.
    pub fn indexed<'a>(&self, items: impl Iterator<Item = (&'a Origin, LeafIndex, &'a Leaf)>) {
        for (origin, index, leaf) in items {
            if let (Kind::Act, Some(target)) = (leaf.kind, leaf.target) {
                self.forget_acts(origin, &[(target, index)]);
            }
        }
    }

    /// After a start, lets those go whose bodies are held and which the index has by its own word. What is
    /// damaged may never have come to it.
    pub fn forget_acts_held_by(&self, index_holds: impl Fn(&Origin, LeafIndex) -> bool) {
        for (origin, log) in write(&self.logs).iter_mut() {
            let mut unread = std::mem::take(&mut log.unread);
            unread.retain(|(_, act)| {
                let is_held = matches!(log.body(*act), BodyState::Held(_));
                !(is_held && index_holds(origin, *act))
            });
            log.unread = unread;
        }
    }

    fn forget_acts(&self, origin: &Origin, acts: &[(LeafIndex, LeafIndex)]) {
        let mut logs = write(&self.logs);
        let Some(Log { unread, .. }) = logs.get_mut(origin) else {
            return;
        };
        for act in acts {
            unread.remove(act);
        }
    }
}
