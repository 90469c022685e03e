//! What a running node is asked: figures of a period.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::admin::open_objections;
use concordat_protocol::awaited::{Terms, handling};
use concordat_protocol::deadline::{Deadline, State, WorkingDays};
use concordat_protocol::log::Origin;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Class, Content, DeadlineEvent, DecisionFields, Outcome, StatementRef,
};
use concordat_protocol::statistics::{Dated, Event, Period, reported};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Registry, Verified};
use sha2::{Digest as _, Sha256};

use crate::node::{AskError, Node};
use crate::query::{Found, QueryError, QueryService};
use crate::store::{BytesDigest, Position};

/// Rows of the index that are looked at for the decisions of a period.
// spec: STA-5
const ROWS_MAX: usize = 1 << 18;
/// Statements of a kind that are read for one answer.
// spec: STA-5
pub(super) const READ_MAX: usize = 1 << 16;

/// Dated facts of a period, as far as they are held here.
pub(crate) struct Facts {
    pub(crate) facts: Vec<Dated>,
    /// Whether everything held was looked at.
    pub(crate) is_whole: bool,
}

impl Node {
    /// What happened in a period.
    ///
    /// # Errors
    /// [`AskError`].
    pub(crate) fn facts_of(&self, period: Period) -> Result<Facts, AskError> {
        let (query, registry) = (self.query()?, self.registry());
        let mut asked = Asked {
            query,
            registry: &registry,
            today: self.today(),
            days: BTreeMap::new(),
            facts: Vec::new(),
            seen: BTreeSet::new(),
            node: self,
        };
        let decided = asked.decided(period)?;
        let objected = asked.objected(period)?;
        let acted = asked.acted(period)?;
        let refused = asked.refused(period)?;
        Ok(Facts {
            facts: asked.facts,
            is_whole: decided && objected && acted && refused,
        })
    }
}

pub(super) struct Asked<'a> {
    pub(super) query: &'a QueryService,
    pub(super) registry: &'a Registry,
    today: Day,
    pub(super) days: BTreeMap<RegionCode, WorkingDays>,
    pub(super) facts: Vec<Dated>,
    /// What was counted, by log and digest.
    seen: BTreeSet<(Origin, [u8; 32])>,
    pub(super) node: &'a Node,
}

/// What ends objections to one decision.
#[derive(Default)]
struct Closings {
    /// Of each objection named the first ruling that closes at once.
    at_once: BTreeMap<StatementRef, Day>,
    /// Of each objection named the first ruling that announced an act.
    announced: BTreeMap<StatementRef, Day>,
    /// Corrections, ascending.
    corrected: Vec<Day>,
    /// Withdrawals, ascending.
    withdrawn: Vec<Day>,
}

impl Closings {
    fn ruled(&mut self, names: &[StatementRef], on: Day, announces: bool) {
        let list = match announces {
            true => &mut self.announced,
            false => &mut self.at_once,
        };
        for name in names {
            let first = list.entry(name.clone()).or_insert(on);
            *first = on.min(*first);
        }
    }

    /// The day on which an objection that was received on a day and is not open any more was closed.
    // spec: STA-13
    fn of(&self, objection: &StatementRef, received_on: Day) -> Option<Day> {
        let at_once = self.at_once.get(objection).copied();
        let first = |list: &[Day], from| list.iter().find(|on| **on >= from).copied();
        // A correction ends what a ruling announced it for; a withdrawal alone ends an objection too.
        let announced = self.announced.get(objection).copied();
        let corrected = announced.and_then(|from| first(&self.corrected, from));
        let withdrawn = first(&self.withdrawn, received_on);
        [at_once, corrected, withdrawn].into_iter().flatten().min()
    }
}

