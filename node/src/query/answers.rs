//! Recognition responses to an initiation or a push, or on a decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::statement::StatementRef;
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{AnswerRow, Verdict};

/// Recognition responses that are read of those that refer to one statement: 16 decisions and 256 authorities.
// spec: IDX-105
const RECOGNITION_ANSWERS_READ_MAX: usize = 4_096;

impl QueryService {
    /// Those recognition responses that refer to a statement and hold, by position, and how many more there are
    /// than are read.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-105
    pub fn recognition_answers(
        &self,
        to: &StatementRef,
    ) -> Result<(Vec<Arc<Verified>>, u64), QueryError> {
        let mut rows = self.store.answers_on(&to.origin, to.index)?;
        let mut seen = BTreeSet::new();
        rows.retain(|row: &AnswerRow| {
            !matches!(row.verdict, Some(Verdict::Rejected(_)))
                && seen.insert((row.position.origin.clone(), row.bytes))
        });
        let left = rows.len().saturating_sub(RECOGNITION_ANSWERS_READ_MAX) as u64;
        let mut found = Vec::new();
        for row in rows.iter().take(RECOGNITION_ANSWERS_READ_MAX) {
            self.go_on()?;
            let place = &row.position;
            let Found::Verified(verified) = self.statement(&place.origin, place.index)? else {
                continue;
            };
            let content = &verified.statement().payload().content;
            let refers = content.recognition_response();
            if refers.is_some_and(|said| said.refers_to().contains(&to)) {
                found.push(verified);
            }
        }
        Ok((found, left))
    }
}
