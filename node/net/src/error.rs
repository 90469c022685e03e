//! What can go wrong on the way to another node, by whose decision it was.

use std::io;
use std::net::{IpAddr, SocketAddr};

use concordat_certs::certificate::CertificateError;
use concordat_protocol::key::KeyId;

use crate::Party;

/// Why an identity cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The certificate is not one that others would accept.
    #[error("the certificate cannot be used")]
    Certificate(#[from] CertificateError),
    /// The bytes are no Ed25519 private key in PKCS#8.
    #[error("the private key is not an Ed25519 key in PKCS#8")]
    PrivateKey,
    /// The private key is not the one that the certificate is about.
    #[error("certificate and private key do not belong together")]
    Mismatch,
}

/// Why there is no connection, or no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// The socket could not be opened.
    #[error("cannot open a socket on {address}: {kind}")]
    Bind {
        /// Where it was to be opened.
        address: SocketAddr,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The system did not say which address the socket has.
    #[error("the socket has no address: {0}")]
    LocalAddress(io::ErrorKind),
    /// An option is larger than QUIC can express.
    #[error("an endpoint option is out of range")]
    Options,
    /// The address cannot be reached from this socket.
    #[error("{0} cannot be dialled from this socket")]
    Address(SocketAddr),
    /// This endpoint has been closed.
    #[error("the endpoint is closed")]
    Closed,
    /// The handshake took longer than it may.
    #[error("the handshake did not end in time")]
    Deadline,
    /// The two ends have no protocol in common.
    #[error("no protocol version in common")]
    NoCommonProtocol,
    /// This end refused the other.
    #[error("refused the other end: {0}")]
    Refused(#[source] Refusal),
    /// The other end refused this one in the handshake.
    #[error("refused by the other end: {0}")]
    RefusedByOther(Alert),
    /// The other end takes no connection at present.
    #[error("the other end takes no connection at present")]
    Busy,
    /// The first frame of the control stream was not the name of the protocol.
    #[error("the other end did not greet")]
    NoGreeting,
    /// The first frame of the control stream could not be read or sent.
    #[error("the greeting failed")]
    Greeting(#[source] FrameError),
    /// The connection ended before it was established.
    #[error("lost: {0}")]
    Lost(CloseReason),
}

/// Why this end refused the other. The other end is told less: see [`Alert`]. Keys are given by their
/// identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It offered no certificate.
    #[error("no certificate was offered")]
    NoCertificate,
    /// It offered a chain; an identity is one certificate.
    #[error("{extra} certificates beyond the first were offered")]
    Chain {
        /// Certificates beyond the first.
        extra: usize,
    },
    /// Its certificate is not acceptable.
    #[error("the certificate is not acceptable: {0}")]
    Certificate(CertificateError),
    /// It is not whom the dialer wanted.
    #[error("the key is {found}, not {expected}")]
    WrongKey {
        /// The pinned key.
        expected: KeyId,
        /// The key that was offered.
        found: KeyId,
    },
    /// Its key is not admitted.
    #[error("the key {key} is not admitted as {party:?}")]
    NotAdmitted {
        /// The key that was offered.
        key: KeyId,
        /// What it wanted to be.
        party: Party,
    },
    /// It offered a certificate but did not prove that it holds the key.
    #[error("the possession of {key} was not proven")]
    NotProven {
        /// The key that was offered.
        key: KeyId,
    },
    /// It offered several protocols of this product at once.
    #[error("more than one protocol was offered")]
    SeveralProtocols,
    /// There are as many connections with this key as there may be, and too many of them have replaced
    /// others lately.
    #[error("{key} holds as many connections as it may, and replaces them too fast")]
    IdentityBusy {
        /// Its key.
        key: KeyId,
    },
    /// There are as many unfinished handshakes from this address as there may be.
    #[error("{source_address} has as many unfinished handshakes as it may")]
    SourceBusy {
        /// The address.
        source_address: IpAddr,
    },
    /// There are as many unfinished handshakes as there may be.
    #[error("there are as many unfinished handshakes as there may be")]
    EndpointBusy,
}

/// What the other end said when it broke off the handshake (RFC 8446 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Alert {
    /// The key is not admitted, or not the expected one.
    #[error("access denied")]
    AccessDenied,
    /// A certificate is needed.
    #[error("certificate required")]
    CertificateRequired,
    /// The certificate could not be read, or is not self-signed.
    #[error("bad certificate")]
    BadCertificate,
    /// The certificate is about a key of another algorithm.
    #[error("unsupported certificate")]
    UnsupportedCertificate,
    /// Any other, by its number.
    #[error("alert {0}")]
    Other(u8),
}

