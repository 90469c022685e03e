//! A wrong input for each right one: what is said, where, what to do next, and the exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::network::{CITY, HUB, Network, TOWN, concordat_in, node_binary};
use crate::rows::{Table, profile};

const LOOK_UP: [&str; 6] = ["--purpose", "p", "--case", "c", "--basis", "b"];

// spec: ADM-6, ADM-9, ADM-21, ADM-23
#[test]
fn wrong_input_ends_with_its_exit_code_and_says_what_to_do() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[("事项代码", "food.internal")]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    for node in ["town", "hub"] {
        network.until_held(node, &format!("/{CITY}/0"), 2);
    }
    let (public, internal) = (format!("{CITY}/0#0"), format!("{CITY}/0#1"));
    let absent = format!("{CITY}/0#99");
    let own_bytes = fs::read(network.path("rows.csv")).unwrap();
    fs::write(
        network.path("noheader.csv"),
        &own_bytes[own_bytes.len() / 2..],
    )
    .unwrap();
    let subject = |code: &'static str| [&["subject", code][..], &LOOK_UP[..]].concat();
    // Node, arguments, exit code, code of the error, and what people are told.
    let cases: Vec<(&str, Vec<&str>, i32, &str, &str)> = vec![
        ("town", subject("91110108551385082"), 2, "bad-value", "CODE"),
        (
            "town",
            subject("362322198709086409"),
            2,
            "bad-value",
            "CODE",
        ),
        (
            "town",
            vec!["statement", &absent],
            3,
            "target-not-found",
            &absent,
        ),
        (
            "town",
            vec!["statement", "no such number"],
            3,
            "target-not-found",
            "no such number",
        ),
        (
            "town",
            vec!["statement", "a#b"],
            2,
            "bad-value",
            "REFERENCE",
        ),
        (
            "town",
            vec!["statement", &internal],
            2,
            "purpose-required",
            "--basis",
        ),
        (
            "town",
            vec!["bundle", "export", &internal, "--out", "x"],
            2,
            "purpose-required",
            "--purpose",
        ),
        (
            "town",
            vec!["objection", "file", &public, "--ground", "whim"],
            2,
            "bad-choice",
            "wrong-subject",
        ),
        (
            "city",
            vec![
                "ruling",
                "issue",
                &public,
                "--outcome",
                "upheld",
                "--all-open",
                "--reasons",
                "x",
            ],
            3,
            "nothing-open",
            "concordat statement",
        ),
        (
            "town",
            vec![
                "correction",
                "issue",
                &public,
                "--reasons",
                "x",
                "--set",
                "facts=y",
            ],
            6,
            "not-the-issuer",
            "objection file",
        ),
        (
            "city",
            vec![
                "correction",
                "issue",
                &public,
                "--reasons",
                "x",
                "--set",
                "colour=red",
            ],
            2,
            "unknown-field",
            "colour",
        ),
        (
            "city",
            vec![
                "correction",
                "issue",
                &public,
                "--reasons",
                "x",
                "--set",
                "publication_until=null",
            ],
            2,
            "invalid-statement",
            "breaks a rule",
        ),
        (
            "city",
            vec!["peer", "show", "11310000MB0000001X"],
            2,
            "bad-value",
            "MEMBER",
        ),
        (
            "city",
            vec!["peer", "test", "113201000000000017"],
            2,
            "bad-value",
            "MEMBER",
        ),
        (
            "city",
            vec!["peer", "show", "11320100000000001G"],
            3,
            "member-unknown",
            "peer list",
        ),
        (
            "city",
            vec!["peer", "add", "11320100000000001G", "a:1"],
            3,
            "member-unknown",
            "peer list",
        ),
        (
            "city",
            vec!["peer", "add", TOWN, "nowhere"],
            2,
            "bad-value",
            "host:port",
        ),
        (
            "city",
            vec!["import", "rows.csv", "--profile", "nope"],
            3,
            "profile-unknown",
            "cn-penalty-2018",
        ),
        (
            "city",
            vec!["import", "nope.csv", "--profile", profile()],
            3,
            "file-missing",
            "nope.csv",
        ),
        (
            "city",
            vec!["import", "/nope.csv", "--on-node", "--profile", profile()],
            3,
            "file-not-found",
            "/nope.csv",
        ),
        (
            "city",
            vec!["import", "noheader.csv", "--profile", profile()],
            2,
            "file-unusable",
            "Nothing was recorded",
        ),
        (
            "city",
            vec![
                "import",
                "rows.csv",
                "--profile",
                profile(),
                "--where",
                "CF_XDR_MC",
            ],
            2,
            "bad-value",
            "COLUMN=VALUE",
        ),
        (
            "city",
            vec!["change", "submit", "policy", "--approval", "policy.ann"],
            4,
            "approvals-missing",
            "change approve",
        ),
        (
            "city",
            vec![
                "change",
                "submit",
                "policy",
                "--approval",
                "policy.ann",
                "--approval",
                "policy.bob",
            ],
            6,
            "not-the-hub",
            HUB,
        ),
    ];
    for (node, arguments, exit, code, said) in cases {
        let program = network.at(node, &arguments).exits(exit);
        assert_eq!(program.error(), code, "{arguments:?}");
        assert_eq!(program.json()["error"]["exit"], exit);
        let people = [&["--yes", "--node", node][..], &arguments].concat();
        let people = network.people(&people).exits(exit);
        assert!(people.err.contains(said), "{arguments:?}: {}", people.err);
        assert_eq!(people.out, "");
        let chinese = [&["--yes", "--lang", "zh", "--node", node][..], &arguments].concat();
        let chinese = network.people(&chinese).exits(exit);
        let is_chinese = chinese.err.chars().any(|c| ('一'..='龥').contains(&c));
        assert!(is_chinese, "{arguments:?}: {}", chinese.err);
    }
    // What is not public is shown to whoever says why.
    let looked = [&["statement", &internal][..], &LOOK_UP[..]].concat();
    assert_eq!(
        network.at("town", &looked).exits(0).json()["look_up_row"],
        0
    );
    // A correction that was worked out from what no longer stands would undo another.
    fs::write(network.path("fields.json"), "[]").unwrap();
    let correction = [
        "correction",
        "issue",
        &public,
        "--reasons",
        "x",
        "--file",
        "fields.json",
    ];
    assert_eq!(
        network.at("city", &correction).exits(2).error(),
        "file-not-json"
    );
}

