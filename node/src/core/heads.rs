//! Which of the heads that the ledger tells of a start needs.
//!
//! The newest of each log, and for every witness the largest that it cosigned and that which it cosigned
//! last by its clock: the newest may have no cosignature yet, and what a quorum has cosigned before it
//! would else read as never witnessed. A clock that was put back makes the last of a smaller head.

use std::collections::BTreeMap;

use concordat_protocol::exchange::{World, verify_head};
use concordat_protocol::log::note::Note;
use concordat_protocol::log::{Cosignature, CosignatureTime, Origin, TreeSize, VerifiedCheckpoint};

use crate::core::Core;
use crate::disk::Disk;

/// Heads of one log as they were recorded; nothing is verified here.
#[derive(Debug, Default)]
pub(super) struct RecordedHeads {
    notes: BTreeMap<TreeSize, Vec<u8>>,
    /// By the name of whoever signed a line.
    signed: BTreeMap<String, Signed>,
}

/// The heads under lines by one name that are needed.
#[derive(Debug)]
struct Signed {
    largest: TreeSize,
    /// The newest time of a cosignature, and the size under it; the log's own lines have none.
    newest: Option<(CosignatureTime, TreeSize)>,
}

impl Signed {
    fn needs(&self, size: TreeSize) -> bool {
        self.largest == size || self.newest.is_some_and(|(_, newest)| newest == size)
    }
}

impl RecordedHeads {
    /// Takes in a recorded note, the later one for a size in place of the earlier.
    pub(super) fn take(&mut self, size: TreeSize, note: &[u8]) {
        let Ok(signed) = Note::parse(note) else {
            return;
        };
        for line in signed.lines() {
            let time = Cosignature::try_from(line).ok().map(|line| line.time());
            let at = time.map(|time| (time, size));
            let known = self.signed.entry(line.key_name().as_str().to_owned());
            let known = known.or_insert(Signed {
                largest: size,
                newest: at,
            });
            known.largest = known.largest.max(size);
            known.newest = known.newest.max(at);
        }
        // The log's own line is on all of them, so the newest is among these.
        let signed = &self.signed;
        self.notes.insert(size, note.to_vec());
        self.notes
            .retain(|size, _| signed.values().any(|signed| signed.needs(*size)));
    }
}

impl<D: Disk> Core<D> {
    /// The heads of a log to begin with, by size: those of the journal with their cosignatures, and our
    /// own signer's where it is newer.
    // spec: EXC-17
    pub(super) fn restored_heads(
        &self,
        origin: &Origin,
        recorded: Option<&RecordedHeads>,
    ) -> Vec<VerifiedCheckpoint> {
        let notes = recorded.into_iter().flat_map(|heads| heads.notes.values());
        let mut heads: Vec<_> = notes
            .filter_map(|note| self.restored_head(origin, note))
            .filter(|head| self.is_of_what_is_held(head))
            .collect();
        let signed = self.signer_states.get(origin);
        let signed = signed.and_then(|state| self.restored_head(origin, state.note()));
        let newest = heads.last().map(VerifiedCheckpoint::size);
        heads.extend(signed.filter(|signed| newest.is_none_or(|newest| signed.size() > newest)));
        heads
    }

    /// A head whose leaves are held, if its log has signed it.
    fn restored_head(&self, origin: &Origin, note: &[u8]) -> Option<VerifiedCheckpoint> {
        let logs = self.shared.logs();
        let world = World {
            now: self.now,
            clock: self.clock,
            registry: &self.registry,
            logs: &*logs,
        };
        let head = verify_head(world, note).filter(|head| head.origin() == origin)?;
        (head.size() <= logs.get(origin)?.size()).then_some(head)
    }

    fn is_of_what_is_held(&self, head: &VerifiedCheckpoint) -> bool {
        let logs = self.shared.logs();
        let root = logs
            .get(head.origin())
            .map(|log| log.tree().root_at(head.size()));
        root.is_some_and(|root| root.as_ref() == Ok(head.root()))
    }
}

#[cfg(test)]
mod tests {
    use concordat_protocol::log::{
        Checkpoint, CosignatureTime, Hash, VerifiedCosignature, WitnessName,
    };
    use ed25519_dalek::SigningKey;

    use super::*;

    fn note(size: u64, witnesses: &[&str]) -> Vec<u8> {
        note_at(size, witnesses, size)
    }

    /// With cosignatures of a time in Unix seconds.
    fn note_at(size: u64, witnesses: &[&str], seconds: u64) -> Vec<u8> {
        let genesis = format!("test-{}", "0".repeat(64));
        let origin = format!("{genesis}/11310000MB00000009/0").parse().unwrap();
        let size = TreeSize::new(size).unwrap();
        let head = Checkpoint::new(origin, size, Hash::from_bytes([1; 32])).unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut head = VerifiedCheckpoint::sign(&head, &key).unwrap();
        for member in witnesses {
            let name: WitnessName = format!("{genesis}/{member}/witness").parse().unwrap();
            let time = CosignatureTime::from_unix_seconds(seconds).unwrap();
            let cosignature = VerifiedCosignature::sign(&head, name, time, &key).unwrap();
            head.add_cosignature(&cosignature).unwrap();
        }
        head.to_bytes()
    }

    // spec: EXC-17
    #[test]
    fn newest_head_and_the_largest_of_each_witness_are_kept() {
        let [first, second] = ["11310000MB00000009", "11230000000000000M"];
        let mut heads = RecordedHeads::default();
        let mut take = |size, witnesses: &[&str]| {
            heads.take(TreeSize::new(size).unwrap(), &note(size, witnesses));
            let kept = heads.notes.keys().map(|size| size.value());
            kept.collect::<Vec<_>>()
        };
        assert_eq!(take(1, &[]), [1]);
        assert_eq!(take(2, &[first, second]), [2]);
        assert_eq!(take(3, &[first]), [2, 3]);
        assert_eq!(take(5, &[]), [2, 3, 5]);
        // A cosignature that comes late.
        assert_eq!(take(4, &[second]), [3, 4, 5]);
        assert_eq!(take(5, &[first, second]), [5]);
        assert_eq!(
            heads.notes.values().next(),
            Some(&note(5, &[first, second]))
        );
    }

    // spec: EXC-17
    #[test]
    fn head_cosigned_last_by_the_clock_is_kept_beside_a_larger_one() {
        let [first, second] = ["11310000MB00000009", "11230000000000000M"];
        let mut heads = RecordedHeads::default();
        let mut take = |size, witnesses: &[&str], seconds| {
            let note = note_at(size, witnesses, seconds);
            heads.take(TreeSize::new(size).unwrap(), &note);
            let kept = heads.notes.keys().map(|size| size.value());
            kept.collect::<Vec<_>>()
        };
        // The clocks are a year ahead, then put right.
        assert_eq!(take(2, &[first, second], 31_536_000), [2]);
        assert_eq!(take(3, &[first, second], 100), [2, 3]);
        assert_eq!(take(4, &[first], 200), [2, 3, 4]);
        assert_eq!(take(5, &[first, second], 31_536_001), [5]);
    }
}
