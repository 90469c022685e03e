//! `concordat agreement`: from a file to what is in force, and out of it again.

use std::path::{Path, PathBuf};

use concordat_certs::agreement::PendingAgreement;
use concordat_certs::change::ApprovalFile;
use concordat_protocol::admin::{
    AccedeAsk, AgreementApproveAsk, AgreementApproved, AgreementListAsk, AgreementLogAsk,
    AgreementLogged, AgreementsView, ExitCode, RecogniseAsk, Reply, Request, RetireAsk,
    StatementAsk, StatementView, Target,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Class, RecognitionAnswer, RecognitionReason, StatementRef};
use concordat_protocol::trust::Genesis;
use serde_bytes::ByteBuf;

use crate::args::{
    Accede, Agreement, AgreementAnswer, AgreementApprove, AgreementList, AgreementLog,
    AgreementPropose, AgreementShow, Retire,
};
use crate::client::unexpected;
use crate::command::{Context, act, files, record};
use crate::failure::{Failure, chain};
use crate::report::{self, Fact, Report};
use crate::{agreement, clock, names, parse, terminal};

pub(super) fn run(verb: &Agreement, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Agreement::Propose(args) => propose(args, context),
        Agreement::Show(args) => show(args, context),
        Agreement::Approve(args) => approve(args, context),
        Agreement::Log(args) => log(args, context),
        Agreement::List(args) => list(args, context),
        Agreement::Accede(args) => accede(args, context),
        Agreement::Retire(args) => retire(args, context),
        Agreement::Answer(args) => answer(args, context),
    }
}

fn propose(args: &AgreementPropose, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let genesis = genesis(args.genesis.as_ref(), context)?;
    let text = files::read_text(&args.file)?;
    let follows = match &args.first {
        Some(first) => Some(next_version(first, context)?),
        None => None,
    };
    let agreement = agreement::parse(&text, &args.file, follows)?;
    let pending = PendingAgreement::new(&genesis, clock::now(), agreement)
        .map_err(|error| Failure::value("parties", "…", chain(&error)))?;
    pending
        .create(&args.out)
        .map_err(|error| files::change_file(&args.out, &error))?;
    let summary = pending.summary(&genesis, context.words.0);
    let more = [Fact::of("file", args.out.display())];
    let mut report = report::summary(&summary, &more, context.words);
    // spec: ADM-382
    if is_node_named(context) {
        let ask = AgreementLogAsk {
            proposal: ByteBuf::from(bytes(&args.out, &pending)?),
            approvals: Vec::new(),
            dry_run: true,
            show: Some(Truth),
        };
        let doubts = logged(ask, context)?.doubts;
        report = report::doubts(report, &doubts, context.words);
    }
    Ok(report.with_next(context.words, "agreement_proposed"))
}

fn is_node_named(context: &Context<'_>) -> bool {
    let global = &context.arguments.global;
    global.node.is_some() || global.remote.is_some()
}

/// The number that comes next, and the first version.
// spec: ADM-238
fn next_version(named: &str, context: &Context<'_>) -> Result<(u32, StatementRef), Failure> {
    let ask = AgreementListAsk {
        party: None,
        agreement: Some(parse::target("--first", named)?),
        as_of: None,
        skip: None,
    };
    let mut view = agreements(ask, context)?;
    while let Some(skip) = view.next_skip {
        let ask = AgreementListAsk {
            party: None,
            agreement: Some(parse::target("--first", named)?),
            as_of: None,
            skip: Some(skip),
        };
        view = agreements(ask, context)?;
    }
    let newest = view.agreements.last();
    let newest = newest.ok_or_else(|| {
        Failure::new(ExitCode::NotFound, "no-version-of-ours").with("target", named)
    })?;
    let first = newest.first.clone();
    let first = first.unwrap_or_else(|| newest.reference.clone());
    Ok((newest.version.saturating_add(1), first))
}

fn show(args: &AgreementShow, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = genesis(args.genesis.as_ref(), context)?;
    let pending = proposal(&args.proposal, &genesis)?;
    let approvals = approvals(&args.approval, &pending, &genesis)?;
    let summary = pending.summary(&genesis, context.words.0);
    let report = report::summary(&summary, &[], context.words);
    if !is_node_named(context) {
        return Ok(report.with_next(context.words, "agreement_not_asked"));
    }
    let ask = AgreementLogAsk {
        proposal: ByteBuf::from(bytes(&args.proposal, &pending)?),
        approvals,
        dry_run: true,
        show: Some(Truth),
    };
    let view = logged(ask, context)?;
    Ok(report::parties(report, &view, context.words))
}

