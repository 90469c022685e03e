//! What those who are asked owe, counted for the alarms: by this node's member to others, and by others.

use std::collections::BTreeSet;

use concordat_protocol::admin::{AdminError, AlarmView, Detail, ErrorCode};
use concordat_protocol::awaited::{Owed, Owing, Within, is_market_penalty};
use concordat_protocol::statement::{Class, Code, Record};
use concordat_protocol::trust::{LogNumber, Verified};

use super::open::Overdue;
use super::readable;
use crate::admin::awaited::Timetable;
use crate::admin::{answers, hops, joint, refusal};
use crate::node::Node;
use crate::store::Position;

/// Initiations and pushes that are looked at, the newest first.
// spec: ADM-352
const ASKING_MAX: usize = 4_096;

/// What is overdue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Late {
    /// Of this node's member.
    own: Counts,
    /// Of others: on what its member asked, or of anybody where it supervises.
    elsewhere: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    responses: Overdue,
    feedback: Overdue,
    answers: Overdue,
    pushes: Overdue,
    notices: Overdue,
}

impl Counts {
    fn add(&mut self, owed: &Owed) {
        let due = owed.within.as_ref().and_then(Within::overdue_since);
        match owed.owing {
            Owing::Respond => self.responses.add(due),
            Owing::FeedBack { .. } => self.feedback.add(due),
            Owing::Answer { .. } => self.answers.add(due),
            Owing::PushToRegistrationPlace => self.pushes.add(due),
            Owing::PublishAtRegistrationPlace => self.notices.add(due),
        }
    }
}

/// Looks at what is asked of this node's member, by it, and where it supervises by anybody.
// spec: ADM-352
pub(super) fn late(node: &Node) -> Result<Late, AdminError> {
    let (registry, me) = (node.registry(), node.member());
    let own = registry.member(me);
    let supervises = own.is_some_and(|own| own.supervises(Class::Ruling, node.today()));
    let classes = [Class::Initiation, Class::Push];
    let rows = node.store().referring_records(&classes, ASKING_MAX);
    let (rows, _) = rows.map_err(refusal::store)?;
    let query = node.query().map_err(refusal::index)?;
    let mut late = Late::default();
    let mut timetable = Timetable::new(&registry, node.today());
    let log = node.genesis().origin(me, LogNumber::Statements);
    let own_penalties = node.store().market_penalties(&log, ASKING_MAX);
    let mut penalties: BTreeSet<Position> =
        own_penalties.map_err(refusal::store)?.into_iter().collect();
    for row in rows {
        query.go_on().map_err(refusal::query)?;
        let Some(asking) = readable(query.statement(&row.position.origin, row.position.index))?
        else {
            continue;
        };
        if row.class == Class::Push {
            let record = asking.statement().payload().content.record();
            let decisions = record.map_or(&[][..], Record::refers_to);
            penalties.extend(decisions.iter().map(Position::of));
        }
        let asks = asking.statement().header().issuer == me;
        let owed = match owed(node, &mut timetable, &asking) {
            // What bears on it cannot be read; an alarm of its own says so.
            Err(error) if is_unreadable(&error) => continue,
            owed => owed?,
        };
        for owed in owed {
            if owed.by == me {
                late.own.add(&owed);
            } else if asks || supervises {
                late.elsewhere.add(&owed);
            }
        }
    }
    // spec: ADM-416
    for at in penalties {
        query.go_on().map_err(refusal::query)?;
        let Some(decision) = readable(query.statement(&at.origin, at.index))? else {
            continue;
        };
        let asks = decision.statement().header().issuer == me;
        let owed = match on_the_way(node, &mut timetable, &decision) {
            Err(error) if is_unreadable(&error) => continue,
            owed => owed?,
        };
        for owed in owed {
            if owed.by == me {
                late.own.add(&owed);
            } else if asks || supervises {
                late.elsewhere.add(&owed);
            }
        }
    }
    Ok(late)
}

/// What is awaited of a decision, as it stands, on its way to the place of registration; effect is worked out
/// for what is a penalty, or may have been made one, alone.
// spec: DL-72
fn on_the_way(
    node: &Node,
    timetable: &mut Timetable<'_>,
    decision: &Verified,
) -> Result<Vec<Owed>, AdminError> {
    let Some(named) = decision.statement().payload().content.decision() else {
        return Ok(Vec::new());
    };
    let fields = named.fields();
    let is_one = is_market_penalty(fields.act_type, &fields.item);
    let at = Position::of(decision.reference());
    // What nothing points at stands as it was made.
    if !is_one && !node.store().is_pointed_at(&at) {
        return Ok(Vec::new());
    }
    let effect = node.effect_of(decision.reference(), node.today());
    let effect = effect.map_err(|error| refusal::ask(&error))?;
    let stands = node.stands_by(&effect).map_err(refusal::query)?;
    let stands = stands.as_deref();
    let stands = stands.and_then(|act| act.statement().payload().content.decision());
    let stands = stands.unwrap_or(named).fields();
    hops::of(node, timetable, decision, (stands, &effect))
}

fn owed(
    node: &Node,
    timetable: &mut Timetable<'_>,
    asking: &Verified,
) -> Result<Vec<Owed>, AdminError> {
    let Some(record) = asking.statement().payload().content.record() else {
        return Ok(Vec::new());
    };
    let said = joint::said_to(node, asking, record)?;
    let mut owed = joint::of(node, timetable, asking, &said.standing)?.owed;
    owed.extend(answers::of(node, timetable, asking, &said.standing)?.owed);
    let registry = node.registry();
    owed.retain(|one| said.is_read_of(&registry, one.by));
    Ok(owed)
}

const fn is_unreadable(error: &AdminError) -> bool {
    matches!(error.code, ErrorCode::BodyNotHeld | ErrorCode::BodyDamaged)
}

/// Whether a count ended because the node stops.
pub(super) fn is_stopping(error: &AdminError) -> bool {
    error.code == ErrorCode::ShuttingDown
}

impl Late {
    // spec: ADM-351
    pub(super) fn alarms(&self) -> Result<Vec<AlarmView>, AdminError> {
        let all = [
            ("responses-overdue", self.own.responses),
            ("feedback-overdue", self.own.feedback),
            ("responses-overdue-elsewhere", self.elsewhere.responses),
            ("feedback-overdue-elsewhere", self.elsewhere.feedback),
            ("answers-overdue", self.own.answers),
            ("answers-overdue-elsewhere", self.elsewhere.answers),
            ("pushes-overdue", self.own.pushes),
            ("notices-overdue", self.own.notices),
            ("notices-overdue-elsewhere", self.elsewhere.notices),
        ];
        let mut alarms = Vec::new();
        for (name, overdue) in all {
            let Some(due) = overdue.first_due else {
                continue;
            };
            let detail = |name: &str, value: String| Detail {
                name: name.to_owned(),
                value,
            };
            alarms.push(AlarmView {
                name: Code::new(name).map_err(|error| refusal::internal(&error))?,
                since: None,
                details: vec![
                    detail("records", overdue.decisions.to_string()),
                    detail("first_due", due.to_string()),
                ],
            });
        }
        Ok(alarms)
    }
}
