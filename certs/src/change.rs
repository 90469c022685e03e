//! A change of the registry on its way: proposed, approved by people apart from each other, signed.
//!
//! ```text
//! proposer    PendingChange::new, ::for_enrolment        x.proposal
//! approver    reads the summary, PendingChange::approve  x.approval
//! hub         PendingChange::add, again; ::sign          a statement for the registry log
//! ```
//!
//! The same way for every kind of change. Nothing here needs a connection: the files may be carried
//! between rooms by hand. Out of scope: what the registry makes of the statement.

use std::collections::BTreeMap;
use std::path::Path;

use concordat_protocol::codec::{self, DecodeError, Ext, Limits};
use concordat_protocol::key::{KeyId, PublicKey, Signer};
use concordat_protocol::limits::APPROVALS_MAX;
use concordat_protocol::log::Hash;
use concordat_protocol::statement::{
    Approval, Content, Ctx, Payload, Proposal, StatementError, sign_approval, sign_approved,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{
    ApprovalFields, ChangeFault, CutOffFault, Form, Genesis, ProposalFields,
};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::enrolment::{EnrolmentRequest, RequestError};
use crate::file::{self, FileError, Secrecy};
use crate::fingerprint::Fingerprint;
use crate::kind::{self, FileKind};
use crate::summary::{Language, Summary};

/// Bounds of a proposal file: a proposal, a request and sixteen approvals.
pub(crate) const LIMITS: Limits = Limits {
    bytes_max: 256 << 10,
    items_max: 8_192,
    depth_max: Limits::DEPTH_CEILING,
};

/// A change with the approvals so far, each of which has been verified. Its payload changes the
/// registry, and an enrolment comes with the request that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    genesis: Hash,
    proposal: Proposal,
    payload: Payload,
    request: Option<EnrolmentRequest>,
    approvals: BTreeMap<KeyId, Vec<u8>>,
}

impl PendingChange {
    /// Proposes a change that is no enrolment.
    ///
    /// # Errors
    /// [`ChangeError::NotRegistry`] for content that has no place in the registry,
    /// [`ChangeError::NoRequest`] for an enrolment, [`ChangeError::CutOff`] and [`ChangeError::Fault`]
    /// for a change that would be void in every registry.
    pub fn new(
        genesis: &Genesis,
        issued_at: Timestamp,
        content: Content,
    ) -> Result<Self, ChangeError> {
        Self::of(genesis, issued_at, content, None)
    }

    /// Proposes the enrolment that a member asks for.
    ///
    /// # Errors
    /// [`ChangeError::Request`] when the request does not verify.
    pub fn for_enrolment(
        genesis: &Genesis,
        issued_at: Timestamp,
        request: EnrolmentRequest,
    ) -> Result<Self, ChangeError> {
        let content = Content::Enrolment(Box::new(request.enrolment().clone()));
        Self::of(genesis, issued_at, content, Some(request))
    }

    fn of(
        genesis: &Genesis,
        issued_at: Timestamp,
        content: Content,
        request: Option<EnrolmentRequest>,
    ) -> Result<Self, ChangeError> {
        let payload = Payload {
            issued_at,
            target: None,
            register_size: None,
            batch: None,
            content,
            ext: Ext::default(),
        };
        let pending = Self {
            genesis: genesis.id(),
            proposal: Proposal::new(&payload)?,
            payload,
            request,
            approvals: BTreeMap::new(),
        };
        pending.check_content(genesis)?;
        Ok(pending)
    }

    /// Takes the bytes of a proposal file and verifies everything in them.
    ///
    /// # Errors
    /// [`ChangeError`], one per departure.
    pub fn decode(bytes: &[u8], genesis: &Genesis) -> Result<Self, ChangeError> {
        refuse_other_form(bytes, FileKind::Proposal)?;
        let fields: ProposalFields = codec::decode(bytes, LIMITS)?;
        refuse_other_network(&fields.genesis, genesis)?;
        let (proposal, payload) = Proposal::decode(&fields.proposal)?;
        let mut pending = Self {
            genesis: fields.genesis,
            proposal,
            payload,
            request: fields.request.map(EnrolmentRequest::from_fields),
            approvals: BTreeMap::new(),
        };
        pending.check_content(genesis)?;
        let mut before = None;
        for approval in fields.approvals {
            let kid = pending.add_approval(genesis, approval.into_vec())?;
            if before.replace(kid) > Some(kid) {
                return Err(ChangeError::ApprovalOrder);
            }
        }
        Ok(pending)
    }

