//! Cosignatures: a witness's word that it saw a checkpoint and found it consistent, C2SP
//! tlog-cosignature, `cosignature/v1`.
//!
//! ```text
//! signed message   cosignature/v1 LF
//!                  time <Unix seconds, decimal> LF
//!                  <the three lines of the checkpoint, each with LF>
//! signature line   — <witness name> base64(key id ‖ time, 8 bytes big-endian ‖ Ed25519 signature)
//! ```
//! Out of scope: whether the witness may count, how many are needed, and whether the time is
//! plausible; and on the witness's side, that consistency was checked and recorded before signing.

use std::fmt;

use thiserror::Error;

use super::{
    Checkpoint, VerifiedCheckpoint, WitnessName,
    note::{KeyName, NoteError, NoteKeyId, SignatureLine, SignatureType, is_signed_by},
    origin::OriginError,
};
use crate::key::{PublicKey, SignatureBytes, Signer};

/// When a witness signed: Unix seconds, from 0 to 2^63 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CosignatureTime(u64);

impl CosignatureTime {
    /// Holds a time in Unix seconds.
    ///
    /// # Errors
    /// [`CosignatureError::TimeTooLarge`] above 2^63 − 1.
    pub const fn from_unix_seconds(seconds: u64) -> Result<Self, CosignatureError> {
        // spec: LOG-23
        if seconds >= 1 << 63 {
            return Err(CosignatureError::TimeTooLarge { seconds });
        }
        Ok(Self(seconds))
    }

    /// Unix seconds.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CosignatureTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A cosignature as it came in: well-formed, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    witness: WitnessName,
    key_id: NoteKeyId,
    time: CosignatureTime,
    signature: SignatureBytes,
}

impl Cosignature {
    /// Parses a signature line without its newline.
    ///
    /// # Errors
    /// [`CosignatureError::Note`] and those of the conversion from [`SignatureLine`].
    pub fn parse(line: &str) -> Result<Self, CosignatureError> {
        Self::try_from(&SignatureLine::parse(line)?)
    }

    /// Who claims to have cosigned.
    #[must_use]
    pub const fn witness(&self) -> &WitnessName {
        &self.witness
    }

    /// With which key.
    #[must_use]
    pub const fn key_id(&self) -> NoteKeyId {
        self.key_id
    }

    /// When, by the witness's clock.
    #[must_use]
    pub const fn time(&self) -> CosignatureTime {
        self.time
    }

    /// The signature line of this cosignature.
    ///
    /// # Panics
    /// Never: a witness name is a key name, and the signature is not empty.
    #[must_use]
    pub fn to_line(&self) -> SignatureLine {
        let name = KeyName::new(self.witness.as_str()).expect("a witness name is a key name");
        let signature = [&self.time.0.to_be_bytes()[..], self.signature.as_bytes()].concat();
        SignatureLine::new(name, self.key_id, signature).expect("72 bytes are not empty")
    }

    /// Checks that the witness's key signed this checkpoint at this time.
    ///
    /// # Errors
    /// [`CosignatureError::OtherKey`], [`CosignatureError::OtherNetwork`],
    /// [`CosignatureError::SignatureInvalid`].
    pub fn verify(
        self,
        checkpoint: &Checkpoint,
        witness_key: &PublicKey,
    ) -> Result<VerifiedCosignature, CosignatureError> {
        // spec: LOG-24
        if self.key_id != key_id(&self.witness, witness_key) {
            return Err(CosignatureError::OtherKey { found: self.key_id });
        }
        // spec: LOG-25
        if self.witness.network() != checkpoint.origin().network() {
            return Err(CosignatureError::OtherNetwork);
        }
        let message = signed_message(checkpoint, self.time);
        if !is_signed_by(witness_key, message.as_bytes(), self.signature.as_bytes()) {
            return Err(CosignatureError::SignatureInvalid);
        }
        Ok(VerifiedCosignature {
            cosignature: self,
            checkpoint: checkpoint.clone(),
            key: Box::new(*witness_key),
        })
    }
}

