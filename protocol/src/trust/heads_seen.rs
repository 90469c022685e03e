//! When the hub saw the logs, by the *heads seen* that it logged: what `ctx_grace` is judged by.

use std::collections::BTreeMap;

use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{Content, Statement, StatementRef};
use crate::time::Timestamp;
use crate::trust::genesis::LogNumber;
use crate::trust::registry::Registry;
use crate::trust::verify::Verified;

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
        let of_log = self.by_log.get(&reference.origin);
        let of_log = of_log.map(Vec::as_slice).unwrap_or_default();
        let covers = |index: &LeafIndex| {
            self.seen(*index)
                .is_some_and(|s| s.size.contains(reference.index))
        };
        let first = of_log.partition_point(|index| !covers(index));
        Some(Evidence {
            replaced,
            covered: of_log.get(first).copied(),
        })
    }

    fn seen(&self, index: LeafIndex) -> Option<&Seen> {
        self.entries.get(&index)
    }

    fn follow(&mut self, index: LeafIndex, seen: &Seen) {
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
        self.by_log.clear();
        self.changes.clear();
        for (index, seen) in self.entries.clone() {
            self.follow(index, &seen);
        }
    }
}
