//! Commands that need no node: keys, genesis, enrolment, changes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use concordat_certs::certificate_file;
use concordat_certs::configuration::Configuration;
use concordat_certs::key_ring::{KeyRing, MEMBER_USES};
use concordat_certs::wording::remains;
use concordat_protocol::statement::KeyUse;
use concordat_protocol::subject::AuthorityCode;

use crate::network::{CITY, HUB, Network};
use crate::support::concordat;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

// spec: KEY-60
#[test]
fn certificates_that_are_lost_or_of_other_keys_are_made_anew_and_the_keys_stay() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).display().to_string();
    let run = |arguments: &[&str]| concordat(&[&["--output", "json"], arguments].concat());
    run(&["init", &at("city"), "--member", CITY]).exits(0);
    run(&["init", &at("carol"), "--for", "administrator"]).exits(0);
    let keys = root.path().join("city/keys");
    let before = KeyRing::open(&keys, &MEMBER_USES).unwrap();
    let read = |directory: &Path, key_use| {
        let ring = KeyRing::open(directory, &[key_use]).unwrap();
        certificate_file::read(directory, ring.key(key_use).unwrap()).is_ok()
    };
    fs::remove_file(keys.join("node.crt")).unwrap();
    fs::copy(
        root.path().join("carol/administrator.crt"),
        keys.join("administrator.crt"),
    )
    .unwrap();
    assert!(!read(&keys, KeyUse::Node) && !read(&keys, KeyUse::Administrator));

    let made = run(&["certificate", "renew", &at("city")]).exits(0).json();
    let made = made["certificates"].as_array().unwrap();
    assert_eq!((&made[0]["use"], made.len()), (&"node".into(), 2));
    assert_eq!(made[0]["file"], at("city/keys/node.crt"));
    assert!(made[1]["ends_at"].as_u64() > Some(1_000_000_000_000));
    assert!(read(&keys, KeyUse::Node) && read(&keys, KeyUse::Administrator));
    let after = KeyRing::open(&keys, &MEMBER_USES).unwrap();
    for key_use in MEMBER_USES {
        assert_eq!(before.public(key_use), after.public(key_use));
    }
    // The keys directory will do as well, and that of an administrator.
    run(&["certificate", "renew", &at("city/keys")]).exits(0);
    fs::remove_file(root.path().join("carol/administrator.crt")).unwrap();
    concordat(&["--lang", "zh", "certificate", "renew", &at("carol")]).exits(0);
    assert!(read(&root.path().join("carol"), KeyUse::Administrator));

    run(&["init", &at("ann"), "--for", "approver"]).exits(0);
    for nothing in ["ann", "nowhere"] {
        let refused = run(&["certificate", "renew", &at(nothing)]).exits(3);
        assert_eq!(refused.json()["error"]["code"], "no-certified-key");
    }
}

#[test]
fn init_makes_keys_that_only_their_owner_may_read() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("node");
    let text = directory.display().to_string();
    let ran = concordat(&["init", &text, "--member", CITY]).exits(0);
    assert!(ran.out.contains("genesis.cbor"), "{}", ran.out);
    for key in [
        "statement",
        "log",
        "node",
        "witness",
        "administrator",
        "recovery",
    ] {
        let private = directory.join(format!("keys/{key}.key"));
        assert_eq!(mode(&private), 0o600, "{key}");
        let public = fs::read_to_string(directory.join(format!("keys/{key}.pub"))).unwrap();
        assert!(ran.out.contains(public.trim()), "{key}");
        assert!(!ran.out.contains("PRIVATE"), "{}", ran.out);
    }
    assert!(directory.join("keys/node.crt").exists());
}

// spec: ADM-22
#[test]
fn init_writes_the_configuration_that_a_node_reads() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("node");
    let text = directory.display().to_string();
    concordat(&["init", &text, "--member", CITY, "--listen", "[::1]:7000"]).exits(0);
    let found = Configuration::read_in(&directory).unwrap();
    let member = AuthorityCode::parse(CITY).unwrap();
    assert_eq!(
        found,
        Configuration::new(member, "[::1]:7000".parse().unwrap())
    );
}

#[test]
fn init_of_a_node_wants_its_member_and_an_address_to_listen_at() {
    let root = tempfile::tempdir().unwrap();
    let text = root.path().join("node").display().to_string();
    let ran = concordat(&["init", &text]).exits(2);
    assert!(ran.err.contains("--member CODE"), "{}", ran.err);
    let ran = concordat(&["init", &text, "--member", "913100000000000017"]).exits(2);
    assert!(ran.err.contains("--member"), "{}", ran.err);
    let ran = concordat(&["init", &text, "--member", CITY, "--listen", "city:7443"]).exits(2);
    assert!(ran.err.contains("--listen"), "{}", ran.err);
    assert!(!root.path().join("node").exists());
}

