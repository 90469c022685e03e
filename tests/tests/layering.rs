//! Who may depend on whom, read from the manifests and the sources.
//!
//! Out of scope: cycles, which Cargo refuses by itself.

use std::collections::BTreeMap;

use toml::Table;

use concordat_tests::tree;

/// What each package may use of this workspace; a package that is not listed is refused.
const INSIDE: &[(&str, &[&str])] = &[
    ("concordat-protocol", &[]),
    ("concordat-certs", &["concordat-protocol"]),
    ("concordat-net", &["concordat-certs", "concordat-protocol"]),
    (
        "concordat-node",
        &["concordat-certs", "concordat-net", "concordat-protocol"],
    ),
    (
        "concordat-admin",
        &["concordat-certs", "concordat-net", "concordat-protocol"],
    ),
    (
        "concordat-tests",
        &[
            "concordat-certs",
            "concordat-net",
            "concordat-node",
            "concordat-protocol",
        ],
    ),
    // Outside the workspace: it needs another compiler.
    ("concordat-fuzz", &["concordat-certs", "concordat-protocol"]),
];

/// Libraries that must stay replaceable, and the only packages that may name them.
const CONFINED: &[(&str, &[&str])] = &[
    ("quinn", &["concordat-net", "concordat-tests"]),
    ("quinn-proto", &["concordat-net"]),
    ("rustls", &["concordat-net", "concordat-tests"]),
    ("serde_cbor", &["concordat-protocol"]),
    ("sled", &["concordat-node"]),
];

/// The same within the sources: a crate's name, and where it may stand.
const CONFINED_SOURCES: &[(&str, &[&str])] = &[
    ("quinn", &["node/net/src/"]),
    ("quinn_proto", &["node/net/src/"]),
    ("rustls", &["node/net/src/"]),
    (
        "serde_cbor",
        &["protocol/src/codec.rs", "protocol/src/codec/"],
    ),
    ("sled", &["node/src/store.rs", "node/src/store/"]),
];

/// What the pure core must not depend on, for any target and not even in tests.
const IMPURE_PACKAGES: &[&str] = &[
    "getrandom",
    "quinn",
    "rand",
    "rand_core",
    "rcgen",
    "rustls",
    "sled",
    "tokio",
];

/// Parts of the standard library that the pure core must not name.
const IMPURE_PATHS: &[&str] = &[
    "*",
    "env",
    "fs",
    "io::stderr",
    "io::stdin",
    "io::stdout",
    "net",
    "os",
    "process",
    "thread",
    "time::*",
    "time::Instant",
    "time::SystemTime",
];

/// Names that the pure core must not use, whichever way they were imported.
const IMPURE_WORDS: &[&str] = &[
    "HashMap",
    "HashSet",
    "OsRng",
    "RandomState",
    "SystemTime",
    "async",
    "getrandom",
    "thread_rng",
];

#[test]
fn manifests_follow_the_dependency_direction() {
    let manifests = tree::files("Cargo.toml");
    let mut packages = 0;
    let mut problems = Vec::new();
    for file in manifests.iter().filter(|file| file.path.contains('/')) {
        packages += 1;
        problems.extend(manifest_problems(&file.text));
    }
    assert!(
        packages >= INSIDE.len(),
        "only {packages} manifests were read"
    );
    tree::assert_no_problems(&problems);
}

#[test]
fn sources_name_confined_crates_only_where_they_may() {
    let mut problems = Vec::new();
    for file in product_sources() {
        problems.extend(confinement_problems(&file.path, &file.text));
    }
    tree::assert_no_problems(&problems);
}

#[test]
fn protocol_names_nothing_impure() {
    let mut read = 0;
    let mut problems = Vec::new();
    for file in product_sources()
        .iter()
        .filter(|file| file.path.starts_with("protocol/src/"))
    {
        read += 1;
        problems.extend(purity_problems(&file.path, &file.text));
    }
    assert!(read > 0, "no source of the core was read");
    tree::assert_no_problems(&problems);
}

