//! Keys of the store: families, positions, the journal position, and the format version.
//!
//! One ordered map holds every family, told apart by the first byte, so that a batch over several
//! families is atomic. Numbers are big-endian, so that keys sort as what they name.
//!
//! ```text
//! position  log u32 · index u64                                         12 bytes
//! a  acts           target position · position        -> class, ground, day, of an objection what it says
//! b  objections     day u32 · position                -> nothing
//! c  chains         root position · position          -> nothing
//! d  deliveries     peer 18 · log u32 · begin u64 · end u64 · at u64 -> nothing
//! e  receipts       act position · position           -> nothing
//! f  given          log u32 · block u64 · position · begin u64 -> end u64
//! g  agreements       authority 18 · kind u8 · position -> what is named, digest
//! h  records        subject 18 · position             -> see records.rs
//! u  referred to    position · position               -> see records.rs
//! A  copies         log u32 · digest 16               -> see agreements.rs
//! B  placed         position                          -> see agreements.rs
//! E  erasures       subject 18 · position             -> nothing
//! F  erased         position · position               -> nothing
//! H  market penalties  position                  -> nothing
//! K  resumed roots  position                        -> nothing
//! L  changes of code  subject 18 · position          -> see records.rs
//! G  answers        position referred to · position -> digest, author, position
//! i  first keys     run u32 · part u32                -> see table/run.rs
//! j  runs                                             -> see table/run.rs
//! k  documents      digest 8 · position               -> nothing
//! l  logs           log u32                           -> origin
//! m  meta                                             -> see Meta
//! M  measures       position                          -> nothing
//! n  natural        issuer 18 · digest 16 · position  -> nothing
//! o  own            log u32 · first index u64         -> run of statements
//! p  peers          peer 18                           -> facts, opaque here
//! q  look-ups       sequence u64                      -> row
//! r  notices        target position · position        -> act position, class, ground, flags, leaves, key
//! s  subjects       subject 18 · position             -> summary
//! t  blocks         run u32 · block u32               -> see table/run.rs
//! v  verdicts       log u32 · block u64               -> one byte for each of 256 indexes
//! w  batches        batch 16 · position              -> class
//! x  quarantine     position                          -> reason
//! y  marks          look-up u64 · kind u8 · at u64    -> mark
//! z  shown          position · look-up u64            -> how it stood
//! ```

use std::fmt;

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::StatementRef;

use crate::journal::JournalId;

/// Format of keys and values; another one on disk asks for a rebuild.
pub(super) const FORMAT: u16 = 8;

/// Statements whose verdicts share a value.
pub(super) const BLOCK: u64 = 256;

pub(super) const POSITION_BYTES: usize = 12;

/// How much of the journal the store has taken in: ledger records from the journal's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalPosition(u64);

impl JournalPosition {
    /// Nothing.
    pub const START: Self = Self(0);

    /// The position behind `records` ledger records.
    #[must_use]
    pub const fn new(records: u64) -> Self {
        Self(records)
    }

    /// How many ledger records lie before it.
    #[must_use]
    pub const fn records(self) -> u64 {
        self.0
    }
}

impl fmt::Display for JournalPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The log.
    pub origin: Origin,
    /// The place in it.
    pub index: LeafIndex,
}

impl Position {
    /// Where a statement stands, whatever leaf is there.
    #[must_use]
    pub fn of(reference: &StatementRef) -> Self {
        Self {
            origin: reference.origin.clone(),
            index: reference.index,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.origin, self.index)
    }
}

/// The number that stands for an origin within one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogId(pub(super) u32);

/// A position as keys hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) log: LogId,
    pub(super) index: u64,
}

impl Spot {
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let spot = fields.spot()?;
        fields.0.is_empty().then_some(spot)
    }
}

