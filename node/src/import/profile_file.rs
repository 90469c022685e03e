//! The shape of a profile file, as TOML; [`super::profile`] gives it its meaning.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::encoding::Encoding;
use super::field::Field;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) profile: Heading,
    pub(super) file: FileTable,
    #[serde(default)]
    pub(super) refuse: Vec<Spanned<RefuseTable>>,
    #[serde(default)]
    pub(super) filter: Vec<Spanned<FilterTable>>,
    pub(super) fields: BTreeMap<Field, Spanned<SourceTable>>,
    pub(super) basis: Option<Spanned<BasisTable>>,
    #[serde(default)]
    pub(super) duties: Vec<Spanned<DutyTable>>,
    #[serde(default)]
    pub(super) remedies: Vec<Spanned<RemedyTable>>,
    pub(super) synthetic: Option<SyntheticTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heading {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    #[serde(default)]
    pub(super) about: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTable {
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    pub(super) delimiter: Option<Spanned<char>>,
    pub(super) quotes: Option<bool>,
    pub(super) columns: Option<Vec<String>>,
    #[serde(default)]
    pub(super) blank: Vec<String>,
    #[serde(default)]
    pub(super) unknown_columns: UnknownColumns,
    #[serde(default)]
    pub(super) drop: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Csv,
    Tsv,
}

/// What becomes of a file with a column that the profile does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UnknownColumns {
    #[default]
    Refuse,
    Drop,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseTable {
    pub(super) column: String,
    pub(super) values: Option<Vec<String>>,
    pub(super) because: Because,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Because {
    NaturalPerson,
    SourceState,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterTable {
    pub(super) column: String,
    pub(super) one_of: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceTable {
    pub(super) column: Option<String>,
    pub(super) columns: Option<Vec<String>>,
    pub(super) join: Option<Vec<String>>,
    pub(super) value: Option<String>,
    pub(super) values: Option<BTreeMap<String, String>>,
    pub(super) otherwise: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
    pub(super) separator: Option<char>,
    pub(super) unit: Option<MoneyUnit>,
    #[serde(default)]
    pub(super) by_code: bool,
    pub(super) code: Option<CodeTable>,
    pub(super) template: Option<String>,
    pub(super) after: Option<Field>,
    pub(super) days: Option<i32>,
    pub(super) on: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum MoneyUnit {
    #[serde(rename = "fen")]
    Fen,
    #[serde(rename = "yuan")]
    Yuan,
    #[serde(rename = "10k-yuan")]
    TenThousandYuan,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeTable {
    pub(super) prefix: String,
    pub(super) region: String,
    #[serde(default)]
    pub(super) serial_prefix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasisTable {
    pub(super) style: BasisStyle,
    #[serde(default)]
    pub(super) lead_words: Vec<String>,
    #[serde(default)]
    pub(super) article_marks: Vec<String>,
    #[serde(default)]
    pub(super) continues: Vec<String>,
    #[serde(default)]
    pub(super) levels: Vec<LevelTable>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BasisStyle {
    /// `《act》article`, any number of times.
    Quoted,
    /// `act article`, divided by white space.
    Listed,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelTable {
    #[serde(default)]
    pub(super) prefix: String,
    #[serde(default)]
    pub(super) suffix: String,
    #[serde(default)]
    pub(super) contains: String,
    pub(super) level: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutyTable {
    pub(super) measure: String,
    pub(super) until: String,
    pub(super) content: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemedyTable {
    pub(super) kind: String,
    pub(super) body: Option<String>,
    pub(super) body_column: Option<String>,
    pub(super) within_days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SyntheticTable {
    #[serde(default)]
    pub(super) fields: BTreeMap<Field, Spanned<SourceTable>>,
    #[serde(default)]
    pub(super) remedies: Vec<Spanned<RemedyTable>>,
    /// Fields that come from the file but are made up or translated in it.
    #[serde(default)]
    pub(super) also: Vec<Field>,
}
