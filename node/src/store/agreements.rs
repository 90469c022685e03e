//! Agreements, accessions and retirements, by the authorities that they are about.
//!
//! ```text
//! key    authority 18 · kind u8 · position
//! value  position of what is named · digest 16
//! ```
//! The kinds come in the order in which they are read: what narrows goes first. An agreement names its
//! first version, an accession the version acceded to, a retirement the first version of what is left.

use concordat_protocol::limits::APPROVALS_MAX;
use concordat_protocol::statement::{Statement, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use sha2::{Digest, Sha256};

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, LogId, POSITION_BYTES, Position, Spot};
use super::subjects::first_bytes;
use super::verdicts::Verdict;

const CODE_BYTES: usize = 18;
/// Where the position begins in a key.
const POSITION_AT: usize = 1 + CODE_BYTES + 1;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgreementKind {
    /// A retirement, under its author.
    Retirement,
    /// An agreement, under each of its parties.
    Agreement,
    /// An accession, under its author.
    Accession,
}

impl AgreementKind {
    pub(super) const ALL: [Self; 3] = [Self::Retirement, Self::Agreement, Self::Accession];

    const fn code(self) -> u8 {
        match self {
            Self::Retirement => 1,
            Self::Agreement => 2,
            Self::Accession => 3,
        }
    }
}

/// A statement about an agreement, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRow {
    /// Where it stands.
    pub position: Position,
    /// What it is.
    pub kind: AgreementKind,
    /// Where the version stands that it names; an agreement that is a first version names itself.
    pub named: Position,
    /// Of an agreement's words, of another statement's signed bytes: what stands again in its log has
    /// the same.
    pub digest: BytesDigest,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

/// What is found under one authority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementRows {
    /// The rows, by kind, log and place.
    pub rows: Vec<AgreementRow>,
    /// Logs in which more stands than is looked at.
    pub cut: Vec<concordat_protocol::log::Origin>,
    /// Those of them in which retirements are left out.
    pub retirements_cut: Vec<concordat_protocol::log::Origin>,
}

/// What a statement says about agreements.
pub(super) struct Said<'a> {
    pub(super) kind: AgreementKind,
    /// Whom it is about.
    authorities: Vec<AuthorityCode>,
    /// The statement named; `None` for a first version.
    pub(super) names: Option<&'a StatementRef>,
    digest: BytesDigest,
}

impl<'a> Said<'a> {
    pub(super) fn by(statement: &'a Statement) -> Option<Self> {
        let author = statement.header().issuer;
        let said = |kind, names| Self {
            kind,
            authorities: vec![author],
            names: Some(names),
            digest: BytesDigest::of(statement),
        };
        let content = &statement.payload().content;
        if let Some(agreement) = content.agreement() {
            let fields = agreement.fields();
            let words = statement.proposal()?.as_bytes();
            // Whoever else it names could not have approved it: it is refused when it is read.
            let parties = fields.parties.iter().take(APPROVALS_MAX + 1);
            return Some(Self {
                kind: AgreementKind::Agreement,
                authorities: parties.copied().collect(),
                names: fields.first.as_ref(),
                digest: BytesDigest::stored(first_bytes(Sha256::digest(words))),
            });
        }
        let accession = content.accession().map(|word| &word.agreement);
        let accession = accession.map(|names| said(AgreementKind::Accession, names));
        let retirement = content.retirement().map(|word| &word.first);
        accession.or_else(|| retirement.map(|names| said(AgreementKind::Retirement, names)))
    }
}

/// Puts a row under each authority that a statement at a place is about.
pub(super) fn put(batch: &mut EngineBatch, said: &Said<'_>, at: Spot, named: Spot) {
    let value = Bytes::value().spot(named).raw(said.digest.as_bytes());
    let value = value.finish();
    for code in &said.authorities {
        let key = [prefix(*code, said.kind), Bytes::value().spot(at).finish()].concat();
        batch.put(key, value.clone());
    }
}

/// All rows of a kind under an authority.
pub(super) fn prefix(code: AuthorityCode, kind: AgreementKind) -> Vec<u8> {
    let key = Bytes::key(Family::Agreements).raw(code.as_str().as_bytes());
    key.u8(kind.code()).finish()
}

/// The first key behind the rows of a log under a prefix; `None` behind the last log.
pub(super) fn behind(prefix: &[u8], log: LogId) -> Option<Vec<u8>> {
    let next = log.0.checked_add(1)?;
    Some([prefix, &next.to_be_bytes()].concat())
}

/// Where the statement of a row stands.
pub(super) fn place(key: &[u8]) -> Option<Spot> {
    Spot::decode(key.get(POSITION_AT..)?)
}

/// What the statement names, and its digest.
pub(super) fn decode(value: &[u8]) -> Option<(Spot, BytesDigest)> {
    let mut fields = Fields(value);
    let named = Spot::decode(fields.take(POSITION_BYTES)?)?;
    let digest = BytesDigest::stored(fields.exact()?);
    fields.0.is_empty().then_some((named, digest))
}
