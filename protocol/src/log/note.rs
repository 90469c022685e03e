//! Signed notes: a text and the lines of those who signed it, C2SP signed-note v1.0.0.
//!
//! ```text
//! <text, one or more lines>
//! <empty line>
//! — <key name> <base64 of key id (4 bytes) and signature>
//! ```
//! A note has one way to be written, so printing a parsed note gives back the same bytes; whoever
//! keeps a [`Note`] keeps the evidence.
//!
//! Out of scope: whose keys count. Lines by unknown keys are kept and printed, and prove nothing.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::key::{PublicKey, SignatureBytes};

/// The largest note, in bytes: room for 16 Ed25519 signatures four times over.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;
/// The largest number of signature lines in a note.
pub const NOTE_SIGNATURES_MAX: usize = 16;
/// The longest key name, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 255;
/// Bytes in an Ed25519 signature.
pub const ED25519_SIGNATURE_BYTES: usize = 64;

/// The byte that tells what kind of key made a signature; it goes into the key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureType {
    /// Ed25519 over the note text: a log's own signature.
    Ed25519,
    /// Timestamped Ed25519 of a witness, C2SP tlog-cosignature.
    CosignatureV1,
}

impl SignatureType {
    /// The identifier byte that C2SP assigns.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }
}

/// The name of a key: not empty, without white space and without `+`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Takes a name.
    ///
    /// # Errors
    /// [`NoteError::KeyNameEmpty`], [`NoteError::KeyNameTooLong`], [`NoteError::KeyNameCharacter`].
    pub fn new(name: &str) -> Result<Self, NoteError> {
        // spec: LOG-14
        if name.is_empty() {
            return Err(NoteError::KeyNameEmpty);
        }
        if name.len() > KEY_NAME_BYTES_MAX {
            return Err(NoteError::KeyNameTooLong { bytes: name.len() });
        }
        if name
            .chars()
            .any(|c| c.is_whitespace() || c < ' ' || c == '+')
        {
            return Err(NoteError::KeyNameCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The four bytes that, with the name, tell which key signed. Short on purpose: it finds a key and
/// proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKeyId([u8; 4]);

impl NoteKeyId {
    /// The id of an Ed25519 key under a name: SHA-256(name ‖ 0x0A ‖ type ‖ key), first four bytes.
    #[must_use]
    pub fn of(name: &str, signature_type: SignatureType, key: &PublicKey) -> Self {
        // spec: LOG-15
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', signature_type.byte()])
            .chain_update(key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        Self([a, b, c, d])
    }

    /// The four bytes, most significant first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One signature line. The signature is **not** verified here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    key_name: KeyName,
    key_id: NoteKeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Puts a line together.
    ///
    /// # Errors
    /// [`NoteError::SignatureTooShort`] for a signature without bytes.
    pub fn new(
        key_name: KeyName,
        key_id: NoteKeyId,
        signature: Vec<u8>,
    ) -> Result<Self, NoteError> {
        if signature.is_empty() {
            return Err(NoteError::SignatureTooShort);
        }
        Ok(Self {
            key_name,
            key_id,
            signature,
        })
    }

    /// Parses a line without its newline.
    ///
    /// # Errors
    /// [`NoteError::SignatureLineShape`], the key name errors, [`NoteError::SignatureBase64`],
    /// [`NoteError::SignatureTooShort`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        // spec: LOG-13
        let (name, encoded) = line
            .strip_prefix(LINE_PREFIX)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(NoteError::SignatureLineShape)?;
        let key_name = KeyName::new(name)?;
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| NoteError::SignatureBase64)?;
        let (id, signature) = bytes
            .split_first_chunk()
            .ok_or(NoteError::SignatureTooShort)?;
        Self::new(key_name, NoteKeyId(*id), signature.to_vec())
    }

    /// Who claims to have signed.
    #[must_use]
    pub const fn key_name(&self) -> &KeyName {
        &self.key_name
    }

    /// With which key.
    #[must_use]
    pub const fn key_id(&self) -> NoteKeyId {
        self.key_id
    }

    /// The bytes after the key id.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether the line claims to be by this name and key.
    #[must_use]
    pub fn is_by(&self, name: &str, id: NoteKeyId) -> bool {
        self.key_id == id && self.key_name.as_str() == name
    }
}

/// Prints the line without a newline.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_bytes().as_slice(), &self.signature].concat();
        write!(
            f,
            "{LINE_PREFIX}{} {}",
            self.key_name,
            BASE64_STANDARD.encode(bytes)
        )
    }
}

/// A text with at least one signature line. No signature is verified here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<SignatureLine>,
}

impl Note {
    /// Puts a note together.
    ///
    /// # Errors
    /// As [`Note::parse`], and [`NoteError::NoSignature`] without a line.
    pub fn new(text: String, lines: Vec<SignatureLine>) -> Result<Self, NoteError> {
        verify_text(&text)?;
        verify_lines(&lines)?;
        let note = Self { text, lines };
        verify_length(note.to_string().len())?;
        Ok(note)
    }

