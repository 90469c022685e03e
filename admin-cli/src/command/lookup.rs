//! `concordat lookup`: the register of look-ups, its receipts, and checks that were missed.

use std::path::Path;

use concordat_protocol::admin::{
    CASES_MAX, ExitCode, FirstLookUp, LookUpListAsk, LookUpMissedAsk, LookUpOutdatedAsk,
    LookUpProofView, LookUpProveAsk, LookUpResumeAsk, LookUpReviewAsk, LookUpToldAsk,
    LookUpsMissedView, Reply, Request,
};
use concordat_protocol::bundle::{LOOK_UP_BYTES_MAX, LookUpFile, verify_look_up};
use concordat_protocol::codec::Truth;
use concordat_protocol::lookup::{Case, Finding};
use concordat_protocol::time::Day;
use serde_bytes::ByteBuf;

use crate::args::{
    Lookup, LookupList, LookupMissed, LookupOutdated, LookupProve, LookupResume, LookupReview,
    LookupTold, LookupVerify,
};
use crate::client::{Client, unexpected};
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::report::{self, Report, Words};
use crate::{cases, clock, names, parse};

/// Bytes of a file of cases: a hundred thousand of them and more.
const CASES_BYTES_MAX: u64 = 64 << 20;

pub(super) fn run(verb: &Lookup, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Lookup::List(args) => list(args, context),
        Lookup::Review(args) => review(args, context),
        Lookup::Verify(args) => verify(args, context.words),
        Lookup::Prove(args) => prove(args, context),
        Lookup::Missed(args) => missed(args, context),
        Lookup::Outdated(args) => outdated(args, context),
        Lookup::Told(args) => told(args, context),
        Lookup::Resume(args) => resume(args, context),
    }
}

