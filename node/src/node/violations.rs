//! What authorities answer for (HS-9.2), as the statements held here show it.
//!
//! The software refuses to record what the catalogue does not allow. What is counted came from elsewhere: it
//! was signed by its author, stands in a log, and counts for nobody.

use std::sync::Arc;

use concordat_protocol::deadline::State;
use concordat_protocol::statement::{
    ActType, Class, Content, DeadlineEvent, Decision, Outcome, StatementRef,
};
use concordat_protocol::statistics::{Dated, Event, Period, Violation};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Verified;

use super::statistics::{Asked, READ_MAX};
use crate::node::AskError;
use crate::query::QueryError;
use crate::store::{BytesDigest, Position, SubjectRow};

/// A wrong entry in a list, with the day on which that was said.
type Wronged = (Day, Arc<Verified>);

impl Asked<'_> {
    /// What was refused for what the catalogue does not allow; whether all was looked at.
    pub(super) fn refused(&mut self, period: Period) -> Result<bool, AskError> {
        let (facts, is_whole) = self.query.refused(period, READ_MAX)?;
        self.facts.extend(facts);
        Ok(is_whole)
    }

    /// Counts a repair that came after its deadline.
    // spec: STA-11
    pub(super) fn repaired(&mut self, act: &Verified, made_on: Day) -> Result<(), AskError> {
        let Content::Repair(repair) = &act.statement().payload().content else {
            return Ok(());
        };
        let Some(applied_on) = repair.fields().applied_on else {
            return Ok(());
        };
        let author = act.statement().header().issuer;
        let target = act.statement().payload().target.clone();
        let act_type = match target {
            Some(target) => self.act_type(&target)?,
            None => None,
        };
        if self.is_late(author, act_type, (applied_on, made_on)) {
            let event = Event::Violated(Violation::LateRepair, act.reference().clone());
            self.facts.push(Dated {
                authority: author,
                day: made_on,
                event,
            });
        }
        Ok(())
    }

    fn act_type(&self, target: &StatementRef) -> Result<Option<ActType>, AskError> {
        let found = self.verified(&Position::of(target))?;
        let decision = found.as_deref().and_then(decision);
        Ok(decision.map(|decision| decision.fields().act_type))
    }

    /// Whether an answer to an application for repair came after the last day that a rule of the place of who
    /// answered gives.
    fn is_late(
        &mut self,
        author: AuthorityCode,
        act_type: Option<ActType>,
        (applied_on, made_on): (Day, Day),
    ) -> bool {
        let events = (DeadlineEvent::RepairApplied, DeadlineEvent::RepairAnswered);
        let met = self.met(author, events, act_type, (applied_on, made_on));
        matches!(met, Some(State::MetLate { .. }))
    }

    /// Counts a wrong entry, once wherever it stands in its log, on the day of the first act that says so of any
    /// of its places, which may lie before the period. Whether all these acts were looked at.
    // spec: STA-10, STA-15
    pub(super) fn take_wrong_listing(&mut self, entry: &Verified) -> Result<bool, AskError> {
        let header = entry.statement().header();
        let (words, log) = (
            BytesDigest::of(entry.statement()),
            &entry.reference().origin,
        );
        let rows = self.query.store().by_subject(header.about);
        let rows = rows.map_err(QueryError::from)?;
        let again = |row: &&SubjectRow| row.summary.bytes == words && row.position.origin == *log;
        let mut first: Option<Wronged> = None;
        let mut left = READ_MAX;
        for place in rows.iter().filter(again).map(|row| &row.position) {
            if !self.query.store().is_pointed_at(place) {
                continue;
            }
            let acts = self.query.store().acts_on(&place.origin, place.index);
            for row in acts.map_err(QueryError::from)? {
                if !matches!(row.class, Class::Withdrawal | Class::Ruling) {
                    continue;
                }
                let Some(rest) = left.checked_sub(1) else {
                    return Ok(false);
                };
                left = rest;
                if let Some(act) = self.verified(&row.position)?
                    && let Some(wronged) = self.wrong_listing(&act)?
                    && first.as_ref().is_none_or(|(day, _)| wronged.0 < *day)
                {
                    first = Some(wronged);
                }
            }
        }
        if let Some((day, of)) = first {
            let event = Event::Violated(Violation::WrongListing, of.reference().clone());
            self.facts.push(Dated {
                authority: header.issuer,
                day,
                event,
            });
        }
        Ok(true)
    }

    /// The entry in a list that burdens of which an act by whom it may be says that it was wrong, with the day of
    /// the act.
    // spec: STA-10
    pub(super) fn wrong_listing(&self, act: &Verified) -> Result<Option<Wronged>, AskError> {
        let payload = act.statement().payload();
        let says_so = if let Content::Withdrawal(withdrawal) = &payload.content {
            Violation::is_wrong_listing(withdrawal.reason)
        } else if let Content::Ruling(ruling) = &payload.content {
            ruling.outcome() == Outcome::Upheld
        } else {
            false
        };
        let (Some(target), true) = (&payload.target, says_so) else {
            return Ok(None);
        };
        let Some(entry) = self.verified(&Position::of(target))? else {
            return Ok(None);
        };
        let issuer = entry.statement().header().issuer;
        let may = self.node.registry().may_act(act, issuer);
        let is_void = self.node.fact(act).void().is_some();
        let counts = may && !is_void && decision(&entry).is_some_and(burdens);
        let day = Day::of(payload.issued_at).ok().filter(|_| counts);
        Ok(day.map(|day| (day, entry)))
    }
}

fn decision(verified: &Verified) -> Option<&Decision> {
    verified.statement().payload().content.decision()
}

const fn burdens(entry: &Decision) -> bool {
    matches!(
        entry.fields().act_type,
        ActType::SeriousList | ActType::WatchList
    )
}
