//! `concordat status`: how the node is, at once or as soon as it is ready.

use std::thread;
use std::time::{Duration, Instant};

use concordat_protocol::admin::{ExitCode, Reply, Request, SigningCode, StatusView};

use crate::args::Status;
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::report::{self, Report};

/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Status, context: &Context<'_>) -> Result<Report, Failure> {
    let until = Instant::now() + Duration::from_secs(args.wait.unwrap_or(0));
    loop {
        let asked = ask(context);
        let failure = match asked {
            Ok(view) if args.wait.is_none() || is_ready(&view) => {
                return Ok(report::status(&view, context.words));
            }
            Ok(view) => not_ready(&view),
            Err(failure) if failure.exit == ExitCode::Unreachable => failure,
            Err(failure) => return Err(failure),
        };
        if Instant::now() >= until {
            return Err(failure);
        }
        thread::sleep(PAUSE);
    }
}

fn ask(context: &Context<'_>) -> Result<StatusView, Failure> {
    match context.ask(&Request::Status)? {
        Reply::Status(view) => Ok(*view),
        other => Err(unexpected(&other)),
    }
}

/// Whether it is enrolled, signs, and holds everything that members connected to it have announced.
fn is_ready(view: &StatusView) -> bool {
    view.standing.is_some()
        && view.signing == SigningCode::Ready
        && view.peers.iter().all(|peer| peer.behind == 0)
}

fn not_ready(view: &StatusView) -> Failure {
    let behind: u64 = view.peers.iter().map(|peer| peer.behind).sum();
    Failure::new(ExitCode::Failed, "not-ready")
        .with("enrolled", view.standing.is_some())
        .with("signing", view.signing.name())
        .with("behind", behind)
}
