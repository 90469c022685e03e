//! Requests by peers: which are answered, and by what rule.

use crate::exchange::{Action, Exchange, PeerId, ServeId, Violation, World};
use crate::limits;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::message::{BodyFilter, ErrorCode, Frame};

/// A request that may be answered from storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServeRequest {
    /// Leaves [begin, end) with covers that lead to `size`.
    Leaves {
        /// The log.
        origin: Origin,
        /// The first.
        begin: LeafIndex,
        /// After the last.
        end: TreeSize,
        /// The head's size.
        size: TreeSize,
    },
    /// Bodies of [begin, end).
    Bodies {
        /// The log.
        origin: Origin,
        /// The first position.
        begin: LeafIndex,
        /// After the last position.
        end: TreeSize,
        /// Which.
        filter: BodyFilter,
        /// Whether the peer is suspended: everything but acts is then absent.
        suspended: bool,
    },
    /// A consistency proof.
    Consistency {
        /// The log.
        origin: Origin,
        /// The smaller size.
        old: TreeSize,
        /// The larger size.
        new: TreeSize,
    },
}

impl Exchange {
    // spec: EXC-18, EXC-19
    pub(super) fn request(&mut self, world: World<'_>, id: PeerId, serve: ServeId, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let member = peer.member;
        if !peer.greeted {
            return self.blame(id, Violation::HelloExpected);
        }
        if peer.serving.len() >= 2 * limits::RANGES_IN_FLIGHT_MAX {
            self.refuse(id, serve, ErrorCode::Busy);
            return self.blame(id, Violation::TooManyRequests);
        }
        let Ok(frame) = Frame::decode(bytes) else {
            return self.blame(id, Violation::Malformed);
        };
        let suspended = Self::is_suspended(world, member);
        let request = match frame {
            Frame::Range {
                origin,
                begin,
                end,
                size,
            } => ServeRequest::Leaves {
                origin,
                begin,
                end,
                size,
            },
            Frame::Bodies {
                origin,
                begin,
                end,
                filter,
            } => ServeRequest::Bodies {
                origin,
                begin,
                end,
                filter,
                suspended,
            },
            Frame::Consistency { origin, old, new } => {
                ServeRequest::Consistency { origin, old, new }
            }
            Frame::Hello { .. }
            | Frame::Frontier(_)
            | Frame::Checkpoint { .. }
            | Frame::Push { .. }
            | Frame::Cosign { .. }
            | Frame::Fork { .. }
            | Frame::Error { .. }
            | Frame::Block { .. }
            | Frame::BodyBlock { .. }
            | Frame::Proof(_) => return self.blame(id, Violation::WrongStream),
        };
        if let Err(code) = self.answerable(&request) {
            return self.refuse(id, serve, code);
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.serving.insert(serve);
        }
        self.act(Action::Serve {
            peer: id,
            member,
            serve,
            request,
        });
    }

    pub(super) fn served(&mut self, id: PeerId, serve: ServeId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.serving.remove(&serve);
        }
    }

    /// Whether what is asked for is held here at all.
    fn answerable(&self, request: &ServeRequest) -> Result<(), ErrorCode> {
        let (origin, begin, end, size) = match request {
            ServeRequest::Leaves {
                origin,
                begin,
                end,
                size,
            } => (origin, begin.value(), end.value(), size.value()),
            ServeRequest::Bodies {
                origin, begin, end, ..
            } => (origin, begin.value(), end.value(), end.value()),
            ServeRequest::Consistency { origin, old, new } => {
                (origin, old.value(), new.value(), new.value())
            }
        };
        let replica = self.replicas.get(origin).ok_or(ErrorCode::UnknownLog)?;
        let ordered = begin < end && end <= size;
        let most = match request {
            ServeRequest::Leaves { .. } => limits::RANGE_LEAVES_MAX,
            ServeRequest::Bodies { .. } => limits::RANGE_BODIES_MAX,
            ServeRequest::Consistency { .. } => u64::MAX,
        };
        if !ordered || end - begin > most {
            return Err(ErrorCode::Limit);
        }
        match size <= replica.durable().value() {
            true => Ok(()),
            false => Err(ErrorCode::RangeNotHeld),
        }
    }

    fn refuse(&mut self, peer: PeerId, serve: ServeId, code: ErrorCode) {
        let frame = Frame::Error {
            code,
            retry_after_ms: 1_000,
        }
        .encode();
        self.act(Action::Refuse { peer, serve, frame });
    }
}
