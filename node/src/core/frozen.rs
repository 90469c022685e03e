//! Logs of which two heads are known that cannot both hold.
//!
//! The evidence lies in the ledger, so that a log stays frozen whatever restarts. A fork of one of our
//! own logs ends all signing here: whoever holds the log key, or a copy of this directory, has said
//! something else under it. Out of scope: unfreezing, which only the recovery quorum can.

use std::collections::BTreeMap;

use concordat_protocol::exchange::ForkEvidence;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::StatementRef;
use concordat_protocol::time::Timestamp;

use crate::core::ledger::Record;
use crate::core::types::{Fatal, Output, Signing, SubmitError};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;

/// A log that is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The two heads.
    pub evidence: ForkEvidence,
    /// When the evidence came; `None` for what an earlier version has recorded.
    pub since: Option<Timestamp>,
    /// The first position that is not taken to be common to both histories.
    pub at: LeafIndex,
}

/// Evidence on record: the FORK frame, and when it came.
pub(super) type Recorded = (Vec<u8>, Option<Timestamp>);

/// Evidence of each frozen log, and when it came.
pub(super) type Freezes = BTreeMap<Origin, (ForkEvidence, Option<Timestamp>)>;

impl<D: Disk> Shared<D> {
    /// The logs that are frozen, by name.
    #[must_use]
    pub fn frozen(&self) -> BTreeMap<Origin, Frozen> {
        let witnessed = self.witnessed();
        let frozen = read(&self.frozen);
        let view = |(origin, (evidence, since)): (&Origin, &(ForkEvidence, Option<Timestamp>))| {
            let reached = witnessed.get(origin).map_or(TreeSize::ZERO, |w| w.size);
            let frozen = Frozen {
                evidence: evidence.clone(),
                since: *since,
                at: evidence.frozen_at(reached),
            };
            (origin.clone(), frozen)
        };
        frozen.iter().map(view).collect()
    }
}

impl<D: Disk> Core<D> {
    /// A log has forked: keeps the evidence, and signs nothing more where the log is our own.
    // spec: STO-60, STO-61
    pub(super) fn forked(&mut self, origin: Origin, evidence: Vec<u8>) -> Result<(), Fatal> {
        self.stage(&Record::Fork {
            evidence: &evidence,
        })?;
        let at_ms = self.clock.value();
        self.stage(&Record::ForkSeen { at_ms })?;
        self.note_frozen(&evidence, Some(self.clock));
        self.judge_heads_again(&origin);
        self.is_stopped_by_fork();
        self.outputs.push(Output::Forked { origin, evidence });
        Ok(())
    }

    /// Freezes what is on record.
    // spec: STO-60
    pub(super) fn restore_frozen(&mut self, recorded: Vec<Recorded>) {
        for (evidence, since) in recorded {
            if let Some(origin) = self.note_frozen(&evidence, since) {
                self.exchange.restore_frozen(&origin, evidence);
            }
        }
    }

    fn note_frozen(&mut self, evidence: &[u8], since: Option<Timestamp>) -> Option<Origin> {
        let evidence = ForkEvidence::parse(evidence)?;
        let origin = evidence.origin().clone();
        let mut frozen = write(&self.shared.frozen);
        let first = || (evidence, since);
        frozen.entry(origin.clone()).or_insert_with(first);
        Some(origin)
    }

    /// The log of our own that has forked.
    fn own_fork(&self) -> Option<Origin> {
        let frozen = read(&self.shared.frozen);
        let mut own = frozen
            .keys()
            .filter(|origin| origin.member() == self.me.as_str());
        own.next().cloned()
    }

    /// Whether a fork of a log of our own forbids to sign; nothing is signed from then on.
    // spec: STO-61
    pub(super) fn is_stopped_by_fork(&mut self) -> bool {
        let stopped = self.own_fork().is_some();
        if stopped {
            self.signing = Signing::Forked;
        }
        stopped
    }

    /// Whether statements may be taken for a log of our own.
    pub(super) fn may_take(&self) -> Result<(), SubmitError> {
        match self.own_fork() {
            Some(origin) => Err(SubmitError::LogFrozen { origin }),
            None if self.signing != Signing::Open => Err(SubmitError::SigningHeld),
            None => Ok(()),
        }
    }

    /// What whoever submitted statements is told once they are durable: evidence of a fork may have
    /// come between, and then they have no head.
    pub(super) fn settled(
        &self,
        references: Vec<StatementRef>,
    ) -> Result<Vec<StatementRef>, SubmitError> {
        match self.own_fork() {
            Some(origin) => Err(SubmitError::LogFrozen { origin }),
            // Stopped in between: what is durable has no head, and is not acknowledged.
            None if self.signing != Signing::Open => Err(SubmitError::SigningHeld),
            None => Ok(references),
        }
    }
}
