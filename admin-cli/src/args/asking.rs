//! Commands that ask a node, and imports.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, value_parser};

use super::WAIT_SECONDS_MAX;
use crate::failure::Failure;
use crate::parse;

#[derive(Debug, Args)]
pub(crate) struct Status {
    // spec: ADM-140
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(0..=WAIT_SECONDS_MAX))]
    pub(crate) wait: Option<u64>,
}

/// Milliseconds between two looks: a shorter time keeps the node busy with nothing else, a longer is a mistake.
const INTERVAL_MS: RangeInclusive<u64> = 100..=86_400_000;

#[derive(Debug, Args)]
pub(crate) struct Watch {
    // spec: ADM-475
    #[arg(long, default_value_t = 1_000, value_name = "MS", value_parser = value_parser!(u64).range(INTERVAL_MS))]
    pub(crate) interval: u64,
    #[arg(long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: String,
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub(crate) filter: Vec<String>,
    #[arg(long)]
    pub(crate) on_node: bool,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long)]
    pub(crate) all_or_nothing: bool,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
}

/// Years that are meant where the option stands alone.
const CLEAN_YEARS: &str = "3";

#[derive(Debug, Args)]
pub(crate) struct Subject {
    pub(crate) code: String,
    #[arg(long)]
    pub(crate) purpose: String,
    #[arg(long = "case", value_name = "NUMBER")]
    pub(crate) case_number: String,
    #[arg(long, value_name = "ACT AND ARTICLE")]
    pub(crate) basis: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) skip: Option<u64>,
    #[arg(long, value_name = "COUNT", conflicts_with = "skip")]
    pub(crate) records_skip: Option<u64>,
    #[arg(long, value_name = "BUSINESS")]
    pub(crate) scenario: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    #[arg(long, value_name = "DAY", conflicts_with = "clean_years")]
    pub(crate) clean_since: Option<String>,
    #[arg(long, value_name = "YEARS", num_args = 0..=1, default_missing_value = CLEAN_YEARS)]
    pub(crate) clean_years: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct LookUp {
    #[arg(long, requires_all = ["case_number", "basis"])]
    pub(crate) purpose: Option<String>,
    #[arg(long = "case", value_name = "NUMBER", requires = "purpose")]
    pub(crate) case_number: Option<String>,
    #[arg(long, value_name = "ACT AND ARTICLE", requires = "purpose")]
    pub(crate) basis: Option<String>,
    #[arg(long, value_name = "BUSINESS", requires = "purpose")]
    pub(crate) scenario: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lookup {
    List(LookupList),
    Review(LookupReview),
    Verify(LookupVerify),
    Prove(LookupProve),
    Missed(LookupMissed),
    Outdated(LookupOutdated),
    Told(LookupTold),
    Resume(LookupResume),
}

#[derive(Debug, Args)]
pub(crate) struct LookupList {
    #[arg(long, value_name = "CODE")]
    pub(crate) subject: Option<String>,
    #[arg(long, value_name = "WORDS")]
    pub(crate) purpose: Option<String>,
    #[arg(long = "case", value_name = "NUMBER")]
    pub(crate) case_number: Option<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
    #[arg(long, value_name = "WHO")]
    pub(crate) by: Option<String>,
    #[arg(long)]
    pub(crate) unreviewed: bool,
    #[arg(long, value_name = "COUNT")]
    pub(crate) skip: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct LookupReview {
    #[arg(required = true, num_args = 1..=256)]
    pub(crate) rows: Vec<u64>,
    #[arg(long)]
    pub(crate) finding: String,
}

#[derive(Debug, Args)]
pub(crate) struct LookupVerify {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LookupProve {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LookupMissed {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LookupOutdated {
    #[arg(long, value_name = "COUNT")]
    pub(crate) skip: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct LookupResume {
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LookupTold {
    pub(crate) row: u64,
    #[arg(long = "mark", value_name = "MARK", required = true)]
    pub(crate) marks: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Statement {
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
    #[arg(long, value_name = "FILE", requires = "purpose")]
    pub(crate) receipt: Option<PathBuf>,
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) answers_skip: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Statistics {
    pub(crate) period: String,
    #[arg(long, value_name = "KIND")]
    pub(crate) count: Option<String>,
    #[arg(long, conflicts_with = "count")]
    pub(crate) coverage: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    Export(LedgerExport),
}

#[derive(Debug, Args)]
pub(crate) struct LedgerExport {
    #[arg(long, value_name = "DAY")]
    pub(crate) from: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) until: String,
    #[arg(long, value_name = "FILE", required_unless_present = "json")]
    pub(crate) csv: Option<PathBuf>,
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("asked").required(true)))]
pub(crate) struct Propagation {
    #[arg(group = "asked")]
    pub(crate) reference: Option<String>,
    #[arg(long, value_name = "ID", group = "asked")]
    pub(crate) batch: Option<String>,
    // spec: ADM-476
    #[arg(
        long,
        value_name = "CODE",
        requires = "batch",
        conflicts_with = "reference"
    )]
    pub(crate) author: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Slip {
    pub(crate) reference: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bundle {
    Export(BundleExport),
    Verify(BundleVerify),
}

#[derive(Debug, Args)]
pub(crate) struct BundleExport {
    pub(crate) reference: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[arg(long, value_name = "CODE")]
    pub(crate) receiver: Option<String>,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}

#[derive(Debug, Args)]
pub(crate) struct BundleVerify {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

impl LookUp {
    /// Why one looks, where all of it was said.
    pub(crate) fn read(&self) -> Result<Option<concordat_protocol::admin::LookUp>, Failure> {
        let Self {
            purpose,
            case_number,
            basis,
            scenario,
        } = self;
        let look_up = parse::look_up(purpose.as_ref(), case_number.as_ref(), basis.as_ref())?;
        let scenario = parse::scenario(scenario.as_ref())?;
        Ok(look_up.map(|look_up| concordat_protocol::admin::LookUp {
            scenario,
            ..look_up
        }))
    }
}
