//! Ten wrong uses of each command that takes an act back, repairs, or says whether an organisation is clean: each ends
//! with the exit code of its kind and a sentence, in the language asked for, that names what is wrong or what to do.

use concordat_protocol::admin::{AdminError, ErrorCode, Reply};

use crate::node::against;
use crate::support::{Ran, concordat};

/// What the tool sees by itself: the call, and what its error names in either language.
type Seen = (&'static str, &'static str);
/// What the node refuses: the call, the refusal, the exit code, and what its error names.
type Refused = (&'static str, fn() -> AdminError, i32, &'static str);

const WITHDRAWAL: &str =
    "withdrawal issue 鹤劳罚字〔2026〕12号 --yes --reasons 认定有误 --reason other-error";
const BULK: &str = "withdrawal bulk --import 00112233445566778899aabbccddeeff --yes --reasons 有误 --reason other-error";
const REPAIR: &str = "repair issue 鹤劳罚字〔2026〕12号 --yes --reasons 已履行 --effect mark";
const SUBJECT: &str = "subject 91230400MA0000015M --purpose 审查 --case 1号 --basis 某法";

fn refused(code: ErrorCode) -> AdminError {
    AdminError::new(code)
        .with("target", "11310000MB00000009/0#7")
        .with("by", "11310000MB00000009/0#8")
}

fn state(state: &str) -> AdminError {
    refused(ErrorCode::NoEffect)
        .with("state", state)
        .with("class", "decision")
}

fn call(call: &str, language: &str, run: impl Fn(&[&str]) -> Ran) -> Ran {
    let mut arguments = vec!["--lang", language];
    arguments.extend(call.split(' '));
    run(&arguments)
}

/// A sentence in the language asked for, which names what is wrong or what to do, and no trace.
fn assert_says(ran: &Ran, language: &str, what: &str, call: &str) {
    let is_han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    assert_eq!(ran.out, "", "{call}");
    assert!(
        ran.err.contains(what),
        "{call}: {what} is not in {}",
        ran.err
    );
    // What was typed may be Chinese; the sentence around it is not, and the other way round.
    let said: String = ran
        .err
        .split_whitespace()
        .filter(|word| !call.contains(word))
        .collect();
    match language {
        "zh" => assert!(said.contains(is_han), "{call}: {}", ran.err),
        _ => assert!(
            said.contains(|c: char| c.is_ascii_lowercase()),
            "{call}: {}",
            ran.err
        ),
    }
    assert!(!ran.err.contains("panicked"), "{call}: {}", ran.err);
}

/// Every row of a command, in both languages; there are ten of them at least.
fn try_all(seen: &[Seen], refused: &[Refused]) {
    assert!(seen.len() + refused.len() >= 10);
    for language in ["en", "zh"] {
        for (line, what) in seen {
            let nowhere = tempfile::tempdir().unwrap();
            let nowhere = nowhere.path().display().to_string();
            let ran = call(line, language, |arguments| {
                concordat(&[&["--node", &nowhere][..], arguments].concat())
            });
            assert_says(&ran.exits(2), language, what, line);
        }
        for (line, error, exit, what) in refused {
            let ran = call(line, language, |arguments| {
                against(vec![Reply::Error(error())], arguments).0
            });
            assert_says(&ran.exits(*exit), language, what, line);
        }
    }
}

// spec: ADM-430
#[test]
fn ten_wrong_withdrawals_say_what_to_do() {
    let with = |more: &str| -> &'static str { format!("{WITHDRAWAL} {more}").leak() };
    try_all(
        &[
            ("withdrawal issue", "--reasons"),
            ("withdrawal issue 1号 --reasons 有误", "--exit"),
            ("withdrawal issue 1号 --reason other-error", "--reasons"),
            (
                "withdrawal issue 1号 --reasons 有误 --reason wrong",
                "wrong-subject",
            ),
            (
                "withdrawal issue 1号 --reasons 有误 --exit wrong",
                "criteria-changed",
            ),
            (with("--issuer 123"), "--issuer"),
            (with("--exits criteria-changed"), "--exit"),
        ],
        &[
            (
                WITHDRAWAL,
                || refused(ErrorCode::ExitNeeded),
                2,
                "objection-upheld",
            ),
            (
                with("--exit criteria-changed"),
                || refused(ErrorCode::ExitUnfit),
                2,
                "--exit",
            ),
            (WITHDRAWAL, || state("withdrawn"), 6, "0#8"),
            (
                WITHDRAWAL,
                || refused(ErrorCode::TargetNotFound),
                3,
                "concordat subject",
            ),
            (
                WITHDRAWAL,
                || refused(ErrorCode::NotTheIssuer),
                6,
                "concordat objection file",
            ),
            (WITHDRAWAL, || refused(ErrorCode::AmbiguousTarget), 2, "#<"),
        ],
    );
}

