//! `concordat subject` and `concordat statement`: look-ups, each with a row in the register.

use concordat_protocol::admin::{LookUp, Reply, Request, StatementAsk, SubjectAsk};

use crate::args::{Statement, Subject};
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn subject(args: &Subject, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = SubjectAsk {
        code: parse::subject("CODE", &args.code)?,
        look_up: LookUp {
            purpose: parse::text("--purpose", &args.purpose)?,
            case_number: parse::text("--case", &args.case_number)?,
            basis: parse::text("--basis", &args.basis)?,
        },
        as_of: parse::optional_day("--as-of", args.as_of.as_ref())?,
        skip: args.skip,
        records_skip: args.records_skip,
    };
    match context.ask(&Request::Subject(ask))? {
        Reply::Subject(answer) => Ok(report::subject(&answer, context.words)),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn statement(args: &Statement, context: &Context<'_>) -> Result<Report, Failure> {
    let look_up = &args.look_up;
    let ask = StatementAsk {
        target: parse::target("REFERENCE", &args.reference)?,
        look_up: look_up.read()?,
        as_of: parse::optional_day("--as-of", args.as_of.as_ref())?,
    };
    match context.ask(&Request::Statement(ask))? {
        Reply::Statement(view) => Ok(report::statement(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
