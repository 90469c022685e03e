//! COSE_Sign1 (RFC 9052 §4.2) as this protocol narrows it, and statements with several signatures.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::codec::{self, DecodeError, Limits, Reader, Writer, integer_map};
use crate::key::{KeyError, KeyId, PublicKey, SignatureBytes, Signer};
use crate::limits::{APPROVALS_MAX, STATEMENT_BYTES_MAX};
use crate::log::{Hash, TreeSize};
use crate::statement::class::{Class, Kind};
use crate::statement::content::Content;
use crate::statement::decision::Invalid;
use crate::statement::payload::Payload;
use crate::subject::{AuthorityCode, SubjectCode};

/// Tag 18, COSE_Sign1.
const TAG_SIGN1: u8 = 0xd2;
/// EdDSA is −8, which CBOR writes as the negative integer of 7.
const ALG_EDDSA: u64 = 7;
/// The private label `ctx`, −65537.
const LABEL_CTX: u64 = 65_536;
/// The private label `network`, −65538.
const LABEL_NETWORK: u64 = 65_537;
const CONTENT_PLAIN: &str = "application/concordat+cbor";
const CONTENT_APPROVED: &str = "application/concordat-approved+cbor";
const CONTENT_LOOK_UP: &str = "application/concordat-look-up+cbor";
const CONTENT_APPROVAL: &str = "application/concordat-approval+cbor";

/// The state of the registry that a signer had adopted. Questions of authority are decided there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctx {
    /// Size of the registry log.
    pub size: TreeSize,
    /// [`registry_state`] at that size.
    pub state: Hash,
}

/// The protected header of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The key that signed.
    pub kid: KeyId,
    /// `iss`: the authority that speaks.
    pub issuer: AuthorityCode,
    /// `sub`: the organisation spoken about, or the issuer itself where there is none.
    pub about: SubjectCode,
    /// The registry state it was signed under.
    pub ctx: Ctx,
}

/// A parsed statement with its exact bytes. No signature has been verified by having one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    bytes: Vec<u8>,
    header: Header,
    payload: Arc<Payload>,
    proposal: Option<Proposal>,
    approvals: Vec<Approval>,
}

/// One approver's signature over a proposal, for one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    kid: KeyId,
    network: Hash,
    to_be_signed: Vec<u8>,
    signature: SignatureBytes,
}

integer_map! {
    struct ApprovedMap {
        1 => proposal: req(serde_bytes::ByteBuf),
        2 => approvals: list(serde_bytes::ByteBuf),
    }
}

/// Payload bytes that wait for approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal(Vec<u8>);

impl Proposal {
    /// Encodes a payload as a proposal.
    ///
    /// # Errors
    /// [`StatementError::Decode`] when it has no encoding.
    pub fn new(payload: &Payload) -> Result<Self, StatementError> {
        Ok(Self(codec::encode(payload)?))
    }

    /// Takes proposal bytes and shows what they propose.
    ///
    /// # Errors
    /// [`StatementError`] when they are no payload.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Payload), StatementError> {
        let payload = codec::decode(bytes, Limits::STATEMENT)?;
        Ok((Self(bytes.to_vec()), payload))
    }

    /// The bytes that approvers sign over.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Statement {
    /// Takes bytes apart and checks everything that needs no key and no registry.
    ///
    /// # Errors
    /// [`StatementError`], one per departure.
    // spec: STM-1, STM-2, STM-3, STM-4, STM-5, STM-6
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > STATEMENT_BYTES_MAX {
            return Err(StatementError::TooLong { bytes: bytes.len() });
        }
        let envelope = Envelope::decode(bytes)?;
        let payload_bytes = envelope.payload.ok_or(StatementError::Detached)?;
        let (content_type, header) = decode_header(envelope.protected)?;
        let (payload, approved) = match content_type {
            ContentType::LookUp => return Err(StatementError::ContentType),
            ContentType::Plain => (codec::decode(payload_bytes, Limits::STATEMENT)?, None),
            ContentType::Approved => {
                let (payload, proposal, approvals) = decode_approved(payload_bytes)?;
                (payload, Some((proposal, approvals)))
            }
        };
        check_payload(&header, &payload)?;
        let (proposal, approvals) = approved.unzip();
        if approvals.is_some() && !may_be_approved(payload.class()) {
            return Err(StatementError::Approved {
                class: payload.class().code(),
            });
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            header,
            payload: Arc::new(payload),
            proposal,
            approvals: approvals.unwrap_or_default(),
        })
    }

    /// The bytes exactly as signed; kept and forwarded as they are.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The protected header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload; of an approved statement, the proposal.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The payload, to keep without a copy.
    #[must_use]
    pub fn shared_payload(&self) -> Arc<Payload> {
        Arc::clone(&self.payload)
    }

    /// What the approvals are over; `None` for a plain statement.
    #[must_use]
    pub const fn proposal(&self) -> Option<&Proposal> {
        self.proposal.as_ref()
    }

    /// The approvals under it; empty for a plain statement.
    #[must_use]
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Verifies the outer signature. The key must be the one that [`Header::kid`] names.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    // spec: STM-7
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), KeyError> {
        let envelope = Envelope::decode(&self.bytes).map_err(|_| KeyError::BadSignature)?;
        let payload = envelope.payload.ok_or(KeyError::BadSignature)?;
        let to_be_signed = to_be_signed(envelope.protected, payload);
        verify_as(self.header.kid, key, &to_be_signed, &envelope.signature)
    }
}

