//! The receipt of a look-up as a file that anyone verifies by the genesis, with or without the proof that
//! its register was logged (`spec/lookups.md`).
//!
//! ```text
//! magic (8 bytes) ‖ version (1 byte) ‖ deterministic CBOR ‖ SHA-256 of everything before it (32 bytes)
//! { 1: receipt, 2: genesis, 3: [registry entry, …], 4: [head, …], ? 5: logged }
//! logged = { 1: index, 2: leaf, 3: body, ? 4: [hash, …], ? 5: [hash, …] }
//! ```

use std::sync::Arc;

use serde_bytes::ByteBuf;

use crate::bundle::entry::{Entry, RegistryEntry};
use crate::bundle::error::{BundleError, EntryFault, Part};
use crate::bundle::format::{
    self, BUNDLE_BYTES_MAX, RegistryEntryMap, at, decode_heads, decode_registry_entry,
    registry_entry_map,
};
use crate::bundle::head::{Head, canonical};
use crate::bundle::trust_chain::included;
use crate::codec::{self, DecodeError, Limits, integer_map};
use crate::log::consistency::ConsistencyError;
use crate::log::{
    ConsistencyProof, CosignatureTime, Hash, InclusionProof, LeafIndex, SignedCheckpoint, TreeSize,
    VerifiedCheckpoint,
};
use crate::lookup::{LookUpReceipt, ReceiptError};
use crate::statement::{Body, Content, Kind, Leaf, QueryRoot, StatementRef, registry_state};
use crate::trust::{Genesis, Registry};

/// The first bytes of the file.
const MAGIC: [u8; 8] = *b"\x89CCDL\r\n\x1a";
/// The largest file in bytes: 64 MiB.
pub const LOOK_UP_BYTES_MAX: usize = BUNDLE_BYTES_MAX;

integer_map! {
    struct FileMap {
        1 => receipt: req(ByteBuf),
        2 => genesis: req(ByteBuf),
        3 => entries: list(RegistryEntryMap),
        4 => heads: list(ByteBuf),
        5 => logged: opt(LoggedMap),
    }
}

integer_map! {
    struct LoggedMap {
        1 => index: req(LeafIndex),
        2 => leaf: req(ByteBuf),
        3 => body: req(ByteBuf),
        4 => proof: list(Hash),
        5 => consistency: list(Hash),
    }
}

/// What a file is made of.
#[derive(Clone, Debug)]
pub struct LookUpFile {
    /// The receipt as signed.
    pub receipt: Vec<u8>,
    /// Entries of the registry from position 0 on, up to its head here.
    pub entries: Vec<RegistryEntry>,
    /// The head of the registry, and that of the log that the root stands in.
    pub heads: Vec<VerifiedCheckpoint>,
    /// A logged root that the row lies under, where there is one.
    pub logged: Option<LoggedRoot>,
}

