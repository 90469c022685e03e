//! Whole networks under trouble, one run for each seed.
//!
//! `CONCORDAT_SEEDS` says how many seeds (100 unless told), `CONCORDAT_SEED` from which on (0).

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::env;

use concordat_certs::network::VIS_PUBLIC;
use concordat_node::core::{BodyState, Signing};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize};
use concordat_protocol::message::{Absence, BodyFilter, Frame};
use concordat_protocol::statement::{
    Audience, Body, Content, CutOff, KeyUse, Kind, Leaf, Policy, Standing, Statement, StatementRef,
    Suspension,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::text::Text;
use concordat_tests::sim::{Cluster, NodeId, Outcome, Plan, Trouble, run};

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

/// The bodies of another's log that a node is entitled to: kind of leaf, and whether it is held.
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
        entitled.then_some((leaf.kind, matches!(state, BodyState::Held(_))))
    };
    (0..size.value()).filter_map(body).collect()
}

// spec: STO-27
#[test]
fn lost_directory_is_fetched_back_before_the_node_signs_again() {
    let mut cluster = peaceful(3);
    let before = bodies(&cluster, 1, 1).len();
    cluster.lose_directory(1).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.say_something(1).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
    let core = cluster.core(1).unwrap();
    let (origin, index) = (core.own_logs().remove(0), LeafIndex::new(before as u64));
    let body = Body::decode(&core.shared().body(&origin, index).unwrap()).unwrap();
    let statement = Statement::decode(body.statement()).unwrap();
    let Content::Restart(restart) = &statement.payload().content else {
        panic!("the first entry after the loss is no restart");
    };
    assert_eq!(restart.size, TreeSize::new(before as u64).unwrap());
}

/// A node whose directory ran elsewhere as a copy and said more there; the directory itself again.
fn moved_and_back(node: NodeId) -> (Cluster, MemoryDisk) {
    let mut cluster = peaceful(3);
    let original = cluster.move_to_copy(node).unwrap().unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
    for _ in 0..5 {
        cluster.say_something(node).unwrap();
        cluster.run_for(1_000).unwrap();
    }
    cluster.converge().unwrap();
    (cluster, original)
}

/// How many restarts a node has logged.
fn restarts(cluster: &Cluster, node: NodeId) -> usize {
    let core = cluster.core(node).unwrap();
    let (shared, origin) = (core.shared(), core.own_logs().remove(0));
    let size = shared.logs().get(&origin).unwrap().size().value();
    let restart = |index: &u64| {
        let body = shared.body(&origin, LeafIndex::new(*index)).unwrap();
        let body = Body::decode(&body).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        matches!(statement.payload().content, Content::Restart(_))
    };
    (0..size).filter(restart).count()
}

// spec: STO-40, STO-41
#[test]
fn directory_whose_copy_went_on_elsewhere_fetches_back_before_it_signs() {
    for node in [0, 1] {
        let (mut cluster, original) = moved_and_back(node);
        let before = restarts(&cluster, node);
        cluster.move_back(node, original).unwrap();
        let signing = *cluster.core(node).unwrap().signing();
        assert!(matches!(signing, Signing::Greeting { .. }), "{signing:?}");
        cluster.run_for(20_000).unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
        cluster.say_something(node).unwrap();
        cluster.converge().unwrap();
        cluster.check_everything_kept().unwrap();
        assert_eq!(restarts(&cluster, node), before + 1);
    }
}

// spec: STO-41, STO-44
#[test]
fn node_that_signs_unheard_stops_when_it_learns_of_its_copy() {
    let (mut cluster, original) = moved_and_back(1);
    let before = restarts(&cluster, 1);
    for other in [0, 2, 3] {
        cluster.stop(other);
    }
    cluster.move_back(1, original).unwrap();
    cluster.run_for(3_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    cluster.calm().unwrap();
    let mut patience = 10_000;
    while *cluster.core(1).unwrap().signing() == Signing::Open && patience > 0 {
        cluster.run_for(1).unwrap();
        patience -= 1;
    }
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    assert!(cluster.core(1).unwrap().shared().surpassed().unwrap().lasts);
    // It may still run elsewhere: only somebody who has looked may let this one sign again.
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
    cluster.restart(1).unwrap();
    cluster.run_for(20_000).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Open);
    assert!(cluster.core(1).unwrap().shared().surpassed().is_none());
    assert_eq!(restarts(&cluster, 1), before + 1);
}