impl Approval {
    /// Takes an approval of a proposal apart, as it travels by itself before the statement is signed.
    ///
    /// # Errors
    /// [`StatementError`]. An approval of another proposal decodes; it does not verify.
    pub fn decode(bytes: &[u8], proposal: &Proposal) -> Result<Self, StatementError> {
        decode_approval(bytes, &proposal.0)
    }

    /// The key that approved.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.kid
    }

    /// The id of the genesis of the network that it was given for.
    #[must_use]
    pub const fn network(&self) -> &Hash {
        &self.network
    }

    /// Verifies the approval. That it was given for the network at hand is the caller's to check.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    // spec: STM-8
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), KeyError> {
        verify_as(self.kid, key, &self.to_be_signed, &self.signature)
    }
}

/// Signs a payload as a plain statement.
///
/// # Errors
/// [`StatementError`] when the result would not decode as a statement.
pub fn sign(
    signer: &dyn Signer,
    issuer: AuthorityCode,
    about: SubjectCode,
    ctx: Ctx,
    payload: &Payload,
) -> Result<Vec<u8>, StatementError> {
    let header = Header {
        kid: signer.public_key().id(),
        issuer,
        about,
        ctx,
    };
    check_payload(&header, payload)?;
    finish(
        signer,
        encode_header(CONTENT_PLAIN, &header),
        &codec::encode(payload)?,
    )
}

/// Approves a proposal in the network whose genesis has this id: a COSE_Sign1 with detached payload
/// over its exact bytes.
#[must_use]
pub fn sign_approval(signer: &dyn Signer, network: &Hash, proposal: &Proposal) -> Vec<u8> {
    let mut protected = Writer::with_capacity(128);
    protected
        .map(4)
        .unsigned(1)
        .negative(ALG_EDDSA)
        .unsigned(3)
        .text(CONTENT_APPROVAL);
    protected
        .unsigned(4)
        .bytes(signer.public_key().id().as_bytes());
    protected.negative(LABEL_NETWORK).bytes(network.as_bytes());
    let protected = protected.finish();
    let signature = signer.sign(&to_be_signed(&protected, &proposal.0));
    let mut writer = Writer::with_capacity(224);
    writer
        .raw(&[TAG_SIGN1])
        .array(4)
        .bytes(&protected)
        .map(0)
        .null();
    writer.bytes(signature.as_bytes());
    writer.finish()
}

/// Signs a proposal with its approvals as a statement.
///
/// # Errors
/// [`StatementError`] when the result would not decode as a statement.
pub fn sign_approved(
    signer: &dyn Signer,
    issuer: AuthorityCode,
    about: SubjectCode,
    ctx: Ctx,
    proposal: &Proposal,
    approvals: &[Vec<u8>],
) -> Result<Vec<u8>, StatementError> {
    let header = Header {
        kid: signer.public_key().id(),
        issuer,
        about,
        ctx,
    };
    let map = ApprovedMap {
        proposal: serde_bytes::ByteBuf::from(proposal.0.clone()),
        approvals: approvals
            .iter()
            .cloned()
            .map(serde_bytes::ByteBuf::from)
            .collect(),
    };
    let payload = codec::encode(&map)?;
    let (proposed, _, _) = decode_approved(&payload)?;
    check_payload(&header, &proposed)?;
    if !may_be_approved(proposed.class()) {
        return Err(StatementError::Approved {
            class: proposed.class().code(),
        });
    }
    finish(signer, encode_header(CONTENT_APPROVED, &header), &payload)
}

