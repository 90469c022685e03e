//! `concordat correction issue`: what stands now, changed where asked, as the whole replacement.

use concordat_protocol::admin::{CorrectionAsk, Reply, Request, StatementAsk, StatementView};
use concordat_protocol::statement::{Class, StatementRef};
use serde_json::{Map, Value};

use crate::args::{Correction, CorrectionIssue};
use crate::client::unexpected;
use crate::command::{Context, act, files};
use crate::decision;
use crate::failure::Failure;
use crate::json;
use crate::parse;
use crate::report::{self, Report};

pub(super) fn run(verb: &Correction, context: &Context<'_>) -> Result<Report, Failure> {
    let Correction::Issue(args) = verb;
    let changes = changes(args)?;
    let target = parse::target("REFERENCE", &args.act.reference)?;
    let from = match &args.from {
        Some(text) => Some(parse::target("--from", text)?),
        None => None,
    };
    let reasons = parse::text("--reasons", &args.reasons)?;
    let issuer = parse::optional_authority("--issuer", args.act.issuer.as_ref())?;
    act::confirm((Class::Correction, None), (&target, &args.act), context)?;
    context.with_node(async |client| {
        let no_more = |reply: Reply| Err(unexpected(&reply));
        let ask = StatementAsk {
            target: from.clone().unwrap_or_else(|| target.clone()),
            look_up: None,
            as_of: None,
        };
        let view = match client.ask(&Request::Statement(ask), no_more).await? {
            Reply::Statement(view) => view,
            other => return Err(unexpected(&other)),
        };
        let corrected = view.corrected.as_ref().filter(|_| from.is_none());
        let standing = corrected.or(view.decision.as_ref());
        let standing = standing.ok_or_else(|| Failure::usage("nothing-to-correct"))?;
        let mut replacement = Box::new(standing.fields().clone());
        decision::apply(&mut replacement, &changes)?;
        let ask = CorrectionAsk {
            target: target.clone(),
            reasons: reasons.clone(),
            replacement,
            worked_from: Some(match from {
                Some(_) => view.reference.clone(),
                None => worked_from(&view),
            }),
            issuer,
            dry_run: args.act.dry_run,
        };
        match client.ask(&Request::Correction(ask), no_more).await? {
            Reply::Recorded(view) => Ok(report::recorded(&view, context.words)),
            other => Err(unexpected(&other)),
        }
    })
}

/// The newest correction in force, or the decision itself.
fn worked_from(view: &StatementView) -> StatementRef {
    let by = view
        .effect
        .as_ref()
        .and_then(|effect| effect.validity_by.last());
    let correction = by.filter(|by| {
        view.acts
            .iter()
            .any(|act| act.reference == **by && act.class == Class::Correction)
    });
    correction.unwrap_or(&view.reference).clone()
}

fn changes(args: &CorrectionIssue) -> Result<Map<String, Value>, Failure> {
    let mut changes = Map::new();
    if let Some(path) = &args.file {
        let bytes = files::read_json(path)?;
        let not_json = |cause: &dyn ToString| {
            let failure = Failure::usage("file-not-json").path(path);
            failure.with("cause", cause.to_string())
        };
        // spec: ADM-175
        match json::read(&bytes, |error| not_json(&error))? {
            Value::Object(map) => changes = map,
            Value::Array(_) => return Err(not_json(&"it is an array")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(not_json(&"it is a single value"));
            }
        }
    }
    for text in &args.set {
        let (name, value) = decision::assignment(text)?;
        if changes.insert(name.clone(), value).is_some() {
            return Err(json::said_twice(&name));
        }
    }
    Ok(changes)
}
