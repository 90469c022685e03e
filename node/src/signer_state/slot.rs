//! One of the two slots of a signer state.
//!
//! ```text
//!   0  magic "concords"          24 tree size u64        88 inode u64
//!   8  format version u16 = 1    32 root [32]            96 note, then zeros
//!  10  note length u16           64 boot id [16]       2016 SHA-256 over file name, NUL
//!  12  zeros [4]                 80 device u64               and bytes 0..2016
//!  16  sequence u64                                          big-endian throughout
//! ```
//!
//! SHA-256 rather than the journal's CRC: a slot is written once per checkpoint, so its cost does
//! not count, and a wrong slot taken for a whole one could fork a log.

use sha2::{Digest, Sha256};

use crate::disk::{BootId, FileIdentity};

use super::{NOTE_BYTES_MAX, SignedHead};

pub(super) const SLOT_BYTES: usize = 2048;
const DIGEST_AT: usize = 2016;
const NOTE_AT: usize = 96;
const MAGIC: [u8; 8] = *b"concords";
const FORMAT_VERSION: u16 = 1;

/// What a whole slot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// From 1, one more with each write.
    pub(super) sequence: u64,
    pub(super) head: SignedHead,
    pub(super) boot: BootId,
    /// The file it was written into.
    pub(super) file: FileIdentity,
    pub(super) note: Vec<u8>,
}

/// What the bytes of a slot are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SlotContent {
    Whole(Slot),
    /// Never written: zeros.
    Empty,
    /// Torn or damaged.
    Unreadable,
}

/// The version of a slot that is whole, but not of a format known here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownVersion(pub(super) u16);

impl Slot {
    /// The slot's bytes in the file `name`. The note is cut at [`NOTE_BYTES_MAX`], which callers
    /// have made sure of.
    pub(super) fn encode(&self, name: &str) -> Vec<u8> {
        let note = self.note.get(..NOTE_BYTES_MAX).unwrap_or(&self.note);
        let note_length = u16::try_from(note.len()).expect("a note has at most 1024 bytes");
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        bytes.extend_from_slice(&note_length.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.head.size.to_be_bytes());
        bytes.extend_from_slice(&self.head.root);
        bytes.extend_from_slice(&self.boot.0);
        bytes.extend_from_slice(&self.file.device.to_be_bytes());
        bytes.extend_from_slice(&self.file.inode.to_be_bytes());
        bytes.extend_from_slice(note);
        bytes.resize(DIGEST_AT, 0);
        let digest = digest(name, &bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }
}

impl SlotContent {
    /// Reads the slot's bytes in the file `name`.
    pub(super) fn decode(bytes: &[u8], name: &str) -> Result<Self, UnknownVersion> {
        if bytes.len() == SLOT_BYTES && bytes.iter().all(|byte| *byte == 0) {
            return Ok(Self::Empty);
        }
        let Some((content, found)) = bytes.split_at_checked(DIGEST_AT) else {
            return Ok(Self::Unreadable);
        };
        // spec: STO-17
        if found != digest(name, content) {
            return Ok(Self::Unreadable);
        }
        let mut fields = Fields(content);
        let (magic, version) = (fields.take::<8>(), u16::from_be_bytes(fields.take()));
        // spec: STO-20
        if magic == MAGIC && version != FORMAT_VERSION {
            return Err(UnknownVersion(version));
        }
        let note_length = usize::from(u16::from_be_bytes(fields.take()));
        let zeros: [u8; 4] = fields.take();
        let slot = Slot {
            sequence: u64::from_be_bytes(fields.take()),
            head: SignedHead {
                size: u64::from_be_bytes(fields.take()),
                root: fields.take(),
            },
            boot: BootId(fields.take()),
            file: FileIdentity {
                device: u64::from_be_bytes(fields.take()),
                inode: u64::from_be_bytes(fields.take()),
            },
            note: content
                .get(NOTE_AT..NOTE_AT + note_length)
                .unwrap_or_default()
                .to_vec(),
        };
        let valid = magic == MAGIC && zeros == [0; 4] && note_length <= NOTE_BYTES_MAX;
        Ok(if valid {
            Self::Whole(slot)
        } else {
            Self::Unreadable
        })
    }
}

/// Takes fixed fields from the front of a slot, which is longer than all of them together.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self
            .0
            .split_first_chunk()
            .expect("a slot holds all its fixed fields");
        self.0 = rest;
        *field
    }
}

/// The name is covered so that one log's file is not taken for another's.
fn digest(name: &str, content: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([0]);
    hasher.update(content);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: STO-20
    #[test]
    fn slot_with_another_version_is_refused_by_version() {
        let slot = Slot {
            sequence: 1,
            head: SignedHead {
                size: 7,
                root: [3; 32],
            },
            boot: BootId([4; 16]),
            file: FileIdentity {
                device: 5,
                inode: 6,
            },
            note: b"note".to_vec(),
        };
        let mut bytes = slot.encode("name");
        assert_eq!(
            SlotContent::decode(&bytes, "name"),
            Ok(SlotContent::Whole(slot))
        );
        bytes[9] = 2;
        assert_eq!(
            SlotContent::decode(&bytes, "name"),
            Ok(SlotContent::Unreadable)
        );
        let digest = digest("name", &bytes[..DIGEST_AT]);
        bytes[DIGEST_AT..].copy_from_slice(&digest);
        assert_eq!(SlotContent::decode(&bytes, "name"), Err(UnknownVersion(2)));
    }
}
