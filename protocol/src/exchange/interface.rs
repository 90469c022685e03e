//! What goes into the exchange and what comes out: inputs, actions, and the world it looks at.

use std::sync::Arc;

use crate::exchange::{ServeRequest, Violation, Witnessed};
use crate::log::{Hash, LeafIndex, Origin, TreeSize, VerifiedCheckpoint, VerifiedCosignature};
use crate::message::{ErrorCode, FrontierEntry};
use crate::statement::Leaf;
use crate::subject::AuthorityCode;
use crate::time::Timestamp;
use crate::trust::{Registry, RejectReason};

/// A connection to a peer. Never used again after it has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// A request stream that we opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A request stream that a peer opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServeId(pub u64);

/// Something to store. The answer is [`Input::Stored`] with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub u64);

/// What the engine may look at in memory while it handles an input.
pub trait LogView {
    /// The root over the first `size` leaves of a log, stored or about to be.
    fn root_at(&self, origin: &Origin, size: TreeSize) -> Option<Hash>;
    /// The hash of a leaf.
    fn leaf_hash(&self, origin: &Origin, index: LeafIndex) -> Option<Hash>;
    /// Whether the body of a leaf is held.
    fn holds_body(&self, origin: &Origin, index: LeafIndex) -> bool;
    /// Whether an act that is held erases the body of a leaf.
    fn is_erasing(&self, origin: &Origin, index: LeafIndex) -> bool;
    /// Where the newest restart lies that the author of a log has logged.
    fn restarted_at(&self, origin: &Origin) -> Option<LeafIndex>;
    /// Hashes that lead from one size of a log to a later one.
    fn consistency(&self, origin: &Origin, old: TreeSize, new: TreeSize) -> Option<Vec<Hash>>;
}

/// The world as the node knows it at this moment.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The time that deadlines go by: it never goes back.
    pub now: Timestamp,
    /// The time by the node's clock, which may be set.
    pub clock: Timestamp,
    /// The registry as applied.
    pub registry: &'a Registry,
    /// The logs.
    pub logs: &'a dyn LogView,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A connection stands, with the member that the key belongs to.
    Opened {
        /// The connection.
        peer: PeerId,
        /// Who it is, by the registry.
        member: AuthorityCode,
    },
    /// A connection is gone, for whatever reason.
    Closed {
        /// The connection.
        peer: PeerId,
    },
    /// A frame on the control stream.
    Control {
        /// The connection.
        peer: PeerId,
        /// The frame's bytes.
        bytes: &'a [u8],
    },
    /// A frame that answers a request of ours.
    Answer {
        /// The connection.
        peer: PeerId,
        /// The request.
        request: RequestId,
        /// The frame's bytes.
        bytes: &'a [u8],
    },
    /// A request of ours ended without being answered to the end.
    RequestFailed {
        /// The connection.
        peer: PeerId,
        /// The request.
        request: RequestId,
    },
    /// The first frame of a request by a peer.
    Request {
        /// The connection.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// The frame's bytes.
        bytes: &'a [u8],
    },
    /// A part of the answer to a request by a peer has been sent, or the request has been given up.
    Served {
        /// The connection.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// Where the answer goes on; `None` when there is no more to it.
        next: Option<LeafIndex>,
    },
    /// What an action asked to store is durable.
    Stored {
        /// The action's id.
        store: StoreId,
    },
    /// A log of our own has a new durable, signed head.
    OwnHead {
        /// The head.
        head: VerifiedCheckpoint,
    },
    /// We cosigned, after persisting that we would.
    Cosigned {
        /// Our cosignature.
        cosignature: VerifiedCosignature,
    },
    /// Entries of the registry have been applied.
    RegistryChanged,
    /// We may sign from now on, and vouch for the heads that came in before.
    SigningOpened,
    /// A batch of inputs has been handled and what it stored is durable: tell the peers.
    Settled,
    /// The deadline has passed.
    Deadline,
}

/// Leaves packed one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeafBatch {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl LeafBatch {
    /// Appends a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        self.bytes.extend_from_slice(leaf);
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The leaves in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let leaf = self.bytes.get(begin..*end as usize).unwrap_or_default();
            begin = *end as usize;
            leaf
        })
    }
}

/// What became of a body that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyOutcome {
    /// It fits its leaf. `verified` says whether its signature and mandate were verified too.
    Accepted {
        /// The leaf that commits to it.
        leaf: Leaf,
        /// The encoded body.
        body: Arc<[u8]>,
        /// Whether it was verified beyond its commitment.
        verified: bool,
    },
    /// It fits its leaf but is no statement that counts here; it is kept for others to judge.
    Refused {
        /// Why it does not count.
        reason: RejectReason,
        /// The encoded body.
        body: Arc<[u8]>,
    },
    /// It will not come: not entitled, or erased.
    Absent(crate::message::Absence),
}

