//! The notices of the home register, by act and position.

use crate::effect::case::Case;
use crate::effect::copies::Copies;
use crate::effect::fact::Fact;
use crate::effect::sorted::Said;
use crate::log::{LeafIndex, Origin};
use crate::statement::{Class, Notice, StatementRef};

/// All of them, each with the act that it tells of.
#[derive(Default)]
pub(super) struct Notices<'a>(Vec<(&'a StatementRef, Said<'a, Notice>)>);

impl<'a> Notices<'a> {
    /// Takes those that stand in the home register.
    pub(super) fn of(
        notices: impl Iterator<Item = Said<'a, Notice>>,
        register: &Origin,
        copies: &Copies<'a>,
    ) -> Self {
        let registered = notices.filter(|(fact, _)| fact.origin() == register);
        let mut notices: Vec<_> = registered
            .map(|said| (copies.first(&said.1.act), said))
            .collect();
        notices.sort_unstable_by_key(|(act, (fact, _))| (*act, fact.index()));
        Self(notices)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Said<'a, Notice>> + '_ {
        self.0.iter().map(|(_, said)| *said)
    }

    /// Each act with the notices of it, by position.
    pub(super) fn by_act(
        &self,
    ) -> impl Iterator<
        Item = (
            &'a StatementRef,
            impl Iterator<Item = Said<'a, Notice>> + Clone + '_,
        ),
    > {
        let acts = self.0.chunk_by(|(a, _), (b, _)| a == b);
        acts.filter_map(|notices| {
            let (act, _) = notices.first()?;
            Some((*act, notices.iter().map(|(_, said)| *said)))
        })
    }

    fn on(&self, act: &StatementRef) -> &[(&'a StatementRef, Said<'a, Notice>)] {
        let from = self.0.partition_point(|(known, _)| **known < *act);
        let until = self.0.partition_point(|(known, _)| **known <= *act);
        self.0.get(from..until).unwrap_or_default()
    }

    /// Where an act is noticed first.
    pub(super) fn first(&self, act: &StatementRef) -> Option<LeafIndex> {
        self.on(act).first().map(|(_, (fact, _))| fact.index())
    }

    /// The first notice of an act of a class that counts in full.
    pub(super) fn established(
        &self,
        case: &Case<'_, '_>,
        act: &StatementRef,
        class: Class,
    ) -> Option<LeafIndex> {
        let counts = |(_, (fact, notice)): &&(_, Said<'_, Notice>)| {
            notice.class == class && case.horizon.established(fact)
        };
        let found = case.work.count(self.on(act)).find(counts);
        found.map(|(_, (fact, _))| fact.index())
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
