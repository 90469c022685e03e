//! What is said about the codes of an organisation.

use std::collections::BTreeSet;

use concordat_protocol::effect::CODE_CHANGES_MAX;
use concordat_protocol::statement::Record;
use concordat_protocol::subject::SubjectCode;

use super::gather::{Depth, Dossier, Gatherer};
use super::{Found, QueryError, QueryService};
use crate::store::Position;

/// Codes that are linked with one by changes, and these changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Linked {
    /// The code asked about among them.
    pub(super) codes: BTreeSet<SubjectCode>,
    /// One more than are looked at, where there are more.
    pub(super) changes: BTreeSet<Position>,
}

impl QueryService {
    /// The changes of code that are linked with a code, directly or by others, with what acts on them; `None`
    /// where nobody says anything about it. Of more than are looked at one more is there, and of what acts on
    /// one no more than fits, in which case it is not whole.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-112
    pub fn code_changes(&self, code: SubjectCode) -> Result<Option<Dossier>, QueryError> {
        let changes = self.linked_with(code)?.changes;
        match changes.is_empty() {
            true => Ok(None),
            false => self.acting_on(&changes).map(Some),
        }
    }

    pub(super) fn linked_with(&self, code: SubjectCode) -> Result<Linked, QueryError> {
        let mut linked = Linked {
            codes: BTreeSet::from([code]),
            ..Linked::default()
        };
        let mut open = vec![code];
        // Copies of one are one.
        let mut said = BTreeSet::new();
        while let Some(code) = open.pop() {
            for row in self.rows_of_code(code)? {
                if linked.changes.contains(&row.position) {
                    continue;
                }
                self.go_on()?;
                let at = &row.position;
                let Found::Verified(verified) = self.statement(&at.origin, at.index)? else {
                    continue;
                };
                let record = verified.statement().payload().content.record();
                let before = record.and_then(Record::code_before);
                let now = record.map(|record| record.subject().code());
                let both = before.into_iter().chain(now);
                open.extend(both.filter(|code| linked.codes.insert(*code)));
                said.insert((row.position.origin.clone(), row.bytes));
                linked.changes.insert(row.position);
                if said.len() > CODE_CHANGES_MAX {
                    return Ok(linked);
                }
            }
        }
        Ok(linked)
    }

    fn acting_on(&self, changes: &BTreeSet<Position>) -> Result<Dossier, QueryError> {
        let mut gatherer = Gatherer::new(self);
        let mut all = Dossier {
            is_whole: true,
            ..Dossier::default()
        };
        for change in changes {
            let walk = gatherer.walk(change, Depth::Weighed)?;
            all.is_whole &= walk.is_whole && all.takes(&walk);
            all.statements.extend(walk.statements);
            all.unread.extend(walk.unread);
            for alike in walk.alike.into_values() {
                all.stand_for(alike);
            }
            if !all.is_whole {
                break;
            }
        }
        Ok(all)
    }
}
