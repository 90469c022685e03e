//! What a running node is asked: decisions about an organisation, their effects, and what bears on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::effect::alike;
use concordat_protocol::effect::{
    self, CodeState, Codes, Effect, Examination, Fact, History, Horizon, Limits, LogHorizon,
    Weighed,
};
use concordat_protocol::exchange::Witnessed;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{Content, StatementRef};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{Genesis, HeadsSeen, LateLeaves, Registry, Timing, Verified};

use crate::clock;
use crate::core::Shared;
use crate::disk::RealDisk;
use crate::node::Node;
use crate::query::{Depth, Dossier, QueryError, QueryService, SubjectEntry};
use crate::store::Position;

/// For how long after the hub saw them statements of the node's own that came too late are an alarm,
/// in milliseconds.
// spec: ADM-150
pub(crate) const LATE_SHOWN_MS: u64 = 30 * 86_400_000;
/// Acts of which only the leaf is held that are tried one by one, to name one that a decision waits for.
const UNREAD_TRIED_MAX: usize = 64;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The index has stopped.
    #[error("{0}")]
    Index(#[from] crate::indexer::IndexerStopped),
    /// The query failed.
    #[error("{0}")]
    Query(#[from] QueryError),
}

impl Node {
    /// The queries that see every statement that is durable at the time of the call. Rows of the register of
    /// look-ups are not waited for: every look-up writes one, and no statement rests on them.
    ///
    /// # Errors
    /// [`crate::indexer::IndexerStopped`].
    // spec: IDX-130
    pub fn query(&self) -> Result<&QueryService, crate::indexer::IndexerStopped> {
        self.indexer.barrier_of_statements()?;
        Ok(&self.query)
    }

    /// The queries that see everything durable at the time of the call, the rows of the register of look-ups
    /// and their marks too.
    ///
    /// # Errors
    /// [`crate::indexer::IndexerStopped`].
    pub fn query_with_rows(&self) -> Result<&QueryService, crate::indexer::IndexerStopped> {
        self.indexer.barrier()?;
        Ok(&self.query)
    }

    /// The queries that see what the index has taken in by now, and wait for nothing.
    pub(crate) fn query_now(&self) -> &QueryService {
        &self.query
    }

    /// The decisions about an organisation, by log and position.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn subject(&self, code: SubjectCode) -> Result<Vec<SubjectEntry>, AskError> {
        Ok(self.query()?.subject(code)?)
    }

    /// The effect of one decision as of a day.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn effect_of(&self, target: &StatementRef, as_of: Day) -> Result<Effect, AskError> {
        let mut effect = None;
        self.each_effect(&[target], as_of, |_, found| effect = Some(found))?;
        effect.ok_or(AskError::Query(QueryError::Stopping))
    }

    /// The effects of decisions as of a day, in their order.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn effects_of(
        &self,
        targets: &[&StatementRef],
        as_of: Day,
    ) -> Result<Vec<Effect>, AskError> {
        let mut effects = BTreeMap::new();
        self.each_effect(targets, as_of, |place, effect| {
            effects.insert(place, effect);
        })?;
        Ok(effects.into_values().collect())
    }

    /// Gives each effect with the place of its decision; every place once.
    // spec: IDX-20
    fn each_effect(
        &self,
        targets: &[&StatementRef],
        as_of: Day,
        mut give: impl FnMut(usize, Effect),
    ) -> Result<(), AskError> {
        let query = self.query()?;
        let known = self.known();
        let positions = targets.iter().copied().map(Position::of).collect();
        for dossier in query.dossiers(positions, Depth::Weighed) {
            let dossier = dossier?;
            let history = known.history(&dossier);
            let mut examination = Examination::new(&history, &known.horizon);
            for place in dossier.decisions {
                let Some(target) = targets.get(place).copied() else {
                    continue;
                };
                query.go_on()?;
                let decision = dossier.statements.get(&Position::of(target));
                let decision = decision.filter(|verified| verified.reference() == target);
                let limits = decision.map_or_else(Limits::default, |decision| {
                    limits_of(decision, &known.registry)
                });
                let mut effect = examination.effect(target, as_of, known.now, &limits);
                // spec: IDX-40
                alike::complete(&mut effect, dossier.alike.values(), &known.horizon);
                // spec: EFF-71
                if !dossier.is_whole {
                    effect.weighed = Weighed::InPart;
                }
                give(place, effect);
            }
        }
        Ok(())
    }

    /// Which code the organisation that bears or bore a code has now, and which it had before.
    ///
    /// # Errors
    /// [`AskError`].
    // spec: EFF-223, IDX-112
    pub fn codes_of(&self, code: SubjectCode) -> Result<Codes, AskError> {
        let Some(dossier) = self.query()?.code_changes(code)? else {
            return Ok(Codes::alone(code));
        };
        let known = self.known();
        let mut codes = effect::codes(code, &known.history(&dossier), &known.horizon);
        // Of objections alike two are gathered, which stand for all.
        // spec: IDX-40
        for step in &mut codes.changes {
            alike::complete_open(&mut step.open, dossier.alike.values(), &known.horizon);
            if step.state == CodeState::Objected {
                alike::complete_open(&mut step.by, dossier.alike.values(), &known.horizon);
            }
        }
        Ok(match dossier.is_whole {
            true => codes,
            false => codes.not_weighed(),
        })
    }

    /// The codes of whoever bears or bore a code, asked about under the one that it has now.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn codes_now(&self, code: SubjectCode) -> Result<Codes, AskError> {
        let codes = self.codes_of(code)?;
        match codes.is_former() {
            true => self.codes_of(codes.now),
            false => Ok(codes),
        }
    }

    /// The open objections to the chains of decisions.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn open_objections(&self, decisions: &[StatementRef]) -> Result<OpenObjections, AskError> {
        let query = self.query()?;
        let known = self.known();
        let mut open = OpenObjections::default();
        let positions = decisions.iter().map(Position::of).collect();
        for dossier in query.dossiers(positions, Depth::Bears) {
            let dossier = match dossier {
                // An alarm says so.
                Err(QueryError::Body(_)) => continue,
                dossier => dossier?,
            };
            let history = known.history(&dossier);
            let examination = Examination::new(&history, &known.horizon);
            for place in dossier.decisions {
                let Some(target) = decisions.get(place) else {
                    continue;
                };
                query.go_on()?;
                let found = examination.open_objections(target);
                open.not_weighed += u64::from(found.is_none() || !dossier.is_whole);
                let mut found = found.unwrap_or_default();
                alike::complete_open(&mut found, dossier.alike.values(), &known.horizon);
                if !found.is_empty() {
                    open.decisions.push(target.clone());
                }
                open.objections.extend(found);
            }
        }
        Ok(open)
    }

    /// An act of which only the leaf is known and without which a decision would read otherwise.
    // spec: BUN-50
    pub(crate) fn decided_by_unread(
        &self,
        target: &StatementRef,
        dossier: &Dossier,
    ) -> Option<StatementRef> {
        if dossier.unread.is_empty() {
            return None;
        }
        let known = self.known();
        let effect = |unread: BTreeMap<_, _>| {
            let dossier = Dossier {
                unread,
                ..dossier.clone()
            };
            let (history, limits) = (known.history(&dossier), Limits::default());
            let today = known.horizon.today(known.now);
            effect::effect(target, &history, &known.horizon, today, known.now, &limits)
        };
        let without = effect(BTreeMap::new());
        if effect(dossier.unread.clone()) == without {
            return None;
        }
        let mut each = dossier.unread.iter().take(UNREAD_TRIED_MAX);
        let decides = |(act, on): &(&StatementRef, &StatementRef)| {
            effect(BTreeMap::from([((*act).clone(), (*on).clone())])) != without
        };
        let found = each.find(decides).or_else(|| dossier.unread.iter().next());
        found.map(|(act, _)| act.clone())
    }

    /// A statement with what the registry and the heads seen say of it.
    #[must_use]
    pub(crate) fn fact(&self, verified: &Verified) -> Fact {
        let registry = self.registry();
        let timing = self.shared.heads_seen().judge(verified, &registry);
        Fact::from_verified(verified, &registry, timing)
    }

    /// What effects are computed under, the same for all decisions of an answer.
    fn known(&self) -> Known {
        Known::of(&self.shared, &self.genesis)
    }

    /// The present day in China, by the local clock or the newest quorum time, whichever is later: the
    /// day that is meant where nobody names one.
    // spec: EFF-25
    #[must_use]
    pub fn today(&self) -> Day {
        self.horizon().today(clock::now())
    }

    /// How far each log is known here.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        horizon_of(&self.shared, &self.genesis)
    }

    /// The statements of the node's own logs that came too late to bind, of logs of which the hub saw one
    /// such within a month before `now`: long enough to be noticed, and made anew.
    // spec: ADM-150
    #[must_use]
    pub fn late_leaves(&self, now: Timestamp) -> Vec<(Origin, LateLeaves)> {
        let (seen, registry) = (self.shared.heads_seen(), self.registry());
        let logs = self.shared.logs();
        let own = logs.iter().filter(|(origin, _)| self.owns(origin));
        let late = own.filter_map(|(origin, log)| {
            let late = seen.late_leaves(origin, log.size(), log.course(), &registry)?;
            let passed_ms = now.value().saturating_sub(late.last_seen.value());
            (passed_ms < LATE_SHOWN_MS).then(|| (origin.clone(), late))
        });
        late.collect()
    }

    /// Whether a statement of the node's own came too late to bind.
    #[must_use]
    pub fn is_late(&self, origin: &Origin, index: LeafIndex) -> bool {
        let (seen, registry) = (self.shared.heads_seen(), self.registry());
        let ctx = self
            .shared
            .logs()
            .get(origin)
            .and_then(|log| log.course().at(index));
        let timing = ctx.map(|ctx| seen.timing_at(origin, index, ctx, &registry));
        timing == Some(Timing::Late)
    }
}

