//! Bundles as an auditor meets them: whole, damaged, forged, and of every size.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the vectors are read from the disk"
)]
#![allow(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "one test measures and says what it found"
)]
#![allow(unreachable_pub, reason = "the modules of a test have no outside")]

#[path = "bundle/fixture.rs"]
mod fixture;

#[path = "bundle/accepts.rs"]
mod accepts;
#[path = "bundle/flips.rs"]
mod flips;
#[path = "bundle/look_up.rs"]
mod look_up;
#[path = "bundle/raw.rs"]
mod raw;
#[path = "bundle/recognition.rs"]
mod recognition;
#[path = "bundle/refuses.rs"]
mod refuses;
#[path = "bundle/size.rs"]
mod size;
#[path = "bundle/slip.rs"]
mod slip;
#[path = "bundle/stays.rs"]
mod stays;
#[path = "bundle/vectors.rs"]
mod vectors;
