//! What goes into the core and what comes out.

use std::sync::Arc;

use concordat_protocol::exchange::{Input, PeerId, RequestId, ServeId, Violation, Witnessed};
use concordat_protocol::log::checkpoint::CheckpointError;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::message::{ErrorCode, FrontierEntry};
use concordat_protocol::statement::{KeyUse, Leaf, StatementError, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{LogNumber, RejectReason};

use crate::journal::{JournalError, JournalOptions};
use crate::signer_state::SignerError;

/// How a core is opened.
#[derive(Clone, Debug)]
pub struct CoreOptions {
    /// The journal.
    pub journal: JournalOptions,
    /// The operator of a hub says that its network starts here and now, for the first time.
    pub first_start: bool,
    /// A mark beside the keys says that they have signed.
    pub has_signed: bool,
}

/// Names the answer to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Signed statements for one of the node's own logs: all of them or none.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Names the answer.
    pub ticket: Ticket,
    /// Which log.
    pub log: LogNumber,
    /// Statements, exactly as signed.
    pub statements: Vec<Vec<u8>>,
}

/// Something for the core.
#[derive(Debug)]
pub enum CoreInput<'a> {
    /// For the exchange.
    Exchange(Input<'a>),
    /// Statements to append. Answered by [`Output::Submitted`].
    Submit(Submission),
    /// A row of a local register, opaque here, to keep durably.
    Row(&'a [u8]),
}

/// An entry of an own log before it is appended.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The leaf.
    pub leaf: Leaf,
    /// The encoded body.
    pub body: Vec<u8>,
}

/// A leaf with its body that is now durable, for the index.
#[derive(Clone, Debug)]
pub struct Durable {
    /// The log.
    pub origin: Origin,
    /// The position.
    pub index: LeafIndex,
    /// The leaf.
    pub leaf: Leaf,
    /// The encoded body.
    pub body: Arc<[u8]>,
    /// Whether the log is our own.
    pub own: bool,
    /// Whether signature and mandate have been verified.
    pub verified: bool,
}

/// Something that the core has decided and made durable.
#[derive(Clone, Debug)]
pub enum Output {
    /// A frame for a control stream.
    Send {
        /// To whom.
        peer: PeerId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Open a request stream with this frame.
    Ask {
        /// To whom.
        peer: PeerId,
        /// The request.
        request: RequestId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Reset a request stream of ours.
    Cancel {
        /// To whom.
        peer: PeerId,
        /// The request.
        request: RequestId,
    },
    /// Send these frames on a request stream, and finish it if that is all; then feed
    /// [`Input::Served`](concordat_protocol::exchange::Input::Served).
    Answer {
        /// To whom.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// The frames.
        frames: Vec<Vec<u8>>,
        /// Where the answer goes on once they are sent.
        next: Option<LeafIndex>,
    },
    /// End a connection.
    Close {
        /// Which.
        peer: PeerId,
        /// What to say.
        code: ErrorCode,
    },
    /// The answer to a submission.
    Submitted {
        /// Which.
        ticket: Ticket,
        /// Where the statements stand, or why none was taken.
        result: Result<Vec<StatementRef>, SubmitError>,
    },
    /// Bodies that are now durable.
    Durable {
        /// The bodies.
        items: Vec<Durable>,
        /// Ledger records in the journal, these included.
        records: u64,
    },
    /// The registry has changed: look at live connections again.
    RegistryChanged,
    /// More of a log is witnessed.
    Witnessed {
        /// The log.
        origin: Origin,
        /// How far.
        witnessed: Witnessed,
    },
    /// A log has a new head here.
    Head {
        /// The log.
        origin: Origin,
        /// Its size.
        size: TreeSize,
    },
    /// A peer holds this much.
    Holds {
        /// Who.
        member: AuthorityCode,
        /// What.
        entry: FrontierEntry,
    },
    /// A log has forked.
    Forked {
        /// The log.
        origin: Origin,
        /// An encoded FORK frame.
        evidence: Vec<u8>,
    },
    /// A peer misbehaved.
    Report {
        /// Who.
        peer: PeerId,
        /// How.
        violation: Violation,
    },
    /// The node may sign again.
    Signing,
    /// It may not any more: one of its logs goes further than it has signed.
    Surpassed(Surpassed),
    /// It may not any more: the registry has come to name other keys than these of its directory.
    ForeignKeys(Vec<KeyUse>),
}

/// A log of our own that goes further than we have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surpassed {
    /// The log.
    pub origin: Origin,
    /// The size that another instance of this node has signed.
    pub size: TreeSize,
    /// The size that this one has signed.
    pub signed: TreeSize,
    /// Whether it came while this one was signing: then only a new start lets it sign again.
    pub lasts: bool,
}

/// Whether the node may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Yes.
    Open,
    /// Nothing is in doubt, but others are heard first: a copy of the directory may have gone on
    /// elsewhere.
    Greeting {
        /// Without them it signs from then on.
        until: Timestamp,
    },
    /// Not before the hub and the cosigners have said what they have seen of its logs.
    Held,
    /// No more: one of its own logs has forked.
    Forked,
}

