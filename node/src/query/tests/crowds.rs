//! Objections in great number.

use super::*;

/// How many objections one member logs to a decision of another.
const CROWD: u64 = 5_000;

const GROUNDS: [Ground; 3] = [Ground::Facts, Ground::Amount, Ground::Other];

const ROLES: [ObjectorRole; 2] = [ObjectorRole::Subject, ObjectorRole::Issuer];

/// Rulings that close the crowd.
const RULINGS: usize = 10;

/// A decision, one objection to it in its own log, and a crowd of them in another, which rulings of the
/// issuer reject, but for the last one, and a copy of a statement that counts once.
fn crowded(fixture: &Fixture, rulings: usize) -> Vec<Placed> {
    let (decision, about) = (fixture.decision(0, 1), subject(1));
    let mut placed = vec![fixture.objection(1, about, &decision)];
    let kinds = GROUNDS.map(|ground| ROLES.map(|role| (role, ground)));
    for (index, said) in (0..CROWD).zip(kinds.into_iter().flatten().cycle()) {
        placed.push(fixture.objection_by_hub(index, about, said, &decision));
    }
    let crowd: Vec<StatementRef> = placed[1..].iter().map(Placed::reference).collect();
    let closed = &crowd[..crowd.len() - 1];
    let parts = closed.chunks(closed.len().div_ceil(RULINGS));
    for (index, part) in (2..).zip(parts.take(rulings)) {
        placed.push(fixture.rejection(index, about, &decision, part.to_vec()));
    }
    placed.push(decision);
    placed
}

/// One member logged thousands of objections to a decision of another, and it was never weighed again,
/// ruled on or not.
// spec: IDX-40, IDX-20
#[test]
fn crowd_of_objections_by_one_member_leaves_a_decision_weighed() {
    for rulings in [0, RULINGS / 2, RULINGS] {
        let node = node(|fixture| crowded(fixture, rulings));
        let dossier = node.queries.history(&node.position(0)).unwrap();
        let hub = hub_origin(&node.fixture);
        // The decision, the objection in its own log, and the rulings.
        let own: Vec<u64> = (0..).take(2 + rulings).collect();
        assert_eq!(of_log(&dossier, &node.fixture.origin()), own);
        let kept = of_log(&dossier, &hub);
        let groups = 6 * (rulings + 1) + 1;
        assert!(kept.len() <= groups * GROUP_KEPT_MAX, "{}", kept.len());
        let is_last_closed = rulings < RULINGS || kept.contains(&(CROWD - 1));
        assert!(is_last_closed, "what no ruling names is looked at");
        // The first of each part of the crowd, on each ground and in each role.
        assert!((0..6).all(|index| kept.contains(&index)));
        let horizon = Horizon {
            logs: BTreeMap::new(),
            register: node.fixture.register(),
        };
        let all = dossier.statements.values();
        let mut all: Vec<StatementRef> = all.map(|one| one.reference().clone()).collect();
        all.retain(|one| one.origin == hub);
        alike::complete_open(&mut all, dossier.alike.values(), &horizon);
        assert_eq!(all.len() as u64, CROWD);
    }
}

/// Objections on one ground in one role, one for each index.
fn objections(fixture: &Fixture, indexes: std::ops::Range<u64>, on: &Placed) -> Vec<Placed> {
    let said = (ObjectorRole::Subject, Ground::Facts);
    let object = |index| fixture.objection_by_hub(index, subject(1), said, on);
    indexes.map(object).collect()
}

fn of_log(dossier: &Dossier, origin: &Origin) -> Vec<u64> {
    let places = dossier.statements.keys();
    let places = places.filter(|at| at.origin == *origin);
    places.map(|at| at.index.value()).collect()
}

/// A notice whose objection is left out would read as one that nobody holds.
// spec: IDX-40, EFF-23
#[test]
fn notices_are_gathered_of_the_objections_that_are() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let mut placed = objections(fixture, 0..300, &decision);
        // The register heard of them in another order.
        let noticed = (0..).zip(placed.iter().rev().skip(50));
        let notices: Vec<_> = noticed
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        placed.extend(notices);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    // Of those that are noticed the ones noticed last and first; and two of those that are not.
    let kept = of_log(&dossier, &hub_origin(&node.fixture));
    assert_eq!(kept, [0, 249, 250, 299]);
    assert_eq!(of_log(&dossier, &node.fixture.register()), [0, 249]);
}

