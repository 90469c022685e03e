//! A mapping profile: how the columns of one kind of file become decisions (`spec/import.md`).
//!
//! A [`Profile`] has been looked at as a whole: every name in it exists, every field has one source
//! that suits it. What it says is made up stays marked so, down to the signed statement.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{BasisLevel, Code, RemedyKind};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use toml::Spanned;

use super::basis::BasisRules;
use super::encoding::Encoding;
use super::field::{Field, Shape};
use super::names::{Named, ValueMap, is_name};
use super::profile_file::{
    Because, DutyTable, FileTable, Format, MoneyUnit, ProfileFile, RemedyTable, SourceTable,
    UnknownColumns,
};

/// Bytes of a profile.
pub const PROFILE_BYTES_MAX: usize = 256 << 10;

/// The profiles that come with the node, by name.
pub const SHIPPED: [(&str, &str); 3] = [
    (
        "cn-licence-2018",
        include_str!("../../data/profiles/cn-licence-2018.toml"),
    ),
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

    /// Columns that the profile reads, with whether the file must have them.
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

/// How the bytes of a file are to be read.
#[derive(Clone, Debug)]
pub(super) struct FileFormat {
    pub(super) encoding: Encoding,
    pub(super) delimiter: u8,
    pub(super) quotes: bool,
    /// Names of the columns of a file without a header line.
    pub(super) columns: Option<Vec<String>>,
    pub(super) blank: Vec<String>,
}

/// Rows that are refused for what a column says.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) column: String,
    /// `None`: for saying anything.
    pub(super) values: Option<Vec<String>>,
    pub(super) because: Because,
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
pub(super) enum Source {
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
pub(super) enum DayBase {
    Decision,
    Publication,
}

impl DayBase {
    fn from_field(field: Field) -> Option<Self> {
        [Self::Decision, Self::Publication]
            .into_iter()
            .find(|base| base.field() == field)
    }

    const fn field(self) -> Field {
        match self {
            Self::Decision => Field::DecidedOn,
            Self::Publication => Field::PublishedOn,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct CellSource {
    /// The first that the file has is read.
    pub(super) columns: Vec<String>,
    pub(super) optional: bool,
    pub(super) values: Option<ValueMap>,
    pub(super) separator: Option<char>,
    pub(super) unit: MoneyUnit,
    pub(super) by_code: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Words(String),
    Column(String),
}

#[derive(Clone, Debug)]
pub(super) struct DutySource {
    pub(super) measure: Code,
    pub(super) until: String,
    pub(super) content: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct RemedySource {
    pub(super) kind: RemedyKind,
    pub(super) body: RemedyBody,
    pub(super) within_days: u32,
}

#[derive(Clone, Debug)]
pub(super) enum RemedyBody {
    Constant(Text<200>),
    Column(String),
}

/// Why text is no [`Profile`]. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Larger than [`PROFILE_BYTES_MAX`].
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

type Located<T> = Result<T, (usize, ProfileRule)>;

fn compile(file: ProfileFile) -> Located<Profile> {
    let name = &file.profile.name;
    if Code::new(name.get_ref()).is_err() {
        return Err((name.span().start, ProfileRule::Name));
    }
    let format = file_format(&file.file)?;
    let mut sources = BTreeMap::new();
    for (field, table) in file.fields {
        sources.insert(field, source(field, table, false)?);
    }
    let has_synthetic_section = file.synthetic.is_some();
    let mut synthetic = BTreeSet::new();
    let mut remedies = each(file.remedies, remedy)?;
    if let Some(table) = file.synthetic {
        synthetic.extend(table.also);
        for (field, table) in table.fields {
            let start = table.span().start;
            synthetic.insert(field);
            if sources.insert(field, source(field, table, true)?).is_some() {
                return Err((start, ProfileRule::TwoSources(field)));
            }
        }
        if let Some(first) = table.remedies.first() {
            if !remedies.is_empty() {
                return Err((first.span().start, ProfileRule::TwoSources(Field::Remedies)));
            }
            synthetic.insert(Field::Remedies);
            remedies = each(table.remedies, remedy)?;
        }
    }
    for field in REQUIRED {
        if !sources.contains_key(&field) {
            return Err((0, ProfileRule::NoSource(field)));
        }
    }
    days_are_counted_from_the_file(&sources, &synthetic)?;
    let basis = match file.basis {
        Some(table) => {
            let start = table.span().start;
            Some(BasisRules::new(table.into_inner()).map_err(|rule| (start, rule))?)
        }
        None if sources.contains_key(&Field::Basis) => return Err((0, ProfileRule::NoBasisTable)),
        None => None,
    };
    Ok(Profile {
        name: file.profile.name.into_inner(),
        version: file.profile.version,
        about: file.profile.about,
        format,
        unknown_columns: file.file.unknown_columns,
        drop: file.file.drop,
        refuse: each(file.refuse, |table| match table.values {
            Some(values) if values.is_empty() => Err(ProfileRule::EmptyList),
            values => Ok(Refusal {
                column: table.column,
                values,
                because: table.because,
            }),
        })?,
        filters: each(file.filter, |table| {
            if table.one_of.is_empty() {
                return Err(ProfileRule::EmptyList);
            }
            Ok(Filter {
                column: table.column,
                one_of: table.one_of,
            })
        })?,
        sources,
        basis,
        duties: each(file.duties, duty)?,
        remedies,
        synthetic,
        has_synthetic_section,
    })
}

/// Fields without which there is no decision; the agency's own number of a row is not among them.
const REQUIRED: [Field; 7] = [
    Field::SubjectCode,
    Field::SubjectForm,
    Field::SubjectName,
    Field::DocumentNumber,
    Field::ActType,
    Field::Item,
    Field::DecidedOn,
];

fn file_format(file: &FileTable) -> Located<FileFormat> {
    let tab = file.format == Format::Tsv;
    let delimiter = match &file.delimiter {
        None if tab => b'\t',
        None => b',',
        // None of these is ever the second byte of a GBK character.
        Some(given) => match given.get_ref() {
            ',' => b',',
            ';' => b';',
            '\t' => b'\t',
            _ => return Err((given.span().start, ProfileRule::Delimiter)),
        },
    };
    Ok(FileFormat {
        encoding: file.encoding,
        delimiter,
        quotes: file.quotes.unwrap_or(!tab),
        columns: file.columns.clone(),
        blank: file.blank.clone(),
    })
}

fn each<T, U>(
    tables: Vec<Spanned<T>>,
    compile: impl Fn(T) -> Result<U, ProfileRule>,
) -> Located<Vec<U>> {
    tables
        .into_iter()
        .map(|table| {
            let start = table.span().start;
            compile(table.into_inner()).map_err(|rule| (start, rule))
        })
        .collect()
}

fn source(field: Field, table: Spanned<SourceTable>, synthetic: bool) -> Located<Source> {
    let start = table.span().start;
    compile_source(field, table.into_inner(), synthetic).map_err(|rule| (start, rule))
}

fn compile_source(
    field: Field,
    table: SourceTable,
    synthetic: bool,
) -> Result<Source, ProfileRule> {
    let shape = field.shape();
    if shape == Shape::Table {
        return Err(ProfileRule::OwnTable(field));
    }
    suits(field, shape, &table)?;
    makes_up_only_under_synthetic(field, shape, &table, synthetic)?;
    let given = [
        table.column.is_some() && table.code.is_none(),
        table.columns.is_some(),
        table.join.is_some(),
        table.value.is_some(),
        table.code.is_some(),
        table.template.is_some(),
        table.after.is_some(),
        table.on.is_some(),
    ];
    if given.into_iter().filter(|is_given| *is_given).count() != 1 {
        return Err(ProfileRule::NotOneSource(field));
    }
    let values = values(field, table.values, table.otherwise)?;
    if let Some(code) = table.code {
        let column = table.column.ok_or(ProfileRule::NotOneSource(field))?;
        let region = RegionCode::parse(&code.region).map_err(|_| ProfileRule::Code)?;
        let serial_prefix = code.serial_prefix;
        // Tried once with zeros: the digits of a cell cannot make it worse.
        let serial = format!("{serial_prefix:0<8}");
        SubjectCode::compose(&code.prefix, region, &serial).map_err(|_| ProfileRule::Code)?;
        return Ok(Source::Composed {
            column,
            prefix: code.prefix,
            region,
            serial_prefix,
        });
    }
    if let Some(columns) = table.join {
        let optional = table.optional;
        return Ok(Source::Joined { columns, optional });
    }
    if let Some(value) = table.value {
        if shape == Shape::Name && !is_name(field, &value) {
            return Err(ProfileRule::UnknownName(field));
        }
        return Ok(Source::Constant(value));
    }
    if let Some(template) = table.template {
        return parts(&template)
            .map(Source::Template)
            .ok_or(ProfileRule::Template(field));
    }
    if let Some(base) = table.after {
        let days = table.days.ok_or(ProfileRule::NotOneSource(field))?;
        let base = DayBase::from_field(base).ok_or(ProfileRule::After(field))?;
        return Ok(Source::DaysAfter { base, days });
    }
    if let Some(day) = table.on {
        let day = Day::parse_loose(&day).map_err(|_| ProfileRule::Value(field))?;
        return Ok(Source::On(day));
    }
    let columns = table
        .columns
        .unwrap_or_else(|| table.column.into_iter().collect());
    if columns.is_empty() {
        return Err(ProfileRule::NotOneSource(field));
    }
    let unit = match (shape, table.unit) {
        (Shape::Money, None) => return Err(ProfileRule::NoUnit(field)),
        (_, unit) => unit.unwrap_or(MoneyUnit::Fen),
    };
    Ok(Source::Cell(CellSource {
        columns,
        optional: table.optional,
        values,
        separator: table.separator,
        unit,
        by_code: table.by_code,
    }))
}

/// Keys that a field of this shape can have.
fn suits(field: Field, shape: Shape, table: &SourceTable) -> Result<(), ProfileRule> {
    let name = shape == Shape::Name;
    let text = shape == Shape::Text;
    let day = shape == Shape::Day;
    let unsuited = [
        (
            "join",
            table.join.is_some() && !text && shape != Shape::Basis,
        ),
        ("value", table.value.is_some() && !name && !text),
        ("values", table.values.is_some() && !name),
        ("otherwise", table.otherwise.is_some() && !name),
        (
            "separator",
            table.separator.is_some() && field != Field::PenaltyClasses,
        ),
        ("unit", table.unit.is_some() && shape != Shape::Money),
        ("by_code", table.by_code && field != Field::SubjectForm),
        ("code", table.code.is_some() && field != Field::SubjectCode),
        ("template", table.template.is_some() && !text),
        ("after", table.after.is_some() && !day),
        ("days", table.days.is_some() && table.after.is_none()),
        ("on", table.on.is_some() && !day),
    ];
    match unsuited.into_iter().find(|(_, is_unsuited)| *is_unsuited) {
        Some((key, _)) => Err(ProfileRule::KeyNotHere(field, key)),
        None => Ok(()),
    }
}

fn makes_up_only_under_synthetic(
    field: Field,
    shape: Shape,
    table: &SourceTable,
    synthetic: bool,
) -> Result<(), ProfileRule> {
    let made_up = [
        ("value", table.value.is_some() && shape != Shape::Name),
        ("code", table.code.is_some()),
        ("template", table.template.is_some()),
        ("after", table.after.is_some()),
        ("on", table.on.is_some()),
    ];
    match made_up.into_iter().find(|(_, is_made_up)| *is_made_up) {
        // spec: IMP-11
        Some((key, _)) if !synthetic => Err(ProfileRule::MadeUpOutsideSynthetic(field, key)),
        Some(_) | None => Ok(()),
    }
}

fn values(
    field: Field,
    values: Option<BTreeMap<String, String>>,
    otherwise: Option<String>,
) -> Result<Option<ValueMap>, ProfileRule> {
    if values.is_none() && otherwise.is_none() {
        return Ok(None);
    }
    let map = ValueMap::new(values.unwrap_or_default(), otherwise);
    if map.names().any(|name| !is_name(field, name)) {
        return Err(ProfileRule::UnknownName(field));
    }
    Ok(Some(map))
}

/// Words and `{column}`s; `None` for a brace without its partner.
fn parts(template: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((words, tail)) = rest.split_once('{') {
        let (column, after) = tail.split_once('}')?;
        if words.contains('}') || column.is_empty() {
            return None;
        }
        parts.push(Part::Words(words.to_owned()));
        parts.push(Part::Column(column.to_owned()));
        rest = after;
    }
    parts.push(Part::Words(rest.to_owned()));
    (!rest.contains('}')).then_some(parts)
}

/// A chain of made-up days would hide how little the file says.
fn days_are_counted_from_the_file(
    sources: &BTreeMap<Field, Source>,
    synthetic: &BTreeSet<Field>,
) -> Located<()> {
    for (field, source) in sources {
        if let Source::DaysAfter { base, .. } = source {
            let base = base.field();
            if synthetic.contains(&base) || !sources.contains_key(&base) {
                return Err((0, ProfileRule::After(*field)));
            }
        }
    }
    Ok(())
}

fn duty(table: DutyTable) -> Result<DutySource, ProfileRule> {
    Ok(DutySource {
        measure: Code::new(&table.measure).map_err(|_| ProfileRule::Value(Field::Duties))?,
        until: table.until,
        content: table.content,
    })
}

fn remedy(table: RemedyTable) -> Result<RemedySource, ProfileRule> {
    let kind = RemedyKind::by_name(&table.kind).ok_or(ProfileRule::UnknownName(Field::Remedies))?;
    let body = match (table.body, table.body_column) {
        (Some(body), None) => RemedyBody::Constant(
            Text::normalise(&body).map_err(|_| ProfileRule::Value(Field::Remedies))?,
        ),
        (None, Some(column)) => RemedyBody::Column(column),
        (Some(_), Some(_)) | (None, None) => {
            return Err(ProfileRule::NotOneSource(Field::Remedies));
        }
    };
    Ok(RemedySource {
        kind,
        body,
        within_days: table.within_days,
    })
}

/// The level that a profile's table names; `None` for `unknown`.
pub(super) fn level(name: &str) -> Result<Option<BasisLevel>, ProfileRule> {
    if name == "unknown" {
        return Ok(None);
    }
    BasisLevel::by_name(name)
        .map(Some)
        .ok_or(ProfileRule::UnknownLevel)
}

/// Line and column of a byte offset, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
