//! Joint measures, from the initiation to the feedback.

use serde_json::Value;

use super::*;
use crate::network::{CITY, HUB, Network, TOWN};

// spec: ADM-254, ADM-255, ADM-256, ADM-259, ADM-262
#[test]
fn joint_measures_go_from_the_initiation_to_the_feedback() {
    let (network, about) = network();
    let decision = format!("{CITY}/0#0");
    let to = format!("{TOWN},{HUB}");
    let initiate = [
        "initiate",
        &decision,
        "--to",
        &to,
        "--measure",
        "tender.exclusion=2027-06-30",
        "--reasons",
        "情节严重",
        "--on",
        "2026-03-06",
    ];
    for (wrong, right, exit, code, named) in [
        (
            "tender.exclusion=2027-06-30",
            "tender.exclusion",
            2,
            "bad-value",
            "last day",
        ),
        (
            "tender.exclusion=2027-06-30",
            "travel.limit=2027-06-30",
            2,
            "bad-value",
            "--measure",
        ),
        (
            "tender.exclusion=2027-06-30",
            "loan.limit=2027-06-30",
            6,
            "outside-catalogue",
            "measure",
        ),
        (to.as_str(), "12345", 2, "bad-value", "--to"),
        (
            to.as_str(),
            "91110108551385082Q",
            3,
            "member-unknown",
            "91110108551385082Q",
        ),
    ] {
        let arguments: Vec<_> = initiate
            .iter()
            .map(|it| if *it == wrong { right } else { it })
            .collect();
        let ran = network.at("city", &arguments).exits(exit);
        assert_eq!(ran.error(), code, "{arguments:?}");
        assert!(ran.out.contains(named), "{named}: {}", ran.out);
    }
    let initiated = network.at("city", &initiate).exits(0).json();
    let initiated = initiated["reference"].as_str().unwrap().to_owned();
    for node in ["town", "hub"] {
        network.until_held(
            node,
            &format!("/{CITY}/0"),
            network.size("city", &format!("/{CITY}/0")),
        );
    }
    let open = network.about("city", &about);
    let silent = |answer: &Value| {
        of_class(answer, "initiation")[0]["unanswered"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(silent(&open), 2);
    let accept = ["respond", &initiated, "--accept"];
    assert_eq!(network.at("city", &accept).exits(6).error(), "not-asked");
    assert_eq!(
        network
            .at("town", &["respond", &decision, "--accept"])
            .exits(2)
            .error(),
        "wrong-class"
    );
    // spec: ADM-355
    for beyond in ["tender.exclusion=2027-07-01", "loan.limit=2027-06-30"] {
        let beyond = [&accept[..], &["--measure", beyond]].concat();
        let ran = network.at("town", &beyond).exits(2);
        assert_eq!(ran.error(), "measure-not-asked");
        assert!(
            ran.out.contains("tender.exclusion=2027-06-30"),
            "{}",
            ran.out
        );
    }
    let accepted = network.at("town", &accept).exits(0).json();
    assert_eq!(accepted["item"], "credit.record");
    let again = network.at("town", &accept).exits(6);
    assert_eq!(again.error(), "no-effect");
    assert!(again.out.contains(accepted["reference"].as_str().unwrap()));
    let refuse = [
        "respond",
        &initiated,
        "--no-basis",
        "无法定依据",
        "--law",
        "某法",
        "--article",
        "第九条",
        "--level",
        "law",
    ];
    network.at("hub", &refuse).exits(0);
    let done = [
        "feedback",
        &initiated,
        "--month",
        "2026-10",
        "--partly",
        "尚有一个项目在审",
    ];
    network.at("town", &done).exits(0);
    let again = network.at("town", &done).exits(6);
    assert_eq!(again.error(), "no-effect");
    for (flag, value, named) in [
        ("--month", "2026-13", "--month"),
        ("--month", "2199-01", "month"),
    ] {
        let ran = network
            .at("town", &["feedback", &initiated, flag, value, "--done"])
            .exits(2);
        assert!(ran.out.contains(named), "{}", ran.out);
    }
    let verified = [
        "feedback",
        &initiated,
        "--month",
        "2026-10",
        "--done",
        "--verified",
    ];
    let ran = network.at("town", &verified).exits(2);
    assert!(
        ran.error() == "invalid-statement" && ran.out.contains("from above"),
        "{}",
        ran.out
    );
    for (node, log) in [("city", TOWN), ("city", HUB)] {
        let size = network.size(
            if log == TOWN { "town" } else { "hub" },
            &format!("/{log}/0"),
        );
        network.until_held(node, &format!("/{log}/0"), size);
    }
    let answer = network.about("city", &about);
    let answers = of_class(&answer, "initiation")[0]["answers"]
        .as_array()
        .unwrap();
    let said: Vec<_> = answers
        .iter()
        .filter_map(|it| it["answer"].as_str())
        .collect();
    assert_eq!((said.len(), silent(&answer)), (2, 0));
    assert!(
        said.contains(&"accepted") && said.contains(&"no-basis"),
        "{said:?}"
    );
    let response = network
        .at(
            "town",
            &["statement", accepted["reference"].as_str().unwrap()],
        )
        .exits(0)
        .json();
    let measures = &response["record"]["said"]["measures"];
    assert_eq!(
        (
            measures[0]["measure"].as_str(),
            measures[0]["until"].as_str()
        ),
        (Some("tender.exclusion"), Some("2027-06-30"))
    );
    // A decision shows what refers to it.
    let shown = network
        .at("city", &["statement", &decision])
        .exits(0)
        .json();
    assert_eq!(shown["referred_by"][0]["class"], "initiation");
    // What is seen by named members alone is not told with what is public.
    // spec: ADM-302
    let interview = format!(
        "class = \"interview\"\nitem = \"credit.interview\"\nabout = \"{decision}\"\nday = \"2024-05-07\"\ninterview = \"reminder\"\nsaid = \"提示整改\"\ncorrect = \"补交材料\"\ncorrect_by = \"2024-06-07\"\n"
    );
    network.issue("city", &interview).exits(0);
    let size = network.size("city", &format!("/{CITY}/0"));
    network.until_held("hub", &format!("/{CITY}/0"), size);
    let told = |node: &str, more: &[&str]| {
        let ask = [&["statement", &decision][..], more].concat();
        let shown = network.at(node, &ask).exits(0).json();
        let referring = shown["referred_by"].as_array().unwrap().clone();
        referring.iter().any(|one| one["class"] == "interview")
    };
    assert!(told("city", &[]));
    assert!(!told("hub", &[]));
    assert!(told("hub", &LOOK_UP));
    pushed(&network, &decision);
    refused_where_the_decision_is_gone(&network, &decision, &initiate);
}

/// What comes from above is verified before it is applied.
fn pushed(network: &Network, decision: &str) {
    let push = [
        "push",
        decision,
        "--to",
        TOWN,
        "--from-above",
        "--reasons",
        "省平台下发",
        "--on",
        "2026-03-06",
    ];
    let pushed = network.at("city", &push).exits(0).json();
    let pushed = pushed["reference"].as_str().unwrap().to_owned();
    network.until_held(
        "town",
        &format!("/{CITY}/0"),
        network.size("city", &format!("/{CITY}/0")),
    );
    let report = |more: &[&str]| {
        let arguments = [&["feedback", &pushed, "--month", "2026-10"][..], more].concat();
        network.at("town", &arguments)
    };
    let unverified = report(&["--done"]).exits(2);
    assert!(
        unverified.out.contains("verified before"),
        "{}",
        unverified.out
    );
    let astray = report(&["--done", "--not-found", "查无"]).exits(2);
    assert_eq!(astray.error(), "invalid-statement");
    let missed = report(&["--not-found", "查无此企业"]).exits(0).json();
    let found = report(&["--done", "--verified"]).exits(6);
    assert_eq!(found.error(), "no-effect");
    let missed = missed["reference"].as_str().unwrap();
    let withdraw = ["withdrawal", "issue", missed, "--reason", "other-error"];
    let withdraw = [&withdraw[..], &["--reasons", "重新核实"]].concat();
    network.at("town", &withdraw).exits(0);
    report(&["--done", "--verified"]).exits(0);
}

fn refused_where_the_decision_is_gone(network: &Network, decision: &str, initiate: &[&str]) {
    let measure = format!(
        "class = \"measure\"\ndecision = \"{decision}\"\nday = \"2026-01-10\"\nmeasure = \"tender.exclusion\"\nfrom = \"2026-01-10\"\nuntil = \"2027-06-30\"\nforce = \"recommended\"\ncase_number = \"1号\"\n{ADVERSE}"
    );
    let measure = measure
        .replace("2024-04-03", "2026-01-12")
        .replace("2025-03-01", "2027-06-30");
    let endless = measure.replace("until = \"2027-06-30\"\nforce", "force");
    let ran = network.issue("city", &endless).exits(2);
    assert!(
        ran.error() == "invalid-statement" && ran.out.contains("last day"),
        "{}",
        ran.out
    );
    let person = measure.replace("tender.exclusion", "office.exclusion");
    let ran = network.issue("city", &person).exits(2);
    assert!(
        ran.error() == "bad-value" && ran.out.contains("measure"),
        "{}",
        ran.out
    );
    // The decision brings no such measure to others; who made it answers for its own.
    // spec: ADM-255, ADM-301
    let others = network.issue("town", &measure).exits(6);
    assert_eq!(others.error(), "not-binding");
    let own = network.issue("city", &measure).exits(0).json();
    let own = own["reference"].as_str().unwrap().to_owned();
    let binds = |network: &Network| {
        let shown = network.at("city", &["statement", &own]).exits(0).json();
        shown["record"]["binds"].clone()
    };
    assert_eq!(binds(network), "applies");
    // Once the decision is about another organisation, so is what refers to it.
    // spec: ADM-303
    let moved =
        "subject={\"code\":\"91230400MA0000015M\",\"name\":\"另一公司\",\"form\":\"enterprise\"}";
    let correct = [
        "correction",
        "issue",
        decision,
        "--set",
        moved,
        "--reasons",
        "主体有误",
    ];
    network.at("city", &correct).exits(0);
    network.until("the correction is witnessed", |network| {
        let ask = [&["subject", "91230400MA0000015M"][..], &LOOK_UP[..]].concat();
        let shown = network.at("city", &ask).exits(0).json();
        shown["decisions"][0]["effect"]["pending"] == serde_json::json!([]) && shown["total"] == 1
    });
    let initiated = network.at("city", initiate).exits(0).json();
    let initiated = initiated["reference"].as_str().unwrap();
    let shown = network
        .at("city", &["statement", initiated])
        .exits(0)
        .json();
    assert_eq!(shown["record"]["subject"]["code"], "91230400MA0000015M");
    let withdraw = [
        "withdrawal",
        "issue",
        decision,
        "--reason",
        "other-error",
        "--reasons",
        "撤销",
    ];
    network.at("city", &withdraw).exits(0);
    network.until("the withdrawal is witnessed", |network| {
        let shown = network.at("city", &["statement", decision]).exits(0).json();
        shown["effect"]["validity"] == "withdrawn"
    });
    assert_eq!(binds(network), "withdrawn");
    assert_eq!(
        network.issue("city", &measure).exits(6).error(),
        "no-effect"
    );
    assert_eq!(network.at("city", initiate).exits(6).error(), "no-effect");
}
