//! What a cut-off has to say, whatever the registry says of the key.

use crate::statement::{CutOff, KeyUse};

/// Why a cut-off is void in every registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CutOffFault {
    /// Approver and recovery keys are those of genesis.
    #[error("approver and recovery keys are those of genesis and are not cut off")]
    Permanent,
    /// A statement, log or witness key without the position from which it is touched.
    #[error("the cut-off of this key has to name the position of the log from which it counts")]
    PositionWanted,
    /// A node or administrator key with a position.
    #[error("the cut-off of this key names a position of the log, but the key ends as a whole")]
    PositionUnfit,
    /// A log key without the head that the log goes on from.
    // spec: TRU-32
    #[error(
        "the cut-off of a log key has to name size and root of the highest head that a quorum has \
         cosigned: the log continues from there"
    )]
    HeadWanted,
    /// A head to continue from with a key of another use.
    #[error("the cut-off names a head to continue from, but the key is no log key")]
    HeadUnfit,
    /// A commitment to the key after a replacement that is not there.
    #[error("the cut-off commits to the key after the replacement, but names no replacement")]
    NextUnfit,
}

impl CutOff {
    /// Whether it says what a cut-off of its use has to say, and nothing else. That the key is in use
    /// and that the replacement may follow it is the registry's to see.
    ///
    /// # Errors
    /// [`CutOffFault`]; with it the cut-off is void in every registry.
    // spec: TRU-15, TRU-32
    pub const fn fits(&self) -> Result<(), CutOffFault> {
        let by_position = match self.key_use {
            KeyUse::Statement | KeyUse::Log | KeyUse::Witness => true,
            KeyUse::Node | KeyUse::Administrator => false,
            KeyUse::Approver | KeyUse::Recovery => return Err(CutOffFault::Permanent),
        };
        let of_log = matches!(self.key_use, KeyUse::Log);
        match (by_position, self.from.is_some()) {
            (true, false) => return Err(CutOffFault::PositionWanted),
            (false, true) => return Err(CutOffFault::PositionUnfit),
            (true, true) | (false, false) => {}
        }
        match (of_log, self.continues.is_some()) {
            (true, false) => return Err(CutOffFault::HeadWanted),
            (false, true) => return Err(CutOffFault::HeadUnfit),
            (true, true) | (false, false) => {}
        }
        match self.next.is_some() && self.replacement.is_none() {
            true => Err(CutOffFault::NextUnfit),
            false => Ok(()),
        }
    }
}
