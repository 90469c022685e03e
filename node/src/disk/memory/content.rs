//! One file of the simulated disk: what is seen, what is durable, what lies between.

use std::collections::BTreeSet;

use super::FaultEffect;

/// Unit in which a disk writes all or nothing.
const SECTOR_BYTES: usize = 512;

/// The content of one file, as seen and as durable.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) seen: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Shortest length since the last sync, when the file was cut.
    cut: Option<usize>,
}

impl Content {
    pub(super) fn write(&mut self, bytes: &[u8], start: usize) {
        let end = start + bytes.len();
        if bytes.is_empty() {
            return;
        }
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        if let Some(target) = self.seen.get_mut(start..end) {
            target.copy_from_slice(bytes);
        }
        self.dirty
            .extend(start / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
    }

    pub(super) fn truncate(&mut self, length: usize) {
        if length < self.seen.len() {
            self.cut = Some(self.cut.map_or(length, |cut| cut.min(length)));
        }
        self.seen.resize(length, 0);
    }

    pub(super) fn sync(&mut self, effect: FaultEffect) {
        let dirty = std::mem::take(&mut self.dirty);
        let keep = |sector: &usize| match effect {
            FaultEffect::Everything => true,
            FaultEffect::Half => sector.is_multiple_of(2),
            FaultEffect::Nothing => false,
        };
        for sector in dirty.into_iter().filter(keep) {
            self.persist(sector);
        }
        if effect == FaultEffect::Everything {
            if let Some(cut) = self.cut.take() {
                self.cut_durable(cut);
            }
            self.durable.resize(self.seen.len(), 0);
        }
    }

    /// Cuts the durable content where the file was cut, but keeps what was written after.
    fn cut_durable(&mut self, cut: usize) {
        let end = self.durable.len().min(self.seen.len()).max(cut);
        if let (Some(target), Some(source)) =
            (self.durable.get_mut(cut..end), self.seen.get(cut..end))
        {
            target.copy_from_slice(source);
        }
        self.durable.truncate(end);
    }

    fn persist(&mut self, sector: usize) {
        let start = sector * SECTOR_BYTES;
        let end = self.seen.len().min(start + SECTOR_BYTES);
        let Some(source) = self.seen.get(start..end) else {
            return;
        };
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        if let Some(target) = self.durable.get_mut(start..end) {
            target.copy_from_slice(source);
        }
    }

    /// Makes what is seen durable whole.
    pub(super) fn make_durable(&mut self) {
        self.durable.clone_from(&self.seen);
        self.dirty.clear();
        self.cut = None;
    }

    /// What a power loss leaves of this file.
    pub(super) fn settle(&mut self, choose: &mut dyn FnMut() -> u64) {
        if !self.dirty.is_empty() || self.cut.is_some() {
            if let Some(cut) = self.cut.take()
                && choose() & 1 == 1
            {
                self.durable.truncate(cut);
            }
            // None, all, any subset, or those before some point.
            let mode = choose() % 4;
            let dirty = std::mem::take(&mut self.dirty);
            let limit = choose() % (dirty.len() as u64 + 1);
            for (order, sector) in (0..).zip(dirty) {
                let keep = match mode {
                    0 => false,
                    1 => true,
                    2 => choose() & 1 == 1,
                    _ => order < limit,
                };
                if keep {
                    self.persist(sector);
                }
            }
            // The length may have become durable before the sectors it covers.
            if self.durable.len() < self.seen.len() && choose() & 1 == 1 {
                self.durable.resize(self.seen.len(), 0);
            }
        }
        self.seen.clone_from(&self.durable);
    }
}
