//! Makes the vectors, each with the cause that it must be refused for, and holds the files to them.
//!
//! `CONCORDAT_WRITE_VECTORS=1 cargo test -p concordat-protocol --test statements generate` writes
//! the files anew; without the variable the test compares.

mod bytes;
pub(crate) mod cases;
mod changes;
mod envelopes;

use std::fs;

use serde_json::{Value, json};

use crate::vectors::{self, folder, hex};

/// One case: its name, why it is there, the bytes, the requirement and the cause of its refusal.
pub(crate) struct Case {
    name: String,
    comment: String,
    input: Vec<u8>,
    spec: &'static str,
    cause: Option<&'static str>,
}

impl Case {
    pub(crate) fn ok(name: impl Into<String>, input: Vec<u8>, spec: &'static str) -> Self {
        let comment = "in the form that the specification asks for".to_owned();
        let name = name.into();
        Self {
            name,
            comment,
            input,
            spec,
            cause: None,
        }
    }

    pub(crate) fn refused(
        name: impl Into<String>,
        comment: impl Into<String>,
        input: Vec<u8>,
        spec: &'static str,
        cause: &'static str,
    ) -> Self {
        let (name, comment) = (name.into(), comment.into());
        Self {
            name,
            comment,
            input,
            spec,
            cause: Some(cause),
        }
    }
}

/// Runs the cases and gives the file's content. A case that is not refused for its cause ends the
/// test: what is written down is what was meant, never what was found.
fn file(cases: &[Case], run: fn(&[u8]) -> Value) -> String {
    let mut wrong = Vec::new();
    let list: Vec<Value> = cases
        .iter()
        .map(|case| {
            let result = run(&case.input);
            let cause = result["refused"]["cause"].as_str();
            if cause != case.cause {
                wrong.push(format!("{}: {:?}, but {result}", case.name, case.cause));
            }
            json!({
                "comment": case.comment,
                "input": hex(&case.input),
                "name": case.name,
                "result": result,
                "spec": case.spec,
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut text = serde_json::to_string_pretty(&list).unwrap();
    text.push('\n');
    text
}

fn hold(area: &str, name: &str, text: &str) {
    let path = folder(area).join(format!("{name}.json"));
    if std::env::var("CONCORDAT_WRITE_VECTORS").is_ok() {
        fs::create_dir_all(folder(area)).unwrap();
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == text, "{} is not what is generated", path.display());
}

// spec: CBOR-1..CBOR-8
#[test]
fn cbor_files_are_those_that_are_generated() {
    for (name, cases) in bytes::families() {
        hold("cbor", name, &file(&cases, vectors::cbor));
    }
}

// spec: STM-1..STM-6, CBOR-10, KEY-2
#[test]
fn statement_files_are_those_that_are_generated() {
    for (name, cases) in envelopes::families() {
        hold("statement", name, &file(&cases, vectors::statement));
    }
}

// spec: LOG-1
#[test]
fn leaf_files_are_those_that_are_generated() {
    hold("leaf", "leaf", &file(&cases::leaves(), vectors::leaf));
}

// spec: TRU-2
#[test]
fn genesis_files_are_those_that_are_generated() {
    hold(
        "genesis",
        "genesis",
        &file(&cases::geneses(), vectors::genesis),
    );
}

// spec: TRU-6
#[test]
fn registry_files_are_those_that_are_generated() {
    let mut text = serde_json::to_string_pretty(&changes::fold()).unwrap();
    text.push('\n');
    hold("registry", "fold", &text);
}
