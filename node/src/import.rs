//! Import of decisions from CSV and TSV files by a mapping profile (`spec/import.md`).
//!
//! Bytes of a file in, rows out: each row is a whole [`Decision`] or a list of everything that is
//! wrong with it, by line, column and reason. Rows stream; at most one is held in memory.
//!
//! Out of scope: the store, signing and appending, which are the caller's; XLSX; records on natural
//! persons, which no profile can import.

mod basis;
mod encoding;
mod error;
mod field;
mod layout;
mod money;
mod names;
mod profile;
mod profile_file;
mod reason;
mod report;
mod row;
mod rows;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Chain, Cursor, Read};

use concordat_protocol::codec;
use concordat_protocol::limits::STATEMENT_BYTES_MAX;
use concordat_protocol::log::origin::NetworkKind;
use concordat_protocol::statement::{Code, Decision, DocumentKey};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;

pub use encoding::{Encoding, LooksLike};
pub use error::ImportError;
pub use field::Field;
pub use profile::{Filter, PROFILE_BYTES_MAX, Profile, ProfileError, ProfileRule, SHIPPED};
pub use reason::ImportReason;
pub use report::{REPORT_ERRORS_MAX, Report, RowError};
pub use rows::{COLUMNS_MAX, ROW_BYTES_MAX};
pub use wording::Language;

use self::encoding::{UTF8_MARK, decode, has_utf16_mark};
use self::layout::Layout;
use self::profile::FileFormat;
use self::row::{Cell, RowBuilder};
use self::rows::{Fault, RawRow, RowReader};

/// What the caller decides about one import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The authority whose decisions these are; it signs them.
    pub issuer: AuthorityCode,
    /// Its name, that rows are compared with where the profile reads one; `None`: any name.
    pub issuer_name: Option<Text<200>>,
    /// The day of the import: no decision is taken after it.
    pub today: Day,
    /// Filters beside those of the profile.
    pub filters: Vec<Filter>,
    /// Items of the catalogue in force; `None`: any item.
    pub items: Option<BTreeSet<Code>>,
    /// With one refused row nothing is accepted.
    pub all_or_nothing: bool,
    /// Bytes of the file, where they are known; for the progress only.
    pub bytes_total: Option<u64>,
}

impl ImportOptions {
    /// No filter, any item, each row by itself.
    #[must_use]
    pub const fn new(issuer: AuthorityCode, today: Day) -> Self {
        Self {
            issuer,
            issuer_name: None,
            today,
            filters: Vec::new(),
            items: None,
            all_or_nothing: false,
            bytes_total: None,
        }
    }
}

/// What makes a decision one and the same: two rows with it are duplicates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NaturalKey {
    /// The authority.
    pub issuer: AuthorityCode,
    /// 决定文书号, as it is compared.
    pub document_number: DocumentKey,
    /// The item of the catalogue.
    pub item: Code,
}

impl NaturalKey {
    /// The key of an authority's decision.
    #[must_use]
    pub fn new(issuer: AuthorityCode, decision: &Decision) -> Self {
        let fields = decision.fields();
        Self {
            issuer,
            document_number: DocumentKey::of(fields.document_number.as_str()),
            item: fields.item.clone(),
        }
    }
}

/// What the store has under a [`NaturalKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing.
    Absent,
    /// This decision.
    Same,
    /// Another decision: an import never changes it.
    Differs,
    /// A decision that came too late to bind, or whose key was cut off, and was corrected since into another one than this.
    LateAndCorrected,
}

/// Asks the store; called once for each whole row.
pub type Known<'a> = dyn Fn(&NaturalKey, &Decision) -> Stored + 'a;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes of the file, where the caller knows them.
    pub bytes_total: Option<u64>,
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1-based physical line that it begins on.
    pub line: u64,
    /// Physical line that it ends on.
    pub last_line: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// A whole decision, to be appended.
    Accepted(Box<Accepted>),
    /// The store has this decision already.
    AlreadyThere(NaturalKey),
    /// A filter passed over it.
    Filtered,
    /// Everything that is wrong with it; at least one error.
    Refused(Vec<RowError>),
}

/// A whole row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Line that the row begins on.
    pub line: u64,
    /// The decision.
    pub decision: Decision,
    /// Its key.
    pub key: NaturalKey,
    /// Whether a text was brought into normalisation form C.
    pub normalised: bool,
}

/// The rows to append, and what became of the others.
#[derive(Clone, Debug)]
pub struct Import {
    /// Whole rows in the order of the file; empty when it was all or nothing and one was refused.
    pub accepted: Vec<Accepted>,
    /// The report.
    pub report: Report,
}

/// A profile, a network and options that go together.
#[derive(Debug)]
pub struct Importer<'a> {
    profile: &'a Profile,
    options: ImportOptions,
}