impl Alert {
    /// Reads the number of an alert; `None` for the one about protocols, which is no refusal of
    /// anyone.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            42 => Some(Self::BadCertificate),
            43 => Some(Self::UnsupportedCertificate),
            49 => Some(Self::AccessDenied),
            116 => Some(Self::CertificateRequired),
            120 => None,
            other => Some(Self::Other(other)),
        }
    }
}

/// Why a connection or a stream is ended on purpose: a number of 32 bits on the wire.
///
/// 0 to 15 belong to the transport; from 16 on they belong to the protocol above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u32);

impl CloseCode {
    /// Nothing is wrong; there is no more to do.
    pub const DONE: Self = Self(0);
    /// The key is no longer admitted.
    // spec: TRN-9
    pub const REVOKED: Self = Self(1);
    /// The key holds as many connections as it may: this one is one too many, or a newer one has taken
    /// its place.
    // spec: TRN-21
    pub const TOO_MANY: Self = Self(2);
    /// The control stream did not begin with the greeting.
    pub const GREETING: Self = Self(3);
    /// The node is going away.
    pub const SHUTDOWN: Self = Self(4);
    /// A stream did not keep to the framing.
    pub const FRAMING: Self = Self(5);

    /// Takes the number.
    #[must_use]
    pub const fn from_u32(code: u32) -> Self {
        Self(code)
    }

    /// The number.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// A peer may send codes of up to 62 bits; what is beyond ours reads as the largest of them.
    pub(crate) fn from_wire(code: u64) -> Self {
        Self(u32::try_from(code).unwrap_or(u32::MAX))
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// This end closed it.
    #[error("closed here with code {}", .0.as_u32())]
    Here(CloseCode),
    /// The other end closed it.
    #[error("closed by the other end with code {}", .0.as_u32())]
    There(CloseCode),
    /// The other end refused this one after this one had finished its part of the handshake.
    #[error("refused by the other end: {0}")]
    Refused(Alert),
    /// The other end broke QUIC, as this end sees it. The number is that of RFC 9000 §20.1.
    #[error("the other end broke QUIC: error {0:#x}")]
    Violation(u64),
    /// This end broke QUIC, as the other end sees it. The number is that of RFC 9000 §20.1.
    #[error("the other end gave up: error {0:#x}")]
    Abandoned(u64),
    /// The other end no longer knows the connection; it has probably been restarted.
    #[error("the other end has forgotten the connection")]
    Forgotten,
    /// Nothing was heard for too long.
    #[error("nothing was heard for too long")]
    Idle,
}

/// Why a frame could not be read or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame of no bytes.
    #[error("a frame is empty")]
    Empty,
    /// A frame longer than it may be.
    #[error("a frame of {bytes} bytes is longer than {limit}")]
    TooLong {
        /// Bytes announced, or offered for sending.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The stream ended inside a frame.
    #[error("the stream ends inside a frame")]
    Truncated,
    /// A frame did not arrive in time.
    #[error("a frame did not arrive in time")]
    Deadline,
    /// The other end gave up sending.
    #[error("the other end gave up sending with code {}", .0.as_u32())]
    Reset(CloseCode),
    /// The other end reads no further.
    #[error("the other end reads no further: code {}", .0.as_u32())]
    Stopped(CloseCode),
    /// This end has finished or reset the stream, or an earlier send was dropped half-way.
    #[error("the stream is no longer open for sending")]
    Finished,
    /// The connection is over.
    #[error("connection lost: {0}")]
    Lost(CloseReason),
}
