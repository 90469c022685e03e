//! What acts on a statement: acts by their target, notices of them, and re-issues by their root.
//!
//! ```text
//! act     class u8 · ground u8, 0 for none · made on i32 · of an objection: role u8 · flags u8 (1 over the cap,
//!         2 issuer follows) · received on i32 · register size u64 · leaf hash 32 · leaf hash of the
//!         target 32 · visibility class u8 · organisation 18 · digest of the signed bytes 16
//!         · issuer 18, unless it is the log's member
//! notice  act position · class u8 · ground u8 · flags u8 · leaf hash of the act 32 · leaf hash of the
//!         target 32 · key id 16
//! chain   nothing
//! ```

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use concordat_protocol::key::KeyId;
use concordat_protocol::log::Hash;
use concordat_protocol::statement::{
    Class, Ground, Leaf, Notice, Objection, ObjectorRole, Statement, StatementRef, Vis,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, POSITION_BYTES, Position, Spot};
use super::subjects::{code, first_bytes};
use super::table::Table;
use super::verdicts::Verdict;

/// An act on a statement, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Where the act stands.
    pub position: Position,
    /// Its class.
    pub class: Class,
    /// The ground, of an objection.
    pub ground: Option<Ground>,
    /// What else the index knows of an objection.
    pub objection: Option<Box<ObjectionSaid>>,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

/// What the index knows of an objection: all that makes a difference to a decision.
// spec: IDX-40
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectionSaid {
    /// Who received it.
    pub issuer: AuthorityCode,
    /// The organisation that it is about.
    pub about: SubjectCode,
    /// The role of the objector.
    pub role: ObjectorRole,
    /// Whether it lies beyond the receiving authority's cap.
    pub over_cap: bool,
    /// When it was received.
    pub received_on: Day,
    /// The size of the home register that it carries.
    pub register_size: u64,
    /// The leaf where it stands.
    pub leaf_hash: Hash,
    /// The leaf of its target, as it says.
    pub target_hash: Hash,
    /// Its visibility class.
    pub vis: Vis,
    /// Of its signed bytes.
    pub bytes: BytesDigest,
}

/// The first 16 bytes of the SHA-256 of the signed bytes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BytesDigest([u8; 16]);

impl BytesDigest {
    /// Digests what is signed.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        Self(first_bytes(Sha256::digest(statement.as_bytes())))
    }

    pub(super) const fn stored(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A notice in the home register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Where the notice stands.
    pub position: Position,
    /// Where the act stands that it tells of.
    pub act: Position,
    /// The class of the act.
    pub class: Class,
    /// The ground, of an objection.
    pub ground: Option<Ground>,
    /// Whether the objection lies beyond the receiving authority's cap.
    pub over_cap: bool,
    /// The leaf of the act, as the notice says.
    pub act_hash: Hash,
    /// The leaf of the act's target, as the notice says.
    pub target_hash: Hash,
    /// The key that the notice is signed with.
    pub kid: KeyId,
    /// What verifying it gave; `None` when it has not been verified.
    pub verdict: Option<Verdict>,
}

/// What stands for an instant that is on no day.
const NO_DAY: i32 = i32::MIN;
const OVER_CAP: u8 = 1;
const OTHER_ISSUER: u8 = 2;

/// An act with its leaf, in the log of a member.
pub(super) struct Act<'a> {
    pub(super) at: Spot,
    pub(super) member: &'a str,
    pub(super) leaf: &'a Leaf,
    pub(super) statement: &'a Statement,
}

pub(super) fn put_act(
    batch: &mut EngineBatch,
    target: Spot,
    target_ref: &StatementRef,
    act: &Act<'_>,
) {
    let objection = act.statement.payload().content.objection();
    let ground = objection.map_or(0, |objection| code(objection.ground().code()));
    let class = code(act.statement.payload().class().code());
    let key = Bytes::key(Family::Acts).spot(target).spot(act.at).finish();
    let made_on = Day::of(act.statement.payload().issued_at);
    let made_on = made_on.map_or(NO_DAY, Day::value);
    let value = Bytes::value().u8(class).u8(ground);
    let value = value.raw(&made_on.to_be_bytes());
    let value = match objection {
        Some(objection) => put_said(value, objection, target_ref, act),
        None => value,
    };
    batch.put(key, value.finish());
}

