//! The last head that a log key signed: the guard against two roots for one size.
//!
//! One small file per log, with two slots written in turn. A signature may leave this machine only
//! after its head is durable here, so a node that lost power, or lost journal records, still knows
//! what it has said. Format: `spec/storage.md`.
//!
//! Each slot also holds the boot and the file in which it was written, so that the caller can tell
//! an interruption from a restored or copied directory ([`SignerState::continuity`]). What follows
//! from that (asking others for the highest head they have seen) is the caller's.
//!
//! Out of scope: signing, and whether a larger head extends the one before.

mod slot;

use std::io;

use thiserror::Error;

use crate::disk::{BootId, Disk, DiskFile, FileIdentity, read_up_to};

use slot::{SLOT_BYTES, Slot, SlotContent, UnknownVersion};

/// Longest checkpoint note that a state keeps, in bytes.
pub const NOTE_BYTES_MAX: usize = 1024;

/// Longest name of a state, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// A tree head: how many leaves, and their root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Count of leaves.
    pub size: u64,
    /// Merkle tree hash at that size.
    pub root: [u8; 32],
}

/// What the state says about the time since the head was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Continuity {
    /// Same boot, same file: the process alone was gone.
    SameBoot,
    /// Same file, but the machine was started anew.
    Rebooted,
    /// The file is not the one that was written: restored, copied or moved to another device.
    CopiedOrRestored,
    /// One slot cannot be read: a write was interrupted, or what it held was lost.
    Doubtful,
    /// Nothing was ever signed here.
    Fresh,
}

/// Why a head was not stored, or a state not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The head contradicts the one signed before: smaller, or another root for the same size.
    #[error("size {} would fork the log: size {} has been signed", refused.size, signed.size)]
    WouldFork {
        /// What was signed before.
        signed: SignedHead,
        /// What was to be signed.
        refused: SignedHead,
    },
    /// The caller expected another head than the state holds; nothing was stored.
    #[error("the signed head is not the expected one")]
    Unexpected {
        /// What the state holds.
        signed: Option<SignedHead>,
    },
    /// The note is longer than [`NOTE_BYTES_MAX`].
    #[error("a note of {bytes} bytes exceeds {NOTE_BYTES_MAX}")]
    NoteTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The name is empty, too long, or has other characters than `a-z 0-9 . _ -`.
    #[error("not a name for a signer state")]
    NameInvalid,
    /// Neither slot can be read: what was signed is unknown.
    #[error("signer state {name} is damaged: neither slot can be read")]
    Damaged {
        /// The file.
        name: String,
    },
    /// A slot has a format version that this program does not know.
    #[error("signer state {name} has format version {version}, this program reads version 1")]
    UnknownVersion {
        /// The file.
        name: String,
        /// The version it names.
        version: u16,
    },
    /// An earlier write failed, so what is on disk is unknown until the state is reopened.
    #[error("the signer state stopped after a failed write and must be reopened")]
    Poisoned,
    /// A file operation failed.
    #[error("signer state {name}: {source}")]
    Io {
        /// The file.
        name: String,
        /// The cause.
        source: io::Error,
    },
}

/// The state of one log. Exactly one exists per file; the directory's lock sees to that.
#[derive(Debug)]
pub struct SignerState<D: Disk> {
    disk: D,
    name: String,
    boot: BootId,
    /// `None` until the first head is stored.
    file: Option<D::File>,
    current: Option<Slot>,
    continuity: Continuity,
    poisoned: bool,
}

