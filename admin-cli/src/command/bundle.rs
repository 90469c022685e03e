//! `concordat bundle`: proof as one file, out of a node and verified without one.

use concordat_protocol::admin::{BundleAsk, ErrorCode, ExitCode, Reply, Request};

use crate::args::{Bundle, BundleExport, BundleVerify};
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn run(verb: &Bundle, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Bundle::Export(export) => self::export(export, context),
        Bundle::Verify(verify) => self::verify(verify),
    }
}

fn export(args: &BundleExport, context: &Context<'_>) -> Result<Report, Failure> {
    let look_up = &args.look_up;
    let ask = BundleAsk {
        target: parse::target("REFERENCE", &args.reference)?,
        look_up: parse::look_up(look_up.purpose.as_ref(), look_up.case_number.as_ref())?,
    };
    let mut bytes = Vec::new();
    let last = context.with_node(async |client| {
        let take = |reply| match reply {
            Reply::Chunk(chunk) => {
                bytes.extend_from_slice(&chunk);
                Ok(())
            }
            other => Err(unexpected(&other)),
        };
        client.ask(&Request::BundleExport(ask), take).await
    })?;
    let Reply::Bundle(view) = last else {
        return Err(unexpected(&last));
    };
    if view.bytes != bytes.len() as u64 {
        let failure = Failure::new(ExitCode::Unreachable, "connection-lost");
        return Err(failure.with("cause", format!("{} != {}", bytes.len(), view.bytes)));
    }
    files::create(&args.out, &bytes)?;
    let facts = [
        ("file", args.out.display().to_string()),
        ("target", view.target.to_string()),
        ("bytes", view.bytes.to_string()),
        ("statements", view.statements.to_string()),
        ("digest", view.digest.to_string()),
    ];
    Ok(report::facts(&facts, context.words))
}

/// Both files are read; what they prove cannot be said by this version.
fn verify(args: &BundleVerify) -> Result<Report, Failure> {
    files::genesis(&args.genesis)?;
    files::read(&args.file)?;
    let code = ErrorCode::NotSupported;
    Err(Failure::new(code.exit(), code.name()).with("what", "bundle verify"))
}
