//! The command line. Help texts come from [`crate::text`], in the reader's language.

mod acts;
mod agreements;
mod asking;
mod records;
mod setup;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use concordat_certs::summary::Language;

use crate::text;

pub(crate) use acts::{
    Act, Admission, Correction, CorrectionBulk, Erasure, Objection, ObjectionList, Repair, Ruling,
    Stay, Withdrawal, WithdrawalBulk,
};
pub(crate) use agreements::{
    Accede, Agreement, AgreementAnswer, AgreementApprove, AgreementList, AgreementLog,
    AgreementPropose, AgreementShow, Retire,
};
pub(crate) use asking::{
    Bundle, BundleExport, BundleVerify, Import, Ledger, LedgerExport, Lookup, LookupList,
    LookupMissed, LookupOutdated, LookupProve, LookupResume, LookupReview, LookupTold,
    LookupVerify, Propagation, Slip, Statement, Statistics, Status, Subject, Watch,
};
pub(crate) use records::{Feedback, Initiate, Push, Record, RecordFlags, Respond};
pub(crate) use setup::{
    Authority, Certificate, Change, ChangeApprove, ChangeCalendar, ChangeContent, ChangePolicy,
    ChangeShow, ChangeSubmit, Enrol, EnrolApprove, EnrolRequest, Genesis, GenesisCreate, Init,
    Peer, PeerCutOff, PeerLost, PeerName, PeerRotate, PeerSuspend, Purpose,
};

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
    Erasure(Erasure),
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

#[derive(Debug, Args)]
pub(crate) struct Completions {
    pub(crate) shell: clap_complete::Shell,
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
