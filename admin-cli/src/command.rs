//! The commands: each parses its values, asks once and reports.

mod act;
mod agreement;
mod bulk;
mod bundle;
mod certificate;
mod change;
mod correction;
mod enrol;
pub(crate) mod files;
mod genesis;
mod import;
mod init;
mod ledger;
mod lookup;
mod peer;
mod propagation;
mod record;
mod slip;
mod statistics;
mod status;
mod subject;
mod watch;

use std::future::Future;

use concordat_certs::summary::Language;
use concordat_protocol::admin::{ExitCode, Reply, Request};

use crate::args::{Arguments, Verb};
use crate::client::{Client, unexpected};
use crate::failure::Failure;
use crate::report::{Report, Words};
use crate::{args, terminal};

/// What every command has at hand.
pub(crate) struct Context<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) words: Words,
}

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: &Arguments, language: Language) -> Result<Report, Failure> {
    let words = Words(language);
    let context = Context { arguments, words };
    match &arguments.verb {
        Verb::Init(init) => init::run(init, &context),
        Verb::Certificate(verb) => certificate::run(verb, &context),
        Verb::Genesis(verb) => genesis::run(verb, &context),
        Verb::Enrol(verb) => enrol::run(verb, &context),
        Verb::Peer(verb) => peer::run(verb, &context),
        Verb::Change(verb) => change::run(verb, &context),
        Verb::Status(status) => status::run(status, &context),
        Verb::Watch(watch) => watch::run(watch, &context),
        Verb::Import(import) => import::run(import, &context),
        Verb::Subject(subject) => subject::subject(subject, &context),
        Verb::Statement(statement) => subject::statement(statement, &context),
        Verb::Objection(verb) => act::objection(verb, &context),
        Verb::Ruling(verb) => act::ruling(verb, &context),
        Verb::Correction(verb) => correction::run(verb, &context),
        Verb::Withdrawal(verb) => act::withdrawal(verb, &context),
        Verb::Admission(verb) => act::admission(verb, &context),
        Verb::Stay(verb) => act::stay(verb, &context),
        Verb::Erasure(verb) => act::erasure(verb, &context),
        Verb::Repair(verb) => act::repair(verb, &context),
        Verb::Agreement(verb) => agreement::run(verb, &context),
        Verb::Record(verb) => record::run(verb, &context),
        Verb::Initiate(verb) => record::initiate(verb, &context),
        Verb::Respond(verb) => record::respond(verb, &context),
        Verb::Push(verb) => record::push(verb, &context),
        Verb::Feedback(verb) => record::feedback(verb, &context),
        Verb::Bundle(verb) => bundle::run(verb, &context),
        Verb::Slip(slip) => slip::run(slip, &context),
        Verb::Propagation(propagation) => propagation::run(propagation, &context),
        Verb::Statistics(statistics) => statistics::run(statistics, &context),
        Verb::Ledger(verb) => ledger::run(verb, &context),
        Verb::Lookup(verb) => lookup::run(verb, &context),
        Verb::Completions(completions) => {
            let mut script = Vec::new();
            let mut command = args::command(language);
            clap_complete::generate(completions.shell, &mut command, "concordat", &mut script);
            terminal::print_raw(&String::from_utf8_lossy(&script))?;
            Ok(Report::silent())
        }
    }
}

impl Context<'_> {
    /// Asks one question and takes its last reply.
    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        self.with_node(async |client| client.ask(request, |reply| Err(unexpected(&reply))).await)
    }

    /// Connects and lets `talk` go on.
    pub(crate) fn with_node<T>(
        &self,
        talk: impl AsyncFnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        block_on(async {
            let mut client = Client::connect(&self.arguments.global).await?;
            let said = talk(&mut client).await;
            client.close().await;
            said
        })
    }

    /// Shows what is about to be signed, and then asks: who agrees has seen it.
    // spec: ADM-166
    pub(crate) fn confirm_shown(
        &self,
        shown: &Report,
        key: &str,
        what: &str,
    ) -> Result<(), Failure> {
        terminal::show(self.arguments, shown);
        self.confirm(key, what)
    }

    /// Asks the person before something that cannot be taken back.
    pub(crate) fn confirm(&self, key: &str, what: &str) -> Result<(), Failure> {
        self.confirm_question(&self.words.fill(key, &[("what", what)]))
    }

    pub(crate) fn confirm_question(&self, question: &str) -> Result<(), Failure> {
        terminal::confirm(self.arguments, self.words.0, question)
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let failed = |error| Failure::new(ExitCode::Failed, "no-runtime").with("cause", error);
    runtime.map_err(failed)?.block_on(future)
}