#[test]
fn manifest_check_refuses_an_upward_dependency() {
    for (package, section, dependency) in [
        (
            "concordat-protocol",
            "dependencies",
            "concordat-certs.workspace = true",
        ),
        (
            "concordat-protocol",
            "dev-dependencies",
            "tokio.workspace = true",
        ),
        (
            "concordat-protocol",
            "build-dependencies",
            "sled = \"0.34\"",
        ),
        (
            "concordat-protocol",
            "target.'cfg(unix)'.dependencies",
            "rustls = \"0.23\"",
        ),
        (
            "concordat-node",
            "dependencies",
            "concordat-admin = { path = \"../admin-cli\" }",
        ),
        (
            "concordat-admin",
            "dependencies",
            "concordat-node.workspace = true",
        ),
        (
            "concordat-admin",
            "dependencies",
            "store = { package = \"sled\", version = \"0.34\" }",
        ),
        (
            "concordat-certs",
            "dev-dependencies",
            "concordat-tests = { path = \"../tests\" }",
        ),
        ("concordat-node", "dependencies", "quinn.workspace = true"),
        (
            "concordat-certs",
            "dependencies",
            "serde_cbor.workspace = true",
        ),
        (
            "concordat-net",
            "dependencies",
            "concordat-node.workspace = true",
        ),
        ("concordat-other", "dependencies", "serde = \"1\""),
    ] {
        let manifest = format!("[package]\nname = \"{package}\"\n[{section}]\n{dependency}\n");
        assert_eq!(manifest_problems(&manifest).len(), 1, "{manifest}");
    }
}

#[test]
fn manifest_check_accepts_a_downward_dependency() {
    let manifest = "[package]\nname = \"concordat-net\"\n[dependencies]\n\
                    concordat-protocol.workspace = true\nquinn.workspace = true\n\
                    [dev-dependencies]\nconcordat-certs.workspace = true\n";
    tree::assert_no_problems(&manifest_problems(manifest));
}

#[test]
fn confinement_check_refuses_a_name_elsewhere() {
    for (path, source) in [
        ("node/src/indexer.rs", "use sled::Db;"),
        (
            "protocol/src/statement.rs",
            "let bytes = serde_cbor :: to_vec(&x);",
        ),
        ("node/src/sync.rs", "fn dial(endpoint: &quinn::Endpoint) {}"),
        ("certs/src/lib.rs", "pub use rustls;"),
        ("node/src/store_other.rs", "use sled::Db;"),
    ] {
        assert_eq!(
            confinement_problems(path, source).len(),
            1,
            "{path}: {source}"
        );
    }
}

#[test]
fn confinement_check_accepts_a_name_in_its_place_and_in_words() {
    for (path, source) in [
        ("node/src/store/schema.rs", "use sled::Tree;"),
        ("protocol/src/codec.rs", "use serde_cbor::Value;"),
        (
            "node/src/main.rs",
            "// sled is quiet\nlet filter = \"quinn=warn,sled=warn\";",
        ),
        ("certs/src/lib.rs", "use rustls_pki_types::CertificateDer;"),
    ] {
        tree::assert_no_problems(&confinement_problems(path, source));
    }
}

#[test]
fn purity_check_refuses_whatever_way_of_naming() {
    for source in [
        "use std::fs;",
        "use std::{fmt, fs as disk};",
        "use std::{\n    collections::BTreeMap,\n    time::{Duration, Instant},\n};",
        "let now = std::time::SystemTime::now();",
        "let now = Instant::now();",
        "use std::collections::HashMap;",
        "use std::collections::{BTreeMap, HashSet};",
        "std :: thread :: spawn(f);",
        "use std::net::SocketAddr;",
        "getrandom::fill(&mut salt);",
        "pub async fn run() {}",
        "use std::*;",
    ] {
        assert_ne!(
            purity_problems("protocol/src/x.rs", source),
            Vec::<String>::new(),
            "{source}"
        );
    }
}

#[test]
fn purity_check_accepts_pure_code() {
    let source = "//! Never reads std::fs or a HashMap.\nuse std::{fmt, time::Duration};\n\
                  use std::collections::{BTreeMap, btree_map};\nstruct Instant(u64);\n";
    assert_eq!(
        purity_problems("protocol/src/x.rs", source),
        Vec::<String>::new()
    );
}

