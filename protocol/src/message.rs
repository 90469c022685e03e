//! Frames of the exchange, one CBOR array each (`spec/exchange.md`).
//!
//! ```text
//! control stream                          request stream (one per request)
//! [1, version, genesis, member, digest]   HELLO       [10, origin, begin, end, size]     RANGE
//! [2, [[origin, size, root, bodies]]]     FRONTIER    [11, begin, [leaf], [hash]]        BLOCK
//! [3, note]                               CHECKPOINT  [12, origin, begin, end, filter]   BODIES
//! [4, note, begin, [[leaf, body]]]        PUSH        [13, next, [[index, leaf, body]]]  BODY BLOCK
//! [5, origin, size, root, line]           COSIGN      [14, origin, old, new]             CONSISTENCY
//! [6, note, note, [hash]]                 FORK        [15, [hash]]                       PROOF
//! [7, code, retry after ms]               ERROR
//! ```
//!
//! Frames are read by hand with the strict reader: shortest heads and exact shapes, so that each
//! frame has one encoding, and bulk bytes are borrowed, not copied. A frame is looked at in this
//! order, always: length, shape, limits, state.
//!
//! Out of scope: the length prefix on a stream, which belongs to the transport.

use crate::codec::{DecodeError, Reader, Writer, code_enum};
use crate::limits;
use crate::log::{Hash, LeafIndex, Origin, PROOF_HASHES_MAX, TreeSize};
use crate::statement::LEAF_BYTES_MAX;
use crate::subject::AuthorityCode;

/// The major version, as in the ALPN name.
pub const VERSION: u64 = 1;

code_enum! {
    /// What a peer is told when something is refused. Coarser than what is logged.
    pub enum ErrorCode {
        /// The frame is not one of this protocol.
        Malformed = 1,
        /// The frame makes no sense in this state.
        Unexpected = 2,
        /// A limit was crossed.
        Limit = 3,
        /// Another network.
        WrongNetwork = 4,
        /// Another version.
        WrongVersion = 5,
        /// The log is not held here.
        UnknownLog = 6,
        /// The range is not held here.
        RangeNotHeld = 7,
        /// The policy does not entitle the peer.
        NotEntitled = 8,
        /// The peer is suspended and gets acts only.
        Suspended = 9,
        /// Too much at once; try again later.
        Busy = 10,
        /// What was sent does not verify.
        Unverified = 11,
        /// The node is stopping.
        Stopping = 12,
        /// The log is frozen after a fork.
        Frozen = 13,
    }
}

code_enum! {
    /// Why a body is not in an answer.
    pub enum Absence {
        /// The policy does not entitle the receiver.
        NotEntitled = 1,
        /// It is not held here.
        NotHeld = 2,
        /// It was erased.
        Erased = 3,
        /// The receiver is suspended and gets acts only.
        Suspended = 4,
    }
}

code_enum! {
    /// Which bodies a request asks for.
    pub enum BodyFilter {
        /// Everything but plain data: acts, registry, notices and the like.
        Acts = 1,
        /// All.
        All = 2,
    }
}

/// One line of a frontier: how far a peer holds a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontierEntry {
    /// The log.
    pub origin: Origin,
    /// Leaves held durably.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
    /// Up to where no body that the holder is entitled to is missing.
    pub bodies: TreeSize,
    /// Which cosigners the holder has seen vouch, and how far; see [`Vouched`].
    pub vouched: Vouched,
}

/// Fingerprint of the cosigners that a holder has seen vouch for a log, each with the largest size.
/// The first eight bytes, read as u64 BE, of SHA-256 over `concordat/vouched/1` NUL and, for each in
/// the order of their codes, the code (18 bytes) and the size as u64 BE. Zero when there are none.
///
/// It only decides whether heads with their cosignatures are shown again, so that a chance equality
/// costs no more than waiting for the next heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Vouched(u64);

