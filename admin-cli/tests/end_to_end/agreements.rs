//! An agreement from its file to what is recognised, and out of it again, by the commands that clerks type.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, HUB, Network, TOWN};
use crate::rows::{Table, profile};

const LOOK_UP: [&str; 6] = [
    "--purpose",
    "tender",
    "--case",
    "T-2026-7",
    "--basis",
    "招标投标法 第二十六条",
];

fn terms(parties: &str, more: &str) -> String {
    format!(
        "title = \"区域信用互认协议\"\nparties = [{parties}]\nfrom = \"2026-01-01\"\n{more}\n\
         [[clause]]\nnumber = \"第三条\"\nitems = [\"food.label\"]\nlocal_basis = true\n"
    )
}

fn recognition(network: &Network, node: &str, reference: &str) -> Value {
    let shown = network.at(node, &["statement", reference]).exits(0).json();
    shown["recognition"].clone()
}

fn today(network: &Network) -> String {
    let list = network.at("city", &["agreement", "list"]).exits(0).json();
    list["as_of"].as_str().unwrap().to_owned()
}

/// Each with one thing wrong, and the error that it ends with.
fn refuse_wrong_files(network: &Network, city_and_town: &str) {
    let propose = |file: &str, out: &str| {
        let arguments = ["agreement", "propose", file, "--out", out];
        network.at("city", &arguments)
    };
    let wrong = terms(city_and_town, "").replace("food.label", "食品");
    fs::write(network.path("wrong.toml"), wrong).unwrap();
    let refused = propose("wrong.toml", "x").exits(2);
    assert_eq!(refused.error(), "bad-value");
    assert!(
        refused.out.contains("clause 第三条: items"),
        "{}",
        refused.out
    );
    fs::write(network.path("form.toml"), terms(city_and_town, "ends = 1")).unwrap();
    let refused = propose("form.toml", "x").exits(2);
    assert_eq!(refused.error(), "file-refused");
    assert!(refused.out.contains("line "), "{}", refused.out);
    assert_eq!(propose("none.toml", "x").exits(3).error(), "file-missing");
    // What is no agreement, and an agreement that is no change.
    let show = ["agreement", "show", "policy"];
    assert_eq!(
        network.at("city", &show).exits(4).error(),
        "file-unverified"
    );
    let change = ["change", "show", "p", "--genesis", "hub/genesis.cbor"];
    assert_eq!(network.run(&change).exits(4).error(), "file-unverified");
}

/// A bundle from which a retirement was left out verified, and nothing said that one may be missing.
// spec: BUN-85
fn what_a_bundle_shows_of_either_party_is_said(network: &Network, decision: &str, agreement: &str) {
    let export = [
        "bundle",
        "export",
        decision,
        "--out",
        "proof",
        "--receiver",
        TOWN,
    ];
    network.until("a quorum over all that it takes", |network| {
        network.at("town", &export).exit == 0
    });
    let verify = ["bundle", "verify", "proof", "--genesis", "hub/genesis.cbor"];
    let shown = network.run(&verify).exits(0).json();
    let expected = serde_json::json!([
        { "member": CITY, "newest": agreement },
        { "member": TOWN, "newest": null },
    ]);
    assert_eq!(shown["recognition"]["shown"], expected);
    for (language, said) in [("en", "a retirement"), ("zh", "退出协议")] {
        let told = [&["--lang", language][..], &verify].concat();
        let out = network.people(&told).exits(0).out;
        let lines = out.lines().filter(|line| line.contains(said));
        assert_eq!(lines.count(), 2, "{out}");
        assert!(out.contains(&format!("{CITY}/0#")), "{out}");
    }
}

#[test]
fn agreement_of_two_authorities_lets_one_rely_on_the_other_until_it_retires() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    fs::write(network.path("good.csv"), &table.bytes).unwrap();
    let import = ["import", "good.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    network.until_held("town", &format!("/{CITY}/0"), 2);
    let decision = format!("{CITY}/0#1");
    network.until("a decision that binds others at the town", |network| {
        recognition(network, "town", &decision)["lacking"] == "no-agreement"
    });
    assert_eq!(recognition(&network, "city", &decision)["code"], "own");

    let both = format!("\"{CITY}\", \"{TOWN}\"");
    fs::write(network.path("agreement.toml"), terms(&both, "")).unwrap();
    let propose = ["agreement", "propose", "agreement.toml", "--out", "p"];
    let said = network.at("city", &propose).exits(0).json();
    assert_eq!(said["summary"]["party"], serde_json::json!([CITY, TOWN]));
    refuse_wrong_files(&network, &both);
    // The hub is no party; the town approves; a stranger's file is none.
    let approve = |out| ["agreement", "approve", "p", "--out", out];
    let refused = network.at("hub", &approve("agreed.hub")).exits(6);
    assert_eq!(refused.error(), "not-a-party");
    let lacking = network.at("city", &["agreement", "log", "p"]).exits(4);
    assert_eq!(lacking.error(), "parties-missing");
    assert!(
        lacking.out.contains(TOWN) && !lacking.out.contains(HUB),
        "{}",
        lacking.out
    );
    network.at("town", &approve("agreed.town")).exits(0);
    let shown = ["agreement", "show", "p", "agreed.town"];
    let shown = network.at("city", &shown).exits(0).json();
    assert_eq!(shown["parties"][0]["approved"], false);
    assert_eq!(shown["parties"][1]["approved"], true);
    let log = ["agreement", "log", "p", "agreed.town"];
    let dry = network.at("city", &[&log[..], &["--dry-run"]].concat());
    assert_eq!(dry.exits(0).json()["reference"], Value::Null);
    let logged = network.at("city", &log).exits(0).json();
    let agreement = logged["reference"].as_str().unwrap().to_owned();
    let short = format!("{CITY}/0#{}", agreement.rsplit('#').next().unwrap());

    network.until("the recognition at the town", |network| {
        recognition(network, "town", &decision)["code"] == "recognised"
    });
    let by = &recognition(&network, "town", &decision)["by"][0];
    assert_eq!(
        (&by["agreement"], &by["clause"], &by["version"]),
        (&agreement.as_str().into(), &"第三条".into(), &1.into())
    );
    what_a_bundle_shows_of_either_party_is_said(&network, &decision, &agreement);
    // The hub is told of the decision, and may not rely on it.
    assert_eq!(
        recognition(&network, "hub", &decision)["lacking"],
        "no-agreement"
    );
    let about = network
        .at("town", &["statement", &decision])
        .exits(0)
        .json();
    let about = about["about"].as_str().unwrap();
    let subject = [&["subject", about][..], &LOOK_UP].concat();
    let page = network.at("town", &subject).exits(0).json();
    let rows = page["decisions"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(row["recognition"]["code"], "recognised", "{row}");
    }
    let words = network.at("town", &["statement", &short]).exits(0).json();
    assert_eq!(words["agreement"]["clauses"][0]["items"][0], "food.label");
    for (language, said) in [("en", "recognised: 《区域"), ("zh", "予以互认：《区域")] {
        let people = [&["--node", "town", "--lang", language][..], &subject].concat();
        let out = network.people(&people).exits(0).out;
        assert!(out.contains(said), "{out}");
    }

    second_version(&network, &both, &short);
    leave(&network, &decision, &short);
}

