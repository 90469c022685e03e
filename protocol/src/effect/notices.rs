//! The notices of the home register, by act and position.

use crate::effect::case::Case;
use crate::effect::fact::Fact;
use crate::effect::sorted::Said;
use crate::log::{LeafIndex, Origin};
use crate::statement::{Class, Notice, StatementRef};

/// All of them.
#[derive(Default)]
pub(super) struct Notices<'a>(Vec<Said<'a, Notice>>);

impl<'a> Notices<'a> {
    /// Takes those that stand in the home register.
    pub(super) fn of(notices: impl Iterator<Item = Said<'a, Notice>>, register: &Origin) -> Self {
        let mut notices: Vec<_> = notices
            .filter(|(fact, _)| fact.origin() == register)
            .collect();
        notices.sort_unstable_by_key(|(fact, notice)| (&notice.act, fact.index()));
        Self(notices)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Said<'a, Notice>> + '_ {
        self.0.iter().copied()
    }

    fn on(&self, act: &StatementRef) -> &[Said<'a, Notice>] {
        let from = self.0.partition_point(|(_, notice)| notice.act < *act);
        let until = self.0.partition_point(|(_, notice)| notice.act <= *act);
        self.0.get(from..until).unwrap_or_default()
    }

    /// Where an act is noticed first.
    pub(super) fn first(&self, act: &StatementRef) -> Option<LeafIndex> {
        self.on(act).first().map(|(fact, _)| fact.index())
    }

    /// The first notice of an act of a class that counts in full.
    pub(super) fn established(
        &self,
        case: &Case<'_, '_>,
        act: &StatementRef,
        class: Class,
    ) -> Option<LeafIndex> {
        let counts = |(fact, notice): &&Said<'_, Notice>| {
            notice.class == class && case.horizon.established(fact)
        };
        let found = case.work.count(self.on(act)).find(counts);
        found.map(|(fact, _)| fact.index())
    }

    /// Whether the register that an act has adopted holds the notice of another one.
    pub(super) fn adopted(
        &self,
        case: &Case<'_, '_>,
        by: &Fact,
        act: &StatementRef,
        class: Class,
    ) -> bool {
        let size = by.payload().register_size;
        let at = self.established(case, act, class);
        size.zip(at).is_some_and(|(size, at)| size.contains(at))
    }
}
