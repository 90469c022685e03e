//! Our view of one log, foreign or our own.

use std::collections::BTreeMap;

use crate::exchange::Gaps;
use crate::limits;
use crate::log::{
    CompactRange, Cosignature, Hash, LeafIndex, Origin, TreeSize, VerifiedCheckpoint,
};
use crate::message::{BodyFilter, FrontierEntry, Vouched};
use crate::statement::CtxCourse;
use crate::subject::AuthorityCode;
use crate::time::Timestamp;

/// Heads kept with their cosignatures, newest first to go last.
const HEADS_KEPT: usize = 8;
/// Cosignatures kept of each cosigner over leaves that are not held yet, the largest sizes.
const EARLY_SIZES_MAX: usize = 8;

/// How far a log is witnessed and when its quorum last said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Leaves below this size are under a quorum of cosignatures.
    pub size: TreeSize,
    /// The newest instant at which the whole quorum had cosigned, by the witnesses' clocks.
    pub at: Option<Timestamp>,
    /// What that would be if times counted that the clock here has yet to reach, where it would be one
    /// of them.
    pub ahead: Option<Timestamp>,
}

/// What one cosigner has said of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cosigned {
    /// The largest size that it cosigned and that fits our leaves.
    pub(super) size: TreeSize,
    /// The newest time that counts.
    pub(super) at: Option<Timestamp>,
    /// The soonest that the clock here has yet to reach, of those since.
    pub(super) ahead: Option<Timestamp>,
}

impl Cosigned {
    /// What it has said with one more cosignature.
    // spec: EXC-16, EXC-78, EXC-79
    pub(super) fn and(self, size: TreeSize, time: Timestamp, now: Timestamp) -> Self {
        let size = self.size.max(size);
        if is_ahead(time, now) {
            let ahead = Some(self.ahead.map_or(time, |known| known.min(time)));
            return Self {
                size,
                ahead,
                ..self
            };
        }
        match self.at < Some(time) {
            true => Self {
                size,
                at: Some(time),
                ahead: None,
            },
            false => Self { size, ..self },
        }
    }

    /// The time that was ahead counts where the clock has reached it.
    fn ripen(&mut self, now: Timestamp) -> bool {
        let ripe = self.ahead.filter(|ahead| !is_ahead(*ahead, now));
        if ripe.is_some() {
            self.at = self.at.max(ripe);
            self.ahead = None;
        }
        ripe.is_some()
    }
}

/// Whether the clock has yet to reach the time of a cosignature.
// spec: EXC-78
pub(super) fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.value() > now.value().saturating_add(limits::COSIGNATURE_AHEAD_MAX_MS)
}

/// A log as it was found in storage at start.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The log.
    pub origin: Origin,
    /// Whether it is one of our own.
    pub own: bool,
    /// The right edge over the leaves held.
    pub range: CompactRange,
    /// How the registry size went in them.
    pub course: CtxCourse,
    /// Adopted heads with their cosignatures: the newest, and those that carry the largest sizes
    /// that witnesses have cosigned.
    pub heads: Vec<VerifiedCheckpoint>,
    /// Acts and the like whose bodies are missing.
    pub act_gaps: Gaps,
    /// Data whose bodies are missing.
    pub data_gaps: Gaps,
}

