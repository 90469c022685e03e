//! Statements that were refused and that their author did sign.

use std::collections::BTreeSet;

use concordat_protocol::statement::{BodyRef, Statement, StatementRef};
use concordat_protocol::statistics::{Dated, Event, Period, Violation};
use concordat_protocol::time::Day;
use sha2::{Digest as _, Sha256};

use super::{QueryError, QueryService};
use crate::store::Position;

impl QueryService {
    /// What was refused for what the catalogue does not allow and was signed on a day of a period, each text of
    /// a log once; and whether all that was refused was looked at: at most so many are.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: STA-5, STA-9
    pub(crate) fn refused(
        &self,
        period: Period,
        most: usize,
    ) -> Result<(Vec<Dated>, bool), QueryError> {
        let found = self.store.quarantine(most.saturating_add(1))?;
        let is_whole = found.len() <= most;
        let (mut seen, mut facts) = (BTreeSet::new(), Vec::new());
        for (at, reason) in found.into_iter().take(most) {
            self.go_on()?;
            let Some((statement, reference)) = self.signed(&at)? else {
                continue;
            };
            let payload = statement.payload();
            let violation = Violation::of_refusal(reason, payload.class());
            let day = Day::of(payload.issued_at).ok();
            let day = day.filter(|day| period.contains(*day));
            let (Some(violation), Some(day)) = (violation, day) else {
                continue;
            };
            let digest: [u8; 32] = Sha256::digest(statement.as_bytes()).into();
            if seen.insert((at.origin, digest)) {
                facts.push(Dated {
                    authority: statement.header().issuer,
                    day,
                    event: Event::Violated(violation, reference),
                });
            }
        }
        Ok((facts, is_whole))
    }

    /// A statement that is held, with its place, where its author signed it under a key of its own; whether it
    /// holds otherwise is not asked.
    ///
    /// # Errors
    /// [`QueryError::Body`].
    fn signed(&self, at: &Position) -> Result<Option<(Statement, StatementRef)>, QueryError> {
        let Some(held) = self.bodies.read(&at.origin, at.index)? else {
            return Ok(None);
        };
        let body = BodyRef::decode(&held.body).ok();
        let body = body.filter(|body| body.commit() == held.leaf.commit);
        let statement = body.and_then(|body| Statement::decode(body.statement()).ok());
        let (registry, reference) = (
            self.registry(),
            StatementRef {
                origin: at.origin.clone(),
                index: at.index,
                leaf_hash: held.leaf.hash(),
            },
        );
        let is_signed = |statement: &Statement| {
            let header = statement.header();
            let author = registry.member_at(header.issuer, header.ctx.size);
            let key = author.and_then(|author| author.statement_key(header.kid));
            key.is_some_and(|key| statement.verify_signature(key).is_ok())
        };
        Ok(statement
            .filter(is_signed)
            .map(|statement| (statement, reference)))
    }
}
