//! Genesis: the one file that a network starts from, named by its own digest.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::codec::{self, DecodeError, Limits, code_enum, integer_map};
use crate::key::PublicKey;
use crate::limits::APPROVALS_MAX;
use crate::log::{Hash, NetworkKind, Origin, WitnessName};
use crate::statement::{Enrolment, Policy, Role, SUITE_SHA256};
use crate::subject::AuthorityCode;
use crate::text::Text;
use crate::time::Timestamp;

/// The version of the genesis format.
pub const FORMAT: u64 = 1;

code_enum! {
    /// Whether a network carries real decisions.
    pub enum Network {
        /// Demonstrations and tests; boundary fields may be filled by a profile.
        Test = 1,
        /// Production.
        Production = 2,
    }
}

impl Network {
    /// The word for it in the names of logs.
    #[must_use]
    pub const fn kind(self) -> NetworkKind {
        match self {
            Self::Test => NetworkKind::Test,
            Self::Production => NetworkKind::Prod,
        }
    }
}

code_enum! {
    /// The logs of a hub. Every other member has only the first.
    pub enum LogNumber {
        /// Own statements and ledger.
        Statements = 0,
        /// The registry.
        Registry = 1,
        /// The home register.
        Register = 2,
    }
}

integer_map! {
    /// Who approves changes of the registry.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Approvers {
        /// Their keys, ascending.
        1 => keys: list(PublicKey),
        /// How many of them a change takes; at least 2.
        2 => quorum: req(u64),
    }
}

integer_map! {
    /// Who unfreezes a log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Recovery {
        /// Their keys, ascending.
        1 => keys: list(PublicKey),
        /// How many of them it takes.
        2 => quorum: req(u64),
    }
}

integer_map! {
    /// What a genesis file says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GenesisFields {
        /// [`FORMAT`].
        1 => format: req(u64),
        /// Test or production.
        2 => network: req(Network),
        /// What the network is called.
        3 => title: req(Text<200>),
        /// When it was made.
        4 => created_at: req(Timestamp),
        /// The hub as a member.
        5 => hub: req(Enrolment),
        /// Approvers of registry changes.
        6 => approvers: req(Approvers),
        /// The first cosigners and numbers; cosigners other than the hub join by a later policy.
        7 => policy: req(Policy),
        /// The recovery quorum.
        8 => recovery: req(Recovery),
    }
}

/// A genesis that holds together, with its exact bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    fields: GenesisFields,
    bytes: Vec<u8>,
    id: Hash,
    /// Compared with for every statement; making it anew each time shows.
    registry: Origin,
}

impl Genesis {
    /// Makes a genesis from its fields.
    ///
    /// # Errors
    /// The first rule that does not hold.
    // spec: TRU-1, TRU-2, TRU-17
    pub fn new(fields: GenesisFields) -> Result<Self, GenesisError> {
        let hub = &fields.hub;
        if fields.format != FORMAT {
            return Err(GenesisError::Format {
                format: fields.format,
            });
        }
        if hub.role != Role::Hub {
            return Err(GenesisError::HubRole);
        }
        if hub.log_key.is_none()
            || hub.node_key.is_none()
            || hub.witness_key.is_none()
            || hub.statement_keys.is_empty()
        {
            return Err(GenesisError::HubKeys);
        }
        let approvers = &fields.approvers;
        let reachable = (approvers.keys.len() as u64).min(APPROVALS_MAX as u64);
        if approvers.quorum < 2 || reachable < approvers.quorum {
            return Err(GenesisError::Approvers);
        }
        let recovery = &fields.recovery;
        // Both quorums together must fit under one cut-off.
        let room = (APPROVALS_MAX as u64).saturating_sub(approvers.quorum);
        let reachable = (recovery.keys.len() as u64).min(room);
        if recovery.quorum < 1 || reachable < recovery.quorum {
            return Err(GenesisError::Recovery);
        }
        let ascending = |keys: &[PublicKey]| keys.is_sorted_by(|a, b| a < b);
        if !ascending(&approvers.keys) || !ascending(&recovery.keys) {
            return Err(GenesisError::KeyOrder);
        }
        if !keys_are_single(&fields) {
            return Err(GenesisError::KeyRepeated);
        }
        if !hub_fits(hub) {
            return Err(GenesisError::Hub);
        }
        check_policy(&fields.policy)?;
        if fields.policy.cosigners != [hub.member] {
            return Err(GenesisError::Cosigners);
        }
        let bytes = codec::encode(&fields)?;
        let id: [u8; 32] = Sha256::digest(&bytes).into();
        let id = Hash::from_bytes(id);
        let registry = origin(&fields, &id, fields.hub.member, LogNumber::Registry);
        Ok(Self {
            fields,
            bytes,
            id,
            registry,
        })
    }