/// Our view of one log.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) own: bool,
    pub(super) recovering: bool,
    pub(super) frozen: bool,
    /// How the registry size went in the leaves that are staged.
    pub(super) course: CtxCourse,
    /// Verified leaves, stored or about to be.
    pub(super) staged: CompactRange,
    pub(super) durable: TreeSize,
    pub(super) durable_root: Option<Hash>,
    /// Newest adopted heads, by size.
    pub(super) heads: BTreeMap<TreeSize, VerifiedCheckpoint>,
    /// A signed head beyond what is staged.
    pub(super) target: Option<VerifiedCheckpoint>,
    /// A still newer one, learnt while leaves up to the target are on their way.
    pub(super) newer: Option<VerifiedCheckpoint>,
    pub(super) leaf_request: bool,
    pub(super) body_requests: usize,
    pub(super) act_gaps: Gaps,
    pub(super) data_gaps: Gaps,
    /// Acts and data that were asked for in vain, and are asked for again after what was not.
    pub(super) acts_again: Gaps,
    pub(super) data_again: Gaps,
    /// Bodies that somebody has been asked for, until the answer.
    pub(super) asked: Gaps,
    /// Bodies that were held and are lost: whoever does not give one is asked again.
    pub(super) lost: Gaps,
    /// Bodies signed under a registry that has not arrived.
    pub(super) waiting: Gaps,
    /// Acts and data that whoever was asked did not hold, until they are asked for again.
    pub(super) resting_acts: Gaps,
    pub(super) resting_data: Gaps,
    pub(super) rest_ends: Option<Timestamp>,
    /// Bodies that whoever was asked for them did not give.
    pub(super) lacked: Gaps,
    /// Those of them for which a body came that does not fit the leaf.
    pub(super) unfit: Gaps,
    /// Data that is not given to us while we are suspended.
    pub(super) withheld: Gaps,
    /// How often bodies are being stored, and which.
    pub(super) storing_bodies: usize,
    pub(super) storing: Gaps,
    /// What each witness has said of it.
    pub(super) cosigned: BTreeMap<AuthorityCode, Cosigned>,
    pub(super) witnessed: Witnessed,
    /// Fingerprint of those of them that the policy counts.
    pub(super) vouched: Vouched,
    /// Cosignatures that cosigners of the policy made over heads that we have not reached, by size.
    pub(super) early: BTreeMap<AuthorityCode, BTreeMap<TreeSize, (Hash, Cosignature)>>,
}

impl Replica {
    pub(super) fn empty(own: bool) -> Self {
        Self {
            own,
            recovering: false,
            frozen: false,
            course: CtxCourse::default(),
            staged: CompactRange::new(),
            durable: TreeSize::ZERO,
            durable_root: None,
            heads: BTreeMap::new(),
            target: None,
            newer: None,
            leaf_request: false,
            body_requests: 0,
            act_gaps: Gaps::default(),
            data_gaps: Gaps::default(),
            acts_again: Gaps::default(),
            data_again: Gaps::default(),
            asked: Gaps::default(),
            lost: Gaps::default(),
            waiting: Gaps::default(),
            resting_acts: Gaps::default(),
            resting_data: Gaps::default(),
            lacked: Gaps::default(),
            unfit: Gaps::default(),
            rest_ends: None,
            withheld: Gaps::default(),
            storing_bodies: 0,
            storing: Gaps::default(),
            cosigned: BTreeMap::new(),
            witnessed: Witnessed {
                size: TreeSize::ZERO,
                at: None,
                ahead: None,
            },
            vouched: Vouched::default(),
            early: BTreeMap::new(),
        }
    }

    pub(super) fn restored(log: Restored) -> Self {
        let heads = log
            .heads
            .into_iter()
            .map(|head| (head.size(), head))
            .collect();
        // What we wrote ourselves was held once.
        let mut lost = Gaps::default();
        for gaps in [&log.act_gaps, &log.data_gaps] {
            for (begin, end) in gaps.ranges().filter(|_| log.own) {
                lost.insert(begin, end);
            }
        }
        Self {
            lost,
            durable: log.range.size(),
            durable_root: log.range.root().ok(),
            staged: log.range,
            course: log.course,
            heads,
            act_gaps: log.act_gaps,
            data_gaps: log.data_gaps,
            ..Self::empty(log.own)
        }
    }

    /// Whether it is one of our own.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// Whether it is frozen after a fork.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Leaves held durably.
    #[must_use]
    pub const fn durable(&self) -> TreeSize {
        self.durable
    }

    /// The newest adopted head.
    #[must_use]
    pub fn head(&self) -> Option<&VerifiedCheckpoint> {
        self.heads.values().next_back()
    }

    /// The newest head that is known by its signature, adopted or not: how far behind we are.
    #[must_use]
    pub fn known_size(&self) -> TreeSize {
        let heads = self.target.iter().chain(&self.newer);
        let sizes = heads.map(VerifiedCheckpoint::size);
        sizes.fold(self.durable, TreeSize::max)
    }

    /// Adopted heads that are kept with their cosignatures, by size.
    #[must_use]
    pub const fn heads(&self) -> &BTreeMap<TreeSize, VerifiedCheckpoint> {
        &self.heads
    }

