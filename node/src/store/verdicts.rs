//! Which statements are held, and what verifying them gave: one byte each, 256 in a value.
//!
//! The byte also tells a statement seen before from a new one, which is what makes taking the same
//! part of the journal in twice harmless.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use concordat_protocol::trust::RejectReason;

use super::StoreError;
use super::engine::EngineBatch;
use super::schema::{BLOCK, Bytes, Family, Fields, LogId, Spot};
use super::table::Table;

/// What verifying a statement gave, as it is kept. Kept for its exact body under its leaf: the leaf
/// commits to the bytes, and they name the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Signature, mandate and the rest held.
    Verified,
    /// It is quarantined. Never [`RejectReason::CtxAhead`], which may pass.
    Rejected(RejectReason),
}

/// A statement's state in one byte. A greater one wins, so that order does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State(u8);

impl State {
    pub(super) const ABSENT: Self = Self(0);
    pub(super) const HELD: Self = Self(1);
    const VERIFIED: Self = Self(2);
    const REJECTED: u8 = 16;

    /// [`RejectReason::CtxAhead`] leaves a statement merely held: it is asked again later.
    pub(super) fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            None | Some(Verdict::Rejected(RejectReason::CtxAhead)) => Self::HELD,
            Some(Verdict::Verified) => Self::VERIFIED,
            Some(Verdict::Rejected(reason)) => Self(reason_code(reason)),
        }
    }

    pub(super) fn verdict(self) -> Option<Verdict> {
        match self.0 {
            2 => Some(Verdict::Verified),
            code => reason_of(code).map(Verdict::Rejected),
        }
    }

    pub(super) const fn is_rejected(self) -> bool {
        self.0 >= Self::REJECTED
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }

    pub(super) const fn from_code(code: u8) -> Self {
        Self(code)
    }
}

/// Reasons by their stored code, from [`State::REJECTED`] on. Only ever appended to.
const REASONS: [RejectReason; 27] = [
    RejectReason::CtxForeign,
    RejectReason::CtxDecreases,
    RejectReason::IssuerUnknown,
    RejectReason::IssuerElsewhere,
    RejectReason::IssuerSuspended,
    RejectReason::KeyUnknown,
    RejectReason::BadSignature,
    RejectReason::NoMandate,
    RejectReason::WrongLog,
    RejectReason::TooFewApprovals,
    RejectReason::ItemUnknown,
    RejectReason::ItemActType,
    RejectReason::PublicationTooLong,
    RejectReason::MeasureUnknown,
    RejectReason::WrongVis,
    RejectReason::WrongKind,
    RejectReason::WrongTarget,
    RejectReason::SyntheticInProduction,
    RejectReason::Repeated,
    RejectReason::WrongCommit,
    RejectReason::NotAStatement,
    RejectReason::RegistryConflict,
    RejectReason::OtherNetwork,
    RejectReason::ListBasis,
    RejectReason::NotAParty,
    RejectReason::ItemClass,
    RejectReason::InterviewOpen,
];

/// A reason that this table lacks is kept as the last thing it can be: no statement.
fn reason_code(reason: RejectReason) -> u8 {
    let known = |wanted: RejectReason| REASONS.iter().position(|known| *known == wanted);
    let at = known(reason).or_else(|| known(RejectReason::NotAStatement));
    let at = at.and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
    State::REJECTED + at
}

fn reason_of(code: u8) -> Option<RejectReason> {
    let at = code.checked_sub(State::REJECTED)?;
    REASONS.get(usize::from(at)).copied()
}

/// The states of 256 neighbours, trailing absences left out.
type Block = Vec<u8>;

/// The states of all statements, in memory: a byte a statement, so that neither taking in nor
/// answering costs a read for them.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    blocks: BTreeMap<(LogId, u64), Block>,
}

