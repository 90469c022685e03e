//! The register of look-ups: rows, proofs, what holds no more, and checks that were missed.

use std::fmt::Write as _;
use std::path::Path;

use concordat_protocol::admin::{
    LookUpProofView, LookUpResumed, LookUpView, LookUpsOutdatedView, LookUpsView, LostRowsView,
    OutdatedView,
};
use concordat_protocol::bundle::VerifiedLookUp;
use concordat_protocol::log::LeafIndex;
use concordat_protocol::lookup::{Case, LookUpRow, Shown};
use concordat_protocol::statement::QueryRoot;
use serde_json::{Value, json};

use crate::cases::{self, Checked, Counts};
use crate::names::Named;
use crate::page::Page;
use crate::report::clean;
use crate::report::statistics::quoted;
use crate::report::{Report, Words, at_json, at_text, ref_json, short, short_origin};

/// Missed cases that are listed for people.
const MISSED_SHOWN_MAX: usize = 64;

/// Rows, the newest first.
pub(crate) fn look_ups(view: &LookUpsView, words: Words) -> Report {
    let mut page = Page::default();
    page.pairs(&[words.pair("look_ups_found", view.total)]);
    if !view.rows.is_empty() {
        let header = [
            "look_up_row",
            "at",
            "by",
            "case_number",
            "purpose",
            "subject",
            "shown",
            "reviewed",
        ];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        page.gap();
        page.table(
            &header,
            view.rows.iter().map(|one| row(one, words)).collect(),
        );
        // spec: ADM-439
        for row in view.rows.iter().map(|one| &one.row) {
            if let Some(word) = &row.clean {
                let (span, verdict) = clean::headline(word, words);
                let number = row.number.to_string();
                let blanks = [("row", &*number), ("span", &*span), ("word", &*verdict)];
                page.line(words.fill("look_up_clean", &blanks));
            }
        }
    }
    if let Some(gone) = view.gone {
        page.line(words.fill("look_ups_gone", &[("count", &gone.to_string())]));
    }
    lost(&mut page, &view.lost, words);
    if let Some(next) = view.next_skip {
        page.line(words.fill("look_ups_more", &[("skip", &next.to_string())]));
    }
    let json = json!({
        "rows": view.rows.iter().map(view_json).collect::<Value>(),
        "total": view.total,
        "next_skip": view.next_skip,
        "gone": view.gone,
        "lost": lost_json(&view.lost),
    });
    Report::new(page, json)
}

/// Of which days rows may have been lost.
// spec: LKP-89
fn lost(page: &mut Page, lost: &[LostRowsView], words: Words) {
    for one in lost {
        let (until, after) = (one.until.to_string(), one.after.to_string());
        let blanks = [("until", until.as_str()), ("root", after.as_str())];
        page.line(match one.from.map(|day| day.to_string()) {
            Some(from) => {
                let [until, root] = blanks;
                words.fill("look_ups_lost", &[("from", &from), until, root])
            }
            None => words.fill("look_ups_lost_from_the_first", &blanks),
        });
    }
}

fn lost_json(lost: &[LostRowsView]) -> Value {
    let one = |one: &LostRowsView| {
        json!({
            "from": one.from.map(|day| day.to_string()),
            "until": one.until.to_string(),
            "after_root": one.after,
        })
    };
    lost.iter().map(one).collect()
}

/// What a root says, for the one statement that it is.
// spec: LKP-89
pub(crate) fn root(page: &mut Page, root: &QueryRoot, words: Words) {
    let [from, until] = [root.from, root.until].map(|at| at_text(Some(at)));
    let span = format!("{from} – {until}");
    page.gap();
    page.pairs(&[
        words.pair("look_up_rows", root.size),
        words.pair("look_up_root", root.root),
        words.pair("look_up_root_span", span),
    ]);
    resumed_after(page, root, words);
}

fn resumed_after(page: &mut Page, root: &QueryRoot, words: Words) {
    if let Some(after) = root.resumed_after {
        let after = after.to_string();
        page.line(words.fill("look_up_root_resumed", &[("root", &after)]));
    }
}

pub(crate) fn root_json(root: &QueryRoot) -> Value {
    json!({
        "size": root.size.value(),
        "root": root.root.to_string(),
        "from_at": at_json(Some(root.from)),
        "until_at": at_json(Some(root.until)),
        "resumed_after": root.resumed_after.map(LeafIndex::value),
    })
}

