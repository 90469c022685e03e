//! Why a bundle is refused, by the part that is at fault.

use std::fmt;

use crate::codec::DecodeError;
use crate::log::checkpoint::CheckpointError;
use crate::log::cosignature::CosignatureError;
use crate::log::inclusion::InclusionError;
use crate::log::{Hash, Origin, TreeSize};
use crate::statement::{BodyError, LeafError, StatementError, StatementRef};
use crate::trust::{GenesisError, RejectReason};

/// A list of a bundle, or its one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Entries of the registry log.
    Registry,
    /// Heads of logs.
    Heads,
    /// The statement that the bundle is about.
    Statement,
    /// Decisions of its chain and those that it rests on.
    Related,
    /// Acts.
    Acts,
    /// Notices of the home register.
    Notices,
    /// Deliveries and receipts of a filing slip.
    Said,
    /// What was said about agreements.
    Agreements,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry entries",
            Self::Heads => "heads",
            Self::Statement => "statement",
            Self::Related => "related statements",
            Self::Acts => "acts",
            Self::Notices => "notices",
            Self::Said => "deliveries and receipts",
            Self::Agreements => "statements about agreements",
        })
    }
}

/// Why bytes are not a bundle, or not one that proves anything under the anchor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Fewer bytes than magic, version and digest take.
    #[error("{bytes} bytes are too few for a bundle")]
    TooShort {
        /// Bytes found.
        bytes: usize,
    },
    /// More bytes than a bundle may have.
    #[error("{bytes} bytes are more than a bundle may have")]
    TooLong {
        /// Bytes found.
        bytes: usize,
    },
    /// The last 32 bytes are not the digest of the others: the file was damaged, cut or changed.
    #[error("the file is damaged: its digest is another")]
    DigestMismatch,
    /// The file does not begin as a bundle does.
    #[error("the file is not a proof bundle")]
    NotABundle,
    /// A version that this program does not know.
    #[error("bundle version {version} is unknown")]
    Version {
        /// The number found.
        version: u8,
    },
    /// The content is not of the deterministic form, or of another shape.
    #[error("content: {0}")]
    Decode(#[from] DecodeError),
    /// Recognition is claimed of what has no state here, or between authorities that the registry lacks.
    #[error(
        "it claims recognition of what it shows no state of, or for an authority that the registry does not have"
    )]
    RecognitionUnfounded,
    /// The claim is not what follows.
    #[error("what it claims of recognition is not what follows from its agreements")]
    RecognitionDiffers,
    /// The trust chain is neither genesis with entries nor size with root.
    #[error("the trust chain is neither included nor external")]
    TrustShape,
    /// The genesis does not hold together.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis is that of another network than the anchor names.
    #[error("the bundle belongs to network {found}, not to that of the anchor")]
    OtherAnchor {
        /// The id of the genesis in the bundle.
        found: Hash,
    },
    /// The trust chain was left out and no registry was given.
    #[error("the bundle leaves the registry out: one of at least {size} entries is needed")]
    RegistryNeeded {
        /// The size that the bundle was made under.
        size: TreeSize,
    },
    /// The registry given is that of another network than the anchor names.
    #[error("the registry given belongs to network {found}, not to that of the anchor")]
    RegistryOtherAnchor {
        /// The id of its genesis.
        found: Hash,
    },
    /// The registry given ends before the one that the bundle was made under.
    #[error("the registry given has {held} entries, the bundle was made under {size}")]
    RegistryTooSmall {
        /// The size that the bundle was made under.
        size: TreeSize,
        /// The size of the registry given.
        held: TreeSize,
    },
    /// Bundle and registry given contradict each other: one of them comes from a forked registry.
    #[error("the registry in the bundle and the one given differ at size {size}")]
    RegistryForked {
        /// The size at which their roots differ.
        size: TreeSize,
    },
    /// The registry's head is of another size or root than its entries.
    #[error("the registry entries do not lead to the registry's head")]
    RegistryHead,
    /// The registry's head has no quorum, so that nothing may be decided by it.
    #[error("{cosigners} of {quorum} cosigners stand behind the registry's head")]
    RegistryNotWitnessed {
        /// Cosigners that count.
        cosigners: usize,
        /// How many it takes.
        quorum: u64,
    },
    /// A list is not in ascending order, or names a place twice.
    #[error("{part} are not in ascending order without repetition")]
    Order {
        /// The list.
        part: Part,
    },
    /// A log is used whose head is not there.
    #[error("there is no head of log {origin}")]
    HeadMissing {
        /// The log.
        origin: Origin,
    },
    /// A head is there whose log is not used.
    #[error("the head of log {origin} is not used")]
    HeadUnused {
        /// The log.
        origin: Origin,
    },
    /// A head does not hold.
    #[error("head {position}: {fault}")]
    Head {
        /// Its place in the list, from 0.
        position: usize,
        /// What is wrong with it.
        fault: HeadFault,
    },
    /// An entry does not hold.
    #[error("{part} {position}: {fault}")]
    Entry {
        /// The list.
        part: Part,
        /// Its place in the list, from 0.
        position: usize,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// An entry has nothing to do with the statement.
    #[error("{part} {position}: has nothing to do with the statement")]
    Unrelated {
        /// The list.
        part: Part,
        /// Its place in the list, from 0.
        position: usize,
    },
    /// A notice says of an act that is there what the act does not say.
    #[error("notice {position} contradicts the act that it is of")]
    NoticeContradicts {
        /// Its place in the list, from 0.
        position: usize,
    },
    /// A filing slip names something that is not among the objections in its bundle to the decision.
    #[error("the slip is of no objection to its decision: {objection}")]
    NoObjection {
        /// What it names.
        objection: StatementRef,
    },
    /// No quorum stands behind the head that covers the objection of a filing slip.
    #[error("no quorum stands behind the head that covers the objection {objection}")]
    ObjectionNotWitnessed {
        /// The objection.
        objection: StatementRef,
    },
    /// A filing slip brings a head of a log of which its bundle has one.
    #[error("there are two heads of log {origin}")]
    HeadTwice {
        /// The log.
        origin: Origin,
    },
}

