//! What became of a file: counts, and every error by line, column and reason.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::field::Field;
use super::reason::ImportReason;
use super::wording::Language;

/// Errors that a report lists; the others are counted.
pub const REPORT_ERRORS_MAX: usize = 10_000;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the profile.
    pub profile: String,
    /// Its version.
    pub profile_version: u32,
    /// Rows read; the header and empty lines are none.
    pub rows: u64,
    /// Rows that became decisions and are to be appended.
    pub accepted: u64,
    /// Rows that are whole but held back, because others were refused and it was all or nothing.
    pub held_back: u64,
    /// Rows whose decision is stored already.
    pub already_there: u64,
    /// Rows that a filter passed over.
    pub filtered: u64,
    /// Rows refused.
    pub refused: u64,
    /// Whole rows with a text that was brought into normalisation form C.
    pub normalised: u64,
    /// Whole rows on subjects that come close to a person.
    pub near_personal: u64,
    /// The errors, in the order of the file; the first [`REPORT_ERRORS_MAX`].
    pub errors: Vec<RowError>,
    /// Errors that are counted only.
    pub errors_omitted: u64,
}

impl Report {
    pub(super) fn new(profile: &str, profile_version: u32) -> Self {
        Self {
            profile: profile.to_owned(),
            profile_version,
            rows: 0,
            accepted: 0,
            held_back: 0,
            already_there: 0,
            filtered: 0,
            refused: 0,
            normalised: 0,
            near_personal: 0,
            errors: Vec::new(),
            errors_omitted: 0,
        }
    }

    pub(super) fn add_errors(&mut self, errors: Vec<RowError>) {
        for error in errors {
            if self.errors.len() < REPORT_ERRORS_MAX {
                self.errors.push(error);
            } else {
                self.errors_omitted += 1;
            }
        }
    }
}

/// One thing that is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// 1-based physical line that the row begins on.
    pub line: u64,
    /// Physical line that the row ends on.
    pub last_line: u64,
    /// Name of the column in the file; `None` when the row as a whole is meant, or the profile
    /// reads the field from no column.
    pub column: Option<String>,
    /// The field of the decision.
    pub field: Option<Field>,
    /// The reason.
    pub reason: ImportReason,
}

impl RowError {
    /// One line of text: where, what, and what to do.
    #[must_use]
    pub fn render(&self, language: Language) -> String {
        let message = self.reason.message(language);
        let hint = self.reason.hint(language);
        let code = self.reason.code();
        match (language, &self.column) {
            (Language::English, Some(column)) => {
                format!(
                    "line {}, column {column}: {message} [{code}]; {hint}",
                    self.line
                )
            }
            (Language::English, None) => format!("line {}: {message} [{code}]; {hint}", self.line),
            (Language::Chinese, Some(column)) => {
                format!(
                    "第 {} 行，{column} 列：{message}〔{code}〕；{hint}",
                    self.line
                )
            }
            (Language::Chinese, None) => {
                format!("第 {} 行：{message}〔{code}〕；{hint}", self.line)
            }
        }
    }
}

// spec: IMP-6
impl Serialize for RowError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("RowError", 9)?;
        map.serialize_field("line", &self.line)?;
        map.serialize_field("last_line", &self.last_line)?;
        map.serialize_field("column", &self.column)?;
        map.serialize_field("field", &self.field)?;
        map.serialize_field("reason", self.reason.code())?;
        map.serialize_field("message_en", &self.reason.message(Language::English))?;
        map.serialize_field("message_zh", &self.reason.message(Language::Chinese))?;
        map.serialize_field("hint_en", self.reason.hint(Language::English))?;
        map.serialize_field("hint_zh", self.reason.hint(Language::Chinese))?;
        map.end()
    }
}
