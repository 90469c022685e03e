//! 市场监管处罚的异地公示: a penalty of market regulation on its way to the place where the organisation is registered
//! (SAMR Order 45, articles 9 and 10; `spec/deadlines.md`, "Awaited").
//!
//! ```text
//! who decided ──► push to an authority of the place of registration ──► published there
//! ```
//!
//! [`hops`] is one pure function of the penalty, of the pushes of it, and of the deadline rules of each place.
//! Nothing that binds anybody follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::joint::{Owed, Owing};
use super::{Terms, first_due};
use crate::region::{RegionCode, RegionLevel};
use crate::statement::{ActType, Code, DeadlineEvent, DecisionFields};
use crate::subject::AuthorityCode;
use crate::time::Day;

/// The item of penalties of market regulation, and what the codes of those below it begin with.
const ITEM: &str = "penalty.market";

/// A penalty of market regulation on an organisation that is registered in another province than that of who
/// decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PenaltyElsewhere {
    /// Who decided.
    pub issuer: AuthorityCode,
    /// The day of the decision.
    pub decided_on: Day,
    /// The place of registration, by the organisation's code.
    pub place: RegionCode,
}

impl PenaltyElsewhere {
    /// `None` of any other decision, and where the code names no place.
    // spec: DL-60
    #[must_use]
    pub fn of(
        decision: &DecisionFields,
        issuer: AuthorityCode,
        issuer_region: RegionCode,
    ) -> Option<Self> {
        let place = decision.subject.code().region().ok()?;
        let is_elsewhere = !place.province().contains(issuer_region)
            && issuer_region.level() != RegionLevel::Country
            && place.level() != RegionLevel::Country;
        let is_it = is_market_penalty(decision.act_type, &decision.item) && is_elsewhere;
        is_it.then_some(Self {
            issuer,
            decided_on: decision.decided_on,
            place,
        })
    }

    /// Whether an authority of a region is one of the place of registration: of it, or of what it lies in below
    /// the country.
    #[must_use]
    pub fn is_of_place(&self, region: RegionCode) -> bool {
        region.level() != RegionLevel::Country && region.contains(self.place)
    }
}

/// Whether a decision of a type under an item is a penalty of market regulation.
// spec: DL-60
#[must_use]
pub fn is_market_penalty(act_type: ActType, item: &Code) -> bool {
    let below = item.as_str().strip_prefix(ITEM);
    act_type == ActType::Penalty
        && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A push of the penalty by who decided that was not taken back.
#[derive(Clone, Copy, Debug)]
pub struct Pushed<'a> {
    /// The later of the day that it gives and the day in China on which it was made.
    pub on: Day,
    /// To whom.
    pub to: &'a [AuthorityCode],
    /// Who of them said that it is done: published there.
    pub published: &'a BTreeSet<AuthorityCode>,
}

/// What is awaited on the way to the place of registration, given the pushes and the terms of who decided and of
/// those pushed to, in whatever order.
// spec: DL-61, DL-62
#[must_use]
pub fn hops(
    penalty: &PenaltyElsewhere,
    pushes: &[Pushed<'_>],
    places: &BTreeMap<AuthorityCode, Terms<'_>>,
) -> Vec<Owed> {
    let mut reached: BTreeMap<AuthorityCode, (Day, &Terms<'_>)> = BTreeMap::new();
    let mut is_published = false;
    for push in pushes {
        for to in push.to {
            let terms = places.get(to);
            let Some(terms) = terms.filter(|terms| penalty.is_of_place(terms.region)) else {
                continue;
            };
            is_published |= push.published.contains(to);
            let first = reached.entry(*to).or_insert((push.on, terms));
            first.0 = first.0.min(push.on);
        }
    }
    if is_published {
        return Vec::new();
    }
    if reached.is_empty() {
        let terms = places.get(&penalty.issuer);
        let within = terms.and_then(|terms| {
            let events = [DeadlineEvent::MarketPenaltyElsewhereDecided];
            let is_met = |event| event == DeadlineEvent::Pushed;
            first_due(Some(penalty.decided_on), (&events, is_met), terms)
        });
        return vec![Owed {
            by: penalty.issuer,
            owing: Owing::PushToRegistrationPlace,
            since: penalty.decided_on,
            within,
        }];
    }
    let publish = |(by, (on, terms)): (AuthorityCode, (Day, &Terms<'_>))| {
        let is_met = |event| event == DeadlineEvent::Published;
        Owed {
            by,
            owing: Owing::PublishAtRegistrationPlace,
            since: on,
            within: first_due(Some(on), (&[DeadlineEvent::Pushed], is_met), terms),
        }
    };
    reached.into_iter().map(publish).collect()
}

#[cfg(test)]
mod tests;
