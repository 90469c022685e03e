//! The command line. Help texts come from [`crate::text`], in the reader's language.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{
    ArgGroup, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    value_parser,
};
use concordat_certs::summary::Language;

use crate::failure::Failure;
use crate::{parse, text};

/// The longest that `status --wait` waits, in seconds: a day.
const WAIT_SECONDS_MAX: u64 = 86_400;

#[derive(Debug, Parser)]
#[command(name = "concordat", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    #[arg(
        long,
        global = true,
        env = "CONCORDAT_NODE",
        value_name = "DIR",
        hide_env_values = true
    )]
    pub(crate) node: Option<PathBuf>,
    #[arg(long, global = true, value_name = "HOST:PORT", requires_all = ["key_dir", "node_key"])]
    pub(crate) remote: Option<String>,
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) key_dir: Option<PathBuf>,
    #[arg(long, global = true, value_name = "HEX|FILE")]
    pub(crate) node_key: Option<String>,
    #[arg(long, global = true, value_enum, default_value_t = Output::Human)]
    pub(crate) output: Output,
    #[arg(long, global = true, value_parser = ["en", "zh"])]
    pub(crate) lang: Option<String>,
    #[arg(long, short = 'y', global = true)]
    pub(crate) yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Init(Init),
    #[command(subcommand)]
    Certificate(Certificate),
    #[command(subcommand)]
    Genesis(Genesis),
    #[command(subcommand)]
    Enrol(Enrol),
    #[command(subcommand)]
    Peer(Peer),
    #[command(subcommand)]
    Change(Change),
    Status(Status),
    Watch(Watch),
    Import(Import),
    Subject(Subject),
    Statement(Statement),
    #[command(subcommand)]
    Objection(Objection),
    #[command(subcommand)]
    Ruling(Ruling),
    #[command(subcommand)]
    Correction(Correction),
    #[command(subcommand)]
    Withdrawal(Withdrawal),
    #[command(subcommand)]
    Admission(Admission),
    #[command(subcommand)]
    Stay(Stay),
    #[command(subcommand)]
    Repair(Repair),
    #[command(subcommand)]
    Agreement(Agreement),
    #[command(subcommand)]
    Record(Record),
    Initiate(Box<Initiate>),
    Respond(Box<Respond>),
    Push(Box<Push>),
    Feedback(Box<Feedback>),
    #[command(subcommand)]
    Bundle(Bundle),
    Slip(Slip),
    Propagation(Propagation),
    Statistics(Statistics),
    #[command(subcommand)]
    Lookup(Lookup),
    #[command(subcommand)]
    Ledger(Ledger),
    Completions(Completions),
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    Catalogue(ChangeCatalogue),
    Calendar(ChangeCalendar),
    Deadlines(ChangeDeadlines),
    Measures(ChangeMeasures),
    Policy(ChangePolicy),
    Show(ChangeShow),
    Approve(ChangeApprove),
    Submit(ChangeSubmit),
}

#[derive(Debug, Args)]
pub(crate) struct ChangeCatalogue {
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
pub(crate) struct ChangeDeadlines {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeMeasures {
    pub(crate) file: PathBuf,
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

#[derive(Debug, Args)]
pub(crate) struct Status {
    // spec: ADM-140
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(0..=WAIT_SECONDS_MAX))]
    pub(crate) wait: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[arg(long, default_value_t = 1_000, value_name = "MS")]
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
pub(crate) struct LookupTold {
    pub(crate) row: u64,
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
}

#[derive(Debug, Args)]
pub(crate) struct Slip {
    pub(crate) reference: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}

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
    File(ObjectionFile),
    List(ObjectionList),
}

#[derive(Debug, Args)]
pub(crate) struct ObjectionList {
    #[arg(long, value_name = "ID")]
    pub(crate) import: String,
}

#[derive(Debug, Args)]
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
pub(crate) struct WithdrawalBulk {
    #[arg(long, value_name = "ID", group = "which")]
    pub(crate) import: Option<String>,
    #[arg(long, value_name = "FILE", group = "which")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long)]
    pub(crate) reason: String,
    #[arg(long)]
    pub(crate) reasons: String,
    #[arg(long, value_name = "CODE")]
    pub(crate) issuer: Option<String>,
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawalIssue {
    #[command(flatten)]
    pub(crate) act: Act,
    #[arg(long)]
    pub(crate) reason: String,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Agreement {
    Propose(AgreementPropose),
    Show(AgreementShow),
    Approve(AgreementApprove),
    Log(AgreementLog),
    List(AgreementList),
    Accede(Accede),
    Retire(Retire),
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
    #[command(flatten)]
    pub(crate) look_up: LookUp,
}

#[derive(Debug, Args)]
pub(crate) struct BundleVerify {
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    pub(crate) shell: clap_complete::Shell,
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

/// The command with its help in one language.
pub(crate) fn command(language: Language) -> Command {
    let command = localised(Arguments::command(), "", language);
    match language {
        Language::English => command,
        // The parser breaks lines at spaces, of which Chinese has few.
        Language::Chinese => command.term_width(0),
    }
}

/// Reads the command line.
pub(crate) fn parse(arguments: &[OsString], language: Language) -> Result<Arguments, clap::Error> {
    let mut command = command(language);
    let matches = command.try_get_matches_from_mut(arguments)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Puts help texts in: `verb.<path>` for a command, `arg.<path>.<name>` for an argument, or
/// `arg.<name>` for one that means the same everywhere.
fn localised(mut command: Command, path: &str, language: Language) -> Command {
    let key = match path {
        "" => "verb".to_owned(),
        path => format!("verb.{path}"),
    };
    command = command.about(text::text(language, &key).unwrap_or_default());
    let names: Vec<_> = command
        .get_arguments()
        .map(|arg| arg.get_id().to_string())
        .collect();
    for name in names {
        let own = text::text(language, &format!("arg.{path}.{name}"));
        let help = own.or_else(|| text::text(language, &format!("arg.{name}")));
        command = command.mut_arg(name, |arg| {
            let heading = arg
                .is_global_set()
                .then(|| text::text(language, "word.every_command"));
            arg.help(help.unwrap_or_default())
                .help_heading(heading.flatten())
        });
    }
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        let path = match path {
            "" => name,
            path => format!("{path}.{name}"),
        };
        localised(sub, &path, language)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unexplained(command: &Command, path: &str, found: &mut Vec<String>) {
        if command
            .get_about()
            .is_none_or(|about| about.to_string().is_empty())
        {
            found.push(path.to_owned());
        }
        for arg in command
            .get_arguments()
            .filter(|arg| !arg.is_global_set() || path.is_empty())
        {
            if arg
                .get_help()
                .is_none_or(|help| help.to_string().is_empty())
            {
                found.push(format!("{path} {}", arg.get_id()));
            }
        }
        for sub in command.get_subcommands() {
            unexplained(sub, &format!("{path} {}", sub.get_name()), found);
        }
    }

    // spec: ADM-14
    #[test]
    fn every_command_and_argument_has_help_in_both_languages() {
        for language in [Language::English, Language::Chinese] {
            let mut found = Vec::new();
            unexplained(&command(language), "", &mut found);
            assert_eq!(found, Vec::<String>::new(), "{language:?}");
        }
    }

    #[test]
    fn command_line_has_no_contradiction() {
        command(Language::English).debug_assert();
    }
}
