//! What is awaited about decisions, as it is shown.

use std::collections::BTreeMap;

use concordat_protocol::admin::{AwaitedView, DeadlineCode, TaskCode};
use concordat_protocol::awaited::{Awaited, Owner, Task, Terms, Within, awaited};
use concordat_protocol::deadline::{Due, State, WorkingDays};
use concordat_protocol::effect::Effect;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::DecisionFields;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Registry;

use crate::admin::view;

/// Works out what is awaited about several decisions by one state of the registry.
pub(super) struct Timetable<'a> {
    registry: &'a Registry,
    as_of: Day,
    /// The working days of the places that were asked about.
    days: BTreeMap<RegionCode, WorkingDays>,
}

impl<'a> Timetable<'a> {
    pub(super) const fn new(registry: &'a Registry, as_of: Day) -> Self {
        Self {
            registry,
            as_of,
            days: BTreeMap::new(),
        }
    }

    /// The day asked about.
    pub(super) const fn as_of(&self) -> Day {
        self.as_of
    }

    /// What is awaited about a decision. Whoever the registry does not name has no place, and thus no rule.
    // spec: ADM-290, DL-22
    pub(super) fn of(
        &mut self,
        issuer: AuthorityCode,
        decision: &DecisionFields,
        effect: &Effect,
    ) -> Vec<Awaited> {
        let (registry, size) = (self.registry, self.registry.size());
        let member = registry.member(issuer);
        let region = member.map_or(RegionCode::COUNTRY, |member| member.enrolment().region);
        let days = self.days.entry(region);
        let days = days.or_insert_with(|| registry.working_days_at(size, region));
        let rules = registry.deadline_rules_at(size);
        let terms = Terms {
            rules: rules.filter(|_| member.is_some()),
            days,
            region,
            act_type: decision.act_type,
            today: self.as_of,
        };
        awaited(effect, &terms)
    }

    /// The same, as it is shown.
    pub(super) fn views(
        &mut self,
        issuer: AuthorityCode,
        decision: &DecisionFields,
        effect: &Effect,
    ) -> Vec<AwaitedView> {
        let all = self.of(issuer, decision, effect);
        let show = |one: Awaited| shown(&one, issuer, self.registry);
        all.into_iter().map(show).collect()
    }
}

fn shown(awaited: &Awaited, issuer: AuthorityCode, registry: &Registry) -> AwaitedView {
    let (task, ground) = match awaited.task {
        Task::Rule(ground) => (TaskCode::Rule, Some(ground)),
        Task::ActAsAnnounced(ground) => (TaskCode::ActAsAnnounced, Some(ground)),
        Task::Admit(ground) => (TaskCode::Admit, Some(ground)),
        Task::SettleConflict => (TaskCode::SettleConflict, None),
        Task::AnswerForBasis => (TaskCode::AnswerForBasis, None),
    };
    let owner = (awaited.owner() == Owner::Issuer).then_some(issuer);
    let within = awaited.within.as_ref();
    let (state, days) = within.map_or((DeadlineCode::NoRule, None), stands);
    AwaitedView {
        task,
        ground,
        owner,
        owner_name: owner.and_then(|owner| view::name_of(registry, owner)),
        since: awaited.since,
        state,
        due: within.and_then(|within| match within.due {
            Due::On(day) | Due::UnknownUntilCalendar { earliest: day, .. } => Some(day),
            Due::Stopped { .. } | Due::OutOfRange => None,
        }),
        days: days.map(u64::from),
        rule: within.map(|within| within.rule.clone()),
        source: within.map(|within| within.source.to_string()),
    }
}

/// How a deadline that nothing has met stands, and by how many days.
const fn stands(within: &Within) -> (DeadlineCode, Option<u32>) {
    match within.state {
        State::Open { days_left } => (DeadlineCode::Open, days_left),
        State::Overdue { by } => (DeadlineCode::Overdue, by),
        State::Stopped { days_left, .. } => (DeadlineCode::Stopped, days_left),
        State::UnknownUntilCalendar { .. } => (DeadlineCode::UnknownUntilCalendar, None),
        State::Met { .. } | State::MetLate { .. } => (DeadlineCode::Open, None),
    }
}
