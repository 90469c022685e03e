//! Answering peers from the journal, and recording what is sent before it is sent.

use concordat_protocol::exchange::{PeerId, ServeId, ServeRequest};
use concordat_protocol::limits;
use concordat_protocol::log::{LeafIndex, Origin, RightCover, TreeSize, VerifiedCheckpoint};
use concordat_protocol::message::{Absence, BodyEntry, BodyFilter, ErrorCode, Frame, LeafAndBody};
use concordat_protocol::statement::{Body, Kind, Leaf, Statement, Vis};
use concordat_protocol::subject::AuthorityCode;

use crate::core::Core;
use crate::core::damage::BodyFault;
use crate::core::logs::BodyState;
use crate::core::types::{Fatal, Output, Signing};
use crate::disk::Disk;

/// Room in a frame for one body more than fits, and for heads.
const FRAME_ROOM_BYTES: usize = limits::STATEMENT_BYTES_MAX + (4 << 10);
/// Bytes that a frame of [`FRAME_LEAVES`] leaves has at most, with its cover.
const LEAF_FRAME_BYTES_MAX: usize = 256 << 10;
/// Leaves in one frame: a multiple of the block.
const FRAME_LEAVES: u64 = 16 * limits::BLOCK_LEAVES;

/// Why a body is not given.
enum Withheld {
    /// For good, as far as this answer goes.
    For(Absence),
    /// It could not be read now.
    ReadLater,
}

/// A body to send, or why it is absent, with its position and leaf.
type BodyOf<'a> = (u64, &'a [u8], Result<Vec<u8>, Absence>);

/// One part of an answer.
#[derive(Default)]
struct Part {
    frames: Vec<Vec<u8>>,
    /// Positions and kinds of the bodies in it.
    given: Vec<(u64, Kind)>,
    /// Where the next part begins.
    next: Option<LeafIndex>,
}

impl Part {
    fn of(frames: Vec<Vec<u8>>) -> Self {
        Self {
            frames,
            ..Self::default()
        }
    }
}

impl<D: Disk> Core<D> {
    /// Sends our own log's tail with its head, or the head alone when the tail is long.
    pub(super) fn push_tail(
        &mut self,
        peer: PeerId,
        member: AuthorityCode,
        from: TreeSize,
        head: &VerifiedCheckpoint,
    ) -> Result<(), Fatal> {
        let origin = head.origin().clone();
        let note = head.to_bytes();
        let alone = Frame::Checkpoint { note: &note }.encode();
        let (begin, end) = (from.value(), head.size().value());
        if end.saturating_sub(begin) > limits::BLOCK_LEAVES {
            self.outputs.push(Output::Send { peer, frame: alone });
            return Ok(());
        }
        let leaves = self.shared.leaves(&origin, begin, end);
        let mut bodies = Vec::with_capacity(leaves.len());
        let mut bytes = 0;
        for (i, leaf) in leaves.iter().enumerate() {
            let index = LeafIndex::new(begin + i as u64);
            let body = self.body_for(&origin, index, leaf, member, false).ok();
            bytes += leaf.len() + body.as_ref().map_or(0, Vec::len);
            if bytes > limits::PUSH_INLINE_BYTES_MAX {
                break;
            }
            bodies.push(body);
        }
        if leaves.len() as u64 != end.saturating_sub(begin) || bytes > limits::PUSH_INLINE_BYTES_MAX
        {
            self.outputs.push(Output::Send { peer, frame: alone });
            return Ok(());
        }
        let tail: Vec<LeafAndBody<'_>> = leaves
            .iter()
            .zip(&bodies)
            .map(|(leaf, body)| (&leaf[..], body.as_deref()))
            .collect();
        let index = LeafIndex::new(begin);
        let frame = Frame::Push {
            note: &note,
            begin: index,
            tail,
        }
        .encode();
        let given = bodies.iter().zip(&leaves).zip(begin..);
        let given = given.filter(|((body, _), _)| body.is_some());
        let given = given.filter_map(|((_, leaf), position)| Some((position, kind_of(leaf)?)));
        let given: Vec<(u64, Kind)> = given.collect();
        self.record_delivery(member, &origin, given)?;
        self.staged.after_row.push(Output::Send { peer, frame });
        Ok(())
    }

