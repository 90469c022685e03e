//! Node and administrator certificates: self-signed X.509 leaves (RFC 5280) around one Ed25519 key.
//!
//! TLS wants a certificate; Concordat wants only the key in it, which the registry pins. So the
//! certificate says nothing else: the subject is the key's own identifier, and there is no
//! alternative name, no authority and no revocation pointer. A renewal is a new certificate, for the
//! same key or for another one that the registry has learnt first.
//!
//! Out of scope: who may use a key (the registry), and clocks. The validity dates are written for
//! operators and for other software; [`key_of`] does not read them (`spec/transport.md`).

use concordat_protocol::key::{KeyError, PublicKey, SignatureBytes, Signer};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    PKCS_ED25519, PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use webpki::EndEntityCert;

/// Bytes of one certificate. Those made here have about 360.
// spec: TRN-5
pub const CERTIFICATE_BYTES_MAX: usize = 2 << 10;

/// From when until when a certificate says that it is meant to be used. Advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Validity {
    /// Takes both ends in seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`CertificateError::Validity`] when the end is not after the start, the start lies before
    /// 1970, or the end after the year 9999.
    pub fn from_unix_seconds(not_before: i64, not_after: i64) -> Result<Self, CertificateError> {
        let refused = CertificateError::Validity {
            not_before,
            not_after,
        };
        if not_before < 0 || not_after <= not_before {
            return Err(refused);
        }
        let (Ok(start), Ok(end)) = (
            OffsetDateTime::from_unix_timestamp(not_before),
            OffsetDateTime::from_unix_timestamp(not_after),
        ) else {
            return Err(refused);
        };
        Ok(Self {
            not_before: start,
            not_after: end,
        })
    }
}

/// Makes the certificate of a key, in DER. The same key and validity give the same bytes.
///
/// # Errors
/// [`CertificateError::NotEncodable`] when the encoder refuses; no input is known that makes it.
// spec: TRN-4
pub fn issue(signer: &impl Signer, validity: Validity) -> Result<Vec<u8>, CertificateError> {
    let subject = Subject {
        key: signer.public_key(),
        signer,
    };
    let certificate = parameters(subject.key, validity)
        .self_signed(&subject)
        .map_err(|_| CertificateError::NotEncodable)?;
    Ok(certificate.der().to_vec())
}

/// Reads the key that a self-signed Ed25519 certificate (DER) is about.
///
/// Checked: the shape of the certificate, its algorithm, and its own signature, so that no byte of
/// it can be changed by anyone but the holder of the key. Not checked: the validity dates, the
/// names, and whether anybody admits the key.
///
/// # Errors
/// [`CertificateError::TooLong`], [`Malformed`], [`NotEd25519`], [`Key`] or [`NotSelfSigned`].
///
/// [`Malformed`]: CertificateError::Malformed
/// [`NotEd25519`]: CertificateError::NotEd25519
/// [`Key`]: CertificateError::Key
/// [`NotSelfSigned`]: CertificateError::NotSelfSigned
// spec: TRN-5
pub fn key_of(der: &[u8]) -> Result<PublicKey, CertificateError> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return Err(CertificateError::TooLong { bytes: der.len() });
    }
    let certificate = CertificateDer::from(der);
    let certificate =
        EndEntityCert::try_from(&certificate).map_err(|_| CertificateError::Malformed)?;
    let spki = certificate.subject_public_key_info();
    let key: &[u8; 32] = spki
        .strip_prefix(&SPKI_PREFIX)
        .and_then(|key| key.try_into().ok())
        .ok_or(CertificateError::NotEd25519)?;
    let key = PublicKey::from_bytes(key).map_err(CertificateError::Key)?;
    let (signed, signature) = signed_part(der).ok_or(CertificateError::NotSelfSigned)?;
    key.verify(signed, &signature)
        .map_err(|_| CertificateError::NotSelfSigned)?;
    Ok(key)
}

/// When a certificate (DER) ends, in Unix seconds; `None` where it does not say so as RFC 5280 §4.1.2.5
/// wants. Nobody refuses a certificate for its dates: they are advice to who renews it.
#[must_use]
pub fn ends_at(der: &[u8]) -> Option<i64> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if let Some((_, rest)) = element(fields, VERSION) {
        fields = rest;
    }
    // Serial number, algorithm and issuer come before the validity.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, fields) = element(fields, tag)?;
    }
    let (validity, _) = element(fields, SEQUENCE)?;
    let (_, rest) = time(validity)?;
    Some(time(rest)?.0)
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The content of the DER element with this tag that the bytes begin with, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let count = match first {
        0..=0x7f => 0,
        0x81..=0x84 => usize::from(first - 0x80),
        0x80 | 0x85.. => return None,
    };
    let (long, rest) = rest.split_at_checked(count)?;
    let long = long
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let length = if count == 0 { usize::from(first) } else { long };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

