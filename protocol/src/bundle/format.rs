//! The bytes of the file, and the one way to write them.

use std::sync::Arc;

use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::admin::RecognitionView;
use crate::bundle::entry::{Entry, RegistryEntry};
use crate::bundle::error::{BundleError, EntryFault, HeadFault, Part};
use crate::bundle::{Bundle, RecognitionPart, TrustChain};
use crate::codec::{self, Limits, code_enum, integer_map};
use crate::log::{Hash, InclusionProof, LeafIndex, Origin, SignedCheckpoint, TreeSize};
use crate::statement::{Body, Kind, Leaf};
use crate::subject::AuthorityCode;
use crate::trust::Genesis;

/// The first bytes of a bundle. The first is no text, and the line ends show a transfer that changed
/// them.
pub const MAGIC: [u8; 8] = *b"\x89CCDB\r\n\x1a";
/// The version of the format.
pub const VERSION: u8 = 1;
/// The version of a bundle that says what recognition gives a receiver.
pub const VERSION_RECOGNITION: u8 = 2;
/// The largest bundle in bytes: 64 MiB.
pub const BUNDLE_BYTES_MAX: usize = 64 << 20;

const DIGEST_BYTES: usize = 32;
const AROUND_BYTES: usize = MAGIC.len() + 1 + DIGEST_BYTES;

// spec: BUN-26
code_enum! {
    /// What a bundle claims about acts that it does not hold.
    pub enum LaterActs {
        /// Nothing: others may exist, also below the horizon.
        NotProven = 1,
    }
}

integer_map! {
    struct FileMap {
        1 => trust: req(TrustMap),
        2 => heads: list(ByteBuf),
        3 => statement: req(EntryMap),
        4 => related: list(EntryMap),
        5 => acts: list(EntryMap),
        6 => notices: list(EntryMap),
        7 => later_acts: req(LaterActs),
        8 => recognition: opt(RecognitionMap),
    }
}

integer_map! {
    struct RecognitionMap {
        1 => receiver: req(AuthorityCode),
        2 => said: list(EntryMap),
        3 => claim: req(RecognitionView),
    }
}

integer_map! {
    struct TrustMap {
        1 => genesis: opt(ByteBuf),
        2 => entries: list(RegistryEntryMap),
        3 => size: opt(TreeSize),
        4 => root: opt(Hash),
    }
}

integer_map! {
    pub(super) struct RegistryEntryMap {
        1 => leaf: req(ByteBuf),
        2 => body: opt(ByteBuf),
    }
}

integer_map! {
    pub(super) struct EntryMap {
        1 => log: req(u64),
        2 => index: req(LeafIndex),
        3 => leaf: req(ByteBuf),
        4 => body: req(ByteBuf),
        5 => proof: list(Hash),
    }
}

/// The digest that ends a file, as the file has it.
pub(super) fn file_digest(bytes: &[u8]) -> Hash {
    let last = bytes.last_chunk::<DIGEST_BYTES>();
    last.map_or_else(|| digest(bytes), |last| Hash::from_bytes(*last))
}

fn digest(bytes: &[u8]) -> Hash {
    Hash::from_bytes(Sha256::digest(bytes).into())
}

// spec: BUN-1, BUN-4
pub(super) fn encode(bundle: &Bundle) -> Result<Vec<u8>, BundleError> {
    let version = match bundle.recognition {
        Some(_) => VERSION_RECOGNITION,
        None => VERSION,
    };
    framed_as(&MAGIC, version, &codec::encode(&file_map(bundle)?)?)
}

/// Content between its magic and version and its digest.
pub(super) fn framed(magic: &[u8; 8], content: &[u8]) -> Result<Vec<u8>, BundleError> {
    framed_as(magic, VERSION, content)
}