    /// Stages the delivery rows of the bodies that follow the next heads of our logs at once, so that they
    /// are durable with the bodies themselves and the push waits for no commit of its own.
    ///
    /// Nothing is sent by this. Crash after the commit, or a member that leaves before the push -> a row
    /// of bodies that have not been sent, as after any crash between row and body: the member is served
    /// them when it asks. A push that goes otherwise than expected writes its own row, as ever.
    // spec: STO-25
    pub(super) fn record_pushes(&mut self) -> Result<(), Fatal> {
        // Entries of the registry may change who is sent what before anything is sent.
        if self.signing != Signing::Open || self.staged.registry {
            return Ok(());
        }
        for (origin, from) in self.staged.own.clone() {
            let to = self.look(|exchange, world| exchange.next_pushed_to(world, &origin, from));
            if to.is_empty() {
                continue;
            }
            let (mut tail, mut bytes): (Vec<(u64, Leaf)>, _) = (Vec::new(), 0);
            let staged = self.staged.durable.iter().filter(|d| d.origin == origin);
            // A body of ours that others gave back may be staged too: it is no part of the tail.
            for entry in staged.filter(|d| d.index.value() >= from.value()) {
                tail.push((entry.index.value(), entry.leaf));
                bytes += entry.body.len() + entry.leaf.encode().len();
            }
            if tail.len() as u64 > limits::BLOCK_LEAVES || bytes > limits::PUSH_INLINE_BYTES_MAX {
                continue;
            }
            for member in to {
                let entitled = |vis: Vis| self.registry.entitled(vis, &origin, member);
                let given = tail.iter().filter(|(_, leaf)| entitled(leaf.vis));
                let given = given.map(|(position, leaf)| (*position, leaf.kind));
                let given: Vec<(u64, Kind)> = given.collect();
                self.record_delivery(member, &origin, given)?;
            }
        }
        Ok(())
    }

    /// Answers a request from storage, or makes a part of the answer.
    // spec: EXC-28
    pub(super) fn serve(
        &mut self,
        (peer, member): (PeerId, AuthorityCode),
        serve: ServeId,
        request: ServeRequest,
        bytes_max: usize,
    ) -> Result<(), Fatal> {
        let part = match request {
            ServeRequest::Leaves {
                origin,
                begin,
                end,
                size,
            } => self.leaf_part(&origin, (begin.value(), end.value()), size, bytes_max),
            ServeRequest::Bodies {
                origin,
                begin,
                end,
                filter,
                suspended,
            } => {
                let range = (begin.value(), end.value());
                let to = (member, suspended);
                let part = self.body_part(&origin, range, filter, to, bytes_max);
                self.record_delivery(member, &origin, part.given.iter().copied())?;
                part
            }
            ServeRequest::Consistency { origin, old, new } => {
                use concordat_protocol::exchange::LogView as _;

                let hashes = self.shared.logs().consistency(&origin, old, new);
                let frame = hashes.map(|hashes| Frame::Proof(hashes).encode());
                Part::of(vec![
                    frame.unwrap_or_else(|| refusal(ErrorCode::RangeNotHeld)),
                ])
            }
        };
        self.staged.after_row.push(Output::Answer {
            peer,
            serve,
            frames: part.frames,
            next: part.next,
        });
        Ok(())
    }

