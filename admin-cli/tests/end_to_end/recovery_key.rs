//! Recovery keys that are kept elsewhere, as they are to be.

use std::fs;

use crate::network::{CITY, Network, PATIENCE};
use crate::rows::{Table, profile};

/// A hub and a city come back without the key files, sign, cosign and exchange; of the key that is gone
/// nothing is said as of a fault.
// spec: KEY-27
#[test]
fn nodes_sign_cosign_and_exchange_without_their_recovery_keys() {
    let mut network = Network::start();
    network.hub.take().unwrap().stop();
    network.city.take().unwrap().stop();
    for name in ["hub", "city"] {
        fs::remove_file(network.path(&format!("{name}/keys/recovery.key"))).unwrap();
        network.run_node(name);
    }
    for name in ["hub", "city"] {
        let status = network.at(name, &["status", "--wait", PATIENCE]).exits(0);
        let status = status.json();
        assert_eq!(status["signing"], "ready");
        let alarms = status["alarms"].to_string();
        assert!(!alarms.contains("key"), "{alarms}");
    }
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    let log = format!("/{CITY}/0");
    network.until_held("hub", &log, 1);
    network.until("a quorum behind the decision", |network| {
        let status = network.at("city", &["status"]).exits(0).json();
        let logs = status["logs"].as_array().unwrap();
        let own = |one: &&serde_json::Value| one["origin"].as_str().unwrap().ends_with(&log);
        logs.iter().find(own).unwrap()["witnessed_size"].as_u64() >= Some(1)
    });
}
