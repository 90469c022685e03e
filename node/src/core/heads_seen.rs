//! Heads seen: what the hub held of every log when the registry changed or a mandate had ended, and of
//! what came later under the registry of before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use concordat_protocol::log::hash::empty_root;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::statement::{Body, Content, HeadSeen, Kind, Statement};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{HeadsSeen, LogNumber, grace_before};

use crate::core::damage::BodyFault;
use crate::core::recover::OpenCoreError;
use crate::core::types::{Durable, Entry, Fatal, Signing};
use crate::core::{Core, Shared, read, write};
use crate::disk::Disk;

/// Milliseconds between two heads seen of one log under one registry: whoever goes on under an old one
/// cannot make the hub's log grow with every statement.
const PAUSE_MS: u64 = 10_000;
/// The pause is at most this part of the grace that it is judged by.
const PAUSE_OF_GRACE: u64 = 100;

impl<D: Disk> Shared<D> {
    /// The heads seen that are held.
    #[must_use]
    pub fn heads_seen(&self) -> Arc<HeadsSeen> {
        Arc::clone(&read(&self.heads_seen))
    }
}

impl<D: Disk> Core<D> {
    /// Logs the heads of the registry, and of every log with leaves that name an older registry and
    /// were not covered before. Of leaves under the newest registry nothing is said until it changes.
    // spec: TRU-34, TRU-70
    pub(super) fn write_heads_seen(&mut self) -> Result<(), Fatal> {
        if !self.is_hub() || self.signing != Signing::Open {
            return Ok(());
        }
        let entries = self.heads_to_log();
        let entries: Vec<Entry> = entries
            .into_iter()
            .filter_map(|head| self.sign_own(Content::HeadSeen(head)))
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        let origin = HeadsSeen::log(&self.registry);
        self.append(&origin, entries)?;
        Ok(())
    }

    fn heads_to_log(&mut self) -> Vec<HeadSeen> {
        let seen = self.shared.heads_seen();
        self.heads_due = None;
        let (registry, newest) = (self.genesis.registry_origin(), self.registry.size());
        let mut heads = Vec::new();
        let others = self
            .registry
            .members()
            .any(|member| member.code() != self.me);
        let has_grown = seen.size_seen(&registry) < newest;
        // A clock that was set back marks where it is now.
        let now = self.clock;
        let is_due = |(last, due)| now < last || now >= due;
        let mark = seen.next_mark(&self.registry).filter(|_| others);
        if let Some((_, due)) = mark {
            self.await_heads(due);
        }
        if others && (has_grown || mark.is_some_and(is_due)) {
            let root = self.registry.root_at(newest);
            let (origin, size) = (registry, newest);
            heads.extend(root.map(|root| HeadSeen { origin, size, root }));
        }
        if others && has_grown {
            self.unseen
                .extend(self.shared.logs().iter().map(|(origin, _)| origin.clone()));
        }
        for origin in std::mem::take(&mut self.unseen) {
            if origin.member() == self.me.as_str() {
                continue;
            }
            let Some(head) = self.unseen_head(&origin, seen.size_seen(&origin)) else {
                continue;
            };
            let pause = PAUSE_MS.min(self.registry.policy().ctx_grace_ms / PAUSE_OF_GRACE);
            let last = seen.last_seen(&origin);
            let last = last.filter(|(registry, _)| *registry == newest);
            let last = last.filter(|(_, at)| *at <= now);
            let until = last.and_then(|(_, at)| Timestamp::new(at.value() + pause).ok());
            match until.filter(|until| now < *until) {
                Some(until) => {
                    self.unseen.insert(origin);
                    self.await_heads(until);
                }
                None => heads.push(head),
            }
        }
        for origin in self.mandates_ended(&seen) {
            if heads.iter().all(|head| head.origin != origin) {
                heads.push(self.head_held(origin));
            }
        }
        heads
    }

    /// Looks again at this time of the machine's clock, whether or not anything happens until then.
    fn await_heads(&mut self, due: Timestamp) {
        let until = due.value().saturating_sub(self.clock.value());
        let due = self.now.checked_add(Duration::from_millis(until));
        let due = due.unwrap_or(Timestamp::MAX);
        let sooner = self.heads_due.map_or(due, |known| known.min(due));
        self.heads_due = Some(sooner);
    }

    /// Logs into which a member publishes one of whose mandates has been over for longer than the grace,
    /// and of which no head seen says so yet: what they say from now on was not made before. Looked for
    /// once a day, and whenever the registry has grown.
    // spec: TRU-61
    fn mandates_ended(&mut self, seen: &HeadsSeen) -> BTreeSet<Origin> {
        let newest = self.registry.size();
        let day_of = |at| grace_before(at, &self.registry, newest);
        let Some(day) = day_of(self.clock) else {
            return BTreeSet::new();
        };
        if self.mandates_judged == Some((day, newest)) {
            return BTreeSet::new();
        }
        let mut logs = BTreeSet::new();
        for member in self.registry.members() {
            let publisher = member.enrolment().publishes_through;
            let publisher = publisher.unwrap_or_else(|| member.code());
            let ends = member.enrolment().mandates.iter().filter_map(|m| m.until);
            let last = ends.filter(|until| *until < day).max();
            let Some(last) = last.filter(|_| publisher != self.me) else {
                continue;
            };
            let origin = self.genesis.origin(publisher, LogNumber::Statements);
            let told = seen.last_logged(&origin).and_then(day_of);
            if told.is_none_or(|told| told <= last) {
                logs.insert(origin);
            }
        }
        self.mandates_judged = Some((day, newest));
        logs
    }

