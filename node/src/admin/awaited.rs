//! What is awaited about decisions, as it is shown.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::admin::{AwaitedView, DeadlineCode, TaskCode};
use concordat_protocol::awaited::{
    Answered, Answers, Awaited, Joint, Owed, Owing, Owner, PenaltyElsewhere, Pushed, Said, Task,
    Terms, Within, answers, awaited, hops, joint,
};
use concordat_protocol::deadline::{Due, State, WorkingDays};
use concordat_protocol::effect::Effect;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{ActType, DecisionFields, Record};
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
            act_type: Some(decision.act_type),
            today: self.as_of,
        };
        awaited(effect, &terms)
    }

    /// What an initiation or a push that was made on a day comes to.
    // spec: DL-40
    pub(super) fn joint(&mut self, asking: (&Record, Day), said: &[Said<'_>]) -> Joint {
        let asked: Vec<_> = asking.0.addressed().to_vec();
        joint(asking, said, &self.places(&asked))
    }

    /// What the words on recognition that were said to it come to.
    // spec: DL-53
    pub(super) fn answers(
        &mut self,
        asking: (&Record, Day),
        said: &[Answered<'_>],
        declined: &BTreeSet<AuthorityCode>,
        parties: &BTreeSet<AuthorityCode>,
    ) -> Answers {
        let parties: Vec<_> = parties.iter().copied().collect();
        answers(asking, said, declined, &self.places(&parties))
    }

    /// What is awaited on the way of a penalty to the place of registration.
    // spec: DL-61, DL-62
    pub(super) fn hops(&mut self, penalty: &PenaltyElsewhere, pushes: &[Pushed<'_>]) -> Vec<Owed> {
        let mut all = vec![penalty.issuer];
        all.extend(pushes.iter().flat_map(|push| push.to));
        let mut places = self.places(&all);
        for terms in places.values_mut() {
            terms.act_type = Some(ActType::Penalty);
        }
        hops(penalty, pushes, &places)
    }

    /// The terms of the places of those who are members.
    fn places(&mut self, asked: &[AuthorityCode]) -> BTreeMap<AuthorityCode, Terms<'_>> {
        let (registry, size) = (self.registry, self.registry.size());
        let asked = asked.iter();
        let members = asked.filter_map(|to| Some((*to, registry.member(*to)?)));
        let regions: Vec<_> = members
            .map(|(to, member)| (to, member.enrolment().region))
            .collect();
        for (_, region) in &regions {
            let days = self.days.entry(*region);
            days.or_insert_with(|| registry.working_days_at(size, *region));
        }
        let terms = |region| {
            Some(Terms {
                rules: registry.deadline_rules_at(size),
                days: self.days.get(&region)?,
                region,
                act_type: None,
                today: self.as_of,
            })
        };
        let places = regions
            .into_iter()
            .filter_map(|(to, region)| Some((to, terms(region)?)));
        places.collect()
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
        due: within.and_then(last_day),
        days: days.map(u64::from),
        rule: within.map(|within| within.rule.clone()),
        source: within.map(|within| within.source.to_string()),
        month: None,
        months: None,
        escalated_to: None,
        unanswered: None,
    }
}

/// What one who was asked owes, and once it is overdue whose turn it is then.
// spec: ADM-350
pub(super) fn owed(owed: &Owed, asker: AuthorityCode, registry: &Registry) -> AwaitedView {
    let within = owed.within.as_ref();
    let (state, days) = within.map_or((DeadlineCode::NoRule, None), stands);
    let (task, month, months) = match owed.owing {
        Owing::Respond => (TaskCode::Respond, None, None),
        Owing::Answer { .. } => (TaskCode::AnswerRecognition, None, None),
        Owing::PushToRegistrationPlace => (TaskCode::PushToRegistrationPlace, None, None),
        Owing::PublishAtRegistrationPlace => (TaskCode::PublishAtRegistrationPlace, None, None),
        Owing::FeedBack { month, missing } => (TaskCode::FeedBack, Some(month), Some(missing)),
    };
    AwaitedView {
        task,
        ground: None,
        owner: Some(owed.by),
        owner_name: view::name_of(registry, owed.by),
        since: Some(owed.since),
        state,
        due: within.and_then(last_day),
        days: days.map(u64::from),
        rule: within.map(|within| within.rule.clone()),
        source: within.map(|within| within.source.to_string()),
        month,
        months: months.map(u64::from),
        // Nobody follows itself up.
        escalated_to: (state == DeadlineCode::Overdue && owed.by != asker).then_some(asker),
        unanswered: match owed.owing {
            Owing::Answer { missing } => Some(u64::from(missing)),
            Owing::Respond
            | Owing::FeedBack { .. }
            | Owing::PushToRegistrationPlace
            | Owing::PublishAtRegistrationPlace => None,
        },
    }
}

/// The last day, or the first day that it can be.
const fn last_day(within: &Within) -> Option<Day> {
    match within.due {
        Due::On(day) | Due::UnknownUntilCalendar { earliest: day, .. } => Some(day),
        Due::Stopped { .. } | Due::OutOfRange => None,
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