#[test]
fn init_overwrites_nothing() {
    let root = tempfile::tempdir().unwrap();
    let text = root.path().join("node").display().to_string();
    concordat(&["init", &text, "--member", CITY]).exits(0);
    let before = fs::read(root.path().join("node/keys/log.key")).unwrap();
    let ran = concordat(&["init", &text, "--member", CITY]).exits(1);
    assert!(ran.err.contains("not overwritten"), "{}", ran.err);
    assert_eq!(
        fs::read(root.path().join("node/keys/log.key")).unwrap(),
        before
    );
}

#[test]
fn genesis_wants_an_address_at_which_the_hub_is_found() {
    let network = Network::new();
    let key = "11".repeat(32);
    let ran = network.run(&[
        "genesis",
        "create",
        "--hub",
        &network.path("hub"),
        "--name",
        "Province",
        "--region",
        "310000",
        "--level",
        "provincial",
        "--from",
        "2000-01-01",
        "--title",
        "Trial",
        "--test",
        "--approver",
        &key,
        "--recovery",
        &key,
    ]);
    assert_eq!(ran.exits(2).json()["error"]["code"], "hub-address-wanted");
}

/// Of two choices, one of which binds, the parser named the one alone.
// spec: ADM-173
#[test]
fn genesis_for_no_kind_of_network_names_both() {
    let network = Network::new();
    let (hub, key) = (network.path("hub"), "11".repeat(32));
    let create = [
        "genesis",
        "create",
        "--hub",
        &hub,
        "--name",
        "Province",
        "--region",
        "310000",
        "--level",
        "provincial",
        "--from",
        "2000-01-01",
        "--title",
        "Trial",
        "--approver",
        &key,
        "--recovery",
        &key,
    ];
    let refused = network.run(&create).exits(2).json();
    assert_eq!(refused["error"]["code"], "network-wanted");
    let said = refused["error"]["message"].to_string();
    assert!(
        said.contains("--test") && said.contains("--production"),
        "{said}"
    );
}

// spec: ADM-174
#[test]
fn mandate_that_ends_before_it_begins_is_not_requested() {
    let network = Network::new();
    network.node("city", CITY);
    let (city, genesis, out) = (network.path("city"), network.genesis(), network.path("out"));
    let request = [
        "enrol",
        "request",
        &city,
        "--genesis",
        &genesis,
        "--name",
        "City",
        "--region",
        "310000",
        "--level",
        "prefectural",
        "--from",
        "2020-01-02",
        "--until",
        "2020-01-01",
        "--address",
        "city.example:7443",
        "--out",
        &out,
    ];
    for (language, words) in [("en", "before"), ("zh", "早于")] {
        let all = [&["--lang", language], &request[..]].concat();
        let refused = network.run(&all).exits(2).json()["error"].clone();
        assert_eq!(refused["code"], "bad-value");
        assert_eq!(refused["details"]["argument"], "--until");
        let said = refused["message"].to_string();
        assert!(said.contains(words), "{said}");
    }
    assert!(!Path::new(&out).exists());
}

