//! Changes of the registry, as files that approvers sign.

use super::*;
use crate::support::Ran;

// spec: ADM-174
#[test]
fn mandate_that_ends_before_it_begins_is_not_requested() {
    let network = Network::new();
    network.node("city", CITY);
    let (city, genesis, out) = (network.path("city"), network.genesis(), network.path("out"));
    let request = [
        "enrol",
        "request",
        &city,
        "--genesis",
        &genesis,
        "--name",
        "City",
        "--region",
        "310000",
        "--level",
        "prefectural",
        "--from",
        "2020-01-02",
        "--until",
        "2020-01-01",
        "--address",
        "city.example:7443",
        "--out",
        &out,
    ];
    for (language, words) in [("en", "before"), ("zh", "早于")] {
        let all = [&["--lang", language], &request[..]].concat();
        let refused = network.run(&all).exits(2).json()["error"].clone();
        assert_eq!(refused["code"], "bad-value");
        assert_eq!(refused["details"]["argument"], "--until");
        let said = refused["message"].to_string();
        assert!(said.contains(words), "{said}");
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn enrolment_takes_a_request_and_two_approvers() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("city.proposal"));
    let ran = network.run(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &genesis,
        "--key",
        &network.path("a/approver.key"),
        "--out",
        &proposal,
    ]);
    assert_eq!(ran.exits(0).json()["summary"]["approvals_missing"][0], "1");
    let early = network
        .run(&["enrol", "submit", &proposal, "--genesis", &genesis])
        .exits(4);
    assert_eq!(early.json()["error"]["code"], "approvals-missing");
    let approval = network.path("city.approval");
    network
        .run(&[
            "change",
            "approve",
            &proposal,
            "--genesis",
            &genesis,
            "--key",
            &network.path("b/approver.key"),
            "--out",
            &approval,
        ])
        .exits(0);
    // Approved by both; only the hub to hand it to is missing.
    let ran = network.run(&[
        "--node",
        &network.path("hub"),
        "enrol",
        "submit",
        &proposal,
        "--approval",
        &approval,
        "--genesis",
        &genesis,
    ]);
    assert_eq!(ran.exits(5).json()["error"]["code"], "socket-missing");
}

#[test]
fn approval_by_a_stranger_is_refused() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    network
        .run(&["init", &network.path("x"), "--for", "approver"])
        .exits(0);
    let ran = network.run(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &network.genesis(),
        "--key",
        &network.path("x/approver.key"),
        "--out",
        &network.path("p"),
    ]);
    assert_eq!(ran.exits(4).json()["error"]["code"], "not-an-approver");
    assert!(!Path::new(&network.path("p")).exists());
}

// spec: ADM-12
#[test]
fn approving_without_a_terminal_wants_yes() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let ran = concordat(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &network.genesis(),
        "--key",
        &network.path("a/approver.key"),
        "--out",
        &network.path("p"),
    ]);
    assert!(ran.exits(2).err.contains("--yes"));
    assert!(!Path::new(&network.path("p")).exists());
}

#[test]
fn suspension_is_proposed_as_a_file_for_approvers() {
    let network = Network::new();
    let out = network.path("suspend.proposal");
    network
        .run(&[
            "peer",
            "suspend",
            CITY,
            "--genesis",
            &network.genesis(),
            "--reasons",
            "inactive",
            "--out",
            &out,
        ])
        .exits(0);
    let ran = network
        .run(&["change", "show", &out, "--genesis", &network.genesis()])
        .exits(0);
    assert_eq!(ran.json()["summary"]["approvals_missing"][0], "2");
}

