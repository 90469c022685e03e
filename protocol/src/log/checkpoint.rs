//! Checkpoints: a log's signed word on its size and root, C2SP tlog-checkpoint v1.0.0.
//!
//! ```text
//! <origin>
//! <size, decimal>
//! <root, base64>
//!
//! — <origin> <base64 of key id and Ed25519 signature over the three lines>
//! — <witness name> <base64 of a cosignature>
//! ```
//! Extension lines are refused: nothing that is signed may go unread. [`SignedCheckpoint`] is what
//! came in, [`VerifiedCheckpoint`] what the log's key was found to have signed; there is no other way
//! from one to the other.
//!
//! Out of scope: which key a log has, consistency with earlier checkpoints, and quorums.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use thiserror::Error;

use super::{
    Origin, TreeSize, TreeSizeError,
    cosignature::VerifiedCosignature,
    hash::{Hash, empty_root},
    note::{KeyName, Note, NoteError, NoteKeyId, SignatureLine, SignatureType, is_signed_by},
    origin::OriginError,
};
use crate::key::{PublicKey, Signer};

/// What a checkpoint says. By itself it is a claim by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    size: TreeSize,
    root: Hash,
}

impl Checkpoint {
    /// States the root of a log at a size.
    ///
    /// # Errors
    /// [`CheckpointError::EmptyTreeRoot`] when size 0 has a root other than that of the empty tree.
    pub fn new(origin: Origin, size: TreeSize, root: Hash) -> Result<Self, CheckpointError> {
        // spec: LOG-20
        if size == TreeSize::ZERO && root != empty_root() {
            return Err(CheckpointError::EmptyTreeRoot);
        }
        Ok(Self { origin, size, root })
    }

    /// Parses the note text: three lines, each with its newline, and nothing after them.
    ///
    /// # Errors
    /// [`CheckpointError::LineCount`], [`CheckpointError::ExtensionLines`],
    /// [`CheckpointError::Origin`], [`CheckpointError::SizeNotDecimal`],
    /// [`CheckpointError::SizeLeadingZero`], [`CheckpointError::SizeTooLarge`],
    /// [`CheckpointError::Root`], [`CheckpointError::EmptyTreeRoot`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::LineCount)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::LineCount);
        };
        // spec: LOG-19
        if lines.next().is_some() {
            return Err(CheckpointError::ExtensionLines);
        }
        Self::new(origin.parse()?, parse_size(size)?, parse_root(root)?)
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub const fn root(&self) -> &Hash {
        &self.root
    }
}

/// Prints the note text, which is what the log signs.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = BASE64_STANDARD.encode(self.root);
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)
    }
}

/// A checkpoint as it came in: well-formed, its signatures not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    claimed: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Parses a note whose text is a checkpoint. Signatures are **not** verified.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] and those of [`Checkpoint::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let claimed = Checkpoint::parse(note.text())?;
        Ok(Self { claimed, note })
    }

    /// What the note says, to find the key by which to verify it.
    #[must_use]
    pub const fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// The note's bytes, exactly as they came.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_string().into_bytes()
    }

    /// Whether a line claims to be by the log, under whatever key.
    #[must_use]
    pub fn names_its_log(&self) -> bool {
        let name = self.claimed.origin.as_str();
        let mut lines = self.note.lines().iter();
        lines.any(|line| line.key_name().as_str() == name)
    }

    /// Verifies the log's signature; lines by others are kept as they are.
    ///
    /// # Errors
    /// [`CheckpointError::NoLogSignature`], [`CheckpointError::SeveralLogSignatures`],
    /// [`CheckpointError::SignatureInvalid`].
    pub fn verify(self, log_key: &PublicKey) -> Result<VerifiedCheckpoint, CheckpointError> {
        let name = self.claimed.origin.as_str();
        let id = NoteKeyId::of(name, SignatureType::Ed25519, log_key);
        let mut lines = self.note.lines().iter().filter(|line| line.is_by(name, id));
        // spec: LOG-21
        let line = lines.next().ok_or(CheckpointError::NoLogSignature)?;
        if lines.next().is_some() {
            return Err(CheckpointError::SeveralLogSignatures);
        }
        if !is_signed_by(log_key, self.note.text().as_bytes(), line.signature()) {
            return Err(CheckpointError::SignatureInvalid);
        }
        Ok(VerifiedCheckpoint {
            checkpoint: self.claimed,
            note: self.note,
        })
    }
}

