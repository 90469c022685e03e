//! Two heads under one log key that cannot both hold: every node says so, the author signs nothing
//! more, and none of it is forgotten.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use concordat_certs::key_file::PrivateKey;
use concordat_certs::{certificate_file, genesis};
use concordat_net::{Admission, Endpoint, EndpointOptions, Identity, Party};
use concordat_protocol::key::{PublicKey, Signer as _};
use concordat_protocol::log::{Checkpoint, Hash, TreeSize, VerifiedCheckpoint};
use concordat_protocol::message::{Frame, VERSION};
use concordat_protocol::statement::KeyUse;
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::LogNumber;
use serde_json::Value;

use crate::loopback;
use crate::network::{CITY, Network, TOWN};
use crate::rows::{Table, profile};

/// Talks to whoever holds the key that it dialled.
struct Anyone;

impl Admission for Anyone {
    fn admit(&self, _: &PublicKey, _: Party) -> bool {
        true
    }
}

/// Two heads of the city's log at one size, under its own key.
fn evidence(network: &Network, size: u64) -> Vec<u8> {
    let genesis = genesis::read(&network.path("hub/genesis.cbor")).unwrap();
    let key = PrivateKey::read_in(&network.path("city/keys"), KeyUse::Log).unwrap();
    let origin = genesis.origin(AuthorityCode::parse(CITY).unwrap(), LogNumber::Statements);
    let note = |root| {
        let (size, root) = (TreeSize::new(size).unwrap(), Hash::from_bytes([root; 32]));
        let head = Checkpoint::new(origin.clone(), size, root).unwrap();
        VerifiedCheckpoint::sign(&head, &key).unwrap().to_bytes()
    };
    let (first, second) = (note(1), note(2));
    let proof = Vec::new();
    let frame = Frame::Fork {
        first: &first,
        second: &second,
        proof,
    };
    frame.encode()
}

/// Shows the hub a frame, as the town's node.
fn show_to_hub(network: &Network, frame: &[u8]) {
    let keys = network.path("town/keys");
    let node = PrivateKey::read_in(&keys, KeyUse::Node).unwrap();
    let certificate = certificate_file::read(&keys, &node).unwrap();
    let identity = Identity::from_der(&certificate, &node.to_pkcs8_der().unwrap()).unwrap();
    let hub = PrivateKey::read_in(&network.path("hub/keys"), KeyUse::Node).unwrap();
    let status = network.at("hub", &["status"]).exits(0).json();
    let address: SocketAddr = status["listening"][0].as_str().unwrap().parse().unwrap();
    let hello = Frame::Hello {
        version: VERSION,
        genesis: genesis::read(&network.path("hub/genesis.cbor"))
            .unwrap()
            .id(),
        member: AuthorityCode::parse(TOWN).unwrap(),
        digest: Hash::from_bytes([0; 32]),
        features: Vec::new(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let from = SocketAddr::from((loopback::own_host(), 0));
        let options = EndpointOptions::default();
        let endpoint = Endpoint::bind(from, Arc::new(identity), Arc::new(Anyone), options).unwrap();
        let called = endpoint.connect(address, hub.public_key(), Party::Peer);
        let mut session = called.await.unwrap();
        session.sender.send(&hello.encode()).await.unwrap();
        session.sender.send(frame).await.unwrap();
        // The hub sends evidence on to everyone, also to who showed it.
        loop {
            let answer = session.receiver.next(1 << 20).await.unwrap().unwrap();
            if matches!(Frame::decode(&answer), Ok(Frame::Fork { .. })) {
                break;
            }
        }
    });
}

fn status(network: &Network, node: &str) -> Value {
    network.at(node, &["status"]).exits(0).json()
}

fn alarm(status: &Value, name: &str) -> Option<Value> {
    let mut alarms = status["alarms"].as_array().unwrap().iter();
    alarms.find(|alarm| alarm["name"] == name).cloned()
}

fn statement(network: &Network, node: &str, reference: &str) -> Value {
    network.at(node, &["statement", reference]).exits(0).json()
}

