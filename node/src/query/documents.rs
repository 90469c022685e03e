//! Which decisions are issues of one document, and which statements stand more than once in their log.
//!
//! A thief of a log key cannot sign, but can log again what is signed, any number of times. A copy to
//! which nothing points changes no effect (EFF-40), so it need not be gathered, and nobody crowds a
//! decision out of sight with copies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::log::{Hash, Origin};
use concordat_protocol::statement::{Class, Code, Content, Vis};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::Verified;
use sha2::{Digest as _, Sha256};

use super::gather::{Gatherer, issuer_of};
use super::{Found, QueryError};
use crate::store::{BytesDigest, DocumentDigest, Position};

/// Statements of one kind on a decision that are gathered as they are: of more it is asked which stand
/// for the first time.
const FEW: usize = 8;
/// Of how many it is asked, where that takes reading them.
const COPIES_READ_MAX: usize = 16_384;

/// What makes two decisions of one authority about one organisation issues of one document.
type Document = (DocumentDigest, Code);

/// A statement wherever it stands in its log: an act under another visibility class than its target is
/// astray (EFF-41), and no copy.
type Said = (Origin, Hash, Vis);

/// Decisions of one authority about one organisation, by document.
#[derive(Default)]
pub(super) struct Documents(BTreeMap<Document, Issues>);

/// The issues of one document.
#[derive(Default)]
struct Issues {
    /// Each with what is signed there.
    positions: BTreeMap<Position, BytesDigest>,
    /// Without copies to which nothing points, ascending, once that was asked.
    sifted: Option<Arc<[Position]>>,
}

impl Documents {
    fn add(&mut self, document: Document, position: Position, bytes: BytesDigest) {
        let issues = self.0.entry(document).or_default();
        issues.positions.insert(position, bytes);
    }
}

