//! What people are asked at a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use concordat_protocol::admin::{Reply, Request, StatementView};
use concordat_protocol::log::{Hash, LeafIndex};
use concordat_protocol::statement::{Class, StatementRef, Vis};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Timestamp;

use crate::network::{CITY, HUB, Network};
use crate::support::fake_node;

/// Runs the binary at a terminal, answers its question, and gives its exit code and what stood there.
fn at_a_terminal(arguments: &[&str], answer: &[u8]) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = || {
        let mut opening = File::options();
        let opened = opening.read(true).write(true).open(name.to_str().unwrap());
        Stdio::from(opened.unwrap())
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_concordat"));
    command.args(arguments).env_clear();
    command
        .stdin(terminal())
        .stderr(terminal())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Or its ends of the terminal stay open here.
    drop(command);
    let mut master = File::from(master);
    master.write_all(answer).unwrap();
    let (mut shown, mut part) = (Vec::new(), [0; 4_096]);
    // The terminal ends with an error once nobody holds it any more.
    while let Ok(read @ 1..) = master.read(&mut part) {
        shown.extend_from_slice(&part[..read]);
    }
    let exit = child.wait().unwrap();
    (exit.code(), String::from_utf8(shown).unwrap())
}

/// Approvers were asked about "this change", and saw what they had signed afterwards.
// spec: ADM-12, ADM-166, ADM-196
#[test]
fn approver_sees_the_whole_change_before_the_question() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (request, genesis) = (network.path("city.request"), network.genesis());
    let (key, out) = (network.path("a/approver.key"), network.path("p"));
    let approve = ["enrol", "approve", &request, "--genesis", &genesis];
    let approve = [&approve[..], &["--key", &key, "--out", &out]].concat();
    for (answer, exit) in [(&b"n\n"[..], 1), (b"YES\n", 0)] {
        let (code, shown) = at_a_terminal(&approve, answer);
        assert_eq!(code, Some(exit), "{shown}");
        let question = shown.find("[y/N]").unwrap();
        for said in [CITY, "city.example:7443", "prefectural", "2000-01-01"] {
            let found = shown.find(said).unwrap_or(usize::MAX);
            assert!(found < question, "{said} in {shown}");
        }
        assert_eq!(Path::new(&out).exists(), exit == 0);
    }
}

/// The question before a ruling or a withdrawal named a document number, and nobody whom it is about.
// spec: ADM-198
#[test]
fn question_before_an_act_names_what_it_does_and_upon_whom() {
    let directory = tempfile::tempdir().unwrap();
    let about = SubjectCode::with_check("91310000717854505").unwrap();
    let origin = format!("test-{}/{HUB}/0", "0".repeat(64));
    let view = StatementView {
        answers: vec![],
        answers_left: None,
        answer: None,
        look_up_root: None,
        answers_next_skip: None,
        measure_titles: vec![],
        item_title: None,
        reference: StatementRef {
            origin: origin.parse().unwrap(),
            index: LeafIndex::new(7),
            leaf_hash: Hash::from_bytes([1; 32]),
        },
        class: Class::Decision,
        issuer: AuthorityCode::parse(HUB).unwrap(),
        issuer_name: "某局".to_owned(),
        about,
        issued_at: Timestamp::new(1_772_400_000_000).unwrap(),
        vis: Vis::new(1),
        target: None,
        bytes: 1,
        witnessed: true,
        decision: None,
        corrected: None,
        act: None,
        acts: Vec::new(),
        effect: None,
        look_up_row: None,
        fork: None,
        record: None,
        referred_by: Vec::new(),
        referred_by_left: None,
        stands_about: None,
        acts_left: None,
        recognition: None,
        agreements_cut: vec![],
        agreement: None,
        accession: None,
        retirement: None,
        awaited: Vec::new(),
        beyond_repair: None,
        listed: Vec::new(),
        listed_left: None,
        code_now: None,
        code_change: None,
    };
    let reply = Reply::Statement(Box::new(view));
    let node = fake_node(directory.path(), move |_| vec![reply.clone()]);
    let path = directory.path().display().to_string();
    let place = format!("{HUB}/0#7");
    let act = ["--lang", "en", "--node", &path, "ruling", "issue", &place];
    let how = [
        "--all-open",
        "--outcome",
        "rejected",
        "--reasons",
        "checked",
    ];
    let (code, shown) = at_a_terminal(&[&act[..], &how].concat(), b"n\n");
    assert_eq!(code, Some(1), "{shown}");
    let question = shown.find("[y/N]").unwrap_or(0);
    let about = about.to_string();
    for said in [about.as_str(), "某局", "ruling, rejected", &place] {
        let found = shown.find(said).unwrap_or(usize::MAX);
        assert!(found < question, "{said} in {shown}");
    }
    let requests = node.join().unwrap();
    assert!(
        matches!(requests[..], [Request::Statement(_)]),
        "{requests:?}"
    );
}

/// The question before a record named its class and file, and neither what it says nor until when.
// spec: ADM-364
#[test]
fn question_before_a_record_names_what_it_rests_on_what_it_says_and_until_when() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    let place = format!("{HUB}/0#7");
    let initiate = ["--lang", "en", "--node", &path, "initiate", &place];
    let how = ["--to", CITY, "--reasons", "x"];
    let what = ["--measure", "tender.exclusion=2027-06-30"];
    let (code, shown) = at_a_terminal(&[&initiate[..], &how, &what].concat(), b"n\n");
    assert_eq!(code, Some(1), "{shown}");
    let question = shown.find("[y/N]").unwrap_or(0);
    for said in ["initiation", &place, "tender.exclusion", "2027-06-30"] {
        let found = shown.find(said).unwrap_or(usize::MAX);
        assert!(found < question, "{said} in {shown}");
    }
}