fn framed_as(magic: &[u8; 8], version: u8, content: &[u8]) -> Result<Vec<u8>, BundleError> {
    let length = content.len() + AROUND_BYTES;
    if length > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLong { bytes: length });
    }
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(magic);
    bytes.push(version);
    bytes.extend_from_slice(content);
    let digest = digest(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Bundle, BundleError> {
    let (version, content) = versioned(bytes, &MAGIC)?;
    if !matches!(version, VERSION | VERSION_RECOGNITION) {
        return Err(BundleError::Version { version });
    }
    let map: FileMap = codec::decode(content, Limits::FILE)?;
    // spec: BUN-70
    if map.recognition.is_some() != (version == VERSION_RECOGNITION) {
        return Err(BundleError::Version { version });
    }
    let trust = decode_trust(map.trust)?;
    let heads = decode_heads(&map.heads)?;
    let entries = |part, kinds, maps: Vec<EntryMap>| decode_entries(part, kinds, maps, &heads);
    let statement = decode_entry(map.statement, &[Kind::Data], &heads)
        .map_err(|fault| at(Part::Statement, 0, fault))?;
    let related = entries(Part::Related, &[Kind::Data][..], map.related)?;
    let acts = entries(Part::Acts, &[Kind::Act][..], map.acts)?;
    let notices = entries(
        Part::Notices,
        &[Kind::Notice, Kind::HeadSeen][..],
        map.notices,
    )?;
    if related
        .iter()
        .any(|entry| entry.place() == statement.place())
    {
        return Err(BundleError::Order {
            part: Part::Related,
        });
    }
    let later_acts = map.later_acts;
    let recognition = match map.recognition {
        Some(map) => Some(RecognitionPart {
            receiver: map.receiver,
            said: entries(Part::Agreements, &[Kind::Agreement][..], map.said)?,
            claim: Some(map.claim),
        }),
        None => None,
    };
    Ok(Bundle {
        trust,
        heads,
        statement,
        related,
        acts,
        notices,
        later_acts,
        recognition,
    })
}

/// An error about one entry of a list.
pub(super) const fn at(part: Part, position: usize, fault: EntryFault) -> BundleError {
    BundleError::Entry {
        part,
        position,
        fault,
    }
}

/// What stands between version and digest. Nothing is looked at before the digest is found to fit,
/// but for saying that a file is none of these at all.
// spec: BUN-1, BUN-2, BUN-3
pub(super) fn content<'b>(bytes: &'b [u8], magic: &[u8; 8]) -> Result<&'b [u8], BundleError> {
    match versioned(bytes, magic)? {
        (VERSION, content) => Ok(content),
        (version, _) => Err(BundleError::Version { version }),
    }
}

/// The same with the version, whatever it is.
fn versioned<'b>(bytes: &'b [u8], magic: &[u8; 8]) -> Result<(u8, &'b [u8]), BundleError> {
    let length = bytes.len();
    if length > BUNDLE_BYTES_MAX {
        return Err(BundleError::TooLong { bytes: length });
    }
    if length < AROUND_BYTES {
        return Err(BundleError::TooShort { bytes: length });
    }
    let (before, found) = bytes
        .split_last_chunk::<DIGEST_BYTES>()
        .ok_or(BundleError::TooShort { bytes: length })?;
    if digest(before) != Hash::from_bytes(*found) {
        return Err(match before.starts_with(magic) {
            true => BundleError::DigestMismatch,
            false => BundleError::NotABundle,
        });
    }
    let (version, content) = before
        .strip_prefix(magic)
        .and_then(<[u8]>::split_first)
        .ok_or(BundleError::NotABundle)?;
    Ok((*version, content))
}

// spec: BUN-6
fn decode_trust(map: TrustMap) -> Result<TrustChain, BundleError> {
    match (map.genesis, map.size, map.root) {
        (Some(genesis), None, None) => {
            let genesis = Arc::new(Genesis::decode(&genesis)?);
            let entry = |(position, map)| {
                decode_registry_entry(map).map_err(|fault| at(Part::Registry, position, fault))
            };
            let entries = map.entries.into_iter().enumerate().map(entry);
            let entries = entries.collect::<Result<_, _>>()?;
            Ok(TrustChain::Included { genesis, entries })
        }
        (None, Some(size), Some(root)) if map.entries.is_empty() => {
            Ok(TrustChain::External { size, root })
        }
        _ => Err(BundleError::TrustShape),
    }
}

/// The acts map of a log has its root in the leaf and no body; every other leaf has one.
// spec: BUN-7
pub(super) fn decode_registry_entry(map: RegistryEntryMap) -> Result<RegistryEntry, EntryFault> {
    let leaf = Leaf::decode(&map.leaf)?;
    let body = map.body.map(|bytes| Body::decode(&bytes)).transpose()?;
    if body.is_some() == (leaf.kind == Kind::ActsMap) {
        return Err(EntryFault::BodyPresence);
    }
    if body
        .as_ref()
        .is_some_and(|body| body.commit() != leaf.commit)
    {
        return Err(EntryFault::Commit);
    }
    Ok(RegistryEntry { leaf, body })
}

