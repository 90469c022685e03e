//! Other ends that do not keep to the transport: spoken to with the bare QUIC library.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use concordat_certs::certificate::{self, CertificateError};
use concordat_net::{
    Alert, CloseCode, CloseReason, Endpoint, EndpointOptions, Established, FrameError, NetError,
    Party, Refusal,
};

use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, SignatureAlgorithm, SignatureScheme};

use crate::support::{
    ANY_PORT, Registry, attempt, certificate, endpoint, endpoint_with, private_der, public,
};

/// A connection from a bare client with the key 1, which has greeted, to an endpoint with the key 2.
pub(crate) async fn raw_pair() -> (quinn::Connection, Endpoint, Established) {
    raw_pair_with(EndpointOptions::default()).await
}

pub(crate) async fn raw_pair_with(
    options: EndpointOptions,
) -> (quinn::Connection, Endpoint, Established) {
    let acceptor = endpoint_with(2, &Registry::of_peers(&[1]), options);
    let connecting = dial(&acceptor, config(Some(good()), &[b"concordat/1"]));
    let (raw, inbound) = tokio::join!(
        async {
            let raw = connecting.await.unwrap();
            let (mut sending, mut receiving) = raw.open_bi().await.unwrap();
            sending.write_all(GREETING).await.unwrap();
            let mut answer = [0; GREETING.len()];
            receiving.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, GREETING);
            // Dropping them would end the control stream; nobody minds, but it is not the subject.
            std::mem::forget((sending, receiving));
            raw
        },
        acceptor.accept()
    );
    let far = inbound.unwrap().result.unwrap();
    (raw, acceptor, far)
}

// spec: TRN-13
const GREETING: &[u8; 15] = b"\0\0\0\x0bconcordat/1";

fn good() -> CertifiedKey {
    certified(certificate(1), private_der(1))
}

fn certified(certificate: Vec<u8>, private_key: Vec<u8>) -> CertifiedKey {
    let private_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(private_key));
    let key = rustls::crypto::ring::sign::any_supported_type(&private_key).unwrap();
    CertifiedKey::new(vec![CertificateDer::from(certificate)], key)
}

/// A client that trusts anyone.
fn config(certified: Option<CertifiedKey>, protocols: &[&[u8]]) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous));
    let mut config = match certified {
        Some(certified) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config
}

fn dial(acceptor: &Endpoint, config: rustls::ClientConfig) -> quinn::Connecting {
    let quic = QuicClientConfig::try_from(config).unwrap();
    let endpoint = quinn::Endpoint::client(ANY_PORT).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(quic));
    endpoint
        .connect_with(config, acceptor.local_addr().unwrap(), "stranger")
        .unwrap()
}

/// What the acceptor says about a client with this configuration.
async fn judged(config: rustls::ClientConfig) -> NetError {
    let acceptor = endpoint(2, &Registry::of_peers(&[1]));
    let connecting = dial(&acceptor, config);
    let (raw, inbound) = tokio::join!(
        async {
            let raw = connecting.await?;
            Err::<(), _>(raw.closed().await)
        },
        acceptor.accept()
    );
    assert!(raw.is_err());
    inbound.unwrap().result.unwrap_err()
}

// spec: TRN-2
#[tokio::test]
async fn acceptor_refuses_a_client_without_a_certificate() {
    let refused = judged(config(None, &[b"concordat/1"])).await;
    assert_eq!(refused, NetError::Refused(Refusal::NoCertificate));
}

// spec: TRN-1
#[tokio::test]
async fn acceptor_refuses_other_protocols_none_and_several() {
    let none: [&[u8]; 0] = [];
    for protocols in [&[b"concordat/2".as_slice()][..], &[b"h3"], &none] {
        let refused = judged(config(Some(good()), protocols)).await;
        assert_eq!(refused, NetError::NoCommonProtocol);
    }
    let both: [&[u8]; 2] = [b"concordat/1", b"concordat-admin/1"];
    let refused = judged(config(Some(good()), &both)).await;
    assert_eq!(refused, NetError::Refused(Refusal::SeveralProtocols));
}

/// A client that holds to TLS finds no scheme that the acceptor takes, and shows no certificate.
// spec: TRN-5
#[tokio::test]
async fn acceptor_refuses_an_ecdsa_client() {
    let ecdsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default()
        .self_signed(&ecdsa)
        .unwrap();
    let honest = certified(certificate.der().to_vec(), ecdsa.serialize_der());
    let refused = judged(config(Some(honest), &[b"concordat/1"])).await;
    assert_eq!(refused, NetError::Refused(Refusal::NoCertificate));
    // One that does not hold to it shows the certificate with a signature of another key.
    let own = good().key;
    let lying = CertifiedKey::new(vec![certificate.der().clone()], own);
    let refused = judged(config(Some(lying), &[b"concordat/1"])).await;
    let refusal = Refusal::Certificate(CertificateError::NotEd25519);
    assert_eq!(refused, NetError::Refused(refusal));
}