// spec: ADM-390
#[test]
fn loss_is_proposed_as_a_file_that_says_why_and_by_which_law() {
    let network = Network::new();
    let genesis = network.genesis();
    let out = network.path("lost.proposal");
    let propose = |member: &str, level: &str| {
        network.run(&[
            "peer",
            "lost",
            member,
            "--genesis",
            &genesis,
            "--reasons",
            "no answer for three months",
            "--law",
            "省公共信用信息条例",
            "--article",
            "第三十一条",
            "--level",
            level,
            "--out",
            &out,
        ])
    };
    let ran = propose(CITY, "rumour").exits(2);
    assert!(ran.out.contains("--level"), "{}", ran.out);
    let ran = propose(HUB, "law").exits(2);
    assert!(ran.out.contains("the hub"), "{}", ran.out);
    assert!(!Path::new(&out).exists());
    let ran = propose(CITY, "local-regulation").exits(0);
    let summary = ran.json()["summary"].clone();
    assert_eq!(summary["change"][0], "loss", "{summary}");
    assert_eq!(summary["basis"][0], "省公共信用信息条例 第三十一条");
}

#[test]
fn catalogue_and_policy_are_proposed_as_files_for_approvers() {
    let network = Network::new();
    let genesis = network.genesis();
    let (file, out) = (
        network.path("catalogue.toml"),
        network.path("catalogue.proposal"),
    );
    fs::write(
        &file,
        "near_personal = 2
        [[class]]
        code = 1
        audience = \"public\"
        [[class]]
        code = 2
        audience = \"members\"
        [[item]]
        code = \"food.label\"
        title = \"Food labels\"
        act_types = [\"penalty\"]
        class = 1
        publication_days_max = 1095
        valid_from = \"2000-01-01\"",
    )
    .unwrap();
    let propose = [
        "change",
        "catalogue",
        &file,
        "--genesis",
        &genesis,
        "--out",
        &out,
    ];
    let shown = network.run(&propose).exits(0).json()["summary"].clone();
    assert_eq!(shown["change"][0], "item-catalogue", "{shown}");
    let out = network.path("policy.proposal");
    let cosigners = format!("{HUB},{CITY}");
    let ran = network.run(&[
        "change",
        "policy",
        "--cosigner",
        &cosigners,
        "--quorum",
        "2",
        "--genesis",
        &genesis,
        "--out",
        &out,
    ]);
    assert_eq!(ran.exits(0).json()["summary"]["approvals_missing"][0], "2");
}

/// A cut-off without the head to continue from was approved by people and then found void.
// spec: TRU-32
#[test]
fn cut_off_that_would_be_void_is_refused_with_what_to_add() {
    let network = Network::new();
    let key = network.path("hub/keys/log.pub");
    let spare = network.path("spare");
    network.run(&["init", &spare, "--member", HUB]).exits(0);
    network.node("after", HUB);
    let next = format!("{spare}/keys/log.pub");
    let (genesis, out) = (network.genesis(), network.path("x.proposal"));
    let cut_off = |key_use: &str, more: &[&str]| {
        let arguments = ["peer", "cut-off", HUB, "--use", key_use, "--key", &key];
        let files = ["--genesis", &genesis, "--out", &out];
        network.run(&[&arguments[..], &files[..], more].concat())
    };
    let head = format!("3:{}", "07".repeat(32));
    for (key_use, more, code, says) in [
        (
            "log",
            &["--from", "3"][..],
            "cut-off-head-wanted",
            "--continues",
        ),
        ("log", &[], "cut-off-both-wanted", "--continues"),
        (
            "log",
            &["--continues", &head],
            "cut-off-from-wanted",
            "--from",
        ),
        (
            "statement",
            &["--from", "3", "--continues", &head],
            "cut-off-head-unfit",
            "--continues",
        ),
        (
            "statement",
            &["--from", "3", "--continues", "latest"],
            "cut-off-head-unfit",
            "--continues",
        ),
        ("node", &["--from", "3"], "cut-off-from-unfit", "--from"),
        (
            "node",
            &["--next", &next],
            "cut-off-next-unfit",
            "--replacement",
        ),
        ("recovery", &[], "cut-off-permanent", "genesis"),
        (
            "log",
            &["--from", "3", "--continues", "3"],
            "bad-value",
            "SIZE:ROOT",
        ),
    ] {
        let error = &cut_off(key_use, more).exits(2).json()["error"];
        assert_eq!(error["code"], code);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
        assert!(!fs::exists(&out).unwrap());
    }
    let ran = cut_off(
        "log",
        &[
            "--from",
            "3",
            "--continues",
            &head,
            "--replacement",
            &next,
            "--next",
            &network.path("after/keys/log.pub"),
        ],
    );
    let summary = &ran.exits(0).json()["summary"];
    let continues = summary["continues"][0].as_str().unwrap();
    assert!(continues.starts_with("3 "), "{continues}");
    assert!(summary["next_key"][0].is_string(), "{summary}");
}

/// Whoever committed to a key in use could never rotate to it: nothing but the recovery quorum helped.
// spec: KEY-70
#[test]
fn next_key_that_is_known_to_be_in_use_is_not_proposed() {
    let network = Network::new();
    let (key, genesis) = (network.path("hub/keys/node.pub"), network.genesis());
    network.node("spare", HUB);
    network.node("after", HUB);
    let spare = network.path("spare/keys/node.pub");
    let cut_off = |next: &str, out: &str| {
        let mut arguments = vec!["peer", "cut-off", HUB, "--use", "node", "--key", &key];
        let (next, out) = (network.path(next), network.path(out));
        arguments.extend(["--replacement", &spare, "--next", &next]);
        arguments.extend(["--genesis", &genesis, "--out", &out]);
        network.run(&arguments)
    };
    for next in [
        "spare/keys/node.pub",
        "hub/keys/node.pub",
        "hub/keys/log.pub",
        "a/approver.pub",
        "recovery/recovery.pub",
    ] {
        let error = &cut_off(next, "x").exits(2).json()["error"];
        assert_eq!(error["code"], "change-unfit", "{next}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("committed as the next"), "{message}");
        assert!(!fs::exists(network.path("x")).unwrap());
    }
    cut_off("after/keys/node.pub", "x").exits(0);
}

/// The directory that `init --for recovery` makes was looked through for an approver's key.
// spec: ADM-143
#[test]
fn recovery_quorum_signs_with_the_directory_that_init_made() {
    let network = Network::new();
    let (key, genesis) = (network.path("hub/keys/node.pub"), network.genesis());
    let (cut, signed) = (network.path("cut"), network.path("cut.recovery"));
    let cut_off = ["peer", "cut-off", HUB, "--use", "node", "--key", &key];
    let files = ["--genesis", &genesis, "--out", &cut];
    network.run(&[&cut_off[..], &files].concat()).exits(0);
    let approve = |keys: &str, out: &str| {
        let keys = network.path(keys);
        let arguments = ["change", "approve", &cut, "--key", &keys];
        network.run(&[&arguments[..], &["--genesis", &genesis, "--out", out]].concat())
    };
    let summary = &approve("recovery", &signed).exits(0).json()["summary"];
    assert!(summary["recovery_by"][0].is_string(), "{summary}");
    assert_eq!(summary["approvals_missing"][0], "2");
    let error = &approve("hub", &network.path("x")).exits(3).json()["error"];
    assert_eq!(error["code"], "no-approving-key");
    for lang in ["en", "zh"] {
        let help = concordat(&["--lang", lang, "change", "approve", "--help"]).exits(0);
        let word = if lang == "en" { "recovery" } else { "恢复" };
        assert!(help.out.contains(word), "{}", help.out);
    }
}

/// The approval that was refused lay there all the same, and the right one could not be written.
// spec: ADM-195
#[test]
fn approval_that_counts_for_nothing_leaves_no_file() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("proposal"));
    let (request, out) = (network.path("city.request"), network.path("approval"));
    let approve = |verb: [&str; 2], what: &str, key: &str, out: &str| {
        let key = network.path(key);
        let arguments = [&verb[..], &[what, "--genesis", &genesis, "--key", &key]].concat();
        network.run(&[&arguments[..], &["--out", out]].concat())
    };
    approve(["enrol", "approve"], &request, "a", &proposal).exits(0);
    approve(["change", "approve"], &proposal, "a", &out).exits(4);
    assert!(!Path::new(&out).exists());
    approve(["change", "approve"], &proposal, "b", &out).exits(0);
    assert!(Path::new(&out).exists());
}

