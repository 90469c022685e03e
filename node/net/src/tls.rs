//! Mutual TLS 1.3 in which the pinned key is the identity.
//!
//! Each handshake has a [`Judge`] of its own: it sees which protocol was offered, judges the
//! certificate, asks [`Admission`], and keeps the exact reason of a refusal, of which the other end
//! learns only a TLS alert. There is no authority, no revocation list, no clock, no resumption and
//! no early data: every connection runs the judge.

use std::fmt;
use std::sync::{Arc, OnceLock};

use concordat_certs::certificate::{self, CertificateError};
use concordat_protocol::key::PublicKey;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError as TlsCertificateError, DigitallySignedStruct, DistinguishedName,
    PeerIncompatible, SignatureScheme,
};

use crate::error::Refusal;
use crate::identity::Identity;
use crate::{Admission, Party};

/// The cryptography of *ring*, reduced to TLS 1.3.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.tls13().is_some());
    Arc::new(provider)
}

/// The configuration of one outgoing handshake.
// spec: TRN-2
// spec: TRN-8
pub(crate) fn dialer_config(
    provider: &Arc<CryptoProvider>,
    identity: &Identity,
    judge: &Arc<Judge>,
    party: Party,
) -> rustls::ClientConfig {
    let own = SingleCertAndKey::from(Arc::clone(identity.certified()));
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has a TLS 1.3 suite and a key exchange")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(judge) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::new(own));
    config.alpn_protocols = vec![party.protocol().to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    config.enable_early_data = false;
    config
}

/// The configuration of one incoming handshake.
// spec: TRN-2
// spec: TRN-8
pub(crate) fn acceptor_config(
    provider: &Arc<CryptoProvider>,
    identity: &Identity,
    judge: &Arc<Judge>,
) -> rustls::ServerConfig {
    let presenter = Presenter {
        judge: Arc::clone(judge),
        certified: Arc::clone(identity.certified()),
    };
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has a TLS 1.3 suite and a key exchange")
        .with_client_cert_verifier(Arc::clone(judge) as Arc<dyn ClientCertVerifier>)
        .with_cert_resolver(Arc::new(presenter));
    config.alpn_protocols = [Party::Peer, Party::Administrator]
        .map(|party| party.protocol().to_vec())
        .to_vec();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.send_half_rtt_data = false;
    config
}

/// Decides about the other end of one handshake, and remembers what it decided.
pub(crate) struct Judge {
    admission: Arc<dyn Admission>,
    expected: Option<PublicKey>,
    party: OnceLock<Party>,
    key: OnceLock<PublicKey>,
    refusal: OnceLock<Refusal>,
}

impl Judge {
    /// For the end that dials: it knows whom, and as what.
    pub(crate) fn dialer(
        admission: Arc<dyn Admission>,
        expected: PublicKey,
        party: Party,
    ) -> Arc<Self> {
        Arc::new(Self {
            admission,
            expected: Some(expected),
            party: OnceLock::from(party),
            key: OnceLock::new(),
            refusal: OnceLock::new(),
        })
    }

    /// For the end that is dialled: it learns both.
    pub(crate) fn acceptor(admission: Arc<dyn Admission>) -> Arc<Self> {
        Arc::new(Self {
            admission,
            expected: None,
            party: OnceLock::new(),
            key: OnceLock::new(),
            refusal: OnceLock::new(),
        })
    }

    /// Who the other end has proven to be, once the handshake has ended well.
    pub(crate) fn accepted(&self) -> Option<(PublicKey, Party)> {
        Some((*self.key.get()?, *self.party.get()?))
    }

    /// Why the other end was refused, if it was.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// Whether the one who dialled may go on talking to this key. A tool that administers a node
    /// has no registry to ask; it knows the key.
    fn admits(&self, key: &PublicKey, party: Party) -> bool {
        (self.expected.is_some() && party == Party::Administrator)
            || self.admission.admit(key, party)
    }

    // spec: TRN-3
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
    ) -> Result<(), Refusal> {
        if !others.is_empty() {
            return Err(Refusal::Chain {
                extra: others.len(),
            });
        }
        let key = certificate::key_of(certificate).map_err(Refusal::Certificate)?;
        if let Some(expected) = self.expected
            && expected != key
        {
            return Err(Refusal::WrongKey {
                expected: expected.id(),
                found: key.id(),
            });
        }
        let party = *self.party.get().ok_or(Refusal::SeveralProtocols)?;
        if !self.admits(&key, party) {
            return Err(Refusal::NotAdmitted {
                key: key.id(),
                party,
            });
        }
        self.key.get_or_init(|| key);
        Ok(())
    }

    fn refuse(&self, refusal: Refusal) -> rustls::Error {
        self.refusal.get_or_init(|| refusal);
        alert_of(&refusal).into()
    }

    // spec: TRN-6
    fn verify_possession(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &ED25519_ONLY).inspect_err(|_| {
            if let Some(key) = self.key.get() {
                self.refusal
                    .get_or_init(|| Refusal::NotProven { key: key.id() });
            }
        })
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge")
            .field("expected", &self.expected)
            .field("party", &self.party.get())
            .finish_non_exhaustive()
    }
}

