//! An import taken back as a whole, what is objected to in it, and every wrong use of that.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, Network};
use crate::rows::{Table, profile};

const REASON: [&str; 4] = ["--reason", "other-error", "--reasons", "整批有误"];

/// Imports rows at the city, for all to hold, and says under which id.
fn imported(network: &Network, rows: u64) -> String {
    let mut table = Table::new();
    for _ in 0..rows {
        table.push(&[]);
    }
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    let report = network.at("city", &import).exits(0).json();
    for node in ["town", "hub"] {
        network.until_held(node, &format!("/{CITY}/0"), rows);
    }
    report["batch"].as_str().unwrap().to_owned()
}

fn bulk(network: &Network, more: &[&str]) -> Value {
    let arguments = [&["withdrawal", "bulk"][..], &REASON, more].concat();
    network.at("city", &arguments).exits(0).json()
}

// spec: ADM-340, ADM-341, ADM-342, ADM-343, ADM-344, ADM-483, IDX-85
#[test]
fn import_is_taken_back_as_a_whole_and_again_without_doing_it_twice() {
    let network = Network::start();
    let import = imported(&network, 6);
    let at = |index: u64| format!("{CITY}/0#{index}");
    let objection = ["objection", "file", &at(3), "--ground", "facts"];
    network.at("town", &objection).exits(0);
    let list = ["objection", "list", "--import", &import];
    network.until("the objection at the city", |network| {
        let shown = network.at("city", &list).exits(0).json();
        let one = &shown["objected"][0];
        let number = one["document_number"].is_string();
        let awaited = &one["awaited"][0];
        number && awaited["task"] == "rule" && awaited["owner"] == CITY
    });
    // What was broken off: two are withdrawn and the others are not.
    fs::write(
        network.path("two.txt"),
        format!("{}\n\n{}\n{}\n", at(0), at(1), at(0)),
    )
    .unwrap();
    let begun = bulk(&network, &["--file", "two.txt"]);
    assert_eq!(
        (&begun["total"], &begun["recorded"]),
        (&2.into(), &2.into())
    );
    let acts = begun["acts"].as_str().unwrap().to_owned();
    let dry = bulk(&network, &["--import", &import, "--dry-run"]);
    assert_eq!((&dry["total"], &dry["recorded"]), (&6.into(), &4.into()));
    let counts = &dry["counts"];
    assert_eq!(
        (&counts["withdrawn"], &counts["objected"]),
        (&2.into(), &1.into())
    );
    assert_eq!(dry["first"], Value::Null);
    let ended = bulk(&network, &["--import", &import]);
    assert_eq!(
        (&ended["recorded"], &ended["acts"]),
        (&4.into(), &acts.as_str().into())
    );
    let again = bulk(&network, &["--import", &import]);
    assert_eq!(
        (&again["recorded"], &again["acts"]),
        (&0.into(), &acts.as_str().into())
    );
    assert_eq!(again["counts"]["withdrawn"], 6);
    // Other reasons are other acts, of which there are none.
    let other = [
        "withdrawal",
        "bulk",
        "--import",
        &import,
        "--reason",
        "duplicate",
        "--reasons",
        "x",
    ];
    let other = network.at("city", &other).exits(0).json();
    assert_eq!(
        (&other["recorded"], &other["acts"]),
        (&0.into(), &Value::Null)
    );
    let follow = ["propagation", "--batch", &acts];
    network.until("everybody applied all of them", |network| {
        let shown = network.at("city", &follow).exits(0).json();
        let all = Value::from(6);
        let members = shown["members"].as_array().unwrap();
        let applied = members.iter().filter(|one| one["applied"] == all).count();
        shown["total"] == all && shown["complete"] == all && applied == 2
    });
    // Elsewhere too the acts are followed by their id.
    let elsewhere = network.at("hub", &follow).exits(0).json();
    assert_eq!(
        (&elsewhere["total"], &elsewhere["class"]),
        (&6.into(), &"withdrawal".into())
    );
    let people = [
        "--node",
        "city",
        "--lang",
        "zh",
        "propagation",
        "--batch",
        &acts,
    ];
    assert!(
        network
            .people(&people)
            .exits(0)
            .out
            .contains("各持有机关均已执行")
    );
}

