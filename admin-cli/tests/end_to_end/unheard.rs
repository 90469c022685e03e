//! Nodes that cannot speak for the network, and say so.

use std::fs;

use crate::network::{CITY, Network};
use crate::rows::{Table, profile};

/// A city whose hub is not there has heard of nobody's decisions; a clean record was shown.
// spec: ADM-141
#[test]
fn node_that_has_heard_nobody_does_not_answer_with_a_clean_record() {
    let mut network = Network::prepare();
    network.run_node("city");
    network.until("an answer", |network| {
        network.at("city", &["status"]).exit == 0
    });
    let code = "91110108551385082Q";
    let subject = [
        "subject",
        code,
        "--purpose",
        "p",
        "--case",
        "c",
        "--basis",
        "b",
    ];
    let refused = network.at("city", &subject).exits(1);
    assert_eq!(refused.error(), "nothing-heard");
    for (lang, word) in [("en", "clean record"), ("zh", "没有记录")] {
        let all = [&["--lang", lang, "--node", "city"], &subject[..]].concat();
        let ran = network.people(&all).exits(1);
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    // Asked all the same.
    let status = network.at("city", &["status"]).exits(0).json();
    assert_eq!(status["look_ups"], 3);
}

/// The city comes back with a log key that nobody registered: it waits for nobody.
// spec: ADM-144, STO-44
#[test]
fn node_with_a_log_key_that_is_not_registered_says_so() {
    let mut network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    network.until_held("hub", &format!("/{CITY}/0"), 1);
    network.city.take().unwrap().stop();
    network.run(&["init", "other", "--member", CITY]).exits(0);
    for half in ["log.key", "log.pub"] {
        fs::copy(
            network.path(&format!("other/keys/{half}")),
            network.path(&format!("city/keys/{half}")),
        )
        .unwrap();
    }
    network.run_node("city");
    network.until("a stopped node", |network| {
        let ran = network.at("city", &["status"]);
        ran.exit == 0 && ran.json()["signing"] == "stopped"
    });
    let act = format!("{CITY}/0#0");
    let withdraw = [
        "withdrawal",
        "issue",
        &act,
        "--reason",
        "duplicate",
        "--reasons",
        "x",
    ];
    for arguments in [&import[..], &withdraw] {
        let refused = network.at("city", arguments).exits(1);
        assert_eq!(refused.error(), "key-not-registered");
        assert!(refused.out.contains("log.key"), "{}", refused.out);
    }
    network.until("a line in its log", |network| {
        let log = fs::read_to_string(network.path("city.log")).unwrap();
        log.contains("the registry names other keys")
    });
    let waits = network.at("city", &["status", "--wait", "1"]);
    assert_eq!(waits.exits(1).error(), "not-ready");
}

/// With nobody there to cosign, a correction that lowers the fine acts at once and is in no file yet: the proof
/// showed the old fine, and nothing said that the node knew better.
// spec: ADM-167, BUN-63
#[test]
fn bundle_says_what_it_leaves_out_for_want_of_cosigners() {
    let mut network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    let decision = format!("{CITY}/0#0");
    network.until("a witnessed decision", |network| {
        network.at("city", &["statement", &decision]).exits(0).json()["witnessed"] == true
    });
    for others in [network.hub.take(), network.town.take()] {
        others.unwrap().stop();
    }
    let lower = ["correction", "issue", &decision, "--reasons", "Too high", "--set", "fine_fen=100"];
    network.at("city", &lower).exits(0);
    let export = |reference: &str, out: &str| {
        let arguments = ["bundle", "export", reference, "--out", out];
        network.at("city", &arguments).exits(0).json()["left_out"].clone()
    };
    assert_eq!(export(&decision, "proof"), 1);
    let shown = ["--node", "city", "bundle", "export", &decision, "--out", "again"];
    let shown = network.people(&shown).exits(0);
    assert!(shown.out.contains("Not in the file: 1"), "{}", shown.out);

    // What nobody has witnessed can be proven, and shows it.
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    network.at("city", &import).exits(0);
    assert_eq!(export(&format!("{CITY}/0#2"), "early"), 0);
    let verify = ["bundle", "verify", "early", "--genesis", "hub/genesis.cbor"];
    let verified = network.run(&verify).exits(0).json();
    assert_eq!(verified["effect"]["binds_others"], "not-witnessed", "{verified}");
}