    /// The bytes of a proposal file.
    ///
    /// # Errors
    /// [`ChangeError::Decode`]; no change is known that has none.
    pub fn encode(&self) -> Result<Vec<u8>, ChangeError> {
        let approvals = self.approvals.values().cloned().map(ByteBuf::from);
        Ok(codec::encode(&ProposalFields {
            form: Form::Proposal,
            genesis: self.genesis,
            proposal: ByteBuf::from(self.proposal.as_bytes().to_vec()),
            request: self
                .request
                .as_ref()
                .map(|request| request.fields().clone()),
            approvals: approvals.collect(),
        })?)
    }

    /// What is proposed.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The bytes that approvers sign over.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The keys that have approved, ascending.
    pub fn approved_by(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.approvals.keys().copied()
    }

    /// How many approvals are still wanted.
    #[must_use]
    pub fn missing(&self, genesis: &Genesis) -> u64 {
        let quorum = genesis.fields().approvers.quorum;
        // Recovery keys sign beside approvers, never in their place.
        let approved = approvers(genesis).filter(|key| self.approvals.contains_key(&key.id()));
        quorum.saturating_sub(approved.count() as u64)
    }

    /// Whether as many recovery keys as their quorum asks have approved.
    #[must_use]
    pub fn recovers(&self, genesis: &Genesis) -> bool {
        self.recovery_missing(genesis) == 0
    }

    /// How many recovery keys would still have to approve it to make their quorum.
    #[must_use]
    pub fn recovery_missing(&self, genesis: &Genesis) -> u64 {
        let recovery = &genesis.fields().recovery;
        let approved = recovery.keys.iter();
        let approved = approved.filter(|key| self.approvals.contains_key(&key.id()));
        recovery.quorum.saturating_sub(approved.count() as u64)
    }

    /// Says in words what is proposed, for those who are to approve it.
    #[must_use]
    pub fn summary(&self, genesis: &Genesis, language: Language) -> Summary {
        let mut summary = Summary::new(language);
        let fingerprint = Fingerprint::of_digest(&genesis.id());
        summary.add("title", ("Network", "网络"), &genesis.fields().title);
        summary.add(
            "genesis_fingerprint",
            ("Network fingerprint", "网络指纹"),
            fingerprint,
        );
        let fingerprint = Fingerprint::of_digest(&digest(&self.proposal));
        summary.add(
            "fingerprint",
            ("Proposal fingerprint", "提案指纹"),
            fingerprint,
        );
        summary.payload(&self.payload);
        for key in approvers(genesis).filter(|key| self.approvals.contains_key(&key.id())) {
            summary.key("approved_by", ("Approved by", "已审批"), key);
        }
        let recovery = genesis.fields().recovery.keys.iter();
        for key in recovery.filter(|key| self.approvals.contains_key(&key.id())) {
            summary.key("recovery_by", ("Signed for recovery by", "恢复签署"), key);
        }
        let missing = self.missing(genesis);
        summary.add(
            "approvals_missing",
            ("Approvals still wanted", "尚缺审批"),
            missing,
        );
        summary
    }

    /// Approves the change. Look at [`PendingChange::summary`] first: what is signed is what it
    /// says.
    ///
    /// # Errors
    /// [`ChangeError::OtherNetwork`]; [`ChangeError::NotAnApprover`] when genesis names the key neither
    /// as an approver's nor, for a cut-off, as one of the recovery quorum.
    pub fn approve(
        &self,
        genesis: &Genesis,
        approver: &dyn Signer,
    ) -> Result<ApprovalFile, ChangeError> {
        refuse_other_network(&self.genesis, genesis)?;
        let id = approver.public_key().id();
        self.signer_of(genesis, id)?;
        Ok(ApprovalFile {
            fields: ApprovalFields {
                form: Form::Approval,
                genesis: self.genesis,
                proposal: digest(&self.proposal),
                approval: ByteBuf::from(sign_approval(approver, &self.genesis, &self.proposal)),
            },
        })
    }

    /// Takes an approval in.
    ///
    /// # Errors
    /// [`ChangeError::OtherNetwork`], [`ChangeError::OtherProposal`],
    /// [`ChangeError::NotAnApprover`], [`ChangeError::BadApproval`] or
    /// [`ChangeError::AlreadyApproved`].
    pub fn add(&mut self, genesis: &Genesis, approval: ApprovalFile) -> Result<(), ChangeError> {
        refuse_other_network(&approval.fields.genesis, genesis)?;
        if approval.fields.proposal != digest(&self.proposal) {
            return Err(ChangeError::OtherProposal);
        }
        self.add_approval(genesis, approval.fields.approval.into_vec())?;
        Ok(())
    }