/// A member kept back the bodies of what it logged.
// spec: IDX-40, EFF-23
#[test]
fn few_of_the_objections_that_are_known_by_notices_alone_are_gathered() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let withheld = objections(fixture, 0..6_000, &decision);
        let notices = (0..).zip(&withheld);
        let mut placed: Vec<_> = notices
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        placed.extend([withheld[2_000].clone(), decision]);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    assert_eq!(
        of_log(&dossier, &node.fixture.register()),
        [0, 2_000, 5_999]
    );
    assert_eq!(of_log(&dossier, &hub_origin(&node.fixture)), [2_000]);
}

/// What does not count hides nothing that does.
// spec: IDX-40, EFF-40, EFF-41
#[test]
fn objections_that_do_not_count_stand_for_none() {
    let node = node(|fixture| {
        let (decision, other) = (fixture.decision(0, 1), fixture.decision(0, 2));
        let said = (ObjectorRole::Subject, Ground::Facts);
        // About another organisation than the decision.
        let astray =
            (0..9).map(|index| fixture.objection_by_hub(index, subject(2), said, &decision));
        let mut placed: Vec<_> = astray.collect();
        // To another decision at the same place.
        placed.extend(objections(fixture, 10..19, &other));
        placed.extend(objections(fixture, 20..21, &decision));
        // The bytes of an earlier one: no ruling and no notice names them.
        let copy = |index| Placed {
            index: LeafIndex::new(index),
            ..placed[18].clone()
        };
        let copies: Vec<_> = (30..39).map(copy).collect();
        placed.extend(copies);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    assert_eq!(of_log(&dossier, &hub_origin(&node.fixture)), [20]);
    assert!(dossier.alike.is_empty());
}

/// One member logged each of its objections twice, and the decision was not weighed again.
// spec: IDX-40, EFF-130
#[test]
fn crowd_of_objections_that_stand_twice_leaves_a_decision_weighed() {
    let node = node(|fixture| {
        let decision = fixture.decision(0, 1);
        let mut placed = objections(fixture, 0..3_000, &decision);
        let copies = (3_000..).zip(&placed);
        let copies: Vec<_> = copies.map(|(index, one)| copied(one, index)).collect();
        placed.extend(copies);
        let notices = (0..).zip(&placed);
        let notices: Vec<_> = notices
            .map(|(index, act)| fixture.notice(index, &decision, act))
            .collect();
        // What names a copy names the first.
        let named = [&placed[3_007], &placed[3_008]].map(Placed::reference);
        placed.push(fixture.rejection(1, subject(1), &decision, named.to_vec()));
        placed.extend(notices);
        placed.push(decision);
        placed
    });
    let dossier = node.queries.history(&node.position(0)).unwrap();
    let kept = of_log(&dossier, &hub_origin(&node.fixture));
    assert_eq!(kept, [0, 7, 8, 2_999, 3_007, 3_008]);
    assert_eq!(of_log(&dossier, &node.fixture.origin()), [0, 1]);
    let noticed = of_log(&dossier, &node.fixture.register());
    assert_eq!(noticed, [0, 7, 8, 2_999]);
}

/// Objections are long where their ext is, and nobody keeps a decision from being weighed with that.
// spec: IDX-20
#[test]
fn bytes_of_objections_do_not_count_with_those_of_the_others() {
    let size = |bytes, objection_bytes| Size {
        bytes,
        objection_bytes,
        not_held: 0,
    };
    let fits = |size: Size| size.fits(&Dossier::default());
    assert!(fits(size(HISTORY_BYTES_MAX, HISTORY_OBJECTION_BYTES_MAX)));
    assert!(!fits(size(HISTORY_BYTES_MAX + 1, 0)));
    assert!(!fits(size(0, HISTORY_OBJECTION_BYTES_MAX + 1)));
}
