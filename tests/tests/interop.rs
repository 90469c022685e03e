//! Bytes, signatures and shapes hold for libraries that share no code with this project.
//!
//! `CONCORDAT_PYTHON` names a Python that has the packages cwt, cbor2, cryptography and pycddl; without
//! it `python3` is asked. Where packages are missing the test says that it was skipped.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use concordat_protocol::codec::{self, Ext, Limits, Writer};
use concordat_tests::sim::Rng;
use concordat_tests::tree;
use serde_json::{Value, json};

/// Items that each side makes for the other.
const ITEMS: usize = 1_000;

/// Runs a script of `tests/interop`, and gives what it printed; `None` where packages are missing.
fn run(packages: &str, script: &str, input: &str) -> Option<String> {
    let python = std::env::var("CONCORDAT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = format!("import {packages}");
    let found = Command::new(&python).args(["-c", &import]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has not all of the packages {packages}");
        return None;
    }
    let mut child = Command::new(&python)
        .arg(tree::root().join("tests/interop").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A script that ends early, or reads nothing, says by its status what is wrong.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    Some(said)
}

// spec: STM-1, STM-3, STM-7, CBOR-1
#[test]
fn statements_verify_with_libraries_of_another_language() {
    if let Some(said) = run("cbor2, cwt", "verify_statement.py", "") {
        assert!(said.contains("statements verified by cwt: "), "{said}");
    }
}

// spec: LOG-15, LOG-21, LOG-22
#[test]
fn checkpoint_of_the_specification_verifies_with_a_library_of_another_language() {
    if let Some(said) = run("cryptography", "verify_checkpoint.py", "") {
        assert!(said.contains("verified by cryptography"), "{said}");
    }
}

// spec: STM-15
#[test]
fn vectors_fit_the_grammar_of_the_specification() {
    if let Some(said) = run("cbor2, pycddl", "check_cddl.py", "") {
        assert_eq!(said.lines().count(), 3, "{said}");
        eprint!("{said}");
    }
}

// spec: CBOR-1, CBOR-2, CBOR-4, CBOR-9
#[test]
fn a_thousand_items_are_encoded_alike_by_cbor2_in_both_directions() {
    let mut rng = Rng::new(8949);
    let ours: Vec<Value> = (0..ITEMS).map(|_| shown(&item(&mut rng, 3))).collect();
    let input = serde_json::to_string(&ours).unwrap();
    let Some(said) = run("cbor2", "agree_on_cbor.py", &input) else {
        return;
    };
    let theirs: Vec<Value> = serde_json::from_str(&said).unwrap();
    assert_eq!(theirs.len(), ITEMS);
    for (place, shown) in theirs.iter().enumerate() {
        let bytes = unhex(shown["bytes"].as_str().unwrap());
        assert_eq!(
            codec::validate(&bytes, Limits::STATEMENT),
            Ok(()),
            "{place}"
        );
        assert_eq!(encoded(&item_of(&shown["value"])), bytes, "{place}");
        let kept: Ext = codec::decode(&[&[0xa1, 1], &bytes[..]].concat(), Limits::STATEMENT)
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(kept.keys().collect::<Vec<_>>(), [1]);
    }
}

/// One item of CBOR.
#[derive(Clone, Debug)]
enum Item {
    Unsigned(u64),
    /// −1 − n.
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Truth(bool),
    Null,
}

fn shown(item: &Item) -> Value {
    json!({ "bytes": hex(&encoded(item)), "value": value(item) })
}

fn value(item: &Item) -> Value {
    match item {
        Item::Unsigned(number) => json!({ "i": number.to_string() }),
        Item::Negative(number) => json!({ "i": (-1 - i128::from(*number)).to_string() }),
        Item::Bytes(bytes) => json!({ "b": hex(bytes) }),
        Item::Text(text) => json!({ "t": text }),
        Item::List(items) => json!({ "l": items.iter().map(value).collect::<Vec<_>>() }),
        Item::Map(entries) => {
            let pairs = entries.iter().map(|(key, item)| [value(key), value(item)]);
            json!({ "m": pairs.collect::<Vec<_>>() })
        }
        Item::Truth(truth) => json!(truth),
        Item::Null => Value::Null,
    }
}

fn item_of(shown: &Value) -> Item {
    let text = |key: &str| shown[key].as_str();
    if let Some(number) = text("i") {
        let number: i128 = number.parse().unwrap();
        return match u64::try_from(number) {
            Ok(number) => Item::Unsigned(number),
            Err(_) => Item::Negative(u64::try_from(-1 - number).unwrap()),
        };
    }
    if let Some(bytes) = text("b") {
        return Item::Bytes(unhex(bytes));
    }
    if let Some(text) = text("t") {
        return Item::Text(text.to_owned());
    }
    if let Some(items) = shown["l"].as_array() {
        return Item::List(items.iter().map(item_of).collect());
    }
    if let Some(entries) = shown["m"].as_array() {
        let pair = |pair: &Value| (item_of(&pair[0]), item_of(&pair[1]));
        return Item::Map(entries.iter().map(pair).collect());
    }
    shown.as_bool().map_or(Item::Null, Item::Truth)
}

fn encoded(item: &Item) -> Vec<u8> {
    let mut writer = Writer::default();
    match item {
        Item::Unsigned(number) => writer.unsigned(*number),
        Item::Negative(number) => writer.negative(*number),
        Item::Bytes(bytes) => writer.bytes(bytes),
        Item::Text(text) => writer.text(text),
        Item::List(items) => {
            writer.array(items.len() as u64);
            writer.raw(&items.iter().flat_map(encoded).collect::<Vec<_>>())
        }
        Item::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, item)| (encoded(key), encoded(item)));
            let mut entries: Vec<_> = entries.collect();
            entries.sort();
            writer.map(entries.len() as u64);
            writer.raw(
                &entries
                    .into_iter()
                    .flat_map(|(key, item)| [key, item].concat())
                    .collect::<Vec<_>>(),
            )
        }
        Item::Truth(truth) => writer.raw(&[0xf4 + u8::from(*truth)]),
        Item::Null => writer.null(),
    };
    writer.finish()
}