    /// The head of a log as far as it is held.
    fn head_held(&self, origin: Origin) -> HeadSeen {
        let logs = self.shared.logs();
        let (size, root) = logs.get(&origin).map_or_else(
            || (TreeSize::ZERO, empty_root()),
            |log| (log.size(), log.tree().root()),
        );
        HeadSeen { origin, size, root }
    }

    /// The head of a log, if any leaf beyond a size names an older registry: the first may be a thief's and
    /// name whatever it likes.
    fn unseen_head(&self, origin: &Origin, seen: TreeSize) -> Option<HeadSeen> {
        let logs = self.shared.logs();
        let log = logs.get(origin)?;
        let oldest = log.course().oldest_from(LeafIndex::new(seen.value()))?;
        let stale = log.size() > seen && oldest < self.registry.size();
        stale.then(|| HeadSeen {
            origin: origin.clone(),
            size: log.size(),
            root: log.tree().root(),
        })
    }

    /// Takes down the heads seen among what has become durable.
    pub(super) fn follow_heads_seen(&mut self, durable: &[Durable]) {
        let of_hub = HeadsSeen::log(&self.registry);
        let entries = durable.iter().filter(|d| d.leaf.kind == Kind::HeadSeen);
        let entries = entries.filter(|d| d.verified && d.origin == of_hub);
        let entries = entries.filter_map(|d| Some((d.index, statement_of(&d.body)?)));
        let entries: Vec<(LeafIndex, Statement)> = entries.collect();
        self.keep_heads_seen(entries);
        self.prove_heads_seen();
    }

    /// Heads seen that a thief of the hub's key made count for nothing.
    // spec: TRU-71
    pub(super) fn judge_heads_seen(&self) {
        let mut seen = write(&self.shared.heads_seen);
        if !seen.is_empty() {
            Arc::make_mut(&mut seen).follow_cut_offs(&self.registry);
        }
    }

    fn keep_heads_seen(&mut self, entries: Vec<(LeafIndex, Statement)>) {
        if entries.is_empty() {
            return;
        }
        for (index, statement) in &entries {
            if let Content::HeadSeen(head) = &statement.payload().content {
                self.unproven.insert(*index, head.clone());
            }
        }
        {
            let mut seen = write(&self.shared.heads_seen);
            let entries = entries.iter();
            let entries = entries.map(|(index, statement)| (*index, statement, false));
            Arc::make_mut(&mut seen).extend(entries);
        }
        self.judge_heads_seen();
    }

    /// A log has forked: heads of a branch that is not held here may count for what both have.
    // spec: TRU-71
    pub(super) fn judge_heads_again(&mut self, origin: &Origin) {
        let disproven = std::mem::take(&mut self.disproven);
        let (again, rest) = disproven
            .into_iter()
            .partition(|(_, head)| head.origin == *origin);
        self.disproven = rest;
        self.unproven.extend::<BTreeMap<_, _>>(again);
        self.prove_heads_seen();
    }

    /// Lets the heads count whose leaves are held by now, and drops those that name another history.
    // spec: TRU-71
    fn prove_heads_seen(&mut self) {
        if self.unproven.is_empty() {
            return;
        }
        let (mut proven, mut disproven) = (Vec::new(), Vec::new());
        {
            let (logs, frozen) = (self.shared.logs(), self.shared.frozen());
            self.unproven.retain(|index, head| {
                // Of a log of which nothing is held too.
                if head.size == TreeSize::ZERO {
                    proven.extend((head.root == empty_root()).then_some((*index, head.size)));
                    return false;
                }
                let held = logs.get(&head.origin);
                let held = held.filter(|log| log.size() >= head.size);
                let root = held.and_then(|log| log.tree().root_at(head.size).ok());
                if root == Some(head.root) {
                    proven.push((*index, head.size));
                    return false;
                }
                // Of two branches what they have in common was seen, whichever of them it was.
                let common = frozen.get(&head.origin);
                let common = common.and_then(|fork| TreeSize::new(fork.at.value()).ok());
                let common = common.filter(|common| *common > TreeSize::ZERO);
                if let Some(common) = common.filter(|common| *common < head.size) {
                    proven.push((*index, common));
                    return false;
                }
                if held.is_some() {
                    disproven.push((*index, head.clone()));
                }
                held.is_none()
            });
        }
        self.disproven.extend(disproven);
        if !proven.is_empty() {
            let mut seen = write(&self.shared.heads_seen);
            Arc::make_mut(&mut seen).roots_are_held(&proven);
            self.erasures.recheck();
        }
    }

    /// The heads seen at these positions of the hub's log 0.
    // spec: STO-47
    pub(super) fn restore_heads_seen(
        &mut self,
        found: Vec<(Origin, LeafIndex)>,
    ) -> Result<(), OpenCoreError> {
        let of_hub = HeadsSeen::log(&self.registry);
        let mut entries = Vec::new();
        for (origin, index) in found {
            if origin != of_hub {
                continue;
            }
            match self.shared.read_body(&origin, index) {
                Ok(Some(body)) => entries.extend(statement_of(&body).map(|one| (index, one))),
                Ok(None) | Err(BodyFault::Damaged(_)) => {}
                // Overlooked, statements that it covers would read as late.
                Err(BodyFault::Unavailable { .. }) => {
                    return Err(OpenCoreError::NotNow { origin });
                }
            }
        }
        self.keep_heads_seen(entries);
        self.prove_heads_seen();
        let logs: Vec<Origin> = self.shared.logs().iter().map(|(o, _)| o.clone()).collect();
        self.unseen.extend(logs);
        Ok(())
    }
}

fn statement_of(body: &[u8]) -> Option<Statement> {
    let body = Body::decode(body).ok()?;
    Statement::decode(body.statement()).ok()
}
