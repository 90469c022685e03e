//! What acts on a statement: acts by their target, notices of them, and re-issues by their root.
//!
//! ```text
//! act     class u8 · ground u8, 0 for none
//! notice  act position · class u8 · ground u8 · flags u8
//! chain   nothing
//! ```

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use concordat_protocol::statement::{Class, Ground, Notice, Objection, Statement};
use concordat_protocol::time::Day;

use super::StoreError;
use super::engine::EngineBatch;
use super::schema::{Bytes, Family, Fields, POSITION_BYTES, Position, Spot};
use super::subjects::code;
use super::table::Table;

/// An act on a statement, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Where the act stands.
    pub position: Position,
    /// Its class.
    pub class: Class,
    /// The ground, of an objection.
    pub ground: Option<Ground>,
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
}

pub(super) fn put_act(batch: &mut EngineBatch, target: Spot, acting: Spot, statement: &Statement) {
    let objection = statement.payload().content.objection();
    let ground = objection.map_or(0, |objection| code(objection.ground().code()));
    let class = code(statement.payload().class().code());
    let key = Bytes::key(Family::Acts).spot(target).spot(acting).finish();
    batch.put(key, [class, ground]);
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
) {
    let key = Bytes::key(Family::Notices).spot(target).spot(at).finish();
    let ground = notice.ground.map_or(0, |ground| code(ground.code()));
    let value = Bytes::value()
        .spot(act)
        .u8(code(notice.class.code()))
        .u8(ground)
        .u8(u8::from(notice.over_cap == Some(true)));
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

pub(super) fn decode_act(value: &[u8]) -> Option<(Class, Option<Ground>)> {
    let mut fields = Fields(value);
    Some((class(&mut fields)?, ground(&mut fields)?))
}

/// Act, class, ground, and whether it lies over the cap.
pub(super) fn decode_notice(value: &[u8]) -> Option<(Spot, Class, Option<Ground>, bool)> {
    let mut fields = Fields(value);
    let act = fields.spot()?;
    Some((
        act,
        class(&mut fields)?,
        ground(&mut fields)?,
        fields.u8()? != 0,
    ))
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
