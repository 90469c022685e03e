//! Ten wrong uses of every command, as a clerk may type them, against a network that runs: each ends with the exit
//! code and the key of its kind and says, in either language, what is wrong and what to do; nothing is written,
//! recorded or registered.
//!
//! The tables in `wrong_uses/` have a heading for each command and below it a line for each use:
//!
//! ```text
//! [objection file]
//! town | CITY/0#0 --ground whim | 2 bad-choice | wrong-subject
//! @node CITY/0#0 --ground facts
//! ```
//! Node, arguments, exit code with key, and what the sentence names of what was typed; `advice.txt` has for each key
//! what every such sentence says to do. Either reads alike in both languages or stands as English and Chinese around
//! ` / `. A dot `·` is a space within a value; `-` is no node; names in braces stand
//! for what [`Site`] made. `@node` are five more uses of a command that asks a node: none named, none there, and one
//! elsewhere that is not named as it has to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::network::{CITY, HUB, Network, Ran, TOWN};
use crate::rows::{Table, profile};

const TABLES: [&str; 6] = [
    include_str!("wrong_uses/setup.txt"),
    include_str!("wrong_uses/changes.txt"),
    include_str!("wrong_uses/acts.txt"),
    include_str!("wrong_uses/asking.txt"),
    include_str!("wrong_uses/records.txt"),
    include_str!("wrong_uses/agreements.txt"),
];

/// What a sentence with a key says to do.
const ADVICE: &str = include_str!("wrong_uses/advice.txt");

/// Uses of every command, at least.
const USES: usize = 10;

/// What `@node` stands for: node, what is added, exit code with key, and what is named.
const OF_NODES: [(&str, &str, &str, &str); 5] = [
    ("-", "", "2 no-node", "--node"),
    ("nowhere", "", "5 socket-missing", "concordat-node run"),
    ("-", "--remote 127.0.0.1:1", "2 usage", "--key-dir"),
    (
        "-",
        "--remote 127.0.0.1:1 --key-dir remote --node-key 12",
        "2 bad-value",
        "--node-key",
    ),
    ("city", "--output yaml", "2 usage", "--output"),
];

/// One wrong use.
#[derive(Debug)]
struct Use {
    command: &'static str,
    node: String,
    arguments: Vec<String>,
    exit: i32,
    key: String,
    english: String,
    chinese: String,
}

/// A network with something of everything, and the names of it.
struct Site {
    network: Network,
    names: BTreeMap<&'static str, String>,
}

