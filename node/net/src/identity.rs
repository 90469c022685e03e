//! A certificate and its private key, checked to belong together.

use std::fmt;
use std::sync::Arc;

use concordat_certs::certificate;
use concordat_protocol::key::PublicKey;
use ring::hmac;
use rustls::SignatureAlgorithm;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::error::IdentityError;

/// What an endpoint shows of itself: a self-signed Ed25519 certificate and the key in it.
#[derive(Clone)]
pub struct Identity {
    key: PublicKey,
    certified: Arc<CertifiedKey>,
    resets: hmac::Key,
}

impl Identity {
    /// Takes a certificate (DER) and the private key (PKCS#8 DER, RFC 8410 §7). The caller wipes
    /// its copy of the private key.
    ///
    /// # Errors
    /// [`IdentityError::Certificate`], [`IdentityError::PrivateKey`] or [`IdentityError::Mismatch`].
    // spec: TRN-4
    pub fn from_der(certificate: &[u8], private_key: &[u8]) -> Result<Self, IdentityError> {
        let key = certificate::key_of(certificate)?;
        let resets = reset_key(private_key);
        let private_key = any_eddsa_type(&PrivatePkcs8KeyDer::from(private_key))
            .map_err(|_| IdentityError::PrivateKey)?;
        if private_key.algorithm() != SignatureAlgorithm::ED25519 {
            return Err(IdentityError::PrivateKey);
        }
        let certificate = CertificateDer::from(certificate.to_vec());
        let certified = CertifiedKey::new(vec![certificate], private_key);
        certified
            .keys_match()
            .map_err(|_| IdentityError::Mismatch)?;
        Ok(Self {
            key,
            certified: Arc::new(certified),
            resets,
        })
    }

    /// The key that others pin.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    pub(crate) const fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }

    /// Makes the tokens of stateless resets; the same in every life of a node.
    pub(crate) const fn resets(&self) -> &hmac::Key {
        &self.resets
    }
}

/// A key of its own for resets, which tells nothing about the private key that it follows from.
fn reset_key(private_key: &[u8]) -> hmac::Key {
    let parent = hmac::Key::new(hmac::HMAC_SHA256, private_key);
    let child = hmac::sign(&parent, b"concordat/stateless-reset/1");
    hmac::Key::new(hmac::HMAC_SHA256, child.as_ref())
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.key)
    }
}
