//! The decisions about an organisation.
//!
//! A thief of a log key can log a public decision again thousands of times. The first stands for all: the
//! index tells copies by the digest of their bytes, so that nobody reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Decision, DecisionFields, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SUBJECT_NAME_CHARS_MAX, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Authority, RejectReason, Verified};

use super::gather::issuer_of;
use super::{Found, QueryError, QueryService};
use crate::store::{BytesDigest, Position, SubjectRow, Summary, Verdict};

/// A decision about an organisation, without what it says: an organisation may have many, and a page of
/// them is shown.
// spec: IDX-31
#[derive(Clone, Debug)]
pub struct SubjectEntry {
    /// The decision.
    pub reference: StatementRef,
    /// The authority that speaks.
    pub issuer: AuthorityCode,
    /// What the index knows of it; of a decision found through a correction, `None`.
    pub summary: Option<Summary>,
    /// When it was decided; `None` of what is no decision.
    pub decided_on: Option<Day>,
    /// Whom it names; `None` of what is no decision.
    pub named: Option<(SubjectCode, Text<SUBJECT_NAME_CHARS_MAX>)>,
    /// Copies of it in its log that are no entries, since nothing points at them.
    pub copies: u64,
}

impl SubjectEntry {
    fn of(decision: &Verified, summary: Option<Summary>) -> Self {
        let statement = decision.statement();
        let fields = statement.payload().content.decision();
        let fields = fields.map(Decision::fields);
        let named = |fields: &DecisionFields| {
            let subject = &fields.subject;
            (subject.code(), subject.name().clone())
        };
        Self {
            reference: decision.reference().clone(),
            issuer: statement.header().issuer,
            summary,
            decided_on: fields.map(|fields| fields.decided_on),
            named: fields.map(named),
            copies: 0,
        }
    }
}

/// The first place in its log of bytes that were met.
enum First {
    /// It holds, and stands there.
    At(Position),
    /// It is under a state of the registry that has not come. So are its copies: the state is signed.
    Waits,
}

/// Decisions about an organisation as they are found, row by row.
struct Listing<'q, 'r> {
    queries: &'q QueryService,
    subject: SubjectCode,
    /// Rows of the organisations that decisions were moved from.
    others: BTreeMap<SubjectCode, Arc<[SubjectRow]>>,
    firsts: BTreeMap<(&'r Origin, BytesDigest), First>,
    entries: BTreeMap<Position, SubjectEntry>,
}

impl<'r> Listing<'_, 'r> {
    /// Takes in the next row; they come by position.
    // spec: IDX-60
    fn take(&mut self, row: &'r SubjectRow) -> Result<(), QueryError> {
        let is_decision = row.summary.class.is_decision();
        let said = (&row.position.origin, row.summary.bytes);
        match self.firsts.get(&said) {
            Some(First::Waits) => return Ok(()),
            // All copies of a correction name one decision.
            Some(First::At(_)) if !is_decision => return Ok(()),
            // spec: ADM-220
            Some(First::At(first)) if !self.queries.store.is_pointed_at(&row.position) => {
                if let Some(entry) = self.entries.get_mut(first) {
                    entry.copies += u64::from(!self.queries.is_rejected(&row.position));
                }
                return Ok(());
            }
            Some(First::At(_)) | None => {}
        }
        let found = &row.position;
        match self.queries.statement(&found.origin, found.index)? {
            Found::Verified(verified) => {
                let first = self.firsts.entry(said);
                first.or_insert_with(|| First::At(row.position.clone()));
                match is_decision {
                    true => self.list(row, &verified),
                    false => self.list_corrected(&verified)?,
                }
            }
            Found::Rejected(RejectReason::CtxAhead) => {
                self.firsts.entry(said).or_insert(First::Waits);
            }
            Found::Rejected(_) | Found::NotHeld => {}
        }
        Ok(())
    }

    fn list(&mut self, row: &SubjectRow, decision: &Verified) {
        let entry = SubjectEntry::of(decision, Some(row.summary.clone()));
        self.entries.insert(row.position.clone(), entry);
    }