impl Verdicts {
    pub(super) fn load(table: &Table) -> Result<Self, StoreError> {
        let prefix = Bytes::key(Family::Verdicts).finish();
        let mut blocks = BTreeMap::new();
        let mut whole = true;
        table.scan(&prefix, &prefix, |key, value| match decode_block_key(key) {
            Some(at) => {
                blocks.insert(at, value.to_vec());
                ControlFlow::Continue(())
            }
            None => {
                whole = false;
                ControlFlow::Break(())
            }
        })?;
        match whole {
            true => Ok(Self { blocks }),
            false => Err(StoreError::damaged(Family::Verdicts)),
        }
    }

    pub(super) fn state(&self, spot: Spot) -> State {
        let block = self.blocks.get(&block_of(spot));
        block.map_or(State::ABSENT, |block| state_at(block, spot.index))
    }

    pub(super) fn adopt(&mut self, changes: Changes) {
        self.blocks.extend(changes.blocks);
    }

    /// At most `limit` statements, from a position on, that are held and not verified, and the
    /// position to go on from; `None` at the end.
    pub(super) fn unverified(&self, from: Spot, limit: usize) -> (Vec<Spot>, Option<Spot>) {
        let mut found = Vec::new();
        for ((log, number), block) in self.blocks.range(block_of(from)..) {
            for (index, code) in (number * BLOCK..).zip(block) {
                let spot = Spot { log: *log, index };
                if State(*code) != State::HELD || spot < from {
                    continue;
                }
                if found.len() == limit {
                    return (found, Some(spot));
                }
                found.push(spot);
            }
        }
        (found, None)
    }
}

/// What one batch changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    blocks: BTreeMap<(LogId, u64), Block>,
}

impl Changes {
    pub(super) fn state(&self, before: &Verdicts, spot: Spot) -> State {
        match self.blocks.get(&block_of(spot)) {
            Some(block) => state_at(block, spot.index),
            None => before.state(spot),
        }
    }

    pub(super) fn set(&mut self, before: &Verdicts, spot: Spot, state: State) {
        let at = block_of(spot);
        let copy = || before.blocks.get(&at).cloned().unwrap_or_default();
        let block = self.blocks.entry(at).or_insert_with(copy);
        let place = within_block(spot.index);
        if block.len() <= place {
            block.resize(place + 1, State::ABSENT.0);
        }
        if let Some(byte) = block.get_mut(place) {
            *byte = state.0;
        }
    }

    pub(super) fn write(&self, batch: &mut EngineBatch) {
        for ((log, number), block) in &self.blocks {
            let key = Bytes::key(Family::Verdicts).log(*log).u64(*number);
            batch.replace(key.finish(), block.as_slice());
        }
    }
}

fn block_of(spot: Spot) -> (LogId, u64) {
    (spot.log, spot.index / BLOCK)
}

/// Log and number of the block under a key.
fn decode_block_key(key: &[u8]) -> Option<(LogId, u64)> {
    let mut fields = Fields(key.get(1..)?);
    let at = (LogId(fields.u32()?), fields.u64()?);
    fields.0.is_empty().then_some(at)
}

fn state_at(block: &[u8], index: u64) -> State {
    State(block.get(within_block(index)).copied().unwrap_or(0))
}

fn within_block(index: u64) -> usize {
    usize::try_from(index % BLOCK).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_reason_comes_back_as_itself() {
        for reason in REASONS {
            let state = State::of(Some(Verdict::Rejected(reason)));
            assert!(state.is_rejected());
            assert_eq!(state.verdict(), Some(Verdict::Rejected(reason)));
        }
        assert_eq!(
            State::of(Some(Verdict::Verified)).verdict(),
            Some(Verdict::Verified)
        );
    }

    #[test]
    fn verdict_that_may_pass_leaves_the_statement_unverified() {
        let state = State::of(Some(Verdict::Rejected(RejectReason::CtxAhead)));
        assert_eq!(state, State::HELD);
        assert_eq!(state.verdict(), None);
    }
}
