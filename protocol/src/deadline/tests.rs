mod calendars;
mod choice;
mod due;
mod properties;
mod state;

use std::num::NonZeroU32;

use super::*;
use crate::region::RegionCode;
use crate::statement::{Code, DeadlineEvent, DeadlineRuleFields, Term};
use crate::text::Text;

fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

fn n(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn fields(id: &str, term: Term) -> DeadlineRuleFields {
    DeadlineRuleFields {
        id: Code::new(id).unwrap(),
        region: RegionCode::COUNTRY,
        event_from: DeadlineEvent::Decided,
        event_to: DeadlineEvent::Published,
        term,
        source: Text::new("a document").unwrap(),
        valid_from: Day::MIN,
        valid_until: None,
        act_types: vec![],
    }
}

fn rule(term: Term) -> DeadlineRule {
    DeadlineRule::new(fields("rule", term)).unwrap()
}

fn lapse(term: Term) -> DeadlineRule {
    DeadlineRule::new(DeadlineRuleFields {
        event_to: DeadlineEvent::LongestPublicationEnded,
        ..fields("lapse", term)
    })
    .unwrap()
}

fn working_days(number: u32) -> DeadlineRule {
    rule(Term::WorkingDays(n(number)))
}

fn stop(from: &str, until: &str) -> ClockStop {
    ClockStop {
        from: day(from),
        until: Some(day(until)),
    }
}

fn open_stop(from: &str) -> ClockStop {
    ClockStop {
        from: day(from),
        until: None,
    }
}