    /// Reads a genesis file.
    ///
    /// # Errors
    /// As [`Genesis::new`], and [`GenesisError::Decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, GenesisError> {
        Self::new(codec::decode(bytes, Limits::STATEMENT)?)
    }

    /// What it says.
    #[must_use]
    pub const fn fields(&self) -> &GenesisFields {
        &self.fields
    }

    /// The file's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes: the name of the network, and the one anchor of every proof.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// Whether profiles may fill boundary fields here.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.fields.network == Network::Test
    }

    /// The authority that runs the hub.
    #[must_use]
    pub const fn hub(&self) -> AuthorityCode {
        self.fields.hub.member
    }

    /// The name of a member's log.
    ///
    /// # Panics
    /// Never: an authority code is a member code of the form that names take.
    #[must_use]
    pub fn origin(&self, member: AuthorityCode, log: LogNumber) -> Origin {
        origin(&self.fields, &self.id, member, log)
    }

    /// The name of the registry log.
    #[must_use]
    pub fn registry_origin(&self) -> Origin {
        self.registry.clone()
    }

    /// Whether a log is the registry log.
    #[must_use]
    pub fn is_registry(&self, origin: &Origin) -> bool {
        *origin == self.registry
    }

    /// Whether a log belongs to this network, by its name.
    #[must_use]
    pub fn is_of_network(&self, origin: &Origin) -> bool {
        origin.network() == self.registry.network()
    }

    /// The name of the home register.
    #[must_use]
    pub fn register_origin(&self) -> Origin {
        self.origin(self.hub(), LogNumber::Register)
    }

    /// The name under which a member cosigns.
    ///
    /// # Panics
    /// Never, as [`Genesis::origin`].
    #[must_use]
    pub fn witness(&self, member: AuthorityCode) -> WitnessName {
        WitnessName::new(self.fields.network.kind(), &self.id, member.as_str())
            .expect("an authority code is a member code")
    }
}

fn origin(fields: &GenesisFields, id: &Hash, member: AuthorityCode, log: LogNumber) -> Origin {
    let number = match log {
        LogNumber::Statements => 0,
        LogNumber::Registry => 1,
        LogNumber::Register => 2,
    };
    Origin::new(fields.network.kind(), id, member.as_str(), number)
        .expect("an authority code is a member code")
}

/// A policy must be one that a quorum can meet.
// spec: TRU-3
pub(super) fn check_policy(policy: &Policy) -> Result<(), GenesisError> {
    let cosigners = policy.cosigners.len() as u64;
    let ascending = policy.cosigners.is_sorted_by(|a, b| a < b);
    // Two quorums share an honest cosigner only while q > (n + f) / 2.
    let doubled = u128::from(policy.quorum) * 2;
    let sound = doubled > u128::from(cosigners) + u128::from(policy.faults);
    if !ascending || policy.quorum == 0 || policy.quorum > cosigners || !sound {
        return Err(GenesisError::Quorum);
    }
    Ok(())
}

/// Each key of a genesis has one use, the hub's own and those of people alike.
fn keys_are_single(fields: &GenesisFields) -> bool {
    let people = fields.approvers.keys.iter().chain(&fields.recovery.keys);
    let mut seen = BTreeSet::new();
    enrolled_keys(&fields.hub)
        .chain(people)
        .all(|key| seen.insert(key))
}

/// What holds for every other enrolment holds for the hub's too.
fn hub_fits(hub: &Enrolment) -> bool {
    hub.suite == SUITE_SHA256
        && hub.publishes_through.is_none()
        && hub.statement_keys.is_sorted_by(|a, b| a < b)
        && hub.administrator_keys.is_sorted_by(|a, b| a < b)
        && hub.next_keys.is_sorted_by(|a, b| a.0 < b.0)
}

/// Every key that an enrolment names.
pub(super) fn enrolled_keys(enrolment: &Enrolment) -> impl Iterator<Item = &PublicKey> {
    let single = [
        &enrolment.log_key,
        &enrolment.node_key,
        &enrolment.witness_key,
        &enrolment.recovery_key,
    ];
    single
        .into_iter()
        .flatten()
        .chain(&enrolment.statement_keys)
        .chain(&enrolment.administrator_keys)
}

/// Why bytes or fields are not a genesis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The bytes are not of the form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Another format.
    #[error("genesis format {format} is unknown")]
    Format {
        /// The number found.
        format: u64,
    },
    /// The hub has another role.
    #[error("the hub's entry has another role")]
    HubRole,
    /// The hub lacks a key.
    #[error("the hub's entry lacks a statement, log, node or witness key")]
    HubKeys,
    /// Fewer than two approvers, or fewer than the quorum.
    #[error("registry changes take at least two approvers")]
    Approvers,
    /// No recovery quorum.
    #[error("the recovery quorum cannot be met")]
    Recovery,
    /// Keys not in ascending order.
    #[error("keys are not in ascending order without repetition")]
    KeyOrder,
    /// A key with two uses.
    #[error("a key has two uses")]
    KeyRepeated,
    /// The hub's entry breaks a rule that holds for every enrolment.
    #[error("the hub's entry has another suite, lists out of order, or publishes through a member")]
    Hub,
    /// Cosigners other than the hub, of whom nobody is enrolled yet.
    #[error("the first cosigner is the hub alone; others join by a later policy")]
    Cosigners,
    /// A quorum that cannot be met or that two heads could meet at once.
    #[error("the cosigner quorum must satisfy (n + f) / 2 < q <= n")]
    Quorum,
}