/// What a [`Ctx`] says of the registry: its root, bound to the network. A root alone names no
/// network, that of the empty registry least of all.
// spec: STM-32
#[must_use]
pub fn registry_state(network: &Hash, root: &Hash) -> Hash {
    let digest = Sha256::new()
        .chain_update(b"concordat/registry/1\0")
        .chain_update(network.as_bytes())
        .chain_update(root.as_bytes());
    Hash::from_bytes(digest.finalize().into())
}

/// Signs the payload of a receipt of a look-up: what it is can never be taken for a statement.
// spec: LKP-10
pub(crate) fn sign_look_up(
    signer: &dyn Signer,
    header: &Header,
    payload: &[u8],
) -> Result<Vec<u8>, StatementError> {
    finish(signer, encode_header(CONTENT_LOOK_UP, header), payload)
}

/// Takes a receipt of a look-up apart: header and payload. No signature is verified.
pub(crate) fn open_look_up(bytes: &[u8]) -> Result<(Header, Vec<u8>), StatementError> {
    if bytes.len() > STATEMENT_BYTES_MAX {
        return Err(StatementError::TooLong { bytes: bytes.len() });
    }
    let envelope = Envelope::decode(bytes)?;
    let payload = envelope.payload.ok_or(StatementError::Detached)?;
    match decode_header(envelope.protected)? {
        (ContentType::LookUp, header) => Ok((header, payload.to_vec())),
        (ContentType::Plain | ContentType::Approved, _) => Err(StatementError::ContentType),
    }
}

/// Verifies the signature of what [`open_look_up`] took apart.
pub(crate) fn verify_look_up(bytes: &[u8], key: &PublicKey) -> Result<(), KeyError> {
    let envelope = Envelope::decode(bytes).map_err(|_| KeyError::BadSignature)?;
    let payload = envelope.payload.ok_or(KeyError::BadSignature)?;
    let to_be_signed = to_be_signed(envelope.protected, payload);
    key.verify(&to_be_signed, &envelope.signature)
}

#[derive(Clone, Copy)]
enum ContentType {
    Plain,
    Approved,
    LookUp,
}

/// The four parts of a COSE_Sign1 after its tag.
struct Envelope<'a> {
    protected: &'a [u8],
    payload: Option<&'a [u8]>,
    signature: SignatureBytes,
}

impl<'a> Envelope<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        reader.literal(TAG_SIGN1, "a COSE_Sign1 (tag 18)")?;
        reader.array(4, "a COSE_Sign1 of four items")?;
        let protected = reader.bytes("a protected header")?;
        reader.map(0, "an empty unprotected header")?;
        let payload = match reader.null()? {
            true => None,
            false => Some(reader.bytes("a payload")?),
        };
        let signature = reader.bytes_exact("a signature of 64 bytes")?;
        reader.finish()?;
        Ok(Self {
            protected,
            payload,
            signature: SignatureBytes::from_bytes(signature),
        })
    }
}

fn decode_header(bytes: &[u8]) -> Result<(ContentType, Header), StatementError> {
    let mut reader = Reader::new(bytes);
    reader.map(5, "a protected header of five entries")?;
    let content_type = reader_prefix(&mut reader)?;
    let content_type = match content_type {
        CONTENT_PLAIN => ContentType::Plain,
        CONTENT_APPROVED => ContentType::Approved,
        CONTENT_LOOK_UP => ContentType::LookUp,
        _ => return Err(StatementError::ContentType),
    };
    let kid = reader_kid(&mut reader)?;
    key(&mut reader, 15, "the label of the claims")?;
    reader.map(2, "claims of two entries")?;
    key(&mut reader, 1, "iss")?;
    let issuer = reader.text("an authority code")?;
    let issuer = AuthorityCode::parse(issuer).map_err(|_| StatementError::Issuer)?;
    key(&mut reader, 2, "sub")?;
    let about = reader.text("a subject code")?;
    let about = SubjectCode::parse(about).map_err(|_| StatementError::About)?;
    reader.negative(LABEL_CTX, "the label ctx")?;
    reader.array(2, "a ctx of two items")?;
    let size =
        TreeSize::new(reader.unsigned("a registry size")?).map_err(|_| StatementError::Ctx)?;
    let state = Hash::from_bytes(reader.bytes_exact("a registry state of 32 bytes")?);
    reader.finish()?;
    Ok((
        content_type,
        Header {
            kid,
            issuer,
            about,
            ctx: Ctx { size, state },
        },
    ))
}