/// The last of two won without a word.
// spec: ADM-175
#[test]
fn field_of_a_correction_that_is_said_twice_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let node = root.path().display().to_string();
    let file = |name: &str, text: &str| {
        let path = root.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let once = file("once", r#"{"facts": "a"}"#);
    let twice = file("twice", r#"{"facts": "a", "facts": "b"}"#);
    let inside = file("inside", r#"{"service": {"on": "x", "on": "y"}}"#);
    for (changes, field) in [
        (&["--set", "facts=a", "--set", "facts=b"][..], "facts"),
        (&["--file", &once, "--set", "facts=b"], "facts"),
        (&["--file", &twice], "facts"),
        (&["--file", &inside], "on"),
        (&["--set", r#"service={"on": "x", "on": "y"}"#], "on"),
    ] {
        let correct = ["--output", "json", "--yes", "--node", &node, "correction"];
        let issue = ["issue", "x", "--reasons", "x"];
        let refused = concordat(&[&correct[..], &issue, changes].concat());
        let error = refused.exits(2).json()["error"].clone();
        assert_eq!(error["code"], "field-twice", "{error}");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    let array = file("array", "[1]");
    let correct = ["--yes", "--node", &node, "correction", "issue", "x"];
    let refused = concordat(&[&correct[..], &["--reasons", "x", "--file", &array]].concat());
    let said = refused.exits(2).err;
    assert!(!said.contains('…') && said.contains("array"), "{said}");
}

#[test]
fn genesis_shows_what_it_says() {
    let network = Network::new();
    let ran = concordat(&["genesis", "show", &network.genesis()]).exits(0);
    assert!(
        ran.out.contains("Province") && ran.out.contains("Trial"),
        "{}",
        ran.out
    );
    let ran = concordat(&["--lang", "zh", "genesis", "show", &network.genesis()]).exits(0);
    assert!(ran.out.contains("审批密钥"), "{}", ran.out);
}

#[test]
fn genesis_is_refused_with_one_flipped_byte_or_absent() {
    let network = Network::new();
    let mut bytes = fs::read(network.genesis()).unwrap();
    *bytes.first_mut().unwrap() ^= 1;
    let damaged = network.path("damaged.cbor");
    fs::write(&damaged, bytes).unwrap();
    let ran = network.run(&["genesis", "show", &damaged]).exits(4);
    assert_eq!(ran.json()["error"]["code"], "genesis-unfit");
    let ran = network
        .run(&["genesis", "show", &network.path("absent")])
        .exits(3);
    assert_eq!(ran.json()["error"]["code"], "file-missing");
}

#[test]
fn enrolment_takes_a_request_and_two_approvers() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("city.proposal"));
    let ran = network.run(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &genesis,
        "--key",
        &network.path("a/approver.key"),
        "--out",
        &proposal,
    ]);
    assert_eq!(ran.exits(0).json()["summary"]["approvals_missing"][0], "1");
    let early = network
        .run(&["enrol", "submit", &proposal, "--genesis", &genesis])
        .exits(4);
    assert_eq!(early.json()["error"]["code"], "approvals-missing");
    let approval = network.path("city.approval");
    network
        .run(&[
            "change",
            "approve",
            &proposal,
            "--genesis",
            &genesis,
            "--key",
            &network.path("b/approver.key"),
            "--out",
            &approval,
        ])
        .exits(0);
    // Approved by both; only the hub to hand it to is missing.
    let ran = network.run(&[
        "--node",
        &network.path("hub"),
        "enrol",
        "submit",
        &proposal,
        "--approval",
        &approval,
        "--genesis",
        &genesis,
    ]);
    assert_eq!(ran.exits(5).json()["error"]["code"], "socket-missing");
}

#[test]
fn approval_by_a_stranger_is_refused() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    network
        .run(&["init", &network.path("x"), "--for", "approver"])
        .exits(0);
    let ran = network.run(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &network.genesis(),
        "--key",
        &network.path("x/approver.key"),
        "--out",
        &network.path("p"),
    ]);
    assert_eq!(ran.exits(4).json()["error"]["code"], "file-unverified");
    assert!(!Path::new(&network.path("p")).exists());
}

// spec: ADM-12
#[test]
fn approving_without_a_terminal_wants_yes() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let ran = concordat(&[
        "enrol",
        "approve",
        &network.path("city.request"),
        "--genesis",
        &network.genesis(),
        "--key",
        &network.path("a/approver.key"),
        "--out",
        &network.path("p"),
    ]);
    assert!(ran.exits(2).err.contains("--yes"));
    assert!(!Path::new(&network.path("p")).exists());
}

#[test]
fn suspension_is_proposed_as_a_file_for_approvers() {
    let network = Network::new();
    let out = network.path("suspend.proposal");
    network
        .run(&[
            "peer",
            "suspend",
            CITY,
            "--genesis",
            &network.genesis(),
            "--reasons",
            "inactive",
            "--out",
            &out,
        ])
        .exits(0);
    let ran = network
        .run(&["change", "show", &out, "--genesis", &network.genesis()])
        .exits(0);
    assert_eq!(ran.json()["summary"]["approvals_missing"][0], "2");
}

#[test]
fn catalogue_and_policy_are_proposed_as_files_for_approvers() {
    let network = Network::new();
    let genesis = network.genesis();
    let (file, out) = (
        network.path("catalogue.toml"),
        network.path("catalogue.proposal"),
    );
    fs::write(
        &file,
        "near_personal = 2
        [[class]]
        code = 1
        audience = \"public\"
        [[class]]
        code = 2
        audience = \"members\"
        [[item]]
        code = \"food.label\"
        title = \"Food labels\"
        act_types = [\"penalty\"]
        class = 1
        publication_days_max = 1095
        valid_from = \"2000-01-01\"",
    )
    .unwrap();
    let propose = [
        "change",
        "catalogue",
        &file,
        "--genesis",
        &genesis,
        "--out",
        &out,
    ];
    let shown = network.run(&propose).exits(0).json()["summary"].clone();
    assert_eq!(shown["change"][0], "item-catalogue", "{shown}");
    let out = network.path("policy.proposal");
    let cosigners = format!("{HUB},{CITY}");
    let ran = network.run(&[
        "change",
        "policy",
        "--cosigner",
        &cosigners,
        "--quorum",
        "2",
        "--genesis",
        &genesis,
        "--out",
        &out,
    ]);
    assert_eq!(ran.exits(0).json()["summary"]["approvals_missing"][0], "2");
}

// spec: ADM-16
#[test]
fn bundle_that_does_not_verify_exits_with_4_and_names_the_reason() {
    let network = Network::new();
    let file = network.path("proof.bundle");
    fs::write(&file, vec![0x55; 300]).unwrap();
    let genesis = network.genesis();
    let ran = network.run(&["bundle", "verify", &file, "--genesis", &genesis]);
    let json = ran.exits(4).json();
    assert_eq!(json["error"]["code"], "file-unverified");
    assert!(
        json["error"]["details"]["cause"]
            .as_str()
            .is_some_and(|cause| !cause.is_empty())
    );
    // No bundle at all is not called a damaged one.
    let cause = json["error"]["details"]["cause"].as_str();
    assert_eq!(cause, Some("the file is not a proof bundle"));
    let absent = network.path("absent");
    network
        .run(&["bundle", "verify", &absent, "--genesis", &genesis])
        .exits(3);
}

#[test]
fn folder_given_for_import_is_named_before_any_node_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let arguments = ["import", folder, "--profile", "cn-penalty-2018"];
    let json = concordat(&[&["--output", "json", "--node", "none"], &arguments[..]].concat());
    let json = json.exits(1).json();
    assert_eq!(
        (&json["error"]["code"], &json["error"]["details"]["path"]),
        (&"file-failed".into(), &folder.into())
    );
}

