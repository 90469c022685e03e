//! What was found damaged on this node's disk while it runs, told apart from what is not held.
//!
//! Whoever reads a body or a leaf and finds other bytes than were written notes it here: said once in
//! the log for each place, counted, shown to administrators. The core takes the bodies from here and
//! asks others for them again; a body is known by its leaf, so anyone's copy will do.
//!
//! Out of scope: damage that a start finds, which refuses it; segments that are lost (`lost`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Kind, Leaf};
use tracing::{error, info, warn};

use crate::core::logs::BodyState;
use crate::core::types::Durable;
use crate::core::{Core, Shared, write};
use crate::disk::{Disk, is_lasting};
use crate::journal::{BodyPointer, JournalError, RecordPointer, SegmentName, Stream};

/// A body that lies on this node's disk and cannot be read as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("journal file {file} is damaged at byte {offset}")]
pub struct DamagedBody {
    /// The file.
    pub file: SegmentName,
    /// Where its frame begins there, in bytes.
    pub offset: u64,
}

impl DamagedBody {
    fn at(pointer: BodyPointer) -> Self {
        Self {
            file: SegmentName {
                stream: Stream::Bodies,
                number: pointer.segment,
            },
            offset: u64::from(pointer.offset),
        }
    }
}

/// Why a body that is held was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyFault {
    /// It is not what was written.
    #[error(transparent)]
    Damaged(#[from] DamagedBody),
    /// It could not be read now; nothing says that it is damaged.
    #[error("journal file {file} cannot be read now: {kind}")]
    Unavailable {
        /// The file.
        file: SegmentName,
        /// What the operating system said.
        kind: std::io::ErrorKind,
    },
}

/// What was found damaged since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DamageCount {
    /// Bodies that cannot be read, and that nobody has given us again yet.
    pub bodies: u64,
    /// Bodies that others have given us again.
    pub repaired: u64,
    /// Records of the ledger that cannot be read any more.
    pub records: u64,
}

/// Damage found since the start.
#[derive(Debug, Default)]
pub(super) struct DamageList(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    bodies: BTreeMap<(Origin, LeafIndex), DamagedBody>,
    /// Those of them that nobody has been asked for.
    fresh: BTreeSet<(Origin, LeafIndex)>,
    repaired: u64,
    records: BTreeSet<(u32, u32)>,
}

impl DamageList {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down a body that could not be read, if what lies on the disk is the cause; `None` when the
    /// pointer leads nowhere.
    // spec: STO-31, STO-47
    pub(super) fn note_body(
        &self,
        origin: &Origin,
        index: LeafIndex,
        pointer: BodyPointer,
        cause: &JournalError,
    ) -> Option<BodyFault> {
        if !is_damage(cause) {
            let fault = unavailable(cause)?;
            warn!(%origin, %index, %cause, "a body could not be read now");
            return Some(fault);
        }
        let (damaged, is_new) = self.take_down(origin, index, pointer);
        if is_new {
            let (file, offset) = (damaged.file, damaged.offset);
            error!(%origin, %index, %file, offset, %cause, "a body on disk is damaged");
        }
        Some(BodyFault::Damaged(damaged))
    }

    /// Takes down a body that is lost with the segment it lay in, which is told in one for all of them.
    // spec: STO-65
    pub(super) fn note_lost(
        &self,
        origin: &Origin,
        index: LeafIndex,
        pointer: BodyPointer,
        cause: &JournalError,
    ) -> BodyFault {
        // The pointer may lead behind the end of what is left.
        match unavailable(cause).filter(|_| !is_damage(cause)) {
            Some(fault) => fault,
            None => BodyFault::Damaged(self.take_down(origin, index, pointer).0),
        }
    }

    /// The damage, and whether nobody knew of it.
    fn take_down(
        &self,
        origin: &Origin,
        index: LeafIndex,
        pointer: BodyPointer,
    ) -> (DamagedBody, bool) {
        let damaged = DamagedBody::at(pointer);
        let place = (origin.clone(), index);
        let mut found = self.found();
        let is_new = found.bodies.insert(place.clone(), damaged) != Some(damaged);
        if is_new {
            found.fresh.insert(place);
        }
        (damaged, is_new)
    }

    /// Takes down a record of the ledger that could not be read.
    // spec: STO-31
    pub(super) fn note_record(&self, pointer: RecordPointer, cause: &JournalError) {
        let place = (pointer.segment, pointer.offset);
        if is_damage(cause) && self.found().records.insert(place) {
            error!(%cause, "a record of the ledger is damaged: restart the node to see what is left");
        }
    }

    /// The damage of a body, as far as it is known and not repaired.
    pub(super) fn body(&self, origin: &Origin, index: LeafIndex) -> Option<DamagedBody> {
        self.found().bodies.get(&(origin.clone(), index)).copied()
    }

