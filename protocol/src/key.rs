//! Keys: who signs what, and the one verdict on a signature.
//!
//! Ed25519 (RFC 8032) with the strict verdict everywhere: cofactorless, S < L, A and R canonical and
//! not of small order. Each key has one use; the bytes that it signs begin with a context of their
//! own (a COSE `Sig_structure`, a signed note, a cosignature header), so no signature made for one
//! use verifies for another.

use std::fmt;

use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::codec::byte_newtype;

byte_newtype! {
    /// Names a key inside signed headers: the first 16 bytes of SHA-256 of the public key.
    pub struct KeyId([u8; 16]);
}

byte_newtype! {
    /// An Ed25519 signature (RFC 8032 §5.1.6). Not an identifier: a signer can make many for one
    /// message.
    pub struct SignatureBytes([u8; 64]);
}

/// An Ed25519 public key that is not weak (not of small order).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`] or [`KeyError::Weak`].
    // spec: KEY-2
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        // The library reduces y modulo p, so that a few points have a second encoding.
        if !is_reduced(bytes) {
            return Err(KeyError::NotAPoint);
        }
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The name of the key in headers.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        KeyId::from_bytes(id)
    }

    /// The library's form of the key, for formats that take it as such.
    #[must_use]
    pub const fn as_verifying_key(&self) -> &VerifyingKey {
        &self.0
    }

    /// Gives the one verdict on a signature.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    // spec: KEY-1
    pub fn verify(&self, message: &[u8], signature: &SignatureBytes) -> Result<(), KeyError> {
        let signature = Signature::from_bytes(signature.as_bytes());
        self.0
            .verify_strict(message, &signature)
            .map_err(|_| KeyError::BadSignature)
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8; 32] = &serde_bytes::ByteArray::deserialize(deserializer)?.into_array();
        Self::from_bytes(bytes).map_err(D::Error::custom)
    }
}

/// Something that signs with one key. The key itself stays behind it: a file, a smart card, a module.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Signs the message as it is.
    fn sign(&self, message: &[u8]) -> SignatureBytes;
}

impl Signer for SigningKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> SignatureBytes {
        SignatureBytes::from_bytes(ed25519_dalek::Signer::sign(self, message).to_bytes())
    }
}

/// What can be wrong with a key or a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no point of the curve in canonical form.
    #[error("the bytes are not an Ed25519 public key")]
    NotAPoint,
    /// The key is of small order: signatures under it prove nothing.
    #[error("the public key is of small order")]
    Weak,
    /// The signature does not verify under the strict verdict.
    #[error("the signature does not verify")]
    BadSignature,
}

/// Whether y, the low 255 bits in little-endian order, is below p = 2^255 − 19. The other form that
/// is not canonical, x = 0 with its sign bit set, belongs to points of small order only.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *lowest < 0xed
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8032 §7.1, test 2.
    const SECRET: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
    }

    // spec: KEY-1
    #[test]
    fn signature_of_rfc_8032_is_made_and_accepted() {
        let key = SigningKey::from_bytes(&bytes(SECRET));
        assert_eq!(key.public_key().to_string(), PUBLIC);
        let signature = Signer::sign(&key, &[0x72]);
        assert_eq!(signature.to_string(), SIGNATURE);
        assert_eq!(key.public_key().verify(&[0x72], &signature), Ok(()));
        assert_eq!(
            key.public_key().verify(&[0x73], &signature),
            Err(KeyError::BadSignature)
        );
    }

    // spec: KEY-2
    #[test]
    fn public_key_refuses_a_second_encoding_of_a_point() {
        // y = p + 3 is read as y = 3, which is a point of large order.
        let (mut canonical, mut second) = ([0; 32], [0xff; 32]);
        canonical[0] = 3;
        second[0] = 0xf0;
        second[31] = 0x7f;
        assert!(PublicKey::from_bytes(&canonical).is_ok());
        assert!(VerifyingKey::from_bytes(&second).is_ok());
        assert_eq!(PublicKey::from_bytes(&second), Err(KeyError::NotAPoint));
    }

    // spec: KEY-2
    #[test]
    fn public_key_refuses_small_order_and_non_points() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
        assert_eq!(
            PublicKey::from_bytes(&[2; 32]).err(),
            Some(KeyError::NotAPoint)
        );
    }
}
