//! The records about an organisation, and those that refer to a statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::statement::{Class, Content, Record, StatementRef};
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
        rows.sort_by(|a, b| {
            let newest = b.day.cmp(&a.day);
            newest.then_with(|| a.position.cmp(&b.position))
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

impl QueryService {
    /// The erasures by which something about an organisation is out of sight here, by position, each with what
    /// it took away.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-107
    pub fn erasures(&self, subject: SubjectCode) -> Result<Vec<Erased>, QueryError> {
        let mut found = Vec::new();
        for at in self.store.erasures_about(subject)? {
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

/// Without what was refused, and without copies: rows come by position.
fn first_of_each(rows: Vec<RecordRow>) -> Vec<RecordRow> {
    let mut seen = BTreeSet::new();
    let stands = |row: &RecordRow| !matches!(row.verdict, Some(Verdict::Rejected(_)));
    let rows = rows.into_iter().filter(stands);
    rows.filter(|row| seen.insert((row.position.origin.clone(), row.bytes)))
        .collect()
}
