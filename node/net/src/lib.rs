//! The QUIC transport of Concordat (`spec/transport.md`): one socket, pinned keys, framed streams.
//!
//! In scope: the endpoint and its limits, mutual TLS 1.3 in which a key and nothing else is the
//! identity, the cut-off of live connections, and frames as byte strings. Out of scope: what a frame
//! says, who may be admitted ([`Admission`] decides), whom to dial and when.
//!
//! ```text
//! connection = control stream            opened by the dialer, first frame each way = ALPN text
//!            + request streams           one per request, opened by either end
//! stream     = *frame
//! frame      = length u32 BE (1..=1 MiB) ‖ that many bytes
//! ```
//!
//! This is the only crate that names `quinn` or `rustls`; neither shows in its interface.

mod connection;
mod endpoint;
mod error;
mod frame;
mod identity;
mod live;
mod local;
mod options;
mod tls;

pub use connection::{Connection, Established, Stats};
pub use endpoint::{Counters, Endpoint, Inbound};
pub use error::{Alert, CloseCode, CloseReason, FrameError, IdentityError, NetError, Refusal};
pub use frame::{FrameReceiver, FrameSender, Priority};
pub use identity::Identity;
pub use local::SocketPath;
pub use options::EndpointOptions;

use concordat_protocol::key::PublicKey;

/// What a connection is for. Decided by the protocol name (ALPN) that the dialer offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Two nodes that exchange logs.
    Peer,
    /// An administrator's tool and the node that it administers.
    Administrator,
}

impl Party {
    /// The protocol name on the wire; its number is the major version.
    // spec: TRN-1
    #[must_use]
    pub const fn protocol(self) -> &'static [u8] {
        match self {
            Self::Peer => b"concordat/1",
            Self::Administrator => b"concordat-admin/1",
        }
    }
}

/// Says which keys may be connected to. Asked inside the handshake, once more when it has ended, and
/// for every live connection by [`Endpoint::recheck`]; so it answers from memory, without blocking.
pub trait Admission: Send + Sync + 'static {
    /// Whether the holder of `key` may hold a connection as `party`.
    ///
    /// A node that dials another as [`Party::Administrator`] is not asked: the node's key alone
    /// decides there.
    fn admit(&self, key: &PublicKey, party: Party) -> bool;
}
