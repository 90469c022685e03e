//! The transport over real sockets on the loopback address.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

mod cut_off;
mod frames;
mod handshake;
mod limits;
mod strangers;
mod support;