fn reader_prefix<'a>(reader: &mut Reader<'a>) -> Result<&'a str, StatementError> {
    key(reader, 1, "the label alg")?;
    reader.negative(ALG_EDDSA, "EdDSA (-8)")?;
    key(reader, 3, "the label of the content type")?;
    Ok(reader.text("a content type")?)
}

fn reader_kid(reader: &mut Reader<'_>) -> Result<KeyId, StatementError> {
    key(reader, 4, "the label kid")?;
    Ok(KeyId::from_bytes(reader.bytes_exact("a kid of 16 bytes")?))
}

fn key(reader: &mut Reader<'_>, label: u64, wanted: &'static str) -> Result<(), StatementError> {
    let offset = reader.offset();
    match reader.unsigned(wanted)? == label {
        true => Ok(()),
        false => Err(DecodeError::Unexpected { offset, wanted }.into()),
    }
}

fn encode_header(content_type: &str, header: &Header) -> Vec<u8> {
    let mut writer = Writer::with_capacity(192);
    writer
        .map(5)
        .unsigned(1)
        .negative(ALG_EDDSA)
        .unsigned(3)
        .text(content_type);
    writer.unsigned(4).bytes(header.kid.as_bytes());
    writer
        .unsigned(15)
        .map(2)
        .unsigned(1)
        .text(header.issuer.as_str());
    writer.unsigned(2).text(header.about.as_str());
    writer
        .negative(LABEL_CTX)
        .array(2)
        .unsigned(header.ctx.size.value());
    writer.bytes(header.ctx.state.as_bytes());
    writer.finish()
}

// spec: STM-9
fn decode_approved(bytes: &[u8]) -> Result<(Payload, Proposal, Vec<Approval>), StatementError> {
    let map: ApprovedMap = codec::decode(bytes, Limits::STATEMENT)?;
    let payload = codec::decode(&map.proposal, Limits::STATEMENT)?;
    if map.approvals.is_empty() {
        return Err(StatementError::NoApproval);
    }
    if map.approvals.len() > APPROVALS_MAX {
        return Err(StatementError::TooManyApprovals {
            count: map.approvals.len(),
        });
    }
    let approvals = map
        .approvals
        .iter()
        .map(|bytes| decode_approval(bytes, &map.proposal))
        .collect::<Result<Vec<_>, _>>()?;
    if !approvals.is_sorted_by(|a, b| a.kid < b.kid) {
        return Err(StatementError::ApprovalOrder);
    }
    Ok((payload, Proposal(map.proposal.into_vec()), approvals))
}

/// Classes whose approvals somebody looks at. Elsewhere they would be signatures that nothing has
/// verified, carried by a statement that is.
// spec: STM-10
const fn may_be_approved(class: Class) -> bool {
    matches!(class.kind(), Kind::Registry | Kind::Agreement)
}

fn decode_approval(bytes: &[u8], proposal: &[u8]) -> Result<Approval, StatementError> {
    let envelope = Envelope::decode(bytes)?;
    if envelope.payload.is_some() {
        return Err(StatementError::ApprovalNotDetached);
    }
    let mut reader = Reader::new(envelope.protected);
    reader.map(4, "an approval's header of four entries")?;
    if reader_prefix(&mut reader)? != CONTENT_APPROVAL {
        return Err(StatementError::ContentType);
    }
    let kid = reader_kid(&mut reader)?;
    reader.negative(LABEL_NETWORK, "the label network")?;
    let network = Hash::from_bytes(reader.bytes_exact("a genesis id of 32 bytes")?);
    reader.finish()?;
    let to_be_signed = to_be_signed(envelope.protected, proposal);
    Ok(Approval {
        kid,
        network,
        to_be_signed,
        signature: envelope.signature,
    })
}

