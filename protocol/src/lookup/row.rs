//! A row of the register of look-ups, and the leaf that commits to it.

use sha2::{Digest, Sha256};

use crate::admin::tagged::named_codes;
use crate::admin::{CleanWord, EffectView, Reply, ValidityCode};
use crate::codec::{self, DecodeError, Limits, Reader, Truth, Writer, integer_map};
use crate::log::{Hash, TreeSize, hash};
use crate::statement::{SALT_BYTES, StatementRef};
use crate::subject::SubjectCode;
use crate::text::Text;
use crate::time::Timestamp;

/// Statements that one row names: as many as an answer shows.
pub const SHOWN_MAX: usize = 128;

const COMMIT_CONTEXT: &[u8] = b"concordat/look-up/commit/1\0";
const ANSWER_CONTEXT: &[u8] = b"concordat/look-up/answer/1\0";

// spec: LKP-30
named_codes! {
    /// 应查必查事项: in what business an organisation has to be looked up.
    pub enum Scenario {
        /// 财政资金补助: public funds and subsidies.
        Funds = 1 "funds",
        /// 政府采购和购买服务: government procurement.
        Procurement = 2 "procurement",
        /// 招标投标: tendering of works.
        Tendering = 3 "tendering",
        /// 公共资源交易: trade in public resources.
        PublicResources = 4 "public-resources",
        /// 行政审批: administrative approval.
        Approval = 5 "approval",
        /// 中介服务选取: choice of agencies.
        Agency = 6 "agency",
        /// 日常监管: supervision.
        Supervision = 7 "supervision",
        /// 评优评先: honours and awards.
        Honours = 8 "honours",
        /// 其他: other.
        Other = 9 "other",
    }
}

// spec: LKP-42
named_codes! {
    /// 复核结论: what a review of a row found.
    pub enum Finding {
        /// It was in order.
        InOrder = 1 "in-order",
        /// There is no such case.
        NoCase = 2 "no-case",
        /// The organisation has nothing to do with the case.
        WrongSubject = 3 "wrong-subject",
        /// Whoever asked had no business with the case.
        NotCompetent = 4 "not-competent",
        /// Something else is wrong with it.
        Other = 5 "other",
    }
}

impl Scenario {
    /// The one with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }
}

integer_map! {
    /// A statement that an answer showed, and how it stood.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Shown {
        /// Which.
        1 => reference: req(StatementRef),
        /// Whether it was in force; absent of what is no decision.
        2 => validity: opt(ValidityCode),
        /// The newest of the acts that made it so.
        3 => by: opt(StatementRef),
        /// Present when it was suspended.
        4 => suspended: opt(Truth),
        /// Present when it was stayed.
        5 => stayed: opt(Truth),
        /// Present when it was repaired.
        6 => repaired: opt(Truth),
        /// Present when another decision had taken its place.
        7 => superseded: opt(Truth),
    }
}

integer_map! {
    /// Up to where the node that answered had read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LookUpHorizon {
        /// Entries of its own log.
        1 => own: req(TreeSize),
        /// Entries of the home register.
        2 => register: req(TreeSize),
        /// Entries of the registry.
        3 => registry: req(TreeSize),
    }
}

integer_map! {
    /// A row of the register of look-ups.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LookUpRow {
        /// Its number, from 0: its place in the register's tree.
        1 => number: req(u64),
        /// When it was asked.
        2 => at: req(Timestamp),
        /// Who asked: the name of an administrator's certificate, or the node's own machine.
        3 => who: req(Text<200>),
        /// For what purpose.
        4 => purpose: req(Text<200>),
        /// In which case.
        5 => case_number: req(Text<128>),
        /// On what legal basis.
        6 => basis: req(Text<400>),
        /// About which organisation.
        7 => subject: req(SubjectCode),
        /// In what business, where it was said.
        8 => scenario: opt(Scenario),
        /// Salted digest of the answer, as [`answer_digest`] makes it.
        9 => answer: req(Hash),
        /// What it showed.
        10 => shown: list(Shown),
        /// Up to where the node had read; absent of rows from before there were receipts.
        11 => horizon: opt(LookUpHorizon),
        /// Whether there was any adverse record since a day, where that was asked.
        12 => clean: opt(CleanWord),
        /// Present when nothing was answered but a refusal.
        13 => refused: opt(Truth),
    }
}

/// The salted digest of an answer: SHA-256 over context, salt and the encoded reply.
#[must_use]
pub fn answer_digest(salt: &[u8; SALT_BYTES], reply: &[u8]) -> Hash {
    let digest = Sha256::new()
        .chain_update(ANSWER_CONTEXT)
        .chain_update(salt)
        .chain_update(reply);
    Hash::from_bytes(digest.finalize().into())
}

/// The hash of the leaf that has a commitment.
// spec: LKP-2
#[must_use]
pub fn leaf_of(commit: &Hash) -> Hash {
    let mut writer = Writer::with_capacity(36);
    writer.array(2).unsigned(1).bytes(commit.as_bytes());
    hash::leaf_hash(&writer.finish())
}

/// The bytes of a row with the salt that hides them behind its commitment; encodes as `[salt, row]`.
#[derive(Clone, PartialEq, Eq)]
pub struct SaltedRow {
    salt: [u8; SALT_BYTES],
    row: Vec<u8>,
}

/// Why bytes are no row with its salt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaltedRowError {
    /// They are of another form.
    #[error("the row of the register of look-ups: {0}")]
    Decode(#[from] DecodeError),
    /// It names more statements than an answer shows.
    #[error("a look-up shows {count} statements, more than the 128 of an answer")]
    TooMany {
        /// How many.
        count: usize,
    },
}

