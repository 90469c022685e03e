//! `ledger export`: written whole or not at all. And what `statistics` takes.

use std::fs;
use std::path::Path;

use concordat_protocol::admin::{
    AdminError, ErrorCode, LedgerAsk, LedgerRow, LedgerView, Reply, Request,
};
use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{Class, StatementRef};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::time::Day;

use crate::support::{Ran, concordat, fake_node};

const ORIGIN: &str =
    "test-0000000000000000000000000000000000000000000000000000000000000000/11310000MB00000009/0";

fn day() -> Day {
    Day::parse_loose("2026-03-02").unwrap()
}

fn row(index: u64) -> LedgerRow {
    let reference = StatementRef {
        origin: ORIGIN.parse().unwrap(),
        index: LeafIndex::new(index),
        leaf_hash: Hash::from_bytes([1; 32]),
    };
    let about = SubjectCode::parse("91230400MA0000015M").unwrap();
    LedgerRow::new(reference, Class::Objection, day(), about)
}

fn page(ask: &LedgerAsk) -> Reply {
    let first = ask.next.is_none();
    Reply::Ledger(Box::new(LedgerView {
        origin: ORIGIN.parse().unwrap(),
        size: TreeSize::new(600).unwrap(),
        root: first.then(|| Hash::from_bytes([2; 32])),
        witnessed: None,
        as_of: day(),
        rows: vec![row(if first { 0 } else { 512 })],
        next: first.then(|| LeafIndex::new(512)),
        not_held: 2,
    }))
}

const SPAN: [&str; 6] = [
    "ledger",
    "export",
    "--from",
    "2026-01-01",
    "--until",
    "2026-12-31",
];

// spec: ADM-360, ADM-362
#[test]
fn ledger_is_written_whole_or_not_at_all() {
    let pages = |request: &Request| match request {
        Request::Ledger(ask) => vec![page(ask)],
        _ => Vec::new(),
    };
    for form in ["--csv", "--json"] {
        let directory = tempfile::tempdir().unwrap();
        let table = directory.path().join("ledger");
        let node = fake_node(directory.path(), pages);
        let ran = export(directory.path(), form).exits(0);
        let text = fs::read_to_string(&table).unwrap();
        let lines = if form == "--csv" { 4 } else { 3 };
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(text.contains(&"02".repeat(32)), "{text}");
        assert_eq!(ran.json()["rows"], 2);
        // spec: ADM-385
        assert_eq!(ran.json()["not_held"], 4);
        node.join().unwrap();
        // It is there now, and stays as it is.
        let again = export(directory.path(), form).exits(1);
        assert_eq!(again.json()["error"]["code"], "file-exists");
        assert_eq!(fs::read_to_string(&table).unwrap(), text);
    }
    // The second page does not come.
    let directory = tempfile::tempdir().unwrap();
    let node = fake_node(directory.path(), |request| match request {
        Request::Ledger(ask) if ask.next.is_none() => vec![page(ask)],
        _ => vec![Reply::Error(AdminError::new(ErrorCode::ShuttingDown))],
    });
    let ran = export(directory.path(), "--csv").exits(1);
    assert_eq!(ran.json()["error"]["code"], "shutting-down");
    assert!(!directory.path().join("ledger").exists());
    node.join().unwrap();
}

/// Asks the node in a directory for a ledger beside it.
fn export(directory: &Path, form: &str) -> Ran {
    let node = directory.display().to_string();
    let file = directory.join("ledger").display().to_string();
    let node = ["--node", &node, "--output", "json"];
    concordat(&[&node[..], &SPAN[..], &[form, &file]].concat())
}

// spec: ADM-9
#[test]
fn wrong_uses_of_ledger_and_statistics_are_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    let file = directory.path().join("f.csv").display().to_string();
    let nowhere = directory.path().join("no/f.csv").display().to_string();
    let wrong: [(&[&str], i32, &str); 14] = [
        (&["ledger"], 2, "usage"),
        (&["ledger", "export"], 2, "usage"),
        (
            &["ledger", "export", "--until", "2026-12-31", "--csv", &file],
            2,
            "usage",
        ),
        (
            &["ledger", "export", "--from", "2026-01-01", "--csv", &file],
            2,
            "usage",
        ),
        (&SPAN, 2, "usage"),
        (
            &[&SPAN[..], &["--csv", &file, "--json", &file]].concat(),
            2,
            "usage",
        ),
        (
            &[&SPAN[..], &["--csv", &nowhere]].concat(),
            3,
            "folder-missing",
        ),
        (&[&SPAN[..], &["--csv", &file, "more"]].concat(), 2, "usage"),
        (
            &[
                "ledger",
                "export",
                "--from",
                "2026-02-30",
                "--until",
                "2026-12-31",
                "--csv",
                &file,
            ],
            2,
            "bad-value",
        ),
        (
            &[
                "ledger",
                "export",
                "--from",
                "2026-12-31",
                "--until",
                "2026-01-01",
                "--csv",
                &file,
            ],
            2,
            "span-unfit",
        ),
        (&["statistics", "2026", "--count", "late"], 2, "bad-choice"),
        (
            &["statistics", "2026", "--count", "late-repair", "--coverage"],
            2,
            "usage",
        ),
        (&["statistics", "2026-13", "--coverage"], 2, "bad-value"),
        (
            &["statistics", "2026", "--coverage", "--csv", &nowhere],
            3,
            "folder-missing",
        ),
    ];
    for (arguments, exit, code) in wrong {
        let node = ["--node", path.as_str(), "--output", "json"];
        let ran = concordat(&[&node[..], arguments].concat());
        assert_eq!(ran.exit, exit, "{arguments:?}: {}", ran.out);
        assert!(
            ran.out.contains(&format!("\"{code}\"")),
            "{arguments:?}: {}",
            ran.out
        );
        assert!(!directory.path().join("f.csv").exists(), "{arguments:?}");
    }
}

/// Under JSON a template was printed as TOML.
// spec: ADM-10
#[test]
fn template_under_json_is_one_object_that_holds_it() {
    let ran = concordat(&["--output", "json", "record", "template", "commitment"]).exits(0);
    let json = ran.json();
    assert_eq!(json["class"], "commitment");
    let people = concordat(&["--lang", "en", "record", "template", "commitment"]).exits(0);
    assert_eq!(json["template"].as_str().unwrap().trim(), people.out.trim());
}
