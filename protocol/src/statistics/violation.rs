//! 追责情形: what authorities answer for (HS-9.2), as far as signed statements show it.

use crate::codec::code_enum;
use crate::statement::{Class, WithdrawalReason};
use crate::trust::RejectReason;

code_enum! {
    /// A kind of violation.
    pub enum Violation {
        /// 目录外记录: something was recorded under no item of the catalogue, or under one that is not for it.
        RecordedOutside = 1,
        /// 目录外共享、公开: it was shared with others, or published for longer, than its item allows.
        DisclosedOutside = 2,
        /// 清单外措施: a measure was brought or applied that is on no list.
        MeasureOutside = 3,
        /// 擅自认定名单: an organisation was listed without the standing or the ground for it, or wrongly.
        WrongListing = 4,
        /// 未及时修复: a repair was made after its deadline.
        LateRepair = 5,
    }
}

impl Violation {
    /// What a statement of a class that was signed by its author and refused for a reason comes to; nothing
    /// where the reason is a matter of form or trust.
    // spec: STA-9
    #[must_use]
    pub fn of_refusal(reason: RejectReason, class: Class) -> Option<Self> {
        use RejectReason as Why;
        let is_data = class.is_decision() || class.is_record() || class == Class::Correction;
        let is_outside = matches!(reason, Why::ItemUnknown | Why::ItemActType | Why::ItemClass);
        let is_too_open = matches!(reason, Why::PublicationTooLong | Why::InterviewOpen);
        let is_listing =
            reason == Why::ListBasis || (reason == Why::NoMandate && class == Class::ListEntry);
        let kinds = [
            (is_outside, Self::RecordedOutside),
            (is_too_open, Self::DisclosedOutside),
            (reason == Why::MeasureUnknown, Self::MeasureOutside),
            (is_listing, Self::WrongListing),
        ];
        let found = kinds.into_iter().find(|(is_such, _)| is_data && *is_such);
        found.map(|(_, kind)| kind)
    }

    /// Whether a withdrawal of an entry in a list that burdens says that it was wrong.
    // spec: STA-10
    #[must_use]
    pub const fn is_wrong_listing(reason: WithdrawalReason) -> bool {
        match reason {
            WithdrawalReason::DecisionRevoked
            | WithdrawalReason::WrongSubject
            | WithdrawalReason::OutsideCatalogue
            | WithdrawalReason::OtherError => true,
            WithdrawalReason::Duplicate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: STA-9
    #[test]
    fn refusals_count_for_what_the_catalogue_does_not_allow_and_for_nothing_else() {
        let of = |reason, class| Violation::of_refusal(reason, class);
        let decision = Class::Decision;
        let outside = Some(Violation::RecordedOutside);
        assert_eq!(of(RejectReason::ItemUnknown, decision), outside);
        assert_eq!(of(RejectReason::ItemActType, decision), outside);
        assert_eq!(of(RejectReason::ItemClass, Class::Measure), outside);
        let disclosed = Some(Violation::DisclosedOutside);
        assert_eq!(of(RejectReason::PublicationTooLong, decision), disclosed);
        // Whoever has a log key says how visible a leaf is, and signs nothing of what it holds.
        assert_eq!(of(RejectReason::WrongVis, decision), None);
        let measure = Some(Violation::MeasureOutside);
        assert_eq!(of(RejectReason::MeasureUnknown, Class::Initiation), measure);
        let listing = Some(Violation::WrongListing);
        assert_eq!(of(RejectReason::ListBasis, Class::ListEntry), listing);
        assert_eq!(of(RejectReason::NoMandate, Class::ListEntry), listing);
        assert_eq!(of(RejectReason::NoMandate, decision), None);
        let counted = [
            RejectReason::ItemUnknown,
            RejectReason::ItemActType,
            RejectReason::ItemClass,
            RejectReason::PublicationTooLong,
            RejectReason::InterviewOpen,
            RejectReason::MeasureUnknown,
            RejectReason::ListBasis,
        ];
        for reason in RejectReason::ALL {
            let counts = counted.contains(reason);
            assert_eq!(of(*reason, decision).is_some(), counts, "{reason:?}");
            assert_eq!(of(*reason, Class::Ruling), None, "{reason:?}");
        }
    }

    // spec: STA-10
    #[test]
    fn duplicate_is_no_wrong_listing() {
        let wrong = WithdrawalReason::ALL.iter().copied();
        let wrong = wrong.filter(|reason| Violation::is_wrong_listing(*reason));
        assert_eq!(wrong.count(), WithdrawalReason::ALL.len() - 1);
        assert!(!Violation::is_wrong_listing(WithdrawalReason::Duplicate));
    }
}