/// What standard error says in Chinese and in English.
fn in_both(arguments: &[&str], exit: i32) -> (String, String) {
    let said = |language| {
        let mut all = arguments.to_vec();
        all.extend(["--lang", language]);
        concordat(&all).exits(exit).err
    };
    (said("zh"), said("en"))
}

#[test]
fn genesis_that_is_another_file_or_cut_off_is_named() {
    let network = Network::new();
    let genesis = network.path("hub/genesis.cbor");
    let key = network.path("a/approver.key");
    let show = |path: &str, exit| in_both(&["genesis", "show", path], exit);
    let (zh, en) = show(&key, 4);
    assert!(en.contains("a private key, not a genesis file"), "{en}");
    assert!(en.contains(&key) && zh.contains("私钥文件"), "{en}{zh}");
    let whole = fs::read(&genesis).unwrap();
    let cut = network.path("cut.cbor");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let (zh, en) = show(&cut, 4);
    assert!(
        en.contains(&cut) && en.contains("cut off") && en.contains("the hub"),
        "{en}"
    );
    assert!(zh.contains("截断"), "{zh}");
}

#[test]
fn file_in_a_folder_that_does_not_exist_is_refused_by_name() {
    let network = Network::new();
    let genesis = network.path("hub/genesis.cbor");
    let out = network.path("no/such/policy.cbor");
    let arguments = [
        "change",
        "policy",
        "--genesis",
        &genesis,
        "--out",
        &out,
        "--cosigner",
        HUB,
        "--quorum",
        "1",
    ];
    let (zh, en) = in_both(&arguments, 3);
    assert!(
        en.contains(&network.path("no/such")) && !en.contains("os error"),
        "{en}"
    );
    assert!(zh.contains("文件夹"), "{zh}");
}

#[test]
fn keys_of_a_person_take_no_member_and_no_address() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("a");
    let place = place.to_str().unwrap();
    for (argument, value) in [("--member", HUB), ("--listen", "0.0.0.0:7443")] {
        let arguments = ["init", place, "--for", "approver", argument, value];
        let (_, en) = in_both(&arguments, 2);
        assert!(en.contains(argument), "{en}");
        assert!(!Path::new(place).exists());
    }
}

#[test]
fn open_key_is_refused_once_and_with_one_exit_code() {
    let network = Network::new();
    let key = network.path("hub/keys/statement.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (genesis, hub, out) = (
        network.path("hub/genesis.cbor"),
        network.path("hub"),
        network.path("request.cbor"),
    );
    let request = [
        "enrol",
        "request",
        &hub,
        "--genesis",
        &genesis,
        "--name",
        "某市",
        "--region",
        "310000",
        "--level",
        "prefectural",
        "--from",
        "2000-01-01",
        "--out",
        &out,
    ];
    let (zh, en) = in_both(&request, 6);
    assert_eq!(en.matches("open to others").count(), 1, "{en}");
    assert_eq!(en.matches("chmod 600").count(), 1, "{en}");
    assert!(zh.contains("对他人开放") && !zh.contains("open to"), "{zh}");
}

#[test]
fn number_of_a_person_is_refused_in_a_title_and_not_repeated() {
    let network = Network::new();
    let (genesis, hub, out) = (
        network.path("hub/genesis.cbor"),
        network.path("hub"),
        network.path("request.cbor"),
    );
    let request = [
        "enrol",
        "request",
        &hub,
        "--genesis",
        &genesis,
        "--name",
        "某市 138.0013.8000",
        "--region",
        "310000",
        "--level",
        "prefectural",
        "--from",
        "2000-01-01",
        "--out",
        &out,
    ];
    let (zh, en) = in_both(&request, 2);
    assert!(en.contains("personal data") && !en.contains("138"), "{en}");
    assert!(zh.contains("手机号码") && !zh.contains("138"), "{zh}");
}