impl ClientCertVerifier for Judge {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        // Pins decide, not dates: a wrong clock must not cut a node off.
        // spec: TRN-19
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge(end_entity, intermediates)
            .map(|()| ClientCertVerified::assertion())
            .map_err(|refusal| self.refuse(refusal))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_possession(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ED25519_ONLY.supported_schemes()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(end_entity, intermediates)
            .map(|()| ServerCertVerified::assertion())
            .map_err(|refusal| self.refuse(refusal))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_possession(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ED25519_ONLY.supported_schemes()
    }
}

/// Shows the node's certificate, and tells the judge which protocol the dialer offers.
struct Presenter {
    judge: Arc<Judge>,
    certified: Arc<CertifiedKey>,
}

impl fmt::Debug for Presenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Presenter").field(&self.judge).finish()
    }
}

impl ResolvesServerCert for Presenter {
    // spec: TRN-1
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offers = |party: Party| {
            hello
                .alpn()
                .is_some_and(|mut offered| offered.any(|name| name == party.protocol()))
        };
        match (offers(Party::Peer), offers(Party::Administrator)) {
            (true, false) => {
                self.judge.party.get_or_init(|| Party::Peer);
            }
            (false, true) => {
                self.judge.party.get_or_init(|| Party::Administrator);
            }
            (true, true) => {
                self.judge.refusal.get_or_init(|| Refusal::SeveralProtocols);
                return None;
            }
            // The handshake goes on to the comparison of protocols, which refuses it properly.
            (false, false) => {}
        }
        Some(Arc::clone(&self.certified))
    }
}

/// What the other end is told: less than is known here.
// spec: TRN-7
const fn alert_of(refusal: &Refusal) -> TlsCertificateError {
    match refusal {
        Refusal::Certificate(CertificateError::NotEd25519) => TlsCertificateError::InvalidPurpose,
        Refusal::Certificate(_) | Refusal::Chain { .. } | Refusal::NoCertificate => {
            TlsCertificateError::BadEncoding
        }
        Refusal::WrongKey { .. }
        | Refusal::NotAdmitted { .. }
        | Refusal::NotProven { .. }
        | Refusal::SeveralProtocols
        | Refusal::IdentityBusy { .. }
        | Refusal::SourceBusy { .. }
        | Refusal::EndpointBusy => TlsCertificateError::ApplicationVerificationFailure,
    }
}

static ED25519_ONLY: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[webpki::ring::ED25519],
    mapping: &[(SignatureScheme::ED25519, &[webpki::ring::ED25519])],
};

