//! The proof bundle (证明包): one file that shows a statement to somebody who holds nothing else.
//!
//! Implements `spec/bundle.md`. The file is
//!
//! ```text
//! magic (8 bytes) ‖ version (1 byte) ‖ deterministic CBOR ‖ SHA-256 of everything before it (32 bytes)
//! { 1: trust, 2: [head, …], 3: statement, ? 4: [related, …], ? 5: [act, …], ? 6: [notice, …], 7: later acts }
//! trust = { 1: genesis, 2: [registry entry, …] } / { 3: registry size, 4: registry root }
//! entry = { 1: position of its log's head, 2: index, 3: leaf, 4: body, ? 5: [hash, …] }
//! ```
//!
//! [`verify`] needs the bytes and one anchor, the id of the genesis; a registry that the verifier
//! holds is needed only where the bundle leaves the trust chain out. The digest finds damage and
//! proves nothing: every byte is also held by a hash or a signature that leads to the anchor.
//!
//! Out of scope: that no later act exists ([`LaterActs`]), also for [`VerifiedBundle::state`]; and that a statement does not stand a second time in a log, which only
//! somebody who holds the whole log can see.

mod build;
mod entry;
mod error;
mod format;
mod head;
mod look_up;
mod recognition;
mod relation;
mod report;
mod slip;
mod state;
mod trust_chain;
mod verified;

use std::sync::Arc;

use crate::admin::RecognitionView;
use crate::log::{Hash, SignedCheckpoint, TreeSize};
use crate::subject::AuthorityCode;
use crate::trust::Genesis;

pub use build::{BundleParts, TrustParts};
pub use entry::{Entry, RegistryEntry};
pub use error::{BundleError, EntryFault, HeadFault, Part};
pub use format::{BUNDLE_BYTES_MAX, LaterActs, MAGIC, VERSION, VERSION_RECOGNITION};
pub use head::{Cosigner, Head};
pub use look_up::{
    LOOK_UP_BYTES_MAX, LoggedRoot, LookUpFile, LookUpFileError, VerifiedLookUp, VerifiedRoot,
    verify_look_up,
};
pub use recognition::BundleRecognition;
pub use relation::belonging;
pub use report::{
    BundleReport, CosignerReport, HeadReport, HorizonReport, NoticeReport, RegistryReport,
    StatementReport,
};
pub use slip::{SLIP_MAGIC, Slip, SlipParts, SlipRuling, SlipStanding, VerifiedSlip, verify_slip};
pub use state::BundleState;
pub use verified::{BundleHorizon, SignedBy, VerifiedBundle, verify};

/// How the registry reaches the verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChain {
    /// With the bundle: genesis and every entry of the registry log up to its head in the bundle.
    Included {
        /// The genesis.
        genesis: Arc<Genesis>,
        /// The entries from position 0 on.
        entries: Vec<RegistryEntry>,
    },
    /// By another way: the verifier holds the registry at least up to here.
    External {
        /// Size of the registry log that the bundle was made under.
        size: TreeSize,
        /// Its root there.
        root: Hash,
    },
}

impl TrustChain {
    /// The size of the registry log that the bundle was made under.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        match self {
            // A file holds far fewer.
            Self::Included { entries, .. } => {
                TreeSize::new(entries.len() as u64).unwrap_or(TreeSize::MAX)
            }
            Self::External { size, .. } => *size,
        }
    }
}

/// A bundle in its one canonical form. Nothing in it has been verified; [`verify`] does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    trust: TrustChain,
    /// One head for each log used, ascending by origin.
    heads: Vec<SignedCheckpoint>,
    statement: Entry,
    related: Vec<Entry>,
    acts: Vec<Entry>,
    notices: Vec<Entry>,
    later_acts: LaterActs,
    recognition: Option<RecognitionPart>,
}

/// What a bundle says of recognition. Nothing in it has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RecognitionPart {
    receiver: AuthorityCode,
    /// Agreements, accessions and retirements, by log and position.
    said: Vec<Entry>,
    /// What it claims; `None` only while it is being made.
    claim: Option<RecognitionView>,
}

impl Bundle {
    /// The file's bytes, digest included.
    ///
    /// # Errors
    /// [`BundleError::TooLong`] past [`BUNDLE_BYTES_MAX`], [`BundleError::HeadMissing`] for an entry
    /// of a log without a head; neither for a bundle from [`Bundle::build`] or [`Bundle::decode`].
    pub fn encode(&self) -> Result<Vec<u8>, BundleError> {
        format::encode(self)
    }

    /// Takes a file apart and checks everything that needs no key: the digest first, then the form,
    /// then order and kinds. Signatures and proofs are **not** verified.
    ///
    /// # Errors
    /// [`BundleError`]; any damage in transit is [`BundleError::DigestMismatch`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        format::decode(bytes)
    }

    /// How the registry reaches the verifier.
    #[must_use]
    pub const fn trust(&self) -> &TrustChain {
        &self.trust
    }

    /// One head for each log used, ascending by origin, as they came.
    #[must_use]
    pub fn heads(&self) -> &[SignedCheckpoint] {
        &self.heads
    }

    /// The statement that the bundle is about.
    #[must_use]
    pub const fn statement(&self) -> &Entry {
        &self.statement
    }

    /// Decisions of the same chain and those that it rests on, by log and position.
    #[must_use]
    pub fn related(&self) -> &[Entry] {
        &self.related
    }

    /// Acts on the statement, on related ones and on other acts, by log and position.
    #[must_use]
    pub fn acts(&self) -> &[Entry] {
        &self.acts
    }

    /// Notices of the home register, by position.
    #[must_use]
    pub fn notices(&self) -> &[Entry] {
        &self.notices
    }

    /// What the bundle claims about acts that it does not hold.
    #[must_use]
    pub const fn later_acts(&self) -> LaterActs {
        self.later_acts
    }
}
