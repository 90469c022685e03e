//! A network of real processes, set up by the commands that people use.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::loopback;

/// Seconds that a node gets to be ready, on a machine that is busy with other things.
pub(crate) const PATIENCE: &str = "60";

pub(crate) const HUB: &str = "11310000MB00000009";
pub(crate) const CITY: &str = "113100000000000017";
pub(crate) const TOWN: &str = "11320100MB0000000J";

const CATALOGUE: &str = r#"
near_personal = 2
[[class]]
code = 1
audience = "public"
[[class]]
code = 2
audience = "members"
[[item]]
code = "food.label"
title = "Food labels 食品标签"
act_types = ["penalty"]
class = 1
publication_days_max = 1095
valid_from = "1990-01-01"
[[item]]
code = "food.internal"
title = "For members only 仅供成员"
act_types = ["penalty"]
class = 2
publication_days_max = 1095
valid_from = "1990-01-01"
[[class]]
code = 3
audience = "named"
members = ["113100000000000017"]
[[item]]
code = "credit.record"
title = "Credit records 信用记录"
classes = ["commitment", "commitment-outcome", "self-declaration", "evaluation", "interview", "measure", "initiation", "response", "push", "feedback"]
measures = ["tender.exclusion"]
class = 1
publication_days_max = 1095
valid_from = "1990-01-01"
[[item]]
code = "credit.interview"
title = "Interviews 约谈"
classes = ["interview"]
class = 3
publication_days_max = 1095
valid_from = "1990-01-01"
"#;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    /// The code of the error that it ended with, as JSON.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Runs the tool in a directory without a terminal and with an environment of its own.
pub(crate) fn concordat_in(directory: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concordat"));
    command.args(arguments).current_dir(directory).env_clear();
    finish(command.output().unwrap())
}

pub(crate) fn finish(output: Output) -> Ran {
    Ran {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The node's binary lies beside the tool's. Where only this package was built, it is built now.
pub(crate) fn node_binary() -> PathBuf {
    let tool = Path::new(env!("CARGO_BIN_EXE_concordat"));
    let node = tool.with_file_name("concordat-node");
    if !node.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "--package",
            "concordat-node",
            "--bin",
            "concordat-node",
        ]);
        let release = tool
            .parent()
            .is_some_and(|folder| folder.ends_with("release"));
        build.args(release.then_some("--release"));
        assert!(build.status().unwrap().success(), "the node was not built");
    }
    node
}

pub(crate) fn free_address() -> String {
    loopback::free_address().unwrap().to_string()
}

/// A node that runs; killed when it is let go of.
pub(crate) struct Node(pub(crate) Child);

impl Node {
    /// `more` are options of `run`.
    pub(crate) fn start(root: &Path, name: &str, more: &[&str]) -> Self {
        let log = fs::File::create(root.join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(node_binary());
        command
            .args(["run", "--directory", name])
            .args(more)
            .current_dir(root)
            .env_clear()
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0);
        Self(command.spawn().unwrap())
    }

    /// Asks it to end, as an operator does, and waits.
    pub(crate) fn stop(mut self) {
        let pid = self.0.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(asked.success());
        assert!(self.0.wait().unwrap().success());
    }

    /// Ends it without a word.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A hub and two authorities, enrolled, with a catalogue and three cosigners.
pub(crate) struct Network {
    root: TempDir,
    pub(crate) hub: Option<Node>,
    pub(crate) city: Option<Node>,
    pub(crate) town: Option<Node>,
}

impl Network {
    pub(crate) fn start() -> Self {
        let mut network = Self::prepare();
        network.run_node_with("hub", &["--first-start"]);
        for name in ["city", "town"] {
            network.run_node(name);
        }
        network.at("hub", &["status", "--wait", PATIENCE]).exits(0);
        for name in ["city", "town"] {
            let (proposal, approval) = (format!("{name}.proposal"), format!("{name}.approval"));
            network
                .at(
                    "hub",
                    &["enrol", "submit", &proposal, "--approval", &approval],
                )
                .exits(0);
        }
        for change in ["catalogue", "policy"] {
            network.submit(change).exits(0);
        }
        for name in ["hub", "city", "town"] {
            network.at(name, &["status", "--wait", PATIENCE]).exits(0);
        }
        network.until("a quorum of three cosigners", |network| {
            let status = network.at("hub", &["status"]).exits(0).json();
            status["cosigners"] == 3 && status["peers"][1]["link"] == "connected"
        });
        network
    }

