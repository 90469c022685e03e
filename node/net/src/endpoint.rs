//! One UDP socket: dials, accepts, keeps the limits, and cuts off what is no longer admitted.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use concordat_protocol::key::PublicKey;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, ConnectError, Connecting, ConnectionError, EndpointConfig, IdleTimeout, Incoming,
    ServerConfig, TokioRuntime, TransportConfig, VarInt,
};
use quinn_proto::HashedConnectionIdGenerator;
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustls::crypto::CryptoProvider;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::connection::{
    CRYPTO_ERRORS, Connection, Established, Link, alert_in, close_reason, wire_code,
};
use crate::error::{CloseCode, NetError, Refusal};
use crate::identity::Identity;
use crate::live::{Live, Slot};
use crate::options::EndpointOptions;
use crate::tls::{self, Judge};
use crate::{Admission, Party};

/// A QUIC endpoint. Dropping it closes all its connections.
pub struct Endpoint {
    shared: Arc<Shared>,
    inbound: Mutex<mpsc::Receiver<Inbound>>,
}

/// A connection attempt from elsewhere, and what became of it.
#[derive(Debug)]
pub struct Inbound {
    /// Where it came from.
    pub remote_address: SocketAddr,
    /// The connection, or why there is none.
    pub result: Result<Established, NetError>,
}

/// What happened to connection attempts from elsewhere since the endpoint was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Established.
    pub established: u64,
    /// Refused or failed.
    pub failed: u64,
    /// Asked to prove their address.
    pub retried: u64,
}

impl Endpoint {
    /// Opens an endpoint that dials and accepts. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`NetError::Bind`] or [`NetError::Options`].
    pub fn bind(
        address: SocketAddr,
        identity: Arc<Identity>,
        admission: Arc<dyn Admission>,
        options: EndpointOptions,
    ) -> Result<Self, NetError> {
        Self::on_socket(bound(address)?, identity, admission, options)
    }

    /// As [`Self::bind`], on a socket that is open already.
    ///
    /// # Errors
    /// [`NetError::Bind`] or [`NetError::Options`].
    pub fn on_socket(
        socket: UdpSocket,
        identity: Arc<Identity>,
        admission: Arc<dyn Admission>,
        options: EndpointOptions,
    ) -> Result<Self, NetError> {
        let shared = Shared::open(socket, identity, admission, options, true)?;
        let (results, inbound) = mpsc::channel(INBOUND_QUEUE);
        tokio::spawn(accept_all(Arc::clone(&shared), results));
        Ok(Self {
            shared,
            inbound: Mutex::new(inbound),
        })
    }

    /// Opens an endpoint that only dials, as an administrator's tool does. As peer it is admitted
    /// nowhere and admits no one.
    ///
    /// # Errors
    /// [`NetError::Bind`] or [`NetError::Options`].
    pub fn dialer(
        address: SocketAddr,
        identity: Arc<Identity>,
        options: EndpointOptions,
    ) -> Result<Self, NetError> {
        let shared = Shared::open(bound(address)?, identity, Arc::new(Nobody), options, false)?;
        let (_, inbound) = mpsc::channel(1);
        Ok(Self {
            shared,
            inbound: Mutex::new(inbound),
        })
    }

    /// The address of the socket.
    ///
    /// # Errors
    /// [`NetError::LocalAddress`].
    pub fn local_addr(&self) -> Result<SocketAddr, NetError> {
        self.shared
            .quic
            .local_addr()
            .map_err(|error| NetError::LocalAddress(error.kind()))
    }

    /// Dials the holder of one key. When this returns a connection, the other end has admitted this
    /// one too.
    ///
    /// # Errors
    /// Any variant of [`NetError`] but [`NetError::Bind`].
    // spec: TRN-12
    pub async fn connect(
        &self,
        address: SocketAddr,
        expected: PublicKey,
        party: Party,
    ) -> Result<Established, NetError> {
        let shared = &self.shared;
        let judge = Judge::dialer(Arc::clone(&shared.admission), expected, party);
        let config = shared.dialer_config(&judge, party);
        let connecting = shared
            .quic
            .connect_with(config, address, SERVER_NAME)
            .map_err(|error| match error {
                ConnectError::EndpointStopping => NetError::Closed,
                ConnectError::CidsExhausted => NetError::Busy,
                ConnectError::InvalidRemoteAddress(_)
                | ConnectError::InvalidServerName(_)
                | ConnectError::NoDefaultClientConfig
                | ConnectError::UnsupportedVersion => NetError::Address(address),
            })?;
        let deadline = shared.options.handshake_deadline;
        timeout(deadline, shared.establish(connecting, &judge, true))
            .await
            .unwrap_or(Err(NetError::Deadline))
    }

