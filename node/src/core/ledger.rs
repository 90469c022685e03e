//! The records that the core keeps in the journal's ledger (`spec/storage.md`, ledger kinds).

use concordat_protocol::codec::{DecodeError, Reader, Writer};
use concordat_protocol::exchange::BodyOutcome;
use concordat_protocol::message::Absence;

use crate::journal::BodyPointer;

const LOG: u8 = 1;
const LEAVES: u8 = 2;
const BODIES: u8 = 3;
const HEAD: u8 = 4;
const WITNESS: u8 = 5;
const DELIVERY: u8 = 6;
const FORK: u8 = 7;
const ROW: u8 = 8;
const FORK_SEEN: u8 = 9;
const ERASURE: u8 = 10;

/// The number of no log: a promise of it says that the promises before it may not be all.
pub(super) const NO_LOG: u64 = 0;

/// What is said of one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyMark {
    /// Nothing yet.
    Unknown,
    /// It lies here; `true` when it was verified beyond its commitment.
    Held(BodyPointer, bool),
    /// It was refused, with the code of the reason.
    Refused(u8),
    /// It will not come.
    Absent(Absence),
    /// An act erased it: what lies here is read no more.
    Erased,
}

impl BodyMark {
    pub(super) fn of(outcome: &BodyOutcome, pointer: Option<BodyPointer>) -> Self {
        match (outcome, pointer) {
            (BodyOutcome::Accepted { verified, .. }, Some(pointer)) => {
                Self::Held(pointer, *verified)
            }
            (BodyOutcome::Accepted { .. }, None) => Self::Unknown,
            (BodyOutcome::Refused { reason, .. }, _) => Self::Refused(*reason as u8),
            (BodyOutcome::Absent(Absence::Erased), _) => Self::Erased,
            (BodyOutcome::Absent(absence), _) => Self::Absent(*absence),
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// Gives a log its short number in this journal.
    Log { id: u64, origin: &'a str },
    /// Leaves with what is known of their bodies.
    Leaves {
        id: u64,
        begin: u64,
        leaves: Vec<(&'a [u8], BodyMark)>,
    },
    /// Bodies that came later.
    Bodies {
        id: u64,
        bodies: Vec<(u64, BodyMark)>,
    },
    /// A head with its cosignatures.
    Head { note: &'a [u8] },
    /// The promise never to cosign anything inconsistent with this head.
    Witness { id: u64, size: u64, root: [u8; 32] },
    /// Bodies of a range are about to be sent to a member.
    Delivery {
        member: &'a str,
        id: u64,
        /// Positions [begin, end), ascending, neither empty nor touching.
        ranges: Vec<(u64, u64)>,
        at_ms: u64,
    },
    /// Evidence of a fork, as a FORK frame.
    Fork { evidence: &'a [u8] },
    /// When the evidence recorded last came, by the node's clock.
    ForkSeen { at_ms: u64 },
    /// A row of a local register.
    Row { bytes: &'a [u8] },
    /// A statement is an erasure by whom it may be, in a log: what its standing is judged by, without its body.
    Erasure {
        id: u64,
        index: u64,
        issuer: &'a str,
        kid: [u8; 16],
        ctx: u64,
    },
}

impl<'a> Record<'a> {
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Log { .. } => LOG,
            Self::Leaves { .. } => LEAVES,
            Self::Bodies { .. } => BODIES,
            Self::Head { .. } => HEAD,
            Self::Witness { .. } => WITNESS,
            Self::Delivery { .. } => DELIVERY,
            Self::Fork { .. } => FORK,
            Self::ForkSeen { .. } => FORK_SEEN,
            Self::Row { .. } => ROW,
            Self::Erasure { .. } => ERASURE,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(128);
        match self {
            Self::Log { id, origin } => {
                w.array(2).unsigned(*id).text(origin);
            }
            Self::Leaves { id, begin, leaves } => {
                w.array(3)
                    .unsigned(*id)
                    .unsigned(*begin)
                    .array(leaves.len() as u64);
                for (leaf, mark) in leaves {
                    w.bytes(leaf);
                    write_mark(&mut w, *mark);
                }
            }
            Self::Bodies { id, bodies } => {
                w.array(2).unsigned(*id).array(bodies.len() as u64);
                for (index, mark) in bodies {
                    w.unsigned(*index);
                    write_mark(&mut w, *mark);
                }
            }
            Self::Head { note } => return note.to_vec(),
            Self::Witness { id, size, root } => {
                w.array(3).unsigned(*id).unsigned(*size).bytes(root);
            }
            Self::Delivery {
                member,
                id,
                ranges,
                at_ms,
            } => {
                w.array(4).text(member).unsigned(*id).unsigned(*at_ms);
                w.array(ranges.len() as u64);
                for (begin, end) in ranges {
                    w.array(2).unsigned(*begin).unsigned(*end);
                }
            }
            Self::Fork { evidence } => return evidence.to_vec(),
            Self::ForkSeen { at_ms } => {
                w.array(1).unsigned(*at_ms);
            }
            Self::Row { bytes } => return bytes.to_vec(),
            Self::Erasure {
                id,
                index,
                issuer,
                kid,
                ctx,
            } => {
                w.array(5).unsigned(*id).unsigned(*index);
                w.text(issuer).bytes(kid).unsigned(*ctx);
            }
        }
        w.finish()
    }

    /// Takes a record of the journal apart; `None` for a kind of a later version.
    pub(super) fn decode(kind: u8, bytes: &'a [u8]) -> Result<Option<Self>, DecodeError> {
        let mut r = Reader::new(bytes);
        let record = match kind {
            LOG => {
                r.array(2, "a log record")?;
                Self::Log {
                    id: r.unsigned("a number")?,
                    origin: r.text("a name")?,
                }
            }
            LEAVES => {
                r.array(3, "a leaves record")?;
                let (id, begin) = (r.unsigned("a number")?, r.unsigned("a position")?);
                let count = r.array_any("leaves")?;
                let mut leaves = Vec::new();
                for _ in 0..count {
                    leaves.push((r.bytes("a leaf")?, read_mark(&mut r)?));
                }
                Self::Leaves { id, begin, leaves }
            }
            BODIES => {
                r.array(2, "a bodies record")?;
                let id = r.unsigned("a number")?;
                let count = r.array_any("bodies")?;
                let mut bodies = Vec::new();
                for _ in 0..count {
                    bodies.push((r.unsigned("a position")?, read_mark(&mut r)?));
                }
                Self::Bodies { id, bodies }
            }
            HEAD => return Ok(Some(Self::Head { note: bytes })),
            WITNESS => {
                r.array(3, "a witness record")?;
                let (id, size) = (r.unsigned("a number")?, r.unsigned("a size")?);
                Self::Witness {
                    id,
                    size,
                    root: r.bytes_exact("a root")?,
                }
            }
            DELIVERY => {
                r.array(4, "a delivery row")?;
                let (member, id) = (r.text("a member")?, r.unsigned("a number")?);
                let at_ms = r.unsigned("milliseconds")?;
                let count = r.array_any("ranges")?;
                let mut ranges = Vec::new();
                for _ in 0..count {
                    r.array(2, "a range")?;
                    ranges.push((r.unsigned("a position")?, r.unsigned("a position")?));
                }
                Self::Delivery {
                    member,
                    id,
                    ranges,
                    at_ms,
                }
            }
            FORK => return Ok(Some(Self::Fork { evidence: bytes })),
            FORK_SEEN => {
                r.array(1, "a time of evidence")?;
                let at_ms = r.unsigned("milliseconds")?;
                Self::ForkSeen { at_ms }
            }
            ROW => return Ok(Some(Self::Row { bytes })),
            ERASURE => {
                r.array(5, "an erasure")?;
                Self::Erasure {
                    id: r.unsigned("a number")?,
                    index: r.unsigned("a position")?,
                    issuer: r.text("an authority")?,
                    kid: r.bytes_exact("the name of a key")?,
                    ctx: r.unsigned("a size")?,
                }
            }
            _ => return Ok(None),
        };
        r.finish()?;
        Ok(Some(record))
    }
}

/// One leaf of a record of leaves, by its place in it. What lies behind it is not looked at.
pub(super) fn leaf_of_record(kind: u8, bytes: &[u8], place: u64) -> Option<&[u8]> {
    if kind != LEAVES {
        return None;
    }
    let mut r = Reader::new(bytes);
    r.array(3, "a leaves record").ok()?;
    r.unsigned("a number").ok()?;
    r.unsigned("a position").ok()?;
    let count = r.array_any("leaves").ok()?;
    for _ in 0..place.min(count) {
        r.bytes("a leaf").ok()?;
        read_mark(&mut r).ok()?;
    }
    (place < count).then(|| r.bytes("a leaf").ok()).flatten()
}

/// The mark of a body that an act erased; an absence beyond those that peers speak of.
const ERASED: u64 = 512;

/// null: unknown; 12 bytes: held; 13 bytes: held and verified; < 256: refused; 256 + n: absent; 512: erased.
fn write_mark(w: &mut Writer, mark: BodyMark) {
    match mark {
        BodyMark::Unknown => w.null(),
        BodyMark::Held(pointer, false) => w.bytes(&pointer.encode()),
        BodyMark::Held(pointer, true) => {
            let mut bytes = [1; 13];
            bytes[..12].copy_from_slice(&pointer.encode());
            w.bytes(&bytes)
        }
        BodyMark::Refused(code) => w.unsigned(u64::from(code)),
        BodyMark::Absent(absence) => w.unsigned(256 + absence.code()),
        BodyMark::Erased => w.unsigned(ERASED),
    };
}

fn read_mark(r: &mut Reader<'_>) -> Result<BodyMark, DecodeError> {
    if r.null()? {
        return Ok(BodyMark::Unknown);
    }
    let offset = r.offset();
    let unexpected = DecodeError::Unexpected {
        offset,
        wanted: "what is known of a body",
    };
    if let Ok(bytes) = r.clone().bytes("a pointer") {
        let _ = r.bytes("a pointer")?;
        let (pointer, verified) = match bytes {
            [pointer @ .., 1] if pointer.len() == 12 => (pointer, true),
            pointer => (pointer, false),
        };
        let pointer: &[u8; 12] = pointer.try_into().map_err(|_| unexpected)?;
        return Ok(BodyMark::Held(BodyPointer::decode(pointer), verified));
    }
    match r.unsigned("a code")? {
        ERASED => Ok(BodyMark::Erased),
        code @ 0..=255 => Ok(BodyMark::Refused(u8::try_from(code).unwrap_or(u8::MAX))),
        code => Absence::from_code(code - 256)
            .map(BodyMark::Absent)
            .ok_or(unexpected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip() {
        let pointer = BodyPointer {
            segment: 1,
            offset: 2,
            length: 3,
        };
        let marks = [
            BodyMark::Unknown,
            BodyMark::Held(pointer, false),
            BodyMark::Held(pointer, true),
            BodyMark::Refused(7),
            BodyMark::Absent(Absence::Erased),
            BodyMark::Erased,
        ];
        let leaves = marks.iter().map(|mark| (&b"leaf"[..], *mark)).collect();
        let bodies = marks
            .iter()
            .enumerate()
            .map(|(i, mark)| (i as u64, *mark))
            .collect();
        let records = [
            Record::Log { id: 1, origin: "o" },
            Record::Leaves {
                id: 1,
                begin: 5,
                leaves,
            },
            Record::Bodies { id: 1, bodies },
            Record::Head { note: b"note" },
            Record::Witness {
                id: 1,
                size: 9,
                root: [3; 32],
            },
            Record::Delivery {
                member: "m",
                id: 1,
                ranges: vec![(0, 2), (5, 6)],
                at_ms: 7,
            },
            Record::Fork { evidence: b"e" },
            Record::ForkSeen { at_ms: 7 },
            Record::Row { bytes: b"r" },
            Record::Erasure {
                id: 1,
                index: 9,
                issuer: "i",
                kid: [4; 16],
                ctx: 8,
            },
        ];
        for record in records {
            let bytes = record.encode();
            assert_eq!(Record::decode(record.kind(), &bytes), Ok(Some(record)));
        }
        assert_eq!(Record::decode(200, b""), Ok(None));
    }
}
