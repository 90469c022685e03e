//! Reading cells as the profile maps them, and saying what is wrong with one.

use super::*;

impl<'a> RowBuilder<'a> {
    pub(super) fn day(
        &mut self,
        field: Field,
        decided_on: Read<Day>,
        published_on: Read<Day>,
    ) -> Read<Day> {
        let profile = self.importer.profile;
        match profile.sources.get(&field) {
            Some(Source::On(day)) => Ok(Some(*day)),
            Some(Source::DaysAfter { base, days }) => {
                // Without its decision date the row is refused for that alone.
                let base = match base {
                    DayBase::Publication => published_on?,
                    DayBase::Decision => Some(decided_on?.ok_or(Refused)?),
                };
                base.map(|base| base.plus_days(*days))
                    .transpose()
                    .map_err(|error| self.field_error(field, day_reason(error, field)))
            }
            Some(
                Source::Cell(_)
                | Source::Joined { .. }
                | Source::Constant(_)
                | Source::Composed { .. }
                | Source::Template(_),
            )
            | None => {
                let Some(said) = self.said(field)? else {
                    return Ok(None);
                };
                Day::parse_loose(&said)
                    .map(Some)
                    .map_err(|error| self.field_error(field, day_reason(error, field)))
            }
        }
    }

    pub(super) fn text<const MAX: usize>(&mut self, field: Field) -> Read<Text<MAX>> {
        let Some(said) = self.said(field)? else {
            return Ok(None);
        };
        let column = self.locate(field);
        self.checked_text(column.as_deref(), field, &said).map(Some)
    }

    /// Text that a decision may hold: normalised, bounded, screened.
    pub(super) fn checked_text<const MAX: usize>(
        &mut self,
        column: Option<&str>,
        field: Field,
        said: &str,
    ) -> Result<Text<MAX>, Refused> {
        // spec: IMP-9
        if let Some(finding) = screen::find_personal(said) {
            let kind = finding.kind;
            self.error(column, Some(field), ImportReason::PersonalNumber { kind });
            return Err(Refused);
        }
        let text = Text::<MAX>::normalise(said)
            .map_err(|error| self.error(column, Some(field), text_reason(error, field)))?;
        // spec: IMP-14
        self.normalised |= text.as_str() != said;
        Ok(text)
    }

    pub(super) fn screen(&mut self, field: Field, said: &str) -> Result<(), Refused> {
        match screen::find_personal(said) {
            Some(finding) => {
                let kind = finding.kind;
                Err(self.field_error(field, ImportReason::PersonalNumber { kind }))
            }
            None => Ok(()),
        }
    }

