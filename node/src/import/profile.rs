//! A mapping profile: how the columns of one kind of file become decisions (`spec/import.md`).
//!
//! A [`Profile`] has been looked at as a whole: every name in it exists, every field has one source
//! that suits it. What it says is made up stays marked so, down to the signed statement.

mod compile;
mod error;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::statement::Code;

use crate::import::basis::BasisRules;
use crate::import::field::Field;
use crate::import::profile_file::{ProfileFile, UnknownColumns};

pub use error::{ProfileError, ProfileRule};
pub use source::Filter;

pub(super) use compile::level;
pub(super) use source::{
    CellSource, DayBase, DutySource, FileFormat, Part, Refusal, RemedyBody, RemedySource, Source,
};

use compile::compile;

/// Bytes of a profile.
pub const PROFILE_BYTES_MAX: usize = 256 << 10;

/// The profiles that come with the node, by name.
pub const SHIPPED: [(&str, &str); 4] = [
    (
        "cn-licence-2018",
        include_str!("../../data/profiles/cn-licence-2018.toml"),
    ),
    ("cn-list", include_str!("../../data/profiles/cn-list.toml")),
    (
        "cn-penalty-2018",
        include_str!("../../data/profiles/cn-penalty-2018.toml"),
    ),
    (
        "jp-mhlw-labour",
        include_str!("../../data/profiles/jp-mhlw-labour.toml"),
    ),
];

/// How one kind of file becomes decisions.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) about: String,
    pub(super) format: FileFormat,
    pub(super) unknown_columns: UnknownColumns,
    pub(super) drop: Vec<String>,
    pub(super) refuse: Vec<Refusal>,
    pub(super) filters: Vec<Filter>,
    pub(super) sources: BTreeMap<Field, Source>,
    pub(super) basis: Option<BasisRules>,
    pub(super) duties: Vec<DutySource>,
    pub(super) remedies: Vec<RemedySource>,
    synthetic: BTreeSet<Field>,
    has_synthetic_section: bool,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`ProfileError`], with line and column.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if text.len() > PROFILE_BYTES_MAX {
            return Err(ProfileError::TooLarge {
                max: PROFILE_BYTES_MAX,
            });
        }
        let file: ProfileFile = toml::from_str(text).map_err(|error| {
            let (line, column) = place(text, error.span().map_or(0, |span| span.start));
            ProfileError::Syntax {
                line,
                column,
                message: error.message().to_owned(),
            }
        })?;
        compile(file).map_err(|(offset, rule)| {
            let (line, column) = place(text, offset);
            ProfileError::Rule { line, column, rule }
        })
    }

    /// A profile that comes with the node; `None` for a name that none of them has.
    ///
    /// # Errors
    /// As [`Profile::parse`].
    #[must_use]
    pub fn shipped(name: &str) -> Option<Result<Self, ProfileError>> {
        let found = SHIPPED.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| Self::parse(text))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, raised by whoever changes it.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What it is for, in its author's words.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Whether it makes fields up: only a test network takes it then.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        self.has_synthetic_section
    }

    /// The fields that it makes up, ascending.
    pub fn synthetic_fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.synthetic.iter().copied()
    }

    /// Keys of the decision's map that it makes up, ascending.
    #[must_use]
    pub fn synthetic_keys(&self) -> Vec<u64> {
        let keys: BTreeSet<u64> = self.synthetic.iter().filter_map(|f| f.key()).collect();
        keys.into_iter().collect()
    }

    /// Every item that it names itself; cells that hold item codes as they are add to these.
    #[must_use]
    pub fn items(&self) -> BTreeSet<Code> {
        let names: Vec<&str> = match self.sources.get(&Field::Item) {
            Some(Source::Constant(name)) => vec![name],
            Some(Source::Cell(CellSource {
                values: Some(values),
                ..
            })) => values.names().collect(),
            Some(
                Source::Cell(_)
                | Source::Joined { .. }
                | Source::Composed { .. }
                | Source::Template(_)
                | Source::DaysAfter { .. }
                | Source::On(_),
            )
            | None => Vec::new(),
        };
        names
            .into_iter()
            .filter_map(|name| Code::new(name).ok())
            .collect()
    }

    /// The column that a field comes from, as the profile spells it: the first where there are
    /// several, `None` where no column fills it.
    #[must_use]
    pub fn column_of(&self, field: Field) -> Option<&str> {
        let column = match self.sources.get(&field)? {
            Source::Cell(cell) => cell.columns.first()?,
            Source::Joined { columns, .. } => columns.first()?,
            Source::Composed { column, .. } => column,
            Source::Constant(_)
            | Source::Template(_)
            | Source::DaysAfter { .. }
            | Source::On(_) => return None,
        };
        Some(column)
    }

    /// Columns that the profile reads, with whether the file must have them.
    pub(super) fn columns_read(&self) -> Vec<Wanted<'_>> {
        let mut wanted = Vec::new();
        for source in self.sources.values() {
            match source {
                Source::Cell(cell) => wanted.push(Wanted {
                    any_of: cell.columns.iter().map(String::as_str).collect(),
                    required: !cell.optional,
                }),
                Source::Joined { columns, optional } => {
                    wanted.extend(columns.iter().map(|column| Wanted {
                        any_of: vec![column],
                        required: !optional,
                    }));
                }
                Source::Composed { column, .. } => wanted.push(Wanted::required(column)),
                Source::Template(parts) => {
                    wanted.extend(parts.iter().filter_map(|part| match part {
                        Part::Column(column) => Some(Wanted::required(column)),
                        Part::Words(_) => None,
                    }))
                }
                Source::Constant(_) | Source::DaysAfter { .. } | Source::On(_) => {}
            }
        }
        wanted.extend(self.filters.iter().map(|f| Wanted::required(&f.column)));
        for duty in &self.duties {
            wanted.push(Wanted::required(&duty.until));
            wanted.extend(duty.content.iter().map(|column| Wanted::required(column)));
        }
        wanted.extend(
            self.remedies
                .iter()
                .filter_map(|remedy| match &remedy.body {
                    RemedyBody::Column(column) => Some(Wanted::required(column)),
                    RemedyBody::Constant(_) => None,
                }),
        );
        wanted
    }
}

/// Columns of which the first that the file has is read.
pub(super) struct Wanted<'a> {
    pub(super) any_of: Vec<&'a str>,
    pub(super) required: bool,
}

impl<'a> Wanted<'a> {
    fn required(column: &'a str) -> Self {
        Self {
            any_of: vec![column],
            required: true,
        }
    }
}

/// Line and column of a byte offset, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
