//! The node binary: reads the command line, starts tracing, runs, and maps errors to exit codes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use concordat_node::quickstart::{self, TourOptions};

/// A Concordat node. 互证节点。
#[derive(Debug, Parser)]
#[command(name = "concordat-node", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole job on this machine, on real decisions. 在本机上用真实决定演示全过程。
    Quickstart {
        /// End after the tour instead of leaving the nodes running.
        #[arg(long)]
        once: bool,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Output::Human)]
        output: Output,
        /// The directory to make, below the current folder.
        #[arg(long, default_value = "concordat-quickstart")]
        directory: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Human,
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("CONCORDAT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match arguments.command {
        Command::Quickstart {
            once,
            output,
            directory,
        } => tour(once, output == Output::Json, directory).await,
    }
}

async fn tour(once: bool, json: bool, directory: PathBuf) -> ExitCode {
    let language = std::env::var("LC_ALL")
        .or_else(|_| std::env::var("LANG"))
        .unwrap_or_default();
    let chinese = language.starts_with("zh");
    let outcome = quickstart::run(TourOptions {
        directory,
        once,
        json,
        chinese,
    })
    .await;
    match outcome {
        Ok(result) => {
            if json {
                let line = serde_json::to_string(&result).unwrap_or_default();
                let _ = writeln!(std::io::stdout(), "{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