impl Site {
    fn new() -> Self {
        let mut site = Self {
            network: Network::start(),
            names: BTreeMap::from([
                ("hub", HUB.to_owned()),
                ("city", CITY.to_owned()),
                ("town", TOWN.to_owned()),
                ("absent", format!("{CITY}/0#99")),
                ("ask", "{ask}".to_owned()),
            ]),
        };
        site.decisions();
        site.acts();
        site.agreements();
        site.files();
        site
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.network.path(name), bytes).unwrap();
    }

    /// Runs what has to go well, its arguments written as in the tables.
    #[track_caller]
    fn right(&self, node: &str, arguments: &str) -> Value {
        let arguments = self.filled(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match node {
            "-" => self.network.run(&arguments).exits(0).json(),
            node => self.network.at(node, &arguments).exits(0).json(),
        }
    }

    fn filled(&self, arguments: &str) -> Vec<String> {
        let parts = arguments.split_whitespace();
        let filled = parts.map(|part| {
            let mut part = part.replace('·', " ");
            for (name, value) in &self.names {
                part = part.replace(&format!("{{{name}}}"), value);
            }
            part
        });
        filled.collect()
    }

    /// Five decisions at the city: public, for members, and three more.
    fn decisions(&mut self) {
        let mut table = Table::new();
        table.push(&[]);
        table.push(&[("事项代码", "food.internal")]);
        for _ in 0..3 {
            table.push(&[]);
        }
        self.write("rows.csv", &table.bytes);
        let imported = self.right("city", &format!("import rows.csv --profile {}", profile()));
        let import = imported["batch"].as_str().unwrap().to_owned();
        self.names.insert("import", import);
        let names = ["public", "internal", "objected", "withdrawn", "initiated"];
        for (index, name) in names.into_iter().enumerate() {
            self.names.insert(name, format!("{CITY}/0#{index}"));
        }
        for node in ["town", "hub"] {
            self.network.until_held(node, &format!("/{CITY}/0"), 5);
        }
        let shown = self.right("city", "statement {public}");
        let about = shown["about"].as_str().unwrap().to_owned();
        self.names.insert("about", about);
    }

    /// An open objection, a withdrawal, an initiation, a record, a look-up, a proof and a slip.
    fn acts(&mut self) {
        let short = |view: &Value| {
            let reference = view["reference"].as_str().unwrap();
            let (_, place) = reference.split_once('/').unwrap();
            place.to_owned()
        };
        let objected = self.right("town", "objection file {objected} --ground facts");
        self.names.insert("objection", short(&objected));
        self.right(
            "city",
            "withdrawal issue {withdrawn} --reason other-error --reasons r",
        );
        let asked = "initiate {initiated} --to {town} --measure tender.exclusion=2026-12-31 --reasons r --item credit.record";
        let asked = self.right("city", asked);
        self.names.insert("initiation", short(&asked));
        self.right(
            "town",
            "subject {about} --purpose p --case c --basis b --receipt receipt",
        );
        self.network.until("the withdrawal at the town", |network| {
            let gone = format!("{CITY}/0#3");
            let shown = network.at("town", &["statement", &gone]).exits(0).json();
            shown["effect"]["validity"] == "withdrawn"
        });
        self.right("town", "bundle export {public} --out proof");
        let mut proof = fs::read(self.network.path("proof")).unwrap();
        let middle = proof.len() / 2;
        proof[middle] ^= 1;
        self.write("flipped", proof);
        self.network
            .until("a quorum over the objection", |network| {
                let objection = &self.names["objection"];
                network
                    .at("town", &["slip", objection, "--out", "slip"])
                    .exit
                    == 0
            });
    }

    fn agreements(&mut self) {
        let terms = format!(
            "title = \"区域信用互认协议\"\nparties = [\"{CITY}\", \"{TOWN}\"]\nfrom = \"2026-01-01\"\n\
             [[clause]]\nnumber = \"第三条\"\nitems = [\"food.internal\"]\nlocal_basis = true\n"
        );
        self.write("agreement.toml", terms);
        for name in ["agreed", "lacking"] {
            self.right(
                "city",
                &format!("agreement propose agreement.toml --out {name}"),
            );
        }
        self.right("town", "agreement approve agreed --out agreed.town");
        let logged = self.right("city", "agreement log agreed agreed.town");
        let reference = logged["reference"].as_str().unwrap();
        let (_, place) = reference.split_once('/').unwrap();
        self.names.insert("agreement", place.to_owned());
        let place = place.to_owned();
        self.network.until("the agreement at the town", |network| {
            network.at("town", &["statement", &place]).exit == 0
        });
    }

    /// Files of every wrong kind, and another network.
    fn files(&self) {
        self.write("empty", "");
        self.write("text", "no file of any kind\n");
        self.write("broken.toml", "= =\n");
        self.write("broken.json", "{\n");
        self.write("refs.txt", format!("{CITY}/0#0\nx#y\n"));
        self.write("absent.txt", format!("{CITY}/0#0\n{CITY}/0#99\n"));
        self.write("words.txt", format!("{CITY}/0#0\nno such number\n"));
        self.write("own.txt", format!("{CITY}/0#0\n"));
        self.write(
            "cases.csv",
            "case,subject,scenario,decided_on\n1,91110108551385082Q,tendering,2026-03-02\n",
        );
        let mut receipt = fs::read(self.network.path("receipt")).unwrap();
        let middle = receipt.len() / 2;
        receipt[middle] ^= 1;
        self.write("receipt.flipped", receipt);
        for (name, sample) in [
            ("calendar.toml", "calendar-cn-2024-2026.toml"),
            ("deadlines.toml", "deadline-rules.toml"),
            ("measures.toml", "measures.toml"),
        ] {
            let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/samples");
            fs::copy(samples.join(sample), self.network.path(name)).unwrap();
        }
        self.records();
        fs::create_dir(self.network.path("folder")).unwrap();
        self.right("-", "init other-approver --for approver");
        self.right("-", "init other --member {hub} --listen 127.0.0.1:7443");
        self.right(
            "-",
            "genesis create --hub other --title Other --test --name H --level national --region 100000 \
             --from 2000-01-01 --address 127.0.0.1:7443 --approver ann/approver.pub,bob/approver.pub \
             --recovery safe/recovery.pub",
        );
    }

    /// A record, and the same with one thing wrong.
    fn records(&self) {
        let about = &self.names["about"];
        let right = format!(
            "class = \"commitment\"\nsubject = {{ code = \"{about}\", name = \"某某公司\", form = \"enterprise\" }}\n\
             item = \"credit.record\"\nday = 2024-03-01\nkind = \"notice-and-promise\"\npromise = \"三十日内补交材料\"\n\
             due_on = \"2024-04-01\"\npublication_until = \"2025-03-01\"\n"
        );
        self.write("record.toml", &right);
        for (name, from, to) in [
            ("person.toml", about.as_str(), "362322198709086409"),
            ("baditem.toml", "credit.record", "food.label"),
            ("badday.toml", "day = 2024-03-01", "day = \"2024-13-01\""),
            ("extra.toml", "kind = ", "colour = \"red\"\nkind = "),
            ("noclass.toml", "class = \"commitment\"\n", ""),
            ("nopromise.toml", "promise = \"三十日内补交材料\"\n", ""),
        ] {
            self.write(name, right.replace(from, to));
        }
        let template = self.network.people(&["record", "template", "commitment"]);
        self.write("template.toml", template.exits(0).out);
    }

    /// What people and programs could find changed: files outside the nodes' own, every decision, record and act
    /// of either authority, and the registry.
    fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        files(&self.network.path(""), &mut state);
        for node in ["hub", "city", "town"] {
            let ledger = format!("{node}.ledger");
            self.right(
                node,
                &format!("ledger export --from 2000-01-01 --until 2099-01-01 --json {ledger}"),
            );
            let rows = fs::read_to_string(self.network.path(&ledger)).unwrap();
            let rows = rows.lines().filter_map(|row| {
                let row: Value = serde_json::from_str(row).unwrap();
                row["reference"].as_str().map(ToOwned::to_owned)
            });
            state.extend(rows);
            fs::remove_file(self.network.path(&ledger)).unwrap();
            let status = self.right(node, "status");
            let registry = status["logs"].as_array().unwrap().iter();
            let registry = registry.filter(|log| {
                let origin = log["origin"].as_str().unwrap();
                origin.ends_with(&format!("{HUB}/1"))
            });
            let sizes: Vec<_> = registry.map(|log| log["size"].clone()).collect();
            state.push(format!("{node} {sizes:?}"));
        }
        state
    }

    /// Rows of the registers of look-ups.
    fn look_ups(&self) -> u64 {
        let rows =
            ["hub", "city", "town"].map(|node| self.right(node, "status")["look_ups"].as_u64());
        rows.into_iter().flatten().sum()
    }

    /// What is wrong with how a use ended.
    fn fault(&self, case: &Use) -> Option<String> {
        let mut all: Vec<&str> = match case.arguments.iter().any(|one| one == "{ask}") {
            true => vec![],
            false => vec!["--yes"],
        };
        if case.node != "-" {
            all.extend(["--node", &case.node]);
        }
        all.extend(case.command.split(' '));
        all.extend(
            case.arguments
                .iter()
                .map(String::as_str)
                .filter(|one| *one != "{ask}"),
        );
        let program = self
            .network
            .people(&[&["--output", "json"][..], &all].concat());
        let chinese = self.network.people(&[&["--lang", "zh"][..], &all].concat());
        let told = told(&program);
        let (key, message) = told.unwrap_or_default();
        let is_said = program.exit == case.exit
            && (chinese.exit == case.exit && key == case.key)
            && message.contains(&case.english)
            && chinese.err.contains(&case.chinese)
            && advises(&case.key, &message, &chinese.err)
            && chinese.err.chars().any(|one| ('一'..='龥').contains(&one))
            && ![&program.err, &chinese.err]
                .iter()
                .any(|err| err.contains("panicked"));
        (!is_said).then(|| {
            format!(
                "[{}] {} | {} | {} {key} | {}\n    {message}\n    {}{}{}",
                case.command,
                case.node,
                case.arguments.join(" "),
                program.exit,
                case.english,
                chinese.err.trim_end().replace('\n', "\n    "),
                program.err,
                chinese.out
            )
        })
    }
}

