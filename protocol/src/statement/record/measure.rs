//! 联合惩戒措施: what an authority applies on the strength of a decision (HG-6, HG-7a, HG-15a).

use super::{Protection, RecordError, checked, ends, shown};
use crate::codec::integer_map;
use crate::statement::agreement::{Force, binds};
use crate::statement::decision::{Code, LegalBasis, Remedy, Service};
use crate::statement::measure::Measure;
use crate::statement::payload::StatementRef;
use crate::subject::Subject;
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// What a measure says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AppliedMeasureFields {
        /// The organisation.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day on which it was decided.
        3 => day: req(Day),
        /// The decision that it rests on.
        4 => decision: req(StatementRef),
        /// The measure.
        5 => measure: req(Measure),
        /// First day.
        6 => from: req(Day),
        /// Last day.
        7 => until: opt(Day),
        /// Whether it has to be applied or may be.
        8 => force: req(Force),
        /// Articles of law.
        9 => basis: list(LegalBasis),
        /// The agreement by which the decision is relied on.
        10 => agreement: opt(StatementRef),
        /// Its clause, as it is quoted.
        11 => clause: opt(Text<32>),
        /// The number of the case in which it is applied.
        12 => case_number: req(Text<128>),
        /// Service of notice.
        13 => service: opt(Service),
        /// Last day of publication.
        14 => publication_until: opt(Day),
        /// Remedies.
        15 => remedies: list(Remedy),
    }
}

impl AppliedMeasureFields {
    // spec: STM-103, STM-104, STM-106, STM-110, STM-111
    fn check(&self) -> Result<(), RecordError> {
        let until = self.until.ok_or(RecordError::MeasureWithoutEnd)?;
        ends("until", until, self.day)?;
        // What began before anybody was told of it was no measure.
        ends("from", self.from, self.day)?;
        if until < self.from {
            return Err(RecordError::EndsBeforeItBegins { field: "until" });
        }
        let protection = Protection {
            day: self.day,
            basis: &self.basis,
            service: self.service.as_ref(),
            publication_until: self.publication_until,
            remedies: &self.remedies,
        };
        protection.fits()?;
        protection.complete()?;
        let is_bound = self.basis.iter().any(|basis| binds(basis.level));
        if self.force == Force::Mandatory && !is_bound {
            return Err(RecordError::MandatoryBasis);
        }
        if self.agreement.is_some() != self.clause.is_some() {
            return Err(RecordError::HalfAgreement);
        }
        shown("case_number", Some(&self.case_number))
    }
}

checked! {
    /// A measure that an authority applies on the strength of a decision. Whether that decision can still
    /// carry it is not said here: effect says it, on the day of the question.
    AppliedMeasure(AppliedMeasureFields)
}