// spec: ADM-346
#[test]
fn field_of_every_decision_of_an_import_is_put_right_once() {
    let network = Network::start();
    let import = imported(&network, 3);
    let third = format!("{CITY}/0#2");
    let withdraw = [&["withdrawal", "issue", &third][..], &REASON].concat();
    network.at("city", &withdraw).exits(0);
    network.until("the withdrawal is witnessed", |network| {
        let shown = network.at("city", &["statement", &format!("{CITY}/0#2")]);
        shown.exits(0).json()["effect"]["validity"] == "withdrawn"
    });
    let correct = |more: &[&str]| {
        let all = [
            "correction",
            "bulk",
            "--import",
            &import,
            "--reasons",
            "金额有误",
        ];
        let all = [&all[..], &["--set", "fine_fen=100"], more].concat();
        network.at("city", &all).exits(0).json()
    };
    let counts = |shown: &Value| {
        ["total", "recorded", "already", "pending", "left"].map(|key| shown[key].as_u64().unwrap())
    };
    let dry = correct(&["--dry-run"]);
    assert_eq!(counts(&dry), [3, 2, 0, 0, 1]);
    let acts = dry["acts"].as_str().unwrap().to_owned();
    let done = correct(&[]);
    assert_eq!(
        (counts(&done), &done["acts"]),
        ([3, 2, 0, 0, 1], &acts.as_str().into())
    );
    let again = counts(&correct(&[]));
    assert_eq!((again[1], again[2] + again[3]), (0, 2));
    network.until("everybody applied both", |network| {
        let shown = network
            .at("city", &["propagation", "--batch", &acts])
            .exits(0)
            .json();
        shown["total"] == 2 && shown["complete"] == 2 && shown["class"] == "correction"
    });
    for (more, exit, code) in [
        (
            &["--import", &import, "--set", "colour=red"][..],
            2,
            "unknown-field",
        ),
        (&["--import", &import][..], 2, "usage"),
        (
            &["--import", "12", "--set", "fine_fen=1"][..],
            2,
            "bad-value",
        ),
        (&["--set", "fine_fen=1"][..], 2, "usage"),
        (
            &["--import", &import, "--set", "fine_fen=x"][..],
            2,
            "bad-value",
        ),
        (
            &[
                "--import",
                &import,
                "--set",
                "fine_fen=1",
                "--set",
                "fine_fen=2",
            ][..],
            2,
            "field-twice",
        ),
        (
            &["--import", &import, "--file", "none.json"][..],
            3,
            "file-missing",
        ),
    ] {
        let all = [&["correction", "bulk", "--reasons", "x"][..], more].concat();
        let ran = network.at("city", &all).exits(exit);
        assert_eq!(ran.error(), code, "{more:?}");
    }
    let elsewhere = [
        "correction",
        "bulk",
        "--import",
        &import,
        "--reasons",
        "x",
        "--set",
        "fine_fen=1",
    ];
    let elsewhere = network.at("town", &elsewhere).exits(3);
    assert_eq!(elsewhere.error(), "batch-unknown");
}