// spec: TRN-5
#[tokio::test]
async fn dialer_refuses_an_ecdsa_server() {
    let ecdsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default()
        .self_signed(&ecdsa)
        .unwrap();
    let honest = certified(certificate.der().to_vec(), ecdsa.serialize_der());
    let no_scheme = Alert::Other(HANDSHAKE_FAILURE);
    assert_eq!(dialled(honest).await, NetError::RefusedByOther(no_scheme));
    let lying = CertifiedKey::new(vec![certificate.der().clone()], good().key);
    let refusal = Refusal::Certificate(CertificateError::NotEd25519);
    assert_eq!(dialled(lying).await, NetError::Refused(refusal));
}

/// The TLS alert by which a server says that no signature scheme suits it.
const HANDSHAKE_FAILURE: u8 = 40;

/// What the dialer says about a server that shows this certificate.
async fn dialled(certified: CertifiedKey) -> NetError {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    tls.alpn_protocols = vec![b"concordat/1".to_vec()];
    let quic = quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap();
    let config = quinn::ServerConfig::with_crypto(Arc::new(quic));
    let server = quinn::Endpoint::server(config, ANY_PORT).unwrap();
    let dialer = endpoint(3, &Registry::of_peers(&[1]));
    let address = server.local_addr().unwrap();
    let (result, _) = tokio::join!(dialer.connect(address, public(1), Party::Peer), async {
        server.accept().await.unwrap().await.ok()
    });
    result.unwrap_err()
}

// spec: TRN-5
#[tokio::test]
async fn certificate_chains_are_refused() {
    let mut chain = good();
    chain.cert.push(CertificateDer::from(certificate(3)));
    let refused = judged(config(Some(chain.clone()), &[b"concordat/1"])).await;
    let refusal = NetError::Refused(Refusal::Chain { extra: 1 });
    assert_eq!(refused, refusal);
    assert_eq!(dialled(chain).await, refusal);
}

/// The certificate of a member, shown by one who does not hold its key.
// spec: TRN-6
#[tokio::test]
async fn certificate_without_its_key_is_refused() {
    let stolen = || {
        let key = certified(certificate(3), private_der(3)).key;
        CertifiedKey::new(vec![CertificateDer::from(certificate(1))], key)
    };
    let refusal = NetError::Refused(Refusal::NotProven {
        key: public(1).id(),
    });
    let refused = judged(config(Some(stolen()), &[b"concordat/1"])).await;
    assert_eq!(refused, refusal);
    assert_eq!(dialled(stolen()).await, refusal);
}

/// As above, but the signature is of another scheme than the one that was offered.
// spec: TRN-6
#[tokio::test]
async fn handshake_signature_of_another_scheme_is_refused() {
    let key = Arc::new(WrongScheme(good().key));
    let certified = CertifiedKey::new(vec![CertificateDer::from(certificate(1))], key);
    let refused = judged(config(Some(certified), &[b"concordat/1"])).await;
    let refusal = Refusal::NotProven {
        key: public(1).id(),
    };
    assert_eq!(refused, NetError::Refused(refusal));
}

// spec: TRN-13
#[tokio::test]
async fn acceptor_refuses_a_wrong_greeting() {
    let wrong: [(&[u8], NetError); 4] = [
        (b"\0\0\0\x0bconcordat/2", NetError::NoGreeting),
        (b"\0\0\0\x01c", NetError::NoGreeting),
        (b"\0\0\0\0", NetError::Greeting(FrameError::Empty)),
        (
            b"\0\0\0\x0c",
            NetError::Greeting(FrameError::TooLong {
                bytes: 12,
                limit: 11,
            }),
        ),
    ];
    for (bytes, expected) in wrong {
        let acceptor = endpoint(2, &Registry::of_peers(&[1]));
        let connecting = dial(&acceptor, config(Some(good()), &[b"concordat/1"]));
        let (code, inbound) = tokio::join!(
            async {
                let raw = connecting.await.unwrap();
                let (mut sending, _receiving) = raw.open_bi().await.unwrap();
                sending.write_all(bytes).await.unwrap();
                raw.closed().await
            },
            acceptor.accept()
        );
        assert_eq!(inbound.unwrap().result.unwrap_err(), expected);
        let quinn::ConnectionError::ApplicationClosed(close) = code else {
            panic!("{code:?}");
        };
        assert_eq!(close.error_code, CloseCode::GREETING.as_u32().into());
        assert!(close.reason.is_empty());
    }
}

// spec: TRN-12
#[tokio::test]
async fn acceptor_gives_up_on_a_client_that_does_not_greet() {
    let options = EndpointOptions {
        handshake_deadline: std::time::Duration::from_millis(200),
        ..EndpointOptions::default()
    };
    let acceptor = endpoint_with(2, &Registry::of_peers(&[1]), options);
    let connecting = dial(&acceptor, config(Some(good()), &[b"concordat/1"]));
    let (raw, inbound) = tokio::join!(connecting, acceptor.accept());
    assert_eq!(inbound.unwrap().result.unwrap_err(), NetError::Deadline);
    drop(raw);
    assert!(acceptor.connections().is_empty());
}

