//! Directories with keys, certificates and a configuration.

use super::*;

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