// spec: ADM-400, ADM-401, ADM-402
#[test]
fn bulk_correction_leaves_conflicts_alone_and_names_what_it_cannot_correct() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    table.push(&[("事项代码", "food.internal")]);
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    let import = network.at("city", &import).exits(0).json();
    let import = import["batch"].as_str().unwrap();
    network.until_held("hub", &format!("/{CITY}/0"), 4);
    let at = |index: u64| format!("{CITY}/0#{index}");
    let one = |node: &str, index: u64, fine: &str| {
        let target = at(index);
        let issue = ["correction", "issue", &target, "--reasons", "x", "--set"];
        network.at(node, &[&issue[..], &[fine]].concat()).exits(0);
    };
    // The supervisor corrects two, and who decided one of them otherwise.
    one("city", 0, "fine_fen=5");
    network.until("the correction at the hub", |network| {
        let shown = network.at("hub", &["statement", &at(0)]);
        shown.exits(0).json()["effect"]["validity"] == "corrected"
    });
    one("hub", 0, "fine_fen=7");
    one("hub", 1, "fine_fen=7");
    network.until("the corrections are weighed", |network| {
        let stands = |index: u64| {
            let shown = network.at("city", &["statement", &at(index)]);
            shown.exits(0).json()["effect"].clone()
        };
        let in_conflict = stands(0)["suspended_by"][0]["kind"] == "conflict";
        in_conflict && stands(1)["validity"] == "corrected"
    });
    let correct = |more: &[&str]| {
        let all = ["correction", "bulk", "--import", import, "--reasons", "错"];
        let set = ["--set", "item=food.label", "--set", "fine_fen=100"];
        network
            .at("city", &[&all[..], &set, more].concat())
            .exits(1)
            .json()
    };
    let told = |shown: &Value| {
        let skipped = shown["skipped"].as_array().unwrap().iter();
        let skipped = skipped.map(|one| {
            let decision = one["decision"].as_str().unwrap();
            let index = decision.split(['#', '@']).nth(1).unwrap().to_owned();
            (index, one["code"].as_str().unwrap().to_owned())
        });
        (
            shown["recorded"].as_u64().unwrap(),
            skipped.collect::<Vec<_>>(),
        )
    };
    let named = [("0", "contested"), ("1", "contested"), ("2", "visibility")];
    let named = named.map(|(index, code)| {
        let code = match code {
            "contested" => "corrections-contested",
            _ => "other-visibility",
        };
        (index.to_owned(), code.to_owned())
    });
    assert_eq!(told(&correct(&["--dry-run"])), (1, named.to_vec()));
    assert_eq!(told(&correct(&[])), (1, named.to_vec()));
    // At once and later alike: nothing is recorded twice, nor what reads so called pending.
    let again = correct(&[]);
    assert_eq!(told(&again), (0, named.to_vec()));
    assert_eq!(
        (&again["already"], &again["pending"]),
        (&1.into(), &0.into())
    );
    for (language, sentence) in [("en", "another visibility class"), ("zh", "其他机关已更正")]
    {
        let people = [
            "--node",
            "city",
            "--lang",
            language,
            "correction",
            "bulk",
            "--dry-run",
        ];
        let what = [
            "--import",
            import,
            "--reasons",
            "x",
            "--set",
            "item=food.label",
        ];
        let people = network.people(&[&people[..], &what].concat()).exits(1);
        assert!(people.out.contains(sentence), "{}", people.out);
    }
    // What was taken back is nobody's to correct, and its corrections contest nothing.
    // spec: ADM-482
    let target = at(0);
    let back = ["withdrawal", "issue", &target, "--reason", "other-error"];
    let back = [&back[..], &["--reasons", "x"]].concat();
    network.at("city", &back).exits(0);
    network.until("the withdrawal counts", |network| {
        let shown = network.at("city", &["statement", &target]);
        shown.exits(0).json()["effect"]["validity"] == "withdrawn"
    });
    assert_eq!(told(&correct(&[])), (0, named[1..].to_vec()));
}

