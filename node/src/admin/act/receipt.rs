//! The day on which an objection was received.

use concordat_protocol::admin::{AdminError, ErrorCode};
use concordat_protocol::statement::Class;
use concordat_protocol::time::Day;
use concordat_protocol::trust::LogNumber;

use crate::admin::desk::Desk;
use crate::admin::refusal;
use crate::clock;
use crate::query::Found;

/// How many days before today an objection that is recorded can have been received.
const RECEIPT_DAYS_MAX: i32 = 30;

/// The day of receipt that is meant: today when none is said, never one to come, and none so long ago
/// that nobody could tell any more when it was received.
// spec: ADM-72
pub(super) fn received_on(asked: Option<Day>, today: Day) -> Result<Day, AdminError> {
    let Some(day) = asked else {
        return Ok(today);
    };
    if day > today {
        return Err(refusal::day_ahead(day, today));
    }
    if day < first_receipt(today) {
        return Err(AdminError::new(ErrorCode::DayPast)
            .with("day", day)
            .with("first", first_receipt(today)));
    }
    Ok(day)
}

/// The first day of receipt of an objection that is recorded on a day.
fn first_receipt(today: Day) -> Day {
    today.plus_days(-RECEIPT_DAYS_MAX).unwrap_or(today)
}

/// Whether another objection goes over the cap of the mandate to receive them, which counts what is
/// recorded in a day: a day of receipt is only said.
// spec: ADM-73
pub(super) fn is_over_cap(desk: &Desk, received_on: Day) -> Result<bool, AdminError> {
    let node = desk.node();
    let registry = node.registry();
    let mandate = registry
        .member(node.member())
        .and_then(|member| member.mandate(Class::Objection, received_on, None));
    let Some(cap) = mandate.and_then(|mandate| mandate.objections_daily_cap) else {
        return Ok(false);
    };
    let own = node.genesis().origin(node.member(), LogNumber::Statements);
    let query = node.query().map_err(refusal::index)?;
    // The clock that dates the statements.
    let recording = clock::today();
    let (mut recorded, today) = (0, node.today());
    // One day more, for what was recorded before the newest quorum time brought a new day.
    let days = (0..=RECEIPT_DAYS_MAX + 1).filter_map(|back| today.plus_days(-back).ok());
    for day in days {
        for position in query.store().objections_on(day).map_err(refusal::store)? {
            if position.origin != own {
                continue;
            }
            let found = query.statement(&position.origin, position.index);
            if let Found::Verified(objection) = found.map_err(refusal::query)?
                && Day::of(objection.statement().payload().issued_at) == Ok(recording)
            {
                recorded += 1;
            }
        }
    }
    Ok(recorded >= u64::from(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_loose(text).unwrap()
    }

    // spec: ADM-72
    #[test]
    fn day_of_receipt_lies_within_thirty_days_up_to_today() {
        let today = day("2026-11-22");
        let said = |text: &str| received_on(Some(day(text)), today);
        assert_eq!(received_on(None, today), Ok(today));
        assert_eq!(said("2026-11-22"), Ok(today));
        assert_eq!(said("2026-10-23"), Ok(day("2026-10-23")));
        assert_eq!(said("2026-11-23").unwrap_err().code, ErrorCode::DayAhead);
        let past = said("2026-10-22").unwrap_err();
        assert_eq!(past.code, ErrorCode::DayPast);
        assert_eq!(past.detail("first"), Some("2026-10-23"));
    }
}
