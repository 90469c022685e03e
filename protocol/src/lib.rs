//! The pure core of Concordat (互证): statements, log, exchange, effect.
//!
//! In scope: what the bytes are, what they mean, who may say them, and what follows from a set of
//! them. Out of scope: clocks, disks, sockets, threads and randomness; all of these come in as
//! arguments or go out as actions, so that one seed replays a whole network.

pub mod admin;
pub mod awaited;
pub mod bundle;
pub mod codec;
pub mod deadline;
pub mod effect;
pub mod exchange;
pub mod key;
pub mod limits;
pub mod log;
pub mod lookup;
pub mod message;
mod nfc;
pub mod propagation;
pub mod recognition;
pub mod redacted;
pub mod region;
pub mod screen;
pub mod statement;
pub mod statistics;
pub mod subject;
pub mod text;
pub mod time;
pub mod trust;
