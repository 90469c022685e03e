//! Benchmarks: the limits of the machine first, then the figures that are measured so far.
//!
//! ```text
//! cargo run --release -p concordat-tests --bin bench -- [NAME…|all] --output json
//! ```
//! prints one JSON object a line: `{"figure", "value", "unit", "runs"}`, the value being the median of
//! the runs; or `{"figure", "absent": "why"}` for a figure that is not measured yet.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{MemoryTree, hash};
use ed25519_dalek::SigningKey;
use serde_json::json;

/// Counted runs of each measurement; the median is quoted.
const RUNS: usize = 5;
/// Bytes of a typical statement.
const STATEMENT_BYTES: usize = 600;

#[derive(Parser)]
struct Arguments {
    /// Figures to measure; `all` or none for every one.
    names: Vec<String>,
    /// How to report.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Human,
    Json,
}

/// A measurement: how many units a second, or how long one takes.
struct Figure {
    name: &'static str,
    unit: &'static str,
    measure: fn() -> std::io::Result<f64>,
}

const FIGURES: [Figure; 5] = [
    Figure {
        name: "limit.ed25519_sign",
        unit: "signatures/s",
        measure: sign,
    },
    Figure {
        name: "limit.ed25519_verify_strict",
        unit: "signatures/s",
        measure: verify,
    },
    Figure {
        name: "limit.sha256_leaf",
        unit: "leaves/s",
        measure: leaf_hash,
    },
    Figure {
        name: "limit.leaf_and_tree",
        unit: "leaves/s",
        measure: leaf_and_tree,
    },
    Figure {
        name: "limit.fdatasync",
        unit: "us",
        measure: fdatasync,
    },
];

/// Figures that are due and not measured yet. Each needs two processes or a filled store.
const ABSENT: [&str; 12] = [
    "append.rate",
    "append.latency",
    "catchup.rate",
    "catchup.indexed",
    "catchup.leaves",
    "live.latency",
    "query.subject",
    "disk.ratio",
    "memory.peak",
    "reopen",
    "bundle",
    "effect.rate",
];

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let wanted = |name: &str| {
        let names = &arguments.names;
        names.is_empty() || names.iter().any(|wanted| wanted == "all" || wanted == name)
    };
    for figure in FIGURES.iter().filter(|figure| wanted(figure.name)) {
        let mut runs = (0..RUNS)
            .map(|_| (figure.measure)())
            .collect::<std::io::Result<Vec<_>>>()?;
        runs.sort_by(f64::total_cmp);
        let median = runs.get(RUNS / 2).copied().unwrap_or_default();
        let line = json!({
            "figure": figure.name, "value": median, "unit": figure.unit, "runs": runs,
        });
        say(
            arguments.output,
            &line,
            &format!("{}: {median:.0} {}", figure.name, figure.unit),
        )?;
    }
    for name in ABSENT.iter().filter(|name| wanted(name)) {
        let why = "not measured yet";
        let line = json!({ "figure": name, "absent": why });
        say(arguments.output, &line, &format!("{name}: {why}"))?;
    }
    Ok(())
}

fn say(output: Output, line: &serde_json::Value, words: &str) -> std::io::Result<()> {
    match output {
        Output::Json => writeln!(std::io::stdout(), "{line}"),
        Output::Human => writeln!(std::io::stdout(), "{words}"),
    }
}

/// How often something can be done in a second, tried for a fifth of one.
fn rate(mut act: impl FnMut()) -> f64 {
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_millis(200) {
        for _ in 0..64 {
            act();
        }
        count += 64;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

fn sign() -> std::io::Result<f64> {
    let (key, message) = (SigningKey::from_bytes(&[7; 32]), [5; STATEMENT_BYTES]);
    Ok(rate(|| {
        black_box(key.sign(black_box(&message)));
    }))
}

fn verify() -> std::io::Result<f64> {
    let (key, message) = (SigningKey::from_bytes(&[7; 32]), [5; STATEMENT_BYTES]);
    let (public, signature) = (key.public_key(), key.sign(&message));
    let verified = public.verify(&message, &signature).is_ok();
    assert!(verified, "a signature just made verifies");
    Ok(rate(|| {
        let _ = black_box(public.verify(black_box(&message), &signature));
    }))
}

fn leaf_hash() -> std::io::Result<f64> {
    let message = [5; STATEMENT_BYTES];
    Ok(rate(|| {
        black_box(hash::leaf_hash(black_box(&message)));
    }))
}

fn leaf_and_tree() -> std::io::Result<f64> {
    let (message, mut tree) = ([5; STATEMENT_BYTES], MemoryTree::new());
    Ok(rate(|| {
        tree.append(hash::leaf_hash(black_box(&message)));
    }))
}

/// Median time in microseconds until 600 bytes appended to a file are on the disk.
fn fdatasync() -> std::io::Result<f64> {
    let directory = tempfile::tempdir()?;
    let mut file = File::create(directory.path().join("file"))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        file.write_all(&[5; STATEMENT_BYTES])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
