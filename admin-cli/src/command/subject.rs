//! `concordat subject` and `concordat statement`: look-ups, each with a row in the register.

use std::path::Path;

use concordat_protocol::admin::{ExitCode, LookUp, Reply, Request, StatementAsk, SubjectAsk};
use concordat_protocol::codec::Truth;
use serde_json::json;

use crate::args::{Statement, Subject};
use crate::client::{Client, unexpected};
use crate::command::{Context, files, lookup};
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn subject(args: &Subject, context: &Context<'_>) -> Result<Report, Failure> {
    let receipt = args.receipt.as_deref();
    let ask = SubjectAsk {
        code: parse::subject("CODE", &args.code)?,
        look_up: LookUp {
            purpose: parse::text("--purpose", &args.purpose)?,
            case_number: parse::text("--case", &args.case_number)?,
            basis: parse::text("--basis", &args.basis)?,
            scenario: parse::scenario(args.scenario.as_ref())?,
            receipt: receipt.map(|_| Truth),
        },
        as_of: parse::optional_day("--as-of", args.as_of.as_ref())?,
        skip: args.skip,
        records_skip: args.records_skip,
        clean_since: parse::optional_day("--clean-since", args.clean_since.as_ref())?,
        clean_years: args.clean_years,
    };
    let (reply, written) = ask_with_receipt(&Request::Subject(ask), receipt, context)?;
    match reply {
        Reply::Subject(answer) => {
            let report = report::subject(&answer, context.words);
            Ok(with_receipt(report, written, context))
        }
        other => Err(unexpected(&other)),
    }
}

pub(super) fn statement(args: &Statement, context: &Context<'_>) -> Result<Report, Failure> {
    let receipt = args.receipt.as_deref();
    let look_up = args.look_up.read()?;
    let look_up = look_up.map(|look_up| LookUp {
        receipt: receipt.map(|_| Truth),
        ..look_up
    });
    let ask = StatementAsk {
        target: parse::target("REFERENCE", &args.reference)?,
        look_up,
        answers_skip: args.answers_skip,
        as_of: parse::optional_day("--as-of", args.as_of.as_ref())?,
    };
    let (reply, written) = ask_with_receipt(&Request::Statement(ask), receipt, context)?;
    match reply {
        Reply::Statement(view) => {
            let report = report::statement(&view, context.words);
            Ok(with_receipt(report, written, context))
        }
        other => Err(unexpected(&other)),
    }
}

/// The file of a receipt, and why it is the bare receipt alone.
struct Written<'p> {
    path: &'p Path,
    unproven: Option<&'static str>,
}

/// Asks, and writes the receipt with what it takes to verify it to a file.
// spec: ADM-310
fn ask_with_receipt<'p>(
    request: &Request,
    path: Option<&'p Path>,
    context: &Context<'_>,
) -> Result<(Reply, Option<Written<'p>>), Failure> {
    let Some(path) = path else {
        return Ok((context.ask(request)?, None));
    };
    // Found only afterwards, it would withhold an answer that is in the register as given.
    // spec: ADM-479
    files::is_free(path)?;
    let (reply, file, unproven) = context.with_node(async |client| both(client, request).await)?;
    files::create(path, &file)?;
    Ok((reply, Some(Written { path, unproven })))
}

async fn both(
    client: &mut Client,
    request: &Request,
) -> Result<(Reply, Vec<u8>, Option<&'static str>), Failure> {
    let mut receipt = None;
    let take = |reply| match reply {
        Reply::Receipt(bytes) => {
            receipt = Some(bytes.into_vec());
            Ok(())
        }
        other => Err(unexpected(&other)),
    };
    let reply = client.ask(request, take).await?;
    let Some(receipt) = receipt else {
        let failure = Failure::new(ExitCode::Failed, "bad-reply");
        return Err(failure.with("cause", "the answer came without a receipt"));
    };
    // The row is written: neither the answer nor the receipt is kept from whoever asked.
    // spec: LKP-16
    match lookup::proof(client, receipt.clone()).await {
        Ok((file, _)) => Ok((reply, file, None)),
        Err(failure) => Ok((reply, receipt, Some(failure.key))),
    }
}

fn with_receipt(mut report: Report, written: Option<Written<'_>>, context: &Context<'_>) -> Report {
    if let Some(Written { path, unproven }) = written {
        let pair = context.words.pair("receipt", path.display());
        report.page.pairs(&[pair]);
        report.json["receipt"] = json!(path.display().to_string());
        if let Some(cause) = unproven {
            let blanks = [("cause", cause)];
            report
                .page
                .line(context.words.fill("receipt_unproven", &blanks));
            report.json["receipt_unproven"] = json!(cause);
        }
    }
    report
}
