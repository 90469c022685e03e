//! The binary as its users meet it: what it prints, in which language, with which exit code.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod asked;
mod freeing;
mod ledger;
mod network;
mod node;
mod offline;
mod recognised;
mod samples;
mod support;
mod usage;
mod wrong_uses;
