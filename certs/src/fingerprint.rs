//! Fingerprints: what two people read to each other over the telephone.
//!
//! ```text
//! 9f86 d081 884c 7d65 9a2f eaa0 c55a d015     eight groups of four digits, 128 bits
//! ```
//!
//! The fingerprint of a key is the key id that signed headers carry, so that what was compared by
//! voice is found again in every statement. Out of scope: comparison against an attacker who chose
//! both keys; for that compare whole keys.

use std::fmt;
use std::str::FromStr;

use concordat_protocol::key::PublicKey;
use concordat_protocol::log::Hash;

/// The first 16 bytes of a SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of a public key: SHA-256 of its 32 bytes.
    #[must_use]
    pub fn of_key(key: &PublicKey) -> Self {
        Self(*key.id().as_bytes())
    }

    /// Of something that is named by its SHA-256 already, such as a genesis.
    #[must_use]
    pub fn of_digest(digest: &Hash) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, pair) in self.0.chunks(2).enumerate() {
            if group > 0 {
                f.write_str(" ")?;
            }
            pair.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Reads 32 hexadecimal digits; white space, hyphens and colons between them do not count.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let between = |c: &char| !c.is_whitespace() && !['-', ':'].contains(c);
        let mut bytes = [0_u8; 16];
        let mut digits = 0;
        for character in text.chars().filter(between) {
            let digit = character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(FingerprintError::NotADigit { character })?;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | digit;
            }
            digits += 1;
        }
        match digits {
            32 => Ok(Self(bytes)),
            digits => Err(FingerprintError::Length { digits }),
        }
    }
}

/// Why a text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Something that is no hexadecimal digit.
    #[error("{character:?} is not a hexadecimal digit")]
    NotADigit {
        /// What was found.
        character: char,
    },
    /// More or fewer digits than 32.
    #[error("a fingerprint has 32 digits, this one has {digits}")]
    Length {
        /// Digits found.
        digits: usize,
    },
}

#[cfg(test)]
mod tests {
    use concordat_protocol::key::Signer;
    use ed25519_dalek::SigningKey;

    use super::*;

    #[test]
    fn fingerprint_is_eight_groups_of_the_key_id_and_is_read_back() {
        let key = SigningKey::from_bytes(&[1; 32]).public_key();
        let text = Fingerprint::of_key(&key).to_string();
        assert_eq!(text.split(' ').count(), 8);
        assert!(text.split(' ').all(|group| group.len() == 4));
        assert_eq!(text.replace(' ', ""), key.id().to_string());
        for spoken in [
            text.to_uppercase(),
            text.replace(' ', "-"),
            text.replace(' ', ""),
        ] {
            assert_eq!(spoken.parse(), Ok(Fingerprint::of_key(&key)));
        }
    }

    #[test]
    fn fingerprint_refuses_other_lengths_and_letters() {
        let long = "0".repeat(33);
        let refused = |text: &str| text.parse::<Fingerprint>().unwrap_err();
        assert_eq!(refused("9f86"), FingerprintError::Length { digits: 4 });
        assert_eq!(refused(&long), FingerprintError::Length { digits: 33 });
        assert_eq!(
            refused("9g"),
            FingerprintError::NotADigit { character: 'g' }
        );
    }
}
