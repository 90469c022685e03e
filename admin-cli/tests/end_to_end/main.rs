//! The real binaries against each other: `concordat` as people and scripts type it, `concordat-node
//! run` behind it, a hub and two authorities set up from nothing.
//!
//! Out of scope: death and restart under load, and what peers do to each other; other tests do that.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

mod agreements;
mod bulk;
mod changed_measures;
mod cut_off;
mod fork;
#[path = "../../../tests/src/processes/loopback.rs"]
mod loopback;
mod main_job;
mod network;
mod readme;
mod records;
mod recovery_key;
mod refusals;
mod remote;
mod rows;
mod slip;
mod tour;
mod unheard;
mod wrong_uses;
