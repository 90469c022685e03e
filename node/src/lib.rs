//! A Concordat node: durable storage, exchange with peers, index, queries and administration.
//!
//! `protocol` decides; this crate does the input and output. Only [`store`] names the database, and
//! only the transport crate names QUIC and TLS.

pub mod addresses;
pub mod admin;
pub mod clock;
pub mod config;
pub mod core;
pub mod dial;
pub mod disk;
pub mod driver;
pub mod export;
#[cfg(test)]
pub(crate) mod fixture;
pub mod import;
pub mod indexer;
pub mod journal;
pub mod lookups;
pub mod node;
pub mod output;
pub mod query;
pub mod quickstart;
pub mod runtime;
pub mod signer_state;
pub mod store;
pub mod upkeep;