impl Vouched {
    /// The fingerprint of cosigners in the order of their codes.
    #[must_use]
    pub fn of(cosigners: impl IntoIterator<Item = (AuthorityCode, TreeSize)>) -> Self {
        use sha2::{Digest as _, Sha256};

        let mut digest = Sha256::new();
        digest.update(b"concordat/vouched/1\0");
        let mut none = true;
        for (member, size) in cosigners {
            digest.update(member.as_str().as_bytes());
            digest.update(size.value().to_be_bytes());
            none = false;
        }
        let digest: [u8; 32] = digest.finalize().into();
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(digest) {
            *to = from;
        }
        Self(if none { 0 } else { u64::from_be_bytes(first) })
    }

    /// As it stands in a frame.
    #[must_use]
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }

    /// As it stands in a frame.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

/// A leaf with its body, when the receiver may have it.
pub type LeafAndBody<'a> = (&'a [u8], Option<&'a [u8]>);

/// An entry of a body block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyEntry<'a> {
    /// Position in the log.
    pub index: LeafIndex,
    /// The leaf there, which commits to the body.
    pub leaf: &'a [u8],
    /// The body, or why it is not here.
    pub body: Result<&'a [u8], Absence>,
}

/// A frame, borrowing bulk bytes from the buffer it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// First on a control stream, in both directions.
    Hello {
        /// Major version.
        version: u64,
        /// Digest of the genesis file.
        genesis: Hash,
        /// Who speaks; must fit the key of the connection.
        member: AuthorityCode,
        /// Digest of the sender's frontier: equal digests need no frontier.
        digest: Hash,
        /// What the sender can do beyond the version, ascending. Only what both name is used;
        /// numbers that a receiver does not know mean nothing to it. This version has none.
        features: Vec<u64>,
    },
    /// What the sender holds durably. Also the acknowledgement of what it was sent.
    Frontier(Vec<FrontierEntry>),
    /// A signed head with the cosignatures that the sender has.
    Checkpoint {
        /// The note's bytes.
        note: &'a [u8],
    },
    /// A head with the tail that leads to it.
    Push {
        /// The note's bytes.
        note: &'a [u8],
        /// Position of the first leaf.
        begin: LeafIndex,
        /// Leaves up to the head, with bodies.
        tail: Vec<LeafAndBody<'a>>,
    },
    /// A cosignature over a head.
    Cosign {
        /// The log.
        origin: Origin,
        /// Size of the head.
        size: TreeSize,
        /// Its root.
        root: Hash,
        /// The signature line of the witness.
        line: &'a str,
    },
    /// Evidence that a log has forked: two signed heads and why they cannot both hold.
    Fork {
        /// The smaller head's note, or the first of two at one size.
        first: &'a [u8],
        /// The other head's note.
        second: &'a [u8],
        /// Consistency proof that leads from neither to the other; empty at one size.
        proof: Vec<Hash>,
    },
    /// A refusal.
    Error {
        /// Which.
        code: ErrorCode,
        /// When to try again, in ms; 0 for never.
        retry_after_ms: u64,
    },
    /// Asks for leaves.
    Range {
        /// The log.
        origin: Origin,
        /// The first leaf.
        begin: LeafIndex,
        /// After the last leaf.
        end: TreeSize,
        /// The size of the head to verify against.
        size: TreeSize,
    },
    /// Leaves, with the cover that leads from their end to the head asked about.
    Block {
        /// Position of the first leaf.
        begin: LeafIndex,
        /// Leaves.
        leaves: Vec<&'a [u8]>,
        /// Right cover from after the last leaf to the head.
        cover: Vec<Hash>,
    },
    /// Asks for bodies.
    Bodies {
        /// The log.
        origin: Origin,
        /// The first position.
        begin: LeafIndex,
        /// After the last position.
        end: TreeSize,
        /// Which.
        filter: BodyFilter,
    },
    /// Bodies. The answer ends with the block whose `next` reaches the end asked for.
    BodyBlock {
        /// Where the next block goes on.
        next: TreeSize,
        /// Bodies, ascending by position; positions that the filter leaves out are left out.
        entries: Vec<BodyEntry<'a>>,
    },
    /// Asks for a consistency proof.
    Consistency {
        /// The log.
        origin: Origin,
        /// The smaller size.
        old: TreeSize,
        /// The larger size.
        new: TreeSize,
    },
    /// A consistency proof.
    Proof(Vec<Hash>),
}

