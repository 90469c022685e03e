//! `concordat propagation`: who has done what an act asks.

use concordat_protocol::admin::{PropagationAsk, Reply, Request};

use crate::args::Propagation;
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn run(args: &Propagation, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = PropagationAsk {
        target: parse::target("REFERENCE", &args.reference)?,
    };
    match context.ask(&Request::Propagation(ask))? {
        Reply::Propagation(view) => Ok(report::propagation(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