impl<D: Disk> SignerState<D> {
    /// Opens the state `signer-<log>.state`; a missing file is a state that never signed.
    ///
    /// # Errors
    /// `NameInvalid`; `Damaged` when a file is there but neither slot can be read;
    /// `UnknownVersion`; `Io`.
    pub fn open(disk: D, log: &str) -> Result<Self, SignerError> {
        let name = file_name(log)?;
        let io = |source| SignerError::Io {
            name: name.clone(),
            source,
        };
        let boot = disk.boot_id().map_err(io)?;
        discard_unfinished(&disk, &name).map_err(io)?;
        let file = match disk.open(&name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let continuity = Continuity::Fresh;
                let (file, current) = (None, None);
                return Ok(Self {
                    disk,
                    name,
                    boot,
                    file,
                    current,
                    continuity,
                    poisoned: false,
                });
            }
            Err(error) => return Err(io(error)),
        };
        let (current, unreadable) = newest(&file, &name)?;
        // After a failed sync the kernel may show a slot that never reached the disk: write it
        // again, as it is, so that what is relied upon below is durable.
        // spec: STO-21
        write_slot(&file, &name, &current).map_err(io)?;
        disk.sync_dir().map_err(io)?;
        let here = Place {
            boot,
            file: file.identity().map_err(io)?,
        };
        let continuity = here.continuity(&current, unreadable);
        let (file, current) = (Some(file), Some(current));
        Ok(Self {
            disk,
            name,
            boot,
            file,
            current,
            continuity,
            poisoned: false,
        })
    }

    /// The last head stored, `None` if there is none.
    #[must_use]
    pub fn head(&self) -> Option<SignedHead> {
        self.current.as_ref().map(|slot| slot.head)
    }

    /// The note stored with the last head; empty if there is none.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        self.current
            .as_ref()
            .map_or(&[], |slot| slot.note.as_slice())
    }

    /// What was found at open. [`Self::confirm`] and a stored head change it to `SameBoot`.
    ///
    /// The caller adds what it knows: a journal that ends before [`Self::head`], or one that has
    /// leaves while this is `Fresh`, is in doubt whatever this says.
    #[must_use]
    pub fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// Stores `new` durably if the state holds `expected`. The note may be sent anywhere after `Ok`.
    ///
    /// # Errors
    /// `WouldFork` when `new` is smaller than the head stored or has another root at its size;
    /// `Unexpected`, `NoteTooLong`: nothing is stored. `Io`: it is unknown whether `new` is
    /// stored, and the state answers `Poisoned` until it is reopened.
    pub fn compare_and_swap(
        &mut self,
        expected: Option<SignedHead>,
        new: SignedHead,
        note: &[u8],
    ) -> Result<(), SignerError> {
        if self.poisoned {
            return Err(SignerError::Poisoned);
        }
        let signed = self.head();
        // spec: STO-15
        if let Some(signed) = signed
            && (new.size < signed.size || (new.size == signed.size && new.root != signed.root))
        {
            return Err(SignerError::WouldFork {
                signed,
                refused: new,
            });
        }
        // spec: STO-16
        if signed != expected {
            return Err(SignerError::Unexpected { signed });
        }
        if note.len() > NOTE_BYTES_MAX {
            return Err(SignerError::NoteTooLong { bytes: note.len() });
        }
        self.store(new, note)
    }

    /// Stores the same head again under the running boot and this file: the safe start is done.
    /// Does nothing for a state that never signed.
    ///
    /// # Errors
    /// `Poisoned`, `Io`, as [`Self::compare_and_swap`].
    pub fn confirm(&mut self) -> Result<(), SignerError> {
        if self.poisoned {
            return Err(SignerError::Poisoned);
        }
        let Some(current) = &self.current else {
            return Ok(());
        };
        let (head, note) = (current.head, current.note.clone());
        self.store(head, &note)
    }

    fn store(&mut self, head: SignedHead, note: &[u8]) -> Result<(), SignerError> {
        self.poisoned = true;
        let sequence = self.current.as_ref().map_or(1, |slot| slot.sequence + 1);
        let (boot, note) = (self.boot, note.to_vec());
        let written = match &self.file {
            Some(file) => {
                file.identity().and_then(|file_identity| {
                    let slot = Slot {
                        sequence,
                        head,
                        boot,
                        file: file_identity,
                        note,
                    };
                    // Crash here -> the other slot is whole and holds the head before -> nothing
                    // was sent for this one; the next open reports `Doubtful` if this is torn.
                    write_slot(file, &self.name, &slot)?;
                    Ok((file.clone(), slot))
                })
            }
            None => self.create(sequence, head, note),
        };
        let (file, slot) = written.map_err(|source| SignerError::Io {
            name: self.name.clone(),
            source,
        })?;
        self.file = Some(file);
        self.current = Some(slot);
        self.continuity = Continuity::SameBoot;
        self.poisoned = false;
        Ok(())
    }

    /// Makes the file under another name and renames it when it is durable, so that a file of this
    /// name always has a whole slot.
    fn create(
        &self,
        sequence: u64,
        head: SignedHead,
        note: Vec<u8>,
    ) -> io::Result<(D::File, Slot)> {
        // spec: STO-18
        let unfinished = unfinished_name(&self.name);
        // Crash here -> perhaps the unfinished file -> the next open removes it.
        let file = self.disk.create(&unfinished)?;
        let slot = Slot {
            sequence,
            head,
            boot: self.boot,
            file: file.identity()?,
            note,
        };
        file.truncate(2 * SLOT_BYTES as u64)?;
        write_slot(&file, &self.name, &slot)?;
        self.disk.rename(&unfinished, &self.name)?;
        // Crash here -> either name, the file whole -> a state with this head, or none; nothing
        // was sent.
        self.disk.sync_dir()?;
        Ok((file, slot))
    }
}

