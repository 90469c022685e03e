//! Commands about agreements.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::asking::LookUp;

#[derive(Debug, Subcommand)]
pub(crate) enum Agreement {
    Propose(AgreementPropose),
    Show(AgreementShow),
    Approve(AgreementApprove),
    Log(AgreementLog),
    List(AgreementList),
    Accede(Accede),
    Retire(Retire),
    Answer(AgreementAnswer),
}

#[derive(Debug, Args)]
pub(crate) struct AgreementPropose {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) first: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AgreementShow {
    pub(crate) proposal: PathBuf,
    #[arg(value_name = "APPROVAL")]
    pub(crate) approval: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AgreementApprove {
    pub(crate) proposal: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AgreementLog {
    pub(crate) proposal: PathBuf,
    #[arg(value_name = "APPROVAL")]
    pub(crate) approval: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AgreementList {
    #[arg(value_name = "REFERENCE")]
    pub(crate) only: Option<String>,
    #[arg(long, value_name = "CODE")]
    pub(crate) party: Option<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) as_of: Option<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) skip: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Accede {
    pub(crate) reference: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) from: String,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Retire {
    pub(crate) reference: String,
    #[arg(long = "version", value_name = "NUMBER")]
    pub(crate) leaves: Option<u32>,
    #[arg(long, value_name = "DAY")]
    pub(crate) from: String,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("said").required(true)))]
pub(crate) struct AgreementAnswer {
    pub(crate) reference: String,
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) decision: Option<String>,
    #[arg(long, group = "said")]
    pub(crate) recognise: bool,
    #[arg(long, group = "said")]
    pub(crate) for_information: bool,
    #[arg(long, value_name = "REASON", group = "said", requires = "reasons")]
    pub(crate) not_recognised: Option<String>,
    #[arg(long, value_name = "MEASURE=DAY", requires = "recognise")]
    pub(crate) measure: Vec<String>,
    #[arg(long, value_name = "REFERENCE", requires = "recognise")]
    pub(crate) agreement: Option<String>,
    #[arg(long, value_name = "NUMBER", requires = "recognise")]
    pub(crate) clause: Option<String>,
    #[arg(long)]
    pub(crate) reasons: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}