impl TryFrom<&SignatureLine> for Cosignature {
    type Error = CosignatureError;

    /// Reads a line as a cosignature.
    ///
    /// Fails with [`CosignatureError::WitnessName`], [`CosignatureError::SignatureLength`] or
    /// [`CosignatureError::TimeTooLarge`].
    fn try_from(line: &SignatureLine) -> Result<Self, Self::Error> {
        let witness = line.key_name().as_str().parse()?;
        let bytes = line.signature();
        let wrong_length = CosignatureError::SignatureLength { found: bytes.len() };
        let (time, rest) = bytes.split_first_chunk().ok_or(wrong_length)?;
        let bytes = rest.try_into().map_err(|_| wrong_length)?;
        let signature = SignatureBytes::from_bytes(bytes);
        let time = CosignatureTime::from_unix_seconds(u64::from_be_bytes(*time))?;
        Ok(Self {
            witness,
            key_id: line.key_id(),
            time,
            signature,
        })
    }
}

/// Prints the signature line without a newline.
impl fmt::Display for Cosignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_line().fmt(f)
    }
}

/// A cosignature that the witness's key was found to have made over a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCosignature {
    cosignature: Cosignature,
    checkpoint: Checkpoint,
    /// The key under which it was verified.
    key: Box<PublicKey>,
}

impl VerifiedCosignature {
    /// Cosigns a checkpoint. The new signature is verified like any other, so a signer that is broken
    /// or holds another key is found out here.
    ///
    /// The caller has checked consistency with the last checkpoint of the same log that it cosigned,
    /// and has recorded this one durably.
    ///
    /// # Errors
    /// [`CosignatureError::SignatureInvalid`], [`CosignatureError::OtherNetwork`].
    pub fn sign(
        checkpoint: &VerifiedCheckpoint,
        witness: WitnessName,
        time: CosignatureTime,
        signer: &(impl Signer + ?Sized),
    ) -> Result<Self, CosignatureError> {
        let (checkpoint, witness_key) = (checkpoint.checkpoint(), signer.public_key());
        let signature = signer.sign(signed_message(checkpoint, time).as_bytes());
        let key_id = key_id(&witness, &witness_key);
        Cosignature {
            witness,
            key_id,
            time,
            signature,
        }
        .verify(checkpoint, &witness_key)
    }

    /// The cosignature.
    #[must_use]
    pub const fn cosignature(&self) -> &Cosignature {
        &self.cosignature
    }

    /// What was cosigned.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The key under which it was verified.
    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Who cosigned.
    #[must_use]
    pub const fn witness(&self) -> &WitnessName {
        &self.cosignature.witness
    }

    /// When, by the witness's clock.
    #[must_use]
    pub const fn time(&self) -> CosignatureTime {
        self.cosignature.time
    }
}

impl VerifiedCheckpoint {
    /// The newest cosignature of a witness among the lines of this checkpoint; `None` without one.
    ///
    /// # Errors
    /// Those of [`Cosignature::verify`] and of its parsing, when **any** line by that name and key is
    /// not valid: a note with a forged line by a known witness is not relied on at all.
    pub fn cosignature_by(
        &self,
        witness: &WitnessName,
        witness_key: &PublicKey,
    ) -> Result<Option<VerifiedCosignature>, CosignatureError> {
        let id = key_id(witness, witness_key);
        let mut newest: Option<VerifiedCosignature> = None;
        for line in self
            .note()
            .lines()
            .iter()
            .filter(|line| line.is_by(witness.as_str(), id))
        {
            let found = Cosignature::try_from(line)?.verify(self.checkpoint(), witness_key)?;
            if newest
                .as_ref()
                .is_none_or(|newest| newest.time() < found.time())
            {
                newest = Some(found);
            }
        }
        Ok(newest)
    }
}