// spec: ADM-341
#[test]
fn ten_wrong_bulk_withdrawals_say_what_to_do() {
    let with = |more: &str| -> &'static str { format!("{BULK} {more}").leak() };
    try_all(
        &[
            (
                "withdrawal bulk --reasons 有误 --reason duplicate",
                "--import",
            ),
            (
                "withdrawal bulk --import 12 --reasons 有误 --reason duplicate",
                "--import",
            ),
            (
                "withdrawal bulk --import 12 --reason duplicate",
                "--reasons",
            ),
            (with("--file none.txt"), "--file"),
            (
                "withdrawal bulk --import 00112233445566778899aabbccddeeff --reasons 有误 --reason wrong",
                "wrong-subject",
            ),
            (with("--exit never"), "validity-ended"),
            (with("--issuer 123"), "--issuer"),
        ],
        &[
            (
                BULK,
                || refused(ErrorCode::BatchUnknown),
                3,
                "concordat import",
            ),
            (
                BULK,
                || refused(ErrorCode::ExitNeeded),
                2,
                "objection-upheld",
            ),
            (
                BULK,
                || refused(ErrorCode::NotTheIssuer),
                6,
                "concordat objection file",
            ),
        ],
    );
}

// spec: ADM-433
#[test]
fn ten_wrong_repairs_say_what_to_do() {
    let with = |more: &str| -> &'static str { format!("{REPAIR} {more}").leak() };
    try_all(
        &[
            ("repair issue --reasons 已履行 --effect mark", "REFERENCE"),
            ("repair issue 1号 --effect mark", "--reasons"),
            ("repair issue 1号 --reasons 已履行", "--effect"),
            (
                "repair issue 1号 --reasons 已履行 --effect delete",
                "mask-or-delete",
            ),
            (with("--decided-on 2026-02-30"), "--decided-on"),
            (with("--applied-on soon"), "--applied-on"),
        ],
        &[
            (
                REPAIR,
                || {
                    refused(ErrorCode::BeyondRepair)
                        .with("law", "某法")
                        .with("article", "第九条")
                },
                6,
                "concordat correction issue",
            ),
            (REPAIR, || state("stands"), 6, "0#8"),
            (REPAIR, || state("void"), 6, "concordat statement"),
            (
                REPAIR,
                || refused(ErrorCode::NotTheIssuer),
                6,
                "concordat objection file",
            ),
        ],
    );
}

// spec: ADM-434
#[test]
fn ten_wrong_questions_about_an_organisation_say_what_to_do() {
    let with = |more: &str| -> &'static str { format!("{SUBJECT} {more}").leak() };
    try_all(
        &[
            ("subject --purpose 审查 --case 1号 --basis 某法", "CODE"),
            (
                "subject 91230400MA0000015M --case 1号 --basis 某法",
                "--purpose",
            ),
            (
                "subject 91230400MA0000015M --purpose 审查 --basis 某法",
                "--case",
            ),
            (
                "subject 91230400MA0000015M --purpose 审查 --case 1号",
                "--basis",
            ),
            (
                "subject 9123 --purpose 审查 --case 1号 --basis 某法",
                "CODE",
            ),
            (with("--clean-since 2026-13-01"), "--clean-since"),
            (
                with("--clean-since 2024-01-01 --clean-years 2"),
                "--clean-years",
            ),
            (with("--clean-years many"), "--clean-years"),
            (with("--scenario play"), "procurement"),
            (with("--skip 1 --records-skip 1"), "--skip"),
            (with("--as-of someday"), "--as-of"),
        ],
        &[
            (
                with("--clean-years 0"),
                || {
                    refused(ErrorCode::CleanSpan)
                        .with("since", "0")
                        .with("as_of", "2026-11-23")
                },
                2,
                "--clean-years",
            ),
            (
                SUBJECT,
                || refused(ErrorCode::NothingHeard),
                1,
                "concordat status --wait",
            ),
        ],
    );
}
