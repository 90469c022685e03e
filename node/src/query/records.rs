//! The records about an organisation, and those that refer to a statement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Class, Content, Record, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{Position, RecordRow, Verdict};

/// Records of which one page shows what they say.
// spec: IDX-76
pub const RECORDS_SHOWN_MAX: usize = 64;
/// Records that are read of those that refer to one statement.
// spec: IDX-76
pub const REFERRING_READ_MAX: usize = 256;
/// Records that are read of those that answer an initiation or a push: many months of many authorities.
// spec: IDX-90
pub const ANSWERS_READ_MAX: usize = 4_096;

/// An erasure that holds, and what is out of sight by it.
pub type Erased = (Arc<Verified>, Vec<StatementRef>);

impl QueryService {
    /// The records about an organisation as the index knows them, the newest first, without those that were
    /// refused; of several with one text the first of its log. No body is read.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-75
    pub fn records(&self, subject: SubjectCode) -> Result<Vec<RecordRow>, QueryError> {
        let mut rows = first_of_each(self.store.records_about(subject)?);
        sort_records(&mut rows);
        Ok(rows)
    }

    /// The changes of code that name a code, without those that were refused; of several with one text the first
    /// of its log, and the copies on which something acts: it acts on the first (EFF-130), whichever came first here.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-111
    pub(super) fn rows_of_code(&self, code: SubjectCode) -> Result<Vec<RecordRow>, QueryError> {
        let mut rows = self.store.code_changes(code)?;
        let stands = |row: &RecordRow| !matches!(row.verdict, Some(Verdict::Rejected(_)));
        rows.retain(stands);
        let mut seen = BTreeSet::new();
        rows.retain(|row| {
            let at = &row.position;
            seen.insert((at.origin.clone(), row.bytes))
                || self.store.is_pointed_at(at)
                || !self.bodies.acts_by_leaf(at, 1).is_empty()
        });
        Ok(rows)
    }

    /// Those of some records that hold, by position, and how many more there are than are read. Records about
    /// another organisation than `about` do not belong to the statement that they name.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-76
    pub fn referring(
        &self,
        to: &StatementRef,
        about: Option<SubjectCode>,
        class: impl Fn(Class) -> bool,
    ) -> Result<(Vec<Arc<Verified>>, u64), QueryError> {
        self.referring_where(to, about, |row| class(row.class), REFERRING_READ_MAX)
    }

    /// As [`Self::referring`], with a bound of its own and of each log a fair part: who says much takes no room
    /// of others.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-90
    pub fn referring_fairly(
        &self,
        to: &StatementRef,
        about: Option<SubjectCode>,
        class: impl Fn(Class) -> bool,
        most: usize,
    ) -> Result<Referring, QueryError> {
        let mut rows = first_of_each(self.store.records_on(&to.origin, to.index)?);
        rows.retain(|row| class(row.class));
        let mut said: BTreeMap<Origin, usize> = BTreeMap::new();
        for row in &rows {
            *said.entry(row.position.origin.clone()).or_default() += 1;
        }
        let all = rows.len();
        let mut parts = fair_parts(&said, most);
        let cut = said
            .iter()
            .filter(|(log, count)| parts.get(log) < Some(count));
        let cut = cut.filter_map(|(log, _)| AuthorityCode::parse(log.member()).ok());
        let cut = cut.collect();
        rows.retain(|row| {
            let left = parts.get_mut(&row.position.origin);
            left.is_some_and(|left| left.checked_sub(1).inspect(|less| *left = *less).is_some())
        });
        Ok(Referring {
            left: all.saturating_sub(rows.len()) as u64,
            found: self.read(to, about, &rows)?,
            cut,
        })
    }

    /// As [`Self::referring`], with a bound of its own and of rows that are wanted: no others take room of theirs.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-76
    pub fn referring_where(
        &self,
        to: &StatementRef,
        about: Option<SubjectCode>,
        wanted: impl Fn(&RecordRow) -> bool,
        most: usize,
    ) -> Result<(Vec<Arc<Verified>>, u64), QueryError> {
        let mut rows = first_of_each(self.store.records_on(&to.origin, to.index)?);
        rows.retain(wanted);
        let left = rows.len().saturating_sub(most) as u64;
        rows.truncate(most);
        Ok((self.read(to, about, &rows)?, left))
    }

    /// Those of some rows that hold and are about who is meant.
    fn read(
        &self,
        to: &StatementRef,
        about: Option<SubjectCode>,
        rows: &[RecordRow],
    ) -> Result<Vec<Arc<Verified>>, QueryError> {
        let mut found = Vec::new();
        for row in rows {
            self.go_on()?;
            let place = &row.position;
            let Found::Verified(verified) = self.statement(&place.origin, place.index)? else {
                continue;
            };
            let record = verified.statement().payload().content.record();
            let is_about = |code| about.is_none_or(|about| about == code);
            let is_meant = |record: &&Record| {
                record.refers_to().contains(to) && is_about(record.subject().code())
            };
            if record.filter(is_meant).is_some() {
                found.push(verified);
            }
        }
        Ok(found)
    }
}

