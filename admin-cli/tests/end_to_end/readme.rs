//! The commands of the README, as they stand there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::network::{Node, Ran, finish, free_address, node_binary};

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Under these headings stand the commands, one after the other.
const HEADINGS: [&str; 2] = ["## Run a network", "## 运行一个网络"];
/// The addresses of the README, which a test may find taken.
const ADDRESSES: [&str; 3] = ["127.0.0.1:7443", "127.0.0.1:7444", "127.0.0.1:7445"];

/// The lines of the shell blocks of a section, those that end in a backslash put together.
fn commands(readme: &str, heading: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(TOP).join(readme)).unwrap();
    let section = text.split(heading).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    let blocks: String = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    let joined = blocks.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(|line| line.split("  #").next().unwrap().trim());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(ToOwned::to_owned)
        .collect()
}

/// A folder like the top of the repository, with the binaries on the path.
struct Shell {
    root: TempDir,
    path: String,
    nodes: BTreeMap<String, Node>,
}

impl Shell {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let node = PathBuf::from(TOP).join("node").canonicalize().unwrap();
        symlink(node, root.path().join("node")).unwrap();
        let binaries = node_binary().parent().unwrap().display().to_string();
        let path = format!("{binaries}:/usr/bin:/bin");
        let nodes = BTreeMap::new();
        Self { root, path, nodes }
    }

    fn run(&mut self, line: &str) -> Ran {
        if let Some(started) = line.strip_suffix(" &") {
            let directory = started.strip_prefix("concordat-node run --directory ");
            let words = directory.expect("only nodes are started").split(' ');
            let words: Vec<&str> = words.take_while(|word| *word != "2>").collect();
            let (directory, more) = words.split_first().unwrap();
            let directory = (*directory).to_owned();
            let node = Node::start(self.root.path(), &directory, more);
            self.nodes.insert(directory, node);
            return Ran {
                exit: 0,
                out: String::new(),
                err: String::new(),
            };
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.root.path());
        shell.env_clear().env("PATH", &self.path);
        finish(shell.output().unwrap())
    }
}

#[test]
fn commands_of_the_readme_do_what_it_says() {
    let addresses = ADDRESSES.map(|_| free_address());
    let mut shell = Shell::new();
    let mut said = Vec::new();
    let lines = commands("README.md", HEADINGS[0]);
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        // Building is what the test has behind it; the folder of the binaries is on its path.
        if line.starts_with("cargo ") || line.starts_with("export PATH") {
            continue;
        }
        let mut real = line.clone();
        for (documented, free) in ADDRESSES.iter().zip(&addresses) {
            real = real.replace(documented, free);
        }
        let mut ran = shell.run(&real);
        // Between two of its commands a reader leaves more time than the exchange takes; here the
        // next one comes at once.
        let end = Instant::now() + Duration::from_secs(60);
        while !arrived(&said, &line, &ran) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
            ran = shell.run(&real);
        }
        // The README says of these what they end with.
        let exit = match line.as_str() {
            line if line.contains(" import ") => 1,
            line if line.contains("tampered") && line.contains(" verify ") => 4,
            _ => 0,
        };
        let logs = ["hub", "tokyo", "osaka"]
            .map(|name| fs::read_to_string(shell.root.path().join(format!("trial/{name}.log"))));
        assert_eq!(ran.exit, exit, "{line}\n{}\n{}\n{logs:?}", ran.out, ran.err);
        said.push((line, ran.out));
    }
    let of = |part: &str| {
        let found = said.iter().rev().find(|(line, _)| line.contains(part));
        &found.unwrap_or_else(|| panic!("no command {part}")).1
    };
    assert!(
        of(" import ").contains("Written         152"),
        "{}",
        of(" import ")
    );
    assert!(
        of("statement ").contains("corrected"),
        "{}",
        of("statement ")
    );
    let shown = said.iter().filter(|(line, _)| line.contains("statement "));
    let informed = shown
        .clone()
        .filter(|(_, out)| out.contains("for information: no agreement names both"));
    let recognised = shown.filter(|(_, out)| out.contains("recognised: 《Recognition between"));
    assert_eq!((informed.count(), recognised.count()), (2, 1), "{said:?}");
    assert!(
        of("verify trial/proof").starts_with("Verified"),
        "{}",
        of("verify trial/proof")
    );
}

/// Whether what a command shows or acts on has come from the other node.
fn arrived(said: &[(String, String)], line: &str, ran: &Ran) -> bool {
    let corrected = said
        .iter()
        .any(|(line, _)| line.contains("correction issue"));
    let agreed = said.iter().any(|(line, _)| line.contains("agreement log"));
    match () {
        () if line.contains("trial/osaka statement") && agreed => ran.out.contains("recognised:"),
        () if line.contains("agreement list") => ran.out.contains("in force with"),
        () if line.contains("trial/osaka statement") && corrected => ran.out.contains("corrected"),
        () if line.contains("ruling issue") || line.contains("trial/osaka") => ran.exit == 0,
        () => true,
    }
}

#[test]
fn both_readmes_have_the_same_commands() {
    let [english, chinese] = [
        commands("README.md", HEADINGS[0]),
        commands("README.zh-CN.md", HEADINGS[1]),
    ];
    assert_eq!(english, chinese);
}