/// Latin words in Chinese messages that are no commands, options, paths, codes or fields.
#[test]
fn chinese_messages_hold_no_english() {
    let network = Network::new();
    let genesis = network.path("hub/genesis.cbor");
    let (key, hub, out) = (
        network.path("a/approver.key"),
        network.path("hub"),
        network.path("out.cbor"),
    );
    let missing = network.path("missing");
    let text = network.path("text.toml");
    fs::write(&text, "x = [").unwrap();
    let long = "某".repeat(201);
    let request = |name: &'static str, value: &str| {
        let mut all = vec![
            "enrol",
            "request",
            &hub,
            "--genesis",
            &genesis,
            "--region",
            "310000",
            "--level",
            "prefectural",
            "--from",
            "2000-01-01",
            "--out",
            &out,
        ];
        all.extend(match name {
            "--name" => vec![],
            _ => vec!["--name", "某市"],
        });
        let mut all: Vec<String> = all.into_iter().map(String::from).collect();
        match all.iter().position(|argument| argument == name) {
            Some(at) => all[at + 1] = value.to_owned(),
            None => all.extend([name.to_owned(), value.to_owned()]),
        }
        all
    };
    let own = |arguments: &[&str]| {
        arguments
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let runs = [
        own(&["status"]),
        own(&["status", "--node", &missing]),
        own(&["genesis", "show", &missing]),
        own(&["genesis", "show", &key]),
        own(&["genesis", "show", &text]),
        own(&["init", &hub, "--member", HUB]),
        own(&["init", &missing, "--member", "1"]),
        own(&["init", &missing]),
        own(&["bundle", "verify", &key, "--genesis", &genesis]),
        own(&[
            "enrol",
            "approve",
            &key,
            "--genesis",
            &genesis,
            "--key",
            &key,
            "--out",
            &out,
        ]),
        own(&[
            "enrol",
            "approve",
            &genesis,
            "--genesis",
            &genesis,
            "--key",
            &key,
            "--out",
            &out,
        ]),
        own(&[
            "change",
            "approve",
            &genesis,
            "--genesis",
            &genesis,
            "--key",
            &key,
            "--out",
            &out,
        ]),
        own(&[
            "subject",
            "1",
            "--node",
            &missing,
            "--purpose",
            "查",
            "--case",
            "1",
            "--basis",
            "法",
        ]),
        own(&["statement", "#", "--node", &missing]),
        request("--name", " "),
        request("--name", &long),
        request("--name", "电话13800138000"),
        request("--region", "9"),
        request("--region", "990000"),
        request("--region", "3100x0"),
        request("--from", "2024-02-30"),
        request("--from", "x"),
    ];
    let mut found = Vec::new();
    for mut run in runs {
        run.extend(own(&["--lang", "zh", "--yes"]));
        let arguments: Vec<&str> = run.iter().map(String::as_str).collect();
        let ran = concordat(&arguments);
        assert_ne!(ran.exit, 0, "{arguments:?}");
        let english = words_of(&ran.err);
        if !english.is_empty() {
            found.push(format!("{arguments:?}\n{}{english:?}", ran.err));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Words of lower-case letters outside paths, commands in backticks, and options.
fn words_of(message: &str) -> Vec<&str> {
    const FINE: [&str; 12] = [
        "concordat",
        "node",
        "run",
        "genesis",
        "cbor",
        "chmod",
        "x",
        "a",
        "os",
        "toml",
        "key",
        "z",
    ];
    let outside = message.split('`').step_by(2);
    outside
        .flat_map(|part| part.split(|c: char| c.is_whitespace() || !c.is_ascii()))
        .filter(|word| !word.contains('/') && !word.starts_with('-') && !word.contains('_'))
        .flat_map(|word| word.split(|c: char| !c.is_ascii_alphabetic()))
        .filter(|word| {
            word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase()) && !FINE.contains(word)
        })
        .collect()
}

/// A cut-off without the head to continue from was approved by people and then found void.
// spec: TRU-32
#[test]
fn cut_off_that_would_be_void_is_refused_with_what_to_add() {
    let network = Network::new();
    let key = network.path("hub/keys/log.pub");
    let spare = network.path("spare");
    network.run(&["init", &spare, "--member", HUB]).exits(0);
    network.node("after", HUB);
    let next = format!("{spare}/keys/log.pub");
    let (genesis, out) = (network.genesis(), network.path("x.proposal"));
    let cut_off = |key_use: &str, more: &[&str]| {
        let arguments = ["peer", "cut-off", HUB, "--use", key_use, "--key", &key];
        let files = ["--genesis", &genesis, "--out", &out];
        network.run(&[&arguments[..], &files[..], more].concat())
    };
    let head = format!("3:{}", "07".repeat(32));
    for (key_use, more, code, says) in [
        (
            "log",
            &["--from", "3"][..],
            "cut-off-head-wanted",
            "--continues",
        ),
        ("log", &[], "cut-off-both-wanted", "--continues"),
        (
            "log",
            &["--continues", &head],
            "cut-off-from-wanted",
            "--from",
        ),
        (
            "statement",
            &["--from", "3", "--continues", &head],
            "cut-off-head-unfit",
            "--continues",
        ),
        (
            "statement",
            &["--from", "3", "--continues", "latest"],
            "cut-off-head-unfit",
            "--continues",
        ),
        ("node", &["--from", "3"], "cut-off-from-unfit", "--from"),
        (
            "node",
            &["--next", &next],
            "cut-off-next-unfit",
            "--replacement",
        ),
        ("recovery", &[], "cut-off-permanent", "genesis"),
        (
            "log",
            &["--from", "3", "--continues", "3"],
            "bad-value",
            "SIZE:ROOT",
        ),
    ] {
        let error = &cut_off(key_use, more).exits(2).json()["error"];
        assert_eq!(error["code"], code);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
        assert!(!fs::exists(&out).unwrap());
    }
    let ran = cut_off(
        "log",
        &[
            "--from",
            "3",
            "--continues",
            &head,
            "--replacement",
            &next,
            "--next",
            &network.path("after/keys/log.pub"),
        ],
    );
    let summary = &ran.exits(0).json()["summary"];
    let continues = summary["continues"][0].as_str().unwrap();
    assert!(continues.starts_with("3 "), "{continues}");
    assert!(summary["next_key"][0].is_string(), "{summary}");
}

/// Whoever committed to a key in use could never rotate to it: nothing but the recovery quorum helped.
// spec: KEY-70
#[test]
fn next_key_that_is_known_to_be_in_use_is_not_proposed() {
    let network = Network::new();
    let (key, genesis) = (network.path("hub/keys/node.pub"), network.genesis());
    network.node("spare", HUB);
    network.node("after", HUB);
    let spare = network.path("spare/keys/node.pub");
    let cut_off = |next: &str, out: &str| {
        let mut arguments = vec!["peer", "cut-off", HUB, "--use", "node", "--key", &key];
        let (next, out) = (network.path(next), network.path(out));
        arguments.extend(["--replacement", &spare, "--next", &next]);
        arguments.extend(["--genesis", &genesis, "--out", &out]);
        network.run(&arguments)
    };
    for next in [
        "spare/keys/node.pub",
        "hub/keys/node.pub",
        "hub/keys/log.pub",
        "a/approver.pub",
        "recovery/recovery.pub",
    ] {
        let error = &cut_off(next, "x").exits(2).json()["error"];
        assert_eq!(error["code"], "change-unfit", "{next}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("committed as the next"), "{message}");
        assert!(!fs::exists(network.path("x")).unwrap());
    }
    cut_off("after/keys/node.pub", "x").exits(0);
}

/// The directory that `init --for recovery` makes was looked through for an approver's key.
// spec: ADM-143
#[test]
fn recovery_quorum_signs_with_the_directory_that_init_made() {
    let network = Network::new();
    let (key, genesis) = (network.path("hub/keys/node.pub"), network.genesis());
    let (cut, signed) = (network.path("cut"), network.path("cut.recovery"));
    let cut_off = ["peer", "cut-off", HUB, "--use", "node", "--key", &key];
    let files = ["--genesis", &genesis, "--out", &cut];
    network.run(&[&cut_off[..], &files].concat()).exits(0);
    let approve = |keys: &str, out: &str| {
        let keys = network.path(keys);
        let arguments = ["change", "approve", &cut, "--key", &keys];
        network.run(&[&arguments[..], &["--genesis", &genesis, "--out", out]].concat())
    };
    let summary = &approve("recovery", &signed).exits(0).json()["summary"];
    assert!(summary["recovery_by"][0].is_string(), "{summary}");
    assert_eq!(summary["approvals_missing"][0], "2");
    let error = &approve("hub", &network.path("x")).exits(3).json()["error"];
    assert_eq!(error["code"], "no-approving-key");
    for lang in ["en", "zh"] {
        let help = concordat(&["--lang", lang, "change", "approve", "--help"]).exits(0);
        let word = if lang == "en" { "recovery" } else { "恢复" };
        assert!(help.out.contains(word), "{}", help.out);
    }
}

/// A script that renews what a backup held believed that the node could start.
// spec: KEY-71
#[test]
fn certificates_of_a_node_that_lost_its_key_are_not_renewed() {
    let network = Network::new();
    let (hub, lost) = (network.path("hub"), network.path("hub/keys/node.key"));
    let certificate = network.path("hub/keys/administrator.crt");
    let before = fs::read(&certificate).unwrap();
    fs::remove_file(&lost).unwrap();
    for directory in [hub, network.path("hub/keys")] {
        let renew = ["certificate", "renew", &directory];
        let error = &network.run(&renew).exits(3).json()["error"];
        assert_eq!(error["code"], "node-key-lost");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&lost), "{message}");
        let ran = concordat(&[&["--lang", "zh"], &renew[..]].concat()).exits(3);
        assert!(ran.err.contains(&lost), "{}", ran.err);
    }
    assert_eq!(fs::read(&certificate).unwrap(), before);
}

/// A file name that clears the screen, a third party's catalogue that recolours it: what was printed
/// about them was believed to come from the tool.
// spec: ADM-104
#[test]
fn control_characters_of_names_and_files_show_by_their_code_points() {
    let network = Network::new();
    let evil = "\u{1b}[2J\u{9b}1m\u{202e}x\ty\n";
    let at = |name: &str| network.path(&format!("{name}{evil}"));
    fs::write(at("bundle"), "no bundle").unwrap();
    let catalogue = "near_personal = 2\n\"\\u001b[2Jk\u{202e}\" = 1\n";
    fs::write(network.path("keys.toml"), catalogue).unwrap();
    let item = fs::read_to_string("../node/data/catalogues/jp-mhlw-labour.toml").unwrap();
    let item = item.replacen("code = \"", "code = \"\\u001b[2J", 1);
    fs::write(network.path("codes.toml"), item).unwrap();
    let genesis = network.genesis();
    let (out, bundle) = (network.path("out"), at("bundle"));
    let propose = |file: &str| {
        let file = network.path(file);
        [
            "change",
            "catalogue",
            &file,
            "--genesis",
            &genesis,
            "--out",
            &out,
        ]
        .map(str::to_owned)
    };
    let officer = at("officer");
    let commands: [Vec<String>; 9] = [
        vec!["bundle", "verify", &bundle, "--genesis", &genesis],
        vec!["bundle", "verify", &at("nothing"), "--genesis", &genesis],
        vec!["init", &officer, "--for", "approver"],
        vec!["--node", &at("node"), "status"],
        vec!["statement", evil],
        vec!["--node", "hub", "import", &at("rows"), "--profile", evil],
        vec![&at("verb")],
        propose("keys.toml").iter().map(String::as_str).collect(),
        propose("codes.toml").iter().map(String::as_str).collect(),
    ]
    .map(|command| command.into_iter().map(str::to_owned).collect());
    for command in commands {
        for output in ["human", "json"] {
            for language in ["en", "zh"] {
                let mut all = vec!["--output", output, "--lang", language];
                all.extend(command.iter().map(String::as_str));
                let ran = concordat(&all);
                let said = ran.out + &ran.err;
                let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!said.is_empty() && !said.contains(acts), "{said:?}");
                let _ = fs::remove_dir_all(&officer);
            }
        }
    }
}