/// Why a submission was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The node may not sign yet.
    #[error("the node waits for the hub and the cosigners before it signs anything")]
    SigningHeld,
    /// One of the node's own logs has forked: it signs nothing more.
    #[error("the log {origin} has forked: the node signs nothing more")]
    LogFrozen {
        /// The log.
        origin: Origin,
    },
    /// Only the hub has this log.
    #[error("this node does not write that log")]
    NotOurLog,
    /// The bytes are no statement.
    #[error("statement {position}: {error}")]
    NotAStatement {
        /// Which of them, from 0.
        position: usize,
        /// What is wrong.
        error: StatementError,
    },
    /// The leaf that it acts on is held and cannot be read: its visibility class is not known.
    #[error("statement {position}: the entry that it acts on cannot be read now; try again")]
    TargetUnreadable {
        /// Which of them, from 0.
        position: usize,
    },
    /// The registry or the catalogue does not allow it.
    #[error("statement {position}: {reason}")]
    Refused {
        /// Which of them, from 0.
        position: usize,
        /// Why.
        reason: RejectReason,
    },
}

/// The core cannot go on. What is on disk is sound; start again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fatal {
    /// The journal failed.
    #[error("the journal failed: {0}")]
    Journal(#[from] JournalError),
    /// The signer state failed or refused.
    #[error("the signer state refused: {0}")]
    Signer(#[from] SignerError),
    /// The log key did not sign as it should.
    #[error("the log key did not sign: {0}")]
    LogKey(#[from] CheckpointError),
    /// Another instance of this node has signed more of a log than this one, while this one was about
    /// to sign as well. Nothing was stored; the next start fetches back what the other signed.
    #[error(
        "another instance of this node has signed {origin} up to {size}: a copy of its directory runs \
         or has run elsewhere; start again to fetch back what it wrote"
    )]
    Surpassed {
        /// The log.
        origin: Origin,
        /// The size that was signed elsewhere.
        size: TreeSize,
    },
    /// What was written reads back otherwise.
    #[error("leaf {index} of {origin} reads back otherwise than it was written")]
    ReadBack {
        /// The log.
        origin: Origin,
        /// The position.
        index: LeafIndex,
    },
    /// What was written could not be read back, and nothing says that it is damaged.
    #[error(
        "what was written of {origin} cannot be read back now, so no head is signed over it: {cause}"
    )]
    NotReadBack {
        /// The log.
        origin: Origin,
        /// Why not.
        cause: JournalError,
    },
    /// A log cannot hold more leaves, or its tree is inconsistent.
    #[error("the tree of {origin} is inconsistent")]
    Tree {
        /// The log.
        origin: Origin,
    },
}
