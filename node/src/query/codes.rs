//! What is said about the codes of an organisation.

use std::collections::BTreeSet;

use concordat_protocol::effect::CODE_CHANGES_MAX;
use concordat_protocol::statement::{Class, Record};
use concordat_protocol::subject::SubjectCode;

use super::gather::{Depth, Dossier, Gatherer};
use super::{Found, QueryError, QueryService};
use crate::store::Position;

impl QueryService {
    /// The changes of code that are linked with a code, directly or by others, with what acts on them; `None`
    /// where nobody says anything about it. Of more than are looked at one more is there, and of what acts on
    /// one no more than fits, in which case it is not whole.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-112
    pub fn code_changes(&self, code: SubjectCode) -> Result<Option<Dossier>, QueryError> {
        let (mut known, mut open) = (BTreeSet::from([code]), vec![code]);
        let mut changes: BTreeSet<Position> = BTreeSet::new();
        while let Some(code) = open.pop() {
            for row in self.records(code)? {
                if row.class != Class::CodeChange || changes.contains(&row.position) {
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
                let linked = before.into_iter().chain(now);
                open.extend(linked.filter(|code| known.insert(*code)));
                changes.insert(row.position);
                if changes.len() > CODE_CHANGES_MAX {
                    open.clear();
                    break;
                }
            }
        }
        match changes.is_empty() {
            true => Ok(None),
            false => self.acting_on(changes.into_iter()).map(Some),
        }
    }

    fn acting_on(&self, changes: impl Iterator<Item = Position>) -> Result<Dossier, QueryError> {
        let mut gatherer = Gatherer::new(self);
        let mut all = Dossier {
            is_whole: true,
            ..Dossier::default()
        };
        for change in changes {
            let walk = gatherer.walk(&change, Depth::Weighed)?;
            all.is_whole &= walk.is_whole && all.takes(&walk);
            all.statements.extend(walk.statements);
            all.unread.extend(walk.unread);
            if !all.is_whole {
                break;
            }
        }
        Ok(all)
    }
}
