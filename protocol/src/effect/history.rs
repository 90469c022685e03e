//! The set of facts that effect is computed from.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::effect::fact::Fact;
use crate::statement::StatementRef;

/// A set of facts: the decisions of a chain, the acts on them, the notices of these acts, and the
/// same for what they rest on. More than that does no harm.
///
/// A set knows no order and no repetition: the same facts make the same history, however they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    facts: BTreeMap<StatementRef, Arc<Fact>>,
    /// Acts that are known by their leaves alone, by target.
    unread: BTreeMap<StatementRef, BTreeSet<StatementRef>>,
    /// What was erased and a decision makes anew, by decision.
    gone: BTreeMap<StatementRef, BTreeSet<StatementRef>>,
}

impl History {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            facts: BTreeMap::new(),
            unread: BTreeMap::new(),
            gone: BTreeMap::new(),
        }
    }

    /// Adds a fact. One that is there already changes nothing, unless one of the two is void: then
    /// the fact in the set is.
    // spec: EFF-1
    pub fn insert(&mut self, fact: Arc<Fact>) {
        match self.facts.entry(fact.reference().clone()) {
            Entry::Vacant(entry) => {
                entry.insert(fact);
            }
            Entry::Occupied(mut entry) => {
                if fact.void().is_some() && entry.get().void() != fact.void() {
                    Arc::make_mut(entry.get_mut()).mark_void(fact.void());
                }
            }
        }
    }

    /// Adds an act that is known by its leaf alone: what it acts on, and that its body is not held. Of an
    /// act that is among the facts, this says nothing.
    // spec: EFF-90
    pub fn insert_unread(&mut self, act: StatementRef, target: StatementRef) {
        self.unread.entry(target).or_default().insert(act);
    }

    /// The acts that are known by their leaves alone, each with its target; by target and place.
    pub fn unread(&self) -> impl Iterator<Item = (&StatementRef, &StatementRef)> {
        let unread = self.unread.iter();
        let unread = unread.flat_map(|(target, acts)| acts.iter().map(move |act| (act, target)));
        unread.filter(|(act, _)| !self.facts.contains_key(*act))
    }

    /// Adds that a decision makes another anew that was erased: it names it as its root, or issues its document.
    // spec: EFF-230
    pub fn insert_gone(&mut self, decision: StatementRef, erased: StatementRef) {
        self.gone.entry(decision).or_default().insert(erased);
    }

    /// The decisions that make others anew which were erased, each with one of these; by decision.
    pub fn gone(&self) -> impl Iterator<Item = (&StatementRef, &StatementRef)> {
        let gone = self.gone.iter();
        gone.flat_map(|(decision, erased)| erased.iter().map(move |one| (decision, one)))
    }

    /// The fact at a place.
    #[must_use]
    pub fn get(&self, reference: &StatementRef) -> Option<&Arc<Fact>> {
        self.facts.get(reference)
    }

    /// All facts, by log and position.
    pub fn facts(&self) -> impl Iterator<Item = &Arc<Fact>> {
        self.facts.values()
    }

    /// How many facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}

impl FromIterator<Arc<Fact>> for History {
    fn from_iter<I: IntoIterator<Item = Arc<Fact>>>(facts: I) -> Self {
        let mut history = Self::new();
        history.extend(facts);
        history
    }
}

impl Extend<Arc<Fact>> for History {
    fn extend<I: IntoIterator<Item = Arc<Fact>>>(&mut self, facts: I) {
        for fact in facts {
            self.insert(fact);
        }
    }
}
