//! Agreements, accessions and retirements, by the authorities that they are about.
//!
//! ```text
//! key    authority 18 · kind u8 · position
//! value  position of what is named · digest 16
//! copies log u32 · digest 16 of a statement -> the first places at which it stands, index u64 each
//! placed position                           -> kind u8 · authorities 18 each
//! ```
//! Of a statement that stands in its log many times the first [`COPIES_MAX`] places have rows, and what was
//! refused has none: whoever has a log key can log again what is signed, or anything that nobody signed, and
//! neither takes the room of what counts. The kinds come in the order in which they are read: what narrows goes first. An agreement names its
//! first version, an accession the version acceded to, a retirement the first version of what is left.

use concordat_protocol::limits::APPROVALS_MAX;
use concordat_protocol::log::Origin;
use concordat_protocol::statement::{Kind, Leaf, Statement, StatementRef, Vis};
use concordat_protocol::subject::AuthorityCode;
use sha2::{Digest, Sha256};

use super::acts::BytesDigest;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, LogId, POSITION_BYTES, Position, Spot};
use super::subjects::first_bytes;
use super::verdicts::Verdict;

const CODE_BYTES: usize = 18;
/// Places of what stands many times in its log that are indexed and looked at.
// spec: IDX-71, IDX-96
pub const COPIES_MAX: usize = 8;
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

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
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
    pub cut: Vec<Origin>,
    /// Those of them in which agreements are left out.
    pub agreements_cut: Vec<Origin>,
    /// Those of them in which retirements or accessions are left out.
    pub words_cut: Vec<Origin>,
}

/// What a statement says about agreements.
pub(super) struct Said<'a> {
    pub(super) kind: AgreementKind,
    /// Whom it is about.
    pub(super) authorities: Vec<AuthorityCode>,
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
            // Whoever else it names could not have approved it: it is refused when it is read.
            let parties = fields.parties.iter().take(APPROVALS_MAX + 1);
            return Some(Self {
                kind: AgreementKind::Agreement,
                authorities: parties.copied().collect(),
                names: fields.first.as_ref(),
                digest: words_of(statement)?,
            });
        }
        let accession = content.accession().map(|word| &word.agreement);
        let accession = accession.map(|names| said(AgreementKind::Accession, names));
        let retirement = content.retirement().map(|word| &word.first);
        accession.or_else(|| retirement.map(|names| said(AgreementKind::Retirement, names)))
    }
}

/// The digest of the words of an agreement, whoever logs and approves them.
#[must_use]
pub fn words_of(statement: &Statement) -> Option<BytesDigest> {
    statement.payload().content.agreement()?;
    Some(words_proposed(statement.proposal()?.as_bytes()))
}

/// The same of the bytes of a proposal that nobody has logged yet.
#[must_use]
pub fn words_proposed(proposal: &[u8]) -> BytesDigest {
    BytesDigest::stored(first_bytes(Sha256::digest(proposal)))
}

/// Whether a leaf says of a statement about agreements what it has to: nothing of it is signed, and what a
/// wrong one stands for is refused wherever it is.
// spec: IDX-70
pub(super) fn may_hold(leaf: &Leaf, statement: &Statement) -> bool {
    let ctx = statement.header().ctx.size;
    leaf.kind == Kind::Agreement
        && leaf.vis == Vis::ALL_MEMBERS
        && leaf.ctx == ctx
        && leaf.target.is_none()
}

/// The keys of the rows under the authorities that a statement at a place is about.
fn keys(kind: AgreementKind, codes: &[AuthorityCode], at: Spot) -> Vec<Vec<u8>> {
    let place = Bytes::value().spot(at).finish();
    let keys = codes.iter().map(|code| prefix(*code, kind));
    keys.map(|key| [key, place.clone()].concat()).collect()
}

/// Where is written which rows a place has.
pub(super) fn placed_key(at: Spot) -> Vec<u8> {
    Bytes::key(Family::AgreementPlaces).spot(at).finish()
}

/// A statement about agreements at a place: all that its rows take, and what finds its copies.
pub(super) struct Placed {
    kind: AgreementKind,
    /// Of its signed bytes.
    pub(super) bytes: BytesDigest,
    /// What its rows say.
    digest: BytesDigest,
    /// The version named; a first version names its own place.
    named: Spot,
    authorities: Vec<AuthorityCode>,
}

