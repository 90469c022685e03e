//! The whole job as one administrator after the other does it.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, Network, TOWN};
use crate::rows::{Table, profile};

const LOOK_UP: [&str; 6] = [
    "--purpose",
    "tender",
    "--case",
    "T-2026-7",
    "--basis",
    "招标投标法 第二十六条",
];

/// Imports good rows at the city and waits until the town has them.
fn import(network: &Network, rows: u64) -> Value {
    let mut table = Table::new();
    for _ in 0..rows {
        table.push(&[]);
    }
    fs::write(network.path("good.csv"), &table.bytes).unwrap();
    let ran = network.at("city", &["import", "good.csv", "--profile", profile()]);
    let report = ran.exits(0).json();
    assert_eq!(
        (&report["written"], &report["refused"]),
        (&rows.into(), &0.into())
    );
    for node in ["hub", "town"] {
        network.until_held(node, &format!("/{CITY}/0"), rows);
    }
    report
}

fn statement(network: &Network, node: &str, reference: &str) -> Value {
    network.at(node, &["statement", reference]).exits(0).json()
}

fn subject(network: &Network, node: &str, code: &str) -> Value {
    let mut arguments = vec!["subject", code];
    arguments.extend(LOOK_UP);
    network.at(node, &arguments).exits(0).json()
}

#[test]
fn decision_is_exchanged_objected_to_ruled_on_corrected_and_proven() {
    let mut network = Network::start();
    import(&network, 3);
    let reference = format!("{CITY}/0#1");
    let shown = statement(&network, "town", &reference);
    assert_eq!(shown["effect"]["binds_others"], "applies", "{shown}");
    let number = shown["decision"]["document_number"].as_str().unwrap();
    let code = shown["about"].as_str().unwrap();
    // By the number on the paper too; every look-up is a row.
    assert_eq!(
        statement(&network, "town", number)["reference"],
        shown["reference"]
    );
    let answer = subject(&network, "town", code);
    assert_eq!(
        (&answer["total"], &answer["look_up_row"]),
        (&3.into(), &0.into())
    );
    assert_eq!(subject(&network, "town", code)["look_up_row"], 1);

    let objection = [
        "objection",
        "file",
        &reference,
        "--ground",
        "amount",
        "--reasons",
        "Paid",
    ];
    let dry = network.at("town", &[&objection[..], &["--dry-run"]].concat());
    assert_eq!(dry.exits(0).json()["reference"], Value::Null);
    let filed = network.at("town", &objection).exits(0).json();
    let filed = filed["reference"].as_str().unwrap().to_owned();
    for node in ["hub", "city", "town"] {
        network.until(&format!("a suspension at {node}"), |network| {
            statement(network, node, &reference)["effect"]["binds_others"] == "suspended"
        });
        let effect = statement(&network, node, &reference)["effect"].clone();
        assert_eq!(effect["suspended_by"][0]["by"][0], filed);
        assert_eq!(effect["in_force_for_issuer"], true);
    }
    prove_suspended(&network, &reference, &filed);

    let ruling = [
        "ruling",
        "issue",
        &reference,
        "--outcome",
        "upheld",
        "--all-open",
    ];
    let ruled = network.at("city", &[&ruling[..], &["--reasons", "Right"]].concat());
    assert_eq!(ruled.exits(0).json()["names"][0], filed);
    network.until("the ruling at town", |network| {
        let effect = &statement(network, "town", &reference)["effect"];
        effect["suspended_by"][0]["awaiting_act"][0] == filed
    });
    let correction = [
        "correction",
        "issue",
        &reference,
        "--reasons",
        "Wrong amount",
    ];
    let dry = [&correction[..], &["--set", "fine_fen=100", "--dry-run"]].concat();
    assert_eq!(
        network.at("city", &dry).exits(0).json()["reference"],
        Value::Null
    );
    network
        .at(
            "city",
            &[&correction[..], &["--set", "fine_fen=100"]].concat(),
        )
        .exits(0);
    for node in ["hub", "city", "town"] {
        network.until(&format!("the correction at {node}"), |network| {
            let effect = &statement(network, node, &reference)["effect"];
            effect["validity"] == "corrected" && effect["binds_others"] == "applies"
        });
        let shown = statement(&network, node, &reference);
        assert_eq!(shown["corrected"]["fine_fen"], 100);
        assert_eq!(shown["effect"]["fine_fen"], 100);
        assert_eq!(shown["effect"]["suspended_by"], Value::Array(Vec::new()));
    }

    prove(&network, &reference);
    withdraw(&network);
    look_around(&network);

    // What is recorded outlives the process.
    network.city.take().unwrap().stop();
    assert!(!network.path("city/admin.sock").exists());
    network.run_node("city");
    network.at("city", &["status", "--wait", "60"]).exits(0);
    assert_eq!(
        statement(&network, "city", &reference)["corrected"]["fine_fen"],
        100
    );
    network.city.take().unwrap().kill();
    network.run_node("city");
    network.at("city", &["status", "--wait", "60"]).exits(0);
    let again = network.at("city", &["import", "good.csv", "--profile", profile()]);
    let again = again.exits(0).json();
    assert_eq!(
        (&again["present"], &again["written"]),
        (&3.into(), &0.into())
    );
}

