//! What a node does with what it holds: answering about organisations, bundles, opening again.

use std::time::Instant;

use concordat_node::clock;
use concordat_node::node::Node;
use concordat_protocol::bundle;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{Leaf, StatementRef};
use serde::{Deserialize, Serialize};

use super::child::say;
use super::network::Home;
use super::statements::{PER_SUBJECT, subject, subjects};
use super::{Failure, RUNS};

/// Organisations that are asked about. Their statements are several times what the node keeps in
/// memory of statements that it has verified.
const ASKED: u64 = 10_000;
/// Questions in one run.
const QUESTIONS: u64 = 2_000;
/// Bundles in one run.
const BUNDLES: u64 = 50;

/// Times of questions, in microseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Of those who were the first to ask: every signature is verified.
    pub(crate) first: Vec<f64>,
    /// Of later ones, by run.
    pub(crate) later: Vec<Vec<f64>>,
}

/// Sizes and times of bundles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bundled {
    /// Bytes of each, by run.
    pub(crate) bytes: Vec<Vec<f64>>,
    /// Milliseconds to make one, which verifies it, by run.
    pub(crate) made_ms: Vec<Vec<f64>>,
    /// Milliseconds to verify one, by run.
    pub(crate) verified_ms: Vec<Vec<f64>>,
}

/// How long an open took, in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Reopened {
    /// Until the node answered a question.
    pub(crate) seconds: f64,
    /// Of this, until it was started.
    pub(crate) started: f64,
    pub(crate) memory_kib: f64,
}

/// Numbers without a pattern, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// Asks about organisations, each with the effect of all its decisions.
pub(crate) fn query(node: &Node, statements: u64) -> Result<(), Failure> {
    let mut random = Random(1);
    let known = subjects(statements);
    let asked: Vec<u64> = (0..ASKED.min(known)).map(|_| random.below(known)).collect();
    let mut first = Vec::new();
    for number in &asked {
        first.push(ask(node, *number)?);
    }
    let mut later = Vec::new();
    for _ in 0..RUNS {
        let mut times = Vec::new();
        for _ in 0..QUESTIONS {
            let place = usize::try_from(random.below(asked.len() as u64))?;
            times.push(ask(node, *asked.get(place).ok_or("no such question")?)?);
        }
        later.push(times);
    }
    say(&Asked { first, later })
}

fn ask(node: &Node, number: u64) -> Result<f64, Failure> {
    let (subject, today) = (subject(number)?, clock::today());
    let started = Instant::now();
    let answer = node.subject(subject)?;
    let decisions: Vec<_> = answer.iter().map(|entry| &entry.reference).collect();
    let answer = node.effects_of(&decisions, today)?;
    let time = started.elapsed().as_secs_f64() * 1e6;
    match answer.len() as u64 + 1 < PER_SUBJECT {
        true => Err("an answer lacks decisions".into()),
        false => Ok(time),
    }
}

/// Makes and verifies bundles of statements that were asked about before.
pub(crate) fn bundle(node: &Node, origin: &Origin, statements: u64) -> Result<(), Failure> {
    let mut random = Random(2);
    let (registry, anchor) = (node.registry(), node.genesis().id());
    let mut bundled = Bundled {
        bytes: Vec::new(),
        made_ms: Vec::new(),
        verified_ms: Vec::new(),
    };
    for _ in 0..RUNS {
        let (mut sizes, mut made_ms, mut verified_ms) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..BUNDLES {
            let index = LeafIndex::new(random.below(statements));
            let leaf = node
                .shared()
                .leaf(origin, index)
                .ok_or("a leaf is not held")?;
            let target = StatementRef {
                origin: origin.clone(),
                index,
                leaf_hash: Leaf::decode(&leaf)?.hash(),
            };
            let started = Instant::now();
            let bytes = node.export_bundle_without_trust(&target)?;
            made_ms.push(started.elapsed().as_secs_f64() * 1e3);
            let started = Instant::now();
            bundle::verify(&bytes, &anchor, Some(&registry))?;
            verified_ms.push(started.elapsed().as_secs_f64() * 1e3);
            sizes.push(bytes.len() as f64);
        }
        bundled.bytes.push(sizes);
        bundled.made_ms.push(made_ms);
        bundled.verified_ms.push(verified_ms);
    }
    say(&bundled)
}

/// Starts a node until it answers a question, and stops it cleanly.
pub(crate) async fn reopen(home: &Home, statements: u64) -> Result<(), Failure> {
    let begun = Instant::now();
    let node = home.start().await?;
    let started = begun.elapsed().as_secs_f64();
    let rows = tokio::task::block_in_place(|| -> Result<_, Failure> {
        Ok(node
            .query()?
            .store()
            .by_subject(subject(subjects(statements) / 2)?)?)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    if rows.len() as u64 + 1 < PER_SUBJECT {
        return Err("a node that was opened again lacks statements".into());
    }
    say(&Reopened {
        seconds,
        started,
        memory_kib: super::child::memory()?.0,
    })?;
    while super::child::next_order().await?.is_some() {}
    node.stop().await;
    Ok(())
}
