//! What the records of a journal add up to.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::codec::DecodeError;
use concordat_protocol::exchange::Gaps;
use concordat_protocol::key::KeyId;
use concordat_protocol::log::{LeafIndex, Origin, SignedCheckpoint, TreeSize};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Kind, Leaf};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;

use crate::core::erasures::Author;
use crate::core::frozen::Recorded;
use crate::core::heads::RecordedHeads;
use crate::core::ledger::{BodyMark, NO_LOG, Record};
use crate::core::logs::LogTable;
use crate::journal::RecordPointer;
use crate::signer_state::SignedHead;

/// Neighbouring bodies of a log that came in with neighbouring records of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The log.
    pub origin: Origin,
    /// Position of the first.
    pub begin: u64,
    /// Behind the last.
    pub end: u64,
    /// Ledger records up to and with the one that tells of the last.
    pub records: u64,
}

/// Bodies that one [`Arrived`] tells of at most, if they came in by and by.
const ARRIVED_MAX: u64 = 4_096;

/// What the journal's records add up to.
#[derive(Default)]
pub(super) struct Found {
    pub(super) logs: LogTable,
    pub(super) names: BTreeMap<u64, Origin>,
    pub(super) act_gaps: BTreeMap<Origin, Gaps>,
    pub(super) data_gaps: BTreeMap<Origin, Gaps>,
    pub(super) heads: BTreeMap<Origin, RecordedHeads>,
    pub(super) acts: Vec<(Origin, LeafIndex)>,
    /// Bodies that were held and are lost, and have not come again.
    pub(super) lost: BTreeSet<(Origin, LeafIndex)>,
    pub(super) heads_seen: Vec<(Origin, LeafIndex)>,
    /// Where receipts and deliveries lie, by log.
    pub(super) receipts: BTreeMap<Origin, Vec<LeafIndex>>,
    pub(super) deliveries: BTreeMap<Origin, Vec<LeafIndex>>,
    pub(super) holdings: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Where roots of look-ups lie, by log.
    pub(super) query_roots: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Decisions and acts, by log: what can be acted on.
    pub(super) sayable: BTreeMap<Origin, Gaps>,
    pub(super) cosigned: BTreeMap<Origin, SignedHead>,
    /// Where promises were forgotten: the logs of which some were made since.
    pub(super) promised_since: Option<BTreeSet<Origin>>,
    pub(super) delivered: BTreeMap<(AuthorityCode, Origin), Gaps>,
    pub(super) forks: Vec<Recorded>,
    pub(super) rows: Vec<Vec<u8>>,
    /// Erasures by whom it may be, with what they are judged by.
    pub(super) erasures: Vec<((Origin, LeafIndex), Author)>,
    /// Whether some body was marked as erased.
    pub(super) has_erased: bool,
    pub(super) leaves: u64,
    pub(super) records: u64,
    pub(super) arrived: Vec<Arrived>,
}

