//! What whoever has a log key can do to an authority's agreements: log again what is signed, and log what nobody
//! signed.

use std::collections::BTreeSet;

use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::LogNumber;

use super::agreements::{asked, places, sorted};
use super::*;
use crate::fixture::agreements::stranger;
use crate::store::AGREEMENT_ROWS_MAX;

/// As often as a log must repeat something to fill any bound of the index.
const FLOOD: u64 = 16_400;

/// A retirement from something else, logged again and again: what is in force stays.
// spec: IDX-96
#[test]
fn genuine_retirement_logged_sixteen_thousand_times_leaves_nobody_out() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let elsewhere = f.decision(1, 1).reference();
        let genuine = f.other_retirement(2, elsewhere);
        let mut all = vec![first];
        all.extend((3..FLOOD).map(|at| f.again(at, &genuine)));
        all
    });
    let found = asked(&node);
    assert_eq!(places(&found), ["Agreement 0"]);
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    assert!(found.cut.is_empty(), "{:?}", found.cut);
}

/// Of many retirements each is logged as often as is indexed: the bound is met by what was said, not by copies.
// spec: IDX-96
#[test]
fn copies_of_many_retirements_do_not_make_them_more() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let elsewhere = f.decision(1, 1).reference();
        let said = (0..300).map(|at| f.other_retirement(at, elsewhere.clone()));
        let said: Vec<Placed> = said.collect();
        let copies = (2..2_402).map(|at| f.again(at, &said[(at % 300) as usize]));
        let mut all: Vec<Placed> = copies.collect();
        all.push(f.other_retirement(2_402, first.reference()));
        all.insert(0, first);
        all
    });
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Retirement 2402"]);
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
}

/// The version before the newest, again and again between the two.
// spec: IDX-96
#[test]
fn old_version_logged_sixteen_thousand_times_does_not_hide_the_newer_one() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let newer = f.agreement(FLOOD, |fields| {
            fields.version = 2;
            fields.first = Some(first.reference());
        });
        let mut all: Vec<Placed> = (1..FLOOD).map(|at| f.again(at, &first)).collect();
        all.extend([first, newer]);
        all
    });
    let found = asked(&node);
    let newer = format!("Agreement {FLOOD}");
    assert_eq!(sorted(places(&found)), ["Agreement 0", newer.as_str()]);
    assert!(found.left_out.is_empty() && found.cut.is_empty());
}

/// A retirement that names a place which the index passes over has ended the agreement all the same.
// spec: AGR-23, IDX-99
#[test]
fn retirement_from_a_copy_that_is_not_indexed_is_found() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let copies: Vec<Placed> = (1..20).map(|at| f.again(at, &first)).collect();
        let from_copy = f.retirement(true, 0, copies[14].reference());
        let elsewhere = f.retirement(false, 40, f.decision(30, 1).reference());
        let mut all = vec![first, from_copy, elsewhere];
        all.extend(copies);
        all
    });
    let found = asked(&node);
    let expected = ["Agreement 0", "Agreement 15", "Retirement 0"];
    assert_eq!(sorted(places(&found)), expected);
    assert!(found.left_out.is_empty() && found.cut.is_empty());
}

/// What nobody signed stands before what all approved, and waits for a registry that there is not.
// spec: IDX-71
#[test]
fn versions_that_nobody_approved_take_no_room_of_those_that_hold() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let by = stranger();
        let forged = (1..1_100).map(|at| f.agreement_approved_by(at, &by, |_| {}));
        let mut all: Vec<Placed> = forged.collect();
        all.push(f.agreement(1_100, |fields| {
            fields.version = 2;
            fields.first = Some(first.reference());
        }));
        all.push(first);
        all
    });
    let newer = node.position(1_100);
    node.queries
        .store()
        .judge(&[(newer, Verdict::Verified)])
        .unwrap();
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Agreement 1100"]);
    // While what is left out has not been looked at it could be what narrows.
    assert_eq!(found.left_out, BTreeSet::from([node.fixture.member]));
    assert_eq!(found.cut, [node.fixture.origin()]);
    // Refused ones are in the index no more.
    asked(&node);
    let found = asked(&node);
    assert!(found.left_out.is_empty() && found.cut.is_empty());
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Agreement 1100"]);
}

/// A log in which others' names stand silences none of them.
// spec: AGR-30, IDX-97
#[test]
fn flood_in_anothers_log_leaves_nobody_else_out() {
    let third = AuthorityCode::parse("11310000MB00000009").unwrap();
    let node = node(|f| {
        let genesis = f.registry.genesis();
        let origin = genesis.origin(third, LogNumber::Statements);
        let by = stranger();
        let forged = (1..2_000).map(|at| Placed {
            origin: origin.clone(),
            ..f.agreement_approved_by(at, &by, |_| {})
        });
        let mut all: Vec<Placed> = forged.collect();
        all.push(f.agreement(0, |_| {}));
        all
    });
    let found = asked(&node);
    assert_eq!(places(&found), ["Agreement 0"]);
    assert_eq!(found.cut.len(), 1);
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    assert_eq!(read(&node), AGREEMENT_ROWS_MAX + 1);
}

fn read(node: &Node) -> usize {
    node.bodies.2.swap(0, Ordering::Relaxed)
}