    /// Waits for the next connection attempt from elsewhere that has come to its end, good or bad;
    /// `None` when the endpoint is closed. When nobody waits, bad ones are forgotten and good ones
    /// count as handshakes under way.
    pub async fn accept(&self) -> Option<Inbound> {
        self.inbound.lock().await.recv().await
    }

    /// Asks again about every live connection, and closes those no longer admitted. To be called
    /// after every change of what [`Admission`] answers; when it returns, nothing more is read from
    /// them or sent to them.
    ///
    /// Returns how many were closed.
    // spec: TRN-9
    pub fn recheck(&self) -> usize {
        let mut closed = 0;
        for connection in self.shared.live.connections() {
            if !self.shared.admits(connection.link()) {
                connection.close(CloseCode::REVOKED, "");
                closed += 1;
            }
        }
        closed
    }

    /// The live connections, those that this end opened and those that others did.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.live.connections()
    }

    /// Shows another certificate from the next handshake on. Live connections stay as they are.
    pub fn replace_identity(&self, identity: Arc<Identity>) {
        *self
            .shared
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// What happened to connection attempts from elsewhere.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let counts = &self.shared.counts;
        Counters {
            established: counts.established.load(Ordering::Relaxed),
            failed: counts.failed.load(Ordering::Relaxed),
            retried: counts.retried.load(Ordering::Relaxed),
        }
    }

    /// Closes all connections with [`CloseCode::SHUTDOWN`] and accepts no more.
    pub fn close(&self) {
        self.shared.quic.close(wire_code(CloseCode::SHUTDOWN), b"");
    }

    /// Waits, after [`close`](Self::close), until the other ends have been told. Takes about three
    /// round trips.
    pub async fn drained(&self) {
        self.shared.quic.wait_idle().await;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("quic", &self.shared.quic)
            .finish_non_exhaustive()
    }
}

/// The name that QUIC wants for the other end. It is never sent: keys are the names.
const SERVER_NAME: &str = "concordat.invalid";

fn bound(address: SocketAddr) -> Result<UdpSocket, NetError> {
    UdpSocket::bind(address).map_err(|error| cannot_bind(address, &error))
}

fn cannot_bind(address: SocketAddr, error: &std::io::Error) -> NetError {
    NetError::Bind {
        address,
        kind: error.kind(),
    }
}

/// Results of connection attempts that wait for [`Endpoint::accept`].
const INBOUND_QUEUE: usize = 64;

/// What the endpoint, its accept loop and its handshakes share.
struct Shared {
    quic: quinn::Endpoint,
    provider: Arc<CryptoProvider>,
    identity: RwLock<Arc<Identity>>,
    admission: Arc<dyn Admission>,
    options: Arc<EndpointOptions>,
    dialer_transport: Arc<TransportConfig>,
    /// Everything about accepting but the TLS part, which each handshake has for itself.
    acceptor: Option<ServerConfig>,
    live: Arc<Live>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    established: AtomicU64,
    failed: AtomicU64,
    retried: AtomicU64,
}

impl Shared {
    fn open(
        socket: UdpSocket,
        identity: Arc<Identity>,
        admission: Arc<dyn Admission>,
        options: EndpointOptions,
        accepts: bool,
    ) -> Result<Arc<Self>, NetError> {
        let provider = tls::provider();
        let dialer_transport = Arc::new(transport(&options, options.keep_alive)?);
        let acceptor = if accepts {
            let judge = Judge::acceptor(Arc::new(Nobody));
            let crypto = quic_acceptor(&provider, &identity, &judge);
            Some(acceptor(
                crypto,
                Arc::new(transport(&options, None)?),
                &options,
            ))
        } else {
            None
        };
        widen(&socket);
        let address = socket.local_addr();
        let address = address.map_err(|error| NetError::LocalAddress(error.kind()))?;
        let quic = quinn::Endpoint::new(
            endpoint_config(&identity),
            acceptor.clone(),
            socket,
            Arc::new(TokioRuntime),
        )
        .map_err(|error| cannot_bind(address, &error))?;
        Ok(Arc::new(Self {
            quic,
            provider,
            identity: RwLock::new(identity),
            admission,
            options: Arc::new(options),
            dialer_transport,
            acceptor,
            live: Arc::default(),
            counts: Counts::default(),
        }))
    }

    fn identity(&self) -> Arc<Identity> {
        let identity = self.identity.read();
        Arc::clone(&identity.unwrap_or_else(PoisonError::into_inner))
    }