// spec: STO-27
#[test]
fn moved_hub_that_alone_cosigns_asks_its_members() {
    let mut cluster = peaceful(3);
    let registry = &cluster.network().registry;
    let alone = Policy {
        cosigners: vec![code(&cluster, 0)],
        quorum: 1,
        faults: 0,
        ..registry.policy().clone()
    };
    cluster.change_registry(Content::Policy(alone)).unwrap();
    cluster.converge().unwrap();
    cluster.stop(2);
    cluster.stop(3);
    cluster.move_to_copy(0).unwrap();
    cluster.run_for(20_000).unwrap();
    // One of three has answered.
    assert_eq!(*cluster.core(0).unwrap().signing(), Signing::Held);
    cluster.calm().unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(*cluster.core(0).unwrap().signing(), Signing::Open);
    cluster.say_something(0).unwrap();
    cluster.converge().unwrap();
    cluster.check_everything_kept().unwrap();
}

// spec: STO-44
#[test]
fn node_with_a_log_key_that_is_not_its_own_signs_nothing() {
    let mut cluster = peaceful(2);
    cluster.restart_with_log_key_of(1, 2).unwrap();
    cluster.run_for(30_000).unwrap();
    let core = cluster.core(1).unwrap();
    assert_ne!(*core.signing(), Signing::Open);
    assert_eq!(core.shared().foreign_keys(), [KeyUse::Log]);
}

// spec: STO-43
#[test]
fn claim_without_a_head_does_not_keep_a_restored_node_from_signing() {
    for node in [0, 1] {
        let mut cluster = peaceful(3);
        cluster.move_to_copy(node).unwrap();
        cluster
            .claim(node, 3, TreeSize::new(1_000_000).unwrap())
            .unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Held);
        cluster.run_for(30_000).unwrap();
        assert_eq!(*cluster.core(node).unwrap().signing(), Signing::Open);
    }
}

// spec: EXC-26
#[test]
fn giving_the_same_bodies_again_writes_nothing() {
    let mut cluster = peaceful(2);
    let origin = cluster.core(1).unwrap().own_logs().remove(0);
    let size = cluster
        .core(1)
        .unwrap()
        .shared()
        .logs()
        .get(&origin)
        .unwrap()
        .size();
    let request = Frame::Bodies {
        origin,
        begin: LeafIndex::new(0),
        end: size,
        filter: BodyFilter::All,
    };
    let first = cluster.ask(1, 2, &request).unwrap();
    let records = cluster.core(1).unwrap().records();
    assert_eq!(cluster.ask(1, 2, &request).unwrap(), first);
    assert_eq!(cluster.core(1).unwrap().records(), records);
}

// spec: STO-26
#[test]
fn hub_without_its_directory_does_not_start_a_second_registry() {
    let mut cluster = peaceful(2);
    let refused = cluster.lose_directory(0).unwrap_err().to_string();
    assert!(refused.contains("--first-start"), "{refused}");
}

// spec: STO-26
#[test]
fn node_without_its_directory_signs_nothing_while_the_hub_is_down() {
    let mut cluster = peaceful(2);
    cluster.stop(0);
    cluster.lose_directory(1).unwrap();
    cluster.run_for(60_000).unwrap();
    assert_eq!(*cluster.core(1).unwrap().signing(), Signing::Held);
}

#[test]
fn cut_off_node_key_is_disconnected_within_five_seconds() {
    let mut cluster = peaceful(3);
    assert!(cluster.are_connected([0, 3]) && cluster.are_connected([1, 3]));
    let member = &cluster.network().members[2];
    let cut_off = CutOff {
        member: member.code(),
        key_use: KeyUse::Node,
        key: member.node.public_key(),
        from: None,
        continues: None,
        replacement: None,
        next: None,
    };
    cluster.change_registry(Content::CutOff(cut_off)).unwrap();
    cluster.run_for(5_000).unwrap();
    for other in 0..3 {
        assert!(!cluster.are_connected([other, 3]), "node {other}");
    }
    assert!(cluster.are_connected([0, 1]) && cluster.are_connected([1, 2]));
}

