//! What can be asked of the store.

mod act_rows;
mod agreement_rows;
mod lookup_rows;
mod record_rows;

use std::ops::ControlFlow;

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::Code;
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use concordat_protocol::trust::RejectReason;

use crate::store::acts::BytesDigest;
use crate::store::ledger::{self, Delivery};
use crate::store::own::{self, OwnStatement};
use crate::store::peers;
use crate::store::schema::{Bytes, Family, LogId, Position, Spot};
use crate::store::subjects::{self, DocumentDigest, SubjectRow, Summary};
use crate::store::verdicts::{State, Verdict};
use crate::store::writer::Logs;
use crate::store::{Store, StoreError, read};

pub use agreement_rows::AGREEMENT_ROWS_MAX;
pub use lookup_rows::{ShownAt, ShownPage};

/// Of a code in a key.
const SUBJECT_BYTES: usize = 18;

/// Where a walk over unverified statements goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnverifiedCursor(Spot);

impl Default for UnverifiedCursor {
    /// The beginning.
    fn default() -> Self {
        Self(Spot {
            log: LogId(0),
            index: 0,
        })
    }
}

impl Store {
    /// Everything about an organisation: decisions, and corrections that name it, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn by_subject(&self, subject: SubjectCode) -> Result<Vec<SubjectRow>, StoreError> {
        let prefix = subjects::prefix(subject);
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Subjects, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let position = position(&logs, spot)?;
            let summary = Summary::decode(value, position.origin.member())?;
            let verdict = verdicts.state(spot).verdict();
            Some(SubjectRow {
                position,
                summary,
                verdict,
            })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// How many decisions that were not refused are such as is asked, and whether all were looked at: at
    /// most so many rows are.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn count_decisions(
        &self,
        most: usize,
        matches: impl Fn(&Summary, &Position) -> bool,
    ) -> Result<(u64, bool), StoreError> {
        let rows = self.decisions(most, |summary, position| {
            matches(&summary, &position).then_some(())
        })?;
        let whole = rows.len() <= most;
        let counted = rows.iter().take(most).flatten();
        Ok((counted.count() as u64, whole))
    }

    /// The decisions of a span of days that were not refused, each with what tells its copies, by position; and
    /// whether all were looked at: at most so many rows are.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: STA-5
    pub fn decisions_between(
        &self,
        (first, last): (Day, Day),
        most: usize,
    ) -> Result<(Vec<(Position, BytesDigest)>, bool), StoreError> {
        let rows = self.decisions(most, |summary, position| {
            let is_asked = (first..=last).contains(&summary.decided_on);
            is_asked.then_some((position, summary.bytes))
        })?;
        let is_whole = rows.len() <= most;
        let mut rows: Vec<_> = rows.into_iter().take(most).flatten().collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((rows, is_whole))
    }

    /// What is taken of each decision that was not refused, and nothing of every other row about an
    /// organisation: of one row more than are looked at.
    fn decisions<T>(
        &self,
        most: usize,
        take: impl Fn(Summary, Position) -> Option<T>,
    ) -> Result<Vec<Option<T>>, StoreError> {
        let prefix = Bytes::key(Family::Subjects).finish();
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let place = prefix.len() + SUBJECT_BYTES;
        self.collect(Family::Subjects, &prefix, Some(most + 1), |key, value| {
            let spot = Spot::decode(key.get(place..)?)?;
            let position = position(&logs, spot)?;
            let summary = Summary::decode(value, position.origin.member())?;
            let is_refused = matches!(verdicts.state(spot).verdict(), Some(Verdict::Rejected(_)));
            let is_decision = summary.class.is_decision() && !is_refused;
            Some(if is_decision {
                take(summary, position)
            } else {
                None
            })
        })
    }

    /// The newest measures of the node's own, the newest first.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-86
    pub fn own_measures(&self, most: usize) -> Result<Vec<Position>, StoreError> {
        self.newest(Family::Measures, most)
    }

    /// The newest penalties of market regulation in a log of the node's own, the newest first: those that are
    /// such from the first on, and those that a correction by anybody says are such.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-106, IDX-121
    pub fn market_penalties(&self, own: &Origin, most: usize) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(log) = logs.id(own) else {
            return Ok(Vec::new());
        };
        let prefix = Bytes::key(Family::MarketPenalties).log(log).finish();
        let mut found = self.collect(Family::MarketPenalties, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(1..)?)?)
        })?;
        found.reverse();
        found.truncate(most);
        Ok(found)
    }

    /// The last positions of a family that has nothing else in its keys, the last first.
    fn newest(&self, family: Family, most: usize) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let prefix = Bytes::key(family).finish();
        let mut found = self.collect(family, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(1..)?)?)
        })?;
        found.sort();
        found.reverse();
        found.truncate(most);
        Ok(found)
    }

    /// Decisions under a document number, by position, of every issuer.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn by_document(&self, document_number: &str) -> Result<Vec<Position>, StoreError> {
        let prefix = subjects::document_prefix(DocumentDigest::of(document_number));
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Documents, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// Own decisions of an issuer with a document number and item, by position: the first is the
    /// original, and an import that finds one brings nothing new.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn natural(
        &self,
        issuer: AuthorityCode,
        document_number: &str,
        item: &Code,
    ) -> Result<Vec<Position>, StoreError> {
        let prefix = subjects::natural_prefix(issuer, document_number, item);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Natural, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// One of the node's own statements, whole. Its body has been compared with its leaf.
    ///
    /// # Errors
    /// `Engine`; `Damaged` when the body does not fit its leaf: the journal has it.
    pub fn own(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Option<OwnStatement>, StoreError> {
        match spot(&read(&self.logs), origin, index) {
            Some(spot) => {
                let table = self.table();
                own::read(&table, spot).map_err(|error| table.judged(error))
            }
            None => Ok(None),
        }
    }

    /// What was delivered to a peer.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn deliveries(&self, peer: AuthorityCode) -> Result<Vec<Delivery>, StoreError> {
        let prefix = ledger::delivery_prefix(peer).finish();
        let logs = read(&self.logs);
        self.collect(Family::Deliveries, &prefix, None, |key, _| {
            let (log, begin, end, at) = ledger::decode_delivery(key)?;
            Some(Delivery {
                peer,
                origin: logs.origin(log)?.clone(),
                begin: LeafIndex::new(begin),
                end: LeafIndex::new(end),
                at,
            })
        })
    }

    /// What administrators noted about a peer.
    ///
    /// # Errors
    /// `Engine`.
    pub fn peer(&self, code: AuthorityCode) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.table().value(&peers::key(code))?)
    }

    /// What administrators noted about all peers, by code.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn peers(&self) -> Result<Vec<(AuthorityCode, Vec<u8>)>, StoreError> {
        let prefix = peers::prefix().finish();
        self.collect(Family::Peers, &prefix, None, |key, value| {
            Some((peers::decode_key(key)?, value.to_vec()))
        })
    }

    /// Statements that were refused when they were verified, and why.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn quarantine(&self, limit: usize) -> Result<Vec<(Position, RejectReason)>, StoreError> {
        let prefix = Bytes::key(Family::Quarantine).finish();
        let logs = read(&self.logs);
        self.collect(Family::Quarantine, &prefix, Some(limit), |key, value| {
            let spot = Spot::decode(key.get(1..)?)?;
            match State::from_code(*value.first()?).verdict()? {
                Verdict::Rejected(reason) => Some((position(&logs, spot)?, reason)),
                Verdict::Verified => None,
            }
        })
    }

    /// Statements that are held and have not been verified, at most `limit`, and where to go on;
    /// `None` at the end.
    #[must_use]
    pub fn unverified(
        &self,
        from: UnverifiedCursor,
        limit: usize,
    ) -> (Vec<Position>, Option<UnverifiedCursor>) {
        let logs = read(&self.logs);
        let (spots, next) = read(&self.verdicts).unverified(from.0, limit);
        let positions = spots
            .into_iter()
            .filter_map(|spot| position(&logs, spot))
            .collect();
        (positions, next.map(UnverifiedCursor))
    }

    /// The logs that statements stand in or refer to, in the order in which they came in.
    #[must_use]
    pub fn logs(&self) -> Vec<Origin> {
        read(&self.logs).origins().to_vec()
    }

    /// Whether an act, a notice or a re-issue names a place.
    #[must_use]
    pub fn is_pointed_at(&self, at: &Position) -> bool {
        let logs = read(&self.logs);
        self.pointed_at(&logs, &at.origin, at.index).is_some()
    }

    /// Where a statement stands, if anything points at it.
    fn pointed_at(&self, logs: &Logs, origin: &Origin, index: LeafIndex) -> Option<Spot> {
        let spot = spot(logs, origin, index)?;
        read(&self.pointed_at).contains(&spot).then_some(spot)
    }

    /// The entries under a prefix, as `row` reads them; `None` from it means damage.
    pub(super) fn collect<T>(
        &self,
        family: Family,
        prefix: &[u8],
        limit: Option<usize>,
        mut row: impl FnMut(&[u8], &[u8]) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        let mut whole = true;
        self.table().scan(prefix, prefix, |key, value| {
            if limit.is_some_and(|limit| rows.len() >= limit) {
                return ControlFlow::Break(());
            }
            match row(key, value) {
                Some(row) => rows.push(row),
                None => whole = false,
            }
            ControlFlow::Continue(())
        })?;
        match whole {
            true => Ok(rows),
            false => Err(self.table().judged(StoreError::damaged(family))),
        }
    }
}

fn spot(logs: &Logs, origin: &Origin, index: LeafIndex) -> Option<Spot> {
    let log = logs.id(origin)?;
    let index = index.value();
    Some(Spot { log, index })
}

pub(super) fn position(logs: &Logs, spot: Spot) -> Option<Position> {
    let origin = logs.origin(spot.log)?.clone();
    let index = LeafIndex::new(spot.index);
    Some(Position { origin, index })
}
