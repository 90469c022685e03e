//! Why text is no profile.

use concordat_protocol::statement::MeasureError;

use crate::import::field::Field;

/// Why text is no [`Profile`](crate::import::Profile). Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Larger than [`PROFILE_BYTES_MAX`](crate::import::PROFILE_BYTES_MAX).
    #[error("a profile has at most {max} bytes")]
    TooLarge {
        /// Bytes allowed.
        max: usize,
    },
    /// No TOML, or TOML of another shape.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What the TOML reader says.
        message: String,
    },
    /// The right shape, and yet no profile.
    #[error("line {line}, column {column}: {rule}")]
    Rule {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What does not hold.
        rule: ProfileRule,
    },
}

/// What does not hold in a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileRule {
    /// The name of a profile.
    #[error("a profile's name is 1 to 64 of a-z, 0-9, '.' and '-'")]
    Name,
    /// The delimiter.
    #[error("the delimiter is ',', ';' or a tab")]
    Delimiter,
    /// A field that every decision has is nowhere filled.
    #[error("{0} has no source")]
    NoSource(Field),
    /// A field is filled twice.
    #[error("{0} is both read and made up")]
    TwoSources(Field),
    /// A source names no place to read from, or several.
    #[error("{0} needs exactly one of column, columns, join, value, code, template, after, on")]
    NotOneSource(Field),
    /// A key that this field cannot have.
    #[error("{0} takes no key {1:?} here")]
    KeyNotHere(Field, &'static str),
    /// A source that makes up what only a file can say, outside `[synthetic]`.
    #[error("{0} would be made up: {1:?} may stand under [synthetic.fields] only")]
    MadeUpOutsideSynthetic(Field, &'static str),
    /// A day that comes out of the column of another, which says nothing of it.
    #[error("{0} would be made up: it is read from the column of {1}")]
    ColumnOf(Field, Field),
    /// A measure that is none on organisations.
    #[error("the measure of a duty: {0}")]
    Measure(MeasureError),
    /// A remedy whose term has passed when it begins.
    #[error("a remedy needs a term: within_days is 0")]
    NoTerm,
    /// A remedy at no body.
    #[error("a remedy needs a body: this is a placeholder")]
    NoBody,
    /// A table of its own declares this field.
    #[error("{0} is declared by its own tables")]
    OwnTable(Field),
    /// A name that the field's code list does not have.
    #[error("{0} has no such name")]
    UnknownName(Field),
    /// Amounts need a unit.
    #[error("{0} needs its unit: fen, yuan or 10k-yuan")]
    NoUnit(Field),
    /// A legal basis is read but nothing says how.
    #[error("basis needs the table [basis]")]
    NoBasisTable,
    /// A level of a legal basis.
    #[error("no such level of a legal basis")]
    UnknownLevel,
    /// A remedy or duty that is not valid.
    #[error("{0} holds a value that is not valid")]
    Value(Field),
    /// Days can be counted from days that the file says only.
    #[error("{0} can be counted only from decided_on or published_on that the file gives")]
    After(Field),
    /// No subject code can come of this.
    #[error("no subject code can be made of this prefix, region and serial_prefix")]
    Code,
    /// A template with an unmatched brace.
    #[error("a brace in the template of {0} has no partner")]
    Template(Field),
    /// A filter without values.
    #[error("a filter or refusal lists no value")]
    EmptyList,
}