    /// Signs the change as the hub, under a state of the registry.
    ///
    /// # Errors
    /// [`ChangeError::TooFewApprovals`]; [`ChangeError::Statement`] when it would be no statement.
    // spec: KEY-22
    pub fn sign(
        &self,
        genesis: &Genesis,
        hub: &dyn Signer,
        ctx: Ctx,
    ) -> Result<Vec<u8>, ChangeError> {
        refuse_other_network(&self.genesis, genesis)?;
        let missing = self.missing(genesis);
        if missing > 0 {
            return Err(ChangeError::TooFewApprovals { missing });
        }
        let issuer = genesis.hub();
        let about = self
            .payload
            .content
            .subject()
            .unwrap_or_else(|| issuer.code());
        let approvals: Vec<_> = self
            .approvals
            .values()
            .take(APPROVALS_MAX)
            .cloned()
            .collect();
        let bytes = sign_approved(hub, issuer, about, ctx, &self.proposal, &approvals)?;
        Ok(bytes)
    }

    /// Writes it to a file that must not exist yet.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn create(&self, path: &Path) -> Result<(), ChangeFileError> {
        Ok(file::create(path, &self.encode()?, Secrecy::Public)?)
    }

    /// Writes it over the file of the same proposal with fewer approvals.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn replace(&self, path: &Path) -> Result<(), ChangeFileError> {
        Ok(file::replace(path, &self.encode()?, Secrecy::Public)?)
    }

    /// Reads a proposal file and verifies everything in it.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn read(path: &Path, genesis: &Genesis) -> Result<Self, ChangeFileError> {
        let bytes = file::read(path, LIMITS.bytes_max as u64)?;
        Ok(Self::decode(&bytes, genesis)?)
    }

    // spec: KEY-19, KEY-70, TRU-32, TRU-51
    fn check_content(&self, genesis: &Genesis) -> Result<(), ChangeError> {
        let class = self.payload.class();
        if !class.is_registry() {
            let class = class.code();
            return Err(ChangeError::NotRegistry { class });
        }
        if let Content::CutOff(cut_off) = &self.payload.content {
            cut_off.fits()?;
        }
        genesis.admits(&self.payload.content)?;
        genesis.admits_next(&self.payload.content)?;
        match (&self.payload.content, &self.request) {
            (Content::Enrolment(_), None) => Err(ChangeError::NoRequest),
            (Content::Enrolment(enrolment), Some(request)) => {
                request.verify(genesis)?;
                match **enrolment == *request.enrolment() {
                    true => Ok(()),
                    false => Err(ChangeError::NotAsRequested),
                }
            }
            (_, Some(_)) => Err(ChangeError::NotAsRequested),
            (_, None) => Ok(()),
        }
    }

    // spec: TRU-30
    fn signer_of<'g>(
        &self,
        genesis: &'g Genesis,
        kid: KeyId,
    ) -> Result<&'g PublicKey, ChangeError> {
        let recovers = matches!(self.payload.content, Content::CutOff(_));
        let recovery = genesis.fields().recovery.keys.iter();
        approvers(genesis)
            .chain(recovery.filter(|_| recovers))
            .find(|key| key.id() == kid)
            .ok_or(ChangeError::NotAnApprover { kid })
    }

    // spec: KEY-20, KEY-21, TRU-27
    fn add_approval(&mut self, genesis: &Genesis, bytes: Vec<u8>) -> Result<KeyId, ChangeError> {
        let approval = Approval::decode(&bytes, &self.proposal)?;
        refuse_other_network(approval.network(), genesis)?;
        let kid = approval.kid();
        let key = self.signer_of(genesis, kid)?;
        let fingerprint = Fingerprint::of_key(key);
        approval
            .verify_signature(key)
            .map_err(|_| ChangeError::BadApproval { fingerprint })?;
        if self.approvals.contains_key(&kid) {
            return Err(ChangeError::AlreadyApproved { fingerprint });
        }
        self.approvals.insert(kid, bytes);
        Ok(kid)
    }
}

/// One approval on its way back to whoever collects them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalFile {
    fields: ApprovalFields,
}

impl ApprovalFile {
    pub(crate) const fn of(fields: ApprovalFields) -> Self {
        Self { fields }
    }

    pub(crate) const fn fields(&self) -> &ApprovalFields {
        &self.fields
    }

