//! 待办: what is awaited about a decision, from whom, and by when.

use concordat_protocol::admin::{AwaitedView, DeadlineCode};
use concordat_protocol::statement::StatementRef;
use serde_json::{Value, json};

use crate::names::Named;
use crate::page::Page;
use crate::report::{Words, day_json, short};

pub(super) fn json(awaited: &[AwaitedView]) -> Value {
    awaited.iter().map(one_json).collect()
}

fn one_json(one: &AwaitedView) -> Value {
    json!({
        "task": one.task.name(),
        "ground": one.ground.map(Named::name),
        "owner": one.owner.map(|owner| owner.to_string()),
        "owner_name": one.owner_name,
        "since": day_json(one.since),
        "state": one.state.name(),
        "due": day_json(one.due),
        "days": one.days,
        "rule": one.rule.as_ref().map(|rule| rule.as_str()),
        "source": one.source,
        "month": one.month.map(|month| month.to_string()),
        "months": one.months,
        "unanswered": one.unanswered,
        "escalated_to": one.escalated_to.map(|to| to.to_string()),
    })
}

/// A table of what is awaited, where anything is, the decision before each.
// spec: ADM-290
pub(super) fn table<'a>(
    page: &mut Page,
    awaited: impl Iterator<Item = (&'a StatementRef, &'a AwaitedView)>,
    words: Words,
) {
    let rows: Vec<_> = awaited.map(|(on, one)| row(on, one, words)).collect();
    if rows.is_empty() {
        return;
    }
    let header = [
        "reference",
        "awaited",
        "awaited_from",
        "since",
        "due",
        "deadline",
        "rule",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    page.gap();
    page.table(&header, rows);
}

fn row(on: &StatementRef, one: &AwaitedView, words: Words) -> Vec<String> {
    let task = words.code(one.task);
    let months = one.months.filter(|months| *months > 1);
    let month = one.month.map(|month| match months {
        Some(months) => words.fill(
            "first_of_months",
            &[
                ("month", &month.to_string()),
                ("count", &months.to_string()),
            ],
        ),
        None => month.to_string(),
    });
    let noted = one.ground.map(|ground| words.code(ground)).or(month);
    let task = match noted {
        Some(noted) => words.noted(task, noted),
        None => task,
    };
    let named = one.owner_name.clone().filter(|name| !name.is_empty());
    let owner = match (named, one.owner) {
        (Some(name), _) => name,
        (None, Some(owner)) => owner.to_string(),
        (None, None) => words.word("any_supervisor"),
    };
    let day = |day: Option<_>| day.map(|day| format!("{day}")).unwrap_or_default();
    let due = match one.state {
        DeadlineCode::UnknownUntilCalendar => words.fill("not_before", &[("day", &day(one.due))]),
        DeadlineCode::Open
        | DeadlineCode::Overdue
        | DeadlineCode::Stopped
        | DeadlineCode::NoRule => day(one.due),
    };
    vec![
        short(on),
        task,
        owner,
        day(one.since),
        due,
        stands(one, words),
        one.source.clone().unwrap_or_default(),
    ]
}

/// How the deadline stands: `overdue (3 days)`.
fn stands(one: &AwaitedView, words: Words) -> String {
    let state = match one.escalated_to {
        Some(to) => words.list(&[
            words.code(one.state),
            words.fill("escalated_to", &[("member", &to.to_string())]),
        ]),
        None => words.code(one.state),
    };
    let key = match one.state {
        DeadlineCode::Overdue => "days_over",
        DeadlineCode::Open | DeadlineCode::Stopped => "days_left",
        DeadlineCode::UnknownUntilCalendar | DeadlineCode::NoRule => return state,
    };
    match one.days {
        Some(days) => words.noted(state, words.fill(key, &[("days", &days.to_string())])),
        None => state,
    }
}
