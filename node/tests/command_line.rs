//! What people read when a node does not start.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(
    clippy::disallowed_methods,
    reason = "the directories of nodes are written to the disk"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use concordat_certs::certificate::Validity;
use concordat_certs::certificate_file;
use concordat_certs::configuration::Configuration;
use concordat_certs::key_file::PrivateKey;
use concordat_certs::key_ring::{KeyRing, MEMBER_USES};
use concordat_certs::network::{TestNetwork, TestPlan};
use concordat_certs::randomness::SeededRandomness;
use concordat_certs::wording::remains;
use concordat_node::disk::RealDisk;
use concordat_protocol::statement::KeyUse;

/// Runs the binary with nothing but one variable set; gives the exit code and standard error.
fn concordat_node(variable: (&str, &str), arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_concordat-node"))
        .args(arguments)
        .env_clear()
        .env(variable.0, variable.1)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// A directory with configuration and keys, without genesis.
fn directory(root: &Path) -> String {
    let network = TestNetwork::build(TestPlan::numbered(2, 3)).unwrap();
    let member = network.members[0].enrolment.member;
    let listen = "127.0.0.1:7443".parse().unwrap();
    let text = Configuration::new(member, listen).to_text();
    fs::write(root.join("node.toml"), text).unwrap();
    fs::write(root.join("genesis.cbor"), network.genesis.as_bytes()).unwrap();
    let mut randomness = SeededRandomness::new(1);
    KeyRing::generate(&root.join("keys"), &MEMBER_USES, &mut randomness).unwrap();
    root.to_str().unwrap().to_owned()
}

#[test]
fn language_is_that_of_the_option_before_that_of_the_environment() {
    // spec: ADM-15
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("missing");
    let check = ["config", "check", "--directory", missing.to_str().unwrap()];
    let (exit, said) = concordat_node(("LANG", "zh_CN.UTF-8"), &check);
    assert!(exit == 1 && said.starts_with("错误："), "{said}");
    assert!(said.contains("没有该文件或目录"), "{said}");
    let mut english = check.to_vec();
    english.extend(["--lang", "en"]);
    let (_, said) = concordat_node(("LANG", "zh_CN.UTF-8"), &english);
    assert!(said.starts_with("error: "), "{said}");
    let mut chinese = vec!["--lang", "zh"];
    chinese.extend(check);
    let (_, said) = concordat_node(("LANG", "C"), &chinese);
    assert!(said.starts_with("错误："), "{said}");
}

// spec: STO-1
#[test]
fn directory_that_another_process_uses_is_named_with_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let directory = directory(root.path());
    let keys = root.path().join("keys");
    let node = PrivateKey::read_in(&keys, KeyUse::Node).unwrap();
    let validity = Validity::from_unix_seconds(0, 4_000_000_000).unwrap();
    certificate_file::issue(&keys, &node, validity).unwrap();
    let data = root.path().join("data");
    let held = RealDisk::open(&data).unwrap();
    let run = |language| {
        let arguments = ["run", "--directory", &directory, "--lang", language];
        concordat_node(("CONCORDAT_LOG", "off"), &arguments)
    };
    let (exit, said) = run("en");
    assert!(exit == 1 && said.contains(data.to_str().unwrap()), "{said}");
    assert!(said.contains("another process uses directory"), "{said}");
    assert!(
        said.contains("stop it first, or name another directory"),
        "{said}"
    );
    let (_, said) = run("zh");
    assert!(said.contains("正被另一进程使用；请先停止该进程"), "{said}");
    drop(held);
}