fn product_sources() -> Vec<tree::TextFile> {
    let mut files = tree::files(".rs");
    files.retain(|file| file.path.contains("/src/") && !file.path.starts_with("tests/"));
    files
}

fn manifest_problems(manifest: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().expect("a manifest is TOML");
    let package = manifest["package"]["name"]
        .as_str()
        .expect("a package has a name");
    let inside: BTreeMap<_, _> = INSIDE.iter().copied().collect();
    let Some(allowed) = inside.get(package) else {
        return vec![format!("{package} is not in the list of packages")];
    };
    let mut problems = Vec::new();
    for dependency in dependencies(&manifest) {
        let name = dependency.as_str();
        let fits = if name.starts_with("concordat-") {
            allowed.contains(&name)
        } else {
            let confined = CONFINED.iter().find(|(library, _)| *library == name);
            confined.is_none_or(|(_, packages)| packages.contains(&package))
                && !(package == "concordat-protocol" && IMPURE_PACKAGES.contains(&name))
        };
        if !fits {
            problems.push(format!("{package} must not depend on {name}"));
        }
    }
    problems
}

/// The packages named in any section for dependencies.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(|target| target.as_table());
    let targets = targets
        .into_iter()
        .flat_map(|table| table.values().filter_map(|v| v.as_table()));
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(targets) {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(listed) = table.get(section).and_then(|section| section.as_table()) else {
                continue;
            };
            for (key, value) in listed {
                let name = value
                    .get("package")
                    .and_then(|name| name.as_str())
                    .unwrap_or(key);
                found.push(name.to_owned());
            }
        }
    }
    found
}

fn confinement_problems(path: &str, source: &str) -> Vec<String> {
    let code = tree::code_only(source);
    CONFINED_SOURCES
        .iter()
        .filter(|(_, places)| !places.iter().any(|place| path.starts_with(place)))
        .filter(|(name, _)| words(&code).any(|word| word == *name))
        .map(|(name, _)| format!("{path} must not name {name}"))
        .collect()
}

fn purity_problems(path: &str, source: &str) -> Vec<String> {
    let code = tree::code_only(source);
    let mut problems = Vec::new();
    for word in IMPURE_WORDS
        .iter()
        .filter(|banned| words(&code).any(|word| word == **banned))
    {
        problems.push(format!("{path} must not name {word}"));
    }
    let tokens = tokens(&code);
    for (at, _) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| **token == "std")
    {
        let used = paths_after(&tokens[at + 1..]);
        let banned = |used: &str| {
            IMPURE_PATHS
                .iter()
                .any(|banned| match used.strip_prefix(banned) {
                    Some(rest) => rest.is_empty() || rest.starts_with("::"),
                    None => false,
                })
        };
        for used in used.iter().filter(|used| banned(used)) {
            problems.push(format!("{path} must not name std::{used}"));
        }
    }
    if tokens
        .windows(3)
        .any(|window| window == ["Instant", "::", "now"])
    {
        problems.push(format!("{path} must not read a clock"));
    }
    problems
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// Words, `::`, and every other character that is not a blank.
fn tokens(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            longer => longer,
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// The paths that follow a crate's name, with groups in braces taken apart.
///
/// `:: { fmt , time :: { Duration , Instant } }` gives `fmt`, `time::Duration`, `time::Instant`.
fn paths_after(tokens: &[&str]) -> Vec<String> {
    let mut finished = Vec::new();
    let mut open: Vec<Vec<&str>> = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut expects_part = false;
    for token in tokens {
        match *token {
            "::" => expects_part = true,
            "{" if expects_part => {
                open.push(path.clone());
            }
            "," | "}" => {
                finished.push(path.join("::"));
                let Some(outer) = (if *token == "}" {
                    open.pop()
                } else {
                    open.last().cloned()
                }) else {
                    return finished;
                };
                path = outer;
                expects_part = *token == ",";
                if open.is_empty() && *token == "}" {
                    return finished;
                }
            }
            part if expects_part => {
                path.push(part);
                expects_part = false;
            }
            // `as name` inside a group changes nothing; outside one the path has ended.
            _ if open.is_empty() => {
                finished.push(path.join("::"));
                return finished;
            }
            _ => {}
        }
    }
    finished.push(path.join("::"));
    finished
}
