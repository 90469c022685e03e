//! To be described.

pub mod model;
pub mod tree;
