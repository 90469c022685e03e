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
use crate::store::{
    AgreementKind, AgreementRow, AgreementRows, BytesDigest, COPIES_MAX, Position, Verdict,
    words_of,
};

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
    /// Authorities of whose agreements, accessions or retirements there are more than are looked at: nothing is
    /// in force with them.
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
        let mut met = BTreeSet::new();
        for row in of(&mine, AgreementKind::Accession) {
            self.load_word(&row, &mut met)?;
        }
        for code in receivers.iter().chain(others.clone()) {
            self.leave_out_cut(*code, receivers)?;
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

    /// The words found that stand in a log so often that not all their places are in the index.
    fn crowded(&self) -> BTreeSet<(Origin, BytesDigest)> {
        let found = self.found.values();
        let words = found.filter_map(|version| words_of(version.statement()));
        let words: BTreeSet<BytesDigest> = words.collect();
        let mut counts: BTreeMap<(Origin, BytesDigest), BTreeSet<&Position>> = BTreeMap::new();
        for row in self.rows.values().flat_map(|rows| &rows.rows) {
            if row.kind == AgreementKind::Agreement && words.contains(&row.digest) {
                let place = (row.position.origin.clone(), row.digest);
                counts.entry(place).or_default().insert(&row.position);
            }
        }
        counts.retain(|_, places| places.len() >= COPIES_MAX);
        counts.into_keys().collect()
    }

    /// Whether such words stand at a place that the index passes over: what names it names them.
    // spec: AGR-23, IDX-99
    fn names_a_copy(
        &self,
        at: &Position,
        crowded: &BTreeSet<(Origin, BytesDigest)>,
    ) -> Result<bool, Stop> {
        if !crowded.iter().any(|(log, _)| *log == at.origin) {
            return Ok(false);
        }
        self.queries.go_on()?;
        let Found::Verified(named) = self.queries.statement(&at.origin, at.index)? else {
            return Ok(false);
        };
        let words = words_of(named.statement());
        Ok(words.is_some_and(|words| crowded.contains(&(at.origin.clone(), words))))
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
        if let Some(log) = self.unseen_words(author, &rows) {
            self.left_out.insert(author);
            self.cut.insert(log);
            return Ok(());
        }
        let mut met = BTreeSet::new();
        let (before, bytes) = (self.added.len(), self.bytes);
        let crowded = self.crowded();
        for kind in [AgreementKind::Retirement, AgreementKind::Accession] {
            for row in of(&rows.rows, kind) {
                if !places.contains(&row.named) && !self.names_a_copy(&row.named, &crowded)? {
                    continue;
                }
                match self.load_word(&row, &mut met) {
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

    /// Leaves an authority out in whose log more agreements with who asks stand than are looked at: one that
    /// is left out may have taken the place of what is found. No log leaves out another's.
    // spec: AGR-30, IDX-97
    fn leave_out_cut(
        &mut self,
        code: AuthorityCode,
        receivers: &[AuthorityCode],
    ) -> Result<(), Stop> {
        for receiver in receivers {
            let rows = self.rows(*receiver)?;
            // It may have published elsewhere once.
            let has_spoken = |log: &Origin| {
                self.found.values().any(|version| {
                    version.reference().origin == *log
                        && version.statement().header().issuer == code
                })
            };
            let mut logs = rows.agreements_cut.iter();
            if self.speaks_in_any(code, &mut logs.clone()).is_some() || logs.any(has_spoken) {
                self.left_out.insert(code);
            }
        }
        Ok(())
    }

    /// A log in which an authority says more than is looked at: what is left out may have ended what is found.
    /// Only where it may speak: what others log in its name never counted.
    // spec: IDX-95
    fn unseen_words(&self, author: AuthorityCode, rows: &AgreementRows) -> Option<Origin> {
        // It may have published elsewhere once.
        let has_spoken = |log: &&Origin| {
            rows.rows.iter().any(|row| {
                row.kind != AgreementKind::Agreement
                    && row.position.origin == **log
                    && row.verdict == Some(Verdict::Verified)
            })
        };
        let mut logs = rows.words_cut.iter();
        let own = self.speaks_in_any(author, &mut logs.clone());
        own.or_else(|| logs.find(has_spoken)).cloned()
    }

    /// The first of some logs that an authority writes by the newest registry.
    fn speaks_in_any<'o>(
        &self,
        author: AuthorityCode,
        logs: &mut impl Iterator<Item = &'o Origin>,
    ) -> Option<&'o Origin> {
        let registry = self.queries.registry();
        let publisher = registry.member(author);
        let publisher = publisher.and_then(|member| member.enrolment().publishes_through);
        logs.find(|log| {
            let member = AuthorityCode::parse(log.member()).ok();
            member == Some(author) || (publisher.is_some() && member == publisher)
        })
    }

    /// What an author said, once, with the version that it names.
    // spec: IDX-96
    fn load_word(
        &mut self,
        row: &AgreementRow,
        met: &mut BTreeSet<(Origin, BytesDigest)>,
    ) -> Result<(), Stop> {
        let word = (row.position.origin.clone(), row.digest);
        if !met.contains(&word) && self.load(&row.position)?.is_some() {
            met.insert(word);
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
        let words = words_of(version.statement());
        let again = rows
            .rows
            .iter()
            .filter(|row| row.kind == AgreementKind::Agreement && Some(row.digest) == words);
        let again: Vec<AgreementRow> = again.cloned().collect();
        if !again.iter().any(|row| row.position.origin == at.origin) {
            // What stands before it is not known: it is left out with what names it.
            self.found.remove(at);
            self.cut.insert(at.origin.clone());
            return Ok(());
        }
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