    fn dialer_config(&self, judge: &Arc<Judge>, party: Party) -> ClientConfig {
        let tls = tls::dialer_config(&self.provider, &self.identity(), judge, party);
        let crypto = QuicClientConfig::try_from(tls)
            .expect("the provider has the suite that QUIC begins with");
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::clone(&self.dialer_transport));
        config
    }

    fn acceptor_config(&self, judge: &Arc<Judge>) -> Option<Arc<ServerConfig>> {
        let mut config = self.acceptor.clone()?;
        config.crypto = quic_acceptor(&self.provider, &self.identity(), judge);
        Some(Arc::new(config))
    }

    /// Whether a connection may stay. See [`Judge`]: it asks in the same way.
    fn admits(&self, link: &Link) -> bool {
        (link.is_dialled() && link.party() == Party::Administrator)
            || self.admission.admit(&link.peer_key(), link.party())
    }

    async fn establish(
        &self,
        connecting: Connecting,
        judge: &Judge,
        dialled: bool,
    ) -> Result<Established, NetError> {
        let quic = connecting
            .await
            .map_err(|error| handshake_error(&error, judge))?;
        let accepted = judge
            .accepted()
            .ok_or(NetError::Refused(Refusal::NoCertificate))?;
        let link = Link::new(quic, accepted, dialled, Arc::clone(&self.options));
        self.live
            .register(&link, &self.options)
            .map_err(|refusal| {
                link.close(CloseCode::TOO_MANY, "");
                NetError::Refused(refusal)
            })?;
        // A change of admission between the judge's answer and the table's knowledge of the
        // connection would otherwise be missed by `recheck`.
        if !self.admits(&link) {
            link.close(CloseCode::REVOKED, "");
            let key = link.peer_key().id();
            let party = link.party();
            return Err(NetError::Refused(Refusal::NotAdmitted { key, party }));
        }
        let connection = Connection::from_link(link);
        let greeted = connection.greet().await;
        if greeted.is_err() {
            connection.close(CloseCode::GREETING, "");
        }
        greeted
    }

    /// Takes one connection attempt to its end.
    async fn receive(&self, incoming: Incoming) -> Result<Established, NetError> {
        let judge = Judge::acceptor(Arc::clone(&self.admission));
        let Some(config) = self.acceptor_config(&judge) else {
            return Err(NetError::Closed);
        };
        let connecting = incoming
            .accept_with(config)
            .map_err(|error| handshake_error(&error, &judge))?;
        timeout(
            self.options.handshake_deadline,
            self.establish(connecting, &judge, false),
        )
        .await
        .unwrap_or(Err(NetError::Deadline))
    }

    fn count(&self, result: &Result<Established, NetError>) {
        let count = match result {
            Ok(_) => &self.counts.established,
            Err(_) => &self.counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The accept loop: it never waits for a handshake, and ends with the endpoint.
async fn accept_all(shared: Arc<Shared>, results: mpsc::Sender<Inbound>) {
    while let Some(incoming) = shared.quic.accept().await {
        let remote_address = incoming.remote_address();
        // spec: TRN-11
        if !incoming.remote_address_validated()
            && shared.live.handshakes() >= shared.options.retry_threshold
        {
            shared.counts.retried.fetch_add(1, Ordering::Relaxed);
            // Cannot fail: an address that is not validated has not been asked before.
            let _ = incoming.retry();
            continue;
        }
        let source = remote_address.ip().to_canonical();
        match shared.live.begin(source, &shared.options) {
            Ok(slot) => {
                let handshake = handshake(Arc::clone(&shared), incoming, slot, results.clone());
                tokio::spawn(handshake);
            }
            Err(refusal) => {
                incoming.refuse();
                let result = Err(NetError::Refused(refusal));
                report(&shared, &results, remote_address, result);
            }
        }
    }
}

async fn handshake(
    shared: Arc<Shared>,
    incoming: Incoming,
    slot: Slot,
    results: mpsc::Sender<Inbound>,
) {
    let remote_address = incoming.remote_address();
    let result = shared.receive(incoming).await;
    if result.is_err() {
        report(&shared, &results, remote_address, result);
        return;
    }
    shared.count(&result);
    let inbound = Inbound {
        remote_address,
        result,
    };
    // Refused only when the endpoint has been dropped; the connection then ends with it.
    let _ = results.send(inbound).await;
    drop(slot);
}

/// Tells of a failure, unless nobody listens: a flood of failures must not fill memory.
fn report(
    shared: &Shared,
    results: &mpsc::Sender<Inbound>,
    remote_address: SocketAddr,
    result: Result<Established, NetError>,
) {
    shared.count(&result);
    if let Err(error) = &result {
        tracing::debug!(%remote_address, %error, "connection attempt failed");
    }
    let _ = results.try_send(Inbound {
        remote_address,
        result,
    });
}

/// Asks for room for the packets of a burst: with the system's default a fast sender loses thousands
/// of packets a GiB at this end, and must send them again. The system caps the wish without a word.
fn widen(socket: &UdpSocket) {
    let bytes = EndpointOptions::SOCKET_BUFFER_BYTES;
    let widened = set_socket_recv_buffer_size(socket, bytes)
        .and_then(|()| set_socket_send_buffer_size(socket, bytes));
    if let Err(error) = widened {
        tracing::debug!(%error, "socket buffers stay as they are");
    }
}

/// Admits no one.
struct Nobody;

impl Admission for Nobody {
    fn admit(&self, _key: &PublicKey, _party: Party) -> bool {
        false
    }
}

/// After a crash the other ends still send on connections that this end no longer knows. A token
/// that they can check tells them so at once; otherwise they would wait for the idle limit.
// spec: TRN-20
fn endpoint_config(identity: &Identity) -> EndpointConfig {
    let resets = identity.resets();
    let ids = ring::hmac::sign(resets, b"connection identifiers");
    let ids = ids.as_ref().first_chunk().copied().unwrap_or_default();
    let mut config = EndpointConfig::new(Arc::new(resets.clone()));
    // Identifiers of an earlier life must be known as ours, or they are passed over.
    config.cid_generator(move || {
        Box::new(HashedConnectionIdGenerator::from_key(u64::from_be_bytes(
            ids,
        )))
    });
    config
}

fn quic_acceptor(
    provider: &Arc<CryptoProvider>,
    identity: &Identity,
    judge: &Arc<Judge>,
) -> Arc<QuicServerConfig> {
    let tls = tls::acceptor_config(provider, identity, judge);
    Arc::new(
        QuicServerConfig::try_from(tls).expect("the provider has the suite that QUIC begins with"),
    )
}

// spec: TRN-14
fn acceptor(
    crypto: Arc<QuicServerConfig>,
    transport: Arc<TransportConfig>,
    options: &EndpointOptions,
) -> ServerConfig {
    let mut config = ServerConfig::with_crypto(crypto);
    config
        .transport_config(transport)
        .migration(false)
        .max_incoming(options.handshakes_max)
        .incoming_buffer_size(EndpointOptions::ATTEMPT_BYTES_MAX)
        .incoming_buffer_size_total(EndpointOptions::ATTEMPT_BYTES_TOTAL_MAX);
    config.validation_token.sent(0);
    config
}

// spec: TRN-14
fn transport(
    options: &EndpointOptions,
    keep_alive: Option<std::time::Duration>,
) -> Result<TransportConfig, NetError> {
    let idle = IdleTimeout::try_from(options.idle).map_err(|_| NetError::Options)?;
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(options.streams_max))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .receive_window(VarInt::from_u32(options.receive_window))
        .stream_receive_window(VarInt::from_u32(options.stream_receive_window))
        .send_window(options.send_window)
        .datagram_receive_buffer_size(None)
        .crypto_buffer_size(EndpointOptions::CRYPTO_BUFFER_BYTES)
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(keep_alive)
        .allow_spin(false);
    Ok(config)
}

/// Says in our words why a handshake failed. What the judge noted is more exact than what QUIC
/// knows.
fn handshake_error(error: &ConnectionError, judge: &Judge) -> NetError {
    if let Some(refusal) = judge.refusal() {
        return NetError::Refused(refusal);
    }
    let code = match error {
        ConnectionError::TransportError(error) => u64::from(error.code),
        ConnectionError::ConnectionClosed(close) => u64::from(close.error_code),
        ConnectionError::TimedOut => return NetError::Deadline,
        ConnectionError::VersionMismatch => return NetError::NoCommonProtocol,
        ConnectionError::ApplicationClosed(_)
        | ConnectionError::Reset
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => {
            return NetError::Lost(close_reason(error, CloseCode::SHUTDOWN));
        }
    };
    let here = matches!(error, ConnectionError::TransportError(_));
    match code {
        CONNECTION_REFUSED if !here => NetError::Busy,
        NO_APPLICATION_PROTOCOL => NetError::NoCommonProtocol,
        CERTIFICATE_REQUIRED if here => NetError::Refused(Refusal::NoCertificate),
        _ => match alert_in(code) {
            Some(alert) if !here => NetError::RefusedByOther(alert),
            Some(_) | None => NetError::Lost(close_reason(error, CloseCode::SHUTDOWN)),
        },
    }
}

/// RFC 9000 §20.1.
const CONNECTION_REFUSED: u64 = 0x2;
/// The TLS alert 120 (RFC 7301 §3.2).
const NO_APPLICATION_PROTOCOL: u64 = CRYPTO_ERRORS + 120;
/// The TLS alert 116 (RFC 8446 §6.2).
const CERTIFICATE_REQUIRED: u64 = CRYPTO_ERRORS + 116;
