//! The table of codes in `spec/errors.md` is that of the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use concordat_protocol::message::{Absence, ErrorCode};
use concordat_protocol::trust::RejectReason;

/// Code and name of every row under a heading.
fn table(heading: &str) -> BTreeMap<u64, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/errors.md");
    let page = fs::read_to_string(path).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let code = cells.next()?.parse().ok()?;
        Some((code, cells.next()?.trim_matches('`').to_owned()))
    };
    section.lines().filter_map(row).collect()
}

fn names<T: std::fmt::Debug + Copy>(all: &[T], code: fn(T) -> u64) -> BTreeMap<u64, String> {
    all.iter()
        .map(|value| (code(*value), format!("{value:?}")))
        .collect()
}

// spec: ERR-1
#[test]
fn reject_reasons_have_the_codes_of_the_table() {
    let found = names(RejectReason::ALL, RejectReason::code);
    assert_eq!(found, table("Reasons to reject"));
    for reason in RejectReason::ALL {
        assert_eq!(RejectReason::from_code(reason.code()), Some(*reason));
    }
    assert_eq!(RejectReason::from_code(0), None);
    assert_eq!(RejectReason::from_code(30), None);
}

// spec: ERR-1
#[test]
fn wire_errors_and_absences_have_the_codes_of_the_table() {
    let errors = names(ErrorCode::ALL, ErrorCode::code);
    assert_eq!(errors, table("Errors on the wire"));
    let absences = names(Absence::ALL, Absence::code);
    assert_eq!(absences, table("Absent bodies"));
}