    /// Takes the bytes of an approval file. Whether it fits, and who signed it, is looked at where it is added to
    /// what it approves.
    ///
    /// # Errors
    /// [`ChangeError::OtherForm`] or [`ChangeError::Decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ChangeError> {
        refuse_other_form(bytes, FileKind::Approval)?;
        let fields = codec::decode(bytes, Limits::STATEMENT)?;
        Ok(Self { fields })
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`ChangeError::Decode`]; no approval is known that has none.
    pub fn encode(&self) -> Result<Vec<u8>, ChangeError> {
        Ok(codec::encode(&self.fields)?)
    }

    /// Writes it to a file that must not exist yet.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn create(&self, path: &Path) -> Result<(), ChangeFileError> {
        Ok(file::create(path, &self.encode()?, Secrecy::Public)?)
    }

    /// Reads an approval file.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn read(path: &Path) -> Result<Self, ChangeFileError> {
        let bytes = file::read(path, Limits::STATEMENT.bytes_max as u64)?;
        Ok(Self::decode(&bytes)?)
    }
}

fn approvers(genesis: &Genesis) -> impl Iterator<Item = &PublicKey> {
    genesis.fields().approvers.keys.iter()
}

pub(crate) fn digest(proposal: &Proposal) -> Hash {
    let digest: [u8; 32] = Sha256::digest(proposal.as_bytes()).into();
    Hash::from_bytes(digest)
}

pub(crate) fn refuse_other_network(found: &Hash, genesis: &Genesis) -> Result<(), ChangeError> {
    match *found == genesis.id() {
        true => Ok(()),
        false => Err(ChangeError::OtherNetwork {
            found: Fingerprint::of_digest(found),
        }),
    }
}

pub(crate) fn refuse_other_form(bytes: &[u8], wanted: FileKind) -> Result<(), ChangeError> {
    kind::refuse_other(bytes, wanted).map_err(|found| ChangeError::OtherForm { found, wanted })
}

/// Why a change is not proposed, approved or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The bytes are not of the form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The bytes are another file of the same family.
    #[error("the file is {found}, not {wanted}")]
    OtherForm {
        /// What it is.
        found: FileKind,
        /// What was asked for.
        wanted: FileKind,
    },
    /// The proposal, an approval or the statement is malformed.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The request behind an enrolment does not hold.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It is meant for another network.
    #[error("the file is for the network {found}")]
    OtherNetwork {
        /// The fingerprint of that network's genesis.
        found: Fingerprint,
    },
    /// The class does not change the registry.
    #[error("a statement of class {class} does not change the registry")]
    NotRegistry {
        /// The class code.
        class: u64,
    },
    /// The class is no agreement.
    #[error("the file proposes a statement of class {class}, not an agreement")]
    NotAnAgreement {
        /// The class code.
        class: u64,
    },
    /// The proposal of an agreement with more in it than its words.
    #[error(
        "the proposal of an agreement carries a request or approvals, which belong in files of their own"
    )]
    CarriesApprovals,
    /// An agreement that names more parties than one statement holds approvals of.
    #[error("{named} parties are named, and one statement holds the approvals of {fit} at most")]
    TooManyParties {
        /// How many are named.
        named: usize,
        /// How many there may be, the one that signs it included.
        fit: usize,
    },
    /// An enrolment without the request that proves its keys.
    #[error("an enrolment needs the request of the member that it enrols")]
    NoRequest,
    /// The request asks for something else than what is proposed.
    #[error("what is proposed is not what the request asks for")]
    NotAsRequested,
    /// The cut-off would be void in every registry.
    #[error(transparent)]
    CutOff(#[from] CutOffFault),
    /// The change would be void in every registry of the network.
    #[error(transparent)]
    Fault(#[from] ChangeFault),
    /// The approval is of another proposal.
    #[error("the approval is of another proposal")]
    OtherProposal,
    /// The key is none of those that genesis lets sign such a change.
    #[error("the key {kid} is no approver's")]
    NotAnApprover {
        /// The key.
        kid: KeyId,
    },
    /// The approval does not verify over this proposal.
    #[error("the approval by {fingerprint} does not verify")]
    BadApproval {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The same approver a second time.
    #[error("{fingerprint} has approved already")]
    AlreadyApproved {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The approvals in a file are not in ascending order of their keys.
    #[error("approvals are not in ascending order of their keys")]
    ApprovalOrder,
    /// The quorum of approvers is not reached.
    #[error("{missing} more approvals are wanted")]
    TooFewApprovals {
        /// How many.
        missing: u64,
    },
}

/// Why a proposal or approval file is not written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeFileError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

#[cfg(test)]
mod tests;
