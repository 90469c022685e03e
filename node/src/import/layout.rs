//! Which column of a file is which: the header line against the profile.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::text::Text;

use super::encoding::{Encoding, decode};
use super::error::ImportError;
use super::profile::{Filter, Profile};
use super::profile_file::UnknownColumns;
use super::rows::{COLUMNS_MAX, Fault, ROW_BYTES_MAX, RawRow};
use super::split_cells;

/// The columns of one file.
#[derive(Debug)]
pub(super) struct Layout {
    /// Names in the order of the file, as its header or the profile spells them.
    names: Vec<String>,
    /// Places by the profile's spelling; what the file lacks is absent.
    places: BTreeMap<String, usize>,
    /// Columns that are not read: their cells are not even decoded.
    unread: BTreeSet<usize>,
}

impl Layout {
    /// Reads the header line.
    pub(super) fn from_header(
        row: &RawRow,
        profile: &Profile,
        filters: &[Filter],
    ) -> Result<Self, ImportError> {
        // The header of such a file is the file, or as much of it as is read.
        let bare = |pair: &[u8]| pair.first() == Some(&b'\r') && pair.get(1) != Some(&b'\n');
        if row.bytes.windows(2).any(bare) || row.bytes.last() == Some(&b'\r') {
            return Err(ImportError::LineEnds);
        }
        match row.fault {
            Some(Fault::TooLong) => return Err(ImportError::HeaderTooLong { max: ROW_BYTES_MAX }),
            Some(Fault::TextAfterQuote { .. } | Fault::UnterminatedQuote { .. }) => {
                return Err(ImportError::HeaderQuotes { line: row.line });
            }
            None => {}
        }
        let encoding = profile.format.encoding;
        let names = header_names(row, encoding, profile)?;
        Self::new(names, profile, filters)
    }

    /// Takes the names of the columns, in order.
    pub(super) fn new(
        names: Vec<String>,
        profile: &Profile,
        filters: &[Filter],
    ) -> Result<Self, ImportError> {
        // spec: IMP-3
        if names.len() > COLUMNS_MAX {
            return Err(ImportError::TooManyColumns { max: COLUMNS_MAX });
        }
        let mut by_name = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            if by_name.insert(comparable(name), index).is_some() {
                return Err(ImportError::DuplicateColumn { place: index + 1 });
            }
        }
        let mut layout = Self {
            names,
            places: BTreeMap::new(),
            unread: BTreeSet::new(),
        };
        let mut missing = Vec::new();
        for wanted in profile.columns_read() {
            let found = wanted
                .any_of
                .iter()
                .filter(|name| layout.place(&by_name, name))
                .count();
            if found == 0 && wanted.required {
                missing.push(wanted.any_of.join(" | "));
            }
        }
        for filter in filters {
            if !layout.place(&by_name, &filter.column) {
                missing.push(filter.column.clone());
            }
        }
        if !missing.is_empty() {
            missing.sort();
            missing.dedup();
            return Err(ImportError::MissingColumns { names: missing });
        }
        for refusal in &profile.refuse {
            layout.place(&by_name, &refusal.column);
        }
        layout.leave_unread(&by_name, profile)?;
        Ok(layout)
    }

    /// Number of columns.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Place of a column, by the profile's spelling.
    pub(super) fn index(&self, column: &str) -> Option<usize> {
        self.places.get(column).copied()
    }

    /// Name of a column, by its place.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    /// Whether cells of a column are passed over.
    pub(super) fn is_unread(&self, index: usize) -> bool {
        self.unread.contains(&index)
    }

    /// Notes where a column is; whether the file has it.
    fn place(&mut self, by_name: &BTreeMap<String, usize>, column: &str) -> bool {
        let index = by_name.get(&comparable(column)).copied();
        if let Some(index) = index {
            self.places.insert(column.to_owned(), index);
        }
        index.is_some()
    }

    fn leave_unread(
        &mut self,
        by_name: &BTreeMap<String, usize>,
        profile: &Profile,
    ) -> Result<(), ImportError> {
        let read: BTreeSet<usize> = self.places.values().copied().collect();
        let dropped: BTreeSet<String> = profile.drop.iter().map(|c| comparable(c)).collect();
        for (name, index) in by_name {
            if read.contains(index) {
                continue;
            }
            // spec: IMP-10
            if profile.unknown_columns == UnknownColumns::Refuse && !dropped.contains(name) {
                return Err(ImportError::UnknownColumn { place: index + 1 });
            }
            self.unread.insert(*index);
        }
        Ok(())
    }
}

fn header_names(
    row: &RawRow,
    encoding: Encoding,
    profile: &Profile,
) -> Result<Vec<String>, ImportError> {
    let cells = split_cells(&row.bytes, &profile.format);
    let mut names = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let name = decode(cell, encoding).map_err(|wrong| ImportError::HeaderEncoding {
            declared: encoding,
            looks_like: wrong.looks_like,
            offset: row.offset_of(index, wrong.offset, profile.format.quotes),
        })?;
        names.push(name.trim().to_owned());
    }
    Ok(names)
}

/// Names are compared in normalisation form C and without regard to the case of ASCII letters.
pub(super) fn comparable(name: &str) -> String {
    let name = name.trim();
    Text::<200>::normalise(name).map_or_else(
        |_| name.to_ascii_uppercase(),
        |name| name.as_str().to_ascii_uppercase(),
    )
}
