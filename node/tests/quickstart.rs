//! The tour as a new user takes it: the program, its last line, and its refusals.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn quickstart(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_concordat-node"))
        .arg("quickstart")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

#[test]
fn tour_ends_with_every_statement_everywhere_and_a_proof_that_holds() {
    let folder = tempfile::tempdir().unwrap();
    let output = quickstart(folder.path(), &["--once", "--output", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    let result: Value = serde_json::from_str(&line).unwrap();
    let nodes = result["nodes"].as_u64().unwrap();
    assert!(nodes >= 7, "{line}");
    assert!(result["statements"].as_u64().unwrap() >= 1_000, "{line}");
    for field in [
        "exchanged_to_all",
        "bundle_verified",
        "tampered_bundle_rejected",
        "propagation_complete",
    ] {
        assert_eq!(result[field], Value::Bool(true), "{field}: {line}");
    }
    for field in ["suspended_at", "corrected_at"] {
        let names = result[field].as_array().unwrap();
        assert_eq!(names.len() as u64, nodes, "{field}: {line}");
    }
    let informed = result["for_information_at"].as_array().unwrap();
    assert_eq!(informed.len() as u64, nodes - 1, "{line}");
    assert_eq!(result["recognised_by"], "第三条", "{line}");
    assert!(result["elapsed_ms"].is_u64(), "{line}");
    let written: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(written, ["concordat-quickstart"]);
}

#[test]
fn tour_refuses_a_folder_that_it_would_have_to_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("concordat-quickstart");
    std::fs::create_dir(&kept).unwrap();
    let output = quickstart(folder.path(), &["--once"]);
    assert!(!output.status.success());
    assert!(
        said(&output).contains("exists already"),
        "{}",
        said(&output)
    );
    assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 0);
    // spec: ADM-10
    let output = quickstart(folder.path(), &["--once", "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stdout).unwrap();
    let error: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(error["error"]["code"], "failed");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("exists already"), "{line}");
}
