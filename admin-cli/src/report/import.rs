//! What an import came to: counts, and every refused row by line, column and reason.

use concordat_certs::summary::Language;
use concordat_protocol::admin::{ExitCode, ImportReport, RowRefusal};
use serde_json::{Value, json};

use crate::page::Page;
use crate::report::{Report, Words, short_origin};

/// The whole report. Refused rows make it end as failed, in part at least.
// spec: ADM-13
pub(crate) fn imported(view: &ImportReport, refused: &[RowRefusal], words: Words) -> Report {
    let mut page = Page::default();
    if view.dry_run {
        page.line(words.word("dry_run_note"));
    }
    refusals(&mut page, refused, words);
    page.pairs(&[
        words.pair("rows", view.rows),
        words.pair("filtered", view.filtered),
        words.pair("accepted", view.accepted),
        words.pair("present", view.present),
        words.pair("refused", view.refused),
        words.pair("written", view.written),
        words.pair(
            "log",
            format!("{} ({})", short_origin(&view.origin), view.size),
        ),
        words.pair("profile", &view.profile),
        words.pair("digest", view.digest),
        words.pair("elapsed", format!("{} ms", view.elapsed_ms)),
    ]);
    if let Some(batch) = view.batch {
        page.pairs(&[words.pair("import_batch", batch)]);
    }
    let rows: Value = refused.iter().map(refusal_json).collect();
    let json = json!({
        "rows": view.rows,
        "filtered": view.filtered,
        "accepted": view.accepted,
        "present": view.present,
        "refused": view.refused,
        "written": view.written,
        "dry_run": view.dry_run,
        "all_or_nothing": view.all_or_nothing,
        "batch": view.batch.map(|batch| batch.to_string()),
        "origin": view.origin.to_string(),
        "first_index": view.first.map(|index| index.value()),
        "log_size": view.size.value(),
        "profile": view.profile,
        "digest": view.digest.to_string(),
        "elapsed_ms": view.elapsed_ms,
        "history": view.history,
        "refusals": rows,
    });
    // spec: ADM-194
    let passed_over = view.rows > 0 && view.filtered == view.rows;
    if passed_over {
        page.line(words.word("all_passed_over"));
    }
    // spec: ADM-383
    if view.history > 0 {
        page.line(format!("{}: {}", words.word("history_rows"), view.history));
    }
    let mut report = Report::new(page, json);
    if view.refused > 0 || passed_over {
        report.exit = ExitCode::Failed;
    }
    report
}

/// A table of refused rows.
fn refusals(page: &mut Page, refused: &[RowRefusal], words: Words) {
    if refused.is_empty() {
        return;
    }
    let header: Vec<_> = ["line", "column", "reason", "reasons"]
        .iter()
        .map(|key| words.word(key))
        .collect();
    let rows = refused.iter().map(|row| {
        let column = row
            .column
            .map(|column| column.to_string())
            .unwrap_or_default();
        // Where no column is at fault, the field that lacks one is.
        let field = || row.field.as_ref().map(|field| format!("({field})"));
        let name = row.column_name.clone().or_else(field).unwrap_or_default();
        vec![
            row.line.to_string(),
            format!("{column} {name}").trim().to_owned(),
            row.reason.to_string(),
            match words.0 {
                Language::English => row.english.clone(),
                Language::Chinese => row.chinese.clone(),
            },
        ]
    });
    page.table(&header, rows.collect());
    page.gap();
}

fn refusal_json(row: &RowRefusal) -> Value {
    json!({
        "line": row.line,
        "column": row.column,
        "column_name": row.column_name,
        "field": row.field,
        "reason": row.reason.as_str(),
        "en": row.english,
        "zh": row.chinese,
    })
}
