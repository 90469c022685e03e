//! Figures of a period, for administrators.

use std::collections::BTreeSet;

use concordat_protocol::admin::{
    ActCount, AdminError, DecisionCount, ErrorCode, FiguresView, Reply, StatisticsAsk,
    StatisticsView,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Class, Standing};
use concordat_protocol::statistics::{Figures, Period, figures};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Registry;

use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{peer, refusal, subject, view};

/// `statistics`
// spec: ADM-300
pub(super) fn answer(desk: &Desk, ask: &StatisticsAsk) -> Answer {
    let period = Period::parse(&ask.period);
    let period = period.ok_or_else(|| AdminError::new(ErrorCode::BadRequest))?;
    let node = desk.node();
    let facts = node.facts_of(period);
    let facts = facts.map_err(|error| refusal::ask(&error))?;
    let (by_authority, total) = figures(period, &facts.facts);
    let registry = node.registry();
    let heard: BTreeSet<AuthorityCode> = by_authority.keys().copied().collect();
    let (mut shown, mut is_whole) = (Shown::new(), facts.is_whole);
    for (authority, figures) in &by_authority {
        if !shown.take(figures_view(Some((*authority, &registry)), figures))? {
            is_whole = false;
            break;
        }
    }
    let logs = peer::logs(node);
    Ok(Reply::Statistics(Box::new(StatisticsView {
        period: period.to_string(),
        first: period.first(),
        last: period.last(),
        as_of: node.today(),
        authorities: shown.into_views(),
        total: figures_view(None, &total),
        silent: silent(&registry, &heard),
        cut: (!is_whole).then_some(Truth),
        bodies_missing: subject::bodies_missing(node, &logs),
    })))
}

/// Active authorities that may decide, without those about which there is something.
fn silent(registry: &Registry, heard: &BTreeSet<AuthorityCode>) -> u64 {
    let decides = |member: &&concordat_protocol::trust::Member| {
        let mut mandates = member.enrolment().mandates.iter();
        member.standing() == Standing::Active
            && mandates.any(|mandate| mandate.classes.contains(&Class::Decision))
    };
    let silent = registry.members().filter(decides);
    silent
        .filter(|member| !heard.contains(&member.code()))
        .count() as u64
}

fn figures_view(of: Option<(AuthorityCode, &Registry)>, figures: &Figures) -> FiguresView {
    FiguresView {
        authority: of.map(|(authority, _)| authority),
        name: of.and_then(|(authority, registry)| view::name_of(registry, authority)),
        decisions: figures
            .decisions
            .iter()
            .map(|(act_type, count)| DecisionCount {
                act_type: *act_type,
                count: *count,
            })
            .collect(),
        in_time: figures.in_time,
        late: figures.late,
        unknown: figures.unknown,
        late_rate: figures.late_rate(),
        objections: figures.objections,
        closed: figures.closed,
        closed_late: figures.closed_late,
        open: figures.open,
        overdue: figures.overdue,
        acts: figures
            .acts
            .iter()
            .map(|(class, count)| ActCount {
                class: *class,
                count: *count,
            })
            .collect(),
    }
}