impl QueryService {
    /// The erasures by which something about an organisation is out of sight here, by position, each with what
    /// it took away.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-107
    pub fn erasures(&self, subject: SubjectCode) -> Result<Vec<Erased>, QueryError> {
        let mut found = Vec::new();
        let acts = self.store.erasures_about(subject)?;
        let mut acts: BTreeSet<Position> = acts.into_iter().collect();
        // What a correction put upon it went with a decision about another.
        for row in self.about(subject)?.iter() {
            let at = &row.position;
            if self.bodies.is_erased(&at.origin, at.index) {
                acts.extend(self.store.erasures_of(&at.origin, at.index)?);
            }
        }
        for at in acts {
            self.go_on()?;
            let Found::Verified(act) = self.statement(&at.origin, at.index)? else {
                continue;
            };
            let payload = act.statement().payload();
            let Content::Erasure(erasure) = &payload.content else {
                continue;
            };
            let named = payload.target.iter().chain(&erasure.closure);
            let gone = named.filter(|one| self.bodies.is_erased(&one.origin, one.index));
            let gone: Vec<StatementRef> = gone.cloned().collect();
            if !gone.is_empty() {
                found.push((act, gone));
            }
        }
        Ok(found)
    }
}

/// What refers to a statement.
#[derive(Debug)]
pub struct Referring {
    /// What was read and holds, by position.
    pub found: Vec<Arc<Verified>>,
    /// How many more there are.
    pub left: u64,
    /// In whose logs there is more than was read.
    pub cut: BTreeSet<AuthorityCode>,
}

/// How many of each log are read, where each says so many: a log that says no more than its share is read whole,
/// and what it leaves goes to the others.
fn fair_parts(said: &BTreeMap<Origin, usize>, most: usize) -> BTreeMap<Origin, usize> {
    let mut by_count: Vec<_> = said.iter().collect();
    by_count.sort_by_key(|(_, count)| **count);
    let (mut room, mut logs) = (most, by_count.len());
    let mut parts = BTreeMap::new();
    for (log, count) in by_count {
        let part = (*count).min(room.checked_div(logs).unwrap_or(0));
        room -= part;
        logs -= 1;
        parts.insert(log.clone(), part);
    }
    parts
}

/// Puts records in the order in which they are shown, the newest first, each once.
// spec: IDX-75
pub(crate) fn sort_records(rows: &mut Vec<RecordRow>) {
    rows.sort_by(|a, b| {
        let newest = b.day.cmp(&a.day);
        newest.then_with(|| a.position.cmp(&b.position))
    });
    rows.dedup_by(|later, kept| later.position == kept.position);
}

/// Without what was refused, and without copies: rows come by position.
fn first_of_each(rows: Vec<RecordRow>) -> Vec<RecordRow> {
    let mut seen = BTreeSet::new();
    let stands = |row: &RecordRow| !matches!(row.verdict, Some(Verdict::Rejected(_)));
    let rows = rows.into_iter().filter(stands);
    rows.filter(|row| seen.insert((row.position.origin.clone(), row.bytes)))
        .collect()
}

#[cfg(test)]
mod tests {
    use concordat_protocol::trust::LogNumber;

    use super::*;
    use crate::fixture::Fixture;

    // spec: IDX-90
    #[test]
    fn log_that_says_much_takes_no_room_of_those_that_say_little() {
        let fixture = Fixture::new();
        let genesis = fixture.registry.genesis();
        let numbers = [
            LogNumber::Statements,
            LogNumber::Registry,
            LogNumber::Register,
        ];
        let mut logs = numbers.map(|number| genesis.origin(fixture.member, number));
        logs.sort();
        let parts = |said: [usize; 3], most| {
            let said = logs.iter().cloned().zip(said).collect();
            let parts = fair_parts(&said, most);
            logs.iter().map(|log| parts[log]).collect::<Vec<_>>()
        };
        assert_eq!(parts([4_200, 1, 30], 4_096), [4_065, 1, 30]);
        assert_eq!(parts([4_200, 4_200, 30], 4_096), [2_033, 2_033, 30]);
        assert_eq!(parts([5, 6, 7], 18), [5, 6, 7]);
        assert_eq!(parts([5, 6, 7], 2), [0, 1, 1]);
        assert_eq!(fair_parts(&BTreeMap::new(), 5), BTreeMap::new());
    }
}
