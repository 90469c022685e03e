//! What a file is, by how it begins: for people who named the wrong one.
//!
//! Out of scope: whether the rest of it holds.

use std::fmt;

use concordat_protocol::bundle;
use concordat_protocol::trust::Form;

/// A file that Concordat writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// `genesis.cbor`.
    Genesis,
    /// An enrolment request.
    Request,
    /// A change of the registry with its approvals.
    Proposal,
    /// One approval.
    Approval,
    /// A proof bundle.
    Bundle,
    /// A private key.
    Key,
    /// A certificate.
    Certificate,
}

impl FileKind {
    /// What a file begins like; `None` when it is none of these.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&bundle::MAGIC) {
            return Some(Self::Bundle);
        }
        if bytes.starts_with(b"-----BEGIN PRIVATE KEY") {
            return Some(Self::Key);
        }
        if bytes.starts_with(b"-----BEGIN CERTIFICATE") {
            return Some(Self::Certificate);
        }
        // A genesis begins {1: format, 2: network, …}: two numbers. The others have a digest, a list
        // or bytes under 2.
        if let [0xa0..=0xb7, 1, 0..=0x17, 2, 0..=0x17, ..] = bytes {
            return Some(Self::Genesis);
        }
        Form::of(bytes).map(Self::from)
    }
}

impl From<Form> for FileKind {
    fn from(form: Form) -> Self {
        match form {
            Form::Request => Self::Request,
            Form::Proposal => Self::Proposal,
            Form::Approval => Self::Approval,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Genesis => "a genesis file",
            Self::Request => "an enrolment request",
            Self::Proposal => "a proposal of a change",
            Self::Approval => "an approval of a change",
            Self::Bundle => "a proof bundle",
            Self::Key => "a private key",
            Self::Certificate => "a certificate",
        })
    }
}

/// Refuses a file of another kind, before its shape is looked at.
pub(crate) fn refuse_other(bytes: &[u8], wanted: FileKind) -> Result<(), FileKind> {
    match FileKind::of(bytes) {
        Some(found) if found != wanted => Err(found),
        Some(_) | None => Ok(()),
    }
}
