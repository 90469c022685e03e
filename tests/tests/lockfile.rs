//! Which versions the build resolves to, where an older one is known to be unsafe.
//!
//! A floor is on the crate that has the flaw, since updating the crate that depends on it does not
//! lift it. Out of scope: flaws that `cargo deny` finds by itself; these floors hold without it.

use toml::{Table, Value};

use concordat_tests::tree;

/// A version as its three numbers.
type Version = [u64; 3];

/// Crates with the lowest version that is safe, and why.
const FLOORS: &[(&str, Version, &str)] = &[
    (
        "aws-lc-sys",
        [0, 39, 1],
        "RUSTSEC-2026-0044 and its four neighbours",
    ),
    ("curve25519-dalek", [4, 1, 3], "RUSTSEC-2024-0344, timing"),
    (
        "ed25519-dalek",
        [2, 0, 0],
        "RUSTSEC-2022-0093, oracle for key pairs",
    ),
    (
        "quinn-proto",
        [0, 11, 15],
        "RUSTSEC-2026-0185, memory by gaps in reassembly",
    ),
    (
        "rustls-webpki",
        [0, 103, 13],
        "RUSTSEC-2026-0104, panic in parsing",
    ),
];

/// Of these exactly one version may be linked, or settings of one would not reach the other.
const SINGLE: &[&str] = &[
    "ed25519-dalek",
    "quinn",
    "quinn-proto",
    "rustls",
    "rustls-webpki",
];

/// Features of the signature library that weaken what `verify_strict` promises.
const WEAK_FEATURES: &[&str] = &["batch", "hazmat", "legacy_compatibility"];

#[test]
fn lockfile_keeps_every_floor() {
    let packages = packages(&tree::text("Cargo.lock"));
    assert!(
        packages.len() > 50,
        "only {} packages were read",
        packages.len()
    );
    tree::assert_no_problems(&floor_problems(&packages));
}

#[test]
fn lockfile_has_one_version_of_each_library_with_settings() {
    assert_eq!(
        single_problems(&packages(&tree::text("Cargo.lock"))),
        Vec::<String>::new()
    );
}

#[test]
fn manifests_leave_weak_signature_features_off() {
    let workspace = signature_settings(&tree::text("Cargo.toml"));
    assert_eq!(workspace.len(), 1, "the workspace pins ed25519-dalek once");
    assert_eq!(
        workspace[0]
            .get("default-features")
            .and_then(Value::as_bool),
        Some(false),
        "its default features are off"
    );
    let mut problems = Vec::new();
    for file in tree::files("Cargo.toml") {
        problems.extend(feature_problems(&file.path, &file.text));
    }
    tree::assert_no_problems(&problems);
}

#[test]
fn floor_check_refuses_an_older_version() {
    for (name, version) in [
        ("quinn-proto", "0.11.14"),
        ("rustls-webpki", "0.102.99"),
        ("aws-lc-sys", "0.39.0"),
        ("curve25519-dalek", "4.1.2"),
    ] {
        let packages = packages(&locked(&[(name, version)]));
        let problems = floor_problems(&packages);
        assert!(
            problems
                .iter()
                .any(|p| p.starts_with(&format!("{name} {version}"))),
            "{problems:?}"
        );
    }
}

#[test]
fn floor_check_refuses_a_lockfile_without_the_crate() {
    let problems = floor_problems(&packages(&locked(&[("quinn-proto", "0.11.15")])));
    assert_eq!(
        problems,
        [
            "curve25519-dalek is not in the lockfile",
            "ed25519-dalek is not in the lockfile",
            "rustls-webpki is not in the lockfile",
        ]
    );
}

#[test]
fn single_check_refuses_two_versions_and_none() {
    let mut listed: Vec<_> = SINGLE.iter().map(|name| (*name, "1.0.0")).collect();
    assert_eq!(
        single_problems(&packages(&locked(&listed))),
        Vec::<String>::new()
    );
    listed.push(("rustls", "2.0.0"));
    assert_eq!(
        single_problems(&packages(&locked(&listed))),
        ["rustls is there 2 times"]
    );
    listed.retain(|(name, _)| *name != "rustls");
    assert_eq!(
        single_problems(&packages(&locked(&listed))),
        ["rustls is there 0 times"]
    );
}

