//! Commands that record what is no decision.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Record {
    Template(RecordTemplate),
    Issue(RecordIssue),
}

#[derive(Debug, Args)]
pub(crate) struct RecordTemplate {
    pub(crate) class: String,
}

#[derive(Debug, Args)]
pub(crate) struct RecordIssue {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What every record that is made by flags can say.
#[derive(Debug, Args)]
pub(crate) struct RecordFlags {
    #[arg(long, value_name = "ITEM")]
    pub(crate) item: Option<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) on: Option<String>,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Initiate {
    #[arg(required = true)]
    pub(crate) reference: Vec<String>,
    #[arg(long, value_name = "CODE", required = true, value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    #[arg(long, value_name = "MEASURE=DAY", required = true)]
    pub(crate) measure: Vec<String>,
    #[arg(long)]
    pub(crate) reasons: String,
    #[command(flatten)]
    pub(crate) flags: RecordFlags,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("answer").required(true)))]
pub(crate) struct Respond {
    pub(crate) reference: String,
    #[arg(long, group = "answer")]
    pub(crate) accept: bool,
    #[arg(long, value_name = "REASONS", group = "answer")]
    pub(crate) not_competent: Option<String>,
    #[arg(long, value_name = "REASONS", group = "answer")]
    pub(crate) no_such_subject: Option<String>,
    #[arg(long, value_name = "REASONS", group = "answer", requires_all = ["law", "article", "level"])]
    pub(crate) no_basis: Option<String>,
    #[arg(long, value_name = "MEASURE=DAY", requires = "accept")]
    pub(crate) measure: Vec<String>,
    #[arg(long, requires = "no_basis")]
    pub(crate) law: Option<String>,
    #[arg(long, requires = "no_basis")]
    pub(crate) article: Option<String>,
    #[arg(long, requires = "no_basis")]
    pub(crate) level: Option<String>,
    #[command(flatten)]
    pub(crate) flags: RecordFlags,
}

#[derive(Debug, Args)]
pub(crate) struct Push {
    #[arg(required = true)]
    pub(crate) reference: Vec<String>,
    #[arg(long, value_name = "CODE", required = true, value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    #[arg(long)]
    pub(crate) from_above: bool,
    #[arg(long)]
    pub(crate) reasons: String,
    #[command(flatten)]
    pub(crate) flags: RecordFlags,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("said").required(true).multiple(true)))]
#[command(group(ArgGroup::new("execution")))]
#[command(group(ArgGroup::new("verification")))]
pub(crate) struct Feedback {
    pub(crate) reference: String,
    #[arg(long, value_name = "YEAR-MONTH")]
    pub(crate) month: String,
    #[arg(long, groups = ["said", "execution"])]
    pub(crate) done: bool,
    #[arg(long, value_name = "REASONS", groups = ["said", "execution"])]
    pub(crate) partly: Option<String>,
    #[arg(long, value_name = "REASONS", groups = ["said", "execution"])]
    pub(crate) not_done: Option<String>,
    #[arg(long, groups = ["said", "verification"])]
    pub(crate) verified: bool,
    #[arg(long, value_name = "REASONS", groups = ["said", "verification"])]
    pub(crate) not_found: Option<String>,
    #[arg(long, value_name = "REASONS", groups = ["said", "verification"])]
    pub(crate) wrong_subject: Option<String>,
    #[command(flatten)]
    pub(crate) flags: RecordFlags,
}
