//! An agreement on its way: proposed by one party, approved by each other, logged by a party.
//!
//! ```text
//! proposer      PendingAgreement::new                          x.proposal
//! other party   reads the summary, PendingAgreement::approve   x.approval, by the statement key of its node
//! a party       PendingAgreement::approval of each; ::sign     a statement for its own log
//! ```
//!
//! The files are those of a change of the registry ([`crate::change`]), and what is signed over are the
//! exact bytes of the proposal. Out of scope: whose key an approval is under, which the registry says.

use std::path::Path;

use concordat_protocol::codec::{self, Ext};
use concordat_protocol::key::Signer;
use concordat_protocol::limits::APPROVALS_MAX;
use concordat_protocol::log::Hash;
use concordat_protocol::statement::{
    Agreement, AgreementFields, Approval, Content, Ctx, Payload, Proposal, sign_approval,
    sign_approved,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{ApprovalFields, Form, Genesis, ProposalFields};
use serde_bytes::ByteBuf;

use crate::change::{
    ApprovalFile, ChangeError, ChangeFileError, LIMITS, digest, refuse_other_form,
    refuse_other_network,
};
use crate::file::{self, Secrecy};
use crate::fingerprint::Fingerprint;
use crate::kind::FileKind;
use crate::summary::{Language, Summary};

/// An agreement that is proposed. Its payload is an agreement, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAgreement {
    genesis: Hash,
    proposal: Proposal,
    payload: Payload,
}

impl PendingAgreement {
    /// Proposes an agreement at an instant: who retires later leaves it, who retired before does not.
    ///
    /// # Errors
    /// [`ChangeError::TooManyParties`]; [`ChangeError::Statement`] for what has no encoding.
    pub fn new(
        genesis: &Genesis,
        issued_at: Timestamp,
        agreement: Agreement,
    ) -> Result<Self, ChangeError> {
        check_parties(agreement.fields())?;
        let payload = Payload {
            issued_at,
            target: None,
            register_size: None,
            batch: None,
            content: Content::Agreement(Box::new(agreement)),
            ext: Ext::default(),
        };
        Ok(Self {
            genesis: genesis.id(),
            proposal: Proposal::new(&payload)?,
            payload,
        })
    }

    /// Takes the bytes of a proposal file.
    ///
    /// # Errors
    /// [`ChangeError::OtherForm`], [`ChangeError::Decode`], [`ChangeError::OtherNetwork`],
    /// [`ChangeError::NotAnAgreement`] for the proposal of a change, [`ChangeError::TooManyParties`], and
    /// [`ChangeError::CarriesApprovals`] for one that carries more than its words.
    pub fn decode(bytes: &[u8], genesis: &Genesis) -> Result<Self, ChangeError> {
        refuse_other_form(bytes, FileKind::Proposal)?;
        let fields: ProposalFields = codec::decode(bytes, LIMITS)?;
        refuse_other_network(&fields.genesis, genesis)?;
        let (proposal, payload) = Proposal::decode(&fields.proposal)?;
        let class = payload.class().code();
        let agreement = payload.content.agreement();
        let agreement = agreement.ok_or(ChangeError::NotAnAgreement { class })?;
        check_parties(agreement.fields())?;
        if fields.request.is_some() || !fields.approvals.is_empty() {
            return Err(ChangeError::CarriesApprovals);
        }
        Ok(Self {
            genesis: fields.genesis,
            proposal,
            payload,
        })
    }

    /// The bytes of a proposal file.
    ///
    /// # Errors
    /// [`ChangeError::Decode`]; no agreement is known that has none.
    pub fn encode(&self) -> Result<Vec<u8>, ChangeError> {
        Ok(codec::encode(&ProposalFields {
            form: Form::Proposal,
            genesis: self.genesis,
            proposal: ByteBuf::from(self.proposal.as_bytes().to_vec()),
            request: None,
            approvals: Vec::new(),
        })?)
    }

    /// What is proposed.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// What the agreement says.
    ///
    /// # Errors
    /// [`ChangeError::NotAnAgreement`]; there is no such value.
    pub fn agreement(&self) -> Result<&AgreementFields, ChangeError> {
        let agreement = self.payload.content.agreement();
        let class = self.payload.class().code();
        let agreement = agreement.ok_or(ChangeError::NotAnAgreement { class })?;
        Ok(agreement.fields())
    }