// spec: TRN-14
#[tokio::test]
async fn one_way_streams_and_datagrams_are_not_taken() {
    let (raw, _acceptor, far) = raw_pair().await;
    assert_eq!(raw.max_datagram_size(), None);
    let short = std::time::Duration::from_millis(20);
    let waited = tokio::time::timeout(short, raw.open_uni()).await;
    assert!(waited.is_err());
    raw.close(quinn::VarInt::MAX, b"");
    let there = CloseReason::There(CloseCode::from_u32(u32::MAX));
    assert_eq!(far.connection.closed().await, there);
}

/// No ticket is sent, so a client that would resume, with early data, cannot.
// spec: TRN-8
#[tokio::test]
async fn acceptor_gives_nothing_to_resume_with() {
    let acceptor = endpoint(2, &Registry::of_peers(&[1]));
    let store = Arc::new(CountingStore::default());
    let mut tls = config(Some(good()), &[b"concordat/1"]);
    let resumption = rustls::client::Resumption::store(Arc::clone(&store) as _);
    tls.resumption = resumption;
    tls.enable_early_data = true;
    let quic = QuicClientConfig::try_from(tls).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(quic));
    let client = quinn::Endpoint::client(ANY_PORT).unwrap();
    for _ in 0..2 {
        let address = acceptor.local_addr().unwrap();
        let connecting = client
            .connect_with(config.clone(), address, "stranger")
            .unwrap();
        let Err(connecting) = connecting.into_0rtt() else {
            panic!("early data is possible");
        };
        let (raw, inbound) = tokio::join!(
            async {
                let raw = connecting.await.unwrap();
                let (mut sending, mut receiving) = raw.open_bi().await.unwrap();
                sending.write_all(GREETING).await.unwrap();
                receiving.read_exact(&mut [0; 15]).await.unwrap();
                raw
            },
            acceptor.accept()
        );
        drop((raw, inbound.unwrap().result.unwrap()));
    }
    assert_eq!(store.tickets.load(Ordering::SeqCst), 0);
}

/// Malformed certificates in real handshakes; the verifier sees them all in the unit tests.
// spec: TRN-5
#[tokio::test]
async fn malformed_certificates_are_refused_in_the_handshake() {
    let good = certificate(1);
    for position in (0..good.len()).step_by(12) {
        let mut bad = good.clone();
        bad[position] ^= 0x11;
        let cause = certificate::key_of(&bad).unwrap_err();
        let certified = CertifiedKey::new(vec![CertificateDer::from(bad)], self::good().key);
        let refused = judged(config(Some(certified), &[b"concordat/1"])).await;
        let refusal = NetError::Refused(Refusal::Certificate(cause));
        assert_eq!(refused, refusal, "byte {position}");
    }
}

#[tokio::test]
async fn members_are_not_disturbed_by_strangers() {
    let registry = Registry::of_peers(&[1, 2]);
    let (dialer, acceptor) = (endpoint(1, &registry), endpoint(2, &registry));
    let noise = std::net::UdpSocket::bind(ANY_PORT).unwrap();
    for length in 0..1_400 {
        let bytes = vec![0xc3; length];
        let address = acceptor.local_addr().unwrap();
        noise.send_to(&bytes, address).unwrap();
    }
    let (near, far) = attempt(&dialer, &acceptor, 2, Party::Peer).await;
    assert!(near.is_ok() && far.is_ok());
}

/// Signs as Ed25519 does but names another scheme.
#[derive(Debug)]
struct WrongScheme(Arc<dyn SigningKey>);

impl SigningKey for WrongScheme {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn rustls::sign::Signer>> {
        let inner = self.0.choose_scheme(&[SignatureScheme::ED25519])?;
        Some(Box::new(WrongSigner(inner)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct WrongSigner(Box<dyn rustls::sign::Signer>);

impl rustls::sign::Signer for WrongSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.0.sign(message)
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// Counts the tickets that it is given.
#[derive(Debug, Default)]
struct CountingStore {
    tickets: AtomicUsize,
}

impl rustls::client::ClientSessionStore for CountingStore {
    fn set_kx_hint(&self, _server: ServerName<'static>, _group: rustls::NamedGroup) {}

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<rustls::NamedGroup> {
        None
    }

    fn set_tls12_session(
        &self,
        _server: ServerName<'static>,
        _value: rustls::client::Tls12ClientSessionValue,
    ) {
    }

    fn tls12_session(
        &self,
        _server: &ServerName<'_>,
    ) -> Option<rustls::client::Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {}

    fn insert_tls13_ticket(
        &self,
        _server: ServerName<'static>,
        _value: rustls::client::Tls13ClientSessionValue,
    ) {
        self.tickets.fetch_add(1, Ordering::SeqCst);
    }

    fn take_tls13_ticket(
        &self,
        _server: &ServerName<'static>,
    ) -> Option<rustls::client::Tls13ClientSessionValue> {
        None
    }
}