impl<'a> Importer<'a> {
    /// Puts them together.
    ///
    /// # Errors
    /// [`ImportError::SyntheticOutsideTest`].
    pub fn new(
        profile: &'a Profile,
        network: NetworkKind,
        options: ImportOptions,
    ) -> Result<Self, ImportError> {
        // spec: IMP-11
        if profile.is_synthetic() && network != NetworkKind::Test {
            return Err(ImportError::SyntheticOutsideTest {
                profile: profile.name().to_owned(),
            });
        }
        Ok(Self { profile, options })
    }

    /// Reads the header and gives the rows, one by one. `all_or_nothing` has no effect here: the
    /// caller sees the rows and decides.
    ///
    /// # Errors
    /// Every [`ImportError`] but [`ImportError::SyntheticOutsideTest`]; later ones come out of the
    /// iterator, which then ends.
    pub fn rows<'i, R: Read>(
        &'i self,
        mut input: R,
        known: &'i Known<'i>,
    ) -> Result<Rows<'i, R>, ImportError> {
        let format = &self.profile.format;
        let mut start = Vec::new();
        Read::take(&mut input, UTF8_MARK.len() as u64).read_to_end(&mut start)?;
        if start.is_empty() {
            return Err(ImportError::Empty);
        }
        if has_utf16_mark(&start) {
            let declared = format.encoding;
            return Err(ImportError::Utf16 { declared });
        }
        let mut offset = 0;
        if start == UTF8_MARK {
            // spec: IMP-7
            if format.encoding != Encoding::Utf8 {
                return Err(ImportError::HeaderEncoding {
                    declared: format.encoding,
                    looks_like: LooksLike::Utf8,
                    offset,
                });
            }
            offset = start.len() as u64;
            start.clear();
        }
        let input = BufReader::with_capacity(READ_BYTES, Cursor::new(start).chain(input));
        let mut reader = RowReader::new(input, format.delimiter, format.quotes, offset);
        let filters = &self.options.filters;
        let layout = match &format.columns {
            Some(names) => Layout::new(names.clone(), self.profile, filters)?,
            None => loop {
                let header = reader.next_row()?.ok_or(ImportError::Empty)?;
                if !header.bytes.is_empty() {
                    break Layout::from_header(&header, self.profile, filters)?;
                }
            },
        };
        Ok(Rows {
            importer: self,
            known,
            reader,
            layout,
            seen: BTreeMap::new(),
            rows: 0,
            ended: false,
        })
    }

    /// Reads the whole file. Nothing is appended here: a dry run is a call whose rows go nowhere.
    ///
    /// # Errors
    /// As [`Importer::rows`].
    pub fn run<R: Read>(
        &self,
        input: R,
        known: &Known<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Import, ImportError> {
        let mut report = Report::new(self.profile.name(), self.profile.version());
        let mut accepted = Vec::new();
        let mut rows = self.rows(input, known)?;
        while let Some(row) = rows.next() {
            report.rows += 1;
            match row?.outcome {
                Outcome::Accepted(row) => {
                    report.accepted += 1;
                    report.normalised += u64::from(row.normalised);
                    let subject = &row.decision.fields().subject;
                    report.near_personal += u64::from(subject.near_personal());
                    accepted.push(*row);
                }
                Outcome::AlreadyThere(_) => report.already_there += 1,
                Outcome::Filtered => report.filtered += 1,
                Outcome::Refused(errors) => {
                    report.refused += 1;
                    report.add_errors(errors);
                }
            }
            if report.rows.is_multiple_of(PROGRESS_ROWS) {
                progress(rows.progress());
            }
        }
        progress(rows.progress());
        // spec: IMP-16
        if self.options.all_or_nothing && report.refused > 0 {
            report.held_back = report.accepted;
            report.accepted = 0;
            accepted.clear();
        }
        Ok(Import { accepted, report })
    }
}

/// The rows of one file, in its order.
pub struct Rows<'i, R> {
    importer: &'i Importer<'i>,
    known: &'i Known<'i>,
    reader: RowReader<BufReader<Chain<Cursor<Vec<u8>>, R>>>,
    layout: Layout,
    /// Line of the first row with each key.
    seen: BTreeMap<NaturalKey, u64>,
    rows: u64,
    ended: bool,
}