fn row(view: &LookUpView, words: Words) -> Vec<String> {
    let row = &view.row;
    let reviewed = view.reviewed.as_ref();
    let reviewed = reviewed.and_then(|review| review.finding);
    vec![
        row.number.to_string(),
        at_text(Some(row.at)),
        row.who.to_string(),
        row.case_number.to_string(),
        row.purpose.to_string(),
        row.subject.to_string(),
        match row.refused {
            Some(_) => words.word("look_up_refused"),
            None => row.shown.len().to_string(),
        },
        reviewed.map_or_else(|| "-".to_owned(), |finding| words.code(finding)),
    ]
}

fn view_json(view: &LookUpView) -> Value {
    let mut json = row_json(&view.row);
    json["reviewed"] = match &view.reviewed {
        Some(review) => json!({
            "at": at_json(Some(review.at)),
            "by": review.who.as_str(),
            "finding": review.finding.map(Named::name),
        }),
        None => Value::Null,
    };
    json["told_at"] = at_json(view.told);
    json
}

fn row_json(row: &LookUpRow) -> Value {
    json!({
        "row": row.number,
        "at": at_json(Some(row.at)),
        "by": row.who.as_str(),
        "purpose": row.purpose.as_str(),
        "case": row.case_number.as_str(),
        "basis": row.basis.as_str(),
        "subject": row.subject.to_string(),
        "scenario": row.scenario.map(Named::name),
        "shown": row.shown.iter().map(shown_json).collect::<Value>(),
        "clean": row.clean.as_ref().map(clean::word_json),
        "refused": row.refused.is_some(),
    })
}

fn shown_json(shown: &Shown) -> Value {
    json!({
        "reference": shown.reference.to_string(),
        "validity": shown.validity.map(Named::name),
        "by": ref_json(shown.by.as_ref()),
        "suspended": shown.suspended.is_some(),
        "stayed": shown.stayed.is_some(),
        "repaired": shown.repaired.is_some(),
        "superseded": shown.superseded.is_some(),
    })
}

/// How a statement stood, in words.
fn state(shown: &Shown, words: Words) -> String {
    let mut parts: Vec<_> = shown
        .validity
        .iter()
        .map(|validity| words.code(*validity))
        .collect();
    for (key, holds) in [
        ("shown_suspended", shown.suspended.is_some()),
        ("shown_stayed", shown.stayed.is_some()),
        ("shown_repaired", shown.repaired.is_some()),
        ("shown_superseded", shown.superseded.is_some()),
    ] {
        if holds {
            parts.push(words.word(key));
        }
    }
    match parts.is_empty() {
        true => "-".to_owned(),
        false => words.list(&parts),
    }
}

/// Rows that were marked.
pub(crate) fn marked(rows: &[u64], words: Words) -> Report {
    let list: Vec<_> = rows.iter().map(ToString::to_string).collect();
    let mut page = Page::default();
    page.pairs(&[words.pair("look_ups_marked", words.list(&list))]);
    Report::new(page, json!({ "rows": rows }))
}

/// A register that lost rows and goes on, or would.
// spec: ADM-404
pub(crate) fn resumed(view: &LookUpResumed, dry_run: bool, words: Words) -> Report {
    let mut page = Page::default();
    page.pairs(&[
        words.pair("look_up_rows", view.rows),
        words.pair("look_up_rows_said", view.said),
    ]);
    page.line(words.word(match dry_run {
        true => "dry_run_note",
        false => "look_ups_resumed",
    }));
    let json = json!({
        "dry_run": dry_run,
        "rows": view.rows,
        "said": view.said,
        "last_root": view.last,
    });
    Report::new(page, json)
}

/// A proof file that was written.
pub(crate) fn look_up_proof(view: &LookUpProofView, path: &Path, words: Words) -> Report {
    let mut page = Page::default();
    let root = view.root.as_ref();
    page.pairs(&[
        words.pair("written", path.display()),
        words.pair("look_up_row", view.number),
        words.pair("look_up_root", root.map_or_else(|| "-".to_owned(), short)),
    ]);
    if root.is_none() {
        page.line(words.word("look_up_not_logged"));
    }
    let json = json!({
        "file": path.display().to_string(),
        "row": view.number,
        "bytes": view.bytes,
        "root": ref_json(root),
    });
    Report::new(page, json)
}