/// Numbers near the ends of each length as often as any others.
fn number(rng: &mut Rng) -> u64 {
    let bits = [4, 5, 8, 16, 32, 63, 64][pick(rng, 7)];
    let largest = u64::MAX >> (64 - bits);
    let within = rng.within(0, u64::MAX - 1) & largest;
    [within, largest, largest.wrapping_add(1), 23, 24][pick(rng, 5)]
}

fn text(rng: &mut Rng) -> String {
    let count = [0, 1, 7, 23, 24, 90][pick(rng, 6)];
    let letters = ['a', 'z', '0', '9', ' ', '-', '信', '用', 'é', '\u{20000}'];
    (0..count)
        .map(|_| letters[pick(rng, letters.len())])
        .collect()
}

fn item(rng: &mut Rng, depth: u32) -> Item {
    match pick(rng, if depth == 0 { 6 } else { 8 }) {
        0 => Item::Unsigned(number(rng)),
        1 => Item::Negative(number(rng)),
        2 => {
            let count = [0, 1, 16, 23, 24, 32, 255, 256][pick(rng, 8)];
            Item::Bytes((0..count).map(|_| number(rng).to_be_bytes()[7]).collect())
        }
        3 => Item::Text(text(rng)),
        4 => Item::Truth(rng.one_in(2)),
        5 => Item::Null,
        6 => {
            let count = [0, 1, 2, 5, 24][pick(rng, 5)];
            Item::List((0..count).map(|_| item(rng, depth - 1)).collect())
        }
        _ => {
            let key = [Item::Unsigned, Item::Negative][pick(rng, 2)];
            let of_text = rng.one_in(3);
            let mut entries = Vec::<(Item, Item)>::new();
            for _ in 0..[0, 1, 3, 9][pick(rng, 4)] {
                let key = match of_text {
                    true => Item::Text(text(rng)),
                    false => key(number(rng)),
                };
                let known = entries
                    .iter()
                    .any(|(other, _)| encoded(other) == encoded(&key));
                if !known {
                    entries.push((key, item(rng, depth - 1)));
                }
            }
            Item::Map(entries)
        }
    }
}

fn pick(rng: &mut Rng, count: usize) -> usize {
    usize::try_from(rng.within(0, count as u64 - 1)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}
