//! `concordat propagation`: who has done what an act asks.

use concordat_protocol::admin::{PropagationAsk, Reply, Request};

use crate::args::Propagation;
use crate::client::unexpected;
use crate::command::{Context, bulk};
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn run(args: &Propagation, context: &Context<'_>) -> Result<Report, Failure> {
    if let Some(batch) = &args.batch {
        let author = args.author.as_deref();
        let author = author.map(|code| parse::authority("--author", code));
        let batch = parse::batch("--batch", batch)?;
        return bulk::propagation((batch, author.transpose()?), context);
    }
    // One of both is said.
    let reference = args.reference.as_deref().unwrap_or_default();
    let ask = PropagationAsk {
        target: parse::target("REFERENCE", reference)?,
    };
    match context.ask(&Request::Propagation(ask))? {
        Reply::Propagation(view) => Ok(report::propagation(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