/// The approval that was refused lay there all the same, and the right one could not be written.
// spec: ADM-195
#[test]
fn approval_that_counts_for_nothing_leaves_no_file() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("proposal"));
    let (request, out) = (network.path("city.request"), network.path("approval"));
    let approve = |verb: [&str; 2], what: &str, key: &str, out: &str| {
        let key = network.path(key);
        let arguments = [&verb[..], &[what, "--genesis", &genesis, "--key", &key]].concat();
        network.run(&[&arguments[..], &["--out", out]].concat())
    };
    approve(["enrol", "approve"], &request, "a", &proposal).exits(0);
    approve(["change", "approve"], &proposal, "a", &out).exits(4);
    assert!(!Path::new(&out).exists());
    approve(["change", "approve"], &proposal, "b", &out).exits(0);
    assert!(Path::new(&out).exists());
}

/// A script that approved by what `change show` said took another path in a Chinese session.
// spec: ADM-105
#[test]
fn json_of_a_summary_is_the_same_in_every_language() {
    let network = Network::new();
    network.node("city", CITY);
    network.request("city.request").exits(0);
    let (genesis, proposal) = (network.genesis(), network.path("proposal"));
    let (request, key) = (network.path("city.request"), network.path("a"));
    let approve = [
        "enrol",
        "approve",
        &request,
        "--genesis",
        &genesis,
        "--key",
        &key,
    ];
    let approve = [&approve[..], &["--out", &proposal]].concat();
    let chinese = [&["--lang", "zh"], &approve[..]].concat();
    let approved = network.run(&chinese).exits(0).json();
    assert_eq!(approved["registry_looked_at"], "not-asked");
    for shown in [
        &["change", "show", &proposal, "--genesis", &genesis][..],
        &["genesis", "show", &genesis],
    ] {
        let said = |language| {
            let all = [&["--lang", language][..], shown].concat();
            network.run(&all).exits(0).json()["summary"].clone()
        };
        let (english, chinese) = (said("en"), said("zh"));
        assert_eq!(english, chinese);
        assert!(english.to_string().is_ascii(), "{english}");
        let mandate = english["mandate"][0].as_str().unwrap();
        assert!(
            mandate.starts_with("classes decision,commitment,"),
            "{mandate}"
        );
    }
    let ran = concordat(&[
        "--lang",
        "zh",
        "change",
        "show",
        &proposal,
        "--genesis",
        &genesis,
    ]);
    let shown = ran.exits(0).out;
    assert!(
        shown.contains("行政决定、信用承诺、") && shown.contains("；自 2000-01-01"),
        "{shown}"
    );
    assert!(
        shown.contains("市级") && !shown.contains("设区的市级"),
        "{shown}"
    );
}

