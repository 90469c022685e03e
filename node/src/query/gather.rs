//! Which statements bear on an answer about an organisation.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use concordat_protocol::statement::{Class, Code, Content, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{DocumentDigest, Position, Summary};

/// Statements that are gathered for one decision.
pub const HISTORY_STATEMENTS_MAX: usize = 4_096;

/// A decision about an organisation, with everything verified that bears on its effect.
#[derive(Clone, Debug)]
pub struct SubjectEntry {
    /// The decision.
    pub reference: StatementRef,
    /// The authority that speaks.
    pub issuer: AuthorityCode,
    /// What the index knows of it; of a decision found through a correction, `None`.
    pub summary: Option<Summary>,
    /// The decision itself.
    pub decision: Arc<Verified>,
    /// The decisions of its chain, the acts on them, the notices of these acts, and the same for what
    /// they rest on; by log and position, the decision included.
    pub history: Vec<Arc<Verified>>,
}

/// What makes two decisions issues of one document.
type Document = (AuthorityCode, DocumentDigest, Code);

/// Decisions by document, for each organisation met while one question is answered.
#[derive(Default)]
struct Documents(BTreeMap<SubjectCode, BTreeMap<Document, Vec<Position>>>);

impl QueryService {
    /// Everything about an organisation: each decision with its history. A decision that a correction
    /// moved to this organisation is among them; what does not verify is not.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn subject(&self, subject: SubjectCode) -> Result<Vec<SubjectEntry>, QueryError> {
        let mut wanted = BTreeMap::new();
        for row in self.store.by_subject(subject)? {
            if row.summary.class == Class::Decision {
                wanted.insert(row.position, Some(row.summary));
                continue;
            }
            let Found::Verified(correction) =
                self.statement(&row.position.origin, row.position.index)?
            else {
                continue;
            };
            if let Some(target) = &correction.statement().payload().target {
                wanted.entry(position_of(target)).or_insert(None);
            }
        }
        let mut documents = Documents::default();
        let mut entries = Vec::with_capacity(wanted.len());
        for (position, summary) in wanted {
            let Found::Verified(decision) = self.statement(&position.origin, position.index)?
            else {
                continue;
            };
            let history = self.history_within(&position, &mut documents)?;
            entries.push(SubjectEntry {
                reference: decision.reference().clone(),
                issuer: decision.statement().header().issuer,
                summary,
                decision,
                history,
            });
        }
        Ok(entries)
    }

    /// The verified statements that bear on the effect of a decision, by log and position. The
    /// decision itself need not be held.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn history(&self, decision: &Position) -> Result<Vec<Arc<Verified>>, QueryError> {
        self.history_within(decision, &mut Documents::default())
    }

    fn history_within(
        &self,
        decision: &Position,
        documents: &mut Documents,
    ) -> Result<Vec<Arc<Verified>>, QueryError> {
        let mut seen: BTreeMap<Position, Option<Arc<Verified>>> = BTreeMap::new();
        let mut open = vec![decision.clone()];
        while let Some(position) = open.pop() {
            if seen.contains_key(&position) {
                continue;
            }
            if seen.len() >= HISTORY_STATEMENTS_MAX {
                return Err(QueryError::TooManyStatements {
                    position: decision.clone(),
                    limit: HISTORY_STATEMENTS_MAX,
                });
            }
            let found = self.statement(&position.origin, position.index)?;
            let verified = match found {
                Found::Verified(verified) => Some(verified),
                Found::Rejected(_) | Found::NotHeld => None,
            };
            if let Some(verified) = &verified {
                open.extend(named_by(verified));
                open.extend(self.same_document(verified, documents)?);
            }
            self.bearing_on(&position, &mut open)?;
            seen.insert(position, verified);
        }
        Ok(seen.into_values().flatten().collect())
    }

    /// Other decisions of the same authority about the same organisation under the same document number
    /// and item: re-issues belong to the chain even where they leave their root unnamed.
    // spec: EFF-15
    fn same_document(
        &self,
        verified: &Verified,
        documents: &mut Documents,
    ) -> Result<Vec<Position>, QueryError> {
        let Content::Decision(decision) = &verified.statement().payload().content else {
            return Ok(Vec::new());
        };
        let fields = decision.fields();
        let subject = fields.subject.code();
        if let Entry::Vacant(vacant) = documents.0.entry(subject) {
            let mut known: BTreeMap<Document, Vec<Position>> = BTreeMap::new();
            for row in self.store.by_subject(subject)? {
                if row.summary.class == Class::Decision {
                    let Summary {
                        issuer,
                        document,
                        item,
                        ..
                    } = row.summary;
                    let positions = known.entry((issuer, document, item)).or_default();
                    positions.push(row.position);
                }
            }
            vacant.insert(known);
        }
        let document = (
            verified.statement().header().issuer,
            DocumentDigest::of(fields.document_number.as_str()),
            fields.item.clone(),
        );
        let found = documents.0.get(&subject).and_then(|by| by.get(&document));
        Ok(found.cloned().unwrap_or_default())
    }

    /// What the store knows to point at a statement.
    fn bearing_on(&self, position: &Position, open: &mut Vec<Position>) -> Result<(), QueryError> {
        let (origin, index) = (&position.origin, position.index);
        let acts = self.store.acts_on(origin, index)?;
        open.extend(acts.into_iter().map(|row| row.position));
        for row in self.store.notices_on(origin, index)? {
            open.push(row.position);
            open.push(row.act);
        }
        open.extend(self.store.reissues_of(origin, index)?);
        Ok(())
    }
}

/// What a statement points at: its chain, what it rests on, and what it acts on.
fn named_by(verified: &Verified) -> Vec<Position> {
    let payload = verified.statement().payload();
    let mut named: Vec<&StatementRef> = payload.target.iter().collect();
    match &payload.content {
        Content::Decision(decision) => {
            named.extend(&decision.fields().reissues);
            named.extend(&decision.fields().rests_on);
        }
        Content::Correction(correction) => {
            named.extend(&correction.replacement.fields().reissues);
            named.extend(&correction.replacement.fields().rests_on);
        }
        Content::Ruling(ruling) => named.extend(ruling.closes()),
        Content::Admission(admission) => named.extend(admission.admits()),
        Content::Notice(notice) => named.extend([&notice.target, &notice.act]),
        Content::Objection(_)
        | Content::Withdrawal(_)
        | Content::ItemCatalogue(_)
        | Content::Policy(_)
        | Content::Enrolment(_)
        | Content::Rotation(_)
        | Content::Suspension(_)
        | Content::CutOff(_)
        | Content::HeadSeen(_)
        | Content::Restart(_) => {}
    }
    named.into_iter().map(position_of).collect()
}

fn position_of(reference: &StatementRef) -> Position {
    Position {
        origin: reference.origin.clone(),
        index: reference.index,
    }
}