    /// The name of a coded field, out of the profile's code list or as the cell has it.
    pub(super) fn name(&mut self, field: Field, unknown: ImportReason) -> Read<&'a str> {
        let profile = self.importer.profile;
        match profile.sources.get(&field) {
            Some(Source::Constant(name)) => Ok(Some(name)),
            Some(Source::Cell(cell)) => {
                let Some(said) = self.first_cell(&cell.columns)? else {
                    return Ok(None);
                };
                let name = match &cell.values {
                    Some(values) => values.name(said),
                    None => Some(said),
                };
                name.map(Some)
                    .ok_or_else(|| self.field_error(field, unknown))
            }
            Some(
                Source::Joined { .. }
                | Source::Composed { .. }
                | Source::Template(_)
                | Source::DaysAfter { .. }
                | Source::On(_),
            )
            | None => Ok(None),
        }
    }

    /// What the file, or a constant or template, says for a field.
    pub(super) fn said(&mut self, field: Field) -> Read<String> {
        let profile = self.importer.profile;
        match profile.sources.get(&field) {
            Some(Source::Cell(cell)) => Ok(self.first_cell(&cell.columns)?.map(str::to_owned)),
            Some(Source::Constant(value)) => Ok(Some(value.clone())),
            Some(Source::Joined { columns, .. }) => {
                let mut said = Vec::new();
                for column in columns {
                    said.extend(self.cell(column)?);
                }
                Ok((!said.is_empty()).then(|| said.join("\n")))
            }
            Some(Source::Template(parts)) => {
                let mut said = String::new();
                for part in parts {
                    match part {
                        Part::Words(words) => said.push_str(words),
                        Part::Column(column) => match self.cell(column)? {
                            Some(cell) => said.push_str(cell),
                            None => {
                                let reason = ImportReason::SyntheticSource { field };
                                return Err(self.error(Some(column), Some(field), reason));
                            }
                        },
                    }
                }
                Ok(Some(said))
            }
            Some(Source::Composed { .. } | Source::DaysAfter { .. } | Source::On(_)) | None => {
                Ok(None)
            }
        }
    }

    /// The first of several columns that says something.
    pub(super) fn first_cell(&self, columns: &[String]) -> Read<&'a str> {
        for column in columns {
            if let Some(said) = self.cell(column)? {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }

    /// What a column says; nothing when the file does not have it or the cell is blank.
    pub(super) fn cell(&self, column: &str) -> Read<&'a str> {
        let Some(index) = self.layout.index(column) else {
            return Ok(None);
        };
        match self.cells.get(index) {
            Some(Cell::Text(text)) => {
                let blank = &self.importer.profile.format.blank;
                let is_blank = text.is_empty() || blank.iter().any(|word| word == text);
                Ok((!is_blank).then_some(text.as_str()))
            }
            Some(Cell::Unusable) | None => Err(Refused),
        }
    }

    pub(super) fn required<T>(
        &mut self,
        field: Field,
        read: impl FnOnce(&mut Self, Field) -> Read<T>,
    ) -> Result<T, Refused> {
        let value = read(self, field);
        self.present(field, value)
    }

    pub(super) fn present<T>(&mut self, field: Field, value: Read<T>) -> Result<T, Refused> {
        value?.ok_or_else(|| self.field_error(field, ImportReason::Missing { field }))
    }

    /// The file's column that a field is read from.
    pub(super) fn locate(&self, field: Field) -> Option<String> {
        let profile = self.importer.profile;
        let remedy_columns = || {
            profile
                .remedies
                .iter()
                .find_map(|remedy| match &remedy.body {
                    RemedyBody::Column(column) => Some(column),
                    RemedyBody::Constant(_) => None,
                })
        };
        let columns: Vec<&String> = match (field, profile.sources.get(&field)) {
            (Field::Remedies, _) => remedy_columns().into_iter().collect(),
            (_, Some(Source::Cell(cell))) => cell.columns.iter().collect(),
            (_, Some(Source::Joined { columns, .. })) => columns.iter().collect(),
            (_, Some(Source::Composed { column, .. })) => vec![column],
            (
                _,
                Some(
                    Source::Constant(_)
                    | Source::Template(_)
                    | Source::DaysAfter { .. }
                    | Source::On(_),
                )
                | None,
            ) => Vec::new(),
        };
        let has_words = |column: &&&String| matches!(self.cell(column), Ok(Some(_)));
        let present: Vec<&String> = columns
            .into_iter()
            .filter(|column| self.layout.index(column).is_some())
            .collect();
        let column = present.iter().find(has_words).or_else(|| present.first())?;
        self.header(column)
    }

    /// A column's name as the file spells it.
    pub(super) fn header(&self, column: &str) -> Option<String> {
        let index = self.layout.index(column)?;
        self.layout.name(index).map(str::to_owned)
    }

    pub(super) fn field_error(&mut self, field: Field, reason: ImportReason) -> Refused {
        let column = self.locate(field);
        self.push(column, Some(field), reason)
    }

    pub(super) fn error(
        &mut self,
        column: Option<&str>,
        field: Option<Field>,
        reason: ImportReason,
    ) -> Refused {
        let column = column.and_then(|column| self.header(column));
        self.push(column, field, reason)
    }

    pub(super) fn push(
        &mut self,
        column: Option<String>,
        field: Option<Field>,
        reason: ImportReason,
    ) -> Refused {
        self.errors.push(RowError {
            line: self.line,
            last_line: self.last_line,
            column,
            field,
            reason,
        });
        Refused
    }
}
