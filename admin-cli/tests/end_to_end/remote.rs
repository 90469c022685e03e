//! Administrators who work from elsewhere, over QUIC with their certificates.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, Network, PATIENCE, Ran, node_binary};
use crate::rows::{Table, profile};

/// Runs the tool at the city's address with the keys of a directory.
fn remote(network: &Network, keys: &str, node_key: &str, arguments: &[&str]) -> Ran {
    let status = network.at("city", &["status"]).exits(0).json();
    let address = status["listening"][0].as_str().unwrap().to_owned();
    let mut all = vec![
        "--remote",
        &address,
        "--key-dir",
        keys,
        "--node-key",
        node_key,
    ];
    all.extend(arguments);
    network.run(&all)
}

#[test]
fn administrator_from_elsewhere_does_the_job_and_a_stranger_nothing() {
    let network = Network::start();
    let node_key = "city/keys/node.pub";
    let status = remote(&network, "remote", node_key, &["status"])
        .exits(0)
        .json();
    assert_eq!(status["member"], CITY);
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[("CF_YJ", "")]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    let report = remote(&network, "remote", node_key, &import)
        .exits(1)
        .json();
    assert_eq!(
        (&report["written"], &report["refused"]),
        (&1.into(), &1.into())
    );
    let target = format!("{CITY}/0#0");
    let shown = remote(&network, "remote", node_key, &["statement", &target]);
    let shown = shown.exits(0).json();
    let code = shown["about"].as_str().unwrap();
    let look_up = [
        "subject",
        code,
        "--purpose",
        "p",
        "--case",
        "c",
        "--basis",
        "b",
    ];
    let answer = remote(&network, "remote", node_key, &look_up)
        .exits(0)
        .json();
    assert_eq!(
        (&answer["total"], &answer["look_up_row"]),
        (&1.into(), &0.into())
    );
    let correction = [
        "correction",
        "issue",
        &target,
        "--reasons",
        "x",
        "--set",
        "facts=y",
    ];
    remote(&network, "remote", node_key, &correction).exits(0);
    network.until_held("city", &format!("/{CITY}/0"), 2);
    let export = ["bundle", "export", &target, "--out", "proof"];
    remote(&network, "remote", node_key, &export).exits(0);
    let watch = ["watch", "--count", "1"];
    let seen = remote(&network, "remote", node_key, &watch).exits(0).json();
    assert_eq!(seen["status"]["member"], CITY);
    // The node's own administrator key works too; a file of its machine is not for elsewhere.
    remote(&network, "city/keys", node_key, &["peer", "list"]).exits(0);
    let on_node = [&import[..], &["--on-node"]].concat();
    let refused = remote(&network, "remote", node_key, &on_node);
    assert_eq!(refused.exits(6).error(), "local-only");
    // Rows are given up at the node's machine alone, and only where some are lost.
    // spec: ADM-404
    let resume = ["lookup", "resume"];
    let refused = remote(&network, "remote", node_key, &resume);
    assert_eq!(refused.exits(6).error(), "local-only");
    let whole = network.at("city", &resume).exits(6);
    assert_eq!(whole.error(), "register-whole");

    let refused = remote(&network, "stranger", node_key, &["status"]);
    assert_eq!(refused.exits(6).error(), "remote-refused");
    // An administrator of the city is none of the town.
    let town = network.at("town", &["status"]).exits(0).json();
    let town = town["listening"][0].as_str().unwrap().to_owned();
    let at_town = [
        "--remote",
        &town,
        "--key-dir",
        "remote",
        "--node-key",
        "town/keys/node.pub",
    ];
    let refused = network.run(&[&at_town[..], &["status"]].concat());
    assert_eq!(refused.exits(6).error(), "remote-refused");
    // Another key than that of the node: nothing is asked of whoever answers.
    let refused = remote(&network, "remote", "town/keys/node.pub", &["status"]);
    assert_eq!(refused.exits(4).error(), "wrong-node");
    let refused = remote(&network, "ann", node_key, &["status"]);
    assert_eq!(refused.exits(2).error(), "keys-unusable");
    let refused = remote(&network, "remote", "xyz", &["status"]);
    assert_eq!(refused.exits(2).error(), "bad-value");
    // Nobody there.
    let nobody = [
        "--remote",
        "127.0.0.1:9",
        "--key-dir",
        "remote",
        "--node-key",
        node_key,
    ];
    let refused = network.run(&[&nobody[..], &["status"]].concat());
    assert_eq!(refused.exits(5).error(), "remote-unreachable");
    let local = network.at("city", &["status"]).exits(0).json();
    assert_ne!(local["alarms"], Value::Null);
}

/// A backup that held the keys alone: a node could not be started any more, and an administrator not
/// come in, since nothing made a certificate but the command that makes the keys.
// spec: KEY-60
#[test]
fn node_and_administrator_that_lost_their_certificates_go_on_with_new_ones() {
    let mut network = Network::start();
    network.city.take().unwrap().stop();
    fs::remove_file(network.path("city/keys/node.crt")).unwrap();
    fs::remove_file(network.path("remote/administrator.crt")).unwrap();
    let refused = std::process::Command::new(node_binary())
        .args(["run", "--directory", "city"])
        .current_dir(network.path(""))
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    let command = "concordat certificate renew 'city/keys'";
    assert!(
        !refused.status.success() && said.contains(command),
        "{said}"
    );

    network.run(&["certificate", "renew", "city/keys"]).exits(0);
    network.run_node("city");
    network.at("city", &["status", "--wait", PATIENCE]).exits(0);
    let node_key = "city/keys/node.pub";
    let refused = remote(&network, "remote", node_key, &["status"]).exits(2);
    assert_eq!(refused.error(), "keys-unusable");
    network.run(&["certificate", "renew", "remote"]).exits(0);
    remote(&network, "remote", node_key, &["status"]).exits(0);
    network.until("the city connected again", |network| {
        let peer = network.at("hub", &["peer", "show", CITY]).exits(0).json();
        peer["link"] == "connected"
    });
}