/// A receipt that verifies: what it proves, and what it does not.
// spec: LKP-13, LKP-14
pub(crate) fn verified_look_up(verified: &VerifiedLookUp, words: Words) -> Report {
    let receipt = &verified.receipt;
    let (header, row) = (receipt.header(), receipt.row());
    let mut page = Page::default();
    let issuer = words.noted(header.issuer, &verified.issuer_name);
    page.pairs(&[
        words.pair("answered_by", issuer),
        words.pair("look_up_row", row.number),
        words.pair("at", at_text(Some(row.at))),
        words.pair("by", &row.who),
        words.pair("subject", row.subject),
        words.pair("purpose", &row.purpose),
        words.pair("case_number", &row.case_number),
        words.pair("basis", &row.basis),
        words.pair(
            "scenario",
            row.scenario
                .map_or_else(|| "-".to_owned(), |one| words.code(one)),
        ),
    ]);
    // spec: LKP-74
    let word = row.clean.as_ref();
    page.pairs(
        &word
            .map(|word| clean::headline(word, words))
            .into_iter()
            .collect::<Vec<_>>(),
    );
    if let Some(word) = word {
        clean::limits(&mut page, word, words);
    }
    page.gap();
    page.line(words.fill("look_up_shown", &[("count", &row.shown.len().to_string())]));
    let header_words = ["reference", "validity"].map(|key| words.word(key));
    let rows = row.shown.iter();
    let rows = rows.map(|one| vec![short(&one.reference), state(one, words)]);
    if !row.shown.is_empty() {
        page.table(&header_words, rows.collect());
    }
    if let Some(horizon) = &row.horizon {
        let sizes = [horizon.own, horizon.register, horizon.registry].map(|size| size.to_string());
        let [own, register, registry] = &sizes;
        let blanks = [
            ("own", &**own),
            ("register", &**register),
            ("registry", &**registry),
        ];
        page.line(words.fill("look_up_horizon", &blanks));
    }
    page.gap();
    page.line(match &verified.root {
        Some(root) if root.is_witnessed => {
            words.fill("look_up_logged", &[("reference", &short(&root.reference))])
        }
        Some(root) => words.fill(
            "look_up_provisional",
            &[("reference", &short(&root.reference))],
        ),
        None => words.word("look_up_not_logged"),
    });
    if let Some(root) = &verified.root {
        resumed_after(&mut page, &root.root, words);
    }
    if !verified.key_is_current {
        page.line(words.word("look_up_key_ended"));
    }
    page.line(words.word("look_up_proves_not"));
    Report::new(page, verified_json(verified))
}

fn verified_json(verified: &VerifiedLookUp) -> Value {
    let receipt = &verified.receipt;
    let row = receipt.row();
    let mut json = row_json(row);
    json["verified"] = json!(true);
    json["issuer"] = json!(receipt.header().issuer.to_string());
    json["issuer_name"] = json!(verified.issuer_name);
    json["registry_size"] = json!(receipt.header().ctx.size.value());
    json["key_is_current"] = json!(verified.key_is_current);
    json["commit"] = json!(receipt.salted().commit().to_string());
    json["root_before"] = json!(receipt.root_before().to_string());
    json["root_after"] = json!(receipt.root_after().to_string());
    json["horizon"] = json!(row.horizon.map(|horizon| json!({
        "own": horizon.own.value(),
        "register": horizon.register.value(),
        "registry": horizon.registry.value(),
    })));
    json["root"] = match &verified.root {
        Some(root) => json!({
            "reference": root.reference.to_string(),
            "size": root.root.size.value(),
            "from_at": at_json(Some(root.root.from)),
            "until_at": at_json(Some(root.root.until)),
            "witnessed": root.is_witnessed,
            "resumed_after": root.root.resumed_after.map(LeafIndex::value),
        }),
        None => Value::Null,
    };
    json
}

/// Rows that showed what holds no more.
// spec: LKP-50, LKP-51
pub(crate) fn outdated(view: &LookUpsOutdatedView, words: Words) -> Report {
    let mut page = Page::default();
    page.pairs(&[words.pair("look_ups_outdated", view.total)]);
    if !view.rows.is_empty() {
        let header = [
            "look_up_row",
            "at",
            "by",
            "case_number",
            "subject",
            "reference",
            "shown_then",
            "shown_now",
            "shown_mark",
        ];
        let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
        page.gap();
        let rows = view.rows.iter().map(|one| outdated_row(one, words));
        page.table(&header, rows.collect());
        page.line(words.word("look_ups_tell"));
    }
    if view.cut.is_some() {
        page.line(words.word("look_ups_cut"));
    }
    if let Some(next) = view.next_skip {
        page.line(words.fill("look_ups_more", &[("skip", &next.to_string())]));
    }
    let json = json!({
        "rows": view.rows.iter().map(outdated_json).collect::<Value>(),
        "total": view.total,
        "next_skip": view.next_skip,
        "cut": view.cut.is_some(),
    });
    Report::new(page, json)
}

