//! What is gathered for decisions, and how large it may be.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::effect::alike::Alike;
use concordat_protocol::statement::{Class, StatementRef};
use concordat_protocol::trust::Verified;

use super::{
    HISTORY_BYTES_MAX, HISTORY_NOT_HELD_MAX, HISTORY_OBJECTION_BYTES_MAX, HISTORY_STATEMENTS_MAX,
};
use crate::store::{ActRow, NoticeRow, Position};

/// Decisions with the statements that bear on them. What bears on one of them and not on another
/// changes nothing for the other.
#[derive(Clone, Debug, Default)]
pub struct Dossier {
    /// Which of the decisions asked about, by their place in the question, ascending.
    pub decisions: Vec<usize>,
    /// Whether everything is there; a dossier that lacks something has one decision.
    pub is_whole: bool,
    /// The decisions of the chains, the acts on them, the notices of these acts, and the same for what
    /// the decisions rest on; by log and position.
    pub statements: BTreeMap<Position, Arc<Verified>>,
    /// Acts on them of which only the leaf is known, each with its target.
    pub unread: BTreeMap<StatementRef, StatementRef>,
    /// Decisions that make others anew which were erased, each with one of these.
    pub gone: BTreeSet<(StatementRef, StatementRef)>,
    /// Objections that are not among the statements since nothing tells them apart from some that are;
    /// by the first of these.
    // spec: IDX-40
    pub alike: BTreeMap<StatementRef, Alike>,
}

impl Dossier {
    /// Whether another one joins it without making it larger than one may be.
    pub(in crate::query) fn takes(&self, other: &Self) -> bool {
        let fresh = other.statements.keys();
        let fresh = fresh.filter(|position| !self.statements.contains_key(position));
        let fits = || self.statements.len() + fresh.count() <= HISTORY_STATEMENTS_MAX;
        self.is_whole && other.is_whole && fits()
    }

    /// Takes a statement, and says how much longer that makes it.
    pub(super) fn add(&mut self, verified: Arc<Verified>) -> usize {
        let (at, bytes) = (verified.reference(), verified.statement().as_bytes().len());
        let before = self.statements.insert(Position::of(at), verified);
        before.map_or(bytes, |_| 0)
    }

    /// Keeps for which objections others of the dossier stand.
    pub(in crate::query) fn stand_for(&mut self, alike: Alike) {
        let Some(first) = alike.first().cloned() else {
            return;
        };
        match self.alike.entry(first) {
            Entry::Vacant(vacant) => {
                vacant.insert(alike);
            }
            Entry::Occupied(mut known) if *known.get() != alike => known.get_mut().join(alike),
            Entry::Occupied(_) => {}
        }
    }
}

/// How large a dossier is beside the number of its statements.
#[derive(Default)]
pub(in crate::query) struct Size {
    pub(in crate::query) bytes: usize,
    pub(in crate::query) objection_bytes: usize,
    pub(in crate::query) not_held: usize,
}

impl Size {
    /// Whether a dossier keeps the bounds.
    // spec: IDX-20
    pub(in crate::query) fn fits(&self, dossier: &Dossier) -> bool {
        dossier.statements.len() <= HISTORY_STATEMENTS_MAX
            && self.bytes <= HISTORY_BYTES_MAX
            && self.objection_bytes <= HISTORY_OBJECTION_BYTES_MAX
            && self.not_held <= HISTORY_NOT_HELD_MAX
    }
}

/// A statement and what is to be looked at with it.
#[derive(Default)]
pub(in crate::query) struct Known {
    pub(in crate::query) verified: Option<Arc<Verified>>,
    /// Acts on it, but for objections, in the logs of those who may act on it.
    pub(super) decisive: Vec<Position>,
    /// Stays of it, by whomever.
    pub(super) stays: Vec<Position>,
    /// Re-issues of it in the same logs.
    pub(super) successors: Vec<Position>,
    /// What else acts on it but objections, and the notices of that.
    pub(super) acts: Vec<Position>,
    /// The objections to it, by position.
    pub(in crate::query) raised: Vec<ActRow>,
    /// The notices of these and of objections that are not held, by position.
    pub(in crate::query) told: Vec<NoticeRow>,
    /// Objections to it that are held and that the store does not have yet.
    pub(in crate::query) by_leaf: Vec<Position>,
    /// What is linked with it in a chain by name.
    pub(super) chain: Vec<Position>,
    /// The changes of the codes of its organisation.
    pub(super) codes: Vec<Position>,
    /// The issues of its document, itself among them; of a correction, of the document that it moves.
    pub(in crate::query) same_document: Arc<[Position]>,
    /// What was erased and it makes anew.
    pub(super) gone: Vec<StatementRef>,
    /// What it rests on.
    pub(super) rests_on: Vec<Position>,
    /// Acts on it of which only the leaf is known, each with the statement as a reference.
    pub(super) unread: Vec<(StatementRef, StatementRef)>,
}

impl Known {
    pub(super) fn is_objection(&self) -> bool {
        let class = |verified: &Arc<Verified>| verified.statement().payload().class();
        self.verified.as_ref().map(class) == Some(Class::Objection)
    }
}
