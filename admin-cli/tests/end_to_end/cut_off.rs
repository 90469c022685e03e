//! A key that was stolen or lost, at night: what the node asked knows better than whoever types.

use std::fs;

use serde_json::json;

use crate::network::{CITY, Network, Ran, TOWN};
use crate::rows::{Table, profile};

/// `peer cut-off` of a key of the city at the hub, with options of its own.
fn cut_off(network: &Network, key_use: &str, key: &str, more: &[&str]) -> Ran {
    let arguments = ["peer", "cut-off", CITY, "--use", key_use, "--key", key];
    let genesis = ["--genesis", "hub/genesis.cbor"];
    network.at("hub", &[&arguments[..], &genesis, more].concat())
}

fn approve(network: &Network, change: &str, keys: &str, more: &[&str]) -> Ran {
    let out = format!("{change}.{keys}");
    let arguments = ["change", "approve", change, "--key", keys, "--out", &out];
    let genesis = ["--genesis", "hub/genesis.cbor"];
    network.at("hub", &[&arguments[..], &genesis, more].concat())
}

/// A head that is not that of the log, or beyond it, was proposed, approved and logged, and the node that
/// held the log said that it would do.
// spec: ADM-142
#[test]
fn cut_off_that_the_node_knows_to_be_wrong_is_refused_with_what_it_holds() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    network.until_held("hub", &format!("/{CITY}/0"), 2);
    network.run(&["init", "spare", "--member", CITY]).exits(0);
    // What the city was given and gave, it says by itself: its log may have grown in between.
    let held = || {
        let shown = network.at("hub", &["peer", "show", CITY]).exits(0).json();
        let log = &shown["logs"][0];
        let root = log["witnessed_root"].as_str().unwrap();
        (log["witnessed_size"].to_string(), root.to_owned())
    };
    let (_, root) = held();
    let log_key = "city/keys/log.pub";
    let follows = ["--replacement", "spare/keys/log.pub"];
    let propose = |from: &str, continues: &str, more: &[&str]| {
        let named = ["--from", from, "--continues", continues];
        cut_off(
            &network,
            "log",
            log_key,
            &[&named[..], &follows, more].concat(),
        )
    };
    let (other, beyond) = (format!("2:{}", "0".repeat(64)), format!("26:{root}"));
    for (from, continues) in [("1", &*other), ("1", &beyond), ("21", "latest")] {
        let before = held();
        let refused = propose(from, continues, &["--out", "wrong"]).exits(6);
        assert_eq!(refused.error(), "history-differs", "{from} {continues}");
        let told = refused.json()["error"]["details"]["held"].clone();
        let told = told.as_str().unwrap().to_owned();
        // Of a size that the hub has heard of it names that one, and otherwise the newest.
        let newest = [before, held()].map(|(size, root)| format!("{size}:{root}"));
        let of_that_size = continues == other && told.starts_with("2:") && told != other;
        assert!(of_that_size || newest.contains(&told), "{told}: {newest:?}");
        assert!(!network.path("wrong").exists());
    }
    let wrong = "--held-history-is-wrong";
    propose("1", &other, &["--out", "wrong", wrong]).exits(0);
    let refused = approve(&network, "wrong", "ann", &[]).exits(6);
    assert_eq!(refused.error(), "history-differs");
    approve(&network, "wrong", "ann", &[wrong]).exits(0);
    approve(&network, "wrong", "bob", &[wrong]).exits(0);
    assert_eq!(network.submit("wrong").exits(6).error(), "history-differs");

    propose("1", "latest", &["--out", "cut"]).exits(0);
    for approver in ["ann", "bob"] {
        approve(&network, "cut", approver, &[]).exits(0);
    }
    network.submit("cut").exits(0);
}

// spec: EFF-14, EFF-84
#[test]
fn act_under_a_key_that_was_cut_off_is_shown_as_void() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    let decision = format!("{CITY}/0#0");
    let ruled = [
        "correction",
        "issue",
        &decision,
        "--reasons",
        "Too low",
        "--set",
        "fine_fen=900000",
    ];
    network.at("city", &ruled).exits(0);
    network.until_held("hub", &format!("/{CITY}/0"), 2);
    network.run(&["init", "spare", "--member", CITY]).exits(0);
    let key = "city/keys/statement.pub";
    let follows = "spare/keys/statement.pub";
    let named = ["--from", "1", "--replacement", follows, "--out", "cut"];
    cut_off(&network, "statement", key, &named).exits(0);
    for approver in ["ann", "bob"] {
        approve(&network, "cut", approver, &[]).exits(0);
    }
    network.submit("cut").exits(0);
    // Its correction is not on its way to count, and is not shown as if it were.
    let shown = || network.at("hub", &["statement", &decision]).exits(0).json();
    network.until("the correction to be void", |_| {
        shown()["acts"][0]["void_cause"] == "cut-off"
    });
    let effect = &shown()["effect"];
    assert_eq!(effect["pending"], json!([]), "{effect}");
    assert_eq!(effect["fine_fen"], 500_000, "{effect}");
}

/// A next key that another member uses was committed, and with it in place nothing but the recovery quorum
/// could replace the key, whose way no command named.
// spec: KEY-70, ADM-143, TRU-30
#[test]
fn recovery_quorum_replaces_a_key_whose_successor_was_lost() {
    let network = Network::start();
    for name in ["new", "next", "other"] {
        let init = ["init", name, "--for", "administrator"];
        network.run(&init).exits(0);
    }
    let key = |name: &str| format!("{name}/administrator.pub");
    let replace = |old: &str, new: &str, next: &str, out: &str| {
        let (old, new, next) = (key(old), key(new), next.to_owned());
        let named = ["--replacement", &new, "--next", &next, "--out", out];
        cut_off(&network, "administrator", &old, &named)
    };
    let taken = replace("remote", "new", "town/keys/log.pub", "taken").exits(6);
    assert_eq!(taken.error(), "change-refused");
    assert!(taken.out.contains("committed as the next"), "{}", taken.out);
    replace("remote", "new", &key("next"), "first").exits(0);
    for approver in ["ann", "bob"] {
        approve(&network, "first", approver, &[]).exits(0);
    }
    network.submit("first").exits(0);

    network
        .run(&["init", "after", "--for", "administrator"])
        .exits(0);
    let proposed = replace("new", "other", &key("after"), "second").exits(0);
    assert_eq!(proposed.json()["registry_looked_at"], "recovery-missing");
    for approver in ["ann", "bob"] {
        approve(&network, "second", approver, &[]).exits(0);
    }
    let refused = network.submit("second").exits(4);
    assert_eq!(refused.error(), "recovery-missing");
    assert_eq!(refused.json()["error"]["details"]["missing"], "1");
    approve(&network, "second", "safe", &[]).exits(0);
    let mut submit = vec!["change", "submit", "second"];
    for signed in ["second.ann", "second.bob", "second.safe"] {
        submit.extend(["--approval", signed]);
    }
    network.at("hub", &submit).exits(0);
    // The member exists as it was; nobody else has changed.
    network.at("hub", &["peer", "show", TOWN]).exits(0);
}
