//! What the catalogue in force and the issuer's mandates ask of a record.

use super::{Authority, check_measures, item_in_force};
use crate::statement::{Audience, Class, CodeChange, ItemCatalogue, Leaf, Record, Statement, Vis};
use crate::time::Day;
use crate::trust::member::Member;
use crate::trust::registry::Registry;
use crate::trust::reject::RejectReason;

// spec: STM-100, STM-101, STM-115, STM-116, STM-117, STM-152
pub(super) fn check(
    registry: &Registry,
    statement: &Statement,
    record: &Record,
    leaf: &Leaf,
) -> Result<(), RejectReason> {
    let catalogue = registry.catalogue_at(statement.header().ctx.size);
    let catalogue = catalogue.ok_or(RejectReason::ItemUnknown)?;
    let item = item_in_force(catalogue, record.item(), record.day())?;
    if !item.is_for(record.class()) {
        return Err(RejectReason::ItemClass);
    }
    let days = |until: Day| u64::try_from(until.days_since(record.day())).unwrap_or(0);
    let longest = u64::from(item.publication_days_max);
    if record
        .publication_until()
        .is_some_and(|until| days(until) > longest)
    {
        return Err(RejectReason::PublicationTooLong);
    }
    if !record
        .measures()
        .all(|measure| item.measures.contains(measure))
    {
        return Err(RejectReason::MeasureUnknown);
    }
    check_measures(registry, statement, record.measures(), record.day())?;
    let vis = Registry::vis_for(catalogue, item, record.subject());
    if record.class() == Class::Interview && !is_named(catalogue, vis) {
        return Err(RejectReason::InterviewOpen);
    }
    match leaf.vis == vis {
        true => Ok(()),
        false => Err(RejectReason::WrongVis),
    }
}

/// Whoever says that a code became another registers organisations where both were given, and still does on
/// the day on which it says so: that of the change is its author's to choose.
// spec: TRU-85, TRU-86
fn may_change_code(issuer: &Member, statement: &Statement, change: &CodeChange) -> bool {
    let said_on = Day::of(statement.payload().issued_at);
    let item = &change.fields().item;
    let may = |day| {
        issuer
            .record_mandate(Class::CodeChange, day, item)
            .is_some()
    };
    change.is_within(issuer.enrolment().region) && said_on.is_ok_and(may)
}

/// Whether a visibility class is for members that the catalogue names.
fn is_named(catalogue: &ItemCatalogue, vis: Vis) -> bool {
    let mut classes = catalogue.classes.iter();
    classes.any(|class| class.code == vis && class.audience == Audience::Named)
}

// spec: STM-100
pub(super) fn mandate(
    issuer: &Member,
    statement: &Statement,
    record: &Record,
) -> Result<Authority, RejectReason> {
    if let Record::CodeChange(change) = record
        && !may_change_code(issuer, statement, change)
    {
        return Err(RejectReason::NoMandate);
    }
    issuer
        .record_mandate(record.class(), record.day(), record.item())
        .ok_or(RejectReason::NoMandate)?;
    Ok(Authority::Mandate)
}