// spec: ADM-14
#[test]
fn help_and_usage_errors_are_chinese_throughout() {
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["config", "--help"],
        &["config", "check", "--help"],
        &["quickstart", "--help"],
        &["run"],
        &["run", "--drectory", "X"],
        &["quickstart", "--output", "XML"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_concordat-node"))
            .args(["--lang", "zh"])
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        let wanted = if arguments.contains(&"--help") { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.is_empty());
        assert_eq!(remains::english(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn cut_genesis_and_open_key_are_named_with_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let directory = directory(root.path());
    let run = |language| {
        let arguments = ["run", "--directory", &directory, "--lang", language];
        concordat_node(("CONCORDAT_LOG", "off"), &arguments)
    };
    let genesis = root.path().join("genesis.cbor");
    let whole = fs::read(&genesis).unwrap();
    fs::write(&genesis, &whole[..whole.len() / 2]).unwrap();
    let (exit, said) = run("en");
    assert!(exit == 1 && said.contains("cut off"), "{said}");
    assert!(said.contains(genesis.to_str().unwrap()), "{said}");
    assert!(run("zh").1.contains("已截断"));

    fs::write(&genesis, whole).unwrap();
    let key = root.path().join("keys/node.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (exit, said) = run("en");
    assert!(exit == 6, "{exit} {said}");
    assert_eq!(said.matches("chmod 600").count(), 1, "{said}");
    assert!(run("zh").1.contains("对他人开放"));

    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let keys = root.path().join("keys");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o777)).unwrap();
    let (exit, said) = run("en");
    assert!(exit == 6, "{exit} {said}");
    assert_eq!(said.matches("chmod 700").count(), 1, "{said}");
    assert!(run("zh").1.contains("可被他人写入"));
}

// spec: ADM-101
#[test]
fn output_that_cannot_be_written_is_a_failure_on_every_path() {
    let root = tempfile::tempdir().unwrap();
    let directory = directory(root.path());
    let tour = root.path().join("tour").display().to_string();
    let run = |arguments: &[&str]| {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_concordat-node"))
            .args(arguments)
            .env_clear()
            .stdout(full)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    for arguments in [
        &["--help"][..],
        &["quickstart", "--help"],
        &["--version"],
        &["config", "check", "--directory", &directory],
        &["quickstart", "--once", "--directory", &tour],
    ] {
        let (exit, said) = run(arguments);
        assert_eq!(exit, Some(1), "{arguments:?} {said}");
        assert!(said.contains("the output cannot be written"), "{said}");
    }
    let (_, said) = run(&["--lang", "zh", "--help"]);
    assert_eq!(remains::english(&said), Vec::<String>::new(), "{said}");
    assert_eq!(run(&["run", "--drectory", "x"]).0, Some(2));
}

/// A slip in the only setting of the log silenced it, errors too.
// spec: ADM-102
#[test]
fn log_filter_that_fits_nothing_is_refused_before_the_start() {
    let root = tempfile::tempdir().unwrap();
    let directory = directory(root.path());
    let run = ["run", "--directory", &directory];
    let (exit, said) = concordat_node(("CONCORDAT_LOG", "inf0"), &run);
    assert_eq!(exit, 1);
    let wanted = "error: CONCORDAT_LOG: \"inf0\" is no level of the log; there are: off, error";
    assert!(said.starts_with(wanted), "{said}");
    let chinese = [&run[..], &["--lang", "zh"]].concat();
    let (_, said) = concordat_node(("CONCORDAT_LOG", "concordat_nod=info"), &chinese);
    assert!(said.contains("不是节点的模块"), "{said}");
    let once = ["quickstart", "--once"];
    assert_eq!(concordat_node(("CONCORDAT_LOG", "inf0"), &once).0, 1);

    let file = root.path().join("node.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("filter = \"info\"", "filter = \"loud\"");
    fs::write(file, text).unwrap();
    let check = ["config", "check", "--directory", &directory];
    let (exit, said) = concordat_node(("LANG", "C"), &check);
    assert!(exit == 1 && said.contains("\"loud\" is no level"), "{said}");
}

// spec: ADM-104
#[test]
fn control_characters_of_names_and_values_show_by_their_code_points() {
    let root = tempfile::tempdir().unwrap();
    let evil = root.path().join("\u{1b}[2J\u{202e}x");
    fs::create_dir(&evil).unwrap();
    fs::write(evil.join("node.toml"), "\"\\u001b[2Jk\" = 1\n").unwrap();
    let evil = evil.to_str().unwrap();
    for arguments in [
        &["config", "check", "--directory", evil][..],
        &["run", "--directory", evil],
        &["run", "--directory", "nowhere\u{9b}1m"],
        &["\u{1b}[2J"],
        &["--output", "json", "\u{9b}1m"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_concordat-node"))
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.is_empty() && !said.contains(acts), "{said:?}");
    }
}