fn put_said(value: Bytes, objection: &Objection, target: &StatementRef, act: &Act<'_>) -> Bytes {
    let header = act.statement.header();
    let own = header.issuer.as_str() == act.member;
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let flags = flag(objection.over_cap(), OVER_CAP) | flag(!own, OTHER_ISSUER);
    let register = act.statement.payload().register_size;
    let digest = BytesDigest::of(act.statement);
    let value = value
        .u8(code(objection.role().code()))
        .u8(flags)
        .raw(&objection.received_on().value().to_be_bytes())
        .u64(register.map_or(0, |size| size.value()))
        .raw(act.leaf.hash().as_bytes())
        .raw(target.leaf_hash.as_bytes())
        .u8(act.leaf.vis.code())
        .raw(header.about.as_str().as_bytes())
        .raw(digest.as_bytes());
    match own {
        true => value,
        false => value.raw(header.issuer.as_str().as_bytes()),
    }
}

pub(super) fn put_objection(batch: &mut EngineBatch, at: Spot, objection: &Objection) {
    let key = objections_prefix(objection.received_on());
    batch.put([key, Bytes::value().spot(at).finish()].concat(), []);
}

/// All objections that were received on a day.
pub(super) fn objections_prefix(day: Day) -> Vec<u8> {
    let day = day.value().to_be_bytes();
    Bytes::key(Family::Objections).raw(&day).finish()
}

pub(super) fn put_notice(
    batch: &mut EngineBatch,
    target: Spot,
    at: Spot,
    act: Spot,
    notice: &Notice,
    kid: KeyId,
) {
    let key = Bytes::key(Family::Notices).spot(target).spot(at).finish();
    let ground = notice.ground.map_or(0, |ground| code(ground.code()));
    let value = Bytes::value()
        .spot(act)
        .u8(code(notice.class.code()))
        .u8(ground)
        .u8(u8::from(notice.over_cap == Some(true)))
        .raw(notice.act.leaf_hash.as_bytes())
        .raw(notice.target.leaf_hash.as_bytes())
        .raw(kid.as_bytes());
    batch.put(key, value.finish());
}

pub(super) fn put_reissue(batch: &mut EngineBatch, root: Spot, at: Spot) {
    let key = Bytes::key(Family::Chains).spot(root).spot(at).finish();
    batch.put(key, []);
}

/// Statements that something points at: asked first, since nothing points at most of them.
pub(super) fn load_pointed_at(table: &Table) -> Result<BTreeSet<Spot>, StoreError> {
    let mut found = BTreeSet::new();
    for family in [Family::Acts, Family::Notices, Family::Chains] {
        let prefix = Bytes::key(family).finish();
        let mut whole = true;
        table.scan(&prefix, &prefix, |key, _| match target(key) {
            Some(target) => {
                found.insert(target);
                ControlFlow::Continue(())
            }
            None => {
                whole = false;
                ControlFlow::Break(())
            }
        })?;
        if !whole {
            return Err(StoreError::damaged(family));
        }
    }
    Ok(found)
}

/// All keys of a family that begin with a position.
pub(super) fn prefix(family: Family, target: Spot) -> Vec<u8> {
    Bytes::key(family).spot(target).finish()
}

/// The first position of a key.
pub(super) fn target(key: &[u8]) -> Option<Spot> {
    Spot::decode(key.get(1..1 + POSITION_BYTES)?)
}

/// The second position of a key.
pub(super) fn acting(key: &[u8]) -> Option<Spot> {
    Spot::decode(key.get(1 + POSITION_BYTES..)?)
}

/// The class of an act.
pub(super) fn act_class(value: &[u8]) -> Option<Class> {
    class(&mut Fields(value))
}

/// The class of an act, and the day in China on which it says that it was made, if it is one.
pub(super) fn act_made(value: &[u8]) -> Option<(Class, Option<Day>)> {
    let mut fields = Fields(value);
    let (class, _) = (class(&mut fields)?, ground(&mut fields)?);
    Some((class, made_on(&mut fields)?))
}

fn made_on(fields: &mut Fields<'_>) -> Option<Option<Day>> {
    let day = i32::from_be_bytes(fields.exact()?);
    Some(Day::new(i64::from(day)).ok())
}

/// An act of a member's log, whose verdict is to be filled in.
pub(super) fn decode_act(value: &[u8], position: Position) -> Option<ActRow> {
    let mut fields = Fields(value);
    let (class, ground) = (class(&mut fields)?, ground(&mut fields)?);
    made_on(&mut fields)?;
    let said = match class == Class::Objection {
        true => Some(Box::new(said(&mut fields, position.origin.member())?)),
        false => None,
    };
    fields.0.is_empty().then_some(ActRow {
        position,
        class,
        ground,
        objection: said,
        verdict: None,
    })
}

