//! The node binary: reads the command line, starts tracing, runs, and maps errors to exit codes.

mod command_line;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use concordat_certs::file::FileError;
use concordat_certs::key_file::KeyFileError;
use concordat_certs::key_ring::KeyRingError;
use concordat_certs::wording::{self, Language};
use concordat_node::admin::AdminServer;
use concordat_node::config::{self, Config, LOG_VARIABLE, LogFilter, LogFormat, LogVariableError};
use concordat_node::node::{Layout, Node, NodeOptions};
use concordat_node::output;
use concordat_node::quickstart::{self, TourOptions};
use concordat_node::runtime::CoreGone;
use tokio::signal::unix::{SignalKind, signal};

use crate::command_line::{Command, ConfigVerb, Output};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let language = wording::language(&arguments, |name| std::env::var(name).ok());
    let command = match command_line::parse(&arguments, language) {
        Ok(command) => command,
        Err(exit) => return exit,
    };
    match command {
        Command::Run {
            directory,
            accept_loss,
            first_start,
        } => {
            let told = Told {
                accept_loss,
                first_start,
            };
            ended(language, run(Layout::new(directory), told).await)
        }
        Command::Config {
            verb: ConfigVerb::Check { directory },
        } => ended(language, check(&Layout::new(directory), language)),
        Command::Quickstart {
            once,
            output,
            directory,
        } => {
            if let Err(error) = trace(LogFormat::Text, &LogFilter::errors()) {
                return ended(language, Err(error.into()));
            }
            tour(language, once, output == Output::Json, directory).await
        }
    }
}

/// Starts writing the log; `CONCORDAT_LOG` comes before what the configuration says.
// spec: ADM-102
fn trace(format: LogFormat, configured: &LogFilter) -> Result<(), LogVariableError> {
    let said = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = config::log_filter(&said, configured)?;
    let filter = tracing_subscriber::EnvFilter::new(filter.as_str());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}

/// What an operator vouches for on the command line, for one start.
struct Told {
    accept_loss: bool,
    first_start: bool,
}

async fn run(layout: Layout, told: Told) -> Result<(), Box<dyn Error>> {
    let config = Config::read(&layout)?;
    trace(config.log().format, &config.log().filter)?;
    // Heard from the first moment on: a signal during the start ends it as soon as it stands.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let options = NodeOptions {
        accept_loss: told.accept_loss,
        first_start: told.first_start,
        ..config.node_options(layout)
    };
    let node = Arc::new(Node::start(options).await?);
    let admin = match AdminServer::start(&node).await {
        Ok(admin) => admin,
        Err(error) => {
            node.stop().await;
            return Err(error.into());
        }
    };
    tracing::info!(member = %node.member(), listen = %node.listen(), "the node runs");
    let failed = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = node.failed() => true,
    };
    tracing::info!("stopping");
    admin.stop().await;
    if !node.stop().await {
        tracing::error!("the database does not come to an end; the process ends without it");
        std::process::exit(1);
    }
    match failed {
        // Whoever supervises the process starts it again.
        true => Err(CoreGone.into()),
        false => Ok(()),
    }
}

fn check(layout: &Layout, language: Language) -> Result<(), Box<dyn Error>> {
    let config = Config::read(layout)?;
    let path = layout.config();
    let fine = match language {
        Language::English => "OK",
        Language::Chinese => "正常",
    };
    let line = format!("{} {}: {fine}\n", path.display(), config.member());
    Ok(output::print(&line)?)
}

fn ended(language: Language, outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(language, error.as_ref());
            exit_code(error.as_ref())
        }
    }
}

/// An error with its causes, in the reader's language.
fn said(language: Language, error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    wording::said(language, &text)
}

/// Says what went wrong on standard error.
fn say(language: Language, error: &(dyn Error + 'static)) {
    let head = match language {
        Language::English => "error: ",
        Language::Chinese => "错误：",
    };
    let said = said(language, error);
    // spec: ADM-104
    let _ = writeln!(std::io::stderr(), "{head}{}", wording::plain(&said));
}

/// A file that may not be used as it is ends a node as it ends the admin CLI.
// spec: ADM-6
fn exit_code(error: &(dyn Error + 'static)) -> ExitCode {
    let denied = causes(error).any(|cause| {
        let key = match cause.downcast_ref() {
            Some(KeyRingError::Key(key)) => Some(key),
            Some(_) | None => cause.downcast_ref(),
        };
        let file = match key {
            Some(KeyFileError::File(file)) => Some(file),
            Some(_) | None => cause.downcast_ref(),
        };
        matches!(
            file,
            Some(FileError::OpenToOthers { .. } | FileError::DirectoryOpenToOthers { .. })
        )
    });
    match denied {
        true => ExitCode::from(DENIED),
        false => ExitCode::FAILURE,
    }
}

/// The exit code `denied` of `spec/errors.md`.
const DENIED: u8 = 6;

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

async fn tour(language: Language, once: bool, json: bool, directory: PathBuf) -> ExitCode {
    let chinese = language == Language::Chinese;
    let outcome = quickstart::run(TourOptions {
        directory,
        once,
        json,
        chinese,
    })
    .await;
    match outcome {
        Ok(result) => {
            let printed = match (json, serde_json::to_string(&result)) {
                (false, _) => Ok(()),
                (true, Ok(line)) => output::print(&format!("{line}\n")).map_err(Into::into),
                (true, Err(error)) => Err(error.into()),
            };
            ended(language, printed)
        }
        Err(error) if json => {
            let line = command_line::failure_json("failed", 1, &said(language, &error));
            // What went wrong is told all the same where the output is what failed.
            if output::print(&line).is_err() {
                say(language, &error);
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            say(language, &error);
            ExitCode::FAILURE
        }
    }
}
