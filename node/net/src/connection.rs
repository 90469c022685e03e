//! One established connection: who is at the other end, its streams, and how it ends.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use concordat_protocol::key::PublicKey;
use quinn::{ConnectionError, VarInt};
use tokio::time::Instant;

use crate::Party;
use crate::error::{Alert, CloseCode, CloseReason, FrameError, NetError};
use crate::frame::{FrameReceiver, FrameSender, Priority};
use crate::options::EndpointOptions;

/// How long an end may keep an acknowledgement back (RFC 9000 §18.2), and some more.
const ACK_DELAY: Duration = Duration::from_millis(30);

/// A connection whose two ends have proven their keys, admitted each other and greeted.
#[derive(Debug)]
pub struct Established {
    /// The connection itself.
    pub connection: Connection,
    /// Sends on the control stream.
    pub sender: FrameSender,
    /// Receives on the control stream.
    pub receiver: FrameReceiver,
}

/// A handle to a connection. It ends when the last handle, sender and receiver of it is dropped.
#[derive(Clone)]
pub struct Connection(Arc<Link>);

impl Connection {
    /// The key that the other end has proven to hold.
    #[must_use]
    pub fn peer_key(&self) -> PublicKey {
        self.0.peer_key
    }

    /// What the connection is for.
    #[must_use]
    pub fn party(&self) -> Party {
        self.0.party
    }

    /// Whether this end opened it.
    #[must_use]
    pub fn is_dialled(&self) -> bool {
        self.0.dialled
    }

    /// Where the other end is.
    #[must_use]
    pub fn remote_address(&self) -> SocketAddr {
        self.0.quic.remote_address()
    }

    /// Opens a stream for one request. Waits while the other end allows no further stream.
    ///
    /// # Errors
    /// [`FrameError::Lost`].
    pub async fn open_request(&self) -> Result<(FrameSender, FrameReceiver), FrameError> {
        let (sending, receiving) = match self.0.quic.open_bi().await {
            Ok(streams) => streams,
            Err(error) => return Err(FrameError::Lost(self.0.reason_of(&error))),
        };
        Ok((
            FrameSender::new(sending, &self.0),
            FrameReceiver::new(receiving, &self.0, None),
        ))
    }

    /// Takes the next stream that the other end opens; `None` when the connection has ended. Its
    /// first frame must begin within the header deadline.
    // spec: TRN-17
    pub async fn accept_request(&self) -> Option<(FrameSender, FrameReceiver)> {
        let (sending, receiving) = self.0.quic.accept_bi().await.ok()?;
        let deadline = Instant::now() + self.0.options.header_deadline;
        Some((
            FrameSender::new(sending, &self.0),
            FrameReceiver::new(receiving, &self.0, Some(deadline)),
        ))
    }

    /// Closes the connection once what is under way has had time to arrive: QUIC paces data, and a word of
    /// farewell behind data that waits may never leave, so that the other end would learn no reason.
    pub async fn close_behind_data(&self, code: CloseCode, text: &str) {
        tokio::time::sleep(self.0.quic.rtt() * 2 + ACK_DELAY).await;
        self.close(code, text);
    }

    /// Ends the connection at once; what has not been acknowledged is lost. The text is for the
    /// other end's log and holds nothing that it may not know.
    pub fn close(&self, code: CloseCode, text: &str) {
        self.0.close(code, text);
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> CloseReason {
        let error = self.0.quic.closed().await;
        self.0.reason_of(&error)
    }

    /// How the connection ended, if it has.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        let error = self.0.quic.close_reason()?;
        Some(self.0.reason_of(&error))
    }

