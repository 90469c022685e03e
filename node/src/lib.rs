//! To be described.

pub mod core;
pub mod disk;
#[cfg(test)]
pub(crate) mod fixture;
pub mod import;
pub mod indexer;
pub mod journal;
pub mod query;
pub mod signer_state;
pub mod store;
