//! How much is looked at for one answer.
//!
//! Whoever may say something may say much. The facts that are visited for a decision are counted, so
//! that no set of statements makes an answer endless. The same set costs the same everywhere: what has
//! nothing to do with the decision is not visited, and what is known from another answer is charged
//! as if it were found out anew.

use std::cell::Cell;

/// Facts that are visited for the effect of one decision and everything that it rests on, a fact as
/// often as it is looked at.
// spec: EFF-70
pub const EFFECT_WORK_MAX: usize = 1 << 20;

/// Counts facts that are visited, up to [`EFFECT_WORK_MAX`].
#[derive(Debug, Default)]
pub(super) struct Work(Cell<usize>);

impl Work {
    /// Counts more visits; whether they are within the bound.
    pub(super) fn spend(&self, visits: usize) -> bool {
        self.0.set(self.0.get().saturating_add(visits));
        !self.is_over()
    }

    /// The items of a list while the bound holds, each counted.
    pub(super) fn count<'w, I>(
        &'w self,
        items: I,
    ) -> impl DoubleEndedIterator<Item = I::Item> + use<'w, I>
    where
        I: IntoIterator,
        I::IntoIter: DoubleEndedIterator,
    {
        items.into_iter().filter(|_| self.spend(1))
    }

    /// How many visits were counted.
    pub(super) const fn spent(&self) -> usize {
        self.0.get()
    }

    /// Whether there were too many; what was found is in part then.
    pub(super) const fn is_over(&self) -> bool {
        self.0.get() > EFFECT_WORK_MAX
    }
}
