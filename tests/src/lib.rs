//! To be described.

pub mod tree;
