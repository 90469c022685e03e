//! Commands that set a network up and change its registry.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    Node,
    Administrator,
    Approver,
    Recovery,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    pub(crate) dir: PathBuf,
    #[arg(long = "for", value_enum, default_value_t = Purpose::Node)]
    pub(crate) purpose: Purpose,
    #[arg(long, value_name = "CODE")]
    pub(crate) member: Option<String>,
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Certificate {
    Renew(CertificateRenew),
}

#[derive(Debug, Args)]
pub(crate) struct CertificateRenew {
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Genesis {
    Create(Box<GenesisCreate>),
    Show(GenesisShow),
}

#[derive(Debug, Args)]
pub(crate) struct Authority {
    #[arg(long)]
    pub(crate) code: Option<String>,
    #[arg(long)]
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) region: String,
    #[arg(long)]
    pub(crate) level: String,
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) address: Vec<String>,
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub(crate) may: Vec<String>,
    #[arg(long, value_name = "ITEM", value_delimiter = ',')]
    pub(crate) item: Vec<String>,
    #[arg(long, value_name = "DAY")]
    pub(crate) from: String,
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) objections_a_day: Option<u32>,
    #[arg(long)]
    pub(crate) supervises: bool,
    #[arg(long, value_name = "DIR")]
    pub(crate) administrator: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GenesisCreate {
    #[arg(long, value_name = "DIR")]
    pub(crate) hub: PathBuf,
    #[command(flatten)]
    pub(crate) authority: Authority,
    #[arg(long)]
    pub(crate) title: String,
    #[arg(long, conflicts_with = "test")]
    pub(crate) production: bool,
    #[arg(long)]
    pub(crate) test: bool,
    #[arg(long, value_name = "HEX|FILE", required = true, value_delimiter = ',')]
    pub(crate) approver: Vec<String>,
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub(crate) approver_quorum: u64,
    #[arg(long, value_name = "HEX|FILE", required = true, value_delimiter = ',')]
    pub(crate) recovery: Vec<String>,
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) recovery_quorum: u64,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GenesisShow {
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Enrol {
    Request(Box<EnrolRequest>),
    Approve(Box<EnrolApprove>),
    Submit(ChangeSubmit),
}

#[derive(Debug, Args)]
pub(crate) struct EnrolRequest {
    pub(crate) dir: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) authority: Authority,
    #[arg(long, value_name = "CODE")]
    pub(crate) publishes_through: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct EnrolApprove {
    pub(crate) request: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Peer {
    List,
    Show(PeerName),
    Add(PeerAdd),
    Remove(PeerName),
    Test(PeerName),
    Suspend(PeerSuspend),
    CutOff(PeerCutOff),
    Lost(PeerLost),
    Rotate(PeerRotate),
}

#[derive(Debug, Args)]
pub(crate) struct PeerName {
    pub(crate) member: String,
}

#[derive(Debug, Args)]
pub(crate) struct PeerAdd {
    pub(crate) member: String,
    pub(crate) address: String,
}

#[derive(Debug, Args)]
pub(crate) struct PeerSuspend {
    pub(crate) member: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long)]
    pub(crate) lift: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PeerCutOff {
    pub(crate) member: String,
    #[arg(long = "use", value_name = "USE")]
    pub(crate) key_use: String,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) key: String,
    #[arg(long, value_name = "INDEX")]
    pub(crate) from: Option<u64>,
    #[arg(long, value_name = "SIZE:ROOT|latest")]
    pub(crate) continues: Option<String>,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) replacement: Option<String>,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) next: Option<String>,
    #[arg(long)]
    pub(crate) held_history_is_wrong: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PeerLost {
    pub(crate) member: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long, value_name = "LAW")]
    pub(crate) law: String,
    #[arg(long, value_name = "ARTICLE")]
    pub(crate) article: String,
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PeerRotate {
    pub(crate) member: String,
    #[arg(long = "use", value_name = "USE")]
    pub(crate) key_use: String,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) old: String,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) new: String,
    #[arg(long, value_name = "HEX|FILE")]
    pub(crate) next: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    Catalogue(ChangeContent),
    Calendar(ChangeCalendar),
    Deadlines(ChangeContent),
    Measures(ChangeContent),
    Policy(ChangePolicy),
    Show(ChangeShow),
    Approve(ChangeApprove),
    Submit(ChangeSubmit),
}

/// A content of the registry as people write it.
#[derive(Debug, Args)]
pub(crate) struct ChangeContent {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeCalendar {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "DAY")]
    pub(crate) covers: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ChangePolicy {
    #[arg(long, value_name = "MEMBER", required = true, value_delimiter = ',')]
    pub(crate) cosigner: Vec<String>,
    #[arg(long, value_name = "COUNT")]
    pub(crate) quorum: u64,
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) faults: u64,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeShow {
    pub(crate) proposal: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeApprove {
    pub(crate) proposal: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[arg(long)]
    pub(crate) held_history_is_wrong: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeSubmit {
    pub(crate) proposal: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) approval: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[arg(long)]
    pub(crate) held_history_is_wrong: bool,
}
