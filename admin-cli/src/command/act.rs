//! Acts on a statement: objection, ruling, withdrawal, admission, stay, repair.

use concordat_protocol::admin::{
    AdmissionAsk, ErasureAsk, ObjectionAsk, RepairAsk, Reply, Request, RulingAsk, StatementAsk,
    StayAsk, Target, WithdrawalAsk,
};
use concordat_protocol::statement::{Class, LegalBasis, RedExit, WithdrawalReason};

use crate::args::{Act, Admission, Erasure, Objection, Repair, Ruling, Stay, Withdrawal};
use crate::client::unexpected;
use crate::command::{Context, bulk, slip};
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::{names, parse, terminal};

pub(super) fn objection(verb: &Objection, context: &Context<'_>) -> Result<Report, Failure> {
    let args = match verb {
        Objection::File(args) => args,
        Objection::List(args) => return bulk::objections(args, context),
    };
    let reasons = args.reasons.as_ref();
    let ask = ObjectionAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        role: names::parse("--role", &args.role)?,
        ground: names::parse("--ground", &args.ground)?,
        received_on: parse::optional_day("--received-on", args.received_on.as_ref())?,
        reasons: reasons
            .map(|text| parse::text("--reasons", text))
            .transpose()?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    let Some(out) = &args.slip else {
        return record(&Request::Objection(ask), context);
    };
    let look_up = args.look_up.read()?;
    slip::can_be_made(&ask.target, look_up.as_ref(), out, context)?;
    let recorded = record(&Request::Objection(ask), context)?;
    slip::of_recorded(recorded, look_up, out, context)
}

pub(super) fn ruling(verb: &Ruling, context: &Context<'_>) -> Result<Report, Failure> {
    let Ruling::Issue(args) = verb;
    let ask = RulingAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        outcome: names::parse("--outcome", &args.outcome)?,
        closes: parse::targets("--closes", &args.closes)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    let how = Some(context.words.code(ask.outcome));
    confirm((Class::Ruling, how), (&ask.target, &args.act), context)?;
    record(&Request::Ruling(ask), context)
}

pub(super) fn withdrawal(verb: &Withdrawal, context: &Context<'_>) -> Result<Report, Failure> {
    let args = match verb {
        Withdrawal::Issue(args) => args,
        Withdrawal::Bulk(args) => return bulk::withdrawal(args, context),
    };
    let ask = WithdrawalAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        reason: withdrawal_reason(args.reason.as_ref())?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
        exit: optional_exit(args.exit.as_ref())?,
    };
    let words = context.words;
    let exit = ask.exit.map(|exit| words.code(exit));
    let how = Some(exit.unwrap_or_else(|| words.code(ask.reason)));
    confirm((Class::Withdrawal, how), (&ask.target, &args.act), context)?;
    record(&Request::Withdrawal(ask), context)
}

/// The kind of reason; where an exit from a red list is named and nothing else, the entry is revoked.
fn withdrawal_reason(named: Option<&String>) -> Result<WithdrawalReason, Failure> {
    Ok(optional_reason(named)?.unwrap_or(WithdrawalReason::DecisionRevoked))
}

/// The kind of reason, where one is named.
pub(super) fn optional_reason(named: Option<&String>) -> Result<Option<WithdrawalReason>, Failure> {
    let named = named.map(|name| names::parse("--reason", name));
    named.transpose()
}

/// The exit from a red list.
pub(super) fn optional_exit(named: Option<&String>) -> Result<Option<RedExit>, Failure> {
    named.map(|name| names::parse("--exit", name)).transpose()
}

pub(super) fn admission(verb: &Admission, context: &Context<'_>) -> Result<Report, Failure> {
    let Admission::Issue(args) = verb;
    let ask = AdmissionAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        admits: parse::targets("--admits", &args.admits)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    confirm((Class::Admission, None), (&ask.target, &args.act), context)?;
    record(&Request::Admission(ask), context)
}

pub(super) fn stay(verb: &Stay, context: &Context<'_>) -> Result<Report, Failure> {
    let Stay::Issue(args) = verb;
    let ask = StayAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        body: parse::text("--body", &args.body)?,
        document_number: parse::text("--document", &args.document)?,
        ordered_on: parse::day("--on", &args.on)?,
        until: parse::optional_day("--until", args.until.as_ref())?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    let how = Some(format!("{} {}", ask.body, ask.document_number));
    confirm((Class::Stay, how), (&ask.target, &args.act), context)?;
    record(&Request::Stay(ask), context)
}

// spec: ADM-440
pub(super) fn erasure(verb: &Erasure, context: &Context<'_>) -> Result<Report, Failure> {
    let Erasure::Issue(args) = verb;
    let ask = ErasureAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        ground: names::parse("--ground", &args.ground)?,
        by: parse::text("--by", &args.by)?,
        basis: LegalBasis {
            law: parse::text("--law", &args.law)?,
            article: parse::text("--article", &args.article)?,
            level: names::parse("--level", &args.level)?,
        },
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    let how = Some(context.words.code(ask.ground));
    confirm((Class::Erasure, how), (&ask.target, &args.act), context)?;
    record(&Request::Erasure(Box::new(ask)), context)
}

pub(super) fn repair(verb: &Repair, context: &Context<'_>) -> Result<Report, Failure> {
    let Repair::Issue(args) = verb;
    let effects = args.effect.iter();
    let effects = effects.map(|name| names::parse("--effect", name));
    let ask = RepairAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        effects: effects.collect::<Result<_, _>>()?,
        decided_on: parse::optional_day("--decided-on", args.decided_on.as_ref())?,
        applied_on: parse::optional_day("--applied-on", args.applied_on.as_ref())?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    let words = context.words;
    let asked: Vec<_> = ask.effects.iter().map(|one| words.code(*one)).collect();
    let how = Some(words.list(&asked));
    confirm((Class::Repair, how), (&ask.target, &args.act), context)?;
    record(&Request::Repair(ask), context)
}

/// Asks before an act that goes into the log for ever, with what it does and upon whom; a dry run needs
/// no asking.
// spec: ADM-198
pub(super) fn confirm(
    (class, how): (Class, Option<String>),
    (target, act): (&Target, &Act),
    context: &Context<'_>,
) -> Result<(), Failure> {
    if act.dry_run {
        return Ok(());
    }
    let words = context.words;
    let does: Vec<String> = [words.code(class)].into_iter().chain(how).collect();
    let what = words.headed(words.list(&does), &act.reference);
    match terminal::is_asked(context.arguments) {
        true => match target_shown(target, context)? {
            Some(shown) => context.confirm_shown(&shown, "confirm_act", &what),
            None => context.confirm("confirm_act", &what),
        },
        false => context.confirm("confirm_act", &what),
    }
}

/// What an act is about, as far as the node shows it without a purpose.
pub(super) fn target_shown(
    target: &Target,
    context: &Context<'_>,
) -> Result<Option<Report>, Failure> {
    let ask = StatementAsk {
        target: target.clone(),
        look_up: None,
        answers_skip: None,
        as_of: None,
    };
    match context.ask(&Request::Statement(ask)) {
        Ok(Reply::Statement(view)) => Ok(Some(report::acted_on(&view, context.words))),
        Ok(other) => Err(unexpected(&other)),
        Err(failure) if failure.key == "purpose-required" => Ok(None),
        Err(failure) => Err(failure),
    }
}

pub(super) fn record(request: &Request, context: &Context<'_>) -> Result<Report, Failure> {
    match context.ask(request)? {
        Reply::Recorded(view) => Ok(report::recorded(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
