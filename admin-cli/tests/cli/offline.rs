//! Commands that need no node: keys, genesis, enrolment, changes.

mod changes;
mod keys;

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
    let json = json.exits(2).json();
    assert_eq!(
        (&json["error"]["code"], &json["error"]["details"]["path"]),
        (&"is-folder".into(), &folder.into())
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