impl<'a> Frame<'a> {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// [`FrameError`]; every byte counts.
    // spec: EXC-1, EXC-2, EXC-3
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        if bytes.len() > limits::FRAME_BYTES_MAX {
            return Err(FrameError::TooLong { bytes: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let count = reader.array_any("a frame")?;
        let kind = reader.unsigned("the type of a frame")?;
        let wanted = match kind {
            1 => 6,
            5 | 10 | 12 => 5,
            2 | 3 | 15 => 2,
            4 | 6 | 11 | 14 => 4,
            7 | 13 => 3,
            kind => return Err(FrameError::Unknown { kind }),
        };
        if count != wanted {
            return Err(FrameError::ItemCount { kind, count });
        }
        let frame = decode_kind(kind, &mut reader)?;
        reader.finish()?;
        Ok(frame)
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(256);
        match self {
            Frame::Hello {
                version,
                genesis,
                member,
                digest,
                features,
            } => {
                w.array(6)
                    .unsigned(1)
                    .unsigned(*version)
                    .bytes(genesis.as_bytes());
                w.text(member.as_str()).bytes(digest.as_bytes());
                w.array(features.len() as u64);
                for feature in features {
                    w.unsigned(*feature);
                }
            }
            Frame::Frontier(entries) => {
                w.array(2).unsigned(2).array(entries.len() as u64);
                for entry in entries {
                    w.array(5)
                        .text(entry.origin.as_str())
                        .unsigned(entry.size.value());
                    w.bytes(entry.root.as_bytes())
                        .unsigned(entry.bodies.value())
                        .unsigned(entry.vouched.value());
                }
            }
            Frame::Checkpoint { note } => {
                w.array(2).unsigned(3).bytes(note);
            }
            Frame::Push { note, begin, tail } => {
                w.array(4).unsigned(4).bytes(note).unsigned(begin.value());
                w.array(tail.len() as u64);
                for (leaf, body) in tail {
                    w.array(2).bytes(leaf);
                    match body {
                        Some(body) => w.bytes(body),
                        None => w.null(),
                    };
                }
            }
            Frame::Cosign {
                origin,
                size,
                root,
                line,
            } => {
                w.array(5)
                    .unsigned(5)
                    .text(origin.as_str())
                    .unsigned(size.value());
                w.bytes(root.as_bytes()).text(line);
            }
            Frame::Fork {
                first,
                second,
                proof,
            } => {
                w.array(4).unsigned(6).bytes(first).bytes(second);
                write_hashes(&mut w, proof);
            }
            Frame::Error {
                code,
                retry_after_ms,
            } => {
                w.array(3)
                    .unsigned(7)
                    .unsigned(code.code())
                    .unsigned(*retry_after_ms);
            }
            Frame::Range {
                origin,
                begin,
                end,
                size,
            } => {
                w.array(5)
                    .unsigned(10)
                    .text(origin.as_str())
                    .unsigned(begin.value());
                w.unsigned(end.value()).unsigned(size.value());
            }
            Frame::Block {
                begin,
                leaves,
                cover,
            } => {
                w.array(4)
                    .unsigned(11)
                    .unsigned(begin.value())
                    .array(leaves.len() as u64);
                for leaf in leaves {
                    w.bytes(leaf);
                }
                write_hashes(&mut w, cover);
            }
            Frame::Bodies {
                origin,
                begin,
                end,
                filter,
            } => {
                w.array(5)
                    .unsigned(12)
                    .text(origin.as_str())
                    .unsigned(begin.value());
                w.unsigned(end.value()).unsigned(filter.code());
            }
            Frame::BodyBlock { next, entries } => {
                w.array(3)
                    .unsigned(13)
                    .unsigned(next.value())
                    .array(entries.len() as u64);
                for entry in entries {
                    w.array(3).unsigned(entry.index.value()).bytes(entry.leaf);
                    match entry.body {
                        Ok(body) => w.bytes(body),
                        Err(absence) => w.unsigned(absence.code()),
                    };
                }
            }
            Frame::Consistency { origin, old, new } => {
                w.array(4).unsigned(14).text(origin.as_str());
                w.unsigned(old.value()).unsigned(new.value());
            }
            Frame::Proof(hashes) => {
                w.array(2).unsigned(15);
                write_hashes(&mut w, hashes);
            }
        }
        w.finish()
    }
}

fn decode_kind<'a>(kind: u64, r: &mut Reader<'a>) -> Result<Frame<'a>, FrameError> {
    Ok(match kind {
        1 => Frame::Hello {
            version: r.unsigned("a version")?,
            genesis: hash(r)?,
            member: AuthorityCode::parse(r.text("a member code")?)
                .map_err(|_| FrameError::Member)?,
            digest: hash(r)?,
            features: features(r)?,
        },
        2 => Frame::Frontier(list(r, limits::FRONTIER_LOGS_MAX, frontier_entry)?),
        3 => Frame::Checkpoint {
            note: r.bytes("a note")?,
        },
        4 => Frame::Push {
            note: r.bytes("a note")?,
            begin: index(r)?,
            tail: list(
                r,
                usize::try_from(limits::RANGE_LEAVES_MAX).unwrap_or(usize::MAX),
                |r| {
                    r.array(2, "a leaf and its body")?;
                    let leaf = leaf(r)?;
                    let body = if r.null()? {
                        None
                    } else {
                        Some(r.bytes("a body")?)
                    };
                    Ok((leaf, body))
                },
            )?,
        },
        5 => Frame::Cosign {
            origin: origin(r)?,
            size: size(r)?,
            root: hash(r)?,
            line: cosignature_line(r)?,
        },
        6 => Frame::Fork {
            first: r.bytes("a note")?,
            second: r.bytes("a note")?,
            proof: hashes(r)?,
        },
        7 => {
            let code = r.unsigned("an error code")?;
            let code = ErrorCode::from_code(code).ok_or(FrameError::Code { code })?;
            Frame::Error {
                code,
                retry_after_ms: r.unsigned("milliseconds")?,
            }
        }
        10 => Frame::Range {
            origin: origin(r)?,
            begin: index(r)?,
            end: size(r)?,
            size: size(r)?,
        },
        11 => Frame::Block {
            begin: index(r)?,
            leaves: list(
                r,
                usize::try_from(limits::RANGE_LEAVES_MAX).unwrap_or(usize::MAX),
                leaf,
            )?,
            cover: hashes(r)?,
        },
        12 => Frame::Bodies {
            origin: origin(r)?,
            begin: index(r)?,
            end: size(r)?,
            filter: {
                let code = r.unsigned("a filter")?;
                BodyFilter::from_code(code).ok_or(FrameError::Code { code })?
            },
        },
        13 => Frame::BodyBlock {
            next: size(r)?,
            entries: list(
                r,
                usize::try_from(limits::RANGE_LEAVES_MAX).unwrap_or(usize::MAX),
                |r| {
                    r.array(3, "a body entry")?;
                    let (index, leaf) = (index(r)?, leaf(r)?);
                    Ok(BodyEntry {
                        index,
                        leaf,
                        body: body_or_absence(r)?,
                    })
                },
            )?,
        },
        14 => Frame::Consistency {
            origin: origin(r)?,
            old: size(r)?,
            new: size(r)?,
        },
        _ => Frame::Proof(hashes(r)?),
    })
}

