//! Acts that free: the stay by a court or review body, and the repair.

use concordat_protocol::admin::{AdminError, ErrorCode, RepairAsk, StayAsk};
use concordat_protocol::effect::{Burden, Effect};
use concordat_protocol::statement::{
    Class, Content, Repair, RepairFields, StatementRef, Stay, StayFields,
};
use concordat_protocol::time::Day;

use super::case::standing;
use super::{Case, refusal, subject};
use crate::admin::desk::{Answer, Desk};

/// `stay issue`
// spec: ADM-211, ADM-212
pub(in crate::admin) fn stay(desk: &Desk, ask: StayAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Stay)?;
    case.require_not_withdrawn()?;
    case.require_not_void()?;
    require_not_ahead(desk, ask.ordered_on)?;
    case.require_new(Class::Stay, |said| {
        let Content::Stay(said) = said else {
            return false;
        };
        let said = said.fields();
        said.body == ask.body && said.document_number == ask.document_number
    })?;
    let stay = Stay::new(StayFields {
        body: ask.body,
        document_number: ask.document_number,
        ordered_on: ask.ordered_on,
        until: ask.until,
        reasons: ask.reasons,
    });
    let stay = stay.map_err(|error| refusal::invalid(&error))?;
    case.record(Content::Stay(Box::new(stay)), ask.dry_run)
}

/// `repair issue`
// spec: ADM-211, ADM-212, ADM-213
pub(in crate::admin) fn repair(desk: &Desk, ask: RepairAsk) -> Answer {
    let case = Case::open(desk, &ask.target, ask.issuer, Class::Repair)?;
    case.require_not_withdrawn()?;
    case.require_not_void()?;
    let effect = case.effect()?;
    if effect.burden == Burden::Free {
        return Err(refusal::no_effect(case.class, "free"));
    }
    if let Some(by) = &effect.beyond_repair {
        return Err(beyond_repair(&case, by)?);
    }
    let decided_on = ask.decided_on.unwrap_or_else(|| desk.node().today());
    require_not_ahead(desk, decided_on)?;
    require_not_before(&case, &effect, (decided_on, ask.applied_on))?;
    let mut effects = ask.effects;
    effects.sort_unstable();
    effects.dedup();
    case.require_new(
        Class::Repair,
        |said| matches!(said, Content::Repair(said) if said.fields().effects == effects),
    )?;
    let repair = Repair::new(RepairFields {
        effects,
        decided_on,
        basis: Vec::new(),
        reasons: ask.reasons,
        applied_on: ask.applied_on,
    });
    let repair = repair.map_err(|error| refusal::invalid(&error))?;
    case.record(Content::Repair(Box::new(repair)), ask.dry_run)
}

/// The refusal of a repair, with the article that declares the decision beyond it.
// spec: ADM-433
fn beyond_repair(case: &Case<'_>, by: &StatementRef) -> Result<AdminError, AdminError> {
    let said = subject::verified(case.desk, by)?;
    let registry = case.desk.node().registry();
    let error = AdminError::new(ErrorCode::BeyondRepair).with("target", &case.target);
    Ok(match subject::beyond_repair(&registry, &said) {
        Some(basis) => error
            .with("law", &basis.law)
            .with("article", &basis.article),
        None => error,
    })
}

/// Refuses a repair of before there was anything to repair.
// spec: ADM-496
fn require_not_before(
    case: &Case<'_>,
    effect: &Effect,
    (decided_on, applied_on): (Day, Option<Day>),
) -> Result<(), AdminError> {
    let at = standing(effect.validity.clone()).unwrap_or_else(|| case.target.clone());
    let verified = subject::verified(case.desk, &at)?;
    let Some(decision) = verified.statement().payload().content.decision() else {
        return Ok(());
    };
    let first = decision.fields().decided_on;
    let said = [
        ("--applied-on", applied_on),
        ("--decided-on", Some(decided_on)),
    ];
    for (argument, day) in said {
        if let Some(day) = day.filter(|day| *day < first) {
            let error = AdminError::new(ErrorCode::BeforeDecision).with("argument", argument);
            return Err(error.with("day", day).with("first", first));
        }
    }
    Ok(())
}

fn require_not_ahead(desk: &Desk, day: Day) -> Result<(), AdminError> {
    let today = desk.node().today();
    match day > today {
        true => Err(refusal::day_ahead(day, today)),
        false => Ok(()),
    }
}
