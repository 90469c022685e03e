//! Records: out of a file, or, for what authorities ask of each other, out of flags.

use concordat_protocol::admin::{RecordAsk, Reply, Request};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{
    Answer, Class, Code, Duty, Execution, LegalBasis, Measure, Verification,
};

use crate::args::{Feedback, Initiate, Output, Push, Record, RecordFlags, Respond};
use crate::client::unexpected;
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::{names, parse, record, terminal};

pub(super) fn run(verb: &Record, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Record::Template(args) => {
            let class = record::class("CLASS", &args.class)?;
            let template = report::record_template(class, context.words);
            if context.arguments.global.output == Output::Json {
                return Ok(report::template_json(class, &template));
            }
            terminal::print_raw(&template)?;
            Ok(Report::silent())
        }
        Record::Issue(args) => {
            let mut ask = record::parse(&files::read_text(&args.file)?, &args.file)?;
            ask.issuer = parse::optional_authority("--issuer", args.issuer.as_ref())?;
            ask.dry_run = args.dry_run;
            issue(ask, &args.file.display().to_string(), context)
        }
    }
}

pub(super) fn initiate(args: &Initiate, context: &Context<'_>) -> Result<Report, Failure> {
    let mut ask = asked(Class::Initiation, &args.reference, &args.flags)?;
    ask.said.to = authorities(&args.to)?;
    ask.said.measures = measures(&args.measure)?;
    ask.said.reasons = Some(parse::text("--reasons", &args.reasons)?);
    issue(ask, &args.reference.join(", "), context)
}

pub(super) fn respond(args: &Respond, context: &Context<'_>) -> Result<Report, Failure> {
    let mut ask = asked(
        Class::Response,
        std::slice::from_ref(&args.reference),
        &args.flags,
    )?;
    let (flag, answer, reasons) = match (&args.not_competent, &args.no_such_subject, &args.no_basis)
    {
        (Some(reasons), _, _) => ("--not-competent", Answer::NotCompetent, Some(reasons)),
        (None, Some(reasons), _) => ("--no-such-subject", Answer::NoSuchSubject, Some(reasons)),
        (None, None, Some(reasons)) => ("--no-basis", Answer::NoBasis, Some(reasons)),
        (None, None, None) => ("--accept", Answer::Accepted, None),
    };
    ask.said.answer = Some(answer);
    ask.said.reasons = reasons.map(|text| parse::text(flag, text)).transpose()?;
    ask.said.measures = measures(&args.measure)?;
    if let (Some(law), Some(article), Some(level)) = (&args.law, &args.article, &args.level) {
        ask.said.article = Some(LegalBasis {
            law: parse::text("--law", law)?,
            article: parse::text("--article", article)?,
            level: names::parse("--level", level)?,
        });
    }
    issue(ask, &args.reference, context)
}

pub(super) fn push(args: &Push, context: &Context<'_>) -> Result<Report, Failure> {
    let mut ask = asked(Class::Push, &args.reference, &args.flags)?;
    ask.said.to = authorities(&args.to)?;
    ask.said.from_above = args.from_above.then_some(Truth);
    ask.said.reasons = Some(parse::text("--reasons", &args.reasons)?);
    issue(ask, &args.reference.join(", "), context)
}

pub(super) fn feedback(args: &Feedback, context: &Context<'_>) -> Result<Report, Failure> {
    let mut ask = asked(
        Class::Feedback,
        std::slice::from_ref(&args.reference),
        &args.flags,
    )?;
    ask.said.month = Some(record::month("--month", &args.month)?);
    let (execution, why) = match (args.done, &args.partly, &args.not_done) {
        (true, _, _) => (Some(Execution::Done), None),
        (false, Some(why), _) => (Some(Execution::Partly), Some(("--partly", why))),
        (false, None, Some(why)) => (Some(Execution::NotDone), Some(("--not-done", why))),
        (false, None, None) => (None, None),
    };
    let (verification, wrong) = match (args.verified, &args.not_found, &args.wrong_subject) {
        (true, _, _) => (Some(Verification::Verified), None),
        (false, Some(why), _) => (Some(Verification::NotFound), Some(("--not-found", why))),
        (false, None, Some(why)) => {
            let flag = "--wrong-subject";
            (Some(Verification::WrongSubject), Some((flag, why)))
        }
        (false, None, None) => (None, None),
    };
    ask.said.execution = execution;
    ask.said.verification = verification;
    ask.said.reasons = match (why, wrong) {
        (Some((flag, one)), Some((_, other))) => {
            Some(parse::text(flag, &format!("{one}；{other}"))?)
        }
        (Some((flag, one)), None) | (None, Some((flag, one))) => Some(parse::text(flag, one)?),
        (None, None) => None,
    };
    issue(ask, &args.reference, context)
}

fn asked(class: Class, references: &[String], flags: &RecordFlags) -> Result<RecordAsk, Failure> {
    let item = flags.item.as_ref();
    let item =
        item.map(|text| Code::new(text).map_err(|error| Failure::value("--item", text, error)));
    Ok(RecordAsk {
        item: item.transpose()?,
        day: parse::optional_day("--on", flags.on.as_ref())?,
        refers_to: parse::targets("REFERENCE", references)?,
        issuer: parse::optional_authority("--issuer", flags.issuer.as_ref())?,
        dry_run: flags.dry_run,
        ..record::empty(class)
    })
}

fn authorities(
    codes: &[String],
) -> Result<Vec<concordat_protocol::subject::AuthorityCode>, Failure> {
    let codes = codes.iter();
    codes.map(|code| parse::authority("--to", code)).collect()
}

/// `MEASURE=DAY`, each a measure with its last day.
pub(super) fn measures(texts: &[String]) -> Result<Vec<Duty>, Failure> {
    const ARGUMENT: &str = "--measure";
    let one = |text: &String| {
        let parts = text.split_once('=');
        let (code, until) = parts.ok_or_else(|| {
            let wanted = "MEASURE=DAY is wanted: a measure has a last day";
            Failure::value(ARGUMENT, text, wanted)
        })?;
        let measure = Measure::new(code.trim());
        Ok(Duty {
            measure: measure.map_err(|error| Failure::value(ARGUMENT, code, error))?,
            until: parse::day(ARGUMENT, until)?,
            content: None,
        })
    };
    texts.iter().map(one).collect()
}

fn issue(ask: RecordAsk, what: &str, context: &Context<'_>) -> Result<Report, Failure> {
    let words = context.words;
    if !ask.dry_run {
        let what = words.headed(words.code(ask.class), what);
        let told = report::record_asked(&ask, words);
        let what = match told.is_empty() {
            true => what,
            false => words.headed(what, words.list(&told)),
        };
        context.confirm("confirm_act", &what)?;
    }
    match context.ask(&Request::Record(Box::new(ask)))? {
        Reply::RecordMade(made) => Ok(report::record_made(&made, words)),
        other => Err(unexpected(&other)),
    }
}