/// Without any node a bundle says what was decided, what acts on it, and what follows.
// spec: ADM-64, BUN-28
fn prove_suspended(network: &Network, reference: &str, objection: &str) {
    let export = ["bundle", "export", reference, "--out", "suspended"];
    let verify = [
        "bundle",
        "verify",
        "suspended",
        "--genesis",
        "hub/genesis.cbor",
    ];
    let shown = |network: &Network| {
        let _ = fs::remove_file(network.path("suspended"));
        network.at("town", &export).exits(0);
        network.run(&verify).exits(0).json()
    };
    // A bundle holds what lies below cosigned heads: act and notice come in when these do.
    network.until("a bundle with the objection", |network| {
        let shown = shown(network);
        shown["notices"][0].is_object() && shown["acts"][0]["held"] == true
    });
    let verified = shown(network);
    let statement = &verified["statement"];
    assert_eq!(statement["class"], "decision");
    assert!(
        statement["reference"]
            .as_str()
            .unwrap()
            .ends_with(reference)
    );
    let decision = &statement["decision"];
    assert_eq!(
        (&decision["decided_on"], &decision["fine_fen"]),
        (&"2026-03-02".into(), &500_000.into())
    );
    assert!(statement["issued_at"].is_u64());
    assert!(statement["mandate_from"].as_str().unwrap().contains('-'));
    let act = &verified["acts"][0];
    assert_eq!(
        (
            &act["class"],
            &act["reference"],
            &act["ground"],
            &act["open"]
        ),
        (
            &"objection".into(),
            &objection.into(),
            &"amount".into(),
            &true.into()
        )
    );
    assert_eq!(verified["notices"][0]["class"], "objection");
    assert_eq!(verified["effect"]["binds_others"], "suspended");
    assert_eq!(verified["effect"]["suspended_by"][0]["by"][0], objection);
    for (language, words) in [
        (
            "en",
            [
                "5,000.00",
                "suspended: objection open",
                "Later acts: not proven.",
            ],
        ),
        ("zh", ["5,000.00", "证明包视界", "后续操作：未证明。"]),
    ] {
        let said = network
            .people(&[&verify[..], &["--lang", language]].concat())
            .exits(0)
            .out;
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

// spec: ADM-16, ADM-64
fn prove(network: &Network, reference: &str) {
    let exported = network.at("town", &["bundle", "export", reference, "--out", "proof"]);
    let exported = exported.exits(0).json();
    let verify = ["bundle", "verify", "proof", "--genesis", "hub/genesis.cbor"];
    let verified = network.run(&verify).exits(0).json();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["digest"], exported["digest"]);
    assert_eq!(verified["acts"].as_array().unwrap().len(), 3);
    // What is relied on is the decision as corrected, not the figure that was wrong.
    assert_eq!(verified["statement"]["decision"]["fine_fen"], 500_000);
    assert_eq!(verified["corrected"]["fine_fen"], 100);
    let said = network.people(&verify).exits(0).out;
    let fines = said
        .lines()
        .filter(|line| line.trim_start().starts_with("fine_fen"));
    assert_eq!(fines.count(), 2, "the decision and its correction: {said}");
    let mut bytes = fs::read(network.path("proof")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(network.path("tampered"), bytes).unwrap();
    let refused = network.run(&[
        "bundle",
        "verify",
        "tampered",
        "--genesis",
        "hub/genesis.cbor",
    ]);
    assert_eq!(refused.exits(4).error(), "file-unverified");
}

fn withdraw(network: &Network) {
    let reference = format!("{CITY}/0#2");
    let withdrawal = [
        "withdrawal",
        "issue",
        &reference,
        "--reason",
        "duplicate",
        "--reasons",
        "x",
    ];
    // Nobody else's to withdraw, and nothing to admit where nothing waits.
    assert_eq!(
        network.at("town", &withdrawal).exits(6).error(),
        "not-the-issuer"
    );
    let admission = [
        "admission",
        "issue",
        &reference,
        "--all-waiting",
        "--reasons",
        "x",
    ];
    assert_eq!(
        network.at("hub", &admission).exits(3).error(),
        "nothing-open"
    );
    network.at("city", &withdrawal).exits(0);
    network.until("the withdrawal at the town", |network| {
        statement(network, "town", &reference)["effect"]["validity"] == "withdrawn"
    });
}

fn look_around(network: &Network) {
    let status = network.at("town", &["status"]).exits(0).json();
    assert_eq!(
        (&status["signing"], &status["quorum"]),
        (&"ready".into(), &2.into())
    );
    assert_eq!(status["independent_views"], 1);
    assert_eq!(status["alarms"], Value::Array(Vec::new()));
    let watched = network.at("town", &["watch", "--count", "2", "--interval", "100"]);
    assert!(watched.exits(0).out.lines().count() >= 2);
    let people = network
        .people(&["--node", "town", "--lang", "zh", "status"])
        .exits(0);
    assert!(
        people.out.contains("签名") && people.out.contains("就绪"),
        "{}",
        people.out
    );
    let list = network.at("town", &["peer", "list"]).exits(0).json();
    assert_eq!(list["peers"].as_array().unwrap().len(), 2);
    let one = network.at("town", &["peer", "show", CITY]).exits(0).json();
    // spec: ADM-297
    let mandate = one["mandates"][0].as_str().unwrap();
    assert!(mandate.contains("decision"), "{mandate}");
    assert_eq!(
        (&one["link"], &one["behind"]),
        (&"connected".into(), &0.into())
    );
    let tested = network.at("town", &["peer", "test", CITY]).exits(0).json();
    assert_eq!(tested["steps"].as_array().unwrap().len(), 3);
}

#[test]
fn objection_over_the_daily_cap_suspends_once_the_supervisor_admits_it() {
    let network = Network::start();
    import(&network, 2);
    let [first, second] = [0, 1].map(|index| format!("{CITY}/0#{index}"));
    // The town may receive one objection a day.
    for reference in [&first, &second] {
        let objection = ["objection", "file", reference, "--ground", "facts"];
        network.at("town", &objection).exits(0);
    }
    network.until("the second objection at the hub", |network| {
        statement(network, "hub", &second)["effect"]["waiting"][0]["why"] == "over-cap"
    });
    assert_eq!(
        statement(&network, "hub", &second)["effect"]["suspended_by"],
        Value::Array(Vec::new())
    );
    let admission = [
        "admission",
        "issue",
        &second,
        "--all-waiting",
        "--reasons",
        "New facts",
    ];
    assert_eq!(
        network.at("town", &admission).exits(6).error(),
        "not-the-issuer"
    );
    network.at("hub", &admission).exits(0);
    for node in ["hub", "city", "town"] {
        network.until(&format!("the admitted suspension at {node}"), |network| {
            statement(network, node, &second)["effect"]["binds_others"] == "suspended"
        });
    }
}

#[test]
fn suspended_member_is_told_so_and_address_of_a_peer_can_be_changed() {
    let mut network = Network::start();
    // The city dials the town: its code is the smaller one.
    let address = network.at("city", &["peer", "show", TOWN]).exits(0).json();
    let address = address["address"].as_str().unwrap().to_owned();
    let added = network
        .at("city", &["peer", "add", TOWN, "127.0.0.1:9"])
        .exits(0)
        .json();
    assert_eq!(
        (&added["changed"], &added["dials"]),
        (&true.into(), &true.into())
    );
    // What was added is kept.
    network.city.take().unwrap().stop();
    network.run_node("city");
    network.at("city", &["status", "--wait", "60"]).exits(0);
    let shown = network.at("city", &["peer", "show", TOWN]).exits(0).json();
    assert_eq!(shown["added_address"], "127.0.0.1:9");
    let removed = network
        .at("city", &["peer", "remove", TOWN])
        .exits(0)
        .json();
    assert_eq!(removed["changed"], true);
    let removed = network
        .at("city", &["peer", "remove", TOWN])
        .exits(0)
        .json();
    assert_eq!(removed["changed"], false);
    network.until("the connection at the address of the registry", |network| {
        let shown = network.at("city", &["peer", "show", TOWN]).exits(0).json();
        shown["link"] == "connected" && shown["address"] == address.as_str()
    });

    network
        .run(&[
            "peer",
            "suspend",
            CITY,
            "--genesis",
            "hub/genesis.cbor",
            "--reasons",
            "Inspection",
            "--out",
            "suspend",
        ])
        .exits(0);
    network.approve_by_both("suspend");
    network.submit("suspend").exits(0);
    network.until("the suspension at the city", |network| {
        network.at("city", &["status"]).exits(0).json()["standing"] == "suspended"
    });
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("one.csv"), &table.bytes).unwrap();
    let ran = network.at("city", &["import", "one.csv", "--profile", profile()]);
    let report = ran.exits(1).json();
    assert_eq!(
        report["refusals"][0]["reason"], "member-suspended",
        "{report}"
    );
}