/// Whether both sentences say what such an error always says to do; an error without advice says too little.
fn advises(key: &str, english: &str, chinese: &str) -> bool {
    let lines = ADVICE.lines().filter_map(|line| line.split_once(" | "));
    let mut advice = lines.filter(|(name, _)| *name == key);
    advice.any(|(_, advice)| {
        let (said, chinese_said) = advice.split_once(" / ").unwrap_or((advice, advice));
        english.contains(said) && chinese.contains(chinese_said)
    })
}

/// Key and sentence of an error.
fn told(ran: &Ran) -> Option<(String, String)> {
    let said: Value = serde_json::from_str(ran.out.lines().next()?).ok()?;
    let text = |name: &str| said["error"][name].as_str().map(ToOwned::to_owned);
    Some((text("code")?, text("message")?))
}

/// Name and digest of every file that is no node's own.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["data", "store", "journal", "lookups"].contains(&name) {
            files(&path, found);
        } else if path.is_file() && !name.ends_with(".log") && !name.ends_with(".lock") {
            let mut digest = DefaultHasher::new();
            fs::read(&path).unwrap().hash(&mut digest);
            found.push(format!("{} {:x}", path.display(), digest.finish()));
        }
    }
    found.sort();
}

/// The uses that a table lists.
fn uses(site: &Site) -> Vec<Use> {
    let mut uses = Vec::new();
    let mut command = "";
    for line in TABLES.iter().flat_map(|table| table.lines()) {
        let heading = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(heading) = heading {
            command = heading;
        } else if let Some(right) = line.strip_prefix("@node") {
            for (node, more, ends, says) in OF_NODES {
                let arguments = format!("{right} {more}");
                uses.push(case(site, command, [node, &arguments, ends, says]));
            }
        } else if !line.trim().is_empty() {
            let mut columns = line.split('|').map(str::trim);
            let mut next = || columns.next().unwrap_or_default();
            let columns = [next(), next(), next(), next()];
            uses.push(case(site, command, columns));
        }
    }
    uses
}

