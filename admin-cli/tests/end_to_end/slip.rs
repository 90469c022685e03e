//! The filing slip: what an organisation that objected takes home, and every wrong use of it.

use std::fs;

use serde_json::Value;

use crate::network::{CITY, HUB, Network, TOWN};
use crate::rows::{Table, profile};

const GENESIS: [&str; 2] = ["--genesis", "hub/genesis.cbor"];

/// Two public decisions and one for members only, held by everyone.
fn decided(network: &Network) {
    let mut table = Table::new();
    table.push(&[]);
    table.push(&[]);
    table.push(&[("事项代码", "food.internal")]);
    fs::write(network.path("rows.csv"), &table.bytes).unwrap();
    let import = ["import", "rows.csv", "--profile", profile()];
    network.at("city", &import).exits(0);
    for node in ["town", "hub"] {
        network.until_held(node, &format!("/{CITY}/0"), 3);
    }
}

fn verify(network: &Network, file: &str) -> Value {
    let arguments = [&["bundle", "verify", file][..], &GENESIS].concat();
    network.run(&arguments).exits(0).json()
}

// spec: ADM-330, ADM-332, ADM-333, PRP-44
#[test]
fn organisation_takes_home_proof_that_and_when_it_objected() {
    let network = Network::start();
    decided(&network);
    let reference = format!("{CITY}/0#0");
    let file = [
        "objection",
        "file",
        &reference,
        "--ground",
        "amount",
        "--slip",
        "a.slip",
    ];
    let filed = network.at("town", &file).exits(0).json();
    let objection = filed["reference"].as_str().unwrap();
    assert_eq!(filed["slip"]["slip"]["objection"], *objection, "{filed}");
    let shown = verify(&network, "a.slip");
    let slip = &shown["slip"];
    assert_eq!(slip["objection"], *objection);
    assert_eq!(
        (&slip["awaits"], &slip["with_decision"]),
        (&"ruling".into(), &false.into())
    );
    assert_eq!(slip["received_by"], TOWN);
    assert_eq!(slip["ground"], "amount");
    assert_eq!(slip["rulings"], Value::Array(Vec::new()));
    assert!(slip["witnessed_at"].is_u64(), "{slip}");
    let decision = shown["bundle"]["statement"]["reference"].as_str().unwrap();
    assert!(decision.ends_with(&reference));

    // Later it tells of the notice, the ruling and who applied the objection.
    let rule = [
        "ruling",
        "issue",
        &reference,
        "--outcome",
        "rejected",
        "--all-open",
        "--reasons",
        "x",
    ];
    network.until("the objection at the city", |network| {
        let shown = network
            .at("city", &["statement", &reference])
            .exits(0)
            .json();
        shown["effect"]["binds_others"] == "suspended"
    });
    network.at("city", &rule).exits(0);
    network.until("a slip with all of it", |network| {
        let _ = fs::remove_file(network.path("b.slip"));
        let slip = ["slip", objection, "--out", "b.slip"];
        // The hub is given what members say. The leaf of the ruling may be there before its body is.
        if network.at("hub", &slip).exit != 0 {
            return false;
        }
        let shown = verify(network, "b.slip");
        let slip = &shown["slip"];
        let applied = |member: &str| {
            let mut holders = slip["holders"].as_array().unwrap().iter();
            holders.any(|one| one["member"] == member && one["state"] == "applied")
        };
        slip["notice"].is_string()
            && slip["rulings"][0]["outcome"] == "rejected"
            && applied(CITY)
            && shown["bundle"]["effect"]["binds_others"] == "applies"
    });
    let page = [
        &["--lang", "zh", "bundle", "verify", "b.slip"][..],
        &GENESIS,
    ]
    .concat();
    let page = network.people(&page).exits(0).out;
    assert!(!page.contains("处理期限"), "{page}");
    for word in ["异议登记回执", "受理机关", "待办", "不成立", TOWN, CITY] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(page.contains(HUB) || page.contains("未说明"), "{page}");
}

/// Of many objections that nothing tells apart each has its slip, and none shows a ruling that was taken back.
// spec: PRP-45, PRP-46
#[test]
fn slip_of_one_of_many_alike_has_the_rulings_that_stand() {
    let network = Network::start();
    decided(&network);
    let reference = format!("{CITY}/0#0");
    let object = |reasons: &str| {
        let file = ["objection", "file", &reference, "--ground", "amount"];
        let file = [&file[..], &["--reasons", reasons]].concat();
        let filed = network.at("town", &file).exits(0).json();
        filed["reference"].as_str().unwrap().to_owned()
    };
    let alike = ["one", "two", "three"].map(object);
    network.until("all of them at the city", |network| {
        let shown = network.at("city", &["statement", &reference]);
        shown.exits(0).json()["acts"].as_array().unwrap().len() == alike.len()
    });
    let rule = ["ruling", "issue", &reference, "--outcome", "rejected"];
    let rule = [&rule[..], &["--all-open", "--reasons", "x"]].concat();
    let ruling = network.at("city", &rule).exits(0).json();
    let shows = |rulings: usize| {
        for objection in &alike {
            network.until("a slip as it stands", |network| {
                let _ = fs::remove_file(network.path("c.slip"));
                let slip = ["slip", objection.as_str(), "--out", "c.slip"];
                if network.at("hub", &slip).exit != 0 {
                    return false;
                }
                let shown = verify(network, "c.slip");
                let slip = &shown["slip"];
                assert_eq!(slip["objection"], *objection);
                slip["notice"].is_string() && slip["rulings"].as_array().unwrap().len() == rulings
            });
        }
    };
    shows(1);
    let ruling = ruling["reference"].as_str().unwrap();
    let withdraw = ["withdrawal", "issue", ruling, "--reason", "other-error"];
    let withdraw = [&withdraw[..], &["--reasons", "x"]].concat();
    network.at("city", &withdraw).exits(0);
    shows(0);
}

