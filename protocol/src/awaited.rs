//! 待办: what is awaited about a decision, from whom, and by when (`spec/deadlines.md`, "Awaited").
//!
//! [`awaited`] is one pure function of an effect and the deadline rules of the issuer's place: what an
//! effect leaves open somebody has to close. What is overdue stays open. No deadline ends a suspension;
//! past it, a supervisor may rule as well.
//!
//! [`joint`] says the same of those whom an initiation or a push asks.
//!
//! Out of scope: who is told, and what a receiver owes ([`crate::recognition`]).

mod answers;
mod joint;
mod registration;

use crate::deadline::{Deadline, Due, State, WorkingDays};
use crate::effect::{Basis, BasisState, Effect, Suspension, SuspensionKind, Validity};
use crate::region::RegionCode;
use crate::statement::{ActType, Code, DeadlineEvent, DeadlineRule, DeadlineRules, Ground};
use crate::text::Text;
use crate::time::Day;

pub use answers::{AnswerNote, Answered, Answers, answers};
pub use joint::{Joint, Note, Owed, Owing, Said, joint};
pub use registration::{PenaltyElsewhere, Pushed, hops, is_market_penalty};

/// What somebody has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Rule on the objections on a ground.
    Rule(Ground),
    /// Make the correction or withdrawal that a ruling on this ground announced.
    ActAsAnnounced(Ground),
    /// Admit an objection that does not suspend by itself, or rule on it.
    Admit(Ground),
    /// Say which of several corrections holds.
    SettleConflict,
    /// Answer for a decision whose basis is gone: withdraw or correct it.
    AnswerForBasis,
}

/// Who has to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// Who decided.
    Issuer,
    /// A supervisor.
    Supervisor,
}

/// A rule that says by when, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The rule.
    pub rule: Code,
    /// Where it comes from.
    pub source: Text<200>,
    /// By when.
    pub due: Due,
    /// How it stands on the day asked about.
    pub state: State,
}

impl Within {
    /// The last day, where it is over.
    #[must_use]
    pub const fn overdue_since(&self) -> Option<Day> {
        match (self.due, self.state) {
            (Due::On(day), State::Overdue { .. }) => Some(day),
            (_, _) => None,
        }
    }
}

/// Something awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// What.
    pub task: Task,
    /// The day that it counts from, where one is known.
    pub since: Option<Day>,
    /// By when, where a rule says so; of several the one that is due first.
    pub within: Option<Within>,
}

impl Awaited {
    /// Whose turn it is.
    // spec: DL-21
    #[must_use]
    pub const fn owner(&self) -> Owner {
        match self.task {
            Task::Rule(_)
            | Task::ActAsAnnounced(_)
            | Task::SettleConflict
            | Task::AnswerForBasis => Owner::Issuer,
            Task::Admit(_) => Owner::Supervisor,
        }
    }

    /// The last day, where it is over.
    #[must_use]
    pub fn overdue_since(&self) -> Option<Day> {
        self.within.as_ref().and_then(Within::overdue_since)
    }
}

/// The rules of the issuer's place, and the day asked about.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The rules of the registry state.
    pub rules: Option<&'a DeadlineRules>,
    /// The working days of the place.
    pub days: &'a WorkingDays,
    /// The place of who decided: deadlines for deciding are its own.
    pub region: RegionCode,
    /// The type of act, where it is about one.
    pub act_type: Option<ActType>,
    /// The day asked about.
    pub today: Day,
}

/// What is awaited about a decision, ascending by task.
// spec: DL-21
#[must_use]
pub fn awaited(effect: &Effect, terms: &Terms<'_>) -> Vec<Awaited> {
    if !matches!(
        effect.validity,
        Validity::InForce | Validity::Corrected { .. }
    ) {
        return Vec::new();
    }
    let mut all: Vec<Awaited> = Vec::new();
    for suspension in &effect.suspended_by {
        match suspension.kind {
            SuspensionKind::Objection(ground) => all.push(ruling(ground, suspension, terms)),
            SuspensionKind::Conflict => all.push(without_rule(Task::SettleConflict)),
            // Nobody owes an act for these; an operator has to look.
            SuspensionKind::Fork | SuspensionKind::ActNotHeld | SuspensionKind::StayNotHeld => {}
        }
    }
    let grounds = effect.waiting.iter().map(|waiting| waiting.ground);
    all.extend(grounds.map(|ground| without_rule(Task::Admit(ground))));
    if is_basis_gone(&effect.basis) {
        all.push(without_rule(Task::AnswerForBasis));
    }
    all.sort_by_key(|one| one.task);
    all.dedup_by_key(|one| one.task);
    all
}

const fn without_rule(task: Task) -> Awaited {
    Awaited {
        task,
        since: None,
        within: None,
    }
}

