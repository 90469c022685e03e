//! Statements by the organisation they are about, and own decisions by document number.
//!
//! ```text
//! summary  class u8 · act type u8 · flags u8 · decided on i32 · document digest 8
//!          · digest of the signed bytes 16 · item length u16 · item · issuer 18, unless it is the log's
//!          member
//! ```

use concordat_protocol::statement::{ActType, Class, Code, DecisionFields, DocumentKey, Statement};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use sha2::{Digest, Sha256};

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, Position, Spot};
use super::verdicts::Verdict;

/// The first eight bytes of the SHA-256 of a document number as it is compared: tells whether two
/// decisions can be issues of one document, not that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentDigest([u8; 8]);

impl DocumentDigest {
    /// Digests a document number, however it is written.
    // spec: EFF-81
    #[must_use]
    pub fn of(document_number: &str) -> Self {
        let key = DocumentKey::of(document_number);
        Self(first_bytes(Sha256::digest(key.as_str())))
    }
}

/// What the index knows of a statement about an organisation, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its class: a decision, or a correction, which names the organisation anew.
    pub class: Class,
    /// The authority that speaks.
    pub issuer: AuthorityCode,
    /// The type of act.
    pub act_type: ActType,
    /// The catalogue item.
    pub item: Code,
    /// The day of the decision.
    pub decided_on: Day,
    /// Of the document number.
    pub document: DocumentDigest,
    /// Of its signed bytes: tells copies without reading them.
    // spec: IDX-60
    pub bytes: BytesDigest,
    /// Whether it reduces rights or adds duties.
    pub adverse: bool,
    /// Whether it re-issues another decision.
    pub reissue: bool,
    /// Whether values in it are made up.
    pub synthetic: bool,
}

/// One statement about an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// Where it stands.
    pub position: Position,
    /// What the index knows of it.
    pub summary: Summary,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

const ADVERSE: u8 = 1;
const REISSUE: u8 = 2;
const SYNTHETIC: u8 = 4;
const OTHER_ISSUER: u8 = 8;

impl Summary {
    /// `None` for a statement that says nothing about an organisation.
    pub(super) fn of(statement: &Statement) -> Option<(SubjectCode, Self)> {
        let decision = statement.payload().content.decision()?;
        let fields = decision.fields();
        let summary = Self {
            class: statement.payload().class(),
            issuer: statement.header().issuer,
            act_type: fields.act_type,
            item: fields.item.clone(),
            decided_on: fields.decided_on,
            document: DocumentDigest::of(fields.document_number.as_str()),
            bytes: BytesDigest::of(statement),
            adverse: decision.is_adverse(),
            reissue: fields.reissues.is_some(),
            synthetic: !fields.synthetic.is_empty(),
        };
        Some((fields.subject.code(), summary))
    }

    pub(super) fn encode(&self, member: &str) -> Vec<u8> {
        let own = self.issuer.as_str() == member;
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.adverse, ADVERSE)
            | flag(self.reissue, REISSUE)
            | flag(self.synthetic, SYNTHETIC)
            | flag(!own, OTHER_ISSUER);
        let bytes = Bytes::value()
            .u8(code(self.class.code()))
            .u8(code(self.act_type.code()))
            .u8(flags)
            .raw(&self.decided_on.value().to_be_bytes())
            .raw(&self.document.0)
            .raw(self.bytes.as_bytes())
            .counted(self.item.as_str().as_bytes());
        match own {
            true => bytes.finish(),
            false => bytes.raw(self.issuer.as_str().as_bytes()).finish(),
        }
    }

    pub(super) fn decode(bytes: &[u8], member: &str) -> Option<Self> {
        let mut fields = Fields(bytes);
        let class = Class::from_code(u64::from(fields.u8()?))?;
        let act_type = ActType::from_code(u64::from(fields.u8()?))?;
        let flags = fields.u8()?;
        let decided_on = Day::new(i64::from(i32::from_be_bytes(fields.exact()?))).ok()?;
        let document = DocumentDigest(fields.exact()?);
        let bytes = BytesDigest::stored(fields.exact()?);
        let item = Code::new(std::str::from_utf8(fields.counted()?).ok()?).ok()?;
        let issuer = match flags & OTHER_ISSUER {
            0 => member,
            _ => std::str::from_utf8(fields.0).ok()?,
        };
        Some(Self {
            class,
            issuer: AuthorityCode::parse(issuer).ok()?,
            act_type,
            item,
            decided_on,
            document,
            bytes,
            adverse: flags & ADVERSE != 0,
            reissue: flags & REISSUE != 0,
            synthetic: flags & SYNTHETIC != 0,
        })
    }
}

pub(super) fn put(
    batch: &mut EngineBatch,
    subject: SubjectCode,
    spot: Spot,
    summary: &Summary,
    member: &str,
) {
    let key = Bytes::key(Family::Subjects).raw(subject.as_str().as_bytes());
    batch.put(key.spot(spot).finish(), summary.encode(member));
}

pub(super) fn put_document(batch: &mut EngineBatch, spot: Spot, summary: &Summary) {
    let key = Bytes::key(Family::Documents).raw(&summary.document.0);
    batch.put(key.spot(spot).finish(), []);
}

pub(super) fn document_prefix(document: DocumentDigest) -> Vec<u8> {
    Bytes::key(Family::Documents).raw(&document.0).finish()
}

pub(super) fn prefix(subject: SubjectCode) -> Vec<u8> {
    Bytes::key(Family::Subjects)
        .raw(subject.as_str().as_bytes())
        .finish()
}

/// What makes a decision the same for its issuer: document number, however it is written, and item.
// spec: IMP-13
pub(super) fn natural_prefix(issuer: AuthorityCode, document_number: &str, item: &Code) -> Vec<u8> {
    let key = DocumentKey::of(document_number);
    let digest = Sha256::new()
        .chain_update((key.as_str().len() as u64).to_be_bytes())
        .chain_update(key.as_str())
        .chain_update(item.as_str())
        .finalize();
    let digest: [u8; 16] = first_bytes(digest);
    Bytes::key(Family::Natural)
        .raw(issuer.as_str().as_bytes())
        .raw(&digest)
        .finish()
}

pub(super) fn put_natural(
    batch: &mut EngineBatch,
    issuer: AuthorityCode,
    fields: &DecisionFields,
    spot: Spot,
) {
    let prefix = natural_prefix(issuer, fields.document_number.as_str(), &fields.item);
    let key = [prefix, Bytes::value().spot(spot).finish()].concat();
    batch.put(key, []);
}

/// Codes of the protocol's tables stay below 256 in this format.
pub(super) fn code(code: u64) -> u8 {
    u8::try_from(code).unwrap_or(u8::MAX)
}

pub(super) fn first_bytes<const N: usize>(digest: impl AsRef<[u8]>) -> [u8; N] {
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    first
}