// spec: ADM-340, ADM-342, ADM-6, ADM-12
#[test]
fn wrong_use_of_a_bulk_act_says_why_and_records_nothing() {
    let network = Network::start();
    let import = imported(&network, 2);
    let first = format!("{CITY}/0#0");
    let objection = ["objection", "file", &first, "--ground", "facts"];
    let objection = network.at("city", &objection).exits(0).json();
    let objection = objection["reference"].as_str().unwrap();
    let unknown = "0".repeat(32);
    for (file, text) in [
        ("empty.txt", "\n\n".to_owned()),
        ("bad.txt", format!("{first}\na#b\n")),
        ("absent.txt", format!("{CITY}/0#999\n")),
        ("class.txt", format!("{objection}\n")),
        ("good.txt", format!("{first}\n")),
    ] {
        fs::write(network.path(file), text).unwrap();
    }
    let with = |more: &[&'static str]| [&["withdrawal", "bulk"][..], more, &REASON].concat();
    let by_id = |id: &'static str| with(&["--import", id]);
    let file = |name: &'static str| with(&["--file", name]);
    // Node, arguments, exit code, code of the error, and what people are told.
    let cases: Vec<(&str, Vec<&str>, i32, &str, &str)> = vec![
        ("city", by_id("xyz"), 2, "bad-value", "32 hex digits"),
        (
            "city",
            [&["withdrawal", "bulk", "--import", &unknown][..], &REASON].concat(),
            3,
            "batch-unknown",
            "concordat import",
        ),
        (
            "town",
            [&["withdrawal", "bulk", "--import", &import][..], &REASON].concat(),
            3,
            "batch-unknown",
            &import,
        ),
        (
            "town",
            file("good.txt"),
            6,
            "not-the-issuer",
            "objection file",
        ),
        ("city", with(&[]), 2, "usage", "--import"),
        (
            "city",
            with(&["--import", "x", "--file", "good.txt"]),
            2,
            "usage",
            "--file",
        ),
        (
            "city",
            file("missing.txt"),
            3,
            "file-missing",
            "missing.txt",
        ),
        ("city", file("empty.txt"), 2, "file-refused", "empty.txt"),
        ("city", file("bad.txt"), 2, "bad-value", "bad.txt:2"),
        ("city", file("absent.txt"), 3, "target-not-found", "999"),
        ("city", file("class.txt"), 6, "no-effect", "objection"),
        (
            "city",
            vec![
                "withdrawal",
                "bulk",
                "--import",
                &import,
                "--reason",
                "whim",
                "--reasons",
                "x",
            ],
            2,
            "bad-choice",
            "duplicate",
        ),
        (
            "city",
            vec![
                "withdrawal",
                "bulk",
                "--import",
                &import,
                "--reason",
                "duplicate",
            ],
            2,
            "usage",
            "--reasons",
        ),
        ("city", vec!["objection", "list"], 2, "usage", "--import"),
        (
            "city",
            vec!["objection", "list", "--import", &unknown],
            3,
            "batch-unknown",
            &unknown,
        ),
        ("city", vec!["propagation"], 2, "usage", "--batch"),
        (
            "city",
            vec!["propagation", &first, "--batch", &unknown],
            2,
            "usage",
            "--batch",
        ),
        (
            "city",
            vec!["propagation", "--batch", &unknown],
            3,
            "batch-unknown",
            &unknown,
        ),
        (
            "city",
            vec!["propagation", "--batch", &import],
            3,
            "batch-unknown",
            &import,
        ),
    ];
    for (node, arguments, exit, code, told) in cases {
        let ran = network.at(node, &arguments).exits(exit);
        assert_eq!(ran.error(), code, "{arguments:?}");
        for language in ["en", "zh"] {
            let people = [
                &["--yes", "--lang", language, "--node", node][..],
                &arguments,
            ]
            .concat();
            let people = network.people(&people).exits(exit);
            assert_eq!(people.out, "", "{arguments:?}");
            let is_chinese = people.err.chars().any(|c| ('一'..='龥').contains(&c));
            assert_eq!(
                is_chinese,
                language == "zh",
                "{arguments:?}: {}",
                people.err
            );
            let is_told = people.err.contains(told);
            assert!(is_told || is_chinese, "{arguments:?}: {}", people.err);
        }
    }
    // Nobody is there to be asked.
    let unasked = ["--node", "city", "withdrawal", "bulk", "--import", &import];
    let unasked = [&unasked[..], &REASON].concat();
    let refused = network.people(&unasked).exits(2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    let dry = [
        &["withdrawal", "bulk", "--dry-run", "--import", &import][..],
        &REASON,
    ]
    .concat();
    let dry = network.at("city", &dry).exits(0).json();
    assert_eq!(
        (&dry["recorded"], &dry["counts"]["withdrawn"]),
        (&2.into(), &0.into())
    );
}