fn case(site: &Site, command: &'static str, columns: [&str; 4]) -> Use {
    let [node, arguments, ends, says] = columns;
    let (exit, key) = ends.split_once(' ').unwrap_or(("0", ends));
    let (english, chinese) = says.split_once(" / ").unwrap_or((says, says));
    let filled = |said: &str| site.filled(&said.replace(' ', "·")).concat();
    Use {
        command,
        node: node.to_owned(),
        arguments: site.filled(arguments),
        exit: exit.parse().unwrap(),
        key: key.to_owned(),
        english: filled(english),
        chinese: filled(chinese),
    }
}

/// Every command that can be run, as help lists them.
fn commands(path: &str, found: &mut BTreeSet<String>) {
    let nowhere = Path::new("/");
    let mut arguments: Vec<&str> = path.split_whitespace().collect();
    arguments.push("--help");
    let help = crate::network::concordat_in(nowhere, &arguments)
        .exits(0)
        .out;
    let Some((_, listed)) = help.split_once("\nCommands:\n") else {
        found.insert(path.trim().to_owned());
        return;
    };
    let lines = listed.lines().take_while(|line| !line.is_empty());
    // A line that goes on is indented further.
    let lines = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in lines.filter_map(|line| line.split_whitespace().next()) {
        if name != "help" {
            commands(&format!("{path} {name}"), found);
        }
    }
}

#[test]
fn every_command_that_help_knows_has_ten_wrong_uses() {
    let mut known = BTreeSet::new();
    commands("", &mut known);
    assert!(known.len() > 60, "{known:?}");
    let mut counted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut command = "";
    for line in TABLES.iter().flat_map(|table| table.lines()) {
        let heading = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(heading) = heading {
            command = heading;
            assert!(known.contains(heading), "no command {heading}");
        } else if line.starts_with("@node") {
            let uses = counted.entry(command).or_default();
            uses.extend(OF_NODES.map(|(node, more, _, _)| format!("{node} {more}")));
        } else if !line.trim().is_empty() {
            // A use that stands twice is one.
            counted.entry(command).or_default().insert(line.to_owned());
        }
    }
    for command in &known {
        let count = counted.get(command.as_str()).map_or(0, BTreeSet::len);
        assert!(count >= USES, "{command}: {count}");
    }
}

// spec: ADM-6, ADM-9, ADM-10, ADM-14, ADM-63, ADM-475, ADM-476, ADM-477, ADM-478, ADM-479, ADM-483, ADM-485, ADM-486
#[test]
fn wrong_uses_of_every_command_say_what_to_do_and_change_nothing() {
    let site = Site::new();
    let (before, looked_up) = (site.state(), site.look_ups());
    let uses = uses(&site);
    // Uses of one command name the same files, and come one after the other.
    let commands: Vec<&[Use]> = uses
        .chunk_by(|one, next| one.command == next.command)
        .collect();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(uses) = commands.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = uses.iter().filter_map(|case| site.fault(case));
                    let found: Vec<String> = found.collect();
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        uses.len(),
        faults.join("\n")
    );
    let after = site.state();
    // Whoever looks under a code that nobody bears has looked (ADM-63), in either language.
    let mistyped = uses.iter().filter(|case| case.key == "code-check").count() as u64;
    assert_eq!(site.look_ups(), looked_up + 2 * mistyped);
    let changed = |one: &[String], other: &[String]| -> Vec<String> {
        let missing = one.iter().filter(|line| !other.contains(line));
        missing.cloned().collect()
    };
    assert_eq!(changed(&after, &before), Vec::<String>::new());
    assert_eq!(changed(&before, &after), Vec::<String>::new());
}
