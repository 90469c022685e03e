//! Figures of a period, for administrators.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::admin::{
    ActCount, AdminError, CountedView, CoverageView, DecisionCount, ErrorCode, FiguresView,
    ItemCount, Reply, StatisticsAsk, StatisticsView, ViolationCode, ViolationCount,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Class, Standing};
use concordat_protocol::statistics::{Dated, Event, Figures, Period, Violation, figures};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Registry;

use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{refusal, subject, view};
use crate::node::Facts;

/// Statements behind a count that are listed.
// spec: STA-12
const LISTED_MAX: usize = 512;

/// `statistics`
// spec: ADM-300
pub(super) fn answer(desk: &Desk, ask: &StatisticsAsk) -> Answer {
    let period = Period::parse(&ask.period);
    let period = period.ok_or_else(|| AdminError::new(ErrorCode::BadRequest))?;
    let node = desk.node();
    // spec: ADM-498
    let today = node.today();
    if period.first() > today {
        let error = AdminError::new(ErrorCode::PeriodAhead).with("period", period);
        return Err(error.with("first", period.first()).with("today", today));
    }
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
    let coverage = coverage(&registry, period, &by_authority, &total, &mut is_whole)?;
    let listed = ask
        .listed
        .map(|kind| listed(&registry, period, &facts, kind));
    let (listed, listed_left) = listed.unwrap_or_default();
    Ok(Reply::Statistics(Box::new(StatisticsView {
        period: period.to_string(),
        first: period.first(),
        last: period.last(),
        as_of: node.today(),
        authorities: shown.into_views(),
        total: figures_view(None, &total),
        silent: silent(&registry, &heard),
        cut: (!is_whole).then_some(Truth),
        bodies_missing: subject::bodies_missing(node),
        coverage,
        listed,
        listed_left: (listed_left > 0).then_some(listed_left),
    })))
}

/// Every item for decisions that was in force on a day of the period.
// spec: STA-7
fn coverage(
    registry: &Registry,
    period: Period,
    by_authority: &BTreeMap<AuthorityCode, Figures>,
    total: &Figures,
    is_whole: &mut bool,
) -> Result<Vec<CoverageView>, AdminError> {
    let mut shown = Shown::beside();
    let items = registry.catalogue_at(registry.size());
    for item in items.map_or(&[][..], |catalogue| &catalogue.items) {
        let ended = item.valid_until.is_some_and(|last| last < period.first());
        if item.act_types.is_empty() || item.valid_from > period.last() || ended {
            continue;
        }
        let covered = total.items.get(&item.code);
        let made = by_authority.values();
        let made = made.filter(|of| of.items.contains_key(&item.code));
        let view = CoverageView {
            item: item.code.clone(),
            title: item.title.to_string(),
            count: covered.map_or(0, |covered| covered.decisions),
            last: covered.map(|covered| covered.last),
            authorities: made.count() as u64,
        };
        if !shown.take(view)? {
            *is_whole = false;
            break;
        }
    }
    Ok(shown.into_views())
}

/// The statements behind a count, and how many are not listed.
// spec: STA-12
fn listed(
    registry: &Registry,
    period: Period,
    facts: &Facts,
    kind: ViolationCode,
) -> (Vec<CountedView>, u64) {
    let of_kind = |fact: &Dated| match &fact.event {
        Event::Violated(violation, at) if code(*violation) == kind => Some(CountedView {
            authority: fact.authority,
            name: view::name_of(registry, fact.authority),
            day: fact.day,
            reference: at.clone(),
        }),
        Event::Violated(..) | Event::Decided { .. } | Event::Objected(_) | Event::Acted(_) => None,
    };
    let in_period = facts.facts.iter().filter(|fact| period.contains(fact.day));
    let mut all: Vec<_> = in_period.filter_map(of_kind).collect();
    all.sort_by(|a, b| (a.authority, a.day, &a.reference).cmp(&(b.authority, b.day, &b.reference)));
    let left = all.len().saturating_sub(LISTED_MAX) as u64;
    all.truncate(LISTED_MAX);
    (all, left)
}

const fn code(violation: Violation) -> ViolationCode {
    match violation {
        Violation::RecordedOutside => ViolationCode::RecordedOutside,
        Violation::DisclosedOutside => ViolationCode::DisclosedOutside,
        Violation::MeasureOutside => ViolationCode::MeasureOutside,
        Violation::WrongListing => ViolationCode::WrongListing,
        Violation::LateRepair => ViolationCode::LateRepair,
    }
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
        items: figures
            .items
            .iter()
            .map(|(item, covered)| ItemCount {
                item: item.clone(),
                count: covered.decisions,
                last: covered.last,
            })
            .collect(),
        violations: figures
            .violations
            .iter()
            .map(|(violation, count)| ViolationCount {
                violation: code(*violation),
                count: *count,
            })
            .collect(),
        overdue_rate: figures.overdue_rate(),
    }
}
