//! To be described.

pub mod core;
pub mod disk;
pub mod import;
pub mod journal;
pub mod signer_state;
