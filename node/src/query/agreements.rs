//! What was said about the agreements that can bind an authority to others: all of it at once, for every
//! decision of an answer.
//!
//! ```text
//! rows of who asks ─► versions that name it, its accessions with what they name ─────┐
//! rows of both ─► of each author by itself, retirements and accessions that name these ┴► facts
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
use crate::store::{AgreementKind, AgreementRow, AgreementRows, BytesDigest, Position, Verdict};

/// Statements about agreements that are looked at for one answer.
// spec: IDX-71
pub const AGREEMENT_STATEMENTS_MAX: usize = 4_096;
/// Bytes of them.
// spec: IDX-71
pub const AGREEMENT_BYTES_MAX: usize = 16 << 20;
/// Statements that are looked at for what one author says about versions.
// spec: IDX-71
pub const AUTHOR_STATEMENTS_MAX: usize = 512;
/// Bytes of them.
// spec: IDX-71
pub const AUTHOR_BYTES_MAX: usize = 1 << 20;

/// Agreements, accessions and retirements, verified.
#[derive(Clone, Debug, Default)]
pub struct AgreementSet {
    /// The statements, by log and position; none where there are too many.
    pub statements: Vec<Arc<Verified>>,
    /// Logs in which more stands than is looked at, ascending.
    pub cut: Vec<Origin>,
    /// Authorities of whose accessions and retirements there are more than are looked at: none of these is
    /// among the statements.
    pub left_out: BTreeSet<AuthorityCode>,
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
    /// Their places in the order in which they were found.
    added: Vec<Position>,
    bytes: usize,
    cut: BTreeSet<Origin>,
    left_out: BTreeSet<AuthorityCode>,
}

impl<'q> Walk<'q> {
    const fn new(queries: &'q QueryService) -> Self {
        Self {
            queries,
            rows: BTreeMap::new(),
            found: BTreeMap::new(),
            added: Vec::new(),
            bytes: 0,
            cut: BTreeSet::new(),
            left_out: BTreeSet::new(),
        }
    }

    fn finish(self) -> AgreementSet {
        AgreementSet {
            statements: self.found.into_values().collect(),
            cut: self.cut.into_iter().collect(),
            left_out: self.left_out,
            too_many: false,
        }
    }

    /// Versions come first, and then what each author says of them: past its own bound an author's words
    /// are left out alone, and nothing is in force with it.
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
        for code in others.clone() {
            self.rows_of([code])?;
        }
        self.load_versions(&of(&mine, AgreementKind::Agreement))?;
        for row in of(&mine, AgreementKind::Accession) {
            if self.load(&row.position)?.is_some() {
                self.load_named(&row.named)?;
            }
        }
        let firsts = self.found.values();
        let firsts = firsts.filter_map(|found| agreement(found)?.first.clone());
        let firsts: BTreeSet<StatementRef> = firsts.collect();
        for first in &firsts {
            self.load_named(&Position::of(first))?;
        }
        let mut places = self.places();
        places.extend(firsts.iter().map(Position::of));
        // What was left is asked of every authority; an author that says too much is left out.
        for code in receivers.iter().chain(others) {
            self.load_words(*code, &places)?;
        }
        Ok(())
    }

    /// Where the versions stand that were found, and the same words again: a retirement or an accession
    /// may name any of these places.
    // spec: AGR-23
    fn places(&self) -> BTreeSet<Position> {
        let rows = self.rows.values().flat_map(|rows| &rows.rows);
        let rows = rows.filter(|row| row.kind == AgreementKind::Agreement);
        let found = rows
            .clone()
            .filter(|row| self.found.contains_key(&row.position));
        let words: BTreeSet<BytesDigest> = found.map(|row| row.digest).collect();
        let again = rows.filter(|row| words.contains(&row.digest));
        again.map(|row| row.position.clone()).collect()
    }

    /// What an authority says about versions at some places, or none of it where it says more than is
    /// looked at.
    // spec: IDX-71
    fn load_words(
        &mut self,
        author: AuthorityCode,
        places: &BTreeSet<Position>,
    ) -> Result<(), Stop> {
        let rows = self.rows(author)?;
        if let Some(log) = self.retired_unseen(author, &rows) {
            self.left_out.insert(author);
            self.cut.insert(log);
            return Ok(());
        }
        let (before, bytes) = (self.added.len(), self.bytes);
        for kind in [AgreementKind::Retirement, AgreementKind::Accession] {
            for row in of(&rows.rows, kind) {
                if !places.contains(&row.named) {
                    continue;
                }
                match self.load_word(&row) {
                    Err(Stop::TooMany) => {}
                    done => done?,
                }
                if self.added.len() - before > AUTHOR_STATEMENTS_MAX
                    || self.bytes - bytes > AUTHOR_BYTES_MAX
                    || self.is_full()
                {
                    for at in self.added.drain(before..) {
                        self.found.remove(&at);
                    }
                    self.bytes = bytes;
                    self.left_out.insert(author);
                    self.cut.insert(row.position.origin);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A log in which an authority says more retirements than are looked at: one that is left out may have
    /// ended what is found. Only where it may speak: what others log in its name never counted.
    // spec: IDX-95
    fn retired_unseen(&self, author: AuthorityCode, rows: &AgreementRows) -> Option<Origin> {
        let registry = self.queries.registry();
        let publisher = registry.member(author);
        let publisher = publisher.and_then(|member| member.enrolment().publishes_through);
        let speaks = |log: &&Origin| {
            let member = AuthorityCode::parse(log.member()).ok();
            let mut rows = rows.rows.iter();
            // It may have published elsewhere once.
            let has_spoken = |row: &AgreementRow| {
                row.kind == AgreementKind::Retirement
                    && row.position.origin == **log
                    && row.verdict == Some(Verdict::Verified)
            };
            member == Some(author) || member == publisher || rows.any(has_spoken)
        };
        rows.retirements_cut.iter().find(speaks).cloned()
    }

    fn load_word(&mut self, row: &AgreementRow) -> Result<(), Stop> {
        if self.load(&row.position)?.is_some() {
            self.load_named(&row.named)?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.found.len() > AGREEMENT_STATEMENTS_MAX || self.bytes > AGREEMENT_BYTES_MAX
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

    /// A version that is named by its place, with the first place of the same words in each log: a
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
        let own = of(&rows.rows, AgreementKind::Agreement);
        let Some(words) = own.iter().find(|row| row.position == *at) else {
            // What stands before it is not known: it is left out with what names it.
            self.found.remove(at);
            self.cut.insert(at.origin.clone());
            return Ok(());
        };
        let again = own.iter().filter(|row| row.digest == words.digest);
        let again: Vec<AgreementRow> = again.cloned().collect();
        self.load_versions(&again)
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
        self.found.insert(at.clone(), Arc::clone(&found));
        self.added.push(at.clone());
        match self.is_full() {
            true => Err(Stop::TooMany),
            false => Ok(Some(found)),
        }
    }
}

/// The rows of a kind.
fn of(rows: &[AgreementRow], kind: AgreementKind) -> Vec<AgreementRow> {
    let rows = rows.iter().filter(|row| row.kind == kind);
    rows.cloned().collect()
}

fn agreement(found: &Verified) -> Option<&AgreementFields> {
    let content = &found.statement().payload().content;
    content.agreement().map(Agreement::fields)
}