/// What is wrong with the head of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadFault {
    /// The bytes are no checkpoint, or the log's key did not sign it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The log key that signed it was cut off, and the head lies beyond the one that the log continues
    /// from, or contradicts it.
    #[error("signed by a log key that was cut off, beyond or beside the head it counts up to")]
    LogKeyCutOff,
    /// No member of the network has this log.
    #[error("no member has this log")]
    UnknownLog,
    /// The log's own line is not the first, or the cosignatures are not in ascending order of their
    /// witnesses.
    #[error("the signature lines are out of order")]
    LineOrder,
    /// A line by somebody who was no cosigner.
    #[error("a signature line by somebody who is no cosigner")]
    NotACosigner,
    /// A cosignature that does not hold.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
}

/// What is wrong with an entry of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// It names a head that is not in the list.
    #[error("there is no head {log}")]
    Log {
        /// The place named.
        log: u64,
    },
    /// The leaf is none.
    #[error("leaf: {0}")]
    Leaf(#[from] LeafError),
    /// The leaf's kind does not belong into this list.
    #[error("a leaf of this kind does not belong here")]
    Kind,
    /// The body is none.
    #[error("body: {0}")]
    Body(#[from] BodyError),
    /// A registry entry without its body, or with one where there is none.
    #[error("the body is missing, or does not belong to a leaf of this kind")]
    BodyPresence,
    /// The body is another than the one that the leaf commits to.
    #[error("the body does not fit the leaf's commitment")]
    Commit,
    /// The leaf is not proven to stand at its index.
    #[error("inclusion proof: {0}")]
    Inclusion(#[from] InclusionError),
    /// The statement bytes are none.
    #[error("statement: {0}")]
    Statement(#[from] StatementError),
    /// It was signed under a registry larger than the one that the bundle was made under.
    #[error("it was signed under a registry of {ctx} entries, the bundle was made under {size}")]
    CtxBeyond {
        /// The size in its `ctx`.
        ctx: TreeSize,
        /// The size that the bundle was made under.
        size: TreeSize,
    },
    /// The registry does not let it stand.
    #[error("{0}")]
    Rejected(#[from] RejectReason),
}