impl Found {
    pub(super) fn take(
        &mut self,
        pointer: RecordPointer,
        kind: u8,
        payload: &[u8],
    ) -> Result<(), DecodeError> {
        self.records += 1;
        match Record::decode(kind, payload)? {
            Some(Record::Log { id, origin }) => {
                if let Ok(origin) = origin.parse::<Origin>() {
                    self.names.insert(id, origin.clone());
                    self.logs.insert(origin, id);
                }
            }
            Some(Record::Leaves { id, begin, leaves }) => {
                let Some(origin) = self.names.get(&id) else {
                    return Ok(());
                };
                let Some(log) = self.logs.get_mut(origin) else {
                    return Ok(());
                };
                log.push_extent(begin, pointer);
                for (i, (leaf, mark)) in leaves.iter().enumerate() {
                    if let BodyMark::Held(..) = mark {
                        arrived(&mut self.arrived, origin, begin + i as u64, self.records);
                    }
                    log.push_leaf(leaf, *mark);
                    self.leaves += 1;
                    let Ok(leaf) = Leaf::decode(leaf) else {
                        continue;
                    };
                    let place = || (origin.clone(), LeafIndex::new(begin + i as u64));
                    if leaf.kind == Kind::Act {
                        self.acts.push(place());
                    }
                    if leaf.kind == Kind::HeadSeen {
                        self.heads_seen.push(place());
                    }
                    if leaf.kind == Kind::Receipts {
                        let log = self.receipts.entry(origin.clone()).or_default();
                        log.push(place().1);
                    }
                    if leaf.kind == Kind::Deliveries {
                        let log = self.deliveries.entry(origin.clone()).or_default();
                        log.push(place().1);
                    }
                    if leaf.kind == Kind::Holdings {
                        let log = self.holdings.entry(origin.clone()).or_default();
                        log.push(place().1);
                    }
                    if leaf.kind == Kind::QueryRoot {
                        let log = self.query_roots.entry(origin.clone()).or_default();
                        log.push(place().1);
                    }
                    if matches!(leaf.kind, Kind::Data | Kind::Act) {
                        let sayable = self.sayable.entry(origin.clone()).or_default();
                        sayable.insert(begin + i as u64, begin + i as u64 + 1);
                    }
                    if *mark != BodyMark::Unknown || leaf.kind == Kind::ActsMap {
                        continue;
                    }
                    let gaps = match leaf.kind == Kind::Data {
                        true => self.data_gaps.entry(origin.clone()).or_default(),
                        false => self.act_gaps.entry(origin.clone()).or_default(),
                    };
                    let position = begin + i as u64;
                    gaps.insert(position, position + 1);
                }
            }
            Some(Record::Bodies { id, bodies }) => {
                let Some(origin) = self.names.get(&id) else {
                    return Ok(());
                };
                let Some(log) = self.logs.get_mut(origin) else {
                    return Ok(());
                };
                for (index, mark) in bodies {
                    // Taken at a peer's word by an earlier version; it is asked for again.
                    if mark == BodyMark::Absent(Absence::Erased) {
                        continue;
                    }
                    if let BodyMark::Held(..) = mark {
                        arrived(&mut self.arrived, origin, index, self.records);
                    }
                    self.has_erased |= mark == BodyMark::Erased;
                    log.mark(index, mark);
                    let place = (origin.clone(), LeafIndex::new(index));
                    match mark {
                        BodyMark::Unknown => self.lost.insert(place),
                        BodyMark::Held(..)
                        | BodyMark::Refused(_)
                        | BodyMark::Absent(_)
                        | BodyMark::Erased => self.lost.remove(&place),
                    };
                    for gaps in [&mut self.act_gaps, &mut self.data_gaps] {
                        if let Some(gaps) = gaps.get_mut(origin) {
                            gaps.remove(index, index + 1);
                        }
                    }
                }
            }
            Some(Record::Head { note }) => {
                if let Ok(signed) = SignedCheckpoint::parse(note) {
                    let (origin, size) = (signed.claimed().origin(), signed.claimed().size());
                    let heads = self.heads.entry(origin.clone()).or_default();
                    heads.take(size, note);
                }
            }
            Some(Record::Witness { id, size, root }) => {
                if id == NO_LOG {
                    self.promised_since = Some(BTreeSet::new());
                } else if let Some(origin) = self.names.get(&id) {
                    let head = SignedHead { size, root };
                    self.cosigned.insert(origin.clone(), head);
                    if let Some(since) = &mut self.promised_since {
                        since.insert(origin.clone());
                    }
                }
            }
            Some(Record::Delivery {
                member, id, ranges, ..
            }) => {
                if let (Ok(member), Some(origin)) =
                    (AuthorityCode::parse(member), self.names.get(&id))
                {
                    let delivered = self.delivered.entry((member, origin.clone())).or_default();
                    for (begin, end) in ranges {
                        delivered.insert(begin, end);
                    }
                }
            }
            None => {}
            Some(Record::Fork { evidence }) => self.forks.push((evidence.to_vec(), None)),
            Some(Record::ForkSeen { at_ms }) => {
                if let Some((_, since)) = self.forks.last_mut() {
                    *since = Timestamp::new(at_ms).ok();
                }
            }
            Some(Record::Row { bytes }) => self.rows.push(bytes.to_vec()),
            Some(Record::Erasure {
                id,
                index,
                issuer,
                kid,
                ctx,
            }) => {
                let origin = self.names.get(&id).cloned();
                let issuer = AuthorityCode::parse(issuer).ok();
                if let (Some(origin), Some(issuer), Ok(ctx)) = (origin, issuer, TreeSize::new(ctx))
                {
                    let kid = KeyId::from_bytes(kid);
                    let author = Author { issuer, kid, ctx };
                    let place = (origin, LeafIndex::new(index));
                    self.erasures.push((place, author));
                }
            }
        }
        Ok(())
    }
}

fn arrived(arrived: &mut Vec<Arrived>, origin: &Origin, index: u64, records: u64) {
    if let Some(last) = arrived.last_mut()
        && last.origin == *origin
        && last.end == index
        && (last.records == records || last.end - last.begin < ARRIVED_MAX)
    {
        (last.end, last.records) = (index + 1, records);
        return;
    }
    arrived.push(Arrived {
        origin: origin.clone(),
        begin: index,
        end: index + 1,
        records,
    });
}
