//! What a profile says about a file and about where each field comes from, once it has been looked at.

use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Measure, RemedyKind};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;

use crate::import::encoding::Encoding;
use crate::import::field::Field;
use crate::import::names::ValueMap;
use crate::import::profile_file::{Because, MoneyUnit};

/// How the bytes of a file are to be read.
#[derive(Clone, Debug)]
pub(in crate::import) struct FileFormat {
    pub(in crate::import) encoding: Encoding,
    pub(in crate::import) delimiter: u8,
    pub(in crate::import) quotes: bool,
    /// Names of the columns of a file without a header line.
    pub(in crate::import) columns: Option<Vec<String>>,
    pub(in crate::import) blank: Vec<String>,
}

/// Rows that are refused for what a column says.
#[derive(Clone, Debug)]
pub(in crate::import) struct Refusal {
    pub(in crate::import) column: String,
    /// `None`: for saying anything.
    pub(in crate::import) values: Option<Vec<String>>,
    pub(in crate::import) because: Because,
}

/// Rows to import: those whose column says one of these. The others are passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Name of the column.
    pub column: String,
    /// What it may say, exactly.
    pub one_of: Vec<String>,
}

/// Where a field comes from.
#[derive(Clone, Debug)]
pub(in crate::import) enum Source {
    Cell(CellSource),
    /// Cells in order, by line feeds, blank ones left out.
    Joined {
        columns: Vec<String>,
        optional: bool,
    },
    Constant(String),
    /// A subject code made from the digits of a cell.
    Composed {
        column: String,
        prefix: String,
        region: RegionCode,
        serial_prefix: String,
    },
    Template(Vec<Part>),
    DaysAfter {
        base: DayBase,
        days: i32,
    },
    On(Day),
}

/// A day of the file that others can be counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::import) enum DayBase {
    Decision,
    Publication,
}

impl DayBase {
    pub(super) fn from_field(field: Field) -> Option<Self> {
        [Self::Decision, Self::Publication]
            .into_iter()
            .find(|base| base.field() == field)
    }

    pub(super) const fn field(self) -> Field {
        match self {
            Self::Decision => Field::DecidedOn,
            Self::Publication => Field::PublishedOn,
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::import) struct CellSource {
    /// The first that the file has is read.
    pub(in crate::import) columns: Vec<String>,
    pub(in crate::import) optional: bool,
    pub(in crate::import) values: Option<ValueMap>,
    pub(in crate::import) separator: Option<char>,
    pub(in crate::import) unit: MoneyUnit,
    pub(in crate::import) by_code: bool,
}

#[derive(Clone, Debug)]
pub(in crate::import) enum Part {
    Words(String),
    Column(String),
}

#[derive(Clone, Debug)]
pub(in crate::import) struct DutySource {
    pub(in crate::import) measure: Measure,
    pub(in crate::import) until: String,
    pub(in crate::import) content: Option<String>,
}

#[derive(Clone, Debug)]
pub(in crate::import) struct RemedySource {
    pub(in crate::import) kind: RemedyKind,
    pub(in crate::import) body: RemedyBody,
    pub(in crate::import) within_days: u32,
}

#[derive(Clone, Debug)]
pub(in crate::import) enum RemedyBody {
    Constant(Text<200>),
    Column(String),
}