#[test]
fn node_that_cannot_be_reached_is_told_from_one_that_may_not() {
    let root = tempfile::tempdir().unwrap();
    let status = |directory: &str| {
        concordat_in(
            root.path(),
            &["--output", "json", "--node", directory, "status"],
        )
    };
    assert_eq!(status("nowhere").exits(5).error(), "socket-missing");
    let run = |arguments: &[&str]| concordat_in(root.path(), arguments).exits(0);
    run(&["init", "node", "--member", CITY]);
    assert_eq!(status("node").exits(5).error(), "socket-missing");
    // Somebody's socket that nobody serves any more.
    drop(std::os::unix::net::UnixListener::bind(root.path().join("node/admin.sock")).unwrap());
    assert_eq!(status("node").exits(5).error(), "socket-silent");
    // As a user who may not: root may everything, so that nothing is shown there.
    let mode = fs::Permissions::from_mode(0o000);
    fs::set_permissions(root.path().join("node/admin.sock"), mode).unwrap();
    let ran = status("node");
    if ran.exit != 5 {
        assert_eq!(ran.exits(6).error(), "socket-denied");
    }
    let waited = [
        "--output", "json", "--node", "node", "status", "--wait", "1",
    ];
    assert!([5, 6].contains(&concordat_in(root.path(), &waited).exit));
}

