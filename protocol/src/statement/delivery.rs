//! 送达: which bodies of a log their giver gave to a member (`spec/propagation.md`).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::log::{LeafIndex, Origin};
use crate::statement::decision::Invalid;
use crate::subject::AuthorityCode;

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct DeliveryMap {
        1 => receiver: req(AuthorityCode),
        2 => origin: req(Origin),
        3 => ranges: list((LeafIndex, LeafIndex)),
    }
}

/// 送达: what the author gave one member of one log, or was about to give. The only way in is
/// [`DeliveryBatch::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryBatch {
    receiver: AuthorityCode,
    origin: Origin,
    ranges: Vec<(LeafIndex, LeafIndex)>,
}

impl DeliveryBatch {
    /// Ranges of one batch.
    pub const RANGES_MAX: usize = 256;

    /// Makes a batch of the positions [begin, end) of a log that a member was given.
    ///
    /// # Errors
    /// [`Invalid::EmptyList`] without a range, [`Invalid::TooMany`] beyond [`DeliveryBatch::RANGES_MAX`],
    /// [`Invalid::ListOrder`] when a range is empty, or begins before or where the one before it ends.
    // spec: PRP-1
    pub fn new(
        receiver: AuthorityCode,
        origin: Origin,
        ranges: Vec<(LeafIndex, LeafIndex)>,
    ) -> Result<Self, Invalid> {
        let field = "ranges";
        if ranges.is_empty() {
            return Err(Invalid::EmptyList { field });
        }
        if ranges.len() > Self::RANGES_MAX {
            return Err(Invalid::TooMany { field });
        }
        let hold = ranges.iter().all(|(begin, end)| begin < end);
        match hold && ranges.is_sorted_by(|(_, end), (begin, _)| end < begin) {
            true => Ok(Self {
                receiver,
                origin,
                ranges,
            }),
            false => Err(Invalid::ListOrder { field }),
        }
    }

    /// Who was given them.
    #[must_use]
    pub const fn receiver(&self) -> AuthorityCode {
        self.receiver
    }

    /// The log that they lie in.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The positions [begin, end), ascending, neither empty nor touching.
    #[must_use]
    pub fn ranges(&self) -> &[(LeafIndex, LeafIndex)] {
        &self.ranges
    }

    /// Whether a position is among them.
    #[must_use]
    pub fn contains(&self, index: LeafIndex) -> bool {
        let after = self.ranges.partition_point(|(begin, _)| *begin <= index);
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        range.is_some_and(|(_, end)| index < *end)
    }
}

impl Serialize for DeliveryBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = DeliveryMap {
            receiver: self.receiver,
            origin: self.origin.clone(),
            ranges: self.ranges.clone(),
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeliveryBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = DeliveryMap::deserialize(deserializer)?;
        Self::new(map.receiver, map.origin, map.ranges).map_err(D::Error::custom)
    }
}
