//! Commands that act on decisions.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::asking::LookUp;

#[derive(Debug, Args)]
pub(crate) struct Act {
    pub(crate) reference: String,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Objection {
    File(Box<ObjectionFile>),
    List(ObjectionList),
}

#[derive(Debug, Args)]
pub(crate) struct ObjectionList {
    #[arg(long, value_name = "ID")]
    pub(crate) import: String,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("looked_up").args(["purpose", "case_number", "basis", "scenario"]).multiple(true).requires("slip")))]
pub(crate) struct ObjectionFile {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) ground: String,
    #[arg(long, default_value = "subject")]
    pub(crate) role: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) received_on: Option<String>,
    #[arg(long)]
    pub(crate) reasons: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) slip: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ruling {
    Issue(RulingIssue),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("named").required(true)))]
pub(crate) struct RulingIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) outcome: String,
    #[arg(long, value_name = "REF", group = "named")]
    pub(crate) closes: Vec<String>,
    #[arg(long, group = "named")]
    pub(crate) all_open: bool,
    #[arg(long)]
    pub(crate) reasons: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Correction {
    Issue(CorrectionIssue),
    Bulk(CorrectionBulk),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("fields").required(true).multiple(true)))]
pub(crate) struct CorrectionBulk {
    #[arg(long, value_name = "ID")]
    pub(crate) import: String,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long, value_name = "FIELD=VALUE", group = "fields")]
    pub(crate) set: Vec<String>,
    #[arg(long, value_name = "FILE", group = "fields")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("fields").required(true).multiple(true)))]
pub(crate) struct CorrectionIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) from: Option<String>,
    #[arg(long, value_name = "FIELD=VALUE", group = "fields")]
    pub(crate) set: Vec<String>,
    #[arg(long, value_name = "FILE", group = "fields")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Withdrawal {
    Issue(WithdrawalIssue),
    Bulk(WithdrawalBulk),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true)))]
#[command(group(ArgGroup::new("why").required(true).multiple(true)))]
pub(crate) struct WithdrawalBulk {
    #[arg(long, value_name = "ID", group = "which")]
    pub(crate) import: Option<String>,
    #[arg(long, value_name = "FILE", group = "which")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long, group = "why")]
    pub(crate) reason: Option<String>,
    #[arg(long, group = "why")]
    pub(crate) exit: Option<String>,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("why").required(true).multiple(true)))]
pub(crate) struct WithdrawalIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long, group = "why")]
    pub(crate) reason: Option<String>,
    #[arg(long, group = "why")]
    pub(crate) exit: Option<String>,
    #[arg(long)]
    pub(crate) reasons: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Admission {
    Issue(AdmissionIssue),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("named").required(true)))]
pub(crate) struct AdmissionIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long, value_name = "REF", group = "named")]
    pub(crate) admits: Vec<String>,
    #[arg(long, group = "named")]
    pub(crate) all_waiting: bool,
    #[arg(long)]
    pub(crate) reasons: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Stay {
    Issue(StayIssue),
}

#[derive(Debug, Args)]
pub(crate) struct StayIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) body: String,
    #[arg(long, value_name = "NUMBER")]
    pub(crate) document: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) on: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
    #[arg(long)]
    pub(crate) reasons: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Erasure {
    Issue(ErasureIssue),
}

#[derive(Debug, Args)]
pub(crate) struct ErasureIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) ground: String,
    #[arg(long)]
    pub(crate) by: String,
    #[arg(long)]
    pub(crate) law: String,
    #[arg(long)]
    pub(crate) article: String,
    #[arg(long)]
    pub(crate) level: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Repair {
    Issue(RepairIssue),
}

#[derive(Debug, Args)]
pub(crate) struct RepairIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long, required = true)]
    pub(crate) effect: Vec<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) decided_on: Option<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) applied_on: Option<String>,
    #[arg(long)]
    pub(crate) reasons: String,
}
