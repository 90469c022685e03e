//! 回执: what a member did with acts on statements of a log (`spec/propagation.md`).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::log::{Hash, LeafIndex, Origin};
use crate::statement::decision::Invalid;
use crate::statement::payload::StatementRef;

/// What became of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActOutcome {
    /// It is stored, and nothing is said of its target any more without it.
    Applied {
        /// How many measures of the receiver's own have changed by it; `None` from one that keeps none.
        measures: Option<u32>,
    },
    /// It does not hold here.
    Refused {
        /// The code of the reason (`spec/errors.md`), also one that this version does not have.
        reason: u8,
    },
    /// It is stored; what it acts on is not held.
    TargetNotHeld,
}

const APPLIED: u64 = 1;
const REFUSED: u64 = 2;
const TARGET_NOT_HELD: u64 = 3;

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct ReceiptMap {
        1 => act: req(StatementRef),
        2 => target: req((LeafIndex, Hash)),
        3 => outcome: req(u64),
        4 => reason: opt(u8),
        5 => measures: opt(u32),
    }
}

/// What became of one act. In which log its target lies is the batch's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The act.
    pub act: StatementRef,
    /// Position and leaf hash of what it acts on.
    pub target: (LeafIndex, Hash),
    /// What became of it.
    pub outcome: ActOutcome,
}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (outcome, reason, measures) = match self.outcome {
            ActOutcome::Applied { measures } => (APPLIED, None, measures),
            ActOutcome::Refused { reason } => (REFUSED, Some(reason), None),
            ActOutcome::TargetNotHeld => (TARGET_NOT_HELD, None, None),
        };
        let map = ReceiptMap {
            act: self.act.clone(),
            target: self.target,
            outcome,
            reason,
            measures,
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Receipt {
    // spec: PRP-2
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = ReceiptMap::deserialize(deserializer)?;
        let outcome = match (map.outcome, map.reason, map.measures) {
            (APPLIED, None, measures) => ActOutcome::Applied { measures },
            (REFUSED, Some(reason), None) if reason > 0 => ActOutcome::Refused { reason },
            (TARGET_NOT_HELD, None, None) => ActOutcome::TargetNotHeld,
            _ => return Err(D::Error::custom(Invalid::Receipt)),
        };
        Ok(Self {
            act: map.act,
            target: map.target,
            outcome,
        })
    }
}

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct ReceiptBatchMap {
        1 => origin: req(Origin),
        2 => receipts: list(Receipt),
    }
}

/// 回执: what the author did with acts on statements of one log. The only way in is
/// [`ReceiptBatch::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptBatch {
    origin: Origin,
    receipts: Vec<Receipt>,
}

impl ReceiptBatch {
    /// Receipts of one batch: with the longest names of logs they fit into one statement.
    pub const RECEIPTS_MAX: usize = 256;

    /// Makes a batch of receipts of acts on statements of a log.
    ///
    /// # Errors
    /// [`Invalid::EmptyList`] without a receipt, [`Invalid::TooMany`] beyond
    /// [`ReceiptBatch::RECEIPTS_MAX`], [`Invalid::ListOrder`] when the acts do not ascend by log and
    /// position, [`Invalid::Receipt`] when a refusal has reason 0.
    // spec: PRP-2
    pub fn new(origin: Origin, receipts: Vec<Receipt>) -> Result<Self, Invalid> {
        let field = "receipts";
        if receipts.is_empty() {
            return Err(Invalid::EmptyList { field });
        }
        if receipts.len() > Self::RECEIPTS_MAX {
            return Err(Invalid::TooMany { field });
        }
        let unreasoned = |one: &Receipt| one.outcome == ActOutcome::Refused { reason: 0 };
        if receipts.iter().any(unreasoned) {
            return Err(Invalid::Receipt);
        }
        let ascend =
            |a: &Receipt, b: &Receipt| (&a.act.origin, a.act.index) < (&b.act.origin, b.act.index);
        match receipts.is_sorted_by(ascend) {
            true => Ok(Self { origin, receipts }),
            false => Err(Invalid::ListOrder { field }),
        }
    }

    /// The log that the targets lie in.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The receipts, ascending by log and position of the act.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The receipt of an act, whatever leaf it names.
    #[must_use]
    pub fn of(&self, act: &Origin, index: LeafIndex) -> Option<&Receipt> {
        let order = |one: &Receipt| (&one.act.origin, one.act.index).cmp(&(act, index));
        let at = self.receipts.binary_search_by(order).ok()?;
        self.receipts.get(at)
    }
}

impl Serialize for ReceiptBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = ReceiptBatchMap {
            origin: self.origin.clone(),
            receipts: self.receipts.clone(),
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReceiptBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = ReceiptBatchMap::deserialize(deserializer)?;
        Self::new(map.origin, map.receipts).map_err(D::Error::custom)
    }
}