impl<R: Read> Rows<'_, R> {
    /// How far the reading is.
    pub fn progress(&self) -> Progress {
        Progress {
            rows: self.rows,
            bytes: self.reader.offset(),
            bytes_total: self.importer.options.bytes_total,
        }
    }

    fn outcome(&mut self, raw: &RawRow) -> Outcome {
        let mut builder = RowBuilder {
            importer: self.importer,
            layout: &self.layout,
            cells: &[],
            line: raw.line,
            last_line: raw.last_line,
            errors: Vec::new(),
            normalised: false,
        };
        let Some(cells) = whole_cells(raw, &mut builder) else {
            return Outcome::Refused(builder.errors);
        };
        builder.cells = &cells;
        if builder.is_filtered() {
            return Outcome::Filtered;
        }
        let Ok(decision) = builder.decision() else {
            return Outcome::Refused(builder.errors);
        };
        let key = NaturalKey::new(self.importer.options.issuer, &decision);
        // spec: IMP-13
        if let Some(first_line) = self.seen.get(&key).copied() {
            builder.duplicate(ImportReason::DuplicateInFile { first_line });
            return Outcome::Refused(builder.errors);
        }
        let stored = (self.known)(&key, &decision);
        let refused = match stored {
            Stored::Differs => Some(ImportReason::DiffersFromStored),
            Stored::LateAndCorrected => Some(ImportReason::LateAndCorrected),
            Stored::Absent | Stored::Same => None,
        };
        if let Some(reason) = refused {
            builder.duplicate(reason);
            return Outcome::Refused(builder.errors);
        }
        let normalised = builder.normalised;
        self.seen.insert(key.clone(), raw.line);
        if stored == Stored::Same {
            return Outcome::AlreadyThere(key);
        }
        Outcome::Accepted(Box::new(Accepted {
            line: raw.line,
            decision,
            key,
            normalised,
        }))
    }
}

impl<R: Read> Iterator for Rows<'_, R> {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let raw = match self.reader.next_row() {
                Ok(Some(raw)) => raw,
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            };
            if raw.bytes.is_empty() {
                continue;
            }
            self.rows += 1;
            return Some(Ok(Row {
                line: raw.line,
                last_line: raw.last_line,
                outcome: self.outcome(&raw),
            }));
        }
        None
    }
}

/// The cells of a row, decoded where they are read; `None` when its shape is refused. A cell that
/// cannot be decoded is refused by itself, so that the others are still looked at.
fn whole_cells(raw: &RawRow, builder: &mut RowBuilder<'_>) -> Option<Vec<Cell>> {
    let format = &builder.importer.profile.format;
    let layout = builder.layout;
    // spec: IMP-2
    match raw.fault {
        Some(Fault::TooLong) => {
            builder.row_error(None, ImportReason::RowTooLong { max: ROW_BYTES_MAX });
            return None;
        }
        Some(Fault::TextAfterQuote { cell, offset }) => {
            builder.row_error(Some(cell), ImportReason::TextAfterQuote { offset });
            return None;
        }
        Some(Fault::UnterminatedQuote { cell }) => {
            builder.row_error(Some(cell), ImportReason::UnterminatedQuote);
            return None;
        }
        None => {}
    }
    let (expected, found) = (layout.len(), raw.cells);
    if expected != found {
        builder.row_error(None, ImportReason::ColumnCount { expected, found });
        return None;
    }
    let mut cells = Vec::with_capacity(expected);
    for (index, bytes) in split_cells(&raw.bytes, format).into_iter().enumerate() {
        if layout.is_unread(index) {
            cells.push(Cell::Unusable);
            continue;
        }
        let place = |within| raw.offset_of(index, within, format.quotes);
        let refused = if let Some(nul) = bytes.iter().position(|byte| *byte == 0) {
            ImportReason::NulByte { offset: place(nul) }
        } else {
            match decode(&bytes, format.encoding) {
                Ok(text) => {
                    cells.push(Cell::Text(text.replace("\r\n", "\n").trim().to_owned()));
                    continue;
                }
                Err(wrong) => ImportReason::WrongEncoding {
                    declared: format.encoding,
                    looks_like: wrong.looks_like,
                    offset: place(wrong.offset),
                },
            }
        };
        builder.row_error(Some(index), refused);
        cells.push(Cell::Unusable);
    }
    Some(cells)
}

/// The cells of a row whose quotes match, without them.
fn split_cells(row: &[u8], format: &FileFormat) -> Vec<Vec<u8>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(format.delimiter)
        .quoting(format.quotes)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(row.len().max(1))
        .from_reader(row);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().map(<[u8]>::to_vec).collect(),
        // An empty row has one cell. Reading from memory does not fail.
        Ok(false) | Err(_) => vec![Vec::new()],
    }
}

/// Bytes that the envelope of a statement takes at most: header, signature, payload around.
const ENVELOPE_BYTES: usize = 4 << 10;

/// Refuses a decision that no statement could hold.
fn decision_bytes(decision: &Decision) -> Result<(), ImportReason> {
    let max = STATEMENT_BYTES_MAX - ENVELOPE_BYTES;
    match codec::encode(decision) {
        Ok(bytes) if bytes.len() <= max => Ok(()),
        Ok(_) | Err(_) => Err(ImportReason::StatementTooLarge { max }),
    }
}

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// Rows between two calls of the progress function.
const PROGRESS_ROWS: u64 = 256;

#[cfg(test)]
mod tests;