// spec: ADM-330, ADM-331, ADM-332, ADM-403, ADM-6
#[test]
fn slip_that_cannot_be_made_or_read_says_why_and_records_nothing() {
    let network = Network::start();
    decided(&network);
    let (public, internal) = (format!("{CITY}/0#1"), format!("{CITY}/0#2"));
    let object = |target: &str| {
        let file = ["objection", "file", target, "--ground", "facts"];
        let filed = network.at("town", &file).exits(0).json();
        filed["reference"].as_str().unwrap().to_owned()
    };
    let (open, hidden) = (object(&public), object(&internal));
    network.until("both witnessed", |network| {
        let _ = fs::remove_file(network.path("good.slip"));
        let slip = ["slip", &hidden, "--out", "x"];
        let refused = network.at("town", &slip).exits(2).error();
        assert_eq!(refused, "purpose-required");
        let ran = network.at("town", &["slip", &open, "--out", "good.slip"]);
        ran.exit == 0
    });
    let absent = format!("{TOWN}/0#99999");
    let bytes = fs::read(network.path("good.slip")).unwrap();
    fs::write(network.path("cut.slip"), &bytes[..bytes.len() / 2]).unwrap();
    let before = network.said("town");
    let look_up = ["--purpose", "p", "--case", "c", "--basis", "b"];
    let with_slip = |file: &'static str| {
        let filed = ["objection", "file", public.as_str(), "--ground", "facts"];
        [&filed[..], &["--slip", file]].concat()
    };
    // Arguments, exit code, code of the error, and what people are told.
    let mut cases: Vec<(Vec<&str>, i32, &str, &str)> = vec![
        (
            vec!["slip", &public, "--out", "x"],
            2,
            "wrong-class",
            "bundle export",
        ),
        (
            vec!["slip", &absent, "--out", "x"],
            3,
            "target-not-found",
            &absent,
        ),
        (
            vec!["slip", "a#b", "--out", "x"],
            2,
            "bad-value",
            "REFERENCE",
        ),
        (
            vec!["slip", &hidden, "--out", "x"],
            2,
            "purpose-required",
            "--basis",
        ),
        (
            vec!["slip", &open, "--out", "good.slip"],
            1,
            "file-exists",
            "good.slip",
        ),
        (
            vec!["slip", &open, "--out", "no/such/x"],
            3,
            "folder-missing",
            "no/such",
        ),
        (vec!["slip", &open], 2, "usage", "--out"),
        (with_slip("good.slip"), 1, "file-exists", "good.slip"),
        (with_slip("no/such/x"), 3, "folder-missing", "no/such"),
        (
            [&with_slip("y")[..], &["--dry-run"]].concat(),
            2,
            "usage",
            "--dry-run",
        ),
        (
            [&["bundle", "verify", "cut.slip"][..], &GENESIS].concat(),
            4,
            "file-unverified",
            "cut.slip",
        ),
    ];
    let of_internal = ["objection", "file", internal.as_str(), "--ground", "facts"];
    let of_internal = [&of_internal[..], &["--slip", "y"]].concat();
    cases.extend([
        (of_internal.clone(), 2, "purpose-required", "--basis"),
        (
            [
                &["objection", "file", public.as_str(), "--ground", "facts"][..],
                &look_up,
            ]
            .concat(),
            2,
            "usage",
            "--slip",
        ),
    ]);
    for (arguments, exit, code, told) in cases {
        let ran = network.at("town", &arguments).exits(exit);
        assert_eq!(ran.error(), code, "{arguments:?}");
        let people = [&["--yes", "--node", "town"][..], &arguments].concat();
        let spoken = network.people(&people).exits(exit);
        assert!(spoken.err.contains(told), "{arguments:?}: {}", spoken.err);
    }
    assert!(!network.path("x").exists() && !network.path("y").exists());
    assert_eq!(network.said("town"), before, "an objection was recorded");
    let slip = [&["slip", &hidden, "--out", "hidden.slip"][..], &look_up].concat();
    network.at("town", &slip).exits(0);
    let filed = [&of_internal[..], &look_up].concat();
    let filed = network.at("town", &filed).exits(0).json();
    assert_eq!(filed["slip"]["slip"]["objection"], filed["reference"]);
    assert!(network.path("y").exists());
}
