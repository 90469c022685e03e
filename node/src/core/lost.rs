//! Bodies that are lost with the segment they lay in: found at a start that is told to accept a loss,
//! written down, and asked for again after every start until they come.
//!
//! ```text
//! find: read what lay there ──> write: ledger says lost ──> segments whole in form ──> asked for again
//! ```
//! A crash before the segments are whole in form is found at the next start like the first time.
//! Out of scope: damage that is found later (`damage`), and a ledger that has lost its end (`journal`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Kind, Leaf};
use tracing::error;

use crate::core::damage::BodyFault;
use crate::core::ledger::{BodyMark, Record};
use crate::core::logs::BodyState;
use crate::core::own::RECORD_LEAVES_MAX;
use crate::core::recover::OpenCoreError;
use crate::core::types::Fatal;
use crate::core::{Core, read, write};
use crate::disk::Disk;
use crate::journal::BodyPointer;

/// How soon it is counted again what authors go on without.
const COUNT_AGAIN: Duration = Duration::from_secs(1);

/// Bodies of which only the leaf is left, by log.
pub(super) type Lost = BTreeMap<Origin, Vec<LeafIndex>>;

impl<D: Disk> Core<D> {
    /// Reads every body that lay in a lost segment, and counts as damaged those that are not there.
    // spec: STO-65
    pub(super) fn find_lost(&self) -> Result<Lost, OpenCoreError> {
        let mut lost = Lost::new();
        for (origin, index, pointer) in self.held_in_lost_segments() {
            let Err(cause) = self.shared.reader.read_body(pointer) else {
                continue;
            };
            let fault = self
                .shared
                .damage
                .note_lost(&origin, index, pointer, &cause);
            if let BodyFault::Unavailable { .. } = fault {
                return Err(OpenCoreError::NotNow { origin });
            }
            lost.entry(origin).or_default().push(index);
        }
        for file in self.journal.lost_segments() {
            error!(%file, "bodies are lost with their segment");
        }
        for (origin, lost) in &lost {
            let bodies = lost.len();
            error!(%origin, bodies, "bodies are lost; they are asked for again");
        }
        Ok(lost)
    }

    fn held_in_lost_segments(&self) -> Vec<(Origin, LeafIndex, BodyPointer)> {
        let segments = self.journal.lost_segments().map(|name| name.number);
        let segments: BTreeSet<u32> = segments.collect();
        let mut found = Vec::new();
        if segments.is_empty() {
            return found;
        }
        for (origin, log) in self.shared.logs().iter() {
            for index in (0..log.size().value()).map(LeafIndex::new) {
                if let BodyState::Held(pointer) = log.body(index)
                    && segments.contains(&pointer.segment)
                {
                    found.push((origin.clone(), index, pointer));
                }
            }
        }
        found
    }

    /// Makes it durable which bodies are lost, then their segments whole in form: from here on the
    /// journal opens without being told anything.
    // spec: STO-65
    pub(super) fn write_lost(&mut self, lost: &Lost) -> Result<(), Fatal> {
        for (origin, indexes) in lost {
            let id = self.log_id(origin)?;
            for chunk in indexes.chunks(RECORD_LEAVES_MAX) {
                let bodies = chunk.iter().map(|i| (i.value(), BodyMark::Unknown));
                let bodies = bodies.collect();
                self.stage(&Record::Bodies { id, bodies })?;
            }
            self.journal.commit()?;
            self.staged.records = false;
        }
        Ok(self.journal.mend_lost_segments()?)
    }

    /// Asks again for what earlier starts have lost and nobody has given back.
    // spec: STO-66
    pub(super) fn want_lost(&mut self, lost: BTreeSet<(Origin, LeafIndex)>) {
        for (origin, index) in lost {
            let leaf = self.shared.leaf(&origin, index);
            // One that cannot be read now is asked for like data, of fewer.
            let leaf = leaf.and_then(|leaf| Leaf::decode(&leaf).ok());
            let is_data = leaf.is_none_or(|leaf| leaf.kind == Kind::Data);
            self.exchange.want_again(&origin, index, is_data);
        }
    }

    /// Shows how many bodies their authors go on without, once in a while.
    // spec: EXC-103
    pub(super) fn show_given_up(&mut self) {
        if self.now < self.given_up_due {
            return;
        }
        self.given_up_due = self.now.checked_add(COUNT_AGAIN).unwrap_or(self.now);
        let counts = self.look(|exchange, world| {
            let logs = exchange.replicas().map(|(origin, _)| origin);
            let counts = logs.map(|origin| (origin.clone(), exchange.given_up(world, origin)));
            counts.filter(|(_, bodies)| *bodies > 0).collect()
        });
        if *read(&self.shared.given_up) != counts {
            *write(&self.shared.given_up) = counts;
        }
    }

    /// Shows how many bodies of each log are lost, beside those that lie here damaged.
    // spec: STO-45, STO-66
    pub(super) fn show_missing(&self) {
        let lost = self.exchange.replicas().filter_map(|(origin, _)| {
            let lost = self.exchange.lost_bodies(origin);
            let damaged = (lost > 0).then(|| self.shared.damage.bodies_of(origin))?;
            (lost > damaged).then(|| (origin.clone(), lost - damaged))
        });
        let lost: BTreeMap<Origin, u64> = lost.collect();
        if *read(&self.shared.missing) != lost {
            *write(&self.shared.missing) = lost;
        }
    }
}
