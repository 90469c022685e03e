//! `concordat slip`: for the organisation that objected, proof of that as one file.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use concordat_protocol::admin::{
    BundleAsk, ExitCode, LookUp, Reply, Request, StatementAsk, Target,
};
use concordat_protocol::bundle::{BundleError, Slip, TrustChain, VerifiedSlip, verify_slip};
use concordat_protocol::log::Origin;
use serde_json::{Value, json};

use crate::client::unexpected;
use crate::command::{Context, bundle, files};
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::{args, clock, parse, text};

/// How long an objection just recorded is waited for to be witnessed.
// spec: ADM-332
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn run(args: &args::Slip, context: &Context<'_>) -> Result<Report, Failure> {
    files::is_free(&args.out)?;
    let ask = BundleAsk {
        target: parse::target("REFERENCE", &args.reference)?,
        look_up: args.look_up.read()?,
        receiver: None,
    };
    write(ask, &args.out, context)
}

/// Sees that the file can be made, before anything is recorded: that it may be written, and that the node gives
/// it without saying what for, where nobody says so.
// spec: ADM-332, ADM-403
pub(super) fn can_be_made(
    target: &Target,
    look_up: Option<&LookUp>,
    out: &Path,
    context: &Context<'_>,
) -> Result<(), Failure> {
    files::is_free(out)?;
    let ask = StatementAsk {
        target: target.clone(),
        look_up: None,
        answers_skip: None,
        as_of: None,
    };
    if look_up.is_some() {
        return Ok(());
    }
    match context.ask(&Request::Statement(ask)) {
        Ok(Reply::Statement(_)) => Ok(()),
        Ok(other) => Err(unexpected(&other)),
        Err(failure) => Err(failure),
    }
}

/// Makes the slip of an objection just recorded, as soon as it is witnessed. What was recorded stays so
/// whatever becomes of the file.
// spec: ADM-332
pub(super) fn of_recorded(
    mut recorded: Report,
    look_up: Option<LookUp>,
    out: &Path,
    context: &Context<'_>,
) -> Result<Report, Failure> {
    let reference = recorded.json["reference"].as_str().unwrap_or_default();
    let (reference, words) = (reference.to_owned(), context.words);
    let target: Target = parse::target("REFERENCE", &reference)?;
    let until = Instant::now() + PATIENCE;
    let made = loop {
        let ask = BundleAsk {
            target: target.clone(),
            look_up: look_up.clone(),
            receiver: None,
        };
        match write(ask, out, context) {
            Err(failure) if failure.key == "not-witnessed" && Instant::now() < until => {
                thread::sleep(PAUSE);
            }
            made => break made,
        }
    };
    recorded.page.gap();
    match made {
        Ok(slip) => {
            let file = out.display().to_string();
            let line = words.fill("slip_written", &[("file", &file)]);
            recorded.page.line(line);
            recorded.json["slip"] = slip.json;
        }
        Err(failure) => {
            let line = match failure.key {
                "not-witnessed" => words.fill("slip_pending", &[("reference", &reference)]),
                _ => {
                    let cause = text::failure(words.0, &failure);
                    words.fill(
                        "slip_failed",
                        &[("reference", &reference), ("cause", &cause)],
                    )
                }
            };
            recorded.page.line(line);
            recorded.json["slip"] = Value::Null;
            recorded.json["slip_error"] = json!(failure.key);
            recorded.exit = ExitCode::Failed;
        }
    }
    Ok(recorded)
}

/// Fetches a slip, verifies it as its reader will, writes it, and shows it for printing.
fn write(ask: BundleAsk, out: &Path, context: &Context<'_>) -> Result<Report, Failure> {
    let (bytes, view) = bundle::fetch(&Request::Slip(ask), context)?;
    let verified = verified(&bytes, &view.target.origin, out)?;
    files::create(out, &bytes)?;
    let words = context.words;
    let mut shown = report::slip(&verified, clock::now(), words);
    let file = out.display().to_string();
    shown.page.gap();
    shown
        .page
        .line(words.fill("slip_written", &[("file", &file)]));
    if view.left_out > 0 {
        let count = view.left_out.to_string();
        shown
            .page
            .line(words.fill("left_out", &[("count", &count)]));
    }
    shown.json["file"] = json!(file);
    shown.json["left_out"] = json!(view.left_out);
    Ok(shown)
}

/// By the network of the node asked, which is taken on its word here: the reader of the file takes it from
/// the genesis file.
fn verified(bytes: &[u8], origin: &Origin, out: &Path) -> Result<VerifiedSlip<'static>, Failure> {
    let read = || {
        let found = match Slip::decode(bytes)?.bundle().trust() {
            TrustChain::Included { genesis, .. } => genesis.id(),
            TrustChain::External { size, .. } => {
                return Err(BundleError::RegistryNeeded { size: *size });
            }
        };
        let (_, network) = origin.network();
        match found.to_string() == network {
            true => verify_slip(bytes, &found, None),
            false => Err(BundleError::OtherAnchor { found }),
        }
    };
    read().map_err(|error| files::unverified(out, &error))
}
