//! Requests by peers: which are answered, by what rule, and how much of it at once.

use std::collections::{BTreeMap, VecDeque};

use crate::exchange::conduct::conduct_of;
use crate::exchange::{Action, Exchange, PeerId, ServeId, Violation, World};
use crate::limits;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::message::{BodyFilter, ErrorCode, Frame};
use crate::time::Timestamp;

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
    /// How many positions of a log are read for it.
    const fn positions(&self) -> u64 {
        match self {
            Self::Leaves { begin, end, .. } | Self::Bodies { begin, end, .. } => {
                end.value().saturating_sub(begin.value())
            }
            Self::Consistency { .. } => limits::POSITIONS_OF_A_PROOF,
        }
    }

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

/// Requests of one peer that are not answered to the end.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// A part of the answer is on its way; whether it is a large one.
    sending: BTreeMap<ServeId, (ServeRequest, bool)>,
    /// Not begun yet, since the member has asked for too much lately.
    waiting: VecDeque<(ServeId, ServeRequest)>,
    /// Overtook the greeting.
    early: Vec<(ServeId, ServeRequest)>,
    /// When the first of those is begun.
    pub(super) resumes_at: Option<Timestamp>,
}

impl Answers {
    pub(super) const fn new() -> Self {
        Self {
            sending: BTreeMap::new(),
            waiting: VecDeque::new(),
            early: Vec::new(),
            resumes_at: None,
        }
    }

    fn len(&self) -> usize {
        self.sending.len() + self.waiting.len() + self.early.len()
    }

    /// Takes down that a part of an answer is made; how many bytes it may have.
    // spec: EXC-28
    fn send(&mut self, serve: ServeId, request: ServeRequest) -> usize {
        let sending = self.sending.values();
        let large = sending.filter(|(_, is_large)| *is_large).count();
        let is_large = large < limits::ANSWERS_LARGE_MAX;
        self.sending.insert(serve, (request, is_large));
        match is_large {
            true => limits::ANSWER_LARGE_BYTES_MAX,
            false => limits::ANSWER_PART_BYTES_MAX,
        }
    }

    /// Takes down that a part has been sent; what is left to send.
    fn sent(&mut self, serve: ServeId, next: Option<LeafIndex>) -> Option<ServeRequest> {
        let (request, _) = self.sending.remove(&serve)?;
        request.from(next?)
    }
}

impl Exchange {
    // spec: EXC-18, EXC-19, EXC-90
    pub(super) fn request(&mut self, world: World<'_>, id: PeerId, serve: ServeId, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
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
        match self.peers.get_mut(&id) {
            Some(peer) if !peer.greeted => peer.answers.early.push((serve, request)),
            Some(_) | None => self.take_request(world, id, serve, request),
        }
    }

    /// Takes up the requests that overtook the greeting.
    // spec: EXC-90
    pub(super) fn take_early_requests(&mut self, world: World<'_>, id: PeerId) {
        let early = self.peers.get_mut(&id).map(|peer| &mut peer.answers.early);
        for (serve, request) in early.map(std::mem::take).into_iter().flatten() {
            self.take_request(world, id, serve, request);
        }
    }

    fn take_request(
        &mut self,
        world: World<'_>,
        id: PeerId,
        serve: ServeId,
        request: ServeRequest,
    ) {
        if let Err(code) = self.answerable(&request) {
            return self.refuse(id, serve, code);
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.answers.waiting.push_back((serve, request));
        }
        self.begin_answers(world, id);
    }

    /// Begins with the requests that wait; when the member has to wait, says until when.
    // spec: EXC-31
    pub(super) fn begin_answers(&mut self, world: World<'_>, id: PeerId) {
        let waiting = self.peers.get(&id).map(|peer| &peer.answers.waiting);
        if waiting.is_none_or(VecDeque::is_empty) {
            return;
        }
        let held = self.replicas.values().map(|log| log.durable().value());
        let held = held.fold(0, u64::saturating_add);
        while let Some(peer) = self.peers.get_mut(&id) {
            let Some((_, request)) = peer.answers.waiting.front() else {
                return;
            };
            let (member, positions) = (peer.member, request.positions());
            let conduct = conduct_of(&mut self.conduct, member, world.now);
            peer.answers.resumes_at = conduct.waits_until(world.now, held);
            if peer.answers.resumes_at.is_some() {
                return;
            }
            conduct.asks(world.now, held, positions);
            if let Some((serve, request)) = peer.answers.waiting.pop_front() {
                self.serve(world, id, serve, request);
            }
        }
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