    /// Figures for operators.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let stats = self.0.quic.stats();
        Stats {
            round_trip: stats.path.rtt,
            bytes_sent: stats.udp_tx.bytes,
            bytes_received: stats.udp_rx.bytes,
            packets_lost: stats.path.lost_packets,
            congestion_events: stats.path.congestion_events,
        }
    }

    pub(crate) const fn from_link(link: Arc<Link>) -> Self {
        Self(link)
    }

    pub(crate) const fn link(&self) -> &Arc<Link> {
        &self.0
    }

    /// Opens the control stream and exchanges greetings on it. When this returns, the other end has
    /// admitted this one: a refusal that comes after this end's part of the handshake shows here.
    // spec: TRN-13
    pub(crate) async fn greet(&self) -> Result<Established, NetError> {
        let lost = |error| greeting_failed(FrameError::Lost(self.0.reason_of(&error)));
        let (sending, receiving) = if self.0.dialled {
            self.0.quic.open_bi().await.map_err(lost)?
        } else {
            self.0.quic.accept_bi().await.map_err(lost)?
        };
        let deadline = Instant::now() + self.0.options.header_deadline;
        let mut sender = FrameSender::new(sending, &self.0);
        let mut receiver = FrameReceiver::new(receiving, &self.0, Some(deadline));
        let greeting = self.0.party.protocol();
        if self.0.dialled {
            sender.send(greeting).await.map_err(greeting_failed)?;
        }
        let answer = receiver.next(greeting.len()).await;
        if answer.map_err(greeting_failed)?.as_deref() != Some(greeting) {
            return Err(NetError::NoGreeting);
        }
        if !self.0.dialled {
            sender.send(greeting).await.map_err(greeting_failed)?;
        }
        sender
            .set_priority(Priority::Control)
            .map_err(greeting_failed)?;
        Ok(Established {
            connection: self.clone(),
            sender,
            receiver,
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a connection has carried, and how well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Time to the other end and back, as estimated now.
    pub round_trip: Duration,
    /// Bytes of UDP payload sent.
    pub bytes_sent: u64,
    /// Bytes of UDP payload received.
    pub bytes_received: u64,
    /// Packets that this end sent and holds lost.
    pub packets_lost: u64,
    /// Times at which the congestion controller slowed down.
    pub congestion_events: u64,
}

/// What the handles, senders and receivers of one connection share.
pub(crate) struct Link {
    quic: quinn::Connection,
    peer_key: PublicKey,
    party: Party,
    dialled: bool,
    options: Arc<EndpointOptions>,
    /// The code that this end closed with, which the library does not keep.
    closed_with: OnceLock<CloseCode>,
}

impl Link {
    pub(crate) fn new(
        quic: quinn::Connection,
        (peer_key, party): (PublicKey, Party),
        dialled: bool,
        options: Arc<EndpointOptions>,
    ) -> Arc<Self> {
        Arc::new(Self {
            quic,
            peer_key,
            party,
            dialled,
            options,
            closed_with: OnceLock::new(),
        })
    }

    pub(crate) const fn peer_key(&self) -> PublicKey {
        self.peer_key
    }

    pub(crate) const fn is_dialled(&self) -> bool {
        self.dialled
    }

    pub(crate) const fn party(&self) -> Party {
        self.party
    }

    pub(crate) fn options(&self) -> &EndpointOptions {
        &self.options
    }

    pub(crate) fn is_open(&self) -> bool {
        self.quic.close_reason().is_none()
    }

    pub(crate) fn close(&self, code: CloseCode, text: &str) {
        self.closed_with.get_or_init(|| code);
        self.quic.close(wire_code(code), text.as_bytes());
    }

    pub(crate) fn reason_of(&self, error: &ConnectionError) -> CloseReason {
        let here = self.closed_with.get().copied();
        close_reason(error, here.unwrap_or(CloseCode::SHUTDOWN))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close(CloseCode::DONE, "");
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer_key", &self.peer_key)
            .field("party", &self.party)
            .field("dialled", &self.dialled)
            .finish_non_exhaustive()
    }
}

pub(crate) fn wire_code(code: CloseCode) -> VarInt {
    VarInt::from_u32(code.as_u32())
}

/// Says in our words how a connection ended; `here` is the code that this end closed with, if it
/// was this end.
pub(crate) fn close_reason(error: &ConnectionError, here: CloseCode) -> CloseReason {
    match error {
        ConnectionError::LocallyClosed => CloseReason::Here(here),
        ConnectionError::ApplicationClosed(close) => {
            CloseReason::There(CloseCode::from_wire(close.error_code.into_inner()))
        }
        ConnectionError::ConnectionClosed(close) => {
            let code = u64::from(close.error_code);
            alert_in(code).map_or(CloseReason::Abandoned(code), CloseReason::Refused)
        }
        ConnectionError::TransportError(error) => CloseReason::Violation(u64::from(error.code)),
        ConnectionError::Reset => CloseReason::Forgotten,
        ConnectionError::TimedOut => CloseReason::Idle,
        // Neither can befall a connection that is established.
        ConnectionError::VersionMismatch | ConnectionError::CidsExhausted => {
            CloseReason::Abandoned(0)
        }
    }
}

/// The TLS alert inside a QUIC error code (RFC 9001 §4.8).
pub(crate) fn alert_in(code: u64) -> Option<Alert> {
    let number = u8::try_from(code.checked_sub(CRYPTO_ERRORS)?).ok()?;
    Alert::from_number(number)
}

/// The first of the 256 QUIC error codes that stand for TLS alerts.
pub(crate) const CRYPTO_ERRORS: u64 = 0x100;

fn greeting_failed(error: FrameError) -> NetError {
    match error {
        FrameError::Lost(CloseReason::Refused(alert)) => NetError::RefusedByOther(alert),
        FrameError::Lost(reason) => NetError::Lost(reason),
        FrameError::Deadline => NetError::Deadline,
        FrameError::Empty
        | FrameError::TooLong { .. }
        | FrameError::Truncated
        | FrameError::Reset(_)
        | FrameError::Stopped(_)
        | FrameError::Finished => NetError::Greeting(error),
    }
}
