//! What a node would answer, worked out from what it holds, and what it holds of objections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_node::core::{BodyState, Core};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::effect::{BindsOthers, Fact, History, Horizon, Limits, LogHorizon, effect};
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{Body, Class, Content, Kind, Leaf, Statement, StatementRef};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Place, Timing, Verified, verify};

/// Statements that were verified once, by where they stand.
#[derive(Debug, Default)]
pub(super) struct Eyes {
    verified: BTreeMap<StatementRef, Verified>,
}

/// What a node knows.
pub(super) struct Seen {
    history: History,
    horizon: Horizon,
    now: Timestamp,
    /// Objections by the decisions that they are to, by body or by notice, without those ruled on.
    open: BTreeMap<StatementRef, StatementRef>,
    /// Objections that a ruling names.
    closed: BTreeSet<StatementRef>,
}

/// What a node answers about a decision that it holds.
pub(super) struct Answer {
    pub(super) decision: StatementRef,
    pub(super) binds_others: BindsOthers,
    /// An objection to it that is open, or an act on it that is not held.
    pub(super) open: Option<StatementRef>,
}

impl Eyes {
    pub(super) fn see(&mut self, core: &Core<MemoryDisk>, now: Timestamp) -> Seen {
        let horizon = horizon(core);
        let mut history = History::default();
        for (origin, log) in &horizon.logs {
            for index in 0..log.size.value() {
                self.take(core, origin, LeafIndex::new(index), &mut history);
            }
        }
        let closed = closed(&history);
        let open = open(&history, &closed);
        Seen {
            history,
            horizon,
            now,
            open,
            closed,
        }
    }

    fn take(
        &mut self,
        core: &Core<MemoryDisk>,
        origin: &Origin,
        index: LeafIndex,
        history: &mut History,
    ) {
        let shared = core.shared();
        let state = shared.logs().get(origin).map(|log| log.body(index));
        let Some((leaf, reference)) = leaf(core, origin, index) else {
            return;
        };
        if !matches!(leaf.kind, Kind::Data | Kind::Act | Kind::Notice) {
            return;
        }
        match state {
            Some(BodyState::Held(_)) => {
                history.extend(self.fact(core, &reference, &leaf).map(Arc::new));
            }
            Some(BodyState::Refused(_)) => {}
            _ => {
                let target = leaf
                    .target
                    .and_then(|target| self::leaf(core, origin, target));
                if let Some((_, target)) = target.filter(|_| leaf.kind == Kind::Act) {
                    history.insert_unread(reference, target);
                }
            }
        }
    }

    /// The statement at a place that a node holds, as it counts there.
    pub(super) fn fact(
        &mut self,
        core: &Core<MemoryDisk>,
        reference: &StatementRef,
        leaf: &Leaf,
    ) -> Option<Fact> {
        let registry = core.registry();
        if !self.verified.contains_key(reference) {
            let (origin, index) = (&reference.origin, reference.index);
            let body = core.shared().body(origin, index)?;
            let body = Body::decode(&body).ok()?;
            let statement = Statement::decode(body.statement()).ok()?;
            let place = Place {
                origin,
                index,
                leaf,
                ctx_floor: core.shared().ctx_floor(origin, index),
            };
            let verified = verify(registry, place, statement).ok()?;
            self.verified.insert(reference.clone(), verified);
        }
        let verified = self.verified.get(reference)?;
        Some(Fact::from_verified(verified, registry, Timing::InTime))
    }

    /// The statement at a place of a log that a node holds.
    pub(super) fn at(&mut self, core: &Core<MemoryDisk>, at: &StatementRef) -> Option<Fact> {
        let (leaf, reference) = leaf(core, &at.origin, at.index)?;
        (reference == *at).then(|| self.fact(core, at, &leaf))?
    }
}

impl Seen {
    /// Adds to what a node ever had against decisions, and drops what it knows to be ruled on. A copy from before
    /// that is put in its place takes nothing out of it.
    pub(super) fn remember(&self, ever: &mut BTreeMap<StatementRef, StatementRef>) {
        ever.extend(self.open.clone());
        ever.retain(|_, objection| !self.closed.contains(objection));
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = Answer> {
        let today = self.horizon.today(self.now);
        let now = self.horizon.at_least(self.now);
        let is_decision =
            |fact: &&Arc<Fact>| matches!(fact.payload().content, Content::Decision(_));
        let unread = self.history.unread();
        let unread: BTreeMap<_, _> = unread.map(|(act, target)| (target, act)).collect();
        self.history.facts().filter(is_decision).map(move |fact| {
            let decision = fact.reference();
            let open = self.open.get(decision);
            let limits = Limits::default();
            let effect = effect(decision, &self.history, &self.horizon, today, now, &limits);
            Answer {
                decision: decision.clone(),
                binds_others: effect.binds_others(),
                open: open.or_else(|| unread.get(decision).copied()).cloned(),
            }
        })
    }
}

fn closed(history: &History) -> BTreeSet<StatementRef> {
    let mut closed = BTreeSet::new();
    for fact in history.facts() {
        if let Content::Ruling(ruling) = &fact.payload().content {
            closed.extend(ruling.closes().iter().cloned());
        }
    }
    closed
}

/// Objections that no ruling names, each by its body or by a notice of the register.
fn open(
    history: &History,
    closed: &BTreeSet<StatementRef>,
) -> BTreeMap<StatementRef, StatementRef> {
    let objections = history.facts().filter_map(|fact| {
        let payload = fact.payload();
        if let Content::Notice(notice) = &payload.content {
            let told = notice.class == Class::Objection;
            return told.then(|| (notice.target.clone(), notice.act.clone()));
        }
        payload.content.objection()?;
        Some((payload.target.clone()?, fact.reference().clone()))
    });
    objections
        .filter(|(_, objection)| !closed.contains(objection))
        .collect()
}

fn leaf(
    core: &Core<MemoryDisk>,
    origin: &Origin,
    index: LeafIndex,
) -> Option<(Leaf, StatementRef)> {
    let leaf = Leaf::decode(&core.shared().leaf(origin, index)?).ok()?;
    let reference = StatementRef {
        origin: origin.clone(),
        index,
        leaf_hash: leaf.hash(),
    };
    Some((leaf, reference))
}

/// How far a node knows each log.
fn horizon(core: &Core<MemoryDisk>) -> Horizon {
    let shared = core.shared();
    let witnessed = shared.witnessed();
    let logs = shared.logs();
    let logs = logs.iter().map(|(origin, log)| {
        let seen = witnessed.get(origin);
        let horizon = LogHorizon {
            size: log.size(),
            witnessed: seen.map_or(TreeSize::ZERO, |seen| seen.size),
            quorum_time: shared.heard_at(origin),
            frozen_at: None,
        };
        (origin.clone(), horizon)
    });
    Horizon {
        logs: logs.collect(),
        register: core.registry().genesis().register_origin(),
    }
}
