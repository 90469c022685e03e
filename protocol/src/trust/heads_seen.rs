//! When the hub saw the logs, by the *heads seen* that it logged: what `ctx_grace` is judged by.

mod course;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::key::KeyId;
use crate::limits;
use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{Content, CtxCourse, Statement, StatementRef};
use crate::time::{Day, Timestamp};
use crate::trust::genesis::LogNumber;
use crate::trust::registry::Registry;
use crate::trust::verify::{Verified, mandate_has_ended};

use course::Course;

/// The heads seen that are held, from the hub's log 0.
///
/// Signers are not trusted to say when they signed. What is known is the order in the hub's own log:
/// each head seen carries the registry size that the hub was at, and the hub's clock. A statement that
/// the hub saw before it entered a change of the registry is in time for ever; of one that it saw
/// later than `ctx_grace` after the registry state that it names was replaced, nothing tells whether
/// it was signed before.
///
/// How long that was is counted in the hub's presence, not read from a clock: from one head seen to
/// the next counts what the clock went forward, and no more than
/// [`limits::HEAD_SEEN_STEP_MAX_MS`]. While the hub was away nobody could hear of the change, and a
/// clock that was wrong for a moment decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadsSeen {
    entries: BTreeMap<LeafIndex, Seen>,
    /// Milliseconds of presence at each entry that counts.
    presence: BTreeMap<LeafIndex, u64>,
    /// The times of the entries that count.
    course: Course,
    /// Of each log all entries that count for it, by position.
    of_log: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Of each log the entries that show more of it than any before, by position.
    by_log: BTreeMap<Origin, Vec<LeafIndex>>,
    /// Entries made under a larger registry than any before, by position.
    changes: Vec<LeafIndex>,
}

/// Whether a statement came in time to bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// It did.
    InTime,
    /// It did not, or nothing shows that it did where that has to be shown.
    Late,
    /// It is an act, and was logged when the mandate for it had ended.
    AfterMandate,
}

/// Leaves of a log that came too late to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateLeaves {
    /// Their positions, ascending.
    pub runs: Vec<Range<u64>>,
    /// When the hub saw the last of them.
    pub last_seen: Timestamp,
}

/// One head seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    origin: Origin,
    size: TreeSize,
    /// Registry size that the hub was at.
    registry: TreeSize,
    at: Timestamp,
    kid: KeyId,
    standing: SeenStanding,
}