/// The catalogue with the public class narrowed to some of the members.
fn named(cluster: &Cluster, numbers: &[usize]) -> Content {
    let registry = &cluster.network().registry;
    let mut catalogue = registry.catalogue_at(registry.size()).unwrap().clone();
    let members = &cluster.network().members;
    let members = numbers.iter().map(|number| members[number - 1].code());
    let class = catalogue.classes.iter_mut().find(|c| c.code == VIS_PUBLIC);
    let class = class.unwrap();
    class.audience = Audience::Named;
    class.members = members.collect();
    class.members.sort();
    Content::ItemCatalogue(catalogue)
}

fn holds(cluster: &Cluster, node: NodeId, origin: &Origin, index: LeafIndex) -> bool {
    let shared = cluster.core(node).unwrap().shared();
    let held = shared.logs().get(origin).map(|log| log.body(index));
    matches!(held, Some(BodyState::Held(_)))
}

/// The acts in the log of a node, each with its target.
fn acts(cluster: &Cluster, of: NodeId) -> Vec<(LeafIndex, StatementRef)> {
    let core = cluster.core(of).unwrap();
    let origin = core.own_logs().remove(0);
    let shared = core.shared();
    let size = shared.logs().get(&origin).unwrap().size().value();
    let act = |index| {
        let index = LeafIndex::new(index);
        let body = Body::decode(&shared.body(&origin, index)?).unwrap();
        let statement = Statement::decode(body.statement()).unwrap();
        Some((index, statement.payload().target.clone()?))
    };
    (0..size).filter_map(act).collect()
}

// spec: EXC-25
#[test]
fn member_that_a_catalogue_entitles_later_gets_the_data_it_was_refused() {
    let mut cluster = peaceful(3);
    let (narrow, wide) = (named(&cluster, &[1, 2]), named(&cluster, &[1, 2, 3]));
    cluster.change_registry(narrow).unwrap();
    cluster.run_for(5_000).unwrap();
    for _ in 0..40 {
        cluster.say_something(1).unwrap();
    }
    cluster.run_for(20_000).unwrap();
    let origin = cluster.core(1).unwrap().own_logs().remove(0);
    let lacking = |cluster: &Cluster| {
        let shared = cluster.core(3).unwrap().shared();
        let size = shared.logs().get(&origin).unwrap().size().value();
        let lacking = (0..size).map(LeafIndex::new).filter(|index| {
            let leaf = Leaf::decode(&shared.leaf(&origin, *index).unwrap()).unwrap();
            let public = leaf.kind == Kind::Data && leaf.vis == VIS_PUBLIC;
            public && !holds(cluster, 3, &origin, *index)
        });
        lacking.count()
    };
    assert!(lacking(&cluster) > 0);
    cluster.change_registry(wide).unwrap();
    cluster.run_for(20_000).unwrap();
    assert_eq!(lacking(&cluster), 0);
    cluster.converge().unwrap();
}

// spec: EXC-26
#[test]
fn acts_reach_every_member_that_holds_their_target_and_no_other() {
    let mut cluster = peaceful(3);
    for speaker in [1, 2, 1, 2, 1, 2] {
        cluster.say_something(speaker).unwrap();
    }
    cluster.run_for(20_000).unwrap();
    let narrow = named(&cluster, &[2]);
    cluster.change_registry(narrow).unwrap();
    cluster.run_for(5_000).unwrap();
    for _ in 0..40 {
        cluster.say_something(1).unwrap();
        cluster.say_something(2).unwrap();
    }
    cluster.run_for(30_000).unwrap();
    // The third member is entitled to nothing any more, but holds what it was given before.
    let (mut owed, mut withheld) = (0, 0);
    for of in [1, 2] {
        let origin = cluster.core(of).unwrap().own_logs().remove(0);
        for (index, target) in acts(&cluster, of) {
            let core = cluster.core(3).unwrap();
            let leaf = core.shared().leaf(&origin, index).unwrap();
            let (vis, me) = (Leaf::decode(&leaf).unwrap().vis, code(&cluster, 3));
            if core.registry().entitled(vis, &origin, me) {
                continue;
            }
            let holder = holds(&cluster, 3, &target.origin, target.index);
            let state = core.shared().logs().get(&origin).map(|log| log.body(index));
            assert_eq!(
                holds(&cluster, 3, &origin, index),
                holder,
                "{index:?} of {origin} is {state:?}, on {target:?}"
            );
            match holder {
                true => owed += 1,
                false => withheld += 1,
            }
        }
    }
    assert!(owed > 5 && withheld > 5, "{owed} owed, {withheld} withheld");
}

