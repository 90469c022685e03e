//! Records and erasures.

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::Class;
use concordat_protocol::subject::SubjectCode;

use super::{position, spot};
use crate::store::answers::{self, AnswerRow};
use crate::store::records::{self, RecordRow};
use crate::store::schema::{Bytes, Family, POSITION_BYTES, Position, Spot};
use crate::store::verdicts::Verdict;
use crate::store::{Store, StoreError, read};

impl Store {
    /// The records about an organisation, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-75
    pub fn records_about(&self, subject: SubjectCode) -> Result<Vec<RecordRow>, StoreError> {
        self.records(Family::Records, &records::prefix(subject))
    }

    /// The changes of code that name a code, as the former one or the other, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-111
    pub fn code_changes(&self, subject: SubjectCode) -> Result<Vec<RecordRow>, StoreError> {
        self.records(Family::CodeChanges, &records::code_changes_prefix(subject))
    }

    /// The records that refer to a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-75
    pub fn records_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let to = spot(&read(&self.logs), origin, index);
        to.map_or(Ok(Vec::new()), |to| {
            self.records(Family::Referred, &records::reference_prefix(to))
        })
    }

    /// The recognition responses that refer to a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-105
    pub fn answers_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<AnswerRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(to) = spot(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let verdicts = read(&self.verdicts);
        let prefix = answers::prefix(to);
        let mut rows = self.collect(Family::Answers, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let said = answers::decode(value)?;
            Some(AnswerRow {
                position: position(&logs, spot)?,
                bytes: said.bytes,
                author: said.author,
                other: position(&logs, said.other)?,
                verdict: verdicts.state(spot).verdict(),
            })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// The records of some classes that refer to whatever statements and were not refused, the newest day
    /// first; and whether these are all: at most so many are given.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: ADM-352
    pub fn referring_records(
        &self,
        classes: &[Class],
        most: usize,
    ) -> Result<(Vec<RecordRow>, bool), StoreError> {
        let prefix = Bytes::key(Family::Referred).finish();
        let place = prefix.len() + POSITION_BYTES;
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let rows = self.collect(Family::Referred, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(place..)?)?;
            let row = records::decode(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            let is_refused = matches!(verdict, Some(Verdict::Rejected(_)));
            let is_asked = classes.contains(&row.class) && !is_refused;
            Some(is_asked.then_some(RecordRow { verdict, ..row }))
        })?;
        let mut rows: Vec<RecordRow> = rows.into_iter().flatten().collect();
        rows.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| a.position.cmp(&b.position)));
        rows.dedup_by(|a, b| a.position == b.position);
        let is_whole = rows.len() <= most;
        rows.truncate(most);
        Ok((rows, is_whole))
    }

    /// Whether a log has a record that refers to a statement.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn refers(
        &self,
        log: &Origin,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<bool, StoreError> {
        let (to, log) = {
            let logs = read(&self.logs);
            (spot(&logs, origin, index), logs.id(log))
        };
        let Some((to, log)) = to.zip(log) else {
            return Ok(false);
        };
        let prefix = Bytes::value().raw(&records::reference_prefix(to)).log(log);
        let found = self.collect(Family::Referred, &prefix.finish(), Some(1), |_, _| Some(()))?;
        Ok(!found.is_empty())
    }

    /// Erasures of what was said about an organisation, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-107
    pub fn erasures_about(&self, subject: SubjectCode) -> Result<Vec<Position>, StoreError> {
        let prefix = records::erasures_prefix(subject);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Erasures, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// Erasures that name a statement, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-107
    pub fn erasures_of(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(gone) = spot(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = records::erased_prefix(gone);
        let mut rows = self.collect(Family::Erased, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    fn records(&self, family: Family, prefix: &[u8]) -> Result<Vec<RecordRow>, StoreError> {
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(family, prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let row = records::decode(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            Some(RecordRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }
}