/// The instant that a time element tells, in Unix seconds, and what follows it.
fn time(der: &[u8]) -> Option<(i64, &[u8])> {
    let (text, rest, century) = match element(der, UTC_TIME) {
        Some((text, rest)) => (text, rest, false),
        None => {
            let (text, rest) = element(der, GENERALIZED_TIME)?;
            (text, rest, true)
        }
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest_of_text) = text.split_at_checked(if century { 4 } else { 2 })?;
    let year: i32 = year.parse().ok()?;
    let year = match (century, year) {
        (true, year) => year,
        (false, 0..=49) => 2000 + year,
        (false, year) => 1900 + year,
    };
    let two = |at: usize| rest_of_text.get(at..at + 2)?.parse::<u8>().ok();
    let month = time::Month::try_from(two(0)?).ok()?;
    let date = time::Date::from_calendar_date(year, month, two(2)?).ok()?;
    let time = time::Time::from_hms(two(4)?, two(6)?, two(8)?).ok()?;
    let instant = time::PrimitiveDateTime::new(date, time).assume_utc();
    Some((instant.unix_timestamp(), rest))
}

/// Why a certificate was not made or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The dates do not make an interval inside 1970–9999.
    #[error("validity from {not_before} to {not_after} (Unix seconds) is no interval")]
    Validity {
        /// Unix seconds.
        not_before: i64,
        /// Unix seconds.
        not_after: i64,
    },
    /// The encoder refused.
    #[error("the certificate cannot be encoded")]
    NotEncodable,
    /// More bytes than [`CERTIFICATE_BYTES_MAX`].
    #[error("a certificate of {bytes} bytes is too long")]
    TooLong {
        /// Bytes offered.
        bytes: usize,
    },
    /// Not an X.509 version 3 certificate in DER, or one with a critical extension unknown here.
    #[error("the bytes are not an X.509 certificate")]
    Malformed,
    /// The key in it is of another algorithm.
    #[error("the certificate's key is not an Ed25519 key")]
    NotEd25519,
    /// The key in it is not acceptable.
    #[error("the certificate's key is not acceptable")]
    Key(#[source] KeyError),
    /// Its signature does not verify under its own key.
    #[error("the certificate is not signed by its own key")]
    NotSelfSigned,
}

/// SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4) up to the 32 bytes of the key.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// What stands between the signed part of an Ed25519 certificate and the 64 bytes of its signature:
/// the algorithm identifier (RFC 8410 §3) and the head of the bit string.
const SIGNATURE_PREFIX: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x41, 0x00];

/// Splits a certificate, whose structure has been checked, into what is signed and the signature.
fn signed_part(der: &[u8]) -> Option<(&[u8], SignatureBytes)> {
    // A certificate with a 64-byte signature is longer than the 127 bytes of the short form.
    let header = match der.get(1)? {
        0x81 => 3,
        0x82 => 4,
        _ => return None,
    };
    let (rest, signature) = der.get(header..)?.split_last_chunk::<64>()?;
    let signed = rest.strip_suffix(&SIGNATURE_PREFIX)?;
    Some((signed, SignatureBytes::from_bytes(*signature)))
}

fn parameters(key: PublicKey, validity: Validity) -> CertificateParams {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, key.id().to_string());
    let mut parameters = CertificateParams::default();
    parameters.not_before = validity.not_before;
    parameters.not_after = validity.not_after;
    // RFC 5280 wants serial numbers distinct for one issuer; the issuer is the key itself, and its
    // certificates differ in their start.
    let serial = validity.not_before.unix_timestamp().to_be_bytes();
    parameters.serial_number = Some(SerialNumber::from_slice(&serial));
    parameters.distinguished_name = name;
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    parameters
}

/// Lets any [`Signer`] sign its certificate: the private key need not be here.
struct Subject<'a, S> {
    key: PublicKey,
    signer: &'a S,
}