    fn leaf_part(
        &self,
        origin: &Origin,
        (begin, all): (u64, u64),
        size: TreeSize,
        bytes_max: usize,
    ) -> Part {
        let frames_max = (bytes_max / LEAF_FRAME_BYTES_MAX).max(1) as u64;
        let end = ((begin / FRAME_LEAVES + frames_max) * FRAME_LEAVES).min(all);
        let leaves = self.shared.leaves(origin, begin, end);
        if leaves.len() as u64 != end - begin {
            return Part::of(vec![refusal(self.cannot_read(origin, end))]);
        }
        let mut frames = Vec::new();
        let mut first = begin;
        while first < end {
            // Frames end on block boundaries, where covers are shortest.
            let last = ((first / FRAME_LEAVES + 1) * FRAME_LEAVES).min(end);
            let part = |position: u64| usize::try_from(position - begin).unwrap_or(usize::MAX);
            let part = leaves.get(part(first)..part(last)).unwrap_or_default();
            let cover = {
                let logs = self.shared.logs();
                let tree = logs.get(origin).map(|log| log.tree());
                TreeSize::new(last)
                    .ok()
                    .and_then(|last| RightCover::build(tree?, last, size).ok())
            };
            let Some(cover) = cover else {
                return Part::of(vec![refusal(ErrorCode::RangeNotHeld)]);
            };
            let block = Frame::Block {
                begin: LeafIndex::new(first),
                leaves: part.iter().map(Vec::as_slice).collect(),
                cover: cover.hashes().to_vec(),
            };
            frames.push(block.encode());
            first = last;
        }
        let next = (end < all).then_some(LeafIndex::new(end));
        Part {
            next,
            ..Part::of(frames)
        }
    }

    fn body_part(
        &self,
        origin: &Origin,
        (begin, end): (u64, u64),
        filter: BodyFilter,
        (member, suspended): (AuthorityCode, bool),
        bytes_max: usize,
    ) -> Part {
        let frame_fill = bytes_max.min(limits::FRAME_BYTES_MAX) - FRAME_ROOM_BYTES;
        let frames_max = (bytes_max / limits::FRAME_BYTES_MAX).max(1);
        let leaves = self.shared.leaves(origin, begin, end);
        if leaves.len() as u64 != end - begin {
            return Part::of(vec![refusal(self.cannot_read(origin, end))]);
        }
        let (mut part, mut bytes) = (Part::default(), 0);
        let mut entries: Vec<BodyOf<'_>> = Vec::new();
        for (position, leaf) in (begin..end).zip(&leaves) {
            let kind = kind_of(leaf);
            let is_data = kind == Some(Kind::Data);
            if filter == BodyFilter::Acts && is_data {
                continue;
            }
            let index = LeafIndex::new(position);
            let body = match self.body_for(origin, index, leaf, member, suspended) {
                Ok(body) => {
                    part.given.extend(kind.map(|kind| (position, kind)));
                    Ok(body)
                }
                Err(Withheld::For(absence)) => Err(absence),
                // "Not held" would be a lie, and perhaps the last word on it.
                // spec: STO-47
                Err(Withheld::ReadLater) => return Part::of(vec![refusal(ErrorCode::Busy)]),
            };
            bytes += leaf.len() + body.as_ref().map_or(1, Vec::len) + 16;
            entries.push((position, leaf, body));
            if bytes > frame_fill {
                part.frames.push(body_frame(position + 1, &entries));
                entries.clear();
                bytes = 0;
                if part.frames.len() >= frames_max && position + 1 < end {
                    part.next = Some(LeafIndex::new(position + 1));
                    return part;
                }
            }
        }
        if !entries.is_empty() || part.frames.is_empty() || frames_end_early(&part.frames, end) {
            part.frames.push(body_frame(end, &entries));
        }
        part
    }

