//! Records from the file of a clerk to the answer about an organisation, and joint measures from the initiation
//! to the feedback.

mod joint;

use std::fs;

use serde_json::Value;

use crate::network::{CITY, Network, Ran, TOWN};
use crate::rows::{Table, profile};

const LOOK_UP: [&str; 6] = ["--purpose", "p", "--case", "c", "--basis", "b"];

/// A decision of the city at position 0 of its log, held by all.
fn network() -> (Network, String) {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    for node in ["town", "hub"] {
        network.until_held(node, &format!("/{CITY}/0"), 1);
    }
    let decision = format!("{CITY}/0#0");
    let shown = network
        .at("city", &["statement", &decision])
        .exits(0)
        .json();
    (network, shown["about"].as_str().unwrap().to_owned())
}

impl Network {
    fn issue(&self, node: &str, text: &str) -> Ran {
        fs::write(self.path("record.toml"), text).unwrap();
        self.at(node, &["record", "issue", "record.toml"])
    }

    fn about(&self, node: &str, code: &str) -> Value {
        let ask = [&["subject", code][..], &LOOK_UP[..]].concat();
        self.at(node, &ask).exits(0).json()
    }

    /// How many entries the log of a node's member has.
    fn size(&self, node: &str, log: &str) -> u64 {
        let status = self.at(node, &["status"]).exits(0).json();
        let logs = status["logs"].as_array().unwrap();
        let mut own = logs
            .iter()
            .filter(|held| held["origin"].as_str().unwrap().ends_with(log));
        own.next().unwrap()["size"].as_u64().unwrap()
    }
}

fn of_class<'v>(answer: &'v Value, class: &str) -> Vec<&'v Value> {
    let records = answer["records"].as_array().unwrap();
    records.iter().filter(|one| one["class"] == class).collect()
}

fn subject(code: &str) -> String {
    format!(
        "subject = {{ code = \"{code}\", name = \"某某公司\", form = \"enterprise\" }}\nitem = \"credit.record\"\n"
    )
}

fn commitment(about: &str) -> String {
    format!(
        "class = \"commitment\"\n{}day = 2024-03-01\nkind = \"notice-and-promise\"\npromise = \"三十日内补交材料\"\ndue_on = \"2024-04-01\"\npublication_until = \"2025-03-01\"\n",
        subject(about)
    )
}

const ADVERSE: &str = "basis = [{ law = \"某法\", article = \"第一条\", level = \"law\" }]\nservice = { on = \"2024-04-03\", way = \"direct\" }\npublication_until = \"2025-03-01\"\nremedies = [{ kind = \"litigation\", body = \"某法院\", within_days = 180 }]\n";

