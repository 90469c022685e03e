//! `concordat bundle`: proof as one file, out of a node and verified without one.

use concordat_protocol::admin::{BundleAsk, BundleView, ExitCode, Reply, Request};
use concordat_protocol::bundle;

use crate::args::{Bundle, BundleExport, BundleVerify};
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::report::{self, Report, Words};
use crate::{clock, parse};

pub(super) fn run(verb: &Bundle, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Bundle::Export(export) => self::export(export, context),
        Bundle::Verify(verify) => self::verify(verify, context.words),
    }
}

fn export(args: &BundleExport, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let look_up = &args.look_up;
    let ask = BundleAsk {
        target: parse::target("REFERENCE", &args.reference)?,
        look_up: look_up.read()?,
        receiver: parse::optional_authority("--receiver", args.receiver.as_ref())?,
    };
    let (bytes, view) = fetch(&Request::BundleExport(ask), context)?;
    files::create(&args.out, &bytes)?;
    let facts = [
        ("file", args.out.display().to_string()),
        ("reference", view.target.to_string()),
        ("bytes", view.bytes.to_string()),
        ("statements", view.statements.to_string()),
        ("bundle_digest", view.digest.to_string()),
    ];
    let mut report = report::facts(&facts, context.words);
    // spec: ADM-167
    if view.left_out > 0 {
        let count = view.left_out.to_string();
        let words = context.words.fill("left_out", &[("count", &count)]);
        report.page.gap();
        report.page.line(words);
    }
    report.json = serde_json::json!({
        "file": args.out.display().to_string(),
        "target": view.target.to_string(),
        "bytes": view.bytes,
        "statements": view.statements,
        "digest": view.digest.to_string(),
        "left_out": view.left_out,
    });
    Ok(report)
}

/// A file that a node makes, and what it says of it.
pub(super) fn fetch(
    request: &Request,
    context: &Context<'_>,
) -> Result<(Vec<u8>, BundleView), Failure> {
    let mut bytes = Vec::new();
    let last = context.with_node(async |client| {
        let take = |reply| match reply {
            Reply::Chunk(chunk) => {
                bytes.extend_from_slice(&chunk);
                Ok(())
            }
            other => Err(unexpected(&other)),
        };
        client.ask(request, take).await
    })?;
    let Reply::Bundle(view) = last else {
        return Err(unexpected(&last));
    };
    if view.bytes != bytes.len() as u64 {
        let failure = Failure::new(ExitCode::Unreachable, "connection-lost");
        return Err(failure.with("cause", format!("{} != {}", bytes.len(), view.bytes)));
    }
    Ok((bytes, view))
}

/// Verifies by the genesis alone: the trust chain comes with the bundle.
// spec: ADM-16
fn verify(args: &BundleVerify, words: Words) -> Result<Report, Failure> {
    let genesis = files::genesis(&args.genesis)?;
    let bytes = files::read(&args.file, bundle::BUNDLE_BYTES_MAX as u64)?;
    // spec: ADM-333
    if bytes.starts_with(&bundle::SLIP_MAGIC) {
        let verified = bundle::verify_slip(&bytes, &genesis.id(), None);
        let verified = verified.map_err(|error| files::unverified(&args.file, &error))?;
        return Ok(report::slip(&verified, clock::now(), words));
    }
    let verified = bundle::verify(&bytes, &genesis.id(), None)
        .map_err(|error| files::unverified(&args.file, &error))?;
    Ok(report::verified(&verified, clock::now(), words))
}