fn list(args: &LookupList, context: &Context<'_>) -> Result<Report, Failure> {
    let subject = args.subject.as_deref();
    let subject = subject.map(|code| parse::subject("--subject", code));
    let purpose = args.purpose.as_deref();
    let who = args.by.as_deref();
    let case_number = args.case_number.as_deref();
    let ask = LookUpListAsk {
        subject: subject.transpose()?,
        purpose: purpose
            .map(|text| parse::text("--purpose", text))
            .transpose()?,
        from: parse::optional_day("--from", args.from.as_ref())?,
        until: parse::optional_day("--until", args.until.as_ref())?,
        who: who.map(|text| parse::text("--by", text)).transpose()?,
        case_number: case_number
            .map(|text| parse::text("--case", text))
            .transpose()?,
        unreviewed: args.unreviewed.then_some(Truth),
        skip: args.skip,
    };
    parse::span(ask.from, ask.until)?;
    match context.ask(&Request::LookUpList(Box::new(ask)))? {
        Reply::LookUps(view) => Ok(report::look_ups(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}

fn review(args: &LookupReview, context: &Context<'_>) -> Result<Report, Failure> {
    let finding: Finding = names::parse("--finding", &args.finding)?;
    let mut rows = args.rows.clone();
    rows.sort_unstable();
    rows.dedup();
    marked(
        Request::LookUpReview(LookUpReviewAsk { rows, finding }),
        context,
    )
}

fn told(args: &LookupTold, context: &Context<'_>) -> Result<Report, Failure> {
    let row = args.row;
    let marks = args.marks.iter().map(|mark| parse::text("--mark", mark));
    let marks = marks.collect::<Result<_, _>>()?;
    marked(Request::LookUpTold(LookUpToldAsk { row, marks }), context)
}

/// Whoever agrees has seen how many rows there are and how many there were.
// spec: ADM-404
fn resume(args: &LookupResume, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = |dry_run| {
        let ask = LookUpResumeAsk { dry_run };
        match context.ask(&Request::LookUpResume(ask))? {
            Reply::LookUpResumed(view) => Ok(view),
            other => Err(unexpected(&other)),
        }
    };
    let planned = ask(true)?;
    if args.dry_run {
        return Ok(report::resumed(&planned, true, context.words));
    }
    let (rows, said) = (planned.rows.to_string(), planned.said.to_string());
    let blanks = [("rows", rows.as_str()), ("said", said.as_str())];
    context.confirm_question(&context.words.fill("confirm_resume", &blanks))?;
    Ok(report::resumed(&ask(false)?, false, context.words))
}

fn marked(request: Request, context: &Context<'_>) -> Result<Report, Failure> {
    match context.ask(&request)? {
        Reply::LookUpMarked(marked) => Ok(report::marked(&marked.rows, context.words)),
        other => Err(unexpected(&other)),
    }
}

/// Verifies by the genesis alone.
// spec: LKP-13
fn verify(args: &LookupVerify, words: Words) -> Result<Report, Failure> {
    let genesis = files::genesis(&args.genesis)?;
    let bytes = files::read(&args.file, LOOK_UP_BYTES_MAX as u64)?;
    let verified = verify_look_up(&bytes, &genesis.id())
        .map_err(|error| files::unverified(&args.file, &error))?;
    Ok(report::verified_look_up(&verified, words))
}

fn prove(args: &LookupProve, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let bytes = files::read(&args.file, LOOK_UP_BYTES_MAX as u64)?;
    let receipt =
        LookUpFile::receipt_of(&bytes).map_err(|error| files::unverified(&args.file, &error))?;
    let receipt = receipt.as_bytes().to_vec();
    let (bytes, view) = context.with_node(async |client| proof(client, receipt).await)?;
    files::create(&args.out, &bytes)?;
    Ok(report::look_up_proof(&view, &args.out, context.words))
}

/// The proof file of a receipt, as a node makes it.
pub(super) async fn proof(
    client: &mut Client,
    receipt: Vec<u8>,
) -> Result<(Vec<u8>, LookUpProofView), Failure> {
    let receipt = ByteBuf::from(receipt);
    let mut bytes = Vec::new();
    let take = |reply| match reply {
        Reply::Chunk(chunk) => {
            bytes.extend_from_slice(&chunk);
            Ok(())
        }
        other => Err(unexpected(&other)),
    };
    let ask = Request::LookUpProve(LookUpProveAsk { receipt });
    let last = client.ask(&ask, take).await?;
    let Reply::LookUpProof(view) = last else {
        return Err(unexpected(&last));
    };
    if view.bytes != bytes.len() as u64 {
        let failure = Failure::new(ExitCode::Unreachable, "connection-lost");
        return Err(failure.with("cause", format!("{} != {}", bytes.len(), view.bytes)));
    }
    Ok((bytes, view))
}

// spec: LKP-61
fn missed(args: &LookupMissed, context: &Context<'_>) -> Result<Report, Failure> {
    if let Some(path) = &args.csv {
        files::folder_of(path)?;
    }
    let today = Day::of(clock::now()).unwrap_or(Day::MAX);
    let cases = cases_of(&args.file, today)?;
    let view = context.with_node(async |client| first_look_ups(client, &cases).await)?;
    let checked = cases::check(&cases, &view);
    if let Some(path) = &args.csv {
        files::create(path, report::missed_csv(&cases, &checked).as_bytes())?;
    }
    let csv = args.csv.as_deref();
    let report = report::missed(&cases, &checked, (csv, &view.lost), context.words);
    Ok(report)
}

fn cases_of(path: &Path, today: Day) -> Result<Vec<Case>, Failure> {
    let bytes = files::read(path, CASES_BYTES_MAX)?;
    cases::read(&bytes, today).map_err(|failure| failure.path(path))
}

async fn first_look_ups(client: &mut Client, cases: &[Case]) -> Result<LookUpsMissedView, Failure> {
    let mut all = LookUpsMissedView {
        found: Vec::new(),
        kept_since: None,
        gone: None,
        behind: None,
        unreadable: None,
        lost: Vec::new(),
    };
    for (part, asked) in (0..).zip(cases.chunks(CASES_MAX)) {
        let ask = LookUpMissedAsk {
            cases: asked.to_vec(),
        };
        let request = Request::LookUpMissed(ask);
        let last = client
            .ask(&request, |reply| Err(unexpected(&reply)))
            .await?;
        let Reply::LookUpsMissed(view) = last else {
            return Err(unexpected(&last));
        };
        let first = part * CASES_MAX as u64;
        all.kept_since = view.kept_since;
        all.gone = all.gone.max(view.gone);
        all.behind = all.behind.or(view.behind);
        all.unreadable = all.unreadable.max(view.unreadable);
        all.lost = view.lost;
        all.found.extend(view.found.iter().map(|one| FirstLookUp {
            case: one.case.saturating_add(first),
            at: one.at,
        }));
    }
    Ok(all)
}

fn outdated(args: &LookupOutdated, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = LookUpOutdatedAsk { skip: args.skip };
    match context.ask(&Request::LookUpOutdated(ask))? {
        Reply::LookUpsOutdated(view) => Ok(report::outdated(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
