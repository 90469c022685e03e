//! From the anchor to a registry that may decide.

use std::borrow::Cow;
use std::sync::Arc;

use crate::bundle::error::BundleError;
use crate::bundle::head::Head;
use crate::bundle::{Bundle, RegistryEntry, TrustChain};
use crate::log::{Hash, SignedCheckpoint, TreeSize};
use crate::trust::{Genesis, Registry};

/// The registry that decides, and the size that the bundle was made under.
pub(super) struct Established<'r> {
    pub(super) registry: Cow<'r, Registry>,
    pub(super) size: TreeSize,
}

/// Walks from the anchor to the registry. Of the one in the bundle and the one given, the newer is
/// used: cut-offs reach back.
pub(super) fn establish<'r>(
    bundle: &Bundle,
    anchor: &Hash,
    given: Option<&'r Registry>,
) -> Result<Established<'r>, BundleError> {
    // spec: BUN-20
    let foreign = given.filter(|given| given.genesis().id() != *anchor);
    if let Some(foreign) = foreign {
        let found = foreign.genesis().id();
        return Err(BundleError::RegistryOtherAnchor { found });
    }
    match bundle.trust() {
        TrustChain::External { size, root } => external(*size, root, given),
        TrustChain::Included { genesis, entries } => {
            let registry = included(bundle.heads(), genesis, entries, anchor)?;
            let size = registry.size();
            let registry = newer(registry, given)?;
            Ok(Established { registry, size })
        }
    }
}

// spec: BUN-20
fn external<'r>(
    size: TreeSize,
    root: &Hash,
    given: Option<&'r Registry>,
) -> Result<Established<'r>, BundleError> {
    let registry = given.ok_or(BundleError::RegistryNeeded { size })?;
    let held = registry.size();
    let known = registry
        .root_at(size)
        .ok_or(BundleError::RegistryTooSmall { size, held })?;
    if known != *root {
        return Err(BundleError::RegistryForked { size });
    }
    let registry = Cow::Borrowed(registry);
    Ok(Established { registry, size })
}

// spec: BUN-15, BUN-16, BUN-17
pub(super) fn included(
    heads: &[SignedCheckpoint],
    genesis: &Arc<Genesis>,
    entries: &[RegistryEntry],
    anchor: &Hash,
) -> Result<Registry, BundleError> {
    if genesis.id() != *anchor {
        let found = genesis.id();
        return Err(BundleError::OtherAnchor { found });
    }
    let mut registry = Registry::new(Arc::clone(genesis));
    for entry in entries {
        registry.apply(&entry.leaf, entry.statement().as_ref());
    }
    let origin = genesis.registry_origin();
    let mut heads = heads.iter().enumerate();
    let head = heads.find(|(_, head)| *head.claimed().origin() == origin);
    let (position, signed) = head.ok_or(BundleError::HeadMissing { origin })?;
    let size = registry.size();
    let head = Head::verify(signed, &registry, size)
        .map_err(|fault| BundleError::Head { position, fault })?;
    let checkpoint = head.checkpoint();
    if checkpoint.size() != size || registry.root_at(size) != Some(*checkpoint.root()) {
        return Err(BundleError::RegistryHead);
    }
    if !head.is_witnessed() {
        let (cosigners, quorum) = (head.counting(), head.quorum());
        return Err(BundleError::RegistryNotWitnessed { cosigners, quorum });
    }
    Ok(registry)
}

// spec: BUN-21
fn newer<'r>(
    registry: Registry,
    given: Option<&'r Registry>,
) -> Result<Cow<'r, Registry>, BundleError> {
    let Some(given) = given else {
        return Ok(Cow::Owned(registry));
    };
    let size = registry.size().min(given.size());
    if registry.root_at(size) != given.root_at(size) {
        return Err(BundleError::RegistryForked { size });
    }
    match given.size() >= registry.size() {
        true => Ok(Cow::Borrowed(given)),
        false => Ok(Cow::Owned(registry)),
    }
}