/// Where and when a state is open.
struct Place {
    boot: BootId,
    file: FileIdentity,
}

impl Place {
    fn continuity(&self, slot: &Slot, unreadable: bool) -> Continuity {
        // spec: STO-19
        if slot.file != self.file {
            Continuity::CopiedOrRestored
        } else if unreadable {
            Continuity::Doubtful
        } else if slot.boot != self.boot {
            Continuity::Rebooted
        } else {
            Continuity::SameBoot
        }
    }
}

/// The newest whole slot, and whether the other is lost.
fn newest<F: DiskFile>(file: &F, name: &str) -> Result<(Slot, bool), SignerError> {
    let mut bytes = vec![0; 2 * SLOT_BYTES];
    read_up_to(file, &mut bytes, 0).map_err(|source| SignerError::Io {
        name: name.to_owned(),
        source,
    })?;
    let (first, second) = bytes.split_at(SLOT_BYTES);
    let slots = (read_slot(first, name, 0)?, read_slot(second, name, 1)?);
    match slots {
        (SlotContent::Whole(first), SlotContent::Whole(second)) => {
            // The slots are written in turn, so their numbers are neighbours.
            let neighbours = first.sequence.abs_diff(second.sequence) == 1;
            let newest = if first.sequence > second.sequence {
                first
            } else {
                second
            };
            Ok((newest, !neighbours))
        }
        // The second head goes into the other slot, which is empty only before that.
        (SlotContent::Whole(slot), SlotContent::Empty)
        | (SlotContent::Empty, SlotContent::Whole(slot)) => {
            let unreadable = slot.sequence != 1;
            Ok((slot, unreadable))
        }
        (SlotContent::Whole(slot), SlotContent::Unreadable)
        | (SlotContent::Unreadable, SlotContent::Whole(slot)) => Ok((slot, true)),
        (
            SlotContent::Empty | SlotContent::Unreadable,
            SlotContent::Empty | SlotContent::Unreadable,
        ) => Err(SignerError::Damaged {
            name: name.to_owned(),
        }),
    }
}

fn read_slot(bytes: &[u8], name: &str, number: u64) -> Result<SlotContent, SignerError> {
    match SlotContent::decode(bytes, name) {
        // A whole slot at the wrong place is not what was written there.
        Ok(SlotContent::Whole(slot)) if slot.sequence % 2 != number => Ok(SlotContent::Unreadable),
        Ok(content) => Ok(content),
        Err(UnknownVersion(version)) => Err(SignerError::UnknownVersion {
            name: name.to_owned(),
            version,
        }),
    }
}

/// Slots are used in turn, by the parity of the sequence number.
fn write_slot<F: DiskFile>(file: &F, name: &str, slot: &Slot) -> io::Result<()> {
    file.write_at(&slot.encode(name), slot.sequence % 2 * SLOT_BYTES as u64)?;
    file.sync_data()
}

fn file_name(log: &str) -> Result<String, SignerError> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if log.is_empty() || log.len() > NAME_BYTES_MAX || !log.bytes().all(plain) {
        return Err(SignerError::NameInvalid);
    }
    Ok(format!("signer-{log}.state"))
}

fn unfinished_name(name: &str) -> String {
    format!("{name}.new")
}