/// Open objections to decisions.
#[derive(Clone, Debug, Default)]
pub struct OpenObjections {
    /// The objections, each once.
    pub objections: BTreeSet<StatementRef>,
    /// Those of the decisions whose chains they are to.
    pub decisions: Vec<StatementRef>,
    /// On how many of the decisions asked about more bears than is looked at for one answer.
    pub not_weighed: u64,
}

/// How far each log is known.
fn horizon_of(shared: &Shared<RealDisk>, genesis: &Genesis) -> Horizon {
    let witnessed = shared.witnessed();
    let frozen = shared.frozen();
    let logs = shared.logs();
    let logs = logs.iter().map(|(origin, log)| {
        let none = Witnessed {
            size: TreeSize::ZERO,
            at: None,
            ahead: None,
        };
        let seen = witnessed.get(origin).copied().unwrap_or(none);
        let horizon = LogHorizon {
            size: log.size(),
            witnessed: seen.size,
            quorum_time: shared.heard_at(origin),
            frozen_at: frozen.get(origin).map(|frozen| frozen.at),
        };
        (origin.clone(), horizon)
    });
    Horizon {
        logs: logs.collect(),
        register: genesis.register_origin(),
    }
}

/// The registry, the horizon and the time that effects are computed under.
pub(super) struct Known {
    pub(super) registry: Arc<Registry>,
    heads_seen: Arc<HeadsSeen>,
    pub(super) horizon: Horizon,
    pub(super) now: Timestamp,
}

