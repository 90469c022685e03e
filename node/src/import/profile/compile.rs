//! From the TOML of a profile to a [`Profile`] that has been looked at as a whole.

use std::collections::{BTreeMap, BTreeSet};

use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{BasisLevel, Code, Measure, RemedyKind};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use toml::Spanned;

use crate::import::basis::BasisRules;
use crate::import::field::{Field, Shape};
use crate::import::layout::comparable;
use crate::import::names::{Named, ValueMap, is_name, is_open, says_nothing};
use crate::import::profile::{
    CellSource, DayBase, DutySource, FileFormat, Filter, Part, Profile, ProfileRule, Refusal,
    RemedyBody, RemedySource, Source,
};
use crate::import::profile_file::{
    DutyTable, FileTable, Format, MoneyUnit, ProfileFile, RemedyTable, SourceTable,
};

pub(super) type Located<T> = Result<T, (usize, ProfileRule)>;

pub(super) fn compile(file: ProfileFile) -> Located<Profile> {
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
    if !synthetic.contains(&Field::ServedOn) {
        service_has_a_day_of_its_own(&sources)?;
    }
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
    // Which act and item a table holds is the same in every row; how each was served is not.
    let service = matches!(field, Field::ServiceWay | Field::PreNoticeWay);
    let keys = table.values.iter().flat_map(BTreeMap::keys);
    let fits_all = keys.map(String::as_str).any(is_open);
    let made_up = [
        (
            "value",
            table.value.is_some() && (shape != Shape::Name || service),
        ),
        ("otherwise", table.otherwise.is_some() && service),
        ("*", fits_all && service),
        ("code", table.code.is_some()),
        ("template", table.template.is_some()),
        ("after", table.after.is_some()),
        ("on", table.on.is_some()),
    ];
    match made_up.into_iter().find(|(_, is_made_up)| *is_made_up) {
        // spec: IMP-11, IMP-17
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

/// The day of a decision is not that of its service. Under `[synthetic]` days are counted instead.
// spec: IMP-17
fn service_has_a_day_of_its_own(sources: &BTreeMap<Field, Source>) -> Located<()> {
    let columns = |field| match sources.get(&field) {
        Some(Source::Cell(cell)) => cell.columns.as_slice(),
        Some(
            Source::Joined { .. }
            | Source::Constant(_)
            | Source::Composed { .. }
            | Source::Template(_)
            | Source::DaysAfter { .. }
            | Source::On(_),
        )
        | None => &[],
    };
    let decided: BTreeSet<String> = columns(Field::DecidedOn)
        .iter()
        .map(|c| comparable(c))
        .collect();
    let mut served = columns(Field::ServedOn).iter();
    match served.any(|column| decided.contains(&comparable(column))) {
        true => Err((0, ProfileRule::ColumnOf(Field::ServedOn, Field::DecidedOn))),
        false => Ok(()),
    }
}

// spec: IMP-25
fn duty(table: DutyTable) -> Result<DutySource, ProfileRule> {
    Ok(DutySource {
        measure: Measure::new(&table.measure).map_err(ProfileRule::Measure)?,
        until: table.until,
        content: table.content,
    })
}

fn remedy(table: RemedyTable) -> Result<RemedySource, ProfileRule> {
    let kind = RemedyKind::by_name(&table.kind).ok_or(ProfileRule::UnknownName(Field::Remedies))?;
    // spec: IMP-18
    if table.within_days == 0 {
        return Err(ProfileRule::NoTerm);
    }
    if table.body.as_deref().is_some_and(says_nothing) {
        return Err(ProfileRule::NoBody);
    }
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
pub(in crate::import) fn level(name: &str) -> Result<Option<BasisLevel>, ProfileRule> {
    if name == "unknown" {
        return Ok(None);
    }
    BasisLevel::by_name(name)
        .map(Some)
        .ok_or(ProfileRule::UnknownLevel)
}
