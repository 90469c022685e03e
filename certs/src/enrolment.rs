//! Enrolment: what a member asks to be entered as, with proof that it holds every key it names.
//!
//! ```text
//! member      KeyRing → Enrolment → EnrolmentRequest      member.request
//! approvers   open it, compare fingerprints by telephone, approve      (crate::change)
//! hub         signs what two of them approved
//! ```
//!
//! Out of scope: whether the authority is who it says it is. That is what approvers find out.

use std::collections::BTreeSet;
use std::path::Path;

use concordat_protocol::codec::{self, DecodeError, Limits};
use concordat_protocol::key::{PublicKey, Signer};
use concordat_protocol::limits::STATEMENT_BYTES_MAX;
use concordat_protocol::log::Hash;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    Address, Enrolment, KeyUse, Level, Mandate, Role, SUITE_SHA256,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_protocol::trust::{Form, Genesis, KeyProof, RequestFields, possession_message};

use crate::file::{self, FileError, Secrecy};
use crate::fingerprint::Fingerprint;
use crate::key_ring::{KeyRing, KeyRingError, next_key_commitment};
use crate::kind::{self, FileKind};
use crate::summary::{Language, Summary};

/// What an enrolment says besides keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDetails {
    /// The authority.
    pub member: AuthorityCode,
    /// Its name.
    pub name: Text<200>,
    /// Its region.
    pub region: RegionCode,
    /// Its level.
    pub level: Level,
    /// Its role.
    pub role: Role,
    /// Its mandates.
    pub mandates: Vec<Mandate>,
    /// Where its node listens.
    pub addresses: Vec<Address>,
    /// The member through whose node an issuer publishes.
    pub publishes_through: Option<AuthorityCode>,
}

impl MemberDetails {
    /// The enrolment with the keys of a ring: of an issuer its statement and administrator keys
    /// only. Next keys that the ring has prepared are committed to.
    ///
    /// # Errors
    /// [`KeyRingError`] when a prepared key cannot be read.
    pub fn with_keys(self, keys: &KeyRing) -> Result<Enrolment, KeyRingError> {
        let mut next_keys = Vec::new();
        for key_use in keys.uses() {
            if let Some(next) = keys.next(key_use)? {
                next_keys.push((key_use, next_key_commitment(&next.public_key())));
            }
        }
        Ok(self.with_public_keys(|key_use| keys.public(key_use), next_keys))
    }

    /// The enrolment with the keys that `public` knows, as [`MemberDetails::with_keys`].
    pub(crate) fn with_public_keys(
        self,
        public: impl Fn(KeyUse) -> Option<PublicKey>,
        next_keys: Vec<(KeyUse, Hash)>,
    ) -> Enrolment {
        let node = self.role != Role::Issuer;
        let of_node = |key_use| public(key_use).filter(|_| node);
        Enrolment {
            member: self.member,
            name: self.name,
            region: self.region,
            level: self.level,
            role: self.role,
            mandates: self.mandates,
            statement_keys: public(KeyUse::Statement).into_iter().collect(),
            log_key: of_node(KeyUse::Log),
            node_key: of_node(KeyUse::Node),
            witness_key: of_node(KeyUse::Witness),
            administrator_keys: public(KeyUse::Administrator).into_iter().collect(),
            next_keys,
            addresses: self.addresses,
            publishes_through: self.publishes_through,
            recovery_key: of_node(KeyUse::Recovery),
            suite: SUITE_SHA256,
        }
    }
}

