//! A TLS client with a key of its own that shows whatever certificate it is told to.

use std::net::SocketAddr;
use std::sync::Arc;

use concordat_tests::processes::{Failure, own_host};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::time::timeout;

use crate::SOON;

/// The first of the QUIC error codes that stand for TLS alerts (RFC 9001 §4.8).
const CRYPTO_ERRORS: u64 = 0x100;

/// The client.
pub(crate) struct Stranger {
    endpoint: quinn::Endpoint,
    key: Arc<dyn SigningKey>,
}

impl Stranger {
    pub(crate) fn new(key: &ed25519_dalek::SigningKey) -> Result<Self, Failure> {
        let private = key.to_pkcs8_der().map_err(Failure::of("a private key"))?;
        let private = PrivatePkcs8KeyDer::from(private.as_bytes().to_vec());
        let key = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::from(private));
        let address = SocketAddr::from((own_host(), 0));
        let endpoint = quinn::Endpoint::client(address);
        Ok(Self {
            endpoint: endpoint.map_err(Failure::of("an endpoint"))?,
            key: key.map_err(Failure::of("a key"))?,
        })
    }

    /// Shows a certificate to a node and gives the alert that the node ends the connection with.
    pub(crate) async fn show(
        &self,
        node: SocketAddr,
        certificate: Vec<u8>,
    ) -> Result<u64, Failure> {
        let connecting = self
            .endpoint
            .connect_with(self.config(certificate)?, node, "stranger")
            .map_err(Failure::of("dialling"))?;
        let ended = async {
            match connecting.await {
                Ok(connection) => connection.closed().await,
                Err(error) => error,
            }
        };
        let error = timeout(SOON, ended).await;
        let error = error.map_err(Failure::of("the end of a refused connection"))?;
        if let quinn::ConnectionError::ConnectionClosed(close) = &error
            && let Some(alert) = u64::from(close.error_code).checked_sub(CRYPTO_ERRORS)
        {
            return Ok(alert);
        }
        Err(Failure::new(format!("ended without an alert: {error}")))
    }

    fn config(&self, certificate: Vec<u8>) -> Result<quinn::ClientConfig, Failure> {
        let chain = vec![CertificateDer::from(certificate)];
        let certified = CertifiedKey::new(chain, Arc::clone(&self.key));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(Failure::of("TLS 1.3"))?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Credulous))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"concordat/1".to_vec()];
        let quic = QuicClientConfig::try_from(config).map_err(Failure::of("QUIC"))?;
        Ok(quinn::ClientConfig::new(Arc::new(quic)))
    }
}

/// Trusts any node: the certificate under test is the client's.
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
