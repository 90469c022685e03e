//! The limits of the machine: what one core and one disk do without the product.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{MemoryTree, hash};
use ed25519_dalek::SigningKey;

use super::report::{Figure, Limit, Output, median};
use super::{Failure, RUNS};

/// Bytes of a typical statement.
const STATEMENT_BYTES: usize = 600;

/// The limits that figures are read beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) sign: Limit,
    pub(crate) verify: Limit,
    pub(crate) fdatasync: Limit,
}

/// A limit's name, its unit, and how it is measured once.
type Measurement = (&'static str, &'static str, fn() -> f64);

/// Measures and prints them all. `directory` lies on the disk that the figures are measured on.
pub(crate) fn measure(output: Output, directory: &Path) -> Result<Limits, Failure> {
    let rates: [Measurement; 4] = [
        ("ed25519_sign", "signatures/s", sign),
        ("ed25519_verify_strict", "signatures/s", verify),
        ("sha256_leaf", "leaves/s", leaf_hash),
        ("leaf_and_tree", "leaves/s", leaf_and_tree),
    ];
    let mut values = Vec::new();
    for (name, unit, measure) in rates {
        let runs = (0..RUNS).map(|_| measure()).collect();
        let value = Figure::new(format!("limit.{name}"), unit, runs).print(output)?;
        values.push(Limit { name, value });
    }
    let runs: Result<Vec<f64>, Failure> = (0..RUNS).map(|_| fdatasync(directory)).collect();
    let value = Figure::new("limit.fdatasync", "us", runs?).print(output)?;
    let fdatasync = Limit {
        name: "fdatasync",
        value,
    };
    match values.as_slice() {
        [sign, verify, ..] => Ok(Limits {
            sign: *sign,
            verify: *verify,
            fdatasync,
        }),
        _ => Err("the limits were not measured".into()),
    }
}

/// How often something can be done in a second, tried for a fifth of one.
pub(crate) fn rate(mut act: impl FnMut()) -> f64 {
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < Duration::from_millis(200) {
        for _ in 0..64 {
            act();
        }
        count += 64;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

fn sign() -> f64 {
    let (key, message) = (SigningKey::from_bytes(&[7; 32]), [5; STATEMENT_BYTES]);
    rate(|| {
        black_box(key.sign(black_box(&message)));
    })
}

fn verify() -> f64 {
    let (key, message) = (SigningKey::from_bytes(&[7; 32]), [5; STATEMENT_BYTES]);
    let (public, signature) = (key.public_key(), key.sign(&message));
    let verified = public.verify(&message, &signature).is_ok();
    assert!(verified, "a signature just made verifies");
    rate(|| {
        let _ = black_box(public.verify(black_box(&message), &signature));
    })
}

fn leaf_hash() -> f64 {
    let message = [5; STATEMENT_BYTES];
    rate(|| {
        black_box(hash::leaf_hash(black_box(&message)));
    })
}

fn leaf_and_tree() -> f64 {
    let (message, mut tree) = ([5; STATEMENT_BYTES], MemoryTree::new());
    rate(|| {
        tree.append(hash::leaf_hash(black_box(&message)));
    })
}

/// Median time in microseconds until 600 bytes appended to a file are on the disk.
fn fdatasync(directory: &Path) -> Result<f64, Failure> {
    let path = directory.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        file.write_all(&[5; STATEMENT_BYTES])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1e6);
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(median(&times))
}