/// What an entry counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeenStanding {
    Counts,
    /// The leaves held do not have the root that it names, or are fewer.
    OtherHistory,
    /// The key that signed it was cut off from before it.
    CutOff,
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
            presence: BTreeMap::new(),
            course: Course::new(),
            of_log: BTreeMap::new(),
            by_log: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// The heads seen among verified statements, as far as they count by a registry.
    #[must_use]
    pub fn of<'a>(verified: impl IntoIterator<Item = &'a Verified>, registry: &Registry) -> Self {
        let verified = verified.into_iter();
        let entries = verified.map(|one| (one.reference().index, one.statement(), true));
        let mut heads = Self::new();
        heads.extend(entries);
        heads.follow_cut_offs(registry);
        heads
    }

    /// Adds entries of the hub's log 0, in any order, each with whether the leaves held have the root that
    /// it names; statements of other classes change nothing. That they are the hub's and stand there is
    /// the caller's to check.
    ///
    /// An entry whose root is not that of the leaves held tells of the hub, and nothing of the log.
    // spec: TRU-71
    pub fn extend<'a>(
        &mut self,
        entries: impl IntoIterator<Item = (LeafIndex, &'a Statement, bool)>,
    ) {
        let mut is_in_order = true;
        for (index, statement, is_root_held) in entries {
            let Content::HeadSeen(head) = &statement.payload().content else {
                continue;
            };
            let last = self.entries.keys().next_back();
            is_in_order &= last.is_none_or(|last| *last < index);
            let header = statement.header();
            let seen = Seen {
                origin: head.origin.clone(),
                size: head.size,
                registry: header.ctx.size,
                at: statement.payload().issued_at,
                kid: header.kid,
                standing: match is_root_held {
                    true => SeenStanding::Counts,
                    false => SeenStanding::OtherHistory,
                },
            };
            self.entries.insert(index, seen);
            if is_in_order {
                self.follow(index);
            }
        }
        if !is_in_order {
            self.order_again();
        }
    }

    /// The leaves have come in, and are those that the entries at these positions name, up to a size: the
    /// one named, or less where the log has forked.
    // spec: TRU-71
    pub fn roots_are_held(&mut self, proven: &[(LeafIndex, TreeSize)]) {
        for (index, size) in proven {
            if let Some(seen) = self.entries.get_mut(index)
                && seen.standing == SeenStanding::OtherHistory
            {
                seen.standing = SeenStanding::Counts;
                seen.size = *size;
            }
        }
        if !proven.is_empty() {
            self.order_again();
        }
    }

    /// Heeds cut-offs of the hub's statement keys: what a thief says that the hub saw is not what it saw.
    // spec: TRU-16, TRU-71
    pub fn follow_cut_offs(&mut self, registry: &Registry) {
        let hub = registry.member(registry.genesis().hub());
        let mut changed = false;
        for (index, seen) in &mut self.entries {
            let from = hub.and_then(|hub| hub.cut_off(seen.kid));
            if from.is_some_and(|from| *index >= from) && seen.standing != SeenStanding::CutOff {
                seen.standing = SeenStanding::CutOff;
                changed = true;
            }
        }
        if changed {
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
        self.course.made_by(*last)
    }

    /// How much of a log the hub had seen by a time.
    #[must_use]
    pub fn size_seen_by(&self, origin: &Origin, at: Timestamp) -> TreeSize {
        let of_log = self.by_log.get(origin).into_iter().flatten().rev();
        let mut logged = of_log.filter(|index| {
            let made = self.course.made_by(**index);
            made.is_some_and(|made| made <= at)
        });
        let last = logged.next().and_then(|index| self.seen(*index));
        last.map_or(TreeSize::ZERO, |seen| seen.size)
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
        if is_by_hub(&reference.origin, registry) {
            return None;
        }
        let head = self.last_uncovered(reference)?;
        let ctx = verified.statement().header().ctx.size;
        let day = grace_before(self.course.made_by(head)?, registry, ctx)?;
        let has_ended = mandate_has_ended(verified, registry, day);
        has_ended.then_some(head)
    }

    /// When the next head of the registry is due, by the clock of the newest one, while a grace runs: it
    /// shows that the hub was there.
    // spec: TRU-70
    #[must_use]
    pub fn next_mark(&self, registry: &Registry) -> Option<(Timestamp, Timestamp)> {
        let (newest, now_present) = self.presence.last_key_value()?;
        let changed = self.presence.get(self.changes.last()?)?;
        // Of every policy that a statement may have been made under.
        let grace = registry.longest_ctx_grace_ms();
        let at = self.seen(*newest)?.at;
        let due = at.value().saturating_add(limits::HEAD_SEEN_STEP_MAX_MS);
        let due = Timestamp::new(due).unwrap_or(Timestamp::MAX);
        (now_present.saturating_sub(*changed) <= grace).then_some((at, due))
    }

    /// The position of the hub's log 0 that shows best whether a statement came in time: of the first head
    /// seen that covers it.
    // spec: BUN-29
    #[must_use]
    pub fn first_covering(&self, reference: &StatementRef) -> Option<LeafIndex> {
        self.covering(&reference.origin, reference.index)
    }

    fn covering(&self, origin: &Origin, leaf: LeafIndex) -> Option<LeafIndex> {
        let of_log = self.by_log.get(origin)?;
        let covers = |index: &LeafIndex| self.seen(*index).is_some_and(|s| s.size.contains(leaf));
        let first = of_log.partition_point(|index| !covers(index));
        of_log.get(first).copied()
    }

    /// The registry size that the hub was at when it made the entry at a position.
    #[must_use]
    pub fn registry_at(&self, index: LeafIndex) -> Option<TreeSize> {
        self.seen(index).map(|seen| seen.registry)
    }

    /// Whether a statement came in time, and an act while its mandate lasted, for one who holds the hub's
    /// log 0.
    #[must_use]
    pub fn judge(&self, verified: &Verified, registry: &Registry) -> Timing {
        let (reference, ctx) = (verified.reference(), verified.statement().header().ctx);
        self.by_mandate(
            verified,
            registry,
            self.timing(reference, ctx.size, registry),
        )
    }

    /// The same for one who may have been given some of these entries and not others, and has seen a
    /// quorum's cosignatures over the statement of a time.
    #[must_use]
    pub fn judge_shown(
        &self,
        verified: &Verified,
        registry: &Registry,
        cosigned_at: Option<Timestamp>,
    ) -> Timing {
        let (reference, ctx) = (verified.reference(), verified.statement().header().ctx);
        let timing = self.shown_timing(reference, ctx.size, registry, cosigned_at);
        self.by_mandate(verified, registry, timing)
    }

    fn by_mandate(&self, verified: &Verified, registry: &Registry, timing: Timing) -> Timing {
        match self.ended_mandate(verified, registry) {
            Some(_) if timing == Timing::InTime => Timing::AfterMandate,
            Some(_) | None => timing,
        }
    }

    /// Whether a statement came too late to bind, for one who holds the hub's log 0: the hub saw it
    /// when it had been present for longer than `ctx_grace` since the first head seen under a newer
    /// registry, or has been for so long and has not seen it.
    ///
    /// The grace is that of the policy which the statement was made under. What the hub says in its own
    /// logs it saw when it said it.
    // spec: EFF-14, TRU-35
    #[must_use]
    pub fn timing(&self, reference: &StatementRef, ctx: TreeSize, registry: &Registry) -> Timing {
        self.timing_at(&reference.origin, reference.index, ctx, registry)
    }

    /// The same of the leaf at a position.
    // spec: EFF-14, TRU-35
    #[must_use]
    pub fn timing_at(
        &self,
        origin: &Origin,
        index: LeafIndex,
        ctx: TreeSize,
        registry: &Registry,
    ) -> Timing {
        if is_by_hub(origin, registry) {
            return Timing::InTime;
        }
        let Some(evidence) = self.evidence(origin, index, ctx) else {
            return Timing::InTime;
        };
        let newest = self.presence.last_key_value().map(|(index, _)| *index);
        let seen = evidence.covered.or(newest).unwrap_or(evidence.replaced);
        let presence = |index| self.presence.get(&index).copied().unwrap_or_default();
        let waited_ms = presence(seen).saturating_sub(presence(evidence.replaced));
        match waited_ms > registry.policy_at(ctx).ctx_grace_ms {
            true => Timing::Late,
            false => Timing::InTime,
        }
    }

    /// The leaves of a log, whose registry sizes went as given, that came too late to bind, and when the
    /// hub saw the last of them; `None` where none did. Leaves that the hub has not seen count with the
    /// newest time.
    #[must_use]
    pub fn late_leaves(
        &self,
        origin: &Origin,
        size: TreeSize,
        course: &CtxCourse,
        registry: &Registry,
    ) -> Option<LateLeaves> {
        let of_log = self.by_log.get(origin);
        let of_log = of_log.map(Vec::as_slice).unwrap_or_default();
        let sizes = of_log
            .iter()
            .filter_map(|at| Some(self.seen(*at)?.size.value()));
        let sizes: Vec<u64> = sizes.collect();
        let mut late: Option<LateLeaves> = None;
        for (begin, end, ctx) in course.runs(size) {
            // One head covers all leaves up to the next boundary.
            let from = sizes.partition_point(|size| *size <= begin);
            let inner = sizes.iter().skip(from).copied();
            let ends = inner.take_while(|size| *size < end).chain([end]);
            let mut begin = begin;
            for end in ends {
                let at = LeafIndex::new(begin);
                if self.timing_at(origin, at, ctx, registry) == Timing::Late {
                    let newest = || self.presence.last_key_value().map(|(index, _)| *index);
                    let seen = self.covering(origin, at).or_else(newest);
                    let at = seen.and_then(|index| self.course.made_by(index));
                    let at = at.unwrap_or(Timestamp::MAX);
                    let late = late.get_or_insert_with(|| LateLeaves {
                        runs: Vec::new(),
                        last_seen: at,
                    });
                    late.runs.push(begin..end);
                    late.last_seen = late.last_seen.max(at);
                }
                begin = end;
            }
        }
        late
    }

    /// Whether a statement is shown to have come in time, to one who may have been given some of these
    /// entries and not others: one covers it that the hub made before the registry went beyond `ctx`, or
    /// no later than `ctx_grace` after, by the hub's clock in both; or a quorum had cosigned it by then.
    // spec: BUN-60
    #[must_use]
    pub fn shown_timing(
        &self,
        reference: &StatementRef,
        ctx: TreeSize,
        registry: &Registry,
        cosigned_at: Option<Timestamp>,
    ) -> Timing {
        if ctx >= registry.size() || is_by_hub(&reference.origin, registry) {
            return Timing::InTime;
        }
        let grace_ms = registry.policy_at(ctx).ctx_grace_ms;
        let replaced_at = registry.went_beyond(ctx);
        let in_grace = |at: Timestamp| {
            let waited = replaced_at.map(|from| at.value().saturating_sub(from.value()));
            waited.is_some_and(|waited| waited <= grace_ms)
        };
        // Who saw the newer registry before it was made shows that the date of the change is wrong.
        let apart = limits::COSIGNATURE_AHEAD_MAX_MS;
        let latest = |at: Timestamp| at.value().saturating_add(apart);
        let is_after =
            |seen: &Seen| replaced_at.is_some_and(|from| from.value() <= latest(seen.at));
        let is_in_time = |seen: &Seen| seen.registry <= ctx || in_grace(seen.at) && is_after(seen);
        let counts = |seen: &&Seen| seen.standing == SeenStanding::Counts;
        let covers =
            |seen: &&Seen| seen.origin == reference.origin && seen.size.contains(reference.index);
        let mut covering = self.entries.values().filter(counts).filter(covers);
        match cosigned_at.is_some_and(in_grace) || covering.any(is_in_time) {
            true => Timing::InTime,
            false => Timing::Late,
        }
    }

    /// The log that holds them.
    #[must_use]
    pub fn log(registry: &Registry) -> Origin {
        let genesis = registry.genesis();
        genesis.origin(genesis.hub(), LogNumber::Statements)
    }

    /// `None` while no head was seen under a newer registry, so that nothing is late.
    fn evidence(&self, origin: &Origin, index: LeafIndex, ctx: TreeSize) -> Option<Evidence> {
        let newer = |index: &LeafIndex| self.seen(*index).is_some_and(|seen| seen.registry > ctx);
        let replaced = self.changes.partition_point(|index| !newer(index));
        let replaced = *self.changes.get(replaced)?;
        Some(Evidence {
            replaced,
            covered: self.covering(origin, index),
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

    fn seen(&self, index: LeafIndex) -> Option<&Seen> {
        self.entries.get(&index)
    }

    /// Takes an entry that stands behind all others into the orders.
    fn follow(&mut self, index: LeafIndex) {
        let Some(seen) = self.entries.get(&index) else {
            return;
        };
        if seen.standing == SeenStanding::CutOff {
            return;
        }
        let before = self.presence.last_key_value();
        let before = before.and_then(|(last, present)| Some((self.seen(*last)?.at, *present)));
        let present = before.map_or(0, |(at, present)| {
            let step = seen.at.value().saturating_sub(at.value());
            present.saturating_add(step.min(limits::HEAD_SEEN_STEP_MAX_MS))
        });
        let last = self.changes.last().and_then(|last| self.seen(*last));
        let is_change = last.is_none_or(|last| seen.registry > last.registry);
        let counts = seen.standing == SeenStanding::Counts;
        let shows_more = counts && seen.size > self.size_seen(&seen.origin);
        let (origin, at) = (seen.origin.clone(), seen.at);
        self.presence.insert(index, present);
        self.course.follow(index, at);
        if counts {
            let of_log = self.of_log.entry(origin.clone()).or_default();
            of_log.push(index);
        }
        if shows_more {
            self.by_log.entry(origin).or_default().push(index);
        }
        if is_change {
            self.changes.push(index);
        }
    }

    /// One has come behind those of later positions, or counts for something else.
    fn order_again(&mut self) {
        self.presence.clear();
        self.course.clear();
        self.of_log.clear();
        self.by_log.clear();
        self.changes.clear();
        let indices: Vec<LeafIndex> = self.entries.keys().copied().collect();
        for index in indices {
            self.follow(index);
        }
    }
}

fn is_by_hub(origin: &Origin, registry: &Registry) -> bool {
    origin.member() == registry.genesis().hub().as_str()
}