impl Gatherer<'_> {
    /// Where the bytes of a decision stand in its log, the place asked for first: copies as far as
    /// anything points at them, and the first.
    pub(super) fn names(&mut self, decision: &Position) -> Result<Vec<Position>, QueryError> {
        let mut names = vec![decision.clone()];
        let known = self.known(decision)?;
        let others = known.same_document.iter();
        let others = others.filter(|at| at.origin == decision.origin && at.index != decision.index);
        let others: Vec<Position> = others.cloned().collect();
        let Some(verified) = known.verified.clone().filter(|_| !others.is_empty()) else {
            return Ok(names);
        };
        let bytes = verified.statement().as_bytes();
        for other in others {
            self.queries.go_on()?;
            let known = self.known(&other)?.verified.as_ref();
            if known.is_some_and(|known| known.statement().as_bytes() == bytes) {
                names.push(other);
            }
        }
        Ok(names)
    }

    /// Leaves out copies to which nothing points; the list is ascending.
    // spec: IDX-52
    pub(super) fn without_copies(
        &self,
        positions: Vec<Position>,
    ) -> Result<Vec<Position>, QueryError> {
        if positions.len() <= FEW {
            return Ok(positions);
        }
        let mut known = BTreeSet::new();
        let mut kept = Vec::new();
        for (number, position) in positions.into_iter().enumerate() {
            self.queries.go_on()?;
            let said = match number < COPIES_READ_MAX {
                true => self.said_at(&position)?,
                false => None,
            };
            let is_first = said.is_none_or(|said: Said| known.insert(said));
            if is_first || self.is_named(&position) {
                kept.push(position);
            }
        }
        Ok(kept)
    }

    /// The same of decisions, which the index tells apart: one of all copies is read. Two that hold have one
    /// visibility class, that of their item.
    // spec: IDX-52, IDX-60
    fn without_copied_decisions(
        &self,
        positions: BTreeMap<Position, BytesDigest>,
    ) -> Result<Vec<Position>, QueryError> {
        if positions.len() <= FEW {
            return Ok(positions.into_keys().collect());
        }
        let mut known = BTreeSet::new();
        let mut kept = Vec::new();
        let mut left = COPIES_READ_MAX;
        for (position, bytes) in positions {
            self.queries.go_on()?;
            let said = (position.origin.clone(), bytes);
            let is_copy = known.contains(&said);
            if is_copy && !self.is_named(&position) {
                continue;
            }
            if !is_copy && left > 0 {
                left -= 1;
                let found = self.queries.statement(&position.origin, position.index)?;
                if matches!(found, Found::Verified(_)) {
                    known.insert(said);
                }
            }
            kept.push(position);
        }
        Ok(kept)
    }

    /// What is said at a place, as far as it is held.
    fn said_at(&self, position: &Position) -> Result<Option<Said>, QueryError> {
        let found = self.queries.statement(&position.origin, position.index)?;
        let Found::Verified(verified) = found else {
            return Ok(None);
        };
        let bytes = Sha256::digest(verified.statement().as_bytes());
        let bytes = Hash::from_bytes(bytes.into());
        Ok(Some((position.origin.clone(), bytes, verified.leaf().vis)))
    }

    fn is_named(&self, position: &Position) -> bool {
        let by_leaf = || self.queries.bodies.acts_by_leaf(position, 1);
        let is_erased = || {
            self.queries
                .bodies
                .is_erased(&position.origin, position.index)
        };
        self.queries.store.is_pointed_at(position) || !by_leaf().is_empty() || is_erased()
    }

    /// The decisions of one authority about one organisation under one document number and item: re-issues
    /// belong to the chain even where they leave their root unnamed. Of a correction that puts a decision
    /// upon another organisation, those about that one.
    // spec: EFF-6, EFF-15, EFF-131
    pub(super) fn same_document(
        &mut self,
        verified: &Arc<Verified>,
    ) -> Result<Arc<[Position]>, QueryError> {
        let content = &verified.statement().payload().content;
        let Some(about) = content.decision().map(|said| said.fields().subject.code()) else {
            return Ok(Arc::default());
        };
        let corrects = content.class() == Class::Correction;
        let decision = match corrects {
            true => self.queries.corrected_by(verified)?,
            false => Some(Arc::clone(verified)),
        };
        let of_document = decision.as_deref().and_then(document_of);
        let (Some(decision), Some((own, document))) = (decision, of_document) else {
            return Ok(Arc::default());
        };
        if corrects && about == own {
            return Ok(Arc::default());
        }
        self.issues(about, issuer_of(&decision), &document)
    }

    fn issues(
        &mut self,
        about: SubjectCode,
        issuer: AuthorityCode,
        document: &Document,
    ) -> Result<Arc<[Position]>, QueryError> {
        let Some(issues) = self.documents(about, issuer)?.0.get_mut(document) else {
            return Ok(Arc::default());
        };
        if let Some(sifted) = &issues.sifted {
            return Ok(Arc::clone(sifted));
        }
        let positions = std::mem::take(&mut issues.positions);
        let sifted: Arc<[Position]> = self.without_copied_decisions(positions)?.into();
        let Documents(documents) = self.documents(about, issuer)?;
        let issues = documents.entry(document.clone()).or_default();
        issues.sifted = Some(Arc::clone(&sifted));
        Ok(sifted)
    }

    fn documents(
        &mut self,
        about: SubjectCode,
        issuer: AuthorityCode,
    ) -> Result<&mut Documents, QueryError> {
        if !self.documents.contains_key(&(about, issuer)) {
            // spec: EFF-221
            let linked = self.linked(about)?;
            let documents = self.documents_of(&linked.codes, issuer)?;
            self.documents.insert((about, issuer), documents);
        }
        Ok(self.documents.entry((about, issuer)).or_default())
    }

    fn documents_of(
        &self,
        codes: &BTreeSet<SubjectCode>,
        issuer: AuthorityCode,
    ) -> Result<Documents, QueryError> {
        let mut documents = Documents::default();
        let may_act = self.may_act(None, Some(issuer));
        // spec: EFF-245
        let line = self.queries.registry().line(issuer);
        let mut corrections = BTreeSet::new();
        let mut rows = Vec::with_capacity(codes.len());
        for code in codes {
            rows.push(self.queries.about(*code)?);
        }
        for row in rows.iter().flat_map(|rows| rows.iter()) {
            let summary = &row.summary;
            if summary.class.is_decision() {
                if line.contains(&summary.issuer) {
                    let document = (summary.document, summary.item.clone());
                    documents.add(document, row.position.clone(), summary.bytes);
                }
                continue;
            }
            let said = (row.position.origin.clone(), summary.bytes);
            if !may_act(&row.position) || corrections.contains(&said) {
                continue;
            }
            self.queries.go_on()?;
            let Found::Verified(correction) = self
                .queries
                .statement(&row.position.origin, row.position.index)?
            else {
                continue;
            };
            corrections.insert(said);
            let decision = self.queries.corrected_by(&correction)?;
            let decision = decision.filter(|decision| line.contains(&issuer_of(decision)));
            if let Some(decision) = decision
                && let Some((own, document)) = document_of(&decision)
                && !codes.contains(&own)
            {
                let bytes = BytesDigest::of(decision.statement());
                documents.add(document, Position::of(decision.reference()), bytes);
            }
        }
        Ok(documents)
    }
}

/// Whom a decision is about, and what it is an issue of.
fn document_of(decision: &Verified) -> Option<(SubjectCode, Document)> {
    let Content::Decision(decision) = &decision.statement().payload().content else {
        return None;
    };
    let fields = decision.fields();
    let digest = DocumentDigest::of(fields.document_number.as_str());
    Some((fields.subject.code(), (digest, fields.item.clone())))
}
