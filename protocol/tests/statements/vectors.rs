//! Runs every file under `spec/vectors` that concerns bytes, statements, leaves and the registry.
//!
//! A file is a list of `{comment, input, name, result, spec}`, the input in hexadecimal. `result` is
//! `{"ok": …}` or `{"refused": {"cause": …}}`; see `spec/vectors/README.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concordat_protocol::codec::{Limits, validate};
use concordat_protocol::statement::{Leaf, Statement};
use concordat_protocol::trust::{Applied, Genesis, Registry};
use serde_json::{Value, json};

/// The folder of an area's vectors.
pub(crate) fn folder(area: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../spec/vectors")
        .join(area)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// The cause of a refusal: variants joined by dots, then the offset where there is one. What a
/// decoder of another language says of a shape differs, so its words stand under `says`.
pub(crate) fn refusal<E: std::fmt::Debug + std::fmt::Display>(error: &E) -> Value {
    let debug = format!("{error:?}");
    let word = |text: &str| -> String {
        text.chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect()
    };
    let outer = word(&debug);
    let nested = ["Decode", "Invalid"].contains(&outer.as_str());
    let cause = match debug.strip_prefix(&format!("{outer}(")) {
        Some(inner) if nested => format!("{outer}.{}", word(inner)),
        Some(_) | None => outer,
    };
    let mut refused = json!({ "cause": cause });
    if let Some((_, rest)) = debug.split_once("offset: ") {
        refused["offset"] = json!(word(rest).parse::<u64>().unwrap());
    }
    if cause.ends_with("Shape") {
        refused["says"] = json!(error.to_string());
    }
    json!({ "refused": refused })
}

fn result<T, E: std::fmt::Debug + std::fmt::Display>(
    result: Result<T, E>,
    seen: impl Fn(T) -> Value,
) -> Value {
    match result {
        Ok(value) => json!({ "ok": seen(value) }),
        Err(error) => refusal(&error),
    }
}

pub(crate) fn cbor(bytes: &[u8]) -> Value {
    result(validate(bytes, Limits::STATEMENT), |()| json!(true))
}

pub(crate) fn statement(bytes: &[u8]) -> Value {
    result(Statement::decode(bytes), |statement| {
        let header = statement.header();
        json!({
            "approvals": statement.approvals().len(),
            "class": statement.payload().class().code(),
            "iss": header.issuer.as_str(),
            "kid": header.kid.to_string(),
            "sub": header.about.as_str(),
        })
    })
}

pub(crate) fn leaf(bytes: &[u8]) -> Value {
    result(Leaf::decode(bytes), |leaf| {
        json!({
            "ctx": leaf.ctx.value(),
            "hash": leaf.hash().to_string(),
            "kind": leaf.kind.code(),
            "target": leaf.target.map(concordat_protocol::log::LeafIndex::value),
            "vis": leaf.vis.code(),
        })
    })
}

pub(crate) fn genesis(bytes: &[u8]) -> Value {
    result(
        Genesis::decode(bytes),
        |genesis| json!({ "id": genesis.id().to_string() }),
    )
}

fn run(area: &str, run: fn(&[u8]) -> Value) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    let mut files: Vec<PathBuf> = fs::read_dir(folder(area))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in files {
        let cases: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for case in cases {
            let found = run(&unhex(case["input"].as_str().unwrap()));
            let name = case["name"].as_str().unwrap();
            assert_eq!(found, case["result"], "{}: {name}", path.display());
            match found.get("refused") {
                Some(_) => refused += 1,
                None => accepted += 1,
            }
        }
    }
    (accepted, refused)
}

// spec: CBOR-1..CBOR-8
#[test]
fn every_vector_of_bytes_gives_its_result() {
    let (accepted, refused) = run("cbor", cbor);
    assert!(accepted >= 30 && refused >= 200, "{accepted} {refused}");
}

// spec: STM-1..STM-7, STM-9, STM-10, STM-13, STM-15..STM-18, STM-20..STM-23, STM-25, STM-26
// spec: STM-30, STM-31
#[test]
fn every_vector_of_statements_gives_its_result() {
    let (accepted, refused) = run("statement", statement);
    assert!(accepted >= 5 && refused >= 80, "{accepted} {refused}");
}

// spec: LOG-1, STM-11
#[test]
fn every_vector_of_leaves_gives_its_result() {
    let (accepted, refused) = run("leaf", leaf);
    assert!(accepted > 0 && refused > accepted, "{accepted} {refused}");
}

// spec: TRU-1, TRU-2, TRU-3, TRU-17
#[test]
fn every_vector_of_genesis_gives_its_result() {
    let (accepted, refused) = run("genesis", genesis);
    assert!(accepted > 0 && refused > accepted, "{accepted} {refused}");
}

/// What an entry of the registry log does, as vectors write it.
pub(crate) fn applied(applied: Applied) -> Value {
    match applied {
        Applied::Changed => json!("changed"),
        Applied::Unchanged => json!("unchanged"),
        Applied::Void(reason) => json!({ "void": reason.code(), "cause": format!("{reason:?}") }),
    }
}

// spec: TRU-4, TRU-5, TRU-6, TRU-20, TRU-21
#[test]
fn every_entry_of_the_registry_vectors_does_what_it_says() {
    let bytes = fs::read(folder("registry").join("fold.json")).unwrap();
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    let text = |value: &Value| unhex(value.as_str().unwrap());
    let genesis = Genesis::decode(&text(&file["genesis"])).unwrap();
    let mut registry = Registry::new(Arc::new(genesis));
    let (mut changed, mut void) = (0, 0);
    for entry in file["entries"].as_array().unwrap() {
        let leaf = Leaf::decode(&text(&entry["leaf"])).unwrap();
        let statement = Statement::decode(&text(&entry["statement"])).ok();
        let found = registry.apply(&leaf, statement.as_ref());
        assert_eq!(applied(found), entry["result"], "{}", entry["name"]);
        match found {
            Applied::Changed => changed += 1,
            Applied::Unchanged => panic!("{} changes nothing", entry["name"]),
            Applied::Void(_) => void += 1,
        }
    }
    assert!(changed > 4 && void > changed, "{changed} {void}");
    assert_eq!(
        registry.root_at(registry.size()).unwrap().to_string(),
        file["root"].as_str().unwrap()
    );
}