/// A logged root of the register, and how the receipt leads to it.
#[derive(Clone, Debug)]
pub struct LoggedRoot {
    /// The statement at its place in the log.
    pub entry: Entry,
    /// From the register with the row as its last to the one that was logged.
    pub consistency: ConsistencyProof,
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpFileError {
    /// It is something else.
    #[error("the file is no receipt of a look-up")]
    NotOne,
    /// Its last bytes are not the digest of the others.
    #[error("the file is damaged: its digest is another. Take it again from where it came from")]
    Damaged,
    /// It is of a version that this program does not know.
    #[error("the file is of version {version}; this program reads version 1")]
    Version {
        /// What it says.
        version: u8,
    },
    /// What is in it has another form.
    #[error("the file is no receipt of a look-up: {0}")]
    Decode(#[from] DecodeError),
    /// The receipt does not hold.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Registry, head or logged root does not hold.
    #[error(transparent)]
    Trust(#[from] BundleError),
    /// The registry in the file does not have the state that the receipt was signed under.
    #[error("the receipt was signed under a state of the registry that the file does not have")]
    OtherRegistry,
    /// Who signed was no member then, or not with this key.
    #[error("{issuer} had no such statement key when the receipt was signed")]
    UnknownKey {
        /// Who it says it is of.
        issuer: crate::subject::AuthorityCode,
    },
    /// The logged root is of another authority, or no root of look-ups.
    #[error("the logged root is not one of the authority that signed the receipt")]
    OtherLog,
    /// The logged root is of another register, or of the same one changed.
    #[error("the row does not lie under the logged root: {0}")]
    NotUnderRoot(ConsistencyError),
}

/// A receipt of which every byte was verified. Only [`verify_look_up`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedLookUp {
    /// The receipt.
    pub receipt: LookUpReceipt,
    /// Who answered, by name.
    pub issuer_name: String,
    /// The size of the registry in the file.
    pub registry_size: TreeSize,
    /// Whether the key that signed is still one of its member's by that registry.
    pub key_is_current: bool,
    /// The logged root that the row lies under, where the file has one.
    pub root: Option<VerifiedRoot>,
}

/// A logged root that a row lies under.
#[derive(Clone, Debug)]
pub struct VerifiedRoot {
    /// Where it stands.
    pub reference: StatementRef,
    /// What it says.
    pub root: QueryRoot,
    /// Whether a quorum cosigned a head that covers it.
    pub is_witnessed: bool,
    /// By when a quorum had; `None` without one.
    pub witnessed_by: Option<CosignatureTime>,
}

impl LookUpFile {
    /// Brings the parts into their one form and verifies the result as any reader would.
    ///
    /// # Errors
    /// As [`verify_look_up`].
    pub fn encode(self, registry: &Registry) -> Result<Vec<u8>, LookUpFileError> {
        let genesis = registry.genesis();
        let size = TreeSize::new(self.entries.len() as u64)
            .map_err(|_| BundleError::TooLong { bytes: usize::MAX })?;
        let mut heads = self.heads;
        heads.sort_by(|a, b| a.origin().cmp(b.origin()));
        heads.dedup_by(|a, b| a.origin() == b.origin());
        let head = |(position, head): (usize, &VerifiedCheckpoint)| {
            let head = canonical(head, registry, size);
            let head = head.map_err(|fault| BundleError::Head { position, fault })?;
            Ok(ByteBuf::from(head.to_bytes()))
        };
        let heads = heads.iter().enumerate().map(head);
        let map = FileMap {
            receipt: ByteBuf::from(self.receipt),
            genesis: ByteBuf::from(genesis.as_bytes()),
            entries: self.entries.iter().map(registry_entry_map).collect(),
            heads: heads.collect::<Result<_, BundleError>>()?,
            logged: self.logged.map(|logged| LoggedMap {
                index: logged.entry.index,
                leaf: ByteBuf::from(logged.entry.leaf.encode()),
                body: ByteBuf::from(logged.entry.body.encode()),
                proof: logged.entry.proof.hashes().to_vec(),
                consistency: logged.consistency.hashes().to_vec(),
            }),
        };
        let bytes = format::framed(&MAGIC, &codec::encode(&map)?)?;
        verify_look_up(&bytes, &genesis.id())?;
        Ok(bytes)
    }

    /// The receipt in a file, to ask for a newer proof of it. Nothing is verified but the digest.
    ///
    /// # Errors
    /// [`LookUpFileError`].
    pub fn receipt_of(bytes: &[u8]) -> Result<LookUpReceipt, LookUpFileError> {
        let map: FileMap = codec::decode(content(bytes)?, Limits::FILE)?;
        Ok(LookUpReceipt::decode(&map.receipt)?)
    }
}

/// What stands between version and digest.
// spec: LKP-13
fn content(bytes: &[u8]) -> Result<&[u8], LookUpFileError> {
    format::content(bytes, &MAGIC).map_err(|error| {
        if let BundleError::Version { version } = error {
            return LookUpFileError::Version { version };
        }
        if matches!(
            error,
            BundleError::NotABundle | BundleError::TooShort { .. }
        ) {
            return LookUpFileError::NotOne;
        }
        match error == BundleError::DigestMismatch {
            true => LookUpFileError::Damaged,
            false => LookUpFileError::Trust(error),
        }
    })
}

/// Verifies the file of a receipt by the id of the genesis.
///
/// # Errors
/// [`LookUpFileError`] names the first part that does not hold.
// spec: LKP-13, LKP-14
pub fn verify_look_up(bytes: &[u8], anchor: &Hash) -> Result<VerifiedLookUp, LookUpFileError> {
    let map: FileMap = codec::decode(content(bytes)?, Limits::FILE)?;
    let receipt = LookUpReceipt::decode(&map.receipt)?;
    let heads = decode_heads(&map.heads)?;
    let registry = registry_of(&map.genesis, map.entries, &heads, anchor)?;
    let header = receipt.header();
    let state = registry.root_at(header.ctx.size);
    let state = state.map(|root| registry_state(anchor, &root));
    if state != Some(header.ctx.state) {
        return Err(LookUpFileError::OtherRegistry);
    }
    let issuer = header.issuer;
    let unknown = || LookUpFileError::UnknownKey { issuer };
    let member = registry.member_at(issuer, header.ctx.size);
    let member = member.ok_or_else(unknown)?;
    let key = member.statement_key(header.kid).ok_or_else(unknown)?;
    receipt.verify_signature(key)?;
    let now = registry.member(issuer);
    let key_is_current = now.is_some_and(|now| now.statement_key(header.kid).is_some());
    let issuer_name = member.enrolment().name.to_string();
    let root = map
        .logged
        .map(|logged| root_of(logged, &receipt, &heads, &registry));
    Ok(VerifiedLookUp {
        issuer_name,
        registry_size: registry.size(),
        key_is_current,
        root: root.transpose()?,
        receipt,
    })
}

fn registry_of(
    genesis: &[u8],
    entries: Vec<RegistryEntryMap>,
    heads: &[SignedCheckpoint],
    anchor: &Hash,
) -> Result<Registry, BundleError> {
    let genesis = Arc::new(Genesis::decode(genesis)?);
    let entry = |(position, map)| {
        decode_registry_entry(map).map_err(|fault| at(Part::Registry, position, fault))
    };
    let entries = entries.into_iter().enumerate().map(entry);
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    included(heads, &genesis, &entries, anchor)
}

// spec: LKP-14
fn root_of(
    map: LoggedMap,
    receipt: &LookUpReceipt,
    heads: &[SignedCheckpoint],
    registry: &Registry,
) -> Result<VerifiedRoot, LookUpFileError> {
    let issuer = receipt.header().issuer;
    let is_its = |head: &&SignedCheckpoint| {
        let origin = head.claimed().origin();
        origin.member() == issuer.as_str() && origin.log_number() == 0
    };
    let signed = heads.iter().find(is_its).ok_or(LookUpFileError::OtherLog)?;
    let head = Head::verify(signed, registry, registry.size())
        .map_err(|fault| BundleError::Head { position: 0, fault })?;
    let fault = |fault: EntryFault| LookUpFileError::Trust(at(Part::Statement, 0, fault));
    let entry = Entry {
        origin: head.origin().clone(),
        index: map.index,
        leaf: Leaf::decode(&map.leaf).map_err(|error| fault(error.into()))?,
        body: Body::decode(&map.body).map_err(|error| fault(error.into()))?,
        proof: InclusionProof::new(map.proof).map_err(|error| fault(error.into()))?,
    };
    if entry.leaf.kind != Kind::QueryRoot {
        return Err(LookUpFileError::OtherLog);
    }
    let verified = entry.verify(&head, registry, registry.size());
    let verified = verified.map_err(fault)?;
    let Content::QueryRoot(root) = &verified.statement().payload().content else {
        return Err(LookUpFileError::OtherLog);
    };
    let proof = ConsistencyProof::new(map.consistency).map_err(LookUpFileError::NotUnderRoot)?;
    let (size, after) = (receipt.size_after(), receipt.root_after());
    proof
        .verify(size, after, root.size, &root.root)
        .map_err(LookUpFileError::NotUnderRoot)?;
    Ok(VerifiedRoot {
        reference: verified.reference().clone(),
        root: root.clone(),
        is_witnessed: head.is_witnessed(),
        witnessed_by: head.quorum_by(),
    })
}