    /// The first body of a log that is damaged.
    pub(super) fn first_of(&self, origin: &Origin) -> Option<(LeafIndex, DamagedBody)> {
        let found = self.found();
        let mut bodies = found.bodies.iter();
        let first = bodies.find(|((log, _), _)| log == origin);
        first.map(|((_, index), damaged)| (*index, *damaged))
    }

    /// How many bodies of a log are damaged.
    pub(super) fn bodies_of(&self, origin: &Origin) -> u64 {
        let found = self.found();
        let bodies = found.bodies.keys();
        bodies.filter(|(log, _)| log == origin).count() as u64
    }

    fn take_fresh(&self) -> BTreeSet<(Origin, LeafIndex)> {
        std::mem::take(&mut self.found().fresh)
    }

    /// A body was read at a place where it does not lie any more.
    fn forget(&self, origin: &Origin, index: LeafIndex) {
        self.found().bodies.remove(&(origin.clone(), index));
    }

    /// Bodies are durable at other places.
    pub(super) fn repaired(&self, durable: &[Durable]) {
        let mut found = self.found();
        if found.bodies.is_empty() {
            return;
        }
        for Durable { origin, index, .. } in durable {
            if found.bodies.remove(&(origin.clone(), *index)).is_some() {
                found.repaired += 1;
                info!(%origin, %index, "a damaged body has been given to us again");
            }
        }
    }

    pub(super) fn count(&self) -> DamageCount {
        let found = self.found();
        DamageCount {
            bodies: found.bodies.len() as u64,
            repaired: found.repaired,
            records: found.records.len() as u64,
        }
    }
}

/// The fault of a read that failed for another reason than damage.
fn unavailable(cause: &JournalError) -> Option<BodyFault> {
    let JournalError::Io { file, source } = cause else {
        return None;
    };
    let (file, kind) = (*file, source.kind());
    Some(BodyFault::Unavailable { file, kind })
}

/// Whether a read failed for what lies on the disk, not for where the pointer leads.
// spec: STO-47
pub(super) fn is_damage(cause: &JournalError) -> bool {
    matches!(cause, JournalError::Damaged { .. })
        || matches!(cause, JournalError::Io { source, .. } if is_lasting(source))
}

impl<D: Disk> Shared<D> {
    /// Reads an encoded body from the journal; `None` when it is not held.
    ///
    /// # Errors
    /// [`BodyFault`] when it is held, but cannot be read as it was written, or not now.
    // spec: STO-31, STO-47
    pub fn read_body(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Option<Vec<u8>>, BodyFault> {
        let state = self
            .logs()
            .get(origin)
            .map_or(BodyState::None, |log| log.body(index));
        match state {
            BodyState::Held(pointer) => match self.reader.read_body(pointer) {
                Ok(body) => Ok(Some(body)),
                Err(cause) => match self.damage.note_body(origin, index, pointer, &cause) {
                    Some(fault) => Err(fault),
                    None => Ok(None),
                },
            },
            BodyState::Damaged => {
                let damaged = self.damage.body(origin, index);
                damaged.map_or(Ok(None), |damaged| Err(damaged.into()))
            }
            BodyState::Missing | BodyState::None | BodyState::Refused(_) | BodyState::Absent(_) => {
                Ok(None)
            }
        }
    }

    /// Reads an encoded body that was refused, which counts for nothing here; `None` where it is not to be
    /// had any more.
    pub(super) fn read_refused(&self, origin: &Origin, index: LeafIndex) -> Option<Vec<u8>> {
        let pointer = self.logs().get(origin)?.refused_body(index)?;
        self.reader.read_body(pointer).ok()
    }

    /// What was found damaged since the start.
    #[must_use]
    pub fn damage(&self) -> DamageCount {
        self.damage.count()
    }
}

impl<D: Disk> Core<D> {
    /// Asks others for the bodies that were found damaged here.
    ///
    /// Nothing of it is written down: what a crash forgets, the next read finds again.
    // spec: STO-32
    pub(super) fn want_damaged(&mut self) {
        for (origin, index) in self.shared.damage.take_fresh() {
            let logs = self.shared.logs();
            let state = logs.get(&origin).map(|log| log.body(index));
            drop(logs);
            let lies_at = match state {
                Some(BodyState::Held(pointer)) => Some(DamagedBody::at(pointer)),
                Some(
                    BodyState::Damaged
                    | BodyState::Missing
                    | BodyState::None
                    | BodyState::Refused(_)
                    | BodyState::Absent(_),
                )
                | None => None,
            };
            if lies_at != self.shared.damage.body(&origin, index) {
                self.shared.damage.forget(&origin, index);
                continue;
            }
            let leaf = self.shared.leaf(&origin, index);
            let Some(leaf) = leaf.and_then(|leaf| Leaf::decode(&leaf).ok()) else {
                continue;
            };
            if let Some(log) = write(&self.shared.logs).get_mut(&origin) {
                log.mark_damaged(index);
            }
            let is_data = leaf.kind == Kind::Data;
            self.exchange.want_again(&origin, index, is_data);
        }
    }
}
