//! Recognition responses to an initiation or a push, or on a decision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::statement::StatementRef;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Verified;

use super::{Found, QueryError, QueryService};
use crate::store::{AnswerRow, Position, Verdict};

impl QueryService {
    /// The recognition responses that refer to a statement as the index knows them, by position, without those
    /// that were refused, copies, and what stands in the log of one that never published for its author. No body
    /// is read.
    ///
    /// # Errors
    /// [`QueryError`].
    // spec: IDX-105, IDX-120
    pub fn recognition_answers(&self, to: &StatementRef) -> Result<Vec<AnswerRow>, QueryError> {
        let mut rows = self.store.answers_on(&to.origin, to.index)?;
        let registry = self.registry();
        let mut publishers: BTreeMap<AuthorityCode, BTreeSet<AuthorityCode>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        rows.retain(|row: &AnswerRow| {
            let of = publishers.entry(row.author);
            let of = of.or_insert_with(|| registry.publishers(row.author));
            let member = AuthorityCode::parse(row.position.origin.member());
            !matches!(row.verdict, Some(Verdict::Rejected(_)))
                && member.is_ok_and(|member| of.contains(&member))
                && seen.insert((row.position.origin.clone(), row.bytes))
        });
        Ok(rows)
    }

    /// The recognition response at a place, where it holds and refers to a statement.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn recognition_answer(
        &self,
        at: &Position,
        to: &StatementRef,
    ) -> Result<Option<Arc<Verified>>, QueryError> {
        self.go_on()?;
        let Found::Verified(verified) = self.statement(&at.origin, at.index)? else {
            return Ok(None);
        };
        let content = &verified.statement().payload().content;
        let refers = content.recognition_response();
        let refers = refers.is_some_and(|said| said.refers_to().contains(&to));
        Ok(refers.then_some(verified))
    }
}

/// The rows in the order in which they are shown: of each author the last on each matter before those that it
/// took the place of, and of each author one after the other, so that nobody's crowd out another's.
// spec: ADM-465
pub(crate) fn last_first(rows: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let mut ranks: BTreeMap<(AuthorityCode, Position), usize> = BTreeMap::new();
    let mut authors: BTreeMap<AuthorityCode, Vec<(usize, AnswerRow)>> = BTreeMap::new();
    for row in rows.into_iter().rev() {
        let rank = ranks.entry((row.author, row.other.clone())).or_default();
        let of = authors.entry(row.author).or_default();
        of.push((*rank, row));
        *rank += 1;
    }
    let mut turns = Vec::new();
    for (author, mut rows) in authors {
        // Stable: of one rank the later ones stay before the earlier ones.
        rows.sort_by_key(|(rank, _)| *rank);
        let rows = rows.into_iter().enumerate();
        turns.extend(rows.map(|(turn, (_, row))| (turn, author, row)));
    }
    turns.sort_by_key(|(turn, author, _)| (*turn, *author));
    turns.into_iter().map(|(_, _, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::LeafIndex;
    use concordat_protocol::statement::{BodyRef, Statement};
    use concordat_protocol::trust::LogNumber;

    use super::*;
    use crate::fixture::Fixture;
    use crate::store::BytesDigest;

    /// 4,200 answers of one authority neither hide the last of another nor its own last ones.
    // spec: ADM-465
    #[test]
    fn last_answer_of_each_comes_before_what_it_took_the_place_of() {
        let fixture = Fixture::new();
        let genesis = fixture.registry.genesis();
        let place = |log, index| Position {
            origin: genesis.origin(log, LogNumber::Statements),
            index: LeafIndex::new(index),
        };
        let decision = fixture.decision(0, 1);
        let body = BodyRef::decode(&decision.body).unwrap();
        let digest = BytesDigest::of(&Statement::decode(body.statement()).unwrap());
        let row = |author, index, decision| AnswerRow {
            position: place(author, index),
            bytes: digest,
            author,
            other: place(fixture.hub, 100_u64 + decision),
            verdict: None,
        };
        let (loud, quiet) = (fixture.member, fixture.hub);
        let mut rows: Vec<_> = (0..4_200).map(|index| row(loud, index, 1)).collect();
        rows.insert(7, row(loud, 3, 2));
        rows.extend([row(quiet, 5, 1), row(quiet, 6, 1)]);
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        let listed = last_first(rows);
        let of = |author: AuthorityCode| {
            let of = listed.iter().filter(|row| row.author == author);
            let of = of.map(|row| (row.position.index.value(), row.other.index.value() - 100));
            of.take(3).collect::<Vec<_>>()
        };
        assert_eq!(of(loud), [(4_199, 1), (3, 2), (4_198, 1)]);
        assert_eq!(of(quiet), [(6, 1), (5, 1)]);
        let first: BTreeSet<_> = listed.iter().take(2).map(|row| row.author).collect();
        assert_eq!(first.len(), 2);
        assert_eq!(listed.len(), 4_203);
    }
}