    fn list_corrected(&mut self, correction: &Verified) -> Result<(), QueryError> {
        let Some(decision) = self.queries.corrected_by(correction)? else {
            return Ok(());
        };
        let first = self.first_of(&decision)?;
        for decision in first.iter().chain([&decision]) {
            let entry = self.entries.entry(Position::of(decision.reference()));
            entry.or_insert_with(|| SubjectEntry::of(decision, None));
        }
        Ok(())
    }

    /// The decision of which one about another organisation is a copy: what corrects the copy corrects it.
    // spec: ADM-221
    fn first_of(&mut self, copy: &Verified) -> Result<Option<Arc<Verified>>, QueryError> {
        let said = copy.statement().payload().content.decision();
        let about = said.map(|said| said.fields().subject.code());
        let Some(about) = about.filter(|about| *about != self.subject) else {
            return Ok(None);
        };
        let rows = match self.others.get(&about) {
            Some(rows) => Arc::clone(rows),
            None => self.queries.about(about)?,
        };
        self.others.insert(about, Arc::clone(&rows));
        let (at, bytes) = (
            Position::of(copy.reference()),
            BytesDigest::of(copy.statement()),
        );
        let is_before = |row: &&SubjectRow| {
            let place = &row.position;
            row.summary.bytes == bytes && place.origin == at.origin && place.index < at.index
        };
        for row in rows.iter().filter(is_before) {
            self.queries.go_on()?;
            let place = &row.position;
            if let Found::Verified(first) = self.queries.statement(&place.origin, place.index)? {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }
}

/// Puts decisions in the order in which they are shown: the newest first, those of one day by reference. It
/// is the same for every page, as long as nothing comes in.
// spec: ADM-191
pub(crate) fn sort_newest_first(entries: &mut [SubjectEntry]) {
    entries.sort_by(|a, b| {
        let newest = b.decided_on.cmp(&a.decided_on);
        newest.then_with(|| a.reference.cmp(&b.reference))
    });
}

impl QueryService {
    /// The decisions about an organisation, by log and position. One that a correction moved to this
    /// organisation is among them; what does not verify is not, nor is a copy at which no act, notice or
    /// re-issue that is held points.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-60
    pub fn subject(&self, subject: SubjectCode) -> Result<Vec<SubjectEntry>, QueryError> {
        let rows = self.about(subject)?;
        let mut listing = Listing {
            queries: self,
            subject,
            others: BTreeMap::new(),
            firsts: BTreeMap::new(),
            entries: BTreeMap::new(),
        };
        for row in rows.iter() {
            self.go_on()?;
            listing.take(row)?;
        }
        Ok(listing.entries.into_values().collect())
    }

    /// How many statements about an organisation are under a state of the registry that has not come.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: LKP-76
    pub fn waiting_about(&self, subject: SubjectCode) -> Result<u64, QueryError> {
        let mut waiting = 0;
        for row in self.about(subject)?.iter() {
            self.go_on()?;
            let at = &row.position;
            if self.store.verdict(&at.origin, at.index).is_none() {
                let found = self.statement(&at.origin, at.index)?;
                let waits = matches!(found, Found::Rejected(RejectReason::CtxAhead));
                waiting += u64::from(waits);
            }
        }
        Ok(waiting)
    }

    /// Whether a statement was refused when it was verified.
    fn is_rejected(&self, at: &Position) -> bool {
        let verdict = self.store.verdict(&at.origin, at.index);
        matches!(verdict, Some(Verdict::Rejected(_)))
    }

    /// The decision that a correction is on; `None` where its author may not correct that, so that nobody is
    /// listed with what others were found to have done.
    // spec: EFF-3
    pub(super) fn corrected_by(
        &self,
        correction: &Verified,
    ) -> Result<Option<Arc<Verified>>, QueryError> {
        let Some(target) = &correction.statement().payload().target else {
            return Ok(None);
        };
        let Found::Verified(decision) = self.statement(&target.origin, target.index)? else {
            return Ok(None);
        };
        let may_correct = correction.authority() == Authority::Supervision
            || issuer_of(correction) == issuer_of(&decision);
        Ok(may_correct.then_some(decision))
    }
}
