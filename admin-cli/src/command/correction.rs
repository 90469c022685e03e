//! `concordat correction issue`: what stands now, changed where asked, as the whole replacement.

use std::path::Path;

use concordat_protocol::admin::{
    BatchAsk, CorrectionAsk, ExitCode, Reply, Request, StatementAsk, StatementView, Target,
};
use concordat_protocol::statement::{BatchId, Class, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use serde_json::{Map, Value};

use crate::args::{Correction, CorrectionBulk};
use crate::client::{Client, unexpected};
use crate::command::{Context, act, files};
use crate::decision;
use crate::failure::Failure;
use crate::json;
use crate::report::{self, BulkCorrected, Report};
use crate::{parse, text};

pub(super) fn run(verb: &Correction, context: &Context<'_>) -> Result<Report, Failure> {
    let args = match verb {
        Correction::Issue(args) => args,
        Correction::Bulk(args) => return bulk(args, context),
    };
    let changes = changes(args.file.as_deref(), &args.set)?;
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
            bulk: None,
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

/// Corrects the same fields of every decision of an import: what reads so already is left as it is.
// spec: ADM-346
fn bulk(args: &CorrectionBulk, context: &Context<'_>) -> Result<Report, Failure> {
    let mut plan = Plan {
        import: parse::batch("--import", &args.import)?,
        changes: changes(args.file.as_deref(), &args.set)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        issuer: parse::optional_authority("--issuer", args.issuer.as_ref())?,
        dry_run: true,
    };
    let mut planned = BulkCorrected::default();
    plan.go(&mut planned, context)?;
    if args.dry_run {
        return Ok(report::bulk_corrected(&planned, true, context.words));
    }
    let count = planned.recorded.to_string();
    let blanks = [("count", count.as_str()), ("what", args.import.as_str())];
    context.confirm_question(&context.words.fill("confirm_bulk_correction", &blanks))?;
    plan.dry_run = false;
    let mut told = BulkCorrected::default();
    match plan.go(&mut told, context) {
        Ok(()) => Ok(report::bulk_corrected(&told, false, context.words)),
        Err(failure) if told.recorded > 0 => {
            let cause = text::failure(context.words.0, &failure);
            let broken = Failure::new(ExitCode::Failed, "bulk-correction-broken-off");
            let broken = broken.with("recorded", told.recorded);
            Err(broken.with("cause", cause))
        }
        Err(failure) => Err(failure),
    }
}

/// What is done to each decision of an import.
struct Plan {
    import: BatchId,
    changes: Map<String, Value>,
    reasons: Text<4000>,
    issuer: Option<AuthorityCode>,
    dry_run: bool,
}

impl Plan {
    /// One decision after the other; what was done before a failure is counted.
    fn go(&self, told: &mut BulkCorrected, context: &Context<'_>) -> Result<(), Failure> {
        let mut skip = None;
        loop {
            let ask = BatchAsk {
                batch: self.import,
                skip,
                author: None,
            };
            let page = match context.ask(&Request::Batch(ask))? {
                Reply::Batch(page) => page,
                other => return Err(unexpected(&other)),
            };
            told.look_at(&page);
            context.with_node(async |client| {
                for decision in &page.decisions {
                    self.correct(client, decision, told).await?;
                }
                Ok(())
            })?;
            skip = page.next_skip;
            if skip.is_none() {
                return Ok(());
            }
        }
    }

    async fn correct(
        &self,
        client: &mut Client,
        decision: &StatementRef,
        told: &mut BulkCorrected,
    ) -> Result<(), Failure> {
        let no_more = |reply: Reply| Err(unexpected(&reply));
        let target = Target::Position {
            origin: decision.origin.clone(),
            index: decision.index,
        };
        let ask = StatementAsk {
            target: target.clone(),
            look_up: None,
            as_of: None,
        };
        let view = match client.ask(&Request::Statement(ask), no_more).await? {
            Reply::Statement(view) => view,
            other => return Err(unexpected(&other)),
        };
        let Some(standing) = view.corrected.as_ref().or(view.decision.as_ref()) else {
            told.left += 1;
            return Ok(());
        };
        let mut replacement = Box::new(standing.fields().clone());
        decision::apply(&mut replacement, &self.changes)?;
        if *replacement == *standing.fields() {
            told.already += 1;
            return Ok(());
        }
        let ask = CorrectionAsk {
            target,
            reasons: self.reasons.clone(),
            replacement,
            worked_from: Some(worked_from(&view)),
            issuer: self.issuer,
            dry_run: self.dry_run,
            bulk: Some(self.import),
        };
        match client.ask(&Request::Correction(ask), no_more).await {
            Ok(Reply::Recorded(view)) => told.add(*view),
            Ok(other) => return Err(unexpected(&other)),
            // One of before that no quorum has cosigned yet; and what is withdrawn or void.
            Err(failure) if failure.key == "not-current" => told.pending += 1,
            Err(failure) if failure.key == "no-effect" => told.left += 1,
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

fn changes(file: Option<&Path>, set: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut changes = Map::new();
    if let Some(path) = file {
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
    for text in set {
        let (name, value) = decision::assignment(text)?;
        if changes.insert(name.clone(), value).is_some() {
            return Err(json::said_twice(&name));
        }
    }
    Ok(changes)
}
