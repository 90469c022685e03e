//! The genesis file: what a network starts from, made once by whoever will run its hub.
//!
//! Everyone who joins compares its fingerprint by another way than the file came. What the fields
//! must satisfy is [`Genesis::new`]'s to say; here they are put in order, and one mistake that only
//! people make is caught: one key entered for two uses.

use std::path::{Path, PathBuf};

use concordat_protocol::codec::DecodeError;
use concordat_protocol::key::PublicKey;
use concordat_protocol::limits::STATEMENT_BYTES_MAX;
use concordat_protocol::statement::{Enrolment, Policy};
use concordat_protocol::text::Text;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{
    Approvers, FORMAT, Genesis, GenesisError, GenesisFields, Network, Recovery,
};

use crate::enrolment;
use crate::file::{self, FileError, Secrecy};
use crate::fingerprint::Fingerprint;
use crate::kind::{self, FileKind};
use crate::summary::{self, Language, Summary, words};

/// The name under which commands write a genesis.
pub const GENESIS_FILE: &str = "genesis.cbor";

/// Milliseconds between cosignatures of an unchanged head, where nothing else is asked for.
pub const HEARTBEAT_MS: u64 = concordat_protocol::limits::HEARTBEAT_MS;

/// Milliseconds that a statement's registry state may lag behind, where nothing else is asked for:
/// 72 hours.
pub const CTX_GRACE_MS: u64 = 72 * 60 * 60 * 1_000;

/// What the founder of a network decides. Keys may come in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisRequest {
    /// Test or production.
    pub network: Network,
    /// What the network is called.
    pub title: Text<200>,
    /// When it is made.
    pub created_at: Timestamp,
    /// The hub as a member. It is the only cosigner until a policy names others.
    pub hub: Enrolment,
    /// Keys of those who approve changes of the registry.
    pub approvers: Vec<PublicKey>,
    /// How many of them a change takes; at least 2.
    pub approver_quorum: u64,
    /// Keys of those who unfreeze a log.
    pub recovery: Vec<PublicKey>,
    /// How many of them it takes.
    pub recovery_quorum: u64,
    /// Milliseconds between cosignatures of an unchanged head.
    pub heartbeat_ms: u64,
    /// Milliseconds that a statement's registry state may lag behind.
    pub ctx_grace_ms: u64,
}

impl GenesisRequest {
    /// Makes the genesis.
    ///
    /// # Errors
    /// [`GenesisRequestError::RepeatedKey`] for a key that is named twice, whatever for;
    /// [`GenesisRequestError::Genesis`] for the first rule that does not hold.
    pub fn build(self) -> Result<Genesis, GenesisRequestError> {
        self.refuse_repeated_keys()?;
        let Self {
            mut approvers,
            mut recovery,
            ..
        } = self;
        approvers.sort();
        recovery.sort();
        let policy = Policy {
            cosigners: vec![self.hub.member],
            quorum: 1,
            faults: 0,
            heartbeat_ms: self.heartbeat_ms,
            ctx_grace_ms: self.ctx_grace_ms,
        };
        let genesis = Genesis::new(GenesisFields {
            format: FORMAT,
            network: self.network,
            title: self.title,
            created_at: self.created_at,
            hub: self.hub,
            approvers: Approvers {
                keys: approvers,
                quorum: self.approver_quorum,
            },
            policy,
            recovery: Recovery {
                keys: recovery,
                quorum: self.recovery_quorum,
            },
        })?;
        Ok(genesis)
    }

    // spec: KEY-23
    fn refuse_repeated_keys(&self) -> Result<(), GenesisRequestError> {
        let hub = enrolment::keys(&self.hub).into_iter().map(|(_, key)| key);
        let others = self.approvers.iter().chain(&self.recovery).copied();
        match enrolment::repeated(hub.chain(others)) {
            Some(key) => Err(GenesisRequestError::RepeatedKey {
                fingerprint: Fingerprint::of_key(&key),
            }),
            None => Ok(()),
        }
    }
}

/// Writes a genesis to a file that must not exist yet.
///
/// # Errors
/// [`FileError`].
pub fn create(path: &Path, genesis: &Genesis) -> Result<(), FileError> {
    file::create(path, genesis.as_bytes(), Secrecy::Public)
}

/// Reads a genesis file. Whether it is the right one, only its fingerprint tells.
///
/// # Errors
/// [`GenesisFileError`].
pub fn read(path: &Path) -> Result<Genesis, GenesisFileError> {
    let bytes = file::read(path, STATEMENT_BYTES_MAX as u64)?;
    let path = || path.to_path_buf();
    kind::refuse_other(&bytes, FileKind::Genesis).map_err(|found| GenesisFileError::Other {
        path: path(),
        found,
    })?;
    Genesis::decode(&bytes).map_err(|source| {
        let path = path();
        if let GenesisError::Decode(source) = &source {
            let source = source.clone();
            return GenesisFileError::Damaged { path, source };
        }
        GenesisFileError::Genesis { path, source }
    })
}

/// Says in words what a genesis says.
#[must_use]
pub fn inspect(genesis: &Genesis, language: Language) -> Summary {
    let fields = genesis.fields();
    let mut summary = Summary::new(language);
    summary.add("genesis", ("Genesis id", "创世标识"), genesis.id());
    let fingerprint = Fingerprint::of_digest(&genesis.id());
    summary.add("fingerprint", ("Fingerprint", "指纹"), fingerprint);
    summary.coded(
        "network",
        ("Network", "网络"),
        words::network(fields.network),
    );
    summary.add("title", ("Title", "标题"), &fields.title);
    let created_at = summary::instant(fields.created_at);
    summary.add("created_at", ("Made at", "生成时间"), created_at);
    for key in &fields.approvers.keys {
        summary.key("approver_key", ("Approver key", "审批密钥"), key);
    }
    let quorum = fields.approvers.quorum;
    summary.add("approver_quorum", ("Approvers needed", "审批人数"), quorum);
    for key in &fields.recovery.keys {
        summary.key(
            "recovery_quorum_key",
            ("Recovery quorum key", "恢复组密钥"),
            key,
        );
    }
    let quorum = fields.recovery.quorum;
    summary.add(
        "recovery_quorum",
        ("Recovery keys needed", "恢复人数"),
        quorum,
    );
    summary.policy(&fields.policy);
    summary.enrolment(&fields.hub);
    summary
}

/// Why a request makes no genesis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisRequestError {
    /// One key for two uses or two persons.
    #[error(
        "the key {fingerprint} is named twice; every use and every person has a key of its own"
    )]
    RepeatedKey {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// A rule of genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

/// Why a genesis file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another file.
    #[error("{} is {found}, not a genesis file", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: FileKind,
    },
    /// The bytes are not a genesis, or not all of it.
    #[error("{} is no genesis file, or is cut off: take a whole copy ({source})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: DecodeError,
    },
    /// What it says.
    #[error("{}: {source}", path.display())]
    Genesis {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: GenesisError,
    },
}

#[cfg(test)]
mod tests;
