//! How many measures an act changed at each who holds what it is on.

use std::fs;

use crate::network::{CITY, Network};
use crate::rows::{Table, profile};

const MEASURE: &str = r#"
class = "measure"
decision = "DECISION"
day = "2026-04-10"
measure = "tender.exclusion"
from = "2026-04-10"
until = "2027-06-30"
force = "recommended"
case_number = "1号"
basis = [{ law = "某法", article = "第一条", level = "law" }]
service = { on = "2026-04-12", way = "direct" }
publication_until = "2027-06-30"
remedies = [{ kind = "litigation", body = "某法院", within_days = 180 }]
"#;

// spec: PRP-28, ADM-345, IDX-86
#[test]
fn receipt_says_how_many_measures_of_its_author_the_act_changed() {
    let network = Network::start();
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    let mut measures = Vec::new();
    for decision in [0, 0, 1] {
        let text = MEASURE.replace("DECISION", &format!("{CITY}/0#{decision}"));
        fs::write(network.path("measure.toml"), text).unwrap();
        let issue = ["record", "issue", "measure.toml"];
        let issued = network.at("city", &issue).exits(0).json();
        measures.push(issued["reference"].as_str().unwrap().to_owned());
    }
    let last = measures[2].as_str();
    for node in ["town", "hub"] {
        network.until("the last measure", |network| {
            network.at(node, &["statement", last]).exit == 0
        });
    }
    let decision = format!("{CITY}/0#0");
    // What only raises a question changes no measure of who decided; what takes the decision back ends both.
    let object = ["objection", "file", &decision, "--ground", "facts"];
    let withdraw = [
        "withdrawal",
        "issue",
        &decision,
        "--reason",
        "other-error",
        "--reasons",
        "x",
    ];
    for (act, changed) in [(&object[..], 0), (&withdraw[..], 2)] {
        let made = network.at("hub", act).exits(0).json();
        let made = made["reference"].as_str().unwrap();
        network.until("the receipts of city and town", |network| {
            let shown = network.at("hub", &["propagation", made]).exits(0).json();
            let act = &shown["acts"][0];
            let holders = act["holders"].as_array().unwrap();
            let city = holders.iter().find(|one| one["member"] == CITY).unwrap();
            let others = holders.iter().filter(|one| one["member"] != CITY);
            let none = others.clone().all(|one| one["measures"].is_null());
            assert!(none, "{shown}");
            assert!(
                city["measures"].is_null() || city["measures"] == changed,
                "{shown}"
            );
            act["complete"] == true && city["measures"] == changed
        });
    }
    // Who took them is told that nothing carries two of the three any more.
    network.until("the alarm at the city", |network| {
        let status = network.at("city", &["status"]).exits(0).json();
        let alarms = status["alarms"].as_array().unwrap();
        let mut alarms = alarms.iter();
        let alarm = alarms.find(|one| one["name"] == "measures-without-basis");
        alarm.is_some_and(|alarm| {
            let details = &alarm["details"];
            details["measures"] == "2" && details["newest"] == measures[1]
        })
    });
}