/// A script that approved by what `change show` said took another path in a Chinese session.
// spec: ADM-105
#[test]
fn json_of_a_summary_is_the_same_in_every_language() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("proposal"));
    let (request, key) = (network.path("city.request"), network.path("a"));
    let approve = [
        "enrol",
        "approve",
        &request,
        "--genesis",
        &genesis,
        "--key",
        &key,
    ];
    let approve = [&approve[..], &["--out", &proposal]].concat();
    let chinese = [&["--lang", "zh"], &approve[..]].concat();
    let approved = network.run(&chinese).exits(0).json();
    assert_eq!(approved["registry_looked_at"], "not-asked");
    for shown in [
        &["change", "show", &proposal, "--genesis", &genesis][..],
        &["genesis", "show", &genesis],
    ] {
        let said = |language| {
            let all = [&["--lang", language][..], shown].concat();
            network.run(&all).exits(0).json()["summary"].clone()
        };
        let (english, chinese) = (said("en"), said("zh"));
        assert_eq!(english, chinese);
        assert!(english.to_string().is_ascii(), "{english}");
        let mandate = english["mandate"][0].as_str().unwrap();
        assert!(
            mandate.starts_with("classes decision,commitment,"),
            "{mandate}"
        );
    }
    let ran = concordat(&[
        "--lang",
        "zh",
        "change",
        "show",
        &proposal,
        "--genesis",
        &genesis,
    ]);
    let shown = ran.exits(0).out;
    assert!(
        shown.contains("行政决定、信用承诺、") && shown.contains("；自 2000-01-01"),
        "{shown}"
    );
    assert!(
        shown.contains("市级") && !shown.contains("设区的市级"),
        "{shown}"
    );
}