fn key_id(witness: &WitnessName, key: &PublicKey) -> NoteKeyId {
    NoteKeyId::of(witness.as_str(), SignatureType::CosignatureV1, key)
}

/// What a witness signs.
fn signed_message(checkpoint: &Checkpoint, time: CosignatureTime) -> String {
    // spec: LOG-22
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

/// Why a cosignature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CosignatureError {
    /// The line is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The key id is that of another key.
    #[error("cosignature is by key {found}, not by the witness's")]
    OtherKey {
        /// The key id in the line.
        found: NoteKeyId,
    },
    /// Witness and log belong to different networks.
    #[error("witness and log belong to different networks")]
    OtherNetwork,
    /// The signature does not verify.
    #[error("signature by the witness's key is not valid")]
    SignatureInvalid,
    /// A cosignature has 8 bytes of time and 64 of signature.
    #[error("cosignature has {found} bytes instead of 72")]
    SignatureLength {
        /// Bytes after the key id.
        found: usize,
    },
    /// The time is above 2^63 − 1.
    #[error("{seconds} is no time in Unix seconds")]
    TimeTooLarge {
        /// What was given.
        seconds: u64,
    },
    /// The key name is not the name of a witness.
    #[error(transparent)]
    WitnessName(#[from] OriginError),
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::log::{Hash, NetworkKind, Origin, TreeSize, hash::leaf_hash};

    const MEMBER: &str = "11990000MB0000017X";

    fn log() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn witness() -> SigningKey {
        SigningKey::from_bytes(&[2; 32])
    }

    fn checkpoint(genesis: u8, size: u64) -> VerifiedCheckpoint {
        let genesis = Hash::from_bytes([genesis; 32]);
        let origin = Origin::new(NetworkKind::Test, &genesis, MEMBER, 0).unwrap();
        let size = TreeSize::new(size).unwrap();
        let checkpoint = Checkpoint::new(origin, size, leaf_hash(b"root")).unwrap();
        VerifiedCheckpoint::sign(&checkpoint, &log()).unwrap()
    }

    fn time(seconds: u64) -> CosignatureTime {
        CosignatureTime::from_unix_seconds(seconds).unwrap()
    }

    fn cosigned(checkpoint: &VerifiedCheckpoint, seconds: u64) -> VerifiedCosignature {
        let name = checkpoint.origin().witness();
        VerifiedCosignature::sign(checkpoint, name, time(seconds), &witness()).unwrap()
    }

    // spec: LOG-22
    #[test]
    fn cosignature_is_over_header_time_and_note_text() {
        let checkpoint = checkpoint(0, 7);
        let cosignature = cosigned(&checkpoint, 1_679_315_147);
        let message = format!(
            "cosignature/v1\ntime 1679315147\n{}",
            checkpoint.note().text()
        );
        let signature = cosignature.cosignature().signature;
        assert_eq!(
            witness()
                .public_key()
                .verify(message.as_bytes(), &signature),
            Ok(())
        );
    }

    #[test]
    fn cosignature_is_parsed_from_its_line() {
        let checkpoint = checkpoint(0, 7);
        let made = cosigned(&checkpoint, 12);
        let line = made.cosignature().to_string();
        let parsed = Cosignature::parse(&line).unwrap();
        assert_eq!(&parsed, made.cosignature());
        assert_eq!(
            parsed.verify(checkpoint.checkpoint(), &witness().public_key()),
            Ok(made)
        );
    }

    // spec: LOG-24
    #[test]
    fn verify_refuses_a_cosignature_by_another_key() {
        let checkpoint = checkpoint(0, 7);
        let cosignature = cosigned(&checkpoint, 12).cosignature;
        let found = cosignature.key_id();
        assert_eq!(
            cosignature.verify(checkpoint.checkpoint(), &log().public_key()),
            Err(CosignatureError::OtherKey { found })
        );
    }

    #[test]
    fn verify_refuses_a_cosignature_of_another_checkpoint() {
        let cosignature = cosigned(&checkpoint(0, 7), 12).cosignature;
        assert_eq!(
            cosignature.verify(checkpoint(0, 8).checkpoint(), &witness().public_key()),
            Err(CosignatureError::SignatureInvalid)
        );
    }

    #[test]
    fn verify_refuses_another_time() {
        let checkpoint = checkpoint(0, 7);
        let mut cosignature = cosigned(&checkpoint, 12).cosignature;
        cosignature.time = time(13);
        assert_eq!(
            cosignature.verify(checkpoint.checkpoint(), &witness().public_key()),
            Err(CosignatureError::SignatureInvalid)
        );
    }

    // spec: LOG-25
    #[test]
    fn sign_refuses_a_witness_of_another_network() {
        let name = checkpoint(9, 7).origin().witness();
        assert_eq!(
            VerifiedCosignature::sign(&checkpoint(0, 7), name, time(1), &witness()),
            Err(CosignatureError::OtherNetwork)
        );
    }

    #[test]
    fn parse_refuses_a_plain_signature() {
        let line = checkpoint(0, 7).note().lines()[0].to_string();
        let line = line.replace(&format!("{MEMBER}/0"), &format!("{MEMBER}/witness"));
        assert_eq!(
            Cosignature::parse(&line),
            Err(CosignatureError::SignatureLength { found: 64 })
        );
    }

    // spec: LOG-12
    #[test]
    fn parse_refuses_the_name_of_a_log() {
        let line = checkpoint(0, 7).note().lines()[0].to_string();
        assert_eq!(
            Cosignature::parse(&line),
            Err(CosignatureError::WitnessName(OriginError::NotAWitness))
        );
    }

    // spec: LOG-23
    #[test]
    fn parse_refuses_a_time_of_two_to_the_63() {
        let made = cosigned(&checkpoint(0, 7), 12).cosignature.to_line();
        let signature = [&[0x80, 0, 0, 0, 0, 0, 0, 0], &made.signature()[8..]].concat();
        let line = SignatureLine::new(made.key_name().clone(), made.key_id(), signature).unwrap();
        assert_eq!(
            Cosignature::try_from(&line),
            Err(CosignatureError::TimeTooLarge { seconds: 1 << 63 })
        );
    }

    #[test]
    fn cosignature_by_gives_the_newest_of_a_witness() {
        let checkpoint = checkpoint(0, 7);
        let mut note = checkpoint.note().clone();
        for seconds in [5, 9, 6] {
            note.add_line(cosigned(&checkpoint, seconds).cosignature.to_line())
                .unwrap();
        }
        let parsed = crate::log::SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
        let parsed = parsed.verify(&log().public_key()).unwrap();
        let name = checkpoint.origin().witness();
        let newest = parsed
            .cosignature_by(&name, &witness().public_key())
            .unwrap();
        assert_eq!(newest.map(|found| found.time()), Some(time(9)));
        assert_eq!(parsed.cosignature_by(&name, &log().public_key()), Ok(None));
    }

    /// A peer appends a line under a known witness's name and key id. Were it skipped, the note would
    /// pass for sound; it is refused whole, as C2SP signed-note advises.
    // spec: LOG-24
    #[test]
    fn cosignature_by_refuses_a_note_with_a_forged_line() {
        let mut checkpoint = checkpoint(0, 7);
        let good = cosigned(&checkpoint, 5);
        checkpoint.add_cosignature(&good).unwrap();
        let mut note = checkpoint.note().clone();
        let mut forged = good.cosignature.clone();
        forged.time = time(99);
        note.add_line(forged.to_line()).unwrap();
        let parsed = crate::log::SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
        let parsed = parsed.verify(&log().public_key()).unwrap();
        assert_eq!(
            parsed.cosignature_by(good.witness(), &witness().public_key()),
            Err(CosignatureError::SignatureInvalid)
        );
    }
}
