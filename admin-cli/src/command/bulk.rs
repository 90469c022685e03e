//! Many decisions at once: withdrawn, looked at for objections, and followed.

use std::collections::BTreeSet;
use std::path::Path;

use concordat_protocol::admin::{
    BULK_MAX, BatchAsk, BulkAsk, BulkView, ExitCode, Reply, Request, Target,
};
use concordat_protocol::statement::BatchId;
use concordat_protocol::subject::AuthorityCode;

use crate::args::{ObjectionList, WithdrawalBulk};
use crate::client::unexpected;
use crate::command::{Context, act, files};
use crate::failure::Failure;
use crate::report::{self, BulkTold, Report};
use crate::{parse, text};

/// Withdraws the decisions of an import or of a file, asked about some at a time.
// spec: ADM-340, ADM-341, ADM-342
pub(super) fn withdrawal(args: &WithdrawalBulk, context: &Context<'_>) -> Result<Report, Failure> {
    let import = args.import.as_ref();
    let import = import.map(|id| parse::batch("--import", id)).transpose()?;
    let lines = match &args.file {
        Some(path) => Some(Lines::read(path)?),
        None => None,
    };
    let parts = lines
        .as_ref()
        .map_or_else(|| vec![Vec::new()], Lines::parts);
    let placed = |failure| match &lines {
        Some(lines) => lines.placed(failure),
        None => failure,
    };
    let ask = BulkAsk {
        import,
        targets: Vec::new(),
        reason: act::optional_reason(args.reason.as_ref())?,
        reasons: parse::text("--reasons", &args.reasons)?,
        acts: None,
        skip: None,
        issuer: parse::optional_authority("--issuer", args.issuer.as_ref())?,
        dry_run: true,
        exit: act::optional_exit(args.exit.as_ref())?,
    };
    // Whoever agrees has seen how many there are and how they stand, and that every one may be withdrawn.
    let mut planned = BulkTold::default();
    all(&ask, &parts, &mut planned, context).map_err(placed)?;
    if args.dry_run {
        return Ok(report::bulk_withdrawn(&planned, true, context.words));
    }
    let what = args.import.clone().or_else(|| {
        let path = args.file.as_ref();
        path.map(|path| path.display().to_string())
    });
    let (what, count) = (what.unwrap_or_default(), planned.recorded.to_string());
    let blanks = [("count", count.as_str()), ("what", what.as_str())];
    let question = context.words.fill("confirm_bulk", &blanks);
    context.confirm_question(&question)?;
    let ask = BulkAsk {
        dry_run: false,
        ..ask
    };
    let mut told = BulkTold::default();
    match all(&ask, &parts, &mut told, context).map_err(placed) {
        Ok(()) => Ok(report::bulk_withdrawn(&told, false, context.words)),
        Err(failure) if told.recorded > 0 => {
            let cause = text::failure(context.words.0, &failure);
            let broken = Failure::new(ExitCode::Failed, "bulk-broken-off");
            let broken = broken.with("recorded", told.recorded);
            Err(broken.with("cause", cause))
        }
        Err(failure) => Err(failure),
    }
}

/// The decisions that a file names, each once, with the first line that names it.
// spec: ADM-483
struct Lines<'p> {
    path: &'p Path,
    targets: Vec<(usize, Target)>,
}

impl<'p> Lines<'p> {
    fn read(path: &'p Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        let lines = text.lines().enumerate();
        let lines = lines.map(|(at, line)| (at + 1, line.trim_start_matches('\u{feff}').trim()));
        let mut targets = Vec::new();
        let mut known = BTreeSet::new();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let target = parse::target(&format!("{}:{at}", path.display()), line)?;
            if known.insert(target.to_string()) {
                targets.push((at, target));
            }
        }
        if targets.is_empty() {
            let failure = Failure::usage("file-refused").path(path);
            return Err(failure.with("cause", "the file names no decision"));
        }
        Ok(Self { path, targets })
    }

    /// In parts that one request may name.
    fn parts(&self) -> Vec<Vec<Target>> {
        let targets = self.targets.iter().map(|(_, target)| target.clone());
        let targets: Vec<Target> = targets.collect();
        targets.chunks(BULK_MAX).map(<[Target]>::to_vec).collect()
    }

    /// A failure of one decision, with the line that names it.
    fn placed(&self, failure: Failure) -> Failure {
        let named = failure.blank("target");
        let mut lines = self.targets.iter();
        // A node names it by its whole reference, of which a line has the end.
        let line = lines.find(|(_, target)| {
            let typed = target.to_string();
            named == typed || named.ends_with(&format!("/{typed}"))
        });
        match line.filter(|_| !named.is_empty()) {
            Some((at, _)) => failure.with("where", format!("{}:{at}", self.path.display())),
            None => failure,
        }
    }
}

/// Asks until nothing is left, and adds up; what was done before a failure is counted.
fn all(
    ask: &BulkAsk,
    parts: &[Vec<Target>],
    told: &mut BulkTold,
    context: &Context<'_>,
) -> Result<(), Failure> {
    for targets in parts {
        let mut skip = None;
        loop {
            let ask = BulkAsk {
                targets: targets.clone(),
                acts: told.acts,
                skip,
                ..ask.clone()
            };
            let view = once(ask, context)?;
            skip = view.next_skip;
            told.add(view, skip.is_none());
            if skip.is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn once(ask: BulkAsk, context: &Context<'_>) -> Result<BulkView, Failure> {
    match context.ask(&Request::BulkWithdrawal(Box::new(ask)))? {
        Reply::Bulk(view) => Ok(*view),
        other => Err(unexpected(&other)),
    }
}

/// `objection list`
// spec: ADM-343
pub(super) fn objections(args: &ObjectionList, context: &Context<'_>) -> Result<Report, Failure> {
    let batch = parse::batch("--import", &args.import)?;
    let mut views = Vec::new();
    let mut skip = None;
    loop {
        let ask = BatchAsk {
            batch,
            skip,
            author: None,
        };
        match context.ask(&Request::Batch(ask))? {
            Reply::Batch(view) => {
                skip = view.next_skip;
                views.push(*view);
            }
            other => return Err(unexpected(&other)),
        }
        if skip.is_none() {
            return Ok(report::objections_of(&views, context.words));
        }
    }
}

/// `propagation --batch`
// spec: ADM-344
pub(super) fn propagation(
    (batch, author): (BatchId, Option<AuthorityCode>),
    context: &Context<'_>,
) -> Result<Report, Failure> {
    let mut views = Vec::new();
    let mut skip = None;
    loop {
        let ask = BatchAsk {
            batch,
            skip,
            author,
        };
        match context.ask(&Request::BatchPropagation(ask))? {
            Reply::BatchPropagation(view) => {
                skip = view.next_skip;
                views.push(*view);
            }
            other => return Err(unexpected(&other)),
        }
        if skip.is_none() {
            return Ok(report::batch_propagation(&views, context.words));
        }
    }
}