    /// A body, if this node gives it to this member.
    // spec: EXC-20, EXC-21, EXC-26, EXC-110
    fn body_for(
        &self,
        origin: &Origin,
        index: LeafIndex,
        leaf: &[u8],
        member: AuthorityCode,
        suspended: bool,
    ) -> Result<Vec<u8>, Withheld> {
        let leaf = Leaf::decode(leaf).map_err(|_| Withheld::For(Absence::NotHeld))?;
        let is_data = leaf.kind == Kind::Data;
        if suspended && is_data {
            return Err(Withheld::For(Absence::Suspended));
        }
        let between_parties = leaf.kind.is_between_parties();
        if !between_parties
            && !self.registry.entitled(leaf.vis, origin, member)
            && !self.owed_to(member, origin, index, &leaf)
        {
            return Err(Withheld::For(Absence::NotEntitled));
        }
        // Plain data goes out from its own log's node and from the hub only, and back to the former.
        let owner = [self.me, member]
            .iter()
            .any(|m| origin.member() == m.as_str());
        let source = owner || self.is_hub();
        if is_data && !source {
            return Err(Withheld::For(Absence::NotHeld));
        }
        let body = self.body_held(origin, index)?;
        match between_parties && !self.may_read(member, origin, &body) {
            true => Err(Withheld::For(Absence::NotEntitled)),
            false => Ok(body),
        }
    }

    /// Whether a delivery or a receipt is for a member. What cannot be read as either is for those alone
    /// who read all of them.
    // spec: PRP-4
    fn may_read(&self, member: AuthorityCode, origin: &Origin, body: &[u8]) -> bool {
        let body = Body::decode(body).ok();
        let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
        let content = statement.as_ref().map(|one| &one.payload().content);
        match content {
            Some(content) => self.registry.may_read(origin, content, member),
            None => origin.member() == member.as_str() || self.registry.oversees(member),
        }
    }

    fn body_held(&self, origin: &Origin, index: LeafIndex) -> Result<Vec<u8>, Withheld> {
        let state = self
            .shared
            .logs()
            .get(origin)
            .map_or(BodyState::None, |log| log.body(index));
        match state {
            BodyState::Absent(Absence::Erased) => Err(Withheld::For(Absence::Erased)),
            // Whoever has its leaf alone would wait for it for good, and judges by itself.
            // spec: EXC-102
            BodyState::Refused(_) => {
                let body = self.shared.read_refused(origin, index);
                body.ok_or(Withheld::For(Absence::NotHeld))
            }
            BodyState::Held(_)
            | BodyState::Damaged
            | BodyState::Absent(_)
            | BodyState::Missing
            | BodyState::None => match self.shared.read_body(origin, index) {
                Ok(Some(body)) => Ok(body),
                Ok(None) | Err(BodyFault::Damaged(_)) => Err(Withheld::For(Absence::NotHeld)),
                Err(BodyFault::Unavailable { .. }) => Err(Withheld::ReadLater),
            },
        }
    }

    /// What to say when the leaves of a range do not come from the disk.
    fn cannot_read(&self, origin: &Origin, end: u64) -> ErrorCode {
        let logs = self.shared.logs();
        match logs
            .get(origin)
            .is_some_and(|log| log.size().value() >= end)
        {
            true => ErrorCode::Busy,
            false => ErrorCode::RangeNotHeld,
        }
    }
}

/// The kind of a leaf; `None` for one of a later version.
fn kind_of(leaf: &[u8]) -> Option<Kind> {
    Some(Leaf::decode(leaf).ok()?.kind)
}

fn body_frame(next: u64, bodies: &[BodyOf<'_>]) -> Vec<u8> {
    let entries = bodies.iter().map(|(position, leaf, body)| BodyEntry {
        index: LeafIndex::new(*position),
        leaf,
        body: body.as_deref().map_err(|absence| *absence),
    });
    let entries = entries.collect();
    let next = TreeSize::new(next).unwrap_or(TreeSize::MAX);
    Frame::BodyBlock { next, entries }.encode()
}

/// Whether the last frame made does not reach the end of the range.
fn frames_end_early(frames: &[Vec<u8>], end: u64) -> bool {
    let last = frames.last().map(|bytes| Frame::decode(bytes));
    !matches!(last, Some(Ok(Frame::BodyBlock { next, .. })) if next.value() == end)
}

fn refusal(code: ErrorCode) -> Vec<u8> {
    Frame::Error {
        code,
        retry_after_ms: 1_000,
    }
    .encode()
}
