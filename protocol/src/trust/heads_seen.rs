//! When the hub saw the logs, by the *heads seen* that it logged: what `ctx_grace` is judged by.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{Content, Statement, StatementRef};
use crate::time::{Day, Timestamp};
use crate::trust::genesis::LogNumber;
use crate::trust::registry::Registry;
use crate::trust::verify::{Verified, mandate_has_ended};

/// The heads seen that are held, from the hub's log 0.
///
/// Signers are not trusted to say when they signed. What is known is the order in the hub's own log:
/// each head seen carries the registry size that the hub was at, and the hub's clock. A statement that
/// the hub saw before it entered a change of the registry is in time for ever; of one that it saw
/// later than `ctx_grace` after the registry state that it names was replaced, nothing tells whether
/// it was signed before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadsSeen {
    entries: BTreeMap<LeafIndex, Seen>,
    /// Of each log all entries, by position.
    of_log: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Of each log the entries that show more of it than any before, by position.
    by_log: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Entries made under a larger registry than any before, by position.
    changes: Vec<LeafIndex>,
}

/// One head seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    origin: Origin,
    size: TreeSize,
    /// Registry size that the hub was at.
    registry: TreeSize,
    at: Timestamp,
}

/// The day on which what the hub had not seen at a time may still have been made under a registry of
/// size `ctx`.
#[must_use]
pub fn grace_before(at: Timestamp, registry: &Registry, ctx: TreeSize) -> Option<Day> {
    let grace_ms = registry.policy_at(ctx).ctx_grace_ms;
    let instant = Timestamp::new(at.value().saturating_sub(grace_ms)).ok()?;
    Day::of(instant).ok()
}

/// Where the hub's log 0 tells whether a statement came in time.
#[derive(Clone, Copy, Debug)]
struct Evidence {
    /// The first head seen under a newer registry than the one that the statement names.
    replaced: LeafIndex,
    /// The first head seen that covers the statement.
    covered: Option<LeafIndex>,
}

