//! Addresses of this machine that no other process of the tests takes in between.
//!
//! The other packages' tests include this file by its path, since nothing depends on this package.

#![allow(
    unreachable_pub,
    reason = "public where this package shares it, private elsewhere"
)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// A port that nobody else takes before its node listens, or while it is down between two of its
/// lives: each has a loopback address of its own, by this process and a counter.
///
/// # Errors
/// What the system says.
pub fn free_address() -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind((own_host(), 0))?;
    socket.local_addr()
}

/// The next loopback address of this process.
#[must_use]
pub fn own_host() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);

    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let host = NEXT.fetch_add(1, Ordering::Relaxed) % 254 + 1;
    let host = u8::try_from(host).unwrap_or(1);
    // 127.0 stays with everyone else.
    Ipv4Addr::new(127, 1 + (high ^ middle) % 254, low, host)
}
