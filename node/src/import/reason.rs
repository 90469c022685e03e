//! Why a row is refused: one value for each cause, with a code for machines and words for people.
//!
//! No value repeats what stood in a cell: it may be personal. The words are in `wording`.

use concordat_protocol::screen::PersonalNumber;
use concordat_protocol::statement::Invalid;
use concordat_protocol::subject::Form;

use super::encoding::{Encoding, LooksLike};
use super::field::Field;

/// Why a row is refused.
// spec: IMP-5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportReason {
    /// Another number of cells than the header has.
    ColumnCount {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The row is longer than a row may be.
    RowTooLong {
        /// Bytes allowed.
        max: usize,
    },
    /// Text after the quote that ends a cell.
    TextAfterQuote {
        /// Offset of that text in the file, in bytes from 0.
        offset: u64,
    },
    /// A quote that nothing ends: the rest of the file belongs to this row.
    UnterminatedQuote,
    /// A byte of value zero.
    NulByte {
        /// Its offset in the file, in bytes from 0.
        offset: u64,
    },
    /// Bytes that are not in the declared encoding.
    WrongEncoding {
        /// The encoding that the profile declares.
        declared: Encoding,
        /// What the bytes look like.
        looks_like: LooksLike,
        /// Offset of the first of them in the file, from 0.
        offset: u64,
    },
    /// A field that every decision has is blank.
    Missing {
        /// The field.
        field: Field,
    },
    /// More characters than the field takes.
    FieldTooLong {
        /// Characters allowed.
        max: usize,
        /// Characters found.
        found: usize,
    },
    /// A control character other than line feed and tab.
    ControlCharacter {
        /// Its code point.
        code_point: u32,
        /// Its offset in the cell, in characters from 0.
        offset: usize,
    },
    /// A character that does not show.
    Invisible {
        /// Its code point.
        code_point: u32,
        /// Its offset in the cell, in characters from 0.
        offset: usize,
    },
    /// A number of a natural person in text.
    PersonalNumber {
        /// What it looks like.
        kind: PersonalNumber,
    },
    /// A column that only records on natural persons fill is filled.
    NaturalPerson,
    /// The source gives the record a state that an import cannot carry (withdrawn, objected to).
    SourceState,
    /// A subject code of another length than 18.
    CodeLength {
        /// Characters found.
        found: usize,
    },
    /// A character that no subject code has.
    CodeCharacter {
        /// Its 1-based place.
        place: usize,
    },
    /// An identity number of a natural person in the place of a subject code.
    CodeIsIdentityNumber,
    /// No such registering department and category.
    CodePrefix,
    /// A letter within the region part of a subject code.
    CodeRegion {
        /// Its 1-based place.
        place: usize,
    },
    /// The check character does not hold, and no registrar confirms the code.
    CodeCheck,
    /// A placeholder such as `00000000000000000X` in the place of a code.
    CodePlaceholder,
    /// The check character holds, and yet a registrar's confirmation is given.
    ReferenceIdle,
    /// The legal form contradicts the first two places of the code.
    FormContradictsCode {
        /// The form stated.
        form: Form,
    },
    /// The row is another authority's.
    OtherAuthority,
    /// Not a date in any of the forms read.
    DateShape,
    /// The calendar has no such day.
    NoSuchDay,
    /// The day lies outside 1900 to 2199.
    DateOutOfRange,
    /// A day that lies before the decision.
    EndsBeforeDecision {
        /// The field.
        field: Field,
    },
    /// The last day of validity lies before the first.
    EndsBeforeItBegins,
    /// The day of service lies before the decision.
    ServedBeforeDecision,
    /// The day of the decision lies after the day of the import.
    NotDecidedYet,
    /// The day of service lies after the day of the import.
    NotServedYet,
    /// A date that stands for "no end" where there must be one.
    NoEnd {
        /// The field.
        field: Field,
    },
    /// It restricts, and cites no article of law.
    MissingBasis,
    /// It restricts, and does not say when and how it was served.
    MissingService,
    /// It restricts, and its publication has no end.
    MissingPublicationEnd,
    /// It restricts, and names no remedy.
    MissingRemedies,
    /// A measure or duty without an end.
    MissingDutyEnd,
    /// A legal basis in which no act or no article can be told.
    BasisShape,
    /// An act of law whose level the profile does not know.
    BasisLevelUnknown,
    /// A type of act that the profile does not know.
    UnknownActType,
    /// An item that the profile or the catalogue does not know.
    UnknownItem,
    /// A class of penalty that the profile does not know, detention of persons among them.
    UnknownPenaltyClass,
    /// A legal form that the profile does not know.
    UnknownForm,
    /// A way of service that the profile does not know.
    UnknownServiceWay,
    /// A group of serious conduct that the profile does not know.
    UnknownSeriousGroup,
    /// Not a quarter of a year.
    QuarterShape,
    /// Not an amount of money.
    MoneyShape,
    /// An amount that is no whole number of fen.
    MoneyTooPrecise,
    /// An amount that is too large.
    MoneyOutOfRange,
    /// A made-up field whose source cell cannot be used.
    SyntheticSource {
        /// The field.
        field: Field,
    },
    /// The same authority, document number and item as an earlier row of the file.
    DuplicateInFile {
        /// Line of the earlier row.
        first_line: u64,
    },
    /// Stored already with other content.
    DiffersFromStored,
    /// Stored already, void since it came too late or its key was cut off, and corrected since into something else.
    LateAndCorrected,
    /// The statement would be larger than one may be.
    StatementTooLarge {
        /// Bytes allowed for the decision.
        max: usize,
    },
    /// Another rule on decisions does not hold.
    Rule(Invalid),
}

