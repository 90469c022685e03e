//! What a row has to say so that the boundary is kept: order of days, basis, remedies, ends.

use super::*;

impl RowBuilder<'_> {
    /// What a decision that reduces rights or adds duties cannot be without.
    // spec: IMP-4
    pub(super) fn boundary(
        &mut self,
        service: &Read<Service>,
        basis: &Result<Vec<LegalBasis>, Refused>,
        publication_until: Read<Day>,
        remedies: &Result<Vec<Remedy>, Refused>,
    ) {
        if basis.as_ref().is_ok_and(Vec::is_empty) {
            self.field_error(Field::Basis, ImportReason::MissingBasis);
        }
        if matches!(service, Ok(None)) {
            self.field_error(Field::ServedOn, ImportReason::MissingService);
        }
        if matches!(publication_until, Ok(None)) {
            self.field_error(Field::PublicationUntil, ImportReason::MissingPublicationEnd);
        }
        if remedies.as_ref().is_ok_and(Vec::is_empty) {
            self.field_error(Field::Remedies, ImportReason::MissingRemedies);
        }
    }

    /// Ends and service do not lie before the decision.
    pub(super) fn order(
        &mut self,
        decided_on: Day,
        service: &Read<Service>,
        valid_from: Read<Day>,
        valid_until: Read<Day>,
        publication_until: Read<Day>,
    ) {
        for (field, end) in [
            (Field::ValidUntil, valid_until),
            (Field::PublicationUntil, publication_until),
        ] {
            if matches!(end, Ok(Some(end)) if end < decided_on) {
                self.field_error(field, ImportReason::EndsBeforeDecision { field });
            }
        }
        if matches!(service, Ok(Some(service)) if service.on < decided_on) {
            self.field_error(Field::ServedOn, ImportReason::ServedBeforeDecision);
        }
        if let (Ok(Some(from)), Ok(Some(until))) = (valid_from, valid_until)
            && until < from
        {
            self.field_error(Field::ValidUntil, ImportReason::EndsBeforeItBegins);
        }
    }

    /// Dates that stand for "no end".
    pub(super) fn ends(
        &mut self,
        restricts: bool,
        valid_until: Read<Day>,
        publication_until: Read<Day>,
    ) {
        let stands_for_none =
            |end: Read<Day>| matches!(end, Ok(Some(end)) if end.ymd().0 >= NO_END_YEAR);
        for (field, end, must_end) in [
            (Field::ValidUntil, valid_until, restricts),
            (Field::PublicationUntil, publication_until, true),
        ] {
            if must_end && stands_for_none(end) {
                self.field_error(field, ImportReason::NoEnd { field });
            }
        }
    }

    pub(super) fn duty_ends(
        &mut self,
        decided_on: Result<Day, Refused>,
        duties: &Result<Vec<Duty>, Refused>,
    ) {
        let field = Field::Duties;
        for duty in duties.as_ref().map_or(&[][..], Vec::as_slice) {
            let until = duty.until;
            let source = self.importer.profile.duties.iter();
            let mut columns = source.filter(|source| source.measure == duty.measure);
            let column = columns.next().map(|source| source.until.as_str());
            if until.ymd().0 >= NO_END_YEAR {
                self.error(column, Some(field), ImportReason::NoEnd { field });
            } else if decided_on.is_ok_and(|decided_on| until < decided_on) {
                self.error(
                    column,
                    Some(field),
                    ImportReason::EndsBeforeDecision { field },
                );
            }
        }
    }
}
