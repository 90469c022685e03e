//! To be described.

pub mod disk;
pub mod journal;