    /// Parses a whole note.
    ///
    /// # Errors
    /// [`NoteError::TooLong`], [`NoteError::NotUtf8`], [`NoteError::ControlCharacter`],
    /// [`NoteError::NoEmptyLine`], [`NoteError::NoFinalNewline`], [`NoteError::NoSignature`],
    /// [`NoteError::TooManySignatures`], [`NoteError::DuplicateLine`], and those of
    /// [`SignatureLine::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        verify_length(bytes.len())?;
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        // The last empty line separates: the text may have empty lines of its own.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::NoEmptyLine)?;
        let text = format!("{text}\n");
        verify_text(&text)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::NoFinalNewline)?;
        let count = signatures.split('\n').count();
        if count > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures { found: count });
        }
        let lines = signatures
            .split('\n')
            .map(SignatureLine::parse)
            .collect::<Result<Vec<_>, _>>()?;
        verify_lines(&lines)?;
        Ok(Self { text, lines })
    }

    /// What is signed, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in the order of the note.
    #[must_use]
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// Adds a line at the end.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`], [`NoteError::DuplicateLine`], [`NoteError::TooLong`]; the
    /// note is then unchanged.
    pub fn add_line(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        let mut lines = self.lines.clone();
        lines.push(line);
        *self = Self::new(self.text.clone(), lines)?;
        Ok(())
    }

    /// The same text with only those lines that `keep` accepts.
    ///
    /// # Errors
    /// [`NoteError::NoSignature`] when none is left.
    pub fn with_lines(
        &self,
        mut keep: impl FnMut(&SignatureLine) -> bool,
    ) -> Result<Self, NoteError> {
        let lines = self
            .lines
            .iter()
            .filter(|line| keep(line))
            .cloned()
            .collect();
        Self::new(self.text.clone(), lines)
    }
}

/// Prints the whole note; for a parsed note, the bytes it was parsed from.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The one verdict on a signature, for bytes that may not even be of its length.
pub(super) fn is_signed_by(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    // spec: LOG-16
    <[u8; ED25519_SIGNATURE_BYTES]>::try_from(signature).is_ok_and(|bytes| {
        key.verify(message, &SignatureBytes::from_bytes(bytes))
            .is_ok()
    })
}

fn verify_length(bytes: usize) -> Result<(), NoteError> {
    // spec: LOG-17
    if bytes > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong { bytes });
    }
    Ok(())
}

fn verify_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::ControlCharacter);
    }
    if !text.ends_with('\n') {
        return Err(NoteError::NoFinalNewline);
    }
    Ok(())
}

fn verify_lines(lines: &[SignatureLine]) -> Result<(), NoteError> {
    if lines.is_empty() {
        return Err(NoteError::NoSignature);
    }
    if lines.len() > NOTE_SIGNATURES_MAX {
        return Err(NoteError::TooManySignatures { found: lines.len() });
    }
    let mut earlier = lines;
    while let Some((last, rest)) = earlier.split_last() {
        if rest.contains(last) {
            return Err(NoteError::DuplicateLine);
        }
        earlier = rest;
    }
    Ok(())
}

/// Em dash and space.
const LINE_PREFIX: &str = "\u{2014} ";

/// Why bytes are not a signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The text has a control character other than newline.
    #[error("note text has a control character")]
    ControlCharacter,
    /// One signature line stands there twice.
    #[error("a signature line stands there twice")]
    DuplicateLine,
    /// A key name has white space, a control character or a plus sign.
    #[error("key name has white space, a control character or a plus sign")]
    KeyNameCharacter,
    /// A key name is empty.
    #[error("key name is empty")]
    KeyNameEmpty,
    /// A key name is longer than [`KEY_NAME_BYTES_MAX`].
    #[error("key name has {bytes} bytes")]
    KeyNameTooLong {
        /// Its length.
        bytes: usize,
    },
    /// No empty line separates text and signatures.
    #[error("no empty line between text and signatures")]
    NoEmptyLine,
    /// Text or note do not end in a newline.
    #[error("no newline at the end")]
    NoFinalNewline,
    /// There is no signature line.
    #[error("note has no signature line")]
    NoSignature,
    /// The bytes are not UTF-8.
    #[error("note is not UTF-8")]
    NotUtf8,
    /// A signature is not standard padded base64.
    #[error("signature is not base64")]
    SignatureBase64,
    /// A line is not dash, key name and signature separated by single spaces.
    #[error("signature line is not a dash, a key name and a signature")]
    SignatureLineShape,
    /// A signature has no bytes after the key id.
    #[error("signature has no bytes after the key id")]
    SignatureTooShort,
    /// The note is longer than [`NOTE_BYTES_MAX`].
    #[error("note has {bytes} bytes")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The note has more lines than [`NOTE_SIGNATURES_MAX`].
    #[error("note has {found} signature lines")]
    TooManySignatures {
        /// How many.
        found: usize,
    },
}

#[cfg(test)]
mod tests;