/// Something the node must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a frame on the control stream.
    Send {
        /// To whom.
        peer: PeerId,
        /// The frame's bytes.
        frame: Vec<u8>,
    },
    /// Send a push of our own log's tail from `from` to its head, or the head alone when the tail is
    /// too long; a delivery row goes first.
    Push {
        /// To whom.
        peer: PeerId,
        /// Who that is.
        member: AuthorityCode,
        /// Where the tail begins.
        from: TreeSize,
        /// The head.
        head: VerifiedCheckpoint,
    },
    /// Open a request stream and send a frame. Answered by [`Input::Answer`] or
    /// [`Input::RequestFailed`].
    Ask {
        /// To whom.
        peer: PeerId,
        /// The request.
        request: RequestId,
        /// The frame's bytes.
        frame: Vec<u8>,
    },
    /// Give a request up; nothing more of it is wanted.
    Cancel {
        /// To whom.
        peer: PeerId,
        /// The request.
        request: RequestId,
    },
    /// Answer a request from storage, or make a part of the answer; then feed [`Input::Served`], with
    /// where the answer goes on if it does.
    Serve {
        /// To whom.
        peer: PeerId,
        /// Who that is.
        member: AuthorityCode,
        /// The stream.
        serve: ServeId,
        /// What is asked for.
        request: ServeRequest,
        /// How many bytes the frames may have in all.
        bytes: usize,
    },
    /// Refuse a request: send the frame on its stream and finish it.
    Refuse {
        /// To whom.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// The frame's bytes.
        frame: Vec<u8>,
    },
    /// Store verified leaves; with the head that they complete, if they do. Answered by
    /// [`Input::Stored`] once durable.
    StoreLeaves {
        /// Names the answer.
        store: StoreId,
        /// The log.
        origin: Origin,
        /// Position of the first.
        begin: LeafIndex,
        /// The leaves.
        leaves: LeafBatch,
        /// The signed head at their end.
        head: Option<VerifiedCheckpoint>,
    },
    /// Store bodies, or that they will not come. Answered by [`Input::Stored`] once durable.
    StoreBodies {
        /// Names the answer.
        store: StoreId,
        /// The log.
        origin: Origin,
        /// Bodies by position.
        bodies: Vec<(LeafIndex, BodyOutcome)>,
    },
    /// Persist that we cosign this head, sign, and feed [`Input::Cosigned`].
    Cosign {
        /// The head.
        head: VerifiedCheckpoint,
    },
    /// The head has new cosignatures worth keeping.
    KeepHead {
        /// The head with its cosignatures.
        head: VerifiedCheckpoint,
    },
    /// More of a log is witnessed, or more freshly.
    Witnessed {
        /// The log.
        origin: Origin,
        /// How far, and when.
        witnessed: Witnessed,
    },
    /// A peer holds this much of a log durably.
    Holds {
        /// Who.
        member: AuthorityCode,
        /// What.
        entry: FrontierEntry,
    },
    /// Two heads of a log contradict each other: record the evidence; the log is frozen here.
    Forked {
        /// The log.
        origin: Origin,
        /// An encoded FORK frame.
        evidence: Vec<u8>,
    },
    /// A log of our own goes further than we have signed, under our own key: another instance of this
    /// node writes it, or has written it. Sign nothing before it has been fetched back.
    Surpassed {
        /// The head that we have not signed.
        head: VerifiedCheckpoint,
    },
    /// A peer broke the protocol or showed something invalid; for the operator.
    Report {
        /// Who.
        peer: PeerId,
        /// What.
        violation: Violation,
    },
    /// End the connection.
    Close {
        /// Which.
        peer: PeerId,
        /// What to say.
        code: ErrorCode,
    },
}

impl Input<'_> {
    /// The connection it is about, when it is about one.
    #[must_use]
    pub const fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Opened { peer, .. }
            | Self::Closed { peer }
            | Self::Control { peer, .. }
            | Self::Answer { peer, .. }
            | Self::RequestFailed { peer, .. }
            | Self::Request { peer, .. }
            | Self::Served { peer, .. } => Some(*peer),
            Self::Stored { .. }
            | Self::OwnHead { .. }
            | Self::Cosigned { .. }
            | Self::RegistryChanged
            | Self::SigningOpened
            | Self::Settled
            | Self::Deadline => None,
        }
    }
}