impl Placed {
    pub(super) fn of(said: &Said<'_>, statement: &Statement, named: Spot) -> Self {
        Self {
            kind: said.kind,
            bytes: BytesDigest::of(statement),
            digest: said.digest,
            named,
            authorities: said.authorities.clone(),
        }
    }

    /// The same at another place of its log.
    // spec: IDX-122
    pub(super) fn moved(self, from: Spot, to: Spot) -> Self {
        let named = match self.named == from {
            true => to,
            false => self.named,
        };
        Self { named, ..self }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let value = Bytes::value().u8(self.kind.code());
        let value = value.raw(self.bytes.as_bytes()).raw(self.digest.as_bytes());
        let codes = self.authorities.iter();
        codes
            .fold(value.spot(self.named), |value, code| {
                value.raw(code.as_str().as_bytes())
            })
            .finish()
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let mut fields = Fields(value);
        let kind = AgreementKind::from_code(fields.u8()?)?;
        let bytes = BytesDigest::stored(fields.exact()?);
        let digest = BytesDigest::stored(fields.exact()?);
        let named = fields.spot()?;
        let mut authorities = Vec::new();
        while !fields.0.is_empty() {
            let code = std::str::from_utf8(fields.take(CODE_BYTES)?).ok()?;
            authorities.push(AuthorityCode::parse(code).ok()?);
        }
        Some(Self {
            kind,
            bytes,
            digest,
            named,
            authorities,
        })
    }

    /// Puts a row under each authority that it is about.
    pub(super) fn put(&self, batch: &mut EngineBatch, at: Spot) {
        let value = Bytes::value().spot(self.named).raw(self.digest.as_bytes());
        let value = value.finish();
        for key in keys(self.kind, &self.authorities, at) {
            batch.replace(key, value.clone());
        }
    }

    /// Removes its rows.
    pub(super) fn remove(&self, batch: &mut EngineBatch, at: Spot) {
        for key in keys(self.kind, &self.authorities, at) {
            batch.remove(&key);
        }
    }
}

/// Where is written at which places of a log a statement stands.
pub(super) fn copies_key(log: LogId, bytes: &BytesDigest) -> Vec<u8> {
    let key = Bytes::key(Family::AgreementCopies).log(log);
    key.raw(bytes.as_bytes()).finish()
}

/// Places of what stands many times in its log that are written down: what is refused makes room for the next.
// spec: IDX-122
const SPARE_MAX: usize = 2 * COPIES_MAX;

/// The first places of a statement in its log, ascending: the first [`COPIES_MAX`] have rows.
pub(super) struct Copies(Vec<u64>);

