//! Which statements about agreements are found for an answer, and how many are looked at.

use std::collections::BTreeSet;

use concordat_protocol::statement::{Clause, Code};
use concordat_protocol::subject::AuthorityCode;

use super::*;
use crate::fixture::agreements::{open, stranger};
use crate::store::{AGREEMENT_ROWS_MAX, COPIES_MAX};

/// What is found when the hub asks about decisions of the member.
fn asked(node: &Node) -> AgreementSet {
    let issuers = BTreeSet::from([node.fixture.member]);
    let receivers = [node.fixture.hub];
    node.queries.agreements(&receivers, &issuers).unwrap()
}

fn places(set: &AgreementSet) -> Vec<String> {
    let place = |one: &Arc<Verified>| {
        let class = one.statement().payload().class();
        format!("{class:?} {}", one.reference().index)
    };
    set.statements.iter().map(place).collect()
}

fn sorted(mut found: Vec<String>) -> Vec<String> {
    found.sort();
    found
}

fn read(node: &Node) -> usize {
    node.bodies.2.swap(0, Ordering::Relaxed)
}

// spec: IDX-70
#[test]
fn agreements_and_words_of_the_two_are_found_without_reading_anything_else() {
    let node = node(|f| {
        let agreement = f.agreement(0, |_| {});
        let decisions: Vec<_> = (1..40).map(|at| f.decision(at, at)).collect();
        let second = f.agreement(40, |fields| {
            fields.version = 2;
            fields.first = Some(agreement.reference());
        });
        let retirement = f.retirement(true, 0, agreement.reference());
        let other = f.retirement(false, 41, second.reference());
        let mut all = vec![agreement, second, retirement, other];
        all.extend(decisions);
        all
    });
    let found = sorted(places(&asked(&node)));
    let both = [
        "Agreement 0",
        "Agreement 40",
        "Retirement 0",
        "Retirement 41",
    ];
    assert_eq!(found, both);
    assert_eq!(read(&node), 4);
    // Verified ones are kept.
    assert_eq!(sorted(places(&asked(&node))), both);
    assert_eq!(read(&node), 0);
    let nobody = node
        .queries
        .agreements(&[node.fixture.hub], &BTreeSet::new());
    assert_eq!(nobody.unwrap().statements.len(), 3);
}

// spec: IDX-70
#[test]
fn what_an_accession_names_is_found_with_the_first_version_and_its_words() {
    let third = AuthorityCode::parse("11310000MB00000009").unwrap();
    let node = node(|f| {
        // Between the member and another: the hub is no party but by its accession.
        let closed = f.agreement(0, |_| {});
        let opened = f.agreement(1, open);
        let joins = f.accession(true, 0, opened.reference());
        let forged = f.agreement(2, |fields| {
            fields.parties = vec![f.member, third];
            fields.parties.sort();
        });
        vec![closed, opened, joins, forged]
    });
    let issuers = BTreeSet::from([node.fixture.member]);
    let found = node.queries.agreements(&[node.fixture.hub], &issuers);
    let found = sorted(places(&found.unwrap()));
    assert_eq!(found, ["Accession 0", "Agreement 0", "Agreement 1"]);
    // Nobody has agreed to anything with the third.
    let found = node.queries.agreements(&[third], &issuers).unwrap();
    assert_eq!(places(&found), Vec::<String>::new());
}

// spec: AGR-5, IDX-70
#[test]
fn agreement_with_a_forged_list_of_approvers_is_refused_once_and_not_read_again() {
    let node = node(|f| vec![f.agreement_approved_by(0, &stranger(), |_| {})]);
    assert_eq!(places(&asked(&node)), Vec::<String>::new());
    assert_eq!(read(&node), 1);
    let place = node.position(0);
    let verdict = node.queries.store().verdict(&place.origin, place.index);
    let refused = Some(Verdict::Rejected(RejectReason::KeyUnknown));
    assert_eq!(verdict, refused);
    assert_eq!(places(&asked(&node)), Vec::<String>::new());
    assert_eq!(read(&node), 0);
}

/// Whoever has a log key logs an agreement again after a party has left it.
// spec: AGR-23, IDX-71
#[test]
fn agreement_logged_again_is_read_once_and_stands_at_its_first_place() {
    let node = node(|f| {
        let first = f.agreement(0, |_| {});
        let left = f.retirement(true, 0, first.reference());
        let copies: Vec<_> = (1..2_000).map(|at| f.again(at, &first)).collect();
        let mut all = vec![first, left];
        all.extend(copies);
        all
    });
    let found = asked(&node);
    assert_eq!(sorted(places(&found)), ["Agreement 0", "Retirement 0"]);
    assert_eq!((read(&node), found.cut.len()), (2, 0));
    let rows = node.queries.store().agreements_of(node.fixture.hub);
    assert_eq!(rows.unwrap().rows.len(), COPIES_MAX + 1);
}

/// An accession may name the copy: the retirement from the first is found all the same.
// spec: AGR-23
#[test]
fn accession_to_a_copy_brings_the_first_with_it() {
    let node = node(|f| {
        let opened = f.agreement(0, open);
        let copy = f.again(1, &opened);
        let joins = f.accession(true, 0, copy.reference());
        vec![opened, copy, joins]
    });
    let found = sorted(places(&asked(&node)));
    assert_eq!(found, ["Accession 0", "Agreement 0", "Agreement 1"]);
}

/// A member that logs ten thousand agreements keeps a bounded part of an answer busy, and the answer
/// names its log.
// spec: IDX-71
#[test]
fn log_with_ten_thousand_agreements_costs_no_more_than_the_bound() {
    let node = node(|f| {
        let by = stranger();
        let forged = |at| f.agreement_approved_by(at, &by, |_| {});
        let mut all: Vec<_> = (0..10_000).map(forged).collect();
        all.push(f.retirement(true, 0, all[0].reference()));
        all
    });
    let found = asked(&node);
    assert_eq!(places(&found), ["Retirement 0"]);
    assert_eq!(found.cut, [node.fixture.origin()]);
    assert_eq!(read(&node), AGREEMENT_ROWS_MAX + 1);
    // Refused ones are passed over, and the next come.
    asked(&node);
    assert_eq!(read(&node), AGREEMENT_ROWS_MAX);
}

/// A set that is not whole would be wider than the whole.
// spec: AGR-30, IDX-71
#[test]
fn more_agreements_than_are_looked_at_bind_nobody() {
    let wide = |f: &Fixture, at: u64| {
        f.agreement(at, |fields| {
            let clause = fields.clauses[0].clone();
            let numbered = |number: usize| Clause {
                number: Text::new(format!("第{number}条")).unwrap(),
                items: (0..20)
                    .map(|item| {
                        let code = format!("labour.penalty.of.a.long.name.{number:03}.{item:03}");
                        Code::new(&code).unwrap()
                    })
                    .collect(),
                ..clause.clone()
            };
            fields.clauses = (0..64).map(numbered).collect();
        })
    };
    let size = |placed: &Placed| placed.body.len();
    let node = node(|f| {
        let one = size(&wide(f, 0));
        let count = (AGREEMENT_BYTES_MAX / one) as u64 + 2;
        (0..count).map(|at| wide(f, at)).collect()
    });
    let found = asked(&node);
    assert!(found.too_many && found.statements.is_empty());
}
