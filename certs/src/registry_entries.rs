//! Entries of the registry log: the hub signs approved changes in order, each under the state that
//! the one before it left.

use concordat_protocol::key::Signer;
use concordat_protocol::statement::{
    Body, BodyError, Leaf, SALT_BYTES, Statement, StatementError, Vis,
};
use concordat_protocol::trust::{Applied, Registry, RejectReason};

use crate::change::{ChangeError, PendingChange};
use crate::randomness::{Randomness, RandomnessError};

/// One entry of the registry log, ready to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// The leaf.
    pub leaf: Leaf,
    /// The statement bytes with their salt.
    pub body: Body,
    /// The statement.
    pub statement: Statement,
}

/// Signs changes as the hub in the order given and applies them. When one fails, the registry stays
/// as it was and nothing is returned: an entry that everyone would find void is never made.
///
/// # Errors
/// [`RegistryEntryError`]; the place of the change that failed is in it.
// spec: KEY-25
pub fn registry_entries(
    registry: &mut Registry,
    hub: &dyn Signer,
    changes: &[PendingChange],
    randomness: &mut dyn Randomness,
) -> Result<Vec<RegistryEntry>, RegistryEntryError> {
    let mut grown = registry.clone();
    let mut entries = Vec::with_capacity(changes.len());
    for (place, change) in changes.iter().enumerate() {
        let entry = entry(&grown, hub, change, randomness)
            .map_err(|cause| RegistryEntryError { place, cause })?;
        match grown.apply(&entry.leaf, Some(&entry.statement)) {
            Applied::Changed => entries.push(entry),
            Applied::Unchanged => {
                let cause = EntryCause::Void(RejectReason::WrongLog);
                return Err(RegistryEntryError { place, cause });
            }
            Applied::Void(reason) => {
                let cause = EntryCause::Void(reason);
                return Err(RegistryEntryError { place, cause });
            }
        }
    }
    *registry = grown;
    Ok(entries)
}

fn entry(
    registry: &Registry,
    hub: &dyn Signer,
    change: &PendingChange,
    randomness: &mut dyn Randomness,
) -> Result<RegistryEntry, EntryCause> {
    let bytes = change.sign(registry.genesis(), hub, registry.ctx())?;
    let statement = Statement::decode(&bytes)?;
    let mut salt = [0; SALT_BYTES];
    randomness.fill(&mut salt)?;
    let body = Body::new(salt, bytes)?;
    let leaf = Leaf {
        kind: statement.payload().class().kind(),
        vis: Vis::ALL_MEMBERS,
        commit: body.commit(),
        target: None,
        ctx: statement.header().ctx.size,
    };
    Ok(RegistryEntry {
        leaf,
        body,
        statement,
    })
}

/// A change that makes no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("change {} makes no entry of the registry", place + 1)]
pub struct RegistryEntryError {
    /// Its 0-based place among the changes given.
    pub place: usize,
    /// Why.
    #[source]
    pub cause: EntryCause,
}

/// Why a change makes no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryCause {
    /// The change is not ready, or of another network.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// What was signed is no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// What was signed is too long.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// No salt.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The registry would find it void.
    #[error("the registry refuses it")]
    Void(#[source] RejectReason),
}

#[cfg(test)]
mod tests;