    /// Says every word of it, for those who are to approve it.
    // spec: ADM-234
    #[must_use]
    pub fn summary(&self, genesis: &Genesis, language: Language) -> Summary {
        let mut summary = Summary::new(language);
        let network = &genesis.fields().title;
        summary.add("title", ("Network", "网络"), network);
        let fingerprint = Fingerprint::of_digest(&genesis.id());
        let label = ("Network fingerprint", "网络指纹");
        summary.add("genesis_fingerprint", label, fingerprint);
        let fingerprint = Fingerprint::of_digest(&digest(&self.proposal));
        let label = ("Proposal fingerprint", "提案指纹");
        summary.add("fingerprint", label, fingerprint);
        summary.payload(&self.payload);
        summary
    }

    /// Approves it with the statement key of a party. Look at [`PendingAgreement::summary`] first: what
    /// is signed is what it says.
    ///
    /// # Errors
    /// [`ChangeError::OtherNetwork`].
    pub fn approve(
        &self,
        genesis: &Genesis,
        party: &dyn Signer,
    ) -> Result<ApprovalFile, ChangeError> {
        refuse_other_network(&self.genesis, genesis)?;
        let approval = sign_approval(party, &self.genesis, &self.proposal);
        Ok(ApprovalFile::of(ApprovalFields {
            form: Form::Approval,
            genesis: self.genesis,
            proposal: digest(&self.proposal),
            approval: ByteBuf::from(approval),
        }))
    }

    /// Takes an approval of this very agreement apart. Its signature is the caller's to verify, under a
    /// key of a party.
    ///
    /// # Errors
    /// [`ChangeError::OtherNetwork`], [`ChangeError::OtherProposal`] or [`ChangeError::Statement`].
    pub fn approval(
        &self,
        genesis: &Genesis,
        file: &ApprovalFile,
    ) -> Result<Approval, ChangeError> {
        let fields = file.fields();
        refuse_other_network(&fields.genesis, genesis)?;
        if fields.proposal != digest(&self.proposal) {
            return Err(ChangeError::OtherProposal);
        }
        let approval = Approval::decode(&fields.approval, &self.proposal)?;
        refuse_other_network(approval.network(), genesis)?;
        Ok(approval)
    }

    /// Signs it as a party, with the approvals of the others in the order of their keys.
    ///
    /// # Errors
    /// [`ChangeError::OtherNetwork`]; [`ChangeError::Statement`] when it would be no statement.
    pub fn sign(
        &self,
        genesis: &Genesis,
        party: &dyn Signer,
        issuer: AuthorityCode,
        ctx: Ctx,
        approvals: &[ApprovalFile],
    ) -> Result<Vec<u8>, ChangeError> {
        refuse_other_network(&self.genesis, genesis)?;
        let mut ordered = Vec::with_capacity(approvals.len());
        for file in approvals {
            let kid = self.approval(genesis, file)?.kid();
            ordered.push((kid, file.fields().approval.to_vec()));
        }
        ordered.sort();
        let approvals: Vec<_> = ordered.into_iter().map(|(_, bytes)| bytes).collect();
        let about = issuer.code();
        let bytes = sign_approved(party, issuer, about, ctx, &self.proposal, &approvals)?;
        Ok(bytes)
    }

    /// Writes it to a file that must not exist yet.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn create(&self, path: &Path) -> Result<(), ChangeFileError> {
        Ok(file::create(path, &self.encode()?, Secrecy::Public)?)
    }

    /// Reads a proposal file.
    ///
    /// # Errors
    /// [`ChangeFileError`].
    pub fn read(path: &Path, genesis: &Genesis) -> Result<Self, ChangeFileError> {
        let bytes = file::read(path, LIMITS.bytes_max as u64)?;
        Ok(Self::decode(&bytes, genesis)?)
    }
}

/// Every party but the one that signs it approves, and one statement holds so many approvals.
// spec: ADM-245
fn check_parties(fields: &AgreementFields) -> Result<(), ChangeError> {
    let (named, fit) = (fields.parties.len(), APPROVALS_MAX + 1);
    match named > fit {
        true => Err(ChangeError::TooManyParties { named, fit }),
        false => Ok(()),
    }
}