impl Copies {
    /// Those that are written; `None` when they are not of their layout.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let mut fields = Fields(value);
        let mut places = Vec::new();
        while !fields.0.is_empty() {
            places.push(fields.u64()?);
        }
        Some(Self(places))
    }

    /// The places that have rows.
    pub(super) fn placed(&self) -> &[u64] {
        self.0.get(..COPIES_MAX).unwrap_or(&self.0)
    }

    /// With a place more.
    // spec: IDX-3, IDX-96, IDX-122
    pub(super) fn with(&self, index: u64) -> Self {
        let mut places = self.0.clone();
        places.push(index);
        places.sort_unstable();
        places.dedup();
        places.truncate(SPARE_MAX);
        Self(places)
    }

    /// All that are written.
    pub(super) fn all(&self) -> &[u64] {
        &self.0
    }

    /// Without one that was refused.
    // spec: IDX-122
    pub(super) fn without(&self, index: u64) -> Self {
        let places = self.0.iter().copied();
        Self(places.filter(|place| *place != index).collect())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let kept = self.0.iter();
        let value = Bytes::value();
        kept.fold(value, |value, index| value.u64(*index)).finish()
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

#[cfg(test)]
mod tests {
    use concordat_protocol::log::LeafIndex;
    use concordat_protocol::trust::RejectReason;
    use tempfile::TempDir;

    use super::super::{IndexItem, JournalPosition, Store, StoreOptions};
    use super::*;
    use crate::fixture::{Fixture, Placed};
    use crate::journal::JournalId;

    fn store(items: &[Placed], together: bool) -> (TempDir, Store) {
        let directory = TempDir::new().unwrap();
        let options = StoreOptions::default();
        let store = Store::open(directory.path(), options, JournalId([7; 16]));
        let store = store.unwrap().0;
        let items: Vec<IndexItem> = items.iter().map(item).collect();
        for part in items.chunks(if together { items.len() } else { 1 }) {
            store.apply(part, JournalPosition::new(1)).unwrap();
            if !together {
                store.flush().unwrap();
            }
        }
        (directory, store)
    }

    fn item(placed: &Placed) -> IndexItem {
        IndexItem::Statement {
            origin: placed.origin.clone(),
            index: placed.index,
            leaf: placed.leaf,
            body: std::sync::Arc::clone(&placed.body),
            own: false,
            verdict: None,
        }
    }

    fn indexes(store: &Store, code: AuthorityCode) -> Vec<u64> {
        let rows = store.agreements_of(code).unwrap().rows;
        rows.iter().map(|row| row.position.index.value()).collect()
    }

    /// Live in any order, one by one or at once, and after a rebuild in the order of the journal.
    // spec: IDX-3, IDX-96
    #[test]
    fn first_places_of_a_statement_are_indexed_in_whatever_order_they_come() {
        let fixture = Fixture::new();
        let first = fixture.agreement(0, |_| {});
        let mut copies: Vec<Placed> = (3..30).map(|at| fixture.again(at, &first)).collect();
        for together in [true, false] {
            for _ in 0..2 {
                copies.reverse();
                let (_directory, store) = store(&copies, together);
                let kept = [3, 4, 5, 6, 7, 8, 9, 10];
                assert_eq!(indexes(&store, fixture.hub), kept);
                assert_eq!(indexes(&store, fixture.member), kept);
            }
        }
    }

    // spec: IDX-96
    #[test]
    fn what_was_refused_has_no_row_whenever_it_was() {
        let fixture = Fixture::new();
        let all = [fixture.agreement(0, |_| {}), fixture.agreement(1, |_| {})];
        let refused = Verdict::Rejected(RejectReason::KeyUnknown);
        let (_directory, store) = store(&all, false);
        let at = |index| Position {
            origin: fixture.origin(),
            index: LeafIndex::new(index),
        };
        store.judge(&[(at(0), refused)]).unwrap();
        store.flush().unwrap();
        assert_eq!(indexes(&store, fixture.hub), [1]);
        // What comes again finds its verdict there.
        store
            .apply(&[item(&all[0])], JournalPosition::new(2))
            .unwrap();
        assert_eq!(indexes(&store, fixture.hub), [1]);
        assert_eq!(indexes(&store, fixture.member), [1]);
    }

    /// Eight copies that are refused keep out no later one.
    // spec: IDX-122
    #[test]
    fn what_was_refused_makes_room_for_a_copy_that_came_before_or_comes_after() {
        let fixture = Fixture::new();
        let first = fixture.agreement(0, |_| {});
        let copies: Vec<Placed> = (0..12).map(|at| fixture.again(at, &first)).collect();
        let refused = Verdict::Rejected(RejectReason::KeyUnknown);
        let at = |index| Position {
            origin: fixture.origin(),
            index: LeafIndex::new(index),
        };
        let judged: Vec<_> = (0..8).map(|index| (at(index), refused)).collect();
        for together in [true, false] {
            let (_directory, store) = store(&copies, together);
            store.judge(&judged).unwrap();
            assert_eq!(indexes(&store, fixture.hub), [8, 9, 10, 11]);
            assert_eq!(indexes(&store, fixture.member), [8, 9, 10, 11]);
            // Each first version names its own place.
            let rows = store.agreements_of(fixture.hub).unwrap().rows;
            assert!(rows.iter().all(|row| row.named == row.position));
            let later = fixture.again(30, &first);
            store
                .apply(&[item(&later)], JournalPosition::new(2))
                .unwrap();
            assert_eq!(indexes(&store, fixture.hub), [8, 9, 10, 11, 30]);
        }
    }

    /// Nothing of a leaf is signed: whoever logs a statement first under a wrong one would keep out the right one.
    // spec: IDX-70, IDX-96
    #[test]
    fn copies_under_leaves_that_do_not_fit_keep_nothing_out() {
        let fixture = Fixture::new();
        let first = fixture.agreement(0, |_| {});
        let copies = (0..20).map(|at| {
            let mut copy = fixture.again(at, &first);
            match at {
                0..6 => copy.leaf.vis = Vis::new(1),
                6..12 => copy.leaf.target = Some(LeafIndex::new(0)),
                _ if at < 19 => copy.leaf.kind = Kind::Act,
                _ => {}
            }
            copy
        });
        let copies: Vec<Placed> = copies.collect();
        let (_directory, store) = store(&copies, true);
        assert_eq!(indexes(&store, fixture.hub), [19]);
    }
}
