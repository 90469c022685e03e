//! Benchmarks: the limits of the machine first, then what the product does beside them.
//!
//! ```text
//! cargo run --release -p concordat-tests --bin bench -- [NAME…|all] [--size small=N,large=N] --output json
//! ```
//! prints one JSON object a line: `{"figure", "value", "unit", "runs"}`, the value being the median of
//! the runs, with `{"limit", "limit_value", "ratio"}` where the figure is read beside a limit of the
//! machine measured in the same run; or `{"figure", "absent": "why"}`. A name chooses every figure
//! that begins with it.
//!
//! Where two nodes are meant, there are two processes: this program starts itself again with the
//! hidden first argument `--child` and a task (`task`). Nodes, transport, journal and database are
//! those that ship; the fixture is made once a run and removed afterwards.

mod append;
mod catchup;
mod child;
mod effect;
mod held;
mod limits;
mod live;
mod must_check;
mod network;
mod peers;
mod penalties;
mod propagate;
mod report;
mod statements;
mod suite;
mod task;

use std::process::ExitCode;

use clap::Parser;

pub use report::Output;

/// Whatever stopped a benchmark.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counted runs of each measurement; the median is quoted.
pub(crate) const RUNS: usize = 5;

#[derive(Clone, Debug, Parser)]
#[command(
    name = "bench",
    about = "Measures the figures of Concordat on this machine"
)]
pub(crate) struct Arguments {
    /// Figures to measure, by the beginning of their names; `all` or none for every one.
    names: Vec<String>,
    /// How to report.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
    /// Statements of the smaller fixture.
    #[arg(long, default_value_t = 100_000)]
    small: u64,
    /// Statements of the larger fixture.
    #[arg(long, default_value_t = 1_000_000)]
    size: u64,
    /// Objections in one run of `propagate`.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Seconds of one run of `query.must_check`.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Keep the fixture's directory.
    #[arg(long)]
    keep: bool,
}

impl Arguments {
    pub(crate) fn wants(&self, figure: &str) -> bool {
        let fits = |name: &String| name == "all" || figure.starts_with(name.as_str());
        self.names.is_empty() || self.names.iter().any(fits)
    }
}

/// Runs the program: the suite, or the task of a child.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--child"), Some(task)) => task::run(&task),
        // As the node's own program is started.
        (Some("run"), Some(_)) => penalties::node(&std::env::args().skip(3).collect::<Vec<_>>()),
        _ => suite::run(&Arguments::parse()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;

            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
