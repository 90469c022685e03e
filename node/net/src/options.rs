//! The limits of an endpoint, each with its default. Tests and operators narrow them; the protocol
//! itself fixes only the frame limit.

use std::time::Duration;

/// Every limit that an endpoint keeps. The defaults are the named constants of this type.
#[derive(Clone, Debug)]
pub struct EndpointOptions {
    /// Time from the first packet until both ends are known and have greeted.
    pub handshake_deadline: Duration,
    /// Time from the opening of a request stream, or from the first byte of a later frame, until
    /// the length of the frame is complete.
    pub header_deadline: Duration,
    /// Bytes per second below which a frame is given up, beyond `header_deadline`.
    pub frame_rate_min: u32,
    /// Silence after which a connection is over.
    pub idle: Duration,
    /// Silence after which the dialer sends something. `None` sends nothing.
    pub keep_alive: Option<Duration>,
    /// Live connections that others may open with one key.
    pub connections_per_identity_max: usize,
    /// Connections of one key that may replace older ones of it in a row.
    pub replacements_burst: u64,
    /// Time after which one more may.
    pub replacement_period: Duration,
    /// Unfinished handshakes from one address.
    pub handshakes_per_source_max: usize,
    /// Unfinished handshakes in all.
    pub handshakes_max: usize,
    /// Unfinished handshakes from which on an unproven source address is asked to prove itself.
    pub retry_threshold: usize,
    /// Unread bytes that a connection takes in.
    pub receive_window: u32,
    /// Unread bytes that a stream takes in.
    pub stream_receive_window: u32,
    /// Unacknowledged bytes that a connection sends.
    pub send_window: u64,
    /// Streams that the other end may have open.
    pub streams_max: u32,
}

impl EndpointOptions {
    /// Default of [`Self::handshake_deadline`].
    // spec: TRN-12
    pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
    /// Default of [`Self::header_deadline`].
    // spec: TRN-17
    pub const HEADER_DEADLINE: Duration = Duration::from_secs(2);
    /// Default of [`Self::frame_rate_min`].
    pub const FRAME_RATE_MIN: u32 = 4 << 10;
    /// Default of [`Self::idle`].
    pub const IDLE: Duration = Duration::from_secs(30);
    /// Default of [`Self::keep_alive`].
    pub const KEEP_ALIVE: Duration = Duration::from_secs(10);
    /// Default of [`Self::connections_per_identity_max`].
    // spec: TRN-10
    pub const CONNECTIONS_PER_IDENTITY_MAX: usize = 4;
    /// Default of [`Self::replacements_burst`]. A node that is killed again and again fills the places
    /// of its key with dead connections; each further life replaces one.
    // spec: TRN-21
    pub const REPLACEMENTS_BURST: u64 = 16;
    /// Default of [`Self::replacement_period`].
    pub const REPLACEMENT_PERIOD: Duration = Duration::from_secs(1);
    /// Default of [`Self::handshakes_per_source_max`]. Wider than the cap per identity, since many
    /// authorities reach the world through one address.
    pub const HANDSHAKES_PER_SOURCE_MAX: usize = 16;
    /// Default of [`Self::handshakes_max`].
    pub const HANDSHAKES_MAX: usize = 256;
    /// Default of [`Self::retry_threshold`].
    pub const RETRY_THRESHOLD: usize = 32;
    /// Default of [`Self::receive_window`].
    // spec: TRN-14
    pub const RECEIVE_WINDOW: u32 = 8 << 20;
    /// Default of [`Self::stream_receive_window`].
    pub const STREAM_RECEIVE_WINDOW: u32 = 1 << 20;
    /// Default of [`Self::send_window`].
    pub const SEND_WINDOW: u64 = 4 << 20;
    /// Default of [`Self::streams_max`].
    pub const STREAMS_MAX: u32 = 32;
    /// Bytes that the system is asked to hold for the socket, each way.
    pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 << 20;
    /// Bytes that are kept for one connection attempt before it is looked at.
    pub(crate) const ATTEMPT_BYTES_MAX: u64 = 64 << 10;
    /// Bytes that are kept for all connection attempts before they are looked at.
    pub(crate) const ATTEMPT_BYTES_TOTAL_MAX: u64 = 4 << 20;
    /// Bytes of handshake data out of order that are kept for one connection.
    pub(crate) const CRYPTO_BUFFER_BYTES: usize = 16 << 10;
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            handshake_deadline: Self::HANDSHAKE_DEADLINE,
            header_deadline: Self::HEADER_DEADLINE,
            frame_rate_min: Self::FRAME_RATE_MIN,
            idle: Self::IDLE,
            keep_alive: Some(Self::KEEP_ALIVE),
            connections_per_identity_max: Self::CONNECTIONS_PER_IDENTITY_MAX,
            replacements_burst: Self::REPLACEMENTS_BURST,
            replacement_period: Self::REPLACEMENT_PERIOD,
            handshakes_per_source_max: Self::HANDSHAKES_PER_SOURCE_MAX,
            handshakes_max: Self::HANDSHAKES_MAX,
            retry_threshold: Self::RETRY_THRESHOLD,
            receive_window: Self::RECEIVE_WINDOW,
            stream_receive_window: Self::STREAM_RECEIVE_WINDOW,
            send_window: Self::SEND_WINDOW,
            streams_max: Self::STREAMS_MAX,
        }
    }
}