// spec: ADM-235
fn approve(args: &AgreementApprove, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let genesis = genesis(args.genesis.as_ref(), context)?;
    let pending = proposal(&args.proposal, &genesis)?;
    let summary = pending.summary(&genesis, context.words.0);
    let ask = |dry_run| -> Result<Request, Failure> {
        Ok(Request::AgreementApprove(AgreementApproveAsk {
            proposal: ByteBuf::from(bytes(&args.proposal, &pending)?),
            dry_run,
        }))
    };
    // Refused before anybody is asked to read it.
    let doubts = approved(&ask(true)?, context)?.doubts;
    let shown = report::summary(&summary, &[], context.words);
    let shown = report::doubts(shown, &doubts, context.words);
    if args.dry_run {
        return Ok(shown.with_next(context.words, "dry_run_note"));
    }
    let title = pending.agreement().map(|fields| fields.title.to_string());
    let title = title.map_err(|error| files::unverified(&args.proposal, &error))?;
    context.confirm_shown(&shown, "confirm_agreement", &title)?;
    let approval = approved(&ask(false)?, context)?.approval;
    let approval = approval
        .ok_or_else(|| Failure::new(ExitCode::Failed, "bad-reply").with("cause", "no approval"))?;
    let approval =
        ApprovalFile::decode(&approval).map_err(|error| files::unverified(&args.out, &error))?;
    approval
        .create(&args.out)
        .map_err(|error| files::change_file(&args.out, &error))?;
    let more = [Fact::of("file", args.out.display())];
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "agreement_approved"))
}

// spec: ADM-236, ADM-237
fn log(args: &AgreementLog, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = genesis(args.genesis.as_ref(), context)?;
    let pending = proposal(&args.proposal, &genesis)?;
    let approvals = approvals(&args.approval, &pending, &genesis)?;
    let ask = |dry_run| -> Result<AgreementLogAsk, Failure> {
        Ok(AgreementLogAsk {
            proposal: ByteBuf::from(bytes(&args.proposal, &pending)?),
            approvals: approvals.clone(),
            dry_run,
            show: None,
        })
    };
    if !args.dry_run {
        let summary = pending.summary(&genesis, context.words.0);
        let shown = report::summary(&summary, &[], context.words);
        let title = pending.agreement().map(|fields| fields.title.to_string());
        let title = title.map_err(|error| files::unverified(&args.proposal, &error))?;
        context.confirm_shown(&shown, "confirm_act", &title)?;
    }
    let view = logged(ask(args.dry_run)?, context)?;
    Ok(report::logged(&view, context.words))
}

fn list(args: &AgreementList, context: &Context<'_>) -> Result<Report, Failure> {
    let only = args.only.as_ref();
    let ask = AgreementListAsk {
        party: parse::optional_authority("--party", args.party.as_ref())?,
        agreement: only
            .map(|only| parse::target("REFERENCE", only))
            .transpose()?,
        as_of: parse::optional_day("--as-of", args.as_of.as_ref())?,
        skip: args.skip,
    };
    let view = agreements(ask, context)?;
    Ok(report::agreements(&view, context.words))
}

fn accede(args: &Accede, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = AccedeAsk {
        agreement: parse::target("REFERENCE", &args.reference)?,
        from: parse::day("--from", &args.from)?,
        dry_run: args.dry_run,
    };
    let what = (Class::Accession, args.reference.as_str());
    confirm(what, &ask.agreement, args.dry_run, context)?;
    act::record(&Request::Accede(ask), context)
}

fn retire(args: &Retire, context: &Context<'_>) -> Result<Report, Failure> {
    let ask = RetireAsk {
        agreement: parse::target("REFERENCE", &args.reference)?,
        version: args.leaves,
        from: parse::day("--from", &args.from)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        dry_run: args.dry_run,
    };
    let what = (Class::Retirement, args.reference.as_str());
    confirm(what, &ask.agreement, args.dry_run, context)?;
    act::record(&Request::Retire(ask), context)
}

/// Says whether this authority relies on a decision that it was told of.
// spec: ADM-410
fn answer(args: &AgreementAnswer, context: &Context<'_>) -> Result<Report, Failure> {
    let reason = args.not_recognised.as_ref();
    let reason = reason.map(|name| names::parse::<RecognitionReason>("--not-recognised", name));
    let said = match (args.recognise, args.for_information) {
        (true, _) => RecognitionAnswer::Recognised,
        (false, true) => RecognitionAnswer::ForInformation,
        (false, false) => RecognitionAnswer::NotRecognised,
    };
    let target = |flag: &str, named: Option<&String>| {
        let named = named.map(|named| parse::target(flag, named));
        named.transpose()
    };
    let reasons = args.reasons.as_ref();
    let reasons = reasons.map(|text| parse::text("--reasons", text));
    let ask = RecogniseAsk {
        asked: parse::target("REFERENCE", &args.reference)?,
        decision: target("--decision", args.decision.as_ref())?,
        answer: said,
        agreement: target("--agreement", args.agreement.as_ref())?,
        clause: args.clause.clone(),
        measures: record::measures(&args.measure)?,
        reason: reason.transpose()?,
        reasons: reasons.transpose()?,
        dry_run: args.dry_run,
        look_up: args.look_up.read()?,
    };
    if !args.dry_run {
        let words = context.words;
        let what = words.headed(words.code(Class::RecognitionResponse), &args.reference);
        let decision = decision_asked(&ask, context)?;
        let says = report::answer_asked(&ask, decision.as_ref(), words);
        let what = words.headed(what, words.list(&says));
        match &decision {
            Some(decision) if terminal::is_asked(context.arguments) => {
                match act::target_shown(decision, context)? {
                    Some(shown) => context.confirm_shown(&shown, "confirm_act", &what)?,
                    None => context.confirm("confirm_act", &what)?,
                }
            }
            Some(_) | None => context.confirm("confirm_act", &what)?,
        }
    }
    act::record(&Request::Recognise(Box::new(ask)), context)
}

