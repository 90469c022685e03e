//! Help, usage errors, languages, completions.

use concordat_certs::wording::remains;

use crate::support::{concordat, concordat_in, concordat_without_room};

const VERBS: [&str; 20] = [
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
    "stay",
    "repair",
    "bundle",
    "propagation",
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

// spec: ADM-10
#[test]
fn usage_error_is_one_json_object_where_json_is_asked_for() {
    for arguments in [
        &["subject", "91110108551385082Q", "--output", "json"][..],
        &["--output=json", "nonsense"],
        &["--output", "json", "--lang", "zh", "bundle"],
    ] {
        let json = concordat(arguments).exits(2).json();
        let error = &json["error"];
        assert_eq!(
            (&error["code"], &error["exit"]),
            (&"usage".into(), &2.into())
        );
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert!(error["details"].is_object());
    }
    let plain = concordat(&["nonsense", "--", "--output", "json"]).exits(2);
    assert_eq!(plain.out, "");
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

/// The largest number of seconds ended the tool with a trace of its stack.
// spec: ADM-140
#[test]
fn time_to_wait_that_is_too_long_is_refused_with_the_longest() {
    for seconds in [
        "86401",
        "9223372036854775807",
        "18446744073709551615",
        "18446744073709551616",
    ] {
        for lang in ["en", "zh"] {
            let status = ["--node", "/nowhere", "status", "--wait", seconds];
            let ran = concordat(&[&["--lang", lang][..], &status].concat()).exits(2);
            assert!(ran.err.contains(seconds), "{}", ran.err);
            if seconds.len() < 20 {
                assert!(ran.err.contains("86400"), "{}", ran.err);
            }
            if lang == "zh" {
                assert_eq!(remains::english(&ran.err), Vec::<String>::new());
            }
        }
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

/// The paths of all commands, as their help lists them.
fn paths(path: &[String], found: &mut Vec<Vec<String>>) {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = concordat(&arguments).exits(0).out;
    found.push(path.to_vec());
    let Some((_, commands)) = help.split_once("\nCommands:\n") else {
        return;
    };
    let lines = commands.lines().take_while(|line| !line.is_empty());
    // A line that goes on is indented further.
    let lines = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in lines.filter_map(|line| line.split_whitespace().next()) {
        if name != "help" {
            paths(&[path, &[name.to_owned()]].concat(), found);
        }
    }
}

// spec: ADM-14
#[test]
fn help_of_every_command_is_chinese_throughout() {
    let mut all = Vec::new();
    paths(&[], &mut all);
    assert!(all.len() > 40, "{all:?}");
    for path in all {
        let mut arguments = vec!["--lang", "zh"];
        arguments.extend(path.iter().map(String::as_str));
        arguments.push("--help");
        let help = concordat(&arguments).exits(0).out;
        assert_eq!(remains::english(&help), Vec::<String>::new(), "{help}");
    }
}

// spec: ADM-14
#[test]
fn usage_errors_are_chinese_throughout() {
    for arguments in [
        &["nonsense"][..],
        &["statsu"],
        &["peer"],
        &["subject"],
        &["status", "extra"],
        &["status", "--wate", "3"],
        &["status", "--wait"],
        &["status", "--wait", "soon"],
        &["--output", "xml", "status"],
        &["--lang", "fr", "--lang", "zh", "status"],
        &["ruling", "issue", "x", "--closes", "y", "--all-open"],
        &["--remote", "127.0.0.1:1", "status"],
        &["completions", "cmd"],
    ] {
        let mut all = vec!["--lang", "zh"];
        all.extend(arguments);
        let ran = concordat(&all).exits(2);
        let mut left = remains::english(&ran.err);
        // What was typed stays.
        left.retain(|word| !arguments.contains(&word.as_str()));
        assert_eq!(left, Vec::<String>::new(), "{}", ran.err);
    }
}

/// Whatever was printed onto a full disk ended with 0, and scripts believed an empty answer.
// spec: ADM-101
#[test]
fn output_that_cannot_be_written_is_a_failure_on_every_path() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["import", "--help"],
        &["completions", "bash"],
        &["--output", "json", "completions", "zsh"],
    ] {
        let ran = concordat_without_room(arguments).exits(1);
        assert!(ran.err.contains("cannot be written"), "{}", ran.err);
    }
    let ran = concordat_without_room(&["--lang", "zh", "--help"]).exits(1);
    assert!(ran.err.contains("磁盘空间不足"), "{}", ran.err);
    // What went wrong before keeps its exit code.
    concordat_without_room(&["--output", "json", "statsu"]).exits(2);
    let nowhere = ["--output", "json", "--node", "/nowhere", "status"];
    let ran = concordat_without_room(&nowhere).exits(5);
    assert!(ran.err.contains("cannot be written"), "{}", ran.err);
    // And nobody is told that it was done.
    assert!(!ran.err.contains("carried out"), "{}", ran.err);
}
