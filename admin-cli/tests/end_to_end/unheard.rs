//! Nodes that cannot speak for the network, and say so.

use std::fs;

use crate::network::{CITY, HUB, Network};
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
            network.path(&format!("city/keys/{half}")),
            network.path(half),
        )
        .unwrap();
    }
    swap(&network, &["log.key", "log.pub"]);
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
    let waits = network.at("city", &["status", "--wait", "1"]).exits(1);
    assert_eq!(waits.error(), "not-ready");
    assert!(waits.out.contains("key-not-registered log.key"));
    // With the right log key, and a statement key that nobody registered.
    network.city.take().unwrap().stop();
    for half in ["log.key", "log.pub"] {
        fs::copy(
            network.path(half),
            network.path(&format!("city/keys/{half}")),
        )
        .unwrap();
    }
    swap(&network, &["statement.key", "statement.pub"]);
    network.run_node("city");
    network.until("a stopped node", |network| {
        let ran = network.at("city", &["status"]);
        ran.exit == 0 && ran.json()["signing"] == "stopped"
    });
    for more in [&[][..], &["--dry-run"]] {
        let refused = network.at("city", &[&withdraw[..], more].concat()).exits(1);
        assert_eq!(refused.error(), "key-not-registered");
        assert!(refused.out.contains("statement.key"), "{}", refused.out);
    }
}

/// Puts files of the keys in `other` in the place of the city's.
fn swap(network: &Network, files: &[&str]) {
    for file in files {
        fs::copy(
            network.path(&format!("other/keys/{file}")),
            network.path(&format!("city/keys/{file}")),
        )
        .unwrap();
    }
}

/// Nobody takes a connection from a node with another node key than the registered one, and it was told
/// nothing: everything looked ready.
// spec: ADM-172
#[test]
fn node_with_a_node_key_that_is_not_registered_says_so() {
    let mut network = Network::start();
    network.city.take().unwrap().stop();
    network.run(&["init", "other", "--member", CITY]).exits(0);
    swap(&network, &["node.key", "node.pub", "node.crt"]);
    network.run_node("city");
    network.until("an alarm", |network| {
        let ran = network.at("city", &["status"]);
        ran.exit == 0 && {
            let status = ran.json();
            let mut alarms = status["alarms"].as_array().unwrap().iter();
            alarms.any(|alarm| alarm["name"] == "node-key-not-registered")
        }
    });
    let waits = network.at("city", &["status", "--wait", "1"]).exits(1);
    assert_eq!(waits.error(), "not-ready");
    assert!(waits.out.contains("node-key-not-registered"));
    network.until("a line in its log", |network| {
        let log = fs::read_to_string(network.path("city.log")).unwrap();
        log.contains("names another node key")
    });
}

/// The hub takes no connection from a key that was cut off while its node was down, so that the node never
/// heard of it: everything looked ready.
// spec: ADM-180
#[test]
fn node_whose_key_the_hub_refuses_says_so() {
    let mut network = Network::start();
    network.city.take().unwrap().stop();
    let mut cut_off = vec!["peer", "cut-off", CITY, "--use", "node"];
    cut_off.extend(["--key", "city/keys/node.pub", "--out", "cut"]);
    cut_off.extend(["--genesis", "hub/genesis.cbor"]);
    network.at("hub", &cut_off).exits(0);
    network.approve_by_both("cut");
    network.submit("cut").exits(0);
    network.run_node("city");
    network.until("an alarm", |network| {
        let ran = network.at("city", &["status"]);
        ran.exit == 0 && {
            let status = ran.json();
            let mut alarms = status["alarms"].as_array().unwrap().iter();
            alarms.any(|alarm| {
                alarm["name"] == "node-key-refused" && alarm["details"]["member"] == HUB
            })
        }
    });
    let waits = network.at("city", &["status", "--wait", "1"]).exits(1);
    assert_eq!(waits.error(), "not-ready");
    assert!(waits.out.contains("node-key-refused"));
    network.until("a line in its log", |network| {
        let log = fs::read_to_string(network.path("city.log")).unwrap();
        log.contains("does not admit the key of this node")
    });
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
        network
            .at("city", &["statement", &decision])
            .exits(0)
            .json()["witnessed"]
            == true
    });
    for others in [network.hub.take(), network.town.take()] {
        others.unwrap().stop();
    }
    let lower = [
        "correction",
        "issue",
        &decision,
        "--reasons",
        "Too high",
        "--set",
        "fine_fen=100",
    ];
    network.at("city", &lower).exits(0);
    let export = |reference: &str, out: &str| {
        let arguments = ["bundle", "export", reference, "--out", out];
        network.at("city", &arguments).exits(0).json()["left_out"].clone()
    };
    assert_eq!(export(&decision, "proof"), 1);
    let shown = [
        "--node", "city", "bundle", "export", &decision, "--out", "again",
    ];
    let shown = network.people(&shown).exits(0);
    assert!(shown.out.contains("Not in the file: 1"), "{}", shown.out);

    // What nobody has witnessed can be proven, and shows it.
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let imported = network.at("city", &import).exits(0).json();
    let index = &imported["first_index"];
    assert_eq!(export(&format!("{CITY}/0#{index}"), "early"), 0);
    let verify = ["bundle", "verify", "early", "--genesis", "hub/genesis.cbor"];
    let verified = network.run(&verify).exits(0).json();
    assert_eq!(verified["statement"]["witnessed"], false, "{verified}");
}
