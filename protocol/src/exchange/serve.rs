//! Requests by peers: which are answered, by what rule, and how much of it at once.

use std::collections::BTreeMap;

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

impl ServeRequest {
    /// What is left of it from a position on; `None` when that is nothing.
    fn from(self, next: LeafIndex) -> Option<Self> {
        let goes_on = |begin: LeafIndex, end: TreeSize| begin < next && next.value() < end.value();
        match self {
            Self::Leaves {
                origin,
                begin,
                end,
                size,
            } => goes_on(begin, end).then_some(Self::Leaves {
                origin,
                begin: next,
                end,
                size,
            }),
            Self::Bodies {
                origin,
                begin,
                end,
                filter,
                suspended,
            } => goes_on(begin, end).then_some(Self::Bodies {
                origin,
                begin: next,
                end,
                filter,
                suspended,
            }),
            Self::Consistency { .. } => None,
        }
    }
}

/// Requests of one peer that are not answered to the end, each with whether a large part of its answer
/// is on its way.
#[derive(Clone, Debug)]
pub(super) struct Answers(BTreeMap<ServeId, (ServeRequest, bool)>);

impl Answers {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes down that a part of an answer is made; how many bytes it may have.
    // spec: EXC-28
    fn send(&mut self, serve: ServeId, request: ServeRequest) -> usize {
        let large = self.0.values().filter(|(_, is_large)| *is_large).count();
        let is_large = large < limits::ANSWERS_LARGE_MAX;
        self.0.insert(serve, (request, is_large));
        match is_large {
            true => limits::ANSWER_LARGE_BYTES_MAX,
            false => limits::ANSWER_PART_BYTES_MAX,
        }
    }

    /// Takes down that a part has been sent; what is left to send.
    fn sent(&mut self, serve: ServeId, next: Option<LeafIndex>) -> Option<ServeRequest> {
        let (request, _) = self.0.remove(&serve)?;
        request.from(next?)
    }
}

impl Exchange {
    // spec: EXC-18, EXC-19
    pub(super) fn request(&mut self, world: World<'_>, id: PeerId, serve: ServeId, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if !peer.greeted {
            return self.blame(id, Violation::HelloExpected);
        }
        if peer.answers.len() >= limits::REQUESTS_UNDER_WAY_MAX {
            self.refuse(id, serve, ErrorCode::Busy);
            return self.blame(id, Violation::TooManyRequests);
        }
        let Ok(frame) = Frame::decode(bytes) else {
            return self.blame(id, Violation::Malformed);
        };
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
                suspended: true,
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
        self.serve(world, id, serve, request);
    }

    pub(super) fn served(
        &mut self,
        world: World<'_>,
        id: PeerId,
        serve: ServeId,
        next: Option<LeafIndex>,
    ) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if let Some(rest) = peer.answers.sent(serve, next) {
            self.serve(world, id, serve, rest);
        }
    }

    /// Has one part of an answer made, by what the registry says now.
    fn serve(&mut self, world: World<'_>, id: PeerId, serve: ServeId, mut request: ServeRequest) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let member = peer.member;
        if let ServeRequest::Bodies { suspended, .. } = &mut request {
            *suspended = Self::is_suspended(world, member);
        }
        let bytes = peer.answers.send(serve, request.clone());
        self.act(Action::Serve {
            peer: id,
            member,
            serve,
            request,
            bytes,
        });
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
