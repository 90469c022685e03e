//! What the index is given: statements as they become durable, and at a start what it lacks.

use std::sync::Arc;

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Kind, Leaf};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use tracing::{error, warn};

use crate::core::{Arrived, Durable, Opened, Shared};
use crate::disk::RealDisk;
use crate::indexer::{Indexer, Taken};
use crate::lookups::{LookUpRecord, Lookups, Mark, Resumed, old_row};
use crate::store::{IndexItem, JournalPosition, Lookup, Store, StoreError, Verdict};

/// Whether the index lacks something that it says it has taken in.
// spec: IDX-9
pub(super) fn lacks(shared: &Shared<RealDisk>, store: &Store, opened: &Opened) -> bool {
    let applied = store.applied().records();
    let mut taken = opened.arrived.iter().filter(|a| a.records <= applied);
    let lacks = taken.any(|arrived| {
        let mut positions = (arrived.begin..arrived.end).map(LeafIndex::new);
        positions.any(|index| {
            // A body that cannot be read was never handed over.
            !store.holds(&arrived.origin, index)
                && shared.body_to_index(&arrived.origin, index).is_some()
        })
    });
    if lacks {
        warn!(
            "the database lacks statements that it says it holds; it is made again from the journal"
        );
    }
    lacks
}

/// Hands to the index what the journal holds and the index does not know to have taken in. What it
/// has taken in all the same changes nothing.
pub(super) fn reindex(
    shared: &Shared<RealDisk>,
    indexer: &Indexer,
    me: AuthorityCode,
    opened: &Opened,
    applied: JournalPosition,
) {
    let behind = |arrived: &&Arrived| arrived.records > applied.records();
    for arrived in opened.arrived.iter().filter(behind) {
        let Arrived {
            origin, begin, end, ..
        } = arrived;
        let own = origin.member() == me.as_str();
        let leaves = shared.leaves(origin, *begin, *end);
        let mut items = Vec::with_capacity(leaves.len());
        for (index, leaf) in (*begin..).map(LeafIndex::new).zip(leaves) {
            let Some(body) = shared.body_to_index(origin, index) else {
                continue;
            };
            let Ok(leaf) = Leaf::decode(&leaf) else {
                continue;
            };
            let data = leaf.kind == Kind::Data;
            let (origin, body) = (origin.clone(), Arc::from(body));
            items.push(IndexItem::Statement {
                origin,
                index,
                leaf,
                body,
                own,
                verdict: (own || !data).then_some(Verdict::Verified),
            });
        }
        let _ = indexer.submit(items, JournalPosition::new(arrived.records));
    }
    let records = JournalPosition::new(opened.recovery.records);
    let _ = indexer.submit(Vec::new(), records);
}

/// Lets what is known of acts by their leaves go where the index has them.
pub(super) fn taken(shared: &Arc<Shared<RealDisk>>) -> Taken {
    let shared = Arc::clone(shared);
    Box::new(move |items| {
        shared.indexed(items.iter().filter_map(placed));
    })
}

const fn placed(item: &IndexItem) -> Option<(&Origin, LeafIndex, &Leaf)> {
    match item {
        IndexItem::Statement {
            origin,
            index,
            leaf,
            ..
        } => Some((origin, *index, leaf)),
        IndexItem::Delivery(_)
        | IndexItem::Lookup(_)
        | IndexItem::LookupMark(_)
        | IndexItem::Peer { .. } => None,
    }
}

/// Hands to the index the rows of the register of look-ups that it lacks. Of a row that its day says has to go it
/// learns that it is gone; of one that only cannot be read it keeps what it has, and somebody is told.
// spec: LKP-5, LKP-40, LKP-44, LKP-68
pub(super) fn index_look_ups(
    rows: &[Vec<u8>],
    lookups: &Lookups,
    store: &Store,
    indexer: &Indexer,
    gone_before: Option<Day>,
) -> Result<(), StoreError> {
    let noted = lookups.gone_before().unwrap_or_else(|error| {
        warn!(%error, "which rows of the register of look-ups were let go cannot be read");
        None
    });
    let gone_before = gone_before.max(noted);
    let mut items = Vec::new();
    let indexed = store.look_ups_indexed()?;
    // What lets the register go on is for the core.
    for row in rows.iter().filter(|row| Resumed::decode(row).is_err()) {
        match item_of(row, lookups, gone_before) {
            Some(Found::Item(IndexItem::Lookup(row)))
                if is_known(&row, indexed.get(&row.number)) => {}
            Some(Found::Item(item)) => items.push(item),
            // That one had to go is known of it.
            Some(Found::Unreadable(number, _)) if indexed.get(&number) == Some(&false) => {}
            Some(Found::Unreadable(_, day)) => lookups.miss(day),
            None => warn!("a row of a local register is of a kind that this version does not know"),
        }
    }
    if let Some((day, rows)) = lookups.unreadable() {
        error!(%day, rows, "rows of the register of look-ups cannot be read: their keys are missing or damaged");
    }
    for items in items.chunks(256) {
        let _ = indexer.submit(items.to_vec(), JournalPosition::START);
    }
    Ok(())
}

/// Whether the index has a row already, or has it as gone.
const fn is_known(row: &Lookup, indexed: Option<&bool>) -> bool {
    match (indexed, &row.kept) {
        (Some(_), Some(_)) => true,
        (Some(is_kept), None) => !*is_kept,
        (None, _) => false,
    }
}

/// What a row of the journal is to the index.
enum Found {
    Item(IndexItem),
    /// A row by its number, and the day whose key does not open it and ought to.
    Unreadable(u64, Day),
}

fn item_of(bytes: &[u8], lookups: &Lookups, gone_before: Option<Day>) -> Option<Found> {
    if let Ok(mark) = Mark::decode(bytes) {
        return Some(Found::Item(IndexItem::LookupMark(mark)));
    }
    let stays = |day: Day| gone_before.is_none_or(|first| day >= first);
    let (number, kept) = match LookUpRecord::decode(bytes) {
        Ok(record) if stays(record.day) => match lookups.open(&record) {
            Ok(Some(salted)) => (record.number, Some(salted)),
            Ok(None) => return Some(Found::Unreadable(record.number, record.day)),
            Err(error) => {
                warn!(%error, "a look-up cannot be read");
                return Some(Found::Unreadable(record.number, record.day));
            }
        },
        Ok(record) => (record.number, None),
        Err(_) => {
            let (number, salted) = old_row(bytes)?;
            let day = salted.row().ok().and_then(|row| Day::of(row.at).ok());
            (number, Some(salted).filter(|_| day.is_none_or(stays)))
        }
    };
    Some(Found::Item(IndexItem::Lookup(Lookup { number, kept })))
}

/// A statement as the index takes it in.
pub(super) fn index_item(durable: &Durable) -> IndexItem {
    IndexItem::Statement {
        origin: durable.origin.clone(),
        index: durable.index,
        leaf: durable.leaf,
        body: Arc::clone(&durable.body),
        own: durable.own,
        verdict: durable.verified.then_some(Verdict::Verified),
    }
}
