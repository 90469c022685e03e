//! Whole networks under trouble, one run for each seed.
//!
//! `CONCORDAT_SEEDS` says how many seeds (100 unless told), `CONCORDAT_SEED` from which on (0).

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod propagation;
mod province;
mod reading;
mod safe_start;
mod sharing;
mod witnessing;

use std::env;

use concordat_certs::network::VIS_PUBLIC;
use concordat_node::core::{BodyState, Signing};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::message::{Absence, BodyFilter, Frame};
use concordat_protocol::statement::{
    Audience, BasisLevel, Body, Content, CutOff, HoldingsFields, KeyUse, Kind, Leaf, LegalBasis,
    Loss, Policy, Standing, Statement, StatementRef, Suspension,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_protocol::trust::LogNumber;
use concordat_tests::sim::{Cluster, NodeId, Outcome, Plan, Trouble, run};
use ed25519_dalek::SigningKey;

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    })
}

/// Runs a plan with many seeds and shows how to repeat the first that fails.
fn run_all(test: &str, share: u64, plan: impl Fn(u64) -> Plan) {
    let first = number("CONCORDAT_SEED", 0);
    let seeds = number("CONCORDAT_SEEDS", 100);
    let seeds = seeds.div_ceil(share);
    let (mut sum, mut slowest) = (Outcome::default(), first);
    for seed in first..first + seeds {
        match run(plan(seed)) {
            Ok(outcome) => {
                sum.inputs += outcome.inputs;
                sum.acknowledged += outcome.acknowledged;
                sum.deaths += outcome.deaths;
                if outcome.converged_after_ms > sum.converged_after_ms {
                    sum.converged_after_ms = outcome.converged_after_ms;
                    slowest = seed;
                }
            }
            Err(failure) => panic!(
                "seed {seed}, {failure}\nrepeat with: CONCORDAT_SEED={seed} CONCORDAT_SEEDS=1 \
                 cargo test -p concordat-tests --test simulation {test}"
            ),
        }
    }
    let Outcome {
        inputs,
        acknowledged,
        deaths,
        converged_after_ms,
        ..
    } = sum;
    eprintln!(
        "{test}: {seeds} seeds, {inputs} inputs, {acknowledged} statements, {deaths} deaths, \
         slowest {converged_after_ms} ms with seed {slowest}"
    );
}

const fn plan(seed: u64, members: u32, trouble: Trouble) -> Plan {
    Plan {
        seed,
        members,
        trouble,
        busy_ms: 10_000,
        must_converge: true,
    }
}

// spec: EXC-6, EXC-8, EXC-13, EXC-14, EXC-15, EXC-16, EXC-17, EXC-22
#[test]
fn two_members_in_peace_have_everything_everywhere() {
    run_all("two_members_in_peace", 10, |seed| {
        plan(seed, 2, Trouble::None)
    });
}

#[test]
fn two_members_recover_from_a_bad_network() {
    run_all("two_members_recover_from_a_bad_network", 3, |seed| {
        plan(seed, 2, Trouble::Network)
    });
}

// spec: STO-22, STO-23, STO-24, STO-25
#[test]
fn two_members_recover_from_deaths_and_failing_disks() {
    run_all("two_members_recover_from_deaths", 1, |seed| {
        plan(seed, 2, Trouble::Storage)
    });
}

#[test]
fn five_members_recover_from_deaths_and_failing_disks() {
    run_all("five_members_recover_from_deaths", 4, |seed| {
        plan(seed, 5, Trouble::Storage)
    });
}

#[test]
fn nothing_is_lost_or_forked_while_trouble_lasts() {
    run_all("nothing_is_lost_or_forked", 4, |seed| Plan {
        busy_ms: 40_000,
        must_converge: false,
        ..plan(seed, 3, Trouble::Storage)
    });
}

#[test]
fn same_seed_takes_the_same_course() {
    let storage = plan(number("CONCORDAT_SEED", 0), 3, Trouble::Storage);
    let first = run(storage).map_err(|failure| failure.to_string());
    assert_eq!(first, run(storage).map_err(|failure| failure.to_string()));
}

/// A cluster in peace where everyone has said a little.
fn peaceful(members: u32) -> Cluster {
    let mut cluster = Cluster::new(plan(1, members, Trouble::None)).unwrap();
    cluster.begin().unwrap();
    cluster.work().unwrap();
    cluster.calm().unwrap();
    cluster.converge().unwrap();
    cluster
}

fn code(cluster: &Cluster, node: NodeId) -> AuthorityCode {
    match node {
        0 => cluster.network().hub.code(),
        member => cluster.network().members[member - 1].code(),
    }
}

/// The bodies of another's log that a node is entitled to by their class: kind of leaf, and whether it is held.
fn bodies(cluster: &Cluster, node: NodeId, of: NodeId) -> Vec<(Kind, bool)> {
    let registry = cluster.core(node).unwrap().registry();
    let origin = cluster.core(of).unwrap().own_logs().remove(0);
    let shared = cluster.core(node).unwrap().shared();
    let size = shared.logs().get(&origin).unwrap().size();
    let body = |index| {
        let index = LeafIndex::new(index);
        let leaf = Leaf::decode(&shared.leaf(&origin, index).unwrap()).unwrap();
        let state = shared.logs().get(&origin).unwrap().body(index);
        let entitled = registry.entitled(leaf.vis, &origin, code(cluster, node));
        let by_class = entitled && !leaf.kind.is_between_parties();
        by_class.then_some((leaf.kind, matches!(state, BodyState::Held(_))))
    };
    (0..size.value()).filter_map(body).collect()
}

fn holds(cluster: &Cluster, node: NodeId, origin: &Origin, index: LeafIndex) -> bool {
    let shared = cluster.core(node).unwrap().shared();
    let held = shared.logs().get(origin).map(|log| log.body(index));
    matches!(held, Some(BodyState::Held(_)))
}
