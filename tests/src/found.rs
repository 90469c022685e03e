//! What coverage-guided fuzzing found to be refused, each input with the error of its reader.
//!
//! `tests/fuzz/corpus/` has a folder of inputs for each target and beside it a table, one line an
//! input: its file's name, a tab, the error in the form of `Debug`. How inputs are searched for, and
//! how they get here, is told in `tests/fuzz/README.md`.
//!
//! Out of scope: searching, which takes another compiler.

mod seeds;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;
use std::fs;
use std::io;
use std::path::PathBuf;

use concordat_certs::certificate;
use concordat_protocol::admin::{Reply, Request};
use concordat_protocol::bundle::Bundle;
use concordat_protocol::log::SignedCheckpoint;
use concordat_protocol::message::Frame;
use concordat_protocol::statement::{Body, Leaf, Statement};
use sha2::{Digest, Sha256};

use crate::tree;

/// The longest input that is kept, in bytes.
const KEPT_BYTES_MAX: usize = 1 << 10;
/// Bytes of the digest that names a file.
const NAME_BYTES: usize = 8;

/// What is fuzzed; each has a program of its name in `tests/fuzz/fuzz_targets/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A frame of the exchange.
    Frame,
    /// A statement.
    Statement,
    /// A leaf or a body.
    Entry,
    /// A certificate that a peer shows.
    Certificate,
    /// The signed head of a log.
    Checkpoint,
    /// A proof bundle without its digest.
    Bundle,
    /// A request of an administrator, or an answer.
    Request,
}

/// A file of the corpus with its line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file's name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Why it is refused, as the table has it; `None` when the table does not have it.
    pub error: Option<String>,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 7] = [
        Self::Frame,
        Self::Statement,
        Self::Entry,
        Self::Certificate,
        Self::Checkpoint,
        Self::Bundle,
        Self::Request,
    ];

    /// As its program and its folder are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Statement => "statement",
            Self::Entry => "entry",
            Self::Certificate => "certificate",
            Self::Checkpoint => "checkpoint",
            Self::Bundle => "bundle",
            Self::Request => "request",
        }
    }

    /// Why these bytes are refused, by both readers where there are two; `None` if one takes them.
    #[must_use]
    pub fn refusal(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Frame => said(Frame::decode(bytes)),
            Self::Statement => said(Statement::decode(bytes)),
            Self::Entry => both(said(Leaf::decode(bytes)), said(Body::decode(bytes))),
            Self::Certificate => said(certificate::key_of(bytes)),
            Self::Checkpoint => said(SignedCheckpoint::parse(bytes)),
            Self::Bundle => {
                let digest = Sha256::digest(bytes);
                said(Bundle::decode(&[bytes, &digest].concat()))
            }
            Self::Request => both(said(Request::decode(bytes)), said(Reply::decode(bytes))),
        }
    }

    /// How many inputs are kept at most.
    const fn kept_max(self) -> usize {
        match self {
            Self::Frame | Self::Statement => 256,
            Self::Certificate => 128,
            Self::Entry | Self::Checkpoint | Self::Bundle | Self::Request => 64,
        }
    }

    fn folder(self) -> PathBuf {
        tree::root().join("tests/fuzz/corpus").join(self.name())
    }

    fn table(self) -> PathBuf {
        self.folder().with_extension("tsv")
    }
}

/// What is not as the table of a target says, in words; empty when all is.
///
/// # Errors
/// Of the files.
pub fn problems(target: Target) -> io::Result<Vec<String>> {
    let found = files(target)?;
    let mut problems = Vec::new();
    for Found { name, bytes, error } in &found {
        let refusal = target.refusal(bytes);
        if refusal.is_none() || refusal != *error {
            problems.push(format!(
                "{} {name}: refused with {refusal:?}, in the table {error:?}",
                target.name()
            ));
        }
        if bytes.len() > KEPT_BYTES_MAX {
            problems.push(format!("{} {name} is too long", target.name()));
        }
    }
    let names: BTreeSet<_> = found.into_iter().map(|found| found.name).collect();
    let lost = table(target)?
        .into_keys()
        .filter(|name| !names.contains(name));
    problems.extend(lost.map(|name| format!("{} {name} is lost", target.name())));
    Ok(problems)
}

/// The inputs found for a target, in the order of their names.
///
/// # Panics
/// If a file cannot be read, or one of them is not refused with the error in the table.
#[must_use]
pub fn inputs(target: Target) -> Vec<Vec<u8>> {
    let wrong = problems(target).expect("the corpus can be read");
    tree::assert_no_problems(&wrong);
    let found = files(target).expect("the corpus can be read");
    found.into_iter().map(|found| found.bytes).collect()
}