fn outdated_row(one: &OutdatedView, words: Words) -> Vec<String> {
    let now = match one.not_about {
        Some(_) => words.word("not_about_subject"),
        None => state(&one.now, words),
    };
    vec![
        one.number.to_string(),
        at_text(Some(one.at)),
        one.who.to_string(),
        one.case_number.to_string(),
        one.subject.to_string(),
        short(&one.then.reference),
        state(&one.then, words),
        now,
        one.mark.to_string(),
    ]
}

fn outdated_json(one: &OutdatedView) -> Value {
    json!({
        "row": one.number,
        "at": at_json(Some(one.at)),
        "by": one.who.as_str(),
        "case": one.case_number.as_str(),
        "purpose": one.purpose.as_str(),
        "subject": one.subject.to_string(),
        "log": short_origin(&one.then.reference.origin),
        "then": shown_json(&one.then),
        "now": match one.not_about {
            Some(_) => Value::Null,
            None => shown_json(&one.now),
        },
        "not_about": one.not_about.is_some(),
        "mark": one.mark.as_str(),
    })
}

/// Counts by business and month, and the cases that nobody looked up in time.
// spec: LKP-61
pub(crate) fn missed(
    cases: &[Case],
    checked: &[Checked],
    (csv, rows_lost): (Option<&Path>, &[LostRowsView]),
    words: Words,
) -> Report {
    let counts = cases::counts(cases, checked);
    let mut page = Page::default();
    let header = [
        "scenario",
        "period",
        "cases",
        "checked_in_time",
        "checked_late",
        "checked_never",
        "checked_not_known",
    ];
    let header: Vec<_> = header.iter().map(|key| words.word(key)).collect();
    let rows = counts.iter().map(|((scenario, month), of)| {
        let mut row = vec![words.code(*scenario), month.clone()];
        row.extend(numbers(of).map(|number| number.to_string()));
        row
    });
    page.table(&header, rows.collect());
    let open = cases.iter().zip(checked);
    let open = open.filter(|(_, checked)| matches!(checked, Checked::Late(_) | Checked::Never));
    let open: Vec<_> = open.collect();
    for (case, checked) in open.iter().take(MISSED_SHOWN_MAX) {
        let blanks = [
            ("case", case.number.as_str()),
            ("subject", case.subject.as_str()),
            ("day", &case.decided_on.to_string()),
            ("scenario", &words.code(case.scenario)),
            ("at", &at_text(checked.at())),
        ];
        page.line(match checked {
            Checked::Late(_) => words.fill("case_late", &blanks),
            Checked::Never | Checked::InTime(_) | Checked::NotKnown => {
                words.fill("case_never", &blanks)
            }
        });
    }
    if open.len() > MISSED_SHOWN_MAX {
        let left = (open.len() - MISSED_SHOWN_MAX).to_string();
        page.line(words.fill("cases_left", &[("count", &left)]));
    }
    lost(&mut page, rows_lost, words);
    if let Some(path) = csv {
        page.pairs(&[words.pair("written", path.display())]);
    }
    let by = counts.iter().map(|((scenario, month), of)| {
        let [all, in_time, late, never, not_known] = numbers(of);
        json!({
            "scenario": scenario.name(), "month": month, "cases": all, "in_time": in_time,
            "late": late, "never": never, "not_known": not_known,
        })
    });
    let missed = open.iter().map(|(case, checked)| {
        json!({
            "case": case.number.as_str(),
            "subject": case.subject.to_string(),
            "scenario": case.scenario.name(),
            "decided_on": case.decided_on.to_string(),
            "state": checked.name(),
            "first_looked_up_at": at_json(checked.at()),
        })
    });
    let json = json!({
        "counts": by.collect::<Value>(),
        "missed": missed.collect::<Value>(),
        "lost": lost_json(rows_lost),
        "file": csv.map(|path| path.display().to_string()),
    });
    Report::new(page, json)
}

const fn numbers(of: &Counts) -> [u64; 5] {
    [of.cases, of.in_time, of.late, of.never, of.not_known]
}

/// Comma-separated values (RFC 4180): a line for each case.
pub(crate) fn missed_csv(cases: &[Case], checked: &[Checked]) -> String {
    let mut text = "case,subject,scenario,decided_on,state,first_looked_up_at\r\n".to_owned();
    for (case, checked) in cases.iter().zip(checked) {
        let number = quoted(case.number.as_str());
        let at = checked.at().map(|at| at.value().to_string());
        let (subject, scenario) = (case.subject, case.scenario.name());
        let (day, state) = (case.decided_on, checked.name());
        let at = at.unwrap_or_default();
        let _ = write!(text, "{number},{subject},{scenario},{day},{state},{at}\r\n");
    }
    text
}