/// The first byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    Acts = b'a',
    Objections = b'b',
    Chains = b'c',
    Deliveries = b'd',
    Receipts = b'e',
    Erasures = b'E',
    Erased = b'F',
    Given = b'f',
    Agreements = b'g',
    AgreementCopies = b'A',
    AgreementPlaces = b'B',
    Records = b'h',
    Referred = b'u',
    FirstKeys = b'i',
    Runs = b'j',
    Documents = b'k',
    Logs = b'l',
    Meta = b'm',
    Natural = b'n',
    Own = b'o',
    Peers = b'p',
    Lookups = b'q',
    Notices = b'r',
    Subjects = b's',
    Blocks = b't',
    Verdicts = b'v',
    Batches = b'w',
    Measures = b'M',
    Quarantine = b'x',
    Marks = b'y',
    Shown = b'z',
    Answers = b'G',
    MarketPenalties = b'H',
    ResumedRoots = b'K',
    CodeChanges = b'L',
}

/// A key or value under construction.
#[derive(Clone, Debug)]
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    pub(super) fn key(family: Family) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(family as u8);
        Self(bytes)
    }

    pub(super) fn value() -> Self {
        Self(Vec::with_capacity(48))
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn u8(self, value: u8) -> Self {
        self.raw(&[value])
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn log(self, log: LogId) -> Self {
        self.u32(log.0)
    }

    pub(super) fn spot(self, spot: Spot) -> Self {
        self.log(spot.log).u64(spot.index)
    }

    /// Length in two bytes, then the bytes. Every caller's bytes are shorter than 64 KiB.
    pub(super) fn counted(self, bytes: &[u8]) -> Self {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        let kept = bytes.get(..usize::from(length)).unwrap_or(bytes);
        self.raw(&length.to_be_bytes()).raw(kept)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// A key or value being taken apart. `None` when it is shorter than its layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn exact<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.exact::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.exact().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.exact().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.exact().map(u64::from_be_bytes)
    }

    pub(super) fn spot(&mut self) -> Option<Spot> {
        let log = LogId(self.u32()?);
        let index = self.u64()?;
        Some(Spot { log, index })
    }

    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

/// What the store holds, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Statements taken in, of every class.
    pub statements: u64,
    /// Those of the node's own logs, held whole.
    pub own: u64,
    /// Acts among them.
    pub acts: u64,
    /// Notices among them.
    pub notices: u64,
    /// Statements that were refused when they were verified.
    pub rejected: u64,
    /// Rows of the register of look-ups.
    pub lookups: u64,
}

/// The one value of the family `m`: written with every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) journal: JournalId,
    pub(super) applied: JournalPosition,
    pub(super) counts: Counts,
    /// Bytes of all keys and values, about: what is rewritten in place is counted once.
    pub(super) live_bytes: u64,
}

impl Meta {
    pub(super) fn new(journal: JournalId) -> Self {
        Self {
            journal,
            applied: JournalPosition::START,
            counts: Counts::default(),
            live_bytes: 0,
        }
    }

    pub(super) fn key() -> Vec<u8> {
        Bytes::key(Family::Meta).finish()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let counts = &self.counts;
        let numbers = [
            self.applied.records(),
            counts.statements,
            counts.own,
            counts.acts,
            counts.notices,
            counts.rejected,
            counts.lookups,
            self.live_bytes,
        ];
        let start = Bytes::value()
            .raw(&FORMAT.to_be_bytes())
            .raw(&self.journal.0);
        numbers
            .into_iter()
            .fold(start, |bytes, number| bytes.u64(number))
            .finish()
    }

    /// `Err` with the format found when it is another one, `Ok(None)` when it is unreadable.
    pub(super) fn decode(bytes: &[u8]) -> Result<Option<Self>, u16> {
        let mut fields = Fields(bytes);
        match fields.u16() {
            Some(FORMAT) => Ok(Self::decode_fields(fields)),
            Some(format) => Err(format),
            None => Ok(None),
        }
    }

    fn decode_fields(mut fields: Fields<'_>) -> Option<Self> {
        let journal = JournalId(fields.exact()?);
        let applied = JournalPosition(fields.u64()?);
        let counts = Counts {
            statements: fields.u64()?,
            own: fields.u64()?,
            acts: fields.u64()?,
            notices: fields.u64()?,
            rejected: fields.u64()?,
            lookups: fields.u64()?,
        };
        let live_bytes = fields.u64()?;
        fields.0.is_empty().then_some(Self {
            journal,
            applied,
            counts,
            live_bytes,
        })
    }
}
