//! `concordat change`: any change of the registry, from proposal to submission.

use std::path::Path;

use concordat_certs::change::{ApprovalFile, PendingChange};
use concordat_protocol::admin::{ExitCode, Reply, Request, SubmitAsk, Submitted};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Content, Policy};
use serde_bytes::ByteBuf;
use serde_json::json;

use crate::args::{
    Change, ChangeApprove, ChangeCalendar, ChangeContent, ChangePolicy, ChangeShow, ChangeSubmit,
};
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::{Failure, chain};
use crate::names::Named;
use crate::page::Page;
use crate::report::{self, Fact, Report, Words};
use crate::{catalogue, clock, deadlines, measures, parse};

pub(super) fn run(verb: &Change, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Change::Catalogue(change) => catalogue(change, context),
        Change::Calendar(change) => calendar(change, context),
        Change::Deadlines(change) => deadline_rules(change, context),
        Change::Measures(change) => measure_catalogue(change, context),
        Change::Policy(change) => policy(change, context),
        Change::Show(show) => self::show(show, context),
        Change::Approve(approve) => self::approve(approve, context),
        Change::Submit(submit) => self::submit(submit, context),
    }
}

fn catalogue(args: &ChangeContent, context: &Context<'_>) -> Result<Report, Failure> {
    let text = files::read_text(&args.file)?;
    let catalogue = catalogue::parse(&text, &args.file)?;
    propose(
        Content::ItemCatalogue(catalogue),
        &args.genesis,
        &args.out,
        Held::Counts,
        context,
    )
}

fn calendar(args: &ChangeCalendar, context: &Context<'_>) -> Result<Report, Failure> {
    let text = files::read_text(&args.file)?;
    let covers = args.covers.as_deref();
    let covers = covers.map(|text| parse::day("--covers", text));
    let calendar = deadlines::calendar(&text, &args.file, covers.transpose()?)?;
    let content = Content::Calendar(Box::new(calendar));
    propose(content, &args.genesis, &args.out, Held::Counts, context)
}

fn deadline_rules(args: &ChangeContent, context: &Context<'_>) -> Result<Report, Failure> {
    let text = files::read_text(&args.file)?;
    let rules = deadlines::rules(&text, &args.file)?;
    let content = Content::DeadlineRules(Box::new(rules));
    propose(content, &args.genesis, &args.out, Held::Counts, context)
}

fn measure_catalogue(args: &ChangeContent, context: &Context<'_>) -> Result<Report, Failure> {
    let text = files::read_text(&args.file)?;
    let catalogue = measures::parse(&text, &args.file)?;
    let content = Content::MeasureCatalogue(Box::new(catalogue));
    propose(content, &args.genesis, &args.out, Held::Counts, context)
}

fn policy(args: &ChangePolicy, context: &Context<'_>) -> Result<Report, Failure> {
    let cosigners = args
        .cosigner
        .iter()
        .map(|code| parse::authority("--cosigner", code));
    let mut cosigners: Vec<_> = cosigners.collect::<Result<_, _>>()?;
    cosigners.sort();
    // The times are those of genesis: nothing else that the tool writes has changed them.
    let policy = Policy {
        cosigners,
        quorum: args.quorum,
        faults: args.faults,
        ..files::genesis(&args.genesis)?.fields().policy.clone()
    };
    let (content, held) = (Content::Policy(policy), Held::Counts);
    propose(content, &args.genesis, &args.out, held, context)
}

/// Whether what a node holds of a log counts against what a cut-off of its key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Counts,
    /// The administrator says that it is itself the wrong history.
    IsWrong,
}

impl Held {
    pub(super) const fn of(is_wrong: bool) -> Self {
        match is_wrong {
            true => Self::IsWrong,
            false => Self::Counts,
        }
    }

    fn ask(self, change: Vec<u8>, dry_run: bool) -> Request {
        Request::Submit(SubmitAsk {
            change: ByteBuf::from(change),
            dry_run,
            held_is_wrong: (self == Self::IsWrong).then_some(Truth),
        })
    }
}

/// Writes a proposal for two approvers.
pub(super) fn propose(
    content: Content,
    genesis: &Path,
    out: &Path,
    held: Held,
    context: &Context<'_>,
) -> Result<Report, Failure> {
    files::folder_of(out)?;
    let genesis = files::genesis(genesis)?;
    let pending = PendingChange::new(&genesis, clock::now(), content)
        .map_err(|error| Failure::usage("change-unfit").with("cause", chain(&error)))?;
    let looked_at = weigh(&pending, held, context)?;
    pending
        .create(out)
        .map_err(|error| files::change_file(out, &error))?;
    let summary = pending.summary(&genesis, context.words.0);
    let more = [Fact::of("file", out.display()), looked_at];
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "proposal_next"))
}