impl ImportReason {
    /// The stable name for machines, in kebab case.
    // spec: IMP-6
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ColumnCount { .. } => "column-count",
            Self::RowTooLong { .. } => "row-too-long",
            Self::TextAfterQuote { .. } => "text-after-quote",
            Self::UnterminatedQuote => "unterminated-quote",
            Self::NulByte { .. } => "nul-byte",
            Self::WrongEncoding { .. } => "wrong-encoding",
            Self::Missing { .. } => "missing-field",
            Self::FieldTooLong { .. } => "field-too-long",
            Self::ControlCharacter { .. } => "control-character",
            Self::Invisible { .. } => "invisible-character",
            Self::PersonalNumber { .. } => "personal-number",
            Self::NaturalPerson => "natural-person",
            Self::SourceState => "source-state",
            Self::CodeLength { .. } => "code-length",
            Self::CodeCharacter { .. } => "code-character",
            Self::CodeIsIdentityNumber => "code-is-identity-number",
            Self::CodePrefix => "code-prefix",
            Self::CodeRegion { .. } => "code-region",
            Self::CodeCheck => "code-check",
            Self::CodePlaceholder => "code-placeholder",
            Self::ReferenceIdle => "reference-idle",
            Self::FormContradictsCode { .. } => "form-contradicts-code",
            Self::OtherAuthority => "other-authority",
            Self::DateShape => "date-shape",
            Self::NoSuchDay => "no-such-day",
            Self::DateOutOfRange => "date-out-of-range",
            Self::EndsBeforeDecision { .. } => "ends-before-decision",
            Self::EndsBeforeItBegins => "ends-before-it-begins",
            Self::ServedBeforeDecision => "served-before-decision",
            Self::NotDecidedYet => "not-decided-yet",
            Self::NotServedYet => "not-served-yet",
            Self::NoEnd { .. } => "no-end",
            Self::MissingBasis => "missing-basis",
            Self::MissingService => "missing-service",
            Self::MissingPublicationEnd => "missing-publication-end",
            Self::MissingRemedies => "missing-remedies",
            Self::MissingDutyEnd => "missing-duty-end",
            Self::BasisShape => "basis-shape",
            Self::BasisLevelUnknown => "basis-level-unknown",
            Self::UnknownActType => "unknown-act-type",
            Self::UnknownItem => "unknown-item",
            Self::UnknownPenaltyClass => "unknown-penalty-class",
            Self::UnknownForm => "unknown-form",
            Self::UnknownServiceWay => "unknown-service-way",
            Self::UnknownSeriousGroup => "unknown-serious-group",
            Self::QuarterShape => "quarter-shape",
            Self::MoneyShape => "money-shape",
            Self::MoneyTooPrecise => "money-too-precise",
            Self::MoneyOutOfRange => "money-out-of-range",
            Self::SyntheticSource { .. } => "synthetic-source",
            Self::DuplicateInFile { .. } => "duplicate-in-file",
            Self::DiffersFromStored => "differs-from-stored",
            Self::LateAndCorrected => "late-and-corrected",
            Self::StatementTooLarge { .. } => "statement-too-large",
            Self::Rule(_) => "rule",
        }
    }
}
