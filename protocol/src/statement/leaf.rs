//! The leaf: a commitment to a statement, not its content (`spec/log.md`, leaf).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::{DecodeError, Reader, Writer};
use crate::log::{Hash, LeafIndex, TreeSize, hash};
use crate::statement::class::Kind;

/// The digest suite of this version: SHA-256.
pub const SUITE_SHA256: u64 = 1;

/// The visibility class of a statement (0–255), by which entitlement to its body is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vis(u8);

impl Vis {
    /// The class of registry data and notices: every member.
    pub const ALL_MEMBERS: Self = Self(0);

    /// A class by its code.
    #[must_use]
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Vis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A leaf. Encodes as `[suite, kind, vis, commit, target, ctx]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What kind of statement stands behind it.
    pub kind: Kind,
    /// The visibility class of the body.
    pub vis: Vis,
    /// The commitment to the body; for an acts map, its root.
    pub commit: Hash,
    /// The position in the same log that the statement acts on.
    pub target: Option<LeafIndex>,
    /// The registry size in the statement's `ctx`; for an acts map, that which its log had adopted.
    pub ctx: TreeSize,
}

/// The longest encoding of a leaf in bytes.
pub const LEAF_BYTES_MAX: usize = 1 + 1 + 2 + 2 + 34 + 9 + 9;

impl Leaf {
    /// Its deterministic encoding, the input of the leaf hash.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(LEAF_BYTES_MAX);
        writer
            .array(6)
            .unsigned(SUITE_SHA256)
            .unsigned(self.kind.code());
        writer
            .unsigned(u64::from(self.vis.code()))
            .bytes(self.commit.as_bytes());
        match self.target {
            Some(target) => writer.unsigned(target.value()),
            None => writer.null(),
        };
        writer.unsigned(self.ctx.value());
        writer.finish()
    }

    /// The leaf hash (RFC 9162 §2.1.1).
    #[must_use]
    pub fn hash(&self) -> Hash {
        hash::leaf_hash(&self.encode())
    }

    /// Takes a leaf apart.
    ///
    /// # Errors
    /// [`LeafError`]; every byte of the input counts.
    // spec: LOG-1, LOG-30
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut reader = Reader::new(bytes);
        reader.array(6, "a leaf of six items")?;
        let suite = reader.unsigned("a suite")?;
        if suite != SUITE_SHA256 {
            return Err(LeafError::Suite { suite });
        }
        let kind = reader.unsigned("a kind")?;
        let kind = Kind::from_code(kind).ok_or(LeafError::Kind { kind })?;
        let vis = reader.unsigned("a visibility class")?;
        let vis = Vis(u8::try_from(vis).map_err(|_| LeafError::Vis { vis })?);
        let commit = Hash::from_bytes(reader.bytes_exact("a commitment of 32 bytes")?);
        let target = match reader.null()? {
            true => None,
            false => Some(LeafIndex::new(reader.unsigned("a target or null")?)),
        };
        let ctx = reader.unsigned("a registry size")?;
        let ctx = TreeSize::new(ctx).map_err(|_| LeafError::Ctx { size: ctx })?;
        reader.finish()?;
        Ok(Self {
            kind,
            vis,
            commit,
            target,
            ctx,
        })
    }
}

/// Why bytes are not a leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The bytes are not the array that a leaf is.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A suite that this version does not have.
    #[error("suite {suite} is unknown")]
    Suite {
        /// The code found.
        suite: u64,
    },
    /// A kind that this version does not have.
    #[error("leaf kind {kind} is unknown")]
    Kind {
        /// The code found.
        kind: u64,
    },
    /// A visibility class beyond 255.
    #[error("visibility class {vis} is beyond 255")]
    Vis {
        /// The code found.
        vis: u64,
    },
    /// A registry size that no log has.
    #[error("registry size {size} is beyond 2^63 - 1")]
    Ctx {
        /// The size found.
        size: u64,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // spec: LOG-1
        #[test]
        fn leaf_round_trips_and_any_other_byte_is_another_leaf_or_refused(
            kind in 1_u64..=12, vis: u8, commit: [u8; 32], target: Option<u64>,
            ctx in 0_u64..1 << 63, at: usize, bit in 0_u8..8,
        ) {
            let leaf = Leaf {
                kind: Kind::from_code(kind).unwrap(),
                vis: Vis::new(vis),
                commit: Hash::from_bytes(commit),
                target: target.map(LeafIndex::new),
                ctx: TreeSize::new(ctx).unwrap(),
            };
            let mut bytes = leaf.encode();
            prop_assert!(bytes.len() <= LEAF_BYTES_MAX);
            prop_assert_eq!(Leaf::decode(&bytes), Ok(leaf));
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_ne!(Leaf::decode(&bytes), Ok(leaf));
        }
    }

    // spec: LOG-30
    #[test]
    fn leaf_refuses_unknown_suites_kinds_and_classes_and_sizes_that_no_log_has() {
        let leaf_under = |suite, kind, vis, ctx| {
            let mut writer = Writer::default();
            writer
                .array(6)
                .unsigned(suite)
                .unsigned(kind)
                .unsigned(vis)
                .bytes(&[7; 32])
                .null()
                .unsigned(ctx);
            Leaf::decode(&writer.finish())
        };
        let leaf = |suite, kind, vis| leaf_under(suite, kind, vis, 0);
        let size = 1 << 63;
        assert!(leaf_under(1, 1, 0, size - 1).is_ok());
        assert_eq!(leaf_under(1, 1, 0, size), Err(LeafError::Ctx { size }));
        assert!(leaf(1, 1, 255).is_ok());
        assert_eq!(leaf(2, 1, 0), Err(LeafError::Suite { suite: 2 }));
        assert_eq!(leaf(1, 13, 0), Err(LeafError::Kind { kind: 13 }));
        assert_eq!(leaf(1, 1, 256), Err(LeafError::Vis { vis: 256 }));
    }
}