    /// Keys, genesis, approved requests and changes; nothing runs yet.
    pub(crate) fn prepare() -> Self {
        let network = Self {
            root: tempfile::tempdir().unwrap(),
            hub: None,
            city: None,
            town: None,
        };
        let mut addresses = Vec::new();
        for (name, member) in [("hub", HUB), ("city", CITY), ("town", TOWN)] {
            let address = free_address();
            network
                .run(&["init", name, "--member", member, "--listen", &address])
                .exits(0);
            addresses.push(address);
        }
        for (name, purpose) in [
            ("ann", "approver"),
            ("bob", "approver"),
            ("safe", "recovery"),
            ("remote", "administrator"),
            ("stranger", "administrator"),
        ] {
            network.run(&["init", name, "--for", purpose]).exits(0);
        }
        let common = ["--region", "310000", "--from", "2000-01-01"];
        let mut genesis = vec![
            "genesis", "create", "--hub", "hub", "--title", "Trial", "--test",
        ];
        genesis.extend([
            "--name",
            "Province 省",
            "--level",
            "provincial",
            "--supervises",
        ]);
        genesis.extend([
            "--address",
            &addresses[0],
            "--recovery",
            "safe/recovery.pub",
        ]);
        genesis.extend(["--approver", "ann/approver.pub,bob/approver.pub"]);
        genesis.extend(common);
        network.run(&genesis).exits(0);
        for (name, address) in [("city", &addresses[1]), ("town", &addresses[2])] {
            fs::copy(
                network.path("hub/genesis.cbor"),
                network.path(&format!("{name}/genesis.cbor")),
            )
            .unwrap();
            let request = format!("{name}.request");
            let mut arguments = vec!["enrol", "request", name, "--name", name];
            arguments.extend([
                "--level",
                "prefectural",
                "--address",
                address,
                "--out",
                &request,
            ]);
            arguments.extend(common);
            match name {
                "city" => arguments.extend(["--administrator", "remote"]),
                _ => arguments.extend(["--objections-a-day", "1"]),
            }
            network.run(&arguments).exits(0);
            let proposal = format!("{name}.proposal");
            network
                .run(&[
                    "enrol",
                    "approve",
                    &request,
                    "--genesis",
                    "hub/genesis.cbor",
                    "--key",
                    "ann",
                    "--out",
                    &proposal,
                ])
                .exits(0);
            network.approve(&proposal, "bob", &format!("{name}.approval"));
        }
        fs::write(network.path("catalogue.toml"), CATALOGUE).unwrap();
        let cosigners = format!("{HUB},{CITY},{TOWN}");
        for arguments in [
            &[
                "change",
                "catalogue",
                "catalogue.toml",
                "--out",
                "catalogue",
            ][..],
            &[
                "change",
                "policy",
                "--cosigner",
                &cosigners,
                "--quorum",
                "2",
                "--out",
                "policy",
            ],
        ] {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--genesis", "hub/genesis.cbor"]);
            network.run(&arguments).exits(0);
        }
        for change in ["catalogue", "policy"] {
            network.approve_by_both(change);
        }
        network
    }

    /// Approvals by both approvers, beside the proposal.
    pub(crate) fn approve_by_both(&self, change: &str) {
        for approver in ["ann", "bob"] {
            self.approve(change, approver, &format!("{change}.{approver}"));
        }
    }

    fn approve(&self, proposal: &str, approver: &str, out: &str) {
        self.run(&[
            "change",
            "approve",
            proposal,
            "--genesis",
            "hub/genesis.cbor",
            "--key",
            approver,
            "--out",
            out,
        ])
        .exits(0);
    }

    /// Hands a change that both approved to the hub.
    pub(crate) fn submit(&self, change: &str) -> Ran {
        let (ann, bob) = (format!("{change}.ann"), format!("{change}.bob"));
        self.at(
            "hub",
            &[
                "change",
                "submit",
                change,
                "--approval",
                &ann,
                "--approval",
                &bob,
            ],
        )
    }

    pub(crate) fn run_node(&mut self, name: &str) {
        self.run_node_with(name, &[]);
    }

    fn run_node_with(&mut self, name: &str, more: &[&str]) {
        let node = Some(Node::start(self.root.path(), name, more));
        match name {
            "hub" => self.hub = node,
            "city" => self.city = node,
            "town" => self.town = node,
            other => panic!("no node {other}"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs the tool for programs, asked nothing.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["--output", "json", "--yes"];
        all.extend(arguments);
        concordat_in(self.root.path(), &all)
    }

    /// The same at a node of this machine.
    pub(crate) fn at(&self, node: &str, arguments: &[&str]) -> Ran {
        let mut all = vec!["--node", node];
        all.extend(arguments);
        self.run(&all)
    }

    /// The same for people.
    pub(crate) fn people(&self, arguments: &[&str]) -> Ran {
        concordat_in(self.root.path(), arguments)
    }

    /// Looks again and again until it holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !holds(self) {
            let logs = ["hub", "city", "town"]
                .map(|name| fs::read_to_string(self.path(&format!("{name}.log"))));
            assert!(Instant::now() < end, "{what} did not come about\n{logs:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Decisions, records and acts that a node's member has said: its log has more by itself, of what it gave
    /// and was given.
    pub(crate) fn said(&self, node: &str) -> usize {
        let span = ["--from", "2000-01-01", "--until", "2099-12-31"];
        let export = ["ledger", "export", "--json", "said.jsonl"];
        self.at(node, &[&export[..], &span].concat()).exits(0);
        let path = self.path("said.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(path).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| !line["reference"].is_null()).count()
    }

    /// Waits until a node holds as many leaves of a log.
    #[track_caller]
    pub(crate) fn until_held(&self, node: &str, log: &str, size: u64) {
        self.until(&format!("{size} entries of {log} at {node}"), |network| {
            let status = network.at(node, &["status"]).exits(0).json();
            let logs = status["logs"].as_array().unwrap();
            logs.iter().any(|held| {
                let origin = held["origin"].as_str().unwrap();
                let bodies = held["bodies_missing"] == 0;
                let witnessed = held["witnessed_size"].as_u64() >= Some(size);
                origin.ends_with(log) && held["size"].as_u64() >= Some(size) && bodies && witnessed
            })
        });
    }
}