/// Class 46 had no command: whoever wanted another key had to cut off one that nobody had stolen.
// spec: ADM-499
#[test]
fn key_gives_way_to_another_and_an_officers_does_not() {
    let network = Network::new();
    let genesis = network.genesis();
    network.node("spare", HUB);
    network.node("after", HUB);
    let path = |name: &str| network.path(name);
    let rotate = |key_use: &str, old: &str, new: &str, more: &[&str]| {
        let (old, new, out) = (path(old), path(new), path("rotation"));
        let mut arguments = vec!["peer", "rotate", HUB, "--use", key_use];
        arguments.extend(["--old", &old, "--new", &new]);
        arguments.extend(["--genesis", &genesis, "--out", &out]);
        arguments.extend(more);
        network.run(&arguments)
    };
    let (old, new) = ("hub/keys/node.pub", "spare/keys/node.pub");
    let refused = |ran: Ran| ran.exits(2).json()["error"]["code"].clone();
    assert_eq!(refused(rotate("node", old, old, &[])), "rotation-same-key");
    for (key_use, key) in [
        ("approver", "a/approver.pub"),
        ("recovery", "recovery/recovery.pub"),
    ] {
        let code = refused(rotate(key_use, key, new, &[]));
        assert_eq!(code, "rotation-permanent", "{key_use}");
    }
    // spec: KEY-70
    let code = refused(rotate("node", old, new, &["--next", &path(new)]));
    assert_eq!(code, "change-unfit");
    assert!(!fs::exists(path("rotation")).unwrap());
    let next = path("after/keys/node.pub");
    let summary = rotate("node", old, new, &["--next", &next]).exits(0).json();
    // Approvers see all three keys, each another one.
    let shown = ["change", "show", &path("rotation"), "--genesis", &genesis];
    let shown = &network.run(&shown).exits(0).json()["summary"];
    let mut keys = Vec::new();
    for key in ["old_key", "new_key", "next_key"] {
        assert_eq!(shown[key], summary["summary"][key], "{key}");
        keys.push(shown[key][0].as_str().unwrap());
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3, "{keys:?}");
}
