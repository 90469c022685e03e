//! What was said about the agreements that can bind an authority to others: all of it at once, for every
//! decision of an answer.
//!
//! ```text
//! rows of who asks ─► its retirements, versions that name it, its accessions with what they name ─┐
//! rows of who decided ─► retirements, accessions to these versions ───────────────────────────────┴► facts
//! ```
//! Who asks has approved every version that names it, so that others cannot make this set grow; what they
//! forged is refused once and not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Agreement, AgreementFields, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{AgreementKind, AgreementRow, AgreementRows, BytesDigest, Position};

/// Statements about agreements that are looked at for one answer.
// spec: IDX-71
pub const AGREEMENT_STATEMENTS_MAX: usize = 4_096;
/// Bytes of them.
// spec: IDX-71
pub const AGREEMENT_BYTES_MAX: usize = 16 << 20;

/// Agreements, accessions and retirements, verified.
#[derive(Clone, Debug, Default)]
pub struct AgreementSet {
    /// The statements, by log and position; none where there are too many.
    pub statements: Vec<Arc<Verified>>,
    /// Logs in which more stands than is looked at, ascending.
    pub cut: Vec<Origin>,
    /// Whether there are more than are looked at for one answer.
    pub too_many: bool,
}

impl QueryService {
    /// What was said about the agreements that can bind those who ask to those who decided.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-70, IDX-71
    pub fn agreements(
        &self,
        receivers: &[AuthorityCode],
        issuers: &BTreeSet<AuthorityCode>,
    ) -> Result<AgreementSet, QueryError> {
        let mut walk = Walk::new(self);
        match walk.gather(receivers, issuers) {
            Ok(()) => Ok(walk.finish()),
            Err(Stop::TooMany) => Ok(AgreementSet {
                too_many: true,
                ..AgreementSet::default()
            }),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

enum Stop {
    TooMany,
    Failed(QueryError),
}

impl<E: Into<QueryError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Walk<'q> {
    queries: &'q QueryService,
    rows: BTreeMap<AuthorityCode, Arc<AgreementRows>>,
    found: BTreeMap<Position, Arc<Verified>>,
    bytes: usize,
    cut: BTreeSet<Origin>,
}

impl<'q> Walk<'q> {
    const fn new(queries: &'q QueryService) -> Self {
        Self {
            queries,
            rows: BTreeMap::new(),
            found: BTreeMap::new(),
            bytes: 0,
            cut: BTreeSet::new(),
        }
    }

    fn finish(self) -> AgreementSet {
        AgreementSet {
            statements: self.found.into_values().collect(),
            cut: self.cut.into_iter().collect(),
            too_many: false,
        }
    }

    /// What narrows comes first: past a bound nothing is there that would be wider without the rest.
    fn gather(
        &mut self,
        receivers: &[AuthorityCode],
        issuers: &BTreeSet<AuthorityCode>,
    ) -> Result<(), Stop> {
        let mine = self.rows_of(receivers)?;
        if mine.is_empty() {
            return Ok(());
        }
        let others = issuers.iter().filter(|code| !receivers.contains(code));
        let theirs = self.rows_of(others)?;
        let of = |rows: &[AgreementRow], kind| -> Vec<AgreementRow> {
            let rows = rows.iter().filter(|row| row.kind == kind);
            rows.cloned().collect()
        };
        let mut named = Vec::new();
        for row in [&mine, &theirs]
            .map(|rows| of(rows, AgreementKind::Retirement))
            .concat()
        {
            if self.load(&row.position)?.is_some() {
                named.push(row.named);
            }
        }
        self.load_versions(&of(&mine, AgreementKind::Agreement))?;
        for row in of(&mine, AgreementKind::Accession) {
            if self.load(&row.position)?.is_some() {
                self.load_named(&row.named)?;
            }
        }
        let firsts = self
            .found
            .values()
            .filter_map(|found| agreement(found)?.first.clone());
        let firsts: Vec<StatementRef> = firsts.collect();
        for first in firsts {
            self.load_named(&Position::of(&first))?;
        }
        // Another place of a version that is there may be named.
        let logs: BTreeSet<Origin> = self.versions().map(|at| at.origin.clone()).collect();
        for named in named.iter().filter(|named| logs.contains(&named.origin)) {
            self.load_named(named)?;
        }
        for row in of(&theirs, AgreementKind::Accession) {
            if logs.contains(&row.named.origin) && self.load(&row.position)?.is_some() {
                self.load_named(&row.named)?;
            }
        }
        Ok(())
    }

    fn versions(&self) -> impl Iterator<Item = &Position> {
        let found = self.found.iter();
        let versions = found.filter(|(_, found)| agreement(found).is_some());
        versions.map(|(at, _)| at)
    }

    fn rows_of<'c>(
        &mut self,
        codes: impl IntoIterator<Item = &'c AuthorityCode>,
    ) -> Result<Vec<AgreementRow>, Stop> {
        let mut all = Vec::new();
        for code in codes {
            let rows = self.rows(*code)?;
            self.cut.extend(rows.cut.iter().cloned());
            all.extend(rows.rows.iter().cloned());
        }
        Ok(all)
    }

    fn rows(&mut self, code: AuthorityCode) -> Result<Arc<AgreementRows>, Stop> {
        if let Some(rows) = self.rows.get(&code) {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(
            self.queries
                .store
                .agreements_of(code)
                .map_err(QueryError::from)?,
        );
        self.rows.insert(code, Arc::clone(&rows));
        Ok(rows)
    }

    /// Versions, of those that stand in their log again the first that holds.
    fn load_versions(&mut self, rows: &[AgreementRow]) -> Result<(), Stop> {
        let mut met: BTreeSet<(Origin, BytesDigest)> = BTreeSet::new();
        for row in rows {
            let words = (row.position.origin.clone(), row.digest);
            if !met.contains(&words) && self.load(&row.position)?.is_some() {
                met.insert(words);
            }
        }
        Ok(())
    }

    /// A version that is named by its place, with the first place of the same words in that log: a
    /// retirement may name that one.
    // spec: AGR-23
    fn load_named(&mut self, at: &Position) -> Result<(), Stop> {
        if self.found.contains_key(at) {
            return Ok(());
        }
        let Some(version) = self.load(at)? else {
            return Ok(());
        };
        let Some(party) = agreement(&version).and_then(|fields| fields.parties.first()) else {
            self.found.remove(at);
            return Ok(());
        };
        let rows = self.rows(*party)?;
        let in_log = |row: &&AgreementRow| {
            row.kind == AgreementKind::Agreement && row.position.origin == at.origin
        };
        let own = rows
            .rows
            .iter()
            .filter(in_log)
            .find(|row| row.position == *at);
        let Some(words) = own.map(|row| row.digest) else {
            // What stands before it is not known: it is left out with what names it.
            self.found.remove(at);
            self.cut.insert(at.origin.clone());
            return Ok(());
        };
        let again = rows.rows.iter().filter(in_log);
        for row in again.filter(|row| row.digest == words && row.position.index < at.index) {
            if self.load(&row.position)?.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn load(&mut self, at: &Position) -> Result<Option<Arc<Verified>>, Stop> {
        if let Some(found) = self.found.get(at) {
            return Ok(Some(Arc::clone(found)));
        }
        self.queries.go_on()?;
        let Found::Verified(found) = self.queries.statement(&at.origin, at.index)? else {
            return Ok(None);
        };
        self.bytes += found.statement().as_bytes().len();
        if self.found.len() >= AGREEMENT_STATEMENTS_MAX || self.bytes > AGREEMENT_BYTES_MAX {
            return Err(Stop::TooMany);
        }
        self.found.insert(at.clone(), Arc::clone(&found));
        Ok(Some(found))
    }
}

fn agreement(found: &Verified) -> Option<&AgreementFields> {
    let content = &found.statement().payload().content;
    content.agreement().map(Agreement::fields)
}
