//! `stay issue` and `repair issue`: what they send, and what they refuse before anything is sent.

use concordat_certs::wording::remains;
use concordat_protocol::admin::{Recorded, Reply, Request};
use concordat_protocol::statement::{Class, RepairEffect};

use crate::node::{HUB, against, reference};
use crate::support::concordat;

const STAY: [&str; 13] = [
    "stay",
    "issue",
    "7号",
    "--body",
    "某市中级人民法院",
    "--document",
    "（2026）行停1号",
    "--on",
    "2026-03-02",
    "--reasons",
    "r",
    "--until",
    "2026-09-01",
];
const REPAIR: [&str; 9] = [
    "repair",
    "issue",
    "7号",
    "--effect",
    "stop-sharing",
    "--effect",
    "remove-from-list",
    "--reasons",
    "r",
];

fn recorded(class: Class) -> Reply {
    Reply::Recorded(Box::new(Recorded {
        class,
        target: reference(7),
        reference: Some(reference(9)),
        names: Vec::new(),
        witnessed: false,
        effect: None,
        effect_withheld: None,
        more: Vec::new(),
        named: None,
        acts: 1,
        batch: None,
    }))
}

#[test]
fn stay_is_sent_as_it_was_said() {
    let mut arguments = STAY.to_vec();
    arguments.push("--yes");
    let (ran, requests) = against(vec![recorded(Class::Stay)], &arguments);
    let ran = ran.exits(0);
    assert!(ran.out.contains(&format!("{HUB}/0#9")), "{}", ran.out);
    let [Request::Stay(ask)] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(ask.body.as_str(), "某市中级人民法院");
    assert_eq!(ask.document_number.as_str(), "（2026）行停1号");
    assert_eq!(ask.ordered_on.to_string(), "2026-03-02");
    assert_eq!(ask.until.unwrap().to_string(), "2026-09-01");
    assert!(!ask.dry_run && ask.issuer.is_none());
}

#[test]
fn repair_is_sent_as_it_was_said() {
    let mut arguments = REPAIR.to_vec();
    arguments.extend(["--decided-on", "2026-03-02", "--dry-run"]);
    let (ran, requests) = against(vec![recorded(Class::Repair)], &arguments);
    ran.exits(0);
    let [Request::Repair(ask)] = &requests[..] else {
        panic!("{requests:?}")
    };
    let effects = [RepairEffect::StopSharing, RepairEffect::RemoveFromList];
    assert_eq!(ask.effects, effects);
    assert_eq!(ask.decided_on.unwrap().to_string(), "2026-03-02");
    assert!(ask.dry_run);
}

/// The right arguments without an option and its value.
fn without<'a>(right: &[&'a str], option: &str) -> Vec<&'a str> {
    let at = right.iter().position(|one| *one == option).unwrap();
    [&right[..at], &right[at + 2..]].concat()
}

/// The right arguments with another value of an option.
fn with<'a>(right: &[&'a str], option: &str, value: &'a str) -> Vec<&'a str> {
    let mut changed = right.to_vec();
    let at = right.iter().position(|one| *one == option).unwrap();
    changed[at + 1] = value;
    changed
}

/// Each ends with 2, prints nothing and names what is wrong; in Chinese throughout.
fn refused(wrong: Vec<(Vec<&str>, &str)>) {
    for (arguments, names) in wrong {
        let ran = concordat(&arguments).exits(2);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(ran.err.contains(names), "{names}: {}", ran.err);
        let chinese = [&["--lang", "zh"][..], &arguments].concat();
        let ran = concordat(&chinese).exits(2);
        let mut left = remains::english(&ran.err);
        left.retain(|word| !arguments.iter().any(|typed| typed.contains(word.as_str())));
        assert_eq!(left, Vec::<String>::new(), "{}", ran.err);
    }
}

const PERSON: &str = "身份证号362322198709086409";

// spec: ADM-9, ADM-14
#[test]
fn wrong_uses_of_stay_are_refused() {
    refused(vec![
        (vec!["stay"], "issue"),
        (without(&STAY, "--body"), "--body"),
        (without(&STAY, "--document"), "--document"),
        (without(&STAY, "--on"), "--on"),
        (without(&STAY, "--reasons"), "--reasons"),
        (with(&STAY, "--on", "someday"), "--on"),
        (with(&STAY, "--until", "2026-02-30"), "--until"),
        (with(&STAY, "--body", PERSON), "--body"),
        (
            with(&STAY, "--document", "362322198709086409"),
            "--document",
        ),
        (with(&STAY, "--reasons", PERSON), "--reasons"),
        (with(&STAY, "issue", "x#y"), "REFERENCE"),
        ([&STAY[..], &["--issuer", "1"]].concat(), "--issuer"),
    ]);
}

// spec: ADM-9, ADM-14
#[test]
fn wrong_uses_of_repair_are_refused() {
    refused(vec![
        (vec!["repair"], "issue"),
        (vec!["repair", "issue"], "--effect"),
        (vec!["repair", "issue", "7号", "--reasons", "r"], "--effect"),
        (without(&REPAIR, "--reasons"), "--reasons"),
        (with(&REPAIR, "--effect", "forget"), "mask-or-delete"),
        (with(&REPAIR, "--effect", ""), "--effect"),
        (with(&REPAIR, "--reasons", PERSON), "--reasons"),
        (with(&REPAIR, "--reasons", " "), "--reasons"),
        (with(&REPAIR, "issue", "x#y"), "REFERENCE"),
        (
            [&REPAIR[..], &["--decided-on", "2026-13-01"]].concat(),
            "--decided-on",
        ),
        ([&REPAIR[..], &["--issuer", "1"]].concat(), "--issuer"),
    ]);
}

/// An act goes into the log for ever: without a terminal it wants `--yes`.
// spec: ADM-12
#[test]
fn stay_and_repair_without_a_terminal_want_yes_and_send_nothing() {
    for arguments in [&STAY[..], &REPAIR] {
        let ran = concordat(arguments).exits(2);
        assert!(ran.err.contains("--yes"), "{}", ran.err);
    }
}