fn list<'a, T>(
    r: &mut Reader<'a>,
    max: usize,
    mut item: impl FnMut(&mut Reader<'a>) -> Result<T, FrameError>,
) -> Result<Vec<T>, FrameError> {
    let count = r.array_any("a list")?;
    if count > max as u64 {
        return Err(FrameError::TooMany { count });
    }
    // Capacity follows what has been read, never what is announced.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(r)?);
    }
    Ok(items)
}

// spec: EXC-27
fn features(r: &mut Reader<'_>) -> Result<Vec<u64>, FrameError> {
    let features = list(r, limits::FEATURES_MAX, |r| Ok(r.unsigned("a feature")?))?;
    match features.is_sorted_by(|a, b| a < b) {
        true => Ok(features),
        false => Err(FrameError::FeatureOrder),
    }
}

fn frontier_entry(r: &mut Reader<'_>) -> Result<FrontierEntry, FrameError> {
    r.array(5, "a frontier entry")?;
    Ok(FrontierEntry {
        origin: origin(r)?,
        size: size(r)?,
        root: hash(r)?,
        bodies: size(r)?,
        vouched: Vouched::from_value(r.unsigned("what cosigners vouched for")?),
    })
}

fn leaf<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], FrameError> {
    let leaf = r.bytes("a leaf")?;
    match leaf.len() > LEAF_BYTES_MAX {
        true => Err(FrameError::LeafTooLong { bytes: leaf.len() }),
        false => Ok(leaf),
    }
}