/// The keys that an enrolment names, in the order of their uses.
#[must_use]
pub fn keys(enrolment: &Enrolment) -> Vec<(KeyUse, PublicKey)> {
    let several = |key_use, keys: &[PublicKey]| -> Vec<(KeyUse, PublicKey)> {
        keys.iter().map(|key| (key_use, *key)).collect()
    };
    let single = |key_use, key: Option<PublicKey>| key.map(|key| (key_use, key));
    let mut named = several(KeyUse::Statement, &enrolment.statement_keys);
    named.extend(single(KeyUse::Log, enrolment.log_key));
    named.extend(single(KeyUse::Node, enrolment.node_key));
    named.extend(single(KeyUse::Witness, enrolment.witness_key));
    named.extend(several(
        KeyUse::Administrator,
        &enrolment.administrator_keys,
    ));
    named.extend(single(KeyUse::Recovery, enrolment.recovery_key));
    named
}

/// The first key that comes a second time.
pub(crate) fn repeated(keys: impl IntoIterator<Item = PublicKey>) -> Option<PublicKey> {
    let mut seen = BTreeSet::new();
    keys.into_iter().find(|key| !seen.insert(*key))
}

/// Proves possession of one key. For officers' keys that lie on other machines: each holder proves
/// its own, and [`EnrolmentRequest::new`] puts the proofs together.
///
/// # Errors
/// [`RequestError::Decode`] when the enrolment has no encoding.
pub fn prove(
    genesis: &Hash,
    enrolment: &Enrolment,
    key_use: KeyUse,
    signer: &dyn Signer,
) -> Result<KeyProof, RequestError> {
    let message = possession_message(key_use, genesis, enrolment)?;
    Ok(KeyProof {
        key_use,
        key: signer.public_key(),
        signature: signer.sign(&message),
    })
}

/// A member's enrolment with a proof for every key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRequest {
    fields: RequestFields,
}

impl EnrolmentRequest {
    /// Makes a request with all keys of a ring.
    ///
    /// # Errors
    /// [`RequestError::Proofs`] when the enrolment names a key that the ring does not hold.
    pub fn sign(
        genesis: &Genesis,
        enrolment: Enrolment,
        ring: &KeyRing,
    ) -> Result<Self, RequestError> {
        let id = genesis.id();
        let mut proofs = Vec::new();
        for (key_use, key) in keys(&enrolment) {
            let signer = ring
                .key(key_use)
                .ok()
                .filter(|held| held.public_key() == key);
            let fingerprint = Fingerprint::of_key(&key);
            let signer = signer.ok_or(RequestError::NotHeld {
                key_use,
                fingerprint,
            })?;
            proofs.push(prove(&id, &enrolment, key_use, signer)?);
        }
        Self::new(genesis, enrolment, proofs)
    }

    /// Puts an enrolment and the proofs for its keys together, in any order.
    ///
    /// # Errors
    /// As [`EnrolmentRequest::verify`].
    pub fn new(
        genesis: &Genesis,
        enrolment: Enrolment,
        mut proofs: Vec<KeyProof>,
    ) -> Result<Self, RequestError> {
        proofs.sort_by_key(|proof| (proof.key_use, proof.key));
        let request = Self::from_fields(RequestFields {
            form: Form::Request,
            genesis: genesis.id(),
            enrolment,
            proofs,
        });
        request.verify(genesis)?;
        Ok(request)
    }