    /// How far it is witnessed.
    #[must_use]
    pub const fn witnessed(&self) -> Witnessed {
        self.witnessed
    }

    /// How many bodies are wanted and missing.
    #[must_use]
    pub fn bodies_missing(&self) -> u64 {
        self.missing().iter().map(|gaps| gaps.count()).sum()
    }

    /// Up to where no wanted body is missing.
    #[must_use]
    pub fn bodies_complete(&self) -> TreeSize {
        if self.body_requests > 0 || self.storing_bodies > 0 {
            return TreeSize::ZERO;
        }
        let missing = self.missing();
        let first = missing.iter().filter_map(|gaps| gaps.first()).min();
        first
            .and_then(|first| TreeSize::new(first).ok())
            .unwrap_or(self.durable)
    }

    /// Up to where others may ask for bodies: what nobody gives does not keep back what lies behind it.
    // spec: EXC-93, EXC-100
    fn bodies_offered(&self) -> TreeSize {
        let beyond = |gaps: &&Gaps| {
            let ranges = gaps.ranges();
            let mut first = ranges.filter_map(|(begin, end)| self.lacked.first_outside(begin, end));
            first.next()
        };
        let missing = self.missing();
        let open = missing.iter().copied().chain([&self.asked, &self.storing]);
        let first = open.filter_map(|gaps| beyond(&gaps)).min();
        let size = first.and_then(|first| TreeSize::new(first).ok());
        size.unwrap_or(self.durable)
    }

    pub(super) const fn missing(&self) -> [&Gaps; 7] {
        [
            &self.act_gaps,
            &self.data_gaps,
            &self.acts_again,
            &self.data_again,
            &self.waiting,
            &self.resting_acts,
            &self.resting_data,
        ]
    }

    /// Whether the body of a position is wanted, asked for or being stored.
    pub(super) fn awaits(&self, index: LeafIndex) -> bool {
        let missing = self.missing().into_iter();
        let mut open = missing.chain([&self.asked, &self.storing]);
        open.any(|gaps| gaps.contains(index.value()))
    }

    /// The position is settled or will be asked for in another way.
    pub(super) fn forget_gap(&mut self, position: u64) {
        for gaps in [
            &mut self.act_gaps,
            &mut self.data_gaps,
            &mut self.acts_again,
            &mut self.data_again,
            &mut self.waiting,
            &mut self.resting_acts,
            &mut self.resting_data,
            &mut self.withheld,
        ] {
            gaps.remove(position, position + 1);
        }
    }

    /// What rested is wanted again, after what nobody has been asked for yet.
    // spec: EXC-101
    pub(super) fn end_rest(&mut self) {
        self.rest_ends = None;
        while let Some((begin, end)) = self.resting_acts.take_first(u64::MAX) {
            self.acts_again.insert(begin, end);
        }
        while let Some((begin, end)) = self.resting_data.take_first(u64::MAX) {
            self.data_again.insert(begin, end);
        }
    }

    /// The bodies to ask for: what nobody has been asked for yet, or else what was asked for in vain.
    pub(super) const fn wanted(&mut self, filter: BodyFilter, again: bool) -> &mut Gaps {
        match (filter, again) {
            (BodyFilter::Acts, false) => &mut self.act_gaps,
            (BodyFilter::Acts, true) => &mut self.acts_again,
            (BodyFilter::All, false) => &mut self.data_gaps,
            (BodyFilter::All, true) => &mut self.data_again,
        }
    }

    /// Learns of a head beyond the leaves held. A head whose leaves are on their way stays the
    /// target: a log that grows faster than its leaves come in would otherwise never be caught up.
    pub(super) fn aim(&mut self, head: VerifiedCheckpoint) {
        let place = match self.leaf_request {
            true => &mut self.newer,
            false => &mut self.target,
        };
        if place
            .as_ref()
            .is_none_or(|known| known.size() < head.size())
        {
            *place = Some(head);
        }
    }