/// The ruling on the objections of a suspension, or where all of them were ruled on, what that announced.
// spec: DL-22, DL-23
fn ruling(ground: Ground, suspension: &Suspension, terms: &Terms<'_>) -> Awaited {
    let is_ruled = suspension.by == suspension.awaiting_act;
    let task = match is_ruled {
        true => Task::ActAsAnnounced(ground),
        false => Task::Rule(ground),
    };
    let met = is_met_by_ruling;
    let with_issuer = first_due(suspension.received.with_issuer, (&WITH_ISSUER, met), terms);
    let elsewhere = first_due(suspension.received.elsewhere, (&ELSEWHERE, met), terms);
    let due = with_issuer.into_iter().chain(elsewhere);
    Awaited {
        task,
        since: suspension.received.first(),
        within: due.min_by_key(order),
    }
}

/// How an objection was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It is closed, within its deadline as far as anybody can tell.
    Closed,
    /// It is closed, after its deadline.
    ClosedLate,
    /// It is open, and not overdue as far as anybody can tell.
    Open,
    /// It is open, and its deadline is over.
    Overdue,
}

/// How an objection was dealt with that was received on a day, with who decided or elsewhere, and closed on
/// another, if it was: by the deadline that [`awaited`] gives for it.
// spec: STA-4
#[must_use]
pub fn handling(
    (received_on, with_issuer): (Day, bool),
    closed_on: Option<Day>,
    terms: &Terms<'_>,
) -> Handling {
    let due = ruling_due((received_on, with_issuer), terms).and_then(|within| match within.due {
        Due::On(day) => Some(day),
        Due::UnknownUntilCalendar { .. } | Due::Stopped { .. } | Due::OutOfRange => None,
    });
    let is_past = |day: Day| due.is_some_and(|due| due < day);
    match closed_on {
        Some(on) if is_past(on) => Handling::ClosedLate,
        Some(_) => Handling::Closed,
        None if is_past(terms.today) => Handling::Overdue,
        None => Handling::Open,
    }
}

/// By when an objection is to be ruled on that was received on a day, with who decided or elsewhere: the
/// deadline that ends first of those that count, or none where no rule is known.
// spec: PRP-43
#[must_use]
pub fn ruling_due((received_on, with_issuer): (Day, bool), terms: &Terms<'_>) -> Option<Within> {
    let events: &[DeadlineEvent] = match with_issuer {
        true => &WITH_ISSUER,
        false => &ELSEWHERE,
    };
    first_due(Some(received_on), (events, is_met_by_ruling), terms)
}

/// What counts for objections that lie with who decided.
const WITH_ISSUER: [DeadlineEvent; 2] = [
    DeadlineEvent::ObjectionReceived,
    DeadlineEvent::ObjectionInOwnScope,
];
/// For others: the notice forwards them on the day of their receipt.
const ELSEWHERE: [DeadlineEvent; 3] = [
    DeadlineEvent::ObjectionReceived,
    DeadlineEvent::ObjectionNeedsProvider,
    DeadlineEvent::ObjectionForwarded,
];

/// The deadline that ends first of those that count from one of some events and that is met by one of others.
fn first_due(
    start: Option<Day>,
    (events, is_met): (&[DeadlineEvent], impl Fn(DeadlineEvent) -> bool),
    terms: &Terms<'_>,
) -> Option<Within> {
    let (start, rules) = (start?, terms.rules?);
    let rules = events
        .iter()
        .flat_map(|event| rules.for_event(*event, terms.region, terms.act_type, start));
    let met = rules.filter(|rule| is_met(rule.fields().event_to));
    met.map(|rule| within(rule, start, terms)).min_by_key(order)
}

/// A ruling is how who decided answers, whoever received the objection.
const fn is_met_by_ruling(event: DeadlineEvent) -> bool {
    matches!(
        event,
        DeadlineEvent::Ruled | DeadlineEvent::ProviderAnswered
    )
}

fn within(rule: &DeadlineRule, start: Day, terms: &Terms<'_>) -> Within {
    let deadline = Deadline {
        rule,
        start,
        stops: &[],
        days: terms.days,
    };
    Within {
        rule: rule.fields().id.clone(),
        source: rule.fields().source.clone(),
        due: deadline.due(),
        state: deadline.state(terms.today, None),
    }
}

/// The earliest day on which a deadline can end, what is known before what is not, then the rule.
fn order(within: &Within) -> (Day, bool, Code) {
    let (day, is_unknown) = match within.due {
        Due::On(day) => (day, false),
        Due::UnknownUntilCalendar { earliest, .. } => (earliest, true),
        Due::Stopped { .. } | Due::OutOfRange => (Day::MAX, true),
    };
    (day, is_unknown, within.rule.clone())
}

/// Whether something that a decision rests on is gone for good: what is only suspended, silent or not
/// held here asks nothing of its issuer.
fn is_basis_gone(basis: &Basis) -> bool {
    let Basis::Fails { failures } = basis else {
        return false;
    };
    failures.iter().any(|failure| {
        matches!(
            failure.why,
            BasisState::Void | BasisState::Withdrawn | BasisState::Repaired
        )
    })
}

#[cfg(test)]
mod tests;