    /// Takes the bytes of a request. Nothing has been verified until [`EnrolmentRequest::verify`].
    ///
    /// # Errors
    /// [`RequestError::OtherForm`] or [`RequestError::Decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RequestError> {
        refuse_other_form(bytes)?;
        Ok(Self::from_fields(codec::decode(bytes, Limits::STATEMENT)?))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`RequestError::Decode`]; no request is known that has none.
    pub fn encode(&self) -> Result<Vec<u8>, RequestError> {
        Ok(codec::encode(&self.fields)?)
    }

    /// Verifies that it is meant for this network and that each key it names, and no other, has
    /// signed for its use. Whether the registry will have it is the registry's to say.
    ///
    /// # Errors
    /// [`RequestError::OtherNetwork`], [`RequestError::RepeatedKey`], [`RequestError::Proofs`] or
    /// [`RequestError::BadProof`].
    // spec: KEY-17, KEY-18, KEY-19
    pub fn verify(&self, genesis: &Genesis) -> Result<(), RequestError> {
        let fields = &self.fields;
        if fields.genesis != genesis.id() {
            return Err(RequestError::OtherNetwork {
                found: Fingerprint::of_digest(&fields.genesis),
            });
        }
        let named = keys(&fields.enrolment);
        if let Some(key) = repeated(named.iter().map(|(_, key)| *key)) {
            let fingerprint = Fingerprint::of_key(&key);
            return Err(RequestError::RepeatedKey { fingerprint });
        }
        let proven = fields.proofs.iter().map(|proof| (proof.key_use, proof.key));
        if !proven.eq(named) {
            return Err(RequestError::Proofs);
        }
        for KeyProof {
            key_use,
            key,
            signature,
        } in &fields.proofs
        {
            let message = possession_message(*key_use, &fields.genesis, &fields.enrolment)?;
            if key.verify(&message, signature).is_err() {
                let (key_use, fingerprint) = (*key_use, Fingerprint::of_key(key));
                return Err(RequestError::BadProof {
                    key_use,
                    fingerprint,
                });
            }
        }
        Ok(())
    }

    /// What is asked for.
    #[must_use]
    pub const fn enrolment(&self) -> &Enrolment {
        &self.fields.enrolment
    }

    /// Says in words what is asked for.
    #[must_use]
    pub fn summary(&self, language: Language) -> Summary {
        let mut summary = Summary::new(language);
        summary.enrolment(&self.fields.enrolment);
        summary
    }

    /// Writes it to a file that must not exist yet.
    ///
    /// # Errors
    /// [`RequestFileError`].
    pub fn create(&self, path: &Path) -> Result<(), RequestFileError> {
        Ok(file::create(path, &self.encode()?, Secrecy::Public)?)
    }

    /// Reads a request file and verifies it.
    ///
    /// # Errors
    /// [`RequestFileError`].
    pub fn read(path: &Path, genesis: &Genesis) -> Result<Self, RequestFileError> {
        let request = Self::decode(&file::read(path, STATEMENT_BYTES_MAX as u64)?)?;
        request.verify(genesis)?;
        Ok(request)
    }

    pub(crate) const fn from_fields(fields: RequestFields) -> Self {
        Self { fields }
    }

    pub(crate) const fn fields(&self) -> &RequestFields {
        &self.fields
    }
}

/// Tells another file by how it begins, before its shape is looked at.
fn refuse_other_form(bytes: &[u8]) -> Result<(), RequestError> {
    kind::refuse_other(bytes, FileKind::Request).map_err(|found| RequestError::OtherForm { found })
}

/// Why a request is not made or not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are not of the form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The bytes are another file of the same family.
    #[error("the file is {found}, not an enrolment request")]
    OtherForm {
        /// What it is.
        found: FileKind,
    },
    /// It is meant for another network.
    #[error("the request is for the network {found}")]
    OtherNetwork {
        /// The fingerprint of that network's genesis.
        found: Fingerprint,
    },
    /// One key for two uses.
    #[error("the key {fingerprint} is named twice; each use has its own")]
    RepeatedKey {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The enrolment names a key that is not in the ring.
    #[error("the {key_use:?} key {fingerprint} is not here to sign")]
    NotHeld {
        /// The use.
        key_use: KeyUse,
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The proofs are not one for each key that the enrolment names, in their order.
    #[error("the proofs are not exactly one for each key named, in order")]
    Proofs,
    /// A proof does not verify.
    #[error("the proof for the {key_use:?} key {fingerprint} does not verify")]
    BadProof {
        /// The use.
        key_use: KeyUse,
        /// The key.
        fingerprint: Fingerprint,
    },
}

/// Why a request file is not written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content.
    #[error(transparent)]
    Request(#[from] RequestError),
}

#[cfg(test)]
mod tests;