/// Everything that the hub shows of the fork of the city's log of two entries.
fn hub_shows(network: &Network) {
    let shown = status(network, "hub");
    let alarm = alarm(&shown, "log-frozen").unwrap();
    let origin = alarm["details"]["origin"].as_str().unwrap();
    assert!(origin.ends_with(&format!("/{CITY}/0")), "{alarm}");
    assert_eq!(alarm["details"]["smaller_size"], "2");
    assert_eq!(alarm["details"]["frozen_at"], "1");
    assert!(alarm["since_at"].as_u64().is_some(), "{alarm}");
    assert_eq!(shown["signing"], "ready");
    let logs = shown["logs"].as_array().unwrap();
    let log = logs.iter().find(|log| log["origin"] == origin).unwrap();
    assert_eq!(log["frozen_at_index"], 1);
    let peer = network.at("hub", &["peer", "show", CITY]).exits(0).json();
    let fork = &peer["logs"][0]["fork"];
    assert_eq!(
        (&fork["smaller_size"], &fork["larger_size"]),
        (&2.into(), &2.into())
    );
    assert_ne!(fork["smaller_root"], fork["larger_root"]);
    let [before, beyond] =
        [0, 1].map(|index| statement(network, "hub", &format!("{CITY}/0#{index}")));
    assert_eq!(before["effect"]["fork"], "before");
    assert_eq!(before["effect"]["binds_others"], "applies");
    assert_eq!(before["fork"]["frozen_at_index"], 1);
    assert_eq!(beyond["effect"]["fork"], "beyond");
    assert_eq!(beyond["effect"]["frozen_at_index"], 1);
    assert_eq!(beyond["effect"]["binds_others"], "suspended");
    assert_eq!(beyond["effect"]["suspended_by"][0]["kind"], "fork");
}

// spec: EXC-9, EFF-14, EFF-60, STO-60, STO-61, ADM-60, ADM-61, ADM-62
#[test]
fn fork_shows_everywhere_stops_its_author_and_is_remembered() {
    let mut network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    for node in ["hub", "town"] {
        network.until_held(node, &format!("/{CITY}/0"), 2);
    }
    show_to_hub(&network, &evidence(&network, 2));
    hub_shows(&network);
    // For people, in both languages.
    let people = |language: &str, arguments: &[&str]| {
        let all = [&["--lang", language, "--node", "hub"], arguments].concat();
        network.people(&all).exits(0).out
    };
    let log = format!("{CITY}/0");
    for (language, words) in [("en", "has forked"), ("zh", "已分叉")] {
        let reference = format!("{log}#1");
        for arguments in [
            &["status"][..],
            &["peer", "show", CITY],
            &["statement", &reference],
        ] {
            let out = people(language, arguments);
            let told = out
                .lines()
                .any(|line| line.starts_with('!') && line.contains(words));
            assert!(told && out.contains(&log), "{arguments:?} {out}");
        }
    }
    // What a bundle would prove is in doubt beyond the prefix alone.
    let export = |index: u64| {
        let reference = format!("{log}#{index}");
        let file = format!("{index}.bundle");
        network.at("hub", &["bundle", "export", &reference, "--out", &file])
    };
    export(0).exits(0);
    assert_eq!(export(1).exits(1).error(), "log-frozen");
    // Others hear of it, and its author stops.
    network.until("the fork at the town", |network| {
        alarm(&status(network, "town"), "log-frozen").is_some()
    });
    network.until("the fork at the city", |network| {
        alarm(&status(network, "city"), "own-log-frozen").is_some()
    });
    author_is_stopped(&network);
    for name in ["city", "hub"] {
        let node = match name {
            "city" => network.city.take(),
            _ => network.hub.take(),
        };
        node.unwrap().stop();
        network.run_node(name);
    }
    network.at("hub", &["status", "--wait", "60"]).exits(0);
    hub_shows(&network);
    network.until("the city again", |network| {
        network.at("city", &["status"]).exit == 0
    });
    author_is_stopped(&network);
}

fn author_is_stopped(network: &Network) {
    let shown = status(network, "city");
    assert_eq!(shown["signing"], "stopped");
    let alarm = alarm(&shown, "own-log-frozen").unwrap();
    assert!(alarm["since_at"].as_u64().is_some(), "{alarm}");
    let size = |status: &Value| status["logs"][0]["size"].clone();
    let stopped_at = size(&shown);
    let mut table = Table::new();
    table.push(&[("CF_WSH", "Another 1")]);
    fs::write(network.path("more.csv"), &table.bytes).unwrap();
    let import = ["import", "more.csv", "--profile", profile()];
    assert_eq!(network.at("city", &import).exits(1).error(), "log-frozen");
    let reference = format!("{CITY}/0#0");
    let withdraw = ["withdrawal", "issue", &reference, "--reason", "other-error"];
    let withdraw = [&withdraw[..], &["--reasons", "Error"]].concat();
    assert_eq!(network.at("city", &withdraw).exits(1).error(), "log-frozen");
    // Not even what it was given or holds is said any more.
    assert_eq!(size(&status(network, "city")), stopped_at);
}