// spec: STO-26, STO-42
#[test]
fn hub_starts_anew_only_when_told_that_it_never_ran() {
    let mut network = Network::start();
    network.hub.take().unwrap().stop();
    let refused = |more: &[&str]| {
        let mut command = Command::new(node_binary());
        command.args(["run", "--directory", "hub"]).args(more);
        let output = command.current_dir(network.path("")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    // Members have joined: an option that stayed in a unit file must do no harm.
    let said = refused(&["--first-start"]);
    assert!(said.contains("nobody has joined yet"), "{said}");
    for lost in ["hub/data", "hub/store"] {
        fs::remove_dir_all(network.path(lost)).unwrap();
    }
    let said = refused(&[]);
    assert!(said.contains("say --first-start"), "{said}");
}

#[test]
fn node_says_what_it_lacks_to_start() {
    let root = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new(node_binary());
        command.args(["run", "--directory", "node"]);
        let output = command.current_dir(root.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start().contains("node/node.toml"));
    concordat_in(root.path(), &["init", "node", "--member", CITY]).exits(0);
    let said = start();
    assert!(said.contains("genesis.cbor"), "{said}");
    let path = root.path().join("node/node.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("cache_mib", "cash_mib")).unwrap();
    let said = start();
    assert!(
        said.contains("cash_mib") && said.contains("line "),
        "{said}"
    );
    let mut check = Command::new(node_binary());
    check.args(["config", "check", "--directory", "node"]);
    assert_eq!(
        check
            .current_dir(root.path())
            .output()
            .unwrap()
            .status
            .code(),
        Some(1)
    );
}

// spec: EXC-40
#[test]
fn file_of_another_network_is_refused() {
    let (ours, theirs) = (Network::start(), Network::start());
    let foreign = theirs.path("hub/genesis.cbor").display().to_string();
    let proposal = theirs.path("policy").display().to_string();
    let submit = ["change", "submit", &proposal, "--genesis", &foreign];
    let approvals = ["ann", "bob"].map(|name| theirs.path(&format!("policy.{name}")));
    let approvals = approvals.map(|path| path.display().to_string());
    let all = [
        &submit[..],
        &["--approval", &approvals[0], "--approval", &approvals[1]],
    ];
    assert_eq!(
        ours.at("hub", &all.concat()).exits(4).error(),
        "other-network"
    );
    // With the genesis of this network the file does not even read.
    let submit = ["change", "submit", &proposal];
    assert_eq!(ours.at("hub", &submit).exits(4).error(), "file-unverified");
    let mut table = Table::new();
    table.push(&[]);
    fs::write(ours.path("one.csv"), &table.bytes).unwrap();
    ours.at("city", &["import", "one.csv", "--profile", profile()])
        .exits(0);
    ours.until_held("town", &format!("/{CITY}/0"), 1);
    // Nothing acts on it, and its bundle is whole all the same.
    let target = format!("{CITY}/0#0");
    ours.at("town", &["bundle", "export", &target, "--out", "proof"])
        .exits(0);
    ours.run(&["bundle", "verify", "proof", "--genesis", "hub/genesis.cbor"])
        .exits(0);
    let refused = ours.run(&["bundle", "verify", "proof", "--genesis", &foreign]);
    assert_eq!(refused.exits(4).error(), "file-unverified");
}

/// A policy with a cosigner that nobody has enrolled, and one that could witness two heads: told to whoever
/// proposes or approves, not to the hub after two people have signed.
// spec: TRU-51, ADM-87
#[test]
fn change_that_cannot_hold_is_refused_when_it_is_proposed_and_when_it_is_approved() {
    let network = Network::start();
    let policy = |cosigner, quorum, out| {
        let named = [
            "change",
            "policy",
            "--cosigner",
            cosigner,
            "--quorum",
            quorum,
        ];
        let files = ["--genesis", "hub/genesis.cbor", "--out", out];
        [&named[..], &files[..]].concat()
    };
    let stranger = "112304000000000461";
    let refused = network.run(&policy(HUB, "2", "unsound")).exits(2);
    assert_eq!(refused.error(), "change-unfit");
    let unasked = network.run(&policy(stranger, "1", "strange")).exits(0);
    assert_eq!(unasked.json()["registry_looked_at"], "not-asked");
    for (node, out) in [("hub", "a"), ("town", "b")] {
        let refused = network.at(node, &policy(stranger, "1", out)).exits(6);
        assert_eq!(refused.error(), "change-refused");
        assert!(refused.out.contains(stranger), "{}", refused.out);
        assert!(!network.path(out).exists());
    }
    let mut approve = vec!["change", "approve", "strange", "--key", "ann"];
    approve.extend(["--genesis", "hub/genesis.cbor", "--out", "strange.ann"]);
    let refused = network.at("town", &approve).exits(6);
    assert_eq!(refused.error(), "change-refused");
    assert!(!network.path("strange.ann").exists());
    // Both approved away from any node.
    network.approve_by_both("strange");
    assert_eq!(network.submit("strange").exits(6).error(), "change-refused");
    network.at("town", &policy(HUB, "1", "sound")).exits(0);
}

/// The whole way of a log key that was stolen: the highest witnessed head from the hub, two approvals,
/// and the log goes on under the key that follows.
// spec: TRU-15, TRU-32
#[test]
fn log_key_is_cut_off_at_the_highest_witnessed_head_that_the_hub_knows() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    network.until_held("hub", &format!("/{CITY}/0"), 1);
    network.run(&["init", "spare", "--member", CITY]).exits(0);
    let (old, new) = ("city/keys/log.pub", "spare/keys/log.pub");
    let mut cut_off = vec![
        "peer", "cut-off", CITY, "--use", "log", "--key", old, "--from", "1",
    ];
    cut_off.extend([
        "--replacement",
        new,
        "--genesis",
        "hub/genesis.cbor",
        "--out",
        "cut",
    ]);
    let refused = network.at("hub", &cut_off).exits(2);
    assert_eq!(refused.error(), "cut-off-head-wanted");
    cut_off.extend(["--continues", "latest"]);
    network.at("hub", &cut_off).exits(0);
    network.approve_by_both("cut");
    network.submit("cut").exits(0);
    let shown = network.at("hub", &["peer", "show", CITY]).exits(0).json();
    let keys = shown["keys"].as_array().unwrap();
    let log = keys.iter().find(|key| key["use"] == "log").unwrap();
    let wanted = fs::read_to_string(network.path(new)).unwrap();
    assert_eq!(log["key"].as_str(), Some(wanted.trim()));
    let head = shown["logs"][0]["witnessed_root"].as_str().unwrap();
    assert_eq!(head.len(), 64);
}
