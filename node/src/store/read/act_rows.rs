//! Acts, notices and re-issues.

use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::Class;
use concordat_protocol::time::Day;

use super::position;
use crate::store::acts::{self, ActRow, NoticeRow};
use crate::store::schema::{Bytes, Family, Position, Spot};
use crate::store::verdicts::Verdict;
use crate::store::{Store, StoreError, read};

impl Store {
    /// The acts of some classes that say that they were made in a span of days, on whatever statements, by
    /// position, refused ones left out; and whether these are all: at most so many are given.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: STA-5, IDX-98
    pub fn acts_of(
        &self,
        classes: &[Class],
        (first, last): (Day, Day),
        most: usize,
    ) -> Result<(Vec<Position>, bool), StoreError> {
        let prefix = Bytes::key(Family::Acts).finish();
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let (class, day) = acts::act_made(value)?;
            let spot = acts::acting(key)?;
            let is_asked = classes.contains(&class)
                && day.is_some_and(|day| (first..=last).contains(&day))
                && !matches!(verdicts.state(spot).verdict(), Some(Verdict::Rejected(_)));
            Some(match is_asked {
                true => Some(position(&logs, spot)?),
                false => None,
            })
        })?;
        let mut rows: Vec<Position> = rows.into_iter().flatten().collect();
        rows.sort();
        rows.dedup();
        let is_whole = rows.len() <= most;
        rows.truncate(most);
        Ok((rows, is_whole))
    }

    /// Statements that objections are raised against, by position, each once.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn objected(&self) -> Result<Vec<Position>, StoreError> {
        let prefix = Bytes::key(Family::Acts).finish();
        let logs = read(&self.logs);
        let rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let class = acts::act_class(value)?;
            let target = position(&logs, acts::target(key)?)?;
            Some((class == Class::Objection).then_some(target))
        })?;
        let mut rows: Vec<Position> = rows.into_iter().flatten().collect();
        rows.sort();
        rows.dedup();
        Ok(rows)
    }

    /// Objections received on a day, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn objections_on(&self, day: Day) -> Result<Vec<Position>, StoreError> {
        let prefix = acts::objections_prefix(day);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Objections, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// The acts on a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn acts_on(&self, origin: &Origin, index: LeafIndex) -> Result<Vec<ActRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(target) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Acts, target);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let spot = acts::acting(key)?;
            let row = acts::decode_act(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            Some(ActRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// What the home register says acts on a statement, by position in the register.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn notices_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(target) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Notices, target);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Notices, &prefix, None, |key, value| {
            let spot = acts::acting(key)?;
            let at = position(&logs, spot)?;
            let row = acts::decode_notice(value, at, |act| position(&logs, act))?;
            let verdict = verdicts.state(spot).verdict();
            Some(NoticeRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// The re-issues of a decision, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn reissues_of(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(root) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Chains, root);
        let mut rows = self.collect(Family::Chains, &prefix, None, |key, _| {
            position(&logs, acts::acting(key)?)
        })?;
        rows.sort();
        Ok(rows)
    }
}
