//! Tests across the crates of Concordat: the simulator of whole networks, networks of real
//! processes, models, and the files of the workspace for tests that read them.

pub mod bench;
pub mod found;
pub mod malformed;
pub mod model;
pub mod peer;
pub mod processes;
pub mod setting;
pub mod sim;
pub mod tree;
