//! Trust material of Concordat: keys, certificates, genesis, enrolment.
//!
//! Implements `spec/keys.md`. What an operator makes before a network runs, and what members and
//! approvers hand to each other while it does, as files:
//!
//! ```text
//! statement.key … recovery.key   private keys, PKCS#8 PEM, one file for each use
//! node.crt, administrator.crt    self-signed certificates, PEM
//! genesis.cbor                   what a network starts from
//! *.request                      a member's enrolment with a proof for every key in it
//! *.proposal                     a change of the registry with the approvals so far
//! *.approval                     one approver's signature over one proposal
//! node.toml                      how a node runs
//! ```
//!
//! Out of scope: what the registry makes of a change ([`concordat_protocol::trust`]), and clocks,
//! which come in as arguments.

pub mod agreement;
pub mod certificate;
pub mod certificate_file;
pub mod change;
pub mod configuration;
pub mod enrolment;
pub mod file;
pub mod fingerprint;
pub mod genesis;
pub mod key_file;
pub mod key_ring;
pub mod kind;
#[cfg(any(test, feature = "test-util"))]
pub mod network;
pub mod randomness;
pub mod registry_entries;
pub mod summary;
pub mod wording;
