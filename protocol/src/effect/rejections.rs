//! Which objections a rejection keeps back until the supervisor admits them.
//!
//! A rejection speaks for what was objected to and ruled on, and for nothing that a third decision
//! joins to it: whoever issues decisions also chooses what links them.

use std::collections::BTreeMap;

use crate::effect::case::Case;
use crate::effect::chain;
use crate::effect::corrections;
use crate::effect::fact::Fact;
use crate::effect::notices::Notices;
use crate::effect::objections::Known;
use crate::effect::record::WaitingCause;
use crate::statement::{Class, Ground, ObjectorRole, Outcome, Ruling, StatementRef};
use crate::subject::AuthorityCode;

/// The first position of the home register at which a rejection is noticed, for each role and ground,
/// for who heard and rejected the objection all by itself, if the issuer did or who stands for it, and for
/// what was ruled on and objected to.
#[derive(Default)]
pub(super) struct Rejections<'a> {
    first: BTreeMap<(ObjectorRole, Ground), Noticed<'a>>,
}

/// By matter, and by who heard and rejected it all by itself.
type Noticed<'a> = BTreeMap<(Matter<'a>, Option<AuthorityCode>), u64>;

/// What a rejection is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Matter<'a> {
    /// The decision that the ruling is on.
    ruled_on: &'a StatementRef,
    /// The decision that the rejected objection is on.
    objected_to: &'a StatementRef,
}

impl<'a> Rejections<'a> {
    // spec: EFF-10, EFF-28, EFF-29, EFF-30, EFF-36
    pub(super) fn of(case: &Case<'_, 'a>, notices: &Notices<'_>) -> Self {
        let restricting = corrections::restricting(case);
        let mut rejections = Self::default();
        let mut covering = Covering::default();
        for (fact, ruling) in case.rulings() {
            let noticed = notices.established(case, fact.reference(), Class::Ruling);
            let (Outcome::Rejected, Some(at)) = (ruling.outcome(), noticed) else {
                continue;
            };
            let is_followed = case.work.count(&restricting).any(|correction| {
                correction.origin() == fact.origin() && correction.index() > fact.index()
                    || notices.adopted(case, correction, fact.reference(), Class::Ruling)
            });
            if !is_followed {
                rejections.note(case, &mut covering, (fact, ruling), at.value());
            }
        }
        rejections
    }

    fn note(
        &mut self,
        case: &Case<'_, 'a>,
        covering: &mut Covering<'a>,
        (by, ruling): (&'a Fact, &'a Ruling),
        at: u64,
    ) {
        for (fact, objection) in case.named_by(ruling) {
            let copies = &case.facts.copies;
            let (Some(ruled_on), Some(objected_to)) = (copies.target(by), copies.target(fact))
            else {
                continue;
            };
            if !covering.covers(case, ruled_on) || !covering.covers(case, objected_to) {
                continue;
            }
            // spec: EFF-246
            let by_itself = is_with_issuer(case, by) && is_with_issuer(case, fact)
                || is_by_successor(case, by)
                    && (is_with_issuer(case, fact) || fact.issuer() == by.issuer());
            let ruler = by_itself.then(|| by.issuer());
            let key = (objection.role(), objection.ground());
            let matter = Matter {
                ruled_on,
                objected_to,
            };
            let first = self.first.entry(key).or_default();
            let first = first.entry((matter, ruler)).or_insert(at);
            *first = at.min(*first);
        }
    }

    /// Why an objection that nobody admitted does not suspend, if it does not.
    // spec: EFF-10
    pub(super) fn keeps_waiting(
        &self,
        case: &Case<'_, '_>,
        objection: &Known<'_>,
    ) -> Option<WaitingCause> {
        if objection.over_cap {
            return Some(WaitingCause::OverCap);
        }
        let (role, on) = (objection.role?, objection.on?);
        // An objection heard elsewhere is in nobody's mouth but the objector's.
        let heard = |ruler: &Option<AuthorityCode>| {
            ruler.is_none() || objection.with_issuer || *ruler == objection.receiver
        };
        let rejected = self.first.get(&(role, objection.ground));
        let mut rejected = case.work.count(rejected.into_iter().flatten());
        let after = rejected.any(|((matter, ruler), first)| {
            *first < objection.register && heard(ruler) && matter.reaches(case, on)
        });
        after.then_some(WaitingCause::AfterRejection)
    }
}

impl Matter<'_> {
    /// Whether an objection to a decision is one in the same matter.
    // spec: EFF-80
    fn reaches(&self, case: &Case<'_, '_>, on: &StatementRef) -> bool {
        let is_linked = |other| chain::is_linked_directly(case, on, other);
        is_linked(self.ruled_on) && is_linked(self.objected_to)
    }
}

/// Which decisions burden with as much as the one asked about, found out once for each.
#[derive(Default)]
struct Covering<'a>(BTreeMap<&'a StatementRef, bool>);

impl<'a> Covering<'a> {
    // spec: EFF-30
    fn covers(&mut self, case: &Case<'_, 'a>, decision: &'a StatementRef) -> bool {
        let found = || !corrections::burdens_more_than(case, decision);
        *self.0.entry(decision).or_insert_with(found)
    }
}

/// Whether a statement is by whoever stands for the issuer of the decision.
fn is_by_successor(case: &Case<'_, '_>, statement: &Fact) -> bool {
    let decision = case.fact.map(Fact::issuer);
    decision.is_some_and(|author| author != statement.issuer() && statement.speaks_for(author))
}

/// Whether a statement is by the issuer of the decision, or stands in the log where the decision does.
pub(super) fn is_with_issuer(case: &Case<'_, '_>, statement: &Fact) -> bool {
    case.fact.is_some_and(|decision| {
        decision.issuer() == statement.issuer() || decision.origin() == statement.origin()
    })
}
