//! The vectors hold for libraries that share no code with this project.
//!
//! `CONCORDAT_PYTHON` names a Python that has the packages cwt and cbor2; without it `python3` is
//! asked. Where they are missing the test says that it was skipped.

use std::process::Command;

use concordat_tests::tree;

// spec: STM-1, STM-3, STM-7, CBOR-1
#[test]
fn statements_verify_with_libraries_of_another_language() {
    let python = std::env::var("CONCORDAT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let packages = Command::new(&python)
        .args(["-c", "import cbor2, cwt"])
        .output();
    if !packages.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no packages cwt and cbor2");
        return;
    }
    let script = tree::root().join("tests/interop/verify_statement.py");
    let output = Command::new(&python)
        .arg(script)
        .output()
        .expect("this Python was just run");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.contains("statements verified by cwt: "), "{said}");
}