impl HeadsSeen {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
            of_log: BTreeMap::new(),
            by_log: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// The heads seen among verified statements.
    #[must_use]
    pub fn of<'a>(verified: impl IntoIterator<Item = &'a Verified>) -> Self {
        let mut heads = Self::new();
        for one in verified {
            heads.insert(one.reference().index, one.statement());
        }
        heads
    }

    /// Adds the entry at a position of the hub's log 0; a statement of another class changes nothing.
    /// That it is the hub's and stands there is the caller's to check.
    pub fn insert(&mut self, index: LeafIndex, statement: &Statement) {
        let Content::HeadSeen(head) = &statement.payload().content else {
            return;
        };
        let seen = Seen {
            origin: head.origin.clone(),
            size: head.size,
            registry: statement.header().ctx.size,
            at: statement.payload().issued_at,
        };
        let is_last = self
            .entries
            .keys()
            .next_back()
            .is_none_or(|last| *last < index);
        self.entries.insert(index, seen.clone());
        if is_last {
            self.follow(index, &seen);
        } else {
            self.order_again();
        }
    }

    /// How many are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The largest size at which a log was seen; zero when it never was.
    #[must_use]
    pub fn size_seen(&self, origin: &Origin) -> TreeSize {
        let last = self.by_log.get(origin).and_then(|of_log| of_log.last());
        last.and_then(|index| self.entries.get(index))
            .map_or(TreeSize::ZERO, |seen| seen.size)
    }

    /// The registry size and the time at which the hub saw a log last.
    #[must_use]
    pub fn last_seen(&self, origin: &Origin) -> Option<(TreeSize, Timestamp)> {
        let last = self.by_log.get(origin)?.last()?;
        self.seen(*last).map(|seen| (seen.registry, seen.at))
    }

    /// When the hub logged the newest head seen of a log, whether or not it showed more of it.
    #[must_use]
    pub fn last_logged(&self, origin: &Origin) -> Option<Timestamp> {
        let last = self.of_log.get(origin)?.last()?;
        self.seen(*last).map(|seen| seen.at)
    }

    /// The head seen that tells that an act was logged on a day on which its author had no mandate for
    /// it any more, whatever day the author wrote into it: the last one of the log that does not cover
    /// it. What reached the hub later was made no earlier than the `ctx_grace` of the policy that it
    /// names before that head was logged; it is judged by that day where its own lies before.
    ///
    /// `None` for decisions, which are judged by their own day, however late they are published, and
    /// for what the hub says in its own logs.
    // spec: TRU-60
    #[must_use]
    pub fn ended_mandate(&self, verified: &Verified, registry: &Registry) -> Option<LeafIndex> {
        let reference = verified.reference();
        if reference.origin.member() == registry.genesis().hub().as_str() {
            return None;
        }
        let head = self.last_uncovered(reference)?;
        let ctx = verified.statement().header().ctx.size;
        let day = grace_before(self.seen(head)?.at, registry, ctx)?;
        let has_ended = mandate_has_ended(verified, registry, day);
        has_ended.then_some(head)
    }

    /// The positions of the hub's log 0 that tell whether a statement under a registry of size `ctx`
    /// came in time, in order; none where nothing says that it might not have.
    #[must_use]
    pub fn grace_evidence(&self, reference: &StatementRef, ctx: TreeSize) -> Vec<LeafIndex> {
        let evidence = self.evidence(reference, ctx);
        let evidence = evidence.filter(|found| found.covered.is_none_or(|at| at >= found.replaced));
        let positions = evidence.map(|found| [Some(found.replaced), found.covered]);
        let positions = positions.into_iter().flatten().flatten();
        positions.collect()
    }

    /// The positions that tell of several statements whether they came in time, to a reader who has these
    /// and `besides` alone. What tells of one statement that the registry changed would tell it of the
    /// others too: so of each that was seen before, the head that covers it is among them.
    // spec: BUN-29
    #[must_use]
    pub fn evidence_of(
        &self,
        statements: &[(&StatementRef, TreeSize)],
        besides: &BTreeSet<LeafIndex>,
    ) -> BTreeSet<LeafIndex> {
        let late = statements.iter();
        let mut positions: BTreeSet<_> = late
            .flat_map(|(reference, ctx)| self.grace_evidence(reference, *ctx))
            .chain(besides.iter().copied())
            .collect();
        if !positions.is_empty() {
            let covering = statements.iter();
            positions.extend(covering.filter_map(|(reference, ctx)| {
                let evidence = self.evidence(reference, *ctx)?;
                evidence.covered.filter(|at| *at < evidence.replaced)
            }));
        }
        positions
    }

    /// The registry size that the hub was at when it made the entry at a position.
    #[must_use]
    pub fn registry_at(&self, index: LeafIndex) -> Option<TreeSize> {
        self.seen(index).map(|seen| seen.registry)
    }

    /// Whether a statement came too late to bind: the hub saw it later than `ctx_grace` after the first
    /// head seen under a newer registry, or has not seen it and that long has passed.
    ///
    /// The grace is that of the policy which the statement was made under. What the hub says in its own
    /// logs it saw when it said it.
    // spec: EFF-14, TRU-35
    #[must_use]
    pub fn is_late(
        &self,
        reference: &StatementRef,
        ctx: TreeSize,
        registry: &Registry,
        now: Timestamp,
    ) -> bool {
        if reference.origin.member() == registry.genesis().hub().as_str() {
            return false;
        }
        let Some(evidence) = self.evidence(reference, ctx) else {
            return false;
        };
        if evidence
            .covered
            .is_some_and(|covered| covered < evidence.replaced)
        {
            return false;
        }
        let at = |index: LeafIndex| self.seen(index).map(|seen| seen.at);
        let Some(replaced_at) = at(evidence.replaced) else {
            return false;
        };
        let seen_at = evidence.covered.and_then(at).unwrap_or(now);
        let waited_ms = seen_at.value().saturating_sub(replaced_at.value());
        waited_ms > registry.policy_at(ctx).ctx_grace_ms
    }

    /// The log that holds them.
    #[must_use]
    pub fn log(registry: &Registry) -> Origin {
        let genesis = registry.genesis();
        genesis.origin(genesis.hub(), LogNumber::Statements)
    }

    /// `None` while no head was seen under a newer registry, so that nothing is late.
    fn evidence(&self, reference: &StatementRef, ctx: TreeSize) -> Option<Evidence> {
        let newer = |index: &LeafIndex| self.seen(*index).is_some_and(|seen| seen.registry > ctx);
        let replaced = self.changes.partition_point(|index| !newer(index));
        let replaced = *self.changes.get(replaced)?;
        Some(Evidence {
            replaced,
            covered: self.first_covering(reference),
        })
    }

    /// The last head seen of the log of a statement before the first that covers it.
    fn last_uncovered(&self, reference: &StatementRef) -> Option<LeafIndex> {
        let of_log = self.of_log.get(&reference.origin)?;
        let before = match self.first_covering(reference) {
            Some(covered) => of_log.partition_point(|index| *index < covered),
            None => of_log.len(),
        };
        of_log.get(before.checked_sub(1)?).copied()
    }

    fn first_covering(&self, reference: &StatementRef) -> Option<LeafIndex> {
        let of_log = self.by_log.get(&reference.origin)?;
        let covers = |index: &LeafIndex| {
            self.seen(*index)
                .is_some_and(|s| s.size.contains(reference.index))
        };
        let first = of_log.partition_point(|index| !covers(index));
        of_log.get(first).copied()
    }

    fn seen(&self, index: LeafIndex) -> Option<&Seen> {
        self.entries.get(&index)
    }

    fn follow(&mut self, index: LeafIndex, seen: &Seen) {
        let of_log = self.of_log.entry(seen.origin.clone()).or_default();
        if of_log.last() != Some(&index) {
            of_log.push(index);
        }
        if seen.size > self.size_seen(&seen.origin) {
            let of_log = self.by_log.entry(seen.origin.clone()).or_default();
            of_log.push(index);
        }
        let last = self.changes.last().and_then(|last| self.seen(*last));
        if last.is_none_or(|last| seen.registry > last.registry) {
            self.changes.push(index);
        }
    }

    /// One has come behind those of later positions.
    fn order_again(&mut self) {
        self.of_log.clear();
        self.by_log.clear();
        self.changes.clear();
        for (index, seen) in self.entries.clone() {
            self.follow(index, &seen);
        }
    }
}