// spec: EXC-75
fn cosignature_line<'a>(r: &mut Reader<'a>) -> Result<&'a str, FrameError> {
    let line = r.text("a signature line")?;
    match line.len() > limits::COSIGNATURE_LINE_BYTES_MAX {
        true => Err(FrameError::LineTooLong { bytes: line.len() }),
        false => Ok(line),
    }
}

fn body_or_absence<'a>(r: &mut Reader<'a>) -> Result<Result<&'a [u8], Absence>, FrameError> {
    if let Ok(body) = r.clone().bytes("a body") {
        let _ = r.bytes("a body")?;
        return Ok(Ok(body));
    }
    let code = r.unsigned("a body or why it is absent")?;
    Ok(Err(
        Absence::from_code(code).ok_or(FrameError::Code { code })?
    ))
}

fn origin(r: &mut Reader<'_>) -> Result<Origin, FrameError> {
    r.text("the name of a log")?
        .parse()
        .map_err(|_| FrameError::Origin)
}

fn index(r: &mut Reader<'_>) -> Result<LeafIndex, FrameError> {
    Ok(LeafIndex::new(r.unsigned("a position")?))
}

fn size(r: &mut Reader<'_>) -> Result<TreeSize, FrameError> {
    TreeSize::new(r.unsigned("a size")?).map_err(|_| FrameError::Size)
}

fn hash(r: &mut Reader<'_>) -> Result<Hash, FrameError> {
    Ok(Hash::from_bytes(r.bytes_exact("a hash of 32 bytes")?))
}

fn hashes(r: &mut Reader<'_>) -> Result<Vec<Hash>, FrameError> {
    list(r, PROOF_HASHES_MAX, hash)
}

fn write_hashes(w: &mut Writer, hashes: &[Hash]) {
    w.array(hashes.len() as u64);
    for hash in hashes {
        w.bytes(hash.as_bytes());
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The bytes are not of the deterministic form, or of another shape.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// More than 1 MiB.
    #[error("a frame of {bytes} bytes is longer than allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A type that this version does not have.
    #[error("frame type {kind} is unknown")]
    Unknown {
        /// The type found.
        kind: u64,
    },
    /// Another number of items than the type has.
    #[error("frame type {kind} does not have {count} items")]
    ItemCount {
        /// The type.
        kind: u64,
        /// The count found.
        count: u64,
    },
    /// A list longer than allowed.
    #[error("a list of {count} items is longer than allowed")]
    TooMany {
        /// The count announced.
        count: u64,
    },
    /// A leaf longer than any leaf is.
    #[error("a leaf of {bytes} bytes is longer than any leaf")]
    LeafTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A signature line longer than that of any cosignature.
    #[error("a signature line of {bytes} bytes is longer than that of any cosignature")]
    LineTooLong {
        /// Its length.
        bytes: usize,
    },
    /// No member code.
    #[error("the member code is not one")]
    Member,
    /// No name of a log.
    #[error("the name of the log is not one")]
    Origin,
    /// Features that do not ascend.
    #[error("the features do not ascend")]
    FeatureOrder,
    /// A size out of range.
    #[error("a size is out of range")]
    Size,
    /// A code that this version does not have.
    #[error("code {code} is unknown here")]
    Code {
        /// The code found.
        code: u64,
    },
}

#[cfg(test)]
mod tests;