impl<S: Signer> PublicKeyData for Subject<'_, S> {
    fn der_bytes(&self) -> &[u8] {
        self.key.as_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

impl<S: Signer> rcgen::SigningKey for Subject<'_, S> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.signer.sign(message).as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;

    const YEAR: i64 = 365 * 86_400;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn validity() -> Validity {
        Validity::from_unix_seconds(1_700_000_000, 1_700_000_000 + YEAR).unwrap()
    }

    fn certificate() -> Vec<u8> {
        issue(&key(1), validity()).unwrap()
    }

    // spec: TRN-4
    #[test]
    fn certificate_carries_its_key_and_nothing_about_anyone() {
        let der = certificate();
        assert_eq!(key_of(&der), Ok(key(1).public_key()));
        let der = CertificateDer::from(der);
        let parsed = EndEntityCert::try_from(&der).unwrap();
        assert_eq!(parsed.valid_dns_names().count(), 0);
        assert_eq!(parsed.valid_uri_names().count(), 0);
        assert!(
            parsed
                .subject()
                .ends_with(key(1).public_key().id().to_string().as_bytes())
        );
        assert_eq!(parsed.issuer(), parsed.subject());
        assert!(der.len() < 512, "{} bytes", der.len());
    }

    #[test]
    fn renewal_gives_other_bytes_for_the_same_key_and_issue_repeats_itself() {
        let renewed = Validity::from_unix_seconds(1_700_000_001, 1_700_000_000 + YEAR).unwrap();
        let renewed = issue(&key(1), renewed).unwrap();
        assert_ne!(renewed, certificate());
        assert_eq!(key_of(&renewed), key_of(&certificate()));
        assert_eq!(issue(&key(1), validity()).unwrap(), certificate());
    }

    #[test]
    fn validity_refuses_what_is_no_interval() {
        for (from, to) in [(5, 5), (5, 4), (-1, 5), (0, i64::MAX), (0, 253_402_300_800)] {
            assert_eq!(
                Validity::from_unix_seconds(from, to),
                Err(CertificateError::Validity {
                    not_before: from,
                    not_after: to
                })
            );
        }
        assert!(Validity::from_unix_seconds(0, 253_402_300_799).is_ok());
    }

    // spec: TRN-5
    #[test]
    fn key_of_refuses_every_flipped_bit() {
        let good = certificate();
        for position in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[position / 8] ^= 1 << (position % 8);
            assert!(key_of(&bad).is_err(), "bit {position}");
        }
    }

    // spec: TRN-5
    #[test]
    fn key_of_refuses_every_truncation_and_extension() {
        let good = certificate();
        for length in 0..good.len() {
            assert_eq!(
                key_of(&good[..length]),
                Err(CertificateError::Malformed),
                "{length}"
            );
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(key_of(&longer), Err(CertificateError::Malformed));
        let huge = [good, vec![0; CERTIFICATE_BYTES_MAX]].concat();
        let bytes = huge.len();
        assert_eq!(key_of(&huge), Err(CertificateError::TooLong { bytes }));
    }

    // spec: TRN-5
    #[test]
    fn key_of_refuses_a_certificate_signed_by_another_key() {
        struct Impostor;
        impl Signer for Impostor {
            fn public_key(&self) -> PublicKey {
                key(1).public_key()
            }
            fn sign(&self, message: &[u8]) -> SignatureBytes {
                Signer::sign(&key(2), message)
            }
        }
        let forged = issue(&Impostor, validity()).unwrap();
        assert_eq!(key_of(&forged), Err(CertificateError::NotSelfSigned));
    }

    // spec: TRN-5
    #[test]
    fn key_of_refuses_other_algorithms() {
        let ecdsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = CertificateParams::default().self_signed(&ecdsa).unwrap();
        assert_eq!(key_of(certificate.der()), Err(CertificateError::NotEd25519));
        let certificate = CertificateParams::default().self_signed(&Rsa).unwrap();
        assert_eq!(key_of(certificate.der()), Err(CertificateError::NotEd25519));
    }

    // spec: TRN-5
    #[test]
    fn key_of_refuses_a_weak_key() {
        struct Weak;
        impl PublicKeyData for Weak {
            fn der_bytes(&self) -> &[u8] {
                &[0; 32]
            }
            fn algorithm(&self) -> &'static SignatureAlgorithm {
                &PKCS_ED25519
            }
        }
        impl rcgen::SigningKey for Weak {
            fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
                Ok(vec![0; 64])
            }
        }
        let certificate = CertificateParams::default().self_signed(&Weak).unwrap();
        assert_eq!(
            key_of(certificate.der()),
            Err(CertificateError::Key(KeyError::Weak))
        );
    }

    /// The outside of an RSA certificate: its algorithm decides before any signature is looked at.
    struct Rsa;

    impl PublicKeyData for Rsa {
        fn der_bytes(&self) -> &[u8] {
            &[0x30, 0x06, 0x02, 0x01, 0x23, 0x02, 0x01, 0x03]
        }

        fn algorithm(&self) -> &'static SignatureAlgorithm {
            &rcgen::PKCS_RSA_SHA256
        }
    }

    impl rcgen::SigningKey for Rsa {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            Ok(vec![0; 256])
        }
    }

    #[test]
    fn end_of_a_certificate_is_read_in_both_forms_of_time() {
        // From 2050 on times have four digits of the year.
        for end in [
            1_700_000_000 + YEAR,
            2_524_607_999,
            2_524_608_000,
            253_402_300_799,
        ] {
            let validity = Validity::from_unix_seconds(1_700_000_000, end).unwrap();
            let der = issue(&key(1), validity).unwrap();
            assert_eq!(ends_at(&der), Some(end));
            for length in 0..80 {
                assert_eq!(ends_at(&der[..length]), None);
            }
        }
    }
}
