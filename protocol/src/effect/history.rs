//! The set of facts that effect is computed from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::effect::fact::Fact;
use crate::statement::StatementRef;

/// A set of facts: the decisions of a chain, the acts on them, the notices of these acts, and the
/// same for what they rest on. More than that does no harm.
///
/// A set knows no order and no repetition: the same facts make the same history, however they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(BTreeMap<StatementRef, Arc<Fact>>);

impl History {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a fact. One that is there already changes nothing, unless one of the two is void: then
    /// the fact in the set is.
    // spec: EFF-1
    pub fn insert(&mut self, fact: Arc<Fact>) {
        match self.0.entry(fact.reference().clone()) {
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

    /// The fact at a place.
    #[must_use]
    pub fn get(&self, reference: &StatementRef) -> Option<&Arc<Fact>> {
        self.0.get(reference)
    }

    /// All facts, by log and position.
    pub fn facts(&self) -> impl Iterator<Item = &Arc<Fact>> {
        self.0.values()
    }

    /// How many facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
