//! One statement at its place in a log, with the proof that it stands there.

use crate::bundle::error::EntryFault;
use crate::bundle::head::Head;
use crate::log::{InclusionProof, LeafIndex, Origin, TreeSize};
use crate::statement::{Body, Leaf, Statement};
use crate::trust::{self, Place, Registry, Verified};

/// A statement at its place. Nothing about it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The log.
    pub origin: Origin,
    /// The position.
    pub index: LeafIndex,
    /// The leaf there.
    pub leaf: Leaf,
    /// The body behind the leaf.
    pub body: Body,
    /// The proof that leads from the leaf to the log's head in the bundle.
    pub proof: InclusionProof,
}

/// An entry of the registry log. Its position is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// The leaf.
    pub leaf: Leaf,
    /// The body; `None` exactly for the root of an acts map, which has none.
    pub body: Option<Body>,
}

impl RegistryEntry {
    /// The statement behind the leaf; `None` where the bytes are none, which is the same for
    /// everyone since the leaf commits to them.
    pub(super) fn statement(&self) -> Option<Statement> {
        let body = self.body.as_ref()?;
        Statement::decode(body.statement()).ok()
    }
}

impl Entry {
    /// By what entries are ordered.
    pub(super) const fn place(&self) -> (&Origin, LeafIndex) {
        (&self.origin, self.index)
    }

    /// Verifies position, body, signature and mandate. `size` is that of the registry that the
    /// bundle was made under.
    // spec: BUN-13, BUN-14
    pub(super) fn verify(
        &self,
        head: &Head,
        registry: &Registry,
        size: TreeSize,
    ) -> Result<Verified, EntryFault> {
        let checkpoint = head.checkpoint();
        let (head_size, root) = (checkpoint.size(), checkpoint.root());
        self.proof
            .verify(&self.leaf.hash(), self.index, head_size, root)?;
        if self.body.commit() != self.leaf.commit {
            return Err(EntryFault::Commit);
        }
        let statement = Statement::decode(self.body.statement())?;
        let ctx = statement.header().ctx.size;
        if ctx > size {
            return Err(EntryFault::CtxBeyond { ctx, size });
        }
        let place = Place {
            origin: &self.origin,
            index: self.index,
            leaf: &self.leaf,
            // Of the leaves before it nothing is in the bundle.
            ctx_floor: TreeSize::ZERO,
        };
        Ok(trust::verify(registry, place, statement)?)
    }
}