impl SaltedRow {
    /// Puts a row and fresh random salt together.
    ///
    /// # Errors
    /// [`SaltedRowError`].
    // spec: LKP-1
    pub fn new(salt: [u8; SALT_BYTES], row: &LookUpRow) -> Result<Self, SaltedRowError> {
        let bytes = codec::encode(row)?;
        Self::of_bytes(salt, bytes)
    }

    /// The same of a row's bytes as they were kept.
    ///
    /// # Errors
    /// [`SaltedRowError`] where they are none.
    pub fn of_bytes(salt: [u8; SALT_BYTES], row: Vec<u8>) -> Result<Self, SaltedRowError> {
        let salted = Self { salt, row };
        salted.row()?;
        Ok(salted)
    }

    /// What the row says.
    ///
    /// # Errors
    /// [`SaltedRowError`].
    pub fn row(&self) -> Result<LookUpRow, SaltedRowError> {
        let row: LookUpRow = codec::decode(&self.row, Limits::STATEMENT)?;
        match row.shown.len() > SHOWN_MAX {
            true => Err(SaltedRowError::TooMany {
                count: row.shown.len(),
            }),
            false => Ok(row),
        }
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// The row's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.row
    }

    /// The commitment: SHA-256 over context, salt, length and row.
    // spec: LKP-2
    #[must_use]
    pub fn commit(&self) -> Hash {
        let digest = Sha256::new()
            .chain_update(COMMIT_CONTEXT)
            .chain_update(self.salt)
            .chain_update((self.row.len() as u64).to_be_bytes())
            .chain_update(&self.row);
        Hash::from_bytes(digest.finalize().into())
    }

    /// Its encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.row.len() + SALT_BYTES + 8);
        writer.array(2).bytes(&self.salt).bytes(&self.row);
        writer.finish()
    }

    /// Takes an encoding apart.
    ///
    /// # Errors
    /// [`SaltedRowError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SaltedRowError> {
        let mut reader = Reader::new(bytes);
        reader.array(2, "a row with its salt")?;
        let salt = reader.bytes_exact("a salt of 32 bytes")?;
        let row = reader.bytes("the bytes of a row")?.to_vec();
        reader.finish()?;
        Self::of_bytes(salt, row)
    }
}

impl std::fmt::Debug for SaltedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SaltedRow({} bytes)", self.row.len())
    }
}

impl Shown {
    /// How a decision stood.
    #[must_use]
    pub fn decision(reference: StatementRef, effect: &EffectView) -> Self {
        let truth = |holds: bool| holds.then_some(Truth);
        Self {
            reference,
            validity: Some(effect.validity),
            by: effect.validity_by.last().cloned(),
            suspended: truth(!effect.suspended_by.is_empty()),
            stayed: truth(!effect.stayed_by.is_empty()),
            repaired: truth(!effect.repaired_by.is_empty()),
            superseded: truth(effect.superseded_by.is_some()),
        }
    }

    /// What a reply shows of statements.
    #[must_use]
    pub fn in_reply(reply: &Reply) -> Vec<Self> {
        match reply {
            Reply::Subject(answer) => {
                let decisions = answer.decisions.iter();
                let decisions =
                    decisions.map(|one| Self::decision(one.reference.clone(), &one.effect));
                decisions.take(SHOWN_MAX).collect()
            }
            Reply::Statement(view) => {
                let reference = view.reference.clone();
                vec![match &view.effect {
                    Some(effect) => Self::decision(reference, effect),
                    None => Self::other(reference),
                }]
            }
            Reply::Bundle(view) => vec![Self::other(view.target.clone())],
            Reply::Status(_)
            | Reply::Event(_)
            | Reply::Peers(_)
            | Reply::Peer(_)
            | Reply::Changed(_)
            | Reply::PeerTested(_)
            | Reply::Submitted(_)
            | Reply::Progress(_)
            | Reply::Refused(_)
            | Reply::Imported(_)
            | Reply::Recorded(_)
            | Reply::RecordMade(_)
            | Reply::Chunk(_)
            | Reply::AgreementApproved(_)
            | Reply::AgreementLogged(_)
            | Reply::Agreements(_)
            | Reply::Propagation(_)
            | Reply::Statistics(_)
            | Reply::Ledger(_)
            | Reply::Batch(_)
            | Reply::Bulk(_)
            | Reply::BatchPropagation(_)
            | Reply::LookUpProof(_)
            | Reply::LookUps(_)
            | Reply::LookUpMarked(_)
            | Reply::LookUpsOutdated(_)
            | Reply::LookUpsMissed(_)
            | Reply::LookUpResumed(_)
            | Reply::Receipt(_)
            | Reply::Error(_) => Vec::new(),
        }
    }

    /// What is no decision, or of which nothing is said beyond that it was looked at.
    #[must_use]
    pub const fn other(reference: StatementRef) -> Self {
        Self {
            reference,
            validity: None,
            by: None,
            suspended: None,
            stayed: None,
            repaired: None,
            superseded: None,
        }
    }

    /// Whether whoever saw it then has to be told how it stands now: it was taken back, put right or
    /// declared void since, or is suspended, stayed, repaired or superseded and was not.
    // spec: LKP-50
    #[must_use]
    pub fn is_outdated_by(&self, now: &Self) -> bool {
        let newly = |then: Option<Truth>, now: Option<Truth>| then.is_none() && now.is_some();
        self.validity.is_some()
            && (self.validity != now.validity
                || self.by != now.by
                || newly(self.suspended, now.suspended)
                || newly(self.stayed, now.stayed)
                || newly(self.repaired, now.repaired)
                || newly(self.superseded, now.superseded))
    }
}