impl Asked<'_> {
    /// The decisions of a period; whether all were looked at.
    fn decided(&mut self, period: Period) -> Result<bool, AskError> {
        let found = self
            .query
            .store()
            .decisions_between((period.first(), period.last()), ROWS_MAX);
        let (rows, mut is_whole) = found.map_err(QueryError::from)?;
        let mut seen = BTreeSet::new();
        let mut read = 0;
        for (position, bytes) in rows {
            // What stands in a log twice was decided once.
            if !seen.insert((position.origin.clone(), bytes)) {
                continue;
            }
            read += 1;
            if read > READ_MAX {
                is_whole = false;
                break;
            }
            if let Some(verified) = self.verified(&position)? {
                self.take_decision(&verified);
            }
        }
        Ok(is_whole)
    }

    fn take_decision(&mut self, verified: &Verified) {
        let statement = verified.statement();
        let Some(decision) = statement.payload().content.decision() else {
            return;
        };
        let Ok(logged_on) = Day::of(statement.payload().issued_at) else {
            return;
        };
        let (header, fields) = (statement.header(), decision.fields());
        let issuer = header.issuer;
        // Nobody could report it in time: there was no item to report it under.
        // spec: STA-14
        let ctx = header.ctx.size;
        let is_history = (self.registry).precedes_item(&fields.item, fields.decided_on, ctx);
        let event = Event::Decided {
            act_type: fields.act_type,
            item: fields.item.clone(),
            reported: match is_history {
                true => None,
                false => self.reported(issuer, fields, logged_on),
            },
        };
        self.facts.push(Dated {
            authority: issuer,
            day: fields.decided_on,
            event,
        });
    }

    /// How the deadline for reporting stands, met on the day on which the statement was made.
    // spec: STA-3, STA-18, STA-19
    fn reported(
        &mut self,
        issuer: AuthorityCode,
        decision: &DecisionFields,
        logged_on: Day,
    ) -> Option<State> {
        let region = self.region(issuer)?;
        let terms = Terms {
            rules: self.registry.deadline_rules_at(self.registry.size()),
            days: days_of(&mut self.days, self.registry, region),
            region,
            act_type: Some(decision.act_type),
            today: self.today,
        };
        reported(decision, issuer, logged_on, &terms)
    }

    /// How the deadline from one event to another stands by the rule of an authority's place, met on a day;
    /// nothing without a rule.
    pub(super) fn met(
        &mut self,
        authority: AuthorityCode,
        (from, to): (DeadlineEvent, DeadlineEvent),
        act_type: Option<ActType>,
        (start, on): (Day, Day),
    ) -> Option<State> {
        let region = self.region(authority)?;
        let rules = self.registry.deadline_rules_at(self.registry.size())?;
        let rules = rules.for_event(from, region, act_type, start);
        let rule = rules
            .into_iter()
            .find(|rule| rule.fields().event_to == to)?;
        let deadline = Deadline {
            rule,
            start,
            stops: &[],
            days: days_of(&mut self.days, self.registry, region),
        };
        Some(deadline.state(on, Some(on)))
    }

    /// The objections of a period; whether all were looked at. They are taken by what they are on, so that
    /// however many are on one decision, its acts are read once.
    fn objected(&mut self, period: Period) -> Result<bool, AskError> {
        let mut by_target: BTreeMap<StatementRef, Vec<Arc<Verified>>> = BTreeMap::new();
        let (mut day, mut read, mut is_whole) = (period.first(), 0, true);
        while day <= period.last() && day <= self.today && is_whole {
            let found = self.query.store().objections_on(day);
            for position in found.map_err(QueryError::from)? {
                read += 1;
                if read > READ_MAX {
                    is_whole = false;
                    break;
                }
                if let Some(verified) = self.first_seen(&position)?
                    && let Some(target) = &verified.statement().payload().target
                {
                    let on = by_target.entry(target.clone()).or_default();
                    on.push(Arc::clone(&verified));
                }
            }
            let Ok(next) = day.plus_days(1) else {
                break;
            };
            day = next;
        }
        for (target, objections) in by_target {
            self.take_objections(&target, &objections)?;
        }
        Ok(is_whole)
    }

    // spec: STA-4
    fn take_objections(
        &mut self,
        target: &StatementRef,
        objections: &[Arc<Verified>],
    ) -> Result<(), AskError> {
        let Some(decision) = self.verified(&Position::of(target))? else {
            return Ok(());
        };
        let issuer = decision.statement().header().issuer;
        let Some(fields) = decision.statement().payload().content.decision() else {
            return Ok(());
        };
        let closings = self.closings(&decision)?;
        let effect = self.node.effect_of(target, self.today)?;
        let open: BTreeSet<StatementRef> = open_objections(&effect).into_iter().collect();
        let region = self.region(issuer);
        let rules = self.registry.deadline_rules_at(self.registry.size());
        let place = region.unwrap_or(RegionCode::COUNTRY);
        let terms = Terms {
            rules: rules.filter(|_| region.is_some()),
            days: days_of(&mut self.days, self.registry, place),
            region: place,
            act_type: Some(fields.fields().act_type),
            today: self.today,
        };
        for by in objections {
            let Content::Objection(objection) = &by.statement().payload().content else {
                continue;
            };
            let with_issuer = by.statement().header().issuer == issuer
                || by.reference().origin == decision.reference().origin;
            let closed_on = match open.contains(by.reference()) {
                true => None,
                false => closings
                    .of(by.reference(), objection.received_on())
                    .or_else(|| Some(objection.received_on())),
            };
            let received = (objection.received_on(), with_issuer);
            self.facts.push(Dated {
                authority: issuer,
                day: objection.received_on(),
                event: Event::Objected(handling(received, closed_on, &terms)),
            });
        }
        Ok(())
    }

    /// The acts by whom it may be that end objections to a decision, with the day of each.
    fn closings(&self, decision: &Verified) -> Result<Closings, AskError> {
        let (at, issuer) = (decision.reference(), decision.statement().header().issuer);
        let rows = self.query.store().acts_on(&at.origin, at.index);
        let mut closings = Closings::default();
        for row in rows.map_err(QueryError::from)? {
            let ends = [Class::Ruling, Class::Correction, Class::Withdrawal];
            if !ends.contains(&row.class) {
                continue;
            }
            let Some(act) = self.verified(&row.position)? else {
                continue;
            };
            let may = self.registry.may_act(&act, issuer);
            let Ok(on) = Day::of(act.statement().payload().issued_at) else {
                continue;
            };
            if !may || self.node.fact(&act).void().is_some() {
                continue;
            }
            if let Content::Ruling(ruling) = &act.statement().payload().content {
                let announces = matches!(ruling.outcome(), Outcome::Upheld | Outcome::Corrected);
                closings.ruled(ruling.closes(), on, announces);
            } else if row.class == Class::Correction {
                closings.corrected.push(on);
            } else {
                closings.withdrawn.push(on);
            }
        }
        closings.corrected.sort_unstable();
        closings.withdrawn.sort_unstable();
        Ok(closings)
    }

    /// The acts of a period other than objections; whether all were looked at.
    fn acted(&mut self, period: Period) -> Result<bool, AskError> {
        let mut listed: BTreeMap<(Origin, BytesDigest), Arc<Verified>> = BTreeMap::new();
        let days = (period.first(), period.last());
        let found = self.query.store().acts_of(COUNTED, days, READ_MAX);
        let (positions, mut is_whole) = found.map_err(QueryError::from)?;
        for position in positions {
            let Some(act) = self.first_seen(&position)? else {
                continue;
            };
            let payload = act.statement().payload();
            if let Ok(day) = Day::of(payload.issued_at) {
                self.facts.push(Dated {
                    authority: act.statement().header().issuer,
                    day,
                    event: Event::Acted(payload.class()),
                });
                self.repaired(&act, day)?;
            }
            if let Some((_, entry)) = self.wrong_listing(&act)? {
                // An entry that stands in a log twice was made once.
                let words = BytesDigest::of(entry.statement());
                let entry_of = (entry.reference().origin.clone(), words);
                listed.entry(entry_of).or_insert(entry);
            }
        }
        for entry in listed.into_values() {
            is_whole &= self.take_wrong_listing(&entry)?;
        }
        Ok(is_whole)
    }

    /// A statement that holds, the first time that its bytes stand in its log: what stands there again was
    /// said once.
    // spec: STA-5
    fn first_seen(&mut self, at: &Position) -> Result<Option<Arc<Verified>>, AskError> {
        let verified = self.verified(at)?;
        let is_new = |verified: &Arc<Verified>| {
            let digest = Sha256::digest(verified.statement().as_bytes());
            self.seen.insert((at.origin.clone(), digest.into()))
        };
        Ok(verified.filter(is_new))
    }

    pub(super) fn verified(&self, at: &Position) -> Result<Option<Arc<Verified>>, AskError> {
        self.query.go_on()?;
        match self.query.statement(&at.origin, at.index)? {
            Found::Verified(verified) => Ok(Some(verified)),
            Found::Rejected(_) | Found::NotHeld => Ok(None),
        }
    }

    pub(super) fn region(&self, authority: AuthorityCode) -> Option<RegionCode> {
        let member = self.registry.member(authority)?;
        Some(member.enrolment().region)
    }
}