fn said(fields: &mut Fields<'_>, member: &str) -> Option<ObjectionSaid> {
    let role = ObjectorRole::from_code(u64::from(fields.u8()?))?;
    let flags = fields.u8()?;
    let received_on = Day::new(i64::from(i32::from_be_bytes(fields.exact()?))).ok()?;
    let register_size = fields.u64()?;
    let leaf_hash = Hash::from_bytes(fields.exact()?);
    let target_hash = Hash::from_bytes(fields.exact()?);
    let vis = Vis::new(fields.u8()?);
    let about = std::str::from_utf8(fields.take(SUBJECT_BYTES)?).ok()?;
    let about = SubjectCode::parse(about).ok()?;
    let bytes = BytesDigest::stored(fields.exact()?);
    let issuer = match flags & OTHER_ISSUER {
        0 => member,
        _ => std::str::from_utf8(fields.take(SUBJECT_BYTES)?).ok()?,
    };
    Some(ObjectionSaid {
        issuer: AuthorityCode::parse(issuer).ok()?,
        about,
        role,
        over_cap: flags & OVER_CAP != 0,
        received_on,
        register_size,
        leaf_hash,
        target_hash,
        vis,
        bytes,
    })
}

const SUBJECT_BYTES: usize = 18;

/// A notice at a position, with the position of the act to be filled in.
pub(super) fn decode_notice(
    value: &[u8],
    position: Position,
    act: impl FnOnce(Spot) -> Option<Position>,
) -> Option<NoticeRow> {
    let mut fields = Fields(value);
    Some(NoticeRow {
        position,
        act: act(fields.spot()?)?,
        class: class(&mut fields)?,
        ground: ground(&mut fields)?,
        over_cap: fields.u8()? != 0,
        act_hash: Hash::from_bytes(fields.exact()?),
        target_hash: Hash::from_bytes(fields.exact()?),
        kid: KeyId::from_bytes(fields.exact()?),
        verdict: None,
    })
}

fn class(fields: &mut Fields<'_>) -> Option<Class> {
    Class::from_code(u64::from(fields.u8()?))
}

fn ground(fields: &mut Fields<'_>) -> Option<Option<Ground>> {
    match fields.u8()? {
        0 => Some(None),
        code => Ground::from_code(u64::from(code)).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concordat_protocol::trust::RejectReason;
    use tempfile::TempDir;

    use super::super::{IndexItem, JournalPosition, Store, StoreOptions};
    use super::*;
    use crate::fixture::{Fixture, day, subject};
    use crate::journal::JournalId;

    // spec: IDX-98
    #[test]
    fn acts_of_a_span_are_those_made_in_it_and_refused_ones_take_no_room() {
        let (directory, fixture) = (TempDir::new().unwrap(), Fixture::new());
        let options = StoreOptions::default();
        let store = Store::open(directory.path(), options, JournalId([7; 16]));
        let store = store.unwrap().0;
        let decision = fixture.decision(0, 1);
        let acts = (1..8).map(|at| fixture.withdrawal(at, subject(1), &decision));
        let items = acts.map(|placed| {
            let refused = Verdict::Rejected(RejectReason::BadSignature);
            IndexItem::Statement {
                verdict: Some(if placed.index.value() < 6 {
                    refused
                } else {
                    Verdict::Verified
                }),
                origin: placed.origin,
                index: placed.index,
                leaf: placed.leaf,
                body: Arc::clone(&placed.body),
                own: false,
            }
        });
        let items: Vec<IndexItem> = items.collect();
        store.apply(&items, JournalPosition::new(1)).unwrap();
        let of = |classes: &[Class], first: &str, last: &str, most| {
            let found = store.acts_of(classes, (day(first), day(last)), most);
            let (found, is_whole) = found.unwrap();
            let indexes = found.iter().map(|at| at.index.value());
            (indexes.collect::<Vec<u64>>(), is_whole)
        };
        let all = &[Class::Withdrawal, Class::Ruling];
        // Five that were refused count for nothing where two are looked at.
        assert_eq!(of(all, "1990-01-01", "2199-12-31", 2), (vec![6, 7], true));
        assert_eq!(of(all, "1990-01-01", "2199-12-31", 1), (vec![6], false));
        assert_eq!(of(&[Class::Ruling], "1990-01-01", "2199-12-31", 9).0, []);
        let made_on = {
            let body = concordat_protocol::statement::Body::decode(&decision.body).unwrap();
            let statement = Statement::decode(body.statement()).unwrap();
            Day::of(statement.payload().issued_at).unwrap()
        };
        let (before, after) = (
            made_on.plus_days(-1).unwrap(),
            made_on.plus_days(1).unwrap(),
        );
        let day_of = |day: Day| of(all, &day.to_string(), &day.to_string(), 9).0.len();
        assert_eq!([before, made_on, after].map(day_of), [0, 2, 0]);
    }
}