/// A checkpoint that the log's key has signed.
///
/// It proves who said it. Whether it fits what the log said before is for a consistency proof, and
/// whether others saw it for its cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl VerifiedCheckpoint {
    /// Signs a checkpoint with the log's key. The new signature is verified like any other, so a
    /// signer that is broken or holds another key is found out here.
    ///
    /// # Errors
    /// [`CheckpointError::SignatureInvalid`].
    pub fn sign(
        checkpoint: &Checkpoint,
        signer: &(impl Signer + ?Sized),
    ) -> Result<Self, CheckpointError> {
        let (text, log_key) = (checkpoint.to_string(), signer.public_key());
        let name = checkpoint.origin.as_str();
        let id = NoteKeyId::of(name, SignatureType::Ed25519, &log_key);
        let signature = signer.sign(text.as_bytes()).as_bytes().to_vec();
        let line = SignatureLine::new(KeyName::new(name)?, id, signature)?;
        let note = Note::new(text, vec![line])?;
        SignedCheckpoint {
            claimed: checkpoint.clone(),
            note,
        }
        .verify(&log_key)
    }

    /// What the log said.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.checkpoint.origin
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.checkpoint.size
    }

    /// The root over them.
    #[must_use]
    pub const fn root(&self) -> &Hash {
        &self.checkpoint.root
    }

    /// The note with all its lines. Only the log's has been verified.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// The note's bytes, exactly as they came or were signed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_string().into_bytes()
    }

    /// The same checkpoint with the log's own signature line alone.
    #[must_use]
    pub fn without_cosignatures(&self) -> Self {
        self.with_lines(|_| false)
    }

    /// The same checkpoint with the log's own signature line, and of the others those to be kept.
    ///
    /// # Panics
    /// Never: a verified checkpoint has the log's line.
    #[must_use]
    pub fn with_lines(&self, keep: impl Fn(&SignatureLine) -> bool) -> Self {
        let name = self.origin().as_str();
        let note = self
            .note
            .with_lines(|line| line.key_name().as_str() == name || keep(line))
            .expect("verification found a line by the log");
        Self {
            checkpoint: self.checkpoint.clone(),
            note,
        }
    }

    /// Adds a cosignature that has been verified for this very checkpoint. Lines by the same witness key
    /// that are earlier, or that the key did not sign, give way to it; an older one changes nothing.
    ///
    /// # Errors
    /// [`CheckpointError::CosignatureOfAnother`], and [`CheckpointError::Note`] when the note is full.
    pub fn add_cosignature(
        &mut self,
        cosignature: &VerifiedCosignature,
    ) -> Result<(), CheckpointError> {
        if *cosignature.checkpoint() != self.checkpoint {
            return Err(CheckpointError::CosignatureOfAnother);
        }
        let new = cosignature.cosignature();
        let (name, id) = (new.witness().as_str(), new.key_id());
        // A time that nobody signed says nothing.
        // spec: LOG-31
        let is_newer = |line: &SignatureLine| {
            let held = super::Cosignature::try_from(line).ok();
            let held = held.filter(|held| held.time() >= new.time());
            held.is_some_and(|held| held.verify(&self.checkpoint, cosignature.key()).is_ok())
        };
        if self
            .note
            .lines()
            .iter()
            .any(|line| line.is_by(name, id) && is_newer(line))
        {
            return Ok(());
        }
        let mut note = self.note.with_lines(|line| !line.is_by(name, id))?;
        note.add_line(new.to_line())?;
        self.note = note;
        Ok(())
    }
}

fn parse_size(line: &str) -> Result<TreeSize, CheckpointError> {
    // spec: LOG-18
    if line.is_empty() || !line.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CheckpointError::SizeNotDecimal);
    }
    if line.len() > 1 && line.starts_with('0') {
        return Err(CheckpointError::SizeLeadingZero);
    }
    let count: u64 = line.parse().map_err(|_| CheckpointError::SizeTooLarge)?;
    TreeSize::new(count).map_err(|TreeSizeError { .. }| CheckpointError::SizeTooLarge)
}

fn parse_root(line: &str) -> Result<Hash, CheckpointError> {
    let bytes = BASE64_STANDARD
        .decode(line)
        .map_err(|_| CheckpointError::Root)?;
    Hash::try_from(bytes.as_slice()).map_err(|_| CheckpointError::Root)
}

/// Why bytes are not a checkpoint, or not one that the log signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The cosignature was made over another checkpoint.
    #[error("cosignature belongs to another checkpoint")]
    CosignatureOfAnother,
    /// Size 0 with a root other than that of the empty tree.
    #[error("the empty tree has another root")]
    EmptyTreeRoot,
    /// There is more than origin, size and root.
    #[error("checkpoint has extension lines")]
    ExtensionLines,
    /// There are fewer than three lines, or the last lacks its newline.
    #[error("checkpoint does not have three lines")]
    LineCount,
    /// No line by the log's name and key.
    #[error("no signature by the log's key")]
    NoLogSignature,
    /// The note around it is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line is not an origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The third line is not the base64 of 32 bytes.
    #[error("root is not the base64 of 32 bytes")]
    Root,
    /// More than one line by the log's name and key.
    #[error("several signatures by the log's key")]
    SeveralLogSignatures,
    /// The log's signature does not verify.
    #[error("signature by the log's key is not valid")]
    SignatureInvalid,
    /// The size is written with a leading zero.
    #[error("size has a leading zero")]
    SizeLeadingZero,
    /// The size is empty, or has something other than digits.
    #[error("size is not decimal")]
    SizeNotDecimal,
    /// The size is above 2^63 − 1.
    #[error("size is larger than 2^63 - 1")]
    SizeTooLarge,
}

#[cfg(test)]
mod tests;