/// Acts that are counted.
const COUNTED: &[Class] = &[
    Class::Ruling,
    Class::Stay,
    Class::Correction,
    Class::Withdrawal,
    Class::Repair,
];

fn days_of<'d>(
    known: &'d mut BTreeMap<RegionCode, WorkingDays>,
    registry: &Registry,
    region: RegionCode,
) -> &'d WorkingDays {
    let days = known.entry(region);
    days.or_insert_with(|| registry.working_days_at(registry.size(), region))
}

#[cfg(test)]
mod tests {
    use std::slice;

    use concordat_protocol::log::{Hash, LeafIndex};

    use super::*;

    // spec: STA-13
    #[test]
    fn only_an_announced_correction_or_a_later_withdrawal_closes_an_objection() {
        let day = |text: &str| Day::parse_loose(text).unwrap();
        let zeros = "0".repeat(64);
        let origin = format!("test-{zeros}/11310000MB00000009/0");
        let objection = StatementRef {
            origin: origin.parse().unwrap(),
            index: LeafIndex::new(7),
            leaf_hash: Hash::from_bytes([1; 32]),
        };
        let received = day("2026-03-02");
        let mut closings = Closings {
            corrected: vec![day("2026-01-05"), day("2026-04-01"), day("2026-06-01")],
            withdrawn: vec![day("2026-02-01")],
            ..Closings::default()
        };
        assert_eq!(closings.of(&objection, received), None);
        closings.ruled(slice::from_ref(&objection), day("2026-05-06"), true);
        assert_eq!(closings.of(&objection, received), Some(day("2026-06-01")));
        closings.withdrawn.push(day("2026-05-20"));
        assert_eq!(closings.of(&objection, received), Some(day("2026-05-20")));
        closings.ruled(slice::from_ref(&objection), day("2026-05-10"), false);
        assert_eq!(closings.of(&objection, received), Some(day("2026-05-10")));
    }
}
