//! `concordat ledger`: the statements of a node's own log as a table.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use concordat_protocol::admin::{LedgerAsk, Reply, Request};
use concordat_protocol::log::Hash;

use crate::args::{Ledger, LedgerExport};
use crate::client::{Client, unexpected};
use crate::command::{Context, files};
use crate::failure::Failure;
use crate::parse;
use crate::report::{self, LedgerForm, LedgerSum, Report};

pub(super) fn run(verb: &Ledger, context: &Context<'_>) -> Result<Report, Failure> {
    let Ledger::Export(args) = verb;
    let (from, until) = (
        parse::day("--from", &args.from)?,
        parse::day("--until", &args.until)?,
    );
    parse::span(Some(from), Some(until))?;
    let ask = LedgerAsk {
        from,
        until,
        next: None,
        size: None,
    };
    let (path, form) = target(args)?;
    files::folder_of(path)?;
    let made = File::options().write(true).create_new(true).open(path);
    let file = made.map_err(|error| files::io(path, &error))?;
    let mut file = BufWriter::new(file);
    let written =
        context.with_node(async |client| export(&mut file, (path, form), ask, client).await);
    // What is not whole would be taken for it.
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    Ok(report::ledger(&written?, path, context.words))
}

fn target(args: &LedgerExport) -> Result<(&Path, LedgerForm), Failure> {
    match (&args.csv, &args.json) {
        (Some(path), _) => Ok((path, LedgerForm::Csv)),
        (None, Some(path)) => Ok((path, LedgerForm::Json)),
        (None, None) => Err(Failure::value("--csv", "", "FILE")),
    }
}

/// Writes page after page as it comes; what the log holds beyond its size at the first is left out.
// spec: ADM-360, ADM-362
async fn export(
    file: &mut BufWriter<File>,
    (path, form): (&Path, LedgerForm),
    mut ask: LedgerAsk,
    client: &mut Client,
) -> Result<LedgerSum, Failure> {
    let failed = |error: std::io::Error| files::io(path, &error);
    let (mut rows, mut not_held) = (0, 0_u64);
    let mut root: Option<Hash> = None;
    let header = report::ledger_header(form);
    file.write_all(header.as_bytes()).map_err(failed)?;
    loop {
        let asked = Request::Ledger(ask.clone());
        let answer = client.ask(&asked, |reply| Err(unexpected(&reply)));
        let page = match answer.await? {
            Reply::Ledger(page) => *page,
            other => return Err(unexpected(&other)),
        };
        root = root.or(page.root);
        not_held = not_held.saturating_add(page.not_held);
        for row in &page.rows {
            rows += 1;
            let line = report::ledger_line(form, rows, row);
            file.write_all(line.as_bytes()).map_err(failed)?;
        }
        ask.size = Some(page.size);
        if page.next.is_some() && page.next > ask.next {
            ask.next = page.next;
            continue;
        }
        let sum = LedgerSum::new(&ask, &page, root, (rows, not_held));
        let last = report::ledger_footer(form, &sum);
        file.write_all(last.as_bytes()).map_err(failed)?;
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        return Ok(sum);
    }
}