#[test]
fn feature_check_refuses_weak_features_wherever_they_are_asked_for() {
    for manifest in [
        "[workspace.dependencies]\ned25519-dalek = { version = \"2\", features = [\"batch\"] }",
        "[dependencies]\ned25519-dalek = { workspace = true, features = [\"hazmat\"] }",
        "[dev-dependencies.ed25519-dalek]\nworkspace = true\nfeatures = [\"legacy_compatibility\"]",
        "[target.x.dependencies]\nsign = { package = \"ed25519-dalek\", features = [\"batch\"] }",
    ] {
        assert_eq!(
            feature_problems("Cargo.toml", manifest).len(),
            1,
            "{manifest}"
        );
    }
    let manifest = "[dependencies]\ned25519-dalek = { version = \"2\", features = [\"pem\"] }";
    assert_eq!(
        feature_problems("Cargo.toml", manifest),
        Vec::<String>::new()
    );
}

fn packages(lockfile: &str) -> Vec<(String, Version)> {
    let lockfile: Table = lockfile.parse().expect("the lockfile is TOML");
    let packages = lockfile["package"]
        .as_array()
        .expect("the lockfile lists packages");
    let field = |package: &Value, name: &str| {
        package
            .get(name)
            .and_then(Value::as_str)
            .expect("a package has this field")
            .to_owned()
    };
    packages
        .iter()
        .map(|package| (field(package, "name"), version(&field(package, "version"))))
        .collect()
}

/// The three numbers of a version; what follows a hyphen or plus is left out.
fn version(text: &str) -> Version {
    let release = text.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = release
        .split('.')
        .map(|part| part.parse().expect("a version has numbers"));
    std::array::from_fn(|_| numbers.next().expect("a version has three numbers"))
}

fn floor_problems(packages: &[(String, Version)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, floor, reason) in FLOORS {
        let mut found = packages
            .iter()
            .filter(|(package, _)| package == name)
            .peekable();
        // The product is built without this provider.
        if found.peek().is_none() && *name != "aws-lc-sys" {
            problems.push(format!("{name} is not in the lockfile"));
        }
        for (_, [major, minor, patch]) in found.filter(|(_, version)| version < floor) {
            problems.push(format!(
                "{name} {major}.{minor}.{patch} is too old: {reason}"
            ));
        }
    }
    problems
}

fn single_problems(packages: &[(String, Version)]) -> Vec<String> {
    let count = |name: &str| {
        packages
            .iter()
            .filter(|(package, _)| package == name)
            .count()
    };
    SINGLE
        .iter()
        .filter(|name| count(name) != 1)
        .map(|name| format!("{name} is there {} times", count(name)))
        .collect()
}

fn feature_problems(path: &str, manifest: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for settings in signature_settings(manifest) {
        let features = settings.get("features").and_then(Value::as_array);
        for feature in features.into_iter().flatten().filter_map(Value::as_str) {
            if WEAK_FEATURES.contains(&feature) {
                problems.push(format!("{path} asks ed25519-dalek for {feature}"));
            }
        }
    }
    problems
}

/// Every entry for the signature library, in whichever section of a manifest.
fn signature_settings(manifest: &str) -> Vec<Value> {
    fn search(table: &Table, found: &mut Vec<Value>) {
        for (key, value) in table {
            let name = value.get("package").and_then(Value::as_str).unwrap_or(key);
            if name == "ed25519-dalek" {
                found.push(value.clone());
            } else if let Some(inner) = value.as_table() {
                // Profiles name packages too, and have no features.
                if key != "profile" {
                    search(inner, found);
                }
            }
        }
    }
    let manifest: Table = manifest.parse().expect("a manifest is TOML");
    let mut found = Vec::new();
    search(&manifest, &mut found);
    found
}

fn locked(packages: &[(&str, &str)]) -> String {
    packages
        .iter()
        .map(|(name, version)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"))
        .collect()
}
