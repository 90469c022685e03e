//! Who is given what, and when: entitlement, acts, suspended members and keys that were cut off.

use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{Class, Mandate};
use concordat_protocol::time::Day;

use super::*;

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

/// What a node adopted under a log key before it heard of the cut-off is judged again at its start.
// spec: TRU-31
#[test]
fn node_that_starts_again_takes_up_no_head_that_contradicts_the_head_of_a_cut_off() {
    for contradicts in [false, true] {
        let mut cluster = peaceful(2);
        cluster.say_something(1).unwrap();
        cluster.converge().unwrap();
        let origin = cluster.core(1).unwrap().own_logs().remove(0);
        let held = cluster.core(2).unwrap().shared().heads(&origin);
        let head = held.values().next_back().unwrap().clone();
        let root = match contradicts {
            true => Hash::from_bytes([4; 32]),
            false => *head.root(),
        };
        let member = &cluster.network().members[0];
        let cut_off = CutOff {
            member: member.code(),
            key_use: KeyUse::Log,
            key: member.log.public_key(),
            from: Some(LeafIndex::new(head.size().value())),
            continues: Some((head.size(), root)),
            replacement: None,
            next: None,
        };
        cluster.stop(1);
        cluster.change_registry(Content::CutOff(cut_off)).unwrap();
        cluster.run_for(5_000).unwrap();
        cluster.restart(2).unwrap();
        let taken_up = cluster.core(2).unwrap().shared().heads(&origin);
        assert_eq!(taken_up.is_empty(), contradicts);
    }
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
                // Nothing is still awaited of what is withheld for good.
                false => {
                    assert!(matches!(state, Some(BodyState::Absent(_))), "{state:?}");
                    withheld += 1;
                }
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

// spec: EXC-20, PRP-10
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
    let receipts = |cluster: &Cluster| {
        let held = bodies_between(cluster, 0, 3).into_iter();
        held.filter(|entry| *entry == (Kind::Receipts, true))
            .count()
    };
    let said = receipts(&cluster);
    for _ in 0..40 {
        cluster.say_something(1).unwrap();
    }
    cluster.run_for(20_000).unwrap();
    // It goes on saying what it does with them.
    assert!(receipts(&cluster) > said);
    let new = bodies(&cluster, 3, 1).split_off(before);
    assert!(new.contains(&(Kind::Act, true)) && new.contains(&(Kind::Data, false)));
    assert!(new.iter().all(|(kind, held)| (*kind == Kind::Act) == *held));
    cluster
        .change_registry(Content::Suspension(active))
        .unwrap();
    cluster.converge().unwrap();
}

/// The deliveries and receipts in another's log: kind of leaf, and whether a node holds the body.
fn bodies_between(cluster: &Cluster, node: NodeId, of: NodeId) -> Vec<(Kind, bool)> {
    let origin = cluster.core(of).unwrap().own_logs().remove(0);
    let shared = cluster.core(node).unwrap().shared();
    let size = shared.logs().get(&origin).unwrap().size().value();
    let body = |index| {
        let index = LeafIndex::new(index);
        let kind = Leaf::decode(&shared.leaf(&origin, index).unwrap())
            .unwrap()
            .kind;
        let held = holds(cluster, node, &origin, index);
        kind.is_between_parties().then_some((kind, held))
    };
    (0..size).filter_map(body).collect()
}

// spec: PRP-4, EXC-110, EXC-111
#[test]
fn member_that_comes_to_supervise_gets_the_receipts_it_was_refused() {
    let mut cluster = peaceful(3);
    let all = |cluster: &Cluster| {
        let others = [0, 1, 2].map(|of| bodies_between(cluster, 3, of));
        let others = others.into_iter().flatten();
        others.map(|(_, held)| held).collect::<Vec<bool>>()
    };
    let before = all(&cluster);
    assert!(
        before.contains(&false) && before.contains(&true),
        "{before:?}"
    );
    let mut member = cluster.network().members[2].clone();
    member.enrolment.mandates.push(Mandate {
        classes: vec![Class::Ruling],
        act_types: vec![],
        items: vec![],
        from: Day::from_ymd(2026, 1, 1).unwrap(),
        until: None,
        objections_daily_cap: None,
        supervises: Some(Truth),
    });
    cluster.enrol(&member).unwrap();
    cluster.run_for(20_000).unwrap();
    let after = all(&cluster);
    assert!(
        after.len() >= before.len() && !after.contains(&false),
        "{after:?}"
    );
    cluster.say_something(1).unwrap();
    cluster.converge().unwrap();
}
