//! Acts on a statement: objection, ruling, withdrawal, admission.

use concordat_protocol::admin::{
    AdmissionAsk, ObjectionAsk, Reply, Request, RulingAsk, WithdrawalAsk,
};
use concordat_protocol::statement::Class;

use crate::args::{Act, Admission, Objection, Ruling, Withdrawal};
use crate::client::unexpected;
use crate::command::Context;
use crate::failure::Failure;
use crate::report::{self, Report};
use crate::{names, parse};

pub(super) fn objection(verb: &Objection, context: &Context<'_>) -> Result<Report, Failure> {
    let Objection::File(args) = verb;
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
    record(&Request::Objection(ask), context)
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
    confirm(Class::Ruling, &args.act, context)?;
    record(&Request::Ruling(ask), context)
}

pub(super) fn withdrawal(verb: &Withdrawal, context: &Context<'_>) -> Result<Report, Failure> {
    let Withdrawal::Issue(args) = verb;
    let ask = WithdrawalAsk {
        target: parse::target("REFERENCE", &args.act.reference)?,
        reason: names::parse("--reason", &args.reason)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.act.issuer.as_ref())?,
        dry_run: args.act.dry_run,
    };
    confirm(Class::Withdrawal, &args.act, context)?;
    record(&Request::Withdrawal(ask), context)
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
    confirm(Class::Admission, &args.act, context)?;
    record(&Request::Admission(ask), context)
}

/// Asks before an act that goes into the log for ever; a dry run needs no asking.
pub(super) fn confirm(class: Class, act: &Act, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    match act.dry_run {
        true => Ok(()),
        false => context.confirm(
            "confirm_act",
            &words.headed(words.code(class), &act.reference),
        ),
    }
}

pub(super) fn record(request: &Request, context: &Context<'_>) -> Result<Report, Failure> {
    match context.ask(request)? {
        Reply::Recorded(view) => Ok(report::recorded(&view, context.words)),
        other => Err(unexpected(&other)),
    }
}
