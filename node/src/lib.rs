//! To be described.

pub mod disk;