// spec: BUN-5
pub(super) fn decode_heads(notes: &[ByteBuf]) -> Result<Vec<SignedCheckpoint>, BundleError> {
    let head = |(position, note): (usize, &ByteBuf)| {
        SignedCheckpoint::parse(note).map_err(|error| BundleError::Head {
            position,
            fault: HeadFault::Checkpoint(error),
        })
    };
    let heads: Vec<_> = notes
        .iter()
        .enumerate()
        .map(head)
        .collect::<Result<_, _>>()?;
    let origin = |head: &SignedCheckpoint| head.claimed().origin().clone();
    if !heads.is_sorted_by(|a, b| origin(a) < origin(b)) {
        return Err(BundleError::Order { part: Part::Heads });
    }
    Ok(heads)
}

// spec: BUN-5
pub(super) fn decode_entries(
    part: Part,
    kinds: &[Kind],
    maps: Vec<EntryMap>,
    heads: &[SignedCheckpoint],
) -> Result<Vec<Entry>, BundleError> {
    let entry = |(position, map)| {
        decode_entry(map, kinds, heads).map_err(|fault| at(part, position, fault))
    };
    let entries: Vec<Entry> = maps
        .into_iter()
        .enumerate()
        .map(entry)
        .collect::<Result<_, _>>()?;
    if !entries.is_sorted_by(|a, b| a.place() < b.place()) {
        return Err(BundleError::Order { part });
    }
    Ok(entries)
}

// spec: BUN-8
fn decode_entry(
    map: EntryMap,
    kinds: &[Kind],
    heads: &[SignedCheckpoint],
) -> Result<Entry, EntryFault> {
    let head = usize::try_from(map.log).ok().and_then(|log| heads.get(log));
    let head = head.ok_or(EntryFault::Log { log: map.log })?;
    let leaf = Leaf::decode(&map.leaf)?;
    if !kinds.contains(&leaf.kind) {
        return Err(EntryFault::Kind);
    }
    Ok(Entry {
        origin: head.claimed().origin().clone(),
        index: map.index,
        leaf,
        body: Body::decode(&map.body)?,
        proof: InclusionProof::new(map.proof)?,
    })
}

fn file_map(bundle: &Bundle) -> Result<FileMap, BundleError> {
    let origins: Vec<&Origin> = bundle
        .heads
        .iter()
        .map(|head| head.claimed().origin())
        .collect();
    let entries = |entries: &[Entry]| {
        let maps = entries.iter().map(|entry| entry_map(entry, &origins));
        maps.collect::<Result<Vec<_>, _>>()
    };
    let heads = bundle
        .heads
        .iter()
        .map(|head| ByteBuf::from(head.to_bytes()));
    Ok(FileMap {
        trust: trust_map(&bundle.trust),
        heads: heads.collect(),
        statement: entry_map(&bundle.statement, &origins)?,
        related: entries(&bundle.related)?,
        acts: entries(&bundle.acts)?,
        notices: entries(&bundle.notices)?,
        later_acts: bundle.later_acts,
        recognition: match &bundle.recognition {
            Some(part) => Some(RecognitionMap {
                receiver: part.receiver,
                said: entries(&part.said)?,
                claim: part
                    .claim
                    .clone()
                    .ok_or(BundleError::RecognitionUnfounded)?,
            }),
            None => None,
        },
    })
}

fn trust_map(trust: &TrustChain) -> TrustMap {
    match trust {
        TrustChain::Included { genesis, entries } => TrustMap {
            genesis: Some(ByteBuf::from(genesis.as_bytes())),
            entries: entries.iter().map(registry_entry_map).collect(),
            size: None,
            root: None,
        },
        TrustChain::External { size, root } => TrustMap {
            genesis: None,
            entries: Vec::new(),
            size: Some(*size),
            root: Some(*root),
        },
    }
}

pub(super) fn registry_entry_map(entry: &RegistryEntry) -> RegistryEntryMap {
    RegistryEntryMap {
        leaf: ByteBuf::from(entry.leaf.encode()),
        body: entry.body.as_ref().map(|body| ByteBuf::from(body.encode())),
    }
}

pub(super) fn entry_map(entry: &Entry, origins: &[&Origin]) -> Result<EntryMap, BundleError> {
    let log = origins.binary_search(&&entry.origin);
    let log = log.map_err(|_| BundleError::HeadMissing {
        origin: entry.origin.clone(),
    })?;
    Ok(EntryMap {
        log: log as u64,
        index: entry.index,
        leaf: ByteBuf::from(entry.leaf.encode()),
        body: ByteBuf::from(entry.body.encode()),
        proof: entry.proof.hashes().to_vec(),
    })
}
