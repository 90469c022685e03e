//! Bodies that a change of the catalogue entitles this node to: they are asked for after all.

use std::collections::BTreeMap;

use concordat_protocol::exchange::Gaps;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Kind, Leaf};
use concordat_protocol::trust::Registry;

use crate::core::Core;
use crate::core::ledger::BodyMark;
use crate::core::logs::{BodyState, read_leaves};
use crate::disk::Disk;

impl<D: Disk> Core<D> {
    /// Wants the bodies that were withheld for want of entitlement and need not be any more. With the registry `before` a change, those that it withheld; without, at a start, those
    /// that a holder refused in an earlier life.
    // spec: EXC-25
    pub(super) fn want_entitled(&mut self, before: Option<&Registry>) {
        let mut wanted: BTreeMap<(Origin, bool), Gaps> = BTreeMap::new();
        {
            let logs = self.shared.logs();
            for (origin, log) in logs.iter() {
                let refused = |index| match log.body(index) {
                    BodyState::Absent(Absence::NotEntitled) => true,
                    BodyState::Missing => before.is_some(),
                    BodyState::Held(_)
                    | BodyState::Damaged
                    | BodyState::None
                    | BodyState::Refused(_)
                    | BodyState::Absent(_) => false,
                };
                let positions = 0..log.size().value();
                let positions = positions.filter(|position| refused(LeafIndex::new(*position)));
                for (begin, end) in runs(positions) {
                    let records = log.records(begin, end);
                    let leaves = read_leaves(
                        &self.shared.reader,
                        &self.shared.damage,
                        &records,
                        begin,
                        end,
                    );
                    for (position, leaf) in (begin..end).zip(leaves) {
                        let Ok(leaf) = Leaf::decode(&leaf) else {
                            continue;
                        };
                        if self.newly_entitled(before, origin, &leaf) {
                            let is_data = leaf.kind == Kind::Data;
                            let gaps = wanted.entry((origin.clone(), is_data)).or_default();
                            gaps.insert(position, position + 1);
                        }
                    }
                }
            }
        }
        for ((origin, is_data), gaps) in wanted {
            self.exchange.want(&origin, gaps, is_data);
        }
    }

    /// What is known beforehand of the bodies of leaves: of data that this node is not entitled to none
    /// will come, and none is waited for. Empty where there is no such.
    // spec: EXC-92
    pub(super) fn withheld(&self, origin: &Origin, leaves: &[&[u8]]) -> Vec<BodyMark> {
        let mark = |leaf: &&[u8]| {
            let leaf = Leaf::decode(leaf)
                .ok()
                .filter(|leaf| leaf.kind == Kind::Data)?;
            let known = self.registry.visibility_class(leaf.vis).is_some();
            let entitled = self.registry.entitled(leaf.vis, origin, self.me);
            (known && !entitled).then_some(BodyMark::Absent(Absence::NotEntitled))
        };
        let marks: Vec<Option<BodyMark>> = leaves.iter().map(mark).collect();
        match marks.iter().any(Option::is_some) {
            true => marks
                .into_iter()
                .map(|mark| mark.unwrap_or(BodyMark::Unknown))
                .collect(),
            false => Vec::new(),
        }
    }

    fn newly_entitled(&self, before: Option<&Registry>, origin: &Origin, leaf: &Leaf) -> bool {
        // Whom they concern does not change, but who reads all of them does.
        // spec: EXC-111
        if leaf.kind.is_between_parties() {
            let withheld = before.is_none_or(|registry| !registry.oversees(self.me));
            return withheld && self.registry.oversees(self.me);
        }
        // What an unknown class withheld has been asked for all along.
        let withheld = before.is_none_or(|registry| {
            let known = registry.visibility_class(leaf.vis).is_some();
            known && !registry.entitled(leaf.vis, origin, self.me)
        });
        let entitled = self.registry.entitled(leaf.vis, origin, self.me);
        leaf.kind != Kind::ActsMap && withheld && entitled
    }
}

/// Ascending positions as the runs [begin, end) of neighbours.
fn runs(positions: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for position in positions {
        match runs.last_mut() {
            Some((_, end)) if *end == position => *end += 1,
            Some(_) | None => runs.push((position, position + 1)),
        }
    }
    runs
}