// spec: ADM-250, ADM-251, ADM-252, ADM-253, ADM-254, ADM-257, ADM-258, ADM-260, ADM-261
#[test]
fn records_go_from_a_file_to_the_answer_about_the_organisation() {
    let (network, about) = network();
    let said = network.said("city");
    // A dry run leaves nothing.
    fs::write(network.path("record.toml"), commitment(&about)).unwrap();
    let tried = ["record", "issue", "record.toml", "--dry-run"];
    let tried = network.at("city", &tried).exits(0).json();
    assert_eq!(
        (&tried["dry_run"], &tried["reference"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert_eq!(network.said("city"), said);
    let made = network.issue("city", &commitment(&about)).exits(0).json();
    let promised = made["reference"].as_str().unwrap().to_owned();
    // What was promised was not kept: that burdens.
    let broken = format!(
        "class = \"commitment-outcome\"\nday = \"2024-04-02\"\ncommitment = \"{promised}\"\nresult = \"broken\"\nfindings = \"逾期未补交\"\n"
    );
    let ran = network.issue("city", &broken).exits(2);
    assert_eq!(ran.error(), "invalid-statement");
    assert!(ran.out.contains("basis"), "{}", ran.out);
    network
        .issue("city", &format!("{broken}{ADVERSE}"))
        .exits(0);
    // Each wrong line is named, and what is wrong with it.
    for (text, exit, code, named) in [
        (
            broken.replace("result = ", "outcome = "),
            2,
            "record-field",
            "outcome",
        ),
        (
            broken.replace("\"broken\"", "\"torn\""),
            2,
            "bad-choice",
            "partly-kept",
        ),
        (
            broken.replace("2024-04-02", "2024-13-02"),
            2,
            "bad-value",
            "day",
        ),
        (
            broken.replace("findings = \"逾期未补交\"\n", ""),
            2,
            "invalid-statement",
            "findings",
        ),
        (
            broken.replace(&promised, &format!("{CITY}/0#0")),
            2,
            "wrong-class",
            "decision",
        ),
        (
            broken.replace("逾期未补交", "张某 11010519491231002X"),
            2,
            "bad-value",
            "findings",
        ),
        (
            commitment(&about).replace("kind", "kinds"),
            2,
            "record-field",
            "kinds",
        ),
        (
            commitment(&about).replace("2024-03-01", "2199-03-01"),
            2,
            "day-ahead",
            "2199",
        ),
        (
            commitment(&about).replace("2025-03-01", "2099-12-31"),
            2,
            "invalid-statement",
            "publication_until",
        ),
        (
            commitment(&about).replace("2025-03-01", "2028-03-01"),
            2,
            "invalid-statement",
            "publication",
        ),
        (
            commitment(&about).replace("item = \"credit.record\"", "item = \"food.label\""),
            6,
            "outside-catalogue",
            "class",
        ),
        (
            "promise = \"x\"".to_owned(),
            2,
            "record-class",
            "record template",
        ),
        (
            "class = \"decision\"".to_owned(),
            2,
            "bad-choice",
            "self-declaration",
        ),
        ("class = ".to_owned(), 2, "file-refused", "line 1"),
        (
            format!(
                "class = \"self-declaration\"\n{}declares = \"已通过认证\"\ntruthful = false\n",
                subject(&about)
            ),
            2,
            "bad-value",
            "truthful",
        ),
        (
            format!(
                "class = \"interview\"\nitem = \"credit.record\"\nabout = \"{CITY}/0#0\"\nday = \"2024-05-01\"\ninterview = \"warning\"\nsaid = \"告知\"\ncorrect = \"改正\"\ncorrect_by = \"2024-06-01\"\n"
            ),
            6,
            "outside-catalogue",
            "interview",
        ),
    ] {
        let ran = network.issue("city", &text).exits(exit);
        assert_eq!(ran.error(), code, "{text}");
        assert!(ran.out.contains(named), "{named}: {}", ran.out);
    }
    // An interview under an item of several goes without saying which only where one is for it.
    let interview = format!(
        "class = \"interview\"\nabout = \"{CITY}/0#0\"\nday = \"2024-05-01\"\ninterview = \"warning\"\nsaid = \"告知后果\"\ncorrect = \"改正\"\ncorrect_by = \"2024-06-01\"\n"
    );
    let ran = network.issue("city", &interview).exits(2);
    assert_eq!(ran.error(), "item-needed");
    assert!(
        ran.out.contains("credit.interview, credit.record"),
        "{}",
        ran.out
    );
    network
        .issue("city", &format!("{interview}item = \"credit.interview\"\n"))
        .exits(0);
    let declared = format!(
        "class = \"self-declaration\"\n{}day = \"2024-05-01\"\ndeclares = \"已通过认证\"\ntruthful = true\n",
        subject(&about)
    );
    network.issue("city", &declared).exits(0);
    let graded = format!(
        "class = \"evaluation\"\n{}day = \"2024-05-02\"\ngrade = \"A\"\nscheme = \"某办法\"\nedition = \"2023\"\nperiod_from = \"2023-01-01\"\nperiod_until = \"2023-12-31\"\nvalid_until = \"2025-05-01\"\n",
        subject(&about)
    );
    let near = graded.replace("\"enterprise\"", "\"sole-proprietorship\"");
    let ran = network.issue("city", &near).exits(2);
    assert!(
        ran.error() == "invalid-statement" && ran.out.contains("natural person"),
        "{}",
        ran.out
    );
    let score = graded.replace("\"A\"", "\"87\"");
    assert_eq!(
        network.issue("city", &score).exits(2).error(),
        "invalid-statement"
    );
    network.issue("city", &graded).exits(0);
    network.until_held(
        "town",
        &format!("/{CITY}/0"),
        network.size("city", &format!("/{CITY}/0")),
    );

    let answer = network.about("city", &about);
    assert_eq!(
        (&answer["total"], &answer["records_total"]),
        (&1.into(), &5.into())
    );
    let classes: Vec<_> = answer["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["class"].as_str().unwrap())
        .collect();
    assert_eq!(
        classes,
        [
            "evaluation",
            "interview",
            "self-declaration",
            "commitment-outcome",
            "commitment"
        ]
    );
    let kept = &of_class(&answer, "commitment")[0]["answers"];
    assert_eq!(
        (kept[0]["result"].as_str(), kept.as_array().unwrap().len()),
        (Some("broken"), 1)
    );
    assert_eq!(
        of_class(&answer, "self-declaration")[0]["checked_by_nobody"],
        true
    );
    let shown = network
        .people(
            &[
                &["--node", "city", "--lang", "zh", "subject", &about][..],
                &LOOK_UP[..],
            ]
            .concat(),
        )
        .exits(0);
    for said in [
        "未经任何机关核实",
        "不同机关的等级不可比较",
        "未履行",
        "警示性约谈",
    ] {
        assert!(shown.out.contains(said), "{said}: {}", shown.out);
    }
    // The town is not named for interviews: it holds none.
    let elsewhere = network.about("town", &about);
    assert_eq!(of_class(&elsewhere, "interview"), Vec::<&Value>::new());
    assert_eq!(of_class(&elsewhere, "evaluation").len(), 1);
    // Pages of records alone.
    let next = [
        &["subject", &about, "--records-skip", "4"][..],
        &LOOK_UP[..],
    ]
    .concat();
    let next = network.at("city", &next).exits(0).json();
    assert_eq!(
        (
            next["records"].as_array().unwrap().len(),
            next["decisions"].as_array().unwrap().len()
        ),
        (1, 0)
    );
    // What was wrong is taken back, by its issuer alone.
    let withdraw = [
        "withdrawal",
        "issue",
        &promised,
        "--reason",
        "other-error",
        "--reasons",
        "误录",
    ];
    assert_eq!(
        network.at("town", &withdraw).exits(6).error(),
        "not-the-issuer"
    );
    network.at("city", &withdraw).exits(0);
    let withdrawn = network
        .at("city", &["statement", &promised])
        .exits(0)
        .json();
    assert!(
        withdrawn["record"]["withdrawn_by"].is_string(),
        "{withdrawn}"
    );
    assert_eq!(network.at("city", &withdraw).exits(6).error(), "no-effect");
    let again = network
        .issue(
            "city",
            &format!("{broken}{ADVERSE}").replace("逾期未补交", "再次核查"),
        )
        .exits(6);
    assert_eq!(again.error(), "no-effect");
    templates(&network);
}

/// Every template is of its class: filled in it is read, and as it is printed it is not.
// spec: ADM-261, ADM-263
fn templates(network: &Network) {
    for class in CLASSES {
        for language in ["en", "zh"] {
            let printed = network.people(&["--lang", language, "record", "template", class]);
            let printed = printed.exits(0).out;
            let ran = network.issue("city", &printed).exits(2);
            assert_eq!(ran.error(), "record-unfilled", "{printed}");
            // What is optional is a line of its own behind a mark.
            let line = |line: &str| {
                let marked = line.strip_prefix("# ");
                let marked = marked.filter(|rest| rest.contains(" = "));
                filled(marked.unwrap_or(line))
            };
            let all: Vec<String> = printed.lines().map(line).collect();
            let needed: Vec<String> = printed.lines().map(filled).collect();
            for text in [all, needed] {
                let ran = network.issue("city", &text.join("\n"));
                let said = ran.json();
                let code = said["error"]["code"].as_str().unwrap_or_default();
                let unread = ["bad-value", "bad-choice", "file-refused"].contains(&code);
                assert!(
                    !unread && !code.starts_with("record-"),
                    "{class}: {}",
                    ran.out
                );
            }
        }
    }
}

const CLASSES: [&str; 10] = [
    "commitment",
    "commitment-outcome",
    "self-declaration",
    "evaluation",
    "interview",
    "measure",
    "initiation",
    "response",
    "push",
    "feedback",
];

/// A line of a template with something in the place of what is to be written.
fn filled(line: &str) -> String {
    let key = line.split(" = ").next().unwrap_or_default();
    match key {
        "subject" => line
            .replacen("…", "91230400MA0000015M", 1)
            .replace('…', "某厂"),
        "item" => line.replace('…', "credit.record"),
        "to" => line.replace('…', TOWN),
        "commitment" | "about" | "decision" | "decisions" | "answers" | "agreement" => {
            line.replace('…', &format!("{CITY}/0#0"))
        }
        _ => line.replace('…', "甲"),
    }
}