impl Known {
    pub(super) fn of(shared: &Shared<RealDisk>, genesis: &Genesis) -> Self {
        let horizon = horizon_of(shared, genesis);
        Self {
            registry: shared.registry(),
            heads_seen: shared.heads_seen(),
            now: horizon.at_least(clock::now()),
            horizon,
        }
    }

    pub(super) fn history(&self, dossier: &Dossier) -> History {
        let facts = dossier.statements.values().map(|verified| {
            let timing = self.heads_seen.judge(verified, &self.registry);
            Arc::new(Fact::from_verified(verified, &self.registry, timing))
        });
        let mut history: History = facts.collect();
        for (act, target) in &dossier.unread {
            history.insert_unread(act.clone(), target.clone());
        }
        for (again, erased) in &dossier.gone {
            history.insert_gone(again.clone(), erased.clone());
        }
        history
    }
}

/// What the catalogues say about a decision, as they read now.
pub(super) fn limits_of(verified: &Verified, registry: &Registry) -> Limits {
    let Content::Decision(decision) = &verified.statement().payload().content else {
        return Limits::default();
    };
    Limits::of(&decision.fields().item, registry)
}

#[cfg(test)]
mod tests {
    use concordat_protocol::statement::{Body, Statement};
    use concordat_protocol::trust::{self, Place};

    use super::*;
    use crate::fixture::Fixture;

    #[test]
    fn effect_goes_by_the_freshness_of_the_item_that_a_decision_is_under() {
        let fixture = Fixture::new();
        let placed = fixture.decision(0, 1);
        let body = Body::decode(&placed.body).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        let place = Place {
            origin: &placed.origin,
            index: placed.index,
            leaf: &placed.leaf,
            ctx_floor: TreeSize::ZERO,
        };
        let verified = trust::verify(&fixture.registry, place, statement).unwrap();
        let limits = limits_of(&verified, &fixture.registry);
        assert_eq!(limits.freshness_days, 3);
        assert_ne!(limits, Limits::default());
    }
}
