//! What a running node is asked: figures of a period.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::awaited::{Terms, handling};
use concordat_protocol::deadline::{Deadline, State, WorkingDays};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Class, Content, DeadlineEvent, DecisionFields, Objection};
use concordat_protocol::statistics::{Dated, Event, Period};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Authority, Registry, Verified};

use crate::node::{AskError, Node};
use crate::query::{Found, QueryError, QueryService};
use crate::store::Position;

/// Rows of the index that are looked at for the decisions of a period.
// spec: STA-5
const ROWS_MAX: usize = 1 << 18;
/// Statements of a kind that are read for one answer.
// spec: STA-5
const READ_MAX: usize = 1 << 16;

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
        };
        let decided = asked.decided(period)?;
        let objected = asked.objected(period)?;
        let acted = asked.acted(period)?;
        Ok(Facts {
            facts: asked.facts,
            is_whole: decided && objected && acted,
        })
    }
}

struct Asked<'a> {
    query: &'a QueryService,
    registry: &'a Registry,
    today: Day,
    days: BTreeMap<RegionCode, WorkingDays>,
    facts: Vec<Dated>,
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
        let (issuer, fields) = (statement.header().issuer, decision.fields());
        let event = Event::Decided {
            act_type: fields.act_type,
            reported: self.reported(issuer, fields, logged_on),
        };
        self.facts.push(Dated {
            authority: issuer,
            day: fields.decided_on,
            event,
        });
    }

    /// How the deadline for reporting stands, met on the day on which the statement was made.
    // spec: STA-3
    fn reported(
        &mut self,
        issuer: AuthorityCode,
        decision: &DecisionFields,
        logged_on: Day,
    ) -> Option<State> {
        let region = self.region(issuer)?;
        let rules = self.registry.deadline_rules_at(self.registry.size())?;
        let (from, start) = (DeadlineEvent::Decided, decision.decided_on);
        let rules = rules.for_event(from, region, Some(decision.act_type), start);
        let published = DeadlineEvent::Published;
        let rule = rules
            .into_iter()
            .find(|rule| rule.fields().event_to == published)?;
        let deadline = Deadline {
            rule,
            start,
            stops: &[],
            days: days_of(&mut self.days, self.registry, region),
        };
        Some(deadline.state(logged_on, Some(logged_on)))
    }

    /// The objections of a period; whether all were looked at.
    fn objected(&mut self, period: Period) -> Result<bool, AskError> {
        let (mut day, mut read) = (period.first(), 0);
        while day <= period.last() && day <= self.today {
            let found = self.query.store().objections_on(day);
            for position in found.map_err(QueryError::from)? {
                read += 1;
                if read > READ_MAX {
                    return Ok(false);
                }
                let Some(verified) = self.verified(&position)? else {
                    continue;
                };
                if let Content::Objection(objection) = &verified.statement().payload().content {
                    self.take_objection(&verified, objection)?;
                }
            }
            let Ok(next) = day.plus_days(1) else {
                break;
            };
            day = next;
        }
        Ok(true)
    }

    // spec: STA-4
    fn take_objection(&mut self, by: &Verified, objection: &Objection) -> Result<(), AskError> {
        let Some(target) = &by.statement().payload().target else {
            return Ok(());
        };
        let Some(decision) = self.verified(&Position::of(target))? else {
            return Ok(());
        };
        let issuer = decision.statement().header().issuer;
        let Some(fields) = decision.statement().payload().content.decision() else {
            return Ok(());
        };
        let with_issuer = by.statement().header().issuer == issuer
            || by.reference().origin == decision.reference().origin;
        let closed_on = self.closed_on(by, &decision)?;
        let region = self.region(issuer);
        let rules = self.registry.deadline_rules_at(self.registry.size());
        let place = region.unwrap_or(RegionCode::COUNTRY);
        let terms = Terms {
            rules: rules.filter(|_| region.is_some()),
            days: days_of(&mut self.days, self.registry, place),
            region: place,
            act_type: fields.fields().act_type,
            today: self.today,
        };
        let received = (objection.received_on(), with_issuer);
        self.facts.push(Dated {
            authority: issuer,
            day: objection.received_on(),
            event: Event::Objected(handling(received, closed_on, &terms)),
        });
        Ok(())
    }

    /// The first day on which a ruling that names an objection was made, or the decision taken back.
    fn closed_on(&self, by: &Verified, decision: &Verified) -> Result<Option<Day>, AskError> {
        let (at, issuer) = (decision.reference(), decision.statement().header().issuer);
        let rows = self.query.store().acts_on(&at.origin, at.index);
        let mut closed: Option<Day> = None;
        for row in rows.map_err(QueryError::from)? {
            if !matches!(row.class, Class::Ruling | Class::Withdrawal) {
                continue;
            }
            let Some(act) = self.verified(&row.position)? else {
                continue;
            };
            let may = act.statement().header().issuer == issuer
                || act.authority() == Authority::Supervision;
            let closes = if let Content::Ruling(ruling) = &act.statement().payload().content {
                ruling.closes().contains(by.reference())
            } else {
                row.class == Class::Withdrawal
            };
            if may && closes {
                let on = Day::of(act.statement().payload().issued_at).ok();
                closed = closed.into_iter().chain(on).min();
            }
        }
        Ok(closed)
    }

    /// The acts of a period other than objections; whether all were looked at.
    fn acted(&mut self, period: Period) -> Result<bool, AskError> {
        let found = self.query.store().acts_of(COUNTED, READ_MAX);
        let (positions, is_whole) = found.map_err(QueryError::from)?;
        for position in positions {
            let Some(act) = self.verified(&position)? else {
                continue;
            };
            let payload = act.statement().payload();
            if let Ok(day) = Day::of(payload.issued_at)
                && period.contains(day)
            {
                self.facts.push(Dated {
                    authority: act.statement().header().issuer,
                    day,
                    event: Event::Acted(payload.class()),
                });
            }
        }
        Ok(is_whole)
    }

    fn verified(&self, at: &Position) -> Result<Option<std::sync::Arc<Verified>>, AskError> {
        self.query.go_on()?;
        match self.query.statement(&at.origin, at.index)? {
            Found::Verified(verified) => Ok(Some(verified)),
            Found::Rejected(_) | Found::NotHeld => Ok(None),
        }
    }

    fn region(&self, authority: AuthorityCode) -> Option<RegionCode> {
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