fn discard_unfinished<D: Disk>(disk: &D, name: &str) -> io::Result<()> {
    match disk.remove(&unfinished_name(name)) {
        Ok(()) => disk.sync_dir(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::disk::{Fault, FaultEffect, MemoryDisk};

    use super::*;

    fn head(size: u64, root: u8) -> SignedHead {
        SignedHead {
            size,
            root: [root; 32],
        }
    }

    fn open(disk: &MemoryDisk) -> SignerState<MemoryDisk> {
        SignerState::open(disk.clone(), "log").unwrap()
    }

    /// Stores sizes 1 to `count` and returns the disk.
    fn signed_up_to(count: u64) -> MemoryDisk {
        let disk = MemoryDisk::new();
        let mut state = open(&disk);
        for size in 1..=count {
            let note = format!("note {size}");
            state
                .compare_and_swap(state.head(), head(size, 1), note.as_bytes())
                .unwrap();
        }
        disk
    }

    // spec: STO-15
    #[test]
    fn head_that_would_fork_is_refused() {
        let disk = signed_up_to(5);
        let mut state = open(&disk);
        let signed = head(5, 1);
        for refused in [head(4, 1), head(5, 2), head(0, 0)] {
            let result = state.compare_and_swap(Some(signed), refused, b"");
            assert!(matches!(
                result,
                Err(SignerError::WouldFork { signed: s, refused: r }) if s == signed && r == refused
            ));
        }
        assert_eq!(state.head(), Some(signed));
        assert_eq!(state.note(), b"note 5");
    }

    // spec: STO-16
    #[test]
    fn head_is_stored_only_over_the_expected_one() {
        let disk = signed_up_to(5);
        let mut state = open(&disk);
        for expected in [None, Some(head(4, 1)), Some(head(5, 2))] {
            let result = state.compare_and_swap(expected, head(6, 1), b"");
            assert!(matches!(
                result,
                Err(SignerError::Unexpected { signed: Some(_) })
            ));
        }
        state
            .compare_and_swap(Some(head(5, 1)), head(5, 1), b"again")
            .unwrap();
        assert_eq!(open(&disk).note(), b"again");
        let long = [0; NOTE_BYTES_MAX + 1];
        assert!(matches!(
            state.compare_and_swap(Some(head(5, 1)), head(6, 1), &long),
            Err(SignerError::NoteTooLong { bytes: 1025 })
        ));
        state
            .compare_and_swap(Some(head(5, 1)), head(6, 1), &long[..NOTE_BYTES_MAX])
            .unwrap();
        assert_eq!(open(&disk).note().len(), NOTE_BYTES_MAX);
    }

    // spec: STO-15, STO-16, STO-18, STO-21
    #[test]
    fn stored_head_survives_a_failure_at_any_call_and_a_power_loss() {
        let mut seed = 1_u64;
        let mut choose = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 33
        };
        let effects = [
            FaultEffect::Nothing,
            FaultEffect::Half,
            FaultEffect::Everything,
        ];
        for after_calls in 0..40 {
            for effect in effects {
                for power_loss in [false, true] {
                    for _ in 0..8 {
                        let disk = MemoryDisk::new();
                        disk.fail(Fault {
                            after_calls,
                            effect,
                            lasting: true,
                        });
                        let acknowledged = sign_until_failure(&disk);
                        if power_loss {
                            disk.crash(&mut choose);
                        } else {
                            disk.kill();
                        }
                        let size = open(&disk).head().map_or(0, |head| head.size);
                        // What an open reports must be durable, also after a failed sync.
                        disk.crash(&mut || 0);
                        let mut state = open(&disk);
                        assert_eq!(state.head().map_or(0, |head| head.size), size);
                        assert!(size == acknowledged || size == acknowledged + 1);
                        state
                            .compare_and_swap(state.head(), head(size + 1, 1), b"")
                            .unwrap();
                        disk.crash(&mut || 0);
                        assert_eq!(open(&disk).head(), Some(head(size + 1, 1)));
                    }
                }
            }
        }
    }

    fn sign_until_failure(disk: &MemoryDisk) -> u64 {
        let Ok(mut state) = SignerState::open(disk.clone(), "log") else {
            return 0;
        };
        for size in 1..6 {
            let result = state.compare_and_swap(state.head(), head(size, 1), b"note");
            if result.is_err() {
                let again = state.compare_and_swap(state.head(), head(size, 1), b"note");
                assert!(matches!(again, Err(SignerError::Poisoned)));
                assert!(matches!(state.confirm(), Err(SignerError::Poisoned)));
                return size - 1;
            }
        }
        5
    }

    // spec: STO-17, STO-19
    #[test]
    fn flipped_bit_falls_back_to_the_other_slot_and_leaves_doubt() {
        let disk = signed_up_to(4);
        for bit in 0..2 * SLOT_BYTES * 8 {
            let flip = |bytes: &mut Vec<u8>| bytes[bit / 8] ^= 1 << (bit % 8);
            disk.edit("signer-log.state", flip);
            let state = open(&disk);
            // Size 4 lies in slot 0.
            let expected = if bit / 8 < SLOT_BYTES { 3 } else { 4 };
            assert_eq!(state.head(), Some(head(expected, 1)));
            assert_eq!(state.continuity(), Continuity::Doubtful);
            disk.edit("signer-log.state", flip);
        }
        assert_eq!(open(&disk).continuity(), Continuity::SameBoot);
    }

    // spec: STO-17
    #[test]
    fn file_without_a_whole_slot_is_refused() {
        let disk = signed_up_to(4);
        let both = disk.restored_copy();
        both.edit("signer-log.state", |bytes| {
            bytes[20] ^= 1;
            bytes[SLOT_BYTES + 20] ^= 1;
        });
        let empty = disk.restored_copy();
        empty.edit("signer-log.state", Vec::clear);
        let swapped = disk.restored_copy();
        swapped.edit("signer-log.state", |bytes| bytes.rotate_left(SLOT_BYTES));
        let renamed = disk.restored_copy();
        renamed
            .rename("signer-log.state", "signer-other.state")
            .unwrap();
        for (disk, log) in [
            (both, "log"),
            (empty, "log"),
            (swapped, "log"),
            (renamed, "other"),
        ] {
            let result = SignerState::open(disk, log);
            assert!(matches!(result, Err(SignerError::Damaged { .. })));
        }
    }

    // spec: STO-19
    #[test]
    fn continuity_tells_restart_reboot_copy_and_torn_write_apart() {
        let disk = MemoryDisk::new();
        assert_eq!(open(&disk).continuity(), Continuity::Fresh);
        let disk = signed_up_to(3);
        disk.kill();
        assert_eq!(open(&disk).continuity(), Continuity::SameBoot);
        let copy = disk.restored_copy();
        assert_eq!(open(&copy).continuity(), Continuity::CopiedOrRestored);
        disk.crash(&mut || 0);
        let mut state = open(&disk);
        assert_eq!(state.continuity(), Continuity::Rebooted);
        state.confirm().unwrap();
        assert_eq!(state.continuity(), Continuity::SameBoot);
        drop(state);
        disk.kill();
        let state = open(&disk);
        assert_eq!(state.continuity(), Continuity::SameBoot);
        assert_eq!(
            (state.head(), state.note()),
            (Some(head(3, 1)), b"note 3".as_slice())
        );
        drop(state);
        // Size 3, confirmed, is sequence 4 in slot 0; losing slot 1 loses an older head only, but
        // which of the two was newer can no longer be known.
        disk.edit("signer-log.state", |bytes| bytes[SLOT_BYTES + 700] ^= 1);
        assert_eq!(open(&disk).continuity(), Continuity::Doubtful);
    }

    #[test]
    fn name_that_is_not_plain_is_refused() {
        for log in ["", "a/b", "Log", "a b", &"a".repeat(65)] {
            let result = SignerState::open(MemoryDisk::new(), log);
            assert!(matches!(result, Err(SignerError::NameInvalid)), "{log}");
        }
    }

    #[test]
    fn real_file_keeps_its_head_over_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let disk = crate::disk::RealDisk::open(root.path()).unwrap();
        let mut state = SignerState::open(disk.clone(), "0").unwrap();
        state.compare_and_swap(None, head(1, 1), b"one").unwrap();
        state
            .compare_and_swap(Some(head(1, 1)), head(9, 2), b"nine")
            .unwrap();
        drop(state);
        let state = SignerState::open(disk, "0").unwrap();
        assert_eq!(
            (state.head(), state.note()),
            (Some(head(9, 2)), b"nine".as_slice())
        );
        assert_eq!(state.continuity(), Continuity::SameBoot);
    }
}