fn show(args: &ChangeShow, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = files::genesis(&args.genesis)?;
    let pending = files::proposal(&args.proposal, &genesis)?;
    Ok(report::summary(
        &pending.summary(&genesis, context.words.0),
        &[],
        context.words,
    ))
}

fn approve(args: &ChangeApprove, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let genesis = files::genesis(&args.genesis)?;
    let mut pending = files::proposal(&args.proposal, &genesis)?;
    let key = files::approver(&args.key)?;
    let looked_at = weigh(&pending, Held::of(args.held_history_is_wrong), context)?;
    let summary = pending.summary(&genesis, context.words.0);
    let shown = report::summary(&summary, std::slice::from_ref(&looked_at), context.words);
    let class = context.words.code(pending.payload().class());
    context.confirm_shown(&shown, "confirm_approve", &class)?;
    let approval = pending
        .approve(&genesis, &key)
        .map_err(|error| files::approval(&args.key, &error))?;
    // What is shown counts this approval; the proposal itself does not hold it. One that does not
    // count leaves no file.
    // spec: ADM-195
    pending
        .add(&genesis, approval.clone())
        .map_err(|error| files::approval(&args.key, &error))?;
    approval
        .create(&args.out)
        .map_err(|error| files::change_file(&args.out, &error))?;
    let more = [Fact::of("file", args.out.display()), looked_at];
    let summary = pending.summary(&genesis, context.words.0);
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "approval_next"))
}

/// Lets a node say, where one is named and answers, whether a change would hold in the registry as it
/// is; what can be told without one has been told. The hub looks at it again in the end.
// spec: ADM-87
pub(super) fn weigh(
    pending: &PendingChange,
    held: Held,
    context: &Context<'_>,
) -> Result<Fact, Failure> {
    let global = &context.arguments.global;
    let said = |code, words| Ok(Fact::coded("registry_looked_at", code, words));
    let not_asked = || said("not-asked", context.words.word("registry_not_asked"));
    let admits = || said("admits", context.words.word("registry_admits"));
    if global.node.is_none() && global.remote.is_none() {
        return not_asked();
    }
    let change = pending
        .encode()
        .map_err(|error| Failure::usage("change-unfit").with("cause", chain(&error)))?;
    match context.ask(&held.ask(change, true)) {
        Ok(_) => admits(),
        // It was looked at before these are said.
        Err(failure) if ["not-the-hub", "approvals-missing"].contains(&failure.key) => admits(),
        // spec: ADM-143
        Err(failure) if failure.key == "recovery-missing" => {
            let missing = failure.blank("missing");
            let words = context
                .words
                .fill("registry_wants_recovery", &[("missing", missing)]);
            said("recovery-missing", words)
        }
        Err(failure) if failure.exit == ExitCode::Unreachable => not_asked(),
        Err(failure) => Err(failure),
    }
}

/// Puts the approvals together and hands the change to the hub.
pub(super) fn submit(args: &ChangeSubmit, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = match (&args.genesis, &context.arguments.global.node) {
        (Some(path), _) => files::genesis(path)?,
        (None, Some(directory)) => files::genesis_of(None, directory)?,
        (None, None) => return Err(Failure::usage("genesis-wanted")),
    };
    let mut pending: PendingChange = files::proposal(&args.proposal, &genesis)?;
    for path in &args.approval {
        let approval =
            ApprovalFile::read(path).map_err(|error| files::change_file(path, &error))?;
        pending
            .add(&genesis, approval)
            .map_err(|error| files::approval(path, &error))?;
    }
    let missing = pending.missing(&genesis);
    if missing > 0 {
        let exit = ExitCode::VerificationFailed;
        return Err(Failure::new(exit, "approvals-missing").with("missing", missing));
    }
    if !args.dry_run {
        let summary = pending.summary(&genesis, context.words.0);
        let shown = report::summary(&summary, &[], context.words);
        let class = context.words.code(pending.payload().class());
        context.confirm_shown(&shown, "confirm_submit", &class)?;
    }
    let bytes = pending
        .encode()
        .map_err(|error| files::unverified(&args.proposal, &error))?;
    let held = Held::of(args.held_history_is_wrong);
    match context.ask(&held.ask(bytes, args.dry_run))? {
        Reply::Submitted(view) => Ok(submitted(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}

fn submitted(view: &Submitted, words: Words) -> Report {
    let mut page = Page::default();
    let mut pairs = vec![words.pair("class", words.code(view.class))];
    match &view.reference {
        Some(reference) => pairs.push(words.pair("recorded_as", report::short(reference))),
        None => page.line(words.word("dry_run_note")),
    }
    pairs.push(words.pair("registry_size", view.registry_size));
    page.pairs(&pairs);
    let json = json!({
        "class": view.class.name(),
        "dry_run": view.reference.is_none(),
        "reference": report::ref_json(view.reference.as_ref()),
        "registry_size": view.registry_size.value(),
    });
    Report::new(page, json)
}
