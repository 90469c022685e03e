//! 统一社会信用代码变更: a registrar's word that an organisation has another code now (GB 32100-2015).

use super::{RecordError, checked};
use crate::codec::integer_map;
use crate::region::RegionCode;
use crate::statement::decision::{Code, LegalBasis};
use crate::subject::{CodeCheck, Subject, SubjectCode};
use crate::text::Text;
use crate::time::Day;

integer_map! {
    /// What a change of code says, before it has been looked at as a whole.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CodeChangeFields {
        /// The organisation under the code that it has now.
        1 => subject: req(Subject),
        /// The item of the catalogue.
        2 => item: req(Code),
        /// The day from which it has that code.
        3 => day: req(Day),
        /// The code that it had.
        4 => from: req(SubjectCode),
        /// The articles by which the registrar gave it another; at least one.
        5 => basis: list(LegalBasis),
        /// Why.
        6 => reasons: req(Text<4000>),
    }
}

impl CodeChangeFields {
    // spec: STM-215, STM-216
    fn check(&self) -> Result<(), RecordError> {
        let to = self.subject.code();
        if self.from == to {
            return Err(RecordError::SameCode);
        }
        let holds = |code: SubjectCode| code.check() == CodeCheck::Ok;
        if !(holds(self.from) && holds(to)) {
            return Err(RecordError::ChangesCheck);
        }
        if self.from.is_self_employed() != to.is_self_employed() {
            return Err(RecordError::ChangesForm);
        }
        match self.basis.is_empty() {
            true => Err(RecordError::Needs { field: "basis" }),
            false => Ok(()),
        }
    }
}

checked! {
    /// 统一社会信用代码变更: the code that an organisation had, and the one that it has.
    CodeChange(CodeChangeFields)
}

impl CodeChange {
    /// Whether both codes were given within a region, as their own places say.
    // spec: TRU-85
    #[must_use]
    pub fn is_within(&self, region: RegionCode) -> bool {
        let codes = [self.fields().from, self.fields().subject.code()];
        codes.iter().all(|code| {
            // A code of a division that never was is nobody's but the whole country's.
            let given = code.region().unwrap_or(RegionCode::COUNTRY);
            region.contains(given)
        })
    }
}
