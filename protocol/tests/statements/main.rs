//! Statements and trust from the outside: vectors, properties, the registry, the verdict.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the vectors are read from the disk"
)]

mod agreements;
mod documents;
mod ed25519;
mod errors;
mod generate;
mod heads_seen;
mod ledgers;
mod lists;
mod properties;
mod records;
mod registry;
mod stays;
mod support;
mod vectors;
mod verify;
