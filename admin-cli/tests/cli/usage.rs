//! Help, usage errors, languages, completions.

use crate::support::{concordat, concordat_in};

const VERBS: [&str; 17] = [
    "init",
    "genesis",
    "enrol",
    "peer",
    "change",
    "status",
    "watch",
    "import",
    "subject",
    "statement",
    "objection",
    "ruling",
    "correction",
    "withdrawal",
    "admission",
    "bundle",
    "completions",
];

#[test]
fn help_names_every_command() {
    let ran = concordat(&["--help"]).exits(0);
    for verb in VERBS {
        let line = ran
            .out
            .lines()
            .find(|line| line.trim_start().starts_with(verb));
        assert!(line.is_some(), "{verb} is not in:\n{}", ran.out);
    }
}

// spec: ADM-14, ADM-15
#[test]
fn help_speaks_the_language_asked_for() {
    let english = concordat(&["status", "--help"]).exits(0);
    assert!(
        english.out.starts_with("Shows how the node is\n"),
        "{}",
        english.out
    );
    let chinese = concordat(&["--lang", "zh", "status", "--help"]).exits(0);
    assert!(chinese.out.starts_with("显示节点状态\n"), "{}", chinese.out);
    let chinese = concordat_in(("LANG", "zh_CN.UTF-8"), &["import", "--help"]).exits(0);
    assert!(chinese.out.contains("仅试运行"), "{}", chinese.out);
}

// spec: ADM-9
#[test]
fn usage_error_exits_with_2_and_prints_nothing_to_standard_output() {
    for arguments in [
        &["nonsense"][..],
        &["subject"],
        &["--output", "xml", "status"],
        &["--lang", "fr", "status"],
        &[
            "ruling",
            "issue",
            "x",
            "--outcome",
            "upheld",
            "--reasons",
            "y",
        ],
        &["--remote", "127.0.0.1:1", "status"],
    ] {
        let ran = concordat(arguments).exits(2);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn command_without_a_node_says_how_to_name_one() {
    let ran = concordat(&["status"]).exits(2);
    assert!(ran.err.contains("--node DIR"), "{}", ran.err);
    let ran = concordat(&["--lang", "zh", "status"]).exits(2);
    assert!(ran.err.starts_with("未指明节点"), "{}", ran.err);
}

// spec: ADM-10
#[test]
fn failure_is_one_object_where_json_is_asked_for() {
    let ran = concordat(&["--output", "json", "status"]).exits(2);
    let json = ran.json();
    assert_eq!(json["error"]["code"], "no-node");
    assert_eq!(json["error"]["exit"], 2);
    assert_eq!(ran.err, "");
}

#[test]
fn refused_values_are_named_with_their_argument() {
    let ran = concordat(&[
        "subject",
        "123",
        "--purpose",
        "p",
        "--case",
        "c",
        "--basis",
        "b",
    ])
    .exits(2);
    assert!(
        ran.err.starts_with("CODE: … is not acceptable"),
        "{}",
        ran.err
    );
    let ran = concordat(&["objection", "file", "x#y", "--ground", "facts"]).exits(2);
    assert!(ran.err.contains("REFERENCE: x#y"), "{}", ran.err);
    let ran = concordat(&["objection", "file", "x", "--ground", "bad"]).exits(2);
    assert!(ran.err.contains("wrong-subject"), "{}", ran.err);
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = concordat(&["completions", shell]).exits(0);
        assert!(ran.out.contains("concordat"), "{shell}");
    }
    concordat(&["completions", "cmd.exe"]).exits(2);
}

#[test]
fn output_holds_no_colour() {
    for arguments in [&["--help"][..], &["status"], &["nonsense"]] {
        let ran = concordat(arguments);
        assert!(
            !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
            "{arguments:?}"
        );
    }
}
