//! `concordat correction issue`: what stands now, changed where asked, as the whole replacement.

use std::path::Path;

use concordat_protocol::admin::{
    BatchAsk, CorrectionAsk, ExitCode, Reply, Request, StatementAsk, StatementView, SuspensionCode,
    Target, ValidityCode,
};
use concordat_protocol::statement::{BatchId, Class, Decision, DecisionFields, StatementRef};
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
        let view = shown(client, from.clone().unwrap_or_else(|| target.clone())).await?;
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

/// The field by which one decision of an authority is told from another.
const OF_ONE: &str = "document_number";

/// Corrects the same fields of every decision of an import: what reads so already is left as it is.
// spec: ADM-346
fn bulk(args: &CorrectionBulk, context: &Context<'_>) -> Result<Report, Failure> {
    let changes = changes(args.file.as_deref(), &args.set)?;
    // spec: ADM-478
    if let Some(field) = changes.keys().find(|field| *field == OF_ONE) {
        return Err(Failure::usage("field-of-one").with("field", field));
    }
    let mut plan = Plan {
        import: parse::batch("--import", &args.import)?,
        changes,
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
    let undone = planned.undone().to_string();
    let blanks = [
        ("count", count.as_str()),
        ("what", args.import.as_str()),
        ("undone", undone.as_str()),
    ];
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

    /// Corrects one decision, or says why it is left as it is; what stops them all is a failure.
    async fn correct(
        &self,
        client: &mut Client,
        decision: &StatementRef,
        told: &mut BulkCorrected,
    ) -> Result<(), Failure> {
        let done = match shown(client, position(decision)).await {
            Ok(view) => self.correct_shown(client, &view, told).await,
            Err(failure) => Err(failure),
        };
        match done {
            // Withdrawn or void: there is nothing left to put right.
            Err(failure) if failure.key == "no-effect" => told.left += 1,
            Err(failure) if is_of_one(&failure) => told.skip(decision.clone(), failure),
            done => return done,
        }
        Ok(())
    }

    async fn correct_shown(
        &self,
        client: &mut Client,
        view: &StatementView,
        told: &mut BulkCorrected,
    ) -> Result<(), Failure> {
        // What is withdrawn or void is nobody's to correct, whatever corrections it had before.
        // spec: ADM-482
        if is_gone(view) {
            told.left += 1;
            return Ok(());
        }
        let standing = view.corrected.as_ref().or(view.decision.as_ref());
        let standing = standing.ok_or_else(|| Failure::usage("nothing-to-correct"))?;
        let replacement = self.replacement(standing)?;
        if is_in_conflict(view) || (replacement.is_some() && is_by_another(view)) {
            let contested = Failure::new(ExitCode::Failed, "corrections-contested");
            return Err(contested.with("target", &view.reference));
        }
        let Some(replacement) = replacement else {
            told.already += 1;
            return Ok(());
        };
        let ask = CorrectionAsk {
            target: position(&view.reference),
            reasons: self.reasons.clone(),
            replacement,
            worked_from: Some(worked_from(view)),
            issuer: self.issuer,
            dry_run: self.dry_run,
            bulk: Some(self.import),
        };
        let no_more = |reply: Reply| Err(unexpected(&reply));
        match client.ask(&Request::Correction(ask), no_more).await {
            Ok(Reply::Recorded(view)) => told.add(*view),
            Ok(other) => return Err(unexpected(&other)),
            Err(failure) if failure.key == "not-current" => {
                match self.is_said_by(client, failure.blank("current")).await? {
                    true => told.already += 1,
                    false => told.pending += 1,
                }
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Whether a correction that no quorum has cosigned yet puts the fields right already.
    async fn is_said_by(&self, client: &mut Client, correction: &str) -> Result<bool, Failure> {
        let view = shown(client, parse::target("current", correction)?).await?;
        match &view.decision {
            Some(said) => Ok(self.replacement(said)?.is_none()),
            None => Ok(false),
        }
    }

    /// A decision with the fields put right; nothing where it reads so already.
    fn replacement(&self, standing: &Decision) -> Result<Option<Box<DecisionFields>>, Failure> {
        let mut replacement = Box::new(standing.fields().clone());
        decision::apply(&mut replacement, &self.changes)?;
        Ok((*replacement != *standing.fields()).then_some(replacement))
    }
}

fn position(reference: &StatementRef) -> Target {
    Target::Position {
        origin: reference.origin.clone(),
        index: reference.index,
    }
}

async fn shown(client: &mut Client, target: Target) -> Result<Box<StatementView>, Failure> {
    let ask = StatementAsk {
        target,
        look_up: None,
        answers_skip: None,
        as_of: None,
    };
    let no_more = |reply: Reply| Err(unexpected(&reply));
    match client.ask(&Request::Statement(ask), no_more).await? {
        Reply::Statement(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

/// Whether it was taken back, or never counted.
fn is_gone(view: &StatementView) -> bool {
    let validity = view.effect.as_ref().map(|effect| effect.validity);
    matches!(validity, Some(ValidityCode::Withdrawn | ValidityCode::Void))
}

/// Whether corrections are in conflict: it is for people to say which of them holds.
// spec: ADM-400
fn is_in_conflict(view: &StatementView) -> bool {
    let effect = view.effect.iter();
    let mut suspended = effect.flat_map(|effect| &effect.suspended_by);
    suspended.any(|one| one.kind == SuspensionCode::Conflict)
}

/// Whether another authority's correction stands: one of the issuer's beside it would be in conflict with it.
// spec: ADM-400
fn is_by_another(view: &StatementView) -> bool {
    let effect = view.effect.iter();
    let mut standing = effect.flat_map(|effect| &effect.validity_by);
    standing.any(|by| {
        let mut acts = view.acts.iter();
        acts.any(|act| {
            act.reference == *by && act.class == Class::Correction && act.issuer != view.issuer
        })
    })
}

/// Whether a refusal is of one decision and says nothing of the others.
// spec: ADM-401
fn is_of_one(failure: &Failure) -> bool {
    [
        "act-not-held",
        "body-damaged",
        "body-not-held",
        "corrections-contested",
        "day-ahead",
        "invalid-statement",
        "no-mandate",
        "nothing-to-correct",
        "other-visibility",
        "outside-catalogue",
        "synthetic-refused",
        "target-not-found",
        "wrong-class",
    ]
    .contains(&failure.key)
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
