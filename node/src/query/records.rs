//! The records about an organisation, and those that refer to a statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::statement::{Class, Record, StatementRef};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{RecordRow, Verdict};

/// Records of which one page shows what they say.
// spec: IDX-76
pub const RECORDS_SHOWN_MAX: usize = 64;
/// Records that are read of those that refer to one statement.
// spec: IDX-76
pub const REFERRING_READ_MAX: usize = 256;
/// Records that are read of those that answer an initiation or a push: many months of many authorities.
// spec: IDX-90
pub const ANSWERS_READ_MAX: usize = 4_096;

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
    /// of its log.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-111
    pub(super) fn rows_of_code(&self, code: SubjectCode) -> Result<Vec<RecordRow>, QueryError> {
        Ok(first_of_each(self.store.code_changes(code)?))
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
        self.referring_up_to(to, about, class, REFERRING_READ_MAX)
    }

    /// As [`Self::referring`], with a bound of its own.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-76, IDX-90
    pub fn referring_up_to(
        &self,
        to: &StatementRef,
        about: Option<SubjectCode>,
        class: impl Fn(Class) -> bool,
        most: usize,
    ) -> Result<(Vec<Arc<Verified>>, u64), QueryError> {
        self.referring_where(to, about, |row| class(row.class), most)
    }

    /// As [`Self::referring_up_to`], of rows that are wanted: no others take room of theirs.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-76, IDX-90
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
        let mut found = Vec::new();
        for row in rows.iter().take(most) {
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
        Ok((found, left))
    }
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