#[cfg(test)]
mod tests {
    use concordat_certs::certificate::Validity;
    use concordat_protocol::key::Signer;
    use ed25519_dalek::SigningKey;

    use super::*;

    struct Everybody;

    impl Admission for Everybody {
        fn admit(&self, _key: &PublicKey, _party: Party) -> bool {
            true
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn certificate() -> Vec<u8> {
        let validity = Validity::from_unix_seconds(0, 1).unwrap();
        certificate::issue(&key(), validity).unwrap()
    }

    /// What both verifiers of a judge who admits everybody say.
    fn verdicts(der: &[u8]) -> [(bool, Option<Refusal>); 2] {
        let der = CertificateDer::from(der);
        let dialer = Judge::dialer(Arc::new(Everybody), key().public_key(), Party::Peer);
        let name = ServerName::try_from("concordat.invalid").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
        let server = dialer.verify_server_cert(&der, &[], &name, &[], now);
        let acceptor = Judge::acceptor(Arc::new(Everybody));
        acceptor.party.get_or_init(|| Party::Peer);
        let client = acceptor.verify_client_cert(&der, &[], now);
        [
            (server.is_ok(), dialer.refusal()),
            (client.is_ok(), acceptor.refusal()),
        ]
    }

    // spec: TRN-3
    #[test]
    fn judge_accepts_a_good_certificate() {
        assert_eq!(verdicts(&certificate()), [(true, None), (true, None)]);
    }

    /// Every bit flipped, every truncation, bytes doubled, removed and set: nobody but the holder
    /// of the key can make a certificate that passes.
    // spec: TRN-5
    #[test]
    fn judge_refuses_every_malformed_certificate() {
        let good = certificate();
        let mut malformed = Vec::new();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            malformed.push(bad);
        }
        for position in 0..good.len() {
            malformed.push(good[..position].to_vec());
            malformed.push([&good[..position], &good[position + 1..]].concat());
            malformed.push([&good[..=position], &good[position..]].concat());
            for value in [0x00, 0x30, 0x80, 0x84, 0xff] {
                let mut bad = good.clone();
                bad[position] = value;
                malformed.push(bad);
            }
        }
        malformed.retain(|bad| *bad != good);
        assert!(malformed.len() > 4_000);
        for bad in &malformed {
            for (accepted, refusal) in verdicts(bad) {
                assert!(!accepted);
                assert!(matches!(refusal, Some(Refusal::Certificate(_))));
            }
        }
    }

    // spec: TRN-8
    #[test]
    fn configurations_allow_no_resumption_and_no_early_data() {
        let provider = provider();
        let private_key = ed25519_dalek::pkcs8::EncodePrivateKey::to_pkcs8_der(&key()).unwrap();
        let identity = Identity::from_der(&certificate(), private_key.as_bytes()).unwrap();
        let judge = Judge::acceptor(Arc::new(Everybody));
        let acceptor = acceptor_config(&provider, &identity, &judge);
        assert_eq!(acceptor.max_early_data_size, 0);
        assert_eq!(acceptor.send_tls13_tickets, 0);
        assert!(!acceptor.send_half_rtt_data);
        assert!(!acceptor.session_storage.can_cache());
        assert!(!acceptor.ticketer.enabled());
        let dialer = dialer_config(&provider, &identity, &judge, Party::Peer);
        assert!(!dialer.enable_early_data);
        assert!(!dialer.enable_sni);
        assert!(CryptoProvider::get_default().is_none());
    }

    // spec: TRN-6
    #[test]
    fn judge_takes_ed25519_handshake_signatures_only() {
        let judge = Judge::acceptor(Arc::new(Everybody));
        let schemes = vec![SignatureScheme::ED25519];
        assert_eq!(
            ClientCertVerifier::supported_verify_schemes(judge.as_ref()),
            schemes
        );
        assert_eq!(
            ServerCertVerifier::supported_verify_schemes(judge.as_ref()),
            schemes
        );
    }
}
