//! 持有: which bodies of a log its author holds (`spec/propagation.md`).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::integer_map;
use crate::log::{Hash, LeafIndex, Origin, TreeSize};
use crate::statement::decision::Invalid;

/// Positions [begin, end) of a log.
type Ranges = Vec<(LeafIndex, LeafIndex)>;

integer_map! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct HoldingsMap {
        1 => origin: req(Origin),
        2 => size: req(TreeSize),
        3 => root: req(Hash),
        4 => from: opt(LeafIndex),
        5 => missing: list((LeafIndex, LeafIndex)),
        6 => erased: list((LeafIndex, LeafIndex)),
    }
}

/// What an author says of the bodies of a log; [`Holdings::new`] looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldingsFields {
    /// The log.
    pub origin: Origin,
    /// Up to where it says something.
    pub size: TreeSize,
    /// The root of the log at that size, as the author has it.
    pub root: Hash,
    /// The first position that it says something of.
    pub from: LeafIndex,
    /// Where it has no body of a decision, record or act, ascending; what else lies there says nothing.
    pub missing: Ranges,
    /// Where it has erased one, ascending.
    pub erased: Ranges,
}

/// 持有: of the positions [from, size) of a log, the bodies of decisions, records and acts are held but those
/// that are named as missing or erased. The only way in is [`Holdings::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings(HoldingsFields);

impl Holdings {
    /// Ranges of one statement, missing and erased together.
    pub const RANGES_MAX: usize = 256;

    /// Takes what an author says.
    ///
    /// # Errors
    /// [`Invalid::TooMany`] beyond [`Holdings::RANGES_MAX`]; [`Invalid::ListOrder`] when a range is empty, begins
    /// before or where the one before it ends, or lies in both lists; [`Invalid::OutOfReach`] when nothing
    /// is said, or something of positions outside.
    // spec: PRP-52
    pub fn new(fields: HoldingsFields) -> Result<Self, Invalid> {
        let (missing, erased) = (&fields.missing, &fields.erased);
        if missing.len() + erased.len() > Self::RANGES_MAX {
            return Err(Invalid::TooMany { field: "ranges" });
        }
        for (field, ranges) in [("missing", missing), ("erased", erased)] {
            let hold = ranges.iter().all(|(begin, end)| begin < end);
            if !hold || !ranges.is_sorted_by(|(_, end), (begin, _)| end < begin) {
                return Err(Invalid::ListOrder { field });
            }
        }
        let mut all: Vec<_> = missing.iter().chain(erased).collect();
        all.sort();
        if !all.is_sorted_by(|(_, end), (begin, _)| end <= begin) {
            return Err(Invalid::ListOrder { field: "erased" });
        }
        let (from, size) = (fields.from, fields.size.value());
        let begins = all.first().is_none_or(|(begin, _)| from <= *begin);
        let ends = all.last().is_none_or(|(_, end)| end.value() <= size);
        match from.value() < size && begins && ends {
            true => Ok(Self(fields)),
            false => Err(Invalid::OutOfReach),
        }
    }

    /// What it says.
    #[must_use]
    pub const fn fields(&self) -> &HoldingsFields {
        &self.0
    }
}

impl Serialize for Holdings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let HoldingsFields {
            origin,
            size,
            root,
            from,
            missing,
            erased,
        } = self.0.clone();
        let from = (from.value() > 0).then_some(from);
        let map = HoldingsMap {
            origin,
            size,
            root,
            from,
            missing,
            erased,
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Holdings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = HoldingsMap::deserialize(deserializer)?;
        // The beginning is left out, and so has one form.
        if map.from.is_some_and(|from| from.value() == 0) {
            return Err(D::Error::custom(Invalid::OutOfReach));
        }
        let fields = HoldingsFields {
            origin: map.origin,
            size: map.size,
            root: map.root,
            from: map.from.unwrap_or(LeafIndex::new(0)),
            missing: map.missing,
            erased: map.erased,
        };
        Self::new(fields).map_err(D::Error::custom)
    }
}