/// The decision that is answered, for the question: the one named, or where a person is asked the only one that
/// what asks names, as a dry run says it.
// spec: ADM-470
fn decision_asked(ask: &RecogniseAsk, context: &Context<'_>) -> Result<Option<Target>, Failure> {
    if ask.decision.is_some() || !terminal::is_asked(context.arguments) {
        return Ok(ask.decision.clone());
    }
    let dry = RecogniseAsk {
        dry_run: true,
        ..ask.clone()
    };
    match context.ask(&Request::Recognise(Box::new(dry)))? {
        Reply::Recorded(view) => Ok(Some(Target::Position {
            origin: view.target.origin.clone(),
            index: view.target.index,
        })),
        other => Err(unexpected(&other)),
    }
}

/// Asks before what goes into the log for ever, with every word of the agreement that it is about.
// spec: ADM-198, ADM-240
fn confirm(
    (class, named): (Class, &str),
    agreement: &Target,
    dry_run: bool,
    context: &Context<'_>,
) -> Result<(), Failure> {
    if dry_run {
        return Ok(());
    }
    let words = context.words;
    let what = words.headed(words.code(class), named);
    if !terminal::is_asked(context.arguments) {
        return context.confirm("confirm_act", &what);
    }
    let view = statement(agreement, context)?;
    match &view.agreement {
        Some(agreement) => {
            let shown = report::agreement_words(agreement, words);
            context.confirm_shown(&shown, "confirm_act", &what)
        }
        None => context.confirm("confirm_act", &what),
    }
}

fn statement(target: &Target, context: &Context<'_>) -> Result<Box<StatementView>, Failure> {
    let ask = StatementAsk {
        target: target.clone(),
        look_up: None,
        answers_skip: None,
        as_of: None,
    };
    match context.ask(&Request::Statement(ask))? {
        Reply::Statement(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn agreements(
    ask: AgreementListAsk,
    context: &Context<'_>,
) -> Result<Box<AgreementsView>, Failure> {
    match context.ask(&Request::AgreementList(ask))? {
        Reply::Agreements(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn logged(ask: AgreementLogAsk, context: &Context<'_>) -> Result<AgreementLogged, Failure> {
    match context.ask(&Request::AgreementLog(ask))? {
        Reply::AgreementLogged(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn approved(request: &Request, context: &Context<'_>) -> Result<AgreementApproved, Failure> {
    match context.ask(request)? {
        Reply::AgreementApproved(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

fn genesis(named: Option<&PathBuf>, context: &Context<'_>) -> Result<Genesis, Failure> {
    match (named, &context.arguments.global.node) {
        (Some(path), _) => files::genesis(path),
        (None, Some(directory)) => files::genesis_of(None, directory),
        (None, None) => Err(Failure::usage("genesis-wanted")),
    }
}

fn proposal(path: &Path, genesis: &Genesis) -> Result<PendingAgreement, Failure> {
    PendingAgreement::read(path, genesis).map_err(|error| files::change_file(path, &error))
}

fn approval(path: &Path) -> Result<ApprovalFile, Failure> {
    ApprovalFile::read(path).map_err(|error| files::change_file(path, &error))
}

fn bytes(path: &Path, pending: &PendingAgreement) -> Result<Vec<u8>, Failure> {
    let bytes = pending.encode();
    bytes.map_err(|error| files::unverified(path, &error))
}

/// Approvals of a proposal, each of which fits it, as the node takes them.
fn approvals(
    paths: &[PathBuf],
    pending: &PendingAgreement,
    genesis: &Genesis,
) -> Result<Vec<ByteBuf>, Failure> {
    let read = |path: &PathBuf| {
        let approval = approval(path)?;
        let fits = pending.approval(genesis, &approval);
        fits.map_err(|error| files::unverified(path, &error))?;
        encoded(path, &approval)
    };
    paths.iter().map(read).collect()
}

fn encoded(path: &Path, approval: &ApprovalFile) -> Result<ByteBuf, Failure> {
    let bytes = approval.encode().map(ByteBuf::from);
    bytes.map_err(|error| files::unverified(path, &error))
}
