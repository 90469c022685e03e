//! Why a file as a whole cannot be imported.

use std::io;

use super::encoding::{Encoding, LooksLike};

/// Why a file as a whole cannot be imported. Places count from 1.
///
/// Names of columns that the profile does not know are not repeated: a file without a header line
/// has data in their place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The profile makes fields up and the network is for use.
    #[error("profile {profile} makes fields up and is for test networks only")]
    SyntheticOutsideTest {
        /// The profile's name.
        profile: String,
    },
    /// The file could not be read.
    #[error("the file could not be read")]
    Io(#[from] io::Error),
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,
    /// The file is UTF-16.
    #[error("the file is UTF-16, the profile declares {declared}: save it in that encoding")]
    Utf16 {
        /// The encoding that the profile declares.
        declared: Encoding,
    },
    /// The header line is in another encoding than declared.
    #[error("byte {offset} of the header is not {declared}{}", looks(*.looks_like))]
    HeaderEncoding {
        /// The encoding that the profile declares.
        declared: Encoding,
        /// What the bytes look like.
        looks_like: LooksLike,
        /// Offset in the file, in bytes from 0.
        offset: u64,
    },
    /// The header line is too long.
    #[error("the header line is longer than {max} bytes")]
    HeaderTooLong {
        /// Bytes allowed.
        max: usize,
    },
    /// Lines that end with a carriage return alone.
    #[error("the lines end with CR alone: save the file with LF or CRLF at the end of each line")]
    LineEnds,
    /// Quotes in the header line do not match.
    #[error("the quotes of the header on line {line} do not match")]
    HeaderQuotes {
        /// Line.
        line: u64,
    },
    /// Too many columns.
    #[error("the file has more than {max} columns")]
    TooManyColumns {
        /// Columns allowed.
        max: usize,
    },
    /// Two columns of one name.
    #[error("column {place} has the name of an earlier one")]
    DuplicateColumn {
        /// Place of the second.
        place: usize,
    },
    /// Columns that the profile reads are not there.
    #[error("the file lacks columns: {}", names.join(", "))]
    MissingColumns {
        /// Their names; where several would do, joined by ` | `.
        names: Vec<String>,
    },
    /// A column that the profile neither reads nor drops.
    #[error("the profile does not name column {place}: add it to the fields or to drop")]
    UnknownColumn {
        /// Its place.
        place: usize,
    },
}

fn looks(looks_like: LooksLike) -> String {
    looks_like
        .name()
        .map(|name| format!("; it looks like {name}"))
        .unwrap_or_default()
}