/// A second version follows on the first, and is open.
fn second_version(network: &Network, both: &str, first: &str) {
    fs::write(network.path("second.toml"), terms(both, "open = true")).unwrap();
    let propose = ["agreement", "propose", "second.toml", "--first", first];
    let propose = [&propose[..], &["--out", "p2"]].concat();
    let said = network.at("city", &propose).exits(0).json();
    assert_eq!(said["summary"]["version"][0], "2");
    let approve = ["agreement", "approve", "p2", "--out", "town.second"];
    network.at("town", &approve).exits(0);
    let log = ["agreement", "log", "p2", "town.second"];
    let logged = network.at("city", &log).exits(0).json();
    let second = logged["reference"].as_str().unwrap().to_owned();
    let second = format!("{CITY}/0#{}", second.rsplit('#').next().unwrap());
    network.until("the second version at the town", |network| {
        let list = network.at("town", &["agreement", "list"]).exits(0).json();
        let states = list["agreements"].as_array().unwrap().iter();
        let states: Vec<_> = states.map(|one| one["state"].clone()).collect();
        states == ["replaced", "in-force"]
    });
    // The first was closed, the second is open to the hub.
    let day = today(network);
    let accede = |to| ["agreement", "accede", to, "--from", &*day];
    for version in [first, &second] {
        network.until("both versions at the hub", |network| {
            network.at("hub", &["statement", version]).exit == 0
        });
    }
    assert_eq!(
        network.at("hub", &accede(first)).exits(6).error(),
        "not-open"
    );
    let past = ["agreement", "accede", &second, "--from", "2026-01-01"];
    assert_eq!(network.at("hub", &past).exits(2).error(), "day-gone");
    network.at("hub", &accede(&second)).exits(0);
    let again = network.at("hub", &accede(&second)).exits(6);
    assert_eq!(again.error(), "already-a-party");
    let decision = format!("{CITY}/0#1");
    network.until("the recognition at the hub", |network| {
        recognition(network, "hub", &decision)["code"] == "recognised"
    });
}

/// The city leaves; the town is told, and relies on nothing of it any more.
// spec: ADM-244
fn leave(network: &Network, decision: &str, agreement: &str) {
    let day = today(network);
    let retire = [
        "agreement",
        "retire",
        agreement,
        "--from",
        &day,
        "--reasons",
        "不再续签",
    ];
    let dry = network.at("city", &[&retire[..], &["--dry-run"]].concat());
    assert_eq!(dry.exits(0).json()["reference"], Value::Null);
    let later = network.at("city", &[&retire[..], &["--version", "7"]].concat());
    assert_eq!(later.exits(2).error(), "version-unfit");
    network.at("city", &retire).exits(0);
    for node in ["town", "hub"] {
        network.until(&format!("the retirement at {node}"), |network| {
            recognition(network, node, decision)["lacking"] == "retired"
        });
        network.until(&format!("a notice at {node}"), |network| {
            let status = network.at(node, &["status"]).exits(0).json();
            status["notices"][0]["name"] == "agreement-ended"
        });
    }
    let status = network.at("town", &["status"]).exits(0).json();
    let notices = status["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1, "{status}");
    let told = &notices[0]["details"];
    assert_eq!(
        (&told["member"], &told["version"]),
        (&CITY.into(), &"2".into())
    );
    assert_eq!(told["decisions"], "2");
    let people = network.people(&["--node", "town", "--lang", "zh", "status"]);
    let out = people.exits(0).out;
    assert!(out.contains("提示：agreement-ended"), "{out}");
    let list = network.at("town", &["agreement", "list"]).exits(0).json();
    let newest = list["agreements"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    // Between the two that stay it goes on.
    assert_eq!(newest["state"], "in-force");
    assert_eq!(newest["in_force_with"], serde_json::json!([HUB]));
    assert_eq!(newest["retired"][0]["member"], CITY);
}
