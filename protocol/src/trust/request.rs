//! Files that members, approvers and the hub hand to each other before anything is logged.
//!
//! ```text
//! request  = { 1: 1, 2: genesis id, 3: enrolment, 4: [proof, …] }
//! proof    = { 1: key use, 2: key, 3: signature }
//! proposal = { 1: 2, 2: genesis id, 3: proposal bytes, ? 4: request, ? 5: [approval, …] }
//! approval = { 1: 3, 2: genesis id, 3: SHA-256 of the proposal bytes, 4: approval bytes }
//! ```
//!
//! Shapes only; nothing here has been verified by being decoded. Implements `spec/keys.md`.

use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::codec::{self, DecodeError, code_enum, integer_map};
use crate::key::{PublicKey, SignatureBytes};
use crate::log::Hash;
use crate::statement::{Enrolment, KeyUse};

code_enum! {
    /// What such a file is; the first entry of each.
    pub enum Form {
        /// A member's enrolment with a proof for every key.
        Request = 1,
        /// A change of the registry with the approvals so far.
        Proposal = 2,
        /// One approval.
        Approval = 3,
    }
}

impl Form {
    /// What a file says that it is, without looking at the rest of it.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xa0..=0xb7, 1, code, ..] => Self::from_code(u64::from(*code)),
            _ => None,
        }
    }
}

integer_map! {
    /// That whoever asks for an enrolment holds a key that it names.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KeyProof {
        /// What the key is for.
        1 => key_use: req(KeyUse),
        /// The key.
        2 => key: req(PublicKey),
        /// Its signature over [`possession_message`].
        3 => signature: req(SignatureBytes),
    }
}

integer_map! {
    /// A request for enrolment.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RequestFields {
        /// [`Form::Request`].
        1 => form: req(Form),
        /// The network.
        2 => genesis: req(Hash),
        /// What is asked for.
        3 => enrolment: req(Enrolment),
        /// One proof for each key, in the order of their uses and, within a use, of the keys.
        4 => proofs: list(KeyProof),
    }
}

integer_map! {
    /// A change of the registry on its way to approval.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ProposalFields {
        /// [`Form::Proposal`].
        1 => form: req(Form),
        /// The network.
        2 => genesis: req(Hash),
        /// The payload that approvers sign over.
        3 => proposal: req(ByteBuf),
        /// The request that an enrolment answers.
        4 => request: opt(RequestFields),
        /// Approvals, ascending by the keys' ids.
        5 => approvals: list(ByteBuf),
    }
}

integer_map! {
    /// One approval on its way back.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ApprovalFields {
        /// [`Form::Approval`].
        1 => form: req(Form),
        /// The network.
        2 => genesis: req(Hash),
        /// SHA-256 of the proposal bytes.
        3 => proposal: req(Hash),
        /// The approval: a COSE_Sign1 with detached payload.
        4 => approval: req(ByteBuf),
    }
}

/// What a key signs to prove that its holder asks for the enrolment: a context for its use, the
/// network, and SHA-256 of the enrolment's encoding. No other signed bytes begin like it.
///
/// # Errors
/// [`DecodeError::Unencodable`]; no enrolment is known that does it.
// spec: KEY-18
pub fn possession_message(
    key_use: KeyUse,
    genesis: &Hash,
    enrolment: &Enrolment,
) -> Result<Vec<u8>, DecodeError> {
    let context: &[u8] = match key_use {
        KeyUse::Statement => b"concordat/possession/statement/1\0",
        KeyUse::Log => b"concordat/possession/log/1\0",
        KeyUse::Node => b"concordat/possession/node/1\0",
        KeyUse::Witness => b"concordat/possession/witness/1\0",
        KeyUse::Administrator => b"concordat/possession/administrator/1\0",
        KeyUse::Approver => b"concordat/possession/approver/1\0",
        KeyUse::Recovery => b"concordat/possession/recovery/1\0",
    };
    let digest: [u8; 32] = Sha256::digest(codec::encode(enrolment)?).into();
    Ok([context, genesis.as_bytes(), &digest].concat())
}