/// The owner of a log and the hub give what a third member holds as well and does not.
// spec: EXC-21
#[test]
fn member_that_holds_anothers_data_gives_it_to_nobody() {
    let mut cluster = peaceful(3);
    let [owner, relay, asker] = [1, 2, 3];
    assert!(bodies(&cluster, relay, owner).contains(&(Kind::Data, true)));
    let origin = cluster.core(owner).unwrap().own_logs().remove(0);
    let size = {
        let shared = cluster.core(relay).unwrap().shared();
        let logs = shared.logs();
        logs.get(&origin).unwrap().size()
    };
    let request = Frame::Bodies {
        origin,
        begin: LeafIndex::new(0),
        end: size,
        filter: BodyFilter::All,
    };
    let mut given = |node: NodeId| {
        let frames = cluster.ask(node, asker, &request).unwrap();
        let mut given = Vec::new();
        for bytes in &frames {
            let Ok(Frame::BodyBlock { entries, .. }) = Frame::decode(bytes) else {
                panic!("node {node} refused");
            };
            given.extend(entries.iter().map(|entry| {
                let kind = Leaf::decode(entry.leaf).unwrap().kind;
                (kind, entry.body.map(drop))
            }));
        }
        assert_eq!(given.len() as u64, size.value());
        given
    };
    let data = |given: &[(Kind, Result<(), Absence>)], outcome| {
        let of_data = |entry: &&(Kind, _)| entry.0 == Kind::Data;
        given
            .iter()
            .filter(of_data)
            .filter(|entry| entry.1 == outcome)
            .count()
    };
    let (by_owner, by_hub, by_relay) = (given(owner), given(0), given(relay));
    let public = data(&by_owner, Ok(()));
    assert!(public > 0);
    assert_eq!(data(&by_hub, Ok(())), public);
    assert_eq!(data(&by_relay, Ok(())), 0);
    assert_eq!(data(&by_relay, Err(Absence::NotHeld)), public);
    let others = |given: &[(Kind, Result<(), Absence>)]| {
        let of_act = |entry: &&(Kind, _)| entry.0 == Kind::Act;
        given.iter().filter(of_act).copied().collect::<Vec<_>>()
    };
    assert!(!others(&by_owner).is_empty());
    assert_eq!(others(&by_relay), others(&by_owner));
}

// spec: EXC-20
#[test]
fn suspended_member_gets_acts_only_until_it_is_restored() {
    let mut cluster = peaceful(3);
    let suspension = |standing| Suspension {
        member: cluster.network().members[2].code(),
        standing,
        reasons: Text::new("for a test").unwrap(),
    };
    let [suspended, active] = [Standing::Suspended, Standing::Active].map(suspension);
    cluster
        .change_registry(Content::Suspension(suspended))
        .unwrap();
    cluster.run_for(5_000).unwrap();
    let before = bodies(&cluster, 3, 1).len();
    for _ in 0..40 {
        cluster.say_something(1).unwrap();
    }
    cluster.run_for(20_000).unwrap();
    let new = bodies(&cluster, 3, 1).split_off(before);
    assert!(new.contains(&(Kind::Act, true)) && new.contains(&(Kind::Data, false)));
    assert!(new.iter().all(|(kind, held)| (*kind == Kind::Act) == *held));
    cluster
        .change_registry(Content::Suspension(active))
        .unwrap();
    cluster.converge().unwrap();
}