/// The files of a target's folder, in the order of their names.
///
/// # Errors
/// Of the files.
pub fn files(target: Target) -> io::Result<Vec<Found>> {
    let mut errors = table(target)?;
    let mut found = Vec::new();
    for file in fs::read_dir(target.folder())? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        found.push(Found {
            bytes: fs::read(file.path())?,
            error: errors.remove(&name),
            name,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Puts into a target's folder what its search begins with: valid ones, and refused ones of
/// `spec/vectors/`.
///
/// # Errors
/// Of the files.
pub fn write_seeds(target: Target) -> io::Result<()> {
    fs::create_dir_all(target.folder())?;
    for bytes in seeds::of(target) {
        fs::write(target.folder().join(name(&bytes)), bytes)?;
    }
    Ok(())
}

/// Leaves in a target's folder a choice of what was found and is refused, takes everything else
/// away, the seeds too, and writes the table.
///
/// # Errors
/// Of the files.
pub fn keep(target: Target) -> io::Result<()> {
    let found = files(target)?.into_iter().map(|found| found.bytes);
    let kept = chosen(target, found.collect());
    fs::remove_dir_all(target.folder())?;
    fs::create_dir_all(target.folder())?;
    let mut table = String::new();
    for (name, (bytes, error)) in kept {
        fs::write(target.folder().join(&name), bytes)?;
        table.push_str(&format!("{name}\t{error}\n"));
    }
    fs::write(target.table(), table)
}

/// Takes in turns from each kind of error, so that rare ones are all there.
fn chosen(target: Target, found: Vec<Vec<u8>>) -> BTreeMap<String, (Vec<u8>, String)> {
    let given: BTreeSet<_> = seeds::of(target).into_iter().collect();
    let found = found
        .into_iter()
        .filter(|bytes| (1..=KEPT_BYTES_MAX).contains(&bytes.len()) && !given.contains(bytes));
    // The order of digests is as good as one drawn by chance, and always the same.
    let found: BTreeMap<_, _> = found.map(|bytes| (name(&bytes), bytes)).collect();
    let mut kinds = BTreeMap::<String, VecDeque<_>>::new();
    for (name, bytes) in found {
        if let Some(error) = target.refusal(&bytes) {
            let kind = kinds.entry(kind(&error)).or_default();
            kind.push_back((name, (bytes, error)));
        }
    }
    let mut kept = BTreeMap::new();
    while kinds.values().any(|kind| !kind.is_empty()) {
        let turn: Vec<_> = kinds.values_mut().filter_map(VecDeque::pop_front).collect();
        for one in turn {
            if kept.len() == target.kept_max() {
                return kept;
            }
            kept.extend([one]);
        }
    }
    kept
}

/// An error without its numbers: where in the bytes it came up, and what stood there.
fn kind(error: &str) -> String {
    error.chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn table(target: Target) -> io::Result<BTreeMap<String, String>> {
    let text = match fs::read_to_string(target.table()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines
        .map(|(name, error)| (name.to_owned(), error.to_owned()))
        .collect())
}

fn name(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let first = digest.iter().take(NAME_BYTES);
    first.map(|byte| format!("{byte:02x}")).collect()
}

fn said<T, E: Debug>(read: Result<T, E>) -> Option<String> {
    read.err().map(|error| format!("{error:?}"))
}

fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    Some(format!("{} and {}", first?, second?))
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    /// With `CONCORDAT_FOUND=seed` writes the seeds, with `CONCORDAT_FOUND=keep` chooses what to
    /// keep and writes the tables.
    // spec: EXC-1, EXC-2, STM-1, TRN-5
    #[test]
    fn everything_found_is_refused_with_its_error() {
        match env::var("CONCORDAT_FOUND").as_deref() {
            Ok("seed") => {
                return Target::ALL
                    .map(write_seeds)
                    .into_iter()
                    .for_each(Result::unwrap);
            }
            Ok("keep") => Target::ALL.map(keep).into_iter().for_each(Result::unwrap),
            _ => {}
        }
        for target in Target::ALL {
            tree::assert_no_problems(&problems(target).unwrap());
            assert!(files(target).unwrap().len() >= 16, "{target:?}");
        }
    }

    #[test]
    fn every_target_is_a_program_and_has_seeds_that_it_takes() {
        for target in Target::ALL {
            let program = format!("tests/fuzz/fuzz_targets/{}.rs", target.name());
            assert!(tree::root().join(&program).exists(), "{program}");
            let seeds = seeds::of(target);
            let taken = seeds.iter().filter(|seed| target.refusal(seed).is_none());
            assert!(taken.count() > 0, "{target:?}");
        }
    }

    #[test]
    fn rare_errors_are_kept_before_common_ones() {
        let common = (0..1_000_u16).map(|n| [&[0x82, 0x03][..], &n.to_be_bytes()].concat());
        let rare = vec![0x82, 0x18, 0x63];
        let found = common.chain([rare.clone()]).collect();
        let kept = chosen(Target::Frame, found);
        assert_eq!(kept.len(), Target::Frame.kept_max());
        assert!(kept.values().any(|(bytes, _)| *bytes == rare));
    }

    #[test]
    fn kinds_of_errors_do_not_tell_places_apart() {
        assert_eq!(
            kind("Truncated { offset: 3 }"),
            kind("Truncated { offset: 41 }")
        );
        assert_ne!(kind("Truncated { offset: 3 }"), kind("Map { offset: 3 }"));
    }
}