/// What the header and the payload must agree on.
// spec: STM-13, STM-16, STM-17
fn check_payload(header: &Header, payload: &Payload) -> Result<(), StatementError> {
    let is_act = payload.class().is_act();
    if is_act != payload.target.is_some() {
        return Err(StatementError::Target {
            class: payload.class().code(),
        });
    }
    if is_act != payload.register_size.is_some() {
        return Err(StatementError::RegisterSize {
            class: payload.class().code(),
        });
    }
    // An act is about the subject of its target, which is not at hand here. What is about nobody
    // names its issuer: a notice goes to every member and must not say whom the act concerns.
    let about = match (payload.content.subject(), is_act) {
        (Some(subject), _) => Some(subject),
        (None, true) => None,
        (None, false) => Some(header.issuer.code()),
    };
    if about.is_some_and(|about| about != header.about) {
        return Err(StatementError::AboutAnother);
    }
    payload.content.check()?;
    if let Content::Erasure(erasure) = &payload.content {
        erasure.check(payload.target.as_ref())?;
    }
    Ok(())
}

fn finish(
    signer: &dyn Signer,
    protected: Vec<u8>,
    payload: &[u8],
) -> Result<Vec<u8>, StatementError> {
    let signature = signer.sign(&to_be_signed(&protected, payload));
    let mut writer = Writer::with_capacity(protected.len() + payload.len() + 80);
    writer
        .raw(&[TAG_SIGN1])
        .array(4)
        .bytes(&protected)
        .map(0)
        .bytes(payload);
    writer.bytes(signature.as_bytes());
    let bytes = writer.finish();
    match bytes.len() > STATEMENT_BYTES_MAX {
        true => Err(StatementError::TooLong { bytes: bytes.len() }),
        false => Ok(bytes),
    }
}

/// `Sig_structure` of RFC 9052 §4.4 with an empty external_aad.
pub(super) fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(protected.len() + payload.len() + 32);
    writer
        .array(4)
        .text("Signature1")
        .bytes(protected)
        .bytes(&[])
        .bytes(payload);
    writer.finish()
}

fn verify_as(
    kid: KeyId,
    key: &PublicKey,
    message: &[u8],
    signature: &SignatureBytes,
) -> Result<(), KeyError> {
    if key.id() != kid {
        return Err(KeyError::BadSignature);
    }
    key.verify(message, signature)
}

/// Why bytes are not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The bytes are not of the deterministic form, or of another shape.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// More than 64 KiB.
    #[error("a statement of {bytes} bytes is longer than the 65536 allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The payload is missing.
    #[error("the payload is detached")]
    Detached,
    /// A content type that is not a statement's.
    #[error("the content type is not a statement's")]
    ContentType,
    /// `iss` is no authority code.
    #[error("iss is not an authority code")]
    Issuer,
    /// `sub` is no subject code.
    #[error("sub is not a subject code")]
    About,
    /// The registry size in `ctx` is out of range.
    #[error("the registry size in ctx is out of range")]
    Ctx,
    /// An act without a target, or another class with one.
    #[error("class {class} must have a target exactly when it is an act")]
    Target {
        /// The class code.
        class: u64,
    },
    /// An act without the register size, or another class with one.
    #[error("class {class} must carry the register size exactly when it is an act")]
    RegisterSize {
        /// The class code.
        class: u64,
    },
    /// `sub` names another organisation than the content.
    #[error("sub names another organisation than the content")]
    AboutAnother,
    /// A rule about the content as a whole.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Approvals under a class that nobody approves.
    #[error("a statement of class {class} carries no approvals")]
    Approved {
        /// The class code.
        class: u64,
    },
    /// The form for approvals without one.
    #[error("the statement has the form for approvals and none in it")]
    NoApproval,
    /// More approvals than allowed.
    #[error("{count} approvals are more than the 16 allowed")]
    TooManyApprovals {
        /// How many.
        count: usize,
    },
    /// Approvals not in ascending order of their keys, or one key twice.
    #[error("approvals are not in ascending order of their keys")]
    ApprovalOrder,
    /// An approval that carries its own payload.
    #[error("an approval carries a payload of its own")]
    ApprovalNotDetached,
}