    /// Keeps a cosignature over leaves that are not held yet, among the few of the largest sizes by the
    /// same cosigner, which alone can push them out.
    // spec: EXC-76
    pub(super) fn keep_early(
        &mut self,
        cosigner: AuthorityCode,
        (size, root): (TreeSize, Hash),
        cosignature: Cosignature,
    ) {
        let sizes = self.early.entry(cosigner).or_default();
        sizes.insert(size, (root, cosignature));
        while sizes.len() > EARLY_SIZES_MAX {
            sizes.pop_first();
        }
    }

    /// Takes out the cosignatures that were kept and whose leaves are held now.
    pub(super) fn take_early(&mut self) -> Vec<(TreeSize, Hash, Cosignature)> {
        let mut due = Vec::new();
        let Ok(beyond) = TreeSize::new(self.durable.value().saturating_add(1)) else {
            return due;
        };
        for sizes in self.early.values_mut() {
            let later = sizes.split_off(&beyond);
            let ready = std::mem::replace(sizes, later).into_iter();
            due.extend(ready.map(|(size, (root, cosignature))| (size, root, cosignature)));
        }
        self.early.retain(|_, sizes| !sizes.is_empty());
        due
    }

    /// Lets times count that the clock has reached; whether there were any.
    // spec: EXC-78
    pub(super) fn ripen(&mut self, now: Timestamp) -> bool {
        let cosigned = self.cosigned.values_mut();
        cosigned.fold(false, |any, said| said.ripen(now) | any)
    }

    /// The kept heads, up to a size, that carry what cosigners last vouched for.
    pub(super) fn cosigned_heads(&self, up_to: TreeSize) -> Vec<VerifiedCheckpoint> {
        let largest: Vec<TreeSize> = self.cosigned.values().map(|said| said.size).collect();
        let heads = self.heads.range(..=up_to);
        let heads = heads.filter(|(size, _)| largest.contains(size));
        heads.map(|(_, head)| head.clone()).collect()
    }

    /// No leaves are on their way any more.
    pub(super) fn end_leaf_request(&mut self) {
        self.leaf_request = false;
        if let Some(newer) = self.newer.take()
            && newer.size() > self.staged.size()
        {
            self.aim(newer);
        }
    }

    pub(super) fn entry(&self, origin: &Origin) -> Option<FrontierEntry> {
        let root = self
            .durable_root
            .filter(|_| self.durable > TreeSize::ZERO)?;
        let bodies = self.bodies_offered();
        Some(FrontierEntry {
            origin: origin.clone(),
            size: self.durable,
            root,
            bodies,
            vouched: self.vouched,
        })
    }

    pub(super) fn adopt(&mut self, head: VerifiedCheckpoint) {
        self.heads.insert(head.size(), head);
        while self.heads.len() > HEADS_KEPT {
            // The newest stays, and the newest witnessed one: proofs are made from it. So do those that
            // carry what each witness last cosigned: it may have to be told.
            let newest = self.heads.keys().next_back();
            let witnessed = self.heads.range(..=self.witnessed.size).next_back();
            let keep = [newest, witnessed.map(|(size, _)| size)];
            let cosigned = |size: &TreeSize| {
                let mut largest = self.cosigned.values().map(|said| said.size);
                largest.any(|largest| largest == *size)
            };
            let mut sizes = self.heads.keys();
            let drop = sizes.find(|size| !keep.contains(&Some(*size)) && !cosigned(size));
            match drop.copied() {
                Some(size) => self.heads.remove(&size),
                None => break,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(size: u64) -> TreeSize {
        TreeSize::new(size).unwrap()
    }

    /// A hub that lacked one body said that it had none behind it, and nobody asked it for those.
    // spec: EXC-93
    #[test]
    fn bodies_behind_one_that_nobody_has_are_offered() {
        let mut replica = Replica::empty(false);
        replica.durable = size(10);
        replica.data_gaps.insert(3, 4);
        assert_eq!(replica.bodies_offered(), size(3));
        replica.lacked.insert(3, 4);
        assert_eq!(replica.bodies_offered(), size(10));
        replica.act_gaps.insert(2, 7);
        replica.resting_data.insert(8, 9);
        replica.lacked.insert(2, 5);
        assert_eq!(replica.bodies_offered(), size(5));
        assert_eq!(replica.bodies_complete(), size(2));
    }
}