// spec: ADM-14
#[test]
fn configuration_errors_are_chinese_throughout() {
    let network = Network::new();
    let node = network.path("hub");
    let head = |member: &str, listen: &str| format!("member = {member}\nlisten = {listen}\n");
    let good = head(&format!("\"{HUB}\""), "\"127.0.0.1:7443\"");
    for wrong in [
        head("\"x\"", "\"127.0.0.1:7443\""),
        head("5", "\"127.0.0.1:7443\""),
        head(&format!("\"{HUB}\""), "\"somewhere\""),
        head(&format!("\"{HUB}\""), "[1]"),
        head(&format!("\"{HUB}\""), "\"0.0.0.0:0\""),
        format!("{good}[peers]\n{CITY} = [\"nowhere\"]\n"),
        format!("{good}[peers]\n{CITY} = [\"::1:5\"]\n"),
        format!("{good}[peers]\n{CITY} = \"a:1\"\n"),
        format!("{good}[peers]\n{CITY} = []\n"),
        format!("{good}[peers]\n{HUB} = [\"a:1\"]\n"),
        format!("{good}[store]\ncache_mib = 99999999999999999999\n"),
        format!("{good}[store]\ncache_mib = 9999999999999999999\n"),
        format!("{good}[store]\ncache_mib = -1\n"),
        format!("{good}[store]\ncache_mib = 1.5\n"),
        format!("{good}[store]\ncache = 1\n"),
        format!("{good}[log]\nformat = \"xml\"\n"),
        format!("{good}[log]\nfilter = \"inf0\"\n"),
        format!("{good}[log]\nfilter = 7\n"),
        format!("{good}store = 1\n"),
        format!("{good}[store\n"),
    ] {
        fs::write(network.path("hub/node.toml"), &wrong).unwrap();
        let out = network.path("out");
        let request = [
            "--lang", "zh", "enrol", "request", &node, "--name", "x", "--region",
        ];
        let rest = [
            "310000",
            "--level",
            "county",
            "--from",
            "2000-01-01",
            "--out",
            &out,
        ];
        let ran = concordat(&[&request[..], &rest].concat()).exits(2);
        // What a line of the file says stays.
        let said: Vec<_> = ran
            .err
            .lines()
            .filter(|line| !line.contains(" |"))
            .collect();
        let said = said.join("\n").replace(&node, "");
        let left = remains::english(&said);
        let known = "toml cache store listen peers xml inf0 off warn info debug";
        let known: Vec<_> = known.split(' ').collect();
        let left: Vec<_> = left
            .iter()
            .filter(|word| !known.contains(&word.as_str()))
            .collect();
        assert!(left.is_empty() && !said.contains("6,"), "{said}\n{left:?}");
    }
}

/// The whole of whatever was named was read into memory before anything was said about it.
// spec: ADM-106
#[test]
fn file_that_is_too_long_is_refused_without_reading_it_all() {
    let network = Network::new();
    let long = network.path("long");
    // Of this size it could not be read: it has no blocks on the disk.
    let file = fs::File::create(&long).unwrap();
    file.set_len(1 << 36).unwrap();
    let (genesis, out) = (network.genesis(), network.path("out"));
    let catalogue = [
        "change",
        "catalogue",
        &long,
        "--genesis",
        &genesis,
        "--out",
        &out,
    ];
    for arguments in [
        &["bundle", "verify", &long, "--genesis", &genesis][..],
        &catalogue,
    ] {
        let error = network.run(arguments).exits(1).json()["error"].clone();
        assert_eq!(error["code"], "file-failed");
        assert!(
            error["message"].to_string().contains("has more than"),
            "{error}"
        );
    }
    let key = ["peer", "cut-off", CITY, "--use", "node", "--key", &long];
    let key = [&key[..], &["--genesis", &genesis, "--out", &out]].concat();
    let refused = network.run(&key).exits(2);
    assert_eq!(refused.json()["error"]["code"], "bad-value");
}
